/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a line on the terminal while long work goes on.
 * Must not know: what the work is.
 * See also:      any command that reads a whole stream.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli.h"

/* Shown on stderr if that is a terminal, not before a second has passed, ten times a second
 * at most; wiped by cli_progress_end().  Costs a subtraction when nothing is due. */
typedef struct CliProgress {
    bool active;
    bool shown;
    uint64_t done;   /* bytes of the items so far */
    uint64_t next;   /* position at which to look at the clock again */
    uint64_t size;   /* 0: not known */
    int64_t started; /* microseconds */
    int64_t due;
    const char *name;
} CliProgress;

void cli_progress_begin(CliProgress *progress, const char *name, MigInput *in,
                        const CliCommon *common);
void cli_progress_look(CliProgress *progress, uint64_t position);
void cli_progress_end(CliProgress *progress);

static inline void cli_progress(CliProgress *progress, uint64_t position)
{
    if (progress->active && position >= progress->next) {
        cli_progress_look(progress, position);
    }
}

/* The same after each item, of whatever channel. */
static inline void cli_progress_item(CliProgress *progress, const MigItem *item)
{
    progress->done += item->length;
    cli_progress(progress, progress->done);
}

#endif
