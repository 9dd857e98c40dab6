/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          packets of device state of VFIO devices, in the order in which a device wants
 *                them; and what is wrong with their set.
 * Must not know: who uses them.  Private to the library.
 * See also:      stream/channel-device.c, which reads them.
 *
 * Packets come on any channel and in any order.  Each has an index: data has 0, 1, ..., and
 * the configuration record comes last.
 * Source: hw/vfio/migration-multifd.c, vfio_multifd_load_state_buffer(); 10.0 to 11.1.
 */
#ifndef MIG_STREAM_VFIO_PACKETS_H
#define MIG_STREAM_VFIO_PACKETS_H

#include "stream/reader.h"

typedef struct MigVfioPacket {
    uint64_t packet; /* where the packet is, in plain bytes of its channel, */
    uint64_t
        payload; /* and what the device gets of it: data, or a configuration payload */
    uint32_t length; /* of that, bytes */
    uint32_t index;
    uint32_t section; /* its MigSection.index */
    uint16_t channel;
    bool config;
} MigVfioPacket;

typedef struct MigVfioPackets MigVfioPackets;

MigVfioPackets *mig_vfio_packets_new(void);
void mig_vfio_packets_free(MigVfioPackets *packets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigVfioPackets, mig_vfio_packets_free)

/* Takes note of @item, any that @reader has just read.  Errors: IO where there is no room. */
bool mig_vfio_packets_watch(MigVfioPackets *packets, const MigItem *item, GError **error);

/* The same, and makes sure that what is in it can be read again. */
bool mig_vfio_packets_hold(MigVfioPackets *packets, MigReader *reader,
                           const MigItem *item, GError **error);

/* Those of @section, *n of them, by their indices; valid until another item is watched. */
const MigVfioPacket *mig_vfio_packets_of(MigVfioPackets *packets,
                                         const MigSection *section, size_t *n);

/* How many different sections have some. */
uint64_t mig_vfio_packets_sections(MigVfioPackets *packets);

/*
 * Tells @found of each fault of a set, in the order of the indices: @at is the packet that it is
 * about; @text, which is gone after the call, says what is wrong.  False ends it.  @all has
 * one packet at least.
 */
typedef bool MigVfioPacketFault(const MigVfioPacket *at, const char *text, void *user);
void mig_vfio_packets_judge(const MigVfioPacket *all, size_t n, MigVfioPacketFault *found,
                            void *user);

/* Copies @n bytes of @packet, from its payload's @offset on, which was held.  False with *error of the input. */
bool mig_vfio_packet_read(MigReader *reader, const MigVfioPacket *packet, uint32_t offset,
                          void *buffer, size_t n, GError **error);

#endif
