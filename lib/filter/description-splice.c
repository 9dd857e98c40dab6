/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see description-splice.h.
 * Must not know: why anything is changed.
 * See also:      stream/json-scan.h.
 *
 * QEMU up to 5.2 prints { "a" : 1, "b" : [ 2 ] }, later ones {"a": 1, "b": [2]}.
 * Source: qapi json writer and migration/qjson.c, 5.2; qapi/json-writer.c, 6.0.
 */
#include "filter/description-splice.h"

#include <string.h>

#include "stream/json-scan.h"

/* --- a new entry --- */

static void append_string(GString *text, const char *value)
{
    g_string_append_c(text, '"');
    for (const char *p = value; *p;) {
        gunichar c = g_utf8_get_char_validated(p, -1);
        bool valid = c < 0x110000;

        if (c == '"' || c == '\\') {
            g_string_append_printf(text, "\\%c", (char)c);
        } else if (c >= 0x20 && c < 0x7f) {
            g_string_append_c(text, (char)c);
        } else if (valid && c >= 0x10000) {
            g_string_append_printf(text, "\\u%04X\\u%04X", 0xd800 + ((c - 0x10000) >> 10),
                                   0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            g_string_append_printf(text, "\\u%04X", valid ? c : 0xfffd);
        }
        p += valid ? g_unichar_to_utf8(c, NULL) : 1;
    }
    g_string_append_c(text, '"');
}

MigSpacing mig_spacing_of(const char *json, size_t n)
{
    MigSpacing spacing = { "", ": ", ", " };
    const char *colon = memchr(json, ':', n);

    if (n > 1 && json[1] == ' ') {
        spacing.pad = " ";
    }
    if (colon && colon > json && (size_t)(colon - json) + 1 < n) {
        bool before = colon[-1] == ' ', after = colon[1] == ' ';

        spacing.colon = before ? (after ? " : " : " :") : (after ? ": " : ":");
        spacing.comma = after ? ", " : ",";
    }
    return spacing;
}

char *mig_description_entry(const char *name, uint32_t instance_id, uint64_t size,
                            const MigSpacing *s)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "{%s\"name\"%s", s->pad, s->colon);
    append_string(text, name);
    g_string_append_printf(
        text,
        "%s\"instance_id\"%s%u%s\"size\"%s%" PRIu64 "%s\"fields\"%s[%s{%s"
        "\"name\"%s\"data\"%s\"size\"%s%" PRIu64 "%s\"type\"%s\"buffer\"%s}"
        "%s]%s}",
        s->comma, s->colon, instance_id, s->comma, s->colon, size, s->comma, s->colon,
        s->pad, s->pad, s->colon, s->comma, s->colon, size, s->comma, s->colon, s->pad,
        s->pad, s->pad);
    return g_string_free(text, false);
}

/* --- values of an entry --- */

char *mig_splice_sum(const char *text, size_t n)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, n);
}

bool mig_splice_entry(GArray *splices, const char *text,
                      const MigDeviceDescription *device, const char *old_sum, char *now)
{
    g_autofree char *sum =
        mig_splice_sum(text + device->text_offset, device->text_length);

    if (!g_str_equal(sum, old_sum)) {
        g_free(now);
        return false;
    }
    mig_splice(splices, device->text_offset, device->text_length, now);
    return true;
}

/* What values are replaced by. */
typedef struct Replacing {
    GArray *splices;
    size_t base;      /* of the text that is scanned */
    GString *key;     /* scratch */
    const char *name; /* or NULL */
    uint64_t size;
    GString *field; /* name of the field, if only that of one name is replaced */
    bool configuration, fields; /* one was met */
} Replacing;

/* Replaces the number or string that comes next in @json. */
static bool replace_value(const Replacing *r, MigJson *json, char *text)
{
    size_t from = mig_json_offset(json);

    if (!mig_json_skip(json)) {
        g_free(text);
        return false;
    }
    mig_splice(r->splices, r->base + from, (size_t)(json->p - json->text) - from, text);
    return true;
}

static bool replace_size(const Replacing *r, MigJson *json)
{
    return replace_value(r, json, g_strdup_printf("%" PRIu64, r->size));
}

/* Has @visit look at each member of the entry of @device. */
static bool each_member(Replacing *r, const char *text,
                        const MigDeviceDescription *device, MigJsonVisit *visit)
{
    g_autoptr(GString) key = g_string_new(NULL);
    MigJson json;

    r->key = key;
    r->base = device->text_offset;
    mig_json_init(&json, text + r->base, device->text_length);
    return mig_json_each(&json, key, visit, r);
}

static bool rename_member(MigJson *json, const char *key, void *user)
{
    const Replacing *r = user;
    GString *name;

    if (!g_str_equal(key, "name")) {
        return mig_json_skip(json);
    }
    name = g_string_new(NULL);
    append_string(name, r->name);
    return replace_value(r, json, g_string_free(name, false));
}

bool mig_splice_name(GArray *splices, const char *text,
                     const MigDeviceDescription *device, const char *name)
{
    Replacing r = { .splices = splices, .name = name };

    return each_member(&r, text, device, rename_member);
}

static bool resize_field_member(MigJson *json, const char *key, void *user)
{
    return g_str_equal(key, "size") ? replace_size(user, json) : mig_json_skip(json);
}

static bool resize_field(MigJson *json, const char *key, void *user)
{
    const Replacing *r = user;

    (void)key;
    return mig_json_each(json, r->key, resize_field_member, user);
}

static bool resize_member(MigJson *json, const char *key, void *user)
{
    return g_str_equal(key, "fields") ? mig_json_each(json, NULL, resize_field, user)
                                      : resize_field_member(json, key, user);
}

bool mig_splice_size(GArray *splices, const char *text,
                     const MigDeviceDescription *device, uint64_t size)
{
    Replacing r = { .splices = splices, .size = size };

    return each_member(&r, text, device, resize_member);
}

static bool machine_field_member(MigJson *json, const char *key, void *user)
{
    const Replacing *r = user;

    if (g_str_equal(key, "size") && g_str_equal(r->field->str, "name")) {
        return replace_size(r, json);
    }
    return g_str_equal(key, "name") ? mig_json_string(json, r->field)
                                    : mig_json_skip(json);
}

static bool machine_field(MigJson *json, const char *key, void *user)
{
    const Replacing *r = user;

    (void)key;
    g_string_truncate(r->field, 0);
    return mig_json_each(json, r->key, machine_field_member, user);
}

static bool configuration_member(MigJson *json, const char *key, void *user)
{
    Replacing *r = user;

    if (r->fields || !g_str_equal(key, "fields")) {
        return mig_json_skip(json);
    }
    r->fields = true;
    return mig_json_each(json, NULL, machine_field, r);
}

static bool top_member(MigJson *json, const char *key, void *user)
{
    Replacing *r = user;

    if (r->configuration || !g_str_equal(key, "configuration")) {
        return mig_json_skip(json);
    }
    r->configuration = true;
    return mig_json_each(json, r->key, configuration_member, r);
}

bool mig_splice_machine(GArray *splices, const char *text, size_t n, uint32_t length)
{
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) field = g_string_new(NULL);
    Replacing r = { .splices = splices, .key = key, .size = length, .field = field };
    MigJson json;

    mig_json_init(&json, text, n);
    return mig_json_each(&json, key, top_member, &r) &&
           (splices->len || !r.configuration);
}
