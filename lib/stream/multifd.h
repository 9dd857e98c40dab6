/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the packets of multifd channels, read and written.
 * Must not know: channels, and what came before on one.
 * See also:      stream/channel.c, which reads a channel; stream/wire.h, the constants.
 *
 * All integers are big-endian.
 *   Initial packet, once, 64 bytes:
 *     be32 magic | be32 version | 16 bytes UUID of the guest | u8 channel id | 39 zeros
 *   Packet of pages, always as long as if it had as many pages as can be:
 *     be32 magic | be32 version | be32 flags | be32 pages_alloc | be32 normal_pages |
 *     be32 next_packet_size | be64 packet_num | be32 zero_pages | 28 zeros |
 *     256 bytes name of the block, NULs at its end | be64 offset in the block, of each page:
 *     normal pages, then zero pages, then what was there before
 *     and, if there are normal pages, their data, next_packet_size bytes
 *   Packet of device state (10.0):
 *     be32 magic | be32 version | be32 flags | 256 bytes idstr, NULs at its end |
 *     be32 instance id | be32 next_packet_size | next_packet_size bytes of data
 * zero_pages is 0 until 8.2, whose zero pages travel on the main channel.  A packet without
 * pages may have the name, offsets and next_packet_size of the one before it.
 * Source: migration/multifd.[ch], multifd_send_initial_packet(), multifd_send_fill_packet();
 * multifd-device-state.c; 5.2 to 11.1.
 */
#ifndef MIG_STREAM_MULTIFD_H
#define MIG_STREAM_MULTIFD_H

#include "stream/item.h"

/* Whether @p, MIG_MULTIFD_INITIAL_LENGTH bytes or a packet's first 8, begins as one does. */
bool mig_multifd_has_magic(const uint8_t *p);

/* Of an initial packet.  The UUID has 16 bytes and lives as long as @p. */
uint8_t mig_multifd_channel_id(const uint8_t *p);
const uint8_t *mig_multifd_uuid(const uint8_t *p);

/* The flags of a packet of either kind, whose first MIG_MULTIFD_FLAGS_END bytes are at @p. */
#define MIG_MULTIFD_FLAGS_END 12u
uint32_t mig_multifd_flags(const uint8_t *p);

/* Bytes of a packet of pages before the data, where a page has @page_size bytes. */
static inline uint32_t mig_multifd_packet_length(uint32_t page_size)
{
    return MIG_MULTIFD_PACKET_HEADER_LENGTH +
           MIG_MULTIFD_PACKET_GUEST_BYTES / page_size * 8u;
}

/* All but the block, which is NULL. @p: MIG_MULTIFD_PACKET_HEADER_LENGTH bytes. */
void mig_multifd_packet_decode(const uint8_t *p, MigMultifdPacket *packet);

/* The name of the block, *n bytes without a NUL; NULL if it is empty or has no NUL in its
 * 256 bytes. */
const char *mig_multifd_packet_name(const uint8_t *p, uint8_t *n);

/* Where the @i-th page of the packet at @p is in its block, in bytes. */
static inline uint64_t mig_multifd_packet_offset(const uint8_t *p, uint32_t i)
{
    return mig_be64(p + MIG_MULTIFD_PACKET_HEADER_LENGTH + (size_t)i * 8);
}

/* @p: the header, and of the data @n bytes.  idstr as the name above. */
void mig_multifd_device_decode(const uint8_t *p, size_t n, MigMultifdDevice *device);
const char *mig_multifd_device_idstr(const uint8_t *p, uint8_t *n);

/* What @item, of a channel, with its @bytes, is on the wire; see stream/encode.h. */
void mig_multifd_initial_encode(const MigItem *item, const uint8_t *bytes,
                                GByteArray *out);
void mig_multifd_packet_encode(const MigItem *item, const uint8_t *bytes,
                               GByteArray *out);
void mig_multifd_device_encode(const MigItem *item, const uint8_t *bytes,
                               GByteArray *out);
void mig_multifd_pages_encode(const MigItem *item, const uint8_t *bytes, GByteArray *out);

#endif
