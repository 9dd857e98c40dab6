/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          temporary files that have no name, and so cannot be left behind.
 * Must not know: what is kept in them.
 * See also:      source-spool.c; filters that keep what memory is too small for.
 */
#ifndef MIG_IO_TEMPORARY_H
#define MIG_IO_TEMPORARY_H

#include "io/error.h"

/* The folder for temporary files: @dir, or where that is NULL $TMPDIR, or /var/tmp. */
const char *mig_temporary_dir(const char *dir);

/* A descriptor for reading and writing, -1 with *error set (IO) on failure. */
int mig_temporary_open(const char *dir, GError **error);

#endif
