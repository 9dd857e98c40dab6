/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes that are already in memory.
 * Must not know: where they came from.
 * See also:      source-spool.c, which also may have all its bytes in memory.
 */
#include "io/source.h"

#include <string.h>

typedef struct MemorySource {
    MigSource base;
    GBytes *held;
} MemorySource;

static ssize_t memory_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                           GError **error)
{
    (void)error;

    if (offset >= source->size) {
        return 0;
    }
    n = MIN(n, source->size - offset);
    memcpy(buffer, source->bytes + offset, n);
    return (ssize_t)n;
}

static void memory_free(MigSource *source)
{
    MemorySource *memory = (MemorySource *)source;

    g_bytes_unref(memory->held);
    g_free(memory);
}

static const MigSourceOps memory_ops = { .read = memory_read, .free = memory_free };

MigSource *mig_source_memory_new(GBytes *bytes)
{
    static const uint8_t nothing[1];
    MemorySource *memory = g_new0(MemorySource, 1);
    gsize size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);

    memory->base.ops = &memory_ops;
    memory->base.seekable = true;
    memory->base.size = size;
    memory->base.bytes = data ? data : nothing;
    memory->base.fd = -1;
    memory->held = g_bytes_ref(bytes);
    return &memory->base;
}
