/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          zlib and XBZRLE pages become normal pages.
 * Must not know: mapped-ram, which has neither.
 * See also:      filter/pages.h; stream/page.h, which decodes.
 *
 * An XBZRLE record says what changed in a page since it was sent before, so what was sent
 * is kept: in a temporary file, sparse, as large as guest memory at most.  A first pass,
 * where the input allows one, finds the pages that ever get such a record; only those are
 * kept. In memory there are two sets: which pages are kept, and which have been sent.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "filter/pages.h"
#include "io/temporary.h"
#include "stream/page-file.h"
#include "stream/page-set.h"

/* Where a block is in the file. */
typedef struct Extent {
    uint64_t first_page;
    uint64_t length; /* of the block, in bytes */
} Extent;

typedef struct RamDecompress {
    MigPageStore bits; /* of the two sets, by the number of a page over all blocks */
    MigPageSet wanted, sent;
    bool scanned;
    bool any;        /* an XBZRLE record is to come, as far as is known */
    GArray *extents; /* Extent, by index of the block */
    bool has_file;
    MigPageFile file;                /* pages by their number */
    uint64_t n[MIG_PAGE_KIND_COUNT]; /* pages of each kind that became normal ones */
    int64_t grown;                   /* bytes of output, less those of input */
    uint8_t page[MIG_PAGE_SIZE_MAX];
} RamDecompress;

/* Gives an extent to all blocks that are listed by now. */
static bool add_extents(RamDecompress *d, MigNext *next, const MigItem *item,
                        GError **error)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(mig_next_reader(next), &n);
    Extent extent = { 0 };

    if (!d->extents) {
        d->extents = g_array_new(false, false, sizeof(Extent));
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t end;

        if (i < d->extents->len) {
            extent = g_array_index(d->extents, Extent, i);
        } else {
            extent.length = blocks[i]->used_length;
            g_array_append_val(d->extents, extent);
        }
        if (__builtin_add_overflow(extent.first_page,
                                   extent.length / item->pages.page_size + 1, &end) ||
            end > INT64_MAX / MIG_PAGE_SIZE_MAX) {
            return mig_next_refuse(next, item, item->section, error,
                                   "the RAM blocks are larger than any memory");
        }
        extent.first_page = end;
    }
    return true;
}

/* The number of a page over all blocks: where it is in the file, in pages. */
static bool page_number(RamDecompress *d, MigNext *next, const MigItem *item,
                        uint64_t *number, GError **error)
{
    const MigRamBlock *block = item->pages.block;
    const Extent *extent;

    if (!block || item->defect) {
        return mig_next_refuse(next, item, item->section, error,
                               "a page that lies in no RAM block cannot be decoded");
    }
    if ((!d->extents || block->index >= d->extents->len) &&
        !add_extents(d, next, item, error)) {
        return false;
    }
    extent = &g_array_index(d->extents, Extent, block->index);
    if (extent->length != block->used_length) {
        return mig_next_refuse(next, item, item->section, error,
                               "RAM block %s changes its length between its pages",
                               block->name);
    }
    *number = extent->first_page + item->pages.address / item->pages.page_size;
    return true;
}

static bool too_much(const MigItem *item, GError **error)
{
    mig_error_set(
        error, MIG_ERROR_LIMIT, item->offset, NULL,
        "pages are spread over more guest memory than the library keeps account of");
    return false;
}

static bool lacks_memory(const MigItem *item, GError **error)
{
    mig_error_set(error, MIG_ERROR_IO, item->offset, NULL,
                  "cannot keep account of pages: %s", g_strerror(ENOMEM));
    return false;
}

static bool add_page(RamDecompress *d, MigPageSet *set, uint64_t number,
                     const MigItem *item, GError **error)
{
    if (!d->bits.stretches) {
        mig_page_store_init(&d->bits);
    }
    if (!set->index && !mig_page_set_init(set, &d->bits, MIG_PAGE_SET_MAX)) {
        return lacks_memory(item, error);
    }
    if (number >= set->n_pages) {
        return too_much(item, error);
    }
    return mig_page_set_add(set, &d->bits, number, 1) || lacks_memory(item, error);
}

static bool file_failed(MigNext *next, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot keep pages in a file in %s: %s",
                        mig_temporary_dir(mig_next_spool_dir(next)), g_strerror(errno));
    return false;
}

static bool file_open(RamDecompress *d, MigNext *next, GError **error)
{
    if (!d->has_file) {
        d->file.fd = mig_temporary_open(mig_next_spool_dir(next), error);
        d->has_file = d->file.fd >= 0;
    }
    return d->has_file;
}

/* Keeps @page, or zeros where it is NULL. */
static bool store(RamDecompress *d, MigNext *next, uint64_t number, const uint8_t *page,
                  uint32_t size, GError **error)
{
    const MigPageRows rows = { page, 1, size, size };

    return file_open(d, next, error) &&
           ((page ? mig_page_file_write(&d->file, number * size, &rows)
                  : mig_page_file_fill(&d->file, number * size, size, 0)) ||
            file_failed(next, error));
}

static bool decompress_scan(void *state, MigNext *next, const MigItem *item,
                            GError **error)
{
    RamDecompress *d = state;
    uint64_t number = 0;

    d->scanned = true;
    if (!mig_page_kind(item->pages.kind)->changes) {
        return true;
    }
    d->any = true;
    return page_number(d, next, item, &number, error) &&
           add_page(d, &d->wanted, number, item, error);
}

static bool decompress_start(void *state, MigNext *next, GError **error)
{
    RamDecompress *d = state;

    (void)next;
    (void)error;
    g_clear_pointer(&d->extents, g_array_unref);
    d->any |= !d->scanned;
    return true;
}

/* Keeps the content of the pages of @item, which @rows has; zeros if it has no data. */
static bool keep(RamDecompress *d, MigNext *next, const MigItem *item,
                 const MigPageRows *rows, GError **error)
{
    uint64_t number = 0;

    if (!d->any) {
        return true;
    }
    if (!page_number(d, next, item, &number, error)) {
        return false;
    }
    for (uint32_t i = 0; i < rows->n; i++, number++) {
        bool again = mig_page_set_has(&d->sent, &d->bits, number);

        if (d->scanned && !mig_page_set_has(&d->wanted, &d->bits, number)) {
            continue;
        }
        if (!add_page(d, &d->sent, number, item, error)) {
            return false;
        }
        if ((rows->data || again) &&
            !store(d, next, number,
                   rows->data ? rows->data + (size_t)i * rows->stride : NULL,
                   rows->page_size, error)) {
            return false;
        }
    }
    return true;
}

/* Finds the page of a record that changes it, which must have been sent before. */
static bool find_base(RamDecompress *d, MigNext *next, const MigItem *item,
                      uint64_t *number, GError **error)
{
    const MigRamPages *run = &item->pages;

    if (!page_number(d, next, item, number, error)) {
        return false;
    }
    if (!mig_page_set_has(&d->sent, &d->bits, *number)) {
        return mig_next_refuse(next, item, item->section, error,
                               "an %s record changes page 0x%" PRIx64 " of %s, which was "
                               "not sent before: what it held is not in the stream",
                               mig_page_kind(run->kind)->label, run->address,
                               run->block->name);
    }
    return file_open(d, next, error);
}

static bool malformed(const MigItem *item, GError **error)
{
    const MigRamPages *run = &item->pages;

    if (mig_page_kind(run->kind)->changes) {
        mig_error_set(error, MIG_ERROR_MALFORMED, item->offset, NULL,
                      "the %s encoding of page 0x%" PRIx64 " of %s is malformed",
                      mig_page_kind(run->kind)->label, run->address, run->block->name);
    } else {
        mig_error_set(error, MIG_ERROR_MALFORMED, item->offset, NULL,
                      "the %s page 0x%" PRIx64 " does not inflate to a page",
                      mig_page_kind(run->kind)->label, run->address);
    }
    return false;
}

static bool decode(RamDecompress *d, MigNext *next, const MigItem *item, GError **error)
{
    const MigRamPages *run = &item->pages;
    const MigPageKindType *kind = mig_page_kind(run->kind);
    const MigPageRows page = { d->page, 1, run->page_size, run->page_size };
    uint64_t number = 0;
    const uint8_t *p;

    if (kind->changes && !find_base(d, next, item, &number, error)) {
        return false;
    }
    p = mig_next_bytes(next, item, error);
    if (!p) {
        return false;
    }
    switch (mig_page_file_decode(&d->file, number * run->page_size, run, p, d->page)) {
    case MIG_PAGE_UNREADABLE:
        return file_failed(next, error);
    case MIG_PAGE_MALFORMED:
        return malformed(item, error);
    case MIG_PAGE_DECODED:
        break;
    }
    d->n[run->kind]++;
    d->grown += (int64_t)run->page_size - run->data_length - kind->head;
    if (!(kind->changes ? store(d, next, number, d->page, run->page_size, error)
                        : keep(d, next, item, &page, error))) {
        return false;
    }
    p = mig_next_bytes(next, item, error);
    return p && mig_pages_emit_page(next, item, p, d->page, error);
}

static bool decompress_event(void *state, MigNext *next, const MigItem *item,
                             GError **error)
{
    RamDecompress *d = state;
    const MigRamPages *run = &item->pages;
    MigPageRows rows = { NULL, run->n_pages, 0, run->page_size };
    const uint8_t *p;

    switch (mig_page_kind(run->kind)->content) {
    case MIG_PAGE_ENCODED:
        return decode(d, next, item, error);
    case MIG_PAGE_FILLED:
        /* Until 7.2 loaders took any byte to fill the page with. */
        if (run->fill) {
            memset(d->page, run->fill, run->page_size);
            rows.data = d->page;
        }
        break;
    default:
        if (!d->any) {
            break;
        }
        p = mig_next_bytes(next, item, error);
        if (!p) {
            return false;
        }
        rows.data = mig_ram_pages_data(run, p, 0);
        rows.stride = run->stride;
    }
    return keep(d, next, item, &rows, error) && mig_next_emit(next, item, error);
}

static MigScan decompress_wants_scan(const void *state)
{
    (void)state;
    return MIG_SCAN_HELPS;
}

static bool decompress_finish(void *state, MigNext *next, GError **error)
{
    const RamDecompress *d = state;
    g_autoptr(GString) counts = g_string_new(NULL);

    (void)error;
    for (MigPageKind kind = 0; kind < MIG_PAGE_KIND_COUNT; kind++) {
        if (mig_page_kind(kind)->content == MIG_PAGE_ENCODED) {
            g_string_append_printf(counts, "%s%" PRIu64 " %s", counts->len ? " and " : "",
                                   d->n[kind], mig_page_kind(kind)->label);
        }
    }
    mig_next_report(next, NULL, "%s pages became normal pages, %+" PRId64 " bytes",
                    counts->str, d->grown);
    return true;
}

static void decompress_clear(void *state)
{
    RamDecompress *d = state;

    mig_page_set_clear(&d->wanted);
    mig_page_set_clear(&d->sent);
    if (d->bits.stretches) {
        mig_page_store_clear(&d->bits);
    }
    g_clear_pointer(&d->extents, g_array_unref);
    if (d->has_file) {
        close(d->file.fd);
    }
}

const MigFilterType mig_filter_ram_decompress = {
    .name = "ram-decompress",
    .summary = "turn zlib and XBZRLE pages into normal pages",
    .gives_up = "nothing",
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(RAM_PAGES)),
    .changes_ram = true,
    .page_kinds = MIG_PAGE_BIT(NORMAL) | MIG_PAGE_BIT(ZERO) | MIG_PAGE_BIT(XBZRLE) |
                  MIG_PAGE_BIT(COMPRESSED),
    .state_size = sizeof(RamDecompress),
    .wants_scan = decompress_wants_scan,
    .scan = decompress_scan,
    .start = decompress_start,
    .event = decompress_event,
    .finish = decompress_finish,
    .clear = decompress_clear,
};
