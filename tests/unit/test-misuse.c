/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          that calls which the headers forbid do no harm: an error, or a GLib
 *                critical and no effect.
 * Must not know: what the calls are for.
 * See also:      tests/unit/test-input.c, test-rules.c, test-filter.c, for what is
 *                allowed.
 */
#include "support.h"

#include <string.h>

#include "migstat.h"

static int n_criticals;

static void count(const char *domain, GLogLevelFlags level, const char *message,
                  gpointer data)
{
    (void)domain, (void)message, (void)data;
    n_criticals += (level & G_LOG_LEVEL_CRITICAL) != 0;
}

/* make check makes them fatal. */
static void catch_criticals(void)
{
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    g_log_set_default_handler(count, NULL);
}

#define LENGTH 64

static MigInput *open_memory(uint64_t offset)
{
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .offset = offset };
    char text[LENGTH + 1];

    memset(text, 'x', LENGTH);
    g_autoptr(GBytes) bytes = g_bytes_new(text, LENGTH);
    return mig_input_new_bytes(bytes, "memory", &options, NULL);
}

START_TEST(rewinds_to_no_place_beyond_the_end)
{
    static const uint64_t beyond[] = { LENGTH + 1, 1 << 20, UINT64_MAX };
    g_autoptr(MigInput) in = open_memory(0);
    size_t available;

    catch_criticals();
    mig_input_rewind(in, LENGTH);
    ck_assert_int_eq(n_criticals, 0);
    mig_input_rewind(in, beyond[_i]);
    ck_assert_int_eq(n_criticals, 1);
    mig_input_peek(in, 8, &available);
    ck_assert_uint_eq(available, 0);
    ck_assert_uint_eq(mig_input_tell(in), LENGTH);
}
END_TEST

/* Also where the stream begins inside of a file: a sum must not wrap to what lies before. */
START_TEST(reads_nothing_near_the_end_of_numbers)
{
    static const uint64_t places[] = { UINT64_MAX, UINT64_MAX - 20, LENGTH, 1ull << 63 };

    for (uint64_t offset = 0; offset <= 21; offset += 21) {
        g_autoptr(MigInput) in = open_memory(offset);
        char buffer[LENGTH];

        ck_assert_uint_eq(mig_input_read_at(in, places[_i], buffer, sizeof buffer), 0);
        ck_assert(mig_input_end_error(in, NULL));
    }
}
END_TEST

START_TEST(a_chain_runs_once)
{
    g_autoptr(GBytes) stream = fixture_bytes("good/minimal-ram.txt");
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "memory", NULL, NULL);
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;
    int fd;

    ck_assert(mig_chain_add(chain, "null", NULL));
    g_autoptr(MigInput) result = mig_chain_run_spooled(chain, in, &fd, NULL, &error);
    ck_assert_ptr_nonnull(result);
    mig_input_rewind(in, 0);
    ck_assert_ptr_null(mig_chain_run_spooled(chain, in, &fd, NULL, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
    ck_assert_uint_eq(mig_input_tell(in), 0);
}
END_TEST

START_TEST(an_option_needs_a_filter)
{
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;

    ck_assert(!mig_chain_add_option(chain, "to", "subflag", &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
    g_clear_error(&error);
    ck_assert(mig_chain_add(chain, "vfio-layout:to=subflag", NULL));
    ck_assert(mig_chain_settle(chain, NULL));
    ck_assert(!mig_chain_add_option(chain, "to", "config-last", &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
}
END_TEST

static const char *const no_filters[] = { "ram-zero:bogus=1", "vfio-layout:to=nowhere",
                                          "vfio-layout:to=subflag:bogus=1", "bogus" };

START_TEST(a_filter_that_fails_is_not_added)
{
    g_autoptr(MigChain) chain = mig_chain_new();
    const char *text, *summary;

    ck_assert(mig_chain_add(chain, "null", NULL));
    ck_assert(!mig_chain_add(chain, no_filters[_i], NULL));
    ck_assert(mig_chain_describe(chain, 0, &text, &summary));
    ck_assert_str_eq(text, "null");
    ck_assert(!mig_chain_describe(chain, 1, &text, &summary));
}
END_TEST

/* A client of a newer library, whose options have one more member. */
typedef struct {
    MigInputOptions old;
    uint64_t more;
} NewInputOptions;

START_TEST(options_have_a_size)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);
    NewInputOptions options = { .old = { .size = sizeof(options) } };
    g_autoptr(MigInput) in = NULL;
    g_autoptr(GError) error = NULL;

    in = mig_input_new_bytes(bytes, "memory", &options.old, &error);
    ck_assert_msg(in != NULL, "%s", error ? error->message : "");
    options.more = 1;
    ck_assert_ptr_null(mig_input_new_bytes(bytes, "memory", &options.old, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
    g_clear_error(&error);
    options.old.size = 0;
    ck_assert_ptr_null(mig_input_new_bytes(bytes, "memory", &options.old, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
}
END_TEST

/* A client of an older library: what lies after its options is not read. */
START_TEST(short_options_are_filled_with_zeros)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("xyz", 3);
    const MigInputOptions options = { .size = offsetof(MigInputOptions, max_expand),
                                      .offset = 1,
                                      .spool_dir = (const char *)1,
                                      .cancelled = (MigCancelled *)1 };
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "memory", &options, NULL);
    size_t available;

    ck_assert_ptr_nonnull(in);
    ck_assert_int_eq(*mig_input_peek(in, 1, &available), 'y');
}
END_TEST

START_TEST(no_options_are_of_size_0)
{
    const MigOutputOptions output = { .force = true };
    const MigChainOptions chain_options = { .lossy = true };
    const MigCheckOptions check = { .keep = 1 };
    g_autoptr(GBytes) stream = fixture_bytes("good/minimal-ram.txt");
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "memory", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;
    int fd;

    ck_assert_ptr_null(mig_output_new_fd(1, "out", &output, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
    g_clear_error(&error);
    ck_assert_ptr_null(mig_chain_run_spooled(chain, in, &fd, &chain_options, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
    catch_criticals();
    ck_assert_ptr_null(mig_check_new(reader, &check));
    ck_assert_int_eq(n_criticals, 1);
}
END_TEST

START_TEST(no_rule_has_that_index)
{
    g_autoptr(GBytes) stream = fixture_bytes("good/minimal-ram.txt");
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "memory", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT };
    g_autoptr(MigCheck) check = mig_check_new(reader, &options);
    const char *why = "";

    catch_criticals();
    ck_assert_int_eq(mig_check_outcome(check, mig_rule_count(), &why),
                     MIG_OUTCOME_NOT_EVALUATED);
    ck_assert_ptr_null(why);
    ck_assert_int_eq(n_criticals, 1);
}
END_TEST

START_TEST(a_summary_begins_with_the_stream)
{
    g_autoptr(GBytes) stream = fixture_bytes("good/minimal-ram.txt");
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "memory", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigSummary) summary = mig_summary_new();
    const MigItem *item;

    catch_criticals();
    do {
        ck_assert_int_eq(mig_reader_next(reader, &item, NULL), MIG_STATUS_MORE);
    } while (!item->section || item->kind == MIG_ITEM_SECTION_HEADER);
    ck_assert(mig_summary_watch(summary, item, NULL));
    ck_assert_int_eq(n_criticals, 1);
}
END_TEST

Suite *suite_misuse(void)
{
    Suite *suite = suite_create("misuse");
    TCase *tests = tcase_create("misuse");

    tcase_add_loop_test(tests, rewinds_to_no_place_beyond_the_end, 0, 3);
    tcase_add_loop_test(tests, reads_nothing_near_the_end_of_numbers, 0, 4);
    tcase_add_test(tests, a_chain_runs_once);
    tcase_add_test(tests, an_option_needs_a_filter);
    tcase_add_loop_test(tests, a_filter_that_fails_is_not_added, 0,
                        G_N_ELEMENTS(no_filters));
    tcase_add_test(tests, options_have_a_size);
    tcase_add_test(tests, short_options_are_filled_with_zeros);
    tcase_add_test(tests, no_options_are_of_size_0);
    tcase_add_test(tests, no_rule_has_that_index);
    tcase_add_test(tests, a_summary_begins_with_the_stream);
    suite_add_tcase(suite, tests);
    return suite;
}
