/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which RAM blocks are the machine's own memory and in which order, which were
 *                plugged in, and at which addresses those are.
 * Must not know: where a machine's own memory begins.
 * See also:      map-private.h; device/ram-name.h.
 */
#include <stdio.h>
#include <string.h>

#include "device/ram-name.h"
#include "memory/map-private.h"

/* What a machine aligns the address of a DIMM to, if its backend has ordinary pages.
 * util/oslib-posix.c and include/qemu/osdep.h, QEMU_VMALLOC_ALIGN of x86_64 and aarch64 hosts;
 * hw/mem/memory-device.c, memory_device_get_free_addr(); 5.2 to 11.1. */
#define PLUG_ALIGNMENT (2 * MIG_MIB)

/* No CPU has addresses of more bits: what a table has beyond it is not believed. */
#define BASE_MAX (UINT64_C(1) << 52)

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

/* The number of libvirt's NUMA node that the block is called by; false: it is called otherwise. */
static bool node_number(const MigRamBlock *block, unsigned *number)
{
    const char *id = mig_ram_backend(block);
    int end;

    return id && sscanf(id, "ram-node%3u%n", number, &end) == 1 && !id[end];
}

/* Whether @one was made for an earlier node than @other, of as many bytes: QEMU has them in the
 * order in which they were made.  What libvirt plugs in is for none. */
static bool is_earlier(const MigRamBlock *one, const MigRamBlock *other)
{
    bool plugged = mig_ram_is_plugged(mig_ram_backend(one));
    unsigned a, b;

    if (plugged != mig_ram_is_plugged(mig_ram_backend(other))) {
        return !plugged;
    }
    if (one->has_address && other->has_address) {
        return one->address < other->address;
    }
    return node_number(one, &a) && node_number(other, &b) ? a < b
                                                          : one->index < other->index;
}

/* Takes the block of @all that is a node of @size bytes to @b.  False: there is none. */
static bool take_node(MigMemoryBackends *b, GPtrArray *all, uint64_t size)
{
    const MigRamBlock *best = NULL;
    unsigned number;

    for (guint i = 0; i < all->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(all, i);

        if (block->used_length != size) {
            continue;
        }
        if (best && !block->has_address && !node_number(block, &number)) {
            b->derived = "the order of NUMA nodes of one size is derived: it is that in "
                         "which QEMU made their memory";
        }
        best = !best || is_earlier(block, best) ? block : best;
    }
    return best && g_ptr_array_remove(all, (gpointer)(uintptr_t)best) &&
           (g_ptr_array_add(b->main, (gpointer)(uintptr_t)best), true);
}

/* By the sizes of nodes that the stream's ACPI tables have.  False: they are others. */
static bool split_by_nodes(MigMemoryBackends *b, const GPtrArray *all,
                           const MigMemoryNodes *nodes)
{
    g_autoptr(GPtrArray) rest = g_ptr_array_new();

    for (guint i = 0; nodes->n && i < all->len; i++) {
        g_ptr_array_add(rest, g_ptr_array_index(all, i));
    }
    for (unsigned i = 0; i < nodes->n; i++) {
        if (!take_node(b, rest, nodes->sizes[i])) {
            g_ptr_array_set_size(b->main, 0);
            b->derived = NULL;
            return false;
        }
    }
    for (guint i = 0; i < rest->len; i++) {
        g_ptr_array_add(b->plugged, g_ptr_array_index(rest, i));
    }
    return nodes->n > 0;
}

/* Whether all of @main are called as libvirt calls NUMA nodes. */
static bool are_named(const GPtrArray *main)
{
    unsigned number;

    for (guint i = 0; i < main->len; i++) {
        if (!node_number(g_ptr_array_index(main, i), &number)) {
            return false;
        }
    }
    return true;
}

static bool have_addresses(const GPtrArray *main)
{
    for (guint i = 0; i < main->len; i++) {
        if (!((const MigRamBlock *)g_ptr_array_index(main, i))->has_address) {
            return false;
        }
    }
    return true;
}

/* @all: backends, of which none is named by the board. */
static void split(MigMemoryBackends *b, const GPtrArray *all, uint64_t known,
                  const MigMemoryNodes *nodes)
{
    if (split_by_nodes(b, all, nodes)) {
        return;
    }
    if (!known || !split_by_size(b, all, known)) {
        split_by_name(b, all);
        b->guessed = b->main->len > 1 && !are_named(b->main);
    }
    if (b->main->len > 1 && !are_named(b->main) && !have_addresses(b->main)) {
        b->derived = "the order of NUMA nodes is derived: it is that of the names of "
                     "their memory";
    }
}

static void init(MigMemoryBackends *b, MigMemoryMap *map, uint64_t known,
                 const MigMemoryNodes *nodes)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(map->reader, &n);

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
    } else {
        split(b, all, known, nodes);
    }
}

void mig_memory_backends_init(MigMemoryBackends *b, MigMemoryMap *map, uint64_t known)
{
    MigMemoryNodes nodes;

    mig_memory_tables_nodes(map->tables, &nodes);
    *b = (MigMemoryBackends){ .main = g_ptr_array_new(),
                              .plugged = g_ptr_array_new(),
                              .base = nodes.plugged };
    init(b, map, known, &nodes);
    for (guint i = 0; i < b->main->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(b->main, i);

        b->size += MIN(block->used_length, UINT64_MAX - b->size);
    }
    if (b->guessed) {
        mig_memory_note(map, "which memory was plugged in is derived: it is what libvirt "
                             "calls memdimm, and all else is the machine's own");
    }
    if (b->derived) {
        mig_memory_note(map, "%s", b->derived);
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
        MigMemoryRange range = { .start = start,
                                 .block = block,
                                 .kind = MIG_MEMORY_RAM,
                                 .source = b->derived ? MIG_MEMORY_DERIVED : source };

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
    bool derived = false;

    base = b->base && b->base < BASE_MAX ? b->base : base;
    put_virtio_mem(map); /* what it takes is not given out */
    for (guint i = 0; i < b->plugged->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(b->plugged, i);
        MigMemoryRange range = { .start = base + block->address,
                                 .length = block->used_length,
                                 .block = block,
                                 .kind = MIG_MEMORY_DIMM,
                                 .source = MIG_MEMORY_BY_STREAM };

        if (!block->has_address || block->address > UINT64_MAX - base) {
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
}
