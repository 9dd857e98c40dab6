/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the time line of a capture: when what of each channel came; written as it comes,
 *                and read again.
 * Must not know: what the bytes mean.
 * See also:      migstat-capture(5), "THE TIME LINE".
 *
 * Channels have the numbers of their files, channel-N, and not those of MigItem.  Times are
 * nanoseconds since the first connection.
 */
#ifndef MIG_LIVE_TIMELINE_H
#define MIG_LIVE_TIMELINE_H

#include "io/error.h"
#include "io/input.h"

G_BEGIN_DECLS

/* --- to write it --- */

typedef struct MigTimelineWriter MigTimelineWriter;

/* Writes to the file @fd, which is empty, and borrowed. */
MIG_API MigTimelineWriter *mig_timeline_writer_new(int fd);
MIG_API void mig_timeline_writer_free(MigTimelineWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigTimelineWriter, mig_timeline_writer_free)

/* The time in nanoseconds since any moment, the same for all calls; it never goes back. */
typedef int64_t (*MigTimelineClock)(void *user_data);

/* Before anything is written: @clock, called with @user_data, in place of CLOCK_MONOTONIC. */
MIG_API void mig_timeline_writer_set_clock(MigTimelineWriter *writer,
                                           MigTimelineClock clock, void *user_data);

/* @channel, the next number or one that there was, is connected, or closed. */
MIG_API void mig_timeline_writer_open(MigTimelineWriter *writer, unsigned channel);
MIG_API void mig_timeline_writer_close(MigTimelineWriter *writer, unsigned channel);

/* Now @size bytes have come on it in all. */
MIG_API void mig_timeline_writer_came(MigTimelineWriter *writer, unsigned channel,
                                      uint64_t size);

/* Writes what is not yet in the file.  False with *error (IO), also for what failed before. */
MIG_API bool mig_timeline_writer_flush(MigTimelineWriter *writer, GError **error);

/* --- to read it --- */

/* The highest number of a channel, and one: connections that a recorder takes at most. */
#define MIG_TIMELINE_CHANNELS_MAX 1024u

/* Bytes that a line may have. */
#define MIG_TIMELINE_LINE_MAX 4096u

/* Silences that are kept: the longest. */
#define MIG_TIMELINE_SILENCES_MAX 32u

/* A time that is not known. */
#define MIG_TIME_NONE UINT64_MAX

typedef struct MigTimeline MigTimeline;

/* What is known of one channel.  The library makes it, and it may grow at its end. */
typedef struct MigTimelineChannel {
    uint64_t opened, closed; /* or MIG_TIME_NONE */
    uint64_t first, last;    /* when the first and last bytes came, or MIG_TIME_NONE */
    uint64_t size;           /* bytes that came by the time line */
    uint64_t n_silences;     /* of 2 ms and more */
    uint64_t silent;         /* how long they were together */
} MigTimelineChannel;

/* Nothing came on a channel.  The library makes it, and it may grow at its end. */
typedef struct MigSilence {
    uint64_t from, length; /* a time, and how long */
    uint64_t offset;       /* in the channel, of the byte that ended it */
    unsigned channel;
} MigSilence;

/* Holds nothing. */
MIG_API MigTimeline *mig_timeline_new(void);
MIG_API void mig_timeline_free(MigTimeline *timeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigTimeline, mig_timeline_free)

/*
 * Reads a time line from @in to its end.  On failure what came before is kept, and can be used.
 * Errors: MALFORMED and TRUNCATED, whose text names the line; UNSUPPORTED for another version; those
 * of @in.  Memory has a bound: of a time line of more than a million lines, times are kept
 * less exactly, see mig_timeline_resolution().
 */
MIG_API bool mig_timeline_read(MigTimeline *timeline, MigInput *in, GError **error);

/* How late the times of mig_timeline_when() may be, in ns. */
MIG_API uint64_t mig_timeline_resolution(const MigTimeline *timeline);

/* NULL for a channel of which no line speaks. */
MIG_API const MigTimelineChannel *mig_timeline_channel(const MigTimeline *timeline,
                                                       unsigned channel);

/* When @size bytes of @channel had come; MIG_TIME_NONE where no line tells. */
MIG_API uint64_t mig_timeline_when(const MigTimeline *timeline, unsigned channel,
                                   uint64_t size);

/* The @i-th of the longest silences of all channels, the longest first; NULL after the last. */
MIG_API const MigSilence *mig_timeline_silence(const MigTimeline *timeline, unsigned i);

G_END_DECLS

#endif
