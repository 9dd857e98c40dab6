/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the fields of device configuration, by device type.
 * Must not know: how much of them a device has, and in which byte order.
 * See also:      device/virtio.c, which shows as many as there are bytes.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.3, chapter 5, "Device configuration layout".
 */
#include "device/virtio-parts.h"

#include <glib.h>

static const MigPart net[] = {
    { MIG_PART_BYTES(6), "mac" },
    { 2, "status" },
    { 2, "max_virtqueue_pairs" },
    { 2, "mtu" },
    { 4, "speed" },
    { 1, "duplex" },
    { 1, "rss_max_key_size" },
    { 2, "rss_max_indirection_table_length" },
    { 4, "supported_hash_types" },
    { 4, "supported_tunnel_types" },
    { 0 },
};
static const MigPart block[] = {
    { 8, "capacity" },
    { 4, "size_max" },
    { 4, "seg_max" },
    { 2, "geometry.cylinders" },
    { 1, "geometry.heads" },
    { 1, "geometry.sectors" },
    { 4, "blk_size" },
    { 1, "topology.physical_block_exp" },
    { 1, "topology.alignment_offset" },
    { 2, "topology.min_io_size" },
    { 4, "topology.opt_io_size" },
    { 1, "writeback" },
    { 1, "unused0" },
    { 2, "num_queues" },
    { 4, "max_discard_sectors" },
    { 4, "max_discard_seg" },
    { 4, "discard_sector_alignment" },
    { 4, "max_write_zeroes_sectors" },
    { 4, "max_write_zeroes_seg" },
    { 1, "write_zeroes_may_unmap" },
    { MIG_PART_BYTES(3), "unused1" },
    { 4, "max_secure_erase_sectors" },
    { 4, "max_secure_erase_seg" },
    { 4, "secure_erase_sector_alignment" },
    { 4, "zoned.zone_sectors" },
    { 4, "zoned.max_open_zones" },
    { 4, "zoned.max_active_zones" },
    { 4, "zoned.max_append_sectors" },
    { 4, "zoned.write_granularity" },
    { 1, "zoned.model" },
    { MIG_PART_BYTES(3), "zoned.unused2" },
    { 0 },
};
static const MigPart console[] = {
    { 2, "cols" }, { 2, "rows" }, { 4, "max_nr_ports" }, { 4, "emerg_wr" }, { 0 },
};
static const MigPart balloon[] = {
    { 4, "num_pages" },  { 4, "actual" }, { 4, "free_page_hint_cmd_id" },
    { 4, "poison_val" }, { 0 },
};
static const MigPart scsi[] = {
    { 4, "num_queues" },
    { 4, "seg_max" },
    { 4, "max_sectors" },
    { 4, "cmd_per_lun" },
    { 4, "event_info_size" },
    { 4, "sense_size" },
    { 4, "cdb_size" },
    { 2, "max_channel" },
    { 2, "max_target" },
    { 4, "max_lun" },
    { 0 },
};
static const MigPart transport_9p[] = { { 2, "tag_len" }, { 0 } };
static const MigPart gpu[] = {
    { 4, "events_read" },
    { 4, "events_clear" },
    { 4, "num_scanouts" },
    { 4, "num_capsets" },
    { 0 },
};
static const MigPart input[] = {
    { 1, "select" },
    { 1, "subsel" },
    { 1, "size" },
    { MIG_PART_BYTES(5), "reserved" },
    { MIG_PART_BYTES(128), "u" },
    { 0 },
};
static const MigPart socket[] = { { 8, "guest_cid" }, { 0 } };
static const MigPart crypto[] = {
    { 4, "status" },           { 4, "max_dataqueues" },
    { 4, "crypto_services" },  { 4, "cipher_algo_l" },
    { 4, "cipher_algo_h" },    { 4, "hash_algo" },
    { 4, "mac_algo_l" },       { 4, "mac_algo_h" },
    { 4, "aead_algo" },        { 4, "max_cipher_key_len" },
    { 4, "max_auth_key_len" }, { 4, "akcipher_algo" },
    { 8, "max_size" },         { 0 },
};
static const MigPart iommu[] = {
    { 8, "page_size_mask" },
    { 8, "input_range.start" },
    { 8, "input_range.end" },
    { 4, "domain_range.start" },
    { 4, "domain_range.end" },
    { 4, "probe_size" },
    { 1, "bypass" },
    { MIG_PART_BYTES(3), "reserved" },
    { 0 },
};
static const MigPart memory[] = {
    { 8, "block_size" },   { 2, "node_id" },        { MIG_PART_BYTES(6), "padding" },
    { 8, "addr" },         { 8, "region_size" },    { 8, "usable_region_size" },
    { 8, "plugged_size" }, { 8, "requested_size" }, { 0 },
};
static const MigPart sound[] = {
    { 4, "jacks" }, { 4, "streams" }, { 4, "chmaps" }, { 4, "controls" }, { 0 },
};
static const MigPart file_system[] = {
    { MIG_PART_BYTES(36), "tag" },
    { 4, "num_request_queues" },
    { 4, "notify_buf_size" },
    { 0 },
};
static const MigPart pmem[] = { { 8, "start" }, { 8, "size" }, { 0 } };

/* hw/virtio/virtio-balloon.c, hw/display/virtio-gpu-base.c, hw/input/virtio-input.c,
 * hw/virtio/virtio-crypto.c, virtio-iommu.c, virtio-mem.c write little-endian themselves; the
 * others through virtio_stl_p() and its like; 10.2. */
static const struct {
    uint16_t type;
    bool little;
    const MigPart *parts;
} configs[] = {
    { 1, false, net },    { 2, false, block },        { 3, false, console },
    { 5, true, balloon }, { 8, false, scsi },         { 9, false, transport_9p },
    { 16, true, gpu },    { 18, true, input },        { 19, false, socket },
    { 20, true, crypto }, { 23, true, iommu },        { 24, true, memory },
    { 25, false, sound }, { 26, false, file_system }, { 27, false, pmem },
};

const MigPart *mig_virtio_config_parts(uint16_t type, bool *little)
{
    *little = false;
    for (size_t i = 0; i < G_N_ELEMENTS(configs); i++) {
        if (configs[i].type == type) {
            *little = configs[i].little;
            return configs[i].parts;
        }
    }
    return NULL;
}
