/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          from a guest virtual address to a guest physical one, by the page tables of a CPU.
 * Must not know: where memory is in the stream.
 * See also:      memory/peek.h, which reads the tables; device/registers.h, whose registers say
 *                where they are.
 *
 * Known are x86 (32 bits, PAE, 4 and 5 levels) and the EL1 and EL0 of AArch64 (granules of 4, 16 and
 * 64 KiB, addresses of 52 bits included), stage 1.  Permissions are shown by the entries and not judged:
 * what a debugger may read is translated.
 */
#ifndef MIG_MEMORY_PAGING_H
#define MIG_MEMORY_PAGING_H

#include "io/error.h"
#include "stream/reader.h"

G_BEGIN_DECLS

#define MIG_WALK_STEPS_MAX 5u

/* An entry of a table that was read. */
typedef struct MigWalkStep {
    const char *name; /* "PML4", "level 1": of the table; static */
    uint64_t address; /* guest physical, of the entry */
    uint64_t entry;
    uint64_t reserved[2]; /* for members to come: the steps are an array */
} MigWalkStep;

/* How an address was translated. */
typedef struct MigWalk {
    uint64_t address;   /* virtual */
    uint32_t cpu;       /* its instance */
    const char *regime; /* "4 levels", "PAE", "no paging", ...; static */
    unsigned n_steps;
    MigWalkStep steps[MIG_WALK_STEPS_MAX];
    const char *
        reason; /* why it leads to nothing: static, a sentence without its end; NULL: it leads
                         * to */
    uint64_t physical;
    uint64_t
        page_size; /* bytes of the page that @physical is in; 0: there are no pages */
} MigWalk;

/* Reads the @n bytes, 4 or 8, at guest physical @address; *there: whether the stream has them.
 * Returns false with *error set to give up. */
typedef bool MigPagingFetch(uint64_t address, void *buffer, size_t n, bool *there,
                            void *user, GError **error);

typedef struct MigPaging MigPaging;

/* Of the CPU whose section has the instance id @cpu in the stream that @reader is to read; borrowed, and
 * it must outlive the paging. */
MIG_API MigPaging *mig_paging_new(MigReader *reader, uint32_t cpu);
MIG_API void mig_paging_free(MigPaging *paging);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigPaging, mig_paging_free)

/* Looks at @item, the one that the reader has just read; all items of a stream in order. */
MIG_API void mig_paging_watch(MigPaging *paging, const MigItem *item);

/* Translates @address, after the last item.  What is returned lives until the next call.
 * NULL with *error set: UNMATCHED where the stream describes no such CPU; UNSUPPORTED for another
 * architecture, or a CPU whose tables are not those that are known; of @fetch. */
MIG_API const MigWalk *mig_paging_walk(MigPaging *paging, uint64_t address,
                                       MigPagingFetch *fetch, void *user, GError **error);

G_END_DECLS

#endif
