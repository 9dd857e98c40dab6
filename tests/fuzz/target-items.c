/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          mutations of whole items and sections: cut, doubled, moved, swapped, taken
 *                from another stream, written again with another field; and the target that
 *                asserts of them what the others do, and what holds of `extract`.
 * Must not know: what any other target asserts.
 * See also:      fuzz.h; main.c, which hands the mutations to libFuzzer; lib/stream/encode.h.
 *
 * A mutation of bytes mostly breaks the frame around what it meant to change, and the reader
 * stops there.  These keep the frames: what comes after is read, in an order that nobody
 * wrote.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "migstat.h"
#include "stream/encode.h"

/* Items that are looked at of one stream. */
#define ITEMS_MAX 4096u

/* Mutations on top of each other, at most. */
#define STEPS_MAX 4

/* An item: a run of bytes of the stream, and whether a section begins or ends with it. */
typedef struct {
    GBytes *bytes;
    GBytes *changed; /* written with another field, or NULL */
    bool begins, ends;
} Unit;

typedef GArray Units;

static void clear_unit(gpointer p)
{
    Unit *unit = p;

    g_bytes_unref(unit->bytes);
    g_clear_pointer(&unit->changed, g_bytes_unref);
}

static Units *new_units(void)
{
    GArray *units = g_array_new(FALSE, FALSE, sizeof(Unit));

    g_array_set_clear_func(units, clear_unit);
    return units;
}

/* --- chance: the same seed, the same mutant --- */

static guint below(GRand *rand, guint n)
{
    return n ? (guint)g_rand_int_range(rand, 0, (gint32)MIN(n, (guint)G_MAXINT32)) : 0;
}

/* Small, or a power of two, or one less: what bounds are made of. */
static uint64_t some_number(GRand *rand)
{
    switch (below(rand, 3)) {
    case 0:
        return below(rand, 16);
    case 1:
        return UINT64_C(1) << below(rand, 64);
    default:
        return (UINT64_C(1) << below(rand, 64)) - 1;
    }
}

/* --- a field changed --- */

static void change_pages(MigRamPages *pages, GRand *rand)
{
    static const int64_t steps[] = { -1, 1, 2, 256 };

    if (pages->kind == MIG_PAGE_ZERO && below(rand, 4) == 0) {
        pages->fill ^= 1;
    } else if (below(rand, 2)) {
        pages->address +=
            (uint64_t)steps[below(rand, G_N_ELEMENTS(steps))] * pages->page_size;
    } else {
        pages->address = some_number(rand) / pages->page_size * pages->page_size;
    }
}

/* Fields of which the length of what is written does not depend.  False for kinds that have
 * none. */
static bool change_field(MigItem *item, GRand *rand)
{
    switch (item->kind) {
    case MIG_ITEM_FILE_HEADER:
        item->file_header.version = (uint32_t)some_number(rand);
        return true;
    case MIG_ITEM_SECTION_HEADER:
        item->section_id ^= (uint32_t)some_number(rand);
        return true;
    case MIG_ITEM_SECTION_FOOTER:
        item->footer.id ^= (uint32_t)some_number(rand);
        return true;
    case MIG_ITEM_COMMAND:
        item->command.id = (uint16_t)below(rand, 13);
        return item->command.id != MIG_CMD_PACKAGED && !item->command.package_length;
    case MIG_ITEM_RAM_LIST:
        item->ram_list.total = some_number(rand) * 4096;
        return true;
    case MIG_ITEM_RAM_PAGES:
        change_pages(&item->pages, rand);
        return item->pages.page_size > 0;
    case MIG_ITEM_VFIO_RECORD:
        item->vfio.flag = MIG_VFIO_FLAG_PREFIX | below(rand, 9);
        return true;
    case MIG_ITEM_DESCRIPTION:
        item->description.json_length += below(rand, 2) ? 1 : UINT32_MAX;
        return true;
    default:
        return false;
    }
}

static GBytes *changed(const MigItem *item, const uint8_t *bytes, GRand *rand)
{
    MigItem other = *item;
    GByteArray *out;

    if (item->piece || item->defect || !change_field(&other, rand)) {
        return NULL;
    }
    out = g_byte_array_new();
    mig_item_encode(&other, bytes, out);
    return g_byte_array_free_to_bytes(out);
}

/* --- a stream as units --- */

static Units *units_of(const uint8_t *data, size_t n, GRand *rand)
{
    static const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT,
                                             .max_expand = FUZZ_EXPAND_MAX };
    g_autoptr(GBytes) all = g_bytes_new(data, n);
    g_autoptr(MigInput) in = mig_input_new_bytes(all, "input", &options, NULL);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    Units *units = new_units();
    const MigItem *item;

    while (reader && units->len < ITEMS_MAX &&
           mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        const uint8_t *bytes = mig_reader_bytes(reader, item);
        Unit unit = { .begins = item->kind == MIG_ITEM_SECTION_HEADER,
                      .ends = item->kind == MIG_ITEM_SECTION_FOOTER };

        if (!bytes) {
            break;
        }
        unit.bytes = g_bytes_new(bytes, item->length);
        unit.changed = below(rand, 4) == 0 ? changed(item, bytes, rand) : NULL;
        g_array_append_val(units, unit);
    }
    return units;
}

static const Unit *unit_at(const Units *units, guint i)
{
    return &g_array_index(units, Unit, i);
}

/* The whole section that begins at @from, or some items. */
static guint run_length(const Units *units, guint from, GRand *rand)
{
    guint n = 1;

    if (unit_at(units, from)->begins && below(rand, 4)) {
        while (from + n < units->len && !unit_at(units, from + n - 1)->ends &&
               !unit_at(units, from + n)->begins) {
            n++;
        }
        return n;
    }
    return 1 + below(rand, MIN(units->len - from, 4));
}

/* Puts @n units of @from, which may be @units, at @i before what stands at @at. */
static void insert(Units *units, guint at, const Units *from, guint i, guint n)
{
    g_autofree Unit *copy = g_memdup2(unit_at(from, i), n * sizeof(Unit));

    for (guint j = 0; j < n; j++) {
        copy[j].bytes = g_bytes_ref(copy[j].bytes);
        copy[j].changed = copy[j].changed ? g_bytes_ref(copy[j].changed) : NULL;
    }
    g_array_insert_vals(units, at, copy, n);
}

/* Each takes the @n units at @i; @other is another stream. */
typedef void Step(Units *units, guint i, guint n, const Units *other, GRand *rand);

static void cut(Units *units, guint i, guint n, const Units *other, GRand *rand)
{
    (void)other;
    (void)rand;
    g_array_remove_range(units, i, n);
}

static void put_twice(Units *units, guint i, guint n, const Units *other, GRand *rand)
{
    (void)other;
    insert(units, below(rand, 2) ? i + n : below(rand, units->len + 1), units, i, n);
}

static void move(Units *units, guint i, guint n, const Units *other, GRand *rand)
{
    guint to = below(rand, units->len + 1);

    (void)other;
    insert(units, to, units, i, n);
    g_array_remove_range(units, to <= i ? i + n : i, n);
}

static void put_changed(Units *units, guint i, guint n, const Units *other, GRand *rand)
{
    (void)other;
    (void)rand;
    for (guint j = i; j < i + n; j++) {
        Unit *unit = &g_array_index(units, Unit, j);

        if (unit->changed) {
            g_bytes_unref(unit->bytes);
            unit->bytes = g_steal_pointer(&unit->changed);
        }
    }
}

/* A section or some items of the other stream come in between. */
static void splice_in(Units *units, guint i, guint n, const Units *other, GRand *rand)
{
    guint from = below(rand, other->len);

    (void)n;
    if (other->len) {
        insert(units, i, other, from, run_length(other, from, rand));
    }
}

/* The other stream goes on from here. */
static void splice_tail(Units *units, guint i, guint n, const Units *other, GRand *rand)
{
    guint from = below(rand, other->len);

    (void)n;
    if (other->len) {
        g_array_remove_range(units, i, units->len - i);
        insert(units, i, other, from, other->len - from);
    }
}

static GBytes *join(const Units *units)
{
    GByteArray *out = g_byte_array_new();

    for (guint i = 0; i < units->len; i++) {
        gsize n;
        const guint8 *bytes = g_bytes_get_data(unit_at(units, i)->bytes, &n);

        g_byte_array_append(out, bytes, (guint)n);
    }
    return g_byte_array_free_to_bytes(out);
}

GBytes *fuzz_mutate_items(const uint8_t *data, size_t n, const uint8_t *other,
                          size_t n_other, uint32_t seed)
{
    static Step *const steps[] = { cut,         put_twice, move,
                                   put_changed, splice_in, splice_tail };
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    g_autoptr(GArray) units = units_of(data, n, rand);
    g_autoptr(GArray) others = units_of(other, n_other, rand);
    guint count = 1 + below(rand, STEPS_MAX);

    for (guint step = 0; step < count && units->len; step++) {
        guint i = below(rand, units->len);

        steps[below(rand, G_N_ELEMENTS(steps))](units, i, run_length(units, i, rand),
                                                others, rand);
    }
    return join(units);
}

void fuzz_items(const uint8_t *data, size_t n)
{
    fuzz_reader(data, n);
    fuzz_convert(data, n);
    fuzz_filters(data, n);
    fuzz_extract(data, n);
}
