/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is the same for every kind of source.
 * Must not know: any kind of source.
 * See also:      source-*.c, one file per kind.
 */
#include "io/source.h"

#include <sys/mman.h>
#include <unistd.h>

size_t mig_source_read_full(MigSource *source, uint64_t offset, void *buffer, size_t n,
                            GError **error)
{
    uint8_t *bytes = buffer;
    size_t done = 0;

    while (done < n) {
        ssize_t got =
            source->ops->read(source, offset + done, bytes + done, n - done, error);
        if (got <= 0) {
            break;
        }
        done += (size_t)got;
    }
    return done;
}

bool mig_source_is_at_hand(const MigSource *source, uint64_t offset)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const uint64_t place = offset + source->fd_offset;
    unsigned char resident = 1;

    if (source->fd < 0 || !source->seekable || offset >= source->size) {
        return true;
    }
    /* The mapping is asked, and not looked into: no SIGBUS.  A read with RWF_NOWAIT would
     * make the kernel read on from there. */
    void *map = mmap(NULL, page, PROT_NONE, MAP_SHARED, source->fd,
                     (off_t)(place - place % page));
    if (map == MAP_FAILED) {
        return true;
    }
    (void)mincore(map, page, &resident);
    munmap(map, page);
    return resident & 1;
}

void mig_source_set_error(GError **error, MigErrorCode code, uint64_t offset,
                          const char *format, ...)
{
    GError *failure = NULL;
    va_list arguments;

    if (!error) {
        return; /* The thread that reads ahead asks for none, and so shares nothing. */
    }
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    mig_error_set(&failure, code, offset, NULL, "%s", text);
    mig_error_set_layer(failure, MIG_LAYER_CONTAINER);
    g_propagate_error(error, failure);
}

void mig_source_free(MigSource *source)
{
    if (source) {
        source->ops->free(source);
    }
}
