/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat check --summary as text: a table.
 * Must not know: any one rule.
 * See also:      check-summary.h, what it shows.
 */
#include <string.h>

#include "check-summary.h"
#include "text.h"

typedef struct Summary {
    CliTable *table;
    uint64_t ram, devices;
    size_t files;
} Summary;

static void *begin(MigReleaseSet releases)
{
    Summary *summary = g_new0(Summary, 1);

    summary->table = cli_table_new(releases ? "llrlww" : "llrlw");
    if (releases) {
        cli_table_head(summary->table, "FILE", "MACHINE", "RAM", "VFIO", "DEFECTS",
                       "REFUSED BY QEMU");
    } else {
        cli_table_head(summary->table, "FILE", "MACHINE", "RAM", "VFIO", "DEFECTS");
    }
    return summary;
}

/* "2 config-first, 1 subflag"; devices that sent no configuration are "2 without". */
static char *vfio_text(const CheckRow *row)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < CHECK_ROW_DIALECTS; i++) {
        if (row->vfio[i]) {
            g_string_append_printf(text, "%s%u %s", text->len ? ", " : "", row->vfio[i],
                                   i == MIG_VFIO_DIALECT_NONE
                                       ? "without configuration"
                                       : mig_vfio_dialect_name((MigVfioDialect)i));
        }
    }
    return g_string_free(text, FALSE);
}

static void append_count(GString *text, uint64_t n, const char *what)
{
    if (n) {
        g_string_append_printf(text, "%s%" PRIu64 " %s%s", text->len ? ", " : "", n, what,
                               n == 1 ? "" : "s");
    }
}

/* "2 errors, 1 warning: RULE, RULE" */
static char *defects_text(const CheckRow *row)
{
    GString *text = g_string_new(NULL);
    const MigRule *rule;

    if (!row->is_judged) {
        return g_string_free(g_string_append(text, "could not be judged"), FALSE);
    }
    append_count(text, row->errors, "error");
    append_count(text, row->warnings, "warning");
    for (size_t i = 0; (rule = check_row_rule(row, i)); i++) {
        g_string_append_printf(text, "%s%s", i ? ", " : ": ", mig_rule_id(rule));
    }
    if (!text->len) {
        g_string_append(text, row->is_complete ? "none" : "not judged to its end");
    }
    return g_string_free(text, FALSE);
}

static char *refusing_text(const CheckRow *row)
{
    return !row->is_judged ? g_strdup("")
           : row->refusing ? mig_releases_text(row->refusing)
                           : g_strdup("none");
}

static void add_row(void *table, const char *file, const CheckRow *row)
{
    Summary *summary = table;
    g_autofree char *name = cli_file_name(file);
    g_autofree char *machine = cli_escape(row->machine, strlen(row->machine));
    g_autofree char *ram = row->is_stream ? cli_size(row->ram) : g_strdup("");
    g_autofree char *vfio = vfio_text(row), *defects = defects_text(row);
    g_autofree char *refusing = refusing_text(row);
    const char *const cells[] = { name, machine, ram, vfio, defects, refusing };

    cli_table_cells(summary->table, cells);
    summary->ram += row->ram;
    summary->files++;
    for (size_t i = 0; i < CHECK_ROW_DIALECTS; i++) {
        summary->devices += row->vfio[i];
    }
}

static void end(void *table)
{
    Summary *summary = table;

    if (summary->files) {
        cli_table_print(summary->table, stdout, 0);
    } else {
        cli_table_free(summary->table);
    }
    if (summary->files > 1) {
        g_autofree char *ram = cli_size(summary->ram);
        g_autofree char *devices = cli_number(summary->devices);

        printf("\n%s of RAM and %s VFIO device%s in all\n", ram, devices,
               summary->devices == 1 ? "" : "s");
    }
    g_free(summary);
}

const CheckSummaryView check_summary_text = { begin, add_row, end };
