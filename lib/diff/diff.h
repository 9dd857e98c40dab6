/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the comparison of two streams by meaning: the difference, as data, and the
 *                call that finds all of them.
 * Must not know: how a difference is shown.
 * See also:      stream/address.h, by which devices and fields are chosen; device/field.h,
 *                what a value is.
 *
 * Two streams are the same if a loader would make the same guest of them: how their bytes are
 * cut into records does not count.  Use:
 *
 *     diff = mig_diff_new(a, b, NULL);
 *     while (mig_diff_read(diff, MIG_DIFF_A) == MIG_STATUS_MORE) { }
 *     while (mig_diff_read(diff, MIG_DIFF_B) == MIG_STATUS_MORE) { }
 *     n = mig_diff_compare(diff, visit, user);
 */
#ifndef MIG_DIFF_DIFF_H
#define MIG_DIFF_DIFF_H

#include "device/field.h"
#include "device/pci.h"
#include "device/ram-image.h"
#include "io/input.h"
#include "stream/address.h"
#include "stream/reader.h"
#include "stream/vfio-dialect.h"

G_BEGIN_DECLS

typedef enum MigDiffSide { MIG_DIFF_A, MIG_DIFF_B } MigDiffSide;

/* What differs.  After each kind: what of a MigDifference is set, and what its values hold. */
typedef enum MigDifferenceKind {
    MIG_DIFFERENCE_MACHINE,      /* text: name of the machine type */
    MIG_DIFFERENCE_CAPABILITIES, /* text: names of capabilities, ", " between them */
    MIG_DIFFERENCE_UUID,         /* text: of the guest */
    MIG_DIFFERENCE_COMMANDS,     /* text: names of the commands that occur, likewise */
    MIG_DIFFERENCE_PAGE_SIZE,    /* number: bytes of a target page */
    MIG_DIFFERENCE_DESCRIPTION,  /* one side has no description */
    MIG_DIFFERENCE_RAM_BLOCK,    /* block; number: its length in bytes */
    MIG_DIFFERENCE_RAM_PAGES,    /* block, address, length, page_size: pages in a row */
    MIG_DIFFERENCE_SECTION,      /* section, which one side lacks */
    MIG_DIFFERENCE_VERSION,      /* section, path; number: its version */
    MIG_DIFFERENCE_FIELD,        /* section, path; field; number: see below */
    MIG_DIFFERENCE_SUBSECTION,   /* the same, of a subsection that one side lacks */
    MIG_DIFFERENCE_BODY, /* section; number: bytes of its body; described.  The bodies
                          * differ, and no field shows in what, or not in all */
    MIG_DIFFERENCE_VFIO_LAYOUT,        /* section, path; vfio */
    MIG_DIFFERENCE_VFIO_CONFIGURATION, /* section, path; one side has none */
    MIG_DIFFERENCE_VFIO_DATA, /* section, path, address: of the first byte that differs, in
                               * all that the device sent; number: that byte; or ends */
    MIG_DIFFERENCE_KIND_COUNT
} MigDifferenceKind;

/* "page-size", "ram-pages", ...: the word of migstat-diff(1), a static string. */
MIG_API const char *mig_difference_kind_name(MigDifferenceKind kind);

/* One side of a difference.  What the kind does not set is 0 or NULL. */
typedef struct MigDifferenceValue {
    bool present;     /* false: this side lacks it, and nothing else is set */
    bool described;   /* BODY: the bytes are as the description says */
    bool ends;        /* VFIO_DATA: the data ends at the address */
    uint64_t number;  /* FIELD, SUBSECTION: values in a group that the other side lacks */
    const char *text; /* as the stream has it, so escape it */
    const MigField *field;     /* path as that of the difference, bytes included */
    const MigVfioDevice *vfio; /* how the device was sent */
    uint64_t reserved[4];      /* for members to come: MigDifference has two inside */
} MigDifferenceValue;

/* Everything is borrowed and lives until the visit returns; sections and blocks until
 * mig_diff_free().  A later release may add fields at the end. */
typedef struct MigDifference {
    MigDifferenceKind kind;
    const MigSection *section; /* of A, or of B where A lacks it; NULL: of no section */
    const MigRamBlock *block;  /* likewise */
    const char *path; /* in the section, as addresses have it; NULL: all of it.  Registers
                       * of an Arm CPU go by their names: "cpreg[SCTLR_EL1]" */
    uint64_t
        address;     /* RAM_PAGES: of the first page in the block; VFIO_DATA: see there */
    uint64_t length; /* RAM_PAGES: bytes; the last page of a block may be cut short */
    uint32_t page_size;          /* RAM_PAGES: bytes */
    MigDifferenceValue value[2]; /* by MigDiffSide; RAM_PAGES has them only as present */
} MigDifference;

typedef void MigDifferenceVisit(const MigDifference *difference, void *user);

typedef struct MigDiff MigDiff;

typedef enum MigDiffFlags {
    MIG_DIFF_RAM =
        1 << 0, /* compare what RAM holds at the end, too: temporary files hold it */
    MIG_DIFF_SKIP_RAM = 1 << 1, /* else do without it, where mig_reader_skip_ram() can */
} MigDiffFlags;

/* As MIG_INPUT_OPTIONS_INIT. */
#define MIG_DIFF_OPTIONS_INIT .size = sizeof(MigDiffOptions)

typedef struct MigDiffOptions {
    size_t size; /* bytes of this structure */
    MigDiffFlags flags;
    /* What is compared, and then nothing else; NULL or empty: all.  What is left out; NULL or
     * empty: nothing.  After the comparison they know what meant nothing on either side. */
    MigAddresses *only, *ignore;
    const MigPciNames *names; /* for notes of PCI fields; NULL: numbers have to do */
} MigDiffOptions;

/* Compares @a with @b, which are both at the start of a stream; they and what @options (may be
 * NULL) point to are borrowed until mig_diff_free().  NULL, with a GLib critical, if the size of
 * the options is none or they have what the library does not know. */
MIG_API MigDiff *mig_diff_new(MigInput *a, MigInput *b, const MigDiffOptions *options);
MIG_API void mig_diff_free(MigDiff *diff);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigDiff, mig_diff_free)

/*
 * Reads the next item of one stream; the first call holds a pipe (mig_input_hold()), since all
 * is looked at again.  ERROR is final: mig_diff_error() says why, and what was read up to there
 * can be compared.
 */
MIG_API MigStatus mig_diff_read(MigDiff *diff, MigDiffSide side);

/*
 * Visits each difference, in this order: configuration, RAM blocks, sections.  Call once, after
 * both streams were read.  @visit NULL: they are only counted.  Returns how many there are.
 * What one stream lacks because it could not be read to its end is no difference.
 * A stream that cannot be read again has mig_diff_error() afterwards.
 */
MIG_API uint64_t mig_diff_compare(MigDiff *diff, MigDifferenceVisit *visit, void *user);

/* What MIG_DIFF_SKIP_RAM has skipped: plain offsets, or false where that is nothing. */
MIG_API bool mig_diff_unread(const MigDiff *diff, MigDiffSide side, uint64_t *from,
                             uint64_t *to);

/* Why a stream was not read to its end, or could not be read again, as mig_reader_next() and
 * mig_ram_image_watch() have it; NULL: it could. */
MIG_API const GError *mig_diff_error(const MigDiff *diff, MigDiffSide side);

/* What one stream has; both live as long as @diff.  The image is NULL without MIG_DIFF_RAM: it
 * tells which pages the stream did not carry, which are not compared. */
MIG_API const MigReader *mig_diff_reader(const MigDiff *diff, MigDiffSide side);
MIG_API const MigRamImage *mig_diff_ram_image(const MigDiff *diff, MigDiffSide side);

G_END_DECLS

#endif
