/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how differences look, as lines below the section that they are in, and as
 *                JSON objects.
 * Must not know: what is compared.
 * See also:      cmd-diff.c; diff-value.c, the values in them.
 */
#include <string.h>

#include "diff.h"
#include "text.h"

#define PATH_COLUMNS 40
#define HANG         6 /* of what does not fit beside a path */

/* Lines about one section, unless all are asked for. */
#define LINES_MAX 100u

/* The last page of a block may be cut short. */
static uint64_t count_pages(uint64_t length, uint32_t page_size)
{
    return (length + page_size - 1) / page_size;
}

/* What the difference is called in its section; NULL: it is the section. */
static char *path_of(const MigDifference *d)
{
    if (d->kind == MIG_DIFFERENCE_RAM_PAGES) {
        return g_strdup_printf("%s 0x%" PRIx64 "-0x%" PRIx64, d->block->name, d->address,
                               d->address + d->length - 1);
    }
    return g_strdup(d->block ? d->block->name : d->path);
}

/* --- text -------------------------------------------------------------------------------- */

static void print_files(const DiffReport *report)
{
    for (int i = 0; i < 2; i++) {
        g_autofree char *file = cli_file_name(report->file[i]);
        g_autofree char *line = g_strdup_printf(
            "%s%s %s%s", cli_style(report->color, i ? CLI_GREEN : CLI_RED),
            i ? "+++" : "---", file, cli_style(report->color, CLI_PLAIN));

        cli_print_row(stdout, HANG, line);
    }
}

static void end_section(DiffReport *report)
{
    if (!report->all && report->lines > LINES_MAX) {
        g_autofree char *more = cli_number(report->lines - LINES_MAX);

        printf("  and %s more (--all shows each)\n", more);
    }
    report->lines = 0;
    g_clear_pointer(&report->heading, g_free);
}

/* The section, once for all lines about it. */
static void print_heading(DiffReport *report, const MigDifference *d)
{
    g_autofree char *heading =
        d->section ? mig_address_of_section(d->section->name, d->section->instance_id)
                   : g_strdup(d->block ? "RAM" : "");
    g_autofree char *shown = cli_escape(heading, strlen(heading));

    if (report->heading && g_str_equal(report->heading, heading)) {
        return;
    }
    end_section(report);
    if (*heading) {
        g_autofree char *line =
            g_strdup_printf("%s%s%s", cli_style(report->color, CLI_BOLD), shown,
                            cli_style(report->color, CLI_PLAIN));

        cli_print_row(stdout, HANG, line);
    }
    report->heading = g_steal_pointer(&heading);
}

/* What is before the values; NULL where the line is one too many. */
static GString *begin_line(DiffReport *report, const MigDifference *d)
{
    g_autofree char *path = path_of(d), *shown = NULL;
    const char *label = path ? path : mig_difference_kind_name(d->kind);
    GString *line;
    int indent;

    if (report->found == 1) {
        print_files(report);
    }
    print_heading(report, d);
    if (report->lines++ >= LINES_MAX && !report->all) {
        return NULL;
    }
    indent = *report->heading ? 2 : 0;
    shown = cli_escape(label, strlen(label));
    line = g_string_new(NULL);
    g_string_printf(line, "%*s%-*s  ", indent, "", PATH_COLUMNS - indent, shown);
    return line;
}

static void append_pages(GString *line, const MigDifference *d)
{
    uint64_t pages = count_pages(d->length, d->page_size);
    g_autofree char *number = cli_number(pages);

    g_string_append_printf(line, "%s %s", number,
                           pages == 1 ? "page differs" : "pages differ");
}

static void append_both(const DiffReport *report, GString *line, const MigDifference *d)
{
    const char *plain = cli_style(report->color, CLI_PLAIN);
    g_autofree char *a = diff_value_text(d, MIG_DIFF_A);
    g_autofree char *b = diff_value_text(d, MIG_DIFF_B);

    g_string_append_printf(line, "%s%s%s -> %s%s%s", cli_style(report->color, CLI_RED), a,
                           plain, cli_style(report->color, CLI_GREEN), b, plain);
}

static void append_one(const DiffReport *report, GString *line, const MigDifference *d)
{
    MigDiffSide side = d->value[MIG_DIFF_A].present ? MIG_DIFF_A : MIG_DIFF_B;
    bool in_a = side == MIG_DIFF_A;
    g_autofree char *text = diff_value_text(d, side);

    g_string_append_printf(line, "%sonly in %s%s%s%s",
                           cli_style(report->color, in_a ? CLI_RED : CLI_GREEN),
                           in_a ? "---" : "+++", *text ? ": " : "", text,
                           cli_style(report->color, CLI_PLAIN));
}

static void print_text(DiffReport *report, const MigDifference *d)
{
    g_autoptr(GString) line = begin_line(report, d);

    if (!line) {
        return;
    }
    if (d->kind == MIG_DIFFERENCE_RAM_PAGES) {
        append_pages(line, d);
    } else if (d->value[MIG_DIFF_A].present && d->value[MIG_DIFF_B].present) {
        append_both(report, line, d);
    } else {
        append_one(report, line, d);
    }
    cli_print_row(stdout, HANG, line->str);
}

/* After the pages of a block in more than one row: how many there are.  Of a block that could
 * not be read to its end nobody knows. */
static void end_block(DiffReport *report)
{
    const MigRamBlock *block = report->block;

    if (block && report->rows > 1 && !mig_diff_error(report->diff, MIG_DIFF_A) &&
        !mig_diff_error(report->diff, MIG_DIFF_B)) {
        uint64_t of_pages = count_pages(block->used_length, report->page_size);
        g_autofree char *name = cli_escape(block->name, block->name_length);
        g_autofree char *number = cli_number(report->pages), *all = cli_number(of_pages);
        g_autoptr(GString) line = g_string_new(NULL);

        g_string_printf(line, "  %-*s  %s of %s pages differ", PATH_COLUMNS - 2, name,
                        number, all);
        cli_print_row(stdout, HANG, line->str);
    }
    report->block = NULL;
    report->rows = report->pages = 0;
}

/* Counts what end_block() tells. */
static void follow_block(DiffReport *report, const MigDifference *d)
{
    const MigRamBlock *block = d->kind == MIG_DIFFERENCE_RAM_PAGES ? d->block : NULL;

    if (block != report->block) {
        end_block(report);
    }
    if (block) {
        report->block = block;
        report->page_size = d->page_size;
        report->pages += count_pages(d->length, d->page_size);
        report->rows++;
    }
}

/* --- JSON -------------------------------------------------------------------------------- */

/* A difference, all but its values; the object stays open. */
static void json_place(CliJson *json, const MigDifference *d)
{
    const MigField *field = d->value[MIG_DIFF_A].present ? d->value[MIG_DIFF_A].field
                                                         : d->value[MIG_DIFF_B].field;
    g_autofree char *path = path_of(d);

    cli_json_object(json, NULL);
    cli_json_string(json, "what", mig_difference_kind_name(d->kind));
    if (d->section) {
        cli_json_string_len(json, "section", d->section->name, d->section->name_length);
        cli_json_uint(json, "instance_id", d->section->instance_id);
    }
    if (path) {
        cli_json_string(json, "path", path);
    }
    if (field) {
        cli_json_string(json, "type", field->type);
    }
    cli_json_string(json, "in",
                    !d->value[MIG_DIFF_B].present   ? "a"
                    : !d->value[MIG_DIFF_A].present ? "b"
                                                    : "both");
}

static void json_pages(CliJson *json, const MigDifference *d)
{
    cli_json_string_len(json, "block", d->block->name, d->block->name_length);
    cli_json_uint(json, "address", d->address);
    cli_json_wide(json, "address", d->address, 1);
    cli_json_uint(json, "length", d->length);
    cli_json_uint(json, "pages", count_pages(d->length, d->page_size));
}

static void print_json(CliJson *json, const MigDifference *d)
{
    json_place(json, d);
    if (d->kind == MIG_DIFFERENCE_RAM_PAGES) {
        json_pages(json, d);
    } else {
        diff_value_json(json, "a", d, MIG_DIFF_A);
        diff_value_json(json, "b", d, MIG_DIFF_B);
    }
    cli_json_end_object(json);
}

/* --- either ------------------------------------------------------------------------------ */

void diff_report(const MigDifference *difference, void *user)
{
    DiffReport *report = user;

    report->found++;
    if (report->json) {
        print_json(report->json, difference);
    } else if (!report->quiet) {
        follow_block(report, difference);
        print_text(report, difference);
    }
}

void diff_report_end(DiffReport *report)
{
    end_block(report);
    end_section(report);
}
