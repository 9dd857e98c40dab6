/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a channel's insides: where it is in its packets.
 * Must not know: other channels.  Private to channel*.c.
 * See also:      channel.c, the order of things; channel-pages.c and channel-device.c, what a
 *                packet has.
 */
#ifndef MIG_STREAM_CHANNEL_PRIVATE_H
#define MIG_STREAM_CHANNEL_PRIVATE_H

#include "stream/channel.h"
#include "stream/multifd-inflate.h"

typedef enum ChannelState {
    AT_INITIAL,
    AT_PACKET,
    AT_ZERO_PAGES,
    AT_UNUSED,
    AT_DATA,
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
    MigInflater *inflater;   /* of compressed pages; NULL before the first */
    uint64_t expanded;       /* bytes that came out of it */
    uint8_t *inflated;       /* what the data of the packet became, of all its pages */
    uint32_t first;          /* index of the first page of the last item */
    uint32_t page_size;
};

/* The next @n bytes; NULL with *error if fewer are left of a packet of @kind. */
const uint8_t *mig_channel_need(MigChannel *c, size_t n, MigItemKind kind,
                                GError **error);

/* Raises MALFORMED at the item to come. */
MigStatus mig_channel_malformed(const MigChannel *c, GError **error, const char *format,
                                ...) G_GNUC_PRINTF(3, 4);

/* What begins with a packet's header.  @at as in mig_channel_next(). */
MigStatus mig_channel_read_packet(MigChannel *c, MigReader *r, const MigItem *at,
                                  MigItem *item, GError **error);
MigStatus mig_channel_read_device(MigChannel *c, MigReader *r, MigItem *item,
                                  GError **error);

/* What follows that of a packet of pages: one item, or END and the next state. */
MigStatus mig_channel_read_zero_pages(MigChannel *c, MigItem *item);
MigStatus mig_channel_read_unused(MigChannel *c, MigItem *item);
MigStatus mig_channel_read_data(MigChannel *c, MigReader *r, MigItem *item,
                                GError **error);
MigStatus mig_channel_read_pages(MigChannel *c, MigItem *item);

#endif
