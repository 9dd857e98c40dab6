/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          knowing the size of a target page when the stream does not say it.
 * Must not know: which section is read.
 * See also:      stream/configuration.c, stream/command.c, stream/mapped-ram.c: the ways
 *                in which a stream does say it; stream/ram.c, which needs it.
 *
 * The word of a RAM record keeps its flags below the page size, so with a wrong size the
 * first records already make no sense.
 * Source: TARGET_PAGE_BITS of target/ARCH/cpu-param.h; migration/savevm.c, 5.2 to 10.2.
 */
#include <string.h>

#include "stream/body.h"
#include "stream/ram-record.h"

/* Machine types, by the start of their names, of targets whose pages have one size. */
static const struct {
    const char *machine;
    uint32_t size;
} machines[] = {
    { "pc-", 4096 },
    { "q35", 4096 },
    { "isapc", 4096 },
    { "microvm", 4096 },
    { "pseries", 4096 },
    { "powernv", 4096 },
    { "s390-ccw-virtio", 4096 },
    { "xenfv", 4096 },
    { "clipper", 8192 },
    { "sun4u", 8192 },
    { "sun4v", 8192 },
    { "niagara", 8192 },
    { "or1k-sim", 8192 },
    { "axis-dev88", 8192 },
    { "tricore", 16384 },
    { "KIT_AURIX", 16384 },
};

/* Tried in this order.  Too large a size leaves flag bits unexplained; any wrong size finds
 * no record header after a page. */
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

/* How far @records make sense with pages of one size. */
typedef struct Trial {
    size_t bytes;
    bool whole; /* to the end of the body, or of the bytes that were looked at */
    bool paged; /* with a page among them, whose length depends on the size */
} Trial;

static Trial try_size(const uint8_t *records, size_t n, bool more, uint32_t page_size)
{
    Trial trial = { 0 };

    for (;;) {
        MigRamRecord record;
        MigRamRecordStatus status =
            mig_ram_record(records + trial.bytes, n - trial.bytes, page_size, &record);

        if (status == MIG_RAM_RECORD_SHORT) {
            trial.whole = more && trial.bytes;
            return trial;
        }
        if (status != MIG_RAM_RECORD_OK || (record.flags & MIG_RAM_MEM_SIZE)) {
            return trial;
        }
        trial.bytes += record.length;
        trial.paged |= record.is_page && record.page.kind == MIG_PAGE_NORMAL;
        if (record.flags & MIG_RAM_EOS) {
            trial.whole = trial.bytes == n || records[trial.bytes] == MIG_FOOTER ||
                          mig_starts_section(records[trial.bytes]);
            return trial;
        }
    }
}

/* The size that explains @records, @n bytes that start at a page record and, if @more, are
 * not all that there are; else the one that explains most.  A block is a whole number of
 * pages: @lengths is the lengths of all, or'ed.  *sure if no other size can be meant: records
 * of zero pages have one length with all of them. */
uint32_t mig_page_size_try(const uint8_t *records, size_t n, bool more, uint64_t lengths,
                           bool *sure)
{
    uint32_t best = MIG_PAGE_SIZE_USUAL;
    size_t most = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        Trial trial = { 0 };

        if (lengths % sizes[i] == 0) {
            trial = try_size(records, n, more, sizes[i]);
        }
        if (trial.whole) {
            *sure = trial.paged;
            return sizes[i];
        }
        if (trial.bytes > most) {
            most = trial.bytes;
            best = sizes[i];
        }
    }
    *sure = false;
    return best;
}
