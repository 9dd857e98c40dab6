/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a file that has no name, or a hidden one, until it is complete.
 * Must not know: what is written to it.
 * See also:      io/output.h, which makes one of them for a path; several that are to appear
 *                together, as those of device/extract.h, are made here.
 */
#ifndef MIG_IO_OUTPUT_TARGET_H
#define MIG_IO_OUTPUT_TARGET_H

#include <sys/stat.h>

#include "io/error.h"

G_BEGIN_DECLS

/* What tells a file from all others, and who may read it: what fstat() says, without the size of
 * struct stat, which depends on how a program is compiled. */
typedef struct MigFileId {
    uint64_t device, inode;
    uint32_t mode;        /* as st_mode; 0: there is no file */
    uint32_t reserved[3]; /* 0: for members to come */
} MigFileId;

static inline MigFileId mig_file_id(const struct stat *st)
{
    MigFileId id = { st->st_dev, st->st_ino, st->st_mode, { 0 } };

    return id;
}

typedef struct MigTarget MigTarget;

/* As MIG_INPUT_OPTIONS_INIT (io/input.h). */
#define MIG_TARGET_OPTIONS_INIT .size = sizeof(MigTargetOptions)

typedef struct MigTargetOptions {
    size_t size;            /* bytes of this structure */
    bool replace;           /* A file that exists may be replaced. */
    bool in_place;          /* It must be, and be @input, from start to commit. */
    const MigFileId *input; /* that the bytes come from; NULL: not from a file */
} MigTargetOptions;

/*
 * Starts a file that is to become @path.  Where @path is a symbolic link and may be replaced,
 * the file that it points to is meant, and the link stays (mig_place_find() has the rule);
 * else a link stands in the way as a file does.
 * A file that is replaced hands down its mode, its owner, ACL and other attributes: in place
 * the owner must be kept, and of what else cannot be mig_target_lost() tells.  Other hard
 * links to it keep the old content.  A new file has the mode of a regular @input, without
 * execution and masked by the umask; 0600 without one.
 * @options may be NULL: nothing is replaced.
 * Errors: IO; USAGE, also for options that the library does not know.
 */
MIG_API MigTarget *mig_target_new(const char *path, const MigTargetOptions *options,
                                  GError **error);

/* The same for @name, one component, in @folder, which is borrowed.  A link there is never
 * followed.  @path is for messages. */
MIG_API MigTarget *mig_target_new_at(int folder, const char *name, const char *path,
                                     const MigTargetOptions *options, GError **error);

/* Which attributes of the file that is replaced the new one lacks, and why, as text; NULL:
 * none.  Lives as long as the target. */
MIG_API const char *mig_target_lost(const MigTarget *target);

/* To write to and to read back; lives as long as the target. */
MIG_API int mig_target_fd(const MigTarget *target);

/* What can be made again need not outlive a power failure: mig_target_commit() does not wait
 * for the disk. */
MIG_API void mig_target_leave_unsynced(MigTarget *target);

/* What the file replaces stays under a hidden name until mig_target_free(), where the file
 * system can exchange names, so that mig_target_undo() can bring it back. */
MIG_API void mig_target_keep_replaced(MigTarget *target);

/* Syncs the file and gives it its name.  Call once.  Errors: IO; USAGE where somebody made a
 * file of that name meanwhile. */
MIG_API bool mig_target_commit(MigTarget *target, GError **error);

/*
 * In place, in the stead of mig_target_commit(): what was written is a patch (mig_output_is_patch())
 * and is applied to the file, which keeps its inode.  An undo journal beside it makes it whole or not
 * at all: mig_journal_recover() (io/journal.h) brings the old file back after a crash.
 * Errors: as there; USAGE where another process has locked the file.
 */
MIG_API bool mig_target_patch(MigTarget *target, GError **error);

/* Whether mig_target_patch() can be: in place, of a file with one name that may be written. */
MIG_API bool mig_target_can_patch(const MigTarget *target);

/* Undoes a commit: the old file has its name back.  If the old file could not be preserved,
 * the new one keeps the name. */
MIG_API void mig_target_undo(MigTarget *target);

/* Frees @target, whose file another process ends: one that was forked since.  Its descriptor
 * stays open, and is the caller's. */
MIG_API void mig_target_give_up(MigTarget *target);

/* Without a commit, nothing stays. */
MIG_API void mig_target_free(MigTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigTarget, mig_target_free)

G_END_DECLS

#endif
