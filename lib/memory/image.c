/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see image.h.
 * Must not know: how pages are decoded.
 * See also:      stream/page-file.h.
 */
#include "memory/image.h"

#include <errno.h>
#include <unistd.h>

#include "device/ram-image-file.h"
#include "io/fully.h"
#include "io/temporary.h"

/* Blocks that are written where they will be, at most: those of memory are few. */
#define DIRECT_MAX 256u

/* With mapped-ram each block has its pages before the next one is known, and a map is made for
 * each: as many at most, since a map costs what it has of blocks.  Later blocks are moved. */
#define MAPS_MAX 64u

/* No page is longer, and none straddles a multiple of it. */
#define ALIGNMENT (64u << 10)

/* Bytes that are moved at a time, and those that are a hole together. */
#define CHUNK (1u << 20)
#define ROW   4096u

/* Where a block is in the file: up to @split from @base on, the rest @gap bytes further on. */
typedef struct Place {
    uint64_t base, split, gap;
} Place;

typedef struct Direct {
    const MigRamBlock *block;
    Place place;
} Direct;

struct MigMemoryImage {
    MigReader *reader;
    MigMemoryMap *map;
    MigRamImage *ram;
    int fd;
    uint64_t room;
    int side;           /* what is written beside it; -1: nothing yet */
    uint64_t side_used; /* bytes of that */
    GPtrArray *pending; /* MigRamBlock: they are in no file yet */
    GArray *direct;     /* Direct: those that are in @fd */
    unsigned maps;      /* that were made so far */
};

static bool io_error(const char *what, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "%s guest memory: %s", what,
                        g_strerror(errno));
    return false;
}

/* --- where blocks are -------------------------------------------------------------------- */

/* A MigRamPlace: for now, beside the file. */
static bool place_beside(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                         GError **error)
{
    MigMemoryImage *image = user;
    uint64_t length = block->used_length;

    if (image->side < 0 && (image->side = mig_temporary_open(NULL, error)) < 0) {
        return false;
    }
    if (length > INT64_MAX - ALIGNMENT - image->side_used) {
        mig_error_set_plain(error, MIG_ERROR_LIMIT,
                            "RAM block %s of %" PRIu64 " bytes is too long for a file",
                            block->name, length);
        return false;
    }
    *fd = image->side;
    *base = image->side_used;
    image->side_used += (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    g_ptr_array_add(image->pending, (gpointer)(uintptr_t)block);
    return true;
}

/* Whether the map has RAM of @block in one place or two, and where in the file that is. */
static bool find_place(const MigMemoryImage *image, const MigRamBlock *block,
                       Place *place)
{
    size_t n;
    const MigMemoryRange *ranges = mig_memory_map_ranges(image->map, &n);
    uint64_t first = 0, second = 0;
    unsigned places = 0;

    *place = (Place){ .split = 0 };
    for (size_t i = 0; i < n; i++) {
        const MigMemoryRange *range = &ranges[i];
        uint64_t base = range->start - range->offset;

        if (range->block != block) {
            continue;
        }
        if ((range->kind != MIG_MEMORY_RAM && range->kind != MIG_MEMORY_DIMM) ||
            range->start < range->offset ||
            range->start + range->length > INT64_MAX - image->room) {
            return false;
        }
        if (places == 0 || base != (places == 1 ? first : second)) {
            places++;
            first = places == 1 ? base : first;
            second = places == 2 ? base : second;
            place->split = places == 2 ? range->offset : place->split;
        }
    }
    place->base = first + image->room;
    place->gap = places == 2 ? second - first : 0;
    return (places == 1 || (places == 2 && second > first)) &&
           place->split % ALIGNMENT == 0;
}

/* Bytes [@from, @to) of the file that a part of @one takes; the second part if @rest. */
static void extent(const Direct *one, bool rest, uint64_t *from, uint64_t *to)
{
    const Place *p = &one->place;
    uint64_t length = one->block->used_length, split = p->gap ? p->split : length;

    *from = rest ? p->base + split + p->gap : p->base;
    *to = rest ? p->base + length + p->gap : p->base + split;
}

static bool overlap(const Direct *a, const Direct *b)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t from_a, to_a, from_b, to_b;

        extent(a, i & 1, &from_a, &to_a);
        extent(b, i & 2, &from_b, &to_b);
        if (from_a < to_b && from_b < to_a) {
            return true;
        }
    }
    return false;
}

static bool is_free(const MigMemoryImage *image, const Direct *one)
{
    for (guint i = 0; i < image->direct->len; i++) {
        if (overlap(one, &g_array_index(image->direct, Direct, i))) {
            return false;
        }
    }
    return image->direct->len < DIRECT_MAX;
}

/* The list of blocks is read, or with mapped-ram as much of it as is before pages: what is known
 * to be RAM goes where it will be, as far as that is known. */
static void place_pending(MigMemoryImage *image)
{
    /* finish() says why none could be made */
    bool made = image->maps++ < MAPS_MAX && mig_memory_map_make(image->map, NULL);

    for (guint i = 0; made && i < image->pending->len; i++) {
        Direct one = { .block = g_ptr_array_index(image->pending, i) };
        MigPageFile *file = mig_ram_image_file(image->ram, one.block);

        if (find_place(image, one.block, &one.place) && is_free(image, &one)) {
            g_array_append_val(image->direct, one);
            file->fd = image->fd;
            file->base = one.place.base;
            file->split = one.place.split;
            file->gap = one.place.gap;
        }
    }
    g_ptr_array_set_size(image->pending, 0);
}

/* --- moving ------------------------------------------------------------------------------ */

/* Copies @length bytes of @from at @offset to @to at @address, but for zeros. */
static bool copy(const MigPageFile *from, uint64_t offset, MigPageFile *to,
                 uint64_t address, uint64_t length, GError **error)
{
    g_autofree uint8_t *buffer = g_malloc(CHUNK);

    length = offset < from->high ? MIN(length, from->high - offset) : 0;
    while (length) {
        size_t n = MIN(length, CHUNK);
        const MigPageRows rows = { buffer, (uint32_t)(n / ROW), ROW, ROW };
        size_t whole = (size_t)rows.n * ROW;
        const MigPageRows rest = { buffer + whole, n > whole, 0, (uint32_t)(n - whole) };

        if (!mig_page_file_read(from, offset, buffer, n) ||
            !mig_page_file_write(to, address, &rows) ||
            !mig_page_file_write(to, address + whole, &rest)) {
            return io_error("cannot move", error);
        }
        offset += n;
        address += n;
        length -= n;
    }
    return true;
}

/* The file, by guest address; whatever may be there is not known to be zero. */
static MigPageFile file_of(const MigMemoryImage *image)
{
    return (MigPageFile){ .fd = image->fd, .base = image->room, .high = UINT64_MAX };
}

/* The devices told that @one is elsewhere: its pages are put beside the file. */
static bool evacuate(MigMemoryImage *image, const Direct *one, GError **error)
{
    MigPageFile *file = mig_ram_image_file(image->ram, one->block), old = *file;
    MigPageFile beside = { .high = 0 }, all = file_of(image);
    uint64_t from, to;

    if (!place_beside(one->block, &beside.fd, &beside.base, image, error) ||
        !copy(&old, 0, &beside, 0, one->block->used_length, error)) {
        return false;
    }
    for (unsigned rest = 0; rest < 2; rest++) {
        extent(one, rest, &from, &to);
        if (to > from && !mig_page_file_fill(&all, from - image->room, to - from, 0)) {
            return io_error("cannot move", error);
        }
    }
    *file = beside;
    return true;
}

static bool is_in_place(const MigMemoryImage *image, const MigRamBlock *block)
{
    return block && mig_ram_image_file(image->ram, block) &&
           mig_ram_image_file(image->ram, block)->fd == image->fd;
}

static bool settle(MigMemoryImage *image, GError **error)
{
    for (guint i = 0; i < image->direct->len; i++) {
        const Direct *one = &g_array_index(image->direct, Direct, i);
        Place now;

        if ((!find_place(image, one->block, &now) || now.base != one->place.base ||
             now.split != one->place.split || now.gap != one->place.gap) &&
            !evacuate(image, one, error)) {
            return false;
        }
    }
    return true;
}

/* Puts what is not there yet, or a hole, in a range. */
static bool fill(MigMemoryImage *image, const MigMemoryRange *range, GError **error)
{
    MigPageFile to = file_of(image);
    const MigPageFile *from =
        range->block ? mig_ram_image_file(image->ram, range->block) : NULL;

    if (is_in_place(image, range->block)) {
        return true;
    }
    return (mig_page_file_fill(&to, range->start, range->length, 0) ||
            io_error("cannot write", error)) &&
           (!from || copy(from, range->offset, &to, range->start, range->length, error));
}

/* --- the image --------------------------------------------------------------------------- */

MigMemoryImage *mig_memory_image_new(MigReader *reader, MigMemoryMap *map, int fd,
                                     uint64_t room)
{
    MigMemoryImage *image = g_new0(MigMemoryImage, 1);

    image->reader = reader;
    image->map = map;
    image->fd = fd;
    image->room = room;
    image->side = -1;
    image->ram = mig_ram_image_new(reader, place_beside, image);
    mig_ram_image_gather(image->ram);
    image->pending = g_ptr_array_new();
    image->direct = g_array_new(false, false, sizeof(Direct));
    return image;
}

void mig_memory_image_free(MigMemoryImage *image)
{
    if (image) {
        mig_ram_image_free(image->ram);
        g_ptr_array_unref(image->pending);
        g_array_unref(image->direct);
        if (image->side >= 0) {
            close(image->side);
        }
        g_free(image);
    }
}

bool mig_memory_image_watch(MigMemoryImage *image, const MigItem *item, GError **error)
{
    mig_memory_map_watch(image->map, item);
    if (image->pending->len && item->kind != MIG_ITEM_RAM_BLOCK) {
        place_pending(image);
    }
    return mig_ram_image_watch(image->ram, item, error);
}

static uint64_t end_of(const MigMemoryImage *image)
{
    size_t n;
    const MigMemoryRange *ranges = mig_memory_map_ranges(image->map, &n);

    while (n > 0 && !ranges[n - 1].block) {
        n--;
    }
    return n ? ranges[n - 1].start + ranges[n - 1].length : 0;
}

bool mig_memory_image_finish(MigMemoryImage *image, GError **error)
{
    size_t n;
    const MigMemoryRange *ranges;
    uint64_t end;

    if (!mig_ram_image_flush(image->ram, error) ||
        !mig_memory_map_make(image->map, error)) {
        return false;
    }
    end = end_of(image);
    if (!end) {
        mig_error_set_plain(error, MIG_ERROR_UNMATCHED,
                            "no RAM block has an address that is known: the rule of this "
                            "machine is not; --place=BLOCK@ADDRESS gives one, and "
                            "--ram=all has the blocks");
        return false;
    }
    if (end > INT64_MAX - image->room) {
        mig_error_set_plain(error, MIG_ERROR_LIMIT,
                            "guest memory ends at 0x%" PRIx64 ", and no file is as long",
                            end);
        return false;
    }
    if (!settle(image, error)) {
        return false;
    }
    ranges = mig_memory_map_ranges(image->map, &n);
    for (size_t i = 0; i < n; i++) {
        if (!fill(image, &ranges[i], error)) {
            return false;
        }
    }
    return ftruncate(image->fd, (off_t)(image->room + end)) == 0 ||
           io_error("cannot write", error);
}

bool mig_memory_image_read(const MigMemoryImage *image, uint64_t address, void *buffer,
                           size_t n)
{
    uint8_t *out = buffer;

    while (n) {
        const MigMemoryRange *range = mig_memory_map_find(image->map, address);
        size_t here;

        if (!range || !range->block) {
            return false;
        }
        here = (size_t)MIN(n, range->length - (address - range->start));
        if (!mig_pread_padded(image->fd, out, here, image->room + address)) {
            return false;
        }
        out += here;
        address += here;
        n -= here;
    }
    return true;
}

const MigRamImage *mig_memory_image_ram(const MigMemoryImage *image)
{
    return image->ram;
}

/* Those of one range. */
static bool visit_range(const MigMemoryImage *image, const MigMemoryRange *range,
                        MigMemoryHole *visit, void *user, GError **error)
{
    uint64_t at = range->offset, end = range->offset + range->length, next;

    if (!range->block) {
        return visit(range, user, error);
    }
    for (; at < end; at = next) {
        MigMemoryRange hole = *range;
        bool has;

        next = MIN(mig_ram_image_run_end(image->ram, range->block, at, &has), end);
        hole.start += at - range->offset;
        hole.offset = at;
        hole.length = next - at;
        if (!has && !visit(&hole, user, error)) {
            return false;
        }
    }
    return true;
}

bool mig_memory_image_holes(const MigMemoryImage *image, MigMemoryHole *visit, void *user,
                            GError **error)
{
    size_t n;
    const MigMemoryRange *ranges = mig_memory_map_ranges(image->map, &n);

    for (size_t i = 0; i < n; i++) {
        if (!visit_range(image, &ranges[i], visit, user, error)) {
            return false;
        }
    }
    return true;
}
