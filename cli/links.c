/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see links.h.
 * Must not know: what passes on them.
 * See also:      helper.c.
 */
#include "links.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper.h"

struct CliLinks {
    MigEndpoint *from, *to; /* NULL: not wanted */
    unsigned timeout;       /* seconds */
    int listener;           /* -1: none */
    bool single;            /* it is a connection already */
    bool taken;             /* fd:N, which is connected to, was handed out */
    unsigned made;
    CliHelper *helper; /* NULL: this process makes them */
    bool owns;
    int asks; /* the socket of who asks for them, -1: this process */
};

CliLinks *cli_links_new(const char *listen, const char *connect, unsigned timeout,
                        GError **error)
{
    g_autoptr(CliLinks) links = g_new0(CliLinks, 1);

    links->listener = links->asks = -1;
    links->timeout = timeout;
    if (listen && !(links->from = mig_endpoint_parse(listen, error))) {
        return NULL;
    }
    if (connect && !(links->to = mig_endpoint_parse(connect, error))) {
        return NULL;
    }
    return g_steal_pointer(&links);
}

void cli_links_free(CliLinks *links)
{
    if (!links) {
        return;
    }
    if (links->listener >= 0) {
        close(links->listener);
    }
    if (links->owns) {
        cli_helper_free(links->helper);
    }
    if (links->from && !links->helper) {
        mig_endpoint_remove(links->from);
    }
    mig_endpoint_free(links->from);
    mig_endpoint_free(links->to);
    g_free(links);
}

/* The same file description has one set of flags, whoever made it. */
static bool unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool cli_links_listen(CliLinks *links, GError **error)
{
    links->listener = mig_endpoint_listen(links->from, error);
    if (links->listener < 0) {
        return false;
    }
    links->single = !mig_endpoint_accepts(links->listener);
    if (!unblock(links->listener)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot listen at %s: %s",
                            cli_links_listens_at(links), g_strerror(errno));
        return false;
    }
    return true;
}

const char *cli_links_listens_at(const CliLinks *links)
{
    return links->from ? mig_endpoint_text(links->from) : NULL;
}

const char *cli_links_connects_to(const CliLinks *links)
{
    return links->to ? mig_endpoint_text(links->to) : NULL;
}

int cli_links_listener(const CliLinks *links)
{
    return links->listener;
}

bool cli_links_takes_many(const CliLinks *links)
{
    return !links->single;
}

/* --- making them --- */

static bool count(CliLinks *links, GError **error)
{
    if (links->made++ < CLI_LINKS_MAX) {
        return true;
    }
    mig_error_set_plain(error, MIG_ERROR_LIMIT, "more than %u connections",
                        CLI_LINKS_MAX);
    return false;
}

/* Nobody else comes. */
static int give_listener(CliLinks *links)
{
    int fd = links->listener;

    links->listener = -1;
    return fd;
}

static bool accept_one(CliLinks *links, int *fd, GError **error)
{
    if (links->single) {
        *fd = give_listener(links);
        return true;
    }
    do {
        /* cppcheck-suppress nullPointer; nobody wants the other's address */
        *fd = accept4(links->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (*fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (*fd < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot accept a connection at %s: %s",
                            cli_links_listens_at(links), g_strerror(errno));
        return false;
    }
    return *fd < 0 || count(links, error);
}

/* A MigCancelled: nobody waits for the connection any more. */
static bool is_given_up(void *data)
{
    const CliLinks *links = data;
    struct pollfd who = { .fd = links->asks, .events = POLLRDHUP };

    return links->asks < 0 ? cli_is_cancelled(NULL) : poll(&who, 1, 0) > 0;
}

/* A descriptor of fd:N is one connection, and whoever wants a second one is told so. */
static int connect_one(CliLinks *links, GError **error)
{
    bool is_fd = g_str_has_prefix(cli_links_connects_to(links), "fd:");
    int fd;

    if (is_fd && links->taken) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s is one connection, and another channel needs its own: "
                            "tcp:HOST:PORT and unix:PATH have as many as are wanted",
                            cli_links_connects_to(links));
        return -1;
    }
    fd = mig_endpoint_connect(links->to, links->timeout, is_given_up, links, error);
    links->taken = is_fd && fd >= 0;
    return fd;
}

bool cli_links_accept(CliLinks *links, int *fd, GError **error)
{
    *fd = -1;
    if (!links->helper) {
        return accept_one(links, fd, error);
    }
    if (!cli_helper_accept(links->helper, fd, error)) {
        return false;
    }
    if (*fd >= 0 && links->single) {
        close(give_listener(links)); /* The helper gave it back. */
    }
    return true;
}

int cli_links_connect(CliLinks *links, GError **error)
{
    int fd;

    if (!links->helper && !count(links, error)) {
        return -1;
    }
    fd = links->helper ? cli_helper_connect(links->helper, error)
                       : connect_one(links, error);
    if (fd >= 0) {
        (void)unblock(fd);
    }
    return fd;
}

void cli_links_give_to(CliLinks *links, CliHelper *helper, bool owns)
{
    links->helper = helper;
    links->owns = owns;
}

void cli_links_serve(CliLinks *links, int asks)
{
    links->asks = asks;
}
