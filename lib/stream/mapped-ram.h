/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the geometry of mapped-ram: header, bitmap and page area of a block.
 * Must not know: where the stream begins in its file; page records.
 * See also:      stream/mapped-ram.c, which has the layout; stream/item.h, MigRamBlock.
 */
#ifndef MIG_STREAM_MAPPED_RAM_H
#define MIG_STREAM_MAPPED_RAM_H

#include "stream/item.h"

/* The page areas begin at multiples of this, for direct I/O.
 * Source: migration/ram.c, MAPPED_RAM_FILE_OFFSET_ALIGNMENT, 9.0. */
#define MIG_MAPPED_RAM_ALIGNMENT (1u << 20)

/* Pages of a block, the last of which may be cut short. */
static inline uint64_t mig_mapped_ram_pages(const MigRamBlock *block)
{
    return block->used_length / block->mapped_page_size +
           (block->used_length % block->mapped_page_size != 0);
}

/* Bytes of its bitmap.  That is whole words of the source; those of a 32-bit host may be
 * half as long, and the space up to the pages is a hole all the same. */
static inline uint64_t mig_mapped_ram_bitmap_length(const MigRamBlock *block)
{
    return (mig_mapped_ram_pages(block) + 63) / 64 * 8;
}

/* Whether @bitmap, as a little-endian host wrote it, has the bit of @page. */
static inline bool mig_mapped_ram_is_set(const uint8_t *bitmap, uint64_t page)
{
    return bitmap[page / 8] >> (page % 8) & 1;
}

/* Whether x-ignore-shared left out the pages of @block, and so its bitmap too. */
static inline bool mig_mapped_ram_is_left_out(const MigRamBlock *block)
{
    return block->has_address && block->bitmap_offset == 0 && block->pages_offset == 0;
}

/* Where the pages of @block go in the file if its bitmap goes to @bitmap: aligned as they
 * were, and after the bitmap. */
uint64_t mig_mapped_ram_place_pages(const MigRamBlock *block, uint64_t bitmap);

/* Appends the header of @block to @out. */
void mig_mapped_ram_header_encode(const MigRamBlock *block, GByteArray *out);

#endif
