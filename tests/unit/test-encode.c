/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that what is read is written again as the same bytes, item by
 *                item, and that what is written from changed fields is read as those.
 * Must not know: the layout of any structure.
 * See also:      lib/stream/encode.h; fuzz/target-reader.c, the same for any bytes.
 */
#include "support.h"

#include <string.h>

#include "conversion.h"
#include "migstat.h"
#include "mkmig.h"
#include "stream/encode.h"
#include "stream/mapped-ram.h"
#include "stream/ram-record.h"

/* Kinds that the fixtures had items of, as bits. */
static uint32_t seen;

static void assert_encodes(MigReader *reader, const MigItem *item, const char *name)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    const uint8_t *p = mig_reader_bytes(reader, item);

    ck_assert_ptr_nonnull(p);
    mig_item_encode(item, p, out);
    ck_assert_msg(
        out->len == item->length && memcmp(out->data, p, out->len) == 0,
        "%s: the %s at 0x%" PRIx64 " of %" PRIu64 " bytes is written as %u other bytes",
        name, mig_item_kind_name(item->kind), item->offset, item->length, out->len);
    seen |= 1u << item->kind;
}

static void assert_stream_encodes(GBytes *stream, const char *name)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, name, NULL, NULL);
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    const MigItem *item;

    while (in && mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        assert_encodes(reader, item, name);
    }
}

/* Broken streams too: what can be read of them is written as it was. */
static const struct {
    const char *folder, *suffix;
} folders[] = {
    { "good", ".txt" },
    { "bad", ".txt" },
    { "real", ".mig.zst" },
};

/* test-channels.c has them. */
static bool is_of_multifd(MigItemKind kind)
{
    return kind == MIG_ITEM_MULTIFD_INITIAL || kind == MIG_ITEM_MULTIFD_PACKET ||
           kind == MIG_ITEM_MULTIFD_DEVICE || kind == MIG_ITEM_MULTIFD_DATA;
}

START_TEST(items_are_written_as_they_were_read)
{
    seen = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_auto(GStrv) names = fixture_list(folders[i].folder, folders[i].suffix);

        ck_assert_ptr_nonnull(names[0]);
        for (char **name = names; *name; name++) {
            g_autoptr(GBytes) stream = fixture_bytes(*name);
            assert_stream_encodes(stream, *name);
        }
    }
    for (MigItemKind kind = 0; kind < MIG_ITEM_KIND_COUNT; kind++) {
        ck_assert_msg(seen >> kind & 1 || is_of_multifd(kind), "no fixture has a %s",
                      mig_item_kind_name(kind));
    }
}
END_TEST

/* --- each field reaches the wire ------------------------------------------------------ */

static void set_version(MigItem *item)
{
    item->file_header.version = 2;
}

static void set_id(MigItem *item)
{
    item->section_id = 0x0a0b0c0d;
}

static void set_footer(MigItem *item)
{
    item->footer.id = 0x0a0b0c0d;
}

static void set_package(MigItem *item)
{
    item->command.package_length = 9;
}

static void set_total(MigItem *item)
{
    item->ram_list.total = 0x10000;
}

static void set_flag(MigItem *item)
{
    item->ram_mark.flag = MIG_RAM_MULTIFD_FLUSH;
}

static void set_address(MigItem *item)
{
    item->pages.address = 0x3000;
}

static void set_fill(MigItem *item)
{
    item->pages.fill = 7;
}

static void set_subflags(MigItem *item)
{
    item->vfio.has_subflags = true;
    item->vfio.subflags = 3;
}

static void set_data_size(MigItem *item)
{
    item->vfio.payload_length = 100;
}

#define HEAD  "header; config \"pc-q35-7.2\"; "
#define RAM   HEAD "start 2 \"ram\" 0 4; "
#define BLOCK "ram-size 0x8000; ram-block \"b\" 0x8000; "
#define VFIO  HEAD "start 7 \"0000:00:01.0/vfio\" 0 1; "

/* The first item of a kind in a stream, and what it becomes with one field changed. */
static const struct {
    const char *stream;
    MigItemKind kind;
    void (*change)(MigItem *item);
    const char *wanted;
} changes[] = {
    { "header", MIG_ITEM_FILE_HEADER, set_version, "str \"QEVM\"; be32 2" },
    { HEAD "full 2 \"d\" 1 3", MIG_ITEM_SECTION_HEADER, set_id,
      "full 0x0a0b0c0d \"d\" 1 3" },
    { RAM "ram-eos; footer 2", MIG_ITEM_SECTION_FOOTER, set_footer, "footer 0x0a0b0c0d" },
    { HEAD "packaged { eof }", MIG_ITEM_COMMAND, set_package, "command 7 { be32 9 }" },
    { RAM BLOCK "ram-eos", MIG_ITEM_RAM_LIST, set_total, "ram-size 0x10000" },
    { RAM BLOCK "ram-eos", MIG_ITEM_RAM_MARK, set_flag, "ram-flush" },
    /* Each kind of page; in a run the addresses follow that of the first. */
    { RAM BLOCK "ram-zero 0 \"b\"; ram-zero 0x1000; ram-eos", MIG_ITEM_RAM_PAGES,
      set_address, "ram-zero 0x3000 \"b\"; ram-zero 0x4000" },
    { RAM BLOCK "ram-zero 0 \"b\"; ram-zero 0x1000; ram-eos", MIG_ITEM_RAM_PAGES,
      set_fill, "be64 2; pstr8 \"b\"; u8 7; be64 0x1022; u8 7" },
    { RAM BLOCK "ram-normal 0 9 \"b\"; ram-normal 0x1000 5; ram-eos", MIG_ITEM_RAM_PAGES,
      set_address, "ram-normal 0x3000 9 \"b\"; ram-normal 0x4000 5" },
    { RAM BLOCK "ram-xbzrle 0 \"b\" { u8 0 1 9 }; ram-eos", MIG_ITEM_RAM_PAGES,
      set_address, "ram-xbzrle 0x3000 \"b\" { u8 0 1 9 }" },
    { RAM BLOCK "ram-zlib 0 \"b\" { u8 1 2 3 }; ram-eos", MIG_ITEM_RAM_PAGES, set_address,
      "ram-zlib 0x3000 \"b\" { u8 1 2 3 }" },
    { VFIO "vfio config; vfio-payload 256 2; vfio eos", MIG_ITEM_VFIO_RECORD,
      set_subflags, "vfio config; vfio subflag 3; vfio-payload 256 2" },
    { VFIO "vfio data 5 9; footer 7", MIG_ITEM_VFIO_RECORD, set_data_size,
      "be64 0xffffffffef100004 100; fill 5 9" },
};

/* What loaders ignore is kept too. */
static const char *const oddities[] = {
    RAM "be64 0x8024; ram-block \"b\" 0x8000; be64 0x1030; footer 2; eof",
    RAM BLOCK "be64 0x5010; footer 2; eof",
    VFIO "vfio config; be32 2; zero 256; be32 1 0 0 1; vfio eos; footer 7; eof",
    VFIO "vfio config; be32 1; zero 4096; be32 0 1 1 0; vfio eos; footer 7; eof",
    HEAD "command 1 { be32 7 }; command 99 { u8 1 2 3 }; eof",
};

START_TEST(oddities_are_written_as_they_were_read)
{
    g_autoptr(GBytes) stream = mkmig_assemble(oddities[_i], "stream", NULL);

    ck_assert_ptr_nonnull(stream);
    assert_stream_encodes(stream, oddities[_i]);
}
END_TEST

START_TEST(fields_reach_the_wire)
{
    g_autoptr(GBytes) stream = mkmig_assemble(changes[_i].stream, "stream", NULL);
    g_autoptr(GBytes) wanted = mkmig_assemble(changes[_i].wanted, "wanted", NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GBytes) found = NULL;
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        if (item->kind == changes[_i].kind && out->len == 0) {
            MigItem changed = *item;

            changes[_i].change(&changed);
            mig_item_encode(&changed, mig_reader_bytes(reader, item), out);
        }
    }
    found = g_byte_array_free_to_bytes(g_steal_pointer(&out));
    assert_same_bytes(found, wanted, changes[_i].stream);
}
END_TEST

/* The first record of the run has the block's name, so that its page is not where those of
 * the others are. */
START_TEST(a_slice_of_a_run_has_the_same_pages)
{
    static const char text[] =
        RAM BLOCK "ram-page 8 0 \"b\"; fill 4096 1; "
                  "ram-page 0x28 0x1000; fill 4096 2;"
                  "ram-page 0x28 0x2000; fill 4096 3; be64 0x10; footer 2; eof";
    g_autoptr(GBytes) stream = mkmig_assemble(text, "stream", NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const MigItem *item;
    const MigRamPages *run;
    const uint8_t *p;

    do {
        ck_assert_int_eq(mig_reader_next(reader, &item, NULL), MIG_STATUS_MORE);
    } while (item->kind != MIG_ITEM_RAM_PAGES);
    run = &item->pages;
    p = mig_reader_bytes(reader, item);
    ck_assert_uint_eq(run->n_pages, 3);
    for (uint32_t first = 0; first < 3; first++) {
        MigRamPages slice = mig_ram_pages_slice(run, first, 3 - first);
        const uint8_t *bytes = p + mig_ram_pages_length(run, first);

        ck_assert_uint_eq(slice.address, 0x1000 * first);
        ck_assert_uint_eq(mig_ram_pages_length(&slice, 3 - first),
                          item->length - mig_ram_pages_length(run, first));
        for (uint32_t i = first; i < 3; i++) {
            const uint8_t *page = mig_ram_pages_data(&slice, bytes, i - first);

            ck_assert_ptr_eq(page, mig_ram_pages_data(run, p, i));
            ck_assert_uint_eq(page[0], i + 1);
        }
    }
}
END_TEST

/* Where the pages of a mapped block of 16 pages go if its bitmap of 8 bytes is at a place:
 * QEMU aligns them to 1 MiB; where the stream does not, they keep the alignment of pages. */
static const struct {
    uint64_t pages_offset; /* as it was */
    uint64_t bitmap;
    uint64_t moved;
} placements[] = {
    { 0x100000, 0x1000, 0x100000 },  { 0x100000, 0xffff8, 0x100000 },
    { 0x100000, 0xffff9, 0x200000 }, { 0x300000, 0x200000, 0x300000 },
    { 0x101000, 0x1000, 0x2000 },    { 0x101000, 0x1ff8, 0x2000 },
    { 0x101000, 0x1ff9, 0x3000 },    { 0x180000, 0x200000, 0x201000 },
};

START_TEST(mapped_pages_keep_their_alignment)
{
    const MigRamBlock block = { .used_length = 16 * 0x1000,
                                .mapped_page_size = 0x1000,
                                .pages_offset = placements[_i].pages_offset };
    ck_assert_uint_eq(mig_mapped_ram_place_pages(&block, placements[_i].bitmap),
                      placements[_i].moved);
}
END_TEST

Suite *suite_encode(void)
{
    Suite *suite = suite_create("encode");
    TCase *tc = tcase_create("items");
    tcase_add_test(tc, items_are_written_as_they_were_read);
    tcase_add_loop_test(tc, oddities_are_written_as_they_were_read, 0,
                        G_N_ELEMENTS(oddities));
    tcase_add_loop_test(tc, fields_reach_the_wire, 0, G_N_ELEMENTS(changes));
    tcase_add_test(tc, a_slice_of_a_run_has_the_same_pages);
    tcase_add_loop_test(tc, mapped_pages_keep_their_alignment, 0,
                        G_N_ELEMENTS(placements));
    suite_add_tcase(suite, tc);
    return suite;
}
