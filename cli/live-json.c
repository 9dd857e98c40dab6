/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the end of a live migration as JSON; the keys are described in migstat-json(5).
 * Must not know: text.
 * See also:      live-report.h.
 */
#include "convert.h"
#include "live-report.h"

static void put_channels(CliJson *json, const LiveReport *report)
{
    cli_json_array(json, "channels");
    for (size_t i = 0; i < report->n_channels; i++) {
        cli_json_object(json, NULL);
        cli_json_uint(json, "channel", i);
        cli_json_uint(json, "length", report->bytes[i]);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

static void put_answers(CliJson *json, const CliReturnWatch *back)
{
    g_autofree char *last = NULL;

    if (!back) {
        cli_json_null(json, "answers");
        return;
    }
    last = cli_return_watch_last(back);
    cli_json_object(json, "answers");
    cli_json_uint(json, "messages", back->n_messages);
    cli_json_uint(json, "page_requests", back->n_requests);
    cli_json_string(json, "last", back->shut || back->has_pong ? last : NULL);
    cli_json_end_object(json);
}

void live_json(const LiveReport *report)
{
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "command", report->command);
    cli_json_string(&json, "listens", report->listens);
    cli_json_string(&json, "connects", report->connects);
    cli_json_string(&json, "input", report->input);
    cli_json_string(&json, "output", report->output);
    if (report->loaded == LIVE_NOT_KNOWN) {
        cli_json_null(&json, "loaded");
    } else {
        cli_json_bool(&json, "loaded", report->loaded == LIVE_LOADED);
    }
    cli_json_bool(&json, "tls", report->tls);
    put_channels(&json, report);
    put_answers(&json, report->back);
    convert_put_changes(&json, report->chain);
    cli_json_bool(&json, "complete", !report->error);
    cli_json_error(&json, "error", report->error);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

void send_plan_json(const LivePlan *plan)
{
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "connects", plan->connects);
    cli_json_array(&json, "channels");
    for (size_t i = 0; i < plan->n_channels; i++) {
        cli_json_object(&json, NULL);
        cli_json_uint(&json, "channel", i);
        cli_json_string(&json, "file", plan->files[i]);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_bool(&json, "return_path", plan->return_path);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}
