/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the JSON scanner: what it accepts is JSON, and nothing else
 *                is.
 * Must not know: descriptions.
 * See also:      json-glib, the judge of what it shall accept.
 */
#include "stream/json-scan.h"

#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "stream/wire.h"
#include "support.h"

/* U+FFFD, for what is no character. */
#define REPLACED "\357\277\275"

static bool scan(const char *text, size_t length)
{
    MigJson json;

    mig_json_init(&json, text, length);
    return mig_json_skip(&json) && mig_json_at_end(&json);
}

static const char *const texts[] = {
    /* sound */
    "null",
    " true ",
    "false",
    "0",
    "-0",
    "12",
    "-1.5e+10",
    "0.25E-3",
    "\"\"",
    "\"a\\\"b\"",
    "\"\\u0041\\ud83d\\ude00\\n\"",
    "[]",
    "[1]",
    "[1, 2,\t3]",
    "{}",
    "{\"a\":1}",
    "{ \"a\" : [ { \"b\" : null } ] , \"c\" : \"d\" }",
    "[[[[[[[[[[]]]]]]]]]]",
    /* broken */
    "",
    " ",
    "nul",
    "nulls",
    "tru",
    "nulx",
    "trux",
    "falsy",
    "1 2",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[",
    "]",
    "[1",
    "{",
    "}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{1:2}",
    "{\"a\":1 \"b\":2}",
    "\"",
    "\"\\",
    "\"\\u12\"",
    "[}",
    "{]",
    "-",
    "+1",
    "1e",
};

START_TEST(accepts_what_json_glib_does)
{
    const char *text = texts[_i];
    g_autoptr(JsonParser) parser = json_parser_new();
    bool sound = json_parser_load_from_data(parser, text, -1, NULL) &&
                 strspn(text, " ") < strlen(text);

    ck_assert_msg(scan(text, strlen(text)) == sound, "%s: wanted %d", text, sound);
}
END_TEST

/* The judge is lax, or its versions differ: by RFC 8259. */
START_TEST(is_strict)
{
    static const struct {
        const char *text;
        size_t length;
        bool sound;
    } rows[] = {
        { "01", 2, false },          { "\"\x01\"", 3, false },
        { "\"a\0b\"", 5, false },    { "\"\\ud800\"", 8, true },
        { "\"\xff\xfe\"", 4, true }, { "// x\n1", 6, false },
        { "'a'", 3, false },         { "[1,,2]", 6, false },
        { "\"\\x\"", 4, false },     { "\"\\u12g4\"", 8, false },
        { "1.", 2, false },          { "\"\x1f\"", 3, false },
        { "\" \"", 3, true },
    };

    ck_assert_msg(scan(rows[_i].text, rows[_i].length) == rows[_i].sound, "row %d", _i);
}
END_TEST

/* However it is cut, a text of which something is missing is not sound, and no byte beyond
 * it is read. */
START_TEST(stops_at_every_cut)
{
    static const char text[] =
        "{\"a\\u0041\": [1.5e3, true, {\"b\": null}], \"c\": \"\\n\"}";

    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        g_autofree char *copy =
            g_memdup2(text, MAX(n, 1)); /* its end is the sanitizer's */

        ck_assert_msg(!scan(copy, n), "%.*s", (int)n, text);
    }
    ck_assert(scan(text, sizeof(text) - 1));
}
END_TEST

START_TEST(bounds_its_depth)
{
    for (unsigned depth = 120; depth < 140; depth++) {
        g_autoptr(GString) text = g_string_new(NULL);

        for (unsigned i = 0; i < depth; i++) {
            g_string_append_c(text, '[');
        }
        for (unsigned i = 0; i < depth; i++) {
            g_string_append_c(text, ']');
        }
        ck_assert_msg(scan(text->str, text->len) == (depth <= 128), "%u", depth);
    }
}
END_TEST

/* Members come in order, repeated ones too, and with their places. */
START_TEST(pulls_members)
{
    static const char text[] =
        "{\"a\": 1, \"a\": 18446744073709551615, \"b\\u0020\": [\"x\"]}";
    g_autoptr(GString) key = g_string_new(NULL), value = g_string_new(NULL);
    uint64_t number;
    MigJson json;

    mig_json_init(&json, text, sizeof(text) - 1);
    ck_assert(mig_json_enter(&json, '{'));
    ck_assert(mig_json_next(&json, key) && g_str_equal(key->str, "a"));
    ck_assert_uint_eq(mig_json_offset(&json), 6);
    ck_assert(mig_json_uint(&json, &number) && number == 1);
    ck_assert(mig_json_next(&json, key) && g_str_equal(key->str, "a"));
    ck_assert(mig_json_uint(&json, &number) && number == UINT64_MAX);
    ck_assert(mig_json_next(&json, key) && g_str_equal(key->str, "b "));
    ck_assert_int_eq(mig_json_peek(&json), '[');
    ck_assert(mig_json_enter(&json, '[') && mig_json_next(&json, NULL));
    ck_assert(mig_json_string(&json, value) && g_str_equal(value->str, "x"));
    ck_assert(!mig_json_next(&json, NULL));
    ck_assert(!mig_json_next(&json, key));
    ck_assert(mig_json_at_end(&json) && !json.problem);
}
END_TEST

/* What an escape stands for; half a surrogate pair is no character. */
static const struct {
    const char *text, *value;
} strings[] = {
    { "\"\\u0041\\u00e9\"", "A\303\251" },
    { "\"\\ud83d\\ude00\"", "\360\237\230\200" },
    { "\"\\ud800\\udc00\"", "\360\220\200\200" },
    { "\"\\udbff\\udfff\"", "\364\217\277\277" },
    { "\"\\ud83d\"", REPLACED },
    { "\"\\ud83dx\"", REPLACED "x" },
    { "\"\\ud83d\\u0041\"", REPLACED "A" },
    { "\"\\ud83d\\ud83d\"", REPLACED REPLACED },
    { "\"\\ude00\"", REPLACED },
    { "\"\\ude00\\ude00\"", REPLACED REPLACED },
    { "\"\\ude00\\ud83d\\ude00\"", REPLACED "\360\237\230\200" },
    { "\"\\udfff\\ue000\"", REPLACED "\356\200\200" },
};

START_TEST(decodes_escapes)
{
    g_autoptr(GString) value = g_string_new(NULL);
    MigJson json;

    mig_json_init(&json, strings[_i].text, strlen(strings[_i].text));
    ck_assert_msg(mig_json_string(&json, value), "%s: %s", strings[_i].text,
                  json.problem);
    ck_assert_msg(g_str_equal(value->str, strings[_i].value), "%s: %s", strings[_i].text,
                  value->str);
}
END_TEST

START_TEST(refuses_other_numbers)
{
    static const char *const numbers[] = { "18446744073709551616", "-1", "1.0", "1e3",
                                           "\"1\"" };
    uint64_t value;
    MigJson json;

    mig_json_init(&json, numbers[_i], strlen(numbers[_i]));
    ck_assert_msg(!mig_json_uint(&json, &value) && json.problem, "%s", numbers[_i]);
}
END_TEST

/* What a walk has met: keys, "-" for an element, and numbers; it ends at the number @last. */
typedef struct Walk {
    GString *key, *met;
    uint64_t last;
} Walk;

static bool meet(MigJson *json, const char *key, void *user)
{
    Walk *walk = user;
    uint64_t number;

    g_string_append_printf(walk->met, "%s ", key ? key : "-");
    switch (mig_json_peek(json)) {
    case '{':
        return mig_json_each(json, walk->key, meet, walk);
    case '[':
        return mig_json_each(json, NULL, meet, walk);
    default:
        if (!mig_json_uint(json, &number)) {
            return false;
        }
        g_string_append_printf(walk->met, "%" PRIu64 " ", number);
        return number != walk->last;
    }
}

static const struct {
    const char *text, *met;
    bool ends, problem;
} walks[] = {
    { "{}", "", true, false },
    { "{\"a\": 1, \"a\": 2}", "a 1 a 2 ", true, false },
    { "{\"a\": [1, {\"b\": 2}, []], \"c\": 3}", "a - 1 - b 2 - c 3 ", true, false },
    { "{\"a\": [1, 9, 2], \"c\": 3}", "a - 1 - 9 ", false, false },
    { "{\"a\": [1, true]}", "a - 1 - ", false, true },
    { "{\"a\": [1, 2}", "a - 1 - 2 ", false, true },
    { "[1]", "", false, true },
    { "{\"a\": 1", "a 1 ", false, true },
};

START_TEST(walks_over_members_and_elements)
{
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) met = g_string_new(NULL);
    Walk walk = { key, met, 9 };
    MigJson json;

    mig_json_init(&json, walks[_i].text, strlen(walks[_i].text));
    ck_assert_int_eq(mig_json_each(&json, key, meet, &walk), walks[_i].ends);
    ck_assert_str_eq(met->str, walks[_i].met);
    ck_assert_int_eq(json.problem != NULL, walks[_i].problem);
    ck_assert_int_eq(mig_json_at_end(&json), walks[_i].ends);
}
END_TEST

/* Only brackets and strings are looked at. */
static const struct {
    const char *text;
    bool passes;
    const char *left;
} passed[] = {
    { "{} 1", true, " 1" },
    { " [1, {\"a\": [2]}]x", true, "x" },
    { "{\n                    \"a\": 1\n       }]", true, "]" },
    { "{\"}\": \"]\"},", true, "," },
    { "{\"a\\\"}\": 1}0", true, "0" },
    { "[\"\\\\\"]0", true, "0" },
    { "[\"\\\\\\\"]\", \"\\\"\"]0", true, "0" },
    { "\"a\" 1", true, " 1" },
    { "17]", true, "]" },
    { "[nonsense]0", true, "0" },
    { "{", false, "" },
    { "[[]", false, "" },
    { "[\"]", false, "\"]" },
    { "[\"\\\"]", false, "\"\\\"]" },
    { "[}", false, "}" },
    { "{]", false, "]" },
    { "{[}]", false, "}]" },
    { "", false, "" },
    { "]", false, "]" },
};

START_TEST(passes_what_closes)
{
    MigJson json;

    mig_json_init(&json, passed[_i].text, strlen(passed[_i].text));
    ck_assert_int_eq(mig_json_pass(&json), passed[_i].passes);
    ck_assert_int_eq(json.problem != NULL, !passed[_i].passes);
    ck_assert_str_eq(json.p, passed[_i].left);
}
END_TEST

START_TEST(passes_no_deeper_than_it_enters)
{
    for (unsigned depth = 1; depth <= MIG_JSON_DEPTH_MAX + 1; depth++) {
        g_autoptr(GString) text = g_string_new(NULL);
        MigJson json;

        for (unsigned i = 0; i < depth; i++) {
            g_string_append_c(text, '[');
        }
        for (unsigned i = 0; i < depth; i++) {
            g_string_append_c(text, ']');
        }
        mig_json_init(&json, text->str, text->len);
        ck_assert_int_eq(mig_json_pass(&json), depth <= MIG_JSON_DEPTH_MAX);
    }
}
END_TEST

Suite *suite_json_scan(void)
{
    Suite *suite = suite_create("json-scan");
    TCase *tc = tcase_create("scanner");

    tcase_add_loop_test(tc, accepts_what_json_glib_does, 0, G_N_ELEMENTS(texts));
    tcase_add_loop_test(tc, is_strict, 0, 13);
    tcase_add_test(tc, stops_at_every_cut);
    tcase_add_test(tc, bounds_its_depth);
    tcase_add_test(tc, pulls_members);
    tcase_add_loop_test(tc, decodes_escapes, 0, G_N_ELEMENTS(strings));
    tcase_add_loop_test(tc, refuses_other_numbers, 0, 5);
    tcase_add_loop_test(tc, passes_what_closes, 0, G_N_ELEMENTS(passed));
    tcase_add_test(tc, passes_no_deeper_than_it_enters);
    tcase_add_loop_test(tc, walks_over_members_and_elements, 0, G_N_ELEMENTS(walks));
    suite_add_tcase(suite, tc);
    return suite;
}
