/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat extract`: contents, names, and that files come
 *                whole or not.
 * Must not know: how pages are decoded.
 * See also:      tests/fixtures/extract; tests/qemu/memory has stock QEMU as the judge.
 */
#include "support.h"

#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conversion.h"
#include "mkmig.h"

#define PAGE 4096u

static char *read_file(const char *dir, const char *name, gsize *length)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *data = NULL;

    ck_assert_msg(g_file_get_contents(path, &data, length, NULL), "%s is not there",
                  path);
    return data;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a folder, sorted, with a blank between them. */
static char *names_in(const char *dir)
{
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    ck_assert_msg(open, "%s is not there", dir);
    for (const char *name; (name = g_dir_read_name(open));) {
        g_ptr_array_add(names, (gpointer)(uintptr_t)g_intern_string(name));
    }
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

static uint8_t byte(unsigned page, unsigned i)
{
    static const uint8_t fill[] = { 0x5a, 0x11, 0, 0, 0, 0x5f, 0, 0 };

    if (page == 0 && (i == 3 || i == 4 || i == PAGE - 1)) {
        return i == 3 ? 0xaa : i == 4 ? 0xcc : 0xdd;
    }
    if (page == 3) {
        return (uint8_t)(i * 7);
    }
    return page == 7 && i == 0 ? 0x99 : fill[page];
}

START_TEST(applies_every_kind_of_page)
{
    g_autofree char *file = fixture_file("extract/ram.txt");
    g_autofree char *dir = scratch_dir();
    g_autoptr(Run) run = run_migstat(NULL, "extract", "--ram=all", "-o", dir, file, NULL);
    ck_assert_msg(run->status == 0, "%s", run->err);

    gsize n;
    g_autofree char *ram = read_file(dir, "pc.ram.raw", &n);
    ck_assert_uint_eq(n, 8 * PAGE);
    for (unsigned i = 0; i < n; i++) {
        ck_assert_msg((uint8_t)ram[i] == byte(i / PAGE, i % PAGE),
                      "page %u, byte %u: 0x%02x", i / PAGE, i % PAGE, (uint8_t)ram[i]);
    }
    /* names are a stream's, and stay in the folder */
    g_autofree char *names = names_in(dir);
    ck_assert_str_eq(names, "%2e.%2fevil.raw %2ehidden.raw a%2fb%0a.raw pc.ram.raw");
    scratch_remove(dir);
}
END_TEST

/* Streams, and which pages of them are not zero. */
static const struct {
    const char *name;
    unsigned n_pages, filled; /* page 0, with 0xa0, and this one, with 0xa3 */
} mapped[] = {
    { "extract/mapped.txt", 4, 3 },
    { "extract/mapped-long.txt", 768, 515 },
};

START_TEST(a_clear_bit_of_mapped_ram_is_a_zero_page)
{
    g_autofree char *file = fixture_file(mapped[_i].name);
    g_autoptr(GBytes) bytes = fixture_bytes(mapped[_i].name);

    for (int piped = 0; piped < 2; piped++) {
        g_autofree char *dir = scratch_dir();
        g_autoptr(Run) run = run_migstat(piped ? bytes : NULL, "extract", "--ram=pc.ram",
                                         "-o", dir, piped ? "-" : file, NULL);
        ck_assert_msg(run->status == 0, "%s", run->err);
        gsize n;
        g_autofree char *ram = read_file(dir, "pc.ram.raw", &n);
        ck_assert_uint_eq(n, mapped[_i].n_pages * PAGE);
        for (unsigned i = 0; i < n; i++) {
            uint8_t wanted = i / PAGE == 0                   ? 0xa0
                             : i / PAGE == mapped[_i].filled ? 0xa3
                                                             : 0;

            ck_assert_msg((uint8_t)ram[i] == wanted, "page %u, byte %u: 0x%02x", i / PAGE,
                          i % PAGE, (uint8_t)ram[i]);
        }
        scratch_remove(dir);
    }
}
END_TEST

/* One firmware, sent page by page and in a mapped-ram file. */
START_TEST(mapped_ram_holds_what_pages_do)
{
    static const char *const streams[] = { "real/q35-100-vfio.mig.zst",
                                           "real/q35-100-mapped-ram.mig.zst" };
    char *bios[2];
    gsize n[2];

    for (int i = 0; i < 2; i++) {
        g_autofree char *file = fixture_file(streams[i]);
        g_autofree char *dir = scratch_dir();
        g_autoptr(Run) run =
            run_migstat(NULL, "extract", "--ram=pc.bios", "-o", dir, file, NULL);
        ck_assert_msg(run->status == 0, "%s", run->err);
        bios[i] = read_file(dir, "pc.bios.raw", &n[i]);
        scratch_remove(dir);
    }
    ck_assert_uint_eq(n[0], 256 << 10);
    ck_assert_uint_eq(n[1], n[0]);
    ck_assert_int_eq(memcmp(bios[0], bios[1], n[0]), 0);
    ck_assert_mem_eq(bios[0] + n[0] - 16, "\xea\x5b\xe0\x00\xf0",
                     5); /* the reset vector */
    g_free(bios[0]);
    g_free(bios[1]);
}
END_TEST

/* Cut anywhere, nothing is left: no file, no folder. */
START_TEST(a_damaged_stream_leaves_nothing)
{
    g_autoptr(GBytes) bytes = fixture_bytes("extract/ram.txt");
    g_autofree char *dir = scratch_dir();
    g_autofree char *out = g_build_filename(dir, "out", NULL);
    gsize size = g_bytes_get_size(bytes);

    for (gsize n = 0; n < size; n += 997) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(bytes, 0, n);
        g_autoptr(Run) run =
            run_migstat(cut, "extract", "--ram=all", "-o", out, "-", NULL);
        ck_assert_int_eq(run->status, 1);
        ck_assert(!g_file_test(out, G_FILE_TEST_EXISTS));
    }
    scratch_remove(dir);
}
END_TEST

START_TEST(replaces_only_what_it_may)
{
    g_autofree char *file = fixture_file("extract/ram.txt");
    g_autofree char *dir = scratch_dir();
    g_autofree char *path = g_build_filename(dir, "pc.ram.raw", NULL);
    gsize n;

    ck_assert(g_file_set_contents(path, "mine", -1, NULL));
    g_autoptr(Run) refused =
        run_migstat(NULL, "extract", "--ram=all", "-o", dir, file, NULL);
    ck_assert_int_eq(refused->status, 2);
    g_autofree char *kept = read_file(dir, "pc.ram.raw", &n);
    ck_assert_str_eq(kept, "mine");
    g_autofree char *names = names_in(dir);
    ck_assert_str_eq(names, "pc.ram.raw");

    g_autoptr(Run) forced =
        run_migstat(NULL, "extract", "--ram=all", "--force", "-o", dir, file, NULL);
    ck_assert_int_eq(forced->status, 0);
    g_autofree char *replaced = read_file(dir, "pc.ram.raw", &n);
    ck_assert_uint_eq(n, 8 * PAGE);
    ck_assert_int_ne(memcmp(replaced, "mine", 4), 0);
    scratch_remove(dir);
}
END_TEST

static const char *const ram_files[] = { "%2e.%2fevil.raw", "%2ehidden.raw",
                                         "a%2fb%0a.raw", "pc.ram.raw" };

/* Whether all of them are new, or all as they were: the odd ones "mine", the others absent. */
static bool is_all_or_none(const char *dir, bool *new)
{
    unsigned n_new = 0, n_old = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(ram_files); i++) {
        g_autofree char *path = g_build_filename(dir, ram_files[i], NULL);
        g_autofree char *data = NULL;
        gsize n = 0;
        bool there = g_file_get_contents(path, &data, &n, NULL);

        n_new += there && n >= PAGE;
        n_old += i % 2 ? there && n == 4 : !there;
    }
    *new = n_new == G_N_ELEMENTS(ram_files);
    return *new || n_old == G_N_ELEMENTS(ram_files);
}

/* Each call that gives a name fails in turn; see tests/faults/inject.c. */
static const char *const naming_calls[] = { "link", "rename" };

START_TEST(files_come_together)
{
    g_autofree char *file = fixture_file("extract/ram.txt");
    g_autofree char *preload =
        g_strdup_printf("LD_PRELOAD=%s/tests/inject.so", g_getenv("BUILDDIR"));
    unsigned failures = 0;
    bool new = false;

    g_setenv("ASAN_OPTIONS", "verify_asan_link_order=0", TRUE);
    g_setenv("FAULT_CALL", naming_calls[_i], TRUE);
    g_setenv("FAULT_WHAT", "5", TRUE);
    for (unsigned at = 1; at < 100 && !new; at++) {
        g_autofree char *dir = scratch_dir();
        g_autofree char *number = g_strdup_printf("%u", at);
        const char *argv[] = { "/usr/bin/env",
                               preload,
                               g_getenv("MIGSTAT"),
                               "extract",
                               "--force",
                               "--ram=all",
                               "-o",
                               dir,
                               file,
                               NULL };

        for (unsigned i = 1; i < G_N_ELEMENTS(ram_files); i += 2) {
            g_autofree char *path = g_build_filename(dir, ram_files[i], NULL);

            ck_assert(g_file_set_contents(path, "mine", -1, NULL));
        }
        g_setenv("FAULT_AT", number, TRUE);
        g_autoptr(Run) run = run_program(argv, NULL, NULL);
        g_autofree char *names = names_in(dir);
        ck_assert_msg(is_all_or_none(dir, &new), "%s %u: %s", naming_calls[_i], at,
                      names);
        ck_assert_msg(new == (run->status == 0), "%s %u: %d", naming_calls[_i], at,
                      run->status);
        /* no hidden one is left */
        ck_assert_msg(*names == '%' || g_str_equal(names, "%2ehidden.raw pc.ram.raw"),
                      "%s", names);
        ck_assert_ptr_null(strstr(names, " ."));
        failures += !new;
        scratch_remove(dir);
    }
    ck_assert_uint_ge(failures, naming_calls[_i][0] == 'l' ? 2 : 0);
}
END_TEST

/* What replaces a private file is nobody else's before it has its name: here the process ends
 * just before the new file, which has a hidden name for now, gets the mode of the old one. */
START_TEST(a_private_file_is_never_open_to_others)
{
    g_autofree char *file = fixture_file("good/minimal-ram.txt");
    g_autofree char *dir = scratch_dir();
    g_autofree char *path = g_build_filename(dir, "out", NULL);
    g_autofree char *preload =
        g_strdup_printf("LD_PRELOAD=%s/tests/inject.so", g_getenv("BUILDDIR"));
    const char *argv[] = { "/usr/bin/env",
                           preload,
                           g_getenv("MIGSTAT"),
                           "extract",
                           "--force",
                           "--section=apic",
                           "-o",
                           path,
                           file,
                           NULL };
    mode_t mask = umask(0);
    unsigned hidden = 0;

    ck_assert(g_file_set_contents(path, "mine", -1, NULL));
    ck_assert_int_eq(g_chmod(path, 0600), 0);
    g_setenv("ASAN_OPTIONS", "verify_asan_link_order=0", TRUE);
    g_setenv("FAULT_TMPFILE", "no", TRUE);
    g_setenv("FAULT_CALL", "fchmod", TRUE);
    g_setenv("FAULT_AT", "1", TRUE);
    g_setenv("FAULT_WHAT", "signal:9", TRUE);
    g_autoptr(Run) run = run_program(argv, NULL, NULL);
    g_autofree char *names = names_in(dir);
    g_auto(GStrv) all = g_strsplit(names, " ", -1);
    for (char **name = all; *name; name++) {
        g_autofree char *one = g_build_filename(dir, *name, NULL);
        struct stat st;

        ck_assert_int_eq(stat(one, &st), 0);
        ck_assert_msg((st.st_mode & 0777) == 0600, "%s: mode %o", *name, st.st_mode);
        hidden += **name == '.';
    }
    umask(mask);
    ck_assert_msg(hidden == 1, "%d: %s: %s", run->status, names, run->err);
    scratch_remove(dir);
}
END_TEST

/* A record of 9 bytes that fills a page is followed, but not without end. */
START_TEST(pages_are_filled_once)
{
    static const struct {
        const char *records;
        int status;
        const char *says;
    } rows[] = {
        { "be64 2; pstr8 \"a\"; u8 7; be64 0x1022; u8 8", 0, "a.raw: 8 KiB" },
        { "be64 2; pstr8 \"a\"; u8 7; be64 0x22; u8 8; be64 0x1022; u8 9", 1,
          "ram-zero-fill" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *dir = scratch_dir();
        g_autofree char *text = g_strdup_printf(
            "header; start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"a\" 0x2000; "
            "ram-eos; footer 2; end 2; %s; ram-eos; footer 2; eof",
            rows[i].records);
        g_autoptr(GBytes) stream = mkmig_assemble(text, "fill", NULL);
        g_autoptr(Run) run =
            run_migstat(stream, "extract", "--ram=a", "-o", dir, "-", NULL);

        ck_assert_msg(run->status == rows[i].status && strstr(run->err, rows[i].says),
                      "%d: %s", run->status, run->err);
        scratch_remove(dir);
    }
}
END_TEST

/* A name that no file can have is cut, and what was cut still counts. */
START_TEST(long_names_stay_apart)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *name = g_strnfill(250, 'n');
    g_autofree char *text = g_strdup_printf(
        "header; start 2 \"ram\" 0 4; ram-size 0x3000; ram-block \"%s1\" 0x1000;"
        "ram-block \"%s2\" 0x1000; ram-block \"%.160s\" 0x1000; ram-eos; footer 2;"
        "end 2; ram-normal 0 1 \"%s1\"; ram-normal 0 2 \"%s2\";"
        "ram-normal 0 3 \"%.160s\"; ram-eos; footer 2; eof",
        name, name, name, name, name, name);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) stream = mkmig_assemble(text, "names", &error);
    ck_assert_msg(stream, "%s", error ? error->message : "");
    g_autoptr(Run) run =
        run_migstat(stream, "extract", "--ram=all", "-o", dir, "-", NULL);
    ck_assert_msg(run->status == 0, "%s", run->err);
    g_autofree char *names = names_in(dir);
    g_auto(GStrv) all = g_strsplit(names, " ", -1);

    ck_assert_uint_eq(g_strv_length(all), 3);
    for (char **one = all; *one; one++) {
        ck_assert_msg(strlen(*one) == 160 + strlen(".raw"), "%zu: %s", strlen(*one),
                      *one);
    }
    scratch_remove(dir);
}
END_TEST

/* Of two blocks of one name, pages mean the first. */
START_TEST(a_name_is_taken_once)
{
    g_autofree char *file = fixture_file("bad/ram-block-twice.txt");
    g_autofree char *dir = scratch_dir();

    for (int i = 0; i < 2; i++) {
        g_autoptr(Run) run =
            run_migstat(NULL, "extract", "--ram=all", "--force", "-o", dir, file, NULL);
        gsize n;

        ck_assert_msg(run->status == 0, "%s", run->err);
        g_autofree char *ram = read_file(dir, "pc.ram.raw", &n);
        ck_assert_uint_eq(n, 4 * PAGE);
        ck_assert_int_eq(ram[0], 0x5a);
    }
    scratch_remove(dir);
}
END_TEST

/* The dialects carry the same device: its data and its configuration come out alike. */
static const char *const vfio_streams[] = {
    "good/vfio-config-first.txt",
    "good/vfio-config-last.txt",
    "good/vfio-subflag-needed.txt",
    "good/vfio-subflag-not-needed.txt",
};

START_TEST(takes_a_vfio_device_apart)
{
    g_autofree char *file = fixture_file(vfio_streams[_i]);
    g_autofree char *dir = scratch_dir();
    g_autoptr(Run) run =
        run_migstat(NULL, "extract", "--vfio=0000:00:01.0/vfio", "-o", dir, file, NULL);
    ck_assert_msg(run->status == 0, "%s", run->err);
    g_autofree char *names = names_in(dir);
    ck_assert_str_eq(names, "0000:00:01.0%2fvfio.config 0000:00:01.0%2fvfio.data");

    gsize n;
    g_autofree char *data = read_file(dir, "0000:00:01.0%2fvfio.data", &n);
    ck_assert_uint_eq(n, 400);
    for (gsize i = 0; i < n; i++) {
        ck_assert_uint_eq((uint8_t)data[i], i < 100 ? 0xd1 : 0xd2);
    }
    g_autofree char *config = read_file(dir, "0000:00:01.0%2fvfio.config", &n);
    ck_assert_msg(g_str_has_prefix(config, "0000:00:01.0 Class 0200: 15b3:101e\n"
                                           "00: b3 15 1e 10 "),
                  "%s", config);
    g_auto(GStrv) lines = g_strsplit(config, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 1 + 256 / 16 + 2);
    scratch_remove(dir);
}
END_TEST

/* What several words of options take is what one at a time takes, in one go. */
static char *extracted(const char *option, const char *other, const char *file,
                       gsize *length)
{
    g_autoptr(Run) run = run_migstat(NULL, "extract", option, file, other, NULL);

    ck_assert_msg(run->status == 0, "%s: %s", option, run->err);
    *length = run->out_length;
    return g_memdup2(run->out, run->out_length);
}

START_TEST(a_name_means_each_instance)
{
    g_autofree char *file = fixture_file("real/q35-72-two-vfio.mig.zst");
    gsize n_both, n_named, n_pattern, n[2];
    g_autofree char *first = extracted("--section=i8259@0", NULL, file, &n[0]);
    g_autofree char *second = extracted("--section=i8259@1", NULL, file, &n[1]);
    g_autofree char *both = extracted("--section=i8259", NULL, file, &n_both);
    g_autofree char *pattern = extracted("--section=i8?59@?", NULL, file, &n_pattern);
    g_autofree char *named =
        extracted("--section=i8259@0", "--section=i8259@1", file, &n_named);

    ck_assert_uint_gt(n[0], 0);
    ck_assert_uint_eq(n_both, n[0] + n[1]);
    ck_assert_mem_eq(both, first, n[0]);
    ck_assert_mem_eq(both + n[0], second, n[1]);
    ck_assert_msg(n_named == n_both && memcmp(named, both, n_both) == 0, "two options");
    ck_assert_msg(n_pattern == n_both && memcmp(pattern, both, n_both) == 0, "a pattern");
}
END_TEST

START_TEST(takes_several_vfio_devices_apart)
{
    g_autofree char *file = fixture_file("real/q35-72-two-vfio.mig.zst");
    g_autofree char *all = scratch_dir(), *one = scratch_dir();
    g_autoptr(Run) run = run_migstat(NULL, "extract", "--vfio=*", "-o", all, file, NULL);
    g_autofree char *names = names_in(all);
    g_auto(GStrv) list = g_strsplit(names, " ", -1);

    ck_assert_msg(run->status == 0 && g_strv_length(list) == 4, "%s: %s", names,
                  run->err);
    for (char **name = list; *name; name++) {
        g_autofree char *device = g_strdup_printf("--vfio=%.12s/vfio", *name);
        g_autoptr(Run) alone =
            run_migstat(NULL, "extract", "--force", device, "-o", one, file, NULL);
        gsize n_all, n_one;
        g_autofree char *of_all = read_file(all, *name, &n_all);
        g_autofree char *of_one = read_file(one, *name, &n_one);

        ck_assert_int_eq(alone->status, 0);
        ck_assert_msg(n_all > 0 && n_all == n_one && memcmp(of_all, of_one, n_all) == 0,
                      "%s", *name);
    }
    scratch_remove(all);
    scratch_remove(one);
}
END_TEST

START_TEST(takes_several_blocks)
{
    g_autofree char *file = fixture_file("diff/c.txt"), *dir = scratch_dir();
    g_autoptr(Run) run = run_migstat(NULL, "extract", "--ram=pc.*", "--ram=vga.vram",
                                     "-o", dir, file, NULL);
    g_autofree char *names = names_in(dir);

    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_str_eq(names, "pc.ram.raw vga.vram.raw");
    scratch_remove(dir);
}
END_TEST

/* lspci(8), where it is installed, reads what is meant for it. */
START_TEST(lspci_reads_the_configuration)
{
    g_autofree char *lspci = g_find_program_in_path("lspci");
    g_autofree char *file = fixture_file("real/q35-72-vfio.mig.zst");
    g_autofree char *dir = scratch_dir();
    g_autofree char *config = g_build_filename(dir, "0000:00:01.0%2fvfio.config", NULL);

    if (lspci) {
        g_autoptr(Run) run = run_migstat(NULL, "extract", "--vfio=0000:00:01.0/vfio",
                                         "-o", dir, file, NULL);
        ck_assert_int_eq(run->status, 0);
        const char *argv[] = { lspci, "-n", "-vv", "-F", config, NULL };
        g_autoptr(Run) shown = run_program(argv, NULL, NULL);
        ck_assert_msg(strstr(shown->out, "0200: 15b3:101e (rev 01)"), "%s", shown->out);
        ck_assert_msg(strstr(shown->out, "MSI-X: Enable+ Count=8"), "%s", shown->out);
    }
    scratch_remove(dir);
}
END_TEST

/* What is not in the stream is a hole, and said, and no success. */
START_TEST(names_pages_that_are_not_there)
{
    static const struct {
        const char *option, *said;
    } rows[] = {
        { "--ram=pc.ram",
          "16,384 of 16,384 bytes of RAM block pc.ram are not in the stream" },
        { "--ram=vga.vram", "4,096 of 8,192 bytes of RAM block vga.vram are not in the "
                            "stream (they may travel on other channels, as with multifd; "
                            "--channel=FILE adds one), "
                            "the first at 0x0: they are holes" },
        { "--ram=all", "RAM block vga.vram are not" },
    };
    g_autofree char *file = fixture_file("extract/shared.txt");
    g_autofree char *dir = scratch_dir();
    g_autoptr(Run) run =
        run_migstat(NULL, "extract", rows[_i].option, "-o", dir, file, NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->err, rows[_i].said), "%s", run->err);
    scratch_remove(dir);
}
END_TEST

/* Nobody lays blocks out anew: what would lie elsewhere is refused. */
START_TEST(refuses_a_block_that_grows)
{
    g_autofree char *file = fixture_file("extract/resized.txt");
    g_autofree char *dir = scratch_dir();
    g_autofree char *out = g_build_filename(dir, "out", NULL);
    g_autoptr(Run) run = run_migstat(NULL, "extract", "--ram=all", "-o", out, file, NULL);
    g_autoptr(Run) other = run_migstat(NULL, "extract", "--ram=b", "-o", out, file, NULL);
    g_autoptr(Run) diff = run_migstat(NULL, "diff", "--ram", file, file, NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_msg(strstr(run->err, "changes its length from 4096 to 8192"), "%s",
                  run->err);
    ck_assert_int_eq(other->status, 0);
    ck_assert_int_eq(diff->status, 2);
    ck_assert_msg(strstr(diff->err, "changes its length"), "%s", diff->err);
    scratch_remove(dir);
}
END_TEST

START_TEST(gives_a_section_as_it_is)
{
    g_autofree char *file = fixture_file("good/minimal-ram.txt");
    g_autoptr(Run) apic = run_migstat(NULL, "extract", "--section=apic", file, NULL);
    g_autoptr(Run) timer = run_migstat(NULL, "extract", "--section=timer@0", file, NULL);
    g_autoptr(Run) ram = run_migstat(NULL, "extract", "--section=ram", file, NULL);

    ck_assert_int_eq(apic->status, 0);
    ck_assert_uint_eq(apic->out_length, 37);
    ck_assert_mem_eq(apic->out, "\xfe\xe0\x09\x00", 4);
    ck_assert_uint_eq(timer->out_length, 24);
    /* START, PART and END, one after the other */
    ck_assert_uint_eq(ram->out_length,
                      8 + 7 + 8 + 8 + (8 + 7 + PAGE) + 9 + 8 + (8 + PAGE) + 9 + 8);
}
END_TEST

/* A file is replaced only if that is said, and a link to it followed only then. */
START_TEST(writes_one_file)
{
    static const struct {
        bool exists, force;
        int status;
    } runs[] = {
        { false, false, 2 }, { false, true, 0 }, { true, false, 2 }, { true, true, 0 }
    };
    g_autofree char *file = fixture_file("good/minimal-ram.txt");
    g_autofree char *dir = scratch_dir();
    g_autofree char *other = g_build_filename(dir, "other", NULL);
    g_autofree char *path = g_build_filename(other, "apic", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    gsize n;

    ck_assert_int_eq(g_mkdir(other, 0700), 0);
    ck_assert_int_eq(symlink("other/apic", link), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        unlink(path);
        ck_assert(!runs[i].exists || g_file_set_contents(path, "mine", -1, NULL));
        g_autoptr(Run) run = run_migstat(NULL, "extract", "--section=apic", "-o", link,
                                         file, runs[i].force ? "--force" : NULL, NULL);
        ck_assert_msg(run->status == runs[i].status, "%zu: %s", i, run->err);
        if (runs[i].exists || runs[i].force) {
            g_autofree char *data = read_file(other, "apic", &n);
            ck_assert_uint_eq(n, runs[i].force ? 37 : 4);
            ck_assert_int_eq(memcmp(data, "mine", 4) == 0, !runs[i].force);
        } else {
            ck_assert_int_eq(access(path, F_OK), -1);
        }
    }
    scratch_remove(dir);
}
END_TEST

START_TEST(gives_the_description)
{
    g_autoptr(GBytes) bytes = fixture_bytes("real/q35-72-vfio.mig.zst");
    g_autoptr(Run) run = run_migstat(bytes, "extract", "--description", "-", NULL);
    const char *stream = g_bytes_get_data(bytes, NULL);
    gsize n = g_bytes_get_size(bytes);

    ck_assert_int_eq(run->status, 0);
    ck_assert_uint_gt(run->out_length, 1000);
    ck_assert_mem_eq(run->out, stream + n - run->out_length, run->out_length);
    ck_assert_int_eq(stream[n - run->out_length - 5], 6);
}
END_TEST

/* What is around the stream, whose end then does not matter; each with an end of line. */
START_TEST(gives_texts_of_a_save_image)
{
    static const struct {
        const char *option, *text;
    } rows[] = { { "--xml", "<domain/>\n" }, { "--cookie", "<c>\n</c>\n" } };
    g_autoptr(GBytes) image = assembled(
        "str \"LibvirtQemudSave\"; be32 2 40 1 0 12; zero 56; "
        "str \"<domain/>\"; zero 3; str \"<c>\"; u8 10; str \"</c>\"; u8 10; zero 19; "
        "header");

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Run) run = run_migstat(image, "extract", rows[i].option, "-", NULL);
        ck_assert_msg(run->status == 0, "%s", run->err);
        ck_assert_str_eq(run->out, rows[i].text);
    }
}
END_TEST

/* What cannot be given is said, with the status of trouble, and makes no file. */
static const struct {
    const char *what, *said;
} absent[] = {
    { "--ram=nothing", "no RAM block \"nothing\"; it has pc.ram, ../evil, .hidden, a/b" },
    { "--vfio=0000:00:02.0/vfio", "no VFIO device" },
    { "--section=nothing", "no section \"nothing\"; it has ram" },
    { "--description", "no description" },
    { "--xml", "there is no xml: that is in libvirt's save images" },
    { "--cookie", "there is no cookie: that is in libvirt's save images" },
};

START_TEST(says_what_is_not_there)
{
    g_autofree char *file = fixture_file("extract/ram.txt");
    g_autofree char *dir = scratch_dir();
    g_autofree char *out = g_build_filename(dir, "out", NULL);
    g_autoptr(Run) run =
        run_migstat(NULL, "extract", absent[_i].what, "-o", out, file, NULL);

    ck_assert_msg(run->status == 2, "%s: %d", absent[_i].what, run->status);
    ck_assert_msg(strstr(run->err, absent[_i].said), "%s", run->err);
    ck_assert(!g_file_test(out, G_FILE_TEST_EXISTS));
    scratch_remove(dir);
}
END_TEST

Suite *suite_extract(void)
{
    Suite *suite = suite_create("extract");
    TCase *tc = tcase_create("ram");

    tcase_add_test(tc, applies_every_kind_of_page);
    tcase_add_loop_test(tc, a_clear_bit_of_mapped_ram_is_a_zero_page, 0,
                        G_N_ELEMENTS(mapped));
    tcase_add_test(tc, mapped_ram_holds_what_pages_do);
    suite_add_tcase(suite, tc);
    tc = tcase_create("files");
    tcase_add_test(tc, a_damaged_stream_leaves_nothing);
    tcase_add_test(tc, replaces_only_what_it_may);
    tcase_add_loop_test(tc, files_come_together, 0, G_N_ELEMENTS(naming_calls));
    tcase_add_test(tc, a_private_file_is_never_open_to_others);
    tcase_add_test(tc, long_names_stay_apart);
    tcase_add_test(tc, pages_are_filled_once);
    tcase_add_test(tc, a_name_is_taken_once);
    tcase_add_loop_test(tc, says_what_is_not_there, 0, G_N_ELEMENTS(absent));
    suite_add_tcase(suite, tc);
    tc = tcase_create("parts");
    tcase_add_loop_test(tc, takes_a_vfio_device_apart, 0, G_N_ELEMENTS(vfio_streams));
    tcase_add_test(tc, a_name_means_each_instance);
    tcase_add_test(tc, takes_several_vfio_devices_apart);
    tcase_add_test(tc, takes_several_blocks);
    tcase_add_test(tc, lspci_reads_the_configuration);
    tcase_add_loop_test(tc, names_pages_that_are_not_there, 0, 3);
    tcase_add_test(tc, refuses_a_block_that_grows);
    tcase_add_test(tc, gives_a_section_as_it_is);
    tcase_add_test(tc, writes_one_file);
    tcase_add_test(tc, gives_the_description);
    tcase_add_test(tc, gives_texts_of_a_save_image);
    suite_add_tcase(suite, tc);
    return suite;
}
