/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see diff-leaves.h.
 * Must not know: the other side.
 * See also:      diff-fields.c.
 */
#include "diff-leaves.h"

#include <string.h>

#include "fields.h"

/* Of one device, and the bytes that are kept of them; one with more is compared as bytes.
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

static void clear_leaf(gpointer p)
{
    DiffLeaf *leaf = p;

    g_free(leaf->bytes);
    g_free(leaf->digest);
}

void diff_leaves_init(DiffLeaves *leaves)
{
    leaves->list = g_array_new(false, true, sizeof(DiffLeaf));
    g_array_set_clear_func(leaves->list, clear_leaf);
    leaves->by_path = g_tree_new((GCompareFunc)strcmp);
    leaves->strings = g_string_chunk_new(4096);
    leaves->registers = g_array_new(false, false, sizeof(uint64_t));
    leaves->kept = 0;
    leaves->too_many = false;
}

void diff_leaves_clear(DiffLeaves *leaves)
{
    g_array_unref(leaves->list);
    g_tree_unref(leaves->by_path);
    g_string_chunk_free(leaves->strings);
    g_array_unref(leaves->registers);
}

static const char *keep_text(DiffLeaves *leaves, const char *text)
{
    leaves->kept += strlen(text) + 1;
    return g_string_chunk_insert(leaves->strings, text);
}

static void keep_bytes(DiffLeaves *leaves, DiffLeaf *leaf, const MigField *field)
{
    if (!field->bytes) {
        return;
    }
    leaves->kept += MIN(field->length, DIFF_BYTES_KEPT);
    if (field->length <= DIFF_BYTES_KEPT) {
        leaf->bytes = g_memdup2(field->bytes, field->length);
    } else {
        leaf->digest =
            g_compute_checksum_for_data(G_CHECKSUM_SHA256, field->bytes, field->length);
    }
}

/* "cpreg[SCTLR_EL1]" */
static char *register_path(uint64_t id)
{
    MigArmSysregName name;

    return g_strdup_printf("cpreg[%s]", mig_arm_sysreg_name(id, name));
}

/* The path that a field is known by, or NULL: it is not compared. */
static char *path_of(DiffLeaves *leaves, const MigField *field)
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

void diff_leaves_collect(const MigField *field, void *user)
{
    DiffLeaves *leaves = user;
    DiffLeaf leaf = { .kind = field->kind, .u = field->u, .length = field->length };
    g_autofree char *path = NULL, *text = NULL;

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
    text = mig_field_is_group(field) ? g_strdup("") : cli_field_value(field);
    leaf.path = keep_text(leaves, path);
    leaf.type = keep_text(leaves, field->type);
    leaf.text = keep_text(leaves, text);
    leaf.note = keep_text(leaves, field->note ? field->note : "");
    if (diff_leaf_is_buffer(&leaf)) {
        keep_bytes(leaves, &leaf, field);
    }
    g_array_append_val(leaves->list, leaf);
    if (!g_tree_lookup(leaves->by_path, leaf.path)) {
        g_tree_insert(leaves->by_path, (gpointer)(uintptr_t)leaf.path,
                      GUINT_TO_POINTER(leaves->list->len));
    }
}

DiffLeaf *diff_leaves_find(const DiffLeaves *leaves, const char *path)
{
    guint index = GPOINTER_TO_UINT(g_tree_lookup(leaves->by_path, path));

    return index ? &g_array_index(leaves->list, DiffLeaf, index - 1) : NULL;
}
