/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the filters that repair a load: set-field, drop-subsection,
 *                ram-block.
 * Must not know: the chain; test-convert.c has files and pipes.
 * See also:      tests/qemu/repair has stock QEMU as the judge.
 */
#include "support.h"

#include <string.h>

/* What a filter makes of a stream: what diff says of the two, or the words of a refusal. */
static const struct {
    const char *stream, *filter;
    const char *changed; /* lines of diff's output begin so, with | between them */
    const char *refused;
} repairs[] = {
    { "diff/a.txt", "set-field:path=cpu:eip:value=0xfff2", "eip", NULL },
    { "diff/a.txt", "set-field:path=cpu:regs[2]:value=-1", "regs[2]", NULL },
    { "diff/a.txt", "set-field:path=cpu:regs*:set=0x8000000000000000",
      "regs[0]|regs[1]|regs[2]|regs[3]", NULL },
    { "diff/a.txt", "set-field:path=cpu:eip:clear=0xf000", "eip", NULL },
    { "diff/a.txt", "set-field:path=cpu:halted:value=false", "halted", NULL },
    { "diff/a.txt", "set-field:path=timer:unused:value=0011223344556677", "unused",
      NULL },
    { "good/vfio-config-last.txt",
      "set-field:path=0000:00:01.0/vfio:config.command:clear=2", "config.command", NULL },
    { "good/vfio-config-first.txt", "set-field:path=*/vfio:*INTA:value=1",
      "irq_state.INTA", NULL },
    /* a text takes a text, which may begin with digits */
    { "good/minimal-ram.txt", "set-field:path=globalstate:runstate:value=paused",
      "runstate", NULL },
    { "good/minimal-ram.txt", "set-field:path=globalstate:runstate:value=00ff",
      "runstate", NULL },
    { "good/minimal-ram.txt", "set-field:path=globalstate:runstate:value=", NULL,
      "takes text" },
    { "diff/a.txt", "set-field:path=timer:unused:value=paused", NULL, "as many bytes" },
    /* sizes are checked */
    { "diff/a.txt", "set-field:path=cpu:halted:value=2", NULL, "does not fit" },
    { "good/minimal-ram.txt", "set-field:path=apic:id:value=256", NULL, "does not fit" },
    { "good/minimal-ram.txt", "set-field:path=apic:id:set=256", NULL, "outside of it" },
    { "diff/a.txt", "set-field:path=cpu:eip:value=18446744073709551616", NULL,
      "no integer" },
    { "diff/a.txt", "set-field:path=timer:unused:value=00", NULL, "as many bytes" },
    { "good/vfio-config-last.txt",
      "set-field:path=0000:00:01.0/vfio:config.cap_0x40.control:set=0x10", NULL,
      "another length" },
    /* what is not known */
    { "diff/c.txt", "set-field:path=cpu:cpu/fpu.version_id:value=2", NULL,
      "has this version" },

    { "diff/c.txt", "drop-subsection:path=cpu:cpu/fpu", "cpu/fpu", NULL },
    { "real/q35-72-vfio.mig.zst",
      "drop-subsection:path=0000:00:1f.0/ICH9LPC:pm.ich9_pm/tco", "pm.ich9_pm/tco",
      NULL },
    { "real/q35-52-vfio.mig.zst",
      "drop-subsection:path=0000:00:1f.0/ICH9LPC:pm.ich9_pm/tco", "pm.ich9_pm/tco",
      NULL },
    { "devices/mismatch.txt", "drop-subsection:path=liar:x", NULL, "does not match" },
    { "real/q35-100-devices.mig.zst",
      "drop-subsection:path=0000:00:02.0/virtio-net:virtio.virtio/64bit_features", NULL,
      "is in the field virtio, of which no stream describes" },

    { "diff/c.txt", "ram-block:name=vga.vram:length=0x8000", "vga.vram", NULL },
    { "diff/c.txt", "ram-block:name=vga.vram:length=4096", "vga.vram", NULL },
    { "diff/a.txt", "ram-block:name=pc.ram:length=0x4000", "pc.ram", NULL },
    { "diff/a.txt", "ram-block:name=pc.ram:length=0x3000", NULL, "1 pages of pc.ram" },
    { "diff/a.txt", "ram-block:name=pc.ram:length=100", NULL, "not whole pages" },
    { "extract/mapped.txt", "ram-block:name=pc.ram:length=0x8000", NULL, "mapped-ram" },
};

/* The first words of the lines after the two file names, sections' lines left out. */
static char *first_words(const char *diff)
{
    g_auto(GStrv) lines = g_strsplit(diff, "\n", -1);
    g_autoptr(GString) words = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (strstr(*line, "  ") && !g_str_has_prefix(*line, "---") &&
            !g_str_has_prefix(*line, "+++")) {
            g_string_append_printf(words, "%s%.*s", words->len ? "|" : "",
                                   (int)strcspn(*line, " "), *line);
        }
    }
    return g_string_free(g_steal_pointer(&words), FALSE);
}

START_TEST(changes_that_and_nothing_else)
{
    g_autofree char *file = fixture_file(repairs[_i].stream);
    g_autofree char *dir = scratch_dir();
    g_autofree char *out = g_build_filename(dir, "out.mig", NULL);
    g_autofree char *option = g_strconcat("--filter=", repairs[_i].filter, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "convert", option, file, "-o", out, NULL);

    if (repairs[_i].refused) {
        ck_assert_msg(run->status == 1 && strstr(run->err, repairs[_i].refused),
                      "%s: %d: %s", repairs[_i].filter, run->status, run->err);
        ck_assert(!g_file_test(out, G_FILE_TEST_EXISTS));
        scratch_remove(dir);
        return;
    }
    ck_assert_msg(run->status == 0, "%s: %s", repairs[_i].filter, run->err);
    g_autoptr(Run) diff = run_migstat(NULL, "diff", "--ram", file, out, NULL);
    g_autofree char *changed = first_words(diff->out);
    ck_assert_msg(strcmp(changed, repairs[_i].changed) == 0, "%s: %s", repairs[_i].filter,
                  diff->out);
    /* what the description says is true of the result, the lengths included */
    g_autoptr(Run) devices =
        run_migstat(NULL, "dump", "--devices", "--format=json", out, NULL);
    ck_assert_msg(!strstr(devices->out, "\"matches\": false"), "%s", devices->out);
    g_autoptr(Run) dump = run_migstat(NULL, "dump", "--format=json", out, NULL);
    g_autoptr(Run) before = run_migstat(NULL, "dump", "--format=json", file, NULL);
    ck_assert(!strstr(before->out, "\"inferred\": true") ==
              !strstr(dump->out, "\"inferred\": true"));
    scratch_remove(dir);
}
END_TEST

/* Pages that go take the name of their block with them; the next one gets it. */
START_TEST(a_shorter_block_keeps_its_other_pages)
{
    g_autofree char *file = fixture_file("extract/ram.txt");
    g_autofree char *dir = scratch_dir();
    g_autofree char *out = g_build_filename(dir, "out.mig", NULL);
    g_autoptr(Run) run = run_migstat(NULL, "convert", "--lossy",
                                     "--filter=ram-block:name=pc.ram:length=0x1000", file,
                                     "-o", out, NULL);
    ck_assert_msg(run->status == 0, "%s", run->err);
    g_autoptr(Run) diff = run_migstat(NULL, "diff", "--ram", file, out, NULL);
    g_autofree char *changed = first_words(diff->out);
    ck_assert_str_eq(changed, "pc.ram");
    g_autofree char *ram = g_build_filename(dir, "ram", NULL);
    g_autoptr(Run) extract =
        run_migstat(NULL, "extract", "--ram=pc.ram", "-o", ram, out, NULL);
    ck_assert_int_eq(extract->status, 0);
    g_autofree char *path = g_build_filename(ram, "pc.ram.raw", NULL);
    g_autofree char *page = NULL;
    gsize n;
    ck_assert(g_file_get_contents(path, &page, &n, NULL));
    ck_assert_uint_eq(n, 4096);
    ck_assert_mem_eq(page, "\x5a\x5a\x5a\xaa\xcc\x5a", 6);
    scratch_remove(dir);
}
END_TEST

Suite *suite_repair(void)
{
    Suite *suite = suite_create("repair");
    TCase *tc = tcase_create("repair");

    tcase_add_loop_test(tc, changes_that_and_nothing_else, 0, G_N_ELEMENTS(repairs));
    tcase_add_test(tc, a_shorter_block_keeps_its_other_pages);
    suite_add_tcase(suite, tc);
    return suite;
}
