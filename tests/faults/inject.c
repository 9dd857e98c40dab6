/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          system calls that fail when a test says so: a library to be preloaded.
 * Must not know: the program.
 * See also:      ../cli/test-faults.c, which sets the environment and judges.
 *
 *   FAULT_CALL=NAME   a name of the table below
 *   FAULT_AT=N        its N-th call, from 1; 0: each call, save that every other one
 *                     works where the fault would otherwise never end
 *   FAULT_WHAT        a number: errno; "short": half of what was asked for; "signal:N":
 *                     the thread gets it, and the call goes on; "truncate:PATH": half
 *                     of that file goes once its size was asked for, and the call goes on
 *   FAULT_LOG=PATH    gets a line "NAME calls" for each name, and "fired N": only what
 *                     truly came about, sandbox or not
 *   FAULT_RECORD=PATH gets what each call that changes a file does, in order: a line "WHAT INODE
 *                     OFFSET LENGTH NAME", and then the LENGTH bytes that are written
 *   FAULT_TMPFILE=no  a file system that has no files without a name
 *
 * Only calls that the program makes itself pass here, not those that libc makes for
 * stdio.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Where a long has 32 bits, offsets of 64 have calls of their own. */
#ifdef SYS__llseek
enum { FTRUNCATE = SYS_ftruncate64, SENDFILE = SYS_sendfile64 };
#else
enum { FTRUNCATE = SYS_ftruncate, SENDFILE = SYS_sendfile };
#endif

/* clang-format off */
#define CALLS(X)                                                                \
    X(read)                                                                     \
    X(pread)                                                                    \
    X(write) X(pwrite) X(pwritev) X(fsync) X(rename) X(link) X(copy_file_range) \
        X(sendfile) X(splice) X(open) X(ftruncate) X(lseek) X(fchmod) X(unlink)
/* clang-format on */

typedef enum {
#define X(name) CALL_##name,
    CALLS(X)
#undef X
        N_CALLS
} Call;

static const char *const names[N_CALLS] = {
#define X(name) #name,
    CALLS(X)
#undef X
};

/* Shared by the processes that the program forks. */
static struct {
    unsigned counts[N_CALLS], fired;
} unshared, *shared = &unshared;
static Call wanted = N_CALLS;
static unsigned at;
static const char *what = "";
static int log_fd = -1, record_fd = -1, no_tmpfile;

/* What is to shrink is opened before there is a sandbox, which allows no truncate(). */
static int shrinking = -1, measured;
static struct stat64 whole;

__attribute__((constructor)) static void set_up(void)
{
    void *memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const char *name = getenv("FAULT_CALL"), *number = getenv("FAULT_AT"),
               *log = getenv("FAULT_LOG"), *record = getenv("FAULT_RECORD");

    shared = memory == MAP_FAILED ? shared : memory;
    for (unsigned i = 0; name && i < N_CALLS; i++) {
        wanted = strcmp(name, names[i]) == 0 ? (Call)i : wanted;
    }
    at = number ? (unsigned)strtoul(number, NULL, 10) : 0;
    what = getenv("FAULT_WHAT") ? getenv("FAULT_WHAT") : "";
    no_tmpfile = getenv("FAULT_TMPFILE") != NULL;
    if (log) {
        log_fd =
            (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    }
    if (record) {
        record_fd = (int)syscall(SYS_openat, AT_FDCWD, record,
                                 O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    }
    if (strncmp(what, "truncate:", 9) == 0) {
        shrinking = (int)syscall(SYS_openat, AT_FDCWD, what + 9, O_WRONLY | O_CLOEXEC);
        fstat64(shrinking, &whole);
    }
}

__attribute__((destructor)) static void tell(void)
{
    char line[64];

    for (unsigned i = 0; log_fd >= 0 && i <= N_CALLS; i++) {
        int n = snprintf(line, sizeof line, "%s %u\n", i < N_CALLS ? names[i] : "fired",
                         i < N_CALLS ? shared->counts[i] : shared->fired);
        syscall(SYS_write, log_fd, line, (size_t)n);
    }
}

/* One that shrinks before the program knows its size is just a shorter file.  The size of
 * each is asked for just before the offset. */
static void note_measured(int fd)
{
    struct stat64 st;

    if (shrinking >= 0 && fstat64(fd, &st) == 0 && st.st_ino == whole.st_ino &&
        st.st_dev == whole.st_dev) {
        measured = 1;
    }
}

/* Like kill(), which a sandbox does not allow. */
static int happens_beside(void)
{
    if (strncmp(what, "signal:", 7) == 0) {
        return syscall(SYS_tgkill, getpid(), gettid(), atoi(what + 7)) == 0;
    }
    return measured && syscall(FTRUNCATE, shrinking, (off64_t)(whole.st_size / 2)) == 0;
}

/* Whether the call is to fail, with errno set; `length` (may be NULL) may become
 * shorter. */
static int fails(Call call, size_t *length)
{
    unsigned n = __atomic_add_fetch(&shared->counts[call], 1, __ATOMIC_RELAXED);
    int is_short = strcmp(what, "short") == 0;

    if (call != wanted || (at ? n != at : !is_short && n % 2 == 0)) {
        return 0;
    }
    if (is_short) {
        if (length && *length > 1) {
            *length /= 2;
            __atomic_add_fetch(&shared->fired, 1, __ATOMIC_RELAXED);
        }
        return 0;
    }
    if (strchr(what, ':')) {
        __atomic_add_fetch(&shared->fired, (unsigned)happens_beside(), __ATOMIC_RELAXED);
        return 0;
    }
    __atomic_add_fetch(&shared->fired, 1, __ATOMIC_RELAXED);
    errno = atoi(what);
    return 1;
}

/* @fd is the file; @data may be NULL. */
static void record(const char *call, int fd, off64_t offset, const void *data, size_t n,
                   const char *name)
{
    struct stat64 st;
    char line[512];
    int length;

    if (record_fd < 0 || fstat64(fd, &st) != 0) {
        return;
    }
    length = snprintf(line, sizeof line, "%s %llu %lld %zu %s\n", call,
                      (unsigned long long)st.st_ino, (long long)offset, n, name);
    syscall(SYS_write, record_fd, line, (size_t)length);
    syscall(SYS_write, record_fd, data, n);
}

/* The program closes what it has inherited; what is open here is not that. */
int close_range(unsigned first, unsigned last, int flags)
{
    const unsigned own[] = { (unsigned)log_fd, (unsigned)shrinking, (unsigned)record_fd };

    for (int i = 0; i < 3; i++) {
        if (own[i] >= first && own[i] <= last) {
            return (own[i] > first ? close_range(first, own[i] - 1, flags) : 0) |
                   (own[i] < last ? close_range(own[i] + 1, last, flags) : 0);
        }
    }
    return (int)syscall(SYS_close_range, first, last, flags);
}

ssize_t read(int fd, void *buffer, size_t n)
{
    return fails(CALL_read, &n) ? -1 : syscall(SYS_read, fd, buffer, n);
}

ssize_t write(int fd, const void *buffer, size_t n)
{
    if (fails(CALL_write, &n)) {
        return -1;
    }
    if (record_fd >= 0) {
        record("write", fd, lseek64(fd, 0, SEEK_CUR), buffer, n, "");
    }
    return syscall(SYS_write, fd, buffer, n);
}

ssize_t pread64(int fd, void *buffer, size_t n, off64_t offset)
{
    return fails(CALL_pread, &n) ? -1 : syscall(SYS_pread64, fd, buffer, n, offset);
}

ssize_t pwrite64(int fd, const void *buffer, size_t n, off64_t offset)
{
    return fails(CALL_pwrite, &n) ? -1 : syscall(SYS_pwrite64, fd, buffer, n, offset);
}

ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t offset)
{
    struct iovec first = *iov;

    if (fails(CALL_pwritev, &first.iov_len)) {
        return -1;
    }
    if (first.iov_len < iov->iov_len) {
        return syscall(SYS_pwrite64, fd, first.iov_base, first.iov_len, offset);
    }
    for (size_t i = 0, done = 0; i < (size_t)count; done += iov[i++].iov_len) {
        record("write", fd, offset + (off64_t)done, iov[i].iov_base, iov[i].iov_len, "");
    }
    return syscall(SYS_pwritev, fd, iov, count, (long)offset,
                   (long)((uint64_t)offset >> 32));
}

int fsync(int fd)
{
    if (fails(CALL_fsync, NULL)) {
        return -1;
    }
    record("sync", fd, 0, NULL, 0, "");
    return (int)syscall(SYS_fsync, fd);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return fails(CALL_rename, NULL)
               ? -1
               : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    return fails(CALL_rename, NULL)
               ? -1
               : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    const char *number = strrchr(from, '/');

    if (fails(CALL_link, NULL)) {
        return -1;
    }
    if (number) {
        record("link", atoi(number + 1), 0, NULL, 0, to);
    }
    return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int unlinkat(int dir, const char *name, int flags)
{
    if (fails(CALL_unlink, NULL)) {
        return -1;
    }
    record("unlink", dir, 0, NULL, 0, name);
    return (int)syscall(SYS_unlinkat, dir, name, flags);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t n,
                        unsigned flags)
{
    return fails(CALL_copy_file_range, &n)
               ? -1
               : syscall(SYS_copy_file_range, from, from_at, to, to_at, n, flags);
}

ssize_t sendfile64(int to, int from, off64_t *from_at, size_t n)
{
    return fails(CALL_sendfile, &n) ? -1 : syscall(SENDFILE, to, from, from_at, n);
}

ssize_t splice(int from, off64_t *from_at, int to, off64_t *to_at, size_t n,
               unsigned flags)
{
    return fails(CALL_splice, &n)
               ? -1
               : syscall(SYS_splice, from, from_at, to, to_at, n, flags);
}

int ftruncate64(int fd, off64_t length)
{
    if (fails(CALL_ftruncate, NULL)) {
        return -1;
    }
    record("truncate", fd, length, NULL, 0, "");
    return (int)syscall(FTRUNCATE, fd, length);
}

off64_t lseek64(int fd, off64_t offset, int whence)
{
    note_measured(fd);
    if (fails(CALL_lseek, NULL)) {
        return -1;
    }
#ifdef SYS__llseek
    off64_t reached;
    long status =
        syscall(SYS__llseek, fd, (long)(offset >> 32), (long)offset, &reached, whence);
    return status == 0 ? reached : -1;
#else
    return syscall(SYS_lseek, fd, offset, whence);
#endif
}

int fchmod(int fd, mode_t mode)
{
    return fails(CALL_fchmod, NULL) ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

static int is_unnamed(int flags)
{
    return (flags & O_TMPFILE) == O_TMPFILE;
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & O_CREAT || is_unnamed(flags) ? va_arg(arguments, mode_t) : 0;
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    if (fails(CALL_open, NULL)) {
        return -1;
    }
    if (no_tmpfile && is_unnamed(flags)) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_at(dir, path, flags, mode);
}
