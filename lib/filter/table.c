/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is asked of the list of filters, and the table of named chains.
 * Must not know: how they work.
 * See also:      filter/filter.h, which has the list; filter/chain.h.
 */
#include "filter/chain.h"
#include "filter/filter.h"
#include "stream/nearest.h"

#define ADDRESS_OF(name) &mig_filter_##name,
static const MigFilterType *const types[] = { MIG_FILTERS(ADDRESS_OF) NULL };

static const struct {
    const char *name, *chain;
} named[] = {
    { "config-first", "vfio-layout:to=config-first" },
    { "config-last", "vfio-layout:to=config-last" },
    { "subflag", "vfio-layout:to=subflag" },
};

const MigFilterType *const *mig_filter_types(void)
{
    return types;
}

const MigFilterType *mig_filter_type_find(const char *name)
{
    for (size_t i = 0; types[i]; i++) {
        if (g_str_equal(types[i]->name, name)) {
            return types[i];
        }
    }
    return NULL;
}

char *mig_filter_type_nearest(const char *name)
{
    g_autoptr(MigNearest) nearest = mig_nearest_new(name);

    for (size_t i = 0; types[i]; i++) {
        mig_nearest_offer(nearest, types[i]->name);
    }
    return mig_nearest_best(nearest) ? mig_nearest_hint(nearest, "")
                                     : g_strdup("; --list-filters lists them");
}

const char *mig_filter_type_name(const MigFilterType *type)
{
    return type->name;
}

const char *mig_filter_type_summary(const MigFilterType *type)
{
    return type->summary;
}

const char *mig_filter_type_gives_up(const MigFilterType *type)
{
    return type->gives_up;
}

bool mig_filter_type_option(const MigFilterType *type, size_t i, const char **key,
                            const char **values, const char **help)
{
    const MigFilterOption *option = type->options;

    for (; option && option->key; option++) {
        if (i-- == 0) {
            *key = option->key;
            *values = option->values;
            *help = option->help;
            return true;
        }
    }
    return false;
}

bool mig_filter_type_knows(const MigFilterType *type, const MigItem *item)
{
    return item->kind != MIG_ITEM_RAM_PAGES || type->page_kinds >> item->pages.kind & 1u;
}

const char *mig_chain_named(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        if (g_str_equal(named[i].name, name)) {
            return named[i].chain;
        }
    }
    return NULL;
}
