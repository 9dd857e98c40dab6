/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which system calls can still be made, and with which arguments: seccomp.
 * Must not know: files; sandbox-files.c does.
 * See also:      sandbox.h.
 *
 * All others fail with EPERM, and those of another architecture end the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox.h"

/* Whatever the arguments.  Some exist on some architectures only, or as old and new. */
/* clang-format off */
static const char *const allowed[] = {
    /* bytes in and out */
    "read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev",
    "lseek", "_llseek", "poll", "ppoll", "ppoll_time64", "select", "_newselect",
    "pselect6", "close", "fstat", "fstat64", "fadvise64", "fadvise64_64",
    "arm_fadvise64_64", "readahead", "ftruncate", "ftruncate64", "fallocate",
    /* memory */
    "brk", "munmap", "mremap", "madvise", "mincore", "membarrier",
    /* threads, time, signals to itself */
    "futex", "futex_time64", "futex_waitv", "set_robust_list", "rseq", "sched_yield",
    "sched_getaffinity", "getpid", "gettid", "getcpu", "clock_gettime",
    "clock_gettime64", "clock_getres", "clock_nanosleep", "clock_nanosleep_time64",
    "nanosleep", "gettimeofday", "time", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sigreturn", "sigaltstack", "restart_syscall", "getrandom",
    "sysinfo", "uname", "set_thread_area", "arch_prctl", "exit", "exit_group",
};

static const char *const allowed_to_writers[] = {
    "copy_file_range", "sendfile", "sendfile64", "sync_file_range", "sync_file_range2",
};

static const char *const allowed_to_links[] = { "shutdown", "pipe2", "splice" };
/* clang-format on */

/* One system call with one argument that decides. */
typedef struct Rule {
    const char *call;
    unsigned argument;
    scmp_datum_t mask, value;
} Rule;

#define ALL (~(scmp_datum_t)0)

/* Not CLONE_NEWCGROUP and its like, which the kernel would give root. */
#define NAMESPACES                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
     CLONE_NEWPID | CLONE_NEWNET)

/* Which argument of clone() has the flags: clone(2), "C library/kernel differences". */
#if defined(__s390__) || defined(__cris__)
#define CLONE_ARGUMENT 1
#else
#define CLONE_ARGUMENT 0
#endif

/* No lock but on its own descriptors, no signal to anybody when bytes come. */
static const int descriptor_commands[] = {
    F_GETFL,      F_GETFD,     F_SETFD,      F_DUPFD_CLOEXEC, F_SETPIPE_SZ,
    F_GETPIPE_SZ, F_OFD_SETLK, F_OFD_SETLKW, F_OFD_GETLK,
};

/* struct flock has two lengths on 32-bit systems, and a set of commands for each. */
static const int lock_commands[] = {
    F_GETLK,   F_SETLK,   F_SETLKW,
#if defined(F_GETLK64) && !defined(__LP64__)
    F_GETLK64, F_SETLK64, F_SETLKW64,
#endif
};

static const Rule rules[] = {
    { "ioctl", 1, ALL, TCGETS },
    { "ioctl", 1, ALL, TIOCGWINSZ },
    { "ioctl", 1, ALL, FIONREAD },
    { "prctl", 0, ALL, PR_SET_NAME },
    /* What is open; a path could still be given, so that names can be tried. */
    { "newfstatat", 3, AT_EMPTY_PATH, AT_EMPTY_PATH },
    { "fstatat64", 3, AT_EMPTY_PATH, AT_EMPTY_PATH },
    { "statx", 2, AT_EMPTY_PATH, AT_EMPTY_PATH },
    /* Memory that is no program. */
    { "mmap", 2, PROT_EXEC, 0 },
    { "mmap2", 2, PROT_EXEC, 0 },
    { "mprotect", 2, PROT_EXEC, 0 },
    /* A thread, but no process. */
    { "clone", CLONE_ARGUMENT, CLONE_THREAD | NAMESPACES, CLONE_THREAD },
};

/* mig_temporary_open(), to the bit: of a file that can get no name, and of one that is
 * removed at once where the file system has none such. */
#define OPEN_FLAGS (ALL & ~(scmp_datum_t)O_LARGEFILE)

static const Rule spool_unnamed = { "openat", 2, OPEN_FLAGS,
                                    O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL };
static const Rule spool_named = { "openat", 2, OPEN_FLAGS,
                                  O_CREAT | O_RDWR | O_CLOEXEC | O_EXCL };
static const char *const spool_removal[] = { "unlink", "unlinkat" };

static bool allow_call(scmp_filter_ctx filter, const char *name, unsigned n,
                       const struct scmp_arg_cmp *arguments)
{
    int number = seccomp_syscall_resolve_name(name);

    /* Negative: not on this architecture. */
    return number < 0 ||
           seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, n, arguments) == 0;
}

static bool allow_calls(scmp_filter_ctx filter, const char *const *names, size_t n)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        ok &= allow_call(filter, names[i], 0, NULL);
    }
    return ok;
}

static bool allow_rule(scmp_filter_ctx filter, const Rule *rule)
{
    const struct scmp_arg_cmp argument = { rule->argument, SCMP_CMP_MASKED_EQ, rule->mask,
                                           rule->value };

    return allow_call(filter, rule->call, 1, &argument);
}

/* Where the first argument is @value. */
static bool allow_first(scmp_filter_ctx filter, const char *name, int value)
{
    return allow_rule(filter, &(Rule){ name, 0, ALL, (scmp_datum_t)value });
}

static bool allow_commands(scmp_filter_ctx filter, const int *commands, size_t n)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        const scmp_datum_t command = (scmp_datum_t)commands[i];

        ok &= allow_rule(filter, &(Rule){ "fcntl", 1, ALL, command }) &&
              allow_rule(filter, &(Rule){ "fcntl64", 1, ALL, command });
    }
    return ok;
}

static bool allow_descriptors(scmp_filter_ctx filter)
{
    /* Not SCMP_A1() and its like, which leave a member out, and clang says so. */
    const struct scmp_arg_cmp flags[] = { { 1, SCMP_CMP_EQ, F_SETFL, 0 },
                                          { 2, SCMP_CMP_MASKED_EQ, O_ASYNC, 0 } };

    return allow_commands(filter, descriptor_commands,
                          G_N_ELEMENTS(descriptor_commands)) &&
           allow_commands(filter, lock_commands, G_N_ELEMENTS(lock_commands)) &&
           allow_call(filter, "fcntl", 2, flags) &&
           allow_call(filter, "fcntl64", 2, flags);
}

static bool allow_for_all(scmp_filter_ctx filter)
{
    bool ok =
        allow_calls(filter, allowed, G_N_ELEMENTS(allowed)) && allow_descriptors(filter);

    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        ok &= allow_rule(filter, &rules[i]);
    }
    /* The arguments of clone3() cannot be seen, and libc tries clone() when it is told that
     * there is none.  tgkill() is for abort(). */
    return ok && allow_first(filter, "tgkill", getpid()) &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

bool cli_spools_unnamed(void)
{
    int fd = open(mig_temporary_dir(NULL), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static bool allow_spool(scmp_filter_ctx filter)
{
    return cli_spools_unnamed()
               ? allow_rule(filter, &spool_unnamed)
               : allow_rule(filter, &spool_named) &&
                     allow_calls(filter, spool_removal, G_N_ELEMENTS(spool_removal));
}

static bool allow_rights(scmp_filter_ctx filter, const CliCallRights *rights)
{
    const Rule share = { "ioctl", 1, ALL, FICLONERANGE };

    if (rights->copies &&
        (!allow_calls(filter, allowed_to_writers, G_N_ELEMENTS(allowed_to_writers)) ||
         !allow_rule(filter, &share))) {
        return false;
    }
    if (rights->links &&
        !allow_calls(filter, allowed_to_links, G_N_ELEMENTS(allowed_to_links))) {
        return false;
    }
    return rights->socket < 0 || (allow_first(filter, "sendto", rights->socket) &&
                                  allow_first(filter, "recvmsg", rights->socket) &&
                                  allow_first(filter, "wait4", rights->helper));
}

int cli_confine_calls(const CliCallRights *rights)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int error = ENOMEM;

    if (filter && seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1) == 0 &&
        allow_for_all(filter) && allow_spool(filter) && allow_rights(filter, rights)) {
        error = -seccomp_load(filter); /* Sets no_new_privs. */
    }
    if (filter) {
        seccomp_release(filter);
    }
    return error;
}
