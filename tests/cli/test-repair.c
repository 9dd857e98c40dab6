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
    /* by another name: a register, a byte of configuration space, a virtio device's too */
    { "real/virt-72-gicv3-vfio.mig.zst", "set-field:path=cpu:cpreg[TTBR0_EL1]:value=5",
      "cpreg[TTBR0_EL1]", NULL },
    { "good/vfio-config-last.txt", "set-field:path=0000:00:01.0/vfio:pci[0x4]:clear=2",
      "config.command", NULL },
    { "good/vfio-config-last.txt", "set-field:path=0000:00:01.0/vfio:pci[0x5]:set=0x100",
      "config.command", NULL },
    { "real/q35-100-devices.mig.zst",
      "set-field:path=0000:00:02.0/virtio-net:pci[0x3c]:value=7",
      "virtio.pci_config.interrupt_line", NULL },
    /* a feature, wherever it is kept; what is so already stays */
    { "real/q35-100-devices.mig.zst",
      "set-field:path=0000:00:02.0/virtio-net:features[MRG_RXBUF]:value=true",
      "virtio.guest_features_low|virtio.virtio/64bit_features.guest_features|"
      "virtio.virtio_pci/modern_state.guest_features[0]",
      NULL },
    { "real/q35-100-devices.mig.zst",
      "set-field:path=*:features[RING_RESET]:path=*:features[MAC]:value=on", NULL,
      "no integer" },
    { "real/q35-100-devices.mig.zst",
      "set-field:path=*/virtio-rng:features[bit42]:value=1",
      "virtio.virtio/64bit_features.guest_features|"
      "virtio.virtio_pci/modern_state.guest_features[1]",
      NULL },
    { "real/q35-100-devices.mig.zst",
      "set-field:path=*/virtio-net:features[MRG_RXBUF]:value=false", "", NULL },
    { "real/q35-100-devices.mig.zst",
      "set-field:path=*/virtio-net:features[MRG_RXBUF]:value=2", NULL, "does not fit" },
    { "real/q35-100-devices.mig.zst",
      "set-field:path=*/virtio-net:features[MRG_RXBUF]:clear=1", NULL,
      "takes value=true or value=false" },
    /* what else is in the state keeps its place */
    { "real/q35-100-devices.mig.zst",
      "set-field:path=0000:00:02.0/virtio-net:virtio.pci_config.cap_0x98.control:value=7",
      NULL, "would have other places" },
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
      "drop-subsection:path=0000:00:02.0/virtio-net:virtio.virtio/64bit_features",
      "virtio.virtio/64bit_features", NULL },

    /* fields, structures and arrays, and what cannot be told apart */
    { "diff/c.txt", "drop-field:path=cpu:eip", "eip", NULL },
    { "real/q35-72-vfio.mig.zst", "drop-field:path=cpu:env.segs", "env.segs", NULL },
    { "real/q35-72-vfio.mig.zst",
      "drop-field:path=0000:00:1f.0/ICH9LPC:pm.acpi_regs.pm1.evt.sts",
      "pm.acpi_regs.pm1.evt.sts", NULL },
    { "real/q35-72-vfio.mig.zst", "drop-field:path=cpu:env.regs[2]", NULL,
      "one element of an array" },
    { "real/q35-100-devices.mig.zst",
      "drop-field:path=0000:00:02.0/virtio-net:virtio.guest_features_low", NULL,
      "only decoding shows" },
    { "real/q35-100-devices.mig.zst",
      "drop-field:path=0000:00:02.0/virtio-net:features[MAC]", NULL,
      "one element of an array" },
    { "real/q35-100-devices.mig.zst",
      "resize-array:path=0000:00:02.0/virtio-net:pci[0x3c]:length=2", NULL,
      "only decoding shows" },
    { "real/q35-100-devices.mig.zst",
      "add-field:after=0000:00:02.0/virtio-net:pci[0x3c]:name=n:type=bool", NULL,
      "only decoding shows" },
    { "real/virt-72-gicv3-vfio.mig.zst", "drop-field:path=cpu:cpreg[TTBR0_EL1]", NULL,
      "one element of an array" },

    { "real/q35-72-vfio.mig.zst",
      "add-field:after=cpu:env.eip:name=n:type=uint32:value=-1", "n", NULL },
    { "real/q35-72-vfio.mig.zst",
      "add-field:before=0000:00:1f.0/ICH9LPC:pm.acpi_regs.pm1.evt.sts:name=n:type=buffer:"
      "length=3:value=010203",
      "pm.n", NULL },
    { "real/q35-72-vfio.mig.zst",
      "add-field:after=0000:00:1f.0/ICH9LPC:pm.ich9_pm/tco:name=n:type=bool", NULL,
      "fields come before those" },

    { "real/q35-72-vfio.mig.zst", "resize-array:path=cpu:env.segs:length=4",
      "env.segs[4]|env.segs[5]", NULL },
    { "real/q35-72-vfio.mig.zst",
      "resize-array:path=0000:00:1f.0/ICH9LPC:pm.acpi_regs.gpe.sts:length=17:fill=7",
      "pm.acpi_regs.gpe.sts[16]", NULL },
    { "real/q35-72-vfio.mig.zst", "resize-array:path=cpu:env.segs:length=7:fill=1", NULL,
      "takes fill=0, fill=last" },
    { "real/q35-72-vfio.mig.zst", "resize-array:path=cpu:env.eip:length=2", NULL,
      "no array of elements that are alike" },

    { "real/virt-72-gicv3-vfio.mig.zst", "set-register:path=cpu:cpreg[TTBR0_EL1]:value=5",
      "cpreg[TTBR0_EL1]", NULL },
    { "real/virt-72-gicv3-vfio.mig.zst", "drop-register:path=cpu:cpreg[PMCNTENSET_EL0]",
      "cpreg_vmstate_array_len|cpreg[PMCNTENSET_EL0]", NULL },
    { "real/virt-72-gicv3-vfio.mig.zst", /* by its encoding: one that the CPU lacks */
      "set-register:path=cpu:cpreg[S3_3_C15_C15_7]:value=0x123",
      "cpreg_vmstate_array_len|cpreg[S3_3_C15_C15_7]", NULL },
    { "real/virt-72-gicv3-vfio.mig.zst", "drop-register:path=cpu:cpreg[*]", NULL,
      "no CPU has a list of 0 registers" },

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

/* What one filter makes of a device, the next one gets, with its description. */
START_TEST(several_on_one_device)
{
    g_autofree char *file = fixture_file("real/virt-72-gicv3-vfio.mig.zst");
    g_autofree char *dir = scratch_dir();
    g_autofree char *out = g_build_filename(dir, "out.mig", NULL);
    g_autoptr(Run) run = run_migstat(
        NULL, "convert", "--filter=drop-register:path=cpu:cpreg[PMCNTENSET_EL0]",
        "--filter=set-register:path=cpu:cpreg[PMCNTENSET_EL0]:value=1",
        "--filter=add-field:after=cpu:env.pc:name=n:type=uint8",
        "--filter=drop-field:path=cpu:n", "--filter=set-field:path=cpu:env.pc:value=16",
        "--filter=rename-section:from=cpu:to=processor",
        "--filter=set-field:path=processor:env.pc:value=17",
        "--filter=rename-section:from=processor:to=cpu", file, "-o", out, NULL);
    ck_assert_msg(run->status == 0, "%s", run->err);
    g_autoptr(Run) diff = run_migstat(NULL, "diff", "--ram", file, out, NULL);
    g_autofree char *changed = first_words(diff->out);
    ck_assert_str_eq(changed, "env.pc|cpreg[PMCNTENSET_EL0]");
    scratch_remove(dir);
}
END_TEST

/* A value that no description tells of, by each of its names; what has no place is refused. */
static const struct {
    const char *stream, *change, *path;
    const char *changed, *refused;
} grafted[] = {
    { "real/q35-100-devices.mig.zst",
      "set-field:path=0000:00:02.0/virtio-net:pci[0x3c]:value=7",
      "0000:00:02.0/virtio-net:pci[0x3c]", "virtio.pci_config.interrupt_line", NULL },
    { "real/q35-100-devices.mig.zst",
      "set-field:path=0000:00:02.0/virtio-net:features[MAC]:value=1",
      "*/virtio-net:virtio.guest_features_low", "virtio.guest_features_low", NULL },
    { "real/q35-100-devices.mig.zst", /* and with it all others */
      "set-field:path=0000:00:02.0/virtio-net:features[MAC]:value=1",
      "*/virtio-net:features[MAC]", NULL, "a feature is one bit of a field" },
    { "real/virt-72-gicv3-vfio.mig.zst", /* at another place there */
      "set-register:path=cpu:cpreg[S3_3_C0_C0_0]:value=1 "
      "--filter=set-register:path=cpu:cpreg[TTBR0_EL1]:value=5",
      "cpu:cpreg[TTBR0_EL1]", "cpreg[TTBR0_EL1]", NULL },
    { "real/virt-72-gicv3-vfio.mig.zst",
      "set-register:path=cpu:cpreg[S3_3_C15_C15_7]:value=1", "cpu:cpreg[S3_3_C15_C15_7]",
      NULL, "this stream has no such field of 8 bytes" },
};

START_TEST(takes_a_value_from_another_stream)
{
    g_autofree char *file = fixture_file(grafted[_i].stream);
    g_autofree char *dir = scratch_dir();
    g_autofree char *other = g_build_filename(dir, "other.mig", NULL);
    g_autofree char *out = g_build_filename(dir, "out.mig", NULL);
    g_autofree char *change = g_strconcat("--filter=", grafted[_i].change, NULL);
    g_auto(GStrv) words = g_strsplit(change, " ", 2);
    g_autofree char *from = g_strconcat("--from=", other, NULL);
    g_autofree char *graft = g_strconcat("--filter=graft:path=", grafted[_i].path, NULL);
    g_autoptr(Run) made =
        run_migstat(NULL, "convert", file, "-o", other, words[0], words[1], NULL);
    ck_assert_msg(made->status == 0, "%s", made->err);
    g_autoptr(Run) run = run_migstat(NULL, "convert", from, graft, file, "-o", out, NULL);

    ck_assert_msg(run->status == (grafted[_i].refused ? 1 : 0), "%s: %s", graft,
                  run->err);
    if (grafted[_i].refused) {
        ck_assert_msg(strstr(run->err, grafted[_i].refused), "%s", run->err);
    } else {
        g_autoptr(Run) diff = run_migstat(NULL, "diff", "--ram", file, out, NULL);
        g_autofree char *changed = first_words(diff->out);

        ck_assert_msg(strcmp(changed, grafted[_i].changed) == 0, "%s", diff->out);
        g_autoptr(Run) check = run_migstat(NULL, "check", out, NULL);

        ck_assert_msg(!strstr(check->out, "description"), "%s", check->out);
    }
    scratch_remove(dir);
}
END_TEST

/* What diff is asked about may be called by any of its names. */
START_TEST(a_difference_has_all_names)
{
    static const struct {
        const char *stream, *change, *option;
        const char *changed;
    } rows[] = {
        { "real/q35-100-devices.mig.zst",
          "set-field:path=0000:00:02.0/virtio-net:pci[0x3c]:value=7",
          "--devices=*:pci[0x3c]", "virtio.pci_config.interrupt_line" },
        { "real/q35-100-devices.mig.zst",
          "set-field:path=0000:00:02.0/virtio-net:pci[0x3c]:value=7",
          "--ignore=*:pci[0x3c]", "" },
        { "real/q35-100-devices.mig.zst",
          "set-field:path=*/virtio-net:virtio.guest_features_low:value=1",
          "--devices=*:features[CSUM]", "virtio.guest_features_low" },
        { "real/q35-100-devices.mig.zst",
          "set-field:path=*/virtio-net:virtio.guest_features_low:value=1",
          "--ignore=*:features[CSUM]", "" },
        { "real/q35-100-devices.mig.zst", /* another bit of the same field */
          "set-field:path=*/virtio-net:virtio.guest_features_low:value=1",
          "--devices=*:features[MAC]", "" },
        { "real/q35-100-devices.mig.zst",
          "set-field:path=*/virtio-net:virtio.guest_features_low:value=1",
          "--ignore=*:features[MAC]", "virtio.guest_features_low" },
        { "real/virt-72-gicv3-vfio.mig.zst",
          "set-register:path=cpu:cpreg[TTBR0_EL1]:value=5",
          "--devices=cpu:cpreg_vmstate_values[*]", "cpreg[TTBR0_EL1]" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *file = fixture_file(rows[i].stream);
        g_autofree char *dir = scratch_dir();
        g_autofree char *out = g_build_filename(dir, "out.mig", NULL);
        g_autofree char *change = g_strconcat("--filter=", rows[i].change, NULL);
        g_autoptr(Run) made = run_migstat(NULL, "convert", change, file, "-o", out, NULL);
        g_autoptr(Run) diff = run_migstat(NULL, "diff", rows[i].option, file, out, NULL);
        g_autofree char *changed = first_words(diff->out);

        ck_assert_msg(made->status == 0, "%s", made->err);
        ck_assert_msg(diff->status == (*rows[i].changed ? 1 : 0), "%s", diff->err);
        ck_assert_msg(strcmp(changed, rows[i].changed) == 0, "%s: %s", rows[i].option,
                      diff->out);
        scratch_remove(dir);
    }
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
    tcase_add_test(tc, several_on_one_device);
    tcase_add_loop_test(tc, takes_a_value_from_another_stream, 0, G_N_ELEMENTS(grafted));
    tcase_add_test(tc, a_difference_has_all_names);
    tcase_add_test(tc, a_shorter_block_keeps_its_other_pages);
    suite_add_tcase(suite, tc);
    return suite;
}
