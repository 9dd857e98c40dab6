/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the names of Arm's system registers, both ways.
 * Must not know: streams.
 * See also:      lib/device/arm-sysreg.h.
 */
#include "suites.h"

#include <string.h>

#include "migstat.h"

/* From the manual, by hand. */
static const struct {
    uint64_t id;
    const char *name;
} known[] = {
    { UINT64_C(0x603000000013c000), "MIDR_EL1" },
    { UINT64_C(0x603000000013c080), "SCTLR_EL1" },
    { UINT64_C(0x603000000013c100), "TTBR0_EL1" },
    { UINT64_C(0x603000000013c028), "ID_AA64DFR0_EL1" },
    { UINT64_C(0x603000000013c00a), "ID_DFR0_EL1" },
    { UINT64_C(0x603000000013df19), "CNTV_CTL_EL0" },
    { UINT64_C(0x603000000013c108), "APIAKeyLo_EL1" },
    { UINT64_C(0x6030000000138004), "DBGBVR0_EL1" },
    { UINT64_C(0x603000000013807d), "DBGBCR15_EL1" },
    { UINT64_C(0x603000000013df47), "PMEVCNTR7_EL0" },
    { UINT64_C(0x603000000013df7e), "PMEVTYPER30_EL0" },
    { UINT64_C(0x603000000013df7f), "PMCCFILTR_EL0" }, /* where a 32nd would be */
    { UINT64_C(0x603000000013e660), "ICH_LR0_EL2" },
    { UINT64_C(0x603000000013c023), "S3_0_C0_C4_3" },  /* reserved */
    { UINT64_C(0x603000000013cf90), "S3_1_C15_C2_0" }, /* of an implementation */
    { UINT64_C(0x40200000200f0800), "SCTLR" },
    { UINT64_C(0x40200000000f0800), "SCTLR_S" },
    { UINT64_C(0x40200000200f6801), "CONTEXTIDR" },
    { UINT64_C(0x40200000200e0085), "DBGBCR1" },
    { UINT64_C(0x40200000200f0180), "p15_0_c0_c3_0" },
    { UINT64_C(0x40300000200f0380), "PAR64" },
    { UINT64_C(0x40300000200f0788), "p15_1_c15" },
    { UINT64_C(0x6020000000110002), "CCSIDR2" },
    { UINT64_C(0x6030000000140000), "0x6030000000140000" }, /* KVM's PSCI version */
    { UINT64_C(0), "0x0" },
    { UINT64_MAX, "0xffffffffffffffff" },
};

START_TEST(known_registers)
{
    MigArmSysregName name;
    uint64_t id = 1;

    ck_assert_str_eq(mig_arm_sysreg_name(known[_i].id, name), known[_i].name);
    ck_assert_msg(mig_arm_sysreg_id(known[_i].name, &id), "%s", known[_i].name);
    ck_assert_uint_eq(id, known[_i].id);
}
END_TEST

static const struct {
    const char *name;
    uint64_t id;
} other_forms[] = {
    { "sctlr_el1", UINT64_C(0x603000000013c080) },
    { "S3_0_C1_C0_0", UINT64_C(0x603000000013c080) },
    { "s3_0_c1_c0_0", UINT64_C(0x603000000013c080) },
    { "P15_0_C1_C0_0", UINT64_C(0x40200000200f0800) },
    { "p15_0_c1_c0_0_S", UINT64_C(0x40200000000f0800) },
    { "p15_0_c7", UINT64_C(0x40300000200f0380) },
    { "CCSIDR", UINT64_C(0x40200000200f0008) },
    { "ttbr0_s", UINT64_C(0x40200000000f1000) },
};

START_TEST(forms_that_are_understood)
{
    uint64_t id = 0;

    ck_assert_msg(mig_arm_sysreg_id(other_forms[_i].name, &id), "%s",
                  other_forms[_i].name);
    ck_assert_uint_eq(id, other_forms[_i].id);
}
END_TEST

static const char *const no_names[] = {
    "",
    "_S",
    "S",
    "S4_0_C1_C0_0",
    "S3_8_C1_C0_0",
    "S3_0_C1_C0",
    "S3_0_C1_C0_0x",
    "S3_0_C16_C0_0",
    "S3_0_C1_C0_8",
    "p16_0_c1_c0_0",
    "DBGBVR#_EL1",
    "DBGBVR16_EL1",
    "SCTLR_EL9",
    "0x",
    "0x1g",
    "0x10000000000000000",
    "rip",
};

START_TEST(anything_else_is_no_name)
{
    uint64_t id;

    ck_assert_msg(!mig_arm_sysreg_id(no_names[_i], &id), "%s", no_names[_i]);
}
END_TEST

/* Each number has one name, and each name leads back to its number. */
START_TEST(every_number_has_a_name_of_its_own)
{
    static const uint64_t bases[] = { UINT64_C(0x6030000000130000),
                                      UINT64_C(0x40200000200e0000),
                                      UINT64_C(0x40200000200f0000),
                                      UINT64_C(0x40200000000f0000) };
    uint64_t base = bases[_i];

    for (uint64_t code = 0; code < 0x10000; code++) {
        MigArmSysregName name;
        uint64_t id = 0;

        /* 16 bits of MRS; of MRC, CRn is 4 bits, CRm 4, opc1 3 and opc2 3 */
        if (_i && code & ~UINT64_C(0x7fbf)) {
            continue;
        }
        mig_arm_sysreg_name(base | code, name);
        ck_assert_msg(mig_arm_sysreg_id(name, &id), "0x%" PRIx64 ": %s", base | code,
                      name);
        ck_assert_msg(id == (base | code), "0x%" PRIx64 ": %s, 0x%" PRIx64, base | code,
                      name, id);
    }
}
END_TEST

Suite *suite_arm_sysreg(void)
{
    Suite *suite = suite_create("arm_sysreg");
    TCase *tc = tcase_create("names");

    tcase_add_loop_test(tc, known_registers, 0, G_N_ELEMENTS(known));
    tcase_add_loop_test(tc, forms_that_are_understood, 0, G_N_ELEMENTS(other_forms));
    tcase_add_loop_test(tc, anything_else_is_no_name, 0, G_N_ELEMENTS(no_names));
    tcase_add_loop_test(tc, every_number_has_a_name_of_its_own, 0, 4);
    suite_add_tcase(suite, tc);
    return suite;
}
