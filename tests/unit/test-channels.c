/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the tests of reading several channels of one migration: in which order
 *                their items come, that each channel is tiled, and what is wrong in one.
 * Must not know: what is on the main channel (test-reader.c, test-ram.c).
 * See also:      lib/stream/merge.h, which says the order; fixtures/channels.
 */
#include "support.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "conversion.h"
#include "migstat.h"
#include "stream/encode.h"

#define CHANNELS_MAX 4

/* A main channel and others, open. */
typedef struct {
    MigInput *in[1 + CHANNELS_MAX];
    MigReader *reader;
    GError *error; /* of adding a channel, or of reading */
} Capture;

static void capture_free(Capture *capture)
{
    mig_reader_free(capture->reader);
    for (size_t i = 0; i < G_N_ELEMENTS(capture->in); i++) {
        mig_input_free(capture->in[i]);
    }
    g_clear_error(&capture->error);
    g_free(capture);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Capture, capture_free)

/* @streams: the main channel, then others, closed by NULL. */
static Capture *capture_new(GBytes *const *streams)
{
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .multifd = true };
    Capture *capture = g_new0(Capture, 1);

    for (size_t i = 0; streams[i] && !capture->error; i++) {
        g_autofree char *name = g_strdup_printf("channel-%zu", i);

        capture->in[i] = mig_input_new_bytes(streams[i], name, &options, NULL);
        ck_assert_ptr_nonnull(capture->in[i]);
        if (i == 0) {
            capture->reader = mig_reader_new(capture->in[0]);
        } else {
            mig_reader_add_channel(capture->reader, capture->in[i], &capture->error);
        }
    }
    return capture;
}

/* What is written from the item's fields is what was read. */
static void assert_encodes(MigReader *reader, const MigItem *item)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    const uint8_t *p = mig_reader_bytes(reader, item);

    ck_assert_ptr_nonnull(p);
    mig_item_encode(item, p, out);
    ck_assert_msg(out->len == item->length &&
                      (!out->len || memcmp(out->data, p, out->len) == 0),
                  "channel %u: the %s at 0x%" PRIx64 " is written as other bytes",
                  item->channel, mig_item_kind_name(item->kind), item->offset);
}

/* "1:packet-2+1", "2:normal@0x1000x2": a channel's item as a word; of the main channel marks
 * and the end only.  The caller frees; NULL for what has no word. */
static char *word(const MigItem *item)
{
    const MigMultifdPacket *packet = &item->multifd_packet;
    unsigned flag;

    switch (item->kind) {
    case MIG_ITEM_MULTIFD_INITIAL:
        return g_strdup_printf("%u:initial", item->channel);
    case MIG_ITEM_MULTIFD_PACKET:
        return g_strdup_printf("%u:%s-%u+%u", item->channel,
                               packet->flags & MIG_MULTIFD_SYNC ? "sync" : "packet",
                               packet->normal_pages, packet->zero_pages);
    case MIG_ITEM_MULTIFD_DEVICE:
        return g_strdup_printf("%u:device-%u%s%s", item->channel,
                               item->multifd_device.vfio_index, item->section ? "" : "?",
                               item->piece ? "..." : "");
    case MIG_ITEM_RAM_PAGES:
        return g_strdup_printf("%u:%s@0x%" PRIx64 "x%u", item->channel,
                               item->pages.kind == MIG_PAGE_ZERO ? "zero" : "normal",
                               item->pages.address, item->pages.n_pages);
    case MIG_ITEM_RAM_MARK:
        flag = item->ram_mark.flag;
        return g_strdup(flag == MIG_RAM_EOS ? "EOS" : "FLUSH");
    case MIG_ITEM_EOF:
        return g_strdup("eof");
    default:
        return NULL;
    }
}

/* All items as words, and how reading ended: "end", or "CODE CHANNEL@OFFSET". */
static char *read_words(Capture *capture)
{
    uint64_t ends[1 + CHANNELS_MAX] = { 0 };
    GString *words = g_string_new(NULL);
    MigStatus status = MIG_STATUS_ERROR;
    const MigItem *item;
    uint64_t offset = 0;

    while (!capture->error &&
           (status = mig_reader_next(capture->reader, &item, &capture->error)) ==
               MIG_STATUS_MORE) {
        g_autofree char *text = word(item);

        ck_assert_msg(item->offset == ends[item->channel],
                      "channel %u has a gap at 0x%" PRIx64, item->channel, item->offset);
        ends[item->channel] += item->length;
        assert_encodes(capture->reader, item);
        g_string_append(words, text ? text : "");
        g_string_append(words, text ? " " : "");
    }
    if (!capture->error) {
        for (size_t i = 0; i <= CHANNELS_MAX && capture->in[i]; i++) {
            ck_assert_uint_eq(ends[i], mig_input_size(capture->in[i]));
        }
        g_string_append(words, "end");
    } else if (mig_error_get_offset(capture->error, &offset)) {
        const char *rule = mig_error_get_rule(capture->error);

        g_string_append_printf(words, "%s %u@0x%" PRIx64, rule ? rule : "unsupported",
                               mig_error_get_channel(capture->error), offset);
    } else {
        g_string_append(words, "usage");
    }
    return g_string_free(words, FALSE);
}

/* --- the order -------------------------------------------------------------------- */

#define HEAD "header; config \"pc-q35-7.2\"; "
#define LIST "ram-size 0x8000; ram-block \"b\" 0x8000; "
/* A START and an END where each body is a sync point, as until 8.0 ... */
#define START HEAD "start 2 \"ram\" 0 4; " LIST "ram-eos; footer 2; "
#define PART  "part 2; ram-eos; footer 2; "
#define END   "end 2; ram-eos; footer 2; eof"
/* ... and where MULTIFD_FLUSH is one. */
#define START_FLUSH HEAD "start 2 \"ram\" 0 4; " LIST "ram-flush; ram-eos; footer 2; "
#define END_FLUSH   "end 2; ram-flush; ram-eos; footer 2; "

#define ID0      "multifd-initial 0; "
#define ID1      "multifd-initial 1; "
#define SYNC     "multifd-sync 9; "
#define NORMAL   "multifd-packet 0 3 2 0 \"b\" { be64 0x1000 0x2000 }; page 1; page 2; "
#define APART    "multifd-packet 0 3 2 0 \"b\" { be64 0x1000 0x3000 }; page 1; page 2; "
#define ZERO     "multifd-packet 0 4 0 3 \"b\" { be64 0 0x1000 0x5000 }; "
#define BOTH     "multifd-packet 0 5 1 2 \"b\" { be64 0x7000 0 0x1000 }; page 3; "
#define AND_SYNC "multifd-packet 1 6 1 0 \"b\" { be64 0x4000 }; page 4; "

static const struct {
    const char *main, *channels[CHANNELS_MAX], *wanted;
} orders[] = {
    /* Before each mark that waits, what the channel has up to its SYNC. */
    { START END,
      { ID0 SYNC NORMAL SYNC },
      "1:initial 1:sync-0+0 EOS 1:packet-2+0 1:normal@0x1000x2 1:sync-0+0 EOS eof end" },
    { START PART END,
      { ID0 SYNC SYNC SYNC },
      "1:initial 1:sync-0+0 EOS 1:sync-0+0 EOS 1:sync-0+0 EOS eof end" },
    /* One channel after the other, in the order in which they were added. */
    { START END,
      { ID1 SYNC NORMAL SYNC, ID0 SYNC ZERO SYNC },
      "1:initial 1:sync-0+0 2:initial 2:sync-0+0 EOS 1:packet-2+0 1:normal@0x1000x2 "
      "1:sync-0+0 2:packet-0+3 2:zero@0x0x2 2:zero@0x5000x1 2:sync-0+0 EOS eof end" },
    /* Runs are of consecutive pages. */
    { START END,
      { ID0 SYNC APART BOTH SYNC },
      "1:initial 1:sync-0+0 EOS 1:packet-2+0 1:normal@0x1000x1 1:normal@0x3000x1 "
      "1:packet-1+2 1:zero@0x0x2 1:normal@0x7000x1 1:sync-0+0 EOS eof end" },
    /* Until 8.2 the packet with SYNC may have pages: they come before it counts. */
    { START END,
      { ID0 SYNC AND_SYNC },
      "1:initial 1:sync-0+0 EOS 1:sync-1+0 1:normal@0x4000x1 EOS eof end" },
    /* With MULTIFD_FLUSH no EOS is a sync point. */
    { START_FLUSH PART END_FLUSH "eof",
      { ID0 SYNC NORMAL SYNC },
      "1:initial 1:sync-0+0 FLUSH EOS EOS 1:packet-2+0 1:normal@0x1000x2 1:sync-0+0 "
      "FLUSH "
      "EOS eof end" },
    /* Device state comes where it is in the channel; the last of it before the end mark.
     * What has no section on the main channel has none here. */
    { START_FLUSH END_FLUSH "full 7 \"d/vfio\" 0 1; vfio eos; footer 7; eof",
      { ID0 SYNC "multifd-device \"d/vfio\" 0 { be32 0 0 0; u8 1 }; " SYNC
                 "multifd-device \"d/vfio\" 0 { be32 0 1 1; u8 2 }; "
                 "multifd-device \"other\" 0 { u8 3 }" },
      "1:initial 1:sync-0+0 FLUSH EOS 1:device-0? 1:sync-0+0 FLUSH EOS 1:device-1 "
      "1:device-0? eof end" },
    /* Longer than an item may be. */
    { START END,
      { ID0 SYNC "multifd-device \"d\" 0 { be32 0 5 0; fill 1500000 7 }; " SYNC },
#ifndef MIG_TINY
      "1:initial 1:sync-0+0 EOS 1:device-5? 1:device-5?... 1:sync-0+0 EOS eof end" },
#else
      NULL },
#endif
};

static void assert_words(const char *main, const char *const *channels,
                         const char *wanted)
{
    GBytes *streams[2 + CHANNELS_MAX] = { assembled(main) };

    for (size_t i = 0; i < CHANNELS_MAX && channels[i]; i++) {
        streams[i + 1] = assembled(channels[i]);
    }
    g_autoptr(Capture) capture = capture_new(streams);
    g_autofree char *words = read_words(capture);

    if (wanted) {
        ck_assert_msg(strcmp(words, wanted) == 0, "%s\nwanted:\n%s\n%s", words, wanted,
                      capture->error ? capture->error->message : "");
    }
    for (size_t i = 0; streams[i]; i++) {
        g_bytes_unref(streams[i]);
    }
}

START_TEST(items_come_where_a_loader_waits_for_them)
{
    assert_words(orders[_i].main, orders[_i].channels, orders[_i].wanted);
}
END_TEST

/* --- what is wrong ---------------------------------------------------------------- */

#define ONE(packet)          \
    {                        \
        ID0 SYNC packet SYNC \
    }
#define BEFORE "1:initial 1:sync-0+0 EOS "
#define AT     " 1@0x580" /* the first packet after the first SYNC */

static const struct {
    const char *main, *channels[CHANNELS_MAX], *wanted;
} faults[] = {
    { START END, { "be32 0x11223344 2; fill 56 0" }, "multifd-packet 1@0x0" },
    { START END, { "multifd-initial 0; be32 1 2 3" }, "1:initial multifd-packet 1@0x40" },
    { START END, { ID0 SYNC, ID0 SYNC }, "usage" },
    { START END, { ID1 SYNC SYNC }, "usage" },
    { START END,
      { ID0 SYNC, "be32 0x11223344 1; fill 16 5; u8 1; fill 39 0; " SYNC },
      "usage" },
    { START END, ONE("be32 0x11223344 1 0x80; fill 1332 0; "),
      BEFORE "multifd-packet" AT },
    { START END, ONE("be32 0x11223344 1 0 129; fill 1328 0; "),
      BEFORE "multifd-packet" AT },
    { START END, ONE("be32 0x11223344 1 0 1 2 8192; fill 1320 0; "),
      BEFORE "multifd-packet" AT },
    { START END, ONE("be32 0x11223344 1 0 1 0 0; be64 0; be32 2; fill 1308 0; "),
      BEFORE "multifd-packet" AT },
    { START END, ONE("be32 0x11223344 1 0 1 1 4095; fill 1320 0; "),
      BEFORE "multifd-packet" AT },
    { START END, ONE("multifd-packet 0 1 1 0 \"\" { be64 0 }; page 1; "),
      BEFORE "multifd-packet" AT },
    { START END, ONE("multifd-packet 0 1 1 0 \"c\" { be64 0 }; page 1; "),
      BEFORE "ram-block-unknown" AT },
    { START END, ONE("multifd-packet 0 1 1 0 \"b\" { be64 0x7001 }; page 1; "),
      BEFORE "multifd-packet" AT },
    { START END, ONE("multifd-packet 0 1 1 0 \"b\" { be64 0x8000 }; page 1; "),
      BEFORE "ram-page-outside" AT },
    { START END, ONE("multifd-packet 0 1 0 1 \"b\" { be64 0xfffffffffffff000 }; "),
      BEFORE "ram-page-outside" AT },
    { START END, ONE("multifd-packet 8 1 1 0 \"b\" { be64 0 }; page 1; "),
      BEFORE "unsupported" AT },
    { START END, ONE("multifd-packet 2 1 1 0 \"b\" { be64 0 }; page 1; "),
      BEFORE "1:packet-1+0 multifd-packet 1@0xac0" },
    { START END, ONE(NORMAL "multifd-packet 2 1 1 0 \"b\" { be64 0 }; page 1; "),
      BEFORE "1:packet-2+0 1:normal@0x1000x2 multifd-compression 1@0x2ac0" },
    { START END,
      { ID0 SYNC NORMAL SYNC,
        ID1 SYNC "multifd-packet 4 1 1 0 \"b\" { be64 0 }; page 1; " SYNC },
      "1:initial 1:sync-0+0 2:initial 2:sync-0+0 EOS 1:packet-2+0 1:normal@0x1000x2 "
      "1:sync-0+0 multifd-compression 2@0x580" },
    { START END, ONE("multifd-device \"\" 0 { u8 1 }; "), BEFORE "multifd-packet" AT },
    { START END, ONE("multifd-device \"d\" 0 { }; "), BEFORE "multifd-packet" AT },
    { START END, ONE("be32 0x11223344 1 0x41; str \"d\"; fill 255 0; be32 0 1; u8 1; "),
      BEFORE "multifd-packet" AT },
    /* The main channel waits once more than there are SYNCs, or once less. */
    { START PART END, { ID0 SYNC SYNC }, BEFORE "1:sync-0+0 EOS multifd-sync 1@0xac0" },
    { START END, { ID0 SYNC SYNC SYNC }, BEFORE "1:sync-0+0 EOS multifd-sync 1@0xac0" },
    { START END, { ID0 SYNC SYNC NORMAL }, BEFORE "1:sync-0+0 EOS multifd-sync 1@0xac0" },
    /* A machine whose pages are of a size that only the stream could tell. */
    { "header; config \"none\"; start 2 \"ram\" 0 4; " LIST "ram-eos; footer 2; " END,
      { ID0 SYNC SYNC },
      "1:initial unsupported 1@0x40" },
};

START_TEST(what_is_wrong_in_a_channel_is_told_with_its_place)
{
    assert_words(faults[_i].main, faults[_i].channels, faults[_i].wanted);
}
END_TEST

/* Cut anywhere, a channel is truncated there, and what comes before is read.  One without a
 * byte is a preempt channel. */
START_TEST(a_channel_that_is_cut_is_truncated)
{
    g_autoptr(GBytes) whole =
        assembled(ID0 SYNC NORMAL ZERO "multifd-device \"d\" 0 { fill 30 0 }; " SYNC);
    g_autoptr(GBytes) main = assembled(START END);
    size_t n = g_bytes_get_size(whole);

    for (size_t i = 1; i < n; i += i < 70 || n - i < 70 ? 1 : 13) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, i);
        GBytes *const streams[] = { main, cut, NULL };
        g_autoptr(Capture) capture = capture_new(streams);
        g_autofree char *words = read_words(capture);

        ck_assert_msg(capture->error && mig_error_get_channel(capture->error) == 1 &&
                          g_error_matches(capture->error, MIG_ERROR, MIG_ERROR_TRUNCATED),
                      "%zu: %s", i, words);
    }
}
END_TEST

START_TEST(other_files_are_no_channels)
{
    g_autoptr(GBytes) main = assembled(START END);
    GBytes *const streams[] = { main, main, NULL };
    g_autoptr(Capture) capture = capture_new(streams);
    g_autoptr(GBytes) channel = assembled(ID0 SYNC);

    ck_assert(g_error_matches(capture->error, MIG_ERROR, MIG_ERROR_MALFORMED));
    ck_assert_uint_eq(mig_error_get_channel(capture->error), 1);
    ck_assert_ptr_null(mig_input_new_bytes(channel, "channel", NULL, NULL));
}
END_TEST

/* --- compressed pages --------------------------------------------------------------- */

/* What a source's stream of a channel has of @n pages, each filled with its number, and then a
 * flush, or the end if @ends. */
static void append_zlib(z_stream *z, GByteArray *out, unsigned n, bool ends)
{
    uint8_t page[4096], packed[65536];

    for (unsigned i = 1; i <= n; i++) {
        memset(page, (int)i, sizeof page);
        z->next_in = page;
        z->avail_in = sizeof page;
        z->next_out = packed;
        z->avail_out = sizeof packed;
        deflate(z, i < n ? Z_NO_FLUSH : ends ? Z_FINISH : Z_SYNC_FLUSH);
        g_byte_array_append(out, packed, (guint)(sizeof packed - z->avail_out));
    }
}

static void append_zstd(ZSTD_CStream *zstd, GByteArray *out, unsigned n, bool ends)
{
    uint8_t page[4096], packed[65536];

    for (unsigned i = 1; i <= n; i++) {
        ZSTD_inBuffer in = { page, sizeof page, 0 };
        ZSTD_outBuffer to = { packed, sizeof packed, 0 };

        memset(page, (int)i, sizeof page);
        ZSTD_compressStream2(zstd, &to, &in,
                             i < n  ? ZSTD_e_continue
                             : ends ? ZSTD_e_end
                                    : ZSTD_e_flush);
        g_byte_array_append(out, packed, (guint)to.pos);
    }
}

static void append_text(GByteArray *out, const char *text)
{
    g_autoptr(GBytes) bytes = assembled(text);
    gsize n;
    const void *p = g_bytes_get_data(bytes, &n);

    g_byte_array_append(out, p, (guint)n);
}

/* A packet that says it has @says pages, of which there are @has. */
static void append_packet(GByteArray *out, uint32_t flags, unsigned says,
                          const GByteArray *data)
{
    g_autofree char *head =
        g_strdup_printf("be32 0x11223344 1 %u %u %u %u; be64 1; fill 32 0;"
                        "str \"b\"; fill 255 0; repeat %u { be64 @i*0x1000 };"
                        "fill %u 0",
                        flags, says, says, data->len, says, (128 - says) * 8);

    append_text(out, head);
    g_byte_array_append(out, data->data, data->len);
}

static const struct {
    uint32_t flags;
    struct {
        unsigned says, has;
    } packets[2];
    bool ends;
    const char *wanted;
} compressions[] = {
#define PACKED "1:packet-2+0 1:normal@0x0x2 "
    { MIG_MULTIFD_ZLIB,
      { { 2, 2 }, { 2, 2 } },
      false,
      PACKED PACKED "1:sync-0+0 EOS eof end" },
    { MIG_MULTIFD_ZSTD,
      { { 2, 2 }, { 2, 2 } },
      false,
      PACKED PACKED "1:sync-0+0 EOS eof end" },
    { MIG_MULTIFD_ZLIB,
      { { 2, 2 }, { 2, 1 } },
      false,
      PACKED "1:packet-2+0 multifd-packet" },
    { MIG_MULTIFD_ZSTD,
      { { 2, 2 }, { 2, 1 } },
      false,
      PACKED "1:packet-2+0 multifd-packet" },
    { MIG_MULTIFD_ZLIB,
      { { 2, 2 }, { 2, 3 } },
      false,
      PACKED "1:packet-2+0 multifd-packet" },
    { MIG_MULTIFD_ZSTD,
      { { 2, 2 }, { 2, 3 } },
      false,
      PACKED "1:packet-2+0 multifd-packet" },
    { MIG_MULTIFD_ZLIB, { { 2, 3 }, { 2, 2 } }, false, "1:packet-2+0 multifd-packet" },
    { MIG_MULTIFD_ZLIB,
      { { 2, 2 }, { 2, 2 } },
      true,
      PACKED "1:packet-2+0 multifd-packet" },
};

START_TEST(compressed_pages_are_read)
{
    bool zlib = compressions[_i].flags == MIG_MULTIFD_ZLIB;
    g_autoptr(GByteArray) channel = g_byte_array_new();
    g_autoptr(GBytes) main = assembled(START END), bytes = NULL;
    g_autoptr(Capture) capture = NULL;
    g_autofree char *words = NULL;
    ZSTD_CStream *zstd = ZSTD_createCStream();
    z_stream z = { 0 };
    GBytes *streams[] = { main, NULL, NULL };

    deflateInit(&z, 1);
    append_text(channel, ID0 SYNC);
    for (size_t i = 0; i < G_N_ELEMENTS(compressions[_i].packets); i++) {
        g_autoptr(GByteArray) data = g_byte_array_new();
        unsigned n = compressions[_i].packets[i].has;
        bool ends = compressions[_i].ends && i == 1;

        if (zlib) {
            append_zlib(&z, data, n, ends);
        } else {
            append_zstd(zstd, data, n, ends);
        }
        append_packet(channel, compressions[_i].flags, compressions[_i].packets[i].says,
                      data);
    }
    append_text(channel, SYNC);
    deflateEnd(&z);
    ZSTD_freeCStream(zstd);
    bytes = g_byte_array_free_to_bytes(g_steal_pointer(&channel));
    streams[1] = bytes;
    capture = capture_new(streams);
    words = read_words(capture);
    ck_assert_msg(g_str_has_prefix(words, BEFORE) &&
                      g_str_has_prefix(words + strlen(BEFORE), compressions[_i].wanted),
                  "%s\nwanted:\n%s", words, compressions[_i].wanted);
}
END_TEST

/* --- captures of stock QEMU ------------------------------------------------------- */

static int64_t fact(const char *capture, const char *name)
{
    g_autofree char *relative =
        g_strdup_printf("tests/fixtures/channels/%s/facts.json", capture);
    g_autofree char *path = source_path(relative);
    g_autoptr(JsonParser) parser = json_parser_new();

    ck_assert_msg(json_parser_load_from_file(parser, path, NULL), "%s", path);
    return json_object_get_int_member(json_node_get_object(json_parser_get_root(parser)),
                                      name);
}

/* A folder of fixtures/channels. */
static Capture *capture_open(const char *name)
{
    GBytes *streams[2 + CHANNELS_MAX] = { NULL };
    int64_t n = fact(name, "channels");
    Capture *capture;

    ck_assert_int_le(n, CHANNELS_MAX);
    for (int64_t i = 0; i <= n; i++) {
        g_autofree char *relative =
            g_strdup_printf("channels/%s/channel-%d.zst", name, (int)i);

        streams[i] = fixture_bytes(relative);
    }
    capture = capture_new(streams);
    for (int64_t i = 0; i <= n; i++) {
        g_bytes_unref(streams[i]);
    }
    return capture;
}

static const char *const captures[] = { "q35-72-multifd", "q35-100-multifd-vfio",
                                        "q35-72-multifd-zlib", "q35-111-multifd-zstd" };

START_TEST(a_real_capture_has_the_pages_that_qemu_counted)
{
    g_autoptr(Capture) capture = capture_open(captures[_i]);
    g_autoptr(MigSummary) summary = mig_summary_new();
    g_autoptr(MigCheck) check = mig_check_new(capture->reader, NULL);
    uint64_t pages[MIG_PAGE_KIND_COUNT] = { 0 }, ends[1 + CHANNELS_MAX] = { 0 };
    const char *why;
    const MigItem *item;
    size_t n;

    while (mig_reader_next(capture->reader, &item, &capture->error) == MIG_STATUS_MORE) {
        ck_assert_uint_eq(item->offset, ends[item->channel]);
        ends[item->channel] += item->length;
        assert_encodes(capture->reader, item);
        ck_assert(mig_check_watch(check, item, NULL));
        ck_assert(mig_summary_watch(summary, item, NULL));
    }
    ck_assert_msg(!capture->error, "%s", capture->error ? capture->error->message : "");
    for (size_t i = 0; i <= CHANNELS_MAX && capture->in[i]; i++) {
        ck_assert_uint_eq(ends[i], mig_input_size(capture->in[i]));
    }
    mig_reader_ram_blocks(capture->reader, &n);
    for (size_t i = 0; i < n; i++) {
        const MigRamSummary *ram = mig_summary_ram(summary, i);

        pages[MIG_PAGE_NORMAL] += ram->pages[MIG_PAGE_NORMAL];
        pages[MIG_PAGE_ZERO] += ram->pages[MIG_PAGE_ZERO];
    }
    ck_assert_int_eq(pages[MIG_PAGE_NORMAL], fact(captures[_i], "normal"));
    ck_assert_int_eq(pages[MIG_PAGE_ZERO], fact(captures[_i], "duplicate"));
    ck_assert(mig_check_finish(check, NULL));
    mig_check_findings(check, &n);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(
        mig_check_outcome(check, (size_t)mig_rule_find("ram-pages-missing"), &why),
        MIG_OUTCOME_EVALUATED);
}
END_TEST

Suite *suite_channels(void)
{
    Suite *suite = suite_create("channels");
    TCase *tc = tcase_create("channels");

    tcase_add_loop_test(tc, items_come_where_a_loader_waits_for_them, 0,
                        G_N_ELEMENTS(orders));
    tcase_add_loop_test(tc, what_is_wrong_in_a_channel_is_told_with_its_place, 0,
                        G_N_ELEMENTS(faults));
    tcase_add_test(tc, a_channel_that_is_cut_is_truncated);
    tcase_add_test(tc, other_files_are_no_channels);
    tcase_add_loop_test(tc, compressed_pages_are_read, 0, G_N_ELEMENTS(compressions));
    tcase_add_loop_test(tc, a_real_capture_has_the_pages_that_qemu_counted, 0,
                        G_N_ELEMENTS(captures));
    suite_add_tcase(suite, tc);
    return suite;
}
