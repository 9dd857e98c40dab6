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

typedef struct MigPlace {
    int folder; /* -1: none */
    char *name; /* One component; what it names need not exist. */
} MigPlace;

#define MIG_PLACE_NONE ((MigPlace){ .folder = -1 })

/*
 * Fills *place, which is to be cleared.  @follow: where the name is a symbolic link, the one
 * that it leads to is meant.  A link is followed as Linux does with fs.protected_symlinks
 * (Documentation/admin-guide/sysctl/fs.rst), whatever that is set to here: in a folder that is
 * sticky and that everybody may write to, only one of the caller's or of the folder's owner.
 * Errors: IO; USAGE for a link that is not followed.
 */
MIG_API bool mig_place_find(const char *path, bool follow, MigPlace *place,
                            GError **error);

/* Opens a folder, to find names in it; -1 with errno.  One that cannot be listed can be
 * searched all the same, but not synced. */
MIG_API int mig_place_open_folder(int at, const char *path);

/* Frees what @place has: of MIG_PLACE_NONE nothing. */
MIG_API void mig_place_clear(MigPlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MigPlace, mig_place_clear)

G_END_DECLS

#endif
