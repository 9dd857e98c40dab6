/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          many small things that are found by their order, in hardly more room than
 *                they take.
 * Must not know: what the things are.
 * See also:      stream/section.c, which finds sections; io/number-tree.h, for few.
 *
 * A tree has 40 bytes beside each thing, of which a stream may have 128 Ki.  Here a thing is
 * a word, and nothing else is kept of it: the words lie in runs, each of which is sorted, and
 * whose lengths are different powers of two.  Where a word makes a second run of one length,
 * both are merged, as a binary counter carries.  So what is added moves log2(n) times, and as
 * many runs are searched, whatever order a stream chooses.
 */
#ifndef MIG_IO_SORTED_H
#define MIG_IO_SORTED_H

#include <glib.h>
#include <stdint.h>

typedef struct MigSorted {
    GArray *words;        /* uint64_t */
    GCompareFunc compare; /* of two uint64_t */
} MigSorted;

void mig_sorted_init(MigSorted *sorted, GCompareFunc compare);
void mig_sorted_clear(MigSorted *sorted);

/* The word that compares as equal to @word, which may be replaced by another such one until
 * one is added; NULL: there is none. */
uint64_t *mig_sorted_find(const MigSorted *sorted, uint64_t word);

/* Adds @word, which is equal to none that is there. */
void mig_sorted_add(MigSorted *sorted, uint64_t word);

#endif
