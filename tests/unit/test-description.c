/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the description: where it is found, and what its lengths
 *                add up to.
 * Must not know: sections; test-reader.c has what follows from a wrong length.
 * See also:      lib/stream/description.h.
 */
#include "stream/description.h"

#include <string.h>

#include "io/budget.h"
#include "mkmig.h"
#include "stream/reader.h"
#include "stream/section-find.h"
#include "support.h"

#define FIELD(NAME, MORE) "{\"name\": \"" NAME "\", " MORE "}"
#define U32(NAME)         FIELD(NAME, "\"type\": \"uint32\", \"size\": 4")
#define POINTERS(N, SIZE) \
    FIELD("p", "\"array_len\": " #N ", \"type\": \"struct\", \"size\": " #SIZE)
#define NULLS(N)               FIELD("p", "\"array_len\": " #N ", \"type\": \"nullptr\", \"size\": 1")
#define VMSTATE(NAME, MEMBERS) "\"vmsd_name\": \"" NAME "\", \"version\": 3, " MEMBERS
#define FIELDS(LIST)           "\"fields\": [" LIST "]"

/* The members of a device, and the length of its section's body; -1: not known. */
static const struct {
    const char *members;
    int64_t size;
} devices[] = {
    /* an old-style device is a length */
    { "\"size\": 77, " FIELDS(FIELD("data", "\"size\": 77, \"type\": \"buffer\"")), 77 },
    { "\"size\": 0", 0 },
    { "\"version\": 1", -1 },
    /* a vmstate is the sum of its fields, */
    { VMSTATE("v", FIELDS("")), 0 },
    { VMSTATE("v", FIELDS(U32("a") ", " U32("b"))), 8 },
    /* arrays by their length, or by entries with an index, */
    { VMSTATE("v", FIELDS(FIELD("a", "\"array_len\": 5, \"type\": \"u\", \"size\": 3"))),
      15 },
    { VMSTATE("v", FIELDS(FIELD("a", "\"index\": 0, \"size\": 3") ", " FIELD(
                       "a", "\"index\": 1, \"size\": 9"))),
      12 },
    /* a struct by its own size, whatever is in it, repeated keys too, */
    { VMSTATE("v", FIELDS(FIELD("s", "\"type\": \"struct\", \"struct\": {" VMSTATE(
                                         "w", FIELDS(U32("x"))) "}, \"size\": 40"))),
      40 },
    { VMSTATE(
          "v",
          FIELDS(FIELD(
              "q", "\"type\": \"qtailq\", \"vmsd_name\": \"e\", \"version\": 1, "
                   "\"fields\": [], \"vmsd_name\": \"e\", \"fields\": [], \"size\": 9"))),
      9 },
    /* and subsections: mark, name, version, fields; they nest. */
    { VMSTATE("v", FIELDS(U32("a")) ", \"subsections\": [{" VMSTATE(
                       "v/sub", FIELDS(U32("b"))) "}]"),
      4 + 2 + 5 + 4 + 4 },
    { VMSTATE("v",
              FIELDS("") ", \"subsections\": [{" VMSTATE(
                  "v/s",
                  FIELDS("") ", \"subsections\": [{" VMSTATE(
                      "v/s/t", FIELDS(U32("b"))) "}]") "}, {" VMSTATE("v/u",
                                                                      FIELDS("")) "}]"),
      (2 + 3 + 4) + (2 + 5 + 4 + 4) + (2 + 3 + 4) },
    { VMSTATE("v", FIELDS("") ", \"subsections\": [{\"version\": 1}]"), -1 },
    /* a field without a size, and sums that do not fit */
    { VMSTATE("v", FIELDS(FIELD("a", "\"type\": \"u\""))), -1 },
    { VMSTATE("v", FIELDS(FIELD("a", "\"array_len\": 8, \"size\": 2305843009213693952"))),
      -1 },
    { VMSTATE("v", FIELDS(FIELD("a", "\"size\": 18446744073709551615") ", " FIELD(
                       "b", "\"size\": 18446744073709551615"))),
      -1 },
    /* An array of pointers is runs of entries; a NULL is one byte.  Only the first entry
     * of an array that begins with an element claims the length of all. */
    { VMSTATE("v", FIELDS(POINTERS(3, 10))), 30 },
    { VMSTATE("v", FIELDS(NULLS(254) ", " POINTERS(2, 10))), 274 },
    { VMSTATE("v", FIELDS(NULLS(3) ", " POINTERS(2, 10) ", " NULLS(1))), 24 },
    { VMSTATE("v", FIELDS(POINTERS(5, 10) ", " NULLS(2) ", " POINTERS(1, 10))), 32 },
    { VMSTATE("v", FIELDS(POINTERS(5, 10) ", " NULLS(2))), 32 },
    { VMSTATE("v", FIELDS(POINTERS(5, 10) ", " FIELD(
                       "p", "\"array_len\": 2, "
                            "\"type\": \"ptr-marker\", \"size\": 1"))),
      32 },
    { VMSTATE("v",
              FIELDS(NULLS(2) ", " POINTERS(3, 10) ", " NULLS(1) ", " POINTERS(1, 10))),
      43 },
    { VMSTATE("v", FIELDS(POINTERS(2, 10) ", " FIELD(
                       "p", "\"array_len\": 18446744073709551615, \"size\": 0"))),
      20 },
};

START_TEST(adds_up_lengths)
{
    g_autofree char *json = g_strdup_printf(
        "{\"page_size\": 4096, \"devices\": [{\"name\": \"d\", \"instance_id\": 1, %s}]}",
        devices[_i].members);
    g_autoptr(MigDescription) d = mig_description_parse(json, (uint32_t)strlen(json), 7);

    ck_assert_msg(d->valid && d->n_devices == 1, "%s: %s", json, d->problem);
    ck_assert_str_eq(d->devices[0].name, "d");
    ck_assert_uint_eq(d->devices[0].instance_id, 1);
    ck_assert_msg(d->devices[0].size_known == (devices[_i].size >= 0), "%s", json);
    if (devices[_i].size >= 0) {
        ck_assert_msg(d->devices[0].size == (uint64_t)devices[_i].size,
                      "%s: wanted %" PRId64 ", found %" PRIu64, json, devices[_i].size,
                      d->devices[0].size);
    }
    ck_assert_int_eq(json[d->devices[0].text_offset], '{');
    ck_assert_int_eq(json[d->devices[0].text_offset + d->devices[0].text_length - 1],
                     '}');
    ck_assert_int_eq(json[d->devices_offset], '[');
    ck_assert_int_eq(json[d->devices_end], ']');
}
END_TEST

static const struct {
    const char *json;
    bool valid;
    unsigned n_devices;
} texts[] = {
    { "{\"devices\": []}", true, 0 },
    { "{ \"page_size\" : 4096, \"devices\" : [ { \"name\" : \"a\", \"size\" : 1 }, { } ] "
      "}",
      true, 2 },
    { "{\"configuration\": {\"x\": [1]}, \"devices\": [{}]}", true, 1 },
    { "{}", false, 0 },
    { "", false, 0 },
    { "[]", false, 0 },
    { "{\"devices\": {}}", false, 0 },
    { "{\"devices\": [1]}", false, 0 },
    { "{\"devices\": []} x", false, 0 },
    { "{\"devices\": [{\"name\": \"a\"}", false, 1 },
    { "{\"devices\": [{\"name\": 1}]}", false, 0 },
    { "{\"page_size\": \"big\", \"devices\": []}", false, 0 },
};

START_TEST(judges_the_text)
{
    const char *json = texts[_i].json;
    g_autoptr(MigDescription) d = mig_description_parse(json, (uint32_t)strlen(json), 0);

    ck_assert_msg(d->valid == texts[_i].valid, "%s: %s", json, d->problem);
    ck_assert_msg(d->valid || d->problem, "%s: no problem is named", json);
    ck_assert_uint_eq(d->n_devices, texts[_i].n_devices);
}
END_TEST

#define GOOD "description \"{\\\"devices\\\": []}\"; "

/* Where it is found: `at` is the label's value, -1 for nowhere. */
static const struct {
    const char *text;
    bool found;
} places[] = {
    { "label here; " GOOD, true },
    { "zero 100; label here; " GOOD, true },
    { "zero 100000; label here; " GOOD "zero 100000", true },
    { "label here; " GOOD "str \"COLO\"; fill 100000 6", true },
    { GOOD "label here; " GOOD, true },
    { "label here; " GOOD "description \"{\\\"none\\\": 1}\"; u8 1", true },
    /* one that ends exactly at the end is it, even if it is not sound */
    { GOOD "label here; description \"{\"", true },
    /* a length with the mark in it */
    { "label here; u8 6; len32 { str \"{\\\"devices\\\": []\"; fill 0x600-15-1 0x20; str "
      "\"}\" }",
      true },
    /* which ends at the end, and is the last one although it is not sound */
    { GOOD "label here; u8 6; len32 { str \"{\"; fill 0x06-1 0x20 }", true },
    { GOOD "label here; u8 6; len32 { str \"{\"; fill 0x600-1 0x20 }", true },
    { GOOD "label here; u8 6; len32 { str \"{\"; fill 0x60000-1 0x20 }", true },
    { "", false },
    { "u8 6", false },
    { "u8 6 0 0 0 9 0x7b", false },
    { "repeat 20000 { u8 6 0 0 0 1 0x7b }", true },
};

START_TEST(finds_it)
{
    g_autofree char *text = g_strdup_printf(
        "%s; label end; be64 %s", places[_i].text,
        places[_i].found && strstr(places[_i].text, "here") ? "@here" : "0");
    g_autoptr(GBytes) with_place = mkmig_assemble(text, "row", NULL);
    size_t size = g_bytes_get_size(with_place) - 8;
    g_autoptr(GBytes) bytes = g_bytes_new_from_bytes(with_place, 0, size);
    uint64_t place = mig_be64((const uint8_t *)g_bytes_get_data(with_place, NULL) + size);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "row", NULL, NULL);
    g_autoptr(MigDescription) d = mig_description_find(in, 0);

    ck_assert_msg((d != NULL) == places[_i].found, "%s", places[_i].text);
    if (strstr(text, "here")) {
        ck_assert_msg(d->offset == place, "%s: wanted %" PRIu64 ", found %" PRIu64, text,
                      place, d->offset);
    }
}
END_TEST

START_TEST(looks_devices_up)
{
    static const char json[] =
        "{\"devices\": [{\"name\": \"a\", \"instance_id\": 0}, {\"name\": \"b\", "
        "\"instance_id\": 7},"
        "{\"name\": \"a\", \"instance_id\": 1}, {\"name\": \"a\", \"instance_id\": 0}]}";
    g_autoptr(MigDescription) d = mig_description_parse(json, sizeof(json) - 1, 0);

    ck_assert_int_eq(mig_description_lookup(d, "a", 0, 0), 0);
    ck_assert_int_eq(mig_description_lookup(d, "a", 0, 3), 3);
    ck_assert_int_eq(mig_description_lookup(d, "a", 1, 0), 2);
    ck_assert_int_eq(mig_description_lookup(d, "a", 0, 1), 3); /* the next one */
    ck_assert_int_eq(mig_description_lookup(d, "a", 0, 4),
                     0); /* none is left: the first */
    ck_assert_int_eq(mig_description_lookup(d, "b", 7, 99), 1);
    ck_assert_int_eq(mig_description_lookup(d, "b", 8, 0), -1);
    ck_assert_int_eq(mig_description_lookup(d, "", 0, 0), -1);
}
END_TEST

#define CALLED(NAME) "{\\\"name\\\": \\\"" NAME "\\\", \\\"instance_id\\\": 0}"

/* A name is looked for once, and each other one for a price. */
START_TEST(counts_devices_of_a_name)
{
    g_autoptr(GBytes) bytes =
        mkmig_assemble("header; eof; description \"{\\\"devices\\\": [" CALLED(
                           "cpu") ", " CALLED("a") ", " CALLED("cpu") "]}\"",
                       "names", NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "names", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    MigBudget *budget = mig_reader_budget(reader);
    uint64_t left;

    ck_assert_uint_eq(mig_reader_count_described(reader, "cpu"), 2);
    left = budget->left;
    ck_assert_uint_eq(mig_reader_count_described(reader, "cpu"), 2);
    ck_assert_uint_eq(budget->left, left);
    ck_assert_uint_eq(mig_reader_count_described(reader, "a"), 1);
    ck_assert_uint_lt(budget->left, left);
    budget->left = 0;
    ck_assert_uint_eq(mig_reader_count_described(reader, "cpu"), 0);
}
END_TEST

Suite *suite_description(void)
{
    Suite *suite = suite_create("description");
    TCase *tc = tcase_create("description");

    tcase_add_loop_test(tc, adds_up_lengths, 0, G_N_ELEMENTS(devices));
    tcase_add_loop_test(tc, judges_the_text, 0, G_N_ELEMENTS(texts));
    tcase_add_loop_test(tc, finds_it, 0, G_N_ELEMENTS(places));
    tcase_add_test(tc, looks_devices_up);
    tcase_add_test(tc, counts_devices_of_a_name);
    suite_add_tcase(suite, tc);
    return suite;
}
