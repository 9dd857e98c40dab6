/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the ram body keeps between records and between bodies.
 * Must not know: the outer list.  Private to stream/ram.c and stream/mapped-ram.c.
 * See also:      stream/body.h.
 */
#ifndef MIG_STREAM_RAM_STATE_H
#define MIG_STREAM_RAM_STATE_H

#include "stream/body.h"

struct MigRamState {
    uint32_t page_size; /* 0: not known yet */
    uint32_t guess;     /* what zero pages of this body are read with meanwhile */
    GPtrArray *blocks;  /* MigRamBlock, owned */
    GTree *by_name;     /* a hash of names could be made to collide */
    MigRamBlock *last;  /* of the last page record: what CONTINUE means */
    bool listing;       /* inside the block list */
    uint64_t list_total, list_sum;
    uint64_t lengths;     /* of all blocks, or'ed */
    uint32_t list_first;  /* index of the first block that is new in this list */
    MigRamBlock *mapping; /* whose mapped-ram regions come next */
    unsigned mapping_step;
    bool advised; /* a POSTCOPY_ADVISE with page sizes was seen */
    bool ended;   /* the EOS of this body was read */
};

/* stream/mapped-ram.c: the entry of @block was read, its header and regions follow. */
void mig_mapped_ram_begin(MigRamState *ram, MigRamBlock *block);

/* The next item of them; ram->mapping is NULL once they are over. */
MigStatus mig_mapped_ram_next(MigReader *r, MigRamState *ram, MigItem *item,
                              GError **error);

#endif
