/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules between the devices of a stream and those of a release that is built in.
 * Must not know: how differences are found, and where the data are.
 * See also:      compared.h; rules-dest.c, the same with one destination;
 *                rules-subsection.c, whose table is exact for all releases.
 *
 * Four releases are built in.  One between two of them refuses what both refuse; of what only
 * one of them refuses nothing is said, unless it is known with which release it changed.
 *
 * Source: migration/savevm.c, migration/vmstate.c; 5.2 to 11.1.
 */
#include <string.h>

#include "check/check-private.h"
#include "check/compared.h"

/* Why a release refuses a device: the difference, of which place and values count. */
typedef struct Refusal {
    MigShapeDifferenceKind kind;
    const char *path; /* NULL: the device itself */
    uint64_t here, there;
} Refusal;

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

/* Whether @release refuses the device: those built in next to it agree. */
static bool is_refused(MigCheck *check, const MigItem *item, MigRelease release,
                       uint32_t kinds, Refusal *refusal)
{
    MigRelease below, above;
    const MigShapeDifference *one, *other;

    mig_shape_known_releases(release, &below, &above);
    if (below == MIG_RELEASE_NONE || above == MIG_RELEASE_NONE) {
        return false;
    }
    one = first_of(check, item, below, kinds);
    other = one ? first_of(check, item, above, kinds) : NULL;
    if (!other || !is_same(one, other)) {
        return false;
    }
    *refusal = (Refusal){ .kind = other->kind,
                          .path = other->path,
                          .here = other->here,
                          .there = other->there };
    return true;
}

/* Most differences are of one release alone, and nobody asks where they are. */
static uint64_t place_of(MigCheck *check, const MigItem *item, const Refusal *d)
{
    return d->path ? mig_shape_place(mig_compared_device(check, item), d->path)
                   : item->offset;
}

/* Finds out whether a release refuses it, and why. */
typedef bool Judge(MigCheck *check, const MigItem *item, MigRelease release,
                   uint32_t kinds, Refusal *refusal);

/* Tells of the releases that refuse it for one reason, "QEMU 5.2 to 6.2 read"; and what one of
 * them prints. */
typedef void Report(MigCheck *check, const MigItem *item, const Refusal *d,
                    const char *releases);
typedef void Words(MigCheck *check, const MigItem *item, const Refusal *d,
                   MigRelease release);

static void report_reason(MigCheck *check, const MigItem *item, const Refusal *d,
                          MigReleaseSet refusing, Report *report, Words *words)
{
    g_autofree char *names = mig_releases_text(refusing);
    g_autofree char *releases =
        g_strdup_printf("QEMU %s read%s", names, refusing & (refusing - 1) ? "" : "s");
    MigRelease release;

    report(check, item, d, releases);
    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        if (refusing >> i & 1) {
            words(check, item, d, release);
        }
    }
}

/* One finding for each reason that releases have. */
static void judge(MigCheck *check, const MigItem *item, uint32_t kinds, Judge *refuses,
                  Report *report, Words *words)
{
    MigReleaseSet left = item->piece ? 0 : check->asked;

    while (left) {
        MigReleaseSet refusing = 0;
        Refusal first = { 0 }, d;
        MigRelease release;

        for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
            if (!(left >> i & 1)) {
                continue;
            }
            if (!refuses(check, item, release, kinds, &d)) {
                left &= ~((MigReleaseSet)1 << i);
            } else if (!refusing || (d.kind == first.kind && d.there == first.there &&
                                     g_strcmp0(d.path, first.path) == 0)) {
                first = refusing ? first : d;
                refusing |= (MigReleaseSet)1 << i;
            }
        }
        if (refusing) {
            report_reason(check, item, &first, refusing, report, words);
        }
        left &= ~refusing;
    }
    mig_compared_ground(check);
}

/* --- versions ---------------------------------------------------------------------------- */

/* Sections that are in no -dump-vmstate file, and devices whose version changed with a release
 * that is not built in: what is read from a release on. */
static const struct {
    const char *name;
    MigRelease since;
    uint32_t version, minimum;
} versions[] = {
    { "PCIBUS", MIG_RELEASE_FIRST, 1, 1 },
    { "acpi_build", MIG_RELEASE_FIRST, 1, 1 },
    { "apic", MIG_RELEASE_FIRST, 3, 3 },
    { "cpu_common", MIG_RELEASE_FIRST, 1, 1 },
    { "globalstate", MIG_RELEASE_FIRST, 1, 1 },
    { "hpet", MIG_RELEASE_FIRST, 2, 1 },
    { "hpet", QEMU(10, 1), 2, 2 },
    { "i2c_bus", MIG_RELEASE_FIRST, 1, 1 },
    { "icp/server", MIG_RELEASE_FIRST, 1, 1 },
    { "lan9118", MIG_RELEASE_FIRST, 2, 1 },
    { "lan9118", QEMU(10, 0), 3, 3 },
    { "mc146818rtc", MIG_RELEASE_FIRST, 3, 1 },
    { "mc146818rtc", QEMU(10, 1), 3, 3 },
    { "nvme", MIG_RELEASE_FIRST, 0, 0 },
    { "nvme", QEMU(11, 1), 1, 1 },
    { "replay", MIG_RELEASE_FIRST, 2, 2 },
    { "replay", QEMU(9, 2), 3, 3 },
    { "s390_css", MIG_RELEASE_FIRST, 1, 1 },
    { "spapr", MIG_RELEASE_FIRST, 3, 1 },
    { "spapr_cpu", MIG_RELEASE_FIRST, 1, 1 },
    { "spapr_drc", MIG_RELEASE_FIRST, 1, 1 },
    { "spapr_iommu", MIG_RELEASE_FIRST, 2, 2 },
    { "spapr_iommu", QEMU(7, 1), 3, 2 },
    { "timer", MIG_RELEASE_FIRST, 2, 1 },
    { "virt_acpi_build", MIG_RELEASE_FIRST, 1, 1 },
    { "virtio-iommu", MIG_RELEASE_FIRST, 1, 1 },
    { "virtio-iommu", QEMU(7, 0), 2, 2 },
};

/* Whether @release reads another version of the section, as the table has it. */
static bool is_version_refused(const MigSection *section, MigRelease release,
                               Refusal *refusal)
{
    uint32_t here = section->version_id;
    size_t row = SIZE_MAX;

    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        if (versions[i].since <= release &&
            mig_section_has_handler(section, versions[i].name)) {
            row = i;
        }
    }
    if (row == SIZE_MAX ||
        (here <= versions[row].version && here >= versions[row].minimum)) {
        return false;
    }
    *refusal = (Refusal){ .kind = here > versions[row].version ? MIG_SHAPE_VERSION_NEW
                                                               : MIG_SHAPE_VERSION_OLD,
                          .here = here,
                          .there = here > versions[row].version ? versions[row].version
                                                                : versions[row].minimum };
    return true;
}

static bool reads_another_version(MigCheck *check, const MigItem *item,
                                  MigRelease release, uint32_t kinds, Refusal *refusal)
{
    return is_version_refused(item->section, release, refusal) ||
           is_refused(check, item, release, kinds, refusal);
}

static void report_version(MigCheck *check, const MigItem *item, const Refusal *d,
                           const char *releases)
{
    mig_report(check, place_of(check, item, d), item->section,
               "%s%sversion %" PRIu64 ", %s %" PRIu64 " at %s", d->path ? d->path : "",
               d->path ? ": " : "", d->here, releases, d->there,
               d->here > d->there ? "most" : "least");
    mig_report_no_remedy(check,
                         d->here > d->there
                             ? "save with a machine type that writes the older version"
                             : "the support for that version was dropped; load with "
                               "an older release and save again");
}

static void version_words(MigCheck *check, const MigItem *item, const Refusal *d,
                          MigRelease release)
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
          reads_another_version, report_version, version_words);
}

/* --- fields ------------------------------------------------------------------------------ */

static void report_fields(MigCheck *check, const MigItem *item, const Refusal *d,
                          const char *releases)
{
    static const char *const units[] = { [MIG_SHAPE_COUNT] = "elements",
                                         [MIG_SHAPE_SIZE] = "bytes",
                                         [MIG_SHAPE_FIELDS] = "bytes from here on" };

    mig_report(check, place_of(check, item, d), item->section,
               "%s: %" PRIu64 " %s, %s %" PRIu64, d->path, d->here, units[d->kind],
               releases, d->there);
    mig_report_no_remedy(check, "the device's state has another form there; without the "
                                "section, drop-section, the device starts anew");
}

static void fields_words(MigCheck *check, const MigItem *item, const Refusal *d,
                         MigRelease release)
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
          is_refused, report_fields, fields_words);
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
