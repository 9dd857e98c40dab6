/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where the bytes of a snapshot lie in a qcow2 image.
 * Must not know: which snapshot is wanted, nor what its bytes mean.
 * See also:      container-qcow2.c, which reads the header; qcow2-snapshots.c, the table of snapshots;
 *                sink-qcow2.c, which writes a snapshot where it lies.
 */
#ifndef MIG_IO_QCOW2_H
#define MIG_IO_QCOW2_H

#include "io/sink.h"
#include "io/source.h"

typedef struct MigQcow2Map {
    unsigned cluster_bits;
    bool extended; /* L2 entries of 16 bytes, with a bitmap of subclusters */
    bool zstd;     /* Compressed clusters are zstd frames, not deflate. */
    bool has_zero_flag;
    uint64_t l1_offset, l1_entries;
    uint64_t start; /* Of the state, in bytes of what the table maps. */
} MigQcow2Map;

/* The bytes of the disk that an entry of the first table maps. */
uint64_t mig_qcow2_span(const MigQcow2Map *map);

/* Where a byte of the state lies. */
typedef struct MigQcow2Place {
    enum { MIG_QCOW2_ZERO, MIG_QCOW2_THERE, MIG_QCOW2_COMPRESSED } kind;
    uint64_t host;   /* its offset in the image; of a compressed cluster, the entry */
    uint64_t within; /* a cluster, in bytes */
    uint64_t left;   /* bytes of the same kind from it on */
} MigQcow2Place;

/*
 * The state of a snapshot, from map->start on.  @inner, which is taken over, is the image, and can
 * seek.  @length: the recorded one; where clusters follow those of it, as with mapped-ram, which
 * leaves gaps that are not counted, the state goes on to the last.  NULL with *error set: CONTAINER
 * for tables that are damaged, LIMIT for a state of more than @max bytes.
 */
MigSource *mig_source_qcow2_new(MigSource *inner, const MigQcow2Map *map, uint64_t length,
                                uint64_t max, GError **error);

/* The place of byte @offset of such a source, which may be after its end; with @map, by other tables
 * of the same image.  Errors as above. */
bool mig_source_qcow2_find(MigSource *source, const MigQcow2Map *map, uint64_t offset,
                           MigQcow2Place *place, GError **error);

/* Exactly @n bytes, no more than place->left, from @place on: zeros after the end of the image.
 * Errors as above. */
bool mig_source_qcow2_take(MigSource *source, const MigQcow2Place *place, void *buffer,
                           size_t n, GError **error);

/* The image of such a source, which stays the source's. */
MigSource *mig_source_qcow2_image(MigSource *source);

/* For who is refused: how the guest gets its changed state otherwise. */
#define MIG_QCOW2_WAY_AROUND                                                           \
    "-o FILE instead of --in-place writes the stream alone; then \"qemu-img snapshot " \
    "-a ID IMAGE\" brings back the disk, QEMU loads FILE with -incoming, and savevm "  \
    "makes a snapshot of it"

/* What is to be known to write a snapshot where it lies. */
typedef struct MigQcow2Edit {
    MigSource *source;  /* of its state; not to be freed */
    const char *reason; /* why it cannot be written; static; NULL: it can */
    unsigned cluster_bits;
    uint64_t refcounts, refcounts_length; /* their table, in bytes */
    unsigned refcount_order;              /* A count has 1 << refcount_order bits. */
    MigQcow2Map active;                   /* the disk's own tables, at the same start */
    bool has_active;                      /* They have no disk there. */
    uint64_t entry;                       /* of the table of snapshots, in the image */
    bool has_long_size;                   /* The entry has a size of 64 bits. */
    uint64_t recorded;                    /* the size that it has */
} MigQcow2Edit;

/*
 * Makes of @file, an empty file of mig_sink_file_new() that is taken over, a patch (io/patch.h) of
 * the image: the new bytes of the state, and its new length, but where @keeps_size says that this is
 * no length.  @edit lives as long as the sink.  Writing fails with REFUSED where a byte changes
 * that has no cluster of its own.
 */
MigSink *mig_sink_qcow2_new(MigSink *file, const MigQcow2Edit *edit, bool keeps_size);

#endif
