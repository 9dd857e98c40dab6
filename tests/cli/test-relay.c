/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat relay`: what passes, in both directions, and what is said
 *                of whoever fails.
 * Must not know: the library.
 * See also:      players.h, the sources and destinations; tests/qemu/relay has stock QEMUs.
 */
#include "support.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mkmig.h"
#include "players.h"
#include "schema.h"

#define PONG "0002000400000001"
#define SHUT "0001000400000000"
#define FAIL "0001000400000001"

/* One channel with a return path, one without. */
#define BODY                                                                            \
    "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"b\" 0x2000; ram-eos; footer 2; " \
    "end 2; ram-normal 0 7 \"b\"; ram-normal 0x1000 8; ram-eos; footer 2; eof"
#define PLAIN "header; config \"pc-q35-7.2\"; " BODY
#define ASKS  "header; config \"pc-q35-7.2\"; command 1; command 2 { be32 1 }; " BODY
#define OTHER "be32 0x11223344 1; zero 56; fill 3000 5"

/* Pages on another channel, and points where the destination waits for it: marks, or the end of
 * each body of RAM. */
#define PARTS(series, mark, more)                                                \
    "header; config \"pc-q35-" series "\"; command 1; command 2 { be32 1 }; "    \
    "start 2 \"ram\" 0 4; ram-size 0x3000; ram-block \"b\" 0x3000; " mark        \
    "ram-eos; footer 2; part 2; " mark "ram-eos; footer 2; " more "end 2; " mark \
    "ram-eos; footer 2; full 7 \"timer\" 0 2; fill 24 0; footer 7; eof"
#define THREE  PARTS("9.0", "ram-flush; ", "")
#define FOUR   PARTS("9.0", "ram-flush; ", "part 2; ram-flush; ram-eos; footer 2; ")
#define BODIES PARTS("7.2", "", "")
#define FIRST  "multifd-initial 0; multifd-sync 0; "
#define PACKETS                                                                   \
    FIRST "multifd-packet 0 1 2 0 \"b\" { be64 0x1000 0x2000 }; page 1; page 2; " \
          "multifd-sync 2; multifd-sync 3; "

static const struct {
    const char *streams[4]; /* one for each connection of the source */
    const char *source[4];
    const char *destination[4];
    int status;
    const char *says; /* on stderr */
    bool whole;       /* all that the source gives arrives */
} rows[] = {
    /* --- a migration that goes well --- */
    { { PLAIN },
      { "give end take" },
      { "take" },
      0,
      "8,300 B on 1 channel; the destination has read all; the migration has no return "
      "path",
      true },
    { { ASKS },
      { "give take 16" },
      { "say " PONG " follow say " SHUT " stay" },
      0,
      "the destination answers PONG 1\nthe destination answers SHUT 0\n",
      true },
    { { ASKS },
      { "give take 8" },
      { "follow say " SHUT },
      0,
      "the destination has loaded it (SHUT 0)",
      true },
    { { PLAIN, OTHER, OTHER },
      { "give end take", "give end take", "give end take" },
      { "take", "take", "take" },
      0,
      "on 3 channels",
      true },
    /* --- a source that says that it has sent all, and waits for the answer --- */
    { { ASKS },
      { "give end take 8" },
      { "take say " SHUT },
      0,
      "the destination has loaded it (SHUT 0)",
      true },
    /* --- one that has gone before it can be told what came of it --- */
    { { ASKS },
      { "give" },
      { "take say " SHUT " stay" },
      1,
      "the destination has loaded all, and the source cannot be told (Broken pipe): look "
      "there before the guest is started anywhere",
      true },
    /* --- a channel that is late, or has nothing, as one for postcopy --- */
    { { PLAIN, OTHER },
      { "give end take", "wait give end take" },
      { "take", "take" },
      0,
      "on 2 channels",
      true },
    { { ASKS, "zero 0" },
      { "give take 8", "wait" },
      { "follow say " SHUT " stay", "take" },
      0,
      "on 2 channels",
      true },
    /* --- somebody who only looks whether there is anybody --- */
    { { "zero 0", "zero 0", PLAIN },
      { "", "end", "give end take" },
      { "take" },
      0,
      "on 1 channel;",
      false },
    /* --- what nobody can look into --- */
    { { "be16 0x1603 0x0103; fill 90 1" },
      { "give end take" },
      { "take" },
      0,
      "it is encrypted with TLS, so only source and destination know",
      true },
    { { "str \"GET / HTTP/1.1\"" }, { "give take" }, { NULL }, 1, "error[magic]", false },
    /* --- what goes on after a pause in postcopy passes, but its rest alone is no capture --- */
    { { "command 10 { pstr8 \"b\" }; command 9; u8 7" },
      { "give take 8" },
      { "follow say " SHUT " stay" },
      0,
      "the destination has loaded it (SHUT 0)",
      true },
    { { "command 99" }, { "give take" }, { NULL }, 1, "error[magic]", false },
    /* --- one side fails, and the other is told: its script ends --- */
    { { ASKS },
      { "give take" },
      { "take 50" },
      1,
      "the destination broke the main channel off: Connection reset by peer; up to there "
      "passed: 0x207a of the main channel; the last answer of the destination was "
      "nothing",
      false },
    { { ASKS },
      { "give take" },
      { "say " PONG " follow" },
      1,
      "the destination closed the connection before it had loaded all, and its log says "
      "why",
      true },
    { { ASKS },
      { "give take" },
      { "follow say " FAIL " stay" },
      1,
      "the destination says that it failed, and its log says why",
      true },
    { { ASKS },
      { "give 100" },
      { "take" },
      1,
      "the source closed the connection before the destination had loaded all; up to "
      "there "
      "passed: 0x64 of the main channel",
      false },
    { { ASKS, OTHER },
      { "give take", "give stay" },
      { "follow stay", "take 50" },
      1,
      "the destination broke channel 1 off",
      false },
    /* --- the destination only answers what the source did --- */
    { { ASKS, OTHER },
      { "give take", "give 100" },
      { "follow wait 1 say " FAIL " stay", "take" },
      1,
      "the destination says that it failed, and its log says why; before that the source "
      "had closed channel 1; up to there passed:",
      false },
    /* --- channels that fit together, and such that do not --- */
    { { THREE, PACKETS },
      { "give take 8", "give" },
      { "follow say " SHUT " stay", "take" },
      0,
      "on 2 channels",
      true },
    { { BODIES, PACKETS },
      { "give take 8", "give" },
      { "follow say " SHUT " stay", "take" },
      0,
      "on 2 channels",
      true },
    { { THREE, OTHER },
      { "give take 8", "give" },
      { "follow say " SHUT " stay", "take" },
      0,
      "channel 1 passes unread from there on, and whether it fits to the others is not "
      "known: no packet of multifd begins at 0x40\n",
      true },
    { { FOUR, PACKETS },
      { "give take", "give" },
      { "take", "take" },
      1,
      "the source closed channel 1 after 3 SYNC packets, and the destination waits for "
      "one "
      "at each of 4 points of the main channel; up to there passed: 0x",
      false },
    { { FOUR, PACKETS },
      { "give take", "give take" },
      { "take", "take" },
      1,
      "nothing has moved for 1 seconds (--timeout): channel 1 has had 3 SYNC packets, "
      "and "
      "the destination waits for one at each of 4 points of the main channel",
      false },
    { { THREE, PACKETS "multifd-sync 4" },
      { "give 50 wait 1 give take", "give" },
      { "take", "take" },
      1,
      "channel 1 has 4 SYNC packets, and the main channel only 3 points that wait for "
      "one: "
      "one is missing there, and pages could have come over later ones; up to there "
      "passed: "
      "0x",
      false },
    { { BODIES, FIRST },
      { "give take", "give" },
      { "take", "take" },
      1,
      "the source closed channel 1 after 1 SYNC packets",
      false },
    { { THREE, PACKETS },
      { "give take", "give 3000" },
      { "take", "take" },
      1,
      "the source closed channel 1 in the middle of a packet; up to there passed: 0x",
      false },
    { { THREE, PACKETS },
      { "give take", "give 30" },
      { "take", "take" },
      1,
      "the source closed channel 1 in the middle of a packet; up to there passed: 0x",
      false },
    { { THREE, "zero 0" },
      { "give take", "take" },
      { "take", "take" },
      1,
      "nothing has moved for 1 seconds (--timeout)",
      false },
    /* --- nobody moves --- */
    { { NULL },
      { NULL },
      { NULL },
      2,
      "nobody has connected for 1 seconds (--timeout)",
      false },
    { { ASKS },
      { "stay" },
      { NULL },
      1,
      "the source has connected and has sent nothing for 1 seconds (--timeout)",
      false },
    { { ASKS },
      { "give stay" },
      { "follow stay" },
      1,
      "nothing has moved for 1 seconds (--timeout): the source sends no more, and the "
      "destination does not say that it has loaded all",
      true },
    { { ASKS, OTHER },
      { "give stay", "give 100" },
      { "follow stay", "take stay" },
      1,
      "nothing has moved for 1 seconds (--timeout): the source has closed channel 1, and "
      "the main one goes on; up to there passed: "
      "0x207a "
      "of the main channel, 0x64 of channel 1;",
      false },
};

static void assemble(const char *const *texts, GBytes **bytes)
{
    for (int i = 0; i < 4 && texts[i]; i++) {
        g_autoptr(GError) error = NULL;

        bytes[i] = mkmig_assemble(texts[i], "text", &error);
        ck_assert_msg(bytes[i], "%s", error ? error->message : "");
    }
}

static void assert_same(const GByteArray *took, GBytes *bytes)
{
    ck_assert_uint_eq(took->len, g_bytes_get_size(bytes));
    ck_assert(!took->len ||
              memcmp(took->data, g_bytes_get_data(bytes, NULL), took->len) == 0);
}

/* The relay between @source and @destination, of scripts. */
typedef struct Stage {
    char *dir, *record;
    Players *source, *destination;
    Run *run;
} Stage;

static Stage *stage_for(const char *timeout, const char *const *source,
                        const char *const *destination, GBytes *const *gives,
                        GBytes *const *follows, const char *option)
{
    Stage *s = g_new0(Stage, 1);

    s->dir = scratch_dir();
    s->record = g_build_filename(s->dir, "record", NULL);
    g_autofree char *near = g_build_filename(s->dir, "near", NULL);
    g_autofree char *far = g_build_filename(s->dir, "far", NULL);
    g_autofree char *listens = g_strconcat("unix:", near, NULL);
    g_autofree char *connects = g_strconcat("unix:", far, NULL);
    g_autofree char *record = g_strconcat("--record=", s->record, NULL);

    s->destination = players_listen(far, destination, follows);
    s->source = players_connect(near, source, gives);
    s->run = run_migstat(NULL, "relay", timeout, listens, connects,
                         option ? option : record, NULL);
    players_join(s->source);
    players_join(s->destination);
    ck_assert_msg(!g_file_test(near, G_FILE_TEST_EXISTS), "the socket is left");
    return s;
}

/* Whatever takes so long has failed. */
#define PATIENT "--timeout=60"

static Stage *stage(const char *const *source, const char *const *destination,
                    GBytes *const *gives, GBytes *const *follows, const char *option)
{
    return stage_for(PATIENT, source, destination, gives, follows, option);
}

static void stage_free(Stage *s)
{
    scratch_remove(s->dir);
    players_free(s->source);
    players_free(s->destination);
    run_free(s->run);
    g_free(s->record);
    g_free(s->dir);
    g_free(s);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stage, stage_free)

START_TEST(both_sides_meet)
{
    GBytes *bytes[4] = { NULL };

    assemble(rows[_i].streams, bytes);
    const char *timeout = strstr(rows[_i].says, "1 seconds") ? "--timeout=1" : PATIENT;
    g_autoptr(Stage) s = stage_for(timeout, rows[_i].source, rows[_i].destination, bytes,
                                   bytes, "--format=text");

    ck_assert_msg(strstr(s->run->err, rows[_i].says), "%s", s->run->err);
    ck_assert_msg(s->run->status == rows[_i].status, "%d: %s", s->run->status,
                  s->run->err);
    ck_assert_str_eq(s->run->out, "");
    for (unsigned i = 0; i < 4 && bytes[i]; i++) {
        if (rows[_i].whole) {
            assert_same(s->destination->player[i].took, bytes[i]);
        }
        g_bytes_unref(bytes[i]);
    }
}
END_TEST

/* A point too few, which no destination sees, ends the migration before its end mark passes. */
START_TEST(the_end_is_held_back)
{
    GBytes *bytes[4] = { NULL };
    const char *const streams[4] = { THREE, PACKETS "multifd-sync 4" };
    const char *const source[] = { "give 50 wait 1 give take", "give", NULL };
    const char *const destination[] = { "take", "take", NULL };

    assemble(streams, bytes);
    g_autoptr(Stage) s = stage(source, destination, bytes, bytes, "--format=text");

    ck_assert_int_eq(s->run->status, 1);
    ck_assert_uint_lt(s->destination->player[0].took->len, g_bytes_get_size(bytes[0]));
    assert_same(s->destination->player[1].took, bytes[1]);
    g_bytes_unref(bytes[0]);
    g_bytes_unref(bytes[1]);
}
END_TEST

START_TEST(the_rest_of_a_migration_is_not_recorded)
{
    g_autoptr(GBytes) bytes =
        mkmig_assemble("command 10 { pstr8 \"b\" }; command 9; u8 7", "text", NULL);
    GBytes *const gives[] = { bytes };
    const char *const source[] = { "give take 8", NULL };
    const char *const destination[] = { "follow say " SHUT " stay", NULL };
    g_autoptr(Stage) s = stage(source, destination, gives, gives, NULL);

    ck_assert_int_eq(s->run->status, 2);
    ck_assert_msg(
        strstr(s->run->err, "cannot record: the migration goes on after a pause"), "%s",
        s->run->err);
    ck_assert_msg(strstr(s->run->err, "the destination has loaded it"), "%s",
                  s->run->err);
    ck_assert(!g_file_test(s->record, G_FILE_TEST_EXISTS));
    assert_same(s->destination->player[0].took, bytes);
}
END_TEST

START_TEST(answers_pass_unchanged)
{
    GBytes *bytes[4] = { NULL };
    const char *const streams[4] = { ASKS };
    const char *const source[] = { "give take 16", NULL };
    const char *const destination[] = { "say " PONG " follow say " SHUT " stay", NULL };
    static const char wanted[] = "\0\2\0\4\0\0\0\1\0\1\0\4\0\0\0";

    assemble(streams, bytes);
    g_autoptr(Stage) s = stage(source, destination, bytes, bytes, "--format=text");

    ck_assert_uint_eq(s->source->player[0].took->len, sizeof wanted);
    ck_assert(memcmp(s->source->player[0].took->data, wanted, sizeof wanted) == 0);
    g_bytes_unref(bytes[0]);
}
END_TEST

/* What was sent is in the folder, also of a migration that was broken off. */
static const struct {
    const char *source[3], *destination[3];
    unsigned lengths[2];
    int status;
} recordings[] = {
    { { "give take 8", "give" }, { "follow say " SHUT, "take" }, { 8314, 3064 }, 0 },
    { { "give 100", "give" }, { "take", "take" }, { 100, 3064 }, 1 },
};

START_TEST(a_recording_is_kept)
{
    GBytes *bytes[4] = { NULL };
    const char *const streams[4] = { ASKS, OTHER };

    assemble(streams, bytes);
    g_autoptr(Stage) s =
        stage(recordings[_i].source, recordings[_i].destination, bytes, bytes, NULL);

    ck_assert_msg(s->run->status == recordings[_i].status, "%s", s->run->err);
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *name = g_strdup_printf("channel-%u", i);
        g_autofree char *path = g_build_filename(s->record, name, NULL), *text = NULL;
        gsize n = 0;

        ck_assert_msg(g_file_get_contents(path, &text, &n, NULL), "%s", s->run->err);
        ck_assert_uint_le(n, g_bytes_get_size(bytes[i]));
        ck_assert(memcmp(text, g_bytes_get_data(bytes[i], NULL), n) == 0);
        if (i == 0 || recordings[_i].status == 0) {
            ck_assert_uint_eq(n, recordings[_i].lengths[i]);
        }
        g_bytes_unref(bytes[i]);
    }
    if (recordings[_i].status == 0) {
        g_autoptr(Run) times = run_migstat(NULL, "dump", "--timeline", s->record, NULL);

        ck_assert_msg(strstr(times->out, "channel-1"), "%s", times->err);
        ck_assert_ptr_null(strstr(times->out, "note:"));
    }
}
END_TEST

/* --- filters ------------------------------------------------------------------------------- */

/* What comes out is what convert makes of the whole stream, and it does while the source still has
 * its connections open: nobody waits for an end that comes after the answer. */
static const char *const filtered[] = { "q35-52-vfio", "q35-72-two-vfio", "q35-100-vfio",
                                        "virt-72-gicv3-vfio" };
static const char *const dialects[] = {
    "--to=config-first", "--to=config-last", "--to=subflag",
    "--filter=vfio-layout:to=subflag:config-needed=yes", "--filter=null"
};

START_TEST(filters_do_in_flight_what_convert_does)
{
    const char *option = dialects[(size_t)_i % G_N_ELEMENTS(dialects)];
    g_autofree char *name =
        g_strdup_printf("real/%s.mig.zst", filtered[(size_t)_i / G_N_ELEMENTS(dialects)]);
    g_autoptr(GBytes) stream = fixture_bytes(name);
    g_autoptr(Run) wanted = run_migstat(stream, "convert", "-q", option, "-", NULL);
    g_autoptr(GBytes) result = g_bytes_new(wanted->out, wanted->out_length);
    GBytes *gives[] = { stream }, *follows[] = { result };
    const char *const source[] = { "give take 8", NULL };
    const char *const destination[] = { "follow say " SHUT " stay", NULL };
    g_autoptr(Stage) s = stage(source, destination, gives, follows, option);

    ck_assert_msg(wanted->status == 0 && s->run->status == 0, "%s%s", wanted->err,
                  s->run->err);
    assert_same(s->destination->player[0].took, result);
    ck_assert_msg(strstr(s->run->err, "changed on the way"), "%s", s->run->err);
}
END_TEST

/* The end as a program reads it. */
static const struct {
    const char *option, *streams[3], *source[3], *destination[3];
    const char *parts[6];
} told[] = {
    { "--format=json",
      { PLAIN },
      { "give" },
      { "take" },
      { "\"command\": \"relay\"", "\"loaded\": null", "\"input\": null",
        "{\"channel\": 0, \"length\": 8300}", "\"changes\": []" } },
    { "--format=json",
      { ASKS, OTHER },
      { "give take 8", "give" },
      { "follow say " SHUT, "take" },
      { "\"loaded\": true", "{\"channel\": 1, \"length\": 3064}",
        "\"last\": \"SHUT 0\"" } },
    { "--format=json",
      { ASKS },
      { "give 100" },
      { "take" },
      { "\"loaded\": false", "\"complete\": false",
        "the source closed the connection" } },
};

START_TEST(a_program_is_told_too)
{
    GBytes *bytes[4] = { NULL };

    assemble(told[_i].streams, bytes);
    g_autoptr(Stage) s =
        stage(told[_i].source, told[_i].destination, bytes, bytes, told[_i].option);

    schema_assert_line("live", s->run->out, told[_i].parts);
    for (unsigned i = 0; i < 4 && bytes[i]; i++) {
        g_bytes_unref(bytes[i]);
    }
}
END_TEST

/* What cannot be changed in flight is refused, and nobody is connected to for it. */
static const struct {
    const char *option, *streams[3], *source[3];
    const char *says;
    unsigned n_come; /* connections that the destination got */
} refused[] = {
    { "--to=config-last",
      { "be16 0x1603 0x0103; fill 90 1" },
      { "give take" },
      "cannot pass through filters: it is encrypted with TLS",
      0 },
    { "--to=config-last",
      { "header; config \"pc-q35-7.2\"; command 3 { be64 0x1000 0x1000 }; " BODY },
      { "give take" },
      "switch the capability postcopy-ram off",
      0 },
    { "--to=config-last",
      { "command 10 { pstr8 \"b\" }; command 9; u8 7" },
      { "give take" },
      "it goes on after a pause in postcopy, and its beginning has not passed here",
      0 },
    { "--to=config-last",
      { "header; config \"pc-q35-7.2\"; command 8; " BODY },
      { "give take" },
      "it is one of COLO",
      0 },
    { "--filter=ram-zero",
      { PLAIN, OTHER },
      { "give take", "give take" },
      "the migration has several channels, and a filter that changes RAM sees only one",
      1 },
    { "--filter=null",
      { "header; config \"pc-q35-7.2\"; " BODY "; u8 9" },
      { "give end take" },
      "",
      1 },
    { "--filter=null",
      { "header; config \"pc-q35-7.2\"; start 2 \"ram\" 0 4; ram-size 0x2000; be64 "
        "0x777" },
      { "give take" },
      "error[ram-flag]",
      1 },
};

START_TEST(what_cannot_be_changed_is_refused)
{
    GBytes *bytes[4] = { NULL };
    const char *const destination[] = { "take", NULL };

    assemble(refused[_i].streams, bytes);
    g_autoptr(Stage) s =
        stage(refused[_i].source, destination, bytes, bytes, refused[_i].option);

    ck_assert_msg(strstr(s->run->err, refused[_i].says), "%s", s->run->err);
    ck_assert_msg(s->run->status == (*refused[_i].says ? 1 : 0), "%s", s->run->err);
    ck_assert_uint_eq(s->destination->n_come, refused[_i].n_come);
    for (unsigned i = 0; i < 4 && bytes[i]; i++) {
        g_bytes_unref(bytes[i]);
    }
}
END_TEST

static const struct {
    const char *arguments[4];
    const char *says;
} usage[] = {
    { { "unix:in" }, "wanted: LISTEN CONNECT" },
    { { "--channel=x", "unix:in", "unix:out" }, "--channel is for one file" },
    { { "fd:77", "unix:out" }, "fd:77 is not open" },
    { { "--filter=fold", "unix:in", "unix:out" },
      "filter fold: it has to see all before it writes anything, and a migration" },
    { { "--filter=nothing", "unix:in", "unix:out" }, "nothing" },
    { { "--to=nowhere", "unix:in", "unix:out" }, "--to is subflag, config-first or" },
    { { "--lossy", "unix:in", "unix:out" }, "--lossy" },
    { { "--timeout=no", "unix:in", "unix:out" }, "--timeout wants 1 to 86400 seconds" },
};

START_TEST(what_cannot_be_is_said)
{
    const char *argv[8] = { g_getenv("MIGSTAT"), "relay" };
    g_autoptr(Run) run = NULL;

    memcpy(argv + 2, usage[_i].arguments, sizeof usage[_i].arguments);
    run = run_program(argv, NULL, NULL);
    ck_assert_msg(run->status == 2 && strstr(run->err, usage[_i].says), "%d: %s",
                  run->status, run->err);
}
END_TEST

/* Also a program, before anybody has connected. */
static const struct {
    const char *words[4];
    const char *parts[6];
} unbegun[] = {
    { { "relay", "fd:77", "unix:out" },
      { "\"command\": \"relay\"", "\"listens\": \"fd:77\"", "\"connects\": \"unix:out\"",
        "\"channels\": []", "fd:77 is not open" } },
    { { "relay", "nowhere", "unix:out" },
      { "\"listens\": \"nowhere\"", "\"loaded\": false", "\"complete\": false" } },
    { { "receive", "fd:77", "-oout" },
      { "\"command\": \"receive\"", "\"listens\": \"fd:77\"", "\"output\": null",
        "fd:77 is not open" } },
    { { "receive", "nowhere", "-oout" },
      { "\"listens\": \"nowhere\"", "\"connects\": null", "\"loaded\": false" } },
    { { "send", "in", "nowhere" },
      { "\"command\": \"send\"", "\"connects\": \"nowhere\"", "\"input\": \"in\"",
        "\"loaded\": false" } },
};

START_TEST(a_program_is_told_what_cannot_be)
{
    const char *argv[8] = { g_getenv("MIGSTAT") };
    g_autofree char *dir = scratch_dir();
    g_autoptr(Run) run = NULL;

    argv[1] = unbegun[_i].words[0];
    argv[2] = "--format=json";
    memcpy(argv + 3, unbegun[_i].words + 1, 3 * sizeof *argv);
    run = run_program(argv, NULL, dir);
    ck_assert_int_eq(run->status, 2);
    schema_assert_line("live", run->out, unbegun[_i].parts);
    scratch_remove(dir);
}
END_TEST

/* From send through relay to receive, over TCP: what comes out is what went in. */
static const char over_tcp[] =
    "waited() { for i in $(seq 1000); do grep -q tcp: \"$1\" && return; sleep 0.02; "
    "done; }\n"
    "\"$MIGSTAT\" receive --timeout=20 tcp:127.0.0.1:0 -o out 2> r & r=$!\n"
    "waited r; to=$(sed -n 's/.*listening at //p' r)\n"
    "\"$MIGSTAT\" relay --timeout=20 tcp::0 \"$to\" 2> p & p=$!\n"
    "waited p; at=$(sed -n 's/waits at \\(tcp:[^ ]*\\) .*/\\1/p' p)\n"
    "\"$MIGSTAT\" send --timeout=20 \"$FILE\" \"$at\" && wait $p && wait $r && cmp "
    "\"$FILE\" out";

START_TEST(tcp_passes_too)
{
    g_autofree char *file = fixture_file("good/minimal-ram.txt"), *dir = scratch_dir();
    g_autofree char *script = g_strdup_printf("FILE='%s'\n%s", file, over_tcp);
    const char *argv[] = { "sh", "-c", script, NULL };
    g_autoptr(Run) run = run_program(argv, NULL, dir);

    ck_assert_msg(run->status == 0, "%d: %s%s", run->status, run->out, run->err);
    scratch_remove(dir);
}
END_TEST

/* The same where whoever starts them has connected them already. */
static pid_t start_with(const char *const *argv, int three, int four)
{
    pid_t pid = fork();

    if (pid == 0) {
        int one = fcntl(three, F_DUPFD_CLOEXEC, 16);
        int other = four < 0 ? -1 : fcntl(four, F_DUPFD_CLOEXEC, 16);

        dup2(one, 3);
        dup2(other < 0 ? one : other, 4);
        execv(argv[0], (char **)(uintptr_t)argv);
        _exit(127);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

/* With and without a return path. */
static const char *const handed_over[] = { "good/minimal-ram.txt", "faults/live.txt" };

START_TEST(sockets_that_are_handed_over_pass_too)
{
    g_autofree char *file = fixture_file(handed_over[_i]), *dir = scratch_dir();
    g_autofree char *out = g_build_filename(dir, "out", NULL);
    const char *migstat = g_getenv("MIGSTAT");
    const char *const receive[] = { migstat,        "receive", "-q", "fd:3",
                                    "--timeout=20", "-o",      out,  NULL };
    const char *const relay[] = { migstat, "relay", "-q", "--timeout=20",
                                  "fd:3",  "fd:4",  NULL };
    const char *const send[] = {
        migstat, "send", "-q", "--timeout=20", file, "fd:3", NULL
    };
    g_autoptr(Run) same = NULL;
    int near[2], far[2];
    pid_t pids[3];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, near), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, far), 0);
    pids[0] = start_with(receive, far[1], -1);
    pids[1] = start_with(relay, near[1], far[0]);
    pids[2] = start_with(send, near[0], -1);
    for (unsigned i = 0; i < 2; i++) {
        close(near[i]);
        close(far[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        int status;

        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_msg(status == 0, "%u: 0x%x", i, (unsigned)status);
    }
    same = run_migstat(NULL, "diff", file, out, NULL);
    ck_assert_msg(same->status == 0 || strstr(same->out, "commands"), "%s", same->out);
    scratch_remove(dir);
}
END_TEST

/* Where the only connection was none of a migration, nobody else is waited for. */
START_TEST(the_only_connection_may_be_nobody)
{
    const char *const relay[] = {
        g_getenv("MIGSTAT"), "relay", "-q", "--timeout=2", "fd:3", "fd:4", NULL
    };
    int near[2], far[2], status;
    pid_t pid;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, near), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, far), 0);
    pid = start_with(relay, near[1], far[0]);
    for (unsigned i = 0; i < 2; i++) {
        close(near[i]);
        close(far[i]);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    /* 2: time was up. */
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "0x%x",
                  (unsigned)status);
}
END_TEST

Suite *suite_relay(void)
{
    Suite *suite = suite_create("relay");
    TCase *tc = tcase_create("relay");

    tcase_add_loop_test(tc, both_sides_meet, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tc, answers_pass_unchanged);
    tcase_add_test(tc, the_end_is_held_back);
    tcase_add_test(tc, tcp_passes_too);
    tcase_add_loop_test(tc, sockets_that_are_handed_over_pass_too, 0,
                        G_N_ELEMENTS(handed_over));
    tcase_add_test(tc, the_only_connection_may_be_nobody);
    tcase_add_test(tc, the_rest_of_a_migration_is_not_recorded);
    tcase_add_loop_test(tc, a_program_is_told_too, 0, G_N_ELEMENTS(told));
    tcase_add_loop_test(tc, a_recording_is_kept, 0, G_N_ELEMENTS(recordings));
    tcase_add_loop_test(tc, filters_do_in_flight_what_convert_does, 0,
                        G_N_ELEMENTS(filtered) * G_N_ELEMENTS(dialects));
    tcase_add_loop_test(tc, what_cannot_be_changed_is_refused, 0, G_N_ELEMENTS(refused));
    tcase_add_loop_test(tc, what_cannot_be_is_said, 0, G_N_ELEMENTS(usage));
    tcase_add_loop_test(tc, a_program_is_told_what_cannot_be, 0, G_N_ELEMENTS(unbegun));
    suite_add_tcase(suite, tc);
    return suite;
}
