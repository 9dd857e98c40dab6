/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          asking a reader for a section by what it is called.
 * Must not know: who asks.  Private to the library.
 * See also:      stream/section.c; stream/reader.h, which has all sections.
 */
#ifndef MIG_STREAM_SECTION_FIND_H
#define MIG_STREAM_SECTION_FIND_H

#include "stream/reader.h"

/* The section of that owner, or NULL.  @n: bytes of @name. */
MigSection *mig_reader_find_section(const MigReader *r, const void *name, uint8_t n,
                                    uint32_t instance_id);

/* How many sections of that name the description has; 0 where there is none, where the input
 * cannot seek to it, or where the budget is spent. */
size_t mig_reader_count_described(MigReader *r, const char *name);

#endif
