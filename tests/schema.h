/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whether a JSON value is what a schema of docs/schema says.
 * Must not know: what the schemas are about.
 * See also:      cli/test-schema.c.
 *
 * Of JSON Schema it knows what those schemas use: type, enum, pattern, minimum, properties,
 * required, additionalProperties (false), items, anyOf, and $ref to $defs of the same file or
 * of another.  Any other keyword is an error, so that none is passed over.
 */
#ifndef TESTS_SCHEMA_H
#define TESTS_SCHEMA_H

#include <json-glib/json-glib.h>

typedef struct Schema Schema;

/* docs/schema/NAME.json. */
Schema *schema_load(const char *name);
void schema_free(Schema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schema, schema_free)

/* NULL, or where and why @value is another; free with g_free().  With @some, no key of the
 * outermost object is required. */
char *schema_validate(Schema *schema, JsonNode *value, gboolean some);

/* Fails unless @out is one line, a value that the schema NAME accepts, and has each of @parts
 * (closed by NULL) in it. */
void schema_assert_line(const char *name, const char *out, const char *const *parts);

#endif
