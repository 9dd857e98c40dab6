/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the items of a stream add up to, for all rules at once.
 * Must not know: whether that is right.  Private to check/.
 * See also:      check/check.c, which updates it after the rules have seen an item.
 *
 * Memory is bounded by the number of RAM blocks, and 4 bytes for each 16 MiB of guest memory;
 * what is known of single sections, VFIO devices and pages lies in a temporary file when it is
 * long.
 */
#ifndef MIG_CHECK_FACTS_H
#define MIG_CHECK_FACTS_H

#include "check/facts-multifd.h"
#include "io/long-array.h"
#include "stream/page-set.h"
#include "stream/reader.h"
#include "stream/vfio-dialect.h"

#define MIG_NOWHERE UINT64_MAX

/* Offsets are of headers, the first of each type, MIG_NOWHERE where there is none. */
typedef struct MigSectionFacts {
    const MigSection *section;
    uint64_t start, part, end, full;
    uint64_t full_size;        /* bytes of the first FULL's body */
    uint32_t bound_id;         /* as START or FULL had it first */
    uint32_t full_differs : 1; /* the description has another full_size */
    uint32_t vfio : 31;        /* index + 1 of the device's facts; 0: none */
} MigSectionFacts;

typedef struct MigVfioFacts {
    MigVfioDevice device;
    uint64_t setup; /* offset of the first SETUP record */
    uint64_t init_data_sent;
    uint64_t early_set_up; /* of the first subflag SETUP outside of FULL */
    uint64_t early_bytes;  /* device data before the configuration */
    uint32_t early_records;
    bool interrupts; /* some configuration space has MSI or MSI-X enabled */
} MigVfioFacts;

/* The body that is being read, or section NULL. */
typedef struct MigBodyFacts {
    const MigSection *section;
    MigSectionType type;
    uint64_t header;
    uint32_t vfio_records;
    uint64_t vfio_flag;   /* of the last record, 0 before the first */
    uint64_t vfio_config; /* offset of the first configuration record in it */
    uint64_t vfio_data;   /* and of the first data record */
    bool vfio_ended;      /* by END_OF_STATE or what replaces it */
} MigBodyFacts;

/* Which pages of a block were sent. */
typedef struct MigCoverage {
    const MigRamBlock *block;
    MigPageSet sent; /* its index is NULL before the first page, and where unknown */
    bool unknown;    /* there are too many */
} MigCoverage;

/* A section that restores an interrupt controller. */
typedef struct MigController {
    const MigSection *section;
    uint64_t offset;
} MigController;

typedef enum MigPostcopy {
    MIG_POSTCOPY_NONE,
    MIG_POSTCOPY_ADVISE,
    MIG_POSTCOPY_DISCARD,
    MIG_POSTCOPY_LISTENING,
    MIG_POSTCOPY_RUNNING,
} MigPostcopy;

typedef struct MigFacts {
    uint64_t configuration; /* offset of the first */
    MigLongArray *sections; /* MigSectionFacts by MigSection.index */
    GPtrArray *fulls;       /* MigSection, each once, in order of their first FULL */
    uint64_t n_footers, n_bodies;
    uint64_t first_part, first_end;
    uint64_t n_starts, n_ended; /* sections */
    uint64_t n_inferred, first_inferred;
    uint64_t eof, description, trailing;
    bool hints; /* a device that lets the source leave pages out */
    MigBodyFacts body;

    bool return_path, colo;
    uint64_t switchover_start;
    MigPostcopy postcopy;

    uint64_t ram_lists;
    GArray *coverage; /* MigCoverage by MigRamBlock.index */
    MigPageStore pages;
    uint64_t n_content_records; /* runs of pages that are not zero pages */
    uint64_t n_page_records;    /* runs of any */
    bool multifd_flush;
    MigMultifdFacts multifd;

    MigLongArray *vfio; /* MigVfioFacts, in order of appearance */
    GArray *gics,
        *controllers; /* MigController, in stream order: those of which the kernel
                                 * refuses interrupts that come too early, and others */
} MigFacts;

void mig_facts_init(MigFacts *facts);
void mig_facts_clear(MigFacts *facts);

/* Takes in @item, after the rules have seen it.  False with *error (IO) where there is no room
 * for it. */
bool mig_facts_update(MigFacts *facts, const MigItem *item, GError **error);

/* NULL where the section, or device, was not seen yet. */
const MigSectionFacts *mig_facts_section(const MigFacts *facts,
                                         const MigSection *section);
const MigVfioFacts *mig_facts_vfio(const MigFacts *facts, const MigSection *section);
const MigCoverage *mig_facts_coverage(const MigFacts *facts, const MigRamBlock *block);

/* Whether the page at @address, in bytes, was sent; true where that is not kept. */
bool mig_facts_page_sent(const MigFacts *facts, const MigRamBlock *block,
                         uint64_t address, uint32_t page_size);

#endif
