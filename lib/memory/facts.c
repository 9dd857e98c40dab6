/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see facts.h.
 * Must not know: the rules of machines.
 * See also:      device/decode.h; stream/pci-space.h.
 */
#include "memory/facts.h"

#include <string.h>

#include "device/decode.h"
#include "device/virtio-layout.h"
#include "io/budget.h"
#include "stream/pci-space.h"

/* Registers of PCI configuration space; PCI Local Bus Specification 3.0, 6.1 and 6.2. */
enum {
    COMMAND = 0x04,
    CLASS = 0x0a,
    CLASS_VGA = 0x0300,
    BARS = 0x10,
    ROM = 0x30,
    MEMORY_ENABLED = 0x02,
    ROM_ENABLED = 0x01,
    BAR_IS_IO = 0x01,
    BAR_TYPE = 0x06,
    BAR_IS_64 = 0x04,
    N_BARS = 6
};

/* The PAM registers and SMRAM of Intel's 440FX (datasheet 290549) and of the Q35 (316966); in
 * QEMU hw/pci-host/i440fx.c and q35.c, 5.2 to 11.1. */
enum { I440FX_PAM = 0x59, I440FX_SMRAM = 0x72, Q35_PAM = 0x90, Q35_SMRAM = 0x9d };

/* What virtio-mem sends first of its own state: be64 address, be64 size of its region, be64 size
 * of a block.  hw/virtio/virtio-mem.c, vmstate_virtio_mem_sanity_checks, 5.1 to 11.1. */
#define VIRTIO_MEM_LENGTH 24u
#define VIRTIO_MEM_TYPE   24u

static int compare_paths(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void)unused;
    return strcmp(a, b);
}

void mig_memory_facts_init(MigMemoryFacts *facts)
{
    *facts = (MigMemoryFacts){ 0 };
    facts->pci = g_tree_new_full(compare_paths, NULL, g_free, g_free);
}

void mig_memory_facts_clear(MigMemoryFacts *facts)
{
    g_tree_unref(facts->pci);
}

/* What is before the last '/', or NULL; the caller frees. */
static char *path_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash && slash > name ? g_strndup(name, (size_t)(slash - name)) : NULL;
}

const MigMemoryPci *mig_memory_facts_pci(const MigMemoryFacts *facts, const char *name)
{
    g_autofree char *path = path_of(name);

    return path ? g_tree_lookup(facts->pci, path) : NULL;
}

typedef struct Only {
    uint16_t vendor_id, device_id;
    const MigMemoryPci *found;
    unsigned n;
} Only;

static gboolean find_only(gpointer path, gpointer value, gpointer user)
{
    const MigMemoryPci *pci = value;
    Only *only = user;

    (void)path;
    if (pci->vendor_id == only->vendor_id && pci->device_id == only->device_id) {
        only->found = pci;
        only->n++;
    }
    return FALSE;
}

const MigMemoryPci *mig_memory_facts_only(const MigMemoryFacts *facts, uint16_t vendor_id,
                                          uint16_t device_id)
{
    Only only = { .vendor_id = vendor_id, .device_id = device_id };

    g_tree_foreach(facts->pci, find_only, &only);
    return only.n == 1 ? only.found : NULL;
}

/* The device that the section is of; NULL: it is on no bus, or there are too many. */
static MigMemoryPci *device_of(MigMemoryFacts *facts, const MigSection *section)
{
    g_autofree char *path = path_of(section->name);
    MigMemoryPci *pci = path ? g_tree_lookup(facts->pci, path) : NULL;

    if (!pci && path && g_tree_nnodes(facts->pci) < (int)MIG_MEMORY_DEVICES_MAX) {
        pci = g_new0(MigMemoryPci, 1);
        g_tree_insert(facts->pci, g_steal_pointer(&path), pci);
    }
    return pci;
}

static void read_bars(MigMemoryPci *pci, const uint8_t *space)
{
    uint32_t rom = mig_le32(space + ROM);

    for (unsigned i = 0; i < N_BARS; i++) {
        uint32_t low = mig_le32(space + BARS + 4 * i);
        bool is_64 = (low & BAR_TYPE) == BAR_IS_64 && i + 1 < N_BARS;

        if (low & BAR_IS_IO) {
            continue;
        }
        pci->address[i] = low & ~UINT32_C(0xf);
        if (is_64) {
            pci->address[i] |= (uint64_t)mig_le32(space + BARS + 4 * i + 4) << 32;
            i++;
        }
    }
    pci->address[MIG_MEMORY_PCI_ROM] = rom & ROM_ENABLED ? rom & ~UINT32_C(0x7ff) : 0;
}

static void read_bridge(MigMemoryFacts *facts, const MigSection *section,
                        const uint8_t *space)
{
    if (!facts->has_i440fx && !facts->has_q35) {
        facts->has_i440fx = mig_section_has_handler(section, "I440FX");
        facts->has_q35 = mig_section_has_handler(section, "mch");
        facts->has_pam = facts->has_i440fx || facts->has_q35;
        memcpy(facts->pam, space + (facts->has_q35 ? Q35_PAM : I440FX_PAM),
               MIG_PAM_COUNT);
        facts->smram = space[facts->has_q35 ? Q35_SMRAM : I440FX_SMRAM];
    }
}

static void read_space(MigMemoryFacts *facts, const MigSection *section,
                       const uint8_t *space)
{
    MigMemoryPci *pci = device_of(facts, section);

    facts->has_vga |= mig_le16(space + CLASS) == CLASS_VGA;
    if (pci) {
        pci->vendor_id = mig_le16(space);
        pci->device_id = mig_le16(space + 2);
        pci->enabled = mig_le16(space + COMMAND) & MEMORY_ENABLED;
        read_bars(pci, space);
    }
    read_bridge(facts, section, space);
}

static void set_plugged(MigMemoryFacts *facts, const MigSection *section,
                        uint64_t address)
{
    MigMemoryPci *pci = device_of(facts, section);

    if (pci) {
        pci->has_address = true;
        pci->plugged = address;
    }
}

/* The memory of virtio-mem in its own part of the state, of machines up to 7.2. */
static void read_virtio(MigMemoryFacts *facts, const MigSection *section,
                        const uint8_t *p, uint64_t length)
{
    MigVirtioLayout l;
    uint16_t type;

    if (mig_section_has_handler(section, "virtio-mem") &&
        mig_virtio_measure(p, length, VIRTIO_MEM_TYPE, &l, &type) &&
        l.device_class + VIRTIO_MEM_LENGTH <= l.subsections) {
        set_plugged(facts, section, mig_be64(p + l.device_class));
    }
}

typedef struct Look {
    MigMemoryFacts *facts;
    const MigSection *section;
} Look;

/* A MigFieldVisit. */
static void look(const MigField *field, void *user)
{
    const Look *l = user;
    bool group = field->kind == MIG_FIELD_STRUCT && field->bytes;

    if (group && g_strcmp0(field->type, "pci config") == 0 &&
        field->length >= MIG_PCI_SPACE_LENGTH) {
        read_space(l->facts, l->section, field->bytes);
    } else if (group && g_strcmp0(field->type, "virtio") == 0) {
        read_virtio(l->facts, l->section, field->bytes, field->length);
    } else if (field->kind == MIG_FIELD_UINT && strcmp(field->path, "tmp.addr") == 0 &&
               mig_section_has_handler(l->section, "virtio-mem-device-early")) {
        set_plugged(l->facts, l->section, field->u);
    } else if (field->kind == MIG_FIELD_BYTES && strcmp(field->path, "cmos_data") == 0 &&
               field->length == MIG_CMOS_LENGTH) {
        l->facts->has_cmos = true;
        memcpy(l->facts->cmos, field->bytes, MIG_CMOS_LENGTH);
    }
}

void mig_memory_decode(MigReader *reader, const MigItem *item, MigFieldVisit *visit,
                       void *user)
{
    const MigSection *section = item->section;
    MigBudget *budget = mig_reader_budget(reader);
    const MigDecoder decoder = { .budget = budget, .visit = visit, .user = user };
    MigDeviceState state = { .length = item->length, .offset = item->offset };
    g_autofree char *text = NULL;

    if (item->length != item->whole || !(state.bytes = mig_reader_bytes(reader, item))) {
        return;
    }
    state.json = text = mig_device_description_text(
        budget, mig_reader_input(reader), mig_reader_description(reader), section->name,
        section->instance_id, &state.json_length);
    mig_device_decode(&decoder, &state);
}

void mig_memory_decode_at(MigReader *reader, const MigDeviceBody *body,
                          MigFieldVisit *visit, void *user)
{
    const MigDecoder decoder = { .budget = mig_reader_budget(reader),
                                 .visit = visit,
                                 .user = user };
    bool matches;

    mig_device_decode_at(&decoder, mig_reader_input(reader),
                         mig_reader_description(reader), body, &matches, NULL);
}

/* Whether the section may tell of memory. */
static bool tells(const char *name)
{
    return strchr(name, '/') || strcmp(name, "mc146818rtc") == 0;
}

void mig_memory_facts_read(MigMemoryFacts *facts, MigReader *reader,
                           const MigDeviceBody *body)
{
    const MigSection section = { .name = body->name,
                                 .name_length = (uint8_t)strlen(body->name) };
    Look at = { .facts = facts, .section = &section };

    if (tells(body->name)) {
        mig_memory_decode_at(reader, body, look, &at);
    }
}

void mig_memory_facts_watch(MigMemoryFacts *facts, MigReader *reader, const MigItem *item)
{
    Look at = { .facts = facts, .section = item->section };

    if (item->kind == MIG_ITEM_DEVICE_STATE && at.section && tells(at.section->name)) {
        mig_memory_decode(reader, item, look, &at);
    }
}
