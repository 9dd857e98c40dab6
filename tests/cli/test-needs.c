/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat needs as a user meets it: the command line that follows from a
 *                stream, what is said to be unknown, and names that are no option.
 * Must not know: the library.
 * See also:      tests/qemu/needs, which starts QEMU with such lines.
 */
#include "support.h"

#include <string.h>

#include "mkmig.h"

#define PC            "qemu-system-x86_64 -M pc-q35-7.2 -nodefaults -display none -smp 1 -m 16M"
#define VFIO(N, SLOT) " -device vfio-pci,id=pci" N ",addr=0x" SLOT ".0,host=HOST"

/* Streams that QEMU wrote, and the line that follows. */
static const struct {
    const char *stream, *line;
} real[] = {
    { "q35-72-background", PC },
    { "q35-72-two-vfio", PC VFIO("0", "1") VFIO("1", "2") },
    { "q35-72-block",
      PC " -drive if=none,id=drive0,file=null-co://,format=raw -device "
         "virtio-blk-pci,id=pci0,addr=0x1.0,drive=drive0,disable-legacy=off,"
         "disable-modern=off,vectors=2,num-queues=1,queue-size=256" },
    { "q35-100-devices",
      "qemu-system-x86_64 -M pc-q35-10.0 -nodefaults -display none -smp 1 -m 16M "
      "-device VGA,id=pci0,addr=0x1.0,romsize=65536,vgamem_mb=16 "
      "-netdev user,id=net-pci1 -device "
      "virtio-net-pci,id=pci1,addr=0x2.0,netdev=net-pci1,disable-legacy=off,disable-"
      "modern=off,"
      "vectors=4,rx_queue_size=1024,romsize=262144 -device "
      "virtio-rng-pci,id=pci2,addr=0x3.0,disable-legacy=off,disable-modern=off,"
      "vectors=2 -device qemu-xhci,id=pci3,addr=0x4.0 -device "
      "usb-tablet,bus=pci3.0,port=1" },
    { "virt-72-gicv3-vfio",
      "qemu-system-aarch64 -M virt-7.2,gic-version=3 -nodefaults -display none -smp 1 "
      "-cpu cortex-a57 -m 16M" VFIO("0", "1") },
    /* without a configuration nothing names the machine */
    { "pc-52-no-footers", "-nodefaults -display none -smp 1 -m 16M" },
};

START_TEST(a_line_follows_from_a_stream)
{
    g_autofree char *name = g_strdup_printf("real/%s.mig.zst", real[_i].stream);
    g_autofree char *file = fixture_file(name);
    g_autofree char *line = g_strconcat(real[_i].line, "\n", NULL);
    g_autoptr(Run) run = run_migstat(NULL, "needs", "-q", "-f", "args", file, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_str_eq(run->out, line);
    ck_assert_str_eq(run->err, "");
}
END_TEST

/* A controller at the place of that which the machine has. */
#define PIIX3_IDE                                                                       \
    "full 5 \"0000:00:01.1/ide\" 0 3\n be32 2\n u8 0x86 0x80 0x10 0x70\n zero 6\n "     \
    "u8 0x80 0x80 1 1\n zero 242\neof\ndescription \"{\\\"page_size\\\": "              \
    "4096, \\\"devices\\\": [{\\\"name\\\": \\\"0000:00:01.1/ide\\\", "                 \
    "\\\"instance_id\\\": 0, \\\"vmsd_name\\\": \\\"ide\\\", \\\"version\\\": 3, "      \
    "\\\"fields\\\": [{\\\"name\\\": \\\"d\\\", \\\"type\\\": \\\"struct\\\", "         \
    "\\\"size\\\": "                                                                    \
    "260, \\\"struct\\\": {\\\"vmsd_name\\\": \\\"PCIDevice\\\", \\\"version\\\": 2, "  \
    "\\\"fields\\\": [{\\\"name\\\": \\\"version_id\\\", \\\"type\\\": \\\"int32\\\", " \
    "\\\"size\\\": 4}, {\\\"name\\\": \\\"config\\\", \\\"type\\\": \\\"pci "           \
    "config\\\", "                                                                      \
    "\\\"size\\\": 256}]}}]}]}\""

/* Streams that nobody wrote: @blocks and @sections between what each has. */
static const struct {
    const char *machine, *blocks, *sections;
    const char *in;     /* the line has it; NULL: nothing is looked for */
    const char *not_in; /* ... and not this */
    const char *said;   /* on stderr; NULL: nothing is looked for */
} made[] = {
    /* CPUs and their numbers */
    { "pc-q35-7.2", "",
      "full 5 \"cpu\" 0 1\n be32 0\nfooter 5\nfull 6 \"cpu\" 1 1\n be32 0\nfooter 6",
      "-smp 2", NULL, NULL },
    { "pc-q35-7.2", "",
      "full 5 \"cpu\" 0 1\n be32 0\nfooter 5\nfull 6 \"cpu\" 3 1\n be32 0\nfooter 6",
      "-smp 2", NULL, "their numbers have gaps" },
    /* memory: what no board has is of a backend */
    { "pc-q35-7.2", "ram-block \"m\" 0x4000", "",
      "-m 16K -object memory-backend-ram,id=m,size=16K "
      "-machine memory-backend=m",
      NULL, NULL },
    { "pc-i440fx-4.0", "ram-block \"/objects/m\" 0x4000", "",
      "-object memory-backend-ram,id=m,size=16K", "/objects", NULL },
    /* names that QEMU or a shell would take for something else */
    { "pc-q35-7.2", "ram-block \"m,size=1;reboot\" 0x4000", "", NULL, "reboot",
      "how much memory" },
    { "pc;$(reboot)", "ram-block \"pc.ram\" 0x4000", "", "-m 16K", "reboot",
      "the machine type" },
    { "pc-q35-7.2", "ram-block \"pc.ram\" 0x4000",
      "full 5 \"0000:00:04.0/1;reboot/usb-kbd\" 0 1\n be32 0", NULL, "reboot", NULL },
    /* a device that nobody knows, or behind one that is not there */
    { "pc-q35-7.2", "ram-block \"pc.ram\" 0x4000",
      "full 5 \"0000:00:04.0/frobnicator\" 0 1\n be32 0", NULL, "frobnicator",
      "0000:00:04.0/frobnicator: which device this is" },
    { "pc-q35-7.2", "ram-block \"pc.ram\" 0x4000",
      "full 5 \"0000:00:04.0:00.0/e1000\" 0 1\n be32 0", NULL, "e1000",
      "0000:00:04.0:00.0/e1000: what it is plugged into" },
    { "pc-q35-7.2", "ram-block \"pc.ram\" 0x4000", "full 5 \"serial\" 0 3\n be32 0",
      "-serial null", NULL, NULL },
    /* a network of QEMU's own, to which no card is connected */
    { "pc-q35-7.2", "ram-block \"pc.ram\" 0x4000", "full 5 \"slirp\" 0 4\n be32 0",
      "-netdev user,id=net1", NULL, NULL },
    /* what no PCI tells apart */
    { "virt-7.2", "ram-block \"mach-virt.ram\" 0x4000",
      "full 5 \"virtio-mmio@000000000a003e00/virtio-input\" 0 1\n be32 0",
      "-device virtio-keyboard-device,bus=virtio-mmio-bus.31", "tablet", NULL },
    /* a controller that the machine has, and one that it has not */
    { "pc-1.3", "ram-block \"pc.ram\" 0x4000", PIIX3_IDE, "-M pc-1.3", "piix3-ide",
      NULL },
    { "pc-q35-7.2", "ram-block \"pc.ram\" 0x4000", PIIX3_IDE,
      "-device piix3-ide,id=pci0,addr=0x1.1", NULL, NULL },
};

static GBytes *make(int i)
{
    g_autofree char *ram =
        *made[i].blocks ? g_strdup_printf("start 2 \"ram\" 0 4\n ram-size 0x4000\n "
                                          "%s\n ram-eos\nend 2\n ram-eos\n",
                                          made[i].blocks)
                        : g_strdup("");
    g_autofree char *text = g_strdup_printf("header\nconfig \"%s\"\n%s%s\neof\n",
                                            made[i].machine, ram, made[i].sections);
    g_autoptr(GError) error = NULL;
    GBytes *bytes = mkmig_assemble(text, "text", &error);

    ck_assert_msg(bytes, "%s", error ? error->message : "");
    return bytes;
}

START_TEST(what_is_not_known_is_said)
{
    g_autoptr(GBytes) bytes = make(_i);
    g_autoptr(Run) run = run_migstat(bytes, "needs", "-f", "args", "-", NULL);

    ck_assert_int_le(run->status, 1);
    if (made[_i].in) {
        ck_assert_msg(strstr(run->out, made[_i].in), "%s", run->out);
    }
    if (made[_i].not_in) {
        ck_assert_msg(!strstr(run->out, made[_i].not_in), "%s", run->out);
    }
    if (made[_i].said) {
        ck_assert_msg(strstr(run->err, made[_i].said), "%s", run->err);
    }
}
END_TEST

START_TEST(a_person_gets_a_table)
{
    g_autofree char *file = fixture_file("real/q35-72-postcopy.mig.zst");
    g_autoptr(Run) run = run_migstat(NULL, "needs", file, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(g_str_has_prefix(run->out, "program     qemu-system-x86_64\n"
                                             "machine     -M pc-q35-7.2\n"),
                  "%s", run->out);
    ck_assert_msg(strstr(run->out, "\ncapability  postcopy-ram\n"), "%s", run->out);
    ck_assert_msg(strstr(run->out, "\nunknown     cpu: the CPU's model"), "%s", run->out);
}
END_TEST

/* A length of a ROM says nothing of the file that the destination has. */
START_TEST(a_rom_may_need_another_file)
{
    g_autofree char *file = fixture_file("real/q35-100-devices.mig.zst");
    g_autoptr(Run) run = run_migstat(NULL, "needs", file, NULL);

    ck_assert_msg(strstr(run->out, "romfile= names one that fits"), "%s", run->out);
}
END_TEST

/* What could be read counts, and the status says that it is not all. */
START_TEST(a_cut_stream_needs_what_it_has)
{
    g_autoptr(GBytes) bytes =
        mkmig_assemble("header\nconfig \"pc-q35-7.2\"\nbytes 04", "text", NULL);
    g_autoptr(Run) run = run_migstat(bytes, "needs", "-f", "args", "-", NULL);
    g_autoptr(Run) none = run_migstat(NULL, "needs", "/nonexistent", NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->out, "-M pc-q35-7.2"), "%s", run->out);
    ck_assert_int_eq(none->status, 2);
    ck_assert_str_eq(none->out, "");
}
END_TEST

/* The header of an image without its XML, and an empty stream. */
#define IMAGE                                                                          \
    "str \"LibvirtQemudSave\"; le32 2 64 1 0 0; zero 56; str \"<domain/>\"; zero 55; " \
    "header; "                                                                         \
    "config \"pc-q35-7.2\"; eof"

START_TEST(libvirt_has_a_definition)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = mkmig_assemble(IMAGE, "text", &error);

    ck_assert_msg(bytes, "%s", error ? error->message : "");
    g_autoptr(Run) run = run_migstat(bytes, "needs", "-", NULL);

    ck_assert_msg(strstr(run->out, "\n    hint: virsh save-image-dumpxml "), "%s%s",
                  run->out, run->err);
    g_autoptr(Run) args = run_migstat(bytes, "needs", "-f", "args", "-", NULL);
    g_autoptr(Run) quiet = run_migstat(bytes, "needs", "-q", "-f", "args", "-", NULL);

    ck_assert_msg(!strstr(args->out, "virsh") &&
                      strstr(args->err, "a libvirt save image") &&
                      strstr(args->err, "virsh save-image-dumpxml -"),
                  "%s%s", args->out, args->err);
    ck_assert_str_eq(quiet->err, "");
}
END_TEST

/* QEMU does not start with the line as it is, and a script sees why. */
START_TEST(what_is_on_the_host_is_not_known)
{
    g_autofree char *file = fixture_file("real/q35-72-two-vfio.mig.zst");
    g_autoptr(Run) run = run_migstat(NULL, "needs", "-f", "args", file, NULL);

    ck_assert_msg(strstr(run->err,
                         ": not in the stream: 0000:00:02.0/vfio: what it is on "
                         "the host: put it in the place of HOST"),
                  "%s", run->err);
}
END_TEST

Suite *suite_needs(void)
{
    Suite *suite = suite_create("needs");
    TCase *tc = tcase_create("needs");

    tcase_add_loop_test(tc, a_line_follows_from_a_stream, 0, G_N_ELEMENTS(real));
    tcase_add_loop_test(tc, what_is_not_known_is_said, 0, G_N_ELEMENTS(made));
    tcase_add_test(tc, a_person_gets_a_table);
    tcase_add_test(tc, a_rom_may_need_another_file);
    tcase_add_test(tc, a_cut_stream_needs_what_it_has);
    tcase_add_test(tc, libvirt_has_a_definition);
    tcase_add_test(tc, what_is_on_the_host_is_not_known);
    suite_add_tcase(suite, tc);
    return suite;
}
