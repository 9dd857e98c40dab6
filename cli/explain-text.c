/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat explain as text.
 * Must not know: messages.
 * See also:      explain.h; lib/explain/explain.h.
 */
#include <string.h>

#include "explain.h"
#include "text.h"

/* Columns of "message  " and its like. */
#define LABEL 9

/* "label    text", where text is of migstat and may quote the log. */
static void row(const ExplainReport *report, const char *label, const char *text)
{
    bool color = cli_use_color(report->common->color, stdout);
    g_autofree char *shown = cli_own_text(text);
    g_autofree char *line =
        g_strdup_printf("%s%-*s%s%s", cli_style(color, CLI_BOLD), LABEL, label,
                        color ? cli_style(color, CLI_PLAIN) : "", shown);

    cli_print_row(stdout, LABEL, line);
}

/* "line 3 of guest.log" */
static char *place(const ExplainReport *report, uint64_t line)
{
    g_autofree char *number = cli_number(line);
    g_autofree char *name = NULL;

    if (!report->log) {
        return g_strdup_printf("line %s", number);
    }
    name = strcmp(report->log, "-") == 0 ? g_strdup("standard input")
                                         : cli_file_name(report->log);
    return g_strdup_printf("line %s of %s", number, name);
}

static void print_origin(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;
    g_autoptr(GString) from = g_string_new(NULL);

    if (report->log) {
        g_autofree char *where = place(report, explanation->line);

        g_string_append_printf(from, "%s; ", where);
    }
    g_string_append(from, explanation->function);
    if (explanation->releases) {
        g_string_append_printf(from, "; QEMU %s", explanation->releases);
    }
    row(report, "from", from->str);
    if (explanation->section) {
        g_autofree char *address =
            mig_address_of_section(explanation->section, explanation->instance_id);

        row(report, "device", address);
    }
}

static void print_others(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;

    for (size_t i = 0; i < explanation->n_others; i++) {
        const MigExplainOther *other = &explanation->others[i];
        g_autofree char *text = report->log
                                    ? g_strdup_printf("line %" PRIu64 ": %s (%s)",
                                                      other->line, other->text, other->id)
                                    : g_strdup_printf("%s (%s)", other->text, other->id);

        row(report, i == 0 ? "beside" : "", text);
    }
}

/* "0x3d819: 0000:00:04.0/virtio-blk:virtio.queues[0] = 0x0002  note" */
static void print_places(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;

    for (size_t i = 0; i < explanation->n_places; i++) {
        const MigExplainPlace *place = &explanation->places[i];
        g_autofree char *text =
            g_strdup_printf("0x%" PRIx64 ": %s%s%s%s%s%s", place->offset, place->address,
                            place->value ? " = " : "", place->value ? place->value : "",
                            place->note ? " (" : "", place->note ? place->note : "",
                            place->note ? ")" : "");

        row(report, i == 0 ? "stream" : "", text);
    }
    if (report->stream_error) {
        row(report, "damaged", report->stream_error->message);
    }
}

static void print_repairs(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;

    for (size_t i = 0; i < explanation->n_repairs; i++) {
        const MigExplainRepair *repair = &explanation->repairs[i];
        g_autofree char *command =
            cli_hint_filters(repair->filters, repair->lossy, &report->stream);

        g_autofree char *text = g_strdup_printf(
            "The command below changes the stream. Given up: %s.", repair->gives_up);

        row(report, i == 0 ? "repair" : "or", text);
        cli_print_hint(stdout, command);
    }
}

static void print_unknown(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;
    g_autofree char *nearest = NULL;

    if (!explanation->text) {
        row(report, "unknown", "there is no message: nothing but empty lines");
        return;
    }
    row(report, "unknown", explanation->text);
    row(report, "means",
        "This is no message of a loader that migstat knows. It may be of the source, of "
        "another program, or the loader's own words may be in another log: under "
        "libvirt, "
        "/var/log/libvirt/qemu/GUEST.log on the destination host.");
    if (explanation->nearest) {
        nearest = g_strdup_printf("%s (%s in migstat-errors(7))", explanation->nearest,
                                  explanation->nearest_id);
        row(report, "nearest", nearest);
    }
}

void explain_text(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;
    g_autofree char *message = NULL;

    if (explanation->kind == MIG_EXPLANATION_UNKNOWN) {
        print_unknown(report);
        return;
    }
    row(report, "message", explanation->text);
    print_origin(report);
    if (explanation->kind == MIG_EXPLANATION_HARMLESS) {
        row(report, "harmless",
            "It does not end a load: another message says why it failed.");
    }
    row(report, "means", explanation->meaning);
    for (const char *const *fact = explanation->facts; *fact; fact++) {
        row(report, fact == explanation->facts ? "detail" : "", *fact);
    }
    print_places(report);
    if (explanation->help) {
        row(report, "help", explanation->help);
    }
    print_repairs(report);
    if (explanation->look) {
        row(report, "look", explanation->look);
    }
    print_others(report);
    message = g_strdup_printf("%s in migstat-errors(7)", explanation->id);
    row(report, "see", message);
}
