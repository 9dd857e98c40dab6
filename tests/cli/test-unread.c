/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that what needs devices alone reads no RAM, says so, and reads all
 *                where the way past RAM is not certain.
 * Must not know: how devices are shown (test-devices.c) or taken (test-extract.c).
 * See also:      mig_reader_skip_ram(); cli/unread.h.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>
#include <zstd.h>

#include "mkmig.h"

#define HEAD     "start 2 \"ram\" 0 4; ram-size 0x200000; ram-block \"pc.ram\" 0x200000; "
#define MORE(n)  "repeat " n " { ram-normal @i*4096 1 \"pc.ram\" }; "
#define PAGES(n) "ram-eos; footer 2; part 2; " MORE(n)
#define MACHINE  "config \"pc-q35-7.2\"; "
#define TABLES                                                                          \
    "start 2 \"ram\" 0 4; ram-size 0x202000; ram-block \"pc.ram\" 0x200000; ram-block " \
    "\"/rom@etc/acpi/tables\" 0x2000; "
#define DAMAGE       "be64 0x1800; " /* a flag that no release has */
#define RAM_END      "ram-eos; footer 2; end 2; ram-eos; footer 2; "
#define DEVICE(foot) "full 7 \"d\" 0 1; u8 1 2 3; footer " foot "; eof; "
#define ENTRY(name)                                                                      \
    "{\\\"name\\\": \\\"" name                                                           \
    "\\\", \\\"instance_id\\\": 0, \\\"vmsd_name\\\": \\\"" name "\\\", "                \
    "\\\"version\\\": 1, \\\"fields\\\": [{\\\"name\\\": \\\"a\\\", \\\"array_len\\\": " \
    "3, "                                                                                \
    "\\\"type\\\": \\\"uint8\\\", \\\"size\\\": 1}]}"
#define LIST(entries) \
    "description \"{\\\"page_size\\\": 4096, \\\"devices\\\": [" entries "]}\""
#define DESCRIBED       LIST(ENTRY("d"))
#define DESCRIBED_TWICE LIST(ENTRY("c") ", " ENTRY("d"))
#define NOT_READ        "was not read; --read-all reads it"

/* What damage in RAM shows: whether it was read. */
static const struct {
    const char *what, *text, *options;
    bool pipe, skips;
    int status;
} rows[] = {
    { "devices", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED, "dump --devices",
      false, true, 0 },
    { "a device", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "dump --devices=d:a", false, true, 0 },
    { "a section", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "extract --section=d", false, true, 0 },
    { "the description", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "extract --description", false, true, 0 },
    { "nothing is said", HEAD PAGES("300") RAM_END DEVICE("7") DESCRIBED,
      "dump -q --devices", false, false, 0 },
    { "all is read", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "dump --devices --read-all", false, false, 1 },
    { "all is taken", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "extract --section=d --read-all", false, false, 1 },
    { "RAM is taken", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "extract --section=ram", false, false, 1 },
    { "a report judges all",
      "config \"pc-q35-7.2\"; " HEAD PAGES("512") RAM_END DEVICE("7") DESCRIBED,
      "report -q", false, false, 0 },
    { "little RAM", HEAD PAGES("200") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "dump --devices", false, false, 1 },
    { "a pipe", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED, "dump --devices",
      true, false, 1 },
    { "no description", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7"), "dump --devices",
      false, false, 1 },
    { "a footer of another section",
      HEAD PAGES("300") DAMAGE RAM_END DEVICE("8") DESCRIBED, "dump --devices", false,
      false, 1 },
    { "the first device has another footer",
      HEAD PAGES("300") DAMAGE RAM_END
      "full 6 \"c\" 0 1; u8 1 2 3; footer 9; " DEVICE("7") DESCRIBED_TWICE,
      "dump --devices", false, false, 1 },
    { "the first device is not described",
      HEAD PAGES("300") DAMAGE RAM_END
      "full 6 \"c\" 0 1; u8 1 2 3; footer 6; " DEVICE("7") DESCRIBED,
      "dump --devices", false, false, 1 },
    { "the first device is not there",
      HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED_TWICE, "dump --devices",
      false, false, 1 },
    { "two devices",
      HEAD PAGES("300") DAMAGE RAM_END
      "full 6 \"c\" 0 1; u8 1 2 3; footer 6; " DEVICE("7") DESCRIBED_TWICE,
      "dump --devices", false, true, 0 },
    { "another section has parts",
      "start 3 \"0000:00:01.0/vfio\" 0 1; vfio setup; vfio eos; footer 3; " HEAD PAGES(
          "300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "dump --devices", false, false, 1 },
    { "needs", MACHINE HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED, "needs",
      false, true, 0 },
    { "needs, all of it", MACHINE HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "needs --read-all", false, false, 1 },
    { "needs, of a pipe, which is kept",
      MACHINE HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED, "needs", true, true,
      0 },
    { "needs CPUs, which tables tell",
      MACHINE TABLES PAGES("300") DAMAGE RAM_END
      "full 6 \"apic\" 0 3; u8 1 2 3; footer 6; " DEVICE("7")
          LIST(ENTRY("apic") ", " ENTRY("d")),
      "needs", false, false, 1 },
    { "needs no tables", MACHINE TABLES PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "needs", false, true, 0 },
    { "a comparison", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED, "diff",
      false, true, 0 },
    { "a comparison of all", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "diff --read-all", false, false, 2 },
    { "a comparison of RAM", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "diff --ram", false, false, 2 },
    { "a field is set", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=set-field:path=d:a[1]:value=9 -q", false, false, 0 },
    { "a field is set, and all is read",
      HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=set-field:path=d:a[1]:value=9 --read-all", false, false, 1 },
    { "a field is set in a pipe", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=set-field:path=d:a[1]:value=9", true, false, 1 },
    { "a field is not there", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=set-field:path=d:b:value=9", false, false, 2 },
    { "a section is dropped", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=drop-section:name=d", false, true, 0 },
    { "RAM is dropped", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=drop-section:name=ram", false, false, 1 },
    { "a section is renamed", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=rename-section:from=d:to=e", false, true, 0 },
    { "a machine is named",
      MACHINE HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=machine:name=pc-q35-8.0", false, true, 0 },
    { "a machine of pages that only pages tell",
      "config \"other\"; " HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=machine:name=pc-q35-8.0", false, false, 1 },
    { "a UUID is set", MACHINE HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=uuid:value=00112233-4455-6677-8899-aabbccddeeff", false, true,
      0 },
    { "a capability is added",
      MACHINE HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=capabilities:add=x-other", false, true, 0 },
    { "blocks get addresses",
      MACHINE HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=capabilities:add=x-ignore-shared", false, false, 1 },
    { "pages change", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=set-field:path=d:a[1]:value=9 --filter=ram-zero", false, false,
      1 },
    { "pages change in a later stage",
      MACHINE HEAD PAGES("300") RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=set-field:path=d:a[1]:value=9 --filter=mapped-ram", false, false,
      0 },
    { "a section is dropped, and all was looked through",
      MACHINE HEAD PAGES("300") RAM_END
      "full 6 \"0:1/nic\" 0 1; u8 1 2 3; footer 6; " DEVICE("7")
          LIST(ENTRY("0:1/nic") ", " ENTRY("d")),
      "convert --filter=drop-section:name=0:1/nic", true, false, 0 },
    { "nothing changes", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=null", false, false, 1 },
    { "a section before RAM",
      "start 2 \"ram\" 0 4; ram-size 0x200000; ram-block \"pc.ram\" 0x200000; ram-eos; "
      "footer 2; full 9 \"d\" 0 1; u8 1 2 3; footer 9; part 2; " MORE("300")
          DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "dump --devices", false, false, 1 },
    { "a description that lies",
      HEAD PAGES("300") DAMAGE RAM_END
      "full 7 \"d\" 0 1; u8 1 2 3 4; footer 7; eof; " DESCRIBED,
      "dump --devices", false, false, 1 },
    { "other bytes at the end",
      HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED "; u8 1 2 3",
      "dump --devices", false, false, 1 },
    { "the rest of a longer stream",
      HEAD PAGES("1") RAM_END DEVICE("7") DESCRIBED "; u8 5; " MORE("300")
          RAM_END DEVICE("7") DESCRIBED,
      "dump --devices", false, false, 0 },
    { "a field is set before the rest of a longer stream",
      HEAD PAGES("1") RAM_END DEVICE("7") DESCRIBED "; u8 5; " MORE("300")
          RAM_END DEVICE("7") DESCRIBED,
      "convert --filter=set-field:path=d:a[1]:value=9", false, false, 0 },
    { "the whole dump", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "dump --sections", false, false, 1 },
};

static Run *run_on(const char *file, GBytes *bytes, const char *options)
{
    g_auto(GStrv) words = g_strsplit(options, " ", -1);
    const char *w[4] = { words[0], words[1], words[1] ? words[2] : NULL };
    const char *other = strcmp(words[0], "diff") == 0 ? file : NULL;

    return w[2]   ? run_migstat(bytes, w[0], w[1], w[2], file, other, NULL)
           : w[1] ? run_migstat(bytes, w[0], w[1], file, other, NULL)
                  : run_migstat(bytes, w[0], file, other, NULL);
}

START_TEST(reads_no_ram_where_that_is_certain)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *file = g_build_filename(folder, "stream", NULL);
    g_autofree char *text = g_strconcat("header; ", rows[_i].text, NULL);
    g_autoptr(GBytes) bytes = mkmig_assemble(text, rows[_i].what, NULL);
    g_autoptr(Run) run = NULL;
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(file, data, (gssize)n, NULL));
    run = rows[_i].pipe ? run_on("-", bytes, rows[_i].options)
                        : run_on(file, NULL, rows[_i].options);
    ck_assert_msg(run->status == rows[_i].status, "%s: %s", rows[_i].what, run->err);
    ck_assert_msg(!strstr(run->err, NOT_READ) == !rows[_i].skips, "%s: %s", rows[_i].what,
                  run->err);
    scratch_remove(folder);
}
END_TEST

static Run *run_around(const char *before, bool zstd, const char *options)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *file = g_build_filename(folder, "stream", NULL);
    g_autofree char *text = g_strconcat(
        before, "header; " HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED, NULL);
    g_autoptr(GBytes) bytes = mkmig_assemble(text, "around", NULL);
    gsize n, bound;
    const char *data = g_bytes_get_data(bytes, &n);
    g_autofree char *packed = g_malloc(bound = ZSTD_compressBound(n));
    Run *run;

    if (zstd) {
        n = ZSTD_compress(packed, bound, data, n, 1);
    }
    ck_assert(g_file_set_contents(file, zstd ? packed : data, (gssize)n, NULL));
    run = run_on(file, NULL, options);
    scratch_remove(folder);
    return run;
}

/* What is around a stream: a libvirt image that can be read anywhere, and compression. */
START_TEST(looks_through_what_is_around_a_stream)
{
    const char *image = "str \"LibvirtQemudSave\"; le32 2 10 1 0 0; zero 56; str "
                        "\"<domain/>\"; zero 1; ";
    g_autoptr(Run) libvirt = run_around(image, false, "dump --devices");
    g_autoptr(Run) zstd = run_around("", true, "dump --devices");

    ck_assert_int_eq(libvirt->status, 0);
    ck_assert_msg(strstr(libvirt->err, NOT_READ), "%s", libvirt->err);
    ck_assert_int_eq(zstd->status, 1);
    ck_assert_msg(!strstr(zstd->err, NOT_READ), "%s", zstd->err);
}
END_TEST

/* What is shown is the same. */
START_TEST(shows_what_reading_all_shows)
{
    static const char *const formats[] = { "text", "json", "analyze" };
    g_autofree char *folder = scratch_dir();
    g_autofree char *file = g_build_filename(folder, "stream", NULL);
    g_autofree char *format = g_strconcat("--format=", formats[_i], NULL);
    g_autoptr(GBytes) bytes = mkmig_assemble(
        "header; " HEAD PAGES("300") RAM_END DEVICE("7") DESCRIBED, "sound", NULL);
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(file, data, (gssize)n, NULL));
    g_autoptr(Run) some = run_migstat(NULL, "dump", "--devices", format, file, NULL);
    g_autoptr(Run) all =
        run_migstat(NULL, "dump", "--devices", "--read-all", format, file, NULL);

    ck_assert_int_eq(some->status, 0);
    ck_assert_msg(strstr(some->err, ":0x3d: RAM, 1.2 MiB from here on, " NOT_READ), "%s",
                  some->err);
    ck_assert_str_eq(some->out, all->out);
    ck_assert_str_eq(all->err, "");
    scratch_remove(folder);
}
END_TEST

/* What is written is the same, in place too. */
START_TEST(writes_what_reading_all_writes)
{
    static const char *const filters[] = {
        "--filter=set-field:path=d:a[1]:value=9",
        "--filter=drop-section:name=d",
        "--filter=rename-section:from=d:to=longer",
        "--filter=machine:name=pc-q35-11.0",
    };
    g_autofree char *folder = scratch_dir();
    g_autofree char *file = g_build_filename(folder, "stream", NULL);
    g_autofree char *one = g_build_filename(folder, "one", NULL);
    g_autofree char *other = g_build_filename(folder, "other", NULL);
    g_autoptr(GBytes) bytes =
        mkmig_assemble("header; " MACHINE HEAD PAGES("300") RAM_END DEVICE("7") DESCRIBED,
                       "sound", NULL);
    g_autofree char *some = NULL, *all = NULL, *placed = NULL;
    gsize n, n_some, n_all, n_placed;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(file, data, (gssize)n, NULL));
    g_autoptr(Run) skips =
        run_migstat(NULL, "convert", filters[_i], "-o", one, file, NULL);
    g_autoptr(Run) reads =
        run_migstat(NULL, "convert", "--read-all", filters[_i], "-o", other, file, NULL);
    g_autoptr(Run) json =
        run_migstat(NULL, "convert", "-fjson", filters[_i], "--in-place", file, NULL);

    ck_assert_int_eq(skips->status, 0);
    ck_assert_int_eq(reads->status, 0);
    ck_assert_msg(strstr(skips->err, NOT_READ), "%s", skips->err);
    ck_assert_msg(!strstr(reads->err, NOT_READ), "%s", reads->err);
    ck_assert_int_eq(json->status, 0);
    ck_assert_msg(strstr(json->err, "\"unread_bytes\": 1233336,"), "%s", json->err);
    ck_assert(g_file_get_contents(one, &some, &n_some, NULL));
    ck_assert(g_file_get_contents(other, &all, &n_all, NULL));
    ck_assert(g_file_get_contents(file, &placed, &n_placed, NULL));
    ck_assert_uint_eq(n_some, n_all);
    ck_assert(memcmp(some, all, n_all) == 0);
    ck_assert_uint_eq(n_placed, n_all);
    ck_assert(memcmp(placed, all, n_all) == 0);
    scratch_remove(folder);
}
END_TEST

/* The devices of a stream are shown by its own description, and not by one that follows. */
START_TEST(shows_nothing_of_another_stream)
{
    static const char *const rest[] = { "", "; zero 1000", "; u8 1" };
    g_autofree char *folder = scratch_dir();
    g_autofree char *file = g_build_filename(folder, "stream", NULL);
    g_autofree char *text = g_strconcat(
        "header; " HEAD PAGES("1") RAM_END
        "full 7 \"d\" 0 1; u8 1 2 3; footer 7; eof; " DESCRIBED "; u8 5; " MORE("300")
            RAM_END "full 7 \"d\" 0 1; u8 4 5 6 7; footer 7; eof; " LIST(
                "{\\\"name\\\": \\\"d\\\", \\\"instance_id\\\": 0, "
                "\\\"vmsd_name\\\": \\\"d\\\", \\\"version\\\": 1, "
                "\\\"fields\\\": [{\\\"name\\\": \\\"other\\\", "
                "\\\"type\\\": \\\"uint32\\\", \\\"size\\\": 4}]}"),
        rest[_i], NULL);
    g_autoptr(GBytes) bytes = mkmig_assemble(text, "another", NULL);
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(file, data, (gssize)n, NULL));
    g_autoptr(Run) run = run_migstat(NULL, "dump", "--devices", "--read-all", file, NULL);
    g_autoptr(Run) alone = run_migstat(NULL, "dump", "--devices", file, NULL);
    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(strstr(run->out, "[2]") && !strstr(run->out, "other"), "%s%s", run->out,
                  run->err);
    ck_assert_str_eq(alone->out, run->out);
    scratch_remove(folder);
}
END_TEST

Suite *suite_unread(void)
{
    Suite *suite = suite_create("unread");
    TCase *tc = tcase_create("devices alone");

    tcase_add_loop_test(tc, reads_no_ram_where_that_is_certain, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tc, looks_through_what_is_around_a_stream);
    tcase_add_loop_test(tc, shows_nothing_of_another_stream, 0, 3);
    tcase_add_loop_test(tc, shows_what_reading_all_shows, 0, 3);
    tcase_add_loop_test(tc, writes_what_reading_all_writes, 0, 4);
    suite_add_tcase(suite, tc);
    return suite;
}
