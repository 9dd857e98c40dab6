/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the nodes of a shape, and making them of a stream's description.
 * Must not know: what they are compared with.
 * See also:      device/schema.h, the description as it was read.
 */
#include "shape/shape-private.h"

#include <string.h>

/* Fields of a structure that are compared with each other one by one. */
#define FEW 16u

/* Structures and fields of one destination; that of 11.1 for Arm has 30,000. */
#define NODES_MAX (256u << 10)

void mig_shape_tree_init(MigShapeTree *tree)
{
    mig_nodes_init(&tree->nodes);
    tree->strings = g_string_chunk_new(4096);
}

void mig_shape_tree_clear(MigShapeTree *tree)
{
    if (tree->nodes.blocks) {
        mig_nodes_clear(&tree->nodes);
        g_string_chunk_free(tree->strings);
    }
}

void *mig_shape_node(MigShapeTree *tree, size_t size)
{
    return mig_nodes_add(&tree->nodes, size, NODES_MAX);
}

/* Whether two fields have one name. */
static bool repeats(const MigShapeVmstate *v)
{
    const MigShapeField *names[FEW];
    unsigned n = 0;

    for (const MigShapeField *f = v->fields; f; f = f->next) {
        for (unsigned i = 0; i < n; i++) {
            if (strcmp(names[i]->name, f->name) == 0) {
                return true;
            }
        }
        if (n == FEW) {
            return true; /* perhaps */
        }
        names[n++] = f;
    }
    return false;
}

static void number_names(MigShapeTree *tree, const MigShapeVmstate *v)
{
    g_autoptr(GTree) counts = g_tree_new((GCompareFunc)strcmp);
    g_autoptr(GTree) numbers = g_tree_new((GCompareFunc)strcmp);

    for (MigShapeField *f = v->fields; f; f = f->next) {
        gsize n = GPOINTER_TO_SIZE(g_tree_lookup(counts, f->name));

        g_tree_insert(counts, (gpointer)(uintptr_t)f->name, GSIZE_TO_POINTER(n + 1));
    }
    for (MigShapeField *f = v->fields; f; f = f->next) {
        const char *name = f->name;
        gsize k = GPOINTER_TO_SIZE(g_tree_lookup(numbers, name));

        if (GPOINTER_TO_SIZE(g_tree_lookup(counts, name)) > 1) {
            g_autofree char *numbered = g_strdup_printf("%s[%zu]", name, (size_t)k);

            f->name = g_string_chunk_insert(tree->strings, numbered);
            g_tree_insert(numbers, (gpointer)(uintptr_t)name, GSIZE_TO_POINTER(k + 1));
        }
    }
}

void mig_shape_number_names(MigShapeTree *tree, const MigShapeVmstate *v)
{
    if (repeats(v)) {
        number_names(tree, v);
    }
}

/* Lists of elements, and what the migration code of a device writes by itself. */
static bool varies(const Field *f)
{
    return f->shape == SHAPE_QUEUE || f->shape == SHAPE_GTREE ||
           g_str_equal(f->type, "virtio");
}

/* The elements of all entries of one name from @first on. */
static uint64_t count_run(const Field *first)
{
    uint64_t count = first->count;

    for (const Field *f = first->next; f && g_str_equal(f->name, first->name);
         f = f->next) {
        count += MIN(f->count, UINT64_MAX - count);
    }
    return count;
}

/* The first entry of a run, which stands for all of them. */
static MigShapeField *of_run(MigShapeTree *tree, const Field *first)
{
    MigShapeField *field = mig_shape_node(tree, sizeof(*field));
    const Field *element = first->element ? first->element : first;

    if (!field) {
        return NULL;
    }
    field->name = first->name;
    field->type = element->type;
    field->width = element->width;
    field->size = element->size;
    field->count = count_run(first);
    field->bytes = first->run;
    field->array = first->starts_array;
    field->varies = varies(first);
    field->vmstate = element->vmstates && !field->varies
                         ? mig_shape_of_schema(tree, element->vmstates)
                         : NULL;
    return field;
}

MigShapeVmstate *mig_shape_of_schema(MigShapeTree *tree, const Vmstate *v) /* NOLINT */
{
    MigShapeVmstate *shape = mig_shape_node(tree, sizeof(*shape));
    MigShapeVmstate **next;
    MigShapeField **next_field;

    if (!shape) {
        return NULL;
    }
    shape->name = v->name;
    shape->version = shape->minimum = v->version;
    next_field = &shape->fields;
    for (const Field *f = v->fields, *last = NULL; f; last = f, f = f->next) {
        if (last && g_str_equal(f->name, last->name)) {
            continue;
        }
        *next_field = of_run(tree, f);
        if (!*next_field) {
            return NULL;
        }
        next_field = &(*next_field)->next;
    }
    next = &shape->subsections;
    for (const Vmstate *q = v->subsections; q; q = q->next) {
        *next = mig_shape_of_schema(tree, q);
        if (!*next) {
            return NULL;
        }
        next = &(*next)->next;
    }
    return shape;
}
