/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what migstat send has of the channels that it plays.
 * Must not know: options.
 * See also:      cmd-send.c; send-play.c.
 */
#ifndef CLI_SEND_H
#define CLI_SEND_H

#include "links.h"
#include "opening.h"
#include "return-watch.h"

typedef struct SendChannel {
    MigInput *in;
    int fd; /* -1: not connected, or not any more */
    uint64_t sent;
    bool all_sent;
} SendChannel;

typedef struct Send {
    CliCommon *common;
    const char *file;
    unsigned timeout; /* seconds */
    bool dry_run;
    CliLinks *links;
    MigInput *in;
    CliOpening opening;
    SendChannel *channels; /* the main one first */
    size_t n;
    CliReturnWatch back;
    bool half_closed;    /* the destination knows that no more comes */
    bool closed;         /* the destination closed the main connection */
    bool at_destination; /* what went wrong did so there */
    gint64 moved;        /* when something last did, by the monotonic clock */
} Send;

/* The input, with its channels; reading it is given up as all else is. */
MigInput *send_open(Send *send, GError **error);

/* Fills in @send->channels, not connected. */
void send_list_channels(Send *send);

/* Whether a loader that is given all of several channels gets to the end, and has at each sync
 * point what the source meant; true also of those that can be read only once, or not at all, as
 * what qpl has compressed.  Errors: of the capture.  A loader that waits for a SYNC in vain does
 * not say so, and its monitor is dead. */
bool send_fits_together(Send *send, GError **error);

/* Connects the channels in their order: loaders up to 7.2 take the first for the main one. */
bool send_connect(Send *send, GError **error);

/* Plays them all, and waits for what the destination says.  Errors: of the inputs; REFUSED for
 * what the destination did or did not do; CANCELLED. */
bool send_play(Send *send, GError **error);

void send_close(Send *send);

#endif
