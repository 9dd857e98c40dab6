/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          filing what rules report: which findings are kept, how grave they are,
 *                which releases refuse for them.
 * Must not know: any one rule; when rules run.
 * See also:      check/rule.h; check/check.c.
 */
#include <string.h>

#include "check/check-private.h"
#include "io/budget.h"

void mig_finding_clear(gpointer p)
{
    MigFinding *finding = p;

    g_clear_pointer(&finding->section, g_free);
    g_clear_pointer(&finding->message, g_free);
    g_clear_pointer(&finding->loader, g_free);
    g_clear_pointer(&finding->remedy.filter, g_free);
    g_clear_pointer(&finding->remedy.gives_up, g_free);
    g_clear_pointer(&finding->remedy.none, g_free);
}

void mig_check_block_dependants(MigCheck *check, const char *id, const char *root)
{
    for (size_t i = 0; i < check->n_rules; i++) {
        MigRuleState *state = &check->states[i];

        for (size_t j = 0; j < MIG_RULE_AFTER_MAX && check->rules[i]->after[j]; j++) {
            if (g_str_equal(check->rules[i]->after[j], id) &&
                state->outcome == MIG_OUTCOME_EVALUATED) {
                state->outcome = MIG_OUTCOME_NOT_EVALUATED;
                state->why = root;
                mig_check_block_dependants(check, check->rules[i]->id, root);
            }
        }
    }
}

bool mig_check_asks_for_one(const MigCheck *check)
{
    return check->asked && !(check->asked & (check->asked - 1));
}

/* The option counts; what the one release asked for refuses is an error without one. */
static MigSeverity final_severity(const MigCheck *check, const MigFinding *finding)
{
    MigSeverity by_option = check->states[check->running].severity;
    MigSeverity severity = by_option != MIG_SEVERITY_DEFAULT ? by_option
                           : finding->refusing && mig_check_asks_for_one(check)
                               ? MIG_SEVERITY_ERROR
                               : finding->severity;

    return severity == MIG_SEVERITY_WARNING && check->strict ? MIG_SEVERITY_ERROR
                                                             : severity;
}

/* Of a rule that is of single releases, where no single one is asked for. */
static bool is_of_no_stream(const MigCheck *check, const MigFinding *finding)
{
    return finding->rule->needs_release && !mig_check_asks_for_one(check);
}

/* Of several destinations, which one. */
static void say_against(MigCheck *check)
{
    g_autofree char *message = check->pending.message;

    check->pending.message = message && check->n_against > 1 && check->pending_about
                                 ? g_strdup_printf("%s (--against=%s)", message,
                                                   mig_shape_name(check->pending_about))
                                 : g_steal_pointer(&message);
}

void mig_check_commit(MigCheck *check)
{
    MigFinding *pending = &check->pending;
    MigRuleState *state = &check->states[check->running];
    bool failed;

    if (!pending->rule) {
        return;
    }
    failed = pending->severity >= MIG_SEVERITY_WARNING && !state->failed;
    state->failed |= failed;
    pending->severity = final_severity(check, pending);
    check->counts[pending->severity] += !is_of_no_stream(check, pending);
    check->refusing |= pending->refusing;
    say_against(check);
    if (check->pending_kept) {
        g_array_append_val(check->findings, *pending);
        state->last = check->findings->len;
    } else {
        MigFinding *last = &g_array_index(check->findings, MigFinding, state->last - 1);

        last->more++;
        last->refusing |= pending->refusing;
        last->more_until = pending->offset;
        last->more_channel = pending->channel;
        mig_finding_clear(pending);
    }
    *pending = (MigFinding){ 0 };
    if (failed) {
        mig_check_block_dependants(check, check->rules[check->running]->id,
                                   check->rules[check->running]->id);
    }
}

/* The loader's words for the release, with the section's name filled in. */
static char *loader_words(const MigRule *rule, MigRelease release,
                          const MigSection *section)
{
    const char *words = rule->later.loader && release >= rule->later.since
                            ? rule->later.loader
                            : rule->loader;
    g_auto(GStrv) parts = g_strsplit(words, "%s", 2);

    return parts[1] ? g_strconcat(parts[0], section ? section->name : "", parts[1], NULL)
                    : g_strdup(words);
}

void mig_report(MigCheck *check, uint64_t offset, const MigSection *section,
                const char *format, ...)
{
    const MigRule *rule = check->rules[check->running];
    MigRuleState *state = &check->states[check->running];
    MigFinding *pending = &check->pending;
    va_list args;

    mig_check_commit(check);
    *pending = (MigFinding){ .rule = rule, .severity = rule->severity, .offset = offset };
    check->pending_about = check->about;
    check->pending_kept =
        state->found == 0 || ((!check->keep || state->found < check->keep) &&
                              check->findings->len < MIG_FINDINGS_MAX);
    state->found++;
    if (check->pending_kept) {
        va_start(args, format);
        pending->message = g_strdup_vprintf(format, args);
        va_end(args);
        if (section) {
            pending->section = g_memdup2(section->name, section->name_length + 1u);
            pending->section_length = section->name_length;
            pending->instance_id = section->instance_id;
        }
    }
    if (rule->loader) {
        pending->refusing =
            check->asked & mig_releases_between(rule->since, MIG_RELEASE_LAST);
        pending->loader =
            pending->refusing && check->pending_kept
                ? loader_words(rule, mig_releases_oldest(pending->refusing), section)
                : NULL;
    }
}

void mig_report_severity(MigCheck *check, MigSeverity severity)
{
    check->pending.severity = severity;
}

void mig_report_channel(MigCheck *check, uint32_t channel)
{
    check->pending.channel = channel;
}

void mig_report_loader(MigCheck *check, MigRelease first, MigRelease last,
                       const char *format, ...)
{
    MigReleaseSet refusing = check->asked & mig_releases_between(first, last);
    va_list args;

    check->pending.refusing |= refusing;
    if (refusing && check->pending_kept) {
        g_free(check->pending.loader);
        va_start(args, format);
        check->pending.loader = g_strdup_vprintf(format, args);
        va_end(args);
    }
}

void mig_report_words(MigCheck *check, MigRelease first, MigRelease last,
                      const char *format, ...)
{
    bool fits =
        check->asked ? mig_check_asks(check, first, last) : !check->pending.loader;
    va_list args;

    if (fits && check->pending_kept) {
        g_free(check->pending.loader);
        va_start(args, format);
        check->pending.loader = g_strdup_vprintf(format, args);
        va_end(args);
    }
}

void mig_report_remedy(MigCheck *check, const char *format, ...)
{
    va_list args;

    if (check->pending_kept) {
        g_free(check->pending.remedy.filter);
        va_start(args, format);
        check->pending.remedy.filter = g_strdup_vprintf(format, args);
        va_end(args);
    }
}

void mig_report_gives_up(MigCheck *check, bool lossy, const char *what)
{
    g_free(check->pending.remedy.gives_up);
    check->pending.remedy.gives_up = g_strdup(what);
    check->pending.remedy.lossy = lossy;
}

void mig_report_no_remedy(MigCheck *check, const char *why)
{
    g_free(check->pending.remedy.none);
    check->pending.remedy.none = g_strdup(why);
}

void mig_report_no_ground(MigCheck *check, const char *why)
{
    MigRuleState *state = &check->states[check->running];

    state->outcome = MIG_OUTCOME_NOT_EVALUATED;
    state->why = why;
}

bool mig_check_is_described(MigCheck *check)
{
    const MigDescription *d = mig_reader_description(check->reader);
    const char *why =
        !d || !d->valid
            ? "the description, which lays devices out, is not there or not known"
        : mig_reader_budget(check->reader)->left == 0
            ? "the devices' descriptions are longer than the stream is worth"
            : NULL;

    if (why) {
        mig_report_no_ground(check, why);
    }
    return !why;
}

MigRelease mig_check_release(const MigCheck *check)
{
    return mig_check_asks_for_one(check) ? mig_releases_oldest(check->asked)
                                         : MIG_RELEASE_NONE;
}

bool mig_check_asks(const MigCheck *check, MigRelease first, MigRelease last)
{
    return (check->asked & mig_releases_between(first, last)) != 0;
}

MigVfioNeed mig_check_need(const MigCheck *check, const MigSection *section)
{
    return check->needs ? mig_vfio_needs_lookup(check->needs, section->name)
                        : MIG_VFIO_NEED_AUTO;
}

MigReader *mig_check_reader(const MigCheck *check)
{
    return check->reader;
}
