/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that a result which is judged, or is between two stages, has the bytes of
 *                one that is written whole, and takes no more of the disk than what changes.
 * Must not know: any one filter.
 * See also:      lib/io/output-laid.h.
 */
#include "support.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conversion.h"
#include "mkmig.h"

#define RAM_PAGES 1024u

#define STREAM                                                                          \
    "header; config \"pc-q35-7.2\"\n"                                                   \
    "start 2 \"ram\" 0 4; ram-size 0x400000; ram-block \"pc.ram\" 0x400000\n"           \
    "ram-eos; footer 2\n"                                                               \
    "part 2; repeat 512 { ram-page 8 @i*0x1000 \"pc.ram\"; page random @i };"           \
    " ram-eos; footer 2\n"                                                              \
    "end 2; repeat 512 { ram-page 8 0x200000+@i*0x1000 \"pc.ram\"; page random @i };"   \
    " ram-eos; footer 2\n"                                                              \
    "full 3 \"first\" 0 1; be32 1; footer 3; full 4 \"second\" 0 1; be32 2; footer 4; " \
    "eof"

/* Chains of one stage and of several. */
static const char *const chains[] = {
    "null",
    "machine:name=pc-q35-7.1",
    "rename-section:from=first:to=another",
    "drop-section:name=second",
    "machine:name=a-longer-name drop-section:name=first",
    ("rename-section:from=first:to=x drop-section:name=second "
     "rename-section:from=x:to=longer machine:name=y"),
    "machine:name=x trim rename-section:from=second:to=s",
};

static MigInput *open_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    MigInput *in = mig_input_open(path, NULL, &error);

    ck_assert_msg(in != NULL, "%s", error ? error->message : path);
    return in;
}

static MigInput *run_chain(const char *text, MigInput *in, bool borrows, int *fd)
{
    const MigChainOptions options = { MIG_CHAIN_OPTIONS_INIT, .lossy = true,
                                      .borrows = borrows };
    g_auto(GStrv) filters = g_strsplit(text, " ", -1);
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;

    for (char **filter = filters; *filter; filter++) {
        ck_assert(mig_chain_add(chain, *filter, NULL));
    }
    MigInput *result = mig_chain_run_spooled(chain, in, fd, &options, &error);
    ck_assert_msg(result != NULL, "%s: %s", text, error ? error->message : "");
    mig_input_rewind(in, 0);
    return result;
}

static GBytes *content(MigInput *in)
{
    uint64_t size = mig_input_size(in);
    uint8_t *bytes = g_malloc(size);

    ck_assert_uint_eq(mig_input_read_at(in, 0, bytes, size), size);
    return g_bytes_new_take(bytes, size);
}

/* As an output copies it. */
static GBytes *copied(MigInput *in, const char *path)
{
    g_autoptr(MigOutput) out = mig_output_open(path, NULL, NULL);
    uint64_t size = mig_input_size(in), step = 100001;
    char *bytes;
    gsize n;

    for (uint64_t at = 0; at < size; at += step) {
        ck_assert(mig_output_copy(out, in, at, MIN(step, size - at), NULL));
    }
    ck_assert(mig_output_commit(out, NULL));
    ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
    return g_bytes_new_take(bytes, n);
}

static uint64_t on_disk(int fd)
{
    struct stat st;

    ck_assert_int_eq(fstat(fd, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

START_TEST(what_is_borrowed_is_the_same)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *path = g_build_filename(dir, "stream", NULL);
    g_autofree char *copy = g_build_filename(dir, "copy", NULL);
    g_autoptr(GBytes) stream = assembled(STREAM);
    gsize n;
    const char *data = g_bytes_get_data(stream, &n);
    int fd, borrowed_fd;

    ck_assert(g_file_set_contents(path, data, (gssize)n, NULL));
    g_autoptr(MigInput) in = open_file(path);
    g_autoptr(MigInput) whole = run_chain(chains[_i], in, false, &fd);
    g_autoptr(MigInput) borrowed = run_chain(chains[_i], in, true, &borrowed_fd);
    g_autoptr(GBytes) wanted = content(whole), got = content(borrowed);
    g_autoptr(GBytes) out = copied(borrowed, copy);

    assert_same_bytes(got, wanted, chains[_i]);
    assert_same_bytes(out, wanted, chains[_i]);
    ck_assert_uint_ge(on_disk(fd), RAM_PAGES * 4096);
    ck_assert_msg(on_disk(borrowed_fd) < RAM_PAGES * 4096 / 8, "%s: %u KiB", chains[_i],
                  (unsigned)(on_disk(borrowed_fd) >> 10));
    close(fd);
    close(borrowed_fd);
    scratch_remove(dir);
}
END_TEST

/* What is no plain file is written. */
START_TEST(what_is_in_memory_is_not_borrowed)
{
    g_autoptr(GBytes) stream = assembled(STREAM);
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "memory", NULL, NULL);
    int fd, borrowed_fd;
    g_autoptr(MigInput) whole = run_chain(chains[_i], in, false, &fd);
    g_autoptr(MigInput) borrowed = run_chain(chains[_i], in, true, &borrowed_fd);
    g_autoptr(GBytes) wanted = content(whole), got = content(borrowed);

    assert_same_bytes(got, wanted, chains[_i]);
    ck_assert_uint_eq(on_disk(fd), on_disk(borrowed_fd));
    close(fd);
    close(borrowed_fd);
}
END_TEST

Suite *suite_laid(void)
{
    Suite *suite = suite_create("laid");
    TCase *tc = tcase_create("laid");

    tcase_add_loop_test(tc, what_is_borrowed_is_the_same, 0, G_N_ELEMENTS(chains));
    tcase_add_loop_test(tc, what_is_in_memory_is_not_borrowed, 0, G_N_ELEMENTS(chains));
    suite_add_tcase(suite, tc);
    return suite;
}
