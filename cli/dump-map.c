/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the passes of migstat dump --map, --at and --translate over a stream.
 * Must not know: where memory is (lib/memory/map.h), and how the map looks.
 * See also:      dump-map.h, what a format shows of it.
 */
#include "dump-map.h"

#include "format.h"
#include "progress.h"

const DumpRecord *dump_at_record(const DumpAt *at, size_t i)
{
    uint64_t first = at->n_records > DUMP_RECORDS ? at->n_records - DUMP_RECORDS : 0;

    return first + i < at->n_records ? &at->records[(first + i) % DUMP_RECORDS] : NULL;
}

const char *dump_at_state(const DumpAt *at)
{
    return at->counts.data ? "data" : at->counts.zero ? "zero" : "missing";
}

/* --- the records of one page ------------------------------------------------------------- */

static void look_for_page(DumpAt *at, const MigItem *item)
{
    DumpRecord record = { .channel = item->channel,
                          .kind = item->kind == MIG_ITEM_RAM_PAGES
                                      ? mig_page_kind_name(item->pages.kind)
                                      : "mapped",
                          .section = item->section,
                          .type = item->type };

    if (mig_memory_item_has(item, at->range->block,
                            at->range->offset + (at->address - at->range->start),
                            &record.offset) &&
        (item->kind == MIG_ITEM_RAM_PAGES || at->counts.data)) {
        at->records[at->n_records++ % DUMP_RECORDS] = record;
    }
}

/* Reads the stream once more, for the records of the page that is known now. */
static void find_records(Dump *dump, DumpAt *at)
{
    g_autoptr(MigReader) reader = NULL;
    const MigItem *item;

    mig_input_rewind(dump->in, 0);
    reader = mig_reader_new(dump->in);
    /* what ends it early has been told of the first pass */
    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        look_for_page(at, item);
    }
}

/* --- the map ----------------------------------------------------------------------------- */

/* @paging may be NULL.  Returns whether there was an item at all. */
static bool read_all(Dump *dump, MigMemoryMap *map, MigMemoryPages *pages,
                     MigPaging *paging)
{
    CliProgress progress;
    const MigItem *item;
    bool any = false;

    cli_progress_begin(&progress, dump->file, dump->in, dump->options->common);
    while (dump_next(dump, &item) && mig_memory_pages_watch(pages, item, &dump->error)) {
        mig_memory_map_watch(map, item);
        any = true;
        if (paging) {
            mig_paging_watch(paging, item);
        }
        dump->n_defects += item->defect != NULL;
        cli_progress_item(&progress, item);
    }
    cli_progress_end(&progress);
    return any;
}

static void look_at(Dump *dump, const DumpMap *shown, DumpAt *at)
{
    at->range = mig_memory_map_find(shown->map, at->address);
    if (at->range && at->range->block) {
        at->counts = mig_memory_pages_count(
            shown->pages, at->range->block,
            at->range->offset + (at->address - at->range->start), 1);
        find_records(dump, at);
    }
}

/* --- a virtual address ------------------------------------------------------------------- */

/* A MigPagingFetch: the user is the map. */
static bool fetch(uint64_t address, void *buffer, size_t n, bool *there, void *user,
                  GError **error)
{
    const DumpMap *shown = user;

    return mig_memory_peek(shown->dump->in, shown->map, address, buffer, n, there, error);
}

/* Where the virtual address leads to, which is looked at then. */
static void translate(DumpMap *shown, MigPaging *paging, DumpAt *at, GError **error)
{
    const DumpOptions *dump_options = shown->dump->options;

    shown->walk =
        mig_paging_walk(paging, dump_options->virtual_address, fetch, shown, error);
    if (shown->walk && !shown->walk->reason) {
        at->address = shown->walk->physical;
        shown->at = at;
    }
}

void dump_map(Dump *dump)
{
    const DumpOptions *dump_options = dump->options;
    const MigMemoryOptions memory = cli_memory_options(&dump_options->memory);
    g_autoptr(MigMemoryMap) map = mig_memory_map_new(dump->reader, &memory);
    g_autoptr(MigMemoryPages) pages = mig_memory_pages_new(dump->reader);
    g_autoptr(MigPaging) paging = dump_options->has_virtual
                                      ? mig_paging_new(dump->reader, dump_options->cpu)
                                      : NULL;
    DumpAt at = { .address = dump_options->at };
    DumpMap shown = {
        .dump = dump, .map = map, .pages = pages, .at = dump_options->has_at ? &at : NULL
    };

    if (dump->opened) {
        mig_input_hold(dump->in, &dump->error);
    }
    shown.is_stream = read_all(dump, map, pages, paging);
    mig_memory_map_make(map, dump->error ? NULL : &dump->error);
    if (paging) {
        translate(&shown, paging, &at, dump->error ? NULL : &dump->error);
    }
    if (shown.at) {
        look_at(dump, &shown, &at);
    }
    dump_options->common->format->dump_map(&shown);
}
