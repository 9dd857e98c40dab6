/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see remedy.h.
 * Must not know: filters.
 * See also:      filter/chain-text.c.
 */
#include "message/remedy.h"

#include <glib.h>
#include <string.h>

char *mig_remedy_value(const char *name)
{
    GString *value = g_string_new(NULL);

    for (const char *p = name; *p; p++) {
        const char *word = p + 1 + strspn(p + 1, "abcdefghijklmnopqrstuvwxyz-");

        if (*p == '\\' || (*p == ':' && word > p + 1 && *word == '=')) {
            g_string_append_c(value, '\\');
        }
        g_string_append_c(value, *p);
    }
    return g_string_free(value, FALSE);
}
