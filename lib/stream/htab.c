/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the spapr/htab section: the hash page table of a pseries guest.
 * Must not know: page tables.
 * See also:      stream/records.h.
 *
 * A body is be32 first: 0xffffffff, no table (radix), and that is all; not 0, log2 of the
 * table's size, and that is all; 0, chunks:
 *   be32 index | be16 valid | be16 invalid | valid x 16 bytes; the last one is all zero
 * Source: hw/ppc/spapr.c, htab_save_*(), htab_load(), 5.2 to 10.2.
 */
#include "stream/records.h"

enum { STEP_FIRST, STEP_CHUNKS, STEP_DONE };

#define CHUNK_HEADER 8u
#define HPTE_LENGTH  16u
#define NO_TABLE     0xffffffffu

static MigStatus htab_next(MigReader *r, void *state, MigItem *item, GError **error)
{
    unsigned *step = state;
    const uint8_t *p;
    uint32_t word;

    if (*step == STEP_DONE) {
        return MIG_STATUS_END;
    }
    if (*step == STEP_FIRST) {
        p = mig_reader_need(r, item, 4, "hash table section", error);
        if (!p) {
            return MIG_STATUS_ERROR;
        }
        word = mig_be32(p);
        *step = word == 0 ? STEP_CHUNKS : STEP_DONE;
        return mig_record(item,
                          word == 0          ? "CHUNKS"
                          : word == NO_TABLE ? "NO_TABLE"
                                             : "SHIFT",
                          word, 4);
    }
    p = mig_reader_need(r, item, CHUNK_HEADER, "hash table chunk", error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    if (mig_be64(p) == 0) {
        *step = STEP_DONE;
        return mig_record(item, "END", 0, CHUNK_HEADER);
    }
    return mig_record(item, "CHUNK", mig_be32(p),
                      CHUNK_HEADER + (uint64_t)mig_be16(p + 4) * HPTE_LENGTH);
}

const MigBody mig_body_htab = { .idstr = "spapr/htab", .next = htab_next };
