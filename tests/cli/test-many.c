/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          check, dump and needs over many files: folders, lists, several processes, and
 *                the table of check --summary.
 * Must not know: the library.
 * See also:      man/migstat.1, A FLEET, whose examples run here.
 */
#include "support.h"

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- a folder with a bit of everything ------------------------------------------------ */

static const struct {
    const char *name;
    const char *source; /* below tests/fixtures; or */
    const char *text;
} tree[] = {
    { "b.mig.zst", "real/q35-72-background.mig.zst", NULL },
    { "a.mig.zst", "real/q35-72-two-vfio.mig.zst", NULL },
    /* a capture by its names, and one by its bytes */
    { "deep/capture/channel-0.zst", "channels/q35-72-multifd/channel-0.zst", NULL },
    { "deep/capture/channel-1.zst", "channels/q35-72-multifd/channel-1.zst", NULL },
    { "deep/capture/channel-2.zst", "channels/q35-72-multifd/channel-2.zst", NULL },
    { "deep/capture/notes.json", NULL, "{}" },
    { "deep/renamed/x", "channels/q35-100-multifd-vfio/channel-1.zst", NULL },
    { "deep/renamed/y", "channels/q35-100-multifd-vfio/channel-0.zst", NULL },
    { "deep/renamed/z", "channels/q35-100-multifd-vfio/channel-2.zst", NULL },
    /* what is beside streams, and what is none */
    { "README.md", NULL, "Guests that were saved." },
    { ".hidden", NULL, "nothing" },
    { ".old/c.mig.zst", "real/q35-72-background.mig.zst", NULL },
    { "z-text", NULL, "This is no stream." },
};

static void put(const char *folder, const char *name, const char *source,
                const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *relative =
        source ? g_build_filename("tests/fixtures", source, NULL) : NULL;
    g_autofree char *from = source ? source_path(relative) : NULL;
    g_autofree char *bytes = g_strdup(text);
    gsize length = text ? strlen(text) : 0;

    ck_assert_int_eq(g_mkdir_with_parents(parent, 0700), 0);
    ck_assert(!from || g_file_get_contents(from, &bytes, &length, NULL));
    ck_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
}

static char *make_tree(void)
{
    char *folder = scratch_dir();

    for (gsize i = 0; i < G_N_ELEMENTS(tree); i++) {
        put(folder, tree[i].name, tree[i].source, tree[i].text);
    }
    return folder;
}

/* As `sh -c SCRIPT` in @folder, with the program in PATH. */
static Run *shell(const char *folder, const char *script)
{
    g_autofree char *programs = g_path_get_dirname(g_getenv("MIGSTAT"));
    g_autofree char *all = g_strdup_printf("PATH='%s':\"$PATH\"\n%s", programs, script);
    const char *argv[] = { "sh", "-c", all, NULL };

    return run_program(argv, NULL, folder);
}

static bool has(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);

    return path != NULL;
}

/* The key "file" of each line, with commas. */
static char *files_of(const char *lines)
{
    g_auto(GStrv) all = g_strsplit(lines, "\n", -1);
    g_autoptr(GString) names = g_string_new(NULL);

    for (char **line = all; *line && **line; line++) {
        g_autoptr(JsonNode) node = json_from_string(*line, NULL);

        ck_assert_msg(node, "%s", *line);
        g_string_append_printf(
            names, "%s%s", names->len ? "," : "",
            json_object_get_string_member(json_node_get_object(node), "file"));
    }
    return g_strdup(names->str);
}

/* --- which files -------------------------------------------------------------------------- */

#define FOUND "./a.mig.zst,./b.mig.zst,./deep/capture,./deep/renamed,./z-text"

/* Command lines in the folder, the files that they read, and the status. */
static const struct {
    const char *line, *files;
    int status;
} choices[] = {
    { "check -r .", FOUND, 1 },
    { "check -r ./ -j3", FOUND, 1 },
    { "dump -r --files-from=.list", "./deep/capture,b.mig.zst", 0 },
    { "needs -r deep b.mig.zst", "deep/capture,deep/renamed,b.mig.zst", 0 },
    { "check deep/capture", "deep/capture", 0 },
    /* lists */
    { "check --files-from=.list b.mig.zst", "b.mig.zst,./deep/capture,b.mig.zst", 0 },
    { "check --files-from=- < .list", "./deep/capture,b.mig.zst", 0 },
    { "check -0 --files-from=.nul", "a.mig.zst,b.mig.zst", 0 },
    { "check -j2 -0 --files-from=.nul b.mig.zst", "b.mig.zst,a.mig.zst,b.mig.zst", 0 },
    { "check -j2 - < b.mig.zst", "-", 0 },
    /* what cannot be read is a line too */
    { "check -j2 absent b.mig.zst", "absent,b.mig.zst", 2 },
    { "check -r absent b.mig.zst", "absent,b.mig.zst", 2 },
    /* a stream beside the channels of a capture: told from them by their names */
    { "check -r deep/capture", "deep/capture", 0 },
    { "check -r .both", ".both/a.zst,.both,.both/z.zst", 0 },
    { "check -r .both -j2", ".both/a.zst,.both,.both/z.zst", 0 },
    { "check .both", ".both", 0 },
    /* where they have other names, both are named */
    { "check -r .mixed b.mig.zst", ".mixed,b.mig.zst", 2 },
};

START_TEST(files_come_from_folders_and_lists)
{
    g_autofree char *folder = make_tree();
    g_auto(GStrv) words = g_strsplit(choices[_i].line, " <", 2);
    g_autofree char *line =
        g_strdup_printf("mkdir .both .mixed\n"
                        "cp deep/capture/ch* .both; cp deep/renamed/* .mixed\n"
                        "cp b.mig.zst .both/a.zst; cp b.mig.zst .both/z.zst\n"
                        "cp b.mig.zst .mixed/a\n"
                        "printf './deep/capture\\n\\nb.mig.zst' > .list\n"
                        "printf 'a.mig.zst\\0b.mig.zst\\0' > .nul\n"
                        "migstat %s -f json %s%s",
                        words[0], words[1] ? "<" : "", words[1] ? words[1] : "");
    g_autofree char *files = NULL;
    g_autoptr(Run) run = shell(folder, line);

    files = files_of(run->out);
    ck_assert_msg(g_str_equal(files, choices[_i].files), "%s: %s\n%s", choices[_i].line,
                  files, run->err);
    ck_assert_msg(run->status == choices[_i].status, "%s: %d\n%s", choices[_i].line,
                  run->status, run->err);
    scratch_remove(folder);
}
END_TEST

/* What is refused, and what is said. */
static const struct {
    const char *line, *says;
} refused[] = {
    { "check --files-from=.nul", "a name has a NUL in it" },
    { "check --files-from=absent", "absent: error: cannot open" },
    { "check --files-from=- - < .list", "the names come from standard input" },
    { "check -r empty", "no file was named, and no folder has one" },
    { "check --summary --files-from=/dev/null", "no file was named" },
    { "check --null a.mig.zst", "--null has no effect without --files-from" },
    { "check -j0 a.mig.zst", "--jobs wants a number from 1 to 256, not \"0\"" },
    { "check -j257 a.mig.zst", "--jobs wants a number from 1 to 256" },
    { "check -j2x a.mig.zst", "--jobs wants a number" },
    { "check -r --channel=b.mig.zst a.mig.zst", "--channel has no effect beside" },
    { "check -r --offset=1 .", "--offset has no effect beside" },
    { "check --summary --all a.mig.zst", "--summary has no effect beside --all" },
    { "dump", "which file?" },
};

START_TEST(what_has_no_meaning_is_refused)
{
    g_autofree char *folder = make_tree();
    g_autofree char *line = g_strdup_printf("mkdir empty\n"
                                            "printf -- '-\\n' > .list\n"
                                            "printf 'a.mig.zst\\0b.mig.zst\\0' > .nul\n"
                                            "migstat %s",
                                            refused[_i].line);
    g_autoptr(Run) run = shell(folder, line);

    ck_assert_msg(strstr(run->err, refused[_i].says), "%s: %s", refused[_i].line,
                  run->err);
    ck_assert_str_eq(run->out, "");
    ck_assert_int_eq(run->status, 2);
    scratch_remove(folder);
}
END_TEST

/* A folder that may not be read is said, and the others are looked through. */
START_TEST(a_closed_folder_is_said)
{
    g_autofree char *folder = make_tree();
    g_autofree char *closed = g_build_filename(folder, "deep", NULL);
    g_autoptr(Run) run = NULL;

    if (geteuid() == 0) { /* who may read everything */
        scratch_remove(folder);
        return;
    }
    ck_assert_int_eq(chmod(closed, 0), 0);
    run = shell(folder, "migstat check deep; migstat check -r . -f json");
    chmod(closed, 0700);
    ck_assert_int_eq(run->status, 2);
    ck_assert_ptr_nonnull(
        strstr(run->err, "./deep: error: cannot read the folder: Permission denied"));
    ck_assert(g_str_has_prefix(run->err,
                               "deep: error: cannot read the folder: Permission denied"));
    ck_assert_ptr_nonnull(strstr(run->out, "./b.mig.zst"));
    scratch_remove(folder);
}
END_TEST

/* --- several processes -------------------------------------------------------------------- */

static const char *const lines[] = {
    "check -r . --for=all",
    "check -q -r . -f json",
    "dump -r .",
    "needs -q -r . -f args",
    "dump --items -r deep",
    "check -r . --summary --for=all",
    "dump --devices -r deep",
    "check --color=always --width=50 -r .",
};

START_TEST(processes_print_what_one_does)
{
    g_autofree char *folder = make_tree();
    g_autofree char *one = g_strconcat("migstat ", lines[_i], NULL);
    g_autofree char *three = g_strconcat("migstat ", lines[_i], " -j3", NULL);
    g_autoptr(Run) a = shell(folder, one), b = shell(folder, three);

    ck_assert_str_eq(a->out, b->out);
    ck_assert_str_eq(a->err, b->err);
    ck_assert_int_eq(a->status, b->status);
    ck_assert_int_gt(strlen(a->out), 100);
    scratch_remove(folder);
}
END_TEST

/* More files than processes and places, in order. */
START_TEST(the_order_is_that_of_the_files)
{
    g_autofree char *folder = make_tree();
    g_autoptr(Run) run = shell(folder, "for i in 1 2 3 4 5 6 7 8; do echo deep/renamed; "
                                       "echo z-text; done > .list\n"
                                       "migstat check --files-from=.list -j2 -f json");
    g_autofree char *files = files_of(run->out);
    g_autoptr(GString) wanted = g_string_new("deep/renamed,z-text");

    for (int i = 1; i < 8; i++) {
        g_string_append(wanted, ",deep/renamed,z-text");
    }
    ck_assert_str_eq(files, wanted->str);
    ck_assert_int_eq(run->status, 1);
    scratch_remove(folder);
}
END_TEST

/* A process that a signal ends: here that it may write no file, as each does that prints. */
START_TEST(a_lost_process_costs_its_file)
{
    g_autofree char *folder = make_tree();
    g_autoptr(Run) run =
        shell(folder, "ulimit -f 0\nmigstat check -j2 a.mig.zst b.mig.zst");

    ck_assert_int_eq(run->status, 2);
    ck_assert_ptr_nonnull(strstr(
        run->err, "a.mig.zst: error: the process that read it was ended by signal"));
    ck_assert_ptr_nonnull(strstr(run->err, "b.mig.zst: error: "));
    ck_assert_str_eq(run->out,
                     "2 files: 0 sound, 0 with warnings, 0 with errors, 2 could "
                     "not be judged\n");
    scratch_remove(folder);
}
END_TEST

/* --- the table ---------------------------------------------------------------------------- */

START_TEST(a_table_has_a_line_for_each_file)
{
    g_autofree char *folder = make_tree();
    g_autoptr(Run) run = shell(
        folder, "migstat check -r . absent --summary --for=all --width=0 2>/dev/null");

    assert_golden("check/summary.out", run->out);
    ck_assert_int_eq(run->status, 2);
    scratch_remove(folder);
}
END_TEST

START_TEST(a_table_without_releases_has_no_column_for_them)
{
    g_autofree char *folder = make_tree();
    g_autoptr(Run) run = shell(folder, "migstat check --summary b.mig.zst");

    ck_assert_str_eq(run->out, "FILE       MACHINE        RAM  VFIO  DEFECTS\n"
                               "b.mig.zst  pc-q35-7.2  16 MiB        none\n");
    ck_assert_int_eq(run->status, 0);
    scratch_remove(folder);
}
END_TEST

/* --- a fleet ------------------------------------------------------------------------------ */

/* The text from @start to the .EE after it, of migstat(1). */
static char *example(const char *start)
{
    g_autofree char *path = source_path("man/migstat.1");
    g_autofree char *roff = NULL, *page = NULL;
    const char *begin, *end;

    ck_assert(g_file_get_contents(path, &roff, NULL, NULL));
    begin = strstr(roff, start);
    ck_assert_msg(begin, "migstat(1) has no \"%s\"", start);
    end = strstr(begin, "\n.EE");
    page = g_strndup(begin, (gsize)(end - begin));
    return unformatted(page);
}

static char *replaced(const char *text, const char *old, const char *new)
{
    g_auto(GStrv) parts = g_strsplit(text, old, -1);

    ck_assert_msg(parts[1], "\"%s\" is not in: %s", old, text);
    return g_strjoinv(new, parts);
}

/* GNU parallel on this host alone, and the database; in the order of the page. */
START_TEST(a_fleet_is_judged_and_asked)
{
    g_autofree char *folder = make_tree();
    g_autofree char *judge = example("parallel ");
    g_autofree char *here = replaced(judge, "alpha,beta", ":");
    g_autofree char *local = replaced(here, "/var/lib/libvirt/qemu/save", "deep z-text");
    g_autofree char *database = example("sqlite3 ");
    g_autofree char *script =
        g_strdup_printf("export PARALLEL_HOME=$PWD/.parallel\nmkdir .parallel\n"
                        "touch .parallel/will-cite\n%s || :\n%s\n",
                        local, database);
    g_autoptr(Run) run = NULL;

    if (has("parallel") && has("sqlite3")) {
        run = shell(folder, script);
        ck_assert_msg(run->status == 0, "%s", run->err);
        ck_assert_str_eq(run->out, ":|z-text\n");
    }
    scratch_remove(folder);
}
END_TEST

/* A part of the list, as Slurm would start it. */
START_TEST(an_array_of_slurm_reads_its_part)
{
    g_autofree char *folder = make_tree();
    g_autofree char *job = example("#!/bin/sh\n");
    g_autofree char *script = g_strdup_printf(
        "printf 'a.mig.zst\\nb.mig.zst\\nz-text\\n' > streams.txt\n"
        "SLURM_ARRAY_TASK_ID=2 SLURM_CPUS_PER_TASK=4\n%s\ncat part-2.jsonl",
        job);
    g_autoptr(Run) run = shell(folder, script);
    g_autofree char *files = files_of(run->out);

    ck_assert_str_eq(files, "b.mig.zst");
    scratch_remove(folder);
}
END_TEST

Suite *suite_many(void)
{
    Suite *suite = suite_create("many");
    TCase *tc = tcase_create("many");

    tcase_add_loop_test(tc, files_come_from_folders_and_lists, 0, G_N_ELEMENTS(choices));
    tcase_add_loop_test(tc, what_has_no_meaning_is_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tc, a_closed_folder_is_said);
    tcase_add_loop_test(tc, processes_print_what_one_does, 0, G_N_ELEMENTS(lines));
    tcase_add_test(tc, the_order_is_that_of_the_files);
    tcase_add_test(tc, a_lost_process_costs_its_file);
    tcase_add_test(tc, a_table_has_a_line_for_each_file);
    tcase_add_test(tc, a_table_without_releases_has_no_column_for_them);
    tcase_add_test(tc, a_fleet_is_judged_and_asked);
    tcase_add_test(tc, an_array_of_slurm_reads_its_part);
    suite_add_tcase(suite, tc);
    return suite;
}
