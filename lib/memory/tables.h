/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the ACPI tables that a guest's firmware is given, and what SRAT in them says of
 *                memory.
 * Must not know: which RAM block is which node.  Private to memory/.
 * See also:      backends.c.
 */
#ifndef MIG_MEMORY_TABLES_H
#define MIG_MEMORY_TABLES_H

#include "stream/reader.h"

G_BEGIN_DECLS

/* NUMA nodes that a guest has at most; include/sysemu/numa.h, MAX_NODES, 5.2 to 11.1. */
#define MIG_MEMORY_NODES_MAX 128u

typedef struct MigMemoryNodes {
    unsigned n;
    uint64_t sizes[MIG_MEMORY_NODES_MAX]; /* bytes of each that has memory, by address */
    uint64_t plugged; /* where memory is that is plugged in; 0: the table does not tell */
} MigMemoryNodes;

typedef struct MigMemoryTables MigMemoryTables;

/* Of the stream that @reader is to read; borrowed, and it must outlive the tables. */
MigMemoryTables *mig_memory_tables_new(MigReader *reader);
void mig_memory_tables_free(MigMemoryTables *tables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigMemoryTables, mig_memory_tables_free)

/* Looks at @item, the one that the reader has just read: all items of a stream in order.  What
 * cannot be kept is not known, and no error. */
void mig_memory_tables_watch(MigMemoryTables *tables, const MigItem *item);

/* What the tables say so far: nothing where the stream has none, or no SRAT. */
void mig_memory_tables_nodes(const MigMemoryTables *tables, MigMemoryNodes *nodes);

G_END_DECLS

#endif
