/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          reading the description of one device, and what QEMU's dialects of it
 *                leave out.
 * Must not know: the bytes that are described.
 * See also:      device/schema.h.
 *
 * A struct nests.  The containers
 *   qtailq, qlist, gtree
 * have the elements in their own field object, with keys repeated for each.
 * Source: migration/vmstate.c, vmsd_desc_field_start(); 5.2 to 11.1.
 */
#include "device/schema.h"
#include "stream/description-run.h"

#include <string.h>

#include "stream/description.h"
#include "stream/wire.h"

/* Bounds on what a description may cost: vmstates and fields of one device, of which real
 * ones have up to 1,100, and bytes of a name or a type, which have up to 60. */
#define SCHEMA_NODES_MAX (64u << 10)
#define SCHEMA_TEXT_MAX  255u

/* Types of fields.  Width 0: any.  "le" of "int32 le" means "less or equal". */
static const struct Type {
    const char *name;
    uint8_t width;
    Shape shape;
} types[] = {
    { "bool", 1, SHAPE_BOOL },
    { "int8", 1, SHAPE_INT },
    { "int16", 2, SHAPE_INT },
    { "int32", 4, SHAPE_INT },
    { "int64", 8, SHAPE_INT },
    { "uint8", 1, SHAPE_UINT },
    { "uint16", 2, SHAPE_UINT },
    { "uint32", 4, SHAPE_UINT },
    { "uint64", 8, SHAPE_UINT },
    { "uint8 equal", 1, SHAPE_UINT },
    { "uint16 equal", 2, SHAPE_UINT },
    { "int32 equal", 4, SHAPE_INT },
    { "uint32 equal", 4, SHAPE_UINT },
    { "int64 equal", 8, SHAPE_UINT }, /* of unsigned fields, in spite of its name */
    { "int32 le", 4, SHAPE_INT },
    { "timer", 8, SHAPE_TIMER },
    { "CPU_Double_U", 8, SHAPE_UINT },
    { "cpsr", 4, SHAPE_UINT },
    { "fpscr", 4, SHAPE_UINT },
    { "powered_off", 1, SHAPE_BOOL },
    { "nullptr", 1, SHAPE_NULLPTR },
    { "ptr-marker", 1, SHAPE_NULLPTR },
    { "qtailq", 0, SHAPE_QUEUE },
    { "qlist", 0, SHAPE_QUEUE },
    { "gtree", 0, SHAPE_GTREE },
};

static bool problem(Schema *s, const char *text)
{
    s->problem = s->problem ? s->problem : text;
    return false;
}

/* Of a node with what is lost at the end of a block; no node is described in less than {}, */
#define NODE_COST  (MAX(sizeof(Field), sizeof(Vmstate)) + 4 * sizeof(void *))
#define NODE_BYTES 3u

size_t mig_schema_room(size_t length)
{
    return 2 * length + MIG_NODES_BLOCK +
           NODE_COST * MIN(length / NODE_BYTES, SCHEMA_NODES_MAX);
}

static void *node(Schema *s, size_t size)
{
    void *p = mig_nodes_add(&s->nodes, size, SCHEMA_NODES_MAX);

    if (!p) {
        problem(s, "it has more fields than are looked at");
    }
    return p;
}

static bool add(uint64_t *sum, uint64_t a, uint64_t b)
{
    uint64_t product;

    return !__builtin_mul_overflow(a, b, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

static bool read_text(Schema *s, const char **text)
{
    if (!mig_json_string(&s->json, s->text)) {
        return false;
    }
    if (s->text->len > SCHEMA_TEXT_MAX) {
        return problem(s, "a name in it is longer than 255 bytes");
    }
    *text = g_string_chunk_insert(s->strings, s->text->str);
    return true;
}

static bool read_version(Schema *s, uint32_t *version)
{
    uint64_t wide;

    if (!mig_json_uint(&s->json, &wide)) {
        return false;
    }
    *version = (uint32_t)MIN(wide, UINT32_MAX);
    return true;
}

/* A list that is written twice in one object has no meaning; QEMU writes none. */
static bool once(Schema *s, const void *list)
{
    return !list || problem(s, "an object in it has a list twice");
}

/* What a list or an object is read into. */
typedef struct Reading {
    Schema *s;
    Vmstate *v;         /* that it belongs to */
    Vmstate **next;     /* where the next vmstate goes */
    Field *f, **next_f; /* the field, or where the next one goes */
    Vmstate *inlined;   /* the last vmstate whose members are those of the field */
} Reading;

static bool read_fields(Schema *s, Vmstate *v);
static bool read_subsections(Schema *s, Vmstate *v);

/* A member of a vmstate, or one that is skipped. */
static bool read_member(Schema *s, Vmstate *v, const char *key)
{
    if (g_str_equal(key, "vmsd_name")) {
        return read_text(s, &v->name);
    }
    if (g_str_equal(key, "version")) {
        return read_version(s, &v->version);
    }
    if (g_str_equal(key, "fields")) {
        return once(s, v->fields) && read_fields(s, v);
    }
    if (g_str_equal(key, "subsections")) {
        return once(s, v->subsections) && read_subsections(s, v);
    }
    return mig_json_skip(&s->json);
}

static Vmstate *new_vmstate(Schema *s)
{
    Vmstate *v = node(s, sizeof(Vmstate));

    if (v) {
        v->name = "";
    }
    return v;
}

static bool read_vmstate_member(MigJson *json, const char *key, void *user)
{
    const Reading *reading = user;

    (void)json;
    return read_member(reading->s, reading->v, key);
}

/* An object that is a vmstate, perhaps with other members. */
static Vmstate *read_vmstate(Schema *s)
{
    Vmstate *v = new_vmstate(s);
    Reading reading = { .s = s, .v = v };
    size_t text = mig_json_offset(&s->json);

    s->root = s->root ? s->root : v;
    if (!v || !mig_json_each(&s->json, s->key, read_vmstate_member, &reading)) {
        return NULL;
    }
    v->text = text;
    v->text_end = (size_t)(s->json.p - s->json.text);
    return v;
}

/* Where the key of the value at @at begins. */
static size_t key_before(const Schema *s, size_t at)
{
    for (int quotes = 0; at > 0 && quotes < 2; quotes += s->json.text[at] == '"') {
        at--;
    }
    return at;
}

static bool read_subsection(MigJson *json, const char *key, void *user)
{
    Reading *reading = user;
    Vmstate *v = reading->v, *q = read_vmstate(reading->s);

    (void)json;
    (void)key;
    if (!q) {
        return false;
    }
    *reading->next = q;
    reading->next = &q->next;
    if (!add(&v->size, 1, MIG_SUBSECTION_OVERHEAD + strlen(q->name)) ||
        !add(&v->size, 1, q->size)) {
        return problem(reading->s, "its lengths exceed 64 bits");
    }
    return true;
}

static bool read_subsections(Schema *s, Vmstate *v)
{
    Reading reading = { .s = s, .v = v, .next = &v->subsections };

    v->list = key_before(s, mig_json_offset(&s->json));
    if (!mig_json_each(&s->json, NULL, read_subsection, &reading)) {
        return false;
    }
    v->list_end = (size_t)(s->json.p - s->json.text);
    return true;
}

static void set_type(Field *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].name[0] == f->type[0] && g_str_equal(types[i].name, f->type)) {
            f->shape = types[i].shape;
            f->width = types[i].width;
            return;
        }
    }
}

/* The members of a vmstate that are in the field object itself: "vmsd_name" begins one; a
 * container has one for each part of an element. */
static bool read_inline(Reading *reading, const char *key)
{
    if (g_str_equal(key, "vmsd_name")) {
        reading->inlined = *reading->next = new_vmstate(reading->s);
        if (!reading->inlined) {
            return false;
        }
        reading->next = &reading->inlined->next;
    }
    return reading->inlined ? read_member(reading->s, reading->inlined, key)
                            : mig_json_skip(&reading->s->json);
}

static bool read_field_member(MigJson *json, const char *key, void *user)
{
    Reading *reading = user;
    Field *f = reading->f;

    if (g_str_equal(key, "name")) {
        return read_text(reading->s, &f->name);
    }
    if (g_str_equal(key, "type")) {
        return read_text(reading->s, &f->type);
    }
    if (g_str_equal(key, "size")) {
        f->size_text = mig_json_offset(json);
        f->has_size = mig_json_uint(json, &f->size);
        f->size_text_end = (size_t)(json->p - json->text);
        return f->has_size;
    }
    if (g_str_equal(key, "array_len")) {
        f->count_text = mig_json_offset(json);
        f->has_count = mig_json_uint(json, &f->count);
        f->count_text_end = (size_t)(json->p - json->text);
        return f->has_count;
    }
    if (g_str_equal(key, "index")) {
        uint64_t index;

        f->index_text = mig_json_offset(json);
        f->has_index = mig_json_uint(json, &index);
        f->index_text_end = (size_t)(json->p - json->text);
        return f->has_index;
    }
    if (g_str_equal(key, "struct")) {
        Vmstate *v = *reading->next = read_vmstate(reading->s);

        reading->next = v ? &v->next : reading->next;
        return v != NULL;
    }
    return read_inline(reading, key);
}

static Field *read_field(Schema *s)
{
    Field *f = node(s, sizeof(Field));
    Reading reading = { .s = s, .f = f };

    if (!f) {
        return NULL;
    }
    f->name = f->type = "";
    f->count = 1;
    f->text = mig_json_offset(&s->json);
    reading.next = &f->vmstates;
    if (!mig_json_each(&s->json, s->key, read_field_member, &reading)) {
        return NULL;
    }
    f->text_end = (size_t)(s->json.p - s->json.text);
    if (!f->has_size) {
        problem(s, "a field has no size");
    }
    set_type(f);
    return s->problem ? NULL : f;
}

/*
 * Elements of arrays of pointers that begin with NULL in every stream, as 10.0 describes them.
 * Source: hw/s390x/css.c, vmstate_css: 256 pointers, of which a machine has the one at 0xfe.
 */
static const struct {
    const char *vmstate, *field, *element;
} known_elements[] = {
    { "s390_css", "css",
      "{\"vmsd_name\": \"s390_css_img\", \"version\": 1, \"fields\": ["
      "{\"name\": \"chpids\", \"array_len\": 256, \"type\": \"struct\", \"struct\": {"
      "\"vmsd_name\": \"s390_chp_info\", \"version\": 1, \"fields\": ["
      "{\"name\": \"in_use\", \"type\": \"uint8\", \"size\": 1}, "
      "{\"name\": \"type\", \"type\": \"uint8\", \"size\": 1}, "
      "{\"name\": \"is_virtual\", \"type\": \"uint8\", \"size\": 1}]}, "
      "\"size\": 3}]}" },
};

static Vmstate *known_element(Schema *s, const Vmstate *v, const Field *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known_elements); i++) {
        if (g_str_equal(known_elements[i].vmstate, v->name) &&
            g_str_equal(known_elements[i].field, f->name)) {
            MigJson outer = s->json;
            Vmstate *element;

            mig_json_init(&s->json, known_elements[i].element,
                          strlen(known_elements[i].element));
            element = read_vmstate(s);
            s->json = outer;
            return element;
        }
    }
    return NULL;
}

/* Up to 9.x an element that is NULL is described by the type of the others and one byte. */
static bool describes_null(const Field *f)
{
    return f->size == 1 && (f->width > 1 || (g_str_equal(f->type, "struct") &&
                                             (!f->vmstates || !f->vmstates->fields)));
}

static bool read_null(Schema *s, const Vmstate *v, Field *f)
{
    Field *element = node(s, sizeof(Field));

    if (!element) {
        return false;
    }
    *element = *f;
    element->next = NULL;
    element->count = 1;
    element->size = f->width;
    element->vmstates = NULL;
    if (f->width == 0) {
        element->vmstates = known_element(s, v, f);
        element->size = element->vmstates ? element->vmstates->size : 0;
    }
    f->element = element->size ? element : NULL;
    f->shape = SHAPE_NULLPTR;
    f->width = 1;
    f->vmstates = NULL;
    return true;
}

/* Entries of one name are one array. */
static bool join_run(Vmstate *v, Field *first)
{
    uint64_t after = 0;
    Field *f;

    for (f = first->next; f && g_str_equal(f->name, first->name); f = f->next) {
        if (!add(&after, 1, f->count)) {
            return false;
        }
    }
    first->count =
        mig_description_first_run(first->count, after, first->shape == SHAPE_NULLPTR);
    first->starts_array = first->has_count || first->has_index || after > 0;
    for (f = first; f && g_str_equal(f->name, first->name); f = f->next) {
        f->in_array = first->starts_array;
        if (!add(&first->run, f->size, f->count)) {
            return false;
        }
    }
    return add(&v->size, 1, first->run);
}

static bool read_entry(MigJson *json, const char *key, void *user)
{
    Reading *reading = user;
    Field *f = read_field(reading->s);

    (void)json;
    (void)key;
    if (!f) {
        return false;
    }
    *reading->next_f = f;
    reading->next_f = &f->next;
    return !describes_null(f) || read_null(reading->s, reading->v, f);
}

static bool read_fields(Schema *s, Vmstate *v)
{
    Reading reading = { .s = s, .v = v, .next_f = &v->fields };
    Field *last = NULL;

    if (!mig_json_each(&s->json, NULL, read_entry, &reading)) {
        return false;
    }
    for (Field *f = v->fields; f; f = f->next) {
        if ((!last || !g_str_equal(f->name, last->name)) && !join_run(v, f)) {
            return problem(s, "its lengths exceed 64 bits");
        }
        last = f;
    }
    return true;
}

const Vmstate *mig_schema_read(Schema *s, const char *json, size_t length)
{
    mig_json_init(&s->json, json, length);
    s->key = g_string_new(NULL);
    s->text = g_string_new(NULL);
    s->strings = g_string_chunk_new(4096);
    mig_nodes_init(&s->nodes);
    s->problem = NULL;
    s->root = NULL;
    return read_vmstate(s);
}

void mig_schema_clear(Schema *s)
{
    if (!s->nodes.blocks) {
        return;
    }
    g_string_free(s->key, true);
    g_string_free(s->text, true);
    g_string_chunk_free(s->strings);
    mig_nodes_clear(&s->nodes);
}
