/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the machine type's name in the CONFIGURATION section.
 * Must not know: which machines are alike, except for their page size: if a stream does
 *                not record it, it follows from the name, and another name would make it
 *                unreadable.
 * See also:      filter/description-edit.h, which has the name's length.
 */
#include <inttypes.h>
#include <string.h>

#include "filter/description-edit.h"
#include "filter/filter.h"
#include "stream/configuration.h"

/* No machine type of QEMU's comes near. */
#define NAME_MAX_LENGTH 255u

typedef struct Machine {
    char *name;
    bool seen;
    uint32_t page_size; /* that of @name, where the stream leaves it to the name, or 0 */
    bool compared;      /* with that of the name before */
    MigDescriptionEdit *edit;
} Machine;

static bool machine_configure(void *state, const char *key, const char *value,
                              GError **error)
{
    Machine *machine = state;

    if (key) {
        g_free(machine->name);
        machine->name = g_strdup(value);
        return true;
    }
    if (!machine->name || !*machine->name || strlen(machine->name) > NAME_MAX_LENGTH) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "name=MACHINE is wanted, of 1 to 255 bytes");
        return false;
    }
    machine->edit = mig_description_edit_new();
    return true;
}

/* @page_size is what the stream has, or 0 if that is not known here. */
static bool same_page_size(Machine *machine, MigNext *next, const MigItem *item,
                           uint32_t page_size, GError **error)
{
    return !machine->page_size || !page_size || page_size == machine->page_size ||
           mig_next_refuse(next, item, NULL, error,
                           "pages are %u bytes long, those of machine %s are %u",
                           page_size, machine->name, machine->page_size);
}

static bool change_name(Machine *machine, MigNext *next, const MigItem *item,
                        GError **error)
{
    const uint8_t *p = mig_next_bytes(next, item, error);
    uint32_t n = (uint32_t)strlen(machine->name), old;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *was = NULL;
    MigConfigurationParts parts;

    if (!p) {
        return false;
    }
    parts = mig_configuration_parts(item, p);
    old = parts.machine_length;
    was = g_strndup(parts.machine, old);
    machine->seen = true;
    if (!mig_reader_configuration(mig_next_reader(next))->has_page_bits) {
        machine->page_size = mig_page_size_of_machine(machine->name);
    }
    machine->compared = mig_page_size_of_machine(was) != 0;
    if (!same_page_size(machine, next, item, mig_page_size_of_machine(was), error)) {
        return false;
    }
    parts.machine = machine->name;
    parts.machine_length = n;
    mig_configuration_encode(&parts, bytes);
    if (n != old) {
        mig_description_edit_machine(machine->edit, n);
    }
    mig_next_report(next, NULL, "machine %s \342\206\222 %s", was, machine->name);
    return mig_next_emit_bytes(next, item, MIG_ITEM_CONFIGURATION, bytes->data,
                               bytes->len, error);
}

static bool machine_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Machine *machine = state;

    if (item->kind == MIG_ITEM_CONFIGURATION) {
        return change_name(machine, next, item, error);
    }
    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(machine->edit, next, item, error);
    }
    if (!machine->seen) {
        return mig_next_refuse(
            next, item, NULL, error,
            "the stream has no CONFIGURATION section to name a machine in");
    }
    if (item->kind == MIG_ITEM_RAM_PAGES &&
        !same_page_size(machine, next, item, item->pages.page_size, error)) {
        return false;
    }
    if (item->kind == MIG_ITEM_RAM_LIST && machine->page_size &&
        item->ram_list.total % machine->page_size) {
        return mig_next_refuse(next, item, item->section, error,
                               "%" PRIu64 " bytes of RAM are not whole pages of %u, "
                               "which machine %s has",
                               item->ram_list.total, machine->page_size, machine->name);
    }
    return mig_next_emit(next, item, error);
}

/* Where the names tell the sizes of pages, no page has to. */
static bool machine_leaves_ram(const void *state, const MigSection *ram)
{
    const Machine *machine = state;

    (void)ram;
    return machine->seen && (machine->compared || !machine->page_size);
}

static void machine_clear(void *state)
{
    Machine *machine = state;

    g_free(machine->name);
    g_clear_pointer(&machine->edit, mig_description_edit_free);
}

static const MigFilterOption machine_options[] = {
    { "name", "MACHINE", "The machine type, as -machine of the destination has it" },
    { 0 },
};

const MigFilterType mig_filter_machine = {
    .name = "machine",
    .summary = "name another machine type in the configuration",
    .gives_up = "nothing; the other machine type must have the same devices",
    .options = machine_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(CONFIGURATION) | MIG_ITEM_BIT(DESCRIPTION) |
                       MIG_ITEM_BIT(SECTION_HEADER) | MIG_ITEM_BIT(RAM_LIST) |
                       MIG_ITEM_BIT(RAM_PAGES)),
    .page_kinds = MIG_PAGE_BITS_ALL,
    .state_size = sizeof(Machine),
    .configure = machine_configure,
    .event = machine_event,
    .leaves_ram = machine_leaves_ram,
    .clear = machine_clear,
};
