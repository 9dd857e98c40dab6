/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whether somebody still writes a file, and waiting until it is written.
 * Must not know: what is in it.
 * See also:      inputs.h.
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "cli.h"

/* Whether another process has the file @fd, which is open for reading alone, open for writing.  Only who owns
 * a file is told: *known is false for others, and for what is no regular file. */
bool cli_is_written(int fd, bool *known);

/*
 * Waits until nobody writes the file @fd any more, or where that is not known, until it has not changed for
 * @silence seconds; also after so much silence of a writer.  On a terminal a line tells how far it is.
 * Errors: CANCELLED.
 */
bool cli_follow(int fd, const char *path, unsigned silence, bool quiet, GError **error);

#endif
