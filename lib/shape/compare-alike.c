/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whether two devices are alike without a look at their fields.
 * Must not know: what differs.
 * See also:      compare.h; compare.c, which looks at them otherwise.
 */
#include <string.h>

#include "shape/compare.h"

/* Whether a description has something of which values are compared, and not the layout alone. */
static bool compares_values(const MigOffered *o)
{
    static const char *const words[] = { " equal\"", " le\"", "\"virtio\"",
                                         "\"pci config\"", "cpreg_vmstate" };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_strstr_len(o->text, (gssize)o->text_length, words[i])) {
            return true;
        }
    }
    return false;
}

bool mig_offered_is_alike(const MigOffered *a, const MigOffered *b)
{
    return a->text && b->text && a->text_length == b->text_length &&
           memcmp(a->text, b->text, a->text_length) == 0 &&
           ((a->length == b->length && memcmp(a->body, b->body, a->length) == 0) ||
            !compares_values(a));
}
