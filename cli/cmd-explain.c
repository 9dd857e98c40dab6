/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat explain: its options, and reading a message or a log.
 * Must not know: any one message; how an explanation looks.
 * See also:      lib/explain/explain.h; migstat-errors(7).
 */
#include <limits.h>
#include <string.h>

#include "destinations.h"
#include "explain.h"
#include "format.h"
#include "hint.h"
#include "sandbox.h"
#include "text.h"

/* Bytes of a log that are read at a time. */
#define PIECE (256u << 10)

enum {
    KEY_LOG = 0x200,
    KEY_IN,
    KEY_AGAINST,
};

static const struct argp_option options[] = {
    { "log", KEY_LOG, "FILE", 0, "A log with the messages in it; \"-\" is standard input",
      0 },
    { "in", KEY_IN, "FILE", 0,
      "The stream that could not be loaded: show the place, and what repairs it", 0 },
    { "against", KEY_AGAINST, "DEST", CLI_REPEATS,
      "Compare that stream with the destination, as check does, and show the difference "
      "that the message is about",
      0 },
    { 0 },
};

static const CliOptionRule option_rules[] = {
    { "against", CLI_NEEDS, "in" },
    { "against", CLI_NOT_WITH, "offset" },
    { "channel", CLI_NEEDS, "in" },
    { 0 },
};

typedef struct Arguments {
    const CliCommon *common;
    const char *log, *in;
    GPtrArray *against; /* files of destinations */
} Arguments;

/* What is no option is a message, and a file is none. */
static void look_at_messages(Arguments *arguments, const struct argp_state *state)
{
    const GPtrArray *words = arguments->common->files;

    for (guint i = 0; i < words->len; i++) {
        const char *word = words->pdata[i];
        g_autofree char *shown = cli_shell_name(word);

        if (strcmp(word, "-") == 0 && words->len == 1 && !arguments->log) {
            arguments->log = word;
        } else if (g_file_test(word, G_FILE_TEST_EXISTS)) {
            cli_usage_error(state, "%s is a file; for a log write --log=%s", shown,
                            shown);
        } else if (arguments->log) {
            cli_usage_error(state, "a message or a log, not both: \"%s\" and --log=%s",
                            word, arguments->log);
        }
    }
    if (g_strcmp0(arguments->log, "-") == 0 && g_strcmp0(arguments->in, "-") == 0) {
        cli_usage_error(state, "--in=- and the log cannot both be standard input");
    }
    if (words->len == 0 && !arguments->log) {
        cli_usage_error(state,
                        "which message? Quote the loader's line, or give a log with "
                        "--log=FILE (\"-\" is standard input)");
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;

    switch (key) {
    case KEY_LOG:
        if (g_file_test(arg, G_FILE_TEST_IS_DIR)) {
            cli_usage_error(state, "%s is a folder; a log is a file", arg);
        }
        arguments->log = arg;
        return 0;
    case KEY_IN:
        arguments->in = arg;
        return 0;
    case KEY_AGAINST:
        g_ptr_array_add(arguments->against, arg);
        return 0;
    case ARGP_KEY_END:
        look_at_messages(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A line for each message; words without spaces are one that was not quoted. */
static void feed_words(MigExplain *explain, const GPtrArray *words)
{
    for (guint i = 0; i < words->len; i++) {
        const char *word = words->pdata[i];

        if (i) {
            mig_explain_feed(explain, strchr(word, ' ') ? "\n" : " ", 1);
        }
        mig_explain_feed(explain, word, strlen(word));
    }
}

/* --offset and --channel are the stream's. */
static bool feed_log(MigExplain *explain, const char *log, const CliCommon *common)
{
    const MigInputOptions how = { MIG_INPUT_OPTIONS_INIT,
                                  .max_expand = common->max_expand };
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = cli_open_with(log, common, &how, &error);
    size_t n = 0;

    while (in) {
        const uint8_t *bytes = mig_input_peek(in, PIECE, &n);

        if (n == 0) {
            break;
        }
        mig_explain_feed(explain, (const char *)bytes, n);
        mig_input_skip(in, n);
    }
    if (!in || !mig_input_end_error(in, &error)) {
        cli_print_error(log, error);
        return false;
    }
    return true;
}

/* The stream that could not be loaded, read twice: what it holds, and what differs. */
typedef struct Stream {
    MigInput *in;
    MigReader *reader;
    MigReader *compared; /* the explanation borrows it */
    CliDestinations destinations;
    GError *damage;
} Stream;

static void stream_clear(Stream *stream)
{
    g_clear_pointer(&stream->compared, mig_reader_free);
    g_clear_pointer(&stream->reader, mig_reader_free);
    g_clear_pointer(&stream->in, mig_input_free);
    cli_destinations_clear(&stream->destinations);
    g_clear_error(&stream->damage);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stream, stream_clear)

static void compare(MigExplain *explain, Stream *stream)
{
    size_t n;
    const MigShape *const *shapes = cli_destinations_shapes(&stream->destinations, &n);

    mig_input_rewind(stream->in, 0);
    stream->compared = mig_reader_new(stream->in);
    mig_explain_compare(explain, stream->compared, shapes, n, NULL);
}

/* The commands that are proposed read the same stream.  Texts are escaped as they are printed,
 * which would undo the quotes of a name that needs more than blanks quoted: FILE stays then. */
static void name_file(MigExplain *explain, const Arguments *arguments)
{
    g_autofree char *reading = cli_hint_reading(arguments->common);
    g_autofree char *name = cli_shell_name(arguments->in);
    g_autofree char *words = g_strdup_printf("%s %s", reading, name);
    g_autofree char *shown = cli_own_text(g_strchug(words));

    mig_explain_set_file(explain, strcmp(shown, words) == 0 ? words : "FILE");
}

/* Looks for the places of the message; false where the stream cannot be read at all. */
static bool look_in(MigExplain *explain, Stream *stream, const Arguments *arguments)
{
    g_autoptr(GError) error = NULL;

    stream->in = cli_open(arguments->in, arguments->common, &error);
    if (!stream->in || !mig_input_hold(stream->in, &error)) {
        cli_print_error(arguments->in, error);
        return false;
    }
    stream->reader = mig_reader_new(stream->in);
    name_file(explain, arguments);
    mig_explain_read(explain, stream->reader, &stream->damage);
    if (stream->damage && cli_status_of(stream->damage) == CLI_TROUBLE) {
        cli_print_error(arguments->in, stream->damage);
        return false;
    }
    if (!cli_destinations_read(&stream->destinations, arguments->against,
                               arguments->common)) {
        return false;
    }
    compare(explain, stream);
    return true;
}

static bool confine(CliCommon *common, const Arguments *arguments)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();

    if (arguments->log) {
        g_ptr_array_add(files, (gpointer)(uintptr_t)arguments->log);
    }
    if (arguments->in) {
        g_ptr_array_add(files, (gpointer)(uintptr_t)arguments->in);
    }
    g_ptr_array_extend(files, arguments->against, NULL, NULL);
    return cli_confine_reader(common, (const char *const *)(void *)files->pdata,
                              files->len, -1);
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autoptr(GPtrArray) against = g_ptr_array_new();
    Arguments arguments = { .common = common, .against = against };
    g_auto(Stream) stream = { 0 };
    g_autoptr(MigExplain) explain = NULL;
    g_autofree char *new_name = NULL;
    ExplainReport report = { .common = common };

    cli_parse(&cli_command_explain, argc, argv, 0, common, &arguments);
    new_name = arguments.in ? cli_new_name(arguments.in) : NULL;
    common->stream = arguments.in;
    if (!confine(common, &arguments)) {
        return CLI_TROUBLE;
    }
    explain = mig_explain_new();
    if (!arguments.log) {
        feed_words(explain, common->files);
    } else if (!feed_log(explain, arguments.log, common)) {
        return CLI_TROUBLE;
    }
    report.log = arguments.log;
    report.explanation = mig_explain_finish(explain);
    if (arguments.in && !look_in(explain, &stream, &arguments)) {
        return CLI_TROUBLE;
    }
    report.stream = (CliHintFiles){ arguments.in, new_name, common };
    report.stream_error = stream.damage;
    report.against = against;
    report.shapes = cli_destinations_shapes(&stream.destinations, &report.n_shapes);
    common->format->explain(&report);
    return report.explanation->id ? CLI_OK : CLI_FOUND;
}

const CliCommand cli_command_explain = {
    .name = "explain",
    .summary = "say what the messages of a failed load mean",
    .arguments = "MESSAGE...\n--log=FILE",
    .doc = "Says what QEMU's messages about a failed load mean: the cause, the place, "
           "and which "
           "side to change by what.\v"
           "MESSAGE is a line of QEMU's, libvirt's or another program's; \"-\" reads a "
           "log from "
           "standard input.  migstat-errors(7) has all messages.\n\n"
           "Exit status: 0 explained; 1 no message was recognised; 2 the job could not "
           "be done.",
    .options = options,
    .rules = option_rules,
    .parse = parse,
    .min_files = 0,
    .max_files = UINT_MAX,
    .pages = true,
    .run = run,
};
