/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          adding section footers, or dropping them.
 * Must not know: what is in a section.
 * See also:      filter/description.c.
 *
 * Whether a loader wants footers depends on its machine type (send-section-footer, off up
 * to 2.3); it does not look at the stream.
 * Source: migration/savevm.c, check_section_footer(); hw/core/machine.c, hw_compat_2_3.
 */
#include "filter/filter.h"
#include "stream/description.h"
#include "stream/outer-encode.h"
#include "stream/outer.h"

typedef struct Footers {
    bool add, drop;
    bool open;    /* in a section whose footer has not come */
    MigItem last; /* an item of it */
    bool device_state, description;
    uint64_t n;
} Footers;

static bool footers_configure(void *state, const char *key, const char *value,
                              GError **error)
{
    Footers *footers = state;

    if (key) {
        return mig_filter_yes_no(
            key, value, g_str_equal(key, "add") ? &footers->add : &footers->drop, error);
    }
    if (footers->add == footers->drop) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "one of add=yes and drop=yes is wanted");
        return false;
    }
    return true;
}

/* Ends the section that is open, where its footer did not. */
static bool close_section(Footers *footers, MigNext *next, GError **error)
{
    g_autoptr(GByteArray) footer = g_byte_array_new();
    MigItem like = footers->last;

    if (!footers->open) {
        return true;
    }
    footers->open = false;
    if (!footers->add) {
        return true;
    }
    footers->n++;
    mig_section_footer_encode(like.section_id, footer);
    like.footer.id = like.section_id;
    return mig_next_emit_bytes(next, &like, MIG_ITEM_SECTION_FOOTER, footer->data,
                               footer->len, error);
}

/* Whether it is known, other than by its footer, that the section that is open has no body.  One
 * that delimits itself has a record at least. */
static bool is_known_to_be_empty(const Footers *footers, MigNext *next)
{
    const MigDescription *d = mig_reader_description(mig_next_reader(next));
    const MigSection *section = footers->last.section;
    ssize_t i = -1;

    if (d && footers->last.type == MIG_SECTION_FULL) {
        i = mig_description_lookup(d, section->name, section->instance_id, 0);
    }
    return i >= 0 && d->devices[i].size_known && d->devices[i].size == 0;
}

static bool refuse_to_drop(MigNext *next, const MigItem *item, GError **error)
{
    return mig_next_refuse(next, item, item->section, error,
                           "the description does not tell where this section ends: "
                           "without its footer nobody could");
}

/* A body without a byte is no item, yet where it ends must be known as well. */
static bool drop_footer(Footers *footers, MigNext *next, const MigItem *item,
                        GError **error)
{
    if (footers->open && footers->last.kind == MIG_ITEM_SECTION_HEADER) {
        footers->device_state = true;
        if (!is_known_to_be_empty(footers, next)) {
            return refuse_to_drop(next, item, error);
        }
    }
    footers->n++;
    return true;
}

static bool footers_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Footers *footers = state;

    switch (item->kind) {
    case MIG_ITEM_SECTION_FOOTER:
        if (footers->drop ? !drop_footer(footers, next, item, error)
                          : !mig_next_emit(next, item, error)) {
            return false;
        }
        footers->open = false;
        return true;
    case MIG_ITEM_DEVICE_STATE:
        footers->device_state = true;
        if (footers->drop && item->inferred) {
            return refuse_to_drop(next, item, error);
        }
        break;
    case MIG_ITEM_DESCRIPTION:
        footers->description = true;
        break;
    default:
        break;
    }
    if ((item->kind == MIG_ITEM_SECTION_HEADER || !item->section) &&
        !close_section(footers, next, error)) {
        return false;
    }
    if (item->section) {
        footers->open = true;
        footers->last = *item;
        footers->last.bytes = NULL;
    }
    return mig_next_emit(next, item, error);
}

static bool footers_finish(void *state, MigNext *next, GError **error)
{
    const Footers *footers = state;

    if (footers->drop && footers->device_state && !footers->description) {
        return mig_next_refuse(
            next, NULL, NULL, error,
            "the stream has no description: without footers nobody could "
            "tell where its sections end");
    }
    mig_next_report(next, NULL, "%" PRIu64 " footers %s", footers->n,
                    footers->add ? "added" : "dropped");
    return true;
}

static const MigFilterOption footers_options[] = {
    { "add", "yes|no", "Put a footer after every section that has none" },
    { "drop", "yes|no", "Drop all footers: machine types up to 2.3" },
    { 0 },
};

const MigFilterType mig_filter_footers = {
    .name = "footers",
    .summary = "add or drop the footers of all sections",
    .gives_up =
        "nothing; without footers a loader notices later that it read a section wrong",
    .options = footers_options,
    .handles = MIG_ITEM_BITS_ALL,
    .page_kinds = MIG_PAGE_BITS_ALL,
    .state_size = sizeof(Footers),
    .configure = footers_configure,
    .event = footers_event,
    .finish = footers_finish,
};
