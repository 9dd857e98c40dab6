/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          comparing two structures as a loader would read one as the other.
 * Must not know: where they come from.
 * See also:      compare.h.
 *
 * Names mean nothing to a loader, only bytes in order do.  Releases rename fields and merge
 * them; so names that both sides have are anchors, and between two anchors the bytes are added
 * up.  Where the numbers are equal, a field was renamed.
 * Source: migration/vmstate.c, vmstate_load_state(); 5.2 to 11.1.
 */
#include <string.h>

#include "io/budget.h"
#include "shape/compare.h"

uint64_t mig_shape_place(MigOffered *offered, const char *path)
{
    const MigLeaf *leaf = mig_leaves_find(mig_offered_leaves(offered), path);

    return leaf ? leaf->field.offset : offered->offset;
}

static MigShapeDifference *differ(MigShapeComparison *c, MigShapeDifferenceKind kind,
                                  bool sure, const char *owner, const char *name)
{
    MigShapeDifference *difference =
        mig_shape_differ(c->budget, c->differences, kind, sure);
    g_autofree char *path =
        c->path->len ? g_strdup_printf("%s.%s", c->path->str, name) : g_strdup(name);

    difference->owner = g_strdup(owner);
    difference->offset =
        c->unplaced ? c->offered->offset : mig_shape_place(c->offered, path);
    difference->path = g_steal_pointer(&path);
    return difference;
}

/* What @path has after a structure's path of @n bytes; NULL where it is not in it, or deeper. */
static const char *name_in(const char *path, const char *structure, size_t n)
{
    const char *name = path + (n ? n + 1 : 0);

    return strncmp(path, structure, n) == 0 && strlen(path) >= (n ? n + 2 : 1) &&
                   !strpbrk(name, ".[")
               ? name
               : NULL;
}

/* Whether an integer of the structure at hand that comes before @name is @value, or of the one
 * whose subsection it is: then the loader reads how many there are, and does not have to know.
 * Also where nobody can tell. */
static bool is_carried(const MigShapeComparison *c, const char *name, uint64_t value)
{
    const MigLeaves *leaves = mig_offered_leaves(c->offered);
    const GArray *list = leaves->list;

    for (guint i = 0; i < list->len && mig_budget_spend(c->budget, 1); i++) {
        const MigField *f = &g_array_index(list, MigLeaf, i).field;
        const char *own = name_in(f->path, c->path->str, c->path->len);
        const char *outer = c->enclosing == SIZE_MAX
                                ? NULL
                                : name_in(f->path, c->path->str, c->enclosing);

        if (own && strcmp(own, name) == 0) {
            return false;
        }
        if ((own || outer) && f->u == value &&
            (f->kind == MIG_FIELD_UINT || f->kind == MIG_FIELD_INT)) {
            return true;
        }
    }
    return c->budget->left == 0 || leaves->too_many;
}

/* --- fields that both have --------------------------------------------------------------- */

static bool counts_agree(MigShapeComparison *c, const MigShapeField *here,
                         const MigShapeField *there)
{
    return here->count == there->count || here->varies ||
           !(there->fixed || (c->exact && !is_carried(c, here->name, here->count)));
}

/* What has one length in all releases, or is a multiple of a unit there. */
static bool sizes_agree(const MigShapeComparison *c, const MigShapeField *here,
                        const MigShapeField *there)
{
    if (here->size == there->size || here->size == 0 || there->size == 0 ||
        here->varies) {
        return true;
    }
    if (c->exact) {
        return is_carried(c, here->name, here->size);
    }
    return !here->width && here->size % there->size == 0;
}

static void report_lengths(MigShapeComparison *c, const MigShapeVmstate *in,
                           const MigShapeField *here, const MigShapeField *there)
{
    bool same_size = sizes_agree(c, here, there);
    MigShapeDifference *difference =
        differ(c, same_size ? MIG_SHAPE_COUNT : MIG_SHAPE_SIZE, !there->conditional,
               in->name, here->name);

    difference->array = same_size && here->array ? g_strdup(difference->path) : NULL;
    difference->here = same_size ? here->count : here->size;
    difference->there = same_size ? there->count : there->size;
}

/* Whether a pair of one name is as long on both sides: else its bytes are those of a
 * neighbour, or it is an error. */
static bool is_anchor(MigShapeComparison *c, const MigShapeField *here,
                      const MigShapeField *there)
{
    return here->vmstate || there->vmstate ||
           (counts_agree(c, here, there) && sizes_agree(c, here, there));
}

static void compare_pair(MigShapeComparison *c, const MigShapeVmstate *in, /* NOLINT */
                         const MigShapeField *here, const MigShapeField *there)
{
    size_t length = c->path->len, enclosing = c->enclosing;

    if (!here->vmstate || !there->vmstate) {
        return;
    }
    if (!counts_agree(c, here, there)) {
        report_lengths(c, in, here, there);
    }
    c->enclosing = SIZE_MAX;
    if (length) {
        g_string_append_c(c->path, '.');
    }
    g_string_append(c->path, here->name);
    if (here->count > 1) {
        g_string_append(c->path, "[0]");
    }
    mig_shape_compare_vmstate(c, here->vmstate, there->vmstate, there->vmstate->version);
    g_string_truncate(c->path, length);
    c->enclosing = enclosing;
}

/* --- fields between two that both have --------------------------------------------------- */

/* Fields from the first one on, up to the second one, which is not among them. */
typedef const MigShapeField *const Span[2];

static bool is_empty(Span span)
{
    return span[0] == span[1];
}

static bool is_one(Span span)
{
    return span[0] && span[0]->next == span[1];
}

/* The bytes of the fields; false where they are not known. */
static bool sum_up(const MigShapeComparison *c, Span span, uint32_t version, bool there,
                   uint64_t *sum)
{
    *sum = 0;
    for (const MigShapeField *f = span[0]; f != span[1]; f = f->next) {
        uint64_t bytes = f->bytes;

        if (there && !c->exact) {
            if (f->conditional) {
                return false;
            }
            if (f->version > version) {
                continue;
            }
            if (f->size == 0 || __builtin_mul_overflow(f->size, f->count, &bytes)) {
                return false;
            }
        }
        if (f->varies || __builtin_add_overflow(*sum, bytes, sum)) {
            return false;
        }
    }
    return true;
}

/* Slots of memory: nothing before them tells how many there are, and one alone is described as if
 * it were no array.  Source: hw/acpi/memory_hotplug.c, vmstate_memory_hotplug; 5.2 to 11.1. */
static bool is_slots(const MigShapeVmstate *in, const MigShapeField *f)
{
    return strcmp(in->name, "memory hotplug state") == 0 && strcmp(f->name, "devs") == 0;
}

/* An array whose length the stream does not carry, and that has no element there. */
static bool is_missing_array(const MigShapeComparison *c, const MigShapeVmstate *in,
                             Span here, Span there)
{
    return c->exact && is_empty(there) && is_one(here) &&
           (here[0]->array || is_slots(in, here[0])) && !here[0]->varies &&
           !is_carried(c, here[0]->name, here[0]->count);
}

/* The reverse. */
static bool is_new_array(const MigShapeComparison *c, const MigShapeVmstate *in,
                         Span here, Span there)
{
    return c->exact && is_empty(here) && is_one(there) && is_slots(in, there[0]);
}

/* Where the stream lacks a field: the one before it, or the one after it. */
static void say_neighbour(const MigShapeComparison *c, const MigShapeVmstate *in,
                          const MigShapeField *next, MigShapeDifference *difference)
{
    const MigShapeField *f = in->fields;

    while (f && f != next && f->next != next) {
        f = f->next;
    }
    difference->is_before = f && f == next;
    difference->beside = !f             ? NULL
                         : c->path->len ? g_strdup_printf("%s.%s", c->path->str, f->name)
                                        : g_strdup(f->name);
}

static void compare_gap(MigShapeComparison *c, const MigShapeVmstate *in, Span here,
                        Span there, uint32_t version)
{
    uint64_t sum_here, sum_there;
    MigShapeDifference *difference;

    if (is_one(here) && is_one(there) && strcmp(here[0]->name, there[0]->name) == 0) {
        report_lengths(c, in, here[0], there[0]);
        return;
    }
    if (is_missing_array(c, in, here, there)) {
        difference = differ(c, MIG_SHAPE_COUNT, true, in->name, here[0]->name);
        difference->array = here[0]->array ? g_strdup(difference->path) : NULL;
        difference->is_one = true;
        difference->here = here[0]->count;
        return;
    }
    if (!c->knows_counts || !sum_up(c, here, version, false, &sum_here) ||
        !sum_up(c, there, version, true, &sum_there) || sum_here == sum_there) {
        return;
    }
    /* A field alone may be an array that has no element, which a stream does not describe. */
    difference =
        differ(c, MIG_SHAPE_FIELDS,
               is_new_array(c, in, here, there) ||
                   (!c->exact && !(is_empty(here) && is_one(there) && !there[0]->fixed)),
               in->name, is_empty(here) ? there[0]->name : here[0]->name);
    difference->here = sum_here;
    difference->there = sum_there;
    difference->is_one = is_one(here) || is_one(there);
    if (is_empty(here)) {
        say_neighbour(c, in, here[0], difference);
    }
}

/* --- structures -------------------------------------------------------------------------- */

/* The field of that name from @f on; of several that a condition selects, one of the size. */
static const MigShapeField *find(MigShapeComparison *c, const MigShapeField *here,
                                 const MigShapeField *f)
{
    const MigShapeField *found = NULL;

    for (; f && mig_budget_spend(c->budget, 1); f = f->next) {
        if (strcmp(f->name, here->name) == 0) {
            if (!f->conditional || f->size == here->size) {
                return f;
            }
            found = found ? found : f;
        }
    }
    return found;
}

static void compare_fields(MigShapeComparison *c,
                           const MigShapeVmstate *here, /* NOLINT */
                           const MigShapeVmstate *there, uint32_t version)
{
    const MigShapeField *from_a = here->fields, *from_b = there->fields;
    const MigShapeField *a = from_a, *b = from_b, *next_b;

    do {
        next_b = NULL;
        while (a && !(next_b = find(c, a, b))) {
            a = a->next;
        }
        if (!a || is_anchor(c, a, next_b)) {
            compare_gap(c, here, (Span){ from_a, a }, (Span){ from_b, next_b }, version);
            if (a) {
                compare_pair(c, here, a, next_b);
            }
            from_a = a ? a->next : NULL;
            from_b = next_b ? next_b->next : NULL;
        }
        b = next_b ? next_b->next : NULL;
        a = a ? a->next : NULL;
    } while ((from_a || from_b) && mig_shape_goes_on(c, 1));
}

static const MigShapeVmstate *find_subsection(MigShapeComparison *c,
                                              const MigShapeVmstate *v, const char *name)
{
    for (const MigShapeVmstate *q = v->subsections; q && mig_budget_spend(c->budget, 1);
         q = q->next) {
        if (strcmp(q->name, name) == 0) {
            return q;
        }
    }
    return NULL;
}

static void compare_subsection(MigShapeComparison *c,
                               const MigShapeVmstate *in, /* NOLINT */
                               const MigShapeVmstate *here, const MigShapeVmstate *there)
{
    size_t length = c->path->len, enclosing = c->enclosing;
    MigShapeDifference *difference;

    if (!there || here->version > there->version || here->version < there->minimum) {
        difference = differ(c,
                            !there ? MIG_SHAPE_SUBSECTION_UNKNOWN
                            : here->version > there->version ? MIG_SHAPE_VERSION_NEW
                                                             : MIG_SHAPE_VERSION_OLD,
                            !there || !c->exact, in->name, here->name);
        difference->here = here->version;
        difference->there = !there                           ? 0
                            : here->version > there->version ? there->version
                                                             : there->minimum;
        return;
    }
    if (length) {
        g_string_append_c(c->path, '.');
    }
    g_string_append(c->path, here->name);
    c->enclosing = length;
    mig_shape_compare_vmstate(c, here, there, here->version);
    c->enclosing = enclosing;
    g_string_truncate(c->path, length);
}

/* The array of that name in the structure or in one that it begins with; its path is added to
 * @path. */
static const MigShapeField *find_array(const MigShapeVmstate *v, const char *name,
                                       GString *path)
{
    const MigShapeField *f = v->fields;

    while (f && strcmp(f->name, name) != 0) {
        f = f->next;
    }
    if (f || !v->fields || !v->fields->vmstate) {
        g_string_append_printf(path, ".%s", name);
        return f;
    }
    g_string_append_printf(path, ".%s", v->fields->name);
    return find_array(v->fields->vmstate, name, path);
}

/* A fresh guest has no state of CPU hotplug, but its tables tell for how many CPUs it would
 * read it. */
static void compare_cpus(MigShapeComparison *c, const MigShapeVmstate *subsection)
{
    g_autoptr(GString) path = g_string_new(NULL);
    const MigShapeField *devs =
        c->max_cpus && g_str_has_suffix(subsection->name, "/cpuhp")
            ? find_array(subsection, "devs", path)
            : NULL;
    MigShapeDifference *difference;

    if (devs && devs->count != c->max_cpus) {
        difference = differ(c, MIG_SHAPE_COUNT, true, subsection->name, subsection->name);
        difference->array =
            devs->array ? g_strconcat(difference->path, path->str, NULL) : NULL;
        difference->here = devs->count;
        difference->there = c->max_cpus;
    }
}

/* The same of an element of a path, which is left again. */
static void look_into(MigShapeComparison *c, const char *name, /* NOLINT */
                      const MigShapeVmstate *v)
{
    size_t length = c->path->len;

    g_string_append_printf(c->path, "%s%s", length ? "." : "", name);
    mig_shape_compare_max_cpus(c, v);
    g_string_truncate(c->path, length);
}

void mig_shape_compare_max_cpus(MigShapeComparison *c, /* NOLINT */
                                const MigShapeVmstate *v)
{
    for (const MigShapeField *f = v->fields; f && mig_shape_goes_on(c, 1); f = f->next) {
        if (f->vmstate && f->count == 1) {
            look_into(c, f->name, f->vmstate);
        }
    }
    for (const MigShapeVmstate *q = v->subsections; q && mig_shape_goes_on(c, 1);
         q = q->next) {
        compare_cpus(c, q);
        look_into(c, q->name, q);
    }
}

bool mig_shape_is_behind_pointer(const char *subsection)
{
    return strcmp(subsection, "cpu/wfxt-timer") == 0;
}

void mig_shape_compare_vmstate(MigShapeComparison *c,
                               const MigShapeVmstate *here, /* NOLINT */
                               const MigShapeVmstate *there, uint32_t version)
{
    compare_fields(c, here, there, version);
    for (const MigShapeVmstate *q = here->subsections; q && mig_shape_goes_on(c, 1);
         q = q->next) {
        const MigShapeVmstate *own = find_subsection(c, there, q->name);

        if (c->budget->left == 0) {
            return;
        }
        if (own || !c->exact || mig_shape_is_behind_pointer(q->name)) {
            compare_subsection(c, here, q, own);
        } else {
            compare_cpus(c, q);
        }
    }
}
