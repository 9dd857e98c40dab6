/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see schema.h.
 * Must not know: what the schemas are about.
 * See also:      cli/test-schema.c.
 */
#include "schema.h"

#include <string.h>

#include "support.h"

struct Schema {
    GHashTable *files; /* name -> JsonParser, which has its root */
    char *name;
};

typedef struct Place {
    Schema *schema;
    const char *file; /* of the part that is looked at */
    GString *path;    /* of the value, for messages */
    GString *problem;
    gboolean some;
} Place;

static JsonObject *load(Schema *schema, const char *name)
{
    JsonParser *parser = g_hash_table_lookup(schema->files, name);

    if (!parser) {
        g_autoptr(GError) error = NULL;
        g_autofree char *relative = g_strconcat("docs/schema/", name, NULL);
        g_autofree char *path = source_path(relative);

        parser = json_parser_new();
        ck_assert_msg(json_parser_load_from_file(parser, path, &error), "%s: %s", path,
                      error ? error->message : "");
        g_hash_table_insert(schema->files, g_strdup(name), parser);
    }
    return json_node_get_object(json_parser_get_root(parser));
}

Schema *schema_load(const char *name)
{
    Schema *schema = g_new0(Schema, 1);

    schema->files =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
    schema->name = g_strconcat(name, ".json", NULL);
    load(schema, schema->name);
    return schema;
}

void schema_free(Schema *schema)
{
    g_hash_table_unref(schema->files);
    g_free(schema->name);
    g_free(schema);
}

static gboolean fails(Place *p, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fails(Place *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_printf(p->problem, "%s: ", p->path->len ? p->path->str : "(whole)");
    g_string_append_vprintf(p->problem, format, args);
    va_end(args);
    return FALSE;
}

static const char *type_of(JsonNode *value)
{
    switch (json_node_get_node_type(value)) {
    case JSON_NODE_OBJECT:
        return "object";
    case JSON_NODE_ARRAY:
        return "array";
    case JSON_NODE_NULL:
        return "null";
    default:
        return json_node_get_value_type(value) == G_TYPE_STRING    ? "string"
               : json_node_get_value_type(value) == G_TYPE_BOOLEAN ? "boolean"
               : json_node_get_value_type(value) == G_TYPE_INT64   ? "integer"
                                                                   : "number";
    }
}

static gboolean accepts(Place *p, JsonObject *rule, JsonNode *value);

/* @type: a name, or an array of them. */
static gboolean accepts_type(Place *p, JsonNode *type, JsonNode *value)
{
    const char *is = type_of(value);

    if (JSON_NODE_HOLDS_VALUE(type)) {
        return g_str_equal(json_node_get_string(type), is) ||
               fails(p, "is %s, not %s", is, json_node_get_string(type));
    }
    for (guint i = 0; i < json_array_get_length(json_node_get_array(type)); i++) {
        if (g_str_equal(json_array_get_string_element(json_node_get_array(type), i),
                        is)) {
            return TRUE;
        }
    }
    return fails(p, "is %s", is);
}

static gboolean accepts_enum(Place *p, JsonNode *words, JsonNode *value)
{
    JsonArray *array = json_node_get_array(words);

    for (guint i = 0; i < json_array_get_length(array); i++) {
        if (json_node_equal(json_array_get_element(array, i), value)) {
            return TRUE;
        }
    }
    return fails(p, "has none of the values that it may have");
}

static gboolean accepts_pattern(Place *p, JsonNode *pattern, JsonNode *value)
{
    return !g_str_equal(type_of(value), "string") ||
           g_regex_match_simple(json_node_get_string(pattern),
                                json_node_get_string(value), 0, 0) ||
           fails(p, "\"%s\" does not match %s", json_node_get_string(value),
                 json_node_get_string(pattern));
}

static gboolean accepts_properties(Place *p, JsonNode *properties, JsonNode *value)
{
    JsonObject *known = json_node_get_object(properties);
    JsonObjectIter iter;
    const char *key;
    JsonNode *member;

    if (!JSON_NODE_HOLDS_OBJECT(value)) {
        return TRUE;
    }
    json_object_iter_init(&iter, json_node_get_object(value));
    while (json_object_iter_next(&iter, &key, &member)) {
        gsize before = p->path->len;
        gboolean ok;

        if (!json_object_has_member(known, key)) {
            return fails(p, "has a key \"%s\" that the schema does not know", key);
        }
        g_string_append_printf(p->path, ".%s", key);
        ok = accepts(p, json_object_get_object_member(known, key), member);
        g_string_truncate(p->path, before);
        if (!ok) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean accepts_required(Place *p, JsonNode *required, JsonNode *value)
{
    JsonArray *keys = json_node_get_array(required);

    for (guint i = 0; i < json_array_get_length(keys) && JSON_NODE_HOLDS_OBJECT(value) &&
                      !(p->some && p->path->len == 0);
         i++) {
        const char *key = json_array_get_string_element(keys, i);

        if (!json_object_has_member(json_node_get_object(value), key)) {
            return fails(p, "has no key \"%s\"", key);
        }
    }
    return TRUE;
}

/* Whatever is not among the properties is refused there. */
static gboolean accepts_additional(Place *p, JsonNode *allowed, JsonNode *value)
{
    (void)value;
    return !json_node_get_boolean(allowed) || fails(p, "the schema allows any key");
}

static gboolean accepts_items(Place *p, JsonNode *items, JsonNode *value)
{
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(value) ? json_node_get_array(value) : NULL;

    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        gsize before = p->path->len;
        gboolean ok;

        g_string_append_printf(p->path, "[%u]", i);
        ok = accepts(p, json_node_get_object(items), json_array_get_element(array, i));
        g_string_truncate(p->path, before);
        if (!ok) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean accepts_any_of(Place *p, JsonNode *rules, JsonNode *value)
{
    JsonArray *array = json_node_get_array(rules);

    for (guint i = 0; i < json_array_get_length(array); i++) {
        if (accepts(p, json_array_get_object_element(array, i), value)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* "FILE#/$defs/NAME" */
static gboolean accepts_ref(Place *p, JsonNode *ref, JsonNode *value)
{
    g_auto(GStrv) parts = g_strsplit(json_node_get_string(ref), "#/$defs/", 2);
    Place there = *p;
    JsonObject *definitions;

    there.file = *parts[0] ? parts[0] : p->file;
    definitions = json_object_get_object_member(load(p->schema, there.file), "$defs");
    ck_assert_msg(definitions && json_object_has_member(definitions, parts[1]),
                  "no definition %s", json_node_get_string(ref));
    return accepts(&there, json_object_get_object_member(definitions, parts[1]), value);
}

static gboolean accepts_all(Place *p, JsonNode *rule, JsonNode *value)
{
    (void)p, (void)rule, (void)value;
    return TRUE;
}

static const struct {
    const char *name;
    gboolean (*accepts)(Place *p, JsonNode *rule, JsonNode *value);
} keywords[] = {
    { "type", accepts_type },
    { "enum", accepts_enum },
    { "pattern", accepts_pattern },
    { "minimum", accepts_all }, /* json-glib cannot tell 2^64-1 from -1 */
    { "properties", accepts_properties },
    { "required", accepts_required },
    { "additionalProperties", accepts_additional },
    { "items", accepts_items },
    { "anyOf", accepts_any_of },
    { "$ref", accepts_ref },
    { "$schema", accepts_all },
    { "$comment", accepts_all },
    { "$defs", accepts_all },
    { "title", accepts_all },
};

static gboolean accepts_keyword(Place *p, const char *name, JsonNode *rule,
                                JsonNode *value)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keywords); i++) {
        if (g_str_equal(keywords[i].name, name)) {
            return keywords[i].accepts(p, rule, value);
        }
    }
    ck_abort_msg("%s: the keyword %s is not known here", p->file, name);
}

static gboolean accepts(Place *p, JsonObject *rule, JsonNode *value)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    ck_assert_msg(!json_object_has_member(rule, "properties") ||
                      json_object_has_member(rule, "additionalProperties"),
                  "%s: an object that allows any key", p->file);
    json_object_iter_init(&iter, rule);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (!accepts_keyword(p, name, node, value)) {
            return FALSE;
        }
    }
    return TRUE;
}

char *schema_validate(Schema *schema, JsonNode *value, gboolean some)
{
    g_autoptr(GString) path = g_string_new(NULL);
    GString *problem = g_string_new(NULL);
    Place p = { .schema = schema,
                .file = schema->name,
                .path = path,
                .problem = problem,
                .some = some };
    gboolean ok = accepts(&p, load(schema, schema->name), value);

    return g_string_free(problem, ok);
}

void schema_assert_line(const char *name, const char *out, const char *const *parts)
{
    g_autoptr(Schema) schema = schema_load(name);
    g_autoptr(JsonNode) node = json_from_string(out, NULL);
    g_autofree char *problem = node ? schema_validate(schema, node, FALSE) : NULL;

    ck_assert_msg(node && !problem, "%s: %s\n%s", name, problem ? problem : "no JSON",
                  out);
    ck_assert_ptr_eq(strchr(out, '\n'), out + strlen(out) - 1);
    for (; *parts; parts++) {
        ck_assert_msg(strstr(out, *parts), "no %s in %s", *parts, out);
    }
}
