/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the undo journal of a file that is changed where it is: its name, its format,
 *                and its life.
 * Must not know: why a file changes.
 * See also:      journal.h, what is public; patch.c, which uses this.
 *
 * The journal of the file NAME is ".NAME.migstat-undo" in the same folder.  It has its name from
 * before the first byte of the file is written until after the last one is synced; so while it
 * is there, the file may be partly old and partly new.
 *
 *     char[8]  "MIGSUNDO"      be32  version, 1      be32  0
 *     be64     device and inode of the file
 *     be64     its size before the change
 *     be64     number of ranges, then of each: be64 offset, be64 length
 *     the bytes that were in the ranges, in that order
 *     SHA-256 of all of that
 *
 * Ranges are ascending, apart from each other, and end within the old size.
 */
#ifndef MIG_IO_JOURNAL_PRIVATE_H
#define MIG_IO_JOURNAL_PRIVATE_H

#include "io/patch.h"

/* Writes and syncs the journal of @file: what it has in @ranges (MigRange).  Errors: IO; USAGE
 * where there is one already. */
bool mig_journal_write(const MigPatched *file, const GArray *ranges, GError **error);

/* Undoes what changed in @file, syncs it, and removes the journal.  @any_device and errors as
 * mig_journal_recover() has them. */
bool mig_journal_undo(const MigPatched *file, bool any_device, GError **error);

/* Removes the journal of @file, whose change is complete and synced.  Errors: IO. */
bool mig_journal_remove(const MigPatched *file, GError **error);

#endif
