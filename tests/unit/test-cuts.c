/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          wrappers that real programs made, cut short: one of at most 64 KiB at each byte, a
 *                larger one at a sample of them.
 * Must not know: any kind of wrapper.
 * See also:      test-damage.c, which cuts and changes wrappers made here; tests/README.md.
 *
 * `make check` cuts those of more than 2 KiB at a sample too, FULL=1 at each byte.
 *
 * What is cut is an error, unless the stream that is wrapped is there to its last byte, or to its end
 * mark, after which nobody can tell that there was a description.
 *
 * MIGSTAT_IMAGES=DIR has the files of a folder cut too, such as images of a real libvirt.
 */
#include "bounds.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "migstat.h"
#include "suites.h"

/* As in test-damage.c, FUZZ_ASSERT is for what happens many times. */

#define LARGEST (64u << 10) /* of which each byte is tried */
#define EACH    (2u << 10)  /* and without FULL=1 of what is no longer than this */
#define SAMPLE  24u         /* cuts of a larger one */
#define LAST    8u          /* which are these bytes from its end, and others anywhere */

typedef struct {
    guint64 files, cuts, whole;
} Counts;
static Counts *counts; /* shared by the forks of this suite */
static GPtrArray *files;

static void add_folder(const char *folder)
{
    g_autoptr(GDir) dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (!g_str_has_suffix(name, ".json") && !g_str_has_suffix(name, ".md")) {
            g_ptr_array_add(files, g_build_filename(folder, name, NULL));
        }
    }
}

static void list_files(void)
{
    static const char *const folders[] = { "wrapped", "lzop", "real" };

    files = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *relative = g_strconcat("tests/fixtures/", folders[i], NULL);
        g_autofree char *folder = source_path(relative);

        add_folder(folder);
    }
    add_folder(g_getenv("MIGSTAT_IMAGES"));
}

/* In an image of several snapshots, the first. */
static MigInput *opened(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(GError) error = NULL;
    const MigInputOptions first = { MIG_INPUT_OPTIONS_INIT, .snapshot = "1" };
    MigInput *in = mig_input_new_bytes(bytes, "wrapper", &first, &error);

    FUZZ_ASSERT(in || (error && *error->message));
    return in;
}

/* Whether it is read to its end and check finds no error.  *described: whether it has a description,
 * without which a stream ends at its end mark. */
static bool is_sound(const uint8_t *data, size_t n, bool *described)
{
    g_autoptr(MigInput) in = opened(data, n);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    g_autoptr(MigCheck) check = in ? mig_check_new(reader, NULL) : NULL;
    g_autoptr(GError) error = NULL;
    const MigItem *item;
    MigStatus status = MIG_STATUS_ERROR;

    *described = false;
    while (in && (status = mig_reader_next(reader, &item, &error)) == MIG_STATUS_MORE) {
        mig_check_watch(check, item, NULL);
        *described |= item->kind == MIG_ITEM_DESCRIPTION;
    }
    if (in) {
        FUZZ_ASSERT((status == MIG_STATUS_ERROR) == (error && *error->message));
        mig_check_finish(check, error);
    }
    return status == MIG_STATUS_END && mig_check_count(check, MIG_SEVERITY_ERROR) == 0;
}

/* What a conversion that changes nothing gives; NULL: it was refused. */
static char *stream_of(const uint8_t *data, size_t n)
{
    g_autoptr(MigInput) in = opened(data, n);
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t piece[16384];
    ssize_t got;
    int fd = memfd_create("stream", MFD_CLOEXEC);
    g_autoptr(MigOutput) out = mig_output_new_fd(fd, "memory", NULL, NULL);
    bool ok = in && mig_chain_add(chain, "null", NULL) &&
              mig_chain_run(chain, in, NULL, out, NULL, &error) &&
              mig_output_commit(out, &error);

    FUZZ_ASSERT(!in || ok || (error && *error->message));
    for (off_t at = 0; ok && (got = pread(fd, piece, sizeof piece, at)) > 0; at += got) {
        g_checksum_update(sum, piece, got);
    }
    close(fd);
    return ok ? g_strdup(g_checksum_get_string(sum)) : NULL;
}

/* Of a file of @size bytes, where the @i-th cut is; @size: there is none. */
static size_t place(size_t size, size_t i, GRand *random)
{
    if (size <= (is_full() ? LARGEST : is_slow() ? 0 : EACH)) {
        return MIN(i, size);
    }
    if (i < LAST) {
        return size - 1 - i;
    }
    return i < (is_full() ? 20 * SAMPLE : SAMPLE)
               ? (size_t)g_rand_double_range(random, 0, (double)size)
               : size;
}

START_TEST(what_is_cut_is_an_error)
{
    const char *path = g_ptr_array_index(files, _i);
    g_autoptr(GRand) random = seeded(_i);
    g_autofree char *data = NULL;
    bool had_description, described;
    gsize n;
    size_t cut;

    ck_assert(g_file_get_contents(path, &data, &n, NULL));
    ck_assert_msg(is_sound((uint8_t *)data, n, &had_description), "%s", path);
    g_autofree char *whole = stream_of((uint8_t *)data, n);
    for (size_t i = 0; (cut = place(n, i, random)) < n; i++) {
        g_autofree uint8_t *exact = g_memdup2(data, cut); /* a read beyond it is seen */
        bool sound = is_sound(exact, cut, &described);
        g_autofree char *stream = stream_of(exact, cut);

        FUZZ_ASSERT(!sound || described != had_description ||
                        g_strcmp0(stream, whole) == 0,
                    "%s: cut at %zu it is another stream", path, cut);
        FUZZ_ASSERT(sound || !stream, "%s: cut at %zu it is converted", path, cut);
        counts->cuts++;
        counts->whole += sound;
    }
    counts->files++;
}
END_TEST

/* Last: the forks before it have counted. */
START_TEST(counts_are_told)
{
    ck_assert_uint_eq(counts->files, files->len);
    printf("cuts: %" PRIu64 " files, %" PRIu64 " cuts, %" PRIu64
           " of them after the stream\n",
           counts->files, counts->cuts, counts->whole);
}
END_TEST

Suite *suite_cuts(void)
{
    Suite *suite = suite_create("cuts");
    TCase *cutting = tcase_create("cuts"), *tally = tcase_create("tally");

    list_files();
    counts = shared_counts(sizeof *counts);
    tcase_add_loop_test(cutting, what_is_cut_is_an_error, 0, (int)files->len);
    tcase_add_test(tally, counts_are_told);
    suite_add_tcase(suite, cutting);
    suite_add_tcase(suite, tally);
    return suite;
}
