/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a rule is, and what its function may call.  Private to check/.
 * Must not know: any one rule.
 * See also:      check/check.c, which runs them; check/report.c, what they report;
 *                check/facts.h, what they look at.
 *
 * A new rule is a function and a row in one of rules-*.c, a fixture in tests/fixtures/bad
 * that is named after it, and a paragraph of man/migstat-rules.7.
 */
#ifndef MIG_CHECK_RULE_H
#define MIG_CHECK_RULE_H

#include "check/check.h"
#include "check/facts.h"
#include "message/remedy.h"
#include "stream/qemu.h"

/* What a rule watches: kinds of items, and the end of a complete stream. */
#define MIG_WATCH(kind) (1u << MIG_ITEM_##kind)
#define MIG_WATCH_END   (1u << MIG_ITEM_KIND_COUNT)
/* The kinds of items that can follow a section's body. */
#define MIG_WATCH_BODY_END                                                        \
    (MIG_WATCH(SECTION_FOOTER) | MIG_WATCH(SECTION_HEADER) | MIG_WATCH(COMMAND) | \
     MIG_WATCH(CONFIGURATION) | MIG_WATCH(EOF))

/*
 * Judges @item; NULL at the end of a complete stream.  @facts covers all items before it.
 * It reports as often as it finds something.
 */
typedef void MigRuleFunc(MigCheck *check, const MigFacts *facts, const MigItem *item);

#define MIG_RULE_AFTER_MAX 4

struct MigRule {
    const char *id;
    const char *title; /* what must hold, in a few words */
    MigSeverity severity;
    uint32_t watches;
    MigRuleFunc *judge; /* NULL: the reader finds it and its error says so */
    /* Where a rule has them. */
    const char *after[MIG_RULE_AFTER_MAX]; /* rules above that must hold first */
    bool needs_release, needs_destination;
    const char *loader; /* what any release prints as it refuses, or how that begins; %s
                              * is the section */
    MigRelease since;   /* the first release that reads so far; 0: any does */
    /* Where later releases have other words: from which release on, and which. */
    struct {
        MigRelease since;
        const char *loader;
    } later;
};

/* The groups, each closed by a row without an id. */
extern const MigRule mig_rules_framing[], mig_rules_footer[], mig_rules_configuration[],
    mig_rules_command[], mig_rules_description[], mig_rules_ram[], mig_rules_mapped_ram[],
    mig_rules_vfio[], mig_rules_vfio_order[], mig_rules_vfio_subflag[], mig_rules_for[],
    mig_rules_subsection[], mig_rules_multifd[], mig_rules_dest[],
    mig_rules_dest_device[], mig_rules_release[], mig_rules_values[], mig_rules_virtio[],
    mig_rules_memory[];

/* Writes all rules to @rules, in the order of the table: mig_rule_count() of them. */
void mig_rule_all(const MigRule **rules);

/* Begins a finding of the rule that is being run.  @section may be NULL. */
void mig_report(MigCheck *check, uint64_t offset, const MigSection *section,
                const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The same where the item is. */
#define mig_report_item(check, item, ...)                             \
    (mig_report(check, (item)->offset, (item)->section, __VA_ARGS__), \
     mig_report_channel(check, (item)->channel))

/* The releases before @first, and those from it on, as a range. */
#define MIG_BEFORE(first) MIG_RELEASE_FIRST, (first)-1
#define MIG_FROM(first)   first, MIG_RELEASE_LAST

/*
 * More about the finding begun last: another severity than the rule's; another channel than
 * the main one; that the releases
 * from @first to @last refuse the stream for it, and what they print; the filter that helps,
 * what it gives up, and whether it must be asked for; or why no conversion does.
 */
void mig_report_severity(MigCheck *check, MigSeverity severity);
void mig_report_channel(MigCheck *check, uint32_t channel);
void mig_report_loader(MigCheck *check, MigRelease first, MigRelease last,
                       const char *format, ...) G_GNUC_PRINTF(4, 5);
/* The same of a destination, whose release may not be known. */
void mig_report_words(MigCheck *check, MigRelease first, MigRelease last,
                      const char *format, ...) G_GNUC_PRINTF(4, 5);
void mig_report_remedy(MigCheck *check, const char *format, ...) G_GNUC_PRINTF(2, 3);
void mig_report_gives_up(MigCheck *check, bool lossy, const char *what);
void mig_report_no_remedy(MigCheck *check, const char *why);

/* The rule cannot be evaluated in this stream; @why is a static text. */
void mig_report_no_ground(MigCheck *check, const char *why);

/* Whether the layout of devices can be told from their description; if not, or if looking at it
 * costs more than the stream is worth, the rule has no ground. */
bool mig_check_is_described(MigCheck *check);

/* The release asked for; MIG_RELEASE_NONE for none and for several. */
MigRelease mig_check_release(const MigCheck *check);

/* Whether one from @first to @last is asked for. */
bool mig_check_asks(const MigCheck *check, MigRelease first, MigRelease last);

/* Whether the device is said to need its configuration before its data. */
MigVfioNeed mig_check_need(const MigCheck *check, const MigSection *section);

MigReader *mig_check_reader(const MigCheck *check);

/* "s" unless @n is 1. */
#define MIG_PLURAL(n) ((n) == 1 ? "" : "s")

#define MIG_ALL_RELEASES MIG_RELEASE_FIRST, MIG_RELEASE_LAST

#endif
