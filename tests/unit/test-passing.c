/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of what is told of channels while they pass, in pieces of any length.
 * Must not know: connections (../cli/test-relay.c).
 * See also:      lib/live/passing.h; fixtures/channels.
 */
#include "support.h"

#include <string.h>

#include "conversion.h"
#include "migstat.h"

#define PAGE 4096

/* --- the main channel ----------------------------------------------------------------------- */

#define BEGIN(series)                                                              \
    "header; config \"pc-q35-" series "\"; start 2 \"ram\" 0 4; ram-size 0x2000; " \
    "ram-block \"b\" 0x2000; "
#define PART(what) "part 2; " what "ram-eos; footer 2; "
#define END(what) \
    "end 2; " what "ram-eos; footer 2; full 7 \"timer\" 0 2; fill 24 0; footer 7; eof"

static const struct {
    const char *text; /* what mkmig assembles, or after "=" a path below fixtures */
    const char *told; /* what each mig_passing_main_next() gave */
} mains[] = {
    /* A sync point at each FLUSH, and where START has none, at the end of each body. */
    { BEGIN("9.0") "ram-flush; ram-eos; footer 2; " PART("") PART("ram-flush; ")
          END("ram-flush; "),
      "1 2 3 end@197" },
    { BEGIN("7.2") "ram-eos; footer 2; " PART("ram-zero 0 \"b\"; ") END(""),
      "1 2 3 end@166" },
    { BEGIN("7.2") "ram-eos; footer 2; " PART("ram-flush; ") END(""), "1 2 3 4 end@163" },
    /* Pages with content are told once, and zero pages not. */
    { BEGIN("7.2") "ram-eos; footer 2; " PART(
          "ram-zero 0 \"b\"; ram-normal 0 7; ram-normal 0x1000 7; ") END(""),
      "1 1+pages 2+pages 3+pages end@8374" },
    { BEGIN("7.2") "ram-eos; footer 2; part 2; ", "1 failed" },
    { BEGIN("7.2") "ram-eos; footer 2; part 2; be64 0x777", "1 failed" },
    { "be32 0x16030100", "failed" },
    { "zero 0", "failed" },
    { "=channels/q35-72-multifd/channel-0.zst", NULL },
    { "=channels/q35-100-multifd-vfio/channel-0.zst", NULL },
    { "=channels/q35-111-multifd-zstd/channel-0.zst", NULL },
};

typedef struct Pieces {
    GBytes *bytes;
    size_t most;
} Pieces;

static ssize_t read_piece(void *data, uint64_t offset, void *buffer, size_t n,
                          GError **error)
{
    const Pieces *pieces = data;
    gsize size;
    const uint8_t *bytes = g_bytes_get_data(pieces->bytes, &size);

    (void)error;
    n = MIN(MIN(n, pieces->most), size - offset);
    if (n) {
        memcpy(buffer, bytes + offset, n);
    }
    return (ssize_t)n;
}

/* The caller frees. */
static char *told(GBytes *bytes, size_t most)
{
    const MigInputCallbacks callbacks = { MIG_INPUT_CALLBACKS_INIT, .read = read_piece };
    Pieces pieces = { bytes, most };
    g_autoptr(MigPassingMain) passing = mig_passing_main_new(&callbacks, &pieces, NULL);
    GString *text = g_string_new(NULL);
    MigStatus status = MIG_STATUS_ERROR;

    while (passing &&
           (status = mig_passing_main_next(passing, NULL)) == MIG_STATUS_MORE) {
        g_string_append_printf(text, "%" PRIu64 "%s ", mig_passing_main_points(passing),
                               mig_passing_main_has_pages(passing) ? "+pages" : "");
    }
    if (status == MIG_STATUS_END) {
        g_string_append_printf(text, "end@%" PRIu64, mig_passing_main_end(passing));
        ck_assert_int_eq(mig_passing_main_next(passing, NULL), MIG_STATUS_END);
    } else {
        g_string_append(text, "failed");
    }
    return g_string_free(text, FALSE);
}

static GBytes *bytes_of(const char *text)
{
    return *text == '=' ? fixture_bytes(text + 1) : assembled(text);
}

START_TEST(sync_points_are_told)
{
    g_autoptr(GBytes) bytes = bytes_of(mains[_i].text);
    g_autofree char *at_once = told(bytes, SIZE_MAX), *wanted = g_strdup(mains[_i].told);

    if (!wanted) {
        wanted = g_strdup(at_once);
        ck_assert_msg(strstr(wanted, " end@"), "%s", wanted);
    }
    ck_assert_str_eq(at_once, wanted);
    for (size_t most = 1; most < 2000; most += 999) {
        g_autofree char *text = told(bytes, most);

        ck_assert_str_eq(text, wanted);
    }
}
END_TEST

/* --- a multifd channel ---------------------------------------------------------------------- */

#define ID     "multifd-initial 0; "
#define SYNC   "multifd-sync 9; "
#define NORMAL "multifd-packet 0 3 2 0 \"b\" { be64 0x1000 0x2000 }; page 1; page 2; "
#define BOTH   "multifd-packet 1 3 1 1 \"b\" { be64 0x1000 0x2000 }; page 1; "
#define ZERO   "multifd-packet 0 3 0 2 \"b\" { be64 0x1000 0x2000 }; "
#define DEVICE "multifd-device \"a/vfio\" 0 { fill 100 7 }; "

static const struct {
    const char *text;
    uint64_t syncs;
    bool whole;
} channels[] = {
    { "zero 0", 0, true },
    { ID, 0, true },
    { ID SYNC, 1, true },
    { ID SYNC NORMAL ZERO SYNC DEVICE DEVICE, 2, true },
    { ID BOTH SYNC BOTH, 3, true },
    /* What is not whole has not come. */
    { "be32 0x11223344", 0, false },
    { "be32 0x11223344 1; fill 55 0", 0, false },
    { ID "be32 0x11223344", 0, false },
    { ID SYNC "be32 0x11223344 1 1 0 0 0; be64 9; fill 1000 0", 1, false },
    { ID "multifd-packet 1 3 1 0 \"b\" { be64 0x1000 }; fill 4095 1", 0, false },
    { ID "be32 0x11223344 1 0x40; str \"a\"; fill 255 0; be32 0 100; fill 99 0", 0,
      false },
    { "=channels/q35-72-multifd/channel-1.zst", UINT64_MAX, true },
    { "=channels/q35-72-multifd/channel-2.zst", UINT64_MAX, true },
    { "=channels/q35-72-multifd-zlib/channel-1.zst", UINT64_MAX, true },
    { "=channels/q35-100-multifd-vfio/channel-1.zst", UINT64_MAX, true },
    { "=channels/q35-100-multifd-vfio/channel-2.zst", UINT64_MAX, true },
    { "=channels/q35-111-multifd-zstd/channel-1.zst", UINT64_MAX, true },
};

/* In pieces of @most bytes; the data of packets is not shown if @skips. */
static void push_all(MigPassingChannel *passing, GBytes *bytes, size_t most, bool skips)
{
    gsize n;
    const uint8_t *p = g_bytes_get_data(bytes, &n);

    while (n > 0) {
        uint64_t unseen = mig_passing_channel_unseen(passing);
        size_t step = MIN(most, n);

        if (skips && unseen > 0) {
            step = MIN(step, unseen);
            mig_passing_channel_skip(passing, step);
        } else {
            ck_assert(mig_passing_channel_push(passing, p, step, NULL));
        }
        p += step;
        n -= step;
    }
}

/* How many sync points the main channel beside the fixture @text has. */
static uint64_t points_beside(const char *text)
{
    g_autofree char *folder = g_path_get_dirname(text + 1);
    g_autofree char *main_name = g_strconcat(folder, "/channel-0.zst", NULL);
    g_autoptr(GBytes) bytes = fixture_bytes(main_name);
    g_autofree char *text_told = told(bytes, SIZE_MAX);
    g_auto(GStrv) words = g_strsplit(text_told, " ", -1);

    return g_ascii_strtoull(words[g_strv_length(words) - 2], NULL, 10);
}

START_TEST(packets_are_told)
{
    static const size_t pieces[] = { 1, 64, 1000, SIZE_MAX };
    g_autoptr(GBytes) bytes = bytes_of(channels[_i].text);
    uint64_t syncs = channels[_i].syncs == UINT64_MAX ? points_beside(channels[_i].text)
                                                      : channels[_i].syncs;

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(pieces); i++) {
        g_autoptr(MigPassingChannel) passing = mig_passing_channel_new(PAGE);

        push_all(passing, bytes, pieces[i / 2], i % 2);
        ck_assert_uint_eq(mig_passing_channel_syncs(passing), syncs);
        ck_assert_int_eq(mig_passing_channel_is_whole(passing), channels[_i].whole);
    }
}
END_TEST

/* Where they begin to be none. */
static const struct {
    const char *text;
    uint64_t offset;
} others[] = {
    { "u8 0x12", 0 },
    { "be32 0x11223345", 0 },
    { "be32 0x11223344 2", 0 },
    { "ram-normal 0 9 \"b\"", 0 },
    { ID "u8 0x12", 64 },
    { ID SYNC "be32 0x11223344 1 0; fill 2000 0", 64 + 2 * 1344 },
};

START_TEST(what_is_no_packet_is_told)
{
    g_autoptr(GBytes) bytes = bytes_of(others[_i].text);
    g_autoptr(MigPassingChannel) passing = mig_passing_channel_new(PAGE);
    g_autoptr(GError) error = NULL;
    gsize n;
    const uint8_t *p = g_bytes_get_data(bytes, &n);

    ck_assert(!mig_passing_channel_push(passing, p, n, &error));
    ck_assert_int_eq(error->code, MIG_ERROR_MALFORMED);
    ck_assert_uint_eq(mig_passing_channel_offset(passing), others[_i].offset);
}
END_TEST

Suite *suite_passing(void)
{
    Suite *suite = suite_create("passing");
    TCase *tc = tcase_create("passing");

    tcase_add_loop_test(tc, sync_points_are_told, 0, G_N_ELEMENTS(mains));
    tcase_add_loop_test(tc, packets_are_told, 0, G_N_ELEMENTS(channels));
    tcase_add_loop_test(tc, what_is_no_packet_is_told, 0, G_N_ELEMENTS(others));
    suite_add_tcase(suite, tc);
    return suite;
}
