/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat check --against as a user meets it: what is taken for a
 *                destination, the sentence that sums up, and the exit status.
 * Must not know: the library.
 * See also:      tests/unit/test-rules.c, which has each rule dest-...;
 *                tests/qemu/against, which holds predictions against stock QEMU.
 */
#include "support.h"

#include <json-glib/json-glib.h>
#include <string.h>

static char *scratch;

static void setup(void)
{
    scratch = scratch_dir();
}

static void teardown(void)
{
    scratch_remove(scratch);
    g_free(scratch);
}

/* A destination: a fixture, or a text that is written to a file. */
static char *destination_file(const char *destination)
{
    if (g_str_has_suffix(destination, ".json")) {
        g_autofree char *inside = g_build_filename("tests/fixtures", destination, NULL);

        return source_path(inside);
    }
    if (g_str_has_suffix(destination, ".txt") || g_str_has_suffix(destination, ".zst")) {
        return fixture_file(destination);
    }
    char *path = g_build_filename(scratch, "destination", NULL);

    ck_assert(g_file_set_contents(path, destination, -1, NULL));
    return path;
}

#define DUMP "{\"vmschkmachine\": {\"Name\": \"pc\"}, \"dev\": {\"Name\": \"dev\", "

static const struct {
    const char *stream, *destination;
    int status;
    const char *said; /* on either output; %s is the destination's file */
} cases[] = {
    { "bad/dest-section.txt", "against/dest-section.txt", 1,
      "%s refuses it: 1 cause, the first that it meets is dest-section at 0x77; 1 "
      "error" },
    { "bad/dest-section.txt", "bad/dest-section.txt", 0,
      "no reason for %s to refuse it found (not compared: sizes of BARs, " },
    { "bad/dest-subsection.txt", "against/dest-subsection.json", 1,
      "%s refuses it: 1 cause" },
    { "bad/dest-fields-size.txt", "against/dest-subsection.json", 1,
      "value: 2 bytes here, 4" },
    { "bad/dest-value.txt", "against/dest-subsection.json", 0,
      "(not compared: which devices the machine has and where, " },
    { "real/q35-72-vfio.mig.zst", "real/q35-72-two-vfio.mig.zst", 1,
      "start the destination with the same firmware" },
    { "real/q35-72-two-vfio.mig.zst", "real/q35-72-vfio.mig.zst", 1,
      "the destination has no 0000:00:02.0/vfio" },
    { "real/q35-72-vfio.mig.zst", "real/virt-72-gicv3-vfio.mig.zst", 1,
      "machine type pc-q35-7.2 here, virt-7.2 there" },
    /* what is no destination */
    { "good/minimal-ram.txt", "{\"vmschkmachine\": {\"Name\": \"pc", 2,
      "%s:0x1e: error: no -dump-vmstate file, or one that is cut off" },
    { "good/minimal-ram.txt", DUMP "\"version_id\": 1}", 2, "or one that is cut off" },
    { "good/minimal-ram.txt", DUMP "\"version_id\": 1}} x", 2,
      "something follows its end" },
    { "good/minimal-ram.txt", "{\"return\": {}}", 2,
      "JSON, but no -dump-vmstate file: \"vmschkmachine\" is not in it" },
    { "good/minimal-ram.txt", "bad/truncated.txt", 2, "%s:0x51: error[truncated]" },
    { "good/minimal-ram.txt", "no stream at all", 2, "%s:0x0: error[magic]" },
};

START_TEST(a_destination_is_compared)
{
    g_autofree char *stream = fixture_file(cases[_i].stream);
    g_autofree char *destination = destination_file(cases[_i].destination);
    g_autofree char *option = g_strconcat("--against=", destination, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "check", option, stream, NULL);
    g_auto(GStrv) said = g_strsplit(cases[_i].said, "%s", 2);
    g_autofree char *wanted =
        said[1] ? g_strconcat(said[0], destination, said[1], NULL) : g_strdup(said[0]);

    ck_assert_msg(run->status == cases[_i].status, "%s, %s: exit status %d\n%s%s",
                  cases[_i].stream, cases[_i].destination, run->status, run->out,
                  run->err);
    ck_assert_msg(strstr(run->out, wanted) || strstr(run->err, wanted), "%s\n%s%s",
                  wanted, run->out, run->err);
}
END_TEST

/* What each shows adds up. */
START_TEST(several_destinations_add_up)
{
    g_autofree char *stream = fixture_file("bad/dest-subsection.txt");
    g_autofree char *dump = destination_file("against/dest-subsection.json");
    g_autofree char *other = destination_file("against/dest-ram-missing.txt");
    g_autofree char *first = g_strconcat("--against=", dump, NULL);
    g_autofree char *second = g_strconcat("--against=", other, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "check", first, second, stream, NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->out, "error[dest-subsection]"), "%s", run->out);
    ck_assert_msg(strstr(run->out, "warning[dest-ram-missing]"), "%s", run->out);
    ck_assert_msg(strstr(run->out, "the destination refuses it: 2 causes"), "%s",
                  run->out);
    /* Each says which one it is about. */
    g_auto(GStrv) lines = g_strsplit(run->out, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *about = strstr(*line, "error[dest-subsection]") ? first
                            : strstr(*line, "[dest-ram-missing]")   ? second
                                                                    : "";

        ck_assert_msg(strstr(*line, about), "%s: %s", about, *line);
    }
}
END_TEST

/* The words of the release that is asked for; without one, those of most releases. */
static const struct {
    const char *option, *words;
} releases[] = {
    { "--quiet", "QEMU: \"error while loading state for instance 0x0 of device 'dev'\"" },
    { "--for=7.2",
      "QEMU 7.2: \"error while loading state for instance 0x0 of device 'dev'\"" },
    { "--for=11.1", "QEMU 11.1: \"VM subsection 'dev/new' in 'dev' does not exist\"" },
};

START_TEST(the_loader_is_quoted)
{
    g_autofree char *stream = fixture_file("bad/dest-subsection.txt");
    g_autofree char *dump = destination_file("against/dest-subsection.json");
    g_autofree char *against = g_strconcat("--against=", dump, NULL);
    g_autoptr(Run) run =
        run_migstat(NULL, "check", against, releases[_i].option, stream, NULL);

    ck_assert_msg(strstr(run->out, releases[_i].words), "%s", run->out);
}
END_TEST

START_TEST(json_has_the_loaders_words)
{
    g_autofree char *stream = fixture_file("bad/dest-pci-config.txt");
    g_autofree char *other = destination_file("against/dest-pci-config.txt");
    g_autofree char *against = g_strconcat("--against=", other, NULL);
    g_autoptr(Run) run =
        run_migstat(NULL, "check", "--format=json", against, stream, NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->out,
                         "\"loader\": \"get_pci_config_device: Bad config data: "
                         "i=0x2 read: 0 device: 1\""),
                  "%s", run->out);
}
END_TEST

Suite *suite_destination(void)
{
    Suite *suite = suite_create("destination");
    TCase *tc = tcase_create("destination");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_destination_is_compared, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tc, several_destinations_add_up);
    tcase_add_loop_test(tc, the_loader_is_quoted, 0, G_N_ELEMENTS(releases));
    tcase_add_test(tc, json_has_the_loaders_words);
    suite_add_tcase(suite, tc);
    return suite;
}
