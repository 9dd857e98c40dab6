/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see peek.h.
 * Must not know: how pages are encoded.
 * See also:      device/ram-image.h, which is given the records of one page alone.
 */
#include "memory/peek.h"

#include <string.h>
#include <unistd.h>

#include "device/ram-image.h"
#include "io/temporary.h"
#include "memory/pages.h"

typedef struct Peek {
    const MigRamBlock *block; /* of the map's reader */
    int fd;                   /* a sparse file for what the records write */
} Peek;

/* A MigRamPlace: no other block is kept. */
static bool place(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                  GError **error)
{
    const Peek *peek = user;

    (void)error;
    *fd = block->index == peek->block->index ? peek->fd : -1;
    *base = 0;
    return true;
}

/* An encoded page needs what the page was before, so all records of it are applied.  What ends the
 * stream early has been told by who made the map. */
static void apply(const Peek *peek, MigReader *reader, MigRamImage *image,
                  uint64_t offset)
{
    const MigItem *item;
    uint64_t at;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        bool wanted = item->kind == MIG_ITEM_RAM_BLOCK ||
                      item->kind == MIG_ITEM_MAPPED_HEADER ||
                      mig_memory_item_has(item, peek->block, offset, &at);

        if (wanted && !mig_ram_image_watch(image, item, NULL)) {
            return;
        }
    }
}

bool mig_memory_peek(MigInput *in, const MigMemoryMap *map, uint64_t address,
                     void *buffer, size_t n, bool *there, GError **error)
{
    const MigMemoryRange *range = mig_memory_map_find(map, address);
    Peek peek = { .block = range ? range->block : NULL };
    uint64_t offset = range ? range->offset + (address - range->start) : 0;
    bool ok = true;

    *there = false;
    memset(buffer, 0, n);
    if (!peek.block) {
        return true;
    }
    peek.fd = mig_temporary_open(NULL, error);
    if (peek.fd < 0) {
        return false;
    }
    mig_input_rewind(in, 0);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigRamImage) image = mig_ram_image_new(reader, place, &peek);
    apply(&peek, reader, image, offset);
    *there = mig_ram_image_has(image, peek.block, offset);
    if (*there) {
        ok = mig_ram_image_read(image, peek.block, offset, buffer, n, error);
    }
    close(peek.fd);
    return ok;
}
