/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          undoing gzip.
 * Must not know: what the bytes mean, nor what lies around the compressed ones.
 * See also:      container-type.h; source-members.h, which puts members in a row.
 */
#include <zlib.h>

#include "io/container-type.h"
#include "io/source-members.h"

/* The window of a member, as gzip(1) has it; inflateInit2() adds 16 for gzip's header. */
#define WINDOW_BITS (MAX_WBITS + 16)

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
    mig_members_init(&gzip->members, &ops, source, opening->expansion);
    if (inflateInit2(&gzip->zlib, WINDOW_BITS) != Z_OK) {
        mig_unpack_lacks_memory(&gzip->members.unpack);
    }
    return &gzip->members.unpack.base;
}

const MigContainerType mig_container_gzip = {
    .name = "gzip",
    .recognise = gzip_recognise,
    .open = gzip_open,
};
