/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see map.h: the ranges, what covers what, and what is left over.
 * Must not know: the rule of any one machine.
 * See also:      map-private.h.
 */
#include "memory/map.h"

#include <string.h>

#include "device/ram-name.h"
#include "io/options.h"
#include "memory/map-private.h"

const char *mig_memory_kind_name(MigMemoryKind kind)
{
    static const char *const names[MIG_MEMORY_KIND_COUNT] = {
        [MIG_MEMORY_RAM] = "ram",
        [MIG_MEMORY_DIMM] = "dimm",
        [MIG_MEMORY_VIRTIO_MEM] = "virtio-mem",
        [MIG_MEMORY_ROM] = "rom",
        [MIG_MEMORY_FLASH] = "flash",
        [MIG_MEMORY_BAR] = "bar",
        [MIG_MEMORY_DEVICE] = "device",
        [MIG_MEMORY_UNKNOWN] = "unknown",
    };

    g_return_val_if_fail((unsigned)kind < G_N_ELEMENTS(names), "");
    return names[kind];
}

const char *mig_memory_source_name(MigMemorySource source)
{
    static const char *const names[MIG_MEMORY_SOURCE_COUNT] = {
        [MIG_MEMORY_BY_MACHINE] = "machine",
        [MIG_MEMORY_BY_STREAM] = "stream",
        [MIG_MEMORY_DERIVED] = "derived",
        [MIG_MEMORY_GIVEN] = "given",
    };

    g_return_val_if_fail((unsigned)source < G_N_ELEMENTS(names), "");
    return names[source];
}

MigMemoryMap *mig_memory_map_new(MigReader *reader, const MigMemoryOptions *options)
{
    MigMemoryOptions known;
    MigMemoryMap *map;

    g_return_val_if_fail(
        mig_options_take(&known, sizeof(known), options, "MigMemoryOptions", NULL), NULL);
    map = g_new0(MigMemoryMap, 1);
    map->reader = reader;
    map->options = known;
    map->ranges = g_array_new(false, false, sizeof(MigMemoryRange));
    map->unplaced = g_array_new(false, false, sizeof(MigMemoryUnplaced));
    map->notes = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(map->notes, NULL);
    mig_memory_facts_init(&map->facts);
    map->tables = mig_memory_tables_new(reader);
    return map;
}

void mig_memory_map_free(MigMemoryMap *map)
{
    if (map) {
        mig_memory_facts_clear(&map->facts);
        mig_memory_tables_free(map->tables);
        g_array_unref(map->ranges);
        g_array_unref(map->unplaced);
        g_ptr_array_unref(map->notes);
        g_free(map);
    }
}

void mig_memory_map_watch(MigMemoryMap *map, const MigItem *item)
{
    mig_memory_facts_watch(&map->facts, map->reader, item);
    mig_memory_tables_watch(map->tables, item);
}

void mig_memory_map_read(MigMemoryMap *map, const MigDeviceBody *body)
{
    mig_memory_facts_read(&map->facts, map->reader, body);
}

/* --- ranges ------------------------------------------------------------------------------ */

static uint64_t end_of(const MigMemoryRange *range)
{
    return range->start + range->length;
}

/* The part of @range from @from up to @to, which are in it. */
static MigMemoryRange part_of(const MigMemoryRange *range, uint64_t from, uint64_t to)
{
    MigMemoryRange part = *range;

    part.start = from;
    part.length = to - from;
    part.offset += from - range->start;
    return part;
}

/* Whether @next continues @range, so that both are one. */
static bool continues(const MigMemoryRange *range, const MigMemoryRange *next)
{
    return end_of(range) == next->start && range->block == next->block &&
           range->kind == next->kind && range->source == next->source &&
           (!range->block || range->offset + range->length == next->offset);
}

static void append(GArray *ranges, const MigMemoryRange *range)
{
    MigMemoryRange *last =
        ranges->len ? &g_array_index(ranges, MigMemoryRange, ranges->len - 1) : NULL;

    if (last && continues(last, range)) {
        last->length += range->length;
    } else if (range->length) {
        g_array_append_vals(ranges, range, 1);
    }
}

void mig_memory_put(MigMemoryMap *map, const MigMemoryRange *range)
{
    GArray *old = map->ranges, *ranges;
    MigMemoryRange r = *range;
    bool done = false;

    if (r.block) {
        uint64_t left = r.block->used_length - MIN(r.offset, r.block->used_length);

        r.length = MIN(r.length, left);
    }
    r.length = MIN(r.length, UINT64_MAX - r.start);
    map->too_many |= old->len + 2 > MIG_MEMORY_RANGES_MAX;
    if (!r.length || map->too_many) {
        return;
    }
    ranges = g_array_sized_new(false, false, sizeof(MigMemoryRange), old->len + 2);
    for (guint i = 0; i < old->len; i++) {
        const MigMemoryRange *one = &g_array_index(old, MigMemoryRange, i);
        MigMemoryRange before =
            part_of(one, one->start, CLAMP(r.start, one->start, end_of(one)));
        MigMemoryRange after =
            part_of(one, CLAMP(end_of(&r), one->start, end_of(one)), end_of(one));

        append(ranges, &before);
        if (!done && end_of(one) > r.start) {
            append(ranges, &r);
            done = true;
        }
        append(ranges, &after);
    }
    if (!done) {
        append(ranges, &r);
    }
    map->ranges = ranges;
    g_array_unref(old);
}

const MigRamBlock *mig_memory_block(const MigMemoryMap *map, const char *name)
{
    size_t length = strlen(name);

    return length > UINT8_MAX ? NULL
                              : mig_reader_ram_block(map->reader, name, (uint8_t)length);
}

void mig_memory_put_block(MigMemoryMap *map, const char *name, uint64_t start,
                          MigMemoryKind kind)
{
    const MigRamBlock *block = mig_memory_block(map, name);

    if (block) {
        const MigMemoryRange range = { .start = start,
                                       .length = block->used_length,
                                       .block = block,
                                       .kind = kind,
                                       .source = MIG_MEMORY_BY_MACHINE };

        mig_memory_put(map, &range);
    }
}

void mig_memory_note(MigMemoryMap *map, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_ptr_array_add(map->notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* --- memory of PCI devices --------------------------------------------------------------- */

#define NO_BAR G_MAXUINT

/* The blocks of devices that are a BAR as a whole: the end of the block's name, which device it is
 * if others call theirs the same, and which BAR it is.  hw/display/vga-pci.c, qxl.c,
 * bochs-display.c, vmware_vga.c, hw/misc/ivshmem-pci.c, hw/pci/pci.c, pci_add_option_rom(); 5.2 to
 * 11.1. */
static const struct {
    const char *end;
    uint16_t vendor_id, device_id; /* 0: any */
    unsigned bar;
} bars[] = {
    { ".rom", 0, 0, MIG_MEMORY_PCI_ROM },
    { "/vga.vram", 0x15ad, 0x0405, 1 }, /* vmware-svga */
    { "/vga.vram", 0x1013, 0x00b8,
      NO_BAR }, /* cirrus-vga: registers that look like memory */
    { "/vga.vram", 0, 0, 0 },
    { "/qxl.vgavram", 0, 0, 0 },
    { "/qxl.vram", 0, 0, 1 },
    { "/qxl.vrom", 0, 0, 2 },
    { "/bochs-display-vram", 0, 0, 0 },
    { "", 0x1af4, 0x1110, 2 }, /* ivshmem */
};

/* A block that has no device in its name, of the one vmware-svga that there is. */
#define FIFO     "vmsvga.fifo"
#define FIFO_BAR 2u

/* Which BAR @block is; NO_BAR: none that is known. */
static unsigned bar_of(const MigRamBlock *block, const MigMemoryPci *pci)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bars); i++) {
        if (g_str_has_suffix(block->name, bars[i].end) &&
            (!bars[i].vendor_id || (pci->vendor_id == bars[i].vendor_id &&
                                    pci->device_id == bars[i].device_id))) {
            return bars[i].bar;
        }
    }
    return NO_BAR;
}

/* NULL where @block has its place, or why it has none. */
static const char *place_bar(MigMemoryMap *map, const MigRamBlock *block,
                             const MigMemoryPci *pci, unsigned bar)
{
    const MigMemoryRange range = { .start = bar == NO_BAR ? 0 : pci->address[bar],
                                   .length = block->used_length,
                                   .block = block,
                                   .kind = MIG_MEMORY_BAR,
                                   .source = MIG_MEMORY_BY_STREAM };

    if (bar == NO_BAR) {
        return "how the device maps it is not known";
    }
    if (!pci->enabled || !range.start) {
        return "its BAR is not enabled, or has no address";
    }
    mig_memory_put(map, &range);
    return NULL;
}

/* The same, of a block that has its device in its name. */
static const char *place_pci(MigMemoryMap *map, const MigRamBlock *block)
{
    const MigMemoryPci *pci = mig_memory_facts_pci(&map->facts, block->name);

    if (!pci) {
        return "the stream does not describe the device that has it";
    }
    if (pci->has_address) {
        const MigMemoryRange range = { .start = pci->plugged,
                                       .length = block->used_length,
                                       .block = block,
                                       .kind = MIG_MEMORY_VIRTIO_MEM,
                                       .source = MIG_MEMORY_BY_STREAM };

        mig_memory_put(map, &range);
        return NULL;
    }
    return place_bar(map, block, pci, bar_of(block, pci));
}

/* Blocks of devices, by the registers that the stream has of them. */
static void place_devices(MigMemoryMap *map)
{
    const MigRamBlock *fifo = mig_memory_block(map, FIFO);
    const MigMemoryPci *svga = mig_memory_facts_only(&map->facts, 0x15ad, 0x0405);
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(map->reader, &n);

    for (size_t i = 0; i < n; i++) {
        if (strchr(blocks[i]->name, '/') && blocks[i]->name[0] != '/') {
            place_pci(map, blocks[i]);
        }
    }
    if (fifo && svga) {
        place_bar(map, fifo, svga, FIFO_BAR);
    }
}

/* --- the map ----------------------------------------------------------------------------- */

static const MigMemoryBoard *find_board(const MigMemoryMap *map, const char *machine)
{
    const MigMemoryBoard *lists[] = { mig_memory_boards_x86, mig_memory_boards_other };

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (const MigMemoryBoard *board = lists[i]; board->is; board++) {
            if (board->is(map, machine)) {
                return board;
            }
        }
    }
    return NULL;
}

static bool place_given(MigMemoryMap *map, GError **error)
{
    for (size_t i = 0; i < map->options.n_places; i++) {
        const MigMemoryPlace *place = &map->options.places[i];
        const MigRamBlock *block = mig_memory_block(map, place->block);
        MigMemoryRange range = { .start = place->address,
                                 .block = block,
                                 .kind = MIG_MEMORY_RAM,
                                 .source = MIG_MEMORY_GIVEN };

        if (!block) {
            mig_error_set_plain(error, MIG_ERROR_UNMATCHED,
                                "the stream has no RAM block \"%s\"", place->block);
            return false;
        }
        range.length = block->used_length;
        if (range.length > UINT64_MAX - range.start) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "RAM block %s of %" PRIu64
                                " bytes does not fit at 0x%" PRIx64,
                                place->block, range.length, range.start);
            return false;
        }
        mig_memory_put(map, &range);
    }
    return true;
}

/* Somebody's block is not where the machine would have it. */
static bool is_given(const MigMemoryMap *map, const MigRamBlock *block)
{
    for (size_t i = 0; i < map->options.n_places; i++) {
        if (strcmp(map->options.places[i].block, block->name) == 0) {
            return true;
        }
    }
    return false;
}

static void forget_given(MigMemoryMap *map)
{
    for (guint i = map->ranges->len; i-- > 0;) {
        const MigMemoryRange *range = &g_array_index(map->ranges, MigMemoryRange, i);

        if (range->block && is_given(map, range->block)) {
            g_array_remove_index(map->ranges, i);
        }
    }
}

static bool is_placed(const MigMemoryMap *map, const MigRamBlock *block)
{
    for (guint i = 0; i < map->ranges->len; i++) {
        if (g_array_index(map->ranges, MigMemoryRange, i).block == block) {
            return true;
        }
    }
    return false;
}

static const char *reason_of(MigMemoryMap *map, const MigRamBlock *block)
{
    if (g_str_has_prefix(block->name, "/rom@")) {
        return "firmware reads it through fw_cfg";
    }
    if (strchr(block->name, '/') && block->name[0] != '/') {
        const char *reason = place_pci(map, block);

        return reason ? reason : "other memory covers it";
    }
    if (g_str_has_suffix(block->name, ".secure-ram") ||
        strcmp(block->name, "sbsa.flash0") == 0) {
        return "only the Secure state sees it";
    }
    if (strcmp(block->name, "pc.rom") == 0) {
        return "the host bridge shows RAM in its place";
    }
    return map->board ? "the machine's rule does not tell where it is"
                      : "the rule of this machine is not known";
}

/* Ranges are few, and blocks may be many: a block beyond them has no place to look for. */
static void list_unplaced(MigMemoryMap *map)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(map->reader, &n);

    for (size_t i = 0; i < n && i < MIG_MEMORY_RANGES_MAX; i++) {
        if (blocks[i]->used_length && !is_placed(map, blocks[i])) {
            const MigMemoryUnplaced one = { .block = blocks[i],
                                            .reason = reason_of(map, blocks[i]),
                                            .is_memory =
                                                mig_ram_is_of_board(blocks[i]->name) ||
                                                mig_ram_backend(blocks[i]) };

            g_array_append_val(map->unplaced, one);
        }
    }
}

static bool make(MigMemoryMap *map, GError **error)
{
    const MigConfiguration *configuration = mig_reader_configuration(map->reader);
    const char *machine =
        configuration && configuration->machine ? configuration->machine : "";

    map->board = find_board(map, machine);
    if (map->board) {
        map->board->place(map, map->board);
    }
    place_devices(map);
    forget_given(map);
    if (!place_given(map, error)) {
        return false;
    }
    if (map->too_many) {
        mig_error_set_plain(error, MIG_ERROR_LIMIT,
                            "guest memory has more than %u ranges",
                            MIG_MEMORY_RANGES_MAX);
        return false;
    }
    list_unplaced(map);
    return true;
}

bool mig_memory_map_make(MigMemoryMap *map, GError **error)
{
    bool made;

    g_array_set_size(map->ranges, 0);
    g_array_set_size(map->unplaced, 0);
    g_ptr_array_set_size(map->notes, 0);
    map->too_many = false;
    made = make(map, error);
    g_ptr_array_add(map->notes, NULL);
    return made;
}

const MigMemoryRange *mig_memory_map_ranges(const MigMemoryMap *map, size_t *n)
{
    *n = map->ranges->len;
    return (const MigMemoryRange *)(void *)map->ranges->data;
}

const MigMemoryRange *mig_memory_map_find(const MigMemoryMap *map, uint64_t address)
{
    guint low = 0, high = map->ranges->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        const MigMemoryRange *range = &g_array_index(map->ranges, MigMemoryRange, middle);

        if (address < range->start) {
            high = middle;
        } else if (address - range->start >= range->length) {
            low = middle + 1;
        } else {
            return range;
        }
    }
    return NULL;
}

const MigMemoryUnplaced *mig_memory_map_unplaced(const MigMemoryMap *map, size_t *n)
{
    *n = map->unplaced->len;
    return (const MigMemoryUnplaced *)(void *)map->unplaced->data;
}

const char *const *mig_memory_map_notes(const MigMemoryMap *map)
{
    return (const char *const *)(void *)map->notes->pdata;
}

bool mig_memory_map_knows_machine(const MigMemoryMap *map)
{
    return map->board != NULL;
}
