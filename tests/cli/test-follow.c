/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          files that are being written: that it is told, and --follow.
 * Must not know: how it is found out.
 * See also:      cli/follow.c.
 *
 * What comes out never depends on who is faster, but for how long it takes.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *folder, *path;
    GBytes *stream;
    int fd; /* of the writer; -1: none */
} Written;

static void write_part(const Written *file, gsize from, gsize to)
{
    const char *data = g_bytes_get_data(file->stream, NULL);

    ck_assert_int_eq(write(file->fd, data + from, to - from), (gssize)(to - from));
}

/* A file of which a writer has written half. */
static Written begin(void)
{
    Written file = { .folder = scratch_dir(),
                     .stream = fixture_bytes("good/vfio-config-last.txt") };

    file.path = g_build_filename(file.folder, "file", NULL);
    file.fd = open(file.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(file.fd, 0);
    write_part(&file, 0, g_bytes_get_size(file.stream) / 2);
    return file;
}

static void finish(Written *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    scratch_remove(file->folder);
    g_bytes_unref(file->stream);
    g_free(file->path);
    g_free(file->folder);
}

/* Whether the file system tells of writers. */
static bool has_leases(const Written *file)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    bool has = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;

    close(fd);
    if (!has) {
        g_print("follow: this file system does not tell of writers\n");
    }
    return has;
}

static GSubprocess *start(const Written *file, const char *command, const char *option)
{
    GError *error = NULL;
    GSubprocess *process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                         &error, g_getenv("MIGSTAT"), command, option, file->path, NULL);

    ck_assert_msg(process != NULL, "%s", error ? error->message : "");
    return process;
}

START_TEST(a_writer_is_told)
{
    Written file = begin();

    if (has_leases(&file)) {
        g_autoptr(Run) run = run_migstat(NULL, "dump", file.path, NULL);
        g_autoptr(Run) quiet = run_migstat(NULL, "dump", "-q", file.path, NULL);
        ck_assert_int_eq(run->status, 1);
        ck_assert_ptr_nonnull(strstr(run->err, "another process has it open for writing: "
                                               "--follow waits until it is written\n"));
        ck_assert_ptr_null(strstr(quiet->err, "--follow"));
    }
    close(file.fd);
    file.fd = -1;
    g_autoptr(Run) nobody = run_migstat(NULL, "dump", file.path, NULL);
    ck_assert_ptr_null(strstr(nobody->err, "--follow"));
    finish(&file);
}
END_TEST

START_TEST(the_rest_is_waited_for)
{
    Written file = begin();
    gsize n = g_bytes_get_size(file.stream);

    if (has_leases(&file)) {
        g_autoptr(GSubprocess) process = start(&file, "check", "--follow=3600");
        write_part(&file, n / 2, n - 1);
        write_part(&file, n - 1, n);
        close(file.fd);
        file.fd = -1;
        ck_assert(g_subprocess_wait(process, NULL, NULL));
        ck_assert(g_subprocess_get_if_exited(process));
        ck_assert_int_eq(g_subprocess_get_exit_status(process), 0);
    }
    finish(&file);
}
END_TEST

/* A writer that says nothing more does not keep anybody for ever. */
START_TEST(silence_ends_it)
{
    Written file = begin();
    g_autoptr(Run) run = run_migstat(NULL, "check", "--follow=1", file.path, NULL);

    ck_assert_int_eq(run->status, 1);
    finish(&file);
}
END_TEST

START_TEST(a_signal_ends_it)
{
    Written file = begin();

    if (has_leases(&file)) {
        g_autoptr(GSubprocess) process = start(&file, "convert", "--follow=3600");
        g_subprocess_send_signal(process, SIGINT);
        ck_assert(g_subprocess_wait(process, NULL, NULL));
        ck_assert(!g_subprocess_get_successful(process));
    }
    finish(&file);
}
END_TEST

START_TEST(what_is_written_is_read_at_once)
{
    g_autofree char *path = fixture_file("good/vfio-config-last.txt");
    g_autoptr(GBytes) stream = fixture_bytes("good/vfio-config-last.txt");
    g_autoptr(Run) file = run_migstat(NULL, "check", "--follow=3600", path, NULL);
    g_autoptr(Run) pipe = run_migstat(stream, "check", "--follow=3600", "-", NULL);
    g_autoptr(Run) wrong = run_migstat(NULL, "check", "--follow=0", path, NULL);

    ck_assert_int_eq(file->status, 0);
    ck_assert_int_eq(pipe->status, 0);
    ck_assert_int_eq(wrong->status, 2);
    ck_assert_ptr_nonnull(strstr(wrong->err, "--follow wants 1 to "));
}
END_TEST

Suite *suite_follow(void)
{
    Suite *suite = suite_create("follow");
    TCase *tc = tcase_create("follow");

    tcase_add_test(tc, a_writer_is_told);
    tcase_add_test(tc, the_rest_is_waited_for);
    tcase_add_test(tc, silence_ends_it);
    tcase_add_test(tc, a_signal_ends_it);
    tcase_add_test(tc, what_is_written_is_read_at_once);
    suite_add_tcase(suite, tc);
    return suite;
}
