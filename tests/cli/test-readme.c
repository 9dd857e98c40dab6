/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that the examples and pictures of README.md show what the program
 *                prints, that those of the manual run, that the client of migstat(3) compiles and
 *                runs, and that the files which documents name exist.
 * Must not know: what they are about.
 * See also:      README.md, man/migstat.3; the streams are those of tests/fixtures/real.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Where `line` stands in `lines` at or after `from`, or -1. */
static int find_line(char **lines, int from, const char *line)
{
    for (int i = from; lines[i]; i++) {
        if (strcmp(lines[i], line) == 0) {
            return i;
        }
    }
    return -1;
}

/* A folder with all real streams in it, where an example may leave a new one. */
static char *folder_of_streams(void)
{
    char *folder = scratch_dir();
    g_auto(GStrv) streams = fixture_list("real", ".zst");
    for (char **stream = streams; *stream; stream++) {
        g_autofree char *source = g_build_filename("tests/fixtures", *stream, NULL);
        g_autofree char *target = source_path(source);
        g_autofree char *name = g_path_get_basename(*stream);
        g_autofree char *link = g_build_filename(folder, name, NULL);
        ck_assert_int_eq(symlink(target, link), 0);
    }
    return folder;
}

/* An example calls the program by its name. */
static void put_program_into_path(void)
{
    g_autofree char *folder = g_path_get_dirname(g_getenv("MIGSTAT"));
    g_autofree char *search = g_strconcat(folder, ":", g_getenv("PATH"), NULL);

    g_setenv("PATH", search, TRUE);
}

/* An example is indented: "    $ migstat ...", then what it prints; a line with nothing but
 * "[...]" stands for lines left out. */
START_TEST(examples_are_true)
{
    g_autofree char *path = source_path("README.md");
    g_autofree char *streams = folder_of_streams();
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));

    unsigned n_examples = 0;
    g_auto(GStrv) printed = NULL;
    int at = 0;
    bool skips = false;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *shown = *line + strlen("    ");
        if (g_str_has_prefix(*line, "    $ migstat ")) {
            g_autofree char *command = g_strconcat(shown + strlen("$ "), " 2>&1", NULL);
            const char *argv[] = { "sh", "-c", command, NULL };
            g_autoptr(Run) run = run_program(argv, NULL, streams);
            g_strfreev(printed);
            printed = g_strsplit(run->out, "\n", -1);
            at = 0;
            skips = false;
            n_examples++;
        } else if (printed && g_str_has_prefix(*line, "    ")) {
            if (strcmp(shown, "[...]") == 0) {
                skips = true;
                continue;
            }
            int found = find_line(printed, at, shown);
            ck_assert_msg(found >= 0 && (skips || found == at),
                          "README.md:%d: this is not what is printed: %s",
                          (int)(line - lines) + 1, shown);
            at = found + 1;
            skips = false;
        } else if (**line != '\0') {
            g_clear_pointer(&printed, g_strfreev);
        } else if (printed && !skips) {
            at += printed[at] && *printed[at] == '\0';
        }
    }
    ck_assert_uint_gt(n_examples, 0);
    scratch_remove(streams);
}
END_TEST

/* --- pictures --- */

/* Those of a terminal, where there is a Python to make them. */
static const char *const pictures[] = { "terminal.svg", "timeline.svg" };

START_TEST(pictures_are_current)
{
    g_autofree char *python = g_find_program_in_path("python3");
    g_autofree char *folder = scratch_dir(), *make = source_path("docs/pictures/make");
    const char *argv[] = { python, make, folder, NULL };
    g_autoptr(Run) run = python ? run_program(argv, NULL, NULL) : NULL;

    ck_assert_msg(!run || run->status == 0, "%s", run->err);
    for (gsize i = 0; run && i < G_N_ELEMENTS(pictures); i++) {
        g_autofree char *name = g_strconcat("docs/pictures/", pictures[i], NULL);
        g_autofree char *path = source_path(name), *now = NULL, *then = NULL;
        g_autofree char *made = g_build_filename(folder, pictures[i], NULL);

        ck_assert(g_file_get_contents(made, &now, NULL, NULL));
        ck_assert(g_file_get_contents(path, &then, NULL, NULL));
        ck_assert_msg(g_str_equal(now, then),
                      "docs/pictures/%s is old: docs/pictures/make makes it anew",
                      pictures[i]);
    }
    scratch_remove(folder);
}
END_TEST

/* --- files that are named ------------------------------------------------------------- */

static const char *const documents[] = {
    "README.md",     "CONTRIBUTING.md",      "SECURITY.md",     "CHANGELOG.md",
    "docs/proof.md", "docs/architecture.md", "tests/README.md", "docs/performance.md",
};

/* Whether @name exists, seen from the document or from the top. */
static bool exists(const char *document, const char *name)
{
    g_autofree char *folder = g_path_get_dirname(document);
    g_autofree char *beside = g_build_filename(folder, name, NULL);
    g_autofree char *from_document = source_path(beside);
    g_autofree char *from_top = source_path(name);

    return g_file_test(from_document, G_FILE_TEST_EXISTS) ||
           g_file_test(from_top, G_FILE_TEST_EXISTS);
}

static void check_names(const char *document, const char *text, const char *pattern)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *name = g_match_info_fetch(match, 1);

        ck_assert_msg(exists(document, name), "%s names %s, which does not exist",
                      document, name);
    }
}

/* What a link leads to, and paths between backquotes; in one with capital letters, such as
 * lib/filter/NAME.c, they are placeholders. */
START_TEST(named_files_exist)
{
    const char *document = documents[_i];
    g_autofree char *path = source_path(document), *text = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    check_names(document, text, "\\]\\(([^):#]+)\\)");
    check_names(document, text, "`((?!build/)[a-z][a-z0-9._-]*/[a-z0-9._/-]*)`");
}
END_TEST

/* --- the manual ----------------------------------------------------------------------- */

/* Pages whose examples read streams; those of migstat-convert(1) are test-convert.c's. */
static const char *const pages[] = { "migstat.1", "migstat-check.1", "migstat-diff.1",
                                     "migstat-dump.1", "migstat-extract.1" };

/* Files that they name, and programs that need not be there. */
static const char setting[] =
    "set -o pipefail\n"
    "for f in guest saved old converted one two sent again; do cp stream $f.mig; done\n"
    "zstd -q guest.mig -o guest.mig.zst\n"
    "mkdir capture && cp guest.mig capture/channel-0\n"
    "echo '{\"migstat\":\"timeline\",\"version\":1,\"unit\":\"ns\"}' > "
    "capture/timeline.jsonl\n"
    "curl() { cat guest.mig.zst; }\n"
    "type jq > /dev/null 2>&1 || jq() { cat; }\n";

/* An example is a line that runs migstat: what the shell is given, "&&" at its end left out. */
START_TEST(examples_of_the_manual_run)
{
    g_autofree char *relative = g_strconcat("man/", pages[_i], NULL);
    g_autofree char *path = source_path(relative), *page = NULL;
    g_autofree char *stream = fixture_file("real/q35-72-two-vfio.mig.zst");
    g_autoptr(GRegex) example = g_regex_new(
        "^(?:\\$ |\\.B )?((?:[a-z(][^ ]* [^\n]*\\| )?\\(?migstat [^\n]*?)(?: &&)?$",
        G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    unsigned n = 0;

    ck_assert(g_file_get_contents(path, &page, NULL, NULL));
    const char *start = strstr(page, "\n.SH EXAMPLES\n");
    ck_assert(start);
    for (g_regex_match(example, start, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL), n++) {
        g_autofree char *roff = g_match_info_fetch(match, 1);
        g_autofree char *command = unformatted(roff), *folder = scratch_dir();
        g_autofree char *link = g_build_filename(folder, "stream", NULL);
        g_autofree char *script = g_strconcat(setting, command, NULL);
        const char *argv[] = { "bash", "-c", script, NULL };

        ck_assert_int_eq(symlink(stream, link), 0);
        g_autoptr(Run) run = run_program(argv, NULL, folder);
        ck_assert_msg(run->status == 0 || run->status == 1, "%s: %s\nexits with %d: %s",
                      relative, command, run->status, run->err);
        scratch_remove(folder);
    }
    ck_assert_uint_ge(n, 2);
}
END_TEST

/* The C of migstat(3), from the first #include to the end of its example. */
static char *client_of_the_manual(void)
{
    g_autofree char *path = source_path("man/migstat.3");
    g_autofree char *page = NULL, *roff = NULL;
    const char *start, *end;

    ck_assert(g_file_get_contents(path, &page, NULL, NULL));
    start = strstr(page, "#include <inttypes.h>");
    ck_assert(start);
    end = strstr(start, "\n.EE\n");
    ck_assert(end);
    roff = g_strndup(start, (size_t)(end + 1 - start));
    return unformatted(roff);
}

START_TEST(the_client_of_the_manual_works)
{
    g_autofree char *folder = folder_of_streams();
    g_autofree char *source = g_build_filename(folder, "client.c", NULL);
    g_autofree char *client = client_of_the_manual();
    static const char script[] = "$CC -Wall -Werror -I\"$SRCDIR/lib\" -o client client.c "
                                 "\"$BUILDDIR\"/libmigstat.so." MIG_VERSION " "
                                 "$(pkg-config --cflags --libs glib-2.0)\n"
                                 "LD_LIBRARY_PATH=\"$BUILDDIR\" ./client "
                                 "virt-52-gicv3-vfio.mig.zst || test $? = 1";
    const char *const argv[] = { "sh", "-euc", script, NULL };

    ck_assert(g_file_set_contents(source, client, -1, NULL));
    g_autoptr(Run) run = run_program(argv, NULL, folder);
    ck_assert_msg(run->status == 0, "%s%s", run->out, run->err);
    ck_assert_msg(strstr(run->out, " 1 file-header\n"), "%s%s", run->out, run->err);
    ck_assert_msg(strstr(run->out, " errors\n"), "%s", run->out);
    scratch_remove(folder);
}
END_TEST

Suite *suite_readme(void)
{
    Suite *suite = suite_create("readme");
    TCase *tc = tcase_create("examples");
    tcase_add_checked_fixture(tc, put_program_into_path, NULL);
    tcase_add_test(tc, examples_are_true);
    tcase_add_test(tc, pictures_are_current);
    tcase_add_loop_test(tc, examples_of_the_manual_run, 0, G_N_ELEMENTS(pages));
    tcase_add_loop_test(tc, named_files_exist, 0, G_N_ELEMENTS(documents));
    /* A sanitizer's library is not what a client links. */
    if (g_strcmp0(g_getenv("VARIANT"), "release") == 0) {
        tcase_add_test(tc, the_client_of_the_manual_works);
    }
    suite_add_tcase(suite, tc);
    return suite;
}
