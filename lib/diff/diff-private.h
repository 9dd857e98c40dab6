/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the parts of the comparison share.
 * Must not know: how a difference is shown.
 * See also:      diff.c; compare-*.c, each of which compares one kind of thing.
 */
#ifndef MIG_DIFF_PRIVATE_H
#define MIG_DIFF_PRIVATE_H

#include "diff/diff.h"
#include "stream/summary.h"
#include "stream/vfio-packets.h"

/* One of the two streams, read as far as it goes. */
typedef struct MigDiffStream {
    MigInput *in;
    MigReader *reader;
    MigSummary *summary;
    MigVfioPackets *packets; /* of device state on other channels */
    MigRamImage *image;      /* with MIG_DIFF_RAM */
    int image_fd;
    uint64_t image_end; /* where the next block's content goes in it */
    bool held;
    bool skips_ram;            /* where it can */
    uint64_t skipped, resumed; /* from there to there; equal: nothing */
    GError *error;             /* why reading ended early, or NULL */
} MigDiffStream;

struct MigDiff {
    MigDiffStream side[2];
    MigDiffOptions options;
    MigDifferenceVisit *visit;
    void *user;
    uint64_t found;
};

/* Whether that field of @section, or with @path NULL all of it, is to be compared. */
bool mig_diff_wants(const MigDiff *diff, const MigSection *section, const char *path);

/* The same of a field that was decoded, by all its names. */
bool mig_diff_wants_field(const MigDiff *diff, const MigSection *section,
                          const MigField *field);

/* The same of one that is @a on one side and @b on the other. */
bool mig_diff_wants_change(const MigDiff *diff, const MigSection *section,
                           const MigField *a, const MigField *b);

/* Whether an address that has meant nothing yet may be a field of @section. */
bool mig_diff_seeks(const MigDiff *diff, const MigSection *section);

/* A stream that is not whole may have lost what it seems to lack. */
static inline bool mig_diff_is_whole(const MigDiff *diff, int side)
{
    return !diff->side[side].error;
}

/* Reads @n bytes of @channel again.  False, with the error of @side, where it cannot be done. */
bool mig_diff_read_again(MigDiffStream *side, uint32_t channel, uint64_t offset,
                         uint8_t *bytes, size_t n);

void mig_diff_visit(MigDiff *diff, const MigDifference *difference);

/* Where the bytes of a device are on each side. */
typedef struct MigDiffBody {
    const MigSection *section;
    uint64_t offset, length;
    uint32_t channel;
    bool vfio; /* a VFIO configuration payload; else a FULL body */
} MigDiffBody;

void mig_diff_configuration(MigDiff *diff);

/* Blocks and their lengths, and with MIG_DIFF_RAM the pages of those that both have in the same
 * length. */
void mig_diff_ram(MigDiff *diff);

void mig_diff_sections(MigDiff *diff);

/* Decodes both and visits the fields that differ.  Reading errors go to the sides. */
void mig_diff_fields(MigDiff *diff, const MigDiffBody bodies[2]);

/* The VFIO device of section @a and that of @b: layout, configuration, data. */
void mig_diff_vfio(MigDiff *diff, const MigSection *a, const MigSection *b);

#endif
