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
 * other names. */
int cli_capture_number(const char *name);

/* Where one name of a folder has the number 0, names tell: of each number those are channels of
 * which there is none shorter, and what is called otherwise is beside them. */
typedef GHashTable CliCaptureNames; /* number -> length of the shortest name */

void cli_capture_add_name(CliCaptureNames *names, const char *name);
bool cli_capture_names_tell(CliCaptureNames *names);
bool cli_capture_is_channel(CliCaptureNames *names, const char *name);

/* What is proposed where each file of a folder is a stream of its own. */
#define CLI_CAPTURE_ADVICE \
    "; check, dump and needs read each file of a folder by itself with --recursive"

/* Files of a folder that may be channels by their names, but for a channel-0 beside them. */
typedef struct CliCaptureOthers {
    char *first; /* the name of one; NULL: there are none.  The caller frees. */
    guint n;
} CliCaptureOthers;

/* The paths of what may be channels in a folder, sorted by name; the caller unrefs.  *others is
 * set to what is beside them.  NULL with *error where it cannot be read, has none, or has more
 * than there can be; --recursive is proposed then, unless it was given: @recursive. */
GPtrArray *cli_capture_channels(const char *folder, bool recursive,
                                CliCaptureOthers *others, GError **error);

#endif
