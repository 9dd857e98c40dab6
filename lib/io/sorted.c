/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see sorted.h.
 * Must not know: what the things are.
 * See also:      stream/section.c.
 */
#include "io/sorted.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void mig_sorted_init(MigSorted *sorted, GCompareFunc compare)
{
    sorted->words = g_array_new(false, false, sizeof(uint64_t));
    sorted->compare = compare;
}

void mig_sorted_clear(MigSorted *sorted)
{
    g_array_unref(sorted->words);
}

/* The lengths of runs are the bits of the length of all, the highest first. */
uint64_t *mig_sorted_find(const MigSorted *sorted, uint64_t word)
{
    uint64_t *run = (uint64_t *)(void *)sorted->words->data, *found = NULL;
    size_t left = sorted->words->len;

    while (left && !found) {
        size_t length = (size_t)1 << (g_bit_storage(left) - 1);

        found = bsearch(&word, run, length, sizeof(word), sorted->compare);
        run += length;
        left -= length;
    }
    return found;
}

/* Two runs of @length words, one after the other, become one. */
static void merge(uint64_t *words, size_t length, GCompareFunc compare)
{
    g_autofree uint64_t *first = g_memdup2(words, length * sizeof(*words));
    const uint64_t *a = first, *b = words + length, *b_end = b + length;

    while (a < first + length) {
        *words++ = b < b_end && compare(b, a) < 0 ? *b++ : *a++;
    }
}

void mig_sorted_add(MigSorted *sorted, uint64_t word)
{
    uint64_t *end;

    g_array_append_val(sorted->words, word);
    end = &g_array_index(sorted->words, uint64_t, sorted->words->len);
    for (size_t length = 1; !(sorted->words->len & length); length *= 2) {
        merge(end - 2 * length, length, sorted->compare);
    }
}
