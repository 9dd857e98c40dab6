/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules between the devices of a stream and those of a release that is built in.
 * Must not know: how differences are found, and where the data are.
 * See also:      compared.h; rules-dest.c, the same with one destination;
 *                rules-subsection.c, whose table is exact for all releases.
 *
 * Four releases are built in.  One between two of them refuses what both refuse; of what only
 * one of them refuses nothing is said.
 *
 * Source: migration/savevm.c, migration/vmstate.c; 5.2 to 11.1.
 */
#include <string.h>

#include "check/check-private.h"
#include "check/compared.h"

#define RELEASE_FORMAT        "QEMU %u.%u"
#define RELEASE_ARGS(release) mig_release_major(release), mig_release_minor(release)

/* The first difference of these kinds that is certain, or NULL. */
static const MigShapeDifference *first_of(MigCheck *check, const MigItem *item,
                                          MigRelease release, uint32_t kinds)
{
    const GPtrArray *differences = mig_compared_with_release(check, item, release);

    for (guint i = 0; i < differences->len; i++) {
        const MigShapeDifference *d = g_ptr_array_index(differences, i);

        if (d->sure && kinds >> d->kind & 1) {
            return d;
        }
    }
    return NULL;
}

/* Whether two releases refuse it for the same: one between them may read what is too new for
 * the older and too old for the newer one. */
static bool is_same(const MigShapeDifference *one, const MigShapeDifference *other)
{
    bool version =
        one->kind == MIG_SHAPE_VERSION_NEW || one->kind == MIG_SHAPE_VERSION_OLD;

    return one->kind == other->kind && g_strcmp0(one->path, other->path) == 0 &&
           (version || one->there == other->there);
}

/* Why @release refuses the device, or NULL: those built in next to it agree. */
static const MigShapeDifference *refusal(MigCheck *check, const MigItem *item,
                                         MigRelease release, uint32_t kinds)
{
    MigRelease below, above;
    const MigShapeDifference *one, *other;

    mig_shape_known_releases(release, &below, &above);
    if (below == MIG_RELEASE_NONE || above == MIG_RELEASE_NONE) {
        return NULL;
    }
    one = first_of(check, item, below, kinds);
    other = one ? first_of(check, item, above, kinds) : NULL;
    return other && is_same(one, other) ? other : NULL;
}

/* Most differences are of one release alone, and nobody asks where they are. */
static uint64_t place_of(MigCheck *check, const MigItem *item,
                         const MigShapeDifference *d)
{
    return d->path ? mig_shape_place(mig_compared_device(check, item), d->path)
                   : item->offset;
}

/* Tells of the oldest release that refuses it; and what one of them prints. */
typedef void Report(MigCheck *check, const MigItem *item, const MigShapeDifference *d,
                    MigRelease release);

static void judge(MigCheck *check, const MigItem *item, uint32_t kinds, Report *report,
                  Report *words)
{
    bool found = false;
    MigRelease release;

    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE && !item->piece;
         i++) {
        const MigShapeDifference *d =
            check->asked >> i & 1 ? refusal(check, item, release, kinds) : NULL;

        if (d && !found) {
            report(check, item, d, release);
            found = true;
        }
        if (d) {
            words(check, item, d, release);
        }
    }
    mig_compared_ground(check);
}

/* --- versions ---------------------------------------------------------------------------- */

static void report_version(MigCheck *check, const MigItem *item,
                           const MigShapeDifference *d, MigRelease release)
{
    mig_report(check, place_of(check, item, d), item->section,
               "%s%sversion %" PRIu64 ", " RELEASE_FORMAT " reads %" PRIu64 " at %s",
               d->path ? d->path : "", d->path ? ": " : "", d->here,
               RELEASE_ARGS(release), d->there, d->here > d->there ? "most" : "least");
    mig_report_no_remedy(check,
                         d->here > d->there
                             ? "save with a machine type that writes the older version"
                             : "the support for that version was dropped; load with "
                               "an older release and save again");
}

static void version_words(MigCheck *check, const MigItem *item,
                          const MigShapeDifference *d, MigRelease release)
{
    g_autofree char *words =
        mig_compared_version_words(item->section, d->here, d->there, release);

    mig_report_loader(check, release, release, "%s", words);
}

static void release_device_version(MigCheck *check, const MigFacts *facts,
                                   const MigItem *item)
{
    (void)facts;
    judge(check, item, 1u << MIG_SHAPE_VERSION_NEW | 1u << MIG_SHAPE_VERSION_OLD,
          report_version, version_words);
}

/* --- fields ------------------------------------------------------------------------------ */

static void report_fields(MigCheck *check, const MigItem *item,
                          const MigShapeDifference *d, MigRelease release)
{
    static const char *const units[] = { [MIG_SHAPE_COUNT] = "elements",
                                         [MIG_SHAPE_SIZE] = "bytes",
                                         [MIG_SHAPE_FIELDS] = "bytes from here on" };

    mig_report(check, place_of(check, item, d), item->section,
               "%s: %" PRIu64 " %s, " RELEASE_FORMAT " reads %" PRIu64, d->path, d->here,
               units[d->kind], RELEASE_ARGS(release), d->there);
    mig_report_no_remedy(check, "the device's state has another form there; without the "
                                "section, drop-section, the device starts anew");
}

static void fields_words(MigCheck *check, const MigItem *item,
                         const MigShapeDifference *d, MigRelease release)
{
    (void)d;
    mig_report_loader(check, release, release, "Missing section footer for %s",
                      item->section->name);
}

static void release_fields(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    judge(check, item,
          1u << MIG_SHAPE_COUNT | 1u << MIG_SHAPE_SIZE | 1u << MIG_SHAPE_FIELDS,
          report_fields, fields_words);
}

#define RELEASE_RULE(function) \
    MIG_SEVERITY_ERROR, MIG_WATCH(DEVICE_STATE), .judge = function, .needs_release = true

const MigRule mig_rules_release[] = {
    { "release-device-version", "the release reads the version of the device",
      RELEASE_RULE(release_device_version) },
    { "release-fields", "the release reads as many bytes of the device",
      RELEASE_RULE(release_fields), .after = { "subsection-twice" } },
    { 0 },
};
