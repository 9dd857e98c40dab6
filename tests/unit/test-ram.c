/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the ram section: block list, page records, page sizes,
 *                mapped-ram.
 * Must not know: the outer list, test-reader.c.
 * See also:      outline.h has the language of the right-hand column.
 */
#include "outline.h"

#include <string.h>

#include "migstat.h"
#include "mkmig.h"

/* One body between the header and the end; IN is its machine's name and subsections. */
#define STREAM(IN, BODY) \
    "header; config " IN "; start 2 \"ram\" 0 4; " BODY "; footer 2; eof"
#define PC(BODY)         STREAM("\"pc-q35-7.2\"", BODY)
#define BLOCK            "ram-size 0x8000; ram-block \"b\" 0x8000; "
#define READ(ITEMS)      "header configuration START:ram " ITEMS "footer eof end"
#define STOP(ITEMS, HOW) "header configuration START:ram " ITEMS HOW
#define READ_BLOCK       "list:0x8000 block:b:0x8000 "

typedef struct Row {
    const char *text, *outline;
} Row;

static const Row rows[] = {
    /* The block list goes on until the lengths add up. */
    { PC("ram-eos"), READ("EOS ") },
    { PC("ram-size 0; ram-eos"), READ("list:0x0 EOS ") },
    { PC("ram-size 0x5000; ram-block \"a\" 0x1000; ram-block \"/rom@etc\" 0x4000; "
         "ram-eos"),
      READ("list:0x5000 block:a:0x1000 block:/rom@etc:0x4000 EOS ") },
    { PC("ram-size 0x5000; ram-block \"a\" 0x1000; ram-eos"),
      READ("list:0x5000 block:a:0x1000 EOS[ram-list-total] ") },
    { PC("ram-size 0x1000; ram-block \"a\" 0x2000; ram-eos"),
      STOP("list:0x1000 ", "malformed@48[ram-list-total]") },
    { PC("ram-size 0x3000; ram-block \"a\" 0x2000; ram-block \"b\" -0x1000; ram-eos"),
      STOP("list:0x3000 block:a:0x2000 ", "malformed@58[ram-list-total]") },
    { PC("ram-size 0x2000; ram-block \"a\" 0x1000; ram-block \"a\" 0x1000; ram-eos"),
      READ("list:0x2000 block:a:0x1000 block:a:0x1000[ram-block-twice] EOS ") },
    /* A list that is repeated is of the same blocks. */
    { PC(BLOCK BLOCK "ram-zero 0 \"b\"; ram-eos"),
      READ(READ_BLOCK READ_BLOCK "b/zerox1@0x0 EOS ") },

    /* An address of each block comes with x-ignore-shared, */
    { STREAM("\"m\" { caps \"x-ignore-shared\" }",
             "ram-size 0x3000; ram-block \"a\" 0x1000; be64 0x40000000;"
             "ram-block \"b\" 0x2000; be64 0; ram-eos"),
      READ("list:0x3000 block:a:0x1000:at=0x40000000 block:b:0x2000:at=0x0 EOS ") },
    /* the size of the host's pages with postcopy, where it is an unusual one; nothing but
     * the bytes tells. */
    { "header; config \"pc-q35-7.2\"; command 3 { be64 0x201000 0x1000 }; start 2 "
      "\"ram\" 0 4;"
      "ram-size 0x600000; ram-block \"a\" 0x200000; be64 0x200000; ram-block \"b\" "
      "0x200000;"
      "ram-block \"c\" 0x200000; be64 0x200000; ram-eos; footer 2; eof",
      "header configuration POSTCOPY_ADVISE START:ram list:0x600000 "
      "block:a:0x200000:host=0x200000 block:b:0x200000 block:c:0x200000:host=0x200000 "
      "EOS footer eof end" },
    { "header; config \"pc-q35-7.2\"; command 3; start 2 \"ram\" 0 4;" BLOCK
      "be64 0x200000; ram-eos; footer 2; eof",
      "header configuration POSTCOPY_ADVISE START:ram " READ_BLOCK
      "malformed@63[ram-flag]" },
    /* eight zeros are no size: the list is over, and they are a record without flags */
    { "header; config \"pc-q35-7.2\"; command 3 { be64 0x1000 0x1000 }; start 2 \"ram\" "
      "0 4; ram-size 0x9000;"
      "ram-block \"b\" 0x8000; be64 0; ram-block \"c\" 0x1000; ram-eos; footer 2; eof",
      "header configuration POSTCOPY_ADVISE START:ram list:0x9000 block:b:0x8000 "
      "malformed@79[ram-flag]" },

    /* Pages: each kind, named and not, and runs of what follows each other. */
    { PC(BLOCK
         "ram-zero 0 \"b\"; ram-zero 0x1000; ram-zero 0x2000; ram-zero 0x4000; ram-eos"),
      READ(READ_BLOCK "b/zerox3@0x0 zerox1@0x4000 EOS ") },
    { PC(BLOCK "ram-normal 0x7000 1 \"b\"; ram-normal 0 0; ram-normal 0x1000 0; ram-eos"),
      READ(READ_BLOCK "b/normalx1@0x7000 normalx2@0x0 EOS ") },
    { PC(BLOCK "ram-zero 0 \"b\"; ram-zero 0x1000 \"b\"; ram-eos"),
      READ(READ_BLOCK "b/zerox1@0x0 b/zerox1@0x1000 EOS ") },
    { PC(BLOCK "ram-zero 0 \"b\"; be64 0x1022; u8 7; be64 0x2022; u8 7; ram-eos"),
      READ(READ_BLOCK "b/zerox1@0x0 zerox2@0x1000 EOS ") },
    { PC(BLOCK "ram-xbzrle 0x1000 \"b\" { u8 0 1 9 }; ram-xbzrle 0x2000 { }; ram-eos"),
      READ(READ_BLOCK "b/xbzrlex1@0x1000 xbzrlex1@0x2000 EOS ") },
    { PC(BLOCK "ram-zlib 0 \"b\" { u8 1 2 3 }; ram-zlib 0x1000 { }; ram-eos"),
      READ(READ_BLOCK "b/compressedx1@0x0 compressedx1@0x1000 EOS ") },
    { PC(BLOCK "be64 0x80; ram-flush; ram-eos"),
      READ(READ_BLOCK "HOOK MULTIFD_FLUSH EOS ") },
    /* CONTINUE goes on across sections. */
    { "header; config \"pc-q35-7.2\"; start 2 \"ram\" 0 4;" BLOCK
      "ram-zero 0 \"b\"; ram-eos;"
      "footer 2; command 11; part 2; ram-zero 0x1000; ram-eos; footer 2; eof",
      "header configuration START:ram " READ_BLOCK "b/zerox1@0x0 EOS footer "
      "SWITCHOVER_START PART:ram zerox1@0x1000 EOS footer eof end" },

    /* What a loader would refuse, and reading can pass over. */
    { PC(BLOCK "ram-zero 0; ram-eos"),
      READ(READ_BLOCK "zerox1@0x0[ram-continue-without-block] EOS ") },
    { PC(BLOCK "ram-zero 0 \"c\"; ram-zero 0x3000 \"b\"; ram-eos"),
      READ(READ_BLOCK "?/zerox1@0x0[ram-block-unknown] b/zerox1@0x3000 EOS ") },
    { PC(BLOCK
         "ram-zero 0x7000 \"b\"; ram-zero 0x8000; ram-zero 0x100000 \"b\"; ram-eos"),
      READ(READ_BLOCK "b/zerox2@0x7000[ram-page-outside] "
                      "b/zerox1@0x100000[ram-page-outside] EOS ") },
    /* What loses the structure. */
    { PC(BLOCK "be64 0x400; ram-eos"), STOP(READ_BLOCK, "malformed@58[ram-flag]") },
    { PC(BLOCK "be64 0; ram-eos"), STOP(READ_BLOCK, "malformed@58[ram-flag]") },
    { PC(BLOCK "ram-page 0x0a 0 \"b\"; ram-eos"),
      STOP(READ_BLOCK, "malformed@58[ram-flag]") },
    { PC(BLOCK "ram-page 0x40 0 \"b\"; u8 2; be16 0; ram-eos"),
      STOP(READ_BLOCK, "malformed@58[ram-xbzrle-header]") },
    { PC(BLOCK "ram-page 0x40 0 \"b\"; u8 1; be16 4097; zero 4097; ram-eos"),
      STOP(READ_BLOCK, "malformed@58[ram-xbzrle-header]") },
    { PC(BLOCK "ram-page 0x100 0 \"b\"; be32 4111; zero 5000"),
      STOP(READ_BLOCK, "malformed@58[ram-compressed-length]") },
    { PC(BLOCK "ram-page 0x100 0 \"b\"; be32 -1"),
      STOP(READ_BLOCK, "malformed@58[ram-compressed-length]") },
    { "header; start 2 \"ram\" 0 4; " BLOCK
      "ram-normal 0 1 \"b\"; ram-page 8 0x1000; zero 9",
      "header START:ram " READ_BLOCK "b/normalx1@0x0 truncated@4149[truncated]" },

    /* Targets with other pages: by the subsection, by the machine, by trying. */
    { STREAM("\"virt-9.2\" { page-bits 12 }", BLOCK "ram-normal 0 1 \"b\"; ram-eos"),
      READ(READ_BLOCK "b/normalx1@0x0 EOS ") },
    { STREAM("\"virt-9.2\" { page-bits 16 }",
             "set page 65536; ram-size 0x20000; ram-block \"b\" 0x20000; ram-normal 0 1 "
             "\"b\";"
             "ram-zero 0x10000; ram-eos"),
      READ("list:0x20000 block:b:0x20000 b/normalx1@0x0 zerox1@0x10000 EOS ") },
    { STREAM("\"clipper\"", "set page 8192; ram-size 0x4000; ram-block \"b\" 0x4000;"
                            "ram-zero 0 \"b\"; ram-normal 0x2000 1; ram-eos"),
      READ("list:0x4000 block:b:0x4000 b/zerox1@0x0 normalx1@0x2000 EOS ") },
    /* where nothing else tells, pages are no longer than the shortest block allows */
    { STREAM("\"board\"",
             "ram-size 0x2c00; ram-block \"a\" 0xc00; ram-block \"b\" 0x2000;"
             "ram-zero 0 \"b\"; ram-zero 0x1000; ram-eos"),
      READ("list:0x2c00 block:a:0xc00 block:b:0x2000 b/zerox1@0x0 zerox1@0x1000 EOS ") },
};

START_TEST(reads_ram)
{
    assert_outline(rows[_i].text, rows[_i].outline);
}
END_TEST

/* --- page sizes --------------------------------------------------------------------- */

static const struct {
    unsigned size, blocks;
    const char *last; /* the flags of a mark that needs this size or a larger one */
} page_sizes[] = {
    { 256, 3, "0x10" },    { 512, 3, "0x10" },    { 1024, 3, "0x200" },
    { 2048, 5, "0x200" },  { 4096, 4, "0x200" },  { 8192, 4, "0x200" },
    { 16384, 4, "0x200" }, { 32768, 4, "0x200" }, { 65536, 4, "0x200" },
};

/* A machine that tells nothing: the first pages do.  The total has bits below 4 KiB. */
START_TEST(finds_the_page_size)
{
    unsigned size = page_sizes[_i].size, blocks = page_sizes[_i].blocks;
    const char *more = g_str_equal(page_sizes[_i].last, "0x10") ? "" : "ram-flush;";
    g_autofree char *text = g_strdup_printf(
        "header; config \"board\"; set page %u; start 2 \"ram\" 0 4; ram-size @page*%u;"
        "ram-block \"b\" @page*%u; ram-eos; footer 2; part 2; ram-zero 0 \"b\"; ram-eos; "
        "footer 2;"
        "part 2; ram-zero @page \"b\"; ram-normal 0 0x5a; ram-normal @page 0; ram-zero "
        "@page*2; %s"
        "ram-eos; footer 2; end 2; ram-normal @page 0x10; ram-eos; footer 2; eof",
        size, blocks, blocks, more);
    g_autofree char *wanted = g_strdup_printf(
        "header configuration START:ram list:0x%x block:b:0x%x EOS footer "
        "PART:ram b/zerox1@0x0 EOS footer "
        "PART:ram b/zerox1@0x%x normalx2@0x0 zerox1@0x%x %sEOS footer "
        "END:ram normalx1@0x%x EOS footer eof end",
        size * blocks, size * blocks, size, size * 2, *more ? "MULTIFD_FLUSH " : "",
        size);

    assert_outline(text, wanted);
}
END_TEST

static const struct {
    const char *machine;
    uint32_t size;
} machines[] = {
    { "pc-i440fx-2.4", 4096 },
    { "pc-q35-10.0", 4096 },
    { "pseries-7.2", 4096 },
    { "s390-ccw-virtio-9.0", 4096 },
    { "clipper", 8192 },
    { "sun4u", 8192 },
    { "virt-9.2", 0 },
    { "raspi2b", 0 },
    { "", 0 },
};

START_TEST(knows_machines_of_one_page_size)
{
    g_autofree char *text =
        g_strdup_printf("header; config \"%s\"; eof", machines[_i].machine);
    g_autoptr(GBytes) bytes = mkmig_assemble(text, "text", NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "text", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
    }
    ck_assert_msg(mig_reader_page_size(reader) == machines[_i].size, "%s: %u",
                  machines[_i].machine, mig_reader_page_size(reader));
}
END_TEST

/* --- mapped-ram --------------------------------------------------------------------- */

#define MAPPED(BODY) STREAM("\"pc-q35-9.2\" { caps \"mapped-ram\" }", BODY)

static const Row mapped_rows[] = {
    /* Two blocks, the stream going on after the pages of each; bits of pages 0, 7 and 3. */
    { MAPPED("ram-size 0xc000; ram-block \"b\" 0x8000; mapped-ram @bitmap @pages;"
             "label bitmap; u8 0x81; zero 7; align 0x1000; label pages; fill 0x8000 9;"
             "ram-block \"c\" 0x4000; mapped-ram @bitmap2 @pages2; zero 3; label bitmap2;"
             "u8 8; zero 7; label pages2; zero 0x4000; ram-eos"),
      READ("list:0xc000 block:b:0x8000 mapped-header bitmap:2/8 padding:3955 "
           "pages:32768 block:c:0x4000 mapped-header padding:3 bitmap:1/4 "
           "pages:16384 EOS ") },
    /* Bits beyond the last page are not pages. */
    { MAPPED("ram-size 0x3000; ram-block \"b\" 0x3000; mapped-ram @bitmap @pages;"
             "label bitmap; u8 0xff 1; zero 6; label pages; zero 0x3000; ram-eos"),
      READ("list:0x3000 block:b:0x3000 mapped-header bitmap:3/3 pages:12288 EOS ") },
    /* With x-ignore-shared, an address stands before the header. */
    { STREAM("\"m\" { caps \"x-ignore-shared\" \"mapped-ram\" }",
             "ram-size 0x1000; ram-block \"b\" 0x1000; be64 0x1000; mapped-ram @bitmap "
             "@pages;"
             "label bitmap; zero 8; label pages; zero 0x1000; ram-eos"),
      READ("list:0x1000 block:b:0x1000:at=0x1000 mapped-header bitmap:0/1 pages:4096 "
           "EOS ") },
    /* What cannot be: before the header, over it, over each other, beyond what a file has. */
    { MAPPED(
          "ram-size 0x8000; ram-block \"b\" 0x8000; mapped-ram 0 0x1000; zero 0x10000"),
      STOP("list:0x8000 block:b:0x8000 ", "malformed@105[mapped-ram-place]") },
    { MAPPED("ram-size 0x8000; ram-block \"b\" 0x8000; label h; mapped-ram @h @h+0x1000"),
      STOP("list:0x8000 block:b:0x8000 ", "malformed@105[mapped-ram-place]") },
    { MAPPED("ram-size 0x8000; ram-block \"b\" 0x8000; mapped-ram 0x1000 0x1004; zero "
             "0x10000"),
      STOP("list:0x8000 block:b:0x8000 ", "malformed@105[mapped-ram-place]") },
    { MAPPED("ram-size 0x8000; ram-block \"b\" 0x8000; mapped-ram 0x1000 -0x1000; zero "
             "0x10000"),
      STOP("list:0x8000 block:b:0x8000 ", "malformed@105[mapped-ram-place]") },
    { MAPPED("ram-size -0x1000; ram-block \"b\" -0x1000; mapped-ram 0x1000 0x2000; zero "
             "0x10000"),
      STOP("list:0xfffffffffffff000 block:b:0xfffffffffffff000 ",
           "malformed@105[mapped-ram-place]") },
    { MAPPED("ram-size 0x8000; ram-block \"b\" 0x8000; be32 2; be64 4096 0x1000 0x2000"),
      STOP("list:0x8000 block:b:0x8000 ", "malformed@105[mapped-ram-header]") },
    { MAPPED("ram-size 0x8000; ram-block \"b\" 0x8000; be32 1; be64 5000 0x1000 0x2000"),
      STOP("list:0x8000 block:b:0x8000 ", "malformed@105[mapped-ram-header]") },
    { MAPPED("ram-size 0x8000; ram-block \"b\" 0x8000; be32 1; be64 0 0x1000 0x2000"),
      STOP("list:0x8000 block:b:0x8000 ", "malformed@105[mapped-ram-header]") },
};

START_TEST(reads_mapped_ram)
{
    assert_outline(mapped_rows[_i].text, mapped_rows[_i].outline);
}
END_TEST

Suite *suite_ram(void)
{
    Suite *suite = suite_create("ram");
    TCase *tc = tcase_create("ram");

    tcase_add_loop_test(tc, reads_ram, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, finds_the_page_size, 0, G_N_ELEMENTS(page_sizes));
    tcase_add_loop_test(tc, knows_machines_of_one_page_size, 0, G_N_ELEMENTS(machines));
    tcase_add_loop_test(tc, reads_mapped_ram, 0, G_N_ELEMENTS(mapped_rows));
    suite_add_tcase(suite, tc);
    return suite;
}
