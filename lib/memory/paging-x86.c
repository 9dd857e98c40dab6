/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the page tables of x86.
 * Must not know: how tables are read.
 * See also:      paging-private.h.
 *
 * Source: Intel SDM, volume 3A, chapter 4.  The registers are fields of QEMU's vmstate_x86_cpu
 * (target/i386/machine.c), 5.2 to 11.1.
 */
#include "memory/paging-private.h"

#define CR0_PG   (UINT64_C(1) << 31)
#define CR4_PSE  (UINT64_C(1) << 4)
#define CR4_PAE  (UINT64_C(1) << 5)
#define CR4_LA57 (UINT64_C(1) << 12)
#define EFER_LMA (UINT64_C(1) << 10)
#define PRESENT  UINT64_C(1)
#define LARGE    (UINT64_C(1) << 7)
#define PLACE    UINT64_C(0x000ffffffffff000)
#define PAE_ROOT UINT64_C(0xffffffe0)
#define PSE36    UINT64_C(0x1fe000) /* bits 32 to 39 of a large page, at bits 13 to 20 */
#define NO_ENTRY "the entry is not present"

static const char *const names[] = { "PT", "PD", "PDPT", "PML4", "PML5" };

static uint64_t field(const MigPager *pager, const char *path)
{
    const MigRegisterLeaf *leaf = mig_registers_leaf(pager->registers, path, 0);

    return leaf ? leaf->value : 0;
}

/* Entries of 8 bytes, 512 a table, from @level down to 0, which has pages of 4 KiB. */
static bool walk_long(const MigPager *pager, uint64_t table, int level)
{
    for (;; level--) {
        unsigned shift = 12 + 9 * (unsigned)level;
        uint64_t index = pager->walk->address >> shift & 511, entry;

        if (!mig_pager_step(pager, names[level], table + 8 * index, 8, &entry)) {
            return false;
        }
        if (!(entry & PRESENT)) {
            return mig_pager_end(pager, NO_ENTRY);
        }
        if (level == 0 || (level <= 2 && (entry & LARGE))) {
            uint64_t size = UINT64_C(1) << shift;
            return mig_pager_found(pager, entry & PLACE & ~(size - 1), size);
        }
        table = entry & PLACE;
    }
}

/* The table of 4 entries, which have no size. */
static bool walk_pae(const MigPager *pager, uint64_t root)
{
    uint64_t entry;

    pager->walk->regime = "PAE";
    if (!mig_pager_step(pager, names[2],
                        (root & PAE_ROOT) + 8 * (pager->walk->address >> 30 & 3), 8,
                        &entry)) {
        return false;
    }
    return entry & PRESENT ? walk_long(pager, entry & PLACE, 1)
                           : mig_pager_end(pager, NO_ENTRY);
}

/* Entries of 4 bytes, 1,024 a table. */
static bool walk_short(const MigPager *pager, uint64_t root, bool pse)
{
    uint64_t address = pager->walk->address, table = root & UINT32_C(0xfffff000), entry;

    pager->walk->regime = "32 bits";
    if (!mig_pager_step(pager, names[1], table + 4 * (address >> 22 & 1023), 4, &entry)) {
        return false;
    }
    if (!(entry & PRESENT)) {
        return mig_pager_end(pager, NO_ENTRY);
    }
    if (pse && (entry & LARGE)) {
        return mig_pager_found(
            pager, (entry & UINT32_C(0xffc00000)) | (entry & PSE36) << (32 - 13),
            4u << 20);
    }
    table = entry & UINT32_C(0xfffff000);
    if (!mig_pager_step(pager, names[0], table + 4 * (address >> 12 & 1023), 4, &entry)) {
        return false;
    }
    return entry & PRESENT ? mig_pager_found(pager, entry & UINT32_C(0xfffff000), 4096)
                           : mig_pager_end(pager, NO_ENTRY);
}

bool mig_paging_walk_x86(const MigPager *pager)
{
    uint64_t cr4 = field(pager, "env.cr[4]"), cr3 = field(pager, "env.cr[3]");
    bool is_long = field(pager, "env.efer") & EFER_LMA;
    int level = cr4 & CR4_LA57 ? 4 : 3;
    int64_t address = (int64_t)pager->walk->address;
    int64_t sign = address >> (level == 4 ? 56 : 47);

    if (!(field(pager, "env.cr[0]") & CR0_PG)) {
        pager->walk->regime = "no paging";
        return mig_pager_found(pager, pager->walk->address, 0);
    }
    if (!is_long && pager->walk->address > UINT32_MAX) {
        pager->walk->regime = "32 bits";
        return mig_pager_end(pager, "the address has more than the 32 bits of this CPU");
    }
    if (!is_long) {
        return cr4 & CR4_PAE ? walk_pae(pager, cr3)
                             : walk_short(pager, cr3, (cr4 & CR4_PSE) != 0);
    }
    pager->walk->regime = level == 4 ? "5 levels" : "4 levels";
    if (sign != 0 && sign != -1) {
        return mig_pager_end(pager, "the address is not canonical");
    }
    return walk_long(pager, cr3 & PLACE, level);
}
