/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what tests share: running programs, fixtures, golden files, scratch
 *                folders.
 * Must not know: the library, nor any single test.
 * See also:      mkmig.h assembles text fixtures.
 */
#include "support.h"
#include "mkmig.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

/* These two are silent when all is well, because even an assertion that holds is an error
 * of libcheck's outside of a test, where suites count fixtures. */
static const char *environment(const char *name)
{
    const char *value = g_getenv(name);
    if (!value) {
        ck_abort_msg("%s is not set; run the tests with make check", name);
    }
    return value;
}

static void assert_no_error(const GError *error, const char *what)
{
    if (error) {
        ck_abort_msg("%s: %s", what, error->message);
    }
}

/* --- programs ----------------------------------------------------------------------- */

/* The thread sanitizer does not see the locks of the threads that GSubprocess has.  The
 * program under test, which has none of them, is not told to look away. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libgio-2.0.so\n"
           "called_from_lib:libgobject-2.0.so\n"
           "called_from_lib:libglib-2.0.so\n";
}

void run_free(Run *run)
{
    g_free(run->out);
    g_free(run->err);
    g_free(run);
}

/* The bytes with a NUL after them, as a string that the caller owns. */
static char *terminated(GBytes *bytes)
{
    size_t length;
    const char *data = g_bytes_get_data(bytes, &length);
    char *copy = g_malloc(length + 1);
    if (length) {
        memcpy(copy, data, length);
    }
    copy[length] = '\0';
    return copy;
}

Run *run_program(const char *const *argv, GBytes *input, const char *cwd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
    g_autoptr(GBytes) out = NULL, err = NULL;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
        G_SUBPROCESS_FLAGS_STDERR_PIPE);
    if (cwd) {
        g_subprocess_launcher_set_cwd(launcher, cwd);
    }
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, &error);
    assert_no_error(error, argv[0]);

    /* A program that does not read all of its input is no failure of the test; the program
     * itself was started with the signal as it was. */
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    if (!g_subprocess_communicate(process, input ? input : nothing, NULL, &out, &err,
                                  &error) &&
        !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE)) {
        assert_no_error(error, argv[0]);
    }
    signal(SIGPIPE, before);

    Run *run = g_new0(Run, 1);
    g_subprocess_wait(process, NULL, NULL);
    run->status = g_subprocess_get_if_exited(process)
                      ? g_subprocess_get_exit_status(process)
                      : -g_subprocess_get_term_sig(process);
    run->out = out ? terminated(out) : g_strdup("");
    run->out_length = out ? g_bytes_get_size(out) : 0;
    run->err = err ? terminated(err) : g_strdup("");
    return run;
}

Run *run_migstat(GBytes *input, ...)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, g_strdup(environment("MIGSTAT")));
    va_list arguments;
    va_start(arguments, input);
    for (const char *word; (word = va_arg(arguments, const char *)) != NULL;) {
        g_ptr_array_add(argv, g_strdup(word));
    }
    va_end(arguments);
    g_ptr_array_add(argv, NULL);
    Run *run = run_program((const char *const *)argv->pdata, input, NULL);
    g_ptr_array_foreach(argv, (GFunc)(void (*)(void))g_free, NULL);
    return run;
}

Run *run_with_shell(const char *line, const char *cwd)
{
    g_autofree char *script =
        g_strconcat("migstat() { \"$MIGSTAT\" \"$@\"; }\n", line, NULL);
    const char *argv[] = { "sh", "-c", script, NULL };

    return run_program(argv, NULL, cwd);
}

/* --- fixtures ----------------------------------------------------------------------- */

char *source_path(const char *relative)
{
    return g_build_filename(environment("SRCDIR"), relative, NULL);
}

static char *fixture_source(const char *relative)
{
    return g_build_filename(environment("SRCDIR"), "tests", "fixtures", relative, NULL);
}

static GBytes *read_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *data;
    size_t length;
    g_file_get_contents(path, &data, &length, &error);
    assert_no_error(error, path);
    return g_bytes_new_take(data, length);
}

static GBytes *decompress(GBytes *packed, const char *name)
{
    size_t packed_length;
    const void *data = g_bytes_get_data(packed, &packed_length);
    unsigned long long length = ZSTD_getFrameContentSize(data, packed_length);
    ck_assert_msg(length < G_MAXUINT32, "%s: the frame does not say its length", name);
    void *plain = g_malloc(length);
    size_t written = ZSTD_decompress(plain, length, data, packed_length);
    ck_assert_msg(!ZSTD_isError(written), "%s: %s", name, ZSTD_getErrorName(written));
    return g_bytes_new_take(plain, written);
}

static GBytes *make_fixture(const char *relative)
{
    g_autofree char *path = fixture_source(relative);
    GBytes *raw = read_file(path);
    GBytes *bytes = raw;
    if (g_str_has_suffix(relative, ".txt")) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = terminated(raw);
        bytes = mkmig_assemble(text, path, &error);
        assert_no_error(error, "mkmig");
        g_bytes_unref(raw);
    } else if (g_str_has_suffix(relative, ".zst")) {
        bytes = decompress(raw, relative);
        g_bytes_unref(raw);
    }
    return bytes;
}

/* Often one is asked for again and again. */
GBytes *fixture_bytes(const char *relative)
{
    static char *last;
    static GBytes *bytes;

    if (g_strcmp0(relative, last) != 0) {
        GBytes *made = make_fixture(relative);

        g_free(last);
        g_clear_pointer(&bytes, g_bytes_unref);
        last = g_strdup(relative);
        bytes = made;
    }
    return g_bytes_ref(bytes);
}

GBytes *joined_bytes(GBytes *first, GBytes *second)
{
    GByteArray *all = g_byte_array_new();
    gsize n;
    const uint8_t *data = g_bytes_get_data(first, &n);

    g_byte_array_append(all, data, (guint)n);
    data = g_bytes_get_data(second, &n);
    g_byte_array_append(all, data, (guint)n);
    return g_byte_array_free_to_bytes(all);
}

char *fixture_file(const char *relative)
{
    if (!g_str_has_suffix(relative, ".txt") && !g_str_has_suffix(relative, ".zst")) {
        return fixture_source(relative);
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = fixture_bytes(relative);
    g_autofree char *stem = g_strndup(relative, strlen(relative) - strlen(".txt"));
    char *path =
        g_build_filename(environment("BUILDDIR"), "tests", "fixtures", stem, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_mkdir_with_parents(folder, 0777);
    g_file_set_contents_full(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                             G_FILE_SET_CONTENTS_CONSISTENT, 0666, &error);
    assert_no_error(error, path);
    return path;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **fixture_list(const char *folder, const char *suffix)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = fixture_source(folder);
    g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
    assert_no_error(error, path);

    GPtrArray *names = g_ptr_array_new();
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        if (g_str_has_suffix(name, suffix)) {
            g_ptr_array_add(names, g_build_filename(folder, name, NULL));
        }
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

void assert_golden(const char *relative, const char *actual)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = fixture_source(relative);
    if (g_getenv("UPDATE_GOLDEN")) {
        g_file_set_contents_full(path, actual, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0666,
                                 &error);
        assert_no_error(error, path);
        return;
    }
    g_autofree char *wanted = NULL;
    g_file_get_contents(path, &wanted, NULL, &error);
    assert_no_error(error, path);

    size_t line = 1, start = 0, i = 0;
    for (; wanted[i] != '\0' && wanted[i] == actual[i]; i++) {
        if (wanted[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    ck_assert_msg(wanted[i] == actual[i], "%s:%zu: wanted \"%.*s\", found \"%.*s\"",
                  relative, line, (int)strcspn(wanted + start, "\n"), wanted + start,
                  (int)strcspn(actual + start, "\n"), actual + start);
}

char *unformatted(const char *roff)
{
    static const char *const escapes[][2] = {
        { "\\-", "-" },  { "\\[aq]", "'" }, { "\\[dq]", "\"" },
        { "\\e", "\\" }, { "\\(ti", "~" },
    };
    GString *text = g_string_new(roff);

    for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++) {
        g_string_replace(text, escapes[i][0], escapes[i][1], 0);
    }
    return g_string_free(text, FALSE);
}

/* --- scratch folders ---------------------------------------------------------------- */

static gpointer write_pipe(gpointer data)
{
    const Piped *piped = data;
    gsize left;
    const uint8_t *bytes = g_bytes_get_data(piped->bytes, &left);

    while (left > 0) {
        ssize_t done = write(piped->write_end, bytes, MIN(piped->piece, left));

        if (done < 0) {
            break;
        }
        bytes += done;
        left -= (gsize)done;
    }
    close(piped->write_end);
    return NULL;
}

Piped *piped_new(GBytes *bytes, size_t piece)
{
    Piped *piped = g_new0(Piped, 1);
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    piped->fd = ends[0];
    piped->write_end = ends[1];
    piped->piece = piece;
    piped->bytes = g_bytes_ref(bytes);
    piped->thread = g_thread_new("piped", write_pipe, piped);
    return piped;
}

void piped_free(Piped *piped)
{
    if (piped) {
        close(piped->fd);
        g_thread_join(piped->thread);
        g_bytes_unref(piped->bytes);
        g_free(piped);
    }
}

char *scratch_dir(void)
{
    char *path =
        g_build_filename(environment("BUILDDIR"), "tests", "scratch-XXXXXX", NULL);
    ck_assert_msg(g_mkdtemp(path) != NULL, "%s: cannot be made", path);
    return path;
}

void scratch_remove(const char *path)
{
    if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            scratch_remove(child);
        }
    }
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_file_delete(file, NULL, NULL);
}
