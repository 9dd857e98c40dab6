/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what migstat report knows of a stream, for the parts of its page.
 * Must not know: how any one part looks.
 * See also:      cmd-report.c, which reads the stream; report-page.c, which joins the parts;
 *                report-NAME.c, one part each.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "check-report.h"
#include "diff.h"
#include "dump-devices.h"
#include "dump-timeline.h"
#include "html.h"

/* Bytes of the whole page, and of what may be long in each part: together less. */
#define REPORT_MAX             (2000u * 1000)
#define REPORT_FINDINGS_MAX    (250u * 1000)
#define REPORT_MAP_MAX         (150u * 1000) /* of each of two pictures */
#define REPORT_ORDER_MAX       (100u * 1000)
#define REPORT_TIMES_MAX       (60u * 1000) /* of pictures, and of tables */
#define REPORT_RAM_MAX         (100u * 1000)
#define REPORT_SECTIONS_MAX    (300u * 1000)
#define REPORT_DEVICES_MAX     (500u * 1000)
#define REPORT_DEVICE_MAX      (60u * 1000)
#define REPORT_DIFFERENCES_MAX (150u * 1000)
#define REPORT_SMALL_MAX       (40u * 1000) /* each of what is never long */

/* What is around them, the verdict, the script and the style. */
#define REPORT_FRAME_MAX (50u * 1000)

G_STATIC_ASSERT(REPORT_FINDINGS_MAX + 2 * REPORT_MAP_MAX + REPORT_ORDER_MAX +
                    2 * REPORT_TIMES_MAX + REPORT_RAM_MAX + REPORT_SECTIONS_MAX +
                    REPORT_DEVICES_MAX + REPORT_DIFFERENCES_MAX + 3 * REPORT_SMALL_MAX +
                    REPORT_FRAME_MAX <=
                REPORT_MAX);

/* Rows of the table of sections, not counting those that a finding is about. */
#define REPORT_SECTIONS_ROWS 700u

typedef struct Report {
    Dump dump; /* first: a DumpDevicesView gets it as such */
    DumpOptions options;
    CheckReport check;
    const char *other;    /* a second stream, or NULL */
    GHashTable *pointed;  /* indexes of sections that findings are about */
    GHashTable *unfolded; /* offsets of bodies whose fields are shown */
    CliHtml devices;      /* what was made of them as the stream went by */
    CliHtml differences;  /* from the second stream */
    Dump timed;           /* a capture once more, for its times */
    bool has_times;       /* it has a file of them */
    DumpTiming *timing;   /* NULL: it has none that can be read */
    GError *timing_error; /* of the time line, or NULL */
    bool is_bad;          /* damaged, or with errors */
    uint64_t n_differences;
    GError
        *unread[2]; /* of the comparison: why a stream was not read to its end, or NULL */
} Report;

/* The section, START to FULL, that a byte of the main channel is in; -1: none. */
gssize report_section_at(const Report *report, uint64_t offset);

/* Whether a section has a row, which the anchor s@index names. */
bool report_has_row(const Report *report, size_t index);

/* Whether a finding is among those of the page.  With several releases, what is of single ones is
 * in their table. */
bool report_shows(const Report *report, const MigFinding *finding);

/* "0x60ea0", as a link to its place where that is on the page. */
void report_place(CliHtml *html, const Report *report, uint32_t channel, uint64_t offset,
                  bool in_container);

/* A table; @columns: titles, with a bar between them; one that begins with # is of numbers. */
void report_table(CliHtml *html, const char *label, const char *columns);
void report_table_end(CliHtml *html);
void report_number(CliHtml *html, uint64_t n);
void report_text(CliHtml *html, const char *words);

/* "3 more are not shown: COMMAND", where some are not. */
void report_left_out(CliHtml *html, uint64_t left, const char *what, const char *command);

/* "migstat WORDS FILE"; the caller frees. */
char *report_command(const Report *report, const char *words);

extern const DumpDevicesView report_devices_view;
extern const struct DiffView report_differences_view;

/* The parts of the page, in its order: each is a section with a heading, or nothing. */
void report_verdict(CliHtml *html, const Report *report);
void report_findings(CliHtml *html, const Report *report);
void report_map(CliHtml *html, const Report *report);
void report_timeline(CliHtml *html, const Report *report);
void report_order(CliHtml *html, const Report *report);
void report_channels(CliHtml *html, const Report *report);
void report_ram(CliHtml *html, const Report *report);
void report_vfio(CliHtml *html, const Report *report);
void report_sections(CliHtml *html, const Report *report);
void report_devices(CliHtml *html, const Report *report);
void report_differences(CliHtml *html, const Report *report);

/* The page. */
void report_page(CliHtml *html, const Report *report);

#endif
