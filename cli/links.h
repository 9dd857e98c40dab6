/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the connections that a command takes at one address, makes to another, or both.
 * Must not know: what passes on them.
 * See also:      live/endpoint.h; helper.h, the process that has the right to make them once this
 *                one has given it up.
 */
#ifndef CLI_LINKS_H
#define CLI_LINKS_H

#include "cli.h"

typedef struct CliLinks CliLinks;
struct CliHelper;

/* A source has at most that many multifd channels, and a main and a preempt one, each of which
 * may come anew; what asks for more has gone wrong. */
#define CLI_LINKS_MAX 1024u

/* Either address may be NULL.  Nothing is connected.  NULL with *error (USAGE). */
CliLinks *cli_links_new(const char *listen, const char *connect, unsigned timeout,
                        GError **error);
void cli_links_free(CliLinks *links);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliLinks, cli_links_free)

/* Begins to listen; before cli_confine().  False with *error (IO, USAGE). */
bool cli_links_listen(CliLinks *links, GError **error);

/* The addresses, as they are to be told; that of listening may have a port by now.  NULL: there is
 * none. */
const char *cli_links_listens_at(const CliLinks *links);
const char *cli_links_connects_to(const CliLinks *links);

/* What poll() can wait on for the next connection, or -1: it does not listen, or nobody else can
 * come. */
int cli_links_listener(const CliLinks *links);

/* Whether more than one can come: not of fd:N that is a connection already. */
bool cli_links_takes_many(const CliLinks *links);

/* The next connection that has come, in *fd; -1: there is none now, and nothing waits.  The
 * descriptor does not block, and the caller closes it.  False with *error: IO, where there can be no
 * more; LIMIT for more than CLI_LINKS_MAX. */
bool cli_links_accept(CliLinks *links, int *fd, GError **error);

/* The same of a new connection, which there is; -1 with *error: IO, USAGE, CANCELLED, LIMIT. */
int cli_links_connect(CliLinks *links, GError **error);

/* --- for helper.c --- */

/* From now on @helper makes them, which has this object too, as it was; with @owns it ends with
 * this one. */
void cli_links_give_to(CliLinks *links, struct CliHelper *helper, bool owns);

/* In the helper: until nobody is at the other end of the socket @asks. */
void cli_links_serve(CliLinks *links, int asks);

#endif
