/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a command that shows devices alone leaves unread, and how it says so.
 * Must not know: which commands those are.
 * See also:      unread.h.
 */
#include "unread.h"

#include "text.h"
#include "wrap.h"

void cli_tell_unread(const CliUnread *unread, const char *file, const CliCommon *common)
{
    g_autofree char *place = NULL, *size = NULL, *line = NULL;

    if (unread->from == unread->to || common->quiet) {
        return;
    }
    fflush(stdout);
    place = cli_place(file, 0, unread->from, false);
    size = cli_size(unread->to - unread->from);
    line = g_strdup_printf("%s: RAM, %s from here on, was not read; --read-all reads it",
                           place, size);
    cli_print_line(stderr, 4, line);
}
