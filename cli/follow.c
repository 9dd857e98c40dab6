/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see follow.h.
 * Must not know: what is in it.
 * See also:      progress.h, whose line this one looks like.
 *
 * The kernel gives a lease for reading only of a file that nobody has open for writing: fcntl(2),
 * F_SETLEASE.  It is given back at once.  Whoever opens the file in that moment waits for it, and the
 * holder gets SIGIO, which is ignored meanwhile.
 */
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"
#include "wrap.h"

#define LOOK_EACH 100 /* ms */

bool cli_is_written(int fd, bool *known)
{
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction old;
    bool free;

    *known = false;
    if (sigaction(SIGIO, &ignore, &old) != 0) {
        return false;
    }
    free = fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
    *known = free || errno == EAGAIN;
    if (free) {
        fcntl(fd, F_SETLEASE, F_UNLCK);
    }
    sigaction(SIGIO, &old, NULL);
    return *known && !free;
}

static bool has_changed(int fd, struct stat *last)
{
    struct stat now;
    bool same = fstat(fd, &now) == 0 && now.st_size == last->st_size &&
                now.st_mtim.tv_sec == last->st_mtim.tv_sec &&
                now.st_mtim.tv_nsec == last->st_mtim.tv_nsec;

    *last = now;
    return !same;
}

static void show(const char *path, const struct stat *now)
{
    g_autofree char *name = cli_file_name(path);
    g_autofree char *size = cli_size((uint64_t)now->st_size);
    g_autofree char *line = g_strdup_printf("%s: %s, waiting for the rest", name, size);
    int columns = cli_line_columns(stderr);

    if (columns == 0 || cli_width(line) < (size_t)columns) {
        fprintf(stderr, "\r%s\033[K", line);
        fflush(stderr);
    }
}

/* Whether nobody writes it. */
static bool is_whole(int fd)
{
    bool known;

    return !cli_is_written(fd, &known) && known;
}

bool cli_follow(int fd, const char *path, unsigned silence, bool quiet, GError **error)
{
    const uint64_t most = (uint64_t)silence * 1000 / LOOK_EACH;
    bool shows = !quiet && isatty(STDERR_FILENO);
    struct stat last = { 0 };
    uint64_t silent = 0;

    if (fstat(fd, &last) != 0 || !S_ISREG(last.st_mode)) {
        return true; /* which ends by itself */
    }
    while (!is_whole(fd) && silent < most && !cli_is_cancelled(NULL)) {
        silent = has_changed(fd, &last) ? 0 : silent + 1;
        if (shows) {
            show(path, &last);
        }
        poll(NULL, 0, LOOK_EACH);
    }
    if (shows) {
        fputs("\r\033[K", stderr);
    }
    if (cli_is_cancelled(NULL)) {
        mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
        return false;
    }
    return true;
}
