/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          device state of other channels, in the sections of its device: data into
 *                END, the configuration into FULL.
 * Must not know: pages; the outer list.
 * See also:      fold.c; stream/vfio-packets.h, the packets in order.
 *
 * On the main channel such a device has END_OF_STATE alone in END, and in FULL that or
 * CONFIG_LOAD_READY.  What comes out is config-last, which vfio-layout can turn into any
 * other layout.
 */
#include "filter/fold-private.h"

#include <string.h>

#include "filter/vfio-emit.h"
#include "stream/vfio-payload.h"
#include "stream/vfio.h"

/* A packet with more becomes several records: what a device reads is the same.  QEMU sends
 * no more in one. */
#define DATA_MAX (1u << 20)

bool mig_fold_scan_device(MigFold *fold, MigNext *next, const MigItem *item,
                          GError **error)
{
    if (!mig_vfio_item_record(item)) {
        return mig_next_refuse(next, item, item->section, error,
                               "a packet of device state that makes no sense, or is for "
                               "no VFIO device of the main channel");
    }
    return mig_vfio_packets_hold(fold->packets, mig_next_reader(next), item, error);
}

static bool emit_record(MigNext *next, const MigItem *like, MigVfioRecord *record,
                        const void *payload, size_t n, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    mig_vfio_record_encode(record, payload, n, bytes);
    return mig_vfio_emit(next, like, record, bytes, error);
}

static bool emit_data(MigNext *next, const MigItem *like, const MigVfioPacket *packet,
                      GError **error)
{
    g_autofree uint8_t *data = g_malloc(DATA_MAX);

    for (uint32_t at = 0, n; at < packet->length; at += n) {
        MigVfioRecord record = { .flag = MIG_VFIO_DEV_DATA_STATE };

        n = MIN(packet->length - at, DATA_MAX);
        record.payload_length = n;
        if (!mig_vfio_packet_read(mig_next_reader(next), packet, at, data, n, error) ||
            !emit_record(next, like, &record, data, n, error)) {
            return false;
        }
    }
    return true;
}

static bool emit_config(MigFold *fold, MigNext *next, const MigItem *like,
                        const MigVfioPacket *packet, GError **error)
{
    g_autofree uint8_t *payload = g_malloc(MIG_VFIO_PAYLOAD_MAX);
    MigVfioRecord record = { .flag = MIG_VFIO_DEV_CONFIG_STATE };
    const MigVfioRecord end = { .flag = MIG_VFIO_END_OF_STATE };
    MigVfioPayload parsed;

    if (!mig_vfio_packet_read(mig_next_reader(next), packet, 0, payload, packet->length,
                              error)) {
        return false;
    }
    if (!mig_vfio_payload_parse_whole(payload, packet->length, &parsed)) {
        return mig_next_refuse(next, like, like->section, error,
                               "its configuration space changes while it is read");
    }
    mig_vfio_record_set_payload(&record, &parsed, payload);
    mig_description_edit_resize(fold->edit, like->section,
                                mig_vfio_record_length(&record) +
                                    mig_vfio_record_length(&end));
    return emit_record(next, like, &record, payload, packet->length, error) &&
           mig_vfio_emit_end_of_state(next, like, true, error);
}

/* --- the sections ------------------------------------------------------------------- */

/* What is wrong with the packets of a device. */
typedef struct Fault {
    MigNext *next;
    const MigSection *section;
    GError **error;
    bool found;
} Fault;

static bool refuse_fault(const MigVfioPacket *at, const char *text, void *user)
{
    Fault *fault = user;
    const MigItem item = { .offset = at->packet, .channel = at->channel };

    fault->found = true;
    mig_next_refuse(fault->next, &item, fault->section, fault->error, "%s", text);
    return false;
}

/* Whether the @n packets are a whole set. */
static bool judge(MigNext *next, const MigItem *item, const MigVfioPacket *all, size_t n,
                  GError **error)
{
    Fault fault = { next, item->section, error, false };

    mig_vfio_packets_judge(all, n, refuse_fault, &fault);
    return !fault.found;
}

/* Bits of MigFold.written. */
enum { DATA_WRITTEN = 1, CONFIG_WRITTEN = 2 };

static uint8_t *written(MigFold *fold, const MigSection *section)
{
    guint old;

    if (!fold->written) {
        fold->written = g_byte_array_new();
    }
    old = fold->written->len;
    if (section->index >= old) {
        g_byte_array_set_size(fold->written, section->index + 1);
        memset(fold->written->data + old, 0, section->index + 1 - old);
    }
    return fold->written->data + section->index;
}

/* A device's state stands once in the result. */
static bool is_first(MigFold *fold, MigNext *next, const MigItem *item, uint8_t bit,
                     GError **error)
{
    uint8_t *bits = written(fold, item->section);

    if (*bits & bit) {
        return mig_next_refuse(
            next, item, item->section, error,
            "it has a second section for the state that other channels "
            "have");
    }
    *bits |= bit;
    return true;
}

static bool write_data(MigFold *fold, MigNext *next, const MigItem *like,
                       const MigVfioPacket *all, size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        if (!all[i].config && !emit_data(next, like, &all[i], error)) {
            return false;
        }
    }
    fold->data_written = true;
    return true;
}

/* In END: data, before what closes it. */
static bool put_end(MigFold *fold, MigNext *next, const MigItem *item,
                    const MigVfioPacket *all, size_t n, GError **error)
{
    if (item->vfio.flag != MIG_VFIO_END_OF_STATE) {
        return mig_next_refuse(next, item, item->section, error,
                               "its END section has state, and other channels have it");
    }
    return (fold->data_written || (is_first(fold, next, item, DATA_WRITTEN, error) &&
                                   judge(next, item, all, n, error) &&
                                   write_data(fold, next, item, all, n, error))) &&
           mig_next_emit(next, item, error);
}

/* In FULL: the configuration, which comes last, in place of what is there. */
static bool put_full(MigFold *fold, MigNext *next, const MigItem *item,
                     const MigVfioPacket *all, size_t n, GError **error)
{
    if (item->vfio.flag != MIG_VFIO_END_OF_STATE &&
        item->vfio.flag != MIG_VFIO_DEV_CONFIG_LOAD_READY) {
        return mig_next_refuse(next, item, item->section, error,
                               "its FULL section has a configuration, and so has another "
                               "channel");
    }
    if (fold->full_written) {
        return true;
    }
    fold->full_written = true;
    fold->n_devices++;
    if (n > 1 && !(*written(fold, item->section) & DATA_WRITTEN)) {
        return mig_next_refuse(next, item, item->section, error,
                               "it has no END section for the data that other channels "
                               "have");
    }
    return is_first(fold, next, item, CONFIG_WRITTEN, error) &&
           judge(next, item, all, n, error) &&
           emit_config(fold, next, item, &all[n - 1], error);
}

bool mig_fold_vfio(MigFold *fold, MigNext *next, const MigItem *item, GError **error)
{
    size_t n = 0;
    const MigVfioPacket *all =
        fold->packets ? mig_vfio_packets_of(fold->packets, item->section, &n) : NULL;

    if (n && item->type == MIG_SECTION_END) {
        return put_end(fold, next, item, all, n, error);
    }
    if (n && item->type == MIG_SECTION_FULL) {
        return put_full(fold, next, item, all, n, error);
    }
    if (item->vfio.flag == MIG_VFIO_DEV_CONFIG_LOAD_READY ||
        (item->type == MIG_SECTION_FULL && item->vfio.flag == MIG_VFIO_END_OF_STATE &&
         !item->vfio.closes_config)) {
        return mig_next_refuse(next, item, item->section, error,
                               "its configuration is on another channel, which is not "
                               "there");
    }
    return item->vfio.flag == MIG_VFIO_DEV_INIT_DATA_SENT
               ? mig_vfio_emit_end_of_state(next, item, false, error)
               : mig_next_emit(next, item, error);
}
