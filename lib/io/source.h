/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what an input reads from: one interface, and a constructor for each
 *                kind.
 * Must not know: what the bytes mean, nor who looks ahead in them.
 * See also:      source-*.c and container-*.c, one file per kind; container.c, which
 *                stacks them; sink.h, its mirror; input.c.
 */
#ifndef MIG_IO_SOURCE_H
#define MIG_IO_SOURCE_H

#include <sys/types.h>

#include "io/cancel.h"
#include "io/error.h"
#include "io/input.h"

typedef struct MigSource MigSource;

typedef struct MigSourceOps {
    /*
     * Reads 1 to @n bytes at @offset; 0 is the end, -1 a failure with *error set.  A source
     * that cannot seek is asked for each byte once and in order.  A seekable one may be
     * asked by two threads at once.  Bytes before a failure come first: the failure is told
     * by the call that finds nothing before it.
     */
    ssize_t (*read)(MigSource *source, uint64_t offset, void *buffer, size_t n,
                    GError **error);
    void (*free)(MigSource *source);
    /*
     * Where the bytes from @offset on lie in a descriptor, and how many of them; -1: in none.
     * NULL: @fd of the source has all of them, if it is not -1.
     */
    int (*part)(const MigSource *source, uint64_t offset, uint64_t *length,
                uint64_t *fd_offset);
} MigSourceOps;

/* Embedded at the start of each kind. */
struct MigSource {
    const MigSourceOps *ops;
    bool seekable;
    bool waits;           /* A read may wait for somebody else, for ever. */
    uint64_t start;       /* First offset that can be read; only a spool's is not 0. */
    uint64_t size;        /* Seekable only: offset of the end. */
    uint64_t origin;      /* Offset 0 lies here in the file; 0 below a compression. */
    const uint8_t *bytes; /* Not NULL: all of it lies here, from @start on. */
    int fd;               /* Not -1: byte x lies at x + fd_offset of this descriptor. */
    uint64_t fd_offset;   /* Modulo 2^64, since a spool's file starts with byte @start. */
};

/* Reads until @n bytes are there, or the end, or a failure: then *error is set, and what
 * was read before it is still returned. */
size_t mig_source_read_full(MigSource *source, uint64_t offset, void *buffer, size_t n,
                            GError **error);

/* Whether the byte at @offset can be read without waiting for a disk; true if unknown, as
 * Linux since 5.2 keeps it from those who may not write to the file. */
bool mig_source_is_at_hand(const MigSource *source, uint64_t offset);

/* Where bytes lie, as MigSourceOps has it. */
static inline int mig_source_part(const MigSource *source, uint64_t offset,
                                  uint64_t *length, uint64_t *fd_offset)
{
    if (source->ops->part) {
        return source->ops->part(source, offset, length, fd_offset);
    }
    *length = UINT64_MAX;
    *fd_offset = offset + source->fd_offset;
    return source->fd;
}

/* mig_error_set() without a rule, at a place in the file or in compressed data. */
void mig_source_set_error(GError **error, MigErrorCode code, uint64_t offset,
                          const char *format, ...) G_GNUC_PRINTF(4, 5);

void mig_source_free(MigSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigSource, mig_source_free)

/*
 * A descriptor: a regular file or block device from its current offset on, or anything else
 * as it comes.  @owned: closed with the source.
 */
MigSource *mig_source_file_new(int fd, bool owned, uint64_t start, uint64_t end,
                               const char *name, MigCancel cancel);
MigSource *mig_source_pipe_new(int fd, bool owned, const char *name, MigCancel cancel);

/* Functions of the client, copied; @data is closed with the source, also when this fails. */
MigSource *mig_source_callback_new(const MigInputCallbacks *callbacks, void *data,
                                   const char *name, MigCancel cancel, GError **error);

/* Memory; @bytes is referenced. */
MigSource *mig_source_memory_new(GBytes *bytes);

/* What lies in another file: @length bytes, at @at here and at @from there. */
typedef struct MigLaidPart {
    uint64_t at, length, from;
} MigLaidPart;

/* @size bytes of @fd, but those of @parts (MigLaidPart, ascending, referenced) are read from @under.
 * Both descriptors are borrowed. */
MigSource *mig_source_laid_new(int fd, uint64_t size, int under, GArray *parts,
                               const char *name, MigCancel cancel);

/* All of @inner, which can seek, stays its owner's, and outlives this. */
MigSource *mig_source_lent_new(MigSource *inner);

/* Those below take @inner over. */

/* What follows the first @start bytes of @inner.  An @inner that cannot seek must have been
 * read to just there. */
MigSource *mig_source_view_new(MigSource *inner, uint64_t start);

/* The same, of no more than @length bytes from there on. */
MigSource *mig_source_part_new(MigSource *inner, uint64_t start, uint64_t length);

/* The most that mig_source_view_look() shows. */
#define MIG_VIEW_HEAD 32

/* The first *n (at most MIG_VIEW_HEAD) bytes of a view that nothing was read from yet; they
 * will be read again.  NULL with *error set when they cannot be read. */
const uint8_t *mig_source_view_look(MigSource *view, size_t *n, GError **error);

/* What all layers of compression around one stream may cost together: source-unpack.c.
 * @max_expand as in MigInputOptions. */
typedef struct MigExpansion MigExpansion;
MigExpansion *mig_expansion_new(uint64_t max_expand);
/* The most that a file of @size bytes may hold. */
uint64_t mig_expansion_max(const MigExpansion *expansion, uint64_t size);
void mig_expansion_unref(MigExpansion *expansion);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigExpansion, mig_expansion_unref)

/*
 * A spool keeps what comes of @rest, which is taken over, from its position on: at first
 * nothing.  It grows when it is told to, and when it is read at its end.  @max: the most
 * bytes it keeps; more are a failure at its end.  @dir as in MigInputOptions.
 */
MigSource *mig_source_spool_new(MigInput *rest, uint64_t max, const char *dir);

/* Grows until its size, as an offset, is @size, or @rest ends.  A failure of @rest is told by
 * whoever reads at the end.  Errors: IO when the bytes cannot be kept. */
bool mig_source_spool_grow(MigSource *spool, uint64_t size, GError **error);

/* Whether all of @rest has come. */
bool mig_source_spool_ended(const MigSource *spool);

#endif
