/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the replay of every seed that has a text, and of every input that a
 *                fuzzer found to break something.
 * Must not know: what targets assert.
 * See also:      ../fuzz/targets.c; `make fuzz` looks for more.
 */
#include "bounds.h"

#include <stdio.h>

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

/* Of the seeds, each so many: all but where the suite would take an hour. */
static size_t stride(void)
{
    return is_slow() ? 7 : 1;
}

/* Of what is in ../`folder` of the fixtures, the first and each `step` further; a target
 * need not have findings. */
static size_t replay_folder(const FuzzTarget *target, const char *folder,
                            const char *suffix, size_t step)
{
    g_autofree char *inside = g_build_filename("tests", "fixtures", folder, NULL);
    g_autofree char *path = source_path(inside);

    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        return 0;
    }
    g_auto(GStrv) names = fixture_list(folder, suffix);

    size_t n = g_strv_length(names);

    for (size_t i = 0; i < n; i += step) {
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

    ck_assert_uint_gt(replay_folder(target, seeds, "", stride()), 0);
    replay_folder(target, findings, "", 1);
    for (size_t i = 0; i < G_N_ELEMENTS(stream_folders); i++) {
        if (g_str_equal(target->seeds, FUZZ_STREAMS)) {
            replay_folder(target, stream_folders[i], ".txt", stride());
        }
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

    tcase_add_loop_test(replays, test_replay, 0, n_targets());
    suite_add_tcase(suite, replays);
    return suite;
}
