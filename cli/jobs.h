/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          several files at once: a process for each, and what they print in the order
 *                of the files.
 * Must not know: streams, commands.
 * See also:      many.h, which files; sandbox.h, what each process gives up.
 *
 * The process that starts the others reads no byte of any stream, so it may go on opening
 * files: each job opens its own, and confines itself before it reads.  What a job prints is
 * kept in temporary files until those before it are printed; that of a job which did not come
 * to its end is not printed.
 */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include "cli.h"

#define CLI_JOBS_MAX 256u

/* What is done with the @i-th file, in a process of its own; *result goes to the other one. */
typedef CliStatus (*CliJob)(guint i, void *result, void *user);

/* In the order of the files, after what job @i printed. @result is all zeros and @error set where
 * it did not come to its end. */
typedef void (*CliJobDone)(guint i, const void *result, const GError *error, void *user);

typedef struct CliJobs {
    guint n;            /* how many */
    unsigned at_once;   /* 1 to CLI_JOBS_MAX */
    size_t result_size; /* bytes of what a job returns beside its status; may be 0 */
    CliJob job;
    CliJobDone done; /* NULL: nothing */
    void *user;
} CliJobs;

/* Runs all of them; the worst of their statuses. */
CliStatus cli_jobs_run(const CliJobs *jobs, CliCommon *common);

#endif
