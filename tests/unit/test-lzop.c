/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          lzop undone: each instruction of LZO1X, and what a header and a block may not
 *                say.
 * Must not know: the other compressions: test-input.c.
 * See also:      lib/io/container-lzop.c, lib/io/lzo1x.c; tests/packing.h.
 */
#include "packing.h"
#include "support.h"

#include <string.h>
#include <zlib.h>

#include "io/error.h"
#include "io/input.h"
#include "io/lzo1x.h"

/* Hexadecimal digits; "xx*N" is a byte N times. */
static GBytes *from_hex(const char *text)
{
    GByteArray *out = g_byte_array_new();
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (char **word = words; *word; word++) {
        const char *times = strchr(*word, '*');
        guint n = times ? (guint)g_ascii_strtoull(times + 1, NULL, 10) : 1;

        for (const char *p = *word; g_ascii_isxdigit(p[0]) && g_ascii_isxdigit(p[1]);
             p += 2) {
            guint8 byte =
                (guint8)(g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]));
            for (guint i = 0; i < n; i++) {
                g_byte_array_append(out, &byte, 1);
            }
        }
    }
    return g_byte_array_free_to_bytes(out);
}

#define ABCD "15 61626364 "
#define END  "110000"

static const struct {
    const char *what, *block;
    size_t n;         /* bytes that it makes */
    const char *tail; /* the last of them */
} blocks[] = {
    { "nothing", END, 0, "" },
    { "a literal at first", "12 61 " END, 1, "a" },
    { "four literals at first", ABCD END, 4, "abcd" },
    { "literals by a length", "01 61626364 " END, 4, "abcd" },
    { "by a longer length", "00 01 61*18 62 " END, 19, "aaab" },
    { "by a length of two bytes", "00 00 01 61*273 62 " END, 274, "aaab" },
    { "near, 3 bytes", ABCD "4c 00 " END, 7, "abcdabc" },
    { "near, 4 bytes", ABCD "6c 00 " END, 8, "abcdabcd" },
    { "near, 5 bytes", ABCD "8c 00 " END, 9, "abcdabcda" },
    { "near, 8 bytes", ABCD "ec 00 " END, 12, "abcdabcdabcd" },
    { "near, by two bytes", ABCD "4c 00 6c 00 48 01 " END, 14, "abcdabcdabcabc" },
    { "with literals", ABCD "4e 00 7879 " END, 9, "abcdabcxy" },
    { "which it repeats", ABCD "40 00 " END, 7, "abcdddd" },
    { "2 bytes, after a literal", ABCD "4d 00 78 0c 00 " END, 10, "abcdabcxab" },
    { "after literals at first", "14 616263 08 00 " END, 5, "abcab" },
    { "and literals again", "14 616263 09 00 78 " END, 6, "abcabx" },
    { "middle", ABCD "21 0c00 " END, 7, "abcdabc" },
    { "middle, with literals", ABCD "21 0d00 78 " END, 8, "abcdabcx" },
    { "middle, a longer length", ABCD "20 01 0c00 " END, 38, "dabcdab" },
    { "3 bytes from afar, after 4 literals",
      ABCD "20 00*8 01 0c00 01 65666768 00 00 " END, 4 + 2074 + 4 + 3, "efghbcd" },
    { "far", ABCD "20 00*65 01 0c00 11 0400 " END, 4 + 16609 + 3, "aabc" },
    { "farther than 32 KiB", ABCD "20 00*130 01 0c00 19 0400 " END, 4 + 33184 + 3,
      "ddab" },
};

START_TEST(undoes_instructions)
{
    g_autoptr(GBytes) block = from_hex(blocks[_i].block);
    g_autofree guint8 *made = g_malloc0(blocks[_i].n + 1);
    gsize n, tail = strlen(blocks[_i].tail);
    const guint8 *data = g_bytes_get_data(block, &n);

    ck_assert_msg(mig_lzo1x_decode(data, n, made, blocks[_i].n), "%s", blocks[_i].what);
    ck_assert_str_eq((const char *)made + blocks[_i].n - tail, blocks[_i].tail);
    /* Cut, followed by another byte, or of another length it is damaged. */
    for (gsize cut = 0; cut < n; cut++) {
        g_autofree guint8 *exact = g_memdup2(data, cut);
        ck_assert(!mig_lzo1x_decode(exact, cut, made, blocks[_i].n));
    }
    g_autofree guint8 *longer = g_memdup2(data, n + 1);
    longer[n] = 0;
    ck_assert(!mig_lzo1x_decode(longer, n + 1, made, blocks[_i].n));
    ck_assert(!mig_lzo1x_decode(data, n, made, blocks[_i].n + 1));
    if (blocks[_i].n > 0) {
        g_autofree guint8 *exact = g_malloc(blocks[_i].n - 1);
        ck_assert(!mig_lzo1x_decode(data, n, exact, blocks[_i].n - 1));
    }
}
END_TEST

START_TEST(refuses_a_match_before_the_block)
{
    static const char *const bad[] = { ABCD "50 00 " END,      ABCD "21 1000 " END,
                                       ABCD "11 0400 " END,    ABCD "00 00 " END,
                                       "14 616263 0c 00 " END, "40 00 " END };
    guint8 made[64];

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GBytes) block = from_hex(bad[i]);
        gsize n;
        const guint8 *data = g_bytes_get_data(block, &n);
        for (size_t length = 0; length < sizeof made; length++) {
            ck_assert_msg(!mig_lzo1x_decode(data, n, made, length), "%s", bad[i]);
        }
    }
}
END_TEST

/* All that an input gives; NULL with *error set where it ends with one. */
static GBytes *read_all(GBytes *bytes, GError **error)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "bytes", NULL, error);
    g_autoptr(GByteArray) all = g_byte_array_new();
    const guint8 *data;
    size_t n = 0;

    while (in && (data = mig_input_peek(in, 1, &n)) && n > 0) {
        g_byte_array_append(all, data, (guint)n);
        mig_input_skip(in, n);
    }
    return in && mig_input_end_error(in, error)
               ? g_byte_array_free_to_bytes(g_steal_pointer(&all))
               : NULL;
}

/* What the program lzop 1.04 wrote, with -9 and a CRC and checksums of both kinds. */
START_TEST(undoes_a_file_of_lzop)
{
    g_autoptr(GBytes) plain = fixture_bytes("good/vfio-config-last.txt");
    g_autoptr(GBytes) packed = fixture_bytes("lzop/vfio-config-last.lzo");
    g_autoptr(GBytes) read = read_all(packed, NULL);

    ck_assert(read && g_bytes_equal(read, plain));
}
END_TEST

static const struct {
    const char *what;
    gsize offset;        /* of the bytes that are changed */
    const char *bytes;   /* in hexadecimal */
    const char *message; /* NULL: none, it reads "abcd" */
} headers[] = {
    { "as it is", LZOP_METHOD, "01", NULL },
    { "LZO1X-999", LZOP_METHOD, "03", NULL },
    { "a newer lzop", LZOP_VERSION, "2000", NULL },
    { "too old", LZOP_VERSION, "0800", "lzop: the compressed data is damaged" },
    { "too new", LZOP_NEEDED, "1041",
      "lzop: it needs a newer version of lzop than 1.04" },
    { "no method", LZOP_METHOD, "00", "lzop: its method is not one of LZO1X" },
    { "another method", LZOP_METHOD, "04", "lzop: its method is not one of LZO1X" },
    { "no filter", LZOP_FLAGS, "00000800 00000000",
      "lzop: its filter is not one of lzop 1.04" },
    { "no filter that there is", LZOP_FLAGS, "00000800 00000011",
      "lzop: its filter is not one of lzop 1.04" },
    { "an extra field", LZOP_FLAGS, "00000040",
      "lzop: it has an extra field, which is not supported" },
    { "several parts", LZOP_FLAGS, "00000400", NULL },
    { "a CRC of the header", LZOP_FLAGS, "00001000",
      "lzop: the compressed data is damaged" },
    { "no plain bytes", LZOP_BLOCK + 4, "00000000",
      "lzop: the compressed data is damaged" },
    { "longer than plain", LZOP_BLOCK, "00000003",
      "lzop: the compressed data is damaged" },
    { "larger than lzop makes blocks", LZOP_BLOCK, "04000001",
      "lzop: the compressed data is damaged" },
    { "another length", LZOP_BLOCK, "00000005", "lzop: the compressed data is damaged" },
};

START_TEST(checks_headers)
{
    g_autoptr(GBytes) member = lzop_member(4, "abcd", 4);
    g_autoptr(GBytes) bytes = from_hex(headers[_i].bytes);
    const gsize n = g_bytes_get_size(member);
    gsize length;
    g_autofree guint8 *changed = g_memdup2(g_bytes_get_data(member, NULL), n);
    const guint8 *data = g_bytes_get_data(bytes, &length);
    g_autoptr(GError) error = NULL;

    memcpy(changed + headers[_i].offset, data, length);
    lzop_sign(changed);
    g_autoptr(GBytes) all = g_bytes_new(changed, n);
    g_autoptr(GBytes) read = read_all(all, &error);
    ck_assert_pstr_eq(error ? error->message : NULL, headers[_i].message);
    ck_assert((read != NULL) == !headers[_i].message);
    ck_assert(!read || memcmp(g_bytes_get_data(read, NULL), "abcd", 4) == 0);

    changed[LZOP_CHECKSUM] ^= 1;
    g_autoptr(GBytes) unsigned_one = g_bytes_new(changed, n);
    g_clear_error(&error);
    ck_assert_ptr_null(read_all(unsigned_one, &error));
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_CONTAINER) ||
              g_error_matches(error, MIG_ERROR, MIG_ERROR_UNSUPPORTED));
}
END_TEST

/* A stored block whose checksum is another one. */
START_TEST(checks_a_checksum)
{
    g_autoptr(GBytes) plain = g_bytes_new_static("abcd", 4);
    g_autoptr(GBytes) packed = packed_lzop(plain);
    const gsize n = g_bytes_get_size(packed);
    g_autofree guint8 *changed = g_memdup2(g_bytes_get_data(packed, NULL), n);
    g_autoptr(GError) error = NULL;

    changed[LZOP_BLOCK + 12] = 'b';
    g_autoptr(GBytes) all = g_bytes_new(changed, n);
    ck_assert_ptr_null(read_all(all, &error));
    ck_assert_str_eq(error->message, "lzop: the compressed data is damaged");
}
END_TEST

/* What lzop 1.04 makes of "abcdefgh" with --filter=3, in a stored block, and of nothing with
 * --filter=1. */
START_TEST(undoes_a_filter)
{
    static const struct {
        const char *hex, *plain;
    } rows[] = {
        { "894c5a4f000d0a1a0a104020a0095001050300080d00000003000000006b"
          "0a241f00000000002d27024300000008000000080e000325616263030303"
          "030300000000",
          "abcdefgh" },
        { "894c5a4f000d0a1a0a104020a0095001050300080d00000001000000006b"
          "0a241f00000000002d0b024100000000",
          "" },
    };
    g_autoptr(GBytes) packed = from_hex(rows[_i].hex);
    g_autoptr(GBytes) read = read_all(packed, NULL);
    const size_t n = strlen(rows[_i].plain);

    ck_assert(read && g_bytes_get_size(read) == n);
    ck_assert(n == 0 || memcmp(g_bytes_get_data(read, NULL), rows[_i].plain, n) == 0);
}
END_TEST

/* A member with a block of 12 bytes, packed in 10, and the checksums of @chosen, a bit each in
 * the order in which they come; the @wrong-th of these is another one.  0: none is. */
static GBytes *member_with(unsigned chosen, unsigned wrong)
{
    static const guint16 flags[] = { 0x1, 0x100, 0x2, 0x200 };
    g_autoptr(GBytes) packed = from_hex(ABCD "ec 00 " END);
    gsize n;
    const guint8 *data = g_bytes_get_data(packed, &n);
    const guint32 sums[] = { (guint32)adler32(1, (const Bytef *)"abcdabcdabcd", 12),
                             (guint32)crc32(0, (const Bytef *)"abcdabcdabcd", 12),
                             (guint32)adler32(1, data, (uInt)n),
                             (guint32)crc32(0, data, (uInt)n) };
    g_autoptr(GBytes) member = lzop_member(12, data, n);
    GByteArray *out = g_bytes_unref_to_array(g_steal_pointer(&member));
    g_autofree guint8 *rest = g_memdup2(out->data + LZOP_BLOCK + 8, n + 4);
    unsigned all = 0;

    g_byte_array_set_size(out, LZOP_BLOCK + 8);
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        guint32 sum = GUINT32_TO_BE(sums[i] ^ (wrong == i + 1));

        if (chosen >> i & 1) {
            all |= flags[i];
            g_byte_array_append(out, (const guint8 *)&sum, sizeof sum);
        }
    }
    g_byte_array_append(out, rest, (guint)n + 4);
    out->data[LZOP_FLAGS + 2] = (guint8)(all >> 8);
    out->data[LZOP_FLAGS + 3] = (guint8)all;
    lzop_sign(out->data);
    return g_byte_array_free_to_bytes(out);
}

START_TEST(checks_each_checksum)
{
    const unsigned chosen = (unsigned)_i;

    for (unsigned wrong = 0; wrong <= 4; wrong++) {
        g_autoptr(GBytes) member = member_with(chosen, wrong);
        g_autoptr(GBytes) read = read_all(member, NULL);
        bool sound = wrong == 0 || !(chosen >> (wrong - 1) & 1);

        ck_assert_msg((read != NULL) == sound, "checksums %x, %u wrong", chosen, wrong);
        ck_assert(!read ||
                  (g_bytes_get_size(read) == 12 &&
                   memcmp(g_bytes_get_data(read, NULL), "abcdabcdabcd", 12) == 0));
    }
}
END_TEST

Suite *suite_lzop(void)
{
    Suite *suite = suite_create("lzop");
    TCase *tc = tcase_create("lzop");

    tcase_add_loop_test(tc, undoes_instructions, 0, G_N_ELEMENTS(blocks));
    tcase_add_test(tc, refuses_a_match_before_the_block);
    tcase_add_test(tc, undoes_a_file_of_lzop);
    tcase_add_loop_test(tc, checks_headers, 0, G_N_ELEMENTS(headers));
    tcase_add_test(tc, checks_a_checksum);
    tcase_add_loop_test(tc, undoes_a_filter, 0, 2);
    tcase_add_loop_test(tc, checks_each_checksum, 0, 16);
    suite_add_tcase(suite, tc);
    return suite;
}
