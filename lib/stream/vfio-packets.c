/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see vfio-packets.h.
 * Must not know: devices; sections are numbers here.
 * See also:      io/long-array.h: a table that is long is in a temporary file.
 */
#include "stream/vfio-packets.h"

#include <inttypes.h>

#include "io/long-array.h"
#include "stream/item-private.h"
#include "stream/vfio.h"

struct MigVfioPackets {
    MigLongArray *all; /* MigVfioPacket */
    bool sorted;
};

MigVfioPackets *mig_vfio_packets_new(void)
{
    MigVfioPackets *packets = g_new0(MigVfioPackets, 1);

    packets->all = mig_long_array_new(sizeof(MigVfioPacket));
    return packets;
}

void mig_vfio_packets_free(MigVfioPackets *packets)
{
    if (packets) {
        mig_long_array_free(packets->all);
        g_free(packets);
    }
}

bool mig_vfio_packets_watch(MigVfioPackets *packets, const MigItem *item, GError **error)
{
    const MigMultifdDevice *device = &item->multifd_device;
    MigVfioPacket *packet;

    if (item->kind != MIG_ITEM_MULTIFD_DEVICE || !mig_vfio_item_record(item)) {
        return true;
    }
    packet = mig_item_keep(packets->all, item, error);
    if (!packet) {
        return false;
    }
    packets->sorted = false;
    *packet = (MigVfioPacket){
        .packet = item->offset,
        .payload = item->offset + device->record.payload_offset,
        .length = (uint32_t)device->record.payload_length,
        .index = device->vfio_index,
        .section = item->section->index,
        .channel = (uint16_t)item->channel,
        .config = device->record.has_payload,
    };
    return true;
}

bool mig_vfio_packets_hold(MigVfioPackets *packets, MigReader *reader,
                           const MigItem *item, GError **error)
{
    return item->kind != MIG_ITEM_MULTIFD_DEVICE ||
           (mig_input_hold(mig_reader_channel_input(reader, item->channel), error) &&
            mig_vfio_packets_watch(packets, item, error));
}

/* --- their order ------------------------------------------------------------------ */

static bool is_before(const MigVfioPacket *a, const MigVfioPacket *b)
{
    return a->section != b->section   ? a->section < b->section
           : a->index != b->index     ? a->index < b->index
           : a->channel != b->channel ? a->channel < b->channel
                                      : a->packet < b->packet;
}

static void swap(MigVfioPacket *a, MigVfioPacket *b)
{
    MigVfioPacket kept = *a;

    *a = *b;
    *b = kept;
}

/* Lets the @i-th sink in the heap of @n. */
static void sink(MigVfioPacket *all, size_t i, size_t n)
{
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && is_before(&all[child], &all[child + 1]);
        if (!is_before(&all[i], &all[child])) {
            return;
        }
        swap(&all[i], &all[child]);
    }
}

/* In place: qsort() would want as much memory again. */
static void sort(MigVfioPacket *all, size_t n)
{
    for (size_t i = n / 2; i > 0; i--) {
        sink(all, i - 1, n);
    }
    for (size_t end = n; end > 1; end--) {
        swap(&all[0], &all[end - 1]);
        sink(all, 0, end - 1);
    }
}

/* The first that belongs to a section of that index, or a higher one. */
static size_t first_of(const MigVfioPacket *all, size_t n, uint32_t section)
{
    size_t low = 0;

    while (low < n) {
        size_t middle = low + (n - low) / 2;

        if (all[middle].section < section) {
            low = middle + 1;
        } else {
            n = middle;
        }
    }
    return low;
}

static const MigVfioPacket *sorted(MigVfioPackets *packets)
{
    MigVfioPacket *all = (MigVfioPacket *)(void *)packets->all->data;

    if (!packets->sorted) {
        sort(all, packets->all->len);
        packets->sorted = true;
    }
    return all;
}

uint64_t mig_vfio_packets_sections(MigVfioPackets *packets)
{
    const MigVfioPacket *all = sorted(packets);
    uint64_t n = packets->all->len > 0;

    for (guint i = 1; i < packets->all->len; i++) {
        n += all[i].section != all[i - 1].section;
    }
    return n;
}

const MigVfioPacket *mig_vfio_packets_of(MigVfioPackets *packets,
                                         const MigSection *section, size_t *n)
{
    const MigVfioPacket *all = sorted(packets);
    size_t first = first_of(all, packets->all->len, section->index);

    *n = first_of(all, packets->all->len, section->index + 1) - first;
    return all ? all + first : NULL;
}

/* --- what is wrong ---------------------------------------------------------------- */

/* What is wrong with the @i-th of @all, which are before it, or NULL; the caller frees. */
static char *order_fault(const MigVfioPacket *all, size_t i)
{
    uint64_t wanted = i ? (uint64_t)all[i - 1].index + 1 : 0;

    if (i && all[i].index == all[i - 1].index) {
        return g_strdup_printf("a second packet with index %u: the first is at 0x%" PRIx64
                               " of channel %u",
                               all[i].index, all[i - 1].packet, all[i - 1].channel);
    }
    if (all[i].index > wanted) {
        return g_strdup_printf(
            "the packet with index %u, but none with index %" PRIu64 "%s", all[i].index,
            wanted, all[i].index > wanted + 1 ? " and others before it" : "");
    }
    return NULL;
}

static char *config_fault(const MigVfioPacket *all, size_t i, size_t n,
                          const MigVfioPacket *config)
{
    if (all[i].config && config) {
        return g_strdup_printf("a second configuration: the first has index %u",
                               config->index);
    }
    if (all[i].config && all[i].index < all[n - 1].index) {
        return g_strdup_printf("the configuration has index %u, but there is index %u",
                               all[i].index, all[n - 1].index);
    }
    return i == n - 1 && !all[i].config && !config
               ? g_strdup("no packet has the configuration")
               : NULL;
}

void mig_vfio_packets_judge(const MigVfioPacket *all, size_t n, MigVfioPacketFault *found,
                            void *user)
{
    const MigVfioPacket *config = NULL;

    for (size_t i = 0; i < n; i++) {
        g_autofree char *order = order_fault(all, i);
        g_autofree char *other = config_fault(all, i, n, config);

        if ((order && !found(&all[i], order, user)) ||
            (other && !found(&all[i], other, user))) {
            return;
        }
        config = all[i].config && !config ? &all[i] : config;
    }
}

/* --- bytes ------------------------------------------------------------------------ */

bool mig_vfio_packet_read(MigReader *reader, const MigVfioPacket *packet, uint32_t offset,
                          void *buffer, size_t n, GError **error)
{
    MigInput *in = mig_reader_channel_input(reader, packet->channel);

    if (mig_input_read_at(in, packet->payload + offset, buffer, n) == n) {
        return true;
    }
    if (mig_input_end_error(in, error)) {
        mig_error_set(error, MIG_ERROR_TRUNCATED, packet->packet, NULL,
                      "the input ends inside of what was read of it before");
    }
    if (error) {
        mig_error_set_channel(*error, packet->channel);
    }
    return false;
}
