/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see check-report.h.
 * Must not know: any one rule; how anything looks.
 * See also:      cmd-check.c, which runs the rules.
 */
#include "check-report.h"

static bool is_one(MigReleaseSet set)
{
    return set && !(set & (set - 1));
}

bool check_report_is_for_one(const CheckReport *report)
{
    return is_one(report->releases);
}

bool check_report_shows_loader(const CheckReport *report, const MigFinding *finding)
{
    return check_report_is_for_one(report) ||
           (!report->releases && mig_rule_needs_destination(finding->rule));
}

CliHintFiles check_report_hint_files(const CheckReport *report)
{
    return (CliHintFiles){ report->file, report->new_name, report->common };
}

bool check_report_is_refused_by_several(const CheckReport *report)
{
    return report->releases && !is_one(report->releases) &&
           mig_check_refusing(report->check) == report->releases;
}

bool check_report_has_errors(const CheckReport *report)
{
    return mig_check_count(report->check, MIG_SEVERITY_ERROR) ||
           check_report_is_refused_by_several(report);
}

void check_report_rules(const CheckReport *report, size_t *evaluated, size_t *asked)
{
    size_t n;

    *evaluated = *asked = 0;
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const char *why;
        MigOutcome outcome = mig_check_outcome(report->check, i, &why);

        *evaluated += outcome == MIG_OUTCOME_EVALUATED;
        *asked +=
            outcome == MIG_OUTCOME_EVALUATED || outcome == MIG_OUTCOME_NOT_EVALUATED;
    }
    if (!check_report_is_of_stream(report)) {
        /* No more than the rule that said so. */
        mig_check_findings(report->check, &n);
        *evaluated = n;
    }
}

bool check_report_is_of_stream(const CheckReport *report)
{
    return !report->foreign && !report->not_judged;
}

void check_report_count(const CheckReport *report, CheckTotals *totals)
{
    if (check_report_has_errors(report)) {
        totals->with_errors++;
    } else if (report->error) {
        totals->not_judged++;
    } else if (mig_check_count(report->check, MIG_SEVERITY_WARNING)) {
        totals->with_warnings++;
    } else {
        totals->sound++;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(totals->refused); i++) {
        totals->refused[i] += mig_check_refusing(report->check) >> i & 1;
    }
}

void check_totals_add(CheckTotals *totals, const CheckTotals *more)
{
    totals->with_errors += more->with_errors;
    totals->with_warnings += more->with_warnings;
    totals->sound += more->sound;
    totals->not_judged += more->not_judged;
    for (size_t i = 0; i < G_N_ELEMENTS(totals->refused); i++) {
        totals->refused[i] += more->refused[i];
    }
}
