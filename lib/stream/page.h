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

/*
 * Applies the XBZRLE encoding @data, @n bytes, to @page, which holds the page's content so
 * far, @page_size bytes.  @page may be NULL: the encoding is judged only.
 * Returns false if it is malformed; @page is then partly changed.
 */
MIG_API bool mig_page_xbzrle(const uint8_t *data, size_t n, uint8_t *page,
                             size_t page_size);

/* Inflates @data, a whole zlib stream, into @page, which may be NULL.  False unless it yields
 * exactly @page_size bytes and ends at @n. */
MIG_API bool mig_page_inflate(const uint8_t *data, size_t n, uint8_t *page,
                              size_t page_size);

/* Whether @page is all zero. */
MIG_API bool mig_page_is_zero(const uint8_t *page, size_t page_size);

#endif
