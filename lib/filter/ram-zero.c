/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          normal pages that are all zero become zero records.
 * Must not know: where they came from.
 * See also:      filter/pages.h.
 */
#include "filter/pages.h"
#include "stream/page.h"

typedef struct RamZero {
    uint64_t pages, saved;
    bool mapped;
} RamZero;

static bool zero_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    RamZero *zero = state;
    const MigRamPages *run = &item->pages;
    uint32_t from = 0; /* first page that was not emitted */
    const uint8_t *p;

    if (item->kind == MIG_ITEM_MAPPED_HEADER) {
        zero->mapped = true;
        return mig_next_emit(next, item, error);
    }
    if (mig_page_kind(run->kind)->content != MIG_PAGE_PLAIN) {
        return mig_next_emit(next, item, error);
    }
    p = mig_next_bytes(next, item, error);
    if (!p) {
        return false;
    }
    for (uint32_t i = 0; i < run->n_pages;) {
        uint32_t n = 0;

        while (i + n < run->n_pages &&
               mig_page_is_zero(mig_ram_pages_data(run, p, i + n), run->page_size)) {
            n++;
        }
        if (n == 0) {
            i++;
            continue;
        }
        if (!mig_pages_emit_slice(next, item, from, i - from, error) ||
            !mig_pages_emit_zeros(next, item, p, i, n, error)) {
            return false;
        }
        zero->pages += n;
        zero->saved += (uint64_t)n * (run->page_size - 1);
        i += n;
        from = i;
    }
    return mig_pages_emit_slice(next, item, from, run->n_pages - from, error);
}

static bool zero_finish(void *state, MigNext *next, GError **error)
{
    const RamZero *zero = state;

    (void)error;
    mig_next_report(next, NULL,
                    "%" PRIu64 " normal pages were zero and became zero records, %" PRIu64
                    " bytes less%s",
                    zero->pages, zero->saved,
                    zero->mapped ? " (those of mapped-ram stay where they are)" : "");
    return true;
}

const MigFilterType mig_filter_ram_zero = {
    .name = "ram-zero",
    .summary = "turn normal pages that are all zero into zero records",
    .gives_up = "nothing",
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(RAM_PAGES) | MIG_ITEM_BIT(MAPPED_HEADER)),
    .changes_ram = true,
    .page_kinds = MIG_PAGE_BITS_ALL, /* only normal pages change */
    .state_size = sizeof(RamZero),
    .event = zero_event,
    .finish = zero_finish,
};
