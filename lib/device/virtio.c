/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the state of a virtio device, of which the description has only the
 *                length.
 * Must not know: what a device class saves of its own, between the queues and the
 *                subsections, but for those of virtio-net and virtio-balloon.
 * See also:      device/virtio-features.c, device/virtio-config.c; device/pci.c.
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
#include "device/virtio.h"

#include <string.h>

#include "device/special.h"
#include "device/virtio-parts.h"
#include "stream/pci-space.h"
#include "stream/page.h"
#include "stream/wire.h"

#define QUEUES_MAX        1024u
#define RING_MAX          32768u
#define MMIO_LENGTH       12u
#define PCI_VENDOR_VIRTIO 0x1af4
#define NO_VECTOR         0xffff

typedef enum Transport { TRANSPORT_PCI, TRANSPORT_MMIO, TRANSPORT_CCW } Transport;

/* Where things are, counted from the start of the field. */
typedef struct Layout {
    Transport transport;
    bool has_align, has_vector; /* a queue */
    uint32_t space;             /* bytes of configuration space */
    uint32_t vectors;           /* entries of the MSI-X table */
    uint64_t common;            /* of u8 status */
    uint32_t config_length;
    uint64_t config;
    uint32_t queues;
    uint64_t queue; /* of the first one */
    uint32_t queue_length;
    uint64_t device_class;
    uint64_t subsections;
} Layout;

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
#define CCW_ORB         "s390_subch_dev/orb"
#define CCW_SUMMARY     "s390_adapter_info/summary_offset"

static const MigPart subchannel[] = {
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
static const MigPart indicators[] = {
    GROUP("indicators", { 4, "len" }, { 8, "addr" }),
    GROUP("indicators2", { 4, "len" }, { 8, "addr" }),
    GROUP("summary_indicator", { 4, "len" }, { 8, "addr" }),
    { 2, "config_vector" },
    { 8, "ind_offset" },
    { 0 },
};
static const MigPart ccw_end[] = { { 1, "thinint_isc" }, { 4, "revision" }, { 0 } };

/* --- subsections ------------------------------------------------------------------------- */

/* @parts, then @count entries of @queue. */
static const struct Subsection {
    const char *name;
    const MigPart *parts; /* or NULL */
    uint32_t count;
    const MigPart *queue;
} known_subsections[] = {
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
    { CCW_ORB,
      PARTS(GROUP("orb", { 4, "intparm" }, { 2, "ctrl0" }, { 1, "lpm" }, { 1, "ctrl1" },
                  { 4, "cpa" })),
      0, NULL },
    { CCW_SUMMARY, PARTS({ 4, "summary_offset" }), 0, NULL },
};

static uint32_t parts_length(const MigPart *parts)
{
    uint32_t length = 0;

    for (; parts && parts->form; parts++) {
        length += mig_part_width(parts);
    }
    return length;
}

static uint64_t payload_length(const struct Subsection *s)
{
    return parts_length(s->parts) + (uint64_t)s->count * parts_length(s->queue);
}

/* The known subsection at @p, of which @n bytes are there. */
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

/* Where the known subsection at @at ends; 0: there is none, or not all of it. */
static uint64_t subsection_end(const uint8_t *p, uint64_t length, uint64_t at)
{
    const struct Subsection *s = subsection_at(p + at, length - at);

    return s && header_length(s) + payload_length(s) <= length - at
               ? at + header_length(s) + payload_length(s)
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
static void find_subsections(const uint8_t *p, uint64_t length, Layout *l)
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
static bool measure_common(const uint8_t *p, uint64_t length, Layout *l)
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
    l->vectors = mig_pci_msix_entries(p + 4);
    l->common = intx + 16;
    l->has_vector = l->vectors > 0;
    if (l->vectors) {
        l->common += (uint64_t)l->vectors * MIG_PCI_MSIX_ENTRY_LENGTH +
                     mig_pci_msix_pending_length(l->vectors) + 2;
    }
    return measure_common(p, length, l);
}

/* Bytes of the subsection @name at @at, which is there only if it is needed. */
static uint64_t optional_length(const uint8_t *p, uint64_t length, uint64_t at,
                                const char *name)
{
    const struct Subsection *s = at < length ? subsection_at(p + at, length - at) : NULL;

    return s && g_str_equal(s->name, name) ? header_length(s) + payload_length(s) : 0;
}

static bool measure_ccw(const uint8_t *p, uint64_t length, Layout *l)
{
    uint64_t at = parts_length(subchannel);

    *l = (Layout){ .transport = TRANSPORT_CCW, .has_vector = true };
    if (length < at || mig_be16(p + CCW_ID_TYPE) != CCW_TYPE_VIRTIO) {
        return false;
    }
    at += optional_length(p, length, at, CCW_ORB);
    at += parts_length(indicators);
    at += optional_length(p, length, at, CCW_SUMMARY);
    l->common = at + parts_length(ccw_end);
    return measure_common(p, length, l);
}

/* Nothing in virtio-mmio's own confirms it: a known type of device or a chain of subsections
 * has to. */
static bool measure_mmio(const uint8_t *p, uint64_t length, uint16_t type, Layout *l)
{
    *l =
        (Layout){ .transport = TRANSPORT_MMIO, .has_align = true, .common = MMIO_LENGTH };
    return measure_common(p, length, l) && (type || l->subsections < length);
}

/* Finds the transport, and the type of device, which is @named by its vmstate. */
static bool measure(const uint8_t *p, uint64_t length, uint16_t named, Layout *l,
                    uint16_t *type)
{
    *type = named;
    if (measure_pci(p, length, 256, l) || measure_pci(p, length, 4096, l)) {
        *type = mig_virtio_type_of_pci(mig_le16(p + 6));
        return true;
    }
    if (measure_ccw(p, length, l)) {
        *type = p[CCW_ID_MODEL];
        return true;
    }
    return measure_mmio(p, length, named, l);
}

/* --- emitting ---------------------------------------------------------------------------- */

typedef struct State {
    MigEmit *e;
    uint64_t at; /* of the field in the body */
    Layout layout;
    uint16_t type; /* of the virtio device; 0: not known */
    GString *note;
} State;

/* Where feature words begin. */
static const struct {
    const char *name;
    unsigned first;
} feature_words[] = {
    { "guest_features", 0 },     { "guest_features[0]", 0 },
    { "guest_features[1]", 32 }, { "guest_features[2]", 64 },
    { "guest_features[3]", 96 }, { "guest_features_ex[1]", 64 },
};

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

static const char *note_part(State *s, const char *name, uint64_t value)
{
    for (size_t i = 0; i < G_N_ELEMENTS(feature_words); i++) {
        if (g_str_equal(feature_words[i].name, name)) {
            note_features(s, value, feature_words[i].first);
            return s->note->str;
        }
    }
    if (g_str_equal(name, "config_vector")) {
        return value == NO_VECTOR ? "none" : NULL;
    }
    if (g_str_equal(name, "revision")) {
        return value == UINT32_MAX ? "not negotiated" : NULL;
    }
    return NULL;
}

static uint32_t group_length(const MigPart *open)
{
    uint32_t length = 0;

    for (unsigned depth = 0;; open++) {
        depth += open->form == MIG_PART_OPEN;
        depth -= open->form == MIG_PART_CLOSE;
        length += mig_part_width(open);
        if (depth == 0) {
            return length;
        }
    }
}

/* Shows those of @parts that end before @end; returns where the last one ends. */
static uint64_t show_parts(State *s, const MigPart *parts, uint64_t at, uint64_t end,
                           bool little)
{
    for (; parts->form && mig_part_width(parts) <= end - at; parts++) {
        unsigned width = mig_part_width(parts);

        if (parts->form == MIG_PART_OPEN) {
            mig_emit_open(s->e, MIG_FIELD_STRUCT, parts->name, "struct", at,
                          group_length(parts), NULL);
        } else if (parts->form == MIG_PART_CLOSE) {
            mig_emit_close(s->e);
        } else if (MIG_PART_IS_BYTES(parts->form)) {
            mig_emit_bytes(s->e, parts->name, "bytes", at, width, NULL);
        } else if (little) {
            mig_emit_le(s->e, parts->name, at, width, NULL);
        } else {
            mig_emit_be(s->e, parts->name, at, width,
                        note_part(s, parts->name, mig_emit_get_be(s->e, at, width)));
        }
        at += width;
    }
    return at;
}

static void show_subsection(State *s, const struct Subsection *section, uint64_t at);

static uint64_t show_optional(State *s, uint64_t at, uint64_t end, const char *name)
{
    uint64_t length = optional_length(s->e->body, end, at, name);

    if (length) {
        show_subsection(s, subsection_at(s->e->body + at, end - at), at);
    }
    return at + length;
}

static void show_ccw(State *s, uint64_t at, uint64_t end)
{
    mig_emit_open(
        s->e, MIG_FIELD_STRUCT, "sch", "s390_subch_dev", at,
        parts_length(subchannel) +
            optional_length(s->e->body, end, at + parts_length(subchannel), CCW_ORB),
        NULL);
    at = show_parts(s, subchannel, at, end, false);
    at = show_optional(s, at, end, CCW_ORB);
    mig_emit_close(s->e);
    at = show_parts(s, indicators, at, end, false);
    at = show_optional(s, at, end, CCW_SUMMARY);
    show_parts(s, ccw_end, at, end, false);
}

static void show_transport(State *s)
{
    static const MigPart mmio[] = { { 4, "host_features_sel" },
                                    { 4, "guest_features_sel" },
                                    { 4, "guest_page_shift" },
                                    { 0 } };
    static const MigPart vector[] = { { 2, "config_vector" }, { 0 } };
    const Layout *l = &s->layout;
    uint64_t at = s->at, end = at + l->common;

    switch (l->transport) {
    case TRANSPORT_MMIO:
        show_parts(s, mmio, at, end, false);
        break;
    case TRANSPORT_CCW:
        show_ccw(s, at, end);
        break;
    default:
        mig_emit_be(s->e, "version_id", at, 4, NULL);
        mig_pci_config_decode(s->e, "pci_config", "pci config", at + 4, l->space);
        mig_pci_intx_decode(s->e, "irq_state", "pci irq state", at + 4 + l->space);
        if (l->vectors) {
            mig_pci_msix_decode(s->e, "msix", "msix state", at + 20 + l->space,
                                l->vectors);
            show_parts(s, vector, end - 2, end, false);
        }
    }
}

/* The payload of a subsection of "virtio", or NULL. */
static const uint8_t *find_payload(const State *s, uint64_t length, const char *name)
{
    for (uint64_t at = s->layout.subsections; at < length;) {
        const uint8_t *p = s->e->body + s->at + at;
        const struct Subsection *section = subsection_at(p, length - at);

        if (g_str_equal(section->name, name)) {
            return p + header_length(section);
        }
        at += header_length(section) + payload_length(section);
    }
    return NULL;
}

typedef enum Order { ORDER_LITTLE, ORDER_BIG, ORDER_UNKNOWN } Order;

/* Little-endian once VERSION_1, in the upper half of the features, was negotiated; before,
 * the guest's order, which is in the state if it is not the one that the guest's processor
 * starts with. */
static Order config_order(const State *s, uint64_t length)
{
    const uint8_t *features = find_payload(s, length, "virtio/64bit_features");
    const uint8_t *endian = find_payload(s, length, "virtio/device_endian");
    const Layout *l = &s->layout;

    if (features && mig_be64(features) >> 32 & 1) {
        return ORDER_LITTLE;
    }
    if (endian && (*endian == 1 || *endian == 2)) {
        return *endian == 1 ? ORDER_LITTLE : ORDER_BIG;
    }
    if (l->transport == TRANSPORT_CCW) {
        return ORDER_BIG;
    }
    return mig_page_is_zero(s->e->body + s->at + l->config, l->config_length)
               ? ORDER_LITTLE
               : ORDER_UNKNOWN;
}

static void show_config(State *s, uint64_t length)
{
    bool always_little;
    const MigPart *parts = mig_virtio_config_parts(s->type, &always_little);
    uint64_t at = s->at + s->layout.config, end = at + s->layout.config_length;
    Order order = always_little ? ORDER_LITTLE : config_order(s, length);

    mig_emit_open(s->e, MIG_FIELD_STRUCT, "config", "device configuration", at,
                  s->layout.config_length, mig_virtio_type_name(s->type));
    if (parts && order != ORDER_UNKNOWN) {
        at = show_parts(s, parts, at, end, order == ORDER_LITTLE);
    }
    if (at < end) {
        mig_emit_bytes(s->e, "octets", "bytes", at, end - at,
                       parts && order == ORDER_UNKNOWN ? "in the guest's byte order"
                                                       : NULL);
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
        if (l->has_align) {
            mig_emit_be(s->e, "align", p, 4, NULL);
            p += 4;
        }
        mig_emit_be(s->e, "desc", p, 8, NULL);
        mig_emit_be(s->e, "last_avail_idx", p + 8, 2, NULL);
        if (l->has_vector) {
            mig_emit_be(s->e, "vector", p + 10, 2,
                        mig_emit_get_be(s->e, p + 10, 2) == NO_VECTOR ? "none" : NULL);
        }
        mig_emit_close(s->e);
        at += l->queue_length;
    }
    mig_emit_close(s->e);
}

/* Entries of queues that the device has, and of others that hold something. */
static void show_per_queue(State *s, const struct Subsection *section, uint64_t at)
{
    uint32_t length = parts_length(section->queue);
    char buffer[24];

    mig_emit_open(s->e, MIG_FIELD_ARRAY, "queues", "virtqueue", at,
                  (uint64_t)section->count * length, NULL);
    for (uint32_t i = 0; i < section->count; i++, at += length) {
        if (i < s->layout.queues || !mig_page_is_zero(s->e->body + at, length)) {
            mig_emit_open(s->e, MIG_FIELD_STRUCT, mig_emit_index(buffer, i), "virtqueue",
                          at, length, NULL);
            show_parts(s, section->queue, at, at + length, false);
            mig_emit_close(s->e);
        }
    }
    mig_emit_close(s->e);
}

/* Its table of addresses, with as many as are in use, lies between @head and @tail; the
 * offloads are there if the driver may change them. */
static bool show_net(State *s, uint64_t at, uint64_t end)
{
    static const MigPart head[] = {
        { MIG_PART_BYTES(6), "mac" },
        { 4, "tx_waiting" },
        { 4, "mergeable_rx_bufs" },
        { 2, "status" },
        { 1, "promisc" },
        { 1, "allmulti" },
        { 4, "mac_table.in_use" },
        { 0 },
    };
    static const MigPart tail[] = {
        { MIG_PART_BYTES(512), "vlans" },
        { 4, "has_vnet_hdr" },
        { 1, "mac_table.multi_overflow" },
        { 1, "mac_table.uni_overflow" },
        { 1, "alluni" },
        { 1, "nomulti" },
        { 1, "nouni" },
        { 1, "nobcast" },
        { 1, "has_ufo" },
        { 8, "curr_guest_offloads" },
        { 0 },
    };
    uint64_t shortest = parts_length(head) + parts_length(tail) - 8, macs;

    if (end - at < shortest) {
        return false;
    }
    macs = 6 * mig_emit_get_be(s->e, at + parts_length(head) - 4, 4);
    if (end - at != shortest + macs && end - at != shortest + macs + 8) {
        return false;
    }
    at = show_parts(s, head, at, end, false);
    if (macs) {
        mig_emit_bytes(s->e, "mac_table.macs", "bytes", at, macs, NULL);
    }
    show_parts(s, tail, at + macs, end, false);
    return true;
}

static bool show_balloon(State *s, uint64_t at, uint64_t end)
{
    static const MigPart parts[] = { { 4, "num_pages" }, { 4, "actual" }, { 0 } };

    return end - at == parts_length(parts) && show_parts(s, parts, at, end, false) == end;
}

static void show_device_class(State *s)
{
    uint64_t at = s->at + s->layout.device_class, end = s->at + s->layout.subsections;

    if (at == end) {
        return;
    }
    mig_emit_open(s->e, MIG_FIELD_STRUCT, "device_class", "device class", at, end - at,
                  NULL);
    if (!(s->type == 1 && show_net(s, at, end)) &&
        !(s->type == 5 && show_balloon(s, at, end))) {
        mig_emit_bytes(s->e, "octets", "bytes", at, end - at, NULL);
    }
    mig_emit_close(s->e);
}

static void show_subsection(State *s, const struct Subsection *section, uint64_t at)
{
    uint64_t header = header_length(section), end = at + header + payload_length(section);

    mig_emit_open(s->e, MIG_FIELD_SUBSECTION, section->name, "subsection", at, end - at,
                  NULL);
    mig_emit_be(s->e, "version_id", at + header - 4, 4, NULL);
    at += header;
    if (section->parts) {
        at = show_parts(s, section->parts, at, end, false);
    }
    if (section->count) {
        show_per_queue(s, section, at);
    }
    mig_emit_close(s->e);
}

static void show_subsections(State *s, uint64_t length)
{
    uint64_t at = s->at + s->layout.subsections, end = s->at + length;

    while (at < end) {
        const struct Subsection *section = subsection_at(s->e->body + at, end - at);

        show_subsection(s, section, at);
        at += header_length(section) + payload_length(section);
    }
}

void mig_virtio_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                       uint64_t length)
{
    g_autoptr(GString) note = g_string_new(NULL);
    State s = { .e = e, .at = at, .note = note };
    const Layout *l = &s.layout;
    uint64_t common;

    if (!measure(e->body + at, length, mig_virtio_type_of_vmstate(e->device), &s.layout,
                 &s.type)) {
        mig_emit_bytes(e, name, type, at, length, "of a transport that is not decoded");
        return;
    }
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
    show_config(&s, length);
    show_queues(&s);
    show_device_class(&s);
    show_subsections(&s, length);
    mig_emit_close(e);
}
