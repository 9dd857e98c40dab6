/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see multifd-inflate.h.
 * Must not know: packets.
 * See also:      stream/page.c, zlib pages of the main channel; io/container-zstd.c.
 */
#include "stream/multifd-inflate.h"

#include <glib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "stream/wire.h"

#define TOO_LITTLE "they become less than the pages of the packet"
#define TOO_MUCH   "they become more than the pages of the packet"

struct MigInflater {
    z_stream zlib;
    ZSTD_DStream *zstd; /* NULL: zlib */
    uint8_t beyond;     /* a byte more than there may be goes here */
};

bool mig_inflater_knows(uint32_t flags)
{
    uint32_t method = flags & MIG_MULTIFD_COMPRESSION;

    return method == MIG_MULTIFD_ZLIB || method == MIG_MULTIFD_ZSTD;
}

MigInflater *mig_inflater_new(uint32_t flags, unsigned window_log)
{
    MigInflater *inflater = g_new0(MigInflater, 1);
    bool zstd = (flags & MIG_MULTIFD_COMPRESSION) == MIG_MULTIFD_ZSTD;

    if (zstd) {
        inflater->zstd = ZSTD_createDStream();
        if (inflater->zstd) {
            ZSTD_DCtx_setParameter(inflater->zstd, ZSTD_d_windowLogMax, (int)window_log);
        }
    }
    if (zstd ? !inflater->zstd : inflateInit(&inflater->zlib) != Z_OK) {
        g_free(inflater);
        return NULL;
    }
    return inflater;
}

void mig_inflater_free(MigInflater *inflater)
{
    if (!inflater) {
        return;
    }
    if (inflater->zstd) {
        ZSTD_freeDStream(inflater->zstd);
    } else {
        inflateEnd(&inflater->zlib);
    }
    g_free(inflater);
}

/* To one byte more than there may be, which tells too much from the right amount. */
static const char *read_zlib(MigInflater *inflater, const uint8_t *data, size_t n,
                             uint8_t *to, size_t wanted)
{
    z_stream *z = &inflater->zlib;
    int result = Z_OK;

    z->next_in = (Bytef *)(uintptr_t)data;
    z->avail_in = (uInt)n;
    z->next_out = to;
    z->avail_out = (uInt)wanted;
    while (z->avail_in && z->avail_out && result == Z_OK) {
        result = inflate(z, Z_SYNC_FLUSH);
    }
    if (result != Z_OK && result != Z_BUF_ERROR) {
        return result == Z_STREAM_END ? "the zlib stream ends" : "no zlib stream";
    }
    if (z->avail_out) {
        return TOO_LITTLE;
    }
    z->next_out = &inflater->beyond;
    z->avail_out = 1;
    result = inflate(z, Z_SYNC_FLUSH);
    return !z->avail_out                             ? TOO_MUCH
           : result == Z_OK || result == Z_BUF_ERROR ? NULL
                                                     : "no zlib stream";
}

static const char *zstd_failure(size_t result, MigErrorCode *code)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        *code = MIG_ERROR_LIMIT;
        break;
    case ZSTD_error_memory_allocation:
        *code = MIG_ERROR_IO;
        break;
    default:
        break;
    }
    return ZSTD_getErrorName(result);
}

static const char *read_zstd(ZSTD_DStream *zstd, const uint8_t *data, size_t n,
                             uint8_t *to, size_t wanted, MigErrorCode *code)
{
    ZSTD_inBuffer in = { data, n, 0 };
    ZSTD_outBuffer out = { to, wanted, 0 };
    uint8_t more;
    ZSTD_outBuffer rest = { &more, 1, 0 };
    size_t before, result = 0;

    do {
        before = in.pos + out.pos;
        result = ZSTD_decompressStream(zstd, &out, &in);
    } while (!ZSTD_isError(result) && out.pos < wanted && in.pos + out.pos > before);
    if (!ZSTD_isError(result) && out.pos == wanted) {
        result = ZSTD_decompressStream(zstd, &rest, &in);
    }
    if (ZSTD_isError(result)) {
        return zstd_failure(result, code);
    }
    return out.pos < wanted ? TOO_LITTLE : rest.pos || in.pos < in.size ? TOO_MUCH : NULL;
}

const char *mig_inflater_read(MigInflater *inflater, const uint8_t *data, size_t n,
                              uint8_t *to, size_t wanted, MigErrorCode *code)
{
    *code = MIG_ERROR_MALFORMED;
    return inflater->zstd ? read_zstd(inflater->zstd, data, n, to, wanted, code)
                          : read_zlib(inflater, data, n, to, wanted);
}
