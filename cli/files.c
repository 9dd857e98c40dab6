/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see files.h.
 * Must not know: what is written to them.
 * See also:      io/output-target.h, helper.h.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper.h"
#include "text.h"

/* Longer names are cut, so that suffixes and temporary names fit into 255 bytes. */
#define NAME_MAX_KEPT 160u

/* What a safe name has of other than letters and digits; "%" and "~" are its own. */
#define MARKS "._-+:@,"

typedef struct File {
    char *path;
    int fd;
    MigTarget *target; /* NULL: the helper has it, and @fd is ours. */
    bool added;        /* in the folder */
} File;

struct CliFiles {
    const CliCommon *common;
    MigTargetOptions options;
    MigFileId input;
    char *dir;       /* NULL: none */
    MigPlace *place; /* of the folder; NULL: the helper has it, or there is none */
    int folder;
    bool made_dir, committed; /* @committed: what is in it */
    bool sync;
    bool unsynced; /* those that are opened one by one */
    bool can_patch;
    GArray *files;
    CliHelper *helper; /* NULL: this process makes them. */
};

static void clear_file(gpointer p)
{
    File *file = p;

    if (!file->target && file->fd >= 0) {
        close(file->fd);
    }
    g_free(file->path);
    mig_target_free(file->target);
}

CliFiles *cli_files_new(const CliCommon *common, const MigTargetOptions *options)
{
    CliFiles *files = g_new0(CliFiles, 1);

    files->common = common;
    files->options = *options;
    if (options->input) {
        files->input = *options->input;
        files->options.input = &files->input;
    }
    files->folder = -1;
    files->files = g_array_new(false, false, sizeof(File));
    g_array_set_clear_func(files->files, clear_file);
    return files;
}

bool cli_files_set_folder(CliFiles *files, const char *dir, GError **error)
{
    int above;
    const char *name;

    files->place = mig_place_find(dir, true, error);
    if (!files->place) {
        return false;
    }
    above = mig_place_folder(files->place);
    name = mig_place_name(files->place);
    files->made_dir = mkdirat(above, name, 0700) == 0;
    files->folder = mig_place_open_folder(above, name);
    if (files->folder < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "%s: %s", dir, g_strerror(errno));
        return false;
    }
    files->dir = g_strdup(dir);
    cli_raise_descriptors();
    return true;
}

char *cli_safe_name(const char *name)
{
    GString *safe = g_string_new(NULL);

    for (const char *p = name; *p; p++) {
        if (g_ascii_isalnum(*p) || strchr(p == name ? "_+:@," : MARKS, *p)) {
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

/* Whether @base may have come from cli_safe_name(): one component, not hidden. */
static bool is_safe(const char *base)
{
    size_t n = strlen(base);

    return n > 0 && n <= NAME_MAX && *base != '.' && *base != '-' &&
           strspn(base, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS MARKS "%~") == n;
}

static char *base_of(const char *name, const char *suffix)
{
    g_autofree char *safe = cli_safe_name(name);

    return g_strconcat(safe, suffix, NULL);
}

static int add(CliFiles *files, File file)
{
    g_array_append_val(files->files, file);
    return file.fd;
}

static int add_target(CliFiles *files, const char *path, MigTarget *target, bool added)
{
    File file = { .target = target, .added = added };

    if (!target) {
        return -1;
    }
    file.path = g_strdup(path);
    file.fd = mig_target_fd(target);
    return add(files, file);
}

/* Adds to an error what would help: @name in @folder exists already. */
static void add_hint(const CliFiles *files, int folder, const char *name, GError **error)
{
    struct stat st;

    if (!error || !g_error_matches(*error, MIG_ERROR, MIG_ERROR_USAGE) ||
        files->options.replace || files->options.in_place ||
        fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    const char *hint = S_ISREG(st.st_mode) ? "; --force replaces it"
                       : folder == AT_FDCWD && S_ISLNK(st.st_mode)
                           ? "; --force writes to the file that it leads to"
                           : "";
    mig_error_add_words(*error, hint);
}

/* Whether what is to be @name in @folder leaves the inputs as they are; in place it does not. */
static bool spares_inputs(const CliFiles *files, int folder, const char *name,
                          const char *path, GError **error)
{
    struct stat st;

    return files->options.in_place || fstatat(folder, name, &st, 0) != 0 ||
           cli_spares_inputs(files->common, &st, path, "", error);
}

int cli_files_open(CliFiles *files, const char *path, GError **error)
{
    MigTarget *target;

    if (!spares_inputs(files, AT_FDCWD, path, path, error)) {
        return -1;
    }
    target = mig_target_new(path, &files->options, error);
    if (!target) {
        add_hint(files, AT_FDCWD, path, error);
    }
    if (target && files->unsynced) {
        mig_target_leave_unsynced(target);
    }
    files->can_patch = target && mig_target_can_patch(target);
    return add_target(files, path, target, false);
}

int cli_files_add_base(CliFiles *files, const char *base, GError **error)
{
    g_autofree char *path = g_build_filename(files->dir ? files->dir : "", base, NULL);
    MigTarget *target;

    if (files->folder < 0 || !is_safe(base)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "%s is not to be made here", path);
        return -1;
    }
    if (!spares_inputs(files, files->folder, base, path, error)) {
        return -1;
    }
    target = mig_target_new_at(files->folder, base, path, &files->options, error);
    if (target) {
        /* What can be extracted again need not outlive a power failure. */
        if (!files->sync) {
            mig_target_leave_unsynced(target);
        }
        mig_target_keep_replaced(target);
    } else {
        add_hint(files, files->folder, base, error);
    }
    return add_target(files, path, target, true);
}

int cli_files_add(CliFiles *files, const char *name, const char *suffix, GError **error)
{
    g_autofree char *base = base_of(name, suffix);
    File file = { .added = true };

    if (!files->helper) {
        return cli_files_add_base(files, base, error);
    }
    file.fd = cli_helper_add_file(files->helper, base, error);
    if (file.fd < 0) {
        return -1;
    }
    file.path = g_build_filename(files->dir, base, NULL);
    return add(files, file);
}

static void warn_lost(const File *file)
{
    const char *lost = mig_target_lost(file->target);

    if (lost) {
        g_autofree char *path = cli_file_name(file->path);
        g_autofree char *text = cli_escape(lost, strlen(lost));

        fprintf(stderr,
                "%s: warning: the file that was replaced had what this one has not: %s\n",
                path, text);
    }
}

static bool is_of(const CliFiles *files, guint i, unsigned which)
{
    return which == CLI_FILES_ALL ||
           (which == CLI_FILES_ADDED ? g_array_index(files->files, File, i).added
                                     : which - CLI_FILES_ONE == i);
}

/* The names in the folder outlive a power failure already; so shall its own. */
static bool sync_folder(const CliFiles *files, GError **error)
{
    if (files->sync && files->place && fsync(mig_place_folder(files->place)) != 0 &&
        errno != EINVAL && errno != EBADF) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot write %s: %s", files->dir,
                            g_strerror(errno));
        return false;
    }
    return true;
}

bool cli_files_commit_some(CliFiles *files, unsigned which, GError **error)
{
    if (files->helper) {
        return cli_helper_commit(files->helper, which, error);
    }
    if (which == CLI_FILES_PATCHED) {
        return files->can_patch &&
               mig_target_patch(g_array_index(files->files, File, 0).target, error);
    }
    for (guint i = 0; i < files->files->len; i++) {
        if (!is_of(files, i, which) ||
            mig_target_commit(g_array_index(files->files, File, i).target, error)) {
            continue;
        }
        while (i > 0) {
            if (is_of(files, --i, which)) {
                mig_target_undo(g_array_index(files->files, File, i).target);
            }
        }
        return false;
    }
    for (guint i = 0; i < files->files->len; i++) {
        if (is_of(files, i, which)) {
            warn_lost(&g_array_index(files->files, File, i));
        }
    }
    files->committed = which < CLI_FILES_ONE;
    return sync_folder(files, error);
}

bool cli_files_commit(CliFiles *files, GError **error)
{
    return cli_files_commit_some(files, CLI_FILES_ALL, error);
}

bool cli_files_can_patch(const CliFiles *files)
{
    return files->can_patch;
}

void cli_files_sync(CliFiles *files)
{
    files->sync = true;
}

void cli_files_leave_unsynced(CliFiles *files)
{
    files->unsynced = true;
}

void cli_files_list(const CliFiles *files, FILE *to)
{
    for (guint i = 0; i < files->files->len; i++) {
        const File *file = &g_array_index(files->files, File, i);
        struct stat info;

        if (fstat(file->fd, &info) == 0) {
            g_autofree char *size = cli_size((uint64_t)info.st_size);
            g_autofree char *path = cli_file_name(file->path);

            fprintf(to, "%s: %s\n", path, size);
        }
    }
}

void cli_files_give_to(CliFiles *files, CliHelper *helper)
{
    for (guint i = 0; i < files->files->len; i++) {
        File *file = &g_array_index(files->files, File, i);

        mig_target_give_up(g_steal_pointer(&file->target));
    }
    if (files->folder >= 0) {
        close(files->folder);
    }
    g_clear_pointer(&files->place, mig_place_free);
    files->folder = -1;
    files->made_dir = false;
    files->helper = helper;
}

void cli_files_list_descriptors(const CliFiles *files, GArray *fds)
{
    for (guint i = 0; i < files->files->len; i++) {
        g_array_append_val(fds, g_array_index(files->files, File, i).fd);
    }
}

void cli_files_free(CliFiles *files)
{
    if (!files) {
        return;
    }
    g_array_unref(files->files);
    if (files->made_dir && !files->committed) {
        unlinkat(mig_place_folder(files->place), mig_place_name(files->place),
                 AT_REMOVEDIR);
    }
    if (files->folder >= 0) {
        close(files->folder);
    }
    mig_place_free(files->place);
    cli_helper_free(files->helper);
    g_free(files->dir);
    g_free(files);
}
