/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that what is installed works, goes away again, and that a
 *                tarball builds.
 * Must not know: what the library does beyond opening a stream.
 * See also:      Makefile, lib/migstat.pc.in, lib/migstat.h.
 */
#include "bounds.h"

#include <stdbool.h>
#include <string.h>

/* Prints the length of a stream, which is that of its items. */
static const char client[] = "#include <migstat.h>\n"
                             "int main(int argc, char **argv) {\n"
                             "    const MigItem *item; uint64_t sum = 0; MigInput *in = "
                             "mig_input_open(argv[argc - 1], 0, 0);\n"
                             "    MigReader *reader = mig_reader_new(in);\n"
                             "    while (mig_reader_next(reader, &item, 0) == "
                             "MIG_STATUS_MORE) { sum += item->length; }\n"
                             "    g_print(\"%\" G_GUINT64_FORMAT \"\\n\", sum); }\n";

/* Runs a script in `dir`, the variables of make check's environment at hand; what it
 * prints on standard output is the caller's. */
static char *shell(const char *dir, const char *script)
{
    const char *argv[] = { "sh", "-euc", script, NULL };
    g_autoptr(Run) run = run_program(argv, NULL, dir);
    ck_assert_msg(run->status == 0, "%s\nexits with %d: %s%s", script, run->status,
                  run->out, run->err);
    return g_strdup(run->out);
}

/* Nothing that the make around this test was told may reach the ones inside. */
static void forget_make(void)
{
    static const char *const names[] = {
        "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "DESTDIR",
        "PREFIX",    "BINDIR", "LIBDIR",    "INCLUDEDIR",    "MANDIR",
        "DATADIR",   "SUITES", "B"
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_unsetenv(names[i]);
    }
}

START_TEST(installs_and_uninstalls)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *out = shell(
        dir,
        "make -s -C \"$SRCDIR\" B=\"$BUILDDIR\" install DESTDIR=\"$PWD\" PREFIX=/opt/m\n"
        "cd opt/m\n"
        "test -x bin/migstat -a -f lib/libmigstat.a -a -L lib/libmigstat.so\n"
        "test \"$(readlink lib/libmigstat.so)\" = libmigstat.so.1\n"
        "test -f include/migstat/migstat.h -a -f include/migstat/io/visibility.h\n"
        "test -f share/migstat/schema/dump.json -a -f share/migstat/schema/common.json\n"
        "grep -qx prefix=/opt/m lib/pkgconfig/migstat.pc\n"
        "for page in \"$SRCDIR\"/man/*.[1-8]; do\n"
        "    test ! -f \"$page\" || find share/man -name \"${page##*/}\" | grep -q .\n"
        "done\n"
        "LD_LIBRARY_PATH=lib bin/migstat --version");
    ck_assert_msg(strstr(out, MIG_VERSION), "--version says %s", out);

    g_autofree char *left = shell(dir, "make -s -C \"$SRCDIR\" B=\"$BUILDDIR\" uninstall "
                                       "DESTDIR=\"$PWD\" PREFIX=/opt/m > said\n"
                                       "grep -q '^removed from .*/opt/m' said\n"
                                       "ls opt");
    ck_assert_msg(*left == '\0', "uninstall leaves %s", left);
    scratch_remove(dir);
}
END_TEST

/* Where the loader looks for the library, as the program says: LIBDIR, but for the folders in
 * which it looks anyway. */
static const struct {
    const char *prefix, *runpath;
} places[] = { { "/opt/m", "/opt/m/lib" }, { "/usr", "" } };

START_TEST(an_installed_program_knows_its_library)
{
    g_autofree char *dir = scratch_dir();
    g_setenv("INTO", places[_i].prefix, TRUE);
    g_autofree char *runpath = shell(
        dir,
        "make -s -C \"$SRCDIR\" B=\"$BUILDDIR\" install DESTDIR=\"$PWD\" PREFIX=$INTO > "
        "said\n"
        "readelf -d \"$PWD$INTO/bin/migstat\" | sed -n 's/.*runpath: .\\(.*\\)./\\1/p'");
    ck_assert_str_eq(g_strchomp(runpath), places[_i].runpath);
    scratch_remove(dir);
}
END_TEST

/* Installed to a place of its own, so that pkg-config's answers are the ones a client
 * gets. */
START_TEST(a_client_compiles_and_runs)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *source = g_build_filename(dir, "client.c", NULL);
    g_autofree char *stream = fixture_file("good/vfio-config-last.txt");
    g_autoptr(GBytes) bytes = fixture_bytes("good/vfio-config-last.txt");
    g_autofree char *wanted = g_strdup_printf("%zu\n", g_bytes_get_size(bytes));
    ck_assert(g_file_set_contents(source, client, -1, NULL));
    g_setenv("STREAM", stream, TRUE);

    g_free(shell(
        dir,
        "make -s -C \"$SRCDIR\" B=\"$BUILDDIR\" install PREFIX=\"$PWD\"\n"
        "bin/migstat dump \"$STREAM\" > dump\n"
        "export PKG_CONFIG_PATH=\"$PWD/lib/pkgconfig\"\n"
        "$CC -Wall -Werror -o shared client.c $(pkg-config --cflags --libs migstat)\n"
        "mkdir static && cp lib/libmigstat.a static\n"
        "$CC -o alone client.c -Lstatic $(pkg-config --cflags --libs --static migstat |\n"
        "    sed \"s,-L$PWD/lib ,,\")"));
    g_autofree char *shared = shell(dir, "LD_LIBRARY_PATH=lib ./shared \"$STREAM\"");
    g_autofree char *alone = shell(dir, "./alone \"$STREAM\"");
    ck_assert_str_eq(shared, wanted);
    ck_assert_str_eq(alone, wanted);
    scratch_remove(dir);
}
END_TEST

START_TEST(exports_its_own_names_only)
{
    g_autofree char *foreign =
        shell(NULL, "nm -D --defined-only \"$BUILDDIR\"/libmigstat.so." MIG_VERSION " |\n"
                    "    awk '$3 !~ /^(mig_|MIGSTAT_)/ { print $3 }'");
    ck_assert_msg(*foreign == '\0', "libmigstat.so exports %s", foreign);
}
END_TEST

/* What is exported is documented in a header that a client has. */
START_TEST(the_umbrella_reaches_every_public_header)
{
    g_autofree char *forgotten =
        shell(g_getenv("SRCDIR"),
              "reached=$($CC -D_GNU_SOURCE -Ilib $(pkg-config --cflags glib-2.0) -MM "
              "lib/migstat.h)\n"
              "for header in $(grep -l MIG_API lib/*/*.h); do\n"
              "    case $reached in *\"$header\"*) ;; *) echo $header ;; esac\n"
              "done");
    ck_assert_msg(*forgotten == '\0', "lib/migstat.h does not include %s", forgotten);
}
END_TEST

/* What is in it is what a clone has, and that is built by whoever runs this test.  FULL=1 builds
 * the tarball too. */
START_TEST(the_tarball_builds)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *missing = shell(
        dir, "make -s -C \"$SRCDIR\" dist > said\n"
             "tar -xzf \"$SRCDIR/build/migstat-" MIG_VERSION ".tar.gz\"\n"
             "git -C \"$SRCDIR\" ls-tree -r --name-only HEAD | while read -r file; do\n"
             "    case $file in .ci/* | .git*) continue ;; esac\n"
             "    test -e \"migstat-" MIG_VERSION "/$file\" || echo \"$file\"\n"
             "done");

    ck_assert_msg(*missing == '\0', "the tarball lacks %s", missing);
    if (!is_full()) {
        scratch_remove(dir);
        return;
    }
    g_autofree char *out =
        shell(dir, "make -s -j2 -C migstat-" MIG_VERSION " VARIANT=release CFLAGS=-O0\n"
                   "migstat-" MIG_VERSION "/build/release/migstat --version");
    ck_assert_msg(strstr(out, MIG_VERSION), "--version says %s", out);
    scratch_remove(dir);
}
END_TEST

/* Both in front of a package manager that only notes what it was asked. */
static const struct {
    const char *goal, *says, *asked;
} installations[] = {
    { "all", "this installs it: apt-get install", "" },
    { "install", "this installs it: apt-get install", "" },
    { "check-qemu", "still missing after the installation: glib-2.0", "update install" },
    { "check", "still missing after the installation: glib-2.0", "update install" },
    { "demo", "still missing after the installation: glib-2.0", "update install" },
    { "-n check", "this installs it: apt-get install", "" },
};

START_TEST(only_check_and_demo_install_packages)
{
    g_autofree char *dir = scratch_dir();
    g_setenv("GOAL", installations[_i].goal, TRUE);
    g_autofree char *out = shell(
        dir, "printf '#!/bin/sh\\nprintf \"%%s \" \"$1\" >> '$PWD'/asked\\n' > apt-get\n"
             "printf '#!/bin/sh\\nexec \"$@\"\\n' > sudo\n"
             "chmod +x apt-get sudo\n"
             "PATH=$PWD:$PATH\n"
             "! make -s -C \"$SRCDIR\" B=\"$BUILDDIR\" PKG_CONFIG=false $GOAL 2>&1");
    g_autofree char *asked = shell(dir, "touch asked && sed 's/ $//' asked");
    ck_assert_msg(strstr(out, installations[_i].says), "make %s says %s",
                  installations[_i].goal, out);
    ck_assert_str_eq(asked, installations[_i].asked);
    scratch_remove(dir);
}
END_TEST

/* Where rpmlint is installed. */
START_TEST(the_spec_has_no_fault)
{
    g_autofree char *rpmlint = g_find_program_in_path("rpmlint");
    g_autofree char *out =
        rpmlint
            ? shell(g_getenv("SRCDIR"), "rpmlint packaging/migstat.spec 2>&1 || echo bad")
            : g_strdup("");

    ck_assert_msg(!rpmlint || strstr(out, " 0 errors, 0 warnings"), "%s", out);
}
END_TEST

Suite *suite_install(void)
{
    Suite *suite = suite_create("install");
    TCase *tc = tcase_create("install");
    /* A sanitizer's build is not what anyone installs, and a tarball has no history. */
    bool release = g_strcmp0(g_getenv("VARIANT"), "release") == 0;
    g_autofree char *history = source_path(".git");

    tcase_add_checked_fixture(tc, forget_make, NULL);
    if (release) {
        tcase_add_loop_test(tc, only_check_and_demo_install_packages, 0,
                            G_N_ELEMENTS(installations));
        tcase_add_test(tc, installs_and_uninstalls);
        tcase_add_loop_test(tc, an_installed_program_knows_its_library, 0,
                            G_N_ELEMENTS(places));
        tcase_add_test(tc, a_client_compiles_and_runs);
        tcase_add_test(tc, exports_its_own_names_only);
        tcase_add_test(tc, the_spec_has_no_fault);
        tcase_add_test(tc, the_umbrella_reaches_every_public_header);
    }
    if (release && g_file_test(history, G_FILE_TEST_EXISTS)) {
        tcase_add_test(tc, the_tarball_builds);
    }
    suite_add_tcase(suite, tc);
    return suite;
}
