/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          undoing lzop, and writing it in stored blocks.
 * Must not know: what the bytes mean, nor what lies around the compressed ones.
 * See also:      lzo1x.h, one block; container-type.h; source-members.h, which puts members
 *                in a row; sink.h.
 *
 * A member, all numbers big-endian:
 *
 *     magic                   89 'L' 'Z' 'O' 00 0d 0a 1a 0a
 *     u16  version            of lzop
 *     u16  version            of the library
 *     u16  version            that is needed; from version 0940 on
 *     u8   method             1 to 3, all of which are LZO1X
 *     u8   level              from version 0940 on
 *     u32  flags              Flag
 *     u32  filter             with FILTER: 1 to 16
 *     u32  mode, u32 time     of the file
 *     u32  time               from version 0940 on
 *     u8 n, n bytes           its name
 *     u32  checksum           of what follows the magic; a CRC with HEADER_CRC
 *
 * and blocks: u32 plain length (0 ends the member), u32 packed length, the checksums that the
 * flags ask for, and as many bytes; a block that is not shorter is stored.  With a filter of N, each
 * byte of a block, but for the first N, was replaced by its difference to the one N before it.
 * Checksums of plain bytes are of those without a filter.  MULTIPART says that other members follow.
 *
 * Source: the files of lzop(1) 1.04, and its manual.
 */
#include <string.h>
#include <zlib.h>

#include "io/alloc.h"
#include "io/byte-order.h"
#include "io/container-type.h"
#include "io/lzo1x.h"
#include "io/source-members.h"

#define MAGIC "\x89LZO\0\r\n\x1a\n"
#define HEAD  9

/* The longest block that lzop(1) takes. */
#define BLOCK_MAX (64u << 20)

#define VERSION_LOWEST  0x0900u
#define VERSION_FIELDS  0x0940u /* that brought more of them */
#define VERSION_HIGHEST 0x1040u

#define FILTER_MAX 16u

typedef enum Flag {
    PLAIN_ADLER = 0x1,
    PACKED_ADLER = 0x2,
    EXTRA_FIELD = 0x40,
    PLAIN_CRC = 0x100,
    PACKED_CRC = 0x200,
    MULTIPART = 0x400,
    FILTER = 0x800,
    HEADER_CRC = 0x1000,
} Flag;

/* A checksum that a block may have, in their order. */
static const struct {
    Flag flag;
    bool packed, crc;
} checksums[] = {
    { PLAIN_ADLER, false, false },
    { PLAIN_CRC, false, true },
    { PACKED_ADLER, true, false },
    { PACKED_CRC, true, true },
};

typedef struct LzopSource {
    MigMembers members;
    enum { BEFORE_HEADER, BEFORE_BLOCK, IN_BLOCK, HAS_PLAIN } state;
    uint32_t flags, filter;
    /* The block at hand. */
    uint32_t plain_length, packed_length;
    uint32_t sums[G_N_ELEMENTS(checksums)];
    size_t packed_have; /* bytes of it that have come */
    size_t plain_given; /* and that have gone */
    uint8_t *packed, *plain;
    size_t capacity; /* of each of the two */
} LzopSource;

static bool lzop_recognise(const uint8_t *head, size_t n)
{
    return n >= HEAD && memcmp(head, MAGIC, HEAD) == 0;
}

static bool lzop_begin(MigMembers *members)
{
    ((LzopSource *)members)->state = BEFORE_HEADER;
    return true;
}

static uint32_t checksum(bool crc, const uint8_t *data, size_t n)
{
    return (uint32_t)(crc ? crc32(0, data, (uInt)n) : adler32(1, data, (uInt)n));
}

static MigProgress refuse(LzopSource *lzop, const char *text)
{
    mig_unpack_fail(&lzop->members.unpack, MIG_ERROR_UNSUPPORTED, text);
    return MIG_PROGRESS_FAILED;
}

/* What the header, whose parts lie at these places, asks for. */
static MigProgress check_header(LzopSource *lzop, const uint8_t *version,
                                const uint8_t *method, bool fields)
{
    if (fields && mig_be16(version + 4) > VERSION_HIGHEST) {
        return refuse(lzop, "it needs a newer version of lzop than 1.04");
    }
    if (*method < 1 || *method > 3) {
        return refuse(lzop, "its method is not one of LZO1X");
    }
    if (lzop->filter > FILTER_MAX || (lzop->flags & FILTER && lzop->filter == 0)) {
        return refuse(lzop, "its filter is not one of lzop 1.04");
    }
    if (lzop->flags & EXTRA_FIELD) {
        return refuse(lzop, "it has an extra field, which is not supported");
    }
    return MIG_PROGRESS_MORE;
}

static MigProgress read_header(LzopSource *lzop, MigPiece *piece)
{
    const uint8_t *version = piece->in + HEAD;
    unsigned number = piece->n_in >= HEAD + 2 ? mig_be16(version) : 0;
    bool fields = number >= VERSION_FIELDS;
    size_t method = fields ? 6 : 4;
    size_t flags = method + (fields ? 2 : 1);
    size_t name = flags + 4 + (fields ? 12 : 8);

    if (piece->n_in < HEAD + name + 4 + 1) { /* A name or a block follows in any case. */
        return MIG_PROGRESS_MORE;
    }
    if (number < VERSION_LOWEST) {
        return mig_members_damaged(&lzop->members);
    }
    lzop->flags = mig_be32(version + flags);
    lzop->filter = lzop->flags & FILTER ? mig_be32(version + flags + 4) : 0;
    name += lzop->flags & FILTER ? 4 : 0;
    if (check_header(lzop, version, version + method, fields) == MIG_PROGRESS_FAILED) {
        return MIG_PROGRESS_FAILED;
    }
    size_t length = name + 1 + version[name];
    if (piece->n_in < HEAD + length + 4) {
        return MIG_PROGRESS_MORE;
    }
    if (mig_be32(version + length) !=
        checksum((lzop->flags & HEADER_CRC) != 0, version, length)) {
        return mig_members_damaged(&lzop->members);
    }
    piece->in += HEAD + length + 4;
    lzop->state = BEFORE_BLOCK;
    return MIG_PROGRESS_MORE;
}

static bool make_room(LzopSource *lzop)
{
    MigUnpack *unpack = &lzop->members.unpack;
    size_t n = lzop->plain_length;

    if (n <= lzop->capacity) {
        return true;
    }
    if (!mig_unpack_claim_window(unpack, 2 * (uint64_t)n)) {
        mig_unpack_fail(unpack, MIG_ERROR_LIMIT,
                        "undoing it, and what is around it, needs more than 128 MiB of "
                        "memory");
        return false;
    }
    g_free(lzop->packed);
    g_free(lzop->plain);
    lzop->packed = mig_try_alloc(n);
    lzop->plain = mig_try_alloc(n);
    lzop->capacity = lzop->packed && lzop->plain ? n : 0;
    if (lzop->capacity == 0) {
        mig_unpack_lacks_memory(unpack);
    }
    return lzop->capacity > 0;
}

static bool has_checksum(const LzopSource *lzop, size_t i)
{
    return (lzop->flags & checksums[i].flag) &&
           (!checksums[i].packed || lzop->packed_length < lzop->plain_length);
}

static MigProgress begin_block(LzopSource *lzop, MigPiece *piece)
{
    const uint8_t *p = piece->in;
    size_t length = 8;

    if (piece->n_in >= 4 && mig_be32(p) == 0) {
        piece->in += 4;
        return MIG_PROGRESS_ENDED;
    }
    if (piece->n_in < length) {
        return MIG_PROGRESS_MORE;
    }
    lzop->plain_length = mig_be32(p);
    lzop->packed_length = mig_be32(p + 4);
    if (lzop->packed_length == 0 || lzop->packed_length > lzop->plain_length ||
        lzop->plain_length > BLOCK_MAX) {
        return mig_members_damaged(&lzop->members);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(checksums); i++) {
        if (has_checksum(lzop, i)) {
            lzop->sums[i] = length + 4 <= piece->n_in ? mig_be32(p + length) : 0;
            length += 4;
        }
    }
    if (piece->n_in < length) {
        return MIG_PROGRESS_MORE;
    }
    if (!make_room(lzop)) {
        return MIG_PROGRESS_FAILED;
    }
    piece->in += length;
    lzop->packed_have = 0;
    lzop->state = IN_BLOCK;
    return MIG_PROGRESS_MORE;
}

static bool block_is_sound(const LzopSource *lzop)
{
    for (size_t i = 0; i < G_N_ELEMENTS(checksums); i++) {
        bool packed = checksums[i].packed;

        if (has_checksum(lzop, i) &&
            lzop->sums[i] !=
                checksum(checksums[i].crc, packed ? lzop->packed : lzop->plain,
                         packed ? lzop->packed_length : lzop->plain_length)) {
            return false;
        }
    }
    return true;
}

static void undo_filter(const LzopSource *lzop)
{
    for (uint32_t i = lzop->filter; lzop->filter && i < lzop->plain_length; i++) {
        lzop->plain[i] = (uint8_t)(lzop->plain[i] + lzop->plain[i - lzop->filter]);
    }
}

/* Gathers the block's bytes; with the last of them, undoes it. */
static MigProgress gather_block(LzopSource *lzop, MigPiece *piece)
{
    size_t n = MIN(piece->n_in, lzop->packed_length - lzop->packed_have);

    memcpy(lzop->packed + lzop->packed_have, piece->in, n);
    lzop->packed_have += n;
    piece->in += n;
    if (lzop->packed_have < lzop->packed_length) {
        return MIG_PROGRESS_MORE;
    }
    if (lzop->packed_length == lzop->plain_length) {
        memcpy(lzop->plain, lzop->packed, lzop->plain_length);
    } else if (!mig_lzo1x_decode(lzop->packed, lzop->packed_length, lzop->plain,
                                 lzop->plain_length)) {
        return mig_members_damaged(&lzop->members);
    }
    undo_filter(lzop);
    if (!block_is_sound(lzop)) {
        return mig_members_damaged(&lzop->members);
    }
    lzop->plain_given = 0;
    lzop->state = HAS_PLAIN;
    return MIG_PROGRESS_MORE;
}

static MigProgress give_block(LzopSource *lzop, MigPiece *piece)
{
    size_t n = MIN(piece->n_out, lzop->plain_length - lzop->plain_given);

    memcpy(piece->out, lzop->plain + lzop->plain_given, n);
    lzop->plain_given += n;
    piece->out += n;
    if (lzop->plain_given == lzop->plain_length) {
        lzop->state = BEFORE_BLOCK;
    }
    return MIG_PROGRESS_MORE;
}

static MigProgress lzop_advance(MigMembers *members, MigPiece *piece)
{
    LzopSource *lzop = (LzopSource *)members;

    switch (lzop->state) {
    case BEFORE_HEADER:
        return read_header(lzop, piece);
    case BEFORE_BLOCK:
        return begin_block(lzop, piece);
    case IN_BLOCK:
        return gather_block(lzop, piece);
    default:
        return give_block(lzop, piece);
    }
}

static void lzop_clear(MigUnpack *unpack)
{
    LzopSource *lzop = (LzopSource *)unpack;

    g_free(lzop->packed);
    g_free(lzop->plain);
}

static MigSource *lzop_open(MigSource *source, MigOpening *opening, GError **error)
{
    static const MigMembersOps ops = { { "lzop", mig_members_step, lzop_clear },
                                       HEAD,
                                       lzop_recognise,
                                       lzop_begin,
                                       lzop_advance };
    LzopSource *lzop = g_new0(LzopSource, 1);

    (void)error; /* The first read tells. */
    mig_members_init(&lzop->members, &ops, source, opening);
    lzop->members.unpack.bare =
        true; /* libvirt calls lzop(1) so that it takes no offence. */
    return &lzop->members.unpack.base;
}

/* --- the way out --- */

/* The blocks of lzop(1). */
#define BLOCK_SIZE ((size_t)256 << 10)

typedef struct LzopSink {
    MigSink base;
    MigSink *inner;
    size_t n; /* bytes of the block that are there */
    uint8_t block[BLOCK_SIZE];
} LzopSink;

/* The block, which is stored. */
static bool put_block(LzopSink *lzop, GError **error)
{
    uint8_t head[12];

    mig_put_be32(head, (uint32_t)lzop->n);
    mig_put_be32(head + 4, (uint32_t)lzop->n);
    mig_put_be32(head + 8, checksum(false, lzop->block, lzop->n));
    if (!mig_sink_check_cancel(lzop->inner, error) ||
        !lzop->inner->ops->write(lzop->inner, head, sizeof head, error) ||
        !lzop->inner->ops->write(lzop->inner, lzop->block, lzop->n, error)) {
        return false;
    }
    lzop->n = 0;
    return true;
}

static bool lzop_write(MigSink *sink, const void *data, size_t n, GError **error)
{
    LzopSink *lzop = (LzopSink *)sink;
    const uint8_t *next = data;

    while (n > 0) {
        size_t taken = MIN(n, BLOCK_SIZE - lzop->n);

        memcpy(lzop->block + lzop->n, next, taken);
        lzop->n += taken;
        next += taken;
        n -= taken;
        if (lzop->n == BLOCK_SIZE && !put_block(lzop, error)) {
            return false;
        }
    }
    return true;
}

static bool lzop_finish(MigSink *sink, GError **error)
{
    static const uint8_t end[4] = { 0 };
    LzopSink *lzop = (LzopSink *)sink;

    return (lzop->n == 0 || put_block(lzop, error)) &&
           lzop->inner->ops->write(lzop->inner, end, sizeof end, error) &&
           lzop->inner->ops->finish(lzop->inner, error);
}

static void lzop_free(MigSink *sink)
{
    mig_sink_free(((LzopSink *)sink)->inner);
    g_free(sink);
}

/* What it writes is not compressed. */
static void lzop_levels(int *lowest, int *highest)
{
    *lowest = *highest = 0;
}

static MigSink *lzop_wrap(MigSink *sink, const MigWrapping *wrapping, GError **error)
{
    static const MigSinkOps ops = { lzop_write, NULL, NULL, lzop_finish, lzop_free };
    /* Version 1.04, LZO1X at its default level, a file of unix without a name. */
    uint8_t header[] = MAGIC "\x10\x40\x20\xa0\x09\x40\x01\x05\x03\0\0\x01"
                             "\0\0\x81\x80\0\0\0\0\0\0\0\0\0????";
    const size_t length = sizeof header - 1, n = length - 4;
    LzopSink *lzop = g_new0(LzopSink, 1);
    g_autoptr(MigSink) owned = &lzop->base;

    (void)wrapping; /* There is no choice. */
    lzop->base =
        (MigSink){ .ops = &ops, .name = sink->name, .cancel = sink->cancel, .fd = -1 };
    lzop->inner = sink;
    mig_put_be32(header + n, checksum(false, header + HEAD, n - HEAD));
    return sink->ops->write(sink, header, length, error) ? g_steal_pointer(&owned) : NULL;
}

const MigContainerType mig_container_lzop = {
    .name = "lzop",
    .levels = lzop_levels,
    .recognise = lzop_recognise,
    .open = lzop_open,
    .wrap = lzop_wrap,
};
