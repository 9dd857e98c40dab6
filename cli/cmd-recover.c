/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat recover: bringing a file back whose change in place was broken off.
 * Must not know: streams.
 * See also:      lib/io/journal.h.
 *
 * It reads no stream, and so is the one command without a sandbox: of the journal, which
 * mig_journal_recover() trusts only where the caller wrote it, it copies bytes.
 */
#include <limits.h>

#include "cli.h"
#include "text.h"

enum { KEY_ANY_DEVICE = 0x200 };

static const struct argp_option options[] = {
    { "any-device", KEY_ANY_DEVICE, NULL, 0,
      "The file may be on a device of another number than before", 1 },
    { 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key == KEY_ANY_DEVICE) {
        *(bool *)state->input = true;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static CliStatus recover(const char *path, bool any_device, bool quiet)
{
    g_autoptr(GError) error = NULL;

    if (!mig_journal_recover(path, any_device, &error)) {
        cli_print_error("migstat recover", error);
        return CLI_TROUBLE;
    }
    if (!quiet) {
        g_autofree char *name = cli_file_name(path);

        fprintf(stderr, "%s: it is as it was before the change\n", name);
    }
    return CLI_OK;
}

static int run(int argc, char **argv, CliCommon *common)
{
    CliStatus status = CLI_OK;
    bool any_device = false;

    cli_parse(&cli_command_recover, argc, argv, 0, common, &any_device);
    for (guint i = 0; i < common->files->len; i++) {
        CliStatus one =
            recover(g_ptr_array_index(common->files, i), any_device, common->quiet);

        status = MAX(status, one);
    }
    return (int)status;
}

const CliCommand cli_command_recover = {
    .name = "recover",
    .summary = "undo a change in place that was broken off",
    .arguments = "FILE...",
    .doc =
        "Brings a file back as it was before a convert --in-place that was broken off, "
        "by a crash of the machine for example.\v"
        "What the change overwrote is in a journal beside FILE, \".FILE.migstat-undo\", "
        "which goes when FILE is whole again. Every other command refuses a FILE that "
        "has one.\n\n"
        "Exit status: 0 each FILE is as it was; 2 the job could not be done.",
    .options = options,
    .parse = parse,
    .has_one_form = true,
    .min_files = 1,
    .max_files = UINT_MAX,
    .run = run,
};
