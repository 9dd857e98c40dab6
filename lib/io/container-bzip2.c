/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          undoing bzip2.
 * Must not know: what the bytes mean, nor what lies around the compressed ones.
 * See also:      container-type.h; source-members.h, which puts members in a row.
 */
#include <bzlib.h>
#include <string.h>

#include "io/alloc.h"
#include "io/container-type.h"
#include "io/source-members.h"

/* What a decompressor allocates at most, by bzip2's manual. */
#define MEMORY ((size_t)3700 << 10)

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
    mig_members_init(&bzip2->members, &ops, source, opening->expansion);
    return &bzip2->members.unpack.base;
}

const MigContainerType mig_container_bzip2 = {
    .name = "bzip2",
    .recognise = bzip2_recognise,
    .open = bzip2_open,
};
