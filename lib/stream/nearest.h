/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which of many names was probably meant by a word that is none of them,
 *                and the words that say so.
 * Must not know: what the names are of.
 * See also:      stream/glob.h; whoever refuses a name that a user typed.
 */
#ifndef MIG_STREAM_NEAREST_H
#define MIG_STREAM_NEAREST_H

#include <glib.h>

#include "io/visibility.h"

G_BEGIN_DECLS

/* What was looked for, and the best of the names that were offered.  Its size is bounded,
 * however many names are offered. */
typedef struct MigNearest MigNearest;

/* @word: what the user typed; its * and ? do not count. */
MIG_API MigNearest *mig_nearest_new(const char *word);
MIG_API void mig_nearest_free(MigNearest *nearest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigNearest, mig_nearest_free)

/* A name that exists.  It is copied where it is kept. */
MIG_API void mig_nearest_offer(MigNearest *nearest, const char *name);

/* The name that is nearest, or NULL if none is near.  Lives until the next offer. */
MIG_API const char *mig_nearest_best(const MigNearest *nearest);

/*
 * The end of an error message: "; did you mean a or b?"; where nothing is near, "; " @has and
 * the first names, "; the stream has a, b, c and 17 more"; "" where nothing was offered.
 * Names are as they were offered, not escaped.  The caller frees it.
 */
MIG_API char *mig_nearest_hint(const MigNearest *nearest, const char *has);

G_END_DECLS

#endif
