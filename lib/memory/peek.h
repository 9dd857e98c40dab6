/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a few bytes of guest memory, found by reading the stream once more.
 * Must not know: what they mean.
 * See also:      memory/map.h, which says in which block they are; memory/image.h, all of it.
 */
#ifndef MIG_MEMORY_PEEK_H
#define MIG_MEMORY_PEEK_H

#include "memory/map.h"

G_BEGIN_DECLS

/*
 * Reads @n bytes at guest physical @address by @map, which was made of the stream of @in: @in can
 * seek, and is read from its beginning.  *there: whether the stream, as far as it can be read, has the
 * page.  @n bytes are within a page.
 * Errors: IO.
 */
MIG_API bool mig_memory_peek(MigInput *in, const MigMemoryMap *map, uint64_t address,
                             void *buffer, size_t n, bool *there, GError **error);

G_END_DECLS

#endif
