/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          packets of pages, and their pages.
 * Must not know: what comes before and after one.
 * See also:      channel.c.
 */
#include "stream/channel-private.h"

#include "io/input-memory.h"
#include "stream/defect.h"
#include "stream/multifd.h"
#include "stream/reader-private.h"

/* Twice the pages of a packet is what sources have room for, and no more is sent. */
#define DATA_MAX (2 * MIG_MULTIFD_PACKET_GUEST_BYTES)

static bool is_compressed(const MigMultifdPacket *packet)
{
    return packet->flags & MIG_MULTIFD_COMPRESSION;
}

static MigStatus check_flags(const MigChannel *c, const MigItem *at, GError **error)
{
    const MigMultifdPacket *packet = &c->packet;
    uint32_t unknown =
        packet->flags & ~(uint32_t)(MIG_MULTIFD_SYNC | MIG_MULTIFD_COMPRESSION);

    if (unknown) {
        return mig_channel_malformed(
            c, error, "a packet with flags 0x%x, of which 0x%x are not known",
            packet->flags, unknown);
    }
    if (packet->normal_pages && is_compressed(packet) &&
        !mig_inflater_knows(packet->flags)) {
        mig_error_set(
            error, MIG_ERROR_UNSUPPORTED, c->pos, NULL,
            "pages compressed with %s (multifd-compression), which are not read",
            mig_multifd_compression_name(packet->flags));
        return MIG_STATUS_ERROR;
    }
    if (at->kind == MIG_ITEM_EOF && (packet->flags & MIG_MULTIFD_SYNC ||
                                     packet->normal_pages || packet->zero_pages)) {
        mig_error_set(error, MIG_ERROR_MALFORMED, c->pos, MIG_DEFECT_MULTIFD_SYNC,
                      "%s after the last point at which the main channel waits for pages",
                      packet->flags & MIG_MULTIFD_SYNC ? "a SYNC" : "pages");
        return MIG_STATUS_ERROR;
    }
    return MIG_STATUS_MORE;
}

static MigStatus check_counts(const MigChannel *c, GError **error)
{
    const MigMultifdPacket *packet = &c->packet;
    uint32_t most = MIG_MULTIFD_PACKET_GUEST_BYTES / c->page_size;

    if (packet->pages_alloc > most) {
        return mig_channel_malformed(c, error,
                                     "a packet of up to %u pages, wanted at most %u",
                                     packet->pages_alloc, most);
    }
    if (packet->normal_pages > packet->pages_alloc ||
        packet->zero_pages > packet->pages_alloc - packet->normal_pages) {
        return mig_channel_malformed(
            c, error,
            "a packet of %u normal pages and %u zero pages, wanted at most "
            "%u",
            packet->normal_pages, packet->zero_pages, packet->pages_alloc);
    }
    if (packet->normal_pages &&
        (is_compressed(packet)
             ? packet->next_packet_size > DATA_MAX || !packet->next_packet_size
             : packet->next_packet_size != packet->normal_pages * c->page_size)) {
        return mig_channel_malformed(
            c, error, "%u bytes of %u pages, wanted %s%u", packet->next_packet_size,
            packet->normal_pages, is_compressed(packet) ? "1 to " : "",
            is_compressed(packet) ? DATA_MAX : packet->normal_pages * c->page_size);
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
        return mig_channel_malformed(c, error, "a packet of pages that names no block");
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
            return mig_channel_malformed(
                c, error, "a page at 0x%" PRIx64 ", which is no multiple of %u", offset,
                c->page_size);
        }
        if (!mig_ram_block_has_page(block, offset, c->page_size, c->pos, error)) {
            return MIG_STATUS_ERROR;
        }
    }
    return MIG_STATUS_MORE;
}

MigStatus mig_channel_read_packet(MigChannel *c, MigReader *r, const MigItem *at,
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
    p = mig_channel_need(c, mig_multifd_packet_length(c->page_size),
                         MIG_ITEM_MULTIFD_PACKET, error);
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
    if (packet->normal_pages && !mig_merge_method(r->merge, packet->flags)) {
        mig_error_set(error, MIG_ERROR_MALFORMED, c->pos, MIG_DEFECT_MULTIFD_COMPRESSION,
                      "pages compressed with %s, and those of packets before with "
                      "another method",
                      mig_multifd_compression_name(packet->flags));
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

MigStatus mig_channel_read_zero_pages(MigChannel *c, MigItem *item)
{
    uint32_t end = c->packet.normal_pages + c->packet.zero_pages;

    if (c->next == end) {
        c->state = AT_UNUSED;
        return MIG_STATUS_END;
    }
    cut_run(c, MIG_PAGE_ZERO, end, item);
    return MIG_STATUS_MORE;
}

MigStatus mig_channel_read_unused(MigChannel *c, MigItem *item)
{
    uint32_t used = MIG_MULTIFD_PACKET_HEADER_LENGTH +
                    (c->packet.normal_pages + c->packet.zero_pages) * 8u;

    c->state = c->packet.normal_pages && is_compressed(&c->packet) ? AT_DATA : AT_PAGES;
    c->next = 0;
    item->kind = MIG_ITEM_PADDING;
    item->length = mig_multifd_packet_length(c->page_size) - used;
    return item->length ? MIG_STATUS_MORE : MIG_STATUS_END;
}

/* --- compressed pages ----------------------------------------------------------------- */

/* The windows of all zstd streams together take no more memory than those of wrappers. */
static unsigned window_log(unsigned n_channels)
{
    unsigned log = 27;

    while (n_channels > 1) {
        n_channels = (n_channels + 1) / 2;
        log--;
    }
    return MIN(log, 25);
}

/* What is needed before the first packet. */
static bool prepare(MigChannel *c, const MigReader *r, GError **error)
{
    unsigned log = window_log(mig_merge_count(r->merge));

    if (!c->inflated) {
        c->inflated = mig_input_alloc(c->in, MIG_MULTIFD_PACKET_GUEST_BYTES);
    }
    if (c->inflated && !c->inflater && mig_input_room(c->in, (size_t)1 << log)) {
        c->inflater = mig_inflater_new(c->packet.flags, log);
    }
    if (!c->inflater) {
        mig_input_end_error(c->in, error);
    }
    return c->inflater != NULL;
}

/* A packet has 390 times its own length at most, which is less than what wrappers may have. */
static bool may_expand(MigChannel *c, GError **error)
{
    c->expanded += (uint64_t)c->packet.normal_pages * c->page_size;
    if (c->expanded <= mig_input_max_expand(c->in)) {
        return true;
    }
    mig_error_set(error, MIG_ERROR_LIMIT, c->pos, NULL,
                  "compressed pages of the channel expand to more than %" PRIu64 " bytes",
                  mig_input_max_expand(c->in));
    return false;
}

static MigStatus does_not_inflate(const MigChannel *c, const MigReader *r,
                                  MigErrorCode code, const char *why, GError **error)
{
    if (code == MIG_ERROR_LIMIT) {
        mig_error_set(error, code, c->pos, NULL,
                      "the zstd frame needs a window of more than %u MiB, which is what "
                      "each of %u channels may have",
                      1u << (window_log(mig_merge_count(r->merge)) - 20),
                      mig_merge_count(r->merge));
        return MIG_STATUS_ERROR;
    }
    if (code == MIG_ERROR_IO) {
        mig_error_set(error, code, c->pos, NULL, "cannot inflate pages: %s", why);
        return MIG_STATUS_ERROR;
    }
    return mig_channel_malformed(c, error, "compressed pages do not inflate: %s", why);
}

/* Inflates the data of the packet, which is the next item. */
MigStatus mig_channel_read_data(MigChannel *c, MigReader *r, MigItem *item,
                                GError **error)
{
    uint32_t n = c->packet.next_packet_size;
    const uint8_t *p;
    MigErrorCode code;
    const char *why;

    if (!may_expand(c, error) || !prepare(c, r, error)) {
        return MIG_STATUS_ERROR;
    }
    p = mig_channel_need(c, n, MIG_ITEM_MULTIFD_DATA, error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    why = mig_inflater_read(c->inflater, p, n, c->inflated,
                            (size_t)c->packet.normal_pages * c->page_size, &code);
    if (why) {
        return does_not_inflate(c, r, code, why, error);
    }
    c->state = AT_PAGES;
    item->kind = MIG_ITEM_MULTIFD_DATA;
    item->length = n;
    item->multifd_packet = c->packet;
    return MIG_STATUS_MORE;
}

MigStatus mig_channel_read_pages(MigChannel *c, MigItem *item)
{
    if (c->next == c->packet.normal_pages) {
        c->state = AT_PACKET;
        return MIG_STATUS_END;
    }
    c->first = c->next;
    cut_run(c, MIG_PAGE_NORMAL, c->packet.normal_pages, item);
    if (is_compressed(&c->packet)) {
        item->length = 0; /* its bytes are those of the data */
    }
    return MIG_STATUS_MORE;
}
