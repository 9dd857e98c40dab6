/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where the bytes of a snapshot lie in a qcow2 image.
 * Must not know: which snapshot is wanted, nor what its bytes mean.
 * See also:      container-qcow2.c, which reads the header and the table of snapshots.
 */
#ifndef MIG_IO_QCOW2_H
#define MIG_IO_QCOW2_H

#include "io/source.h"

typedef struct MigQcow2Map {
    unsigned cluster_bits;
    bool extended; /* L2 entries of 16 bytes, with a bitmap of subclusters */
    bool zstd;     /* Compressed clusters are zstd frames, not deflate. */
    bool has_zero_flag;
    uint64_t l1_offset, l1_entries;
    uint64_t start; /* Of the state, in bytes of what the table maps. */
} MigQcow2Map;

/* The bytes of the disk that an entry of the first table maps. */
uint64_t mig_qcow2_span(const MigQcow2Map *map);

/*
 * The state of a snapshot, from map->start on.  @inner, which is taken over, is the image, and can
 * seek.  @length: the recorded one; where clusters follow those of it, as with mapped-ram, which
 * leaves gaps that are not counted, the state goes on to the last.  NULL with *error set: CONTAINER
 * for tables that are damaged, LIMIT for a state of more than @max bytes.
 */
MigSource *mig_source_qcow2_new(MigSource *inner, const MigQcow2Map *map, uint64_t length,
                                uint64_t max, GError **error);

#endif
