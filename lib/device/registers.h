/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the registers of a CPU by the names people have for them, from the
 *                fields of its section.
 * Must not know: how fields are decoded, and how registers are printed.
 * See also:      decode.h, whose visitor this is; arm-sysreg.h; registers-ARCH.c, a table
 *                each.
 */
#ifndef MIG_DEVICE_REGISTERS_H
#define MIG_DEVICE_REGISTERS_H

#include <glib.h>

#include "device/field.h"

G_BEGIN_DECLS

typedef enum MigRegisterGroup {
    MIG_REGISTER_GENERAL,
    MIG_REGISTER_SEGMENT, /* x86: selector NAME, and NAME_base, NAME_limit, NAME_attr */
    MIG_REGISTER_CONTROL,
    MIG_REGISTER_DEBUG,
    MIG_REGISTER_FLOAT,
    MIG_REGISTER_VECTOR,
    MIG_REGISTER_MSR,
    MIG_REGISTER_SYSTEM,      /* Arm: what MRS reads in AArch64 state */
    MIG_REGISTER_COPROCESSOR, /* Arm: what MRC and MRRC read in AArch32 state */
    MIG_REGISTER_GROUP_COUNT,
} MigRegisterGroup;

/* "general", "segment", ... */
MIG_API const char *mig_register_group_name(MigRegisterGroup group);

typedef struct MigRegister {
    const char *name;    /* "rip", "SCTLR_EL1" */
    const char *path;    /* of the field that has it, or its low half: "env.eip" */
    const char *meaning; /* "PF ZF"; NULL: there is none */
    MigRegisterGroup group;
    unsigned bits; /* at most 128 */
    uint64_t low, high;
    uint64_t offset;      /* of that field, in plain bytes of the stream */
    uint64_t reserved[4]; /* for members to come: the registers are an array */
} MigRegister;

typedef struct MigRegisters MigRegisters;

/* For one CPU, whose section is called "cpu". */
MIG_API MigRegisters *mig_registers_new(void);
MIG_API void mig_registers_free(MigRegisters *registers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigRegisters, mig_registers_free)

/* A MigFieldVisit: @user is a MigRegisters.  Remembers at most some 16,000 fields. */
MIG_API void mig_registers_visit(const MigField *field, void *user);

/* When all fields have been visited: what kind of CPU it is, "x86_64", "i386", "aarch64",
 * "arm", "s390x", "ppc64", "ppc", "riscv64" or "riscv32"; NULL: none of these. */
MIG_API const char *mig_registers_architecture(MigRegisters *registers);

/* Likewise: its *n registers, group by group.  They live as long as @registers. */
MIG_API const MigRegister *mig_registers_list(MigRegisters *registers, size_t *n);

G_END_DECLS

#endif
