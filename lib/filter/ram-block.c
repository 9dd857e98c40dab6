/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          giving a RAM block another length.
 * Must not know: what is in it.
 * See also:      filter/pages.h.
 *
 * The list's total comes before the block, so a first pass looks for it.  Pages beyond the
 * new length are left out; if such a record had the block's name, the next record gets it.
 */
#include <string.h>

#include "filter/pages.h"
#include "stream/nearest.h"
#include "stream/page.h"

typedef struct RamBlock {
    char *name;
    uint64_t length;
    bool has_length;

    bool found;
    MigNearest *others; /* all blocks, for whoever wanted another */
    uint64_t old_length;
    uint64_t lists_scanned, lists;
    uint32_t page_size; /* 0: no page was seen */
    uint64_t not_zero;  /* pages that would be lost */
    uint64_t dropped;
    bool name_dropped; /* with a record; the next one is to have it */
} RamBlock;

static bool ram_block_configure(void *state, const char *key, const char *value,
                                GError **error)
{
    RamBlock *block = state;

    if (!key) {
        if (!block->name || !block->has_length) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "name=BLOCK and length=BYTES are wanted");
        }
        block->others = block->name ? mig_nearest_new(block->name) : NULL;
        return block->name && block->has_length;
    }
    if (g_str_equal(key, "name")) {
        g_free(block->name);
        block->name = g_strdup(value);
        return true;
    }
    char *end;

    block->length = g_ascii_strtoull(value, &end, 0);
    block->has_length = g_ascii_isdigit(*value) && *end == '\0' && block->length > 0;
    if (!block->has_length) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "length=%s is no number of bytes",
                            value);
    }
    return block->has_length;
}

static MigScan ram_block_wants_scan(const void *state)
{
    (void)state;
    return MIG_SCAN_NEEDED;
}

static bool is_ours(const RamBlock *block, const MigRamBlock *other)
{
    return other && g_str_equal(other->name, block->name);
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

static bool ram_block_scan(void *state, MigNext *next, const MigItem *item,
                           GError **error)
{
    RamBlock *block = state;
    const MigRamPages *run = &item->pages;

    if (item->kind == MIG_ITEM_MAPPED_HEADER && is_ours(block, item->block)) {
        return mig_next_refuse(
            next, item, item->section, error,
            "pages of a mapped-ram file have their places by the length");
    }
    if (item->kind == MIG_ITEM_RAM_LIST &&
        !is_only_list(&block->lists_scanned, next, item, error)) {
        return false;
    }
    if (item->kind == MIG_ITEM_RAM_BLOCK) {
        mig_nearest_offer(block->others, item->block->name);
    }
    if (item->kind == MIG_ITEM_RAM_BLOCK && is_ours(block, item->block)) {
        block->found = true;
        block->old_length = item->block->used_length;
    }
    if (item->kind == MIG_ITEM_RAM_PAGES) {
        block->page_size = run->page_size;
    }
    return item->kind != MIG_ITEM_RAM_PAGES || !is_ours(block, run->block) ||
           pages_kept(block, run) == run->n_pages ||
           count_content(block, next, item, error);
}

/* There is no such block.  The first pass has seen them all. */
static bool complain(const RamBlock *block, MigNext *next, GError **error)
{
    g_autofree char *hint = mig_nearest_hint(block->others, "it has");

    return mig_next_unmatched(next, error, "the stream has no RAM block \"%s\"%s",
                              block->name, hint);
}

static bool ram_block_start(void *state, MigNext *next, GError **error)
{
    RamBlock *block = state;

    if (!block->found) {
        return complain(block, next, error);
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

    (void)error;
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
    mig_nearest_free(block->others);
}

static const MigFilterOption ram_block_options[] = {
    { "name", "BLOCK", "The RAM block: \"pc.rom\"" },
    { "length", "BYTES", "The length that it shall have" },
    { 0 },
};

const MigFilterType mig_filter_ram_block = {
    .name = "ram-block",
    .summary = "give a RAM block another length",
    .options = ram_block_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(RAM_LIST) | MIG_ITEM_BIT(RAM_BLOCK) |
                       MIG_ITEM_BIT(RAM_PAGES) | MIG_ITEM_BIT(MAPPED_HEADER)),
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
