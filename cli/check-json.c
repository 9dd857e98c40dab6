/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat check as JSON; the keys are described in migstat-json(5).
 * Must not know: any one rule.
 * See also:      check-report.h, what it shows.
 */
#include "check-report.h"
#include "json.h"

static void remedy_json(CliJson *json, const CheckReport *report, const MigRemedy *remedy)
{
    const CliHintFiles files = check_report_hint_files(report);
    g_autofree char *hint = cli_hint_remedy(remedy, &files);

    cli_json_string(json, "hint", hint);
    cli_json_object(json, "remedy");
    cli_json_string(json, "filter", remedy->filter);
    cli_json_string(json, "gives_up", remedy->gives_up);
    cli_json_bool(json, "lossy", remedy->lossy);
    cli_json_string(json, "none", remedy->none);
    cli_json_end_object(json);
}

static void finding_json(CliJson *json, const CheckReport *report,
                         const MigFinding *finding)
{
    cli_json_object(json, NULL);
    cli_json_string(json, "rule", mig_rule_id(finding->rule));
    cli_json_string(json, "severity", mig_severity_name(finding->severity));
    cli_json_uint(json, "offset", finding->offset);
    cli_json_bool(json, "in_container", finding->in_container);
    cli_json_channel(json, finding->channel);
    if (finding->section) {
        cli_json_string_len(json, "section", finding->section, finding->section_length);
        cli_json_uint(json, "instance_id", finding->instance_id);
    } else {
        cli_json_null(json, "section");
        cli_json_null(json, "instance_id");
    }
    cli_json_string(json, "message", finding->message);
    cli_json_string(json, "loader",
                    check_report_shows_loader(report, finding) ? finding->loader : NULL);
    cli_json_string(json, "loader_id",
                    check_report_is_for_one(report) ? finding->loader_id : NULL);
    remedy_json(json, report, &finding->remedy);
    cli_json_uint(json, "more", finding->more);
    cli_json_end_object(json);
}

static void not_evaluated_json(CliJson *json, const CheckReport *report)
{
    size_t n = check_report_is_of_stream(report) ? mig_rule_count() : 0;

    cli_json_array(json, "not_evaluated");
    for (size_t i = 0; i < n; i++) {
        const char *why;

        if (mig_check_outcome(report->check, i, &why) == MIG_OUTCOME_NOT_EVALUATED) {
            cli_json_object(json, NULL);
            cli_json_string(json, "rule", mig_rule_id(mig_rule_at(i)));
            cli_json_string(json, "why", why);
            cli_json_end_object(json);
        }
    }
    cli_json_end_array(json);
}

/* The release asked for, or null for none and for several. */
static void release_json(CliJson *json, const CheckReport *report)
{
    g_autofree char *release =
        check_report_is_for_one(report) ? mig_releases_text(report->releases) : NULL;

    cli_json_string(json, "release", release);
    if (report->releases && !report->not_judged) {
        cli_json_bool(json, "refused",
                      mig_check_refusing(report->check) == report->releases);
    } else {
        cli_json_null(json, "refused");
    }
}

static void releases_json(CliJson *json, const CheckReport *report)
{
    MigRelease release;

    cli_json_array(json, "releases");
    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        MigReleaseSet one = mig_releases_one(release) & report->releases;
        g_autofree char *name = mig_releases_text(one);
        const MigFinding *first = mig_check_first_refusal(report->check, release);

        if (!one || report->not_judged) {
            continue;
        }
        cli_json_object(json, NULL);
        cli_json_string(json, "release", name);
        cli_json_bool(json, "refused", first != NULL);
        cli_json_string(json, "rule", first ? mig_rule_id(first->rule) : NULL);
        if (first) {
            cli_json_channel(json, first->channel);
            cli_json_uint(json, "offset", first->offset);
        } else {
            cli_json_null(json, "offset");
        }
        cli_json_string(json, "message", first ? first->message : NULL);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

void check_json(const CheckReport *report)
{
    size_t n, evaluated, asked;
    const MigFinding *findings = mig_check_findings(report->check, &n);
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "file", report->file);
    cli_json_array(&json, "findings");
    for (size_t i = 0; i < n; i++) {
        if (check_report_is_for_one(report) ||
            !mig_rule_needs_release(findings[i].rule)) {
            finding_json(&json, report, &findings[i]);
        }
    }
    cli_json_end_array(&json);
    cli_json_uint(&json, "errors", mig_check_count(report->check, MIG_SEVERITY_ERROR));
    cli_json_uint(&json, "warnings",
                  mig_check_count(report->check, MIG_SEVERITY_WARNING));
    cli_json_uint(&json, "notes", mig_check_count(report->check, MIG_SEVERITY_NOTE));
    check_report_rules(report, &evaluated, &asked);
    cli_json_object(&json, "rules");
    cli_json_uint(&json, "evaluated", evaluated);
    cli_json_uint(&json, "asked", asked);
    cli_json_end_object(&json);
    not_evaluated_json(&json, report);
    release_json(&json, report);
    releases_json(&json, report);
    cli_json_string(&json, "stopped", report->error ? report->error->message : NULL);
    cli_json_bool(&json, "complete", !report->error);
    cli_json_error(&json, "error", report->error);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

void check_rules_json(void)
{
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_array(&json, NULL);
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const MigRule *rule = mig_rule_at(i);
        size_t n;
        const char *const *after = mig_rule_after(rule, &n);

        cli_json_object(&json, NULL);
        cli_json_string(&json, "id", mig_rule_id(rule));
        cli_json_string(&json, "severity", mig_severity_name(mig_rule_severity(rule)));
        cli_json_string(&json, "title", mig_rule_title(rule));
        cli_json_bool(&json, "needs_release", mig_rule_needs_release(rule));
        cli_json_bool(&json, "needs_destination", mig_rule_needs_destination(rule));
        cli_json_array(&json, "after");
        for (size_t j = 0; j < n; j++) {
            cli_json_string(&json, NULL, after[j]);
        }
        cli_json_end_array(&json);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_finish(&json);
}
