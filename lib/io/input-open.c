/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          an input from its opening on: what it reads from, without what is around the
 *                stream; and what is known of it.
 * Must not know: what the bytes mean.
 * See also:      input.c, which then reads; container-type.h, whose loop takes wrappers off.
 */
#include "io/input-foreign.h"
#include "io/input-private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/find.h"
#include "io/options.h"

/* Most of a pipe that is kept, unless the caller says otherwise. */
#define HOLD_MAX ((uint64_t)32 << 30)

/* --- opening --- */

static MigCancel cancel_of(const MigInputOptions *options)
{
    return (MigCancel){ options->cancelled, options->cancelled_data };
}

/* What follows the first @offset bytes of @source, which is taken over. */
static MigSource *skip_foreign(MigSource *source, uint64_t offset, GError **error)
{
    g_autoptr(MigSource) owned = source;
    uint64_t reached = source->seekable ? MIN(offset, source->size) : 0;
    uint8_t discarded[4096];

    while (!source->seekable && reached < offset) {
        GError *failure = NULL;
        size_t n = MIN(sizeof discarded, offset - reached);
        ssize_t got = source->ops->read(source, reached, discarded, n, &failure);
        if (got < 0) {
            g_propagate_error(error, failure);
            return NULL;
        }
        if (got == 0) {
            break;
        }
        reached += (uint64_t)got;
    }
    if (reached < offset) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "offset %" PRIu64
                            " lies beyond the end of the input, which has %" PRIu64
                            " bytes",
                            offset, reached);
        return NULL;
    }
    return mig_source_view_new(g_steal_pointer(&owned), offset);
}

/* The stream, wherever it is in @source, which is taken over. */
static MigSource *skip_to_stream(MigSource *source, const MigInputOptions *options,
                                 GError **error)
{
    g_autoptr(MigSource) owned = source;
    g_autoptr(GError) alike = NULL;
    uint64_t offset = 0, begin;
    bool found = false;

    if (!source->seekable) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "a stream is looked for in a file, not in a pipe");
        return NULL;
    }
    MigHead head = mig_container_try(source, options, &alike);
    if (head == MIG_HEAD_WRAPPED) {
        return g_steal_pointer(&owned);
    }
    begin = head == MIG_HEAD_ALIKE; /* Nothing begins at 0. */
    g_autoptr(MigSource) rest = mig_source_view_new(mig_source_lent_new(source), begin);
    if (head != MIG_HEAD_SCATTERED &&
        !mig_find_stream(rest, UINT64_MAX, cancel_of(options), &offset, &found, error)) {
        return NULL;
    }
    if (found) {
        return mig_source_view_new(g_steal_pointer(&owned), begin + offset);
    }
    if (!alike) {
        mig_error_set_plain(&alike, MIG_ERROR_UNMATCHED,
                            "no stream and no save image begins anywhere in it");
    } else if (!g_error_matches(alike, MIG_ERROR, MIG_ERROR_USAGE)) {
        mig_error_add_words(
            alike, head == MIG_HEAD_SCATTERED
                       ? "; --offset=auto looks for nothing in the bytes of such an "
                         "image, since files lie in pieces there"
                       : "; and no stream and no save image begins anywhere else in it");
    }
    g_propagate_error(error, g_steal_pointer(&alike));
    return NULL;
}

bool mig_input_propose_offset(const MigInput *in, uint64_t most, uint64_t *offset)
{
    bool found = false;

    if (in->containers->len > 0 || !in->source->seekable ||
        !mig_find_stream(in->source, most, in->cancel, offset, &found, NULL)) {
        return false;
    }
    *offset += in->source->origin;
    return found;
}

static void free_attached(gpointer p)
{
    mig_input_free(p);
}

/* @source is taken over. */
static MigInput *input_new(MigSource *source, const char *name,
                           const MigInputOptions *opt, GError **error)
{
    g_autoptr(MigInput) in = g_new0(MigInput, 1);

    in->name = g_strdup(name);
    in->spool_dir = g_strdup(opt->spool_dir);
    in->max_hold = opt->max_hold ? opt->max_hold : HOLD_MAX;
    in->max_expand = opt->max_expand ? opt->max_expand : UINT64_MAX;
    in->cancel = cancel_of(opt);
    in->live = opt->live;
    in->progress = opt->progress;
    in->progress_data = opt->progress_data;
    in->containers = g_ptr_array_new_with_free_func(mig_container_free);
    in->attached = g_ptr_array_new_with_free_func(free_attached);
    in->has_file_size = source->seekable;
    in->file_size = source->origin + source->size;

    if (opt->offset > 0) {
        source = opt->offset == MIG_INPUT_OFFSET_AUTO
                     ? skip_to_stream(source, opt, error)
                     : skip_foreign(source, opt->offset, error);
        if (!source) {
            return NULL;
        }
    }
    in->start = source->origin;
    in->source = mig_container_unwrap(source, opt, in->containers, error);
    if (!in->source) {
        return NULL;
    }
    in->file_offset = in->source->origin;
    mig_input_place(in, 0);
    return g_steal_pointer(&in);
}

/* The part of a seekable @fd that is to be read: from its offset to its end. */
static bool seekable_range(int fd, const struct stat *st, off_t *start, off_t *end)
{
    *start = lseek(fd, 0, SEEK_CUR);
    if (*start < 0 || S_ISREG(st->st_mode)) {
        *end = st->st_size;
        return *start >= 0;
    }
    /* A block device tells its size only so; the offset is put back. */
    *end = lseek(fd, 0, SEEK_END);
    return *end >= 0 && lseek(fd, *start, SEEK_SET) >= 0;
}

/* A source for @fd, which is closed with it if @owned, also when this fails. */
static MigSource *source_for_fd(int fd, bool owned, const char *name,
                                const MigInputOptions *options, GError **error)
{
    MigCancel cancel = cancel_of(options);
    struct stat st;
    bool known = fstat(fd, &st) == 0;

    if (known && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))) {
        off_t start;
        off_t end;
        if (seekable_range(fd, &st, &start, &end)) {
            return mig_source_file_new(fd, owned, (uint64_t)start, (uint64_t)end, name,
                                       cancel);
        }
    } else if (known && !S_ISDIR(st.st_mode)) {
        return mig_source_pipe_new(fd, owned, name, cancel);
    } else if (known) {
        errno = EISDIR;
    }
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot read %s: %s", name,
                        g_strerror(errno));
    if (owned) {
        close(fd);
    }
    return NULL;
}

static bool take_options(MigInputOptions *known, const MigInputOptions *options,
                         GError **error)
{
    return mig_options_take(known, sizeof(*known), options, "MigInputOptions", error);
}

MigInput *mig_input_open(const char *path, const MigInputOptions *options, GError **error)
{
    if (strcmp(path, "-") == 0) {
        return mig_input_new_fd(STDIN_FILENO, "standard input", options, error);
    }

    MigInputOptions known;
    if (!take_options(&known, options, error)) {
        return NULL;
    }
    /* A FIFO is waited for, as cat does. */
    int fd;
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0 && errno == EINTR && mig_cancel_asked(cancel_of(&known))) {
            mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
            return NULL;
        }
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot open %s: %s", path,
                            g_strerror(errno));
        return NULL;
    }
    MigSource *source = source_for_fd(fd, true, path, &known, error);
    return source ? input_new(source, path, &known, error) : NULL;
}

MigInput *mig_input_new_fd(int fd, const char *name, const MigInputOptions *options,
                           GError **error)
{
    MigInputOptions known;
    MigSource *source;

    if (!take_options(&known, options, error)) {
        return NULL;
    }
    source = source_for_fd(fd, known.owns_fd, name, &known, error);
    return source ? input_new(source, name, &known, error) : NULL;
}

MigInput *mig_input_new_bytes(GBytes *bytes, const char *name,
                              const MigInputOptions *options, GError **error)
{
    MigInputOptions known;

    return take_options(&known, options, error)
               ? input_new(mig_source_memory_new(bytes), name, &known, error)
               : NULL;
}

MigInput *mig_input_new_callbacks(const MigInputCallbacks *callbacks, void *data,
                                  const char *name, const MigInputOptions *options,
                                  GError **error)
{
    MigInputCallbacks functions;
    MigInputOptions known;
    MigSource *source;

    if (!mig_options_take(&functions, sizeof(functions), callbacks, "MigInputCallbacks",
                          error) ||
        !take_options(&known, options, error)) {
        return NULL;
    }
    if (!functions.read) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "MigInputCallbacks has no read()");
        return NULL;
    }
    source = mig_source_callback_new(&functions, data, name, cancel_of(&known), error);
    return source ? input_new(source, name, &known, error) : NULL;
}

MigInput *mig_input_new_source(MigSource *source, const char *name,
                               const MigInputOptions *options, GError **error)
{
    MigInputOptions known;

    if (!take_options(&known, options, error)) {
        mig_source_free(source);
        return NULL;
    }
    return input_new(source, name, &known, error);
}

void mig_input_free(MigInput *in)
{
    if (!in) {
        return;
    }
    mig_readahead_free(in->ahead);
    mig_source_free(in->source);
    g_ptr_array_unref(in->containers);
    g_ptr_array_unref(in->attached);
    g_clear_error(&in->failure);
    g_free(in->memory);
    g_free(in->spool_dir);
    g_free(in->name);
    g_free(in);
}

/* --- what is known --- */

const char *mig_input_name(const MigInput *in)
{
    return in->name;
}

const MigContainer *mig_input_container(const MigInput *in, size_t i)
{
    return i < in->containers->len ? g_ptr_array_index(in->containers, i) : NULL;
}

uint64_t mig_input_foreign_from(const MigInput *in)
{
    const MigContainer *container =
        in->containers->len > 0
            ? g_ptr_array_index(in->containers, in->containers->len - 1)
            : NULL;

    return container && container->data_end ? container->data_end : UINT64_MAX;
}

void mig_input_attach(MigInput *in, MigInput *other)
{
    g_ptr_array_add(in->attached, other);
}

MigInput *mig_input_attached(const MigInput *in, size_t i)
{
    return i < in->attached->len ? g_ptr_array_index(in->attached, i) : NULL;
}

bool mig_input_file_size(const MigInput *in, uint64_t *size)
{
    if (in->has_file_size) {
        *size = in->file_size;
    }
    return in->has_file_size;
}

uint64_t mig_input_start(const MigInput *in)
{
    return in->start;
}

uint64_t mig_input_file_offset(const MigInput *in)
{
    return in->file_offset;
}
