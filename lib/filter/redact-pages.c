/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see redact-pages.h.
 * Must not know: what else is in a stream.
 * See also:      filter/pages.h.
 */
#include "filter/redact-pages.h"

#include "filter/pages.h"
#include "stream/page.h"

/* Pages that are told apart, with pages=equal: 48 bytes each. */
#define DISTINCT_MAX (8u << 20)

/* The number of the first page with this content; 0 where there are too many. */
static uint64_t number_of(MigRedactPages *pages, const uint8_t *page, uint32_t size)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize n = sizeof digest;
    g_autoptr(GBytes) key = NULL;
    gpointer number;

    g_checksum_update(sum, page, size);
    g_checksum_get_digest(sum, digest, &n);
    key = g_bytes_new(digest, n);
    number = g_hash_table_lookup(pages->numbers, key);
    if (!number && g_hash_table_size(pages->numbers) < DISTINCT_MAX) {
        number = GSIZE_TO_POINTER((gsize)g_hash_table_size(pages->numbers) + 1);
        g_hash_table_insert(pages->numbers, g_steal_pointer(&key), number);
    }
    return (uint64_t)GPOINTER_TO_SIZE(number);
}

static void write_number(uint8_t *page, uint32_t size, uint64_t number)
{
    for (uint32_t i = 0; i < size; i++) {
        page[i] = (uint8_t)(number >> (8 * (7 - i % 8)));
    }
}

static bool equal_pages(MigRedactPages *pages, MigNext *next, const MigItem *item,
                        const uint8_t *p, GError **error)
{
    const MigRamPages *run = &item->pages;
    uint8_t *bytes = g_memdup2(p, item->length);
    g_autoptr(GBytes) held = g_bytes_new_take(bytes, item->length);
    MigItem changed = *item;

    if (!pages->numbers) {
        pages->numbers = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                               (GDestroyNotify)g_bytes_unref, NULL);
    }
    for (uint32_t i = 0; i < run->n_pages; i++) {
        const uint8_t *page = mig_ram_pages_data(run, p, i);
        uint64_t number = mig_page_is_zero(page, run->page_size)
                              ? 0
                              : number_of(pages, page, run->page_size);

        if (!number && !mig_page_is_zero(page, run->page_size)) {
            return mig_next_refuse(
                next, item, NULL, error,
                "more than %u pages differ; pages=zero needs no memory", DISTINCT_MAX);
        }
        write_number(bytes + (page - p), run->page_size, number);
    }
    changed.bytes = held;
    return mig_next_emit(next, &changed, error);
}

/* The records of @item without content; the first one, if @keeps_one, as a page that has it, for a
 * stream where none has it is the main channel of multifd. */
static bool blank_pages(MigNext *next, const MigItem *item, const uint8_t *p,
                        bool keeps_one, GError **error)
{
    const MigRamPages *run = &item->pages;
    g_autofree uint8_t *page = NULL;
    MigItem first = *item;

    if (!keeps_one) {
        return mig_pages_emit_zeros(next, item, p, 0, run->n_pages, error);
    }
    page = g_malloc0(run->page_size);
    first.pages = mig_ram_pages_slice(run, 0, 1);
    return mig_pages_emit_page(next, &first, p, page, error) &&
           (p = mig_next_bytes(next, item, error)) &&
           mig_pages_emit_zeros(next, item, p, 1, run->n_pages - 1, error);
}

bool mig_redact_pages(MigRedactPages *pages, MigNext *next, const MigItem *item,
                      GError **error)
{
    const MigRamPages *run = &item->pages;
    const uint8_t *p = mig_next_bytes(next, item, error);
    bool is_first;

    if (!p) {
        return false;
    }
    is_first = run->kind != MIG_PAGE_ZERO && pages->n == 0 && run->page_size;
    pages->n += run->kind != MIG_PAGE_ZERO ? run->n_pages : 0;
    if (pages->equal && run->kind != MIG_PAGE_ZERO) {
        if (run->kind != MIG_PAGE_NORMAL) {
            return mig_next_refuse(next, item, NULL, error,
                                   "pages=equal compares plain pages; add the filter "
                                   "ram-decompress before this one");
        }
        return mig_next_room(next, item->length, error) &&
               equal_pages(pages, next, item, p, error);
    }
    return blank_pages(next, item, p, is_first, error);
}

void mig_redact_pages_clear(MigRedactPages *pages)
{
    g_clear_pointer(&pages->numbers, g_hash_table_unref);
}
