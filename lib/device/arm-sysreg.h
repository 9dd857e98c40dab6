/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          Arm's system registers: the numbers that streams have for them, and
 *                their names.
 * Must not know: what is in a register, and where a stream keeps it.
 * See also:      arm-sysreg-names.c, the table; registers-arm.c.
 *
 * QEMU writes the numbers that KVM has for registers, under TCG too (target/arm/kvm-consts.h,
 * target/arm/cpregs.h: cpreg_to_kvm_id(); Linux: Documentation/virt/kvm/api.rst).
 */
#ifndef MIG_DEVICE_ARM_SYSREG_H
#define MIG_DEVICE_ARM_SYSREG_H

#include <stdbool.h>
#include <stdint.h>

#include "io/visibility.h"

G_BEGIN_DECLS

/* For a name and its NUL. */
#define MIG_ARM_SYSREG_NAME_MAX 32

typedef char MigArmSysregName[MIG_ARM_SYSREG_NAME_MAX];

/*
 * Writes to @name what the Arm architecture calls the register @id, and returns it:
 *   "SCTLR_EL1"              a system register of AArch64;
 *   "S3_0_C0_C1_2"           one that the table does not have, as assemblers name it;
 *   "SCTLR", "p15_0_c1_c0_0" one of AArch32, or its coprocessor, opc1, CRn, CRm, opc2;
 *   "PAR", "p15_0_c7"        likewise one of 64 bits: coprocessor, opc1, CRm;
 *   "SCTLR_S"                the Secure instance of one of AArch32, as QEMU's debugger has it;
 *   "0x6030000000140000"     anything else.
 */
MIG_API const char *mig_arm_sysreg_name(uint64_t id, MigArmSysregName name);

/* Whether it is one of AArch32, and its size. */
MIG_API bool mig_arm_sysreg_is_aarch32(uint64_t id);
MIG_API unsigned mig_arm_sysreg_bits(uint64_t id);

/* The other way round: any of these forms, in upper or lower case; false: it is none.  Names
 * of the table's AArch64 registers may be given as S3_0_... too. */
MIG_API bool mig_arm_sysreg_id(const char *name, uint64_t *id);

G_END_DECLS

#endif
