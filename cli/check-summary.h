/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what migstat check --summary tells of a file, in one row.
 * Must not know: any one rule.
 * See also:      check-report.h; check-summary-text.c, check-summary-json.c, how it looks.
 */
#ifndef CLI_CHECK_SUMMARY_H
#define CLI_CHECK_SUMMARY_H

#include "check-report.h"

#define CHECK_ROW_DIALECTS (MIG_VFIO_DIALECT_MULTIFD + 1)

/* Rules, one bit each: the 64 * i + j-th of the table is bit j of word i. */
#define CHECK_ROW_RULES 4

/* It has no pointer: another process may have filled it. */
typedef struct CheckRow {
    bool is_judged;                    /* or else all below is 0, but the error */
    bool is_stream;                    /* at least an item of it could be read */
    bool is_complete;                  /* the stream was read to its end */
    char machine[256];                 /* of the configuration; "": none */
    uint64_t ram;                      /* bytes of the guest's RAM */
    uint32_t vfio[CHECK_ROW_DIALECTS]; /* devices, by the dialect */
    uint64_t errors, warnings, notes;
    uint64_t rules[CHECK_ROW_RULES]; /* with errors or warnings that were counted */
    MigReleaseSet asked, refusing;
    char error[256]; /* the beginning of why it was not read, or not to its end; or "" */
} CheckRow;

typedef struct CheckSummaryView {
    void *(*begin)(MigReleaseSet releases);
    void (*row)(void *table, const char *file, const CheckRow *row);
    void (*end)(void *table); /* frees it */
} CheckSummaryView;

extern const CheckSummaryView check_summary_text, check_summary_json;

/* Of a stream that was read as far as it goes. */
void check_row_fill(CheckRow *row, const CheckReport *report, MigReader *reader,
                    const MigSummary *summary);
void check_row_not_judged(CheckRow *row, const GError *error);

/* The @i-th rule of those that were broken, in the order of the table; NULL: no more. */
const MigRule *check_row_rule(const CheckRow *row, size_t i);

#endif
