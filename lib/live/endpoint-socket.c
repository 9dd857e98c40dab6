/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see endpoint.h: sockets that accept or make connections.
 * Must not know: how addresses are written.
 * See also:      live/endpoint.c.
 */
#include "live/endpoint-private.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* It needs what sys/socket.h declares. */
#include <linux/vm_sockets.h>

#include "io/cancel.h"

/* QEMU has up to 255 multifd channels, and they come at once. */
#define BACKLOG 256
/* The caller is asked this often during a wait. */
#define CANCEL_POLL_MS 250
#define FULL_RETRY_US  (10 * 1000)

/* One place to bind or to connect to. */
typedef union Place {
    struct sockaddr any;
    struct sockaddr_un un;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_vm vm;
    struct sockaddr_storage storage;
} Place;

/* Tries @place; a descriptor, or -1 with errno. */
typedef int Attempt(const Place *place, socklen_t n, void *data);

static void complain(const MigEndpoint *endpoint, const char *what, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot %s %s: %s", what, endpoint->text,
                        g_strerror(errno));
}

/* Each of the places that a name means, until one does. */
static int attempt_tcp(const MigEndpoint *endpoint, const char *what, Attempt *attempt,
                       void *data, GError **error)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICSERV };
    g_autofree char *port = g_strdup_printf("%u", endpoint->port);
    struct addrinfo *found;
    int fd = -1;
    int failure = getaddrinfo(endpoint->host, port, &hints, &found);

    if (failure != 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot %s %s: %s", what, endpoint->text,
                            failure == EAI_SYSTEM ? g_strerror(errno)
                                                  : gai_strerror(failure));
        return -1;
    }
    errno = EADDRNOTAVAIL;
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        Place place;

        if (at->ai_addrlen <= sizeof place) {
            memcpy(&place, at->ai_addr, at->ai_addrlen);
            fd = attempt(&place, at->ai_addrlen, data);
        }
    }
    failure = errno;
    freeaddrinfo(found);
    errno = failure;
    if (fd < 0) {
        complain(endpoint, what, error);
    }
    return fd;
}

static int attempt_one(const MigEndpoint *endpoint, const char *what, Attempt *attempt,
                       void *data, GError **error)
{
    Place place = { .storage = { 0 } };
    socklen_t n = sizeof place.vm;
    int fd;

    if (endpoint->kind == MIG_ENDPOINT_UNIX) {
        place.un.sun_family = AF_UNIX;
        g_strlcpy(place.un.sun_path, endpoint->host, sizeof place.un.sun_path);
        n = sizeof place.un;
    } else {
        place.vm.svm_family = AF_VSOCK;
        place.vm.svm_cid = endpoint->cid;
        place.vm.svm_port = endpoint->port;
    }
    fd = attempt(&place, n, data);
    if (fd < 0) {
        complain(endpoint, what, error);
    }
    return fd;
}

/* Descriptor N itself. */
static int take(const MigEndpoint *endpoint, GError **error)
{
    int fd = (int)endpoint->port;
    struct stat st;

    if (fstat(fd, &st) != 0) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s is not open: whoever starts this program has to leave a "
                            "socket open there",
                            endpoint->text);
        return -1;
    }
    if (!S_ISSOCK(st.st_mode)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "%s is no socket%s", endpoint->text,
                            S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode)
                                ? ": a stream in a pipe or a file needs no connection, "
                                  "each command reads it"
                                : "");
        return -1;
    }
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

static int reach(const MigEndpoint *endpoint, const char *what, Attempt *attempt,
                 void *data, GError **error)
{
    switch (endpoint->kind) {
    case MIG_ENDPOINT_FD:
        return take(endpoint, error);
    case MIG_ENDPOINT_TCP:
        return attempt_tcp(endpoint, what, attempt, data, error);
    case MIG_ENDPOINT_UNIX:
    case MIG_ENDPOINT_VSOCK:
        break;
    }
    return attempt_one(endpoint, what, attempt, data, error);
}

/* Closes @fd and keeps errno. */
static int give_up(int fd)
{
    int failure = errno;

    close(fd);
    errno = failure;
    return -1;
}

/* --- accept --- */

static int bind_and_listen(const Place *place, socklen_t n, void *unused)
{
    int fd = socket(place->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;

    (void)unused;
    if (fd < 0) {
        return -1;
    }
    if (place->any.sa_family != AF_UNIX) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    }
    if (bind(fd, &place->any, n) != 0 || listen(fd, BACKLOG) != 0) {
        return give_up(fd);
    }
    return fd;
}

/* Removes a socket file that is left from somebody who has gone.  Whoever still listens there does
 * not notice the question, which is of another kind than his socket: EPROTOTYPE. */
static void remove_stale(const char *path)
{
    struct sockaddr_un place = { .sun_family = AF_UNIX };
    struct stat st;
    int fd;

    if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode)) {
        return;
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    g_strlcpy(place.sun_path, path, sizeof place.sun_path);
    if (connect(fd, (const struct sockaddr *)&place, sizeof place) != 0 &&
        errno == ECONNREFUSED) {
        (void)unlink(path);
    }
    close(fd);
}

/* The port that the kernel chose. */
static void learn_port(MigEndpoint *endpoint, int fd)
{
    Place place = { .storage = { 0 } };
    socklen_t n = sizeof place;

    if (endpoint->port != 0 || getsockname(fd, &place.any, &n) != 0) {
        return;
    }
    if (place.any.sa_family == AF_INET) {
        endpoint->port = ntohs(place.in.sin_port);
    } else if (place.any.sa_family == AF_INET6) {
        endpoint->port = ntohs(place.in6.sin6_port);
    }
    mig_endpoint_name(endpoint);
}

int mig_endpoint_listen(MigEndpoint *endpoint, GError **error)
{
    int fd;

    if (endpoint->kind == MIG_ENDPOINT_UNIX) {
        remove_stale(endpoint->host);
    }
    fd = reach(endpoint, "listen at", bind_and_listen, NULL, error);
    if (fd >= 0 && endpoint->kind == MIG_ENDPOINT_TCP) {
        learn_port(endpoint, fd);
    }
    endpoint->made = fd >= 0 && endpoint->kind == MIG_ENDPOINT_UNIX;
    return fd;
}

bool mig_endpoint_accepts(int fd)
{
    int accepts = 0;
    socklen_t n = sizeof accepts;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &n) == 0 && accepts != 0;
}

void mig_endpoint_remove(MigEndpoint *endpoint)
{
    if (endpoint->made) {
        (void)unlink(endpoint->host);
        endpoint->made = false;
    }
}

/* --- connect --- */

typedef struct Patience {
    gint64 until; /* of the monotonic clock, in microseconds */
    MigCancel cancel;
} Patience;

static bool has_time(const Patience *patience)
{
    return !mig_cancel_asked(patience->cancel) &&
           g_get_monotonic_time() < patience->until;
}

/* Until the connection is there, or why not (errno). */
static int wait_connected(int fd, const Patience *patience)
{
    struct pollfd want = { .fd = fd, .events = POLLOUT };
    int failure = 0;
    socklen_t n = sizeof failure;

    while (poll(&want, 1, CANCEL_POLL_MS) <= 0) {
        if (!has_time(patience)) {
            return ETIMEDOUT;
        }
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &n) == 0 ? failure : errno;
}

/* 0, or why there is no connection (errno). */
static int begin_connection(int fd, const Place *place, socklen_t n,
                            const Patience *patience)
{
    while (connect(fd, &place->any, n) != 0) {
        if (errno == EINPROGRESS || errno == EINTR) {
            return wait_connected(fd, patience);
        }
        /* Of a socket file: so many wait there already that there is no room. */
        if (errno != EAGAIN || !has_time(patience)) {
            return errno == EAGAIN ? ETIMEDOUT : errno;
        }
        g_usleep(FULL_RETRY_US);
    }
    return 0;
}

static int connect_once(const Place *place, socklen_t n, void *data)
{
    int fd = socket(place->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int flags;

    if (fd < 0) {
        return -1;
    }
    errno = begin_connection(fd, place, n, (const Patience *)data);
    if (errno != 0) {
        return give_up(fd);
    }
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
        return give_up(fd);
    }
    return fd;
}

int mig_endpoint_connect(const MigEndpoint *endpoint, unsigned timeout,
                         MigCancelled *cancelled, void *data, GError **error)
{
    Patience patience = { g_get_monotonic_time() + (gint64)timeout * G_USEC_PER_SEC,
                          { cancelled, data } };
    int fd = reach(endpoint, "connect to", connect_once, &patience, error);

    if (fd < 0 && mig_cancel_asked(patience.cancel)) {
        g_clear_error(error);
        mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
    }
    return fd;
}
