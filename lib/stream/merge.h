/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the order in which items of several channels come.
 * Must not know: what is in them.  Private to the library.
 * See also:      stream/channel.h; stream/reader.h, mig_reader_add_channel().
 *
 * A loader may rely on one thing only: what is before the k-th SYNC of each channel has
 * arrived when the main channel passes its k-th sync point.  So the reader gives, before
 * the mark that is a sync point, what each channel has up to its SYNC, channel by channel.
 * What is left comes before the end mark.
 *
 * Sync points are the MULTIFD_FLUSH records where START has one (8.1 and later), else the
 * EOS of each body of ram.
 *
 * Each packet of pages takes the next number of all channels, and until 8.2 each SYNC takes one
 * more and gives it to the packet that carries it: so there are as many packets as numbers,
 * though some may not occur.  The end mark has a defect where it is not so.
 * Source: migration/ram.c, ram_save_setup(), ram_load_precopy(); migration/multifd.c,
 * multifd_send_pages(), multifd_send_sync_main(), multifd_send_fill_packet(),
 * multifd_recv_sync_main(); 5.2 to 11.1.
 */
#ifndef MIG_STREAM_MERGE_H
#define MIG_STREAM_MERGE_H

#include "stream/body.h"

typedef struct MigMerge MigMerge;

MigMerge *mig_merge_new(void);
void mig_merge_free(MigMerge *merge);

/* See mig_reader_add_channel(). */
bool mig_merge_add(MigMerge *merge, MigInput *in, GError **error);

/* Whether the loader waits for the channels at @item, which the main channel gave; if so,
 * mig_merge_next() gives what comes first, then @item, then END. */
bool mig_merge_waits_at(MigMerge *merge, const MigItem *item);
MigStatus mig_merge_next(MigMerge *merge, MigReader *reader, MigItem *item,
                         GError **error);

/* How many channels there are beside the main one. */
unsigned mig_merge_count(const MigMerge *merge);

/* Takes note of how the pages of a packet with @flags are compressed; false where packets of
 * any channel before had another method. */
bool mig_merge_method(MigMerge *merge, uint32_t flags);

/* Why there are not all packets, so that pages lack or are old, for a message; NULL: all are
 * there so far.  The caller frees. */
char *mig_merge_lack(const MigMerge *merge);

/* The same of the channels of @reader, which may have none. */
char *mig_reader_lacks_packets(const MigReader *reader);

/* The input of @channel, 1 or more. */
MigInput *mig_merge_input(const MigMerge *merge, uint32_t channel);

/* As mig_reader_bytes(), of an item that is not of the main channel. */
const uint8_t *mig_merge_bytes(MigMerge *merge, const MigItem *item);

#endif
