/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a file that has no name, or a hidden one, until it is complete.
 * Must not know: what is written to it.
 * See also:      output.c, which writes to it.
 */
#include "io/output-target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "io/attributes.h"
#include "io/lock.h"
#include "io/options.h"
#include "io/patch.h"
#include "io/place.h"

#define NAME_ATTEMPTS 100 /* At a temporary name that nobody has. */

struct MigTarget {
    char *path;      /* As the caller gave it, for messages. */
    int directory;   /* Where the file is to appear, */
    char *name;      /* and its name there. */
    struct stat old; /* What had the name before, if it is to be replaced. */
    int file;        /* That one, open for writing; -1: it cannot be. */
    int fd;
    GString *lost;   /* Attributes of it that the new file does not have. */
    char *temporary; /* The hidden name, while there is one. */
    bool replace;
    bool in_place; /* @old must still have the name in the end. */
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

/* Not by GLib, which opens a file for its random numbers and without it asks the clock. */
static void new_temporary_name(MigTarget *target)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t random[12];
    char suffix[sizeof random + 1] = "";

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        memset(random, 0, sizeof random); /* The name is tried, as any other. */
    }
    for (size_t i = 0; i < sizeof random; i++) {
        suffix[i] = letters[random[i] % (sizeof letters - 1)];
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

static bool is_old(const MigTarget *target, const char *name)
{
    struct stat now;

    return fstatat(target->directory, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           now.st_dev == target->old.st_dev && now.st_ino == target->old.st_ino;
}

static bool fail_changed(const MigTarget *target, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO,
                        "%s is no longer the file that was read, and is left as it is",
                        target->path);
    return false;
}

/* What has the name, if anything.  False where it stands in the way. */
static bool look(MigTarget *target, bool *exists, GError **error)
{
    *exists =
        fstatat(target->directory, target->name, &target->old, AT_SYMLINK_NOFOLLOW) == 0;
    if (!*exists) {
        return (errno == ENOENT && !target->in_place) || fail(target, "replace", error);
    }
    if (S_ISLNK(target->old.st_mode)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s exists already, as a symbolic link", target->path);
        return false;
    }
    if (S_ISDIR(target->old.st_mode)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s is a folder, and a file name was wanted", target->path);
        return false;
    }
    if (!S_ISREG(target->old.st_mode)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "%s is no regular file",
                            target->path);
        return false;
    }
    if (!target->replace) {
        fail_exists(target, error);
    }
    return target->replace &&
           (target->in_place ||
            mig_lock_is_free(target->directory, target->name, target->path, error));
}

/* Where the ACL is lost, the mode has its mask for the group, which may be more than the
 * group had. */
static void hand_down_attributes(MigTarget *target)
{
    int old = openat(target->directory, target->name,
                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    target->lost = g_string_new(NULL);
    if (old < 0 || fstat(old, &st) != 0 || st.st_ino != target->old.st_ino ||
        st.st_dev != target->old.st_dev) {
        g_string_printf(target->lost, "extended attributes (%s)",
                        g_strerror(old < 0 ? errno : ESTALE));
    } else if (!mig_attributes_copy(old, target->fd, target->lost)) {
        fchmod(target->fd, target->old.st_mode & 0707);
    }
    if (old >= 0) {
        close(old);
    }
}

static bool hand_down(MigTarget *target, GError **error)
{
    const struct stat *old = &target->old;

    if (fchown(target->fd, old->st_uid, old->st_gid) != 0 && target->in_place) {
        return fail(target, "keep the owner of", error);
    }
    if (fchmod(target->fd, old->st_mode & 0777) != 0) {
        return fail(target, "keep the mode of", error);
    }
    hand_down_attributes(target); /* The mode again, where an ACL is part of it. */
    return true;
}

/* What is to be replaced in place may be changed in place too, if it may be written and nobody
 * else uses it. */
static bool open_old(MigTarget *target, GError **error)
{
    struct stat st;

    target->file = openat(target->directory, target->name,
                          O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (target->file < 0) {
        return true;
    }
    if (fstat(target->file, &st) != 0 || st.st_ino != target->old.st_ino ||
        st.st_dev != target->old.st_dev) {
        return fail_changed(target, error);
    }
    return mig_lock_file(target->file, target->path, error);
}

/* A new file is no more open to others than the input; what comes from elsewhere than a file
 * may be a guest's memory, which is nobody's business. */
static mode_t mode_for(const MigFileId *input)
{
    return input && S_ISREG(input->mode) ? input->mode & 0666 : 0600;
}

static bool start(MigTarget *target, const MigFileId *input, GError **error)
{
    bool exists;

    if (!look(target, &exists, error)) {
        return false;
    }
    if (target->in_place &&
        (input->device != target->old.st_dev || input->inode != target->old.st_ino)) {
        return fail_changed(target, error);
    }
    if (target->in_place && !open_old(target, error)) {
        return false;
    }
    /* What replaces a private file must not be readable by others even for a moment. */
    mode_t mode = exists ? 0600 : mode_for(input);
    if (!open_unnamed(target, mode) && !open_hidden(target, mode)) {
        return fail(target, "create", error);
    }
    return !exists || hand_down(target, error);
}

static bool take_options(MigTargetOptions *known, const MigTargetOptions *options,
                         GError **error)
{
    if (!mig_options_take(known, sizeof(*known), options, "MigTargetOptions", error)) {
        return false;
    }
    known->size = sizeof(*known);
    return true;
}

MigTarget *mig_target_new_at(int folder, const char *name, const char *path,
                             const MigTargetOptions *options, GError **error)
{
    g_autoptr(MigTarget) target = NULL;
    MigTargetOptions known;

    if (!take_options(&known, options, error)) {
        return NULL;
    }
    target = g_new0(MigTarget, 1);
    target->path = g_strdup(path);
    target->name = g_strdup(name);
    target->directory = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    target->fd = target->file = -1;
    target->in_place = known.in_place;
    target->replace = known.replace || known.in_place;
    if (known.in_place && (!known.input || !S_ISREG(known.input->mode))) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s is no regular file, and cannot be replaced in place",
                            path);
        return NULL;
    }
    if (target->directory < 0) {
        fail(target, "create", error);
        return NULL;
    }
    return start(target, known.input, error) ? g_steal_pointer(&target) : NULL;
}

MigTarget *mig_target_new(const char *path, const MigTargetOptions *options,
                          GError **error)
{
    g_autoptr(MigPlace) place = NULL;
    MigTargetOptions known;

    if (!take_options(&known, options, error)) {
        return NULL;
    }
    place = mig_place_find(path, known.replace || known.in_place, error);
    return place ? mig_target_new_at(mig_place_folder(place), mig_place_name(place), path,
                                     &known, error)
                 : NULL;
}

const char *mig_target_lost(const MigTarget *target)
{
    return target->lost && target->lost->len ? target->lost->str : NULL;
}

int mig_target_fd(const MigTarget *target)
{
    return target->fd;
}

static bool exchange(const MigTarget *target)
{
    return renameat2(target->directory, target->temporary, target->directory,
                     target->name, RENAME_EXCHANGE) == 0;
}

/* Whether what the hidden name has got is what was to be replaced; else all is put back. */
static bool keep_old(MigTarget *target)
{
    if (target->in_place && !is_old(target, target->temporary)) {
        exchange(target);
        errno = ESTALE;
        return false;
    }
    target->before = target->keep ? KEPT : GONE;
    if (!target->keep) {
        unlinkat(target->directory, target->temporary, 0);
        g_clear_pointer(&target->temporary, g_free);
    }
    return true;
}

static bool move_over(MigTarget *target)
{
    if ((target->keep || target->in_place) && exchange(target)) {
        return keep_old(target);
    }
    if (target->in_place && !is_old(target, target->name)) {
        errno = ESTALE;
        return false;
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
        exchange(target);
    }
}

/* A network file system reports errors of writing only at close(). */
static bool flush(const MigTarget *target)
{
    int copy = target->unsynced ? fcntl(target->fd, F_DUPFD_CLOEXEC, 0) : -1;

    return target->unsynced ? copy < 0 || close(copy) == 0 : fsync(target->fd) == 0;
}

/* A file without a name gets it at once, where nothing has it or is to have had it. */
static bool give_name(MigTarget *target)
{
    if (!target->in_place && link_as(target, target->name)) {
        return true;
    }
    return (target->in_place || (errno == EEXIST && target->replace)) &&
           link_over(target);
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
        named = give_name(target);
    }
    if (!named && errno == EEXIST) {
        fail_exists(target, error);
        return false;
    }
    if (!named && target->in_place && errno == ESTALE) {
        return fail_changed(target, error);
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

bool mig_target_can_patch(const MigTarget *target)
{
    return target->file >= 0 && target->old.st_nlink == 1;
}

/* Whether the file is the one that was read, as it was then. */
static bool is_as_it_was(const MigTarget *target)
{
    struct stat now;

    return is_old(target, target->name) && fstat(target->file, &now) == 0 &&
           now.st_nlink == 1 && now.st_size == target->old.st_size &&
           now.st_mtim.tv_sec == target->old.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == target->old.st_mtim.tv_nsec;
}

bool mig_target_patch(MigTarget *target, GError **error)
{
    const MigPatched file = { target->directory, target->name, target->path,
                              target->file };

    g_return_val_if_fail(mig_target_can_patch(target), false);
    if (!is_as_it_was(target)) {
        return fail_changed(target, error);
    }
    return mig_patch_apply(&file, target->fd, error);
}

void mig_target_give_up(MigTarget *target)
{
    g_clear_pointer(&target->temporary, g_free);
    target->fd = -1;
    mig_target_free(target);
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
    if (target->file >= 0) {
        close(target->file);
    }
    if (target->directory >= 0) {
        close(target->directory);
    }
    if (target->lost) {
        g_string_free(target->lost, TRUE);
    }
    g_free(target->temporary);
    g_free(target->name);
    g_free(target->path);
    g_free(target);
}
