/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the rules of machines share with the map.  Private to memory/.
 * Must not know: any one machine.
 * See also:      map.c; board-x86.c, board-other.c; backends.c.
 */
#ifndef MIG_MEMORY_MAP_PRIVATE_H
#define MIG_MEMORY_MAP_PRIVATE_H

#include "memory/facts.h"
#include "memory/map.h"
#include "memory/tables.h"

#define MIG_MIB (UINT64_C(1) << 20)
#define MIG_GIB (UINT64_C(1) << 30)

typedef struct MigMemoryBoard MigMemoryBoard;

/* A machine whose rule is known. */
struct MigMemoryBoard {
    bool (*is)(const MigMemoryMap *map, const char *machine);
    void (*place)(MigMemoryMap *map, const MigMemoryBoard *board);
    const void *rule; /* the board's own */
};

extern const MigMemoryBoard mig_memory_boards_x86[], mig_memory_boards_other[];

struct MigMemoryMap {
    MigReader *reader;
    MigMemoryOptions options;
    MigMemoryFacts facts;
    MigMemoryTables *tables;
    const MigMemoryBoard *board; /* NULL: not known */
    GArray *ranges;              /* MigMemoryRange */
    GArray *unplaced;            /* MigMemoryUnplaced */
    GPtrArray *notes;            /* owned; ends in NULL once the map is made */
    bool too_many;               /* ranges */
};

/* The same as mig_memory_map_watch() of a section that is read where it lies. */
void mig_memory_map_read(MigMemoryMap *map, const MigDeviceBody *body);

/* Puts @length bytes of @block from @offset on at @start, or a hole if @block is NULL, in place
 * of whatever is there.  What would lie beyond 64 bits, or beyond the block, is left out. */
void mig_memory_put(MigMemoryMap *map, const MigMemoryRange *range);

/* The block of that name, or NULL. */
const MigRamBlock *mig_memory_block(const MigMemoryMap *map, const char *name);

/* Puts the whole block of that name, if there is one. */
void mig_memory_put_block(MigMemoryMap *map, const char *name, uint64_t start,
                          MigMemoryKind kind);

/* Adds a sentence. */
void mig_memory_note(MigMemoryMap *map, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What the machine's own RAM consists of, in order, and what was plugged in. */
typedef struct MigMemoryBackends {
    GPtrArray *main, *plugged; /* MigRamBlock */
    uint64_t size;             /* bytes of @main */
    uint64_t base; /* where plugged memory begins; 0: as the machine's rule has it */
    bool guessed;  /* which is which */
    const char *derived; /* how the order of @main was; NULL: it is known */
} MigMemoryBackends;

/* @known: bytes of the machine's own RAM where the stream tells; else 0. */
void mig_memory_backends_init(MigMemoryBackends *backends, MigMemoryMap *map,
                              uint64_t known);
void mig_memory_backends_clear(MigMemoryBackends *backends);

/* Puts bytes [@from, @from + @length) of the machine's own RAM at @start. */
void mig_memory_put_main(MigMemoryMap *map, const MigMemoryBackends *backends,
                         uint64_t from, uint64_t length, uint64_t start,
                         MigMemorySource source);

/* Puts what was plugged in where a machine gives out addresses from @base on, unless the stream
 * tells. */
void mig_memory_put_plugged(MigMemoryMap *map, const MigMemoryBackends *backends,
                            uint64_t base);

static inline uint64_t mig_memory_round_up(uint64_t n, uint64_t unit)
{
    return n > UINT64_MAX - unit ? UINT64_MAX : (n + unit - 1) / unit * unit;
}

#endif
