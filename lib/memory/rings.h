/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a loader reads in guest RAM as it loads devices: the indices of virtqueues,
 *                and the ROM of kvm-tpr-opt; where the stream has it, and what it is.
 * Must not know: whether it is right.  Private to the library.
 * See also:      check/rules-memory.c; explain/where-fields.c.
 *
 * RAM comes before the devices that say where to look.  So, of an input that can seek, the
 * devices are read first, when the first pages come; from then on each record of a page that
 * is looked for is noted.
 */
#ifndef MIG_MEMORY_RINGS_H
#define MIG_MEMORY_RINGS_H

#include "stream/reader.h"

/* Virtqueues that are looked at. */
#define MIG_RINGS_MAX 4096u

/* Two bytes of guest RAM at most. */
typedef struct MigGuestWord {
    uint64_t address;         /* guest physical */
    const MigRamBlock *block; /* NULL: it is in no block that is known */
    uint64_t offset;          /* in the block */
    bool known;               /* the stream has the page, as it is or as zeros */
    uint64_t at; /* of it in the stream, plain bytes; of zeros, of the record */
    uint16_t value;
} MigGuestWord;

/* A split virtqueue that a driver has set up. */
typedef struct MigRing {
    char *section; /* idstr */
    uint32_t instance_id, queue;
    uint32_t size;                /* entries */
    uint16_t last;                /* the device's own index into the available ring */
    uint64_t offset;              /* of it in the stream */
    MigGuestWord available, used; /* the indices in RAM */
} MigRing;

typedef struct MigRings MigRings;

/* @reader is borrowed and must outlive the rings. */
MigRings *mig_rings_new(MigReader *reader);
void mig_rings_free(MigRings *rings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigRings, mig_rings_free)

/* Looks at @item, the one that the reader has just read; all items of a stream in order. */
void mig_rings_watch(MigRings *rings, const MigItem *item);

/* Reads the words.  Call once, after the last item. */
void mig_rings_finish(MigRings *rings);

/* Whether the devices could be read before RAM. */
bool mig_rings_looked(const MigRings *rings);

/* Of those, *n. */
const MigRing *mig_rings_list(const MigRings *rings, size_t *n);

/* The byte of a ROM's header that has its length, in units of 512 bytes, of the ROM that has
 * @address of the first memory block in it; at once, and of a pipe too.  Where the memory is not
 * that of option ROMs, it is not known. */
MigGuestWord mig_rings_rom(const MigRings *rings, uint64_t address);

#endif
