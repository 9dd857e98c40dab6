/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the state of one device to the facts that tell how it was made.
 * Must not know: options.
 * See also:      needs-private.h; device/decode.h.
 */
#include <string.h>

#include "device/arm-sysreg.h"
#include "device/decode.h"
#include "device/virtio-gpu.h"
#include "device/virtio-layout.h"
#include "device/virtio.h"
#include "shape/needs-private.h"
#include "stream/pci-space.h"

/* Capabilities of PCI configuration space. */
enum { MSI = 0x05, SLOT_ID = 0x04, VENDOR = 0x09, HOTPLUG = 0x0c, EXPRESS = 0x10 };

/* Of the Express capability. */
#define LINK_CAPABILITIES 0x0cu /* the number of the port is in the highest byte */
#define SLOT_CAPABILITIES 0x14u /* that of the slot in the highest 13 bits */
#define EXPRESS_LENGTH    0x18u
#define HOTPLUG_CAPABLE   0x40u

#define MULTIFUNCTION 0x80u

static void read_space(MigNeedsFacts *f, const uint8_t *space, uint64_t length)
{
    MigPciCapability c = { 0 };

    if (f->has_pci || length < MIG_PCI_SPACE_LENGTH) {
        return;
    }
    f->has_pci = true;
    f->vendor_id = mig_le16(space);
    f->device_id = mig_le16(space + 2);
    f->class_id = mig_le16(space + MIG_PCI_CLASS);
    f->multifunction = space[MIG_PCI_HEADER_TYPE] & MULTIFUNCTION;
    f->vectors = mig_pci_msix_entries(space);
    while (mig_pci_next_capability(space, &c)) {
        f->msi |= c.id == MSI;
        f->shpc |= c.id == HOTPLUG;
        f->modern |= c.id == VENDOR;
        if (c.id == SLOT_ID) {
            f->chassis = space[(c.at + 3u) & 0xff];
        }
        if (c.id == EXPRESS && c.at + EXPRESS_LENGTH <= MIG_PCI_SPACE_LENGTH) {
            uint32_t slot = mig_le32(space + c.at + SLOT_CAPABILITIES);

            f->port = space[c.at + LINK_CAPABILITIES + 3];
            f->slot = (uint16_t)(slot >> 19);
            f->hotplug = slot & HOTPLUG_CAPABLE;
        }
    }
}

/* hw/char/virtio-serial-bus.c, virtio_serial_save_device(), 5.2 to 11.1: be16 columns, be16
 * rows, be32 the number of ports; be32 for each 32 ports, with a bit for each that is there, the
 * first one always; be32 the number of those that are there. */
#define SERIAL_MAP 8u

static void read_ports(MigNeedsFacts *f, const uint8_t *p, uint64_t length)
{
    uint64_t words = ((uint64_t)f->queues / 2 + 31) / 32, end = SERIAL_MAP + 4 * words;
    uint32_t marked = 0;

    if (words == 0 || end + 4 > length) {
        return;
    }
    for (uint64_t i = 0; i < words; i++) {
        uint32_t ports = mig_be32(p + SERIAL_MAP + 4 * i);

        marked += (uint32_t)__builtin_popcount(ports);
        if (i < G_N_ELEMENTS(f->virtio_ports)) {
            f->virtio_ports[i] = ports;
        }
    }
    if (mig_be32(p + end) < marked) {
        f->virtio_ports[0] &= ~1u;
    }
}

static void read_virtio(MigNeedsFacts *f, const uint8_t *p, uint64_t length)
{
    uint16_t named = mig_virtio_type_of_vmstate(f->handler), type;
    MigVirtioLayout l;

    if (!mig_virtio_measure(p, length, named, &l, &type)) {
        return;
    }
    f->virtio_type = type;
    f->queues = l.queues;
    for (uint32_t i = 0; i < MIN(l.queues, G_N_ELEMENTS(f->queue_size)); i++) {
        f->queue_size[i] = mig_be32(p + l.queue + (uint64_t)i * l.queue_length);
    }
    if (strcmp(f->handler, "virtio-console") == 0 && l.device_class <= l.subsections) {
        read_ports(f, p + l.device_class, l.subsections - l.device_class);
    }
}

/* --- fields ------------------------------------------------------------------------------ */

#define REGISTER_IDS    "cpreg_vmstate_indexes["
#define REGISTER_VALUES "cpreg_vmstate_values["

enum { PMCR, MMFR, N_REGISTERS };

typedef struct Collect {
    MigNeedsFacts *facts;
    uint64_t pauth, ids[N_REGISTERS]; /* the numbers of registers */
    char *index[N_REGISTERS];         /* of their values, "7]"; owned */
    uint64_t values[N_REGISTERS];
} Collect;

static void look_at_register(Collect *c, const MigField *field)
{
    bool is_id = g_str_has_prefix(field->path, REGISTER_IDS);

    if (field->kind != MIG_FIELD_UINT ||
        (!is_id && !g_str_has_prefix(field->path, REGISTER_VALUES))) {
        return;
    }
    c->facts->pauth |= is_id && field->u == c->pauth;
    for (int i = 0; i < N_REGISTERS; i++) {
        if (is_id && field->u == c->ids[i] && !c->index[i]) {
            c->index[i] = g_strdup(field->path + strlen(REGISTER_IDS));
        } else if (!is_id && c->index[i] &&
                   strcmp(field->path + strlen(REGISTER_VALUES), c->index[i]) == 0) {
            c->values[i] = field->u;
        }
    }
}

/* Arrays of ACPI's hot plug: hw/acpi/cpu.c, vmstate_cpu_hotplug, hw/acpi/memory_hotplug.c,
 * vmstate_memory_hotplug, 5.2 to 11.1: an element for each slot. */
static void look_at_slot(MigNeedsFacts *f, const MigField *field)
{
    const char *in_devs = strstr(field->path, ".devs[");
    const char *end = in_devs ? strchr(in_devs, ']') : NULL;
    bool element = end && end[1] == '\0' && field->kind == MIG_FIELD_STRUCT;

    if (!end) {
        return;
    }
    if (strstr(field->path, "/cpuhp")) {
        f->cpu_slots += element;
    } else if (strstr(field->path, "/memhp")) {
        f->memory_slots += element;
        f->memory_devices += strcmp(end, "].is_enabled") == 0 && field->u;
    }
}

static void look(const MigField *field, void *user)
{
    Collect *c = user;
    MigNeedsFacts *f = c->facts;
    bool is_new;

    if (field->kind == MIG_FIELD_END) {
        return;
    }
    if (field->kind == MIG_FIELD_STRUCT && g_strcmp0(field->type, "pci config") == 0) {
        read_space(f, field->bytes, field->length);
    } else if (field->kind == MIG_FIELD_STRUCT && g_strcmp0(field->type, "virtio") == 0) {
        read_virtio(f, field->bytes, field->length);
    } else if (field->kind == MIG_FIELD_BYTES &&
               g_strcmp0(field->type, "virtio-gpu") == 0) {
        f->outputs = mig_virtio_gpu_outputs(field->bytes, field->length, &is_new);
    } else if (g_str_has_suffix(field->path, "max_queue_pairs") ||
               g_str_has_suffix(field->path, "max_queues")) {
        f->queue_pairs = field->kind == MIG_FIELD_UINT ? (uint32_t)field->u : 0;
    } else if (field->kind == MIG_FIELD_STRUCT && strcmp(f->handler, "xhci") == 0 &&
               strstr(field->path, "ports[")) {
        f->usb_ports++;
    }
    look_at_slot(f, field);
    look_at_register(c, field);
}

void mig_needs_read_facts(MigNeedsFacts *facts, MigReader *reader, const MigItem *item,
                          const uint8_t *bytes)
{
    MigBudget *budget = mig_reader_budget(reader);
    Collect collect = { .facts = facts };
    const MigDecoder decoder = { .budget = budget, .visit = look, .user = &collect };
    MigDeviceState state = { .bytes = bytes,
                             .length = item->length,
                             .offset = item->offset };
    g_autofree char *text = mig_device_description_text(
        budget, mig_reader_input(reader), mig_reader_description(reader),
        facts->section->name, facts->section->instance_id, &state.json_length);

    mig_arm_sysreg_id("PMCR_EL0", &collect.ids[PMCR]);
    mig_arm_sysreg_id("ID_AA64MMFR0_EL1", &collect.ids[MMFR]);
    mig_arm_sysreg_id("APIAKeyLo_EL1", &collect.pauth);
    state.json = text;
    mig_device_decode(&decoder, &state);
    facts->pmcr = collect.values[PMCR];
    facts->mmfr = collect.values[MMFR];
    for (int i = 0; i < N_REGISTERS; i++) {
        g_free(collect.index[i]);
    }
}
