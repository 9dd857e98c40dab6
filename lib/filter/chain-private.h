/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the insides of a chain, which its three files share.
 * Must not know: any one filter.
 * See also:      filter/chain.c, what filters ask and how items go from one to the next;
 *                filter/chain-text.c, text to filters; filter/chain-pass.c, the passes.
 */
#ifndef MIG_FILTER_CHAIN_PRIVATE_H
#define MIG_FILTER_CHAIN_PRIVATE_H

#include "filter/filter.h"
#include "filter/follower.h"
#include "filter/hop.h"
#include "stream/writer.h"

/* A filter of a chain. */
typedef struct MigFilterInstance {
    const MigFilterType *type;
    void *state;
    GString *text; /* as mig_chain_add() takes it */
    MigHop hop;    /* of what comes in */
    bool settled;  /* it gets no further option */
} MigFilterInstance;

void mig_filter_instance_free(gpointer instance);

struct MigChain {
    GPtrArray *instances;
    GArray *changes; /* MigChange */
    uint64_t more_changes;
    GStringChunk *strings;
    MigChainOptions options;
    bool ran;
    bool may_be_brief, was_brief;    /* a first pass */
    uint64_t unread_from, unread_to; /* of the first stage */
    bool skips_now;                  /* the last pass of the stage that runs */
    bool ram_was_read;               /* by some pass */

    /* Of the stage that runs: filters from @first to before @last. */
    size_t first, last;
    MigReader *reader;
    MigWriter *writer; /* NULL in a first pass */
    MigHop out_hop;
    MigFollower follower;
    uint8_t *scratch;
};

struct MigNext {
    MigChain *chain;
    size_t index; /* of the filter that asks */
};

static inline MigFilterInstance *mig_chain_instance(const MigChain *chain, size_t i)
{
    return g_ptr_array_index(chain->instances, i);
}

/* Makes the chain as it was before it ran: filters forget all but their options. */
bool mig_chain_reset(MigChain *chain, GError **error);

/* Puts the name of the filter before the message of @error. */
void mig_filter_type_prefix(const MigFilterType *type, GError **error);

/* Gives @item to the @i-th filter: to event(), or to scan() in a first pass. */
bool mig_chain_give(MigChain *chain, size_t i, const MigItem *item, bool scans,
                    GError **error);

/* Gives @item to the filters from the @i-th on, and what comes out to the writer. */
bool mig_chain_deliver(MigChain *chain, size_t i, const MigItem *item, GError **error);

#endif
