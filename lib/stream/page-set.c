/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see page-set.h.
 * Must not know: what a page is.
 * See also:      io/long-array.h.
 */
#include "stream/page-set.h"

#include <string.h>

#include "io/alloc.h"

#define STRETCH MIG_PAGE_SET_STRETCH

/* What an entry of the index is, if it is no place in the store. */
enum { NONE, ALL, FIRST_PLACE };

typedef struct Stretch {
    uint32_t n_in;
    uint32_t next_free; /* while it is in no set */
    uint64_t bits[STRETCH / 64];
} Stretch;

void mig_page_store_init(MigPageStore *store)
{
    *store = (MigPageStore){ .stretches = mig_long_array_new(sizeof(Stretch)) };
}

void mig_page_store_clear(MigPageStore *store)
{
    mig_long_array_free(store->stretches);
}

/* Moves when one is taken. */
static Stretch *stretch_at(const MigPageStore *store, uint32_t place)
{
    return &g_array_index(store->stretches, Stretch, place - FIRST_PLACE);
}

/* An empty one; its place, or NONE where there is no memory for it. */
static uint32_t take_stretch(MigPageStore *store)
{
    uint32_t place = store->free;
    Stretch *s;

    if (place) {
        s = stretch_at(store, place);
        store->free = s->next_free;
        *s = (Stretch){ 0 };
    } else {
        if (!mig_long_array_add(store->stretches)) {
            return NONE;
        }
        place = FIRST_PLACE + store->stretches->len - 1;
    }
    return place;
}

static void give_back(MigPageStore *store, uint32_t place)
{
    stretch_at(store, place)->next_free = store->free;
    store->free = place;
}

static uint64_t n_stretches(const MigPageSet *set)
{
    return set->n_pages / STRETCH + (set->n_pages % STRETCH != 0);
}

bool mig_page_set_init(MigPageSet *set, MigPageStore *store, uint64_t n_pages)
{
    *set = (MigPageSet){ .n_pages = n_pages };
    if (n_pages > MIG_PAGE_SET_MAX || n_pages > MIG_PAGE_STORE_MAX - store->n_pages) {
        return false;
    }
    set->index = mig_try_alloc0((n_stretches(set) + 1) * sizeof(*set->index));
    store->n_pages += set->index ? n_pages : 0;
    return set->index != NULL;
}

void mig_page_set_clear(MigPageSet *set)
{
    g_free(set->index);
}

/* The bits, of the word that has bit @first, of the next @n; *@here is how many those are. */
static uint64_t mask_of(uint32_t first, uint32_t n, uint32_t *here)
{
    uint32_t shift = first % 64;

    *here = MIN(n, 64 - shift);
    return (*here == 64 ? ~UINT64_C(0) : (UINT64_C(1) << *here) - 1) << shift;
}

/* How many of @n bits from @first on are set. */
static uint32_t count_bits(const uint64_t *bits, uint32_t first, uint32_t n)
{
    uint32_t set = 0;

    for (uint32_t here; n; first += here, n -= here) {
        uint64_t mask = mask_of(first, n, &here);

        set += (uint32_t)__builtin_popcountll(mask & bits[first / 64]);
    }
    return set;
}

/* Makes @n bits from @first on what @value is; returns how many of them were not. */
static uint32_t set_bits(uint64_t *bits, uint32_t first, uint32_t n, bool value)
{
    uint32_t before = count_bits(bits, first, n), left = n;

    for (uint32_t here; left; first += here, left -= here) {
        uint64_t mask = mask_of(first, left, &here);

        bits[first / 64] = value ? bits[first / 64] | mask : bits[first / 64] & ~mask;
    }
    return value ? n - before : before;
}

/* Pages that the stretch can have: the last one may be shorter. */
static uint32_t stretch_length(const MigPageSet *set, uint64_t which)
{
    return (uint32_t)MIN(STRETCH, set->n_pages - which * STRETCH);
}

/* Adds @n pages of one stretch; @first counts from its beginning. */
static bool add_in_stretch(MigPageSet *set, MigPageStore *store, uint64_t which,
                           uint32_t first, uint32_t n)
{
    uint32_t *entry = &set->index[which], length = stretch_length(set, which);
    uint32_t fresh;
    Stretch *s;

    if (*entry == ALL) {
        return true;
    }
    if (*entry == NONE && n == length) {
        *entry = ALL;
        set->n_in += n;
        return true;
    }
    if (*entry == NONE && (*entry = take_stretch(store)) == NONE) {
        return false;
    }
    s = stretch_at(store, *entry);
    fresh = set_bits(s->bits, first, n, true);
    s->n_in += fresh;
    set->n_in += fresh;
    if (s->n_in == length) {
        give_back(store, *entry);
        *entry = ALL;
    }
    return true;
}

/* The same for taking them out. */
static bool remove_in_stretch(MigPageSet *set, MigPageStore *store, uint64_t which,
                              uint32_t first, uint32_t n)
{
    uint32_t *entry = &set->index[which], length = stretch_length(set, which), place;
    uint32_t gone;
    Stretch *s;

    if (*entry == NONE) {
        return true;
    }
    if (*entry == ALL && n == length) {
        *entry = NONE;
        set->n_in -= n;
        return true;
    }
    if (*entry == ALL) {
        place = take_stretch(store);
        if (place == NONE) {
            return false;
        }
        *entry = place;
        stretch_at(store, place)->n_in =
            set_bits(stretch_at(store, place)->bits, 0, length, true);
    }
    s = stretch_at(store, *entry);
    gone = set_bits(s->bits, first, n, false);
    s->n_in -= gone;
    set->n_in -= gone;
    if (s->n_in == 0) {
        give_back(store, *entry);
        *entry = NONE;
    }
    return true;
}

typedef bool ChangeStretch(MigPageSet *set, MigPageStore *store, uint64_t which,
                           uint32_t first, uint32_t n);

static bool change(MigPageSet *set, MigPageStore *store, uint64_t first, uint64_t n,
                   ChangeStretch *change_stretch)
{
    if (first >= set->n_pages) {
        return true;
    }
    for (n = MIN(n, set->n_pages - first); n > 0;) {
        uint32_t at = (uint32_t)(first % STRETCH);
        uint32_t here = (uint32_t)MIN(n, STRETCH - at);

        if (!change_stretch(set, store, first / STRETCH, at, here)) {
            return false;
        }
        first += here;
        n -= here;
    }
    return true;
}

bool mig_page_set_add(MigPageSet *set, MigPageStore *store, uint64_t first, uint64_t n)
{
    return change(set, store, first, n, add_in_stretch);
}

bool mig_page_set_remove(MigPageSet *set, MigPageStore *store, uint64_t first, uint64_t n)
{
    return change(set, store, first, n, remove_in_stretch);
}

uint64_t mig_page_set_count(const MigPageSet *set, const MigPageStore *store,
                            uint64_t first, uint64_t n)
{
    uint64_t count = 0;

    for (n = first < set->n_pages ? MIN(n, set->n_pages - first) : 0; n > 0;) {
        uint32_t at = (uint32_t)(first % STRETCH), entry = set->index[first / STRETCH];
        uint32_t here = (uint32_t)MIN(n, STRETCH - at);

        count += entry == ALL    ? here
                 : entry == NONE ? 0
                                 : count_bits(stretch_at(store, entry)->bits, at, here);
        first += here;
        n -= here;
    }
    return count;
}

bool mig_page_set_has(const MigPageSet *set, const MigPageStore *store, uint64_t page)
{
    uint32_t entry = page < set->n_pages ? set->index[page / STRETCH] : NONE;

    if (entry < FIRST_PLACE) {
        return entry == ALL;
    }
    page %= STRETCH;
    return stretch_at(store, entry)->bits[page / 64] >> (page % 64) & 1;
}

uint64_t mig_page_set_first_missing(const MigPageSet *set, const MigPageStore *store)
{
    uint64_t which = 0, page;

    while (which < n_stretches(set) && set->index[which] == ALL) {
        which++;
    }
    page = which * STRETCH;
    while (page < set->n_pages && mig_page_set_has(set, store, page)) {
        page++;
    }
    return MIN(page, set->n_pages);
}

uint64_t mig_page_set_run_end(const MigPageSet *set, const MigPageStore *store,
                              uint64_t page)
{
    bool in = mig_page_set_has(set, store, page);

    while (page < set->n_pages) {
        uint32_t entry = set->index[page / STRETCH];

        if (entry < FIRST_PLACE && (entry == ALL) == in) {
            page = (page / STRETCH + 1) * STRETCH;
        } else if (mig_page_set_has(set, store, page) == in) {
            page++;
        } else {
            break;
        }
    }
    return MIN(page, set->n_pages);
}
