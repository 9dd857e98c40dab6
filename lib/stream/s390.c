/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          s390x: storage attributes (live), storage keys, the TOD clock.
 * Must not know: what keys and attributes mean.
 * See also:      stream/records.h.
 *
 * Attributes and keys: records of a be64 word first, flags in its low 12 bits:
 *   0x02 MORE   an address: be64 count, count bytes (a page each)
 *   0x04 ERROR  nothing
 * 0x08 DONE  nothing; the end, which an EOS may follow
 *   0x01 EOS    the body's end
 * todclock: u8 0, not there; or u8 1 | u8 high | be64 low.
 * Source: hw/s390x/s390-stattrib.c; hw/s390x/s390-skeys.c; hw/s390x/tod.c, 5.2 to 10.2.
 */
#include "stream/defect.h"
#include "stream/records.h"

#define FLAG_EOS   0x01u
#define FLAG_MORE  0x02u
#define FLAG_ERROR 0x04u
#define FLAG_DONE  0x08u
#define FLAG_MASK  0xfffu
#define WORD       8u

enum { STEP_RECORDS, STEP_DONE, STEP_END };

static MigStatus storage_next(MigReader *r, void *state, MigItem *item, GError **error)
{
    unsigned *step = state;
    const uint8_t *p;
    size_t n;
    uint64_t word, count;

    p = mig_reader_peek(r, WORD, &n);
    word = n < WORD ? 0 : mig_be64(p);
    if (*step == STEP_END || (*step == STEP_DONE && word != FLAG_EOS)) {
        return MIG_STATUS_END;
    }
    if (n < WORD) {
        return mig_reader_lacks(r, item->offset, WORD, n, "storage record", error);
    }
    switch (word & FLAG_MASK) {
    case FLAG_EOS:
        *step = STEP_END;
        return mig_record(item, "EOS", 0, WORD);
    case FLAG_DONE:
        *step = STEP_DONE;
        return mig_record(item, "DONE", 0, WORD);
    case FLAG_ERROR:
        return mig_record(item, "ERROR", 0, WORD);
    case FLAG_MORE:
        p = mig_reader_need(r, item, 2 * WORD, "storage record", error);
        if (!p) {
            return MIG_STATUS_ERROR;
        }
        count = mig_be64(p + WORD);
        if (count <= INT64_MAX - item->offset - 2 * WORD) {
            return mig_record(item, "MORE", word & ~(uint64_t)FLAG_MASK,
                              2 * WORD + count);
        }
        break;
    }
    return mig_reader_malformed(r, item->offset, MIG_DEFECT_RECORD_FLAG, error,
                                "storage record with flags 0x%x",
                                (unsigned)(word & FLAG_MASK));
}

static MigStatus todclock_next(MigReader *r, void *state, MigItem *item, GError **error)
{
    unsigned *step = state;
    const uint8_t *p;

    if (*step) {
        return MIG_STATUS_END;
    }
    p = mig_reader_need(r, item, 1, "TOD clock", error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    *step = 1;
    return mig_record(item, p[0] ? "CLOCK" : "MISSING", 0, p[0] ? 10 : 1);
}

const MigBody mig_body_storage_attributes = { .idstr = "s390-storage_attributes",
                                              .next = storage_next };
const MigBody mig_body_storage_keys = { .idstr = "s390-skeys", .next = storage_next };
const MigBody mig_body_todclock = { .idstr = "todclock", .next = todclock_next };
