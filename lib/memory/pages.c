/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see pages.h.
 * Must not know: the content of pages.
 * See also:      stream/page-set.h.
 */
#include "memory/pages.h"

#include "stream/mapped-ram.h"
#include "stream/page-kind.h"
#include "stream/page-set.h"
#include "stream/ram-record.h"

typedef struct Block {
    uint32_t page_size; /* 0: no page has come yet, and the sets are not made */
    MigPageSet sent, data;
} Block;

struct MigMemoryPages {
    MigReader *reader;
    GArray *blocks; /* Block, by index */
    MigPageStore store;
};

static void clear_block(gpointer p)
{
    mig_page_set_clear(&((Block *)p)->sent);
    mig_page_set_clear(&((Block *)p)->data);
}

MigMemoryPages *mig_memory_pages_new(MigReader *reader)
{
    MigMemoryPages *pages = g_new0(MigMemoryPages, 1);

    pages->reader = reader;
    pages->blocks = g_array_new(false, true, sizeof(Block));
    g_array_set_clear_func(pages->blocks, clear_block);
    mig_page_store_init(&pages->store);
    return pages;
}

void mig_memory_pages_free(MigMemoryPages *pages)
{
    if (pages) {
        g_array_unref(pages->blocks);
        mig_page_store_clear(&pages->store);
        g_free(pages);
    }
}

/* That of @block, whose sets are made; NULL where there is no memory for them. */
static Block *block_of(MigMemoryPages *pages, const MigRamBlock *block,
                       uint32_t page_size)
{
    uint64_t n = block->used_length / page_size + (block->used_length % page_size != 0);
    Block *b;

    if (block->index >= pages->blocks->len) {
        g_array_set_size(pages->blocks, block->index + 1);
    }
    b = &g_array_index(pages->blocks, Block, block->index);
    if (!b->page_size && mig_page_set_init(&b->sent, &pages->store, n) &&
        mig_page_set_init(&b->data, &pages->store, n)) {
        b->page_size = page_size;
    }
    return b->page_size ? b : NULL;
}

static bool limit_error(const MigItem *item, const MigRamBlock *block, GError **error)
{
    mig_error_set(error, MIG_ERROR_LIMIT, item->offset, NULL,
                  "RAM block %s has more pages than are kept account of", block->name);
    return false;
}

static bool watch_pages(MigMemoryPages *pages, const MigItem *item, GError **error)
{
    const MigRamPages *run = &item->pages;
    Block *b = run->block ? block_of(pages, run->block, run->page_size) : NULL;
    bool zero = run->kind == MIG_PAGE_ZERO && !run->fill;
    uint64_t first;

    if (!run->block || item->defect) {
        return true;
    }
    first = b ? run->address / b->page_size : 0;
    return (b && mig_page_set_add(&b->sent, &pages->store, first, run->n_pages) &&
            (zero ? mig_page_set_remove : mig_page_set_add)(&b->data, &pages->store,
                                                            first, run->n_pages)) ||
           limit_error(item, run->block, error);
}

static bool watch_bitmap(MigMemoryPages *pages, const MigItem *item, GError **error)
{
    const MigMappedBitmap *bitmap = &item->bitmap;
    const MigRamBlock *block = bitmap->block;
    const uint8_t *bits = mig_reader_bytes(pages->reader, item);
    Block *b = block_of(pages, block, (uint32_t)block->mapped_page_size);
    uint64_t n = MIN(bitmap->n_pages, item->length * 8);

    if (!bits) {
        return mig_input_end_error(mig_reader_input(pages->reader), error);
    }
    if (!b || !mig_page_set_add(&b->sent, &pages->store, bitmap->first_page, n)) {
        return limit_error(item, block, error);
    }
    for (uint64_t i = 0, end; i < n; i = end) {
        bool set = mig_mapped_ram_is_set(bits, i);

        for (end = i + 1; end < n && mig_mapped_ram_is_set(bits, end) == set; end++) {
        }
        if (set &&
            !mig_page_set_add(&b->data, &pages->store, bitmap->first_page + i, end - i)) {
            return limit_error(item, block, error);
        }
    }
    return true;
}

bool mig_memory_pages_watch(MigMemoryPages *pages, const MigItem *item, GError **error)
{
    switch (item->kind) {
    case MIG_ITEM_RAM_PAGES:
        return watch_pages(pages, item, error);
    case MIG_ITEM_MAPPED_BITMAP:
        return watch_bitmap(pages, item, error);
    default:
        return true;
    }
}

MigMemoryCounts mig_memory_pages_count(const MigMemoryPages *pages,
                                       const MigRamBlock *block, uint64_t offset,
                                       uint64_t length)
{
    MigMemoryCounts counts = { .missing = length };
    uint64_t first, n, sent, data;
    const Block *b;

    if (block->index >= pages->blocks->len || !length) {
        return counts;
    }
    b = &g_array_index(pages->blocks, Block, block->index);
    if (!b->page_size) {
        return counts;
    }
    first = offset / b->page_size;
    n = (offset + length - 1) / b->page_size - first + 1;
    sent = mig_page_set_count(&b->sent, &pages->store, first, n);
    data = mig_page_set_count(&b->data, &pages->store, first, n);
    counts.data = MIN(data * b->page_size, length);
    counts.zero = MIN((sent - data) * b->page_size, length - counts.data);
    counts.missing = length - counts.data - counts.zero;
    return counts;
}

bool mig_memory_item_has(const MigItem *item, const MigRamBlock *block, uint64_t offset,
                         uint64_t *at)
{
    const MigRamPages *run = &item->pages;

    if (item->kind == MIG_ITEM_RAM_PAGES && run->block &&
        run->block->index == block->index && offset >= run->address &&
        (offset - run->address) / run->page_size < run->n_pages) {
        uint32_t i = (uint32_t)((offset - run->address) / run->page_size);

        *at = item->offset + mig_ram_pages_length(run, i);
        return true;
    }
    if (item->kind == MIG_ITEM_MAPPED_PAGES && item->block->index == block->index &&
        offset >= item->piece && offset - item->piece < item->length) {
        uint64_t page = offset / block->mapped_page_size * block->mapped_page_size;

        *at = item->offset + (MAX(page, item->piece) - item->piece);
        return true;
    }
    return false;
}
