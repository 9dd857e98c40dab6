/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the dirty-bitmap section.
 * Must not know: what the bitmaps are of; which names are in force.
 * See also:      stream/records.h.
 *
 * Chunks of flags first, one byte; two if bit 7 is set, four if bit 7 of the second is too;
 * the last of them holds these:
 *   0x08 DEVICE_NAME  pstr8      0x04 BITMAP_NAME  pstr8
 *   0x10 START        be32 granularity | u8 bits
 *   0x40 BITS         be64 first sector | be32 sectors | unless 0x02 ZEROES: be64 size, bytes
 *   0x20 COMPLETE     0x01 EOS: the body's end
 * Source: migration/block-dirty-bitmap.c, send_bitmap_header(), dirty_bitmap_load_header(),
 * 5.2 to 10.2.
 */
#include "stream/defect.h"
#include "stream/records.h"

#define FLAG_EOS         0x01u
#define FLAG_ZEROES      0x02u
#define FLAG_BITMAP_NAME 0x04u
#define FLAG_DEVICE_NAME 0x08u
#define FLAG_START       0x10u
#define FLAG_COMPLETE    0x20u
#define FLAG_BITS        0x40u
#define FLAG_MORE        0x80u

/* flags, two names, and the longest fixed part */
#define CHUNK_HEADER_MAX (4 + 2 * 256 + 20)

static uint64_t name_length(const uint8_t *p, size_t n, uint64_t at)
{
    return at < n ? 1u + p[at] : 1;
}

static MigStatus dirty_bitmap_next(MigReader *r, void *state, MigItem *item,
                                   GError **error)
{
    unsigned *step = state;
    const uint8_t *p;
    size_t n;
    uint64_t at = 1, value = 0, size = 0;
    uint32_t flags;

    if (*step) {
        return MIG_STATUS_END;
    }
    p = mig_reader_peek(r, CHUNK_HEADER_MAX, &n);
    flags = n ? p[0] : 0;
    if (flags & FLAG_MORE) {
        at = n > 1 && (p[1] & FLAG_MORE) ? 4 : 2;
        flags = n >= at ? p[at - 1] : 0;
    }
    at += flags & FLAG_DEVICE_NAME ? name_length(p, n, at) : 0;
    at += flags & FLAG_BITMAP_NAME ? name_length(p, n, at) : 0;
    if (flags & FLAG_START) {
        value = n >= at + 4 ? mig_be32(p + at) : 0;
        at += 5;
    } else if (flags & FLAG_BITS) {
        value = n >= at + 8 ? mig_be64(p + at) : 0;
        at += 12;
        if (!(flags & FLAG_ZEROES)) {
            size = n >= at + 8 ? mig_be64(p + at) : 0;
            at += 8;
        }
    }
    if (n < at) {
        return mig_reader_lacks(r, item->offset, at, n, "dirty bitmap chunk", error);
    }
    if (!(flags & (FLAG_EOS | FLAG_START | FLAG_COMPLETE | FLAG_BITS)) ||
        size > INT64_MAX - item->offset - at) {
        return mig_reader_malformed(
            r, item->offset, MIG_DEFECT_RECORD_FLAG, error,
            "dirty bitmap chunk with flags 0x%02x and %" PRIu64 " bytes", flags, size);
    }
    *step = flags & FLAG_EOS;
    return mig_record(item,
                      flags & FLAG_EOS        ? "EOS"
                      : flags & FLAG_START    ? "START"
                      : flags & FLAG_COMPLETE ? "COMPLETE"
                      : flags & FLAG_ZEROES   ? "ZEROES"
                                              : "BITS",
                      value, at + size);
}

const MigBody mig_body_dirty_bitmap = { .idstr = "dirty-bitmap",
                                        .next = dirty_bitmap_next };
