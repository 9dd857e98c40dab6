/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see pages.h.
 * Must not know: what pages hold.
 * See also:      stream/ram.c, the records.
 */
#include "filter/pages.h"

bool mig_pages_emit_slice(MigNext *next, const MigItem *run, uint32_t first, uint32_t n,
                          GError **error)
{
    MigItem item = *run;
    uint64_t from = mig_ram_pages_length(&run->pages, first);
    uint64_t length = mig_ram_pages_length(&run->pages, first + n) - from;
    g_autoptr(GBytes) bytes = NULL;

    if (n == 0) {
        return true;
    }
    item.offset += from;
    item.length = item.whole = length;
    if (run->bytes) {
        bytes = g_bytes_new_from_bytes(run->bytes, from, length);
        item.bytes = bytes;
    }
    item.pages = mig_ram_pages_slice(&run->pages, first, n);
    return mig_next_emit(next, &item, error);
}

/* Emits @pages, which come of @run with the bytes @p, with the name that its first record
 * has if it is named.  @data: a page, or NULL. */
static bool emit_encoded(MigNext *next, const MigItem *run, const uint8_t *p,
                         MigRamPages pages, const uint8_t *data, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem item = *run;
    const char *name = NULL;
    uint8_t n = 0;

    if (pages.named) {
        name = mig_ram_pages_name(&run->pages, p, &n);
    }
    mig_ram_pages_encode(&pages, name, n, data, 0, bytes);
    item.pages = pages;
    return mig_next_emit_bytes(next, &item, MIG_ITEM_RAM_PAGES, bytes->data, bytes->len,
                               error);
}

bool mig_pages_emit_zeros(MigNext *next, const MigItem *run, const uint8_t *p,
                          uint32_t first, uint32_t n, GError **error)
{
    MigRamPages zeros = mig_ram_pages_slice(&run->pages, first, n);

    zeros.kind = MIG_PAGE_ZERO;
    zeros.fill = 0;
    return n == 0 || emit_encoded(next, run, p, zeros, NULL, error);
}

bool mig_pages_emit_page(MigNext *next, const MigItem *run, const uint8_t *p,
                         const uint8_t *page, GError **error)
{
    MigRamPages plain = run->pages;

    plain.kind = MIG_PAGE_NORMAL;
    return emit_encoded(next, run, p, plain, page, error);
}
