/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what migstat convert says when it is done: one line on stderr.
 * Must not know: any one filter.
 * See also:      convert.h; lib/filter/chain.h, which has the changes.
 */
#include <string.h>

#include "convert.h"
#include "json.h"
#include "text.h"

/* Changes that are told one by one. */
#define TOLD_MAX 16u

static void append_change(GString *line, const MigChange *change)
{
    g_autofree char *text = cli_own_text(change->text);

    g_string_append(line, "; ");
    if (change->section) {
        g_autofree char *section = cli_escape(change->section, strlen(change->section));

        g_string_append(line, section);
        if (change->instance_id) {
            g_string_append_printf(line, " (instance %u)", change->instance_id);
        }
        g_string_append(line, ": ");
    }
    g_string_append(line, text);
}

static void report_text(const ConvertResult *result)
{
    g_autofree char *name = cli_file_name(result->output);
    g_autofree char *size = cli_number(mig_output_written(result->out));
    g_autoptr(GString) line = g_string_new(name);
    size_t n;
    const MigChange *changes = mig_chain_changes(result->chain, &n);
    const MigContainer *container;

    g_string_append_printf(line, ": %s bytes", size);
    for (size_t i = 0; (container = mig_input_container(result->in, i)); i++) {
        if (!result->zstd || strcmp(mig_container_name(container), "zstd") != 0) {
            g_string_append_printf(line, "; unwrapped from %s",
                                   mig_container_name(container));
        }
    }
    for (size_t i = 0; i < n && i < TOLD_MAX; i++) {
        append_change(line, &changes[i]);
    }
    if (n > TOLD_MAX) {
        g_autofree char *more =
            cli_number(n - TOLD_MAX + mig_chain_more_changes(result->chain));

        g_string_append_printf(line, "; and %s more", more);
    }
    g_string_append(line, n ? "; everything else unchanged" : "; unchanged");
    for (guint i = 0; result->plan && i < result->plan->gives_up->len; i++) {
        g_string_append_printf(
            line, "; gives up: %s",
            (const char *)g_ptr_array_index(result->plan->gives_up, i));
    }
    if (result->plan) {
        g_string_append_printf(line, "; %s", result->plan->verdict);
    }
    cli_print_line(stderr, 4, line->str);
}

static void report_json(const ConvertResult *result)
{
    size_t n;
    const MigChange *changes = mig_chain_changes(result->chain, &n);
    const MigContainer *container;
    CliJson json;

    cli_json_init(&json, stderr);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "input", result->input);
    cli_json_string(&json, "output", result->output);
    cli_json_uint(&json, "stream_bytes", mig_output_tell(result->out));
    cli_json_uint(&json, "written_bytes", mig_output_written(result->out));
    cli_json_array(&json, "unwrapped");
    for (size_t i = 0; (container = mig_input_container(result->in, i)); i++) {
        cli_json_string(&json, NULL, mig_container_name(container));
    }
    cli_json_end_array(&json);
    cli_json_array(&json, "changes");
    for (size_t i = 0; i < n; i++) {
        cli_json_object(&json, NULL);
        cli_json_string(&json, "filter", changes[i].filter);
        cli_json_string(&json, "section", changes[i].section);
        if (changes[i].section) {
            cli_json_uint(&json, "instance_id", changes[i].instance_id);
        }
        cli_json_string(&json, "change", changes[i].text);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_uint(&json, "more_changes", mig_chain_more_changes(result->chain));
    convert_plan_json(&json, result->plan);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

void convert_report(const ConvertResult *result, CliFormat format)
{
    if (format == CLI_FORMAT_JSON) {
        report_json(result);
    } else {
        report_text(result);
    }
}
