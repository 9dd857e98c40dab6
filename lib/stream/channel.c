/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see channel.h.
 * Must not know: other channels.
 * See also:      stream/multifd.h.
 *
 * Whatever is wrong in a channel ends the reading: a loader does not go on either, and
 * where the next packet begins cannot be known.
 */
#include "stream/channel-private.h"

#include <string.h>

#include "stream/defect.h"
#include "stream/multifd.h"
#include "stream/reader-private.h"

/* --- what is there ---------------------------------------------------------------- */

static MigStatus cut_short(const MigChannel *c, uint64_t missing, const char *least,
                           MigItemKind kind, GError **error)
{
    return mig_reader_cut_short(c->in, c->pos, least, missing, mig_item_thing_name(kind),
                                error);
}

const uint8_t *mig_channel_need(MigChannel *c, size_t n, MigItemKind kind, GError **error)
{
    size_t found;
    const uint8_t *p = mig_input_peek(c->in, n, &found);

    if (found < n) {
        cut_short(c, n - found, "at least ", kind, error);
        return NULL;
    }
    return p;
}

/* Fits *item to a piece, and checks that all of the piece is there. */
static MigStatus deliver(MigChannel *c, MigItem *item, GError **error)
{
    uint64_t found, left = item->whole - item->piece;

    item->length = MIN(left, MIG_ITEM_MAX);
    if (!mig_input_has(c->in, c->pos, item->length, &found)) {
        return cut_short(c, left - found, "", item->kind, error);
    }
    c->rest.whole = 0;
    if (left > item->length) {
        c->rest = *item;
        c->rest.piece += item->length;
        c->rest.offset += item->length;
    }
    c->last_length = item->length;
    return MIG_STATUS_MORE;
}

MigStatus mig_channel_malformed(const MigChannel *c, GError **error, const char *format,
                                ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    mig_error_set(error, MIG_ERROR_MALFORMED, c->pos, MIG_DEFECT_MULTIFD_PACKET, "%s",
                  text);
    return MIG_STATUS_ERROR;
}

/* --- the others ------------------------------------------------------------------- */

static MigStatus read_initial(MigChannel *c, MigItem *item)
{
    c->state = AT_PACKET;
    item->kind = MIG_ITEM_MULTIFD_INITIAL;
    item->length = MIG_MULTIFD_INITIAL_LENGTH;
    item->multifd_initial.id = c->id;
    return MIG_STATUS_MORE;
}

/* There is no packet any more. */
static MigStatus end_channel(const MigChannel *c, const MigItem *at, GError **error)
{
    if (!mig_input_end_error(c->in, error)) {
        return MIG_STATUS_ERROR;
    }
    if (at->kind == MIG_ITEM_EOF) {
        return MIG_STATUS_END;
    }
    mig_error_set(error, MIG_ERROR_TRUNCATED, c->pos, MIG_DEFECT_MULTIFD_SYNC,
                  "the channel ends before the SYNC that the main channel waits for at "
                  "0x%" PRIx64,
                  at->offset);
    return MIG_STATUS_ERROR;
}

/* MORE or ERROR; END: no item here, or the end for @at if *over. */
static MigStatus step(MigChannel *c, MigReader *r, const MigItem *at, MigItem *item,
                      bool *over, GError **error)
{
    const uint8_t *p;
    size_t n;

    switch (c->state) {
    case AT_INITIAL:
        return read_initial(c, item);
    case AT_ZERO_PAGES:
        return mig_channel_read_zero_pages(c, item);
    case AT_UNUSED:
        return mig_channel_read_unused(c, item);
    case AT_DATA:
        return mig_channel_read_data(c, r, item, error);
    case AT_PAGES:
        return mig_channel_read_pages(c, item);
    case AT_PACKET:
        break;
    }
    *over = c->synced && at->kind != MIG_ITEM_EOF;
    c->synced = false;
    if (*over) {
        return MIG_STATUS_END;
    }
    mig_input_peek(c->in, 1, &n);
    if (n == 0) {
        *over = true;
        return end_channel(c, at, error);
    }
    p = mig_channel_need(c, MIG_MULTIFD_FLAGS_END, MIG_ITEM_MULTIFD_PACKET, error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    if (!mig_multifd_has_magic(p)) {
        return mig_channel_malformed(c, error,
                                     "wanted a packet of version %u, found 0x%08x 0x%08x",
                                     MIG_MULTIFD_VERSION, mig_be32(p), mig_be32(p + 4));
    }
    return mig_multifd_flags(p) & MIG_MULTIFD_DEVICE_STATE
               ? mig_channel_read_device(c, r, item, error)
               : mig_channel_read_packet(c, r, at, item, error);
}

static void begin_item(const MigChannel *c, const MigItem *at, MigItem *item)
{
    *item = (MigItem){ .kind = MIG_ITEM_PADDING,
                       .channel = c->number,
                       .offset = c->pos,
                       .type = at->type,
                       .section = at->section,
                       .section_id = at->section_id,
                       .package_depth = at->package_depth };
}

/* Moves to the end of the last item. */
static MigStatus move_on(MigChannel *c, GError **error)
{
    uint64_t moved = mig_input_skip(c->in, c->last_length);
    uint64_t missing = MAX(c->missing, c->last_length - moved);

    if (missing) {
        return cut_short(c, missing, "at least ", MIG_ITEM_MULTIFD_PACKET, error);
    }
    c->pos += moved;
    c->last_length = 0;
    return MIG_STATUS_MORE;
}

MigStatus mig_channel_next(MigChannel *c, MigReader *r, const MigItem *at, MigItem *item,
                           GError **error)
{
    MigStatus status = move_on(c, error);
    bool over = false;

    if (status == MIG_STATUS_MORE && c->rest.whole) {
        *item = c->rest;
        return deliver(c, item, error);
    }
    while (status != MIG_STATUS_ERROR && !over) {
        begin_item(c, at, item);
        status = step(c, r, at, item, &over, error);
        if (status == MIG_STATUS_MORE) {
            item->whole = item->length;
            return deliver(c, item, error);
        }
    }
    return status;
}

const uint8_t *mig_channel_bytes(MigChannel *c, const MigItem *item)
{
    size_t n;
    const uint8_t *p = mig_input_peek(c->in, item->length, &n);

    g_return_val_if_fail(item->offset == c->pos, NULL);
    if (item->kind == MIG_ITEM_RAM_PAGES && !item->length) {
        return c->inflated + (size_t)c->first * c->page_size;
    }
    c->missing = item->length - MIN(n, item->length);
    return c->missing ? NULL : p;
}

MigChannel *mig_channel_new(MigInput *in, uint32_t number, GError **error)
{
    MigChannel *c = g_new0(MigChannel, 1);
    const uint8_t *p;

    c->in = in;
    c->number = number;
    c->pos = mig_input_tell(in);
    p = mig_channel_need(c, MIG_MULTIFD_INITIAL_LENGTH, MIG_ITEM_MULTIFD_INITIAL, error);
    if (p && !mig_multifd_has_magic(p)) {
        mig_channel_malformed(
            c, error, "no multifd channel of version %u: it begins with 0x%08x 0x%08x",
            MIG_MULTIFD_VERSION, mig_be32(p), mig_be32(p + 4));
        p = NULL;
    }
    if (!p) {
        mig_channel_free(c);
        return NULL;
    }
    c->id = mig_multifd_channel_id(p);
    memcpy(c->uuid, mig_multifd_uuid(p), sizeof(c->uuid));
    return c;
}

void mig_channel_free(MigChannel *c)
{
    if (c) {
        g_free(c->offsets);
        g_free(c->inflated);
        mig_inflater_free(c->inflater);
        g_free(c);
    }
}

uint8_t mig_channel_id(const MigChannel *c)
{
    return c->id;
}

const uint8_t *mig_channel_uuid(const MigChannel *c)
{
    return c->uuid;
}

MigInput *mig_channel_input(const MigChannel *c)
{
    return c->in;
}
