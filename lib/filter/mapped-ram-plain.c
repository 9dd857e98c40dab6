/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          mapped-ram becomes page records.
 * Must not know: how a stream is mapped.
 * See also:      mapped-ram.c; stream/mapped-ram.h, the geometry; stream/ram-record.h.
 *
 * The pages of a block lie before the next block's entry, and records come after the whole
 * list, so they are written where the first body after that ends.  Every page gets a record:
 * the source cleared a bit when the page became zero, and a loader may have put something else
 * into a ROM.
 */
#include "filter/mapped-ram-private.h"

#include <inttypes.h>

#include "io/zero.h"
#include "stream/defect.h"
#include "stream/mapped-ram.h"
#include "stream/ram-record.h"

bool mig_mapped_keep_block(MigMapped *m, MigNext *next, const MigItem *item,
                           GError **error)
{
    MigRamBlock *block = (MigRamBlock *)(uintptr_t)item->block;
    uint32_t size = mig_reader_page_size(mig_next_reader(next));

    if (block->mapped_page_size != size || block->used_length % size) {
        return mig_next_refuse(next, item, item->section, error,
                               "RAM block %s has %" PRIu64 " bytes in pages of %" PRIu64
                               ", where those of the machine have %u",
                               block->name, block->used_length, block->mapped_page_size,
                               size);
    }
    if (item->bytes) {
        return mig_next_refuse(next, item, item->section, error,
                               "a filter before this one has mapped RAM; leave both out");
    }
    if (!m->blocks) {
        m->blocks = g_ptr_array_new();
    }
    g_ptr_array_add(m->blocks, block);
    return mig_input_hold(mig_reader_input(mig_next_reader(next)), error);
}

/* Reads @n bytes at @offset of the file. */
static bool read_file(MigNext *next, const MigRamBlock *block, uint64_t offset,
                      void *buffer, size_t n, GError **error)
{
    MigInput *in = mig_reader_input(mig_next_reader(next));
    uint64_t from = offset - mig_input_file_offset(in);

    if (mig_input_read_at(in, from, buffer, n) == n) {
        return true;
    }
    if (mig_input_end_error(in, error)) {
        mig_error_set(error, MIG_ERROR_TRUNCATED, from, MIG_DEFECT_TRUNCATED,
                      "the pages of RAM block %s cannot be read", block->name);
    }
    return false;
}

/* What is written of a block: the pages from @page on, which @data has, and their bits. */
typedef struct Stretch {
    const MigRamBlock *block;
    uint64_t page;
    uint32_t n;
    uint8_t bits[MIG_MAPPED_PIECE / MIG_PAGE_SIZE_MIN / 8 + 2]; /* of @page at page % 8 */
    uint8_t data[MIG_MAPPED_PIECE];
} Stretch;

static bool has_bit(const Stretch *stretch, uint32_t i)
{
    return mig_mapped_ram_is_set(stretch->bits, stretch->page % 8 + i);
}

static bool is_zero(const Stretch *stretch, uint32_t i)
{
    size_t size = stretch->block->mapped_page_size;

    return !has_bit(stretch, i) || mig_is_zero(stretch->data + i * size, size);
}

static bool write_run(MigMapped *m, MigNext *next, const MigItem *mark,
                      const Stretch *stretch, uint32_t first, uint32_t n, bool zero,
                      GError **error)
{
    const MigRamBlock *block = stretch->block;
    uint32_t size = (uint32_t)block->mapped_page_size;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem item = *mark;

    item.pages = (MigRamPages){ .kind = zero ? MIG_PAGE_ZERO : MIG_PAGE_NORMAL,
                                .named = stretch->page + first == 0,
                                .n_pages = n,
                                .page_size = size,
                                .address = (stretch->page + first) * size,
                                .block = block };
    mig_ram_pages_encode(&item.pages, block->name, block->name_length,
                         zero ? NULL : stretch->data + (size_t)first * size, size, bytes);
    m->n_pages += zero ? 0 : n;
    return mig_next_emit_bytes(next, &item, MIG_ITEM_RAM_PAGES, bytes->data, bytes->len,
                               error);
}

/* Reads the bits of @stretch, and its pages where one has a bit. */
static bool read_stretch(MigNext *next, Stretch *stretch, GError **error)
{
    const MigRamBlock *block = stretch->block;
    uint64_t size = block->mapped_page_size;

    if (!read_file(next, block, block->bitmap_offset + stretch->page / 8, stretch->bits,
                   (stretch->page % 8 + stretch->n + 7) / 8, error)) {
        return false;
    }
    for (uint32_t i = 0; i < stretch->n; i++) {
        if (has_bit(stretch, i)) {
            return read_file(next, block, block->pages_offset + stretch->page * size,
                             stretch->data, stretch->n * size, error);
        }
    }
    return true;
}

static bool write_stretch(MigMapped *m, MigNext *next, const MigItem *mark,
                          Stretch *stretch, GError **error)
{
    if (!read_stretch(next, stretch, error)) {
        return false;
    }
    for (uint32_t i = 0, end; i < stretch->n; i = end) {
        bool zero = is_zero(stretch, i);

        for (end = i + 1; end < stretch->n && is_zero(stretch, end) == zero; end++) {
        }
        if (!write_run(m, next, mark, stretch, i, end - i, zero, error)) {
            return false;
        }
    }
    return true;
}

bool mig_mapped_write_records(MigMapped *m, MigNext *next, const MigItem *mark,
                              GError **error)
{
    g_autofree Stretch *stretch = g_new(Stretch, 1);

    m->written = true;
    for (guint i = 0; m->blocks && i < m->blocks->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(m->blocks, i);
        uint64_t pages = block->used_length / block->mapped_page_size;
        uint32_t most = MIG_MAPPED_PIECE / (uint32_t)block->mapped_page_size;

        for (uint64_t page = 0; !mig_mapped_ram_is_left_out(block) && page < pages;
             page += most) {
            stretch->block = block;
            stretch->page = page;
            stretch->n = (uint32_t)MIN(most, pages - page);
            if (!write_stretch(m, next, mark, stretch, error)) {
                return false;
            }
        }
    }
    return true;
}
