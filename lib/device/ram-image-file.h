/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the files that a MigRamImage keeps blocks in, for who moves them.
 * Must not know: why they are moved.  Private to the library.
 * See also:      device/ram-image.h; memory/image.c, which moves them.
 */
#ifndef MIG_DEVICE_RAM_IMAGE_FILE_H
#define MIG_DEVICE_RAM_IMAGE_FILE_H

#include "device/ram-image.h"
#include "stream/page-file.h"

/* Before the first block: pages that are near one another are written together, with short runs
 * of zeros between them, which are no holes then.  mig_ram_image_flush() is called before
 * somebody else looks at a file, and at the end. */
void mig_ram_image_gather(MigRamImage *image);

/* Errors: IO. */
bool mig_ram_image_flush(MigRamImage *image, GError **error);

/* The file of @block, NULL where that is left out: who moves what is in it may change where it
 * is. */
MigPageFile *mig_ram_image_file(const MigRamImage *image, const MigRamBlock *block);

/* The end of the run of pages from @address on all of which, or none, the stream carried; *has:
 * which. */
uint64_t mig_ram_image_run_end(const MigRamImage *image, const MigRamBlock *block,
                               uint64_t address, bool *has);

#endif
