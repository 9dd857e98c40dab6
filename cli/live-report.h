/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what receive, send and relay have to tell once a live migration is over.
 * Must not know: any one format.
 * See also:      format.h; live-text.c, live-json.c.
 */
#ifndef CLI_LIVE_REPORT_H
#define CLI_LIVE_REPORT_H

#include "cli.h"
#include "return-watch.h"

/* Whether the destination has loaded it: with a return path it says so. */
typedef enum LiveLoaded { LIVE_FAILED, LIVE_LOADED, LIVE_NOT_KNOWN } LiveLoaded;

typedef struct LiveReport {
    const char *command; /* "receive", ... */
    bool quiet;
    const char *listens, *connects; /* addresses; NULL: it does not */
    const char *input;              /* what was sent; NULL: it came from a source */
    const char *output;             /* where it is kept; NULL: nowhere */
    LiveLoaded loaded;              /* of receive: whether the output is complete */
    bool tls;              /* nobody between source and destination can read it */
    const uint64_t *bytes; /* of each channel, the main one first */
    size_t n_channels;
    const MigChain *chain; /* what has changed it on the way; NULL: nothing */
    const CliReturnWatch
        *back;           /* what the destination answered; NULL: nobody was asked */
    const GError *error; /* why it broke off, which was said; NULL: it did not */
} LiveReport;

/* A connection that send would make. */
typedef struct LivePlan {
    const char *connects;
    const char *const *files; /* of each channel, the main one first */
    size_t n_channels;
    bool return_path; /* the destination is asked to say how it went */
} LivePlan;

void receive_text(const LiveReport *report);
void send_text(const LiveReport *report);
void relay_text(const LiveReport *report);
void live_json(const LiveReport *report);

void send_plan_text(const LivePlan *plan);
void send_plan_json(const LivePlan *plan);

/* On all channels. */
uint64_t live_bytes(const LiveReport *report);

#endif
