/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          dropping the description after the end mark, which no loader needs.
 * Must not know: what it says.
 * See also:      filter/footers.c, which may leave it the only word on where sections
 *                end.
 */
#include "filter/filter.h"

typedef struct Description {
    bool drop;
    bool bare; /* a device's state without a footer was seen */
    bool footers;
    uint64_t dropped;
} Description;

static bool description_configure(void *state, const char *key, const char *value,
                                  GError **error)
{
    Description *description = state;
    bool yes;

    if (!key) {
        return true;
    }
    if (!mig_filter_yes_no(key, value, &yes, error)) {
        return false;
    }
    description->drop = g_str_equal(key, "drop") == yes;
    return true;
}

static bool description_event(void *state, MigNext *next, const MigItem *item,
                              GError **error)
{
    Description *description = state;

    switch (item->kind) {
    case MIG_ITEM_DEVICE_STATE:
        description->bare = true;
        break;
    case MIG_ITEM_SECTION_FOOTER:
        description->footers = true;
        break;
    default:
        if (!description->drop) {
            break;
        }
        if (description->bare && !description->footers) {
            return mig_next_refuse(
                next, item, NULL, error,
                "the stream has no footers: without its description nobody "
                "could tell where the sections end");
        }
        description->dropped += item->length;
        return true;
    }
    return mig_next_emit(next, item, error);
}

static bool description_finish(void *state, MigNext *next, GError **error)
{
    const Description *description = state;

    (void)error;
    if (description->dropped) {
        mig_next_report(next, NULL, "description of %" PRIu64 " bytes dropped",
                        description->dropped);
    } else if (description->drop) {
        mig_next_report(next, NULL, "no description in the stream");
    }
    return true;
}

static const MigFilterOption description_options[] = {
    { "drop", "yes|no", "Drop it" },
    { "keep", "yes|no", "Keep it (the default)" },
    { 0 },
};

const MigFilterType mig_filter_description = {
    .name = "description",
    .summary = "drop or keep the description after the end mark",
    .gives_up = "the names of fields, which tools read and no loader needs",
    .options = description_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(DEVICE_STATE) | MIG_ITEM_BIT(SECTION_FOOTER) |
                       MIG_ITEM_BIT(DESCRIPTION)),
    .state_size = sizeof(Description),
    .configure = description_configure,
    .event = description_event,
    .finish = description_finish,
};
