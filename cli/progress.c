/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      see progress.h.
 * Knows not: what the work is.
 * Beside it: cli/text.h, for sizes.
 */
#include "progress.h"

#include <string.h>
#include <unistd.h>

#include "text.h"

#define STEP (4u << 20) /* bytes between looks at the clock */

void cli_progress_begin(CliProgress *progress, const char *name, MigInput *in,
                        const CliCommon *common)
{
    *progress = (CliProgress){
        .active = !common->quiet && isatty(STDERR_FILENO),
        .size = mig_input_seekable(in) ? mig_input_size(in) : 0,
        .started = g_get_monotonic_time(),
        .name = name,
    };
    progress->due = progress->started + G_USEC_PER_SEC;
}

void cli_progress_look(CliProgress *progress, uint64_t position)
{
    int64_t now = g_get_monotonic_time();
    g_autofree char *done = NULL, *rate = NULL, *name = NULL;
    double seconds = (double)(now - progress->started) / G_USEC_PER_SEC;

    progress->next = position + STEP;
    if (now < progress->due) {
        return;
    }
    progress->due = now + G_USEC_PER_SEC / 10;
    progress->shown = true;
    name = cli_file_name(progress->name);
    done = cli_size(position);
    rate = cli_size((uint64_t)((double)position / seconds));
    fprintf(stderr, "\r%s: %s, %s/s", name, done, rate);
    if (progress->size > position) {
        double left = seconds * (double)(progress->size - position) / (double)position;

        fprintf(stderr, ", %d%%, %.0f s left",
                (int)((double)position * 100 / (double)progress->size), left);
    }
    fputs("\033[K", stderr);
    fflush(stderr);
}

void cli_progress_end(CliProgress *progress)
{
    if (progress->shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    progress->active = false;
}
