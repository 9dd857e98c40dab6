/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the check that what comes out of a chain can be read again where a section has no
 *                footer: a reader can tell that only by what follows.
 * Must not know: which filter is at fault.
 * See also:      stream/plausible.c, the same for bytes; filter/hop.h, the order of items.
 */
#ifndef MIG_FILTER_FOLLOWER_H
#define MIG_FILTER_FOLLOWER_H

#include "filter/filter.h"

/* Zeros at first. */
typedef struct MigFollower {
    /* As a reader knows it: the first section decides. */
    enum { MIG_FOOTERS_UNKNOWN, MIG_FOOTERS_THERE, MIG_FOOTERS_NOT_THERE } footers;
    bool open;      /* in a section whose footer has not come */
    bool device;    /* its state ends where the description says */
    bool after_eof; /* what follows the end mark counts as well */
} MigFollower;

/* Whether @item, which is to be written, may be where it is; @next is that of the last filter. */
bool mig_follower_check(MigFollower *follower, MigNext *next, const MigItem *item,
                        GError **error);

#endif
