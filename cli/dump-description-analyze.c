/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --format=analyze -d desc: the description of device state as
 *                QEMU's scripts/analyze-migration.py prints it, indented.
 * Must not know: what the description says.
 * See also:      dump-devices-analyze.c.
 */
#include <stdio.h>
#include <string.h>

#include "dump.h"
#include "text.h"

/* As an escape of JSON, of which a character beyond U+FFFF takes two. */
static void put_escape(gunichar c)
{
    if (c > 0xffff) {
        printf("\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
    } else {
        printf("\\u%04x", c);
    }
}

/* Moves *p after the character that stands there, and prints it: what is no letter of ASCII as an
 * escape.  A byte that is no UTF-8 counts as a character. */
static void put_character(const char **p, const char *end)
{
    unsigned char byte = (unsigned char)**p;
    gunichar c = byte < 0x80 ? byte : g_utf8_get_char_validated(*p, end - *p);
    bool is_utf8 = c < (gunichar)-2;

    if (byte >= 0x20 && byte < 0x7f) {
        putchar(byte);
    } else {
        put_escape(is_utf8 ? c : byte);
    }
    *p += is_utf8 ? g_unichar_to_utf8(c, NULL) : 1;
}

/* Moves *p after the string that begins there, and prints it. */
static void put_string(const char **p, const char *end)
{
    const char *at = *p;

    do {
        if (*at == '\\' && end - at > 1) {
            putchar(*at++);
        }
        put_character(&at, end);
    } while (at < end && *at != '"');
    putchar('"');
    *p = at < end ? at + 1 : end;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && strchr(" \t\r\n", *p)) {
        p++;
    }
    return p;
}

/* Deeper than any stock description; what a hostile one adds costs no more. */
#define DEEPEST 100u

static void break_line(unsigned depth)
{
    printf("\n%*s", (int)(4 * MIN(depth, DEEPEST)), "");
}

/* Moves *p after the bracket that stands there. */
static void put_bracket(const char **p, const char *end, unsigned *depth)
{
    bool opens = **p == '{' || **p == '[';
    const char *next = skip_blanks(*p + 1, end);

    if (!opens) {
        *depth -= *depth > 0;
        break_line(*depth);
    }
    putchar(**p);
    if (opens && next < end && *next == **p + 2) { /* it is empty */
        putchar(*next++);
    } else if (opens) {
        break_line(++*depth);
    }
    *p = opens ? next : *p + 1;
}

/* @p is JSON: the reader says so. */
static void indent(const char *p, const char *end)
{
    unsigned depth = 0;

    for (p = skip_blanks(p, end); p < end; p = skip_blanks(p, end)) {
        if (*p == '"') {
            put_string(&p, end);
        } else if (strchr("{}[]", *p)) {
            put_bracket(&p, end, &depth);
        } else if (*p == ',') {
            putchar(*p++);
            break_line(depth);
        } else if (*p == ':') {
            fputs(": ", stdout);
            p++;
        } else {
            putchar(*p++);
        }
    }
    putchar('\n');
}

void dump_description_analyze(Dump *dump)
{
    const MigDescription *description =
        mig_reader_find_description(dump->reader, &dump->error);
    g_autofree char *text = NULL;

    if (dump->error) {
        return;
    }
    if (!description || !description->valid) {
        mig_error_set_plain(&dump->error, MIG_ERROR_UNMATCHED, "the stream has no %s",
                            description ? "valid description" : "description");
        return;
    }
    text = g_try_malloc(description->json_length + 1);
    if (!text ||
        mig_input_read_at(dump->in, description->json_offset, text,
                          description->json_length) != description->json_length) {
        mig_error_set_plain(&dump->error, MIG_ERROR_IO, "the description cannot be read");
        return;
    }
    indent(text, text + description->json_length);
}
