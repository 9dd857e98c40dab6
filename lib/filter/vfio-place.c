/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see vfio-place.h.
 * Must not know: what is in the section.
 * See also:      filter/vfio-layout.c.
 *
 * Items are held back only after the last section that must stay before the new one. In a
 * stream of QEMU these are acpi_build, globalstate and what was plugged later.
 */
#include "filter/vfio-place.h"

#include "stream/irq-controller.h"

/* The most that is held back; after that much, the new section is inserted. */
#define HELD_MAX ((size_t)16 << 20)

typedef struct Want {
    uint32_t section_id;
    guint wanted;
} Want;

struct MigVfioPlace {
    GSequence *wants; /* Want, by id */
    GArray *queue;    /* MigItem, kept */
    size_t held;      /* bytes of memory that they take */
    bool through;     /* the section that passes stays before */
    bool lower;       /* one with a lower id than all wants has passed */
    bool disorder;    /* what comes last has a lower id, but not in order */
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

    place->wants = g_sequence_new(g_free);
    place->queue = g_array_new(false, false, sizeof(MigItem));
    g_array_set_clear_func(place->queue, clear_item);
    place->through = true;
    return place;
}

void mig_vfio_place_free(MigVfioPlace *place)
{
    if (place) {
        g_sequence_free(place->wants);
        g_array_unref(place->queue);
        g_free(place);
    }
}

static int by_id(gconstpointer a, gconstpointer b, gpointer user)
{
    const Want *x = a, *y = b;

    (void)user;
    return (x->section_id > y->section_id) - (x->section_id < y->section_id);
}

void mig_vfio_place_want(MigVfioPlace *place, uint32_t section_id, guint wanted)
{
    Want *want = g_new(Want, 1);

    *want = (Want){ section_id, wanted };
    g_sequence_insert_sorted(place->wants, want, by_id, NULL);
}

/* That of the lowest id; NULL if there is none. */
static const Want *first_want(const MigVfioPlace *place)
{
    return g_sequence_is_empty(place->wants)
               ? NULL
               : g_sequence_get(g_sequence_get_begin_iter(place->wants));
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
    const Want *want;

    around.item.bytes = NULL;
    while ((want = first_want(place)) && (!header || goes_before(place, want, header))) {
        guint wanted = want->wanted;

        g_sequence_remove(g_sequence_get_begin_iter(place->wants));
        if (!ops->insert(ops->user, next, wanted, &around, error)) {
            return false;
        }
    }
    return true;
}

/* Lets go what was held back: all of it stays before, or, if @settled, what is inserted goes
 * where it belongs. */
static bool release(MigVfioPlace *place, const MigVfioPlaceOps *ops, MigNext *next,
                    bool settled, GError **error)
{
    for (guint i = 0; i < place->queue->len; i++) {
        const MigItem *item = &g_array_index(place->queue, MigItem, i);

        if (settled && is_full_header(item) &&
            !insert_before(place, ops, next, item, item, error)) {
            return false;
        }
        if (!emit(place, ops, next, item, error)) {
            return false;
        }
    }
    g_array_set_size(place->queue, 0);
    place->held = 0;
    return true;
}

/* Decides whether the section that @header begins is held back. */
static void look_at(MigVfioPlace *place, const MigItem *header)
{
    uint32_t id = header->section_id;
    bool lower = id < first_want(place)->section_id;
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

/* Whether no FULL section will follow.  In postcopy they are in a package and followed by
 * commands: PING, and POSTCOPY_RUN, which starts the guest.
 * Source: migration/migration.c, postcopy_start(), 5.2 to 10.2. */
static bool ends_sections(const MigItem *item)
{
    return item->kind == MIG_ITEM_EOF ||
           (item->kind == MIG_ITEM_COMMAND && item->package_depth > 0);
}

bool mig_vfio_place_event(MigVfioPlace *place, const MigVfioPlaceOps *ops, MigNext *next,
                          const MigItem *item, GError **error)
{
    bool is_header = item->kind == MIG_ITEM_SECTION_HEADER;
    MigItem kept;

    if (g_sequence_is_empty(place->wants)) {
        return emit(place, ops, next, item, error);
    }
    if (ends_sections(item) || (is_header && place->held > HELD_MAX)) {
        return release(place, ops, next, true, error) &&
               insert_before(place, ops, next, NULL, item, error) &&
               emit(place, ops, next, item, error);
    }
    if (is_header) {
        look_at(place, item);
        if (place->through && !release(place, ops, next, false, error)) {
            return false;
        }
    }
    if (place->through) {
        return emit(place, ops, next, item, error);
    }
    if (!mig_next_keep(next, item, &kept, error)) {
        return false;
    }
    g_array_append_val(place->queue, kept);
    place->held += sizeof(kept) + (kept.bytes ? kept.length : 0);
    return true;
}
