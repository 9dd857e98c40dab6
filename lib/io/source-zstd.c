/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      undoing zstd: frames and skippable frames, any number in a row.
 * Knows not: what the bytes mean, nor what lies around the compressed ones.
 * Beside it: source-gzip.c, its like; output-zstd.c, the way back.
 */
#include "io/source.h"

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

/* A frame says how far back it refers; that much must stay in memory.  As zstd(1). */
#define WINDOW_LOG_MAX 27

/* The least that begins a frame; from there on the decompressor says what it wants. */
#define FRAME_START 5

#define BUFFER_SIZE ((size_t)128 << 10)

typedef struct ZstdSource {
    MigSource base;
    MigSource *inner;
    uint64_t max_expand;
    uint64_t expanded;
    ZSTD_DStream *stream;
    uint8_t *buffer;    /* Compressed bytes; */
    size_t used;        /* those that the decompressor has seen, */
    size_t filled;      /* and all of them. */
    uint64_t in_offset; /* Of the end of the buffer's. */
    size_t wanted;      /* Input that completes the next block; 0 between frames. */
    bool ended;
    /* What is wrong with the compressed data, if anything, and where. */
    MigErrorCode failure;
    const char *failure_text;
    uint64_t failure_offset;
} ZstdSource;

/* @text is static.  The place is where the decompressor has come to. */
static void fail(ZstdSource *zstd, MigErrorCode code, const char *text)
{
    zstd->failure = code;
    zstd->failure_text = text;
    zstd->failure_offset = zstd->in_offset - (zstd->filled - zstd->used);
}

/* False when the inner source fails; it will say so again. */
static bool refill(ZstdSource *zstd, GError **error)
{
    ssize_t got = zstd->inner->ops->read(zstd->inner, zstd->in_offset, zstd->buffer,
                                         BUFFER_SIZE, error);

    if (got > 0) {
        zstd->used = 0;
        zstd->filled = (size_t)got;
        zstd->in_offset += (uint64_t)got;
    } else if (got == 0 && zstd->wanted > 0) {
        fail(zstd, MIG_ERROR_CONTAINER, "the compressed data ends within a frame");
    } else if (got == 0) {
        zstd->ended = true;
    }
    return got >= 0;
}

static void fail_decompression(ZstdSource *zstd, size_t result)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        fail(zstd, MIG_ERROR_LIMIT,
             "a frame needs a window of more than 128 MiB, as --long=28 and above make "
             "it");
        break;
    case ZSTD_error_prefix_unknown:
        fail(zstd, MIG_ERROR_CONTAINER, "wanted a frame or the end, found other bytes");
        break;
    case ZSTD_error_memory_allocation:
        fail(zstd, MIG_ERROR_IO, g_strerror(ENOMEM));
        break;
    default:
        fail(zstd, MIG_ERROR_CONTAINER, ZSTD_getErrorName(result));
    }
}

/*
 * One step: at most one block is decompressed, so that a damaged one takes nothing with it
 * that came before.  False when the inner source fails.
 */
static bool step(ZstdSource *zstd, ZSTD_outBuffer *out, GError **error)
{
    size_t size =
        MIN(zstd->wanted > 0 ? zstd->wanted : FRAME_START, zstd->filled - zstd->used);
    ZSTD_inBuffer in = { zstd->buffer + zstd->used, size, 0 };

    if (zstd->wanted == 0 && size == 0) {
        return refill(zstd, error);
    }
    size_t result = ZSTD_decompressStream(zstd->stream, out, &in);
    zstd->used += in.pos;
    if (ZSTD_isError(result)) {
        fail_decompression(zstd, result);
        return true;
    }
    zstd->wanted = result;
    /* Without input it still gives what it has decompressed already. */
    return size > 0 || out->pos > 0 || refill(zstd, error);
}

static ssize_t zstd_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                         GError **error)
{
    ZstdSource *zstd = (ZstdSource *)source;
    uint64_t allowed = zstd->max_expand - zstd->expanded;
    /* One byte more than is allowed tells that there is more. */
    ZSTD_outBuffer out = { buffer, n <= allowed ? n : allowed + 1, 0 };

    (void)offset; /* Bytes are asked for in order. */
    while (out.pos == 0 && !zstd->ended && !zstd->failure) {
        if (!step(zstd, &out, error)) {
            return -1;
        }
    }
    if (out.pos > allowed) {
        fail(zstd, MIG_ERROR_LIMIT, MIG_EXPAND_ERROR);
        out.pos = allowed;
    }
    zstd->expanded += out.pos;
    if (out.pos == 0 && zstd->failure) {
        mig_source_set_error(error, zstd->failure,
                             zstd->inner->origin + zstd->failure_offset, "zstd: %s",
                             zstd->failure_text);
        return -1;
    }
    return (ssize_t)out.pos;
}

static void zstd_free(MigSource *source)
{
    ZstdSource *zstd = (ZstdSource *)source;

    mig_source_free(zstd->inner);
    ZSTD_freeDStream(zstd->stream);
    g_free(zstd->buffer);
    g_free(zstd);
}

static const MigSourceOps zstd_ops = { .read = zstd_read, .free = zstd_free };

MigSource *mig_source_zstd_new(MigSource *inner, uint64_t max_expand)
{
    ZstdSource *zstd = g_new0(ZstdSource, 1);

    zstd->base.ops = &zstd_ops;
    zstd->base.waits = inner->waits;
    zstd->base.fd = -1;
    zstd->inner = inner;
    zstd->max_expand = max_expand;
    zstd->stream = ZSTD_createDStream();
    if (zstd->stream) {
        ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    } else {
        fail(zstd, MIG_ERROR_IO, g_strerror(ENOMEM));
    }
    zstd->buffer = g_malloc(BUFFER_SIZE);
    return &zstd->base;
}
