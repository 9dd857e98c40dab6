/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that results go through a pager on a terminal, when they do not, and
 *                how the command ends then.
 * Must not know: what is printed.
 * See also:      cli/pager.h; terminal.h.
 */
#include "support.h"
#include "terminal.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOUND  "good/minimal-ram.txt"
#define BROKEN "bad/footer-id.txt"

static char *folder, *sound, *broken;

static void prepare(void)
{
    folder = scratch_dir();
    sound = fixture_file(SOUND);
    broken = fixture_file(BROKEN);
    g_setenv("TERM", "xterm", TRUE);
    g_unsetenv("NO_COLOR");
    g_unsetenv("PAGER");
    /* Shows that it ran, what it was given, and all that it gets. */
    g_setenv("MIGSTAT_PAGER", "echo \"paged LESS=$LESS\"; cat; echo over", TRUE);
}

static void clear(void)
{
    scratch_remove(folder);
    g_free(folder);
    g_free(sound);
    g_free(broken);
}

/* GOOD and BAD stand for the streams. */
static TerminalRun *run_words(const char *command)
{
    g_autofree char *line = g_strdup_printf("%s %s", g_getenv("MIGSTAT"), command);
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);

    for (char **word = argv; *word; word++) {
        const char *path = g_str_equal(*word, "GOOD")  ? sound
                           : g_str_equal(*word, "BAD") ? broken
                                                       : NULL;

        if (path) {
            g_free(*word);
            *word = g_strdup(path);
        }
    }
    return terminal_run(argv, 80);
}

static bool is_paged(const TerminalRun *run)
{
    return g_str_has_prefix(run->text, "paged LESS=FRX\r\n") &&
           g_str_has_suffix(run->text, "over\r\n");
}

static const struct {
    const char *command;
    int status;
    bool paged;
} runs[] = {
    { "dump GOOD", 0, true },
    { "dump --items GOOD", 0, true },
    { "dump --format=json GOOD", 0, true },
    { "check GOOD", 0, true },
    { "check -j2 GOOD GOOD", 0, true },
    { "check BAD", 1, true },
    { "check --list-rules", 0, true },
    { "check --explain=footer-id", 0, true },
    { "diff GOOD BAD", 1, true },
    { "needs GOOD", 0, true },
    { "explain nothing that is known", 1, true },
    { "explain Unknown section or instance 'cpu_common' 0", 0, true },
    { "convert --list-filters", 0, true },
    { "convert --help-filter=redact", 0, true },
    { "dump /nonexistent", 2, true },
    { "dump --no-pager GOOD", 0, false },
    { "--no-pager dump GOOD", 0, false },
    { "check --no-pager BAD", 1, false },
    { "dump --follow=1 GOOD", 0, false },
    { "dump --hepl", 2, false },
    { "convert --filter=null GOOD -o /dev/null", 0, false },
    { "--version", 0, false },
};

/* It has all of the output, and the status is the command's. */
START_TEST(results_are_paged)
{
    g_autoptr(TerminalRun) run = run_words(runs[_i].command);

    ck_assert_msg(run->status == runs[_i].status, "%s: %d: %s", runs[_i].command,
                  run->status, run->text);
    ck_assert_msg(is_paged(run) == runs[_i].paged, "%s: %s", runs[_i].command, run->text);
}
END_TEST

/* But for the pager's own lines it is what the terminal would get, errors among it. */
START_TEST(what_is_paged_looks_the_same)
{
    static const char *const commands[] = { "dump GOOD", "check BAD", "diff GOOD BAD",
                                            "check GOOD /nonexistent BAD",
                                            "check --list-rules" };
    g_autoptr(TerminalRun) paged = run_words(commands[_i]), plain = NULL;
    g_autofree char *wanted = NULL;

    g_setenv("MIGSTAT_PAGER", "cat", TRUE);
    plain = run_words(commands[_i]);
    wanted = g_strdup_printf("paged LESS=FRX\r\n%sover\r\n", plain->text);
    ck_assert_str_eq(paged->text, wanted);
    ck_assert_msg(_i >= 3 || strchr(plain->text, '\033'), "no colour: %s", plain->text);
}
END_TEST

static const struct {
    const char *own, *pager, *term;
    bool paged;
} choices[] = {
    { "echo paged LESS=FRX; cat; echo over", "false", "xterm", true },
    { NULL, "echo paged LESS=FRX; cat; echo over", "xterm", true },
    { "", "echo no; cat", "xterm", false },
    { "cat", "echo no; cat", "xterm", false },
    { NULL, "", "xterm", false },
    { "echo no; cat", NULL, "dumb", false },
    { "echo no; cat", NULL, NULL, false },
};

static void set(const char *variable, const char *value)
{
    if (value) {
        g_setenv(variable, value, TRUE);
    } else {
        g_unsetenv(variable);
    }
}

START_TEST(variables_choose_it)
{
    g_autoptr(TerminalRun) run = NULL;

    set("MIGSTAT_PAGER", choices[_i].own);
    set("PAGER", choices[_i].pager);
    set("TERM", choices[_i].term);
    run = run_words("dump GOOD");
    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(is_paged(run) == choices[_i].paged, "%s", run->text);
    ck_assert_msg(!g_str_has_prefix(run->text, "no"), "%s", run->text);
}
END_TEST

/* What a user has set stays. */
START_TEST(options_of_less_stay)
{
    g_autoptr(TerminalRun) run = NULL;

    g_setenv("LESS", "S", TRUE);
    run = run_words("dump GOOD");
    ck_assert_msg(g_str_has_prefix(run->text, "paged LESS=S\r\n"), "%s", run->text);
}
END_TEST

/* Neither in a pipe nor in a file. */
START_TEST(no_terminal_no_pager)
{
    g_autoptr(Run) run = run_migstat(NULL, "dump", sound, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_ptr_null(strstr(run->out, "paged"));
}
END_TEST

/* A command whose input does not end is over when the pager is, and says nothing. */
START_TEST(who_leaves_the_pager_ends_the_command)
{
    g_autofree char *pipe = g_build_filename(folder, "pipe", NULL);
    g_autofree char *line =
        g_strdup_printf("mkfifo %s; exec sleep 1000 > %s", pipe, pipe);
    const char *writer[] = { "sh", "-c", line, NULL };
    char *argv[] = { (char *)(uintptr_t)g_getenv("MIGSTAT"), (char[]){ "dump" }, pipe,
                     NULL };
    g_autoptr(TerminalRun) run = NULL;
    GPid pid;

    ck_assert(g_spawn_async(NULL, (char **)(uintptr_t)writer, NULL,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                            &pid, NULL));
    while (!g_file_test(pipe, G_FILE_TEST_EXISTS)) {
        g_usleep(1000);
    }
    g_setenv("MIGSTAT_PAGER", "echo seen enough", TRUE);
    run = terminal_run(argv, 80);
    kill(pid, SIGKILL);
    g_spawn_close_pid(pid);
    ck_assert_str_eq(run->text, "seen enough\r\n");
    ck_assert_int_eq(run->status, 2);
}
END_TEST

/* One that there is not, and one that is no program. */
START_TEST(a_pager_that_cannot_be_run_is_told)
{
    static const char *const pagers[] = { "/nonexistent/pager", "/etc/passwd" };
    g_autofree char *said = g_strdup_printf(
        "the pager \"%s\" cannot be run; --no-pager goes without", pagers[_i]);
    g_autoptr(TerminalRun) run = NULL;

    g_setenv("MIGSTAT_PAGER", pagers[_i], TRUE);
    run = run_words("dump GOOD");
    ck_assert_int_eq(run->status, 2);
    ck_assert_msg(strstr(run->text, said), "%s", run->text);
}
END_TEST

/* Whoever started it may ignore how its children end, or have left some behind. */
START_TEST(the_status_is_kept_whoever_started_it)
{
    static const char *const before[] = { "trap '' CHLD;",
                                          "sleep 1000 > /dev/null 2>&1 < /dev/null &" };
    g_autofree char *line =
        g_strdup_printf("%s exec %s dump %s", before[_i], g_getenv("MIGSTAT"), broken);
    char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, line, NULL };
    g_autoptr(TerminalRun) run = terminal_run(argv, 80);

    ck_assert_msg(run->status == 1, "%d: %s", run->status, run->text);
}
END_TEST

/* It runs before an input is opened: a pipe that nobody writes to blocks who opens it. */
START_TEST(it_is_started_before_an_input_is_opened)
{
    g_autofree char *pipe = g_build_filename(folder, "pipe", NULL);
    g_autofree char *pager = g_strdup_printf("cat %s > %s; cat; echo over", sound, pipe);
    const char *make[] = { "mkfifo", pipe, NULL };
    g_autoptr(Run) made = run_program(make, NULL, NULL);
    char *argv[] = { (char *)(uintptr_t)g_getenv("MIGSTAT"), (char[]){ "dump" }, pipe,
                     NULL };
    g_autoptr(TerminalRun) run = NULL;

    ck_assert_int_eq(made->status, 0);
    g_setenv("MIGSTAT_PAGER", pager, TRUE);
    run = terminal_run(argv, 80);
    ck_assert_msg(run->status == 0, "%s", run->text);
    ck_assert_msg(g_str_has_suffix(run->text, "over\r\n"), "%s", run->text);
}
END_TEST

Suite *suite_pager(void)
{
    Suite *suite = suite_create("pager");
    TCase *tc = tcase_create("pager");

    tcase_add_checked_fixture(tc, prepare, clear);
    tcase_add_loop_test(tc, results_are_paged, 0, G_N_ELEMENTS(runs));
    tcase_add_loop_test(tc, what_is_paged_looks_the_same, 0, 5);
    tcase_add_loop_test(tc, variables_choose_it, 0, G_N_ELEMENTS(choices));
    tcase_add_test(tc, options_of_less_stay);
    tcase_add_test(tc, no_terminal_no_pager);
    tcase_add_test(tc, who_leaves_the_pager_ends_the_command);
    tcase_add_loop_test(tc, a_pager_that_cannot_be_run_is_told, 0, 2);
    tcase_add_loop_test(tc, the_status_is_kept_whoever_started_it, 0, 2);
    tcase_add_test(tc, it_is_started_before_an_input_is_opened);
    suite_add_tcase(suite, tc);
    return suite;
}
