/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see progress.h.
 * Must not know: what the work is.
 * See also:      cli/text.h, for sizes.
 */
#include "progress.h"

#include <string.h>
#include <unistd.h>

#include "pager.h"
#include "text.h"

#define STEP (4u << 20) /* bytes between looks at the clock */

/* The terminal, where it is drawn: standard error goes into the pager, if there is one. */
static int drawn_on(void)
{
    int beside = cli_pager_terminal();

    return beside >= 0 ? beside : STDERR_FILENO;
}

/* Bytes of all channels; 0 where that is not known. */
static uint64_t whole_size(const MigInput *in)
{
    uint64_t size = 0;
    const MigInput *one = in;

    for (size_t i = 0; one; i++) {
        if (!mig_input_seekable(one)) {
            return 0;
        }
        size += mig_input_size(one);
        one = mig_input_attached(in, i);
    }
    return size;
}

void cli_progress_begin(CliProgress *progress, const char *name, MigInput *in,
                        const CliCommon *common)
{
    *progress = (CliProgress){
        .active = !common->quiet && isatty(drawn_on()),
        .size = whole_size(in),
        .started = g_get_monotonic_time(),
        .name = name,
    };
    progress->due = progress->started + G_USEC_PER_SEC;
}

/* In place of what stands there; a line that the terminal breaks could not be overwritten,
 * so what is too long for it loses its start, which is the name. */
static void print_over(const char *line)
{
    int columns = cli_line_columns(stderr);

    while (columns > 0 && cli_width(line) >= (size_t)columns) {
        line = g_utf8_find_next_char(line, NULL);
    }
    dprintf(drawn_on(), "\r%s\033[K", line);
}

void cli_progress_look(CliProgress *progress, uint64_t position)
{
    int64_t now = g_get_monotonic_time();
    g_autofree char *done = NULL, *rate = NULL, *name = NULL;
    g_autoptr(GString) line = g_string_new(NULL);
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
    g_string_printf(line, "%s: %s, %s/s", name, done, rate);
    if (progress->size > position) {
        double left = seconds * (double)(progress->size - position) / (double)position;

        g_string_append_printf(line, ", %d%%, %.0f s left",
                               (int)((double)position * 100 / (double)progress->size),
                               left);
    }
    print_over(line->str);
}

void cli_progress_end(CliProgress *progress)
{
    if (progress->shown) {
        dprintf(drawn_on(), "\r\033[K");
    }
    progress->active = false;
}
