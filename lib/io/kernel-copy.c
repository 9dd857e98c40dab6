/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          moving bytes between descriptors without bringing them here.
 * Must not know: inputs, outputs, holes.
 * See also:      output.c, which reads and writes where the kernel cannot.
 */
#include "io/kernel-copy.h"

#include <errno.h>
#include <glib.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* Per call, so that a caller can stop between two. */
#define STEP ((uint64_t)64 << 20)

/* A run that begins inside of a block gets to its end first. */
static uint64_t step_length(uint64_t offset, uint64_t length)
{
    if (offset % MIG_KERNEL_BLOCK != 0) {
        return MIN(length, MIG_KERNEL_BLOCK - offset % MIG_KERNEL_BLOCK);
    }
    length = MIN(length, STEP);
    return length > MIG_KERNEL_BLOCK ? length - length % MIG_KERNEL_BLOCK : length;
}

static bool cannot(int code)
{
    switch (code) {
    case EXDEV:  /* Another file system. */
    case EINVAL: /* No regular file, or one opened for appending. */
    case EBADF:  /* The same. */
    case ENOSYS:
    case EOPNOTSUPP:
    case EPERM:   /* A sandbox. */
    case ETXTBSY: /* A swap file. */
        return true;
    default:
        return false;
    }
}

ssize_t mig_kernel_copy(int from, uint64_t offset, int to, uint64_t length,
                        MigKernelWay *way)
{
    while (*way != MIG_KERNEL_CANNOT) {
        off_t position = (off_t)offset;
        size_t n = (size_t)step_length(offset, length);
        ssize_t done = *way == MIG_KERNEL_COPY_FILE_RANGE
                           ? copy_file_range(from, &position, to, NULL, n, 0)
                           : sendfile(to, from, &position, n);

        if (done > 0 || (done < 0 && !cannot(errno))) {
            return done;
        }
        (*way)++;
    }
    return 0;
}

bool mig_kernel_shares(int from, int to)
{
    /* No file system can do this; one that can share blocks at all says EINVAL. */
    struct file_clone_range odd = { .src_fd = from, .src_length = 1, .dest_offset = 1 };

    return ioctl(to, FICLONERANGE, &odd) != 0 && errno == EINVAL;
}
