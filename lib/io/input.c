/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the position in the plain bytes and the window that lies there.
 * Must not know: where the bytes come from, nor what they mean.
 * See also:      source.h, which it reads; container-type.h, whose loop finds
 *                the plain bytes;
 *                readahead.h, which fills the window ahead of it.
 */
#include "io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/cancel.h"
#include "io/container-type.h"
#include "io/input-memory.h"
#include "io/options.h"
#include "io/readahead.h"
#include "io/source.h"
#include "io/tiny.h"

/*
 * The window is one run of memory.  Bytes are read into the body.  When the body is used up,
 * what of it is still wanted moves to just before its start, into the lead, and reading
 * goes on at the start: so a look ahead is contiguous wherever it begins, and only a few
 * bytes are ever moved.
 */
#define LEAD ((size_t)MIG_INPUT_PEEK_MAX)
#define BODY MIG_READAHEAD_RING

/* How much is read at once: little after a jump, since a jump is likely to follow; more if
 * the reading goes on without one, yet no more than the processor keeps at hand. */
#define CHUNK_MIN MIG_TINY_OR((size_t)64, (size_t)64 << 10)
#define CHUNK_MAX MIG_TINY_OR((size_t)192, (size_t)128 << 10)

/* After so much without a jump, a second thread reads ahead, if as much is left and the
 * cache has it. */
#define AHEAD_AFTER ((uint64_t)4 << 20)

/* The kernel reads less than this ahead, and so what lies there was in memory before. */
#define FAR ((uint64_t)64 << 20)

/* Most of a pipe that is kept, unless the caller says otherwise. */
#define HOLD_MAX ((uint64_t)32 << 30)

/* The lead, a look ahead that lacks one byte, and the chunk that brings it must fit. */
G_STATIC_ASSERT(BODY >= MIG_INPUT_PEEK_MAX + CHUNK_MAX);

struct MigInput {
    /* The unread part of the window; first, since every call looks here. */
    const uint8_t *cursor;
    const uint8_t *limit;
    uint64_t limit_offset; /* Plain offset of @limit. */

    uint8_t *memory;     /* LEAD + BODY bytes; NULL before the first read. */
    size_t chunk;        /* To be read next. */
    uint64_t run;        /* Bytes read since the last jump. */
    MigReadahead *ahead; /* NULL before it is first wanted. */
    bool ahead_runs;     /* Then the body is its ring. */
    bool ahead_fails;
    bool ended;      /* Nothing comes after @limit. */
    GError *failure; /* Why, unless it is a plain end. */

    MigSource *source;
    GPtrArray *containers;
    char *name;
    bool has_file_size;
    uint64_t file_size;
    uint64_t file_offset;
    char *spool_dir;
    uint64_t max_hold;
    MigCancel cancel;
    void (*progress)(void *data, uint64_t position);
    void *progress_data;
};

/* --- the window --- */

static void stop_readahead(MigInput *in)
{
    if (in->ahead_runs) {
        mig_readahead_stop(in->ahead);
        in->ahead_runs = false;
    }
    in->run = 0;
}

/* An empty window at @offset.  Where all bytes are in memory, they are the window. */
static void place_window(MigInput *in, uint64_t offset)
{
    static const uint8_t nothing[1];
    const MigSource *source = in->source;

    stop_readahead(in);
    in->limit_offset = offset;
    in->cursor = in->limit = nothing;
    in->chunk = CHUNK_MIN;
    in->ended = false;
    if (source->bytes) {
        in->cursor = source->bytes + (offset - source->start);
        in->limit = source->bytes + (source->size - source->start);
        in->limit_offset = source->size;
        in->ended = true;
    }
}

/* Remembers the first failure; takes @failure over. */
static void note_failure(MigInput *in, GError *failure)
{
    if (in->failure) {
        g_error_free(failure);
        return;
    }
    if (in->containers->len == 0 && in->file_offset == 0) {
        mig_error_set_layer(failure, MIG_LAYER_PLAIN); /* The file is the stream. */
    }
    in->failure = failure;
}

/* Bytes that cannot be looked at for want of memory are as good as unreadable. */
static bool lacks_memory(MigInput *in)
{
    GError *failure = NULL;

    mig_error_set(&failure, MIG_ERROR_IO, mig_input_tell(in), NULL, "cannot read %s: %s",
                  in->name, g_strerror(ENOMEM));
    note_failure(in, failure);
    return false;
}

void *mig_input_alloc(MigInput *in, size_t n)
{
    void *p = mig_try_alloc(n);

    if (!p) {
        lacks_memory(in);
    }
    return p;
}

bool mig_input_room(MigInput *in, size_t n)
{
    return mig_alloc_room(n) || lacks_memory(in);
}

bool mig_input_spend(MigInput *in, MigMeter *meter, size_t n)
{
    return mig_meter_spend(meter, n) || lacks_memory(in);
}

/* Moves what is left of the window to the end of the lead. */
static void move_to_lead(MigInput *in)
{
    uint8_t *body = in->memory + LEAD;
    size_t kept = (size_t)(in->limit - in->cursor);

    memmove(body - kept, in->cursor, kept);
    in->cursor = body - kept;
    in->limit = body;
}

/* Reads on at @limit, in this thread. */
static size_t read_chunk(MigInput *in, GError **failure)
{
    if (!in->memory && !(in->memory = mig_input_alloc(in, LEAD + BODY))) {
        in->ended = true;
        return 0;
    }
    /* With the cursor in the lead, this look ahead has moved its bytes there already. */
    if (in->cursor == in->limit || in->cursor >= in->memory + LEAD) {
        move_to_lead(in);
    }
    uint8_t *place = in->memory + (in->limit - in->memory);
    size_t n = in->chunk - (in->limit_offset + in->source->origin) % CHUNK_MIN;
    ssize_t got = in->source->ops->read(in->source, in->limit_offset, place, n, failure);

    if (got <= 0) {
        in->ended = true;
        return 0;
    }
    in->chunk = MIN(in->chunk * 2, CHUNK_MAX);
    in->run += (uint64_t)got;
    return (size_t)got;
}

/* Takes the next slot of the ring: it begins at @limit. */
static size_t take_slot(MigInput *in)
{
    unsigned held = mig_readahead_held(in->ahead);
    size_t kept = (size_t)(in->limit - in->cursor);
    unsigned needed = (unsigned)((kept + MIG_READAHEAD_SLOT - 1) / MIG_READAHEAD_SLOT);

    if (in->limit == in->memory + LEAD + BODY) {
        move_to_lead(in);
        needed = 0;
    }
    if (held > needed) {
        mig_readahead_release(in->ahead, held - needed);
    }
    size_t got = mig_readahead_next(in->ahead);
    if (got < MIG_READAHEAD_SLOT) {
        stop_readahead(in); /* This thread reads on, and finds out why. */
    }
    return got;
}

static bool wants_readahead(MigInput *in)
{
    const MigSource *source = in->source;

    if (in->run < AHEAD_AFTER || in->ahead_fails || source->waits) {
        return false;
    }
    if (!source->seekable) {
        return true;
    }
    uint64_t left = source->size - in->limit_offset;
    in->run = 0; /* If it refuses, it does so for as long again. */
    return left >= AHEAD_AFTER &&
           mig_source_is_at_hand(source, in->limit_offset + MIN(left - 1, FAR));
}

static void start_readahead(MigInput *in)
{
    if (!in->ahead && g_get_num_processors() > 1) {
        in->ahead = mig_readahead_new(in->source, in->memory + LEAD);
    }
    in->ahead_runs = in->ahead != NULL;
    in->ahead_fails = !in->ahead_runs;
    if (in->ahead_runs) {
        move_to_lead(in);
        mig_readahead_start(in->ahead, in->limit_offset);
    }
}

/* Reads on at the end of the window; false at the end of the input. */
static bool extend_window(MigInput *in)
{
    GError *failure = NULL;

    if (!in->ended && mig_cancel_asked(in->cancel)) {
        note_failure(in, g_error_new(MIG_ERROR, MIG_ERROR_CANCELLED, "cancelled"));
        in->ended = true;
    }
    if (in->ended) {
        return false;
    }
    if (!in->ahead_runs && wants_readahead(in)) {
        start_readahead(in);
    }
    size_t got = in->ahead_runs ? take_slot(in) : 0;
    if (got == 0) {
        got = read_chunk(in, &failure);
    }
    if (failure) {
        note_failure(in, failure);
    }
    in->limit += got;
    in->limit_offset += got;
    return got > 0;
}

const uint8_t *mig_input_peek(MigInput *in, size_t want, size_t *available)
{
    want = MIN(want, MIG_INPUT_PEEK_MAX);
    while (G_UNLIKELY((size_t)(in->limit - in->cursor) < want) && extend_window(in)) {
    }
    *available = (size_t)(in->limit - in->cursor);
    return in->cursor;
}

static uint64_t skip_beyond_window(MigInput *in, uint64_t n)
{
    const uint64_t start = mig_input_tell(in);

    if (in->source->seekable && !in->ended) {
        uint64_t target = start + MIN(n, in->source->size - start);
        uint64_t gap = target - in->limit_offset;
        size_t chunk = in->chunk;
        uint64_t run = in->run;
        if (!in->ahead_runs || gap > MIG_READAHEAD_SLOT) {
            place_window(in, target);
            if (gap <= CHUNK_MIN) {
                /* Not a jump: this is the page between two headers. */
                in->chunk = chunk;
                in->run = run;
            }
            return target - start;
        }
    }

    in->cursor = in->limit;
    while (in->limit_offset - start < n && extend_window(in)) {
        in->cursor = in->limit;
    }
    if (in->limit_offset - start > n) {
        in->cursor -= in->limit_offset - start - n;
    }
    return mig_input_tell(in) - start;
}

uint64_t mig_input_skip(MigInput *in, uint64_t n)
{
    if (G_LIKELY(n <= (uint64_t)(in->limit - in->cursor))) {
        in->cursor += n;
        return n;
    }
    return skip_beyond_window(in, n);
}

uint64_t mig_input_tell(const MigInput *in)
{
    return in->limit_offset - (uint64_t)(in->limit - in->cursor);
}

void mig_input_rewind(MigInput *in, uint64_t offset)
{
    g_return_if_fail(in->source->seekable && offset >= in->source->start &&
                     offset <= in->source->size);
    place_window(in, offset);
}

bool mig_input_end_error(const MigInput *in, GError **error)
{
    if (!in->failure) {
        return true;
    }
    g_propagate_error(error, g_error_copy(in->failure));
    return false;
}

/* --- random access --- */

bool mig_input_seekable(const MigInput *in)
{
    return in->source->seekable;
}

uint64_t mig_input_size(const MigInput *in)
{
    g_return_val_if_fail(in->source->seekable, 0);
    return in->source->size;
}

size_t mig_input_read_at(MigInput *in, uint64_t offset, void *buffer, size_t n)
{
    g_return_val_if_fail(in->source->seekable && offset >= in->source->start, 0);

    GError *failure = NULL;
    if (offset > in->source->size) {
        return 0; /* no sum below can wrap; at the end, a source tells why it ended */
    }
    size_t got = mig_source_read_full(in->source, offset, buffer, n, &failure);
    if (failure) {
        note_failure(in, failure);
    }
    return got;
}

/* The first offset from @offset on that is data, or a hole, as @whence asks; the size where
 * there is none, and @offset itself where nobody can tell.  The descriptor, which others may
 * use, stays where it stands. */
static uint64_t next_extent(const MigInput *in, uint64_t offset, int whence)
{
    uint64_t at;
    int fd = mig_input_copy_fd(in, offset, &at);
    off_t stands = fd >= 0 && at <= INT64_MAX ? lseek(fd, 0, SEEK_CUR) : -1;
    off_t found = stands >= 0 ? lseek(fd, (off_t)at, whence) : (off_t)at;

    if (found < 0) {
        return errno == ENXIO ? in->source->size : offset;
    }
    if (stands >= 0) {
        lseek(fd, stands, SEEK_SET);
    }
    return MIN(offset + ((uint64_t)found - at), in->source->size);
}

uint64_t mig_input_hole(const MigInput *in)
{
    uint64_t from = mig_input_tell(in);

    return in->source->seekable ? next_extent(in, from, SEEK_DATA) - from : 0;
}

/* In no more steps than that; files that a guest was saved to have few. */
#define EXTENTS_MAX 65536u

uint64_t mig_input_data_end(const MigInput *in, uint64_t offset)
{
    uint64_t size = mig_input_size(in);

    for (unsigned i = 0; i < EXTENTS_MAX; i++) {
        uint64_t data = next_extent(in, offset, SEEK_DATA);
        uint64_t hole = data < size ? next_extent(in, data, SEEK_HOLE) : size;

        if (data >= size) {
            return MIN(offset, size);
        }
        if (hole <= data || hole >= size) {
            return size;
        }
        offset = hole;
    }
    return size;
}

int mig_input_copy_fd(const MigInput *in, uint64_t offset, uint64_t *fd_offset)
{
    *fd_offset = offset + in->source->fd_offset;
    return in->source->fd;
}

/* What has yet to come of @in, as an input of its own; @in is left without a source. */
static MigInput *split_off(MigInput *in)
{
    MigInput *rest = g_memdup2(in, sizeof *in);

    rest->name = g_strdup(in->name);
    rest->spool_dir = NULL;
    g_ptr_array_ref(rest->containers);
    in->memory = NULL;
    in->ahead = NULL;
    in->ahead_runs = false;
    in->failure = NULL;
    in->source = NULL;
    return rest;
}

/* How much is held at first before the caller is asked whether that is enough. */
#define HOLD_FIRST MIG_TINY_OR((uint64_t)1 << 10, (uint64_t)1 << 20)

bool mig_input_hold_until(MigInput *in, bool (*is_enough)(void *data), void *data,
                          GError **error)
{
    if (in->source->seekable) {
        return true;
    }

    const uint64_t start = mig_input_tell(in);
    /* A file has an end, even where it is compressed. */
    in->source = mig_source_spool_new(
        split_off(in), in->has_file_size ? UINT64_MAX : in->max_hold, in->spool_dir);
    place_window(in, start);
    for (uint64_t next = start + HOLD_FIRST; !mig_source_spool_ended(in->source);) {
        uint64_t size = MIN(in->source->size + HOLD_FIRST, next);
        if (!mig_source_spool_grow(in->source, size, error)) {
            return false;
        }
        if (mig_cancel_asked(in->cancel)) {
            g_set_error_literal(error, MIG_ERROR, MIG_ERROR_CANCELLED, "cancelled");
            return false;
        }
        if (in->progress) {
            in->progress(in->progress_data, in->source->size);
        }
        if (in->source->size >= next) {
            if (is_enough && is_enough(data)) {
                break;
            }
            next += in->source->size - start;
        }
    }
    place_window(in, start);
    return true;
}

bool mig_input_hold(MigInput *in, GError **error)
{
    return mig_input_hold_until(in, NULL, NULL, error);
}

/* --- opening --- */

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

static MigCancel cancel_of(const MigInputOptions *options)
{
    return (MigCancel){ options->cancelled, options->cancelled_data };
}

/* @source is taken over. */
static MigInput *input_new(MigSource *source, const char *name,
                           const MigInputOptions *opt, GError **error)
{
    g_autoptr(MigInput) in = g_new0(MigInput, 1);

    in->name = g_strdup(name);
    in->spool_dir = g_strdup(opt->spool_dir);
    in->max_hold = opt->max_hold ? opt->max_hold : HOLD_MAX;
    in->cancel = cancel_of(opt);
    in->progress = opt->progress;
    in->progress_data = opt->progress_data;
    in->containers = g_ptr_array_new_with_free_func(mig_container_free);
    in->has_file_size = source->seekable;
    in->file_size = source->origin + source->size;

    if (opt->offset > 0) {
        source = skip_foreign(source, opt->offset, error);
        if (!source) {
            return NULL;
        }
    }
    in->source = mig_container_unwrap(source, opt->max_expand, in->containers, error);
    if (!in->source) {
        return NULL;
    }
    in->file_offset = in->source->origin;
    place_window(in, 0);
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

void mig_input_free(MigInput *in)
{
    if (!in) {
        return;
    }
    mig_readahead_free(in->ahead);
    mig_source_free(in->source);
    g_ptr_array_unref(in->containers);
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

bool mig_input_file_size(const MigInput *in, uint64_t *size)
{
    if (in->has_file_size) {
        *size = in->file_size;
    }
    return in->has_file_size;
}

uint64_t mig_input_file_offset(const MigInput *in)
{
    return in->file_offset;
}
