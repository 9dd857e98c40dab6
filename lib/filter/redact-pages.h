/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what becomes of guest memory when it is blanked.
 * Must not know: what else is in a stream.  Private to filter/.
 * See also:      filter/redact.c.
 */
#ifndef MIG_FILTER_REDACT_PAGES_H
#define MIG_FILTER_REDACT_PAGES_H

#include "filter/filter.h"

/* Zeros at first. */
typedef struct MigRedactPages {
    bool equal;          /* a page becomes the number of the first like it */
    uint64_t n;          /* pages with content that came */
    GHashTable *numbers; /* GBytes, a digest -> number of the page, from 1 on */
} MigRedactPages;

/* Emits the RAM_PAGES @item without what they hold. */
bool mig_redact_pages(MigRedactPages *pages, MigNext *next, const MigItem *item,
                      GError **error);

void mig_redact_pages_clear(MigRedactPages *pages);

#endif
