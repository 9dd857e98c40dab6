/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see check-report.h.
 * Must not know: any one rule.
 * See also:      cli/cmd-check.c, which runs the rules.
 */
#include "check-report.h"

#include <string.h>

#include "hint.h"
#include "json.h"
#include "table.h"
#include "text.h"
#include "verdict.h"
#include "wrap.h"

/* Columns by which the lines of a finding after the first are indented. */
#define HANG 4

static bool is_one(MigReleaseSet set)
{
    return set && !(set & (set - 1));
}

static CliHintFiles hint_files(const CheckReport *report)
{
    return (CliHintFiles){ report->file, report->new_name, report->common->offset };
}

/* By all that were asked for. */
static bool is_refused_by_several(const CheckReport *report)
{
    return report->releases && !is_one(report->releases) &&
           mig_check_refusing(report->check) == report->releases;
}

bool check_report_has_errors(const CheckReport *report)
{
    return mig_check_count(report->check, MIG_SEVERITY_ERROR) ||
           is_refused_by_several(report);
}

/* --- findings --- */

/* "FILE:0xOFFSET: SEVERITY[RULE]: ", where to find it and by which rule. */
static GString *place_of(const CheckReport *report, const MigFinding *finding,
                         uint64_t offset)
{
    static const CliStyle styles[MIG_SEVERITY_COUNT] = {
        [MIG_SEVERITY_NOTE] = CLI_CYAN,
        [MIG_SEVERITY_WARNING] = CLI_YELLOW,
        [MIG_SEVERITY_ERROR] = CLI_RED,
    };
    bool color = cli_use_color(report->common->color, stdout);
    g_autofree char *place = cli_place(report->file, offset, finding->in_container);
    GString *line = g_string_new(NULL);

    g_string_printf(line, "%s: %s%s[%s]%s: ", place,
                    cli_style(color, styles[finding->severity]),
                    mig_severity_name(finding->severity), mig_rule_id(finding->rule),
                    cli_style(color, CLI_PLAIN));
    return line;
}

/* "SECTION: MESSAGE", escaped.  The caller frees. */
static char *text_of(const MigFinding *finding)
{
    g_autofree char *message = cli_own_text(finding->message);
    g_autofree char *section = NULL, *instance = NULL;

    if (!finding->section) {
        return g_steal_pointer(&message);
    }
    section = cli_escape(finding->section, finding->section_length);
    instance = finding->instance_id
                   ? g_strdup_printf(" (instance %u)", finding->instance_id)
                   : g_strdup("");
    return g_strdup_printf("%s%s: %s", *section ? section : "\"\"", instance, message);
}

/* "    WHAT: TEXT" */
static void print_remark(const char *what, const char *text)
{
    g_autofree char *line = g_strdup_printf("    %s: %s", what, text);

    cli_print_line(stdout, 2 * HANG, line);
}

static void print_remedy(const CheckReport *report, const MigRemedy *remedy)
{
    const CliHintFiles files = hint_files(report);
    g_autofree char *hint = cli_hint_remedy(remedy, &files);

    if (hint) {
        cli_print_hint(stdout, hint);
        if (remedy->gives_up) {
            print_remark("gives up", remedy->gives_up);
        }
    } else if (remedy->none) {
        print_remark("no conversion helps", remedy->none);
    }
}

static void print_finding(const CheckReport *report, const MigFinding *finding)
{
    g_autofree char *text = text_of(finding);
    g_autoptr(GString) line = place_of(report, finding, finding->offset);

    g_string_append(line, text);
    if (finding->loader && is_one(report->releases)) {
        g_autofree char *loader = cli_escape(finding->loader, strlen(finding->loader));
        g_autofree char *release = mig_releases_text(report->releases);

        g_string_append_printf(line, "; QEMU %s: \"%s\"", release, loader);
    }
    cli_print_line(stdout, HANG, line->str);
    print_remedy(report, &finding->remedy);
    if (finding->more) {
        g_autoptr(GString) more = place_of(report, finding, finding->more_until);

        g_string_append_printf(more, "and %" PRIu64 " more up to here (--all shows each)",
                               finding->more);
        cli_print_line(stdout, HANG, more->str);
    }
}

/* With several releases, what is of single ones is in the table of releases. */
static bool is_shown(const CheckReport *report, const MigFinding *finding)
{
    return (is_one(report->releases) || !mig_rule_needs_release(finding->rule)) &&
           (!report->common->quiet || finding->severity == MIG_SEVERITY_ERROR);
}

/* --- the table of releases --- */

static void print_releases(const CheckReport *report)
{
    CliTable *table = cli_table_new("llw");
    g_autofree char *file = cli_file_name(report->file);
    MigReleaseSet left = report->releases;

    while (left) {
        const MigFinding *finding;
        MigReleaseSet run =
            cli_verdict_run(report->check, left, mig_releases_oldest(left), &finding);
        g_autofree char *releases = mig_releases_text(run);
        g_autofree char *text = finding ? text_of(finding) : NULL;
        g_autofree char *verdict =
            finding ? g_strdup_printf("refused: 0x%" PRIx64 ": %s: %s", finding->offset,
                                      mig_rule_id(finding->rule), text)
                    : g_strdup("no reason to refuse found");
        g_autofree char *name = g_strconcat(file, ":", NULL);

        cli_table_row(table, name, releases, verdict);
        left &= ~run;
    }
    cli_table_print(table, stdout, 0);
}

/* --- the summary --- */

/* One command for all that the release needs, where that is more than one thing. */
static void print_hint_for(const CheckReport *report)
{
    const CliHintFiles files = hint_files(report);
    g_autoptr(GHashTable) filters = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *hint = NULL;
    bool lossy = false;
    size_t n;
    const MigFinding *findings = mig_check_findings(report->check, &n);

    for (size_t i = 0; i < n; i++) {
        const MigRemedy *remedy = &findings[i].remedy;

        if (findings[i].refusing && !remedy->filter) {
            return;
        }
        if (findings[i].refusing) {
            g_hash_table_add(filters, remedy->filter);
            lossy |= remedy->lossy;
        }
    }
    if (g_hash_table_size(filters) > 1) {
        hint = cli_hint_for(mig_releases_oldest(report->releases), lossy, &files);
        puts("    for all of this:");
        cli_print_hint(stdout, hint);
    }
}

static void print_summary(const CheckReport *report)
{
    g_autofree char *file = cli_file_name(report->file);
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *counts = cli_verdict_counts(report->check);
    g_autofree char *verdict = NULL;
    bool sound = !mig_check_count(report->check, MIG_SEVERITY_ERROR) &&
                 !mig_check_count(report->check, MIG_SEVERITY_WARNING) && !report->error;

    if (is_one(report->releases)) {
        verdict = cli_verdict_for(report->check, mig_releases_oldest(report->releases),
                                  report->error != NULL);
    } else if (report->releases) {
        verdict = cli_verdict_all(report->check, report->releases, report->error != NULL);
    }
    g_string_printf(line, "%s: ", file);
    if (is_refused_by_several(report)) {
        g_string_append_printf(
            line, "error: %s, all that were asked for; besides that %s", verdict, counts);
    } else if (verdict) {
        g_string_append_printf(line, "%s; %s", verdict, counts);
    } else if (sound) {
        g_string_append_printf(line, "sound (%s)", counts);
    } else {
        g_string_append_printf(line, "%s%s", counts,
                               report->error ? "; not judged to its end" : "");
    }
    cli_print_line(stdout, HANG, line->str);
}

/* How many rules could be evaluated, and of those that could not, why; grouped by that. */
static void print_not_evaluated(const CheckReport *report)
{
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    size_t n = mig_rule_count();

    for (size_t i = 0; i < n; i++) {
        const char *why, *other;
        g_autoptr(GString) line = g_string_new(NULL);
        bool first = true;

        if (mig_check_outcome(report->check, i, &why) != MIG_OUTCOME_NOT_EVALUATED ||
            !g_hash_table_add(shown, (gpointer)(uintptr_t)why)) {
            continue;
        }
        g_string_printf(
            line, "not evaluated (%s%s): ", mig_rule_find(why) >= 0 ? "after " : "", why);
        for (size_t j = i; j < n; j++) {
            if (mig_check_outcome(report->check, j, &other) ==
                    MIG_OUTCOME_NOT_EVALUATED &&
                g_str_equal(why, other)) {
                g_string_append_printf(line, "%s%s", first ? "" : ", ",
                                       mig_rule_id(mig_rule_at(j)));
                first = false;
            }
        }
        cli_print_line(stdout, HANG, line->str);
    }
}

static void count_rules(const MigCheck *check, size_t *evaluated, size_t *asked)
{
    *evaluated = *asked = 0;
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const char *why;
        MigOutcome outcome = mig_check_outcome(check, i, &why);

        *evaluated += outcome == MIG_OUTCOME_EVALUATED;
        *asked +=
            outcome == MIG_OUTCOME_EVALUATED || outcome == MIG_OUTCOME_NOT_EVALUATED;
    }
}

static void print_rules(const CheckReport *report)
{
    size_t evaluated, asked;

    count_rules(report->check, &evaluated, &asked);
    printf("%zu of %zu rules evaluated\n", evaluated, asked);
    print_not_evaluated(report);
}

static void report_text(const CheckReport *report)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(report->check, &n);

    for (size_t i = 0; i < n; i++) {
        if (is_shown(report, &findings[i])) {
            print_finding(report, &findings[i]);
        }
    }
    /* What is no stream costs a line. */
    if (report->releases && !is_one(report->releases) && !report->foreign) {
        print_releases(report);
    }
    if (!report->common->quiet && !(report->foreign && n)) {
        print_summary(report);
        if (is_one(report->releases)) {
            print_hint_for(report);
        }
    }
    if (report->verbose && !report->common->quiet) {
        print_rules(report);
    }
}

/* --- JSON --- */

static void remedy_json(CliJson *json, const CheckReport *report, const MigRemedy *remedy)
{
    const CliHintFiles files = hint_files(report);
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
    if (finding->section) {
        cli_json_string_len(json, "section", finding->section, finding->section_length);
        cli_json_uint(json, "instance_id", finding->instance_id);
    } else {
        cli_json_null(json, "section");
        cli_json_null(json, "instance_id");
    }
    cli_json_string(json, "message", finding->message);
    cli_json_string(json, "loader", is_one(report->releases) ? finding->loader : NULL);
    remedy_json(json, report, &finding->remedy);
    cli_json_uint(json, "more", finding->more);
    cli_json_end_object(json);
}

static void not_evaluated_json(CliJson *json, const MigCheck *check)
{
    cli_json_array(json, "not_evaluated");
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const char *why;

        if (mig_check_outcome(check, i, &why) == MIG_OUTCOME_NOT_EVALUATED) {
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
        is_one(report->releases) ? mig_releases_text(report->releases) : NULL;

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
            cli_json_uint(json, "offset", first->offset);
        } else {
            cli_json_null(json, "offset");
        }
        cli_json_string(json, "message", first ? first->message : NULL);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

static void report_json(const CheckReport *report)
{
    size_t n, evaluated, asked;
    const MigFinding *findings = mig_check_findings(report->check, &n);
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "file", report->file);
    cli_json_array(&json, "findings");
    for (size_t i = 0; i < n; i++) {
        if (is_one(report->releases) || !mig_rule_needs_release(findings[i].rule)) {
            finding_json(&json, report, &findings[i]);
        }
    }
    cli_json_end_array(&json);
    cli_json_uint(&json, "errors", mig_check_count(report->check, MIG_SEVERITY_ERROR));
    cli_json_uint(&json, "warnings",
                  mig_check_count(report->check, MIG_SEVERITY_WARNING));
    cli_json_uint(&json, "notes", mig_check_count(report->check, MIG_SEVERITY_NOTE));
    count_rules(report->check, &evaluated, &asked);
    cli_json_object(&json, "rules");
    cli_json_uint(&json, "evaluated", report->not_judged ? 0 : evaluated);
    cli_json_uint(&json, "asked", asked);
    cli_json_end_object(&json);
    not_evaluated_json(&json, report->check);
    release_json(&json, report);
    releases_json(&json, report);
    cli_json_string(&json, "stopped", report->error ? report->error->message : NULL);
    cli_json_bool(&json, "complete", !report->error);
    cli_json_error(&json, "error", report->error);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

void check_report(const CheckReport *report)
{
    if (report->common->format == CLI_FORMAT_JSON) {
        report_json(report);
    } else {
        report_text(report);
    }
}

/* --- all files --- */

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

/* ", 5.2 refuses 3, 6.0 to 7.2 refuse 1": runs of releases that refuse as many. */
static void append_refused(GString *line, const CheckTotals *totals,
                           MigReleaseSet releases)
{
    MigRelease release;

    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        MigReleaseSet run = 0;
        g_autofree char *text = NULL;

        for (size_t j = i; releases >> j & 1 && totals->refused[j] == totals->refused[i];
             j++) {
            run |= (MigReleaseSet)1 << j;
        }
        if (run) {
            text = mig_releases_text(run);
            g_string_append_printf(line, "; QEMU %s refuse%s %zu", text,
                                   is_one(run) ? "s" : "", totals->refused[i]);
            releases &= ~run;
        }
    }
}

void check_report_totals(const CheckTotals *totals, MigReleaseSet releases)
{
    g_autoptr(GString) line = g_string_new(NULL);

    g_string_printf(line, "%zu files: %zu sound, %zu with warnings, %zu with errors",
                    totals->files, totals->sound, totals->with_warnings,
                    totals->with_errors);
    if (totals->not_judged) {
        g_string_append_printf(line, ", %zu could not be judged", totals->not_judged);
    }
    append_refused(line, totals, releases);
    cli_print_line(stdout, HANG, line->str);
}
