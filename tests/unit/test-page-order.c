/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that RAM means the same to all that decode it: what extract
 *                makes of a stream, what it makes of the stream that ram-decompress
 *                wrote, and what was meant.
 * Must not know: how either decodes.
 * See also:      test-page.c has single pages; test-filter.c has single streams.
 *
 * Streams are made up: pages of two blocks in random order, of each kind, sent again and
 * again.  Pages are short, so that a stream that fails can be read.
 */
#include "support.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conversion.h"
#include "device/ram-image-file.h"

enum {
    N_STREAMS = 300,
    N_RECORDS = 24,
    N_BLOCKS = 2,
    N_PAGES = 4, /* of each block */
    PAGE = 1024,
    BLOCK = N_PAGES * PAGE,
    RAM = N_BLOCKS * BLOCK
};

/* --- what is meant ------------------------------------------------------------------ */

typedef struct {
    GRand *rand;
    GString *text; /* in mkmig's language */
    uint8_t ram[RAM];
    bool sent[RAM / PAGE];
    int block; /* that CONTINUE means; -1: none yet */
} Guest;

static const char *const names[N_BLOCKS] = { "a", "b" };

static void append_record(Guest *guest, unsigned flags, int page)
{
    int block = page / N_PAGES, offset = page % N_PAGES * PAGE;
    bool named = block != guest->block || g_rand_boolean(guest->rand);

    g_string_append_printf(guest->text, "ram-page 0x%x 0x%x", flags | (named ? 0 : 0x20),
                           offset);
    if (named) {
        g_string_append_printf(guest->text, " \"%s\"", names[block]);
    }
    g_string_append(guest->text, "; ");
    guest->block = block;
    guest->sent[page] = true;
}

/* Loaders until 7.2 took any byte to fill a page with. */
static void send_filled(Guest *guest, int page)
{
    int value =
        g_rand_int_range(guest->rand, 0, 4) ? 0 : g_rand_int_range(guest->rand, 1, 9);

    append_record(guest, 0x02, page);
    g_string_append_printf(guest->text, "u8 %d\n", value);
    memset(guest->ram + page * PAGE, value, PAGE);
}

static void send_normal(Guest *guest, int page)
{
    int value = g_rand_int_range(guest->rand, 0, 9);

    append_record(guest, 0x08, page);
    g_string_append_printf(guest->text, "page %d\n", value);
    memset(guest->ram + page * PAGE, value, PAGE);
}

/* zlib's "stored" form, for which no compressor is needed, with its Adler-32. */
static void send_zlib(Guest *guest, int page)
{
    uint32_t value = (uint32_t)g_rand_int_range(guest->rand, 0, 256), a = 1, b = 0;

    for (unsigned i = 0; i < PAGE; i++) {
        a = (a + value) % 65521;
        b = (b + a) % 65521;
    }
    append_record(guest, 0x100, page);
    g_string_append_printf(
        guest->text,
        "len32 { bytes 7801 01; le16 @page 0xffff-@page; page %u; be16 %u "
        "%u }\n",
        value, b, a);
    memset(guest->ram + page * PAGE, (int)value, PAGE);
}

static void append_uleb(GString *text, int n)
{
    g_string_append_printf(text, n < 0x80 ? "u8 %d; " : "u8 %d %d; ",
                           n < 0x80 ? n : (n & 0x7f) | 0x80, n >> 7);
}

/* Runs of what stays and of what changes, in turn. */
static void send_xbzrle(Guest *guest, int page)
{
    uint8_t *to = guest->ram + page * PAGE;
    int n = g_rand_int_range(guest->rand, 0, 4), at = 0;

    append_record(guest, 0x40, page);
    g_string_append(guest->text, "u8 1; len16 { ");
    for (int i = 0; i < n; i++) {
        int stays = g_rand_int_range(guest->rand, i ? 1 : 0, 180);
        int changes = g_rand_int_range(guest->rand, 1, 160);
        int value = g_rand_int_range(guest->rand, 0, 256);

        /* A decoder wants two bytes for a length, even where it has one. */
        append_uleb(guest->text, stays);
        append_uleb(guest->text, changes);
        g_string_append_printf(guest->text, "fill %d %d; ", changes, value);
        at += stays;
        memset(to + at, value, (size_t)changes);
        at += changes;
    }
    g_string_append(guest->text, "}\n");
}

static void send_page(Guest *guest)
{
    int page = g_rand_int_range(guest->rand, 0, RAM / PAGE);

    switch (g_rand_int_range(guest->rand, 0, guest->sent[page] ? 5 : 3)) {
    case 0:
        send_filled(guest, page);
        break;
    case 1:
        send_normal(guest, page);
        break;
    case 2:
        send_zlib(guest, page);
        break;
    default:
        send_xbzrle(guest, page);
    }
}

static void guest_run(Guest *guest, uint32_t seed)
{
    guest->rand = g_rand_new_with_seed(seed);
    guest->text =
        g_string_new("set page 1024\nheader; config \"virt-7.2\" { page-bits 10 }\n"
                     "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"a\" 0x1000; "
                     "ram-block \"b\" 0x1000; ram-eos; footer 2\npart 2\n");
    guest->block = -1;
    for (int i = 0; i < N_RECORDS; i++) {
        send_page(guest);
        if (g_rand_int_range(guest->rand, 0, 6) == 0) {
            g_string_append(guest->text, "ram-eos; footer 2; part 2\n");
        }
    }
    g_string_append(guest->text, "ram-eos; footer 2; end 2; ram-eos; footer 2; eof\n");
}

static void guest_clear(Guest *guest)
{
    g_rand_free(guest->rand);
    g_string_free(guest->text, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

/* --- what is made of it ------------------------------------------------------------- */

static bool place(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                  GError **error)
{
    (void)error;
    *fd = *(int *)user;
    *base = (uint64_t)block->index * BLOCK;
    return true;
}

/* @gather: as extract does it, else as diff. */
static void read_image(GBytes *stream, bool gather, uint8_t *ram, const char *text)
{
    int fd = memfd_create("ram", MFD_CLOEXEC);
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigRamImage) image = mig_ram_image_new(reader, place, &fd);
    g_autoptr(GError) error = NULL;
    const MigItem *item;
    MigStatus status;

    ck_assert_int_ge(fd, 0);
    if (gather) {
        mig_ram_image_gather(image);
    }
    while ((status = mig_reader_next(reader, &item, &error)) == MIG_STATUS_MORE) {
        ck_assert_msg(mig_ram_image_watch(image, item, &error), "%s\n%s",
                      error ? error->message : "", text);
    }
    ck_assert_msg(status == MIG_STATUS_END, "%s\n%s", error ? error->message : "", text);
    ck_assert(!gather || mig_ram_image_flush(image, &error));
    memset(ram, 0, RAM);
    ck_assert_int_ge(pread(fd, ram, RAM, 0), 0);
    close(fd);
}

static void assert_same_ram(const uint8_t *found, const uint8_t *wanted, const char *who,
                            const char *text)
{
    unsigned i = 0;

    while (i < RAM && found[i] == wanted[i]) {
        i++;
    }
    ck_assert_msg(i == RAM, "%s: block %s, 0x%x: 0x%02x, wanted 0x%02x, of\n%s", who,
                  names[i / BLOCK % N_BLOCKS], i % BLOCK, found[i % RAM], wanted[i % RAM],
                  text);
}

/* Whether each page of the stream is one that 9.1 reads. */
static void assert_plain(GBytes *stream, const char *text)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        ck_assert_msg(item->kind != MIG_ITEM_RAM_PAGES ||
                          item->pages.kind == MIG_PAGE_NORMAL ||
                          item->pages.kind == MIG_PAGE_ZERO,
                      "a page stays encoded, of\n%s", text);
    }
}

START_TEST(all_decoders_agree)
{
    uint8_t ram[RAM];

    for (uint32_t seed = 0; seed < N_STREAMS; seed++) {
        g_auto(Guest) guest = { 0 };

        guest_run(&guest, seed);
        g_autoptr(GBytes) stream = assembled(guest.text->str);
        g_autoptr(GBytes) plain = converted(stream, "ram-decompress");
        read_image(stream, true, ram, guest.text->str);
        assert_same_ram(ram, guest.ram, "extract", guest.text->str);
        read_image(stream, false, ram, guest.text->str);
        assert_same_ram(ram, guest.ram, "diff", guest.text->str);
        assert_plain(plain, guest.text->str);
        read_image(plain, true, ram, guest.text->str);
        assert_same_ram(ram, guest.ram, "ram-decompress", guest.text->str);
    }
}
END_TEST

Suite *suite_page_order(void)
{
    Suite *suite = suite_create("page_order");
    TCase *tc = tcase_create("random orders");

    tcase_add_test(tc, all_decoders_agree);
    suite_add_tcase(suite, tc);
    return suite;
}
