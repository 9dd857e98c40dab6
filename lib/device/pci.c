/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          PCI configuration space to fields.
 * Must not know: whose they are: an emulated device's, or a VFIO device's.
 * See also:      device/pci-registers.h; device/pci-names.c; device/pci-interrupts.c.
 *
 * Configuration space is little-endian: header of type 0 or 1, capabilities chained from
 * 0x34 in the first 256 bytes, extended ones from 0x100.  Whatever no register covers and is
 * not zero is shown as bytes.
 */
#include <string.h>

#include "device/pci-registers.h"
#include "device/special.h"
#include "stream/pci-space.h"
#include "stream/wire.h"

#define SPACE                     MIG_PCI_SPACE_LENGTH
#define EXTENDED_SPACE            MIG_PCI_SPACE_EXTENDED
#define EXTENDED_CAPABILITIES_MAX 480
#define PCI_VENDOR_VIRTIO         0x1af4

enum { EXPRESS_ROOT_PORT = 4, EXPRESS_EVENT_COLLECTOR = 10 };

typedef struct Space {
    MigEmit *e;
    uint64_t at; /* of the space in the body */
    uint32_t size;
    GString *note;
    bool root; /* a root port or root complex event collector */
    bool shown[EXTENDED_SPACE];
} Space;

static const uint8_t *bytes_at(const Space *s, uint32_t at)
{
    return s->e->body + s->at + at;
}

/* Of "Name=a|b|c" the one with the number @value; NULL if it is not among them. */
static char *choose(const char *name, uint64_t value)
{
    const char *at = strchr(name, '=');
    g_auto(GStrv) values = at ? g_strsplit(at + 1, "|", -1) : NULL;

    return values && value < g_strv_length(values) && *values[value]
               ? g_strdup(values[value])
               : NULL;
}

static void describe(GString *note, const Bits *bits, uint64_t value)
{
    g_string_truncate(note, 0);
    for (; bits && bits->name; bits++) {
        uint64_t part = value >> bits->at & ((UINT64_C(1) << bits->width) - 1);

        g_autofree char *chosen = choose(bits->name, part);
        int name = (int)strcspn(bits->name, "=");

        g_string_append(note, note->len ? " " : "");
        if (chosen) {
            g_string_append_printf(note, "%.*s=%s", name, bits->name, chosen);
        } else if (bits->width == 1) {
            g_string_append_printf(note, "%.*s%c", name, bits->name, part ? '+' : '-');
        } else {
            g_string_append_printf(note, "%.*s=%" PRIu64, name, bits->name, part);
        }
    }
}

static void show(Space *s, uint32_t at, uint32_t width, const char *name,
                 const char *note)
{
    if (at + width > s->size) {
        return;
    }
    memset(s->shown + at, true, width);
    mig_emit_le(s->e, name, s->at + at, width, note);
}

static void show_regs(Space *s, uint32_t at, const Reg *regs)
{
    for (; regs->name; regs++) {
        if (at + regs->at + regs->width <= s->size) {
            describe(s->note, regs->bits,
                     mig_emit_get_le(s->e, s->at + at + regs->at, regs->width));
        }
        show(s, at + regs->at, regs->width, regs->name, s->note->str);
    }
}

/* What lspci says of a base address register. */
static void describe_bar(Space *s, uint32_t at, bool wide)
{
    uint32_t low = mig_le32(bytes_at(s, at));
    uint64_t address = low & ~0xfu;

    if (wide) {
        address |= (uint64_t)mig_le32(bytes_at(s, at + 4)) << 32;
    }
    if (low == 0 && address == 0) {
        g_string_assign(s->note, "");
    } else if (low & 1) {
        g_string_printf(s->note, "I/O ports at %x", low & ~3u);
    } else {
        g_string_printf(s->note, "Memory at %" PRIx64 " (%s, %sprefetchable)", address,
                        wide             ? "64-bit"
                        : (low & 6) == 2 ? "low-1M"
                                         : "32-bit",
                        low & 8 ? "" : "non-");
    }
}

static void show_bars(Space *s, uint32_t at, unsigned n, const char *name)
{
    char buffer[24];

    if (at + 4 * n > s->size) {
        return;
    }
    mig_emit_open(s->e, MIG_FIELD_ARRAY, name, "BAR", s->at + at, 4 * n);
    for (unsigned i = 0; i < n; i++, at += 4) {
        uint32_t low = mig_le32(bytes_at(s, at));
        bool wide = !(low & 1) && (low & 6) == 4 && i + 1 < n;

        describe_bar(s, at, wide);
        show(s, at, wide ? 8 : 4, mig_emit_index(buffer, i), s->note->str);
        i += wide;
        at += wide ? 4 : 0;
    }
    mig_emit_close(s->e);
}

/* Shows the bytes from @from to @to that nothing has shown yet, in rows of 16, except rows
 * that are zero. */
static void show_rest(Space *s, uint32_t from, uint32_t to)
{
    uint32_t at = from, end;

    for (; at < to; at = end) {
        bool zero = true;

        end = at;
        do {
            zero &= *bytes_at(s, end++) == 0;
        } while (end < to && end % 16 && s->shown[end] == s->shown[at]);
        if (!s->shown[at] && !zero) {
            g_autofree char *name = g_strdup_printf("bytes_0x%02x", at);

            mig_emit_bytes(s->e, name, "bytes", s->at + at, end - at, NULL);
            memset(s->shown + at, true, end - at);
        }
    }
}

static const Reg *msi_layout(uint16_t control)
{
    bool wide = control & 0x80, maskable = control & 0x100;

    return wide ? (maskable ? mig_pci_msi_64_mask : mig_pci_msi_64)
                : (maskable ? mig_pci_msi_32_mask : mig_pci_msi_32);
}

static const Capability *find(const Capability *table, uint16_t id)
{
    for (; table->name; table++) {
        if (table->id == id) {
            return table;
        }
    }
    return NULL;
}

static void show_msix(Space *s, uint32_t at)
{
    uint32_t table = mig_le32(bytes_at(s, at + 4)), pba = mig_le32(bytes_at(s, at + 8));
    unsigned count = (mig_le16(bytes_at(s, at + 2)) & 0x7ffu) + 1;

    show_regs(s, at, mig_pci_msix_regs);
    g_string_printf(s->note,
                    "Count=%u, table at BAR=%u offset=%08x, PBA at BAR=%u offset=%08x",
                    count, table & 7, table & ~7u, pba & 7, pba & ~7u);
    mig_emit_value(s->e, &(MigField){ .kind = MIG_FIELD_UINT,
                                      .name = "vectors",
                                      .type = "count",
                                      .offset = s->at + at + 2,
                                      .length = 2,
                                      .u = count,
                                      .note = s->note->str });
}

/* Which registers the Express capability has, by its version and the kind of device. */
static void show_express(Space *s, uint32_t at)
{
    uint16_t flags = mig_le16(bytes_at(s, at + 2));
    unsigned type = flags >> 4 & 0xf;

    if (flags & 0x100) {
        show_regs(s, at, mig_pci_express_slot_regs);
    }
    s->root = type == EXPRESS_ROOT_PORT || type == EXPRESS_EVENT_COLLECTOR;
    if (s->root) {
        show_regs(s, at, mig_pci_express_root_regs);
    }
    if ((flags & 0xf) >= 2) {
        show_regs(s, at, mig_pci_express_2_regs);
    }
}

static bool is_virtio(const Space *s)
{
    return mig_le16(bytes_at(s, 0)) == PCI_VENDOR_VIRTIO;
}

/* VIRTIO 1.3, 4.1.4: what follows the place in a virtio structure depends on its type. */
static void show_virtio(Space *s, uint32_t at)
{
    static const struct {
        uint8_t type;
        Reg regs[3];
    } tails[] = {
        { 2, { { 16, 4, "notify_off_multiplier", NULL }, { 0 } } },
        { 5, { { 16, 4, "pci_cfg_data", NULL }, { 0 } } },
        { 8, { { 16, 4, "offset_hi", NULL }, { 20, 4, "length_hi", NULL }, { 0 } } },
    };

    show_regs(s, at, mig_pci_virtio_regs);
    for (size_t i = 0; i < G_N_ELEMENTS(tails) && at + 4u <= SPACE; i++) {
        if (*bytes_at(s, at + 3u) == tails[i].type) {
            show_regs(s, at, tails[i].regs);
        }
    }
}

/* Adds to its name the kind of port or function, or of virtio structure. */
static void name_capability(Space *s, uint32_t at, const char *name)
{
    uint16_t word = at + 4 <= SPACE ? mig_le16(bytes_at(s, at + 2)) : 0;
    g_autofree char *kind = NULL;

    if (*bytes_at(s, at) == CAP_EXPRESS) {
        kind = choose("=" MIG_PCI_EXPRESS_TYPES, word >> 4 & 0xf);
    } else if (*bytes_at(s, at) == CAP_VENDOR && is_virtio(s)) {
        kind = choose("=" MIG_PCI_VIRTIO_TYPES, word >> 8);
    }
    g_string_printf(s->note, "%s%s%s", name, kind ? ": " : "", kind ? kind : "");
}

static void show_capability(Space *s, uint8_t at, uint32_t end)
{
    uint8_t id = *bytes_at(s, at);
    const Capability *known = find(mig_pci_capabilities, id);
    const Reg *regs = known ? known->regs : NULL;
    g_autofree char *name = g_strdup_printf("cap_0x%02x", at);

    name_capability(s, at, known ? known->name : "unknown capability");
    mig_emit_group(s->e, &(MigField){ .kind = MIG_FIELD_STRUCT,
                                      .name = name,
                                      .type = "capability",
                                      .offset = s->at + at,
                                      .length = end - at,
                                      .note = s->note->str });
    show(s, at, 1, "id", NULL);
    show(s, at + 1u, 1, "next", NULL);
    if (id == CAP_MSIX && at + 12u <= SPACE) {
        show_msix(s, at);
    } else if (id == CAP_MSI && at + 4u <= SPACE) {
        show_regs(s, at, msi_layout(mig_le16(bytes_at(s, at + 2u))));
    } else if (id == CAP_VENDOR && is_virtio(s)) {
        show_virtio(s, at);
    } else if (regs) {
        show_regs(s, at, regs);
    }
    if (id == CAP_EXPRESS && at + 4u <= SPACE) {
        show_express(s, at);
    }
    if (id == CAP_VENDOR && at + 3u <= SPACE) {
        show_rest(s, at, MIN(end, at + MAX(*bytes_at(s, at + 2u), 3u)));
    } else if (!regs && id != CAP_MSI) {
        show_rest(s, at, end);
    }
    mig_emit_close(s->e);
}

/* Where the capability at @at must end: at the next one with a higher offset. */
static uint32_t end_of(const uint16_t *places, unsigned n, uint32_t at,
                       uint32_t otherwise)
{
    uint32_t end = otherwise;

    for (unsigned i = 0; i < n; i++) {
        if (places[i] > at && places[i] < end) {
            end = places[i];
        }
    }
    return end;
}

static bool is_listed(const uint16_t *places, unsigned n, uint16_t at)
{
    for (unsigned i = 0; i < n; i++) {
        if (places[i] == at) {
            return true;
        }
    }
    return false;
}

static void show_capabilities(Space *s)
{
    uint16_t places[MIG_PCI_CAPABILITIES_MAX];
    MigPciCapability capability = { 0 };
    unsigned n = 0;

    while (mig_pci_next_capability(bytes_at(s, 0), &capability) &&
           capability.id != 0xff) {
        if (is_listed(places, n, capability.at)) {
            mig_emit_mismatch(s->e, s->at + capability.at, 1,
                              "the capabilities are chained in a loop");
            break;
        }
        places[n++] = capability.at;
    }
    for (unsigned i = 0; i < n; i++) {
        show_capability(s, (uint8_t)places[i], end_of(places, n, places[i], SPACE));
    }
}

/* The resizable BARs after the first, which says how many there are. */
static void show_more_bars(Space *s, uint32_t at)
{
    unsigned n = at + 12 <= s->size ? mig_le32(bytes_at(s, at + 8)) >> 5 & 7 : 0;

    for (unsigned i = 1; i < n; i++) {
        show_regs(s, at + 8 * i, mig_pci_rebar_regs);
    }
}

static void show_extended_capability(Space *s, uint16_t at, uint32_t end)
{
    uint32_t header = mig_le32(bytes_at(s, at));
    const Capability *known = find(mig_pci_extended_capabilities, header & 0xffff);
    g_autofree char *name = g_strdup_printf("ext_0x%03x", at);

    mig_emit_group(
        s->e, &(MigField){ .kind = MIG_FIELD_STRUCT,
                           .name = name,
                           .type = "extended capability",
                           .offset = s->at + at,
                           .length = end - at,
                           .note = known ? known->name : "unknown extended capability" });
    describe(s->note, BITS({ 0, 16, "ID" }, { 16, 4, "Version" }, { 20, 12, "Next" }),
             header);
    show(s, at, 4, "header", s->note->str);
    if (known && known->regs) {
        show_regs(s, at, known->regs);
    }
    if ((header & 0xffff) == EXT_SRIOV) {
        show_bars(s, at + 0x24u, 6, "vf_bar");
    }
    if ((header & 0xffff) == EXT_AER && s->root) {
        show_regs(s, at, mig_pci_aer_root_regs);
    }
    if ((header & 0xffff) == EXT_REBAR || (header & 0xffff) == EXT_VF_REBAR) {
        show_more_bars(s, at);
    }
    if (!known || !known->regs || (header & 0xffff) == EXT_VENDOR) {
        show_rest(s, at, end);
    }
    mig_emit_close(s->e);
}

static void show_extended_capabilities(Space *s)
{
    uint16_t places[EXTENDED_CAPABILITIES_MAX];
    bool seen[EXTENDED_SPACE / 4] = { 0 };
    unsigned n = 0;
    uint16_t at = SPACE;

    while (at >= SPACE && at <= EXTENDED_SPACE - 4 && n < EXTENDED_CAPABILITIES_MAX &&
           mig_le32(bytes_at(s, at)) != 0 && mig_le32(bytes_at(s, at)) != UINT32_MAX) {
        if (seen[at / 4]) {
            mig_emit_mismatch(s->e, s->at + at, 4,
                              "the extended capabilities are chained in a loop");
            break;
        }
        seen[at / 4] = true;
        places[n++] = at;
        at = (uint16_t)(mig_le32(bytes_at(s, at)) >> 20 & 0xffc);
    }
    for (unsigned i = 0; i < n; i++) {
        show_extended_capability(s, places[i],
                                 end_of(places, n, places[i], EXTENDED_SPACE));
    }
}

static void name_ids(Space *s)
{
    uint16_t vendor = mig_le16(bytes_at(s, 0)), device = mig_le16(bytes_at(s, 2));
    uint16_t class_code = mig_le16(bytes_at(s, 0x0a));
    const char *text[] = { mig_pci_class_name(s->e->decoder.names, class_code),
                           mig_pci_vendor_name(s->e->decoder.names, vendor),
                           mig_pci_device_name(s->e->decoder.names, vendor, device) };

    g_string_printf(s->note, "%04x:%04x class %04x", vendor, device, class_code);
    for (size_t i = 0; i < G_N_ELEMENTS(text); i++) {
        g_string_append_printf(s->note, "%s%s", text[i] ? i ? " " : ", " : "",
                               text[i] ? text[i] : "");
        if (i == 0 && text[0]) {
            g_string_append_c(s->note, ':');
        }
    }
}

void mig_pci_config_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                           uint64_t length)
{
    g_autoptr(GString) note = g_string_new(NULL);
    g_autofree Space *s = NULL;
    uint8_t layout;

    if (length != SPACE && length != EXTENDED_SPACE) {
        mig_emit_bytes(e, name, type, at, length, "no configuration space has this size");
        return;
    }
    s = g_new0(Space, 1);
    *s = (Space){ .e = e, .at = at, .size = (uint32_t)length, .note = note };
    name_ids(s);
    mig_emit_group(e, &(MigField){ .kind = MIG_FIELD_STRUCT,
                                   .name = name,
                                   .type = type,
                                   .offset = at,
                                   .length = length,
                                   .note = note->str });
    e->config_at = at;
    e->config_end = at + length;
    show_regs(s, 0, mig_pci_common_header);
    layout = *bytes_at(s, MIG_PCI_HEADER_TYPE) & 0x7f;
    if (layout <= 1) {
        show_bars(s, 0x10, layout ? 2 : 6, "bar");
        show_regs(s, 0, layout ? mig_pci_header_1 : mig_pci_header_0);
        show_rest(s, 0, 0x40);
        show_capabilities(s);
    }
    show_rest(s, 0, SPACE);
    if (length == EXTENDED_SPACE) {
        show_extended_capabilities(s);
        show_rest(s, SPACE, EXTENDED_SPACE);
    }
    e->config_at = e->config_end = 0;
    mig_emit_close(e);
}
