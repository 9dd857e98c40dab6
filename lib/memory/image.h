/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          guest physical memory in one sparse file.
 * Must not know: what the file is called, and what else is in it.
 * See also:      memory/map.h, which says where blocks are; device/ram-image.h, which has
 *                their pages.
 *
 * Where a block is may be known before its pages come, or only when the devices have told.  RAM
 * is written where it will probably be, everything else beside it; at the end what is
 * elsewhere is moved.
 */
#ifndef MIG_MEMORY_IMAGE_H
#define MIG_MEMORY_IMAGE_H

#include "device/ram-image.h"
#include "memory/map.h"

G_BEGIN_DECLS

typedef struct MigMemoryImage MigMemoryImage;

/* Of the stream that @reader is to read, by @map, which is watched along.  @fd: an empty file,
 * open for reading and writing; address 0 is @room bytes into it.  All are borrowed and must
 * outlive the image. */
MIG_API MigMemoryImage *mig_memory_image_new(MigReader *reader, MigMemoryMap *map, int fd,
                                             uint64_t room);
MIG_API void mig_memory_image_free(MigMemoryImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigMemoryImage, mig_memory_image_free)

/* Applies @item, the one that the reader has just read; all items of a stream in order.
 * Errors: those of mig_ram_image_watch(). */
MIG_API bool mig_memory_image_watch(MigMemoryImage *image, const MigItem *item,
                                    GError **error);

/* Makes the map and the file of what was read.  Call once, after the last item.
 * Errors: those of mig_memory_map_make(); IO; LIMIT, of addresses beyond what a file has;
 * UNMATCHED, where no block has an address. */
MIG_API bool mig_memory_image_finish(MigMemoryImage *image, GError **error);

/* Reads @n bytes from @address on, which must be known memory, after it is finished.  False: they
 * are not, or the file cannot be read. */
MIG_API bool mig_memory_image_read(const MigMemoryImage *image, uint64_t address,
                                   void *buffer, size_t n);

/* Which pages the stream did carry. */
MIG_API const MigRamImage *mig_memory_image_ram(const MigMemoryImage *image);

/* A part of the file that does not hold what the guest had: @range has its place, and no block
 * where no RAM is. */
typedef bool MigMemoryHole(const MigMemoryRange *range, void *user, GError **error);

/* Calls @visit for each hole by address; false where that gave up. */
MIG_API bool mig_memory_image_holes(const MigMemoryImage *image, MigMemoryHole *visit,
                                    void *user, GError **error);

G_END_DECLS

#endif
