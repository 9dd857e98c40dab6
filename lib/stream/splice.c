/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see splice.h.
 * Must not know: what the text says.
 * See also:      filter/description-splice.c; device/reshape.c.
 */
#include "stream/splice.h"

static void clear_splice(gpointer p)
{
    g_free(((MigSplice *)p)->text);
}

GArray *mig_splices_new(void)
{
    GArray *splices = g_array_new(false, false, sizeof(MigSplice));

    g_array_set_clear_func(splices, clear_splice);
    return splices;
}

void mig_splice(GArray *splices, size_t offset, size_t length, char *text)
{
    MigSplice one = { offset, length, text };

    g_array_append_val(splices, one);
}

static int by_offset(gconstpointer a, gconstpointer b)
{
    const MigSplice *x = a, *y = b;

    return (x->offset > y->offset) - (x->offset < y->offset);
}

void mig_splices_sort(GArray *splices)
{
    g_array_sort(splices, by_offset);
}

void mig_splices_append(GString *out, const char *text, size_t from, size_t to,
                        const GArray *splices, guint *next)
{
    for (; *next < splices->len; (*next)++) {
        const MigSplice *s = &g_array_index(splices, MigSplice, *next);

        if (s->offset >= to) {
            break;
        }
        if (s->offset >= from) {
            g_string_append_len(out, text + from, (gssize)(s->offset - from));
            g_string_append(out, s->text);
            from = s->offset + s->length;
        }
    }
    g_string_append_len(out, text + from, (gssize)(to - from));
}
