/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see facts-multifd.h.
 * Must not know: rules.
 * See also:      stream/merge.h: an epoch ends where the main channel goes on.
 */
#include "check/facts-multifd.h"

static void clear_set(gpointer p)
{
    mig_page_set_clear(p);
}

void mig_multifd_facts_init(MigMultifdFacts *facts)
{
    *facts = (MigMultifdFacts){
        .next_numbers = g_array_new(false, true, sizeof(uint64_t)),
        .epoch = g_array_new(false, true, sizeof(MigPageSet)),
        .devices = mig_vfio_packets_new(),
    };
    g_array_set_clear_func(facts->epoch, clear_set);
    mig_page_store_init(&facts->pages);
}

void mig_multifd_facts_clear(MigMultifdFacts *facts)
{
    g_array_unref(facts->next_numbers);
    g_array_unref(facts->epoch);
    mig_page_store_clear(&facts->pages);
    mig_vfio_packets_free(facts->devices);
}

uint64_t mig_multifd_facts_number(const MigMultifdFacts *facts, uint32_t channel)
{
    return channel < facts->next_numbers->len
               ? g_array_index(facts->next_numbers, uint64_t, channel)
               : 0;
}

static void watch_packet(MigMultifdFacts *facts, const MigItem *item)
{
    const MigMultifdPacket *packet = &item->multifd_packet;

    if (item->channel >= facts->next_numbers->len) {
        g_array_set_size(facts->next_numbers, item->channel + 1);
    }
    g_array_index(facts->next_numbers, uint64_t, item->channel) =
        MIN(packet->packet_num, UINT64_MAX - 1) + 1;
}

/* --- the pages of an epoch ----------------------------------------------------------- */

static MigPageSet *set_of(const MigMultifdFacts *facts, const MigRamBlock *block)
{
    return block && block->index < facts->epoch->len
               ? &g_array_index(facts->epoch, MigPageSet, block->index)
               : NULL;
}

bool mig_multifd_facts_again(const MigMultifdFacts *facts, const MigRamPages *run,
                             uint64_t *address)
{
    const MigPageSet *set = set_of(facts, run->block);

    for (uint32_t i = 0; set && set->index && i < run->n_pages; i++) {
        *address = run->address + (uint64_t)i * run->page_size;
        if (mig_page_set_has(set, &facts->pages, *address / run->page_size)) {
            return true;
        }
    }
    return false;
}

/* What there is no room for is not kept, and not found then. */
static void watch_pages(MigMultifdFacts *facts, const MigRamPages *run)
{
    MigPageSet *set;

    facts->epoch_open = true;
    if (!run->block) {
        return;
    }
    if (run->block->index >= facts->epoch->len) {
        g_array_set_size(facts->epoch, run->block->index + 1);
    }
    set = set_of(facts, run->block);
    if (set->index ||
        mig_page_set_init(set, &facts->pages, run->block->used_length / run->page_size)) {
        mig_page_set_add(set, &facts->pages, run->address / run->page_size, run->n_pages);
    }
}

static void end_epoch(MigMultifdFacts *facts)
{
    g_array_set_size(facts->epoch, 0);
    mig_page_store_clear(&facts->pages);
    mig_page_store_init(&facts->pages);
    facts->epoch_open = false;
}

/* --- all ------------------------------------------------------------------------------ */

bool mig_multifd_facts_update(MigMultifdFacts *facts, const MigItem *item, GError **error)
{
    if (!item->channel) {
        if (facts->epoch_open) {
            end_epoch(facts);
        }
        return true;
    }
    switch (item->kind) {
    case MIG_ITEM_MULTIFD_INITIAL:
        facts->seen = true;
        break;
    case MIG_ITEM_MULTIFD_PACKET:
        watch_packet(facts, item);
        break;
    case MIG_ITEM_MULTIFD_DEVICE:
        return mig_vfio_packets_watch(facts->devices, item, error);
    case MIG_ITEM_RAM_PAGES:
        watch_pages(facts, &item->pages);
        break;
    default:
        break;
    }
    return true;
}
