/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see ram-record.h.
 * Must not know: blocks, and what came before.
 * See also:      stream/ram.c, which has the layout; stream/page-size.c, which tries.
 */
#include "stream/ram-record.h"
#include "stream/page-decode.h"

#define WORD MIG_RAM_WORD_LENGTH

static MigRamRecordStatus wants(MigRamRecord *record, uint64_t length)
{
    record->length = (uint32_t)length;
    return MIG_RAM_RECORD_SHORT;
}

/* Sets what is the same of all records of a run without a name. */
static void measure(MigRamPages *page, const MigPageKindType *kind, uint32_t at)
{
    page->data_offset = at;
    page->first_length = at + page->data_length;
    page->stride = WORD + kind->head + page->data_length;
}

static MigRamRecordStatus cut_page(const uint8_t *p, size_t n, uint32_t page_size,
                                   MigRamRecord *record)
{
    MigRamPages *page = &record->page;
    const MigPageKindType *kind = mig_page_kind(page->kind);
    uint32_t at = WORD;

    record->is_page = true;
    page->named = !(record->flags & MIG_RAM_CONTINUE);
    page->n_pages = 1;
    page->page_size = page_size;
    page->address = record->offset;
    if (page->named) {
        if (n < at + 1) {
            return wants(record, at + 1);
        }
        record->name_length = p[at];
        at += 1u + record->name_length;
    }
    if (n < at + kind->head) {
        return wants(record, at + kind->head);
    }
    page->data_length = kind->content == MIG_PAGE_PLAIN ? page_size : 0;
    if (kind->read_head && !kind->read_head(p + at, page_size, page)) {
        return MIG_RAM_RECORD_BAD_HEAD;
    }
    measure(page, kind, at + kind->head);
    record->length = page->first_length;
    return n < record->length ? MIG_RAM_RECORD_SHORT : MIG_RAM_RECORD_OK;
}

MigRamRecordStatus mig_ram_record(const uint8_t *p, size_t n, uint32_t page_size,
                                  MigRamRecord *record)
{
    uint32_t flag;
    uint64_t word;

    if (n < WORD) {
        return wants(record, WORD);
    }
    word = mig_be64(p);
    *record = (MigRamRecord){ .flags = (uint32_t)(word & (page_size - 1)),
                              .offset = word & ~(uint64_t)(page_size - 1),
                              .length = WORD };
    flag = record->flags & ~(uint32_t)MIG_RAM_CONTINUE;
    switch (flag) {
    case MIG_RAM_MEM_SIZE:
    case MIG_RAM_EOS:
    case MIG_RAM_HOOK:
    case MIG_RAM_MULTIFD_FLUSH:
        return MIG_RAM_RECORD_OK;
    default:
        record->page.kind = mig_page_kind_of_flag(flag);
        return record->page.kind == MIG_PAGE_KIND_COUNT
                   ? MIG_RAM_RECORD_BAD_FLAGS
                   : cut_page(p, n, page_size, record);
    }
}

uint32_t mig_ram_pages_count(const MigRamPages *run, uint64_t address, const uint8_t *p,
                             size_t n)
{
    const MigPageKindType *kind = mig_page_kind(run->kind);
    const uint64_t size = run->page_size;
    const uint32_t stride = run->stride;
    const uint8_t fill = run->fill, *start = p, *end = p + n / stride * stride;
    uint64_t word = (address + size) | (uint64_t)kind->flag | (uint64_t)MIG_RAM_CONTINUE;

    /* A loop each: records of zero pages are short and many. */
    if (kind->content == MIG_PAGE_FILLED) {
        for (; p != end && mig_be64(p) == word && p[WORD] == fill; p += stride) {
            word += size;
        }
    } else {
        for (; p != end && mig_be64(p) == word; p += stride) {
            word += size;
        }
    }
    return (uint32_t)((size_t)(p - start) / stride);
}

/* The data is the end of each record, so it is the same distance apart. */
const uint8_t *mig_ram_pages_data(const MigRamPages *run, const uint8_t *bytes,
                                  uint32_t i)
{
    return bytes + run->data_offset + (size_t)i * run->stride;
}

const char *mig_ram_pages_name(const MigRamPages *run, const uint8_t *bytes, uint8_t *n)
{
    g_return_val_if_fail(run->named, NULL);
    *n = bytes[WORD];
    return (const char *)bytes + WORD + 1;
}

MigRamPages mig_ram_pages_slice(const MigRamPages *run, uint32_t first, uint32_t n)
{
    MigRamPages slice = *run;

    slice.n_pages = n;
    slice.address += (uint64_t)first * run->page_size;
    if (first) {
        slice.named = false;
        slice.first_length = run->stride;
        slice.data_offset = run->stride - run->data_length;
    }
    return slice;
}

static void append_word(MigRamFlag flag, bool continues, uint64_t value, GByteArray *out)
{
    mig_append_be64(out, value | flag | (continues ? MIG_RAM_CONTINUE : 0u));
}

/* Appends the word and the head of the page at @address; the name goes between them. */
static void append_record(const MigRamPages *run, uint64_t address, const char *name,
                          uint8_t name_length, GByteArray *out)
{
    const MigPageKindType *kind = mig_page_kind(run->kind);

    append_word(kind->flag, !name, address, out);
    if (name) {
        mig_append_pstr8(out, name, name_length);
    }
    if (kind->head) {
        g_byte_array_set_size(out, out->len + kind->head);
        kind->write_head(run, out->data + out->len - kind->head);
    }
}

void mig_ram_pages_encode(MigRamPages *run, const char *name, uint8_t name_length,
                          const uint8_t *data, size_t stride, GByteArray *out)
{
    const MigPageKindType *kind = mig_page_kind(run->kind);

    if (kind->content != MIG_PAGE_ENCODED) {
        run->data_length = kind->content == MIG_PAGE_PLAIN ? run->page_size : 0;
    }
    measure(run, kind, WORD + (run->named ? 1u + name_length : 0u) + kind->head);
    for (uint32_t i = 0; i < run->n_pages; i++) {
        append_record(run, run->address + (uint64_t)i * run->page_size,
                      run->named && i == 0 ? name : NULL, name_length, out);
        if (run->data_length) {
            g_byte_array_append(out, data + i * stride, run->data_length);
        }
    }
}

void mig_ram_list_encode(const MigItem *item, GByteArray *out)
{
    append_word(MIG_RAM_MEM_SIZE, item->ram_list.continues, item->ram_list.total, out);
}

void mig_ram_mark_encode(const MigItem *item, GByteArray *out)
{
    append_word(item->ram_mark.flag, item->ram_mark.continues, item->ram_mark.value, out);
}

void mig_ram_block_encode(const MigRamBlock *block, GByteArray *out)
{
    mig_append_pstr8(out, block->name, block->name_length);
    mig_append_be64(out, block->used_length);
    if (block->host_page_size) {
        mig_append_be64(out, block->host_page_size);
    }
    if (block->has_address) {
        mig_append_be64(out, block->address);
    }
}
