/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a stream is at a glance: its guest, how it was made, what takes the
 *                room.
 * Must not know: how it is shown.
 * See also:      stream/summary.h, whose sums it reads when a stream has been read.
 *
 * It says what the stream shows and no more: what may be otherwise is 0, NULL or a bound.
 */
#ifndef MIG_DEVICE_OVERVIEW_H
#define MIG_DEVICE_OVERVIEW_H

#include "stream/reader.h"
#include "stream/summary.h"

G_BEGIN_DECLS

/* How a stream was made, as far as it shows.  A live migration, savevm and "virsh save"
 * write the same records, so that PRECOPY is all of them. */
typedef enum MigTransfer {
    MIG_TRANSFER_UNKNOWN,    /* it does not show */
    MIG_TRANSFER_DEVICES,    /* device state without RAM */
    MIG_TRANSFER_PRECOPY,    /* all of RAM before the devices */
    MIG_TRANSFER_POSTCOPY,   /* the destination ran before all of RAM was there */
    MIG_TRANSFER_BACKGROUND, /* a background snapshot: RAM as of the start */
    MIG_TRANSFER_MAPPED_RAM, /* each page at its place in the file */
} MigTransfer;

/* "precopy", ...: a static string; "unknown" for UNKNOWN. */
MIG_API const char *mig_transfer_name(MigTransfer transfer);

/* All bytes of one section: START, PARTs and END, or FULL. */
typedef struct MigSectionSum {
    const MigSection *section; /* of the reader */
    uint64_t length;           /* bytes, headers and footers included */
    uint64_t count;            /* of its pieces in the stream */
    uint64_t reserved[2];      /* for members to come: the sums are an array */
} MigSectionSum;

typedef struct MigOverview {
    uint32_t n_cpus; /* vCPUs with a section; 0: none has one */
    char *run_state; /* of the guest when it was saved, as QEMU names it; at most 100
                          * bytes of anything; NULL: not known */
    MigTransfer transfer;
    bool resent;         /* a page came again: the guest ran meanwhile */
    bool ignores_shared; /* shared memory was left out (x-ignore-shared) */

    uint64_t ram_length;   /* bytes of the guest's RAM */
    uint64_t rom_length;   /* of blocks that are ROM, flash or video memory, by name */
    uint64_t ram_pages;    /* of RAM; 0 where the size of a page is not known */
    uint64_t sent_pages;   /* their records, of each block at most as many as it has */
    uint64_t zero_pages;   /* of those, the ones that say that a page is zero */
    uint64_t all_pages;    /* of RAM and of ROM */
    uint64_t absent_pages; /* of those, at least so many have no record in this stream */

    MigSectionSum *sums; /* all sections, the largest first */
    size_t n_sums;
} MigOverview;

/* What @summary and @reader, which has come to its end or to an error, know. */
MIG_API MigOverview *mig_overview_new(MigReader *reader, const MigSummary *summary);
MIG_API void mig_overview_free(MigOverview *overview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigOverview, mig_overview_free)

G_END_DECLS

#endif
