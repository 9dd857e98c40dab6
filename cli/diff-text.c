/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat diff as text: lines below the section that they are about.
 * Must not know: what is compared.
 * See also:      cmd-diff.c, which calls it; diff-value.c, the values in them.
 */
#include <string.h>

#include "diff.h"
#include "format.h"
#include "text.h"

#define PATH_COLUMNS 40
#define HANG         6 /* of what does not fit beside a path */

/* Lines about one section, unless all are asked for. */
#define LINES_MAX 100u

typedef struct View {
    const DiffRun *run;
    bool color;
    char *heading;  /* of the section that the last line was about */
    uint64_t lines; /* about it, printed or not */
    /* The RAM block whose pages came last, and what has come of it. */
    const MigRamBlock *block;
    uint64_t rows, pages;
    uint32_t page_size;
} View;

/* With its snapshot, where each of the two was given one. */
static char *name_of(const DiffRun *run, int side)
{
    const char *of[] = { run->common->snapshot, run->common->other_snapshot };
    g_autofree char *file = cli_file_name(run->file[side]), *snapshot = NULL;

    if (!of[1]) {
        return g_steal_pointer(&file);
    }
    snapshot = cli_escape(of[side], strlen(of[side]));
    return g_strdup_printf("%s (snapshot %s)", file, snapshot);
}

static void print_files(const View *v)
{
    for (int i = 0; i < 2; i++) {
        g_autofree char *file = name_of(v->run, i);
        g_autofree char *line =
            g_strdup_printf("%s%s %s%s", cli_style(v->color, i ? CLI_GREEN : CLI_RED),
                            i ? "+++" : "---", file, cli_style(v->color, CLI_PLAIN));

        cli_print_row(stdout, HANG, line);
    }
}

static void end_section(View *v)
{
    if (!v->run->all && v->lines > LINES_MAX) {
        g_autofree char *more = cli_number(v->lines - LINES_MAX);

        printf("  and %s more (--all shows each)\n", more);
    }
    v->lines = 0;
    g_clear_pointer(&v->heading, g_free);
}

/* The section, once for all lines about it. */
static void print_heading(View *v, const MigDifference *d)
{
    g_autofree char *heading =
        d->section ? mig_address_of_section(d->section->name, d->section->instance_id)
                   : g_strdup(d->block ? "RAM" : "");
    g_autofree char *shown = cli_escape(heading, strlen(heading));

    if (v->heading && g_str_equal(v->heading, heading)) {
        return;
    }
    end_section(v);
    if (*heading) {
        g_autofree char *line = g_strdup_printf("%s%s%s", cli_style(v->color, CLI_BOLD),
                                                shown, cli_style(v->color, CLI_PLAIN));

        cli_print_row(stdout, HANG, line);
    }
    v->heading = g_steal_pointer(&heading);
}

/* What is before the values; NULL where the line is one too many. */
static GString *begin_line(View *v, const MigDifference *d)
{
    g_autofree char *path = diff_path(d), *shown = NULL;
    const char *label = path ? path : mig_difference_kind_name(d->kind);
    GString *line;
    int indent;

    if (v->run->found == 1) {
        print_files(v);
    }
    print_heading(v, d);
    if (v->lines++ >= LINES_MAX && !v->run->all) {
        return NULL;
    }
    indent = *v->heading ? 2 : 0;
    shown = cli_escape(label, strlen(label));
    line = g_string_new(NULL);
    g_string_printf(line, "%*s%-*s  ", indent, "", PATH_COLUMNS - indent, shown);
    return line;
}

static void append_pages(GString *line, const MigDifference *d)
{
    uint64_t pages = diff_pages(d->length, d->page_size);
    g_autofree char *number = cli_number(pages);

    g_string_append_printf(line, "%s %s", number,
                           pages == 1 ? "page differs" : "pages differ");
}

static void append_both(const View *v, GString *line, const MigDifference *d)
{
    const char *plain = cli_style(v->color, CLI_PLAIN);
    g_autofree char *a = diff_value_text(d, MIG_DIFF_A);
    g_autofree char *b = diff_value_text(d, MIG_DIFF_B);

    g_string_append_printf(line, "%s%s%s -> %s%s%s", cli_style(v->color, CLI_RED), a,
                           plain, cli_style(v->color, CLI_GREEN), b, plain);
}

static void append_one(const View *v, GString *line, const MigDifference *d)
{
    MigDiffSide side = d->value[MIG_DIFF_A].present ? MIG_DIFF_A : MIG_DIFF_B;
    bool in_a = side == MIG_DIFF_A;
    g_autofree char *text = diff_value_text(d, side);

    g_string_append_printf(
        line, "%sonly in %s%s%s%s", cli_style(v->color, in_a ? CLI_RED : CLI_GREEN),
        in_a ? "---" : "+++", *text ? ": " : "", text, cli_style(v->color, CLI_PLAIN));
}

static void print_line(View *v, const MigDifference *d)
{
    g_autoptr(GString) line = begin_line(v, d);

    if (!line) {
        return;
    }
    if (d->kind == MIG_DIFFERENCE_RAM_PAGES) {
        append_pages(line, d);
    } else if (d->value[MIG_DIFF_A].present && d->value[MIG_DIFF_B].present) {
        append_both(v, line, d);
    } else {
        append_one(v, line, d);
    }
    cli_print_row(stdout, HANG, line->str);
}

/* After the pages of a block in more than one row: how many there are.  Of a block that could
 * not be read to its end nobody knows. */
static void end_block(View *v)
{
    const MigRamBlock *block = v->block;

    if (block && v->rows > 1 && !mig_diff_error(v->run->diff, MIG_DIFF_A) &&
        !mig_diff_error(v->run->diff, MIG_DIFF_B)) {
        uint64_t of_pages = diff_pages(block->used_length, v->page_size);
        g_autofree char *name = cli_escape(block->name, block->name_length);
        g_autofree char *number = cli_number(v->pages), *all = cli_number(of_pages);
        g_autoptr(GString) line = g_string_new(NULL);

        g_string_printf(line, "  %-*s  %s of %s pages differ", PATH_COLUMNS - 2, name,
                        number, all);
        cli_print_row(stdout, HANG, line->str);
    }
    v->block = NULL;
    v->rows = v->pages = 0;
}

/* Counts what end_block() tells. */
static void follow_block(View *v, const MigDifference *d)
{
    const MigRamBlock *block = d->kind == MIG_DIFFERENCE_RAM_PAGES ? d->block : NULL;

    if (block != v->block) {
        end_block(v);
    }
    if (block) {
        v->block = block;
        v->page_size = d->page_size;
        v->pages += diff_pages(d->length, d->page_size);
        v->rows++;
    }
}

static void *begin(const DiffRun *run)
{
    View *v = g_new0(View, 1);

    v->run = run;
    v->color = cli_use_color(run->common->color, stdout);
    return v;
}

/* With --quiet the status is the answer. */
static void difference(void *view, const MigDifference *d)
{
    View *v = view;

    if (!v->run->common->quiet) {
        follow_block(v, d);
        print_line(v, d);
    }
}

static void end(void *view)
{
    View *v = view;

    end_block(v);
    end_section(v);
    g_free(v);
}

const DiffView diff_text = { .begin = begin, .difference = difference, .end = end };
