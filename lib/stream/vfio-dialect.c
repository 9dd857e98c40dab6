/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see vfio-dialect.h.
 * Must not know: bytes; it watches items.
 * See also:      stream/vfio.c.
 */
#include "stream/vfio-dialect.h"
#include "stream/vfio-watch.h"

static const char *const names[] = {
    [MIG_VFIO_DIALECT_NONE] = "none",
    [MIG_VFIO_DIALECT_CONFIG_FIRST] = "config-first",
    [MIG_VFIO_DIALECT_CONFIG_LAST] = "config-last",
    [MIG_VFIO_DIALECT_SUBFLAG] = "subflag",
    [MIG_VFIO_DIALECT_MULTIFD] = "multifd",
};

const char *mig_vfio_dialect_name(MigVfioDialect dialect)
{
    g_return_val_if_fail((unsigned)dialect < G_N_ELEMENTS(names), "");
    return names[dialect];
}

void mig_vfio_device_init(MigVfioDevice *device, const MigSection *section)
{
    *device = (MigVfioDevice){
        .section = section,
        .first_data = UINT64_MAX,
        .first_stop_copy = UINT64_MAX,
        .config = UINT64_MAX,
        .enable = UINT64_MAX,
    };
}

static void watch_data(MigVfioDevice *device, const MigItem *item)
{
    uint64_t size = item->vfio.payload_length;

    if (item->type == MIG_SECTION_PART) {
        device->precopy_bytes += size;
        device->precopy_records++;
    } else if (item->type == MIG_SECTION_END) {
        device->stop_copy_bytes += size;
        device->stop_copy_records++;
    } else {
        device->other_bytes += size;
    }
    if (size == 0) {
        return; /* the v1 protocol's "nothing pending" */
    }
    device->first_data = MIN(device->first_data, item->offset);
    if (item->type == MIG_SECTION_END) {
        device->first_stop_copy = MIN(device->first_stop_copy, item->offset);
    }
}

static void watch_config(MigVfioDevice *device, const MigItem *item)
{
    const MigVfioRecord *record = &item->vfio;
    bool enables =
        !record->has_subflags || (record->subflags & MIG_VFIO_SUBFLAG_ENABLE_IRQ) != 0;

    device->subflags |= record->has_subflags;
    device->plain_config |= !record->has_subflags;
    if (record->has_payload) {
        device->config_records++;
        if (device->config == UINT64_MAX) {
            device->config = item->offset;
            device->config_type = item->type;
        }
    }
    if (enables && device->enable == UINT64_MAX) {
        device->enable = item->offset;
        device->enable_type = item->type;
    }
}

static MigVfioDialect judge(const MigVfioDevice *device)
{
    if (device->on_channels) {
        return MIG_VFIO_DIALECT_MULTIFD;
    }
    if (device->subflags) {
        return MIG_VFIO_DIALECT_SUBFLAG;
    }
    if (device->plain_config) {
        return device->enable_type == MIG_SECTION_FULL ? MIG_VFIO_DIALECT_CONFIG_LAST
                                                       : MIG_VFIO_DIALECT_CONFIG_FIRST;
    }
    if (device->config_load_ready || (device->full && device->stop_copy_records == 0)) {
        return MIG_VFIO_DIALECT_MULTIFD;
    }
    return MIG_VFIO_DIALECT_NONE;
}

/* Offsets of other channels say nothing of the order on the main one. */
static void watch_packet(MigVfioDevice *device, const MigItem *item)
{
    const MigVfioRecord *record = &item->multifd_device.record;

    device->on_channels = true;
    if (record->has_payload && !device->packet_channel) {
        device->packet_channel = item->channel;
        device->packet_config = item->offset;
    } else if (record->flag == MIG_VFIO_DEV_DATA_STATE) {
        device->stop_copy_bytes += record->payload_length;
        device->stop_copy_records++;
    }
}

void mig_vfio_device_watch(MigVfioDevice *device, const MigItem *item)
{
    if (item->kind == MIG_ITEM_SECTION_HEADER) {
        device->full |= item->type == MIG_SECTION_FULL;
    } else if (item->kind == MIG_ITEM_VFIO_RECORD && item->piece == 0) {
        switch (item->vfio.flag) {
        case MIG_VFIO_DEV_DATA_STATE:
            watch_data(device, item);
            break;
        case MIG_VFIO_DEV_CONFIG_STATE:
            watch_config(device, item);
            break;
        case MIG_VFIO_DEV_CONFIG_LOAD_READY:
            device->config_load_ready = true;
            break;
        }
    }
    if (item->kind == MIG_ITEM_MULTIFD_DEVICE && item->piece == 0) {
        watch_packet(device, item);
    }
    device->dialect = judge(device);
}
