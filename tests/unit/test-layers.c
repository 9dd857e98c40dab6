/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof, from the sources' text, of the rules that the layers live by.
 * Must not know: what any file does.
 * See also:      SRCDIR/lib and SRCDIR/cli are its input.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>

/* io <- stream <- device <- { message, shape, memory } <- { check, filter, diff } <- explain <- live <- cli: what a layer may include.  The
 * program is a client of the library, and has its public headers only. */
static const struct {
    const char *folder;
    const char *may_include;
} layers[] = {
    { "lib/io", "io/" },
    { "lib/stream", "io/ stream/" },
    { "lib/device", "io/ stream/ device/" },
    { "lib/message", "io/ stream/ device/ message/" },
    { "lib/shape", "io/ stream/ device/ shape/" },
    { "lib/memory", "io/ stream/ device/ memory/" },
    { "lib/check", "io/ stream/ device/ message/ shape/ memory/ check/" },
    { "lib/filter", "io/ stream/ device/ filter/" },
    { "lib/diff", "io/ stream/ device/ diff/" },
    { "lib/explain", "io/ stream/ device/ message/ shape/ memory/ check/ explain/" },
    { "lib/live", "io/ stream/ device/ filter/ message/ explain/ live/" },
    { "cli", "migstat.h" },
};

/* Calls `visit` for every file below `folder`, by its path relative to SRCDIR. */
static unsigned each_file(const char *folder,
                          void (*visit)(const char *relative, void *user), void *user)
{
    unsigned n = 0;
    g_autofree char *path = source_path(folder);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *relative = g_build_filename(folder, name, NULL);
        g_autofree char *child = source_path(relative);
        if (g_file_test(child, G_FILE_TEST_IS_DIR)) {
            n += each_file(relative, visit, user);
        } else {
            visit(relative, user);
            n++;
        }
    }
    return n;
}

static char *contents(const char *relative)
{
    g_autofree char *path = source_path(relative);
    char *text = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s cannot be read",
                  relative);
    return text;
}

static bool is_c(const char *relative)
{
    return g_str_has_suffix(relative, ".c") || g_str_has_suffix(relative, ".h");
}

/* --- includes ----------------------------------------------------------------------- */

static void check_includes(const char *relative, void *may_include)
{
    if (!is_c(relative)) {
        return;
    }
    g_auto(GStrv) allowed = g_strsplit(may_include, " ", -1);
    g_autofree char *text = contents(relative);
    g_autoptr(GRegex) regex =
        g_regex_new("^\\s*#\\s*include\\s*\"([^\"]*)\"", G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *included = g_match_info_fetch(match, 1);
        /* Without a folder it is beside, which only the program's own headers may. */
        bool good = g_str_has_prefix(relative, "cli/") && !strchr(included, '/');
        for (char **prefix = allowed; *prefix; prefix++) {
            good = good || g_str_has_prefix(included, *prefix);
        }
        ck_assert_msg(good, "%s includes \"%s\", which is not to its left", relative,
                      included);
    }
}

START_TEST(includes_point_one_way)
{
    unsigned n = each_file(layers[_i].folder, check_includes,
                           (char *)(uintptr_t)layers[_i].may_include);
    ck_assert_msg(n > 0 || _i > 0, "%s is empty", layers[_i].folder);
}
END_TEST

/* A folder that the table does not know would escape it. */
static void check_folder(const char *relative, void *unused)
{
    (void)unused;
    bool known = strchr(relative + strlen("lib/"), '/') == NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(layers); i++) {
        g_autofree char *folder = g_strconcat(layers[i].folder, "/", NULL);
        known = known || g_str_has_prefix(relative, folder);
    }
    ck_assert_msg(known, "%s is in no layer", relative);
}

START_TEST(every_folder_is_a_layer)
{
    each_file("lib", check_folder, NULL);
}
END_TEST

/* --- what lib/ must not do ---------------------------------------------------------- */

/* Group 1 of the pattern is what the message shows. */
static const struct {
    const char *pattern, *why;
} offences[] = {
    { "\\b((?:f|v|vf|d|vd)?printf|f?puts|putchar|perror|v?syslog|v?errx?|v?warnx?|"
      "g_print|g_printerr|g_message|g_warning|g_critical|g_debug|g_info|g_log)\\s*\\(",
      "the library prints nothing" },
    { "\\b(stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\\b",
      "the library knows no terminal" },
    { "\\b(_?_?exit|_Exit|quick_exit|abort|g_abort|raise|assert|g_assert\\w*|g_error|"
      "__builtin_trap)\\s*\\(",
      "the library never ends its process" },
    /* Objects, not functions: no "(" before the "=", "[" or ";".  What must be const is
     * the object itself, which is the last word of a pointer's type. */
    { "\\bstatic\\s+((?!inline\\b)(?:(?!\\bconst\\b)[^(;={])*[=;\\[])",
      "a static variable that is not const" },
    { "\\bstatic\\s+([^(;={]*\\*\\s*\\w+\\s*[=;\\[])",
      "a static variable that is not const" },
    { "\\b(_Thread_local|__thread)\\b", "state outside of its object" },
};

/* Comments and strings become blanks: a word in them is no call. */
static char *code_of(const char *text)
{
    g_autoptr(GRegex) regex =
        g_regex_new("/\\*.*?\\*/|//[^\\n]*|\"(\\\\.|[^\"\\\\])*\"|'(\\\\.|[^'\\\\])*'",
                    G_REGEX_DOTALL, 0, NULL);
    return g_regex_replace_literal(regex, text, -1, 0, " ", 0, NULL);
}

/* Why the library may not have this, or NULL; *found is the piece. */
static const char *offence_in(const char *text, char **found)
{
    g_autofree char *code = code_of(text);
    for (size_t i = 0; i < G_N_ELEMENTS(offences); i++) {
        g_autoptr(GRegex) regex = g_regex_new(offences[i].pattern, 0, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        ck_assert_msg(regex != NULL, "%s", offences[i].pattern);
        if (g_regex_match(regex, code, 0, &match)) {
            *found = g_match_info_fetch(match, 1);
            return offences[i].why;
        }
    }
    return NULL;
}

static void check_manners(const char *relative, void *unused)
{
    (void)unused;
    if (is_c(relative)) {
        g_autofree char *text = contents(relative);
        g_autofree char *found = NULL;
        const char *why = offence_in(text, &found);
        ck_assert_msg(why == NULL, "%s: \"%s\": %s", relative, found, why);
    }
}

START_TEST(the_library_has_manners)
{
    ck_assert_uint_gt(each_file("lib", check_manners, NULL), 0);
}
END_TEST

/* The patterns themselves, held against what they must and must not find. */
static const struct {
    const char *code, *why;
} rows[] = {
    { "static void f(void) { printf(\"x\"); }", "the library prints nothing" },
    { "void f(void)\n{\n    g_warning (\"x\");\n}", "the library prints nothing" },
    { "int f(void) { return isatty(STDERR_FILENO); }", "the library knows no terminal" },
    { "void f(void) { g_assert_not_reached(); }", "the library never ends its process" },
    { "void f(void) { exit(1); }", "the library never ends its process" },
    { "static int n;", "a static variable that is not const" },
    { "{\n    static unsigned count = 0;\n}", "a static variable that is not const" },
    { "static char buffer[10];", "a static variable that is not const" },
    { "static const char *name;", "a static variable that is not const" },
    { "static const char *names[] = { 0 };", "a static variable that is not const" },
    { "static int f(int n);", NULL },
    { "static inline int f(void)\n{\n    return 0;\n}", NULL },
    { "static const int n = 3;", NULL },
    { "static const char *const names[] = { \"printf(\", 0 };", NULL },
    { "static const struct { int a; } table[] = { { 1 } };", NULL },
    { "static const char *f(void)\n{\n    return NULL; /* no exit() here */\n}", NULL },
    { "int f(void) { return g_error_matches(0, 0, 0) + snprintf(0, 0, \"\"); }", NULL },
};

START_TEST(manners_are_told_apart)
{
    g_autofree char *found = NULL;
    const char *why = offence_in(rows[_i].code, &found);
    ck_assert_msg(g_strcmp0(why, rows[_i].why) == 0, "%s: %s", rows[_i].code,
                  why ? why : "passes");
}
END_TEST

/* --- what only lib/io, lib/stream and lib/device may know --------------------------- */

/* Bytes of the wire are put together and taken apart where the structure is known. */
static const struct {
    const char *pattern, *why;
} wire_offences[] = {
    { "\\b(mig_(?:put_|append_)?(?:be|le)(?:16|32|64)|mig_append_\\w+|"
      "GU?INT(?:16|32|64)_(?:FROM|TO)_[BL]E|[bl]e(?:16|32|64)toh|hto[bl]e(?:16|32|64)|"
      "ntoh[sl]|hton[sl]|__builtin_bswap\\d\\d)\\s*\\(",
      "an integer of the wire" },
    { "(?:\\.|->)(payload_offset|config_offset|data_offset|first_length)\\b",
      "an offset in the bytes of an item" },
    { "\\b(MIG_(?:SHORT_|LONG_|COMMAND_|DESCRIPTION_|MAPPED_RAM_)HEADER_LENGTH|"
      "MIG_FOOTER_LENGTH|MIG_SUBSECTION_OVERHEAD)\\b",
      "the length of a structure of the wire" },
};

/* A pointer to the bytes of an item, and a place in them, in one function. */
static bool reaches_into_bytes(const char *function, char **found)
{
    g_autoptr(GRegex) pointer = g_regex_new(
        "\\b(\\w+)\\s*=[^;=]*\\bmig_(?:reader|next)_bytes\\s*\\(", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(pointer, function, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *name = g_match_info_fetch(match, 1);
        g_autofree char *pattern = g_strdup_printf("\\b%s\\s*(?:\\+|\\[)[^;]*", name);
        g_autoptr(GRegex) place = g_regex_new(pattern, 0, 0, NULL);
        g_autoptr(GMatchInfo) use = NULL;
        if (g_regex_match(place, function, 0, &use)) {
            *found = g_match_info_fetch(use, 0);
            return true;
        }
    }
    return false;
}

static const char *wire_offence_in(const char *text, char **found)
{
    g_autofree char *code = code_of(text);
    for (size_t i = 0; i < G_N_ELEMENTS(wire_offences); i++) {
        g_autoptr(GRegex) regex = g_regex_new(wire_offences[i].pattern, 0, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        ck_assert_msg(regex != NULL, "%s", wire_offences[i].pattern);
        if (g_regex_match(regex, code, 0, &match)) {
            *found = g_match_info_fetch(match, 1);
            return wire_offences[i].why;
        }
    }
    g_auto(GStrv) functions = g_strsplit(code, "\n}\n", -1);
    for (char **function = functions; *function; function++) {
        if (reaches_into_bytes(*function, found)) {
            return "a place in the bytes of an item";
        }
    }
    return NULL;
}

static void check_wire(const char *relative, void *unused)
{
    (void)unused;
    if (is_c(relative)) {
        g_autofree char *text = contents(relative);
        g_autofree char *found = NULL;
        const char *why = wire_offence_in(text, &found);
        ck_assert_msg(why == NULL, "%s: \"%s\": %s, which belongs in lib/stream",
                      relative, found, why);
    }
}

static const char *const wire_free[] = { "lib/check", "lib/filter", "lib/diff", "cli" };

START_TEST(the_wire_is_known_in_one_place)
{
    ck_assert_uint_gt(each_file(wire_free[_i], check_wire, NULL), 0);
}
END_TEST

static const struct {
    const char *code;
    bool found;
} wire_rows[] = {
    { "x = mig_be32(p);", true },
    { "mig_put_be64(p, v);", true },
    { "mig_append_u8(out, 1);", true },
    { "x = GUINT32_FROM_BE(v);", true },
    { "x = ntohl (v);", true },
    { "at = item->offset + item->vfio.payload_offset;", true },
    { "n = run->first_length;", true },
    { "n = item->length - MIG_DESCRIPTION_HEADER_LENGTH;", true },
    { "void f(void)\n{\n    p = mig_reader_bytes(r, i);\n    g(p + 16);\n}\n", true },
    { "void f(void)\n{\n    const uint8_t *p = c ? mig_next_bytes(n, i, e) : q;\n"
      "    x = p[8];\n}\n",
      true },
    { "void f(void)\n{\n    p = mig_reader_bytes(r, i);\n}\n"
      "void g(void)\n{\n    x = p[8];\n}\n",
      false },
    { "void f(void)\n{\n    p = mig_reader_bytes(r, i);\n    g(p, n + 1);\n}\n", false },
    { "/* mig_be32(p) */ n = run->data_length;", false },
};

START_TEST(wire_is_told_apart)
{
    g_autofree char *found = NULL;
    const char *why = wire_offence_in(wire_rows[_i].code, &found);
    ck_assert_msg(!why == !wire_rows[_i].found, "%s: %s", wire_rows[_i].code,
                  why ? why : "passes");
}
END_TEST

/* --- how things look ------------------------------------------------------------------ */

/* A command hands on what it found; which format prints it, only the list of formats says. */
static void check_formats(const char *relative, void *unused)
{
    (void)unused;
    if (!is_c(relative) || g_str_has_prefix(relative, "cli/format")) {
        return;
    }
    g_autofree char *text = contents(relative);
    g_autofree char *code = code_of(text);
    ck_assert_msg(!strstr(code, "cli_format_text") && !strstr(code, "cli_format_json") &&
                      !strstr(code, "format->name"),
                  "%s asks which format it is: see cli/format.h", relative);
}

START_TEST(no_command_knows_a_format)
{
    ck_assert_uint_gt(each_file("cli", check_formats, NULL), 0);
}
END_TEST

/* --- licences ----------------------------------------------------------------------- */

/* Data has no room for a comment. */
static bool is_data(const char *relative)
{
    static const char *const suffixes[] = { ".zst",  ".lzo",   ".json", ".mig",
                                            ".dump", ".check", ".out",  ".jsonl",
                                            ".abi",  ".log",   ".png" };
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (g_str_has_suffix(relative, suffixes[i])) {
            return true;
        }
    }
    return strstr(relative, "/__pycache__/") || strstr(relative, "/fixtures/wrapped/") ||
           strstr(relative, "/fuzz/seeds/") || strstr(relative, "/fuzz/findings/");
}

static void check_licence(const char *relative, void *unused)
{
    (void)unused;
    if (is_data(relative)) {
        return;
    }
    g_autofree char *text = contents(relative);
    const char *first = text;
    if (g_str_has_prefix(first, "#!") || g_str_has_prefix(first, "#compdef")) {
        first += strcspn(first, "\n");
        first += *first == '\n';
    }
    g_autofree char *line = g_strndup(first, strcspn(first, "\n"));
    ck_assert_msg(strstr(line, "SPDX-License-Identifier: LGPL-2.1-or-later"),
                  "%s does not begin with its licence", relative);
}

START_TEST(every_file_begins_with_its_licence)
{
    static const char *const folders[] = { "cli",  "lib", "tests",    "man",
                                           "docs", ".ci", "packaging" };
    static const char *const files[] = { "Makefile", "README.md", "CHANGELOG.md",
                                         "CONTRIBUTING.md", "SECURITY.md" };
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        each_file(folders[i], check_licence, NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        check_licence(files[i], NULL);
    }
}
END_TEST

Suite *suite_layers(void)
{
    Suite *suite = suite_create("layers");
    TCase *tc = tcase_create("sources");
    tcase_add_loop_test(tc, includes_point_one_way, 0, G_N_ELEMENTS(layers));
    tcase_add_test(tc, every_folder_is_a_layer);
    tcase_add_test(tc, the_library_has_manners);
    tcase_add_loop_test(tc, manners_are_told_apart, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, the_wire_is_known_in_one_place, 0, G_N_ELEMENTS(wire_free));
    tcase_add_test(tc, no_command_knows_a_format);
    tcase_add_loop_test(tc, wire_is_told_apart, 0, G_N_ELEMENTS(wire_rows));
    tcase_add_test(tc, every_file_begins_with_its_licence);
    suite_add_tcase(suite, tc);
    return suite;
}
