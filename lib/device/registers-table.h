/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the form of an architecture's table of registers.  Private to device/.
 * Must not know: any one architecture.
 * See also:      registers.c; registers-ARCH.c.
 *
 * A new architecture is a registers-ARCH.c with its MigRegisterSet, and a row in registers.c.
 */
#ifndef MIG_DEVICE_REGISTERS_TABLE_H
#define MIG_DEVICE_REGISTERS_TABLE_H

#include <stdbool.h>

#include "device/registers.h"

/* A bit, or a field of @width bits, that is worth a word when it is not 0. */
typedef struct MigRegisterBit {
    unsigned shift;
    const char *name;
    unsigned width; /* 0: 1 bit; a wider field is shown as NAME=VALUE */
} MigRegisterBit;

/* Fields that are registers.  '#' in the texts stands for a number, from 0 to @count - 1. */
typedef struct MigRegisterRow {
    MigRegisterGroup group;
    const char *path;           /* of the field, without the subsection it is in */
    const char *name;           /* in the 64-bit architecture */
    const char *name32;         /* in the 32-bit one; NULL: the same */
    unsigned count;             /* 0: one, and no '#' */
    const char *high;           /* path of bits 64 and up, or NULL */
    unsigned shift;             /* the register is in these bits of the field: */
    uint64_t mask;              /* those, after the shift; 0: it is all of it */
    const MigRegisterBit *bits; /* closed by one without a name; or NULL */
} MigRegisterRow;

/* The start of a row: group, path, name. */
#define MIG_REGISTER_ROW(in, field, title) \
    .group = MIG_REGISTER_##in, .path = (field), .name = (title)

typedef struct MigRegisterSet {
    const char *name, *name32; /* of the architecture; name32 NULL: there is none */
    const char *probe;         /* a field that no other architecture has: */
    unsigned probe_length;     /* bytes of it in the 64-bit architecture */
    const MigRegisterRow *rows;
    size_t n;
    /* What a table cannot say, after its rows; or NULL. */
    void (*finish)(MigRegisters *registers);
} MigRegisterSet;

extern const MigRegisterSet mig_register_set_x86;
extern const MigRegisterSet mig_register_set_arm;
extern const MigRegisterSet mig_register_set_arm32; /* an Arm CPU in AArch32 state */
extern const MigRegisterSet mig_register_set_ppc;
extern const MigRegisterSet mig_register_set_riscv;
extern const MigRegisterSet mig_register_set_s390x;

/* What was visited. */
typedef struct MigRegisterLeaf {
    const char *path; /* with its subsection */
    uint64_t value, offset;
    unsigned length; /* bytes */
} MigRegisterLeaf;

/* NULL: there is no such field.  "env.regs[#]" and 3 is "env.regs[3]". */
const MigRegisterLeaf *mig_registers_leaf(const MigRegisters *registers, const char *path,
                                          unsigned number);

/* Adds the register @name, which is copied, of @leaf as a whole. */
MigRegister *mig_registers_add(MigRegisters *registers, MigRegisterGroup group,
                               const char *name, const MigRegisterLeaf *leaf);

/* The one that has been added under this name, or NULL. */
MigRegister *mig_registers_added(const MigRegisters *registers, const char *name);

/* Sets the meaning, which is copied. */
void mig_registers_mean(MigRegisters *registers, MigRegister *one, const char *meaning);

#endif
