/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see envelope.h.
 * Must not know: messages.
 * See also:      explain/explain.c.
 */
#include "explain/envelope.h"

#include <string.h>

#define ROUNDS 3 /* JSON in JSON in JSON */

/* What has no row stays as it is. */
static const struct {
    const char *from;
    char to;
} escapes[] = {
    /* JSON, and what quotes like it */
    { "\\n", '\n' },
    { "\\r", '\n' },
    { "\\t", ' ' },
    { "\\\"", '"' },
    { "\\'", '\'' },
    { "\\\\", '\\' },
    { "\\/", '/' },
    { "\\u003c", '<' },
    { "\\u003e", '>' },
    { "\\u0026", '&' },
    { "\\u0027", '\'' },
    { "\\x27", '\'' },
    /* syslog */
    { "#012", '\n' },
    { "#011", ' ' },
    { "#015", '\n' },
    /* HTML */
    { "&quot;", '"' },
    { "&#34;", '"' },
    { "&#39;", '\'' },
    { "&#x27;", '\'' },
    { "&lt;", '<' },
    { "&gt;", '>' },
    { "&amp;", '&' },
    /* word processors, in UTF-8 */
    { "\xe2\x80\x98", '\'' },
    { "\xe2\x80\x99", '\'' },
    { "\xe2\x80\x9c", '"' },
    { "\xe2\x80\x9d", '"' },
    { "\xc2\xa0", ' ' },
};

/* Bytes of the escape at @p, of @n, and what it becomes; 0: it is none. */
static size_t escape_at(const char *p, size_t n, char *to)
{
    if (!strchr("\\#&\xe2\xc2", *p)) {
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++) {
        size_t length = strlen(escapes[i].from);

        if (length <= n && memcmp(p, escapes[i].from, length) == 0) {
            *to = escapes[i].to;
            return length;
        }
    }
    return 0;
}

/* Bytes of what shows nothing at @p, of @n: a colour, ESC [ ... m, or a byte order mark. */
static size_t nothing_at(const char *p, size_t n)
{
    size_t i = 2;

    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        return 3;
    }

    if (n < 3 || p[0] != '\033' || p[1] != '[') {
        return 0;
    }
    while (i < n && (g_ascii_isdigit(p[i]) || p[i] == ';')) {
        i++;
    }
    return i < n && p[i] == 'm' ? i + 1 : 0;
}

/* Numbers of a list of bytes, as the journal has a message in JSON that is not plain text. */
#define LIST_MIN 8u

/* The number at @p, of @n bytes, and its length with the comma or the bracket after it; 0: none. */
static size_t number_at(const char *p, size_t n, unsigned *value)
{
    size_t i = 0;

    *value = 0;
    while (i < n && i < 3 && g_ascii_isdigit(p[i])) {
        *value = *value * 10 + (unsigned)(p[i++] - '0');
    }
    return i && i < n && (p[i] == ',' || p[i] == ']') ? i + 1 : 0;
}

/* Bytes of the list of characters at @p, of @n; 0: it is none. */
static size_t list_at(const char *p, size_t n)
{
    size_t at = 1, count = 0, length;
    unsigned value;

    while (*p == '[' && (length = number_at(p + at, n - at, &value)) != 0) {
        if (value > 0xff || (value < ' ' && !strchr("\t\n\r\033", (int)value)) ||
            !value) {
            return 0;
        }
        at += length;
        count++;
        if (p[at - 1] == ']') {
            return count >= LIST_MIN ? at : 0;
        }
    }
    return 0;
}

/* The characters of the list, which are fewer than its bytes: where they end. */
static gsize take_list(GString *line, gsize to, gsize at, size_t n)
{
    unsigned value;

    for (size_t i = 1; i < n;) {
        i += number_at(line->str + at + i, n - i, &value);
        line->str[to++] = (char)value;
    }
    return to;
}

/* Whether what follows the first @n bytes of @line is the value of a member of an object. */
static gboolean is_value(const char *line, size_t n)
{
    while (n && line[n - 1] == ' ') {
        n--;
    }
    if (!n || line[--n] != ':') {
        return FALSE;
    }
    while (n && line[n - 1] == ' ') {
        n--;
    }
    return n && line[n - 1] == '"';
}

/* Whether anything was undone. */
static gboolean open_once(GString *line)
{
    gsize to = 0;

    for (gsize at = 0; at < line->len;) {
        const char *p = line->str + at;
        char c = *p;
        size_t n = nothing_at(p, line->len - at);

        if (n) {
            at += n;
            continue;
        }
        n = is_value(line->str, to) ? list_at(p, line->len - at) : 0;
        if (n) {
            to = take_list(line, to, at, n);
            at += n;
            continue;
        }
        n = escape_at(p, line->len - at, &c);
        line->str[to++] = c == '\r' ? '\n' : c;
        at += n ? n : 1;
    }
    if (to == line->len) {
        return FALSE;
    }
    g_string_truncate(line, to);
    return TRUE;
}

void mig_envelope_open(GString *line)
{
    for (int i = 0; i < ROUNDS && open_once(line); i++) {
    }
}
