/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the shape that a destination shows by its -dump-vmstate file.
 * Must not know: the stream that it is compared with.
 * See also:      shape.h.
 *
 * The file is an object with a member for each type of device that is compiled in, and
 * "vmschkmachine".  Several types can have a description of one name, which is what streams
 * have; the name of the type is in none.
 * Source: migration/savevm.c, dump_vmstate_json_to_file(); 5.2 to 11.1.
 */
#include <string.h>

#include "io/error.h"
#include "shape/shape-private.h"
#include "stream/json-scan.h"

typedef struct Reading {
    MigShape *shape;
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
    *text = g_string_chunk_insert(r->shape->tree.strings, r->text->str);
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
    void *p = mig_shape_node(&r->shape->tree, size);

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
        f->fixed = r->shape->knows_counts = mig_json_uint(json, &f->count);
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
        mig_shape_number_names(&r->shape->tree, v);
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

static bool read_entry_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;
    MigShapeVmstate *v;

    if (!g_str_equal(key, "Description")) {
        return mig_json_skip(json);
    }
    v = read_vmstate(r);
    if (v) {
        g_ptr_array_add(r->shape->vmstates, v);
    }
    return v != NULL;
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
        g_str_equal(key, "vmschkmachine") ? read_machine_member : read_entry_member, r);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const MigShapeVmstate *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static bool read_text_of(MigShape *shape, const char *text, size_t length, GError **error)
{
    MigJson json;
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) scratch = g_string_new(NULL);
    Reading r = { .shape = shape, .json = &json, .key = key, .text = scratch };

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
    g_ptr_array_sort(shape->vmstates, by_name);
    return true;
}

bool mig_shape_read_dump_vmstate(MigShape *shape, GError **error)
{
    uint64_t length;
    g_autofree char *text =
        mig_shape_read_text(shape, "a -dump-vmstate file", &length, error);

    return text && read_text_of(shape, text, length, error);
}
