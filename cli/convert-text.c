/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat convert as text: what was done, one line on stderr; the filters
 *                there are, and a chain of them.
 * Must not know: any one filter.
 * See also:      convert.h; lib/filter/chain.h, which has the changes.
 */
#include <string.h>

#include "convert.h"
#include "text.h"

/* Changes that are told one by one. */
#define TOLD_MAX 16u

void convert_append_change(GString *line, const MigChange *change)
{
    g_autofree char *text = cli_own_text(change->text);

    g_string_append(line, "; ");
    if (change->section) {
        g_autofree char *section =
            cli_address(change->section, strlen(change->section), change->instance_id);

        g_string_append_printf(line, "%s: ", section);
    }
    g_string_append(line, text);
}

static guint hash(gconstpointer p)
{
    const MigChange *change = p;

    return g_str_hash(change->text) ^ change->instance_id;
}

static gboolean is_same(gconstpointer p, gconstpointer q)
{
    const MigChange *a = p, *b = q;

    return a->instance_id == b->instance_id && g_strcmp0(a->section, b->section) == 0 &&
           strcmp(a->text, b->text) == 0;
}

/* How many of @n changes say the same as the first of them: MigChange -> number. */
static GHashTable *count_same(const MigChange *changes, size_t n)
{
    GHashTable *times = g_hash_table_new(hash, is_same);

    for (size_t i = 0; i < n; i++) {
        gpointer key = (gpointer)(uintptr_t)&changes[i];
        gsize before = GPOINTER_TO_SIZE(g_hash_table_lookup(times, key));

        g_hash_table_insert(times, key, GSIZE_TO_POINTER(before + 1));
    }
    return times;
}

/* Each once: a device may send a field twice, and then both are changed.  What was not kept may
 * be the same too. */
static void append_changes(GString *line, const MigChain *chain)
{
    size_t n, told = 0;
    const MigChange *changes = mig_chain_changes(chain, &n);
    g_autoptr(GHashTable) times = count_same(changes, n);
    const uint64_t more = mig_chain_more_changes(chain);
    uint64_t left = n + more;

    for (size_t i = 0; i < n && told < TOLD_MAX; i++) {
        gsize same = GPOINTER_TO_SIZE(g_hash_table_lookup(times, &changes[i]));

        if (!g_hash_table_remove(times, &changes[i])) {
            continue;
        }
        convert_append_change(line, &changes[i]);
        if (same > 1) {
            g_autofree char *number = cli_number(same);

            g_string_append_printf(line, " (%s%s times)", more ? "at least " : "",
                                   number);
        }
        left -= same;
        told++;
    }
    if (left > 0) {
        g_autofree char *rest = cli_number(left);

        g_string_append_printf(line, "; and %s more", rest);
    }
}

static bool was_there(const ConvertResult *result, const char *wrapper)
{
    const MigContainer *container;

    for (size_t i = 0; (container = mig_input_container(result->in, i)); i++) {
        if (strcmp(wrapper, mig_container_name(container)) == 0) {
            return true;
        }
    }
    return false;
}

/* Which of what is around the stream is new; whether any is. */
static bool append_wrappers(GString *line, const ConvertResult *result)
{
    const char *wrapper;
    bool any = false;

    for (size_t i = 0; (wrapper = mig_output_wrapper(result->out, i)); i++) {
        if (!was_there(result, wrapper)) {
            g_string_append_printf(line, "; compressed with %s", wrapper);
            any = true;
        }
    }
    return any;
}

void convert_text(const ConvertResult *result)
{
    g_autofree char *name = cli_file_name(result->output);
    g_autofree char *size = cli_number(mig_output_written(result->out));
    g_autoptr(GString) line = g_string_new(name);
    size_t n;
    const MigContainer *container;
    bool changed;

    g_string_append_printf(line, ": %s bytes", size);
    for (size_t i = 0; (container = mig_input_container(result->in, i)); i++) {
        if (!convert_is_kept(result, container)) {
            g_string_append_printf(line, "; unwrapped from %s",
                                   mig_container_name(container));
        } else if (mig_container_header_length(container) > 0) {
            g_string_append_printf(line, "; in %s", mig_container_words(container));
        }
    }
    mig_chain_changes(result->chain, &n);
    changed = append_wrappers(line, result) || n || result->notes->len;
    for (guint i = 0; i < result->notes->len; i++) {
        g_autofree char *note = cli_own_text(g_ptr_array_index(result->notes, i));

        g_string_append_printf(line, "; %s", note);
    }
    append_changes(line, result->chain);
    g_string_append(line, changed ? "; everything else unchanged" : "; unchanged");
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

void convert_filters_text(void)
{
    CliTable *table = cli_table_new("lw");

    for (const MigFilterType *const *type = mig_filter_types(); *type; type++) {
        cli_table_row(table, mig_filter_type_name(*type), mig_filter_type_summary(*type));
    }
    cli_table_print(table, stdout, 0);
}

void convert_filter_text(const MigFilterType *type)
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
    g_autofree char *lost =
        g_strdup_printf("  gives up: %s", mig_filter_type_gives_up(type));
    cli_print_row(stdout, 4, lost);
}

static void print_plan(const ConvertPlan *plan)
{
    for (guint i = 0; i < plan->gives_up->len; i++) {
        printf("gives up: %s\n", (const char *)g_ptr_array_index(plan->gives_up, i));
    }
    printf("then: %s\n", plan->verdict);
}

void convert_plan_text(const MigChain *chain, const ConvertPlan *plan)
{
    const char *text, *summary;

    for (size_t i = 0; mig_chain_describe(chain, i, &text, &summary); i++) {
        g_autofree char *meaning = g_strdup_printf("    %s", summary);
        g_autofree char *filter = cli_own_text(text);

        cli_print_row(stdout, 8, filter);
        cli_print_row(stdout, 4, meaning);
    }
    if (plan) {
        print_plan(plan);
    } else if (mig_chain_needs_scan(chain)) {
        puts("Reads a file twice, unless its end tells enough; spools a pipe.");
    }
}
