/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see lock.h.
 * Must not know: what is changed.
 * See also:      patch.c, journal.c.
 */
#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>

bool mig_lock_file(int fd, const char *path, GError **error)
{
    struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    if (fcntl(fd, F_OFD_SETLK, &all) != 0 && (errno == EAGAIN || errno == EACCES)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s is in use: another process has locked it", path);
        return false;
    }
    return true;
}
