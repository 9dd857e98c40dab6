/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the shape that the small special sections share: a record, its name, a
 *                value.
 * Must not know: any of the sections.  Private to stream/.
 * See also:      stream/block.c, dirty-bitmap.c, htab.c, s390.c.
 */
#ifndef MIG_STREAM_RECORDS_H
#define MIG_STREAM_RECORDS_H

#include "stream/body.h"

static inline MigStatus mig_record(MigItem *item, const char *name, uint64_t value,
                                   uint64_t length)
{
    item->kind = MIG_ITEM_RECORD;
    item->record.name = name;
    item->record.value = value;
    item->length = length;
    return MIG_STATUS_MORE;
}

#endif
