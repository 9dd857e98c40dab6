/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see json.h.  Grammar: RFC 8259.
 * Must not know: what is written.
 * See also:      cli/text.c.
 */
#include "json.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "text.h"

void cli_json_init(CliJson *json, FILE *file)
{
    *json = (CliJson){ .file = file };
}

void cli_json_init_indented(CliJson *json, FILE *file)
{
    *json = (CliJson){ .file = file, .indent = 4 };
}

/* @p, @n: @c in UTF-8.  Above U+FFFF the escape is a surrogate pair. */
static void put_character(FILE *file, gunichar c, const char *p, size_t n)
{
    if (cli_is_inert(c)) {
        fwrite(p, 1, n, file);
    } else if (c <= 0xffff) {
        fprintf(file, "\\u%04x", c);
    } else {
        fprintf(file, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                0xdc00 + (c & 0x3ff));
    }
}

static void put_string(FILE *file, const char *p, size_t n)
{
    const char *end = p + n;

    putc('"', file);
    while (p < end) {
        gunichar c = g_utf8_get_char_validated(p, end - p);
        const char *next = p + 1;

        if (c == (gunichar)-1 || c == (gunichar)-2) {
            fprintf(file, *p ? "\\\\x%02x" : "\\u%04x", (unsigned char)*p);
        } else if (c == '"' || c == '\\') {
            fprintf(file, "\\%c", (char)c);
        } else {
            next = p + g_utf8_skip[(unsigned char)*p];
            put_character(file, c, p, (size_t)(next - p));
        }
        p = next;
    }
    putc('"', file);
}

static void break_line(CliJson *json)
{
    if (json->indent) {
        fprintf(json->file, "\n%*s", json->indent * json->depth, "");
    }
}

static void start(CliJson *json, const char *key)
{
    if (json->comma) {
        fputs(json->indent ? "," : ", ", json->file);
    }
    if (json->depth) {
        break_line(json);
    }
    if (key) {
        put_string(json->file, key, strlen(key));
        fputs(": ", json->file);
    }
    json->comma = true;
}

static void open_group(CliJson *json, char bracket)
{
    putc(bracket, json->file);
    json->comma = false;
    json->depth++;
}

static void close_group(CliJson *json, char bracket)
{
    json->depth--;
    if (json->comma) { /* it has something */
        break_line(json);
    }
    putc(bracket, json->file);
    json->comma = true;
}

void cli_json_object(CliJson *json, const char *key)
{
    start(json, key);
    open_group(json, '{');
}

void cli_json_end_object(CliJson *json)
{
    close_group(json, '}');
}

void cli_json_array(CliJson *json, const char *key)
{
    start(json, key);
    open_group(json, '[');
}

void cli_json_end_array(CliJson *json)
{
    close_group(json, ']');
}

void cli_json_uint(CliJson *json, const char *key, uint64_t value)
{
    start(json, key);
    fprintf(json->file, "%" PRIu64, value);
}

void cli_json_int(CliJson *json, const char *key, int64_t value)
{
    start(json, key);
    fprintf(json->file, "%" PRId64, value);
}

void cli_json_wide(CliJson *json, const char *key, uint64_t value, int digits)
{
    g_autofree char *name = g_strconcat(key, "_hex", NULL);

    start(json, name);
    fprintf(json->file, "\"0x%0*" PRIx64 "\"", digits, value);
}

void cli_json_bool(CliJson *json, const char *key, bool value)
{
    start(json, key);
    fputs(value ? "true" : "false", json->file);
}

void cli_json_null(CliJson *json, const char *key)
{
    start(json, key);
    fputs("null", json->file);
}

void cli_json_hex(CliJson *json, const char *key, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    start(json, key);
    putc('"', json->file);
    for (size_t i = 0; i < length; i++) {
        putc(digits[bytes[i] >> 4], json->file);
        putc(digits[bytes[i] & 0xf], json->file);
    }
    putc('"', json->file);
}

void cli_json_string_len(CliJson *json, const char *key, const char *value, size_t length)
{
    start(json, key);
    put_string(json->file, value, length);
}

void cli_json_string(CliJson *json, const char *key, const char *value)
{
    if (value) {
        cli_json_string_len(json, key, value, strlen(value));
    } else {
        cli_json_null(json, key);
    }
}

void cli_json_finish(CliJson *json)
{
    putc('\n', json->file);
    json->comma = false;
}
