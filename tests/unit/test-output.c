/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the tests of lib/io/output.c and of what lies below it: whole or not at
 *                all, the same bytes by every way, holes, zstd, failures.
 * Must not know: migration streams.
 * See also:      lib/io/output.h.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "io/attributes.h"
#include "io/error.h"
#include "io/output-moves.h"
#include "io/output.h"

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

static GBytes *noise(size_t n)
{
    uint32_t *words = g_malloc(n + 4);
    uint32_t state = 1;

    for (size_t i = 0; i < n / 4 + 1; i++) {
        state = state * 1664525 + 1013904223;
        words[i] = state >> 8;
    }
    return g_bytes_new_take(words, n);
}

static GBytes *load(const char *path)
{
    char *data;
    gsize n;

    ck_assert(g_file_get_contents(path, &data, &n, NULL));
    return g_bytes_new_take(data, n);
}

static void store(const char *path, GBytes *bytes)
{
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(path, data, (gssize)n, NULL));
}

static void assert_file(const char *path, GBytes *expected)
{
    g_autoptr(GBytes) found = load(path);

    ck_assert_uint_eq(g_bytes_get_size(found), g_bytes_get_size(expected));
    ck_assert(g_bytes_equal(found, expected));
}

static void write_bytes(MigOutput *out, GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    gsize n;
    const void *data = g_bytes_get_data(bytes, &n);

    if (!mig_output_write(out, data, n, &error)) {
        ck_abort_msg("%s", error->message);
    }
}

static void commit(MigOutput *out)
{
    g_autoptr(GError) error = NULL;

    if (!mig_output_commit(out, &error)) {
        ck_abort_msg("%s", error->message);
    }
}

static guint n_entries(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

/* A scratch folder that is current while a test runs; the test's process ends with it. */
static char *folder;

static void enter_folder(void)
{
    folder = scratch_dir();
    ck_assert_int_eq(chdir(folder), 0);
}

/* Where this process may, it hides /proc from itself: then a file without a name cannot get
 * one, and a hidden name is used from the start. */
static bool proc_is_hidden;

static void enter_folder_without_proc(void)
{
    enter_folder();
    proc_is_hidden = unshare(CLONE_NEWNS) == 0 &&
                     mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
                     mount("none", "/proc", "tmpfs", 0, NULL) == 0;
}

static void leave_folder(void)
{
    if (proc_is_hidden) {
        umount("/proc");
    }
    ck_assert_int_eq(chdir("/"), 0);
    scratch_remove(folder);
    g_free(folder);
}

/* --- a file, whole or not at all --- */

START_TEST(appears_when_committed)
{
    g_autoptr(GBytes) bytes = noise(300000);
    g_autoptr(MigOutput) out = mig_output_open("new", NULL, NULL);

    ck_assert_ptr_nonnull(out);
    write_bytes(out, bytes);
    ck_assert_int_eq(access("new", F_OK), -1);
    ck_assert_uint_eq(mig_output_tell(out), 300000);
    commit(out);
    ck_assert_uint_eq(mig_output_written(out), 300000);
    assert_file("new", bytes);
    ck_assert_uint_eq(n_entries("."), 1);
}
END_TEST

START_TEST(leaves_nothing_without_commit)
{
    g_autoptr(GBytes) old = noise(10);
    g_autoptr(GBytes) bytes = noise(300000);
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .force = true };

    store("old", old);
    MigOutput *fresh = mig_output_open("new", NULL, NULL);
    MigOutput *over = mig_output_open("old", &options, NULL);
    write_bytes(fresh, bytes);
    write_bytes(over, bytes);
    mig_output_free(fresh);
    mig_output_free(over);
    assert_file("old", old);
    ck_assert_uint_eq(n_entries("."), 1);
}
END_TEST

static MigFileId file_id(const char *path)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    return mig_file_id(&st);
}

START_TEST(refuses_a_target)
{
    static const struct {
        const char *path;
        bool force;
        bool in_place;
        MigErrorCode code;
        const char *says;
    } rows[] = {
        { "old", false, false, MIG_ERROR_USAGE, "exists" },
        { "link", false, false, MIG_ERROR_USAGE, "exists" },
        { ".", true, false, MIG_ERROR_USAGE, "is a folder" },
        { "/dev/null", true, false, MIG_ERROR_USAGE, "regular" },
        { "none", false, true, MIG_ERROR_IO, "No such file" },
        { "none/new", true, false, MIG_ERROR_IO, "No such file" },
        { "old/new", true, false, MIG_ERROR_IO, "Not a directory" },
        { "loop", true, false, MIG_ERROR_IO, "symbolic links" },
    };
    MigFileId input;
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .force = rows[_i].force,
                                       .in_place = rows[_i].in_place, .input = &input };
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) old = noise(10);

    store("old", old);
    input = file_id("old");
    ck_assert_int_eq(symlink("old", "link"), 0);
    ck_assert_int_eq(symlink("loop", "loop"), 0);
    ck_assert_ptr_null(mig_output_open(rows[_i].path, &options, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, (int)rows[_i].code));
    ck_assert_ptr_nonnull(strstr(error->message, rows[_i].path));
    ck_assert_ptr_nonnull(strstr(error->message, rows[_i].says));
    assert_file("old", old);
    ck_assert_uint_eq(n_entries("."), 3);
}
END_TEST

/* Somebody else makes the file while this one is written. */
START_TEST(does_not_replace_what_came_meanwhile)
{
    g_autoptr(GBytes) bytes = noise(1000);
    g_autoptr(GBytes) others = noise(10);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigOutput) out = mig_output_open("new", NULL, NULL);

    write_bytes(out, bytes);
    store("new", others);
    ck_assert(!mig_output_commit(out, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
    assert_file("new", others);
    g_clear_pointer(&out, mig_output_free);
    ck_assert_uint_eq(n_entries("."), 1);
}
END_TEST

START_TEST(replaces_and_keeps_the_mode)
{
    g_autoptr(GBytes) old = noise(10);
    g_autoptr(GBytes) bytes = noise(1000);
    MigFileId input;
    struct stat st;
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .force = _i == 0,
                                       .in_place = _i == 1, .input = &input };

    store("old", old);
    ck_assert_int_eq(chmod("old", 0640), 0);
    bool other_owner = geteuid() == 0 && chown("old", 1234, 4321) == 0;
    input = file_id("old");
    g_autoptr(MigOutput) out = mig_output_open("old", &options, NULL);
    write_bytes(out, bytes);
    assert_file("old", old);
    commit(out);
    assert_file("old", bytes);
    ck_assert_int_eq(stat("old", &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0640);
    if (other_owner) {
        ck_assert_int_eq(st.st_uid, 1234);
        ck_assert_int_eq(st.st_gid, 4321);
    }
    ck_assert_uint_eq(n_entries("."), 1);
}
END_TEST

/* What has the name of the input is another file, a link or a device: from the start, or
 * when all is written. */
START_TEST(replaces_only_the_input)
{
    static const char *const others[] = { "other", "link", "/dev/null", NULL };
    const char *other = others[_i % 4];
    const bool late = _i >= 4;
    g_autoptr(GBytes) bytes = noise(1000);
    g_autoptr(GBytes) precious = noise(10);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigOutput) out = NULL;
    MigFileId input;
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .in_place = true,
                                       .input = &input };

    store("in", bytes);
    store("other", precious);
    ck_assert_int_eq(symlink("other", "link"), 0);
    input = file_id("in");
    if (late) {
        out = mig_output_open("in", &options, &error);
        ck_assert_ptr_nonnull(out);
        write_bytes(out, bytes);
    }
    ck_assert_int_eq(rename("in", "input"), 0);
    if (other) {
        ck_assert_int_eq(*other == '/' ? mkfifo("in", 0600) : rename(other, "in"), 0);
    }
    if (late) {
        ck_assert(!mig_output_commit(out, &error));
        g_clear_pointer(&out, mig_output_free);
    } else {
        ck_assert_ptr_null(mig_output_open("in", &options, &error));
    }
    ck_assert(error);
    assert_file("input", bytes);
    assert_file(other && strcmp(other, "other") == 0 ? "in" : "other", precious);
    ck_assert_uint_eq(n_entries("."), other && *other != '/' ? 3 : other ? 4 : 3);
}
END_TEST

/* In place needs to be told what the input is. */
START_TEST(replaces_no_unknown_input)
{
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .in_place = true };
    g_autoptr(GBytes) old = noise(10);
    g_autoptr(GError) error = NULL;

    store("in", old);
    ck_assert_ptr_null(mig_output_open("in", &options, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
}
END_TEST

/* What cannot be kept is told: there are no attributes on /proc, nor on a file that is gone;
 * so a value that the file system refuses stands for all. */
START_TEST(tells_lost_attributes)
{
    g_autoptr(GString) lost = g_string_new(NULL);
    int from = open("from", O_RDWR | O_CREAT, 0600), to = open("/proc/self/comm", O_RDWR);

    if (fsetxattr(from, "user.a", "1", 1, 0) == 0 &&
        fsetxattr(from, "user.b", "2", 1, 0) == 0 && to >= 0) {
        mig_attributes_copy(from, to, lost);
        /* In the order of the file system. */
        ck_assert_msg(strstr(lost->str, "user.a (") && strstr(lost->str, "user.b (") &&
                          strstr(lost->str, "), user."),
                      "%s", lost->str);
    }
    close(from);
    close(to);
}
END_TEST

START_TEST(replaces_what_a_link_points_to)
{
    static const bool exists[] = { true, false };
    g_autoptr(GBytes) old = noise(10);
    g_autoptr(GBytes) bytes = noise(1000);
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .force = true };

    ck_assert_int_eq(mkdir("d", 0700), 0);
    ck_assert_int_eq(symlink("d/second", "first"), 0);
    ck_assert_int_eq(symlink("../file", "d/second"), 0);
    if (exists[_i]) {
        store("file", old);
    }
    g_autoptr(MigOutput) out = mig_output_open("first", &options, NULL);
    ck_assert_ptr_nonnull(out);
    write_bytes(out, bytes);
    commit(out);
    assert_file("file", bytes);
    ck_assert(g_file_test("first", G_FILE_TEST_IS_SYMLINK));
    ck_assert(g_file_test("d/second", G_FILE_TEST_IS_SYMLINK));
    ck_assert_uint_eq(n_entries("."), 3);
}
END_TEST

/* --- copies --- */

typedef enum { TO_FILE, TO_PIPE, TO_APPENDED, TO_DESCRIPTOR, N_SINKS } Sink;

typedef struct {
    int fd;
    GByteArray *bytes;
} Drain;

static gpointer drain_pipe(gpointer data)
{
    Drain *drain = data;
    static guint8 piece[65536];
    ssize_t n;

    while ((n = read(drain->fd, piece, sizeof piece)) > 0) {
        g_byte_array_append(drain->bytes, piece, (guint)n);
    }
    return NULL;
}

static const struct {
    uint64_t offset;
    uint64_t length;
} ranges[] = {
    { 0, 1 },         { 1, 100 },          { 101, 65536 }, { 65637, 65537 },
    { 131174, 4096 }, { 135270, 3000000 }, { 17, 5000 },   { 4096, 1048576 },
    { 0, 0 },         { 3999999, 1 },      { 0, 4000000 },
};

/* Ranges of an input and bytes between them, from anything to anything. */
START_TEST(copies_ranges)
{
    const Sink sink = (Sink)(_i % N_SINKS);
    const bool from_file = _i / N_SINKS % 2;
    const bool compressed = _i / N_SINKS / 2;
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .zstd = compressed };
    g_autoptr(GBytes) source = noise(4000000);
    g_autoptr(GByteArray) expected = g_byte_array_new();
    Drain drain = { -1, g_byte_array_new() };
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigOutput) out = NULL;
    g_autoptr(GError) error = NULL;
    GThread *drainer = NULL;
    int ends[2] = { -1, -1 };

    store("in", source);
    in = from_file ? mig_input_open("in", NULL, NULL)
                   : mig_input_new_bytes(source, "memory", NULL, NULL);
    if (sink == TO_FILE) {
        out = mig_output_open("out", &options, NULL);
    } else if (sink == TO_PIPE) {
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
        drain.fd = ends[0];
        drainer = g_thread_new("drain", drain_pipe, &drain);
    } else {
        ends[1] =
            open("out", O_WRONLY | O_CREAT | (sink == TO_APPENDED ? O_APPEND : 0), 0600);
    }
    if (!out) {
        out = mig_output_new_fd(ends[1], "descriptor", &options, NULL);
    }

    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        const guint8 *data = g_bytes_get_data(source, NULL);
        ck_assert(mig_output_write(out, "mark", 4, NULL));
        ck_assert(mig_output_copy(out, in, ranges[i].offset, ranges[i].length, NULL));
        g_byte_array_append(expected, (const guint8 *)"mark", 4);
        g_byte_array_append(expected, data + ranges[i].offset, (guint)ranges[i].length);
        ck_assert_uint_eq(mig_output_tell(out), expected->len);
    }
    ck_assert_uint_eq(mig_input_tell(in), 0);
    commit(out);
    uint64_t written = mig_output_written(out);
    if (ends[1] >= 0) {
        close(ends[1]);
    }
    if (drainer) {
        g_thread_join(drainer);
        close(ends[0]);
        g_autoptr(GBytes) drained = g_byte_array_free_to_bytes(drain.bytes);
        store("out", drained);
    } else {
        g_byte_array_unref(drain.bytes);
    }

    /* Read back: the way that undoes zstd is tested on its own. */
    struct stat st;
    ck_assert_int_eq(stat("out", &st), 0);
    ck_assert_uint_eq(written, (uint64_t)st.st_size);
    ck_assert(compressed == (written < expected->len));
    g_autoptr(MigInput) back = mig_input_open("out", NULL, &error);
    ck_assert(mig_input_hold(back, NULL));
    ck_assert_uint_eq(mig_input_size(back), expected->len);
    g_autofree guint8 *found = g_malloc(expected->len);
    ck_assert_uint_eq(mig_input_read_at(back, 0, found, expected->len), expected->len);
    ck_assert_int_eq(memcmp(found, expected->data, expected->len), 0);
}
END_TEST

/* A mapped-ram file is mostly holes: what is copied is as sparse, and the same. */
START_TEST(keeps_holes)
{
    static const struct {
        bool to_descriptor;
        off_t shift; /* Bytes written in front. */
        off_t data_at;
        off_t size;
    } rows[] = {
        { false, 0, 50 << 20, 100 << 20 }, { false, 4096, 50 << 20, 100 << 20 },
        { false, 0, 0, 100 << 20 },        { true, 0, (100 << 20) - 4096, 100 << 20 },
        { true, 0, 50 << 20, 100 << 20 },
    };
    const off_t shift = rows[_i].shift;
    const off_t size = rows[_i].size;
    int fd = open("in", O_RDWR | O_CREAT, 0600);
    struct stat st;
    char word[8] = "";

    ck_assert_int_eq(ftruncate(fd, size), 0);
    ck_assert_int_eq(pwrite(fd, "data", 4, rows[_i].data_at), 4);
    close(fd);
    g_autoptr(MigInput) in = mig_input_open("in", NULL, NULL);
    int out_fd = rows[_i].to_descriptor ? open("out", O_WRONLY | O_CREAT, 0600) : -1;
    g_autoptr(MigOutput) out = out_fd >= 0 ? mig_output_new_fd(out_fd, "out", NULL, NULL)
                                           : mig_output_open("out", NULL, NULL);
    g_autofree char *front = g_malloc0((gsize)shift + 1);
    ck_assert(mig_output_write(out, front, (size_t)shift, NULL));
    ck_assert(mig_output_copy(out, in, 0, (uint64_t)size, NULL));
    commit(out);
    ck_assert_uint_eq(mig_output_written(out), (uint64_t)(size + shift));

    ck_assert_int_eq(stat("out", &st), 0);
    ck_assert_int_eq(st.st_size, size + shift);
    ck_assert_int_lt(st.st_blocks * 512, 1 << 20);
    fd = open("out", O_RDONLY);
    ck_assert_int_eq(pread(fd, word, 4, rows[_i].data_at + shift), 4);
    ck_assert_str_eq(word, "data");
    close(fd);
    if (out_fd >= 0) {
        close(out_fd);
    }
}
END_TEST

/* Holes that a pipe or a compressed file has filled come back, however they are handed over. */
START_TEST(makes_holes_of_zeros)
{
    static const size_t pieces[] = { 6 * MIB, MIB, 300 * KIB, 4096 };
    g_autoptr(GBytes) bytes = NULL;
    guint8 *data = g_malloc0(6 * MIB);
    struct stat st;

    memset(data + 100, 'x', 1000);
    memset(data + 3 * MIB + 5, 'x', 100 * KIB);
    bytes = g_bytes_new_take(data, 6 * MIB);
    g_autoptr(MigOutput) out = mig_output_open("out", NULL, NULL);
    for (size_t at = 0, n; at < 6 * MIB; at += n) {
        n = MIN(pieces[_i], 6 * MIB - at);
        ck_assert(mig_output_write(out, data + at, n, NULL));
    }
    commit(out);
    ck_assert_uint_eq(mig_output_written(out), 6 * MIB);
    assert_file("out", bytes);
    ck_assert_int_eq(stat("out", &st), 0);
    ck_assert_int_lt(st.st_blocks * 512, MIB);
}
END_TEST

/* Holes are skipped only where nothing old can shine through. */
START_TEST(does_not_skip_over_old_content)
{
    g_autoptr(GBytes) old = noise(2 * MIB);
    g_autoptr(GBytes) expected = g_bytes_new_take(g_malloc0(2 * MIB), 2 * MIB);
    int fd = open("in", O_RDWR | O_CREAT, 0600);

    ck_assert_int_eq(ftruncate(fd, 2 * MIB), 0);
    close(fd);
    store("out", old);
    g_autoptr(MigInput) in = mig_input_open("in", NULL, NULL);
    fd = open("out", O_WRONLY);
    g_autoptr(MigOutput) out = mig_output_new_fd(fd, "out", NULL, NULL);
    ck_assert(
        _i == 0 ? mig_output_copy(out, in, 0, 2 * MIB, NULL)
                : mig_output_write(out, g_bytes_get_data(expected, NULL), 2 * MIB, NULL));
    commit(out);
    close(fd);
    assert_file("out", expected);
}
END_TEST

START_TEST(tells_when_the_range_is_not_there)
{
    g_autoptr(GBytes) bytes = noise(3 * MIB);
    g_autoptr(GError) error = NULL;

    store("in", bytes);
    g_autoptr(MigInput) in = mig_input_open("in", NULL, NULL);
    g_autoptr(MigOutput) out = mig_output_open("out", NULL, NULL);
    if (_i == 0) {
        ck_assert(!mig_output_copy(out, in, 2 * MIB, 2 * MIB, &error));
        ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_TRUNCATED));
    } else {
        ck_assert_int_eq(truncate("in", MIB), 0);
        ck_assert(!mig_output_copy(out, in, 0, 3 * MIB, &error));
        ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_IO));
        ck_assert_ptr_nonnull(strstr(error->message, "shrank"));
    }
}
END_TEST

/* --- what is better moved than written --- */

/* What the file system says itself, of files in the current folder. */
static bool shares_blocks(void)
{
    int from = open("from", O_RDWR | O_CREAT, 0600);
    int to = open("to", O_RDWR | O_CREAT, 0600);
    bool shares = write(from, "x", 1) == 1 && ioctl(to, FICLONE, from) == 0;

    close(from);
    close(to);
    return shares;
}

START_TEST(knows_what_moves)
{
    enum { FROM_FILE, FROM_SPARSE_FILE, FROM_MEMORY };
    static const struct {
        int from;
        bool to_pipe, zstd;
        uint64_t offset, written; /* of the input; before it in the output */
        bool moves, if_shared;
    } rows[] = {
        { FROM_FILE, true, false, 1, 0, true, true },
        { FROM_FILE, true, true, 0, 0, false, false },
        { FROM_FILE, false, false, 0, 0, false, true },
        { FROM_FILE, false, false, 8192, 4096, false, true },
        { FROM_FILE, false, false, 4097, 1, false, true },
        { FROM_FILE, false, false, 4096, 1, false, false },
        { FROM_FILE, false, true, 0, 0, false, false },
        { FROM_SPARSE_FILE, false, false, 4096, 1, true, true },
        { FROM_SPARSE_FILE, false, true, 0, 0, false, false },
        { FROM_MEMORY, true, false, 0, 0, false, false },
        { FROM_MEMORY, false, false, 0, 0, false, false },
    };
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .zstd = rows[_i].zstd };
    g_autoptr(GBytes) bytes = noise(MIB);
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigOutput) out = NULL;
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    store("in", bytes);
    if (rows[_i].from == FROM_SPARSE_FILE) {
        ck_assert_int_eq(truncate("in", 4 * MIB), 0);
    }
    in = rows[_i].from == FROM_MEMORY ? mig_input_new_bytes(bytes, "memory", NULL, NULL)
                                      : mig_input_open("in", NULL, NULL);
    out = rows[_i].to_pipe ? mig_output_new_fd(ends[1], "pipe", &options, NULL)
                           : mig_output_open("out", &options, NULL);
    ck_assert(
        mig_output_write(out, g_bytes_get_data(bytes, NULL), rows[_i].written, NULL));
    ck_assert(mig_output_moves(out, in, rows[_i].offset) ==
              (shares_blocks() ? rows[_i].if_shared : rows[_i].moves));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* Where files can share blocks: after what differs, as far as the blocks allow. */
START_TEST(shares_what_it_copies)
{
    g_autoptr(GBytes) bytes = noise(MIB + 100);
    g_autofree struct fiemap *found =
        g_malloc0(sizeof(struct fiemap) + 8 * sizeof(struct fiemap_extent));
    uint64_t shared = 0;

    if (!shares_blocks()) {
        return;
    }
    store("in", bytes);
    g_autoptr(MigInput) in = mig_input_open("in", NULL, NULL);
    g_autoptr(MigOutput) out = mig_output_open("out", NULL, NULL);
    ck_assert(mig_output_write(out, "other", 5, NULL));
    ck_assert(mig_output_copy(out, in, 5, MIB + 95, NULL));
    commit(out);
    int fd = open("out", O_RDONLY);
    found->fm_length = MIB;
    found->fm_extent_count = 8;
    ck_assert_int_eq(ioctl(fd, FS_IOC_FIEMAP, found), 0);
    close(fd);
    for (unsigned i = 0; i < found->fm_mapped_extents; i++) {
        if (found->fm_extents[i].fe_flags & FIEMAP_EXTENT_SHARED) {
            shared += found->fm_extents[i].fe_length;
        }
    }
    ck_assert_uint_eq(shared, MIB - 4096);
}
END_TEST

/* --- compression --- */

START_TEST(compresses)
{
    static const MigOutputOptions rows[] = {
        { MIG_OUTPUT_OPTIONS_INIT, .zstd = true },
        { MIG_OUTPUT_OPTIONS_INIT, .zstd = true, .zstd_level = 9 },
        { MIG_OUTPUT_OPTIONS_INIT, .zstd = true, .zstd_level = -5 },
        { MIG_OUTPUT_OPTIONS_INIT, .zstd = true, .zstd_threads = 2 },
        { MIG_OUTPUT_OPTIONS_INIT, .zstd = true, .zstd_threads = 2, .zstd_long = true },
    };
    g_autoptr(GBytes) bytes = noise(9 * MIB);
    g_autoptr(MigOutput) out = mig_output_open("out", &rows[_i], NULL);
    g_autofree uint8_t *found = g_malloc(9 * MIB);

    for (gsize at = 0; at < 9 * MIB; at += 333333) {
        g_autoptr(GBytes) part =
            g_bytes_new_from_bytes(bytes, at, MIN(333333, 9 * MIB - at));
        write_bytes(out, part);
    }
    commit(out);
    ck_assert_uint_eq(mig_output_tell(out), 9 * MIB);

    g_autoptr(MigInput) in = mig_input_open("out", NULL, NULL);
    ck_assert_str_eq(mig_container_name(mig_input_container(in, 0)), "zstd");
    ck_assert_ptr_null(mig_input_container(in, 1));
    ck_assert(mig_input_hold(in, NULL));
    ck_assert_uint_eq(mig_input_size(in), 9 * MIB);
    ck_assert_uint_eq(mig_input_read_at(in, 0, found, 9 * MIB), 9 * MIB);
    ck_assert_int_eq(memcmp(found, g_bytes_get_data(bytes, NULL), 9 * MIB), 0);
}
END_TEST

START_TEST(refuses_a_level)
{
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .zstd = true,
                                       .zstd_level = 1000 };
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(mig_output_open("out", &options, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
    ck_assert_uint_eq(n_entries("."), 0);
}
END_TEST

/* --- failures --- */

/* A full disk, by way of a limit on the file's size: written and copied alike. */
START_TEST(leaves_the_target_when_the_disk_is_full)
{
    const struct rlimit limit = { MIB, MIB };
    const bool copy = _i & 1;
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .force = true,
                                       .zstd = _i & 2 };
    g_autoptr(GBytes) old = noise(10);
    g_autoptr(GBytes) bytes = noise(12 * MIB);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;
    g_autoptr(GError) at_commit = NULL;

    store("in", bytes);
    store("old", old);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    g_autoptr(MigInput) in = mig_input_open("in", NULL, NULL);
    MigOutput *out = mig_output_open("old", &options, NULL);
    ck_assert(
        !(copy ? mig_output_copy(out, in, 0, 12 * MIB, &error)
               : mig_output_write(out, g_bytes_get_data(bytes, NULL), 12 * MIB, &error)));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_IO));
    ck_assert_ptr_nonnull(strstr(error->message, g_strerror(EFBIG)));
    ck_assert(!mig_output_broken_pipe(out));
    ck_assert(!mig_output_write(out, "x", 1, &again));
    ck_assert_str_eq(error->message, again->message);
    ck_assert(!mig_output_commit(out, &at_commit));
    mig_output_free(out);
    assert_file("old", old);
    ck_assert_uint_eq(n_entries("."), 2);
}
END_TEST

START_TEST(tells_a_broken_pipe)
{
    g_autoptr(GBytes) bytes = noise(4 * MIB);
    g_autoptr(GError) error = NULL;
    int ends[2];

    store("in", bytes);
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    g_autoptr(MigInput) in = mig_input_open("in", NULL, NULL);
    g_autoptr(MigOutput) out = mig_output_new_fd(ends[1], "pipe", NULL, NULL);
    ck_assert(!(_i == 0
                    ? mig_output_copy(out, in, 0, 4 * MIB, &error)
                    : mig_output_write(out, g_bytes_get_data(bytes, NULL), MIB, &error)));
    ck_assert(mig_output_broken_pipe(out));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_IO));
    close(ends[1]);
}
END_TEST

static bool is_set(void *data)
{
    return atomic_load((atomic_bool *)data);
}

START_TEST(stops_when_cancelled)
{
    atomic_bool cancel = true;
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .cancelled = is_set,
                                       .cancelled_data = &cancel };
    g_autoptr(GBytes) bytes = noise(MIB);
    g_autoptr(GError) error = NULL;

    store("in", bytes);
    g_autoptr(MigInput) in = mig_input_open("in", NULL, NULL);
    MigOutput *out = mig_output_open("out", &options, NULL);
    ck_assert(!(_i == 0
                    ? mig_output_copy(out, in, 0, MIB, &error)
                    : mig_output_write(out, g_bytes_get_data(bytes, NULL), MIB, &error)));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_CANCELLED));
    mig_output_free(out);
    ck_assert_uint_eq(n_entries("."), 1);
}
END_TEST

static TCase *case_in_folder(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);

    tcase_add_checked_fixture(tc, enter_folder, leave_folder);
    suite_add_tcase(suite, tc);
    return tc;
}

static void add_target_tests(TCase *tc)
{
    tcase_add_test(tc, appears_when_committed);
    tcase_add_test(tc, leaves_nothing_without_commit);
    tcase_add_loop_test(tc, refuses_a_target, 0, 8);
    tcase_add_test(tc, does_not_replace_what_came_meanwhile);
    tcase_add_loop_test(tc, replaces_and_keeps_the_mode, 0, 2);
    tcase_add_loop_test(tc, replaces_only_the_input, 0, 8);
    tcase_add_test(tc, replaces_no_unknown_input);
    tcase_add_test(tc, tells_lost_attributes);
    tcase_add_loop_test(tc, replaces_what_a_link_points_to, 0, 2);
}

Suite *suite_output(void)
{
    Suite *suite = suite_create("output");

    add_target_tests(case_in_folder(suite, "target"));
    TCase *named = tcase_create("target with a hidden name");
    tcase_add_checked_fixture(named, enter_folder_without_proc, leave_folder);
    add_target_tests(named);
    suite_add_tcase(suite, named);

    TCase *copy = case_in_folder(suite, "copy");
    tcase_add_loop_test(copy, copies_ranges, 0, N_SINKS * 2 * 2);
    tcase_add_loop_test(copy, keeps_holes, 0, 5);
    tcase_add_loop_test(copy, makes_holes_of_zeros, 0, 4);
    tcase_add_loop_test(copy, does_not_skip_over_old_content, 0, 2);
    tcase_add_loop_test(copy, tells_when_the_range_is_not_there, 0, 2);
    tcase_add_loop_test(copy, knows_what_moves, 0, 11);
    tcase_add_test(copy, shares_what_it_copies);

    TCase *compression = case_in_folder(suite, "compression");
    tcase_add_loop_test(compression, compresses, 0, 5);
    tcase_add_test(compression, refuses_a_level);

    TCase *failure = case_in_folder(suite, "failure");
    tcase_add_loop_test(failure, leaves_the_target_when_the_disk_is_full, 0, 4);
    tcase_add_loop_test(failure, tells_a_broken_pipe, 0, 2);
    tcase_add_loop_test(failure, stops_when_cancelled, 0, 2);
    return suite;
}
