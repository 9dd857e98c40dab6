/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      a file that has no name, or a hidden one, until it is complete.
 * Knows not: what is written to it.
 * Beside it: output.c, which writes to it.
 */
#ifndef MIG_IO_OUTPUT_TARGET_H
#define MIG_IO_OUTPUT_TARGET_H

#include "io/error.h"

typedef struct MigTarget MigTarget;

/*
 * Starts a file that is to become @path.  Where @path is a symbolic link, the file that it
 * points to is meant, and the link stays.  A file that is replaced hands down its mode, and
 * its owner too: with @keep_owner that must work, else it may fail.  Other hard links to it
 * keep the old content.
 */
MigTarget *mig_target_new(const char *path, bool replace, bool keep_owner,
                          GError **error);

/* To write to and to read back; lives as long as the target. */
int mig_target_fd(const MigTarget *target);

/* What can be made again need not outlive a power failure: mig_target_commit() does not wait
 * for the disk. */
void mig_target_leave_unsynced(MigTarget *target);

/* What the file replaces stays under a hidden name until mig_target_free(), where the file
 * system can exchange names, so that mig_target_undo() can bring it back. */
void mig_target_keep_replaced(MigTarget *target);

/* Syncs the file and gives it its name.  Call once. */
bool mig_target_commit(MigTarget *target, GError **error);

/* Takes a commit back: the name is as it was.  Where what had it could not be kept, it stays
 * with the new file. */
void mig_target_undo(MigTarget *target);

/* Without a commit, nothing stays. */
void mig_target_free(MigTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigTarget, mig_target_free)

#endif
