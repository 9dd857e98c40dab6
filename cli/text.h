/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how text looks: numbers, escaped names, colour, the characters of
 *                drawings.
 * Must not know: what is printed.
 * See also:      wrap.h, table.h (both come with this one); json.h.
 *
 * Names and texts of a stream reach a terminal through cli_escape() or cli_own_text(), the
 * names of files through cli_file_name() or cli_shell_name().
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <glib.h>
#include <stdio.h>

#include "cli.h"
#include "table.h"
#include "wrap.h"

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

/* What that says of standard output now stays, wherever that goes later. */
void cli_keep_color(CliCommon *common);

/* The sequence that starts @style, or CLI_PLAIN; "" if not @color. */
const char *cli_style(bool color, CliStyle style);

/* Whether a terminal, or who reads a line, can be told nothing by @c but that character: it is
 * no control, no line separator, and does not change the direction of text. */
bool cli_is_inert(gunichar c);

/* Printable ASCII as it is, all else as \xNN, a backslash doubled.  The caller frees. */
char *cli_escape(const char *text, size_t length);

/* The address of the section @name, of @length bytes, as migstat-address(7) has it: what is shown
 * is what options and filters take, and means that section alone.  The caller frees. */
char *cli_address(const char *name, size_t length, uint32_t instance_id);

/* The same for a sentence of migstat's own that may quote a stream: what cli_draw() knows
 * stays, or becomes its stand-in.  The caller frees. */
char *cli_own_text(const char *text);

/* The name of a file, or a text with such names: as it is if the locale can print all of it,
 * else with \xNN for each byte that it cannot, and backslashes doubled.  Control characters,
 * line separators and what changes the direction of text count as not printable.  The caller
 * frees. */
char *cli_file_name(const char *name);

/* The name of a file in a command to paste: quoted for a POSIX shell where it has to be, with
 * bash's and zsh's $'' where it cannot be printed.  The caller frees. */
char *cli_shell_name(const char *name);

/* Whether the locale's character set is UTF-8. */
bool cli_is_utf8(void);

/* A character that migstat draws with, in UTF-8: one of those in text.c.  What to print for
 * it: itself, or outside UTF-8 its stand-in of ASCII. */
const char *cli_draw(const char *character);

/* 12,345,678.  The caller frees. */
char *cli_number(uint64_t n);

/* "16 MiB" where exact, else "12.3 MiB"; bytes below 10,000 as they are.  Caller frees. */
char *cli_size(uint64_t bytes);

/* "1,204.118": milliseconds of @ns.  The caller frees. */
char *cli_ms(uint64_t ns);

/* "1.2 GiB/s"; "-" for what took no time.  The caller frees. */
char *cli_rate(uint64_t bytes, uint64_t ns);

#endif
