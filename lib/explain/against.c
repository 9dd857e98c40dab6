/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see against.h.
 * Must not know: any one rule.
 * See also:      check/check.h, MigFinding.
 */
#include "explain/against.h"

#include <string.h>

/* How much says that a finding is what the message is about. */
typedef enum Match {
    NO_MATCH,
    SAME_LOAD,    /* the message says no more than that a load failed */
    SAME_SECTION, /* it fails there, and the message does not say for what */
    SAME_ROW,     /* it would be that message, with other numbers */
    SAME_WORDS,   /* it is that message */
} Match;

/* Whether it says where a load failed and not why: anything that is wrong there may be meant.
 * A body that ended elsewhere had other fields. */
static bool says_where(const MigExplanation *explanation)
{
    return explanation->kind == MIG_EXPLANATION_GENERIC ||
           g_strcmp0(explanation->id, "footer-missing") == 0;
}

/* Whether it says that a value or a register there is another one: other fields follow from it. */
static bool says_value(const MigExplanation *explanation)
{
    return g_strcmp0(explanation->id, "value-equal") == 0 ||
           g_strcmp0(explanation->id, "arm-register-unknown") == 0 ||
           g_strcmp0(explanation->id, "value-too-large") == 0;
}

static bool is_in_section(const MigFinding *finding, const MigExplanation *explanation)
{
    return explanation->section &&
           g_strcmp0(finding->section, explanation->section) == 0 &&
           finding->instance_id == explanation->instance_id;
}

/* Whether the message is about a byte of a port's configuration space, and the finding about a
 * device behind that port: the port's slot status says whether there is one. */
static bool is_behind_port(const MigFinding *finding, const MigExplanation *explanation)
{
    const char *slash = explanation->section ? strchr(explanation->section, '/') : NULL;
    size_t n = slash ? (size_t)(slash - explanation->section) : 0;

    return n && g_strcmp0(explanation->id, "pci-config") == 0 && finding->section &&
           strncmp(finding->section, explanation->section, n) == 0 &&
           finding->section[n] == ':' &&
           g_str_equal(mig_rule_id(finding->rule), "dest-section");
}

/* A RAM block is meant by its name alone: another one of the list is something else. */
static bool is_of_ram(const MigExplanation *explanation)
{
    return g_str_has_prefix(explanation->id, "ram-");
}

static Match match(const MigFinding *finding, const MigExplanation *explanation)
{
    bool here = is_in_section(finding, explanation);

    if (finding->severity < MIG_SEVERITY_WARNING ||
        !mig_rule_needs_destination(finding->rule)) {
        return NO_MATCH;
    }
    if (finding->loader && (strstr(explanation->text, finding->loader) ||
                            strstr(finding->loader, explanation->text))) {
        return SAME_WORDS;
    }
    if (is_behind_port(finding, explanation)) {
        return SAME_SECTION;
    }
    if (explanation->section && !here) {
        return NO_MATCH;
    }
    if (g_strcmp0(finding->loader_id, explanation->id) == 0 && !is_of_ram(explanation)) {
        return SAME_ROW;
    }
    if (!says_where(explanation)) {
        return here && says_value(explanation) ? SAME_SECTION : NO_MATCH;
    }
    return here ? SAME_SECTION : SAME_LOAD;
}

/* Whether one command mends all that would end a load. */
static void judge_all(const MigFinding *findings, size_t n, const MigFinding *best,
                      MigExplanation *explanation)
{
    bool all = best && best->remedy.filter, others = false;

    explanation->lossy_fit = best && best->remedy.lossy;
    for (size_t i = 0; i < n; i++) {
        const MigRemedy *remedy = &findings[i].remedy;

        if (findings[i].severity == MIG_SEVERITY_ERROR &&
            mig_rule_needs_destination(findings[i].rule)) {
            all = all && remedy->filter;
            others |= all && strcmp(remedy->filter, best->remedy.filter) != 0;
            explanation->lossy_fit |= remedy->lossy;
        }
    }
    explanation->wants_fit = all && others;
}

const MigFinding *mig_against_find(const MigCheck *check, MigExplanation *explanation)
{
    uint64_t *more = &explanation->more_differences;
    size_t n;
    const MigFinding *findings = mig_check_findings(check, &n), *best = NULL;
    Match best_match = NO_MATCH;

    *more = 0;
    for (size_t i = 0; i < n; i++) {
        Match one = match(&findings[i], explanation);

        if (one > best_match ||
            (one && one == best_match && findings[i].severity > best->severity)) {
            best = &findings[i];
            best_match = one;
        }
        if (findings[i].severity == MIG_SEVERITY_ERROR &&
            mig_rule_needs_destination(findings[i].rule)) {
            *more += 1 + findings[i].more;
        }
    }
    *more -= best && best->severity == MIG_SEVERITY_ERROR;
    judge_all(findings, n, best, explanation);
    return best;
}
