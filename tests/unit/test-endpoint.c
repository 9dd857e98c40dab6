/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of endpoints of live migrations: how they are written, and that two ends
 *                meet there.
 * Must not know: what is sent.
 * See also:      lib/live/endpoint.h.
 */
#include "support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "migstat.h"

/* What QEMU has to be told for it; or a piece of what is wrong. */
static const struct {
    const char *text;
    MigEndpointKind kind;
    const char *shown, *wrong;
} rows[] = {
    { "tcp:192.0.2.1:4444", MIG_ENDPOINT_TCP, "tcp:192.0.2.1:4444", NULL },
    { "tcp:host.example:1", MIG_ENDPOINT_TCP, "tcp:host.example:1", NULL },
    { "tcp::4444", MIG_ENDPOINT_TCP, "tcp:127.0.0.1:4444", NULL },
    { "tcp:[::1]:65535", MIG_ENDPOINT_TCP, "tcp:[::1]:65535", NULL },
    { "tcp:[localhost]:0", MIG_ENDPOINT_TCP, "tcp:localhost:0", NULL },
    { "unix:/run/a.sock", MIG_ENDPOINT_UNIX, "unix:/run/a.sock", NULL },
    { "unix:a:b,c", MIG_ENDPOINT_UNIX, "unix:a:b,c", NULL },
    { "vsock:2:1024", MIG_ENDPOINT_VSOCK, "vsock:2:1024", NULL },
    { "vsock::4294967295", MIG_ENDPOINT_VSOCK, "vsock:1:4294967295", NULL },
    { "fd:3", MIG_ENDPOINT_FD, "fd:3", NULL },
    { .text = "", .wrong = "nothing says of what kind it is" },
    { .text = "localhost:4444", .wrong = "write tcp:HOST:PORT" },
    { .text = "/run/a.sock", .wrong = "\"/run/a.sock\" is no address of a migration" },
    { .text = "TCP:localhost:4444", .wrong = "nothing says of what kind it is" },
    { .text = "tcp:", .wrong = "the port has to be a number" },
    { .text = "tcp:localhost", .wrong = "the port has to be a number" },
    { .text = "tcp:localhost:", .wrong = "the port has to be a number" },
    { .text = "tcp:localhost:ssh", .wrong = "the port has to be a number" },
    { .text = "tcp:localhost:65536", .wrong = "a number up to 65535" },
    { .text = "tcp:localhost:-1", .wrong = "the port has to be a number" },
    { .text = "tcp:localhost: 1", .wrong = "the port has to be a number" },
    { .text = "tcp:localhost:18446744073709551617", .wrong = "a number up to 65535" },
    { .text = "tcp:localhost:4444,ipv4=on", .wrong = "options after the port" },
    { .text = "tcp:::1:4444", .wrong = "a host with colons has to be in brackets" },
    { .text = "tcp:[::1:4444", .wrong = "the bracket before the host" },
    { .text = "tcp:[]:4444", .wrong = "the bracket before the host" },
    { .text = "unix:", .wrong = "it has no path" },
    { .text = "vsock:2", .wrong = "two numbers" },
    { .text = "vsock:host:1", .wrong = "two numbers" },
    { .text = "vsock:4294967296:1", .wrong = "two numbers" },
    { .text = "fd:", .wrong = "the number of a descriptor" },
    { .text = "fd:migration", .wrong = "the number of a descriptor" },
    { .text = "fd:2147483648", .wrong = "the number of a descriptor" },
    { .text = "exec:cat", .wrong = "a command is started by QEMU alone" },
    { .text = "file:/tmp/x", .wrong = "a stream in a file needs no connection" },
    { .text = "rdma:host:1", .wrong = "RDMA has a protocol of its own" },
};

START_TEST(addresses_are_read_as_qemu_writes_them)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigEndpoint) endpoint = mig_endpoint_parse(rows[_i].text, &error);

    if (rows[_i].wrong) {
        ck_assert_msg(!endpoint, "\"%s\" is one", rows[_i].text);
        ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
        ck_assert_msg(strstr(error->message, rows[_i].wrong) != NULL, "%s",
                      error->message);
    } else {
        ck_assert_msg(endpoint != NULL, "%s", error ? error->message : "");
        ck_assert_int_eq(mig_endpoint_kind(endpoint), rows[_i].kind);
        ck_assert_str_eq(mig_endpoint_text(endpoint), rows[_i].shown);
    }
}
END_TEST

/* The longest path that a socket can have, and one byte more. */
START_TEST(a_path_has_a_limit)
{
    size_t n = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 + (size_t)_i;
    g_autofree char *path = g_strnfill(n, 'x');
    g_autofree char *text = g_strconcat("unix:", path, NULL);
    g_autoptr(MigEndpoint) endpoint = mig_endpoint_parse(text, NULL);

    ck_assert((endpoint != NULL) == (_i == 0));
}
END_TEST

static MigEndpoint *parsed(const char *text)
{
    g_autoptr(GError) error = NULL;
    MigEndpoint *endpoint = mig_endpoint_parse(text, &error);

    ck_assert_msg(endpoint != NULL, "%s", error ? error->message : "");
    return endpoint;
}

static int listening(MigEndpoint *endpoint)
{
    g_autoptr(GError) error = NULL;
    int fd = mig_endpoint_listen(endpoint, &error);

    ck_assert_msg(fd >= 0, "%s", error ? error->message : "");
    ck_assert(mig_endpoint_accepts(fd));
    return fd;
}

/* Connects to where @listener listens, and sends a word. */
static void meet(int listener, const MigEndpoint *endpoint)
{
    g_autoptr(GError) error = NULL;
    int from = mig_endpoint_connect(endpoint, 10, NULL, NULL, &error);
    int to;
    char word[4] = "";

    ck_assert_msg(from >= 0, "%s", error ? error->message : "");
    to = accept(listener, NULL, NULL);
    ck_assert_int_ge(to, 0);
    ck_assert_int_eq(write(from, "word", 4), 4);
    ck_assert_int_eq(recv(to, word, sizeof word, MSG_WAITALL), 4);
    ck_assert_mem_eq(word, "word", 4);
    ck_assert(!mig_endpoint_accepts(to));
    /* What follows may wait for the other side. */
    ck_assert_int_eq(fcntl(from, F_GETFL) & O_NONBLOCK, 0);
    close(from);
    close(to);
}

static const char *const tcp[] = { "tcp::0", "tcp:127.0.0.1:0" };

START_TEST(both_ends_meet_by_tcp)
{
    g_autoptr(MigEndpoint) endpoint = parsed(tcp[_i]);
    int fd = listening(endpoint);
    /* Its text has the port that was chosen. */
    g_autoptr(MigEndpoint) other = parsed(mig_endpoint_text(endpoint));

    meet(fd, other);
    close(fd);
}
END_TEST

/* A socket file that somebody left is replaced; one that somebody listens at, and what is no
 * socket, are not. */
START_TEST(both_ends_meet_at_a_path)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *path = g_build_filename(dir, "s", NULL);
    g_autofree char *text = g_strconcat("unix:", path, NULL);
    g_autoptr(MigEndpoint) endpoint = parsed(text);
    g_autoptr(MigEndpoint) second = parsed(text);
    g_autoptr(GError) error = NULL;
    int fd = listening(endpoint);

    meet(fd, endpoint);
    ck_assert_int_eq(mig_endpoint_listen(second, &error), -1);
    ck_assert_msg(strstr(error->message, "cannot listen at unix:") != NULL, "%s",
                  error->message);
    mig_endpoint_remove(second);
    meet(fd, endpoint);
    close(fd);

    fd = listening(second);
    meet(fd, endpoint);
    close(fd);
    mig_endpoint_remove(second);
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));

    ck_assert(g_file_set_contents(path, "text", -1, NULL));
    ck_assert_int_eq(mig_endpoint_listen(endpoint, NULL), -1);
    ck_assert(g_file_test(path, G_FILE_TEST_IS_REGULAR));
    scratch_remove(dir);
}
END_TEST

START_TEST(nobody_listens)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *text = g_strconcat("unix:", dir, "/s", NULL);
    g_autoptr(MigEndpoint) endpoint = parsed(text);
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(mig_endpoint_connect(endpoint, 10, NULL, NULL, &error), -1);
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_IO));
    ck_assert_msg(g_str_has_suffix(error->message, "s: No such file or directory"), "%s",
                  error->message);
    scratch_remove(dir);
}
END_TEST

static bool always(void *unused)
{
    (void)unused;
    return true;
}

/* A socket file whose queue is full lets nobody in: the wait has an end. */
START_TEST(a_wait_ends)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *text = g_strconcat("unix:", dir, "/s", NULL);
    g_autoptr(MigEndpoint) endpoint = parsed(text);
    g_autoptr(GError) error = NULL;
    int fd = listening(endpoint);
    int waiting;

    ck_assert_int_eq(listen(fd, 0), 0);
    waiting = mig_endpoint_connect(endpoint, 10, NULL, NULL, NULL);
    ck_assert_int_ge(waiting, 0);
    ck_assert_int_eq(mig_endpoint_connect(endpoint, 0, NULL, NULL, &error), -1);
    ck_assert_msg(strstr(error->message, "timed out") != NULL, "%s", error->message);
    g_clear_error(&error);
    ck_assert_int_eq(mig_endpoint_connect(endpoint, 3600, always, NULL, &error), -1);
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_CANCELLED));
    close(waiting);
    close(fd);
    scratch_remove(dir);
}
END_TEST

static char *number_of(int fd)
{
    return g_strdup_printf("fd:%d", fd);
}

START_TEST(a_descriptor_is_taken_as_it_is)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    g_autofree char *text = number_of(ends[0]);
    g_autoptr(MigEndpoint) endpoint = parsed(text);

    ck_assert_int_eq(mig_endpoint_listen(endpoint, NULL), ends[0]);
    ck_assert(!mig_endpoint_accepts(ends[0]));
    ck_assert_int_eq(mig_endpoint_connect(endpoint, 10, NULL, NULL, NULL), ends[0]);
    ck_assert_int_eq(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_descriptor_has_to_be_a_socket)
{
    int ends[2];
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(pipe(ends), 0);
    g_autofree char *text = number_of(ends[0]);
    g_autoptr(MigEndpoint) endpoint = parsed(text);

    ck_assert_int_eq(mig_endpoint_listen(endpoint, &error), -1);
    ck_assert_msg(strstr(error->message, "is no socket: a stream in a pipe") != NULL,
                  "%s", error->message);
    close(ends[0]);
    close(ends[1]);
    g_clear_error(&error);
    ck_assert_int_eq(mig_endpoint_connect(endpoint, 10, NULL, NULL, &error), -1);
    ck_assert_msg(strstr(error->message, "is not open") != NULL, "%s", error->message);
}
END_TEST

Suite *suite_endpoint(void)
{
    Suite *suite = suite_create("endpoint");
    TCase *tc = tcase_create("endpoint");

    tcase_add_loop_test(tc, addresses_are_read_as_qemu_writes_them, 0,
                        G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, a_path_has_a_limit, 0, 2);
    tcase_add_loop_test(tc, both_ends_meet_by_tcp, 0, G_N_ELEMENTS(tcp));
    tcase_add_test(tc, both_ends_meet_at_a_path);
    tcase_add_test(tc, nobody_listens);
    tcase_add_test(tc, a_wait_ends);
    tcase_add_test(tc, a_descriptor_is_taken_as_it_is);
    tcase_add_test(tc, a_descriptor_has_to_be_a_socket);
    suite_add_tcase(suite, tc);
    return suite;
}
