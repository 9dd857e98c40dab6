/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the program leaves behind when the system fails it: each call that
 *                it makes fails in each way in turn, or a signal comes just then, or the
 *                input shrinks.
 * Must not know: which calls are made, or how many: a first run counts them.
 * See also:      ../faults/inject.c, which is preloaded.
 *
 *   - The target is absent, or as it was, or whole; nothing else is left in its folder.
 *   - Exit status 0 means that the result is the same as without the fault; else a
 *     message says what happened, in the words of the system.  What fails to be written
 *     is always told.
 *   - No death by a signal, SIGBUS among them; an interrupted or short call changes
 *     nothing.
 *   - Of a live migration: whoever has the guest is told that it arrived only if it did; what
 *     came of it else is kept, with the reason.
 * `make check` tries a sample of the calls, FULL=1 far more.
 */
#include "../unit/bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char small[] = "good/vfio-config-last.txt";
static const char large[] = "real/q35-100-vfio.mig.zst";
static const char larger[] = "real/q35-100-mapped-ram.mig.zst"; /* Takes threads. */
static const char spooled[] = "faults/long-data.txt"; /* More than memory keeps. */
static const char blocks[] = "extract/ram.txt";
static const char passing[] = "faults/live.txt";

enum {
    EXISTS = 1,   /* OUT, before */
    IN_PLACE = 2, /* IN is OUT */
    NAMED = 4,    /* There are no files without a name: hidden ones instead. */
    SPARSE = 8,   /* IN has holes */
    LIVE = 16,    /* Others give and take: see peers. */
};

typedef struct {
    const char *what;
    const char *fixture;
    unsigned given;
    const char
        *words[8]; /* IN, OUT, AT and TO stand for paths; without IN it is a pipe */
} Scenario;

static const Scenario scenarios[] = {
    { "convert a file", small, 0, { "convert", "--to=subflag", "IN", "-o", "OUT" } },
    { "convert a pipe", small, 0, { "convert", "--to=config-first", "-", "-o", "OUT" } },
    { "convert a pipe that has to be kept",
      spooled,
      0,
      { "convert", "--to=config-first", "-", "-o", "OUT" } },
    { "convert by a hidden name",
      small,
      NAMED,
      { "convert", "--to=subflag", "IN", "-o", "OUT" } },
    { "replace a file",
      small,
      EXISTS,
      { "convert", "--to=subflag", "--force", "IN", "-o", "OUT" } },
    { "convert in place",
      small,
      IN_PLACE,
      { "convert", "--to=subflag", "--in-place", "IN" } },
    { "convert in place by a hidden name",
      small,
      IN_PLACE | NAMED,
      { "convert", "--to=subflag", "--in-place", "IN" } },
    { "convert to a pipe", small, 0, { "convert", "--to=subflag", "IN", "-o", "-" } },
    { "copy a large file", large, 0, { "convert", "--filter=null", "IN", "-o", "OUT" } },
    { "copy a larger file",
      larger,
      0,
      { "convert", "--filter=null", "IN", "-o", "OUT" } },
    { "copy a sparse file",
      larger,
      SPARSE,
      { "convert", "--filter=null", "IN", "-o", "OUT" } },
    { "copy a large file to a pipe",
      large,
      0,
      { "convert", "--filter=null", "IN", "-o", "-" } },
    { "copy a sparse file to a pipe",
      large,
      SPARSE,
      { "convert", "--filter=null", "IN", "-o", "-" } },
    { "convert a large pipe", large, 0, { "convert", "--to=subflag", "-", "-o", "OUT" } },
    { "convert and compress",
      large,
      0,
      { "convert", "--to=config-first", "--zstd=1", "IN", "-o", "OUT" } },
    { "extract RAM", blocks, 0, { "extract", "--ram=all", "IN", "-o", "OUT" } },
    { "extract RAM from a pipe",
      blocks,
      0,
      { "extract", "--ram=all", "-", "-o", "OUT" } },
    { "extract RAM by hidden names",
      blocks,
      NAMED,
      { "extract", "--ram=all", "IN", "-o", "OUT" } },
    { "extract a device",
      small,
      0,
      { "extract", "--vfio=0000:00:01.0/vfio", "IN", "-o", "OUT" } },
    { "extract a section", small, 0, { "extract", "--section=ram", "IN", "-o", "OUT" } },
    { "extract and replace",
      small,
      EXISTS,
      { "extract", "--description", "--force", "IN", "-o", "OUT" } },
    { "extract to a pipe", small, 0, { "extract", "--section=ram", "IN" } },
    { "dump a file", small, 0, { "dump", "--format=json", "IN" } },
    { "dump a large file", large, 0, { "dump", "--items", "IN" } },
    { "dump a large pipe", large, 0, { "dump", "-" } },
    { "check a large file", large, 0, { "check", "IN" } },
    { "compare files", small, 0, { "diff", "--ram", "IN", "IN" } },
    { "receive a migration", passing, LIVE, { "receive", "-q", "AT", "-o", "OUT" } },
    { "send a stream", passing, LIVE, { "send", "-q", "IN", "AT" } },
    { "relay a migration", passing, LIVE, { "relay", "--timeout=3", "AT", "TO" } },
    { "relay and convert",
      passing,
      LIVE,
      { "relay", "--timeout=3", "--filter=null", "AT", "TO" } },
    { "relay and record",
      passing,
      LIVE,
      { "relay", "--timeout=3", "--record=OUT.record", "AT", "TO" } },
};

/* A shell runs them: $M is the program, without faults, "$@" that which has them, $S what both
 * ends are called.  The source, which has the guest, writes its exit status to $S.told. */
static const char peer_tools[] =
    "S=\"$1\" IN=\"$2\" OUT=\"$3\" M=\"$4\"; shift 4; rm -f \"$S\".*\n"
    "faulty() { \"$@\"; echo $? > \"$S.status\"; }\n"
    "until_named() { n=0; until [ -S \"$1\" ] || [ -e \"$S.status\" ] || [ $n = 3000 ]; "
    "do sleep 0.01; n=$((n + 1)); done; [ -S \"$1\" ]; }\n"
    "source() { until_named \"$S.at\" && "
    "{ \"$M\" send -q --timeout=5 \"$IN\" \"unix:$S.at\" 2> \"$S.err\"; "
    "echo $? > \"$S.told\"; }; }\n"
    /* What waits in vain for somebody to come is told that nobody does. */
    "stop() { [ \"$(cat \"$S.status\")\" = 0 ] || kill $1; }\n"
    "receiver() { exec \"$M\" receive -q \"unix:$1\" -o \"$OUT\" 2> /dev/null; }\n";

static const struct {
    const char *command, *script;
} peers[] = {
    { "receive", "faulty \"$@\" & source; wait\n" },
    { "send",
      "receiver \"$S.at\" & r=$!; until_named \"$S.at\"; faulty \"$@\"; cp \"$S.status\" "
      "\"$S.told\"; stop $r; wait\n" },
    { "relay",
      "receiver \"$S.to\" & r=$!; until_named \"$S.to\"; faulty \"$@\" & f=$!; source; "
      "wait $f; stop $r; wait\n" },
};

/* The status tells what must not be: 97: the guest is lost, as its source believes that it
 * arrived; 98: what came of it is not all that did; 99: nor does anything say why. */
static const char peer_verdict[] =
    "k=\"$OUT.incomplete\"; [ \"$(cat \"$S.told\" 2> /dev/null)\" != 0 ] || [ -e "
    "\"$OUT\" ] "
    "|| exit 97\n"
    "if [ -e \"$k\" ]; then [ -s \"$k/incomplete.txt\" ] || exit 99; "
    "head -c $(stat -c %s \"$k/channel-0\") \"$IN\" | cmp -s - \"$k/channel-0\" || exit "
    "98; "
    "rm -r \"$k\"; fi\n"
    "s=$(cat \"$S.status\"); rm -rf \"$S\".* \"$OUT.record\"; exit $s\n";

/* The others end at once, and have nothing to clear up. */
static bool catches_signals(const Scenario *scenario)
{
    return strcmp(scenario->words[0], "convert") == 0 ||
           strcmp(scenario->words[0], "extract") == 0 || scenario->given & LIVE;
}

/* What is done to a call. */
static const struct {
    const char *fault;
    int error;       /* whose text is to be told; 0: none */
    bool harmless;   /* to what reads and writes */
    bool everywhere; /* not only to what reads and writes */
    bool always;     /* told, if the call is one that has to tell */
} faults[] = {
    { .fault = "5", .error = EIO, .everywhere = true, .always = true },
    { .fault = "28", .error = ENOSPC, .everywhere = true, .always = true },
    { .fault = "4", .error = EINTR, .harmless = true },
    { .fault = "32", .error = EPIPE },
    { .fault = "short", .harmless = true },
    { .fault = "signal:2", .everywhere = true },
    { .fault = "signal:15", .everywhere = true },
    { .fault = "truncate", .everywhere = true },
};

/* To which calls. */
static const struct {
    const char *name;
    bool io;          /* reads or writes */
    bool has_to_tell; /* Without it the result is not there, or not for certain. */
} calls[] = {
    { .name = "read", .io = true },
    { .name = "pread", .io = true },
    { .name = "write", .io = true, .has_to_tell = true },
    { .name = "pwritev", .io = true, .has_to_tell = true },
    { .name = "fsync", .has_to_tell = true },
    { .name = "rename", .has_to_tell = true },
    { .name = "link", .has_to_tell = true },
    { .name = "copy_file_range", .io = true, .has_to_tell = true },
    { .name = "sendfile", .io = true, .has_to_tell = true },
    { .name = "splice", .io = true, .has_to_tell = true },
    { .name = "open" },
    { .name = "ftruncate" },
    { .name = "lseek" },
    { .name = "fchmod" },
};

/* Where a call has a second way, which is not told of. */
static const struct {
    const char *call;
    unsigned given, at;
    const char *why;
} second_ways[] = {
    { "rename", IN_PLACE, 1, "what cannot change places with the old file replaces it" },
};

static bool has_second_way(const Scenario *scenario, const char *call, unsigned at)
{
    for (size_t i = 0; i < G_N_ELEMENTS(second_ways); i++) {
        if (strcmp(call, second_ways[i].call) == 0 && at == second_ways[i].at &&
            scenario->given & second_ways[i].given) {
            return true;
        }
    }
    return false;
}

/* Of many calls of one kind, these many get each fault. */
#define CALLS_TRIED (!is_full() ? 2u : is_release() ? 48u : 12u)

/* Three programs run for each. */
#define LIVE_CALLS_TRIED (!is_full() ? 1u : 12u)

typedef struct {
    guint64 runs, idle, failed, each[G_N_ELEMENTS(faults)]; /* idle: no fault happened */
    guint64 made[G_N_ELEMENTS(calls)];                      /* without faults */
    guint64 moments, cancelled, full, not_full;
} Counts;
static Counts *counts; /* shared by the forks of this suite */

static const char old_text[] = "what was there before\n";

/* --- one run --- */

typedef struct {
    const Scenario *scenario;
    char *dir, *in, *out, *log;
    char *ends, *at, *to,
        *record; /* of LIVE: what sockets begin with, addresses, a folder */
    bool laid;   /* IN is as it should be. */
    GBytes *input;
    GBytes *wanted; /* of the target, or standard output where there is none */
} Stage;

static const char *target_of(const Stage *stage)
{
    const Scenario *scenario = stage->scenario;

    for (size_t i = 0; scenario->words[i]; i++) {
        if (strcmp(scenario->words[i], "OUT") == 0) {
            return stage->out;
        }
    }
    return scenario->given & LIVE       ? stage->out
           : scenario->given & IN_PLACE ? stage->in
                                        : NULL;
}

static bool is_pipe(const Scenario *scenario)
{
    for (size_t i = 0; scenario->words[i]; i++) {
        if (strcmp(scenario->words[i], "IN") == 0) {
            return false;
        }
    }
    return true;
}

static void stage_open(Stage *stage, const Scenario *scenario)
{
    stage->scenario = scenario;
    stage->dir = scratch_dir();
    stage->in = g_build_filename(stage->dir, "in.mig", NULL);
    stage->out = g_build_filename(stage->dir, "out.mig", NULL);
    stage->log = g_strdup_printf("%s.log", stage->dir);
    stage->ends = g_strconcat(stage->dir, ".end", NULL);
    stage->at = g_strdup_printf("unix:%s.at", stage->ends);
    stage->to = g_strdup_printf("unix:%s.to", stage->ends);
    stage->record = g_strdup_printf("--record=%s.record", stage->out);
    stage->input = fixture_bytes(scenario->fixture);
}

static void stage_close(Stage *stage)
{
    scratch_remove(stage->dir);
    unlink(stage->log);
    g_free(stage->dir);
    g_free(stage->in);
    g_free(stage->out);
    g_free(stage->log);
    g_free(stage->ends);
    g_free(stage->at);
    g_free(stage->to);
    g_free(stage->record);
    g_bytes_unref(stage->input);
    g_bytes_unref(stage->wanted);
}

static void write_file(const char *path, const char *data, size_t n, bool sparse)
{
    static const char zeros[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    ck_assert(fd >= 0);
    for (size_t at = 0; at < n;) {
        size_t length = sparse ? MIN(sizeof zeros, n - at) : n - at;

        if (sparse && memcmp(data + at, zeros, length) == 0) {
            at += length;
            continue;
        }
        ssize_t done = pwrite(fd, data + at, length, (off_t)at);
        ck_assert(done > 0);
        at += (size_t)done;
    }
    ck_assert(ftruncate(fd, (off_t)n) == 0);
    close(fd);
}

static void lay_out(Stage *stage)
{
    size_t n;
    const char *data = g_bytes_get_data(stage->input, &n);

    scratch_remove(stage->out);
    if (!stage->laid) {
        write_file(stage->in, data, n, stage->scenario->given & SPARSE);
    }
    stage->laid = !(stage->scenario->given & IN_PLACE);
    if (stage->scenario->given & EXISTS) {
        write_file(stage->out, old_text, strlen(old_text), false);
    }
}

/* The program and its words. */
static void words_of(const Stage *stage, const char **argv)
{
    const char *const *words = stage->scenario->words;

    *argv++ = g_getenv("MIGSTAT");
    for (; *words; words++) {
        *argv++ = strcmp(*words, "IN") == 0                    ? stage->in
                  : strcmp(*words, "OUT") == 0                 ? stage->out
                  : strcmp(*words, "AT") == 0                  ? stage->at
                  : strcmp(*words, "TO") == 0                  ? stage->to
                  : strcmp(*words, "--record=OUT.record") == 0 ? stage->record
                                                               : *words;
    }
    *argv = NULL;
}

static char *peer_script(const Scenario *scenario)
{
    for (size_t i = 0; i < G_N_ELEMENTS(peers); i++) {
        if (strcmp(peers[i].command, scenario->words[0]) == 0) {
            return g_strconcat(peer_tools, peers[i].script, peer_verdict, NULL);
        }
    }
    g_assert_not_reached();
}

static Run *run_live(Stage *stage, const char *preload)
{
    g_autofree char *script = peer_script(stage->scenario);
    const char *argv[24] = { "/bin/sh",      "-c",      script,     "sh",
                             stage->ends,    stage->in, stage->out, g_getenv("MIGSTAT"),
                             "/usr/bin/env", preload };

    lay_out(stage);
    words_of(stage, argv + 10);
    return run_program(argv, NULL, stage->dir);
}

static Run *run_scenario(Stage *stage)
{
    g_autofree char *preload =
        g_strdup_printf("LD_PRELOAD=%s/tests/inject.so", g_getenv("BUILDDIR"));
    const char *argv[16] = { "/bin/sh", "-c",           "cat \"$0\" | \"$@\"",
                             stage->in, "/usr/bin/env", preload };
    const size_t pipe = 4, program = 6; /* of argv: where it begins without a pipe */

    if (stage->scenario->given & LIVE) {
        return run_live(stage, preload);
    }
    lay_out(stage);
    words_of(stage, argv + program);
    return run_program(is_pipe(stage->scenario) ? argv : argv + pipe, NULL, stage->dir);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of a file; of a folder, the names and contents of its files; NULL if there is neither. */
static GBytes *content(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GByteArray *all;
    char *text;
    size_t n;

    if (!dir) {
        return g_file_get_contents(path, &text, &n, NULL) ? g_bytes_new_take(text, n)
                                                          : NULL;
    }
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, by_name);
    all = g_byte_array_new();
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, names->pdata[i], NULL);

        ck_assert(g_file_get_contents(file, &text, &n, NULL));
        g_byte_array_append(all, names->pdata[i], (guint)strlen(names->pdata[i]) + 1);
        g_byte_array_append(all, (const guint8 *)text, (guint)n);
        g_free(text);
    }
    return g_byte_array_free_to_bytes(all);
}

static bool holds(const char *path, const void *wanted, size_t n)
{
    g_autoptr(GBytes) found = content(path);

    return found && g_bytes_get_size(found) == n &&
           memcmp(g_bytes_get_data(found, NULL), wanted, n) == 0;
}

/* Whether what the target had before is there: nothing, or something. */
static bool untouched(const Stage *stage)
{
    const char *target = target_of(stage);

    if (stage->scenario->given & IN_PLACE) {
        return holds(target, g_bytes_get_data(stage->input, NULL),
                     g_bytes_get_size(stage->input));
    }
    return stage->scenario->given & EXISTS ? holds(target, old_text, strlen(old_text))
                                           : access(target, F_OK) != 0;
}

static void assert_no_leftover(const Stage *stage, const char *label)
{
    g_autoptr(GDir) dir = g_dir_open(stage->dir, 0, NULL);

    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        ck_assert_msg(strcmp(name, "in.mig") == 0 || strcmp(name, "out.mig") == 0,
                      "%s leaves %s", label, name);
    }
}

/* What has to be said of a fault that happened. */
typedef enum {
    NOTHING, /* It must not even be noticed. */
    PERHAPS, /* If the result is not there. */
    ALWAYS,
} Told;

static void judge(const Stage *stage, const Run *run, const char *label, Told told,
                  const char *message)
{
    const char *target = target_of(stage);
    size_t n;
    const void *wanted = g_bytes_get_data(stage->wanted, &n);
    /* A migration that breaks off is something found, too. */
    int failure = stage->scenario->given & LIVE ? 1 : 2;
    bool whole =
        target ? holds(target, wanted, n)
               : run->out_length == n && (n == 0 || memcmp(run->out, wanted, n) == 0);

    assert_no_leftover(stage, label);
    ck_assert_msg(run->status >= 0 && run->status <= 2, "%s: status %d\n%s", label,
                  run->status, run->err);
    ck_assert_msg(run->status == 0 || told != NOTHING, "%s: %s", label, run->err);
    ck_assert_msg(run->status >= failure || told != ALWAYS, "%s: not told", label);
    if (run->status == 0) {
        ck_assert_msg(whole, "%s: done, but not the same", label);
        return;
    }
    counts->failed++;
    ck_assert_msg(!target || whole || untouched(stage), "%s: the target is neither",
                  label);
    ck_assert_msg(!message || (run->status >= failure && strstr(run->err, message)),
                  "%s: status %d, no \"%s\" in \"%s\"", label, run->status, message,
                  run->err);
}

/* --- counting --- */

static unsigned logged(const Stage *stage, const char *name)
{
    g_autofree char *log = NULL, *key = g_strdup_printf("\n%s ", name);
    const char *line;

    if (!g_file_get_contents(stage->log, &log, NULL, NULL)) {
        return 0;
    }
    g_autofree char *text = g_strconcat("\n", log, NULL);
    line = strstr(text, key);
    return line ? (unsigned)strtoul(line + strlen(key), NULL, 10) : 0;
}

static void set_fault(const Stage *stage, const char *call, unsigned at,
                      const char *fault)
{
    g_autofree char *number = g_strdup_printf("%u", at);
    g_autofree char *what = strcmp(fault, "truncate") == 0
                                ? g_strdup_printf("truncate:%s", stage->in)
                                : g_strdup(fault);

    unlink(stage->log);
    /* The address sanitizer wants to be the first library, else. */
    g_setenv("ASAN_OPTIONS", "verify_asan_link_order=0", TRUE);
    g_setenv("FAULT_CALL", call, TRUE);
    g_setenv("FAULT_AT", number, TRUE);
    g_setenv("FAULT_WHAT", what, TRUE);
    g_setenv("FAULT_LOG", stage->log, TRUE);
    if (stage->scenario->given & NAMED) {
        g_setenv("FAULT_TMPFILE", "no", TRUE);
    } else {
        g_unsetenv("FAULT_TMPFILE");
    }
}

static void try_fault(Stage *stage, size_t c, unsigned at, size_t i)
{
    const char *call = calls[c].name;
    bool shrinks = strcmp(faults[i].fault, "truncate") == 0, io = calls[c].io;
    g_autofree char *label = g_strdup_printf("%s: %s %u: %s", stage->scenario->what, call,
                                             at, faults[i].fault);

    set_fault(stage, call, at, faults[i].fault);
    g_autoptr(Run) run = run_scenario(stage);
    stage->laid = stage->laid && !shrinks;
    if (logged(stage, "fired") == 0) {
        counts->idle++;
        judge(stage, run, label, NOTHING, NULL);
        return;
    }
    counts->runs++;
    counts->each[i]++;
    /* A read that fails at the very end of its work, a call with a second way, or what is
     * passed on once the guest has arrived, may do no harm; a pipe that closes is not worth a
     * word. */
    Told told = faults[i].harmless && io ? NOTHING
                : faults[i].always && calls[c].has_to_tell &&
                        !(io && stage->scenario->given & LIVE) &&
                        !has_second_way(stage->scenario, call, at)
                    ? ALWAYS
                    : PERHAPS;
    bool said =
        faults[i].error && faults[i].error != EPIPE && (io || calls[c].has_to_tell);
    judge(stage, run, label, told,
          shrinks ? "shrank"
          : said  ? strerror(faults[i].error)
                  : NULL);
    ck_assert_msg(run->status != 2 || faults[i].error == EPIPE || *run->err,
                  "%s: no message", label);
}

static void first_run(Stage *stage)
{
    set_fault(stage, "", 0, "");
    g_autoptr(Run) run = run_scenario(stage);
    ck_assert_msg(run->status == 0, "%s: %s", stage->scenario->what, run->err);
    ck_assert_msg(access(stage->log, F_OK) == 0, "the injector was not loaded");
    ck_assert_msg(logged(stage, "open") > 0 || logged(stage, "splice") > 0 ||
                      logged(stage, "write") > 0,
                  "the injector cannot tell what was called");
    if (target_of(stage)) {
        stage->wanted = content(target_of(stage));
        ck_assert(stage->wanted);
    } else {
        stage->wanted = g_bytes_new(run->out, run->out_length);
    }
}

START_TEST(test_scenario)
{
    unsigned made[G_N_ELEMENTS(calls)];
    g_autoptr(GRand) random = seeded(_i);
    Stage stage = { 0 };

    stage_open(&stage, &scenarios[_i]);
    first_run(&stage);
    for (size_t c = 0; c < G_N_ELEMENTS(calls); c++) {
        made[c] = logged(&stage, calls[c].name);
        counts->made[c] += made[c];
    }
    for (size_t c = 0; c < G_N_ELEMENTS(calls); c++) {
        unsigned tried = scenarios[_i].given & LIVE ? LIVE_CALLS_TRIED : CALLS_TRIED;
        unsigned step = MAX(1, (made[c] + tried - 1) / tried);
        unsigned first = 1 + (unsigned)g_rand_int_range(random, 0, (gint32)step);

        for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
            bool is_signal = g_str_has_prefix(faults[i].fault, "signal");

            if (!made[c] || (!calls[c].io && !faults[i].everywhere) ||
                (is_signal && !catches_signals(&scenarios[_i])) ||
                (strcmp(faults[i].fault, "truncate") == 0 &&
                 (is_pipe(&scenarios[_i]) || scenarios[_i].given & IN_PLACE))) {
                continue;
            }
            for (unsigned at = first; at <= made[c]; at += step) {
                try_fault(&stage, c, at, i);
            }
            if (faults[i].harmless) {
                try_fault(&stage, c, 0, i);
            }
        }
    }
    stage_close(&stage);
}
END_TEST

/* --- moments that nobody chose --- */

/* Slow enough for a signal to come in the middle. */
static const char devices[] = "real/q35-100-devices.mig.zst";
static const Scenario slow[] = {
    { "a slow conversion",
      devices,
      0,
      { "convert", "--filter=null", "--zstd=19", "IN", "-o", "OUT" } },
    { "a slow conversion by a hidden name",
      devices,
      NAMED,
      { "convert", "--filter=null", "--zstd=19", "IN", "-o", "OUT" } },
    { "a slow conversion in place",
      devices,
      IN_PLACE,
      { "convert", "--filter=null", "--zstd=19", "--in-place", "IN" } },
    { "a slow conversion in place by a hidden name",
      devices,
      IN_PLACE | NAMED,
      { "convert", "--filter=null", "--zstd=19", "--in-place", "IN" } },
};
#define MOMENTS 16

/* Where all of them came too early or too late, it goes on up to so many. */
#define MOMENTS_MOST (16 * MOMENTS)

/* Starts the program.  A signal must not find Check's handlers in the child before it is the
 * program: they send it to the whole group, this process included. */
static pid_t start_program(const char *const *argv, const char *preload)
{
    sigset_t both, before;
    pid_t pid;

    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(SIG_BLOCK, &both, &before);
    pid = fork();
    if (pid == 0) {
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        setenv("LD_PRELOAD", preload, 1); /* No file without a name, for one thing. */
        execv(argv[0], (char **)(uintptr_t)argv);
        _exit(127);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    ck_assert_int_gt(pid, 0);
    return pid;
}

START_TEST(test_moments)
{
    const int signals[] = { SIGINT, SIGTERM };
    g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
    g_autofree char *preload =
        g_strdup_printf("%s/tests/inject.so", g_getenv("BUILDDIR"));
    Stage stage = { 0 };
    unsigned in_time = 0;
    gint64 before;

    stage_open(&stage, &slow[_i]);
    lay_out(&stage);
    before = g_get_monotonic_time();
    first_run(&stage);
    gint64 took = g_get_monotonic_time() - before;
    for (int round = 0; round < (in_time ? MOMENTS : MOMENTS_MOST); round++) {
        g_autofree char *label = g_strdup_printf("%s, moment %d", slow[_i].what, round);
        const char *argv[16];
        int status, sent = signals[round % 2];

        lay_out(&stage);
        words_of(&stage, argv);
        pid_t pid = start_program(argv, preload);
        g_usleep((gulong)g_rand_double_range(random, 0, (double)took * 1.1));
        kill(pid, sent);
        waitpid(pid, &status, 0);
        counts->moments++;
        assert_no_leftover(&stage, label);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            ck_assert_msg(holds(target_of(&stage), g_bytes_get_data(stage.wanted, NULL),
                                g_bytes_get_size(stage.wanted)),
                          "%s: done, but not the same", label);
        } else {
            /* Before it can catch signals it has not begun. */
            ck_assert_msg(
                WIFSIGNALED(status) ? WTERMSIG(status) == sent : WEXITSTATUS(status) == 2,
                "%s: wait status 0x%x after signal %d", label, (unsigned)status, sent);
            ck_assert_msg(untouched(&stage), "%s: the target is neither", label);
            in_time += WIFEXITED(status);
        }
    }
    counts->cancelled += in_time;
    ck_assert_msg(in_time > 0, "%s: no signal was caught", slow[_i].what);
    stage_close(&stage);
}
END_TEST

/* --- places that are full --- */

static Run *run_shell(const char *script, const char *in, const char *dir)
{
    const char *argv[] = { "/bin/sh", "-c", script, g_getenv("MIGSTAT"), in, NULL };

    return run_program(argv, NULL, dir);
}

/* In a folder m that is a small file system; $1 is the input, and comes by the pipe too. */
static const struct {
    const char *what, *fixture, *size, *before, *command;
} full[] = {
    { "a new file", large, "64k", ":", "convert --filter=null \"$1\" -o m/out.mig" },
    { "a new file, compressed", large, "8k", ":",
      "convert --filter=null --zstd=1 \"$1\" -o m/out.mig" },
    { "what replaces a file", large, "64k", "echo old > m/out.mig",
      "convert --filter=null --force \"$1\" -o m/out.mig" },
    { "in place", large, "600k", "cp \"$1\" m/out.mig",
      "convert --to=config-first --in-place m/out.mig" },
    { "in place, compressed", large, "444k", "cp \"$1\" m/out.mig",
      "convert --filter=null --zstd=1 --in-place m/out.mig" },
    { "what has to be kept of a pipe", spooled, "64k", ":",
      "convert --to=config-first - -o out.mig" },
    { "RAM that is extracted", large, "16k", ":", "extract --ram=all \"$1\" -o m/out" },
    { "a section that is extracted", large, "64k", ":",
      "extract --section=ram \"$1\" -o m/out.mig" },
};

START_TEST(test_full_file_system)
{
    /* Nothing is left, and what there was before is as it was. */
    static const char script[] = "mkdir m; exec unshare -Urm /bin/sh -c '"
                                 "state() { ls -AR; cat m/* 2>&1 | cksum; }; "
                                 "mount -t tmpfs -o size=%s none m && %s; was=$(state); "
                                 "cat \"$1\" | TMPDIR=m \"$0\" %s; echo \"status $?\"; "
                                 "test \"$(state)\" = \"$was\" || state' \"$0\" \"$1\"";
    g_autofree char *dir = scratch_dir(), *in = fixture_file(full[_i].fixture);
    g_autofree char *filled =
        g_strdup_printf(script, full[_i].size, full[_i].before, full[_i].command);
    g_autoptr(Run) may = run_shell("unshare -Urm true", in, dir);

    if (may->status != 0) {
        counts->not_full++;
    } else {
        g_autoptr(Run) run = run_shell(filled, in, dir);

        ck_assert_msg(strcmp(run->out, "status 2\n") == 0, "%s: %s%s", full[_i].what,
                      run->out, run->err);
        ck_assert_msg(strstr(run->err, strerror(ENOSPC)), "%s: %s", full[_i].what,
                      run->err);
        counts->full++;
    }
    scratch_remove(dir);
}
END_TEST

START_TEST(test_full_output)
{
    g_autofree char *in = fixture_file(large);
    static const char *const commands[] = { "dump", "dump --items", "dump --format=json",
                                            "check --format=json",
                                            "convert --filter=null -o -" };

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *script =
            g_strdup_printf("exec \"$0\" %s \"$1\" > /dev/full", commands[i]);
        g_autoptr(Run) run = run_shell(script, in, NULL);

        ck_assert_msg(run->status == 2, "%s: status %d\n%s", commands[i], run->status,
                      run->err);
        ck_assert_msg(strstr(run->err, strerror(ENOSPC)), "%s: %s", commands[i],
                      run->err);
    }
}
END_TEST

/* Who closes a pipe wants no more, and no word about it.  The fifo has a reader while it is
 * opened, and none from then on. */
START_TEST(test_closed_pipe)
{
    g_autofree char *in = fixture_file(large);
    static const char *const commands[] = { "dump --items", "dump --devices --hex",
                                            "convert --filter=null -o -" };

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *dir = scratch_dir();
        g_autofree char *script = g_strdup_printf(
            "mkfifo p; exec 3<>p 4>p 3>&-; \"$0\" %s \"$1\" >&4; echo \"status $?\" >&2",
            commands[i]);
        g_autoptr(Run) run = run_shell(script, in, dir);
        scratch_remove(dir);

        ck_assert_msg(strcmp(run->err, "status 2\n") == 0, "%s: %s", commands[i],
                      run->err);
    }
}
END_TEST

START_TEST(test_counts)
{
    printf("faults: %" PRIu64 " runs with a fault (", counts->runs);
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        printf("%s%s %" PRIu64, i ? ", " : "",
               faults[i].error ? g_strerror(faults[i].error) : faults[i].fault,
               counts->each[i]);
    }
    printf("), %" PRIu64 " ended with a message; in %" PRIu64
           " runs the fault could not happen; %" PRIu64
           " signals at random moments, %" PRIu64 " in time; ",
           counts->failed, counts->idle, counts->moments, counts->cancelled);
    if (counts->not_full) {
        printf(
            "full file systems were not tried, because unshare(1) may not mount here\n");
    } else {
        printf("%" PRIu64 " full file systems\n", counts->full);
    }
}
END_TEST

/* A fault of a call that nobody makes proves nothing. */
START_TEST(test_calls_made)
{
    for (size_t c = 0; c < G_N_ELEMENTS(calls); c++) {
        ck_assert_msg(!counts->runs || counts->made[c], "no scenario calls %s",
                      calls[c].name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        ck_assert_msg(!counts->runs || counts->each[i], "%s never happened",
                      faults[i].fault);
    }
}
END_TEST

Suite *suite_faults(void)
{
    Suite *suite = suite_create("faults");
    TCase *tests = tcase_create("faults"), *tally = tcase_create("tally");
    const char *variant = g_getenv("VARIANT");

    counts = shared_counts(sizeof *counts);
    /* valgrind would be preloaded too, and takes a second for each of these runs. */
    if (!variant || strcmp(variant, "valgrind") != 0) {
        tcase_add_loop_test(tests, test_scenario, 0, G_N_ELEMENTS(scenarios));
        tcase_add_loop_test(tests, test_moments, 0, G_N_ELEMENTS(slow));
    }
    tcase_add_loop_test(tests, test_full_file_system, 0, G_N_ELEMENTS(full));
    tcase_add_test(tests, test_full_output);
    tcase_add_test(tests, test_closed_pipe);
    tcase_add_test(tally, test_counts);
    tcase_add_test(tally, test_calls_made);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, tally);
    return suite;
}
