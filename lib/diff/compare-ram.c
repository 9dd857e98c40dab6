/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          comparing what RAM blocks hold in the end.
 * Must not know: records and encodings; device/ram-image.h does.
 * See also:      diff.c.
 */
#include <string.h>

#include "diff/diff-private.h"

#define CHUNK (1u << 20)

/* Pages of a block that differ, in a row. */
typedef struct Row {
    MigDiff *diff;
    const MigRamBlock *block;
    uint32_t page_size;
    uint64_t from, to; /* addresses; to == 0: none waits */
} Row;

static void flush_row(Row *row)
{
    if (row->to) {
        mig_diff_visit(row->diff, &(MigDifference){ .kind = MIG_DIFFERENCE_RAM_PAGES,
                                                    .block = row->block,
                                                    .address = row->from,
                                                    .length = row->to - row->from,
                                                    .page_size = row->page_size,
                                                    .value = { { .present = true },
                                                               { .present = true } } });
        row->to = 0;
    }
}

/* What one stream does not carry can differ in nothing. */
static bool both_have(const Row *row, const MigRamBlock *other, uint64_t address)
{
    return mig_ram_image_has(row->diff->side[0].image, row->block, address) &&
           mig_ram_image_has(row->diff->side[1].image, other, address);
}

static void add_page(Row *row, uint64_t address)
{
    if (row->to != address) {
        flush_row(row);
        row->from = address;
    }
    row->to = MIN(address + row->page_size, row->block->used_length);
}

static bool read_back(MigDiffStream *side, const MigRamBlock *block, uint64_t address,
                      uint8_t *buffer, size_t n)
{
    return mig_ram_image_read(side->image, block, address, buffer, n, &side->error);
}

static void diff_block(MigDiff *diff, const MigRamBlock *a, const MigRamBlock *b,
                       uint32_t page)
{
    g_autofree uint8_t *buffer = g_malloc(2 * CHUNK);
    Row row = { .diff = diff, .block = a, .page_size = page };
    uint64_t at = 0;

    while (at < a->used_length) {
        uint64_t next_a = mig_ram_image_next(diff->side[0].image, a, at);
        uint64_t next_b = mig_ram_image_next(diff->side[1].image, b, at);
        size_t n;

        at = MIN(next_a, next_b) / page * page;
        n = (size_t)MIN(CHUNK, a->used_length - at);
        if (!read_back(&diff->side[0], a, at, buffer, n) ||
            !read_back(&diff->side[1], b, at, buffer + CHUNK, n)) {
            return;
        }
        for (size_t i = 0; i < n; i += page) {
            if (memcmp(buffer + i, buffer + CHUNK + i, MIN(page, n - i)) != 0 &&
                both_have(&row, b, at + i)) {
                add_page(&row, at + i);
            }
        }
        at += n;
    }
    flush_row(&row);
}

/* name -> block; the first of a name, which is the one that pages mean. */
static GTree *blocks_by_name(const MigDiffStream *side)
{
    GTree *names = g_tree_new((GCompareFunc)strcmp);
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(side->reader, &n);

    for (size_t i = n; i > 0; i--) {
        g_tree_replace(names, (gpointer)(uintptr_t)blocks[i - 1]->name,
                       (gpointer)(uintptr_t)blocks[i - 1]);
    }
    return names;
}

/* One of them may be NULL. */
static void diff_lengths(MigDiff *diff, const MigRamBlock *a, const MigRamBlock *b)
{
    const MigRamBlock *const blocks[] = { a, b };
    MigDifference difference = { .kind = MIG_DIFFERENCE_RAM_BLOCK, .block = a ? a : b };

    for (int i = 0; i < 2; i++) {
        if (blocks[i]) {
            difference.value[i] =
                (MigDifferenceValue){ true, .number = blocks[i]->used_length };
        }
    }
    mig_diff_visit(diff, &difference);
}

void mig_diff_ram(MigDiff *diff)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(diff->side[0].reader, &n);
    uint32_t page = mig_reader_page_size(diff->side[0].reader);
    g_autoptr(GTree) in_a = blocks_by_name(&diff->side[0]);
    g_autoptr(GTree) in_b = blocks_by_name(&diff->side[1]);

    for (size_t i = 0; i < n; i++) {
        const MigRamBlock *other = g_tree_lookup(in_b, blocks[i]->name);

        if (g_tree_lookup(in_a, blocks[i]->name) != blocks[i]) {
            continue; /* listed again */
        }
        if (!other) {
            if (mig_diff_is_whole(diff, 1)) {
                diff_lengths(diff, blocks[i], NULL);
            }
        } else if (other->used_length != blocks[i]->used_length) {
            diff_lengths(diff, blocks[i], other);
        } else if ((diff->options.flags & MIG_DIFF_RAM) && mig_diff_is_whole(diff, 0) &&
                   mig_diff_is_whole(diff, 1)) {
            diff_block(diff, blocks[i], other, page ? page : 4096);
        }
    }
    blocks = mig_reader_ram_blocks(diff->side[1].reader, &n);
    for (size_t i = 0; i < n; i++) {
        if (!g_tree_lookup(in_a, blocks[i]->name) && mig_diff_is_whole(diff, 0)) {
            diff_lengths(diff, NULL, blocks[i]);
        }
    }
}
