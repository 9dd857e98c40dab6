/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which RAM blocks are the machine's own memory and in which order, which were
 *                plugged in, and at which addresses those are.
 * Must not know: where a machine's own memory begins.
 * See also:      map-private.h; device/ram-name.h.
 */
#include <string.h>

#include "device/ram-name.h"
#include "memory/map-private.h"

/* What a machine aligns the address of a DIMM to, if its backend has ordinary pages.
 * util/oslib-posix.c and include/qemu/osdep.h, QEMU_VMALLOC_ALIGN of x86_64 and aarch64 hosts;
 * hw/mem/memory-device.c, memory_device_get_free_addr(); 5.2 to 11.1. */
#define PLUG_ALIGNMENT (2 * MIG_MIB)

/* ram-node2 is before ram-node10: runs of digits compare as numbers. */
static int compare_names(const char *a, const char *b)
{
    while (*a && *b) {
        if (g_ascii_isdigit(*a) && g_ascii_isdigit(*b)) {
            size_t in_a, in_b;
            int order;

            a += strspn(a, "0");
            b += strspn(b, "0");
            in_a = strspn(a, G_CSET_DIGITS);
            in_b = strspn(b, G_CSET_DIGITS);
            order = in_a != in_b ? (in_a < in_b ? -1 : 1) : strncmp(a, b, in_a);
            if (order) {
                return order;
            }
            a += in_a;
            b += in_b;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

/* With x-ignore-shared the list of blocks has the address of each in what it is part of: of a
 * NUMA node in RAM, of a DIMM in the area of those.  migration/ram.c, ram_save_setup(), 5.2 to
 * 11.1. */
static gint compare_blocks(gconstpointer a, gconstpointer b)
{
    const MigRamBlock *one = *(const MigRamBlock *const *)a;
    const MigRamBlock *other = *(const MigRamBlock *const *)b;
    int order = compare_names(one->name, other->name);

    if (one->has_address && other->has_address && one->address != other->address) {
        return one->address < other->address ? -1 : 1;
    }
    return order ? order : (one->index < other->index ? -1 : one->index > other->index);
}

/* Neighbours in @all whose lengths add up to @known are the machine's own: the window from
 * *first up to *end is moved along.  False where none adds up. */
static bool find_sum(const GPtrArray *all, uint64_t known, guint *first, guint *end)
{
    uint64_t sum = 0;

    for (*first = *end = 0; sum != known;) {
        bool grow = sum < known;
        guint at = grow ? (*end)++ : (*first)++;
        uint64_t length;

        if (at == all->len) {
            return false;
        }
        length = ((const MigRamBlock *)g_ptr_array_index(all, at))->used_length;
        if (grow && length > UINT64_MAX - sum) {
            return false;
        }
        sum = grow ? sum + length : sum - length;
    }
    return true;
}

static bool split_by_size(MigMemoryBackends *b, const GPtrArray *all, uint64_t known)
{
    guint first, end;

    if (!find_sum(all, known, &first, &end)) {
        return false;
    }
    for (guint i = 0; i < all->len; i++) {
        g_ptr_array_add(i >= first && i < end ? b->main : b->plugged,
                        g_ptr_array_index(all, i));
    }
    return true;
}

static void split_by_name(MigMemoryBackends *b, const GPtrArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(all, i);

        g_ptr_array_add(mig_ram_is_plugged(mig_ram_backend(block)) ? b->plugged : b->main,
                        (gpointer)(uintptr_t)block);
    }
}

void mig_memory_backends_init(MigMemoryBackends *b, MigMemoryMap *map, uint64_t known)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(map->reader, &n);

    *b = (MigMemoryBackends){ .main = g_ptr_array_new(), .plugged = g_ptr_array_new() };
    for (size_t i = 0; i < n; i++) {
        if (mig_ram_is_of_board(blocks[i]->name)) {
            g_ptr_array_add(b->main, (gpointer)(uintptr_t)blocks[i]);
        } else if (mig_ram_backend(blocks[i])) {
            g_ptr_array_add(all, (gpointer)(uintptr_t)blocks[i]);
        }
    }
    g_ptr_array_sort(all, compare_blocks);
    if (b->main->len) {
        for (guint i = 0; i < all->len; i++) {
            g_ptr_array_add(b->plugged, g_ptr_array_index(all, i));
        }
    } else if (!known || !split_by_size(b, all, known)) {
        split_by_name(b, all);
        b->guessed = b->main->len > 1;
    }
    for (guint i = 0; i < b->main->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(b->main, i);

        b->size += MIN(block->used_length, UINT64_MAX - b->size);
    }
}

void mig_memory_backends_clear(MigMemoryBackends *b)
{
    g_ptr_array_unref(b->main);
    g_ptr_array_unref(b->plugged);
}

void mig_memory_put_main(MigMemoryMap *map, const MigMemoryBackends *b, uint64_t from,
                         uint64_t length, uint64_t start, MigMemorySource source)
{
    uint64_t at = 0; /* of the block in the machine's own RAM */

    for (guint i = 0; i < b->main->len && length; i++) {
        const MigRamBlock *block = g_ptr_array_index(b->main, i);
        MigMemoryRange range = {
            .start = start, .block = block, .kind = MIG_MEMORY_RAM, .source = source
        };

        if (from - at < block->used_length) {
            range.offset = from - at;
            range.length = MIN(length, block->used_length - range.offset);
            mig_memory_put(map, &range);
            from += range.length;
            start += range.length;
            length -= range.length;
        }
        at += block->used_length;
    }
}

/* The first place from @address on where @length bytes are free. */
static uint64_t free_place(const MigMemoryMap *map, uint64_t address, uint64_t length)
{
    for (guint i = 0; i < map->ranges->len; i++) {
        const MigMemoryRange *range = &g_array_index(map->ranges, MigMemoryRange, i);

        if (range->start + range->length > address &&
            (range->start <= address || range->start - address < length)) {
            address = mig_memory_round_up(range->start + range->length, PLUG_ALIGNMENT);
        }
    }
    return address;
}

static void put_virtio_mem(MigMemoryMap *map)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(map->reader, &n);

    for (size_t i = 0; i < n; i++) {
        const MigMemoryPci *pci = mig_memory_facts_pci(&map->facts, blocks[i]->name);

        if (pci && pci->has_address) {
            const MigMemoryRange range = { .start = pci->plugged,
                                           .length = blocks[i]->used_length,
                                           .block = blocks[i],
                                           .kind = MIG_MEMORY_VIRTIO_MEM,
                                           .source = MIG_MEMORY_BY_STREAM };

            mig_memory_put(map, &range);
        }
    }
}

void mig_memory_put_plugged(MigMemoryMap *map, const MigMemoryBackends *b, uint64_t base)
{
    const MigRamBlock *first = b->main->len ? g_ptr_array_index(b->main, 0) : NULL;
    bool derived = false;

    put_virtio_mem(map); /* what it takes is not given out */
    for (guint i = 0; i < b->plugged->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(b->plugged, i);
        MigMemoryRange range = { .start = base + block->address,
                                 .length = block->used_length,
                                 .block = block,
                                 .kind = MIG_MEMORY_DIMM,
                                 .source = MIG_MEMORY_BY_STREAM };

        if (!block->has_address) {
            range.start = free_place(map, base, block->used_length);
            range.source = MIG_MEMORY_DERIVED;
            derived = true;
        }
        mig_memory_put(map, &range);
    }
    if (derived) {
        mig_memory_note(map,
                        "the addresses of memory that was plugged in are derived: they "
                        "hold if it was plugged in the order of its names, at addresses "
                        "that QEMU chose");
    }
    if (b->guessed) {
        mig_memory_note(map, "which memory was plugged in is derived: it is what libvirt "
                             "calls memdimm, and all else is the machine's own");
    }
    if (b->main->len > 1 && !first->has_address) {
        mig_memory_note(map,
                        "the order of NUMA nodes is derived: it is that of the names "
                        "of their memory");
    }
}
