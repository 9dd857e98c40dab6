/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see byte-store.h.
 * Must not know: what the bytes are.
 * See also:      io/temporary.c, io/fully.c.
 */
#include "io/byte-store.h"

#include <sys/mman.h>
#include <unistd.h>

#include "io/fully.h"
#include "io/temporary.h"

/* A part of the file that is mapped, so that the kernel can put it away. */
typedef struct Mapping {
    void *bytes;
    size_t length;
} Mapping;

static void unmap(gpointer p)
{
    Mapping *mapping = p;

    munmap(mapping->bytes, mapping->length);
    g_free(mapping);
}

static GBytes *fail(const char *dir, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot keep bytes in a file in %s: %s",
                        mig_temporary_dir(dir), g_strerror(errno));
    return NULL;
}

static GBytes *keep_in_file(MigByteStore *store, const char *dir, const void *data,
                            size_t n, GError **error)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    Mapping mapping = { .length = n };

    if (!store->fd && !(store->fd = mig_temporary_open(dir, error) + 1)) {
        return NULL;
    }
    if (!mig_pwrite_fully(store->fd - 1, data, n, store->end)) {
        return fail(dir, error);
    }
    mapping.bytes =
        mmap(NULL, n, PROT_READ, MAP_SHARED, store->fd - 1, (off_t)store->end);
    if (mapping.bytes == MAP_FAILED) {
        return fail(dir, error);
    }
    store->end += (n + page - 1) / page * page;
    return g_bytes_new_with_free_func(mapping.bytes, n, unmap,
                                      g_memdup2(&mapping, sizeof(mapping)));
}

GBytes *mig_byte_store_keep(MigByteStore *store, const char *dir, const void *data,
                            size_t n, GError **error)
{
    if (n == 0 || n <= MIG_BYTE_STORE_MEMORY - store->in_memory) {
        store->in_memory += n;
        return g_bytes_new(data, n);
    }
    return keep_in_file(store, dir, data, n, error);
}

void mig_byte_store_clear(MigByteStore *store)
{
    if (store->fd) {
        close(store->fd - 1);
    }
    *store = (MigByteStore){ 0 };
}
