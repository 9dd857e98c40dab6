/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see players.h.
 * Must not know: migration streams.
 * See also:      cli/test-send.c, cli/test-relay.c.
 */
#include "players.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 60000

/* --- one connection ----------------------------------------------------------------------- */

static bool is_ready(int fd, short events)
{
    struct pollfd want = { .fd = fd, .events = events };

    return poll(&want, 1, PATIENCE_MS) > 0;
}

/* False: the other side has gone, or does not move. */
static bool give(const Player *player, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = is_ready(player->fd, POLLOUT)
                           ? send(player->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT)
                           : -1;

        if (done < 0 && errno != EAGAIN) {
            return false;
        }
        bytes += MAX(done, 0);
        n -= (size_t)MAX(done, 0);
    }
    return true;
}

static void take(Player *player, size_t n)
{
    uint8_t buffer[4096];

    while (n > 0 && is_ready(player->fd, POLLIN)) {
        ssize_t got = read(player->fd, buffer, MIN(n, sizeof buffer));

        if (got <= 0) {
            return;
        }
        g_byte_array_append(player->took, buffer, (guint)got);
        n -= (size_t)got;
    }
}

/* At once, so that what they say is not seen in parts. */
static void say(const Player *player, const char *digits)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    for (; digits[0] && digits[1]; digits += 2) {
        const char pair[3] = { digits[0], digits[1], '\0' };
        uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);

        g_byte_array_append(bytes, &byte, 1);
    }
    give(player, bytes->data, bytes->len);
}

static void wait_for_others(Player *player, size_t n)
{
    Players *all = player->all;

    g_mutex_lock(&all->lock);
    while (all->ended < n && !all->over) {
        g_cond_wait(&all->changed, &all->lock);
    }
    g_mutex_unlock(&all->lock);
}

/* *given: how much of what there is to give is gone.  Returns the word after its own. */
static char **do_word(Player *player, char **word, size_t *given)
{
    char *number = word[1] && g_ascii_isdigit(*word[1]) ? word[1] : NULL;
    size_t n = number ? strtoul(number, NULL, 0) : SIZE_MAX;

    if (g_str_equal(*word, "give")) {
        size_t all = 0;
        const uint8_t *bytes =
            player->gives ? g_bytes_get_data(player->gives, &all) : NULL;

        n = MIN(n, all - *given);
        *given += give(player, bytes + *given, n) ? n : 0;
    } else if (g_str_equal(*word, "take")) {
        take(player, n);
    } else if (g_str_equal(*word, "follow")) {
        take(player, player->gives ? g_bytes_get_size(player->gives) : 0);
    } else if (g_str_equal(*word, "say")) {
        say(player, word[1]);
        return word + 2;
    } else if (g_str_equal(*word, "end")) {
        shutdown(player->fd, SHUT_WR);
    } else if (g_str_equal(*word, "wait")) {
        wait_for_others(player, number ? n : player->number);
    } else if (g_str_equal(*word, "stay")) {
        is_ready(player->fd, 0); /* that is POLLHUP */
    }
    return word + (number ? 2 : 1);
}

static gpointer play(gpointer data)
{
    Player *player = data;
    Players *all = player->all;
    g_auto(GStrv) words = g_strsplit(player->script, " ", -1);
    size_t given = 0;

    for (char **word = words; *word && **word;) {
        word = do_word(player, word, &given);
    }
    close(player->fd);
    g_mutex_lock(&all->lock);
    all->ended++;
    g_cond_broadcast(&all->changed);
    g_mutex_unlock(&all->lock);
    return NULL;
}

/* --- all of them ---------------------------------------------------------------------------- */

static struct sockaddr_un place_of(const char *path)
{
    struct sockaddr_un place = { .sun_family = AF_UNIX };

    g_strlcpy(place.sun_path, path, sizeof place.sun_path);
    return place;
}

static void start(Players *players, int fd)
{
    Player *player = &players->player[players->n_come++];

    player->fd = fd;
    player->thread = g_thread_new("player", play, player);
}

static gpointer accept_all(gpointer data)
{
    Players *players = data;

    while (players->n_come < players->n) {
        int fd = accept(players->listener, NULL, NULL);

        if (fd < 0) {
            break;
        }
        start(players, fd);
    }
    return NULL;
}

static gpointer connect_all(gpointer data)
{
    Players *players = data;
    struct sockaddr_un place = place_of(players->path);

    for (unsigned tries = 0; players->n_come < players->n && tries < 6000;) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (connect(fd, (const struct sockaddr *)&place, sizeof place) == 0) {
            start(players, fd);
            continue;
        }
        close(fd);
        if (players->over) {
            break;
        }
        tries++;
        g_usleep(10000);
    }
    return NULL;
}

static Players *players_new(const char *path, const char *const *scripts,
                            GBytes *const *gives)
{
    Players *players = g_new0(Players, 1);

    players->path = g_strdup(path);
    players->listener = -1;
    g_mutex_init(&players->lock);
    g_cond_init(&players->changed);
    for (; scripts[players->n]; players->n++) {
        Player *player = &players->player[players->n];

        g_assert(players->n < PLAYERS_MAX);
        *player = (Player){ .script = scripts[players->n],
                            .gives = gives ? gives[players->n] : NULL,
                            .took = g_byte_array_new(),
                            .all = players,
                            .number = players->n,
                            .fd = -1 };
    }
    return players;
}

Players *players_listen(const char *path, const char *const *scripts,
                        GBytes *const *gives)
{
    Players *players = players_new(path, scripts, gives);
    struct sockaddr_un place = place_of(path);

    players->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert(bind(players->listener, (const struct sockaddr *)&place, sizeof place) == 0);
    g_assert(listen(players->listener, PLAYERS_MAX) == 0);
    players->thread = g_thread_new("players", accept_all, players);
    return players;
}

Players *players_connect(const char *path, const char *const *scripts,
                         GBytes *const *gives)
{
    Players *players = players_new(path, scripts, gives);

    players->thread = g_thread_new("players", connect_all, players);
    return players;
}

void players_join(Players *players)
{
    g_mutex_lock(&players->lock);
    players->over = TRUE;
    g_cond_broadcast(&players->changed);
    g_mutex_unlock(&players->lock);
    if (players->listener >= 0) {
        shutdown(players->listener, SHUT_RDWR);
    }
    g_clear_pointer(&players->thread, g_thread_join);
    for (unsigned i = 0; i < players->n_come; i++) {
        g_clear_pointer(&players->player[i].thread, g_thread_join);
    }
}

void players_free(Players *players)
{
    players_join(players);
    for (unsigned i = 0; i < players->n; i++) {
        g_byte_array_unref(players->player[i].took);
    }
    if (players->listener >= 0) {
        close(players->listener);
    }
    g_mutex_clear(&players->lock);
    g_cond_clear(&players->changed);
    g_free(players->path);
    g_free(players);
}
