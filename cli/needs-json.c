/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat needs as JSON; the keys are described in migstat-json(5).
 * Must not know: options.
 * See also:      needs.h; docs/schema/needs.json.
 */
#include "json.h"
#include "needs.h"

void needs_json(const NeedsReport *report)
{
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "file", report->file);
    cli_json_array(&json, "needs");
    for (size_t i = 0; i < report->n; i++) {
        const MigNeed *need = &report->needs[i];

        cli_json_object(&json, NULL);
        cli_json_string(&json, "kind", mig_need_kind_name(need->kind));
        cli_json_string(&json, "option", need->option);
        cli_json_string(&json, "value", need->value);
        cli_json_string(&json, "section", need->section);
        cli_json_string(&json, "note", need->note);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_string(&json, "definition", report->definition);
    cli_json_error(&json, "error", report->error);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}
