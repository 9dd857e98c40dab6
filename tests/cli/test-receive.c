/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of migstat receive: what it keeps, what it tells the source, and when.
 * Must not know: how connections are read (../unit/test-return-path.c has what goes back).
 * See also:      tests/qemu/live, the same with QEMU as the source.
 */
#include "support.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conversion.h"
#include "migstat.h"
#include "schema.h"

#define CHANNELS_MAX 4

/* Bounds of waits; none is met where the program is right. */
#define CONNECT_TRIES 4000
#define CONNECT_US    5000
#define BACK_MS       60000

/* --- a source ---------------------------------------------------------------------------- */

typedef enum Ending {
    HANGS_UP, /* as one without a return path does when all is sent */
    LISTENS,  /* until it is told the end, or the other side hangs up */
} Ending;

typedef struct Source {
    char *path;
    GBytes *channels[CHANNELS_MAX]; /* in the order of connections */
    int main;                       /* which of them is answered */
    Ending ending;
    GString *back; /* what it was told */
    GThread *thread;
} Source;

static int reach(const char *path)
{
    struct sockaddr_un place = { .sun_family = AF_UNIX };

    g_strlcpy(place.sun_path, path, sizeof place.sun_path);
    for (int i = 0; i < CONNECT_TRIES; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (connect(fd, (const struct sockaddr *)&place, sizeof place) == 0) {
            return fd;
        }
        close(fd);
        g_usleep(CONNECT_US);
    }
    return -1;
}

static void send_all(int fd, GBytes *bytes)
{
    gsize n;
    const char *p = g_bytes_get_data(bytes, &n);

    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0) {
            return; /* the other side has hung up */
        }
        p += sent;
        n -= (gsize)sent;
    }
}

static void hear(Source *source, const uint8_t *bytes, size_t n,
                 MigReturnDecoder *decoder, bool *over)
{
    for (size_t at = 0, used; at < n; at += used) {
        MigReturnMessage message;

        if (mig_return_decoder_push(decoder, bytes + at, n - at, &used, &message, NULL) !=
            MIG_RETURN_STEP_MESSAGE) {
            return;
        }
        g_string_append_printf(source->back, "%s%s %u", source->back->len ? "; " : "",
                               mig_return_name((uint16_t)message.type), message.value);
        *over = message.type == MIG_RETURN_SHUT;
    }
}

static void listen_back(Source *source, int fd)
{
    g_autoptr(MigReturnDecoder) decoder = mig_return_decoder_new();
    struct pollfd want = { .fd = fd, .events = POLLIN };
    bool over = false;

    while (!over && poll(&want, 1, BACK_MS) > 0) {
        uint8_t bytes[64];
        ssize_t n = read(fd, bytes, sizeof bytes);

        if (n <= 0) {
            return;
        }
        hear(source, bytes, (size_t)n, decoder, &over);
    }
}

static gpointer play(gpointer data)
{
    Source *source = data;
    int fds[CHANNELS_MAX];
    int n = 0;

    for (; n < CHANNELS_MAX && source->channels[n]; n++) {
        fds[n] = reach(source->path);
    }
    for (int i = 0; i < n; i++) {
        send_all(fds[i], source->channels[i]);
    }
    if (source->ending == LISTENS) {
        listen_back(source, fds[source->main]);
    }
    while (n > 0) {
        close(fds[--n]);
    }
    return NULL;
}

/* --- the program ------------------------------------------------------------------------- */

/* A stream that ends with its mark, and one with a return path. */
#define RAM_WITH(more)                                                       \
    "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"b\" 0x2000; ram-eos;" \
    "footer 2; part 2; ram-normal 0 7 \"b\"; ram-normal 0x1000 8; ram-eos;"  \
    "footer 2; " more "end 2; ram-eos; footer 2;"
#define RAM       RAM_WITH("")
#define HEAD      "header; config \"pc-q35-7.2\";"
#define TIMER     "full 7 \"timer\" 0 2; fill 24 0; footer 7; "
#define PLAIN     HEAD RAM TIMER "eof"
#define BACK_PATH "command 1; command 2 { be32 1 }; "
#define ANSWERED  HEAD BACK_PATH RAM TIMER "eof"
/* Two devices that say when their first data was sent, of a machine of that series. */
#define BEGIN(id, name) \
    "start " id " \"" name "/vfio\" 0 1; be64 0xffffffffef100001; footer " id ";"
#define SENT(id) "part " id "; be64 0xffffffffef100005; footer " id ";"
#define END(id)  "end " id "; be64 0xffffffffef100001; footer " id ";"
#define DEVICES(series)                                                                \
    "header; config \"pc-q35-" series "\"; " BACK_PATH BEGIN("3", "a") BEGIN("4", "b") \
        RAM_WITH(SENT("3") SENT("4")) END("3") END("4") TIMER "eof"
#define CUT HEAD BACK_PATH "start 2 \"ram\" 0 4; ram-size 0x2000"

/* A switch to postcopy. */
#define POSTCOPY                                                                   \
    HEAD "command 1; command 3 { be64 0x1000 0x1000 };"                            \
         "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"b\" 0x2000; ram-eos; " \
         "footer 2;"                                                               \
         "part 2; ram-normal 0 7 \"b\"; ram-normal 0x1000 8; ram-eos; footer 2; "  \
         "command 6 { u8 0; pstr8 \"b\"; u8 0; be64 0 0x2000 };"                   \
         "command 2 { be32 2 }; packaged { command 4; " TIMER                      \
         "command 2 { be32 0x42 }; command 5 }; end 2; "
#define POSTCOPY_ONE \
    POSTCOPY "ram-normal 0 9 \"b\"; ram-zero 0x1000; ram-eos; footer 2; eof"
#define POSTCOPY_TWO POSTCOPY "ram-eos; footer 2; eof"
#define URGENT       "ram-normal 0 9 \"b\"; ram-zero 0x1000; ram-eos"

/* A text that mkmig assembles, or after "=" a path below fixtures, and after "-" how many bytes
 * of its end are left out. */
static GBytes *bytes_of(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " -", 2);
    g_autoptr(GBytes) whole = NULL;

    if (*text != '=') {
        return assembled(text);
    }
    whole = fixture_bytes(words[0] + 1);
    return g_bytes_new_from_bytes(
        whole, 0, g_bytes_get_size(whole) - (words[1] ? strtoul(words[1], NULL, 10) : 0));
}

#define MULTIFD                                       \
    {                                                 \
        "=channels/q35-72-multifd/channel-0.zst",     \
            "=channels/q35-72-multifd/channel-1.zst", \
            "=channels/q35-72-multifd/channel-2.zst"  \
    }
#define MULTIFD_LATE                                  \
    {                                                 \
        "=channels/q35-72-multifd/channel-1.zst",     \
            "=channels/q35-72-multifd/channel-0.zst", \
            "=channels/q35-72-multifd/channel-2.zst"  \
    }
#define MULTIFD_VFIO                                        \
    {                                                       \
        "=channels/q35-100-multifd-vfio/channel-0.zst",     \
            "=channels/q35-100-multifd-vfio/channel-1.zst", \
            "=channels/q35-100-multifd-vfio/channel-2.zst"  \
    }

/* What is in the scratch folder afterwards, apart by spaces. */
#define KEPT       "out.incomplete/channel-0 out.incomplete/incomplete.txt"
#define AS_CAPTURE "out/channel-0 out/channel-1 out/channel-2 out/timeline.jsonl"
#define AS_CAPTURE_CUT                                              \
    "out/channel-0 out/channel-1 out/channel-2 out/incomplete.txt " \
    "out/timeline.jsonl"

static const struct {
    const char *channels[CHANNELS_MAX];
    Ending ending;
    const char *options[3]; /* besides -o out or -o out/ */
    bool folder;
    int status;
    const char *back, *err, *files;
} rows[] = {
    { { PLAIN }, HANGS_UP, { NULL }, false, 0, "", "complete", "out" },
    { { PLAIN },
      HANGS_UP,
      { NULL },
      true,
      0,
      "",
      "on 1 channel\n",
      "out/channel-0 out/timeline.jsonl" },
    { { ANSWERED }, LISTENS, { NULL }, false, 0, "PONG 1; SHUT 0", "complete", "out" },
    { MULTIFD, HANGS_UP, { NULL }, false, 0, "", "on 3 channels\n", "out" },
    { MULTIFD, HANGS_UP, { NULL }, true, 0, "", "on 3 channels\n", AS_CAPTURE },
    { MULTIFD_LATE, HANGS_UP, { NULL }, true, 0, "", "complete", AS_CAPTURE },
    { MULTIFD_VFIO,
      LISTENS,
      { NULL },
      false,
      0,
      "PONG 1; SWITCHOVER_ACK 0; SHUT 0",
      "complete",
      "out" },
    /* A source that does not know SWITCHOVER_ACK, one that waits for one, and one that counts. */
    { { DEVICES("8.0") },
      LISTENS,
      { NULL },
      true,
      0,
      "PONG 1; SWITCHOVER_ACK 0; SHUT 0",
      "complete",
      "out/channel-0 out/timeline.jsonl" },
    { { "header; config \"pc-q35-8.1\"; " BACK_PATH RAM TIMER "eof" },
      LISTENS,
      { NULL },
      false,
      0,
      "PONG 1; SWITCHOVER_ACK 0; SHUT 0",
      "complete",
      "out" },
    { { DEVICES("11.0") },
      LISTENS,
      { NULL },
      false,
      0,
      "PONG 1; SWITCHOVER_ACK 0; SHUT 0",
      "complete",
      "out" },
    { { DEVICES("11.1") },
      LISTENS,
      { NULL },
      false,
      0,
      "PONG 1; SWITCHOVER_ACK 0; SWITCHOVER_ACK 0; SHUT 0",
      "complete",
      "out" },
    { { "header; config \"virt-11.1\"; " BACK_PATH RAM TIMER "eof" },
      LISTENS,
      { NULL },
      false,
      0,
      "PONG 1; SHUT 0",
      "complete",
      "out" },
    /* The source goes away, or a channel does. */
    { { CUT },
      HANGS_UP,
      { NULL },
      false,
      1,
      "",
      "what came is kept, incomplete, in ",
      KEPT },
    { { CUT },
      LISTENS,
      { "--timeout=1" },
      false,
      1,
      "PONG 1; SHUT 1",
      "nothing came for 1 seconds",
      KEPT },
    { { CUT },
      HANGS_UP,
      { NULL },
      true,
      1,
      "",
      "still has its guest",
      "out/channel-0 out/incomplete.txt out/timeline.jsonl" },
    { { "=channels/q35-72-multifd/channel-0.zst",
        "=channels/q35-72-multifd/channel-2.zst" },
      HANGS_UP,
      { NULL },
      false,
      1,
      "",
      "channel",
      "out.incomplete/channel-0 "
      "out.incomplete/channel-1 out.incomplete/incomplete.txt" },
    /* All of the main channel is here before anything of another one. */
    { { "=channels/q35-72-multifd/channel-0.zst", "zero 0" },
      LISTENS,
      { "--timeout=1" },
      false,
      1,
      "",
      "nothing came for 1 seconds",
      "out.incomplete/channel-0 out.incomplete/channel-1 "
      "out.incomplete/incomplete.txt" },
    { { "=channels/q35-72-multifd/channel-0.zst", "zero 0" },
      HANGS_UP,
      { NULL },
      false,
      1,
      "",
      "there is a connection 1, and nothing has come on it",
      "out.incomplete/channel-0 out.incomplete/channel-1 "
      "out.incomplete/incomplete.txt" },
    { { "=channels/q35-100-multifd-vfio/channel-0.zst" },
      HANGS_UP,
      { NULL },
      false,
      1,
      "",
      "the main channel waits for pages of multifd channels, and none has connected",
      KEPT },
    /* The end mark is here, and of what other channels have to tell the last is not. */
    { { "=channels/q35-72-multifd/channel-0.zst",
        "=channels/q35-72-multifd/channel-1.zst" },
      HANGS_UP,
      { NULL },
      true,
      1,
      "",
      "the packets have numbers up to ",
      "out/channel-0 out/channel-1 out/incomplete.txt out/timeline.jsonl" },
    { { "=channels/q35-100-multifd-vfio/channel-0.zst",
        "=channels/q35-100-multifd-vfio/channel-1.zst -4549",
        "=channels/q35-100-multifd-vfio/channel-2.zst" },
      HANGS_UP,
      { NULL },
      true,
      1,
      "",
      "0000:00:01.0/vfio: no packet has the configuration",
      AS_CAPTURE_CUT },
    { { "=channels/q35-100-multifd-vfio/channel-0.zst",
        "=channels/q35-100-multifd-vfio/channel-1.zst",
        "=channels/q35-100-multifd-vfio/channel-2.zst -300288" },
      HANGS_UP,
      { NULL },
      true,
      1,
      "",
      "0000:00:01.0/vfio: the packet with index 1, but none with index 0",
      AS_CAPTURE_CUT },
    { { "=channels/q35-100-multifd-vfio/channel-0.zst",
        "=channels/q35-100-multifd-vfio/channel-1.zst -4549",
        "=channels/q35-100-multifd-vfio/channel-2.zst -300288" },
      HANGS_UP,
      { NULL },
      true,
      1,
      "",
      "0000:00:01.0/vfio: no channel has its state",
      AS_CAPTURE_CUT },
    /* Somebody who looks whether there is anybody. */
    { { PLAIN, "zero 0" },
      HANGS_UP,
      { NULL },
      true,
      0,
      "",
      "complete",
      "out/channel-0 out/channel-1 out/timeline.jsonl" },
    /* What is no migration, or none that can be read. */
    { { "u8 0x16 3 1 2" }, LISTENS, { NULL }, false, 2, "", "speaks TLS", "" },
    { { "be32 0xfeedface" },
      LISTENS,
      { NULL },
      false,
      1,
      "",
      "begins with 0xfeedface",
      KEPT },
    { { "command 2 { be32 1 }; command 10 { pstr8 \"b\" }" },
      LISTENS,
      { "--allow-postcopy" },
      false,
      2,
      "",
      "that was paused in postcopy, which only the QEMU can take that has its guest",
      "" },
    { { PLAIN, PLAIN },
      LISTENS,
      { NULL },
      true,
      1,
      "",
      "both begin as a main channel",
      "out/channel-0 out/channel-1 out/incomplete.txt out/timeline.jsonl" },
    /* After a switch to postcopy the only copy is here. */
    { { POSTCOPY_ONE }, LISTENS, { NULL }, false, 2, "SHUT 1", "--allow-postcopy", "" },
    { { POSTCOPY_ONE },
      LISTENS,
      { "--allow-postcopy" },
      false,
      0,
      "PONG 2; PONG 66; SHUT 0",
      "complete",
      "out" },
    { { POSTCOPY_TWO, URGENT },
      LISTENS,
      { "--allow-postcopy" },
      true,
      0,
      "PONG 2; PONG 66; SHUT 0",
      "complete",
      "out/channel-0 out/channel-1 out/timeline.jsonl" },
    { { POSTCOPY_ONE, "ram-eos" },
      LISTENS,
      { "--allow-postcopy" },
      false,
      0,
      "PONG 2; PONG 66; SHUT 0",
      "complete",
      "out" },
    { { POSTCOPY "ram-normal 0 9 \"b\"" },
      HANGS_UP,
      { "--allow-postcopy" },
      false,
      1,
      "",
      "its only copy is here",
      KEPT },
};

/* The files below @dir, sorted. */
static void list_files(const char *dir, const char *prefix, GPtrArray *names)
{
    g_autoptr(GDir) opened = g_dir_open(dir, 0, NULL);

    for (const char *name; opened && (name = g_dir_read_name(opened));) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_autofree char *shown = g_strconcat(prefix, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            g_autofree char *below = g_strconcat(shown, "/", NULL);
            list_files(path, below, names);
        } else {
            g_ptr_array_add(names, g_steal_pointer(&shown));
        }
    }
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *files_in(const char *dir)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    list_files(dir, "", names);
    g_ptr_array_sort(names, by_text);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

static void assert_bytes(const char *path, GBytes *wanted)
{
    g_autofree char *data = NULL;
    gsize n;

    ck_assert_msg(g_file_get_contents(path, &data, &n, NULL), "%s", path);
    ck_assert_uint_eq(n, g_bytes_get_size(wanted));
    if (n) {
        ck_assert_mem_eq(data, g_bytes_get_data(wanted, NULL), n);
    }
}

/* A capture has each byte; a stream is what the capture becomes by `migstat convert`. */
static void check_content(const char *dir, size_t row, GBytes *const *channels)
{
    bool multifd = rows[row].channels[1] != NULL;

    for (unsigned i = 0; rows[row].folder && i < CHANNELS_MAX && channels[i]; i++) {
        g_autofree char *path = g_strdup_printf("%s/out/channel-%u", dir, i);
        GStatBuf st;

        assert_bytes(path, channels[i]);
        ck_assert_int_eq(g_stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
    }
    if (rows[row].status == 0 && !rows[row].folder && !multifd &&
        rows[row].ending == HANGS_UP) {
        g_autofree char *path = g_build_filename(dir, "out", NULL);
        assert_bytes(path, channels[0]);
    }
    if (rows[row].status == 0) {
        g_autofree char *path = g_build_filename(dir, "out", NULL);
        g_autoptr(Run) run = run_migstat(NULL, "dump", path, NULL);
        ck_assert_msg(run->status == 0, "%s", run->err);
    }
}

/* What a program is told of rows[]. */
static void check_json(const char *out, const char *err, size_t row)
{
    bool complete = rows[row].status == 0;
    const char *const parts[] = { "\"command\": \"receive\"",
                                  complete ? "\"loaded\": true" : "\"loaded\": false",
                                  strstr(rows[row].files, "incomplete/")
                                      ? "out.incomplete\", \"loaded\""
                                  : *rows[row].files ? "\"output\": \""
                                                     : "\"output\": null",
                                  NULL };

    ck_assert_msg(*out, "%s", err);
    schema_assert_line("live", out, parts);
}

START_TEST(migrations_are_taken)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *out = g_strconcat(dir, rows[_i].folder ? "/out/" : "/out", NULL);
    g_autofree char *path = g_strconcat(dir, "/s", NULL);
    g_autofree char *address = g_strconcat("unix:", path, NULL);
    g_autofree char *files = NULL;
    Source source = { .path = path, .ending = rows[_i].ending };

    for (int i = 0; i < CHANNELS_MAX && rows[_i].channels[i]; i++) {
        source.channels[i] = bytes_of(rows[_i].channels[i]);
    }
    source.back = g_string_new(NULL);
    source.thread = g_thread_new("source", play, &source);
    g_autoptr(Run) run =
        run_migstat(NULL, "receive", "-f", _i % 2 ? "json" : "text", address, "-o", out,
                    rows[_i].options[0] ? rows[_i].options[0] : "--color=never", NULL);
    g_thread_join(source.thread);
    files = files_in(dir);

    ck_assert_msg(run->status == rows[_i].status, "%d: %s", run->status, run->err);
    if (_i % 2) {
        check_json(run->out, run->err, (size_t)_i);
    } else {
        ck_assert_str_eq(run->out, "");
    }
    /* Of a migration that is complete a program reads all on stdout. */
    ck_assert_msg((_i % 2 && rows[_i].status == 0) || strstr(run->err, rows[_i].err),
                  "%s", run->err);
    ck_assert_str_eq(source.back->str, rows[_i].back);
    ck_assert_str_eq(files, rows[_i].files);
    check_content(dir, (size_t)_i, source.channels);
    for (int i = 0; i < CHANNELS_MAX && source.channels[i]; i++) {
        g_bytes_unref(source.channels[i]);
    }
    g_string_free(source.back, TRUE);
    scratch_remove(dir);
}
END_TEST

/* --- before anybody connects ------------------------------------------------------------- */

/* A line of the shell, and what it prints of an error. */
static const struct {
    const char *line;
    int status;
    const char *err;
} lines[] = {
    { "migstat receive unix:s -o out --timeout=1", 2, "nobody connected for 1 seconds" },
    { "migstat receive tcp::0 -o out/ --timeout=1", 2, "listening at tcp:127.0.0.1:" },
    { "migstat receive -o out", 2, "at which address?" },
    { "migstat receive unix:s", 2, "where to?" },
    { "migstat receive unix:s -o -", 2, "where to?" },
    { "migstat receive exec:cat -o out", 2, "a command is started by QEMU alone" },
    { "migstat receive unix:s -o out --timeout=x", 2, "a number of seconds" },
    { "migstat receive unix:s -o out/ --force", 2, "not the files of a folder" },
    { ": > out; migstat receive unix:s -o out", 2, "--force replaces it" },
    { "mkdir out; : > out/a; migstat receive unix:s -o out", 2, "has files already" },
    { "mkdir out.incomplete; : > out.incomplete/a; migstat receive unix:s -o out", 2,
      "out.incomplete has files already" },
    { ": > s; migstat receive unix:s -o out", 2, "cannot listen at unix:s" },
    { "migstat receive fd:77 -o out", 2, "fd:77 is not open" },
};

START_TEST(nothing_is_left_where_nobody_came)
{
    g_autofree char *dir = scratch_dir();
    g_autoptr(Run) run = run_with_shell(lines[_i].line, dir);
    g_autofree char *socket = g_build_filename(dir, "s", NULL);
    g_autofree char *folder = g_build_filename(dir, "out.incomplete", NULL);

    ck_assert_msg(run->status == lines[_i].status, "%d: %s", run->status, run->err);
    ck_assert_msg(strstr(run->err, lines[_i].err) != NULL, "%s", run->err);
    ck_assert(strstr(lines[_i].line, "> s") || !g_file_test(socket, G_FILE_TEST_EXISTS));
    ck_assert(strstr(lines[_i].line, "mkdir") ||
              !g_file_test(folder, G_FILE_TEST_EXISTS));
    scratch_remove(dir);
}
END_TEST

Suite *suite_receive(void)
{
    Suite *suite = suite_create("receive");
    TCase *tc = tcase_create("receive");

    tcase_add_loop_test(tc, migrations_are_taken, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, nothing_is_left_where_nobody_came, 0, G_N_ELEMENTS(lines));
    suite_add_tcase(suite, tc);
    return suite;
}
