/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      a file that has no name, or a hidden one, until it is complete.
 * Knows not: what is written to it.
 * Beside it: output.c, which writes to it.
 */
#include "io/output-target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_DEPTH    40  /* As the kernel follows. */
#define NAME_ATTEMPTS 100 /* At a temporary name that nobody has. */

struct MigTarget {
    char *path;    /* As the caller gave it, for messages. */
    int directory; /* Where the file is to appear, */
    char *name;    /* and its name there. */
    int fd;
    char *temporary; /* The hidden name, while there is one. */
    bool replace;
    bool unsynced;
    bool keep; /* What is replaced, until mig_target_free(). */
    enum {
        NEW,
        KEPT,
        GONE
    } before; /* What had the name: nothing, what is kept, or not. */
};

static bool fail(const MigTarget *target, const char *what, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot %s %s: %s", what, target->path,
                        g_strerror(errno));
    return false;
}

static void fail_exists(const MigTarget *target, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_USAGE, "%s exists already", target->path);
}

/* The path behind symbolic links, which need not exist. */
static char *follow_links(const char *path)
{
    char *followed = g_strdup(path);

    for (int depth = 0; depth < LINK_DEPTH; depth++) {
        g_autofree char *link = g_file_read_link(followed, NULL);
        if (!link) {
            break;
        }
        g_autofree char *directory = g_path_get_dirname(followed);
        g_free(followed);
        followed = g_path_is_absolute(link) ? g_strdup(link)
                                            : g_build_filename(directory, link, NULL);
    }
    return followed;
}

static void new_temporary_name(MigTarget *target)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    char suffix[7] = "";

    for (size_t i = 0; i < sizeof suffix - 1; i++) {
        suffix[i] = letters[g_random_int_range(0, sizeof letters - 1)];
    }
    g_free(target->temporary);
    target->temporary = g_strdup_printf(".%.200s.%s", target->name, suffix);
}

/* A file without a name can get one only through /proc. */
static bool link_as(const MigTarget *target, const char *name)
{
    char self[64];

    snprintf(self, sizeof self, "/proc/self/fd/%d", target->fd);
    return linkat(AT_FDCWD, self, target->directory, name, AT_SYMLINK_FOLLOW) == 0;
}

static bool open_unnamed(MigTarget *target, mode_t mode)
{
    if (access("/proc/self/fd", F_OK) != 0) {
        return false;
    }
    target->fd = openat(target->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    return target->fd >= 0;
}

static bool open_hidden(MigTarget *target, mode_t mode)
{
    for (int i = 0; i < NAME_ATTEMPTS; i++) {
        new_temporary_name(target);
        target->fd = openat(target->directory, target->temporary,
                            O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (target->fd >= 0) {
            return true;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    g_clear_pointer(&target->temporary, g_free);
    return false;
}

MigTarget *mig_target_new(const char *path, bool replace, bool keep_owner, GError **error)
{
    g_autofree char *followed = follow_links(path);
    g_autofree char *directory = g_path_get_dirname(followed);
    g_autoptr(MigTarget) target = g_new0(MigTarget, 1);
    struct stat old;

    target->path = g_strdup(path);
    target->name = g_path_get_basename(followed);
    target->directory = -1;
    target->fd = -1;
    target->replace = replace;

    bool exists = stat(followed, &old) == 0;
    if (exists && !S_ISREG(old.st_mode)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "%s is no regular file", path);
        return NULL;
    }
    if (exists && !replace) {
        fail_exists(target, error);
        return NULL;
    }
    if (!exists && (errno != ENOENT || keep_owner)) {
        fail(target, "replace", error);
        return NULL;
    }

    target->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target->directory < 0 && errno == EACCES) {
        /* It may be writable all the same; it just cannot be synced. */
        target->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    /* What replaces a private file must not be readable by others even for a moment. */
    mode_t mode = exists ? 0600 : 0666;
    if (target->directory < 0 ||
        (!open_unnamed(target, mode) && !open_hidden(target, mode))) {
        fail(target, "create", error);
        return NULL;
    }
    if (exists && fchown(target->fd, old.st_uid, old.st_gid) != 0 && keep_owner) {
        fail(target, "keep the owner of", error);
        return NULL;
    }
    if (exists && fchmod(target->fd, old.st_mode & 0777) != 0) {
        fail(target, "keep the mode of", error);
        return NULL;
    }
    return g_steal_pointer(&target);
}

int mig_target_fd(const MigTarget *target)
{
    return target->fd;
}

static bool move_over(MigTarget *target)
{
    if (target->keep && renameat2(target->directory, target->temporary, target->directory,
                                  target->name, RENAME_EXCHANGE) == 0) {
        target->before = KEPT; /* The hidden name is that of the old file now. */
        return true;
    }
    target->before = GONE;
    if (renameat(target->directory, target->temporary, target->directory, target->name) !=
        0) {
        return false;
    }
    g_clear_pointer(&target->temporary, g_free);
    return true;
}

/* Some file systems know no rename that spares what exists, others no hard links. */
static bool move_aside(MigTarget *target)
{
    if (renameat2(target->directory, target->temporary, target->directory, target->name,
                  RENAME_NOREPLACE) == 0) {
        g_clear_pointer(&target->temporary, g_free);
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    return linkat(target->directory, target->temporary, target->directory, target->name,
                  0) == 0; /* The hidden name goes with mig_target_free(). */
}

/* Gives a file without a name the place of another: for a moment it has a hidden name. */
static bool link_over(MigTarget *target)
{
    for (int i = 0; i < NAME_ATTEMPTS; i++) {
        new_temporary_name(target);
        if (link_as(target, target->temporary)) {
            return move_over(target);
        }
        if (errno != EEXIST) {
            break;
        }
    }
    g_clear_pointer(&target->temporary, g_free);
    return false;
}

void mig_target_leave_unsynced(MigTarget *target)
{
    target->unsynced = true;
}

void mig_target_keep_replaced(MigTarget *target)
{
    target->keep = true;
}

void mig_target_undo(MigTarget *target)
{
    if (target->before == NEW) {
        unlinkat(target->directory, target->name, 0);
    } else if (target->before == KEPT) {
        renameat2(target->directory, target->temporary, target->directory, target->name,
                  RENAME_EXCHANGE);
    }
}

/* What a file system over a network has to say of what was written, it says to close(). */
static bool flush(const MigTarget *target)
{
    int copy = target->unsynced ? fcntl(target->fd, F_DUPFD_CLOEXEC, 0) : -1;

    return target->unsynced ? copy < 0 || close(copy) == 0 : fsync(target->fd) == 0;
}

bool mig_target_commit(MigTarget *target, GError **error)
{
    bool named;

    if (!flush(target)) {
        return fail(target, "write", error);
    }
    if (target->temporary) {
        named = target->replace ? move_over(target) : move_aside(target);
    } else {
        named = link_as(target, target->name) ||
                (errno == EEXIST && target->replace && link_over(target));
    }
    if (!named && errno == EEXIST) {
        fail_exists(target, error);
        return false;
    }
    if (!named) {
        return fail(target, "create", error);
    }
    /* EBADF: it could only be opened as a path; EINVAL: the file system cannot. */
    if (!target->unsynced && fsync(target->directory) != 0 && errno != EBADF &&
        errno != EINVAL) {
        return fail(target, "sync the directory of", error);
    }
    return true;
}

void mig_target_free(MigTarget *target)
{
    if (!target) {
        return;
    }
    if (target->temporary) {
        unlinkat(target->directory, target->temporary, 0);
    }
    if (target->fd >= 0) {
        close(target->fd);
    }
    if (target->directory >= 0) {
        close(target->directory);
    }
    g_free(target->temporary);
    g_free(target->name);
    g_free(target->path);
    g_free(target);
}
