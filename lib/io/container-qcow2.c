/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the header of a qcow2 image, and the way to the state of a snapshot.
 * Must not know: what a snapshot holds.
 * See also:      container-type.h; qcow2-snapshots.c, which of them is read; source-qcow2.c, which
 *                finds the bytes.
 *
 * The state of a guest is a migration stream after the end of its disk, under the L1 table of the
 * snapshot: at the first byte that a new L1 entry maps.  Numbers are big-endian.
 *
 * Source: QEMU's docs/interop/qcow2.rst, and block/qcow2.h (qcow2_vm_state_offset), 5.2 to 11.1.
 */
#include "io/container-type.h"

#include <inttypes.h>
#include <string.h>

#include "io/byte-order.h"
#include "io/qcow2-snapshots.h"
#include "io/qcow2.h"

#define HEADER_LENGTH 112

/* As QEMU's block/qcow2.h: snapshots, and bytes of an L1 table. */
#define SNAPSHOTS_MAX 65536u
#define L1_MAX        (UINT64_C(32) << 20)

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
} Image;

static bool refuse(const Image *image, MigErrorCode code, uint64_t offset,
                   const char *what, GError **error)
{
    return mig_qcow2_refuse(image->source, code, offset, what, error);
}

static bool take(const Image *image, uint64_t offset, void *buffer, size_t n,
                 GError **error)
{
    return mig_qcow2_read(image->source, offset, buffer, n, error);
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
                             " are not supported: load a snapshot with a QEMU that knows "
                             "them (qemu -loadvm NAME -S) and migrate it to a file",
                             features & ~(uint64_t)KNOWN);
        return false;
    }
    if (features & DATA_FILE) {
        return refuse(image, MIG_ERROR_UNSUPPORTED, 72,
                      "an image with an external data file has no internal snapshots: "
                      "save the guest's state with \"virsh save\"",
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
                      version == 1 ? "an image of version 1 has no snapshots: it holds a "
                                     "disk, not a migration; save the guest's state with "
                                     "\"virsh save\""
                                   : "only versions 2 and 3 of the format are supported",
                      error);
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

/* --- the container --- */

static bool qcow2_recognise(const uint8_t *head, size_t n)
{
    return n >= 4 && memcmp(head, "QFI\xfb", 4) == 0;
}

/* Where the state of @entry lies. */
static bool locate(Image *image, const MigQcow2Entry *entry, GError **error)
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
    return opening->unchosen && !opening->snapshot &&
           mig_qcow2_snapshots_states(image->container->snapshots, NULL) > 1;
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
    MigQcow2Entry *entry;

    if (!source->seekable) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "a qcow2 image is read from a file, not from a pipe or what "
                            "is compressed");
        return NULL;
    }
    if (!read_header(&image, error)) {
        return NULL;
    }
    opening->container->snapshots = mig_qcow2_snapshots_read(
        source, image.table_offset, image.n_snapshots, image.disk_size, error);
    if (!opening->container->snapshots) {
        return NULL;
    }
    if (lists(&image, opening)) {
        opening->container->words = "a qcow2 image with several snapshots";
        return nothing_new();
    }
    entry = mig_qcow2_snapshots_choose(opening->container->snapshots, opening->snapshot,
                                       error);
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
    .is_scattered = true,
    .recognise = qcow2_recognise,
    .open = qcow2_open,
    .wrap = qcow2_wrap,
};
