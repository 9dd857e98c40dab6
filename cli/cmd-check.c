/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat check: its options, and the pass over each file.
 * Must not know: any one rule; how findings look (check-report.c).
 * See also:      lib/check/check.h; cli/rules-page.c, which has what --explain prints.
 */
#include <limits.h>
#include <string.h>

#include "check-report.h"
#include "check-summary.h"
#include "destinations.h"
#include "format.h"
#include "many.h"
#include "progress.h"
#include "rules-page.h"
#include "sandbox.h"
#include "text.h"

/* Findings of one rule that are shown before the rest are counted. */
#define SHOWN 5

/* Columns that the second line of a wrapped finding is indented by. */
#define FINDING_HANG 4

enum {
    KEY_FOR = 0x200,
    KEY_AGAINST,
    KEY_CONFIG_NEEDED,
    KEY_STRICT,
    KEY_ERROR,
    KEY_WARN,
    KEY_IGNORE,
    KEY_ALL,
    KEY_SUMMARY,
    KEY_LIST_RULES,
    KEY_EXPLAIN,
};

static const struct argp_option options[] = {
    { "for", KEY_FOR, "qemu-X.Y|all", CLI_REPEATS,
      "Judge for the loader of that release, 5.2 to 11.1", 0 },
    { "against", KEY_AGAINST, "DEST", CLI_REPEATS,
      "Compare with the destination: DEST is a stream that it wrote itself, freshly "
      "started, its -dump-vmstate file, or a transcript of its monitor",
      0 },
    { "config-needed", KEY_CONFIG_NEEDED, "NEED[:PATTERN]", CLI_REPEATS,
      "Whether VFIO devices (whose name matches PATTERN) need their configuration space "
      "before their data: auto, yes or no",
      0 },
    { "strict", KEY_STRICT, NULL, 0, "Warnings are errors", 0 },
    { "error", KEY_ERROR, "ID", CLI_REPEATS, "Findings of rule ID are errors", 0 },
    { "warn", KEY_WARN, "ID", CLI_REPEATS, "Findings of rule ID are warnings", 0 },
    { "ignore", KEY_IGNORE, "ID", CLI_REPEATS,
      "Leave rule ID out, and what depends on it", 0 },
    { "all", KEY_ALL, NULL, 0, "Show each finding of a rule, not the first 5", 0 },
    { "summary", KEY_SUMMARY, NULL, 0,
      "A table with a line for each file: machine, RAM, VFIO devices, defects, and with "
      "--for which releases refuse it",
      0 },
    CLI_MANY_OPTIONS(0),
    { "verbose", 'v', NULL, 0, "Say which rules could not be evaluated, and why", 0 },
    { "list-rules", KEY_LIST_RULES, NULL, 0, "List the rules and do nothing else", 1 },
    { "explain", KEY_EXPLAIN, "ID", 0,
      "Explain rule ID, or a loader's message, and do nothing else", 1 },
    CLI_ALLOW_UNMATCHED(0),
    { 0 },
};

static const CliOptionRule option_rules[] = {
    { "against", CLI_NOT_WITH, "offset" },
    { "summary", CLI_NOT_WITH, "all verbose" },
    CLI_MANY_RULES,
    { 0 },
};

typedef struct Arguments {
    CliCommon *common;
    MigCheckOptions check;
    GPtrArray *against; /* files of destinations */
    MigSeverity *severities;
    MigVfioNeeds *needs;
    bool verbose, list_rules, summary;
    size_t explain;      /* index of the rule + 1 */
    const char *message; /* in place of a rule */
    CliDestinations *destinations;
    CheckTotals totals;
    void *table; /* of --summary */
} Arguments;

/* What is known of a file in the process that sums up. */
typedef struct Result {
    CheckTotals totals;
    CheckRow row;
} Result;

/* --- options ---------------------------------------------------------------------- */

static size_t rule_of(struct argp_state *state, const char *option, const char *id)
{
    g_autoptr(MigNearest) nearest = NULL;
    ssize_t rule = mig_rule_find(id);

    if (rule < 0) {
        g_autofree char *hint = NULL;

        nearest = mig_nearest_new(id);
        for (size_t i = 0; i < mig_rule_count(); i++) {
            mig_nearest_offer(nearest, mig_rule_id(mig_rule_at(i)));
        }
        hint = mig_nearest_best(nearest) ? mig_nearest_hint(nearest, "")
                                         : g_strdup("; --list-rules lists them");
        cli_usage_error(state, "--%s: no rule \"%s\"%s", option, id, hint);
        return 0;
    }
    return (size_t)rule;
}

static void add_release(Arguments *arguments, const char *arg, struct argp_state *state)
{
    arguments->check.releases |= strcmp(arg, "all") == 0
                                     ? mig_releases_all()
                                     : mig_releases_one(cli_release(state, "for", arg));
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;
    g_autoptr(GError) error = NULL;

    switch (key) {
    case KEY_FOR:
        add_release(arguments, arg, state);
        return 0;
    case KEY_AGAINST:
        g_ptr_array_add(arguments->against, arg);
        return 0;
    case KEY_CONFIG_NEEDED:
        if (!mig_vfio_needs_add(arguments->needs, arg, &error)) {
            cli_usage_error(state, "--config-needed: %s", error->message);
        }
        return 0;
    case KEY_STRICT:
        arguments->check.strict = true;
        return 0;
    case KEY_ERROR:
        arguments->severities[rule_of(state, "error", arg)] = MIG_SEVERITY_ERROR;
        return 0;
    case KEY_WARN:
        arguments->severities[rule_of(state, "warn", arg)] = MIG_SEVERITY_WARNING;
        return 0;
    case KEY_IGNORE:
        arguments->severities[rule_of(state, "ignore", arg)] = MIG_SEVERITY_IGNORE;
        return 0;
    case 'v':
        arguments->verbose = true;
        return 0;
    case KEY_ALL:
        arguments->check.keep = 0;
        return 0;
    case KEY_SUMMARY:
        arguments->summary = true;
        return 0;
    case KEY_LIST_RULES:
        arguments->list_rules = arguments->common->no_files = true;
        return 0;
    case KEY_EXPLAIN:
        /* Names of rules have no blanks. */
        if (strchr(arg, ' ')) {
            arguments->message = arg;
        } else {
            arguments->explain = rule_of(state, "explain", arg) + 1;
        }
        arguments->common->no_files = true;
        return 0;
    default:
        return cli_parse_many(key, arg, state, arguments->common) == 0
                   ? 0
                   : cli_parse_unmatched(key, arguments->common);
    }
}

/* --- one rule --- */

static void explain(const MigRule *rule)
{
    g_autofree char *text = cli_rules_page_text(mig_rule_id(rule));
    g_autofree char *title =
        g_strdup_printf("%s: %s: %s", mig_rule_id(rule),
                        mig_severity_name(mig_rule_severity(rule)), mig_rule_title(rule));

    cli_print_row(stdout, FINDING_HANG, title);
    printf("\n%s", text ? text : "");
}

static CliStatus explain_message(const char *message, const CliCommon *common)
{
    g_autoptr(MigExplain) explanation = mig_explain_new();
    ExplainReport report = { .common = common };

    mig_explain_feed(explanation, message, strlen(message));
    report.explanation = mig_explain_finish(explanation);
    common->format->explain(&report);
    return report.explanation->id ? CLI_OK : CLI_FOUND;
}

/* --- the pass over a file --------------------------------------------------------- */

static CliStatus status_of(const CheckReport *report)
{
    if (check_report_has_errors(report)) {
        return CLI_FOUND;
    }
    /* True if nothing wrong was found, but not all of the stream was looked at. */
    return report->error ? CLI_TROUBLE : CLI_OK;
}

/* A file that cannot be opened, or be read on: its object has the keys of all others. */
static CliStatus not_judged(CheckReport *report, const Arguments *arguments,
                            const GError *error, Result *result)
{
    if (arguments->common->format->objects && !arguments->summary) {
        g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
        g_autoptr(MigInput) in = mig_input_new_bytes(nothing, report->file, NULL, NULL);
        g_autoptr(MigReader) reader = mig_reader_new(in);
        g_autoptr(MigCheck) check = mig_check_new(reader, &arguments->check);

        report->check = report->check ? report->check : check;
        report->error = error;
        report->not_judged = true;
        arguments->common->format->check(report);
    }
    result->totals.not_judged++;
    check_row_not_judged(&result->row, error);
    cli_print_error(report->file, error);
    return cli_status_of(error);
}

/* --config-needed=yes:PATTERN, of a device that is not there. */
static bool complain_of_needs(const Arguments *arguments, const char *file,
                              const MigReader *reader)
{
    g_autoptr(MigAddresses) patterns = mig_vfio_needs_addresses(arguments->needs);
    size_t n;
    const MigSection *const *sections = mig_reader_sections(reader, &n);

    for (size_t i = 0; i < n; i++) {
        if (mig_section_is_vfio(sections[i])) {
            mig_addresses_section(patterns, sections[i]->name, sections[i]->instance_id);
        }
    }
    return cli_complain(arguments->common, file, patterns, MIG_ADDRESS_VFIO, NULL,
                        reader);
}

/* What is told of a file that was read. */
static void tell(CheckReport *report, const Arguments *arguments, MigReader *reader,
                 const MigSummary *summary, Result *result)
{
    check_report_count(report, &result->totals);
    if (arguments->summary) {
        check_row_fill(&result->row, report, reader, summary);
    } else {
        arguments->common->format->check(report);
    }
}

static CliStatus check_file(guint i, void *to, void *user)
{
    const Arguments *arguments = user;
    Result *result = to;
    const char *file = g_ptr_array_index(arguments->common->files, i);
    g_autofree char *new_name = cli_new_name(file);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = cli_open(file, arguments->common, &error);
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(MigCheck) check = NULL;
    g_autoptr(MigSummary) summary = arguments->summary ? mig_summary_new() : NULL;
    CheckReport report = { .common = arguments->common,
                           .verbose = arguments->verbose,
                           .releases = arguments->check.releases,
                           .against = arguments->against,
                           .shapes = arguments->check.against,
                           .file = file,
                           .new_name = new_name,
                           .foreign = true };
    CliProgress progress;
    const MigItem *item;

    if (!in) {
        return not_judged(&report, arguments, error, result);
    }
    reader = mig_reader_new(in);
    mig_reader_join_pieces(reader);
    report.check = check = mig_check_new(reader, &arguments->check);
    cli_progress_begin(&progress, file, in, arguments->common);
    while (mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE &&
           mig_check_watch(check, item, &error) &&
           (!summary || mig_summary_watch(summary, item, &error))) {
        report.foreign = false;
        cli_progress_item(&progress, item);
    }
    cli_progress_end(&progress);
    report.error = error;
    if (!mig_check_finish(check, error)) {
        return not_judged(&report, arguments, error, result);
    }
    tell(&report, arguments, reader, summary, result);
    return !error && complain_of_needs(arguments, file, reader) ? CLI_TROUBLE
                                                                : status_of(&report);
}

/* In the process that was asked to judge all files. */
static void file_is_done(guint i, const void *from, const GError *error, void *user)
{
    Arguments *arguments = user;
    const char *file = g_ptr_array_index(arguments->common->files, i);
    Result result = *(const Result *)from;

    if (error) {
        result.totals.not_judged = 1;
        check_row_not_judged(&result.row, error);
    }
    arguments->totals.files++;
    check_totals_add(&arguments->totals, &result.totals);
    if (arguments->summary) {
        arguments->common->format->check_summary->row(arguments->table, file,
                                                      &result.row);
    }
}

/* --- all files ---------------------------------------------------------------------- */

/* Confines the process to some of the files and to the destinations, and reads those. */
static bool prepare(guint first, guint n, void *user)
{
    Arguments *arguments = user;
    const GPtrArray *files = arguments->common->files;
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (guint i = first; i < first + n; i++) {
        g_ptr_array_add(all, g_ptr_array_index(files, i));
    }
    g_ptr_array_extend(all, arguments->against, NULL, NULL);
    if (!cli_confine_reader(arguments->common, (const char *const *)(void *)all->pdata,
                            all->len, -1) ||
        !cli_destinations_read(arguments->destinations, arguments->against,
                               arguments->common)) {
        return false;
    }
    arguments->check.against =
        cli_destinations_shapes(arguments->destinations, &arguments->check.n_against);
    return true;
}

static CliStatus check_files(Arguments *arguments)
{
    const CliMany many = { .prepare = prepare,
                           .one = check_file,
                           .done = file_is_done,
                           .result_size = sizeof(Result),
                           .user = arguments };
    CliCommon *common = arguments->common;
    const CheckSummaryView *view = common->format->check_summary;
    CliStatus status;

    if (arguments->summary) {
        arguments->table = view->begin(arguments->check.releases);
    }
    status = cli_many_run(&many, common);
    if (arguments->summary) {
        view->end(arguments->table);
    }
    if (arguments->totals.files > 1 && common->format->check_totals && !common->quiet) {
        common->format->check_totals(&arguments->totals, arguments->check.releases);
    }
    return status;
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autofree MigSeverity *severities = g_new0(MigSeverity, mig_rule_count());
    g_autoptr(MigVfioNeeds) needs = mig_vfio_needs_new();
    g_autoptr(GPtrArray) against = g_ptr_array_new();
    g_auto(CliDestinations) destinations = { 0 };
    Arguments arguments = {
        .common = common,
        .against = against,
        .check = { MIG_CHECK_OPTIONS_INIT, .severities = severities, .needs = needs,
                   .keep = SHOWN },
        .severities = severities,
        .needs = needs,
        .destinations = &destinations,
    };

    cli_parse(&cli_command_check, argc, argv, 0, common, &arguments);
    common->stream = common->files->len ? common->files->pdata[0] : NULL;
    if (arguments.explain) {
        explain(mig_rule_at(arguments.explain - 1));
        return CLI_OK;
    }
    if (arguments.message) {
        return (int)explain_message(arguments.message, common);
    }
    if (arguments.list_rules) {
        common->format->check_rules();
        return CLI_OK;
    }
    return (int)check_files(&arguments);
}

const CliCommand cli_command_check = {
    .name = "check",
    .summary = "judge whether a stream is sound, and which QEMU loads it",
    .arguments = "FILE...",
    .doc = "Judges QEMU migration streams: whether they are sound and in order, and "
           "whether a release would load them.\v"
           "FILE may be compressed, or be a libvirt save image or a qcow2 image with a "
           "snapshot; \"-\" is "
           "standard input.  migstat-rules(7) explains the rules.\n\n"
           "Exit status: 0 no errors; 1 errors, damage included; 2 the job could not be "
           "done.",
    .options = options,
    .rules = option_rules,
    .parse = parse,
    .min_files = 1,
    .max_files = UINT_MAX,
    .pages = true,
    .run = run,
};
