/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a user does with the undo journal of a file that was changed where it is:
 *                seeing that there is one, and undoing.
 * Must not know: why a file changes.
 * See also:      io/journal-private.h, its format; io/patch.h, which changes files.
 */
#ifndef MIG_IO_JOURNAL_H
#define MIG_IO_JOURNAL_H

#include "io/error.h"

G_BEGIN_DECLS

/* Whether a journal is beside the file that @path leads to: its change was broken off, or is
 * going on. */
MIG_API bool mig_journal_exists(const char *path);

/*
 * Brings back the file that @path leads to as it was before a change that was broken off.
 * A journal counts only where it is a regular file of the caller with mode 0600, one name and a
 * right checksum, and names the device, the inode and the ranges of this file.  Device numbers may
 * be others after the machine was started again: @any_device leaves them out of the comparison.
 * The file is not touched before all of that was seen.
 * Errors: IO; USAGE where there is no journal, or the file is in use; REFUSED for a journal that
 * does not count.
 */
MIG_API bool mig_journal_recover(const char *path, bool any_device, GError **error);

G_END_DECLS

#endif
