/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      see text.h.
 * Knows not: what is printed.
 * Beside it: cli/json.c.
 */
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool cli_use_color(CliColor color, FILE *file)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    if (color != CLI_COLOR_AUTO) {
        return color == CLI_COLOR_ALWAYS;
    }
    return isatty(fileno(file)) && !(no_color && *no_color) &&
           !(term && strcmp(term, "dumb") == 0);
}

const char *cli_style(bool color, CliStyle style)
{
    static const char *const sequences[] = {
        [CLI_PLAIN] = "\033[0m", [CLI_BOLD] = "\033[1m",     [CLI_DIM] = "\033[2m",
        [CLI_RED] = "\033[31m",  [CLI_YELLOW] = "\033[33m",  [CLI_GREEN] = "\033[32m",
        [CLI_BLUE] = "\033[34m", [CLI_MAGENTA] = "\033[35m", [CLI_CYAN] = "\033[36m",
    };

    return color ? sequences[style] : "";
}

int cli_columns(FILE *file, int otherwise)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");

    if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return columns && atoi(columns) > 0 ? atoi(columns) : otherwise;
}

char *cli_escape(const char *text, size_t length)
{
    GString *out = g_string_sized_new(length);

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\') {
            g_string_append(out, "\\\\");
        } else if (g_ascii_isprint(text[i])) {
            g_string_append_c(out, text[i]);
        } else {
            g_string_append_printf(out, "\\x%02x", (unsigned char)text[i]);
        }
    }
    return g_string_free(out, FALSE);
}

char *cli_number(uint64_t n)
{
    g_autofree char *digits = g_strdup_printf("%" PRIu64, n);
    GString *out = g_string_new(NULL);
    size_t length = strlen(digits);

    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) {
            g_string_append_c(out, ',');
        }
        g_string_append_c(out, digits[i]);
    }
    return g_string_free(out, FALSE);
}

char *cli_size(uint64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    size_t unit = 0;
    uint64_t whole = bytes;

    if (bytes < 10000 && bytes % 1024) {
        g_autofree char *number = cli_number(bytes);

        return g_strdup_printf("%s B", number);
    }
    while (whole >= 1024 && whole % 1024 == 0) {
        whole /= 1024;
        unit++;
    }
    if (whole < 10000) {
        g_autofree char *number = cli_number(whole);

        return g_strdup_printf("%s %s", number, units[unit]);
    }
    unit = 0;
    for (double size = (double)bytes;; size /= 1024, unit++) {
        if (size < 1000 || unit == G_N_ELEMENTS(units) - 1) {
            return g_strdup_printf("%.1f %s", size, units[unit]);
        }
    }
}

size_t cli_width(const char *utf8)
{
    return (size_t)g_utf8_strlen(utf8, -1);
}

struct CliTable {
    char *columns;
    GPtrArray *rows; /* GStrv, or one of a single string with the mark below in front */
    unsigned pass;   /* of a long table: 1 measures, 2 prints; 0: rows are kept */
    bool is_long;
    size_t *widths;
    FILE *file;
    int indent;
};

#define LINE_MARK "\001"

CliTable *cli_table_new(const char *columns)
{
    CliTable *table = g_new0(CliTable, 1);

    table->columns = g_strdup(columns);
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    return table;
}

CliTable *cli_table_new_long(const char *columns, FILE *file, int indent)
{
    CliTable *table = cli_table_new(columns);

    table->is_long = true;
    table->widths = g_new0(size_t, strlen(columns));
    table->file = file;
    table->indent = indent;
    return table;
}

bool cli_table_pass(CliTable *table)
{
    if (++table->pass <= 2) {
        return true;
    }
    cli_table_free(table);
    return false;
}

static void measure_row(const CliTable *table, char **row, size_t *widths)
{
    for (size_t i = 0; table->columns[i]; i++) {
        widths[i] = MAX(widths[i], cli_width(row[i]));
    }
}

static void print_row(const CliTable *table, char **row, const size_t *widths, FILE *file,
                      int indent)
{
    g_autoptr(GString) line = g_string_new(NULL);

    for (size_t i = 0; table->columns[i]; i++) {
        size_t pad = widths[i] - cli_width(row[i]);

        g_string_append_printf(line, "%*s", i ? 2 : indent, "");
        if (table->columns[i] == 'r') {
            g_string_append_printf(line, "%*s", (int)pad, "");
        }
        g_string_append(line, row[i]);
        if (table->columns[i] == 'l') {
            g_string_append_printf(line, "%*s", (int)pad, "");
        }
    }
    fprintf(file, "%s\n", g_strchomp(line->str));
}

void cli_table_row(CliTable *table, ...)
{
    size_t n = strlen(table->columns);
    char **row = g_new0(char *, n + 1);
    va_list args;

    va_start(args, table);
    for (size_t i = 0; i < n; i++) {
        const char *cell = va_arg(args, const char *);

        row[i] = g_strdup(cell ? cell : "");
    }
    va_end(args);
    if (!table->is_long) {
        g_ptr_array_add(table->rows, row);
        return;
    }
    if (table->pass == 1) {
        measure_row(table, row, table->widths);
    } else {
        print_row(table, row, table->widths, table->file, table->indent);
    }
    g_strfreev(row);
}

void cli_table_line(CliTable *table, const char *line)
{
    char **row = g_new0(char *, 2);

    row[0] = g_strconcat(LINE_MARK, line, NULL);
    g_ptr_array_add(table->rows, row);
}

static bool column_is_empty(const CliTable *table, size_t column)
{
    for (guint r = 1; r < table->rows->len; r++) {
        char **row = g_ptr_array_index(table->rows, r);

        if (*row[0] != *LINE_MARK && *row[column] && strcmp(row[column], "-") != 0) {
            return false;
        }
    }
    return true;
}

void cli_table_drop_empty(CliTable *table)
{
    for (size_t i = strlen(table->columns); i-- > 1;) {
        if (!column_is_empty(table, i)) {
            continue;
        }
        for (guint r = 0; r < table->rows->len; r++) {
            char **row = g_ptr_array_index(table->rows, r);

            if (*row[0] != *LINE_MARK) {
                g_free(row[i]);
                memmove(row + i, row + i + 1,
                        (strlen(table->columns) - i) * sizeof(*row));
            }
        }
        memmove(table->columns + i, table->columns + i + 1, strlen(table->columns) - i);
    }
}

void cli_table_print(CliTable *table, FILE *file, int indent)
{
    size_t n = strlen(table->columns);
    g_autofree size_t *widths = g_new0(size_t, n);

    for (guint r = 0; r < table->rows->len; r++) {
        char **row = g_ptr_array_index(table->rows, r);

        if (*row[0] != *LINE_MARK) {
            measure_row(table, row, widths);
        }
    }
    for (guint r = 0; r < table->rows->len; r++) {
        char **row = g_ptr_array_index(table->rows, r);

        if (*row[0] == *LINE_MARK) {
            fprintf(file, "%s\n", row[0] + 1);
        } else {
            print_row(table, row, widths, file, indent);
        }
    }
    cli_table_free(table);
}

void cli_table_free(CliTable *table)
{
    g_ptr_array_unref(table->rows);
    g_free(table->widths);
    g_free(table->columns);
    g_free(table);
}
