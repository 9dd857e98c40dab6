/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see capture.h.
 * Must not know: what is in the files.
 * See also:      stream/capture.h, which tells channels apart.
 */
#include "capture.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define CHANNEL    "channel-"
#define MAX_DIGITS 3

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

int cli_capture_number(const char *name)
{
    const char *digits = name + strlen(CHANNEL), *end;

    if (!g_str_has_prefix(name, CHANNEL) || !cli_capture_has_name(name)) {
        return -1;
    }
    end = digits + strspn(digits, "0123456789");
    return end == digits || end - digits > MAX_DIGITS || (*end && *end != '.')
               ? -1
               : atoi(digits);
}

void cli_capture_add_name(CliCaptureNames *names, const char *name)
{
    gpointer number = GINT_TO_POINTER(cli_capture_number(name));
    gsize length = GPOINTER_TO_SIZE(g_hash_table_lookup(names, number));

    if (!length || strlen(name) < length) {
        g_hash_table_insert(names, number, GSIZE_TO_POINTER(strlen(name)));
    }
}

bool cli_capture_names_tell(CliCaptureNames *names)
{
    return g_hash_table_contains(names, GINT_TO_POINTER(0));
}

bool cli_capture_is_channel(CliCaptureNames *names, const char *name)
{
    int number = cli_capture_number(name);

    return number >= 0 &&
           GPOINTER_TO_SIZE(g_hash_table_lookup(names, GINT_TO_POINTER(number))) ==
               strlen(name);
}

static gint by_path(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool judge_number(guint n, const char *advice, GError **error)
{
    if (n == 0) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "the folder has no file that could be a channel of a "
                            "migration; migstat-capture(5) says what such a folder is");
    } else if (n > MIG_MULTIFD_CHANNELS_MAX + 1) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "the folder has more than %u files, which a migration has no "
                            "channels for%s",
                            MIG_MULTIFD_CHANNELS_MAX + 1, advice);
    }
    return n > 0 && n <= MIG_MULTIFD_CHANNELS_MAX + 1;
}

/* The path of the next file of @dir that may be a channel; *name is its name.  NULL: no more. */
static char *next_file(DIR *dir, const char *folder, const char **name)
{
    const struct dirent *entry;

    while ((entry = readdir(dir))) {
        g_autofree char *path = g_build_filename(folder, entry->d_name, NULL);

        *name = entry->d_name;
        if (cli_capture_has_name(*name) && g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            return g_steal_pointer(&path);
        }
    }
    return NULL;
}

static CliCaptureNames *names_of(DIR *dir, const char *folder)
{
    CliCaptureNames *names = g_hash_table_new(NULL, NULL);
    const char *name;
    char *path;

    while ((path = next_file(dir, folder, &name))) {
        cli_capture_add_name(names, name);
        g_free(path);
    }
    rewinddir(dir);
    return names;
}

static void add_other(CliCaptureOthers *others, const char *name)
{
    others->n++;
    if (!others->first || strcmp(name, others->first) < 0) {
        g_free(others->first);
        others->first = g_strdup(name);
    }
}

GPtrArray *cli_capture_channels(const char *folder, bool recursive,
                                CliCaptureOthers *others, GError **error)
{
    g_autoptr(GHashTable) names = NULL;
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    DIR *dir = opendir(folder);
    const char *name;
    char *path;
    bool names_tell;

    if (!dir) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot read the folder: %s",
                            g_strerror(errno));
        return NULL;
    }
    names = names_of(dir, folder);
    names_tell = cli_capture_names_tell(names);
    while (paths->len <= MIG_MULTIFD_CHANNELS_MAX + 1 &&
           (path = next_file(dir, folder, &name))) {
        if (names_tell && !cli_capture_is_channel(names, name)) {
            add_other(others, name);
            g_free(path);
        } else {
            g_ptr_array_add(paths, path);
        }
    }
    closedir(dir);
    g_ptr_array_sort(paths, by_path);
    return judge_number(paths->len, names_tell || recursive ? "" : CLI_CAPTURE_ADVICE,
                        error)
               ? g_steal_pointer(&paths)
               : NULL;
}
