/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see check-summary.h.
 * Must not know: any one rule; how a row looks.
 * See also:      cmd-check.c.
 */
#include "check-summary.h"

#include <string.h>

/* As much of @text as there is room for. */
static void keep_text(char *to, size_t size, const char *text)
{
    g_strlcpy(to, text ? text : "", size);
}

static void note_rule(CheckRow *row, const MigFinding *finding)
{
    ssize_t i = mig_rule_find(mig_rule_id(finding->rule));

    if (i >= 0 && i < 64 * CHECK_ROW_RULES) {
        row->rules[i / 64] |= UINT64_C(1) << i % 64;
    }
}

static void fill_findings(CheckRow *row, const CheckReport *report)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(report->check, &n);

    row->errors = mig_check_count(report->check, MIG_SEVERITY_ERROR);
    row->warnings = mig_check_count(report->check, MIG_SEVERITY_WARNING);
    row->notes = mig_check_count(report->check, MIG_SEVERITY_NOTE);
    for (size_t i = 0; i < n; i++) {
        if (findings[i].severity != MIG_SEVERITY_NOTE &&
            (check_report_is_for_one(report) ||
             !mig_rule_needs_release(findings[i].rule))) {
            note_rule(row, &findings[i]);
        }
    }
}

void check_row_fill(CheckRow *row, const CheckReport *report, MigReader *reader,
                    const MigSummary *summary)
{
    g_autoptr(MigOverview) overview = mig_overview_new(reader, summary);
    const MigConfiguration *configuration = mig_reader_configuration(reader);
    const MigVfioSummary *vfio;

    row->is_judged = true;
    row->is_stream = !report->foreign;
    row->is_complete = !report->error;
    keep_text(row->machine, sizeof row->machine,
              configuration ? configuration->machine : NULL);
    row->ram = overview->ram_length;
    for (size_t i = 0; (vfio = mig_summary_vfio(summary, i)); i++) {
        row->vfio[MIN(vfio->device.dialect, CHECK_ROW_DIALECTS - 1)]++;
    }
    fill_findings(row, report);
    row->asked = report->releases;
    row->refusing = mig_check_refusing(report->check);
    keep_text(row->error, sizeof row->error,
              report->error ? report->error->message : NULL);
}

void check_row_not_judged(CheckRow *row, const GError *error)
{
    *row = (CheckRow){ 0 };
    keep_text(row->error, sizeof row->error, error->message);
}

const MigRule *check_row_rule(const CheckRow *row, size_t i)
{
    for (size_t rule = 0; rule < MIN(mig_rule_count(), 64 * CHECK_ROW_RULES); rule++) {
        if (row->rules[rule / 64] >> rule % 64 & 1 && i-- == 0) {
            return mig_rule_at(rule);
        }
    }
    return NULL;
}
