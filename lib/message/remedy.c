/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see remedy.h.
 * Must not know: filters.
 * See also:      filter/chain-text.c.
 */
#include "message/remedy.h"

#include <glib.h>
#include <string.h>

#include "stream/address.h"
#include "stream/address-exact.h"

char *mig_remedy_value(const char *text)
{
    GString *value = g_string_new(NULL);

    for (const char *p = text; *p; p++) {
        const char *word = p + 1 + strspn(p + 1, "abcdefghijklmnopqrstuvwxyz-");

        if (*p == '\\' || (*p == ':' && word > p + 1 && *word == '=')) {
            g_string_append_c(value, '\\');
        }
        g_string_append_c(value, *p);
    }
    return g_string_free(value, FALSE);
}

char *mig_remedy_name(const char *name)
{
    g_autofree char *escaped = mig_address_escape(name);

    return mig_remedy_value(escaped);
}

char *mig_remedy_section(const char *name, uint32_t instance_id)
{
    g_autofree char *address = mig_address_exact(name, instance_id);

    return mig_remedy_value(address);
}

char *mig_remedy_part(const char *name, uint32_t instance_id, const char *path)
{
    g_autofree char *escaped = mig_address_escape(name);
    g_autofree char *device = mig_address_of_section(escaped, instance_id);
    g_autofree char *address = g_strconcat(device, ":", path, NULL);

    return mig_remedy_value(address);
}
