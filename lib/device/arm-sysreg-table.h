/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the form of the table of Arm's system registers.  Private to device/.
 * Must not know: who looks things up in it.
 * See also:      arm-sysreg-names.c, arm-sysreg.c.
 */
#ifndef MIG_DEVICE_ARM_SYSREG_TABLE_H
#define MIG_DEVICE_ARM_SYSREG_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* op0, op1, CRn, CRm, op2 of MRS and MSR, as KVM packs them. */
#define MIG_ARM_SYS(op0, op1, crn, crm, op2) \
    ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* Coprocessor, opc1, CRn, CRm, opc2 of MRC and MCR, and of MRRC and MCRR with is64, where CRn
 * is 0 and opc2 too. */
#define MIG_ARM_CP(cp, is64, opc1, crn, crm, opc2)                                  \
    ((uint32_t)(is64) << 24 | (cp) << 16 | (crn) << 11 | (crm) << 7 | (opc1) << 3 | \
     (opc2))

/* Registers with the same name but for a number, '#' in @name, are one row. */
typedef struct MigArmSysregRow {
    uint32_t code;  /* of the first */
    uint16_t count; /* how many */
    uint16_t step;  /* from the code of one to that of the next */
    const char *name;
} MigArmSysregRow;

extern const MigArmSysregRow mig_arm_sysregs[]; /* AArch64: MIG_ARM_SYS() */
extern const size_t mig_arm_sysregs_count;
extern const MigArmSysregRow mig_arm_cpregs[]; /* AArch32: MIG_ARM_CP() */
extern const size_t mig_arm_cpregs_count;

#endif
