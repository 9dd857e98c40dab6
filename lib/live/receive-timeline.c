/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the time line of a capture: when what of each channel had come.
 * Must not know: what the bytes mean.
 * See also:      migstat-capture(5), "THE TIME LINE".
 *
 * Bytes come in pieces of any length.  A line is written for those after which the channel was
 * silent for a while, and else now and then: whoever reads it knows each silence exactly.
 */
#include <errno.h>
#include <inttypes.h>

#include "io/fully.h"
#include "live/receive-private.h"

/* A silence of a channel, and how long lines may be apart without one, in ns. */
#define GAP_NS 1000000

/* So many bytes of lines are written at once. */
#define LINES_MAX (64u << 10)

static gint64 since_start(const MigReceiver *r, gint64 when)
{
    return when - r->started;
}

static void begin(MigReceiver *r)
{
    if (r->lines->len == 0 && r->lines_offset == 0) {
        g_string_append(r->lines,
                        "{\"migstat\":\"timeline\",\"version\":1,\"unit\":\"ns\"}\n");
    }
}

static bool write_lines(MigReceiver *r, GError **error)
{
    if (!mig_pwrite_fully(r->options.timeline, r->lines->str, r->lines->len,
                          r->lines_offset)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot write the time line: %s",
                            g_strerror(errno));
        return false;
    }
    r->lines_offset += r->lines->len;
    g_string_truncate(r->lines, 0);
    return true;
}

static void write_if_many(MigReceiver *r)
{
    if (r->lines->len >= LINES_MAX && !r->failure) {
        write_lines(r, &r->failure);
    }
}

/* What had come when something came last. */
static void tell(MigReceiver *r, guint i)
{
    LiveChannel *channel = mig_live_channel(r, i);

    if (channel->came_size == channel->told_size) {
        return;
    }
    begin(r);
    g_string_append_printf(
        r->lines, "{\"time\":%" PRId64 ",\"channel\":%u,\"offset\":%" PRIu64 "}\n",
        since_start(r, channel->came), i, channel->came_size);
    channel->told = channel->came;
    channel->told_size = channel->came_size;
}

void mig_live_note_event(MigReceiver *r, guint i, const char *event)
{
    if (r->options.timeline < 0) {
        return;
    }
    begin(r);
    tell(r, i);
    g_string_append_printf(r->lines,
                           "{\"time\":%" PRId64 ",\"channel\":%u,\"event\":\"%s\"}\n",
                           since_start(r, mig_live_now()), i, event);
    write_if_many(r);
}

void mig_live_note_bytes(MigReceiver *r, guint i)
{
    LiveChannel *channel = mig_live_channel(r, i);

    if (r->options.timeline < 0) {
        return;
    }
    if (channel->came && r->last - channel->came >= GAP_NS) {
        tell(r, i);
    }
    channel->came = r->last;
    channel->came_size = channel->size;
    if (r->last - channel->told >= GAP_NS) {
        tell(r, i);
    }
    write_if_many(r);
}

bool mig_live_flush(MigReceiver *r, GError **error)
{
    if (r->options.timeline < 0) {
        return true;
    }
    begin(r);
    for (guint i = 0; i < r->channels->len; i++) {
        tell(r, i);
    }
    return write_lines(r, error);
}
