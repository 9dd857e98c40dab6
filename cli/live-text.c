/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the end of a live migration as a person reads it, on stderr.
 * Must not know: JSON.
 * See also:      live-report.h.
 */
#include "convert.h"
#include "live-report.h"
#include "text.h"

/* More changes are not told. */
#define TOLD_MAX ((size_t)16)

uint64_t live_bytes(const LiveReport *report)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < report->n_channels; i++) {
        bytes += report->bytes[i];
    }
    return bytes;
}

static bool is_told(const LiveReport *report)
{
    return !report->error && !report->quiet;
}

void receive_text(const LiveReport *report)
{
    if (is_told(report)) {
        g_autofree char *path = cli_file_name(report->output);
        g_autofree char *size = cli_size(live_bytes(report));

        fprintf(stderr, "%s: complete, %s came on %zu channel%s\n", path, size,
                report->n_channels, report->n_channels == 1 ? "" : "s");
    }
}

/* --- send --------------------------------------------------------------------------------- */

void send_plan_text(const LivePlan *plan)
{
    for (size_t i = 0; i < plan->n_channels; i++) {
        g_autofree char *name = cli_file_name(plan->files[i]);

        printf("connection %zu to %s: channel %zu%s, %s\n", i + 1, plan->connects, i,
               i ? "" : " (main)", name);
    }
    printf("the stream %s\n",
           plan->return_path ? "opens a return path: the end is when the destination "
                               "says so"
                             : "opens no return path: the end is when the destination "
                               "closes the connection");
}

void send_text(const LiveReport *report)
{
    g_autofree char *size = NULL;
    size_t others = report->n_channels - 1;

    if (!is_told(report)) {
        return;
    }
    size = cli_size(report->bytes[0]);
    fprintf(
        stderr,
        report->loaded == LIVE_LOADED
            ? "%s has loaded it (SHUT 0): %s on the main channel"
            : "%s has read all of it and closed the connection: %s on the main channel",
        report->connects, size);
    if (others) {
        fprintf(stderr, ", %zu other%s", others, others > 1 ? "s" : "");
    }
    fputc('\n', stderr);
    if (report->back->n_requests) {
        g_autofree char *n = cli_number(report->back->n_requests);

        fprintf(stderr, "it asked for pages %s times\n", n);
    }
    if (report->loaded != LIVE_LOADED) {
        fputs(
            "the stream opens no return path, so only the destination knows how loading "
            "went: \"info status\" in its monitor, or its log\n",
            stderr);
    }
}

/* --- relay -------------------------------------------------------------------------------- */

static void print_changes(const LiveReport *report)
{
    g_autoptr(GString) line = g_string_new("changed on the way");
    size_t n;
    const MigChange *changes = mig_chain_changes(report->chain, &n);

    for (size_t i = 0; i < MIN(n, TOLD_MAX); i++) {
        convert_append_change(line, &changes[i]);
    }
    cli_print_line(stderr, 4, line->str);
}

void relay_text(const LiveReport *report)
{
    g_autofree char *size = cli_size(live_bytes(report));

    if (!is_told(report)) {
        return;
    }
    if (report->chain) {
        print_changes(report);
    }
    fprintf(stderr, "%s on %zu channel%s; ", size, report->n_channels,
            report->n_channels == 1 ? "" : "s");
    if (report->loaded == LIVE_LOADED) {
        fputs("the destination has loaded it (SHUT 0)\n", stderr);
    } else if (report->tls) {
        fputs(
            "it is encrypted with TLS, so only source and destination know how it went\n",
            stderr);
    } else {
        fputs(
            "the destination has read all; the migration has no return path, so only its "
            "monitor and log tell how it went\n",
            stderr);
    }
}
