/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          names of virtio device types and feature bits, and what switches these.
 * Must not know: where features are found.
 * See also:      device/virtio.c.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.3, chapters 5 and 6; Linux,
 * include/uapi/linux/virtio_*.h for the bits that came later.  Source of properties: what
 * "-device DEVICE,help" of QEMU 7.2 and 11.1 lists; which bit each is about and what is offered
 * without one: hw/virtio, hw/net/virtio-net.c, hw/block/virtio-blk.c (SCSI: virtio_blk_get_features()),
 * hw/scsi, 5.2 to 11.1.
 */
#include "device/virtio-property.h"
#include "device/virtio.h"

#include <glib.h>
#include <string.h>

/* Where QEMU has a property for it, @property; it takes on and off, unless @off and @on say
 * otherwise; "" where no one value does that.  @of: only the device with that state has it. */
typedef struct Feature {
    uint8_t bit;
    const char *name, *property, *decides, *off, *on, *of;
} Feature;

/* What decides over features without a property. */
#define ALWAYS \
    "is always offered by QEMU's own device; a vhost back-end decides by itself"
#define BACKEND "is never offered by QEMU's own device: a vhost or vDPA back-end decides"

static const Feature common[] = {
    { 24, "NOTIFY_ON_EMPTY", .property = "notify_on_empty" },
    { 27, "ANY_LAYOUT", .property = "any_layout" },
    { 28, "RING_INDIRECT_DESC", .property = "indirect_desc" },
    { 29, "RING_EVENT_IDX", .property = "event_idx" },
    { 30, "BAD_FEATURE", .decides = "is offered to faulty drivers of legacy devices" },
    { 32, "VERSION_1", .property = "disable-modern", .off = "on", .on = "off" },
    { 33, "ACCESS_PLATFORM", .property = "iommu_platform" },
    { 34, "RING_PACKED", .property = "packed" },
    { 35, "IN_ORDER", .property = "in_order" },
    { 36, "ORDER_PLATFORM", .decides = BACKEND },
    { 37, "SR_IOV",
      .decides = "is offered where other functions name the device with sriov-pf=" },
    { 38, "NOTIFICATION_DATA", .decides = BACKEND },
    { 39, "NOTIF_CONFIG_DATA", .decides = BACKEND },
    { 40, "RING_RESET", .property = "queue_reset" },
    { 41, "ADMIN_VQ", .decides = BACKEND },
    { 0 },
};
static const Feature net[] = {
    { 0, "CSUM", .property = "csum" },
    { 1, "GUEST_CSUM", .property = "guest_csum" },
    { 2, "CTRL_GUEST_OFFLOADS", .property = "ctrl_guest_offloads" },
    { 3, "MTU", .property = "host_mtu",
      .decides = "is offered where host_mtu= has a number", .off = "0", .on = "" },
    { 5, "MAC", .decides = ALWAYS },
    { 6, "GSO", .property = "gso" },
    { 7, "GUEST_TSO4", .property = "guest_tso4" },
    { 8, "GUEST_TSO6", .property = "guest_tso6" },
    { 9, "GUEST_ECN", .property = "guest_ecn" },
    { 10, "GUEST_UFO", .property = "guest_ufo" },
    { 11, "HOST_TSO4", .property = "host_tso4" },
    { 12, "HOST_TSO6", .property = "host_tso6" },
    { 13, "HOST_ECN", .property = "host_ecn" },
    { 14, "HOST_UFO", .property = "host_ufo" },
    { 15, "MRG_RXBUF", .property = "mrg_rxbuf" },
    { 16, "STATUS", .property = "status" },
    { 17, "CTRL_VQ", .property = "ctrl_vq" },
    { 18, "CTRL_RX", .property = "ctrl_rx" },
    { 19, "CTRL_VLAN", .property = "ctrl_vlan" },
    { 20, "CTRL_RX_EXTRA", .property = "ctrl_rx_extra" },
    { 21, "GUEST_ANNOUNCE", .property = "guest_announce" },
    { 22, "MQ", .property = "mq" },
    { 23, "CTRL_MAC_ADDR", .property = "ctrl_mac_addr" },
    { 50, "DEVICE_STATS", .decides = BACKEND },
    { 51, "HASH_TUNNEL", .decides = BACKEND },
    { 52, "VQ_NOTF_COAL", .decides = BACKEND },
    { 53, "NOTF_COAL", .decides = BACKEND },
    { 54, "GUEST_USO4", .property = "guest_uso4" },
    { 55, "GUEST_USO6", .property = "guest_uso6" },
    { 56, "HOST_USO", .property = "host_uso" },
    { 57, "HASH_REPORT", .property = "hash" },
    { 59, "GUEST_HDRLEN", .decides = BACKEND },
    { 60, "RSS", .property = "rss" },
    { 61, "RSC_EXT", .property = "guest_rsc_ext" },
    { 62, "STANDBY", .property = "failover" },
    { 63, "SPEED_DUPLEX", .property = "speed",
      .decides = "is offered where speed= or duplex= is given", .off = "-1", .on = "" },
    { 65, "GUEST_UDP_TUNNEL_GSO", .property = "guest_tunnel" },
    { 66, "GUEST_UDP_TUNNEL_GSO_CSUM", .property = "guest_tunnel_csum" },
    { 67, "HOST_UDP_TUNNEL_GSO", .property = "host_tunnel" },
    { 68, "HOST_UDP_TUNNEL_GSO_CSUM", .property = "host_tunnel_csum" },
    { 0 },
};
static const Feature block[] = {
    { 0, "BARRIER", .decides = BACKEND },
    { 1, "SIZE_MAX", .decides = BACKEND },
    { 2, "SEG_MAX", .decides = ALWAYS },
    { 4, "GEOMETRY", .decides = ALWAYS },
    { 5, "RO",
      .decides = "is offered where the drive is read-only (read-only= of -blockdev, "
                 "readonly= of -drive)" },
    { 6, "BLK_SIZE", .decides = ALWAYS },
    { 7, "SCSI",
      .decides = "is offered by devices without virtio 1.0 (disable-modern=on), whatever "
                 "scsi= says" },
    { 9, "FLUSH",
      .decides = "is offered where the drive has a write cache (write-cache=) or "
                 "config-wce= is on" },
    { 10, "TOPOLOGY", .decides = ALWAYS },
    { 11, "CONFIG_WCE", .property = "config-wce" },
    { 12, "MQ", .property = "num-queues",
      .decides = "is offered where num-queues= is more than 1", .off = "1", .on = "" },
    { 13, "DISCARD", .property = "discard" },
    { 14, "WRITE_ZEROES", .property = "write-zeroes" },
    { 15, "LIFETIME", .decides = BACKEND },
    { 16, "SECURE_ERASE", .decides = BACKEND },
    { 17, "ZONED", .decides = "is offered where the drive is a zoned disk of the host" },
    { 0 },
};
static const Feature console[] = {
    { 0, "SIZE", .decides = BACKEND },
    { 1, "MULTIPORT", .property = "max_ports",
      .decides = "is offered where max_ports= is more than 1", .off = "1", .on = "" },
    { 2, "EMERG_WRITE", .property = "emergency-write",
      .decides = "is always offered by 11.1, which has no such property" },
    { 0 },
};
static const Feature balloon[] = {
    { 0, "MUST_TELL_HOST", .decides = BACKEND },
    { 1, "STATS_VQ", .decides = ALWAYS },
    { 2, "DEFLATE_ON_OOM", .property = "deflate-on-oom" },
    { 3, "FREE_PAGE_HINT", .property = "free-page-hint" },
    { 4, "PAGE_POISON", .property = "page-poison" },
    { 5, "PAGE_REPORTING", .property = "free-page-reporting" },
    { 0 },
};
static const Feature scsi[] = {
    { 0, "INOUT", .decides = BACKEND },
    { 1, "HOTPLUG", .property = "hotplug" },
    { 2, "CHANGE", .property = "param_change",
      .decides = "is offered by virtio-scsi and vhost-user-scsi with param_change=on",
      .of = "virtio-scsi" },
    { 3, "T10_PI", .property = "t10_pi",
      .decides = "is offered by vhost-scsi and vhost-user-scsi with t10_pi=on",
      .of = "virtio-vhost_scsi" },
    { 0 },
};
static const Feature gpu[] = {
    { 0, "VIRGL",
      .decides = "is offered by virtio-gpu-gl and not by virtio-gpu; up to "
                 "6.0 by virtio-gpu with virgl=on" },
    { 1, "EDID", .property = "edid" },
    { 2, "RESOURCE_UUID", .decides = BACKEND },
    { 3, "RESOURCE_BLOB", .property = "blob" },
    { 4, "CONTEXT_INIT",
      .decides = "is offered by virtio-gpu-rutabaga, and by virtio-gpu-gl with a "
                 "virglrenderer of 1.0 or newer" },
    { 0 },
};
static const Feature socket[] = {
    { 0, "STREAM", .decides = BACKEND },
    { 1, "SEQPACKET", .property = "seqpacket" },
    { 2, "NO_IMPLIED_STREAM", .decides = BACKEND },
    { 0 },
};
#define CRYPTO "follows the cryptodev back-end"
static const Feature crypto[] = {
    { 0, "REVISION_1", .decides = CRYPTO },
    { 1, "CIPHER_STATELESS_MODE", .decides = CRYPTO },
    { 2, "HASH_STATELESS_MODE", .decides = CRYPTO },
    { 3, "MAC_STATELESS_MODE", .decides = CRYPTO },
    { 4, "AEAD_STATELESS_MODE", .decides = CRYPTO },
    { 5, "AKCIPHER_STATELESS_MODE", .decides = CRYPTO },
    { 0 },
};
static const Feature iommu[] = {
    { 0, "INPUT_RANGE", .decides = ALWAYS },
    { 1, "DOMAIN_RANGE", .decides = ALWAYS },
    { 2, "MAP_UNMAP", .decides = ALWAYS },
    { 3, "BYPASS", .decides = "is offered by QEMU up to 6.2" },
    { 4, "PROBE", .decides = ALWAYS },
    { 5, "MMIO", .decides = ALWAYS },
    { 6, "BYPASS_CONFIG", .decides = "is offered by QEMU from 7.0 on" },
    { 0 },
};
static const Feature memory[] = {
    { 0, "ACPI_PXM", .decides = "is offered where the machine has ACPI and NUMA nodes" },
    { 1, "UNPLUGGED_INACCESSIBLE", .property = "unplugged-inaccessible" },
    { 2, "PERSISTENT_SUSPEND",
      .decides = "is offered by newer releases where the machine can be suspended" },
    { 0 },
};
static const Feature none[] = { { 0 } };
/* What devices without a legacy form have in place of the common ones. */
static const Feature modern[] = { { 32, "VERSION_1", .decides = ALWAYS }, { 0 } };

static const Feature transport_9p[] = { { 0, "MOUNT_TAG", .decides = ALWAYS }, { 0 } };
static const Feature sound[] = { { 0, "CTLS", .decides = BACKEND }, { 0 } };
static const Feature file_system[] = { { 0, "NOTIFICATION", .decides = BACKEND }, { 0 } };
static const Feature pmem[] = { { 0, "SHMEM_REGION", .decides = BACKEND }, { 0 } };

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

static const Feature *feature_in(const Feature *features, unsigned bit)
{
    for (; features && features->name; features++) {
        if (features->bit == bit) {
            return features;
        }
    }
    return NULL;
}

static const Feature *feature_of(uint16_t type, unsigned bit)
{
    const Feature *feature = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(types) && !feature; i++) {
        if (types[i].id == type) {
            feature = feature_in(types[i].features, bit);
            feature = feature || types[i].legacy ? feature : feature_in(modern, bit);
        }
    }
    return feature ? feature : feature_in(common, bit);
}

const char *mig_virtio_feature_name(uint16_t type, unsigned bit)
{
    const Feature *feature = feature_of(type, bit);

    return feature ? feature->name : NULL;
}

char *mig_virtio_feature_word(uint16_t type, unsigned bit)
{
    const char *name = mig_virtio_feature_name(type, bit);

    return name ? g_strdup(name) : g_strdup_printf("bit%u", bit);
}

char *mig_virtio_feature_option(uint16_t type, const char *vmstate, unsigned bit, bool on)
{
    const Feature *feature = feature_of(type, bit);
    const char *value;

    if (!feature || !feature->property ||
        (feature->of && g_strcmp0(feature->of, vmstate) != 0)) {
        return NULL;
    }
    value = on ? feature->on : feature->off;
    value = value ? value : on ? "on" : "off";
    return *value ? g_strdup_printf("%s=%s", feature->property, value) : NULL;
}

const char *mig_virtio_feature_decides(uint16_t type, unsigned bit)
{
    const Feature *feature = feature_of(type, bit);

    return feature ? feature->decides : NULL;
}

int mig_virtio_feature_of_property(uint16_t type, const char *property)
{
    for (unsigned bit = 0; bit < MIG_VIRTIO_FEATURES; bit++) {
        const Feature *feature = feature_of(type, bit);

        if (feature && !feature->off && g_strcmp0(feature->property, property) == 0) {
            return (int)bit;
        }
    }
    return -1;
}
