/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      migstat convert: its options, where the result goes, signals, the report.
 * Knows not: any one filter.
 * Beside it: lib/filter/chain.h; lib/io/output.h, which makes a file whole or not at all.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"
#include "progress.h"
#include "text.h"

enum {
    KEY_TO = 0x200,
    KEY_FILTER,
    KEY_CONFIG_NEEDED,
    KEY_EVERY_ITERATION,
    KEY_EXPLAIN,
    KEY_LIST_FILTERS,
    KEY_HELP_FILTER,
    KEY_FORCE,
    KEY_IN_PLACE,
    KEY_ZSTD,
    KEY_LONG,
    KEY_THREADS,
    KEY_LOSSY,
    KEY_REPORT,
};

static const struct argp_option options[] = {
    { NULL, 0, NULL, 0, "What to change, in the order given:", 1 },
    { "to", KEY_TO, "DIALECT", 0,
      "Move all VFIO devices to subflag, config-first or config-last", 1 },
    { "config-needed", KEY_CONFIG_NEEDED, "NEED[:PATTERN]", 0,
      "With --to=subflag: auto, yes or no, for devices that match; may be repeated", 1 },
    { "every-iteration", KEY_EVERY_ITERATION, NULL, 0,
      "With --to=subflag: set the device up in every PART that has data", 1 },
    { "filter", KEY_FILTER, "NAME[:KEY=VALUE]...", 0, "Apply a filter; may be repeated",
      1 },
    { "lossy", KEY_LOSSY, NULL, 0, "Allow a conversion to drop what it cannot keep", 1 },
    { "explain", KEY_EXPLAIN, NULL, 0, "Print the chain of filters instead of running it",
      1 },
    { "list-filters", KEY_LIST_FILTERS, NULL, 0, "List the filters", 1 },
    { "help-filter", KEY_HELP_FILTER, "NAME", 0, "Show the options of a filter", 1 },
    { NULL, 0, NULL, 0, "Where to:", 2 },
    { "output", 'o', "FILE", 0,
      "Write to FILE, which appears whole or not at all (\"-\": standard output)", 2 },
    { "force", KEY_FORCE, NULL, 0, "FILE may exist, and is replaced", 2 },
    { "in-place", KEY_IN_PLACE, NULL, 0, "Replace the input by the result", 2 },
    { "zstd", KEY_ZSTD, "LEVEL", OPTION_ARG_OPTIONAL, "Compress the result", 2 },
    { "long", KEY_LONG, NULL, 0, "With --zstd: look for matches far back", 2 },
    { "threads", KEY_THREADS, "N", 0, "With --zstd: compress in N threads", 2 },
    { "report", KEY_REPORT, "text|json", 0, "How to tell what was changed, on stderr",
      2 },
    { 0 },
};

/* A --to or a --filter. */
typedef struct Step {
    char *text;
    bool to;
} Step;

typedef struct Arguments {
    CliCommon *common;
    GArray *steps;
    GPtrArray *needs; /* --config-needed */
    bool every_iteration, explain, lossy, report_json;
    bool in_place;
    const char *input, *output;
    MigOutputOptions out;
    int listed; /* exit status + 1 of an option that only prints */
} Arguments;

/* Set by a signal; everything that may take long looks at it. */
static atomic_bool cancelled;

static void on_signal(int signal_number)
{
    (void)signal_number;
    atomic_store_explicit(&cancelled, true, memory_order_relaxed);
}

/* --- filters, shown --- */

static void list_filters(void)
{
    CliTable *table = cli_table_new("ll");

    for (const MigFilterType *const *type = mig_filter_types(); *type; type++) {
        cli_table_row(table, mig_filter_type_name(*type), mig_filter_type_summary(*type));
    }
    cli_table_print(table, stdout, 0);
}

static int help_filter(const char *name)
{
    const MigFilterType *const *type = mig_filter_types();
    const char *key, *values, *help;

    while (*type && strcmp(mig_filter_type_name(*type), name) != 0) {
        type++;
    }
    if (!*type) {
        fprintf(stderr,
                "migstat convert: there is no filter called \"%s\"; --list-filters "
                "lists them\n",
                name);
        return CLI_TROUBLE;
    }
    printf("%s: %s\n", name, mig_filter_type_summary(*type));
    for (size_t i = 0; mig_filter_type_option(*type, i, &key, &values, &help); i++) {
        printf("  %s=%s\n      %s\n", key, values, help);
    }
    return CLI_OK;
}

static void explain(const MigChain *chain)
{
    const char *text, *summary;

    for (size_t i = 0; mig_chain_describe(chain, i, &text, &summary); i++) {
        printf("%s\n    %s\n", text, summary);
    }
    if (mig_chain_needs_scan(chain)) {
        puts("Reads a file twice, unless its end tells enough; spools a pipe.");
    }
}

/* --- options --- */

static void clear_step(gpointer p)
{
    g_free(((Step *)p)->text);
}

static void add_step(Arguments *arguments, char *text, bool to)
{
    Step step = { text, to };

    g_array_append_val(arguments->steps, step);
}

static void add_to(Arguments *arguments, const char *arg, struct argp_state *state)
{
    g_autofree char *name = g_strndup(arg, strcspn(arg, ":"));
    const char *chain = mig_chain_named(name);

    if (!chain) {
        argp_error(state, "--to: \"%s\" is not subflag, config-first or config-last",
                   name);
        return;
    }
    add_step(arguments, g_strconcat(chain, arg + strlen(name), NULL), true);
}

static int number(struct argp_state *state, const char *option, const char *arg)
{
    char *end;
    long value = strtol(arg, &end, 10);

    if (end == arg || *end || value < -1000 || value > 1000) {
        argp_error(state, "--%s: \"%s\" is not a sensible number", option, arg);
    }
    return (int)value;
}

static void check_arguments(Arguments *arguments, struct argp_state *state)
{
    bool to = false;

    for (guint i = 0; i < arguments->steps->len; i++) {
        to |= g_array_index(arguments->steps, Step, i).to;
    }
    if (!to && (arguments->needs->len || arguments->every_iteration)) {
        argp_error(state, "--config-needed and --every-iteration belong to --to=subflag");
    }
    if ((arguments->out.zstd_long || arguments->out.zstd_threads) &&
        !arguments->out.zstd) {
        argp_error(state, "--long and --threads belong to --zstd");
    }
    if (arguments->listed || arguments->explain) {
        return;
    }
    if (!arguments->input) {
        argp_error(state, "which file? (\"-\" is standard input)");
    } else if (arguments->in_place &&
               (arguments->output || strcmp(arguments->input, "-") == 0)) {
        argp_error(state, "--in-place needs a file, and no --output");
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->common;
        return 0;
    case KEY_TO:
        add_to(arguments, arg, state);
        return 0;
    case KEY_FILTER:
        add_step(arguments, g_strdup(arg), false);
        return 0;
    case KEY_CONFIG_NEEDED:
        g_ptr_array_add(arguments->needs, arg);
        return 0;
    case KEY_EVERY_ITERATION:
        arguments->every_iteration = true;
        return 0;
    case KEY_EXPLAIN:
        arguments->explain = true;
        return 0;
    case KEY_LIST_FILTERS:
        list_filters();
        arguments->listed = CLI_OK + 1;
        return 0;
    case KEY_HELP_FILTER:
        arguments->listed = help_filter(arg) + 1;
        return 0;
    case 'o':
        arguments->output = arg;
        return 0;
    case KEY_FORCE:
        arguments->out.force = true;
        return 0;
    case KEY_IN_PLACE:
        arguments->in_place = true;
        return 0;
    case KEY_ZSTD:
        arguments->out.zstd = true;
        arguments->out.zstd_level = arg ? number(state, "zstd", arg) : 0;
        return 0;
    case KEY_LONG:
        arguments->out.zstd_long = true;
        return 0;
    case KEY_THREADS:
        arguments->out.zstd_threads = MAX(number(state, "threads", arg), 0);
        return 0;
    case KEY_LOSSY:
        arguments->lossy = true;
        return 0;
    case KEY_REPORT:
        if (strcmp(arg, "text") != 0 && strcmp(arg, "json") != 0) {
            argp_error(state, "--report: \"%s\" is neither text nor json", arg);
        }
        arguments->report_json = strcmp(arg, "json") == 0;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->input) {
            argp_error(state, "one file at a time; \"%s\" is a second one", arg);
        }
        arguments->input = arg;
        return 0;
    case ARGP_KEY_END:
        check_arguments(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool build_chain(const Arguments *arguments, MigChain *chain, GError **error)
{
    for (guint i = 0; i < arguments->steps->len; i++) {
        const Step *step = &g_array_index(arguments->steps, Step, i);

        if (!mig_chain_add(chain, step->text, error)) {
            return false;
        }
        for (guint j = 0; step->to && j < arguments->needs->len; j++) {
            if (!mig_chain_add_option(chain, "config-needed",
                                      g_ptr_array_index(arguments->needs, j), error)) {
                return false;
            }
        }
        if (step->to && arguments->every_iteration &&
            !mig_chain_add_option(chain, "every-iteration", "yes", error)) {
            return false;
        }
    }
    return true;
}

/* --- where to --- */

static const char *output_name(const Arguments *arguments)
{
    if (arguments->in_place) {
        return arguments->input;
    }
    return arguments->output && strcmp(arguments->output, "-") != 0 ? arguments->output
                                                                    : "standard output";
}

static bool is_stdout(const Arguments *arguments)
{
    return !arguments->in_place &&
           (!arguments->output || strcmp(arguments->output, "-") == 0);
}

static bool same_file(const char *input, const char *output)
{
    struct stat in, out;

    return (strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(input, &in)) == 0 &&
           S_ISREG(in.st_mode) && stat(output, &out) == 0 && in.st_dev == out.st_dev &&
           in.st_ino == out.st_ino;
}

/* What must not happen in place: losing what is wrapped around the stream. */
static bool check_in_place(Arguments *arguments, MigInput *in, GError **error)
{
    size_t n;
    const MigContainer *containers = mig_input_containers(in, &n);

    if (arguments->common->offset || (n && containers[n - 1].header_length)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "in place, what stands before the stream would be lost; "
                            "-o FILE writes the stream alone");
        return false;
    }
    arguments->out.zstd |= n == 1 && strcmp(containers[0].name, "zstd") == 0;
    return true;
}

/* A device or a FIFO is written as it is; *fd is to be closed. */
static MigOutput *open_special(const char *path, const MigOutputOptions *out, int *fd,
                               GError **error)
{
    *fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (*fd < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot open %s: %s", path,
                            g_strerror(errno));
        return NULL;
    }
    return mig_output_new_fd(*fd, path, out, error);
}

static MigOutput *open_output(Arguments *arguments, MigInput *in, int *fd, GError **error)
{
    const char *path = output_name(arguments);
    struct stat st;

    if (is_stdout(arguments)) {
        if (isatty(STDOUT_FILENO)) {
            mig_error_set_plain(
                error, MIG_ERROR_USAGE,
                "a stream is not for a terminal; -o FILE writes it to a file");
            return NULL;
        }
        return mig_output_new_fd(STDOUT_FILENO, path, &arguments->out, error);
    }
    if (arguments->in_place) {
        if (!check_in_place(arguments, in, error)) {
            return NULL;
        }
        arguments->out.in_place = true;
    } else if (same_file(arguments->input, path)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "it is the input itself; --in-place replaces it");
        return NULL;
    } else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        return open_special(path, &arguments->out, fd, error);
    }
    return mig_output_open(path, &arguments->out, error);
}

/* --- the report --- */

/* Changes of one kind that are told one by one. */
#define TOLD_MAX 16u

static void report_text(const Arguments *arguments, MigInput *in, const MigOutput *out,
                        const MigChain *chain)
{
    g_autofree char *name =
        cli_escape(output_name(arguments), strlen(output_name(arguments)));
    g_autofree char *size = cli_number(mig_output_written(out));
    size_t n, n_containers;
    const MigChange *changes = mig_chain_changes(chain, &n);
    const MigContainer *containers = mig_input_containers(in, &n_containers);

    fprintf(stderr, "%s: %s bytes", name, size);
    for (size_t i = 0; i < n_containers; i++) {
        if (!arguments->out.zstd || strcmp(containers[i].name, "zstd") != 0) {
            fprintf(stderr, "; unwrapped from %s", containers[i].name);
        }
    }
    for (size_t i = 0; i < n && i < TOLD_MAX; i++) {
        g_autofree char *text = g_strdup(changes[i].text);

        for (char *p = text; *p; p++) {
            *p = g_ascii_iscntrl(*p) ? '?' : *p;
        }
        fputs("; ", stderr);
        if (changes[i].section) {
            g_autofree char *section =
                cli_escape(changes[i].section, strlen(changes[i].section));

            fprintf(stderr, "%s", section);
            if (changes[i].instance_id) {
                fprintf(stderr, " (instance %u)", changes[i].instance_id);
            }
            fputs(": ", stderr);
        }
        fputs(text, stderr);
    }
    if (n > TOLD_MAX) {
        fprintf(stderr, "; and %zu more", n - TOLD_MAX);
    }
    fprintf(stderr, "; %s\n", n ? "everything else unchanged" : "unchanged");
}

static void report_json(const Arguments *arguments, MigInput *in, const MigOutput *out,
                        const MigChain *chain)
{
    size_t n, n_containers;
    const MigChange *changes = mig_chain_changes(chain, &n);
    const MigContainer *containers = mig_input_containers(in, &n_containers);
    CliJson json;

    cli_json_init(&json, stderr);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "input", arguments->input);
    cli_json_string(&json, "output", output_name(arguments));
    cli_json_uint(&json, "stream_bytes", mig_output_tell(out));
    cli_json_uint(&json, "written_bytes", mig_output_written(out));
    cli_json_array(&json, "unwrapped");
    for (size_t i = 0; i < n_containers; i++) {
        cli_json_string(&json, NULL, containers[i].name);
    }
    cli_json_end_array(&json);
    cli_json_array(&json, "changes");
    for (size_t i = 0; i < n; i++) {
        cli_json_object(&json, NULL);
        cli_json_string(&json, "filter", changes[i].filter);
        cli_json_string(&json, "section", changes[i].section);
        if (changes[i].section) {
            cli_json_uint(&json, "instance_id", changes[i].instance_id);
        }
        cli_json_string(&json, "change", changes[i].text);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

/* --- the run --- */

/* A pass after another begins anew. */
typedef struct Passes {
    CliProgress progress;
    uint64_t position;
    const Arguments *arguments;
    MigInput *in;
} Passes;

static void show_progress(void *data, uint64_t position)
{
    Passes *passes = data;

    if (position < passes->position) {
        cli_progress_end(&passes->progress);
        cli_progress_begin(&passes->progress, passes->arguments->input, passes->in,
                           passes->arguments->common);
    }
    passes->position = position;
    cli_progress(&passes->progress, position);
}

/* The input once more, for a first pass, where it can be had by its name alone. */
static MigInput *open_again(const Arguments *arguments, const MigInputOptions *in_options,
                            const MigChain *chain, MigInput *in, GError **error)
{
    struct stat st;

    if (!mig_chain_needs_scan(chain) || mig_input_seekable(in) ||
        stat(arguments->input, &st) != 0 || !S_ISREG(st.st_mode)) {
        return NULL;
    }
    return mig_input_open(arguments->input, in_options, error);
}

static bool run(Arguments *arguments, MigChain *chain, MigInput *in,
                const MigInputOptions *in_options, MigOutput *out, bool brief,
                GError **error)
{
    Passes passes = { .arguments = arguments, .in = in };
    const MigChainOptions chain_options = {
        .lossy = arguments->lossy,
        .brief = brief,
        .cancel = &cancelled,
        .progress = show_progress,
        .progress_data = &passes,
    };
    GError *failure = NULL;
    g_autoptr(MigInput) again = open_again(arguments, in_options, chain, in, &failure);
    bool ok;

    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    cli_progress_begin(&passes.progress, arguments->input, in, arguments->common);
    ok = mig_chain_run(chain, in, again, out, &chain_options, error) &&
         mig_output_commit(out, error);
    cli_progress_end(&passes.progress);
    return ok;
}

static CliStatus fail(const char *name, const GError *error)
{
    bool unsupported = g_error_matches(error, MIG_ERROR, MIG_ERROR_UNSUPPORTED);

    cli_print_error(name, error);
    return unsupported ? CLI_TROUBLE : cli_status_of(error);
}

/* Whether an error speaks of the output rather than of the input. */
static bool is_of_output(const GError *error)
{
    uint64_t offset;

    return !mig_error_get_offset(error, &offset) &&
           g_error_matches(error, MIG_ERROR, MIG_ERROR_IO);
}

/* Whether a run that failed half way has done nothing that another one could not undo. */
static bool can_run_again(const Arguments *arguments, const MigInput *in, int out_fd)
{
    return mig_input_seekable(in) && strcmp(arguments->input, "-") != 0 &&
           !is_stdout(arguments) && out_fd < 0;
}

/* Whether the run failed that may do when it is not brief. */
static bool too_brief(const MigChain *chain, const GError *error)
{
    return mig_chain_was_brief(chain) &&
           !g_error_matches(error, MIG_ERROR, MIG_ERROR_IO) &&
           !g_error_matches(error, MIG_ERROR, MIG_ERROR_CANCELLED);
}

/* @brief: as in MigChainOptions, where it can be.  *again: nothing was done or said, and it
 * is to be tried with a new chain, not briefly. */
static CliStatus convert(Arguments *arguments, MigChain *chain, bool brief, bool *again)
{
    const MigInputOptions in_options = { .offset = arguments->common->offset,
                                         .max_expand = arguments->common->max_expand,
                                         .cancel = &cancelled };
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_open(arguments->input, &in_options, &error);
    g_autoptr(MigOutput) out = NULL;
    CliStatus status = CLI_OK;
    int fd = -1;

    if (!in) {
        return fail(arguments->input, error);
    }
    out = open_output(arguments, in, &fd, &error);
    if (!out) {
        return fail(output_name(arguments), error);
    }
    brief = brief && can_run_again(arguments, in, fd);
    if (!run(arguments, chain, in, &in_options, out, brief, &error)) {
        *again = too_brief(chain, error);
        if (*again) {
            return CLI_OK;
        }
        status =
            mig_output_broken_pipe(out)
                ? CLI_TROUBLE
                : fail(is_of_output(error) ? output_name(arguments) : arguments->input,
                       error);
    } else if (arguments->report_json) {
        report_json(arguments, in, out, chain);
    } else if (!arguments->common->quiet) {
        report_text(arguments, in, out, chain);
    }
    g_clear_pointer(&out, mig_output_free);
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

/* Without SA_RESTART: a read or write that waits must come back. */
static void catch_signals(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal };

    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct sigaction old;

        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
}

int cli_cmd_convert(int argc, char **argv, CliCommon *common)
{
    const struct argp_child children[] = { CLI_COMMON_CHILD, { 0 } };
    const struct argp argp = {
        options,
        parse,
        "FILE",
        "Rewrites a QEMU migration stream through a chain of filters.\v"
        "FILE may be compressed, or be a libvirt save image, which is unwrapped; \"-\" "
        "is "
        "standard input. Without --output the stream goes to standard output.\n\n"
        "Exit status: 0 done; 1 the input is damaged or cannot be converted; 2 the job "
        "could "
        "not be done. Nothing is written to a file unless all of it is.",
        children,
        NULL,
        NULL,
    };
    g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(Step));
    g_autoptr(GPtrArray) needs = g_ptr_array_new();
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;
    Arguments arguments = {
        .common = common, .steps = steps, .needs = needs, .out.cancel = &cancelled
    };
    CliStatus status;
    bool again = false;

    g_array_set_clear_func(steps, clear_step);
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.listed) {
        return arguments.listed - 1;
    }
    if (!build_chain(&arguments, chain, &error)) {
        return fail("migstat convert", error);
    }
    if (arguments.explain) {
        explain(chain);
        return CLI_OK;
    }
    catch_signals();
    status = convert(&arguments, chain, true, &again);
    if (again) {
        g_autoptr(MigChain) anew = mig_chain_new();

        status = build_chain(&arguments, anew, &error)
                     ? convert(&arguments, anew, false, &again)
                     : fail("migstat convert", error);
    }
    return status;
}
