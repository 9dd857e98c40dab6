/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see compared.h.
 * Must not know: any rule.
 * See also:      check-private.h.
 */
#include "check/compared.h"

#include <inttypes.h>

#include "check/check-private.h"
#include "io/budget.h"
#include "stream/item-private.h"

void mig_compared_clear(MigCompared *compared)
{
    mig_offered_clear(&compared->offered);
    g_clear_pointer(&compared->against, g_ptr_array_unref);
    for (size_t i = 0; i < compared->n_releases; i++) {
        g_ptr_array_unref(compared->releases[i].differences);
    }
    *compared = (MigCompared){ .at = MIG_NOWHERE };
}

/* The device at hand. */
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
    compared->is_whole = body != NULL;
    mig_offered_init(&compared->offered, check->reader, item, body);
    return compared;
}

MigOffered *mig_compared_device(MigCheck *check, const MigItem *item)
{
    return &device(check, item)->offered;
}

const GPtrArray *mig_compared_with_destinations(MigCheck *check, const MigItem *item)
{
    MigCompared *compared = device(check, item);

    if (!compared->against) {
        compared->against = g_ptr_array_new_with_free_func(mig_shape_difference_free);
        for (size_t i = 0; i < check->n_against && compared->is_whole; i++) {
            guint n = compared->against->len;

            mig_shape_compare_device(check->against[i], &compared->offered,
                                     compared->against);
            for (; n < compared->against->len; n++) {
                MigShapeDifference *d = g_ptr_array_index(compared->against, n);

                d->with = check->against[i];
            }
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
    if (compared->is_whole) {
        mig_shape_compare_release(release, &compared->offered, differences);
    }
    compared->releases[compared->n_releases].release = release;
    compared->releases[compared->n_releases++].differences = differences;
    return differences;
}

/* migration/savevm.c, qemu_loadvm_section_start_full(); migration/vmstate.c,
 * vmstate_load_state(); 5.2 to 11.1. */
char *mig_compared_version_words(const MigSection *section, uint64_t here, uint64_t there,
                                 MigRelease release)
{
    bool changed = release >= MIG_WORDS_CHANGED;

    return here > there
               ? g_strdup_printf("%sunsupported version %" PRIu64 " for '%s' v%" PRIu64,
                                 changed ? "" : "savevm: ", here, section->name, there)
               : g_strdup_printf("%s: incoming version_id %" PRIu64
                                 " is too old for local minimum version_id %s%" PRIu64,
                                 mig_section_handler(section->name), here,
                                 changed ? "" : " ", there);
}

void mig_compared_ground(MigCheck *check)
{
    if (mig_reader_budget(check->reader)->left == 0) {
        mig_report_no_ground(check, "the devices are more work than the stream is worth");
    }
    for (size_t i = 0; i < check->n_against; i++) {
        if (mig_shape_is_broken(check->against[i])) {
            mig_report_no_ground(check,
                                 "the destination's description of a device cannot "
                                 "be read");
        }
    }
}
