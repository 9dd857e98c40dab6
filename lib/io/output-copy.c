/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          ranges of an input on their way out: moved by the kernel where it can,
 *                their holes kept, else through memory.
 * Must not know: what the bytes mean, nor how they are wrapped.
 * See also:      output-private.h; kernel-copy.h.
 */
#include "io/output-moves.h"
#include "io/output-private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/alloc.h"
#include "io/input-private.h"
#include "io/error.h"
#include "io/tiny.h"

#define GATHER MIG_OUTPUT_GATHER
/* What is copied through memory goes in pieces of this length. */
#define PIECE MIG_TINY_OR((size_t)40, (size_t)1 << 20)

static bool write_piece(MigOutput *out, size_t n)
{
    return out->sink->ops->write(out->sink, out->piece, n, &out->failure);
}

static uint8_t *piece_of(MigOutput *out)
{
    if (!out->piece && !(out->piece = mig_try_alloc(PIECE))) {
        mig_error_set_plain(&out->failure, MIG_ERROR_IO, "cannot write %s: %s", out->name,
                            g_strerror(ENOMEM));
    }
    return out->piece;
}

static bool read_exactly(MigOutput *out, MigInput *in, uint64_t offset, void *buffer,
                         size_t n)
{
    size_t got = mig_input_read_at(in, offset, buffer, n);

    if (got < n && mig_input_end_error(in, &out->failure)) {
        mig_error_set(&out->failure, MIG_ERROR_TRUNCATED, offset + got, NULL,
                      "wanted %zu more bytes to copy, found the end of the input",
                      n - got);
    }
    return got == n;
}

static bool copy_through_memory(MigOutput *out, MigInput *in, uint64_t offset,
                                uint64_t length)
{
    if (length <= GATHER) {
        if (length > GATHER - out->n_gathered && !mig_output_flush(out)) {
            return false;
        }
        uint8_t *end = out->gathered + out->n_gathered;
        out->n_gathered += length;
        return read_exactly(out, in, offset, end, length);
    }

    uint8_t *piece = piece_of(out);
    if (!piece || !mig_output_flush(out)) {
        return false;
    }
    while (length > 0) {
        size_t n = MIN(length, PIECE);
        if (!read_exactly(out, in, offset, piece, n) || !write_piece(out, n)) {
            return false;
        }
        offset += n;
        length -= n;
    }
    return true;
}

/* @fd_offset: where plain byte @offset lies in @fd. */
static bool copy_data(MigOutput *out, MigInput *in, int fd, uint64_t fd_offset,
                      uint64_t offset, uint64_t length)
{
    MigSink *sink = out->sink;
    ssize_t done = 1;

    while (length > 0 && done > 0) {
        done = sink->ops->take(sink, fd, fd_offset, length, &out->failure);
        if (done < 0) {
            return false;
        }
        fd_offset += (uint64_t)done;
        offset += (uint64_t)done;
        length -= (uint64_t)done;
    }
    return length == 0 || copy_through_memory(out, in, offset, length);
}

static bool put_hole(MigOutput *out, uint64_t length)
{
    if (out->sink->ops->skip) {
        return out->sink->ops->skip(out->sink, length, &out->failure);
    }

    uint8_t *piece = piece_of(out);
    if (!piece) {
        return false;
    }
    memset(piece, 0, PIECE);
    while (length > 0) {
        size_t n = MIN(length, PIECE);
        if (!write_piece(out, n)) {
            return false;
        }
        length -= n;
    }
    return true;
}

/* The search for holes skips a file that ends before @end: what it lacks would look like a
 * hole. */
static bool is_sparse(int fd, uint64_t end)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size >= end &&
           st.st_blocks < st.st_size / 512;
}

/* How much of @length is a hole.  In a file that has shrunk, the lost part looks like one;
 * it must be read, so that the loss is noticed. */
static uint64_t hole_at(int fd, uint64_t offset, uint64_t length)
{
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);

    if (data >= 0) {
        return MIN((uint64_t)data - offset, length);
    }
    /* ENXIO: a hole up to the end.  Other failures: the file system cannot tell. */
    return errno == ENXIO && is_sparse(fd, offset + length) ? length : 0;
}

static bool copy_with_holes(MigOutput *out, MigInput *in, int fd, uint64_t fd_offset,
                            uint64_t offset, uint64_t length)
{
    while (length > 0) {
        uint64_t n = hole_at(fd, fd_offset, length);
        if (n > 0) {
            if (!put_hole(out, n)) {
                return false;
            }
        } else {
            off_t end = lseek(fd, (off_t)fd_offset, SEEK_HOLE);
            n = end > (off_t)fd_offset ? MIN((uint64_t)end - fd_offset, length) : length;
            if (!copy_data(out, in, fd, fd_offset, offset, n)) {
                return false;
            }
        }
        fd_offset += n;
        offset += n;
        length -= n;
    }
    return true;
}

bool mig_output_copy_range(MigOutput *out, MigInput *in, uint64_t offset, uint64_t length)
{
    uint64_t fd_offset, there;
    int fd = mig_input_part(in, offset, &there, &fd_offset);

    if (!out->sink->ops->take || fd < 0 || length <= GATHER) {
        return copy_through_memory(out, in, offset, length);
    }
    return mig_output_flush(out) &&
           (is_sparse(fd, fd_offset + length)
                ? copy_with_holes(out, in, fd, fd_offset, offset, length)
                : copy_data(out, in, fd, fd_offset, offset, length));
}

/* What is in one descriptor, @fd from @fd_offset on, or in none. */
static void copy_part(MigOutput *out, MigInput *in, uint64_t offset, uint64_t length,
                      int fd, uint64_t fd_offset)
{
    uint64_t from = out->sink->position;

    if (mig_output_stays(out, fd, fd_offset)) {
        mig_output_keep(out, length);
    } else if (mig_output_lies_under(out, fd, length)) {
        mig_output_refer(out, fd_offset, length);
    } else {
        mig_output_copy_range(out, in, offset, length);
        mig_output_note_change(out, from);
    }
}

bool mig_output_copy(MigOutput *out, MigInput *in, uint64_t offset, uint64_t length,
                     GError **error)
{
    while (!out->failure && length > 0) {
        uint64_t n, fd_offset;
        int fd = mig_input_part(in, offset, &n, &fd_offset);

        n = n && n < length ? n : length;
        copy_part(out, in, offset, n, fd, fd_offset);
        out->tell += n;
        offset += n;
        length -= n;
    }
    return !out->failure || mig_output_repeat_failure(out, error);
}

static MigMoves ask(const MigOutput *out, int fd)
{
    struct stat st;

    if (out->sink->way == MIG_KERNEL_CANNOT || fstat(out->sink->fd, &st) != 0) {
        return MIG_MOVES_NONE;
    }
    if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || is_sparse(fd, 0)) {
        return MIG_MOVES_ALL;
    }
    return mig_kernel_shares(fd, out->sink->fd) ? MIG_MOVES_BLOCKS : MIG_MOVES_NONE;
}

bool mig_output_moves(MigOutput *out, const MigInput *in, uint64_t offset)
{
    uint64_t fd_offset, n;
    int fd = mig_input_part(in, offset, &n, &fd_offset);

    if (mig_output_stays(out, fd, fd_offset) || mig_output_lies_under(out, fd, n)) {
        return true;
    }
    if (!out->sink->ops->take || fd < 0) {
        return false;
    }
    if (fd != out->asked) {
        out->asked = fd;
        out->moves = ask(out, fd);
    }
    return out->moves == MIG_MOVES_ALL ||
           (out->moves == MIG_MOVES_BLOCKS &&
            (fd_offset - out->sink->position - out->n_gathered) % MIG_KERNEL_BLOCK == 0);
}
