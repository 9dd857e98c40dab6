/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the page tables of AArch64's EL1 and EL0.
 * Must not know: how tables are read.
 * See also:      paging-private.h.
 *
 * Source: Arm Architecture Reference Manual (DDI 0487), D8.2 and D8.3; registers TCR_EL1, TTBRn_EL1 and
 * SCTLR_EL1.  With TCR_EL1.DS, or a granule of 64 KiB and 52 bits (IPS 6), a table and a page have
 * address bits above 47 in other places.
 */
#include "memory/paging-private.h"

#define SCTLR_M UINT64_C(1)
#define TCR_DS  (UINT64_C(1) << 59)
#define IPS_52  6u
#define VALID   UINT64_C(1)
#define TABLE   UINT64_C(2) /* or, at level 3, a page */
#define BIT_55  (UINT64_C(1) << 55)

/* The half of the addresses that a TTBR has. */
typedef struct Half {
    uint64_t table;    /* TTBR */
    unsigned size;     /* TnSZ */
    unsigned granule;  /* bits of the address within a page */
    bool off;          /* EPDn */
    bool top_ignored;  /* TBIn */
    bool ds, wide_64k; /* addresses of 52 bits */
} Half;

static uint64_t value_of(const MigPager *pager, const char *name)
{
    const MigRegister *one = mig_registers_added(pager->registers, name);

    return one ? one->low : 0;
}

static unsigned bits(uint64_t word, unsigned from, unsigned n)
{
    return (unsigned)(word >> from & ((UINT64_C(1) << n) - 1));
}

static void choose(const MigPager *pager, bool upper, Half *half)
{
    static const uint8_t granules[2][4] = { { 12, 16, 14, 0 }, { 0, 14, 12, 16 } };
    uint64_t tcr = value_of(pager, "TCR_EL1");
    unsigned shift = upper ? 16 : 0;

    *half = (Half){ .table = value_of(pager, upper ? "TTBR1_EL1" : "TTBR0_EL1"),
                    .size = bits(tcr, shift, 6),
                    .granule = granules[upper][bits(tcr, upper ? 30 : 14, 2)],
                    .off = bits(tcr, shift + 7, 1),
                    .top_ignored = bits(tcr, upper ? 38 : 37, 1) };
    half->ds = (tcr & TCR_DS) && half->granule != 16;
    half->wide_64k = half->granule == 16 && bits(tcr, 32, 3) == IPS_52;
}

/* Where a table or page lies, by its entry. */
static uint64_t place_of(const Half *half, uint64_t entry)
{
    uint64_t place = entry & ((UINT64_C(1) << 48) - (UINT64_C(1) << half->granule));

    if (half->wide_64k) {
        place |= (uint64_t)bits(entry, 12, 4) << 48;
    } else if (half->ds) {
        place |= (uint64_t)bits(entry, 48, 2) << 48 | (uint64_t)bits(entry, 8, 2) << 50;
    }
    return place;
}

/* Whether an entry of @level may be of a block. */
static bool has_blocks(const Half *half, int level)
{
    int first =
        half->granule == 12 ? (half->ds ? 0 : 1) : (half->ds || half->wide_64k ? 1 : 2);

    return level >= first;
}

static bool walk_tables(const MigPager *pager, const Half *half)
{
    static const char *const names[] = { "level -1", "level 0", "level 1", "level 2",
                                         "level 3" };
    unsigned stride = half->granule - 3, width = 64 - half->size;
    int level = 4 - (int)((width - half->granule + stride - 1) / stride);
    unsigned shift = half->granule + stride * (unsigned)(3 - level);
    /* The first table has as many entries as the addresses need, and lies at a multiple of it. */
    uint64_t entries = UINT64_C(1) << (width - shift);
    uint64_t table = half->table & ((UINT64_C(1) << 48) - MAX(entries * 8, 64));

    if (half->ds || half->wide_64k) {
        table |= (uint64_t)bits(half->table, 2, 4) << 48;
    }
    for (;; level++, shift -= stride, entries = UINT64_C(1) << stride) {
        uint64_t index = pager->walk->address >> shift & (entries - 1), entry;

        if (!mig_pager_step(pager, names[level + 1], table + 8 * index, 8, &entry)) {
            return false;
        }
        if (!(entry & VALID) ||
            (!(entry & TABLE) && (level == 3 || !has_blocks(half, level)))) {
            return mig_pager_end(pager, "the entry is not valid");
        }
        if (level == 3 || !(entry & TABLE)) {
            uint64_t size = UINT64_C(1) << shift;
            return mig_pager_found(pager, place_of(half, entry) & ~(size - 1), size);
        }
        table = place_of(half, entry);
    }
}

/* What is above the addresses of a half is all ones or zeros, but for a tag. */
static bool is_in(const Half *half, uint64_t address, bool upper)
{
    uint64_t above = ~((UINT64_C(1) << (64 - half->size)) - 1);

    above &= half->top_ignored ? (UINT64_C(1) << 56) - 1 : UINT64_MAX;
    return (address & above) == (upper ? above : 0);
}

bool mig_paging_walk_arm(const MigPager *pager)
{
    bool upper = (pager->walk->address & BIT_55) != 0;
    Half half;
    unsigned least; /* TnSZ */

    if (bits(value_of(pager, "pstate"), 2, 2) > 1) {
        mig_error_set_plain(pager->error, MIG_ERROR_UNSUPPORTED,
                            "this CPU runs at EL2 or EL3, whose page tables are not "
                            "known: those of EL1 and EL0 are");
        return false;
    }
    if (!(value_of(pager, "SCTLR_EL1") & SCTLR_M)) {
        pager->walk->regime = "no paging";
        return mig_pager_found(pager, pager->walk->address, 0);
    }
    choose(pager, upper, &half);
    pager->walk->regime = half.granule == 12   ? "granule of 4 KiB"
                          : half.granule == 14 ? "granule of 16 KiB"
                          : half.granule == 16 ? "granule of 64 KiB"
                                               : "no granule that there is";
    least = half.ds || half.granule == 16 ? 12 : 16;
    if (half.granule == 0 || half.size < least || half.size > 48 ||
        64 - half.size <= half.granule) {
        return mig_pager_end(pager, "TCR_EL1 describes no tables");
    }
    if (!is_in(&half, pager->walk->address, upper)) {
        return mig_pager_end(pager, "the address is in neither half");
    }
    return half.off ? mig_pager_end(pager, "walks of this half are off")
                    : walk_tables(pager, &half);
}
