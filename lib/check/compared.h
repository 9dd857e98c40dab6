/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the device that the rules look at, read and compared once for all of them:
 *                with the destinations, and with releases that are built in.
 * Must not know: any rule.  Private to check/.
 * See also:      shape/compare.h; rules-dest.c, rules-release.c, rules-subsection.c.
 */
#ifndef MIG_CHECK_COMPARED_H
#define MIG_CHECK_COMPARED_H

#include "check/rule.h"
#include "shape/compare.h"
#include "stream/qemu.h"

/* Releases that one device is compared with: there are not more built in. */
#define MIG_COMPARED_RELEASES 8

typedef struct MigCompared {
    MigOffered offered;
    uint64_t at;        /* offset of the device's item */
    bool is_whole;      /* all of it is at hand */
    GPtrArray *against; /* MigShapeDifference from all destinations, or NULL */
    struct {
        MigRelease release;
        GPtrArray *differences;
    } releases[MIG_COMPARED_RELEASES];
    size_t n_releases;
} MigCompared;

void mig_compared_clear(MigCompared *compared);

/* The device that @item is the state of, or a piece of it. */
MigOffered *mig_compared_device(MigCheck *check, const MigItem *item);

/* MigShapeDifference in the order in which a loader meets them.  @item: a device's state, the
 * one that the reader has just read. */
const GPtrArray *mig_compared_with_destinations(MigCheck *check, const MigItem *item);
const GPtrArray *mig_compared_with_release(MigCheck *check, const MigItem *item,
                                           MigRelease release);

/* From this release on the loader says what a hook or a field's reader found, and in other
 * words. */
#define MIG_WORDS_CHANGED QEMU(10, 2)

/* What @release prints as it refuses version @here of a section, because @there is the newest
 * or, where that is more, the oldest that it reads.  The caller frees. */
char *mig_compared_version_words(const MigSection *section, uint64_t here, uint64_t there,
                                 MigRelease release);

/* Where the budget is spent not all was compared, and the rule has no ground. */
void mig_compared_ground(MigCheck *check);

#endif
