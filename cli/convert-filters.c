/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how migstat convert shows the filters there are, and a chain of them.
 * Must not know: any one filter.
 * See also:      convert.h; lib/filter/chain.h.
 */
#include "convert.h"
#include "json.h"
#include "text.h"

static void list_json(void)
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

void convert_list_filters(CliFormat format)
{
    CliTable *table;

    if (format == CLI_FORMAT_JSON) {
        list_json();
        return;
    }
    table = cli_table_new("lw");
    for (const MigFilterType *const *type = mig_filter_types(); *type; type++) {
        cli_table_row(table, mig_filter_type_name(*type), mig_filter_type_summary(*type));
    }
    cli_table_print(table, stdout, 0);
}

static void help_text(const MigFilterType *type)
{
    const char *key, *values, *help;

    g_autofree char *title = g_strdup_printf("%s: %s", mig_filter_type_name(type),
                                             mig_filter_type_summary(type));

    cli_print_row(stdout, 4, title);
    for (size_t i = 0; mig_filter_type_option(type, i, &key, &values, &help); i++) {
        g_autofree char *option = g_strdup_printf("  %s=%s", key, values);
        g_autofree char *meaning = g_strdup_printf("      %s", help);

        cli_print_row(stdout, 10, option);
        cli_print_row(stdout, 6, meaning);
    }
}

static void help_json(const MigFilterType *type)
{
    const char *key, *values, *help;
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "name", mig_filter_type_name(type));
    cli_json_string(&json, "summary", mig_filter_type_summary(type));
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

CliStatus convert_help_filter(const char *name, CliFormat format)
{
    const MigFilterType *type = mig_filter_type_find(name);

    if (!type) {
        g_autofree char *hint = mig_filter_type_nearest(name);

        fprintf(stderr, "migstat convert: there is no filter called \"%s\"%s\n", name,
                hint);
        return CLI_TROUBLE;
    }
    if (format == CLI_FORMAT_JSON) {
        help_json(type);
    } else {
        help_text(type);
    }
    return CLI_OK;
}

static void plan_text(const ConvertPlan *plan)
{
    for (guint i = 0; i < plan->gives_up->len; i++) {
        printf("gives up: %s\n", (const char *)g_ptr_array_index(plan->gives_up, i));
    }
    printf("then: %s\n", plan->verdict);
}

void convert_plan_json(CliJson *json, const ConvertPlan *plan)
{
    g_autofree char *release =
        plan ? mig_releases_text(mig_releases_one(plan->release)) : NULL;

    cli_json_string(json, "release", release);
    cli_json_array(json, "gives_up");
    for (guint i = 0; plan && i < plan->gives_up->len; i++) {
        cli_json_string(json, NULL, g_ptr_array_index(plan->gives_up, i));
    }
    cli_json_end_array(json);
    cli_json_string(json, "verdict", plan ? plan->verdict : NULL);
}

static void explain_text(const MigChain *chain, const ConvertPlan *plan)
{
    const char *text, *summary;

    for (size_t i = 0; mig_chain_describe(chain, i, &text, &summary); i++) {
        g_autofree char *meaning = g_strdup_printf("    %s", summary);
        g_autofree char *filter = cli_own_text(text);

        cli_print_row(stdout, 8, filter);
        cli_print_row(stdout, 4, meaning);
    }
    if (plan) {
        plan_text(plan);
    } else if (mig_chain_needs_scan(chain)) {
        puts("Reads a file twice, unless its end tells enough; spools a pipe.");
    }
}

static void explain_json(const MigChain *chain, const ConvertPlan *plan)
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
    convert_plan_json(&json, plan);
    cli_json_end_object(&json);
    cli_json_finish(&json);
}

void convert_explain(const MigChain *chain, const ConvertPlan *plan, CliFormat format)
{
    if (format == CLI_FORMAT_JSON) {
        explain_json(chain, plan);
    } else {
        explain_text(chain, plan);
    }
}
