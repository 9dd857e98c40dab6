/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that migstat explain prints of logs what was reviewed, and what its
 *                command line means.
 * Must not know: which messages there are (tests/unit/test-explain.c).
 * See also:      tests/fixtures/explain: NAME.log, and what is printed of it, NAME.out and
 *                NAME.json.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *log;
    int status;
} logs[] = {
    { "libvirt-9", 0 }, { "chain-11", 0 }, { "kubevirt", 0 }, { "generic", 0 },
    { "proxmox", 0 },   { "unknown", 1 },  { "hostile", 0 },  { "empty", 1 },
};

/* What is printed, with the folder taken out of names. */
static char *printed(const char *log, const char *format, int status)
{
    g_autofree char *relative = g_strdup_printf("explain/%s.log", log);
    g_autofree char *path = fixture_file(relative), *folder = g_path_get_dirname(path);
    g_autofree char *option = g_strconcat("--log=", path, NULL);
    g_autofree char *prefix = g_strconcat(folder, "/", NULL);
    g_autoptr(Run) run = run_migstat(NULL, "explain", option, format, "--width=0", NULL);
    g_autoptr(GString) out = g_string_new(run->out);

    ck_assert_msg(run->status == status && !*run->err, "%s: exit %d: %s", log,
                  run->status, run->err);
    g_string_replace(out, prefix, "", 0);
    return g_strdup(out->str);
}

START_TEST(logs_are_explained)
{
    g_autofree char *text = printed(logs[_i].log, "--format=text", logs[_i].status);
    g_autofree char *json = printed(logs[_i].log, "--format=json", logs[_i].status);
    g_autofree char *text_name = g_strdup_printf("explain/%s.out", logs[_i].log);
    g_autofree char *json_name = g_strdup_printf("explain/%s.json", logs[_i].log);

    assert_golden(text_name, text);
    assert_golden(json_name, json);
}
END_TEST

/* The same log by its name, on standard input, and compressed. */
START_TEST(a_log_may_come_from_anywhere)
{
    static const char log[] = "Missing section footer for serial\n";
    g_autoptr(GBytes) bytes = g_bytes_new_static(log, strlen(log));
    g_autoptr(Run) stdin_run = run_migstat(bytes, "explain", "-", NULL);
    g_autoptr(Run) option = run_migstat(bytes, "explain", "--log=-", NULL);
    g_autofree char *dir = scratch_dir(), *path = g_build_filename(dir, "l.log.gz", NULL);
    g_autofree char *command = g_strdup_printf(
        "printf '%s' | gzip > '%s' && \"$MIGSTAT\" explain --log='%s'", log, path, path);
    const char *argv[] = { "sh", "-c", command, NULL };
    g_autoptr(Run) packed = run_program(argv, NULL, NULL);

    scratch_remove(dir);
    ck_assert_int_eq(stdin_run->status, 0);
    ck_assert_msg(strstr(stdin_run->out, "line 1 of standard input"), "%s",
                  stdin_run->out);
    ck_assert_str_eq(stdin_run->out, option->out);
    ck_assert_msg(packed->status == 0 && strstr(packed->out, "footer-missing"), "%s",
                  packed->err);
}
END_TEST

/* A message may be one word of the shell, or many. */
START_TEST(a_message_is_words)
{
    g_autoptr(Run) one =
        run_migstat(NULL, "explain", "Missing section footer for serial", NULL);
    g_autoptr(Run) many = run_migstat(NULL, "explain", "Missing", "section", "footer",
                                      "for", "serial", NULL);
    g_autoptr(Run) lines =
        run_migstat(NULL, "explain", "Missing section footer for serial",
                    "load of migration failed: Invalid argument", NULL);

    ck_assert_int_eq(one->status, 0);
    ck_assert_str_eq(one->out, many->out);
    ck_assert_str_eq(one->out, lines->out);
}
END_TEST

static const struct {
    const char *argv[3];
    const char *says;
} refused[] = {
    { { NULL }, "which message?" },
    { { "/dev/null" }, "/dev/null is a file; for a log write --log=/dev/null" },
    { { "--log=/dev/null", "Missing" }, "a message or a log, not both" },
    { { "--log=/nonexistent" }, "/nonexistent: error: cannot open: No such file" },
    { { "--log=/" }, "/ is a folder; a log is a file" },
};

START_TEST(what_is_wrong_is_said)
{
    g_autoptr(Run) run = run_migstat(NULL, "explain", refused[_i].argv[0],
                                     refused[_i].argv[1], refused[_i].argv[2], NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_str_eq(run->out, "");
    ck_assert_msg(strstr(run->err, refused[_i].says), "%s", run->err);
}
END_TEST

/* The stream shows the place, and the command that is printed does what it says. */
START_TEST(the_repair_can_be_pasted)
{
    g_autofree char *file = fixture_file("real/q35-100-devices.mig.zst");
    g_autofree char *dir = scratch_dir(), *in = g_strdup_printf("%s/in a.mig", dir);
    g_autofree char *option = g_strconcat("--in=", in, NULL), *copied = NULL;
    g_autofree char *path = g_path_get_dirname(g_getenv("MIGSTAT"));
    g_autofree char *script = NULL;
    const char *hint;
    gsize length;

    ck_assert(g_file_get_contents(file, &copied, &length, NULL));
    ck_assert(g_file_set_contents(in, copied, (gssize)length, NULL));
    g_autoptr(Run) run = run_migstat(NULL, "explain", option, "--width=0",
                                     "Unknown section or instance 'slirp' 0", NULL);
    g_autoptr(GString) text = g_string_new(run->out);

    g_string_replace(text, dir, "DIR", 0);
    assert_golden("explain/stream.out", text->str);
    hint = strstr(run->out, "hint: ") + strlen("hint: ");
    script = g_strdup_printf("PATH='%s':\"$PATH\"; %.*s && migstat explain "
                             "--in='%s/in a.fixed.mig' -f json "
                             "\"Unknown section or instance 'slirp' 0\"",
                             path, (int)strcspn(hint, "\n"), hint, dir);
    const char *argv[] = { "sh", "-c", script, NULL };
    g_autoptr(Run) pasted = run_program(argv, NULL, NULL);

    scratch_remove(dir);
    ck_assert_msg(pasted->status == 0 && strstr(pasted->out, "\"places\": []"),
                  "%s: %s%s", script, pasted->out, pasted->err);
}
END_TEST

/* A stream that is none, and one that ends too early: it is said, beside the explanation. */
START_TEST(a_bad_stream_is_said)
{
    g_autofree char *file = fixture_file("bad/truncated.txt");
    g_autofree char *option = g_strconcat("--in=", file, NULL);
    g_autoptr(Run) run = run_migstat(
        NULL, "explain", option, "load of migration failed: Input/output error", NULL);
    g_autoptr(Run) both = run_migstat(NULL, "explain", "--in=-", "-", NULL);
    g_autoptr(Run) none =
        run_migstat(NULL, "explain", "--in=/nonexistent", "Missing", NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(strstr(run->out, "\ndamaged  "), "%s", run->out);
    ck_assert_int_eq(both->status, 2);
    ck_assert_msg(strstr(both->err, "cannot both be standard input"), "%s", both->err);
    ck_assert_int_eq(none->status, 2);
}
END_TEST

Suite *suite_explanation(void)
{
    Suite *suite = suite_create("explanation");
    TCase *tc = tcase_create("command");

    tcase_add_loop_test(tc, logs_are_explained, 0, G_N_ELEMENTS(logs));
    tcase_add_test(tc, a_log_may_come_from_anywhere);
    tcase_add_test(tc, a_message_is_words);
    tcase_add_loop_test(tc, what_is_wrong_is_said, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tc, the_repair_can_be_pasted);
    tcase_add_test(tc, a_bad_stream_is_said);
    suite_add_tcase(suite, tc);
    return suite;
}
