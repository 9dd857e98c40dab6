/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a destination has said on the return path so far.
 * Must not know: sockets.
 * See also:      live/return-path.h; cmd-send.c and relay.c, which read it.
 */
#ifndef CLI_RETURN_WATCH_H
#define CLI_RETURN_WATCH_H

#include "cli.h"

typedef struct CliReturnWatch {
    MigReturnDecoder *decoder;
    uint64_t n_messages, n_requests; /* all; those for pages */
    uint32_t last_pong;
    bool has_pong;
    bool shut;           /* the destination said that it is over, */
    uint32_t shut_value; /* and how: 0 is well */
    bool unreadable;     /* what it sends is no return path */
    bool shows; /* each message is a line on stderr; of requests for pages the first */
} CliReturnWatch;

void cli_return_watch_init(CliReturnWatch *watch, bool shows);
void cli_return_watch_clear(CliReturnWatch *watch);

/* Takes the bytes that came next.  What cannot be read is no error of who only listens: it is
 * said once, and nothing more is read. */
void cli_return_watch_push(CliReturnWatch *watch, const uint8_t *bytes, size_t n);

/* "SHUT 0", "PONG 3", ...: the last that says how far the destination came; "nothing" without
 * one.  The caller frees. */
char *cli_return_watch_last(const CliReturnWatch *watch);

#endif
