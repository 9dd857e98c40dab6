/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          dropping whole sections by name: drop-section those that match, with the
 *                RAM blocks of a device that has no other section; keep-section those that
 *                do not.
 * Must not know: what is in them.
 * See also:      filter/description-edit.h, which drops their entries;
 *                filter/device-blocks.h.
 *
 * A section is its START, PARTs, END and FULL, with all items and footers in them.  The list
 * of RAM blocks comes first, so drop-section looks ahead where a name may be a device's.
 */
#include "filter/description-edit.h"
#include "filter/device-blocks.h"
#include "filter/filter.h"

typedef struct Select {
    MigAddresses *names;
    bool keep;
    bool ram;            /* blocks may go along */
    bool was_brief;      /* the first pass */
    GHashTable *dropped; /* MigSection, since each is reported once */
    GHashTable *kept;
    MigDescriptionEdit *edit;
    MigDeviceBlocks *devices;
    MigBlockEdit *blocks;
    bool leaves_ram; /* ram=keep */
} Select;

static bool select_configure(void *state, const char *key, const char *value,
                             GError **error)
{
    Select *select = state;

    if (!select->names) {
        select->names = mig_addresses_new();
        select->edit = mig_description_edit_new();
        select->dropped = g_hash_table_new(NULL, NULL);
        select->kept = g_hash_table_new(NULL, NULL);
        select->devices = mig_device_blocks_new();
        select->blocks = mig_block_edit_new();
    }
    if (key && g_str_equal(key, "ram")) {
        return mig_device_blocks_option(value, &select->leaves_ram, error);
    }
    if (key) {
        mig_addresses_add(select->names, value);
        select->ram |= mig_device_blocks_concern(value);
    } else if (mig_addresses_is_empty(select->names)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "name=PATTERN is missing");
        return false;
    }
    return true;
}

static bool keep_configure(void *state, const char *key, const char *value,
                           GError **error)
{
    ((Select *)state)->keep = true;
    return select_configure(state, key, value, error);
}

/* --- the first pass --- */

static MigScan drop_wants_scan(const void *state)
{
    const Select *select = state;

    return select->ram && !select->leaves_ram ? MIG_SCAN_NEEDED : MIG_SCAN_NONE;
}

static bool drop_scan(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Select *select = state;
    const MigSection *section = item->section;

    (void)next;
    (void)error;
    if (item->kind == MIG_ITEM_RAM_BLOCK) {
        mig_device_blocks_block(select->devices, item->block);
    } else if (item->kind == MIG_ITEM_SECTION_HEADER) {
        bool drop =
            mig_addresses_section(select->names, section->name, section->instance_id);

        mig_device_blocks_section(select->devices, section,
                                  drop ? MIG_DEVICE_GOES : MIG_DEVICE_STAYS, NULL);
    }
    return true;
}

static bool drop_suffices(void *state, const MigGap *gap)
{
    (void)gap;
    ((Select *)state)->was_brief = true;
    return true;
}

static void drop_forget(void *state)
{
    mig_device_blocks_forget(((Select *)state)->devices);
}

static bool drop_start(void *state, MigNext *next, GError **error)
{
    Select *select = state;

    (void)error;
    mig_device_blocks_plan(select->devices, next, select->blocks);
    return true;
}

/* --- the second --- */

/* Whether the first pass, if it was brief, has seen such a section. */
static bool was_seen(const Select *select, MigNext *next, const MigItem *item, bool drop,
                     GError **error)
{
    return !select->was_brief ||
           mig_device_blocks_knew(select->devices, item->section,
                                  drop ? MIG_DEVICE_GOES : MIG_DEVICE_STAYS) ||
           mig_next_refuse(next, item, item->section, error,
                           "this section was not seen when the filter looked ahead");
}

/* Decided at each header, and remembered for what is in the section. */
static bool goes(Select *select, MigNext *next, const MigSection *section)
{
    gpointer key = (gpointer)(uintptr_t)section;
    bool drop;

    if (g_hash_table_contains(select->dropped, key)) {
        return true;
    }
    if (g_hash_table_contains(select->kept, key)) {
        return false;
    }
    drop = mig_addresses_section(select->names, section->name, section->instance_id) !=
           select->keep;
    g_hash_table_add(drop ? select->dropped : select->kept, key);
    if (drop) {
        mig_next_report(next, section, "dropped");
    }
    return drop;
}

static bool select_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Select *select = state;

    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(select->edit, next, item, error);
    }
    if (!item->section || !goes(select, next, item->section)) {
        return (item->kind != MIG_ITEM_SECTION_HEADER ||
                was_seen(select, next, item, false, error)) &&
               mig_block_edit_item(select->blocks, next, item, error);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER &&
        !was_seen(select, next, item, true, error)) {
        return false;
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL) {
        mig_description_edit_remove(select->edit, item->section);
    }
    return true;
}

static bool select_leaves_ram(const void *state, const MigSection *ram)
{
    const Select *select = state;

    return g_hash_table_contains(select->kept, ram) &&
           mig_block_edit_is_empty(select->blocks);
}

static bool select_finish(void *state, MigNext *next, GError **error)
{
    const Select *select = state;

    mig_block_edit_report(select->blocks, next);
    return mig_next_matched(next, select->names, MIG_ADDRESS_SECTION, "name=", error);
}

static void select_clear(void *state)
{
    Select *select = state;

    if (select->names) {
        mig_addresses_free(select->names);
        g_hash_table_unref(select->dropped);
        g_hash_table_unref(select->kept);
        mig_description_edit_free(select->edit);
        mig_device_blocks_free(select->devices);
        mig_block_edit_free(select->blocks);
    }
}

#define NAME_OPTION                                                                      \
    {                                                                                    \
        "name", "PATTERN",                                                               \
            "Sections by name: \"slirp\", \"0000:00:02.0/*\", \"dma@1\"; * and ? stand " \
            "for "                                                                       \
            "anything. May be repeated"                                                  \
    }

static const MigFilterOption drop_options[] = {
    NAME_OPTION,
    MIG_DEVICE_BLOCKS_OPTION,
    { 0 },
};

static const MigFilterOption keep_options[] = { NAME_OPTION, { 0 } };

/* What lies outside of sections passes, but for commands, which may name RAM blocks. */
const MigFilterType mig_filter_drop_section = {
    .name = "drop-section",
    .summary = "drop sections by name, with their footers, RAM blocks and entries in the "
               "description",
    .gives_up = "the device's state, and what its RAM blocks hold",
    .options = drop_options,
    MIG_FILTER_PASSES(MIG_ITEM_BITS_OUTSIDE & ~MIG_ITEM_BIT(COMMAND)),
    .page_kinds = MIG_PAGE_BITS_ALL,
    .state_size = sizeof(Select),
    .configure = select_configure,
    .wants_scan = drop_wants_scan,
    .scan = drop_scan,
    .suffices = drop_suffices,
    .forget = drop_forget,
    .start = drop_start,
    .event = select_event,
    .leaves_ram = select_leaves_ram,
    .finish = select_finish,
    .clear = select_clear,
};

const MigFilterType mig_filter_keep_section = {
    .name = "keep-section",
    .summary = "drop all sections but those named",
    .gives_up = "all other sections, and what is in them",
    .options = keep_options,
    MIG_FILTER_PASSES(MIG_ITEM_BITS_OUTSIDE),
    .page_kinds = MIG_PAGE_BITS_ALL,
    .state_size = sizeof(Select),
    .configure = keep_configure,
    .event = select_event,
    .leaves_ram = select_leaves_ram,
    .finish = select_finish,
    .clear = select_clear,
};
