/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat needs: its options, and reading a stream for it.
 * Must not know: what follows from what; how it looks.
 * See also:      lib/shape/needs.h; needs.h.
 */
#include <limits.h>
#include <string.h>

#include "format.h"
#include "many.h"
#include "progress.h"
#include "sandbox.h"
#include "text.h"
#include "unread.h"

enum { KEY_READ_ALL = 0x200 };

typedef struct Arguments {
    CliCommon *common;
    bool read_all;
} Arguments;

char *needs_words(const MigNeed *need)
{
    g_autofree char *value = need->value ? cli_shell_name(need->value) : NULL;

    if (!need->option) {
        return NULL;
    }
    return value ? g_strconcat(need->option, " ", value, NULL) : g_strdup(need->option);
}

/* "virsh save-image-dumpxml FILE" where @in is a libvirt save image. */
static char *definition_of(const MigInput *in, const char *file)
{
    const MigContainer *container;

    for (size_t i = 0; (container = mig_input_container(in, i)); i++) {
        if (strcmp(mig_container_name(container), "libvirt save image") == 0) {
            g_autofree char *name = cli_shell_name(file);

            return g_strconcat("virsh save-image-dumpxml ", name, NULL);
        }
    }
    return NULL;
}

/* @read: something of a stream was. */
static CliStatus tell(NeedsReport *report, bool read, const GError *error)
{
    if (error && !report->common->format->objects) {
        cli_print_error(report->file, error);
    }
    if (!error || report->common->format->objects ||
        (read && cli_status_of(error) == CLI_FOUND)) {
        report->error = error;
        report->common->format->needs(report);
    }
    return error ? cli_status_of(error) : CLI_OK;
}

/* Reads the stream; false with *error of it.  *read as tell() has it. */
static void read_stream(const NeedsReport *report, MigReader *reader, MigNeeds *needs,
                        CliUnread *unread, bool *read, GError **error)
{
    const MigItem *item;
    CliProgress progress;

    mig_reader_join_pieces(reader);
    cli_progress_begin(&progress, report->file, mig_reader_input(reader), report->common);
    while (mig_reader_next(reader, &item, error) == MIG_STATUS_MORE &&
           mig_needs_watch(needs, item, error)) {
        *read = true;
        cli_progress_item(&progress, item);
        if (unread) {
            mig_needs_skip_ram(needs, &unread->from, &unread->to);
        }
    }
    cli_progress_end(&progress);
}

/* @unread: what was left unread; NULL: nothing is to be. */
static CliStatus needs_of_input(NeedsReport *report, MigInput *in, CliUnread *unread)
{
    g_autoptr(GError) error = NULL, problem = NULL;
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(MigNeeds) needs = NULL;
    uint64_t start = mig_input_tell(in);
    bool read = false;
    CliStatus status;

    reader = mig_reader_new(in);
    needs = mig_needs_new(reader);
    read_stream(report, reader, needs, unread, &read, &error);
    if (unread && mig_needs_misses_ram(needs)) {
        mig_input_rewind(in, start);
        return needs_of_input(report, in, NULL);
    }
    report->needs = mig_needs_finish(needs, &report->n, &problem);
    status = tell(report, read, error ? error : problem);
    if (unread) {
        cli_tell_unread(unread, report->file, report->common);
    }
    return status;
}

static CliStatus needs_of(const char *file, const Arguments *arguments)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = cli_open(file, arguments->common, &error);
    g_autofree char *definition = NULL;
    NeedsReport report = { .common = arguments->common, .file = file };
    CliUnread unread = { 0 };

    if (!in || !mig_input_hold(in, &error)) {
        return tell(&report, false, error);
    }
    report.definition = definition = definition_of(in, file);
    return needs_of_input(&report, in, arguments->read_all ? NULL : &unread);
}

static bool prepare(guint first, guint n, void *user)
{
    CliCommon *common = ((Arguments *)user)->common;
    gpointer *files = common->files->pdata + first;

    return cli_confine_reader(common, (const char *const *)(void *)files, n, -1);
}

static CliStatus needs_of_one(guint i, void *result, void *user)
{
    const Arguments *arguments = user;

    (void)result;
    return needs_of(g_ptr_array_index(arguments->common->files, i), arguments);
}

static const struct argp_option options[] = { CLI_READ_ALL(KEY_READ_ALL, 0),
                                              CLI_MANY_OPTIONS(0),
                                              { 0 } };

static const CliOptionRule rules[] = { CLI_MANY_RULES, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;

    if (key == KEY_READ_ALL) {
        arguments->read_all = true;
        return 0;
    }
    return cli_parse_many(key, arg, state, arguments->common);
}

static int run(int argc, char **argv, CliCommon *common)
{
    Arguments arguments = { .common = common };
    const CliMany many = { .prepare = prepare, .one = needs_of_one, .user = &arguments };

    cli_parse(&cli_command_needs, argc, argv, 0, common, &arguments);
    return (int)cli_many_run(&many, common);
}

const CliCommand cli_command_needs = {
    .name = "needs",
    .summary = "say what a destination must be started with",
    .arguments = "FILE...",
    .doc = "Says with which options QEMU must be started to load a migration stream, as "
           "far as the stream tells.\v"
           "--format=args prints them as one command line for a shell; what the stream "
           "does not tell is then on standard error.  FILE may be compressed, or be a "
           "libvirt save image or a qcow2 image with a snapshot; \"-\" is standard "
           "input.\n\n"
           "Exit status: 0 all of the stream was read; 1 it is damaged or incomplete; 2 "
           "the job could not be done.",
    .options = options,
    .parse = parse,
    .rules = rules,
    .min_files = 1,
    .max_files = UINT_MAX,
    .pages = true,
    .run = run,
};
