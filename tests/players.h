/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          small sources and destinations on a local socket, which do what a line of words
 *                says.
 * Must not know: migration streams.
 * See also:      cli/test-send.c, cli/test-relay.c.
 *
 * The words of a script, one after the other, on one connection, which is closed after the last:
 *
 *   give        sends all that is left of what there is to give
 *   give N      sends the next N bytes of it
 *   take        reads to the end
 *   take N      reads N bytes, or to the end
 *   follow      reads as many bytes as there are to give, or to the end
 *   say HEX     sends these bytes
 *   end         sends no more, and can still read
 *   wait        waits until all scripts before this one have ended
 *   wait N      waits until N scripts have
 *   stay        does nothing until the other side closes the connection
 *
 * Whatever waits gives up after a minute, and nothing depends on how long anything takes.
 */
#ifndef TESTS_PLAYERS_H
#define TESTS_PLAYERS_H

#include <glib.h>

#define PLAYERS_MAX 8

typedef struct Player {
    const char *script;
    GBytes *gives;    /* borrowed, or NULL */
    GByteArray *took; /* what it read */
    struct Players *all;
    unsigned number;
    int fd;
    GThread *thread;
} Player;

typedef struct Players {
    Player player[PLAYERS_MAX];
    unsigned n;      /* scripts */
    unsigned n_come; /* connections that there were */
    int listener;    /* -1: they connect */
    char *path;
    GThread *thread;
    GMutex lock;
    GCond changed;
    unsigned ended; /* scripts, from the first on, that have ended */
    gboolean over;
} Players;

/* The @i-th connection to the socket @path does what scripts[i] says; closed by NULL.  What it has
 * to give is gives[i]; either may be NULL. */
Players *players_listen(const char *path, const char *const *scripts,
                        GBytes *const *gives);

/* They connect to @path one after the other, as soon as somebody listens there. */
Players *players_connect(const char *path, const char *const *scripts,
                         GBytes *const *gives);

/* Waits until all scripts have ended; nobody comes any more. */
void players_join(Players *players);
void players_free(Players *players);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Players, players_free)

#endif
