/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          giving up rights before a stream is looked at.
 * Must not know: commands.
 * See also:      sandbox-calls.c, which system calls stay (seccomp); sandbox-files.c,
 *                which files (Landlock); helper.h, who keeps the rights that are needed
 *                later.
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include "cli.h"
#include "files.h"
#include "helper.h"
#include "links.h"

/* What a command still needs when it has given up the rest. */
typedef struct CliRights {
    CliFiles *files; /* What it writes; NULL: no file. */
    int keep;        /* A descriptor beside the standard ones that it needs, or -1. */
    bool copies; /* Lets the kernel copy from the input, to a file or where it writes. */
    CliLinks *links; /* The connections that it makes or takes; NULL: none. */
} CliRights;

/*
 * Starts a helper where one is needed, closes all descriptors but those of the inputs, of the
 * outputs and the standard ones, and gives up the rest, unless --sandbox=off.  Call it after
 * cli_open_inputs(), before the first cli_open() and before there is a thread; what else has
 * to be read must have been.
 * False where the job cannot be done: --sandbox=require and the kernel has no sandbox or
 * refuses it; said on stderr.  With --sandbox=auto a refusal is said, and all goes on.
 */
bool cli_confine(CliCommon *common, const CliRights *rights);

/* All of it for a command that reads @files and writes to its standard output alone; @keep as
 * in CliRights. */
bool cli_confine_reader(CliCommon *common, const char *const *files, size_t n, int keep);

/* --- the parts --- */

/* A socket to a helper, and its process; -1: none. */
typedef struct CliCallRights {
    bool copies; /* Lets the kernel copy between files. */
    bool links;  /* Connections can be closed in one direction, and pipes made. */
    int socket;
    int helper;
} CliCallRights;

/* Whether temporary files have no name where they lie, so that none need be removed. */
bool cli_spools_unnamed(void);

/* Each returns 0, or why the kernel refuses (errno).  ENOSYS and EOPNOTSUPP: it cannot. */
int cli_confine_calls(const CliCallRights *rights);
int cli_confine_files(void);

#endif
