/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a switch to postcopy changes: sections that came before the rest of RAM,
 *                pages that were taken back.
 * Must not know: other channels.
 * See also:      fold.c; stream/discard.h.
 *
 * At the switch the source tells which pages it will send again, and sends the devices in
 * one PACKAGED command; then comes the rest of RAM.  A loader that reads a file wants all of
 * RAM before the devices, some of which look into it.  So the sections of the package come
 * last; what was discarded needs nothing, since the last content of a page is what counts,
 * but has to have come again.
 * Source: migration/migration.c, postcopy_start(); migration/savevm.c,
 * qemu_savevm_send_packaged(); migration/ram.c, ram_postcopy_send_discard_bitmap().
 */
#include "filter/fold-private.h"

#include "io/budget.h"
#include "stream/discard.h"
#include "stream/item-private.h"

/* Pages of a block that were discarded, and those of them that came again. */
typedef struct Discarded {
    const MigRamBlock *block; /* NULL: nothing of it was discarded */
    MigPageSet all, again;
} Discarded;

static void clear_discarded(gpointer p)
{
    Discarded *d = p;

    mig_page_set_clear(&d->all);
    mig_page_set_clear(&d->again);
}

/* NULL: nothing of it was discarded. */
static Discarded *discarded_of(const MigFold *fold, const MigRamBlock *block)
{
    Discarded *d = fold->discarded && block->index < fold->discarded->len
                       ? &g_array_index(fold->discarded, Discarded, block->index)
                       : NULL;

    return d && d->block ? d : NULL;
}

static bool lacks_memory(const MigItem *item, GError **error)
{
    mig_error_set(error, MIG_ERROR_IO, item->offset, NULL,
                  "cannot keep account of discarded pages");
    return false;
}

static Discarded *add_discarded(MigFold *fold, const MigRamBlock *block,
                                uint32_t page_size)
{
    uint64_t n = block->used_length / page_size;
    Discarded *d;

    if (!fold->discarded) {
        fold->discarded = g_array_new(false, true, sizeof(Discarded));
        g_array_set_clear_func(fold->discarded, clear_discarded);
        mig_page_store_init(&fold->pages);
    }
    if (block->index >= fold->discarded->len) {
        g_array_set_size(fold->discarded, block->index + 1);
    }
    d = &g_array_index(fold->discarded, Discarded, block->index);
    d->block = block;
    return mig_page_set_init(&d->all, &fold->pages, n) &&
                   mig_page_set_init(&d->again, &fold->pages, n)
               ? d
               : NULL;
}

/* Adds the pages of the ranges, of which each may be the whole block. */
static bool add_ranges(MigFold *fold, Discarded *d, const MigDiscard *discard,
                       uint32_t page_size, MigBudget *budget, const MigItem *item,
                       GError **error)
{
    for (size_t i = 0; i < discard->n_ranges; i++) {
        uint64_t length, start = mig_discard_range(discard, i, &length);
        uint64_t n = MIN(length / page_size, d->all.n_pages);

        if (!mig_budget_spend(budget, MIG_PAGE_SET_STEPS(n))) {
            mig_error_set(error, MIG_ERROR_LIMIT, item->offset, NULL,
                          "the RAM_DISCARDs have so many and so long ranges that keeping "
                          "account of them costs more than the stream is worth");
            return false;
        }
        if (!mig_page_set_add(&d->all, &fold->pages, start / page_size, n)) {
            return lacks_memory(item, error);
        }
    }
    return true;
}

bool mig_fold_discard(MigFold *fold, MigNext *next, const MigItem *item, GError **error)
{
    MigReader *reader = mig_next_reader(next);
    uint32_t size = mig_reader_page_size(reader);
    const uint8_t *p = mig_next_bytes(next, item, error);
    MigDiscard discard;
    const MigRamBlock *block;
    Discarded *d;

    if (!p) {
        return false;
    }
    if (!size || !mig_discard_parse(p, item->length, &discard) ||
        !(block = mig_reader_ram_block(reader, discard.name, discard.name_length))) {
        return mig_next_refuse(next, item, NULL, error,
                               "a RAM_DISCARD that makes no sense");
    }
    d = discarded_of(fold, block);
    d = d ? d : add_discarded(fold, block, size);
    if (!d) {
        mig_error_set(error, MIG_ERROR_LIMIT, item->offset, NULL,
                      "RAM block %s has more pages than are kept account of",
                      block->name);
        return false;
    }
    mig_budget_grant(mig_reader_budget(reader), item->length);
    return add_ranges(fold, d, &discard, size, mig_reader_budget(reader), item, error);
}

bool mig_fold_sent(MigFold *fold, const MigItem *item, GError **error)
{
    const MigRamPages *run = &item->pages;
    Discarded *d = discarded_of(fold, run->block);
    uint64_t first = run->address / run->page_size;

    for (uint64_t page = first; d && page < first + run->n_pages; page++) {
        if (mig_page_set_has(&d->all, &fold->pages, page) &&
            !mig_page_set_add(&d->again, &fold->pages, page, 1)) {
            return lacks_memory(item, error);
        }
    }
    return true;
}

bool mig_fold_hold(MigFold *fold, MigNext *next, const MigItem *item, GError **error)
{
    MigItem *kept;

    if (item->kind == MIG_ITEM_EOF) {
        return true;
    }
    if (!fold->held) {
        fold->held = mig_long_array_new(sizeof(MigItem));
    }
    kept = mig_item_keep(fold->held, item, error);
    return kept && mig_next_keep(next, item, kept, error);
}

/* All that was discarded came again. */
static bool judge_discarded(const MigFold *fold, MigNext *next, const MigItem *item,
                            GError **error)
{
    for (guint i = 0; fold->discarded && i < fold->discarded->len; i++) {
        const Discarded *d = &g_array_index(fold->discarded, Discarded, i);
        uint64_t missing = d->all.n_in - d->again.n_in;

        if (missing) {
            return mig_next_refuse(
                next, item, NULL, error,
                "%" PRIu64 " of the pages of block %s that were discarded did not come "
                "again: a channel is missing, or the migration broke off",
                missing, d->block->name);
        }
    }
    return true;
}

bool mig_fold_release(MigFold *fold, MigNext *next, const MigItem *item, GError **error)
{
    if (!judge_discarded(fold, next, item, error)) {
        return false;
    }
    for (guint i = 0; fold->held && i < fold->held->len; i++) {
        MigItem kept = g_array_index(fold->held, MigItem, i);

        kept.package_depth = 0;
        if (!mig_next_emit(next, &kept, error)) {
            return false;
        }
    }
    return true;
}

void mig_fold_clear_postcopy(MigFold *fold)
{
    for (guint i = 0; fold->held && i < fold->held->len; i++) {
        g_clear_pointer(&g_array_index(fold->held, MigItem, i).bytes, g_bytes_unref);
    }
    g_clear_pointer(&fold->held, mig_long_array_free);
    if (fold->discarded) {
        g_array_unref(fold->discarded);
        mig_page_store_clear(&fold->pages);
    }
}
