/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat convert: its options, and where the result goes.
 * Must not know: any one filter.
 * See also:      convert-text.c, convert-json.c; lib/filter/chain.h;
 *                lib/io/output.h, which makes a file whole or not at all.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "convert-for.h"
#include "convert-image.h"
#include "convert.h"
#include "destinations.h"
#include "files.h"
#include "format.h"
#include "progress.h"
#include "sandbox.h"
#include "unread.h"

enum {
    KEY_TO = 0x200,
    KEY_FILTER,
    KEY_CONFIG_NEEDED,
    KEY_EVERY_ITERATION,
    KEY_FROM,
    KEY_FOR,
    KEY_FIT,
    KEY_DRY_RUN,
    KEY_LIST_FILTERS,
    KEY_HELP_FILTER,
    KEY_FORCE,
    KEY_IN_PLACE,
    KEY_COMPRESS,
    KEY_ZSTD,
    KEY_CONTAINER,
    KEY_SET_XML,
    KEY_LONG,
    KEY_THREADS,
    KEY_LOSSY,
    KEY_REPORT,
    KEY_READ_ALL,
    KEY_NO_SYNC,
};

static const struct argp_option options[] = {
    { NULL, 0, NULL, 0, "What to change, in the order given:", 1 },
    { "to", KEY_TO, "DIALECT", 0,
      "Move all VFIO devices to subflag, config-first or config-last", 1 },
    { "config-needed", KEY_CONFIG_NEEDED, "NEED[:PATTERN]", CLI_REPEATS,
      "With --to=subflag: auto, yes or no, for devices that match; may be repeated", 1 },
    { "every-iteration", KEY_EVERY_ITERATION, NULL, 0,
      "With --to=subflag: set the device up in every PART that has data", 1 },
    { "filter", KEY_FILTER, "NAME[:KEY=VALUE]...", CLI_REPEATS,
      "Apply a filter; may be repeated", 1 },
    { "from", KEY_FROM, "OTHER", 0, "The stream that the filter graft takes from", 1 },
    { "for", KEY_FOR, "qemu-X.Y", 0,
      "Apply whatever that release needs to accept the stream, or say why nothing can",
      1 },
    { "fit", KEY_FIT, "DEST", 0,
      "Apply whatever that destination needs to accept the stream, or say why nothing "
      "can; "
      "DEST as in check --against",
      1 },
    { "lossy", KEY_LOSSY, "FILTER", OPTION_ARG_OPTIONAL | CLI_REPEATS,
      "Allow a conversion, or one filter, to drop what it cannot keep", 1 },
    CLI_ALLOW_UNMATCHED(1),
    { "dry-run", KEY_DRY_RUN, NULL, 0, "Print the chain of filters instead of running it",
      1 },
    { "explain", KEY_DRY_RUN, NULL, OPTION_HIDDEN, NULL, 1 }, /* its old name */
    { "list-filters", KEY_LIST_FILTERS, NULL, 0, "List the filters", 1 },
    { "help-filter", KEY_HELP_FILTER, "NAME", 0, "Show the options of a filter", 1 },
    { NULL, 0, NULL, 0, "Where to:", 2 },
    { "output", 'o', "FILE", 0,
      "Write to FILE, which appears whole or not at all (\"-\": standard output)", 2 },
    { "force", KEY_FORCE, NULL, 0, "FILE may exist, and is replaced", 2 },
    { "no-sync", KEY_NO_SYNC, NULL, 0,
      "Do not wait until FILE is on the disk: after a power failure it may be damaged",
      2 },
    { "in-place", KEY_IN_PLACE, NULL, 0, "Replace the input by the result", 2 },
    { "compress", KEY_COMPRESS, "FORMAT[:LEVEL]", 0,
      "Compress the result, or the stream in the save image that it is: zstd, gzip, "
      "bzip2, xz, lzop or none; raw and sparse also lay RAM out as libvirt's formats do",
      2 },
    { "zstd", KEY_ZSTD, "LEVEL", OPTION_ARG_OPTIONAL, "The same as --compress=zstd", 2 },
    { "container", KEY_CONTAINER, "keep|none", 0,
      "Whether a libvirt save image stays one (default: keep)", 2 },
    { "set-xml", KEY_SET_XML, "FILE", 0,
      "The domain XML of the libvirt save image that the result is", 2 },
    { "long", KEY_LONG, NULL, 0, "With zstd: look for matches far back", 2 },
    { "threads", KEY_THREADS, "N", 0,
      "With zstd: compress in N threads; default: one a processor, at most 4", 2 },
    CLI_READ_ALL(KEY_READ_ALL, 2),
    { "report", KEY_REPORT, cli_format_words, 0,
      "--format of what is told on stderr alone", 2 },
    { 0 },
};

static const CliOptionRule rules[] = {
    { "long", CLI_NEEDS, "compress zstd" },
    { "threads", CLI_NEEDS, "compress zstd" },
    { "zstd", CLI_NOT_WITH, "compress" },
    { "in-place", CLI_NOT_WITH, "output channel container" },
    { "force", CLI_NEEDS, "output" },
    { "no-sync", CLI_NEEDS, "output" },
    { "every-iteration", CLI_NEEDS, "to" },
    { "config-needed", CLI_NEEDS, "to" },
    { "from", CLI_NEEDS, "filter" },
    { "from", CLI_NOT_WITH, "offset" },
    { "fit", CLI_NOT_WITH, "offset" },
    { "read-all", CLI_NOT_WITH, "for fit" },
    { 0 },
};

/* More threads than this are not worth their memory, unless the user asks for them. */
#define THREADS_MAX 4u

/* Files that are read: the stream, and what --from and --fit name. */
#define INPUTS_MAX 3

/* A --to or a --filter. */
typedef struct Step {
    char *text;
    bool to;
} Step;

typedef struct Arguments {
    CliCommon *common;
    GArray *steps;
    GPtrArray *needs; /* --config-needed */
    bool every_iteration, lossy, read_all, no_sync;
    bool list, dry_run;
    MigRelease release; /* --for, or MIG_RELEASE_NONE */
    const char *help;   /* of which filter */
    bool in_place;
    bool unwrap; /* --container=none */
    const char *input, *output;
    const char *from; /* NULL: no filter takes anything from another stream */
    const char *fit;  /* the destination, or NULL */
    GPtrArray *allow; /* of --lossy=FILTER; closed by NULL when all are there */
    MigOutputOptions out;
    ConvertImage image;
    const char *layout; /* --compress=raw or sparse: the filter for it */
    const CliFormat *report;
} Arguments;

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
        cli_usage_error(state, "--to is subflag, config-first or config-last, not \"%s\"",
                        name);
        return;
    }
    add_step(arguments, g_strconcat(chain, arg + strlen(name), NULL), true);
}

static int number(struct argp_state *state, const char *option, const char *arg, int min)
{
    char *end;
    long value = strtol(arg, &end, 10);

    if (end == arg || *end || value < min || value > INT_MAX) {
        cli_usage_error(state, "--%s wants a number, not \"%s\"", option, arg);
    }
    return (int)value;
}

/* @level: what the user wrote; NULL: nothing. */
static void set_compression(Arguments *arguments, struct argp_state *state,
                            const char *option, const char *compression,
                            const char *level)
{
    int lowest, highest;

    arguments->out.compression = compression;
    if (!level) {
        return;
    }
    if (!mig_output_levels(compression, &lowest, &highest) || lowest == highest) {
        cli_usage_error(state, "--%s: %s has no levels", option, compression);
        return;
    }
    arguments->out.level = number(state, option, level, INT_MIN);
    if (arguments->out.level < lowest || arguments->out.level > highest) {
        cli_usage_error(state, "--%s: level %d is not between %d and %d", option,
                        arguments->out.level, lowest, highest);
    }
}

static void parse_compress(Arguments *arguments, struct argp_state *state, char *arg)
{
    char *level = strchr(arg, ':');
    int lowest, highest;

    if (level) {
        *level++ = '\0';
    }
    arguments->image.wants_format = strcmp(arg, "sparse") == 0;
    arguments->layout = arguments->image.wants_format ? "mapped-ram:to=mapped"
                        : strcmp(arg, "raw") == 0     ? "mapped-ram:to=plain"
                                                      : NULL;
    if (arguments->layout && !level) {
        arg = "none";
    }
    if (strcmp(arg, "none") != 0 && !mig_output_levels(arg, &lowest, &highest) &&
        !arguments->layout) {
        cli_usage_error(state,
                        "--compress is zstd, gzip, bzip2, xz, lzop, raw, sparse or none, "
                        "not \"%s\"",
                        arg);
        return;
    }
    set_compression(arguments, state, "compress", arg, level);
}

static bool is_none(struct argp_state *state, const char *arg)
{
    bool none = strcmp(arg, "none") == 0;

    if (!none && strcmp(arg, "keep") != 0) {
        cli_usage_error(state, "--container is keep or none, not \"%s\"", arg);
    }
    return none;
}

/* @what: a filter, by its name or with its options; NULL: all of them. */
static void allow_loss(Arguments *arguments, char *what, struct argp_state *state)
{
    g_autofree char *name = what ? g_strndup(what, strcspn(what, ":")) : NULL;

    if (!name) {
        arguments->lossy = true;
    } else if (mig_filter_type_find(name)) {
        g_ptr_array_add(arguments->allow, what);
    } else {
        g_autofree char *hint = mig_filter_type_nearest(name);

        cli_usage_error(state, "--lossy: there is no filter called \"%s\"%s", name, hint);
    }
}

static bool has_plan(const Arguments *arguments)
{
    return arguments->release || arguments->fit;
}

static void check_arguments(Arguments *arguments, struct argp_state *state)
{
    const GPtrArray *files = arguments->common->files;

    if ((arguments->out.zstd_long || arguments->out.zstd_threads >= 0) &&
        arguments->out.compression && strcmp(arguments->out.compression, "zstd") != 0) {
        cli_usage_error(state, "--long and --threads are for zstd");
    }
    if (arguments->out.zstd_threads < 0) {
        arguments->out.zstd_threads = (int)MIN(g_get_num_processors(), THREADS_MAX);
    }
    if (arguments->dry_run && has_plan(arguments) && !files->len) {
        cli_usage_error(state,
                        "--dry-run with --%s wants a FILE, since what that %s needs "
                        "depends on it",
                        arguments->release ? "for" : "fit",
                        arguments->release ? "release" : "destination");
    }
    g_ptr_array_add(arguments->allow, NULL);
    if (arguments->output) {
        cli_want_file(state, arguments->output);
    }
    if (arguments->in_place && files->len && strcmp(files->pdata[0], "-") == 0) {
        cli_usage_error(state, "--in-place needs a file, which standard input is not");
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;

    switch (key) {
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
    case KEY_FROM:
        arguments->from = arg;
        cli_want_file(state, arg);
        return 0;
    case KEY_FOR:
        arguments->release = cli_release(state, "for", arg);
        return 0;
    case KEY_FIT:
        arguments->fit = arg;
        cli_want_file(state, arg);
        return 0;
    case KEY_DRY_RUN:
        arguments->dry_run = arguments->common->no_files = true;
        return 0;
    case KEY_LIST_FILTERS:
        arguments->list = arguments->common->no_files = true;
        return 0;
    case KEY_HELP_FILTER:
        arguments->help = arg;
        arguments->common->no_files = true;
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
    case KEY_COMPRESS:
        parse_compress(arguments, state, arg);
        return 0;
    case KEY_ZSTD:
        set_compression(arguments, state, "zstd", "zstd", arg);
        return 0;
    case KEY_CONTAINER:
        arguments->unwrap = is_none(state, arg);
        return 0;
    case KEY_SET_XML:
        arguments->image.xml_file = arg;
        return 0;
    case KEY_LONG:
        arguments->out.zstd_long = true;
        return 0;
    case KEY_THREADS:
        arguments->out.zstd_threads = number(state, "threads", arg, 0);
        return 0;
    case KEY_LOSSY:
        allow_loss(arguments, arg, state);
        return 0;
    case KEY_NO_SYNC:
        arguments->no_sync = true;
        return 0;
    case KEY_READ_ALL:
        arguments->read_all = true;
        return 0;
    case KEY_REPORT:
        arguments->report = cli_format(state, "report", arg);
        return 0;
    case ARGP_KEY_END:
        check_arguments(arguments, state);
        return 0;
    default:
        return cli_parse_unmatched(key, arguments->common);
    }
}

/* Of a capture, what the other filters get is one stream. */
static bool begins_with_fold(const Arguments *arguments)
{
    const GPtrArray *files = arguments->common->files;

    return arguments->common->channels->len ||
           (files->len && cli_is_folder(g_ptr_array_index(files, 0)));
}

static bool build_chain(const Arguments *arguments, MigChain *chain, GError **error)
{
    if (begins_with_fold(arguments) && !mig_chain_add(chain, "fold", error)) {
        return false;
    }
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
    return (!arguments->layout || mig_chain_add(chain, arguments->layout, error)) &&
           mig_chain_settle(chain, error);
}

/* --- where to --- */

static bool is_stdout(const Arguments *arguments)
{
    return !arguments->in_place &&
           (!arguments->output || strcmp(arguments->output, "-") == 0 ||
            strcmp(arguments->output, "/dev/stdout") == 0);
}

static const char *output_name(const Arguments *arguments)
{
    return is_stdout(arguments)  ? "standard output"
           : arguments->in_place ? arguments->input
                                 : arguments->output;
}

/* The files that are read; how many there are. */
static size_t inputs_of(const Arguments *arguments, const char **files)
{
    size_t n = 0;

    files[n++] = arguments->input;
    if (arguments->from) {
        files[n++] = arguments->from;
    }
    if (arguments->fit) {
        files[n++] = arguments->fit;
    }
    return n;
}

/* Whether the filter redact is among them: what is around a stream has its guest's definition. */
static bool redacts(const MigChain *chain)
{
    const char *text, *summary;

    for (size_t i = 0; mig_chain_describe(chain, i, &text, &summary); i++) {
        if (g_str_has_prefix(text, "redact") &&
            !g_ascii_isalnum(text[strlen("redact")])) {
            return true;
        }
    }
    return false;
}

/*
 * What the result is wrapped in.  In place all that is around the stream stays; else a save image
 * does, and what is inside it, and compression goes.
 */
static bool choose_wrappers(Arguments *arguments, const MigChain *chain, MigInput *in,
                            GError **error)
{
    const MigContainer *container;
    size_t i = 0;

    if (arguments->in_place && arguments->common->offset) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "in place, what is before the stream would be lost; "
                            "-o FILE writes the stream alone");
        return false;
    }
    if (redacts(chain) && arguments->in_place) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "redact writes a stream without what is around it; -o FILE "
                            "is where it goes");
        return false;
    }
    while (!arguments->in_place && (container = mig_input_container(in, i)) &&
           mig_container_header_length(container) == 0) {
        i++;
    }
    arguments->out.like = arguments->unwrap || redacts(chain) ? NULL : in;
    arguments->out.like_from = i;
    return true;
}

/* Where the result goes: a descriptor that is written to as it is, or a file. */
typedef struct Sink {
    CliFiles *files; /* NULL: no file */
    int fd;          /* of the file, or what is written to */
    bool owned;      /* @fd is to be closed. */
} Sink;

static void close_sink(Sink *sink)
{
    g_clear_pointer(&sink->files, cli_files_free);
    if (sink->owned) {
        close(sink->fd);
    }
}

/* A device or a FIFO. */
static bool open_special(Sink *sink, const char *path, GError **error)
{
    sink->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    sink->owned = sink->fd >= 0;
    if (sink->fd < 0 && errno == EINTR) { /* while a FIFO had no reader */
        mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
    } else if (sink->fd < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot open %s: %s", path,
                            g_strerror(errno));
    }
    return sink->owned;
}

static bool open_file(Sink *sink, const Arguments *arguments, const struct stat *in,
                      GError **error)
{
    const MigFileId input = mig_file_id(in);
    const MigTargetOptions target = { MIG_TARGET_OPTIONS_INIT,
                                      .replace = arguments->out.force,
                                      .in_place = arguments->in_place, .input = &input };

    sink->files = cli_files_new(arguments->common, &target);
    if (arguments->no_sync) {
        cli_files_leave_unsynced(sink->files);
    }
    sink->fd = cli_files_open(sink->files, output_name(arguments), error);
    return sink->fd >= 0;
}

/* The number of a descriptor that @path names, or -1. */
static int descriptor_of(const char *path)
{
    static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };

    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        guint64 number;

        if (g_str_has_prefix(path, folders[i]) &&
            g_ascii_string_to_unsigned(path + strlen(folders[i]), 10, 0, INT_MAX, &number,
                                       NULL)) {
            return (int)number;
        }
    }
    return -1;
}

/* What is written to as it is, if that is what is wanted. */
static bool find_descriptor(Sink *sink, const Arguments *arguments)
{
    int fd = arguments->output ? descriptor_of(arguments->output) : -1;

    if (is_stdout(arguments)) {
        sink->fd = STDOUT_FILENO;
    } else if (fd >= 0 && !arguments->in_place && fcntl(fd, F_GETFD) >= 0) {
        sink->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        sink->owned = sink->fd >= 0;
    }
    return sink->fd >= 0;
}

/* What helps where @out is in the way, if it is the stream @in. */
static const char *in_place_hint(const Arguments *arguments, const struct stat *in,
                                 const struct stat *out)
{
    bool is_stream = S_ISREG(in->st_mode) && in->st_dev == out->st_dev &&
                     in->st_ino == out->st_ino && strcmp(arguments->input, "-") != 0 &&
                     !cli_input_is_capture(arguments->common, arguments->input);

    return is_stream ? "; --in-place replaces it" : "";
}

/* @in: what is read. */
static bool open_sink(Sink *sink, const Arguments *arguments, const struct stat *in,
                      GError **error)
{
    const char *path = output_name(arguments);
    bool descriptor = find_descriptor(sink, arguments);
    struct stat out;
    bool exists = descriptor ? fstat(sink->fd, &out) == 0 : stat(path, &out) == 0;
    bool special =
        !descriptor && exists && !S_ISREG(out.st_mode) && !S_ISDIR(out.st_mode);

    if (arguments->in_place) {
        return open_file(sink, arguments, in, error);
    }
    if (exists && !cli_spares_inputs(arguments->common, &out, path,
                                     in_place_hint(arguments, in, &out), error)) {
        return false;
    }
    if (!descriptor && !special) {
        return open_file(sink, arguments, in, error);
    }
    if (special && !open_special(sink, path, error)) {
        return false;
    }
    if (isatty(sink->fd)) {
        mig_error_set_plain(
            error, MIG_ERROR_USAGE,
            "a stream is not for a terminal; -o FILE writes it to a file");
        return false;
    }
    return true;
}

/* --- the run --- */

typedef struct Run {
    Arguments *arguments;
    MigChain *chain;
    MigInputOptions in_options;
    MigInput *in;
    MigInput *donor;     /* what --from names, or NULL */
    const MigShape *fit; /* what --fit names, or NULL */
    MigFileId input_id;
    Sink sink;
    MigOutput *out;
    CliProgress progress;
    uint64_t position; /* how far progress has come; a second pass begins anew */
} Run;

static void begin_progress(Run *run)
{
    cli_progress_begin(&run->progress, run->arguments->input, run->in,
                       run->arguments->common);
}

static void show_progress(void *data, uint64_t position)
{
    Run *run = data;

    if (position < run->position) {
        cli_progress_end(&run->progress);
        begin_progress(run);
    }
    run->position = position;
    cli_progress(&run->progress, position);
}

/* The input once more, for a first pass, where the file can be read at any place. */
static MigInput *open_again(const Run *run, GError **error)
{
    const Arguments *arguments = run->arguments;
    struct stat st;

    if (!mig_chain_needs_scan(run->chain) || mig_input_seekable(run->in) ||
        strcmp(arguments->input, "-") == 0 ||
        cli_input_is_capture(arguments->common, arguments->input) ||
        !cli_input_stat(arguments->common, arguments->input, &st) ||
        !S_ISREG(st.st_mode)) {
        return NULL;
    }
    return cli_open_with(arguments->input, arguments->common, &run->in_options, error);
}

static MigOutput *begin_output(Run *run, GError **error)
{
    Arguments *arguments = run->arguments;
    MigOutputOptions out_options;

    if (!convert_image_plan(&arguments->image, run->chain, run->in, &arguments->out,
                            error)) {
        return NULL;
    }
    out_options = arguments->out;
    if (run->sink.files && cli_files_can_patch(run->sink.files)) {
        out_options.input = &run->input_id;
        out_options.over = run->in;
    }
    run->out =
        mig_output_new_fd(run->sink.fd, output_name(arguments), &out_options, error);
    return run->out;
}

/* Begins the output anew, without what is in the file already.  Where that fails, there is
 * no output. */
static MigOutput *begin_output_again(void *data, GError **error)
{
    Run *run = data;

    g_clear_pointer(&run->out, mig_output_free);
    if (ftruncate(run->sink.fd, 0) != 0 || lseek(run->sink.fd, 0, SEEK_SET) != 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot write %s: %s",
                            output_name(run->arguments), g_strerror(errno));
        return NULL;
    }
    return begin_output(run, error);
}

static bool run_chain(Run *run, GError **error)
{
    const MigChainOptions chain_options = {
        MIG_CHAIN_OPTIONS_INIT,
        .lossy = run->arguments->lossy,
        .lossy_filters = (const char *const *)run->arguments->allow->pdata,
        .allow_unmatched = run->arguments->common->allow_unmatched,
        .donor = run->donor,
        .skips_ram = !run->arguments->read_all,
        .begin_again = run->sink.files ? begin_output_again : NULL,
        .begin_again_data = run,
        .cancelled = cli_is_cancelled,
        .progress = show_progress,
        .progress_data = run,
    };
    GError *failure = NULL;
    g_autoptr(MigInput) again = open_again(run, &failure);
    bool ok;

    if (failure) {
        g_propagate_error(error, failure);
        return false;
    }
    begin_progress(run);
    ok = mig_chain_run(run->chain, run->in, again, run->out, &chain_options, error) &&
         mig_output_commit(run->out, error);
    cli_progress_end(&run->progress);
    return ok;
}

static CliStatus fail(const char *name, const GError *error)
{
    bool unsupported = g_error_matches(error, MIG_ERROR, MIG_ERROR_UNSUPPORTED);

    cli_print_error(name, error);
    return unsupported ? CLI_TROUBLE : cli_status_of(error);
}

static CliStatus fail_run(const Run *run, const GError *error)
{
    uint64_t offset;
    bool of_output = !run->out || (mig_output_failed(run->out) &&
                                   !mig_error_get_offset(error, &offset));

    if (run->out && mig_output_broken_pipe(run->out)) {
        return CLI_TROUBLE;
    }
    return fail(of_output ? "migstat convert" : run->arguments->input, error);
}

bool convert_is_kept(const ConvertResult *result, const MigContainer *container)
{
    const char *name;

    for (size_t i = 0; (name = mig_output_wrapper(result->out, i)); i++) {
        if (strcmp(name, mig_container_name(container)) == 0) {
            return true;
        }
    }
    return false;
}

/* @plan may be NULL. */
static void report(const Run *run, const ConvertPlan *plan)
{
    const Arguments *arguments = run->arguments;
    ConvertResult result = { .input = arguments->input,
                             .output = output_name(arguments),
                             .in = run->in,
                             .out = run->out,
                             .chain = run->chain,
                             .notes = arguments->image.notes,
                             .plan = plan };

    if (!plan) { /* which has read all */
        mig_chain_unread(run->chain, &result.unread.from, &result.unread.to);
    }

    if (arguments->report->objects || !arguments->common->quiet) {
        arguments->report->convert(&result);
    }
    if (!arguments->report->objects) {
        cli_tell_unread(&result.unread, arguments->input, arguments->common);
    }
}

/* What check says of the result, so that both agree. */
static CliStatus status_of_plan(const ConvertPlan *plan)
{
    return plan && plan->errors ? CLI_FOUND : CLI_OK;
}

/* Gives the file its name, and tells of it. */
static CliStatus finish(const Run *run, const ConvertPlan *plan)
{
    g_autoptr(GError) error = NULL;

    CliFiles *files = run->sink.files;

    if (files && !cli_files_commit_some(files,
                                        mig_output_is_patch(run->out) ? CLI_FILES_PATCHED
                                                                      : CLI_FILES_ALL,
                                        &error)) {
        return fail("migstat convert", error);
    }
    report(run, plan);
    return status_of_plan(plan);
}

/* @plan, which chose the filters, may be NULL. */
static CliStatus convert_with(Run *run, const ConvertPlan *plan)
{
    g_autoptr(GError) error = NULL;

    if (!begin_output(run, &error)) {
        return fail("migstat convert", error);
    }
    return run_chain(run, &error) ? finish(run, plan) : fail_run(run, error);
}

/* Runs the filters of the plan once more, from the input to the output: so what stays of a file
 * that is changed in place is not written. */
static CliStatus repeat_plan(Run *run, const ConvertPlan *plan)
{
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < plan->filters->len; i++) {
        if (!mig_chain_add(chain, g_ptr_array_index(plan->filters, i), &error)) {
            return fail("migstat convert", error);
        }
    }
    run->chain = chain;
    return convert_with(run, plan);
}

/* Copies what the plan has made, which was judged already, to the output. */
static CliStatus copy_result(Run *run, const ConvertPlan *plan)
{
    const MigChainOptions chain_options = { MIG_CHAIN_OPTIONS_INIT,
                                            .cancelled = cli_is_cancelled,
                                            .progress = show_progress,
                                            .progress_data = run };
    g_autoptr(MigChain) nothing = mig_chain_new();
    g_autoptr(GError) error = NULL;
    bool copied;

    run->chain = plan->chain ? plan->chain : run->chain;
    if (!begin_output(run, &error)) {
        return fail("migstat convert", error);
    }
    begin_progress(run);
    copied = mig_chain_run(nothing, plan->result ? plan->result : run->in, NULL, run->out,
                           &chain_options, &error) &&
             mig_output_commit(run->out, &error);
    cli_progress_end(&run->progress);
    return copied ? finish(run, plan) : fail_run(run, error);
}

static CliStatus convert_by_plan(Run *run)
{
    const Arguments *arguments = run->arguments;
    ConvertPlan plan = { .release = arguments->release,
                         .fit = run->fit,
                         .fit_name = arguments->fit,
                         .lossy = arguments->lossy,
                         .allow = (const char *const *)arguments->allow->pdata,
                         .allow_unmatched = arguments->common->allow_unmatched,
                         .donor = run->donor,
                         .progress = show_progress,
                         .progress_data = run };
    g_autoptr(GError) error = NULL;
    CliStatus status;
    bool planned;

    begin_progress(run);
    planned = convert_plan(&plan, run->chain, run->in, &error);
    cli_progress_end(&run->progress);
    if (!planned) {
        status = fail(arguments->input, error);
    } else if (arguments->dry_run) {
        arguments->common->format->convert_plan(plan.chain ? plan.chain : run->chain,
                                                &plan);
        status = status_of_plan(&plan);
    } else if (run->sink.files && cli_files_can_patch(run->sink.files)) {
        status = repeat_plan(run, &plan);
    } else {
        status = copy_result(run, &plan);
    }
    convert_plan_clear(&plan);
    return status;
}

/* The other files. */
static bool open_others(Run *run, MigInput **donor, CliDestinations *destination)
{
    const Arguments *arguments = run->arguments;
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    size_t n;

    if (arguments->from) {
        run->donor = *donor = cli_open(arguments->from, arguments->common, &error);
        if (!*donor) {
            fail(arguments->from, error);
            return false;
        }
    }
    if (arguments->fit) {
        g_ptr_array_add(files, (gpointer)(uintptr_t)arguments->fit);
        if (!cli_destinations_read(destination, files, arguments->common)) {
            return false;
        }
        run->fit = cli_destinations_shapes(destination, &n)[0];
    }
    return true;
}

static CliStatus run_inside(Run *run)
{
    Arguments *arguments = run->arguments;
    g_auto(CliDestinations) destination = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = NULL, donor = NULL;
    CliStatus status;

    run->in = in =
        cli_open_with(arguments->input, arguments->common, &run->in_options, &error);
    if (!in) {
        return fail(arguments->input, error);
    }
    if (!open_others(run, &donor, &destination)) {
        return CLI_TROUBLE;
    }
    if (!choose_wrappers(arguments, run->chain, in, &error)) {
        return fail(arguments->input, error);
    }
    status = has_plan(arguments) ? convert_by_plan(run) : convert_with(run, NULL);
    g_clear_pointer(&run->out, mig_output_free);
    return status;
}

/* Not to wait in vain for the other end of a FIFO; what was opened is looked at again. */
static bool check_regular(const Arguments *arguments, GError **error)
{
    struct stat st;

    if (!arguments->in_place || stat(arguments->input, &st) != 0 || S_ISREG(st.st_mode)) {
        return true;
    }
    mig_error_set_plain(error, MIG_ERROR_USAGE,
                        "it is no regular file, and cannot be replaced in place");
    return false;
}

/* All that is to be opened is, before a byte of the input is read. */
static CliStatus convert(Arguments *arguments, MigChain *chain)
{
    Run run = { .arguments = arguments, .chain = chain, .sink.fd = -1 };
    const char *files[INPUTS_MAX];
    g_autoptr(GError) error = NULL;
    CliStatus status = CLI_TROUBLE;
    struct stat st = { 0 };

    run.in_options = cli_input_options(arguments->common);
    run.in_options.progress = show_progress;
    run.in_options.progress_data = &run;
    if (!check_regular(arguments, &error)) {
        return fail(arguments->input, error);
    }
    cli_open_inputs(arguments->common, files, inputs_of(arguments, files));
    if (arguments->image.xml_file) { /* which was read, and may be a FIFO */
        cli_spare(arguments->common, open(arguments->image.xml_file, O_PATH | O_CLOEXEC));
    }
    if (!cli_input_stat(arguments->common, arguments->input, &st)) {
        return run_inside(&run); /* which says why */
    }
    run.input_id = mig_file_id(&st);
    if (!arguments->dry_run && !open_sink(&run.sink, arguments, &st, &error)) {
        status = fail("migstat convert", error);
    } else if (cli_confine(arguments->common,
                           &(CliRights){ .files = run.sink.files,
                                         .keep = run.sink.owned ? run.sink.fd : -1,
                                         .copies = true })) {
        status = run_inside(&run);
    }
    close_sink(&run.sink);
    return status;
}

static CliStatus help_filter(const char *name, const CliFormat *format)
{
    const MigFilterType *type = mig_filter_type_find(name);

    if (!type) {
        g_autofree char *hint = mig_filter_type_nearest(name);

        fprintf(stderr, "migstat convert: there is no filter called \"%s\"%s\n", name,
                hint);
        return CLI_TROUBLE;
    }
    format->convert_filter(type);
    return CLI_OK;
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(Step));
    g_autoptr(GPtrArray) needs = g_ptr_array_new(), allow = g_ptr_array_new();
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;
    CliStatus status;
    Arguments arguments = { .common = common,
                            .steps = steps,
                            .needs = needs,
                            .allow = allow,
                            .out = { MIG_OUTPUT_OPTIONS_INIT,
                                     .cancelled = cli_is_cancelled,
                                     .zstd_threads = -1 } };

    g_array_set_clear_func(steps, clear_step);
    cli_parse(&cli_command_convert, argc, argv, 0, common, &arguments);
    if (!cli_given(common, &cli_command_convert, "report")) {
        arguments.report = common->format;
    }
    if (arguments.list) {
        common->format->convert_filters();
        return CLI_OK;
    }
    if (arguments.help) {
        return help_filter(arguments.help, common->format);
    }
    if (!build_chain(&arguments, chain, &error)) {
        return fail("migstat convert", error);
    }
    if (arguments.dry_run && !has_plan(&arguments)) {
        common->format->convert_plan(chain, NULL);
        return CLI_OK;
    }
    arguments.input = common->stream = g_ptr_array_index(common->files, 0);
    cli_catch_signals();
    arguments.image.notes = g_ptr_array_new_with_free_func(g_free);
    status = convert_image_read(&arguments.image, &error)
                 ? convert(&arguments, chain)
                 : fail(arguments.image.xml_file, error);
    convert_image_clear(&arguments.image);
    return status;
}

const CliCommand cli_command_convert = {
    .name = "convert",
    .summary = "rewrite a stream through filters",
    .arguments = "FILE",
    .doc =
        "Rewrites a QEMU migration stream through a chain of filters.\v"
        "FILE may be compressed, or be a libvirt save image, which stays one, or a qcow2 "
        "image, whose snapshot is written to a file of its own or, with --in-place, "
        "where it "
        "lies; \"-\" is "
        "standard input. Without --output the result goes to standard output.\n\n"
        "Exit status: 0 done; 1 the input is damaged or cannot be converted, or with "
        "--for the result has errors that the release does not look at; 2 the "
        "job could not be done. Nothing is written to a file unless all of it is.",
    .options = options,
    .parse = parse,
    .rules = rules,
    .min_files = 1,
    .max_files = 1,
    .run = run,
};
