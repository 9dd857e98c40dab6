/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a format of --format is: how each thing is printed that a command finds.
 * Must not know: any one format.
 * See also:      format-text.c and format-json.c, which say where each thing is printed;
 *                format.c.
 *
 * A command puts what it found into a structure and hands that to the format which was asked
 * for; no command looks at which one it is.  A new format is a file format-NAME.c and a row in
 * CLI_FORMATS.
 */
#ifndef CLI_FORMAT_H
#define CLI_FORMAT_H

#include "check-report.h"
#include "convert.h"
#include "dump-map.h"
#include "dump-timeline.h"
#include "explain.h"
#include "live-report.h"
#include "needs.h"

typedef struct DiffView DiffView; /* diff.h */

extern const DiffView diff_text, diff_json;

typedef struct CheckSummaryView CheckSummaryView; /* check-summary.h */

struct CliFormat {
    const char *name;    /* the value of --format */
    const char *command; /* the only one that has it; NULL: all have */
    /* Each file is an object with the same keys, one that cannot be opened too: no line
     * stands between two of them, and none sums them up. */
    bool objects;

    void (*dump)(const Dump *dump);
    const DumpItemsView *dump_items;
    const DumpDevicesView *dump_devices;
    void (*dump_description)(Dump *dump); /* -d desc */
    const DumpRegistersView *dump_registers;
    void (*dump_map)(const DumpMap *map);
    void (*dump_timeline)(const DumpTiming *timing);

    void (*check)(const CheckReport *report);
    void (*check_totals)(const CheckTotals *totals,
                         MigReleaseSet releases); /* NULL: none */
    void (*check_rules)(void);                    /* --list-rules */
    const CheckSummaryView *check_summary;        /* --summary */

    const DiffView *diff;

    void (*explain)(const ExplainReport *report);

    void (*needs)(const NeedsReport *report);

    /* Of a live migration, at its end: in text on stderr.  And of send --dry-run. */
    void (*receive)(const LiveReport *report);
    void (*send)(const LiveReport *report);
    void (*relay)(const LiveReport *report);
    void (*send_plan)(const LivePlan *plan);

    void (*convert)(const ConvertResult *result);                         /* on stderr */
    void (*convert_plan)(const MigChain *chain, const ConvertPlan *plan); /* --dry-run */
    void (*convert_filters)(void);                     /* --list-filters */
    void (*convert_filter)(const MigFilterType *type); /* --help-filter */
};

/* The formats of all commands; the first one is the default.  And those of one. */
#define CLI_FORMATS(X) \
    X(text)            \
    X(json)
#define CLI_FORMATS_OF_ONE(X) \
    X(analyze)                \
    X(args)

#define CLI_DECLARE_FORMAT(name) extern const CliFormat cli_format_##name;
CLI_FORMATS(CLI_DECLARE_FORMAT)
CLI_FORMATS_OF_ONE(CLI_DECLARE_FORMAT)

/* Closed by NULL. */
extern const CliFormat *const cli_formats[];

/* The names of the former for --help, "text|json", and a bar before. */
extern const char cli_format_bars[];
#define cli_format_words (cli_format_bars + 1)

/* The format called @arg, or the end of the program, as cli_word(). */
const CliFormat *cli_format(const struct argp_state *state, const char *option,
                            const char *arg);

/* Ends the program where @command does not have @format. */
void cli_format_check(const struct argp_state *state, const CliFormat *format,
                      const CliCommand *command);

#endif
