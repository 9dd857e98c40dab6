/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see endpoint.h: how an endpoint is written and what is wrong with one.
 * Must not know: what is sent there.
 * See also:      live/endpoint-socket.c, which opens sockets.
 */
#include "live/endpoint-private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define LOOPBACK "127.0.0.1"
/* VMADDR_CID_LOCAL, which is younger than some systems. */
#define VSOCK_LOCAL 1u

static void refuse(GError **error, const char *text, const char *why)
{
    mig_error_set_plain(
        error, MIG_ERROR_USAGE,
        "\"%s\" is no address of a migration: %s; write tcp:HOST:PORT, unix:PATH, "
        "vsock:CID:PORT or fd:N",
        text, why);
}

/* All of @text, which is at most @max. */
static bool number(const char *text, uint64_t max, uint32_t *n)
{
    char *end;
    guint64 value;

    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    value = g_ascii_strtoull(text, &end, 10);
    *n = (uint32_t)value;
    return *end == '\0' && value <= max;
}

/* HOST:PORT, the host perhaps in brackets. */
static bool parse_tcp(MigEndpoint *endpoint, const char *rest, const char **why)
{
    const char *colon = strrchr(rest, ':');
    const char *host = rest;
    size_t n = colon ? (size_t)(colon - rest) : 0;

    if (!colon || !number(colon + 1, UINT16_MAX, &endpoint->port)) {
        *why = strchr(rest, ',') ? "options after the port are not known here"
                                 : "the port has to be a number up to 65535";
        return false;
    }
    if (*host == '[') {
        if (n < 3 || host[n - 1] != ']') {
            *why = "the bracket before the host has no other one after it";
            return false;
        }
        host++;
        n -= 2;
    } else if (memchr(host, ':', n)) {
        *why = "a host with colons has to be in brackets";
        return false;
    }
    endpoint->host = n > 0 ? g_strndup(host, n) : g_strdup(LOOPBACK);
    return true;
}

static bool parse_unix(MigEndpoint *endpoint, const char *rest, const char **why)
{
    struct sockaddr_un longest;

    if (*rest == '\0') {
        *why = "it has no path";
    } else if (strlen(rest) >= sizeof longest.sun_path) {
        *why = "the path is longer than the 107 bytes that a socket's may have";
    } else {
        endpoint->host = g_strdup(rest);
    }
    return endpoint->host != NULL;
}

static bool parse_vsock(MigEndpoint *endpoint, const char *rest, const char **why)
{
    const char *colon = strchr(rest, ':');
    g_autofree char *cid = g_strndup(rest, colon ? (size_t)(colon - rest) : 0);

    *why = "it needs two numbers, the CID and the port";
    endpoint->cid = VSOCK_LOCAL;
    return colon && (*cid == '\0' || number(cid, UINT32_MAX, &endpoint->cid)) &&
           number(colon + 1, UINT32_MAX, &endpoint->port);
}

static bool parse_fd(MigEndpoint *endpoint, const char *rest, const char **why)
{
    *why = "it needs the number of a descriptor";
    return number(rest, INT32_MAX, &endpoint->port);
}

static const struct {
    const char *prefix;
    bool (*parse)(MigEndpoint *endpoint, const char *rest, const char **why);
    MigEndpointKind kind;
} kinds[] = {
    { "tcp:", parse_tcp, MIG_ENDPOINT_TCP },
    { "unix:", parse_unix, MIG_ENDPOINT_UNIX },
    { "vsock:", parse_vsock, MIG_ENDPOINT_VSOCK },
    { "fd:", parse_fd, MIG_ENDPOINT_FD },
};

/* What QEMU writes as well, and why it is none here. */
static const struct {
    const char *prefix, *why;
} others[] = {
    { "exec:", "a command is started by QEMU alone" },
    { "file:", "a stream in a file needs no connection, each command reads it" },
    { "rdma:", "RDMA has a protocol of its own" },
};

static bool parse(MigEndpoint *endpoint, const char *text, const char **why)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(text, kinds[i].prefix)) {
            endpoint->kind = kinds[i].kind;
            return kinds[i].parse(endpoint, text + strlen(kinds[i].prefix), why);
        }
    }
    *why = "nothing says of what kind it is";
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (g_str_has_prefix(text, others[i].prefix)) {
            *why = others[i].why;
        }
    }
    return false;
}

MigEndpoint *mig_endpoint_parse(const char *text, GError **error)
{
    g_autoptr(MigEndpoint) endpoint = g_new0(MigEndpoint, 1);
    const char *why = NULL;

    if (!parse(endpoint, text, &why)) {
        refuse(error, text, why);
        return NULL;
    }
    mig_endpoint_name(endpoint);
    return g_steal_pointer(&endpoint);
}

void mig_endpoint_name(MigEndpoint *endpoint)
{
    g_free(endpoint->text);
    switch (endpoint->kind) {
    case MIG_ENDPOINT_TCP:
        endpoint->text =
            g_strdup_printf(strchr(endpoint->host, ':') ? "tcp:[%s]:%u" : "tcp:%s:%u",
                            endpoint->host, endpoint->port);
        break;
    case MIG_ENDPOINT_UNIX:
        endpoint->text = g_strdup_printf("unix:%s", endpoint->host);
        break;
    case MIG_ENDPOINT_VSOCK:
        endpoint->text = g_strdup_printf("vsock:%u:%u", endpoint->cid, endpoint->port);
        break;
    case MIG_ENDPOINT_FD:
        endpoint->text = g_strdup_printf("fd:%u", endpoint->port);
        break;
    }
}

void mig_endpoint_free(MigEndpoint *endpoint)
{
    if (endpoint) {
        g_free(endpoint->host);
        g_free(endpoint->text);
        g_free(endpoint);
    }
}

MigEndpointKind mig_endpoint_kind(const MigEndpoint *endpoint)
{
    return endpoint->kind;
}

const char *mig_endpoint_text(const MigEndpoint *endpoint)
{
    return endpoint->text;
}
