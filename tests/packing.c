/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see packing.h.
 * Must not know: the code under test.
 * See also:      the manuals of libbz2 and liblzma; lib/io/container-lzop.c has lzop's form.
 */
#include "packing.h"

#include <bzlib.h>
#include <check.h>
#include <lzma.h>
#include <zlib.h>

#define LZOP_PLAIN_ADLER 1
#define LZOP_BLOCK_SIZE  ((gsize)256 << 10)

GBytes *packed_bzip2(GBytes *plain)
{
    gsize n;
    const void *data = g_bytes_get_data(plain, &n);
    unsigned length = (unsigned)(n + n / 100 + 600);
    char *packed = g_malloc(length);

    ck_assert_int_eq(BZ2_bzBuffToBuffCompress(packed, &length, (char *)(guintptr)data,
                                              (unsigned)n, 1, 0, 0),
                     BZ_OK);
    return g_bytes_new_take(packed, length);
}

GBytes *packed_xz(GBytes *plain)
{
    gsize n, length = 0;
    const void *data = g_bytes_get_data(plain, &n);
    gsize bound = lzma_stream_buffer_bound(n);
    guint8 *packed = g_malloc(bound);

    ck_assert_int_eq(lzma_easy_buffer_encode(3, LZMA_CHECK_CRC64, NULL, data, n, packed,
                                             &length, bound),
                     LZMA_OK);
    return g_bytes_new_take(packed, length);
}

static void append_be32(GByteArray *array, guint32 word)
{
    const guint32 big = GUINT32_TO_BE(word);

    g_byte_array_append(array, (const guint8 *)&big, sizeof big);
}

void lzop_sign(guint8 *member)
{
    const guint32 sum = GUINT32_TO_BE(
        (guint32)adler32(1, member + LZOP_VERSION, (uInt)(LZOP_CHECKSUM - LZOP_VERSION)));

    memcpy(member + LZOP_CHECKSUM, &sum, sizeof sum);
}

static GByteArray *lzop_header(void)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *)"\x89LZO\0\r\n\x1a\n", LZOP_VERSION);
    g_byte_array_set_size(out, LZOP_BLOCK);
    memset(out->data + LZOP_VERSION, 0, LZOP_BLOCK - LZOP_VERSION);
    memcpy(out->data + LZOP_VERSION, "\x10\x40\x20\xa0\x09\x40\x01\x05", 8);
    out->data[LZOP_FLAGS + 3] = LZOP_PLAIN_ADLER;
    lzop_sign(out->data);
    return out;
}

static void append_block(GByteArray *out, guint32 plain_length, guint32 sum,
                         const guint8 *packed, gsize n)
{
    append_be32(out, plain_length);
    append_be32(out, (guint32)n);
    append_be32(out, sum);
    g_byte_array_append(out, packed, (guint)n);
}

GBytes *packed_lzop(GBytes *plain)
{
    gsize left;
    const guint8 *data = g_bytes_get_data(plain, &left);
    GByteArray *out = lzop_header();

    while (left > 0) {
        gsize n = MIN(left, LZOP_BLOCK_SIZE);
        append_block(out, (guint32)n, (guint32)adler32(1, data, (uInt)n), data, n);
        data += n;
        left -= n;
    }
    append_be32(out, 0);
    return g_byte_array_free_to_bytes(out);
}

GBytes *lzop_member(guint32 plain_length, const void *packed, gsize n)
{
    GByteArray *out = lzop_header();

    out->data[LZOP_FLAGS + 3] = 0;
    lzop_sign(out->data);
    append_be32(out, plain_length);
    append_be32(out, (guint32)n);
    g_byte_array_append(out, packed, (guint)n);
    append_be32(out, 0);
    return g_byte_array_free_to_bytes(out);
}
