/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see ram-image.h.
 * Must not know: records; items are enough.
 * See also:      stream/item.h, MigRamPages.
 */
#include "device/ram-image-file.h"

#include <errno.h>
#include <unistd.h>

#include "stream/defect.h"
#include "stream/merge.h"
#include "stream/mapped-ram.h"
#include "stream/page-set.h"
#include "stream/ram-record.h"

typedef struct Block {
    MigPageFile file; /* fd -1: left out */
    uint64_t length;
    uint64_t filled;    /* bytes that records of a byte each have written */
    bool mapped;        /* with mapped-ram: all of it is in the stream. */
    uint32_t page_size; /* of @carried; 0: no page has come yet. */
    MigPageSet carried;
} Block;

struct MigRamImage {
    MigReader *reader;
    MigRamPlace *place;
    void *user;
    GArray *blocks; /* Block, by index */
    MigPageStore store;
    MigGather *gather; /* NULL: pages are written one by one */
};

static void clear_block(gpointer p)
{
    mig_page_set_clear(&((Block *)p)->carried);
}

MigRamImage *mig_ram_image_new(MigReader *reader, MigRamPlace *place, void *user)
{
    MigRamImage *image = g_new0(MigRamImage, 1);

    image->reader = reader;
    image->place = place;
    image->user = user;
    image->blocks = g_array_new(false, false, sizeof(Block));
    g_array_set_clear_func(image->blocks, clear_block);
    mig_page_store_init(&image->store);
    return image;
}

void mig_ram_image_free(MigRamImage *image)
{
    if (image) {
        g_array_unref(image->blocks);
        mig_page_store_clear(&image->store);
        mig_gather_free(image->gather);
        g_free(image);
    }
}

void mig_ram_image_gather(MigRamImage *image)
{
    image->gather = mig_gather_new();
}

bool mig_ram_image_flush(MigRamImage *image, GError **error)
{
    if (mig_gather_flush(image->gather)) {
        return true;
    }
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot keep the content of RAM: %s",
                        g_strerror(errno));
    return false;
}

/* NULL where the block is left out. */
static Block *find(const MigRamImage *image, const MigRamBlock *block)
{
    Block *b = block && block->index < image->blocks->len
                   ? &g_array_index(image->blocks, Block, block->index)
                   : NULL;

    return b && b->file.fd >= 0 ? b : NULL;
}

/* All that was laid out would have to move: nobody follows that, so nobody is told half of
 * it. */
static bool check_length(const MigRamImage *image, const MigItem *item, GError **error)
{
    const MigRamBlock *block = item->block;
    const Block *b = find(image, block);

    if (!b || b->length == block->used_length) {
        return true;
    }
    mig_error_set(error, MIG_ERROR_UNSUPPORTED, item->offset, NULL,
                  "RAM block %s changes its length from %" PRIu64 " to %" PRIu64
                  " bytes, and what it holds cannot be followed",
                  block->name, b->length, block->used_length);
    return false;
}

static bool add_block(MigRamImage *image, const MigItem *item, GError **error)
{
    const MigRamBlock *block = item->block;
    Block b = { .file = { .fd = -1, .gather = image->gather },
                .length = block->used_length,
                .mapped = block->mapped };

    /* An index names one block, in whatever order lists repeat themselves. */
    if (block->index != image->blocks->len) {
        return check_length(image, item, error);
    }
    if (!image->place(block, &b.file.fd, &b.file.base, image->user, error)) {
        return false;
    }
    g_array_append_val(image->blocks, b);
    return true;
}

/* Notes that the stream has @n pages of @b. */
static bool carry(MigRamImage *image, Block *b, const MigItem *item, GError **error)
{
    const MigRamPages *run = &item->pages;
    uint32_t size = run->page_size;

    if (!b->page_size && mig_page_set_init(&b->carried, &image->store,
                                           b->length / size + (b->length % size != 0))) {
        b->page_size = size;
    }
    if (!b->page_size || !mig_page_set_add(&b->carried, &image->store,
                                           run->address / size, run->n_pages)) {
        mig_error_set(error, MIG_ERROR_LIMIT, item->offset, NULL,
                      "RAM block %s has more pages than are kept account of",
                      run->block->name);
        return false;
    }
    return true;
}

static bool io_error(const MigRamBlock *block, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO,
                        "cannot keep the content of RAM block %s: %s", block->name,
                        g_strerror(errno));
    return false;
}

static bool write_encoded(Block *b, const MigItem *item, const uint8_t *record,
                          GError **error)
{
    const MigRamPages *run = &item->pages;
    g_autofree uint8_t *page = g_malloc0(run->page_size);
    const MigPageRows rows = { page, 1, run->page_size, run->page_size };

    switch (mig_page_file_decode(&b->file, run->address, run, record, page)) {
    case MIG_PAGE_UNREADABLE:
        return io_error(run->block, error);
    case MIG_PAGE_MALFORMED:
        mig_error_set(error, MIG_ERROR_MALFORMED, item->offset,
                      mig_page_kind(run->kind)->malformed,
                      "the encoded page at 0x%" PRIx64 " of RAM block %s does not decode",
                      run->address, run->block->name);
        return false;
    default:
        return mig_page_file_write(&b->file, run->address, &rows) ||
               io_error(run->block, error);
    }
}

/* A record of 9 bytes that fills a page with another byte than 0 writes all of it.  No QEMU
 * sends one, and since 8.2 none takes it, so that all pages once is more than enough. */
static bool fill_pages(Block *b, const MigItem *item, uint64_t length, GError **error)
{
    const MigRamPages *run = &item->pages;

    if (run->fill && length > b->length - b->filled) {
        mig_error_set(
            error, MIG_ERROR_LIMIT, item->offset, "ram-zero-fill",
            "records that fill pages with one byte write RAM block %s more than "
            "once over",
            run->block->name);
        return false;
    }
    b->filled += run->fill ? length : 0;
    return mig_page_file_fill(&b->file, run->address, length, run->fill) ||
           io_error(run->block, error);
}

static bool watch_pages(MigRamImage *image, const MigItem *item, GError **error)
{
    const MigRamPages *run = &item->pages;
    Block *b = find(image, run->block);
    uint64_t length = (uint64_t)run->n_pages * run->page_size;
    MigPageContent content;
    MigPageRows rows;
    const uint8_t *p;

    if (item->defect) {
        mig_error_set(error, MIG_ERROR_MALFORMED, item->offset, item->defect,
                      "pages from 0x%" PRIx64 " on that no RAM block of the list has",
                      run->address);
        return false;
    }
    if (!b) {
        return true;
    }
    if (!carry(image, b, item, error)) {
        return false;
    }
    content = mig_page_kind(run->kind)->content;
    if (content == MIG_PAGE_FILLED) {
        return fill_pages(b, item, length, error);
    }
    p = mig_reader_bytes(image->reader, item);
    if (!p) {
        return mig_input_end_error(mig_reader_input(image->reader), error);
    }
    if (content == MIG_PAGE_ENCODED) {
        return write_encoded(b, item, p, error);
    }
    rows = (MigPageRows){ mig_ram_pages_data(run, p, 0), run->n_pages, run->stride,
                          run->page_size };
    return mig_page_file_write(&b->file, run->address, &rows) ||
           io_error(run->block, error);
}

/* Writes pages of which the last may be cut short by the end of the block. */
static bool write_mapped(Block *b, uint64_t address, const uint8_t *data, uint64_t length,
                         uint32_t size)
{
    uint64_t whole = length / size * size;
    const MigPageRows pages = { data, (uint32_t)(length / size), size, size };
    const MigPageRows rest = { data + whole, length > whole, 0,
                               (uint32_t)(length - whole) };

    return mig_page_file_write(&b->file, address, &pages) &&
           mig_page_file_write(&b->file, address + whole, &rest);
}

/* A page of mapped-ram is what the file holds where its bit is set, and zero elsewhere. */
static bool watch_mapped(MigRamImage *image, const MigItem *item, GError **error)
{
    const MigRamBlock *block = item->block;
    Block *b = find(image, block);
    MigInput *in = mig_reader_input(image->reader);
    uint64_t size = block->mapped_page_size, first = item->piece / size;
    uint64_t n = (item->length + size - 1) / size;
    uint8_t bits[MIG_ITEM_MAX / MIG_PAGE_SIZE_MIN / 8 + 2];
    uint64_t from = block->bitmap_offset - mig_input_file_offset(in) + first / 8;
    size_t want = (size_t)((first + n + 7) / 8 - first / 8);
    const uint8_t *p = NULL;

    if (!b) {
        return true;
    }
    if (mig_input_read_at(in, from, bits, want) != want) {
        if (mig_input_end_error(in, error)) {
            mig_error_set(error, MIG_ERROR_TRUNCATED, from, MIG_DEFECT_TRUNCATED,
                          "the bitmap of RAM block %s cannot be read", block->name);
        }
        return false;
    }
    for (uint64_t i = 0, end; i < n; i = end) {
        uint64_t at = i * size, length;

        bool set = mig_mapped_ram_is_set(bits, first % 8 + i);

        end = i + 1;
        while (end < n && mig_mapped_ram_is_set(bits, first % 8 + end) == set) {
            end++;
        }
        length = MIN(end * size, item->length) - at;
        if (!set) {
            if (!mig_page_file_fill(&b->file, item->piece + at, length, 0)) {
                return io_error(block, error);
            }
            continue;
        }
        if (!p && !(p = mig_reader_bytes(image->reader, item))) {
            return mig_input_end_error(in, error);
        }
        if (!write_mapped(b, item->piece + at, p + at, length, (uint32_t)size)) {
            return io_error(block, error);
        }
    }
    return true;
}

static void note_mapped(const MigRamImage *image, const MigRamBlock *block)
{
    Block *b = find(image, block);

    if (b) {
        b->mapped = true;
    }
}

/* At the end mark: what has come is all there is. */
static bool judge_packets(const MigRamImage *image, const MigItem *item, GError **error)
{
    g_autofree char *lack = item->defect ? mig_reader_lacks_packets(image->reader) : NULL;

    if (lack) {
        mig_error_set(error, MIG_ERROR_MALFORMED, item->offset, item->defect,
                      "%s: pages are missing, or old", lack);
    }
    return !lack;
}

bool mig_ram_image_watch(MigRamImage *image, const MigItem *item, GError **error)
{
    switch (item->kind) {
    case MIG_ITEM_RAM_BLOCK:
        return add_block(image, item, error);
    case MIG_ITEM_MAPPED_HEADER:
        note_mapped(image, item->block);
        return mig_input_hold(mig_reader_input(image->reader), error);
    case MIG_ITEM_RAM_PAGES:
        return watch_pages(image, item, error);
    case MIG_ITEM_MAPPED_PAGES:
        return watch_mapped(image, item, error);
    case MIG_ITEM_EOF:
        return judge_packets(image, item, error);
    default:
        return true;
    }
}

bool mig_ram_image_read(const MigRamImage *image, const MigRamBlock *block,
                        uint64_t address, void *buffer, size_t n, GError **error)
{
    const Block *b = find(image, block);

    errno = EBADF; /* a block that is left out */
    return (b && mig_page_file_read(&b->file, address, buffer, n)) ||
           io_error(block, error);
}

uint64_t mig_ram_image_next(const MigRamImage *image, const MigRamBlock *block,
                            uint64_t address)
{
    const Block *b = find(image, block);
    off_t at;

    if (!b || address >= b->file.high) {
        return block->used_length;
    }
    at = lseek(b->file.fd, (off_t)(b->file.base + address), SEEK_DATA);
    if (at < 0) {
        /* no data follows, or the file system cannot tell */
        return errno == ENXIO ? block->used_length : address;
    }
    return MIN((uint64_t)at - b->file.base, block->used_length);
}

uint64_t mig_ram_image_missing(const MigRamImage *image, const MigRamBlock *block,
                               uint64_t *first)
{
    const Block *b = find(image, block);
    uint64_t missing;

    *first = 0;
    if (!b || b->mapped) {
        return 0;
    }
    if (!b->page_size) {
        return b->length;
    }
    missing = b->carried.n_pages - b->carried.n_in;
    if (missing && b->carried.index) {
        *first = mig_page_set_first_missing(&b->carried, &image->store) * b->page_size;
    }
    return missing * b->page_size;
}

bool mig_ram_image_has(const MigRamImage *image, const MigRamBlock *block,
                       uint64_t address)
{
    const Block *b = find(image, block);

    return b &&
           (b->mapped || (b->page_size && mig_page_set_has(&b->carried, &image->store,
                                                           address / b->page_size)));
}

MigPageFile *mig_ram_image_file(const MigRamImage *image, const MigRamBlock *block)
{
    Block *b = find(image, block);

    return b ? &b->file : NULL;
}

uint64_t mig_ram_image_run_end(const MigRamImage *image, const MigRamBlock *block,
                               uint64_t address, bool *has)
{
    const Block *b = find(image, block);
    uint64_t end = block->used_length;

    *has = mig_ram_image_has(image, block, address);
    if (b && !b->mapped && b->page_size) {
        end = mig_page_set_run_end(&b->carried, &image->store, address / b->page_size) *
              b->page_size;
    }
    return MIN(end, block->used_length);
}
