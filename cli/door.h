/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where connections of a live migration come in.
 * Must not know: what they send.
 * See also:      helper.h, who accepts them for a process that may not.
 */
#ifndef CLI_DOOR_H
#define CLI_DOOR_H

#include "cli.h"

typedef struct CliDoor {
    MigEndpoint *endpoint;
    int socket;   /* that accepts connections; or, unless @accepts, the only one */
    bool accepts; /* not of fd:N that is a connection already */
} CliDoor;

/* Listens at @door->endpoint; nothing waits. */
bool cli_door_open(CliDoor *door, GError **error);

/* The next connection, the caller's to close, in *fd; -1: there is none now.  False with *error
 * where there can be no more. */
bool cli_door_accept(const CliDoor *door, int *fd, GError **error);

/* Removes its socket file.  NULL: nothing. */
void cli_door_close(const CliDoor *door);

#endif
