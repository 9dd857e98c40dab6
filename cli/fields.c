/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see fields.h.
 * Must not know: trees of fields.
 * See also:      dump-devices.c, cmd-diff.c.
 */
#include "fields.h"

#include <string.h>

#include "text.h"

/* Above this a decimal reading of a number helps nobody. */
#define DECIMAL_MAX 1000000u

char *cli_field_hex(const uint8_t *bytes, uint64_t length, uint64_t limit)
{
    GString *text = g_string_new(NULL);
    uint64_t n = MIN(length, limit);

    for (uint64_t i = 0; i < n; i++) {
        g_string_append_printf(text, i ? " %02x" : "%02x", bytes[i]);
    }
    if (n < length) {
        g_string_append_printf(text, " ... %" PRIu64 " more", length - n);
    }
    return g_string_free(text, FALSE);
}

/* Printable text, closed by zeros or by the end. */
static bool is_text(const uint8_t *bytes, uint64_t length)
{
    uint64_t n = 0;

    while (n < length && g_ascii_isprint(bytes[n])) {
        n++;
    }
    return n >= 3 && mig_page_is_zero(bytes + n, length - n);
}

static char *bytes_value(const MigField *field)
{
    if (field->length == 0) {
        return g_strdup("empty");
    }
    if (field->length > 1 && mig_page_is_zero(field->bytes, field->length)) {
        return g_strdup_printf("all zero (%" PRIu64 " bytes)", field->length);
    }
    if (is_text(field->bytes, field->length)) {
        const char *text = (const char *)field->bytes;
        g_autofree char *shown = cli_escape(text, strnlen(text, MIN(field->length, 256)));

        return g_strdup_printf("\"%s\"", shown);
    }
    return cli_field_hex(field->bytes, field->length, CLI_FIELD_BYTES);
}

char *cli_field_value(const MigField *field)
{
    int digits = (int)MIN(field->length, 8) * 2;

    switch (field->kind) {
    case MIG_FIELD_UINT:
        /* registers of hardware are read in hexadecimal */
        return field->u > 9 && field->u < DECIMAL_MAX &&
                       !g_str_has_prefix(field->type, "le")
                   ? g_strdup_printf("0x%0*" PRIx64 " (%" PRIu64 ")", digits, field->u,
                                     field->u)
                   : g_strdup_printf("0x%0*" PRIx64, digits, field->u);
    case MIG_FIELD_INT:
        return field->i > 9
                   ? g_strdup_printf("%" PRId64 " (0x%" PRIx64 ")", field->i, field->u)
                   : g_strdup_printf("%" PRId64, field->i);
    case MIG_FIELD_BOOL:
        return g_strdup(field->u ? "true" : "false");
    case MIG_FIELD_NULL:
        return g_strdup("NULL");
    case MIG_FIELD_ARRAY:
        return g_strdup("0 elements");
    case MIG_FIELD_MISMATCH:
        return cli_field_hex(field->bytes, field->bytes ? field->length : 0,
                             CLI_FIELD_BYTES);
    default:
        return bytes_value(field);
    }
}

static void bytes_json(CliJson *json, const char *key, const MigField *field, bool all)
{
    uint64_t n = field->bytes ? field->length : 0;

    cli_json_hex(json, key, field->bytes, all ? n : MIN(n, CLI_FIELD_BYTES));
}

/* Beside an integer of 64 bits, unless it is an element of an array. */
static void wide_json(CliJson *json, const char *key, const MigField *field)
{
    if (key && field->length > 4) {
        cli_json_wide(json, key, field->u, 2 * (int)MIN(field->length, 8));
    }
}

void cli_field_json(CliJson *json, const char *key, const MigField *field, bool all)
{
    switch (field->kind) {
    case MIG_FIELD_UINT:
        cli_json_uint(json, key, field->u);
        wide_json(json, key, field);
        break;
    case MIG_FIELD_INT:
        cli_json_int(json, key, field->i);
        wide_json(json, key, field);
        break;
    case MIG_FIELD_BOOL:
        cli_json_bool(json, key, field->u != 0);
        break;
    case MIG_FIELD_NULL:
        cli_json_null(json, key);
        break;
    case MIG_FIELD_ARRAY:
        cli_json_array(json, key);
        cli_json_end_array(json);
        break;
    default:
        bytes_json(json, key, field, all);
    }
}
