/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see door.h.
 * Must not know: what connections send.
 * See also:      lib/live/endpoint.h.
 */
#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

bool cli_door_open(CliDoor *door, GError **error)
{
    door->socket = mig_endpoint_listen(door->endpoint, error);
    if (door->socket < 0) {
        return false;
    }
    door->accepts = mig_endpoint_accepts(door->socket);
    if (fcntl(door->socket, F_SETFL, O_NONBLOCK) != 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot listen at %s: %s",
                            mig_endpoint_text(door->endpoint), g_strerror(errno));
        cli_door_close(door);
        return false;
    }
    return true;
}

bool cli_door_accept(const CliDoor *door, int *fd, GError **error)
{
    do {
        /* cppcheck-suppress nullPointer; nobody wants the other's address */
        *fd = accept4(door->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (*fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (*fd < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot accept a connection: %s",
                            g_strerror(errno));
        return false;
    }
    return true;
}

void cli_door_close(const CliDoor *door)
{
    if (door) {
        mig_endpoint_remove(door->endpoint);
    }
}
