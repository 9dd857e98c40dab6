/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the block section: block migration, up to 9.0.
 * Must not know: images.
 * See also:      stream/block.h, for who wants what is in them; stream/records.h.
 *
 * Records of a be64 word first, flags in its low 9 bits:
 *   0x01 DEVICE_BLOCK  value is the first sector: pstr8 device | 1 MiB, or nothing with
 *                      0x08 ZERO_BLOCK
 *   0x04 PROGRESS      value is a percentage
 *   0x02 EOS           the body's end
 * Source: migration/block.c, blk_send(), block_load(), 5.2 and 7.2.
 */
#include "stream/block.h"

#include <string.h>

#include "stream/defect.h"
#include "stream/records.h"

#define FLAG_DEVICE_BLOCK 0x01u
#define FLAG_EOS          0x02u
#define FLAG_PROGRESS     0x04u
#define FLAG_ZERO_BLOCK   0x08u
#define FLAG_BITS         9
#define WORD              8u

static const char name_data[] = "DEVICE_BLOCK", name_zero[] = "ZERO_BLOCK";

static MigStatus block_next(MigReader *r, void *state, MigItem *item, GError **error)
{
    unsigned *step = state;
    const uint8_t *p;
    uint64_t value;
    uint32_t flags;

    if (*step) {
        return MIG_STATUS_END;
    }
    p = mig_reader_need(r, item, WORD, "block record", error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    flags = mig_be64(p) & ((1u << FLAG_BITS) - 1);
    value = mig_be64(p) >> FLAG_BITS;
    switch (flags) {
    case FLAG_EOS:
        *step = 1;
        return mig_record(item, "EOS", 0, WORD);
    case FLAG_PROGRESS:
        return mig_record(item, "PROGRESS", value, WORD);
    case FLAG_DEVICE_BLOCK:
    case FLAG_DEVICE_BLOCK | FLAG_ZERO_BLOCK:
        p = mig_reader_need(r, item, WORD + 1, "block record", error);
        if (!p) {
            return MIG_STATUS_ERROR;
        }
        return flags & FLAG_ZERO_BLOCK
                   ? mig_record(item, name_zero, value, WORD + 1 + p[WORD])
                   : mig_record(item, name_data, value,
                                WORD + 1 + p[WORD] + MIG_DISK_CHUNK);
    default:
        return mig_reader_malformed(r, item->offset, MIG_DEFECT_RECORD_FLAG, error,
                                    "unknown block migration flags 0x%x", flags);
    }
}

bool mig_item_is_disk(const MigItem *item)
{
    return item->kind == MIG_ITEM_RECORD &&
           (item->record.name == name_data || item->record.name == name_zero);
}

void mig_disk_record_parse(const MigItem *item, const uint8_t *p, MigDiskRecord *record)
{
    size_t length = p[WORD];

    memcpy(record->name, p + WORD + 1, length);
    record->name[length] = 0;
    record->sector = item->record.value;
    record->data = item->record.name == name_data ? p + WORD + 1 + length : NULL;
}

const MigBody mig_body_block = { .idstr = "block", .next = block_next };
