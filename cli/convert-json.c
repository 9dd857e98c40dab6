/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat convert as JSON; the keys are described in migstat-json(5).
 * Must not know: any one filter.
 * See also:      convert.h; lib/filter/chain.h, which has the changes.
 */
#include "convert.h"

void convert_filters_json(void)
{
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_array(&json, NULL);
    for (const MigFilterType *const *type = mig_filter_types(); *type; type++) {
        cli_json_object(&json, NULL);
        cli_json_string(&json, "name", mig_filter_type_name(*type));
        cli_json_string(&json, "summary", mig_filter_type_summary(*type));
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_finish(&json);
}

void convert_filter_json(const MigFilterType *type)
{
    const char *key, *values, *help;
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "name", mig_filter_type_name(type));
    cli_json_string(&json, "summary", mig_filter_type_summary(type));
    cli_json_string(&json, "gives_up", mig_filter_type_gives_up(type));
    cli_json_array(&json, "options");
    for (size_t i = 0; mig_filter_type_option(type, i, &key, &values, &help); i++) {
        cli_json_object(&json, NULL);
        cli_json_string(&json, "key", key);
        cli_json_string(&json, "values", values);
        cli_json_string(&json, "help", help);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

static void put_plan(CliJson *json, const ConvertPlan *plan)
{
    g_autofree char *release =
        plan && plan->release ? mig_releases_text(mig_releases_one(plan->release)) : NULL;

    cli_json_string(json, "release", release);
    cli_json_string(json, "fit", plan ? plan->fit_name : NULL);
    cli_json_array(json, "gives_up");
    for (guint i = 0; plan && i < plan->gives_up->len; i++) {
        cli_json_string(json, NULL, g_ptr_array_index(plan->gives_up, i));
    }
    cli_json_end_array(json);
    cli_json_string(json, "verdict", plan ? plan->verdict : NULL);
}

void convert_plan_json(const MigChain *chain, const ConvertPlan *plan)
{
    const char *text, *summary;
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_array(&json, "filters");
    for (size_t i = 0; mig_chain_describe(chain, i, &text, &summary); i++) {
        cli_json_object(&json, NULL);
        cli_json_string(&json, "filter", text);
        cli_json_string(&json, "summary", summary);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_bool(&json, "looks_ahead", mig_chain_needs_scan(chain));
    put_plan(&json, plan);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

void convert_put_changes(CliJson *json, const MigChain *chain)
{
    size_t n = 0;
    const MigChange *changes = chain ? mig_chain_changes(chain, &n) : NULL;

    cli_json_array(json, "changes");
    for (size_t i = 0; i < n; i++) {
        cli_json_object(json, NULL);
        cli_json_string(json, "filter", changes[i].filter);
        cli_json_string(json, "section", changes[i].section);
        if (changes[i].section) {
            cli_json_uint(json, "instance_id", changes[i].instance_id);
        }
        cli_json_string(json, "change", changes[i].text);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
    cli_json_uint(json, "more_changes", chain ? mig_chain_more_changes(chain) : 0);
}

void convert_json(const ConvertResult *result)
{
    const MigContainer *container;
    const char *name;
    CliJson json;

    cli_json_init(&json, stderr);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "input", result->input);
    cli_json_string(&json, "output", result->output);
    cli_json_uint(&json, "stream_bytes", mig_output_tell(result->out));
    cli_json_uint(&json, "written_bytes", mig_output_written(result->out));
    cli_json_uint(&json, "unread_bytes", result->unread.to - result->unread.from);
    cli_json_array(&json, "unwrapped");
    for (size_t i = 0; (container = mig_input_container(result->in, i)); i++) {
        if (!convert_is_kept(result, container)) {
            cli_json_string(&json, NULL, mig_container_name(container));
        }
    }
    cli_json_end_array(&json);
    cli_json_array(&json, "wrapped");
    for (size_t i = 0; (name = mig_output_wrapper(result->out, i)); i++) {
        cli_json_string(&json, NULL, name);
    }
    cli_json_end_array(&json);
    cli_json_array(&json, "image");
    for (guint i = 0; i < result->notes->len; i++) {
        cli_json_string(&json, NULL, g_ptr_array_index(result->notes, i));
    }
    cli_json_end_array(&json);
    convert_put_changes(&json, result->chain);
    put_plan(&json, result->plan);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}
