/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      giving up rights before a stream is looked at: what the kernel then refuses.
 * Knows not: commands.
 * Beside it: cli/common.c, cli_open().
 *
 * A command that only reads opens its inputs here, and afterwards can open no file,
 * start no program, reach no network and signal nobody: a mistake in the library that a
 * hostile stream finds is worth little.  Files without a name may still be made, for
 * what a pipe spools, and threads be started.  Without a kernel that filters system
 * calls, all works as before.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "cli.h"

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
    "brk", "mmap", "mmap2", "munmap", "mprotect", "mremap", "madvise", "membarrier",
    /* threads, time, signals to itself */
    "futex", "futex_time64", "futex_waitv", "set_robust_list", "rseq", "sched_yield",
    "sched_getaffinity", "getpid", "gettid", "getcpu", "clock_gettime",
    "clock_gettime64", "clock_getres", "clock_nanosleep", "clock_nanosleep_time64",
    "nanosleep", "gettimeofday", "time", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sigreturn", "sigaltstack", "restart_syscall", "getrandom",
    "sysinfo", "uname", "set_thread_area", "arch_prctl", "exit", "exit_group",
};
/* clang-format on */

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

static bool allow_all(scmp_filter_ctx filter)
{
    bool ok = allow_some(filter);

    for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) {
        int number = seccomp_syscall_resolve_name(allowed[i]);

        /* Negative: not on this architecture. */
        ok &= number < 0 || seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0;
    }
    return ok;
}

static void enter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

    /* Loading sets no_new_privs. */
    if (filter && allow_all(filter)) {
        seccomp_load(filter);
    }
    if (filter) {
        seccomp_release(filter);
    }
}

void cli_confine(CliCommon *common, const char *const *files, size_t n)
{
    if (!CLI_SANDBOX || common->no_sandbox ||
        n + OTHER_DESCRIPTORS > cli_raise_descriptors()) {
        return;
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
        } while (fd < 0 && errno == EINTR);
        g_hash_table_insert(common->opened, (gpointer)(uintptr_t)files[i],
                            GINT_TO_POINTER(fd < 0 ? -errno : fd));
    }
    enter();
}
