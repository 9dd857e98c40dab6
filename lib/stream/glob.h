/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          matching names with * and ?.
 * Must not know: what the names are of.
 * See also:      whatever takes a pattern from the user.
 *
 * GLib's patterns and fnmatch(3) are for text; names of a stream may be any bytes.
 */
#ifndef MIG_STREAM_GLOB_H
#define MIG_STREAM_GLOB_H

#include <stdbool.h>

#include "io/visibility.h"

G_BEGIN_DECLS

/* Whether all of @name is @pattern, where * matches any bytes and ? matches one. */
MIG_API bool mig_glob(const char *pattern, const char *name);

G_END_DECLS

#endif
