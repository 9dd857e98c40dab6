/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the bytes on their way out: gathering, compression, holes, and the one
 *                failure that ends it.
 * Must not know: what the bytes mean, nor how a file gets its name.
 * See also:      output-target.h, kernel-copy.h.
 */
#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "io/alloc.h"
#include "io/cancel.h"
#include "io/error.h"
#include "io/kernel-copy.h"
#include "io/options.h"
#include "io/output-target.h"
#include "io/tiny.h"
#include "io/zero.h"

/* Writes shorter than this are gathered. */
#define GATHER ((size_t)64 << 10)
/* Zeros are worth a hole in pieces of this length. */
#define HOLE ((size_t)16 << 10)
/* What is copied through memory goes in pieces of this length. */
#define PIECE MIG_TINY_OR((size_t)40, (size_t)1 << 20)
/* What a thread compresses at a time, where speed matters more than size: zstd's choice is
 * up to eight times that, and each thread has three in memory. */
#define JOB (1 << 20)
/* Fewer and larger writes; what the kernel grants without privilege. */
#define PIPE_CAPACITY (1 << 20)

/* The disk is set to work each time that so much has come. */
#define WRITE_BACK ((uint64_t)32 << 20)

/* Which bytes of an input can be moved here without being copied. */
typedef enum Moves {
    MOVES_NONE,
    MOVES_BLOCKS, /* Whole blocks of a file. */
    MOVES_ALL,
} Moves;

struct MigOutput {
    int fd;
    MigTarget *target; /* NULL for a borrowed descriptor. */
    char *name;
    MigCancel cancel;

    uint8_t gathered[GATHER];
    size_t n_gathered;
    uint8_t *piece; /* PIECE bytes, once needed. */

    ZSTD_CCtx *zstd; /* NULL: as it is. */
    uint8_t *packed; /* ZSTD_CStreamOutSize() bytes. */

    MigKernelWay way;
    int asked; /* The input's descriptor that @moves speaks of; -1: none. */
    Moves moves;
    bool holes;   /* The descriptor can skip what is to be zero. */
    bool skipped; /* It did. */
    uint64_t tell;
    uint64_t written;
    uint64_t written_back; /* So much of it the disk was given. */
    GError *failure;
    bool broken_pipe;
};

/* --- failures --- */

/* Returns false, with the failure that ended this output as *error. */
static bool repeat_failure(const MigOutput *out, GError **error)
{
    g_propagate_error(error, g_error_copy(out->failure));
    return false;
}

static bool fail_io(MigOutput *out)
{
    out->broken_pipe = errno == EPIPE;
    mig_error_set_plain(&out->failure, MIG_ERROR_IO, "cannot write %s: %s", out->name,
                        g_strerror(errno));
    return false;
}

static bool check_cancel(MigOutput *out)
{
    if (mig_cancel_asked(out->cancel)) {
        mig_error_set_plain(&out->failure, MIG_ERROR_CANCELLED, "cancelled");
        return false;
    }
    return true;
}

/* After a system call that failed: whether it is worth another try. */
static bool try_again(MigOutput *out)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        struct pollfd want = { .fd = out->fd, .events = POLLOUT };
        poll(&want, 1,
             -1); /* A signal ends the wait; the loop looks at the cancel flag. */
        return true;
    }
    return errno == EINTR || fail_io(out);
}

/* --- bytes to the descriptor --- */

/* Starts writing to the disk, so that the sync at the end finds little to do.  It reports
 * no errors. */
static void begin_write_back(MigOutput *out)
{
    if (out->holes && out->written - out->written_back >= WRITE_BACK) {
        sync_file_range(out->fd, (off_t)out->written_back, 0, SYNC_FILE_RANGE_WRITE);
        out->written_back = out->written;
    }
}

static bool write_all(MigOutput *out, const uint8_t *data, size_t n)
{
    while (n > 0) {
        if (!check_cancel(out)) {
            return false;
        }
        ssize_t done = write(out->fd, data, MIN(n, PIECE));
        if (done >= 0) {
            data += done;
            n -= (size_t)done;
            out->written += (uint64_t)done;
            begin_write_back(out);
        } else if (!try_again(out)) {
            return false;
        }
    }
    return true;
}

static bool compress(MigOutput *out, const uint8_t *data, size_t n, ZSTD_EndDirective end)
{
    ZSTD_inBuffer in = { data, n, 0 };
    size_t left;

    do {
        ZSTD_outBuffer packed = { out->packed, ZSTD_CStreamOutSize(), 0 };
        left = ZSTD_compressStream2(out->zstd, &packed, &in, end);
        if (ZSTD_isError(left)) {
            mig_error_set_plain(&out->failure, MIG_ERROR_IO, "cannot compress %s: %s",
                                out->name, ZSTD_getErrorName(left));
            return false;
        }
        if (!check_cancel(out) || !write_all(out, out->packed, packed.pos)) {
            return false;
        }
    } while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return true;
}

static bool skip_hole(MigOutput *out, uint64_t length)
{
    out->skipped = true;
    out->written += length;
    return lseek(out->fd, (off_t)length, SEEK_CUR) >= 0 || fail_io(out);
}

/* What begins @data: zeros that a hole is worth, or other bytes up to such zeros. */
static size_t measure(const uint8_t *data, size_t n, bool *zero)
{
    size_t length = HOLE;

    *zero = n >= HOLE && mig_is_zero(data, HOLE);
    while (n >= length + HOLE && mig_is_zero(data + length, HOLE) == *zero) {
        length += HOLE;
    }
    return *zero || n >= length + HOLE ? length : n;
}

/* A stream with mapped-ram has holes, which a pipe or a compressed file has filled. */
static bool write_with_holes(MigOutput *out, const uint8_t *data, size_t n)
{
    while (n > 0) {
        bool zero;
        size_t length = measure(data, n, &zero);

        if (!(zero ? skip_hole(out, length) : write_all(out, data, length))) {
            return false;
        }
        data += length;
        n -= length;
    }
    return true;
}

static bool emit(MigOutput *out, const uint8_t *data, size_t n)
{
    if (out->zstd) {
        return compress(out, data, n, ZSTD_e_continue);
    }
    return out->holes ? write_with_holes(out, data, n) : write_all(out, data, n);
}

static bool flush(MigOutput *out)
{
    size_t n = out->n_gathered;

    out->n_gathered = 0;
    return emit(out, out->gathered, n);
}

bool mig_output_write(MigOutput *out, const void *data, size_t n, GError **error)
{
    if (!out->failure && n > GATHER - out->n_gathered) {
        flush(out);
        if (!out->failure && n >= GATHER) {
            emit(out, data, n);
            out->tell += n;
            n = 0;
        }
    }
    if (out->failure) {
        return repeat_failure(out, error);
    }
    if (n > 0) {
        memcpy(out->gathered + out->n_gathered, data, n);
        out->n_gathered += n;
        out->tell += n;
    }
    return true;
}

/* --- ranges of an input --- */

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
        if (length > GATHER - out->n_gathered && !flush(out)) {
            return false;
        }
        uint8_t *end = out->gathered + out->n_gathered;
        out->n_gathered += length;
        return read_exactly(out, in, offset, end, length);
    }

    uint8_t *piece = piece_of(out);
    if (!piece || !flush(out)) {
        return false;
    }
    while (length > 0) {
        size_t n = MIN(length, PIECE);
        if (!read_exactly(out, in, offset, piece, n) || !emit(out, piece, n)) {
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
    while (length > 0 && out->way != MIG_KERNEL_CANNOT) {
        if (!check_cancel(out)) {
            return false;
        }
        ssize_t done = mig_kernel_copy(fd, fd_offset, out->fd, length, &out->way);
        if (done > 0) {
            fd_offset += (uint64_t)done;
            offset += (uint64_t)done;
            length -= (uint64_t)done;
            out->written += (uint64_t)done;
        } else if (done < 0 && !try_again(out)) {
            return false;
        }
    }
    return length == 0 || copy_through_memory(out, in, offset, length);
}

static bool put_hole(MigOutput *out, uint64_t length)
{
    if (out->holes) {
        return skip_hole(out, length);
    }

    uint8_t *piece = piece_of(out);
    if (!piece) {
        return false;
    }
    memset(piece, 0, PIECE);
    while (length > 0) {
        size_t n = MIN(length, PIECE);
        if (!write_all(out, piece, n)) {
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

bool mig_output_copy(MigOutput *out, MigInput *in, uint64_t offset, uint64_t length,
                     GError **error)
{
    uint64_t fd_offset;
    int fd = mig_input_copy_fd(in, offset, &fd_offset);

    if (!out->failure) {
        if (out->zstd || fd < 0 || length <= GATHER) {
            copy_through_memory(out, in, offset, length);
        } else if (flush(out)) {
            if (is_sparse(fd, fd_offset + length)) {
                copy_with_holes(out, in, fd, fd_offset, offset, length);
            } else {
                copy_data(out, in, fd, fd_offset, offset, length);
            }
        }
    }
    if (out->failure) {
        return repeat_failure(out, error);
    }
    out->tell += length;
    return true;
}

static Moves ask(const MigOutput *out, int fd)
{
    struct stat st;

    if (out->way == MIG_KERNEL_CANNOT || fstat(out->fd, &st) != 0) {
        return MOVES_NONE;
    }
    if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || is_sparse(fd, 0)) {
        return MOVES_ALL;
    }
    return mig_kernel_shares(fd, out->fd) ? MOVES_BLOCKS : MOVES_NONE;
}

bool mig_output_moves(MigOutput *out, const MigInput *in, uint64_t offset)
{
    uint64_t fd_offset;
    int fd = mig_input_copy_fd(in, offset, &fd_offset);

    if (out->zstd || fd < 0) {
        return false;
    }
    if (fd != out->asked) {
        out->asked = fd;
        out->moves = ask(out, fd);
    }
    return out->moves == MOVES_ALL ||
           (out->moves == MOVES_BLOCKS &&
            (fd_offset - out->written - out->n_gathered) % MIG_KERNEL_BLOCK == 0);
}

/* --- start and end --- */

void mig_output_zstd_levels(int *lowest, int *highest)
{
    ZSTD_bounds levels = ZSTD_cParam_getBounds(ZSTD_c_compressionLevel);

    *lowest = levels.lowerBound;
    *highest = levels.upperBound;
}

static bool set_up_zstd(MigOutput *out, const MigOutputOptions *options, GError **error)
{
    int level = options->zstd_level ? options->zstd_level : ZSTD_CLEVEL_DEFAULT;
    int lowest, highest;

    mig_output_zstd_levels(&lowest, &highest);
    if (level < lowest || level > highest) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "zstd has levels from %d to %d, not %d", lowest, highest,
                            level);
        return false;
    }
    out->zstd = ZSTD_createCCtx();
    if (!out->zstd) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot compress %s: %s", out->name,
                            g_strerror(ENOMEM));
        return false;
    }
    out->packed = g_malloc(ZSTD_CStreamOutSize());
    ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_enableLongDistanceMatching,
                           options->zstd_long);
    /* Refused by a libzstd without threads, which then works in this one. */
    ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_nbWorkers, options->zstd_threads);
    if (level <= ZSTD_CLEVEL_DEFAULT && !options->zstd_long) {
        ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_jobSize, JOB);
    }
    return true;
}

/* Whether what is skipped at the end of @fd will read as zero. */
static bool can_skip(int fd)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && !(flags & O_APPEND) && fstat(fd, &st) == 0 &&
           S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) >= st.st_size;
}

/* Either @target, which is taken over, or @fd. */
static MigOutput *output_new(MigTarget *target, int fd, const char *name,
                             const MigOutputOptions *options, GError **error)
{
    g_autoptr(MigOutput) out = g_new0(MigOutput, 1);

    out->target = target;
    out->fd = target ? mig_target_fd(target) : fd;
    out->name = g_strdup(name);
    out->asked = -1;
    out->holes = can_skip(out->fd);
    fcntl(out->fd, F_SETPIPE_SZ, PIPE_CAPACITY);
    out->cancel = (MigCancel){ options->cancelled, options->cancelled_data };
    if (options->zstd && !set_up_zstd(out, options, error)) {
        return NULL;
    }
    return g_steal_pointer(&out);
}

static bool take_options(MigOutputOptions *known, const MigOutputOptions *options,
                         GError **error)
{
    return mig_options_take(known, sizeof(*known), options, "MigOutputOptions", error);
}

MigOutput *mig_output_open(const char *path, const MigOutputOptions *options,
                           GError **error)
{
    MigOutputOptions known;

    if (!take_options(&known, options, error)) {
        return NULL;
    }
    const MigTargetOptions target_options = { .replace = known.force,
                                              .in_place = known.in_place,
                                              .input = known.input };
    MigTarget *target = mig_target_new(path, &target_options, error);

    return target ? output_new(target, -1, path, &known, error) : NULL;
}

MigOutput *mig_output_new_fd(int fd, const char *name, const MigOutputOptions *options,
                             GError **error)
{
    MigOutputOptions known;

    return take_options(&known, options, error)
               ? output_new(NULL, fd, name, &known, error)
               : NULL;
}

bool mig_output_commit(MigOutput *out, GError **error)
{
    if (!out->failure && flush(out) && out->zstd) {
        compress(out, NULL, 0, ZSTD_e_end);
    }
    if (!out->failure && out->skipped &&
        ftruncate(out->fd, lseek(out->fd, 0, SEEK_CUR)) != 0) {
        fail_io(out);
    }
    if (!out->failure && out->target) {
        mig_target_commit(out->target, &out->failure);
    }
    return !out->failure || repeat_failure(out, error);
}

void mig_output_free(MigOutput *out)
{
    if (!out) {
        return;
    }
    mig_target_free(out->target);
    ZSTD_freeCCtx(out->zstd);
    g_clear_error(&out->failure);
    g_free(out->packed);
    g_free(out->piece);
    g_free(out->name);
    g_free(out);
}

/* --- what is known --- */

uint64_t mig_output_tell(const MigOutput *out)
{
    return out->tell;
}

uint64_t mig_output_written(const MigOutput *out)
{
    return out->written;
}

const char *mig_output_lost(const MigOutput *out)
{
    return out->target ? mig_target_lost(out->target) : NULL;
}

bool mig_output_failed(const MigOutput *out)
{
    return out->failure != NULL;
}

bool mig_output_broken_pipe(const MigOutput *out)
{
    return out->broken_pipe;
}
