/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the replay of every seed that has a text, and of every input that a
 *                fuzzer found to break something.
 * Must not know: what targets assert.
 * See also:      ../fuzz/targets.c; `make fuzz` looks for more.
 */
#include "bounds.h"

#include <stdio.h>

#include "filter/chain.h"
#include "fuzz/fuzz.h"

static void replay(const FuzzTarget *target, const char *path)
{
    g_autoptr(GBytes) bytes = fixture_bytes(path);
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);

    if (g_getenv("FUZZ_VERBOSE")) { /* Which one was it that ended the process? */
        fprintf(stderr, "%s %s\n", target->name, path);
    }
    target->run(data, n);
}

/* Of the seeds, each so many: all with FULL=1, unless the suite would take an hour. */
static size_t stride(void)
{
    return is_slow() ? 7 : is_full() ? 1 : 4;
}

/* Of what is in ../`folder` of the fixtures each `step`, from the @from-th on; a target need
 * not have findings. */
static size_t replay_folder(const FuzzTarget *target, const char *folder,
                            const char *suffix, size_t from, size_t step)
{
    g_autofree char *inside = g_build_filename("tests", "fixtures", folder, NULL);
    g_autofree char *path = source_path(inside);

    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        return 0;
    }
    g_auto(GStrv) names = fixture_list(folder, suffix);

    size_t n = g_strv_length(names);

    for (size_t i = from; i < n; i += step) {
        replay(target, names[i]);
    }
    return n;
}

/* Those of which ../fuzz/run makes seeds. */
static const char *const stream_folders[] = { "good",    "bad",  "dump",  "devices",
                                              "extract", "diff", "faults" };

START_TEST(test_replay)
{
    const FuzzTarget *target = &fuzz_targets[_i];
    g_autofree char *seeds = g_build_filename("..", "fuzz", "seeds", target->seeds, NULL);
    g_autofree char *findings =
        g_build_filename("..", "fuzz", "findings", target->name, NULL);
    g_autoptr(GRand) random = seeded(_i);
    size_t step = stride(), from = (size_t)g_rand_int_range(random, 0, (gint32)step);

    ck_assert_uint_gt(replay_folder(target, seeds, "", from, step), 0);
    replay_folder(target, findings, "", 0, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(stream_folders); i++) {
        if (g_str_equal(target->seeds, FUZZ_STREAMS)) {
            replay_folder(target, stream_folders[i], ".txt", from, step);
        }
    }
}
END_TEST

/* Mutants of items, each a mixture of two streams: those of which the suite remembers nothing
 * but the seed. */
#define MUTANTS 1u

START_TEST(test_mutants_of_items)
{
    g_auto(GStrv) names = fixture_list(stream_folders[_i], ".txt");
    g_autoptr(GRand) random = seeded(_i);
    guint n = g_strv_length(names), step = (guint)stride();

    for (guint i = (guint)g_rand_int_range(random, 0, (gint32)step); i < n; i += step) {
        g_autoptr(GBytes) a = fixture_bytes(names[i]);
        g_autoptr(GBytes) b = fixture_bytes(names[(i + 1) % n]);
        gsize n_a, n_b;
        const uint8_t *data_a = g_bytes_get_data(a, &n_a);
        const uint8_t *data_b = g_bytes_get_data(b, &n_b);

        for (guint seed = 0; seed < MUTANTS && n_a < FUZZ_PIPE_MAX; seed++) {
            g_autoptr(GBytes) mutant = fuzz_mutate_items(
                data_a, n_a, data_b, MIN(n_b, FUZZ_PIPE_MAX), i * MUTANTS + seed);
            gsize length;
            const uint8_t *bytes = g_bytes_get_data(mutant, &length);

            if (g_getenv("FUZZ_VERBOSE")) { /* and the mutant itself, to be looked at */
                fprintf(stderr, "items %s %u\n", names[i], seed);
                g_file_set_contents(g_getenv("FUZZ_VERBOSE"), (const char *)bytes,
                                    (gssize)length, NULL);
            }
            fuzz_items(bytes, length);
        }
    }
}
END_TEST

/* vfio-layout alone has a target of its own, beside. */
START_TEST(test_each_filter_is_tried)
{
    const MigFilterType *const *types = mig_filter_types();

    ck_assert_ptr_nonnull(types[0]);
    for (size_t i = 0; types[i]; i++) {
        const char *name = mig_filter_type_name(types[i]);

        ck_assert_msg(fuzz_has_filter(name), "%s", name);
    }
}
END_TEST

static int n_targets(void)
{
    int n = 0;

    while (fuzz_targets[n].name) {
        n++;
    }
    return n;
}

Suite *suite_fuzz(void)
{
    Suite *suite = suite_create("fuzz");
    TCase *replays = tcase_create("seeds and findings");
    TCase *mutants = tcase_create("mutants of items");

    tcase_add_loop_test(replays, test_replay, 0, n_targets());
    tcase_add_loop_test(mutants, test_mutants_of_items, 0, G_N_ELEMENTS(stream_folders));
    tcase_add_test(replays, test_each_filter_is_tried);
    suite_add_tcase(suite, replays);
    suite_add_tcase(suite, mutants);
    return suite;
}
