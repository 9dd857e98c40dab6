/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the layout of the state of a virtio device, of which the description has
 *                only the length.
 * Must not know: how it is shown; what a device class saves of its own, between the queues
 *                and the subsections.
 * See also:      device/virtio-layout.h; device/virtio.c; device/pci.c.
 *
 *   transport; virtio-pci: be32 version | configuration space, 256 or 4096 | 4 x be32 INTx |
 *                          [MSI-X table and pending bits | be16 config vector]
 *              virtio-mmio: be32 host_features_sel | be32 guest_features_sel |
 *                          be32 guest_page_shift
 *              virtio-ccw: subchannel | [its ORB] | 3 indicators, each be32 len, be64 addr |
 *                          be16 config vector | be64 ind_offset | [be32 summary_offset] |
 *                          u8 thinint_isc | be32 revision
 *   u8 status | u8 isr | be16 queue_sel | be32 features, low half | be32 n | n bytes of
 *   config | be32 queues; each be32 num | [be32 align, virtio-mmio] | be64 desc |
 *   be16 last_avail_idx | [be16 vector, virtio-pci with MSI-X, virtio-ccw]
 *   device class | subsections of "virtio"
 * What is optional in virtio-ccw are subsections.  Nothing marks where those of "virtio"
 * begin: it is where a chain of them leads exactly to the end.
 * Source: hw/virtio/virtio.c, virtio_save(), vmstate_virtio_*; hw/virtio/virtio-pci.c,
 * virtio_pci_save_config(), virtio_pci_save_queue(), vmstate_virtio_pci_modern_*;
 * hw/virtio/virtio-mmio.c, virtio_mmio_save_config(), vmstate_virtio_mmio_*;
 * hw/s390x/virtio-ccw.c, vmstate_virtio_ccw_dev; hw/s390x/css.c, vmstate_subch_dev,
 * vmstate_ind_addr; hw/intc/s390_flic.c, vmstate_adapter_info; hw/net/virtio-net.c,
 * vmstate_virtio_net_device; hw/virtio/virtio-balloon.c, vmstate_virtio_balloon_*; 5.2 to 11.1.
 */
#include "device/virtio-layout.h"

#include <glib.h>
#include <string.h>

#include "device/virtio.h"
#include "stream/pci-space.h"
#include "stream/wire.h"

#define QUEUES_MAX        1024u
#define RING_MAX          32768u
#define MMIO_LENGTH       12u
#define PCI_VENDOR_VIRTIO 0x1af4

#define PARTS(...)    \
    (const MigPart[]) \
    {                 \
        __VA_ARGS__,  \
        {             \
            0         \
        }             \
    }
#define GROUP(NAME, ...)                  \
    { MIG_PART_OPEN, NAME }, __VA_ARGS__, \
    {                                     \
        MIG_PART_CLOSE, NAME              \
    }

/* --- virtio-ccw -------------------------------------------------------------------------- */

#define CCW_ID_TYPE     109u /* offset of be16 cu_type in the subchannel */
#define CCW_ID_MODEL    111u /* offset of u8 cu_model, the type of the virtio device */
#define CCW_TYPE_VIRTIO 0x3832

const MigPart mig_virtio_ccw_subchannel[] = {
    { 1, "cssid" },
    { 1, "ssid" },
    { 2, "schid" },
    { 2, "devno" },
    { 1, "thinint_active" },
    GROUP("curr_status",
          GROUP("pmcw", { 4, "intparm" }, { 2, "flags" }, { 2, "devno" }, { 1, "lpm" },
                { 1, "pnom" }, { 1, "lpum" }, { 1, "pim" }, { 2, "mbi" }, { 1, "pom" },
                { 1, "pam" }, { MIG_PART_BYTES(8), "chpid" }, { 4, "chars" }),
          GROUP("scsw", { 2, "flags" }, { 2, "ctrl" }, { 4, "cpa" }, { 1, "dstat" },
                { 1, "cstat" }, { 2, "count" }),
          { 8, "mba" }, { MIG_PART_BYTES(4), "mda" }),
    { MIG_PART_BYTES(32), "sense_data" },
    { 8, "channel_prog" },
    GROUP("last_cmd", { 1, "cmd_code" }, { 1, "flags" }, { 2, "count" }, { 4, "cda" }),
    { 1, "last_cmd_valid" },
    GROUP("id", { 1, "reserved" }, { 2, "cu_type" }, { 1, "cu_model" }, { 2, "dev_type" },
          { 1, "dev_model" }, { 1, "unused" }, { MIG_PART_BYTES(248), "ciw" }),
    { 1, "ccw_fmt_1" },
    { 1, "ccw_no_data_cnt" },
    { 0 },
};
const MigPart mig_virtio_ccw_indicators[] = {
    GROUP("indicators", { 4, "len" }, { 8, "addr" }),
    GROUP("indicators2", { 4, "len" }, { 8, "addr" }),
    GROUP("summary_indicator", { 4, "len" }, { 8, "addr" }),
    { 2, "config_vector" },
    { 8, "ind_offset" },
    { 0 },
};
const MigPart mig_virtio_ccw_end[] = { { 1, "thinint_isc" }, { 4, "revision" }, { 0 } };

/* --- subsections ------------------------------------------------------------------------- */

static const MigVirtioSubsection known_subsections[] = {
    { "virtio/device_endian", PARTS({ 1, "device_endian" }), 0, NULL },
    { "virtio/128bit_features", PARTS({ 8, "guest_features_ex[1]" }), 0, NULL },
    { "virtio/64bit_features", PARTS({ 8, "guest_features" }), 0, NULL },
    { "virtio/virtqueues", NULL, QUEUES_MAX, PARTS({ 8, "avail" }, { 8, "used" }) },
    { "virtio/ringsize", NULL, QUEUES_MAX, PARTS({ 4, "num_default" }) },
    { "virtio/broken", PARTS({ 1, "broken" }), 0, NULL },
    { "virtio/started", PARTS({ 1, "started" }), 0, NULL },
    { "virtio/disabled", PARTS({ 1, "disabled" }), 0, NULL },
    { "virtio/extra_state", NULL, 0, NULL }, /* holds those of the transport */
    { "virtio/packed_virtqueues", NULL, QUEUES_MAX,
      PARTS({ 2, "last_avail_idx" }, { 1, "last_avail_wrap_counter" }, { 2, "used_idx" },
            { 1, "used_wrap_counter" }, { 4, "inuse" }) },
    { "virtio_pci/modern_state",
      PARTS({ 4, "dfselect" }, { 4, "gfselect" }, { 4, "guest_features[0]" },
            { 4, "guest_features[1]" }),
      QUEUES_MAX,
      PARTS({ 2, "num" }, { 1, "unused" }, { 1, "enabled" }, { 4, "desc[0]" },
            { 4, "desc[1]" }, { 4, "avail[0]" }, { 4, "avail[1]" }, { 4, "used[0]" },
            { 4, "used[1]" }) },
    { "virtio_pci/modern_state/features128",
      PARTS({ 4, "guest_features[2]" }, { 4, "guest_features[3]" }), 0, NULL },
    { "virtio_mmio/state", PARTS({ 4, "guest_features[0]" }, { 4, "guest_features[1]" }),
      QUEUES_MAX,
      PARTS({ 2, "num" }, { 1, "enabled" }, { 4, "desc[0]" }, { 4, "desc[1]" },
            { 4, "avail[0]" }, { 4, "avail[1]" }, { 4, "used[0]" }, { 4, "used[1]" }) },
    { "virtio-balloon-device/free-page-report",
      PARTS({ 4, "free_page_hint_cmd_id" }, { 4, "free_page_hint_status" }), 0, NULL },
    { "virtio-balloon-device/page-poison", PARTS({ 4, "poison_val" }), 0, NULL },
    { "vitio-balloon-device/page-poison", /* up to 6.1 */
      PARTS({ 4, "poison_val" }), 0, NULL },
    { MIG_VIRTIO_CCW_ORB,
      PARTS(GROUP("orb", { 4, "intparm" }, { 2, "ctrl0" }, { 1, "lpm" }, { 1, "ctrl1" },
                  { 4, "cpa" })),
      0, NULL },
    { MIG_VIRTIO_CCW_SUMMARY, PARTS({ 4, "summary_offset" }), 0, NULL },
};

uint32_t mig_virtio_parts_length(const MigPart *parts)
{
    uint32_t length = 0;

    for (; parts && parts->form; parts++) {
        length += mig_part_width(parts);
    }
    return length;
}

uint64_t mig_virtio_payload_length(const MigVirtioSubsection *s)
{
    return mig_virtio_parts_length(s->parts) +
           (uint64_t)s->count * mig_virtio_parts_length(s->queue);
}

const MigVirtioSubsection *mig_virtio_subsection_at(const uint8_t *p, uint64_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known_subsections); i++) {
        const MigVirtioSubsection *s = &known_subsections[i];
        size_t name = strlen(s->name);

        if (n >= MIG_SUBSECTION_OVERHEAD + name && p[0] == MIG_SUBSECTION &&
            p[1] == name && memcmp(p + 2, s->name, name) == 0 &&
            mig_be32(p + 2 + name) == 1) {
            return s;
        }
    }
    return NULL;
}

uint64_t mig_virtio_header_length(const MigVirtioSubsection *s)
{
    return MIG_SUBSECTION_OVERHEAD + strlen(s->name);
}

/* Where the known subsection at @at ends; 0: there is none, or not all of it. */
static uint64_t subsection_end(const uint8_t *p, uint64_t length, uint64_t at)
{
    const MigVirtioSubsection *s = mig_virtio_subsection_at(p + at, length - at);

    return s && mig_virtio_header_length(s) + mig_virtio_payload_length(s) <= length - at
               ? at + mig_virtio_header_length(s) + mig_virtio_payload_length(s)
               : 0;
}

static void set_bit(uint8_t *bits, uint64_t i)
{
    bits[i / 8] |= (uint8_t)(1u << i % 8);
}

/*
 * The first place from which known subsections lead to the end; a device that needs none has
 * none.  The search runs backwards, so that no chain is followed twice: @fits has a bit for
 * each place from which one leads to the end.
 */
static void find_subsections(const uint8_t *p, uint64_t length, MigVirtioLayout *l)
{
    g_autofree uint8_t *fits = g_malloc0(length / 8 + 1);
    const uint8_t *first = p + l->device_class, *found = p + length;

    l->subsections = length;
    set_bit(fits, length);
    while ((found = memrchr(first, MIG_SUBSECTION, (size_t)(found - first)))) {
        uint64_t at = (uint64_t)(found - p), end = subsection_end(p, length, at);

        if (end && (fits[end / 8] >> end % 8 & 1)) {
            set_bit(fits, at);
            l->subsections = at;
        }
    }
}

/* What follows the transport; false if it cannot be. */
static bool measure_common(const uint8_t *p, uint64_t length, MigVirtioLayout *l)
{
    uint64_t at = l->common + 8;

    if (length < at + 4) {
        return false;
    }
    l->config_length = mig_be32(p + at);
    l->config = at + 4;
    if (length - l->config < 4 || l->config_length > length - l->config - 4) {
        return false;
    }
    at = l->config + l->config_length;
    l->queues = mig_be32(p + at);
    l->queue = at + 4;
    l->queue_length = 4u + (l->has_align ? 4 : 0) + 8 + 2 + (l->has_vector ? 2 : 0);
    if (l->queues > QUEUES_MAX ||
        (uint64_t)l->queues * l->queue_length > length - l->queue) {
        return false;
    }
    for (uint32_t i = 0; i < l->queues; i++) {
        uint32_t num = mig_be32(p + l->queue + (uint64_t)i * l->queue_length);

        if (num == 0 || num > RING_MAX) {
            return false;
        }
    }
    l->device_class = l->queue + (uint64_t)l->queues * l->queue_length;
    find_subsections(p, length, l);
    return true;
}

static bool measure_pci(const uint8_t *p, uint64_t length, uint32_t space,
                        MigVirtioLayout *l)
{
    uint64_t intx = 4u + space;

    *l = (MigVirtioLayout){ .transport = MIG_VIRTIO_PCI, .space = space };
    if (length < intx + 16 || mig_be32(p) < 1 || mig_be32(p) > 2 ||
        mig_le16(p + 4) != PCI_VENDOR_VIRTIO) {
        return false;
    }
    for (unsigned pin = 0; pin < 4; pin++) {
        if (mig_be32(p + intx + 4 * pin) > 1) {
            return false;
        }
    }
    l->vectors = mig_pci_msix_entries(p + 4);
    l->common = intx + 16;
    l->has_vector = l->vectors > 0;
    if (l->vectors) {
        l->common += (uint64_t)l->vectors * MIG_PCI_MSIX_ENTRY_LENGTH +
                     mig_pci_msix_pending_length(l->vectors) + 2;
    }
    return measure_common(p, length, l);
}

uint64_t mig_virtio_optional_length(const uint8_t *p, uint64_t length, uint64_t at,
                                    const char *name)
{
    const MigVirtioSubsection *s =
        at < length ? mig_virtio_subsection_at(p + at, length - at) : NULL;

    return s && g_str_equal(s->name, name)
               ? mig_virtio_header_length(s) + mig_virtio_payload_length(s)
               : 0;
}

static bool measure_ccw(const uint8_t *p, uint64_t length, MigVirtioLayout *l)
{
    uint64_t at = mig_virtio_parts_length(mig_virtio_ccw_subchannel);

    *l = (MigVirtioLayout){ .transport = MIG_VIRTIO_CCW, .has_vector = true };
    if (length < at || mig_be16(p + CCW_ID_TYPE) != CCW_TYPE_VIRTIO) {
        return false;
    }
    at += mig_virtio_optional_length(p, length, at, MIG_VIRTIO_CCW_ORB);
    at += mig_virtio_parts_length(mig_virtio_ccw_indicators);
    at += mig_virtio_optional_length(p, length, at, MIG_VIRTIO_CCW_SUMMARY);
    l->common = at + mig_virtio_parts_length(mig_virtio_ccw_end);
    return measure_common(p, length, l);
}

/* Nothing in virtio-mmio's own confirms it: a known type of device or a chain of subsections
 * has to. */
static bool measure_mmio(const uint8_t *p, uint64_t length, uint16_t type,
                         MigVirtioLayout *l)
{
    *l = (MigVirtioLayout){ .transport = MIG_VIRTIO_MMIO,
                            .has_align = true,
                            .common = MMIO_LENGTH };
    return measure_common(p, length, l) && (type || l->subsections < length);
}

/* Whether the configuration space is the extended one, as that of each device on a PCIe port is,
 * and of no other: only these have the capability.  The bytes after the space may all be zero, and
 * then fit either length.
 * Source: hw/virtio/virtio-pci.c, virtio_pci_realize(); 5.2 to 11.1. */
static bool is_express(const uint8_t *p, uint64_t length)
{
    MigPciCapability capability = { 0 };

    while (length >= 4 + MIG_PCI_SPACE_LENGTH &&
           mig_pci_next_capability(p + 4, &capability)) {
        if (capability.id == MIG_PCI_CAPABILITY_EXPRESS) {
            return true;
        }
    }
    return false;
}

bool mig_virtio_measure(const uint8_t *p, uint64_t length, uint16_t named,
                        MigVirtioLayout *l, uint16_t *type)
{
    bool express = is_express(p, length);
    uint32_t likely = express ? MIG_PCI_SPACE_EXTENDED : MIG_PCI_SPACE_LENGTH;
    uint32_t other = express ? MIG_PCI_SPACE_LENGTH : MIG_PCI_SPACE_EXTENDED;

    *type = named;
    if (measure_pci(p, length, likely, l) || measure_pci(p, length, other, l)) {
        *type = mig_virtio_type_of_pci(mig_le16(p + 6));
        return true;
    }
    if (measure_ccw(p, length, l)) {
        *type = p[CCW_ID_MODEL];
        return true;
    }
    return measure_mmio(p, length, named, l);
}
