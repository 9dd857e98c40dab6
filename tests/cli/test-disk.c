/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat extract --disk`: contents, holes, what is missing, and
 *                what is refused.
 * Must not know: how a file becomes whole; test-extract.c does.
 * See also:      tests/qemu/disk has a disk of stock QEMU.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "conversion.h"

#define MIB (1u << 20)

/* The word of a record, and its name. */
#define WORD(mib, flags)      "be64 0x200*2048*" #mib "+" #flags ";"
#define DATA(mib, name, byte) WORD(mib, 1) "pstr8 \"" name "\"; fill 0x100000 " #byte ";"
#define ZERO(mib, name)       WORD(mib, 9) "pstr8 \"" name "\";"

static GBytes *stream_of(const char *records)
{
    g_autofree char *text = g_strdup_printf(
        "header; start 1 \"block\" 0 1; be64 2; footer 1; part 1; %s be64 2; footer 1;"
        "end 1; be64 0x200*100+4; be64 2; footer 1; eof",
        records);

    return assembled(text);
}

/* Each byte of a digit of @wanted: a MiB of that byte. */
static void assert_image(const char *dir, const char *name, const char *wanted,
                         blkcnt_t most)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *data = NULL;
    struct stat st;
    gsize n;

    ck_assert_msg(g_file_get_contents(path, &data, &n, NULL), "%s is not there", path);
    ck_assert_uint_eq(n, strlen(wanted) * MIB);
    for (gsize i = 0; i < n; i++) {
        if (data[i] != wanted[i / MIB] - '0') {
            ck_abort_msg("%s: byte %zu is %d", name, i, data[i]);
        }
    }
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_msg(st.st_blocks * 512 <= most * MIB, "%s: %ld blocks", name,
                  (long)st.st_blocks);
}

#define TWO           \
    DATA(0, "hd0", 1) \
    DATA(2, "cd", 7)  \
    ZERO(1, "hd0")    \
    DATA(2, "hd0", 3) \
    DATA(4, "hd0", 4) ZERO(3, "hd0") ZERO(2, "hd0") DATA(0, "hd0", 5) DATA(3, "hd0", 0)

/* What was sent last counts; zeros take no place; what was never sent is named. */
START_TEST(what_was_sent_last_is_on_the_disk)
{
    g_autoptr(GBytes) stream = stream_of(TWO);
    g_autofree char *dir = scratch_dir();
    g_autoptr(Run) run =
        run_migstat(stream, "extract", "--disk=all", "-o", dir, "-", NULL);

    ck_assert_msg(run->status == 1, "%d: %s", run->status, run->err);
    ck_assert_msg(strstr(run->err,
                         "2,097,152 of 3,145,728 bytes of disk cd are not in the "
                         "stream (an incremental block migration leaves out what "
                         "the backing file has), the first at 0x0: they are holes"),
                  "%s", run->err);
    ck_assert_ptr_null(strstr(run->err, "disk hd0"));
    assert_image(dir, "hd0.raw", "50004", 2);
    assert_image(dir, "cd.raw", "007", 1);
    scratch_remove(dir);
}
END_TEST

START_TEST(one_disk_is_taken_alone)
{
    static const char *const names[] = { "--disk=hd0", "--disk=h?*" };
    g_autoptr(GBytes) stream = stream_of(TWO);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *dir = scratch_dir();
        g_autofree char *other = g_build_filename(dir, "cd.raw", NULL);
        g_autoptr(Run) run =
            run_migstat(stream, "extract", names[i], "-o", dir, "-", NULL);

        ck_assert_msg(run->status == 0, "%d: %s", run->status, run->err);
        assert_image(dir, "hd0.raw", "50004", 2);
        ck_assert(!g_file_test(other, G_FILE_TEST_EXISTS));
        scratch_remove(dir);
    }
}
END_TEST

/* A disk of 1 MiB, copied by QEMU 7.2. */
START_TEST(a_real_disk_is_whole)
{
    g_autofree char *file = fixture_file("real/q35-72-block.mig.zst");
    g_autofree char *dir = scratch_dir();
    g_autofree char *path = g_build_filename(dir, "disk.raw", NULL);
    g_autofree char *data = NULL;
    g_autoptr(Run) run =
        run_migstat(NULL, "extract", "--disk=disk", "-o", dir, file, NULL);
    gsize n;

    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert(g_file_get_contents(path, &data, &n, NULL));
    ck_assert_uint_eq(n, MIB);
    for (gsize i = 0; i < n; i++) {
        ck_assert(data[i] == "migstat!"[i % 8]);
    }
    scratch_remove(dir);
}
END_TEST

/* The first missing one is found wherever it is. */
START_TEST(a_hole_has_its_place)
{
    g_autoptr(GBytes) stream = stream_of(ZERO(0, "a") DATA(1, "a", 1) ZERO(3, "a"));
    g_autofree char *dir = scratch_dir();
    g_autoptr(Run) run = run_migstat(stream, "extract", "--disk=a", "-o", dir, "-", NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->err, "1,048,576 of 4,194,304 bytes of disk a") &&
                      strstr(run->err, "the first at 0x200000"),
                  "%s", run->err);
    assert_image(dir, "a.raw", "0100", 1);
    scratch_remove(dir);
}
END_TEST

/* Nothing that a stream says makes work or files without end. */
static const struct {
    const char *records;
    int status;
    bool made;
    const char *said;
} refused[] = {
    { "be64 0x200*2049+9; pstr8 \"a\";", 2, false,
      "1 MiB of disk a from sector 2049 on: QEMU sends disks from multiples of 1 MiB "
      "on" },
    { ZERO(0x3ffffff, "a"), 1, true, "bytes of disk a are not in the stream" },
    { ZERO(0x4000000, "a"), 1, false,
      "disks of more than 64 TiB, are not kept account of" },
    { "repeat 64 { be64 9; u8 2; be16 0x4141+@i; };", 0, true, "AA.raw: 1 MiB" },
    { "repeat 65 { be64 9; u8 2; be16 0x4141+@i; };", 1, false, "more than 64 disks" },
};

START_TEST(what_is_too_much_is_refused)
{
    g_autoptr(GBytes) stream = stream_of(refused[_i].records);
    g_autofree char *dir = scratch_dir();
    g_autofree char *out = g_build_filename(dir, "out", NULL);
    g_autoptr(Run) run = run_migstat(stream, "extract", "--disk=*", "-o", out, "-", NULL);
    bool too_long = run->status == 2 && strstr(run->err, "File too large");

    /* not every file system has files of 64 TiB */
    ck_assert_msg(too_long || (run->status == refused[_i].status &&
                               strstr(run->err, refused[_i].said)),
                  "%d: %s", run->status, run->err);
    ck_assert_int_eq(g_file_test(out, G_FILE_TEST_EXISTS), refused[_i].made && !too_long);
    scratch_remove(dir);
}
END_TEST

/* What is not taken is not judged either. */
START_TEST(other_disks_do_not_matter)
{
    g_autoptr(GBytes) stream = stream_of(ZERO(0, "a") "be64 0x200*2049+9; pstr8 \"b\";");
    g_autofree char *dir = scratch_dir();
    g_autoptr(Run) run = run_migstat(stream, "extract", "--disk=a", "-o", dir, "-", NULL);

    ck_assert_msg(run->status == 0, "%s", run->err);
    scratch_remove(dir);
}
END_TEST

Suite *suite_disk(void)
{
    Suite *suite = suite_create("disk");
    TCase *tc = tcase_create("disk");

    tcase_add_test(tc, what_was_sent_last_is_on_the_disk);
    tcase_add_test(tc, a_real_disk_is_whole);
    tcase_add_test(tc, one_disk_is_taken_alone);
    tcase_add_test(tc, a_hole_has_its_place);
    tcase_add_loop_test(tc, what_is_too_much_is_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tc, other_disks_do_not_matter);
    suite_add_tcase(suite, tc);
    return suite;
}
