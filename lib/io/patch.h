/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a file that is changed where it lies: new bytes for some of its ranges, and
 *                the order of writes and syncs that leaves either the old file or the new one.
 * Must not know: what the bytes mean, nor where the new ones come from.
 * See also:      io/journal-private.h, the old bytes meanwhile; io/output-patch.c, which
 *                finds the ranges; io/output-target.h, mig_target_patch().
 */
#ifndef MIG_IO_PATCH_H
#define MIG_IO_PATCH_H

#include <glib.h>

#include "io/error.h"

/* Bytes of a file. */
typedef struct MigRange {
    uint64_t offset, length;
} MigRange;

/* A patch has at most this many ranges; a file that changes in more places is written anew. */
#define MIG_PATCH_RANGES_MAX 65536u

/* A file, open for reading and writing, and where its name is. */
typedef struct MigPatched {
    int folder;
    const char *name; /* in @folder */
    const char *path; /* for messages */
    int fd;
} MigPatched;

/*
 * A patch is a file too: it has the new bytes at the offsets where they go, and after the new end
 * of the patched file, at @size, the table of ranges.  This writes the table of @ranges (MigRange,
 * ascending, apart from each other) to @patch.  Errors: IO.
 */
bool mig_patch_write_table(int patch, const GArray *ranges, uint64_t size,
                           const char *name, GError **error);

/*
 * Applies @patch to @file.  First the journal gets the bytes that go, and its name; then the file
 * is written and synced; then the journal goes.  Where writing fails, what was written is undone.
 * Errors: IO; USAGE where there is a journal already; REFUSED for a patch whose table makes no
 * sense.
 */
bool mig_patch_apply(const MigPatched *file, int patch, GError **error);

#endif
