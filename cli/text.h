/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      how text looks: numbers, escaped names, colour, the width of the terminal.
 * Knows not: what is printed.
 * Beside it: cli/json.h.
 *
 * Names and texts of a stream reach a terminal through cli_escape() only.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <glib.h>
#include <stdio.h>

#include "cli.h"

typedef enum CliStyle {
    CLI_PLAIN,
    CLI_BOLD,
    CLI_DIM,
    CLI_RED,
    CLI_YELLOW,
    CLI_GREEN,
    CLI_BLUE,
    CLI_MAGENTA,
    CLI_CYAN,
} CliStyle;

/* Whether to colour what goes to @file, by --color, NO_COLOR and the terminal. */
bool cli_use_color(CliColor color, FILE *file);

/* The sequence that starts @style, or CLI_PLAIN; "" if not @color. */
const char *cli_style(bool color, CliStyle style);

/* Columns of the terminal behind @file, or $COLUMNS, or @otherwise. */
int cli_columns(FILE *file, int otherwise);

/* Printable ASCII as it is, all else as \xNN, a backslash doubled.  The caller frees. */
char *cli_escape(const char *text, size_t length);

/* 12,345,678.  The caller frees. */
char *cli_number(uint64_t n);

/* "16 MiB" where exact, else "12.3 MiB"; bytes below 10,000 as they are.  Caller frees. */
char *cli_size(uint64_t bytes);

/* Columns that @utf8 takes. */
size_t cli_width(const char *utf8);

/* Rows of cells, each column as wide as its widest cell. */
typedef struct CliTable CliTable;

/* @columns: one letter per column, 'l' or 'r' for its side. */
CliTable *cli_table_new(const char *columns);
void cli_table_row(CliTable *table,
                   ...); /* one string per column, copied; NULL is empty */
/* A line on its own between rows, as it is. */
void cli_table_line(CliTable *table, const char *line);
/* Leaves out the columns that have nothing but "" or "-" below the first row. */
void cli_table_drop_empty(CliTable *table);
/* A table that may be long holds no rows.  They are given twice, to be measured and to be
 * printed:
 *     for (table = cli_table_new_long(...); cli_table_pass(table);) { all rows }
 * after which the table is freed. */
CliTable *cli_table_new_long(const char *columns, FILE *file, int indent);
bool cli_table_pass(CliTable *table);
/* Prints with @indent spaces before each row and two between columns; frees the table. */
void cli_table_print(CliTable *table, FILE *file, int indent);
void cli_table_free(CliTable *table);

#endif
