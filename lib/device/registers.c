/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see registers.h: the fields of a CPU, and the walk through a table of
 *                registers.
 * Must not know: any one register.
 * See also:      registers-table.h.
 */
#include "device/registers.h"

#include <string.h>

#include "device/registers-table.h"

/* Of one CPU; those after them are not registers that a table has. */
#define LEAVES_MAX (16u << 10)

/* Longer paths than any row has are not kept: memory stays in bounds. */
#define PATH_LENGTH_MAX 127u

/* Arm's two sets are told apart by more than a field: see choose(). */
static const MigRegisterSet *const sets[] = {
    &mig_register_set_x86,   &mig_register_set_arm,   &mig_register_set_ppc,
    &mig_register_set_riscv, &mig_register_set_s390x,
};

struct MigRegisters {
    GTree
        *leaves; /* path without its subsection -> MigRegisterLeaf; the first one stays */
    GStringChunk *strings;
    GPtrArray *owned; /* the leaves */
    GArray *list;
    const MigRegisterSet *set;
    bool is_32, is_done;
};

MigRegisters *mig_registers_new(void)
{
    MigRegisters *registers = g_new0(MigRegisters, 1);

    registers->leaves = g_tree_new((GCompareFunc)strcmp);
    registers->strings = g_string_chunk_new(4096);
    registers->owned = g_ptr_array_new_with_free_func(g_free);
    registers->list = g_array_new(false, true, sizeof(MigRegister));
    return registers;
}

void mig_registers_free(MigRegisters *registers)
{
    if (registers) {
        g_tree_unref(registers->leaves);
        g_string_chunk_free(registers->strings);
        g_ptr_array_unref(registers->owned);
        g_array_unref(registers->list);
        g_free(registers);
    }
}

const char *mig_register_group_name(MigRegisterGroup group)
{
    static const char *const names[MIG_REGISTER_GROUP_COUNT] = {
        [MIG_REGISTER_GENERAL] = "general",
        [MIG_REGISTER_SEGMENT] = "segment",
        [MIG_REGISTER_CONTROL] = "control",
        [MIG_REGISTER_DEBUG] = "debug",
        [MIG_REGISTER_FLOAT] = "float",
        [MIG_REGISTER_VECTOR] = "vector",
        [MIG_REGISTER_MSR] = "msr",
        [MIG_REGISTER_SYSTEM] = "system",
        [MIG_REGISTER_COPROCESSOR] = "coprocessor",
    };

    return names[group];
}

/* --- what is visited --- */

/* "cpu/vfp.fpscr" is "fpscr": releases differ in what is in a subsection. */
static const char *without_subsections(const char *path)
{
    while (g_str_has_prefix(path, "cpu/") && strchr(path, '.')) {
        path = strchr(path, '.') + 1;
    }
    return path;
}

void mig_registers_visit(const MigField *field, void *user)
{
    MigRegisters *registers = user;
    MigRegisterLeaf leaf = { .value = field->u,
                             .offset = field->offset,
                             .length = (unsigned)field->length };
    const char *key;

    if ((field->kind != MIG_FIELD_UINT && field->kind != MIG_FIELD_INT) ||
        registers->owned->len == LEAVES_MAX || strlen(field->path) > PATH_LENGTH_MAX) {
        return;
    }
    leaf.path = g_string_chunk_insert(registers->strings, field->path);
    key = without_subsections(leaf.path);
    if (!g_tree_lookup(registers->leaves, key)) {
        MigRegisterLeaf *kept = g_memdup2(&leaf, sizeof(leaf));

        g_ptr_array_add(registers->owned, kept);
        g_tree_insert(registers->leaves, (gpointer)(uintptr_t)key, kept);
    }
}

/* --- tables --- */

static char *numbered(const char *text, unsigned number)
{
    const char *mark = strchr(text, '#');

    return mark ? g_strdup_printf("%.*s%u%s", (int)(mark - text), text, number, mark + 1)
                : g_strdup(text);
}

const MigRegisterLeaf *mig_registers_leaf(const MigRegisters *registers, const char *path,
                                          unsigned number)
{
    g_autofree char *key = numbered(path, number);

    return g_tree_lookup(registers->leaves, key);
}

MigRegister *mig_registers_add(MigRegisters *registers, MigRegisterGroup group,
                               const char *name, const MigRegisterLeaf *leaf)
{
    MigRegister one = { .name = g_string_chunk_insert(registers->strings, name),
                        .path = leaf->path,
                        .group = group,
                        .bits = leaf->length * 8,
                        .low = leaf->value,
                        .offset = leaf->offset };

    g_array_append_val(registers->list, one);
    return &g_array_index(registers->list, MigRegister, registers->list->len - 1);
}

MigRegister *mig_registers_added(const MigRegisters *registers, const char *name)
{
    for (guint i = 0; i < registers->list->len; i++) {
        MigRegister *one = &g_array_index(registers->list, MigRegister, i);

        if (g_str_equal(one->name, name)) {
            return one;
        }
    }
    return NULL;
}

void mig_registers_mean(MigRegisters *registers, MigRegister *one, const char *meaning)
{
    one->meaning = g_string_chunk_insert(registers->strings, meaning);
}

/* "CF ZF IOPL=3" */
static char *words_of(const MigRegisterBit *bits, uint64_t value)
{
    GString *words = g_string_new(NULL);

    for (; bits->name; bits++) {
        unsigned width = MAX(bits->width, 1);
        unsigned set = (unsigned)(value >> bits->shift & ((1u << width) - 1));

        if (set) {
            g_string_append_printf(words, "%s%s", words->len ? " " : "", bits->name);
        }
        if (set && width > 1) {
            g_string_append_printf(words, "=%u", set);
        }
    }
    return g_string_free(words, FALSE);
}

static void add_row(MigRegisters *registers, const MigRegisterRow *row, unsigned number)
{
    const MigRegisterLeaf *leaf = mig_registers_leaf(registers, row->path, number), *high;
    g_autofree char *name = NULL;
    MigRegister *one;

    if (!leaf) {
        return;
    }
    name = numbered(registers->is_32 && row->name32 ? row->name32 : row->name, number);
    one = mig_registers_add(registers, row->group, name, leaf);
    high = row->high ? mig_registers_leaf(registers, row->high, number) : NULL;
    if (high) {
        one->high = high->value;
        one->bits += high->length * 8;
    }
    if (row->mask) {
        one->low = leaf->value >> row->shift & row->mask;
        one->bits = (unsigned)g_bit_storage(row->mask);
    }
    if (row->bits) {
        g_autofree char *words = words_of(row->bits, one->low);

        mig_registers_mean(registers, one, words);
    }
}

/* GArray's sort leaves what is equal in its order. */
static int compare_groups(const void *a, const void *b)
{
    const MigRegister *one = a, *other = b;

    return (int)one->group - (int)other->group;
}

/* An Arm CPU is in AArch32 state if bit 4 of its PSTATE is set. */
static const MigRegisterSet *choose(const MigRegisters *registers)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
        const MigRegisterLeaf *cpsr = mig_registers_leaf(registers, "cpsr", 0);

        if (mig_registers_leaf(registers, sets[i]->probe, 0)) {
            return sets[i] == &mig_register_set_arm && cpsr && (cpsr->value & 0x10)
                       ? &mig_register_set_arm32
                       : sets[i];
        }
    }
    return NULL;
}

static void finish(MigRegisters *registers)
{
    const MigRegisterSet *set = choose(registers);

    registers->is_done = true;
    registers->set = set;
    if (!set) {
        return;
    }
    registers->is_32 =
        set->probe_length &&
        mig_registers_leaf(registers, set->probe, 0)->length < set->probe_length;
    for (size_t i = 0; i < set->n; i++) {
        for (unsigned number = 0; number < MAX(set->rows[i].count, 1); number++) {
            add_row(registers, &set->rows[i], number);
        }
    }
    if (set->finish) {
        set->finish(registers);
    }
    g_array_sort(registers->list, compare_groups);
}

const char *mig_registers_architecture(MigRegisters *registers)
{
    if (!registers->is_done) {
        finish(registers);
    }
    return !registers->set    ? NULL
           : registers->is_32 ? registers->set->name32
                              : registers->set->name;
}

const MigRegister *mig_registers_list(MigRegisters *registers, size_t *n)
{
    if (!registers->is_done) {
        finish(registers);
    }
    *n = registers->list->len;
    return (const MigRegister *)(void *)registers->list->data;
}
