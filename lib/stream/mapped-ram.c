/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what mapped-ram (9.0 and later) writes after each entry of the block
 *                list.
 * Must not know: page records, of which such a stream has none.
 * See also:      stream/ram.c.
 *
 *   be32 version 1 | be64 page size | be64 bitmap offset | be64 pages offset
 *   bitmap: the source's array of unsigned long, in its byte order; a bit a page
 * pages, at pages offset, as long as the block; the stream goes on after them Offsets are
 * absolute in the file, so they include what lies before the stream.  A page whose bit is
 * clear is zero, whatever the file holds at its place.  Both offsets are 0 for a block that
 * x-ignore-shared left out: then the stream goes on after the header.
 * Source: migration/ram.c, mapped_ram_setup_ramblock(), parse_ramblock_mapped_ram(),
 * read_ramblock_mapped_ram(), 10.0 and 10.2.
 */
#include "stream/mapped-ram.h"

#include "stream/defect.h"
#include "stream/ram-state.h"

/* A bitmap comes in items of this many bytes: 8,388,608 pages each. */
#define BITMAP_ITEM (1u << 20)

enum { STEP_HEADER, STEP_GAP, STEP_BITMAP, STEP_HOLE, STEP_PAGES };

uint64_t mig_mapped_ram_place_pages(const MigRamBlock *block, uint64_t bitmap)
{
    uint64_t alignment = block->pages_offset % MIG_MAPPED_RAM_ALIGNMENT
                             ? block->mapped_page_size
                             : MIG_MAPPED_RAM_ALIGNMENT;
    uint64_t end = bitmap + mig_mapped_ram_bitmap_length(block);

    return (end + alignment - 1) / alignment * alignment;
}

void mig_mapped_ram_header_encode(const MigRamBlock *block, GByteArray *out)
{
    mig_append_be32(out, block->mapped_version);
    mig_append_be64(out, block->mapped_page_size);
    mig_append_be64(out, block->bitmap_offset);
    mig_append_be64(out, block->pages_offset);
}

void mig_mapped_ram_begin(MigRamState *ram, MigRamBlock *block)
{
    ram->mapping = block;
    ram->mapping_step = STEP_HEADER;
}

/* A file offset as one of the stream; one that lies before the stream becomes huge. */
static uint64_t in_stream(MigReader *r, uint64_t file_offset)
{
    return file_offset - mig_input_file_offset(mig_reader_input(r));
}

static MigStatus read_header(MigReader *r, MigRamState *ram, MigItem *item,
                             GError **error)
{
    MigRamBlock *block = ram->mapping;
    const uint8_t *p = mig_reader_need(r, item, MIG_MAPPED_RAM_HEADER_LENGTH,
                                       "mapped-ram header", error);
    uint64_t after = item->offset + MIG_MAPPED_RAM_HEADER_LENGTH;

    if (!p) {
        return MIG_STATUS_ERROR;
    }
    block->mapped = true;
    block->mapped_version = mig_be32(p);
    block->mapped_page_size = mig_be64(p + 4);
    block->bitmap_offset = mig_be64(p + 12);
    block->pages_offset = mig_be64(p + 20);
    if (block->mapped_version != MIG_MAPPED_RAM_VERSION ||
        block->mapped_page_size < MIG_PAGE_SIZE_MIN ||
        block->mapped_page_size > MIG_PAGE_SIZE_MAX ||
        (block->mapped_page_size & (block->mapped_page_size - 1))) {
        return mig_reader_malformed(
            r, item->offset, MIG_DEFECT_MAPPED_RAM_HEADER, error,
            "mapped-ram header of version %u with pages of %" PRIu64
            " bytes, wanted version %u and a page size",
            block->mapped_version, block->mapped_page_size, MIG_MAPPED_RAM_VERSION);
    }
    if (!ram->page_size) {
        ram->page_size = (uint32_t)block->mapped_page_size;
    }
    item->kind = MIG_ITEM_MAPPED_HEADER;
    item->length = MIG_MAPPED_RAM_HEADER_LENGTH;
    item->block = block;
    if (mig_mapped_ram_is_left_out(block)) {
        ram->mapping = NULL;
        return MIG_STATUS_MORE;
    }
    if (in_stream(r, block->bitmap_offset) < after ||
        in_stream(r, block->bitmap_offset) > INT64_MAX ||
        in_stream(r, block->pages_offset) < in_stream(r, block->bitmap_offset) ||
        in_stream(r, block->pages_offset) - in_stream(r, block->bitmap_offset) <
            mig_mapped_ram_bitmap_length(block) ||
        in_stream(r, block->pages_offset) > INT64_MAX ||
        block->used_length > INT64_MAX - in_stream(r, block->pages_offset)) {
        return mig_reader_malformed(
            r, item->offset, MIG_DEFECT_MAPPED_RAM_PLACE, error,
            "bitmap at 0x%" PRIx64 " and pages at 0x%" PRIx64
            " of the file do not follow each other and this header",
            block->bitmap_offset, block->pages_offset);
    }
    return MIG_STATUS_MORE;
}

static MigStatus hole_until(MigItem *item, uint64_t end)
{
    if (item->offset >= end) {
        return MIG_STATUS_END;
    }
    item->kind = MIG_ITEM_PADDING;
    item->length = end - item->offset;
    return MIG_STATUS_MORE;
}

static uint64_t count_bits(const uint8_t *p, uint64_t n)
{
    uint64_t count = 0;

    for (; n >= 8; n -= 8, p += 8) {
        count += (uint64_t)__builtin_popcountll(mig_be64(p));
    }
    return count;
}

/* Bits beyond the last page, in the last word as a little-endian host wrote it. */
static uint64_t count_beyond(const uint8_t *p, uint64_t bytes, uint64_t n_pages)
{
    uint64_t count = 0;

    for (uint64_t bit = n_pages; bit < bytes * 8; bit++) {
        count += mig_mapped_ram_is_set(p, bit);
    }
    return count;
}

static MigStatus read_bitmap(MigReader *r, MigRamState *ram, MigItem *item,
                             GError **error)
{
    MigRamBlock *block = ram->mapping;
    uint64_t done = item->offset - in_stream(r, block->bitmap_offset);
    uint64_t n = MIN(mig_mapped_ram_bitmap_length(block) - done, BITMAP_ITEM);
    const uint8_t *p;

    if (n == 0) {
        return MIG_STATUS_END;
    }
    p = mig_reader_need(r, item, n, "mapped-ram bitmap", error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    item->kind = MIG_ITEM_MAPPED_BITMAP;
    item->length = n;
    item->bitmap.block = block;
    item->bitmap.first_page = done * 8;
    item->bitmap.n_pages = MIN(n * 8, mig_mapped_ram_pages(block) - done * 8);
    item->bitmap.n_beyond = count_beyond(p, n, item->bitmap.n_pages);
    item->bitmap.n_set = count_bits(p, n) - item->bitmap.n_beyond;
    return MIG_STATUS_MORE;
}

static MigStatus read_step(MigReader *r, MigRamState *ram, MigItem *item, GError **error)
{
    MigRamBlock *block = ram->mapping;

    switch (ram->mapping_step) {
    case STEP_HEADER:
        ram->mapping_step++;
        return read_header(r, ram, item, error);
    case STEP_GAP:
        ram->mapping_step++;
        return hole_until(item, in_stream(r, block->bitmap_offset));
    case STEP_BITMAP: {
        MigStatus status = read_bitmap(r, ram, item, error);

        ram->mapping_step += status == MIG_STATUS_END;
        return status;
    }
    case STEP_HOLE:
        ram->mapping_step++;
        return hole_until(item, in_stream(r, block->pages_offset));
    default:
        ram->mapping = NULL;
        if (block->used_length == 0) {
            return MIG_STATUS_END;
        }
        item->kind = MIG_ITEM_MAPPED_PAGES;
        item->length = block->used_length;
        item->block = block;
        return MIG_STATUS_MORE;
    }
}

MigStatus mig_mapped_ram_next(MigReader *r, MigRamState *ram, MigItem *item,
                              GError **error)
{
    MigStatus status;

    do {
        status = read_step(r, ram, item, error);
    } while (status == MIG_STATUS_END && ram->mapping);
    return status;
}
