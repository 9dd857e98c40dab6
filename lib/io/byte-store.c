/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see byte-store.h.
 * Must not know: what the bytes are.
 * See also:      io/temporary.c, io/fully.c.
 */
#include "io/byte-store.h"

#include <errno.h>
#include <unistd.h>

#include "io/alloc.h"
#include "io/fully.h"
#include "io/temporary.h"

static bool fail(const char *dir, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot keep bytes in a file in %s: %s",
                        mig_temporary_dir(dir), g_strerror(errno));
    return false;
}

static bool keep_in_file(MigByteStore *store, const char *dir, const void *data, size_t n,
                         GError **error)
{
    if (!store->fd && !(store->fd = mig_temporary_open(dir, error) + 1)) {
        return false;
    }
    if (!mig_pwrite_fully(store->fd - 1, data, n, store->end)) {
        return fail(dir, error);
    }
    store->end += n;
    return true;
}

bool mig_byte_store_keep(MigByteStore *store, const char *dir, const void *data,
                         uint32_t n, MigStoredBytes *stored, GError **error)
{
    if (!store->memory) {
        store->memory = g_byte_array_new();
    }
    stored->length = n;
    if (!store->fd && n <= MIG_BYTE_STORE_MEMORY - store->memory->len) {
        stored->place = store->memory->len;
        g_byte_array_append(store->memory, data, n);
        return true;
    }
    stored->place = store->memory->len + store->end;
    return keep_in_file(store, dir, data, n, error);
}

GBytes *mig_byte_store_get(const MigByteStore *store, const MigStoredBytes *stored,
                           GError **error)
{
    uint64_t in_memory = store->memory->len;
    g_autofree uint8_t *bytes = NULL;

    if (stored->place < in_memory) {
        return g_bytes_new(store->memory->data + stored->place, stored->length);
    }
    bytes = mig_try_alloc(stored->length);
    if (!bytes || !mig_pread_padded(store->fd - 1, bytes, stored->length,
                                    stored->place - in_memory)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot read what was kept: %s",
                            g_strerror(bytes ? errno : ENOMEM));
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&bytes), stored->length);
}

void mig_byte_store_clear(MigByteStore *store)
{
    g_clear_pointer(&store->memory, g_byte_array_unref);
    if (store->fd) {
        close(store->fd - 1);
    }
    *store = (MigByteStore){ 0 };
}
