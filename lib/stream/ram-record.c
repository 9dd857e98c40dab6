/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      cutting one record of the ram section.
 * Knows not: blocks, and what came before.
 * Beside it: stream/ram.c, which has the layout; stream/page-size.c, which tries.
 */
#include "stream/body.h"

#define WORD 8u

uint32_t mig_ram_compress_bound(uint32_t n)
{
    return n + (n >> 12) + (n >> 14) + (n >> 25) + 13;
}

static RamRecordStatus wants(RamRecord *record, uint64_t length)
{
    record->length = (uint32_t)length;
    return RAM_RECORD_SHORT;
}

RamRecordStatus mig_ram_record(const uint8_t *p, size_t n, uint32_t page_size,
                               RamRecord *record)
{
    uint32_t at = WORD;
    uint64_t word;

    if (n < WORD) {
        return wants(record, WORD);
    }
    word = mig_be64(p);
    *record = (RamRecord){ .flags = (uint32_t)(word & (page_size - 1)),
                           .offset = word & ~(uint64_t)(page_size - 1) };
    switch (record->flags & ~(uint32_t)MIG_RAM_CONTINUE) {
    case MIG_RAM_ZERO:
    case MIG_RAM_PAGE:
    case MIG_RAM_XBZRLE:
    case MIG_RAM_COMPRESS_PAGE:
        break;
    case MIG_RAM_MEM_SIZE:
    case MIG_RAM_EOS:
    case MIG_RAM_HOOK:
    case MIG_RAM_MULTIFD_FLUSH:
        record->length = WORD;
        return RAM_RECORD_OK;
    default:
        return RAM_RECORD_BAD_FLAGS;
    }
    if (!(record->flags & MIG_RAM_CONTINUE)) {
        if (n < at + 1) {
            return wants(record, at + 1);
        }
        record->name_length = p[at];
        at += 1u + record->name_length;
    }
    if (record->flags & MIG_RAM_PAGE) {
        record->data_offset = at;
        record->data_length = page_size;
    } else if (record->flags & MIG_RAM_ZERO) {
        if (n < at + 1) {
            return wants(record, at + 1);
        }
        record->fill = p[at];
        record->data_offset = at + 1;
    } else if (record->flags & MIG_RAM_XBZRLE) {
        if (n < at + 3) {
            return wants(record, at + 3);
        }
        record->data_offset = at + 3;
        record->data_length = mig_be16(p + at + 1);
        if (p[at] != MIG_XBZRLE_ENCODING || record->data_length > page_size) {
            return RAM_RECORD_BAD_ENCODING;
        }
    } else {
        if (n < at + 4) {
            return wants(record, at + 4);
        }
        record->data_offset = at + 4;
        record->data_length = mig_be32(p + at);
        if (record->data_length > mig_ram_compress_bound(page_size)) {
            return RAM_RECORD_BAD_LENGTH;
        }
    }
    record->length = record->data_offset + record->data_length;
    return n < record->length ? RAM_RECORD_SHORT : RAM_RECORD_OK;
}
