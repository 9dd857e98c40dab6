/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          structures that are made one by one and freed together.
 * Must not know: what they are.  Private to device/ and what is above it.
 * See also:      device/schema.h, shape/shape-private.h: a description has thousands.
 */
#ifndef MIG_DEVICE_NODES_H
#define MIG_DEVICE_NODES_H

#include <glib.h>
#include <stddef.h>

/* Bytes that are asked of the allocator at once; a node has at most as many. */
#define MIG_NODES_BLOCK 4096u

typedef struct MigNodes {
    GPtrArray *blocks; /* NULL: there is nothing to be freed */
    size_t left;       /* bytes of the last one */
    size_t count;
} MigNodes;

void mig_nodes_init(MigNodes *nodes);
void mig_nodes_clear(MigNodes *nodes);

/* @size zero bytes, aligned for any type; NULL where there are @max nodes. */
void *mig_nodes_add(MigNodes *nodes, size_t size, size_t max);

#endif
