/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the description of one device, read: its vmstates and their fields as
 *                lists.
 * Must not know: the bytes that are described.  Private to device/.
 * See also:      device/walk.h; stream/description.c, which only adds up lengths.
 */
#ifndef MIG_DEVICE_SCHEMA_H
#define MIG_DEVICE_SCHEMA_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "device/nodes.h"
#include "stream/json-scan.h"

typedef enum Shape {
    SHAPE_OTHER, /* bytes */
    SHAPE_UINT,
    SHAPE_INT,
    SHAPE_BOOL,
    SHAPE_TIMER,
    SHAPE_NULLPTR,
    SHAPE_QUEUE,
    SHAPE_GTREE,
} Shape;

typedef struct Field Field;
typedef struct Vmstate Vmstate;

struct Vmstate {
    const char *name;
    uint32_t version;
    uint64_t size; /* bytes of fields and subsections, as described */
    Field *fields;
    Vmstate *subsections;
    Vmstate *next;
    /* offsets in the JSON: of its object, and of its list of subsections with the key */
    size_t text, text_end, list, list_end;
};

struct Field {
    const char *name;
    const char *type;
    Shape shape;
    uint8_t width; /* that the type has; 0: any */
    bool has_size, has_count, has_index;
    uint64_t size;     /* bytes of one element */
    uint64_t count;    /* elements */
    uint64_t run;      /* bytes of this entry and of those with the same name after it */
    bool in_array;     /* shown as an element of an array */
    bool starts_array; /* the first entry of an array */
    const Field
        *element;      /* if the description is of a NULL: what the other elements are */
    Vmstate *vmstates; /* a struct has one; a container one or two per element */
    /* offsets in the JSON: of its object, and of the numbers in it; 0: it has none */
    size_t text, text_end, size_text, size_text_end;
    size_t count_text, count_text_end, index_text, index_text_end;
    Field *next;
};

typedef struct Schema {
    MigJson json;
    GString *key, *text;
    GStringChunk *strings;
    MigNodes nodes;      /* all of the above */
    Vmstate *root;       /* once it was begun */
    const char *problem; /* static, or the scanner's */
} Schema;

/* The most memory that the schema of @length bytes of text takes, in bytes. */
size_t mig_schema_room(size_t length);

/* Reads @json, an object of @length bytes that is closed by a NUL and outlives the schema.
 * NULL if it is no description: @s->problem, or else @s->json.problem, tells why. */
const Vmstate *mig_schema_read(Schema *s, const char *json, size_t length);

void mig_schema_clear(Schema *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Schema, mig_schema_clear)

#endif
