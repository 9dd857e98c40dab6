/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see temporary.h.
 * Must not know: what is kept in them.
 * See also:      source-spool.c.
 */
#include "io/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

const char *mig_temporary_dir(const char *dir)
{
    if (!dir) {
        dir = g_getenv("TMPDIR");
    }
    return dir && *dir ? dir : "/var/tmp";
}

int mig_temporary_open(const char *dir, GError **error)
{
    const char *folder = mig_temporary_dir(dir);
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

    if (fd < 0) {
        g_autofree char *path = g_build_filename(folder, ".migstat-spool.XXXXXX", NULL);

        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0) {
            unlink(path);
        }
    }
    if (fd < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot make a temporary file in %s: %s",
                            folder, g_strerror(errno));
    }
    return fd;
}
