/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see helper.h.
 * Must not know: streams, commands.
 * See also:      files.c, inputs.c, links.c.
 */
#include "helper.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "inputs.h"
#include "links.h"

#define TEXT_MAX 8192 /* Of an error, which names a path. */

struct CliHelper {
    int socket;
    pid_t pid;
};

typedef enum Wish {
    WISH_INPUT,
    WISH_FILE,
    WISH_COMMIT,
    WISH_ACCEPT,
    WISH_CONNECT,
} Wish;

/* What it was given, each of which may be NULL. */
typedef struct Means {
    CliFiles *files;
    const CliInputs *inputs;
    CliLinks *links;
} Means;

/* One message each; both ends are one program. */
typedef struct Request {
    Wish wish;
    unsigned index; /* of an input; or CliFilesWhich */
    char base[NAME_MAX + 1];
} Request;

typedef struct Reply {
    bool ok;
    int code; /* MigErrorCode */
    char text[TEXT_MAX];
} Reply;

typedef union Control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
} Control;

/* --- in the helper --- */

static void send_reply(int socket, Reply *reply, int fd)
{
    struct iovec part = { reply, sizeof *reply };
    Control control = { .header = { CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS } };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

/* A descriptor, or -1. */
static int grant(const Request *request, const Means *means, Reply *reply, GError **error)
{
    int fd = -1;

    switch (request->wish) {
    case WISH_INPUT:
        fd = means->inputs ? cli_inputs_open_one(means->inputs, request->index, error)
                           : -1;
        break;
    case WISH_FILE:
        fd = means->files ? cli_files_add_base(means->files, request->base, error) : -1;
        break;
    case WISH_COMMIT:
        reply->ok =
            means->files && cli_files_commit_some(means->files, request->index, error);
        return -1;
    case WISH_ACCEPT:
        reply->ok = means->links && cli_links_accept(means->links, &fd, error);
        return fd;
    case WISH_CONNECT:
        fd = means->links ? cli_links_connect(means->links, error) : -1;
        break;
    }
    reply->ok = fd >= 0;
    return fd;
}

static void answer(int socket, Request *request, const Means *means)
{
    g_autoptr(GError) error = NULL;
    Reply reply = { .code = MIG_ERROR_USAGE };
    int fd;

    request->base[NAME_MAX] = '\0';
    fd = grant(request, means, &reply, &error);
    if (error) {
        reply.code = error->code;
        g_strlcpy(reply.text, error->message, sizeof reply.text);
    }
    send_reply(socket, &reply, fd);
    if (fd >= 0 && request->wish != WISH_FILE) {
        close(fd);
    }
}

/* Until the other end is closed, for whatever reason: then what has no name yet is removed. */
static G_NORETURN void serve(int socket, const Means *means)
{
    Request request;
    ssize_t n;

    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_NAME, "migstat-files");
    if (means->links) {
        cli_links_serve(means->links, socket);
    }
    while ((n = recv(socket, &request, sizeof request, 0)) != 0) {
        if (n == (ssize_t)sizeof request) {
            answer(socket, &request, means);
        } else if (n > 0 || errno != EINTR) {
            break;
        }
    }
    cli_files_free(means->files);
    cli_links_free(means->links);
    _exit(0);
}

/* --- in the process that asks --- */

CliHelper *cli_helper_start(CliFiles *files, const CliInputs *inputs, CliLinks *links,
                            GError **error)
{
    const Means means = { files, inputs, links };
    int ends[2];
    CliHelper *helper;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot start a helper: %s",
                            g_strerror(errno));
        return NULL;
    }
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        serve(ends[1], &means);
    }
    close(ends[1]);
    if (pid < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot start a helper: %s",
                            g_strerror(errno));
        close(ends[0]);
        return NULL;
    }
    helper = g_new0(CliHelper, 1);
    helper->socket = ends[0];
    helper->pid = pid;
    if (files) {
        cli_files_give_to(files, helper);
    }
    if (links) {
        cli_links_give_to(links, helper, !files && !inputs);
    }
    return helper;
}

int cli_helper_socket(const CliHelper *helper)
{
    return helper->socket;
}

int cli_helper_pid(const CliHelper *helper)
{
    return (int)helper->pid;
}

/* By their own numbers: libc may ask for socketcall(), whose arguments cannot be seen. */
static bool send_request(const CliHelper *helper, const Request *request)
{
    ssize_t n;

    do {
        n = syscall(SYS_sendto, helper->socket, request, sizeof *request, MSG_NOSIGNAL,
                    NULL, 0);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *request;
}

/* *fd: what came with it, or -1. */
static bool receive_reply(const CliHelper *helper, Wish wish, Reply *reply, int *fd)
{
    struct iovec part = { reply, sizeof *reply };
    Control control;
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof control };
    ssize_t n;

    do {
        n = syscall(SYS_recvmsg, helper->socket, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR &&
             !(wish == WISH_CONNECT && cli_is_cancelled(NULL)));
    if (n != (ssize_t)sizeof *reply) {
        return false;
    }
    if (message.msg_controllen >= CMSG_LEN(sizeof *fd)) {
        memcpy(fd, CMSG_DATA(&control.header), sizeof *fd);
    }
    return true;
}

static bool ask(const CliHelper *helper, const Request *request, int *fd, GError **error)
{
    g_autofree Reply *reply = g_new0(Reply, 1);

    *fd = -1;
    if (!send_request(helper, request) ||
        !receive_reply(helper, request->wish, reply, fd)) {
        if (cli_is_cancelled(NULL)) {
            mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
            return false;
        }
        mig_error_set_plain(error, MIG_ERROR_IO, "the helper process is gone");
        return false;
    }
    if (!reply->ok) {
        mig_error_set_plain(error, (MigErrorCode)reply->code, "%s", reply->text);
    } else if ((request->wish == WISH_INPUT || request->wish == WISH_FILE) && *fd < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "too many open files");
        return false;
    }
    return reply->ok;
}

int cli_helper_open_input(CliHelper *helper, unsigned index, GError **error)
{
    Request request = { .wish = WISH_INPUT, .index = index };
    int fd;

    return ask(helper, &request, &fd, error) ? fd : -1;
}

int cli_helper_add_file(CliHelper *helper, const char *base, GError **error)
{
    Request request = { .wish = WISH_FILE };
    int fd;

    g_strlcpy(request.base, base, sizeof request.base);
    return ask(helper, &request, &fd, error) ? fd : -1;
}

bool cli_helper_accept(CliHelper *helper, int *fd, GError **error)
{
    Request request = { .wish = WISH_ACCEPT };

    return ask(helper, &request, fd, error);
}

bool cli_helper_commit(CliHelper *helper, unsigned which, GError **error)
{
    Request request = { .wish = WISH_COMMIT, .index = which };
    int fd;

    return ask(helper, &request, &fd, error);
}

int cli_helper_connect(CliHelper *helper, GError **error)
{
    Request request = { .wish = WISH_CONNECT };
    int fd;

    return ask(helper, &request, &fd, error) ? fd : -1;
}

void cli_helper_free(CliHelper *helper)
{
    if (!helper) {
        return;
    }
    close(helper->socket);
    while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    g_free(helper);
}
