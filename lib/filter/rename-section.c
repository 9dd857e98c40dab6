/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          giving a section another name: a device that moved to another slot; its
 *                RAM blocks follow when no section of it stays there.
 * Must not know: what is in it.
 * See also:      filter/description-edit.h; filter/device-blocks.h.
 */
#include <string.h>

#include "filter/description-edit.h"
#include "filter/device-blocks.h"
#include "filter/filter.h"
#include "io/number-tree.h"
#include "stream/item-private.h"
#include "stream/outer-encode.h"
#include "stream/outer.h"

typedef struct Rename {
    MigAddresses *from;
    char *from_text, *to;
    GHashTable *renamed; /* MigSection -> MigSection of the new name, owned */
    /* Instance ids of sections that got the name @to, and of those that have it already. */
    GTree *made, *others;
    MigDescriptionEdit *edit;
    MigDeviceBlocks *devices;
    MigBlockEdit *blocks;
    bool leaves_ram; /* ram=keep */
    bool was_brief;  /* the first pass */
} Rename;

static bool rename_configure(void *state, const char *key, const char *value,
                             GError **error)
{
    Rename *rename = state;

    if (key && g_str_equal(key, "ram")) {
        return mig_device_blocks_option(value, &rename->leaves_ram, error);
    }
    if (key) {
        char **place = g_str_equal(key, "from") ? &rename->from_text : &rename->to;

        g_free(*place);
        *place = g_strdup(value);
        return true;
    }
    if (!rename->from_text || !rename->to || !*rename->to ||
        strlen(rename->to) > UINT8_MAX) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "from=NAME and to=NAME are wanted, of 1 to 255 bytes");
        return false;
    }
    rename->from = mig_addresses_new();
    mig_addresses_add(rename->from, rename->from_text);
    rename->devices = mig_device_blocks_new();
    rename->blocks = mig_block_edit_new();
    return true;
}

/* --- the first pass --- */

static MigScan rename_wants_scan(const void *state)
{
    const Rename *rename = state;

    return !rename->leaves_ram && mig_device_blocks_concern(rename->from_text) &&
                   strchr(rename->to, '/')
               ? MIG_SCAN_NEEDED
               : MIG_SCAN_NONE;
}

static MigDeviceFate fate_of(Rename *rename, const MigSection *section)
{
    return mig_addresses_section(rename->from, section->name, section->instance_id)
               ? MIG_DEVICE_MOVES
               : MIG_DEVICE_STAYS;
}

static bool rename_scan(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Rename *rename = state;

    (void)next;
    (void)error;
    if (item->kind == MIG_ITEM_RAM_BLOCK) {
        mig_device_blocks_block(rename->devices, item->block);
    } else if (item->kind == MIG_ITEM_SECTION_HEADER) {
        mig_device_blocks_section(rename->devices, item->section,
                                  fate_of(rename, item->section), rename->to);
    }
    return true;
}

static bool rename_suffices(void *state, const MigGap *gap)
{
    (void)gap;
    ((Rename *)state)->was_brief = true;
    return true;
}

static void rename_forget(void *state)
{
    mig_device_blocks_forget(((Rename *)state)->devices);
}

/* --- the second --- */

static bool rename_start(void *state, MigNext *next, GError **error)
{
    Rename *rename = state;

    (void)error;
    rename->renamed = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    rename->made = mig_number_tree_new(NULL);
    rename->others = mig_number_tree_new(NULL);
    rename->edit = mig_description_edit_new();
    mig_device_blocks_plan(rename->devices, next, rename->blocks);
    return true;
}

static bool collides(Rename *rename, MigNext *next, const MigItem *item, GError **error)
{
    return mig_next_refuse(next, item, item->section, error,
                           "there is a section called \"%s\" with that instance already",
                           rename->to);
}

/* The section under its new name; @section itself if it is another one.  NULL: *error. */
static const MigSection *renamed(Rename *rename, MigNext *next, const MigItem *item,
                                 GError **error)
{
    gpointer key = (gpointer)(uintptr_t)item->section;
    gpointer instance = GUINT_TO_POINTER(item->section->instance_id);
    MigSection *made = g_hash_table_lookup(rename->renamed, key);

    if (made) {
        return made;
    }
    if (g_str_equal(item->section->name, rename->to)) {
        mig_number_tree_add(rename->others, instance);
        if (mig_number_tree_has(rename->made, instance)) {
            collides(rename, next, item, error);
            return NULL;
        }
        return item->section;
    }
    if (!mig_addresses_section(rename->from, item->section->name,
                               item->section->instance_id)) {
        return item->section;
    }
    if (mig_number_tree_has(rename->others, instance)) {
        collides(rename, next, item, error);
        return NULL;
    }
    made = mig_section_renamed(item->section, rename->to);
    if (!made) {
        mig_next_refuse(next, item, item->section, error,
                        "a section called \"%s\" is read in another way than this one",
                        rename->to);
        return NULL;
    }
    g_hash_table_insert(rename->renamed, key, made);
    mig_number_tree_add(rename->made, instance);
    mig_next_report(next, item->section, "renamed to %s", rename->to);
    return made;
}

/* @item, a START or FULL, with the name of @section. */
static bool emit_header(MigNext *next, const MigItem *item, const MigSection *section,
                        GError **error)
{
    MigSectionHeader header = mig_section_header_of(item);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem renamed = *item;

    header.name = (const uint8_t *)section->name;
    header.name_length = section->name_length;
    mig_section_header_encode(&header, bytes);
    renamed.section = section;
    return mig_next_emit_bytes(next, &renamed, MIG_ITEM_SECTION_HEADER, bytes->data,
                               bytes->len, error);
}

static bool rename_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Rename *rename = state;
    const MigSection *section;
    MigItem of_section;

    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(rename->edit, next, item, error);
    }
    if (!item->section) {
        return mig_block_edit_item(rename->blocks, next, item, error);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER && rename->was_brief &&
        !mig_device_blocks_knew(rename->devices, item->section,
                                fate_of(rename, item->section))) {
        return mig_next_refuse(next, item, item->section, error,
                               "this section was not seen when the filter looked ahead");
    }
    section = renamed(rename, next, item, error);
    if (!section) {
        return false;
    }
    if (section != item->section && item->kind == MIG_ITEM_SECTION_HEADER &&
        (item->type == MIG_SECTION_START || item->type == MIG_SECTION_FULL)) {
        if (item->type == MIG_SECTION_FULL) {
            mig_description_edit_rename(rename->edit, item->section, rename->to);
        }
        return emit_header(next, item, section, error);
    }
    of_section = *item;
    of_section.section = section;
    return mig_block_edit_item(rename->blocks, next, &of_section, error);
}

/* A PART has no name. */
static bool rename_leaves_ram(const void *state, const MigSection *ram)
{
    (void)ram;
    return mig_block_edit_is_empty(((const Rename *)state)->blocks);
}

static bool rename_finish(void *state, MigNext *next, GError **error)
{
    const Rename *rename = state;

    mig_block_edit_report(rename->blocks, next);
    return mig_next_matched(next, rename->from, MIG_ADDRESS_SECTION, "from=", error);
}

static void rename_clear(void *state)
{
    Rename *rename = state;

    g_clear_pointer(&rename->from, mig_addresses_free);
    g_free(rename->from_text);
    g_free(rename->to);
    g_clear_pointer(&rename->renamed, g_hash_table_unref);
    g_clear_pointer(&rename->made, g_tree_unref);
    g_clear_pointer(&rename->others, g_tree_unref);
    g_clear_pointer(&rename->edit, mig_description_edit_free);
    g_clear_pointer(&rename->devices, mig_device_blocks_free);
    g_clear_pointer(&rename->blocks, mig_block_edit_free);
}

static const MigFilterOption rename_options[] = {
    { "from", "NAME",
      "The section's name as it is: \"0000:00:02.0/virtio-net\"; \"dma@1\" is one "
      "instance" },
    { "to", "NAME", "The name that it shall have" },
    MIG_DEVICE_BLOCKS_OPTION,
    { 0 },
};

const MigFilterType mig_filter_rename_section = {
    .name = "rename-section",
    .summary = "give a section another name, in its headers and in the description, and "
               "the RAM blocks of its device",
    .gives_up = "nothing; the guest finds the device at another address, if that changes",
    .options = rename_options,
    MIG_FILTER_PASSES(MIG_ITEM_BITS_OUTSIDE & ~MIG_ITEM_BIT(COMMAND)),
    .page_kinds = MIG_PAGE_BITS_ALL,
    .redescribes = true,
    .state_size = sizeof(Rename),
    .configure = rename_configure,
    .wants_scan = rename_wants_scan,
    .scan = rename_scan,
    .suffices = rename_suffices,
    .forget = rename_forget,
    .start = rename_start,
    .event = rename_event,
    .leaves_ram = rename_leaves_ram,
    .finish = rename_finish,
    .clear = rename_clear,
};
