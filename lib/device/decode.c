/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      see decode.h: reading the description of one device into a schema, and walking
 *            a body by it.
 * Knows not: what is inside of "pci config", "virtio" and the like; emits them through
 *            device/special.h.
 * Beside it: stream/description.c, which only adds up lengths.
 *
 * A body is its fields in order, then its subsections (u8 0x05 | pstr8 name | be32 version |
 * fields | subsections); nothing in it says what it is.  A struct nests.  The containers are
 *   qtailq, qlist  per element u8 1 | element, then u8 0
 *   gtree          be32 count, per node u8 1 | key | value, then u8 0; a key is be64 or a struct
 * and have the elements in their own field object, with keys repeated for each.
 * An array of pointers has one octet '0' for each NULL.  Since 10.0 it is described as runs of
 * entries of one name, the first of which claims the whole array unless it is NULL; before, as
 * if all elements were like the first, NULL or not, and only the length tells how many are
 * not.  Where the loader allocates the elements, 11.1 has '1' before each that is there.
 * Source: migration/vmstate.c, vmstate_save_state_v(), vmsd_desc_field_start();
 * migration/vmstate-types.c, put_qtailq(), put_gtree(), put_nullptr(); 5.2 to 10.2;
 * save_ptr_marker(), 11.1.
 */
#include "device/decode.h"

#include <string.h>

#include "device/emit.h"
#include "device/special.h"
#include "io/error.h"
#include "stream/json-scan.h"

/* Bounds on what a description may cost. */
#define SCHEMA_NODES_MAX   (256u << 10)
#define VISITS_MAX         (32u << 20)
#define NULLS_TABLE_MAX    (1u << 20) /* octets that one search for NULLs may take... */
#define NULLS_SEARCHES_MAX 256        /* ...and how many a device is worth */

#define NULLPTR_OCTET '0'
#define POINTER_OCTET '1'

typedef enum Shape {
    SHAPE_OTHER, /* octets */
    SHAPE_UINT,
    SHAPE_INT,
    SHAPE_BOOL,
    SHAPE_TIMER,
    SHAPE_NULLPTR,
    SHAPE_QUEUE,
    SHAPE_GTREE,
} Shape;

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

/* --- schema ------------------------------------------------------------------------------ */

typedef struct Field Field;
typedef struct Vmstate Vmstate;

struct Vmstate {
    const char *name;
    uint32_t version;
    uint64_t size; /* octets of fields and subsections, as described */
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
    uint64_t size;        /* octets of one element */
    uint64_t count;       /* elements */
    uint64_t run;         /* octets of this and the entries of the same name behind it */
    bool in_array;        /* shown as elements of an array, of which... */
    bool starts_array;    /* ...this is the first entry */
    const Field *element; /* what is described is a NULL, and the others are this */
    Vmstate *vmstates;    /* a struct has one; a container one or two per element */
    size_t size_text, size_text_end; /* of the number, in the JSON */
    Field *next;
};

typedef struct Schema {
    MigJson json;
    GString *key, *text;
    GStringChunk *strings;
    GPtrArray *nodes;    /* all of the above, owned */
    const char *problem; /* static, or the scanner's */
} Schema;

static void schema_init(Schema *s, const char *json, size_t length)
{
    mig_json_init(&s->json, json, length);
    s->key = g_string_new(NULL);
    s->text = g_string_new(NULL);
    s->strings = g_string_chunk_new(4096);
    s->nodes = g_ptr_array_new_with_free_func(g_free);
    s->problem = NULL;
}

static void schema_clear(Schema *s)
{
    if (!s->nodes) {
        return;
    }
    g_string_free(s->key, true);
    g_string_free(s->text, true);
    g_string_chunk_free(s->strings);
    g_ptr_array_unref(s->nodes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Schema, schema_clear)

static bool problem(Schema *s, const char *text)
{
    s->problem = s->problem ? s->problem : text;
    return false;
}

static void *node(Schema *s, size_t size)
{
    void *p = NULL;

    if (s->nodes->len < SCHEMA_NODES_MAX) {
        p = g_malloc0(size);
        g_ptr_array_add(s->nodes, p);
    } else {
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
    *text = g_string_chunk_insert_const(s->strings, s->text->str);
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

static bool read_fields(Schema *s, Vmstate *v);
static bool read_subsections(Schema *s, Vmstate *v);

/* A member of a vmstate, by its key; *known tells whether it was one. */
static bool read_member(Schema *s, Vmstate *v, bool *known)
{
    const char *key = s->key->str;

    *known = true;
    if (g_str_equal(key, "vmsd_name")) {
        return read_text(s, &v->name);
    }
    if (g_str_equal(key, "version")) {
        return read_version(s, &v->version);
    }
    if (g_str_equal(key, "fields")) {
        return read_fields(s, v);
    }
    if (g_str_equal(key, "subsections")) {
        return read_subsections(s, v);
    }
    *known = false;
    return true;
}

static Vmstate *new_vmstate(Schema *s)
{
    Vmstate *v = node(s, sizeof(Vmstate));

    if (v) {
        v->name = "";
    }
    return v;
}

/* An object that is a vmstate, perhaps with other members. */
static Vmstate *read_vmstate(Schema *s)
{
    Vmstate *v = new_vmstate(s);

    size_t text = mig_json_offset(&s->json);

    if (!v || !mig_json_enter(&s->json, '{')) {
        return NULL;
    }
    while (mig_json_next(&s->json, s->key)) {
        bool known;

        if (!read_member(s, v, &known) || (!known && !mig_json_skip(&s->json))) {
            return NULL;
        }
    }
    v->text = text;
    v->text_end = (size_t)(s->json.p - s->json.text);
    return s->json.problem ? NULL : v;
}

/* Where the key begins that stands before the value at @at. */
static size_t key_before(const Schema *s, size_t at)
{
    for (int quotes = 0; at > 0 && quotes < 2; quotes += s->json.text[at] == '"') {
        at--;
    }
    return at;
}

static bool read_subsections(Schema *s, Vmstate *v)
{
    Vmstate **next = &v->subsections;

    v->list = key_before(s, mig_json_offset(&s->json));
    if (!mig_json_enter(&s->json, '[')) {
        return false;
    }
    while (mig_json_next(&s->json, NULL)) {
        *next = read_vmstate(s);
        if (!*next) {
            return false;
        }
        if (!add(&v->size, 1, MIG_SUBSECTION_OVERHEAD + strlen((*next)->name)) ||
            !add(&v->size, 1, (*next)->size)) {
            return problem(s, "its lengths exceed 64 bits");
        }
        next = &(*next)->next;
    }
    v->list_end = (size_t)(s->json.p - s->json.text);
    return !s->json.problem;
}

static void set_type(Field *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_equal(types[i].name, f->type)) {
            f->shape = types[i].shape;
            f->width = types[i].width;
            return;
        }
    }
}

/* The members of a vmstate that stand in the field object itself: "vmsd_name" begins one,
 * and an element of a container has one each. */
static bool read_inline(Schema *s, Vmstate **inlined, Vmstate ***next, bool *known)
{
    if (g_str_equal(s->key->str, "vmsd_name")) {
        *inlined = **next = new_vmstate(s);
        if (!*inlined) {
            return false;
        }
        *next = &(*inlined)->next;
    }
    *known = false;
    return !*inlined || read_member(s, *inlined, known);
}

static Field *read_field(Schema *s)
{
    MigJson *json = &s->json;
    Field *f = node(s, sizeof(Field));
    Vmstate *inlined = NULL, **next;

    if (!f || !mig_json_enter(json, '{')) {
        return NULL;
    }
    f->name = f->type = "";
    f->count = 1;
    next = &f->vmstates;
    while (mig_json_next(json, s->key)) {
        const char *key = s->key->str;
        bool ok, known = true;

        if (g_str_equal(key, "name")) {
            ok = read_text(s, &f->name);
        } else if (g_str_equal(key, "type")) {
            ok = read_text(s, &f->type);
        } else if (g_str_equal(key, "size")) {
            f->size_text = mig_json_offset(json);
            ok = f->has_size = mig_json_uint(json, &f->size);
            f->size_text_end = (size_t)(json->p - json->text);
        } else if (g_str_equal(key, "array_len")) {
            ok = f->has_count = mig_json_uint(json, &f->count);
        } else if (g_str_equal(key, "index")) {
            uint64_t index;

            ok = f->has_index = mig_json_uint(json, &index);
        } else if (g_str_equal(key, "struct")) {
            *next = read_vmstate(s);
            ok = *next != NULL;
            next = ok ? &(*next)->next : next;
        } else {
            ok = read_inline(s, &inlined, &next, &known);
        }
        if (!ok || (!known && !mig_json_skip(json))) {
            return NULL;
        }
    }
    if (!f->has_size) {
        problem(s, "a field has no size");
    }
    set_type(f);
    return json->problem || s->problem ? NULL : f;
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

/* Up to 9.x an element that is NULL is described by the type of the others and one octet. */
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

/* Entries of one name are one array.  The first of a run that does not begin with NULL
 * claims the elements of the others too (see above). */
static bool join_run(Vmstate *v, Field *first)
{
    uint64_t behind = 0;
    Field *f;

    for (f = first->next; f && g_str_equal(f->name, first->name); f = f->next) {
        if (!add(&behind, 1, f->count)) {
            return false;
        }
    }
    if (first->count > behind && behind > 0 && first->shape != SHAPE_NULLPTR) {
        first->count -= behind;
    }
    first->starts_array = first->has_count || first->has_index || behind > 0;
    for (f = first; f && g_str_equal(f->name, first->name); f = f->next) {
        f->in_array = first->starts_array;
        if (!add(&first->run, f->size, f->count)) {
            return false;
        }
    }
    return add(&v->size, 1, first->run);
}

static bool read_fields(Schema *s, Vmstate *v)
{
    Field **next = &v->fields, **first, *last = NULL;

    while (*next) {
        next = &(*next)->next;
    }
    first = next;
    if (!mig_json_enter(&s->json, '[')) {
        return false;
    }
    while (mig_json_next(&s->json, NULL)) {
        *next = read_field(s);
        if (!*next || (describes_null(*next) && !read_null(s, v, *next))) {
            return false;
        }
        next = &(*next)->next;
    }
    for (Field *f = *first; f && !s->json.problem; f = f->next) {
        if ((!last || !g_str_equal(f->name, last->name)) && !join_run(v, f)) {
            return problem(s, "its lengths exceed 64 bits");
        }
        last = f;
    }
    return !s->json.problem;
}

/* --- walk -------------------------------------------------------------------------------- */

/* A subsection that is looked for, and where it was found. */
typedef struct Sought {
    const char *path;
    GPtrArray *around; /* Field, whose octets are walked, outermost first */
    const Vmstate *parent, *found;
    uint64_t from, length; /* of its octets, marker included */
    GPtrArray *around_found;
} Sought;

typedef struct Walk {
    MigEmit *emit; /* NULL on the first walk, which only confirms */
    const uint8_t *body;
    uint64_t length;
    uint64_t at;
    uint64_t
        confirmed;    /* octets before the last subsection that was where it should be */
    uint64_t certain; /* second walk: octets that are shown as values */
    uint64_t visits;
    unsigned searches;
    const Field *doubtful; /* an array that may hold NULLs, nobody knows where */
    Sought *sought;        /* or NULL */
    bool differs;          /* a leaf contradicts its description */
    const char *why;       /* what ended the first walk */
    GString *note;         /* the reason, for a person */
} Walk;

static bool stop(Walk *w, const char *why)
{
    w->why = w->why ? w->why : why;
    return false;
}

/* Whether @size more octets can be shown; if not, says so once and ends the walk. */
static bool take(Walk *w, uint64_t size)
{
    if (++w->visits > VISITS_MAX) {
        return stop(w, "it has more fields than are looked at");
    }
    if (w->emit ? size > w->certain - w->at : size > w->length - w->at) {
        return stop(w, "the body ends before its fields do");
    }
    return true;
}

/* The same for octets that only hold others together. */
static bool skip(Walk *w, uint64_t size)
{
    bool ok = take(w, size);

    w->at += ok ? size : 0;
    return ok;
}

static void leaf(Walk *w, const Field *f, const char *name)
{
    MigEmit *e = w->emit;
    uint64_t value;

    if (f->width && f->width != f->size) {
        g_autofree char *note = g_strdup_printf(
            "described as %" PRIu64 " bytes, which is no %s", f->size, f->type);

        w->differs = true;
        mig_emit_mismatch(e, w->at, f->size, note);
        return;
    }
    value = f->width ? mig_emit_get_be(e, w->at, f->width) : 0;
    switch (f->shape) {
    case SHAPE_INT:
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): integers have a width */
        value <<= 64 - 8 * f->width;
        value = (uint64_t)((int64_t)value >> (64 - 8 * f->width));
        mig_emit_value(e, MIG_FIELD_INT, name, f->type, w->at, f->size, value, NULL);
        break;
    case SHAPE_UINT:
        mig_emit_value(e, MIG_FIELD_UINT, name, f->type, w->at, f->size, value, NULL);
        break;
    case SHAPE_TIMER:
        mig_emit_value(e, MIG_FIELD_UINT, name, f->type, w->at, f->size, value,
                       value == UINT64_MAX ? "not armed" : "ns");
        break;
    case SHAPE_BOOL:
        mig_emit_value(e, value > 1 ? MIG_FIELD_UINT : MIG_FIELD_BOOL, name, f->type,
                       w->at, f->size, value,
                       value > 1 ? "true, but not as QEMU writes it" : NULL);
        break;
    case SHAPE_NULLPTR:
        if (value == NULLPTR_OCTET) {
            mig_emit_value(e, MIG_FIELD_NULL, name, f->type, w->at, f->size, 0, NULL);
        } else {
            w->differs = true;
            mig_emit_mismatch(e, w->at, f->size,
                              "described as NULL, which is one byte 0x30");
        }
        break;
    default:
        mig_special_decode(e, f->type, name, w->at, f->size);
    }
}

/* Which elements of one array of a vmstate are NULL although nothing says so. */
typedef struct Nulls {
    const Field *array;   /* NULL: of none */
    const Field *element; /* what the others are */
    uint64_t length;      /* octets of the array */
    uint8_t *is_null;     /* an octet an element */
} Nulls;

static void nulls_clear(Nulls *nulls)
{
    g_free(nulls->is_null);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Nulls, nulls_clear)

static bool is_null_at(const Walk *w, uint64_t at)
{
    return at < w->length && w->body[at] == NULLPTR_OCTET;
}

/*
 * Which @k of @n elements are NULL, the others taking @size octets, if their array begins at
 * @start: the octets allow exactly one answer, or none is given.  table[i][j] is in how many
 * ways (2 for more) j of the first i elements can be NULL; of the first it is known.
 */
static uint8_t *place_nulls(const Walk *w, uint64_t n, uint64_t size, bool first_is_null,
                            uint64_t start, uint64_t k)
{
    uint64_t columns = k + 1, j = k;
    g_autofree uint8_t *table = g_malloc0((n + 1) * columns);
    g_autofree uint8_t *is_null = g_malloc0(n);

    table[0] = 1;
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t nulls = 0; nulls <= MIN(i, k); nulls++) {
            uint8_t ways = table[i * columns + nulls];
            uint64_t at = start + nulls + (i - nulls) * size;
            uint8_t *next = &table[(i + 1) * columns + nulls];

            if (!ways || at >= w->length) {
                continue;
            }
            if (i > 0 || !first_is_null) {
                next[0] = (uint8_t)MIN(next[0] + ways, 2);
            }
            if ((i > 0 || first_is_null) && nulls < k && is_null_at(w, at)) {
                next[1] = (uint8_t)MIN(next[1] + ways, 2);
            }
        }
    }
    if (table[n * columns + k] != 1) {
        return NULL;
    }
    for (uint64_t i = n; i > 0; i--) {
        uint64_t before = (i - 1) * columns + j;

        if (!table[before] || (i == 1 && first_is_null) ||
            (j > 0 && table[before - 1] &&
             is_null_at(w, start + j - 1 + (i - j) * size))) {
            is_null[i - 1] = 1;
            j--;
        }
    }
    return g_steal_pointer(&is_null);
}

/* Whether @f may be an array of pointers of which some are NULL unsaid.  The places of its
 * octets are known within @slack. */
static bool may_hold_nulls(const Walk *w, const Field *f, uint64_t at, uint64_t slack)
{
    uint64_t from = at - MIN(at, slack);
    uint64_t to = MIN(at + MIN(f->run, w->length) + slack, w->length);

    if (!f->starts_array || !f->has_count || f->count < 2 ||
        (f->next && f->next->in_array && !f->next->starts_array)) {
        return false; /* runs say it */
    }
    return (f->size > 1 || f->shape == SHAPE_NULLPTR) && from < to &&
           memchr(w->body + from, NULLPTR_OCTET, to - from);
}

/* Of the elements of @f, how many must be NULL for the vmstate to take @size octets instead of
 * @described; 0: that cannot be. */
static uint64_t count_nulls(const Field *f, uint64_t described, uint64_t size)
{
    const Field *element = f->element ? f->element : f;
    uint64_t differing = size > described ? size - described : described - size;
    uint64_t octets = element->size - 1, n;

    if ((f->element != NULL) != (size > described) || octets == 0 || differing % octets) {
        return 0;
    }
    n = differing / octets;
    return n >= f->count ? 0 : f->element ? f->count - n : n;
}

/* Explains why @v, at @start, takes @size octets: by NULLs in the one array that may have
 * some. */
static bool find_nulls(Walk *w, const Vmstate *v, uint64_t start, uint64_t size,
                       Nulls *nulls)
{
    uint64_t slack = MIN(size > v->size ? size - v->size : v->size - size, w->length);
    uint64_t at = start, array_at = 0, k;
    const Field *array = NULL;

    if (slack == 0 || size > w->length - start) {
        return false;
    }
    for (const Field *f = v->fields; f && at < w->length; at += f->run, f = f->next) {
        if (may_hold_nulls(w, f, at, slack)) {
            if (array) {
                w->doubtful = array;
                return false;
            }
            array = f;
            array_at = at;
        }
    }
    k = array ? count_nulls(array, v->size, size) : 0;
    if (k == 0 || array->count >= NULLS_TABLE_MAX / (k + 1) ||
        ++w->searches > NULLS_SEARCHES_MAX) {
        w->doubtful = array;
        return false;
    }
    nulls->element = array->element ? array->element : array;
    nulls->is_null = place_nulls(w, array->count, nulls->element->size,
                                 array->element != NULL, array_at, k);
    if (!nulls->is_null) {
        w->doubtful = array;
        return false;
    }
    nulls->array = array;
    nulls->length = k + (array->count - k) * nulls->element->size;
    return true;
}

static bool walk_vmstate(Walk *w, const Vmstate *v, const Nulls *nulls);

static bool walk_struct(Walk *w, const Vmstate *v, const Nulls *nulls, const char *name,
                        const char *type, uint64_t size)
{
    bool ok;

    if (w->emit) {
        mig_emit_open(w->emit, MIG_FIELD_STRUCT, name, *v->name ? v->name : type, w->at,
                      size, NULL);
    }
    ok = walk_vmstate(w, v, nulls);
    if (w->emit) {
        mig_emit_close(w->emit);
    }
    return ok;
}

/* Whether the octets of a container are the elements that are described. */
static bool container_fits(const Walk *w, const Field *f, unsigned *per_element)
{
    uint64_t at = w->at, end = at + f->size, elements = 0, vmstates = 0;
    bool tree = f->shape == SHAPE_GTREE;

    for (const Vmstate *v = f->vmstates; v; v = v->next) {
        vmstates++;
    }
    *per_element = 1;
    if (tree) {
        if (f->size < 4) {
            return false;
        }
        elements = mig_be32(w->body + at);
        at += 4;
        *per_element = elements && vmstates == 2 * elements ? 2 : 1;
    } else {
        elements = vmstates;
    }
    if (elements * *per_element != vmstates) {
        return false;
    }
    for (const Vmstate *v = f->vmstates; v; v = v->next) {
        uint64_t size = 1;

        if (tree && *per_element == 1) {
            size += 8;
        }
        size += MIN(v->size, UINT32_MAX);
        if (*per_element == 2) {
            v = v->next;
            /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): they come in pairs */
            size += MIN(v->size, UINT32_MAX);
        }
        if (size >= end - at || w->body[at] != 1) {
            return false;
        }
        at += size;
    }
    return end - at == 1 && w->body[at] == 0;
}

/* @type of the container; what container_fits() said is true. */
static bool walk_container(Walk *w, const Field *f, const char *name,
                           unsigned per_element)
{
    bool tree = f->shape == SHAPE_GTREE, ok = true;
    const Nulls none = { 0 };
    uint64_t index = 0;
    char buffer[24];

    if (w->emit) {
        mig_emit_open(w->emit, MIG_FIELD_ARRAY, name, f->type, w->at, f->size, NULL);
    }
    ok = !tree || skip(w, 4);
    for (const Vmstate *v = f->vmstates; v && ok; v = v->next) {
        const char *element = mig_emit_index(buffer, index++);

        if (!skip(w, 1)) {
            ok = false;
            break;
        }
        if (tree && w->emit) {
            mig_emit_open(w->emit, MIG_FIELD_STRUCT, element, "node", w->at,
                          v->size + (per_element == 2 ? v->next->size : 8), NULL);
        }
        if (tree && per_element == 1) {
            ok = skip(w, 8);
            if (ok && w->emit) {
                mig_emit_be(w->emit, "key", w->at - 8, 8, NULL);
            }
        } else if (tree) {
            ok = walk_struct(w, v, &none, "key", "struct", v->size);
            v = v->next;
        }
        ok = ok && walk_struct(w, v, &none, tree ? "value" : element, "struct", v->size);
        if (tree && w->emit) {
            mig_emit_close(w->emit);
        }
    }
    ok = ok && skip(w, 1);
    if (w->emit) {
        mig_emit_close(w->emit);
    }
    return ok;
}

static bool walk_opaque(Walk *w, const Field *f, const char *name, const char *note)
{
    if (!take(w, f->size)) {
        return false;
    }
    if (w->emit && note) {
        w->differs = true;
        mig_emit_bytes(w->emit, name, f->type, w->at, f->size, note);
    } else if (w->emit) {
        leaf(w, f, name);
    }
    w->at += f->size;
    return true;
}

/* A NULL that the description does not show. */
static bool walk_hidden_null(Walk *w, const char *name)
{
    if (!skip(w, 1)) {
        return false;
    }
    if (w->emit) {
        mig_emit_value(w->emit, MIG_FIELD_NULL, name, "nullptr", w->at - 1, 1, 0, NULL);
    }
    return true;
}

static bool walk_inside(Walk *w, const Field *f, const char *name)
{
    g_auto(Nulls) nulls = { 0 };
    unsigned per_element;

    if (f->shape == SHAPE_QUEUE || f->shape == SHAPE_GTREE) {
        if (f->size > w->length - w->at) {
            return stop(w, "the body ends before its fields do");
        }
        return container_fits(w, f, &per_element)
                   ? walk_container(w, f, name, per_element)
                   : walk_opaque(w, f, name, "its elements are not all described");
    }
    if (!f->vmstates) {
        return walk_opaque(w, f, name, NULL);
    }
    if (f->vmstates->next || (f->vmstates->size != f->size &&
                              !find_nulls(w, f->vmstates, w->at, f->size, &nulls))) {
        return walk_opaque(w, f, name, "its members do not add up to its size");
    }
    if (++w->visits > VISITS_MAX) {
        return stop(w, "it has more fields than are looked at");
    }
    return walk_struct(w, f->vmstates, &nulls, name, f->type, f->size);
}

static bool walk_element(Walk *w, const Field *f, const char *name)
{
    GPtrArray *around = w->sought ? w->sought->around : NULL;
    bool ok;

    if (around) {
        g_ptr_array_add(around, (gpointer)(uintptr_t)f);
    }
    ok = walk_inside(w, f, name);
    if (around) {
        g_ptr_array_set_size(around, (int)around->len - 1);
    }
    return ok;
}

/* Whether the octet says of the next entry that it is an element. */
static bool marks_element(const Walk *w, const Field *f)
{
    return f->shape == SHAPE_NULLPTR && g_str_equal(f->type, "ptr-marker") &&
           w->at < w->length && w->body[w->at] == POINTER_OCTET;
}

static bool walk_entry(Walk *w, const Field *f, const Nulls *nulls, uint64_t *index)
{
    bool hidden = nulls->array == f;
    char buffer[24];

    if (f->size == 0 && f->count > 1) {
        return stop(w, "an array of elements without a size");
    }
    for (uint64_t i = 0; i < f->count; i++) {
        const char *name;
        bool ok;

        if (marks_element(w, f)) {
            ok = skip(w, f->size);
        } else {
            name = mig_emit_index(buffer, (*index)++);
            ok = hidden && nulls->is_null[i]
                     ? walk_hidden_null(w, name)
                     : walk_element(w, hidden ? nulls->element : f, name);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* From the first entry of an array to its last, which is returned. */
static const Field *walk_array(Walk *w, const Field *first, const Nulls *nulls, bool *ok)
{
    const Field *f = first;
    uint64_t index = 0;

    if (w->emit) {
        mig_emit_open(w->emit, MIG_FIELD_ARRAY, f->name, f->type, w->at,
                      nulls->array == f ? nulls->length : f->run, NULL);
    }
    for (;;) {
        *ok = walk_entry(w, f, nulls, &index);
        if (!*ok || !f->next || !f->next->in_array || f->next->starts_array) {
            break;
        }
        f = f->next;
    }
    if (w->emit) {
        mig_emit_close(w->emit);
    }
    return f;
}

static void look_whether_sought(Walk *w, const Vmstate *parent, const Vmstate *v,
                                uint64_t from)
{
    Sought *sought = w->sought;

    if (sought && !sought->found && g_str_equal(w->emit->path->str, sought->path)) {
        sought->parent = parent;
        sought->found = v;
        sought->from = from;
        sought->length = MIG_SUBSECTION_OVERHEAD + strlen(v->name) + v->size;
        sought->around_found = g_ptr_array_copy(sought->around, NULL, NULL);
    }
}

static bool walk_subsection(Walk *w, const Vmstate *parent, const Vmstate *v)
{
    size_t n = strlen(v->name);
    uint64_t header = MIG_SUBSECTION_OVERHEAD + n, from = w->at;
    const uint8_t *p = w->body + w->at;
    bool ok;

    if (w->emit ? header > w->certain - w->at : header > w->length - w->at) {
        return stop(w, "a subsection is described where the body has ended");
    }
    if (p[0] != MIG_SUBSECTION || p[1] != n || memcmp(p + 2, v->name, n) != 0 ||
        mig_be32(p + 2 + n) != v->version) {
        if (!w->why) {
            g_string_printf(w->note,
                            "wanted subsection %s version %u at byte %" PRIu64
                            " of the body",
                            v->name, v->version, w->at);
        }
        return stop(w, w->note->str);
    }
    w->at += header;
    w->confirmed = w->at;
    if (w->emit) {
        mig_emit_open(w->emit, MIG_FIELD_SUBSECTION, v->name, "subsection", from,
                      header + v->size, NULL);
        look_whether_sought(w, parent, v, from);
        mig_emit_value(w->emit, MIG_FIELD_UINT, "version_id", "be32", w->at - 4, 4,
                       v->version, NULL);
    }
    ok = walk_vmstate(w, v, &(Nulls){ 0 });
    if (w->emit) {
        mig_emit_close(w->emit);
    }
    return ok;
}

static bool walk_vmstate(Walk *w, const Vmstate *v, const Nulls *nulls)
{
    for (const Field *f = v->fields; f; f = f->next) {
        bool ok;

        if (f->starts_array) {
            f = walk_array(w, f, nulls, &ok);
        } else {
            ok = walk_element(w, f, f->name);
        }
        if (!ok) {
            return false;
        }
    }
    for (const Vmstate *q = v->subsections; q; q = q->next) {
        if (!walk_subsection(w, v, q)) {
            return false;
        }
    }
    return true;
}

/* The first walk confirms: lengths that add up, or else subsections that are in place. */
static bool confirm(Walk *w, const Vmstate *v, const Nulls *nulls)
{
    bool ok = walk_vmstate(w, v, nulls);

    if (ok && w->at == w->length) {
        w->certain = w->length;
        return true;
    }
    if (ok) {
        g_string_printf(w->note,
                        "the description accounts for %" PRIu64 " of %" PRIu64 " bytes",
                        w->at, w->length);
        if (w->doubtful) {
            g_string_append_printf(w->note,
                                   " and does not say which pointers of %s are NULL",
                                   w->doubtful->name);
        }
    } else if (w->note->len == 0) {
        g_string_assign(w->note, w->why);
    }
    w->certain = w->confirmed;
    return false;
}

static bool nothing_certain(MigEmit *e, uint64_t length, const char *what,
                            const char *why)
{
    g_autofree char *note = g_strconcat(what, why, NULL);

    mig_emit_mismatch(e, 0, length, note);
    return false;
}

static bool decode(const char *json, size_t json_length, const uint8_t *bytes,
                   uint64_t length, MigEmit *e, Schema *schema, Sought *sought)
{
    g_auto(Nulls) nulls = { 0 };
    g_autoptr(GString) note = g_string_new(NULL);
    Walk w = { .body = bytes, .length = length, .note = note };
    Vmstate *v;
    bool ok;

    if (!json) {
        return nothing_certain(e, length, "the stream has no description of this device",
                               NULL);
    }
    schema_init(schema, json, json_length);
    v = read_vmstate(schema);
    if (!v) {
        return nothing_certain(e, length, "its description cannot be read: ",
                               schema->problem        ? schema->problem
                               : schema->json.problem ? schema->json.problem
                                                      : "it ends too early");
    }
    e->device = v->name;
    find_nulls(&w, v, 0, length, &nulls);
    ok = confirm(&w, v, &nulls);
    if (w.visits > VISITS_MAX) {
        return nothing_certain(e, length, w.why, NULL);
    }
    w.why = NULL;
    w.at = w.visits = w.searches = 0;
    w.emit = e;
    w.sought = sought;
    walk_vmstate(&w, v, &nulls);
    if (ok) {
        return !w.differs;
    }
    g_string_prepend(note, "does not match from here: ");
    mig_emit_mismatch(e, w.certain, length - w.certain, note->str);
    return false;
}

bool mig_device_decode(const char *json, size_t json_length, const uint8_t *bytes,
                       uint64_t length, uint64_t offset, const MigPciNames *names,
                       MigFieldVisit *visit, void *user)
{
    g_auto(MigEmit) e = { 0 };
    g_auto(Schema) schema = { 0 };

    mig_emit_init(&e, bytes, length, offset, names, visit, user);
    return decode(json, json_length, bytes, length, &e, &schema, NULL);
}

/* --- cutting ----------------------------------------------------------------------------- */

typedef struct Cut {
    size_t from, to; /* in the JSON */
    char *text;      /* that stands there instead */
} Cut;

static void clear_cut(gpointer p)
{
    g_free(((Cut *)p)->text);
}

static int by_place(gconstpointer a, gconstpointer b)
{
    const Cut *x = a, *y = b;

    return (x->from > y->from) - (x->from < y->from);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* From @from to @to, which is one of a list's members, with the comma that goes with it. */
static Cut cut_member(const char *json, size_t from, size_t to, bool first)
{
    size_t at = from;

    while (at > 0 && is_space(json[at - 1])) {
        at--;
    }
    if (at > 0 && json[at - 1] == ',' && !first) {
        return (Cut){ at - 1, to, g_strdup("") };
    }
    while (is_space(json[to])) {
        to++;
    }
    if (json[to] == ',') {
        for (to++; is_space(json[to]); to++) {
        }
    }
    return (Cut){ from, to, g_strdup("") };
}

/* The JSON without the subsection, and with the lengths of what is around it. */
static char *cut_json(const char *json, size_t length, const Sought *sought)
{
    g_autoptr(GArray) cuts = g_array_new(false, false, sizeof(Cut));
    GString *text = g_string_new(NULL);
    const Vmstate *list = sought->parent->subsections;
    Cut cut = list->next ? cut_member(json, sought->found->text, sought->found->text_end,
                                      list == sought->found)
                         : cut_member(json, sought->parent->list,
                                      sought->parent->list_end, false);
    size_t at = 0;

    g_array_set_clear_func(cuts, clear_cut);
    g_array_append_val(cuts, cut);
    for (guint i = 0; i < sought->around_found->len; i++) {
        const Field *f = g_ptr_array_index(sought->around_found, i);

        cut = (Cut){ f->size_text, f->size_text_end,
                     g_strdup_printf("%" PRIu64, f->size - sought->length) };
        g_array_append_val(cuts, cut);
    }
    g_array_sort(cuts, by_place);
    for (guint i = 0; i < cuts->len; i++) {
        const Cut *one = &g_array_index(cuts, Cut, i);

        g_string_append_len(text, json + at, (gssize)(one->from - at));
        g_string_append(text, one->text);
        at = one->to;
    }
    g_string_append_len(text, json + at, (gssize)(length - at));
    return g_string_free(text, FALSE);
}

static void ignore(const MigField *field, void *user)
{
    (void)field;
    (void)user;
}

char *mig_device_cut_subsection(const char *json, size_t json_length,
                                const uint8_t *bytes, uint64_t length, const char *path,
                                uint64_t *from, uint64_t *cut_length,
                                const char **problem)
{
    g_autoptr(GPtrArray) around = g_ptr_array_new();
    g_autofree char *closed = g_strndup(json, json_length);
    g_auto(MigEmit) e = { 0 };
    g_auto(Schema) schema = { 0 };
    Sought sought = { .path = path, .around = around };
    g_autoptr(GPtrArray) around_found = NULL;
    char *result = NULL;

    mig_emit_init(&e, bytes, length, 0, NULL, ignore, NULL);
    *problem = "its description does not match it";
    if (!decode(closed, json_length, bytes, length, &e, &schema, &sought)) {
        g_clear_pointer(&sought.around_found, g_ptr_array_unref);
        return NULL;
    }
    around_found = sought.around_found;
    *problem = NULL;
    if (!sought.found) {
        return NULL;
    }
    for (guint i = 0; i < around_found->len; i++) {
        const Field *f = g_ptr_array_index(around_found, i);

        if (f->count > 1) {
            *problem = "it is in an array that is described by its first element";
            return NULL;
        }
    }
    *from = sought.from;
    *cut_length = sought.length;
    result = cut_json(closed, json_length, &sought);
    return result;
}

char *mig_device_description_text(MigInput *in, const MigDescription *d, const char *name,
                                  uint32_t instance_id, size_t *length)
{
    ssize_t i = d ? mig_description_lookup(d, name, instance_id, 0) : -1;
    g_autofree char *json = NULL;
    uint64_t at;

    if (i < 0) {
        return NULL;
    }
    *length = d->devices[i].text_length;
    json = g_malloc(*length + 1);
    at = d->offset + MIG_DESCRIPTION_HEADER_LENGTH + d->devices[i].text_offset;
    return mig_input_read_at(in, at, json, *length) == *length ? g_steal_pointer(&json)
                                                               : NULL;
}

bool mig_device_decode_at(MigInput *in, const MigDescription *description,
                          const MigDeviceBody *body, const MigPciNames *names,
                          bool *matches, MigFieldVisit *visit, void *user, GError **error)
{
    g_autofree uint8_t *bytes = NULL;
    g_autofree char *json = NULL;
    size_t json_length = 0;

    if (body->length > MIG_DEVICE_BODY_MAX) {
        g_autofree char *note =
            g_strdup_printf("not decoded: %" PRIu64 " bytes, and no more than %u MiB are",
                            body->length, MIG_DEVICE_BODY_MAX >> 20);
        MigField field = { .kind = MIG_FIELD_MISMATCH,
                           .name = "?",
                           .path = "?",
                           .type = "mismatch",
                           .offset = body->offset,
                           .length = body->length,
                           .note = note };

        visit(&field, user);
        *matches = false;
        return true;
    }
    bytes = g_malloc(body->length + 1);
    if (mig_input_read_at(in, body->offset, bytes, body->length) != body->length) {
        if (mig_input_end_error(in, error)) {
            mig_error_set(error, MIG_ERROR_IO, body->offset, NULL,
                          "the body of %s cannot be read again", body->name);
        }
        return false;
    }
    json = mig_device_description_text(in, description, body->name, body->instance_id,
                                       &json_length);
    *matches = mig_device_decode(json, json_length, bytes, body->length, body->offset,
                                 names, visit, user);
    return true;
}
