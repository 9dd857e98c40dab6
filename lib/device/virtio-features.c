/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          names of virtio device types and feature bits.
 * Must not know: where features are found.
 * See also:      device/virtio.c.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.3, chapters 5 and 6; Linux,
 * include/uapi/linux/virtio_*.h for the bits that came later.
 */
#include "device/virtio-property.h"
#include "device/virtio.h"

#include <glib.h>
#include <string.h>

typedef struct Feature {
    uint8_t bit;
    const char *name;
} Feature;

static const Feature common[] = {
    { 24, "NOTIFY_ON_EMPTY" },
    { 27, "ANY_LAYOUT" },
    { 28, "RING_INDIRECT_DESC" },
    { 29, "RING_EVENT_IDX" },
    { 30, "BAD_FEATURE" },
    { 32, "VERSION_1" },
    { 33, "ACCESS_PLATFORM" },
    { 34, "RING_PACKED" },
    { 35, "IN_ORDER" },
    { 36, "ORDER_PLATFORM" },
    { 37, "SR_IOV" },
    { 38, "NOTIFICATION_DATA" },
    { 39, "NOTIF_CONFIG_DATA" },
    { 40, "RING_RESET" },
    { 41, "ADMIN_VQ" },
    { 0, NULL },
};
static const Feature net[] = {
    { 0, "CSUM" },
    { 1, "GUEST_CSUM" },
    { 2, "CTRL_GUEST_OFFLOADS" },
    { 3, "MTU" },
    { 5, "MAC" },
    { 6, "GSO" },
    { 7, "GUEST_TSO4" },
    { 8, "GUEST_TSO6" },
    { 9, "GUEST_ECN" },
    { 10, "GUEST_UFO" },
    { 11, "HOST_TSO4" },
    { 12, "HOST_TSO6" },
    { 13, "HOST_ECN" },
    { 14, "HOST_UFO" },
    { 15, "MRG_RXBUF" },
    { 16, "STATUS" },
    { 17, "CTRL_VQ" },
    { 18, "CTRL_RX" },
    { 19, "CTRL_VLAN" },
    { 20, "CTRL_RX_EXTRA" },
    { 21, "GUEST_ANNOUNCE" },
    { 22, "MQ" },
    { 23, "CTRL_MAC_ADDR" },
    { 50, "DEVICE_STATS" },
    { 51, "HASH_TUNNEL" },
    { 52, "VQ_NOTF_COAL" },
    { 53, "NOTF_COAL" },
    { 54, "GUEST_USO4" },
    { 55, "GUEST_USO6" },
    { 56, "HOST_USO" },
    { 57, "HASH_REPORT" },
    { 59, "GUEST_HDRLEN" },
    { 60, "RSS" },
    { 61, "RSC_EXT" },
    { 62, "STANDBY" },
    { 63, "SPEED_DUPLEX" },
    { 65, "GUEST_UDP_TUNNEL_GSO" },
    { 66, "GUEST_UDP_TUNNEL_GSO_CSUM" },
    { 67, "HOST_UDP_TUNNEL_GSO" },
    { 68, "HOST_UDP_TUNNEL_GSO_CSUM" },
    { 0, NULL },
};
static const Feature block[] = {
    { 0, "BARRIER" },       { 1, "SIZE_MAX" },  { 2, "SEG_MAX" },
    { 4, "GEOMETRY" },      { 5, "RO" },        { 6, "BLK_SIZE" },
    { 7, "SCSI" },          { 9, "FLUSH" },     { 10, "TOPOLOGY" },
    { 11, "CONFIG_WCE" },   { 12, "MQ" },       { 13, "DISCARD" },
    { 14, "WRITE_ZEROES" }, { 15, "LIFETIME" }, { 16, "SECURE_ERASE" },
    { 17, "ZONED" },        { 0, NULL },
};
static const Feature console[] = {
    { 0, "SIZE" }, { 1, "MULTIPORT" }, { 2, "EMERG_WRITE" }, { 0, NULL }
};
static const Feature balloon[] = {
    { 0, "MUST_TELL_HOST" },
    { 1, "STATS_VQ" },
    { 2, "DEFLATE_ON_OOM" },
    { 3, "FREE_PAGE_HINT" },
    { 4, "PAGE_POISON" },
    { 5, "PAGE_REPORTING" },
    { 0, NULL },
};
static const Feature scsi[] = {
    { 0, "INOUT" }, { 1, "HOTPLUG" }, { 2, "CHANGE" }, { 3, "T10_PI" }, { 0, NULL }
};
static const Feature gpu[] = { { 0, "VIRGL" },         { 1, "EDID" },
                               { 2, "RESOURCE_UUID" }, { 3, "RESOURCE_BLOB" },
                               { 4, "CONTEXT_INIT" },  { 0, NULL } };
static const Feature socket[] = {
    { 0, "STREAM" }, { 1, "SEQPACKET" }, { 2, "NO_IMPLIED_STREAM" }, { 0, NULL }
};
static const Feature crypto[] = {
    { 0, "REVISION_1" },
    { 1, "CIPHER_STATELESS_MODE" },
    { 2, "HASH_STATELESS_MODE" },
    { 3, "MAC_STATELESS_MODE" },
    { 4, "AEAD_STATELESS_MODE" },
    { 5, "AKCIPHER_STATELESS_MODE" },
    { 0, NULL },
};
static const Feature iommu[] = {
    { 0, "INPUT_RANGE" }, { 1, "DOMAIN_RANGE" }, { 2, "MAP_UNMAP" },     { 3, "BYPASS" },
    { 4, "PROBE" },       { 5, "MMIO" },         { 6, "BYPASS_CONFIG" }, { 0, NULL },
};
static const Feature memory[] = { { 0, "ACPI_PXM" },
                                  { 1, "UNPLUGGED_INACCESSIBLE" },
                                  { 2, "PERSISTENT_SUSPEND" },
                                  { 0, NULL } };
static const Feature none[] = { { 0, NULL } };

static const Feature transport_9p[] = { { 0, "MOUNT_TAG" }, { 0, NULL } };
static const Feature sound[] = { { 0, "CTLS" }, { 0, NULL } };
static const Feature file_system[] = { { 0, "NOTIFICATION" }, { 0, NULL } };
static const Feature pmem[] = { { 0, "SHMEM_REGION" }, { 0, NULL } };

static const struct {
    uint16_t id;     /* VIRTIO 1.3, chapter 5 */
    uint16_t legacy; /* PCI device id of the transitional device; 0: has none */
    const char *name;
    const char *vmstate;
    const Feature *features;
} types[] = {
    { 1, 0x1000, "network card", "virtio-net", net },
    { 2, 0x1001, "block device", "virtio-blk", block },
    { 2, 0x1001, "block device", "vhost-user-blk", block },
    { 3, 0x1003, "console", "virtio-console", console },
    { 4, 0x1005, "entropy source", "virtio-rng", none },
    { 5, 0x1002, "traditional memory balloon", "virtio-balloon", balloon },
    { 8, 0x1004, "SCSI host", "virtio-scsi", scsi },
    { 8, 0x1004, "SCSI host", "virtio-vhost_scsi", scsi },
    { 9, 0x1009, "9P transport", "virtio-9p", transport_9p },
    { 16, 0, "GPU device", "virtio-gpu", gpu },
    { 18, 0, "input device", "virtio-input", none },
    { 19, 0, "socket device", "virtio-vhost_vsock", socket },
    { 20, 0, "crypto device", "virtio-crypto", crypto },
    { 23, 0, "IOMMU device", "virtio-iommu", iommu },
    { 24, 0, "memory device", "virtio-mem", memory },
    { 25, 0, "sound device", "virtio-sound", sound },
    { 26, 0, "file system device", "vhost-user-fs", file_system },
    { 27, 0, "PMEM device", "virtio-pmem", pmem },
};

#define PCI_DEVICE_MODERN 0x1040

uint16_t mig_virtio_type_of_pci(uint16_t device)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].legacy == device) {
            return types[i].id;
        }
    }
    return device > PCI_DEVICE_MODERN && device < PCI_DEVICE_MODERN + 64
               ? (uint16_t)(device - PCI_DEVICE_MODERN)
               : 0;
}

uint16_t mig_virtio_type_of_vmstate(const char *name)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(types); i++) {
        if (g_str_equal(types[i].vmstate, name)) {
            return types[i].id;
        }
    }
    return 0;
}

const char *mig_virtio_type_name(uint16_t type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].id == type) {
            return types[i].name;
        }
    }
    return NULL;
}

static const char *name_in(const Feature *features, unsigned bit)
{
    for (; features && features->name; features++) {
        if (features->bit == bit) {
            return features->name;
        }
    }
    return NULL;
}

const char *mig_virtio_feature_name(uint16_t type, unsigned bit)
{
    const Feature *own = NULL;
    const char *name = name_in(common, bit);

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        own = types[i].id == type ? types[i].features : own;
    }
    return name ? name : name_in(own, bit);
}

char *mig_virtio_feature_word(uint16_t type, unsigned bit)
{
    const char *name = mig_virtio_feature_name(type, bit);

    return name ? g_strdup(name) : g_strdup_printf("bit%u", bit);
}

/* Properties whose names are not the feature's in lower case.
 * Source: hw/virtio/virtio.h, DEFINE_VIRTIO_COMMON_FEATURES; hw/net/virtio-net.c,
 * hw/block/virtio-blk.c; 5.2 to 11.1. */
static const char *const properties[][2] = {
    { "VERSION_1", "disable-modern" },
    { "ACCESS_PLATFORM", "iommu_platform" },
    { "RING_PACKED", "packed" },
    { "RING_INDIRECT_DESC", "indirect_desc" },
    { "RING_EVENT_IDX", "event_idx" },
    { "RING_RESET", "queue_reset" },
    { "MTU", "host_mtu" },
    { "RSC_EXT", "guest_rsc_ext" },
    { "HASH_REPORT", "hash" },
    { "WRITE_ZEROES", "write-zeroes" },
    { "CONFIG_WCE", "config-wce" },
    { "SPEED_DUPLEX", "speed" },
};

const char *mig_virtio_feature_property(const char *feature)
{
    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++) {
        if (g_str_equal(properties[i][0], feature)) {
            return properties[i][1];
        }
    }
    return NULL;
}

int mig_virtio_feature_of_property(uint16_t type, const char *property)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name = mig_virtio_feature_name(type, bit);
        const char *own = name ? mig_virtio_feature_property(name) : NULL;

        if (name && (own ? strcmp(own, property) == 0
                         : g_ascii_strcasecmp(name, property) == 0)) {
            return (int)bit;
        }
    }
    return -1;
}
