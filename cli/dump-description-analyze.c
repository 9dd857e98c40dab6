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

/* Moves *p after the string that begins there, and prints it; bytes that a terminal could take for
 * a command are printed as escapes of JSON. */
static void put_string(const char **p, const char *end)
{
    const char *at = *p;

    do {
        if (*at == '\\' && end - at > 1) {
            putchar(*at++);
        }
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f) {
            printf("\\u%04x", (unsigned char)*at);
        } else {
            putchar(*at);
        }
        at++;
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
