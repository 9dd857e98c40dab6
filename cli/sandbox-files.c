/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which files can still be opened: Landlock.
 * Must not know: system calls; sandbox-calls.c does.
 * See also:      sandbox.h.
 *
 * Of all files none, save temporary ones where those lie.  What is open stays usable.
 * Source of the numbers: include/uapi/linux/landlock.h of Linux 6.12, so that a program
 * built with older headers uses what a newer kernel has.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444 /* on each architecture, since Linux 5.13 */
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

enum {
    VERSION = 1,
    PATH_BENEATH = 1
}; /* LANDLOCK_CREATE_RULESET_VERSION, LANDLOCK_RULE_ */

/* LANDLOCK_ACCESS_FS_ */
enum {
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    REMOVE_FILE = 1 << 5,
    MAKE_REG = 1 << 8,
    TRUNCATE = 1 << 14,
};

/* struct landlock_ruleset_attr, with all that later versions added. */
typedef struct Ruleset {
    uint64_t files, network, scopes;
} Ruleset;

/* struct landlock_path_beneath_attr */
typedef struct __attribute__((packed)) Beneath {
    uint64_t access;
    int32_t folder;
} Beneath;

/* What each version can restrict, from the first on: all of it. */
static const Ruleset versions[] = {
    { .files = (1 << 13) - 1 },     { .files = 1 << 13 }, /* moves between folders */
    { .files = TRUNCATE },                                /* */
    { .network = 1 << 0 | 1 << 1 },                       /* TCP: bind, connect */
    { .files = 1 << 15 },                                 /* ioctl() of devices */
    { .scopes = 1 << 0 | 1 << 1 },                        /* abstract sockets, signals */
};

static Ruleset all_of(long version)
{
    Ruleset all = { 0 };

    for (long i = 0; i < MIN(version, (long)G_N_ELEMENTS(versions)); i++) {
        all.files |= versions[i].files;
        all.network |= versions[i].network;
        all.scopes |= versions[i].scopes;
    }
    return all;
}

/* A folder that is not there needs no rule. */
static void allow_temporary(int ruleset, const Ruleset *all)
{
    const uint64_t unnamed = READ_FILE | WRITE_FILE | TRUNCATE;
    const uint64_t named = unnamed | MAKE_REG | REMOVE_FILE;
    Beneath rule = { .access = all->files & (cli_spools_unnamed() ? unnamed : named) };

    rule.folder = open(mig_temporary_dir(NULL), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rule.folder >= 0) {
        syscall(SYS_landlock_add_rule, ruleset, PATH_BENEATH, &rule, 0);
        close(rule.folder);
    }
}

int cli_confine_files(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
    int error = errno, ruleset;
    Ruleset all;

    if (version < 1) {
        return error;
    }
    all = all_of(version);
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (ruleset < 0) {
        return errno;
    }
    allow_temporary(ruleset, &all);
    error = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ? 0 : errno;
    close(ruleset);
    return error;
}
