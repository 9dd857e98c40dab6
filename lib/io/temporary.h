/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          temporary files that have no name, and so cannot be left behind.
 * Must not know: what is kept in them.
 * See also:      io/source-spool.c and filters, which keep in them what memory is too small
 *                for; device/ram-image.h, whose client may do so too.
 */
#ifndef MIG_IO_TEMPORARY_H
#define MIG_IO_TEMPORARY_H

#include "io/error.h"

G_BEGIN_DECLS

/* The folder for temporary files: @dir, or where that is NULL $TMPDIR, or /var/tmp.  A client
 * that gives up the right to open files keeps it for this folder. */
MIG_API const char *mig_temporary_dir(const char *dir);

/*
 * A descriptor for reading and writing, the caller's to close; -1 with *error set (IO) on failure.
 * @dir as above.  The file is opened with O_TMPFILE, or, if the file system does not have that,
 * with O_CREAT, and unlinked at once.
 */
MIG_API int mig_temporary_open(const char *dir, GError **error);

G_END_DECLS

#endif
