/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          dropping whole sections by name: drop-section those that match,
 *                keep-section those that do not.
 * Must not know: what is in them.
 * See also:      filter/description-edit.h, which drops their entries.
 *
 * A section is its START, PARTs, END and FULL, with all items and footers in them.
 */
#include "filter/description-edit.h"
#include "filter/filter.h"

typedef struct Select {
    MigAddresses *names;
    bool keep;
    GHashTable *dropped; /* MigSection, since each is reported once */
    GHashTable *kept;
    MigDescriptionEdit *edit;
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
    }
    if (key) {
        mig_addresses_add(select->names, value);
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
        return mig_next_emit(next, item, error);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL) {
        mig_description_edit_remove(select->edit, item->section);
    }
    return true;
}

static bool select_finish(void *state, MigNext *next, GError **error)
{
    const Select *select = state;

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
    }
}

static const MigFilterOption select_options[] = {
    { "name", "PATTERN",
      "Sections by name: \"slirp\", \"0000:00:02.0/*\", \"dma@1\"; * and ? stand for "
      "anything. May be repeated" },
    { 0 },
};

/* What lies outside of sections passes. */
const MigFilterType mig_filter_drop_section = {
    .name = "drop-section",
    .summary = "drop sections by name, with their footers and entries in the description",
    .options = select_options,
    MIG_FILTER_PASSES(MIG_ITEM_BITS_OUTSIDE),
    .page_kinds = MIG_PAGE_BITS_ALL,
    .state_size = sizeof(Select),
    .configure = select_configure,
    .event = select_event,
    .finish = select_finish,
    .clear = select_clear,
};

const MigFilterType mig_filter_keep_section = {
    .name = "keep-section",
    .summary = "drop all sections but those named",
    .options = select_options,
    MIG_FILTER_PASSES(MIG_ITEM_BITS_OUTSIDE),
    .page_kinds = MIG_PAGE_BITS_ALL,
    .state_size = sizeof(Select),
    .configure = keep_configure,
    .event = select_event,
    .finish = select_finish,
    .clear = select_clear,
};
