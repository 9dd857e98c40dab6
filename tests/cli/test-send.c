/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat send`: what arrives on which connection, and what is said
 *                of each thing that a destination can do.
 * Must not know: the library.
 * See also:      players.h, the destinations; tests/qemu/relay has stock QEMU as one.
 */
#include "support.h"

#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>

#include "mkmig.h"
#include "players.h"
#include "schema.h"

/* Return path: SHUT, PONG 1, a request for a page of "b". */
#define SHUT(VALUE) "say 000100040000000" VALUE
#define PONG        "say 0002000400000001"
#define REQUEST                            \
    "say 0003000e000000000000100000001000" \
    "0162"

/* One channel with a return path, one without; and three of a migration. */
#define BODY                                                                            \
    "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"b\" 0x2000; ram-eos; footer 2; " \
    "end 2; ram-normal 0 7 \"b\"; ram-normal 0x1000 8; ram-eos; footer 2; eof"
#define PLAIN "header; config \"pc-q35-7.2\"; " BODY
#define ASKS  "header; config \"pc-q35-7.2\"; command 1; command 2 { be32 1 }; " BODY

static const struct {
    const char *stream;
    const char *script; /* of the only connection */
    int status;
    const char *says; /* on stderr */
    bool whole;       /* the destination got all of it */
} rows[] = {
    /* --- no return path: all that can be known is that it was read --- */
    { PLAIN, "take", 0, "has read all of it and closed the connection: 8,300 B on",
      true },
    { PLAIN, "take", 0, "only the destination knows how loading went", true },
    { PLAIN, "take 50", 1, "the destination broke the connection off: Connection reset",
      false },
    /* --- a return path --- */
    { ASKS, PONG " take " SHUT("0") " stay", 0, "has loaded it (SHUT 0)", true },
    { ASKS, PONG " take " SHUT("0"), 0, "the destination answers PONG 1\n", true },
    { ASKS, REQUEST " take " SHUT("0"), 0,
      "asks for pages, first for 4096 bytes of b at 0x1000\n", true },
    { ASKS, REQUEST " " REQUEST " take " SHUT("0"), 0, "it asked for pages 2 times\n",
      true },
    { ASKS, "take " SHUT("1") " stay", 1, "says that it failed (SHUT 1)", true },
    { ASKS, "take 100 " SHUT("1") " stay", 1, "says that it failed (SHUT 1)", false },
    { ASKS, PONG " take", 1,
      "closed the connection and did not say that it has loaded all; it was given the "
      "main "
      "channel to its end, and its last answer was PONG 1;",
      true },
    { ASKS, "say ffff0000 take", 1, "message of the unknown type 65535", true },
    { ASKS, "stay", 1,
      "has neither taken nor sent a byte for 1 seconds (--timeout); it was given the "
      "main "
      "channel",
      false },
    /* --- what is never sent --- */
    { "str \"QEVN\"; be32 3; eof", "take", 1, "error[magic]", false },
    { "command 10 { pstr8 \"b\" }; command 9; u8 7", "take", 2,
      "it is what a source sent after a pause in postcopy", false },
    { "header; config \"pc-q35-7.2\"", "take", 1, "it ends before its first section",
      false },
};

static GBytes *assembled(const char *text)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = mkmig_assemble(text, "text", &error);

    ck_assert_msg(bytes, "%s", error ? error->message : "");
    return bytes;
}

static void assert_took(const Player *player, GBytes *bytes)
{
    ck_assert_uint_eq(player->took->len, g_bytes_get_size(bytes));
    ck_assert(!player->took->len ||
              memcmp(player->took->data, g_bytes_get_data(bytes, NULL),
                     player->took->len) == 0);
}

START_TEST(each_destination_is_told)
{
    g_autoptr(GBytes) stream = assembled(rows[_i].stream);
    g_autofree char *dir = scratch_dir(), *path = g_build_filename(dir, "in", NULL);
    g_autofree char *address = g_strconcat("unix:", path, NULL);
    const char *const scripts[] = { rows[_i].script, NULL };
    g_autoptr(Players) destination = players_listen(path, scripts, NULL);
    g_autoptr(Run) run = run_migstat(stream, "send", "--timeout=1", "-", address, NULL);

    players_join(destination);
    ck_assert_msg(strstr(run->err, rows[_i].says), "%s: %s", rows[_i].script, run->err);
    ck_assert_int_eq(run->status, rows[_i].status);
    ck_assert_str_eq(run->out, "");
    if (rows[_i].whole) {
        assert_took(&destination->player[0], stream);
    }
    scratch_remove(dir);
}
END_TEST

/* The same for a program. */
static const struct {
    const char *stream, *script, *option, *schema;
    const char *parts[6];
} told[] = {
    { PLAIN,
      "take",
      "-q",
      "live",
      { "\"command\": \"send\"", "\"listens\": null", "\"loaded\": null",
        "{\"channel\": 0, \"length\": 8300}", "\"error\": null" } },
    { ASKS,
      PONG " " REQUEST " take " SHUT("0"),
      "-q",
      "live",
      { "\"loaded\": true", "\"page_requests\": 1", "\"last\": \"SHUT 0\"" } },
    { ASKS,
      PONG " take " SHUT("1") " stay",
      "-q",
      "live",
      { "\"loaded\": false", "\"complete\": false", "(SHUT 1)" } },
    { "str \"QEVN\"; be32 3; eof",
      "take",
      "-q",
      "live",
      { "\"channels\": []", "\"rule\": \"magic\"" } },
    { ASKS,
      "take",
      "--dry-run",
      "send-plan",
      { "[{\"channel\": 0, \"file\": \"standard input\"}]", "\"return_path\": true" } },
};

START_TEST(a_program_is_told_too)
{
    g_autoptr(GBytes) stream = assembled(told[_i].stream);
    g_autofree char *dir = scratch_dir(), *path = g_build_filename(dir, "in", NULL);
    g_autofree char *address = g_strconcat("unix:", path, NULL);
    const char *const scripts[] = { told[_i].script, NULL };
    g_autoptr(Players) destination = players_listen(path, scripts, NULL);
    g_autoptr(Run) run = run_migstat(stream, "send", "-f", "json", told[_i].option,
                                     "--timeout=1", "-", address, NULL);

    players_join(destination);
    schema_assert_line(told[_i].schema, run->out, told[_i].parts);
    scratch_remove(dir);
}
END_TEST

/* --- captures ------------------------------------------------------------------------------- */

/* Whatever the names of its files, main comes first, then multifd channels by their ids, and
 * the preempt one last; each on its own connection, which stays open to the end. */
static const struct {
    const char
        *files[4][2]; /* name and fixture, NULL: empty; in the order of connections */
    const char *script;
    const char *says;
} captures[] = {
    { { { "z", "channels/q35-72-multifd/channel-0.zst" },
        { "y", "channels/q35-72-multifd/channel-1.zst" },
        { "x", "channels/q35-72-multifd/channel-2.zst" } },
      "take",
      ", 2 others\n" },
    { { { "b", "good/postcopy.txt" }, { "a", NULL } }, "take", ", 1 other\n" },
};

START_TEST(each_channel_has_its_connection)
{
    g_autofree char *dir = scratch_dir(), *folder = g_build_filename(dir, "c", NULL);
    g_autofree char *path = g_build_filename(dir, "in", NULL);
    g_autofree char *address = g_strconcat("unix:", path, NULL);
    const char *const scripts[] = { "take say 0001000400000000", "take", "take", NULL };
    g_autoptr(Players) destination = players_listen(path, scripts, NULL);
    GBytes *bytes[4] = { NULL };
    unsigned n = 0;

    ck_assert_int_eq(g_mkdir(folder, 0700), 0);
    for (; captures[_i].files[n][0]; n++) {
        const char *fixture = captures[_i].files[n][1];
        g_autofree char *file = g_build_filename(folder, captures[_i].files[n][0], NULL);

        bytes[n] = fixture ? fixture_bytes(fixture) : g_bytes_new(NULL, 0);
        ck_assert(g_file_set_contents(file, g_bytes_get_data(bytes[n], NULL),
                                      (gssize)g_bytes_get_size(bytes[n]), NULL));
    }

    g_autoptr(Run) run = run_migstat(NULL, "send", folder, address, NULL);

    players_join(destination);
    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_msg(strstr(run->err, captures[_i].says), "%s", run->err);
    ck_assert_uint_eq(destination->n_come, n);
    for (unsigned i = 0; i < n; i++) {
        assert_took(&destination->player[i], bytes[i]);
        g_bytes_unref(bytes[i]);
    }
    scratch_remove(dir);
}
END_TEST

/* What the destination does to one channel ends all. */
static const struct {
    const char *scripts[4];
    const char *says;
} faults[] = {
    { { "take 100", "take", "take" }, "the destination broke the connection off" },
    { { "take", "take", "stay" },
      ": either it has not as many multifd-channels, or they do not fit together, which "
      "migstat check " },
    { { "take 100 " SHUT("1") " stay", "take", "take" }, "says that it failed (SHUT 1)" },
};

START_TEST(a_channel_that_fails_ends_all)
{
    g_autofree char *dir = scratch_dir(), *path = g_build_filename(dir, "in", NULL);
    g_autofree char *address = g_strconcat("unix:", path, NULL);
    g_autofree char *main_channel = fixture_file("channels/q35-72-multifd/channel-0.zst");
    g_autofree char *one = fixture_file("channels/q35-72-multifd/channel-1.zst");
    g_autofree char *two = fixture_file("channels/q35-72-multifd/channel-2.zst");
    g_autofree char *channel_one = g_strconcat("--channel=", one, NULL);
    g_autofree char *channel_two = g_strconcat("--channel=", two, NULL);
    g_autoptr(Players) destination = players_listen(path, faults[_i].scripts, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "send", "--timeout=1", channel_two,
                                     channel_one, main_channel, address, NULL);

    players_join(destination);
    ck_assert_msg(strstr(run->err, faults[_i].says), "%s", run->err);
    ck_assert_int_eq(run->status, 1);
    scratch_remove(dir);
}
END_TEST

/* What a loader would wait for in vain, or get wrong without a word, is not begun. */
static const struct {
    const char *one, *other; /* multifd channels, whose main channel waits twice */
    const char *says;
} unfit[] = {
#define BEGIN(id) "multifd-initial " id "; multifd-sync " id "; "
#define PAGE(n)   "multifd-packet 0 " n " 1 0 \"b\" { be64 0 }; page 1; "
    { BEGIN("0") PAGE("2"), BEGIN("1") "multifd-sync 3", "ends before the SYNC" },
    { BEGIN("0") PAGE("2") "multifd-sync 4; multifd-sync 5",
      BEGIN("1") "multifd-sync 3; multifd-sync 6", "a SYNC after the last point" },
    { BEGIN("0") "multifd-packet 0 2 1 0 \"b\" { be64 0 }; fill 99 1",
      BEGIN("1") "multifd-sync 3", "ends 3,997 bytes before the end of a RAM record" },
};

/* Sends a main channel that waits twice, with @one and @other (which may be NULL). */
static Run *send_channels(const char *one, const char *other, unsigned *n_come)
{
    static const char main_text[] =
        "header; config \"pc-q35-7.2\"; start 2 \"ram\" 0 4; ram-size 0x4000; "
        "ram-block \"b\" 0x4000; ram-eos; footer 2; end 2; ram-eos; footer 2; eof";
    const char *const texts[] = { main_text, one, other };
    g_autofree char *dir = scratch_dir(), *folder = g_build_filename(dir, "c", NULL);
    g_autofree char *path = g_build_filename(dir, "in", NULL);
    g_autofree char *address = g_strconcat("unix:", path, NULL);
    const char *const scripts[] = { "take", "take", "take", NULL };
    g_autoptr(Players) destination = players_listen(path, scripts, NULL);
    Run *run;

    ck_assert_int_eq(g_mkdir(folder, 0700), 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(texts) && texts[i]; i++) {
        g_autoptr(GBytes) bytes = assembled(texts[i]);
        g_autofree char *name = g_strdup_printf("%s/channel-%u", folder, i);

        ck_assert(g_file_set_contents(name, g_bytes_get_data(bytes, NULL),
                                      (gssize)g_bytes_get_size(bytes), NULL));
    }
    run = run_migstat(NULL, "send", "-f", "json", folder, address, NULL);
    players_join(destination);
    *n_come = destination->n_come;
    scratch_remove(dir);
    return run;
}

START_TEST(channels_that_do_not_fit_are_not_sent)
{
    unsigned n_come;
    g_autoptr(Run) run = send_channels(unfit[_i].one, unfit[_i].other, &n_come);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->err, "do not fit together") &&
                      strstr(run->err, "migstat check "),
                  "%s", run->err);
    ck_assert_msg(strstr(run->err, unfit[_i].says), "%s", run->err);
    ck_assert_msg(strstr(run->out, "\"loaded\": false"), "%s", run->out);
    ck_assert_uint_eq(n_come, 0);
}
END_TEST

/* Pages that qpl has compressed are those of a loader that knows it. */
START_TEST(channels_that_cannot_be_judged_are_sent)
{
    unsigned n_come;
    g_autoptr(Run) run = send_channels(
        BEGIN("0") "multifd-packet 8 2 1 0 \"b\" { be64 0 }; page 1; multifd-sync 3",
        NULL, &n_come);

    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_uint_eq(n_come, 2);
}
END_TEST

/* --- nobody is bothered for nothing ----------------------------------------------------------- */

static const struct {
    const char *arguments[4]; /* the file is good/minimal-ram.txt for "FILE" */
    int status;
    const char *says;
} usage[] = {
    { { "FILE", "unix:/nonexistent/in" }, 2, "cannot connect to unix:/nonexistent/in" },
    { { "FILE", "here" }, 2, "" },
    { { "FILE", "exec:cat" }, 2, "" },
    { { "FILE", "fd:77" }, 2, "fd:77 is not open" },
    { { "FILE" }, 2, "wanted: FILE ADDRESS" },
    { { "--timeout=0", "FILE", "unix:in" }, 2, "--timeout wants 1 to 86400 seconds" },
    { { "--dry-run", "FILE", "unix:/nonexistent/in" }, 0, "" },
    { { "FILE.none", "unix:/nonexistent/in" }, 2, "cannot open" },
};

START_TEST(what_cannot_be_is_said)
{
    g_autofree char *file = fixture_file("good/minimal-ram.txt");
    const char *argv[8] = { g_getenv("MIGSTAT"), "send" };
    g_autoptr(Run) run = NULL;

    for (int i = 0; usage[_i].arguments[i]; i++) {
        const char *word = usage[_i].arguments[i];

        argv[i + 2] = g_str_equal(word, "FILE") ? file : word;
    }
    run = run_program(argv, NULL, NULL);
    ck_assert_msg(run->status == usage[_i].status && strstr(run->err, usage[_i].says),
                  "%d: %s", run->status, run->err);
}
END_TEST

Suite *suite_send(void)
{
    Suite *suite = suite_create("send");
    TCase *tc = tcase_create("send");

    tcase_add_loop_test(tc, each_destination_is_told, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, a_program_is_told_too, 0, G_N_ELEMENTS(told));
    tcase_add_loop_test(tc, each_channel_has_its_connection, 0, G_N_ELEMENTS(captures));
    tcase_add_loop_test(tc, channels_that_do_not_fit_are_not_sent, 0,
                        G_N_ELEMENTS(unfit));
    tcase_add_test(tc, channels_that_cannot_be_judged_are_sent);
    tcase_add_loop_test(tc, a_channel_that_fails_ends_all, 0, G_N_ELEMENTS(faults));
    tcase_add_loop_test(tc, what_cannot_be_is_said, 0, G_N_ELEMENTS(usage));
    suite_add_tcase(suite, tc);
    return suite;
}
