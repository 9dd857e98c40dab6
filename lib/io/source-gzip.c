/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      undoing gzip: members, any number in a row, and the zeros that may pad them.
 * Knows not: what the bytes mean, nor what lies around the compressed ones.
 * Beside it: source-zstd.c, its like.
 */
#include "io/source.h"

#include <gio/gio.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)128 << 10)

/* Compressed bytes per step: what a damaged one takes with it. */
#define STEP ((size_t)1024)

typedef struct GzipSource {
    MigSource base;
    MigSource *inner;
    uint64_t max_expand;
    uint64_t expanded;
    GConverter *converter;
    uint8_t *buffer;    /* Compressed bytes; */
    size_t used;        /* those that the decompressor has seen, */
    size_t filled;      /* and all of them. */
    uint64_t in_offset; /* Of the end of the buffer's. */
    bool inner_ended;
    bool in_member;
    bool ended;
    /* What is wrong with the compressed data, if anything, and where. */
    MigErrorCode failure;
    const char *failure_text;
    uint64_t failure_offset;
} GzipSource;

/* @text is static.  The place is where the decompressor has come to. */
static void fail(GzipSource *gzip, MigErrorCode code, const char *text)
{
    gzip->failure = code;
    gzip->failure_text = text;
    gzip->failure_offset = gzip->in_offset - (gzip->filled - gzip->used);
}

/* Gets more behind what is left.  False when the inner source fails; it will say so again. */
static bool refill(GzipSource *gzip, GError **error)
{
    size_t left = gzip->filled - gzip->used;

    memmove(gzip->buffer, gzip->buffer + gzip->used, left);
    gzip->used = 0;
    gzip->filled = left;
    ssize_t got = gzip->inner->ops->read(gzip->inner, gzip->in_offset,
                                         gzip->buffer + left, BUFFER_SIZE - left, error);
    if (got > 0) {
        gzip->filled += (size_t)got;
        gzip->in_offset += (uint64_t)got;
    }
    gzip->inner_ended = got == 0;
    return got >= 0;
}

/* Between members: the next one, or the end.  False when the inner source fails. */
static bool start_member(GzipSource *gzip, GError **error)
{
    const uint8_t *next = gzip->buffer + gzip->used;
    size_t left = gzip->filled - gzip->used;

    if (left < 2 && !gzip->inner_ended) {
        return refill(gzip, error);
    }
    if (left >= 2 && next[0] == 0x1f && next[1] == 0x8b) {
        g_converter_reset(gzip->converter);
        gzip->in_member = true;
    } else if (left == 0) {
        gzip->ended = true;
    } else if (next[0] == 0) {
        /* Padding to the end of a block or volume, which gzip(1) accepts as well. */
        while (gzip->used < gzip->filled && gzip->buffer[gzip->used] == 0) {
            gzip->used++;
        }
    } else {
        fail(gzip, MIG_ERROR_CONTAINER, "wanted a member or the end, found other bytes");
    }
    return true;
}

/* Decompresses into @out; *given may stay 0.  False when the inner source fails. */
static bool inflate_step(GzipSource *gzip, uint8_t *out, size_t n, size_t *given,
                         GError **error)
{
    g_autoptr(GError) trouble = NULL;
    gsize left = gzip->filled - gzip->used;
    gsize taken = 0;
    GConverterResult result =
        g_converter_convert(gzip->converter, gzip->buffer + gzip->used, MIN(left, STEP),
                            out, n, G_CONVERTER_NO_FLAGS, &taken, given, &trouble);

    if (result != G_CONVERTER_ERROR) {
        gzip->used += taken;
        gzip->in_member = result != G_CONVERTER_FINISHED;
        return true;
    }
    if (!g_error_matches(trouble, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)) {
        fail(gzip, MIG_ERROR_CONTAINER, "the compressed data is damaged");
    } else if (!gzip->inner_ended) {
        return refill(gzip, error);
    } else {
        fail(gzip, MIG_ERROR_CONTAINER, "the compressed data ends within a member");
    }
    return true;
}

static ssize_t gzip_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                         GError **error)
{
    GzipSource *gzip = (GzipSource *)source;
    uint64_t allowed = gzip->max_expand - gzip->expanded;
    size_t got = 0;

    (void)offset; /* Bytes are asked for in order. */
    /* One byte more than is allowed tells that there is more. */
    n = n <= allowed ? n : (size_t)allowed + 1;
    while (got == 0 && !gzip->ended && !gzip->failure) {
        if (!(gzip->in_member ? inflate_step(gzip, buffer, n, &got, error)
                              : start_member(gzip, error))) {
            return -1;
        }
    }
    if (got > allowed) {
        fail(gzip, MIG_ERROR_LIMIT, MIG_EXPAND_ERROR);
        got = allowed;
    }
    gzip->expanded += got;
    if (got == 0 && gzip->failure) {
        mig_source_set_error(error, gzip->failure,
                             gzip->inner->origin + gzip->failure_offset, "gzip: %s",
                             gzip->failure_text);
        return -1;
    }
    return (ssize_t)got;
}

static void gzip_free(MigSource *source)
{
    GzipSource *gzip = (GzipSource *)source;

    mig_source_free(gzip->inner);
    g_object_unref(gzip->converter);
    g_free(gzip->buffer);
    g_free(gzip);
}

static const MigSourceOps gzip_ops = { .read = gzip_read, .free = gzip_free };

MigSource *mig_source_gzip_new(MigSource *inner, uint64_t max_expand)
{
    GzipSource *gzip = g_new0(GzipSource, 1);

    gzip->base.ops = &gzip_ops;
    gzip->base.waits = inner->waits;
    gzip->base.fd = -1;
    gzip->inner = inner;
    gzip->max_expand = max_expand;
    gzip->converter = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    gzip->buffer = g_malloc(BUFFER_SIZE);
    return &gzip->base;
}
