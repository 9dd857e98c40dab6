/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          writing the time line of a capture.
 * Must not know: what the bytes mean.
 * See also:      live/timeline.h.
 *
 * Bytes come in pieces of any length.  A line is written for those after which the channel was
 * silent for a while, and else now and then: whoever reads it knows each silence exactly.
 */
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "io/fully.h"
#include "live/timeline.h"

/* A silence of a channel, and how long lines may be apart without one, in ns. */
#define GAP_NS 1000000

/* So many bytes of lines are written at once. */
#define LINES_MAX (64u << 10)

typedef struct Channel {
    bool has_bytes;
    gint64 told; /* when the last line was written, in ns */
    gint64 came; /* when the last bytes came; and what had come then */
    uint64_t came_size, told_size;
} Channel;

struct MigTimelineWriter {
    int fd;
    GArray *channels; /* Channel */
    GString *lines;   /* not yet written */
    uint64_t offset;  /* in the file, where they go */
    bool is_started;
    gint64 started; /* ns */
    MigTimelineClock clock;
    void *clock_data;
    GError *failure;
};

static int64_t monotonic_ns(void *unused G_GNUC_UNUSED)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

MigTimelineWriter *mig_timeline_writer_new(int fd)
{
    MigTimelineWriter *w = g_new0(MigTimelineWriter, 1);

    w->fd = fd;
    w->clock = monotonic_ns;
    w->channels = g_array_new(FALSE, TRUE, sizeof(Channel));
    w->lines = g_string_new("{\"migstat\":\"timeline\",\"version\":1,\"unit\":\"ns\"}\n");
    return w;
}

void mig_timeline_writer_free(MigTimelineWriter *w)
{
    if (w) {
        g_array_unref(w->channels);
        g_string_free(w->lines, TRUE);
        g_clear_error(&w->failure);
        g_free(w);
    }
}

void mig_timeline_writer_set_clock(MigTimelineWriter *w, MigTimelineClock clock,
                                   void *user_data)
{
    w->clock = clock;
    w->clock_data = user_data;
}

static Channel *channel_at(const MigTimelineWriter *w, unsigned i)
{
    if (i >= w->channels->len) {
        g_array_set_size(w->channels, i + 1);
    }
    return &g_array_index(w->channels, Channel, i);
}

static void write_lines(MigTimelineWriter *w)
{
    if (!w->failure &&
        !mig_pwrite_fully(w->fd, w->lines->str, w->lines->len, w->offset)) {
        mig_error_set_plain(&w->failure, MIG_ERROR_IO, "cannot write the time line: %s",
                            g_strerror(errno));
    }
    w->offset += w->lines->len;
    g_string_truncate(w->lines, 0);
}

static void write_if_many(MigTimelineWriter *w)
{
    if (w->lines->len >= LINES_MAX) {
        write_lines(w);
    }
}

/* What had come when something came last. */
static void tell(MigTimelineWriter *w, unsigned i)
{
    Channel *channel = channel_at(w, i);

    if (channel->came_size == channel->told_size) {
        return;
    }
    g_string_append_printf(
        w->lines, "{\"time\":%" PRId64 ",\"channel\":%u,\"offset\":%" PRIu64 "}\n",
        channel->came - w->started, i, channel->came_size);
    channel->told = channel->came;
    channel->told_size = channel->came_size;
}

static void note_event(MigTimelineWriter *w, unsigned i, const char *event)
{
    gint64 now = w->clock(w->clock_data);

    if (!w->is_started) {
        w->is_started = true;
        w->started = now;
    }
    tell(w, i);
    g_string_append_printf(w->lines,
                           "{\"time\":%" PRId64 ",\"channel\":%u,\"event\":\"%s\"}\n",
                           now - w->started, i, event);
    write_if_many(w);
}

void mig_timeline_writer_open(MigTimelineWriter *w, unsigned i)
{
    note_event(w, i, "open");
}

void mig_timeline_writer_close(MigTimelineWriter *w, unsigned i)
{
    note_event(w, i, "close");
}

void mig_timeline_writer_came(MigTimelineWriter *w, unsigned i, uint64_t size)
{
    Channel *channel = channel_at(w, i);
    gint64 now = w->clock(w->clock_data);

    if (channel->has_bytes && now - channel->came >= GAP_NS) {
        tell(w, i);
    }
    channel->came = now;
    channel->came_size = size;
    if (!channel->has_bytes || now - channel->told >= GAP_NS) {
        channel->has_bytes = true;
        tell(w, i);
    }
    write_if_many(w);
}

bool mig_timeline_writer_flush(MigTimelineWriter *w, GError **error)
{
    for (guint i = 0; i < w->channels->len; i++) {
        tell(w, i);
    }
    write_lines(w);
    if (w->failure) {
        g_propagate_error(error, g_error_copy(w->failure));
    }
    return !w->failure;
}
