/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the text of migstat-rules(7), so that the program can quote it where no
 *                manual is installed; turning its few macros into plain text.
 * Must not know: rules.
 * See also:      man/migstat-rules.7, the one source of that text; the Makefile, which
 *                turns it into the string included below.
 */
#include "rules-page.h"
#include "wrap.h"

#include <glib.h>
#include <string.h>

#define WIDTH 78

static const char page[] =
#include "rules-page.inc"
    ;

/* roff's escapes, of which the page uses these. */
static void append_line(GString *text, const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (line[i] != '\\') {
            g_string_append_c(text, line[i]);
        } else if (i + 2 < length && line[i + 1] == 'f') {
            i += 2;
        } else if (i + 1 < length && line[++i] != '&') {
            g_string_append_c(text, line[i]);
        }
    }
}

/* Words of a paragraph, broken into lines of at most @width columns. */
static void append_filled(GString *out, const char *paragraph, size_t width)
{
    g_auto(GStrv) words = g_strsplit_set(paragraph, " \n", -1);
    size_t column = 0;

    for (char **word = words; *word; word++) {
        size_t n = strlen(*word);

        if (n == 0) {
            continue;
        }
        if (column && column + 1 + n > width) {
            g_string_append_c(out, '\n');
            column = 0;
        }
        g_string_append_printf(out, "%s%s", column ? " " : "", *word);
        column += n + (column ? 1 : 0);
    }
    g_string_append_c(out, '\n');
}

#define EDITED "[edited]"

/* Puts what the mark at the end of @paragraph stands for in its place: the page's own words. */
static void replace_mark(GString *paragraph)
{
    static const char heading[] = "\n.B " EDITED "\n";
    const char *meaning = strstr(page, heading);

    while (paragraph->len && g_ascii_isspace(paragraph->str[paragraph->len - 1])) {
        g_string_truncate(paragraph, paragraph->len - 1);
    }
    if (meaning && g_str_has_suffix(paragraph->str, EDITED)) {
        meaning += strlen(heading);
        g_string_truncate(paragraph, paragraph->len - strlen(EDITED));
        g_string_append_len(paragraph, meaning, strstr(meaning, "\n.") - meaning);
    }
}

char *cli_rules_page_text(const char *id)
{
    g_autofree char *heading = g_strdup_printf("\n.SS %s\n", id);
    const char *line = strstr(page, heading);
    g_autoptr(GString) paragraph = g_string_new(NULL);
    int columns = cli_columns(stdout, WIDTH);
    size_t width = columns > 0 ? MIN((size_t)columns, WIDTH) : WIDTH;
    GString *out;

    if (!line) {
        return NULL;
    }
    out = g_string_new(NULL);
    for (line += strlen(heading); *line && strncmp(line, ".S", 2) != 0;) {
        size_t n = strcspn(line, "\n");

        if (strncmp(line, ".PP", 3) == 0) {
            append_filled(out, paragraph->str, width);
            g_string_append_c(out, '\n');
            g_string_truncate(paragraph, 0);
        } else if (*line == '.') {
            const char *argument = memchr(line, ' ', n);

            if (argument) {
                append_line(paragraph, argument + 1, n - (size_t)(argument + 1 - line));
            }
        } else {
            append_line(paragraph, line, n);
        }
        g_string_append_c(paragraph, ' ');
        line += n + (line[n] == '\n');
    }
    replace_mark(paragraph);
    append_filled(out, paragraph->str, width);
    return g_string_free(out, FALSE);
}
