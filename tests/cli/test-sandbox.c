/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: that commands which only read can do nothing else once their inputs are open,
 * and do all of their work so.
 * Must not know: which calls a filter names.
 * Neighbours: cli/sandbox.c, which runs in this process too; each test is forked.
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

START_TEST(test_refused)
{
    const char *file = "/etc/hostname";
    CliCommon common = { 0 };

    if (!is_confined()) {
        return;
    }
    cli_confine(&common, &file, 1);
    errno = 0;
    ck_assert_msg(attempts[_i].attempt() == -1 && errno == EPERM, "%s: %s",
                  attempts[_i].what, strerror(errno));
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
    const char *file = "/etc/hostname";
    CliCommon common = { 0 };

    if (is_confined() && (attempts[_i].attempt != make_a_file || has_landlock())) {
        cli_confine_writer(&common, &file, 1, dir);
        errno = 0;
        ck_assert_msg(attempts[_i].attempt() == -1 &&
                          (errno == EPERM || errno == EACCES || errno == ENOENT),
                      "%s: %s", attempts[_i].what, strerror(errno));
    }
    scratch_remove(dir);
}
END_TEST

static int make_in(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
}

/* New files in the folder, and none that is there. */
START_TEST(test_writer_allowed)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *old = g_build_filename(dir, "old", NULL);
    const char *file = "/etc/hostname";
    CliCommon common = { 0 };

    ck_assert(g_file_set_contents(old, "private", -1, NULL));
    cli_confine_writer(&common, &file, 1, dir);
    ck_assert_int_ge(make_in(dir, "new"), 0);
    ck_assert(!is_confined() || open(old, O_RDONLY) == -1);
    ck_assert(!is_confined() || open(old, O_WRONLY) == -1);
    ck_assert(!is_confined() || open(old, O_RDWR | O_CREAT, 0600) == -1);
    ck_assert_int_eq(unlink(old), 0);
}
END_TEST

START_TEST(test_allowed_without_sandbox)
{
    const char *file = "/etc/hostname";
    CliCommon common = { .no_sandbox = true };

    cli_confine(&common, &file, 1);
    ck_assert_int_ge(open_a_file(), 0);
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
    tcase_add_test(tests, test_writer_allowed);
    tcase_add_test(tests, test_allowed_without_sandbox);
    tcase_add_loop_test(tests, test_same_output, 0, G_N_ELEMENTS(works));
    tcase_add_loop_test(tests, test_spool, 0, 2);
    tcase_add_loop_test(tests, test_state, 0, G_N_ELEMENTS(readers));
    suite_add_tcase(suite, tests);
    return suite;
}
