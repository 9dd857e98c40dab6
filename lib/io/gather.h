/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          writes that are near one another in a file, made to one.
 * Must not know: what is written.  Private to the library.
 * See also:      stream/page-file.h, whose pages come one by one.
 *
 * What is zero between two writes may be written with them: a short hole costs the file system
 * more than its zeros do.  No more is added than there was to be written, so that a sparse file
 * takes twice its content at most.
 */
#ifndef MIG_IO_GATHER_H
#define MIG_IO_GATHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* A hole of so many bytes stays one. */
#define MIG_GATHER_HOLE ((uint64_t)16 << 10)

typedef struct MigGather MigGather;

MigGather *mig_gather_new(void);
void mig_gather_free(MigGather *gather);

/* Writes the @n pieces @iov, which is changed, at @offset of @fd, or keeps them for later.  @fd is
 * borrowed until the next flush.  @zeros: of so many bytes before @offset all are to be zero.
 * False: see errno; it may be about what was kept before. */
bool mig_gather_write(MigGather *gather, int fd, struct iovec *iov, int n,
                      uint64_t offset, uint64_t zeros);

/* Writes what is kept: before somebody else reads or writes there, and at the end.  False: see
 * errno. */
bool mig_gather_flush(MigGather *gather);

#endif
