/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see leaves.h.
 * Must not know: the other side.
 * See also:      diff/compare-fields.c, shape/compare.c.
 */
#include "device/leaves.h"

#include <string.h>

#include "device/arm-sysreg.h"

/* Fields of one device, and the bytes of their texts; one with more is compared as bytes.
 * Devices of QEMU 5.2 to 11.1 have up to 20,000. */
#define LEAVES_MAX (64u << 10)
#define KEPT_MAX   (4u << 20)

/*
 * An Arm CPU has its system registers in two arrays, of KVM's ids and of values
 * (target/arm/machine.c: vmstate_arm_cpu, QEMU 5.2 to 10.2).  What counts is which register
 * holds what: its place depends on how many registers the release knows.
 */
#define REGISTER_IDS    "cpreg_vmstate_indexes"
#define REGISTER_VALUES "cpreg_vmstate_values"

void mig_leaves_init(MigLeaves *leaves)
{
    leaves->list = g_array_new(false, false, sizeof(MigLeaf));
    leaves->by_path = g_tree_new((GCompareFunc)strcmp);
    leaves->strings = g_string_chunk_new(4096);
    leaves->registers = g_array_new(false, false, sizeof(uint64_t));
    leaves->kept = 0;
    leaves->too_many = false;
}

void mig_leaves_clear(MigLeaves *leaves)
{
    g_array_unref(leaves->list);
    g_tree_unref(leaves->by_path);
    g_string_chunk_free(leaves->strings);
    g_array_unref(leaves->registers);
}

static const char *keep_text(MigLeaves *leaves, const char *text)
{
    if (!text) {
        return NULL;
    }
    leaves->kept += strlen(text) + 1;
    return g_string_chunk_insert(leaves->strings, text);
}

/* "cpreg[SCTLR_EL1]" */
static char *register_path(uint64_t id)
{
    MigArmSysregName name;

    return g_strdup_printf("cpreg[%s]", mig_arm_sysreg_name(id, name));
}

/* The path that a field is known by, or NULL: it is not compared. */
static char *path_of(MigLeaves *leaves, const MigField *field)
{
    guint64 i;

    if (g_str_has_prefix(field->path, REGISTER_IDS)) {
        if (field->kind == MIG_FIELD_UINT) {
            g_array_append_val(leaves->registers, field->u);
        }
        return NULL;
    }
    if (!g_str_has_prefix(field->path, REGISTER_VALUES "[")) {
        return g_strdup(field->path);
    }
    i = g_ascii_strtoull(field->path + strlen(REGISTER_VALUES "["), NULL, 10);
    return i < leaves->registers->len
               ? register_path(g_array_index(leaves->registers, uint64_t, i))
               : g_strdup(field->path);
}

/* The last part of @path: what @name is in it, or of a register that was renamed. */
static const char *name_in(const char *path, const char *name)
{
    const char *last = strchr(path, '[');

    return g_str_has_suffix(path, name) ? path + strlen(path) - strlen(name)
           : last                       ? last
                                        : path;
}

static MigLeaf *leaf_at(const MigLeaves *leaves, guint i)
{
    return &g_array_index(leaves->list, MigLeaf, i);
}

/* One more, at the end of the list and of those of its path. */
static void add(MigLeaves *leaves, const MigLeaf *leaf)
{
    guint i = leaves->list->len;
    MigLeaf *first = mig_leaves_find(leaves, leaf->field.path);

    if (first) {
        leaf_at(leaves, first->last)->next = i + 1;
        first->last = i;
    } else {
        g_tree_insert(leaves->by_path, (gpointer)(uintptr_t)leaf->field.path,
                      GUINT_TO_POINTER(i + 1));
    }
    g_array_append_vals(leaves->list, leaf, 1);
    leaf_at(leaves, i)->last = leaf_at(leaves, i)->taken = i;
}

void mig_leaves_collect(const MigField *field, void *user)
{
    MigLeaves *leaves = user;
    MigLeaf leaf = { .field = *field };
    g_autofree char *path = NULL;

    if (field->kind == MIG_FIELD_END || leaves->too_many) {
        return;
    }
    if (leaves->list->len == LEAVES_MAX || leaves->kept > KEPT_MAX) {
        leaves->too_many = true;
        return;
    }
    path = path_of(leaves, field);
    if (!path) {
        return;
    }
    leaf.field.path = keep_text(leaves, path);
    leaf.field.name = name_in(leaf.field.path, field->name);
    /* a register is known by its name, and has its place in the list besides */
    leaf.field.alias = strcmp(path, field->path) ? keep_text(leaves, field->path) : NULL;
    leaf.field.type = keep_text(leaves, field->type);
    leaf.field.note = keep_text(leaves, field->note);
    add(leaves, &leaf);
}

MigLeaf *mig_leaves_find(const MigLeaves *leaves, const char *path)
{
    guint index = GPOINTER_TO_UINT(g_tree_lookup(leaves->by_path, path));

    return index ? &g_array_index(leaves->list, MigLeaf, index - 1) : NULL;
}

MigLeaf *mig_leaves_take(const MigLeaves *leaves, const char *path)
{
    MigLeaf *first = mig_leaves_find(leaves, path);
    MigLeaf *leaf =
        first && first->taken < leaves->list->len ? leaf_at(leaves, first->taken) : NULL;

    if (leaf) {
        leaf->seen = true;
        first->taken = leaf->next - 1; /* of the last one beyond the list */
    }
    return leaf;
}
