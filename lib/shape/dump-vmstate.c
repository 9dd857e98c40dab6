/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the shape that a destination shows by its -dump-vmstate file.
 * Must not know: the stream that it is compared with.
 * See also:      shape.h.
 *
 * The file is an object with a member for each type of device that is compiled in, and
 * "vmschkmachine".  Several types can have a description of one name, which is what streams
 * have; the name of the type is in none.  Those of other names than the stream has are passed:
 * reading all would take several times as long as checking the stream.
 * Source: migration/savevm.c, dump_vmstate_json_to_file(); 5.2 to 11.1.
 */
#include <string.h>

#include "io/error.h"
#include "shape/shape-private.h"
#include "stream/json-scan.h"

typedef struct Reading {
    MigShape *shape; /* while the file is looked through */
    MigShapeDump *dump;
    MigJson *json;
    GString *key, *text;
    const char *problem; /* static, beside that of the scanner */

    MigShapeVmstate *v;
    MigShapeVmstate **next;
    MigShapeField *field, **next_field;
} Reading;

static bool read_text(const Reading *r, const char **text)
{
    if (!mig_json_string(r->json, r->text)) {
        return false;
    }
    *text = g_string_chunk_insert(r->dump->tree.strings, r->text->str);
    return true;
}

static bool read_number(const Reading *r, uint32_t *number)
{
    uint64_t wide;

    if (!mig_json_uint(r->json, &wide)) {
        return false;
    }
    *number = (uint32_t)MIN(wide, UINT32_MAX);
    return true;
}

static void *node(Reading *r, size_t size)
{
    void *p = mig_shape_node(&r->dump->tree, size);

    if (!p) {
        r->problem = "it has more fields than are looked at";
    }
    return p;
}

static MigShapeVmstate *read_vmstate(Reading *r);

static bool read_field_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;
    MigShapeField *f = r->field;

    if (g_str_equal(key, "field")) {
        return read_text(r, &f->name);
    }
    if (g_str_equal(key, "version_id")) {
        return read_number(r, &f->version);
    }
    if (g_str_equal(key, "size")) {
        return mig_json_uint(json, &f->size);
    }
    if (g_str_equal(key, "num")) {
        f->fixed = mig_json_uint(json, &f->count);
        return f->fixed;
    }
    if (g_str_equal(key, "field_exists")) {
        f->conditional = mig_json_peek(json) == 't';
    }
    if (g_str_equal(key, "Description")) {
        f->vmstate = read_vmstate(r);
        return f->vmstate != NULL;
    }
    return mig_json_skip(json);
}

static bool read_field(MigJson *json, const char *key, void *user)
{
    Reading *outer = user;
    Reading r = *outer;

    (void)key;
    r.field = node(outer, sizeof(*r.field));
    if (!r.field) {
        return false;
    }
    r.field->name = "";
    r.field->count = 1;
    if (!mig_json_each(json, r.key, read_field_member, &r)) {
        outer->problem = r.problem;
        return false;
    }
    if (r.field->vmstate || r.field->size == MIG_TIMER_IN_MEMORY) {
        r.field->size = 0;
    }
    *outer->next_field = r.field;
    outer->next_field = &r.field->next;
    return true;
}

static bool read_subsection(MigJson *json, const char *key, void *user)
{
    Reading *r = user;
    MigShapeVmstate *q = read_vmstate(r);

    (void)json;
    (void)key;
    if (!q) {
        return false;
    }
    *r->next = q;
    r->next = &q->next;
    return true;
}

static bool read_vmstate_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;
    MigShapeVmstate *v = r->v;

    if (g_str_equal(key, "name")) {
        return read_text(r, &v->name);
    }
    if (g_str_equal(key, "version_id")) {
        return read_number(r, &v->version);
    }
    if (g_str_equal(key, "minimum_version_id")) {
        return read_number(r, &v->minimum);
    }
    if (g_str_equal(key, "Fields")) {
        r->next_field = &v->fields;
        if (!mig_json_each(json, NULL, read_field, r)) {
            return false;
        }
        mig_shape_number_names(&r->dump->tree, v);
        return true;
    }
    if (g_str_equal(key, "Subsections")) {
        r->next = &v->subsections;
        return mig_json_each(json, NULL, read_subsection, r);
    }
    return mig_json_skip(json);
}

static MigShapeVmstate *read_vmstate(Reading *outer) /* NOLINT */
{
    Reading r = *outer;

    r.v = node(outer, sizeof(*r.v));
    if (!r.v) {
        return NULL;
    }
    r.v->name = "";
    if (!mig_json_each(r.json, r.key, read_vmstate_member, &r)) {
        outer->problem = r.problem;
        return NULL;
    }
    return r.v;
}

static bool find_name(MigJson *json, const char *key, void *user)
{
    const Reading *r = user;

    return g_str_equal(key, "name") ? mig_json_string(json, r->text)
                                    : mig_json_pass(json);
}

static bool find_description(MigJson *json, const char *key, void *user)
{
    const Reading *r = user;
    MigShapeDumped dumped = { 0 };

    if (!g_str_equal(key, "Description")) {
        return mig_json_pass(json);
    }
    dumped.text = json->text + mig_json_offset(json);
    g_string_truncate(r->text, 0);
    if (!mig_json_each(json, r->key, find_name, user)) {
        return false;
    }
    dumped.length = (size_t)(json->p - dumped.text);
    dumped.name = g_string_chunk_insert(r->dump->tree.strings, r->text->str);
    g_array_append_val(r->dump->dumped, dumped);
    return true;
}

static bool read_machine_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (!g_str_equal(key, "Name")) {
        return mig_json_skip(json);
    }
    if (!mig_json_string(json, r->text)) {
        return false;
    }
    g_free(r->shape->machine);
    r->shape->machine = g_strdup(r->text->str);
    return true;
}

static bool read_type(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    return mig_json_each(
        json, r->key,
        g_str_equal(key, "vmschkmachine") ? read_machine_member : find_description, r);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const MigShapeDumped *x = a, *y = b;

    return strcmp(x->name, y->name);
}

const MigShapeVmstate *mig_shape_dumped(MigShapeDump *dump, MigShapeDumped *dumped)
{
    MigJson json;
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) scratch = g_string_new(NULL);
    Reading r = { .dump = dump, .json = &json, .key = key, .text = scratch };

    if (!dumped->is_read) {
        dumped->is_read = true;
        mig_json_init(&json, dumped->text, dumped->length);
        dumped->vmstate = read_vmstate(&r);
        dump->is_broken |= !dumped->vmstate;
    }
    return dumped->vmstate;
}

void mig_shape_dump_free(MigShapeDump *dump)
{
    if (dump) {
        g_array_unref(dump->dumped);
        mig_shape_tree_clear(&dump->tree);
        g_free(dump->text);
        g_free(dump);
    }
}

/* Whether each array has its number of elements, which came with 8.1. */
static bool has_counts(const char *text, size_t length)
{
    static const char key[] = "\"num\"";
    const char *p = text, *end = text + length;

    while ((p = memmem(p, (size_t)(end - p), key, strlen(key)))) {
        p += strlen(key);
        while (p < end && g_ascii_isspace(*p)) {
            p++;
        }
        if (p < end && *p == ':') { /* and no field of that name, as of a FIFO */
            return true;
        }
    }
    return false;
}

static bool read_text_of(MigShape *shape, const char *text, size_t length, GError **error)
{
    MigShapeDump *dump = shape->dump;
    MigJson json;
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) scratch = g_string_new(NULL);
    Reading r = {
        .shape = shape, .dump = dump, .json = &json, .key = key, .text = scratch
    };

    dump->knows_counts = has_counts(text, length);
    mig_json_init(&json, text, length);
    if (!mig_json_each(&json, key, read_type, &r) || !mig_json_at_end(&json)) {
        mig_error_set(error, MIG_ERROR_MALFORMED, (uint64_t)(json.p - text), NULL,
                      "no -dump-vmstate file, or one that is cut off: %s",
                      r.problem      ? r.problem
                      : json.problem ? json.problem
                                     : "something follows its end");
        return false;
    }
    if (!shape->machine) {
        mig_error_set(error, MIG_ERROR_MALFORMED, 0, NULL,
                      "JSON, but no -dump-vmstate file: \"vmschkmachine\" is not in it");
        return false;
    }
    g_array_sort(dump->dumped, by_name);
    return true;
}

bool mig_shape_read_dump_vmstate(MigShape *shape, GError **error)
{
    uint64_t length;
    MigShapeDump *dump = shape->dump = g_new0(MigShapeDump, 1);

    mig_shape_tree_init(&dump->tree);
    dump->dumped = g_array_new(false, false, sizeof(MigShapeDumped));
    dump->text = mig_shape_read_text(shape, "a -dump-vmstate file", &length, error);
    return dump->text && read_text_of(shape, dump->text, length, error);
}
