/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      the ram section, version 4: block list and page records.
 * Knows not: mapped-ram's regions (stream/mapped-ram.c); what pages hold.
 * Beside it: stream/ram-record.c, which cuts one record.
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

#include "stream/body.h"
#include "stream/defect.h"
#include "stream/mapped-ram.h"
#include "stream/ram-record.h"

/* No record of a run but its first straddles a multiple of this, in octets. */
#define RUN_GRID (1u << 20)

#define WORD                  MIG_RAM_WORD_LENGTH
#define LONGEST_RECORD_HEADER (WORD + 256)

static MigRamBlock *new_block(RamState *ram, const uint8_t *name, uint8_t n)
{
    MigRamBlock *block = g_malloc0(sizeof(MigRamBlock) + n + 1u);

    block->index = ram->blocks->len;
    block->name_length = n;
    memcpy(block->name, name, n);
    g_ptr_array_add(ram->blocks, block);
    if (!g_tree_lookup(ram->by_name, block->name)) {
        g_tree_insert(ram->by_name, block->name, block);
    }
    return block;
}

static MigRamBlock *find_block(RamState *ram, const void *name, uint8_t n)
{
    char text[256];
    MigRamBlock *block;

    memcpy(text, name, n);
    text[n] = '\0';
    block = g_tree_lookup(ram->by_name, text);
    return block && block->name_length == n ? block : NULL;
}

/* postcopy-ram adds the block's host page size where it is not the usual one, and nothing
 * says so: what comes next is that size, whose first octet is 0, or a name, which is not
 * empty, or the record behind the list, which always has flags.
 * Source: migration/ram.c, ram_save_setup(). */
static bool is_host_page_size(const RamState *ram, const uint8_t *p)
{
    uint64_t value = mig_be64(p);

    return p[0] == 0 && value &&
           (value & (MAX(ram->page_size, MIG_PAGE_SIZE_MIN) - 1)) == 0;
}

/* What may stand behind the length of @block.  Eight octets always do: these, the next
 * entry, or a record.  Moves *at behind it. */
static bool read_block_options(MigReader *r, const MigItem *item, MigRamBlock *block,
                               size_t *at, GError **error)
{
    const MigConfiguration *conf = mig_reader_configuration(r);
    const uint8_t *p;

    if (r->ram.advised) {
        p = mig_reader_need(r, item, *at + 8, "RAM block list", error);
        if (!p) {
            return false;
        }
        if (is_host_page_size(&r->ram, p + *at)) {
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

static MigStatus read_block(MigReader *r, MigItem *item, GError **error)
{
    RamState *ram = &r->ram;
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
        /* The first octet of a record: the list is over although lengths are missing. */
        r->next_defect = MIG_DEFECT_RAM_LIST_TOTAL;
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
    block = find_block(ram, p + 1, n);
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
    if (!read_block_options(r, item, block, &at, error)) {
        return MIG_STATUS_ERROR;
    }
    item->kind = MIG_ITEM_RAM_BLOCK;
    item->length = at;
    item->block = block;
    ram->list_sum += length;
    ram->lengths |= length;
    ram->listing = ram->list_sum < ram->list_total;
    if (conf && conf->mapped_ram) {
        mig_mapped_ram_begin(r, block);
    }
    return MIG_STATUS_MORE;
}

static MigStatus read_pages(MigReader *r, MigItem *item, const MigRamRecord *record,
                            const uint8_t *p)
{
    MigRamPages *run = &item->pages;
    RamState *ram = &r->ram;

    *run = record->page;
    if (run->named) {
        uint8_t length;
        const char *name = mig_ram_pages_name(run, p, &length);

        ram->last = find_block(ram, name, length);
    }
    run->block = ram->last;
    item->kind = MIG_ITEM_RAM_PAGES;
    item->length = record->length;
    if (mig_page_kind(run->kind)->runs) {
        uint64_t behind = item->offset + record->length;
        uint64_t limit = (behind + RUN_GRID - 1) / RUN_GRID * RUN_GRID;
        size_t want = limit - item->offset, n;

        p = mig_input_peek(r->in, want, &n);
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
 * the same in all sizes.  A trial is made once for the zero pages of a body, which tell
 * little, and for the first page with data, which decides. */
static uint32_t provisional_page_size(MigReader *r, const uint8_t *p)
{
    RamState *ram = &r->ram;
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
        p = mig_input_peek(r->in, RUN_GRID, &n);
        ram->guess =
            mig_page_size_try(p, MIN(n, RUN_GRID), n >= RUN_GRID, ram->lengths, &sure);
        ram->page_size = sure || low & MIG_RAM_PAGE ? ram->guess : 0;
    }
    return ram->guess;
}

static MigStatus read_record(MigReader *r, MigItem *item, GError **error)
{
    RamState *ram = &r->ram;
    MigRamRecord record = { 0 };
    MigRamRecordStatus status;
    const uint8_t *p = mig_reader_need(r, item, WORD, "RAM record", error);
    size_t n, want = LONGEST_RECORD_HEADER;
    uint32_t page_size;
    bool continues;

    if (!p) {
        return MIG_STATUS_ERROR;
    }
    /* No page lies so far up that its record begins like the section's footer. */
    if (G_UNLIKELY(p[0] == MIG_FOOTER && mig_be32(p + 1) == r->section_id &&
                   r->footers != FOOTERS_OFF)) {
        r->next_defect = MIG_DEFECT_RAM_EOS_MISSING;
        return MIG_STATUS_END;
    }
    page_size = G_LIKELY(ram->page_size) ? ram->page_size : provisional_page_size(r, p);
    do {
        p = mig_input_peek(r->in, want, &n);
        status = mig_ram_record(p, n, page_size, &record);
        if (status == MIG_RAM_RECORD_SHORT && n < want && n < record.length) {
            /* The name of the block and the page are the last things to be known. */
            return (record.length > page_size ? mig_reader_truncated : mig_reader_lacks)(
                r, item->offset, record.length, n, "RAM record", error);
        }
        want = record.length;
    } while (status == MIG_RAM_RECORD_SHORT);

    if (status != MIG_RAM_RECORD_OK) {
        return status == MIG_RAM_RECORD_BAD_HEAD
                   ? bad_head(r, item, &record.page, error)
                   : bad_flags(r, item, record.flags, page_size, error);
    }
    if (record.is_page) {
        return read_pages(r, item, &record, p);
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
    r->body_step = item->ram_mark.flag == MIG_RAM_EOS;
    return MIG_STATUS_MORE;
}

static MigStatus ram_next(MigReader *r, MigItem *item, GError **error)
{
    MigStatus status = MIG_STATUS_END;

    if (r->body_step) {
        return MIG_STATUS_END; /* EOS was read */
    }
    if (r->ram.mapping) {
        status = mig_mapped_ram_next(r, item, error);
    }
    if (status == MIG_STATUS_END && r->ram.listing) {
        status = read_block(r, item, error);
    }
    return status == MIG_STATUS_END ? read_record(r, item, error) : status;
}

const MigBody mig_body_ram = { .idstr = "ram", .next = ram_next };
