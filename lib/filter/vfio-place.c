/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      see vfio-place.h.
 * Knows not: what is in the section.
 * Beside it: filter/vfio-layout.c.
 *
 * Items are held back only from behind the last section that must stay before: in a
 * stream of QEMU's that is acpi_build, globalstate and what was plugged later.
 */
#include "filter/vfio-place.h"

#include "stream/irq-controller.h"

typedef struct Want {
    uint32_t section_id;
    void *wanted;
} Want;

struct MigVfioPlace {
    GArray *wants; /* by id */
    GArray *queue; /* MigItem, kept */
    bool through;  /* the section that passes stays before */
    bool lower;    /* one with a lower id than all wants has passed */
    bool disorder; /* what comes last has a lower id, but not in order */
    bool has_previous;
    uint32_t previous_id;
    const MigSection *after, *controller;
};

static void clear_item(gpointer p)
{
    MigItem *item = p;

    g_clear_pointer(&item->bytes, g_bytes_unref);
}

MigVfioPlace *mig_vfio_place_new(void)
{
    MigVfioPlace *place = g_new0(MigVfioPlace, 1);

    place->wants = g_array_new(false, false, sizeof(Want));
    place->queue = g_array_new(false, false, sizeof(MigItem));
    g_array_set_clear_func(place->queue, clear_item);
    place->through = true;
    return place;
}

void mig_vfio_place_free(MigVfioPlace *place)
{
    if (place) {
        g_array_unref(place->wants);
        g_array_unref(place->queue);
        g_free(place);
    }
}

static int by_id(gconstpointer a, gconstpointer b)
{
    const Want *x = a, *y = b;

    return (x->section_id > y->section_id) - (x->section_id < y->section_id);
}

void mig_vfio_place_want(MigVfioPlace *place, uint32_t section_id, void *wanted)
{
    Want want = { section_id, wanted };

    g_array_append_val(place->wants, want);
    g_array_sort(place->wants, by_id);
}

const MigSection *mig_vfio_place_controller(const MigVfioPlace *place)
{
    return place->controller;
}

static bool is_full_header(const MigItem *item)
{
    return item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL;
}

/* Sections that end a stream. */
static bool is_last_sort(const MigSection *section)
{
    return g_str_has_suffix(section->name, "acpi_build") ||
           g_str_equal(section->name, "globalstate");
}

static bool emit(MigVfioPlace *place, const MigVfioPlaceOps *ops, MigNext *next,
                 const MigItem *item, GError **error)
{
    if (is_full_header(item)) {
        place->after = item->section;
        if (mig_section_irq_controller(item->section) != MIG_IRQ_CONTROLLER_NONE) {
            place->controller = item->section;
        }
    }
    return ops->emit(ops->user, next, item, error);
}

static bool flush(MigVfioPlace *place, const MigVfioPlaceOps *ops, MigNext *next,
                  GError **error)
{
    for (guint i = 0; i < place->queue->len; i++) {
        if (!emit(place, ops, next, &g_array_index(place->queue, MigItem, i), error)) {
            return false;
        }
    }
    g_array_set_size(place->queue, 0);
    return true;
}

/* Whether @want goes before the FULL section that @header begins. */
static bool goes_before(const MigVfioPlace *place, const Want *want,
                        const MigItem *header)
{
    return place->lower && !place->disorder ? header->section_id > want->section_id
                                            : is_last_sort(header->section);
}

/* Inserts those that go before @header, or all that are left where that is NULL. */
static bool insert_before(MigVfioPlace *place, const MigVfioPlaceOps *ops, MigNext *next,
                          const MigItem *header, const MigItem *here, GError **error)
{
    MigVfioNeighbours around = { .item = *here,
                                 .before = header ? header->section : NULL,
                                 .after = place->after };

    around.item.bytes = NULL;
    while (place->wants->len) {
        Want want = g_array_index(place->wants, Want, 0);

        if (header && !goes_before(place, &want, header)) {
            break;
        }
        g_array_remove_index(place->wants, 0);
        if (!ops->insert(ops->user, next, want.wanted, &around, error)) {
            return false;
        }
    }
    return true;
}

/* The end has come: everything is known. */
static bool settle(MigVfioPlace *place, const MigVfioPlaceOps *ops, MigNext *next,
                   const MigItem *end, GError **error)
{
    for (guint i = 0; i < place->queue->len; i++) {
        const MigItem *item = &g_array_index(place->queue, MigItem, i);

        if (is_full_header(item) && !insert_before(place, ops, next, item, item, error)) {
            return false;
        }
        if (!emit(place, ops, next, item, error)) {
            return false;
        }
    }
    g_array_set_size(place->queue, 0);
    return insert_before(place, ops, next, NULL, end, error);
}

/* Decides of the section that @header begins whether it is held back. */
static void look_at(MigVfioPlace *place, const MigItem *header)
{
    uint32_t id = header->section_id;
    bool lower = id < g_array_index(place->wants, Want, 0).section_id;
    bool falls = place->has_previous && id < place->previous_id;

    if (header->type != MIG_SECTION_FULL) {
        place->through = true;
        return;
    }
    if (lower && falls && is_last_sort(header->section)) {
        place->disorder = true;
        lower = false;
    }
    place->through =
        lower || mig_section_irq_controller(header->section) != MIG_IRQ_CONTROLLER_NONE;
    place->lower |= lower;
    place->has_previous = true;
    place->previous_id = id;
}

/* Whether no FULL section will follow.  In postcopy they are in a package, and commands
 * behind them: PING, and POSTCOPY_RUN, which starts the guest.
 * Source: migration/migration.c, postcopy_start(), 5.2 to 10.2. */
static bool ends_sections(const MigItem *item)
{
    return item->kind == MIG_ITEM_EOF ||
           (item->kind == MIG_ITEM_COMMAND && item->package_depth > 0);
}

bool mig_vfio_place_event(MigVfioPlace *place, const MigVfioPlaceOps *ops, MigNext *next,
                          MigItem *item, GError **error)
{
    if (!place->wants->len) {
        return emit(place, ops, next, item, error);
    }
    if (ends_sections(item)) {
        return settle(place, ops, next, item, error) &&
               emit(place, ops, next, item, error);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER) {
        look_at(place, item);
        if (place->through && !flush(place, ops, next, error)) {
            return false;
        }
    }
    if (!place->through) {
        if (!mig_next_keep(next, item, error)) {
            return false;
        }
        g_array_append_val(place->queue, *item);
        return true;
    }
    return emit(place, ops, next, item, error);
}
