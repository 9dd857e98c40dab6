/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat check --summary as JSON: a line for each file; the keys are described
 *                in migstat-json(5).
 * Must not know: any one rule.
 * See also:      check-summary.h, what it shows.
 */
#include "check-summary.h"
#include "json.h"

static void *begin(MigReleaseSet releases)
{
    (void)releases;
    return NULL;
}

static void vfio_json(CliJson *json, const CheckRow *row)
{
    uint64_t all = 0;

    cli_json_object(json, "vfio_dialects");
    for (size_t i = 0; i < CHECK_ROW_DIALECTS; i++) {
        if (row->vfio[i]) {
            cli_json_uint(json, mig_vfio_dialect_name((MigVfioDialect)i), row->vfio[i]);
        }
        all += row->vfio[i];
    }
    cli_json_end_object(json);
    cli_json_uint(json, "vfio", all);
}

static void rules_json(CliJson *json, const CheckRow *row)
{
    const MigRule *rule;

    cli_json_array(json, "rules");
    for (size_t i = 0; (rule = check_row_rule(row, i)); i++) {
        cli_json_string(json, NULL, mig_rule_id(rule));
    }
    cli_json_end_array(json);
}

static void refused_json(CliJson *json, const CheckRow *row)
{
    MigRelease release;

    cli_json_array(json, "refused_by");
    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        if (row->refusing & mig_releases_one(release)) {
            g_autofree char *name = mig_releases_text(mig_releases_one(release));

            cli_json_string(json, NULL, name);
        }
    }
    cli_json_end_array(json);
}

static void row_json(void *table, const char *file, const CheckRow *row)
{
    CliJson json;

    (void)table;
    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "file", file);
    cli_json_bool(&json, "judged", row->is_judged);
    cli_json_string(&json, "machine", *row->machine ? row->machine : NULL);
    if (row->is_stream) {
        cli_json_uint(&json, "ram", row->ram);
    } else {
        cli_json_null(&json, "ram");
    }
    vfio_json(&json, row);
    cli_json_uint(&json, "errors", row->errors);
    cli_json_uint(&json, "warnings", row->warnings);
    cli_json_uint(&json, "notes", row->notes);
    rules_json(&json, row);
    refused_json(&json, row);
    cli_json_bool(&json, "complete", row->is_complete);
    cli_json_string(&json, "stopped", *row->error ? row->error : NULL);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

static void end(void *table)
{
    (void)table;
}

const CheckSummaryView check_summary_json = { begin, row_json, end };
