/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see pager.h: which pager, and how the processes end.
 * Must not know: what is printed.
 * See also:      text.c and wrap.c, whose answers are kept.
 */
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"

/* What a shell returns for a command that it may not run, and for one that there is not. */
#define NOT_ALLOWED 126
#define NOT_FOUND   127

static int terminal = -1;

int cli_pager_terminal(void)
{
    return terminal;
}

void cli_pager_forget(void)
{
    terminal = -1;
}

/* --- which one --------------------------------------------------------------------------- */

/* A line of the shell, or NULL: none is wanted, or there is none. */
static const char *wanted_pager(void)
{
    static const char *const variables[] = { "MIGSTAT_PAGER", "PAGER" };
    const char *term = getenv("TERM"), *pager = NULL;
    g_autofree char *less = NULL;

    if (!term || strcmp(term, "dumb") == 0) {
        return NULL;
    }
    for (size_t i = 0; !pager && i < G_N_ELEMENTS(variables); i++) {
        pager = getenv(variables[i]);
    }
    if (!pager) {
        less = g_find_program_in_path("less");
        pager = less ? "less" : "";
    }
    return *pager && strcmp(pager, "cat") != 0 ? pager : NULL;
}

/* What is typed into the one would be keys of the other. */
static bool reads_terminal(const char *const *argv)
{
    bool reads = false;

    for (const char *const *word = argv; *word; word++) {
        reads |= strcmp(*word, "-") == 0 || g_str_has_suffix(*word, "=-") ||
                 g_str_has_suffix(*word, "/dev/stdin") ||
                 g_str_has_suffix(*word, "/fd/0") || g_str_has_suffix(*word, "/dev/tty");
    }
    return reads && isatty(STDIN_FILENO);
}

/* --- the processes ----------------------------------------------------------------------- */

static G_GNUC_NORETURN void run_pager(const char *pager, int from)
{
    setenv("LESS", "FRX", 0); /* one screen is printed, and colours pass */
    setenv("LV", "-c", 0);
    signal(SIGPIPE, SIG_DFL);
    if (dup2(from, STDIN_FILENO) >= 0) {
        execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
    }
    _exit(NOT_FOUND);
}

static void keep_looks(CliCommon *common)
{
    int columns = cli_line_columns(stdout);

    cli_keep_color(common);
    if (columns > 0 && isatty(STDERR_FILENO)) { /* Of standard output it is kept. */
        cli_set_width(columns);
    }
}

/* In the child: its output goes to the pager. */
static void turn_to(int to)
{
    bool both = isatty(STDERR_FILENO);

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    terminal = both ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
    if (dup2(to, STDOUT_FILENO) < 0 || (both && dup2(to, STDERR_FILENO) < 0)) {
        _exit(CLI_TROUBLE);
    }
}

static int status_of(int status, pid_t ended_by_us)
{
    if (WIFEXITED(status)) {
        return WEXITSTATUS(status);
    }
    if (!ended_by_us) { /* As if this process had been ended. */
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    return CLI_TROUBLE;
}

static volatile pid_t working;

/* The pager keeps the terminal until it is left: this process waits for it, whatever ends. */
static void end_worker(int number)
{
    (void)number;
    if (working > 0) {
        kill(working, SIGTERM);
    }
}

static void keep_waiting(pid_t worker)
{
    working = worker;
    signal(SIGINT,
           SIG_IGN); /* The child gets it, and the pager has uses of its own for it. */
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, end_worker);
    signal(SIGHUP, end_worker);
}

static bool could_not_run(int paged)
{
    return WIFEXITED(paged) &&
           (WEXITSTATUS(paged) == NOT_FOUND || WEXITSTATUS(paged) == NOT_ALLOWED);
}

static void say_that_it_cannot_run(const char *name)
{
    g_autofree char *shown = cli_file_name(name);

    fprintf(stderr,
            "migstat: error: the pager \"%s\" cannot be run; --no-pager goes without, "
            "MIGSTAT_PAGER names another\n",
            shown);
}

/* Whoever leaves the pager wants no more of the result. */
static G_GNUC_NORETURN void wait_for_both(pid_t worker, pid_t pager, const char *name)
{
    int status, result = 0, paged = 0;
    pid_t left = 0, ended;

    keep_waiting(worker);
    while ((worker || pager) &&
           ((ended = waitpid(-1, &status, 0)) > 0 || (ended < 0 && errno == EINTR))) {
        if (ended == worker) {
            result = status;
            worker = working = 0;
        } else if (ended == pager) {
            paged = status;
            pager = 0;
            left = worker;
            end_worker(0);
        }
    }
    if (could_not_run(paged)) {
        say_that_it_cannot_run(name);
        exit(CLI_TROUBLE);
    }
    exit(status_of(result, left));
}

/* Without a process more there is no pager. */
static void start(const char *pager)
{
    int ends[2];
    pid_t worker, reader;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return;
    }
    fflush(stdout);
    reader = fork();
    if (reader == 0) {
        run_pager(pager, ends[0]);
    }
    close(ends[0]);
    worker = reader > 0 ? fork() : -1;
    if (worker == 0) {
        turn_to(ends[1]);
    }
    close(ends[1]);
    if (worker > 0) {
        wait_for_both(worker, reader, pager);
    }
    if (worker == 0) {
        return;
    }
    if (reader > 0) { /* It has nothing to read, and ends. */
        waitpid(reader, NULL, 0);
    }
}

void cli_page(CliCommon *common, const char *const *argv)
{
    const char *pager = wanted_pager();

    if (pager && !common->no_pager && !common->follow && isatty(STDOUT_FILENO) &&
        !reads_terminal(argv)) {
        keep_looks(common);
        start(pager);
    }
}
