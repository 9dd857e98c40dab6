/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see place.h.
 * Must not know: what is written there.
 * See also:      output-target.c.
 */
#include "io/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_DEPTH 40 /* As the kernel follows. */

struct MigPlace {
    int folder; /* -1: none */
    char *name;
};

int mig_place_open_folder(int at, const char *path)
{
    int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == EACCES) {
        fd = openat(at, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    return fd;
}

int mig_place_folder(const MigPlace *place)
{
    return place->folder;
}

const char *mig_place_name(const MigPlace *place)
{
    return place->name;
}

static void leave(MigPlace *place)
{
    if (place->folder >= 0) {
        close(place->folder);
    }
    g_free(place->name);
}

void mig_place_free(MigPlace *place)
{
    if (place) {
        leave(place);
        g_free(place);
    }
}

/* The rule of fs.protected_symlinks: fs/namei.c, may_follow_link(). */
static bool may_follow(int folder, const struct stat *link)
{
    struct stat st;

    if (fstat(folder, &st) != 0) {
        return false;
    }
    return (st.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) ||
           link->st_uid == geteuid() || link->st_uid == st.st_uid;
}

/* Makes *place that of @path, seen from its folder before. */
static bool step(MigPlace *place, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = mig_place_open_folder(place->folder < 0 ? AT_FDCWD : place->folder, folder);

    leave(place);
    place->folder = fd;
    place->name = g_path_get_basename(path);
    return fd >= 0;
}

typedef enum Link { LINK_NONE, LINK_READ, LINK_REFUSED } Link;

/* What the link that @place names says, the link itself held fast meanwhile. */
static Link read_link(const MigPlace *place, char target[PATH_MAX])
{
    int fd = openat(place->folder, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    Link link = LINK_NONE;
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
        ssize_t n = readlinkat(fd, "", target, PATH_MAX - 1);

        target[MAX(n, 0)] = '\0';
        link = n > 0 && may_follow(place->folder, &st) ? LINK_READ : LINK_REFUSED;
    }
    if (fd >= 0) {
        close(fd);
    }
    return link;
}

MigPlace *mig_place_find(const char *path, bool follow, GError **error)
{
    g_autoptr(MigPlace) place = g_new0(MigPlace, 1);
    char target[PATH_MAX];
    Link link = LINK_NONE;
    bool ok;

    place->folder = -1;
    ok = step(place, path);

    for (int depth = 0; ok && follow; depth++) {
        link = read_link(place, target);
        if (link != LINK_READ) {
            break;
        }
        errno = ELOOP;
        ok = depth < LINK_DEPTH && step(place, target);
    }
    if (!ok) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot create %s: %s", path,
                            g_strerror(errno));
        return NULL;
    }
    if (link == LINK_REFUSED) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s is another user's symbolic link in a folder where "
                            "everybody can make one; it is not followed",
                            path);
        return NULL;
    }
    return g_steal_pointer(&place);
}
