/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what one step of a compression, either way, may read and where it writes.
 * Must not know: any one compression.
 * See also:      source-members.h, which undoes; sink-pack.h, which makes.
 */
#ifndef MIG_IO_PIECE_H
#define MIG_IO_PIECE_H

#include <stddef.h>
#include <stdint.h>

/* A step moves @in and @out behind what it has used; the numbers stay. */
typedef struct MigPiece {
    const uint8_t *in;
    size_t n_in;
    uint8_t *out;
    size_t n_out;
} MigPiece;

typedef enum MigProgress {
    MIG_PROGRESS_MORE,   /* there is more to do */
    MIG_PROGRESS_ENDED,  /* what was to be done is */
    MIG_PROGRESS_FAILED, /* and why was said */
} MigProgress;

#endif
