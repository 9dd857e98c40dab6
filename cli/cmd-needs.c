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

static CliStatus needs_of(const char *file, const CliCommon *common)
{
    g_autoptr(GError) error = NULL, problem = NULL;
    g_autoptr(MigInput) in = cli_open(file, common, &error);
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(MigNeeds) needs = NULL;
    g_autofree char *definition = NULL;
    NeedsReport report = { .common = common, .file = file };
    const MigItem *item;
    CliProgress progress;
    bool read = false;

    if (!in || !mig_input_hold(in, &error)) {
        return tell(&report, false, error);
    }
    report.definition = definition = definition_of(in, file);
    reader = mig_reader_new(in);
    needs = mig_needs_new(reader);
    mig_reader_join_pieces(reader);
    cli_progress_begin(&progress, file, in, common);
    while (mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE &&
           mig_needs_watch(needs, item, &error)) {
        read = true;
        cli_progress_item(&progress, item);
    }
    cli_progress_end(&progress);
    report.needs = mig_needs_finish(needs, &report.n, &problem);
    return tell(&report, read, error ? error : problem);
}

static bool prepare(guint first, guint n, void *user)
{
    CliCommon *common = user;
    gpointer *files = common->files->pdata + first;

    return cli_confine_reader(common, (const char *const *)(void *)files, n, -1);
}

static CliStatus needs_of_one(guint i, void *result, void *user)
{
    const CliCommon *common = user;

    (void)result;
    return needs_of(g_ptr_array_index(common->files, i), common);
}

static const struct argp_option options[] = { CLI_MANY_OPTIONS(0), { 0 } };

static const CliOptionRule rules[] = { CLI_MANY_RULES, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    return cli_parse_many(key, arg, state, state->input);
}

static int run(int argc, char **argv, CliCommon *common)
{
    const CliMany many = { .prepare = prepare, .one = needs_of_one, .user = common };

    cli_parse(&cli_command_needs, argc, argv, 0, common, common);
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
           "libvirt save image; \"-\" is standard input.\n\n"
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
