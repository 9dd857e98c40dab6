/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          copies of many short runs of bytes: few in memory, more in a file without
 *                a name.
 * Must not know: what the bytes are.
 * See also:      io/temporary.h; filter/vfio-known.h.
 */
#ifndef MIG_IO_BYTE_STORE_H
#define MIG_IO_BYTE_STORE_H

#include "io/error.h"

/* What is kept in memory, in bytes: more than the VFIO devices of real guests need. */
#define MIG_BYTE_STORE_MEMORY (4u << 20)

/* Begins with zeros. */
typedef struct MigByteStore {
    size_t in_memory; /* bytes that were ever kept there */
    int fd;           /* of the file, plus 1; 0: none yet */
    uint64_t end;     /* of what is in it */
} MigByteStore;

/*
 * A copy of the @n bytes at @data, which may outlive the store.  @dir as in
 * mig_temporary_open().  NULL with *error set (IO) where there is no room.
 */
GBytes *mig_byte_store_keep(MigByteStore *store, const char *dir, const void *data,
                            size_t n, GError **error);

void mig_byte_store_clear(MigByteStore *store);

#endif
