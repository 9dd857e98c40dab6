/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat explain as JSON; the keys are described in migstat-json(5).
 * Must not know: messages.
 * See also:      explain.h; lib/explain/explain.h; docs/schema/explain.json.
 */
#include "explain.h"
#include "json.h"

static const char *kind_name(MigExplanationKind kind)
{
    static const char *const names[] = { "unknown", "harmless", "generic", "cause" };

    return names[kind];
}

static void others_json(CliJson *json, const MigExplanation *explanation)
{
    cli_json_array(json, "others");
    for (size_t i = 0; i < explanation->n_others; i++) {
        cli_json_object(json, NULL);
        cli_json_string(json, "id", explanation->others[i].id);
        cli_json_uint(json, "line", explanation->others[i].line);
        cli_json_string(json, "text", explanation->others[i].text);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

static void places_json(CliJson *json, const MigExplanation *explanation)
{
    cli_json_array(json, "places");
    for (size_t i = 0; i < explanation->n_places; i++) {
        const MigExplainPlace *place = &explanation->places[i];

        cli_json_object(json, NULL);
        cli_json_uint(json, "offset", place->offset);
        cli_json_string(json, "address", place->address);
        cli_json_string(json, "value", place->value);
        cli_json_string(json, "note", place->note);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

static void repairs_json(CliJson *json, const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;

    cli_json_array(json, "repairs");
    for (size_t i = 0; i < explanation->n_repairs; i++) {
        const MigExplainRepair *repair = &explanation->repairs[i];
        g_autofree char *command =
            cli_hint_filters(repair->filters, repair->lossy, &report->stream);

        cli_json_object(json, NULL);
        cli_json_string(json, "hint", command);
        cli_json_array(json, "filters");
        for (const char *const *filter = repair->filters; *filter; filter++) {
            cli_json_string(json, NULL, *filter);
        }
        cli_json_end_array(json);
        cli_json_string(json, "gives_up", repair->gives_up);
        cli_json_bool(json, "lossy", repair->lossy);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

static void finding_json(CliJson *json, const char *key, const ExplainReport *report,
                         const MigFinding *finding, const char *help)
{
    g_autofree char *hint = finding ? explain_hint(report) : NULL;

    if (!finding) {
        cli_json_null(json, key);
        return;
    }
    cli_json_object(json, key);
    cli_json_string(json, "rule", mig_rule_id(finding->rule));
    cli_json_string(json, "severity", mig_severity_name(finding->severity));
    cli_json_uint(json, "offset", finding->offset);
    cli_json_string(json, "section", finding->section);
    if (finding->section) {
        cli_json_uint(json, "instance_id", finding->instance_id);
    } else {
        cli_json_null(json, "instance_id");
    }
    cli_json_string(json, "message", finding->message);
    cli_json_string(json, "hint", hint);
    cli_json_string(json, "filter", hint ? finding->remedy.filter : NULL);
    cli_json_string(json, "gives_up", finding->remedy.gives_up);
    cli_json_string(json, "help", help);
    cli_json_end_object(json);
}

/* The destinations, and what is wrong or differs that the message is about. */
static void against_json(CliJson *json, const ExplainReport *report)
{
    const MigFinding *fault = report->explanation->fault;
    const MigFinding *difference = report->explanation->difference;

    cli_json_array(json, "against");
    for (size_t i = 0; i < report->n_shapes; i++) {
        cli_json_string(json, NULL, g_ptr_array_index(report->against, i));
    }
    cli_json_end_array(json);
    finding_json(json, "fault", report, fault, fault ? explain_fault_help(report) : NULL);
    finding_json(json, "difference", report, difference,
                 difference ? difference->remedy.none : NULL);
    cli_json_uint(json, "more_differences", report->explanation->more_differences);
}

void explain_json(const ExplainReport *report)
{
    const MigExplanation *explanation = report->explanation;
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "log", report->log);
    cli_json_string(&json, "kind", kind_name(explanation->kind));
    cli_json_string(&json, "id", explanation->id);
    cli_json_uint(&json, "line", explanation->line);
    cli_json_string(&json, "text", explanation->text);
    cli_json_string(&json, "function", explanation->function);
    cli_json_string(&json, "releases", explanation->releases);
    cli_json_string(&json, "section", explanation->section);
    if (explanation->section) {
        cli_json_uint(&json, "instance_id", explanation->instance_id);
    } else {
        cli_json_null(&json, "instance_id");
    }
    cli_json_string(&json, "meaning", explanation->meaning);
    cli_json_array(&json, "facts");
    for (const char *const *fact = explanation->facts; *fact; fact++) {
        cli_json_string(&json, NULL, *fact);
    }
    cli_json_end_array(&json);
    cli_json_string(&json, "help", explanation->help);
    cli_json_string(&json, "look", explanation->look);
    others_json(&json, explanation);
    cli_json_string(&json, "stream", report->stream.file);
    places_json(&json, explanation);
    repairs_json(&json, report);
    against_json(&json, report);
    cli_json_error(&json, "error", report->stream_error);
    cli_json_string(&json, "nearest", explanation->nearest);
    cli_json_string(&json, "nearest_id", explanation->nearest_id);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}
