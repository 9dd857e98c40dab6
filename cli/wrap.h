/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how wide the output may be, and lines that are broken to fit.
 * Must not know: what is printed.
 * See also:      text.h; table.h, whose cells are broken here too.
 *
 * What is wrapped may hold sequences that cli_style() made, the \xNN of cli_escape() and
 * UTF-8; none of these is cut.
 */
#ifndef CLI_WRAP_H
#define CLI_WRAP_H

#include <stddef.h>
#include <stdio.h>

/* --width=N: lines have at most @columns columns, 0 any number.  Before it is called, the
 * terminal decides. */
void cli_set_width(int columns);

/* Columns that tables and drawings on @file may take: of --width, of the terminal, of
 * $COLUMNS, or @otherwise.  0: any number. */
int cli_columns(FILE *file, int otherwise);

/* The same for a finding or a message: in a pipe, these are one line, unless --width says
 * otherwise.  0: any number. */
int cli_line_columns(FILE *file);

/* Columns that @text takes. */
size_t cli_width(const char *text);

/* @text in lines of at most @columns columns (0: any number), separated by '\n'.  It is
 * broken at spaces, and lines after the first start with @hang of them; a word that is longer
 * than a line is cut where it may be.  The caller frees. */
char *cli_wrap(const char *text, int columns, int hang);

/* A command that can be pasted: broken between the words of a shell, with a backslash; a long
 * word is not cut.  @column: where its first line starts.  The caller frees. */
char *cli_wrap_command(const char *command, int columns, int column, int hang);

/* Prints @text and an end of line to @file, wrapped as a message. */
void cli_print_line(FILE *file, int hang, const char *text);

/* The same for a row of a result, such as a field: cli_columns() is its limit. */
void cli_print_row(FILE *file, int hang, const char *text);

/* Prints "    hint: @command", wrapped as a command, to @file. */
void cli_print_hint(FILE *file, const char *command);

#endif
