/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see passing.h.
 * Must not know: connections; what pages hold.
 * See also:      stream/channel.c, which reads channels that can be waited for.
 */
#include "live/passing.h"

#include <string.h>

#include "io/error.h"
#include "stream/live.h"
#include "stream/multifd.h"
#include "stream/sync-point.h"
#include "stream/wire.h"

/* --- the main channel ----------------------------------------------------------------------- */

struct MigPassingMain {
    MigInput *in;
    MigReader *reader;
    MigSyncPoints marks;
    uint64_t points, end;
    bool has_pages;
};

MigPassingMain *mig_passing_main_new(const MigInputCallbacks *callbacks, void *data,
                                     GError **error)
{
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .live = true };
    MigInput *in =
        mig_input_new_callbacks(callbacks, data, "the main channel", &options, error);
    MigPassingMain *passing;

    if (!in) {
        return NULL;
    }
    passing = g_new0(MigPassingMain, 1);
    passing->in = in;
    passing->reader = mig_reader_new(in);
    mig_reader_end_by_footers(passing->reader);
    return passing;
}

void mig_passing_main_free(MigPassingMain *passing)
{
    if (passing) {
        mig_reader_free(passing->reader);
        mig_input_free(passing->in);
        g_free(passing);
    }
}

/* Whether @item is one that somebody waits for. */
static bool tells(MigPassingMain *passing, const MigItem *item)
{
    bool is_point = mig_sync_point_is(&passing->marks, item);
    bool is_page = !passing->has_pages && item->kind == MIG_ITEM_RAM_PAGES &&
                   item->pages.kind != MIG_PAGE_ZERO;

    passing->points += is_point;
    passing->has_pages |= is_page;
    return is_point || is_page;
}

MigStatus mig_passing_main_next(MigPassingMain *passing, GError **error)
{
    const MigItem *item;
    MigStatus status = MIG_STATUS_END;

    while (!passing->end &&
           (status = mig_reader_next(passing->reader, &item, error)) == MIG_STATUS_MORE) {
        if (item->kind == MIG_ITEM_EOF && !item->package_depth) {
            passing->end = item->offset;
            return MIG_STATUS_END;
        }
        if (tells(passing, item)) {
            return MIG_STATUS_MORE;
        }
    }
    return status;
}

uint64_t mig_passing_main_points(const MigPassingMain *passing)
{
    return passing->points;
}

bool mig_passing_main_has_pages(const MigPassingMain *passing)
{
    return passing->has_pages;
}

uint64_t mig_passing_main_end(const MigPassingMain *passing)
{
    return passing->end;
}

/* --- a multifd channel ---------------------------------------------------------------------- */

/* Of any packet, as much as must be seen. */
#define HEAD_MAX MIG_MULTIFD_PACKET_HEADER_LENGTH

struct MigPassingChannel {
    uint32_t page_size;
    bool began;             /* the initial packet has passed */
    uint8_t head[HEAD_MAX]; /* of the next packet, */
    size_t n;               /* as far as it has come */
    uint64_t rest;          /* of a packet whose head has come: bytes to come */
    bool sync;              /* and it is a SYNC */
    uint64_t syncs;
    uint64_t offset; /* of the next byte */
};

MigPassingChannel *mig_passing_channel_new(uint32_t page_size)
{
    MigPassingChannel *passing = g_new0(MigPassingChannel, 1);

    passing->page_size = page_size;
    return passing;
}

void mig_passing_channel_free(MigPassingChannel *passing)
{
    g_free(passing);
}

/* How much of the head must be there for more to be known of its packet. */
static size_t head_wanted(const MigPassingChannel *passing)
{
    if (!passing->began) {
        return MIG_MULTIFD_INITIAL_LENGTH;
    }
    if (passing->n < MIG_MULTIFD_FLAGS_END) {
        return MIG_MULTIFD_FLAGS_END;
    }
    return mig_multifd_flags(passing->head) & MIG_MULTIFD_DEVICE_STATE
               ? MIG_MULTIFD_DEVICE_HEADER_LENGTH
               : MIG_MULTIFD_PACKET_HEADER_LENGTH;
}

/* All of the head is there. */
static void begin_rest(MigPassingChannel *passing)
{
    passing->sync = false;
    if (!passing->began) {
        passing->began = true;
        passing->rest = 0;
    } else if (mig_multifd_flags(passing->head) & MIG_MULTIFD_DEVICE_STATE) {
        MigMultifdDevice device;

        mig_multifd_device_decode(passing->head, 0, &device);
        passing->rest = device.data_length;
    } else {
        MigMultifdPacket packet;

        mig_multifd_packet_decode(passing->head, &packet);
        passing->rest = mig_multifd_packet_length(passing->page_size) - passing->n +
                        (packet.normal_pages ? packet.next_packet_size : 0);
        passing->sync = packet.flags & MIG_MULTIFD_SYNC;
    }
    passing->n = 0;
}

static void end_packet(MigPassingChannel *passing)
{
    passing->syncs += passing->sync;
    passing->sync = false;
}

/* The head, as far as it has come. */
static bool is_packet(const MigPassingChannel *passing)
{
    uint8_t magic[8];

    mig_put_be32(magic, MIG_MULTIFD_MAGIC);
    mig_put_be32(magic + 4, MIG_MULTIFD_VERSION);
    return memcmp(passing->head, magic, MIN(passing->n, sizeof magic)) == 0;
}

/* Takes what is wanted of the head from the @n bytes at @bytes, and says how many those are; 0:
 * they are none of a packet. */
static size_t take_head(MigPassingChannel *passing, const uint8_t *bytes, size_t n)
{
    size_t more = MIN(head_wanted(passing) - passing->n, n);

    memcpy(passing->head + passing->n, bytes, more);
    passing->n += more;
    passing->offset += more;
    if (!is_packet(passing)) {
        return 0;
    }
    if (passing->n == head_wanted(passing)) {
        begin_rest(passing);
        if (passing->rest == 0) {
            end_packet(passing);
        }
    }
    return more;
}

bool mig_passing_channel_push(MigPassingChannel *passing, const uint8_t *bytes, size_t n,
                              GError **error)
{
    while (n > 0) {
        size_t done = MIN(n, passing->rest);

        if (done > 0) {
            mig_passing_channel_skip(passing, done);
        } else if ((done = take_head(passing, bytes, n)) == 0) {
            mig_error_set_plain(error, MIG_ERROR_MALFORMED,
                                "no packet of multifd begins at 0x%" PRIx64,
                                mig_passing_channel_offset(passing));
            return false;
        }
        bytes += done;
        n -= done;
    }
    return true;
}

uint64_t mig_passing_channel_offset(const MigPassingChannel *passing)
{
    return passing->offset - passing->n;
}

uint64_t mig_passing_channel_unseen(const MigPassingChannel *passing)
{
    return passing->rest;
}

void mig_passing_channel_skip(MigPassingChannel *passing, uint64_t n)
{
    passing->rest -= n;
    passing->offset += n;
    if (passing->rest == 0) {
        end_packet(passing);
    }
}

bool mig_passing_channel_is_whole(const MigPassingChannel *passing)
{
    return passing->rest == 0 && passing->n == 0;
}

uint64_t mig_passing_channel_syncs(const MigPassingChannel *passing)
{
    return passing->syncs;
}
