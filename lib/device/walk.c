/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          walking a body by its description, twice: to see how far they agree,
 *                then to emit what does.
 * Must not know: what is inside "pci config", "virtio" and the like, which
 *                device/special.h decodes.
 * See also:      device/walk.h; device/schema.h; device/nulls.h; device/leaf.h.
 *
 * A body is its fields in order, then its subsections (u8 0x05 | pstr8 name | be32 version |
 * fields | subsections); nothing in it says what it is.  A struct nests.  The containers are
 *   qtailq, qlist  per element u8 1 | element, then u8 0
 *   gtree          be32 count, per node u8 1 | key | value, then u8 0; a key is be64 or a struct
 * and have the elements in their own field object, with keys repeated for each.
 * An array of pointers has one byte '0' for each NULL.  Since 10.0 the description has runs
 * of entries with one name, the first of which claims the whole array unless it is NULL.
 * Before, it describes all elements as if they were like the first, NULL or not, and only
 * the length tells how many are not.  Where the loader allocates the elements, 11.1 has '1'
 * before each that is there.
 * Source: migration/vmstate.c, vmstate_save_state_v(), vmsd_desc_field_start();
 * migration/vmstate-types.c, put_qtailq(), put_gtree(), put_nullptr(); 5.2 to 10.2;
 * save_ptr_marker(), 11.1.
 */
#include "device/walk.h"

#include <string.h>

#include "device/leaf.h"
#include "device/nulls.h"
#include "stream/wire.h"

#define TOO_COSTLY "it has more fields than its length is worth"

/* The byte of a pointer that is not NULL. */
#define POINTER '1'

typedef struct Walk {
    MigEmit *emit; /* NULL on the first walk, which only confirms */
    MigBudget *budget;
    const uint8_t *body;
    uint64_t length;
    uint64_t at;
    uint64_t confirmed; /* bytes before the last subsection that was where it should be */
    uint64_t certain;   /* second walk: bytes that are shown as values */
    NullSearch nulls;
    Sought *sought;  /* or NULL */
    bool differs;    /* a leaf contradicts its description */
    const char *why; /* what ended the first walk */
    GString *note;   /* the reason, for a person */
} Walk;

static bool stop(Walk *w, const char *why)
{
    w->why = w->why ? w->why : why;
    return false;
}

/* Whether @steps more are in the budget; if not, ends the walk. */
static bool afford(Walk *w, uint64_t steps)
{
    if (!mig_budget_spend(w->budget, steps) || (w->emit && w->emit->spent)) {
        return stop(w, TOO_COSTLY);
    }
    return true;
}

/* Whether @size more bytes can be shown; if not, says so once and ends the walk. */
static bool take(Walk *w, uint64_t size)
{
    if (!afford(w, 1)) {
        return false;
    }
    if (w->emit ? size > w->certain - w->at : size > w->length - w->at) {
        return stop(w, "the body ends before its fields do");
    }
    return true;
}

/* The same for bytes that only hold others together. */
static bool skip(Walk *w, uint64_t size)
{
    bool ok = take(w, size);

    w->at += ok ? size : 0;
    return ok;
}

static bool walk_vmstate(Walk *w, const Vmstate *v, const Nulls *nulls);

static bool walk_struct(Walk *w, const Vmstate *v, const Nulls *nulls, const char *name,
                        const char *type, uint64_t size)
{
    bool ok;

    if (w->emit) {
        mig_emit_open(w->emit, MIG_FIELD_STRUCT, name, *v->name ? v->name : type, w->at,
                      size);
    }
    ok = walk_vmstate(w, v, nulls);
    if (w->emit) {
        mig_emit_close(w->emit);
    }
    return ok;
}

/* Whether the bytes of a container are the elements that are described. */
static bool container_fits(Walk *w, const Field *f, unsigned *per_element)
{
    uint64_t at = w->at, end = at + f->size, elements = 0, vmstates = 0;
    bool tree = f->shape == SHAPE_GTREE;

    for (const Vmstate *v = f->vmstates; v; v = v->next) {
        if (!afford(w, 1)) {
            return false;
        }
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

    if (w->emit && !f->vmstates) {
        mig_emit_empty(w->emit, name, f->type, w->at, f->size);
    } else if (w->emit) {
        mig_emit_open(w->emit, MIG_FIELD_ARRAY, name, f->type, w->at, f->size);
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
                          v->size + (per_element == 2 ? v->next->size : 8));
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
    if (w->emit && f->vmstates) {
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
        w->differs |= !mig_leaf_emit(w->emit, f, name, w->at);
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
        mig_emit_value(w->emit, &(MigField){ .kind = MIG_FIELD_NULL,
                                             .name = name,
                                             .type = "nullptr",
                                             .offset = w->at - 1,
                                             .length = 1 });
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
    if (f->vmstates->next ||
        (f->vmstates->size != f->size &&
         !mig_nulls_find(&w->nulls, f->vmstates, w->at, f->size, &nulls))) {
        return walk_opaque(w, f, name, "its members do not add up to its size");
    }
    return afford(w, 1) && walk_struct(w, f->vmstates, &nulls, name, f->type, f->size);
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

/* Whether the byte says of the next entry that it is an element. */
static bool marks_element(const Walk *w, const Field *f)
{
    return f->shape == SHAPE_NULLPTR && g_str_equal(f->type, "ptr-marker") &&
           w->at < w->length && w->body[w->at] == POINTER;
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
                      nulls->array == f ? nulls->length : f->run);
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

static bool is_sought(const Walk *w, const char *path)
{
    return w->sought && w->emit && !w->sought->parent &&
           g_str_equal(path, w->sought->path);
}

static void note_place(Sought *sought, const Vmstate *parent, uint64_t from,
                       uint64_t length)
{
    sought->parent = parent;
    sought->from = from;
    sought->length = length;
    sought->around_found = g_ptr_array_copy(sought->around, NULL, NULL);
}

static void look_whether_sought(Walk *w, const Vmstate *parent, const Vmstate *v,
                                uint64_t from)
{
    if (is_sought(w, w->emit->path->str)) {
        w->sought->found = v;
        note_place(w->sought, parent, from,
                   MIG_SUBSECTION_OVERHEAD + strlen(v->name) + v->size);
    }
}

/* The same of a field, with all entries of an array, that was walked from @from on. */
static void look_whether_field(Walk *w, const Vmstate *parent, const Field *first,
                               const Field *last, uint64_t from)
{
    g_autofree char *path = NULL;

    if (!w->sought || !w->emit || w->sought->parent) {
        return;
    }
    path =
        g_strconcat(w->emit->path->str, w->emit->path->len ? "." : "", first->name, NULL);
    if (is_sought(w, path)) {
        w->sought->first = first;
        w->sought->last = last;
        note_place(w->sought, parent, from, w->at - from);
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
                      header + v->size);
        look_whether_sought(w, parent, v, from);
        mig_emit_be(w->emit, "version_id", w->at - 4, 4, NULL);
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
        const Field *first = f;
        uint64_t from = w->at;
        bool ok;

        if (f->starts_array) {
            f = walk_array(w, f, nulls, &ok);
        } else {
            ok = walk_element(w, f, f->name);
        }
        if (!ok) {
            return false;
        }
        look_whether_field(w, v, first, f, from);
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
        if (w->nulls.doubtful) {
            g_string_append_printf(w->note,
                                   " and does not say which pointers of %s are NULL",
                                   w->nulls.doubtful->name);
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

/* The second walk ended because the budget is spent: what it did not reach is shown as
 * bytes. */
static bool out_of_budget(Walk *w)
{
    mig_emit_mismatch(w->emit, w->at, w->length - w->at,
                      "not decoded from here: " TOO_COSTLY);
    return false;
}

bool mig_walk(const MigDeviceState *device, MigEmit *e, Schema *schema, Sought *sought)
{
    uint64_t length = device->length;
    g_auto(Nulls) nulls = { 0 };
    g_autoptr(GString) note = g_string_new(NULL);
    Walk w = {
        .budget = e->decoder.budget,
        .body = device->bytes,
        .length = length,
        .nulls = { .body = device->bytes, .length = length, .budget = e->decoder.budget },
        .note = note,
    };
    const Vmstate *v;
    bool ok;

    if (!device->json) {
        return nothing_certain(
            e, length,
            device->json_length
                ? "not decoded: " TOO_COSTLY
                : "the stream does not describe this device, or not in 4 MiB",
            NULL);
    }
    v = mig_budget_spend(w.budget, device->json_length / 8)
            ? mig_schema_read(schema, device->json, device->json_length)
            : NULL;
    if (!v) {
        return nothing_certain(e, length, "its description cannot be read: ",
                               schema->problem        ? schema->problem
                               : schema->json.problem ? schema->json.problem
                               : w.budget->left == 0  ? TOO_COSTLY
                                                      : "it ends too early");
    }
    e->device = v->name;
    mig_nulls_find(&w.nulls, v, 0, length, &nulls);
    ok = confirm(&w, v, &nulls);
    if (w.budget->left == 0) {
        return nothing_certain(e, length, "not decoded: " TOO_COSTLY, NULL);
    }
    w.why = NULL;
    w.at = 0;
    w.emit = e;
    w.sought = sought;
    walk_vmstate(&w, v, &nulls);
    if (e->spent || w.budget->left == 0) {
        return out_of_budget(&w);
    }
    if (ok) {
        return !w.differs;
    }
    g_string_prepend(note, "does not match from here: ");
    mig_emit_mismatch(e, w.certain, length - w.certain, note->str);
    return false;
}
