/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a set of page numbers: which pages were sent, or are needed.
 * Must not know: what a page is.
 * See also:      check/facts.h, filter/ram-decompress.c.
 *
 * Pages are sent in long runs, so a stretch of MIG_PAGE_SET_STRETCH pages of which all or none
 * are in the set costs nothing but its entry in an index.  The others have a bit per page, in
 * a store that all sets of a stream share and that lies in a temporary file when it is long.
 * So a stream makes neither memory nor work out of pages that it does not send.
 */
#ifndef MIG_STREAM_PAGE_SET_H
#define MIG_STREAM_PAGE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "io/long-array.h"

#define MIG_PAGE_SET_STRETCH 4096u /* pages */

/* More pages are not kept account of, in one set and in all sets of a store: 16 and 32 TiB of
 * 4 KiB pages. */
#define MIG_PAGE_SET_MAX   (UINT64_C(4) << 30)
#define MIG_PAGE_STORE_MAX (2 * MIG_PAGE_SET_MAX)

/* What it costs to add @n pages in one run, in steps of io/budget.h. */
#define MIG_PAGE_SET_STEPS(n) (16 + (n) / MIG_PAGE_SET_STRETCH)

/* The bits of the sets of one stream. */
typedef struct MigPageStore {
    MigLongArray *stretches;
    uint64_t n_pages; /* that its sets can have */
    uint32_t free;    /* index + 1 of one that is in no set any more; 0: none */
} MigPageStore;

void mig_page_store_init(MigPageStore *store);
void mig_page_store_clear(MigPageStore *store);

typedef struct MigPageSet {
    uint64_t n_pages; /* those that can be in it are below */
    uint64_t n_in;    /* how many are */
    uint32_t *index;  /* of each stretch: NONE, ALL, or where its bits are in the store */
} MigPageSet;

/* An empty set of pages below @n_pages: 1 byte for each 1,024 of them, allocated when used.
 * False where there is not as much memory, above MIG_PAGE_SET_MAX, and where the sets of
 * @store, which was initialised, would have more than MIG_PAGE_STORE_MAX. */
bool mig_page_set_init(MigPageSet *set, MigPageStore *store, uint64_t n_pages);
void mig_page_set_clear(MigPageSet *set);

/* Adds @n pages from @first on; those beyond the end are left out.  False where there is no
 * memory for it: then some of them are missing. */
bool mig_page_set_add(MigPageSet *set, MigPageStore *store, uint64_t first, uint64_t n);

/* Takes them out again.  False where there is no memory for it: then some are still in. */
bool mig_page_set_remove(MigPageSet *set, MigPageStore *store, uint64_t first,
                         uint64_t n);

/* How many of @n pages from @first on are in the set. */
uint64_t mig_page_set_count(const MigPageSet *set, const MigPageStore *store,
                            uint64_t first, uint64_t n);

bool mig_page_set_has(const MigPageSet *set, const MigPageStore *store, uint64_t page);

/* The first page after @page of which the set says otherwise; n_pages where there is none. */
uint64_t mig_page_set_run_end(const MigPageSet *set, const MigPageStore *store,
                              uint64_t page);

/* The first page that is not in the set; n_pages if all are. */
uint64_t mig_page_set_first_missing(const MigPageSet *set, const MigPageStore *store);

#endif
