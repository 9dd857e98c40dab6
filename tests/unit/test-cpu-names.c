/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of which field is which register, where each has a value of
 *                its own.
 * Must not know: streams; tests/cli/test-registers.c has real ones.
 * See also:      lib/device/registers.h; tests/qemu/registers asks QEMU.
 */
#include "suites.h"

#include <string.h>

#include "migstat.h"

typedef struct {
    const char *path; /* '#' is each number below count */
    unsigned count;
    unsigned length; /* bytes */
    uint64_t value;  /* of the first; the next is one more */
} Fields;

static void visit(MigRegisters *registers, const Fields *fields)
{
    for (unsigned i = 0; i < fields->count; i++) {
        const char *mark = strchr(fields->path, '#');
        g_autofree char *path =
            mark ? g_strdup_printf("%.*s%u%s", (int)(mark - fields->path), fields->path,
                                   i, mark + 1)
                 : g_strdup(fields->path);
        const MigField field = { .kind = MIG_FIELD_UINT,
                                 .name = path,
                                 .path = path,
                                 .type = "uint64",
                                 .offset = 1000 + i,
                                 .length = fields->length,
                                 .u = fields->value + i };

        mig_registers_visit(&field, registers);
    }
}

static const MigRegister *find(MigRegisters *registers, const char *name)
{
    size_t n;
    const MigRegister *list = mig_registers_list(registers, &n);

    for (size_t i = 0; i < n; i++) {
        if (g_str_equal(list[i].name, name)) {
            return &list[i];
        }
    }
    return NULL;
}

static const struct {
    const char *architecture;
    Fields fields[8];
    struct {
        const char *name;
        uint64_t value;
        const char *meaning;
    } registers[20];
} cpus[] = {
    { "x86_64",
      { { "env.regs[#]", 16, 8, 0x100 },
        { "env.eip", 1, 8, 0x200 },
        { "env.eflags", 1, 8, 0x3246 },
        { "env.segs[1].flags", 1, 4, 0x00a09b00 },
        { "env.segs[4].base", 1, 8, 0x300 },
        { "cpu/tsc_adjust.env.tsc_adjust", 1, 8, 0x400 },
        { "env.cr[0]", 1, 8, 0x80000011 } },
      { { "rax", 0x100, NULL },
        { "rcx", 0x101, NULL },
        { "rdx", 0x102, NULL },
        { "rbx", 0x103, NULL },
        { "rsp", 0x104, NULL },
        { "rbp", 0x105, NULL },
        { "rsi", 0x106, NULL },
        { "rdi", 0x107, NULL },
        { "r8", 0x108, NULL },
        { "r15", 0x10f, NULL },
        { "rip", 0x200, NULL },
        { "rflags", 0x3246, "PF ZF IF IOPL=3" },
        { "cs_attr", 0xa09b, NULL },
        { "fs_base", 0x300, NULL },
        { "tsc_adjust", 0x400, NULL },
        { "cr0", 0x80000011, "PE ET PG" } } },
    { "i386",
      { { "env.regs[#]", 8, 4, 0x100 }, { "env.eip", 1, 4, 0x200 } },
      { { "eax", 0x100, NULL }, { "edi", 0x107, NULL }, { "eip", 0x200, NULL } } },
    { "aarch64",
      { { "env.xregs[#]", 32, 8, 0x100 },
        { "env.pc", 1, 8, 0x200 },
        { "cpsr", 1, 4, 0x600003c5 },
        { "env.banked_spsr[#]", 8, 8, 0x300 },
        { "env.elr_el[#]", 4, 8, 0x400 },
        { "env.sp_el[#]", 4, 8, 0x500 },
        { "cpreg_vmstate_indexes[#]", 2, 8, UINT64_C(0x603000000013c080) },
        { "cpreg_vmstate_values[#]", 2, 8, 0x600 } },
      { { "x0", 0x100, NULL },
        { "x30", 0x11e, NULL },
        { "sp", 0x11f, NULL },
        { "pc", 0x200, NULL },
        { "pstate", 0x600003c5, "EL1h -ZC- DAIF" },
        { "spsr_el1", 0x301, NULL },
        { "spsr_el2", 0x306, NULL },
        { "spsr_el3", 0x307, NULL },
        { "elr_el1", 0x401, NULL },
        { "sp_el0", 0x500, NULL },
        { "sp_el1", 0x11f, NULL }, /* in use, so the bank is out of date */
        { "sp_el2", 0x502, NULL },
        { "SCTLR_EL1", 0x600, NULL },
        { "ACTLR_EL1", 0x601, NULL } } },
    { "aarch64", /* of KVM, which has two numbers the wrong way round */
      { { "env.xregs[#]", 32, 8, 0 },
        { "cpsr", 1, 4, 0x3c5 },
        { "cpreg_vmstate_indexes[#]", 1, 8, UINT64_C(0x603000000013df02) },
        { "cpreg_vmstate_indexes[1]", 1, 8, UINT64_C(0x6030000000140000) },
        { "cpreg_vmstate_values[#]", 2, 8, 0x600 } },
      { { "CNTV_CVAL_EL0", 0x600, NULL }, { "0x6030000000140000", 0x601, NULL } } },
    { "arm",
      { { "env.regs[#]", 16, 4, 0x100 },
        { "env.xregs[#]", 32, 8, 0x200 },
        { "cpsr", 1, 4, 0x200001d3 } },
      { { "r12", 0x10c, NULL },
        { "sp", 0x10d, NULL },
        { "lr", 0x10e, NULL },
        { "pc", 0x10f, NULL },
        { "cpsr", 0x200001d3, "svc --C- -AIF" } } },
    { "ppc64",
      { { "env.gpr[#]", 32, 8, 0x100 },
        { "env.nip", 1, 8, 0x200 },
        { "env.spr[#]", 32, 8, 0x300 },
        { "env.crf[#]", 8, 4, 0 } },
      { { "r31", 0x11f, NULL },
        { "nip", 0x200, NULL },
        { "xer", 0x301, NULL },
        { "lr", 0x308, NULL },
        { "ctr", 0x309, NULL },
        { "srr0", 0x31a, NULL },
        { "cr7", 7, NULL } } },
    { "s390x",
      { { "env.psw.mask", 1, 8, 0x100 },
        { "env.psw.addr", 1, 8, 0x200 },
        { "cpu/fpu.env.vregs[#][0]", 16, 8, 0x300 } },
      { { "psw_mask", 0x100, NULL },
        { "psw_addr", 0x200, NULL },
        { "f15", 0x30f, NULL } } },
    { "riscv64",
      { { "env.gpr[#]", 32, 8, 0x100 },
        { "env.load_res", 1, 8, 0 },
        { "env.mepc", 1, 8, 0x200 } },
      { { "sp", 0x102, NULL }, { "a0", 0x10a, NULL }, { "mepc", 0x200, NULL } } },
};

START_TEST(fields_are_registers)
{
    g_autoptr(MigRegisters) registers = mig_registers_new();

    for (size_t i = 0; i < 8 && cpus[_i].fields[i].path; i++) {
        visit(registers, &cpus[_i].fields[i]);
    }
    ck_assert_str_eq(mig_registers_architecture(registers), cpus[_i].architecture);
    for (size_t i = 0; i < 20 && cpus[_i].registers[i].name; i++) {
        const char *name = cpus[_i].registers[i].name;
        const MigRegister *one = find(registers, name);

        ck_assert_msg(one, "no %s", name);
        ck_assert_msg(one->low == cpus[_i].registers[i].value, "%s is 0x%" PRIx64, name,
                      one->low);
        if (cpus[_i].registers[i].meaning) {
            ck_assert_str_eq(one->meaning, cpus[_i].registers[i].meaning);
        }
    }
}
END_TEST

/* What cannot be known is not guessed. */
START_TEST(another_device_has_no_registers)
{
    static const Fields fields[] = { { "env.regs[#]", 16, 8, 1 }, { "irr[#]", 8, 4, 0 } };
    g_autoptr(MigRegisters) registers = mig_registers_new();
    size_t n;

    visit(registers, &fields[_i]);
    ck_assert_ptr_null(mig_registers_architecture(registers));
    mig_registers_list(registers, &n);
    ck_assert_uint_eq(n, 0);
}
END_TEST

Suite *suite_cpu_names(void)
{
    Suite *suite = suite_create("cpu_names");
    TCase *tc = tcase_create("registers");

    tcase_add_loop_test(tc, fields_are_registers, 0, G_N_ELEMENTS(cpus));
    tcase_add_loop_test(tc, another_device_has_no_registers, 0, 2);
    suite_add_tcase(suite, tc);
    return suite;
}
