/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that the fixture assembler says what its language promises.
 * Must not know: the library.
 * See also:      mkmig.c.
 */
#include "mkmig.h"
#include "support.h"

#include <string.h>

static char *hex(GBytes *bytes)
{
    size_t length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < length; i++) {
        g_string_append_printf(text, "%02x", data[i]);
    }
    return g_string_free(text, FALSE);
}

static const struct {
    const char *text, *hex;
} good[] = {
    { "", "" },
    { "# only a comment", "" },
    { "u8 1 2; be16 0x102  # and a comment\nbe32 -1", "01020102ffffffff" },
    { "be64 0xffffffffef100003", "ffffffffef100003" },
    { "le16 0x102; le32 0x1020304; le64 1", "0201040302010100000000000000" },
    { "bytes 00ff 7E", "00ff7e" },
    { "str \"a b\" \"\\n\\x7f\\\\\\0\\\"\"", "6120620a7f5c0022" },
    { "pstr8 \"ram\"; pstr8", "0372616d" },
    { "fill 3 0xab; zero 2; u8 1; align 4; align 4", "ababab0000010000" },
    { "set page 2; page 7; page 0x08", "07070808" },
    { "u8 1+2*3 (1+2)*3 10/3 -1 !0 !7 2--1 len(\"four\")*2", "070903ff01000308" },
    { "label a; be16 0x2233; label b; u8 @a @b @b-@a @end; label end", "223300020206" },
    { "len8 { u8 9 9 }; len16 -1 { str \"abc\" }; len32 { }",
      "020909000261626300000000" },
    { "len8 { len8 { u8 1 } ; u8 2 }", "03010102" },
    { "repeat 3 { u8 @i*2 }; repeat 0 { u8 1 }", "000204" },
    { "repeat 2 { repeat 2 { u8 @i } }", "00010001" },
    { "str \"${1+2},${@here}\"; label here", "332c33" },
    { "header; eof", "5145564d0000000300" },
    { "config \"m\" { page-bits 12 }",
      "07000000016d"
      "051e636f6e66696775726174696f6e2f7461726765742d706167652d6269747300000001"
      "0000000c" },
    { "caps \"a\" \"b\"",
      "051a636f6e66696775726174696f6e2f6361706162696c69746965730000000100000002"
      "0161"
      "0162" },
    { "start 2 \"ram\" 0 4; footer 2", "01000000020372616d00000000000000047e00000002" },
    { "command 2 { be32 1 }; command 1", "0800020004000000010800010000" },
    { "packaged { eof }", "08000700040000000100" },
    { "description \"{}\"", "06000000027b7d" },
    { "description {\n  {\"a\": 1,\n   \"b\": \"\\n\"}\n}\nu8 9",
      "06000000137b2261223a20312c202262223a20225c6e227d09" },
    { "description {\n{\n}}\n}", "06000000037b7d7d" },
    { "ram-size 0x10000; ram-block \"b\" 0x10000",
      "000000000001000401620000000000010000" },
    { "ram-zero 0x1000+0x1000 \"b\"; ram-zero 0",
      "0000000000002002016200000000000000002200" },
    { "set page 1; ram-normal 0 5 \"b\"; ram-normal 0 6",
      "0000000000000008016205000000000000002806" },
    { "ram-xbzrle 0 { u8 0 1 0xff }", "00000000000000600100030001ff" },
    { "ram-page 0x30 0x1000", "0000000000001030" },
    { "vfio setup; vfio eos", "ffffffffef100003ffffffffef100001" },
    { "vfio data 2 7; vfio subflag 3",
      "ffffffffef10000400000000000000020707ffffffffef110003" },
};

START_TEST(says_what_it_is_told)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = mkmig_assemble(good[_i].text, "row", &error);
    ck_assert_msg(bytes != NULL, "%s: %s", good[_i].text, error ? error->message : "");
    g_autofree char *found = hex(bytes);
    ck_assert_msg(strcmp(found, good[_i].hex) == 0, "%s: wanted %s, found %s",
                  good[_i].text, good[_i].hex, found);
}
END_TEST

static const struct {
    const char *text, *message;
} bad[] = {
    { "u8 1\nnonsense 2", "t:2: unknown word \"nonsense\"" },
    { "u8", "t:1: this is written: u8 VALUE..." },
    { "footer 1 2", "t:1: this is written: footer ID" },
    { "u8 1 { }", "t:1: this is written: u8 VALUE..." },
    { "len8", "t:1: this is written: len8 [WRONG_BY] {}" },
    { "\n\nu8 256", "t:3: 0x100 does not fit 1 bytes" },
    { "u8 -129", "t:1: 0xffffffffffffff7f does not fit 1 bytes" },
    { "u8 1x", "t:1: \"x\" is left over in \"1x\"" },
    { "u8 (1", "t:1: no ) in the expression" },
    { "u8 @nowhere", "t:1: no label @nowhere" },
    { "label a; label a", "t:1: label a stands here a second time" },
    { "label a; zero 1-@b+@a; label b", "t:1: the labels do not settle" },
    { "str \"open", "t:1: \"open does not end" },
    { "str \"\\q\"", "t:1: unknown escape in \"\\q\"" },
    { "bytes 123", "t:1: 123: pairs of hex digits were expected" },
    { "config \"m\" {\n  u8 300\n}", "t:2: 0x12c does not fit 1 bytes" },
    { "len8 {\n", "t:1: no } ends this block" },
    { "description {\n", "t:2: no } ends this block" },
    { "description { {} }", "t:1: the text begins on the line after the {" },
    { "u8 1 }", "t:1: a word was expected at \"}\"" },
    { "zero 0x7fffffff", "t:1: 0x7fffffff: 2147483647 is too much" },
    { "repeat 3 { zero 0x3000000 }", "t:1: the output is too large" },
    { "inside", "t:1: `inside` only makes sense in the table of words" },
};

START_TEST(names_the_mistake_and_its_line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = mkmig_assemble(bad[_i].text, "t", &error);
    ck_assert_msg(bytes == NULL, "%s: no mistake found", bad[_i].text);
    ck_assert_str_eq(error->message, bad[_i].message);
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
}
END_TEST

START_TEST(includes_what_stands_beside)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *outer = g_build_filename(dir, "outer.txt", NULL);
    g_autofree char *inner = g_build_filename(dir, "inner.txt", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert(g_file_set_contents(inner, "u8 2\n", -1, NULL));
    g_autoptr(GBytes) bytes =
        mkmig_assemble("u8 1; include \"inner.txt\"; u8 3", outer, &error);
    ck_assert_msg(bytes != NULL, "%s", error ? error->message : "");
    g_autofree char *found = hex(bytes);
    ck_assert_str_eq(found, "010203");

    ck_assert(g_file_set_contents(inner, "include \"inner.txt\"\n", -1, NULL));
    ck_assert(!mkmig_assemble("include \"inner.txt\"", outer, &error));
    ck_assert_msg(g_str_has_suffix(error->message, "inner.txt:1: nested too deeply"),
                  "%s", error->message);
    scratch_remove(dir);
}
END_TEST

/* The payload's length by its structure: version, configuration space, INTx, MSI-X. */
START_TEST(makes_a_configuration_payload)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) with = mkmig_assemble("vfio-payload 4096 8", "t", &error);
    g_autoptr(GBytes) without = mkmig_assemble("vfio-payload 256 0", "t", &error);
    ck_assert_uint_eq(g_bytes_get_size(with), 4 + 4096 + 16 + 8 * 16 + 1);
    ck_assert_uint_eq(g_bytes_get_size(without), 4 + 256 + 16);

    const uint8_t *config = (const uint8_t *)g_bytes_get_data(with, NULL) + 4;
    ck_assert_uint_eq(config[0] | config[1] << 8, 0x15b3);
    ck_assert_uint_eq(config[6] & 0x10, 0x10);     /* there is a capability list, */
    ck_assert_uint_eq(config[config[0x34]], 0x11); /* and it begins with MSI-X */
    ck_assert_uint_eq(config[0x42] | config[0x43] << 8, 0x8000 | 7);
}
END_TEST

START_TEST(every_fixture_assembles)
{
    g_auto(GStrv) names = fixture_list("good", ".txt");
    for (char **name = names; *name; name++) {
        g_autoptr(GBytes) bytes = fixture_bytes(*name);
        ck_assert_msg(g_bytes_get_size(bytes) > 0, "%s is empty", *name);
    }
}
END_TEST

Suite *suite_mkmig(void)
{
    Suite *suite = suite_create("mkmig");
    TCase *tc = tcase_create("language");
    tcase_add_loop_test(tc, says_what_it_is_told, 0, G_N_ELEMENTS(good));
    tcase_add_loop_test(tc, names_the_mistake_and_its_line, 0, G_N_ELEMENTS(bad));
    tcase_add_test(tc, includes_what_stands_beside);
    tcase_add_test(tc, makes_a_configuration_payload);
    tcase_add_test(tc, every_fixture_assembles);
    suite_add_tcase(suite, tc);
    return suite;
}
