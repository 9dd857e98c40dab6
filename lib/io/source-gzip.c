/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          undoing gzip: members, any number in a row, and the zeros that may pad
 *                them.
 * Must not know: what the bytes mean, nor what lies around the compressed ones.
 * See also:      source-unpack.h; source-zstd.c, its like.
 */
#include <gio/gio.h>

#include "io/alloc.h"
#include "io/source-unpack.h"

/* Compressed bytes per step: what a damaged one takes with it. */
#define STEP ((size_t)1024)

typedef struct GzipSource {
    MigUnpack unpack;
    GConverter *converter;
    bool in_member;
} GzipSource;

/* Between members: the next one, or the end. */
static bool start_member(GzipSource *gzip, GError **error)
{
    MigUnpack *unpack = &gzip->unpack;
    const uint8_t *next = unpack->buffer + unpack->used;
    size_t left = unpack->filled - unpack->used;

    if (left < 2 && !unpack->inner_ended) {
        return mig_unpack_refill(unpack, error);
    }
    if (left >= 2 && next[0] == 0x1f && next[1] == 0x8b) {
        g_converter_reset(gzip->converter);
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
    g_autoptr(GError) trouble = NULL;
    gsize left = unpack->filled - unpack->used;
    gsize taken = 0;

    if (!gzip->in_member) {
        return start_member(gzip, error);
    }
    GConverterResult result = g_converter_convert(
        gzip->converter, unpack->buffer + unpack->used, MIN(left, STEP), out, n,
        G_CONVERTER_NO_FLAGS, &taken, given, &trouble);
    if (result != G_CONVERTER_ERROR) {
        unpack->used += taken;
        gzip->in_member = result != G_CONVERTER_FINISHED;
        return true;
    }
    if (!g_error_matches(trouble, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)) {
        mig_unpack_fail(unpack, MIG_ERROR_CONTAINER, "the compressed data is damaged");
    } else if (!unpack->inner_ended) {
        return mig_unpack_refill(unpack, error);
    } else {
        mig_unpack_fail(unpack, MIG_ERROR_CONTAINER,
                        "the compressed data ends within a member");
    }
    return true;
}

static void gzip_clear(MigUnpack *unpack)
{
    g_clear_object(&((GzipSource *)unpack)->converter);
}

static const MigUnpackOps gzip_ops = { "gzip", gzip_step, gzip_clear };

MigSource *mig_source_gzip_new(MigSource *inner, MigExpansion *expansion)
{
    GzipSource *gzip = g_new0(GzipSource, 1);

    mig_unpack_init(&gzip->unpack, &gzip_ops, inner, expansion);
    /* Once made it cannot fail, and it ends the process if it cannot be made. */
    if (!mig_alloc_room(0)) {
        mig_unpack_lacks_memory(&gzip->unpack);
        return &gzip->unpack.base;
    }
    gzip->converter = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    return &gzip->unpack.base;
}
