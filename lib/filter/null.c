/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the filter that changes nothing.
 * Must not know: anything.
 * See also:      every other filter; a stream through this one is identical.
 */
#include "filter/filter.h"

const MigFilterType mig_filter_null = {
    .name = "null",
    .summary = "change nothing",
    .gives_up = "nothing",
    .passes = MIG_ITEM_BITS_ALL,
};
