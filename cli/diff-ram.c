/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      comparing what RAM blocks hold in the end.
 * Knows not: records and encodings; device/ram-image.h does.
 * Beside it: cmd-diff.c.
 */
#include <string.h>

#include "diff.h"
#include "text.h"

#define CHUNK (1u << 20)

/* Pages of a block that differ, in a row. */
typedef struct Row {
    Diff *diff;
    const MigRamBlock *block;
    uint64_t page_size;
    uint64_t from, to; /* addresses; to == 0: none waits */
    uint64_t pages, rows;
} Row;

static void flush_row(Row *row)
{
    g_autofree char *path = NULL, *text = NULL;
    DiffPlace place = { "ram-pages", NULL, NULL, NULL };

    if (!row->to) {
        return;
    }
    path = g_strdup_printf("%s 0x%" PRIx64 "-0x%" PRIx64, row->block->name, row->from,
                           row->to - 1);
    text = g_strdup_printf("%" PRIu64 " %s", (row->to - row->from) / row->page_size,
                           row->to - row->from == row->page_size ? "page" : "pages");
    place.path = path;
    diff_report_text(row->diff, &place, text, "other content");
    row->to = 0;
    row->rows++;
}

static void add_page(Row *row, uint64_t address)
{
    if (row->to != address) {
        flush_row(row);
        row->from = address;
    }
    row->to = address + row->page_size;
    row->pages++;
}

static void diff_block(Diff *diff, const MigRamBlock *a, const MigRamBlock *b,
                       uint64_t page)
{
    g_autofree uint8_t *buffer = g_malloc(2 * CHUNK);
    Row row = { .diff = diff, .block = a, .page_size = page };
    uint64_t at = 0;

    while (at < a->used_length) {
        uint64_t next_a = mig_ram_image_next(diff->side[0].image, a, at);
        uint64_t next_b = mig_ram_image_next(diff->side[1].image, b, at);
        size_t n;

        at = MIN(next_a, next_b) / page * page;
        n = mig_ram_image_read(diff->side[0].image, a, at, buffer, CHUNK);
        if (n == 0 ||
            mig_ram_image_read(diff->side[1].image, b, at, buffer + CHUNK, CHUNK) != n) {
            break;
        }
        for (size_t i = 0; i < n; i += page) {
            if (memcmp(buffer + i, buffer + CHUNK + i, MIN(page, n - i)) != 0) {
                add_page(&row, at + i);
            }
        }
        at += n;
    }
    flush_row(&row);
}

/* name -> block; the first of a name, which is the one that pages mean. */
static GHashTable *blocks_by_name(const DiffSide *side)
{
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(side->reader, &n);

    for (size_t i = n; i > 0; i--) {
        g_hash_table_replace(names, (gpointer)(uintptr_t)blocks[i - 1]->name,
                             (gpointer)(uintptr_t)blocks[i - 1]);
    }
    return names;
}

static void diff_lengths(Diff *diff, const MigRamBlock *a, const MigRamBlock *b)
{
    const MigRamBlock *some = a ? a : b; /* one is there */
    /* cppcheck-suppress nullPointerRedundantCheck ; the other may not be */
    const DiffPlace place = { "ram-block", NULL, some->name, NULL };

    if (a && b) {
        diff_report_number(diff, &place, a->used_length, b->used_length);
    } else {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): as said */
        g_autofree char *size = cli_size(some->used_length);

        diff_report_text(diff, &place, a ? size : NULL, a ? NULL : size);
    }
}

void diff_ram(Diff *diff)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(diff->side[0].reader, &n);
    uint32_t page = mig_reader_page_size(diff->side[0].reader);
    g_autoptr(GHashTable) in_a = blocks_by_name(&diff->side[0]);
    g_autoptr(GHashTable) in_b = blocks_by_name(&diff->side[1]);

    for (size_t i = 0; i < n; i++) {
        const MigRamBlock *other = g_hash_table_lookup(in_b, blocks[i]->name);

        if (g_hash_table_lookup(in_a, blocks[i]->name) != blocks[i]) {
            continue; /* listed again */
        }
        if (!other || other->used_length != blocks[i]->used_length) {
            diff_lengths(diff, blocks[i], other);
        } else if (diff->ram) {
            diff_block(diff, blocks[i], other, page ? page : 4096);
        }
    }
    blocks = mig_reader_ram_blocks(diff->side[1].reader, &n);
    for (size_t i = 0; i < n; i++) {
        if (!g_hash_table_contains(in_a, blocks[i]->name)) {
            diff_lengths(diff, NULL, blocks[i]);
        }
    }
}
