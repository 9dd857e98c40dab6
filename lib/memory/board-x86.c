/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where memory is in QEMU's x86 machines: pc, q35 and microvm.
 * Must not know: other machines.
 * See also:      map-private.h.
 *
 * Source: hw/i386/pc_piix.c, pc_init1(); hw/i386/pc_q35.c, pc_q35_init();
 * hw/i386/microvm.c, microvm_memory_init() and microvm_set_rtc(); hw/i386/pc.c, pc_cmos_init()
 * and pc_memory_init(); hw/i386/x86.c, x86_bios_rom_init(); hw/i386/pc_sysfw.c;
 * hw/pci-host/pam.c, i440fx.c, q35.c; 5.2 to 11.1.
 */
#include <string.h>

#include "memory/map-private.h"

#define FOUR_GIB (4 * MIG_GIB)

/* The legacy area. */
#define DISPLAY      0xa0000u
#define EXPANSION    0xc0000u /* what PAM governs begins here */
#define EXPANSION_HI 0xe0000u
#define SYSTEM       0xf0000u
#define PAM_SEGMENT  0x4000u
#define LEGACY_BIOS  (128u << 10) /* as much of the BIOS is below 1 MiB too, at most */

/* Of a segment: RAM is read, or written.  QEMU shows RAM to who reads where it is only written,
 * too: hw/pci-host/pam.c, init_pam(). */
enum { PAM_RAM = 3, SMRAM_OPEN = 0x40 };

/* Bytes of the CMOS that firmware reads the size of memory from: in units of 64 KiB, from 16 MiB
 * on, and above 4 GiB. */
enum { CMOS_BELOW = 0x34, CMOS_ABOVE = 0x5b };
#define CMOS_UNIT      (64u << 10)
#define CMOS_ABOVE_MAX ((UINT64_C(1) << 24) * CMOS_UNIT)

typedef struct Rule {
    /* RAM of @large and more has @low below 4 GiB; less has up to @large. */
    uint64_t large, low;
    bool legacy; /* it has the legacy area of a PC, with PAM */
    const char *const *names;
} Rule;

/* How RAM is split. */
typedef struct Split {
    uint64_t below, above; /* bytes */
    MigMemorySource source;
} Split;

/* What the CMOS says.  False where it says nothing. */
static bool cmos_split(const MigMemoryFacts *facts, Split *split)
{
    const uint8_t *cmos = facts->cmos;

    split->source = MIG_MEMORY_BY_STREAM;
    split->below = (cmos[CMOS_BELOW] | (uint64_t)cmos[CMOS_BELOW + 1] << 8) * CMOS_UNIT +
                   16 * MIG_MIB;
    split->above = (cmos[CMOS_ABOVE] | (uint64_t)cmos[CMOS_ABOVE + 1] << 8 |
                    (uint64_t)cmos[CMOS_ABOVE + 2] << 16) *
                   CMOS_UNIT;
    return facts->has_cmos;
}

/* Whether @size bytes are what the CMOS counts, in its units. */
static bool agrees(const Split *split, uint64_t size)
{
    uint64_t below = MIN(size, split->below);

    if (split->above == 0) {
        return size < split->below + CMOS_UNIT;
    }
    return size > split->below &&
           (size - below) % CMOS_ABOVE_MAX / CMOS_UNIT == split->above / CMOS_UNIT;
}

static Split split_of(MigMemoryMap *map, const Rule *rule, uint64_t size)
{
    uint64_t low = size >= rule->large ? rule->low : rule->large;
    Split split = { .source = MIG_MEMORY_BY_MACHINE }, cmos;

    if (map->options.ram_below_4g) {
        low = map->options.ram_below_4g;
        split.source = MIG_MEMORY_GIVEN;
    } else if (cmos_split(&map->facts, &cmos)) {
        if (agrees(&cmos, size)) {
            low = cmos.below;
            split.source = MIG_MEMORY_BY_STREAM;
        } else {
            mig_memory_note(map, "the CMOS counts other memory than the stream has, so "
                                 "where RAM ends below 4 GiB follows from the machine");
        }
    }
    split.below = MIN(size, low);
    split.above = size - split.below;
    if (!split.above && split.source == MIG_MEMORY_BY_STREAM) {
        split.below = size;
    }
    return split;
}

/* --- below 1 MiB ------------------------------------------------------------------------- */

/* Puts the last bytes of @bios so that they end at @end. */
static void put_bios(MigMemoryMap *map, const MigRamBlock *bios, uint64_t end,
                     uint64_t length)
{
    MigMemoryRange range = { .block = bios,
                             .kind = MIG_MEMORY_ROM,
                             .source = MIG_MEMORY_BY_MACHINE };

    if (bios) {
        range.length = MIN(length, bios->used_length);
        range.start = end - range.length;
        range.offset = bios->used_length - range.length;
        mig_memory_put(map, &range);
    }
}

static void put_hole(MigMemoryMap *map, uint64_t start, uint64_t end, MigMemoryKind kind)
{
    const MigMemoryRange hole = { .start = start,
                                  .length = end - start,
                                  .kind = kind,
                                  .source = MIG_MEMORY_BY_MACHINE };

    mig_memory_put(map, &hole);
}

/* The segment that starts at @address, as the i-th of those from 0xc0000 on. */
static unsigned pam_of(const MigMemoryFacts *facts, uint64_t address)
{
    unsigned i = (unsigned)((address - EXPANSION) / PAM_SEGMENT);

    return address >= SYSTEM ? facts->pam[0] >> 4 : facts->pam[1 + i / 2] >> (i % 2 * 4);
}

/* Where PAM does not show RAM the PCI bus is, with a display and ROM; and where nothing is on
 * the bus, RAM again: QEMU's memory regions show what is under an empty one. */
static void put_legacy(MigMemoryMap *map, const MigMemoryBackends *ram)
{
    const MigMemoryFacts *facts = &map->facts;
    const MigRamBlock *bios = mig_memory_block(map, "isa-bios");

    if (!facts->has_pam) {
        put_hole(map, DISPLAY, MIG_MIB, MIG_MEMORY_UNKNOWN);
        mig_memory_note(map, "the stream does not describe the host bridge, so what lies "
                             "from 0xa0000 to 0xfffff is not known");
        return;
    }
    if (facts->has_vga && !(facts->smram & SMRAM_OPEN)) {
        put_hole(map, DISPLAY, EXPANSION, MIG_MEMORY_DEVICE);
    }
    mig_memory_put_block(map, "pc.rom", EXPANSION, MIG_MEMORY_ROM);
    put_bios(map, bios ? bios : mig_memory_block(map, "pc.bios"), MIG_MIB, LEGACY_BIOS);
    for (uint64_t at = EXPANSION; at < MIG_MIB;) {
        uint64_t length = at >= SYSTEM ? MIG_MIB - SYSTEM : PAM_SEGMENT;

        if (pam_of(facts, at) & PAM_RAM) {
            mig_memory_put_main(map, ram, at, length, at, MIG_MEMORY_BY_STREAM);
        }
        at += length;
    }
}

/* Flash takes the place of a BIOS: the first one ends at 4 GiB, the second one before it. */
static void put_firmware(MigMemoryMap *map)
{
    uint64_t end = FOUR_GIB;

    put_bios(map, mig_memory_block(map, "pc.bios"), FOUR_GIB, FOUR_GIB);
    for (unsigned i = 0; i < 2; i++) {
        const MigRamBlock *flash =
            mig_memory_block(map, i ? "system.flash1" : "system.flash0");

        if (flash && flash->used_length <= end - MIG_GIB) {
            end -= flash->used_length;
            mig_memory_put_block(map, flash->name, end, MIG_MEMORY_FLASH);
        }
    }
}

/* --- boards ------------------------------------------------------------------------------ */

/* Above this AMD's processors translate no addresses; since 7.1 RAM that would reach it begins
 * at 1 TiB if the guest's processor is one of theirs.  pc_memory_init(), AMD_HT_START. */
#define AMD_HOLE UINT64_C(0xfd00000000)

static void place(MigMemoryMap *map, const MigMemoryBoard *board)
{
    const Rule *rule = board->rule;
    MigMemoryBackends ram;
    Split split, cmos;
    bool counted =
        cmos_split(&map->facts, &cmos) && cmos.below + cmos.above > 16 * MIG_MIB;

    mig_memory_backends_init(&ram, map, counted ? cmos.below + cmos.above : 0);
    split = split_of(map, rule, ram.size);
    mig_memory_put_main(map, &ram, 0, split.below, 0, split.source);
    mig_memory_put_main(map, &ram, split.below, split.above, FOUR_GIB, split.source);
    if (split.above > AMD_HOLE - FOUR_GIB) {
        mig_memory_note(map,
                        "this much RAM begins at 1 TiB instead of 4 GiB if the guest "
                        "has a processor of AMD");
    }
    if (rule->legacy) {
        put_legacy(map, &ram);
    } else {
        put_bios(map, mig_memory_block(map, "pc.bios"), MIG_MIB, LEGACY_BIOS);
    }
    put_firmware(map);
    mig_memory_put_plugged(map, &ram,
                           mig_memory_round_up(FOUR_GIB + split.above, MIG_GIB));
    mig_memory_backends_clear(&ram);
}

static bool is_pc(const MigMemoryMap *map, const char *machine)
{
    return map->facts.has_i440fx || g_str_has_prefix(machine, "pc-i440fx-") ||
           (g_str_has_prefix(machine, "pc-") && g_ascii_isdigit(machine[3]));
}

/* Up to machine 1.7 RAM of 3.5 GiB and less was in one piece. */
static bool is_old_pc(const MigMemoryMap *map, const char *machine)
{
    return is_pc(map, machine) && g_str_has_prefix(machine, "pc-i440fx-1.");
}

static bool is_q35(const MigMemoryMap *map, const char *machine)
{
    return map->facts.has_q35 || g_str_has_prefix(machine, "pc-q35-");
}

static bool is_microvm(const MigMemoryMap *map, const char *machine)
{
    (void)map;
    return strcmp(machine, "microvm") == 0;
}

static const Rule old_pc = { .large = 0xe0000000, .low = 0xe0000000, .legacy = true };
static const Rule pc = { .large = 0xe0000000, .low = 0xc0000000, .legacy = true };
static const Rule q35 = { .large = 0xb0000000, .low = 0x80000000, .legacy = true };
static const Rule microvm = { .large = 0xc0000000, .low = 0xc0000000 };

const MigMemoryBoard mig_memory_boards_x86[] = {
    { is_q35, place, &q35 },         { is_old_pc, place, &old_pc }, { is_pc, place, &pc },
    { is_microvm, place, &microvm }, { NULL, NULL, NULL },
};
