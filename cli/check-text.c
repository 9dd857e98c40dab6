/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat check as text.
 * Must not know: any one rule.
 * See also:      check-report.h, what it shows; verdict.h and hint.h, its sentences.
 */
#include <string.h>

#include "check-report.h"
#include "text.h"
#include "verdict.h"

/* Columns by which the lines of a finding after the first are indented. */
#define HANG 4

/* --- findings --- */

/* "FILE:0xOFFSET: SEVERITY[RULE]: ", where to find it and by which rule. */
static GString *place_of(const CheckReport *report, const MigFinding *finding,
                         uint32_t channel, uint64_t offset)
{
    static const CliStyle styles[MIG_SEVERITY_COUNT] = {
        [MIG_SEVERITY_NOTE] = CLI_CYAN,
        [MIG_SEVERITY_WARNING] = CLI_YELLOW,
        [MIG_SEVERITY_ERROR] = CLI_RED,
    };
    bool color = cli_use_color(report->common->color, stdout);
    g_autofree char *place =
        cli_place(report->file, channel, offset, finding->in_container);
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
    g_autofree char *section = NULL;

    if (!finding->section) {
        return g_steal_pointer(&message);
    }
    section =
        cli_address(finding->section, finding->section_length, finding->instance_id);
    return g_strdup_printf("%s: %s", *section ? section : "\"\"", message);
}

/* "    WHAT: TEXT" */
static void print_remark(const char *what, const char *text)
{
    g_autofree char *line = g_strdup_printf("    %s: %s", what, text);

    cli_print_line(stdout, 2 * HANG, line);
}

static void print_remedy(const CheckReport *report, const MigRemedy *remedy)
{
    const CliHintFiles files = check_report_hint_files(report);
    g_autofree char *hint = cli_hint_remedy(remedy, &files);

    if (hint) {
        if (remedy->none) {
            print_remark("better", remedy->none);
        }
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
    g_autoptr(GString) line =
        place_of(report, finding, finding->channel, finding->offset);

    g_string_append(line, text);
    if (finding->loader && check_report_shows_loader(report, finding)) {
        g_autofree char *loader = cli_escape(finding->loader, strlen(finding->loader));
        g_autofree char *release =
            check_report_is_for_one(report) ? mig_releases_text(report->releases) : NULL;

        g_string_append_printf(line, "; QEMU%s%s: \"%s\"", release ? " " : "",
                               release ? release : "", loader);
    }
    cli_print_line(stdout, HANG, line->str);
    print_remedy(report, &finding->remedy);
    if (finding->more) {
        g_autoptr(GString) more =
            place_of(report, finding, finding->more_channel, finding->more_until);

        g_string_append_printf(more, "and %" PRIu64 " more up to here (--all shows each)",
                               finding->more);
        cli_print_line(stdout, HANG, more->str);
    }
}

/* With several releases, what is of single ones is in the table of releases. */
static bool is_shown(const CheckReport *report, const MigFinding *finding)
{
    return (check_report_is_for_one(report) || !mig_rule_needs_release(finding->rule)) &&
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
        g_autofree char *at =
            finding ? cli_offset(finding->channel, finding->offset) : NULL;
        g_autofree char *verdict = finding
                                       ? g_strdup_printf("refused: %s: %s: %s", at,
                                                         mig_rule_id(finding->rule), text)
                                       : g_strdup("no reason to refuse found");
        g_autofree char *name = g_strconcat(file, ":", NULL);

        cli_table_row(table, name, releases, verdict);
        left &= ~run;
    }
    cli_table_print(table, stdout, 0);
}

/* --- the summary --- */

/* Whether the destination refuses the stream for @finding, or with --for the release does. */
static bool ends_a_load(const CheckReport *report, const MigFinding *finding)
{
    return finding->refusing ||
           (report->against->len && finding->severity == MIG_SEVERITY_ERROR &&
            mig_rule_needs_destination(finding->rule));
}

/* One command for all that the release or the destination needs, where that is more than one
 * thing. */
static void print_hint_for_all(const CheckReport *report)
{
    const CliHintFiles files = check_report_hint_files(report);
    g_autoptr(GHashTable) filters = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *hint = NULL;
    bool lossy = false;
    size_t n;
    const MigFinding *findings = mig_check_findings(report->check, &n);

    for (size_t i = 0; i < n; i++) {
        const MigRemedy *remedy = &findings[i].remedy;

        if (!ends_a_load(report, &findings[i])) {
            continue;
        }
        if (!remedy->filter) {
            return;
        }
        g_hash_table_add(filters, remedy->filter);
        lossy |= remedy->lossy;
    }
    if (g_hash_table_size(filters) > 1) {
        hint = report->against->len
                   ? cli_hint_fit(g_ptr_array_index(report->against, 0), lossy, &files)
                   : cli_hint_for(mig_releases_oldest(report->releases), lossy, &files);
        puts("    for all of this:");
        cli_print_hint(stdout, hint);
    }
}

static void append_destination(GString *line, const CheckReport *report)
{
    g_autofree char *name = report->against->len == 1
                                ? cli_file_name(g_ptr_array_index(report->against, 0))
                                : g_strdup("the destination");
    g_autofree char *verdict = cli_verdict_against(
        report->check, name, report->shapes, report->against->len, report->error != NULL);

    g_string_append_printf(line, "%s; ", verdict);
}

static void print_summary(const CheckReport *report)
{
    g_autofree char *file = cli_file_name(report->file);
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *counts = cli_verdict_counts(report->check);
    g_autofree char *verdict = NULL;
    bool sound = !mig_check_count(report->check, MIG_SEVERITY_ERROR) &&
                 !mig_check_count(report->check, MIG_SEVERITY_WARNING) && !report->error;

    if (report->against->len && !mig_check_refusing(report->check)) {
        /* the destination's verdict says it all */
    } else if (check_report_is_for_one(report)) {
        verdict = cli_verdict_for(report->check, mig_releases_oldest(report->releases),
                                  report->error != NULL);
    } else if (report->releases) {
        verdict = cli_verdict_all(report->check, report->releases, report->error != NULL);
    }
    g_string_printf(line, "%s: ", file);
    if (report->against->len) {
        append_destination(line, report);
    }
    if (check_report_is_refused_by_several(report)) {
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

static void print_rules(const CheckReport *report)
{
    size_t evaluated, asked;

    check_report_rules(report, &evaluated, &asked);
    printf("%zu of %zu rules evaluated\n", evaluated, asked);
    print_not_evaluated(report);
}

void check_text(const CheckReport *report)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(report->check, &n);

    for (size_t i = 0; i < n; i++) {
        if (is_shown(report, &findings[i])) {
            print_finding(report, &findings[i]);
        }
    }
    /* What is no stream costs a line. */
    if (report->releases && !check_report_is_for_one(report) && !report->foreign) {
        print_releases(report);
    }
    if (!report->common->quiet && !(report->foreign && n)) {
        print_summary(report);
        if (report->against->len ? report->against->len == 1 && !report->releases
                                 : check_report_is_for_one(report)) {
            print_hint_for_all(report);
        }
    }
    if (report->verbose && !report->common->quiet && check_report_is_of_stream(report)) {
        print_rules(report);
    }
}

/* --- all files --- */

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
                                   run & (run - 1) ? "" : "s", totals->refused[i]);
            releases &= ~run;
        }
    }
}

void check_totals_text(const CheckTotals *totals, MigReleaseSet releases)
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

/* --- the table of rules --- */

void check_rules_text(void)
{
    CliTable *table = cli_table_new("llw");

    for (size_t i = 0; i < mig_rule_count(); i++) {
        const MigRule *rule = mig_rule_at(i);
        g_autofree char *title = g_strconcat(
            mig_rule_title(rule), mig_rule_needs_release(rule) ? "  (--for)" : "", NULL);

        cli_table_row(table, mig_rule_id(rule),
                      mig_severity_name(mig_rule_severity(rule)), title);
    }
    cli_table_print(table, stdout, 0);
}
