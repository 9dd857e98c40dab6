/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          reading one multifd channel: where it is, and its items.
 * Must not know: other channels.  Private to stream/.
 * See also:      stream/merge.c, which puts channels together; stream/multifd.h, the
 *                packets.
 *
 * The items of a channel tile it.  After the header of a packet, with the offsets of its
 * normal pages, come its zero pages, as runs of offsets; the offsets that are not used, as
 * padding; and its normal pages, as runs of pages.  Of compressed ones the data comes first,
 * which tiles the channel, and then runs of pages without a byte of it.
 */
#ifndef MIG_STREAM_CHANNEL_H
#define MIG_STREAM_CHANNEL_H

#include "stream/body.h"

typedef struct MigChannel MigChannel;

/* Looks at the initial packet of @in, which is borrowed.  @number is what its items have as
 * their channel.  NULL with *error if @in is no multifd channel. */
MigChannel *mig_channel_new(MigInput *in, uint32_t number, GError **error);
void mig_channel_free(MigChannel *channel);

uint8_t mig_channel_id(const MigChannel *channel);          /* as QEMU counts */
const uint8_t *mig_channel_uuid(const MigChannel *channel); /* 16 bytes */
MigInput *mig_channel_input(const MigChannel *channel);

/*
 * The next item.  @at is the item of the main channel at which the loader waits: sections
 * and blocks are those that @reader knows there.  END: the SYNC for @at was read; or, if @at
 * is the end mark, all of the channel was.  An item's length is not limited.
 */
MigStatus mig_channel_next(MigChannel *channel, MigReader *reader, const MigItem *at,
                           MigItem *item, GError **error);

/* As mig_reader_bytes(), of the channel's last item. */
const uint8_t *mig_channel_bytes(MigChannel *channel, const MigItem *item);

#endif
