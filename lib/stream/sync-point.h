/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where on the main channel a loader waits for the multifd channels.
 * Must not know: the channels.  Private to the library.
 * See also:      stream/merge.c; live/passing.c.
 *
 * It waits at each MULTIFD_FLUSH; or, where START has none, at the EOS of each body of ram.
 * Source: migration/ram.c, ram_save_setup() and ram_load_precopy(); 5.2 to 11.1.
 */
#ifndef MIG_STREAM_SYNC_POINT_H
#define MIG_STREAM_SYNC_POINT_H

#include "stream/item.h"

/* What START has told. */
typedef struct MigSyncPoints {
    bool flushed;   /* it has a MULTIFD_FLUSH */
    bool each_body; /* the EOS of each body of ram is a sync point */
} MigSyncPoints;

/* Whether @item of the main channel is one; all of its items are to be shown. */
static inline bool mig_sync_point_is(MigSyncPoints *points, const MigItem *item)
{
    if (item->kind != MIG_ITEM_RAM_MARK) {
        return false;
    }
    if (item->ram_mark.flag == MIG_RAM_MULTIFD_FLUSH) {
        points->flushed = true;
        return true;
    }
    if (item->type == MIG_SECTION_START) {
        points->each_body = !points->flushed;
    }
    return item->ram_mark.flag == MIG_RAM_EOS && points->each_body;
}

#endif
