/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          wrappers that are taken off and put on again, and where the stream then lies.
 * Must not know: how an input reads what is wrapped: test-input.c.
 * See also:      lib/io/container-type.h; lib/stream/writer.c.
 *
 * MIGSTAT_IMAGES=DIR has the files of a folder, such as images of a real libvirt, unwrapped and
 * wrapped again too.
 */
#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "content.h"
#include "conversion.h"
#include "suites.h"
#include "support.h"
#include "bounds.h"

/* A save image of the format FORMAT up to its payload, its integers in the order of INT. */
#define IMAGE(MAGIC, INT, FORMAT)                                 \
    "str \"" MAGIC "\"; " INT " 2 133 1 " FORMAT " 11; zero 56; " \
    "str \"<domain/>\"; zero 2; str \"<cookie/>\"; zero 113; "

/* What a conversion that changes nothing makes of a file of @at zeros: it goes to the end of it, to
 * which the descriptor was moved, or which O_APPEND finds. */
static GBytes *written(MigInput *in, const MigOutputOptions *options, off_t at,
                       bool o_append)
{
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;
    int fd = memfd_create("rewritten", MFD_CLOEXEC);

    ck_assert_int_eq(o_append ? ftruncate(fd, at) : lseek(fd, at, SEEK_SET),
                     o_append ? 0 : at);
    ck_assert_int_eq(fcntl(fd, F_SETFL, o_append ? O_APPEND : 0), 0);
    g_autoptr(MigOutput) out = mig_output_new_fd(fd, "memory", options, &error);
    ck_assert_msg(out && mig_chain_add(chain, "null", &error) &&
                      mig_chain_run(chain, in, NULL, out, NULL, &error) &&
                      mig_output_commit(out, &error),
                  "%s", error ? error->message : "");
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq(mig_output_written(out), (uint64_t)(st.st_size - at));
    uint8_t *bytes = g_malloc(st.st_size);
    ck_assert_int_eq(pread(fd, bytes, st.st_size, 0), st.st_size);
    close(fd);
    return g_bytes_new_take(bytes, st.st_size);
}

static GBytes *appended(MigInput *in, const MigInput *like, off_t at, bool o_append)
{
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .like = like };

    return written(in, &options, at, o_append);
}

static GBytes *rewritten(MigInput *in, const MigInput *like)
{
    return appended(in, like, 0, false);
}

static MigInput *opened(GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    MigInput *in = mig_input_new_bytes(bytes, "bytes", NULL, &error);

    ck_assert_msg(in != NULL, "%s", error ? error->message : "");
    return in;
}

/* From a pipe, which holds all of @bytes. */
static MigInput *piped(GBytes *bytes)
{
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .owns_fd = true };
    gsize n;
    const void *data = g_bytes_get_data(bytes, &n);
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], data, n), (ssize_t)n);
    close(ends[1]);
    return mig_input_new_fd(ends[0], "pipe", &options, NULL);
}

static GBytes *unwrapped(GBytes *bytes)
{
    g_autoptr(MigInput) in = opened(bytes);

    return rewritten(in, NULL);
}

/* "zstd 0, libvirt save image 225": the wrappers, and the lengths of their headers. */
static char *wrappers_of(GBytes *bytes)
{
    g_autoptr(MigInput) in = opened(bytes);
    const MigContainer *container;
    GString *names = g_string_new(NULL);

    for (size_t i = 0; (container = mig_input_container(in, i)); i++) {
        g_string_append_printf(names, "%s%s %" PRIu64, i ? ", " : "",
                               mig_container_name(container),
                               mig_container_header_length(container));
    }
    return g_string_free(names, FALSE);
}

static GBytes *zstd(GBytes *plain)
{
    gsize n;
    const void *data = g_bytes_get_data(plain, &n);
    size_t bound = ZSTD_compressBound(n);
    void *packed = g_malloc(bound);

    return g_bytes_new_take(packed, ZSTD_compress(packed, bound, data, n, 1));
}

static const char stream_text[] = "header; config \"pc-q35-7.2\"; eof";

static const struct {
    const char *image; /* what comes before the stream; "" */
    bool inner, outer; /* the stream is compressed; all is */
    const char *wrappers;
} wraps[] = {
    { "", false, false, "" },
    { "", true, false, "zstd 0" },
    { IMAGE("LibvirtQemudSave", "le32", "0"), false, false, "libvirt save image 225" },
    { IMAGE("LibvirtQemudPart", "be32", "0"), false, false, "libvirt save image 225" },
    { IMAGE("LibvirtQemudSave", "be32", "5"), true, false,
      "libvirt save image 225, zstd 0" },
    { IMAGE("LibvirtQemudSave", "le32", "0"), false, true,
      "zstd 0, libvirt save image 225" },
    { IMAGE("LibvirtQemudSave", "le32", "5"), true, true,
      "zstd 0, libvirt save image 225, zstd 0" },
};

/* Headers come back to the byte, and so does all that is not compressed. */
START_TEST(makes_wrappers_again)
{
    g_autoptr(GBytes) stream = assembled(stream_text);
    g_autoptr(GBytes) payload = wraps[_i].inner ? zstd(stream) : g_bytes_ref(stream);
    g_autoptr(GBytes) header = assembled(wraps[_i].image);
    g_autoptr(GBytes) inside = joined_bytes(header, payload);
    g_autoptr(GBytes) all = wraps[_i].outer ? zstd(inside) : g_bytes_ref(inside);

    for (int pipe = 0; pipe < 2; pipe++) {
        g_autoptr(MigInput) in = pipe ? piped(all) : opened(all);
        g_autoptr(GBytes) again = rewritten(in, in);
        g_autoptr(GBytes) plain = unwrapped(again);
        g_autofree char *wrappers = wrappers_of(again);

        ck_assert_str_eq(wrappers, wraps[_i].wrappers);
        assert_same_bytes(plain, stream, wrappers);
        if (!wraps[_i].inner && !wraps[_i].outer) {
            assert_same_bytes(again, all, wrappers);
        } else if (!wraps[_i].outer) {
            ck_assert_mem_eq(g_bytes_get_data(again, NULL), g_bytes_get_data(all, NULL),
                             g_bytes_get_size(header));
        }
    }
}
END_TEST

/* Offsets of mapped-ram count from the start of the file.  A stream that moves into an image, or
 * to where a descriptor is, has its pages where it says, and comes back as it was. */
START_TEST(mapped_ram_is_told_where_its_file_begins)
{
    static const struct {
        const char *image;
        off_t at;
        bool o_append;
    } rows[] = {
        { "", 0, false },
        { "", 33, false },
        { "", 33, true },
        { "", 5 << 20, false },
        { IMAGE("LibvirtQemudSave", "le32", "6"), 0, false },
        { IMAGE("LibvirtQemudSave", "le32", "6"), 4096, false },
    };
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT,
                                      .offset = (uint64_t)rows[_i].at };
    g_autoptr(GBytes) stream = fixture_bytes("real/q35-100-mapped-ram.mig.zst");
    g_autoptr(GBytes) header = assembled(rows[_i].image);
    g_autoptr(MigInput) like = opened(header), in = opened(stream);
    g_autoptr(GBytes) file = appended(in, like, rows[_i].at, rows[_i].o_append);
    g_autofree char *wanted = content_of(stream);

    g_autoptr(MigInput) there = mig_input_new_bytes(file, "file", &options, NULL);
    ck_assert_uint_eq(mig_input_file_offset(there),
                      (uint64_t)rows[_i].at + g_bytes_get_size(header));
    g_autofree char *found = content_of_input(there);
    ck_assert_msg(strcmp(found, wanted) == 0, "the content has changed");

    mig_input_rewind(there, 0);
    g_autoptr(GBytes) back = rewritten(there, NULL);
    assert_same_bytes(back, stream, "back at the start");
    mig_input_rewind(there, 0);
    g_autoptr(GBytes) same = appended(there, there, rows[_i].at, false);
    assert_same_bytes(same, file, "at the same place");
}
END_TEST

/* What an input becomes with another compression. */
static GBytes *compressed(GBytes *bytes, const char *compression, int level)
{
    g_autoptr(MigInput) in = opened(bytes);
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .like = in,
                                       .compression = compression, .level = level };

    return written(in, &options, 0, false);
}

static const struct {
    const char *name;
    uint8_t format; /* of a save image */
    int level;
} compressions[] = {
    { "none", 0, 0 }, { "gzip", 1, 9 }, { "bzip2", 2, 1 },
    { "xz", 3, 1 },   { "lzop", 4, 0 }, { "zstd", 5, 5 },
};

/* The header says the compression, in the image's byte order; all else of it stays. */
START_TEST(changes_the_compression)
{
    static const char *const images[] = { IMAGE("LibvirtQemudSave", "le32", "0"),
                                          IMAGE("LibvirtQemudPart", "be32", "0") };
    const size_t row = (size_t)_i / 2, big = (size_t)_i % 2;
    const char *name = compressions[row].name;
    g_autoptr(GBytes) stream = assembled(stream_text);
    g_autoptr(GBytes) header = assembled(images[big]);
    g_autoptr(GBytes) all = joined_bytes(header, stream);
    g_autoptr(GBytes) image = compressed(all, name, compressions[row].level);
    g_autoptr(GBytes) image_again = compressed(image, NULL, 0);
    g_autoptr(GBytes) bare = compressed(stream, name, compressions[row].level);
    g_autoptr(GBytes) unwrapped_image = unwrapped(image_again);
    g_autoptr(GBytes) unwrapped_bare = unwrapped(bare);
    g_autoptr(GBytes) back = compressed(image, "none", 0);
    g_autofree char *wrappers = wrappers_of(image_again);
    g_autofree char *wanted =
        g_strdup_printf("libvirt save image 225%s%s%s", row ? ", " : "", row ? name : "",
                        row ? " 0" : "");
    g_autofree uint8_t *said = g_memdup2(g_bytes_get_data(image, NULL), 225);

    ck_assert_str_eq(wrappers, wanted);
    assert_same_bytes(unwrapped_image, stream, name);
    assert_same_bytes(unwrapped_bare, stream, name);
    assert_same_bytes(back, all, name);
    ck_assert_uint_eq(said[big ? 31 : 28], compressions[row].format);
    said[big ? 31 : 28] = 0;
    ck_assert_mem_eq(said, g_bytes_get_data(header, NULL), 225);
}
END_TEST

/* Header and blocks are those of lzop(1): of 256 KiB, which an older one has room for. */
START_TEST(writes_blocks_as_lzop_does)
{
    static const uint32_t lengths[] = { 256 << 10, 256 << 10, 1000, 0 };
    g_autoptr(GBytes) stream =
        assembled("header; config \"pc\"; eof; zero 0x80000-16+1000");
    g_autoptr(GBytes) packed = compressed(stream, "lzop", 0);
    g_autoptr(GBytes) header = assembled(
        "u8 0x89; str \"LZO\"; u8 0 13 10 26 10; be16 0x1040 0x20a0 0x0940; u8 1 5; "
        "be32 0x03000001 0x8180 0 0; u8 0; be32 0x293f0265");
    gsize n;
    const uint8_t *data = g_bytes_get_data(packed, &n), *end = data + n;

    ck_assert_uint_ge(n, g_bytes_get_size(header));
    ck_assert_mem_eq(data, g_bytes_get_data(header, NULL), g_bytes_get_size(header));
    data += g_bytes_get_size(header);
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        const uint32_t length = GUINT32_TO_BE(lengths[i]);

        ck_assert(data + 4 <= end && memcmp(data, &length, 4) == 0);
        data += lengths[i] ? 12 + lengths[i] : 4;
    }
    ck_assert_ptr_eq(data, end);
}
END_TEST

/* What repeats after 32,000 bytes, which no smaller window of gzip reaches, is packed once; and is
 * had again in pieces, of which one refers to another. */
START_TEST(refers_back_as_far_as_gzip_does)
{
    const size_t n = 32000;
    g_autoptr(GBytes) stream = assembled(stream_text);
    g_autofree uint8_t *noise = g_malloc(n);
    uint32_t state = 1;

    for (size_t i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        noise[i] = (uint8_t)(state >> 24);
    }
    g_autoptr(GBytes) once = g_bytes_new(noise, n);
    g_autoptr(GBytes) twice = joined_bytes(once, once);
    g_autoptr(GBytes) all = joined_bytes(stream, twice);
    g_autoptr(GBytes) packed = compressed(all, "gzip", 0);
    g_autoptr(GBytes) same = unwrapped(packed);

    ck_assert_uint_lt(g_bytes_get_size(packed), n + 2000);
    assert_same_bytes(same, all, "gzip");
}
END_TEST

START_TEST(tells_the_levels)
{
    static const struct {
        const char *name;
        int lowest, highest;
    } rows[] = { { "gzip", 1, 9 }, { "bzip2", 1, 9 }, { "xz", 1, 9 }, { "lzop", 0, 0 } };
    int lowest = -1, highest = -1;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        ck_assert(mig_output_levels(rows[i].name, &lowest, &highest));
        ck_assert_int_eq(lowest, rows[i].lowest);
        ck_assert_int_eq(highest, rows[i].highest);
    }
    ck_assert(mig_output_levels("zstd", &lowest, &highest) && highest >= 19);
    ck_assert(!mig_output_levels("lz4", &lowest, &highest));
    ck_assert(!mig_output_levels("qcow2", &lowest, &highest));
}
END_TEST

/* Version 1 knows no format, and becomes 2. */
START_TEST(makes_an_old_image_new)
{
    g_autoptr(GBytes) stream = assembled(stream_text);
    g_autoptr(GBytes) header =
        assembled("str \"LibvirtQemudSave\"; le32 1 133 1 9 0; zero 56; "
                  "str \"<domain/>\"; zero 124");
    g_autoptr(GBytes) all = joined_bytes(header, stream);
    g_autoptr(GBytes) same = compressed(all, "none", 0);
    g_autoptr(GBytes) packed = compressed(all, "gzip", 0);
    const uint8_t *data = g_bytes_get_data(packed, NULL);

    assert_same_bytes(same, all, "version 1");
    ck_assert_uint_eq(data[16], 2);
    ck_assert_uint_eq(data[28], 1);
}
END_TEST

/* What cannot be is refused before anything is written. */
START_TEST(refuses_what_it_cannot_wrap)
{
    static const struct {
        const char *image, *compression;
        int level;
        MigErrorCode code;
        const char *message;
    } rows[] = {
        { IMAGE("LibvirtQemudSave", "le32", "6"), "xz", 0, MIG_ERROR_UNSUPPORTED,
          "a sparse libvirt save image cannot be compressed, since its pages lie at "
          "fixed places of the file; --filter=mapped-ram:to=plain --compress=xz makes "
          "RAM plain, and compresses that" },
        { "", "lz4", 0, MIG_ERROR_USAGE, "there is no compression \"lz4\"" },
        { "", "libvirt save image", 0, MIG_ERROR_USAGE,
          "there is no compression \"libvirt save image\"" },
        { "", "gzip", 10, MIG_ERROR_USAGE, "gzip has levels from 1 to 9, not 10" },
        { "", "bzip2", -1, MIG_ERROR_USAGE, "bzip2 has levels from 1 to 9, not -1" },
        { "", "lzop", 1, MIG_ERROR_USAGE, "lzop has no levels" },
    };
    g_autoptr(GBytes) header = assembled(rows[_i].image);
    g_autoptr(MigInput) like = opened(header);
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .like = like,
                                       .compression = rows[_i].compression,
                                       .level = rows[_i].level };
    g_autoptr(GError) error = NULL;
    int fd = memfd_create("refused", MFD_CLOEXEC);

    ck_assert_ptr_null(mig_output_new_fd(fd, "memory", &options, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, (int)rows[_i].code));
    ck_assert_str_eq(error->message, rows[_i].message);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), 0);
    close(fd);
}
END_TEST

/* A save image whose header says that so much follows it, and that much. */
static GBytes *large_image(uint32_t length)
{
    uint8_t *bytes = g_malloc0(92 + (size_t)length);
    const uint32_t words[] = { GUINT32_TO_LE(2), GUINT32_TO_LE(length) };

    memcpy(bytes, "LibvirtQemudSave", 16);
    memcpy(bytes + 16, words, sizeof(words));
    return g_bytes_new_take(bytes, 92 + (size_t)length);
}

/* Reading needs no memory for the XML; without that it cannot be written again, and that is
 * said. */
START_TEST(keeps_a_header_if_there_is_room)
{
    const bool room = _i == 0 || !is_release();
    g_autoptr(GBytes) all = large_image(48 << 20);

    if (!room) {
        limit_memory(40 << 20);
    }
    g_autoptr(MigInput) like = opened(all);
    const MigOutputOptions options = { MIG_OUTPUT_OPTIONS_INIT, .like = like };
    g_autoptr(GError) error = NULL;
    int fd = memfd_create("large", MFD_CLOEXEC);
    g_autoptr(MigOutput) out = mig_output_new_fd(fd, "memory", &options, &error);

    ck_assert_uint_eq(mig_container_header_length(mig_input_container(like, 0)),
                      92 + (48 << 20));
    ck_assert((out != NULL) == room);
    ck_assert_str_eq(error ? error->message : "",
                     room ? ""
                          : "the header of a libvirt save image was not kept, and so it "
                            "cannot be made again");
    close(fd);
}
END_TEST

/* A compression that ends early is told, and not what its first bytes look like. */
START_TEST(says_that_the_wrapper_ends)
{
    /* A frame header, and a raw block of one byte that is not the last. */
    g_autoptr(GBytes) cut = g_bytes_new_static("\x28\xb5\x2f\xfd\0\x58\x08\0\0(", 10);
    g_autoptr(MigInput) in = opened(cut);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const MigItem *item;
    ck_assert_int_eq(mig_reader_next(reader, &item, &error), MIG_STATUS_ERROR);
    ck_assert_str_eq(error->message, "zstd: the compressed data ends within a frame");
}
END_TEST

/* The SHA-256 of the stream in a file, as the facts beside it have it; NULL: there are none. */
static char *sum_of_facts(const char *path)
{
    g_autofree char *stem = g_str_has_suffix(path, ".zst")
                                ? g_strndup(path, strlen(path) - 4)
                                : g_strdup(path);
    g_autofree char *own = g_strconcat(path, ".facts.json", NULL);
    g_autofree char *stored = g_strconcat(stem, ".facts.json", NULL);
    g_autofree char *text = NULL;
    const char *sum;

    if (!g_file_get_contents(own, &text, NULL, NULL) &&
        !g_file_get_contents(stored, &text, NULL, NULL)) {
        return NULL;
    }
    sum = strstr(text, "\"stream_sha256\": \"");
    return sum ? g_strndup(sum + strlen("\"stream_sha256\": \""), 64) : NULL;
}

static bool has_stream_of_facts(const char *path)
{
    g_autofree char *wanted = sum_of_facts(path), *data = NULL, *sum = NULL;
    gsize n;

    if (wanted && g_file_get_contents(path, &data, &n, NULL)) {
        g_autoptr(GBytes) all = g_bytes_new_take(g_steal_pointer(&data), n);
        g_autoptr(GBytes) plain = unwrapped(all);

        sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, plain);
        ck_assert_msg(strcmp(sum, wanted) == 0, "%s: %s", path, sum);
    }
    return wanted != NULL;
}

/* What the programs made that pack: each in a form that none of ours has. */
START_TEST(undoes_what_others_packed)
{
    g_autofree char *folder = source_path("tests/fixtures/wrapped");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    unsigned n = 0;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        n += has_stream_of_facts(path);
    }
    ck_assert_uint_eq(n, 7);
}
END_TEST

/* An image of MIGSTAT_IMAGES; what is not undone is left out. */
static void check_image(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(MigInput) in = mig_input_open(path, NULL, NULL);
    g_autofree char *data = NULL;
    gsize n;
    bool compressed = false;
    const MigContainer *container;

    for (size_t i = 0; in && (container = mig_input_container(in, i)); i++) {
        compressed |= mig_container_header_length(container) == 0;
    }
    if (!in || !mig_input_container(in, 0)) {
        return;
    }
    ck_assert(g_file_get_contents(path, &data, &n, NULL));
    g_autoptr(GBytes) all = g_bytes_new_take(g_steal_pointer(&data), n);
    g_autoptr(GBytes) again = rewritten(in, in);
    g_autofree char *wrappers = wrappers_of(all), *wrappers_again = wrappers_of(again);
    ck_assert_str_eq(wrappers, wrappers_again);
    if (!compressed) {
        assert_same_bytes(again, all, path);
    } else {
        g_autoptr(GBytes) plain = unwrapped(all), plain_again = unwrapped(again);
        assert_same_bytes(plain_again, plain, path);
    }
    g_print("%s: %s%s\n", name, wrappers,
            has_stream_of_facts(path) ? ", as its facts say" : "");
}

START_TEST(makes_given_images_again)
{
    const char *folder = g_getenv("MIGSTAT_IMAGES"), *name;
    g_autoptr(GDir) dir = folder ? g_dir_open(folder, 0, NULL) : NULL;

    while (dir && (name = g_dir_read_name(dir))) {
        check_image(folder, name);
    }
}
END_TEST

Suite *suite_container(void)
{
    Suite *suite = suite_create("container");
    TCase *tc = tcase_create("wrap");

    tcase_add_loop_test(tc, makes_wrappers_again, 0, G_N_ELEMENTS(wraps));
    tcase_add_loop_test(tc, mapped_ram_is_told_where_its_file_begins, 0, 6);
    tcase_add_loop_test(tc, changes_the_compression, 0, 2 * G_N_ELEMENTS(compressions));
    tcase_add_test(tc, writes_blocks_as_lzop_does);
    tcase_add_test(tc, refers_back_as_far_as_gzip_does);
    tcase_add_test(tc, tells_the_levels);
    tcase_add_test(tc, makes_an_old_image_new);
    tcase_add_loop_test(tc, refuses_what_it_cannot_wrap, 0, 6);
    tcase_add_loop_test(tc, keeps_a_header_if_there_is_room, 0, 2);
    tcase_add_test(tc, says_that_the_wrapper_ends);
    tcase_add_test(tc, undoes_what_others_packed);
    tcase_add_test(tc, makes_given_images_again);
    suite_add_tcase(suite, tc);
    return suite;
}
