/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          copies of many short runs of bytes: few in memory, more in a file without
 *                a name.
 * Must not know: what the bytes are.
 * See also:      io/temporary.h; filter/vfio-known.h; io/long-array.h, for what is alike.
 */
#ifndef MIG_IO_BYTE_STORE_H
#define MIG_IO_BYTE_STORE_H

#include <stdbool.h>

#include "io/error.h"

/* What is kept in memory, in bytes: more than the VFIO devices of real guests need. */
#define MIG_BYTE_STORE_MEMORY (4u << 20)

/* Begins with zeros. */
typedef struct MigByteStore {
    GByteArray *memory; /* the first of all bytes */
    int fd;             /* of the file that has the others, plus 1; 0: none yet */
    uint64_t end;       /* of what is in it */
} MigByteStore;

/* Where a run is.  With zeros: there is none. */
typedef struct MigStoredBytes {
    uint64_t place;  /* in memory, or after all of that, in the file */
    uint32_t length; /* bytes */
} MigStoredBytes;

/* Keeps a copy of the @n bytes at @data, which are *stored then.  @dir as in
 * mig_temporary_open().  False with *error set (IO) where there is no room. */
bool mig_byte_store_keep(MigByteStore *store, const char *dir, const void *data,
                         uint32_t n, MigStoredBytes *stored, GError **error);

/* The bytes that are @stored, zeros where the file was cut short; NULL with *error (IO). */
GBytes *mig_byte_store_get(const MigByteStore *store, const MigStoredBytes *stored,
                           GError **error);

void mig_byte_store_clear(MigByteStore *store);

#endif
