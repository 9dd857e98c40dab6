/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of the outer list: footers, the end mark, what follows.
 * Must not know: bodies.
 * See also:      check/rule.h; rules-framing.c, what comes before.
 */
#include "check/rule.h"

#include "stream/defect.h"
#include "stream/outer.h"

static void footer_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    if (item->defect == MIG_DEFECT_FOOTER_MISSING) {
        mig_report(
            check, item->offset, facts->body.section,
            "the section before has no footer, and those before it have: wanted 0x7e");
        mig_report_loader(check, MIG_ALL_RELEASES, "Missing section footer for %s",
                          facts->body.section ? facts->body.section->name : "");
    }
}

static void footer_mixed(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    if (item->defect == MIG_DEFECT_FOOTER_MIXED) {
        mig_report_item(check, item,
                        "a footer, and the first section of the stream has none");
        mig_report_loader(
            check, MIG_ALL_RELEASES, "Missing section footer for %s",
            g_array_index(facts->sections, MigSectionFacts, 0).section->name);
    }
}

static void footer_id(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_FOOTER_ID) {
        mig_report_item(check, item, "the footer has section id %u, wanted %u",
                        item->footer.id, item->section_id);
        mig_report_loader(
            check, MIG_ALL_RELEASES,
            "Mismatched section id in footer for %s - read 0x%x expected 0x%x",
            item->section->name, item->footer.id, item->section_id);
    }
}

/* QEMU leaves out footers and configuration for the same machine types, up to 2.3. */
static void footer_none(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    if (facts->n_bodies && !facts->n_footers && facts->configuration != MIG_NOWHERE) {
        mig_report(
            check, facts->configuration, NULL,
            "no section has a footer, and the stream has a CONFIGURATION: it loads only "
            "where footers are turned off (-global migration.send-section-footer=off)");
        mig_report_loader(
            check, MIG_ALL_RELEASES, "Missing section footer for %s",
            g_array_index(facts->sections, MigSectionFacts, 0).section->name);
        mig_report_remedy(check, "footers:add=yes");
    }
}

static void trailing_bytes(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    if (facts->trailing == MIG_NOWHERE && !facts->colo) {
        mig_report_item(check, item,
                        "bytes follow the end of the stream; no loader reads them: what "
                        "a volume or a file held before it was written over");
    }
}

static void trailing_padding(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    if (facts->eof != MIG_NOWHERE && facts->trailing == MIG_NOWHERE) {
        mig_report_item(check, item, "zeros follow the end of the stream: padding");
    }
}

const MigRule mig_rules_footer[] = {
    { "footer-missing", "every section has a footer if the first has", MIG_SEVERITY_ERROR,
      MIG_WATCH_BODY_END | MIG_WATCH(DESCRIPTION), .judge = footer_missing,
      .loader = "Missing section footer for %s" },
    { "footer-mixed", "no section has a footer if the first has none", MIG_SEVERITY_ERROR,
      MIG_WATCH(SECTION_FOOTER), .judge = footer_mixed },
    { "footer-id", "a footer has its section's id", MIG_SEVERITY_ERROR,
      MIG_WATCH(SECTION_FOOTER), .judge = footer_id },
    { "footer-none", "a stream with a CONFIGURATION has footers", MIG_SEVERITY_WARNING,
      MIG_WATCH_END, .judge = footer_none },
    { "eof-missing", "the stream has an end mark", MIG_SEVERITY_ERROR, 0,
      .loader = "load of migration failed: Input/output error" },
    { "record-flag", "records of block, bitmap, htab and s390 sections are known",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { "trailing-bytes", "nothing follows the end", MIG_SEVERITY_WARNING,
      MIG_WATCH(TRAILING), .judge = trailing_bytes },
    { "trailing-padding", "no padding follows the end", MIG_SEVERITY_NOTE,
      MIG_WATCH(PADDING), .judge = trailing_padding },
    { 0 },
};
