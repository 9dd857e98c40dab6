/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of mapped-ram: what follows each entry of the block list.
 * Must not know: page records, of which such a stream has none.
 * See also:      check/rule.h; stream/mapped-ram.c, which stops where regions overlap.
 *
 * Source: migration/ram.c, parse_ramblock_mapped_ram(), MAPPED_RAM_FILE_OFFSET_ALIGNMENT,
 * 10.0 and 10.2.
 */
#include "check/rule.h"
#include "stream/mapped-ram.h"

static void mapped_ram_page_size(MigCheck *check, const MigFacts *facts,
                                 const MigItem *item)
{
    uint32_t wanted = mig_reader_page_size(mig_check_reader(check));

    (void)facts;
    if (wanted && item->block->mapped_page_size != wanted) {
        mig_report_item(check, item, "block %s has pages of %" PRIu64 " bytes, wanted %u",
                        item->block->name, item->block->mapped_page_size, wanted);
    }
}

static void mapped_ram_alignment(MigCheck *check, const MigFacts *facts,
                                 const MigItem *item)
{
    const MigRamBlock *block = item->block;

    (void)facts;
    if (block->pages_offset % block->mapped_page_size) {
        mig_report_item(check, item,
                        "the pages of block %s begin at 0x%" PRIx64 " of the file, "
                        "no multiple of the page size",
                        block->name, block->pages_offset);
        mig_report_severity(check, MIG_SEVERITY_ERROR);
        mig_report_loader(check, QEMU(9, 0), MIG_RELEASE_LAST,
                          "Error reading ramblock %s pages, region has bad alignment",
                          block->name);
    } else if (block->pages_offset % MIG_MAPPED_RAM_ALIGNMENT) {
        mig_report_item(check, item,
                        "the pages of block %s begin at 0x%" PRIx64 " of the file, "
                        "and QEMU writes them at multiples of 1 MiB, for direct I/O",
                        block->name, block->pages_offset);
    }
}

static void mapped_ram_bitmap(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->bitmap.n_beyond) {
        mig_report_item(check, item,
                        "%" PRIu64 " bit%s set beyond the last page of block %s",
                        item->bitmap.n_beyond, MIG_PLURAL(item->bitmap.n_beyond),
                        item->bitmap.block->name);
    }
}

static void mapped_ram_ignore_shared(MigCheck *check, const MigFacts *facts,
                                     const MigItem *item)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_check_reader(check));

    (void)facts;
    if (conf && conf->mapped_ram && conf->x_ignore_shared) {
        mig_report_item(check, item,
                        "mapped-ram and x-ignore-shared together: up to QEMU 10.2 no "
                        "loader reads the address that stands before the headers");
        mig_report_loader(check, QEMU(9, 0), QEMU(10, 2),
                          "Error reading ramblock pages, region has bad alignment");
    }
}

#define MAPPED MIG_WATCH(MAPPED_HEADER)

const MigRule mig_rules_mapped_ram[] = {
    { "mapped-ram-header", "a mapped-ram header is of version 1 and has a page size",
      MIG_SEVERITY_ERROR, 0,
      .loader = "Migration mapped-ram capability version not supported",
      .since = QEMU(9, 0) },
    { "mapped-ram-place", "bitmap and pages follow the header and do not overlap",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { "mapped-ram-page-size", "a mapped-ram header has the target's page size",
      MIG_SEVERITY_ERROR, MAPPED, .judge = mapped_ram_page_size },
    { "mapped-ram-alignment", "page areas are aligned", MIG_SEVERITY_WARNING, MAPPED,
      .judge = mapped_ram_alignment },
    { "mapped-ram-bitmap", "a bitmap ends with its block", MIG_SEVERITY_ERROR,
      MIG_WATCH(MAPPED_BITMAP), .judge = mapped_ram_bitmap },
    { "mapped-ram-ignore-shared", "mapped-ram is not combined with x-ignore-shared",
      MIG_SEVERITY_WARNING, MIG_WATCH(CONFIGURATION), .judge = mapped_ram_ignore_shared },
    { 0 },
};
