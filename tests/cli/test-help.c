/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that --help and the manual say the same of every command, and
 *                that the pages have one form.
 * Must not know: any single command; the table of commands is what `migstat --help`
 *                lists.
 * See also:      man/ is its input.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>

static char *manual(const char *page)
{
    g_autofree char *relative = g_strconcat("man/", page, NULL);
    g_autofree char *path = source_path(relative);
    char *text = NULL;

    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "man/%s cannot be read",
                  page);
    return text;
}

static char *help(const char *command)
{
    g_autoptr(Run) run =
        run_migstat(NULL, command ? command : "--help", command ? "--help" : NULL, NULL);

    ck_assert_msg(run->status == 0 && *run->err == '\0', "%s --help: exit %d", command,
                  run->status);
    return g_strdup(run->out);
}

/* All that `pattern`'s first group matches in `text`, sorted, each once. */
static GPtrArray *matches(const char *text, const char *pattern)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GTree) seen =
        g_tree_new_full((GCompareDataFunc)(void (*)(void))strcmp, NULL, g_free, NULL);
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    GMatchInfo *match;

    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_tree_insert(seen, g_match_info_fetch(match, 1), NULL);
    }
    g_match_info_free(match);
    for (GTreeNode *node = g_tree_node_first(seen); node; node = g_tree_node_next(node)) {
        g_ptr_array_add(found, g_strdup(g_tree_node_key(node)));
    }
    return found;
}

static char *join(GPtrArray *words)
{
    g_ptr_array_add(words, NULL);
    return g_strjoinv(" ", (char **)words->pdata);
}

/* The part of a page from a heading to the next one of the same rank. */
static char *part(const char *page, const char *text, const char *heading)
{
    g_autofree char *line = g_strconcat("\n.SH ", heading, "\n", NULL);
    const char *start = strstr(text, line), *end;

    ck_assert_msg(start, "%s has no %s", page, heading);
    start += strlen(line);
    end = strstr(start, "\n.SH ");
    return end ? g_strndup(start, (size_t)(end - start)) : g_strdup(start);
}

/* The long options of --help: at the start of a line, or after a short one. */
static char *options_of_help(const char *text)
{
    g_autoptr(GPtrArray) found = matches(text, "^ +(?:-[a-zA-Z0-9], )? *--([a-z0-9-]+)");

    for (guint i = found->len; i-- > 0;) {
        const char *name = g_ptr_array_index(found, i);

        if (g_str_equal(name, "help") || g_str_equal(name, "usage") ||
            g_str_equal(name, "version")) {
            g_ptr_array_remove_index(found, i); /* told once, in migstat(1) */
        }
    }
    return join(found);
}

/* Those of a page: in the lines that head a paragraph of OPTIONS. */
static char *options_of_manual(const char *page)
{
    g_autofree char *text = manual(page), *section = part(page, text, "OPTIONS");
    g_autoptr(GPtrArray) heads = matches(section, "^\\.T[PQ].*\\n(.*)");
    g_autofree char *all = join(heads);
    g_autofree char *plain = NULL;
    g_autoptr(GRegex) minus = g_regex_new("\\\\-|\\\\f[A-Z]|\\\\&", 0, 0, NULL);
    g_autoptr(GPtrArray) found = NULL;

    plain = g_regex_replace(minus, all, -1, 0, "-", 0, NULL);
    found = matches(plain, "(?:^|[^a-z0-9-])-*--([a-z][a-z0-9-]*[a-z0-9])");
    for (guint i = found->len; i-- > 0;) {
        const char *name = g_ptr_array_index(found, i);

        if (g_str_equal(name, "help") || g_str_equal(name, "usage") ||
            g_str_equal(name, "version")) {
            g_ptr_array_remove_index(found, i);
        }
    }
    return join(found);
}

static char *commands(void)
{
    g_autofree char *text = help(NULL);
    g_autoptr(GPtrArray) found = matches(strstr(text, "Commands:"), "^  ([a-z]+) ");

    return join(found);
}

START_TEST(help_and_manual_have_the_same_options)
{
    g_autofree char *names = commands();
    g_auto(GStrv) all = g_strsplit(names, " ", -1);

    ck_assert_uint_ge(g_strv_length(all), 1);
    for (char **name = all; *name; name++) {
        g_autofree char *page = g_strdup_printf("migstat-%s.1", *name);
        g_autofree char *text = help(*name);
        g_autofree char *of_help = options_of_help(text);
        g_autofree char *of_manual = options_of_manual(page);

        ck_assert_msg(g_str_equal(of_help, of_manual), "%s:\n --help %s\n manual %s",
                      *name, of_help, of_manual);
    }
}
END_TEST

START_TEST(the_overview_is_complete)
{
    g_autofree char *text = help(NULL), *of_help = options_of_help(text);
    g_autofree char *of_manual = options_of_manual("migstat.1");
    g_autofree char *page = manual("migstat.1"), *names = commands();
    g_autoptr(GPtrArray) listed =
        matches(page, "^\\.TP\\n\\.BR migstat\\\\-([a-z]+) \\(1\\)");
    g_autofree char *told = join(listed);

    ck_assert_str_eq(of_help, of_manual);
    ck_assert_str_eq(names, told);
}
END_TEST

/* --- one name, one meaning ---------------------------------------------------------------- */

/* Commands that issues of the table's own document announce. */
static const char *const planned[] = { "needs",  "receive", "send", "relay",
                                       "report", "recover", NULL };

/* The rows of the table of options in docs/architecture.md: option -> "check diff" or "all". */
static GHashTable *option_table(void)
{
    g_autofree char *path = source_path("docs/architecture.md"), *text = NULL;
    g_autoptr(GRegex) regex = g_regex_new(
        "^\\| `--([a-z0-9-]+)` \\| [^|]+ \\| ([a-z ]+) \\|$", G_REGEX_MULTILINE, 0, NULL);
    GHashTable *rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GMatchInfo *match;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        char *option = g_match_info_fetch(match, 1);

        ck_assert_msg(!g_hash_table_contains(rows, option), "--%s has two rows", option);
        g_hash_table_insert(rows, option, g_match_info_fetch(match, 2));
    }
    g_match_info_free(match);
    return rows;
}

/* Every long option of a command, --help and its like too. */
static GPtrArray *all_options(const char *command)
{
    g_autofree char *text = help(command);

    return matches(text, "^ +(?:-[a-zA-Z0-9], )? *--([a-z0-9-]+)");
}

static bool contains(GPtrArray *names, const char *name)
{
    return g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL);
}

START_TEST(options_mean_the_same_everywhere)
{
    g_autofree char *names = commands();
    g_auto(GStrv) all = g_strsplit(names, " ", -1);
    g_autoptr(GHashTable) rows = option_table();
    GHashTableIter iter;
    gpointer option, listed;

    for (char **command = all; *command; command++) {
        g_autoptr(GPtrArray) options = all_options(*command);

        for (guint i = 0; i < options->len; i++) {
            ck_assert_msg(g_hash_table_contains(rows, g_ptr_array_index(options, i)),
                          "--%s of %s is not in the table of docs/architecture.md",
                          (char *)g_ptr_array_index(options, i), *command);
        }
        for (g_hash_table_iter_init(&iter, rows);
             g_hash_table_iter_next(&iter, &option, &listed);) {
            g_auto(GStrv) have = g_strsplit(listed, " ", -1);
            bool told = g_str_equal(listed, "all") ||
                        g_strv_contains((const char *const *)have, *command);

            ck_assert_msg(told == contains(options, option),
                          "--%s: the table has %s, and %s has %s", (char *)option,
                          (char *)listed, *command, told ? "it not" : "it");
        }
    }
    for (g_hash_table_iter_init(&iter, rows);
         g_hash_table_iter_next(&iter, &option, &listed);) {
        g_auto(GStrv) have = g_strsplit(listed, " ", -1);

        for (char **command = have; *command; command++) {
            ck_assert_msg(g_str_equal(*command, "all") ||
                              g_strv_contains(planned, *command) ||
                              g_strv_contains((const char *const *)all, *command),
                          "--%s: no command \"%s\"", (char *)option, *command);
        }
    }
}
END_TEST

/* Sections that a page of a command has, in this order; others may stand between. */
static const char *const headings[] = {
    "NAME",     "SYNOPSIS",      "DESCRIPTION", "OPTIONS", "\"?EXIT STATUS\"?",
    "EXAMPLES", "\"?SEE ALSO\"?"
};

static GPtrArray *pages(void)
{
    g_autofree char *folder = source_path("man");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_ptr_array_add(found, g_strdup(name));
    }
    return found;
}

START_TEST(pages_have_one_form)
{
    g_autoptr(GPtrArray) all = pages();

    ck_assert_uint_ge(all->len, 3);
    for (guint i = 0; i < all->len; i++) {
        const char *page = g_ptr_array_index(all, i);
        g_autofree char *text = manual(page);
        size_t after = 0;

        for (size_t h = 0; h < G_N_ELEMENTS(headings) && g_str_has_suffix(page, ".1");
             h++) {
            g_autofree char *line = g_strdup_printf("^\\.SH %s$", headings[h]);
            g_autoptr(GRegex) regex = g_regex_new(line, G_REGEX_MULTILINE, 0, NULL);
            GMatchInfo *match;
            int start = 0;

            ck_assert_msg(
                g_regex_match_full(regex, text, -1, (gint)after, 0, &match, NULL),
                "%s: no %s, or not in order", page, headings[h]);
            g_match_info_fetch_pos(match, 0, &start, NULL);
            g_match_info_free(match);
            after = (size_t)start;
        }
        ck_assert_msg(g_str_has_prefix(text, ".\\\" SPDX-License-Identifier: "), "%s",
                      page);
        ck_assert_msg(strstr(text, "\n.SH NAME\n") && strstr(text, "SEE ALSO"),
                      "%s: no NAME or SEE ALSO", page);
    }
}
END_TEST

/* What a page refers to exists. */
START_TEST(references_exist)
{
    g_autoptr(GPtrArray) all = pages();

    for (guint i = 0; i < all->len; i++) {
        const char *page = g_ptr_array_index(all, i);
        g_autofree char *text = manual(page);
        g_autoptr(GPtrArray) names = matches(text, "\\b(migstat[a-z\\\\-]* \\([1-8]\\))");

        for (guint n = 0; n < names->len; n++) {
            g_auto(GStrv) words =
                g_strsplit_set(g_ptr_array_index(names, n), "\\ ()", -1);
            g_autofree char *squeezed = g_strjoinv("", words);
            size_t length = strlen(squeezed);
            g_autofree char *file = g_strdup_printf("man/%.*s.%c", (int)length - 1,
                                                    squeezed, squeezed[length - 1]);
            g_autofree char *path = source_path(file);

            ck_assert_msg(g_file_test(path, G_FILE_TEST_EXISTS), "%s: no %s", page, file);
        }
    }
}
END_TEST

/* .TH is what `man` prints at the foot of a page: its date, and the release. */
START_TEST(pages_have_the_date_and_the_release)
{
    g_autoptr(GPtrArray) all = pages();

    for (guint i = 0; i < all->len; i++) {
        const char *page = g_ptr_array_index(all, i);
        size_t stem = strlen(page) - strlen(".N");
        g_autofree char *upper = g_ascii_strup(page, (gssize)stem);
        g_autofree char *pattern =
            g_strdup_printf("^\\.TH %s %s \\d{4}-\\d\\d-\\d\\d \"migstat %s\" "
                            "\"migstat manual\"$",
                            upper, page + stem + 1, MIG_VERSION);
        g_autofree char *text = manual(page);

        ck_assert_msg(g_regex_match_simple(pattern, text, G_REGEX_MULTILINE, 0),
                      "%s: no line that matches %s", page, pattern);
    }
}
END_TEST

/* Where mandoc is at hand. */
START_TEST(pages_are_clean)
{
    g_autofree char *mandoc = g_find_program_in_path("mandoc");
    g_autoptr(GPtrArray) all = pages();

    for (guint i = 0; mandoc && i < all->len; i++) {
        g_autofree char *relative = g_strconcat("man/", g_ptr_array_index(all, i), NULL);
        g_autofree char *path = source_path(relative);
        const char *argv[] = { mandoc, "-T", "lint", "-W", "warning", path, NULL };
        g_autoptr(Run) run = run_program(argv, NULL, NULL);
        g_auto(GStrv) lines = g_strsplit(run->out, "\n", -1);

        for (char **line = lines; *line; line++) {
            ck_assert_msg(**line == '\0', "%s", *line);
        }
    }
}
END_TEST

Suite *suite_help(void)
{
    Suite *suite = suite_create("help");
    TCase *tc = tcase_create("manual");

    tcase_add_test(tc, help_and_manual_have_the_same_options);
    tcase_add_test(tc, the_overview_is_complete);
    tcase_add_test(tc, options_mean_the_same_everywhere);
    tcase_add_test(tc, pages_have_one_form);
    tcase_add_test(tc, references_exist);
    tcase_add_test(tc, pages_have_the_date_and_the_release);
    tcase_add_test(tc, pages_are_clean);
    suite_add_tcase(suite, tc);
    return suite;
}
