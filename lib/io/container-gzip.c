/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          gzip both ways.
 * Must not know: what the bytes mean, nor what lies around the compressed ones.
 * See also:      container-type.h; source-members.h, which puts members in a row;
 *                sink-pack.h.
 */
#include <errno.h>
#include <zlib.h>

#include "io/container-type.h"
#include "io/sink-pack.h"
#include "io/source-members.h"

/* The window of a member, as gzip(1) has it; inflateInit2() adds 16 for gzip's header. */
#define WINDOW_BITS (MAX_WBITS + 16)

#define MEMORY_LEVEL 8 /* zlib's default */

typedef struct GzipSource {
    MigMembers members;
    z_stream zlib;
} GzipSource;

static bool gzip_recognise(const uint8_t *head, size_t n)
{
    return n >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

static bool gzip_begin(MigMembers *members)
{
    return inflateReset(&((GzipSource *)members)->zlib) == Z_OK;
}

static MigProgress gzip_advance(MigMembers *members, MigPiece *piece)
{
    z_stream *zlib = &((GzipSource *)members)->zlib;

    zlib->next_in = (Bytef *)(uintptr_t)piece->in; /* zlib does not write there. */
    zlib->avail_in = (uInt)piece->n_in;
    zlib->next_out = piece->out;
    zlib->avail_out = (uInt)MIN(piece->n_out, G_MAXUINT);
    int result = inflate(zlib, Z_NO_FLUSH);
    piece->in = zlib->next_in;
    piece->out = zlib->next_out;
    switch (result) {
    case Z_STREAM_END:
        return MIG_PROGRESS_ENDED;
    case Z_OK:
    case Z_BUF_ERROR: /* It wants more than there is. */
        return MIG_PROGRESS_MORE;
    case Z_MEM_ERROR:
        mig_unpack_lacks_memory(&members->unpack);
        return MIG_PROGRESS_FAILED;
    default:
        return mig_members_damaged(members);
    }
}

static void gzip_clear(MigUnpack *unpack)
{
    inflateEnd(&((GzipSource *)unpack)->zlib);
}

static MigSource *gzip_open(MigSource *source, MigOpening *opening, GError **error)
{
    static const MigMembersOps ops = { { "gzip", mig_members_step, gzip_clear },
                                       2,
                                       gzip_recognise,
                                       gzip_begin,
                                       gzip_advance };
    GzipSource *gzip = g_new0(GzipSource, 1);

    (void)error; /* The first read tells. */
    mig_members_init(&gzip->members, &ops, source, opening);
    if (inflateInit2(&gzip->zlib, WINDOW_BITS) != Z_OK) {
        mig_unpack_lacks_memory(&gzip->members.unpack);
    }
    return &gzip->members.unpack.base;
}

/* --- the way out --- */

typedef struct GzipPack {
    MigPack pack;
    z_stream zlib;
} GzipPack;

static MigProgress gzip_pack(MigPack *pack, MigPiece *piece, bool end)
{
    z_stream *zlib = &((GzipPack *)pack)->zlib;

    zlib->next_in = (Bytef *)(uintptr_t)piece->in;
    zlib->avail_in = (uInt)MIN(piece->n_in, G_MAXUINT);
    zlib->next_out = piece->out;
    zlib->avail_out = (uInt)piece->n_out;
    int result = deflate(zlib, end ? Z_FINISH : Z_NO_FLUSH);
    bool all = (size_t)(zlib->next_in - piece->in) == piece->n_in;
    piece->in = zlib->next_in;
    piece->out = zlib->next_out;
    return (end ? result == Z_STREAM_END : all) ? MIG_PROGRESS_ENDED : MIG_PROGRESS_MORE;
}

static void gzip_clear_pack(MigPack *pack)
{
    deflateEnd(&((GzipPack *)pack)->zlib);
}

static void gzip_levels(int *lowest, int *highest)
{
    *lowest = Z_BEST_SPEED;
    *highest = Z_BEST_COMPRESSION;
}

static MigSink *gzip_wrap(MigSink *sink, const MigWrapping *wrapping, GError **error)
{
    static const MigPackOps ops = { gzip_pack, gzip_clear_pack };
    int level = wrapping->level ? wrapping->level : Z_DEFAULT_COMPRESSION;
    GzipPack *gzip = g_new0(GzipPack, 1);
    g_autoptr(MigSink) owned = &gzip->pack.base;

    mig_pack_init(&gzip->pack, &ops, sink);
    if (deflateInit2(&gzip->zlib, level, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        mig_pack_set_error(sink, g_strerror(ENOMEM), error);
        return NULL;
    }
    return g_steal_pointer(&owned);
}

const MigContainerType mig_container_gzip = {
    .name = "gzip",
    .levels = gzip_levels,
    .recognise = gzip_recognise,
    .open = gzip_open,
    .wrap = gzip_wrap,
};
