/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the registers of Power CPUs.
 * Must not know: how a table is walked through.
 * See also:      registers-table.h.
 *
 * Fields: QEMU target/ppc/machine.c, vmstate_ppc_cpu; the numbers of special purpose registers
 * are those of the Power ISA.  lr, ctr and xer are among them in a stream.
 */
#include "device/registers-table.h"

#define SPR(number, title)                                      \
    {                                                           \
        MIG_REGISTER_ROW(SYSTEM, "env.spr[" #number "]", title) \
    }

static const MigRegisterRow rows[] = {
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[#]", "r#"), .count = 32 },
    { MIG_REGISTER_ROW(GENERAL, "env.nip", "nip") },
    { MIG_REGISTER_ROW(GENERAL, "env.msr", "msr") },
    { MIG_REGISTER_ROW(GENERAL, "env.spr[8]", "lr") },
    { MIG_REGISTER_ROW(GENERAL, "env.spr[9]", "ctr") },
    { MIG_REGISTER_ROW(GENERAL, "env.spr[1]", "xer") },
    { MIG_REGISTER_ROW(GENERAL, "env.crf[#]", "cr#"), .count = 8, .mask = 15 },
    { MIG_REGISTER_ROW(FLOAT, "env.fpscr", "fpscr") },
    SPR(18, "dsisr"),
    SPR(19, "dar"),
    SPR(22, "dec"),
    SPR(26, "srr0"),
    SPR(27, "srr1"),
    SPR(28, "cfar"),
    SPR(48, "pidr"),
    SPR(152, "ctrl"),
    SPR(256, "vrsave"),
    SPR(272, "sprg0"),
    SPR(273, "sprg1"),
    SPR(274, "sprg2"),
    SPR(275, "sprg3"),
    SPR(287, "pvr"),
    SPR(318, "lpcr"),
    SPR(319, "lpidr"),
    SPR(896, "ppr"),
    SPR(1023, "pir"),
};

const MigRegisterSet mig_register_set_ppc = {
    .name = "ppc64",
    .name32 = "ppc",
    .probe = "env.nip",
    .probe_length = 8,
    .rows = rows,
    .n = G_N_ELEMENTS(rows),
};
