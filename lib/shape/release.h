/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the shapes of releases that are built in.
 * Must not know: what they are compared with.  Private to shape/.
 * See also:      releases.inc, the data; compare.h.
 */
#ifndef MIG_SHAPE_RELEASE_H
#define MIG_SHAPE_RELEASE_H

#include "shape/shape-private.h"
#include "stream/release.h"

/* From this release on -dump-vmstate tells how many elements a fixed array has. */
#define MIG_RELEASE_COUNTS MIG_RELEASE(8, 1)

/* Adds to @vmstates what @release, one of those built in, has under the name of a description;
 * none where it has no such device, or nobody knows, as of sections that are no qdev device. */
void mig_shape_of_release(MigShapeTree *tree, MigRelease release, const char *name,
                          GPtrArray *vmstates);

#endif
