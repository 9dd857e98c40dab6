/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          decoding one encoded RAM page.
 * Must not know: where pages are kept.
 * See also:      stream/ram.c, which cuts the records.
 */
#ifndef MIG_STREAM_PAGE_H
#define MIG_STREAM_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/visibility.h"

G_BEGIN_DECLS

/* Whether @page is all zero. */
MIG_API bool mig_page_is_zero(const uint8_t *page, size_t page_size);

G_END_DECLS

#endif
