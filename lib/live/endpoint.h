/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          endpoints of live migrations: addresses as QEMU writes them, and the sockets
 *                that they lead to.
 * Must not know: what is sent there.
 * See also:      live/return-path.h, what comes back on one; stream/address.h, which has
 *                those of sections and fields.
 *
 *   tcp:HOST:PORT   HOST is a name or a number, [in brackets] if it has colons; empty: this
 *                   machine alone, where QEMU would take every interface.  PORT is a number.
 *   unix:PATH       all that follows is the path
 *   vsock:CID:PORT  numbers; an empty CID is this machine
 *   fd:N            a socket that whoever started the program left open for it
 */
#ifndef MIG_LIVE_ENDPOINT_H
#define MIG_LIVE_ENDPOINT_H

#include "io/error.h"
#include "io/input.h"
#include "io/visibility.h"

G_BEGIN_DECLS

typedef enum MigEndpointKind {
    MIG_ENDPOINT_TCP,
    MIG_ENDPOINT_UNIX,
    MIG_ENDPOINT_VSOCK,
    MIG_ENDPOINT_FD,
} MigEndpointKind;

typedef struct MigEndpoint MigEndpoint;

/* NULL with *error (USAGE) where @text is none, or is one of QEMU's that cannot lead here, such
 * as exec: and file:.  Nothing is looked up.  The caller frees it. */
MIG_API MigEndpoint *mig_endpoint_parse(const char *text, GError **error);
MIG_API void mig_endpoint_free(MigEndpoint *endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigEndpoint, mig_endpoint_free)

/* What it begins with. */
MIG_API MigEndpointKind mig_endpoint_kind(const MigEndpoint *endpoint);

/* As QEMU has to be told it to come here: with the host that an empty one means.  It lives as long
 * as the endpoint. */
MIG_API const char *mig_endpoint_text(const MigEndpoint *endpoint);

/*
 * A socket that accepts connections at @endpoint, closed at exec(), which the caller closes; -1
 * with *error (IO, USAGE).  Port 0 is any that is free; mig_endpoint_text() has it afterwards.  A
 * socket file that nobody listens at is replaced.  Of fd:N it is N itself, and
 * mig_endpoint_accepts() tells whether it accepts, or is a connection already.
 */
MIG_API int mig_endpoint_listen(MigEndpoint *endpoint, GError **error);
MIG_API bool mig_endpoint_accepts(int fd);

/* Removes the socket file that mig_endpoint_listen() made, if it made one. */
MIG_API void mig_endpoint_remove(MigEndpoint *endpoint);

/*
 * A connection to @endpoint, closed at exec(), which the caller closes; -1 with *error (IO, USAGE, CANCELLED)
 * if there is none after @timeout seconds, or at once where nobody listens.  @cancelled may be NULL,
 * and gets @data.  Of fd:N it is N itself.
 */
MIG_API int mig_endpoint_connect(const MigEndpoint *endpoint, unsigned timeout,
                                 MigCancelled *cancelled, void *data, GError **error);

G_END_DECLS

#endif
