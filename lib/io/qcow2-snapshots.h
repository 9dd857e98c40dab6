/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the table of snapshots of a qcow2 image, and which of them is read.
 * Must not know: where the state of a snapshot lies, nor what it holds.
 * See also:      qcow2.h; container-qcow2.c.
 */
#ifndef MIG_IO_QCOW2_SNAPSHOTS_H
#define MIG_IO_QCOW2_SNAPSHOTS_H

#include <glib.h>

#include "io/container.h"
#include "io/source.h"

typedef struct MigQcow2Entry {
    MigSnapshot shown; /* first, as MigContainer wants it */
    uint64_t l1_offset, l1_entries, disk_size;
    uint64_t at; /* of the entry, in the image */
    bool has_long_size;
} MigQcow2Entry;

/* The @n snapshots, MigQcow2Entry, of the table at @offset of @image, which can seek; of a
 * snapshot that does not say how large the disk was, it had @disk_size bytes.  NULL with *error
 * set. */
GPtrArray *mig_qcow2_snapshots_read(MigSource *image, uint64_t offset, uint32_t n,
                                    uint64_t disk_size, GError **error);

/* How many of them have the state of a guest; the last is put into *last, unless @last is NULL or
 * there is none. */
guint mig_qcow2_snapshots_states(const GPtrArray *snapshots, MigQcow2Entry **last);

/* The one whose id, or else name, is @wanted; for NULL the only one that has a state.  NULL with
 * *error set: USAGE where there is another to choose, UNSUPPORTED where none has a state. */
MigQcow2Entry *mig_qcow2_snapshots_choose(const GPtrArray *snapshots, const char *wanted,
                                          GError **error);

/* Exactly @n bytes of the header of @image, or of its table; false with *error set. */
bool mig_qcow2_read(MigSource *image, uint64_t offset, void *buffer, size_t n,
                    GError **error);

/* Sets *error, "qcow2: WHAT", at byte @offset of @image; false. */
bool mig_qcow2_refuse(const MigSource *image, MigErrorCode code, uint64_t offset,
                      const char *what, GError **error);

#endif
