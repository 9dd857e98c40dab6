/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the registers of RISC-V CPUs.
 * Must not know: how a table is walked through.
 * See also:      registers-table.h.
 *
 * Fields: QEMU target/riscv/machine.c, vmstate_riscv_cpu.  Names: the calling convention's, as
 * QEMU and debuggers print them, and those of the privileged architecture.
 */
#include "device/registers-table.h"

#define CSR(title)                                    \
    {                                                 \
        MIG_REGISTER_ROW(SYSTEM, "env." title, title) \
    }

static const MigRegisterRow rows[] = {
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[0]", "zero") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[1]", "ra") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[2]", "sp") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[3]", "gp") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[4]", "tp") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[5]", "t0") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[6]", "t1") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[7]", "t2") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[8]", "s0") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[9]", "s1") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[10]", "a0") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[11]", "a1") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[12]", "a2") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[13]", "a3") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[14]", "a4") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[15]", "a5") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[16]", "a6") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[17]", "a7") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[18]", "s2") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[19]", "s3") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[20]", "s4") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[21]", "s5") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[22]", "s6") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[23]", "s7") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[24]", "s8") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[25]", "s9") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[26]", "s10") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[27]", "s11") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[28]", "t3") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[29]", "t4") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[30]", "t5") },
    { MIG_REGISTER_ROW(GENERAL, "env.gpr[31]", "t6") },
    { MIG_REGISTER_ROW(GENERAL, "env.pc", "pc") },
    { MIG_REGISTER_ROW(FLOAT, "env.fpr[#]", "f#"), .count = 32 },
    { MIG_REGISTER_ROW(FLOAT, "env.frm", "frm") },
    CSR("mstatus"),
    CSR("mtvec"),
    CSR("mepc"),
    CSR("mcause"),
    CSR("mtval"),
    CSR("mie"),
    CSR("mip"),
    CSR("mideleg"),
    CSR("medeleg"),
    CSR("mscratch"),
    CSR("stvec"),
    CSR("sepc"),
    CSR("scause"),
    CSR("stval"),
    CSR("satp"),
    CSR("sscratch"),
    CSR("mcounteren"),
    CSR("scounteren"),
    CSR("mcountinhibit"),
    CSR("stimecmp"),
    CSR("menvcfg"),
    CSR("senvcfg"),
    CSR("henvcfg"),
    CSR("hstatus"),
    CSR("hedeleg"),
    CSR("hideleg"),
    CSR("hgatp"),
    CSR("vsstatus"),
    CSR("vstvec"),
    CSR("vsepc"),
    CSR("vscause"),
    CSR("vstval"),
    CSR("vsatp"),
    CSR("vsscratch"),
    CSR("mhartid"),
};

const MigRegisterSet mig_register_set_riscv = {
    .name = "riscv64",
    .name32 = "riscv32",
    .probe = "env.load_res",
    .probe_length = 8,
    .rows = rows,
    .n = G_N_ELEMENTS(rows),
};
