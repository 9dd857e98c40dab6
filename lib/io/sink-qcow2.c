/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which bytes of a qcow2 image change when the state of a snapshot does, and
 *                whether they may.
 * Must not know: what the state means, nor how a file is changed.
 * See also:      qcow2.h; source-qcow2.c, where the bytes are; patch.h, how they get there.
 *
 * What changes must lie in a cluster that nothing else uses: one whose reference count is 1.  The flag
 * COPIED of tables says the same, but of the disk's own tables alone, as QEMU's
 * docs/interop/qcow2.rst has it; a snapshot's lack it where a cluster was shared once.  One use more
 * counts for nothing: QEMU that has loaded a snapshot, or could not, leaves the state in the disk's
 * tables too, after the disk, where nobody reads it (block/qcow2-snapshot.c, qcow2_snapshot_goto(),
 * 5.2 to 11.1).  Clusters are neither taken nor given back.  What is left of a state that was
 * longer becomes zeros.
 */
#include "io/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "io/byte-order.h"
#include "io/fully.h"
#include "io/patch.h"
#include "io/tiny.h"
#include "io/zero.h"

/* What does not change is found in pieces of this length. */
#define PIECE MIG_TINY_OR((size_t)40, (size_t)4096)

/* In an entry of the table of snapshots. */
#define SHORT_SIZE 32u
#define LONG_SIZE  40u

typedef struct Qcow2Sink {
    MigSink base;
    MigSink *file;
    const MigQcow2Edit *edit;
    bool keeps_size;
    GArray *ranges; /* MigRange, as they were written */
    uint64_t
        judged; /* the cluster that was last found to be the snapshot's own; 0: none */
} Qcow2Sink;

static bool refuse(const Qcow2Sink *sink, const char *why, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_REFUSED,
                        "qcow2: at byte %" PRIu64
                        " of the snapshot's state %s; " MIG_QCOW2_WAY_AROUND,
                        sink->base.position, why);
    return false;
}

/* --- reference counts --- */

/* @n bytes of the image at @offset as a number; false where there are none. */
static bool take_number(const Qcow2Sink *sink, uint64_t offset, size_t n,
                        uint64_t *number, GError **error)
{
    MigSource *image = mig_source_qcow2_image(sink->edit->source);
    uint8_t bytes[8] = { 0 };
    GError *failure = NULL;
    size_t got = mig_source_read_full(image, offset, bytes + 8 - n, n, &failure);

    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    *number = mig_be64(bytes);
    return got == n || refuse(sink, "the image has no reference counts", error);
}

/* How often the cluster at @host is used. */
static bool count_uses(const Qcow2Sink *sink, uint64_t host, uint64_t *count,
                       GError **error)
{
    const MigQcow2Edit *edit = sink->edit;
    unsigned bits = 1u << edit->refcount_order;
    uint64_t number = host >> edit->cluster_bits, block;
    uint64_t per_block = (UINT64_C(8) << edit->cluster_bits) / bits;
    uint64_t at = number / per_block * 8, bit = number % per_block * bits;

    *count = 0;
    if (at >= edit->refcounts_length) {
        return true;
    }
    if (!take_number(sink, edit->refcounts + at, 8, &block, error)) {
        return false;
    }
    block &= ~UINT64_C(511);
    if (block == 0) {
        return true;
    }
    if (!take_number(sink, block + bit / 8, MAX(bits / 8, 1), count, error)) {
        return false;
    }
    if (bits < 8) { /* The first count of a byte is in its lowest bits. */
        *count = *count >> bit % 8 & ((1u << bits) - 1);
    }
    return true;
}

/* Whether the disk's own tables have byte @host, too, for the next byte of the state. */
static bool is_active(const Qcow2Sink *sink, uint64_t host, bool *active, GError **error)
{
    const MigQcow2Edit *edit = sink->edit;
    MigQcow2Place place;

    *active = false;
    if (!edit->has_active) {
        return true;
    }
    if (!mig_source_qcow2_find(edit->source, &edit->active, sink->base.position, &place,
                               error)) {
        return false;
    }
    *active = place.kind == MIG_QCOW2_THERE && place.host == host;
    return true;
}

static bool is_own(Qcow2Sink *sink, uint64_t host, GError **error)
{
    uint64_t cluster = host >> sink->edit->cluster_bits, count;
    bool active;

    if (cluster == sink->judged && cluster != 0) {
        return true;
    }
    if (!count_uses(sink, host, &count, error) ||
        !is_active(sink, host, &active, error)) {
        return false;
    }
    if (cluster == 0 || count == 0) {
        return refuse(sink, "the image's tables are damaged, as \"qemu-img check\" shows",
                      error);
    }
    if (count > (active ? 2 : 1)) {
        return refuse(sink, "the cluster that would change is another snapshot's too",
                      error);
    }
    sink->judged = cluster;
    return true;
}

/* --- what changes --- */

/* @n bytes for @offset of the image. */
static bool put(Qcow2Sink *sink, uint64_t offset, const void *data, size_t n,
                GError **error)
{
    GArray *ranges = sink->ranges;
    MigRange *last =
        ranges->len ? &g_array_index(ranges, MigRange, ranges->len - 1) : NULL;
    MigRange range = { mig_source_qcow2_image(sink->edit->source)->origin + offset, n };

    if (last && last->offset + last->length == range.offset) {
        last->length += n;
    } else if (ranges->len == MIG_PATCH_RANGES_MAX - 2) { /* Two are for its length. */
        return refuse(sink, "it changes in more than 65,534 places", error);
    } else {
        g_array_append_val(ranges, range);
    }
    if (!mig_pwrite_fully(sink->file->fd, data, n, range.offset)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot write %s: %s", sink->base.name,
                            g_strerror(errno));
        return false;
    }
    return true;
}

/* The next @n bytes of the state, which lie at @place. */
static bool put_piece(Qcow2Sink *sink, const MigQcow2Place *place, const uint8_t *data,
                      size_t n, GError **error)
{
    uint8_t was[PIECE];

    if (!mig_source_qcow2_take(sink->edit->source, place, was, n, error)) {
        return false;
    }
    if (memcmp(was, data, n) == 0) {
        return true;
    }
    if (place->kind == MIG_QCOW2_ZERO) {
        return refuse(sink, "there is no cluster for what it would have", error);
    }
    if (place->kind == MIG_QCOW2_COMPRESSED) {
        return refuse(sink, "the cluster that would change is compressed", error);
    }
    return is_own(sink, place->host, error) && put(sink, place->host, data, n, error);
}

static bool qcow2_write(MigSink *base, const void *data, size_t n, GError **error)
{
    Qcow2Sink *sink = (Qcow2Sink *)base;
    const uint8_t *bytes = data;
    MigQcow2Place place;

    while (n > 0) {
        if (!mig_sink_check_cancel(base, error) ||
            !mig_source_qcow2_find(sink->edit->source, NULL, base->position, &place,
                                   error)) {
            return false;
        }
        size_t piece = MIN(MIN(n, PIECE - base->position % PIECE), place.left);
        if (!put_piece(sink, &place, bytes, piece, error)) {
            return false;
        }
        base->position += piece;
        bytes += piece;
        n -= piece;
    }
    return true;
}

/* --- the end --- */

static bool clear_rest(Qcow2Sink *sink, GError **error)
{
    static const uint8_t zeros[PIECE];
    uint64_t end = sink->edit->source->size;

    while (sink->base.position < end) {
        size_t n = MIN(end - sink->base.position, PIECE);

        if (!qcow2_write(&sink->base, zeros, n, error)) {
            return false;
        }
    }
    return true;
}

/* The short one is 0 for what it cannot hold, if there is a long one. */
static bool put_size(Qcow2Sink *sink, uint64_t size, GError **error)
{
    const MigQcow2Edit *edit = sink->edit;
    uint32_t in_short = size <= UINT32_MAX ? GUINT32_TO_BE((uint32_t)size) : 0;
    uint64_t in_long = GUINT64_TO_BE(size);

    if (size == edit->recorded || sink->keeps_size) {
        return true;
    }
    if (!edit->has_long_size && size > UINT32_MAX) {
        return refuse(sink, "its length is more than this image can record", error);
    }
    return put(sink, edit->entry + SHORT_SIZE, &in_short, sizeof in_short, error) &&
           (!edit->has_long_size ||
            put(sink, edit->entry + LONG_SIZE, &in_long, sizeof in_long, error));
}

static int compare_ranges(const void *a, const void *b)
{
    const MigRange *one = a, *other = b;

    return one->offset < other->offset ? -1 : one->offset > other->offset;
}

static bool qcow2_finish(MigSink *base, GError **error)
{
    Qcow2Sink *sink = (Qcow2Sink *)base;
    const MigSource *image = mig_source_qcow2_image(sink->edit->source);
    uint64_t length = base->position, size = image->origin + image->size, end = 0;

    if (!clear_rest(sink, error) || !put_size(sink, length, error)) {
        return false;
    }
    g_array_sort(sink->ranges, compare_ranges);
    for (guint i = 0; i < sink->ranges->len; i++) {
        const MigRange *range = &g_array_index(sink->ranges, MigRange, i);

        if (range->offset < end) {
            return refuse(sink, "the image's tables name a cluster twice", error);
        }
        end = range->offset + range->length;
    }
    sink->file->position = MAX(size, end);
    sink->file->is_patch = mig_patch_write_table(sink->file->fd, sink->ranges,
                                                 sink->file->position, base->name, error);
    return sink->file->is_patch;
}

static void qcow2_free(MigSink *base)
{
    Qcow2Sink *sink = (Qcow2Sink *)base;

    mig_sink_free(sink->file);
    g_array_unref(sink->ranges);
    g_free(sink);
}

MigSink *mig_sink_qcow2_new(MigSink *file, const MigQcow2Edit *edit, bool keeps_size)
{
    static const MigSinkOps ops = { qcow2_write, NULL, NULL, qcow2_finish, qcow2_free };
    Qcow2Sink *sink = g_new0(Qcow2Sink, 1);

    sink->base =
        (MigSink){ .ops = &ops, .name = file->name, .cancel = file->cancel, .fd = -1 };
    sink->file = file;
    sink->edit = edit;
    sink->keeps_size = keeps_size;
    sink->ranges = g_array_new(FALSE, FALSE, sizeof(MigRange));
    return &sink->base;
}
