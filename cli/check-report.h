/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what migstat check found in a file, and in all of them.
 * Must not know: any one rule; options but those that change how it looks.
 * See also:      cmd-check.c; check-text.c, check-json.c, how it looks; verdict.h, hint.h.
 */
#ifndef CLI_CHECK_REPORT_H
#define CLI_CHECK_REPORT_H

#include "cli.h"
#include "hint.h"

/* What was found in one file. */
typedef struct CheckReport {
    const CliCommon *common;
    bool verbose;
    MigReleaseSet releases;        /* asked for */
    const GPtrArray *against;      /* the files of the destinations */
    const MigShape *const *shapes; /* and what they show */
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

void check_report_count(const CheckReport *report, CheckTotals *totals);
void check_totals_add(CheckTotals *totals, const CheckTotals *more);

/* Errors that are shown, or would be were it not for --quiet; with several releases, one
 * more where all refuse it. */
bool check_report_has_errors(const CheckReport *report);

/* Whether the file is a stream at all: of what is none, no rule is listed that was not evaluated. */
bool check_report_is_of_stream(const CheckReport *report);

/* How many of the rules that were asked for could be evaluated. */
void check_report_rules(const CheckReport *report, size_t *evaluated, size_t *asked);

/* The files that hints name. */
CliHintFiles check_report_hint_files(const CheckReport *report);

/* Whether one release was asked for, and not several. */
bool check_report_is_for_one(const CheckReport *report);

/* Whether what the loader says is the same for all that was asked for. */
bool check_report_shows_loader(const CheckReport *report, const MigFinding *finding);

/* Whether several were asked for, and all of them refuse the stream. */
bool check_report_is_refused_by_several(const CheckReport *report);

void check_text(const CheckReport *report);
void check_totals_text(const CheckTotals *totals, MigReleaseSet releases);
void check_rules_text(void);
void check_json(const CheckReport *report);
void check_rules_json(void);

#endif
