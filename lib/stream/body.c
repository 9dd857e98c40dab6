/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the table of section bodies.
 * Must not know: how any of them is read.
 * See also:      stream/body.h.
 */
#include "stream/body.h"

#include <string.h>

#include "stream/item-private.h"

static const MigBody *const bodies[] = {
    &mig_body_ram,
    &mig_body_vfio,
    &mig_body_block,
    &mig_body_dirty_bitmap,
    &mig_body_htab,
    &mig_body_pbs_state,
    &mig_body_storage_attributes,
    &mig_body_storage_keys,
    &mig_body_todclock,
};

/* A device path ends where the handler's own name begins; a bus without paths gives none. */
static bool matches(const char *pattern, const char *idstr)
{
    return g_str_equal(pattern, idstr) ||
           (*pattern == '/' &&
            (g_str_equal(pattern + 1, idstr) || g_str_has_suffix(idstr, pattern)));
}

const MigBody *mig_body_for(const char *idstr)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        if (matches(bodies[i]->idstr, idstr)) {
            return bodies[i];
        }
    }
    return &mig_body_device;
}

bool mig_section_is_ram(const MigSection *section)
{
    return section && mig_section_body(section) == &mig_body_ram;
}

bool mig_section_is_vfio(const MigSection *section)
{
    return section && mig_section_body(section) == &mig_body_vfio;
}

gint mig_section_compare(gconstpointer a, gconstpointer b)
{
    const MigSection *x = a, *y = b;

    if (x->instance_id != y->instance_id) {
        return x->instance_id < y->instance_id ? -1 : 1;
    }
    if (x->name_length != y->name_length) {
        return x->name_length - y->name_length;
    }
    return memcmp(x->name, y->name, x->name_length);
}

MigSection *mig_section_renamed(const MigSection *section, const char *name)
{
    size_t n = strlen(name);
    MigSection *renamed;

    if (n == 0 || n > UINT8_MAX || mig_body_for(name) != mig_section_body(section)) {
        return NULL;
    }
    renamed = mig_section_new(name, (uint8_t)n);
    mig_section_set_body(renamed, mig_section_body(section));
    renamed->id = section->id;
    renamed->instance_id = section->instance_id;
    renamed->version_id = section->version_id;
    renamed->index = section->index;
    return renamed;
}

bool mig_section_has_handler(const MigSection *section, const char *handler)
{
    size_t n = strlen(handler), whole = section->name_length;

    return whole >= n && memcmp(section->name + whole - n, handler, n) == 0 &&
           (whole == n || section->name[whole - n - 1] == '/');
}
