/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that each function of the library has a page of the manual, and that
 *                these pages say what the headers say.
 * Must not know: what the functions do.
 * See also:      lib/manual.awk, which writes the pages; test-help.c, those of the program.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>

/* The pages are in BUILDDIR/man. */
static char *page_of(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".3", NULL);
    g_autofree char *path = g_build_filename(g_getenv("BUILDDIR"), "man", file, NULL);
    char *text = NULL;

    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "no page %s", path);
    return text;
}

/* What lib/libmigstat.map exports. */
static GPtrArray *functions(void)
{
    g_autofree char *path = source_path("lib/libmigstat.map"), *text = NULL;
    g_autoptr(GRegex) name = g_regex_new("^ +(mig_\\w+);", G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    g_regex_match(name, text, 0, &match);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_ptr_array_add(all, g_match_info_fetch(match, 1));
    }
    ck_assert_uint_gt(all->len, 200);
    return all;
}

/* The text of the page that has @function, which may be a link to it. */
static char *target_of(const char *function)
{
    g_autofree char *page = page_of(function), *name = NULL;

    if (!g_str_has_prefix(page, ".so man3/")) {
        return g_steal_pointer(&page);
    }
    name =
        g_strndup(page + strlen(".so man3/"), strcspn(page + strlen(".so man3/"), "."));
    return page_of(name);
}

static bool names(const char *page, const char *function)
{
    g_autofree char *pattern = g_strdup_printf("\n.SH NAME\n[^\n]*\\b%s\\b", function);

    return g_regex_match_simple(pattern, page, 0, 0);
}

static bool declares(const char *page, const char *function)
{
    g_autofree char *call = g_strconcat(function, "(", NULL);
    const char *description = strstr(page, "\n.SH DESCRIPTION\n");

    return description && strstr(description, call);
}

START_TEST(each_function_has_a_page)
{
    g_autoptr(GPtrArray) all = functions();

    for (guint i = 0; i < all->len; i++) {
        const char *function = all->pdata[i];
        g_autofree char *page = target_of(function);

        ck_assert_msg(names(page, function), "%s is no name of its page", function);
        ck_assert_msg(declares(page, function), "%s is not declared on it", function);
    }
}
END_TEST

/* Each page that is no link is named by migstat(3). */
START_TEST(the_overview_names_each_page)
{
    g_autofree char *folder = g_build_filename(g_getenv("BUILDDIR"), "man", NULL);
    g_autofree char *path = source_path("man/migstat.3"), *overview = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned n = 0;

    ck_assert_ptr_nonnull(dir);
    ck_assert(g_file_get_contents(path, &overview, NULL, NULL));
    for (const char *file; (file = g_dir_read_name(dir));) {
        g_autofree char *name = g_strndup(file, strcspn(file, ".")), *page = NULL,
                        *row = NULL;

        if (!g_str_has_suffix(file, ".3")) {
            continue;
        }
        page = page_of(name);
        row = g_strdup_printf("\n.BR %s (3)\n", name);
        if (!g_str_has_prefix(page, ".so ")) {
            ck_assert_msg(strstr(overview, row), "migstat(3) does not name %s", name);
            n++;
        }
    }
    ck_assert_uint_gt(n, 40);
}
END_TEST

/* What a comment says is there: sentences, parameters, examples, who frees. */
static const struct {
    const char *function, *text;
} said[] = {
    { "mig_reader_next",
      "\\fB*item\\fR is the reader\\(aqs and valid until the next call" },
    { "mig_reader_free",
      "g_autoptr(MigReader) is known, and calls \\fBmig_reader_free\\fR()." },
    { "mig_error_set",
      ".br\n\\fIrule\\fR: id of the rule of \\fBmigstat\\-rules\\fR(7)" },
    { "mig_input_open", "const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, "
                        ".offset = 4096 };" },
    { "mig_reader_next",
      "MigStatus mig_reader_next(MigReader *reader, const MigItem **item,\n"
      "                          GError **error);" },
};

START_TEST(pages_say_what_headers_say)
{
    g_autofree char *page = target_of(said[_i].function);

    ck_assert_msg(strstr(page, said[_i].text), "%s: no %s", said[_i].function,
                  said[_i].text);
    ck_assert_ptr_null(strstr(page, "MIG_API"));
}
END_TEST

/* All pages, those that are written by hand too, where mandoc(1) is. */
START_TEST(pages_have_no_mistake)
{
    g_autofree char *mandoc = g_find_program_in_path("mandoc");
    g_autoptr(Run) run = NULL;

    if (!mandoc) {
        return;
    }
    run = run_with_shell(
        "grep -L '^\\.so ' \"$BUILDDIR\"/man/*.3 \"$SRCDIR\"/man/*.[1-8] |\n"
        "    xargs mandoc -T lint -W warning",
        NULL);
    ck_assert_msg(run->status == 0 && !*run->out, "%s%s", run->out, run->err);
}
END_TEST

Suite *suite_manual(void)
{
    Suite *suite = suite_create("manual");
    TCase *tc = tcase_create("manual");

    tcase_add_test(tc, each_function_has_a_page);
    tcase_add_test(tc, the_overview_names_each_page);
    tcase_add_loop_test(tc, pages_say_what_headers_say, 0, G_N_ELEMENTS(said));
    tcase_add_test(tc, pages_have_no_mistake);
    suite_add_tcase(suite, tc);
    return suite;
}
