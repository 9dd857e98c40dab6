/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what architectures share of a walk.  Private to memory/.
 * Must not know: any one architecture.
 * See also:      paging.c; paging-x86.c, paging-arm.c.
 */
#ifndef MIG_MEMORY_PAGING_PRIVATE_H
#define MIG_MEMORY_PAGING_PRIVATE_H

#include "device/registers-table.h"
#include "memory/paging.h"

typedef struct MigPager {
    MigRegisters *registers;
    MigWalk *walk;
    MigPagingFetch *fetch;
    void *user;
    GError **error;
} MigPager;

/* Reads the next entry, of @n bytes, which are little-endian.  False where the walk ends: it leads to
 * nothing, or failed. */
bool mig_pager_step(const MigPager *pager, const char *name, uint64_t address, size_t n,
                    uint64_t *entry);

/* Ends the walk: it leads to nothing.  Returns true. */
bool mig_pager_end(const MigPager *pager, const char *reason);

/* Ends it in a page of @size bytes, a power of two, that begins at @page.  Returns true. */
bool mig_pager_found(const MigPager *pager, uint64_t page, uint64_t size);

/* Each walks the tables of its CPU; false with *error set, or where mig_pager_step() ended it. */
bool mig_paging_walk_x86(const MigPager *pager);
bool mig_paging_walk_arm(const MigPager *pager);

#endif
