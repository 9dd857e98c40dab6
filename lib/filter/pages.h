/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          cutting a run of page records, and replacing the record of a page.
 * Must not know: what pages hold.
 * See also:      filter/ram-zero.c, filter/ram-decompress.c.
 *
 * A record that replaces another keeps its block's name or its CONTINUE, so that the
 * records after it still mean the same block.
 */
#ifndef MIG_FILTER_PAGES_H
#define MIG_FILTER_PAGES_H

#include "filter/filter.h"
#include "stream/ram-record.h"

/* Emits @n records of @run from the @first on, as they are. */
bool mig_pages_emit_slice(MigNext *next, const MigItem *run, uint32_t first, uint32_t n,
                          GError **error);

/* Emits as @n zero records what @run has from its @first record on. @p: bytes of the
 * run. */
bool mig_pages_emit_zeros(MigNext *next, const MigItem *run, const uint8_t *p,
                          uint32_t first, uint32_t n, GError **error);

/* Emits the single record @run with @page, a whole page, instead of its encoding. */
bool mig_pages_emit_page(MigNext *next, const MigItem *run, const uint8_t *p,
                         const uint8_t *page, GError **error);

#endif
