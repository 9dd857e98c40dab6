/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      what migstat convert says when it is done: one line on stderr.
 * Knows not: any one filter.
 * Beside it: convert.h; lib/filter/chain.h, which has the changes.
 */
#include <string.h>

#include "convert.h"
#include "json.h"
#include "text.h"

/* Changes that are told one by one. */
#define TOLD_MAX 16u

/* Its own words are UTF-8; what it quotes from the stream may be anything. */
static void print_text(const char *text)
{
    for (const char *p = text; *p;) {
        gunichar c = g_utf8_get_char_validated(p, -1);
        bool valid = c < 0x110000;
        int n = valid ? g_unichar_to_utf8(c, NULL) : 1;

        if (valid && g_unichar_isprint(c)) {
            fwrite(p, 1, (size_t)n, stderr);
        } else {
            g_autofree char *escaped = cli_escape(p, (size_t)n);

            fputs(escaped, stderr);
        }
        p += n;
    }
}

static void print_change(const MigChange *change)
{
    fputs("; ", stderr);
    if (change->section) {
        g_autofree char *section = cli_escape(change->section, strlen(change->section));

        fprintf(stderr, "%s", section);
        if (change->instance_id) {
            fprintf(stderr, " (instance %u)", change->instance_id);
        }
        fputs(": ", stderr);
    }
    print_text(change->text);
}

static void report_text(const ConvertResult *result)
{
    g_autofree char *name = cli_escape(result->output, strlen(result->output));
    g_autofree char *size = cli_number(mig_output_written(result->out));
    size_t n, n_containers;
    const MigChange *changes = mig_chain_changes(result->chain, &n);
    const MigContainer *containers = mig_input_containers(result->in, &n_containers);

    fprintf(stderr, "%s: %s bytes", name, size);
    for (size_t i = 0; i < n_containers; i++) {
        if (!result->zstd || strcmp(containers[i].name, "zstd") != 0) {
            fprintf(stderr, "; unwrapped from %s", containers[i].name);
        }
    }
    for (size_t i = 0; i < n && i < TOLD_MAX; i++) {
        print_change(&changes[i]);
    }
    if (n > TOLD_MAX) {
        fprintf(stderr, "; and %zu more", n - TOLD_MAX);
    }
    fprintf(stderr, "; %s\n", n ? "everything else unchanged" : "unchanged");
}

static void report_json(const ConvertResult *result)
{
    size_t n, n_containers;
    const MigChange *changes = mig_chain_changes(result->chain, &n);
    const MigContainer *containers = mig_input_containers(result->in, &n_containers);
    CliJson json;

    cli_json_init(&json, stderr);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "input", result->input);
    cli_json_string(&json, "output", result->output);
    cli_json_uint(&json, "stream_bytes", mig_output_tell(result->out));
    cli_json_uint(&json, "written_bytes", mig_output_written(result->out));
    cli_json_array(&json, "unwrapped");
    for (size_t i = 0; i < n_containers; i++) {
        cli_json_string(&json, NULL, containers[i].name);
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
