/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what RAM holds once a stream has been loaded, page by page, in files.
 * Must not know: what the files are called, and what becomes of them.
 * See also:      stream/ram.c, which cuts the records; stream/page.h, which decodes
 *                pages.
 *
 * Memory does not grow with RAM: contents live in sparse files, in which zero pages are
 * holes, but for short runs of them.  A page that the stream never mentions is a hole too, yet not
 * zero: a loader leaves it as it was.  mig_ram_image_missing() and mig_ram_image_has() tell them
 * apart.
 */
#ifndef MIG_DEVICE_RAM_IMAGE_H
#define MIG_DEVICE_RAM_IMAGE_H

#include "io/error.h"
#include "stream/reader.h"

G_BEGIN_DECLS

typedef struct MigRamImage MigRamImage;

/*
 * Says where a block's content goes: *fd, opened for reading and writing, and *base, bytes
 * before the block's first one in it.  What lies there must read as zero.  The descriptor is
 * borrowed until mig_ram_image_free().  *fd -1 leaves the block out.
 * Called once per block, in the order of the list.  Returns false with *error set to give up.
 */
typedef bool MigRamPlace(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                         GError **error);

/* @reader is borrowed and must outlive the image. */
MIG_API MigRamImage *mig_ram_image_new(MigReader *reader, MigRamPlace *place, void *user);
MIG_API void mig_ram_image_free(MigRamImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigRamImage, mig_ram_image_free)

/*
 * Applies @item, the one that the reader has just read; all items of a stream in order.
 * Errors: MALFORMED with the rule where an encoded page does not decode or a page lies
 * outside of its block; UNSUPPORTED where a later list gives a block another length; LIMIT for
 * more pages than are kept account of; IO.
 */
MIG_API bool mig_ram_image_watch(MigRamImage *image, const MigItem *item, GError **error);

/* Reads @n bytes of @block, which must not be left out, from @address on; zeros after its
 * end.
 * Errors: IO. */
MIG_API bool mig_ram_image_read(const MigRamImage *image, const MigRamBlock *block,
                                uint64_t address, void *buffer, size_t n, GError **error);

/* The first address at or after @address that may not be zero; the block's length if all is
 * zero from there on. */
MIG_API uint64_t mig_ram_image_next(const MigRamImage *image, const MigRamBlock *block,
                                    uint64_t address);

/* Bytes of pages of @block that the stream did not carry, up to a page more than the block has;
 * 0 where it has all of them or the block is left out.  *first: the address of the first. */
MIG_API uint64_t mig_ram_image_missing(const MigRamImage *image, const MigRamBlock *block,
                                       uint64_t *first);

/* Whether the stream carried the page at @address. */
MIG_API bool mig_ram_image_has(const MigRamImage *image, const MigRamBlock *block,
                               uint64_t address);

G_END_DECLS

#endif
