/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          writing HTML: what becomes markup, what becomes text, and how much of it.
 * Must not know: what is written.
 * See also:      report.h; text.h, through which names of streams and files come.
 *
 * Markup is in format strings alone, which are literals of migstat; each argument is text,
 * whatever is in it.  There is no other way to write a string.
 */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct CliHtml {
    GString *text;
    gsize limit;   /* bytes that text may come to */
    uint64_t left; /* parts that were left out since cli_html_allow() */
} CliHtml;

void cli_html_init(CliHtml *html);
void cli_html_clear(CliHtml *html);

/* As printf(), but that each %s is escaped, so that it is text in an element as well as in an
 * attribute between quotes. */
void cli_html(CliHtml *html, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* All of @part, as it is. */
void cli_html_append(CliHtml *html, const CliHtml *part);

/* From here on parts may take @bytes. */
void cli_html_allow(CliHtml *html, gsize bytes);

/* Ends a part that began where text had @start bytes: whether there is room for it.  Else it is
 * taken back and counted, and so is each after it. */
bool cli_html_keep(CliHtml *html, gsize start);

#endif
