/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the channels of a capture become one stream: where pages and device state
 *                of the others go on the main channel, and what it no longer needs.
 * Must not know: how channels are read; in which order their items come.
 * See also:      stream/merge.h, the order; fold-vfio.c; fold-postcopy.c;
 *                migstat-capture(5).
 *
 * The reader gives pages of other channels at the mark that makes a loader wait for them, so
 * they are written there, as records of the ram section that is open.  Records that follow
 * must name their block, where it is another one than that of the last page.
 */
#include "filter/fold-private.h"

#include "stream/command.h"
#include "stream/ram-record.h"

/* --- pages -------------------------------------------------------------------------- */

/* Emits the pages of @item, whose bytes are @p, as records that name their block if @named. */
static bool emit_pages(MigNext *next, const MigItem *item, const uint8_t *data,
                       size_t stride, bool named, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem run = *item;
    const MigRamBlock *block = run.pages.block;

    run.channel = 0;
    run.offset = mig_reader_tell(mig_next_reader(next));
    run.pages.named = named;
    mig_ram_pages_encode(&run.pages, named ? block->name : NULL,
                         named ? block->name_length : 0, data, stride, bytes);
    return mig_next_emit_bytes(next, &run, MIG_ITEM_RAM_PAGES, bytes->data, bytes->len,
                               error);
}

/* Pages of another channel: the item is their content, one after the other. */
static bool put_pages(MigFold *fold, MigNext *next, const MigItem *item, GError **error)
{
    const MigRamPages *run = &item->pages;
    const uint8_t *p = NULL;
    bool named = fold->last != run->block;

    if (run->kind == MIG_PAGE_NORMAL && !(p = mig_next_bytes(next, item, error))) {
        return false;
    }
    fold->last = run->block;
    fold->n_pages += run->n_pages;
    return emit_pages(next, item, p ? mig_ram_pages_data(run, p, 0) : NULL, run->stride,
                      named, error);
}

/* Pages of the main channel stay, and name their block where one has come between. */
static bool keep_pages(MigFold *fold, MigNext *next, const MigItem *item, GError **error)
{
    const MigRamPages *run = &item->pages;
    const uint8_t *p;

    if (item->defect || !run->block) {
        return mig_next_refuse(next, item, item->section, error,
                               "a page that lies in no RAM block");
    }
    if (run->named || fold->last == run->block) {
        fold->last = run->block;
        return mig_next_emit(next, item, error);
    }
    p = mig_next_bytes(next, item, error);
    if (!p) {
        return false;
    }
    fold->last = run->block;
    return emit_pages(next, item, run->data_length ? mig_ram_pages_data(run, p, 0) : NULL,
                      run->stride, true, error);
}

/* MULTIFD_FLUSH goes, which is all that tells of pages on other channels: they have to be
 * there, and have begun before the first of these marks. */
static bool keep_mark(const MigFold *fold, MigNext *next, const MigItem *item,
                      GError **error)
{
    if (item->ram_mark.flag != MIG_RAM_MULTIFD_FLUSH) {
        return mig_next_emit(next, item, error);
    }
    return fold->multifd ||
           mig_next_refuse(next, item, item->section, error,
                           "pages came on other channels, which are not there");
}

/* --- the outer list ----------------------------------------------------------------- */

/* A file has no return path, and is loaded without postcopy. */
static bool keep_command(MigFold *fold, MigNext *next, const MigItem *item,
                         GError **error)
{
    switch (item->command.id) {
    case MIG_CMD_OPEN_RETURN_PATH:
    case MIG_CMD_PING:
    case MIG_CMD_POSTCOPY_ADVISE:
    case MIG_CMD_POSTCOPY_LISTEN:
    case MIG_CMD_POSTCOPY_RUN:
    case MIG_CMD_PACKAGED:
        fold->n_dropped++;
        return true;
    case MIG_CMD_POSTCOPY_RAM_DISCARD:
        fold->n_dropped++;
        return mig_fold_discard(fold, next, item, error);
    case MIG_CMD_POSTCOPY_RESUME:
    case MIG_CMD_RECV_BITMAP:
        return mig_next_refuse(
            next, item, NULL, error,
            "the migration was paused and recovered, which is not folded");
    default:
        return mig_next_emit(next, item, error);
    }
}

/* Entries of the list have the host's page size only where postcopy may come. */
static bool keep_block(MigNext *next, const MigItem *item, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigRamBlock block = *item->block;

    if (!block.host_page_size) {
        return mig_next_emit(next, item, error);
    }
    block.host_page_size = 0;
    mig_ram_block_encode(&block, bytes);
    return mig_next_emit_bytes(next, item, MIG_ITEM_RAM_BLOCK, bytes->data, bytes->len,
                               error);
}

static bool take_pages(MigFold *fold, MigNext *next, const MigItem *item, GError **error)
{
    if (!(item->channel ? put_pages(fold, next, item, error)
                        : keep_pages(fold, next, item, error))) {
        return false;
    }
    mig_fold_note_pages(fold, item);
    return mig_fold_sent(fold, item, error);
}

static bool fold_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    MigFold *fold = state;

    if (item->package_depth && !item->channel && item->kind != MIG_ITEM_COMMAND) {
        return mig_fold_hold(fold, next, item, error);
    }
    switch (item->kind) {
    case MIG_ITEM_RAM_PAGES:
        return take_pages(fold, next, item, error);
    case MIG_ITEM_RAM_BLOCK:
        return keep_block(next, item, error);
    case MIG_ITEM_EOF:
        return mig_fold_judge_pages(fold, next, item, error) &&
               mig_fold_release(fold, next, item, error) &&
               mig_next_emit(next, item, error);
    case MIG_ITEM_RAM_MARK:
        return keep_mark(fold, next, item, error);
    case MIG_ITEM_COMMAND:
        return keep_command(fold, next, item, error);
    case MIG_ITEM_VFIO_RECORD:
        return mig_fold_vfio(fold, next, item, error);
    case MIG_ITEM_SECTION_HEADER:
        fold->data_written = fold->full_written = false;
        return mig_next_emit(next, item, error);
    case MIG_ITEM_DESCRIPTION:
        return mig_description_edit_item(fold->edit, next, item, error);
    case MIG_ITEM_MULTIFD_INITIAL:
        fold->multifd = true;
        return true;
    default: /* of other channels: packets, and what is unused in them */
        return item->channel || mig_next_emit(next, item, error);
    }
}

/* --- the passes --------------------------------------------------------------------- */

static MigScan fold_wants_scan(const void *state)
{
    (void)state;
    return MIG_SCAN_NEEDED;
}

static bool fold_scan(void *state, MigNext *next, const MigItem *item, GError **error)
{
    MigFold *fold = state;

    if (!fold->packets) {
        fold->packets = mig_vfio_packets_new();
    }
    return item->kind != MIG_ITEM_MULTIFD_DEVICE || item->piece ||
           mig_fold_scan_device(fold, next, item, error);
}

static bool fold_start(void *state, MigNext *next, GError **error)
{
    MigFold *fold = state;

    (void)next;
    (void)error;
    fold->edit = mig_description_edit_new();
    return true;
}

static bool fold_finish(void *state, MigNext *next, GError **error)
{
    const MigFold *fold = state;

    if (fold->packets && mig_vfio_packets_sections(fold->packets) != fold->n_devices) {
        return mig_next_refuse(next, NULL, NULL, error,
                               "other channels have the state of a device that has no "
                               "FULL section on the main channel");
    }
    mig_next_report(next, NULL,
                    "%" PRIu64 " page%s and the state of %" PRIu64
                    " device%s came from other channels, %" PRIu64
                    " command%s of a live migration went",
                    fold->n_pages, fold->n_pages == 1 ? "" : "s", fold->n_devices,
                    fold->n_devices == 1 ? "" : "s", fold->n_dropped,
                    fold->n_dropped == 1 ? "" : "s");
    return true;
}

static void fold_clear(void *state)
{
    MigFold *fold = state;

    mig_vfio_packets_free(fold->packets);
    mig_fold_clear_pages(fold);
    mig_fold_clear_postcopy(fold);
    mig_description_edit_free(fold->edit);
    if (fold->written) {
        g_byte_array_unref(fold->written);
    }
}

const MigFilterType mig_filter_fold = {
    .name = "fold",
    .summary = "make one stream of the channels of a capture",
    .gives_up = "nothing; earlier contents of pages that were sent again",
    MIG_FILTER_PASSES(MIG_ITEM_BIT(FILE_HEADER) | MIG_ITEM_BIT(CONFIGURATION) |
                      MIG_ITEM_BIT(RAM_LIST) | MIG_ITEM_BIT(MAPPED_HEADER) |
                      MIG_ITEM_BIT(MAPPED_BITMAP) | MIG_ITEM_BIT(MAPPED_PAGES) |
                      MIG_ITEM_BIT(TRAILING)),
    .changes_ram = true,
    .page_kinds = MIG_PAGE_BITS_ALL,
    .joins = true,
    .state_size = sizeof(MigFold),
    .wants_scan = fold_wants_scan,
    .scan = fold_scan,
    .start = fold_start,
    .event = fold_event,
    .finish = fold_finish,
    .clear = fold_clear,
};
