/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the map of guest physical memory: which RAM block lies at which address, and
 *                how that is known.
 * Must not know: what memory holds.
 * See also:      memory/facts.h, what a stream tells of it; memory/board-x86.c and
 *                memory/board-other.c, the rules of machines.
 *
 * A stream has RAM blocks, and no address of them.  What places a block is the machine's rule,
 * registers that the stream does have (the CMOS bytes that firmware reads, the host bridge's
 * PAM and SMRAM registers, BARs, the address of virtio-mem), or, of memory that was plugged in,
 * how a machine gives out addresses.  Each range says which of these it was.
 */
#ifndef MIG_MEMORY_MAP_H
#define MIG_MEMORY_MAP_H

#include "io/error.h"
#include "stream/reader.h"

G_BEGIN_DECLS

typedef enum MigMemoryKind {
    MIG_MEMORY_RAM,
    MIG_MEMORY_DIMM, /* plugged in */
    MIG_MEMORY_VIRTIO_MEM,
    MIG_MEMORY_ROM,
    MIG_MEMORY_FLASH,
    MIG_MEMORY_BAR,     /* memory of a PCI device */
    MIG_MEMORY_DEVICE,  /* a hole in RAM: registers of a device, or nothing */
    MIG_MEMORY_UNKNOWN, /* a hole in RAM: the stream does not tell what is there */
    MIG_MEMORY_KIND_COUNT
} MigMemoryKind;

/* "ram", "dimm", "virtio-mem", "rom", "flash", "bar", "device", "unknown": a static string. */
MIG_API const char *mig_memory_kind_name(MigMemoryKind kind);

/* How a range is known. */
typedef enum MigMemorySource {
    MIG_MEMORY_BY_MACHINE, /* all guests of that machine have it there */
    MIG_MEMORY_BY_STREAM,  /* the stream says so */
    MIG_MEMORY_DERIVED, /* a machine that was started with nothing special has it there */
    MIG_MEMORY_GIVEN,   /* by MigMemoryOptions */
    MIG_MEMORY_SOURCE_COUNT
} MigMemorySource;

/* "machine", "stream", "derived", "given": a static string. */
MIG_API const char *mig_memory_source_name(MigMemorySource source);

typedef struct MigMemoryRange {
    uint64_t start, length;   /* guest physical, bytes */
    const MigRamBlock *block; /* what lies there; NULL: DEVICE or UNKNOWN */
    uint64_t offset;          /* in the block, of the range's first byte */
    MigMemoryKind kind;
    MigMemorySource source;
    uint64_t reserved[4]; /* for members to come: the ranges are an array */
} MigMemoryRange;

/* A block that is nowhere in the map. */
typedef struct MigMemoryUnplaced {
    const MigRamBlock *block;
    const char *reason; /* a static text for a person: a sentence without its end */
    bool is_memory; /* of the machine, or plugged in, as far as its name tells; else it is
                     * memory of a device, or firmware */
    uint64_t reserved[2]; /* for members to come: they are an array */
} MigMemoryUnplaced;

/* Where somebody knows a block to be. */
typedef struct MigMemoryPlace {
    const char *block;    /* its name */
    uint64_t address;     /* guest physical, of its first byte */
    uint64_t reserved[2]; /* 0: for members to come, as these are an array */
} MigMemoryPlace;

/* As MIG_INPUT_OPTIONS_INIT. */
#define MIG_MEMORY_OPTIONS_INIT .size = sizeof(MigMemoryOptions)

typedef struct MigMemoryOptions {
    size_t size;           /* bytes of this structure */
    uint64_t ram_below_4g; /* x86: where RAM ends below 4 GiB; 0: as the stream tells */
    const MigMemoryPlace *places; /* borrowed; NULL: none */
    size_t n_places;
} MigMemoryOptions;

/* Ranges that a map has at most; a guest of QEMU has some 30. */
#define MIG_MEMORY_RANGES_MAX 4096u

typedef struct MigMemoryMap MigMemoryMap;

/* Of the stream that @reader is to read; borrowed, and it must outlive the map.  @options NULL:
 * none.  NULL, with a GLib critical, as mig_extract_new(). */
MIG_API MigMemoryMap *mig_memory_map_new(MigReader *reader,
                                         const MigMemoryOptions *options);
MIG_API void mig_memory_map_free(MigMemoryMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigMemoryMap, mig_memory_map_free)

/* Looks at @item, the one that the reader has just read: all items of a stream in order.  What
 * cannot be decoded is not known, and no error. */
MIG_API void mig_memory_map_watch(MigMemoryMap *map, const MigItem *item);

/* Makes the map of what is known from the items so far.  It can be made again after more of
 * them; what was returned of the map before is then gone.
 * Errors: UNMATCHED, of a place whose block the stream does not have; USAGE, of one that does
 * not fit into 64 bits; LIMIT, of more ranges than MIG_MEMORY_RANGES_MAX. */
MIG_API bool mig_memory_map_make(MigMemoryMap *map, GError **error);

/* Of the map as it was made last: its *n ranges, by address, none of which overlap; between
 * them is nothing that is known to be memory. */
MIG_API const MigMemoryRange *mig_memory_map_ranges(const MigMemoryMap *map, size_t *n);

/* The range that has @address; NULL: there is none. */
MIG_API const MigMemoryRange *mig_memory_map_find(const MigMemoryMap *map,
                                                  uint64_t address);

/* The blocks, *n of them, that have no address. */
MIG_API const MigMemoryUnplaced *mig_memory_map_unplaced(const MigMemoryMap *map,
                                                         size_t *n);

/* What somebody should know before relying on it: sentences, closed by NULL. */
MIG_API const char *const *mig_memory_map_notes(const MigMemoryMap *map);

/* Whether the machine is one whose rule is known; only RAM of such a one is placed. */
MIG_API bool mig_memory_map_knows_machine(const MigMemoryMap *map);

G_END_DECLS

#endif
