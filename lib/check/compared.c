/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see compared.h.
 * Must not know: any rule.
 * See also:      check-private.h.
 */
#include "check/compared.h"

#include "check/check-private.h"
#include "io/budget.h"

void mig_compared_clear(MigCompared *compared)
{
    mig_offered_clear(&compared->offered);
    g_clear_pointer(&compared->against, g_ptr_array_unref);
    for (size_t i = 0; i < compared->n_releases; i++) {
        g_ptr_array_unref(compared->releases[i].differences);
    }
    *compared = (MigCompared){ .at = MIG_NOWHERE };
}

/* The device at hand, decoded. */
static MigCompared *device(MigCheck *check, const MigItem *item)
{
    MigCompared *compared = &check->compared;
    const uint8_t *body;

    if (compared->at == item->offset) {
        return compared;
    }
    mig_compared_clear(compared);
    compared->at = item->offset;
    body = item->length == item->whole ? mig_reader_bytes(check->reader, item) : NULL;
    compared->decoded = body != NULL;
    if (body) {
        mig_offered_init(&compared->offered, check->reader, item, body);
    }
    return compared;
}

const GPtrArray *mig_compared_with_destinations(MigCheck *check, const MigItem *item)
{
    MigCompared *compared = device(check, item);

    if (!compared->against) {
        compared->against = g_ptr_array_new_with_free_func(mig_shape_difference_free);
        for (size_t i = 0; i < check->n_against && compared->decoded; i++) {
            mig_shape_compare_device(check->against[i], &compared->offered,
                                     compared->against);
        }
    }
    return compared->against;
}

const GPtrArray *mig_compared_with_release(MigCheck *check, const MigItem *item,
                                           MigRelease release)
{
    MigCompared *compared = device(check, item);
    GPtrArray *differences;

    for (size_t i = 0; i < compared->n_releases; i++) {
        if (compared->releases[i].release == release) {
            return compared->releases[i].differences;
        }
    }
    g_return_val_if_fail(compared->n_releases < MIG_COMPARED_RELEASES, NULL);
    differences = g_ptr_array_new_with_free_func(mig_shape_difference_free);
    if (compared->decoded) {
        mig_shape_compare_release(release, &compared->offered, differences);
    }
    compared->releases[compared->n_releases].release = release;
    compared->releases[compared->n_releases++].differences = differences;
    return differences;
}

void mig_compared_ground(MigCheck *check)
{
    if (mig_reader_budget(check->reader)->left == 0) {
        mig_report_no_ground(check, "the devices are more work than the stream is worth");
    }
}
