/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where QEMU's record lies in a saved domain of Xen.
 * Must not know: what the other records hold.
 * See also:      container-type.h.
 *
 * A file of xl: 32 bytes of text, four native u32 (byte order, mandatory and optional flags, length of the
 * optional data), that data, and the stream of libxl:
 *
 *     be64 "LibxlFmt", be32 version 2, be32 options (bit 0: what follows is big-endian)
 *     records: u32 type, u32 length, the body, zeros up to a multiple of 8
 *         type 1: the stream of libxc follows
 *         type 3: u32 emulator (2: QEMU), u32 index, and what that wrote: the migration stream
 *         type 0: the end
 *
 * and that of libxc:
 *
 *     8 bytes of 0xff, be32 "XENF", be32 version, be16 options (bit 0 as above), 6 bytes; 16 of the domain
 *     records, formed as those of libxl, up to one of type 0
 *
 * Source: Xen's docs/specs/libxl-migration-stream.pandoc and libxc-migration-stream.pandoc; of the file of
 * xl, tools/xl/xl.h.  Written after those: no file of a Xen host was at hand.
 */
#include <string.h>

#include "io/byte-order.h"
#include "io/container-type.h"

#define XL_MAGIC       "Xen saved domain"
#define XL_HEADER      48u
#define XL_OPTIONAL    44u
#define XL_ORDER       32u /* of the file: 1 in its own order */
#define LIBXL_MAGIC    "LibxlFmt"
#define LIBXL_HEAD     16u
#define LIBXC_HEAD     40u
#define EMULATOR       8u /* bytes before what it wrote */
#define BIG_ENDIAN_BIT 1u

enum { END = 0, LIBXC = 1, EMULATOR_CONTEXT = 3 };
enum { QEMU = 2 };

/* A record of RAM has up to 1,024 pages: those of 16 TiB. */
#define RECORDS_MAX (UINT32_C(1) << 22)

typedef struct Walk {
    MigSource *source;
    uint64_t at;
    uint32_t left; /* records */
    bool big_endian;
    GError **error;
} Walk;

static bool refuse(const Walk *walk, MigErrorCode code, const char *what)
{
    mig_source_set_error(walk->error, code, walk->source->origin + walk->at,
                         "Xen's saved domain %s", what);
    return false;
}

static bool take(const Walk *walk, uint64_t offset, void *buffer, size_t n)
{
    GError *failure = NULL;

    if (mig_source_read_full(walk->source, offset, buffer, n, &failure) == n) {
        return true;
    }
    if (failure) {
        g_propagate_error(walk->error, failure);
        return false;
    }
    return refuse(walk, MIG_ERROR_CONTAINER, "ends before the record of QEMU");
}

static uint32_t number(const Walk *walk, const uint8_t *bytes)
{
    return walk->big_endian ? mig_be32(bytes) : mig_le32(bytes);
}

/* The record at hand: walk->at is moved to its body, and *next to the one after it. */
static bool next_record(Walk *walk, uint32_t *type, uint32_t *length, uint64_t *next)
{
    uint8_t head[8];

    if (walk->left-- == 0) {
        return refuse(walk, MIG_ERROR_LIMIT, "has more records than 16 TiB of RAM need");
    }
    if (!take(walk, walk->at, head, sizeof head)) {
        return false;
    }
    *type = number(walk, head);
    *length = number(walk, head + 4);
    walk->at += sizeof head;
    *next = walk->at + ((uint64_t)*length + 7) / 8 * 8;
    return true;
}

static bool skip_libxc(Walk *walk)
{
    uint8_t head[LIBXC_HEAD];
    uint32_t type = LIBXC, length;
    const bool outer = walk->big_endian;

    if (!take(walk, walk->at, head, sizeof head)) {
        return false;
    }
    if (memcmp(head + 8, "XENF", 4) != 0) {
        return refuse(walk, MIG_ERROR_CONTAINER, "is damaged: no memory begins there");
    }
    walk->big_endian = head[17] & BIG_ENDIAN_BIT;
    walk->at += sizeof head;
    while (type != END) {
        uint64_t next;

        if (!next_record(walk, &type, &length, &next)) {
            return false;
        }
        walk->at = next;
    }
    walk->big_endian = outer;
    return true;
}

/* Moves walk->at to what QEMU wrote, *length bytes. */
static bool find_qemu(Walk *walk, uint32_t *length)
{
    uint32_t type = LIBXC;

    while (type != END) {
        uint64_t next;
        uint8_t emulator[EMULATOR];

        if (!next_record(walk, &type, length, &next)) {
            return false;
        }
        if (type == EMULATOR_CONTEXT && *length > EMULATOR) {
            if (!take(walk, walk->at, emulator, sizeof emulator)) {
                return false;
            }
            if (number(walk, emulator) == QEMU) {
                walk->at += EMULATOR;
                *length -= EMULATOR;
                return true;
            }
        }
        walk->at = next;
        if (type == LIBXC && !skip_libxc(walk)) {
            return false;
        }
    }
    return refuse(walk, MIG_ERROR_UNSUPPORTED,
                  "has no record of QEMU: none emulated its devices");
}

/* Moves walk->at after the headers. */
static bool skip_headers(Walk *walk)
{
    uint8_t head[XL_HEADER];

    if (!take(walk, 0, head, LIBXL_HEAD)) {
        return false;
    }
    if (memcmp(head, XL_MAGIC, strlen(XL_MAGIC)) == 0) {
        if (!take(walk, 0, head, sizeof head)) {
            return false;
        }
        walk->big_endian = mig_le32(head + XL_ORDER) > UINT16_MAX;
        walk->at = XL_HEADER + (uint64_t)number(walk, head + XL_OPTIONAL);
    }
    if (!take(walk, walk->at, head, LIBXL_HEAD)) {
        return false;
    }
    if (memcmp(head, LIBXL_MAGIC, strlen(LIBXL_MAGIC)) != 0) {
        return refuse(
            walk, MIG_ERROR_UNSUPPORTED,
            "is of Xen 4.5 or older; --offset=auto looks for the record of QEMU");
    }
    walk->big_endian = head[LIBXL_HEAD - 1] & BIG_ENDIAN_BIT;
    walk->at += LIBXL_HEAD;
    return true;
}

static bool xen_recognise(const uint8_t *head, size_t n)
{
    return (n >= strlen(XL_MAGIC) && memcmp(head, XL_MAGIC, strlen(XL_MAGIC)) == 0) ||
           (n >= strlen(LIBXL_MAGIC) &&
            memcmp(head, LIBXL_MAGIC, strlen(LIBXL_MAGIC)) == 0);
}

static MigSource *xen_open(MigSource *source, MigOpening *opening, GError **error)
{
    g_autoptr(MigSource) owned = source;
    Walk walk = { .source = source, .left = RECORDS_MAX, .error = error };
    uint32_t length;

    if (!source->seekable) {
        mig_error_set_plain(
            error, MIG_ERROR_UNSUPPORTED,
            "a saved domain of Xen is read from a file, not from a pipe or "
            "what is compressed");
        return NULL;
    }
    if (!skip_headers(&walk) || !find_qemu(&walk, &length)) {
        return NULL;
    }
    if (length > source->size - MIN(walk.at, source->size)) {
        refuse(&walk, MIG_ERROR_CONTAINER, "ends within the record of QEMU");
        return NULL;
    }
    opening->container->words = "a saved domain of Xen";
    mig_container_add_property(
        opening->container,
        (MigProperty){
            "untried", MIG_PROPERTY_FLAG, true,
            "read after the public description of its format; untried, since no "
            "file of a Xen host was at hand",
            true });
    return mig_source_part_new(g_steal_pointer(&owned), walk.at, length);
}

static MigSink *xen_wrap(MigSink *sink, const MigWrapping *wrapping, GError **error)
{
    (void)wrapping;
    mig_sink_free(sink);
    mig_error_set_plain(
        error, MIG_ERROR_UNSUPPORTED,
        "a saved domain of Xen is read and not written; -o FILE instead of "
        "--in-place writes QEMU's record alone");
    return NULL;
}

const MigContainerType mig_container_xen = {
    .name = "Xen saved domain",
    .recognise = xen_recognise,
    .open = xen_open,
    .wrap = xen_wrap,
};
