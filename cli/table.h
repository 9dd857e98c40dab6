/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          tables: rows of cells in columns that fit the width of the output.
 * Must not know: what is in a cell.
 * See also:      wrap.h; text.h.
 *
 * Each column is as wide as its widest cell.  Where that is too wide for the output
 * (cli_columns()), titles are wrapped, then cells of columns of prose, then other texts; if
 * even that is too wide, each row becomes a paragraph: its first cell, and under it the titles
 * and cells of the others.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

typedef struct CliTable CliTable;

/* @columns: one letter per column: 'r' for numbers, on the right; 'l' for texts, on the left;
 * 'w' for prose, which is wrapped first. */
CliTable *cli_table_new(const char *columns);
/* The titles: the first row, if there is one.  One string per column, as for a row. */
void cli_table_head(CliTable *table, ...);
/* One string per column, copied; NULL is empty. */
void cli_table_row(CliTable *table, ...);
/* Both with the strings in an array. */
void cli_table_head_cells(CliTable *table, const char *const *cells);
void cli_table_cells(CliTable *table, const char *const *cells);
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
