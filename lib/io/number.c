/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see number.h.
 * Must not know: what they count.
 * See also:      messages of errors.
 */
#include "io/number.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

char *mig_number(uint64_t n)
{
    g_autofree char *digits = g_strdup_printf("%" PRIu64, n);
    GString *out = g_string_new(NULL);
    size_t length = strlen(digits);

    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) {
            g_string_append_c(out, ',');
        }
        g_string_append_c(out, digits[i]);
    }
    return g_string_free(out, FALSE);
}
