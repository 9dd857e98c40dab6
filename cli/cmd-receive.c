/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat receive: its options, where what comes is kept, and what the source
 *                is told when.
 * Must not know: what channels are made of; lib/live/ does.
 * See also:      lib/live/receive.h; links.h; files.h; migstat-capture(5).
 *
 * What comes is kept as a capture, in files without names.  For -o DIR/ they get names in DIR; for
 * -o FILE they become one stream, and get names in FILE.incomplete/ only if that fails.  The first
 * channel is written to what can become FILE as it is, unless postcopy is allowed, which it
 * cannot: then nothing has to be copied when the only copy is here and the disk is full.  The
 * source is told that the migration is complete when names and bytes are on the disk.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "cli.h"
#include "files.h"
#include "format.h"
#include "links.h"
#include "progress.h"
#include "sandbox.h"
#include "text.h"

enum { KEY_TIMEOUT = 0x200, KEY_ALLOW_POSTCOPY, KEY_FORCE };

#define TIMEOUT_DEFAULT 300u

static const struct argp_option options[] = {
    { "output", 'o', "FILE|DIR/", 0,
      "One stream in FILE; or in the new folder DIR/ a capture, a file for each channel "
      "and "
      "a time line",
      0 },
    { "force", KEY_FORCE, NULL, 0, "FILE may exist, and is replaced", 0 },
    { "timeout", KEY_TIMEOUT, "SECONDS", 0,
      "How long to wait for a connection, and for the next bytes (default: 300; 0: for "
      "ever)",
      0 },
    { "allow-postcopy", KEY_ALLOW_POSTCOPY, NULL, 0,
      "Take a migration that may switch to postcopy: then the only copy of the guest is "
      "here",
      0 },
    { 0 },
};

static const CliOptionRule rules[] = {
    { "force", CLI_NEEDS, "output" },
    { 0 },
};

typedef struct Receive {
    CliCommon *common;
    const char *output;
    bool folder; /* of a capture */
    bool force, allow_postcopy;
    unsigned timeout;

    CliLinks *links;
    CliFiles *files;
    char *kept; /* the folder of the capture */
    int direct; /* what may become FILE as it comes, or -1 */
    int fd;     /* what channels are folded to */
    MigReceiver *receiver;
    CliProgress progress;
} Receive;

/* --- options ----------------------------------------------------------------------------- */

static unsigned seconds(struct argp_state *state, const char *arg)
{
    guint64 value = 0;

    if (!g_ascii_string_to_unsigned(arg, 10, 0, INT_MAX / 1000, &value, NULL)) {
        cli_usage_error(state, "--timeout is a number of seconds, not \"%s\"", arg);
    }
    return (unsigned)value;
}

static void check_arguments(Receive *x, struct argp_state *state)
{
    if (x->common->files->len == 0) {
        cli_usage_error(state, "at which address? (tcp:HOST:PORT, unix:PATH, "
                               "vsock:CID:PORT or fd:N)");
    } else if (!x->output || !*x->output || strcmp(x->output, "-") == 0) {
        cli_usage_error(state, "where to? (-o FILE or -o DIR/)");
    } else {
        x->folder = g_str_has_suffix(x->output, "/") || cli_is_folder(x->output);
        if (x->folder && x->force) {
            cli_usage_error(state, "--force replaces a FILE, not the files of a folder");
        }
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Receive *x = state->input;

    switch (key) {
    case 'o':
        x->output = arg;
        return 0;
    case KEY_FORCE:
        x->force = true;
        return 0;
    case KEY_TIMEOUT:
        x->timeout = seconds(state, arg);
        return 0;
    case KEY_ALLOW_POSTCOPY:
        x->allow_postcopy = true;
        return 0;
    case ARGP_KEY_END:
        check_arguments(x, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- where to ---------------------------------------------------------------------------- */

/* Files of another migration would be taken for channels of this one. */
static bool is_empty(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    if (dir && g_dir_read_name(dir)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s has files already, and a capture needs a folder of its "
                            "own",
                            folder);
        return false;
    }
    return true;
}

static char *folder_of(const Receive *x)
{
    char *path =
        x->folder ? g_strdup(x->output) : g_strconcat(x->output, ".incomplete", NULL);
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/') {
        path[--n] = '\0';
    }
    return path;
}

static bool open_output(Receive *x, GError **error)
{
    const MigTargetOptions target = { MIG_TARGET_OPTIONS_INIT, .replace = x->force };

    x->kept = folder_of(x);
    x->files = cli_files_new(x->common, &target);
    cli_files_sync(x->files);
    if (!is_empty(x->kept, error)) {
        return false;
    }
    if (!x->folder) {
        x->fd = cli_files_open(x->files, x->output, error);
        if (x->fd < 0) {
            return false;
        }
        x->direct = x->allow_postcopy ? -1 : cli_files_open(x->files, x->output, error);
        if (x->direct < 0 && !x->allow_postcopy) {
            return false;
        }
    }
    return cli_files_set_folder(x->files, x->kept, error);
}

static bool accept_one(void *data, int *fd, GError **error)
{
    Receive *x = data;

    return cli_links_accept(x->links, fd, error);
}

static int open_channel(void *data, unsigned i, GError **error)
{
    Receive *x = data;
    g_autofree char *name = g_strdup_printf("channel-%u", i);

    if (i == 0 && x->direct >= 0) {
        return x->direct;
    }
    return cli_files_add(x->files, name, "", error);
}

/* The order in which open_output() starts them. */
enum { FOLDED = CLI_FILES_ONE, DIRECT };

/* --- one stream -------------------------------------------------------------------------- */

static bool fold(Receive *x, GError **error)
{
    const MigOutputOptions out_options = { MIG_OUTPUT_OPTIONS_INIT,
                                           .cancelled = cli_is_cancelled };
    const MigChainOptions chain_options = { MIG_CHAIN_OPTIONS_INIT,
                                            .cancelled = cli_is_cancelled };
    g_autoptr(MigInput) in = mig_receiver_open(x->receiver, error);
    g_autoptr(MigOutput) out =
        in ? mig_output_new_fd(x->fd, x->output, &out_options, error) : NULL;
    g_autoptr(MigChain) chain = mig_chain_new();

    return out &&
           (mig_receiver_is_plain(x->receiver) || mig_chain_add(chain, "fold", error)) &&
           mig_chain_run(chain, in, NULL, out, &chain_options, error) &&
           mig_output_commit(out, error);
}

static bool finish(Receive *x, GError **error)
{
    if (x->folder) {
        return cli_files_commit_some(x->files, CLI_FILES_ADDED, error);
    }
    if (x->direct >= 0 && mig_receiver_is_plain(x->receiver)) {
        return cli_files_commit_some(x->files, DIRECT, error);
    }
    return fold(x, error) && cli_files_commit_some(x->files, FOLDED, error);
}

/* --- what broke off ---------------------------------------------------------------------- */

/* Nothing is worth keeping of what was refused, or of what is no migration. */
static bool is_worth_keeping(const Receive *x, const GError *error)
{
    return mig_receiver_bytes(x->receiver) > 0 &&
           (mig_receiver_has_switched(x->receiver) ||
            !(g_error_matches(error, MIG_ERROR, MIG_ERROR_UNSUPPORTED) ||
              g_error_matches(error, MIG_ERROR, MIG_ERROR_REFUSED)));
}

static bool write_reason(Receive *x, const char *reason, GError **error)
{
    g_autofree char *text = g_strdup_printf("incomplete: %s\n", reason);
    int fd = cli_files_add(x->files, "incomplete", ".txt", error);
    ssize_t n = (ssize_t)strlen(text);

    if (fd >= 0 && write(fd, text, (size_t)n) != n) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot write incomplete.txt: %s",
                            g_strerror(errno));
        return false;
    }
    return fd >= 0;
}

/* What was to become FILE becomes the first channel of the capture. */
static bool copy_direct(Receive *x, GError **error)
{
    const MigOutputOptions out_options = { MIG_OUTPUT_OPTIONS_INIT };
    const MigInputOptions in_options = { MIG_INPUT_OPTIONS_INIT, .multifd = true };
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigOutput) out = NULL;
    int fd;

    if (x->direct < 0) {
        return true;
    }
    fd = cli_files_add(x->files, "channel-0", "", error);
    in = fd < 0 ? NULL : mig_input_new_fd(x->direct, "channel-0", &in_options, error);
    out = in ? mig_output_new_fd(fd, "channel-0", &out_options, error) : NULL;
    return out && mig_output_copy(out, in, 0, mig_input_size(in), error) &&
           mig_output_commit(out, error);
}

static CliStatus keep_incomplete(Receive *x, const GError *why)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *shell = cli_shell_name(x->kept);

    if (!copy_direct(x, &error) || !write_reason(x, why->message, &error) ||
        !cli_files_commit_some(x->files, CLI_FILES_ADDED, &error)) {
        cli_print_error("migstat receive", error);
        return CLI_TROUBLE;
    }
    fprintf(
        stderr,
        "migstat receive: %s what came is kept, incomplete, in %s; migstat dump %s "
        "shows it\n",
        mig_receiver_has_switched(x->receiver)
            ? "the guest had switched to postcopy, and its only copy is here:"
            : "the source was told that the migration failed, and still has its guest;",
        shell, shell);
    return CLI_FOUND;
}

static CliStatus fail(Receive *x, const GError *why)
{
    mig_receiver_confirm(x->receiver, false, NULL);
    cli_print_error(cli_links_listens_at(x->links), why);
    return is_worth_keeping(x, why) ? keep_incomplete(x, why)
           : g_error_matches(why, MIG_ERROR, MIG_ERROR_MALFORMED) ||
                   g_error_matches(why, MIG_ERROR, MIG_ERROR_TRUNCATED)
               ? CLI_FOUND
               : CLI_TROUBLE;
}

/* --- the run ----------------------------------------------------------------------------- */

static const char *listens_at(const Receive *x)
{
    return x->links ? cli_links_listens_at(x->links)
                    : g_ptr_array_index(x->common->files, 0);
}

/* @error: why it broke off; @output: where what came is, NULL for nowhere. */
static void report(const Receive *x, const char *output, const GError *error)
{
    unsigned n = x->receiver ? mig_receiver_channels(x->receiver) : 0;
    g_autofree uint64_t *bytes = g_new0(uint64_t, n + 1);
    const LiveReport told = { .command = "receive",
                              .quiet = x->common->quiet,
                              .listens = listens_at(x),
                              .output = output,
                              .loaded = error ? LIVE_FAILED : LIVE_LOADED,
                              .bytes = bytes,
                              .n_channels = n,
                              .error = error };

    for (unsigned i = 0; i < n; i++) {
        bytes[i] = mig_receiver_channel_bytes(x->receiver, i);
    }
    x->common->format->receive(&told);
}

static CliStatus receive(Receive *x)
{
    g_autoptr(GError) error = NULL;
    bool ok;

    cli_progress_begin(&x->progress, cli_links_listens_at(x->links), NULL, x->common);
    ok = mig_receiver_run(x->receiver, &error);
    cli_progress_end(&x->progress);
    if (!ok || !finish(x, &error)) {
        CliStatus status = fail(x, error);

        report(x, status == CLI_FOUND && is_worth_keeping(x, error) ? x->kept : NULL,
               error);
        return status;
    }
    report(x, x->output, NULL);
    if (!mig_receiver_confirm(x->receiver, true, &error)) {
        cli_print_error(cli_links_listens_at(x->links), error);
        fprintf(stderr, "migstat receive: the source may not know that the migration is "
                        "complete: look there before the guest is started anywhere\n");
        return CLI_FOUND;
    }
    return CLI_OK;
}

/* Before anything came. */
static CliStatus give_up(const Receive *x, const GError *error)
{
    cli_print_error("migstat receive", error);
    report(x, NULL, error);
    return CLI_TROUBLE;
}

static void show_progress(void *data, uint64_t bytes)
{
    Receive *x = data;

    cli_progress(&x->progress, bytes);
}

static CliStatus run_inside(Receive *x)
{
    g_autoptr(GError) error = NULL;
    CliStatus status;
    bool many = cli_links_takes_many(x->links);
    MigReceiveOptions receive_options = {
        MIG_RECEIVE_OPTIONS_INIT,
        .socket = cli_links_listener(x->links),
        .accept = many ? accept_one : NULL,
        .open = open_channel,
        .data = x,
        .timeout = x->timeout,
        .allow_postcopy = x->allow_postcopy,
        .timeline =
            x->folder ? cli_files_add(x->files, "timeline", ".jsonl", &error) : -1,
        .cancelled = cli_is_cancelled,
        .progress = show_progress,
        .progress_data = x,
    };

    if (error || (!many && !accept_one(x, &receive_options.socket, &error)) ||
        !(x->receiver = mig_receiver_new(&receive_options, &error))) {
        return give_up(x, error);
    }
    if (!x->common->quiet && many) {
        fprintf(stderr, "migstat receive: listening at %s\n",
                cli_links_listens_at(x->links));
    }
    status = receive(x);
    mig_receiver_free(x->receiver);
    return status;
}

/* All that is to be opened is, before a byte comes. */
static CliStatus open_and_run(Receive *x)
{
    g_autoptr(GError) error = NULL;
    if (!open_output(x, &error) || !cli_links_listen(x->links, &error)) {
        return give_up(x, error);
    }
    return cli_confine(x->common, &(CliRights){ .files = x->files,
                                                .keep = -1,
                                                .copies = true,
                                                .links = x->links })
               ? run_inside(x)
               : CLI_TROUBLE;
}

static int run(int argc, char **argv, CliCommon *common)
{
    Receive x = { .common = common, .timeout = TIMEOUT_DEFAULT, .direct = -1, .fd = -1 };
    g_autoptr(GError) error = NULL;
    CliStatus status;

    cli_parse(&cli_command_receive, argc, argv, 0, common, &x);
    cli_catch_signals();
    signal(SIGPIPE, SIG_IGN);
    x.links = cli_links_new(g_ptr_array_index(common->files, 0), NULL, 0, &error);
    status = x.links ? open_and_run(&x) : give_up(&x, error);
    cli_files_free(x.files);
    cli_links_free(x.links);
    g_free(x.kept);
    return (int)status;
}

const CliCommand cli_command_receive = {
    .name = "receive",
    .summary = "take a live migration and keep it as a file",
    .arguments = "ADDRESS",
    .doc = "Takes a live migration in the place of a destination QEMU.\v"
           "ADDRESS is where to listen: tcp:HOST:PORT (an empty HOST is this machine "
           "alone), "
           "unix:PATH, vsock:CID:PORT, or fd:N for a socket that was left open. The "
           "source is "
           "told that the migration is complete when the output is on the disk.\n\n"
           "Exit status: 0 done; 1 the migration broke off, and what came is kept; 2 the "
           "job "
           "could not be done.",
    .options = options,
    .parse = parse,
    .rules = rules,
    .min_files = 0,
    .max_files = 1,
    .run = run,
};
