/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that what shows devices alone reads no RAM, says so, and reads all
 *                where the way past RAM is not certain.
 * Must not know: how devices are shown (test-devices.c) or taken (test-extract.c).
 * See also:      mig_reader_skip_ram(); cli/unread.h.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>

#include "mkmig.h"

#define HEAD "start 2 \"ram\" 0 4; ram-size 0x200000; ram-block \"pc.ram\" 0x200000; "
#define PAGES(n) \
    "ram-eos; footer 2; part 2; repeat " n " { ram-normal @i*4096 1 \"pc.ram\" }; "
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
    { "the whole dump", HEAD PAGES("300") DAMAGE RAM_END DEVICE("7") DESCRIBED,
      "dump --sections", false, false, 1 },
};

static Run *run_on(const char *file, GBytes *bytes, const char *options)
{
    g_auto(GStrv) words = g_strsplit(options, " ", -1);
    const char *w[4] = { words[0], words[1], words[1] ? words[2] : NULL };

    return w[2] ? run_migstat(bytes, w[0], w[1], w[2], file, NULL)
                : run_migstat(bytes, w[0], w[1], file, NULL);
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

Suite *suite_unread(void)
{
    Suite *suite = suite_create("unread");
    TCase *tc = tcase_create("devices alone");

    tcase_add_loop_test(tc, reads_no_ram_where_that_is_certain, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, shows_what_reading_all_shows, 0, 3);
    suite_add_tcase(suite, tc);
    return suite;
}
