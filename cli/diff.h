/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how differences are shown.
 * Must not know: how they are found; other commands.
 * See also:      cmd-diff.c (options); diff-report.c (lines and objects); diff-value.c (the
 *                values in them).
 */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "cli.h"
#include "json.h"

typedef struct DiffReport {
    const MigDiff *diff;
    const char *file[2];
    CliJson *json; /* NULL: text */
    bool color, all;
    bool quiet;     /* nothing is printed */
    uint64_t found; /* differences */
    char *heading;  /* of the section that the last line was about */
    uint64_t lines; /* about it, printed or not */
    /* The RAM block whose pages came last, and what has come of it. */
    const MigRamBlock *block;
    uint64_t rows, pages;
    uint32_t page_size;
} DiffReport;

/* A MigDifferenceVisit; @user is the DiffReport. */
void diff_report(const MigDifference *difference, void *user);

/* Ends the lines about the last section. */
void diff_report_end(DiffReport *report);

/* The value of @side, which is present, for a person.  The caller frees. */
char *diff_value_text(const MigDifference *difference, MigDiffSide side);

/* The same as the JSON member @key; null if it is not present. */
void diff_value_json(CliJson *json, const char *key, const MigDifference *difference,
                     MigDiffSide side);

#endif
