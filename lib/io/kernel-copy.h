/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          moving bytes between descriptors without bringing them here.
 * Must not know: inputs, outputs, holes.
 * See also:      output.c, which reads and writes where the kernel cannot.
 */
#ifndef MIG_IO_KERNEL_COPY_H
#define MIG_IO_KERNEL_COPY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What is to be tried next; the last is never undone. */
typedef enum MigKernelWay {
    MIG_KERNEL_COPY_FILE_RANGE,
    MIG_KERNEL_SENDFILE,
    MIG_KERNEL_CANNOT,
} MigKernelWay;

/*
 * Copies 1 to @length bytes from @offset of @from to the position of @to.  Returns how
 * many; 0 when the kernel cannot or the file ends there, with *way moved on; -1 with errno
 * set, which may be EINTR or EAGAIN.
 */
ssize_t mig_kernel_copy(int from, uint64_t offset, int to, uint64_t length,
                        MigKernelWay *way);

/* File systems share whole blocks, in bytes. */
#define MIG_KERNEL_BLOCK 4096

/* Whether blocks of @from can become blocks of the file @to without being copied. */
bool mig_kernel_shares(int from, int to);

#endif
