/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          an array that may become long: above a bound it is kept in a temporary
 *                file.
 * Must not know: its elements.
 * See also:      io/temporary.h; stream/summary.h.
 *
 * As GArray, g_array_index() works on it.  What lies in the file is mapped, so that the
 * kernel can page it out.  Where no file can be made it grows in memory.
 */
#ifndef MIG_IO_LONG_ARRAY_H
#define MIG_IO_LONG_ARRAY_H

#include <glib.h>

typedef struct MigLongArray {
    char *data; /* moves when one is added */
    guint len;
    size_t element;  /* bytes of one */
    size_t capacity; /* bytes */
    int fd;          /* -1: in memory */
} MigLongArray;

MigLongArray *mig_long_array_new(size_t element);

/* Room for one more, zeroed, at the end; valid until the next one.  At G_MAXUINT elements
 * the last one is used again.  NULL where there is room neither in a file nor in memory. */
void *mig_long_array_add(MigLongArray *array);

/* NULL is none. */
void mig_long_array_free(MigLongArray *array);

#endif
