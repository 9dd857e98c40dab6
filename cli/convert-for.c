/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see convert-for.h.
 * Must not know: any one rule or filter.
 * See also:      cli/verdict.h, the words for the result.
 */
#include "convert-for.h"

#include <string.h>
#include <unistd.h>

#include "hint.h"
#include "text.h"
#include "verdict.h"

/* Rounds of judging and converting.  One finds all but what only a conversion brings to
 * light. */
#define ROUNDS_MAX 8

/* Findings of one rule that can ask for different filters. */
#define KEPT 1024

static bool has(const GPtrArray *texts, const char *text)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)(uintptr_t)texts, text,
                                            g_str_equal, NULL);
}

static void add_once(GPtrArray *texts, const char *text)
{
    if (!has(texts, text)) {
        g_ptr_array_add(texts, g_strdup(text));
    }
}

/* Runs the rules over @in, and goes back to its start. */
static MigCheck *judge(const ConvertPlan *plan, MigInput *in, MigReader **reader,
                       GError **error)
{
    const MigCheckOptions options = {
        MIG_CHECK_OPTIONS_INIT,
        .releases = plan->release ? mig_releases_one(plan->release) : 0, .keep = KEPT,
        .against = plan->fit ? &plan->fit : NULL, .n_against = plan->fit != NULL
    };
    g_autoptr(GError) stopped = NULL;
    g_autoptr(MigCheck) check = NULL;
    const MigItem *item;

    *reader = mig_reader_new(in);
    check = mig_check_new(*reader, &options);
    while (mig_reader_next(*reader, &item, &stopped) == MIG_STATUS_MORE &&
           mig_check_watch(check, item, &stopped)) {
        plan->progress(plan->progress_data, item->offset);
    }
    if (!mig_check_finish(check, stopped) || (stopped && !mig_check_refusing(check))) {
        g_propagate_error(error, g_steal_pointer(&stopped));
        return NULL;
    }
    mig_input_rewind(in, 0);
    return g_steal_pointer(&check);
}

static bool is_of_destination(const MigFinding *finding)
{
    return mig_rule_needs_destination(finding->rule);
}

static bool refuses(const MigFinding *finding)
{
    return finding->refusing ||
           (is_of_destination(finding) && finding->severity == MIG_SEVERITY_ERROR);
}

static char *refuser(const ConvertPlan *plan, const MigFinding *finding)
{
    g_autofree char *release =
        plan->release ? mig_releases_text(mig_releases_one(plan->release)) : NULL;

    return is_of_destination(finding) ? cli_file_name(plan->fit_name)
           : release                  ? g_strdup_printf("QEMU %s", release)
                                      : g_strdup("every loader");
}

/* @finding cannot be mended; @why. */
static bool refuse(const ConvertPlan *plan, const MigFinding *finding, const char *why,
                   GError **error)
{
    g_autofree char *filters = NULL, *who = NULL;
    GString *text = g_string_new(NULL);

    g_string_append(text, finding->message);
    if (finding->offset >= MIG_FILE_HEADER_LENGTH) { /* else it is no stream at all */
        who = refuser(plan, finding);
        g_string_append_printf(text, "; %s refuses the stream for this, and %s", who,
                               why);
    }
    g_ptr_array_add(plan->filters, NULL);
    filters = g_strjoinv(" ", (char **)plan->filters->pdata);
    g_ptr_array_set_size(plan->filters, (gint)plan->filters->len - 1);
    if (plan->chain) {
        g_string_append_printf(text, " (found, and counted, in what became of it by %s)",
                               filters);
    }
    mig_error_set(error, MIG_ERROR_REFUSED, finding->offset, mig_rule_id(finding->rule),
                  "%s", text->str);
    if (error && finding->section) {
        mig_error_set_section(*error, finding->section, finding->instance_id);
    }
    if (error && finding->in_container) {
        mig_error_set_layer(*error, MIG_LAYER_CONTAINER);
    }
    g_string_free(text, TRUE);
    return false;
}

static bool allows(const char *const *names, const char *filter)
{
    g_autofree char *name = g_strndup(filter, strcspn(filter, ":"));

    return names && (g_strv_contains(names, filter) || g_strv_contains(names, name));
}

/* Whether what @remedy gives up has not been agreed to.  A filter that asks by itself may find that
 * nothing gets lost. */
static bool must_ask(const ConvertPlan *plan, const MigRemedy *remedy)
{
    return remedy->lossy && !plan->lossy && !allows(plan->allow, remedy->filter) &&
           !(plan->fit && cli_remedy_asks(remedy));
}

static char *why_it_must_ask(const ConvertPlan *plan, const MigRemedy *remedy)
{
    g_autofree char *name = g_strndup(remedy->filter, strcspn(remedy->filter, ":"));
    g_autofree char *one =
        plan->fit ? g_strdup_printf(", --lossy=%s that alone", name) : g_strdup("");
    g_autofree char *better =
        remedy->none ? g_strdup_printf(" (better: %s)", remedy->none) : g_strdup("");

    return g_strdup_printf("%s, which helps, gives up %s: --lossy allows it%s%s",
                           remedy->filter, remedy->gives_up, one, better);
}

/* Adds what @finding asks for to @wanted. */
static bool take_remedy(ConvertPlan *plan, const MigFinding *finding, GPtrArray *wanted,
                        GError **error)
{
    const MigRemedy *remedy = &finding->remedy;
    g_autofree char *why = NULL;

    if (!remedy->filter) {
        why = g_strdup_printf("no conversion helps%s%s", remedy->none ? ": " : "",
                              remedy->none ? remedy->none : "");
    } else if (has(plan->filters, remedy->filter)) {
        why = g_strdup_printf("%s did not mend it", remedy->filter);
    } else if (must_ask(plan, remedy)) {
        why = why_it_must_ask(plan, remedy);
    }
    if (why) {
        return refuses(finding) ? refuse(plan, finding, why, error) : true;
    }
    add_once(wanted, remedy->filter);
    if (remedy->gives_up && !g_str_has_prefix(remedy->gives_up, "nothing")) {
        add_once(plan->gives_up, remedy->gives_up);
    }
    return true;
}

/* Whether it is uncertain that the destination refuses the stream for @finding, but the filter that
 * mends it was allowed by name. */
static bool is_named(const ConvertPlan *plan, const MigFinding *finding)
{
    return is_of_destination(finding) && finding->severity == MIG_SEVERITY_WARNING &&
           finding->remedy.filter && allows(plan->allow, finding->remedy.filter);
}

/* What has to be done about what was found; also about errors that are no refusals. */
static bool take_remedies(ConvertPlan *plan, const MigCheck *check, GPtrArray *wanted,
                          GError **error)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(check, &n);

    for (size_t i = 0; i < n; i++) {
        if ((refuses(&findings[i]) || findings[i].severity == MIG_SEVERITY_ERROR ||
             is_named(plan, &findings[i])) &&
            !take_remedy(plan, &findings[i], wanted, error)) {
            return false;
        }
    }
    return true;
}

static void forget_result(ConvertPlan *plan)
{
    g_clear_pointer(&plan->chain, mig_chain_free);
    if (plan->result) {
        g_clear_pointer(&plan->result, mig_input_free);
        close(plan->fd);
    }
}

/* Runs the filters of the plan over @in, from its start. */
static bool run_filters(ConvertPlan *plan, MigInput *in, GError **error)
{
    const MigChainOptions options = { MIG_CHAIN_OPTIONS_INIT,
                                      .lossy = plan->lossy,
                                      .lossy_filters = plan->allow,
                                      .allow_unmatched = plan->allow_unmatched,
                                      .donor = plan->donor,
                                      .borrows = true,
                                      .cancelled = cli_is_cancelled,
                                      .progress = plan->progress,
                                      .progress_data = plan->progress_data };

    forget_result(plan);
    if (!plan->filters->len) {
        return true;
    }
    plan->chain = mig_chain_new();
    for (guint i = 0; i < plan->filters->len; i++) {
        if (!mig_chain_add(plan->chain, g_ptr_array_index(plan->filters, i), error)) {
            return false;
        }
    }
    plan->result = mig_chain_run_spooled(plan->chain, in, &plan->fd, &options, error);
    mig_input_rewind(in, 0);
    return plan->result != NULL;
}

static char *verdict_of(const ConvertPlan *plan, const MigCheck *check)
{
    g_autofree char *name = plan->fit ? cli_file_name(plan->fit_name) : NULL;
    g_autofree char *fit =
        plan->fit ? cli_verdict_against(check, name, &plan->fit, 1, false) : NULL;
    g_autofree char *release =
        plan->release ? cli_verdict_for(check, plan->release, false) : NULL;

    return g_strconcat(release ? release : "", release && fit ? "; " : "", fit ? fit : "",
                       NULL);
}

/* Converts and judges.  *done: nothing is left to be done. */
static bool play_round(ConvertPlan *plan, MigInput *in, bool *done, GError **error)
{
    g_autoptr(GPtrArray) wanted = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(MigCheck) check = NULL;

    if (!run_filters(plan, in, error)) {
        return false;
    }
    check = judge(plan, plan->result ? plan->result : in, &reader, error);
    if (!check || !take_remedies(plan, check, wanted, error)) {
        return false;
    }
    for (guint i = 0; i < wanted->len; i++) {
        add_once(plan->filters, g_ptr_array_index(wanted, i));
    }
    *done = !wanted->len;
    if (*done) {
        plan->verdict = verdict_of(plan, check);
        plan->errors = mig_check_count(check, MIG_SEVERITY_ERROR) > 0;
    }
    return true;
}

bool convert_plan(ConvertPlan *plan, const MigChain *first, MigInput *in, GError **error)
{
    const char *text, *summary;
    bool done = false;

    plan->filters = g_ptr_array_new_with_free_func(g_free);
    plan->gives_up = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; mig_chain_describe(first, i, &text, &summary); i++) {
        g_ptr_array_add(plan->filters, g_strdup(text));
    }
    if (!mig_input_hold(in, error)) {
        return false;
    }
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        if (!play_round(plan, in, &done, error)) {
            return false;
        }
        if (done) {
            return true;
        }
    }
    mig_error_set_plain(error, MIG_ERROR_REFUSED,
                        "after %d conversions there is still something to convert",
                        ROUNDS_MAX);
    return false;
}

void convert_plan_clear(ConvertPlan *plan)
{
    forget_result(plan);
    g_clear_pointer(&plan->filters, g_ptr_array_unref);
    g_clear_pointer(&plan->gives_up, g_ptr_array_unref);
    g_clear_pointer(&plan->verdict, g_free);
}
