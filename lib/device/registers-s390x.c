/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the registers of s390x CPUs.
 * Must not know: how a table is walked through.
 * See also:      registers-table.h.
 *
 * Fields: QEMU target/s390x/machine.c, vmstate_s390_cpu, _fpu and _vregs.  Names: the
 * z/Architecture Principles of Operation; a vector's left half is also a floating-point
 * register.
 */
#include "device/registers-table.h"

static const MigRegisterRow rows[] = {
    { MIG_REGISTER_ROW(GENERAL, "env.psw.mask", "psw_mask") },
    { MIG_REGISTER_ROW(GENERAL, "env.psw.addr", "psw_addr") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[#]", "r#"), .count = 16 },
    { MIG_REGISTER_ROW(CONTROL, "env.cregs[#]", "cr#"), .count = 16 },
    { MIG_REGISTER_ROW(CONTROL, "env.psa", "prefix") },
    { MIG_REGISTER_ROW(CONTROL, "env.aregs[#]", "ar#"), .count = 16 },
    { MIG_REGISTER_ROW(CONTROL, "env.todpr", "todpr") },
    { MIG_REGISTER_ROW(CONTROL, "env.cputm", "cpu_timer") },
    { MIG_REGISTER_ROW(CONTROL, "env.ckc", "clock_comparator") },
    { MIG_REGISTER_ROW(CONTROL, "env.gbea", "breaking_event_address") },
    { MIG_REGISTER_ROW(FLOAT, "env.fpc", "fpc") },
    { MIG_REGISTER_ROW(FLOAT, "env.vregs[#][0]", "f#"), .count = 16 },
};

const MigRegisterSet mig_register_set_s390x = {
    .name = "s390x",
    .probe = "env.psw.addr",
    .rows = rows,
    .n = G_N_ELEMENTS(rows),
};
