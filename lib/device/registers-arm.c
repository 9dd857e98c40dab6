/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the registers of Arm CPUs, in AArch64 and in AArch32 state.
 * Must not know: how a table is walked through; the names of system registers.
 * See also:      registers-table.h; arm-sysreg.h.
 *
 * Fields: QEMU target/arm/machine.c, vmstate_arm_cpu and its subsections, 5.2 to 11.1; which
 * banked register is which: target/arm/internals.h.
 */
#include "device/registers-table.h"

#include "device/arm-sysreg.h"

#define IDS    "cpreg_vmstate_indexes[#]"
#define VALUES "cpreg_vmstate_values[#]"

/* More than any CPU has. */
#define SYSTEM_MAX 4096u

static const MigRegisterBit fpcr[] = {
    { 22, "RMode", 2 }, { 24, "FZ", 0 }, { 25, "DN", 0 },
    { 26, "AHP", 0 },   { 0, NULL, 0 },
};

static const MigRegisterRow rows[] = {
    { MIG_REGISTER_ROW(GENERAL, "env.xregs[#]", "x#"), .count = 31 },
    { MIG_REGISTER_ROW(GENERAL, "env.xregs[31]", "sp") },
    { MIG_REGISTER_ROW(GENERAL, "env.pc", "pc") },
    { MIG_REGISTER_ROW(GENERAL, "cpsr", "pstate") },
    { MIG_REGISTER_ROW(CONTROL, "env.sp_el[#]", "sp_el#"), .count = 4 },
    { MIG_REGISTER_ROW(CONTROL, "env.elr_el[1]", "elr_el1") },
    { MIG_REGISTER_ROW(CONTROL, "env.elr_el[2]", "elr_el2") },
    { MIG_REGISTER_ROW(CONTROL, "env.elr_el[3]", "elr_el3") },
    { MIG_REGISTER_ROW(CONTROL, "env.banked_spsr[1]", "spsr_el1") },
    { MIG_REGISTER_ROW(CONTROL, "env.banked_spsr[6]", "spsr_el2") },
    { MIG_REGISTER_ROW(CONTROL, "env.banked_spsr[7]", "spsr_el3") },
    { MIG_REGISTER_ROW(CONTROL, "env.banked_spsr[2]", "spsr_abt") },
    { MIG_REGISTER_ROW(CONTROL, "env.banked_spsr[3]", "spsr_und") },
    { MIG_REGISTER_ROW(CONTROL, "env.banked_spsr[4]", "spsr_irq") },
    { MIG_REGISTER_ROW(CONTROL, "env.banked_spsr[5]", "spsr_fiq") },
    { MIG_REGISTER_ROW(FLOAT, "fpscr", "fpscr"), .bits = fpcr },
    { MIG_REGISTER_ROW(FLOAT, "env.vfp.fpcr", "fpcr"), .bits = fpcr },
    { MIG_REGISTER_ROW(FLOAT, "env.vfp.fpsr", "fpsr") },
    { MIG_REGISTER_ROW(VECTOR, "env.vfp.zregs[#].d[0]", "v#"), .count = 32,
      .high = "env.vfp.zregs[#].d[1]" },
};

static const MigRegisterRow rows32[] = {
    { MIG_REGISTER_ROW(GENERAL, "env.regs[#]", "r#"), .count = 13 },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[13]", "sp") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[14]", "lr") },
    { MIG_REGISTER_ROW(GENERAL, "env.regs[15]", "pc") },
    { MIG_REGISTER_ROW(GENERAL, "cpsr", "cpsr") },
    { MIG_REGISTER_ROW(GENERAL, "env.spsr", "spsr") },
    { MIG_REGISTER_ROW(FLOAT, "fpscr", "fpscr"), .bits = fpcr },
    { MIG_REGISTER_ROW(VECTOR, "env.vfp.zregs[#].d[0]", "q#"), .count = 16,
      .high = "env.vfp.zregs[#].d[1]" },
};

static uint64_t value_of(const MigRegisters *registers, const char *path, unsigned number)
{
    const MigRegisterLeaf *leaf = mig_registers_leaf(registers, path, number);

    return leaf ? leaf->value : 0;
}

/* KVM lists registers that have no instruction, such as its firmware's version, and it has
 * two of the virtual timer's under each other's number (Linux: arch/arm64/include/uapi/asm/
 * kvm.h, KVM_REG_ARM_TIMER_CVAL and KVM_REG_ARM_TIMER_CNT). */
static bool is_kvm(const MigRegisters *registers)
{
    for (unsigned i = 0; i < SYSTEM_MAX; i++) {
        const MigRegisterLeaf *id = mig_registers_leaf(registers, IDS, i);

        if (!id) {
            return false;
        }
        if ((id->value & UINT64_C(0xfff00000ffff0000)) == UINT64_C(0x6030000000140000)) {
            return true;
        }
    }
    return false;
}

static const char *kvm_name(const char *name)
{
    return g_str_equal(name, "CNTV_CVAL_EL0") ? "CNTVCT_EL0"
           : g_str_equal(name, "CNTVCT_EL0")  ? "CNTV_CVAL_EL0"
                                              : name;
}

static void add_system_registers(MigRegisters *registers)
{
    bool kvm = is_kvm(registers);

    for (unsigned i = 0; i < SYSTEM_MAX; i++) {
        const MigRegisterLeaf *id = mig_registers_leaf(registers, IDS, i);
        const MigRegisterLeaf *value = mig_registers_leaf(registers, VALUES, i);
        MigArmSysregName buffer;
        const char *name;
        MigRegister *one;

        if (!id || !value) {
            return;
        }
        name = mig_arm_sysreg_name(id->value, buffer);
        one = mig_registers_add(registers,
                                mig_arm_sysreg_is_aarch32(id->value)
                                    ? MIG_REGISTER_COPROCESSOR
                                    : MIG_REGISTER_SYSTEM,
                                kvm ? kvm_name(name) : name, value);
        one->bits = mig_arm_sysreg_bits(id->value);
    }
}

static void add_flags(GString *words, uint64_t state)
{
    static const struct {
        unsigned shift;
        char letter;
    } flags[] = { { 31, 'N' }, { 30, 'Z' }, { 29, 'C' }, { 28, 'V' },
                  { 9, 'D' },  { 8, 'A' },  { 7, 'I' },  { 6, 'F' } };

    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_string_append_c(words, state >> flags[i].shift & 1 ? flags[i].letter : '-');
        if (i == 3) {
            g_string_append_c(words, ' ');
        }
    }
}

/* "EL1h -Z-- DAIF"; and the stack pointer that is in use, of which the bank has an old
 * value. */
static void finish64(MigRegisters *registers)
{
    MigRegister *pstate = mig_registers_added(registers, "pstate"), *bank;
    uint64_t state = value_of(registers, "cpsr", 0);
    unsigned el = state >> 2 & 3, banked = state & 1 ? el : 0;
    g_autoptr(GString) words = g_string_new(NULL);
    g_autofree char *name = g_strdup_printf("sp_el%u", banked);

    bank = mig_registers_added(registers, name);
    if (bank && mig_registers_leaf(registers, "env.xregs[31]", 0)) {
        const MigRegisterLeaf *sp = mig_registers_leaf(registers, "env.xregs[31]", 0);

        bank->low = sp->value;
        bank->path = sp->path;
        bank->offset = sp->offset;
    }
    if (pstate) {
        g_string_printf(words, "EL%u%c ", el, state & 1 ? 'h' : 't');
        add_flags(words, state);
        mig_registers_mean(registers, pstate, words->str);
    }
    add_system_registers(registers);
}

static void finish32(MigRegisters *registers)
{
    static const struct {
        unsigned mode;
        const char *name;
    } modes[] = { { 0x10, "usr" }, { 0x11, "fiq" }, { 0x12, "irq" },
                  { 0x13, "svc" }, { 0x16, "mon" }, { 0x17, "abt" },
                  { 0x1a, "hyp" }, { 0x1b, "und" }, { 0x1f, "sys" } };
    MigRegister *cpsr = mig_registers_added(registers, "cpsr");
    g_autoptr(GString) words = g_string_new(NULL);

    for (size_t i = 0; cpsr && i < G_N_ELEMENTS(modes); i++) {
        if ((cpsr->low & 0x1f) == modes[i].mode) {
            g_string_printf(words, "%s ", modes[i].name);
        }
    }
    if (cpsr) {
        add_flags(words, cpsr->low & ~UINT64_C(0x200)); /* bit 9 is E here, not D */
        mig_registers_mean(registers, cpsr, words->str);
    }
    add_system_registers(registers);
}

const MigRegisterSet mig_register_set_arm = {
    .name = "aarch64",
    .probe = "env.xregs[0]",
    .rows = rows,
    .n = G_N_ELEMENTS(rows),
    .finish = finish64,
};

const MigRegisterSet mig_register_set_arm32 = {
    .name = "arm",
    .probe = "env.xregs[0]",
    .rows = rows32,
    .n = G_N_ELEMENTS(rows32),
    .finish = finish32,
};
