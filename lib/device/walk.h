/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          walking a body by its description.
 * Must not know: what the walk is for.  Private to device/.
 * See also:      device/decode.c; device/reshape.c.
 */
#ifndef MIG_DEVICE_WALK_H
#define MIG_DEVICE_WALK_H

#include "device/emit.h"
#include "device/schema.h"

/* A subsection or field that is looked for, and where it was found. */
typedef struct Sought {
    const char *path;
    GPtrArray *around; /* Field, whose bytes are walked, outermost first */
    const Vmstate *parent;
    const Vmstate *found;      /* the subsection, or NULL */
    const Field *first, *last; /* the entries of the field, or NULL */
    uint64_t from, length;     /* of its bytes, marker included */
    GPtrArray *around_found;
} Sought;

/* As mig_device_decode(), emitting to @e, whose budget it spends.  @schema is zero before; what
 * @sought found lives as long as it.  @sought may be NULL. */
bool mig_walk(const MigDeviceState *device, MigEmit *e, Schema *schema, Sought *sought);

#endif
