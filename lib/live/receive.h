/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          taking a live migration in the place of a destination: all its channels, and
 *                what its source waits for.
 * Must not know: how connections are accepted and files are made; who has the right to.
 * See also:      live/return-path.h; stream/capture.h, which joins what has come;
 *                migstat-capture(5).
 *
 * A source believes that its guest runs elsewhere once it was told SHUT 0.  So the caller
 * says that (mig_receiver_confirm()) when what has come is safe, and not before.
 * The caller ignores SIGPIPE: a source may go away while it is answered.
 */
#ifndef MIG_LIVE_RECEIVE_H
#define MIG_LIVE_RECEIVE_H

#include "io/error.h"
#include "io/input.h"

G_BEGIN_DECLS

typedef struct MigReceiver MigReceiver;

/* As MIG_INPUT_OPTIONS_INIT. */
#define MIG_RECEIVE_OPTIONS_INIT .size = sizeof(MigReceiveOptions)

typedef struct MigReceiveOptions {
    size_t size; /* bytes of this structure */
    /* A socket that accepts connections, borrowed; or, if @accept is NULL, the only connection,
     * which is closed with the receiver. */
    int socket;
    /* The next connection, which the receiver then owns, in *fd: it must not wait.  -1: there is
     * none now.  False with *error on failure. */
    bool (*accept)(void *data, int *fd, GError **error);
    /* A file for what comes on channel @i, counted from 0 in the order of connections, to write and
     * to read; borrowed. -1 with *error on failure. */
    int (*open)(void *data, unsigned i, GError **error);
    void *data;       /* of both */
    int timeline;     /* a file for lines of JSON, borrowed; -1: none */
    unsigned timeout; /* seconds of silence that end the wait; 0: never */
    bool allow_postcopy;
    MigCancelled *cancelled; /* NULL: never */
    void *cancelled_data;
    /* Told the bytes that have come, now and then; may be NULL. */
    void (*progress)(void *data, uint64_t bytes);
    void *progress_data;
} MigReceiveOptions;

/* @options are copied.  NULL with *error (USAGE) for options that are not known. */
MIG_API MigReceiver *mig_receiver_new(const MigReceiveOptions *options, GError **error);

/* Closes the connections. */
MIG_API void mig_receiver_free(MigReceiver *receiver);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigReceiver, mig_receiver_free)

/*
 * Waits for the migration, and until all of it has come, is complete and can be read.
 * Errors: UNSUPPORTED for TLS; REFUSED for postcopy that is not allowed; IO, also for a time that
 * is over; MALFORMED, TRUNCATED and the like for what came; CANCELLED; of the callbacks.
 */
MIG_API bool mig_receiver_run(MigReceiver *receiver, GError **error);

/* Tells the source that the migration is complete, or that it failed, and waits a few seconds until
 * it has closed its connections.  False with *error (IO) if the source cannot be told. */
MIG_API bool mig_receiver_confirm(MigReceiver *receiver, bool complete, GError **error);

/* What came so far, as an input that can seek: all channels.  The caller frees it before the
 * receiver. */
MIG_API MigInput *mig_receiver_open(const MigReceiver *receiver, GError **error);

/* Channels that were connected, and bytes that came on all of them, or on one of them. */
MIG_API unsigned mig_receiver_channels(const MigReceiver *receiver);
MIG_API uint64_t mig_receiver_bytes(const MigReceiver *receiver);
MIG_API uint64_t mig_receiver_channel_bytes(const MigReceiver *receiver,
                                            unsigned channel);

/* Whether the main channel alone, as it came, is a stream that a file may have. */
MIG_API bool mig_receiver_is_plain(const MigReceiver *receiver);

/* Whether the source gave its guest away before the end: what came is then all that there is of
 * it. */
MIG_API bool mig_receiver_has_switched(const MigReceiver *receiver);

/* Whether the source waits to be told; else it believes that all is well once its bytes are sent. */
MIG_API bool mig_receiver_is_awaited(const MigReceiver *receiver);

G_END_DECLS

#endif
