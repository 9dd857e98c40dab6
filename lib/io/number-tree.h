/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a map whose keys are numbers that a stream chooses: ids, instances.
 * Must not know: what they are.
 * See also:      stream/reader.c, filter/hop.c.
 *
 * A hash table of them could be made to take a time that grows with the square: GLib's hash of
 * a number is the number, so that those which collide are easily found.
 */
#ifndef MIG_IO_NUMBER_TREE_H
#define MIG_IO_NUMBER_TREE_H

#include <glib.h>
#include <stdbool.h>

static inline gint mig_number_tree_compare(gconstpointer a, gconstpointer b,
                                           gpointer unused)
{
    (void)unused;
    return (GPOINTER_TO_UINT(a) > GPOINTER_TO_UINT(b)) -
           (GPOINTER_TO_UINT(a) < GPOINTER_TO_UINT(b));
}

/* Keys are GUINT_TO_POINTER() of 32 bits.  @free_value may be NULL: values are borrowed. */
static inline GTree *mig_number_tree_new(GDestroyNotify free_value)
{
    return g_tree_new_full(mig_number_tree_compare, NULL, NULL, free_value);
}

/* A set has its keys as values too. */
static inline void mig_number_tree_add(GTree *set, gpointer key)
{
    g_tree_insert(set, key, key);
}

static inline bool mig_number_tree_has(GTree *set, gconstpointer key)
{
    return g_tree_lookup_extended(set, key, NULL, NULL);
}

#endif
