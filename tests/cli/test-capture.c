/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that every command takes a capture: a folder of channels, or a
 *                file with --channel; that device state is put together; and that a capture which
 *                is not whole is told.
 * Must not know: in which order channels are read (../unit/test-channels.c).
 * See also:      migstat-capture(5); fixtures/channels.
 */
#include "support.h"

#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>

#include "conversion.h"

/* Each line has one file of the folder: its name, and the text that mkmig assembles, or
 * after "=" a path below fixtures. */
static char *make_folder(const char *const *files)
{
    char *dir = scratch_dir();

    for (; *files; files++) {
        g_auto(GStrv) part = g_strsplit(*files, ": ", 2);
        g_autofree char *path = g_build_filename(dir, part[0], NULL);
        g_autoptr(GBytes) bytes =
            *part[1] == '=' ? fixture_bytes(part[1] + 1) : assembled(part[1]);

        ck_assert(g_file_set_contents(path, g_bytes_get_data(bytes, NULL),
                                      (gssize)g_bytes_get_size(bytes), NULL));
    }
    return dir;
}

#define MAIN                                                                       \
    "header; config \"pc-q35-7.2\"; start 2 \"ram\" 0 4;"                          \
    "ram-size 0x4000; ram-block \"b\" 0x4000; ram-eos; footer 2; end 2; ram-eos; " \
    "footer 2; eof"
#define SYNC(number) "multifd-sync " number "; "
#define PAGES        "multifd-packet 0 2 2 0 \"b\" { be64 0 0x1000 }; page 1; page 2; "
#define MORE         "multifd-packet 0 3 2 0 \"b\" { be64 0x2000 0x3000 }; page 3; page 4; "
#define ZERO         "multifd-initial 0; " SYNC("0") PAGES SYNC("4")
#define ONE          "multifd-initial 1; " SYNC("1") MORE SYNC("5")
#define OTHER        "be32 0x11223344 1; fill 16 5; u8 1; fill 39 0; " SYNC("0") MORE SYNC("4")

/* The main channel of the same with MULTIFD_FLUSH, which says where the channels are waited for. */
#define FLUSHED(first, last)                                                            \
    "header; config \"pc-q35-9.0\"; start 2 \"ram\" 0 4;"                               \
    "ram-size 0x4000; ram-block \"b\" 0x4000; " first "ram-eos; footer 2; end 2; " last \
    "ram-eos; footer 2; eof"
#define FLUSH "ram-flush; "

/* A switch to postcopy, after which @pages come. */
#define POSTCOPY(discard, pages)                                                       \
    "header; config \"pc-q35-7.2\"; command 1; command 3 { be64 0x1000 0x1000 };"      \
    "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"b\" 0x2000; ram-eos; footer 2;" \
    "part 2; ram-normal 0 7 \"b\"; ram-normal 0x1000 8; ram-eos; footer 2; " discard   \
    "; "                                                                               \
    "command 2 { be32 2 }; packaged { command 4; full 7 \"timer\" 0 2; fill 24 0; "    \
    "footer 7;"                                                                        \
    "command 5 }; end 2; " pages "; footer 2; eof"
#define DISCARD(name, ranges) \
    "command 6 { u8 0; pstr8 \"" name "\"; u8 0; be64 " ranges " }"

#define SWITCHED POSTCOPY(DISCARD("b", "0 0x2000"), "ram-eos")
#define URGENT   "ram-normal 0 9 \"b\"; ram-zero 0x1000; ram-eos"

/* --- what is a capture ------------------------------------------------------------------- */

/* Names say nothing, and notes are left out. */
#define WHOLE "a: " ONE, "b: " MAIN, "c: " ZERO, "facts.json: u8 1", ".d: u8 2", NULL

#define ZLIB                                              \
    "a: =channels/q35-72-multifd-zlib/channel-0.zst",     \
        "b: =channels/q35-72-multifd-zlib/channel-1.zst", \
        "c: =channels/q35-72-multifd-zlib/channel-2.zst", NULL

#define ADVICE \
    "; check, dump and needs read each file of a folder by itself with --recursive"

/* The files that JSON Lines are about. */
#define FILES(command) command " | grep -o '\"file\": \"[^\"]*\"' | tr -d '\\n'"

static const struct {
    const char *files[8];
    const char *line;
    int status;
    const char *says; /* on either output */
} rows[] = {
    { { WHOLE }, "migstat dump .", 0, "complete" },
    { { WHOLE }, "migstat check .", 0, "sound" },
    { { WHOLE }, "migstat check -f json .", 0, "\"errors\": 0" },
    { { WHOLE },
      "mkdir o && migstat extract --ram=all -o o . && "
      "for i in 1 2 3 4; do head -c 4096 /dev/zero | tr '\\0' \"\\\\$i\"; done | cmp - "
      "o/b.raw",
      0,
      "b.raw" },
    { { WHOLE }, "migstat diff --ram . .", 0, "" },
    { { WHOLE }, "migstat diff --ram . b", 1, "16,384 bytes of RAM block b are not" },
    { { WHOLE }, "migstat dump --items .", 0, "channel 2, offset" },
    { { WHOLE },
      "migstat dump --items --channel=c --channel=a b > x.txt; "
      "migstat dump --items . | sed 1d > y.txt; sed 1d x.txt | cmp - y.txt",
      0,
      "" },
    { { WHOLE }, "migstat check --channel=a --channel=c - < b", 0, "sound" },
    { { WHOLE }, "cat a | migstat check --channel=- --channel=c b", 0, "sound" },
    { { WHOLE }, "zstd -q --rm a && migstat check .", 0, "sound" },
    { { WHOLE }, "mkdir more && migstat check .", 0, "sound" },
    { { WHOLE }, "migstat check --sandbox=off .", 0, "sound" },
    { { WHOLE }, "ulimit -n 65; migstat check .", 0, "sound" },
    { { "a: " MAIN, NULL }, "migstat check -v .", 0, "no record has a page's content" },
    { { "a: header; config \"pc-q35-7.2\"; eof", NULL },
      "migstat check .",
      0,
      "warning[ram-missing]" },
    { { ZLIB }, "migstat check .", 0, "sound" },
    { { ZLIB },
      "migstat check --max-expand=100K .",
      1,
      "compressed pages of the channel expand to more than 102400 bytes" },
#define PACKED(flags)                                                                 \
    "a: " MAIN,                                                                       \
        "b: multifd-initial 0; " SYNC("0") "multifd-packet " flags                    \
                                           " 2 2 0 \"b\" { be64 0 0x1000 }; page 1; " \
                                           "page 2; " SYNC("4"),                      \
        NULL
    { { PACKED("8") }, "migstat dump .", 2, "pages compressed with qpl" },
    { { PACKED("0x10") }, "migstat check .", 2, "pages compressed with uadk" },
    { { PACKED("0x20") },
      "migstat extract --ram=all -o o .",
      2,
      "pages compressed with qatzip" },
    { { "a: " MAIN, "b: " ZERO, NULL },
      "migstat check .",
      1,
      "error[multifd-packets-missing]" },
    { { "a: " MAIN, "b: " ZERO, NULL }, "migstat dump .", 1, "multifd-packets-missing" },
    { { "a: " MAIN, "b: " ZERO, NULL },
      "mkdir o && migstat extract --ram=all -o o .; s=$?; test -z \"$(ls o)\" && exit $s",
      1,
      "and there are 3 of them: pages are missing, or old" },
    { { "a: " MAIN, "b: " ZERO, NULL },
      "migstat diff --ram . .",
      2,
      "and there are 3 of them: pages are missing, or old" },
    /* --- channels that do not fit together: a loader would wait for ever, or take old pages --- */
    { { "a: " FLUSHED(FLUSH, FLUSH), "b: " ZERO, "c: " ONE, NULL },
      "migstat check .",
      0,
      "sound" },
    { { "a: " FLUSHED(FLUSH, FLUSH FLUSH), "b: " ZERO, "c: " ONE, NULL },
      "migstat check .",
      1,
      "the channel ends before the SYNC that the main channel waits for" },
    { { "a: " FLUSHED(FLUSH, ""), "b: " ZERO, "c: " ONE, NULL },
      "migstat check .",
      1,
      "pages after the last point at which the main channel waits for pages" },
    { { "a: " FLUSHED(FLUSH, FLUSH), "b: " ZERO, "c: " ONE, NULL },
      "head -c 5000 c > .c; mv .c c; migstat check .",
      1,
      "error[truncated]: ram: cut short" },
    /* --- a preempt channel, which may have nothing --- */
    { { "a: " MAIN, "b: zero 0", NULL },
      "migstat check .",
      0,
      "warning[ram-channels-missing]" },
    { { "a: " SWITCHED, "b: " URGENT, NULL }, "migstat check .", 0, "sound" },
    { { "a: " SWITCHED, "b: " URGENT, NULL },
      "migstat dump --only=channels .",
      0,
      "preempt" },
    { { "a: " SWITCHED, "b: " URGENT, NULL },
      "migstat dump --items .",
      0,
      "channel 1, offset 0x0000100a          9  ram-pages" },
    { { "a: " SWITCHED, "b: " URGENT, NULL },
      "mkdir o && migstat convert -q . -o o/x && migstat check o/x && "
      "for i in . o/x; do migstat extract -q --ram=all -o o/r $i && "
      "{ head -c 4096 /dev/zero | tr '\\0' '\\11'; head -c 4096 /dev/zero; } | "
      "cmp - o/r/b.raw && rm -r o/r || exit; done",
      0,
      "sound" },
    { { "a: " SWITCHED, "b: zero 0", NULL },
      "mkdir o; migstat convert . -o o/x",
      1,
      "2 of the pages of block b that were discarded did not come again" },
    /* --- what is not whole --- */
    { { "a: " MAIN, "b: " ONE, NULL },
      "migstat check .",
      2,
      "the multifd channel with id 0 is missing: there are 1, and one has the id 1" },
    { { "a: " MAIN, "b: " ZERO, "c: " ZERO, NULL },
      "migstat check .",
      2,
      "c is the multifd channel with id 0, which was given already" },
    { { "a: " MAIN, "b: " ZERO, "c: " OTHER, NULL },
      "migstat check .",
      2,
      "c is a channel of another guest: its UUID differs" },
    { { "a: " ZERO, "b: " ONE, NULL },
      "migstat check .",
      2,
      "there is no main channel, which begins with \"QEVM\", beside 2 others" },
    { { "a: " MAIN, "b: " ZERO, "c: " MAIN, NULL },
      "migstat check .",
      2,
      "./a and ./c are both main channels, of two migrations: leave one of them out" },
    /* what reads each file is said where it does */
    { { "a: " MAIN, "c: " MAIN, NULL },
      "migstat check .",
      2,
      "leave one of them out" ADVICE },
    { { "a: " MAIN, "b: zero 0", "c: " MAIN, NULL }, "migstat dump .", 2, ADVICE },
    { { "a: " MAIN, "c: " MAIN, NULL },
      FILES("migstat check -r -f json ."),
      0,
      "\"file\": \"./a\"\"file\": \"./c\"" },
    { { "a: str \"hello\"", "c: " MAIN, NULL }, "migstat check .", 2, ADVICE },
    { { NULL },
      "for i in $(seq 300); do echo > $i; done; migstat dump .",
      2,
      "more than 256 files, which a migration has no channels for" ADVICE },
#define NO_ADVICE(command) \
    command " 2>&1 | tee .log | grep -c recursive; test -s .log", 0, "0"
    { { "a: " MAIN, "c: " MAIN, NULL }, NO_ADVICE("migstat check --channel=c a") },
    { { "a: " MAIN, "b: " ZERO, "c: " MAIN, NULL }, NO_ADVICE("migstat check .") },
    { { "a: " MAIN, "b: " ZERO, "c: " MAIN, NULL }, NO_ADVICE("migstat check -r .") },
    { { "channel-0: " MAIN, "channel-1: " MAIN, NULL }, NO_ADVICE("migstat check .") },
    { { "channel-0: " MAIN, "channel-1: " MAIN, NULL }, NO_ADVICE("migstat check -r .") },
    { { "channel-0: " MAIN, "channel-3: str \"hello\"", NULL },
      NO_ADVICE("migstat dump .") },
    { { "channel-0: " MAIN, NULL },
      NO_ADVICE("for i in $(seq 300); do echo > channel-$i; done; migstat check .") },
    { { NULL },
      NO_ADVICE("mkdir o; for i in $(seq 300); do echo > o/$i; done; echo > a; "
                "migstat check -r --against=o a") },
    { { "a: " MAIN, NULL },
      NO_ADVICE("mkdir o; cp a o/x; cp a o/y; migstat check -r --against=o a") },
    /* of names with one number the shortest is the channel's */
    { { "channel-0: " MAIN, "channel-0.fixed.mig: " MAIN, "channel-1: " ZERO,
        "channel-2.x: " ONE, "channel-2.x.old: " ZERO, NULL },
      "migstat check .",
      0,
      "channel-0.fixed.mig and 1 more are not read: beside a channel-0 the other channels"
      " are called channel-1 and so on; of files with one number, the shortest name is" },
    { { "channel-0: " MAIN, "channel-0.fixed.mig: " MAIN, "channel-1: " ZERO,
        "channel-2: " ONE, NULL },
      FILES("migstat check -r -f json ."),
      0,
      "\"file\": \".\"\"file\": \"./channel-0.fixed.mig\"" },
    { { "channel-0: =real/q35-72-two-vfio.mig.zst", NULL },
      "$(migstat check --for=5.2 channel-0 | grep -o 'migstat convert --for.*') && "
      "migstat check -r . && migstat check .",
      0,
      "channel-0.fixed.mig is not read" },
    { { "channel-0: " MAIN, "channel-000: " MAIN, "channel-00: " MAIN, NULL },
      "migstat dump .",
      0,
      "channel-00 and 1 more are not read" },
    { { "channel-0.a: " MAIN, "channel-0.b: " MAIN, NULL },
      "migstat check .",
      2,
      "./channel-0.a and ./channel-0.b are both main channels" },
#define CALLED "channel-0.mig: " MAIN, "channel-1: " ZERO, "channel-2.x: " ONE
    /* names tell where there is a channel-0 */
    { { CALLED, "a: " MAIN, NULL }, "migstat check -v .", 0, "sound" },
    { { CALLED, "b: " MAIN, "channel-a: " MAIN, NULL },
      "migstat dump .",
      0,
      ".: note: b and 1 more are not read: beside a channel-0 the other channels are" },
    { { CALLED, "channel-: " MAIN, NULL }, "migstat check .", 0, "channel- is not read" },
    { { CALLED, "channel-1x: " MAIN, NULL }, "migstat check .", 0, "channel-1x is not" },
    { { CALLED, "channel-1000: " MAIN, NULL }, "migstat check .", 0, "-1000 is not" },
    { { CALLED, "channel-3: " MAIN, NULL }, "migstat check .", 2, "both main channels" },
    { { CALLED, "b: " MAIN, NULL }, "migstat check -q . 2>&1 | grep -c b || :", 0, "0" },
    { { CALLED, NULL },
      "mkdir channel-9; touch .channel-0 b.txt; migstat check . 2>&1 | grep -c beside || "
      ":",
      0,
      "0" },
    { { CALLED, NULL },
      "for i in $(seq 400); do cp channel-0.mig $i; done; migstat check .",
      0,
      "1 and 399 more are not read" },
    { { CALLED, NULL },
      "mv channel-0.mig x; ln -s x channel-0; migstat check .",
      0,
      "x is not read" },
    { { "a: " MAIN, "b: " ZERO, "c: str \"hello\"", NULL },
      "migstat check .",
      2,
      "./c is no channel of a migration: it is text" },
    { { "a: str \"hello\"", "b: " ZERO, NULL },
      "migstat check .",
      1,
      "not a migration stream" },
    { { "a: " MAIN, "b: be64 0x2; pstr8 \"pc.ram\"; u8 0", NULL },
      "migstat check .",
      1,
      "channel 1, offset 0x0: error[ram-block-unknown]" },
    { { "a: " MAIN, "b: ram-normal 0 1 \"b\"; be64 3", NULL },
      "migstat check .",
      1,
      "channel 1, offset 0x100a: error[ram-flag]" },
    { { "a: " MAIN, "b: ram-normal 0 1 \"b\"; be64 0x1008; pstr8 \"c\"; zero 4096",
        NULL },
      "migstat check .",
      1,
      "channel 1, offset 0x100a: error[ram-block-unknown]" },
    { { "a: " MAIN, "b: ram-normal 0x4000 1 \"b\"", NULL },
      "migstat check .",
      1,
      "channel 1, offset 0x0: error[ram-page-outside]" },
    { { "a: " MAIN, "b: ram-normal 0 1 \"b\"; u8 0 0 0", NULL },
      "migstat check .",
      1,
      "channel 1, offset 0x100a: error[truncated]" },
    { { "a: " MAIN, "b: zero 0", "c: zero 0", NULL },
      "migstat check .",
      2,
      "./c comes after a postcopy preempt channel" },
    { { "a: " MAIN, "b: multifd-initial 0; " SYNC("0"), NULL },
      "migstat check .",
      1,
      ".:channel 1, offset 0x580: error[multifd-sync]: ram: the channel ends before the "
      "SYNC" },
    { { "a.json: u8 1", NULL },
      "migstat dump .",
      2,
      "the folder has no file that could be a channel" },
    { { "a: " MAIN,
        "b: multifd-initial 0; " SYNC(
            "0") "be32 0x11223344 1 4 1 1 12; be64 1; fill 32 0; "
                 "str \"b\"; fill 255 0; be64 0; fill 127*8 0; le32 0xfd2fb528; u8 0 "
                 "0x80; fill 6 0",
        NULL },
      "migstat check .",
      1,
      "channel 1, offset 0xac0: error[container]: ram: the zstd frame needs a window of "
      "more than 32 "
      "MiB" },
    /* --- of several files one has the channels --- */
    { { WHOLE },
      "migstat explain --in=b --channel=a --channel=c Missing section footer for ram",
      0,
      "footer-missing" },
    { { WHOLE },
      "echo Missing section footer for ram > .log; "
      "migstat explain --in=b --channel=a --channel=c --against=b --log=.log",
      0,
      "footer-missing" },
    { { WHOLE }, "migstat check --channel=a --channel=c --against=. b", 0, "sound" },
    { { WHOLE },
      "migstat explain --channel=a Missing section footer",
      2,
      "--channel has no effect without --in" },
    /* --- what cannot be meant --- */
    { { WHOLE },
      "migstat dump --channel=a --channel=c b b",
      2,
      "--channel is for one file" },
    { { WHOLE }, "migstat dump --channel=nothing b", 2, "nothing: cannot open" },
    { { WHOLE }, "migstat dump --offset=1 .", 2, "--offset is for one file" },
    { { WHOLE },
      "migstat convert --in-place --channel=a b",
      2,
      "--in-place has no effect beside --channel" },
    { { WHOLE }, "migstat convert --in-place .", 2, "no regular file" },
    { { WHOLE },
      "cp a copy.txt; migstat convert --force . -o a; cmp a copy.txt",
      0,
      "a is an input, which would be lost\n" },
    { { WHOLE },
      "ulimit -n 65; migstat convert --no-sandbox --force . -o c; test -s c",
      0,
      "c is an input" },
    { { WHOLE },
      "mkdir o; ln c o/b.raw; ulimit -n 65; migstat extract --ram=all --force -o o .; "
      "test c -ef o/b.raw",
      0,
      "o/b.raw is an input" },
    { { WHOLE }, "ulimit -n 65; migstat extract --ram=all -o o .", 0, "b.raw" },
    { { WHOLE }, "migstat dump a", 2, "as --channel=FILE" },
};

START_TEST(a_capture_is_one_input)
{
    g_autofree char *dir = make_folder(rows[_i].files);
    g_autoptr(Run) run = run_with_shell(rows[_i].line, dir);

    ck_assert_msg(run->status == rows[_i].status && (strstr(run->out, rows[_i].says) ||
                                                     strstr(run->err, rows[_i].says)),
                  "%s: %d, wanted %d and \"%s\"\n%s%s", rows[_i].line, run->status,
                  rows[_i].status, rows[_i].says, run->out, run->err);
    scratch_remove(dir);
}
END_TEST

/* --- what is shown of one ---------------------------------------------------------------- */

static const char *const vfio[] = { "main: =capture/vfio/main.txt",
                                    "a: =capture/vfio/a.txt", "b: =capture/vfio/b.txt",
                                    NULL };

static const struct {
    const char *line, *golden;
} views[] = {
    { "migstat dump --all .", "capture/vfio.dump" },
    { "migstat dump -f json .", "capture/vfio.json" },
    { "migstat dump --items .", "capture/vfio.items.out" },
    { "migstat dump --devices='*vfio' . | head -n 3", "capture/vfio.devices.out" },
    { "migstat convert -q . | migstat dump --items -", "capture/vfio.folded.out" },
    { "migstat convert --dry-run --to=subflag .", "capture/vfio.plan.out" },
};

START_TEST(what_is_shown_of_a_capture)
{
    g_autofree char *dir = make_folder(vfio);
    g_autoptr(Run) run = run_with_shell(views[_i].line, dir);

    ck_assert_msg(run->status == 0, "%s: %s", views[_i].line, run->err);
    assert_golden(views[_i].golden, run->out);
    scratch_remove(dir);
}
END_TEST

/* Lines of the shell, each of which has to succeed. */
static const char *const lines[] = {
    /* pre-copy data, then the packets by their indices */
    "mkdir o && migstat extract -q --vfio='*' -o o . && "
    "{ head -c 20 /dev/zero | tr '\\0' '\\21'; head -c 30 /dev/zero | tr '\\0' '\\42';"
    "  head -c 10 /dev/zero | tr '\\0' '\\63'; } | cmp - o/*.data && "
    "grep -q 'Class 0200: 15b3:101e' o/*.config",
    "mkdir o && for i in a b main; do zstd -q --rm $i; done && "
    "migstat extract -q --vfio='*' -o o . && test $(cat o/*.data | wc -c) = 60",
    "migstat diff . .",
    "migstat check .",
    /* the channels may be mixed up between the waits, and so may be their packets */
    "mkdir c && cp main c && { head -c 64 a; tail -c +65 b; } > c/1 && "
    "{ head -c 64 b; tail -c +65 a; } > c/2 && migstat diff --ram . c",
    "migstat dump -f json --only=vfio . | grep -q '\"stop_copy_bytes\": 40'",
    /* one stream has the same memory, the same device and no fault, whatever its layout */
    "mkdir o && migstat convert -q . -o o/x && migstat check o/x && "
    "migstat extract -q --ram=all -o o/r . && "
    "migstat extract -q --vfio='*' -o o/r . && migstat extract -q --ram=all -o o/s o/x "
    "&& "
    "migstat extract -q --vfio='*' -o o/s o/x && diff -r o/r o/s",
    "mkdir o; for to in config-first config-last subflag; do "
    "migstat convert -q --to=$to . -o o/$to && migstat check -q o/$to && "
    "migstat convert -q --to=config-last o/$to | cmp - o/config-last || "
    "test $to = config-first || exit; done",
    "mkdir o; migstat convert -q --channel=a --channel=b main -o o/x && "
    "migstat convert -q . | cmp - o/x",
    "mkdir o; migstat convert -q . -o o/x && migstat convert -q --filter=fold o/x | cmp "
    "- o/x",
    "mkdir o; migstat convert . -o o/x 2>&1 | grep -q ': [0-9,]* bytes; 7 pages and the "
    "state of "
    "1 device came from other channels, 0 commands of a live migration went;'",
    "mkdir o; migstat convert -q --for=10.0 . -o o/x && migstat check --for=10.0 o/x",
};

START_TEST(state_is_put_together)
{
    g_autofree char *dir = make_folder(vfio);
    g_autoptr(Run) run = run_with_shell(lines[_i], dir);

    ck_assert_msg(run->status == 0, "%s: %d\n%s%s", lines[_i], run->status, run->out,
                  run->err);
    scratch_remove(dir);
}
END_TEST

#define VFIO_START                                                                     \
    "header; config \"pc-q35-10.0\"; start 2 \"ram\" 0 4; ram-size 0x1000;"            \
    "ram-block \"b\" 0x1000; ram-flush; ram-eos; footer 2; end 2; ram-flush; ram-eos;" \
    "footer 2; start 3 \"d/vfio\" 0 1; vfio setup; vfio eos; footer 3; "
#define VFIO_END  "end 3; vfio eos; footer 3; "
#define VFIO_FULL "full 3 \"d/vfio\" 0 1; vfio eos; footer 3; eof"
#define SYNCED    "c: multifd-initial 0; " SYNC("0") SYNC("1")
#define DATA(i)   "multifd-device \"d/vfio\" 0 { be32 0 " i " 0; u8 1 }; "
#define CONFIG(i)                                                                     \
    "multifd-device \"d/vfio\" 0 { be32 0 " i " 1; vfio config; vfio-payload 256 4; " \
    "vfio eos }; "

/* A packet may be longer than an item; its data becomes several records. */
START_TEST(a_long_packet_is_one)
{
    static const char *const files[] = { "m: " VFIO_START VFIO_END VFIO_FULL,
                                         "c: multifd-initial 0; " SYNC("0") SYNC(
                                             "1") "multifd-device \"d/vfio\" 0 { be32 0 "
                                                  "0 0; fill 2500000 7 }; " CONFIG("1"),
                                         NULL };
    g_autofree char *dir = make_folder(files);
    g_autoptr(Run) run = run_with_shell(
        "mkdir o && migstat check . && migstat convert -q . -o o/x && migstat "
        "check o/x && "
        "for i in . o/x; do migstat extract -q --vfio='*' -o o/r $i && "
        "head -c 2500000 /dev/zero | tr '\\0' '\\7' | cmp - o/r/*.data && rm -r "
        "o/r || exit; "
        "done",
        dir);

    ck_assert_msg(run->status == 0, "%d: %s%s", run->status, run->out, run->err);
    scratch_remove(dir);
}
END_TEST

/* Real streams of a guest that was switched to postcopy: a folder of one channel. */
static const char *const postcopies[] = { "m: =real/q35-72-postcopy.mig.zst",
                                          "m: =real/q35-100-postcopy.mig.zst" };

START_TEST(postcopy_becomes_precopy)
{
    const char *const files[] = { postcopies[_i], NULL };
    g_autofree char *dir = make_folder(files);
    g_autoptr(Run) run = run_with_shell(
        "mkdir o && migstat convert -q . -o o/x && migstat check o/x && "
        "migstat dump --only=overview -f json o/x | grep -q '\"transfer\": \"precopy\"' "
        "&& "
        "migstat extract -q --ram=all -o o/r . && migstat extract -q --ram=all -o o/s "
        "o/x && "
        "diff -r o/r o/s && migstat diff o/x . | grep -v '^[-+][-+]\\|^commands'",
        dir);

    ck_assert_msg(run->status == 1 && strstr(run->out, "sound (0 errors, 0 warnings") &&
                      !*run->err,
                  "%d: %s%s", run->status, run->out, run->err);
    scratch_remove(dir);
}
END_TEST

/* --- what cannot become one stream ---------------------------------------------------------- */

static const struct {
    const char *files[3], *says;
} refusals[] = {
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED DATA("0") CONFIG("2") },
      "the packet with index 2, but none with index 1" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED DATA("0") DATA("0") CONFIG("1") },
      "channel 1, offset 0xbe1: error: d/vfio: filter fold: a second packet with index "
      "0" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED DATA("0") },
      "no packet has the config" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED CONFIG("0") DATA("1") },
      "the configuration has index 0, but there is index 1" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED CONFIG("0") CONFIG("1") },
      "the configuration has index 0, but there is index 1" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL,
        SYNCED "multifd-device \"d/vfio\" 0 { be32 9 0 0 }" },
      "a packet of device state that makes no sense" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED "multifd-device \"e\" 0 { u8 0 }" },
      "for no VFIO device of the main channel" },
    { { "m: " VFIO_START VFIO_END "eof", SYNCED DATA("0") CONFIG("1") },
      "a device that has no FULL section" },
    { { "m: " VFIO_START "end 3; vfio data 1 1; vfio eos; footer 3; " VFIO_FULL,
        SYNCED DATA("0") CONFIG("1") },
      "its END section has state, and other channels have it" },
    { { "m: " VFIO_START VFIO_END
        "full 3 \"d/vfio\" 0 1; vfio config; vfio-payload 256 0;"
        "vfio eos; footer 3; eof",
        SYNCED DATA("0") CONFIG("1") },
      "its FULL section has a configuration" },
    { { "m: " VFIO_START VFIO_END
        "full 3 \"d/vfio\" 0 1; vfio config-load-ready; footer 3; eof",
        SYNCED },
      "its configuration is on another channel" },
    { { "m: " VFIO_START VFIO_END "full 3 \"d/vfio\" 0 1; vfio eos; footer 3; eof",
        SYNCED },
      "its configuration is on another channel" },
    { { "m: " VFIO_START VFIO_FULL, SYNCED DATA("0") CONFIG("1") },
      "it has no END section for the data that other channels have" },
    { { "m: " VFIO_START VFIO_END VFIO_END VFIO_FULL, SYNCED DATA("0") CONFIG("1") },
      "it has a second section for the state that other channels have" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL }, "which are not there" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, "p: zero 0" }, "which are not there" },
    { { "m: header; config \"pc-q35-7.2\"; command 9; eof", "c: multifd-initial 0" },
      "was paused and recovered" },
    /* The last channel is missing: up to 8.2, and its pages are all that there are. */
    { { "m: " MAIN, "z: " ZERO },
      "the packets have numbers up to 4, and there are 3 of them" },
    { { "m: " MAIN }, "4 pages of RAM did not come, and no record has a page's content" },
    { { "m: " POSTCOPY(DISCARD("b", "0 0x2000"), "ram-zero 0 \"b\"; ram-eos") },
      "1 of the pages of block b that were discarded did not come again" },
    { { "m: " POSTCOPY(DISCARD("c", "0 0x1000"), "ram-eos") },
      "a RAM_DISCARD that makes no" },
    { { "m: " POSTCOPY("command 6 { u8 0 }", "ram-eos") },
      "a RAM_DISCARD that makes no" },
};

START_TEST(what_has_no_place_in_one_stream_is_refused)
{
    g_autofree char *dir = make_folder(refusals[_i].files);
    g_autoptr(Run) run =
        run_with_shell("migstat convert . -o x; s=$?; test -e x || exit $s", dir);

    ck_assert_msg(run->status == 1 && strstr(run->err, refusals[_i].says),
                  "%d: %s, not %s", run->status, run->err, refusals[_i].says);
    scratch_remove(dir);
}
END_TEST

/* Device state that is not whole gives no file. */
static const struct {
    const char *files[3], *says;
} parts[] = {
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED DATA("0") CONFIG("2") },
      "channel 1, offset 0xbe1: error[multifd-device-order]: d/vfio: the packet with "
      "index 2, but "
      "none with index 1" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED DATA("0") DATA("0") CONFIG("1") },
      "d/vfio: a second packet with index 0" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED DATA("0") },
      "d/vfio: no packet has the configuration" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL,
        SYNCED "multifd-device \"d/vfio\" 0 { be32 9 0 0 }" },
      "channel 1, offset 0xac0: error[multifd-device-packet]: d/vfio: a packet of device "
      "state that "
      "makes no sense" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED "multifd-device \"e\" 0 { u8 0 }" },
      "for a device that the main channel does not have" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL, SYNCED },
      "d/vfio: its configuration and stop-and-copy data are neither on" },
    { { "m: " VFIO_START VFIO_END VFIO_FULL },
      "d/vfio: its configuration and stop-and-copy data are neither on" },
};

START_TEST(parts_of_a_device_are_no_files)
{
    g_autofree char *dir = make_folder(parts[_i].files);
    g_autoptr(Run) run =
        run_with_shell("mkdir o && migstat extract --vfio='*' -o o .; s=$?; "
                       "test -z \"$(ls -A o)\" && exit $s",
                       dir);

    ck_assert_msg(run->status == 1 && strstr(run->err, parts[_i].says), "%d: %s, not %s",
                  run->status, run->err, parts[_i].says);
    scratch_remove(dir);
}
END_TEST

/* --- captures of stock QEMU -------------------------------------------------------------- */

static const char *const captures[] = { "q35-72-multifd", "q35-100-multifd-vfio",
                                        "q35-72-multifd-zlib", "q35-111-multifd-zstd" };

START_TEST(a_real_capture_is_sound)
{
    g_autofree char *relative =
        g_strconcat("tests/fixtures/channels/", captures[_i], NULL);
    g_autofree char *folder = source_path(relative), *dir = scratch_dir();
    g_autoptr(Run) check = run_migstat(NULL, "check", folder, NULL);
    g_autoptr(Run) extract =
        run_migstat(NULL, "extract", "-q", "--ram=all", "-o", dir, folder, NULL);

    ck_assert_msg(check->status == 0 && strstr(check->out, "sound"), "%s%s", check->out,
                  check->err);
    ck_assert_msg(extract->status == 0 && !*extract->err, "%s", extract->err);
    g_autofree char *stream = g_build_filename(dir, "folded.mig", NULL);
    g_autoptr(Run) convert =
        run_migstat(NULL, "convert", "-q", folder, "-o", stream, NULL);
    g_autoptr(Run) judge = run_migstat(NULL, "check", stream, NULL);
    g_autoptr(Run) diff = run_migstat(NULL, "diff", "--ram", folder, stream, NULL);
    ck_assert_msg(convert->status == 0, "%s", convert->err);
    ck_assert_msg(strstr(judge->out, "sound (0 errors, 0 warnings"), "%s", judge->out);
    ck_assert_msg(!strstr(diff->out, "RAM") && !strstr(diff->out, "0x") && !*diff->err,
                  "%s%s", diff->out, diff->err);
    scratch_remove(dir);
}
END_TEST

Suite *suite_capture(void)
{
    Suite *suite = suite_create("capture");
    TCase *tc = tcase_create("capture");

    tcase_add_loop_test(tc, a_capture_is_one_input, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, what_is_shown_of_a_capture, 0, G_N_ELEMENTS(views));
    tcase_add_loop_test(tc, state_is_put_together, 0, G_N_ELEMENTS(lines));
    tcase_add_test(tc, a_long_packet_is_one);
    tcase_add_loop_test(tc, postcopy_becomes_precopy, 0, G_N_ELEMENTS(postcopies));
    tcase_add_loop_test(tc, what_has_no_place_in_one_stream_is_refused, 0,
                        G_N_ELEMENTS(refusals));
    tcase_add_loop_test(tc, parts_of_a_device_are_no_files, 0, G_N_ELEMENTS(parts));
    tcase_add_loop_test(tc, a_real_capture_is_sound, 0, G_N_ELEMENTS(captures));
    suite_add_tcase(suite, tc);
    return suite;
}
