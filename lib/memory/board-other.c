/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where memory is in machines that have it in one piece, or two: Arm's virt and
 *                sbsa-ref, pseries, s390-ccw-virtio, and virt of RISC-V and LoongArch.
 * Must not know: x86.
 * See also:      map-private.h.
 *
 * Source: hw/arm/virt.c, base_memmap and virt_set_memmap(); hw/arm/sbsa-ref.c,
 * sbsa_ref_memmap; hw/ppc/spapr.c, spapr_machine_init(); hw/s390x/s390-virtio-ccw.c,
 * s390_memory_init(); hw/riscv/virt.c, virt_memmap; hw/loongarch/virt.c and
 * include/hw/loongarch/virt.h; 5.2 to 11.1.
 */
#include <string.h>

#include "memory/map-private.h"

typedef struct Fixed {
    const char *block;
    uint64_t address;
    MigMemoryKind kind;
} Fixed;

typedef struct Rule {
    uint64_t ram;       /* where it begins */
    uint64_t low;       /* bytes of it there; 0: all */
    uint64_t high;      /* where the rest begins */
    uint64_t alignment; /* of where plugged memory begins, after RAM; 0: there is none */
    Fixed fixed[4];     /* closed by NULL */
} Rule;

static void place(MigMemoryMap *map, const MigMemoryBoard *board)
{
    const Rule *rule = board->rule;
    MigMemoryBackends ram;
    uint64_t low, end;

    mig_memory_backends_init(&ram, map, 0);
    low = rule->low ? MIN(rule->low, ram.size) : ram.size;
    end = rule->low ? rule->high + (ram.size - low) : rule->ram + low;
    mig_memory_put_main(map, &ram, 0, low, rule->ram, MIG_MEMORY_BY_MACHINE);
    mig_memory_put_main(map, &ram, low, ram.size - low, rule->high,
                        MIG_MEMORY_BY_MACHINE);
    for (const Fixed *one = rule->fixed; one->block; one++) {
        mig_memory_put_block(map, one->block, one->address, one->kind);
    }
    if (rule->alignment) {
        mig_memory_put_plugged(map, &ram, mig_memory_round_up(end, rule->alignment));
    }
    mig_memory_backends_clear(&ram);
}

/* Arm's machine is called by its version, RISC-V's and LoongArch's are not. */
static bool is_arm_virt(const MigMemoryMap *map, const char *machine)
{
    return g_str_has_prefix(machine, "virt-") || mig_memory_block(map, "mach-virt.ram");
}

static bool is_sbsa(const MigMemoryMap *map, const char *machine)
{
    (void)map;
    return strcmp(machine, "sbsa-ref") == 0;
}

static bool is_pseries(const MigMemoryMap *map, const char *machine)
{
    (void)map;
    return g_str_has_prefix(machine, "pseries");
}

static bool is_s390x(const MigMemoryMap *map, const char *machine)
{
    (void)map;
    return g_str_has_prefix(machine, "s390-ccw-virtio");
}

static bool is_riscv_virt(const MigMemoryMap *map, const char *machine)
{
    return strcmp(machine, "virt") == 0 &&
           mig_memory_block(map, "riscv_virt_board.mrom") != NULL;
}

static bool is_loongarch_virt(const MigMemoryMap *map, const char *machine)
{
    return strcmp(machine, "virt") == 0 && !is_riscv_virt(map, machine);
}

static const Rule arm_virt = {
    .ram = 0x40000000,
    .alignment = MIG_GIB,
    .fixed = { { "virt.flash0", 0, MIG_MEMORY_FLASH },
               { "virt.flash1", 0x04000000, MIG_MEMORY_FLASH } },
};

static const Rule sbsa = {
    .ram = UINT64_C(0x10000000000),
    .fixed = { { "sbsa.flash1", 0x10000000, MIG_MEMORY_FLASH } },
};

static const Rule pseries = { .ram = 0, .alignment = MIG_GIB };
static const Rule s390x = { .ram = 0 };

static const Rule riscv_virt = {
    .ram = 0x80000000,
    .fixed = { { "riscv_virt_board.mrom", 0x1000, MIG_MEMORY_ROM },
               { "virt.flash0", 0x20000000, MIG_MEMORY_FLASH },
               { "virt.flash1", 0x22000000, MIG_MEMORY_FLASH } },
};

static const Rule loongarch_virt = {
    .ram = 0,
    .low = 256 * MIG_MIB,
    .high = 0x90000000,
    .alignment = MIG_GIB,
    .fixed = { { "loongarch.bios", 0x1c000000, MIG_MEMORY_ROM },
               { "virt.flash0", 0x1c000000, MIG_MEMORY_FLASH },
               { "virt.flash1", 0x1d000000, MIG_MEMORY_FLASH } },
};

const MigMemoryBoard mig_memory_boards_other[] = {
    { is_arm_virt, place, &arm_virt },
    { is_sbsa, place, &sbsa },
    { is_pseries, place, &pseries },
    { is_s390x, place, &s390x },
    { is_riscv_virt, place, &riscv_virt },
    { is_loongarch_virt, place, &loongarch_virt },
    { NULL, NULL, NULL },
};
