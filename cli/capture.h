/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which files of a folder are the channels of a capture.
 * Must not know: what is in them.
 * See also:      inputs.c, which opens them; migstat-capture(5).
 */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include <glib.h>
#include <stdbool.h>

bool cli_is_folder(const char *path);

/* Whether a file of a folder may be a channel, by its name: it is no note about the capture. */
bool cli_capture_has_name(const char *name);

/* The number of "channel-3" and "channel-3.zst", as `receive` and `relay` call channels; -1 of
 * other names.  Beside a channel-0 files of other names are no channels. */
int cli_capture_number(const char *name);

/* Files of a folder that may be channels by their names, but for a channel-0 beside them. */
typedef struct CliCaptureOthers {
    char *first; /* the name of one; NULL: there are none.  The caller frees. */
    guint n;
} CliCaptureOthers;

/* The paths of what may be channels in a folder, sorted by name; the caller unrefs.  *others is
 * set to what is beside them.  NULL with *error where it cannot be read, has none, or has more
 * than there can be. */
GPtrArray *cli_capture_channels(const char *folder, CliCaptureOthers *others,
                                GError **error);

#endif
