/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: that commands which only read can do nothing else once their inputs are open,
 * and do all of their work so.
 * Must not know: which calls a filter names.
 * Neighbours: cli/sandbox.c.  It runs in a child of the test's process: Check itself makes
 * timers after a test, which the sandbox refuses.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../cli/cli.h"

/* Sanitizers need files of their own: such builds have no sandbox. */
static bool is_confined(void)
{
    const char *variant = g_getenv("VARIANT");

    return !variant || strcmp(variant, "release") == 0;
}

static long open_a_file(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static long make_a_file(void)
{
    return open("made", O_WRONLY | O_CREAT | O_EXCL, 0600);
}

static long remove_a_file(void)
{
    return unlink("/nonexistent");
}

static long rename_a_file(void)
{
    return rename("/nonexistent", "/nonexistent2");
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

static long reach_the_network(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long signal_another(void)
{
    return kill(getppid(), 0);
}

static long trace_another(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long type_into_the_terminal(void)
{
    return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static const struct {
    const char *what;
    long (*attempt)(void);
} attempts[] = {
    { "open a file", open_a_file },
    { "make a file", make_a_file },
    { "remove a file", remove_a_file },
    { "rename a file", rename_a_file },
    { "run a program", run_a_program },
    { "start a process", start_a_process },
    { "reach the network", reach_the_network },
    { "signal another process", signal_another },
    { "trace another process", trace_another },
    { "type into the terminal", type_into_the_terminal },
};

typedef struct {
    const char *folder; /* of a writer; NULL for a command that only reads */
    bool no_sandbox;
    long (*attempt)(void);
} Confined;

/* The errno that the attempt meets in a process that gave up its rights; 0 if it succeeds. */
static int errno_of(const Confined *what)
{
    const char *file = "/etc/hostname";
    CliCommon common = { .no_sandbox = what->no_sandbox };
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (what->folder) {
            cli_confine_writer(&common, &file, 1, what->folder);
        } else {
            cli_confine(&common, &file, 1);
        }
        errno = 0;
        _exit(what->attempt() == -1 ? errno : 0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

START_TEST(test_refused)
{
    if (is_confined()) {
        int met = errno_of(&(Confined){ .attempt = attempts[_i].attempt });

        ck_assert_msg(met == EPERM, "%s: %s", attempts[_i].what, strerror(met));
    }
}
END_TEST

static bool has_landlock(void)
{
#ifdef SYS_landlock_create_ruleset
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0; /* the version */
#else
    return false;
#endif
}

/* Of one that writes files, which may make some, yet not here. */
START_TEST(test_writer_refused)
{
    g_autofree char *dir = scratch_dir();

    if (is_confined() && (attempts[_i].attempt != make_a_file || has_landlock())) {
        int met = errno_of(&(Confined){ .folder = dir, .attempt = attempts[_i].attempt });

        ck_assert_msg(met == EPERM || met == EACCES || met == ENOENT, "%s: %s",
                      attempts[_i].what, strerror(met));
    }
    scratch_remove(dir);
}
END_TEST

/* The folder of test_writer_allowed. */
static const char *writers_folder;

static long in_folder(const char *name, int flags)
{
    g_autofree char *path = g_build_filename(writers_folder, name, NULL);

    return open(path, flags | O_CLOEXEC, 0600);
}

static long make_new(void)
{
    return in_folder("new", O_RDWR | O_CREAT | O_EXCL);
}

static long read_old(void)
{
    return in_folder("old", O_RDONLY);
}

static long write_old(void)
{
    return in_folder("old", O_WRONLY);
}

static long take_old(void)
{
    return in_folder("old", O_RDWR | O_CREAT);
}

static long remove_old(void)
{
    g_autofree char *path = g_build_filename(writers_folder, "old", NULL);

    return unlink(path);
}

static const struct {
    const char *what;
    long (*attempt)(void);
    bool allowed;
} in_the_folder[] = {
    { "make a file", make_new, true },
    { "read a file that is there", read_old, false },
    { "write to a file that is there", write_old, false },
    { "make a file that is there", take_old, false },
    { "remove a file", remove_old, true },
};

/* New files in the folder, and none that is there. */
START_TEST(test_writer_allowed)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *old = g_build_filename(dir, "old", NULL);

    ck_assert(g_file_set_contents(old, "private", -1, NULL));
    writers_folder = dir;
    int met =
        errno_of(&(Confined){ .folder = dir, .attempt = in_the_folder[_i].attempt });
    bool allowed = in_the_folder[_i].allowed || !is_confined();
    ck_assert_msg((met == 0) == allowed, "%s: %s", in_the_folder[_i].what, strerror(met));
    scratch_remove(dir);
}
END_TEST

START_TEST(test_allowed_without_sandbox)
{
    Confined free_to_open = { .no_sandbox = true, .attempt = open_a_file };

    ck_assert_int_eq(errno_of(&free_to_open), 0);
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
    int ends[2];
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
    for (int tries = 0; tries < 500; tries++) {
        g_free(status);
        ck_assert(g_file_get_contents(path, &status, NULL, NULL));
        if (strstr(status, "migstat") && strstr(status, "Seccomp:\t2")) {
            break;
        }
        g_usleep(2000);
    }
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

Suite *suite_sandbox(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tests = tcase_create("sandbox");

    tcase_add_loop_test(tests, test_refused, 0, G_N_ELEMENTS(attempts));
    tcase_add_loop_test(tests, test_writer_refused, 0, G_N_ELEMENTS(attempts));
    tcase_add_loop_test(tests, test_writer_allowed, 0, G_N_ELEMENTS(in_the_folder));
    tcase_add_test(tests, test_allowed_without_sandbox);
    tcase_add_loop_test(tests, test_same_output, 0, G_N_ELEMENTS(works));
    tcase_add_loop_test(tests, test_spool, 0, 2);
    tcase_add_loop_test(tests, test_state, 0, G_N_ELEMENTS(readers));
    suite_add_tcase(suite, tests);
    return suite;
}
