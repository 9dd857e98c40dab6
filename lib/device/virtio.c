/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      the state of a virtio device, of which the description has only the length.
 * Knows not: what a device class saves of its own, between the queues and the subsections.
 * Beside it: device/virtio-features.c; device/pci.c.
 *
 *   transport; virtio-pci: be32 version | configuration space, 256 or 4096 | 4 x be32 INTx |
 *                          [MSI-X table and pending bits | be16 config vector]
 *              virtio-mmio: be32 host_features_sel | be32 guest_features_sel |
 *                          be32 guest_page_shift
 *   u8 status | u8 isr | be16 queue_sel | be32 features, low half | be32 n | n octets of
 *   config | be32 queues; each be32 num | [be32 align, not virtio-pci] | be64 desc |
 *   be16 last_avail_idx | [be16 vector, virtio-pci with MSI-X]
 *   device class | subsections of "virtio"
 * Nothing marks where the subsections begin: it is where a chain of them leads exactly to the
 * end.
 * Source: hw/virtio/virtio.c, virtio_save(), vmstate_virtio_*; hw/virtio/virtio-pci.c,
 * virtio_pci_save_config(), virtio_pci_save_queue(), vmstate_virtio_pci_modern_*;
 * hw/virtio/virtio-mmio.c, virtio_mmio_save_config(); 5.2 to 10.2.
 */
#include "device/virtio.h"

#include <string.h>

#include "device/special.h"
#include "stream/wire.h"

#define QUEUES_MAX        1024u
#define RING_MAX          32768u
#define MMIO_LENGTH       12u
#define PCI_VENDOR_VIRTIO 0x1af4
#define NO_VECTOR         0xffff

typedef enum Transport { TRANSPORT_PCI, TRANSPORT_MMIO } Transport;

/* Where things stand, from the start of the field. */
typedef struct Layout {
    Transport transport;
    uint32_t space;   /* octets of configuration space */
    uint32_t vectors; /* entries of the MSI-X table */
    uint64_t common;  /* of u8 status */
    uint32_t config_length;
    uint64_t config;
    uint32_t queues;
    uint64_t queue; /* of the first one */
    uint32_t queue_length;
    uint64_t device_class;
    uint64_t subsections;
} Layout;

typedef struct Part {
    uint8_t width; /* octets, big-endian; 0 closes */
    const char *name;
} Part;

/* The subsections: @count entries of @parts; 0 entries: subsections only. */
static const struct Subsection {
    const char *name;
    uint32_t count;
    Part parts[8];
    uint32_t extra_count; /* entries of a second array, a queue each */
    Part extra[12];
} known_subsections[] = {
    { "virtio/device_endian", 1, { { 1, "device_endian" } }, 0, { { 0 } } },
    { "virtio/64bit_features", 1, { { 8, "guest_features" } }, 0, { { 0 } } },
    { "virtio/virtqueues", 0, { { 0 } }, QUEUES_MAX, { { 8, "avail" }, { 8, "used" } } },
    { "virtio/ringsize", 0, { { 0 } }, QUEUES_MAX, { { 4, "num_default" } } },
    { "virtio/broken", 1, { { 1, "broken" } }, 0, { { 0 } } },
    { "virtio/started", 1, { { 1, "started" } }, 0, { { 0 } } },
    { "virtio/disabled", 1, { { 1, "disabled" } }, 0, { { 0 } } },
    { "virtio/extra_state", 0, { { 0 } }, 0, { { 0 } } },
    { "virtio/packed_virtqueues",
      0,
      { { 0 } },
      QUEUES_MAX,
      { { 2, "last_avail_idx" },
        { 1, "last_avail_wrap_counter" },
        { 2, "used_idx" },
        { 1, "used_wrap_counter" },
        { 4, "inuse" } } },
    { "virtio_pci/modern_state",
      1,
      { { 4, "dfselect" },
        { 4, "gfselect" },
        { 4, "guest_features[0]" },
        { 4, "guest_features[1]" } },
      QUEUES_MAX,
      { { 2, "num" },
        { 1, "unused" },
        { 1, "enabled" },
        { 4, "desc[0]" },
        { 4, "desc[1]" },
        { 4, "avail[0]" },
        { 4, "avail[1]" },
        { 4, "used[0]" },
        { 4, "used[1]" } } },
};

static uint32_t parts_length(const Part *parts)
{
    uint32_t length = 0;

    for (; parts->width; parts++) {
        length += parts->width;
    }
    return length;
}

static uint64_t payload_length(const struct Subsection *s)
{
    return (uint64_t)s->count * parts_length(s->parts) +
           (uint64_t)s->extra_count * parts_length(s->extra);
}

/* The known subsection at @p, of which @n octets are there. */
static const struct Subsection *subsection_at(const uint8_t *p, uint64_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known_subsections); i++) {
        const struct Subsection *s = &known_subsections[i];
        size_t name = strlen(s->name);

        if (n >= MIG_SUBSECTION_OVERHEAD + name && p[0] == MIG_SUBSECTION &&
            p[1] == name && memcmp(p + 2, s->name, name) == 0 &&
            mig_be32(p + 2 + name) == 1) {
            return s;
        }
    }
    return NULL;
}

static uint64_t header_length(const struct Subsection *s)
{
    return MIG_SUBSECTION_OVERHEAD + strlen(s->name);
}

/* Whether known subsections lead from @at to the end. */
static bool chain_fits(const uint8_t *p, uint64_t length, uint64_t at)
{
    while (at < length) {
        const struct Subsection *s = subsection_at(p + at, length - at);

        if (!s || header_length(s) + payload_length(s) > length - at) {
            return false;
        }
        at += header_length(s) + payload_length(s);
    }
    return true;
}

static bool find_subsections(const uint8_t *p, uint64_t length, Layout *l)
{
    const uint8_t *found = p + l->device_class;

    while ((found = memchr(found, MIG_SUBSECTION, length - (uint64_t)(found - p)))) {
        uint64_t at = (uint64_t)(found - p);

        if (subsection_at(found, length - at) && chain_fits(p, length, at)) {
            l->subsections = at;
            return true;
        }
        found++;
    }
    l->subsections = length;
    return true; /* a device that needs none has none */
}

/* What follows the transport; false if it cannot be. */
static bool measure_common(const uint8_t *p, uint64_t length, Layout *l)
{
    uint64_t at = l->common + 8;
    bool vectors = l->transport == TRANSPORT_PCI && l->vectors;

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
    l->queue_length =
        4u + (l->transport == TRANSPORT_MMIO ? 4 : 0) + 8 + 2 + (vectors ? 2 : 0);
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
    return find_subsections(p, length, l);
}

static bool measure_pci(const uint8_t *p, uint64_t length, uint32_t space, Layout *l)
{
    uint64_t intx = 4u + space;

    *l = (Layout){ .transport = TRANSPORT_PCI, .space = space };
    if (length < intx + 16 || mig_be32(p) < 1 || mig_be32(p) > 2 ||
        mig_le16(p + 4) != PCI_VENDOR_VIRTIO) {
        return false;
    }
    for (unsigned pin = 0; pin < 4; pin++) {
        if (mig_be32(p + intx + 4 * pin) > 1) {
            return false;
        }
    }
    l->vectors = mig_pci_msix_announced(p + 4);
    l->common = intx + 16;
    if (l->vectors) {
        l->common += (uint64_t)l->vectors * 16 + (l->vectors + 7) / 8 + 2;
    }
    return measure_common(p, length, l);
}

static bool measure(const uint8_t *p, uint64_t length, Layout *l)
{
    if (measure_pci(p, length, 256, l) || measure_pci(p, length, 4096, l)) {
        return true;
    }
    *l = (Layout){ .transport = TRANSPORT_MMIO, .common = MMIO_LENGTH };
    /* Without configuration space to confirm it, only a chain of subsections can. */
    return measure_common(p, length, l) && l->subsections < length;
}

/* --- emitting ---------------------------------------------------------------------------- */

typedef struct State {
    MigEmit *e;
    uint64_t at; /* of the field in the body */
    Layout layout;
    uint16_t type; /* of the virtio device; 0: not known */
    bool modern;   /* VERSION_1 was negotiated: config is little-endian */
    GString *note;
} State;

static void note_features(State *s, uint64_t features, unsigned first_bit)
{
    g_string_truncate(s->note, 0);
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name;

        if (!(features >> bit & 1)) {
            continue;
        }
        name = mig_virtio_feature_name(s->type, bit + first_bit);
        g_string_append(s->note, s->note->len ? " " : "");
        if (name) {
            g_string_append(s->note, name);
        } else {
            g_string_append_printf(s->note, "bit%u", bit + first_bit);
        }
    }
}

static void note_status(State *s, uint64_t status)
{
    static const struct {
        uint8_t bit;
        const char *name;
    } bits[] = { { 0x01, "ACKNOWLEDGE" },        { 0x02, "DRIVER" },
                 { 0x04, "DRIVER_OK" },          { 0x08, "FEATURES_OK" },
                 { 0x40, "DEVICE_NEEDS_RESET" }, { 0x80, "FAILED" } };

    g_string_truncate(s->note, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(bits); i++) {
        if (status & bits[i].bit) {
            g_string_append(s->note, s->note->len ? " " : "");
            g_string_append(s->note, bits[i].name);
        }
    }
}

static void show_transport(State *s)
{
    const Layout *l = &s->layout;
    uint64_t at = s->at;

    if (l->transport == TRANSPORT_MMIO) {
        mig_emit_be(s->e, "host_features_sel", at, 4, NULL);
        mig_emit_be(s->e, "guest_features_sel", at + 4, 4, NULL);
        mig_emit_be(s->e, "guest_page_shift", at + 8, 4, NULL);
        return;
    }
    mig_emit_be(s->e, "version_id", at, 4, NULL);
    mig_pci_config_decode(s->e, "pci_config", "pci config", at + 4, l->space);
    mig_pci_intx_decode(s->e, "irq_state", "pci irq state", at + 4 + l->space);
    if (l->vectors) {
        mig_pci_msix_decode(s->e, "msix", "msix state", at + 20 + l->space, l->vectors);
        mig_emit_be(s->e, "config_vector", at + l->common - 2, 2,
                    mig_emit_get_be(s->e, at + l->common - 2, 2) == NO_VECTOR ? "none"
                                                                              : NULL);
    }
}

static const Part net_config[] = { { 2, "status" }, { 2, "max_virtqueue_pairs" },
                                   { 2, "mtu" },    { 4, "speed" },
                                   { 1, "duplex" }, { 0 } };
static const Part block_config[] = {
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
    { 0 },
};
static const Part scsi_config[] = {
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
static const Part balloon_config[] = { { 4, "num_pages" },
                                       { 4, "actual" },
                                       { 4, "free_page_hint_cmd_id" },
                                       { 4, "poison_val" },
                                       { 0 } };
static const Part console_config[] = {
    { 2, "cols" }, { 2, "rows" }, { 4, "max_nr_ports" }, { 4, "emerg_wr" }, { 0 }
};
static const Part socket_config[] = { { 8, "guest_cid" }, { 0 } };

static const Part *config_parts(uint16_t type)
{
    switch (type) {
    case 1:
        return net_config;
    case 2:
        return block_config;
    case 3:
        return console_config;
    case 5:
        return balloon_config;
    case 8:
        return scsi_config;
    case 19:
        return socket_config;
    default:
        return NULL;
    }
}

/* Device configuration is in the byte order of the guest, but for a device that has
 * negotiated VERSION_1, and for the balloon's. */
static void show_config(State *s)
{
    const Part *part = config_parts(s->type);
    uint64_t at = s->at + s->layout.config, end = at + s->layout.config_length;

    mig_emit_open(s->e, MIG_FIELD_STRUCT, "config", "device configuration", at,
                  s->layout.config_length, mig_virtio_type_name(s->type));
    if (s->type == 1 && end - at >= 6) {
        mig_emit_bytes(s->e, "mac", "mac address", at, 6, NULL);
        at += 6;
    }
    for (; part && part->width && s->modern && part->width <= end - at; part++) {
        mig_emit_le(s->e, part->name, at, part->width, NULL);
        at += part->width;
    }
    if (at < end) {
        mig_emit_bytes(s->e, "octets", "bytes", at, end - at, NULL);
    }
    mig_emit_close(s->e);
}

static void show_queues(State *s)
{
    const Layout *l = &s->layout;
    uint64_t at = s->at + l->queue;
    char buffer[24];

    mig_emit_open(s->e, MIG_FIELD_ARRAY, "queues", "virtqueue", at,
                  (uint64_t)l->queues * l->queue_length, NULL);
    for (uint32_t i = 0; i < l->queues; i++) {
        uint64_t p = at;

        mig_emit_open(s->e, MIG_FIELD_STRUCT, mig_emit_index(buffer, i), "virtqueue", at,
                      l->queue_length, NULL);
        mig_emit_be(s->e, "num", p, 4, NULL);
        p += 4;
        if (l->transport == TRANSPORT_MMIO) {
            mig_emit_be(s->e, "align", p, 4, NULL);
            p += 4;
        }
        mig_emit_be(s->e, "desc", p, 8, NULL);
        mig_emit_be(s->e, "last_avail_idx", p + 8, 2, NULL);
        if (l->transport == TRANSPORT_PCI && l->vectors) {
            mig_emit_be(s->e, "vector", p + 10, 2,
                        mig_emit_get_be(s->e, p + 10, 2) == NO_VECTOR ? "none" : NULL);
        }
        mig_emit_close(s->e);
        at += l->queue_length;
    }
    mig_emit_close(s->e);
}

static uint64_t show_parts(State *s, const Part *parts, uint64_t at)
{
    for (; parts->width; parts++) {
        uint64_t value = mig_emit_get_be(s->e, at, parts->width);
        const char *note = NULL;

        if (g_str_equal(parts->name, "guest_features") ||
            g_str_equal(parts->name, "guest_features[0]") ||
            g_str_equal(parts->name, "guest_features[1]")) {
            note_features(s, value, g_str_has_suffix(parts->name, "[1]") ? 32 : 0);
            note = s->note->str;
        }
        mig_emit_be(s->e, parts->name, at, parts->width, note);
        at += parts->width;
    }
    return at;
}

static bool all_zero(const uint8_t *p, uint64_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Entries of queues that the device has, and of others that hold something. */
static void show_per_queue(State *s, const struct Subsection *section, uint64_t at)
{
    uint32_t length = parts_length(section->extra);
    char buffer[24];

    mig_emit_open(s->e, MIG_FIELD_ARRAY, "queues", "virtqueue", at,
                  (uint64_t)section->extra_count * length, NULL);
    for (uint32_t i = 0; i < section->extra_count; i++, at += length) {
        if (i < s->layout.queues || !all_zero(s->e->body + at, length)) {
            mig_emit_open(s->e, MIG_FIELD_STRUCT, mig_emit_index(buffer, i), "virtqueue",
                          at, length, NULL);
            show_parts(s, section->extra, at);
            mig_emit_close(s->e);
        }
    }
    mig_emit_close(s->e);
}

static void show_subsections(State *s, uint64_t length)
{
    uint64_t at = s->layout.subsections;

    while (at < length) {
        uint64_t p = s->at + at;
        const struct Subsection *section = subsection_at(s->e->body + p, length - at);
        uint64_t header = header_length(section),
                 whole = header + payload_length(section);

        mig_emit_open(s->e, MIG_FIELD_SUBSECTION, section->name, "subsection", p, whole,
                      NULL);
        mig_emit_be(s->e, "version_id", p + header - 4, 4, NULL);
        p += header;
        if (section->count) {
            p = show_parts(s, section->parts, p);
        }
        if (section->extra_count) {
            show_per_queue(s, section, p);
        }
        mig_emit_close(s->e);
        at += whole;
    }
}

/* Whether VERSION_1 is among the features, whose upper half is in a subsection. */
static bool is_modern(const State *s, uint64_t length)
{
    for (uint64_t at = s->layout.subsections; at < length;) {
        const uint8_t *p = s->e->body + s->at + at;
        const struct Subsection *section = subsection_at(p, length - at);

        if (g_str_equal(section->name, "virtio/64bit_features")) {
            return mig_be64(p + header_length(section)) >> 32 & 1;
        }
        at += header_length(section) + payload_length(section);
    }
    return false;
}

void mig_virtio_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                       uint64_t length)
{
    g_autoptr(GString) note = g_string_new(NULL);
    State s = { .e = e, .at = at, .note = note };
    const Layout *l = &s.layout;
    uint64_t common;

    if (!measure(e->body + at, length, &s.layout)) {
        mig_emit_bytes(e, name, type, at, length, "of a transport that is not decoded");
        return;
    }
    if (l->transport == TRANSPORT_PCI) {
        s.type = mig_virtio_type_of_pci(mig_le16(e->body + at + 6));
    }
    s.modern = is_modern(&s, length);
    common = at + l->common;
    mig_emit_open(e, MIG_FIELD_STRUCT, name, type, at, length,
                  mig_virtio_type_name(s.type));
    show_transport(&s);
    note_status(&s, e->body[common]);
    mig_emit_be(e, "status", common, 1, note->str);
    mig_emit_be(e, "isr", common + 1, 1, NULL);
    mig_emit_be(e, "queue_sel", common + 2, 2, NULL);
    note_features(&s, mig_emit_get_be(e, common + 4, 4), 0);
    mig_emit_be(e, "guest_features_low", common + 4, 4, note->str);
    show_config(&s);
    show_queues(&s);
    if (l->subsections > l->device_class) {
        mig_emit_bytes(e, "device_class", "bytes", at + l->device_class,
                       l->subsections - l->device_class, NULL);
    }
    show_subsections(&s, length);
    mig_emit_close(e);
}
