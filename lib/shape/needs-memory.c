/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          -m, NUMA nodes, memory backends and firmware, by the RAM blocks.
 * Must not know: devices, but for the slots of memory.
 * See also:      needs.c.
 */
#include <string.h>

#include "device/ram-name.h"
#include "shape/needs-private.h"

#define GIB (UINT64_C(1) << 30)

/* "16M", as -m and size= take it; the caller frees. */
static char *size_text(uint64_t bytes)
{
    static const char suffixes[] = "KMGT";
    unsigned i = 0;

    if (bytes == 0 || bytes % 1024) {
        return g_strdup_printf("%" PRIu64 "B", bytes);
    }
    for (bytes /= 1024; bytes % 1024 == 0 && suffixes[i + 1]; i++) {
        bytes /= 1024;
    }
    return g_strdup_printf("%" PRIu64 "%c", bytes, suffixes[i]);
}

/* The id of a memory backend that is the block, where QEMU takes it as one; NULL: it is none. */
static const char *backend_id(const MigRamBlock *block)
{
    const char *id = mig_ram_backend(block);

    return id && mig_needs_is_id(id) ? id : NULL;
}

typedef struct Memory {
    MigNeeds *needs;
    GPtrArray *nodes,
        *dimms;    /* MigRamBlock: of the machine or its NUMA nodes, and plugged in */
    uint64_t size; /* of the machine's; 0: not known */
    uint32_t slots;
} Memory;

/* Which backends are DIMMs: ACPI counts those, and those of the machine come first. */
static void sort_backends(Memory *memory, uint32_t devices, bool board)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(memory->needs->reader, &n);
    uint32_t left = devices, named = 0;

    for (size_t i = 0; i < n; i++) {
        const char *id = backend_id(blocks[i]);

        named += id && mig_ram_is_plugged(id);
    }
    for (size_t i = n; i-- > 0;) {
        const char *id = backend_id(blocks[i]);

        if (!id) {
            continue;
        }
        if (left && (board || (named == devices ? mig_ram_is_plugged(id) : true))) {
            g_ptr_array_insert(memory->dimms, 0, (gpointer)(uintptr_t)blocks[i]);
            left--;
        } else {
            g_ptr_array_insert(memory->nodes, 0, (gpointer)(uintptr_t)blocks[i]);
        }
    }
    if (devices && !board && named != devices) {
        mig_needs_unknown(
            memory->needs, NULL,
            "which memory backends are of the machine, and which were plugged in");
    }
}

static void add_size(Memory *memory, uint64_t plugged)
{
    uint64_t area = memory->needs->acpi.hotplug_memory;
    uint64_t slots = memory->slots * GIB;
    g_autofree char *size = size_text(memory->size);
    g_autoptr(GString) value = g_string_new(size);

    if (memory->slots) {
        /* Each slot has a GiB more, for alignment: hw/i386/pc.c, pc_memory_init(). */
        uint64_t room = area > slots ? area - slots : MAX(plugged, slots);
        uint64_t most =
            memory->size > UINT64_MAX - room ? UINT64_MAX : memory->size + room;
        g_autofree char *maximum = size_text(most);

        g_string_append_printf(value, ",slots=%u,maxmem=%s", memory->slots, maximum);
        if (area <= slots) {
            mig_needs_unknown(memory->needs, NULL,
                              "how much memory can be plugged in (maxmem)");
        }
    }
    mig_needs_row(memory->needs, MIG_NEED_MEMORY, "-m", value->str, NULL, NULL);
}

static void add_backend(Memory *memory, const MigRamBlock *block)
{
    g_autofree char *size = size_text(block->used_length);
    g_autofree char *value =
        g_strdup_printf("memory-backend-ram,id=%s,size=%s", backend_id(block), size);

    mig_needs_row(memory->needs, MIG_NEED_MEMORY, "-object", value, block->name,
                  "or a file or memfd of that id");
}

/* Backends of the machine: one is its memory, several are its NUMA nodes. */
static void add_nodes(Memory *memory)
{
    for (guint i = 0; i < memory->nodes->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(memory->nodes, i);
        g_autofree char *value = NULL;

        add_backend(memory, block);
        if (memory->nodes->len == 1) {
            value = g_strdup_printf("memory-backend=%s", backend_id(block));
            mig_needs_row(memory->needs, MIG_NEED_MEMORY, "-machine", value, block->name,
                          "or the memdev of the only NUMA node");
        } else {
            value = g_strdup_printf("node,memdev=%s", backend_id(block));
            mig_needs_row(memory->needs, MIG_NEED_MEMORY, "-numa", value, block->name,
                          NULL);
        }
    }
    if (memory->nodes->len > 1) {
        mig_needs_unknown(memory->needs, NULL,
                          "the CPUs and distances of NUMA nodes, and the order of nodes");
    }
}

static void add_dimms(Memory *memory)
{
    for (guint i = 0; i < memory->dimms->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(memory->dimms, i);
        g_autofree char *value =
            g_strdup_printf("pc-dimm,id=dimm%u,memdev=%s", i, backend_id(block));

        add_backend(memory, block);
        mig_needs_row(memory->needs, MIG_NEED_MEMORY, "-device", value, block->name,
                      "its slot, address and node are not in the stream");
    }
}

static uint64_t sum(const GPtrArray *blocks)
{
    uint64_t bytes = 0;

    for (guint i = 0; i < blocks->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(blocks, i);

        bytes += MIN(block->used_length, UINT64_MAX - bytes);
    }
    return bytes;
}

/* Flash of a PC, which machines of Arm have anyway. */
static void add_flash(MigNeeds *needs)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(needs->reader, &n);

    for (size_t i = 0; i < n; i++) {
        const char *name = blocks[i]->name;
        g_autofree char *value = NULL;

        if (strcmp(name, "system.flash0") != 0 && strcmp(name, "system.flash1") != 0) {
            continue;
        }
        value = g_strdup_printf("if=pflash,unit=%c,format=raw,file.driver=null-co,"
                                "file.read-zeroes=on,file.size=%" PRIu64,
                                name[strlen(name) - 1], blocks[i]->used_length);
        mig_needs_row(needs, MIG_NEED_MEMORY, "-drive", value, name,
                      "a file of that size; what it holds comes with the stream");
    }
}

void mig_needs_add_memory(MigNeeds *needs)
{
    g_autoptr(GPtrArray) nodes = g_ptr_array_new(), dimms = g_ptr_array_new();
    Memory memory = { .needs = needs, .nodes = nodes, .dimms = dimms };
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(needs->reader, &n);
    uint32_t devices = 0;

    for (guint i = 0; i < needs->facts->len; i++) {
        const MigNeedsFacts *facts = &g_array_index(needs->facts, MigNeedsFacts, i);

        memory.slots = MAX(memory.slots, facts->memory_slots);
        devices = MAX(devices, facts->memory_devices);
    }
    for (size_t i = 0; i < n && !memory.size; i++) {
        memory.size = mig_ram_is_of_board(blocks[i]->name) ? blocks[i]->used_length : 0;
    }
    sort_backends(&memory, devices, memory.size != 0);
    memory.size = memory.size ? memory.size : sum(nodes);
    if (memory.size) {
        add_size(&memory, sum(dimms));
    } else {
        mig_needs_unknown(needs, NULL,
                          "how much memory: the stream has no RAM that is known");
    }
    add_nodes(&memory);
    add_dimms(&memory);
    add_flash(needs);
}
