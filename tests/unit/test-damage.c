/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: every sound fixture below 64 KiB, cut at each length, and with each bit flipped
 * of its first and last 4 KiB and of its VFIO sections: read and checked each time, and
 * converted for each cut and for a bit of each octet.
 *   - No crash, and no item without a byte: the number of steps is bounded by the bytes.
 *   - At most 64 MiB of memory, which the kernel enforces.
 *   - What stands before a cut is read as it is in the whole stream.
 * Must not know: what is in the fixtures.
 * Neighbours: ../fuzz/target-reader.c asserts the rest; test-hostile.c lies about sizes.
 */
#include "bounds.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>
#include <zstd.h>

#include "fuzz/fuzz.h"
#include "migstat.h"

/* Assertions are FUZZ_ASSERT: libcheck takes a note of each of its own that holds, and the
 * runner would grow by hundreds of megabytes, which each fork for a test has to copy. */

#define LARGEST (64u << 10)
#define ENDS    (4u << 10)
#define MEMORY  (64u << 20)

typedef struct {
    guint64 streams, cuts, flips, conversions;
} Counts;
static Counts *counts; /* shared by the forks of this suite */

/* The first is tried with sanitizers too. */
static const char *const folders[] = { "good", "dump", "devices", "extract" };
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

/* Of the cuts and octets, each so many: all but where each takes 50 times as long. */
static size_t stride(void)
{
    const char *variant = g_getenv("VARIANT");

    return !variant || (strcmp(variant, "valgrind") != 0 && strcmp(variant, "tsan") != 0)
               ? 1
               : 61;
}

static void check(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "damaged", NULL, NULL);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    g_autoptr(MigCheck) run = in ? mig_check_new(reader, NULL) : NULL;
    g_autoptr(GError) error = NULL;
    MigItem item;

    while (in && mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE) {
        mig_check_item(run, &item);
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
    for (size_t cut = 0; cut < n; cut += stride()) {
        g_autofree uint8_t *exact = g_memdup2(data, cut); /* a read beyond it is seen */
        Starts starts = { .name = fixtures[_i], .starts = all };

        fuzz_read(exact, cut, is_good ? same_start : NULL, &starts);
        check(exact, cut);
        convert(exact, cut);
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
    for (size_t cut = 8; cut < n; cut += stride()) {
        g_autoptr(GBytes) part = g_bytes_new_static(packed, cut);
        g_autoptr(GError) error = NULL;
        g_autoptr(MigInput) in = mig_input_new_bytes(part, "cut", NULL, &error);
        g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
        MigItem item;

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

static void note_vfio(const MigItem *item, void *user)
{
    if (mig_section_is_vfio(item->section)) {
        memset((uint8_t *)user + item->offset, 1, item->length);
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
    fuzz_read(data, n, note_vfio, wanted);
    limit_memory(MEMORY);
    for (size_t at = 0; at < n; at += stride()) {
        for (unsigned bit = 0; wanted[at] && bit < 8; bit++) {
            data[at] ^= (uint8_t)(1u << bit);
            fuzz_read(data, n, NULL, NULL);
            check(data, n);
            if (bit == at % 8) {
                convert(data, n);
            }
            data[at] ^= (uint8_t)(1u << bit);
            counts->flips++;
        }
    }
}
END_TEST

/* Last: the forks before it have counted. */
START_TEST(test_counts)
{
    printf("damage: %" PRIu64 " streams, %" PRIu64 " cuts, %" PRIu64
           " flipped bits, %" PRIu64 " conversions\n",
           counts->streams, counts->cuts, counts->flips, counts->conversions);
}
END_TEST

Suite *suite_damage(void)
{
    Suite *suite = suite_create("damage");
    TCase *damage = tcase_create("cuts and flips");
    TCase *tally = tcase_create("tally");

    fixtures = list_fixtures();
    counts = shared_counts(sizeof *counts);
    tcase_set_timeout(damage, 300);
    tcase_add_loop_test(damage, test_cuts, 0, (int)g_strv_length(fixtures));
    tcase_add_loop_test(damage, test_compressed_cuts, 0, (int)g_strv_length(fixtures));
    tcase_add_loop_test(damage, test_flips, 0, (int)g_strv_length(fixtures));
    tcase_add_test(tally, test_counts);
    suite_add_tcase(suite, damage);
    suite_add_tcase(suite, tally);
    return suite;
}
