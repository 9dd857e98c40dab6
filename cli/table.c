/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see table.h.
 * Must not know: what is in a cell.
 * See also:      wrap.c.
 */
#include "table.h"

#include <glib.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "wrap.h"

#define GAP      2  /* columns between two cells */
#define TEXT_MIN 12 /* columns that a text keeps */
#define HANG     4  /* more, in a row that is a paragraph */

/* A column, in columns of the output. */
typedef struct Measure {
    size_t body;       /* its widest cell below the titles */
    size_t title;      /* its title */
    size_t title_word; /* the longest word of it */
    size_t width;      /* what it gets */
} Measure;

struct CliTable {
    char *columns;
    GPtrArray *rows; /* GStrv, or one of a single string with the mark below in front */
    char **head;     /* the titles, once more, or NULL */
    unsigned pass;   /* of a long table: 1 measures, 2 prints; 0: rows are kept */
    bool is_long;
    bool is_laid_out, is_stacked; /* each row is a paragraph */
    Measure *measures;
    FILE *file;
    int indent;
};

#define LINE_MARK "\001"

CliTable *cli_table_new(const char *columns)
{
    CliTable *table = g_new0(CliTable, 1);

    table->columns = g_strdup(columns);
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    table->measures = g_new0(Measure, strlen(columns) + 1);
    return table;
}

CliTable *cli_table_new_long(const char *columns, FILE *file, int indent)
{
    CliTable *table = cli_table_new(columns);

    table->is_long = true;
    table->file = file;
    table->indent = indent;
    return table;
}

void cli_table_free(CliTable *table)
{
    g_ptr_array_unref(table->rows);
    g_strfreev(table->head);
    g_free(table->measures);
    g_free(table->columns);
    g_free(table);
}

/* --- widths ------------------------------------------------------------------------- */

static void measure_row(const CliTable *table, char **row)
{
    for (size_t i = 0; table->columns[i]; i++) {
        table->measures[i].body = MAX(table->measures[i].body, cli_width(row[i]));
    }
}

static void measure_head(const CliTable *table)
{
    for (size_t i = 0; table->head && table->columns[i]; i++) {
        g_auto(GStrv) words = g_strsplit(table->head[i], " ", -1);

        table->measures[i].title = cli_width(table->head[i]);
        for (char **word = words; *word; word++) {
            table->measures[i].title_word =
                MAX(table->measures[i].title_word, cli_width(*word));
        }
    }
}

static size_t total_width(const CliTable *table)
{
    size_t total = (size_t)table->indent;

    for (size_t i = 0; table->columns[i]; i++) {
        total += table->measures[i].width + (i ? GAP : 0);
    }
    return total;
}

/* Takes from the columns of a kind, the widest first, until the table has @limit columns. */
static void shrink(CliTable *table, char kind, size_t limit)
{
    for (size_t total = total_width(table); total > limit; total--) {
        Measure *widest = NULL;

        for (size_t i = 0; table->columns[i]; i++) {
            Measure *m = &table->measures[i];

            if (table->columns[i] == kind && m->width > MAX(TEXT_MIN, m->title_word) &&
                (!widest || m->width > widest->width)) {
                widest = m;
            }
        }
        if (!widest) {
            return;
        }
        widest->width--;
    }
}

static void shrink_titles(CliTable *table, size_t limit)
{
    for (size_t i = 0; table->columns[i]; i++) {
        Measure *m = &table->measures[i];
        size_t least = MAX(m->body, m->title_word), total = total_width(table);

        if (total > limit && m->width > least) {
            m->width -= MIN(total - limit, m->width - least);
        }
    }
}

static void lay_out(CliTable *table)
{
    int columns = cli_columns(table->file, 0);
    size_t limit = columns > 0 ? (size_t)columns : SIZE_MAX;

    measure_head(table);
    for (size_t i = 0; table->columns[i]; i++) {
        table->measures[i].width = MAX(table->measures[i].body, table->measures[i].title);
    }
    shrink_titles(table, limit);
    shrink(table, 'w', limit);
    shrink(table, 'l', limit);
    table->is_stacked = total_width(table) > limit;
    table->is_laid_out = true;
}

/* --- printing ----------------------------------------------------------------------- */

static void add_spaces(GString *out, size_t n)
{
    for (; n; n--) {
        g_string_append_c(out, ' ');
    }
}

static void print_line(const CliTable *table, char *const *cells)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (size_t i = 0; table->columns[i]; i++) {
        size_t width = table->measures[i].width;
        size_t pad = width - MIN(cli_width(cells[i]), width);
        bool right = table->columns[i] == 'r';

        add_spaces(out, (i ? GAP : (size_t)table->indent) + (right ? pad : 0));
        g_string_append(out, cells[i]);
        add_spaces(out, right ? 0 : pad);
    }
    fprintf(table->file, "%s\n", g_strchomp(out->str));
}

static bool fits(const CliTable *table, char **row)
{
    for (size_t i = 0; table->columns[i]; i++) {
        if (cli_width(row[i]) > table->measures[i].width) {
            return false;
        }
    }
    return true;
}

/* As many lines as the longest cell has. */
static void print_in_lines(const CliTable *table, char **row)
{
    size_t n = strlen(table->columns), more = n;
    g_autofree char **rest = g_new0(char *, n + 1), **cells = g_new0(char *, n + 1);
    g_autoptr(GPtrArray) wrapped = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < n; i++) {
        rest[i] = cli_wrap(row[i], (int)table->measures[i].width, 0);
        g_ptr_array_add(wrapped, rest[i]);
    }
    while (more) {
        more = 0;
        for (size_t i = 0; i < n; i++) {
            char *end = strchr(rest[i], '\n');

            cells[i] = rest[i];
            rest[i] = end ? end + 1 : rest[i] + strlen(rest[i]);
            if (end) {
                *end = '\0';
                more++;
            }
        }
        print_line(table, cells);
    }
}

/* The first cell, and under it what the others say. */
static void print_paragraph(const CliTable *table, char **row)
{
    g_autofree char *first = g_strdup_printf("%*s%s", table->indent, "", row[0]);
    g_autoptr(GString) rest = g_string_new(NULL);

    cli_print_row(table->file, table->indent + 2 * HANG, first);
    g_string_append_printf(rest, "%*s", table->indent + HANG, "");
    for (size_t i = 1; table->columns[i]; i++) {
        const char *title = table->head ? table->head[i] : "";

        if (*row[i] && !g_str_equal(row[i], "-")) {
            g_string_append_printf(rest, "%s%s%s, ", title, *title ? " " : "", row[i]);
        }
    }
    if (g_str_has_suffix(rest->str, ", ")) {
        g_string_truncate(rest, rest->len - 2);
        cli_print_row(table->file, table->indent + HANG, rest->str);
    }
}

static void print_row(CliTable *table, char **row, bool is_head)
{
    if (!table->is_laid_out) {
        lay_out(table);
    }
    if (table->is_stacked && !is_head) {
        print_paragraph(table, row);
    } else if (!table->is_stacked && fits(table, row)) {
        print_line(table, row);
    } else if (!table->is_stacked) {
        print_in_lines(table, row);
    }
}

/* --- rows --------------------------------------------------------------------------- */

static char **copy_row(const CliTable *table, va_list args)
{
    size_t n = strlen(table->columns);
    char **row = g_new0(char *, n + 1);

    for (size_t i = 0; i < n; i++) {
        const char *cell = va_arg(args, const char *);

        row[i] = g_strdup(cell ? cell : "");
    }
    return row;
}

/* Has @take take over a row of the arguments after @table. */
#define TAKE_ARGUMENTS(take, table)               \
    do {                                          \
        va_list args;                             \
                                                  \
        va_start(args, table);                    \
        (take)((table), copy_row((table), args)); \
        va_end(args);                             \
    } while (0)

static char **copy_cells(const CliTable *table, const char *const *cells)
{
    size_t n = strlen(table->columns);
    char **row = g_new0(char *, n + 1);

    for (size_t i = 0; i < n; i++) {
        row[i] = g_strdup(cells[i] ? cells[i] : "");
    }
    return row;
}

/* Takes over @row. */
static void set_head(CliTable *table, char **row)
{
    g_strfreev(table->head);
    table->head = row;
    if (table->pass == 2) {
        print_row(table, table->head, true);
    }
}

void cli_table_head(CliTable *table, ...)
{
    TAKE_ARGUMENTS(set_head, table);
}

void cli_table_head_cells(CliTable *table, const char *const *cells)
{
    set_head(table, copy_cells(table, cells));
}

/* Takes over @row. */
static void add_row(CliTable *table, char **row)
{
    if (!table->is_long) {
        g_ptr_array_add(table->rows, row);
        return;
    }
    if (table->pass == 1) {
        measure_row(table, row);
    } else {
        print_row(table, row, false);
    }
    g_strfreev(row);
}

void cli_table_row(CliTable *table, ...)
{
    TAKE_ARGUMENTS(add_row, table);
}

void cli_table_cells(CliTable *table, const char *const *cells)
{
    add_row(table, copy_cells(table, cells));
}

bool cli_table_pass(CliTable *table)
{
    if (++table->pass <= 2) {
        return true;
    }
    cli_table_free(table);
    return false;
}

void cli_table_line(CliTable *table, const char *line)
{
    char **row = g_new0(char *, 2);

    row[0] = g_strconcat(LINE_MARK, line, NULL);
    g_ptr_array_add(table->rows, row);
}

static bool is_line(char **row)
{
    return row[0] && *row[0] == *LINE_MARK;
}

static bool column_is_empty(const CliTable *table, size_t column)
{
    for (guint r = table->head ? 0 : 1; r < table->rows->len; r++) {
        char **row = g_ptr_array_index(table->rows, r);

        if (!is_line(row) && *row[column] && strcmp(row[column], "-") != 0) {
            return false;
        }
    }
    return true;
}

static void drop_cell(char **row, size_t column)
{
    g_free(row[column]);
    do {
        row[column] = row[column + 1];
    } while (row[column++]);
}

void cli_table_drop_empty(CliTable *table)
{
    for (size_t i = strlen(table->columns); i-- > 1;) {
        if (!column_is_empty(table, i)) {
            continue;
        }
        for (guint r = 0; r < table->rows->len; r++) {
            char **row = g_ptr_array_index(table->rows, r);

            if (!is_line(row)) {
                drop_cell(row, i);
            }
        }
        if (table->head) {
            drop_cell(table->head, i);
        }
        memmove(table->columns + i, table->columns + i + 1, strlen(table->columns) - i);
    }
}

void cli_table_print(CliTable *table, FILE *file, int indent)
{
    table->file = file;
    table->indent = indent;
    for (guint r = 0; r < table->rows->len; r++) {
        char **row = g_ptr_array_index(table->rows, r);

        if (!is_line(row)) {
            measure_row(table, row);
        }
    }
    if (table->head) {
        print_row(table, table->head, true);
    }
    for (guint r = 0; r < table->rows->len; r++) {
        char **row = g_ptr_array_index(table->rows, r);

        if (is_line(row)) {
            cli_print_row(table->file, indent + HANG, row[0] + 1);
        } else {
            print_row(table, row, false);
        }
    }
    cli_table_free(table);
}
