/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          reading and writing of descriptors until all is done.
 * Must not know: what the bytes are, and how a failure is told.
 * See also:      io/source-spool.c, and whoever keeps pages in a file.
 *
 * All of them go on after a signal and after a short count.  Where they fail, errno says
 * why.
 */
#ifndef MIG_IO_FULLY_H
#define MIG_IO_FULLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Writes @n bytes where the descriptor is. */
bool mig_write_fully(int fd, const void *data, size_t n);

/* Writes @n bytes at @offset. */
bool mig_pwrite_fully(int fd, const void *data, size_t n, uint64_t offset);

/* Writes the @n pieces @iov, which is changed, at @offset. */
bool mig_pwritev_fully(int fd, struct iovec *iov, int n, uint64_t offset);

/* Reads @n bytes at @offset; beyond the end of the file they are zeros. */
bool mig_pread_padded(int fd, void *buffer, size_t n, uint64_t offset);

#endif
