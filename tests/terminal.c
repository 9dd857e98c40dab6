/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see terminal.h.
 * Must not know: the library, nor any single test.
 * See also:      support.c.
 */
/* For posix_openpt(), which GNU's C library does not declare by itself. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "terminal.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

void terminal_run_free(TerminalRun *run)
{
    if (run) {
        g_free(run->text);
        g_free(run);
    }
}

static int open_terminal(int columns, int *slave)
{
    struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    ck_assert_msg(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0,
                  "no terminal: %s", g_strerror(errno));
    *slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(*slave, 0);
    ck_assert_int_eq(ioctl(*slave, TIOCSWINSZ, &size), 0);
    return master;
}

TerminalRun *terminal_run(char *const *argv, int columns)
{
    TerminalRun *run = g_new0(TerminalRun, 1);
    GString *out = g_string_new(NULL);
    char buffer[4096];
    ssize_t n;
    int slave, master = open_terminal(columns, &slave), status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(slave, STDOUT_FILENO);
        dup2(slave, STDERR_FILENO);
        execv(argv[0], argv);
        _exit(127);
    }
    close(slave);
    while ((n = read(master, buffer, sizeof(buffer))) > 0) { /* EIO: it has been closed */
        g_string_append_len(out, buffer, n);
    }
    close(master);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    run->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    ck_assert_msg(run->status != 127, "%s", argv[0]);
    run->text = g_string_free(out, FALSE);
    return run;
}
