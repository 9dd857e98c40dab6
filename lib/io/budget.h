/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the budget of work that a stream may cause.
 * Must not know: what the work is.
 * See also:      stream/reader.h, which carries the budget of a stream; device/decode.h,
 *                which spends most of it.
 *
 * A few bytes of a stream can ask for much: a description that repeats one element a million
 * times, a field of no length, a search that starts anew at each byte.  Every loop that a
 * stream can lengthen beyond its own bytes spends steps from one budget, which grows with the
 * bytes that were read.  So work stays linear in the stream.  When the budget is spent, what
 * was being decoded is shown as bytes, and says so.
 *
 * A step is some 10 ns: a byte compared, a field looked at; what prints a line costs
 * MIG_BUDGET_LINE of them.
 */
#ifndef MIG_IO_BUDGET_H
#define MIG_IO_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Steps that every stream has, and those that each byte adds.  Streams of QEMU 5.2 to 11.1
 * spend up to 17 a byte. */
#define MIG_BUDGET_BASE     (UINT64_C(4) << 20)
#define MIG_BUDGET_PER_BYTE 96u
#define MIG_BUDGET_LINE     16u

typedef struct MigBudget {
    uint64_t left; /* steps */
} MigBudget;

#define MIG_BUDGET_INIT         \
    {                           \
        .left = MIG_BUDGET_BASE \
    }

/* @bytes more of the stream have been read. */
static inline void mig_budget_grant(MigBudget *budget, uint64_t bytes)
{
    uint64_t steps;

    if (__builtin_mul_overflow(bytes, MIG_BUDGET_PER_BYTE, &steps) ||
        __builtin_add_overflow(budget->left, steps, &budget->left)) {
        budget->left = UINT64_MAX;
    }
}

/* Takes @steps; false, and nothing is left from then on, where there are not as many. */
static inline bool mig_budget_spend(MigBudget *budget, uint64_t steps)
{
    if (steps > budget->left) {
        budget->left = 0;
        return false;
    }
    budget->left -= steps;
    return true;
}

#endif
