/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat send: its options, its input, and what is said at the end.
 * Must not know: how channels are played; send-play.c does.
 * See also:      links.h, which makes the connections.
 */
#include "format.h"
#include "opening.h"
#include "sandbox.h"
#include "send.h"

enum { KEY_TIMEOUT = 0x200, KEY_DRY_RUN };

static const struct argp_option options[] = {
    { "timeout", KEY_TIMEOUT, "SECONDS", 0,
      "Give up when nothing has moved for so long (default: 60)", 0 },
    { "dry-run", KEY_DRY_RUN, NULL, 0,
      "Say what would be sent on which connection, and connect to nobody", 0 },
    { 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Send *send = state->input;

    switch (key) {
    case KEY_TIMEOUT:
        send->timeout = cli_timeout(state, arg);
        return 0;
    case KEY_DRY_RUN:
        send->dry_run = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- what is sent ------------------------------------------------------------------------- */

/* What no loader takes from a socket. */
static bool can_be_sent(const CliOpening *opening, GError **error)
{
    if (opening->mapped_ram) {
        mig_error_set_plain(
            error, MIG_ERROR_UNSUPPORTED,
            "it has the layout mapped-ram, which QEMU loads from a file only: "
            "-incoming file:PATH");
    } else if (opening->colo) {
        mig_error_set_plain(
            error, MIG_ERROR_UNSUPPORTED,
            "it is a COLO migration, which goes on for as long as both sides "
            "answer one another");
    } else if (opening->tls) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "it is encrypted with TLS, and nobody can decrypt it again");
    } else if (opening->resumes) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "it is what a source sent after a pause in postcopy, and the "
                            "beginning of that migration is not in it");
    }
    return !opening->mapped_ram && !opening->colo && !opening->tls && !opening->resumes;
}

/* Nobody is connected to for what is no stream. */
static bool look_at(Send *send, GError **error)
{
    size_t n;
    const uint8_t *bytes = mig_input_peek(send->in, CLI_OPENING_MAX, &n);

    if (!mig_input_end_error(send->in, error) ||
        !cli_opening_read(&send->opening, bytes, n, error) ||
        !can_be_sent(&send->opening, error)) {
        return false;
    }
    if (!send->opening.complete && n < CLI_OPENING_MAX) {
        mig_error_set(error, MIG_ERROR_TRUNCATED, n, NULL,
                      "it ends before its first section");
        return false;
    }
    return true;
}

/* --- the run ------------------------------------------------------------------------------ */

static void plan(const Send *send)
{
    g_autofree const char **files = g_new0(const char *, send->n);
    const LivePlan told = { .connects = cli_links_connects_to(send->links),
                            .files = files,
                            .n_channels = send->n,
                            .return_path = send->opening.return_path };

    for (size_t i = 0; i < send->n; i++) {
        files[i] = mig_input_name(send->channels[i].in);
    }
    send->common->format->send_plan(&told);
}

static void report(const Send *send, const GError *error)
{
    g_autofree uint64_t *bytes = g_new0(uint64_t, send->n + 1);
    const LiveReport told = { .command = "send",
                              .quiet = send->common->quiet,
                              .connects = send->links
                                              ? cli_links_connects_to(send->links)
                                              : g_ptr_array_index(send->common->files, 1),
                              .input = send->file,
                              .loaded = error             ? LIVE_FAILED
                                        : send->back.shut ? LIVE_LOADED
                                                          : LIVE_NOT_KNOWN,
                              .bytes = bytes,
                              .n_channels = send->n,
                              .back = &send->back,
                              .error = error };

    for (size_t i = 0; i < send->n; i++) {
        bytes[i] = send->channels[i].sent;
    }
    send->common->format->send(&told);
}

static CliStatus fail(const Send *send, const GError *error)
{
    cli_print_error(
        send->at_destination ? cli_links_connects_to(send->links) : send->file, error);
    report(send, error);
    return send->at_destination && error->code == MIG_ERROR_REFUSED
               ? CLI_FOUND
               : cli_status_of(error);
}

static CliStatus send_all(Send *send)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = NULL;
    CliStatus status;

    send->in = in = send_open(send, &error);
    if (!in || !look_at(send, &error)) {
        return fail(send, error);
    }
    send_list_channels(send);
    if (send->dry_run) {
        plan(send);
        status = CLI_OK;
    } else if (send_fits_together(send, &error) && send_connect(send, &error) &&
               send_play(send, &error)) {
        report(send, NULL);
        status = CLI_OK;
    } else {
        status = fail(send, error);
    }
    send_close(send);
    return status;
}

static int run(int argc, char **argv, CliCommon *common)
{
    Send send = { .common = common, .timeout = 60 };
    g_autoptr(GError) error = NULL;
    g_autoptr(CliLinks) links = NULL;
    const char *address;
    CliStatus status = CLI_TROUBLE;

    cli_parse(&cli_command_send, argc, argv, 0, common, &send);
    send.file = g_ptr_array_index(common->files, 0);
    address = g_ptr_array_index(common->files, 1);
    send.links = links = cli_links_new(NULL, address, send.timeout, &error);
    if (!links) {
        cli_print_error(address, error);
        report(&send, error);
        return CLI_TROUBLE;
    }
    cli_catch_signals();
    cli_return_watch_init(&send.back, !common->quiet);
    cli_open_inputs(common, &send.file, 1);
    if (cli_confine(common, &(CliRights){ .keep = -1, .links = links })) {
        status = send_all(&send);
    }
    cli_return_watch_clear(&send.back);
    return (int)status;
}

const CliCommand cli_command_send = {
    .name = "send",
    .summary = "play a stream or a capture into a waiting QEMU",
    .arguments = "FILE ADDRESS",
    .doc =
        "Sends a QEMU migration stream, or all channels of a capture, to a QEMU that "
        "waits "
        "with -incoming.\v"
        "FILE may be compressed, a save image, a qcow2 image with a snapshot or the "
        "folder of "
        "a capture; \"-\" is "
        "standard "
        "input. ADDRESS is what QEMU's -incoming has: tcp:HOST:PORT, unix:PATH, "
        "vsock:CID:PORT or fd:N.\n\n"
        "Exit status: 0 the destination said that it has loaded it, or, where the stream "
        "opens no return path, has read all of it; 1 the destination refused it or broke "
        "off, or the stream is damaged; 2 the job could not be done.",
    .options = options,
    .parse = parse,
    .min_files = 2,
    .max_files = 2,
    .addresses = 1,
    .run = run,
};
