/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the check that the items between two filters are still a stream.
 * Must not know: bytes; which filter is at fault.
 * See also:      filter/chain.c, which has one per hop.
 */
#ifndef MIG_FILTER_HOP_H
#define MIG_FILTER_HOP_H

#include "stream/item.h"

/* Zeros at first. */
typedef struct MigHop {
    GTree *bound;        /* section ids that a START or FULL has bound */
    bool open;           /* inside of a section */
    uint32_t section_id; /* of that */
    bool ended;
} MigHop;

/* NULL, or what is wrong with @item after those before it: a static string. */
const char *mig_hop_check(MigHop *hop, const MigItem *item);

void mig_hop_clear(MigHop *hop);

#endif
