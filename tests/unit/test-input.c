/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the tests of lib/io/input.c and of the sources and wrappers below it.
 * Must not know: migration streams; the bytes here are a pattern that tells its offset.
 * See also:      lib/io/input.h.
 */
#include "packing.h"
#include "support.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "io/error.h"
#include "io/input.h"
#include "stream/reader.h"

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

/* --- bytes that tell their offset --- */

static uint8_t pattern_at(uint64_t offset)
{
    uint64_t word = (offset / 8 + 1) * 0x9e3779b97f4a7c15ull;

    return (uint8_t)(word >> (offset % 8 * 8));
}

static GBytes *pattern(size_t n)
{
    uint8_t *bytes = g_malloc(n);

    for (size_t i = 0; i < n; i++) {
        bytes[i] = pattern_at(i);
    }
    return g_bytes_new_take(bytes, n);
}

static void assert_pattern(const uint8_t *bytes, size_t n, uint64_t offset)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != pattern_at(offset + i)) {
            ck_abort_msg("byte %zu of %zu from offset %" G_GUINT64_FORMAT " is wrong", i,
                         n, (guint64)offset);
        }
    }
}

static GBytes *zeros(size_t n)
{
    return g_bytes_new_take(g_malloc0(n), n);
}

static GBytes *text(const char *string)
{
    return g_bytes_new_static(string, strlen(string));
}

/* --- wrapping --- */

static GBytes *zstd(GBytes *plain)
{
    gsize n;
    const void *data = g_bytes_get_data(plain, &n);
    size_t bound = ZSTD_compressBound(n);
    void *packed = g_malloc(bound);
    size_t length = ZSTD_compress(packed, bound, data, n, 1);

    ck_assert(!ZSTD_isError(length));
    return g_bytes_new_take(packed, length);
}

static GBytes *zstd_skippable(void)
{
    return g_bytes_new_static("\x53\x2a\x4d\x18\x05\0\0\0hello", 13);
}

static GBytes *gzip(GBytes *plain)
{
    g_autoptr(GConverter) converter =
        G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 1));
    g_autoptr(GInputStream) bytes = g_memory_input_stream_new_from_bytes(plain);
    g_autoptr(GInputStream) packed = g_converter_input_stream_new(bytes, converter);
    g_autoptr(GOutputStream) result = g_memory_output_stream_new_resizable();

    ck_assert_int_ge(g_output_stream_splice(
                         result, packed, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, NULL),
                     0);
    return g_memory_output_stream_steal_as_bytes(G_MEMORY_OUTPUT_STREAM(result));
}

typedef struct {
    const char *magic;
    bool big_endian;
    uint32_t version;
    uint32_t data_length;
    uint32_t was_running;
    uint32_t format;
    uint32_t cookie;
} LibvirtHeader;

static const char xml[] = "<domain type='kvm'/>";
static const char cookie[] = "<qemusave/>";
#define XML_AREA 4000u
static const LibvirtHeader good_header = { "LibvirtQemudSave", false, 2, XML_AREA, 1, 0,
                                           sizeof xml };

static GBytes *libvirt(const LibvirtHeader *header, GBytes *payload)
{
    const uint32_t words[5] = { header->version, header->data_length, header->was_running,
                                header->format, header->cookie };
    uint8_t head[92 + XML_AREA] = { 0 };

    memcpy(head, header->magic, 16);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        uint32_t word =
            header->big_endian ? GUINT32_TO_BE(words[i]) : GUINT32_TO_LE(words[i]);
        memcpy(head + 16 + 4 * i, &word, 4);
    }
    memcpy(head + 92, xml, sizeof xml);
    memcpy(head + 92 + sizeof xml, cookie, sizeof cookie);

    g_autoptr(GBytes) all = g_bytes_new(head, sizeof head);
    return joined_bytes(all, payload);
}

/* --- the ways in --- */

typedef enum { FROM_FILE, FROM_PIPE, FROM_MEMORY, N_WAYS } Way;
static const char *const way_names[] = { "file", "pipe", "memory" };

/* An input with all that lies below it. */
typedef struct {
    MigInput *in;
    GError *error; /* Why `in` is NULL. */
    char *dir;
    char *path;
    Piped *piped;
} Opened;

static Opened *open_pieces(Way way, GBytes *bytes, const MigInputOptions *options,
                           size_t piece)
{
    Opened *opened = g_new0(Opened, 1);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    if (way == FROM_FILE) {
        opened->dir = scratch_dir();
        opened->path = g_build_filename(opened->dir, "input", NULL);
        ck_assert(g_file_set_contents(opened->path, data, (gssize)size, NULL));
        opened->in = mig_input_open(opened->path, options, &opened->error);
    } else if (way == FROM_PIPE) {
        opened->piped = piped_new(bytes, piece);
        opened->in = mig_input_new_fd(opened->piped->fd, "pipe", options, &opened->error);
    } else {
        opened->in = mig_input_new_bytes(bytes, "memory", options, &opened->error);
    }
    ck_assert((opened->in == NULL) == (opened->error != NULL));
    return opened;
}

static Opened *open_way(Way way, GBytes *bytes, const MigInputOptions *options)
{
    return open_pieces(way, bytes, options, MIB);
}

static void opened_free(Opened *opened)
{
    mig_input_free(opened->in);
    g_clear_error(&opened->error);
    piped_free(opened->piped);
    if (opened->dir) {
        scratch_remove(opened->dir);
    }
    g_free(opened->path);
    g_free(opened->dir);
    g_free(opened);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Opened, opened_free)

/* Reads to the end and compares; returns where that is. */
static uint64_t read_pattern(MigInput *in)
{
    size_t available;

    for (;;) {
        uint64_t offset = mig_input_tell(in);
        const uint8_t *bytes = mig_input_peek(in, 1, &available);
        if (available == 0) {
            return offset;
        }
        assert_pattern(bytes, available, offset);
        ck_assert_uint_eq(mig_input_skip(in, available), available);
    }
}

static void assert_ends_well(MigInput *in)
{
    g_autoptr(GError) error = NULL;

    if (!mig_input_end_error(in, &error)) {
        ck_abort_msg("unexpected error: %s", error->message);
    }
}

static void assert_ends_with(MigInput *in, MigErrorCode code)
{
    g_autoptr(GError) error = NULL;

    ck_assert(!mig_input_end_error(in, &error));
    if (!g_error_matches(error, MIG_ERROR, (int)code)) {
        ck_abort_msg("wanted error %d, found %d: %s", (int)code, error->code,
                     error->message);
    }
}

/* --- the window --- */

/* Steps of all sizes, looks of all lengths: each sees the right bytes, as many as there are. */
START_TEST(walks_in_any_steps)
{
    static const struct {
        size_t skip;
        size_t want;
    } steps[] = {
        { 1, 1 },
        { 7, 9 },
        { 4104, 8 },
        { 4104, 4104 },
        { 65536, 65536 },
        { 65537, 4 },
        { 100003, 200001 },
        { 524288, 524289 },
        { 700001, 2 * MIB },
        { 2 * MIB, 2 * MIB },
        { 3 * MIB, 17 },
        { 1, 2 * MIB },
    };
    const size_t size = 13 * MIB + 5;
    const Way way = (Way)(_i % N_WAYS);
    const size_t skip = steps[_i / N_WAYS].skip;
    const size_t want = steps[_i / N_WAYS].want;
    /* Single bytes need not go all the way. */
    const size_t most = 20000;
    g_autoptr(GBytes) bytes = pattern(size);
    g_autoptr(Opened) opened = open_way(way, bytes, NULL);
    MigInput *in = opened->in;
    size_t offset = 0;

    ck_assert(mig_input_seekable(in) == (way != FROM_PIPE));
    for (size_t i = 0; i < most && offset < size; i++) {
        size_t available;
        const uint8_t *seen = mig_input_peek(in, want, &available);
        ck_assert_uint_ge(available, MIN(want, size - offset));
        assert_pattern(seen, MIN(available, 16), offset);
        assert_pattern(seen + available - MIN(available, 16), MIN(available, 16),
                       offset + available - MIN(available, 16));
        ck_assert_uint_eq(mig_input_tell(in), offset);
        ck_assert_uint_eq(mig_input_skip(in, skip), MIN(skip, size - offset));
        offset += MIN(skip, size - offset);
    }
    read_pattern(in);
    ck_assert_uint_eq(mig_input_tell(in), size);
    ck_assert_uint_eq(mig_input_skip(in, 1), 0);
    assert_ends_well(in);
}
END_TEST
#define N_STEPS 12

/* The disk must be waited for then, where the file lies on one. */
static void let_cache_forget(const char *path, size_t offset, size_t n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(fsync(fd), 0);
    ck_assert_int_eq(posix_fadvise(fd, (off_t)offset, (off_t)n, POSIX_FADV_DONTNEED), 0);
    close(fd);
}

/* Looks and steps of random lengths, long enough for a second thread to read ahead, with
 * jumps that it did not foresee and files of which the cache has a part. */
START_TEST(walks_and_jumps)
{
    static const size_t lengths[] = { 8,         4104,      65536,   100003, 300000,
                                      512 * KIB, 600 * KIB, 2 * MIB, 7 * MIB };
    const Way way = _i & 1 ? FROM_FILE : FROM_PIPE;
    const bool compressed = _i & 2;
    const bool forgotten = way == FROM_FILE && (_i & 4);
    const size_t size = 60 * MIB + 12345;
    g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
    g_autoptr(GBytes) plain = pattern(size);
    g_autoptr(GBytes) bytes = compressed ? zstd(plain) : g_bytes_ref(plain);
    g_autoptr(Opened) opened = open_way(way, bytes, NULL);
    MigInput *in = opened->in;
    const uint8_t *data = g_bytes_get_data(plain, NULL);
    size_t offset = 0;
    int rewinds = 0;

    while (offset < size) {
        /* Mostly records of one kind; now and then another. */
        size_t skip = lengths[g_rand_int_range(random, 0, G_N_ELEMENTS(lengths))];
        size_t want = lengths[g_rand_int_range(random, 0, G_N_ELEMENTS(lengths))];
        size_t n = MIN(12 * MIB / skip, 3000) + 1;
        if (forgotten) {
            size_t ahead = (size_t)g_rand_int_range(random, 0, (gint32)(8 * MIB));
            let_cache_forget(opened->path, offset + ahead, 16 * MIB);
        }
        for (size_t i = 0; i < n && offset < size; i++) {
            size_t available;
            const uint8_t *seen = mig_input_peek(in, want, &available);
            ck_assert_uint_ge(available, MIN(MIN(want, 2 * MIB), size - offset));
            size_t end = MIN(available, 64);
            ck_assert_int_eq(memcmp(seen, data + offset, end), 0);
            ck_assert_int_eq(
                memcmp(seen + available - end, data + offset + available - end, end), 0);
            ck_assert_uint_eq(mig_input_skip(in, skip), MIN(skip, size - offset));
            offset += MIN(skip, size - offset);
            ck_assert_uint_eq(mig_input_tell(in), offset);
        }
        if (mig_input_seekable(in) && rewinds++ < 5) {
            offset /= 2;
            mig_input_rewind(in, offset);
            offset += mig_input_skip(in, offset / 3);
        }
    }
    assert_ends_well(in);
}
END_TEST

START_TEST(takes_a_pipe_as_it_comes)
{
    static const size_t pieces[] = { 1, 3, 4095, 65536 };
    const size_t piece = pieces[_i];
    g_autoptr(GBytes) bytes = pattern(piece * 20000 > 3 * MIB ? 3 * MIB : piece * 20000);
    g_autoptr(Opened) opened = open_pieces(FROM_PIPE, bytes, NULL, piece);

    ck_assert_uint_eq(read_pattern(opened->in), g_bytes_get_size(bytes));
    assert_ends_well(opened->in);
}
END_TEST

/* What is there is given at once: a look ahead does not wait for more than it wants. */
START_TEST(does_not_wait_for_more_than_wanted)
{
    int ends[2];
    size_t available;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    g_autoptr(GBytes) bytes = pattern(100);
    ck_assert_int_eq(write(ends[1], g_bytes_get_data(bytes, NULL), 100), 100);
    g_autoptr(MigInput) in = mig_input_new_fd(ends[0], "pipe", NULL, NULL);
    const uint8_t *seen = mig_input_peek(in, 100, &available);
    ck_assert_uint_eq(available, 100);
    assert_pattern(seen, 100, 0);
    close(ends[1]);
    close(ends[0]);
}
END_TEST

static uint64_t bytes_read_by_process(void)
{
    g_autofree char *counters = NULL;

    ck_assert(g_file_get_contents("/proc/self/io", &counters, NULL, NULL));
    return g_ascii_strtoull(strstr(counters, "rchar: ") + 7, NULL, 10);
}

/* Records of 4 MiB in a file of 4 GiB: only what lies around their headers is read. */
START_TEST(jumps_without_reading)
{
    const uint64_t size = (uint64_t)4 << 30;
    const uint64_t step = 4 * MIB;
    g_autofree char *dir = scratch_dir();
    g_autofree char *path = g_build_filename(dir, "sparse", NULL);
    ck_assert(g_file_set_contents(path, "x", 1, NULL));
    ck_assert_int_eq(truncate(path, (off_t)size), 0);
    g_autoptr(MigInput) in = mig_input_open(path, NULL, NULL);
    uint64_t before = bytes_read_by_process();
    size_t available;

    for (uint64_t offset = 0; offset < size; offset += step) {
        mig_input_peek(in, 8, &available);
        ck_assert_uint_ge(available, 8);
        ck_assert_uint_eq(mig_input_skip(in, step), step);
    }
    ck_assert_uint_eq(mig_input_tell(in), size);
    ck_assert_uint_lt(bytes_read_by_process() - before,
                      size / step * 64 * KIB + 64 * KIB);
    assert_ends_well(in);
    scratch_remove(dir);
}
END_TEST

START_TEST(reads_anywhere)
{
    static const struct {
        uint64_t offset;
        size_t n;
        size_t got;
    } reads[] = {
        { 0, 10, 10 },
        { 999999, 1, 1 },
        { 999999, 2, 1 },
        { 1000000, 5, 0 },
        { 2000000, 5, 0 },
        { 12345, 400000, 400000 },
        { 700000, 400000, 300000 },
    };
    g_autoptr(GBytes) bytes = pattern(1000000);
    g_autofree uint8_t *buffer = g_malloc(400000);

    for (Way way = 0; way < N_WAYS; way++) {
        g_autoptr(Opened) opened = open_way(way, bytes, NULL);
        ck_assert(mig_input_hold(opened->in, NULL));
        ck_assert_uint_eq(mig_input_size(opened->in), 1000000);
        mig_input_skip(opened->in, 77777);
        for (size_t i = 0; i < G_N_ELEMENTS(reads); i++) {
            size_t got =
                mig_input_read_at(opened->in, reads[i].offset, buffer, reads[i].n);
            ck_assert_uint_eq(got, reads[i].got);
            assert_pattern(buffer, got, reads[i].offset);
        }
        ck_assert_uint_eq(mig_input_tell(opened->in), 77777);
        ck_assert_uint_eq(read_pattern(opened->in), 1000000);
        assert_ends_well(opened->in);
    }
}
END_TEST

START_TEST(starts_at_an_offset)
{
    static const uint64_t offsets[] = { 1, 4095, 65536, 1000000, 3 * MIB };
    g_autoptr(GBytes) bytes = pattern(3 * MIB);
    MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .offset = offsets[_i / N_WAYS] };
    g_autoptr(GBytes) foreign = zeros(options.offset);
    g_autoptr(GBytes) file = joined_bytes(foreign, bytes);
    g_autoptr(Opened) opened = open_way((Way)(_i % N_WAYS), file, &options);
    uint64_t size;

    ck_assert_uint_eq(mig_input_file_offset(opened->in), options.offset);
    if (mig_input_file_size(opened->in, &size)) {
        ck_assert_uint_eq(size, g_bytes_get_size(file));
        ck_assert_uint_eq(mig_input_size(opened->in), 3 * MIB);
    }
    ck_assert_uint_eq(read_pattern(opened->in), 3 * MIB);
}
END_TEST

START_TEST(refuses_an_offset_beyond_the_end)
{
    g_autoptr(GBytes) bytes = pattern(1000);
    MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .offset = 1001 };
    g_autoptr(Opened) opened = open_way((Way)_i, bytes, &options);

    ck_assert(g_error_matches(opened->error, MIG_ERROR, MIG_ERROR_USAGE));
}
END_TEST

/* A descriptor that somebody has read from already is read from there on. */
START_TEST(starts_where_the_descriptor_stands)
{
    g_autoptr(GBytes) bytes = pattern(100000);
    g_autoptr(GBytes) foreign = zeros(33);
    g_autoptr(GBytes) file = joined_bytes(foreign, bytes);
    g_autoptr(Opened) opened = open_way(FROM_FILE, file, NULL);
    int fd = open(opened->path, O_RDONLY | O_CLOEXEC);
    uint64_t fd_offset;

    ck_assert_int_eq(lseek(fd, 33, SEEK_SET), 33);
    g_autoptr(MigInput) in = mig_input_new_fd(fd, "descriptor", NULL, NULL);
    ck_assert_str_eq(mig_input_name(in), "descriptor");
    ck_assert_uint_eq(mig_input_size(in), 100000);
    ck_assert_uint_eq(mig_input_file_offset(in), 33);
    ck_assert_int_eq(mig_input_copy_fd(in, 1000, &fd_offset), fd);
    ck_assert_uint_eq(fd_offset, 1033);
    ck_assert_uint_eq(read_pattern(in), 100000);
    close(fd);
}
END_TEST

/* --- ends that are no ends --- */

START_TEST(tells_when_the_file_shrinks)
{
    static const size_t sizes[] = { MIB, 8 * MIB, 30 * MIB };
    const size_t size = sizes[_i];
    g_autoptr(GBytes) bytes = pattern(size);
    g_autoptr(Opened) opened = open_way(FROM_FILE, bytes, NULL);
    g_autoptr(GError) error = NULL;
    size_t available;
    uint64_t offset;

    mig_input_peek(opened->in, 8, &available);
    ck_assert_int_eq(truncate(opened->path, (off_t)(size / 2)), 0);
    ck_assert_uint_eq(read_pattern(opened->in), size / 2);
    ck_assert(!mig_input_end_error(opened->in, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_IO));
    ck_assert_ptr_nonnull(strstr(error->message, "shrank"));
    ck_assert(mig_error_get_offset(error, &offset));
    ck_assert_uint_eq(offset, size / 2);
    ck_assert_int_eq(mig_error_get_layer(error), MIG_LAYER_PLAIN);
}
END_TEST

static bool is_set(void *data)
{
    return atomic_load((atomic_bool *)data);
}

START_TEST(stops_when_cancelled)
{
    atomic_bool cancel = false;
    MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .cancelled = is_set,
                                .cancelled_data = &cancel };
    g_autoptr(GBytes) plain = pattern(20 * MIB);
    g_autoptr(GBytes) packed = zstd(plain);
    g_autoptr(Opened) opened = open_way((Way)_i, packed, &options);
    size_t available;

    /* At once, or when a second thread is at work. */
    mig_input_peek(opened->in, 100, &available);
    mig_input_skip(opened->in, _i / N_WAYS * 6 * MIB);
    atomic_store(&cancel, true);
    ck_assert_uint_lt(read_pattern(opened->in), 20 * MIB);
    assert_ends_with(opened->in, MIG_ERROR_CANCELLED);
}
END_TEST

static gpointer cancel_soon(gpointer data)
{
    atomic_bool *cancel = data;

    g_usleep(50 * 1000);
    atomic_store(cancel, true);
    return NULL;
}

/* Nobody writes and nobody closes: the flag alone must end the wait. */
START_TEST(stops_waiting_when_cancelled)
{
    atomic_bool cancel = false;
    MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .cancelled = is_set,
                                .cancelled_data = &cancel };
    g_autoptr(GError) error = NULL;
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    GThread *thread = g_thread_new("cancel", cancel_soon, &cancel);
    ck_assert_ptr_null(mig_input_new_fd(ends[0], "pipe", &options, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_CANCELLED));
    g_thread_join(thread);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(says_why_it_cannot_open)
{
    static const struct {
        const char *path;
        const char *why;
    } rows[] = {
        { "/", "Is a directory" },
        { "/nonexistent/file", "No such file or directory" },
    };
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(mig_input_open(rows[_i].path, NULL, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_IO));
    ck_assert_ptr_nonnull(strstr(error->message, rows[_i].why));
    ck_assert_ptr_nonnull(strstr(error->message, rows[_i].path));
}
END_TEST

START_TEST(an_empty_input_just_ends)
{
    g_autoptr(GBytes) nothing = zeros(0);
    g_autoptr(Opened) opened = open_way((Way)_i, nothing, NULL);
    size_t n;

    ck_assert_ptr_nonnull(mig_input_peek(opened->in, 8, &n));
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq(mig_input_skip(opened->in, 8), 0);
    assert_ends_well(opened->in);
    ck_assert_ptr_null(mig_input_container(opened->in, 0));
    ck_assert(mig_input_hold(opened->in, NULL));
    ck_assert_uint_eq(mig_input_size(opened->in), 0);
}
END_TEST

/* --- holding --- */

static void note_position(void *data, uint64_t position)
{
    *(uint64_t *)data = position;
}

/* Bytes of a pipe from a position on, kept in memory or in a file. */
START_TEST(holds_the_rest)
{
    static const struct {
        size_t size;
        size_t start;
        bool in_file;
    } rows[] = {
        { 1000, 0, false },
        { 1000, 1000, false },
        { 5 * MIB, 3 * MIB, false },
        { 9 * MIB, 0, true },
        { 20 * MIB + 3, 1 * MIB + 1, true },
    };
    const size_t size = rows[_i].size;
    const size_t start = rows[_i].start;
    g_autoptr(GBytes) bytes = pattern(size);
    uint64_t fd_offset, told = 0;
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .progress = note_position,
                                      .progress_data = &told };
    g_autoptr(Opened) opened = open_way(FROM_PIPE, bytes, &options);
    MigInput *in = opened->in;
    g_autofree uint8_t *buffer = g_malloc(MIB);

    ck_assert_uint_eq(mig_input_skip(in, start), start);
    ck_assert(mig_input_hold(in, NULL));
    ck_assert_uint_eq(told, size);
    ck_assert(mig_input_seekable(in));
    ck_assert_uint_eq(mig_input_tell(in), start);
    ck_assert_uint_eq(mig_input_size(in), size);
    for (size_t back = 1; back <= size - start; back *= 3) {
        size_t got = mig_input_read_at(in, size - back, buffer, MIB);
        ck_assert_uint_eq(got, MIN(back, MIB));
        assert_pattern(buffer, got, size - back);
    }
    int fd = mig_input_copy_fd(in, start, &fd_offset);
    ck_assert((fd >= 0) == rows[_i].in_file);
    if (fd >= 0) {
        ck_assert_int_eq(pread(fd, buffer, 100, (off_t)fd_offset), 100);
        assert_pattern(buffer, 100, start);
    }
    ck_assert_uint_eq(read_pattern(in), size);
    assert_ends_well(in);
}
END_TEST

START_TEST(holds_zeros_as_holes)
{
    const size_t size = 64 * MIB;
    g_autoptr(GBytes) bytes = zeros(size);
    g_autoptr(GBytes) tail = pattern(10);
    g_autoptr(GBytes) all = joined_bytes(bytes, tail);
    g_autoptr(Opened) opened = open_way(FROM_PIPE, all, NULL);
    uint8_t buffer[10];
    uint64_t fd_offset;
    struct stat st;

    ck_assert(mig_input_hold(opened->in, NULL));
    int fd = mig_input_copy_fd(opened->in, 0, &fd_offset);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(st.st_size, (off_t)size + 10);
    ck_assert_int_lt(st.st_blocks * 512, 65536);
    ck_assert_uint_eq(mig_input_read_at(opened->in, size, buffer, 10), 10);
    assert_pattern(buffer, 10, 0);
    ck_assert_uint_eq(mig_input_read_at(opened->in, 5 * MIB, buffer, 1), 1);
    ck_assert_uint_eq(buffer[0], 0);
}
END_TEST

START_TEST(names_the_place_where_it_cannot_hold)
{
    g_autoptr(GBytes) bytes = pattern(9 * MIB);
    MigInputOptions options = { MIG_INPUT_OPTIONS_INIT,
                                .spool_dir = "/nonexistent/spool" };
    g_autoptr(Opened) opened = open_way(FROM_PIPE, bytes, &options);
    g_autoptr(GError) error = NULL;

    ck_assert(!mig_input_hold(opened->in, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_IO));
    ck_assert_ptr_nonnull(strstr(error->message, "/nonexistent/spool"));
}
END_TEST

/* A pipe may have no end: so much is kept, and its end is the failure. */
START_TEST(holds_no_more_than_is_allowed)
{
    g_autoptr(GBytes) bytes = pattern(12 * MIB);
    MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .max_hold = 4 * MIB };
    g_autoptr(Opened) opened = open_way(FROM_PIPE, bytes, &options);
    MigInput *in = opened->in;

    mig_input_skip(in, 5000);
    ck_assert(mig_input_hold(in, NULL));
    ck_assert_uint_ge(mig_input_size(in), 4 * MIB);
    ck_assert_uint_lt(mig_input_size(in), 6 * MIB);
    ck_assert_uint_eq(read_pattern(in), mig_input_size(in));
    assert_ends_with(in, MIG_ERROR_LIMIT);
}
END_TEST

static bool has_six_megabytes(void *data)
{
    MigInput *in = data;
    uint8_t last;

    return mig_input_size(in) >= 6 * MIB && mig_input_read_at(in, 5 * MIB, &last, 1) == 1;
}

/* A part is held, and the rest when the reading gets there; nothing is lost between them. */
START_TEST(holds_until_it_is_enough)
{
    g_autoptr(GBytes) bytes = pattern(30 * MIB + 7);
    g_autoptr(Opened) opened = open_way(FROM_PIPE, bytes, NULL);
    MigInput *in = opened->in;
    uint8_t first[100];

    mig_input_skip(in, 5000);
    ck_assert(mig_input_hold_until(in, has_six_megabytes, in, NULL));
    ck_assert(mig_input_seekable(in));
    ck_assert_uint_ge(mig_input_size(in), 6 * MIB);
    ck_assert_uint_lt(mig_input_size(in), 12 * MIB);
    ck_assert_uint_eq(read_pattern(in), 30 * MIB + 7);
    assert_ends_well(in);
    ck_assert_uint_eq(mig_input_size(in), 30 * MIB + 7);
    mig_input_rewind(in, 5000);
    ck_assert_uint_eq(mig_input_read_at(in, 5000, first, sizeof(first)), sizeof(first));
    assert_pattern(first, sizeof(first), 5000);
    ck_assert_uint_eq(read_pattern(in), 30 * MIB + 7);
}
END_TEST

/* Of a stream with much after it, no more than to its description; whether that is sought where
 * the first section that needs it begins, or where its body does. */
START_TEST(holds_a_stream_to_its_description)
{
    g_autoptr(GBytes) stream = fixture_bytes("real/q35-72-xbzrle.mig.zst");
    g_autoptr(GBytes) after = pattern(40 * MIB);
    g_autoptr(GBytes) bytes = joined_bytes(stream, after);
    g_autoptr(Opened) opened = open_way(FROM_PIPE, bytes, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(opened->in);
    MigItemKind kind = _i ? MIG_ITEM_SECTION_HEADER : MIG_ITEM_DEVICE_STATE;
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE &&
           (item->kind != kind || item->type != MIG_SECTION_FULL)) {
    }
    ck_assert_ptr_nonnull(mig_reader_find_description(reader, NULL));
    ck_assert(mig_input_seekable(opened->in));
    ck_assert_uint_lt(mig_input_size(opened->in), 4 * MIB);
    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
    }
    ck_assert_uint_eq(mig_reader_tell(reader), g_bytes_get_size(bytes));
}
END_TEST

/* What came before the damage is held; the damage is told where the bytes end. */
START_TEST(holds_what_came_before_a_failure)
{
    g_autoptr(GBytes) plain = pattern(12 * MIB);
    g_autoptr(GBytes) packed = zstd(plain);
    g_autoptr(GBytes) cut =
        g_bytes_new_from_bytes(packed, 0, g_bytes_get_size(packed) - 9);
    g_autoptr(Opened) opened = open_way(FROM_PIPE, cut, NULL);
    MigInput *in = opened->in;

    mig_input_skip(in, 5000);
    ck_assert(mig_input_hold(in, NULL));
    assert_ends_well(in);
    uint64_t size = mig_input_size(in);
    ck_assert_uint_ge(size, 11 * MIB);
    ck_assert_uint_eq(read_pattern(in), size);
    assert_ends_with(in, MIG_ERROR_CONTAINER);
}
END_TEST

/* --- wrappers --- */

typedef GBytes *(*Wrap)(GBytes *plain);

static GBytes *zstd_frames(GBytes *plain)
{
    gsize size = g_bytes_get_size(plain);
    g_autoptr(GBytes) first = g_bytes_new_from_bytes(plain, 0, size / 3);
    g_autoptr(GBytes) second = g_bytes_new_from_bytes(plain, size / 3, size - size / 3);
    g_autoptr(GBytes) skippable = zstd_skippable();
    g_autoptr(GBytes) first_packed = zstd(first);
    g_autoptr(GBytes) second_packed = zstd(second);
    g_autoptr(GBytes) one = joined_bytes(skippable, first_packed);
    g_autoptr(GBytes) two = joined_bytes(one, skippable);
    return joined_bytes(two, second_packed);
}

static GBytes *members(GBytes *plain, Wrap pack)
{
    gsize size = g_bytes_get_size(plain);
    g_autoptr(GBytes) first = g_bytes_new_from_bytes(plain, 0, size / 3);
    g_autoptr(GBytes) second = g_bytes_new_from_bytes(plain, size / 3, size - size / 3);
    g_autoptr(GBytes) first_packed = pack(first);
    g_autoptr(GBytes) second_packed = pack(second);
    return joined_bytes(first_packed, second_packed);
}

static GBytes *gzip_members(GBytes *plain)
{
    return members(plain, gzip);
}

static GBytes *bzip2_members(GBytes *plain)
{
    return members(plain, packed_bzip2);
}

static GBytes *xz_members(GBytes *plain)
{
    return members(plain, packed_xz);
}

static GBytes *lzop_members(GBytes *plain)
{
    return members(plain, packed_lzop);
}

static GBytes *gzip_padded(GBytes *plain)
{
    g_autoptr(GBytes) packed = gzip(plain);
    g_autoptr(GBytes) padding = zeros(10000);
    return joined_bytes(packed, padding);
}

static GBytes *libvirt_raw(GBytes *plain)
{
    return libvirt(&good_header, plain);
}

static GBytes *libvirt_packed(GBytes *plain, uint32_t format, Wrap pack)
{
    LibvirtHeader header = good_header;
    g_autoptr(GBytes) packed = pack(plain);
    header.format = format;
    return libvirt(&header, packed);
}

static GBytes *libvirt_zstd(GBytes *plain)
{
    return libvirt_packed(plain, 5, zstd);
}

static GBytes *libvirt_bzip2(GBytes *plain)
{
    return libvirt_packed(plain, 2, packed_bzip2);
}

static GBytes *libvirt_xz(GBytes *plain)
{
    return libvirt_packed(plain, 3, packed_xz);
}

static GBytes *libvirt_lzop(GBytes *plain)
{
    return libvirt_packed(plain, 4, packed_lzop);
}

static GBytes *libvirt_gzip_big_endian(GBytes *plain)
{
    LibvirtHeader header = good_header;
    g_autoptr(GBytes) packed = gzip(plain);
    header.format = 1;
    header.big_endian = true;
    return libvirt(&header, packed);
}

static GBytes *zstd_of_gzip_of_libvirt(GBytes *plain)
{
    g_autoptr(GBytes) image = libvirt_raw(plain);
    g_autoptr(GBytes) inner = gzip(image);
    return zstd(inner);
}

static const struct {
    const char *name;
    Wrap wrap;
    const char *containers; /* Their names, outermost first. */
    bool seekable;          /* Where the file is. */
    uint64_t file_offset;
    bool slow; /* Little is enough. */
} wrappers[] = {
    { "zstd", zstd, "zstd", false, 0, false },
    { "zstd frames", zstd_frames, "zstd", false, 0, false },
    { "gzip", gzip, "gzip", false, 0, false },
    { "gzip members", gzip_members, "gzip", false, 0, false },
    { "gzip padded", gzip_padded, "gzip", false, 0, false },
    { "bzip2", packed_bzip2, "bzip2", false, 0, true },
    { "bzip2 members", bzip2_members, "bzip2", false, 0, true },
    { "xz", packed_xz, "xz", false, 0, true },
    { "xz members", xz_members, "xz", false, 0, true },
    { "lzop", packed_lzop, "lzop", false, 0, false },
    { "lzop members", lzop_members, "lzop", false, 0, false },
    { "libvirt", libvirt_raw, "libvirt save image", true, 92 + XML_AREA, false },
    { "libvirt zstd", libvirt_zstd, "libvirt save image, zstd", false, 0, false },
    { "libvirt gzip", libvirt_gzip_big_endian, "libvirt save image, gzip", false, 0,
      false },
    { "libvirt bzip2", libvirt_bzip2, "libvirt save image, bzip2", false, 0, true },
    { "libvirt xz", libvirt_xz, "libvirt save image, xz", false, 0, true },
    { "libvirt lzop", libvirt_lzop, "libvirt save image, lzop", false, 0, false },
    { "nested", zstd_of_gzip_of_libvirt, "zstd, gzip, libvirt save image", false,
      92 + XML_AREA, false },
};

static char *container_names(const MigInput *in)
{
    const MigContainer *container;
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (size_t i = 0; (container = mig_input_container(in, i)); i++) {
        g_ptr_array_add(names, (gpointer)(uintptr_t)mig_container_name(container));
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}

START_TEST(undoes_wrappers)
{
    const Way way = (Way)(_i % N_WAYS);
    const size_t row = (size_t)_i / N_WAYS;
    const size_t size = (wrappers[row].slow ? 1 : 9) * MIB + 11;
    g_autoptr(GBytes) plain = pattern(size);
    g_autoptr(GBytes) wrapped = wrappers[row].wrap(plain);
    g_autoptr(Opened) opened = open_way(way, wrapped, NULL);

    if (!opened->in) {
        ck_abort_msg("%s: %s", wrappers[row].name, opened->error->message);
    }
    g_autofree char *names = container_names(opened->in);
    ck_assert_str_eq(names, wrappers[row].containers);
    ck_assert(mig_input_seekable(opened->in) ==
              (wrappers[row].seekable && way != FROM_PIPE));
    ck_assert_uint_eq(mig_input_file_offset(opened->in), wrappers[row].file_offset);
    ck_assert_uint_eq(mig_input_skip(opened->in, 5), 5);
    ck_assert_uint_eq(read_pattern(opened->in), size);
    assert_ends_well(opened->in);
}
END_TEST

START_TEST(shows_a_save_image)
{
    LibvirtHeader header = good_header;
    header.magic = _i & 1 ? "LibvirtQemudPart" : "LibvirtQemudSave";
    header.cookie = _i & 2 ? 0 : sizeof xml;
    header.was_running = _i & 4 ? 1 : 0;
    header.version = _i & 8 ? 1 : 2;
    g_autoptr(GBytes) plain = pattern(1000);
    g_autoptr(GBytes) image = libvirt(&header, plain);
    g_autoptr(Opened) opened = open_way(FROM_PIPE, image, NULL);
    const MigContainer *container = mig_input_container(opened->in, 0);
    const struct {
        const char *name;
        uint64_t value;
        const char *words;
    } wanted[] = {
        { "version", header.version, "version" },
        { "partial", _i & 1, _i & 1 ? "PARTIAL: the save was not finished" : NULL },
        { "sparse", 0, NULL },
        { "was_running", _i & 4 ? 1 : 0,
          _i & 4 ? "guest was running" : "guest was paused" },
        { "xml_length", strlen(xml), "domain XML" },
        { "cookie_length", _i & 2 ? 0 : strlen(cookie), "cookie" },
    };

    ck_assert_ptr_null(mig_input_container(opened->in, 1));
    ck_assert_uint_eq(mig_container_header_length(container), 92 + XML_AREA);
    ck_assert_str_eq(mig_container_words(container),
                     _i & 1 ? "a libvirt save image that was not finished"
                            : "a libvirt save image");
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const MigProperty *property = mig_container_property(container, i);

        ck_assert_str_eq(property->name, wanted[i].name);
        ck_assert_uint_eq(property->value, wanted[i].value);
        ck_assert_pstr_eq(property->words, wanted[i].words);
    }
    ck_assert_ptr_null(mig_container_property(container, G_N_ELEMENTS(wanted)));
    ck_assert_uint_eq(read_pattern(opened->in), 1000);
}
END_TEST

START_TEST(refuses_a_bad_save_image)
{
    static const struct {
        LibvirtHeader header;
        MigErrorCode code;
        const char *says;
    } rows[] = {
        { { "LibvirtQemudSave", false, 3, XML_AREA, 0, 0, 0 },
          MIG_ERROR_UNSUPPORTED,
          "version 3 " },
        { { "LibvirtQemudSave", true, 3, XML_AREA, 0, 0, 0 },
          MIG_ERROR_UNSUPPORTED,
          "version 3 " },
        { { "LibvirtQemudSave", false, 2, XML_AREA, 0, 7, 0 },
          MIG_ERROR_UNSUPPORTED,
          "format 7 " },
        { { "LibvirtQemudSave", false, 2, XML_AREA, 0, 5, 0 },
          MIG_ERROR_CONTAINER,
          "zstd" },
        { { "LibvirtQemudSave", false, 2, XML_AREA, 0, 3, 0 },
          MIG_ERROR_CONTAINER,
          "its stream is compressed with xz, but it begins with other bytes" },
        { { "LibvirtQemudSave", false, 2, 0, 0, 0, 0 }, MIG_ERROR_CONTAINER, "lengths" },
        { { "LibvirtQemudSave", false, 2, XML_AREA, 0, 0, XML_AREA },
          MIG_ERROR_CONTAINER,
          "lengths" },
        { { "LibvirtQemudSave", false, 2, 1 << 20, 0, 0, 0 },
          MIG_ERROR_CONTAINER,
          "ends within" },
        { { "LibvirtQemudSave", false, 2, UINT32_MAX, 0, 0, 0 }, MIG_ERROR_LIMIT, "XML" },
    };
    g_autoptr(GBytes) plain = pattern(1000);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) image = libvirt(&rows[i].header, plain);
        for (Way way = 0; way < N_WAYS; way++) {
            g_autoptr(Opened) opened = open_way(way, image, NULL);
            if (!g_error_matches(opened->error, MIG_ERROR, (int)rows[i].code) ||
                !strstr(opened->error->message, rows[i].says)) {
                ck_abort_msg("row %zu from a %s: %s", i, way_names[way],
                             opened->error ? opened->error->message : "opened");
            }
        }
    }
}
END_TEST

START_TEST(names_what_it_does_not_undo)
{
    static const struct {
        const char *bytes;
        const char *name;
    } rows[] = {
        { "\x04\x22\x4d\x18@@", "lz4" },
        { "LZIP\x01", "lzip" },
        { "QCPR????", "CPR" },
        { "\x11\x22\x33\x44????", "multifd" },
    };
    g_autoptr(GBytes) tail = zeros(100);
    g_autoptr(GBytes) magic = text(rows[_i].bytes);
    g_autoptr(GBytes) bytes = joined_bytes(magic, tail);

    for (Way way = 0; way < N_WAYS; way++) {
        g_autoptr(Opened) opened = open_way(way, bytes, NULL);
        ck_assert(g_error_matches(opened->error, MIG_ERROR, MIG_ERROR_UNSUPPORTED));
        ck_assert_ptr_nonnull(strstr(opened->error->message, rows[_i].name));
    }
}
END_TEST

/* Cut anywhere: the bytes before the cut, then an error that says where it is. */
START_TEST(tells_where_compressed_data_ends_early)
{
    static const Wrap wraps[] = { zstd_frames, gzip_members, bzip2_members, xz_members,
                                  lzop_members };
    g_autoptr(GBytes) plain = pattern(MIB);
    g_autoptr(GBytes) packed = wraps[_i](plain);
    gsize size = g_bytes_get_size(packed);
    uint64_t last = 0;

    for (gsize cut = 20; cut < size; cut += size / 50) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(packed, 0, cut);
        g_autoptr(Opened) opened = open_way(FROM_MEMORY, part, NULL);
        g_autoptr(GError) error = NULL;
        uint64_t offset;

        if (opened->in) {
            uint64_t end = read_pattern(opened->in);
            ck_assert_uint_ge(end, last);
            ck_assert_uint_le(end, MIB);
            last = end;
            ck_assert(!mig_input_end_error(opened->in, &error));
        } else {
            error = g_steal_pointer(&opened->error);
        }
        ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_CONTAINER));
        ck_assert(mig_error_get_offset(error, &offset));
        ck_assert_uint_eq(offset, cut);
        ck_assert_int_eq(mig_error_get_layer(error), MIG_LAYER_CONTAINER);
    }
    ck_assert_uint_gt(last, MIB * 8 / 10);
}
END_TEST

/* Cut at each byte: an error, or nothing at all where a save failed early. */
START_TEST(tells_each_cut)
{
    static const Wrap wraps[] = { zstd,          gzip,        packed_bzip2,
                                  packed_xz,     packed_lzop, libvirt_raw,
                                  libvirt_zstd,  libvirt_xz,  libvirt_gzip_big_endian,
                                  libvirt_bzip2, libvirt_lzop };
    g_autoptr(GBytes) plain = pattern(2000);
    g_autoptr(GBytes) packed = wraps[_i](plain);
    const gsize size = g_bytes_get_size(packed);
    const bool ends = wraps[_i] == libvirt_raw; /* which a raw stream tells by itself */

    for (gsize cut = 16; cut < size; cut++) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(packed, 0, cut);
        g_autoptr(Opened) opened = open_way(FROM_MEMORY, part, NULL);
        g_autoptr(GError) error = NULL;
        uint64_t end = opened->in ? read_pattern(opened->in) : 0;

        ck_assert_uint_lt(end, 2000 + !ends);
        if (opened->in && mig_input_end_error(opened->in, &error)) {
            ck_assert(end == 0 || ends);
        } else {
            const GError *failure = error ? error : opened->error;
            ck_assert_msg(g_error_matches(failure, MIG_ERROR, MIG_ERROR_CONTAINER),
                          "cut at %zu: %s", cut, failure->message);
        }
    }
}
END_TEST

/* A byte changed: never other bytes than the right ones before the error. */
START_TEST(tells_damage_in_compressed_data)
{
    static const Wrap wraps[] = { zstd_frames,   gzip_members, libvirt_zstd,
                                  bzip2_members, xz_members,   lzop_members };
    g_autoptr(GBytes) plain = pattern(MIB);
    g_autoptr(GBytes) packed = wraps[_i](plain);
    gsize size;
    const uint8_t *data = g_bytes_get_data(packed, &size);
    for (gsize place = size / 2; place < size; place += size / 29) {
        uint8_t *changed = g_memdup2(data, size);
        memset(changed + place, 0xff, MIN(16, size - place));
        g_autoptr(GBytes) bytes = g_bytes_new_take(changed, size);
        g_autoptr(Opened) damaged = open_way(FROM_MEMORY, bytes, NULL);
        uint64_t end = 0;
        size_t available;
        do {
            mig_input_peek(damaged->in, 1, &available);
            end += mig_input_skip(damaged->in, available);
        } while (available > 0);
        ck_assert_uint_ge(end, MIB / 3);
        /* Literals carry no check, so a changed one may pass until the frame ends. */
        ck_assert_uint_le(end, MIB);
    }
}
END_TEST

/* As a volume has them that held more before.  Of three programs libvirt takes that for a failure. */
START_TEST(gives_bytes_after_compressed_data)
{
    static const Wrap wraps[] = {
        zstd_frames,   gzip_members, bzip2_members, xz_members, lzop_members,
        libvirt_bzip2, libvirt_lzop, libvirt_zstd,  libvirt_xz, libvirt_gzip_big_endian
    };
    const bool image = _i >= 7;
    g_autoptr(GBytes) plain = pattern(MIB);
    g_autoptr(GBytes) packed = wraps[_i](plain);
    static const struct {
        Way way;
        const char *garbage;
    } rows[] = { { FROM_MEMORY, "garbage after the end" },
                 { FROM_PIPE, "garbage after the end" },
                 { FROM_MEMORY, "x" },
                 { FROM_MEMORY, "xyz" } };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) garbage = text(rows[i].garbage);
        const gsize n = g_bytes_get_size(garbage);
        g_autoptr(GBytes) with_garbage = joined_bytes(packed, garbage);
        g_autoptr(Opened) opened = open_way(rows[i].way, with_garbage, NULL);
        size_t there;

        ck_assert_uint_eq(mig_input_skip(opened->in, MIB), MIB);
        const uint8_t *rest = mig_input_peek(opened->in, n, &there);
        if (image) {
            assert_ends_with(opened->in, MIG_ERROR_CONTAINER);
        } else {
            ck_assert_uint_eq(there, n);
            ck_assert_mem_eq(rest, g_bytes_get_data(garbage, NULL), n);
            mig_input_skip(opened->in, n);
            ck_assert(mig_input_end_error(opened->in, NULL));
        }
    }
}
END_TEST

/* What comes after compressed data is no part of a stream: a file of which the first half alone is
 * compressed is cut short. */
START_TEST(a_stream_ends_with_its_compressed_data)
{
    static const Wrap wraps[] = { zstd_frames, gzip_members, bzip2_members, xz_members,
                                  lzop_members };
    g_autoptr(GBytes) stream = fixture_bytes("good/minimal-ram.txt");
    const gsize size = g_bytes_get_size(stream), half = size / 2;
    g_autoptr(GBytes) first = g_bytes_new_from_bytes(stream, 0, half);
    g_autoptr(GBytes) second = g_bytes_new_from_bytes(stream, half, size - half);
    g_autoptr(GBytes) packed = wraps[_i](first);
    g_autoptr(GBytes) file = joined_bytes(packed, second);
    g_autoptr(MigInput) in = mig_input_new_bytes(file, "half", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(GError) error = NULL;
    const MigItem *item;
    MigStatus status;

    while ((status = mig_reader_next(reader, &item, &error)) == MIG_STATUS_MORE) {
        ck_assert_uint_le(item->offset + item->length, half);
    }
    ck_assert_int_eq(status, MIG_STATUS_ERROR);
    ck_assert_msg(g_error_matches(error, MIG_ERROR, MIG_ERROR_TRUNCATED), "%s",
                  error->message);
}
END_TEST

START_TEST(bounds_what_compressed_input_expands_to)
{
    static const Wrap wraps[] = { zstd, gzip, zstd_of_gzip_of_libvirt, packed_bzip2,
                                  packed_xz };
    g_autoptr(GBytes) plain = zeros(5 * MIB);
    g_autoptr(GBytes) packed = wraps[_i](plain);
    MigInputOptions enough = { MIG_INPUT_OPTIONS_INIT, .max_expand = 6 * MIB };
    MigInputOptions exact = { MIG_INPUT_OPTIONS_INIT, .max_expand = 5 * MIB };
    MigInputOptions little = { MIG_INPUT_OPTIONS_INIT, .max_expand = 4 * MIB };
    g_autoptr(Opened) fits = open_way(FROM_MEMORY, packed, &enough);
    g_autoptr(Opened) is_cut = open_way(FROM_MEMORY, packed, &little);

    ck_assert_uint_eq(mig_input_skip(fits->in, 10 * MIB), 5 * MIB);
    assert_ends_well(fits->in);
    ck_assert_uint_le(mig_input_skip(is_cut->in, 10 * MIB), 4 * MIB);
    assert_ends_with(is_cut->in, MIG_ERROR_LIMIT);
    if (wraps[_i] != zstd_of_gzip_of_libvirt) {
        g_autoptr(Opened) just = open_way(FROM_MEMORY, packed, &exact);
        ck_assert_uint_eq(mig_input_skip(just->in, 10 * MIB), 5 * MIB);
        assert_ends_well(just->in);
    }
}
END_TEST

/* Without a limit of the caller's: beyond 1 GiB, a thousand times what was read.  A frame of
 * zeros, many times over, and the same around it once more. */
START_TEST(bounds_what_it_expands_to_by_ratio)
{
    const MigInputOptions more = { MIG_INPUT_OPTIONS_INIT, .max_expand = 3072 * MIB };
    g_autoptr(GBytes) plain = zeros(64 * MIB);
    g_autoptr(GBytes) frame = zstd(plain);
    g_autoptr(GByteArray) frames = g_byte_array_new();
    g_autoptr(GBytes) packed = NULL;

    for (int i = 0; i < 20; i++) {
        g_byte_array_append(frames, g_bytes_get_data(frame, NULL),
                            (guint)g_bytes_get_size(frame));
    }
    packed = g_bytes_new(frames->data, frames->len);
    if (_i == 1) {
        GBytes *inner = packed;

        packed = zstd(inner);
        g_bytes_unref(inner);
    }
    g_autoptr(Opened) bounded = open_way(FROM_MEMORY, packed, NULL);
    g_autoptr(Opened) asked = open_way(FROM_MEMORY, packed, &more);

    ck_assert_uint_le(mig_input_skip(bounded->in, 2048 * MIB), 1024 * MIB);
    assert_ends_with(bounded->in, MIG_ERROR_LIMIT);
    ck_assert_uint_eq(mig_input_skip(asked->in, 2048 * MIB), 20 * 64 * MIB);
    assert_ends_well(asked->in);
}
END_TEST

/* The head of a frame with a window of 128 MiB. */
static const uint8_t wide_frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3 };

/* The rest of a frame: @n blocks, each 128 KiB of one byte, and one without any. */
static void append_blocks(GByteArray *frame, unsigned n)
{
    static const uint8_t block[] = { 0x02, 0x00, 0x10, 'a' };
    static const uint8_t last[] = { 1, 0, 0 };

    for (unsigned i = 0; i < n; i++) {
        g_byte_array_append(frame, block, sizeof block);
    }
    g_byte_array_append(frame, last, sizeof last);
}

/* A frame of 128 MiB's window around another, and not at its end then: each may have it, both
 * may not. */
START_TEST(bounds_the_windows_of_all_layers)
{
    static const uint8_t block[] = { 1 | 5 << 3, 0, 0, 'h', 'e', 'l', 'l', 'o' };
    g_autoptr(GByteArray) inner = g_byte_array_new();
    g_autoptr(GByteArray) outer = g_byte_array_new();
    uint8_t raw[3];

    g_byte_array_append(inner, wide_frame, sizeof wide_frame);
    g_byte_array_append(inner, block, sizeof block);
    g_autoptr(GBytes) alone = g_bytes_new(inner->data, inner->len);
    g_autoptr(Opened) one = open_way(FROM_MEMORY, alone, NULL);
    ck_assert_uint_eq(mig_input_skip(one->in, 100), 5);
    assert_ends_well(one->in);

    raw[0] = (uint8_t)(inner->len << 3);
    raw[1] = raw[2] = 0;
    g_byte_array_append(outer, wide_frame, sizeof wide_frame);
    g_byte_array_append(outer, raw, sizeof raw);
    g_byte_array_append(outer, inner->data, inner->len);
    append_blocks(outer, 64);
    g_autoptr(GBytes) around = g_bytes_new(outer->data, outer->len);
    g_autoptr(Opened) two = open_way(FROM_MEMORY, around, NULL);
    ck_assert(g_error_matches(two->error, MIG_ERROR, MIG_ERROR_LIMIT));
    ck_assert_ptr_nonnull(strstr(two->error->message, "around each other"));
}
END_TEST

/* A window is given back at the end of what it is for, although the input is still there: another
 * may be read next.  A mapping of its own is what malloc() takes for so much. */
START_TEST(gives_a_window_back_at_the_end)
{
#ifdef __GLIBC__
    g_autoptr(GByteArray) frame = g_byte_array_new();

    g_byte_array_append(frame, wide_frame, sizeof wide_frame);
    append_blocks(frame, 64);
    g_autoptr(GBytes) packed = g_bytes_new(frame->data, frame->len);
    g_autoptr(Opened) opened = open_way(FROM_MEMORY, packed, NULL);
    const size_t before = mallinfo2().hblkhd;

    ck_assert_uint_eq(mig_input_skip(opened->in, 100 * MIB), 8 * MIB);
    assert_ends_well(opened->in);
    if (before > 128 * MIB) { /* else memory is not malloc()'s: a sanitizer's */
        ck_assert_uint_lt(mallinfo2().hblkhd, before - 64 * MIB);
    }
#endif
}
END_TEST

START_TEST(bounds_nesting)
{
    GBytes *bytes = pattern(100);
    for (int depth = 0; depth < 5; depth++) {
        GBytes *outer = zstd(bytes);
        g_bytes_unref(bytes);
        bytes = outer;
    }
    g_autoptr(Opened) opened = open_way(FROM_MEMORY, bytes, NULL);

    ck_assert(g_error_matches(opened->error, MIG_ERROR, MIG_ERROR_LIMIT));
    g_bytes_unref(bytes);
}
END_TEST

/* A frame may ask for a window of 3.75 TiB in two bytes. */
START_TEST(bounds_the_window_of_a_frame)
{
    g_autoptr(GBytes) frame =
        g_bytes_new_static("\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00", 9);
    g_autoptr(Opened) opened = open_way(FROM_MEMORY, frame, NULL);

    ck_assert(g_error_matches(opened->error, MIG_ERROR, MIG_ERROR_LIMIT));
    ck_assert_ptr_nonnull(strstr(opened->error->message, "window"));
}
END_TEST

/* --- functions of the client --- */

typedef struct {
    GBytes *bytes;
    uint64_t fails_at; /* 0: never */
    unsigned n_closed;
} Client;

static ssize_t client_read(void *data, uint64_t offset, void *buffer, size_t n,
                           GError **error)
{
    const Client *client = data;
    gsize size;
    const uint8_t *bytes = g_bytes_get_data(client->bytes, &size);

    if (client->fails_at && offset >= client->fails_at) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INTR, "nobody answers");
        return -1;
    }
    n = MIN(n, size - offset);
    n = MIN(n, 1000); /* less than what is asked for is no end */
    memcpy(buffer, bytes + offset, n);
    return (ssize_t)n;
}

static bool client_length(void *data, uint64_t *length, GError **error)
{
    const Client *client = data;

    (void)error;
    *length = g_bytes_get_size(client->bytes);
    return true;
}

static bool no_length(void *data, uint64_t *length, GError **error)
{
    (void)data, (void)length;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "it is gone");
    return false;
}

static void client_close(void *data)
{
    ((Client *)data)->n_closed++;
}

static const MigInputCallbacks client_callbacks[] = {
    { MIG_INPUT_CALLBACKS_INIT, .read = client_read, .close = client_close },
    { MIG_INPUT_CALLBACKS_INIT, .read = client_read, .length = client_length,
      .close = client_close },
};

START_TEST(reads_from_callbacks)
{
    g_autoptr(GBytes) plain = pattern(3 * MIB);
    g_autoptr(GBytes) packed = zstd(plain);
    Client client = { .bytes = _i < 2 ? plain : packed };
    MigInput *in =
        mig_input_new_callbacks(&client_callbacks[_i % 2], &client, "client", NULL, NULL);

    ck_assert_ptr_nonnull(in);
    ck_assert_int_eq(mig_input_seekable(in), _i == 1);
    ck_assert_uint_eq(read_pattern(in), 3 * MIB);
    ck_assert(mig_input_end_error(in, NULL));
    ck_assert_uint_eq(client.n_closed, 0);
    mig_input_free(in);
    ck_assert_uint_eq(client.n_closed, 1);
}
END_TEST

START_TEST(errors_of_callbacks_are_handed_on)
{
    g_autoptr(GBytes) plain = pattern(MIB);
    Client client = { .bytes = plain, .fails_at = MIB / 2 };
    g_autoptr(MigInput) in =
        mig_input_new_callbacks(&client_callbacks[_i], &client, "client", NULL, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(in);
    ck_assert_uint_ge(read_pattern(in), MIB / 2);
    ck_assert(!mig_input_end_error(in, &error));
    ck_assert(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INTR));
}
END_TEST

START_TEST(callbacks_that_cannot_be_used_are_closed)
{
    const MigInputCallbacks gone = { MIG_INPUT_CALLBACKS_INIT, .read = client_read,
                                     .length = no_length, .close = client_close };
    const MigInputCallbacks mute = { MIG_INPUT_CALLBACKS_INIT, .close = client_close };
    const MigInputCallbacks unsized = { .read = client_read };
    Client client = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(mig_input_new_callbacks(&gone, &client, "client", NULL, &error));
    ck_assert(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT));
    ck_assert_uint_eq(client.n_closed, 1);
    g_clear_error(&error);
    ck_assert_ptr_null(mig_input_new_callbacks(&mute, &client, "client", NULL, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
    g_clear_error(&error);
    ck_assert_ptr_null(
        mig_input_new_callbacks(&unsized, &client, "client", NULL, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
    ck_assert_uint_eq(client.n_closed, 1);
}
END_TEST

Suite *suite_input(void)
{
    Suite *suite = suite_create("input");

    TCase *window = tcase_create("window");
    tcase_add_loop_test(window, walks_in_any_steps, 0, N_STEPS * N_WAYS);
    tcase_add_loop_test(window, walks_and_jumps, 0, 16);
    tcase_add_loop_test(window, takes_a_pipe_as_it_comes, 0, 4);
    tcase_add_test(window, does_not_wait_for_more_than_wanted);
    tcase_add_test(window, jumps_without_reading);
    tcase_add_test(window, reads_anywhere);
    tcase_add_loop_test(window, starts_at_an_offset, 0, 5 * N_WAYS);
    tcase_add_loop_test(window, refuses_an_offset_beyond_the_end, 0, N_WAYS);
    tcase_add_test(window, starts_where_the_descriptor_stands);
    suite_add_tcase(suite, window);

    TCase *ends = tcase_create("ends");
    tcase_add_loop_test(ends, tells_when_the_file_shrinks, 0, 3);
    tcase_add_loop_test(ends, stops_when_cancelled, 0, 2 * N_WAYS);
    tcase_add_test(ends, stops_waiting_when_cancelled);
    tcase_add_loop_test(ends, says_why_it_cannot_open, 0, 2);
    tcase_add_loop_test(ends, an_empty_input_just_ends, 0, N_WAYS);
    suite_add_tcase(suite, ends);

    TCase *hold = tcase_create("hold");
    tcase_add_loop_test(hold, holds_the_rest, 0, 5);
    tcase_add_test(hold, holds_zeros_as_holes);
    tcase_add_test(hold, names_the_place_where_it_cannot_hold);
    tcase_add_test(hold, holds_until_it_is_enough);
    tcase_add_loop_test(hold, holds_a_stream_to_its_description, 0, 2);
    tcase_add_test(hold, holds_no_more_than_is_allowed);
    tcase_add_test(hold, holds_what_came_before_a_failure);
    suite_add_tcase(suite, hold);

    TCase *wrapping = tcase_create("wrappers");
    tcase_add_loop_test(wrapping, undoes_wrappers, 0, G_N_ELEMENTS(wrappers) * N_WAYS);
    tcase_add_loop_test(wrapping, shows_a_save_image, 0, 16);
    tcase_add_test(wrapping, refuses_a_bad_save_image);
    tcase_add_loop_test(wrapping, names_what_it_does_not_undo, 0, 4);
    tcase_add_loop_test(wrapping, tells_each_cut, 0, 11);
    tcase_add_loop_test(wrapping, gives_bytes_after_compressed_data, 0, 10);
    tcase_add_loop_test(wrapping, a_stream_ends_with_its_compressed_data, 0, 5);
    tcase_add_loop_test(wrapping, tells_where_compressed_data_ends_early, 0, 5);
    tcase_add_loop_test(wrapping, tells_damage_in_compressed_data, 0, 6);
    tcase_add_loop_test(wrapping, bounds_what_compressed_input_expands_to, 0, 5);
    tcase_add_loop_test(wrapping, bounds_what_it_expands_to_by_ratio, 0, 2);
    tcase_add_test(wrapping, bounds_the_windows_of_all_layers);
    tcase_add_test(wrapping, gives_a_window_back_at_the_end);
    tcase_add_test(wrapping, bounds_nesting);
    tcase_add_test(wrapping, bounds_the_window_of_a_frame);
    suite_add_tcase(suite, wrapping);

    TCase *callbacks = tcase_create("callbacks");
    tcase_add_loop_test(callbacks, reads_from_callbacks, 0, 4);
    tcase_add_loop_test(callbacks, errors_of_callbacks_are_handed_on, 0, 2);
    tcase_add_test(callbacks, callbacks_that_cannot_be_used_are_closed);
    suite_add_tcase(suite, callbacks);
    return suite;
}
