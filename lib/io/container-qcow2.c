/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the header of a qcow2 image, its table of snapshots, and which of them is read.
 * Must not know: what a snapshot holds.
 * See also:      container-type.h; source-qcow2.c, which finds the bytes.
 *
 * The state of a guest is a migration stream after the end of its disk, under the L1 table of the
 * snapshot: at the first byte that a new L1 entry maps.  Numbers are big-endian.
 *
 * Source: QEMU's docs/interop/qcow2.rst, and block/qcow2.h (qcow2_vm_state_offset), 5.2 to 11.1.
 */
#include "io/container-type.h"

#include <inttypes.h>
#include <string.h>

#include "io/alloc.h"
#include "io/byte-order.h"
#include "io/number.h"
#include "io/qcow2.h"

#define HEADER_LENGTH 112
#define ENTRY_LENGTH  40

/* As QEMU's block/qcow2.h: snapshots, bytes of extra data of each, and of an L1 table. */
#define SNAPSHOTS_MAX 65536u
#define EXTRA_MAX     1024u
#define L1_MAX        (UINT64_C(32) << 20)

/* Snapshots that a message names. */
#define NAMED_MAX 16u

#define NS UINT64_C(1000000000) /* in a second */

enum {
    DIRTY = 1 << 0,
    CORRUPT = 1 << 1,
    DATA_FILE = 1 << 2,
    COMPRESSION_TYPE = 1 << 3,
    EXTENDED_L2 = 1 << 4,
};

#define KNOWN (DIRTY | CORRUPT | DATA_FILE | COMPRESSION_TYPE | EXTENDED_L2)

typedef struct Image {
    MigSource *source;
    MigContainer *container;
    MigQcow2Map map;
    uint64_t disk_size, table_offset;
    uint32_t n_snapshots;
    MigQcow2Edit edit;
    MigMeter meter;
} Image;

/* What only the reading of a snapshot needs. */
typedef struct Entry {
    MigSnapshot shown;
    uint64_t l1_offset, l1_entries, disk_size;
    uint64_t at; /* in the image */
    bool has_long_size;
} Entry;

static bool refuse(const Image *image, MigErrorCode code, uint64_t offset,
                   const char *what, GError **error)
{
    mig_source_set_error(error, code, image->source->origin + offset, "qcow2: %s", what);
    return false;
}

static bool take(const Image *image, uint64_t offset, void *buffer, size_t n,
                 GError **error)
{
    GError *failure = NULL;
    size_t got = mig_source_read_full(image->source, offset, buffer, n, &failure);

    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    return got == n ||
           refuse(image, MIG_ERROR_CONTAINER, MIN(offset, image->source->size) + got,
                  "the image ends within its header and snapshots", error);
}

/* --- the header --- */

/* Bits of the autoclear features, which who writes an image must clear unless it knows them: of bitmaps
 * alone, which speak of the disk, is known that they stay right. */
#define BITMAPS UINT64_C(1)

/* What the writing of a snapshot needs.  @header: zeros after byte 72 in version 2. */
static void take_edit(Image *image, const uint8_t *header)
{
    MigQcow2Edit *edit = &image->edit;
    uint64_t features = mig_be64(header + 72);

    edit->cluster_bits = image->map.cluster_bits;
    edit->active = image->map;
    edit->active.l1_entries = mig_be32(header + 36);
    edit->active.l1_offset = mig_be64(header + 40);
    edit->refcounts = mig_be64(header + 48);
    edit->refcounts_length = (uint64_t)mig_be32(header + 56) << edit->cluster_bits;
    edit->refcount_order = image->map.has_zero_flag ? mig_be32(header + 96) : 4;
    if (features & (DIRTY | CORRUPT)) {
        edit->reason = "the image is marked as not in order: \"qemu-img check -r all\" "
                       "puts it in order";
    } else if (edit->refcount_order > 6) {
        edit->reason = "its reference counts have no size that there is";
    } else if (mig_be64(header + 88) & ~BITMAPS) {
        edit->reason = "the image has features that are not known here";
    }
}

/* An image that is marked is read all the same. */
static void show_mark(MigContainer *container, const char *name, bool marked,
                      const char *words)
{
    mig_container_add_property(container, (MigProperty){ name, MIG_PROPERTY_FLAG, marked,
                                                         marked ? words : NULL, true });
}

static bool read_features(Image *image, const uint8_t *header, GError **error)
{
    uint64_t features = mig_be64(header + 72);

    if (features & ~(uint64_t)KNOWN) {
        mig_source_set_error(error, MIG_ERROR_UNSUPPORTED, image->source->origin + 72,
                             "qcow2: incompatible features 0x%" PRIx64
                             " are not supported",
                             features & ~(uint64_t)KNOWN);
        return false;
    }
    if (features & DATA_FILE) {
        return refuse(image, MIG_ERROR_UNSUPPORTED, 72,
                      "an image with an external data file has no internal snapshots",
                      error);
    }
    image->map.extended = (features & EXTENDED_L2) != 0;
    if (features & COMPRESSION_TYPE) {
        if (mig_be32(header + 100) < 105 || header[104] > 1) {
            return refuse(image, MIG_ERROR_UNSUPPORTED, 104,
                          "its type of compression is not supported", error);
        }
        image->map.zstd = header[104] == 1;
    }
    return true;
}

static bool read_header(Image *image, GError **error)
{
    uint8_t header[HEADER_LENGTH] = { 0 };
    uint32_t version;

    if (!take(image, 0, header, 72, error)) {
        return false;
    }
    version = mig_be32(header + 4);
    if (version != 2 && version != 3) {
        return refuse(image, MIG_ERROR_UNSUPPORTED, 4,
                      "only versions 2 and 3 of the format are supported", error);
    }
    image->map.cluster_bits = mig_be32(header + 20);
    if (image->map.cluster_bits < 9 || image->map.cluster_bits > 21) {
        return refuse(image, MIG_ERROR_CONTAINER, 20,
                      "its clusters have no size that there is", error);
    }
    if (mig_be32(header + 32) != 0) {
        return refuse(image, MIG_ERROR_UNSUPPORTED, 32,
                      "the image is encrypted, and its snapshots with it: load one (qemu "
                      "-loadvm NAME -S) and migrate it to a file",
                      error);
    }
    image->disk_size = mig_be64(header + 24);
    image->n_snapshots = mig_be32(header + 60);
    image->table_offset = mig_be64(header + 64);
    if (version == 3) {
        image->map.has_zero_flag = true;
        if (!take(image, 0, header, sizeof header, error) ||
            !read_features(image, header, error)) {
            return false;
        }
    }
    take_edit(image, header);
    show_mark(image->container, "dirty", mig_be64(header + 72) & DIRTY,
              "marked dirty: a QEMU ended while it wrote to it");
    show_mark(
        image->container, "corrupt", mig_be64(header + 72) & CORRUPT,
        "marked corrupt: QEMU loads no snapshot of it before \"qemu-img check -r all\"");
    return image->n_snapshots <= SNAPSHOTS_MAX ||
           refuse(image, MIG_ERROR_LIMIT, 60, "it has more than 65,536 snapshots", error);
}

/* --- the table of snapshots --- */

static void free_entry(gpointer p)
{
    Entry *entry = p;

    g_free(entry->shown.id);
    g_free(entry->shown.name);
    g_free(entry);
}

static void take_extra(Entry *entry, const uint8_t *extra, size_t n)
{
    if (n >= 8) {
        entry->shown.state_size = mig_be64(extra);
    }
    if (n >= 16) {
        entry->disk_size = mig_be64(extra + 8);
    }
    if (n >= 24) {
        entry->shown.icount = mig_be64(extra + 16);
        entry->shown.has_icount = entry->shown.icount != UINT64_MAX;
    }
}

/* The entry at *offset, which is moved after it; NULL with *error set. */
static Entry *read_entry(Image *image, uint64_t *offset, GError **error)
{
    uint8_t head[ENTRY_LENGTH], extra[24] = { 0 };

    if (!take(image, *offset, head, sizeof head, error)) {
        return NULL;
    }
    size_t id_length = mig_be16(head + 12);
    size_t name_length = mig_be16(head + 14);
    uint32_t extra_length = mig_be32(head + 36);
    if (extra_length > EXTRA_MAX) {
        refuse(image, MIG_ERROR_CONTAINER, *offset + 36,
               "a snapshot has more than 1,024 bytes of extra data", error);
        return NULL;
    }
    if (!mig_meter_spend(&image->meter, sizeof(Entry) + id_length + name_length)) {
        refuse(image, MIG_ERROR_IO, *offset, "no memory for its snapshots", error);
        return NULL;
    }
    Entry *entry = g_new0(Entry, 1);
    entry->l1_offset = mig_be64(head);
    entry->l1_entries = mig_be32(head + 8);
    entry->disk_size = image->disk_size;
    entry->at = *offset;
    entry->has_long_size = extra_length >= 8;
    entry->shown.seconds = mig_be32(head + 16);
    entry->shown.nanoseconds = mig_be32(head + 20);
    entry->shown.vm_clock = mig_be64(head + 24);
    entry->shown.state_size = mig_be32(head + 32);
    entry->shown.id = g_malloc0(id_length + 1);
    entry->shown.name = g_malloc0(name_length + 1);
    uint64_t at = *offset + ENTRY_LENGTH;
    bool ok =
        take(image, at, extra, MIN(extra_length, sizeof extra), error) &&
        take(image, at + extra_length, entry->shown.id, id_length, error) &&
        take(image, at + extra_length + id_length, entry->shown.name, name_length, error);
    if (!ok) {
        free_entry(entry);
        return NULL;
    }
    take_extra(entry, extra, extra_length);
    *offset = (at + extra_length + id_length + name_length + 7) & ~UINT64_C(7);
    return entry;
}

static bool read_snapshots(Image *image, GError **error)
{
    uint64_t offset = image->table_offset;

    image->container->snapshots = g_ptr_array_new_with_free_func(free_entry);
    for (uint32_t i = 0; i < image->n_snapshots; i++) {
        Entry *entry = read_entry(image, &offset, error);

        if (!entry) {
            return false;
        }
        g_ptr_array_add(image->container->snapshots, entry);
    }
    return true;
}

/* --- which of them --- */

/* "1 (before; 2026-11-27 11:50:01 UTC; 404,769 bytes; VM clock 12.345 s)" */
static void append_snapshot(GString *list, const MigSnapshot *snapshot)
{
    g_autofree char *id = g_strescape(snapshot->id, NULL);
    g_autofree char *name = g_strescape(snapshot->name, NULL);
    g_autoptr(GDateTime) taken = g_date_time_new_from_unix_utc(snapshot->seconds);
    g_autofree char *date = g_date_time_format(taken, "%Y-%m-%d %H:%M:%S UTC");
    g_autofree char *size = mig_number(snapshot->state_size);

    g_string_append_printf(list, "%s%s (%s; %s; ", list->len ? ", " : "", id, name, date);
    if (snapshot->state_size) {
        g_string_append_printf(list, "%s bytes; VM clock %" PRIu64 ".%03u s", size,
                               snapshot->vm_clock / NS,
                               (unsigned)(snapshot->vm_clock % NS / (NS / 1000)));
    } else {
        g_string_append(list, "a disk alone");
    }
    if (snapshot->has_icount) {
        g_string_append_printf(list, "; icount %" PRIu64, snapshot->icount);
    }
    g_string_append_c(list, ')');
}

static char *list_snapshots(const GPtrArray *snapshots)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < snapshots->len && i < NAMED_MAX; i++) {
        const Entry *entry = g_ptr_array_index(snapshots, i);

        append_snapshot(list, &entry->shown);
    }
    if (snapshots->len > NAMED_MAX) {
        g_string_append_printf(list, " and %u more", snapshots->len - NAMED_MAX);
    }
    return g_string_free(list, FALSE);
}

static Entry *find_by(const GPtrArray *snapshots, const char *wanted, bool by_name)
{
    for (guint i = 0; i < snapshots->len; i++) {
        Entry *entry = g_ptr_array_index(snapshots, i);

        if (strcmp(by_name ? entry->shown.name : entry->shown.id, wanted) == 0) {
            return entry;
        }
    }
    return NULL;
}

/* How many have the state of a guest, and the last of them. */
static guint find_states(const GPtrArray *snapshots, Entry **last)
{
    guint n = 0;

    *last = NULL;
    for (guint i = 0; i < snapshots->len; i++) {
        Entry *entry = g_ptr_array_index(snapshots, i);

        if (entry->shown.state_size > 0) {
            *last = entry;
            n++;
        }
    }
    return n;
}

static Entry *choose(const Image *image, const char *wanted, GError **error)
{
    const GPtrArray *snapshots = image->container->snapshots;
    g_autofree char *list = list_snapshots(snapshots);
    Entry *last;
    guint n_states = find_states(snapshots, &last);
    Entry *entry = wanted          ? find_by(snapshots, wanted, false)
                   : n_states == 1 ? last
                                   : NULL;

    if (wanted && !entry) {
        entry = find_by(snapshots, wanted, true);
    }
    if (entry && entry->shown.state_size > 0) {
        return entry;
    }
    if (snapshots->len == 0) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "not a migration stream: it is a qcow2 image without "
                            "snapshots: it holds a disk, not a migration; save the "
                            "guest's state with \"virsh save\"");
    } else if (entry) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "this snapshot is of a disk alone: it has %s", list);
    } else if (wanted) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "there is no snapshot \"%s\": it has %s", wanted, list);
    } else if (n_states == 0) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "not a migration stream: it is a qcow2 image whose snapshots "
                            "are of disks alone; \"virsh save\" and savevm save the "
                            "guest's state: it has %s",
                            list);
    } else {
        mig_error_set_plain(
            error, MIG_ERROR_USAGE,
            "it is a qcow2 image with several snapshots; --snapshot=ID chooses one that "
            "has the state of a guest: %s",
            list);
    }
    return NULL;
}

/* --- the container --- */

static bool qcow2_recognise(const uint8_t *head, size_t n)
{
    return n >= 4 && memcmp(head, "QFI\xfb", 4) == 0;
}

/* Where the state of @entry lies. */
static bool locate(Image *image, const Entry *entry, GError **error)
{
    MigQcow2Map *map = &image->map;
    uint64_t span = mig_qcow2_span(map);
    uint64_t first = entry->disk_size / span + (entry->disk_size % span > 0);

    map->l1_offset = entry->l1_offset;
    map->l1_entries = entry->l1_entries;
    if (map->l1_entries * 8 > L1_MAX || map->l1_offset >= image->source->size) {
        return refuse(image, MIG_ERROR_CONTAINER, image->table_offset,
                      "a snapshot has no sound L1 table", error);
    }
    if (first >= map->l1_entries ||
        entry->shown.state_size > (map->l1_entries - first) * span) {
        return refuse(image, MIG_ERROR_CONTAINER, image->table_offset,
                      "a snapshot's L1 table does not reach its state", error);
    }
    map->start = first * span;
    return true;
}

/* Whether they are listed, and none is read. */
static bool lists(const Image *image, const MigOpening *opening)
{
    Entry *last;

    return opening->unchosen && !opening->snapshot &&
           find_states(image->container->snapshots, &last) > 1;
}

static MigSource *nothing_new(void)
{
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);

    return mig_source_memory_new(nothing);
}

static MigSource *qcow2_open(MigSource *source, MigOpening *opening, GError **error)
{
    g_autoptr(MigSource) owned = source;
    Image image = { .source = source, .container = opening->container };
    MigSource *state;
    Entry *entry;

    if (!source->seekable) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "a qcow2 image is read from a file, not from a pipe or what "
                            "is compressed");
        return NULL;
    }
    if (!read_header(&image, error) || !read_snapshots(&image, error)) {
        return NULL;
    }
    if (lists(&image, opening)) {
        opening->container->words = "a qcow2 image with several snapshots";
        return nothing_new();
    }
    entry = choose(&image, opening->snapshot, error);
    if (!entry || !locate(&image, entry, error)) {
        return NULL;
    }
    entry->shown.is_read = true;
    opening->container->words = "a snapshot in a qcow2 image";
    state =
        mig_source_qcow2_new(g_steal_pointer(&owned), &image.map, entry->shown.state_size,
                             mig_expansion_max(opening->expansion, source->size), error);
    if (state) {
        image.edit.source = state;
        image.edit.active.start = image.map.start;
        image.edit.has_active = image.map.start >= image.disk_size;
        image.edit.entry = entry->at;
        image.edit.has_long_size = entry->has_long_size;
        image.edit.recorded = entry->shown.state_size;
        opening->container->edit = g_memdup2(&image.edit, sizeof image.edit);
    }
    return state;
}

/* Why the snapshot of @wrapping cannot be written where it lies; NULL: it can. */
static const char *reason_of(const MigWrapping *wrapping)
{
    const MigContainer *as = wrapping->as;

    return !as || !as->edit || mig_input_container(wrapping->options->like, 0) != as
               ? "a snapshot in a qcow2 image is only written where it lies"
           : !wrapping->options->over
               ? "the image cannot be changed where it lies, since it may not be "
                 "written or has several names"
               : as->edit->reason;
}

/* Whether the size that is recorded is that of what was transferred, as QEMU has it of a mapped-ram
 * stream, which has gaps; such a size stays. */
static bool keeps_size(const MigWrapping *wrapping)
{
    const MigQcow2Edit *edit = wrapping->as->edit;

    return wrapping->options->ram == MIG_OUTPUT_RAM_AS_INPUT &&
           edit->source->size != edit->recorded;
}

static MigSink *qcow2_wrap(MigSink *sink, const MigWrapping *wrapping, GError **error)
{
    const char *reason = reason_of(wrapping);

    if (wrapping->payload) {
        mig_sink_free(sink);
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "qcow2: QEMU does not load a snapshot whose state is "
                            "compressed; -o FILE instead of --in-place writes the "
                            "stream alone, and compresses that");
        return NULL;
    }
    if (reason) {
        mig_sink_free(sink);
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "qcow2: %s; " MIG_QCOW2_WAY_AROUND, reason);
        return NULL;
    }
    return mig_sink_qcow2_new(sink, wrapping->as->edit, keeps_size(wrapping));
}

const MigContainerType mig_container_qcow2 = {
    .name = "qcow2",
    .recognise = qcow2_recognise,
    .open = qcow2_open,
    .wrap = qcow2_wrap,
};
