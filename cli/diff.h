/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a format has to show of migstat diff.
 * Must not know: how differences are found; any one format.
 * See also:      cmd-diff.c, which calls it; diff-text.c, diff-json.c; diff-value.c, the
 *                values in them.
 */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "cli.h"
#include "json.h"

/* Two files, and what came of them so far. */
typedef struct DiffRun {
    const CliCommon *common;
    const char *file[2];
    bool all;               /* each difference of a section is to be shown */
    const MigDiff *diff;    /* NULL: one of them could not be opened */
    const GError *error[2]; /* why it could not be read, or NULL */
    uint64_t found;         /* differences */
    bool trouble;           /* nobody can say whether they are the same */
    void *user;             /* of who compares, for a view of its own */
} DiffRun;

struct DiffView {
    void *(*begin)(const DiffRun *run); /* returns what the other calls get as @view */
    void (*difference)(void *view, const MigDifference *difference);
    void (*end)(void *view); /* all is known; frees @view */
};

/* What the difference is called in its section; NULL: it is the section.  The caller frees. */
char *diff_path(const MigDifference *difference);

/* How many pages @length bytes are; the last one of a block may be cut short. */
uint64_t diff_pages(uint64_t length, uint32_t page_size);

/* The value of @side, which is present, for a person.  The caller frees. */
char *diff_value_text(const MigDifference *difference, MigDiffSide side);

/* The same as the JSON member @key; null if it is not present. */
void diff_value_json(CliJson *json, const char *key, const MigDifference *difference,
                     MigDiffSide side);

#endif
