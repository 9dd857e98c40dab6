/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the tests of lib/io/error.c: what an error carries, and that copies
 *                carry it too.
 * Must not know: who raises errors.
 * See also:      lib/io/error.h.
 */
#include "support.h"

#include "io/error.h"

START_TEST(carries_place)
{
    g_autoptr(GError) error = NULL;
    uint64_t offset = 0;
    uint32_t instance_id = 0;

    mig_error_set(&error, MIG_ERROR_MALFORMED, 1234, "some-rule", "wanted %d, found %d",
                  1, 2);
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_MALFORMED));
    ck_assert_str_eq(error->message, "wanted 1, found 2");
    ck_assert(mig_error_get_offset(error, &offset));
    ck_assert_uint_eq(offset, 1234);
    ck_assert_str_eq(mig_error_get_rule(error), "some-rule");
    ck_assert_int_eq(mig_error_get_layer(error), MIG_LAYER_PLAIN);
    ck_assert_ptr_null(mig_error_get_section(error, &instance_id));
    ck_assert_uint_eq(mig_error_get_channel(error), 0);

    mig_error_set_channel(error, 3);
    mig_error_set_layer(error, MIG_LAYER_CONTAINER);
    mig_error_set_section(error, "forgotten", 1);
    mig_error_set_section(error, "0000:00:02.0/vfio", 7);

    g_autoptr(GError) copy = g_error_copy(error);
    g_clear_error(&error);
    ck_assert(mig_error_get_offset(copy, &offset));
    ck_assert_uint_eq(offset, 1234);
    ck_assert_int_eq(mig_error_get_layer(copy), MIG_LAYER_CONTAINER);
    ck_assert_uint_eq(mig_error_get_channel(copy), 3);
    ck_assert_str_eq(mig_error_get_section(copy, &instance_id), "0000:00:02.0/vfio");
    ck_assert_uint_eq(instance_id, 7);
    ck_assert_str_eq(mig_error_get_section(copy, NULL), "0000:00:02.0/vfio");
}
END_TEST

START_TEST(has_no_place_unless_told)
{
    g_autoptr(GError) error = NULL;
    uint64_t offset;

    mig_error_set_plain(&error, MIG_ERROR_USAGE, "no");
    ck_assert(!mig_error_get_offset(error, &offset));
    ck_assert_ptr_null(mig_error_get_rule(error));

    /* Nobody wants to know. */
    mig_error_set(NULL, MIG_ERROR_IO, 0, NULL, "lost");
    mig_error_set_plain(NULL, MIG_ERROR_IO, "lost");
}
END_TEST

START_TEST(leaves_other_domains_alone)
{
    g_autoptr(GError) error = g_error_new(G_FILE_ERROR, G_FILE_ERROR_IO, "not ours");
    uint64_t offset;
    uint32_t instance_id;

    mig_error_set_layer(error, MIG_LAYER_CONTAINER);
    mig_error_set_section(error, "ram", 0);
    ck_assert(!mig_error_get_offset(error, &offset));
    ck_assert_int_eq(mig_error_get_layer(error), MIG_LAYER_PLAIN);
    ck_assert_ptr_null(mig_error_get_rule(error));
    ck_assert_ptr_null(mig_error_get_section(error, &instance_id));
}
END_TEST

Suite *suite_error(void)
{
    Suite *suite = suite_create("error");
    TCase *tc = tcase_create("place");

    tcase_add_test(tc, carries_place);
    tcase_add_test(tc, has_no_place_unless_told);
    tcase_add_test(tc, leaves_other_domains_alone);
    suite_add_tcase(suite, tc);
    return suite;
}
