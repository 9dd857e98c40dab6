/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see fully.h.
 * Must not know: what the bytes are.
 * See also:      io/source-spool.c.
 */
#include "io/fully.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Whether to try again after @done, what a system call returned; sets errno if it wrote
 * nothing and did not say why. */
static bool goes_on(ssize_t done)
{
    if (done == 0) {
        errno = ENOSPC;
    }
    return done > 0 || (done < 0 && errno == EINTR);
}

bool mig_write_fully(int fd, const void *data, size_t n)
{
    const uint8_t *p = data;

    while (n > 0) {
        ssize_t done = write(fd, p, n);

        if (!goes_on(done)) {
            return false;
        }
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

bool mig_pwrite_fully(int fd, const void *data, size_t n, uint64_t offset)
{
    struct iovec iov = { (void *)(uintptr_t)data, n };

    return n == 0 || mig_pwritev_fully(fd, &iov, 1, offset);
}

bool mig_pwritev_fully(int fd, struct iovec *iov, int n, uint64_t offset)
{
    while (n > 0) {
        ssize_t done = pwritev(fd, iov, n, (off_t)offset);

        if (!goes_on(done)) {
            return false;
        }
        done = done > 0 ? done : 0;
        offset += (uint64_t)done;
        for (; n > 0 && (size_t)done >= iov->iov_len; iov++, n--) {
            done -= (ssize_t)iov->iov_len;
        }
        if (n > 0) {
            iov->iov_base = (uint8_t *)iov->iov_base + done;
            iov->iov_len -= (size_t)done;
        }
    }
    return true;
}

bool mig_pread_padded(int fd, void *buffer, size_t n, uint64_t offset)
{
    uint8_t *p = buffer;

    while (n > 0) {
        ssize_t got = pread(fd, p, n, (off_t)offset);

        if (got < 0 && errno != EINTR) {
            return false;
        }
        if (got == 0) {
            memset(p, 0, n);
            return true;
        }
        got = got > 0 ? got : 0;
        p += got;
        n -= (size_t)got;
        offset += (uint64_t)got;
    }
    return true;
}
