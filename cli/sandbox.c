/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      giving up rights before a stream is looked at: what the kernel then refuses.
 * Knows not: commands.
 * Beside it: cli/common.c, cli_open().
 *
 * A command that only reads opens its inputs here, and afterwards can open no file,
 * start no program, reach no network and signal nobody: a mistake in the library that a
 * hostile stream finds is worth little.  New files may still be made, for what a pipe
 * spools, without a name where possible, and threads be started.  One that writes files may
 * make new ones and give them names besides, where the kernel has Landlock in one folder only.
 * Without a kernel that can do these things, all works as before.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

#include "cli.h"
#include "io/temporary.h"

#ifndef CLI_SANDBOX
#define CLI_SANDBOX 1
#endif

/* Descriptors beyond those of the inputs, amply. */
#define OTHER_DESCRIPTORS 64u

/* Whatever the arguments.  Some exist on some architectures only, or as old and new. */
/* clang-format off */
static const char *const allowed[] = {
    /* bytes in and out */
    "read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev",
    "lseek", "_llseek", "poll", "ppoll", "ppoll_time64", "select", "_newselect",
    "pselect6", "close", "fstat", "fstat64", "newfstatat", "fstatat64", "statx",
    "fadvise64", "fadvise64_64", "arm_fadvise64_64", "readahead", "ftruncate",
    "ftruncate64", "fallocate", "fcntl", "fcntl64", "dup", "pipe2", "eventfd2",
    /* memory */
    "brk", "mmap", "mmap2", "munmap", "mprotect", "mremap", "madvise", "mincore",
    "membarrier",
    /* threads, time, signals to itself */
    "futex", "futex_time64", "futex_waitv", "set_robust_list", "rseq", "sched_yield",
    "sched_getaffinity", "getpid", "gettid", "getcpu", "clock_gettime",
    "clock_gettime64", "clock_getres", "clock_nanosleep", "clock_nanosleep_time64",
    "nanosleep", "gettimeofday", "time", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sigreturn", "sigaltstack", "restart_syscall", "getrandom",
    "sysinfo", "uname", "set_thread_area", "arch_prctl", "exit", "exit_group",
};
/* clang-format on */

/* To find a folder, give names in it, and let the kernel copy. */
static const char *const allowed_to_writers[] = {
    "access",   "faccessat", "faccessat2", "readlink",        "readlinkat", "linkat",
    "renameat", "renameat2", "unlink",     "unlinkat",        "rmdir",      "fchmod",
    "fchown",   "fchown32",  "fsync",      "copy_file_range", "sendfile",   "sendfile64",
};

static bool allow_some(scmp_filter_ctx filter)
{
    static const unsigned long requests[] = { TCGETS, TIOCGWINSZ, FIONREAD };
    bool ok = true;

    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                               SCMP_A1(SCMP_CMP_EQ, requests[i], 0)) == 0;
    }
    ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                           SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0)) == 0;
    /* A thread, but no process.  The arguments of clone3() cannot be seen, and libc tries
     * clone() when it is told that there is none. */
    ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                           SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0;
    ok &= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
    ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                           SCMP_A2(SCMP_CMP_MASKED_EQ, O_TMPFILE, O_TMPFILE)) == 0;
    /* abort() */
    ok &= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                           SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)) == 0;
    return ok;
}

static bool allow_calls(scmp_filter_ctx filter, const char *const *names, size_t n)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);

        /* Negative: not on this architecture. */
        ok &= number < 0 || seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0;
    }
    return ok;
}

/* No file that exists is opened. */
static bool allow_new_files(scmp_filter_ctx filter)
{
    const scmp_datum_t new = O_CREAT | O_EXCL;

    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, new, new)) == 0;
}

static bool allow_writing(scmp_filter_ctx filter)
{
    const scmp_datum_t folder = O_DIRECTORY;

    return allow_calls(filter, allowed_to_writers, G_N_ELEMENTS(allowed_to_writers)) &&
           allow_new_files(filter) &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_EQ, FICLONERANGE, 0)) == 0 &&
           seccomp_rule_add(
               filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
               SCMP_A2(SCMP_CMP_MASKED_EQ, folder | O_CREAT | O_ACCMODE, folder)) == 0;
}

/* What a pipe spools has no name, where the file system can do that; else it is made with
 * one that is removed at once. */
static bool spools_unnamed(void)
{
    int fd = open(mig_temporary_dir(NULL), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static bool allow_spool(scmp_filter_ctx filter)
{
    static const char *const remove[] = { "unlink", "unlinkat" };

    return spools_unnamed() ||
           (allow_new_files(filter) && allow_calls(filter, remove, G_N_ELEMENTS(remove)));
}

static void filter_calls(bool writer)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

    /* Loading sets no_new_privs. */
    if (filter && allow_some(filter) &&
        allow_calls(filter, allowed, G_N_ELEMENTS(allowed)) &&
        (writer ? allow_writing(filter) : allow_spool(filter))) {
        seccomp_load(filter);
    }
    if (filter) {
        seccomp_release(filter);
    }
}

#ifdef LANDLOCK_ACCESS_FS_MAKE_SYM

static bool allow_beneath(int ruleset, const char *folder, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = rights,
                                               .parent_fd =
                                                   open(folder, O_PATH | O_CLOEXEC) };
    bool ok = rule.parent_fd >= 0 && syscall(SYS_landlock_add_rule, ruleset,
                                             LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;

    if (rule.parent_fd >= 0) {
        close(rule.parent_fd);
    }
    return ok;
}

static void stay_in(const char *folder)
{
    const uint64_t unnamed = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
    const uint64_t named = unnamed | LANDLOCK_ACCESS_FS_READ_DIR |
                           LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;
    /* All of the first version. */
    const struct landlock_ruleset_attr handled = {
        .handled_access_fs = 2 * LANDLOCK_ACCESS_FS_MAKE_SYM - 1
    };
    g_autofree char *parent = g_build_filename(folder, "..", NULL);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);

    if (ruleset < 0) {
        return;
    }
    /* The folder itself goes if nothing comes of it. */
    if (allow_beneath(ruleset, folder, named) &&
        allow_beneath(ruleset, parent, LANDLOCK_ACCESS_FS_REMOVE_DIR) &&
        allow_beneath(ruleset, mig_temporary_dir(NULL),
                      spools_unnamed() ? unnamed : named) &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        syscall(SYS_landlock_restrict_self, ruleset, 0);
    }
    close(ruleset);
}

#else

static void stay_in(const char *folder)
{
    (void)folder;
}

#endif

/* Whether to go on: the files are open, or known not to be there. */
static bool open_files(CliCommon *common, const char *const *files, size_t n)
{
    if (!CLI_SANDBOX || common->no_sandbox || common->opened ||
        n + OTHER_DESCRIPTORS > cli_raise_descriptors()) {
        return false;
    }
    common->opened = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < n; i++) {
        int fd = -1;

        if (strcmp(files[i], "-") == 0 ||
            g_hash_table_contains(common->opened, files[i])) {
            continue;
        }
        do {
            fd = open(files[i], O_RDONLY | O_CLOEXEC | O_NOCTTY);
        } while (fd < 0 && errno == EINTR && !cli_cancelled);
        g_hash_table_insert(common->opened, (gpointer)(uintptr_t)files[i],
                            GINT_TO_POINTER(fd < 0 ? -errno : fd));
    }
    return true;
}

void cli_confine(CliCommon *common, const char *const *files, size_t n)
{
    if (open_files(common, files, n)) {
        filter_calls(false);
    }
}

void cli_confine_writer(CliCommon *common, const char *const *files, size_t n,
                        const char *folder)
{
    if (open_files(common, files, n)) {
        if (folder) {
            stay_in(folder);
        }
        filter_calls(true);
    }
}
