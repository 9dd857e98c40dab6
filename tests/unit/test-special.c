/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the sections of their own kind: block, dirty-bitmap,
 *                spapr/htab, s390x.
 * Must not know: ram and VFIO.
 * See also:      outline.h has the language of the right-hand column.
 */
#include "outline.h"

#include <string.h>

static const struct {
    const char *name, *body, *outline; /* without what stands around every body */
} rows[] = {
    /* block migration, up to 9.0 */
    { "block", "be64 2", "EOS=0" },
    { "block",
      "be64 0x200*3+1; pstr8 \"ide0\"; zero 0x100000; be64 0x200*7+9; pstr8 \"ide0\";"
      "be64 0x200*100+4; be64 2",
      "DEVICE_BLOCK=3 ZERO_BLOCK=7 PROGRESS=100 EOS=0" },
    { "block", "be64 0x10; be64 2", "malformed@27[record-flag]" },
    { "block", "be64 8; be64 2", "malformed@27[record-flag]" },

    /* dirty bitmaps */
    { "dirty-bitmap", "u8 1", "EOS=0" },
    { "dirty-bitmap", "u8 0x1c; pstr8 \"node\" \"map\"; be32 65536; u8 1; u8 1",
      "START=65536 EOS=0" },
    { "dirty-bitmap",
      "u8 0x4c; pstr8 \"node\" \"map\"; be64 0x80; be32 128; be64 3; zero 3;"
      "u8 0x42; be64 0x100; be32 128; u8 0x20; u8 1",
      "BITS=128 ZEROES=256 COMPLETE=0 EOS=0" },
    { "dirty-bitmap", "u8 0x80 0x10; be32 512; u8 0; u8 0x80 0x80 0 1",
      "START=512 EOS=0" },
    { "dirty-bitmap", "u8 0", "malformed@34[record-flag]" },
    { "dirty-bitmap", "u8 0x40; be64 0; be32 1; be64 -1; u8 1",
      "malformed@34[record-flag]" },

    /* the hash page table of a pseries guest */
    { "pbs-state", "be64 3; u8 1 2 3", "LENGTH=3 BYTES=3" },
    { "pbs-state", "be64 0", "LENGTH=0" },
    { "spapr/htab", "be32 0x15", "SHIFT=21" },
    { "spapr/htab", "be32 -1", "NO_TABLE=4294967295" },
    { "spapr/htab", "be32 0; be64 0", "CHUNKS=0 END=0" },
    { "spapr/htab", "be32 0; be32 7; be16 2 5; zero 32; be32 9; be16 0 1; be64 0",
      "CHUNKS=0 CHUNK=7 CHUNK=9 END=0" },

    /* s390x */
    { "s390-storage_attributes", "be64 1", "EOS=0" },
    { "s390-storage_attributes", "be64 0x5002; be64 3; zero 3; be64 8; be64 1",
      "MORE=20480 DONE=0 EOS=0" },
    { "s390-storage_attributes", "be64 4; be64 1", "ERROR=0 EOS=0" },
    { "s390-storage_attributes", "be64 3; be64 1", "malformed@45[record-flag]" },
    { "s390-storage_attributes", "be64 2; be64 -1; be64 1", "malformed@45[record-flag]" },
    { "s390-skeys", "be64 0x1002; be64 2; u8 6 6; be64 1", "MORE=4096 EOS=0" },
    { "todclock", "u8 0", "MISSING=0" },
    { "todclock", "u8 1 0; be64 99", "CLOCK=0" },
};

START_TEST(reads_special_sections)
{
    const char *name = rows[_i].name, *body = rows[_i].body;
    g_autofree char *text = g_strdup_printf(
        "header; start 7 \"%s\" 0 1; %s; footer 7; part 7; %s; footer 7; eof", name, body,
        body);
    g_autofree char *wanted =
        strchr(rows[_i].outline, '[')
            ? g_strdup_printf("header START:%s %s", name, rows[_i].outline)
            : g_strdup_printf("header START:%s %s footer PART:%s %s footer eof end", name,
                              rows[_i].outline, name, rows[_i].outline);

    assert_outline(text, wanted);
}
END_TEST

/* The names are whole ones. */
START_TEST(is_not_misled_by_names)
{
    static const char *const names[] = { "blocks", "x/ram", "ram ", "Ram", "todclock/1" };
    g_autofree char *text =
        g_strdup_printf("header; full 7 \"%s\" 0 1; be64 0x10; footer 7; eof", names[_i]);
    g_autofree char *wanted =
        g_strdup_printf("header FULL:%s state:8? footer eof end", names[_i]);

    assert_outline(text, wanted);
}
END_TEST

Suite *suite_special(void)
{
    Suite *suite = suite_create("special");
    TCase *tc = tcase_create("special");

    tcase_add_loop_test(tc, reads_special_sections, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, is_not_misled_by_names, 0, 5);
    suite_add_tcase(suite, tc);
    return suite;
}
