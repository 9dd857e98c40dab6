/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the page decoders, XBZRLE and zlib.
 * Must not know: records.
 * See also:      lib/stream/page.h.
 */
#include "stream/page.h"

#include <string.h>

#include "mkmig.h"
#include "support.h"
#include "stream/page-decode.h"

#define PAGE 4096u

/* Encodings of a page of 4,096 bytes; `changed` is the expected text at `at`, and all else is
 * as it was. */
static const struct {
    const char *text;
    bool sound;
    size_t at;
    const char *changed;
} encodings[] = {
    { "", true, 0, "" },
    { "u8 0 3; str \"abc\"", true, 0, "abc" },
    { "u8 5 2; str \"ab\"; u8 1 1; str \"c\"", true, 5, "ab.c" },
    { "u8 0xfe 0x1f 2; str \"yz\"", true, 4094, "yz" },
    { "u8 0 0x80 0x20; fill 4090 0x2e; str \"aaaaaa\"", true, 4090, "aaaaaa" },
    { "u8 0xff 0x1f 1; str \"z\"", true, 4095, "z" },
    /* an unchanged run of none, but in the first pair; a changed run of none */
    { "u8 0 1 0x61 0 1 0x62", false, 0, NULL },
    { "u8 1 0", false, 0, NULL },
    { "u8 0 0 1 1", false, 0, NULL },
    /* beyond the page, beyond the data, three bytes for a length, a number cut short */
    { "u8 0x80 0x20 1 0x61", false, 0, NULL },
    { "u8 0xff 0x1f 2 0x61 0x61", false, 0, NULL },
    { "u8 0 0x81 0x20; fill 4097 0", false, 0, NULL },
    { "u8 0 4 1 2 3", false, 0, NULL },
    { "u8 0x80 0x80 1 1 0x61", false, 0, NULL },
    { "u8 1", false, 0, NULL },
    { "u8 0 1 0x61 3", false, 0, NULL },
};

START_TEST(decodes_xbzrle)
{
    g_autoptr(GBytes) bytes = mkmig_assemble(encodings[_i].text, "row", NULL);
    g_autofree uint8_t *page = g_malloc(PAGE), *wanted = g_malloc(PAGE);
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);
    g_autofree uint8_t *exact = g_memdup2(n ? data : page, MAX(n, 1));

    memset(page, '.', PAGE);
    ck_assert_msg(mig_page_xbzrle(exact, n, NULL, PAGE) == encodings[_i].sound, "%s",
                  encodings[_i].text);
    ck_assert_int_eq(mig_page_xbzrle(exact, n, page, PAGE), encodings[_i].sound);
    if (encodings[_i].sound) {
        memset(wanted, '.', PAGE);
        memcpy(wanted + encodings[_i].at, encodings[_i].changed,
               strlen(encodings[_i].changed));
        ck_assert_msg(memcmp(page, wanted, PAGE) == 0, "%s", encodings[_i].text);
    }
}
END_TEST

static GBytes *deflate(size_t n)
{
    g_autoptr(GZlibCompressor) zlib =
        g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 9);
    g_autofree uint8_t *plain = g_malloc(n + 1);
    uint8_t out[1024];
    gsize read, written;

    memset(plain, 0x5a, n);
    ck_assert_int_eq(g_converter_convert(G_CONVERTER(zlib), plain, n, out, sizeof(out),
                                         G_CONVERTER_INPUT_AT_END, &read, &written, NULL),
                     G_CONVERTER_FINISHED);
    return g_bytes_new(out, written);
}

/* Each byte of a page, by one run. */
START_TEST(changes_a_whole_page)
{
    g_autoptr(GBytes) bytes =
        mkmig_assemble("u8 0 0x80 0x20; random 4096 7", "whole", NULL);
    g_autofree uint8_t *page = g_malloc0(PAGE);
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);

    ck_assert(mig_page_xbzrle(data, n, page, PAGE));
    ck_assert_mem_eq(page, data + 3, PAGE);
}
END_TEST

START_TEST(inflates_one_page_exactly)
{
    static const struct {
        size_t plain;
        int extra; /* bytes more, or less, than there are */
        bool sound;
    } rows[] = {
        { PAGE, 0, true },      { PAGE - 1, 0, false }, { PAGE + 1, 0, false },
        { PAGE * 9, 0, false }, { PAGE, 1, false },     { PAGE, -1, false },
        { PAGE, -9, false },    { 0, 0, false },
    };
    g_autoptr(GBytes) bytes = deflate(rows[_i].plain);
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);
    g_autofree uint8_t *copy = g_malloc0(n + 16), *page = g_malloc0(PAGE);

    memcpy(copy, data, n);
    ck_assert_msg(mig_page_inflate(copy, n + (size_t)rows[_i].extra, page, PAGE) ==
                      rows[_i].sound,
                  "row %d", _i);
    ck_assert_uint_eq(page[PAGE - 1], rows[_i].sound ? 0x5a : 0);
}
END_TEST

START_TEST(inflates_no_garbage)
{
    g_autofree uint8_t *page = g_malloc0(PAGE);

    ck_assert(!mig_page_inflate((const uint8_t *)"not zlib", 8, page, PAGE));
    ck_assert(!mig_page_inflate((const uint8_t *)"", 0, page, PAGE));
}
END_TEST

START_TEST(knows_zero)
{
    uint8_t page[8] = { 0 };

    ck_assert(mig_page_is_zero(page, 8) && mig_page_is_zero(page, 0));
    page[_i] = 1;
    ck_assert(!mig_page_is_zero(page, 8));
}
END_TEST

Suite *suite_page(void)
{
    Suite *suite = suite_create("page");
    TCase *tc = tcase_create("page");

    tcase_add_loop_test(tc, decodes_xbzrle, 0, G_N_ELEMENTS(encodings));
    tcase_add_test(tc, changes_a_whole_page);
    tcase_add_loop_test(tc, inflates_one_page_exactly, 0, 8);
    tcase_add_test(tc, inflates_no_garbage);
    tcase_add_loop_test(tc, knows_zero, 0, 8);
    suite_add_tcase(suite, tc);
    return suite;
}
