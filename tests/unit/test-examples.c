/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that the examples in docs/examples can be built as they say, against
 *                the installed library, and do what they say.
 * Must not know: how they do it.
 * See also:      test-install.c; test-readme.c, the example of migstat(3).
 */
#include "bounds.h"

#include <string.h>

static char *folder;

/* Installs into a folder, and builds there: with the shared library, and with that in the
 * build's folder, whose headers are in the sources. */
static void build(void)
{
    static const char *const names[] = { "MAKEFLAGS",     "MFLAGS",  "MAKELEVEL",
                                         "MAKEOVERRIDES", "DESTDIR", "PREFIX",
                                         "SUITES",        "B" };
    g_autoptr(Run) run = NULL;

    folder = scratch_dir();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_unsetenv(names[i]);
    }
    run = run_with_shell(
        "set -e\n"
        "make -s -C \"$SRCDIR\" B=\"$BUILDDIR\" install PREFIX=\"$PWD\" > said\n"
        "export PKG_CONFIG_PATH=\"$PWD/lib/pkgconfig\"\n"
        "for source in \"$SRCDIR\"/docs/examples/*.c; do\n"
        "    name=$(basename \"$source\" .c)\n"
        "    grep -qF \" * cc $name.c \\$(pkg-config --cflags --libs migstat) -o $name\" "
        "\"$source\"\n"
        "    $CC -std=gnu11 -Wall -Wextra -Werror \"$source\" "
        "$(pkg-config --cflags --libs migstat) -Wl,-rpath,\"$PWD/lib\" -o $name\n"
        "    $CC -std=gnu11 -Wall -Wextra -Werror -I\"$SRCDIR/lib\" "
        "$(pkg-config --cflags glib-2.0) \"$source\" \"$BUILDDIR\"/libmigstat.so.1 "
        "$(pkg-config --libs glib-2.0) -Wl,-rpath,\"$BUILDDIR\" -o here-$name\n"
        "    echo $name\n"
        "done",
        folder);
    ck_assert_msg(run->status == 0, "%s%s", run->out, run->err);
    ck_assert_str_eq(run->out, "fields\njudge\nrewrite\n");
}

static void clear(void)
{
    if (folder) {
        scratch_remove(folder);
    }
    g_clear_pointer(&folder, g_free);
}

/* STREAM is the fixture's path. */
static const struct {
    const char *line, *fixture;
    int status;
    const char *says; /* of either output: all of it where it ends in a line's end */
} runs[] = {
    { "judge 5.2 STREAM", "real/virt-52-gicv3-vfio.mig.zst", 0,
      "QEMU 5.2: no reason to refuse it\n" },
    { "judge 10.0 STREAM", "real/virt-52-gicv3-vfio.mig.zst", 1,
      "QEMU 10.0 refuses it at 0x60ea0: vfio-config-then-data: data follows the "
      "configuration in "
      "one section, where the loader has stopped reading\n"
      "migstat convert --filter=vfio-layout:to=config-last mends it\n" },
    { "judge 10.0 STREAM", "bad/footer-id.txt", 1, "footer-id: " },
    { "judge 10.0 /nonexistent", NULL, 2, ": cannot open /nonexistent: No such file" },
    { "judge 3.1 STREAM", "bad/footer-id.txt", 2, "usage: judge RELEASE FILE\n" },
    { "fields timer STREAM", "good/vfio-config-last.txt", 0,
      "cpu_ticks_offset = 4660\nunused: 8 bytes\ncpu_clock_offset = 22136\n" },
    { "fields nothing STREAM", "good/vfio-config-last.txt", 1, NULL },
    { "fields timer STREAM", "bad/footer-id.txt", 0,
      "the stream does not describe this device" },
    { "rewrite vfio-layout:to=config-last STREAM out", "real/virt-52-gicv3-vfio.mig.zst",
      0, "vfio-layout: " },
    { "rewrite vfio-layout:to=nothing STREAM out", "real/virt-52-gicv3-vfio.mig.zst", 2,
      "nothing" },
};

static void run_row(gsize row)
{
    static const char *const built[] = { "./", "./here-" };
    g_autofree char *stream = runs[row].fixture ? fixture_file(runs[row].fixture) : NULL;
    g_auto(GStrv) parts = g_strsplit(runs[row].line, "STREAM", 2);

    for (size_t i = 0; i < G_N_ELEMENTS(built); i++) {
        g_autofree char *line =
            g_strdup_printf("rm -f out; %s%s%s%s", built[i], parts[0],
                            stream ? stream : "", parts[1] ? parts[1] : "");
        g_autoptr(Run) run = run_with_shell(line, folder);
        g_autofree char *all = g_strconcat(run->out, run->err, NULL);

        ck_assert_msg(run->status == runs[row].status, "%s: %d %s", line, run->status,
                      all);
        if (!runs[row].says) {
            ck_assert_str_eq(all, "");
        } else if (g_str_has_suffix(runs[row].says, "\n")) {
            ck_assert_str_eq(all, runs[row].says);
        } else {
            ck_assert_msg(strstr(all, runs[row].says), "%s: %s", line, all);
        }
    }
}

/* What came out is what the program makes, and a failure leaves no file. */
static void rewrite(void)
{
    g_autofree char *stream = fixture_file("real/virt-52-gicv3-vfio.mig.zst");
    g_autofree char *line = g_strdup_printf(
        "./rewrite vfio-layout:to=config-last %1$s out > said && "
        "migstat convert -q --to=config-last %1$s -o wanted && cmp out wanted && "
        "! ./rewrite vfio-layout:to=nothing %1$s not 2> said && test ! -e not",
        stream);
    g_autoptr(Run) run = run_with_shell(line, folder);

    ck_assert_msg(run->status == 0, "%s%s", run->out, run->err);
}

static void list_fleet(void)
{
    g_autofree char *python = g_find_program_in_path("python3");
    g_autofree char *stream = fixture_file("real/virt-52-gicv3-vfio.mig.zst");
    g_autofree char *good = fixture_file("good/vfio-config-last.txt");
    g_autofree char *line =
        g_strdup_printf("mkdir saves && cp %s saves/a.zst && cp %s 'saves/b\033[31m' && "
                        "python3 \"$SRCDIR\"/docs/examples/fleet.py 10.0 saves",
                        stream, good);
    g_autoptr(Run) run = NULL;

    if (!python) {
        return;
    }
    run = run_with_shell(line, folder);
    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_str_eq(
        run->out,
        "'saves/a.zst'                            vfio-config-then-data        "
        "vfio-layout:to=config-last\n"
        "'saves/b\\x1b[31m'                        loads                        \n");
}

/* They are built once for all of it. */
START_TEST(examples_do_what_they_say)
{
    build();
    for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
        run_row(i);
    }
    rewrite();
    list_fleet();
}
END_TEST

Suite *suite_examples(void)
{
    Suite *suite = suite_create("examples");
    TCase *tc = tcase_create("examples");

    tcase_add_checked_fixture(tc, NULL, clear);
    if (is_release()) { /* A client of a sanitized library would have to be built as that is. */
        tcase_add_test(tc, examples_do_what_they_say);
    }
    suite_add_tcase(suite, tc);
    return suite;
}
