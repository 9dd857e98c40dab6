/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what an endpoint is, taken apart.
 * Must not know: who asks.  Private to live/endpoint*.c.
 * See also:      live/endpoint.h.
 */
#ifndef MIG_LIVE_ENDPOINT_PRIVATE_H
#define MIG_LIVE_ENDPOINT_PRIVATE_H

#include "live/endpoint.h"

struct MigEndpoint {
    MigEndpointKind kind;
    char *host;    /* TCP; the path of UNIX */
    uint32_t cid;  /* VSOCK */
    uint32_t port; /* TCP, VSOCK; the number of FD */
    char *text;
    bool made; /* the socket file of UNIX is ours */
};

/* Writes the text anew. */
void mig_endpoint_name(MigEndpoint *endpoint);

#endif
