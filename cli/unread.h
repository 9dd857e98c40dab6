/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a command that shows devices alone leaves unread, and how it says so.
 * Must not know: which commands those are.
 * See also:      mig_reader_skip_ram().
 */
#ifndef CLI_UNREAD_H
#define CLI_UNREAD_H

#include "cli.h"

/* The option of such a command. */
#define CLI_READ_ALL(key, group)                                                     \
    {                                                                                \
        "read-all", key, NULL, 0,                                                    \
            "Read RAM as well where devices alone are wanted, so that damage in it " \
            "is found",                                                              \
            group                                                                    \
    }

typedef struct CliUnread {
    bool decided;
    uint64_t from, to; /* plain offsets; equal: all was read */
} CliUnread;

/* Whether @item is where it is decided, the first header of a PART or END section: true once. */
bool cli_decides_unread(CliUnread *unread, const MigItem *item);

/* Then skips RAM, where that can be done. */
void cli_skip_ram(CliUnread *unread, MigReader *reader);

/* On stderr, unless it is to be quiet or nothing was left unread. */
void cli_tell_unread(const CliUnread *unread, const char *file, const CliCommon *common);

#endif
