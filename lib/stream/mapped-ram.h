/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      the way into stream/mapped-ram.c.  Private to stream/.
 * Knows not: page records.
 * Beside it: stream/ram.c.
 */
#ifndef MIG_STREAM_MAPPED_RAM_H
#define MIG_STREAM_MAPPED_RAM_H

#include "stream/body.h"

/* The entry of @block was read: its header and regions follow. */
void mig_mapped_ram_begin(MigReader *r, MigRamBlock *block);

/* The next item of them; r->ram.mapping is NULL once they are over. */
MigStatus mig_mapped_ram_next(MigReader *r, MigItem *item, GError **error);

#endif
