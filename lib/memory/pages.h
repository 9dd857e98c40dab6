/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a stream says of each page of RAM: that it has content, that it is zero,
 *                or nothing.
 * Must not know: the content; where blocks are mapped.
 * See also:      device/ram-image.h, which has the content; memory/map.h.
 */
#ifndef MIG_MEMORY_PAGES_H
#define MIG_MEMORY_PAGES_H

#include "io/error.h"
#include "stream/reader.h"

G_BEGIN_DECLS

typedef struct MigMemoryPages MigMemoryPages;

/* Bytes of a part of a block, by how the stream left their pages at last. */
typedef struct MigMemoryCounts {
    uint64_t data;     /* a record has their content */
    uint64_t zero;     /* a record says that they are zero */
    uint64_t missing;  /* no record speaks of them */
    uint64_t reserved; /* 0: for members to come */
} MigMemoryCounts;

/* @reader is borrowed and must outlive the pages; it does not join pieces. */
MIG_API MigMemoryPages *mig_memory_pages_new(MigReader *reader);
MIG_API void mig_memory_pages_free(MigMemoryPages *pages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigMemoryPages, mig_memory_pages_free)

/* Looks at @item, the one that the reader has just read; all items of a stream in order.
 * Errors: LIMIT for more pages than are kept account of; of the input. */
MIG_API bool mig_memory_pages_watch(MigMemoryPages *pages, const MigItem *item,
                                    GError **error);

/* What is known of @length bytes of @block from @offset on, which are in it. */
MIG_API MigMemoryCounts mig_memory_pages_count(const MigMemoryPages *pages,
                                               const MigRamBlock *block, uint64_t offset,
                                               uint64_t length);

/* Whether @item has a record of the page of @block with the byte at @offset, or of mapped-ram the
 * place of it in the file; *at: where that begins, in plain bytes of the item's channel. */
MIG_API bool mig_memory_item_has(const MigItem *item, const MigRamBlock *block,
                                 uint64_t offset, uint64_t *at);

G_END_DECLS

#endif
