/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that output fits the terminal it goes to, and the character
 *                set of its locale; and that file names are printed as they were typed if
 *                they can be.
 * Must not know: the library, and what is printed.
 * See also:      cli/wrap.h, cli/table.h, cli/text.h.
 */
#include "support.h"
#include "terminal.h"

#include <stdbool.h>
#include <string.h>

#define STREAM_A "real/virt-52-gicv3-vfio.mig.zst"
#define STREAM_B "real/virt-100-gicv3-vfio.mig.zst"

static char *stream_a, *stream_b;

static void find_streams(void)
{
    g_setenv("PAGER", "cat", TRUE);
    g_unsetenv("MIGSTAT_PAGER");
    stream_a = fixture_file(STREAM_A);
    stream_b = fixture_file(STREAM_B);
}

static void free_streams(void)
{
    g_free(stream_a);
    g_free(stream_b);
}

/* What each command can print; A and B stand for the streams. */
static const char *const commands[] = {
    "dump A",
    "dump --sections --vfio A",
    "dump --items A",
    "dump --devices --hex A",
    "dump --devices=cpu:* A",
    "dump --map A",
    "dump --at=0x1000 A",
    "dump --translate=0x1000 A",
    "dump --registers A",
    "dump --registers=sctlr* A",
    "check --for=all A B",
    "check -v A B",
    "check --for=qemu-7.2 A",
    "check --for=qemu-5.2 B",
    "check --list-rules",
    "check --explain=vfio-config-then-data",
    "convert --to=config-last A -o /dev/null",
    "convert --to=config-last --explain",
    "convert --for=7.2 A -o /dev/null",
    "convert --list-filters",
    "convert --help-filter=set-field",
    "explain Bad config data: i=0x9a read: 2 device: 3 cmask: ff wmask: 0 w1cmask:0",
    "explain --in A Unknown section or instance 'cpu_common' 0",
    "diff A B",
    "diff --ram A B",
    "dump /nonexistent/folder/with/a/name/that/is/longer/than/the/narrowest/terminal",
};

static char **arguments_of(const char *command)
{
    g_autofree char *program = g_strdup_printf("%s %s", g_getenv("MIGSTAT"), command);
    char **argv = g_strsplit(program, " ", -1);

    for (char **word = argv; *word; word++) {
        if (g_str_equal(*word, "A") || g_str_equal(*word, "B")) {
            const char *path = **word == 'A' ? stream_a : stream_b;

            g_free(*word);
            *word = g_strdup(path);
        }
    }
    return argv;
}

/* --- a terminal --------------------------------------------------------------------- */

static char *on_terminal(char *const *argv, int columns)
{
    g_autoptr(TerminalRun) run = terminal_run(argv, columns);

    ck_assert_int_ge(run->status, 0);
    return g_steal_pointer(&run->text);
}

/* Without the sequences of colours; any other control character is a failure. */
static char *without_colours(const char *text)
{
    g_autoptr(GRegex) colour = g_regex_new("\033\\[[0-9]*m", 0, 0, NULL);
    char *plain = g_regex_replace_literal(colour, text, -1, 0, "", 0, NULL);

    ck_assert_msg(!strchr(plain, '\033'), "a sequence was cut: %s", plain);
    ck_assert_msg(g_utf8_validate(plain, -1, NULL), "a character was cut: %s", plain);
    return plain;
}

static void assert_fits(const char *what, const char *line, int columns)
{
    /* A command to paste is not broken within a word. */
    bool is_word =
        !strchr(line + strspn(line, " "), ' ') || g_str_has_suffix(line, " \\");

    ck_assert_msg(g_utf8_strlen(line, -1) <= columns || is_word, "%s, %d columns: %s",
                  what, columns, line);
}

static const int widths[] = { 40, 60, 80, 132 };

START_TEST(lines_fit_the_terminal)
{
    g_auto(GStrv) argv = arguments_of(commands[_i]);
    static const char *const no_color[] = { "1", "" };

    for (size_t w = 0; w < G_N_ELEMENTS(widths) * G_N_ELEMENTS(no_color); w++) {
        int columns = widths[w / 2];
        g_autofree char *text = NULL, *plain = NULL;
        g_auto(GStrv) lines = NULL;

        g_setenv("NO_COLOR", no_color[w % 2], TRUE);
        g_setenv("TERM", "xterm", TRUE);
        text = on_terminal(argv, columns);
        plain = without_colours(text);
        ck_assert_msg(w % 2 || g_str_equal(text, plain), "%s: colours", commands[_i]);
        ck_assert_str_ne(plain, "");
        lines = g_strsplit(plain, "\r\n", -1);
        for (char **line = lines; *line; line++) {
            assert_fits(commands[_i], *line, columns);
        }
    }
}
END_TEST

/* The words of a text, whatever the lines: cut words are put together again. */
static char *squeezed(const char *text)
{
    g_autoptr(GRegex) space = g_regex_new("[\\s\\\\]+", 0, 0, NULL);

    return g_regex_replace_literal(space, text, -1, 0, "", 0, NULL);
}

/* Nothing is lost where findings are broken, and --width does what a terminal does. */
START_TEST(wrapped_findings_say_the_same)
{
    g_auto(GStrv) argv = arguments_of("check --for=qemu-7.2 A");
    g_autoptr(Run) whole = run_program((const char *const *)argv, NULL, NULL);
    g_autofree char *wanted = squeezed(whole->out);

    for (size_t w = 0; w < G_N_ELEMENTS(widths); w++) {
        g_autofree char *width = g_strdup_printf("--width=%d", widths[w]);
        g_autoptr(Run) run =
            run_migstat(NULL, "check", "--for=qemu-7.2", width, stream_a, NULL);
        g_autofree char *words = squeezed(run->out), *text = NULL, *plain = NULL;
        g_auto(GStrv) lines = NULL;

        ck_assert_str_eq(words, wanted);
        g_setenv("NO_COLOR", "1", TRUE);
        text = on_terminal(argv, widths[w]);
        lines = g_strsplit(text, "\r\n", -1);
        plain = g_strjoinv("\n", lines);
        ck_assert_str_eq(plain, run->out);
    }
}
END_TEST

/* In a pipe, and with --width=0 anywhere, a finding is a line, whatever COLUMNS says. */
START_TEST(a_finding_is_a_line_in_a_pipe)
{
    g_auto(GStrv) argv = arguments_of("check --width=0 --for=qemu-7.2 A");
    g_autoptr(Run) run = NULL;
    g_autofree char *text = NULL, *joined = NULL;
    g_auto(GStrv) lines = NULL;

    g_setenv("COLUMNS", "40", TRUE);
    g_setenv("NO_COLOR", "1", TRUE);
    run = run_migstat(NULL, "check", "--for=qemu-7.2", stream_a, NULL);
    text = on_terminal(argv, 40);
    lines = g_strsplit(text, "\r\n", -1);
    joined = g_strjoinv("\n", lines);
    ck_assert_str_eq(joined, run->out);
    ck_assert_ptr_nonnull(strstr(run->out, "\n    hint: "));
    ck_assert_msg(!strstr(run->out, "\\\n"), "%s", run->out);
}
END_TEST

/* --- character sets ----------------------------------------------------------------- */

START_TEST(another_character_set_gets_ascii)
{
    g_auto(GStrv) argv = arguments_of(commands[_i]);
    g_autoptr(Run) run = NULL;

    g_setenv("LC_ALL", "C", TRUE);
    run = run_program((const char *const *)argv, NULL, NULL);
    ck_assert_msg(g_str_is_ascii(run->out), "%s", run->out);
    ck_assert_msg(g_str_is_ascii(run->err), "%s", run->err);
}
END_TEST

/* --- names -------------------------------------------------------------------------- */

static const struct {
    const char *locale, *name, *shown;
} names[] = {
    { "C.UTF-8", "plain name.mig", "plain name.mig" },
    { "C.UTF-8", "\xc3\xbcml\xc3\xa4ut.mig", "\xc3\xbcml\xc3\xa4ut.mig" },
    { "C", "\xc3\xbcml\xc3\xa4ut.mig", "\\xc3\\xbcml\\xc3\\xa4ut.mig" },
    { "C.UTF-8", "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac" },
    { "C.UTF-8", "back\\slash", "back\\slash" },
    { "C.UTF-8", "a\nb", "a\\x0ab" },
    { "C.UTF-8", "\033[31mred", "\\x1b[31mred" },
    { "C.UTF-8", "back\\slash\t", "back\\\\slash\\x09" },
    { "C.UTF-8",
      "c1\xc2\x9b"
      "31m",
      "c1\\xc2\\x9b31m" },
    { "C.UTF-8", "rtl\xe2\x80\xaegim", "rtl\\xe2\\x80\\xaegim" },   /* U+202E */
    { "C.UTF-8", "isolate\xe2\x81\xa6", "isolate\\xe2\\x81\\xa6" }, /* U+2066 */
    { "C.UTF-8", "line\xe2\x80\xa8", "line\\xe2\\x80\\xa8" },       /* U+2028 */
    { "C.UTF-8", "\xc3\xbc\xff", "\xc3\xbc\\xff" },
    { "C.UTF-8", "cut\xe6\x97", "cut\\xe6\\x97" },
};

/* In what is printed of a file, and in an error about it. */
START_TEST(file_names_are_printed_as_typed)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, names[_i].name, NULL);
    g_autofree char *missing = g_strconcat(path, ".no", NULL);
    g_autofree char *shown = g_strdup_printf("/%s   ", names[_i].shown);
    g_autofree char *shown_missing = g_strdup_printf("/%s.no:", names[_i].shown);
    g_autoptr(GBytes) stream = fixture_bytes(STREAM_A);
    g_autoptr(Run) run = NULL, error = NULL;

    ck_assert(g_file_set_contents(path, g_bytes_get_data(stream, NULL),
                                  (gssize)g_bytes_get_size(stream), NULL));
    g_setenv("LC_ALL", names[_i].locale, TRUE);
    run = run_migstat(NULL, "dump", path, NULL);
    error = run_migstat(NULL, "dump", missing, NULL);
    ck_assert_msg(strstr(run->out, shown), "wanted %s: %s", shown, run->out);
    ck_assert_msg(strstr(error->err, shown_missing), "wanted %s: %s", shown_missing,
                  error->err);
    ck_assert_msg(!strpbrk(error->err, "\033\t"), "%s", error->err);
    ck_assert_ptr_eq(strchr(error->err, '\n'), error->err + strlen(error->err) - 1);
    scratch_remove(folder);
}
END_TEST

/* An escape is cut nowhere, and a wide character takes two columns. */
START_TEST(long_names_are_cut_between_characters)
{
    static const char *const units[] = { "\033", "\xe6\x97\xa5" };
    g_autoptr(GString) name = g_string_new("/nonexistent/");
    g_autoptr(GRegex) half = g_regex_new("\\\\(x[0-9a-f]?)?$", 0, 0, NULL);

    for (int i = 0; i < 60; i++) {
        g_string_append(name, units[_i]);
    }
    for (int columns = 30; columns < 40; columns++) {
        g_autofree char *width = g_strdup_printf("--width=%d", columns);
        g_autoptr(Run) run = run_migstat(NULL, "dump", width, name->str, NULL);
        g_auto(GStrv) lines = g_strsplit(run->err, "\n", -1);

        ck_assert_uint_gt(g_strv_length(lines), 4);
        ck_assert_msg(g_utf8_validate(run->err, -1, NULL), "%s", run->err);
        for (char **line = lines; *line; line++) {
            long taken = 0;

            for (char *p = *line; *p; p = g_utf8_next_char(p)) {
                taken += g_unichar_iswide(g_utf8_get_char(p)) ? 2 : 1;
            }
            ck_assert_msg(taken <= columns, "%d columns: %s", columns, *line);
            ck_assert_msg(!g_regex_match(half, *line, 0, NULL), "cut: %s", *line);
        }
    }
}
END_TEST

/* --- commands to paste --------------------------------------------------------------- */

/* The first hint, with its other lines. */
static char *hint_of(const char *out)
{
    const char *start = strstr(out, "    hint: "), *end;

    ck_assert_msg(start, "no hint: %s", out);
    start += strlen("    hint: ");
    for (end = strchr(start, '\n'); end[-1] == '\\'; end = strchr(end + 1, '\n')) {
    }
    return g_strndup(start, (size_t)(end - start));
}

static const char *const hard_names[] = {
    "plain.mig",  "with space.mig", "it's.mig", "$HOME `id` \"x\".mig",
    "two\nlines", "\033[31mred",    "-dash",    "\xc3\xbc\xe2\x80\xae",
};

/* Whatever the name and the width: a shell makes of it the command that was meant. */
START_TEST(hints_can_be_pasted)
{
    const char *name = hard_names[_i];
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *bash = g_find_program_in_path("bash");
    g_autofree char *programs = g_path_get_dirname(g_getenv("MIGSTAT"));
    g_autofree char *search = g_strdup_printf("%s:%s", programs, g_getenv("PATH"));
    const char *check[] = {
        g_getenv("MIGSTAT"), "check", "--for=7.2", "--width=40", "--", name, NULL
    };
    g_autoptr(GBytes) stream = fixture_bytes(STREAM_A);
    g_autoptr(Run) run = NULL, pasted = NULL;
    g_autofree char *hint = NULL;

    ck_assert(g_file_set_contents(path, g_bytes_get_data(stream, NULL),
                                  (gssize)g_bytes_get_size(stream), NULL));
    run = run_program(check, NULL, folder);
    hint = hint_of(run->out);
    g_setenv("PATH", search, TRUE);
    if (bash) { /* $'' is not in every shell */
        const char *paste[] = { bash, "-c", hint, NULL };

        pasted = run_program(paste, NULL, folder);
        ck_assert_msg(pasted->status == 0, "%s: %s", hint, pasted->err);
        ck_assert_msg(strstr(pasted->err, "config-last"), "%s: %s", hint, pasted->err);
    }
    scratch_remove(folder);
}
END_TEST

/* What was typed wrongly is told like any other name. */
START_TEST(arguments_cannot_reach_the_terminal)
{
    static const char *const wrong[] = { "a\033[31m", "--\033[31m", "--width=\033[31m",
                                         "--format=\xe2\x80\xae" };
    g_autoptr(Run) run = run_migstat(NULL, "diff", wrong[_i], "b", "\033c", NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_msg(!strchr(run->err, '\033') && !strstr(run->err, "\xe2\x80\xae"), "%s",
                  run->err);
}
END_TEST

Suite *suite_terminal(void)
{
    Suite *suite = suite_create("terminal");
    TCase *tc = tcase_create("terminal");

    tcase_add_checked_fixture(tc, find_streams, free_streams);
    tcase_add_loop_test(tc, lines_fit_the_terminal, 0, G_N_ELEMENTS(commands));
    tcase_add_test(tc, wrapped_findings_say_the_same);
    tcase_add_test(tc, a_finding_is_a_line_in_a_pipe);
    tcase_add_loop_test(tc, another_character_set_gets_ascii, 0, G_N_ELEMENTS(commands));
    tcase_add_loop_test(tc, file_names_are_printed_as_typed, 0, G_N_ELEMENTS(names));
    tcase_add_loop_test(tc, long_names_are_cut_between_characters, 0, 2);
    tcase_add_loop_test(tc, hints_can_be_pasted, 0, G_N_ELEMENTS(hard_names));
    tcase_add_loop_test(tc, arguments_cannot_reach_the_terminal, 0, 4);
    suite_add_tcase(suite, tc);
    return suite;
}
