/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see channel.h.
 * Must not know: other channels.
 * See also:      stream/multifd.h.
 *
 * Whatever is wrong in a channel ends the reading: a loader does not go on either, and
 * where the next packet begins cannot be known.
 */
#include "stream/channel.h"

#include <string.h>

#include "io/input-memory.h"
#include "stream/defect.h"
#include "stream/multifd.h"
#include "stream/reader-private.h"

typedef enum ChannelState {
    AT_INITIAL,
    AT_PACKET,
    AT_ZERO_PAGES,
    AT_UNUSED,
    AT_PAGES,
} ChannelState;

struct MigChannel {
    MigInput *in;
    uint32_t number;
    uint8_t id, uuid[16];
    ChannelState state;
    uint64_t pos;         /* position of the input: the start of the last item */
    uint64_t last_length; /* bytes of it */
    uint64_t missing;     /* bytes at its end that could not be read */
    bool synced;          /* the SYNC was read that the main channel waits for */
    MigItem rest;         /* what is left of a packet in pieces; whole > piece if any */
    MigMultifdPacket packet; /* that is read */
    uint64_t *offsets;       /* of its pages: normal ones, then zero ones */
    uint32_t n_offsets;      /* allocated */
    uint32_t next;           /* index of the next page */
    uint32_t page_size;
};

/* --- what is there ---------------------------------------------------------------- */

static MigStatus cut_short(const MigChannel *c, uint64_t missing, const char *least,
                           MigItemKind kind, GError **error)
{
    return mig_reader_cut_short(c->in, c->pos, least, missing, mig_item_thing_name(kind),
                                error);
}

/* The next @n bytes; NULL with *error if fewer are left of a packet of @kind. */
static const uint8_t *need(MigChannel *c, size_t n, MigItemKind kind, GError **error)
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

static MigStatus malformed(const MigChannel *c, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static MigStatus malformed(const MigChannel *c, GError **error, const char *format, ...)
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

/* --- packets of pages ------------------------------------------------------------- */

static const char *compression_name(uint32_t flags)
{
    switch (flags & MIG_MULTIFD_COMPRESSION) {
    case MIG_MULTIFD_ZLIB:
        return "zlib";
    case MIG_MULTIFD_ZSTD:
        return "zstd";
    case MIG_MULTIFD_QPL:
        return "qpl";
    case MIG_MULTIFD_UADK:
        return "uadk";
    case MIG_MULTIFD_QATZIP:
        return "qatzip";
    default:
        return "an unknown method";
    }
}

static MigStatus check_flags(const MigChannel *c, const MigItem *at, GError **error)
{
    const MigMultifdPacket *packet = &c->packet;
    uint32_t unknown =
        packet->flags & ~(uint32_t)(MIG_MULTIFD_SYNC | MIG_MULTIFD_COMPRESSION);

    if (unknown) {
        return malformed(c, error,
                         "a packet with flags 0x%x, of which 0x%x are not known",
                         packet->flags, unknown);
    }
    if (packet->normal_pages && packet->flags & MIG_MULTIFD_COMPRESSION) {
        mig_error_set(
            error, MIG_ERROR_UNSUPPORTED, c->pos, NULL,
            "pages compressed with %s (multifd-compression), which are not read",
            compression_name(packet->flags));
        return MIG_STATUS_ERROR;
    }
    if (at->kind == MIG_ITEM_EOF && (packet->flags & MIG_MULTIFD_SYNC ||
                                     packet->normal_pages || packet->zero_pages)) {
        return malformed(c, error,
                         "%s after the last point at which the main channel waits for "
                         "pages",
                         packet->flags & MIG_MULTIFD_SYNC ? "a SYNC" : "pages");
    }
    return MIG_STATUS_MORE;
}

static MigStatus check_counts(const MigChannel *c, GError **error)
{
    const MigMultifdPacket *packet = &c->packet;
    uint32_t most = MIG_MULTIFD_PACKET_GUEST_BYTES / c->page_size;

    if (packet->pages_alloc > most) {
        return malformed(c, error, "a packet of up to %u pages, wanted at most %u",
                         packet->pages_alloc, most);
    }
    if (packet->normal_pages > packet->pages_alloc ||
        packet->zero_pages > packet->pages_alloc - packet->normal_pages) {
        return malformed(c, error,
                         "a packet of %u normal pages and %u zero pages, wanted at most "
                         "%u",
                         packet->normal_pages, packet->zero_pages, packet->pages_alloc);
    }
    if (packet->normal_pages &&
        packet->next_packet_size != packet->normal_pages * c->page_size) {
        return malformed(c, error, "%u bytes of %u pages, wanted %u",
                         packet->next_packet_size, packet->normal_pages,
                         packet->normal_pages * c->page_size);
    }
    return MIG_STATUS_MORE;
}

/* Sets the block of the packet at @p. */
static MigStatus find_block(MigChannel *c, const MigReader *r, const uint8_t *p,
                            GError **error)
{
    uint8_t n;
    const char *name = mig_multifd_packet_name(p, &n);

    if (!name) {
        return malformed(c, error, "a packet of pages that names no block");
    }
    c->packet.block = mig_ram_state_find(mig_reader_ram(r), name, n);
    if (!c->packet.block) {
        mig_error_set(error, MIG_ERROR_MALFORMED, c->pos, MIG_DEFECT_RAM_BLOCK_UNKNOWN,
                      "pages of block %s, which the block list does not have", name);
        return MIG_STATUS_ERROR;
    }
    return MIG_STATUS_MORE;
}

/* Keeps the offsets of the packet at @p. */
static MigStatus keep_offsets(MigChannel *c, const uint8_t *p, GError **error)
{
    const MigRamBlock *block = c->packet.block;
    uint32_t n = c->packet.normal_pages + c->packet.zero_pages;
    size_t most = MIG_MULTIFD_PACKET_GUEST_BYTES / c->page_size;

    if (n > c->n_offsets) {
        c->n_offsets = 0;
        g_free(c->offsets);
        c->offsets = mig_input_alloc(c->in, most * sizeof(*c->offsets));
        if (!c->offsets) {
            mig_input_end_error(c->in, error);
            return MIG_STATUS_ERROR;
        }
        c->n_offsets = most;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t offset = c->offsets[i] = mig_multifd_packet_offset(p, i);

        if (offset % c->page_size) {
            return malformed(c, error,
                             "a page at 0x%" PRIx64 ", which is no multiple of %u",
                             offset, c->page_size);
        }
        if (block->used_length < c->page_size ||
            offset > block->used_length - c->page_size) {
            mig_error_set(error, MIG_ERROR_MALFORMED, c->pos, MIG_DEFECT_RAM_PAGE_OUTSIDE,
                          "a page at 0x%" PRIx64 " of block %s, which has 0x%" PRIx64
                          " bytes",
                          offset, block->name, block->used_length);
            return MIG_STATUS_ERROR;
        }
    }
    return MIG_STATUS_MORE;
}

static MigStatus read_packet(MigChannel *c, MigReader *r, const MigItem *at,
                             MigItem *item, GError **error)
{
    MigMultifdPacket *packet = &c->packet;
    const uint8_t *p;

    c->page_size = mig_reader_page_size(r);
    if (!c->page_size) {
        mig_error_set(error, MIG_ERROR_UNSUPPORTED, c->pos, NULL,
                      "the stream does not say how large a page is, and so not how long "
                      "a packet is");
        return MIG_STATUS_ERROR;
    }
    p = need(c, mig_multifd_packet_length(c->page_size), MIG_ITEM_MULTIFD_PACKET, error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    mig_multifd_packet_decode(p, packet);
    if (check_flags(c, at, error) == MIG_STATUS_ERROR ||
        check_counts(c, error) == MIG_STATUS_ERROR) {
        return MIG_STATUS_ERROR;
    }
    if ((packet->normal_pages || packet->zero_pages) &&
        (find_block(c, r, p, error) == MIG_STATUS_ERROR ||
         keep_offsets(c, p, error) == MIG_STATUS_ERROR)) {
        return MIG_STATUS_ERROR;
    }
    c->synced = packet->flags & MIG_MULTIFD_SYNC;
    c->next = packet->normal_pages;
    c->state = AT_ZERO_PAGES;
    item->kind = MIG_ITEM_MULTIFD_PACKET;
    item->length = MIG_MULTIFD_PACKET_HEADER_LENGTH + packet->normal_pages * 8u;
    item->multifd_packet = *packet;
    return MIG_STATUS_MORE;
}

/* The run of pages that begins with the next one, which ends before the @end-th. */
static void cut_run(MigChannel *c, MigPageKind kind, uint32_t end, MigItem *item)
{
    uint32_t stride = kind == MIG_PAGE_ZERO ? 8 : c->page_size;
    uint32_t first = c->next++;

    while (c->next < end && (c->next - first + 1) * stride <= MIG_ITEM_MAX &&
           c->offsets[c->next] == c->offsets[c->next - 1] + c->page_size) {
        c->next++;
    }
    item->kind = MIG_ITEM_RAM_PAGES;
    item->length = (uint64_t)(c->next - first) * stride;
    item->pages = (MigRamPages){ .kind = kind,
                                 .n_pages = c->next - first,
                                 .page_size = c->page_size,
                                 .first_length = stride,
                                 .data_offset = kind == MIG_PAGE_ZERO ? stride : 0,
                                 .data_length = kind == MIG_PAGE_ZERO ? 0 : stride,
                                 .stride = stride,
                                 .address = c->offsets[first],
                                 .block = c->packet.block };
}

static MigStatus read_zero_pages(MigChannel *c, MigItem *item)
{
    uint32_t end = c->packet.normal_pages + c->packet.zero_pages;

    if (c->next == end) {
        c->state = AT_UNUSED;
        return MIG_STATUS_END;
    }
    cut_run(c, MIG_PAGE_ZERO, end, item);
    return MIG_STATUS_MORE;
}

static MigStatus read_unused(MigChannel *c, MigItem *item)
{
    uint32_t used = MIG_MULTIFD_PACKET_HEADER_LENGTH +
                    (c->packet.normal_pages + c->packet.zero_pages) * 8u;

    c->state = AT_PAGES;
    c->next = 0;
    item->kind = MIG_ITEM_PADDING;
    item->length = mig_multifd_packet_length(c->page_size) - used;
    return item->length ? MIG_STATUS_MORE : MIG_STATUS_END;
}

static MigStatus read_pages(MigChannel *c, MigItem *item)
{
    if (c->next == c->packet.normal_pages) {
        c->state = AT_PACKET;
        return MIG_STATUS_END;
    }
    cut_run(c, MIG_PAGE_NORMAL, c->packet.normal_pages, item);
    return MIG_STATUS_MORE;
}

/* --- the others ------------------------------------------------------------------- */

static MigStatus read_device(MigChannel *c, MigReader *r, MigItem *item, GError **error)
{
    MigMultifdDevice *device = &item->multifd_device;
    const uint8_t *p =
        need(c, MIG_MULTIFD_DEVICE_HEADER_LENGTH, MIG_ITEM_MULTIFD_DEVICE, error);
    const char *idstr;
    uint8_t n;
    size_t found;

    if (!p) {
        return MIG_STATUS_ERROR;
    }
    mig_multifd_device_decode(p, 0, device);
    idstr = mig_multifd_device_idstr(p, &n);
    if (!idstr) {
        return malformed(c, error, "a packet of device state that names no device");
    }
    if (mig_multifd_flags(p) != MIG_MULTIFD_DEVICE_STATE) {
        return malformed(c, error, "a packet of device state with flags 0x%x",
                         mig_multifd_flags(p));
    }
    if (!device->data_length) {
        return malformed(c, error, "a packet of device state without data");
    }
    item->section = mig_reader_find_section(r, idstr, n, device->instance_id);
    p = mig_input_peek(
        c->in, MIG_MULTIFD_DEVICE_HEADER_LENGTH + MIN(device->data_length, 64u), &found);
    mig_multifd_device_decode(
        p, MIN(found - MIG_MULTIFD_DEVICE_HEADER_LENGTH, device->data_length), device);
    item->kind = MIG_ITEM_MULTIFD_DEVICE;
    item->length = MIG_MULTIFD_DEVICE_HEADER_LENGTH + (uint64_t)device->data_length;
    return MIG_STATUS_MORE;
}

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
    mig_error_set(error, MIG_ERROR_TRUNCATED, c->pos, MIG_DEFECT_TRUNCATED,
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
        return read_zero_pages(c, item);
    case AT_UNUSED:
        return read_unused(c, item);
    case AT_PAGES:
        return read_pages(c, item);
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
    p = need(c, MIG_MULTIFD_FLAGS_END, MIG_ITEM_MULTIFD_PACKET, error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    if (!mig_multifd_has_magic(p)) {
        return malformed(c, error, "wanted a packet of version %u, found 0x%08x 0x%08x",
                         MIG_MULTIFD_VERSION, mig_be32(p), mig_be32(p + 4));
    }
    return mig_multifd_flags(p) & MIG_MULTIFD_DEVICE_STATE
               ? read_device(c, r, item, error)
               : read_packet(c, r, at, item, error);
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
    p = need(c, MIG_MULTIFD_INITIAL_LENGTH, MIG_ITEM_MULTIFD_INITIAL, error);
    if (p && !mig_multifd_has_magic(p)) {
        malformed(c, error,
                  "no multifd channel of version %u: it begins with 0x%08x 0x%08x",
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
