/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a receiver knows of its connections and of what came.
 * Must not know: who asks.  Private to live/receive*.c.
 * See also:      live/receive.h.
 */
#ifndef MIG_LIVE_RECEIVE_PRIVATE_H
#define MIG_LIVE_RECEIVE_PRIVATE_H

#include "live/receive.h"
#include "live/timeline.h"
#include "stream/reader.h"

typedef enum LiveKind {
    LIVE_UNKNOWN, /* fewer bytes than tell */
    LIVE_MAIN,
    LIVE_MULTIFD,
    LIVE_PREEMPT,
} LiveKind;

#define LIVE_HEAD 4u /* bytes that tell the kind */

typedef struct LiveChannel {
    int socket; /* -1: it is closed */
    bool ended; /* no more comes; what is answered can still be sent */
    int file;
    LiveKind kind;
    uint64_t size; /* bytes that came */
    uint8_t head[LIVE_HEAD];
    uint64_t written_back; /* what the disk was asked to write */
} LiveChannel;

struct MigReceiver {
    MigReceiveOptions options;
    GArray *channels;     /* LiveChannel */
    GArray *polled;       /* struct pollfd */
    uint8_t *buffer;      /* the last bytes of the main channel, if it was read last: */
    uint64_t buffer_from; /* they begin there in it, */
    size_t buffer_n;      /* and are so many; else 0 */
    int main;             /* index of the main channel, or -1 */
    GError *failure;      /* of the connections; it stays */
    int broken;           /* errno of the first that was not closed in order, or 0 */
    guint broken_number;
    gint64 last;                 /* when something came last, or the wait began */
    uint64_t bytes;              /* on all channels */
    MigTimelineWriter *timeline; /* NULL: none is wanted */

    uint64_t end;      /* of the main channel, after its end mark; 0: not seen */
    uint64_t judged;   /* r->bytes when all was last looked at */
    GError *why;       /* and why it is not complete */
    bool complete;     /* or that it is */
    bool return_path;  /* the source waits for SHUT */
    bool folds;        /* it has what no file may have */
    bool switched;     /* postcopy runs */
    bool advised;      /* it may, and then a connection may stay empty */
    bool flushes;      /* RAM comes on multifd channels */
    bool has_pages;    /* or on the main one */
    bool acknowledged; /* SWITCHOVER_ACK was sent, the only one */
};

/* Nanoseconds of the monotonic clock. */
gint64 mig_live_now(void);

static inline LiveChannel *mig_live_channel(const MigReceiver *r, guint i)
{
    return &g_array_index(r->channels, LiveChannel, i);
}

/* Waits at most @milliseconds for bytes or connections, and takes them.  False when there is a
 * failure. */
bool mig_live_pump(MigReceiver *r, int milliseconds);

/* Whether there were connections, and all are closed. */
bool mig_live_all_ended(const MigReceiver *r);

/* How long nothing has come, in ms. */
gint64 mig_live_silence(const MigReceiver *r);

/* Sends @n bytes on the main channel; false with *error. */
bool mig_live_send(const MigReceiver *r, const void *data, size_t n, GError **error);

/* --- receive-devices.c --- */

/* The devices whose state travels on multifd channels. */
typedef struct LiveDevices LiveDevices;

LiveDevices *mig_live_devices_new(void);
void mig_live_devices_free(LiveDevices *devices);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LiveDevices, mig_live_devices_free)

/* Takes note of @item; all items of all channels.  False with *error: IO. */
bool mig_live_devices_watch(LiveDevices *devices, const MigItem *item, GError **error);

/* Whether all of their state was among the items; false with *error (TRUNCATED). */
bool mig_live_devices_are_whole(const LiveDevices *devices, GError **error);

#endif
