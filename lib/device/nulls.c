/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          inferring which elements of an array of pointers are NULL.
 * Must not know: what the elements hold.
 * See also:      device/nulls.h; device/walk.c, which has the layout.
 */
#include "device/nulls.h"

#include <string.h>

/* The most memory that one search may take, in bytes. */
#define TABLE_MAX (1u << 20)

static bool is_null_at(const NullSearch *search, uint64_t at)
{
    return at < search->length && search->body[at] == MIG_NULLPTR;
}

/*
 * Which @k of @n elements are NULL, the others taking @size bytes, if their array begins at
 * @start: the bytes allow exactly one answer, or none is given.  table[i][j] is the number
 * of ways (2 for more) in which j of the first i elements can be NULL; for the first
 * element it is known.
 */
static uint8_t *place_nulls(const NullSearch *search, uint64_t n, uint64_t size,
                            bool first_is_null, uint64_t start, uint64_t k)
{
    uint64_t columns = k + 1, j = k;
    g_autofree uint8_t *table = g_malloc0((n + 1) * columns);
    g_autofree uint8_t *is_null = g_malloc0(n);

    table[0] = 1;
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t nulls = 0; nulls <= MIN(i, k); nulls++) {
            uint8_t ways = table[i * columns + nulls];
            uint64_t at = start + nulls + (i - nulls) * size;
            uint8_t *next = &table[(i + 1) * columns + nulls];

            if (!ways || at >= search->length) {
                continue;
            }
            if (i > 0 || !first_is_null) {
                next[0] = (uint8_t)MIN(next[0] + ways, 2);
            }
            if ((i > 0 || first_is_null) && nulls < k && is_null_at(search, at)) {
                next[1] = (uint8_t)MIN(next[1] + ways, 2);
            }
        }
    }
    if (table[n * columns + k] != 1) {
        return NULL;
    }
    for (uint64_t i = n; i > 0; i--) {
        uint64_t before = (i - 1) * columns + j;

        if (!table[before] || (i == 1 && first_is_null) ||
            (j > 0 && table[before - 1] &&
             is_null_at(search, start + j - 1 + (i - j) * size))) {
            is_null[i - 1] = 1;
            j--;
        }
    }
    return g_steal_pointer(&is_null);
}

/* Whether @f may be an array of pointers some of which are NULL although nothing says so.
 * The places of its bytes are known within @slack. */
static bool may_hold_nulls(NullSearch *search, const Field *f, uint64_t at,
                           uint64_t slack)
{
    uint64_t from = at - MIN(at, slack);
    uint64_t to = MIN(at + MIN(f->run, search->length) + slack, search->length);

    if (!f->starts_array || !f->has_count || f->count < 2 ||
        (f->next && f->next->in_array && !f->next->starts_array)) {
        return false; /* runs say it */
    }
    return (f->size > 1 || f->shape == SHAPE_NULLPTR) && from < to &&
           mig_budget_spend(search->budget, (to - from) / 16) &&
           memchr(search->body + from, MIG_NULLPTR, to - from);
}

/* How many elements of @f must be NULL if the vmstate takes @size bytes instead of
 * @described; 0: impossible. */
static uint64_t count_nulls(const Field *f, uint64_t described, uint64_t size)
{
    const Field *element = f->element ? f->element : f;
    uint64_t differing = size > described ? size - described : described - size;
    uint64_t bytes = element->size - 1, n;

    if ((f->element != NULL) != (size > described) || bytes == 0 || differing % bytes) {
        return 0;
    }
    n = differing / bytes;
    return n >= f->count ? 0 : f->element ? f->count - n : n;
}

bool mig_nulls_find(NullSearch *search, const Vmstate *v, uint64_t start, uint64_t size,
                    Nulls *nulls)
{
    uint64_t slack =
        MIN(size > v->size ? size - v->size : v->size - size, search->length);
    uint64_t at = start, array_at = 0, k;
    const Field *array = NULL;

    if (slack == 0 || size > search->length - start) {
        return false;
    }
    for (const Field *f = v->fields; f && at < search->length;
         at += f->run, f = f->next) {
        if (!mig_budget_spend(search->budget, 1)) {
            return false;
        }
        if (may_hold_nulls(search, f, at, slack)) {
            if (array) {
                search->doubtful = array;
                return false;
            }
            array = f;
            array_at = at;
        }
    }
    k = array ? count_nulls(array, v->size, size) : 0;
    if (k == 0 || array->count >= TABLE_MAX / (k + 1) ||
        !mig_budget_spend(search->budget, array->count * (k + 1))) {
        search->doubtful = array;
        return false;
    }
    nulls->element = array->element ? array->element : array;
    nulls->is_null = place_nulls(search, array->count, nulls->element->size,
                                 array->element != NULL, array_at, k);
    if (!nulls->is_null) {
        search->doubtful = array;
        return false;
    }
    nulls->array = array;
    nulls->length = k + (array->count - k) * nulls->element->size;
    return true;
}

void mig_nulls_clear(Nulls *nulls)
{
    g_free(nulls->is_null);
}
