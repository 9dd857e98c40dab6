/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whether what fold has seen at the end is all that was sent.
 * Must not know: where pages go.
 * See also:      fold.c; stream/merge.h, which counts packets.
 *
 * Of channels that are there, the numbers of packets tell whether others are not.  Without any,
 * a source up to 8.0 leaves no mark on the main channel that there were some, but none of its
 * records has a page's content then: multifd moves all of those.
 */
#include "filter/fold-private.h"

#include "stream/merge.h"
#include "stream/page-kind.h"

void mig_fold_note_pages(MigFold *fold, const MigItem *item)
{
    const MigRamPages *run = &item->pages;
    MigPageSet *set;

    fold->content |= mig_page_kind(run->kind)->content != MIG_PAGE_FILLED;
    if (fold->content || fold->untold) {
        return;
    }
    if (!fold->zeros) {
        fold->zeros = g_array_new(false, true, sizeof(MigPageSet));
        mig_page_store_init(&fold->zero_pages);
    }
    if (run->block->index >= fold->zeros->len) {
        g_array_set_size(fold->zeros, run->block->index + 1);
    }
    set = &g_array_index(fold->zeros, MigPageSet, run->block->index);
    fold->untold =
        (!set->index && !mig_page_set_init(set, &fold->zero_pages,
                                           run->block->used_length / run->page_size)) ||
        !mig_page_set_add(set, &fold->zero_pages, run->address / run->page_size,
                          run->n_pages);
}

/* Pages of all blocks that did not come. */
static uint64_t count_missing(const MigFold *fold, const MigReader *reader)
{
    uint32_t page_size = mig_reader_page_size(reader);
    uint64_t missing = 0;
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(reader, &n);

    for (size_t i = 0; page_size && i < n; i++) {
        missing += blocks[i]->mapped ? 0 : blocks[i]->used_length / page_size;
        missing -= fold->zeros && i < fold->zeros->len
                       ? g_array_index(fold->zeros, MigPageSet, i).n_in
                       : 0;
    }
    return missing;
}

bool mig_fold_judge_pages(const MigFold *fold, MigNext *next, const MigItem *item,
                          GError **error)
{
    const MigReader *reader = mig_next_reader(next);
    const MigConfiguration *conf = mig_reader_configuration(reader);
    g_autofree char *lack = mig_reader_lacks_packets(reader);
    uint64_t missing;

    if (lack) {
        return mig_next_refuse(next, item, NULL, error,
                               "%s: a packet or a channel is missing", lack);
    }
    if (fold->multifd || fold->content || fold->untold ||
        (conf && (conf->x_ignore_shared || conf->mapped_ram))) {
        return true;
    }
    missing = count_missing(fold, reader);
    return !missing ||
           mig_next_refuse(next, item, NULL, error,
                           "%" PRIu64 " pages of RAM did not come, and no record has a "
                           "page's content: other channels have them, which are not "
                           "there",
                           missing);
}

void mig_fold_clear_pages(MigFold *fold)
{
    for (guint i = 0; fold->zeros && i < fold->zeros->len; i++) {
        mig_page_set_clear(&g_array_index(fold->zeros, MigPageSet, i));
    }
    if (fold->zeros) {
        g_array_unref(fold->zeros);
        mig_page_store_clear(&fold->zero_pages);
    }
}
