/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          changes of a file where it is: what they write, and that a crash at any moment
 *                leaves the old file, the new one, or a journal that brings the old one back.
 * Must not know: filters.
 * See also:      ../faults/inject.c, which is preloaded; lib/io/journal-private.h, the format.
 */
#include "support.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migstat.h"

#define FIXTURE "real/q35-52-vfio.mig.zst"
#define JOURNAL ".a.migstat-undo"
#define SET     "--filter=set-field:path=globalstate:runstate:value="

/* A scratch folder with the stream "a", and what a change is to make of it. */
typedef struct Stage {
    char *dir;
    GBytes *old, *new;
} Stage;

static char *path_in(const Stage *stage, const char *name)
{
    return g_build_filename(stage->dir, name, NULL);
}

static GBytes *bytes_in(const Stage *stage, const char *name)
{
    g_autofree char *path = path_in(stage, name);
    char *data;
    gsize n;

    return g_file_get_contents(path, &data, &n, NULL) ? g_bytes_new_take(data, n) : NULL;
}

static bool has(const Stage *stage, const char *name)
{
    g_autofree char *path = path_in(stage, name);

    return access(path, F_OK) == 0;
}

/* Runs a line of the shell in the folder, where migstat is the program under test. */
static Run *run_line(const Stage *stage, const char *line)
{
    g_autofree char *where = g_path_get_dirname(g_getenv("MIGSTAT"));
    g_autofree char *whole = g_strdup_printf("PATH='%s':$PATH; %s", where, line);
    const char *argv[] = { "/bin/sh", "-c", whole, NULL };

    return run_program(argv, NULL, stage->dir);
}

static void assert_line(const Stage *stage, const char *line, int status,
                        const char *says)
{
    g_autoptr(Run) run = run_line(stage, line);

    ck_assert_msg(run->status == status && (!says || strstr(run->err, says)),
                  "%s: status %d, %s", line, run->status, run->err);
}

/* Writes it to the same inode, as a crash would leave it. */
static void put(const Stage *stage, const char *name, const void *data, size_t n,
                mode_t mode)
{
    g_autofree char *path = path_in(stage, name);
    int fd = open(path, O_WRONLY | O_CREAT, mode);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_int_eq(write(fd, data, n), (ssize_t)n);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void put_bytes(const Stage *stage, const char *name, GBytes *bytes)
{
    put(stage, name, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 0600);
}

/* @options: of convert, as words of the shell. */
static void stage_open(Stage *stage, const char *options)
{
    g_autofree char *line = g_strdup_printf("migstat convert -q %s a -o new", options);

    stage->dir = scratch_dir();
    stage->old = fixture_bytes(FIXTURE);
    put_bytes(stage, "a", stage->old);
    assert_line(stage, line, 0, NULL);
    stage->new = bytes_in(stage, "new");
    assert_line(stage, "rm new", 0, NULL);
}

static void stage_close(Stage *stage)
{
    g_bytes_unref(stage->old);
    g_bytes_unref(stage->new);
    scratch_remove(stage->dir);
    g_free(stage->dir);
}

static bool is(const Stage *stage, GBytes *bytes)
{
    g_autoptr(GBytes) now = bytes_in(stage, "a");

    return now && g_bytes_equal(now, bytes);
}

/* --- what a change writes --- */

static const struct {
    const char *what, *before, *options;
    bool same_inode;
} changes[] = {
    { "a field", ":", SET "paused", true },
    { "two fields", ":", SET "paused --filter=set-field:path=globalstate:size:value=7",
      true },
    { "nothing", ":", "--filter=null", true },
    { "what comes after is moved, and longer", ":",
      "--filter=rename-section:from=acpi_build:to=acpi_building", true },
    { "what comes after is moved, and shorter", ":",
      "--filter=drop-section:name=acpi_build", true },
    { "what a release needs", ":", "--for=5.2 " SET "paused", true },
    { "nearly all is moved", ":", "--to=config-last", false },
    { "a file with another name", "ln a b", SET "paused", false },
    { "a compressed file", "zstd -q --rm a && mv a.zst a", SET "paused", false },
};

START_TEST(changes_in_place)
{
    g_autofree char *line =
        g_strdup_printf("%s; i=$(stat -c %%i a); migstat convert -q --in-place %s a || "
                        "exit; zstd -qdf a -o "
                        "plain 2>/dev/null || cp a plain; test $(stat -c %%i a) = $i",
                        changes[_i].before, changes[_i].options);
    Stage stage;

    stage_open(&stage, changes[_i].options);
    assert_line(&stage, line, !changes[_i].same_inode, NULL);
    ck_assert(!has(&stage, JOURNAL));
    g_autoptr(GBytes) plain = bytes_in(&stage, "plain");
    ck_assert_msg(g_bytes_equal(plain, stage.new), "%s", changes[_i].what);
    stage_close(&stage);
}
END_TEST

START_TEST(leaves_a_locked_file_alone)
{
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };
    Stage stage;

    stage_open(&stage, SET "paused");
    g_autofree char *path = path_in(&stage, "a");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
    assert_line(&stage, "migstat convert --in-place " SET "paused a", 2, "is in use");
    ck_assert(is(&stage, stage.old));
    assert_line(&stage, "migstat convert a -o b", 0, NULL);
    assert_line(&stage, "migstat convert b -o a --force", 2, "is in use");
    ck_assert(is(&stage, stage.old));
    close(fd);
    stage_close(&stage);
}
END_TEST

/* Before a command; of the name of the folder of what was built.  The address sanitizer wants to
 * be the first library, else. */
#define PRELOAD "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=%s/tests/inject.so "

/* --- SIGKILL at every call --- */

/* Whatever was killed: the file is whole, or a journal says that it is not. */
static void assert_whole(Stage *stage, const char *label)
{
    if (has(stage, JOURNAL)) {
        assert_line(stage, "migstat dump a", 2, "migstat recover a");
        assert_line(stage, "migstat convert --in-place " SET "debug a", 2,
                    "migstat recover a");
        assert_line(stage, "migstat recover a", 0, "as it was");
        ck_assert_msg(is(stage, stage->old), "%s: not brought back", label);
    }
    ck_assert_msg(is(stage, stage->old) || is(stage, stage->new), "%s: neither", label);
    assert_line(stage, "test \"$(ls -A)\" = a", 0, NULL);
}

static const char *const calls[] = { "write", "pwritev", "fsync",
                                     "link",  "unlink",  "ftruncate" };

static const char *const variants[] = { "", " --no-sandbox" };

START_TEST(survives_a_kill)
{
    const char *call = calls[_i / 2], *variant = variants[_i % 2];
    int status = -1;
    Stage stage;

    stage_open(&stage, SET "paused");
    for (int at = 1; status != 0; at++) {
        g_autofree char *line = g_strdup_printf(
            PRELOAD "FAULT_CALL=%s FAULT_AT=%d FAULT_WHAT=signal:9 "
                    "exec migstat convert -q --in-place%s " SET "paused a",
            g_getenv("BUILDDIR"), call, at, variant);
        g_autofree char *label = g_strdup_printf("%s %d%s", call, at, variant);
        g_autoptr(Run) run = run_line(&stage, line);

        status = run->status;
        ck_assert_int_lt(at, 100);
        assert_whole(&stage, label);
        ck_assert_msg(status != 0 || is(&stage, stage.new), "%s: status 0", label);
        put_bytes(&stage, "a", stage.old);
    }
    stage_close(&stage);
}
END_TEST

/* --- a machine that loses what was not synced --- */

/* What one call did, or half of what it wrote. */
typedef struct Op {
    char what[16], name[64];
    unsigned long long inode;
    long long offset;
    size_t length;
    const uint8_t *data;
} Op;

static bool is_op(const Op *op, const char *what)
{
    return strcmp(op->what, what) == 0;
}

static GArray *parse_record(GBytes *record)
{
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(Op));
    gsize n;
    const uint8_t *p = g_bytes_get_data(record, &n), *end = p + n;

    while (p < end) {
        const uint8_t *line_end = memchr(p, '\n', (size_t)(end - p));
        Op op = { 0 };

        ck_assert(line_end);
        g_autofree char *line = g_strndup((const char *)p, (size_t)(line_end - p));
        ck_assert_int_ge(sscanf(line, "%15s %llu %lld %zu %63s", op.what, &op.inode,
                                &op.offset, &op.length, op.name),
                         4);
        op.data = line_end + 1;
        p = op.data + op.length;
        if (op.length > 1) { /* a write that is torn */
            Op first = op;

            first.length /= 2;
            g_array_append_val(ops, first);
            op.offset += (long long)first.length;
            op.data += first.length;
            op.length -= first.length;
        }
        g_array_append_val(ops, op);
    }
    return ops;
}

/* Whether what @ops[i] did has reached the disk by the time of @ops[crash]. */
static bool is_synced(const GArray *ops, guint i, guint crash, unsigned long long folder)
{
    const Op *op = &g_array_index(ops, Op, i);
    bool names = is_op(op, "link") || is_op(op, "unlink");

    for (guint j = i + 1; j < crash; j++) {
        const Op *sync = &g_array_index(ops, Op, j);

        if (is_op(sync, "sync") && sync->inode == (names ? folder : op->inode)) {
            return true;
        }
    }
    return false;
}

static void apply(const Op *op, GByteArray *file)
{
    if (is_op(op, "truncate")) {
        guint before = file->len;

        g_byte_array_set_size(file, (guint)op->offset);
        if (file->len > before) {
            memset(file->data + before, 0, file->len - before);
        }
    } else if (is_op(op, "write")) {
        guint before = file->len, end = (guint)op->offset + (guint)op->length;

        g_byte_array_set_size(file, MAX(before, end));
        if (op->offset > before) {
            memset(file->data + before, 0, (size_t)op->offset - before);
        }
        memcpy(file->data + op->offset, op->data, op->length);
    }
}

/* What is on the disk after a crash: all that was synced, and of the rest what @lucky has. */
static void lay_out_crash(const Stage *stage, const GArray *ops, guint crash,
                          unsigned lucky, unsigned long long folder,
                          unsigned long long target)
{
    g_autoptr(GByteArray) file = g_byte_array_new(), journal = g_byte_array_new();
    g_autofree char *path = path_in(stage, JOURNAL);
    bool linked = false;
    unsigned bit = 0;

    g_byte_array_append(file, g_bytes_get_data(stage->old, NULL),
                        (guint)g_bytes_get_size(stage->old));
    for (guint i = 0; i < crash; i++) {
        const Op *op = &g_array_index(ops, Op, i);

        if (is_op(op, "sync") ||
            (!is_synced(ops, i, crash, folder) && !(lucky >> bit++ & 1))) {
            continue;
        }
        if (is_op(op, "link") || is_op(op, "unlink")) {
            linked = is_op(op, "link");
        } else {
            apply(op, op->inode == target ? file : journal);
        }
    }
    put(stage, "a", file->data, file->len, 0600);
    unlink(path);
    if (linked) {
        put(stage, JOURNAL, journal->data, journal->len, 0600);
    }
}

static unsigned count_unsynced(const GArray *ops, guint crash, unsigned long long folder)
{
    unsigned n = 0;

    for (guint i = 0; i < crash; i++) {
        n += !is_op(&g_array_index(ops, Op, i), "sync") &&
             !is_synced(ops, i, crash, folder);
    }
    return n;
}

/* Leaves what was done to the file, to its journal, and to their folder. */
static void leave_ours(GArray *ops, unsigned long long folder, unsigned long long target)
{
    unsigned long long journal = 0;

    for (guint i = 0; i < ops->len; i++) {
        const Op *op = &g_array_index(ops, Op, i);

        journal =
            is_op(op, "link") && strcmp(op->name, JOURNAL) == 0 ? op->inode : journal;
    }
    ck_assert_uint_ne(journal, 0);
    for (guint i = ops->len; i-- > 0;) {
        const Op *op = &g_array_index(ops, Op, i);

        if (op->inode != folder && op->inode != target && op->inode != journal) {
            g_array_remove_index(ops, i);
        }
    }
}

static unsigned long long inode_of(const char *path)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_ino;
}

static const char *const replayed[] = {
    SET "paused",
    "--filter=rename-section:from=acpi_build:to=acpi_building",
    "--filter=drop-section:name=acpi_build",
};

START_TEST(survives_the_loss_of_what_was_not_synced)
{
    g_autofree char *line = g_strdup_printf(PRELOAD "FAULT_RECORD=record migstat "
                                                    "convert -q --in-place %s a",
                                            g_getenv("BUILDDIR"), replayed[_i]);
    unsigned n_states = 0;
    Stage stage;

    stage_open(&stage, replayed[_i]);
    assert_line(&stage, line, 0, NULL);
    g_autofree char *path = path_in(&stage, "a");
    g_autoptr(GBytes) record = bytes_in(&stage, "record");
    g_autoptr(GArray) ops = parse_record(record);
    unsigned long long folder = inode_of(stage.dir), target = inode_of(path);
    leave_ours(ops, folder, target);
    for (guint crash = 0; crash <= ops->len; crash++) {
        unsigned unsynced = count_unsynced(ops, crash, folder);

        ck_assert_uint_le(unsynced, 16);
        for (unsigned lucky = 0; lucky < 1u << unsynced; lucky++, n_states++) {
            g_autoptr(GError) error = NULL;

            lay_out_crash(&stage, ops, crash, lucky, folder, target);
            if (has(&stage, JOURNAL)) {
                ck_assert_msg(mig_journal_recover(path, false, &error), "after %u: %s",
                              crash, error->message);
                ck_assert(is(&stage, stage.old) && !has(&stage, JOURNAL));
            }
            ck_assert_msg(is(&stage, stage.old) || is(&stage, stage.new),
                          "after %u of %u", crash, ops->len);
        }
    }
    ck_assert_uint_gt(n_states, 20);
    stage_close(&stage);
}
END_TEST

/* --- journals that do not count --- */

/* A journal of one range as the format says, with one thing wrong. */
typedef struct Journal {
    const char *what;
    enum {
        RIGHT,
        MAGIC,
        VERSION,
        DEVICE,
        INODE,
        SIZE,
        N_RANGES,
        OFFSET,
        DATA,
        SUM
    } wrong;
    uint64_t value;   /* of what is wrong; of DEVICE and INODE, added to the right one */
    const char *line; /* of the shell, then */
    const char *says;
} Journal;

static const Journal journals[] = {
    { "sound", RIGHT, 0, NULL, NULL },
    { "of another file", INODE, 1, NULL, "another file" },
    { "of another device", DEVICE, 1, NULL, "--any-device" },
    { "another magic", MAGIC, 0, NULL, "is damaged" },
    { "a version to come", VERSION, 2, NULL, "is damaged" },
    { "a wrong checksum", SUM, 1, NULL, "is damaged" },
    { "a range beyond the end", OFFSET, 9, NULL, "is damaged" },
    { "a range that begins beyond the end", OFFSET, UINT64_MAX, NULL, "is damaged" },
    { "a size that is none", SIZE, UINT64_MAX, NULL, "is damaged" },
    { "data that lack", DATA, 7, NULL, "is damaged" },
    { "data too many", DATA, 9, NULL, "is damaged" },
    { "more ranges than it has", N_RANGES, 2, NULL, "is damaged" },
    { "more ranges than there may be", N_RANGES, UINT64_MAX, NULL, "is damaged" },
    { "for others to read", RIGHT, 0, "chmod 0640 " JOURNAL, "mode 0600" },
    { "with another name", RIGHT, 0, "ln " JOURNAL " x", "one name" },
    { "a link to one", RIGHT, 0, "mv " JOURNAL " x; ln -s x " JOURNAL,
      "cannot read the journal" },
    { "a folder", RIGHT, 0, "rm " JOURNAL "; mkdir " JOURNAL, "is not a file" },
    { "a FIFO", RIGHT, 0, "rm " JOURNAL "; mkfifo -m 600 " JOURNAL, "is not a file" },
    { "nothing in it", RIGHT, 0, ": > " JOURNAL, "is damaged" },
    { "none", RIGHT, 0, "rm " JOURNAL, "no journal" },
};

static void append_number(GByteArray *bytes, uint64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        uint8_t byte = (uint8_t)(value >> 8 * i);

        g_byte_array_append(bytes, &byte, 1);
    }
}

static GByteArray *build(const Journal *journal, const struct stat *st)
{
#define VALUE(of, right) (journal->wrong == (of) ? journal->value : (right))
    GByteArray *bytes = g_byte_array_new();
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t digest[32];
    gsize n = sizeof digest;

    g_byte_array_append(
        bytes, (const guint8 *)(journal->wrong == MAGIC ? "MIGSREDO" : "MIGSUNDO"), 8);
    append_number(bytes, VALUE(VERSION, 1), 4);
    append_number(bytes, 0, 4);
    append_number(bytes, st->st_dev + VALUE(DEVICE, 0), 8);
    append_number(bytes, st->st_ino + VALUE(INODE, 0), 8);
    append_number(bytes, VALUE(SIZE, 16), 8);
    append_number(bytes, VALUE(N_RANGES, 1), 8);
    append_number(bytes, VALUE(OFFSET, 4), 8);
    append_number(bytes, 8, 8);
    g_byte_array_append(bytes, (const guint8 *)"oldoldoldold", (guint)VALUE(DATA, 8));
    g_checksum_update(sum, bytes->data, bytes->len);
    g_checksum_get_digest(sum, digest, &n);
    digest[0] ^= (uint8_t)VALUE(SUM, 0);
    g_byte_array_append(bytes, digest, sizeof digest);
    return bytes;
#undef VALUE
}

#define NEW "0123newnewne89ab and more"
#define OLD "0123oldoldol89ab"

START_TEST(trusts_a_journal_of_its_own)
{
    const Journal *journal = &journals[_i];
    Stage stage = { .dir = scratch_dir() };
    g_autofree char *path = path_in(&stage, "a");
    struct stat st;

    put(&stage, "a", NEW, strlen(NEW), 0644);
    ck_assert_int_eq(stat(path, &st), 0);
    g_autoptr(GByteArray) bytes = build(journal, &st);
    put(&stage, JOURNAL, bytes->data, bytes->len, 0600);
    if (journal->line) {
        assert_line(&stage, journal->line, 0, NULL);
    }
    assert_line(&stage, "migstat recover a", journal->says ? 2 : 0,
                journal->says ? journal->says : "as it was");
    g_autoptr(GBytes) now = bytes_in(&stage, "a");
    g_autoptr(GBytes) wanted = journal->says ? g_bytes_new_static(NEW, strlen(NEW))
                                             : g_bytes_new_static(OLD, strlen(OLD));
    ck_assert_msg(g_bytes_equal(now, wanted), "%s", journal->what);
    if (journal->wrong == DEVICE) {
        assert_line(&stage, "migstat recover --any-device a", 0, "as it was");
    }
    scratch_remove(stage.dir);
    g_free(stage.dir);
}
END_TEST

/* A link leads to the file, and the journal is beside that. */
START_TEST(finds_the_journal_by_a_link)
{
    Stage stage;

    stage_open(&stage, SET "paused");
    assert_line(&stage, "mkdir d; ln -s ../a d/b; touch " JOURNAL, 0, NULL);
    assert_line(&stage, "migstat check d/b", 2, "migstat recover d/b");
    assert_line(&stage, "migstat diff a a", 2, "migstat recover a");
    stage_close(&stage);
}
END_TEST

Suite *suite_recover(void)
{
    Suite *suite = suite_create("recover");
    TCase *tests = tcase_create("all");

    tcase_add_loop_test(tests, changes_in_place, 0, G_N_ELEMENTS(changes));
    tcase_add_test(tests, leaves_a_locked_file_alone);
    /* Under valgrind a preloaded library sees its calls too. */
    if (g_strcmp0(g_getenv("VARIANT"), "valgrind") != 0) {
        tcase_add_loop_test(tests, survives_a_kill, 0, G_N_ELEMENTS(calls) * 2);
        tcase_add_loop_test(tests, survives_the_loss_of_what_was_not_synced, 0,
                            G_N_ELEMENTS(replayed));
    }
    tcase_add_loop_test(tests, trusts_a_journal_of_its_own, 0, G_N_ELEMENTS(journals));
    tcase_add_test(tests, finds_the_journal_by_a_link);
    suite_add_tcase(suite, tests);
    return suite;
}
