/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what sinks that compress have in common.
 * Must not know: any one compression.
 * See also:      sink.h; source-unpack.h, the way back; container-zstd.c, container-gzip.c and
 *                their like.
 */
#ifndef MIG_IO_SINK_PACK_H
#define MIG_IO_SINK_PACK_H

#include "io/piece.h"
#include "io/sink.h"

typedef struct MigPack MigPack;

typedef struct MigPackOps {
    /*
     * Compresses what it can.  MORE: it is called again, with what is left and new room.  ENDED:
     * all of the piece was taken and, with @end, all was given.  FAILED: pack->failure says why.
     */
    MigProgress (*advance)(MigPack *pack, MigPiece *piece, bool end);
    void (*clear)(MigPack *pack);
} MigPackOps;

/* Embedded at the start of each kind, which was allocated with g_new0(). */
struct MigPack {
    MigSink base;
    const MigPackOps *ops;
    MigSink *inner;
    const char *failure; /* static */
    uint8_t *packed;
};

/* @inner is taken over. */
void mig_pack_init(MigPack *pack, const MigPackOps *ops, MigSink *inner);

/* Sets *error to "cannot compress ...: @why". */
void mig_pack_set_error(const MigSink *sink, const char *why, GError **error);

#endif
