/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the position in the plain bytes and the window that lies there.
 * Must not know: where the bytes come from, nor what they mean.
 * See also:      input-open.c, which finds the plain bytes; source.h, which is read;
 *                readahead.h, which fills the window ahead of it.
 */
#include "io/input-live.h"
#include "io/input-private.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/input-memory.h"
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

/* The lead, a look ahead that lacks one byte, and the chunk that brings it must fit. */
G_STATIC_ASSERT(BODY >= MIG_INPUT_PEEK_MAX + CHUNK_MAX);

/* --- the window --- */

static void stop_readahead(MigInput *in)
{
    if (in->ahead_runs) {
        mig_readahead_stop(in->ahead);
        in->ahead_runs = false;
    }
    in->run = 0;
}

/* Where all bytes are in memory, they are the window. */
void mig_input_place(MigInput *in, uint64_t offset)
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

uint64_t mig_input_max_expand(const MigInput *in)
{
    return in->max_expand;
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

/* The window's pages are asked for together: that they come one by one, as they are written, takes
 * longer than to read what goes there.  Where the kernel cannot do it, they still come so. */
static void fetch_pages(MigInput *in, uint8_t *place, size_t n)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uint8_t *from = MAX(place, in->fetched), *to = place + n;

    from += -(uintptr_t)from & (page - 1);
    to -= (uintptr_t)to & (page - 1);
    if (from < to) {
        madvise(from, (size_t)(to - from), MADV_POPULATE_WRITE);
        in->fetched = to;
    }
#else
    (void)in;
    (void)place;
    (void)n;
#endif
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
    if (in->source->seekable) {
        fetch_pages(in, place, MIN(n, in->source->size - in->limit_offset));
    }
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

const uint8_t *mig_input_peek_ahead(MigInput *in, size_t need, size_t want,
                                    size_t *available)
{
    return mig_input_peek(in, in->live && in->source->waits ? need : want, available);
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
            mig_input_place(in, target);
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
    mig_input_place(in, offset);
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
    uint64_t at, length;
    int fd = mig_input_part(in, offset, &length, &at);
    uint64_t end =
        in->source->size - offset > length ? offset + length : in->source->size;
    off_t stands = fd >= 0 && at <= INT64_MAX ? lseek(fd, 0, SEEK_CUR) : -1;
    off_t found = stands >= 0 ? lseek(fd, (off_t)at, whence) : (off_t)at;

    if (found < 0) {
        return errno == ENXIO ? end : offset;
    }
    if (stands >= 0) {
        lseek(fd, stands, SEEK_SET);
    }
    return MIN(offset + ((uint64_t)found - at), end);
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

int mig_input_part(const MigInput *in, uint64_t offset, uint64_t *length,
                   uint64_t *fd_offset)
{
    return mig_source_part(in->source, offset, length, fd_offset);
}

/* What has yet to come of @in, as an input of its own; @in is left without a source. */
static MigInput *split_off(MigInput *in)
{
    MigInput *rest = g_memdup2(in, sizeof *in);

    rest->name = g_strdup(in->name);
    rest->spool_dir = NULL;
    g_ptr_array_ref(rest->containers);
    g_ptr_array_ref(rest->attached);
    in->memory = in->fetched = NULL;
    in->ahead = NULL;
    in->ahead_runs = false;
    in->failure = NULL;
    in->source = NULL;
    return rest;
}

/* How much is held at first before the caller is asked whether that is enough. */
#define HOLD_FIRST MIG_TINY_OR((uint64_t)1 << 10, (uint64_t)1 << 20)

/* The least that is held before the caller is asked again. */
static uint64_t next_step(const MigInput *in, uint64_t start)
{
    return in->live ? in->source->size + 1
                    : in->source->size + MAX(in->source->size - start, HOLD_FIRST);
}

static bool always(void *unused)
{
    (void)unused;
    return true;
}

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
    mig_input_place(in, start);
    is_enough = in->live && !is_enough ? always : is_enough;
    for (uint64_t next = next_step(in, start); !mig_source_spool_ended(in->source);) {
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
            next = next_step(in, start);
        }
    }
    mig_input_place(in, start);
    return true;
}

bool mig_input_hold(MigInput *in, GError **error)
{
    return mig_input_hold_until(in, NULL, NULL, error);
}
