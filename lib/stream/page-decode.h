/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          decoding one encoded RAM page.
 * Must not know: where pages are kept.  Private to the library.
 * See also:      stream/page.c; stream/page-kind.c, the table of the kinds.
 */
#ifndef MIG_STREAM_PAGE_DECODE_H
#define MIG_STREAM_PAGE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/item.h"

/*
 * Applies the XBZRLE encoding @data, @n bytes, to @page, which holds the page's content so
 * far, @page_size bytes.  @page may be NULL: the encoding is judged only.
 * Returns false if it is malformed; @page is then partly changed.
 */
bool mig_page_xbzrle(const uint8_t *data, size_t n, uint8_t *page, size_t page_size);

/* Inflates @data, a whole zlib stream, into @page, which may be NULL.  False unless it yields
 * exactly @page_size bytes and ends at @n. */
bool mig_page_inflate(const uint8_t *data, size_t n, uint8_t *page, size_t page_size);

/* The kind whose flag is @flag, CONTINUE left out; MIG_PAGE_KIND_COUNT if there is none. */
MigPageKind mig_page_kind_of_flag(uint32_t flag);

#endif
