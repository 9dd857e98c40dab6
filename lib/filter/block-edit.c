/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see block-edit.h.
 * Must not know: why anything is changed.
 * See also:      filter/pages.h; stream/ram-record.h, the records.
 *
 * Of pages that go, the name goes too.  The next record of another block has its own: QEMU
 * writes CONTINUE only after a record of the same block.
 */
#include "filter/block-edit.h"

#include <string.h>

#include "io/number-tree.h"
#include "stream/command.h"
#include "stream/discard.h"
#include "stream/item-private.h"
#include "stream/ram-record.h"

typedef struct Change {
    char *name;           /* as it was */
    MigRamBlock *renamed; /* NULL: it goes */
    uint64_t length, records;
} Change;

struct MigBlockEdit {
    GTree *changes;   /* by index of the block: Change, owned */
    uint64_t dropped; /* bytes of all that go */
    uint64_t lists;
    bool skips; /* the mapped-ram regions of a block that goes */
};

static void free_change(gpointer p)
{
    Change *change = p;

    g_free(change->name);
    g_free(change->renamed);
    g_free(change);
}

MigBlockEdit *mig_block_edit_new(void)
{
    MigBlockEdit *edit = g_new0(MigBlockEdit, 1);

    edit->changes = mig_number_tree_new(free_change);
    return edit;
}

void mig_block_edit_free(MigBlockEdit *edit)
{
    if (edit) {
        g_tree_unref(edit->changes);
        g_free(edit);
    }
}

void mig_block_edit_forget(MigBlockEdit *edit)
{
    g_tree_unref(edit->changes);
    *edit = (MigBlockEdit){ .changes = mig_number_tree_new(free_change) };
}

bool mig_block_edit_is_empty(const MigBlockEdit *edit)
{
    return g_tree_nnodes(edit->changes) == 0;
}

static Change *change_of(const MigBlockEdit *edit, const MigRamBlock *block)
{
    return block ? g_tree_lookup(edit->changes, GUINT_TO_POINTER(block->index)) : NULL;
}

static Change *add(MigBlockEdit *edit, const MigRamBlock *block)
{
    Change *change = g_new0(Change, 1);

    change->name = g_strdup(block->name);
    change->length = block->used_length;
    g_tree_insert(edit->changes, GUINT_TO_POINTER(block->index), change);
    return change;
}

void mig_block_edit_drop(MigBlockEdit *edit, const MigRamBlock *block)
{
    if (!change_of(edit, block)) {
        add(edit, block);
        edit->dropped += block->used_length;
    }
}

void mig_block_edit_rename(MigBlockEdit *edit, const MigRamBlock *block, const char *to)
{
    if (!change_of(edit, block)) {
        Change *change = add(edit, block);

        change->renamed = mig_ram_block_new(to, (uint8_t)strlen(to));
    }
}

/* --- items --------------------------------------------------------------------------------- */

static bool refuse(MigNext *next, const MigItem *item, const char *why, GError **error)
{
    return mig_next_refuse(next, item, item->section, error, "%s", why);
}

static bool list(MigBlockEdit *edit, MigNext *next, const MigItem *item, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem changed = *item;

    if (edit->lists++) {
        return refuse(
            next, item,
            "a second block list, which may have other blocks: no source sends one",
            error);
    }
    if (!edit->dropped) {
        return mig_next_emit(next, item, error);
    }
    changed.ram_list.total -= edit->dropped;
    mig_ram_list_encode(&changed, bytes);
    return mig_next_emit_bytes(next, &changed, item->kind, bytes->data, bytes->len,
                               error);
}

typedef struct Taken {
    const MigRamBlock *block;
    bool taken;
} Taken;

static gboolean look_for_name(gpointer key, gpointer value, gpointer user)
{
    const Change *change = value;
    Taken *taken = user;

    (void)key;
    taken->taken =
        change->renamed && g_str_equal(change->renamed->name, taken->block->name);
    return taken->taken;
}

/* Whether the name of @block, which stays, is given to another. */
static bool is_taken(const MigBlockEdit *edit, const MigRamBlock *block)
{
    Taken taken = { block, false };

    g_tree_foreach(edit->changes, look_for_name, &taken);
    return taken.taken;
}

/* The entry of the list: of what is renamed all else stays. */
static bool entry(const MigBlockEdit *edit, Change *change, MigNext *next,
                  const MigItem *item, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem changed = *item;
    MigRamBlock renamed;

    if (!change) {
        return is_taken(edit, item->block)
                   ? refuse(next, item, "there is a RAM block of the new name already",
                            error)
                   : mig_next_emit(next, item, error);
    }
    renamed = *item->block;
    renamed.name = change->renamed->name;
    renamed.name_length = change->renamed->name_length;
    *change->renamed = renamed;
    changed.block = change->renamed;
    mig_ram_block_encode(change->renamed, bytes);
    return mig_next_emit_bytes(next, &changed, item->kind, bytes->data, bytes->len,
                               error);
}

/* Records of a block that is renamed: the first may have its name. */
static bool pages(const Change *change, MigNext *next, const MigItem *item,
                  GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem changed = *item;
    const uint8_t *p, *data;

    changed.pages.block = change->renamed;
    if (!item->pages.named) {
        return mig_next_emit(next, &changed, error);
    }
    p = mig_next_bytes(next, item, error);
    if (!p) {
        return false;
    }
    data = item->pages.data_length ? mig_ram_pages_data(&item->pages, p, 0) : NULL;
    mig_ram_pages_encode(&changed.pages, change->renamed->name,
                         change->renamed->name_length, data, item->pages.stride, bytes);
    return mig_next_emit_bytes(next, &changed, item->kind, bytes->data, bytes->len,
                               error);
}

static bool command(const MigBlockEdit *edit, MigNext *next, const MigItem *item,
                    GError **error)
{
    const uint8_t *p;
    MigDiscard discard;

    if (item->command.id != MIG_CMD_POSTCOPY_RAM_DISCARD) {
        return mig_next_emit(next, item, error);
    }
    p = mig_next_bytes(next, item, error);
    if (!p) {
        return false;
    }
    if (mig_discard_parse(p, item->length, &discard) &&
        change_of(edit, mig_reader_ram_block(mig_next_reader(next), discard.name,
                                             discard.name_length))) {
        return refuse(
            next, item,
            "a command of postcopy discards pages of such a RAM block; the filter "
            "fold, before this one, makes an ordinary stream",
            error);
    }
    return mig_next_emit(next, item, error);
}

/* Whether @item is a region of the block whose entry was dropped, or space around one. */
static bool is_skipped(MigBlockEdit *edit, const Change *change, const MigItem *item)
{
    if (item->kind == MIG_ITEM_RAM_BLOCK) {
        edit->skips = change && !change->renamed;
    } else if (item->kind != MIG_ITEM_PADDING && item->kind != MIG_ITEM_MAPPED_HEADER &&
               item->kind != MIG_ITEM_MAPPED_BITMAP &&
               item->kind != MIG_ITEM_MAPPED_PAGES) {
        edit->skips = false;
    }
    return edit->skips;
}

static const MigRamBlock *block_of(const MigItem *item)
{
    switch (item->kind) {
    case MIG_ITEM_RAM_BLOCK:
    case MIG_ITEM_MAPPED_HEADER:
    case MIG_ITEM_MAPPED_PAGES:
        return item->block;
    case MIG_ITEM_MAPPED_BITMAP:
        return item->bitmap.block;
    case MIG_ITEM_RAM_PAGES:
        return item->pages.block;
    default:
        return NULL;
    }
}

bool mig_block_edit_item(MigBlockEdit *edit, MigNext *next, const MigItem *item,
                         GError **error)
{
    Change *change = change_of(edit, block_of(item));

    if (mig_block_edit_is_empty(edit)) {
        return mig_next_emit(next, item, error);
    }
    if (is_skipped(edit, change, item)) {
        return true;
    }
    switch (item->kind) {
    case MIG_ITEM_RAM_LIST:
        return list(edit, next, item, error);
    case MIG_ITEM_RAM_BLOCK:
        return entry(edit, change, next, item, error);
    case MIG_ITEM_RAM_PAGES:
        if (change) {
            change->records += item->pages.n_pages;
        }
        return !change           ? mig_next_emit(next, item, error)
               : change->renamed ? pages(change, next, item, error)
                                 : true;
    case MIG_ITEM_COMMAND:
        return command(edit, next, item, error);
    default:
        return mig_next_emit(next, item, error);
    }
}

static gboolean report_one(gpointer key, gpointer value, gpointer user)
{
    const Change *change = value;

    (void)key;
    if (change->renamed) {
        mig_next_report(user, NULL, "RAM block %s renamed to %s", change->name,
                        change->renamed->name);
    } else {
        mig_next_report(user, NULL,
                        "RAM block %s dropped, %" PRIu64 " bytes, with %" PRIu64
                        " page records",
                        change->name, change->length, change->records);
    }
    return FALSE;
}

void mig_block_edit_report(const MigBlockEdit *edit, MigNext *next)
{
    g_tree_foreach(edit->changes, report_one, next);
}
