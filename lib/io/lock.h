/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          that nobody else changes a file while it is changed here, as far as others
 *                ask for locks, as QEMU and libvirt do.
 * Must not know: what is changed.
 * See also:      io/patch.h.
 */
#ifndef MIG_IO_LOCK_H
#define MIG_IO_LOCK_H

#include "io/error.h"

/* Locks all of @fd, which is open for writing, until its last copy is closed.  A file system that
 * has no locks has none to respect.  @path is for messages.  Errors: USAGE where another process
 * has a lock. */
bool mig_lock_file(int fd, const char *path, GError **error);

/* Whether nobody has locked any of the file @name in @folder; what may not be read is not known to be.
 * Nothing is locked.  As above. */
bool mig_lock_is_free(int folder, const char *name, const char *path, GError **error);

#endif
