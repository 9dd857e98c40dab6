/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bzip2 both ways.
 * Must not know: what the bytes mean, nor what lies around the compressed ones.
 * See also:      container-type.h; source-members.h, which puts members in a row;
 *                sink-pack.h.
 */
#include <bzlib.h>
#include <errno.h>
#include <string.h>

#include "io/alloc.h"
#include "io/container-type.h"
#include "io/sink-pack.h"
#include "io/source-members.h"

/* What a decompressor allocates at most, by bzip2's manual. */
#define MEMORY ((size_t)3700 << 10)

/* And the default, as of bzip2(1). */
#define LEVEL_BEST 9

typedef struct Bzip2Source {
    MigMembers members;
    bz_stream bzip2;
} Bzip2Source;

static bool bzip2_recognise(const uint8_t *head, size_t n)
{
    return n >= 4 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9';
}

static bool bzip2_begin(MigMembers *members)
{
    bz_stream *bzip2 = &((Bzip2Source *)members)->bzip2;

    BZ2_bzDecompressEnd(bzip2);
    if (!mig_alloc_room(MEMORY) || BZ2_bzDecompressInit(bzip2, 0, 0) != BZ_OK) {
        mig_unpack_lacks_memory(&members->unpack);
        return false;
    }
    return true;
}

static MigProgress bzip2_advance(MigMembers *members, MigPiece *piece)
{
    bz_stream *bzip2 = &((Bzip2Source *)members)->bzip2;

    bzip2->next_in = (char *)(uintptr_t)piece->in; /* libbz2 does not write there. */
    bzip2->avail_in = (unsigned)piece->n_in;
    bzip2->next_out = (char *)piece->out;
    bzip2->avail_out = (unsigned)MIN(piece->n_out, G_MAXUINT);
    int result = BZ2_bzDecompress(bzip2);
    piece->in = (const uint8_t *)bzip2->next_in;
    piece->out = (uint8_t *)bzip2->next_out;
    switch (result) {
    case BZ_STREAM_END:
        return MIG_PROGRESS_ENDED;
    case BZ_OK:
        return MIG_PROGRESS_MORE;
    case BZ_MEM_ERROR:
        mig_unpack_lacks_memory(&members->unpack);
        return MIG_PROGRESS_FAILED;
    default:
        return mig_members_damaged(members);
    }
}

static void bzip2_clear(MigUnpack *unpack)
{
    BZ2_bzDecompressEnd(&((Bzip2Source *)unpack)->bzip2);
}

static MigSource *bzip2_open(MigSource *source, MigOpening *opening, GError **error)
{
    static const MigMembersOps ops = { { "bzip2", mig_members_step, bzip2_clear },
                                       4,
                                       bzip2_recognise,
                                       bzip2_begin,
                                       bzip2_advance };
    Bzip2Source *bzip2 = g_new0(Bzip2Source, 1);

    (void)error; /* The first read tells. */
    mig_members_init(&bzip2->members, &ops, source, opening);
    bzip2->members.unpack.bare = true; /* bzip2(1) takes no offence, nor does libvirt. */
    return &bzip2->members.unpack.base;
}

/* --- the way out --- */

typedef struct Bzip2Pack {
    MigPack pack;
    bz_stream bzip2;
} Bzip2Pack;

static MigProgress bzip2_pack(MigPack *pack, MigPiece *piece, bool end)
{
    bz_stream *bzip2 = &((Bzip2Pack *)pack)->bzip2;

    bzip2->next_in = (char *)(uintptr_t)piece->in;
    bzip2->avail_in = (unsigned)MIN(piece->n_in, G_MAXUINT);
    bzip2->next_out = (char *)piece->out;
    bzip2->avail_out = (unsigned)piece->n_out;
    int result = BZ2_bzCompress(bzip2, end ? BZ_FINISH : BZ_RUN);
    bool all = (size_t)((const uint8_t *)bzip2->next_in - piece->in) == piece->n_in;
    piece->in = (const uint8_t *)bzip2->next_in;
    piece->out = (uint8_t *)bzip2->next_out;
    return (end ? result == BZ_STREAM_END : all) ? MIG_PROGRESS_ENDED : MIG_PROGRESS_MORE;
}

static void bzip2_clear_pack(MigPack *pack)
{
    BZ2_bzCompressEnd(&((Bzip2Pack *)pack)->bzip2);
}

static void bzip2_levels(int *lowest, int *highest)
{
    *lowest = 1;
    *highest = LEVEL_BEST;
}

static MigSink *bzip2_wrap(MigSink *sink, const MigWrapping *wrapping, GError **error)
{
    static const MigPackOps ops = { bzip2_pack, bzip2_clear_pack };
    int level = wrapping->level ? wrapping->level : LEVEL_BEST;
    Bzip2Pack *bzip2 = g_new0(Bzip2Pack, 1);
    g_autoptr(MigSink) owned = &bzip2->pack.base;

    mig_pack_init(&bzip2->pack, &ops, sink);
    if (BZ2_bzCompressInit(&bzip2->bzip2, level, 0, 0) != BZ_OK) {
        mig_pack_set_error(sink, g_strerror(ENOMEM), error);
        return NULL;
    }
    return g_steal_pointer(&owned);
}

const MigContainerType mig_container_bzip2 = {
    .name = "bzip2",
    .levels = bzip2_levels,
    .recognise = bzip2_recognise,
    .open = bzip2_open,
    .wrap = bzip2_wrap,
};
