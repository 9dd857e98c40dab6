/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that a mistyped name finds the one that was meant, and that a
 *                stream with many or long names cannot make the search long.
 * Must not know: what is named.
 * See also:      lib/stream/nearest.h.
 */
#include "stream/nearest.h"

#include "support.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *word, *names, *hint;
} cases[] = {
    /* a letter swapped, lost, added, changed; in the other case */
    { "dmup", "check convert diff dump extract", "; did you mean dump?" },
    { "chec", "check convert diff dump extract", "; did you mean check?" },
    { "dumpp", "check convert diff dump extract", "; did you mean dump?" },
    { "dunp", "check convert diff dump extract", "; did you mean dump?" },
    { "DUMP", "check convert diff dump extract", "; did you mean dump?" },
    { "--hepl", "--help --hex --vfio", "; did you mean --help?" },
    /* the end of a name is the name for people */
    { "virtio-net", "0000:00:01.0/vga 0000:00:02.0/virtio-net",
      "; did you mean 0000:00:02.0/virtio-net?" },
    { "cpu:rip", "cpu:env.eip cpu:env.regs", "; did you mean cpu:env.eip?" },
    { "virtio", "timer 0000:00:02.0/virtio-net 0000:00:03.0/virtio-blk",
      "; did you mean 0000:00:02.0/virtio-net or 0000:00:03.0/virtio-blk?" },
    { "*virto-net*", "timer 0000:00:02.0/virtio-net",
      "; did you mean 0000:00:02.0/virtio-net?" },
    /* the best stands alone, equals stand together, once each */
    { "cpu", "cpus cpu_common CPU cpu CPU", "; did you mean CPU or cpu?" },
    { "sec", "section sections", "; did you mean section or sections?" },
    /* nothing is near */
    { "zebra", "a b a c", "; it has a, b, c" },
    { "ab", "ba cd", "; it has ba, cd" },
    { "*", "a b", "; it has a, b" },
    { "x", "", "" },
    { "", "a", "; it has a" },
    { "q", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22",
      "; it has 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 "
      "and 2 "
      "more" },
    /* five letters of a long word are too many */
    { "abcdefghijklmnop", "vwxyzfghijklmnop", "; it has vwxyzfghijklmnop" },
    { "abcdefghijklmnop", "vwxyefghijklmnop", "; did you mean vwxyefghijklmnop?" },
};

START_TEST(finds_what_was_meant)
{
    g_auto(GStrv) names = g_strsplit(cases[_i].names, " ", -1);
    g_autoptr(MigNearest) nearest = mig_nearest_new(cases[_i].word);
    g_autofree char *hint = NULL;

    for (char **name = names; *name && **name; name++) {
        mig_nearest_offer(nearest, *name);
    }
    hint = mig_nearest_hint(nearest, "it has");
    ck_assert_str_eq(hint, cases[_i].hint);
    ck_assert_msg(!!strstr(hint, "did you mean") == !!mig_nearest_best(nearest), "%s",
                  hint);
}
END_TEST

/* Each pair of short words over two letters: the distance that the definition gives, against
 * whether the word is found. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned best;

    if (n == 0 || m == 0) {
        return (unsigned)(n + m);
    }
    best = distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
    best = MIN(best, distance(a, n - 1, b, m) + 1);
    best = MIN(best, distance(a, n, b, m - 1) + 1);
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
        best = MIN(best, distance(a, n - 2, b, m - 2) + 1);
    }
    return best;
}

START_TEST(counts_letters_as_defined)
{
    for (unsigned x = 1 << 5; x < 1 << 7; x++) {
        for (unsigned y = 1 << 5; y < 1 << 7; y++) {
            char a[8] = "", b[8] = "";
            g_autoptr(MigNearest) nearest = NULL;
            bool part;

            for (unsigned i = 0; x >> i > 1; i++) {
                a[i] = x >> i & 1 ? 'a' : 'b';
            }
            for (unsigned i = 0; y >> i > 1; i++) {
                b[i] = y >> i & 1 ? 'a' : 'b';
            }
            nearest = mig_nearest_new(a);
            mig_nearest_offer(nearest, b);
            part = strstr(a, b) || strstr(b, a);
            ck_assert_msg(!!mig_nearest_best(nearest) ==
                              (part || distance(a, strlen(a), b, strlen(b)) <= 2),
                          "%s and %s", a, b);
        }
    }
}
END_TEST

/* Names that are no text, longer than any of a stream, and a great many. */
START_TEST(is_bounded)
{
    g_autofree char *word = g_strnfill(4096, 'a'), *name = g_strnfill(4095, 'a');
    g_autoptr(MigNearest) nearest = mig_nearest_new(word);
    g_autoptr(MigNearest) bytes = mig_nearest_new("\xff\xfe\xfd");
    g_autofree char *hint = NULL, *of_bytes = NULL;

    for (unsigned i = 0; i < 200000; i++) {
        mig_nearest_offer(nearest, i % 2 ? "b" : name);
    }
    hint = mig_nearest_hint(nearest, "it has");
    ck_assert_uint_lt(strlen(hint), 8192);
    mig_nearest_offer(bytes, "\xff\xfe\xfc");
    of_bytes = mig_nearest_hint(bytes, "it has");
    ck_assert_str_eq(of_bytes, "; did you mean \xff\xfe\xfc?");
}
END_TEST

Suite *suite_nearest(void)
{
    Suite *suite = suite_create("nearest");
    TCase *tc = tcase_create("names");

    tcase_add_loop_test(tc, finds_what_was_meant, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tc, counts_letters_as_defined);
    tcase_add_test(tc, is_bounded);
    suite_add_tcase(suite, tc);
    return suite;
}
