/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the parts of the diff command share.
 * Must not know: other commands.
 * See also:      cmd-diff.c (options, what is compared), diff-report.c (how a difference
 *                looks), diff-fields.c (two devices, field by field), diff-ram.c (pages).
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

/* A value of one side; NULL: that side has none. */
typedef struct DiffValue {
    MigFieldKind kind; /* UINT, INT, BOOL, NULL; else a text */
    uint64_t u;
    const char *text; /* for a person */
    const char *json; /* the string of what is no number; NULL: the text */
} DiffValue;

typedef struct Diff {
    DiffSide side[2];
    CliJson *json; /* NULL: text */
    bool color, ram, all;
    bool quiet;     /* nothing is printed */
    uint64_t found; /* differences */
    char *heading;  /* of the section that the last line was about */
    uint64_t lines; /* about it, printed or not */
    const MigPciNames *names;
    MigAddresses *only; /* what is compared; none: all */
    MigAddresses *left; /* what is left out */
} Diff;

/* Where a difference is: @what is a word of migstat-diff(1); the others may be NULL. */
typedef struct DiffPlace {
    const char *what;
    const MigSection *section;
    const char *path;
    const char *type;
} DiffPlace;

/* Whether that field of @section, or with @path NULL all of it, is to be compared. */
bool diff_wants(const Diff *diff, const MigSection *section, const char *path);

/* Whether an address that has meant nothing yet may be a field of @section. */
bool diff_seeks(const Diff *diff, const MigSection *section);

/* A stream that is not whole may have lost what it seems to lack. */
static inline bool diff_is_whole(const Diff *diff, int side)
{
    return !diff->side[side].error;
}

/* False, with the error of @side, where it cannot be read again. */
bool diff_read(DiffSide *side, uint64_t offset, uint8_t *bytes, size_t n);

void diff_report(Diff *diff, const DiffPlace *place, const DiffValue *a,
                 const DiffValue *b);

/* Texts, either of which may be NULL: not there. */
void diff_report_text(Diff *diff, const DiffPlace *place, const char *a, const char *b);
void diff_report_number(Diff *diff, const DiffPlace *place, uint64_t a, uint64_t b);

/* Pages of @block from @address on, @length bytes, whose content differs. */
void diff_report_pages(Diff *diff, const MigRamBlock *block, uint64_t address,
                       uint64_t length, uint32_t page_size);

/* For a person, after the pages of @block that differ: how many there are. */
void diff_report_total(Diff *diff, const MigRamBlock *block, uint64_t pages,
                       uint64_t of_pages);

/* Ends the lines about a section. */
void diff_report_end(Diff *diff);

/* Where the bytes of a device are on each side. */
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
