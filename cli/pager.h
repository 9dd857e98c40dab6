/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the pager that a result goes through on a terminal.
 * Must not know: what is printed, and commands.
 * See also:      parse.c, which starts it; progress.c, which draws beside it.
 *
 * The pager is started after the command line is read and before any input is opened.  From
 * there on the work is done in a child of its own: the process that the user started reads no
 * byte of a stream, waits for both, and ends as the child did.
 */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include "cli.h"

/* Starts it if standard output is a terminal and the user wants one; returns in the child then.
 * Colours and width stay those of the terminal, and what is said on stderr goes into the pager if
 * that is a terminal too.  @argv: the command line, by which a "-" is found that is a terminal:
 * then there is no pager, whose keys it would take. */
void cli_page(CliCommon *common, const char *const *argv);

/* The terminal beside the pager, for a line of progress until there is a result; -1: there is
 * none.  It is kept through the sandbox. */
int cli_pager_terminal(void);

/* Who prints while there is more to read draws no progress beside it. */
void cli_pager_forget(void);

#endif
