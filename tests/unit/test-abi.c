/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that what the library offers is meant to be offered, stays, can be
 *                used from C++, and says what it is.
 * Must not know: what the functions do.
 * See also:      lib/migstat.h, lib/libmigstat.map; tests/abi, what has to stay;
 *                test-install.c, which links clients.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>

#include "migstat.h"

/* The public headers, as paths below SRCDIR: those that lib/migstat.h reaches. */
static GStrv public_headers(void)
{
    const char *argv[] = {
        "sh", "-euc",
        "cd \"$SRCDIR\"\n"
        "$CC -D_GNU_SOURCE -Ilib $(pkg-config --cflags glib-2.0) -MM lib/migstat.h |\n"
        "    tr -s ' \\\\' '\\n\\n' | grep '^lib/.*/'",
        NULL
    };
    g_autoptr(Run) run = run_program(argv, NULL, NULL);

    ck_assert_msg(run->status == 0, "%s%s", run->out, run->err);
    return g_strsplit(g_strchomp(run->out), "\n", -1);
}

static char *text_of(const char *relative)
{
    g_autofree char *path = source_path(relative);
    char *text = NULL;

    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s cannot be read",
                  relative);
    return text;
}

/* The first group of @pattern wherever it matches in @text, one per line. */
static void collect(GPtrArray *found, const char *text, const char *pattern)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    ck_assert_ptr_nonnull(regex);
    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_ptr_array_add(found, g_match_info_fetch(match, 1));
    }
}

/* What is in @names and not in @others, one per line. */
static char *lacking(const GPtrArray *names, const GPtrArray *others)
{
    GString *lines = g_string_new(NULL);

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];

        if (!g_ptr_array_find_with_equal_func((GPtrArray *)(uintptr_t)others, name,
                                              g_str_equal, NULL)) {
            g_string_append_printf(lines, " %s", name);
        }
    }
    return g_string_free(lines, FALSE);
}

static void assert_same_names(const GPtrArray *a, const GPtrArray *b, const char *of_a,
                              const char *of_b)
{
    g_autofree char *only_a = lacking(a, b), *only_b = lacking(b, a);

    ck_assert_msg(a->len > 100, "%s has %u names only", of_a, a->len);
    ck_assert_msg(!*only_a, "%s alone has%s", of_a, only_a);
    ck_assert_msg(!*only_b, "%s alone has%s", of_b, only_b);
}

static char *without_comments(const char *text)
{
    g_autoptr(GRegex) regex = g_regex_new("/\\*.*?\\*/", G_REGEX_DOTALL, 0, NULL);

    return g_regex_replace_literal(regex, text, -1, 0, "", 0, NULL);
}

/* Whoever adds a public function adds it to the map: then it is exported on purpose. */
START_TEST(the_map_has_what_the_headers_declare)
{
    g_auto(GStrv) headers = public_headers();
    g_autoptr(GPtrArray) declared = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) mapped = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *map = text_of("lib/libmigstat.map");

    for (char **header = headers; *header; header++) {
        g_autofree char *text = text_of(*header), *code = without_comments(text);

        collect(declared, code, "MIG_API\\b[^;]*?\\b(mig_\\w+)\\s*\\(");
    }
    collect(mapped, map, "^    (mig_\\w+);$");
    assert_same_names(declared, mapped, "the headers", "lib/libmigstat.map");
}
END_TEST

START_TEST(the_library_exports_the_map)
{
    const char *argv[] = { "sh", "-euc",
                           "nm -D --defined-only \"$BUILDDIR\"/libmigstat.so.*.* |\n"
                           "    sed -n 's/.* T \\(mig_[a-z0-9_]*\\).*/\\1/p'",
                           NULL };
    g_autoptr(Run) run = run_program(argv, NULL, NULL);
    g_autoptr(GPtrArray) exported = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) mapped = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *map = text_of("lib/libmigstat.map");

    collect(exported, run->out, "^(mig_\\w+)$");
    collect(mapped, map, "^    (mig_\\w+);$");
    assert_same_names(exported, mapped, "the library", "lib/libmigstat.map");
}
END_TEST

/* A declaration, or the run of declarations that it is in, has a comment. */
START_TEST(each_public_function_is_documented)
{
    g_auto(GStrv) headers = public_headers();
    g_autoptr(GString) bare = g_string_new(NULL);

    for (char **header = headers; *header; header++) {
        g_autofree char *text = text_of(*header);
        g_auto(GStrv) paragraphs = g_strsplit(text, "\n\n", -1);

        for (char **p = paragraphs; *p; p++) {
            if (strstr(*p, "MIG_API ") && !strstr(*p, "/*") && !strstr(*p, "#define")) {
                g_string_append_printf(bare, "%s:\n%s\n", *header, *p);
            }
        }
    }
    ck_assert_msg(bare->len == 0, "functions without a comment\n%s", bare->str);
}
END_TEST

/* What a client cannot link is not declared to it; what it can is so in C++, too. */
START_TEST(public_headers_are_for_clients)
{
    g_auto(GStrv) headers = public_headers();

    for (char **header = headers; *header; header++) {
        g_autofree char *text = text_of(*header), *code = without_comments(text);
        g_autoptr(GPtrArray) hidden = g_ptr_array_new_with_free_func(g_free);

        collect(hidden, code,
                "^(?!MIG_API|static|typedef|#| |G_)([\\w* ]+\\bmig_\\w+\\([^;{]*\\);)");
        ck_assert_msg(hidden->len == 0, "%s declares %s", *header,
                      hidden->len ? (char *)hidden->pdata[0] : "");
        ck_assert_msg(
            g_str_has_suffix(*header, "/visibility.h") ||
                (strstr(code, "\nG_BEGIN_DECLS\n") && strstr(code, "\nG_END_DECLS\n")),
            "%s has no G_BEGIN_DECLS or no G_END_DECLS", *header);
        ck_assert_msg(!strstr(code, "stdatomic.h"), "%s: C++ has no atomic_bool",
                      *header);
    }
}
END_TEST

/* A structure that can have no member more ends with its soname: see "What programs are linked
 * to" in docs/architecture.md. */
START_TEST(each_public_structure_can_grow)
{
    g_auto(GStrv) headers = public_headers();
    g_autofree char *allowed = text_of("tests/abi/allowed");
    g_autoptr(GRegex) structure =
        g_regex_new("^typedef struct Mig(\\w+) \\{\n(.*?)^\\}",
                    G_REGEX_MULTILINE | G_REGEX_DOTALL, 0, NULL);
    unsigned n = 0;

    for (char **header = headers; *header; header++) {
        g_autofree char *text = text_of(*header), *code = without_comments(text);
        g_autoptr(GMatchInfo) match = NULL;

        for (g_regex_match(structure, code, 0, &match); g_match_info_matches(match);
             g_match_info_next(match, NULL), n++) {
            g_autofree char *name = g_match_info_fetch(match, 1);
            g_autofree char *members = g_match_info_fetch(match, 2);
            g_autofree char *at_its_end = g_strdup_printf("[(|]%s[|)]", name);

            ck_assert_msg(
                g_str_has_prefix(members, "    size_t size;") ||
                    g_regex_match_simple("\\breserved\\b", members, 0, 0) ||
                    g_regex_match_simple(at_its_end, allowed, 0, 0),
                "%s: Mig%s has no size first and no reserve, and tests/abi/allowed "
                "does not let it grow at its end",
                *header, name);
        }
    }
    ck_assert_uint_gt(n, 40);
}
END_TEST

START_TEST(knows_its_release)
{
    ck_assert_str_eq(mig_version(), MIG_VERSION);
    ck_assert(MIG_CHECK_VERSION(MIG_VERSION_MAJOR, MIG_VERSION_MINOR, MIG_VERSION_MICRO));
    ck_assert(MIG_CHECK_VERSION(0, 1, 0));
    ck_assert(MIG_CHECK_VERSION(0, MIG_VERSION_MINOR - 1, 99) || !MIG_VERSION_MINOR);
    ck_assert(
        !MIG_CHECK_VERSION(MIG_VERSION_MAJOR, MIG_VERSION_MINOR, MIG_VERSION_MICRO + 1));
    ck_assert(!MIG_CHECK_VERSION(MIG_VERSION_MAJOR, MIG_VERSION_MINOR + 1, 0));
    ck_assert(!MIG_CHECK_VERSION(MIG_VERSION_MAJOR + 1, 0, 0));
}
END_TEST

/* Linked with the library as it was built, the map in force. */
static const char cpp_client[] =
    "#include <migstat.h>\n"
    "static bool never(void *) { return false; }\n"
    "int main(int argc, char **argv) {\n"
    "    MigInputOptions options = {};\n"
    "    options.size = sizeof(options);\n"
    "    options.cancelled = never;\n"
    "    g_autoptr(GError) error = nullptr;\n"
    "    g_autoptr(MigInput) in = mig_input_open(argv[argc - 1], &options, &error);\n"
    "    if (!in) { g_printerr(\"%s\\n\", error->message); return 2; }\n"
    "    g_autoptr(MigReader) reader = mig_reader_new(in);\n"
    "    g_autoptr(MigSummary) summary = mig_summary_new();\n"
    "    g_autoptr(MigCheck) check = mig_check_new(reader, nullptr);\n"
    "    const MigItem *item;\n"
    "    uint64_t length = 0;\n"
    "    while (mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE &&\n"
    "           mig_summary_watch(summary, item, &error) &&\n"
    "           mig_check_watch(check, item, &error)) { length += item->length; }\n"
    "    mig_check_finish(check, error);\n"
    "    g_print(\"%s %u %\" G_GUINT64_FORMAT \"\\n\", mig_version(),\n"
    "            MIG_CHECK_VERSION(0, 1, 0), length);\n"
    "}\n";

START_TEST(a_cpp_client_compiles_and_runs)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *source = g_build_filename(dir, "client.cc", NULL);
    g_autofree char *stream = fixture_file("good/vfio-config-last.txt");
    g_autoptr(GBytes) bytes = fixture_bytes("good/vfio-config-last.txt");
    g_autofree char *wanted =
        g_strdup_printf(MIG_VERSION " 1 %zu\n", g_bytes_get_size(bytes));
    g_autofree char *cpp = g_find_program_in_path("g++");
    const char *argv[] = {
        "sh", "-euc",
        "g++ -Wall -Wextra -Werror -I\"$SRCDIR/lib\" -o client client.cc "
        "$(pkg-config --cflags glib-2.0) \"$BUILDDIR\"/libmigstat.so.*.* "
        "$(pkg-config --libs glib-2.0)\n"
        "ln -s \"$BUILDDIR\"/libmigstat.so.*.* "
        "$(objdump -p \"$BUILDDIR\"/libmigstat.so.*.* |"
        " sed -n 's/ *SONAME *//p')\n"
        "LD_LIBRARY_PATH=. ./client \"$0\"",
        stream, NULL
    };

    if (!cpp) {
        ck_assert_msg(!g_getenv("CI"), "there is no g++: make deps installs it");
        g_printerr("abi: there is no g++, C++ is not tried\n");
        scratch_remove(dir);
        return;
    }
    ck_assert(g_file_set_contents(source, cpp_client, -1, NULL));
    g_autoptr(Run) run = run_program(argv, NULL, dir);
    ck_assert_msg(run->status == 0, "%s%s", run->out, run->err);
    ck_assert_str_eq(run->out, wanted);
    scratch_remove(dir);
}
END_TEST

/* What was linked to an older library of the same soname runs with this one. */
START_TEST(keeps_what_the_soname_promises)
{
    const char *argv[] = { "sh", "-euc",
                           "exec \"$SRCDIR\"/tests/abi/run check "
                           "\"$BUILDDIR\"/libmigstat.so.*.*",
                           NULL };
    g_autoptr(Run) run = run_program(argv, NULL, NULL);

    if (run->status == 77) {
        g_printerr("abi: not compared with what the soname promised: %s", run->out);
        return;
    }
    ck_assert_msg(run->status == 0, "%s%s", run->out, run->err);
}
END_TEST

Suite *suite_abi(void)
{
    Suite *suite = suite_create("abi");
    TCase *tests = tcase_create("abi");

    tcase_add_test(tests, the_map_has_what_the_headers_declare);
    tcase_add_test(tests, the_library_exports_the_map);
    tcase_add_test(tests, each_public_function_is_documented);
    tcase_add_test(tests, public_headers_are_for_clients);
    tcase_add_test(tests, each_public_structure_can_grow);
    tcase_add_test(tests, knows_its_release);
    /* A client without the sanitizer cannot load a library with it, nor is what it adds
     * promised. */
    if (g_strcmp0(g_getenv("VARIANT"), "release") == 0) {
        tcase_add_test(tests, a_cpp_client_compiles_and_runs);
        tcase_add_test(tests, keeps_what_the_soname_promises);
    }
    suite_add_tcase(suite, tests);
    return suite;
}
