/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          showing the state of a virtio device.
 * Must not know: what a device class saves of its own, between the queues and the
 *                subsections, but for those of virtio-net and virtio-balloon.
 * See also:      device/virtio-layout.c, which finds what is shown here;
 *                device/virtio-features.c, device/virtio-config.c.
 *
 * Source: hw/net/virtio-net.c, vmstate_virtio_net_device; hw/virtio/virtio-balloon.c,
 * vmstate_virtio_balloon_*; 5.2 to 11.1.
 */
#include "device/virtio.h"

#include "device/special.h"
#include "device/virtio-layout.h"
#include "device/virtio-property.h"
#include "stream/page.h"
#include "stream/wire.h"

#define NO_VECTOR 0xffff

typedef struct State {
    MigEmit *e;
    uint64_t at; /* of the field in the body */
    MigVirtioLayout layout;
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

/* Of the field that is shown next. */
static void note_features(State *s, uint64_t features, unsigned first_bit)
{
    s->e->has_features = true;
    s->e->virtio_type = s->type;
    s->e->first_feature = first_bit;
    g_string_truncate(s->note, 0);
    for (unsigned bit = 0; bit < 64; bit++) {
        if (features >> bit & 1) {
            g_autofree char *name = mig_virtio_feature_word(s->type, bit + first_bit);

            g_string_append(s->note, s->note->len ? " " : "");
            g_string_append(s->note, name);
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
                          group_length(parts));
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

static void show_subsection(State *s, const MigVirtioSubsection *section, uint64_t at);

static uint64_t show_optional(State *s, uint64_t at, uint64_t end, const char *name)
{
    uint64_t length = mig_virtio_optional_length(s->e->body, end, at, name);

    if (length) {
        show_subsection(s, mig_virtio_subsection_at(s->e->body + at, end - at), at);
    }
    return at + length;
}

static void show_ccw(State *s, uint64_t at, uint64_t end)
{
    mig_emit_open(s->e, MIG_FIELD_STRUCT, "sch", "s390_subch_dev", at,
                  mig_virtio_parts_length(mig_virtio_ccw_subchannel) +
                      mig_virtio_optional_length(
                          s->e->body, end,
                          at + mig_virtio_parts_length(mig_virtio_ccw_subchannel),
                          MIG_VIRTIO_CCW_ORB));
    at = show_parts(s, mig_virtio_ccw_subchannel, at, end, false);
    at = show_optional(s, at, end, MIG_VIRTIO_CCW_ORB);
    mig_emit_close(s->e);
    at = show_parts(s, mig_virtio_ccw_indicators, at, end, false);
    at = show_optional(s, at, end, MIG_VIRTIO_CCW_SUMMARY);
    show_parts(s, mig_virtio_ccw_end, at, end, false);
}

static void show_transport(State *s)
{
    static const MigPart mmio[] = { { 4, "host_features_sel" },
                                    { 4, "guest_features_sel" },
                                    { 4, "guest_page_shift" },
                                    { 0 } };
    static const MigPart vector[] = { { 2, "config_vector" }, { 0 } };
    const MigVirtioLayout *l = &s->layout;
    uint64_t at = s->at, end = at + l->common;

    switch (l->transport) {
    case MIG_VIRTIO_MMIO:
        show_parts(s, mmio, at, end, false);
        break;
    case MIG_VIRTIO_CCW:
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
        const MigVirtioSubsection *section = mig_virtio_subsection_at(p, length - at);

        if (g_str_equal(section->name, name)) {
            return p + mig_virtio_header_length(section);
        }
        at += mig_virtio_header_length(section) + mig_virtio_payload_length(section);
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
    const MigVirtioLayout *l = &s->layout;

    if (features && mig_be64(features) >> 32 & 1) {
        return ORDER_LITTLE;
    }
    if (endian && (*endian == 1 || *endian == 2)) {
        return *endian == 1 ? ORDER_LITTLE : ORDER_BIG;
    }
    if (l->transport == MIG_VIRTIO_CCW) {
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

    mig_emit_group(s->e, &(MigField){ .kind = MIG_FIELD_STRUCT,
                                      .name = "config",
                                      .type = "device configuration",
                                      .offset = at,
                                      .length = s->layout.config_length,
                                      .note = mig_virtio_type_name(s->type) });
    if (parts && order != ORDER_UNKNOWN) {
        at = show_parts(s, parts, at, end, order == ORDER_LITTLE);
    }
    if (at < end) {
        mig_emit_bytes(s->e, "bytes", "bytes", at, end - at,
                       parts && order == ORDER_UNKNOWN ? "in the guest's byte order"
                                                       : NULL);
    }
    mig_emit_close(s->e);
}

static void show_queues(State *s)
{
    const MigVirtioLayout *l = &s->layout;
    uint64_t at = s->at + l->queue;
    char buffer[24];

    mig_emit_open(s->e, MIG_FIELD_ARRAY, "queues", "virtqueue", at,
                  (uint64_t)l->queues * l->queue_length);
    for (uint32_t i = 0; i < l->queues; i++) {
        uint64_t p = at;

        mig_emit_open(s->e, MIG_FIELD_STRUCT, mig_emit_index(buffer, i), "virtqueue", at,
                      l->queue_length);
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
static void show_per_queue(State *s, const MigVirtioSubsection *section, uint64_t at)
{
    uint32_t length = mig_virtio_parts_length(section->queue);
    char buffer[24];

    mig_emit_open(s->e, MIG_FIELD_ARRAY, "queues", "virtqueue", at,
                  (uint64_t)section->count * length);
    for (uint32_t i = 0; i < section->count; i++, at += length) {
        if (i < s->layout.queues || !mig_page_is_zero(s->e->body + at, length)) {
            mig_emit_open(s->e, MIG_FIELD_STRUCT, mig_emit_index(buffer, i), "virtqueue",
                          at, length);
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
    uint64_t shortest = mig_virtio_parts_length(head) + mig_virtio_parts_length(tail) - 8,
             macs;

    if (end - at < shortest) {
        return false;
    }
    macs = 6 * mig_emit_get_be(s->e, at + mig_virtio_parts_length(head) - 4, 4);
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

    return end - at == mig_virtio_parts_length(parts) &&
           show_parts(s, parts, at, end, false) == end;
}

static void show_device_class(State *s)
{
    uint64_t at = s->at + s->layout.device_class, end = s->at + s->layout.subsections;

    if (at == end) {
        return;
    }
    mig_emit_open(s->e, MIG_FIELD_STRUCT, "device_class", "device class", at, end - at);
    if (!(s->type == 1 && show_net(s, at, end)) &&
        !(s->type == 5 && show_balloon(s, at, end))) {
        mig_emit_bytes(s->e, "bytes", "bytes", at, end - at, NULL);
    }
    mig_emit_close(s->e);
}

static void show_subsection(State *s, const MigVirtioSubsection *section, uint64_t at)
{
    uint64_t header = mig_virtio_header_length(section),
             end = at + header + mig_virtio_payload_length(section);

    mig_emit_open(s->e, MIG_FIELD_SUBSECTION, section->name, "subsection", at, end - at);
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
        const MigVirtioSubsection *section =
            mig_virtio_subsection_at(s->e->body + at, end - at);

        show_subsection(s, section, at);
        at += mig_virtio_header_length(section) + mig_virtio_payload_length(section);
    }
}

void mig_virtio_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                       uint64_t length)
{
    g_autoptr(GString) note = g_string_new(NULL);
    State s = { .e = e, .at = at, .note = note };
    const MigVirtioLayout *l = &s.layout;
    uint64_t common;

    if (!mig_virtio_measure(e->body + at, length, mig_virtio_type_of_vmstate(e->device),
                            &s.layout, &s.type)) {
        mig_emit_bytes(e, name, type, at, length, "of a transport that is not decoded");
        return;
    }
    common = at + l->common;
    mig_emit_group(e, &(MigField){ .kind = MIG_FIELD_STRUCT,
                                   .name = name,
                                   .type = type,
                                   .offset = at,
                                   .length = length,
                                   .note = mig_virtio_type_name(s.type) });
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
