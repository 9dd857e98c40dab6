/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how migstat check shows what it found in a file, and in all of them.
 * Must not know: any one rule; options but those that change how it looks.
 * See also:      cli/cmd-check.c; cli/verdict.h, cli/hint.h.
 */
#ifndef CLI_CHECK_REPORT_H
#define CLI_CHECK_REPORT_H

#include "cli.h"

/* What was found in one file. */
typedef struct CheckReport {
    const CliCommon *common;
    bool verbose;
    MigReleaseSet releases; /* asked for */
    const char *file, *new_name;
    const MigCheck *check;
    const GError *error; /* why the stream was not read to its end, or NULL */
    bool not_judged;     /* and no rule speaks of that */
    bool foreign;        /* not an item could be read: it is something else */
} CheckReport;

/* What was found in several. */
typedef struct CheckTotals {
    size_t files, with_errors, with_warnings, sound, not_judged;
    size_t refused[32]; /* by the index of the release */
} CheckTotals;

void check_report(const CheckReport *report);
void check_report_count(const CheckReport *report, CheckTotals *totals);
void check_report_totals(const CheckTotals *totals, MigReleaseSet releases);

/* Errors that are shown, or would be were it not for --quiet; with several releases, one
 * more where all refuse it. */
bool check_report_has_errors(const CheckReport *report);

#endif
