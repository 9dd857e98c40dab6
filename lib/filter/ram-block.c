/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          giving a RAM block another length; and, with filter/block-edit.h, dropping
 *                blocks or renaming one.
 * Must not know: what is in it.
 * See also:      filter/pages.h.
 *
 * The list's total comes before the block, so a first pass looks for it.  Pages beyond the
 * new length are left out; if such a record had the block's name, the next record gets it.
 */
#include <string.h>

#include "filter/block-edit.h"
#include "filter/pages.h"
#include "stream/page.h"

typedef struct RamBlock {
    MigAddresses *names;
    char *name; /* of the block that was found */
    char *to;
    bool drop;
    uint64_t length;
    bool has_length;
    MigBlockEdit *edit; /* with to= or drop= */

    bool found;
    uint32_t index; /* of the block */
    uint64_t old_length;
    uint64_t lists_scanned, lists;
    uint32_t page_size; /* 0: no page was seen */
    uint64_t not_zero;  /* pages that would be lost */
    uint64_t dropped;
    bool name_dropped; /* with a record; the next one is to have it */
} RamBlock;

static bool read_length(RamBlock *block, const char *value, GError **error)
{
    char *end;

    block->length = g_ascii_strtoull(value, &end, 0);
    block->has_length = g_ascii_isdigit(*value) && *end == '\0' && block->length > 0;
    if (!block->has_length) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "length=%s is no number of bytes",
                            value);
    }
    return block->has_length;
}

static bool settle(RamBlock *block, GError **error)
{
    if (mig_addresses_is_empty(block->names) ||
        block->has_length + block->drop + (block->to != NULL) != 1) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "name=BLOCK is wanted, and one of length=BYTES, to=NAME and "
                            "drop=yes");
        return false;
    }
    if (block->to && (!*block->to || strlen(block->to) > UINT8_MAX)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "to=NAME is wanted, of 1 to 255 bytes");
        return false;
    }
    return true;
}

static bool ram_block_configure(void *state, const char *key, const char *value,
                                GError **error)
{
    RamBlock *block = state;

    if (!block->names) {
        block->names = mig_addresses_new();
        block->edit = mig_block_edit_new();
    }
    if (!key) {
        return settle(block, error);
    }
    if (g_str_equal(key, "name")) {
        mig_addresses_add(block->names, value);
        return true;
    }
    if (g_str_equal(key, "to")) {
        g_free(block->to);
        block->to = g_strdup(value);
        return true;
    }
    return g_str_equal(key, "drop") ? mig_filter_yes_no(key, value, &block->drop, error)
                                    : read_length(block, value, error);
}

static MigScan ram_block_wants_scan(const void *state)
{
    (void)state;
    return MIG_SCAN_NEEDED;
}

static bool is_ours(const RamBlock *block, const MigRamBlock *other)
{
    return other && block->found && other->index == block->index;
}

/* How many pages of a run lie within the new length. */
static uint32_t pages_kept(const RamBlock *block, const MigRamPages *run)
{
    uint64_t left = block->length - MIN(block->length, run->address);

    return (uint32_t)MIN(run->n_pages, left / run->page_size);
}

/* Counts the pages beyond the new length that hold something. */
static bool count_content(RamBlock *block, MigNext *next, const MigItem *item,
                          GError **error)
{
    const MigRamPages *run = &item->pages;
    MigPageContent content = mig_page_kind(run->kind)->content;
    const uint8_t *p;

    if (content == MIG_PAGE_FILLED) {
        return true;
    }
    p = mig_next_bytes(next, item, error);
    for (uint32_t i = pages_kept(block, run); p && i < run->n_pages; i++) {
        block->not_zero +=
            content == MIG_PAGE_ENCODED ||
            !mig_page_is_zero(mig_ram_pages_data(run, p, i), run->page_size);
    }
    return p != NULL;
}

/* A further list need not have the block, or have it with that length. */
static bool is_only_list(uint64_t *lists, MigNext *next, const MigItem *item,
                         GError **error)
{
    return (*lists)++ == 0 ||
           mig_next_refuse(next, item, item->section, error,
                           "a second block list, which may have other lengths: no source "
                           "sends one");
}

/* An entry of the list. */
static bool scan_entry(RamBlock *block, MigNext *next, const MigItem *item,
                       GError **error)
{
    if (!mig_addresses_section(block->names, item->block->name, 0)) {
        return true;
    }
    if (block->found && !block->drop) {
        return mig_next_refuse(next, item, item->section, error,
                               "RAM blocks %s and %s both have such a name, and one is "
                               "wanted",
                               block->name, item->block->name);
    }
    g_free(block->name);
    block->name = g_strdup(item->block->name);
    block->found = true;
    block->index = item->block->index;
    block->old_length = item->block->used_length;
    if (block->drop) {
        mig_block_edit_drop(block->edit, item->block);
    } else if (block->to && !g_str_equal(block->to, block->name)) {
        mig_block_edit_rename(block->edit, item->block, block->to);
    }
    return true;
}

static bool ram_block_scan(void *state, MigNext *next, const MigItem *item,
                           GError **error)
{
    RamBlock *block = state;
    const MigRamPages *run = &item->pages;

    if (item->kind == MIG_ITEM_RAM_BLOCK) {
        return scan_entry(block, next, item, error);
    }
    if (!block->has_length) {
        return true;
    }
    if (item->kind == MIG_ITEM_MAPPED_HEADER && is_ours(block, item->block)) {
        return mig_next_refuse(
            next, item, item->section, error,
            "pages of a mapped-ram file have their places by the length");
    }
    if (item->kind == MIG_ITEM_RAM_LIST &&
        !is_only_list(&block->lists_scanned, next, item, error)) {
        return false;
    }
    if (item->kind == MIG_ITEM_RAM_PAGES) {
        block->page_size = run->page_size;
    }
    return item->kind != MIG_ITEM_RAM_PAGES || !is_ours(block, run->block) ||
           pages_kept(block, run) == run->n_pages ||
           count_content(block, next, item, error);
}

static bool ram_block_start(void *state, MigNext *next, GError **error)
{
    RamBlock *block = state;

    if (!block->found || !block->has_length) {
        return true; /* ram_block_finish() says that there is none */
    }
    if (block->page_size && block->length % block->page_size) {
        mig_error_set_plain(error, MIG_ERROR_REFUSED,
                            "%" PRIu64 " bytes are not whole pages of %u", block->length,
                            block->page_size);
    } else if (block->not_zero && !mig_next_lossy(next)) {
        mig_error_set_plain(error, MIG_ERROR_REFUSED,
                            "%" PRIu64
                            " pages of %s beyond that length hold something; --lossy "
                            "drops them",
                            block->not_zero, block->name);
    } else {
        return true;
    }
    return false;
}

static bool emit_list(const RamBlock *block, MigNext *next, const MigItem *item,
                      GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem list = *item;

    list.ram_list.total = item->ram_list.total - block->old_length + block->length;
    mig_ram_list_encode(&list, bytes);
    return mig_next_emit_bytes(next, &list, item->kind, bytes->data, bytes->len, error);
}

static bool emit_entry(const RamBlock *block, MigNext *next, const MigItem *item,
                       GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigRamBlock entry = *item->block;

    entry.used_length = block->length;
    mig_ram_block_encode(&entry, bytes);
    return mig_next_emit_bytes(next, item, item->kind, bytes->data, bytes->len, error);
}

/* The first record of a run, with the block's name in place of CONTINUE. */
static bool emit_named(MigNext *next, const MigItem *run, GError **error)
{
    const uint8_t *p = mig_next_bytes(next, run, error);
    const MigRamBlock *block = run->pages.block;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem item = *run;

    if (!p) {
        return false;
    }
    item.pages.named = true;
    item.pages.n_pages = 1;
    mig_ram_pages_encode(&item.pages, block->name, block->name_length,
                         mig_ram_pages_data(&run->pages, p, 0), 0, bytes);
    return mig_next_emit_bytes(next, &item, MIG_ITEM_RAM_PAGES, bytes->data, bytes->len,
                               error);
}

static bool change_pages(RamBlock *block, MigNext *next, const MigItem *item,
                         GError **error)
{
    const MigRamPages *run = &item->pages;
    uint32_t kept = is_ours(block, run->block) ? pages_kept(block, run) : run->n_pages;
    bool name_it = block->name_dropped && !run->named;

    block->dropped += run->n_pages - kept;
    if (kept == 0) {
        block->name_dropped |= run->named;
        return true;
    }
    block->name_dropped = false;
    if (!name_it) {
        return kept == run->n_pages ? mig_next_emit(next, item, error)
                                    : mig_pages_emit_slice(next, item, 0, kept, error);
    }
    return emit_named(next, item, error) &&
           mig_pages_emit_slice(next, item, 1, kept - 1, error);
}

static bool ram_block_event(void *state, MigNext *next, const MigItem *item,
                            GError **error)
{
    RamBlock *block = state;

    if (!block->found) {
        return mig_next_emit(next, item, error);
    }
    if (!block->has_length) {
        return mig_block_edit_item(block->edit, next, item, error);
    }
    switch (item->kind) {
    case MIG_ITEM_RAM_LIST:
        return is_only_list(&block->lists, next, item, error) &&
               emit_list(block, next, item, error);
    case MIG_ITEM_RAM_BLOCK:
        return is_ours(block, item->block) ? emit_entry(block, next, item, error)
                                           : mig_next_emit(next, item, error);
    case MIG_ITEM_RAM_PAGES:
        return change_pages(block, next, item, error);
    default:
        return mig_next_emit(next, item, error);
    }
}

static bool ram_block_finish(void *state, MigNext *next, GError **error)
{
    const RamBlock *block = state;

    mig_block_edit_report(block->edit, next);
    if (!block->found || !block->has_length) {
        return mig_next_matched(next, block->names, MIG_ADDRESS_BLOCK, "name=", error);
    }
    mig_next_report(next, NULL,
                    "RAM block %s: %" PRIu64 " \342\206\222 %" PRIu64 " bytes, %" PRIu64
                    " page records dropped",
                    block->name, block->old_length, block->length, block->dropped);
    return true;
}

static void ram_block_clear(void *state)
{
    RamBlock *block = state;

    g_free(block->name);
    g_free(block->to);
    g_clear_pointer(&block->names, mig_addresses_free);
    g_clear_pointer(&block->edit, mig_block_edit_free);
}

static const MigFilterOption ram_block_options[] = {
    { "name", "PATTERN",
      "The RAM block: \"pc.rom\"; with drop=yes all that match, and it may be repeated" },
    { "length", "BYTES", "The length that it shall have" },
    { "to", "NAME", "The name that it shall have" },
    { "drop", "yes|no", "Drop it, with its pages: what it holds is given up" },
    { 0 },
};

const MigFilterType mig_filter_ram_block = {
    .name = "ram-block",
    .summary = "give a RAM block another length or name, or drop blocks with their pages",
    .gives_up = "what is in the block, if it is dropped, or beyond its new length",
    .options = ram_block_options,
    MIG_FILTER_HANDLES(MIG_BLOCK_EDIT_BITS),
    .changes_ram = true,
    .page_kinds = MIG_PAGE_BIT(NORMAL) | MIG_PAGE_BIT(ZERO) | MIG_PAGE_BIT(XBZRLE) |
                  MIG_PAGE_BIT(COMPRESSED),
    .state_size = sizeof(RamBlock),
    .configure = ram_block_configure,
    .wants_scan = ram_block_wants_scan,
    .scan = ram_block_scan,
    .start = ram_block_start,
    .event = ram_block_event,
    .finish = ram_block_finish,
    .clear = ram_block_clear,
};
