/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see nodes.h.
 * Must not know: what the nodes are.
 * See also:      device/schema.c, shape/tree.c.
 */
#include "device/nodes.h"

#include <stdalign.h>
#include <stdint.h>

void mig_nodes_init(MigNodes *nodes)
{
    *nodes = (MigNodes){ .blocks = g_ptr_array_new_with_free_func(g_free) };
}

void mig_nodes_clear(MigNodes *nodes)
{
    g_clear_pointer(&nodes->blocks, g_ptr_array_unref);
}

void *mig_nodes_add(MigNodes *nodes, size_t size, size_t max)
{
    size_t step = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    uint8_t *block;

    g_return_val_if_fail(step <= MIG_NODES_BLOCK, NULL);
    if (nodes->count == max) {
        return NULL;
    }
    if (nodes->left < step) {
        g_ptr_array_add(nodes->blocks, g_malloc0(MIG_NODES_BLOCK));
        nodes->left = MIG_NODES_BLOCK;
    }
    nodes->count++;
    nodes->left -= step;
    block = g_ptr_array_index(nodes->blocks, nodes->blocks->len - 1);
    return block + nodes->left;
}
