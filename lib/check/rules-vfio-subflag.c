/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of the subflag dialect's words.
 * Must not know: the old dialects.
 * See also:      check/rule.h; migstat-subflag(5), which is normative.
 */
#include "check/rule.h"
#include "stream/outer.h"

#define SETUP      MIG_VFIO_SUBFLAG_SETUP
#define ENABLE_IRQ MIG_VFIO_SUBFLAG_ENABLE_IRQ
#define KNOWN      (SETUP | ENABLE_IRQ)

/* The subflag word of a configuration record; false if it has none. */
static bool get_subflags(const MigItem *item, unsigned *subflags)
{
    *subflags = item->vfio.subflags;
    return item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE && item->vfio.has_subflags;
}

static void unknown_bits(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    unsigned subflags;

    (void)facts;
    if (get_subflags(item, &subflags) && subflags & ~KNOWN) {
        mig_report_item(check, item, "subflags 0x%04x: bits 0x%04x are reserved",
                        subflags, subflags & ~KNOWN);
    }
}

static void no_action(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    unsigned subflags;

    (void)facts;
    if (get_subflags(item, &subflags) && !(subflags & KNOWN)) {
        mig_report_item(check, item,
                        "subflags 0x%04x ask for neither SETUP nor ENABLE_IRQ", subflags);
    }
}

static void irq_early(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    unsigned subflags;

    (void)facts;
    if (get_subflags(item, &subflags) && subflags & ENABLE_IRQ &&
        item->type != MIG_SECTION_FULL) {
        mig_report_item(check, item,
                        "ENABLE_IRQ in %s: interrupt controllers are "
                        "restored later, in FULL sections",
                        mig_section_type_name(item->type));
    }
}

static void setup_full(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    unsigned subflags;

    (void)facts;
    if (get_subflags(item, &subflags) && (subflags & KNOWN) == SETUP &&
        item->type == MIG_SECTION_FULL) {
        mig_report_item(check, item,
                        "SETUP alone in FULL: wanted ENABLE_IRQ with it, or "
                        "interrupts stay off");
    }
}

static void payload_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    unsigned subflags;

    (void)facts;
    if (get_subflags(item, &subflags) && subflags & SETUP && !item->vfio.has_payload) {
        mig_report_item(check, item, "SETUP, and no configuration payload follows it");
    }
}

static void payload_extra(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    unsigned subflags;

    (void)facts;
    if (get_subflags(item, &subflags) && !(subflags & SETUP) && item->vfio.has_payload) {
        mig_report_item(check, item,
                        "a configuration payload of %" PRIu64 " bytes, and "
                        "subflags 0x%04x have no SETUP",
                        item->vfio.payload_length, subflags);
    }
}

static void mixed(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigVfioFacts *v = mig_facts_vfio(facts, item->section);

    if (v && item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE &&
        (item->vfio.has_subflags ? v->device.plain_config : v->device.subflags)) {
        mig_report_item(check, item,
                        "a configuration record %s subflags, and the one before "
                        "it was %s: one device is in one dialect",
                        item->vfio.has_subflags ? "with" : "without",
                        item->vfio.has_subflags ? "without" : "with");
    }
}

/* What is known of the device of @item, if that is a subflag record in FULL; or NULL. */
static const MigVfioFacts *facts_in_full(const MigFacts *facts, const MigItem *item,
                                         unsigned *subflags)
{
    return item->type == MIG_SECTION_FULL && get_subflags(item, subflags)
               ? mig_facts_vfio(facts, item->section)
               : NULL;
}

static void setup_again(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    unsigned subflags;
    const MigVfioFacts *v = facts_in_full(facts, item, &subflags);

    if (v && subflags & SETUP && v->early_set_up != MIG_NOWHERE) {
        mig_report_item(check, item,
                        "SETUP in FULL, and the device was set up at 0x%" PRIx64
                        " already",
                        v->early_set_up);
    }
}

static void not_set_up(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    unsigned subflags;
    const MigVfioFacts *v = facts_in_full(facts, item, &subflags);

    if (v && (subflags & KNOWN) == ENABLE_IRQ && v->early_set_up == MIG_NOWHERE) {
        mig_report_item(check, item,
                        "ENABLE_IRQ alone in FULL, and the device was never set up");
    }
}

#define RECORD MIG_WATCH(VFIO_RECORD)

const MigRule mig_rules_vfio_subflag[] = {
    { "subflag-unknown-bits", "reserved subflags are zero", MIG_SEVERITY_ERROR, RECORD,
      .judge = unknown_bits },
    { "subflag-no-action", "subflags ask for an action", MIG_SEVERITY_ERROR, RECORD,
      .judge = no_action },
    { "subflag-irq-early", "ENABLE_IRQ stands in FULL", MIG_SEVERITY_ERROR, RECORD,
      .judge = irq_early },
    { "subflag-setup-full", "SETUP in FULL goes with ENABLE_IRQ", MIG_SEVERITY_ERROR,
      RECORD, .judge = setup_full },
    { "subflag-payload-missing", "a payload follows SETUP", MIG_SEVERITY_ERROR, RECORD,
      .judge = payload_missing },
    { "subflag-payload-extra", "a payload follows nothing but SETUP", MIG_SEVERITY_ERROR,
      RECORD, .judge = payload_extra },
    { "subflag-mixed", "a device is in one dialect", MIG_SEVERITY_ERROR, RECORD,
      .judge = mixed },
    { "subflag-setup-again", "a device set up early is not set up in FULL",
      MIG_SEVERITY_ERROR, RECORD, .judge = setup_again,
      .after = { "subflag-setup-full" } },
    { "subflag-not-set-up", "a device is set up before its interrupts are enabled",
      MIG_SEVERITY_ERROR, RECORD, .judge = not_set_up,
      .after = { "subflag-payload-extra", "subflag-payload-missing" } },
    { 0 },
};
