/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of the description after the end mark.
 * Must not know: what its fields mean.
 * See also:      check/rule.h; stream/description.h.
 *
 * No loader reads it, so a fault in it is only a warning; tools do read it.  In the
 * description of a stock source the devices are the FULL sections, one to one and in order,
 * and their sizes are the lengths of the bodies.
 */
#include "check/rule.h"

static const MigDescription *description_of(const MigCheck *check, const MigFacts *facts)
{
    const MigDescription *d = mig_reader_description(mig_check_reader(check));

    return d && facts->description == d->offset ? d : NULL;
}

/* Neither postcopy nor COLO writes one, nor do old machine types. */
static void description_missing(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    (void)item;
    if (facts->description == MIG_NOWHERE && facts->postcopy < MIG_POSTCOPY_LISTENING &&
        !facts->colo && facts->configuration != MIG_NOWHERE) {
        mig_report(check, facts->eof, NULL,
                   "no description follows the end mark; no loader "
                   "needs it, but tools that decode device state do");
    }
}

static void description_json(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigDescription *d = description_of(check, facts);

    (void)item;
    if (d && !d->valid) {
        mig_report(check, d->problem_offset, NULL,
                   "the description is no JSON that QEMU "
                   "writes: %s",
                   d->problem);
        mig_report_remedy(check, "description:drop=yes");
        mig_report_gives_up(check, false, "the description, which only tools read");
    }
}

/* Offset in the stream of a device's text. */
static uint64_t place_of(const MigDescription *d, size_t device)
{
    return d->json_offset + d->devices[device].text_offset;
}

typedef void Visit(MigCheck *check, const MigDescription *d, const MigSectionFacts *s,
                   ssize_t device, ssize_t before);

/* Calls @visit for each FULL section with the index of its device, -1 where it has none,
 * and the greatest of those before it. */
static void each_full(MigCheck *check, const MigFacts *facts, Visit *visit)
{
    const MigDescription *d = description_of(check, facts);
    ssize_t last = -1;

    for (guint i = 0; d && i < facts->fulls->len; i++) {
        const MigSection *section = g_ptr_array_index(facts->fulls, i);
        ssize_t device = mig_description_lookup(d, section->name, section->instance_id,
                                                (size_t)(last + 1));

        visit(check, d, mig_facts_section(facts, section), device, last);
        last = MAX(last, device);
    }
}

static void description_extra(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigDescription *d = description_of(check, facts);
    g_autofree bool *found = d ? g_new0(bool, d->n_devices + 1) : NULL;
    size_t next = 0;

    (void)item;
    for (guint i = 0; d && i < facts->fulls->len; i++) {
        const MigSection *section = g_ptr_array_index(facts->fulls, i);
        ssize_t device =
            mig_description_lookup(d, section->name, section->instance_id, next);

        if (device >= 0) {
            found[device] = true;
            next = (size_t)device + 1;
        }
    }
    for (size_t i = 0; d && i < d->n_devices; i++) {
        const MigDeviceDescription *device = &d->devices[i];

        /* A second one with the same name is for another rule. */
        if (!found[i] &&
            !found[mig_description_lookup(d, device->name, device->instance_id, 0)]) {
            mig_report(check, place_of(d, i), NULL,
                       "the description has device %s, instance "
                       "%u, and the stream has no such section",
                       device->name, device->instance_id);
        }
    }
}

static void visit_lacking(MigCheck *check, const MigDescription *d,
                          const MigSectionFacts *s, ssize_t device, ssize_t before)
{
    (void)d;
    (void)before;
    if (device < 0) {
        mig_report(check, s->full, s->section,
                   "the description does not have this device");
    }
}

static void description_lacks(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    each_full(check, facts, visit_lacking);
}

static void visit_order(MigCheck *check, const MigDescription *d,
                        const MigSectionFacts *s, ssize_t device, ssize_t before)
{
    if (device >= 0 && device < before) {
        mig_report(check, s->full, s->section,
                   "it comes after %s here and before it in the "
                   "description",
                   d->devices[before].name);
    }
}

static void description_order(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    each_full(check, facts, visit_order);
}

static void visit_version(MigCheck *check, const MigDescription *d,
                          const MigSectionFacts *s, ssize_t device, ssize_t before)
{
    (void)before;
    if (device >= 0 && !d->devices[device].old_style &&
        d->devices[device].version != s->section->version_id) {
        mig_report(check, s->full, s->section,
                   "the section is of version %u, and by the "
                   "description of version %u",
                   s->section->version_id, d->devices[device].version);
    }
}

static void description_version(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    (void)item;
    each_full(check, facts, visit_version);
}

static void visit_size(MigCheck *check, const MigDescription *d, const MigSectionFacts *s,
                       ssize_t device, ssize_t before)
{
    (void)before;
    if (device >= 0 && d->devices[device].size_known &&
        (s->full_differs || s->full_size != d->devices[device].size)) {
        mig_report(check, s->full, s->section,
                   "the section's body has %" PRIu64 " bytes, "
                   "and by the description it has %" PRIu64,
                   s->full_size, d->devices[device].size);
    }
}

static void description_size(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    each_full(check, facts, visit_size);
}

const MigRule mig_rules_description[] = {
    { "description-missing", "a description follows the end mark", MIG_SEVERITY_NOTE,
      MIG_WATCH_END, .judge = description_missing },
    { "description-length", "the description is as long as it says", MIG_SEVERITY_ERROR,
      .watches = 0 },
    { "description-json", "the description is JSON with devices", MIG_SEVERITY_WARNING,
      MIG_WATCH_END, .judge = description_json },
    { "description-extra", "the stream has every device of the description",
      MIG_SEVERITY_WARNING, MIG_WATCH_END, .judge = description_extra,
      .after = { "description-json" } },
    { "description-lacks", "the description has every device of the stream",
      MIG_SEVERITY_WARNING, MIG_WATCH_END, .judge = description_lacks,
      .after = { "description-json" } },
    { "description-order", "devices are described in the order of the stream",
      MIG_SEVERITY_WARNING, MIG_WATCH_END, .judge = description_order,
      .after = { "description-json" } },
    { "description-version", "sections are of the version that is described",
      MIG_SEVERITY_WARNING, MIG_WATCH_END, .judge = description_version,
      .after = { "description-json" } },
    { "description-size", "sections are as long as described", MIG_SEVERITY_WARNING,
      MIG_WATCH_END, .judge = description_size,
      .after = { "description-json", "section-name-twice" } },
    { 0 },
};
