/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that sorted words are found in whatever order they were added, and
 *                bytes that are stored come back from memory and from a file.
 * Must not know: what a word or a byte stands for.
 * See also:      lib/io/sorted.h; lib/io/byte-store.h.
 */
#include "io/sorted.h"

#include <stdbool.h>
#include <string.h>

#include "io/byte-store.h"
#include "support.h"

/* --- words ------------------------------------------------------------------------------ */

/* Of the high halves only, as of ids that have something to say below. */
static gint by_high_half(gconstpointer a, gconstpointer b)
{
    const uint32_t x = (uint32_t)(*(const uint64_t *)a >> 32);
    const uint32_t y = (uint32_t)(*(const uint64_t *)b >> 32);

    return (x > y) - (x < y);
}

static uint64_t ascending(uint32_t i)
{
    return i;
}

static uint64_t descending(uint32_t i)
{
    return 1000000 - i;
}

/* An odd factor makes each number another one. */
static uint64_t scattered(uint32_t i)
{
    return i * UINT32_C(2654435761);
}

static const struct {
    uint64_t (*key)(uint32_t i);
    uint32_t n;
} orders[] = {
    { ascending, 0 },   { ascending, 1 },     { descending, 2 },    { scattered, 3 },
    { descending, 64 }, { ascending, 65535 }, { scattered, 65536 }, { descending, 65537 },
};

START_TEST(test_order)
{
    const uint32_t n = orders[_i].n;
    MigSorted sorted;

    mig_sorted_init(&sorted, by_high_half);
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t key = orders[_i].key(i) << 32;

        ck_assert(!mig_sorted_find(&sorted, key));
        mig_sorted_add(&sorted, key | i);
        ck_assert(mig_sorted_find(&sorted, key));
    }
    ck_assert_uint_eq(sorted.words->len, n);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t *found = mig_sorted_find(&sorted, orders[_i].key(i) << 32);

        ck_assert_msg(found && (uint32_t)*found == i, "word %u", i);
        *found ^= 1;
    }
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_uint_eq((uint32_t)*mig_sorted_find(&sorted, orders[_i].key(i) << 32),
                          i ^ 1);
    }
    mig_sorted_clear(&sorted);
}
END_TEST

/* --- bytes ------------------------------------------------------------------------------ */

#define RUN (1u << 20)

START_TEST(test_bytes)
{
    const unsigned runs = 2 * MIG_BYTE_STORE_MEMORY / RUN + 1;
    g_autofree MigStoredBytes *stored = g_new0(MigStoredBytes, runs);
    g_autofree uint8_t *bytes = g_malloc(RUN);
    g_autoptr(GError) error = NULL;
    MigByteStore store = { 0 };

    for (unsigned i = 0; i < runs; i++) { /* each a byte shorter than the one before */
        memset(bytes, (int)i + 1, RUN);
        ck_assert(mig_byte_store_keep(&store, NULL, bytes, RUN - i, &stored[i], &error));
    }
    ck_assert_uint_le(store.memory->len, MIG_BYTE_STORE_MEMORY);
    ck_assert_uint_gt(store.end, 0);
    for (unsigned i = runs; i-- > 0;) {
        g_autoptr(GBytes) got = mig_byte_store_get(&store, &stored[i], &error);
        g_autoptr(GBytes) wanted = NULL;

        memset(bytes, (int)i + 1, RUN);
        wanted = g_bytes_new(bytes, RUN - i);
        ck_assert_msg(got && g_bytes_equal(got, wanted), "run %u", i);
    }
    mig_byte_store_clear(&store);
}
END_TEST

/* What does not fit into memory is not kept there because no file can be made. */
START_TEST(test_no_file)
{
    g_autofree uint8_t *bytes = g_malloc0(MIG_BYTE_STORE_MEMORY);
    g_autoptr(GError) error = NULL;
    MigByteStore store = { 0 };
    MigStoredBytes stored;

    ck_assert(mig_byte_store_keep(&store, "/nowhere", bytes, 1, &stored, &error));
    ck_assert(!mig_byte_store_keep(&store, "/nowhere", bytes, MIG_BYTE_STORE_MEMORY,
                                   &stored, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_IO));
    mig_byte_store_clear(&store);
}
END_TEST

Suite *suite_sorted(void)
{
    Suite *suite = suite_create("sorted");
    TCase *tc = tcase_create("sorted");

    tcase_add_loop_test(tc, test_order, 0, G_N_ELEMENTS(orders));
    tcase_add_test(tc, test_bytes);
    tcase_add_test(tc, test_no_file);
    suite_add_tcase(suite, tc);
    return suite;
}
