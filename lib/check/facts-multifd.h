/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the packets of multifd channels add up to.
 * Must not know: whether that is right.  Private to check/.
 * See also:      check/facts.h, of which it is a part.
 *
 * Memory: 8 bytes a channel, and what sets of pages take for those of one epoch.
 */
#ifndef MIG_CHECK_FACTS_MULTIFD_H
#define MIG_CHECK_FACTS_MULTIFD_H

#include "stream/page-set.h"
#include "stream/reader.h"
#include "stream/vfio-packets.h"

typedef struct MigMultifdFacts {
    bool seen;               /* multifd channels are read beside the main one */
    GArray *next_numbers;    /* uint64_t by channel: one more than its last packet has */
    GArray *epoch;           /* MigPageSet by MigRamBlock.index: pages of this epoch */
    MigPageStore pages;      /* of those */
    bool epoch_open;         /* some page came in it */
    MigVfioPackets *devices; /* packets of device state */
} MigMultifdFacts;

void mig_multifd_facts_init(MigMultifdFacts *facts);
void mig_multifd_facts_clear(MigMultifdFacts *facts);

/* Takes in @item, of any channel.  Errors: IO where there is no room. */
bool mig_multifd_facts_update(MigMultifdFacts *facts, const MigItem *item,
                              GError **error);

/* The number that the next packet of @channel has at least. */
uint64_t mig_multifd_facts_number(const MigMultifdFacts *facts, uint32_t channel);

/* Whether a page of @run came in this epoch; *address is that of the first that did. */
bool mig_multifd_facts_again(const MigMultifdFacts *facts, const MigRamPages *run,
                             uint64_t *address);

#endif
