/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see lock.h.
 * Must not know: what is changed.
 * See also:      patch.c, journal.c.
 */
#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool refuse(const char *path, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_USAGE,
                        "%s is in use: another process has locked it", path);
    return false;
}

bool mig_lock_file(int fd, const char *path, GError **error)
{
    struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    return fcntl(fd, F_OFD_SETLK, &all) == 0 || (errno != EAGAIN && errno != EACCES) ||
           refuse(path, error);
}

bool mig_lock_is_free(int folder, const char *name, const char *path, GError **error)
{
    struct flock other = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd =
        openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool is_locked =
        fd >= 0 && fcntl(fd, F_OFD_GETLK, &other) == 0 && other.l_type != F_UNLCK;

    if (fd >= 0) {
        close(fd);
    }
    return !is_locked || refuse(path, error);
}
