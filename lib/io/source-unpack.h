/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what sources that undo a compression have in common: compressed bytes
 *                come in, what they expand to is bounded, and errors are reported at
 *                their place.
 * Must not know: any one compression.
 * See also:      container-zstd.c, container-gzip.c.
 */
#ifndef MIG_IO_SOURCE_UNPACK_H
#define MIG_IO_SOURCE_UNPACK_H

#include "io/container-type.h"
#include "io/source.h"

/* What the decompressors of all layers may keep together to refer back to, in bytes: as much
 * as zstd(1) allows one. */
#define MIG_WINDOWS_MAX (UINT64_C(128) << 20)

typedef struct MigUnpack MigUnpack;

typedef struct MigUnpackOps {
    const char *name;
    /*
     * Decompresses a little, or calls mig_unpack_refill(): as little as possible at a time,
     * so that a damaged part does not hide what came before it.  *given, 0 on entry, is
     * what it wrote of the @n bytes at @out; without any it is called again, unless it has
     * set ended or called mig_unpack_fail().  False when the inner source fails.
     */
    bool (*step)(MigUnpack *unpack, uint8_t *out, size_t n, size_t *given,
                 GError **error);
    void (*clear)(MigUnpack *unpack); /* once; step() is not called any more */
} MigUnpackOps;

/* Embedded at the start of each kind. */
struct MigUnpack {
    MigSource base;
    const MigUnpackOps *ops;
    MigSource *inner;
    MigExpansion *expansion;
    bool outermost; /* What it reads are bytes of the file. */
    MigContainer *container;
    uint64_t given;     /* Bytes so far. */
    uint64_t window;    /* Claimed from the expansion. */
    uint8_t *buffer;    /* Compressed bytes; */
    size_t used;        /* those that the decompressor has seen, */
    size_t filled;      /* and all of them. */
    uint64_t in_offset; /* Of the end of the buffer's. */
    bool inner_ended;
    bool bare;   /* Other bytes may follow: nothing but compression is around it. */
    bool passes; /* What follows is given as it is. */
    bool ended;
    bool released; /* clear() was called. */
    /* What is wrong with the compressed data, if anything, and where. */
    MigErrorCode failure;
    const char *failure_text;
    uint64_t failure_offset;
};

/* @inner is taken over, what @opening has is referenced. */
void mig_unpack_init(MigUnpack *unpack, const MigUnpackOps *ops, MigSource *inner,
                     const MigOpening *opening);

/* The decompressor is about to keep @window bytes, instead of what it kept before; false where
 * the layers together would keep more than MIG_WINDOWS_MAX. */
bool mig_unpack_claim_window(MigUnpack *unpack, uint64_t window);

/* Reads more, after what is left.  False when the inner source fails; it will say so
 * again. */
bool mig_unpack_refill(MigUnpack *unpack, GError **error);

/* What is next is not compressed.  In a file of its own such bytes are what the file or volume held
 * before, and are given as they are: the reader knows whether the stream has ended before.  In a save image
 * they are a failure, as they are to the program that libvirt calls.  @text: as mig_unpack_fail(). */
void mig_unpack_pass(MigUnpack *unpack, const char *text);

/* @text is static.  The place is where the decompressor has come to. */
void mig_unpack_fail(MigUnpack *unpack, MigErrorCode code, const char *text);
void mig_unpack_lacks_memory(MigUnpack *unpack);

#endif
