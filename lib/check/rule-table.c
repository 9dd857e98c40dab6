/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the table of all rules, and what is told of each.
 * Must not know: streams.
 * See also:      check/rule.h; check/check.c, which runs them.
 */
#include "check/rule.h"

static const MigRule *const groups[] = {
    mig_rules_framing,      mig_rules_footer,      mig_rules_configuration,
    mig_rules_command,      mig_rules_description, mig_rules_ram,
    mig_rules_mapped_ram,   mig_rules_multifd,     mig_rules_dest,
    mig_rules_dest_device,  mig_rules_values,      mig_rules_vfio,
    mig_rules_vfio_subflag, mig_rules_vfio_order,  mig_rules_for,
    mig_rules_subsection,   mig_rules_virtio,      mig_rules_memory,
    mig_rules_release,
};

const MigRule *mig_rule_at(size_t index)
{
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        for (const MigRule *rule = groups[i]; rule->id; rule++) {
            if (index-- == 0) {
                return rule;
            }
        }
    }
    return NULL;
}

/* How many rules there are; writes them to @rules unless it is NULL. */
static size_t list(const MigRule **rules)
{
    size_t n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        for (const MigRule *rule = groups[i]; rule->id; rule++, n++) {
            if (rules) {
                rules[n] = rule;
            }
        }
    }
    return n;
}

size_t mig_rule_count(void)
{
    return list(NULL);
}

void mig_rule_all(const MigRule **rules)
{
    list(rules);
}

ssize_t mig_rule_find(const char *id)
{
    const MigRule *rule;

    for (size_t i = 0; (rule = mig_rule_at(i)) != NULL; i++) {
        if (g_str_equal(rule->id, id)) {
            return (ssize_t)i;
        }
    }
    return -1;
}

const char *mig_rule_id(const MigRule *rule)
{
    return rule->id;
}

const char *mig_rule_title(const MigRule *rule)
{
    return rule->title;
}

MigSeverity mig_rule_severity(const MigRule *rule)
{
    return rule->severity;
}

bool mig_rule_needs_release(const MigRule *rule)
{
    return rule->needs_release;
}

bool mig_rule_needs_destination(const MigRule *rule)
{
    return rule->needs_destination;
}

const char *const *mig_rule_after(const MigRule *rule, size_t *n)
{
    for (*n = 0; *n < MIG_RULE_AFTER_MAX && rule->after[*n]; (*n)++) {
    }
    return rule->after;
}

const char *mig_severity_name(MigSeverity severity)
{
    static const char *const names[MIG_SEVERITY_COUNT] = { "default", "ignore", "note",
                                                           "warning", "error" };

    g_return_val_if_fail((unsigned)severity < MIG_SEVERITY_COUNT, "");
    return names[severity];
}
