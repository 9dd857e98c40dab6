/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that addresses which check, explain and needs print of a stream are
 *                taken by options and filters.
 * Must not know: what an address is; tests/unit/test-address.c has each that dump prints.
 * See also:      man/migstat-address.7.
 */
#include "support.h"

#include <string.h>

#define MESSAGES 12 /* of a stream, that explain is asked about */

/* Each text of @json that @pattern finds, with @option before it, to @argv. */
static void collect(GPtrArray *argv, const char *option, const char *pattern,
                    const char *json)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    g_regex_match(regex, json, 0, &match);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *name = g_match_info_fetch(match, 1);
        g_autofree char *instance = g_match_info_fetch(match, 2);
        char *word = g_strconcat(option, name, instance && *instance ? "@" : "",
                                 instance ? instance : "", NULL);

        if (g_ptr_array_find_with_equal_func(argv, word, g_str_equal, NULL)) {
            g_free(word);
        } else {
            g_ptr_array_add(argv, word);
        }
    }
}

static GPtrArray *command(const char *name)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_strdup(g_getenv("MIGSTAT")));
    g_ptr_array_add(argv, g_strdup(name));
    return argv;
}

/* Status 0: each word meant something. */
static void assert_taken(GPtrArray *argv, const char *file)
{
    g_autofree char *line = NULL;

    g_ptr_array_add(argv, g_strdup(file));
    g_ptr_array_add(argv, NULL);
    line = g_strjoinv(" ", (char **)argv->pdata);
    g_autoptr(Run) run =
        run_program((const char *const *)(void *)argv->pdata, NULL, NULL);
    ck_assert_msg(run->status == 0, "%s: %s", line, run->err);
}

#define SECTION "\"section\": \"([^\"]+)\"(?:, \"instance_id\": ([0-9]+))?"

START_TEST(sections_are_taken)
{
    g_auto(GStrv) names = fixture_list("real", ".mig.zst");
    g_autofree char *file = fixture_file(names[_i]);
    g_autoptr(GPtrArray) dump = command("dump"), drop = command("convert");
    g_autoptr(Run) needs = run_migstat(NULL, "needs", "--format=json", file, NULL);
    g_autoptr(Run) check =
        run_migstat(NULL, "check", "--all", "--for=all", "--format=json", file, NULL);
    guint none = dump->len;

    collect(dump, "--section=", SECTION, needs->out);
    collect(dump, "--section=", SECTION, check->out);
    ck_assert_msg(dump->len > none || !*needs->out, "%s: %s", names[_i], needs->out);
    assert_taken(dump, file);
    g_ptr_array_add(drop, g_strdup("--lossy"));
    g_ptr_array_add(drop, g_strdup("--dry-run"));
    collect(drop, "--filter=drop-section:ram=keep:name=", "\"section\": \"([^\"]+)\"",
            needs->out);
    assert_taken(drop, file);
}
END_TEST

/* What explain says of a message about each of some sections. */
START_TEST(places_are_taken)
{
    g_auto(GStrv) names = fixture_list("real", ".mig.zst");
    g_autofree char *file = fixture_file(names[_i]);
    g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) dump = command("dump");
    g_autofree char *in = g_strconcat("--in=", file, NULL);
    g_autoptr(Run) all =
        run_migstat(NULL, "dump", "--sections", "--format=json", file, NULL);

    collect(sections, "", "\"type\": \"FULL\"[^}]*\"name\": \"([^\"]+)\"", all->out);
    for (guint i = 0; i < sections->len; i += 1 + sections->len / MESSAGES) {
        const char *name = sections->pdata[i];
        g_autofree char *failed = g_strdup_printf(
            "error while loading state for instance 0x0 of device '%s'", name);
        const char *const causes[] = {
            failed,
            "get_pci_config_device: Bad config data: i=0x4 read: 7 device: 3 cmask: ff "
            "wmask: 0 w1cmask:0"
        };

        for (size_t c = 0; c < G_N_ELEMENTS(causes); c++) {
            g_autoptr(Run) run = run_migstat(NULL, "explain", "--format=json", in, failed,
                                             c ? causes[c] : NULL, NULL);

            ck_assert_msg(run->status < 2, "%s: %s", causes[c], run->err);
            collect(dump, "--devices=", "\"address\": \"([^\"]+)\"", run->out);
        }
    }
    if (dump->len > 2) {
        assert_taken(dump, file);
    }
}
END_TEST

Suite *suite_printed(void)
{
    Suite *suite = suite_create("printed");
    TCase *tc = tcase_create("printed");
    g_auto(GStrv) real = fixture_list("real", ".mig.zst");

    tcase_add_loop_test(tc, sections_are_taken, 0, (int)g_strv_length(real));
    tcase_add_loop_test(tc, places_are_taken, 0, (int)g_strv_length(real));
    suite_add_tcase(suite, tc);
    return suite;
}
