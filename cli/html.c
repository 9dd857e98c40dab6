/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see html.h.
 * Must not know: what is written.
 * See also:      text.h, cli_is_inert().
 */
#include "html.h"

#include <string.h>

#include "text.h"

void cli_html_init(CliHtml *html)
{
    *html = (CliHtml){ .text = g_string_new(NULL), .limit = G_MAXSIZE };
}

void cli_html_clear(CliHtml *html)
{
    if (html->text) {
        g_string_free(html->text, TRUE);
        html->text = NULL;
    }
}

/* What no reader may take for a command, and what is no UTF-8, is replaced. */
static void append_inert(GString *to, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    for (const char *p = valid; *p; p = g_utf8_find_next_char(p, NULL)) {
        gunichar c = g_utf8_get_char(p);

        g_string_append_unichar(to, cli_is_inert(c) || c == '\n' ? c : 0xfffd);
    }
}

void cli_html(CliHtml *html, const char *format, ...)
{
    g_autofree char *escaped = NULL;
    va_list arguments;

    va_start(arguments, format);
    escaped = g_markup_vprintf_escaped(format, arguments);
    va_end(arguments);
    append_inert(html->text, escaped);
}

void cli_html_append(CliHtml *html, const CliHtml *part)
{
    g_string_append_len(html->text, part->text->str, (gssize)part->text->len);
}

void cli_html_allow(CliHtml *html, gsize bytes)
{
    html->limit = html->text->len + bytes;
    html->left = 0;
}

bool cli_html_keep(CliHtml *html, gsize start)
{
    if (!html->left && html->text->len <= html->limit) {
        return true;
    }
    g_string_truncate(html->text, start);
    html->left++;
    return false;
}
