/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the ram section, version 4: block list and page records.
 * Must not know: mapped-ram's regions (stream/mapped-ram.c); what pages hold.
 * See also:      stream/ram-record.c, which cuts one record.
 *
 * A body is records up to EOS, each one be64 word first: an offset in the block, or'ed with
 * flags below the target page size.
 *   MEM_SIZE       offset is the sum of all blocks; then, until their lengths add up to it,
 *                  pstr8 name | be64 used_length | [be64 host page size] | [be64 address]
 *   ZERO           [pstr8 block] | u8 0
 *   PAGE           [pstr8 block] | page
 *   XBZRLE         [pstr8 block] | u8 1 | be16 length | data
 *   COMPRESS_PAGE  [pstr8 block] | be32 length | zlib, until 9.0
 *   EOS, HOOK, MULTIFD_FLUSH   nothing
 * The block's name is there unless CONTINUE is set, which means the block of the record
 * before, across sections.
 * Source: migration/ram.c, ram_save_setup(), save_page_header(), ram_load_precopy(),
 * 5.2 to 10.2.
 */
#include <string.h>

#include "io/input-live.h"
#include "io/tiny.h"
#include "stream/ram-state.h"
#include "stream/defect.h"
#include "stream/item-private.h"
#include "stream/mapped-ram.h"
#include "stream/page-decode.h"
#include "stream/ram-record.h"

/* No record of a run but its first straddles a multiple of this, in bytes. */
#define RUN_GRID MIG_TINY_OR(256u << 10, 1u << 20)

#define WORD                  MIG_RAM_WORD_LENGTH
#define LONGEST_RECORD_HEADER (WORD + 256)

static MigRamBlock *new_block(MigRamState *ram, const uint8_t *name, uint8_t n)
{
    MigRamBlock *block = mig_ram_block_new(name, n);

    block->index = ram->blocks->len;
    g_ptr_array_add(ram->blocks, block);
    if (!g_tree_lookup(ram->by_name, block->name)) {
        g_tree_insert(ram->by_name, (gpointer)(uintptr_t)block->name, block);
    }
    return block;
}

bool mig_ram_block_has_page(const MigRamBlock *block, uint64_t address,
                            uint32_t page_size, uint64_t offset, GError **error)
{
    if (block->used_length >= page_size && address <= block->used_length - page_size) {
        return true;
    }
    mig_error_set(error, MIG_ERROR_MALFORMED, offset, MIG_DEFECT_RAM_PAGE_OUTSIDE,
                  "a page at 0x%" PRIx64 " of block %s, which has 0x%" PRIx64 " bytes",
                  address, block->name, block->used_length);
    return false;
}

MigRamBlock *mig_ram_state_find(const MigRamState *ram, const void *name, uint8_t n)
{
    char text[256];
    MigRamBlock *block;

    memcpy(text, name, n);
    text[n] = '\0';
    block = g_tree_lookup(ram->by_name, text);
    return block && block->name_length == n ? block : NULL;
}

/* postcopy-ram adds the block's host page size where it is not the usual one, and nothing
 * says so: what comes next is that size, whose first byte is 0, or a name, which is not
 * empty, or the record after the list, which always has flags.
 * Source: migration/ram.c, ram_save_setup(). */
static bool is_host_page_size(const MigRamState *ram, const uint8_t *p)
{
    uint64_t value = mig_be64(p);

    return p[0] == 0 && value &&
           (value & (MAX(ram->page_size, MIG_PAGE_SIZE_MIN) - 1)) == 0;
}

/* Reads what may follow the length of @block.  At least eight bytes do: this, the next
 * entry, or a record.  Moves *at past it. */
static bool read_block_options(MigReader *r, MigRamState *ram, const MigItem *item,
                               MigRamBlock *block, size_t *at, GError **error)
{
    const MigConfiguration *conf = mig_reader_configuration(r);
    const uint8_t *p;

    if (ram->advised) {
        p = mig_reader_need(r, item, *at + 8, "RAM block list", error);
        if (!p) {
            return false;
        }
        if (is_host_page_size(ram, p + *at)) {
            block->host_page_size = mig_be64(p + *at);
            *at += 8;
        }
    }
    if (conf && conf->x_ignore_shared) {
        p = mig_reader_need(r, item, *at + 8, "RAM block list", error);
        if (!p) {
            return false;
        }
        block->has_address = true;
        block->address = mig_be64(p + *at);
        *at += 8;
    }
    return true;
}

static MigStatus read_block(MigReader *r, MigRamState *ram, MigItem *item, GError **error)
{
    const MigConfiguration *conf = mig_reader_configuration(r);
    const uint8_t *p = mig_reader_need(r, item, 1, "RAM block list", error);
    MigRamBlock *block;
    uint64_t length;
    size_t at;
    uint8_t n;

    if (!p) {
        return MIG_STATUS_ERROR;
    }
    n = p[0];
    if (n == 0) {
        /* This is the first byte of a record: the list ends here, although lengths are
         * missing. */
        mig_reader_note_defect(r, MIG_DEFECT_RAM_LIST_TOTAL);
        ram->listing = false;
        return MIG_STATUS_END;
    }
    at = 1u + n + 8u;
    p = mig_reader_need(r, item, at, "RAM block list", error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    length = mig_be64(p + 1 + n);
    if (length > ram->list_total - ram->list_sum) {
        return mig_reader_malformed(
            r, item->offset, MIG_DEFECT_RAM_LIST_TOTAL, error,
            "the lengths of the RAM blocks go beyond the total of "
            "%" PRIu64 " bytes: %" PRIu64 " so far, %" PRIu64 " here",
            ram->list_total, ram->list_sum, length);
    }
    block = mig_ram_state_find(ram, p + 1, n);
    if (!block || block->index >= ram->list_first) {
        item->defect = block ? MIG_DEFECT_RAM_BLOCK_TWICE : NULL;
        if (ram->blocks->len == MIG_RAM_BLOCKS_MAX) {
            mig_error_set(error, MIG_ERROR_LIMIT, item->offset,
                          MIG_DEFECT_RAM_BLOCKS_TOO_MANY, "more than %u RAM blocks",
                          MIG_RAM_BLOCKS_MAX);
            return MIG_STATUS_ERROR;
        }
        if (!mig_reader_spend(r, n, error)) {
            return MIG_STATUS_ERROR;
        }
        block = new_block(ram, p + 1, n);
    }
    block->used_length = length;
    block->host_page_size = 0; /* a list that is repeated may have none */
    if (!read_block_options(r, ram, item, block, &at, error)) {
        return MIG_STATUS_ERROR;
    }
    item->kind = MIG_ITEM_RAM_BLOCK;
    item->length = at;
    item->block = block;
    ram->list_sum += length;
    ram->lengths |= length;
    ram->listing = ram->list_sum < ram->list_total;
    if (conf && conf->mapped_ram) {
        mig_mapped_ram_begin(ram, block);
    }
    return MIG_STATUS_MORE;
}

static MigStatus read_pages(MigReader *r, MigRamState *ram, MigItem *item,
                            const MigRamRecord *record, const uint8_t *p)
{
    MigRamPages *run = &item->pages;

    *run = record->page;
    if (run->named) {
        uint8_t length;
        const char *name = mig_ram_pages_name(run, p, &length);

        ram->last = mig_ram_state_find(ram, name, length);
    }
    run->block = ram->last;
    item->kind = MIG_ITEM_RAM_PAGES;
    item->length = record->length;
    if (mig_page_kind(run->kind)->runs) {
        uint64_t after = item->offset + record->length;
        uint64_t limit = (after + RUN_GRID - 1) / RUN_GRID * RUN_GRID;
        size_t want = limit - item->offset, n;

        p = mig_input_peek_ahead(mig_reader_input(r), record->length, want, &n);
        run->n_pages += mig_ram_pages_count(run, run->address, p + record->length,
                                            MIN(n, want) - record->length);
        item->length = mig_ram_pages_length(run, run->n_pages);
    }
    if (!run->block) {
        item->defect =
            run->named ? MIG_DEFECT_RAM_BLOCK_UNKNOWN : MIG_DEFECT_RAM_CONTINUE;
    } else if (run->address >= run->block->used_length ||
               (uint64_t)run->n_pages * run->page_size >
                   run->block->used_length - run->address) {
        item->defect = MIG_DEFECT_RAM_PAGE_OUTSIDE;
    }
    return MIG_STATUS_MORE;
}

/* A page record, were it not for bits between the flags and the page's address. */
static bool is_unaligned_page(uint32_t flags)
{
    const uint32_t known = (MIG_RAM_MULTIFD_FLUSH << 1) - 1;
    uint32_t page = flags & known & ~(uint32_t)MIG_RAM_CONTINUE;

    return flags & ~known && mig_page_kind_of_flag(page) != MIG_PAGE_KIND_COUNT;
}

static MigStatus bad_head(MigReader *r, MigItem *item, const MigRamPages *page,
                          GError **error)
{
    const MigPageKindType *kind = mig_page_kind(page->kind);
    g_autofree char *problem = kind->explain_head(page);

    return mig_reader_malformed(r, item->offset, kind->bad_head, error, "%s", problem);
}

static MigStatus bad_flags(MigReader *r, MigItem *item, uint32_t flags,
                           uint32_t page_size, GError **error)
{
    if (is_unaligned_page(flags)) {
        return mig_reader_malformed(
            r, item->offset, MIG_DEFECT_RAM_PAGE_UNALIGNED, error,
            "a page at an address that is no multiple of %u: flags 0x%x", page_size,
            flags);
    }
    return mig_reader_malformed(r, item->offset, MIG_DEFECT_RAM_FLAG, error,
                                "unknown combination of RAM flags 0x%x", flags);
}

/* The page size to read the record @p with, where the stream has not said it.  The word of
 * the block list is a total, whose bits below any page size are flags; the other marks are
 * the same in all sizes.  The reader tries sizes once for the zero pages of a body, which
 * tell little, and once for the first page with data, which decides. */
static uint32_t provisional_page_size(MigReader *r, MigRamState *ram, const uint8_t *p)
{
    uint8_t low = p[WORD - 1];
    bool sure = false;
    size_t n;

    if (low == MIG_RAM_MEM_SIZE) {
        return MIG_PAGE_SIZE_MIN;
    }
    if (low & (MIG_RAM_EOS | MIG_RAM_HOOK) || mig_be64(p) == MIG_RAM_MULTIFD_FLUSH) {
        ram->guess = 0;
        return MIG_PAGE_SIZE_USUAL;
    }
    if (!ram->guess || low & MIG_RAM_PAGE) {
        p = mig_input_peek_ahead(mig_reader_input(r), WORD, RUN_GRID, &n);
        ram->guess =
            mig_page_size_try(p, MIN(n, RUN_GRID), n >= RUN_GRID, ram->lengths, &sure);
        ram->page_size = sure || low & MIG_RAM_PAGE ? ram->guess : 0;
    }
    return ram->guess;
}

static MigStatus read_record(MigReader *r, MigRamState *ram, MigItem *item,
                             GError **error)
{
    MigRamRecord record = { 0 };
    MigRamRecordStatus status;
    const uint8_t *p = mig_reader_need(r, item, WORD, "RAM record", error);
    size_t n, need = WORD, want = LONGEST_RECORD_HEADER;
    uint32_t page_size;
    bool continues;

    if (!p) {
        return MIG_STATUS_ERROR;
    }
    /* No page has so high an address that its record begins like the section's footer. */
    if (G_UNLIKELY(p[0] == MIG_FOOTER && mig_reader_is_footer(r, p))) {
        mig_reader_note_defect(r, MIG_DEFECT_RAM_EOS_MISSING);
        return MIG_STATUS_END;
    }
    page_size =
        G_LIKELY(ram->page_size) ? ram->page_size : provisional_page_size(r, ram, p);
    do {
        p = mig_input_peek_ahead(mig_reader_input(r), need, want, &n);
        status = mig_ram_record(p, n, page_size, &record);
        if (status == MIG_RAM_RECORD_SHORT && n < need && n < record.length) {
            /* The name of the block and the page are the last things to be known. */
            return (record.length > page_size ? mig_reader_truncated : mig_reader_lacks)(
                r, item->offset, record.length, n, "RAM record", error);
        }
        need = want = record.length;
    } while (status == MIG_RAM_RECORD_SHORT);

    if (status != MIG_RAM_RECORD_OK) {
        return status == MIG_RAM_RECORD_BAD_HEAD
                   ? bad_head(r, item, &record.page, error)
                   : bad_flags(r, item, record.flags, page_size, error);
    }
    if (record.is_page) {
        return read_pages(r, ram, item, &record, p);
    }
    item->length = record.length;
    continues = record.flags & MIG_RAM_CONTINUE;
    if (record.flags & MIG_RAM_MEM_SIZE) {
        item->kind = MIG_ITEM_RAM_LIST;
        item->ram_list.total = record.offset;
        item->ram_list.continues = continues;
        ram->list_total = record.offset;
        ram->list_sum = 0;
        ram->list_first = ram->blocks->len;
        ram->listing = record.offset != 0;
        return MIG_STATUS_MORE;
    }
    item->kind = MIG_ITEM_RAM_MARK;
    item->ram_mark.flag = record.flags & ~(uint32_t)MIG_RAM_CONTINUE;
    item->ram_mark.continues = continues;
    item->ram_mark.value = record.offset;
    ram->ended = item->ram_mark.flag == MIG_RAM_EOS;
    return MIG_STATUS_MORE;
}

static MigStatus ram_next(MigReader *r, void *state, MigItem *item, GError **error)
{
    MigRamState *ram = state;
    MigStatus status = MIG_STATUS_END;

    if (ram->ended) {
        ram->ended = false; /* the next body begins */
        return MIG_STATUS_END;
    }
    if (ram->mapping) {
        status = mig_mapped_ram_next(r, ram, item, error);
    }
    if (status == MIG_STATUS_END && ram->listing) {
        status = read_block(r, ram, item, error);
    }
    return status == MIG_STATUS_END ? read_record(r, ram, item, error) : status;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

MigRamState *mig_ram_state_new(void)
{
    MigRamState *ram = g_new0(MigRamState, 1);

    ram->blocks = g_ptr_array_new_with_free_func(g_free);
    ram->by_name = g_tree_new(compare_names);
    return ram;
}

void mig_ram_state_free(MigRamState *ram)
{
    g_tree_unref(ram->by_name);
    g_ptr_array_unref(ram->blocks);
    g_free(ram);
}

GPtrArray *mig_ram_state_blocks(const MigRamState *ram)
{
    return ram->blocks;
}

uint32_t mig_ram_state_page_size(const MigRamState *ram)
{
    return ram->page_size;
}

void mig_ram_state_set_page_size(MigRamState *ram, uint32_t size, bool sure)
{
    if (sure || !ram->page_size) {
        ram->page_size = size;
    }
}

void mig_ram_state_advise(MigRamState *ram)
{
    ram->advised = true;
}

static void *ram_state(MigReader *r)
{
    return mig_reader_ram(r);
}

const MigBody mig_body_ram = { .idstr = "ram", .next = ram_next, .state = ram_state };
