/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      what the parts of the diff command share.
 * Knows not: other commands.
 * Beside it: cmd-diff.c (options, what is compared), diff-report.c (how a difference looks),
 *            diff-fields.c (two devices, field by field), diff-ram.c (pages).
 */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "cli.h"
#include "json.h"

/* One of the two streams, read as far as it goes. */
typedef struct DiffSide {
    const char *file;
    MigInput *in;
    MigReader *reader;
    MigSummary *summary;
    MigRamImage *image; /* with --ram */
    int image_fd;
    uint64_t image_end; /* where the next block's content goes in it */
    GError *error;      /* why reading ended early, or NULL */
} DiffSide;

/* A value of one side; NULL stands for one that is not there. */
typedef struct DiffValue {
    MigFieldKind kind; /* UINT, INT, BOOL, NULL; else a text */
    uint64_t u;
    const char *text; /* for a person, and the JSON string of what is no number */
} DiffValue;

typedef struct Diff {
    DiffSide side[2];
    CliJson *json; /* NULL: text */
    bool color, ram;
    bool quiet;     /* nothing is printed */
    uint64_t found; /* differences */
    char *heading;  /* of the section that the last line was about */
    MigPciNames *names;
} Diff;

/* Where a difference is: @what is a word of migstat-diff(1); the others may be NULL. */
typedef struct DiffPlace {
    const char *what;
    const MigSection *section;
    const char *path;
    const char *type;
} DiffPlace;

void diff_report(Diff *diff, const DiffPlace *place, const DiffValue *a,
                 const DiffValue *b);

/* Texts, either of which may be NULL: not there. */
void diff_report_text(Diff *diff, const DiffPlace *place, const char *a, const char *b);
void diff_report_number(Diff *diff, const DiffPlace *place, uint64_t a, uint64_t b);

/* Where the bytes of a device stand on each side. */
typedef struct DiffBody {
    const MigSection *section;
    uint64_t offset, length;
    bool vfio; /* a VFIO configuration payload; else a FULL body */
} DiffBody;

/* Decodes both and reports the fields that differ.  Reading errors go to the sides. */
void diff_fields(Diff *diff, const DiffBody bodies[2]);

/* Reports pages that differ, of blocks that both have in the same length. */
void diff_ram(Diff *diff);

#endif
