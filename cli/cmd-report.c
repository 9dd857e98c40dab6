/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat report: its options, the pass over the stream, and where the page
 *                goes.
 * Must not know: how the page looks.
 * See also:      report.h.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "destinations.h"
#include "files.h"
#include "progress.h"
#include "report.h"
#include "sandbox.h"

/* Findings of one rule that are shown before the rest are counted. */
#define SHOWN 5

enum { KEY_FOR = 0x200, KEY_AGAINST, KEY_FORCE };

static const struct argp_option options[] = {
    { "output", 'o', "FILE", 0,
      "Where the page goes; else, or with \"-\", standard output", 0 },
    { "force", KEY_FORCE, NULL, 0, "Replace a file that exists", 0 },
    { "for", KEY_FOR, "qemu-X.Y|all", CLI_REPEATS,
      "Judge for the loader of that release, 5.2 to 11.1; all of them by default", 0 },
    { "against", KEY_AGAINST, "DEST", CLI_REPEATS,
      "Compare with the destination: DEST is as of migstat check", 0 },
    { 0 },
};

static const CliOptionRule rules[] = {
    { "force", CLI_NEEDS, "output" },
    { "against", CLI_NOT_WITH, "offset" },
    { 0 },
};

typedef struct Arguments {
    CliCommon *common;
    MigCheckOptions check;
    GPtrArray *against;
    CliDestinations *destinations;
    const char *output; /* NULL: standard output */
    bool force;
    CliFiles *files;
    int fd; /* of the page */
} Arguments;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;

    switch (key) {
    case 'o':
        cli_want_file(state, arg);
        arguments->output = strcmp(arg, "-") == 0 ? NULL : arg;
        return 0;
    case KEY_FORCE:
        arguments->force = true;
        return 0;
    case KEY_FOR:
        arguments->check.releases |=
            strcmp(arg, "all") == 0 ? mig_releases_all()
                                    : mig_releases_one(cli_release(state, "for", arg));
        return 0;
    case KEY_AGAINST:
        g_ptr_array_add(arguments->against, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- the stream --------------------------------------------------------------------------- */

/* Which sections the table needs a row of, however long it is. */
static void note_findings(Report *report)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(report->check.check, &n);

    for (size_t i = 0; i < n; i++) {
        gssize section = findings[i].channel || findings[i].in_container
                             ? -1
                             : report_section_at(report, findings[i].offset);

        if (section >= 0) {
            g_hash_table_add(report->pointed, GSIZE_TO_POINTER((gsize)section));
        }
    }
}

/* A MigDifferenceVisit. */
typedef struct Shown {
    Report *report;
    void *in; /* what the view's functions get */
} Shown;

static void show(const MigDifference *difference, void *user)
{
    Shown *shown = user;

    shown->report->n_differences++;
    report_differences_view.difference(shown->in, difference);
}

static void read_side(MigDiff *diff, MigDiffSide side)
{
    while (mig_diff_read(diff, side) == MIG_STATUS_MORE) {
    }
}

/* What the page says is wrong with the stream that it is about is not said twice. */
static void keep_error(Report *report, const MigDiff *diff, MigDiffSide side)
{
    const GError *error = mig_diff_error(diff, side);

    report->unread[side] = error ? g_error_copy(error) : NULL;
    if (error && !(side == MIG_DIFF_A && report->dump.error)) {
        cli_print_error(side == MIG_DIFF_A ? report->dump.file : report->other, error);
    }
}

/* Opens the second stream; what is wrong is said of that. */
static MigInput *open_other(const Report *report, const CliCommon *common)
{
    g_autoptr(GError) error = NULL;
    MigInput *in = cli_open(report->other, common, &error);

    if (!in) {
        cli_print_error(report->other, error);
    }
    return in;
}

static bool compare(Report *report, const CliCommon *common, GError **error)
{
    MigInput *a = cli_open(report->dump.file, common, error);
    MigInput *b = a ? open_other(report, common) : NULL;
    const MigDiffOptions what = { MIG_DIFF_OPTIONS_INIT };
    DiffRun run = { .common = common, .user = report };
    Shown shown = { .report = report };
    g_autoptr(MigDiff) diff = b ? mig_diff_new(a, b, &what) : NULL;

    if (diff) {
        run.diff = diff;
        shown.in = report_differences_view.begin(&run);
        read_side(diff, MIG_DIFF_A);
        read_side(diff, MIG_DIFF_B);
        mig_diff_compare(diff, show, &shown);
        report_differences_view.end(shown.in);
        keep_error(report, diff, MIG_DIFF_A);
        keep_error(report, diff, MIG_DIFF_B);
    }
    g_clear_pointer(&diff, mig_diff_free);
    mig_input_free(b);
    mig_input_free(a);
    return b != NULL;
}

/* A capture that was recorded with a time line is read again, for that. */
static bool read_times(Report *report, const CliCommon *common, GError **error)
{
    Dump *timed = &report->timed;

    if (!report->has_times) {
        return true;
    }
    timed->in = cli_open(report->dump.file, common, error);
    if (!timed->in) {
        return false;
    }
    timed->options = &report->options;
    timed->file = report->dump.file;
    timed->opened = true;
    timed->reader = mig_reader_new(timed->in);
    report->timing = dump_timing_new(timed, &report->timing_error);
    return true;
}

static void clear_times(Report *report)
{
    g_clear_pointer(&report->timing, dump_timing_free);
    g_clear_error(&report->timing_error);
    g_clear_error(&report->timed.error);
    g_clear_pointer(&report->timed.reader, mig_reader_free);
    g_clear_pointer(&report->timed.in, mig_input_free);
}

static bool write_page(const Report *report, const Arguments *arguments, GError **error)
{
    const MigOutputOptions how = { MIG_OUTPUT_OPTIONS_INIT,
                                   .cancelled = cli_is_cancelled };
    g_autoptr(MigOutput) out = mig_output_new_fd(
        arguments->fd, arguments->output ? arguments->output : "standard output", &how,
        error);
    CliHtml html;
    bool ok;

    cli_html_init(&html);
    report_page(&html, report);
    ok = out && mig_output_write(out, html.text->str, html.text->len, error) &&
         mig_output_commit(out, error) &&
         (!arguments->files || cli_files_commit(arguments->files, error));
    cli_html_clear(&html);
    return ok;
}

static bool read_stream(Report *report, MigInput *in, const Arguments *arguments,
                        GError **error)
{
    Dump *dump = &report->dump;

    mig_reader_join_pieces(dump->reader);
    dump_devices(dump, &report_devices_view);
    if (!mig_check_finish(dump->check, dump->error)) {
        g_propagate_error(error, g_error_copy(dump->error));
        return false;
    }
    dump->size = dump_whole_size(dump);
    if (!dump->error) {
        mig_input_end_error(in, &dump->error);
    }
    report->check.error = dump->error;
    note_findings(report);
    return (!report->other || compare(report, arguments->common, error)) &&
           read_times(report, arguments->common, error);
}

static bool make(Report *report, MigInput *in, Arguments *arguments, GError **error)
{
    Dump *dump = &report->dump;
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigSummary) summary = mig_summary_new();
    g_autoptr(MigCheck) check = mig_check_new(reader, &arguments->check);
    g_autoptr(MigOverview) overview = NULL;
    bool ok;

    dump->in = in;
    dump->opened = true;
    dump->reader = reader;
    dump->summary = summary;
    dump->check = check;
    report->check.check = check;
    ok = read_stream(report, in, arguments, error);
    if (ok) {
        dump->overview = overview = mig_overview_new(reader, summary);
        ok = write_page(report, arguments, error);
    }
    report->is_bad = dump->error || report->unread[MIG_DIFF_A] ||
                     report->unread[MIG_DIFF_B] ||
                     check_report_has_errors(&report->check);
    return ok;
}

/* --- the whole ---------------------------------------------------------------------------- */

static bool open_output(Arguments *arguments, GError **error)
{
    const MigTargetOptions target = { MIG_TARGET_OPTIONS_INIT,
                                      .replace = arguments->force };

    arguments->fd = STDOUT_FILENO;
    if (arguments->output) {
        arguments->files = cli_files_new(arguments->common, &target);
        arguments->fd = cli_files_open(arguments->files, arguments->output, error);
    }
    return arguments->fd >= 0;
}

/* Before a byte of a stream is read. */
static bool open_all(Arguments *arguments, Report *report, GError **error)
{
    CliCommon *common = arguments->common;
    const CliPciIds *ids = report->options.ids;
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_autofree char *times = dump_timeline_path(report->dump.file);

    g_ptr_array_extend(all, common->files, NULL, NULL);
    g_ptr_array_extend(all, arguments->against, NULL, NULL);
    report->has_times =
        !common->channels->len && g_file_test(times, G_FILE_TEST_IS_REGULAR);
    if (report->has_times) {
        g_ptr_array_add(all, times);
    }
    cli_open_inputs(common, (const char *const *)(void *)all->pdata, all->len);
    cli_spare(common, fcntl(ids->fd, F_DUPFD_CLOEXEC, 0));
    if (!open_output(arguments, error) ||
        !cli_confine(common,
                     &(CliRights){ .files = arguments->files, .keep = ids->fd }) ||
        !cli_destinations_read(arguments->destinations, arguments->against, common)) {
        return false;
    }
    arguments->check.against =
        cli_destinations_shapes(arguments->destinations, &arguments->check.n_against);
    return true;
}

static CliStatus run_report(Report *report, Arguments *arguments)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = NULL;
    CliStatus status = CLI_TROUBLE;

    if (open_all(arguments, report, &error)) {
        report->check.shapes = arguments->check.against;
        in = cli_open(report->dump.file, arguments->common, &error);
    }
    if (in && make(report, in, arguments, &error)) {
        status = report->is_bad ? CLI_FOUND : CLI_OK;
    } else if (error) {
        cli_print_error(report->dump.file, error);
    }
    g_clear_pointer(&arguments->files, cli_files_free);
    return status;
}

/* What a report is about is named on its page; a pipe cannot be read again for a comparison. */
static bool can_be_read(const Report *report)
{
    if (report->other &&
        (strcmp(report->dump.file, "-") == 0 || strcmp(report->other, "-") == 0)) {
        fprintf(stderr,
                "migstat: error: two streams are read twice, which standard input "
                "cannot be\n");
        return false;
    }
    return true;
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autofree MigSeverity *severities = g_new0(MigSeverity, mig_rule_count());
    g_autoptr(GPtrArray) against = g_ptr_array_new();
    g_auto(CliDestinations) destinations = { 0 };
    g_autoptr(GHashTable) pointed = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) unfolded =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(MigAddresses) section = mig_addresses_new();
    g_autoptr(MigAddresses) addresses = mig_addresses_new();
    g_autofree char *new_name = NULL;
    Arguments arguments = { .common = common,
                            .check = { MIG_CHECK_OPTIONS_INIT, .severities = severities,
                                       .keep = SHOWN },
                            .against = against,
                            .destinations = &destinations,
                            .fd = -1 };
    Report report = { .options = { .common = common,
                                   .section = section,
                                   .addresses = addresses,
                                   .top = UINT_MAX },
                      .pointed = pointed,
                      .unfolded = unfolded };
    CliStatus status = CLI_TROUBLE;

    cli_parse(&cli_command_report, argc, argv, 0, common, &arguments);
    arguments.check.releases =
        arguments.check.releases ? arguments.check.releases : mig_releases_all();
    common->stream = common->files->pdata[0];
    report.other = common->files->len > 1 ? common->files->pdata[1] : NULL;
    report.dump.options = &report.options;
    report.dump.file = common->stream;
    new_name = cli_new_name(common->stream);
    report.check = (CheckReport){ .common = common,
                                  .releases = arguments.check.releases,
                                  .against = against,
                                  .file = common->stream,
                                  .new_name = new_name };
    if (!arguments.output && isatty(STDOUT_FILENO)) {
        fprintf(stderr, "migstat: standard output is a terminal; -o names a file\n");
    } else if (can_be_read(&report)) {
        cli_catch_signals();
        report.options.ids = cli_pci_ids_open();
        status = run_report(&report, &arguments);
        cli_pci_ids_close(report.options.ids);
    }
    clear_times(&report);
    cli_html_clear(&report.devices);
    cli_html_clear(&report.differences);
    g_clear_error(&report.dump.error);
    g_clear_error(&report.unread[MIG_DIFF_A]);
    g_clear_error(&report.unread[MIG_DIFF_B]);
    return (int)status;
}

const CliCommand cli_command_report = {
    .name = "report",
    .summary = "write what is in a stream, and wrong with it, as a page",
    .arguments = "FILE [FILE]",
    .doc = "Writes a page of HTML about a migration stream, to be attached to a ticket: "
           "verdict, findings, pictures, tables and device state.\v"
           "With a second stream it has the differences from it too.  The page is one "
           "file, below 2 MB whatever the stream is, and loads nothing.\n\n"
           "Exit status: 0 the page was written, and nothing wrong was found; 1 it was "
           "written, and there are errors, damage included; 2 it was not written.",
    .options = options,
    .parse = parse,
    .rules = rules,
    .has_one_form = true,
    .min_files = 1,
    .max_files = 2,
    .run = run,
};
