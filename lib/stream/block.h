/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a record of the block section says of a disk.
 * Must not know: images.
 * See also:      stream/block.c, which cuts the records; device/disk-image.h.
 */
#ifndef MIG_STREAM_BLOCK_H
#define MIG_STREAM_BLOCK_H

#include "stream/item.h"

/* Bytes of a disk that a record has: always as many, also at the disk's end. */
#define MIG_DISK_CHUNK (1u << 20)

typedef struct MigDiskRecord {
    char name[256];      /* of the disk, closed by a NUL */
    uint64_t sector;     /* of 512 bytes, the first one */
    const uint8_t *data; /* MIG_DISK_CHUNK bytes; NULL: zeros */
} MigDiskRecord;

/* Whether @item has something of a disk. */
bool mig_item_is_disk(const MigItem *item);

/* What that is; @p: the bytes of the item, which outlive the record. */
void mig_disk_record_parse(const MigItem *item, const uint8_t *p, MigDiskRecord *record);

#endif
