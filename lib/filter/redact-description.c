/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what stays of a description: members that QEMU writes, with values of the kind
 *                that it writes; the text of these as it is.
 * Must not know: items, chains.
 * See also:      filter/redact.h; stream/description.c and device/schema.c, which read the same
 *                members.
 */
#include "filter/redact.h"

#include <string.h>

#include "stream/json-scan.h"

typedef struct Copy {
    MigJson json;
    GString *out, *key;
    MigRedactedText *redacted;
} Copy;

/* What mig_json_peek() says of the value that QEMU gives to @key; 0: it writes no such member.
 * Source: migration/vmstate.c, vmsd_desc_field_start(); migration/savevm.c. */
static char kind_of(const GString *key)
{
    static const struct {
        const char *key;
        char kind;
    } members[] = {
        { "page_size", 'n' }, { "configuration", '{' }, { "devices", '[' },
        { "name", '"' },      { "instance_id", 'n' },   { "vmsd_name", '"' },
        { "version", 'n' },   { "fields", '[' },        { "subsections", '[' },
        { "type", '"' },      { "struct", '{' },        { "size", 'n' },
        { "array_len", 'n' }, { "index", 'n' },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        if (key->len == strlen(members[i].key) && g_str_equal(members[i].key, key->str)) {
            return members[i].kind;
        }
    }
    return 0;
}

static void copy(Copy *c, const char *from)
{
    g_string_append_len(c->out, from, c->json.p - from);
}

static bool copy_group(Copy *c, char bracket);

/* The value that comes next, if it is of @kind; else the shortest that is not either. */
static bool copy_value(Copy *c, char kind)
{
    const char *from;
    uint64_t number;

    mig_json_offset(&c->json);
    from = c->json.p;
    if (mig_json_peek(&c->json) != kind) {
        c->redacted->n_others++;
        return mig_json_skip(&c->json) &&
               g_string_append(c->out, kind == 'n' ? "\"\"" : "0");
    }
    if (kind == '{' || kind == '[') {
        return copy_group(c, kind);
    }
    if (kind == 'n' ? !mig_json_uint(&c->json, &number)
                    : !mig_json_string(&c->json, NULL)) {
        return false;
    }
    copy(c, from);
    return true;
}

/* An object or a list of objects.  Recursion is bounded by the depth that the scanner allows. */
static bool copy_group(Copy *c, char bracket)
{
    MigJson *json = &c->json;
    const char *from = json->p; /* of what is not copied yet */
    bool has_some = false, lacks_some = false;

    if (!mig_json_enter(json, bracket)) {
        return false;
    }
    copy(c, from);
    for (from = json->p; mig_json_next(json, bracket == '{' ? c->key : NULL);
         from = json->p) {
        char kind = bracket == '{' ? kind_of(c->key) : '{';

        if (!kind) {
            c->redacted->n_others++;
            lacks_some = true;
            if (!mig_json_skip(json)) {
                return false;
            }
            continue;
        }
        mig_json_offset(json);
        if (!has_some && lacks_some) {
            from = (const char *)memchr(from, ',', (size_t)(json->p - from)) + 1;
        }
        has_some = true;
        copy(c, from);
        if (!copy_value(c, kind)) {
            return false;
        }
    }
    if (json->problem) {
        return false;
    }
    copy(c, from);
    return true;
}

void mig_redact_description(const char *text, size_t length, MigRedactedText *redacted)
{
    g_autoptr(GString) key = g_string_new(NULL);
    Copy c = { .out = g_string_sized_new(length + 1), .key = key, .redacted = redacted };

    mig_json_init(&c.json, text, length);
    redacted->text = c.out;
    redacted->is_whole = copy_value(&c, '{') && mig_json_at_end(&c.json);
    redacted->n_json = c.out->len;
    if (!redacted->is_whole && c.out->len < length) {
        g_string_append_c(c.out, '?');
    }
}
