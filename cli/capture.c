/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see capture.h.
 * Must not know: what is in the files.
 * See also:      stream/capture.h, which tells channels apart.
 */
#include "capture.h"

#include <errno.h>
#include <string.h>

#include "cli.h"

/* What people and programs keep beside channels. */
static const char *const other_endings[] = { ".json", ".jsonl", ".txt", ".md", ".log" };

bool cli_is_folder(const char *path)
{
    return strcmp(path, "-") != 0 && g_file_test(path, G_FILE_TEST_IS_DIR);
}

bool cli_capture_has_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(other_endings); i++) {
        if (g_str_has_suffix(name, other_endings[i])) {
            return false;
        }
    }
    return *name != '.';
}

static gint by_path(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool judge_number(guint n, GError **error)
{
    if (n == 0) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "the folder has no file that could be a channel of a "
                            "migration; migstat-capture(5) says what such a folder is");
    } else if (n > MIG_MULTIFD_CHANNELS_MAX + 1) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "the folder has more than %u files, which a migration has no "
                            "channels for; migstat-capture(5) says what such a folder is",
                            MIG_MULTIFD_CHANNELS_MAX + 1);
    }
    return n > 0 && n <= MIG_MULTIFD_CHANNELS_MAX + 1;
}

GPtrArray *cli_capture_channels(const char *folder, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = NULL;
    const char *name;

    errno = 0;
    dir = g_dir_open(folder, 0, NULL);
    if (!dir) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot read the folder: %s",
                            g_strerror(errno));
        return NULL;
    }
    while ((name = g_dir_read_name(dir)) && paths->len <= MIG_MULTIFD_CHANNELS_MAX + 1) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (cli_capture_has_name(name) && g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            g_ptr_array_add(paths, g_steal_pointer(&path));
        }
    }
    g_ptr_array_sort(paths, by_path);
    return judge_number(paths->len, error) ? g_steal_pointer(&paths) : NULL;
}
