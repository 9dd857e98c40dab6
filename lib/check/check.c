/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the run: which rules see an item, what could be evaluated.
 * Must not know: any one rule.
 * See also:      check/rule.h; check/report.c; check/facts.c.
 */
#include <string.h>

#include "check/check-private.h"
#include "message/scan.h"
#include "io/options.h"
#include "stream/item-private.h"

static void add_rule(MigCheck *check, size_t index, MigSeverity severity)
{
    const MigRule *rule = check->rules[index];
    MigRuleState *state = &check->states[index];

    state->severity = severity;
    state->outcome = severity == MIG_SEVERITY_IGNORE ? MIG_OUTCOME_IGNORED
                     : (rule->needs_release && !check->asked) ||
                             (rule->needs_destination && !check->n_against)
                         ? MIG_OUTCOME_NOT_ASKED
                         : MIG_OUTCOME_EVALUATED;
    for (size_t kind = 0; kind < MIG_N_WATCHED && rule->judge; kind++) {
        if (rule->watches & 1u << kind && state->outcome == MIG_OUTCOME_EVALUATED) {
            g_array_append_val(check->watchers[kind], index);
        }
    }
}

MigCheck *mig_check_new(MigReader *reader, const MigCheckOptions *options)
{
    MigCheckOptions known;
    MigCheck *check;

    g_return_val_if_fail(
        mig_options_take(&known, sizeof(known), options, "MigCheckOptions", NULL), NULL);
    check = g_new0(MigCheck, 1);
    check->reader = reader;
    check->asked = known.releases;
    check->strict = known.strict;
    check->needs = known.needs;
    check->keep = known.keep;
    check->compared.at = MIG_NOWHERE;
    check->rings = mig_rings_new(reader);
    check->against = known.against;
    check->n_against = known.n_against;
    check->n_rules = mig_rule_count();
    check->rules = g_new0(const MigRule *, check->n_rules);
    check->states = g_new0(MigRuleState, check->n_rules);
    check->findings = g_array_new(false, false, sizeof(MigFinding));
    g_array_set_clear_func(check->findings, mig_finding_clear);
    mig_facts_init(&check->facts);
    for (size_t kind = 0; kind < MIG_N_WATCHED; kind++) {
        check->watchers[kind] = g_array_new(false, false, sizeof(size_t));
    }
    mig_rule_all(check->rules);
    for (size_t i = 0; i < check->n_rules; i++) {
        add_rule(check, i, known.severities ? known.severities[i] : MIG_SEVERITY_DEFAULT);
    }
    for (size_t i = 0; i < check->n_rules; i++) {
        if (check->states[i].outcome == MIG_OUTCOME_IGNORED) {
            mig_check_block_dependants(check, check->rules[i]->id, check->rules[i]->id);
        }
    }
    return check;
}

void mig_check_free(MigCheck *check)
{
    if (!check) {
        return;
    }
    for (size_t kind = 0; kind < MIG_N_WATCHED; kind++) {
        g_array_unref(check->watchers[kind]);
    }
    mig_finding_clear(&check->pending);
    mig_compared_clear(&check->compared);
    mig_rings_free(check->rings);
    g_array_unref(check->findings);
    mig_facts_clear(&check->facts);
    g_free(check->states);
    g_free(check->rules);
    g_free(check);
}

static void run_rules(MigCheck *check, size_t kind, const MigItem *item)
{
    const GArray *watchers = check->watchers[kind];

    for (guint i = 0; i < watchers->len; i++) {
        check->running = g_array_index(watchers, size_t, i);
        check->about = NULL;
        if (check->states[check->running].outcome == MIG_OUTCOME_EVALUATED) {
            check->rules[check->running]->judge(check, &check->facts, item);
            mig_check_commit(check);
        }
    }
}

bool mig_check_watch(MigCheck *check, const MigItem *item, GError **error)
{
    mig_rings_watch(check->rings, item);
    run_rules(check, item->kind, item);
    return mig_facts_update(&check->facts, item, error);
}

/* Turns an error of the reader, or of what is wrapped around the stream, into a finding. */
static bool report_damage(MigCheck *check, const GError *error)
{
    const char *id = mig_error_get_rule(error);
    bool in_container = mig_error_get_layer(error) == MIG_LAYER_CONTAINER;
    ssize_t rule;
    uint32_t instance_id = 0;
    const char *section;
    uint64_t offset;

    if (!id && (g_error_matches(error, MIG_ERROR, MIG_ERROR_CONTAINER) ||
                g_error_matches(error, MIG_ERROR, MIG_ERROR_LIMIT))) {
        id = "container";
    }
    rule = id ? mig_rule_find(id) : -1;
    if (rule < 0) {
        return false;
    }
    check->running = (size_t)rule;
    section = mig_error_get_section(error, &instance_id);
    if (!mig_error_get_offset(error, &offset)) {
        offset = mig_reader_tell(check->reader);
        in_container = false;
    }
    if (check->states[rule].outcome != MIG_OUTCOME_IGNORED) {
        g_autofree MigSection *place = NULL;

        if (section) {
            place = mig_section_new(section, (uint8_t)MIN(strlen(section), UINT8_MAX));
            place->instance_id = instance_id;
        }
        check->states[rule].found =
            MIN(check->states[rule].found, check->keep ? check->keep - 1 : 0);
        mig_report(check, offset, place, "%s", error->message);
        check->pending.in_container = in_container;
        check->pending.channel = mig_error_get_channel(error);
        if (check->facts.eof != MIG_NOWHERE) {
            check->pending.refusing = 0; /* it has all that it reads */
            g_clear_pointer(&check->pending.loader, g_free);
        }
        mig_check_commit(check);
    }
    /* What can only be judged at the end cannot be judged. */
    for (size_t i = 0; i < check->n_rules; i++) {
        MigRuleState *state = &check->states[i];

        if (check->rules[i]->watches & MIG_WATCH_END &&
            state->outcome == MIG_OUTCOME_EVALUATED && !state->found) {
            state->outcome = MIG_OUTCOME_NOT_EVALUATED;
            state->why = id;
        }
    }
    return true;
}

/* Findings were added in the order in which rules made them; those that only the end can
 * show belong further up. */
static gint by_offset(gconstpointer a, gconstpointer b)
{
    const MigFinding *x = a, *y = b;

    if (x->channel != y->channel) {
        return x->channel < y->channel ? -1 : 1;
    }
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* What a loader prints is explained under a heading.  The messages that there are take memory and
 * time, and a stream without findings needs none. */
static void name_messages(MigCheck *check)
{
    MigMessageScan *scan = NULL;

    for (guint i = 0; i < check->findings->len; i++) {
        MigFinding *finding = &g_array_index(check->findings, MigFinding, i);
        const MigMessage *message = NULL;

        if (finding->loader) {
            scan = scan ? scan : mig_message_scan_new();
            message = mig_message_of(scan, finding->loader);
        }
        finding->loader_id = message ? message->id : NULL;
    }
    mig_message_scan_free(scan);
}

bool mig_check_finish(MigCheck *check, const GError *error)
{
    bool mine = true;

    if (error) {
        mine = report_damage(check, error);
    } else {
        mig_rings_finish(check->rings);
        run_rules(check, MIG_ITEM_KIND_COUNT, NULL);
    }
    g_array_sort(check->findings, by_offset);
    name_messages(check);
    return mine;
}

const MigFinding *mig_check_findings(const MigCheck *check, size_t *n)
{
    *n = check->findings->len;
    return (const MigFinding *)(void *)check->findings->data;
}

uint64_t mig_check_count(const MigCheck *check, MigSeverity severity)
{
    return check->counts[severity];
}

MigOutcome mig_check_outcome(const MigCheck *check, size_t rule, const char **why)
{
    const MigRuleState *state;

    *why = NULL;
    g_return_val_if_fail(rule < mig_rule_count(), MIG_OUTCOME_NOT_EVALUATED);
    state = &check->states[rule];
    *why = state->outcome == MIG_OUTCOME_NOT_EVALUATED ? state->why : NULL;
    /* What it found before it lost its ground remains. */
    return state->outcome == MIG_OUTCOME_NOT_EVALUATED && state->found
               ? MIG_OUTCOME_EVALUATED
               : state->outcome;
}

MigReleaseSet mig_check_refusing(const MigCheck *check)
{
    return check->refusing;
}

const MigFinding *mig_check_first_refusal(const MigCheck *check, MigRelease release)
{
    MigReleaseSet one = mig_releases_one(release);

    for (guint i = 0; i < check->findings->len; i++) {
        const MigFinding *finding = &g_array_index(check->findings, MigFinding, i);

        if (finding->refusing & one) {
            return finding;
        }
    }
    return NULL;
}
