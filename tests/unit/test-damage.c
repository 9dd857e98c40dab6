/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          every sound fixture below 64 KiB and seed of the fuzzer, cut at each
 *                length, and with each bit flipped of its first and last 4 KiB and of its
 *                VFIO sections: read and checked each time, converted for each cut and
 *                for a bit of each byte, and dumped for some.  The same of wrapped
 *                streams, with the bits of the first 256 bytes. `make check` tries a
 *                sample of that, FULL=1 all.
 * Must not know: what is in the fixtures.
 * See also:      ../fuzz/target-reader.c asserts the rest; test-hostile.c lies about
 *                sizes.
 *
 *   - No crash, and no item without a byte: the number of steps is bounded by the bytes.
 *   - At most 64 MiB of memory, which the kernel enforces.
 *   - What stands before a cut is read as it is in the whole stream.
 */
#include "bounds.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>
#include <zstd.h>

#include "fuzz/fuzz.h"
#include "migstat.h"
#include "packing.h"

/* Assertions are FUZZ_ASSERT: libcheck takes a note of each of its own that holds, and the
 * runner would grow by hundreds of megabytes, which each fork for a test has to copy. */

#define LARGEST (64u << 10)
#define ENDS    (4u << 10)
#define MEMORY  (64u << 20)

typedef struct {
    guint64 streams, wrapped, cuts, flips, conversions, dumps;
} Counts;
static Counts *counts; /* shared by the forks of this suite */

/* The first is tried with sanitizers too. */
static const char *const folders[] = { "good",    "dump", "devices",
                                       "extract", "diff", "../fuzz/seeds/stream" };
static char **fixtures;

static char **list_fixtures(void)
{
    GPtrArray *all = g_ptr_array_new();

    for (size_t i = 0; i < (is_release() ? G_N_ELEMENTS(folders) : 1); i++) {
        g_autofree char **list = fixture_list(folders[i], ".txt");

        for (char **name = list; *name; name++) {
            g_ptr_array_add(all, *name);
        }
    }
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_free(all, FALSE);
}

/* NULL where it is large, or is not sound, as some are outside of good. */
static GBytes *fixture(int i)
{
    g_autoptr(GBytes) bytes = fixture_bytes(fixtures[i]);
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);

    if (n > LARGEST) {
        return NULL;
    }
    if (!fuzz_read(data, n, NULL, NULL)) {
        ck_assert_msg(!g_str_has_prefix(fixtures[i], "good/"), "%s is not", fixtures[i]);
        return NULL;
    }
    return g_steal_pointer(&bytes);
}

/* Of the cuts and bytes, each so many: all with FULL=1, unless each takes 50 times as
 * long. */
static size_t stride(void)
{
    return is_slow() ? 61 : is_full() ? 1 : 17;
}

/* With which they begin: those that a sample leaves out differ from seed to seed. */
static size_t first(int i)
{
    g_autoptr(GRand) random = seeded(i);

    return (size_t)g_rand_int_range(random, 0, (gint32)stride());
}

static void check(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "damaged", NULL, NULL);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    g_autoptr(MigCheck) run = in ? mig_check_new(reader, NULL) : NULL;
    g_autoptr(GError) error = NULL;
    const MigItem *item;

    while (in && mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE) {
        mig_check_watch(run, item, NULL);
    }
    if (in) {
        mig_check_finish(run, error);
    }
}

static void convert(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "damaged", NULL, NULL);
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;
    int fd = open("/dev/null", O_WRONLY);
    g_autoptr(MigOutput) out = mig_output_new_fd(fd, "nothing", NULL, NULL);

    FUZZ_ASSERT(mig_chain_add(chain, "vfio-layout:to=subflag", NULL));
    if (in && !mig_chain_run(chain, in, NULL, out, NULL, &error)) {
        FUZZ_ASSERT(*error->message);
    }
    close(fd);
    counts->conversions++;
}

/* As text, JSON and fields, and compared: far slower than all else here together, so of
 * each stream about so many cuts and so many bytes. */
#define DUMPS 3u

static bool is_dumped(size_t at, size_t n)
{
    return at / stride() % (n / stride() / DUMPS | 1) == 0;
}

static void dump(const uint8_t *data, size_t n)
{
    fuzz_dump(data, n);
    counts->dumps++;
}

/* --- cuts --------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    GArray *starts; /* uint64_t, of the items of the whole stream */
    guint n;        /* items seen so far of a cut one */
} Starts;

static void note_start(const MigItem *item, void *user)
{
    g_array_append_val((GArray *)user, item->offset);
}

static void same_start(const MigItem *item, void *user)
{
    Starts *starts = user;

    FUZZ_ASSERT(starts->n < starts->starts->len &&
                    item->offset == g_array_index(starts->starts, uint64_t, starts->n),
                "%s: item %u starts at 0x%" PRIx64, starts->name, starts->n,
                item->offset);
    starts->n++;
}

START_TEST(test_cuts)
{
    g_autoptr(GBytes) bytes = fixture(_i);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    const uint8_t *data;
    size_t n;

    if (!bytes) {
        return;
    }
    data = g_bytes_get_data(bytes, &n);
    /* Elsewhere is state without a description, whose end is where the rest makes sense. */
    bool is_good = g_str_has_prefix(fixtures[_i], "good/");
    limit_memory(MEMORY);
    fuzz_read(data, n, note_start, all);
    for (size_t cut = first(_i); cut < n; cut += stride()) {
        g_autofree uint8_t *exact = g_memdup2(data, cut); /* a read beyond it is seen */
        Starts starts = { .name = fixtures[_i], .starts = all };

        fuzz_read(exact, cut, is_good ? same_start : NULL, &starts);
        check(exact, cut);
        convert(exact, cut);
        if (is_dumped(cut, n)) {
            dump(exact, cut);
        }
        counts->cuts++;
    }
    counts->streams++;
}
END_TEST

/* What ends is the compressed data, and that is said, not that the stream in it ends. */
START_TEST(test_compressed_cuts)
{
    g_autoptr(GBytes) bytes = fixture(_i);
    g_autofree uint8_t *packed = NULL;
    size_t n, bound;
    const uint8_t *data;

    if (!bytes) {
        return;
    }
    data = g_bytes_get_data(bytes, &n);
    bound = ZSTD_compressBound(n);
    packed = g_malloc(bound);
    n = ZSTD_compress(packed, bound, data, n, 1);
    limit_memory(MEMORY);
    for (size_t cut = 8 + first(_i); cut < n; cut += stride()) {
        g_autoptr(GBytes) part = g_bytes_new_static(packed, cut);
        g_autoptr(GError) error = NULL;
        g_autoptr(MigInput) in = mig_input_new_bytes(part, "cut", NULL, &error);
        g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
        const MigItem *item;

        while (in && mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE) {
        }
        FUZZ_ASSERT(g_error_matches(error, MIG_ERROR, MIG_ERROR_CONTAINER),
                    "%s: compressed, cut at %zu: %s", fixtures[_i], cut,
                    error ? error->message : "no error");
        counts->cuts++;
    }
}
END_TEST

/* --- flips -------------------------------------------------------------------------- */

typedef struct {
    uint8_t *wanted;
    size_t n; /* less than items say where the stream is compressed */
} Wanted;

static void note_vfio(const MigItem *item, void *user)
{
    Wanted *wanted = user;

    if (mig_section_is_vfio(item->section) && item->offset + item->length <= wanted->n) {
        memset(wanted->wanted + item->offset, 1, item->length);
    }
}

START_TEST(test_flips)
{
    g_autoptr(GBytes) bytes = fixture(_i);
    g_autofree uint8_t *data = NULL, *wanted = NULL;
    size_t n;

    if (!bytes) {
        return;
    }
    data = g_memdup2(g_bytes_get_data(bytes, &n), g_bytes_get_size(bytes));
    wanted = g_malloc0(n);
    memset(wanted, 1, MIN(n, ENDS));
    memset(wanted + n - MIN(n, ENDS), 1, MIN(n, ENDS));
    fuzz_read(data, n, note_vfio, &(Wanted){ wanted, n });
    limit_memory(MEMORY);
    for (size_t at = first(_i); at < n; at += stride()) {
        for (unsigned bit = 0; wanted[at] && bit < 8; bit++) {
            data[at] ^= (uint8_t)(1u << bit);
            fuzz_read(data, n, NULL, NULL);
            check(data, n);
            if (bit == at % 8) {
                convert(data, n);
                if (is_dumped(at, n)) {
                    dump(data, n);
                }
            }
            data[at] ^= (uint8_t)(1u << bit);
            counts->flips++;
        }
    }
}
END_TEST

/* --- wrappers ----------------------------------------------------------------------- */

#define WRAPPER_HEAD 256u

static GByteArray *wrap_zstd(const uint8_t *data, size_t n)
{
    GByteArray *packed = g_byte_array_new();
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t length;

    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    g_byte_array_set_size(packed, (guint)ZSTD_compressBound(n));
    length = ZSTD_compress2(context, packed->data, packed->len, data, n);
    ck_assert(!ZSTD_isError(length));
    ZSTD_freeCCtx(context);
    return g_byte_array_set_size(packed, (guint)length);
}

static GByteArray *wrap_gzip(const uint8_t *data, size_t n)
{
    g_autoptr(GZlibCompressor) gzip =
        g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
    GByteArray *packed = g_byte_array_new();
    gsize read, written;

    g_byte_array_set_size(packed, (guint)n + 1000);
    ck_assert_int_eq(g_converter_convert(G_CONVERTER(gzip), data, n, packed->data,
                                         packed->len, G_CONVERTER_INPUT_AT_END, &read,
                                         &written, NULL),
                     G_CONVERTER_FINISHED);
    return g_byte_array_set_size(packed, (guint)written);
}

static GByteArray *wrap_by(GBytes *(*pack)(GBytes *plain), const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) plain = g_bytes_new_static(data, n);

    return g_bytes_unref_to_array(pack(plain));
}

static GByteArray *wrap_bzip2(const uint8_t *data, size_t n)
{
    return wrap_by(packed_bzip2, data, n);
}

static GByteArray *wrap_xz(const uint8_t *data, size_t n)
{
    return wrap_by(packed_xz, data, n);
}

static GByteArray *wrap_lzop(const uint8_t *data, size_t n)
{
    return wrap_by(packed_lzop, data, n);
}

enum { LIBVIRT_RAW = 0, LIBVIRT_GZIP = 1, LIBVIRT_XZ = 3, LIBVIRT_ZSTD = 5 };

/* The header of a save image, and the domain and the cookie after it. */
static GByteArray *in_libvirt(uint32_t format, GByteArray *payload)
{
    static const char xml[] = "<domain/>\0<cookie/>";
    const uint32_t words[] = { 2, sizeof xml, 1, format, 10 };
    GByteArray *image = g_byte_array_new();
    uint8_t header[92] = "LibvirtQemudSave";

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        const uint32_t little = GUINT32_TO_LE(words[i]);

        memcpy(header + 16 + 4 * i, &little, sizeof little);
    }
    g_byte_array_append(image, header, sizeof header);
    g_byte_array_append(image, (const uint8_t *)xml, sizeof xml);
    g_byte_array_append(image, payload->data, payload->len);
    g_byte_array_unref(payload);
    return image;
}

static GByteArray *wrap_libvirt(const uint8_t *data, size_t n)
{
    return in_libvirt(LIBVIRT_RAW,
                      g_byte_array_append(g_byte_array_new(), data, (guint)n));
}

static GByteArray *wrap_libvirt_gzip(const uint8_t *data, size_t n)
{
    return in_libvirt(LIBVIRT_GZIP, wrap_gzip(data, n));
}

static GByteArray *wrap_libvirt_xz(const uint8_t *data, size_t n)
{
    return in_libvirt(LIBVIRT_XZ, wrap_xz(data, n));
}

static GByteArray *wrap_libvirt_zstd(const uint8_t *data, size_t n)
{
    return in_libvirt(LIBVIRT_ZSTD, wrap_zstd(data, n));
}

static const struct {
    const char *name;
    GByteArray *(*wrap)(const uint8_t *data, size_t n);
    bool compressed; /* an end that is missing is noticed, whatever it is the end of */
} wrappers[] = {
    { "zstd", wrap_zstd, true },
    { "gzip", wrap_gzip, true },
    { "bzip2", wrap_bzip2, true },
    { "xz", wrap_xz, true },
    { "lzop", wrap_lzop, true },
    { "libvirt", wrap_libvirt, false },
    { "libvirt, gzip", wrap_libvirt_gzip, true },
    { "libvirt, xz", wrap_libvirt_xz, true },
    { "libvirt, zstd", wrap_libvirt_zstd, true },
};

/* Where it is dumped it is read from a file and a pipe too. */
static void damage(const uint8_t *data, size_t n, bool dumped)
{
    check(data, n);
    if (dumped) {
        fuzz_reader(data, n);
        convert(data, n);
        dump(data, n);
    }
}

START_TEST(test_wrapper)
{
    g_autoptr(GBytes) bytes = fixture_bytes("good/vfio-config-last.txt");
    g_autoptr(GByteArray) whole =
        wrappers[_i].wrap(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    const size_t head = MIN(whole->len, WRAPPER_HEAD);

    ck_assert_msg(fuzz_read(whole->data, whole->len, NULL, NULL), "%s",
                  wrappers[_i].name);
    limit_memory(MEMORY);
    for (size_t cut = first(_i); cut < whole->len; cut += stride()) {
        g_autofree uint8_t *exact = g_memdup2(whole->data, cut);

        FUZZ_ASSERT(!fuzz_read(exact, cut, NULL, NULL) || !wrappers[_i].compressed,
                    "%s: cut at %zu it is complete", wrappers[_i].name, cut);
        damage(exact, cut, is_dumped(cut, whole->len));
        counts->cuts++;
    }
    for (size_t at = first(_i); at < head; at += stride()) {
        for (unsigned bit = 0; bit < 8; bit++) {
            whole->data[at] ^= (uint8_t)(1u << bit);
            fuzz_read(whole->data, whole->len, NULL, NULL);
            damage(whole->data, whole->len, bit == at % 8 && is_dumped(at, head));
            whole->data[at] ^= (uint8_t)(1u << bit);
            counts->flips++;
        }
    }
    counts->wrapped++;
}
END_TEST

/* Last: the forks before it have counted.  A slow variant tries each 61st cut, and all that
 * are left out are fewer than that. */
START_TEST(test_counts)
{
    unsigned n = g_strv_length(fixtures);

    ck_assert_uint_gt(counts->streams, n / 2);
    ck_assert_uint_eq(counts->wrapped, G_N_ELEMENTS(wrappers));
    ck_assert_uint_gt(counts->cuts, counts->streams);
    ck_assert_uint_gt(counts->flips, counts->streams);
    ck_assert_uint_gt(counts->conversions, counts->streams);
    ck_assert_uint_gt(counts->dumps, counts->streams);
    printf("damage: %" PRIu64 " streams, %" PRIu64 " wrapped, %" PRIu64 " cuts, %" PRIu64
           " flipped bits, %" PRIu64 " conversions, %" PRIu64 " dumps\n",
           counts->streams, counts->wrapped, counts->cuts, counts->flips,
           counts->conversions, counts->dumps);
}
END_TEST

Suite *suite_damage(void)
{
    Suite *suite = suite_create("damage");
    TCase *damaging = tcase_create("cuts and flips");
    TCase *tally = tcase_create("tally");

    fixtures = list_fixtures();
    counts = shared_counts(sizeof *counts);
    tcase_add_loop_test(damaging, test_cuts, 0, (int)g_strv_length(fixtures));
    tcase_add_loop_test(damaging, test_compressed_cuts, 0, (int)g_strv_length(fixtures));
    tcase_add_loop_test(damaging, test_flips, 0, (int)g_strv_length(fixtures));
    tcase_add_loop_test(damaging, test_wrapper, 0, G_N_ELEMENTS(wrappers));
    tcase_add_test(tally, test_counts);
    suite_add_tcase(suite, damaging);
    suite_add_tcase(suite, tally);
    return suite;
}
