/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      see extract-files.h.
 * Knows not: what is written to them.
 * Beside it: cmd-extract.c.
 */
#include "extract-files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "io/output-target.h"
#include "text.h"

/* Longer names are cut, so that suffixes and temporary names fit into 255 octets. */
#define NAME_MAX_KEPT 160u

typedef struct File {
    char *path;
    MigTarget *target;
} File;

struct ExtractFiles {
    char *dir;
    bool made_dir, force, committed;
    GArray *files;
    GHashTable *paths; /* of them */
};

static void clear_file(gpointer p)
{
    File *file = p;

    g_free(file->path);
    mig_target_free(file->target);
}

ExtractFiles *extract_files_new(const char *dir, bool force, GError **error)
{
    ExtractFiles *files;
    bool made = mkdir(dir, 0777) == 0;
    struct stat info;

    if (!made && (stat(dir, &info) < 0 || !S_ISDIR(info.st_mode))) {
        int reason = errno == EEXIST ? ENOTDIR : errno;

        mig_error_set_plain(error, MIG_ERROR_IO, "%s: %s", dir, g_strerror(reason));
        return NULL;
    }
    cli_raise_descriptors();
    files = g_new0(ExtractFiles, 1);
    files->dir = g_strdup(dir);
    files->made_dir = made;
    files->force = force;
    files->files = g_array_new(false, false, sizeof(File));
    g_array_set_clear_func(files->files, clear_file);
    files->paths = g_hash_table_new(g_str_hash, g_str_equal);
    return files;
}

char *extract_safe_name(const char *name)
{
    GString *safe = g_string_new(NULL);

    for (const char *p = name; *p; p++) {
        if (g_ascii_isalnum(*p) || strchr(p == name ? "_+:@," : "._-+:@,", *p)) {
            g_string_append_c(safe, *p);
        } else {
            g_string_append_printf(safe, "%%%02x", (unsigned char)*p);
        }
    }
    if (safe->len > NAME_MAX_KEPT) {
        g_autofree char *digest =
            g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);

        g_string_truncate(safe, NAME_MAX_KEPT - 17);
        g_string_append_printf(safe, "~%.16s", digest);
    } else if (safe->len == 0) {
        g_string_append_c(safe, '%');
    }
    return g_string_free(safe, FALSE);
}

static char *path_of(const ExtractFiles *files, const char *name, const char *suffix)
{
    g_autofree char *safe = extract_safe_name(name);
    g_autofree char *base = g_strconcat(safe, suffix, NULL);

    return g_build_filename(files->dir, base, NULL);
}

bool extract_files_has(const ExtractFiles *files, const char *name, const char *suffix)
{
    g_autofree char *path = path_of(files, name, suffix);

    return g_hash_table_contains(files->paths, path);
}

int extract_files_add(ExtractFiles *files, const char *name, const char *suffix,
                      GError **error)
{
    File file = { .path = path_of(files, name, suffix) };

    file.target = mig_target_new(file.path, files->force, false, error);
    if (!file.target) {
        clear_file(&file);
        return -1;
    }
    mig_target_leave_unsynced(file.target);
    mig_target_keep_replaced(file.target);
    g_array_append_val(files->files, file);
    g_hash_table_add(files->paths, file.path);
    return mig_target_fd(file.target);
}

int extract_files_fd(const ExtractFiles *files, unsigned index)
{
    return mig_target_fd(g_array_index(files->files, File, index).target);
}

bool extract_files_commit(ExtractFiles *files, GError **error)
{
    for (guint i = 0; i < files->files->len; i++) {
        if (mig_target_commit(g_array_index(files->files, File, i).target, error)) {
            continue;
        }
        while (i > 0) {
            mig_target_undo(g_array_index(files->files, File, --i).target);
        }
        return false;
    }
    files->committed = true;
    return true;
}

void extract_files_list(const ExtractFiles *files, FILE *to)
{
    for (guint i = 0; i < files->files->len; i++) {
        const File *file = &g_array_index(files->files, File, i);
        struct stat info;

        if (stat(file->path, &info) == 0) {
            g_autofree char *size = cli_size((uint64_t)info.st_size);
            g_autofree char *path = cli_file_name(file->path);

            fprintf(to, "%s: %s\n", path, size);
        }
    }
}

void extract_files_free(ExtractFiles *files)
{
    if (files) {
        g_hash_table_unref(files->paths);
        g_array_unref(files->files);
        if (files->made_dir && !files->committed) {
            rmdir(files->dir);
        }
        g_free(files->dir);
        g_free(files);
    }
}
