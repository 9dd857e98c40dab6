/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      migstat check: its options, the pass over each file, and how findings look.
 * Knows not: any one rule.
 * Beside it: lib/check/check.h; cli/rules-page.c, which has what --explain prints.
 */
#include <limits.h>
#include <string.h>

#include "json.h"
#include "progress.h"
#include "rules-page.h"
#include "text.h"

/* Findings of one rule that are shown before the rest are counted. */
#define SHOWN 5

/* Columns that the second line of a wrapped finding is indented by. */
#define FINDING_HANG 4

enum {
    KEY_FOR = 0x200,
    KEY_CONFIG_NEEDED,
    KEY_STRICT,
    KEY_ERROR,
    KEY_WARN,
    KEY_IGNORE,
    KEY_ALL,
    KEY_LIST_RULES,
    KEY_EXPLAIN,
};

static const struct argp_option options[] = {
    { "for", KEY_FOR, "qemu-X.Y", 0, "Judge for the loader of that release, 5.2 to 11.1",
      0 },
    { "config-needed", KEY_CONFIG_NEEDED, "NEED[:PATTERN]", CLI_REPEATS,
      "Whether VFIO devices (whose name matches PATTERN) need their configuration space "
      "before their data: auto, yes or no",
      0 },
    { "strict", KEY_STRICT, NULL, 0, "Warnings count as errors do for the exit status",
      0 },
    { "error", KEY_ERROR, "ID", CLI_REPEATS, "Findings of rule ID are errors", 0 },
    { "warn", KEY_WARN, "ID", CLI_REPEATS, "Findings of rule ID are warnings", 0 },
    { "ignore", KEY_IGNORE, "ID", CLI_REPEATS,
      "Leave rule ID out, and what depends on it", 0 },
    { "all", KEY_ALL, NULL, 0, "Show each finding of a rule, not the first 5", 0 },
    { "list-rules", KEY_LIST_RULES, NULL, 0, "List the rules and do nothing else", 1 },
    { "explain", KEY_EXPLAIN, "ID", 0, "Explain rule ID and do nothing else", 1 },
    { 0 },
};

typedef struct Arguments {
    CliCommon *common;
    MigCheckOptions check;
    MigSeverity *severities;
    MigVfioNeeds *needs;
    bool strict, list_rules;
    size_t explain; /* index of the rule + 1 */
} Arguments;

/* What was found in one file. */
typedef struct Result {
    const Arguments *arguments;
    const char *file;
    const MigCheck *check;
    uint64_t errors, warnings, notes;
    size_t evaluated, asked;
    const char *stopped; /* why the stream was not read to its end, or NULL */
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
        argp_error(state, "--%s: no rule \"%s\"%s", option, id, hint);
        return 0;
    }
    return (size_t)rule;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;
    g_autoptr(GError) error = NULL;

    switch (key) {
    case KEY_FOR:
        arguments->check.release = cli_release(state, "for", arg);
        return 0;
    case KEY_CONFIG_NEEDED:
        if (!mig_vfio_needs_add(arguments->needs, arg, &error)) {
            argp_error(state, "--config-needed: %s", error->message);
        }
        return 0;
    case KEY_STRICT:
        arguments->strict = true;
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
    case KEY_ALL:
        arguments->check.keep = 0;
        return 0;
    case KEY_LIST_RULES:
        arguments->list_rules = arguments->common->no_files = true;
        return 0;
    case KEY_EXPLAIN:
        arguments->explain = rule_of(state, "explain", arg) + 1;
        arguments->common->no_files = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- the table of rules ----------------------------------------------------------- */

static void list_rules_text(void)
{
    CliTable *table = cli_table_new("llw");

    for (size_t i = 0; i < mig_rule_count(); i++) {
        const MigRule *rule = mig_rule_at(i);
        g_autofree char *title = g_strconcat(
            mig_rule_title(rule), mig_rule_needs_release(rule) ? "  (--for)" : "", NULL);

        cli_table_row(table, mig_rule_id(rule),
                      mig_severity_name(mig_rule_severity(rule)), title);
    }
    cli_table_print(table, stdout, 0);
}

static void list_rules_json(void)
{
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_array(&json, NULL);
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const MigRule *rule = mig_rule_at(i);
        size_t n;
        const char *const *after = mig_rule_after(rule, &n);

        cli_json_object(&json, NULL);
        cli_json_string(&json, "id", mig_rule_id(rule));
        cli_json_string(&json, "severity", mig_severity_name(mig_rule_severity(rule)));
        cli_json_string(&json, "title", mig_rule_title(rule));
        cli_json_bool(&json, "needs_release", mig_rule_needs_release(rule));
        cli_json_array(&json, "after");
        for (size_t j = 0; j < n; j++) {
            cli_json_string(&json, NULL, after[j]);
        }
        cli_json_end_array(&json);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_finish(&json);
}

static void explain(const MigRule *rule)
{
    g_autofree char *text = cli_rules_page_text(mig_rule_id(rule));

    printf("%s: %s: %s\n\n%s", mig_rule_id(rule),
           mig_severity_name(mig_rule_severity(rule)), mig_rule_title(rule),
           text ? text : "");
}

/* --- text ------------------------------------------------------------------------- */

static char *release_name(const Arguments *arguments)
{
    return g_strdup_printf("QEMU %u.%u", mig_release_major(arguments->check.release),
                           mig_release_minor(arguments->check.release));
}

/* "FILE:0xOFFSET: SEVERITY[RULE]: ", where to find it and by which rule. */
static GString *place_of(const Result *result, const MigFinding *finding, uint64_t offset)
{
    static const CliStyle styles[MIG_SEVERITY_COUNT] = {
        [MIG_SEVERITY_NOTE] = CLI_CYAN,
        [MIG_SEVERITY_WARNING] = CLI_YELLOW,
        [MIG_SEVERITY_ERROR] = CLI_RED,
    };
    bool color = cli_use_color(result->arguments->common->color, stdout);
    g_autofree char *file = cli_file_name(result->file);
    GString *line = g_string_new(NULL);

    g_string_printf(line, "%s:%s0x%" PRIx64 ": %s%s[%s]%s: ", file,
                    finding->in_container ? "compressed " : "", offset,
                    cli_style(color, styles[finding->severity]),
                    mig_severity_name(finding->severity), mig_rule_id(finding->rule),
                    cli_style(color, CLI_PLAIN));
    return line;
}

static void append_section(GString *line, const MigFinding *finding)
{
    g_autofree char *section = cli_escape(finding->section, finding->section_length);

    g_string_append(line, *section ? section : "\"\"");
    if (finding->instance_id) {
        g_string_append_printf(line, " (instance %u)", finding->instance_id);
    }
    g_string_append(line, ": ");
}

static void print_finding(const Result *result, const MigFinding *finding)
{
    g_autofree char *message = cli_own_text(finding->message);
    g_autoptr(GString) line = place_of(result, finding, finding->offset);

    if (finding->section) {
        append_section(line, finding);
    }
    g_string_append(line, message);
    if (finding->loader) {
        g_autofree char *loader = cli_escape(finding->loader, strlen(finding->loader));
        g_autofree char *release = release_name(result->arguments);

        g_string_append_printf(line, "; %s: \"%s\"", release, loader);
    }
    cli_print_line(stdout, FINDING_HANG, line->str);
    if (finding->hint) {
        cli_print_hint(stdout, finding->hint);
    }
    if (finding->more) {
        g_autoptr(GString) more = place_of(result, finding, finding->more_until);

        g_string_append_printf(more, "and %" PRIu64 " more up to here (--all shows each)",
                               finding->more);
        cli_print_line(stdout, FINDING_HANG, more->str);
    }
}

static void append_count(GString *line, const char *before, uint64_t n, const char *what)
{
    g_string_append_printf(line, "%s%" PRIu64 " %s%s", before, n, what,
                           n == 1 ? "" : "s");
}

static void print_text(const Result *result)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(result->check, &n);
    const Arguments *arguments = result->arguments;
    g_autoptr(GString) line = g_string_new(NULL);

    for (size_t i = 0; i < n; i++) {
        print_finding(result, &findings[i]);
    }
    if (arguments->common->quiet) {
        return;
    }
    append_count(line, "", result->errors, "error");
    append_count(line, ", ", result->warnings, "warning");
    append_count(line, ", ", result->notes, "note");
    g_string_append_printf(line, "; %zu of %zu rules evaluated", result->evaluated,
                           result->asked);
    if (arguments->check.release) {
        g_autofree char *release = release_name(arguments);

        g_string_append_printf(line, "; %s %s", release,
                               mig_check_refusals(result->check) ? "refuses it"
                               : result->stopped
                                   ? "may load it: the rest was not judged"
                                   : "loads it, as far as the stream can tell");
    }
    cli_print_line(stdout, FINDING_HANG, line->str);
}

/* Which rules could not be evaluated, and why: grouped by the reason. */
static void print_not_evaluated(const Result *result)
{
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    size_t n = mig_rule_count();

    for (size_t i = 0; i < n; i++) {
        const char *why, *other;
        g_autoptr(GString) line = g_string_new(NULL);
        bool first = true;

        if (mig_check_outcome(result->check, i, &why) != MIG_OUTCOME_NOT_EVALUATED ||
            !g_hash_table_add(shown, (gpointer)(uintptr_t)why)) {
            continue;
        }
        g_string_printf(
            line, "not evaluated (%s%s): ", mig_rule_find(why) >= 0 ? "after " : "", why);
        for (size_t j = i; j < n; j++) {
            if (mig_check_outcome(result->check, j, &other) ==
                    MIG_OUTCOME_NOT_EVALUATED &&
                g_str_equal(why, other)) {
                g_string_append_printf(line, "%s%s", first ? "" : ", ",
                                       mig_rule_id(mig_rule_at(j)));
                first = false;
            }
        }
        cli_print_line(stdout, FINDING_HANG, line->str);
    }
}

/* --- JSON ------------------------------------------------------------------------- */

static void finding_json(CliJson *json, const MigFinding *finding)
{
    cli_json_object(json, NULL);
    cli_json_string(json, "rule", mig_rule_id(finding->rule));
    cli_json_string(json, "severity", mig_severity_name(finding->severity));
    cli_json_uint(json, "offset", finding->offset);
    cli_json_bool(json, "in_container", finding->in_container);
    if (finding->section) {
        cli_json_string_len(json, "section", finding->section, finding->section_length);
        cli_json_uint(json, "instance_id", finding->instance_id);
    } else {
        cli_json_null(json, "section");
        cli_json_null(json, "instance_id");
    }
    cli_json_string(json, "message", finding->message);
    cli_json_string(json, "loader", finding->loader);
    cli_json_string(json, "hint", finding->hint);
    cli_json_uint(json, "more", finding->more);
    cli_json_end_object(json);
}

static void not_evaluated_json(CliJson *json, const MigCheck *check)
{
    cli_json_array(json, "not_evaluated");
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const char *why;

        if (mig_check_outcome(check, i, &why) == MIG_OUTCOME_NOT_EVALUATED) {
            cli_json_object(json, NULL);
            cli_json_string(json, "rule", mig_rule_id(mig_rule_at(i)));
            cli_json_string(json, "why", why);
            cli_json_end_object(json);
        }
    }
    cli_json_end_array(json);
}

static void print_json(const Result *result)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(result->check, &n);
    const Arguments *arguments = result->arguments;
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "file", result->file);
    cli_json_array(&json, "findings");
    for (size_t i = 0; i < n; i++) {
        finding_json(&json, &findings[i]);
    }
    cli_json_end_array(&json);
    cli_json_uint(&json, "errors", result->errors);
    cli_json_uint(&json, "warnings", result->warnings);
    cli_json_uint(&json, "notes", result->notes);
    cli_json_object(&json, "rules");
    cli_json_uint(&json, "evaluated", result->evaluated);
    cli_json_uint(&json, "asked", result->asked);
    cli_json_end_object(&json);
    not_evaluated_json(&json, result->check);
    if (arguments->check.release) {
        g_autofree char *release =
            g_strdup_printf("%u.%u", mig_release_major(arguments->check.release),
                            mig_release_minor(arguments->check.release));

        cli_json_string(&json, "release", release);
        cli_json_bool(&json, "refused", mig_check_refusals(result->check) > 0);
    } else {
        cli_json_null(&json, "release");
        cli_json_null(&json, "refused");
    }
    cli_json_string(&json, "stopped", result->stopped);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

/* --- the pass over a file --------------------------------------------------------- */

static void count(Result *result)
{
    result->errors = mig_check_count(result->check, MIG_SEVERITY_ERROR);
    result->warnings = mig_check_count(result->check, MIG_SEVERITY_WARNING);
    result->notes = mig_check_count(result->check, MIG_SEVERITY_NOTE);
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const char *why;
        MigOutcome outcome = mig_check_outcome(result->check, i, &why);

        result->evaluated += outcome == MIG_OUTCOME_EVALUATED;
        result->asked +=
            outcome == MIG_OUTCOME_EVALUATED || outcome == MIG_OUTCOME_NOT_EVALUATED;
    }
}

static CliStatus status_of(const Result *result)
{
    if (result->errors || (result->arguments->strict && result->warnings)) {
        return CLI_FOUND;
    }
    /* Nothing wrong was found, and the rest was not looked at. */
    return result->stopped ? CLI_TROUBLE : CLI_OK;
}

static CliStatus check_file(const char *file, const Arguments *arguments)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = cli_open(file, arguments->common, &error);
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(MigCheck) check = NULL;
    Result result = { .arguments = arguments, .file = file };
    CliProgress progress;
    MigItem item;

    if (!in) {
        if (arguments->common->format == CLI_FORMAT_JSON) {
            cli_json_unopened(file, error);
        }
        cli_print_error(file, error);
        return cli_status_of(error);
    }
    reader = mig_reader_new(in);
    result.check = check = mig_check_new(reader, &arguments->check);
    cli_progress_begin(&progress, file, in, arguments->common);
    while (mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE) {
        mig_check_item(check, &item);
        cli_progress(&progress, item.offset);
    }
    cli_progress_end(&progress);
    if (!mig_check_finish(check, error)) {
        cli_print_error(file, error);
        return cli_status_of(error);
    }
    result.stopped = error ? error->message : NULL;
    count(&result);
    if (arguments->common->format == CLI_FORMAT_JSON) {
        print_json(&result);
    } else {
        print_text(&result);
        if (!arguments->common->quiet) {
            print_not_evaluated(&result);
        }
    }
    return status_of(&result);
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autofree MigSeverity *severities = g_new0(MigSeverity, mig_rule_count());
    g_autoptr(MigVfioNeeds) needs = mig_vfio_needs_new();
    Arguments arguments = {
        .common = common,
        .check = { .severities = severities, .needs = needs, .keep = SHOWN },
        .severities = severities,
        .needs = needs,
    };
    const GPtrArray *files;
    CliStatus status = CLI_OK;

    cli_parse(&cli_command_check, argc, argv, 0, common, &arguments);
    files = common->files;
    if (arguments.explain) {
        explain(mig_rule_at(arguments.explain - 1));
        return CLI_OK;
    }
    if (arguments.list_rules) {
        if (common->format == CLI_FORMAT_JSON) {
            list_rules_json();
        } else {
            list_rules_text();
        }
        return CLI_OK;
    }
    cli_confine(common, (const char *const *)(void *)files->pdata, files->len);
    for (guint i = 0; i < files->len; i++) {
        CliStatus one = check_file(g_ptr_array_index(files, i), &arguments);

        status = MAX(status, one);
    }
    return (int)status;
}

const CliCommand cli_command_check = {
    .name = "check",
    .summary = "judge whether a stream is sound, and which QEMU loads it",
    .arguments = "FILE...",
    .doc =
        "Judges QEMU migration streams: whether they are sound and in order, and "
        "whether a release would load them.\v"
        "FILE may be compressed with zstd or gzip, or be a libvirt save image; \"-\" is "
        "standard input.  migstat-rules(7) explains the rules.\n\n"
        "Exit status: 0 no errors; 1 errors, damage included; 2 the job could not be "
        "done.",
    .options = options,
    .parse = parse,
    .min_files = 1,
    .max_files = UINT_MAX,
    .run = run,
};
