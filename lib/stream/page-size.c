/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      knowing the size of a target page when the stream does not say it.
 * Knows not: which section is read.
 * Beside it: stream/configuration.c, stream/command.c, stream/mapped-ram.c: the ways in
 *            which a stream does say it; stream/ram.c, which needs it.
 *
 * The word of a RAM record keeps its flags below the page size, so with a wrong size the
 * first records already make no sense.
 * Source: TARGET_PAGE_BITS of target/ARCH/cpu-param.h; migration/savevm.c, 5.2 to 10.2.
 */
#include <string.h>

#include "stream/body.h"

/* Machine types, by the start of their names, of targets whose pages have one size. */
static const struct {
    const char *machine;
    uint32_t size;
} machines[] = {
    { "pc-", 4096 },       { "q35", 4096 },    { "isapc", 4096 },   { "microvm", 4096 },
    { "pseries", 4096 },   { "powernv", 4096 }, { "s390-ccw-virtio", 4096 },
    { "xenfv", 4096 },     { "clipper", 8192 }, { "sun4u", 8192 },  { "sun4v", 8192 },
    { "niagara", 8192 },   { "or1k-sim", 8192 }, { "axis-dev88", 8192 },
    { "tricore", 16384 },  { "KIT_AURIX", 16384 },
};

/* Likely ones first; the smaller of two that fit equally well does not hide behind the
 * larger, because only a size that is too large leaves flags unexplained. */
static const uint32_t sizes[] = { 4096, 1024, 65536, 16384, 8192, 2048, 32768, 512, 256 };

uint32_t mig_page_size_of_machine(const char *machine)
{
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        if (g_str_has_prefix(machine, machines[i].machine)) {
            return machines[i].size;
        }
    }
    return 0;
}

/* How many octets of @records make sense with pages of @page_size; *whole when they reach
 * the end of the body or of what is there. */
static size_t sense(const uint8_t *records, size_t n, uint32_t page_size, bool *whole)
{
    size_t at = 0;

    *whole = false;
    for (;;) {
        RamRecord record;
        RamRecordStatus status = mig_ram_record(records + at, n - at, page_size, &record);

        if (status == RAM_RECORD_SHORT) {
            *whole = true;
            return at;
        }
        if (status != RAM_RECORD_OK || (record.flags & MIG_RAM_MEM_SIZE) ||
            record.offset % page_size) {
            return at;
        }
        at += record.length;
        if (record.flags & MIG_RAM_EOS) {
            *whole = at == n || records[at] == MIG_FOOTER || mig_starts_section(records[at]);
            return at;
        }
    }
}

/* The size that explains most of @records, @n octets that start at a page record; 4096 when
 * none explains any. */
uint32_t mig_page_size_try(const uint8_t *records, size_t n)
{
    uint32_t best = 4096;
    size_t most = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        bool whole;
        size_t octets = sense(records, n, sizes[i], &whole);

        if (whole && octets) {
            return sizes[i];
        }
        if (octets > most) {
            most = octets;
            best = sizes[i];
        }
    }
    return best;
}
