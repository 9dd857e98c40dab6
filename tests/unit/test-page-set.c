/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that a page set is one, for any order of runs, and costs
 *                little.
 * Must not know: streams.
 * See also:      lib/stream/page-set.h.
 */
#include "stream/page-set.h"

#include "support.h"

/* Where a stretch begins and ends, and the last one is short. */
static const uint64_t sizes[] = { 0, 1, 64, 4095, 4096, 4097, 3 * 4096, 5 * 4096 + 77 };

static void compare(const MigPageSet *set, const MigPageStore *store, const bool *in)
{
    uint64_t n = 0, missing = set->n_pages, wrong = set->n_pages;

    for (uint64_t page = set->n_pages; page-- > 0;) {
        wrong = mig_page_set_has(set, store, page) == in[page] ? wrong : page;
        n += in[page];
        missing = in[page] ? missing : page;
    }
    ck_assert_uint_eq(wrong, set->n_pages);
    ck_assert_uint_eq(set->n_in, n);
    ck_assert_uint_eq(mig_page_set_first_missing(set, store), missing);
    ck_assert(!mig_page_set_has(set, store, set->n_pages));
}

/* Runs of any length anywhere, until all pages are in it. */
START_TEST(is_a_set)
{
    uint64_t n = sizes[_i];
    g_autofree bool *in = g_new0(bool, n + 1);
    g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)n);
    MigPageStore store;
    MigPageSet set;

    mig_page_store_init(&store);
    ck_assert(mig_page_set_init(&set, &store, n));
    compare(&set, &store, in);
    for (unsigned round = 0; set.n_in < n; round++) {
        uint64_t first = g_rand_int(rand) % n;
        uint64_t length = 1 + g_rand_int(rand) % (round % 3 ? 100 : 6000);

        ck_assert(mig_page_set_add(&set, &store, first, length));
        for (uint64_t page = first; page < MIN(first + length, n); page++) {
            in[page] = true;
        }
        if (round % 16 == 0) {
            compare(&set, &store, in);
        }
    }
    compare(&set, &store, in);
    mig_page_set_clear(&set);
    mig_page_store_clear(&store);
}
END_TEST

/* Runs go in and out again; a count of any run is what was put there. */
START_TEST(is_a_set_that_shrinks)
{
    uint64_t n = sizes[_i];
    g_autofree bool *in = g_new0(bool, n + 1);
    g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)n + 1);
    MigPageStore store;
    MigPageSet set;

    mig_page_store_init(&store);
    ck_assert(mig_page_set_init(&set, &store, n));
    for (unsigned round = 0; n && round < 300; round++) {
        uint64_t first = g_rand_int(rand) % n, count = 0;
        uint64_t length = 1 + g_rand_int(rand) % (round % 3 ? 100 : 9000);
        bool add = g_rand_int(rand) % 2;

        ck_assert(
            (add ? mig_page_set_add : mig_page_set_remove)(&set, &store, first, length));
        for (uint64_t page = first; page < MIN(first + length, n); page++) {
            in[page] = add;
        }
        first = g_rand_int(rand) % n;
        for (uint64_t page = first; page < MIN(first + length, n); page++) {
            count += in[page];
        }
        ck_assert_uint_eq(mig_page_set_count(&set, &store, first, length), count);
        if (round % 16 == 0) {
            compare(&set, &store, in);
        }
    }
    compare(&set, &store, in);
    ck_assert(mig_page_set_remove(&set, &store, 0, UINT64_MAX));
    ck_assert_uint_eq(set.n_in, 0);
    mig_page_set_clear(&set);
    mig_page_store_clear(&store);
}
END_TEST

/* What is beyond the end, wherever it leads, is not taken. */
START_TEST(ends)
{
    MigPageStore store;
    MigPageSet set;

    mig_page_store_init(&store);
    ck_assert(mig_page_set_init(&set, &store, 5000));
    ck_assert(mig_page_set_add(&set, &store, 5000, 1));
    ck_assert(mig_page_set_add(&set, &store, UINT64_MAX, UINT64_MAX));
    ck_assert_uint_eq(set.n_in, 0);
    ck_assert(mig_page_set_add(&set, &store, 4999, UINT64_MAX));
    ck_assert_uint_eq(set.n_in, 1);
    ck_assert(mig_page_set_has(&set, &store, 4999));
    mig_page_set_clear(&set);
    mig_page_store_clear(&store);
}
END_TEST

/* What a stream claims asks for no memory beyond the bound. */
START_TEST(has_a_largest_size)
{
    MigPageStore store;
    MigPageSet set;

    mig_page_store_init(&store);
    ck_assert(mig_page_set_init(&set, &store, MIG_PAGE_SET_MAX));
    mig_page_set_clear(&set);
    ck_assert(!mig_page_set_init(&set, &store, MIG_PAGE_SET_MAX + 1));
    mig_page_set_clear(&set);
    ck_assert(!mig_page_set_init(&set, &store, UINT64_MAX));
    mig_page_set_clear(&set);
    ck_assert(mig_page_set_init(&set, &store, MIG_PAGE_SET_MAX - 1)); /* two in all */
    mig_page_set_clear(&set);
    ck_assert(!mig_page_set_init(&set, &store, 2));
    mig_page_set_clear(&set);
    ck_assert(mig_page_set_init(&set, &store, 1));
    mig_page_set_clear(&set);
    mig_page_store_clear(&store);
}
END_TEST

/* Pages in order, one at a time, of which one stretch at a time has bits. */
START_TEST(forgets_the_bits_of_full_stretches)
{
    MigPageStore store;
    MigPageSet set;

    mig_page_store_init(&store);
    ck_assert(mig_page_set_init(&set, &store, 100 * MIG_PAGE_SET_STRETCH));
    for (uint64_t page = 0; page < set.n_pages; page++) {
        ck_assert(mig_page_set_add(&set, &store, page, 1));
    }
    ck_assert_uint_eq(set.n_in, set.n_pages);
    ck_assert_uint_eq(store.stretches->len, 1);
    mig_page_set_clear(&set);
    mig_page_store_clear(&store);
}
END_TEST

/* Bits that were given back are used again, whichever was last, and by any set. */
START_TEST(uses_bits_again)
{
    MigPageStore store;
    MigPageSet sets[2];

    mig_page_store_init(&store);
    for (int i = 0; i < 2; i++) {
        ck_assert(mig_page_set_init(&sets[i], &store, 2 * MIG_PAGE_SET_STRETCH));
        for (uint64_t from = 0; from < 2; from++) { /* both have bits, and then none */
            ck_assert(mig_page_set_add(&sets[i], &store, from * MIG_PAGE_SET_STRETCH, 1));
        }
        ck_assert(mig_page_set_add(&sets[i], &store, 0, UINT64_MAX));
        ck_assert_uint_eq(sets[i].n_in, sets[i].n_pages);
        ck_assert_uint_eq(store.stretches->len, 2);
    }
    mig_page_set_clear(&sets[0]);
    mig_page_set_clear(&sets[1]);
    mig_page_store_clear(&store);
}
END_TEST

/* The last stretch, which is shorter, is full with fewer pages. */
START_TEST(forgets_the_bits_of_the_last_stretch)
{
    MigPageStore store;
    MigPageSet set;

    mig_page_store_init(&store);
    ck_assert(mig_page_set_init(&set, &store, MIG_PAGE_SET_STRETCH + 3));
    ck_assert(mig_page_set_add(&set, &store, MIG_PAGE_SET_STRETCH, 3));
    ck_assert_uint_eq(store.stretches->len, 0); /* at once: it never has bits */
    mig_page_set_clear(&set);
    ck_assert(mig_page_set_init(&set, &store, MIG_PAGE_SET_STRETCH + 3));
    for (uint64_t page = MIG_PAGE_SET_STRETCH; page < set.n_pages; page++) {
        ck_assert(mig_page_set_add(&set, &store, page, 1));
    }
    ck_assert(mig_page_set_add(&set, &store, 0, 1)); /* in the place of those bits */
    ck_assert_uint_eq(store.stretches->len, 1);
    mig_page_set_clear(&set);
    mig_page_store_clear(&store);
}
END_TEST

Suite *suite_page_set(void)
{
    Suite *suite = suite_create("page-set");
    TCase *tc = tcase_create("set");

    tcase_add_loop_test(tc, is_a_set, 0, G_N_ELEMENTS(sizes));
    tcase_add_loop_test(tc, is_a_set_that_shrinks, 0, G_N_ELEMENTS(sizes));
    tcase_add_test(tc, ends);
    tcase_add_test(tc, has_a_largest_size);
    tcase_add_test(tc, forgets_the_bits_of_full_stretches);
    tcase_add_test(tc, uses_bits_again);
    tcase_add_test(tc, forgets_the_bits_of_the_last_stretch);
    suite_add_tcase(suite, tc);
    return suite;
}
