/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how the values of a difference look: as text, in which what is long is cut
 *                down to what differs, and as JSON.
 * Must not know: what is compared.
 * See also:      diff.h; fields.h, how a field looks by itself.
 */
#include <string.h>

#include "diff.h"
#include "fields.h"
#include "text.h"

/* A buffer up to here is shown whole, of a longer one what differs: */
#define SHOWN_WHOLE 8u
#define RUNS_SHOWN  4u /* so many runs of bytes */
#define RUN_BYTES   8u /* and so many of each */

/* Of a buffer that is longer, in bytes, a digest stands for what differs. */
#define BYTES_COMPARED 4096u

/* Flags of a note that are shown at most. */
#define FLAGS_SHOWN 8u

static bool is_buffer(const MigField *field)
{
    return field->kind == MIG_FIELD_BYTES || field->kind == MIG_FIELD_MISMATCH;
}

static char *digest_of(const MigField *field)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, field->bytes, field->length);
}

uint64_t diff_pages(uint64_t length, uint32_t page_size)
{
    return (length + page_size - 1) / page_size;
}

char *diff_path(const MigDifference *difference)
{
    if (difference->kind == MIG_DIFFERENCE_RAM_PAGES) {
        return g_strdup_printf("%s 0x%" PRIx64 "-0x%" PRIx64, difference->block->name,
                               difference->address,
                               difference->address + difference->length - 1);
    }
    return g_strdup(difference->block ? difference->block->name : difference->path);
}

/* --- a field for a person ---------------------------------------------------------------- */

/* "byte 3: 1f 20, 9: 00": the bytes of @mine where it differs from @other. */
static char *runs_of(const MigField *mine, const MigField *other)
{
    GString *text = g_string_new("byte");
    uint64_t more = 0, end;
    unsigned runs = 0;

    for (uint64_t at = 0; at < mine->length; at = end) {
        uint64_t shown;

        for (end = at; end < mine->length && mine->bytes[end] != other->bytes[end];) {
            end++;
        }
        if (end == at) {
            end++;
            continue;
        }
        shown = runs++ < RUNS_SHOWN ? MIN(end - at, RUN_BYTES) : 0;
        if (shown) {
            g_autofree char *hex = cli_field_hex(mine->bytes + at, shown, shown);

            g_string_append_printf(text, "%s %" PRIu64 ": %s", runs > 1 ? "," : "", at,
                                   hex);
        }
        more += end - at - shown;
    }
    if (more) {
        g_string_append_printf(text, " ... %" PRIu64 " more", more);
    }
    return g_string_free(text, FALSE);
}

/* A flag is a word of its own: "Mem+", "MRG_RXBUF". */
static bool is_flag(const char *word)
{
    size_t n = strlen(word);

    return n > 1 && (word[n - 1] == '+' || word[n - 1] == '-' ||
                     (g_ascii_isupper(*word) &&
                      strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == n));
}

static char **words_of(const char *note)
{
    return g_strsplit(note ? note : "", " ", -1);
}

/* @value, and those flags of its note that the other side does not have. */
static char *with_flags(const char *value, const MigField *mine, const MigField *other)
{
    g_auto(GStrv) words = words_of(mine->note), others = words_of(other->note);
    GString *text = g_string_new(value);
    unsigned n = 0;

    for (char **word = words; *word && n < FLAGS_SHOWN; word++) {
        if (is_flag(*word) && !g_strv_contains((const char *const *)others, *word)) {
            g_autofree char *shown = cli_escape(*word, strlen(*word));

            g_string_append_printf(text, " %s", shown);
            n++;
        }
    }
    return g_string_free(text, FALSE);
}

/* What is shown of one side where both have the field. */
static char *pair_text(const MigField *mine, const MigField *other)
{
    g_autofree char *text = cli_field_value(mine), *others = NULL, *digest = NULL;

    if (!is_buffer(mine) || !is_buffer(other)) {
        return with_flags(text, mine, other);
    }
    if (mine->length != other->length) {
        return g_strdup_printf("%s (%" PRIu64 " bytes)", text, mine->length);
    }
    if (mine->length > BYTES_COMPARED) {
        digest = digest_of(mine);
        return g_strdup_printf("%s, SHA-256 %s", text, digest);
    }
    others = cli_field_value(other);
    return mine->length <= SHOWN_WHOLE || (*text == '"' && *others == '"')
               ? g_steal_pointer(&text)
               : runs_of(mine, other);
}

static char *group_text(uint64_t values)
{
    return g_strdup_printf("%" PRIu64 " %s", values, values == 1 ? "field" : "fields");
}

static char *field_text(const MigDifference *difference, MigDiffSide side)
{
    const MigDifferenceValue *mine = &difference->value[side];
    const MigDifferenceValue *other = &difference->value[!side];

    if (other->present) {
        return pair_text(mine->field, other->field);
    }
    return mig_field_is_group(mine->field) ? group_text(mine->number)
                                           : cli_field_value(mine->field);
}

/* --- what else differs ------------------------------------------------------------------- */

/* The layout in words: more than the dialect where set-up is repeated. */
static char *layout_text(const MigVfioDevice *device)
{
    const char *name = mig_vfio_dialect_name(device->dialect);

    return device->dialect == MIG_VFIO_DIALECT_SUBFLAG
               ? g_strdup_printf("%s, set up %u %s", name, device->config_records,
                                 device->config_records == 1 ? "time" : "times")
               : g_strdup(name);
}

static char *data_text(const MigDifference *difference, MigDiffSide side)
{
    const MigDifferenceValue *mine = &difference->value[side];

    if (mine->ends || difference->value[!side].ends) {
        return g_strdup_printf("%s %" PRIu64 " bytes",
                               mine->ends ? "ends after" : "more than",
                               difference->address);
    }
    return g_strdup_printf("byte %" PRIu64 ": %02x", difference->address,
                           (unsigned)mine->number);
}

static char *body_text(const MigDifference *difference, MigDiffSide side)
{
    const MigDifferenceValue *mine = &difference->value[side];
    const char *more = "";

    if (mine->described != difference->value[!side].described) {
        more = mine->described ? "" : ", not as described";
    } else if (side == MIG_DIFF_B) {
        more = ", others";
    }
    return g_strdup_printf("%" PRIu64 " bytes%s", mine->number, more);
}

/* As the stream has it, so to be escaped; "" if all is said by which side has it. */
static char *plain_text(const MigDifference *difference, MigDiffSide side)
{
    const MigDifferenceValue *mine = &difference->value[side];

    switch (difference->kind) {
    case MIG_DIFFERENCE_DESCRIPTION:
        return g_strdup("present");
    case MIG_DIFFERENCE_BODY:
        return body_text(difference, side);
    case MIG_DIFFERENCE_VFIO_LAYOUT:
        return layout_text(mine->vfio);
    case MIG_DIFFERENCE_VFIO_DATA:
        return data_text(difference, side);
    default:
        return g_strdup(mine->text ? mine->text : "");
    }
}

/* --- text and JSON ----------------------------------------------------------------------- */

char *diff_value_text(const MigDifference *difference, MigDiffSide side)
{
    const MigDifferenceValue *value = &difference->value[side];
    g_autofree char *text = NULL;

    switch (difference->kind) {
    case MIG_DIFFERENCE_PAGE_SIZE:
    case MIG_DIFFERENCE_VERSION:
        return cli_number(value->number);
    case MIG_DIFFERENCE_RAM_BLOCK:
        text = cli_number(value->number);
        return g_strconcat(text, " bytes", NULL);
    case MIG_DIFFERENCE_FIELD:
    case MIG_DIFFERENCE_SUBSECTION:
        return field_text(difference, side);
    default:
        text = plain_text(difference, side);
        return cli_escape(text, strlen(text));
    }
}

/* Of a buffer all that is known. */
static void buffer_json(CliJson *json, const char *key, const MigField *field)
{
    if (field->length > BYTES_COMPARED) {
        g_autofree char *digest = digest_of(field);
        g_autofree char *text = g_strconcat("sha256:", digest, NULL);

        cli_json_string(json, key, text);
    } else {
        cli_json_hex(json, key, field->bytes, field->length);
    }
}

static void field_json(CliJson *json, const char *key, const MigDifferenceValue *value)
{
    const MigField *field = value->field;

    if (is_buffer(field)) {
        buffer_json(json, key, field);
    } else if (mig_field_is_group(field)) {
        g_autofree char *text = group_text(value->number);

        cli_json_string(json, key, text);
    } else if (field->kind == MIG_FIELD_NULL) {
        cli_json_null(json, key);
    } else if (field->kind == MIG_FIELD_BOOL) {
        cli_json_bool(json, key, field->u != 0);
    } else if (field->kind == MIG_FIELD_INT) {
        cli_json_int(json, key, field->i);
        cli_json_wide(json, key, field->u, 1);
    } else {
        cli_json_uint(json, key, field->u);
        cli_json_wide(json, key, field->u, 1);
    }
}

void diff_value_json(CliJson *json, const char *key, const MigDifference *difference,
                     MigDiffSide side)
{
    const MigDifferenceValue *value = &difference->value[side];

    if (!value->present) {
        cli_json_null(json, key);
        return;
    }
    switch (difference->kind) {
    case MIG_DIFFERENCE_PAGE_SIZE:
    case MIG_DIFFERENCE_VERSION:
    case MIG_DIFFERENCE_RAM_BLOCK:
        cli_json_uint(json, key, value->number);
        cli_json_wide(json, key, value->number, 1);
        break;
    case MIG_DIFFERENCE_FIELD:
    case MIG_DIFFERENCE_SUBSECTION:
        field_json(json, key, value);
        break;
    default: {
        g_autofree char *text = plain_text(difference, side);

        cli_json_string(json, key, text);
    }
    }
}
