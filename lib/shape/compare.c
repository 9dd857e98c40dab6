/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see compare.h: which part of a destination a section is compared with.
 * Must not know: fields (compare-fields.c), configuration space (compare-pci.c).
 * See also:      offered.c, the section that is compared.
 */
#include "shape/compare.h"

#include <string.h>

#include "device/decode.h"
#include "io/budget.h"
#include "io/input-memory.h"
#include "shape/release.h"
#include "stream/glob.h"
#include "stream/item-private.h"
#include "stream/section-find.h"

/* Differences of a device that are kept. */
#define DIFFERENCES_MAX 1000u

/* What one costs, in steps: its texts are looked up and printed. */
#define DIFFERENCE_STEPS 64u

/* --- differences ------------------------------------------------------------------------- */

MigShapeDifference *mig_shape_differ(MigBudget *budget, GPtrArray *differences,
                                     MigShapeDifferenceKind kind, bool sure)
{
    MigShapeDifference *difference = g_new0(MigShapeDifference, 1);

    mig_budget_spend(budget, DIFFERENCE_STEPS);
    difference->kind = kind;
    difference->sure = sure;
    g_ptr_array_add(differences, difference);
    return difference;
}

bool mig_shape_goes_on(const MigShapeComparison *c, uint64_t steps)
{
    return c->differences->len - MIN(c->before, c->differences->len) < DIFFERENCES_MAX &&
           mig_budget_spend(c->budget, steps);
}

void mig_shape_difference_free(gpointer p)
{
    MigShapeDifference *difference = p;

    g_free(difference->path);
    g_free(difference->owner);
    g_free(difference->array);
    g_free(difference->beside);
    g_clear_pointer(&difference->registers, g_ptr_array_unref);
    g_free(difference->note_here);
    g_free(difference->note_there);
    g_free(difference);
}

/* --- a destination's stream -------------------------------------------------------------- */

const MigShapeSection *mig_shape_section(const MigShape *shape, const MigSection *section)
{
    guint low = 0, high = shape->sections->len;

    while (low < high) {
        guint middle = (low + high) / 2;
        const MigShapeSection *s =
            &g_array_index(shape->sections, MigShapeSection, middle);
        gint order = mig_section_compare(section, s->section);

        if (order == 0) {
            return s;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* Sections that are looked at to find one like it. */
#define ALIKE_MAX 16384u

/* Whether the stream has the section further on, as far as that is known by now. */
static bool is_described(const MigReader *reader, const MigSection *section)
{
    const MigDescription *d = mig_reader_description(reader);

    return d && mig_description_lookup(d, section->name, section->instance_id, 0) >= 0;
}

const MigSection *mig_shape_alike(const MigShape *shape, const MigReader *reader,
                                  const MigSection *section)
{
    guint n = MIN(shape->sections->len, ALIKE_MAX);

    for (guint i = 0; i < n; i++) {
        const MigSection *other =
            g_array_index(shape->sections, MigShapeSection, i).section;

        if (strcmp(mig_section_handler(other->name),
                   mig_section_handler(section->name)) == 0 &&
            !is_described(reader, other) &&
            !mig_reader_find_section(reader, other->name, other->name_length,
                                     other->instance_id)) {
            return other;
        }
    }
    return NULL;
}

const MigRamBlock *const *mig_shape_blocks(const MigShape *shape, size_t *n)
{
    *n = 0;
    return shape->reader ? mig_reader_ram_blocks(shape->reader, n) : NULL;
}

const MigRamBlock *mig_ram_block_named(const MigReader *reader, const MigRamBlock *block)
{
    return mig_reader_ram_block(reader, block->name, block->name_length);
}

const MigRamBlock *mig_shape_block(const MigShape *shape, const MigRamBlock *block)
{
    return mig_ram_block_named(shape->reader, block);
}

/* How leaves have the registers of an Arm CPU. */
#define REGISTER "cpreg["

/* How many of them there are. */
#define REGISTERS_LENGTH "cpreg_vmstate_array_len"

/* Registers that an Arm CPU has by its making: what is loaded into one is read back, and has to
 * be the same.  Source: target/arm/helper.c, write_list_to_cpustate(). */
static bool is_constant_register(const char *path)
{
    static const char *const begins[] = { "ID_", "MIDR",  "REVIDR", "AIDR",
                                          "CTR", "CLIDR", "MVFR",   "PMCEID" };
    const char *name = g_str_has_prefix(path, REGISTER) ? path + strlen(REGISTER) : NULL;

    for (size_t i = 0; name && i < G_N_ELEMENTS(begins); i++) {
        if (g_str_has_prefix(name, begins[i])) {
            return true;
        }
    }
    return false;
}

/* Whether the loader refuses @here because its own value is @there. */
static bool is_refused(const MigField *here, const MigField *there)
{
    if (here->kind != there->kind ||
        (here->kind != MIG_FIELD_UINT && here->kind != MIG_FIELD_INT)) {
        return false;
    }
    if (g_str_has_suffix(here->type, " equal") || is_constant_register(here->path)) {
        return here->u != there->u;
    }
    return g_str_has_suffix(here->type, " le") && here->i > there->i;
}

static MigShapeDifference *differ(MigShapeComparison *c, MigShapeDifferenceKind kind,
                                  const MigField *here)
{
    MigShapeDifference *difference =
        mig_shape_differ(c->budget, c->differences, kind, true);

    difference->path = g_strdup(here->path);
    difference->offset = here->offset;
    difference->here = here->u;
    return difference;
}

/* Whether the guest ran under KVM, whose list has registers of its firmware: there the kernel
 * says which values a constant register takes.
 * Source: KVM_REG_ARM_FW of the kernel's asm/kvm.h. */
static bool is_of_kvm(const MigLeaves *leaves)
{
    for (guint i = 0; i < leaves->registers->len; i++) {
        if ((g_array_index(leaves->registers, uint64_t, i) >> 16 & 0xfff) == 0x14) {
            return true;
        }
    }
    return false;
}

/* The loader looks its own list through, which ascends, and stops at its end. */
static bool is_lacking(const MigLeaves *here, const MigLeaves *there, guint number)
{
    const GArray *ids = here->registers, *own = there->registers;

    return own->len > 0 && !there->too_many && number < ids->len &&
           g_array_index(ids, uint64_t, number) <
               g_array_index(own, uint64_t, own->len - 1);
}

static void compare_value(MigShapeComparison *c, const MigField *here,
                          const MigField *there, bool kvm)
{
    MigShapeDifference *difference;

    if (mig_glob("*virtio.queues[*].num", here->path) && here->u > there->u) {
        differ(c, MIG_SHAPE_QUEUE, here)->there = there->u;
    } else if (is_refused(here, there)) {
        difference = differ(c, MIG_SHAPE_VALUE, here);
        difference->there = there->u;
        difference->is_limit = g_str_has_suffix(here->type, " le");
        difference->sure = !kvm || !is_constant_register(here->path);
    }
}

/* Registers that one command can take out; more are another CPU's. */
#define REGISTERS_MAX 256u

static GPtrArray *add_register(GPtrArray *registers, const char *path)
{
    GPtrArray *all = registers ? registers : g_ptr_array_new_with_free_func(g_free);

    if (all->len <= REGISTERS_MAX) {
        g_ptr_array_add(all, g_strdup(path));
    }
    return all;
}

/* Where the CPU lacks registers: which, and that there are more of them than there. */
static void give_registers(MigShapeComparison *c, guint first, GPtrArray *registers)
{
    for (guint i = first; i < c->differences->len; i++) {
        MigShapeDifference *d = g_ptr_array_index(c->differences, i);

        if (d->kind == MIG_SHAPE_REGISTER ||
            (d->kind == MIG_SHAPE_VALUE && g_str_equal(d->path, REGISTERS_LENGTH))) {
            d->registers = g_ptr_array_ref(registers);
        }
    }
}

/* Values that the loader compares with its own, and registers that it lacks: it stops at the
 * first of those. */
static void compare_values(MigShapeComparison *c, const MigLeaves *here,
                           const MigLeaves *there)
{
    bool kvm = is_of_kvm(here);
    MigShapeDifference *lacking = NULL;
    g_autoptr(GPtrArray) registers = NULL;
    guint number = 0, first = c->differences->len;
    unsigned n = 0;

    for (guint i = 0; i < here->list->len && mig_shape_goes_on(c, 4); i++) {
        const MigField *f = &g_array_index(here->list, MigLeaf, i).field;
        const MigLeaf *own = mig_leaves_find(there, f->path);
        bool is_register = g_str_has_prefix(f->path, REGISTER);

        if (own) {
            compare_value(c, f, &own->field, kvm);
        } else if (is_register && is_lacking(here, there, number)) {
            lacking = lacking ? lacking : differ(c, MIG_SHAPE_REGISTER, f);
            lacking->here = ++n;
        }
        if (is_register && !own) {
            registers = add_register(registers, f->path);
        }
        number += is_register;
    }
    if (registers) {
        give_registers(c, first, registers);
    }
}

/* What the destination's device is: its own state is read again. */
static void compare_with_stream(MigShapeComparison *c, const MigShape *shape,
                                MigOffered *o)
{
    const MigShapeSection *there = mig_shape_section(shape, o->section);
    g_autofree uint8_t *body = NULL;
    MigItem item = { .kind = MIG_ITEM_DEVICE_STATE };
    g_auto(MigOffered) own = { 0 };

    if (!there || there->length == 0 || there->length > MIG_DEVICE_BODY_MAX) {
        return;
    }
    body = mig_input_alloc(shape->in, there->length);
    if (!body || mig_input_read_at(shape->in, there->offset, body, there->length) !=
                     there->length) {
        return;
    }
    item.section = there->section;
    item.offset = there->offset;
    item.length = there->length;
    mig_offered_init(&own, shape->reader, &item, body);
    if (mig_offered_is_alike(o, &own)) {
        return;
    }
    mig_shape_compare_pci(c, mig_offered_leaves(&own), body, there->offset);
    if (mig_offered_shape(&own) && mig_offered_shape(o)) {
        mig_shape_compare_vmstate(c, o->shape, own.shape, o->section->version_id);
        compare_values(c, mig_offered_leaves(o), mig_offered_leaves(&own));
    }
}

/* --- a -dump-vmstate file ---------------------------------------------------------------- */

/* The first of that name, or the number of all. */
static guint first_of(const MigShapeDump *dump, const char *name)
{
    guint low = 0, high = dump->dumped->len;

    while (low < high) {
        guint middle = (low + high) / 2;

        if (strcmp(g_array_index(dump->dumped, MigShapeDumped, middle).name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static unsigned count_sure(const GPtrArray *differences)
{
    unsigned n = 0;

    for (guint i = 0; i < differences->len; i++) {
        n += ((const MigShapeDifference *)g_ptr_array_index(differences, i))->sure;
    }
    return n;
}

static void compare_version(const MigShapeComparison *c, const MigSection *section,
                            const MigShapeVmstate *there)
{
    bool is_new = section->version_id > there->version;

    if (is_new || section->version_id < there->minimum) {
        MigShapeDifference *difference = mig_shape_differ(
            c->budget, c->differences,
            is_new ? MIG_SHAPE_VERSION_NEW : MIG_SHAPE_VERSION_OLD, true);

        difference->here = section->version_id;
        difference->there = is_new ? there->version : there->minimum;
    }
}

/* What one more costs beside its fields. */
#define VMSTATE_STEPS 16u

/*
 * Several types can have one name, and the stream does not tell which it is: the one with the
 * fewest differences counts.  @best: those of it so far, or NULL.
 */

/* Whether one more is to be looked at. */
static bool is_open(const MigShapeComparison *c, const GPtrArray *best)
{
    return !(best && count_sure(best) == 0) && mig_budget_spend(c->budget, VMSTATE_STEPS);
}

static void compare_with_one(MigShapeComparison *c, const MigShapeVmstate *there,
                             GPtrArray **best)
{
    MigOffered *o = c->offered;
    GPtrArray *all = c->differences;
    GPtrArray *own = g_ptr_array_new_with_free_func(mig_shape_difference_free);

    c->differences = own;
    compare_version(c, o->section, there);
    if (own->len == 0) {
        mig_shape_compare_vmstate(c, o->shape, there, o->section->version_id);
    }
    if (!*best || count_sure(own) < count_sure(*best)) {
        g_clear_pointer(best, g_ptr_array_unref);
        *best = g_steal_pointer(&own);
    }
    g_clear_pointer(&own, g_ptr_array_unref);
    c->differences = all;
}

/* Frees @best, whose differences are added. */
static void take_best(const MigShapeComparison *c, GPtrArray *best)
{
    for (guint i = 0; best && i < best->len; i++) {
        g_ptr_array_add(c->differences, g_ptr_array_index(best, i));
    }
    if (best) {
        g_ptr_array_set_free_func(best, NULL);
        g_ptr_array_unref(best);
    }
}

static void compare_with_dump(MigShapeComparison *c, MigShapeDump *dump)
{
    const char *name = c->offered->shape->name;
    GPtrArray *best = NULL;

    for (guint i = first_of(dump, name); i < dump->dumped->len && is_open(c, best); i++) {
        MigShapeDumped *dumped = &g_array_index(dump->dumped, MigShapeDumped, i);

        if (strcmp(dumped->name, name) != 0) {
            break;
        }
        if (mig_shape_dumped(dump, dumped)) {
            compare_with_one(c, dumped->vmstate, &best);
        }
    }
    take_best(c, best);
}

/* --- a release --------------------------------------------------------------------------- */

/* What the row of a device costs to be read, in steps: they have up to 3,000 bytes. */
#define ROW_STEPS 1024u

bool mig_shape_compare_release(MigRelease release, MigOffered *o, GPtrArray *differences)
{
    g_autoptr(GString) path = g_string_new(NULL);
    g_autoptr(GPtrArray) vmstates = g_ptr_array_new();
    g_auto(MigShapeTree) tree = { 0 };
    GPtrArray *best = NULL;
    MigShapeComparison c = { .budget = mig_reader_budget(o->reader),
                             .offered = o,
                             .knows_counts = release >= MIG_RELEASE_COUNTS,
                             .unplaced = true,
                             .differences = differences,
                             .path = path,
                             .enclosing = SIZE_MAX };

    if (!mig_offered_shape(o) || !mig_budget_spend(c.budget, ROW_STEPS)) {
        return false;
    }
    mig_shape_tree_init(&tree);
    mig_shape_of_release(&tree, release, o->shape->name, vmstates);
    for (guint i = 0; i < vmstates->len && is_open(&c, best); i++) {
        compare_with_one(&c, g_ptr_array_index(vmstates, i), &best);
    }
    take_best(&c, best);
    return vmstates->len > 0;
}

void mig_shape_compare_device(const MigShape *shape, MigOffered *o,
                              GPtrArray *differences)
{
    g_autoptr(GString) path = g_string_new(NULL);
    MigShapeComparison c = { .budget = mig_reader_budget(o->reader),
                             .offered = o,
                             .before = differences->len,
                             .exact = shape->reader != NULL,
                             .max_cpus = shape->max_cpus,
                             .knows_counts = shape->reader ||
                                             (shape->dump && shape->dump->knows_counts),
                             .differences = differences,
                             .path = path,
                             .enclosing = SIZE_MAX };

    if (shape->reader) {
        compare_with_stream(&c, shape, o);
    } else if (shape->transcript) {
        mig_shape_compare_transcript(&c, shape->transcript);
    } else if (shape->dump && mig_offered_shape(o)) {
        compare_with_dump(&c, shape->dump);
    }
}
