/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what disks hold once a block migration has been loaded, in files.
 * Must not know: what the files are called, and what becomes of them.  Private to the library.
 * See also:      stream/block.h, which reads the records; device/extract.h, MigDisk.
 *
 * Memory does not grow with a disk: its content is in a sparse file, and which of it the stream
 * has is in page sets.  Only what was written is made zero again, so that work is bounded by the
 * bytes of the stream.
 */
#ifndef MIG_DEVICE_DISK_IMAGE_H
#define MIG_DEVICE_DISK_IMAGE_H

#include "device/extract.h"

/* More disks, and longer ones, are refused.  Page sets of that many can be kept account of. */
#define MIG_DISKS_MAX       64u
#define MIG_DISK_LENGTH_MAX (UINT64_C(64) << 40)

typedef struct MigDiskImage MigDiskImage;

/* Says where the content of the disk @name goes, which is then sparse: *fd, for reading and
 * writing, borrowed; -1 leaves the disk out.  False with *error set to give up. */
typedef bool MigDiskPlace(const char *name, int *fd, void *user, GError **error);

MigDiskImage *mig_disk_image_new(MigReader *reader, MigDiskPlace *place, void *user);
void mig_disk_image_free(MigDiskImage *image);

/* Applies @item, the one that the reader has just read; all items of a stream in order.
 * Errors: LIMIT for more disks or a longer one than are kept account of; UNSUPPORTED for a
 * place that no QEMU sends; IO. */
bool mig_disk_image_watch(MigDiskImage *image, const MigItem *item, GError **error);

/* Gives files their lengths, and disks what is missing of them.  Errors: IO. */
bool mig_disk_image_finish(MigDiskImage *image, GError **error);

/* All disks, in the order in which they came. */
const MigDisk *const *mig_disk_image_disks(const MigDiskImage *image, size_t *n);

#endif
