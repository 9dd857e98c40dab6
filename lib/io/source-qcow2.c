/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see qcow2.h.
 * Must not know: the header of an image, nor its snapshots.
 * See also:      container-qcow2.c, sink-qcow2.c.
 *
 * The tables, whose numbers are big-endian, as QEMU's docs/interop/qcow2.rst has them:
 *
 *     L1 entry   bits 9 to 55: where an L2 table lies, 0 for none; it fills a cluster
 *     L2 entry   bit 62: compressed; else bits 9 to 55: where the cluster lies, 0 for none; bit 0,
 *                from version 3 on: it reads as zeros
 *                of an extended one bits 0 to 31 of a second word: its 32 parts that are there
 *     compressed the low 62 - (cluster_bits - 8) bits: where the data lies; above, up to bit 61,
 *                how many sectors of 512 bytes follow that one
 *
 * Nothing is kept of the tables: what is not to be trusted is looked up for each cluster anew, and
 * no work is more than that.
 */
#include "io/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "io/alloc.h"
#include "io/byte-order.h"

#define PLACE_MASK   UINT64_C(0x00fffffffffffe00)
#define COMPRESSED   (UINT64_C(1) << 62)
#define ZERO_FLAG    UINT64_C(1)
#define SECTOR       512u
#define SUBCLUSTERS  32u
#define DEFLATE_BITS 12 /* of the window */

typedef struct Qcow2Source {
    MigSource base;
    MigSource *inner;
    MigQcow2Map map;
    GMutex lock;       /* of what follows: a compressed cluster */
    uint64_t unpacked; /* the entry of it; 0: none */
    uint8_t *packed, *plain;
} Qcow2Source;

static uint64_t cluster_size(const MigQcow2Map *map)
{
    return UINT64_C(1) << map->cluster_bits;
}

static uint64_t entry_size(const MigQcow2Map *map)
{
    return map->extended ? 16 : 8;
}

uint64_t mig_qcow2_span(const MigQcow2Map *map)
{
    return cluster_size(map) / entry_size(map) * cluster_size(map);
}

static bool fail(const MigSource *inner, uint64_t offset, const char *what,
                 GError **error)
{
    mig_source_set_error(error, MIG_ERROR_CONTAINER, inner->origin + offset, "qcow2: %s",
                         what);
    return false;
}

/* Exactly @n bytes of the file. */
static bool read_file(MigSource *inner, uint64_t offset, void *buffer, size_t n,
                      GError **error)
{
    GError *failure = NULL;

    if (mig_source_read_full(inner, offset, buffer, n, &failure) == n) {
        return true;
    }
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    return fail(inner, MIN(offset, inner->size),
                "the image ends before what its tables name", error);
}

static bool read_be64(MigSource *inner, uint64_t offset, uint64_t *word, GError **error)
{
    uint8_t bytes[8];
    bool ok = read_file(inner, offset, bytes, sizeof bytes, error);

    *word = ok ? mig_be64(bytes) : 0;
    return ok;
}

/* The L2 table for the @index-th span; 0: none. */
static bool find_table(MigSource *inner, const MigQcow2Map *map, uint64_t index,
                       uint64_t *table, GError **error)
{
    *table = 0;
    if (index >= map->l1_entries) {
        return true;
    }
    if (!read_be64(inner, map->l1_offset + index * 8, table, error)) {
        return false;
    }
    *table &= PLACE_MASK;
    return *table % cluster_size(map) == 0 ||
           fail(inner, map->l1_offset + index * 8, "an L2 table is not at a cluster",
                error);
}

static bool place_in_parts(const Qcow2Source *qcow2, uint64_t entry_at, uint64_t within,
                           MigQcow2Place *place, GError **error)
{
    uint64_t part_size = cluster_size(&qcow2->map) / SUBCLUSTERS, parts;

    if (!read_be64(qcow2->inner, entry_at + 8, &parts, error)) {
        return false;
    }
    if (!(parts >> (within / part_size) & 1)) {
        place->kind = MIG_QCOW2_ZERO;
    }
    place->left = part_size - within % part_size;
    return true;
}

/* Where byte @guest of what the tables of @map map lies. */
static bool find_place(const Qcow2Source *qcow2, const MigQcow2Map *map, uint64_t guest,
                       MigQcow2Place *place, GError **error)
{
    uint64_t size = cluster_size(map), within = guest % size, table, entry;
    uint64_t span = mig_qcow2_span(map);

    *place = (MigQcow2Place){ MIG_QCOW2_ZERO, 0, within, size - within };
    if (!find_table(qcow2->inner, map, guest / span, &table, error)) {
        return false;
    }
    if (table == 0) {
        place->left = span - guest % span;
        return true;
    }
    uint64_t entry_at = table + guest % span / size * entry_size(map);
    if (!read_be64(qcow2->inner, entry_at, &entry, error)) {
        return false;
    }
    if (entry & COMPRESSED) {
        place->kind = MIG_QCOW2_COMPRESSED;
        place->host = entry;
        return true;
    }
    uint64_t cluster = entry & PLACE_MASK;
    if (cluster % size != 0) {
        return fail(qcow2->inner, entry_at, "a cluster is not at its place", error);
    }
    if (cluster == 0 || (map->has_zero_flag && !map->extended && (entry & ZERO_FLAG))) {
        return true;
    }
    place->kind = MIG_QCOW2_THERE;
    place->host = cluster + within;
    return !map->extended || place_in_parts(qcow2, entry_at, within, place, error);
}

/* --- compressed clusters --- */

static bool inflate_cluster(const uint8_t *packed, size_t n, uint8_t *plain, size_t size)
{
    z_stream zlib = { .next_in = (Bytef *)(uintptr_t)packed,
                      .avail_in = (uInt)n,
                      .next_out = plain,
                      .avail_out = (uInt)size };
    int result;

    if (inflateInit2(&zlib, -DEFLATE_BITS) != Z_OK) {
        return false;
    }
    result = inflate(&zlib, Z_FINISH);
    inflateEnd(&zlib);
    return (result == Z_STREAM_END || result == Z_BUF_ERROR) && zlib.avail_out == 0;
}

/* The frame's end is not known: what follows it in its sector is another cluster's. */
static bool unpack_zstd(const uint8_t *packed, size_t n, uint8_t *plain, size_t size)
{
    size_t frame = ZSTD_findFrameCompressedSize(packed, n);

    return !ZSTD_isError(frame) && ZSTD_decompress(plain, size, packed, frame) == size;
}

/* Makes plain what @entry names; under the lock. */
static bool unpack_cluster(Qcow2Source *qcow2, uint64_t entry, GError **error)
{
    unsigned bits = 62 - (qcow2->map.cluster_bits - 8);
    uint64_t host = entry & ((UINT64_C(1) << bits) - 1);
    uint64_t sectors = ((entry & ~(UINT64_C(3) << 62)) >> bits) + 1;
    uint64_t most = sectors * SECTOR - host % SECTOR;
    size_t size = cluster_size(&qcow2->map);

    if (entry == qcow2->unpacked) {
        return true;
    }
    if (!qcow2->packed) {
        /* A cluster has at most as many sectors as two of its size. */
        qcow2->packed = mig_try_alloc(2 * size + SECTOR);
        qcow2->plain = mig_try_alloc(size);
    }
    if (!qcow2->packed || !qcow2->plain) {
        mig_error_set_plain(error, MIG_ERROR_IO, "qcow2: %s", g_strerror(ENOMEM));
        return false;
    }
    qcow2->unpacked = 0;
    if (host >= qcow2->inner->size) {
        return fail(qcow2->inner, qcow2->inner->size,
                    "the image ends before what its tables name", error);
    }
    most = MIN(MIN(most, 2 * size + SECTOR), qcow2->inner->size - host);
    if (!read_file(qcow2->inner, host, qcow2->packed, (size_t)most, error)) {
        return false;
    }
    if (!(qcow2->map.zstd ? unpack_zstd : inflate_cluster)(qcow2->packed, (size_t)most,
                                                           qcow2->plain, size)) {
        return fail(qcow2->inner, host, "a compressed cluster is damaged", error);
    }
    qcow2->unpacked = entry;
    return true;
}

static bool copy_compressed(Qcow2Source *qcow2, const MigQcow2Place *place, void *buffer,
                            size_t n, GError **error)
{
    g_mutex_lock(&qcow2->lock);
    bool ok = unpack_cluster(qcow2, place->host, error);
    if (ok) {
        memcpy(buffer, qcow2->plain + place->within, n);
    }
    g_mutex_unlock(&qcow2->lock);
    return ok;
}

/* --- the source --- */

bool mig_source_qcow2_find(MigSource *source, const MigQcow2Map *map, uint64_t offset,
                           MigQcow2Place *place, GError **error)
{
    const Qcow2Source *qcow2 = (Qcow2Source *)source;

    map = map ? map : &qcow2->map;
    return find_place(qcow2, map, map->start + offset, place, error);
}

bool mig_source_qcow2_take(MigSource *source, const MigQcow2Place *place, void *buffer,
                           size_t n, GError **error)
{
    Qcow2Source *qcow2 = (Qcow2Source *)source;
    GError *failure = NULL;
    size_t got = 0;

    if (place->kind == MIG_QCOW2_COMPRESSED) {
        return copy_compressed(qcow2, place, buffer, n, error);
    }
    if (place->kind == MIG_QCOW2_THERE) {
        got = mig_source_read_full(qcow2->inner, place->host, buffer, n, &failure);
    }
    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    memset((uint8_t *)buffer + got, 0, n - got);
    return true;
}

MigSource *mig_source_qcow2_image(MigSource *source)
{
    return ((Qcow2Source *)source)->inner;
}

static ssize_t qcow2_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                          GError **error)
{
    Qcow2Source *qcow2 = (Qcow2Source *)source;
    MigQcow2Place place;

    if (offset >= source->size) {
        return 0;
    }
    if (!mig_source_qcow2_find(source, NULL, offset, &place, error)) {
        return -1;
    }
    n = MIN(MIN(n, source->size - offset), place.left);
    switch (place.kind) {
    case MIG_QCOW2_ZERO:
        memset(buffer, 0, n);
        return (ssize_t)n;
    case MIG_QCOW2_THERE:
        return read_file(qcow2->inner, place.host, buffer, n, error) ? (ssize_t)n : -1;
    default:
        return copy_compressed(qcow2, &place, buffer, n, error) ? (ssize_t)n : -1;
    }
}

static void qcow2_free(MigSource *source)
{
    Qcow2Source *qcow2 = (Qcow2Source *)source;

    mig_source_free(qcow2->inner);
    g_mutex_clear(&qcow2->lock);
    g_free(qcow2->packed);
    g_free(qcow2->plain);
    g_free(qcow2);
}

/* The end of the last cluster of the @index-th span that is there, or 0; of a file that ends in it,
 * what is there. */
static bool end_of_span(MigSource *inner, const MigQcow2Map *map, uint64_t index,
                        uint64_t table, uint64_t *end, GError **error)
{
    uint64_t size = cluster_size(map), step = entry_size(map);
    g_autofree uint8_t *entries = mig_try_alloc(size);

    *end = 0;
    if (!entries) {
        mig_error_set_plain(error, MIG_ERROR_IO, "qcow2: %s", g_strerror(ENOMEM));
        return false;
    }
    if (!read_file(inner, table, entries, size, error)) {
        return false;
    }
    for (uint64_t i = size / step; i > 0 && *end == 0; i--) {
        uint64_t entry = mig_be64(entries + (i - 1) * step);
        uint64_t host = entry & PLACE_MASK;
        if (entry & COMPRESSED) {
            *end = index * mig_qcow2_span(map) + i * size;
        } else if (host > 0 && host < inner->size) {
            *end = index * mig_qcow2_span(map) + (i - 1) * size +
                   MIN(size, inner->size - host);
        }
    }
    return true;
}

/* The end of all clusters that are there from the start on; as an offset of the state.  A table
 * of its own takes a cluster: with more of them than the file has, one is used twice. */
static bool find_end(MigSource *inner, const MigQcow2Map *map, uint64_t *end,
                     GError **error)
{
    uint64_t first = map->start / mig_qcow2_span(map), table;
    uint64_t left = inner->size / cluster_size(map) + 1;

    *end = 0;
    for (uint64_t i = map->l1_entries; i > first && *end == 0; i--) {
        if (!find_table(inner, map, i - 1, &table, error)) {
            return false;
        }
        if (table != 0 && left-- == 0) {
            mig_source_set_error(error, MIG_ERROR_CONTAINER, inner->origin,
                                 "qcow2: the snapshot has more tables than the file has "
                                 "clusters");
            return false;
        }
        if (table != 0 && !end_of_span(inner, map, i - 1, table, end, error)) {
            return false;
        }
    }
    *end = *end > map->start ? *end - map->start : 0;
    return true;
}

/* Of a mapped-ram state, which has gaps, the recorded size is that of what was transferred.  What has
 * that capability says so in its configuration, of a few hundred bytes at most: migration/savevm.c,
 * vmstate_configuration, 9.0 to 11.1. */
static bool has_gaps(MigSource *state)
{
    static const char name[] = "\x0a"
                               "mapped-ram";
    uint8_t head[2048];
    g_autoptr(GError) error = NULL; /* The next read meets it too. */
    size_t n = mig_source_read_full(state, 0, head, sizeof head, &error);

    return memmem(head, n, name, sizeof name - 1) != NULL;
}

MigSource *mig_source_qcow2_new(MigSource *inner, const MigQcow2Map *map, uint64_t length,
                                uint64_t max, GError **error)
{
    Qcow2Source *qcow2 = g_new0(Qcow2Source, 1);
    g_autoptr(MigSource) owned = &qcow2->base;
    static const MigSourceOps ops = { .read = qcow2_read, .free = qcow2_free };
    uint64_t end;

    qcow2->base = (MigSource){ .ops = &ops, .seekable = true, .fd = -1 };
    qcow2->inner = inner;
    qcow2->map = *map;
    g_mutex_init(&qcow2->lock);
    if (!find_end(inner, map, &end, error)) {
        return NULL;
    }
    /* After any other state there may be what is left of a longer one. */
    qcow2->base.size = length;
    if (end > length && has_gaps(&qcow2->base)) {
        qcow2->base.size = end;
    }
    if (qcow2->base.size > max) {
        mig_source_set_error(error, MIG_ERROR_LIMIT, inner->origin,
                             "qcow2: the snapshot has a state of %" PRIu64
                             " bytes, more than 1,000 times the image; --max-expand=SIZE "
                             "allows more",
                             qcow2->base.size);
        return NULL;
    }
    return g_steal_pointer(&owned);
}
