/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          pieces of a text that are to be replaced.
 * Must not know: what the text says.
 * See also:      filter/description-splice.h; device/reshape.c.
 */
#ifndef MIG_STREAM_SPLICE_H
#define MIG_STREAM_SPLICE_H

#include <glib.h>
#include <stdbool.h>

typedef struct MigSplice {
    size_t offset, length; /* in the text, in bytes */
    char *text;            /* that comes instead, owned */
} MigSplice;

/* An array of MigSplice, which owns their texts. */
GArray *mig_splices_new(void);

/* Adds one, which owns @text. */
void mig_splice(GArray *splices, size_t offset, size_t length, char *text);

/* Puts them in the order of the text. */
void mig_splices_sort(GArray *splices);

/* Appends text[from..to) with the splices that lie in it; *next: the first to look at. */
void mig_splices_append(GString *out, const char *text, size_t from, size_t to,
                        const GArray *splices, guint *next);

#endif
