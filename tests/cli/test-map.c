/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat dump --map` and `--at` and `--translate`: where machines have memory, and
 *                what a stream says of it.
 * Must not know: how ranges are put together; tests/qemu/memory asks QEMU itself.
 * See also:      lib/memory/map.h; fixtures/map/README.md.
 */
#include "support.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "mkmig.h"

#define PLUGGED "map/q35-plugged.mig.zst"

/* Consecutive spaces are one. */
static char *squeezed(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text; text++) {
        if (*text != ' ' || (out->len && out->str[out->len - 1] != ' ')) {
            g_string_append_c(out, *text);
        }
    }
    return g_string_free(out, FALSE);
}

static void assert_line(const Run *run, const char *line)
{
    g_autofree char *out = squeezed(run->out);

    ck_assert_msg(strstr(out, line), "wanted \"%s\":\n%s%s", line, run->out, run->err);
}

/* @lines are apart by '|'. */
static void assert_lines(const Run *run, const char *lines)
{
    g_auto(GStrv) list = g_strsplit(lines, "|", -1);

    for (char **line = list; *line; line++) {
        assert_line(run, *line);
    }
}

/* --- a guest with all of it -------------------------------------------------------------- */

/* What QEMU showed is in the fixture's README. */
static const struct {
    const char *line;
} plugged[] = {
    { "0x000000000 0x00009ffff 640 KiB ram m2 0x0 - 640 KiB - stream\n" },
    { "0x0000a0000 0x0000bffff 128 KiB device - - - - - machine\n" },
    { "0x0000c0000 0x0000c3fff 16 KiB ram m2 0xc0000 - 16 KiB - stream\n" },
    { "0x0000c4000 0x0000cbfff 32 KiB rom pc.rom 0x4000 - 32 KiB - machine\n" },
    { "0x0000cc000 0x0000cffff 16 KiB ram m2 0xcc000 - 16 KiB - stream\n" },
    { "0x0000d0000 0x0000d3fff 16 KiB rom pc.rom 0x10000 - 16 KiB - machine\n" },
    { "0x0000d4000 0x0000d7fff 16 KiB ram m2 0xd4000 - 16 KiB - stream\n" },
    { "0x0000d8000 0x0000dffff 32 KiB rom pc.rom 0x18000 - 32 KiB - machine\n" },
    { "0x0000e0000 0x0000effff 64 KiB ram m2 0xe0000 - 64 KiB - stream\n" },
    { "0x0000f0000 0x0000fffff 64 KiB rom pc.bios 0x0 4 KiB 60 KiB - machine\n" },
    { "0x000100000 0x001ffffff 31 MiB ram m2 0x100000 - 31 MiB - stream\n" },
    { "0x0e0000000 0x0e00fffff 1 MiB bar 0000:00:01.0/vga.vram 0x0 - 1 MiB - stream\n" },
    { "0x0ffff0000 0x0ffffffff 64 KiB rom pc.bios 0x0 4 KiB 60 KiB - machine\n" },
    { "0x100000000 0x100ffffff 16 MiB ram m10 0x0 - 16 MiB - stream\n" },
    { "0x140000000 0x1403fffff 4 MiB dimm d0 0x0 - 4 MiB - derived\n" },
    { "0x140400000 0x1407fffff 4 MiB virtio-mem 0000:00:02.0/vm 0x0 - - 4 MiB stream\n" },
    { "0x140800000 0x1409fffff 2 MiB dimm d1 0x0 - 2 MiB - derived\n" },
    { "/rom@etc/acpi/tables 128 KiB firmware reads it through fw_cfg\n" },
    { "note: the addresses of memory that was plugged in are derived" },
};

START_TEST(a_guest_has_its_memory_where_qemu_showed_it)
{
    g_autofree char *path = fixture_file(PLUGGED);
    g_autoptr(Run) run = run_migstat(NULL, "dump", "--map", path, NULL);

    ck_assert_int_eq(run->status, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(plugged); i++) {
        assert_line(run, plugged[i].line);
    }
    /* the nodes differ in size, and SRAT has those */
    ck_assert_ptr_null(strstr(run->out, "order of NUMA"));
}
END_TEST

/* Memory of devices is where their BARs say, and what only looks like a DIMM is none. */
#define DISPLAYS                                                          \
    "0x0f0000000 0x0f0ffffff 16 MiB bar 0000:00:04.0/qxl.vgavram|"        \
    "0x0f4000000 0x0f4ffffff 16 MiB bar 0000:00:04.0/qxl.vram|"           \
    "0x0f8088000 0x0f8089fff 8 KiB bar 0000:00:04.0/qxl.vrom|"            \
    "0x0fa000000 0x0fa0fffff 1 MiB bar 0000:00:05.0/vga.vram|"            \
    "0x0fb000000 0x0fbffffff 16 MiB bar 0000:00:03.0/bochs-display-vram|" \
    "0x0fd000000 0x0fd3fffff 4 MiB bar 0000:00:09.0/vga.vram|"            \
    "0x0fe100000 0x0fe10ffff 64 KiB bar vmsvga.fifo|"                     \
    "0x1fe000000 0x1fe00ffff 64 KiB bar 0000:00:08.0/shared|"             \
    "0000:00:10.0/vga.vram 4 MiB how the device maps it is not known"

START_TEST(memory_of_devices_is_where_their_bars_are)
{
    g_autofree char *path = fixture_file("map/pc-displays.mig.zst");
    g_autoptr(Run) run = run_migstat(NULL, "dump", "--map", path, NULL);

    ck_assert_int_eq(run->status, 0);
    assert_lines(run, DISPLAYS);
    ck_assert_msg(!strstr(run->out, "dimm"), "%s", run->out);
}
END_TEST

/* --- the rules of machines --------------------------------------------------------------- */

/* A stream of a machine with these blocks, each "NAME SIZE", and no device. */
static char *stream_of(const char *machine, const char *blocks)
{
    g_auto(GStrv) list = g_strsplit(blocks, ", ", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    uint64_t total = 0;

    for (char **one = list; *one; one++) {
        total += g_ascii_strtoull(strchr(*one, ' ') + 1, NULL, 16);
    }
    g_string_printf(text,
                    "header; config \"%s\"; start 2 \"ram\" 0 4; ram-size 0x%" PRIx64,
                    machine, total);
    for (char **one = list; *one; one++) {
        g_auto(GStrv) words = g_strsplit(*one, " ", 2);

        g_string_append_printf(text, "; ram-block \"%s\" %s", words[0], words[1]);
    }
    g_string_append(text, "; ram-eos; footer 2; end 2; ram-eos; footer 2; eof");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static const struct {
    const char *machine, *blocks, *option, *lines; /* apart by '|' */
} machines[] = {
    /* x86: where RAM ends below 4 GiB */
    { "pc-q35-7.2", "pc.ram 0xaff00000", NULL, "0x000100000 0x0afefffff" },
    { "pc-q35-7.2", "pc.ram 0xb0000000", NULL,
      "0x000100000 0x07fffffff|0x100000000 0x12fffffff 768 MiB ram pc.ram 0x80000000" },
    { "pc-i440fx-7.2", "pc.ram 0xdff00000", NULL, "0x000100000 0x0dfefffff" },
    { "pc-i440fx-7.2", "pc.ram 0xe0000000", NULL,
      "0x000100000 0x0bfffffff|0x100000000 0x11fffffff 512 MiB ram pc.ram 0xc0000000" },
    { "pc-i440fx-1.7", "pc.ram 0xf0000000", NULL,
      "0x000100000 0x0dfffffff|0x100000000 0x10fffffff 256 MiB ram pc.ram 0xe0000000" },
    { "microvm", "microvm.ram 0x100000000, pc.bios 0x20000", NULL,
      "0x000000000 0x0000dffff|0x0000e0000 0x0000fffff 128 KiB rom|"
      "0x000100000 0x0bfffffff|0x0fffe0000 0x0ffffffff|0x100000000 0x13fffffff" },
    { "pc-q35-7.2", "pc.ram 0xb0000000", "--ram-below-4g=1G",
      "0x000100000 0x03fffffff|0x100000000 0x16fffffff 1,792 MiB ram pc.ram 0x40000000 "
      "1,792 MiB given" },
    { "pc-q35-7.2", "pc.ram 0x8000000", NULL,
      "0x0000a0000 0x0000fffff 384 KiB unknown|note: the stream does not describe the "
      "host "
      "bridge" },
    /* flash ends at 4 GiB, the second before the first */
    { "pc-q35-7.2", "pc.ram 0x8000000, system.flash1 0x84000, system.flash0 0x37c000",
      NULL,
      "0x0ffc00000 0x0ffc83fff 528 KiB flash system.flash1|"
      "0x0ffc84000 0x0ffffffff 3,568 KiB flash system.flash0" },
    /* others */
    { "virt-7.2",
      "ram-node10 0x8000000, ram-node2 0x4000000, memdimm0 0x10000000, virt.flash0 "
      "0x4000000, virt.flash1 0x4000000",
      NULL,
      "0x000000000 0x003ffffff 64 MiB flash virt.flash0|0x004000000 0x007ffffff|"
      "0x040000000 0x043ffffff 64 MiB ram ram-node2|0x044000000 0x04bffffff 128 MiB ram "
      "ram-node10|0x080000000 0x08fffffff 256 MiB dimm memdimm0" },
    { "sbsa-ref",
      "sbsa-ref.ram 0x40000000, sbsa.flash0 0x10000000, sbsa.flash1 0x10000000", NULL,
      "0x010000000 0x01fffffff 256 MiB flash sbsa.flash1|0x10000000000 0x1003fffffff 1 "
      "GiB "
      "ram|sbsa.flash0 256 MiB only the Secure state sees it" },
    { "pseries-7.2", "ppc_spapr.ram 0x20000000, d 0x10000000", NULL,
      "0x000000000 0x01fffffff|0x040000000 0x04fffffff 256 MiB dimm d" },
    { "s390-ccw-virtio-7.2", "s390.ram 0x8000000", NULL, "0x000000000 0x007ffffff" },
    { "virt", "riscv_virt_board.ram 0x8000000, riscv_virt_board.mrom 0xf000", NULL,
      "0x000001000 0x00000ffff 60 KiB rom|0x080000000 0x087ffffff 128 MiB ram" },
    { "virt", "loongarch.ram 0x20000000, loongarch.bios 0x400000", NULL,
      "0x000000000 0x00fffffff|0x01c000000 0x01c3fffff 4 MiB rom|0x090000000 0x09fffffff "
      "256 MiB ram loongarch.ram 0x10000000" },
    /* of devices, and no DIMM */
    { "pc-q35-7.2",
      "pc.ram 0x8000000, vmsvga.fifo 0x10000, tpm-ppi 0x1000, tpm-crb-cmd 0x1000", NULL,
      "vmsvga.fifo 64 KiB the machine's rule does not tell|tpm-ppi 4 KiB the machine's "
      "rule|tpm-crb-cmd 4 KiB the machine's rule" },
    { "some-board", "board.sdram 0x8000000", NULL,
      "no range is known|board.sdram 128 MiB the rule of this machine is not known" },
    /* what somebody knows is where they say, and covers what is there */
    { "some-board", "board.sdram 0x8000000", "--place=board.sdram@0x20000000",
      "0x020000000 0x027ffffff 128 MiB ram board.sdram 0x0 128 MiB given" },
    { "virt-7.2", "mach-virt.ram 0x8000000, d 0x1000000", "--place=d@0x41000000",
      "0x040000000 0x040ffffff 16 MiB ram mach-virt.ram 0x0|0x041000000 0x041ffffff 16 "
      "MiB "
      "ram d 0x0|0x042000000 0x047ffffff 96 MiB ram mach-virt.ram 0x2000000" },
};

START_TEST(a_machine_has_its_rule)
{
    g_autofree char *text = stream_of(machines[_i].machine, machines[_i].blocks);
    GBytes *bytes = mkmig_assemble(text, "machine", NULL);
    g_autoptr(Run) run =
        run_migstat(bytes, "dump", "--map", "-", machines[_i].option, NULL);

    g_bytes_unref(bytes);
    ck_assert_msg(run->status == 0, "%s", run->err);
    assert_lines(run, machines[_i].lines);
}
END_TEST

/* --- NUMA nodes by the ACPI tables -------------------------------------------------------- */

#define ENTRIES 5 /* of a table, at most */

/* 96 bytes that are before them: one too short, one of another type, one of no memory. */
#define PASSED_BY                                                                    \
    "u8 1 16; zero 14; u8 9 40; le32 7; le16 0; le64 0x100000000 0x1000; le32 0 1; " \
    "zero 8; "                                                                       \
    "u8 1 40; le32 5; le16 0; le64 0 0; le32 0 1; zero 8"

/* Of virt-7.2. */
static const struct {
    const char *blocks;
    const char *entries
        [ENTRIES]; /* "NODE BASE SIZE FLAGS": 1, in use; 2, plugged in; 4, NVDIMM */
    const char *lines;
} tables[] = {
    /* names that mislead */
    { "a 0x8000000, b 0x4000000",
      { "0 0x40000000 0x4000000 1", "1 0x44000000 0x8000000 1" },
      "0x040000000 0x043ffffff 64 MiB ram b 0x0 64 MiB machine|"
      "0x044000000 0x04bffffff 128 MiB ram a 0x0 128 MiB machine" },
    /* a node without memory, one in two pieces around a hole of PCs, and what is not a node */
    { "a 0x8000000, b 0x400000, d 0x200000",
      { "0 0 0xa0000 1", "0 0x100000 0x300000 1", "2 0x400000 0x4000000 1",
        "2 0x4400000 0x4000000 1", "2 0x200000000 0x200000 7" },
      "0x040000000 0x0403fffff 4 MiB ram b|0x040400000 0x0483fffff 128 MiB ram a|"
      "0x080000000 0x0801fffff 2 MiB dimm d 0x0 2 MiB derived" },
    /* where memory is plugged in */
    { "mach-virt.ram 0x8000000, d 0x200000",
      { "0 0x40000000 0x8000000 1", "0 0x140000000 0x80000000 3" },
      "0x140000000 0x1401fffff 2 MiB dimm d 0x0 2 MiB derived" },
    /* equal sizes: QEMU has those in the order in which they were made */
    { "b 0x4000000, a 0x4000000",
      { "0 0x40000000 0x4000000 1", "1 0x44000000 0x4000000 1" },
      "0x040000000 0x043ffffff 64 MiB ram b 0x0 64 MiB derived|"
      "0x044000000 0x047ffffff 64 MiB ram a 0x0 64 MiB derived|"
      "note: the order of NUMA nodes of one size is derived" },
    /* as libvirt calls them, by number */
    { "memdimm0 0x4000000, ram-node1 0x4000000, ram-node0 0x4000000",
      { "0 0x40000000 0x4000000 1", "1 0x44000000 0x4000000 1" },
      "0x040000000 0x043ffffff 64 MiB ram ram-node0 0x0 64 MiB machine|"
      "0x044000000 0x047ffffff 64 MiB ram ram-node1|0x080000000 0x083ffffff 64 MiB "
      "dimm" },
    { "ram-node1 0x4000000, ram-node0a 0x4000000",
      { NULL },
      "0x040000000 0x043ffffff 64 MiB ram ram-node0a 0x0 64 MiB derived|"
      "note: the order of NUMA nodes is derived: it is that of the names" },
    /* a table of another guest */
    { "b 0x4000000, a 0x4000000",
      { "0 0x40000000 0x4000000 1", "1 0x44000000 0x8000000 1" },
      "0x040000000 0x043ffffff 64 MiB ram a|note: the order of NUMA nodes is derived: it "
      "is that of the names" },
};

/* The stream with the tables in the block that firmware reads. */
static char *stream_with_tables(const char *blocks, const char *const *entries)
{
    g_autofree char *all = g_strconcat(blocks, ", /rom@etc/acpi/tables 0x20000", NULL);
    g_autofree char *plain = stream_of("virt-7.2", all);
    char *tail = strstr(plain, "; ram-eos");
    GString *text = g_string_new_len(plain, tail - plain);
    unsigned n = 0;

    while (n < ENTRIES && entries[n]) {
        n++;
    }
    g_string_append_printf(
        text,
        "; ram-eos; footer 2; part 2; "
        "ram-page 8 0x1000 \"/rom@etc/acpi/tables\"; str \"FACS\"; "
        "le32 64; zero 56; zero 3; str \"SRAT\"; le32 48+96+40*%u; zero 40; " PASSED_BY,
        n);
    for (unsigned i = 0; i < n; i++) {
        g_auto(GStrv) word = g_strsplit(entries[i], " ", 4);

        g_string_append_printf(
            text, "; u8 1 40; le32 %s; le16 0; le64 %s %s; le32 0 %s; zero 8", word[0],
            word[1], word[2], word[3]);
    }
    g_string_append_printf(text, "; zero 4096-67-48-96-40*%u%s", n, tail);
    return g_string_free(text, FALSE);
}

START_TEST(nodes_are_in_the_order_of_the_tables)
{
    g_autofree char *text = stream_with_tables(tables[_i].blocks, tables[_i].entries);
    GBytes *bytes = mkmig_assemble(text, "tables", NULL);
    g_autoptr(Run) run = run_migstat(bytes, "dump", "--map", "-", NULL);

    ck_assert_ptr_nonnull(bytes);
    g_bytes_unref(bytes);
    ck_assert_msg(run->status == 0, "%s", run->err);
    assert_lines(run, tables[_i].lines);
    ck_assert(!strstr(tables[_i].lines, "order of NUMA") ==
              !strstr(run->out, "order of NUMA"));
    ck_assert(!strstr(tables[_i].lines, "names") == !strstr(run->out, "libvirt"));
}
END_TEST

/* --- one address ------------------------------------------------------------------------- */

static const struct {
    const char *stream, *at, *lines;
} addresses[] = {
    { PLUGGED, "--at=0x100000fff",
      "0x100000fff ram, m10 at 0xfff, known by stream; page zero, records 1\n zero 0x" },
    { PLUGGED, "--at=0xfffff000", "rom, pc.bios at 0xf000, known by machine; page data" },
    { PLUGGED, "--at=0xa0000", "device: no RAM block lies there" },
    { PLUGGED, "--at=0x80000000", "0x80000000 nothing that is known to be memory" },
    { PLUGGED, "--at=0x140400000", "page missing, records 0" },
    /* pages sent again are records each, and the last one counts */
    { "real/q35-72-xbzrle.mig.zst", "--at=0x10000",
      "records 4\n normal 0x15d PART\n normal 0x2043f PART\n xbzrle 0x304fc" },
    { "real/q35-100-mapped-ram.mig.zst", "--at=0xfffff000",
      "page data, records 1\n mapped 0x" },
};

/* The SRAT says where memory may be plugged in; an address that no machine has is not believed. */
static const struct {
    uint64_t base;
    const char *shown; /* of the first DIMM */
} bases[] = {
    { (UINT64_C(1) << 52) - (1 << 30),
      "0xfffffc0000000  0xfffffc03fffff    4 MiB  dimm" },
    { UINT64_C(1) << 52, "0x140000000  0x1403fffff    4 MiB  dimm" },
};

START_TEST(memory_is_plugged_in_where_a_machine_has_addresses)
{
    GBytes *fixture = fixture_bytes(PLUGGED), *changed;
    gsize n;
    uint8_t *bytes = g_bytes_unref_to_data(fixture, &n), *table, *entry;
    uint64_t base = GUINT64_TO_LE(bases[_i].base);
    g_autoptr(Run) run = NULL;

    ck_assert_ptr_nonnull(table = memmem(bytes, n, "SRAT", 4));
    for (entry = table + 48; entry[0] != 1 || entry[28] != 3; entry += entry[1]) {
        ck_assert_uint_ne(entry[1], 0);
    }
    memcpy(entry + 8, &base, sizeof(base));
    changed = g_bytes_new_take(bytes, n);
    run = run_migstat(changed, "dump", "--map", "-", NULL);
    g_bytes_unref(changed);
    ck_assert_msg(strstr(run->out, bases[_i].shown), "%s%s", run->out, run->err);
}
END_TEST

START_TEST(an_address_has_its_block_and_records)
{
    g_autofree char *path = fixture_file(addresses[_i].stream);
    g_autoptr(Run) run = run_migstat(NULL, "dump", addresses[_i].at, path, NULL);

    ck_assert_msg(run->status == 0, "%s", run->err);
    assert_line(run, addresses[_i].lines);
}
END_TEST

/* --- virtual addresses ------------------------------------------------------------------- */

#define PAGING(name) "map/paging-" name ".mig.zst"

static const struct {
    const char *stream, *translate, *lines;
} virtuals[] = {
    { PAGING("x86-32-bits"), "0xc0123123",
      "is at 0x345123, in a page of 4 KiB (32 bits)\n PD 0x100c00 0x101003\n PT "
      "0x10148c" },
    { PAGING("x86-32-bits"), "0xc0400123", "is at 0x7700800123, in a page of 4 MiB" },
    { PAGING("x86-32-bits"), "0x12346000", "leads to nothing: the entry is not present" },
    { PAGING("x86-pae"), "0xc0123123", "is at 0x3f12345123, in a page of 4 KiB (PAE)" },
    { PAGING("x86-pae"), "0xc0200123", "is at 0x1f00400123, in a page of 2 MiB" },
    { PAGING("x86-pae"), "0x40000000", "leads to nothing: the entry is not present" },
    { PAGING("x86-pae"), "0x100000000", "has more than the 32 bits of this CPU" },
    { PAGING("x86-64-4-levels"), "0xffffffff81234123",
      "is at 0x1235123, in a page of 4 KiB" },
    { PAGING("x86-64-4-levels"), "0xffff888000000123",
      "is at 0x7c0000123, in a page of 1 GiB" },
    { PAGING("x86-64-4-levels"), "0x7f1234400123",
      "is at 0x3f00600123, in a page of 2 MiB" },
    { PAGING("x86-64-4-levels"), "0x800000000000", "the address is not canonical" },
    { PAGING("x86-64-4-levels"), "0xffff7fffffffffff", "the address is not canonical" },
    { PAGING("x86-64-5-levels"), "0xab123456789123", "in a page of 4 KiB (5 levels)" },
    { PAGING("x86-64-5-levels"), "0x100000000000000", "the address is not canonical" },
    { PAGING("aarch64-4-kib-36-bits"), "0x6789a0123",
      "is at 0x40200123, in a page of 4 KiB (granule of 4 KiB)" },
    { PAGING("aarch64-4-kib-36-bits"), "0x600123",
      "is at 0xa00123, in a page of 2 MiB (granule of 4 KiB)" },
    { PAGING("aarch64-4-kib-36-bits"), "0x1000000000", "the address is in neither half" },
    { PAGING("aarch64-4-kib-36-bits"), "0xab000006789a0123",
      "is at 0x40200123, in a page of 4 KiB (granule of 4 KiB)" }, /* a tag */
    { PAGING("aarch64-4-kib-52-bits"), "0x23456789a0123",
      "is at 0xf000040200123, in a page of 4 KiB (granule of 4 KiB)" },
    { PAGING("aarch64-4-kib-52-bits"), "0xfffffffff8900123", "is at 0x40310123" },
    { PAGING("aarch64-16-kib-36-bits"), "0x6000123",
      "is at 0xa000123, in a page of 32 MiB (granule of 16 KiB)" },
    { PAGING("aarch64-16-kib-52-bits"), "0x23456789a0123",
      "is at 0xf000040200123, in a page of 16 KiB (granule of 16 KiB)" },
    { PAGING("aarch64-64-kib-52-bits"), "0x23456789a0123",
      "is at 0xf000040200123, in a page of 64 KiB (granule of 64 KiB)" },
    { PAGING("aarch64-64-kib-52-bits"), "0xffffffffe0000123",
      "is at 0x120000123, in a page of 512 MiB (granule of 64 KiB)" },
    { PAGING("aarch64-64-kib-52-bits"), "0x0",
      "leads to nothing: the entry is not valid" },
    { PLUGGED, "0x1234", "is physical: paging is off\n0x1234 ram, m2 at 0x1234" },
};

START_TEST(a_virtual_address_leads_somewhere)
{
    g_autofree char *path = fixture_file(virtuals[_i].stream);
    g_autofree char *translate =
        g_strconcat("--translate=", virtuals[_i].translate, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "dump", translate, path, NULL);

    ck_assert_msg(run->status == 0, "%s", run->err);
    assert_line(run, virtuals[_i].lines);
}
END_TEST

/* Tables that did not come: of a stream that is cut, and in a capture of RAM alone. */
START_TEST(a_table_may_be_missing)
{
    g_autofree char *path = fixture_file(PAGING("x86-pae"));
    g_autoptr(Run) away = run_migstat(NULL, "dump", "--translate=0xc0123123",
                                      "--ram-below-4g=1M", path, NULL);
    g_autoptr(Run) cpu = run_migstat(NULL, "dump", "--translate=0@1", path, NULL);

    ck_assert_int_eq(away->status, 0);
    assert_line(away, "leads to nothing: the stream does not have the table");
    ck_assert_int_ne(cpu->status, 0);
    ck_assert_ptr_nonnull(strstr(cpu->err, "the stream describes no CPU 1"));
}
END_TEST

/* The bytes at the offset that --at names are the record's. */
START_TEST(a_record_is_where_it_says)
{
    g_autofree char *path = fixture_file(PLUGGED);
    g_autoptr(Run) run = run_migstat(NULL, "dump", "--at=0xfffff000", path, NULL);
    const char *record = strstr(run->out, "normal");
    GBytes *bytes = fixture_bytes(PLUGGED);
    gsize n;
    const uint8_t *stream = g_bytes_get_data(bytes, &n);
    uint64_t offset;

    ck_assert_ptr_nonnull(record);
    offset = g_ascii_strtoull(record + strcspn(record, "0"), NULL, 16);
    ck_assert_uint_lt(offset + 8, n);
    /* page 0xf000 of pc.bios, PAGE, perhaps CONTINUE */
    ck_assert_uint_eq(stream[offset + 6], 0xf0);
    ck_assert_uint_eq(stream[offset + 7] & ~0x20, 0x08);
    g_bytes_unref(bytes);
}
END_TEST

/* --- what is wrong ----------------------------------------------------------------------- */

static const struct {
    const char *argument, *says;
    int status;
} wrong[] = {
    { "--place=nosuch@0", "the stream has no RAM block \"nosuch\"", 2 },
    { "--place=m2", "--place wants BLOCK@ADDRESS", 2 },
    { "--place=m2@there", "--place wants an address such as 0x100000000", 2 },
    { "--place=m2@0xffffffffffffffff", "does not fit at 0xffffffffffffffff", 2 },
    { "--at=there", "--at wants an address", 2 },
    { "--translate=there", "--translate wants an address", 2 },
    { "--translate=0@x", "--translate wants the number of a CPU", 2 },
    { "--ram-below-4g=5G", "--ram-below-4g wants a size up to 4G", 2 },
    { "--ram-below-4g=0", "--ram-below-4g wants a size up to 4G", 2 },
};

START_TEST(a_mistake_is_told)
{
    g_autofree char *path = fixture_file(PLUGGED);
    g_autoptr(Run) run =
        run_migstat(NULL, "dump", "--map", wrong[_i].argument, path, NULL);

    ck_assert_int_eq(run->status, wrong[_i].status);
    ck_assert_msg(strstr(run->err, wrong[_i].says), "%s", run->err);
}
END_TEST

/* A stream that is cut has a map as far as it goes. */
START_TEST(a_cut_stream_has_a_map)
{
    GBytes *whole = fixture_bytes(PLUGGED);
    GBytes *cut = g_bytes_new_from_bytes(whole, 0, 3000);
    g_autoptr(Run) run = run_migstat(cut, "dump", "--map", "-", NULL);

    ck_assert_int_eq(run->status, 1);
    assert_line(run, "0x000600000 0x0025fffff 32 MiB ram m2");
    assert_line(run, "note: which memory was plugged in is derived");
    g_bytes_unref(cut);
    g_bytes_unref(whole);
}
END_TEST

Suite *suite_map(void)
{
    Suite *suite = suite_create("map");
    TCase *tc = tcase_create("map");

    tcase_add_test(tc, a_guest_has_its_memory_where_qemu_showed_it);
    tcase_add_test(tc, memory_of_devices_is_where_their_bars_are);
    tcase_add_loop_test(tc, a_machine_has_its_rule, 0, G_N_ELEMENTS(machines));
    tcase_add_loop_test(tc, nodes_are_in_the_order_of_the_tables, 0,
                        G_N_ELEMENTS(tables));
    tcase_add_loop_test(tc, memory_is_plugged_in_where_a_machine_has_addresses, 0,
                        G_N_ELEMENTS(bases));
    tcase_add_loop_test(tc, an_address_has_its_block_and_records, 0,
                        G_N_ELEMENTS(addresses));
    tcase_add_test(tc, a_record_is_where_it_says);
    tcase_add_loop_test(tc, a_virtual_address_leads_somewhere, 0, G_N_ELEMENTS(virtuals));
    tcase_add_test(tc, a_table_may_be_missing);
    tcase_add_loop_test(tc, a_mistake_is_told, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(tc, a_cut_stream_has_a_map);
    suite_add_tcase(suite, tc);
    return suite;
}
