/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          that want of memory is an error with a place, and ends nobody: the
 *                library under limits from hardly any memory to enough, in a child that
 *                stands for a daemon, and the program.
 * Must not know: who allocates what.
 * See also:      lib/io/alloc.h; test-hostile.c, whose streams ask for much.
 */
#include "bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "migstat.h"
#include "mkmig.h"

/* From what must be left for small things to what suffices, in steps of an eighth. */
#define LEAST ((size_t)2 << 20)
#define MOST  ((size_t)320 << 20)

#define HEAD   "header\nconfig \"pc-q35-7.2\"\n"
#define DEVICE "full 9 \"dev\" 0 1; be32 7; footer 9\n"
#define PLAIN  HEAD "eof\n" /* 24 bytes */

/* A description of one device with many fields, or of many devices. */
#define MANY_FIELDS                                                                \
    HEAD DEVICE                                                                    \
        "eof; u8 6; len32 { str \"{\\\"page_size\\\": 4096, \\\"devices\\\": "     \
        "[{\\\"name\\\": \\\"dev\\\", \\\"instance_id\\\": 0, \\\"vmsd_name\\\": " \
        "\\\"d\\\", \\\"version\\\": 1, \\\"fields\\\": [{}\"; repeat 60000 { "    \
        "str \",{}\" }; str \"]}]}\" }\n"
#define MANY_DEVICES                                                                   \
    HEAD DEVICE "eof; u8 6; len32 { str \"{\\\"page_size\\\": 4096, \\\"devices\\\": " \
                "[{}\"; repeat 60000 { str \",{}\" }; str \"]}\" }\n"

static const struct {
    const char *what, *stream; /* a text, or a fixture */
} streams[] = {
    { "a real one, in zstd", "real/q35-72-vfio.mig.zst" },
    { "a window of 60 MiB", "le32 0xfd2fb528; u8 0 127; le16 24*8+1; u8 0\n" PLAIN },
    { "a window of 120 MiB", "le32 0xfd2fb528; u8 0 135; le16 24*8+1; u8 0\n" PLAIN },
    { "gzip", "u8 0x1f 0x8b 8 0 0 0 0 0 0 3; u8 1; le16 24 65535-24\n" PLAIN
              "le32 0x7d1ee751 24" },
    { "sections",
      HEAD "repeat 20000 { full @i \"device-${@i}\" 0 1; be32 0; footer @i }; eof" },
    { "RAM blocks", HEAD
      "start 2 \"ram\" 0 4; ram-size 15000*0x1000; repeat 15000 { pstr8 \"${@i}\"; be64 "
      "0x1000 }; ram-eos; footer 2; eof" },
    { "commands", HEAD "repeat 60000 { command 1 }; eof" },
    { "devices of a description", MANY_DEVICES },
    { "fields of a description", MANY_FIELDS },
    { "mapped RAM of 1 TiB",
      "header\nconfig \"pc-q35-9.2\" { caps \"mapped-ram\" }\nstart 2 \"ram\" 0 4\n"
      "ram-size 0x10000000000; ram-block \"a\" 0x10000000000\nbe32 1; be64 4096 @b @p; "
      "label b; label p; "
      "eof" },
};

/* The file of a stream, plain or wrapped as it is; free with g_free(). */
static char *file_of(int i, const char *dir)
{
    const char *stream = streams[i].stream;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    char *file;
    size_t n;

    if (!strchr(stream, ' ')) {
        return g_build_filename(g_getenv("SRCDIR"), "tests", "fixtures", stream, NULL);
    }
    bytes = mkmig_assemble(stream, "memory", &error);
    ck_assert_msg(bytes != NULL, "%s: %s", streams[i].what, error ? error->message : "");
    file = g_build_filename(dir, "stream.mig", NULL);
    const char *data = g_bytes_get_data(bytes, &n);
    ck_assert(g_file_set_contents(file, data, (gssize)n, NULL));
    return file;
}

/* --- the library ---------------------------------------------------------------------- */

static void see(const MigField *field, void *user)
{
    (void)field;
    (void)user;
}

static bool decode_dev(MigReader *reader, uint64_t offset, GError **error)
{
    const MigDeviceBody body = {
        .name = "dev", .version_id = 1, .offset = offset, .length = 4
    };
    const MigDecoder decoder = { .budget = mig_reader_budget(reader), .visit = see };
    bool matches;

    return mig_device_decode_at(&decoder, mig_reader_input(reader),
                                mig_reader_description(reader), &body, &matches, error);
}

/* Reads, sums up, judges and, of "dev", decodes. */
static bool look(const char *file, GError **error)
{
    g_autoptr(MigInput) in = mig_input_open(file, NULL, error);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    g_autoptr(MigSummary) summary = mig_summary_new();
    g_autoptr(MigCheck) check = reader ? mig_check_new(reader, NULL) : NULL;
    uint64_t dev = 0;
    MigStatus status;
    const MigItem *item;

    if (!reader) {
        return false;
    }
    while ((status = mig_reader_next(reader, &item, error)) == MIG_STATUS_MORE) {
        if (!mig_summary_watch(summary, item, error)) {
            return false;
        }
        mig_check_watch(check, item, NULL);
        if (item->kind == MIG_ITEM_DEVICE_STATE &&
            strcmp(item->section->name, "dev") == 0) {
            dev = item->offset;
        }
    }
    return status == MIG_STATUS_END &&
           (!dev || !mig_input_seekable(in) || decode_dev(reader, dev, error));
}

static bool convert(const char *file, GError **error)
{
    g_autoptr(MigInput) in = mig_input_open(file, NULL, error);
    g_autoptr(MigOutput) out =
        in ? mig_output_new_fd(1, "standard output", NULL, error) : NULL;
    g_autoptr(MigChain) chain = mig_chain_new();

    return out && mig_chain_add(chain, "ram-decompress", error) &&
           mig_chain_add(chain, "description:drop=no", error) &&
           mig_chain_run(chain, in, NULL, out, NULL, error) &&
           mig_output_commit(out, error);
}

enum { WHOLE, LACKS_MEMORY, OTHER };

/* In a child: what came of it, as its exit status. */
static int attempt(const char *file, bool (*work)(const char *, GError **))
{
    g_autoptr(GError) error = NULL;

    if (work(file, &error)) {
        return WHOLE;
    }
    return g_error_matches(error, MIG_ERROR, MIG_ERROR_IO) &&
                   strstr(error->message, g_strerror(ENOMEM))
               ? LACKS_MEMORY
               : OTHER;
}

static int attempt_within(size_t limit, const char *file,
                          bool (*work)(const char *, GError **))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        limit_memory(limit);
        _exit(attempt(file, work));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "with %zu KiB: ended by signal %d", limit >> 10,
                  WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* Without enough it says so, and with enough it does what it does without a limit.  Where there
 * are no limits, once is enough. */
static void try_limits(int i, bool (*work)(const char *, GError **))
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *file = file_of(i, dir);
    int usual = attempt_within(MOST, file, work);
    unsigned n[OTHER + 1] = { 0 };

    for (size_t limit = LEAST; limit < MOST;
         limit = is_release() ? limit + limit / 8 : MOST) {
        int met = attempt_within(limit, file, work);

        ck_assert_msg(met == usual || met == LACKS_MEMORY, "%s: with %zu KiB: %d, not %d",
                      streams[i].what, limit >> 10, met, usual);
        n[met]++;
    }
    ck_assert_msg(n[usual] > 0 && usual != LACKS_MEMORY, "%s", streams[i].what);
    ck_assert_msg(!is_release() || n[LACKS_MEMORY] > 0, "%s: nothing was scarce",
                  streams[i].what);
    scratch_remove(dir);
}

START_TEST(test_library)
{
    try_limits(_i, look);
}
END_TEST

START_TEST(test_conversion)
{
    if (freopen("/dev/null", "w", stdout)) {
        try_limits(_i, convert);
    }
}
END_TEST

/* --- the program ---------------------------------------------------------------------- */

static const char *const commands[][4] = {
    { "dump" },
    { "dump", "--devices", "--format=json" },
    { "check" },
    { "convert", "--filter=ram-decompress" },
    { "extract", "--description" },
};

/* What it is to do has to be done, or refused in a sentence: status 2. */
static void run_within(size_t limit, const char *const *words, const char *file)
{
    const char *argv[6] = { g_getenv("MIGSTAT") };
    int status, n = 1;
    pid_t pid;

    for (int i = 0; words[i]; i++) {
        argv[n++] = words[i];
    }
    argv[n] = file;
    pid = fork();
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        dup2(STDOUT_FILENO, STDERR_FILENO);
        setrlimit(RLIMIT_DATA, &(struct rlimit){ limit, limit });
        execv(argv[0], (char **)(gpointer)argv);
        _exit(127);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= 2,
                  "%s with %zu KiB: status %x", words[0], limit >> 10, status);
}

/* Less than this, and it does not start. */
#define PROGRAM_LEAST ((size_t)1 << 20)
#define PROGRAM_MOST  ((size_t)64 << 20)

START_TEST(test_program)
{
    g_autofree char *dir = scratch_dir();

    for (guint i = 0; is_release() && i < G_N_ELEMENTS(streams); i++) {
        g_autofree char *file = file_of((int)i, dir);

        for (size_t limit = PROGRAM_LEAST; limit < PROGRAM_MOST; limit += limit / 5) {
            run_within(limit, commands[_i], file);
        }
    }
    scratch_remove(dir);
}
END_TEST

Suite *suite_memory(void)
{
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");

    tcase_add_loop_test(tests, test_library, 0, G_N_ELEMENTS(streams));
    tcase_add_loop_test(tests, test_conversion, 0, G_N_ELEMENTS(streams));
    tcase_add_loop_test(tests, test_program, 0, G_N_ELEMENTS(commands));
    suite_add_tcase(suite, tests);
    return suite;
}
