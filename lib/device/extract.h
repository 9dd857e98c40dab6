/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the parts of a stream that can be taken out of it: what RAM and disks hold
 *                at the end, bodies of sections, data of VFIO devices, the description.
 * Must not know: what the files are called, and how they are opened.
 * See also:      device/ram-image.h, which has the pages; stream/address.h, by which parts are
 *                chosen.
 */
#ifndef MIG_DEVICE_EXTRACT_H
#define MIG_DEVICE_EXTRACT_H

#include "device/ram-image.h"
#include "io/output.h"
#include "stream/address.h"
#include "stream/reader.h"

G_BEGIN_DECLS

typedef enum MigExtractWhat {
    MIG_EXTRACT_RAM,      /* blocks that are chosen: a file for each */
    MIG_EXTRACT_VFIO,     /* VFIO devices that are chosen: two files for each */
    MIG_EXTRACT_SECTIONS, /* the bodies of sections that are chosen, one after the other */
    MIG_EXTRACT_DESCRIPTION, /* its JSON text */
    MIG_EXTRACT_DISK, /* disks of a block migration that are chosen: a file for each */
} MigExtractWhat;

/* What a file holds. */
typedef enum MigExtractPart {
    MIG_EXTRACT_PART_RAM, /* the block; what is zero, or is not in the stream, is a hole */
    MIG_EXTRACT_PART_DATA,   /* the device data of all records, one after the other */
    MIG_EXTRACT_PART_CONFIG, /* its configuration space as text that "lspci -F" reads */
    MIG_EXTRACT_PART_DISK, /* the disk, in 1 MiB; what is zero, or was not sent, is a hole */
} MigExtractPart;

/*
 * Opens an empty file for @part of @name: a RAM block, a disk, or the address of a device; names are as
 * the stream has them, and hold anything.  Called once for a part and a name, when something of
 * it is seen first.
 * Returns a descriptor for writing, of RAM and disks for reading too, which is borrowed until
 * mig_extract_free(); -1 with *error set to give up.
 */
typedef int MigExtractOpen(MigExtractPart part, const char *name, void *user,
                           GError **error);

/* As MIG_INPUT_OPTIONS_INIT. */
#define MIG_EXTRACT_OPTIONS_INIT .size = sizeof(MigExtractOptions)

typedef struct MigExtractOptions {
    size_t size; /* bytes of this structure */
    MigExtractWhat what;
    MigAddresses *names;  /* of what is chosen; afterwards they know what meant nothing */
    MigOutput *out;       /* SECTIONS, DESCRIPTION: where to; else NULL */
    MigExtractOpen *open; /* RAM, VFIO, DISK; else NULL */
    void *user;           /* handed to @open */
} MigExtractOptions;

typedef struct MigExtract MigExtract;

/* @reader and what @options points to are borrowed until mig_extract_free().  NULL, with a GLib critical, if
 * their size is none or they have what the library does not know. */
MIG_API MigExtract *mig_extract_new(MigReader *reader, const MigExtractOptions *options);
MIG_API void mig_extract_free(MigExtract *extract);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigExtract, mig_extract_free)

/* Takes what is wanted of @item, the one that the reader has just read; all items of a stream in
 * order.  Errors: those of mig_ram_image_watch(), of mig_output_write(), of the input and of
 * the callback; of disks LIMIT for more or longer ones than are kept account of, and UNSUPPORTED
 * for a place that no QEMU sends; IO. */
MIG_API bool mig_extract_watch(MigExtract *extract, const MigItem *item, GError **error);

/* Writes what is known at the end only.  Call once, after the last item.  Errors: UNMATCHED
 * where a stream has no description; IO; those of the callback. */
MIG_API bool mig_extract_finish(MigExtract *extract, GError **error);

/* With RAM, which pages the stream did carry; else NULL.  Lives as long as @extract. */
MIG_API const MigRamImage *mig_extract_ram_image(const MigExtract *extract);

/* A disk of which the stream has something.  The stream does not say how long it is: the end of
 * the last MiB that was sent is taken for its end. */
typedef struct MigDisk {
    const char *name; /* of QEMU's block backend, as the stream has it */
    bool chosen;      /* the members below are of those */
    uint64_t length;  /* bytes of its file */
    uint64_t missing; /* bytes of it that the stream does not have; known at the end */
    uint64_t first_missing; /* where the first is */
} MigDisk;

/* With DISK, all disks, *n of them; else NULL.  They live as long as @extract. */
MIG_API const MigDisk *const *mig_extract_disks(const MigExtract *extract, size_t *n);

/* With DISK, what mig_addresses_complaint() says of other names: of a disk that was chosen and
 * is not there.  The caller frees it. */
MIG_API char *mig_extract_disk_complaint(const MigExtract *extract, size_t *i,
                                         const char *option);

G_END_DECLS

#endif
