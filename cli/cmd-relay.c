/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat relay: its options, and what is said at the end.
 * Must not know: how bytes are moved.
 * See also:      relay.h; links.h, which makes the connections.
 */
#include "format.h"
#include "relay.h"
#include "sandbox.h"
#include "text.h"

enum { KEY_TIMEOUT = 0x200, KEY_RECORD, KEY_TO, KEY_FILTER, KEY_LOSSY };

/* A person may decide when a guest is switched over, and takes a while. */
#define TIMEOUT 300u

static const struct argp_option options[] = {
    { "to", KEY_TO, "DIALECT", 0,
      "Move all VFIO devices to subflag, config-first or config-last as they pass", 0 },
    { "filter", KEY_FILTER, "NAME[:KEY=VALUE]...", CLI_REPEATS,
      "Let the main channel pass through a filter; may be repeated", 0 },
    { "lossy", KEY_LOSSY, NULL, 0, "Allow a filter to drop what it cannot keep", 0 },
    { "record", KEY_RECORD, "DIR", 0,
      "Keep what the source sends, a file for each channel, in the folder DIR", 0 },
    { "timeout", KEY_TIMEOUT, "SECONDS", 0,
      "Give up when nothing has moved for so long (default: 300)", 0 },
    { 0 },
};

static const CliOptionRule rules[] = {
    { "lossy", CLI_NEEDS, "to filter" },
    { 0 },
};

typedef struct Arguments {
    const char *record;
    Relay relay;
} Arguments;

static void add_filter(Relay *relay, const char *text, struct argp_state *state)
{
    g_autoptr(GError) error = NULL;

    if (!relay->chain) {
        relay->chain = mig_chain_new();
    }
    if (!mig_chain_add(relay->chain, text, &error)) {
        cli_usage_error(state, "%s", error->message);
    }
}

static void add_to(Relay *relay, const char *arg, struct argp_state *state)
{
    const char *chain = mig_chain_named(arg);

    if (chain) {
        add_filter(relay, chain, state);
    } else {
        cli_usage_error(state, "--to is subflag, config-first or config-last, not \"%s\"",
                        arg);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;

    switch (key) {
    case KEY_TIMEOUT:
        arguments->relay.timeout = cli_timeout(state, arg);
        return 0;
    case KEY_TO:
        add_to(&arguments->relay, arg, state);
        return 0;
    case KEY_FILTER:
        add_filter(&arguments->relay, arg, state);
        return 0;
    case KEY_LOSSY:
        arguments->relay.lossy = true;
        return 0;
    case KEY_RECORD:
        cli_want_folder(state, arg);
        arguments->record = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- the report --------------------------------------------------------------------------- */

/* It may not have come to links, nor to pairs. */
static void report(const Relay *relay, const char *output, const GError *error)
{
    const CliLinks *links = relay->links;
    guint n = relay->pairs ? relay->pairs->len : 0;
    g_autofree uint64_t *bytes = g_new0(uint64_t, n + 1);
    const LiveReport told = { .command = "relay",
                              .quiet = relay->common->quiet,
                              .listens = links
                                             ? cli_links_listens_at(links)
                                             : g_ptr_array_index(relay->common->files, 0),
                              .connects =
                                  links ? cli_links_connects_to(links)
                                        : g_ptr_array_index(relay->common->files, 1),
                              .output = output,
                              .loaded = relay_is_done(relay) ? LIVE_LOADED
                                        : error              ? LIVE_FAILED
                                                             : LIVE_NOT_KNOWN,
                              .tls = relay->opening.tls,
                              .bytes = bytes,
                              .n_channels = n,
                              .chain = relay->chain,
                              .back = &relay->back,
                              .error = error };

    for (guint i = 0; i < n; i++) {
        bytes[i] = ((const RelayPair *)g_ptr_array_index(relay->pairs, i))->forward.moved;
    }
    relay->common->format->relay(&told);
}

/* What was recorded gets its names, also of a migration that failed. */
static CliStatus keep_recording(Relay *relay, CliStatus status, bool *kept)
{
    g_autoptr(GError) error = NULL;

    *kept = false;
    if (relay->unrecorded) {
        return status == CLI_OK ? CLI_TROUBLE : status;
    }
    if (!relay->files || !relay_main(relay) || relay_main(relay)->forward.moved == 0) {
        return status;
    }
    if (!mig_timeline_writer_flush(relay->timeline, &error) ||
        !cli_files_commit(relay->files, &error)) {
        cli_print_error("migstat relay", error);
        return status == CLI_OK ? CLI_TROUBLE : status;
    }
    *kept = true;
    if (!relay->common->quiet) {
        cli_files_list(relay->files, stderr);
    }
    return status;
}

static CliStatus relay_all(Relay *relay, const char *record)
{
    g_autoptr(GError) error = NULL;
    CliStatus status = CLI_OK;
    bool kept;

    if (!relay->common->quiet) {
        fprintf(stderr, "waits at %s for a source, and connects it to %s\n",
                cli_links_listens_at(relay->links), cli_links_connects_to(relay->links));
    }
    if (!relay_run(relay, &error)) {
        cli_print_error("migstat relay", error);
        status = error->code == MIG_ERROR_REFUSED ? CLI_FOUND : cli_status_of(error);
    }
    status = keep_recording(relay, status, &kept);
    report(relay, kept ? record : NULL, error);
    return status;
}

/* --- the run ------------------------------------------------------------------------------ */

static void clear(Relay *relay)
{
    if (relay->pairs) {
        g_ptr_array_unref(relay->pairs);
        g_byte_array_unref(relay->first);
    }
    cli_return_watch_clear(&relay->back);
    g_clear_error(&relay->unrecorded);
    g_clear_pointer(&relay->chain, mig_chain_free);
    g_clear_pointer(&relay->timeline, mig_timeline_writer_free);
    g_clear_pointer(&relay->files, cli_files_free);
    g_clear_pointer(&relay->links, cli_links_free);
}

static bool prepare(Arguments *arguments, GError **error)
{
    const MigTargetOptions target = { MIG_TARGET_OPTIONS_INIT };
    Relay *relay = &arguments->relay;
    const char *from = g_ptr_array_index(relay->common->files, 0);
    const char *to = g_ptr_array_index(relay->common->files, 1);

    if (relay->chain && !mig_chain_check_in_flight(relay->chain, error)) {
        return false;
    }
    relay->links = cli_links_new(from, to, relay->timeout, error);
    if (!relay->links) {
        return false;
    }
    if (arguments->record) {
        relay->files = cli_files_new(relay->common, &target);
        if (!cli_files_set_folder(relay->files, arguments->record, error)) {
            return false;
        }
    }
    return cli_links_listen(relay->links, error);
}

static int run(int argc, char **argv, CliCommon *common)
{
    Arguments arguments = { .relay = { .common = common, .timeout = TIMEOUT } };
    Relay *relay = &arguments.relay;
    g_autoptr(GError) error = NULL;
    CliStatus status = CLI_TROUBLE;

    cli_parse(&cli_command_relay, argc, argv, 0, common, &arguments);
    cli_catch_signals();
    cli_return_watch_init(&relay->back, !common->quiet);
    cli_open_inputs(common, NULL, 0);
    if (!prepare(&arguments, &error)) {
        cli_print_error("migstat relay", error);
        report(relay, NULL, error);
    } else if (cli_confine(common, &(CliRights){ .files = relay->files,
                                                 .keep = -1,
                                                 .links = relay->links })) {
        status = relay_all(relay, arguments.record);
    }
    clear(relay);
    return (int)status;
}

const CliCommand cli_command_relay = {
    .name = "relay",
    .summary = "stand between the two QEMUs of a live migration",
    .arguments = "LISTEN CONNECT",
    .doc = "Takes a live migration at the address LISTEN and passes it on to the QEMU "
           "that waits "
           "at CONNECT, and the answers back.\v"
           "Addresses are those of QEMU: tcp:HOST:PORT, unix:PATH, vsock:CID:PORT or "
           "fd:N.\n\n"
           "Exit status: 0 the destination said that it has loaded all, or, without a "
           "return "
           "path, has read all; 1 source or destination broke off; 2 the job could not "
           "be done.",
    .options = options,
    .parse = parse,
    .rules = rules,
    .min_files = 2,
    .max_files = 2,
    .addresses = 2,
    .run = run,
};
