/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that no secret is in what convert --filter=redact writes: planted in
 *                each encoding of pages, each part of a stream, and each thing around one.
 * Must not know: how the filter does it.
 * See also:      unit/test-redact.c, what stays and what QEMU wrote.
 *
 * A secret is looked for in the files as they are, in the plain stream, in the RAM that extract
 * takes out and in what dump prints: it has to be found in one of these before, and in none after.
 */
#include "conversion.h"
#include "packing.h"
#include "support.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* 16 bytes, as a UUID has. */
#define SECRET       "TopSecretWord-42"
#define SECRET_WORDS "str \"" SECRET "\"; "

#define HEAD "header; config \"pc-q35-7.2\"; "
#define RAM                                                                        \
    "start 2 \"ram\" 0 4; ram-size 0x4000; ram-block \"pc.ram\" 0x4000; ram-eos; " \
    "footer 2; "
#define PART(RECORDS) "part 2; " RECORDS "ram-eos; footer 2; "
#define END           "end 2; ram-eos; footer 2; eof; "
#define PAGE          SECRET_WORDS "zero 4080; "
/* A PCI configuration space with a vendor's capability at 0x40, and what is beyond capabilities. */
#define PAYLOAD                                                                    \
    "be32 2; le16 0x15b3 0x101e 6 0x10; le32 0x02000000 0 0xfe000004; zero 0x18; " \
    "le16 0x15b3 1; zero 4; u8 0x40; zero 11; u8 9 0 32; " SECRET_WORDS            \
    "zero 45; " SECRET_WORDS "zero 112; be32 0 0 0 0; "

static char *folder;

static void make_folder(void)
{
    folder = scratch_dir();
}

static void remove_folder(void)
{
    scratch_remove(folder);
    g_clear_pointer(&folder, g_free);
}

static void put(const char *name, GBytes *bytes)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(path, data, (gssize)n, NULL));
}

static void put_text(const char *name, const char *text)
{
    g_autoptr(GBytes) bytes = assembled(text);

    put(name, bytes);
}

/* --- pages that are compressed ------------------------------------------------------------ */

static void fill_page(guint8 *page)
{
    memset(page, 0, 4096);
    memcpy(page, SECRET, strlen(SECRET));
}

static char *hex_of(const guint8 *bytes, gsize n)
{
    GString *hex = g_string_sized_new(2 * n);

    for (gsize i = 0; i < n; i++) {
        g_string_append_printf(hex, "%02x", bytes[i]);
    }
    return g_string_free(hex, FALSE);
}

/* @bits: of the window, and 16 for gzip's form. */
static GBytes *deflated(const void *plain, gsize n, int bits, int flush)
{
    const gsize room = n + n / 100 + 1000;
    guint8 *packed = g_malloc(room);
    z_stream zlib = { .next_in = (guint8 *)(guintptr)plain,
                      .avail_in = (uInt)n,
                      .next_out = packed,
                      .avail_out = (uInt)room };

    ck_assert_int_eq(deflateInit2(&zlib, 9, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY),
                     Z_OK);
    ck_assert_int_ge(deflate(&zlib, flush), Z_OK);
    deflateEnd(&zlib);
    return g_bytes_new_take(packed, zlib.total_out);
}

/* Of compress-threads, and of the first packet of a multifd channel, which is not the last one. */
static char *zlib_page(int flush)
{
    guint8 page[4096];
    g_autoptr(GBytes) packed = NULL;

    fill_page(page);
    packed = deflated(page, sizeof page, 15, flush);
    return hex_of(g_bytes_get_data(packed, NULL), g_bytes_get_size(packed));
}

static char *zstd_page(void)
{
    guint8 page[4096], packed[8192];
    ZSTD_inBuffer in = { page, sizeof page, 0 };
    ZSTD_outBuffer out = { packed, sizeof packed, 0 };
    ZSTD_CStream *zstd = ZSTD_createCStream();

    fill_page(page);
    ZSTD_compressStream2(zstd, &out, &in, ZSTD_e_flush);
    ZSTD_freeCStream(zstd);
    return hex_of(packed, out.pos);
}

/* --- streams ------------------------------------------------------------------------------ */

static void plain(const char *text)
{
    put_text("in", text);
}

static void zlib_pages(const char *unused)
{
    g_autofree char *hex = zlib_page(Z_FINISH);
    g_autofree char *text =
        g_strdup_printf(HEAD RAM PART("ram-zlib 0 \"pc.ram\" { bytes %s }; ") END, hex);

    (void)unused;
    put_text("in", text);
}

/* A main channel whose RAM, and the state of whose VFIO device, is on channel a. */
static void capture(const char *channel)
{
    g_autofree char *path = g_build_filename(folder, "in", NULL);
    g_autofree char *text =
        g_strconcat("multifd-initial 0; multifd-sync 0; ", channel, NULL);

    ck_assert_int_eq(g_mkdir_with_parents(path, 0700), 0);
    put_text(
        "in/main",
        "header; config \"pc-q35-10.0\"; start 2 \"ram\" 0 4; ram-size 0x4000; "
        "ram-block \"pc.ram\" 0x4000; ram-flush; ram-eos; footer 2; "
        "start 3 \"0000:00:05.0/vfio\" 0 1; vfio setup; vfio eos; footer 3; "
        "command 11; end 2; ram-flush; ram-eos; footer 2; end 3; vfio eos; footer 3; "
        "full 3 \"0000:00:05.0/vfio\" 0 1; vfio eos; footer 3; eof");
    put_text("in/a", text);
}

#define DEVICE                                                                           \
    "multifd-device \"0000:00:05.0/vfio\" 0 { be32 0 0 0; " SECRET_WORDS "}; "           \
    "multifd-device \"0000:00:05.0/vfio\" 0 { be32 0 1 1; vfio config; " PAYLOAD "vfio " \
    "eos }; "

/* One page in a packet that says @flags of its compression. */
static void packed_capture(unsigned flags, const char *hex)
{
    g_autofree char *text = g_strdup_printf(
        "be32 0x11223344 1 %u 128 1 %zu; be64 1; be32 0; fill 28 0; str \"pc.ram\"; "
        "fill 250 0; be64 0; fill 1016 0; bytes %s; multifd-sync 2; " DEVICE,
        flags, strlen(hex) / 2, hex);

    capture(text);
}

static void zlib_capture(const char *unused)
{
    g_autofree char *hex = zlib_page(Z_SYNC_FLUSH);

    (void)unused;
    packed_capture(2, hex);
}

static void zstd_capture(const char *unused)
{
    g_autofree char *hex = zstd_page();

    (void)unused;
    packed_capture(4, hex);
}

typedef struct Plant {
    const char *what;
    void (*put)(const char *text);
    const char *text;
    const char *chain;
} Plant;

#define REDACT "--filter=redact"
#define DESCRIBED                                                                  \
    "full 5 \"dev\" 0 1; label body; be32 7; " SECRET_WORDS SECRET_WORDS           \
    "subsection \"dev/sub\" 1 { " SECRET_WORDS "}; label over; footer 5; eof; "    \
    "description {\n"                                                              \
    "{\"page_size\": 4096, \"devices\": [{\"name\": \"dev\", \"instance_id\": 0, " \
    "\"vmsd_name\": \"dev\", \"version\": 1, \"fields\": ["                        \
    "{\"name\": \"n\", \"type\": \"uint32\", \"size\": 4}, "                       \
    "{\"name\": \"serial\", \"type\": \"buffer\", \"size\": 16}, "                 \
    "{\"name\": \"mac\", \"array_len\": 16, \"type\": \"uint8\", \"size\": 1}], "  \
    "\"subsections\": [{\"vmsd_name\": \"dev/sub\", \"version\": 1, \"fields\": [" \
    "{\"name\": \"more\", \"type\": \"unused_buffer\", \"size\": 16}]}]}]} \n}\n"

/* Of more than one piece. */
#define LONG                                                                       \
    "full 5 \"dev\" 0 1; zero 4200000; " SECRET_WORDS                              \
    "subsection \"dev/sub\" 1 { " SECRET_WORDS "}; footer 5; eof; description {\n" \
    "{\"page_size\": 4096, \"devices\": [{\"name\": \"dev\", \"instance_id\": 0, " \
    "\"vmsd_name\": \"dev\", \"version\": 1, \"fields\": ["                        \
    "{\"name\": \"z\", \"type\": \"buffer\", \"size\": 4200000}, "                 \
    "{\"name\": \"serial\", \"type\": \"buffer\", \"size\": 16}], "                \
    "\"subsections\": [{\"vmsd_name\": \"dev/sub\", \"version\": 1, \"fields\": [" \
    "{\"name\": \"more\", \"type\": \"unused_buffer\", \"size\": 16}]}]}]} \n}\n"

#define TEXT(JSON) HEAD "eof; description {\n" JSON "\n}\n"

static const Plant plants[] = {
    { "a plain page", plain, HEAD RAM PART("ram-page 8 0 \"pc.ram\"; " PAGE) END,
      REDACT },
    { "a page that continues its block", plain,
      HEAD RAM PART("ram-zero 0 \"pc.ram\"; ram-page 0x28 0x1000; " PAGE) END, REDACT },
    { "a page of one byte again and again", plain,
      HEAD RAM PART("ram-page 8 0 \"pc.ram\"; repeat 256 { " SECRET_WORDS "}; ") END,
      REDACT },
    { "what XBZRLE adds to a page", plain,
      HEAD RAM PART("ram-page 8 0 \"pc.ram\"; page 1; ram-eos; footer 2; part 2; "
                    "ram-xbzrle 0 \"pc.ram\" { u8 0 16; " SECRET_WORDS "}; ") END,
      REDACT },
    { "what XBZRLE adds, undone first", plain,
      HEAD RAM PART("ram-page 8 0 \"pc.ram\"; page 1; ram-eos; footer 2; part 2; "
                    "ram-xbzrle 0 \"pc.ram\" { u8 0 16; " SECRET_WORDS "}; ") END,
      "--filter=ram-decompress " REDACT ":pages=equal" },
    { "a page of compress-threads", zlib_pages, NULL, REDACT },
    { "a page of compress-threads, undone first", zlib_pages, NULL,
      "--filter=ram-decompress " REDACT ":pages=equal" },
    { "a page whose number is told", plain,
      HEAD RAM PART("ram-page 8 0 \"pc.ram\"; " PAGE "ram-page 0x28 0x1000; " PAGE) END,
      REDACT ":pages=equal" },
    { "mapped-ram", plain,
      "header; config \"pc-q35-10.0\" { caps \"mapped-ram\" }; start 2 \"ram\" 0 4; "
      "ram-size 0x4000; ram-block \"pc.ram\" 0x4000; mapped-ram @bitmap @pages; label "
      "bitmap; "
      "le64 5; align 0x100000; label pages; " PAGE "page 0; page 0x7e; page 0; ram-eos; "
      "footer 2; " END,
      "--filter=mapped-ram:to=plain " REDACT },
    { "multifd", capture,
      "multifd-packet 0 1 1 0 \"pc.ram\" { be64 0 }; " PAGE "multifd-sync 2; " DEVICE,
      "--filter=fold " REDACT },
    { "multifd with zlib", zlib_capture, NULL, "--filter=fold " REDACT },
    { "multifd with zstd", zstd_capture, NULL, "--filter=fold " REDACT },
    { "postcopy's package", plain,
      HEAD RAM "packaged { full 5 \"dev\" 0 1; " SECRET_WORDS "be32 7; footer 5 }; " END,
      REDACT },
    { "the UUID", plain,
      "header; config \"pc-q35-7.2\" { uuid 546f70536563726574576f72642d3432 }; eof",
      REDACT },
    { "a device without a description", plain,
      HEAD "full 5 \"dev\" 0 1; " SECRET_WORDS "be32 7; footer 5; eof", REDACT },
    { "fields, a subsection and padding", plain, HEAD DESCRIBED, REDACT },
    { "a long buffer, and what follows it", plain, HEAD LONG, REDACT },
    { "a buffer that is too long", plain,
      HEAD "full 5 \"dev\" 0 1; zero 0x1000000; " SECRET_WORDS "footer 5; eof", REDACT },
    { "device data of VFIO", plain,
      HEAD "start 3 \"0000:00:01.0/vfio\" 0 1; vfio setup; vfio eos; footer 3; end 3; "
           "be64 0xffffffffef100004 16; " SECRET_WORDS "vfio eos; footer 3; eof",
      REDACT },
    { "configuration space of VFIO", plain,
      HEAD "start 3 \"0000:00:01.0/vfio\" 0 1; vfio setup; vfio eos; footer 3; end 3; "
           "vfio data 8 1; vfio eos; footer 3; full 3 \"0000:00:01.0/vfio\" 0 1; vfio "
           "config; " PAYLOAD "vfio eos; footer 3; eof",
      REDACT },
    { "what follows the end", plain, HEAD "eof; " SECRET_WORDS, REDACT },
    { "a command that no release has", plain,
      HEAD "command 99 { " SECRET_WORDS "}; eof; description {\n{\"devices\": []}\n}",
      REDACT },
    { "a command with a payload that it has not", plain,
      HEAD "command 11 { " SECRET_WORDS "}; eof", REDACT },
    { "a command about a RAM block that is none", plain,
      HEAD RAM "command 10 { u8 15; " SECRET_WORDS "}; " END, REDACT },
    { "ranges of a discard that are none", plain,
      HEAD RAM "command 6 { u8 0; pstr8 \"pc.ram\"; " SECRET_WORDS "}; " END, REDACT },
    { "a key of the description", plain, TEXT("{\"" SECRET "\": 1, \"devices\": []}"),
      REDACT },
    { "a value of the description", plain,
      TEXT("{\"devices\": [{\"name\": \"a\", \"more\": [{\"name\": \"" SECRET "\"}]}]}"),
      REDACT },
    { "a value of the description that should be a number", plain,
      TEXT("{\"devices\": [{\"name\": \"a\", \"fields\": [{\"index\": \"" SECRET
           "\"}]}]}"),
      REDACT },
    { "a list of the description", plain, TEXT("{\"devices\": [\"" SECRET "\"]}"),
      REDACT },
    { "what is no JSON", plain, TEXT("{\"devices\": [] /* " SECRET " */}"), REDACT },
    { "text after the description", plain, TEXT("{\"devices\": []}" SECRET), REDACT },
};

/* --- looking for them --------------------------------------------------------------------- */

/* Any six letters of it, in those files and below: the status of grep. */
static int found_in(const char *where)
{
    g_autoptr(GString) line = g_string_new("grep -raqF");
    g_autoptr(Run) run = NULL;

    for (const char *p = SECRET; p[5]; p++) {
        g_string_append_printf(line, " -e '%.6s'", p);
    }
    g_string_append_printf(line, " -- %s", where);
    run = run_with_shell(line->str, folder);
    return run->status;
}

/* What can be had of @file, in files that begin with @to. */
static char *taken_apart(const char *file, const char *to)
{
    g_autofree char *line = g_strdup_printf(
        "migstat extract --ram=all -o %2$s.ram %1$s; migstat extract --vfio='*' -o "
        "%2$s.vfio "
        "%1$s; "
        "migstat convert -q --container=none --compress=none %1$s -o %2$s.plain; "
        "migstat dump --devices --hex --vfio %1$s > %2$s.dump; migstat dump -f json "
        "--hex "
        "--devices %1$s > %2$s.json; migstat dump -f json %1$s > %2$s.head; true",
        file, to);
    g_autoptr(Run) run = run_with_shell(line, folder);

    ck_assert_int_eq(run->status, 0);
    return g_strdup_printf("%s $(ls -d %s.*)", file, to);
}

static void assert_redacted(const char *what, const char *chain)
{
    g_autofree char *before = taken_apart("in", "before"), *after = NULL;
    g_autofree char *convert = g_strdup_printf("migstat convert %s in -o out", chain);
    g_autoptr(Run) run = NULL, dump = NULL;

    ck_assert_msg(found_in(before) == 0, "%s: not found before", what);
    run = run_with_shell(convert, folder);
    ck_assert_msg(run->status == 0, "%s: %s", what, run->err);
    after = taken_apart("out", "after");
    ck_assert_msg(found_in(after) == 1, "%s: found after", what);
    dump =
        run_with_shell("migstat dump --devices out > all && migstat check out", folder);
    ck_assert_msg(dump->status < 2 && found_in("all") == 1, "%s: %s", what, dump->err);
}

START_TEST(no_secret_is_left)
{
    plants[_i].put(plants[_i].text);
    assert_redacted(plants[_i].what, plants[_i].chain);
}
END_TEST

/* --- what is around a stream ---------------------------------------------------------------- */

static GBytes *packed_gzip(GBytes *bytes)
{
    gsize n;
    const void *data = g_bytes_get_data(bytes, &n);

    return deflated(data, n, 31, Z_FINISH);
}

static GBytes *packed_zstd(GBytes *bytes)
{
    gsize n;
    const void *data = g_bytes_get_data(bytes, &n);
    gsize room = ZSTD_compressBound(n);
    void *packed = g_malloc(room);

    return g_bytes_new_take(packed, ZSTD_compress(packed, room, data, n, 3));
}

static GBytes *as_it_is(GBytes *bytes)
{
    return g_bytes_ref(bytes);
}

/* A save image of libvirt, whose XML and cookie have secrets too. */
#define IMAGE(FORMAT)                                \
    "str \"LibvirtQemudSave\"; le32 2 128 1 " FORMAT \
    " 48; zero 56; str \"<domain><uuid>" SECRET      \
    "</uuid>\"; zero 11; str \"<cookie>" SECRET "\"; zero 56; "
/* A qcow2 image with a disk, and a snapshot that has the stream at 0x50000. */
#define QCOW2                                                                            \
    "be32 0x514649fb 2; be64 0; be32 0 16; be64 65536; be32 0 1; be64 0x60000 0x30000; " \
    "be32 1 1; be64 0x10000; align 0x10000; be64 0x20000; be32 2; be16 1 5; be32 0 0; "  \
    "be64 0; be32 0 24; be64 20000 65536 0; str \"1guest\"; align 0x10000; be64 0 "      \
    "0x40000; align 0x10000; zero 0x10000; be64 0x50000; align 0x10000; "

/* To the end of a cluster of qcow2. */
static GBytes *padded(GBytes *bytes)
{
    g_autoptr(GBytes) zeros = assembled("zero 0x10000");

    return joined_bytes(bytes, zeros);
}

static const struct {
    const char *what, *around;
    GBytes *(*pack)(GBytes *plain);  /* the stream, within what is around it */
    GBytes *(*outer)(GBytes *plain); /* all of it */
    const char *options;
} wraps[] = {
    { "gzip", "", packed_gzip, as_it_is, "" },
    { "bzip2", "", packed_bzip2, as_it_is, "" },
    { "xz", "", packed_xz, as_it_is, "" },
    { "zstd", "", packed_zstd, as_it_is, "" },
    { "lzop", "", packed_lzop, as_it_is, "" },
    { "zstd in gzip", "", packed_zstd, packed_gzip, "" },
    { "a save image", IMAGE("0"), as_it_is, as_it_is, "" },
    { "a save image with gzip", IMAGE("1"), packed_gzip, as_it_is, "" },
    { "a save image with bzip2", IMAGE("2"), packed_bzip2, as_it_is, "" },
    { "a save image with xz", IMAGE("3"), packed_xz, as_it_is, "" },
    { "a save image with lzop", IMAGE("4"), packed_lzop, as_it_is, "" },
    { "a save image with zstd", IMAGE("5"), packed_zstd, as_it_is, "" },
    { "a save image in zstd", IMAGE("0"), as_it_is, packed_zstd, "" },
    { "a save image that is to stay one", IMAGE("0"), as_it_is, as_it_is,
      "--container=keep" },
    { "a result with zstd", "", as_it_is, as_it_is, "--compress=zstd" },
    { "a result with gzip", IMAGE("0"), as_it_is, as_it_is, "--compress=gzip" },
    { "a snapshot in a qcow2 image", QCOW2, as_it_is, padded, "" },
};

START_TEST(nothing_around_a_stream_is_left)
{
    g_autoptr(GBytes) stream = assembled(HEAD RAM PART(
        "ram-page 8 0 \"pc.ram\"; " PAGE) "end 2; ram-eos; footer 2; " DESCRIBED);
    g_autoptr(GBytes) around = assembled(wraps[_i].around);
    g_autoptr(GBytes) inside = wraps[_i].pack(stream),
                      joined = joined_bytes(around, inside);
    g_autoptr(GBytes) all = wraps[_i].outer(joined);
    g_autofree char *chain = g_strdup_printf(REDACT " %s", wraps[_i].options);

    put("in", all);
    assert_redacted(wraps[_i].what, chain);
}
END_TEST

Suite *suite_secrets(void)
{
    Suite *suite = suite_create("secrets");
    TCase *tc = tcase_create("secrets");

    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_loop_test(tc, no_secret_is_left, 0, G_N_ELEMENTS(plants));
    tcase_add_loop_test(tc, nothing_around_a_stream_is_left, 0, G_N_ELEMENTS(wraps));
    suite_add_tcase(suite, tc);
    return suite;
}
