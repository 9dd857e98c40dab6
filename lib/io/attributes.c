/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see attributes.h.
 * Must not know: what the file holds.
 * See also:      output-target.c.
 */
#include "io/attributes.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

static bool vouches_for_content(const char *name)
{
    return g_str_equal(name, "security.capability") ||
           g_str_equal(name, "security.ima") || g_str_equal(name, "security.evm");
}

static void add_lost(GString *lost, const char *name)
{
    g_string_append_printf(lost, "%s%s (%s)", lost->len ? ", " : "", name,
                           g_strerror(errno));
}

static bool copy(int from, int to, const char *name)
{
    g_autofree char *value = g_malloc(2 * XATTR_SIZE_MAX);
    char *present = value + XATTR_SIZE_MAX;
    ssize_t n = fgetxattr(from, name, value, XATTR_SIZE_MAX);

    if (n < 0) {
        return false;
    }
    return (fgetxattr(to, name, present, XATTR_SIZE_MAX) == n &&
            memcmp(value, present, (size_t)n) == 0) ||
           fsetxattr(to, name, value, (size_t)n, 0) == 0;
}

bool mig_attributes_copy(int from, int to, GString *lost)
{
    g_autofree char *names = g_malloc(XATTR_LIST_MAX);
    ssize_t n = flistxattr(from, names, XATTR_LIST_MAX);
    bool acl = true;

    if (n < 0 && errno != ENOTSUP) {
        add_lost(lost, "extended attributes");
        return false;
    }
    for (const char *name = names; name < names + n; name += strlen(name) + 1) {
        if (!vouches_for_content(name) && !copy(from, to, name)) {
            add_lost(lost, name);
            acl &= !g_str_equal(name, MIG_ATTRIBUTE_ACL);
        }
    }
    return acl;
}
