/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the outer list: header, configuration, sections, footers,
 *                commands, packages, the end and what follows it.
 * Must not know: what is inside section bodies; test-ram.c, test-vfio.c, test-special.c.
 * See also:      outline.h has the language of the right-hand column.
 */
#include "outline.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "migstat.h"
#include "mkmig.h"
#include "stream/tail.h"

#define RAM      "start 2 \"ram\" 0 4; ram-eos; footer 2; "
#define READ_RAM "START:ram EOS footer "
#define DEVICE   "full 7 \"d\" 0 1; u8 1 2 3; footer 7; "
#define DESCRIBED(SIZE)                                                              \
    "eof; description \"{\\\"page_size\\\": 4096, \\\"devices\\\": [{\\\"name\\\": " \
    "\\\"d\\\", \\\"instance_id\\\": 0, \\\"size\\\": " SIZE "}]}\""

typedef struct Row {
    const char *text, *outline;
} Row;

static const Row rows[] = {
    /* The file header. */
    { "header; eof", "header eof end" },
    { "", "truncated@0[truncated]" },
    { "str \"QEV\"", "truncated@0[truncated]" },
    { "str \"QEVN\"; be32 3; eof", "malformed@0[magic]" },
    { "str \"QEVM\"; be32 2; eof", "malformed@4[version]" },
    { "str \"QEVM\"; be32 4; eof", "malformed@4[version]" },
    { "header", "header truncated@8[eof-missing]" },

    /* CONFIGURATION: name only, with each subsection, with all of them. */
    { "header; config \"pc-q35-7.2\"; eof", "header configuration eof end" },
    { "header; config \"\"; eof", "header configuration eof end" },
    { "header; config \"virt-9.2\" { page-bits 12 }; eof",
      "header configuration eof end" },
    { "header; config \"m\" { page-bits 12; caps \"x-ignore-shared\" \"mapped-ram\";"
      "uuid 00112233445566778899aabbccddeeff }; eof",
      "header configuration eof end" },
    { "header; config \"m\" { caps }; eof", "header configuration eof end" },
    { "header; config \"m\" { page-bits 7 }; eof",
      "header malformed@14[configuration-malformed]" },
    { "header; config \"m\" { page-bits 33 }; eof",
      "header malformed@14[configuration-malformed]" },
    { "header; config \"m\" { subsection \"configuration/other\" 1 }; eof",
      "header malformed@14[configuration-malformed]" },
    { "header; config \"m\" { subsection \"configuration/uuid\" 2; zero 16 }; eof",
      "header malformed@14[configuration-malformed]" },
    { "header; u8 7; be32 10; str \"short\"", "header truncated@8[truncated]" },
    { "header; u8 7; be32 -1; zero 0x10000",
      "header malformed@8[configuration-malformed]" },
    { "header; config \"m\"; config \"m\"; eof",
      "header configuration configuration[configuration-twice] eof end" },
    { "header; " RAM "config \"m\"; eof",
      "header " READ_RAM "configuration[configuration-not-first] eof end" },

    /* Sections and their ids. */
    { "header; " RAM "part 2; ram-eos; footer 2; end 2; ram-eos; footer 2; eof",
      "header " READ_RAM "PART:ram EOS footer END:ram EOS footer eof end" },
    { "header; part 2; ram-eos; footer 2; eof", "header malformed@8[section-unbound]" },
    { "header; " RAM "end 3; ram-eos; footer 3; eof",
      "header " READ_RAM "malformed@38[section-unbound]" },
    { "header; " RAM "start 9 \"ram\" 0 4; ram-eos; footer 9; part 9; ram-eos; footer 9;"
      "eof",
      "header " READ_RAM READ_RAM "PART:ram EOS footer eof end" },
    { "header; " RAM "start 9 \"ram\" 0 4; ram-eos; footer 9; part 2; ram-eos; footer 2;"
      "eof",
      "header " READ_RAM READ_RAM "PART:ram[section-unbound] EOS footer eof end" },
    { "header; " RAM "start 2 \"ram\" 1 4; ram-eos; footer 2; eof",
      "header " READ_RAM "START:ram(1)[section-id-twice] EOS footer eof end" },
    { "header; start 2 \"\" 0 4; footer 2; eof",
      "header START:[section-name-empty] footer eof end" },
    { "header; " RAM "u8 5", "header " READ_RAM "malformed@38[section-type]" },
    { "header; " RAM "u8 9", "header " READ_RAM "malformed@38[section-type]" },
    { "header; " RAM "u8 1; be32 2; u8 3; str \"ra\"",
      "header " READ_RAM "truncated@38[truncated]" },

    /* Footers: all, or none, decided by the first body. */
    { "header; start 2 \"ram\" 0 4; ram-eos; part 2; ram-eos; eof",
      "header START:ram EOS PART:ram EOS eof end" },
    { "header; " RAM "part 2; ram-eos; eof",
      "header " READ_RAM "PART:ram EOS eof[footer-missing] end" },
    { "header; " RAM "part 2; ram-eos; end 2; ram-eos; footer 2; eof",
      "header " READ_RAM "PART:ram EOS END:ram[footer-missing] EOS footer eof end" },
    { "header; start 2 \"ram\" 0 4; ram-eos; part 2; ram-eos; footer 2; eof",
      "header START:ram EOS PART:ram EOS footer[footer-mixed] eof end" },
    { "header; start 2 \"ram\" 0 4; ram-eos; footer 3; eof",
      "header START:ram EOS footer(3)[footer-id] eof end" },
    { "header; start 2 \"ram\" 0 4; ram-eos; u8 9",
      "header START:ram EOS malformed@33[footer-missing]" },
    { "header; start 2 \"ram\" 0 4; ram-eos",
      "header START:ram EOS truncated@33[truncated]" },
    { "header; start 2 \"ram\" 0 4; ram-eos; part 2; ram-eos",
      "header START:ram EOS PART:ram EOS truncated@46[eof-missing]" },
    /* A body that is a record too long: its zeros are no end mark, with footers or before
     * it is known whether there are any. */
    { "header; " RAM "part 2; ram-eos; ram-eos; footer 2; eof",
      "header " READ_RAM "PART:ram EOS malformed@51[footer-missing]" },
    { "header; start 2 \"ram\" 0 4; ram-eos; ram-eos; footer 2; eof",
      "header START:ram EOS malformed@33[footer-missing]" },

    /* Commands. */
    { "header; command 1; command 2 { be32 1 }; command 3; command 3 { be64 0x1000 "
      "0x1000 };"
      "command 8; command 9; command 10 { pstr8 \"b\" }; command 11; eof",
      "header OPEN_RETURN_PATH PING POSTCOPY_ADVISE POSTCOPY_ADVISE ENABLE_COLO "
      "POSTCOPY_RESUME RECV_BITMAP SWITCHOVER_START eof end" },
    { "header; command 6 { u8 0; pstr8 \"b\"; u8 0; be64 0 0x1000 }; eof",
      "header POSTCOPY_RAM_DISCARD eof end" },
    { "header; command 0; command 12 { u8 1 }; eof",
      "header command(0)[command-unknown] command(12)[command-unknown] eof end" },
    { "header; command 2; command 1 { u8 1 }; command 3 { be64 1 }; command 7; eof",
      "header PING[command-length] OPEN_RETURN_PATH[command-length] "
      "POSTCOPY_ADVISE[command-length] PACKAGED[command-length] eof end" },
    { "header; u8 8; be16 2 4; be16 1", "header truncated@8[truncated]" },

    /* What is packaged is read as part of the list. */
    { "header; packaged { command 4; " RAM "command 5 }; command 11; eof",
      "header PACKAGED ( POSTCOPY_LISTEN " READ_RAM
      "POSTCOPY_RUN ) SWITCHOVER_START eof end" },
    { "header; packaged { }; eof", "header PACKAGED eof end" },
    { "header; packaged { command 4; eof; command 5 }; eof",
      "header PACKAGED ( POSTCOPY_LISTEN eof POSTCOPY_RUN ) eof end" },
    { "header; packaged { packaged { command 4 }; command 5 }; eof",
      "header PACKAGED ( PACKAGED ( POSTCOPY_LISTEN ) POSTCOPY_RUN ) eof end" },
    { "header; u8 8; be16 7 4; be32 6; command 4; command 5; eof",
      "header PACKAGED ( POSTCOPY_LISTEN POSTCOPY_RUN malformed@23[package-length]" },
    { "header; u8 8; be16 7 4; be32 -1; command 4; eof",
      "header PACKAGED ( POSTCOPY_LISTEN eof truncated@23[truncated]" },
    { "header; packaged { u8 8; be16 7 4; be32 1 }; eof",
      "header PACKAGED malformed@17[package-length]" },
    { "header; packaged { packaged { packaged { packaged { packaged { } } } } }; eof",
      "header PACKAGED ( PACKAGED ( PACKAGED ( PACKAGED malformed@44[package-length]" },

    /* Behind the end mark. */
    { "header; eof; zero 100", "header eof padding:100 end" },
    { "header; eof; str \"COLO\"", "header eof trailing:4 end" },
    { "header; eof; be32 1 3", "header eof trailing:8 end" },
    { "header; eof; description \"{}\"; zero 7", "header eof description padding:7 end" },
    { "header; eof; u8 6; be32 0", "header eof description end" },
    { "header; eof; u8 6; be32 100; str \"{}\"",
      "header eof truncated@9[description-length]" },
    { "header; eof; u8 6 0 0", "header eof truncated@9[truncated]" },
#ifndef MIG_TINY /* whose items are shorter */
    { "header; eof; zero 0x120000+1; u8 1", "header eof padding:1179648 trailing:2 end" },
#endif

    /* Device state ends where the description says, if a footer stands there, */
    { "header; " DEVICE DESCRIBED("3"),
      "header FULL:d state:3 footer eof description end" },
    { "header; full 7 \"d\" 0 1; footer 7; " DESCRIBED("0"),
      "header FULL:d footer eof description end" },
    { "header; full 7 \"d\" 0 1; repeat 3 { footer 7; eof; u8 6 }; footer 7; " DESCRIBED(
          "21"),
      "header FULL:d state:21 footer eof description end" },
    /* else at the first footer that something plausible follows, */
    { "header; " DEVICE DESCRIBED("4"),
      "header FULL:d state:3?! footer eof description end" },
    { "header; " DEVICE DESCRIBED("0xf"),
      "header FULL:d state:3? footer eof description end" },
    { "header; " DEVICE "eof", "header FULL:d state:3? footer eof end" },
    { "header; full 7 \"d\" 0 1; footer 7; u8 9; footer 7; part 8; footer 7; eof",
      "header FULL:d state:16? footer eof end" },
    /* plausible after the end mark: zeros, or a description, which begins with a brace */
    { "header; full 7 \"d\" 0 1; u8 1; footer 7; eof; u8 6; be32 5; str \"[\"; zero 4;"
      "footer 7; eof",
      "header FULL:d state:17? footer eof end" },
    { "header; full 7 \"d\" 0 1; u8 1; footer 7; eof; u8 6; be32 5; str \"{\"; zero 4;"
      "footer 7; eof",
      "header FULL:d state:1? footer eof description trailing:6 end" },
    /* or, where nothing plausible comes soon, the first footer that a byte which begins
     * a section follows; "soon" is 64 KiB */
    { "header; full 7 \"d\" 0 1; u8 1; footer 7; u8 4; be32 9; u8 3 1 2 3;"
      "fill 60000 0xa5; footer 7; eof",
      "header FULL:d state:60015? footer eof end" },
    { "header; full 7 \"d\" 0 1; u8 1; footer 7; u8 4; be32 9; u8 3 1 2 3;"
      "fill 0x20000 0xa5; footer 7; eof",
      "header FULL:d state:1? footer FULL:\1\2\3(2779096485) truncated@46[truncated]" },
    { "header; " DEVICE "full 8 \"e\" 0 1; u8 4; footer 8; eof; str \"COLO\"",
      "header FULL:d state:3? footer FULL:e state:1? footer eof trailing:4 end" },
    { "header; start 7 \"d\" 0 1; u8 1; footer 7; part 7; u8 2; footer 7; eof",
      "header START:d state:1? footer PART:d state:1? footer eof end" },
    { "header; packaged { full 7 \"d\" 0 1; u8 1; footer 7 }; footer 7; eof",
      "header PACKAGED ( FULL:d state:1? footer malformed@38[section-type]" },
    { "header; " RAM DEVICE "full 8 \"e\" 0 1; u8 4 5 6",
      "header " READ_RAM "FULL:d state:3? footer FULL:e truncated@76[truncated]" },
    /* and nowhere without footers. */
    { "header; full 7 \"d\" 0 1; u8 1 2 3; " DESCRIBED("3"),
      "header FULL:d state:3 eof description end" },
    { "header; full 7 \"d\" 0 1; u8 1 2 3; full 8 \"e\" 0 1; eof",
      "header FULL:d malformed@23[section-end-unknown]" },
    { "header; start 2 \"ram\" 0 4; ram-eos; full 7 \"d\" 0 1; u8 1; " DESCRIBED("9"),
      "header START:ram EOS FULL:d malformed@48[section-end-unknown]" },
};

START_TEST(reads_the_outer_list)
{
    assert_outline(rows[_i].text, rows[_i].outline);
}
END_TEST

/* Wherever a footer lies in what is searched at once, at its edges too. */
START_TEST(finds_a_footer_at_any_distance)
{
    /* The lengths that are searched: 4 KiB, then 16, less what is looked at twice. */
    static const unsigned edges[] = { 4096, 4096 + 16384 - 5 };

    for (unsigned i = 0; i < G_N_ELEMENTS(edges) * 40; i++) {
        unsigned length = edges[i / 40] - 20 + i % 40;
        g_autofree char *text =
            g_strdup_printf("header; full 7 \"d\" 0 1; fill %u 1; footer 7; eof", length);
        g_autofree char *wanted =
            g_strdup_printf("header FULL:d state:%u? footer eof end", length);

        assert_outline(text, wanted);
    }
}
END_TEST

/* The tail of the stream follows no package: what is left of that comes first. */
START_TEST(skips_to_the_tail_from_outside_of_packages)
{
    g_autoptr(GBytes) bytes = mkmig_assemble(
        "header; " RAM
        "packaged { full 6 \"p\" 0 1; u8 1; footer 6 }; " RAM DEVICE DESCRIBED("3"),
        "text", NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "text", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    uint64_t tail;
    const MigItem *item;
    bool packaged = false;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE &&
           !(packaged && item->kind == MIG_ITEM_SECTION_FOOTER && !item->package_depth)) {
        packaged |= item->package_depth > 0;
        ck_assert_msg(!item->package_depth || !mig_reader_skip_to_tail(reader, &tail),
                      "from a package, to %" PRIu64, tail);
    }
    ck_assert(packaged && mig_reader_skip_to_tail(reader, &tail));
    ck_assert_int_eq(mig_reader_next(reader, &item, NULL), MIG_STATUS_MORE);
    ck_assert_uint_eq(item->offset, tail);
    ck_assert_str_eq(item->section->name, "d");
}
END_TEST

/* Sections before the end mark, and whether they are what the description lists. */
static const struct {
    const char *section;
    bool found;
} tails[] = {
    { "full 7 \"d\" 0 1; u8 1 2 3; footer 7; ", true },
    { "full 7 \"d\" 0 1; u8 1 2 3; footer 8; ", false },
    { "full 7 \"d\" 0 1; u8 1 2 3; u8 0x7f; be32 7; ", false },
    { "full 7 \"e\" 0 1; u8 1 2 3; footer 7; ", false },
    { "full 7 \"d\" 1 1; u8 1 2 3; footer 7; ", false },
    { "full 7 \"dd\" 0 1; u8 1 2; footer 7; ", false },
    { "start 7 \"d\" 0 1; u8 1 2 3; footer 7; ", false },
};

START_TEST(skips_only_to_a_tail_that_is_described)
{
    g_autofree char *text =
        g_strconcat("header; " RAM RAM, tails[_i].section, DESCRIBED("3"), NULL);
    g_autoptr(GBytes) bytes = mkmig_assemble(text, "text", NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "text", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const MigItem *item;
    uint64_t tail;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE &&
           item->kind != MIG_ITEM_SECTION_FOOTER) {
    }
    ck_assert_msg(mig_reader_skip_to_tail(reader, &tail) == tails[_i].found, "%s",
                  tails[_i].section);
}
END_TEST

/* One section, bound to one id more than are kept track of. */
START_TEST(bounds_the_ids_of_sections)
{
    g_autoptr(GBytes) bytes = mkmig_assemble(
        "header; repeat 128*1024+1 { u8 4; be32 @i+1; u8 1 0x64; be32 0 1; "
        "u8 0x7e; be32 @i+1 }; eof",
        "ids", NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "ids", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(GError) error = NULL;
    MigStatus status;
    const MigItem *item;

    while ((status = mig_reader_next(reader, &item, &error)) == MIG_STATUS_MORE) {
    }
    ck_assert_int_eq(status, MIG_STATUS_ERROR);
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_LIMIT));
    ck_assert_str_eq(mig_error_get_rule(error), "sections-too-many");
}
END_TEST

/* A record of 1 TiB and 1 TiB of zeros after the end, both holes of a file: nobody reads them,
 * and to one who looks at no pieces they are a few items. */
START_TEST(joins_pieces)
{
    const off_t hole = (off_t)1 << 40;
    g_autofree char *dir = scratch_dir();
    g_autofree char *path = g_build_filename(dir, "sparse", NULL);
    g_autoptr(GBytes) head =
        mkmig_assemble("header; start 3 \"d/vfio\" 0 1; vfio eos; footer 3; end 3; "
                       "be64 0xffffffffef100004 0x10000000000",
                       "head", NULL);
    g_autoptr(GBytes) tail = mkmig_assemble("vfio eos; footer 3; eof", "tail", NULL);
    off_t after = (off_t)g_bytes_get_size(head) + hole;
    unsigned n_items = 0;
    uint64_t end = 0;
    const MigItem *item;
    int fd = open(path, O_RDWR | O_CREAT, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert(pwrite(fd, g_bytes_get_data(head, NULL), g_bytes_get_size(head), 0) > 0);
    ck_assert(pwrite(fd, g_bytes_get_data(tail, NULL), g_bytes_get_size(tail), after) >
              0);
    ck_assert_int_eq(ftruncate(fd, 2 * hole), 0);
    g_autoptr(MigInput) in = mig_input_new_fd(fd, "sparse", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);

    mig_reader_join_pieces(reader);
    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        ck_assert_uint_eq(item->offset, end);
        end = item->offset + item->length;
        n_items++;
    }
    ck_assert_uint_eq(end, (uint64_t)(2 * hole));
    ck_assert_uint_le(n_items, 20);
    close(fd);
    scratch_remove(dir);
}
END_TEST

/* Two items of the same name are one handler if their instances are the same; a section may
 * be bound to a new id, and its version is the last one. */
START_TEST(keeps_what_the_stream_said)
{
    g_autoptr(GBytes) bytes = mkmig_assemble(
        "header; config \"virt-9.2\" { page-bits 14; caps \"x-ignore-shared\";"
        "uuid 00112233445566778899aabbccddeeff };"
        "start 2 \"ram\" 0 4; ram-size 0x8000; ram-block \"b\" 0x8000; be64 0x40000000;"
        "ram-eos; footer 2; start 5 \"ram\" 0 3; ram-eos; footer 5;"
        "start 6 \"ram\" 1 4; ram-eos; footer 6; eof; description \"{\\\"devices\\\": "
        "[]}\"",
        "text", NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "text", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const MigSection *const *sections;
    const MigConfiguration *conf;
    const MigRamBlock *const *blocks;
    const MigItem *item;
    size_t n;

    ck_assert_ptr_null(mig_reader_configuration(reader));
    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
    }
    conf = mig_reader_configuration(reader);
    ck_assert_str_eq(conf->machine, "virt-9.2");
    ck_assert_uint_eq(conf->page_bits, 14);
    ck_assert_uint_eq(mig_reader_page_size(reader), 16384);
    ck_assert_str_eq(conf->capabilities[0], "x-ignore-shared");
    ck_assert_ptr_null(conf->capabilities[1]);
    ck_assert_uint_eq(conf->uuid[15], 0xff);
    sections = mig_reader_sections(reader, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_uint_eq(sections[0]->id, 5);
    ck_assert_uint_eq(sections[0]->version_id, 3);
    ck_assert_uint_eq(sections[1]->instance_id, 1);
    blocks = mig_reader_ram_blocks(reader, &n);
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(blocks[0]->address, 0x40000000);
    ck_assert_ptr_nonnull(mig_reader_description(reader));
    ck_assert(mig_reader_description(reader)->valid);
}
END_TEST

/* --- every good fixture ------------------------------------------------------------- */

/* Of each; test-damage.c has all of them, from memory only. */
#define CUTS   60
#define ROUNDS 6

static char **good;

START_TEST(reads_good_fixtures_to_the_end)
{
    g_autoptr(GBytes) bytes = fixture_bytes(good[_i]);
    g_autofree char *found = outline(good[_i], bytes);

    ck_assert_msg(g_str_has_suffix(found, " end"), "%s: %s", good[_i], found);
    ck_assert_msg(!strstr(found, "[") || strstr(good[_i], "defect"), "%s: %s", good[_i],
                  found);
}
END_TEST

/* How far two outlines are the same, in whole words. */
static size_t common_words(const char *a, const char *b)
{
    size_t at = 0, word = 0;

    for (; a[at] && a[at] == b[at]; at++) {
        word = a[at] == ' ' ? at + 1 : word;
    }
    return word;
}

/* Whether the first word is an item that may be shorter than in the whole: made of several
 * records, or of what follows the end. */
static bool is_partial(const char *rest)
{
    size_t n = strcspn(rest, " ");

    return g_strstr_len(rest, (gssize)n, "zerox") ||
           g_strstr_len(rest, (gssize)n, "normalx") ||
           g_str_has_prefix(rest, "trailing:") || g_str_has_prefix(rest, "padding:");
}

/* A stream that is cut gives the items of the whole one, then an error; only an end mark is
 * an end. */
START_TEST(reads_prefixes)
{
    g_autoptr(GBytes) whole = fixture_bytes(good[_i]);
    g_autofree char *whole_outline = outline(good[_i], whole);
    size_t size = g_bytes_get_size(whole), step = size / CUTS + 1;

    for (size_t n = 0; n < size; n += step) {
        g_autoptr(GBytes) prefix = g_bytes_new_from_bytes(whole, 0, n);
        g_autofree char *name = g_strdup_printf("%s, %zu bytes", good[_i], n);
        g_autofree char *found = outline(name, prefix);
        size_t same = common_words(whole_outline, found);
        const char *rest = found + same;

        if (strchr(rest, '?')) {
            continue; /* without the description ends are inferred */
        }
        rest += is_partial(rest) ? strcspn(rest, " ") + 1 : 0;
        ck_assert_msg(!strchr(rest, ' '), "%s: %s\n the whole: %s", name, found,
                      whole_outline);
        ck_assert_msg(strstr(rest, "@") || strstr(found, " eof"), "%s: %s", name, found);
    }
}
END_TEST

/* Whatever the bytes are: reading ends, the items tile, pipe and file agree. */
START_TEST(survives_damage)
{
    g_autoptr(GBytes) whole = fixture_bytes(good[_i]);
    g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
    size_t size = g_bytes_get_size(whole);

    for (int round = 0; round < ROUNDS; round++) {
        uint8_t *copy = g_memdup2(g_bytes_get_data(whole, NULL), size);
        g_autoptr(GBytes) damaged = NULL;
        g_autofree char *name = g_strdup_printf("%s, round %d", good[_i], round);
        g_autofree char *found = NULL;

        for (int flips = g_rand_int_range(random, 1, 5); flips; flips--) {
            copy[g_rand_int_range(random, 8, (gint32)size)] ^=
                (uint8_t)(1u << g_rand_int_range(random, 0, 8));
        }
        damaged = g_bytes_new_take(copy, size);
        found = outline(name, damaged);
    }
}
END_TEST

Suite *suite_reader(void)
{
    Suite *suite = suite_create("reader");
    TCase *tc = tcase_create("outer list");

    tcase_add_loop_test(tc, reads_the_outer_list, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tc, keeps_what_the_stream_said);
    tcase_add_test(tc, finds_a_footer_at_any_distance);
    tcase_add_test(tc, skips_to_the_tail_from_outside_of_packages);
    tcase_add_loop_test(tc, skips_only_to_a_tail_that_is_described, 0,
                        G_N_ELEMENTS(tails));
    tcase_add_test(tc, bounds_the_ids_of_sections);
    tcase_add_test(tc, joins_pieces);
    suite_add_tcase(suite, tc);

    tc = tcase_create("fixtures");
    good = fixture_list("good", ".txt");
    tcase_add_loop_test(tc, reads_good_fixtures_to_the_end, 0, (int)g_strv_length(good));
    tcase_add_loop_test(tc, reads_prefixes, 0, (int)g_strv_length(good));
    tcase_add_loop_test(tc, survives_damage, 0, (int)g_strv_length(good));
    suite_add_tcase(suite, tc);
    return suite;
}
