/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          undoing gzip: members, any number in a row, and the zeros that may pad
 *                them.
 * Must not know: what the bytes mean, nor what lies around the compressed ones.
 * See also:      container-type.h; source-unpack.h; container-zstd.c, its like.
 */
#include <zlib.h>

#include "io/container-type.h"
#include "io/source-unpack.h"

/* Compressed bytes per step: what a damaged one takes with it. */
#define STEP ((size_t)1024)

/* The window of a member, as gzip(1) has it; inflateInit2() adds 16 for gzip's header. */
#define WINDOW_BITS (MAX_WBITS + 16)

typedef struct GzipSource {
    MigUnpack unpack;
    z_stream zlib;
    bool in_member;
} GzipSource;

static bool gzip_recognise(const uint8_t *head, size_t n)
{
    return n >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

/* Between members: the next one, or the end. */
static bool start_member(GzipSource *gzip, GError **error)
{
    MigUnpack *unpack = &gzip->unpack;
    const uint8_t *next = unpack->buffer + unpack->used;
    size_t left = unpack->filled - unpack->used;

    if (left < 2 && !unpack->inner_ended) {
        return mig_unpack_refill(unpack, error);
    }
    if (gzip_recognise(next, left)) {
        inflateReset(&gzip->zlib);
        gzip->in_member = true;
    } else if (left == 0) {
        unpack->ended = true;
    } else if (next[0] == 0) {
        /* Padding to the end of a block or volume, which gzip(1) accepts as well. */
        while (unpack->used < unpack->filled && unpack->buffer[unpack->used] == 0) {
            unpack->used++;
        }
    } else {
        mig_unpack_fail(unpack, MIG_ERROR_CONTAINER,
                        "wanted a member or the end, found other bytes");
    }
    return true;
}

static bool gzip_step(MigUnpack *unpack, uint8_t *out, size_t n, size_t *given,
                      GError **error)
{
    GzipSource *gzip = (GzipSource *)unpack;
    z_stream *zlib = &gzip->zlib;
    size_t left = unpack->filled - unpack->used;

    if (!gzip->in_member) {
        return start_member(gzip, error);
    }
    zlib->next_in = unpack->buffer + unpack->used;
    zlib->avail_in = (uInt)MIN(left, STEP);
    zlib->next_out = out;
    zlib->avail_out = (uInt)MIN(n, G_MAXUINT);
    switch (inflate(zlib, Z_NO_FLUSH)) {
    case Z_STREAM_END:
        gzip->in_member = false;
        /* fall through */
    case Z_OK:
        unpack->used = (size_t)(zlib->next_in - unpack->buffer);
        *given = (size_t)(zlib->next_out - out);
        break;
    case Z_BUF_ERROR: /* It wants more than there is. */
        if (!unpack->inner_ended) {
            return mig_unpack_refill(unpack, error);
        }
        mig_unpack_fail(unpack, MIG_ERROR_CONTAINER,
                        "the compressed data ends within a member");
        break;
    case Z_MEM_ERROR:
        mig_unpack_lacks_memory(unpack);
        break;
    default:
        mig_unpack_fail(unpack, MIG_ERROR_CONTAINER, "the compressed data is damaged");
    }
    return true;
}

static void gzip_clear(MigUnpack *unpack)
{
    inflateEnd(&((GzipSource *)unpack)->zlib);
}

static const MigUnpackOps gzip_ops = { "gzip", gzip_step, gzip_clear };

static MigSource *gzip_open(MigSource *source, MigOpening *opening, GError **error)
{
    GzipSource *gzip = g_new0(GzipSource, 1);

    (void)error; /* The first read tells. */
    mig_unpack_init(&gzip->unpack, &gzip_ops, source, opening->expansion);
    if (inflateInit2(&gzip->zlib, WINDOW_BITS) != Z_OK) {
        mig_unpack_lacks_memory(&gzip->unpack);
    }
    return &gzip->unpack.base;
}

const MigContainerType mig_container_gzip = {
    .name = "gzip",
    .recognise = gzip_recognise,
    .open = gzip_open,
};
