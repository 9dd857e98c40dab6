/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see inputs.h.
 * Must not know: what is in them, but for the first bytes.
 * See also:      helper.h.
 */
#include "inputs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "follow.h"
#include "helper.h"
#include "text.h"

/* Descriptors beyond those of the inputs, amply: the first input is open without so many. */
#define OTHER_DESCRIPTORS 64u

#define MAGIC         "QEVM"
#define MULTIFD_MAGIC "\x11\x22\x33\x44" /* migration/multifd.h */

/* A file that somebody writes is waited for, or told. */
static bool is_ready(const CliCommon *common, int fd, const char *path, GError **error)
{
    bool known;

    if (common->follow) {
        return cli_follow(fd, path, common->follow, common->quiet, error);
    }
    if (cli_is_written(fd, &known) && !common->quiet) {
        g_autofree char *name = cli_file_name(path);

        fprintf(stderr,
                "%s: note: another process has it open for writing: --follow waits until "
                "it is written\n",
                name);
    }
    return true;
}

typedef struct Input {
    char *path;
    int fd; /* -1: not open */
    GError *error;
} Input;

struct CliInputs {
    GArray *all;         /* Input */
    GHashTable *by_path; /* path -> number; the first of several of one path */
    GHashTable
        *captures;     /* path -> paths of the channels, GPtrArray; others are one file */
    CliHelper *helper; /* NULL: this process opens. */
    bool owns_helper;
    bool standard_input; /* It is one of them. */
    const CliCommon *common;
};

static void clear_input(gpointer p)
{
    Input *input = p;

    if (input->fd >= 0) {
        close(input->fd);
    }
    g_clear_error(&input->error);
    g_free(input->path);
}

/* A folder cannot; a file that was changed in part would mislead. */
static bool can_be_read(const char *path, const struct stat *st, GError **error)
{
    if (S_ISDIR(st->st_mode)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "it is a folder, not a file");
        return false;
    }
    if (S_ISREG(st->st_mode) && mig_journal_exists(path)) {
        g_autofree char *name = cli_shell_name(path);

        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "a change in place was broken off, or is going on; where no "
                            "migstat runs, `migstat recover %s` brings the old file back",
                            name);
        return false;
    }
    return true;
}

/* A FIFO is waited for, as cat does. */
static int open_path(const CliCommon *common, const char *path, GError **error)
{
    struct stat st;
    int fd;

    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    } while (fd < 0 && errno == EINTR && !cli_is_cancelled(NULL));
    if (fd >= 0 && fstat(fd, &st) == 0 &&
        (!can_be_read(path, &st, error) || !is_ready(common, fd, path, error))) {
        close(fd);
        return -1;
    }
    if (fd < 0 && errno == EINTR) {
        mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
    } else if (fd < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot open: %s", g_strerror(errno));
    }
    return fd;
}

/* A file that is read; or, with @error, which is taken over, what cannot be. */
static void add(CliInputs *inputs, const char *path, size_t limit, GError *error)
{
    Input input = { .path = g_strdup(path), .fd = -1, .error = error };

    inputs->standard_input |= strcmp(path, "-") == 0;
    if (strcmp(path, "-") == 0 || g_hash_table_contains(inputs->by_path, path)) {
        clear_input(&input);
        return;
    }
    if (!error &&
        (inputs->all->len == 0 || inputs->all->len + OTHER_DESCRIPTORS < limit)) {
        input.fd = open_path(inputs->common, path, &input.error);
    }
    g_hash_table_insert(inputs->by_path, input.path, GUINT_TO_POINTER(inputs->all->len));
    g_array_append_val(inputs->all, input);
}

/* @channels is taken over. */
static void add_capture(CliInputs *inputs, const char *path, GPtrArray *channels,
                        size_t limit)
{
    for (guint i = 0; i < channels->len; i++) {
        add(inputs, g_ptr_array_index(channels, i), limit, NULL);
    }
    g_hash_table_insert(inputs->captures, g_strdup(path), channels);
}

static void free_channels(gpointer p)
{
    g_ptr_array_unref(p);
}

/* One file with those of --channel. */
static GPtrArray *given_channels(const char *path, const GPtrArray *others)
{
    GPtrArray *channels = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(channels, g_strdup(path));
    for (guint i = 0; i < others->len; i++) {
        g_ptr_array_add(channels, g_strdup(g_ptr_array_index(others, i)));
    }
    return channels;
}

/* What is beside the channels is not lost without a word; --recursive reads it. */
static void tell_others(const CliCommon *common, const char *folder,
                        const CliCaptureOthers *others)
{
    g_autofree char *shown = cli_file_name(folder), *name = NULL;
    g_autofree char *more = others->n > 1
                                ? g_strdup_printf(" and %u more are", others->n - 1)
                                : g_strdup(" is");

    if (!others->n || common->recursive || common->quiet) {
        return;
    }
    name = cli_file_name(others->first);
    fprintf(stderr,
            "%s: note: %s%s not read: beside a channel-0 the other channels are called "
            "channel-1 and so on; of files with one number, the shortest name is the "
            "channel\n",
            shown, name, more);
}

static GPtrArray *folder_channels(const CliCommon *common, const char *folder,
                                  GError **error)
{
    CliCaptureOthers others = { 0 };
    GPtrArray *channels = cli_capture_channels(folder, common->recursive, &others, error);

    tell_others(common, folder, &others);
    g_free(others.first);
    return channels;
}

void cli_open_inputs(CliCommon *common, const char *const *paths, size_t n)
{
    size_t limit = cli_raise_descriptors();
    CliInputs *inputs = g_new0(CliInputs, 1);

    inputs->common = common;
    inputs->all = g_array_new(FALSE, FALSE, sizeof(Input));
    g_array_set_clear_func(inputs->all, clear_input);
    inputs->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    inputs->captures =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_channels);
    for (size_t i = 0; i < n; i++) {
        GError *error = NULL;
        bool has_channels = common->channels && common->channels->len &&
                            (!common->stream || g_str_equal(common->stream, paths[i]));
        GPtrArray *channels = has_channels ? given_channels(paths[i], common->channels)
                              : cli_is_folder(paths[i])
                                  ? folder_channels(common, paths[i], &error)
                                  : NULL;

        if (channels) {
            add_capture(inputs, paths[i], channels, limit);
        } else {
            add(inputs, paths[i], limit, error);
        }
    }
    common->inputs = inputs;
}

void cli_close_inputs(CliCommon *common)
{
    CliInputs *inputs = common->inputs;

    if (inputs) {
        if (inputs->owns_helper) {
            cli_helper_free(inputs->helper);
        }
        g_hash_table_unref(inputs->captures);
        g_hash_table_unref(inputs->by_path);
        g_array_unref(inputs->all);
        g_free(inputs);
        common->inputs = NULL;
    }
}

static Input *find(const CliInputs *inputs, const char *path, unsigned *index)
{
    gpointer number;

    if (!inputs || !g_hash_table_lookup_extended(inputs->by_path, path, NULL, &number)) {
        return NULL;
    }
    *index = GPOINTER_TO_UINT(number);
    return &g_array_index(inputs->all, Input, *index);
}

/* The channels of a capture, or NULL. */
static const GPtrArray *channels_of(const CliInputs *inputs, const char *path)
{
    return inputs ? g_hash_table_lookup(inputs->captures, path) : NULL;
}

static bool stat_file(const CliInputs *inputs, const char *path, struct stat *st)
{
    unsigned index;
    const Input *input = find(inputs, path, &index);

    return strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, st) == 0
                                  : input && input->fd >= 0 && fstat(input->fd, st) == 0;
}

bool cli_input_stat(const CliCommon *common, const char *path, struct stat *st)
{
    const GPtrArray *channels = channels_of(common->inputs, path);

    return stat_file(common->inputs, channels ? g_ptr_array_index(channels, 0) : path,
                     st);
}

static bool is_same(const struct stat *in, const struct stat *out)
{
    return S_ISREG(in->st_mode) ? in->st_dev == out->st_dev && in->st_ino == out->st_ino
                                : S_ISBLK(in->st_mode) && S_ISBLK(out->st_mode) &&
                                      in->st_rdev == out->st_rdev;
}

/* Of what is still to be opened, or cannot be, what has its name. */
static bool stat_input(const Input *input, struct stat *st)
{
    return input->fd >= 0 ? fstat(input->fd, st) == 0 : stat(input->path, st) == 0;
}

static bool is_input(const CliInputs *inputs, const struct stat *out)
{
    struct stat in;

    for (guint i = 0; i < inputs->all->len; i++) {
        if (stat_input(&g_array_index(inputs->all, Input, i), &in) && is_same(&in, out)) {
            return true;
        }
    }
    return inputs->standard_input && fstat(STDIN_FILENO, &in) == 0 && is_same(&in, out);
}

bool cli_spares_inputs(const CliCommon *common, const struct stat *out, const char *path,
                       const char *hint, GError **error)
{
    if (common->inputs && is_input(common->inputs, out)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "%s is an input, which would be lost%s", path, hint);
        return false;
    }
    return true;
}

void cli_spare(const CliCommon *common, int fd)
{
    if (fd >= 0) {
        Input input = { .path = g_strdup(""), .fd = fd };

        g_array_append_val(common->inputs->all, input);
    }
}

bool cli_input_is_capture(const CliCommon *common, const char *path)
{
    return channels_of(common->inputs, path) != NULL;
}

static MigInput *open_file(const char *path, const CliInputs *inputs,
                           const MigInputOptions *options, GError **error)
{
    MigInputOptions own = *options;
    unsigned index;
    const Input *input = find(inputs, path, &index);
    int fd;

    if (!input) {
        return mig_input_open(path, options, error);
    }
    if (input->fd >= 0) {
        return mig_input_new_fd(input->fd, path, options, error);
    }
    if (input->error) {
        g_propagate_error(error, g_error_copy(input->error));
        return NULL;
    }
    fd = inputs->helper ? cli_helper_open_input(inputs->helper, index, error)
                        : open_path(inputs->common, path, error);
    own.owns_fd = true;
    return fd < 0 ? NULL : mig_input_new_fd(fd, path, &own, error);
}

static bool begins_with(MigInput *in, const char *magic)
{
    size_t n;
    const uint8_t *head = mig_input_peek(in, strlen(magic), &n);

    return n >= strlen(magic) && memcmp(head, magic, strlen(magic)) == 0;
}

bool cli_is_multifd(MigInput *in)
{
    return begins_with(in, MULTIFD_MAGIC);
}

/* Whether the channels are files of a folder that --recursive would read one by one. */
static bool are_streams(const CliCommon *common, const GPtrArray *channels,
                        MigInput *const *opened)
{
    bool each = !common->recursive && !common->channels->len;

    for (guint i = 0; i < channels->len && each; i++) {
        g_autofree char *name = g_path_get_basename(g_ptr_array_index(channels, i));

        each = cli_capture_number(name) != 0 && !cli_is_multifd(opened[i]);
    }
    return each;
}

/* What joins the channels also says what reads a folder that has none. */
static MigInput *join(const CliCommon *common, const GPtrArray *channels,
                      MigInput *const *opened, GError **error)
{
    const bool each = are_streams(common, channels, opened);
    MigInput *in = mig_capture_join(opened, channels->len, error);

    if (!in && each && error) {
        mig_error_add_words(*error, CLI_CAPTURE_ADVICE);
    }
    return in;
}

static MigInput *open_capture(const GPtrArray *channels, const CliInputs *inputs,
                              const MigInputOptions *options, GError **error)
{
    MigInputOptions own = *options;
    g_autofree MigInput **opened = g_new0(MigInput *, channels->len);
    guint n = 0;

    if (options->offset) {
        mig_error_set_plain(
            error, MIG_ERROR_USAGE,
            "--offset is for one file, not for the channels of a capture");
        return NULL;
    }
    own.multifd = true;
    for (; n < channels->len; n++) {
        const char *path = g_ptr_array_index(channels, n);

        opened[n] = open_file(path, inputs, &own, error);
        if (!opened[n]) {
            g_prefix_error(error, "%s: ", path);
            break;
        }
    }
    if (n == channels->len) {
        return join(inputs->common, channels, opened, error);
    }
    while (n > 0) {
        mig_input_free(opened[--n]);
    }
    return NULL;
}

/* Where the stream was found, for the next time; what begins at 0 may be a wrapper around none. */
static void say_offset(const char *path, MigInput *in)
{
    g_autofree char *name = cli_file_name(path);

    if (!begins_with(in, MAGIC)) {
        return;
    }
    fprintf(stderr, "%s: note: the stream was found: --offset=%" PRIu64 "\n", name,
            mig_input_start(in));
}

MigInput *cli_open_with(const char *path, const CliCommon *common,
                        const MigInputOptions *options, GError **error)
{
    const GPtrArray *channels = channels_of(common->inputs, path);

    MigInput *in = channels ? open_capture(channels, common->inputs, options, error)
                            : open_file(path, common->inputs, options, error);

    if (in && options->offset == MIG_INPUT_OFFSET_AUTO && !common->quiet) {
        say_offset(path, in);
    }
    return in;
}

MigInputOptions cli_input_options(const CliCommon *common)
{
    return (MigInputOptions){ MIG_INPUT_OPTIONS_INIT, .offset = common->offset,
                              .max_expand = common->max_expand,
                              .snapshot = common->snapshot,
                              .cancelled = cli_is_cancelled };
}

MigInput *cli_open(const char *path, const CliCommon *common, GError **error)
{
    const MigInputOptions options = cli_input_options(common);

    return cli_open_with(path, common, &options, error);
}

bool cli_inputs_wait(const CliInputs *inputs)
{
    for (guint i = 0; i < inputs->all->len; i++) {
        const Input *input = &g_array_index(inputs->all, Input, i);

        if (input->fd < 0 && !input->error) {
            return true;
        }
    }
    return false;
}

void cli_inputs_give_to(CliInputs *inputs, CliHelper *helper, bool owns)
{
    inputs->helper = helper;
    inputs->owns_helper = owns;
}

int cli_inputs_open_one(const CliInputs *inputs, unsigned index, GError **error)
{
    if (index >= inputs->all->len) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "there is no input %u", index);
        return -1;
    }
    return open_path(inputs->common, g_array_index(inputs->all, Input, index).path,
                     error);
}

void cli_inputs_list(const CliInputs *inputs, GArray *fds)
{
    for (guint i = 0; i < inputs->all->len; i++) {
        int fd = g_array_index(inputs->all, Input, i).fd;

        if (fd >= 0) {
            g_array_append_val(fds, fd);
        }
    }
}
