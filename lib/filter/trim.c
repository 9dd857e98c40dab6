/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          cutting off what follows the end of a stream: the zeros of a volume that it
 *                was saved into, or anything else that no loader reads.
 * Must not know: what it is.
 * See also:      stream/after-end.h.
 */
#include "filter/filter.h"

typedef struct Trim {
    uint64_t zeros, others;
} Trim;

static bool trim_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Trim *trim = state;

    if (item->kind == MIG_ITEM_PADDING && item->section) {
        return mig_next_emit(next, item, error); /* a hole of mapped-ram */
    }
    *(item->kind == MIG_ITEM_PADDING ? &trim->zeros : &trim->others) += item->length;
    return true;
}

static bool trim_finish(void *state, MigNext *next, GError **error)
{
    const Trim *trim = state;

    (void)error;
    mig_next_report(next, NULL,
                    "%" PRIu64 " zeros and %" PRIu64
                    " other bytes after the end were cut off",
                    trim->zeros, trim->others);
    return true;
}

const MigFilterType mig_filter_trim = {
    .name = "trim",
    .summary = "cut off what follows the end of the stream, which no loader reads",
    .gives_up = "nothing of the stream",
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(PADDING) | MIG_ITEM_BIT(TRAILING)),
    .state_size = sizeof(Trim),
    .event = trim_event,
    .finish = trim_finish,
};
