/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          page records become mapped-ram: which pages have a bit.
 * Must not know: how pages are encoded, which device/ram-image.h undoes.
 * See also:      mapped-ram.c; stream/writer.c, which sets the offsets of what is put here.
 *
 * A loader of mapped-ram does not touch a page whose bit is clear, where a record of a zero
 * page clears it.  In main memory, which is zero when it starts to load, that is the same.  In
 * other blocks (ROMs, tables of ACPI, flash, video memory) it has put something already, so
 * there every page that had a record has its bit, and zero pages are holes of the file.
 * Source: migration/ram.c, read_ramblock_mapped_ram(), 10.0 and 11.1.
 */
#include "filter/mapped-ram-private.h"

#include <string.h>
#include <unistd.h>

#include "io/temporary.h"
#include "stream/mapped-ram.h"
#include "stream/page-set.h"

/* Bytes of a bitmap that are made at once: 512 Ki pages. */
#define BITMAP_PIECE (64u << 10)

static bool place(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                  GError **error)
{
    MigMapped *m = user;

    *fd = m->fd;
    *base = m->end;
    if (block->used_length > (uint64_t)INT64_MAX / 2 - m->end) {
        mig_error_set_plain(error, MIG_ERROR_REFUSED,
                            "the RAM blocks are larger than any memory");
        return false;
    }
    m->end += block->used_length;
    return true;
}

static bool begin(MigMapped *m, MigNext *next, GError **error)
{
    if (m->image) {
        return true;
    }
    m->fd = mig_temporary_open(mig_next_spool_dir(next), error);
    m->has_file = m->fd >= 0;
    if (m->has_file) {
        m->image = mig_ram_image_new(mig_next_reader(next), place, m);
    }
    return m->has_file;
}

/* Whether the entry of a block can be one of mapped-ram. */
static bool check_block(const MigMapped *m, MigNext *next, const MigItem *item,
                        GError **error)
{
    const MigRamBlock *block = item->block;
    uint32_t size = m->page_size;

    if (block->has_address) {
        return mig_next_refuse(next, item, item->section, error,
                               "with x-ignore-shared, a stream does not say which blocks "
                               "it leaves out, and mapped-ram has to");
    }
    if (block->host_page_size) {
        return mig_next_refuse(next, item, item->section, error,
                               "the block list is one of postcopy; --filter=fold makes "
                               "another of it");
    }
    if (block->used_length % size) {
        return mig_next_refuse(next, item, item->section, error,
                               "RAM block %s has %" PRIu64 " bytes, which are not whole "
                               "pages of %u",
                               block->name, block->used_length, size);
    }
    if (block->used_length / size > MIG_PAGE_SET_MAX) {
        return mig_next_refuse(next, item, item->section, error,
                               "RAM block %s has more pages than are kept account of",
                               block->name);
    }
    return true;
}

bool mig_mapped_watch(MigMapped *m, MigNext *next, const MigItem *item, GError **error)
{
    if (item->kind == MIG_ITEM_RAM_PAGES) {
        m->page_size = item->pages.page_size;
    }
    return begin(m, next, error) && mig_ram_image_watch(m->image, item, error);
}

/* --- a block ------------------------------------------------------------------------ */

/* Main memory: what a machine calls its RAM, and libvirt that of a NUMA node. */
static bool is_main_memory(const MigRamBlock *block)
{
    return !strchr(block->name, '/') && (g_str_has_suffix(block->name, ".ram") ||
                                         g_str_has_prefix(block->name, "ram-node"));
}

static bool put_header(MigNext *next, const MigItem *like, const MigRamBlock *block,
                       GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem item = *like;

    item.block = block;
    mig_mapped_ram_header_encode(block, bytes);
    return mig_next_emit_bytes(next, &item, MIG_ITEM_MAPPED_HEADER, bytes->data,
                               bytes->len, error);
}

/* Sets the bits of the pages from @first on, at most those of a piece; *n: their bytes. */
static void make_bits(MigMapped *m, const MigRamBlock *block, uint64_t first,
                      uint8_t *bits, size_t *n)
{
    uint64_t size = block->mapped_page_size, pages = block->used_length / size;
    uint64_t last = MIN(pages, first + BITMAP_PIECE * 8);
    uint64_t data = 0; /* no page from @page on up to here holds anything */
    bool zeros_count = !is_main_memory(block);

    *n = (size_t)((last - first + 63) / 64 * 8);
    memset(bits, 0, *n);
    for (uint64_t page = first; page < last; page++) {
        if (!mig_ram_image_has(m->image, block, page * size)) {
            continue;
        }
        if (!zeros_count && data < (page + 1) * size) {
            data = mig_ram_image_next(m->image, block, page * size);
        }
        if (zeros_count || data < (page + 1) * size) {
            bits[(page - first) / 8] |= (uint8_t)(1u << (page - first) % 8);
            m->n_pages++;
        }
    }
}

static bool put_bitmap(MigMapped *m, MigNext *next, const MigItem *like,
                       const MigRamBlock *block, GError **error)
{
    uint64_t pages = mig_mapped_ram_pages(block);
    g_autofree uint8_t *bits = g_malloc(BITMAP_PIECE);
    MigItem item = *like;
    size_t n;

    for (uint64_t first = 0; first < pages; first += BITMAP_PIECE * 8) {
        item.bitmap = (MigMappedBitmap){ .block = block, .first_page = first };
        make_bits(m, block, first, bits, &n);
        if (!mig_next_emit_bytes(next, &item, MIG_ITEM_MAPPED_BITMAP, bits, n, error)) {
            return false;
        }
    }
    return true;
}

/* A piece of the pages: zeros, which become a hole, or what the image has. */
static bool put_piece(MigMapped *m, MigNext *next, const MigItem *like,
                      const MigRamBlock *block, uint64_t at, size_t n, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    MigItem item = *like;

    item.kind = MIG_ITEM_MAPPED_PAGES;
    item.block = block;
    if (mig_ram_image_next(m->image, block, at) >= at + n) {
        bytes = g_bytes_new_from_bytes(m->zeros, 0, n);
        item.bytes = bytes;
        return mig_next_emit(next, &item, error);
    }
    return mig_ram_image_read(m->image, block, at, m->piece, n, error) &&
           mig_next_emit_bytes(next, &item, item.kind, m->piece, n, error);
}

bool mig_mapped_lay_block(MigMapped *m, MigNext *next, const MigItem *item,
                          GError **error)
{
    MigRamBlock block = *item->block;
    uint64_t first;

    if (!check_block(m, next, item, error)) {
        return false;
    }
    if (!m->piece) {
        m->piece = g_malloc(MIG_MAPPED_PIECE);
        m->zeros = g_bytes_new_take(g_malloc0(MIG_MAPPED_PIECE), MIG_MAPPED_PIECE);
    }
    block.mapped = true;
    block.mapped_version = MIG_MAPPED_RAM_VERSION;
    block.mapped_page_size = m->page_size;
    m->missing += mig_ram_image_missing(m->image, &block, &first);
    if (!put_header(next, item, &block, error) ||
        !put_bitmap(m, next, item, &block, error)) {
        return false;
    }
    for (uint64_t at = 0; at < block.used_length; at += MIG_MAPPED_PIECE) {
        if (!put_piece(m, next, item, &block, at,
                       (size_t)MIN(MIG_MAPPED_PIECE, block.used_length - at), error)) {
            return false;
        }
    }
    return true;
}

void mig_mapped_clear(MigMapped *m)
{
    g_clear_pointer(&m->image, mig_ram_image_free);
    g_clear_pointer(&m->zeros, g_bytes_unref);
    g_clear_pointer(&m->blocks, g_ptr_array_unref);
    g_free(m->piece);
    if (m->has_file) {
        close(m->fd);
    }
}
