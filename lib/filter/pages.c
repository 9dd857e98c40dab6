/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      see pages.h.
 * Knows not: what pages hold.
 * Beside it: stream/ram.c, the records.
 */
#include "filter/pages.h"

#define WORD 8u

bool mig_pages_emit_slice(MigNext *next, const MigItem *run, uint32_t first, uint32_t n,
                          GError **error)
{
    MigItem item = *run;
    uint64_t from = mig_pages_record(run, first), to = mig_pages_record(run, first + n);
    g_autoptr(GBytes) bytes = NULL;

    if (n == 0) {
        return true;
    }
    item.offset += from;
    item.length = item.whole = to - from;
    if (run->bytes) {
        bytes = g_bytes_new_from_bytes(run->bytes, from, to - from);
        item.bytes = bytes;
    }
    item.pages.n_pages = n;
    item.pages.address += (uint64_t)first * run->pages.page_size;
    if (first) {
        item.pages.named = false;
        item.pages.first_length = mig_ram_pages_stride(&run->pages);
        item.pages.data_offset = run->pages.kind == MIG_PAGE_ZERO ? WORD + 1 : WORD;
    }
    return mig_next_emit(next, &item, error);
}

/* The word of the @i-th record with another flag, and the name behind it, if any. */
static void append_head(GByteArray *bytes, const MigItem *run, const uint8_t *p,
                        uint32_t i, MigRamFlag flag)
{
    const uint8_t *record = p + mig_pages_record(run, i);
    uint64_t old = mig_be64(record);
    uint8_t word[WORD];

    mig_put_be64(word, (old & ~(uint64_t)(run->pages.page_size - 1)) |
                           (old & MIG_RAM_CONTINUE) | flag);
    g_byte_array_append(bytes, word, sizeof(word));
    if (i == 0 && run->pages.named) {
        g_byte_array_append(bytes, record + WORD, 1u + record[WORD]);
    }
}

bool mig_pages_emit_zeros(MigNext *next, const MigItem *run, const uint8_t *p,
                          uint32_t first, uint32_t n, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    static const uint8_t fill;
    MigItem item = *run;

    if (n == 0) {
        return true;
    }
    for (uint32_t i = 0; i < n; i++) {
        append_head(bytes, run, p, first + i, MIG_RAM_ZERO);
        g_byte_array_append(bytes, &fill, 1);
        if (i == 0) {
            item.pages.first_length = item.pages.data_offset = bytes->len;
        }
    }
    item.pages.kind = MIG_PAGE_ZERO;
    item.pages.fill = 0;
    item.pages.named = run->pages.named && first == 0;
    item.pages.n_pages = n;
    item.pages.data_length = 0;
    item.pages.address += (uint64_t)first * run->pages.page_size;
    return mig_next_emit_bytes(next, &item, MIG_ITEM_RAM_PAGES, bytes->data, bytes->len,
                               error);
}

bool mig_pages_emit_page(MigNext *next, const MigItem *run, const uint8_t *p,
                         const uint8_t *page, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem item = *run;

    append_head(bytes, run, p, 0, MIG_RAM_PAGE);
    item.pages.kind = MIG_PAGE_NORMAL;
    item.pages.data_offset = bytes->len;
    item.pages.data_length = run->pages.page_size;
    g_byte_array_append(bytes, page, run->pages.page_size);
    item.pages.first_length = bytes->len;
    return mig_next_emit_bytes(next, &item, MIG_ITEM_RAM_PAGES, bytes->data, bytes->len,
                               error);
}
