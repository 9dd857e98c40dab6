/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the return path: its bytes, both ways and in pieces of any
 *                length.
 * Must not know: sockets.
 * See also:      lib/live/return-path.h.
 */
#include "support.h"

#include <inttypes.h>
#include <string.h>

#include "migstat.h"

static const uint8_t bits[] = { 0x55, 0xaa, 0x0f };

/* One message each, in the hexadecimal that is on the wire. */
static const struct {
    MigReturnMessage message;
    const char *hex, *shown;
} rows[] = {
    { { .type = MIG_RETURN_SHUT }, "0001 0004 00000000", "SHUT 0" },
    { { .type = MIG_RETURN_SHUT, .value = 1 }, "0001 0004 00000001", "SHUT 1" },
    { { .type = MIG_RETURN_PONG, .value = MIG_PING_PACKAGE_LOADED },
      "0002 0004 00000042",
      "PONG 66" },
    { { .type = MIG_RETURN_REQ_PAGES_ID,
        .start = 0x123456789a000,
        .length = 4096,
        .block = "pc.ram" },
      "0003 0013 000123456789a000 00001000 06 70632e72616d",
      "REQ_PAGES_ID 320255973498880+4096 pc.ram" },
    { { .type = MIG_RETURN_REQ_PAGES_ID },
      "0003 000d 0000000000000000 00000000 00",
      "REQ_PAGES_ID 0+0 " },
    { { .type = MIG_RETURN_REQ_PAGES, .start = 0x2000, .length = 0x1000 },
      "0004 000c 0000000000002000 00001000",
      "REQ_PAGES 8192+4096" },
    { { .type = MIG_RETURN_RECV_BITMAP,
        .block = "ram",
        .bitmap = bits,
        .n_bitmap = sizeof bits },
      "0005 0004 03 72616d 0000000000000003 55aa0f 0123456789abcdef",
      "RECV_BITMAP ram 3" },
    { { .type = MIG_RETURN_RECV_BITMAP, .block = "r" },
      "0005 0002 01 72 0000000000000000 0123456789abcdef",
      "RECV_BITMAP r 0" },
    { { .type = MIG_RETURN_RESUME_ACK, .value = 1 },
      "0006 0004 00000001",
      "RESUME_ACK 1" },
    { { .type = MIG_RETURN_SWITCHOVER_ACK }, "0007 0000", "SWITCHOVER_ACK" },
};

static GByteArray *bytes_of(const char *hex)
{
    GByteArray *bytes = g_byte_array_new();

    for (; *hex; hex++) {
        if (*hex != ' ') {
            uint8_t byte = (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 |
                                     g_ascii_xdigit_value(hex[1]));
            g_byte_array_append(bytes, &byte, 1);
            hex++;
        }
    }
    return bytes;
}

static void show(const MigReturnMessage *m, GString *out)
{
    if (out->len) {
        g_string_append(out, "; ");
    }
    g_string_append(out, mig_return_name((uint16_t)m->type));
    if (m->type == MIG_RETURN_REQ_PAGES || m->type == MIG_RETURN_REQ_PAGES_ID) {
        g_string_append_printf(out, " %" PRIu64 "+%u", m->start, m->length);
    } else if (m->type != MIG_RETURN_RECV_BITMAP &&
               m->type != MIG_RETURN_SWITCHOVER_ACK) {
        g_string_append_printf(out, " %u", m->value);
    }
    if (m->type == MIG_RETURN_RECV_BITMAP) {
        g_string_append_printf(out, " %s %" PRIu64, m->block, m->n_bitmap);
        ck_assert_ptr_null(m->bitmap);
    } else if (m->type == MIG_RETURN_REQ_PAGES_ID) {
        g_string_append_printf(out, " %s", m->block);
    }
}

/* What @bytes are, @piece at once: "...", and what is wrong or that there is a rest. */
static char *outline_of(const GByteArray *bytes, size_t piece)
{
    g_autoptr(MigReturnDecoder) decoder = mig_return_decoder_new();
    g_autoptr(GError) error = NULL;
    GString *out = g_string_new(NULL);
    MigReturnMessage message;

    for (size_t at = 0; at < bytes->len;) {
        size_t used;
        size_t n = MIN(piece, bytes->len - at);
        MigReturnStep step = mig_return_decoder_push(decoder, bytes->data + at, n, &used,
                                                     &message, &error);
        if (step == MIG_RETURN_STEP_FAILED) {
            uint64_t offset = 0;

            ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_MALFORMED));
            ck_assert(mig_error_get_offset(error, &offset));
            g_string_append_printf(out, "%s@%" PRIu64 ": %s", out->len ? "; " : "",
                                   offset, error->message);
            /* It stays so. */
            ck_assert_int_eq(mig_return_decoder_push(decoder, bytes->data, bytes->len,
                                                     &used, &message, NULL),
                             MIG_RETURN_STEP_FAILED);
            ck_assert_uint_eq(used, 0);
            return g_string_free(out, FALSE);
        }
        ck_assert_uint_le(used, n);
        ck_assert(step == MIG_RETURN_STEP_MESSAGE || used == n);
        at += used;
        if (step == MIG_RETURN_STEP_MESSAGE) {
            show(&message, out);
        }
    }
    if (!mig_return_decoder_is_between(decoder)) {
        g_string_append(out, out->len ? "; and a rest" : "a rest");
    }
    return g_string_free(out, FALSE);
}

START_TEST(messages_are_written)
{
    g_autoptr(GByteArray) wanted = bytes_of(rows[_i].hex);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    ck_assert(mig_return_encode(&rows[_i].message, bytes));
    ck_assert_uint_eq(bytes->len, wanted->len);
    ck_assert_mem_eq(bytes->data, wanted->data, wanted->len);
}
END_TEST

START_TEST(messages_are_read)
{
    g_autoptr(GByteArray) bytes = bytes_of(rows[_i].hex);

    for (size_t piece = 1; piece <= bytes->len; piece++) {
        g_autofree char *outline = outline_of(bytes, piece);
        ck_assert_str_eq(outline, rows[_i].shown);
    }
    /* Cut anywhere, there is a rest. */
    while (bytes->len > 1) {
        g_byte_array_set_size(bytes, bytes->len - 1);
        g_autofree char *outline = outline_of(bytes, bytes->len);
        ck_assert_str_eq(outline, "a rest");
    }
}
END_TEST

/* All of them in a row. */
START_TEST(messages_follow_each_other)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GString) wanted = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        ck_assert(mig_return_encode(&rows[i].message, bytes));
        g_string_append_printf(wanted, "%s%s", i ? "; " : "", rows[i].shown);
    }
    for (size_t piece = 1; piece <= bytes->len; piece += 7) {
        g_autofree char *outline = outline_of(bytes, piece);
        ck_assert_str_eq(outline, wanted->str);
    }
}
END_TEST

static const struct {
    const char *hex, *shown;
} wrong[] = {
    { "0000 0000", "@0: the return path has a message of the unknown type 0" },
    { "0008 0000", "@0: the return path has a message of the unknown type 8" },
    { "0007 0000 5145", "SWITCHOVER_ACK; and a rest" },
    { "0007 0000 5145 564d",
      "SWITCHOVER_ACK; @4: the return path has a message of the unknown type 20805" },
    { "0001 0003", "@0: the message SHUT of the return path has 3 bytes, not 4" },
    { "0002 ffff", "@0: the message PONG of the return path has 65535 bytes, not 4" },
    { "0007 0001",
      "@0: the message SWITCHOVER_ACK of the return path has 1 bytes, not 0" },
    { "0003 000c", "@0: the message REQ_PAGES_ID of the return path has 12 bytes, not 13 "
                   "and the name of a block" },
    { "0003 010d", "@0: the message REQ_PAGES_ID of the return path has 269 bytes, not "
                   "13 and the name of a block" },
    { "0005 0004 02 72616d",
      "@4: the message RECV_BITMAP of the return path has a name of 2 bytes in 3" },
    { "0005 0004 ff 72616d",
      "@4: the message RECV_BITMAP of the return path has a name of 255 bytes in 3" },
    { "0005 0002 01 72 0000000800000001",
      "@6: the bitmap in the return path has "
      "34359738369 bytes, more than any block needs" },
    { "0005 0002 01 72 0000000000000001 ff 0123456789abcdee",
      "@15: the bitmap in the return path has no mark at its end" },
};

START_TEST(what_no_loader_sends_is_an_error)
{
    g_autoptr(GByteArray) bytes = bytes_of(wrong[_i].hex);

    for (size_t piece = 1; piece <= bytes->len; piece++) {
        g_autofree char *outline = outline_of(bytes, piece);
        ck_assert_str_eq(outline, wrong[_i].shown);
    }
}
END_TEST

START_TEST(the_longest_name_is_kept)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GString) wanted = g_string_new("REQ_PAGES_ID 1+2 ");
    MigReturnMessage message = { .type = MIG_RETURN_REQ_PAGES_ID,
                                 .start = 1,
                                 .length = 2 };

    memset(message.block, 'n', sizeof message.block - 1);
    g_string_append(wanted, message.block);
    ck_assert(mig_return_encode(&message, bytes));
    g_autofree char *outline = outline_of(bytes, bytes->len);
    ck_assert_str_eq(outline, wanted->str);
}
END_TEST

START_TEST(a_type_that_is_none_is_not_written)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const MigReturnMessage message = { .type = (MigReturnType)8 };

    ck_assert(!mig_return_encode(&message, bytes));
    ck_assert_uint_eq(bytes->len, 0);
    ck_assert_ptr_null(mig_return_name(0));
    ck_assert_ptr_null(mig_return_name(8));
}
END_TEST

Suite *suite_return_path(void)
{
    Suite *suite = suite_create("return_path");
    TCase *tc = tcase_create("messages");

    tcase_add_loop_test(tc, messages_are_written, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, messages_are_read, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tc, messages_follow_each_other);
    tcase_add_loop_test(tc, what_no_loader_sends_is_an_error, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(tc, the_longest_name_is_kept);
    tcase_add_test(tc, a_type_that_is_none_is_not_written);
    suite_add_tcase(suite, tc);
    return suite;
}
