/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          packets of device state.
 * Must not know: what comes before and after one.
 * See also:      channel.c; vfio-packets.c, which puts them together.
 */
#include "stream/channel-private.h"

#include "stream/multifd.h"
#include "stream/reader-private.h"
#include "stream/section-find.h"
#include "stream/vfio-payload.h"

#define FLAG 8u /* be64 */

/* Bytes of the data that are looked at: a configuration record and what is around it. */
#define LOOK (MIG_MULTIFD_VFIO_HEADER_LENGTH + FLAG + MIG_VFIO_PAYLOAD_MAX + FLAG)

/* DEV_CONFIG_STATE, the payload and END_OF_STATE, and nothing else. */
static void find_config(MigMultifdDevice *device, const uint8_t *p, size_t n)
{
    MigVfioRecord *record = &device->record;
    MigVfioPayload payload;

    if (n < 2 * FLAG || mig_be64(p) != MIG_VFIO_DEV_CONFIG_STATE ||
        mig_be64(p + n - FLAG) != MIG_VFIO_END_OF_STATE ||
        !mig_vfio_payload_parse_whole(p + FLAG, n - 2 * FLAG, &payload)) {
        return;
    }
    record->flag = MIG_VFIO_DEV_CONFIG_STATE;
    record->payload_offset += FLAG;
    mig_vfio_record_set_payload(record, &payload, p + FLAG);
}

/* @p: the data of a VFIO device, of which @n bytes are looked at. */
static void find_record(MigMultifdDevice *device, const uint8_t *p, size_t n)
{
    const uint32_t header = MIG_MULTIFD_VFIO_HEADER_LENGTH;

    if (n < header || device->vfio_version != 0) {
        return;
    }
    device->record.payload_offset = MIG_MULTIFD_DEVICE_HEADER_LENGTH + header;
    if (device->vfio_flags & MIG_MULTIFD_VFIO_CONFIG) {
        if (n == device->data_length) {
            find_config(device, p + header, n - header);
        }
        return;
    }
    device->record.flag = MIG_VFIO_DEV_DATA_STATE;
    device->record.payload_length = device->data_length - header;
}

MigStatus mig_channel_read_device(MigChannel *c, MigReader *r, MigItem *item,
                                  GError **error)
{
    MigMultifdDevice *device = &item->multifd_device;
    const uint8_t *p = mig_channel_need(c, MIG_MULTIFD_DEVICE_HEADER_LENGTH,
                                        MIG_ITEM_MULTIFD_DEVICE, error);
    const char *idstr;
    uint8_t n;
    size_t found;

    if (!p) {
        return MIG_STATUS_ERROR;
    }
    mig_multifd_device_decode(p, 0, device);
    idstr = mig_multifd_device_idstr(p, &n);
    if (!idstr) {
        return mig_channel_malformed(c, error,
                                     "a packet of device state that names no device");
    }
    if (mig_multifd_flags(p) != MIG_MULTIFD_DEVICE_STATE) {
        return mig_channel_malformed(c, error, "a packet of device state with flags 0x%x",
                                     mig_multifd_flags(p));
    }
    if (!device->data_length) {
        return mig_channel_malformed(c, error, "a packet of device state without data");
    }
    item->section = mig_reader_find_section(r, idstr, n, device->instance_id);
    p = mig_input_peek(
        c->in, MIG_MULTIFD_DEVICE_HEADER_LENGTH + MIN(device->data_length, LOOK), &found);
    found = MIN(found - MIG_MULTIFD_DEVICE_HEADER_LENGTH, device->data_length);
    mig_multifd_device_decode(p, found, device);
    if (item->section && mig_section_is_vfio(item->section)) {
        find_record(device, p + MIG_MULTIFD_DEVICE_HEADER_LENGTH, found);
        item->type = device->vfio_flags & MIG_MULTIFD_VFIO_CONFIG ? MIG_SECTION_FULL
                                                                  : MIG_SECTION_END;
    }
    item->kind = MIG_ITEM_MULTIFD_DEVICE;
    item->length = MIG_MULTIFD_DEVICE_HEADER_LENGTH + (uint64_t)device->data_length;
    return MIG_STATUS_MORE;
}
