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
#define CLI_READ_ALL(key, group)                                                      \
    {                                                                                 \
        "read-all", key, NULL, 0,                                                     \
            "Read RAM as well where it is not needed, so that damage in it is found", \
            group                                                                     \
    }

typedef struct CliUnread {
    uint64_t from, to; /* plain offsets; equal: all was read */
} CliUnread;

/* On stderr, unless it is to be quiet or nothing was left unread. */
void cli_tell_unread(const CliUnread *unread, const char *file, const CliCommon *common);

#endif
