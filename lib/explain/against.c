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
           g_strcmp0(explanation->id, "footer-missing") == 0 ||
           g_strcmp0(explanation->id, "footer-id") == 0;
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

/* Whether both are of one kind, by the first word of their ids: "vfio-tag", "vfio-flag". */
static bool is_of_kind(const MigFinding *finding, const MigExplanation *explanation)
{
    const char *id = mig_rule_id(finding->rule);
    size_t n = strcspn(id, "-") + 1;

    return strncmp(id, explanation->id, n) == 0;
}

/* Whether the message is about what comes before all sections. */
static bool is_of_configuration(const MigExplanation *explanation)
{
    static const char *const ids[] = { "machine", "capability", "uuid" };

    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        if (g_str_has_prefix(explanation->id, ids[i])) {
            return true;
        }
    }
    return false;
}

/* Whether it says that pages would be unpacked, if they could be. */
static bool is_of_pages(const MigFinding *finding, const MigExplanation *explanation)
{
    return explanation->n_repairs && g_str_has_prefix(explanation->id, "ram-") &&
           g_str_equal(explanation->repairs[0].filters[0], "ram-decompress") &&
           g_str_equal(mig_rule_id(finding->rule), "ram-compressed-malformed");
}

/* Whether they are the same words; dots at the end stand for digits that a loader has there. */
static bool says_words(const char *text, const char *loader)
{
    g_autofree char *head = g_strdup(loader);

    for (size_t n = strlen(head); n && head[n - 1] == '.'; n--) {
        head[n - 1] = '\0';
    }
    return *head && (strstr(text, head) || strstr(loader, text));
}

static Match match(const MigFinding *finding, const MigExplanation *explanation)
{
    bool here = is_in_section(finding, explanation);

    if (finding->loader && says_words(explanation->text, finding->loader)) {
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

static bool is_of_destination(const MigFinding *finding)
{
    return finding->severity >= MIG_SEVERITY_WARNING &&
           mig_rule_needs_destination(finding->rule);
}

/* Whether it ends a load whatever the destination is. */
static bool is_of_stream(const MigFinding *finding)
{
    return finding->severity == MIG_SEVERITY_ERROR && !finding->in_container &&
           !mig_rule_needs_destination(finding->rule);
}

/* The same, of what may be where reading ended: the loader came to nothing before it. */
static Match match_stream(const MigFinding *finding, const GError *stopped,
                          const MigExplanation *explanation)
{
    bool end = stopped && g_str_equal(finding->message, stopped->message) &&
               (explanation->section || !is_of_configuration(explanation));
    Match found;

    if (is_of_pages(finding, explanation)) {
        return SAME_WORDS;
    }
    if (!finding->refusing) {
        return NO_MATCH;
    }
    found = match(finding, explanation);
    if (end ||
        (is_in_section(finding, explanation) && is_of_kind(finding, explanation))) {
        return MAX(found, SAME_SECTION);
    }
    return found;
}

/* The likeliest so far; of equals the worst, and the first. */
static void take(const MigFinding *one, Match found, const MigFinding **best,
                 Match *match)
{
    if (found > *match ||
        (found && found == *match && one->severity > (*best)->severity)) {
        *best = one;
        *match = found;
    }
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

void mig_against_find(const MigCheck *check, const GError *stopped,
                      MigExplanation *explanation)
{
    uint64_t *more = &explanation->more_differences;
    const MigFinding *difference = NULL, *fault = NULL;
    Match differs = NO_MATCH, wrong = NO_MATCH;
    size_t n;
    const MigFinding *findings = mig_check_findings(check, &n);

    *more = 0;
    for (size_t i = 0; i < n; i++) {
        const MigFinding *one = &findings[i];

        if (is_of_destination(one)) {
            take(one, match(one, explanation), &difference, &differs);
            if (one->severity == MIG_SEVERITY_ERROR) {
                *more += 1 + one->more;
            }
        } else if (is_of_stream(one)) {
            take(one, match_stream(one, stopped, explanation), &fault, &wrong);
        }
    }
    if (wrong > differs) {
        explanation->fault = fault;
        difference = NULL;
        explanation->n_repairs *= !is_of_pages(fault, explanation);
    }
    explanation->difference = difference;
    *more -= difference && difference->severity == MIG_SEVERITY_ERROR;
    judge_all(findings, n, difference, explanation);
}
