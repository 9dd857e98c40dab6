/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          running a program on a terminal.
 * Must not know: the library, nor any single test.
 * See also:      support.h, for all other programs.
 */
#ifndef TESTS_TERMINAL_H
#define TESTS_TERMINAL_H

#include <glib.h>

typedef struct TerminalRun {
    int status; /* exit status, or -N when signal N ended it */
    char *text; /* both of its output streams; lines end in "\r\n" */
} TerminalRun;

void terminal_run_free(TerminalRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TerminalRun, terminal_run_free)

/* argv[0] is a path; the terminal has @columns.  Standard input is not it. */
TerminalRun *terminal_run(char *const *argv, int columns);

#endif
