/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the two directions of the filter mapped-ram share.
 * Must not know: where in the file things land, which the writer decides.
 * See also:      mapped-ram.c, the filter; mapped-ram-lay.c, the way to mapped-ram;
 *                mapped-ram-plain.c, the way back.
 */
#ifndef MIG_FILTER_MAPPED_RAM_PRIVATE_H
#define MIG_FILTER_MAPPED_RAM_PRIVATE_H

#include "device/ram-image.h"
#include "filter/filter.h"
#include "io/tiny.h"

typedef struct MigMapped {
    bool to_plain;
    bool seen;      /* the configuration */
    bool unchanged; /* the stream has the wanted form already */
    uint64_t lists;
    uint64_t n_blocks, n_pages; /* pages with content */

    /* To mapped-ram.  What RAM holds, one block after the other in a temporary file. */
    MigRamImage *image;
    bool has_file;
    int fd;
    uint64_t end;       /* of the last block in the file */
    uint32_t page_size; /* bytes; 0: no page was seen */
    uint64_t missing;   /* bytes of pages that the stream does not carry */
    GBytes *zeros;      /* a piece of them */
    uint8_t *piece;     /* a buffer of that length */

    /* To a plain stream. */
    GPtrArray *blocks; /* const MigRamBlock, of the reader */
    bool written;
} MigMapped;

/* Bytes of RAM that are read and written at once. */
#define MIG_MAPPED_PIECE MIG_TINY_OR(128u << 10, 1u << 20)

/* RAM as the stream has it at its end; watches items of the first pass. */
bool mig_mapped_watch(MigMapped *m, MigNext *next, const MigItem *item, GError **error);

/* After the entry of a block: its header, its bitmap and its pages. */
bool mig_mapped_lay_block(MigMapped *m, MigNext *next, const MigItem *item,
                          GError **error);

/* Keeps the block of a header, whose pages are written later. */
bool mig_mapped_keep_block(MigMapped *m, MigNext *next, const MigItem *item,
                           GError **error);

/* Before the mark @item: records of all pages of all blocks. */
bool mig_mapped_write_records(MigMapped *m, MigNext *next, const MigItem *item,
                              GError **error);

void mig_mapped_clear(MigMapped *m);

#endif
