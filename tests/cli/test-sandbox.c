/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          that a command can do nothing but its work once its inputs and outputs
 *                are open, and that all of its work is done so.
 * Must not know: how rights are given up.
 * See also:      cli/sandbox.h, which runs in a process of each test here; migstat(1),
 *                SECURITY, which has what is proved here as a table.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../../cli/files.h"
#include "../../cli/links.h"
#include "../../cli/sandbox.h"

/* Sanitizers need files of their own: such builds have no sandbox. */
static bool is_confined(void)
{
    const char *variant = g_getenv("VARIANT");

    return !variant || strcmp(variant, "release") == 0;
}

/* --- who gives up rights --- */

/* The current folder of each: it has "in", "old", "mine", the folder "out" and "pipe". */
static const char *const inputs[] = { "in" };

/* What the command inherited, and its input. */
static int inherited, reads;

static bool confine_reader(CliCommon *common)
{
    return cli_confine(common, &(CliRights){ .keep = -1 });
}

static bool confine_writer(CliCommon *common)
{
    const MigTargetOptions options = { MIG_TARGET_OPTIONS_INIT };
    CliFiles *files = cli_files_new(common, &options);

    return cli_files_open(files, "new", NULL) >= 0 &&
           cli_confine(common, &(CliRights){ .files = files, .keep = -1 });
}

static bool confine_extractor(CliCommon *common)
{
    const MigTargetOptions options = { MIG_TARGET_OPTIONS_INIT, .replace = true };
    CliFiles *files = cli_files_new(common, &options);

    return cli_files_set_folder(files, "out", NULL) &&
           cli_confine(common, &(CliRights){ .files = files, .keep = -1 }) &&
           cli_files_add(files, "block", ".raw", NULL) >= 0;
}

static bool confine_special(CliCommon *common)
{
    int fd = open("pipe", O_RDWR | O_CLOEXEC);

    return fd >= 0 && cli_confine(common, &(CliRights){ .keep = fd });
}

/* One that has more inputs than it may have descriptors. */
static bool confine_many(CliCommon *common)
{
    static const char *const paths[] = { "in", "old", "mine", "in", "./in" };
    const struct rlimit few = { 67, 67 };
    MigInput *last;

    cli_close_inputs(common);
    if (setrlimit(RLIMIT_NOFILE, &few) != 0) {
        return false;
    }
    cli_open_inputs(common, paths, G_N_ELEMENTS(paths));
    if (!cli_confine(common, &(CliRights){ .keep = -1 })) {
        return false;
    }
    last = cli_open("./in", common, NULL);
    mig_input_free(last);
    return last != NULL;
}

/* What passes on connections is parsed by one that cannot make them. */
static bool confine_sender(CliCommon *common)
{
    CliLinks *links = cli_links_new(NULL, "unix:far", 1, NULL);

    return cli_confine(common, &(CliRights){ .keep = -1, .links = links });
}

static bool confine_relay(CliCommon *common)
{
    const MigTargetOptions options = { MIG_TARGET_OPTIONS_INIT };
    CliFiles *files = cli_files_new(common, &options);
    CliLinks *links = cli_links_new("unix:near", "unix:far", 1, NULL);

    return cli_files_set_folder(files, "record", NULL) && cli_links_listen(links, NULL) &&
           cli_confine(common,
                       &(CliRights){ .files = files, .keep = -1, .links = links });
}

static bool confine_receiver(CliCommon *common)
{
    const MigTargetOptions options = { MIG_TARGET_OPTIONS_INIT };
    CliFiles *files = cli_files_new(common, &options);
    CliLinks *links = cli_links_new("unix:near", NULL, 1, NULL);

    return cli_files_open(files, "new", NULL) >= 0 && cli_links_listen(links, NULL) &&
           cli_confine(common,
                       &(CliRights){
                           .files = files, .keep = -1, .copies = true, .links = links });
}

static const struct {
    const char *what;
    bool (*confine)(CliCommon *common);
} profiles[] = {
    { "dump, check, diff, extract to standard output", confine_reader },
    { "convert, extract to a file", confine_writer },
    { "extract to a folder", confine_extractor },
    { "convert to a FIFO or device", confine_special },
    { "more files than descriptors", confine_many },
    { "send", confine_sender },
    { "relay to a folder", confine_relay },
    { "receive to a file", confine_receiver },
};

/* --- what must be refused --- */

static long open_a_file(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static long open_the_input(void)
{
    return open("in", O_RDONLY);
}

static long open_a_path(void)
{
    return open("/etc", O_PATH);
}

static long open_a_path_as_new(void)
{
    return open("old", O_PATH | O_CREAT | O_EXCL, 0600);
}

static long open_a_path_as_temporary(void)
{
    return open("/etc", O_PATH | O_TMPFILE, 0600);
}

static long open_anew(void)
{
    struct {
        uint64_t flags, mode, resolve;
    } how = { O_RDONLY, 0, 0 };

    return syscall(437 /* openat2 */, AT_FDCWD, "in", &how, sizeof how);
}

static long make_a_temporary_here(void)
{
    return open(".", O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
}

static long make_a_linkable_temporary(void)
{
    return open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static long make_a_file(void)
{
    return open("made", O_WRONLY | O_CREAT | O_EXCL, 0600);
}

static long make_a_file_in_the_folder(void)
{
    return open("out/made", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static long make_a_folder(void)
{
    return mkdir("made", 0700);
}

static long make_a_link(void)
{
    return symlink("/etc/passwd", "made");
}

static long name_a_file(void)
{
    return link("old", "made");
}

static long name_an_open_file(void)
{
    char self[64];

    snprintf(self, sizeof self, "/proc/self/fd/%d", reads);
    return linkat(AT_FDCWD, self, AT_FDCWD, "made", AT_SYMLINK_FOLLOW);
}

static long rename_a_file(void)
{
    return rename("mine", "old");
}

static long remove_a_file(void)
{
    return unlink("old");
}

static long remove_a_folder(void)
{
    return rmdir("out");
}

static long shorten_a_file(void)
{
    return truncate("old", 0);
}

static long set_the_mode_to_setuid(void)
{
    return fchmod(reads, 04777);
}

static long set_a_mode(void)
{
    return fchmod(reads, 0600);
}

static long set_a_mode_by_name(void)
{
    return chmod("old", 0777);
}

static long give_away(void)
{
    return fchown(reads, 65534, 65534);
}

static long give_away_by_name(void)
{
    return chown("old", 65534, 65534);
}

static long set_an_attribute(void)
{
    return fsetxattr(reads, "user.made", "x", 1, 0);
}

static long set_a_time(void)
{
    return futimens(reads, NULL);
}

static long look_at_a_file(void)
{
    struct stat st;

    return syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &st, 0);
}

static long read_a_link(void)
{
    char target[64];

    return readlink("/proc/self/exe", target, sizeof target);
}

static long ask_for_access(void)
{
    return access("/etc/passwd", R_OK);
}

static long use_what_was_inherited(void)
{
    return write(inherited, "x", 1);
}

static long own_a_descriptors_signals(void)
{
    return fcntl(STDIN_FILENO, F_SETOWN, getppid());
}

static long choose_a_descriptors_signal(void)
{
    return fcntl(STDIN_FILENO, F_SETSIG, SIGKILL);
}

static long turn_signals_on(void)
{
    return fcntl(STDIN_FILENO, F_SETFL, O_ASYNC);
}

static long watch_a_folder(void)
{
    return fcntl(reads, F_NOTIFY, 2);
}

static long lease_a_file(void)
{
    return fcntl(reads, F_SETLEASE, F_RDLCK);
}

static long run_a_program(void)
{
    return execl("/bin/true", "true", NULL);
}

static long start_a_process(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    return pid;
}

static long leave_a_namespace_by_a_thread(void)
{
    return syscall(SYS_clone,
                   CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                       CLONE_NEWNET,
                   NULL, NULL, NULL, NULL);
}

static long leave_a_namespace(void)
{
    return unshare(CLONE_NEWUSER);
}

static long mount_a_file_system(void)
{
    return mount("none", "out", "tmpfs", 0, NULL);
}

static long change_the_root(void)
{
    return chroot(".");
}

static long change_the_folder(void)
{
    return chdir("/");
}

static long become_another(void)
{
    return setuid(65534);
}

static long raise_a_limit(void)
{
    const struct rlimit limit = { 10, 10 };

    return setrlimit(RLIMIT_NOFILE, &limit);
}

static long reach_the_network(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long reach_a_local_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long accept_a_connection(void)
{
    return accept4(reads, NULL, NULL, SOCK_CLOEXEC);
}

static long connect_a_socket(void)
{
    const struct sockaddr_un far = { .sun_family = AF_UNIX, .sun_path = "far" };

    return connect(reads, (const struct sockaddr *)&far, sizeof far);
}

static long name_a_socket(void)
{
    const struct sockaddr_un near = { .sun_family = AF_UNIX, .sun_path = "made" };

    return bind(reads, (const struct sockaddr *)&near, sizeof near);
}

static long listen_at_a_socket(void)
{
    return listen(reads, 1);
}

static long make_a_pair_of_sockets(void)
{
    int ends[2];

    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static long pass_a_descriptor(void)
{
    const struct msghdr message = { 0 };

    return sendmsg(STDIN_FILENO, &message, MSG_DONTWAIT);
}

static long receive_from_elsewhere(void)
{
    struct msghdr message = { 0 };

    return recvmsg(STDIN_FILENO, &message, MSG_DONTWAIT);
}

static long send_elsewhere(void)
{
    return send(STDIN_FILENO, "x", 1, MSG_DONTWAIT);
}

static long signal_another(void)
{
    return kill(getppid(), 0);
}

static long signal_a_thread_of_another(void)
{
    return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static long open_a_process(void)
{
    return syscall(434 /* pidfd_open */, getppid(), 0);
}

static long wait_for_any(void)
{
    return waitpid(-1, NULL, WNOHANG);
}

static long trace_another(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long read_anothers_memory(void)
{
    char byte;
    const struct iovec here = { &byte, 1 }, there = { &byte, 1 };

    return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static long make_memory_a_program(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? -1 : 0;
}

static long turn_memory_into_a_program(void)
{
    void *p =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long make_a_file_of_memory(void)
{
    return memfd_create("made", 0);
}

static long set_up_io_uring(void)
{
    struct io_uring_params parameters = { 0 };

    return syscall(425 /* io_uring_setup */, 1, &parameters);
}

static long watch_files(void)
{
    return syscall(SYS_inotify_init1, 0);
}

static long keep_a_key(void)
{
    return syscall(SYS_add_key, "user", "made", "x", 1, -2);
}

static long be_dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 1);
}

static long type_into_the_terminal(void)
{
    return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static const struct {
    const char *what;
    long (*attempt)(void);
    int met; /* 0: EPERM */
} attempts[] = {
    { "open a file", open_a_file, 0 },
    { "open the input once more", open_the_input, 0 },
    { "open a folder as a path", open_a_path, 0 },
    { "open a file as a path, as if new", open_a_path_as_new, 0 },
    { "open a folder as a path, as if temporary", open_a_path_as_temporary, 0 },
    { "open a file by openat2()", open_anew, 0 },
    { "make a temporary file elsewhere", make_a_temporary_here, EACCES },
    { "make a temporary file that can get a name", make_a_linkable_temporary, 0 },
    { "make a file", make_a_file, 0 },
    { "make a file in the folder", make_a_file_in_the_folder, 0 },
    { "make a folder", make_a_folder, 0 },
    { "make a symbolic link", make_a_link, 0 },
    { "give a file another name", name_a_file, 0 },
    { "give an open file a name", name_an_open_file, 0 },
    { "rename one file over another", rename_a_file, 0 },
    { "remove a file", remove_a_file, 0 },
    { "remove a folder", remove_a_folder, 0 },
    { "shorten a file", shorten_a_file, 0 },
    { "make an open file setuid", set_the_mode_to_setuid, 0 },
    { "set the mode of an open file", set_a_mode, 0 },
    { "set the mode of a file", set_a_mode_by_name, 0 },
    { "give an open file away", give_away, 0 },
    { "give a file away", give_away_by_name, 0 },
    { "set an attribute", set_an_attribute, 0 },
    { "set a time", set_a_time, 0 },
    { "ask what a file is", look_at_a_file, 0 },
    { "read a symbolic link", read_a_link, 0 },
    { "ask for access", ask_for_access, 0 },
    { "write to an inherited descriptor", use_what_was_inherited, EBADF },
    { "have a descriptor signal another process", own_a_descriptors_signals, 0 },
    { "choose the signal of a descriptor", choose_a_descriptors_signal, 0 },
    { "turn signals of a descriptor on", turn_signals_on, 0 },
    { "watch a folder by a descriptor", watch_a_folder, 0 },
    { "lease a file", lease_a_file, 0 },
    { "run a program", run_a_program, 0 },
    { "start a process", start_a_process, 0 },
    { "start a thread in another namespace", leave_a_namespace_by_a_thread, 0 },
    { "enter another namespace", leave_a_namespace, 0 },
    { "mount a file system", mount_a_file_system, 0 },
    { "change the root", change_the_root, 0 },
    { "change the folder", change_the_folder, 0 },
    { "become another user", become_another, 0 },
    { "change a limit", raise_a_limit, 0 },
    { "reach the network", reach_the_network, 0 },
    { "reach a local socket", reach_a_local_socket, 0 },
    { "accept a connection", accept_a_connection, 0 },
    { "connect a socket", connect_a_socket, 0 },
    { "give a socket a name", name_a_socket, 0 },
    { "listen at a socket", listen_at_a_socket, 0 },
    { "make a pair of sockets", make_a_pair_of_sockets, 0 },
    { "pass a descriptor", pass_a_descriptor, 0 },
    { "receive from another descriptor", receive_from_elsewhere, 0 },
    { "send by another descriptor", send_elsewhere, 0 },
    { "signal another process", signal_another, 0 },
    { "signal a thread of another process", signal_a_thread_of_another, 0 },
    { "open a process", open_a_process, 0 },
    { "wait for any process", wait_for_any, 0 },
    { "trace another process", trace_another, 0 },
    { "read another's memory", read_anothers_memory, 0 },
    { "map memory that is a program", make_memory_a_program, 0 },
    { "turn memory into a program", turn_memory_into_a_program, 0 },
    { "make a file of memory", make_a_file_of_memory, 0 },
    { "set up io_uring", set_up_io_uring, 0 },
    { "watch files", watch_files, 0 },
    { "keep a key", keep_a_key, 0 },
    { "become dumpable", be_dumpable, 0 },
    { "type into the terminal", type_into_the_terminal, 0 },
};

/* --- what must work --- */

static void *do_nothing(void *data)
{
    return data;
}

static long start_a_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, do_nothing, NULL) == 0
               ? -pthread_join(thread, NULL)
               : -1;
}

static long make_a_temporary(void)
{
    const char *folder = g_getenv("TMPDIR");

    return open(folder ? folder : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL,
                0600);
}

static long look_at_what_is_open(void)
{
    struct stat st;

    return fstat(reads, &st);
}

static long read_what_is_open(void)
{
    char byte;

    return pread(reads, &byte, 1, 0);
}

static long lock_a_file(void)
{
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

    return fcntl(reads, F_OFD_SETLK, &lock) | fcntl(reads, F_SETLK, &lock);
}

static long ask_for_flags(void)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);

    return flags < 0 ? -1 : fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK);
}

static const struct {
    const char *what;
    long (*attempt)(void);
} works_inside[] = {
    { "start a thread", start_a_thread },
    { "make a temporary file", make_a_temporary },
    { "look at what is open", look_at_what_is_open },
    { "read what is open", read_what_is_open },
    { "lock a file", lock_a_file },
    { "set flags of a descriptor", ask_for_flags },
};

/* --- trying --- */

#define NOT_CONFINED 200 /* instead of an errno */

static void enter_folder(const char *dir)
{
    ck_assert_int_eq(chdir(dir), 0);
    ck_assert(g_file_set_contents("in", "stream", -1, NULL));
    ck_assert(g_file_set_contents("old", "private", -1, NULL));
    ck_assert(g_file_set_contents("mine", "mine", -1, NULL));
    ck_assert_int_eq(mkdir("out", 0700), 0);
    ck_assert_int_eq(mkfifo("pipe", 0600), 0);
}

/* The errno that the attempt meets; 0 if it succeeds. */
static int try_confined(size_t profile, CliSandbox sandbox, long (*attempt)(void))
{
    CliCommon common = { .sandbox = sandbox };
    struct stat st;

    inherited = open("inherited", O_WRONLY | O_CREAT, 0600);
    cli_open_inputs(&common, inputs, G_N_ELEMENTS(inputs));
    reads = inherited + 1;
    if (inherited < 0 || fstat(reads, &st) != 0 || !profiles[profile].confine(&common)) {
        return NOT_CONFINED;
    }
    errno = 0;
    return attempt() < 0 ? errno : 0;
}

/* The same in a process of its own, in a folder of its own. */
static int errno_of(size_t profile, CliSandbox sandbox, long (*attempt)(void))
{
    g_autofree char *dir = scratch_dir();
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        enter_folder(dir);
        _exit(try_confined(profile, sandbox, attempt));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
    scratch_remove(dir);
    return WEXITSTATUS(status);
}

START_TEST(test_refused)
{
    for (size_t i = 0; is_confined() && i < G_N_ELEMENTS(attempts); i++) {
        int wanted = attempts[i].met ? attempts[i].met : EPERM;
        int met = errno_of((size_t)_i, CLI_SANDBOX_REQUIRE, attempts[i].attempt);

        ck_assert_msg(met == wanted, "%s: %s: %s", profiles[_i].what, attempts[i].what,
                      met == NOT_CONFINED ? "no sandbox" : strerror(met));
    }
}
END_TEST

START_TEST(test_allowed)
{
    for (size_t i = 0; is_confined() && i < G_N_ELEMENTS(works_inside); i++) {
        int met = errno_of((size_t)_i, CLI_SANDBOX_REQUIRE, works_inside[i].attempt);

        ck_assert_msg(met == 0, "%s: %s: %s", profiles[_i].what, works_inside[i].what,
                      strerror(met));
    }
}
END_TEST

/* A control: what is refused above, the kernel would do. */
START_TEST(test_allowed_without_sandbox)
{
    static const char *const harmless[] = {
        "open a file",
        "open a file as a path, as if new",
        "make a file",
        "give an open file a name",
        "rename one file over another",
        "remove a file",
        "make an open file setuid",
        "ask what a file is",
        "write to an inherited descriptor",
        "start a process",
        "signal another process",
        "map memory that is a program",
        "make a file of memory",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(attempts); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(harmless); j++) {
            if (strcmp(attempts[i].what, harmless[j]) == 0) {
                ck_assert_msg(errno_of(0, CLI_SANDBOX_OFF, attempts[i].attempt) == 0,
                              "%s", harmless[j]);
            }
        }
    }
}
END_TEST

/* --- a kernel that refuses --- */

static const struct {
    const char *part; /* in the message */
    int call;         /* that fails, */
    int error;        /* and how */
    bool quiet;       /* with --sandbox=auto: a kernel that has no Landlock is no news */
} refusals[] = {
    { "seccomp", SCMP_SYS(seccomp), EINVAL, false },
    { "Landlock", SCMP_SYS(landlock_restrict_self), EPERM, false },
    { "Landlock", SCMP_SYS(landlock_create_ruleset), EPERM, false },
    { "Landlock", SCMP_SYS(landlock_create_ruleset), ENOSYS, true },
    { "Landlock", SCMP_SYS(landlock_create_ruleset), EOPNOTSUPP, true },
};

/* Runs in the child, before migstat does: from now on its kernel is one that refuses. */
static void refuse(gpointer data)
{
    size_t row = GPOINTER_TO_SIZE(data);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)refusals[row].error),
                         refusals[row].call, 0) != 0 ||
        seccomp_load(filter) != 0) {
        _exit(99);
    }
}

static char *run_refused(size_t row, const char *option, int *status)
{
    g_autofree char *file = fixture_file("good/minimal-ram.txt");
    char *argv[] = { (char *)(uintptr_t)g_getenv("MIGSTAT"), "dump",
                     (char *)(uintptr_t)option, file, NULL };
    char *err = NULL;

    ck_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, refuse,
                           GSIZE_TO_POINTER(row), NULL, &err, status, NULL));
    return err;
}

START_TEST(test_a_refusal_is_said)
{
    int status;

    if (!is_confined()) {
        return;
    }
    g_autofree char *by_default = run_refused((size_t)_i, "--sandbox=auto", &status);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(!strstr(by_default, refusals[_i].part) == refusals[_i].quiet, "%s",
                  by_default);
    g_autofree char *required = run_refused((size_t)_i, "--sandbox=require", &status);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 2);
    ck_assert_msg(strstr(required, refusals[_i].part), "%s", required);
    g_autofree char *off = run_refused((size_t)_i, "--sandbox=off", &status);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(off, "");
}
END_TEST

/* --- the work is done all the same --- */

static const char stream[] = "real/q35-72-vfio.mig.zst";
static const char other_stream[] = "real/q35-100-vfio.mig.zst";

static const struct {
    const char *words[6]; /* FILE and OTHER stand for paths */
} works[] = {
    { { "dump", "FILE" } },
    { { "dump", "FILE", "OTHER", "/nonexistent", "FILE" } },
    { { "dump", "--format=json", "FILE" } },
    { { "dump", "--items", "FILE" } },
    { { "dump", "--devices", "FILE" } },
    { { "check", "FILE" } },
    { { "check", "--format=json", "OTHER", "FILE" } },
    { { "diff", "FILE", "OTHER" } },
    { { "extract", "--section=cpu", "FILE" } },
    { { "extract", "--description", "PACKED" } },
    { { "convert", "--to=config-first", "FILE" } },
    { { "convert", "--to=subflag", "--zstd", "PACKED" } },
    { { "dump", "PACKED" } },
    { { "check", "PACKED" } },
    { { "dump", "." } },
};

static Run *run_work(int i, const char *option)
{
    g_autofree char *file = fixture_file(stream), *other = fixture_file(other_stream);
    g_autofree char *packed =
        g_build_filename(g_getenv("SRCDIR"), "tests", "fixtures", stream, NULL);
    const char *argv[10] = { g_getenv("MIGSTAT"), works[i].words[0], option };

    for (int j = 1; works[i].words[j]; j++) {
        const char *word = works[i].words[j];

        argv[j + 2] = strcmp(word, "FILE") == 0     ? file
                      : strcmp(word, "OTHER") == 0  ? other
                      : strcmp(word, "PACKED") == 0 ? packed
                                                    : word;
    }
    return run_program(argv, NULL, NULL);
}

START_TEST(test_same_output)
{
    g_autoptr(Run) inside = run_work(_i, "--color=never");
    g_autoptr(Run) outside = run_work(_i, "--no-sandbox");

    ck_assert_int_eq(inside->status, outside->status);
    ck_assert_str_eq(inside->out, outside->out);
    ck_assert_str_eq(inside->err, outside->err);
}
END_TEST

/* A pipe that does not fit into memory is kept in a file, which file systems without
 * nameless ones can do as well. */
START_TEST(test_spool)
{
    static const char long_stream[] = "faults/long-data.txt";
    g_autoptr(GBytes) input = fixture_bytes(long_stream);
    g_autofree char *file = fixture_file(long_stream);
    g_autofree char *injector =
        g_build_filename(g_getenv("BUILDDIR"), "tests", "inject.so", NULL);

    if (_i == 1) {
        g_setenv("ASAN_OPTIONS", "verify_asan_link_order=0", TRUE);
        g_setenv("LD_PRELOAD", injector, TRUE);
        g_setenv("FAULT_TMPFILE", "no", TRUE);
    }
    g_autoptr(Run) run = run_migstat(input, "diff", "-", file, NULL);
    ck_assert_msg(run->status == 0, "%s", run->err);
}
END_TEST

/* Each that reads a stream, "-". */
static const char *const readers[][4] = {
    { "dump", "-" },
    { "check", "-" },
    { "diff", "-", "FILE" },
    { "extract", "--section=cpu", "-" },
    { "convert", "--to=subflag", "-" },
};

/* What the kernel says of the program while it waits for more of a stream. */
static char *state_of(const char *const *words, const char *option)
{
    g_autoptr(GBytes) bytes = fixture_bytes(stream);
    g_autofree char *file = fixture_file(stream);
    g_autofree char *path = NULL;
    const char *argv[7] = { g_getenv("MIGSTAT"), words[0], option };
    char *status = NULL;
    int ends[2], unread;
    pid_t pid;

    for (int i = 1; i < 4 && words[i]; i++) {
        argv[i + 2] = strcmp(words[i], "FILE") == 0 ? file : words[i];
    }
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], g_bytes_get_data(bytes, NULL), 4096), 4096);
    pid = fork();
    if (pid == 0) {
        dup2(ends[0], STDIN_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        dup2(STDOUT_FILENO, STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], (char **)(gpointer)argv);
        _exit(127);
    }
    close(ends[0]);
    path = g_strdup_printf("/proc/%d/status", (int)pid);
    /* What it has read, it has read with the rights that it keeps. */
    while (ioctl(ends[1], FIONREAD, &unread) == 0 && unread > 0) {
        g_usleep(2000);
    }
    ck_assert(g_file_get_contents(path, &status, NULL, NULL));
    close(ends[1]);
    waitpid(pid, NULL, 0);
    return status;
}

START_TEST(test_state)
{
    if (!is_confined()) {
        return;
    }
    g_autofree char *inside = state_of(readers[_i], "--color=never");
    ck_assert_msg(strstr(inside, "Seccomp:\t2") && strstr(inside, "NoNewPrivs:\t1"),
                  "%s: %s", readers[_i][0], inside);
    g_autofree char *outside = state_of(readers[_i], "--no-sandbox");
    ck_assert_msg(strstr(outside, "Seccomp:\t0"), "%s: %s", readers[_i][0], outside);
}
END_TEST

/* --- several files at once --- */

/* `check -j2` of two pipes, of which each process has read the beginning. */
typedef struct Jobs {
    char *folder;
    pid_t pid;
    int pipes[2];
    GArray *children; /* pid_t */
} Jobs;

/* The processes that @parent started. */
static GArray *children_of(pid_t parent)
{
    g_autofree char *line = g_strdup_printf("\nPPid:\t%d\n", (int)parent);
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    GArray *found = g_array_new(FALSE, FALSE, sizeof(pid_t));
    const char *name;

    while ((name = g_dir_read_name(processes))) {
        g_autofree char *path = g_build_filename("/proc", name, "status", NULL);
        g_autofree char *status = NULL;
        pid_t pid = (pid_t)atoi(name);

        if (pid && g_file_get_contents(path, &status, NULL, NULL) &&
            strstr(status, line)) {
            g_array_append_val(found, pid);
        }
    }
    return found;
}

static void run_jobs(const char *folder)
{
    const char *argv[] = { g_getenv("MIGSTAT"), "check", "-j2", "a", "b", NULL };

    if (chdir(folder) == 0) {
        dup2(open("out", O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
        dup2(open("err", O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
        execv(argv[0], (char **)(gpointer)argv);
    }
    _exit(127);
}

static Jobs jobs_that_read(GBytes *bytes)
{
    static const char *const names[] = { "a", "b" };
    Jobs jobs = { .folder = scratch_dir() };
    int unread;

    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < 2; i++) {
        g_autofree char *path = g_build_filename(jobs.folder, names[i], NULL);

        ck_assert_int_eq(mkfifo(path, 0600), 0);
    }
    jobs.pid = fork();
    if (jobs.pid == 0) {
        run_jobs(jobs.folder);
    }
    for (int i = 0; i < 2; i++) {
        g_autofree char *path = g_build_filename(jobs.folder, names[i], NULL);

        jobs.pipes[i] = open(path, O_WRONLY | O_CLOEXEC);
        ck_assert_int_eq(write(jobs.pipes[i], g_bytes_get_data(bytes, NULL), 4096), 4096);
        while (ioctl(jobs.pipes[i], FIONREAD, &unread) == 0 && unread > 0) {
            g_usleep(2000);
        }
    }
    jobs.children = children_of(jobs.pid);
    return jobs;
}

static char *written(const Jobs *jobs, const char *name)
{
    g_autofree char *path = g_build_filename(jobs->folder, name, NULL);
    char *text = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void clear_jobs(Jobs *jobs)
{
    g_array_unref(jobs->children);
    scratch_remove(jobs->folder);
}

static void assert_confined(pid_t pid, bool confined)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
    g_autofree char *status = NULL;

    ck_assert(g_file_get_contents(path, &status, NULL, NULL));
    ck_assert_msg(!strstr(status, "Seccomp:\t0") == confined &&
                      !strstr(status, "NoNewPrivs:\t0") == confined,
                  "%s", status);
}

/* Each by itself, while the one that started them reads nothing.  One that is killed costs its
 * file. */
START_TEST(each_job_is_confined)
{
    g_autoptr(GBytes) bytes = fixture_bytes(stream);
    Jobs jobs = jobs_that_read(bytes);
    gsize length = g_bytes_get_size(bytes) - 4096;
    g_autofree char *out = NULL, *err = NULL;
    int status;

    ck_assert_uint_eq(jobs.children->len, 2);
    for (guint i = 0; i < 2 && is_confined(); i++) {
        assert_confined(g_array_index(jobs.children, pid_t, i), true);
    }
    if (is_confined()) {
        assert_confined(jobs.pid, false);
    }
    kill(g_array_index(jobs.children, pid_t, _i), SIGKILL);
    for (int i = 0; i < 2; i++) {
        const char *p = g_bytes_get_data(bytes, NULL);
        ssize_t n = write(jobs.pipes[i], p + 4096, length);

        ck_assert(n == (ssize_t)length || (n < 0 && errno == EPIPE));
        close(jobs.pipes[i]);
    }
    ck_assert_int_eq(waitpid(jobs.pid, &status, 0), jobs.pid);
    out = written(&jobs, "out");
    err = written(&jobs, "err");
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 2, "%x", status);
    ck_assert_msg(
        strstr(err, ": error: the process that read it was ended by signal 9 ("), "%s",
        err);
    ck_assert_str_eq(strchr(err, '\n'), "\n");
    ck_assert_msg(strstr(out, "1 could not be judged") && !strstr(out, "2 could"), "%s",
                  out);
    clear_jobs(&jobs);
}
END_TEST

/* They end with the one that started them. */
START_TEST(no_job_is_left)
{
    g_autoptr(GBytes) bytes = fixture_bytes(stream);
    Jobs jobs = jobs_that_read(bytes);

    kill(jobs.pid, SIGKILL);
    ck_assert_int_eq(waitpid(jobs.pid, NULL, 0), jobs.pid);
    for (int i = 0; i < 2; i++) {
        struct pollfd end = { .fd = jobs.pipes[i] };

        ck_assert_int_eq(poll(&end, 1, -1), 1); /* nobody reads it any more */
        ck_assert_int_eq(end.revents, POLLERR);
        close(jobs.pipes[i]);
    }
    clear_jobs(&jobs);
}
END_TEST

Suite *suite_sandbox(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tests = tcase_create("sandbox");

    tcase_add_loop_test(tests, test_refused, 0, G_N_ELEMENTS(profiles));
    tcase_add_loop_test(tests, test_allowed, 0, G_N_ELEMENTS(profiles));
    tcase_add_test(tests, test_allowed_without_sandbox);
    tcase_add_loop_test(tests, test_a_refusal_is_said, 0, G_N_ELEMENTS(refusals));
    tcase_add_loop_test(tests, test_same_output, 0, G_N_ELEMENTS(works));
    tcase_add_loop_test(tests, test_spool, 0, 2);
    tcase_add_loop_test(tests, test_state, 0, G_N_ELEMENTS(readers));
    tcase_add_loop_test(tests, each_job_is_confined, 0, 2);
    tcase_add_test(tests, no_job_is_left);
    suite_add_tcase(suite, tests);
    return suite;
}
