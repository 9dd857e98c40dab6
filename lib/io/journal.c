/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see journal.h.
 * Must not know: why a file changes.
 * See also:      patch.c.
 *
 * Undoing compares before it writes: what is as it was is not written, so that a hole that was
 * never filled needs no space, and undoing again does nothing.
 */
#include "io/journal.h"
#include "io/journal-private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fully.h"
#include "io/lock.h"
#include "io/output-target.h"
#include "io/place.h"

#define VERSION 1
#define PIECE   ((size_t)256 << 10)
#define DIGEST  32u

/* As the file has it, all numbers big-endian. */
typedef struct Header {
    char magic[8];
    uint32_t version, reserved;
    uint64_t device, inode, size, n_ranges;
} Header;

static const char magic[8] = { 'M', 'I', 'G', 'S', 'U', 'N', 'D', 'O' };

/* A journal that was opened to be read. */
typedef struct Journal {
    int fd;
    uint64_t device, inode, size;
    GArray *ranges;  /* MigRange */
    uint64_t data;   /* where the old bytes begin */
    uint64_t digest; /* where they end */
    uint8_t piece[PIECE], now[PIECE];
} Journal;

static void journal_free(Journal *journal)
{
    if (journal->fd >= 0) {
        close(journal->fd);
    }
    if (journal->ranges) {
        g_array_unref(journal->ranges);
    }
    g_free(journal);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_free)

static char *journal_name(const char *name)
{
    return g_strdup_printf(".%s.migstat-undo", name);
}

static bool fail(const char *what, const MigPatched *file, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot %s %s: %s", what, file->path,
                        g_strerror(errno));
    return false;
}

static bool refuse(const MigPatched *file, const char *why, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_REFUSED,
                        "the journal beside %s %s, and nothing was undone", file->path,
                        why);
    return false;
}

/* --- writing --- */

/* Appends @n bytes to the journal, and to its checksum. */
static bool append(int fd, GChecksum *sum, const void *data, size_t n)
{
    g_checksum_update(sum, data, (gssize)n);
    return mig_write_fully(fd, data, n);
}

static bool append_table(int fd, GChecksum *sum, const struct stat *st,
                         const GArray *ranges)
{
    Header header = { .version = GUINT32_TO_BE(VERSION),
                      .device = GUINT64_TO_BE(st->st_dev),
                      .inode = GUINT64_TO_BE(st->st_ino),
                      .size = GUINT64_TO_BE(st->st_size),
                      .n_ranges = GUINT64_TO_BE(ranges->len) };

    memcpy(header.magic, magic, sizeof magic);
    if (!append(fd, sum, &header, sizeof header)) {
        return false;
    }
    for (guint i = 0; i < ranges->len; i++) {
        const MigRange *range = &g_array_index(ranges, MigRange, i);
        MigRange wire = { GUINT64_TO_BE(range->offset), GUINT64_TO_BE(range->length) };

        if (!append(fd, sum, &wire, sizeof wire)) {
            return false;
        }
    }
    return true;
}

static bool append_old(int fd, GChecksum *sum, int file, const MigRange *range)
{
    g_autofree uint8_t *piece = g_malloc(PIECE);
    uint64_t n;

    for (uint64_t done = 0; done < range->length; done += n) {
        n = MIN(range->length - done, PIECE);
        if (!mig_pread_padded(file, piece, n, range->offset + done) ||
            !append(fd, sum, piece, n)) {
            return false;
        }
    }
    return true;
}

static bool append_all(int fd, const MigPatched *file, const GArray *ranges)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t digest[DIGEST];
    gsize n = sizeof digest;
    struct stat st;

    if (fstat(file->fd, &st) != 0 || !append_table(fd, sum, &st, ranges)) {
        return false;
    }
    for (guint i = 0; i < ranges->len; i++) {
        if (!append_old(fd, sum, file->fd, &g_array_index(ranges, MigRange, i))) {
            return false;
        }
    }
    g_checksum_get_digest(sum, digest, &n);
    return mig_write_fully(fd, digest, n);
}

/* Takes the name back from a journal that may not have reached the disk, if it has one: nothing
 * was changed yet. */
static void withdraw(const MigPatched *file, const char *name, int fd)
{
    struct stat ours, named;

    if (fstat(fd, &ours) == 0 &&
        fstatat(file->folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) {
        unlinkat(file->folder, name, 0);
    }
}

bool mig_journal_write(const MigPatched *file, const GArray *ranges, GError **error)
{
    g_autofree char *name = journal_name(file->name);
    g_autofree char *path = g_strdup_printf("the journal of %s", file->path);
    g_autoptr(MigTarget) target =
        mig_target_new_at(file->folder, name, path, NULL, error);

    if (!target) {
        return false;
    }
    /* Whatever the umask is, and whatever default ACL the folder has. */
    if (fchmod(mig_target_fd(target), 0600) != 0 ||
        !append_all(mig_target_fd(target), file, ranges)) {
        return fail("write the journal of", file, error);
    }
    if (!mig_target_commit(target, error)) {
        withdraw(file, name, mig_target_fd(target));
        return false;
    }
    return true;
}

/* EBADF: the folder could only be opened as a path; EINVAL: the file system cannot. */
static bool sync_folder(const MigPatched *file)
{
    return fsync(file->folder) == 0 || errno == EBADF || errno == EINVAL;
}

bool mig_journal_remove(const MigPatched *file, GError **error)
{
    g_autofree char *name = journal_name(file->name);

    return (unlinkat(file->folder, name, 0) == 0 && sync_folder(file)) ||
           fail("remove the journal of", file, error);
}

/* --- reading --- */

static Journal *open_journal(const MigPatched *file, GError **error)
{
    g_autofree char *name = journal_name(file->name);
    g_autoptr(Journal) journal = g_new0(Journal, 1);
    struct stat st;

    journal->fd = openat(file->folder, name,
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (journal->fd < 0 && errno == ENOENT) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s has no journal: no change of it was broken off",
                            file->path);
        return NULL;
    }
    if (journal->fd < 0 || fstat(journal->fd, &st) != 0) {
        fail("read the journal of", file, error);
        return NULL;
    }
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 07777) != 0600 ||
        st.st_nlink != 1) {
        refuse(file, "is not a file of this user, with mode 0600 and one name", error);
        return NULL;
    }
    journal->digest = (uint64_t)st.st_size - MIN((uint64_t)st.st_size, DIGEST);
    return g_steal_pointer(&journal);
}

/* Whether what comes before the digest has that digest. */
static bool is_whole(Journal *journal)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t stated[DIGEST], digest[DIGEST];
    gsize n = sizeof digest;

    for (uint64_t at = 0; at < journal->digest;) {
        size_t piece = MIN(journal->digest - at, PIECE);

        if (!mig_pread_padded(journal->fd, journal->piece, piece, at)) {
            return false;
        }
        g_checksum_update(sum, journal->piece, (gssize)piece);
        at += piece;
    }
    g_checksum_get_digest(sum, digest, &n);
    return mig_pread_padded(journal->fd, stated, sizeof stated, journal->digest) &&
           memcmp(stated, digest, sizeof digest) == 0;
}

/* Whether the ranges are in order, within the old size, and their bytes are all there. */
static bool take_ranges(Journal *journal, uint64_t n)
{
    uint64_t end = 0, sum = 0;

    if (n > MIG_PATCH_RANGES_MAX) {
        return false;
    }
    journal->data = sizeof(Header) + n * sizeof(MigRange);
    journal->ranges = g_array_new(FALSE, FALSE, sizeof(MigRange));
    for (uint64_t i = 0; i < n; i++) {
        MigRange range;

        if (!mig_pread_padded(journal->fd, &range, sizeof range,
                              sizeof(Header) + i * sizeof range)) {
            return false;
        }
        range.offset = GUINT64_FROM_BE(range.offset);
        range.length = GUINT64_FROM_BE(range.length);
        if (range.offset < end || range.offset > journal->size ||
            range.length > journal->size - range.offset) {
            return false;
        }
        end = range.offset + range.length;
        sum += range.length;
        g_array_append_val(journal->ranges, range);
    }
    return journal->digest >= journal->data && journal->digest - journal->data == sum;
}

static bool read_journal(Journal *journal)
{
    Header header;

    if (!is_whole(journal) || !mig_pread_padded(journal->fd, &header, sizeof header, 0) ||
        memcmp(header.magic, magic, sizeof magic) != 0 ||
        header.version != GUINT32_TO_BE(VERSION)) {
        return false;
    }
    journal->device = GUINT64_FROM_BE(header.device);
    journal->inode = GUINT64_FROM_BE(header.inode);
    journal->size = GUINT64_FROM_BE(header.size);
    return journal->size <= INT64_MAX &&
           take_ranges(journal, GUINT64_FROM_BE(header.n_ranges));
}

/* --- undoing --- */

/* @from: where the bytes of @range are in the journal. */
static bool undo_range(Journal *journal, int fd, const MigRange *range, uint64_t from)
{
    size_t n;

    for (uint64_t done = 0; done < range->length; done += n) {
        n = MIN(range->length - done, PIECE);
        if (!mig_pread_padded(journal->fd, journal->piece, n, from + done) ||
            !mig_pread_padded(fd, journal->now, n, range->offset + done)) {
            return false;
        }
        if (memcmp(journal->piece, journal->now, n) != 0 &&
            !mig_pwrite_fully(fd, journal->piece, n, range->offset + done)) {
            return false;
        }
    }
    return true;
}

static bool undo_all(Journal *journal, int fd)
{
    uint64_t from = journal->data;

    for (guint i = 0; i < journal->ranges->len; i++) {
        const MigRange *range = &g_array_index(journal->ranges, MigRange, i);

        if (!undo_range(journal, fd, range, from)) {
            return false;
        }
        from += range->length;
    }
    return ftruncate(fd, (off_t)journal->size) == 0 && fsync(fd) == 0;
}

bool mig_journal_undo(const MigPatched *file, bool any_device, GError **error)
{
    g_autoptr(Journal) journal = open_journal(file, error);
    struct stat st;

    if (!journal) {
        return false;
    }
    if (fstat(file->fd, &st) != 0) {
        return fail("read", file, error);
    }
    if (!read_journal(journal)) {
        return refuse(file, "is damaged", error);
    }
    if (journal->inode != st.st_ino) {
        return refuse(file, "is of another file", error);
    }
    if (journal->device != st.st_dev && !any_device) {
        return refuse(file,
                      "names another device, as after a new start of the machine "
                      "(--any-device leaves that out of the comparison)",
                      error);
    }
    return (undo_all(journal, file->fd) || fail("write", file, error)) &&
           mig_journal_remove(file, error);
}

bool mig_journal_exists(const char *path)
{
    g_autofree char *real = realpath(path, NULL);
    g_autofree char *folder = real ? g_path_get_dirname(real) : NULL;
    g_autofree char *base = real ? g_path_get_basename(real) : NULL;
    g_autofree char *name = base ? journal_name(base) : NULL;
    g_autofree char *journal = name ? g_build_filename(folder, name, NULL) : NULL;
    struct stat st;

    return journal && lstat(journal, &st) == 0;
}

bool mig_journal_recover(const char *path, bool any_device, GError **error)
{
    g_autoptr(MigPlace) place = mig_place_find(path, true, error);
    MigPatched file = { .path = path };
    struct stat st;
    bool ok;

    if (!place) {
        return false;
    }
    file.folder = mig_place_folder(place);
    file.name = mig_place_name(place);
    file.fd = openat(file.folder, file.name,
                     O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file.fd < 0 || fstat(file.fd, &st) != 0) {
        ok = fail("open", &file, error);
    } else if (!S_ISREG(st.st_mode)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "%s is no regular file", path);
        ok = false;
    } else {
        ok = mig_lock_file(file.fd, path, error) &&
             mig_journal_undo(&file, any_device, error);
    }
    if (file.fd >= 0) {
        close(file.fd);
    }
    return ok;
}
