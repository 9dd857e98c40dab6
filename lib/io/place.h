/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where a path leads: a folder that is open, and a name in it.
 * Must not know: what is written there.
 * See also:      output-target.c.
 */
#ifndef MIG_IO_PLACE_H
#define MIG_IO_PLACE_H

#include "io/error.h"

G_BEGIN_DECLS

typedef struct MigPlace MigPlace;

/*
 * The caller frees.  @follow: where the name is a symbolic link, the one that it leads to is
 * meant.  A link is followed as Linux does with fs.protected_symlinks
 * (Documentation/admin-guide/sysctl/fs.rst), whatever that is set to here: in a folder that is
 * sticky and that everybody may write to, only one of the caller's or of the folder's owner.
 * Errors: IO; USAGE for a link that is not followed.
 */
MIG_API MigPlace *mig_place_find(const char *path, bool follow, GError **error);

/* The folder, open as long as @place is. */
MIG_API int mig_place_folder(const MigPlace *place);

/* The name in it, one component; what it names need not exist. */
MIG_API const char *mig_place_name(const MigPlace *place);

/* Opens a folder, to find names in it; -1 with errno.  One that cannot be listed can be
 * searched all the same, but not synced. */
MIG_API int mig_place_open_folder(int at, const char *path);

/* Closes the folder. */
MIG_API void mig_place_free(MigPlace *place);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigPlace, mig_place_free)

G_END_DECLS

#endif
