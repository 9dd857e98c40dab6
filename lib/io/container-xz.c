/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          xz both ways.
 * Must not know: what the bytes mean, nor what lies around the compressed ones.
 * See also:      container-type.h; source-members.h, which puts members (xz calls them
 *                streams) in a row; sink-pack.h.
 */
#include <errno.h>
#include <lzma.h>
#include <string.h>

#include "io/alloc.h"
#include "io/container-type.h"
#include "io/sink-pack.h"
#include "io/source-members.h"

#define HEAD 6

/* As libvirt calls xz(1): beyond it a stream takes long and gains little. */
#define LEVEL_DEFAULT 3

typedef struct XzSource {
    MigMembers members;
    lzma_stream lzma;
} XzSource;

static bool xz_recognise(const uint8_t *head, size_t n)
{
    return n >= HEAD && memcmp(head, "\xfd\x37zXZ", HEAD) == 0;
}

static bool xz_begin(MigMembers *members)
{
    /* With so little memory it asks before it allocates: grant_memory(). */
    if (lzma_stream_decoder(&((XzSource *)members)->lzma, 1, 0) != LZMA_OK) {
        mig_unpack_lacks_memory(&members->unpack);
        return false;
    }
    return true;
}

/* A block's header says how far back it refers; that much must stay in memory. */
static bool grant_memory(XzSource *xz)
{
    MigUnpack *unpack = &xz->members.unpack;
    uint64_t wanted = lzma_memusage(&xz->lzma);

    if (!mig_unpack_claim_window(unpack, MAX(wanted, unpack->window))) {
        mig_unpack_fail(unpack, MIG_ERROR_LIMIT,
                        "undoing it, and what is around it, needs more than 128 MiB of "
                        "memory");
        return false;
    }
    if (!mig_alloc_room((size_t)wanted) ||
        lzma_memlimit_set(&xz->lzma, wanted) != LZMA_OK) {
        mig_unpack_lacks_memory(unpack);
        return false;
    }
    return true;
}

static MigProgress xz_advance(MigMembers *members, MigPiece *piece)
{
    XzSource *xz = (XzSource *)members;
    lzma_ret result;

    xz->lzma.next_in = piece->in;
    xz->lzma.avail_in = piece->n_in;
    xz->lzma.next_out = piece->out;
    xz->lzma.avail_out = piece->n_out;
    while ((result = lzma_code(&xz->lzma, LZMA_RUN)) == LZMA_MEMLIMIT_ERROR) {
        if (!grant_memory(xz)) {
            return MIG_PROGRESS_FAILED;
        }
    }
    piece->in = xz->lzma.next_in;
    piece->out = xz->lzma.next_out;
    switch (result) {
    case LZMA_STREAM_END:
        return MIG_PROGRESS_ENDED;
    case LZMA_OK:
    case LZMA_BUF_ERROR: /* It wants more than there is. */
        return MIG_PROGRESS_MORE;
    case LZMA_MEM_ERROR:
        mig_unpack_lacks_memory(&members->unpack);
        return MIG_PROGRESS_FAILED;
    case LZMA_OPTIONS_ERROR:
        mig_unpack_fail(&members->unpack, MIG_ERROR_UNSUPPORTED,
                        "it was made with options that liblzma does not know");
        return MIG_PROGRESS_FAILED;
    default:
        return mig_members_damaged(members);
    }
}

static void xz_clear(MigUnpack *unpack)
{
    lzma_end(&((XzSource *)unpack)->lzma);
}

static MigSource *xz_open(MigSource *source, MigOpening *opening, GError **error)
{
    static const MigMembersOps ops = {
        { "xz", mig_members_step, xz_clear }, HEAD, xz_recognise, xz_begin, xz_advance
    };
    XzSource *xz = g_new0(XzSource, 1);

    (void)error; /* The first read tells. */
    mig_members_init(&xz->members, &ops, source, opening);
    return &xz->members.unpack.base;
}

/* --- the way out --- */

typedef struct XzPack {
    MigPack pack;
    lzma_stream lzma;
} XzPack;

static MigProgress xz_pack(MigPack *pack, MigPiece *piece, bool end)
{
    lzma_stream *lzma = &((XzPack *)pack)->lzma;

    lzma->next_in = piece->in;
    lzma->avail_in = piece->n_in;
    lzma->next_out = piece->out;
    lzma->avail_out = piece->n_out;
    lzma_ret result = lzma_code(lzma, end ? LZMA_FINISH : LZMA_RUN);
    piece->in = lzma->next_in;
    piece->out = lzma->next_out;
    if (result != LZMA_OK && result != LZMA_STREAM_END) {
        pack->failure = g_strerror(ENOMEM); /* nothing else can go wrong */
        return MIG_PROGRESS_FAILED;
    }
    return (end ? result == LZMA_STREAM_END : lzma->avail_in == 0) ? MIG_PROGRESS_ENDED
                                                                   : MIG_PROGRESS_MORE;
}

static void xz_clear_pack(MigPack *pack)
{
    lzma_end(&((XzPack *)pack)->lzma);
}

static void xz_levels(int *lowest, int *highest)
{
    *lowest = 1; /* 0, which xz(1) has too, is the default here */
    *highest = 9;
}

static MigSink *xz_wrap(MigSink *sink, const MigWrapping *wrapping, GError **error)
{
    static const MigPackOps ops = { xz_pack, xz_clear_pack };
    uint32_t level = wrapping->level ? (uint32_t)wrapping->level : LEVEL_DEFAULT;
    XzPack *xz = g_new0(XzPack, 1);
    g_autoptr(MigSink) owned = &xz->pack.base;

    mig_pack_init(&xz->pack, &ops, sink);
    if (lzma_easy_encoder(&xz->lzma, level, LZMA_CHECK_CRC64) != LZMA_OK) {
        mig_pack_set_error(sink, g_strerror(ENOMEM), error);
        return NULL;
    }
    return g_steal_pointer(&owned);
}

const MigContainerType mig_container_xz = {
    .name = "xz",
    .levels = xz_levels,
    .recognise = xz_recognise,
    .open = xz_open,
    .wrap = xz_wrap,
};
