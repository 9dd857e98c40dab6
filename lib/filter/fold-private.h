/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the parts of the filter fold share.
 * Must not know: other filters.  Private to fold*.c.
 * See also:      fold.c, pages and the outer list; fold-vfio.c, device state;
 *                fold-postcopy.c; fold-missing.c.
 */
#ifndef MIG_FILTER_FOLD_PRIVATE_H
#define MIG_FILTER_FOLD_PRIVATE_H

#include "filter/description-edit.h"
#include "filter/filter.h"
#include "io/long-array.h"
#include "stream/page-set.h"
#include "stream/vfio-packets.h"

typedef struct MigFold {
    MigVfioPackets *packets; /* of device state, by the scan */
    MigDescriptionEdit *edit;
    bool multifd;            /* there are multifd channels */
    const MigRamBlock *last; /* what CONTINUE means where the output is */
    GByteArray *written; /* by the index of a section: what was written of its device */
    bool data_written;   /* of the device whose END is open */
    bool full_written;   /* or whose FULL is open: what follows in it is dropped */
    uint64_t n_devices;  /* with packets, whose FULL was written */
    uint64_t n_pages, n_dropped;

    /* Of a main channel alone: whether others lack. */
    bool content;            /* a record has a page's content: none does */
    bool untold;             /* there is no room to keep account */
    GArray *zeros;           /* MigPageSet, by block: pages that came; NULL: none */
    MigPageStore zero_pages; /* of those */

    /* Of a switch to postcopy. */
    MigLongArray *held; /* MigItem, of what was packaged; NULL: none */
    GArray *discarded;  /* by block; NULL: none */
    MigPageStore pages; /* of those */
} MigFold;

/* Takes note of a packet of device state in the scan. */
bool mig_fold_scan_device(MigFold *fold, MigNext *next, const MigItem *item,
                          GError **error);

/* A record of a VFIO device on the main channel. */
bool mig_fold_vfio(MigFold *fold, MigNext *next, const MigItem *item, GError **error);

/* Takes note of a RAM_DISCARD; of pages that came; keeps what was packaged. */
bool mig_fold_discard(MigFold *fold, MigNext *next, const MigItem *item, GError **error);
bool mig_fold_sent(MigFold *fold, const MigItem *item, GError **error);
bool mig_fold_hold(MigFold *fold, MigNext *next, const MigItem *item, GError **error);

/* Takes note of pages that came, which lie in a block. */
void mig_fold_note_pages(MigFold *fold, const MigItem *item);

/* Before @item, the end mark: whether all that was sent is there. */
bool mig_fold_judge_pages(const MigFold *fold, MigNext *next, const MigItem *item,
                          GError **error);
void mig_fold_clear_pages(MigFold *fold);

/* Before @item, the end mark: emits what was kept. */
bool mig_fold_release(MigFold *fold, MigNext *next, const MigItem *item, GError **error);
void mig_fold_clear_postcopy(MigFold *fold);

#endif
