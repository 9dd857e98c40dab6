/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see acpi.h.
 * Must not know: streams.
 * See also:      stream.c.
 */
#include "shape/acpi.h"

#include <string.h>

#include "stream/wire.h"

/* Of a MADT, in bytes: its header, where the structures begin; the longest that is looked at. */
#define MADT_HEADER 44u
#define MADT_MAX    (128u << 10)

/* Structures: of a processor with a local APIC, or x2APIC; each begins with type and length. */
enum { LOCAL_APIC = 0, LOCAL_X2APIC = 9 };

/* The processors of the MADT at @table; 0 where its structures do not fill it. */
static unsigned count_processors(const uint8_t *table, uint32_t length)
{
    unsigned n = 0;
    uint32_t at = MADT_HEADER;

    while (at + 2 <= length && table[at + 1] >= 2) {
        n += table[at] == LOCAL_APIC || table[at] == LOCAL_X2APIC;
        at += table[at + 1];
    }
    return at == length ? n : 0;
}

unsigned mig_acpi_cpus(const uint8_t *tables, size_t n)
{
    const uint8_t *p = tables, *end = tables + n;

    while ((p = memmem(p, (size_t)(end - p), "APIC", 4)) &&
           (size_t)(end - p) >= MADT_HEADER) {
        uint32_t length = mig_le32(p + 4);
        unsigned cpus =
            length >= MADT_HEADER && length <= MADT_MAX && length <= (size_t)(end - p)
                ? count_processors(p, length)
                : 0;

        if (cpus) {
            return cpus;
        }
        p += 4;
    }
    return 0;
}
