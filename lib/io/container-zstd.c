/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          zstd both ways: undoing frames and skippable frames, any number in a row;
 *                and making a frame.
 * Must not know: what the bytes mean, nor what lies around the compressed ones.
 * See also:      container-type.h; source-unpack.h and container-gzip.c, its like; sink.h.
 */
#include <errno.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "io/alloc.h"
#include "io/container-type.h"
#include "io/sink-pack.h"
#include "io/source-unpack.h"

/* A frame says how far back it refers; that much must stay in memory.  As zstd(1). */
#define WINDOW_LOG_MAX 27

/* The least that begins a frame; from there on the decompressor says what it wants. */
#define FRAME_START 5

/* The longest header of a frame. */
#define FRAME_HEADER_MAX 18

typedef struct ZstdSource {
    MigUnpack unpack;
    ZSTD_DStream *stream;
    size_t wanted; /* Input that completes the next block; 0 between frames. */
    size_t memory; /* Bytes that the stream has; a frame's header sizes them. */
} ZstdSource;

static void fail_decompression(MigUnpack *unpack, size_t result)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        mig_unpack_fail(unpack, MIG_ERROR_LIMIT,
                        "a frame needs a window of more than 128 MiB, as --long=28 and "
                        "above make it");
        break;
    case ZSTD_error_prefix_unknown:
        mig_unpack_pass(unpack, "wanted a frame or the end, found other bytes");
        break;
    case ZSTD_error_memory_allocation:
        mig_unpack_lacks_memory(unpack);
        break;
    default:
        mig_unpack_fail(unpack, MIG_ERROR_CONTAINER, ZSTD_getErrorName(result));
    }
}

/* What is there has been seen: more, or the end. */
static bool go_on(ZstdSource *zstd, GError **error)
{
    MigUnpack *unpack = &zstd->unpack;

    if (!unpack->inner_ended) {
        return mig_unpack_refill(unpack, error);
    }
    if (zstd->wanted > 0) {
        mig_unpack_fail(unpack, MIG_ERROR_CONTAINER,
                        "the compressed data ends within a frame");
    }
    unpack->ended = true;
    return true;
}

/*
 * Bytes that the frame at @p, of which @n are there, refers back to at most; 0 where that is not
 * to be seen.  A frame of one segment needs all of its content.
 *   le32 magic | u8 descriptor, bit 5: one segment | [u8 window: exponent - 10 << 3 | mantissa]
 * Source: RFC 8878, 3.1.1.1.
 */
static uint64_t frame_window(const uint8_t *p, size_t n)
{
    unsigned long long content = ZSTD_getFrameContentSize(p, n);

    if (n < 6 || content == ZSTD_CONTENTSIZE_ERROR) {
        return 0;
    }
    if (p[4] & 0x20) {
        return content;
    }
    return (UINT64_C(1) << (10 + (p[5] >> 3))) / 8 * (8 + (p[5] & 7));
}

/* Before a frame: whether there is room for its window. */
static bool claim_window(ZstdSource *zstd)
{
    MigUnpack *unpack = &zstd->unpack;
    uint64_t window =
        frame_window(unpack->buffer + unpack->used, unpack->filled - unpack->used);

    if (window > MIG_WINDOWS_MAX) {
        return true; /* the decompressor refuses it */
    }
    if (!mig_unpack_claim_window(unpack, MAX(window, unpack->window))) {
        mig_unpack_fail(unpack, MIG_ERROR_LIMIT,
                        "frames around each other need windows of more than 128 MiB");
        return false;
    }
    return true;
}

/* At most one block. */
static bool zstd_step(MigUnpack *unpack, uint8_t *out, size_t n, size_t *given,
                      GError **error)
{
    ZstdSource *zstd = (ZstdSource *)unpack;
    size_t size =
        MIN(zstd->wanted > 0 ? zstd->wanted : FRAME_START, unpack->filled - unpack->used);
    ZSTD_inBuffer in = { unpack->buffer + unpack->used, size, 0 };
    ZSTD_outBuffer to = { out, n, 0 };

    if (zstd->wanted == 0 && unpack->filled - unpack->used < FRAME_HEADER_MAX &&
        !unpack->inner_ended) {
        return mig_unpack_refill(unpack, error);
    }
    if (zstd->wanted == 0 && size == 0) {
        return go_on(zstd, error);
    }
    if (zstd->wanted == 0 && !claim_window(zstd)) {
        return true;
    }
    size_t result = ZSTD_decompressStream(zstd->stream, &to, &in);
    *given = to.pos;
    if (ZSTD_getErrorCode(result) !=
        ZSTD_error_prefix_unknown) { /* It keeps such bytes. */
        unpack->used += in.pos;
    }
    if (ZSTD_isError(result)) {
        fail_decompression(unpack, result);
        return true;
    }
    if (zstd->memory != ZSTD_sizeof_DStream(zstd->stream)) {
        zstd->memory = ZSTD_sizeof_DStream(zstd->stream);
        if (!mig_alloc_room(0)) {
            mig_unpack_lacks_memory(unpack);
            return true;
        }
    }
    zstd->wanted = result;
    /* Without input it still gives what it has decompressed already. */
    return size > 0 || to.pos > 0 || go_on(zstd, error);
}

static void zstd_clear(MigUnpack *unpack)
{
    ZSTD_freeDStream(((ZstdSource *)unpack)->stream);
}

static const MigUnpackOps zstd_ops = { "zstd", zstd_step, zstd_clear };

static bool zstd_recognise(const uint8_t *head, size_t n)
{
    static const uint8_t frame[4] = { 0x28, 0xb5, 0x2f, 0xfd };
    /* Of a skippable frame, the low half of the first byte is free. */
    static const uint8_t skippable[4] = { 0x50, 0x2a, 0x4d, 0x18 };

    return n >= 4 &&
           (memcmp(head, frame, 4) == 0 || ((head[0] & 0xf0) == skippable[0] &&
                                            memcmp(head + 1, skippable + 1, 3) == 0));
}

static MigSource *zstd_open(MigSource *source, MigOpening *opening, GError **error)
{
    ZstdSource *zstd = g_new0(ZstdSource, 1);

    (void)error; /* The first read tells. */
    mig_unpack_init(&zstd->unpack, &zstd_ops, source, opening);
    zstd->stream = ZSTD_createDStream();
    if (zstd->stream) {
        ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    } else {
        mig_unpack_lacks_memory(&zstd->unpack);
    }
    return &zstd->unpack.base;
}

/* --- the way out --- */

/* What a thread compresses at a time, where speed matters more than size: zstd's choice is
 * up to eight times that, and each thread has three in memory. */
#define JOB (1 << 20)

typedef struct ZstdPack {
    MigPack pack;
    ZSTD_CCtx *context;
} ZstdPack;

static MigProgress zstd_advance(MigPack *pack, MigPiece *piece, bool end)
{
    ZSTD_inBuffer in = { piece->in, piece->n_in, 0 };
    ZSTD_outBuffer out = { piece->out, piece->n_out, 0 };
    size_t left = ZSTD_compressStream2(((ZstdPack *)pack)->context, &out, &in,
                                       end ? ZSTD_e_end : ZSTD_e_continue);

    if (ZSTD_isError(left)) {
        pack->failure = ZSTD_getErrorName(left);
        return MIG_PROGRESS_FAILED;
    }
    piece->in += in.pos;
    piece->out += out.pos;
    return (end ? left > 0 : in.pos < in.size) ? MIG_PROGRESS_MORE : MIG_PROGRESS_ENDED;
}

static void zstd_clear_pack(MigPack *pack)
{
    ZSTD_freeCCtx(((ZstdPack *)pack)->context);
}

void mig_output_zstd_levels(int *lowest, int *highest)
{
    ZSTD_bounds levels = ZSTD_cParam_getBounds(ZSTD_c_compressionLevel);

    *lowest = levels.lowerBound;
    *highest = levels.upperBound;
}

static MigSink *zstd_wrap(MigSink *sink, const MigWrapping *wrapping, GError **error)
{
    static const MigPackOps ops = { zstd_advance, zstd_clear_pack };
    const MigOutputOptions *options = wrapping->options;
    int level = wrapping->level ? wrapping->level : ZSTD_CLEVEL_DEFAULT;
    ZstdPack *zstd = g_new0(ZstdPack, 1);
    g_autoptr(MigSink) owned = &zstd->pack.base;

    mig_pack_init(&zstd->pack, &ops, sink);
    zstd->context = ZSTD_createCCtx();
    if (!zstd->context) {
        mig_pack_set_error(sink, g_strerror(ENOMEM), error);
        return NULL;
    }
    ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_enableLongDistanceMatching,
                           options->zstd_long);
    /* Refused by a libzstd without threads, which then works in this one. */
    ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_nbWorkers, options->zstd_threads);
    if (level <= ZSTD_CLEVEL_DEFAULT && !options->zstd_long) {
        ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_jobSize, JOB);
    }
    return g_steal_pointer(&owned);
}

const MigContainerType mig_container_zstd = {
    .name = "zstd",
    .levels = mig_output_zstd_levels,
    .recognise = zstd_recognise,
    .open = zstd_open,
    .wrap = zstd_wrap,
};
