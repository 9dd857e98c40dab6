/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see page.h.
 * Must not know: records.
 * See also:      stream/ram-record.c; zlib, which inflates.
 *
 * XBZRLE is pairs of an unchanged run (its length) and a changed one (its length, and the
 * bytes that replace).  Lengths are uleb128 of at most two bytes.  An unchanged run may be
 * empty in the first pair only, a changed one never; the trailing unchanged run is left out.
 * Source: migration/xbzrle.c, xbzrle_decode_buffer(), 5.2 to 10.2; migration/ram-compress.c,
 * 8.2.
 */
#include "stream/page.h"

#include <glib.h>
#include <string.h>
#include <zlib.h>

#include "io/zero.h"
#include "stream/page-decode.h"

/* At each number two bytes must be left, as QEMU's decoder has it. */
static bool take_uleb(const uint8_t *data, size_t n, size_t *at, size_t *value)
{
    if (n - *at < 2 || (data[*at] & 0x80 && data[*at + 1] & 0x80)) {
        return false;
    }
    *value = data[*at] & 0x7f;
    if (data[(*at)++] & 0x80) {
        *value |= (size_t)data[(*at)++] << 7;
    }
    return true;
}

bool mig_page_xbzrle(const uint8_t *data, size_t n, uint8_t *page, size_t page_size)
{
    size_t at = 0, to = 0, run;

    while (at < n) {
        if (!take_uleb(data, n, &at, &run) || (run == 0 && to > 0) ||
            run > page_size - to) {
            return false;
        }
        to += run;
        if (!take_uleb(data, n, &at, &run) || run == 0 || run > page_size - to ||
            run > n - at) {
            return false;
        }
        if (page) {
            memcpy(page + to, data + at, run);
        }
        at += run;
        to += run;
    }
    return true;
}

bool mig_page_inflate(const uint8_t *data, size_t n, uint8_t *page, size_t page_size)
{
    uLongf out = page_size;
    uLong in = n;
    g_autofree uint8_t *room = g_malloc(page_size);

    if (uncompress2(room, &out, data, &in) != Z_OK || out != page_size || in != n) {
        return false;
    }
    if (page) {
        memcpy(page, room, page_size);
    }
    return true;
}

bool mig_page_is_zero(const uint8_t *page, size_t page_size)
{
    return mig_is_zero(page, page_size);
}
