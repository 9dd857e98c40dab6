/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what migstat relay has of the migration that passes.
 * Must not know: options.
 * See also:      cmd-relay.c; relay.c, connections and bytes; relay-watch.c, whether channels
 *                fit together; relay-end.c, how it ended; relay-stage.c, the filters.
 */
#ifndef CLI_RELAY_H
#define CLI_RELAY_H

#include "files.h"
#include "flow.h"
#include "links.h"
#include "opening.h"
#include "return-watch.h"

/* The filters that the main channel passes through, in a thread of their own: relay-stage.c. */
typedef struct RelayStage RelayStage;

/* A channel: a connection of the source, and one to the destination. */
typedef struct RelayPair {
    int source, destination; /* -1: not there */
    Flow forward, back;
    int record; /* where what the source sends is kept, or -1 */
    bool told;  /* the time line has its end */
    MigPassingChannel
        *packets; /* of a multifd channel; NULL: nothing has come on it, or */
    bool plain;   /* it is passed unread */
} RelayPair;

typedef struct Relay {
    CliCommon *common;
    unsigned timeout; /* seconds */
    CliLinks *links;
    CliFiles *files;             /* the recording; NULL: none */
    MigTimelineWriter *timeline; /* part of it */
    MigChain *chain;             /* NULL: the main channel passes as it is */
    bool lossy;
    RelayStage *stage; /* NULL: there is none yet, or no chain */
    Flow filtered;     /* what comes out of it */
    GPtrArray *pairs;  /* RelayPair; the first is the main channel */
    GByteArray *first; /* what came on the main channel until @opening was complete */
    CliOpening opening;
    CliReturnWatch back;
    bool watched;       /* the main channel is read, and goes on when it was */
    bool ends;          /* its end mark came, and may be held back */
    uint64_t points;    /* sync points of it */
    GError *failure;    /* of a turn that was taken while it was read */
    GArray *wants;      /* struct pollfd: what a turn waits for */
    gint64 moved;       /* when something last did, by the monotonic clock */
    GError *unrecorded; /* why the recording was given up */
    bool shows_waiting;
} Relay;

/* Relays one migration, to its end.  Errors: REFUSED for what source or destination did; IO for
 * connections that could not be made; CANCELLED. */
bool relay_run(Relay *relay, GError **error);

void relay_close(Relay *relay);

/* The main channel; NULL: nobody has come. */
RelayPair *relay_main(const Relay *relay);

/* One turn: what can be moved is.  False with *error where the migration is over for that. */
bool relay_turn(Relay *relay, GError **error);

/* Nothing more is expected. */
bool relay_is_over(const Relay *relay);

/* --- relay-watch.c --- */

/* Takes turns, and reads the main channel, as long as more can be told of it than where it ends:
 * to its end mark, or a page, which shows that there are no multifd channels. */
bool relay_watch(Relay *relay, GError **error);

/* Whether bytes of @pair, which is not the main one, can be read: what its packets are is known
 * only when the main one has begun. */
bool relay_knows_packets(const Relay *relay, const RelayPair *pair);

/* Looks at what @pair has read. */
void relay_watch_channel(const Relay *relay, RelayPair *pair, guint number);

/* So many bytes of @pair, from the next on, tell nothing; 0: none. */
uint64_t relay_unseen(const RelayPair *pair);

/* Whether what has come of all channels fits together. */
bool relay_fits(Relay *relay, GError **error);

/* --- relay-stage.c --- */

/* Starts @chain, which is borrowed.  *in is where the main channel goes, *out where it comes out;
 * the caller closes them.  NULL with *error (IO). */
RelayStage *relay_stage_start(MigChain *chain, bool lossy, int *in, int *out,
                              GError **error);

/* Waits until it has ended, which it does when both are closed, or when nothing more comes out.
 * False with *error: of the chain. */
bool relay_stage_join(RelayStage *stage, GError **error);
void relay_stage_free(RelayStage *stage);

/* --- relay-end.c --- */

/* The destination has said that all is well: what breaks now breaks nothing. */
bool relay_is_done(const Relay *relay);

/* Whether filters can deal with what the main channel says of itself. */
bool relay_can_be_filtered(const Relay *relay, GError **error);

/* Whether @result of a flow of channel @number ends it all, which *error then says. */
bool relay_is_failure(const Relay *relay, guint number, bool forward, FlowResult result,
                      GError **error);

/* Whether the main channel was closed too early; and at the end, whether all went well. */
bool relay_main_is_broken(const Relay *relay, GError **error);

/* @what happened, how far the migration came, and what the destination said last. */
void relay_refuse(const Relay *relay, const char *what, GError **error);

/* Nothing has moved for too long. */
void relay_complain_of_silence(const Relay *relay, GError **error);

#endif
