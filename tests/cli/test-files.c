/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which file a command writes, and who may read it: links, FIFOs, modes,
 *                attributes.
 * Must not know: what is written.
 * See also:      ../unit/test-output.c, for what changes while a command runs;
 *                test-convert.c.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Lines of the shell, in a folder with "a", a stream of mode 0600, and "secret", a file that
 * is nobody's to replace.  `before` prepares, then migstat runs, then `after` has to hold. */
typedef struct {
    const char *what, *before, *line;
    int status;
    const char *says, *after;
    bool root; /* other users are needed */
} Row;

#define NO_FSYNC                                                                      \
    "ASAN_OPTIONS=verify_asan_link_order=0 FAULT_CALL=fsync FAULT_AT=0 FAULT_WHAT=5 " \
    "LD_PRELOAD=$BUILDDIR/tests/inject.so "

static const Row rows[] = {
    /* --- what is waited for; each fsync() fails --- */
    { "a result is synced", ":", NO_FSYNC "migstat convert --to=config-last a -o x", 2,
      "Input/output error", "! test -e x", false },
    { "a result is not synced", ":",
      NO_FSYNC "migstat convert --no-sync --to=config-last a -o x", 0, NULL, "test -s x",
      false },
    /* --- what is replaced in place --- */
    { "in place: a FIFO that becomes a link while it is waited for", "mkfifo x",
      "(exec 3>x; rm x; ln -s secret x; cat a >&3) >/dev/null 2>&1 & "
      "migstat convert --in-place --filter=null x; s=$?; kill $!; exit $s",
      2, "no regular file", "grep -qx secret secret", false },
    { "in place: a link of one's own stays", "ln -s a x",
      "migstat convert --in-place --to=config-last x", 0, NULL,
      "test -L x && ! cmp -s a copy && test $(stat -c %a a) = 600", false },
    { "in place: another user's link in a folder for all",
      "mkdir t; chmod 1777 t; ln -s ../a t/x; chown -h 65534 t/x",
      "migstat convert --in-place --to=config-last t/x", 2, "symbolic link", "cmp a copy",
      true },
    { "in place: a descriptor of a regular file", ":",
      "migstat convert --in-place --to=config-last /dev/fd/3 3<a", 0, NULL,
      "! cmp -s a copy", false },
    { "in place: another name keeps the old content", "ln a hard",
      "migstat convert --in-place --to=config-last a", 0, NULL,
      "cmp hard copy && ! cmp -s a copy", false },
    /* --- links --- */
    { "a link to a file", "ln -s secret x", "migstat convert a -o x", 2,
      "--force writes to the file that it leads to", "grep -qx secret secret", false },
    { "a link to no file", "ln -s made x", "migstat convert a -o x", 2, "symbolic link",
      "! test -e made", false },
    { "a link to a file, by force", "ln -s secret x", "migstat convert a --force -o x", 0,
      NULL, "test -L x && cmp secret a", false },
    { "another user's link, by force",
      "mkdir t; chmod 1777 t; ln -s ../secret t/x; chown -h 65534 t/x",
      "migstat convert a --force -o t/x", 2, "symbolic link", "grep -qx secret secret",
      true },
    { "another user's link to no file, by force",
      "mkdir t; chmod 1777 t; ln -s ../made t/x; chown -h 65534 t/x",
      "migstat extract --description --force -o t/x a", 2, "symbolic link",
      "! test -e made", true },
    { "another user's link after one's own",
      "mkdir t; chmod 1777 t; ln -s ../secret t/x; chown -h 65534 t/x; ln -s t/x y",
      "migstat convert a --force -o y", 2, "symbolic link", "grep -qx secret secret",
      true },
    { "the link of who owns the folder, by force",
      "mkdir t; chown 65534 t; chmod 1777 t; ln -s ../secret t/x; chown -h 65534 t/x",
      "migstat convert a --force -o t/x", 0, NULL, "cmp secret a", true },
    { "another user's link in a folder for few, by force",
      "mkdir t; chmod 755 t; ln -s ../secret t/x; chown -h 65534 t/x",
      "migstat convert a --force -o t/x", 0, NULL, "cmp secret a", true },
    { "a link in the folder of extract", "mkdir d; ln -s ../secret d/pc.ram.raw",
      "migstat extract --ram=pc.ram -o d a", 2, "symbolic link", "grep -qx secret secret",
      false },
    { "a link in the folder of extract, by force",
      "mkdir d; ln -s ../secret d/pc.ram.raw",
      "migstat extract --ram=pc.ram --force -o d a", 2, "symbolic link",
      "grep -qx secret secret", false },
    { "the same without a sandbox", "mkdir d; ln -s ../secret d/pc.ram.raw",
      "migstat extract --no-sandbox --ram=pc.ram --force -o d a", 2, "symbolic link",
      "grep -qx secret secret", false },
    { "a link to the folder of extract", "mkdir e; ln -s e d",
      "migstat extract --ram=pc.ram -o d a", 0, NULL, "test -s e/pc.ram.raw", false },
    { "another user's link to a folder",
      "mkdir e t; chmod 1777 t; ln -s ../e t/d; chown -h 65534 t/d",
      "migstat extract --ram=pc.ram -o t/d a", 2, "symbolic link", "rmdir e", true },
    /* --- descriptors --- */
    { "a descriptor", ":", "migstat convert a -o /dev/fd/7 7>b", 0, NULL, "cmp a b",
      false },
    { "a descriptor by another name", ":", "migstat convert a -o /proc/self/fd/7 7>b", 0,
      NULL, "cmp a b", false },
    { "standard output by its name", ":", "migstat convert a -o /dev/stdout >b", 0, NULL,
      "cmp a b", false },
    { "a descriptor of the input", ":", "migstat convert a -o /dev/fd/7 7>>a", 2,
      "is an input, which would be lost", "cmp a copy", false },
    { "a part of it in the place of the input", ":",
      "migstat extract --section=ram --force -o a a", 2, "a is an input", "cmp a copy",
      false },
    { "its memory", "ln a b", "migstat extract --memory --force -o b a", 2,
      "b is an input", "cmp a copy", false },
    { "a page about it", "ln -s a b", "migstat report --force -o b a", 2, "b is an input",
      "cmp a copy", false },
    { "a page about two, in the place of the second", "cp a b",
      "migstat report --force -o b a b", 2, "b is an input", "cmp b copy", false },
    { "a page in the place of the destination", "cp a b",
      "migstat report --force --against=b -o b a", 2, "b is an input", "cmp b copy",
      false },
    { "a page in the place of standard input", ":", "migstat report --force -o a - <a", 2,
      "a is an input", "cmp a copy", false },
    { "a part in the folder where the input lies", "mkdir d; cp a d/pc.ram.raw",
      "migstat extract --ram=pc.ram -o d --force d/pc.ram.raw", 2,
      "d/pc.ram.raw is an input", "cmp d/pc.ram.raw copy", false },
    { "the same without a sandbox", "mkdir d; cp a d/pc.ram.raw",
      "migstat extract --no-sandbox --ram=all -o d --force d/pc.ram.raw", 2,
      "d/pc.ram.raw is an input", "cmp d/pc.ram.raw copy", false },
    { "a device's part, by another name of the input",
      "mkdir d; ln a d/0000:00:01.0%2fvfio.config",
      "migstat extract --vfio='*' -o d --force a", 2, "vfio.config is an input",
      "test a -ef d/0000:00:01.0%2fvfio.config", false },
    { "the holes of memory", "cp a x.holes",
      "migstat extract --memory --place=pc.ram@0 --salvage -o x --force x.holes", 2,
      "x.holes is an input", "cmp x.holes copy && ! test -e x", false },
    { "a stream in the place of the one that graft reads", "cp a b",
      "migstat convert --filter=graft:path=apic:id --from=b -o b --force a", 2,
      "b is an input, which would be lost\n", "cmp b copy", false },
    { "a stream in the place of the destination", "cp a b",
      "migstat convert --fit=b -o b --force a", 2, "b is an input, which would be lost\n",
      "cmp b copy", false },
    { "a stream in the place of standard input", ":", "migstat convert -o a --force - <a",
      2, "a is an input, which would be lost\n", "cmp a copy", false },
    { "a stream in its own place", "ln -s a b", "migstat convert --fit=a -o b --force a",
      2, "b is an input, which would be lost; --in-place replaces it\n", "cmp a copy",
      false },
    { "a page in the place of the list of devices", "echo '8086  Intel' >ids",
      "MIGSTAT_PCI_IDS=ids migstat report --force -o ids a", 2, "ids is an input",
      "grep -q Intel ids", false },
    { "one descriptor for inputs", ":",
      "ulimit -n 60; migstat extract --section=ram --force -o a a", 2, "a is an input",
      "cmp a copy", false },
    { "the same of convert", ":", "ulimit -n 60; migstat convert -o b a", 0, NULL,
      "cmp a b", false },
    { "what is opened later", "cp a b", "ulimit -n 60; migstat report --force -o b a b",
      2, "b is an input", "cmp b copy", false },
    { "the same without a sandbox", "cp a b",
      "ulimit -n 60; migstat report --no-sandbox --force -o b a b", 2, "b is an input",
      "cmp b copy", false },
    { "an input that cannot be read", "cp a b; touch .b.migstat-undo",
      "migstat report --force -o b a b", 2, "b is an input", "cmp b copy", false },
    { "what is opened later, beside a file that is written", "cp a b",
      "ulimit -n 60; migstat report -o x a b", 0, NULL, "grep -q '<html' x", false },
    { "a page beside what happens to be standard input", "cp a b",
      "migstat report --force -o b a <b", 0, NULL, "grep -q '<html' b", false },
    { "an input that is a descriptor", ":", "migstat convert /dev/fd/7 -o b 7<a", 0, NULL,
      "cmp a b", false },
    /* --- modes --- */
    { "the mode of the input", "chmod 640 a", "umask 0; migstat convert a -o b", 0, NULL,
      "test $(stat -c %a b) = 640", false },
    { "not its right to execute, and less than the umask takes", "chmod 755 a",
      "umask 027; migstat convert a -o b", 0, NULL, "test $(stat -c %a b) = 640", false },
    { "a pipe's", ":", "umask 0; cat a | migstat convert - -o b", 0, NULL,
      "test $(stat -c %a b) = 600", false },
    { "of a file on standard input", "chmod 644 a", "umask 0; migstat convert - -o b <a",
      0, NULL, "test $(stat -c %a b) = 644", false },
    { "of memory", "chmod 644 a", "umask 0; migstat extract --ram=all -o d a", 0, NULL,
      "test $(stat -c %a d) = 700 && test $(stat -c %a d/pc.ram.raw) = 600", false },
    { "of device state", "chmod 644 a", "umask 0; migstat extract --section=ram -o b a",
      0, NULL, "test $(stat -c %a b) = 600", false },
    { "of a file that is replaced", "cp a b; chmod 604 b",
      "migstat convert a --force -o b", 0, NULL, "test $(stat -c %a b) = 604", false },
    { "never setuid", "cp a b; chmod 4755 b", "migstat convert a --force -o b", 0, NULL,
      "test $(stat -c %a b) = 755", false },
};

static Run *shell(const char *folder, const char *line)
{
    g_autofree char *where = g_path_get_dirname(g_getenv("MIGSTAT"));
    g_autofree char *path = g_strconcat(where, ":", g_getenv("PATH"), NULL);
    g_autofree char *whole = g_strdup_printf("PATH='%s'; %s", path, line);
    const char *argv[] = { "bash", "-c", whole, NULL };

    return run_program(argv, NULL, folder);
}

static void put_stream(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "a", NULL);
    g_autoptr(GBytes) stream = fixture_bytes("good/vfio-config-first.txt");

    ck_assert(g_file_set_contents_full(path, g_bytes_get_data(stream, NULL),
                                       (gssize)g_bytes_get_size(stream),
                                       G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

START_TEST(test_row)
{
    const Row *row = &rows[_i];
    g_autofree char *folder = scratch_dir();

    if (!row->root || geteuid() == 0) {
        put_stream(folder);
        g_autofree char *before = g_strconcat("cp a copy; echo secret >secret; { ",
                                              row->before, "; } >&- 2>&-", NULL);
        g_autoptr(Run) prepared = shell(folder, before);
        g_autoptr(Run) run = shell(folder, row->line);
        g_autoptr(Run) held = shell(folder, row->after);

        ck_assert_msg(prepared->status == 0, "%s: %s fails", row->what, before);
        ck_assert_msg(run->status == row->status, "%s: status %d: %s", row->what,
                      run->status, run->err);
        ck_assert_msg(!row->says || strstr(run->err, row->says), "%s says: %s", row->what,
                      run->err);
        ck_assert_msg(held->status == 0, "%s: %s fails after: %s", row->what, row->after,
                      run->err);
    }
    scratch_remove(folder);
}
END_TEST

/* --- attributes ------------------------------------------------------------------------- */

/* struct posix_acl_xattr_header and _entry of linux/posix_acl_xattr.h: the owner rw, one user
 * r, the group nothing, the mask r, others nothing. */
static const char acl[] = "\2\0\0\0"
                          "\1\0\6\0\xff\xff\xff\xff"
                          "\2\0\4\0\xd2\x04\0\0"
                          "\4\0\0\0\xff\xff\xff\xff"
                          "\x10\0\4\0\xff\xff\xff\xff"
                          "\x20\0\0\0\xff\xff\xff\xff";

static const struct {
    const char *file, *line;
} replacements[] = {
    { "a", "migstat convert --in-place --to=config-last a" },
    { "a", "migstat convert --no-sandbox --in-place --to=config-last a" },
    { "copy", "migstat convert --to=config-last a --force -o copy" },
    { "copy", "migstat extract --description --force a -o copy || "
              "migstat extract --section=ram --force a -o copy" },
    { "d/pc.ram.raw", "migstat extract --ram=pc.ram --force a -o d" },
};

static void assert_attribute(const char *path, const char *name, const char *wanted,
                             size_t n)
{
    char found[256];

    ck_assert_int_eq(getxattr(path, name, found, sizeof found), (ssize_t)n);
    ck_assert_mem_eq(found, wanted, n);
}

START_TEST(test_attributes)
{
    static const char prepare[] = "cp a copy; mkdir d; cp a d/pc.ram.raw";
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, replacements[_i].file, NULL);
    struct stat st;

    put_stream(folder);
    g_autoptr(Run) prepared = shell(folder, prepare);
    ck_assert_msg(prepared->status == 0, "%s", prepared->err);
    if (setxattr(path, "user.origin", "here", 4, 0) == 0 &&
        setxattr(path, "system.posix_acl_access", acl, sizeof acl - 1, 0) == 0) {
        g_autoptr(Run) run = shell(folder, replacements[_i].line);

        ck_assert_msg(run->status == 0, "%s", run->err);
        ck_assert_ptr_null(strstr(run->err, "warning"));
        assert_attribute(path, "user.origin", "here", 4);
        assert_attribute(path, "system.posix_acl_access", acl, sizeof acl - 1);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0640);
    }
    scratch_remove(folder);
}
END_TEST

Suite *suite_files(void)
{
    Suite *suite = suite_create("files");
    TCase *tests = tcase_create("files");

    tcase_add_loop_test(tests, test_row, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tests, test_attributes, 0, G_N_ELEMENTS(replacements));
    suite_add_tcase(suite, tests);
    return suite;
}
