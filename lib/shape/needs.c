/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see needs.h: what is collected of a stream, and in which order it becomes rows.
 * Must not know: which option follows from what.
 * See also:      needs-facts.c, needs-machine.c, needs-memory.c, needs-device.c.
 */
#include "shape/needs.h"

#include <string.h>

#include "shape/needs-private.h"
#include "stream/item-private.h"

const char *mig_need_kind_name(MigNeedKind kind)
{
    static const char *const names[MIG_NEED_KIND_COUNT] = {
        "program", "machine", "cpu", "memory", "device", "capability", "unknown",
    };

    g_return_val_if_fail((unsigned)kind < G_N_ELEMENTS(names), "");
    return names[kind];
}

MigNeeds *mig_needs_new(MigReader *reader)
{
    MigNeeds *needs = g_new0(MigNeeds, 1);

    needs->reader = reader;
    needs->facts = g_array_new(false, false, sizeof(MigNeedsFacts));
    needs->rows = g_array_new(false, false, sizeof(MigNeed));
    needs->strings = g_string_chunk_new(4096);
    needs->image = mig_acpi_image_new(reader);
    return needs;
}

void mig_needs_free(MigNeeds *needs)
{
    if (!needs) {
        return;
    }
    mig_acpi_image_free(needs->image);
    g_array_unref(needs->facts);
    g_array_unref(needs->rows);
    g_string_chunk_free(needs->strings);
    g_free(needs);
}

/* --- what is collected ------------------------------------------------------------------- */

static MigNeedsFacts *last_facts(MigNeeds *needs)
{
    return needs->facts->len
               ? &g_array_index(needs->facts, MigNeedsFacts, needs->facts->len - 1)
               : NULL;
}

static void take_header(MigNeeds *needs, const MigItem *item)
{
    const MigSection *section = item->section;
    const char *handler = mig_section_handler(section->name);
    size_t before = (size_t)(handler - section->name);
    MigNeedsFacts facts = { .section = section,
                            .handler = handler,
                            .path = before ? before - 1 : 0 };

    if (item->type != MIG_SECTION_FULL && item->type != MIG_SECTION_START) {
        return;
    }
    needs->dirty_bitmaps |= strcmp(section->name, "dirty-bitmap") == 0;
    if (needs->facts->len < MIG_NEEDS_SECTIONS_MAX) {
        g_array_append_val(needs->facts, facts);
    } else {
        needs->too_many = true;
    }
}

/* A VFIO device tells its ids by its records. */
static void take_record(MigNeeds *needs, const MigItem *item)
{
    for (guint i = 0; item->vfio.config_offset && i < needs->facts->len; i++) {
        MigNeedsFacts *facts = &g_array_index(needs->facts, MigNeedsFacts, i);

        if (facts->section == item->section) {
            facts->has_pci = true;
            facts->vendor_id = item->vfio.vendor_id;
            facts->device_id = item->vfio.device_id;
            break;
        }
    }
}

static void take(MigNeeds *needs, const MigItem *item)
{
    MigNeedsFacts *facts = last_facts(needs);
    const uint8_t *bytes;

    switch (item->kind) {
    case MIG_ITEM_SECTION_HEADER:
        take_header(needs, item);
        break;
    case MIG_ITEM_DEVICE_STATE:
        if (item->length == item->whole && facts && facts->section == item->section &&
            (bytes = mig_reader_bytes(needs->reader, item))) {
            mig_needs_read_facts(facts, needs->reader, item, bytes);
        }
        break;
    case MIG_ITEM_VFIO_RECORD:
        if (mig_budget_spend(mig_reader_budget(needs->reader), needs->facts->len)) {
            take_record(needs, item);
        }
        break;
    case MIG_ITEM_COMMAND:
        needs->postcopy |= item->command.id == MIG_CMD_POSTCOPY_ADVISE;
        break;
    case MIG_ITEM_RAM_PAGES:
        needs->compressed |=
            item->pages.kind == MIG_PAGE_COMPRESSED && item->channel == 0;
        break;
    default:
        break;
    }
    needs->channels = MAX(needs->channels, item->channel);
}

bool mig_needs_watch(MigNeeds *needs, const MigItem *item, GError **error)
{
    take(needs, item);
    return mig_acpi_image_watch(needs->image, item, error);
}

bool mig_needs_skip_ram(MigNeeds *needs, uint64_t *from, uint64_t *to)
{
    bool skipped = mig_reader_skip_ram(needs->reader, from, to);

    needs->skipped |= skipped;
    return skipped;
}

/* Devices tell the same of CPUs, and nothing else tells how much memory fits into slots. */
bool mig_needs_misses_ram(const MigNeeds *needs)
{
    bool cpu_slots = false, memory_slots = false;

    for (guint i = 0; i < needs->facts->len; i++) {
        const MigNeedsFacts *facts = &g_array_index(needs->facts, MigNeedsFacts, i);

        cpu_slots |= facts->cpu_slots > 0;
        memory_slots |= facts->memory_slots > 0;
    }
    return needs->skipped && mig_needs_block(needs, MIG_ACPI_TABLES) &&
           (memory_slots || (!cpu_slots && mig_needs_find(needs, "apic")));
}

/* --- rows -------------------------------------------------------------------------------- */

static const char *keep(MigNeeds *needs, const char *text)
{
    return text ? g_string_chunk_insert(needs->strings, text) : NULL;
}

void mig_needs_row(MigNeeds *needs, MigNeedKind kind, const char *option,
                   const char *value, const char *section, const char *note)
{
    const MigNeed row = { .kind = kind,
                          .option = option,
                          .value = keep(needs, value),
                          .section = keep(needs, section),
                          .note = keep(needs, note) };

    g_array_append_val(needs->rows, row);
}

void mig_needs_unknown(MigNeeds *needs, const char *section, const char *note)
{
    mig_needs_row(needs, MIG_NEED_UNKNOWN, NULL, NULL, section, note);
}

bool mig_needs_is_id(const char *name)
{
    static const char rest[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._";

    return g_ascii_isalpha(name[0]) && strspn(name, rest) == strlen(name);
}

const MigNeedsFacts *mig_needs_find(const MigNeeds *needs, const char *name)
{
    bool has_path = strchr(name, '/');

    for (guint i = 0; i < needs->facts->len; i++) {
        const MigNeedsFacts *facts = &g_array_index(needs->facts, MigNeedsFacts, i);

        if (strcmp(has_path ? facts->section->name : facts->handler, name) == 0) {
            return facts;
        }
    }
    return NULL;
}

const MigRamBlock *mig_needs_block(const MigNeeds *needs, const char *name)
{
    return mig_reader_ram_block(needs->reader, name, (uint8_t)strlen(name));
}

const char *mig_needs_machine(const MigNeeds *needs)
{
    const MigConfiguration *configuration = mig_reader_configuration(needs->reader);

    return configuration && configuration->machine ? configuration->machine : "";
}

uint64_t mig_needs_machine_series(const MigNeeds *needs)
{
    const char *version = strrchr(mig_needs_machine(needs), '-');

    return version && g_ascii_isdigit(version[1])
               ? g_ascii_strtoull(version + 1, NULL, 10)
               : UINT64_MAX;
}

const MigNeed *mig_needs_finish(MigNeeds *needs, size_t *n, GError **error)
{
    *n = 0;
    if (!mig_acpi_image_read(needs->image, &needs->acpi, error)) {
        return NULL;
    }
    g_array_set_size(needs->rows, 0);
    mig_needs_add_machine(needs);
    mig_needs_add_memory(needs);
    mig_needs_add_devices(needs);
    mig_needs_add_capabilities(needs);
    if (needs->too_many) {
        mig_needs_unknown(needs, NULL, "there are more sections than are looked at");
    }
    *n = needs->rows->len;
    return (const MigNeed *)(void *)needs->rows->data;
}
