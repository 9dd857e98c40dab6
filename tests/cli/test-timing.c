/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that migstat dump --timeline says when the parts of a recorded migration
 *                came, and that it believes nothing that a time line cannot say.
 * Must not know: how a time line is read (../unit/test-timeline.c).
 * See also:      migstat-capture(5), THE TIME LINE; fixtures/timing, whose channels are those of
 *                fixtures/capture/vfio.
 */
#include "support.h"

#include <string.h>

#include "conversion.h"
#include "schema.h"

#define FIRST "{\"migstat\":\"timeline\",\"version\":1,\"unit\":\"ns\"}\n"

static void put(const char *dir, const char *name, const char *bytes, gssize n)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    ck_assert(g_file_set_contents(path, bytes, n, NULL));
}

static void put_fixture(const char *dir, const char *name, const char *fixture)
{
    g_autoptr(GBytes) bytes = fixture_bytes(fixture);

    put(dir, name, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
}

/* A folder as migstat receive writes it. */
static char *make_capture(const char *main_channel)
{
    char *dir = scratch_dir();

    put_fixture(dir, "channel-0", main_channel);
    put_fixture(dir, "channel-1", "capture/vfio/a.txt");
    put_fixture(dir, "channel-2", "capture/vfio/b.txt");
    put_fixture(dir, "timeline.jsonl", "timing/timeline.jsonl");
    return dir;
}

/* --- what is shown ------------------------------------------------------------------------ */

static const struct {
    const char *line, *golden;
} views[] = {
    { "migstat dump --timeline .", "timing/vfio.dump" },
    { "migstat dump --timeline --all .", "timing/vfio-all.dump" },
    { "migstat dump --timeline --top=1 .", "timing/vfio-top.dump" },
    { "migstat dump --timeline -f json .", "timing/vfio.json" },
};

START_TEST(a_capture_has_its_times)
{
    g_autofree char *dir = make_capture("capture/vfio/main.txt");
    g_autoptr(Run) run = run_with_shell(views[_i].line, dir);

    ck_assert_msg(run->status == 0, "%s", run->err);
    assert_golden(views[_i].golden, run->out);
    scratch_remove(dir);
}
END_TEST

START_TEST(the_schema_knows_all_of_it)
{
    g_autofree char *dir = make_capture("capture/vfio/main.txt");
    g_autoptr(Run) run = run_with_shell("migstat dump --timeline -f json .", dir);
    const char *const parts[] = { "\"complete\": true", NULL };

    schema_assert_line("dump-timeline", run->out, parts);
    scratch_remove(dir);
}
END_TEST

/* The times that a main channel alone tells: of rounds, whose first pages lie before the last
 * ones; of a package, and what comes after the guest was given away. */
static const char *const mains[][3] = {
    { "rounds",
      "header; config \"pc-q35-7.2\"; start 2 \"ram\" 0 4; ram-size 0x4000;"
      "ram-block \"b\" 0x4000; ram-eos; footer 2;"
      "part 2; ram-normal 0 1 \"b\"; ram-normal 0x1000 2; ram-zero 0x2000; ram-eos; "
      "footer 2;"
      "part 2; ram-normal 0x3000 3 \"b\"; ram-normal 0x1000 4; ram-eos; footer 2;"
      "part 2; ram-normal 0x3000 4 \"b\"; ram-eos; footer 2;"
      "part 2; ram-normal 0 5 \"b\"; ram-eos; footer 2;"
      "end 2; ram-normal 0x1000 6 \"b\"; ram-eos; footer 2; eof",
      /* a line for each section, a millisecond apart */
      "76 8306 16542 20664 24786 28908 28909" },
    { "postcopy",
      "header; config \"pc-q35-7.2\"; command 1; command 3 { be64 0x1000 0x1000 };"
      "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"b\" 0x2000; ram-eos; footer 2;"
      "part 2; ram-normal 0 7 \"b\"; ram-normal 0x1000 8; ram-eos; footer 2;"
      "command 6 { u8 0; pstr8 \"b\"; u8 0; be64 0x1000 0x1000 };"
      "command 2 { be32 2 }; packaged { command 4; full 7 \"timer\" 0 2; fill 24 0; "
      "footer 7;"
      "command 5 }; part 2; ram-normal 0x1000 9 \"b\"; ram-eos; footer 2;"
      "end 2; ram-eos; footer 2; eof",
      "102 8317 8342 8428 12551 12569" },
};

START_TEST(a_main_channel_has_rounds_and_phases)
{
    g_autofree char *dir = scratch_dir();
    g_autoptr(GBytes) bytes = assembled(mains[_i][1]);
    g_auto(GStrv) offsets = g_strsplit(mains[_i][2], " ", -1);
    g_autoptr(GString) lines = g_string_new(FIRST);
    g_autofree char *golden = g_strdup_printf("timing/%s.dump", mains[_i][0]);
    g_autoptr(Run) run = NULL;

    for (guint i = 0; offsets[i]; i++) {
        g_string_append_printf(lines, "{\"time\":%u000000,\"channel\":0,\"offset\":%s}\n",
                               i + 1, offsets[i]);
    }
    put(dir, "channel-0", g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
    put(dir, "timeline.jsonl", lines->str, -1);
    run = run_with_shell("migstat dump --timeline --all .", dir);
    ck_assert_msg(run->status == 0, "%s", run->err);
    assert_golden(golden, run->out);
    scratch_remove(dir);
}
END_TEST

/* --- what is wrong ------------------------------------------------------------------------ */

#define AT(time, offset) "{\"time\":" time ",\"channel\":0,\"offset\":" offset "}\n"

/* Time lines; "%" is a kilobyte of digits.  What came before the fault is shown: a word of it. */
static const struct {
    const char *text, *says, *shows;
} wrong[] = {
    { "", "line 1: the file ends in it", NULL },
    { "\n", "line 1: it is no object of JSON", NULL },
    { "{\"migstat\":\"other\",\"version\":1,\"unit\":\"ns\"}\n",
      "line 1: it is not what begins a time line", NULL },
    { AT("1", "1"), "line 1: it is not what begins a time line", NULL },
    { "{\"migstat\":\"timeline\",\"version\":2,\"unit\":\"ns\"}\n",
      "line 1: the time line is of a version that this migstat does not know", NULL },
    { "{\"migstat\":\"timeline\",\"version\":1,\"unit\":\"ms\"}\n",
      "line 1: the time line is of a version that this migstat does not know", NULL },
    { FIRST AT("1000000", "137") "%%%%%", "line 3: it is longer than 4,096 bytes",
      "1.000" },
    { FIRST AT("1000000", "137") AT("%", "138"), "line 3: it is no object of JSON",
      "1.000" },
    { FIRST AT("1000000", "137") AT("-1", "138"), "line 3: it is no object of JSON",
      "1.000" },
    { FIRST AT("1000000", "137") AT("1.5", "138"), "line 3: it is no object of JSON",
      "1.000" },
    { FIRST AT("1000000", "137") "[1]\n", "line 3: it is no object of JSON", "1.000" },
    { FIRST AT("1000000", "137") AT("2000000", "138") "x", "line 4: the file ends in it",
      "2.000" },
    { FIRST AT("1000000", "137") AT("18446744073709551615", "138"),
      "line 3: a number is out of range", "1.000" },
    { FIRST AT("1000000", "137") AT("2000000", "18446744073709551615"),
      "line 3: a number is out of range", "1.000" },
    { FIRST AT("1000000", "137") "{\"time\":1,\"channel\":1024,\"event\":\"open\"}\n",
      "line 3: a number is out of range", "1.000" },
    { FIRST AT("1000000", "137") AT("999999", "138"), "line 3: the time runs backwards",
      "1.000" },
    { FIRST AT("1000000", "137") AT("1000001", "136"),
      "line 3: the offset is below one of an earlier line", "1.000" },
    { FIRST AT("1000000", "137") "{\"time\":1}\n", "line 3: it has no time or no channel",
      "1.000" },
    { FIRST AT("1000000", "137") "{\"channel\":1}\n",
      "line 3: it has no time or no channel", "1.000" },
};

START_TEST(a_time_line_is_read_up_to_what_is_wrong)
{
    g_autofree char *dir = make_capture("capture/vfio/main.txt");
    g_autofree char *kilobyte = g_strnfill(1000, '1');
    g_auto(GStrv) parts = g_strsplit(wrong[_i].text, "%", -1);
    g_autofree char *text = g_strjoinv(kilobyte, parts);
    g_autoptr(Run) run = NULL, json = NULL;

    put(dir, "timeline.jsonl", text, -1);
    run = run_with_shell("migstat dump --timeline .", dir);
    ck_assert_msg(run->status == 1 || run->status == 2, "%d: %s", run->status, run->err);
    ck_assert_msg(strstr(run->err, wrong[_i].says), "%s", run->err);
    ck_assert_msg(wrong[_i].shows ? strstr(run->out, wrong[_i].shows) != NULL
                                  : run->out_length == 0,
                  "%s", run->out);
    json = run_with_shell("migstat dump --timeline -f json .", dir);
    ck_assert_msg(strstr(json->out, "\"complete\": false"), "%s", json->out);
    scratch_remove(dir);
}
END_TEST

/* Time lines that are sound, and do not fit to the channels: what is told beside. */
static const struct {
    const char *text, *note;
} odd[] = {
    { FIRST AT("1000000", "137"), "the time line ends before channel-0 does: of its last "
                                  "416 bytes no line tells when they came" },
    { FIRST AT("1000000", "137"), "the time line does not speak of channel-1" },
    { FIRST AT("1000000", "9223372036854775807"),
      "the time line has 9223372036854775807 bytes of channel-0, which has 553" },
    { FIRST AT("1000000", "553") "{\"time\":1,\"channel\":7,\"offset\":5}\n",
      "the time line does not speak of channel-2" },
    { FIRST "{\"time\":5,\"channel\":0,\"offset\":553,\"more\":[{\"x\":1}]}\n",
      "the time line does not speak of channel-2" },
};

START_TEST(what_does_not_fit_is_told)
{
    g_autofree char *dir = make_capture("capture/vfio/main.txt");
    g_autoptr(Run) run = NULL;

    put(dir, "timeline.jsonl", odd[_i].text, -1);
    run = run_with_shell("migstat dump --timeline --width=0 .", dir);
    ck_assert_msg(run->status == 0, "%d: %s", run->status, run->err);
    ck_assert_msg(strstr(run->out, odd[_i].note), "%s", run->out);
    scratch_remove(dir);
}
END_TEST

static const struct {
    const char *line;
    int status;
    const char *says;
} lines[] = {
    { "migstat dump --timeline channel-0", 2, "--timeline is about a folder" },
    { "migstat dump --timeline --channel=channel-1 --channel=channel-2 channel-0", 2,
      "--timeline is about a folder" },
    { "rm timeline.jsonl; migstat dump --timeline .", 2,
      "timeline.jsonl: cannot open: No such file or directory" },
    { "rm timeline.jsonl; mkdir timeline.jsonl; migstat dump --timeline .", 2,
      "timeline.jsonl: the folder has no file" },
    { "migstat dump --timeline --items .", 2, "--timeline" },
    { "for i in 0 1 2; do mv channel-$i $i; done; migstat dump --timeline .", 0,
      "does not speak of 0" },
    { "zstd -q --rm channel-1; zstd -q --rm timeline.jsonl; mv timeline.jsonl.zst "
      "timeline.jsonl; migstat dump --timeline .",
      0, "(until the source sent the first byte)" },
    { "head -c 300 channel-0 > c; mv c channel-0; migstat dump --timeline .", 1,
      "stop-and-copy" },
    { "migstat dump --timeline . . | grep -c ^.:", 0, "2" },
};

START_TEST(a_line_of_the_shell)
{
    g_autofree char *dir = make_capture("capture/vfio/main.txt");
    g_autoptr(Run) run = run_with_shell(lines[_i].line, dir);

    ck_assert_msg(run->status == lines[_i].status, "%d: %s", run->status, run->err);
    ck_assert_msg(strstr(run->err, lines[_i].says) || strstr(run->out, lines[_i].says),
                  "%s%s", run->out, run->err);
    scratch_remove(dir);
}
END_TEST

Suite *suite_timing(void)
{
    Suite *suite = suite_create("timing");
    TCase *tc = tcase_create("timing");

    tcase_add_loop_test(tc, a_capture_has_its_times, 0, G_N_ELEMENTS(views));
    tcase_add_test(tc, the_schema_knows_all_of_it);
    tcase_add_loop_test(tc, a_main_channel_has_rounds_and_phases, 0, G_N_ELEMENTS(mains));
    tcase_add_loop_test(tc, a_time_line_is_read_up_to_what_is_wrong, 0,
                        G_N_ELEMENTS(wrong));
    tcase_add_loop_test(tc, what_does_not_fit_is_told, 0, G_N_ELEMENTS(odd));
    tcase_add_loop_test(tc, a_line_of_the_shell, 0, G_N_ELEMENTS(lines));
    suite_add_tcase(suite, tc);
    return suite;
}
