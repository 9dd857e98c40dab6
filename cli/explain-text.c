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
                        cli_style(color, CLI_PLAIN), shown);

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
    if (report->stream_error &&
        !(explanation->fault &&
          g_str_equal(explanation->fault->message, report->stream_error->message))) {
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

/* "0x87d13: 0000:00:1f.0/ICH9LPC: devs: 8 elements here, 4 there (dest-fields)" */
static char *difference_text(const MigFinding *finding)
{
    g_autofree char *at = cli_offset(finding->channel, finding->offset);
    g_autofree char *address =
        finding->section ? mig_address_of_section(finding->section, finding->instance_id)
                         : NULL;

    return g_strdup_printf("%s: %s%s%s (%s)", at, address ? address : "",
                           address ? ": " : "", finding->message,
                           mig_rule_id(finding->rule));
}

bool explain_mends_all(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;

    return report->n_shapes == 1 && explanation->wants_fit;
}

char *explain_hint(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;

    return explanation->wants_release ? NULL
           : explanation->fault
               ? cli_hint_remedy(&explanation->fault->remedy, &report->stream)
           : explain_mends_all(report)
               ? cli_hint_fit(g_ptr_array_index(report->against, 0),
                              explanation->lossy_fit, &report->stream)
               : cli_hint_remedy(&explanation->difference->remedy, &report->stream);
}

/* What is no stream at all: the message says what to give instead. */
static bool is_no_stream(const MigFinding *fault)
{
    return g_str_equal(mig_rule_id(fault->rule), "magic");
}

const char *explain_fault_help(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;
    const MigRemedy *remedy = &explanation->fault->remedy;

    if (explanation->wants_release) {
        return "convert it for the destination's release, which the log does not tell "
               "(migstat convert --for=qemu-X.Y)";
    }
    if (remedy->none) {
        return remedy->none;
    }
    return remedy->filter || explanation->n_repairs || is_no_stream(explanation->fault)
               ? NULL
               : "no option of the destination and no conversion helps: the stream "
                 "itself is wrong there; save it again, or fetch it again";
}

/* What mends what is wrong: at the destination, or else in the stream. */
static void print_remedy(const ExplainReport *report, const MigRemedy *remedy,
                         const char *words)
{
    g_autofree char *hint = explain_hint(report);
    g_autofree char *help = NULL, *given_up = NULL;

    if (words) {
        help = g_strdup_printf("%c%s.", g_ascii_toupper(*words), words + 1);
        row(report, "help", help);
    }
    if (hint) {
        given_up = g_strdup_printf(
            "The command below changes the stream%s. Given up: %s%s.",
            explain_mends_all(report) ? ", and mends the other differences too" : "",
            remedy->gives_up ? remedy->gives_up : "nothing",
            explain_mends_all(report) ? "; the command says what else is" : "");
        row(report, help ? "or" : "help", given_up);
        cli_print_hint(stdout, hint);
    }
}

/* Where the stream is known: what is wrong there whatever the destination is. */
static void print_fault(const ExplainReport *report)
{
    const MigFinding *fault = report->explanation->fault;
    g_autofree char *text = fault ? difference_text(fault) : NULL;

    if (fault) {
        row(report, "wrong", text);
        print_remedy(report, &fault->remedy, explain_fault_help(report));
    }
}

/* Where both sides are known: what differs there, first of all. */
static void print_difference(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;
    g_autofree char *text = NULL;

    if (!report->n_shapes || explanation->fault) {
        return;
    }
    if (explanation->difference) {
        text = difference_text(explanation->difference);
    } else {
        text = g_strdup_printf(
            "Nothing that was compared is what the message is about (not compared: %s).",
            report->n_shapes == 1 ? mig_shape_lacks(report->shapes[0])
                                  : "what none of the destinations shows");
    }
    row(report, "differs", text);
    if (explanation->difference) {
        print_remedy(report, &explanation->difference->remedy,
                     explanation->difference->remedy.none);
    }
    if (explanation->more_differences) {
        g_autofree char *more = g_strdup_printf(
            "%" PRIu64
            " other%s would end a load too; migstat check --against lists all.",
            explanation->more_differences, explanation->more_differences == 1 ? "" : "s");

        row(report, "more", more);
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
    print_fault(report);
    print_difference(report);
    if (explanation->kind == MIG_EXPLANATION_HARMLESS) {
        row(report, "harmless",
            "It does not end a load: another message says why it failed.");
    }
    row(report, "means", explanation->meaning);
    for (const char *const *fact = explanation->facts; *fact; fact++) {
        row(report, fact == explanation->facts ? "detail" : "", *fact);
    }
    print_places(report);
    if (explanation->help && !explanation->difference &&
        (!explanation->fault || is_no_stream(explanation->fault))) {
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
