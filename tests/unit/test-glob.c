/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that patterns match names as the manual says, whatever bytes
 *                they have.
 * Must not know: what is named.
 * See also:      lib/stream/glob.h.
 */
#include "stream/glob.h"

#include "support.h"

static const struct {
    const char *pattern, *name;
    bool matches;
} cases[] = {
    { "", "", true },
    { "", "a", false },
    { "*", "", true },
    { "?", "", false },
    { "ram", "ram", true },
    { "ram", "rams", false },
    { "r?m", "ram", true },
    { "*/vfio", "0000:00:01.0/vfio", true },
    { "*/vfio", "0000:00:01.0/vfio2", false },
    { "*a*b*", "xxaxxbxx", true },
    { "*a*b*", "xxbxxaxx", false },
    { "a[0]", "a[0]", true },
    { "a[0]", "a0", false },
    { "*aab", "aaaaab", true },
    { "*.cmd", "dev[0].port.cmd", true },
    /* names that are no text of any encoding */
    { "*\xff", "a\x80\xff", true },
    { "*.cmd", "\xbf\xbf.cmd", true },
    { "a*b*c", "a\xf0\x80", false },
};

START_TEST(matches_bytes)
{
    ck_assert_msg(mig_glob(cases[_i].pattern, cases[_i].name) == cases[_i].matches,
                  "\"%s\" and \"%s\"", cases[_i].pattern, cases[_i].name);
}
END_TEST

/* No pattern takes for ever. */
START_TEST(is_quick)
{
    g_autofree char *name = g_strnfill(20000, 'a');

    ck_assert(!mig_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", name));
}
END_TEST

Suite *suite_glob(void)
{
    Suite *suite = suite_create("glob");
    TCase *tc = tcase_create("glob");

    tcase_add_loop_test(tc, matches_bytes, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tc, is_quick);
    suite_add_tcase(suite, tc);
    return suite;
}
