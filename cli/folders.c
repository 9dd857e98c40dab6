/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see folders.h.
 * Must not know: what is done with the files.
 * See also:      jobs.h: whether a folder is a capture is told by the bytes of its files, and
 *                those are read in a confined process.
 */
#include "folders.h"

#include <errno.h>
#include <fts.h>
#include <string.h>

#include "capture.h"
#include "inputs.h"
#include "jobs.h"
#include "sandbox.h"

/* A folder, and the files right in it that may be channels. */
typedef struct Folder {
    char *path;
    GPtrArray *files; /* paths, borrowed */
    CliCaptureNames *names;
    bool is_capture; /* each of its files is a channel, where names do not tell */
    bool is_told;    /* as one */
} Folder;

/* A file that was named, or was found in @folder. */
typedef struct Entry {
    char *path;
    Folder *folder; /* NULL: it was named */
} Entry;

typedef struct Walk {
    CliCommon *common;
    GArray *entries;
    GPtrArray *folders; /* Folder */
    GHashTable *by_path;
    CliStatus *status;
} Walk;

static void free_folder(gpointer p)
{
    Folder *folder = p;

    g_ptr_array_unref(folder->files);
    g_hash_table_unref(folder->names);
    g_free(folder->path);
    g_free(folder);
}

static void clear_entry(gpointer p)
{
    g_free(((Entry *)p)->path);
}

static Folder *folder_of(const Walk *walk, const char *file)
{
    g_autofree char *path = g_path_get_dirname(file);
    Folder *folder = g_hash_table_lookup(walk->by_path, path);

    if (!folder) {
        folder = g_new0(Folder, 1);
        folder->path = g_steal_pointer(&path);
        folder->files = g_ptr_array_new();
        folder->names = g_hash_table_new(NULL, NULL);
        g_ptr_array_add(walk->folders, folder);
        g_hash_table_insert(walk->by_path, folder->path, folder);
    }
    return folder;
}

static void add_file(Walk *walk, const char *path, const char *name)
{
    Entry entry = { g_strdup(path), folder_of(walk, path) };

    g_ptr_array_add(entry.folder->files, entry.path);
    cli_capture_add_name(entry.folder->names, name);
    g_array_append_val(walk->entries, entry);
}

static void add_named(Walk *walk, const char *path)
{
    Entry entry = { .path = g_strdup(path) };

    g_array_append_val(walk->entries, entry);
}

/* --- finding ------------------------------------------------------------------------------ */

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void say(Walk *walk, const char *path, int number)
{
    g_autoptr(GError) error = NULL;

    mig_error_set_plain(&error, MIG_ERROR_IO, "cannot read the folder: %s",
                        g_strerror(number));
    cli_print_error(path, error);
    *walk->status = CLI_TROUBLE;
}

static void look_at(Walk *walk, FTS *tree, FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_D:
        if (entry->fts_level > 0 && entry->fts_name[0] == '.') {
            fts_set(tree, entry, FTS_SKIP);
        }
        break;
    case FTS_F:
        if (cli_capture_has_name(entry->fts_name)) {
            add_file(walk, entry->fts_path, entry->fts_name);
        }
        break;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        say(walk, entry->fts_path, entry->fts_errno);
        break;
    default: /* links, devices, pipes */
        break;
    }
}

/* Without the "/" at its end, which would be in every name twice. */
static void look_through(Walk *walk, const char *folder)
{
    g_autofree char *path = g_strdup(folder);
    char *const paths[] = { path, NULL };
    FTSENT *entry;
    FTS *tree;

    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) {
        path[n - 1] = '\0';
    }
    tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    errno = 0;
    while (tree && (entry = fts_read(tree))) {
        look_at(walk, tree, entry);
        errno = 0;
    }
    if (errno) {
        say(walk, folder, errno);
    }
    if (tree) {
        fts_close(tree);
    }
}

/* --- which of them are captures ----------------------------------------------------------- */

/* Whether it has to be told by its files. */
static bool is_open_question(const Folder *folder)
{
    return !cli_capture_names_tell(folder->names) && folder->files->len > 1 &&
           folder->files->len <= MIG_MULTIFD_CHANNELS_MAX + 1;
}

static bool is_multifd(const char *path, const CliCommon *common)
{
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .multifd = true };
    g_autoptr(MigInput) in = cli_open_with(path, common, &options, NULL);

    return in && cli_is_multifd(in);
}

typedef struct Questions {
    CliCommon *common;
    GPtrArray *folders; /* Folder */
} Questions;

static CliStatus look_into(guint i, void *result, void *user)
{
    const Questions *questions = user;
    const GPtrArray *files = ((Folder *)g_ptr_array_index(questions->folders, i))->files;
    bool *found = result;

    if (!cli_confine_reader(questions->common, (const char *const *)(void *)files->pdata,
                            files->len, -1)) {
        return CLI_TROUBLE;
    }
    for (guint j = 0; j < files->len && !*found; j++) {
        *found = is_multifd(g_ptr_array_index(files, j), questions->common);
    }
    return CLI_OK;
}

/* Of a folder whose process was lost, each file is told on its own. */
static void answer(guint i, const void *result, const GError *error, void *user)
{
    const Questions *questions = user;
    Folder *folder = g_ptr_array_index(questions->folders, i);

    if (error) {
        cli_print_error(folder->path, error);
    }
    folder->is_capture = !error && *(const bool *)result;
}

static void find_captures(const Walk *walk)
{
    g_autoptr(GPtrArray) open = g_ptr_array_new();
    Questions questions = { walk->common, open };
    CliJobs jobs = { .at_once = MAX(walk->common->jobs, 1),
                     .result_size = sizeof(bool),
                     .job = look_into,
                     .done = answer,
                     .user = &questions };

    for (guint i = 0; i < walk->folders->len; i++) {
        Folder *folder = g_ptr_array_index(walk->folders, i);

        if (is_open_question(folder)) {
            g_ptr_array_add(open, folder);
        }
    }
    jobs.n = open->len;
    if (jobs.n && cli_jobs_run(&jobs, walk->common) != CLI_OK) {
        *walk->status = CLI_TROUBLE;
    }
}

/* --- the whole ---------------------------------------------------------------------------- */

static void tell(CliCommon *common, const char *path)
{
    char *own = g_strdup(path);

    g_ptr_array_add(common->owned, own);
    g_ptr_array_add(common->files, own);
}

static bool is_channel(const Entry *entry)
{
    const Folder *folder = entry->folder;
    g_autofree char *name = g_path_get_basename(entry->path);

    return folder && (cli_capture_names_tell(folder->names)
                          ? cli_capture_is_channel(folder->names, name)
                          : folder->is_capture);
}

static void tell_all(const Walk *walk)
{
    for (guint i = 0; i < walk->entries->len; i++) {
        const Entry *entry = &g_array_index(walk->entries, Entry, i);
        Folder *folder = entry->folder;

        if (!is_channel(entry)) {
            tell(walk->common, entry->path);
        } else if (!folder->is_told) {
            tell(walk->common, folder->path);
            folder->is_told = true;
        }
    }
}

void cli_folders_walk(CliCommon *common, CliStatus *status)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(free_folder);
    g_autoptr(GHashTable) by_path = g_hash_table_new(g_str_hash, g_str_equal);
    Walk walk = { common, entries, folders, by_path, status };

    g_array_set_clear_func(entries, clear_entry);
    for (guint i = 0; i < common->files->len; i++) {
        const char *path = g_ptr_array_index(common->files, i);

        if (cli_is_folder(path)) {
            look_through(&walk, path);
        } else {
            add_named(&walk, path);
        }
    }
    find_captures(&walk);
    g_ptr_array_set_size(common->files, 0);
    tell_all(&walk);
}
