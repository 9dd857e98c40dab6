/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see nearest.h: what makes a name near.
 * Must not know: what the names are of.
 * See also:      stream/glob.c.
 *
 * Near is, in this order: the same but for upper and lower case; the word is all of the name
 * after its last '/', ':' or '.'; few letters were changed, added, lost or swapped; one
 * begins with the other; one is part of the other.
 */
#include "stream/nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LENGTH_MAX 255u   /* of a word and a name that are compared, bytes */
#define TYPOS_MAX  4u     /* letters that may differ */
#define NEAR_SHOWN 3u     /* names that a question has */
#define ALL_SHOWN  20u    /* names that a list has */
#define LOOKED_AT  65536u /* names; more are only counted */

/* Smaller is nearer. */
enum { COST_SAME = 0, COST_LAST = 1, COST_TYPO = 2, COST_PREFIX = 3, COST_PART = 5 };
#define COST_LAST_TYPO 3u
#define COST_NONE      UINT_MAX

/* Names this much worse than the best are not mentioned beside it. */
#define COST_SLACK 1u

typedef struct Near {
    char *name;
    unsigned cost;
} Near;

struct MigNearest {
    char *word; /* lower case, without * and ? */
    Near near[NEAR_SHOWN];
    unsigned n_near;
    GPtrArray *all; /* the first names, each once */
    uint64_t offered;
};

MigNearest *mig_nearest_new(const char *word)
{
    MigNearest *nearest = g_new0(MigNearest, 1);
    GString *bare = g_string_new(NULL);

    for (; *word; word++) {
        if (*word != '*' && *word != '?') {
            g_string_append_c(bare, g_ascii_tolower(*word));
        }
    }
    nearest->word = g_string_free(bare, FALSE);
    nearest->all = g_ptr_array_new_with_free_func(g_free);
    return nearest;
}

void mig_nearest_free(MigNearest *nearest)
{
    if (nearest) {
        for (unsigned i = 0; i < nearest->n_near; i++) {
            g_free(nearest->near[i].name);
        }
        g_ptr_array_unref(nearest->all);
        g_free(nearest->word);
        g_free(nearest);
    }
}

/* --- how near ----------------------------------------------------------------------------- */

/*
 * The optimal string alignment distance of @a and @b (Damerau and Levenshtein's, each letter
 * moved once), or @max + 1 where it is more.  Only the band that can matter is computed: the
 * time is the length times @max.
 */
static unsigned typos(const char *a, const char *b, unsigned max)
{
    unsigned rows[3][LENGTH_MAX + 2] = { { 0 } };
    unsigned n = (unsigned)strlen(a), m = (unsigned)strlen(b);

    if (n > LENGTH_MAX || m > LENGTH_MAX || MAX(n, m) - MIN(n, m) > max) {
        return max + 1;
    }
    for (unsigned j = 0; j <= m; j++) {
        rows[0][j] = j;
    }
    for (unsigned i = 1; i <= n; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *up = rows[(i + 2) % 3], *upper = rows[(i + 1) % 3];
        unsigned from = i > max ? i - max : 1, to = MIN(m, i + max);

        row[from - 1] = from == 1 ? i : max + 1;
        for (unsigned j = from; j <= to; j++) {
            unsigned above = j == i + max ? max : up[j];
            unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);

            best = MIN(best, MIN(above, row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                best = MIN(best, upper[j - 2] + 1);
            }
            row[j] = best;
        }
    }
    return MIN(rows[n % 3][m], max + 1);
}

/* As many letters as may differ in a word of that length. */
static unsigned typos_allowed(const char *word)
{
    size_t n = strlen(word);

    return n < 3 ? 0 : (unsigned)MIN((n + 1) / 3, TYPOS_MAX);
}

/* What follows the last separator. */
static const char *last_part(const char *name)
{
    const char *last = name;

    for (const char *p = name; *p; p++) {
        if (strchr("/:.", *p) && p[1]) {
            last = p + 1;
        }
    }
    return last;
}

static unsigned typo_cost(const char *word, const char *name, unsigned extra)
{
    unsigned max = typos_allowed(word), n = typos(word, name, max);

    return n > max ? COST_NONE : COST_TYPO * n + extra;
}

static unsigned part_cost(const char *word, const char *name)
{
    return strlen(word) < 2 || !*name     ? COST_NONE
           : g_str_has_prefix(name, word) ? COST_PREFIX
           : strstr(name, word)           ? COST_PART
           : strlen(name) < 3             ? COST_NONE
           : g_str_has_prefix(word, name) ? COST_PREFIX + 1
           : strstr(word, name)           ? COST_PART + 1
                                          : COST_NONE;
}

/* Both in lower case. */
static unsigned cost_of(const char *word, const char *name)
{
    const char *last = last_part(name), *last_word = last_part(word);
    unsigned cost;

    if (strcmp(word, name) == 0) {
        return COST_SAME;
    }
    if (*last && strcmp(word, last) == 0) {
        return COST_LAST;
    }
    cost = MIN(typo_cost(word, name, 0), part_cost(word, name));
    return last == name && last_word == word
               ? cost
               : MIN(cost, typo_cost(last_word, last, COST_LAST_TYPO));
}

/* --- keeping the best --------------------------------------------------------------------- */

static void keep(MigNearest *nearest, const char *name, unsigned cost)
{
    unsigned at = nearest->n_near;

    for (unsigned i = 0; i < nearest->n_near; i++) {
        if (strcmp(nearest->near[i].name, name) == 0) {
            return;
        }
    }
    while (at > 0 && nearest->near[at - 1].cost > cost) {
        at--;
    }
    if (at == NEAR_SHOWN) {
        return;
    }
    if (nearest->n_near == NEAR_SHOWN) {
        g_free(nearest->near[--nearest->n_near].name);
    }
    memmove(&nearest->near[at + 1], &nearest->near[at],
            (nearest->n_near - at) * sizeof(Near));
    nearest->near[at] = (Near){ g_strdup(name), cost };
    nearest->n_near++;
}

void mig_nearest_offer(MigNearest *nearest, const char *name)
{
    g_autofree char *lower = NULL;
    unsigned cost;

    if (nearest->all->len < ALL_SHOWN) {
        if (g_ptr_array_find_with_equal_func(nearest->all, name, g_str_equal, NULL)) {
            return;
        }
        g_ptr_array_add(nearest->all, g_strdup(name));
    }
    if (nearest->offered++ >= LOOKED_AT || !*nearest->word) {
        return;
    }
    lower = g_ascii_strdown(name, -1);
    cost = cost_of(nearest->word, lower);
    if (cost != COST_NONE) {
        keep(nearest, name, cost);
    }
}

const char *mig_nearest_best(const MigNearest *nearest)
{
    return nearest->n_near ? nearest->near[0].name : NULL;
}

/* --- words -------------------------------------------------------------------------------- */

char *mig_nearest_hint(const MigNearest *nearest, const char *has)
{
    GString *text = g_string_new(NULL);
    unsigned n = nearest->n_near;

    while (n && nearest->near[n - 1].cost > nearest->near[0].cost + COST_SLACK) {
        n--;
    }
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%s",
                               i == 0       ? "; did you mean "
                               : i == n - 1 ? " or "
                                            : ", ",
                               nearest->near[i].name);
    }
    if (n) {
        g_string_append_c(text, '?');
        return g_string_free(text, FALSE);
    }
    for (guint i = 0; i < nearest->all->len; i++) {
        g_string_append_printf(text, "%s%s", i ? ", " : "",
                               (const char *)g_ptr_array_index(nearest->all, i));
    }
    if (nearest->offered > nearest->all->len) {
        g_string_append_printf(text, " and %" G_GUINT64_FORMAT " more",
                               nearest->offered - nearest->all->len);
    }
    if (text->len) {
        g_autofree char *start = g_strdup_printf("; %s ", has);

        g_string_prepend(text, start);
    }
    return g_string_free(text, FALSE);
}
