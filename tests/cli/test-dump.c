/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat dump`: what it prints of every fixture and of real
 *                streams, its options, its exit statuses.
 * Must not know: the library; how items are read is tests/unit's.
 * See also:      fixtures/dump has the streams and, beside them, what is printed of each.
 */
#include "support.h"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "mkmig.h"

static JsonNode *parse(const char *what, const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonNode *node = json_from_string(text, &error);

    ck_assert_msg(node, "%s: %s", what, error ? error->message : "no JSON");
    return node;
}

static gint64 number(JsonObject *object, const char *key)
{
    ck_assert_msg(json_object_has_member(object, key), "no \"%s\"", key);
    return json_object_get_int_member(object, key);
}

/* --- what is printed ---------------------------------------------------------------- */

static char **fixtures;

/* Beside NAME.txt stand NAME.dump, for people, and NAME.json. */
START_TEST(prints_what_is_beside_the_fixture)
{
    const char *fixture = fixtures[_i];
    g_autofree char *stem = g_strndup(fixture, strlen(fixture) - strlen(".txt"));
    g_autofree char *dump = g_strconcat(stem, ".dump", NULL);
    g_autofree char *json = g_strconcat(stem, ".json", NULL);
    g_autoptr(GBytes) bytes = fixture_bytes(fixture);
    g_autoptr(Run) text = run_migstat(bytes, "dump", "--sections", "--vfio", "-", NULL);
    g_autoptr(Run) object = run_migstat(bytes, "dump", "--format=json", "-", NULL);
    g_autoptr(JsonNode) node = parse(fixture, object->out);
    g_autofree char *pretty = json_to_string(node, TRUE);
    g_autofree char *lines = g_strconcat(pretty, "\n", NULL);

    ck_assert_msg(text->status == 0 && object->status == 0, "%s: %s", fixture, text->err);
    ck_assert_str_eq(text->err, "");
    ck_assert_msg(g_utf8_validate(text->out, -1, NULL), "%s: not UTF-8", fixture);
    ck_assert_msg(!strpbrk(text->out, "\033\a"), "%s: a control character", fixture);
    for (char *p = object->out; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        ck_assert_msg(c == '\n' || (c >= 0x20 && (c < 0x7f || c > 0xa0) &&
                                    g_unichar_type(c) != G_UNICODE_FORMAT &&
                                    g_unichar_type(c) != G_UNICODE_LINE_SEPARATOR),
                      "%s: U+%04x in JSON", fixture, c);
    }
    assert_golden(dump, text->out);
    assert_golden(json, lines);
}
END_TEST

/* Without the member that names the file. */
static char *without_file(const char *json)
{
    const char *rest = strstr(json, "\"size\"");

    ck_assert_msg(rest, "no size: %s", json);
    return g_strdup(rest);
}

static char **real;

/* A pipe is as good as a file, and both as good as what is compressed. */
START_TEST(pipe_and_file_are_alike)
{
    g_autofree char *path = fixture_file(real[_i]);
    g_autoptr(GBytes) bytes = fixture_bytes(real[_i]);
    g_autoptr(Run) file = run_migstat(NULL, "dump", "--format=json", path, NULL);
    g_autoptr(Run) pipe = run_migstat(bytes, "dump", "--format=json", "-", NULL);
    g_autofree char *from_file = without_file(file->out),
                    *from_pipe = without_file(pipe->out);

    ck_assert_msg(file->status == 0, "%s: %s", real[_i], file->err);
    ck_assert_msg(g_str_equal(from_file, from_pipe), "%s", real[_i]);
}
END_TEST

/* Items follow each other from the first byte to the last. */
static void assert_tiles(const char *what, const char *items, gint64 size)
{
    g_auto(GStrv) lines = g_strsplit(items, "\n", -1);
    guint64 at = 0;

    for (char **line = lines; *line && **line; line++) {
        char *rest;
        guint64 offset = g_ascii_strtoull(*line, &rest, 16);

        ck_assert_msg(offset == at, "%s: wanted an item at 0x%" G_GINT64_MODIFIER "x: %s",
                      what, at, *line);
        at += g_ascii_strtoull(rest, NULL, 10);
    }
    ck_assert_msg((gint64)at == size,
                  "%s: the items have %" G_GINT64_FORMAT " bytes of %" G_GINT64_FORMAT,
                  what, at, size);
}

START_TEST(items_tile_real_streams)
{
    g_autoptr(GBytes) bytes = fixture_bytes(real[_i]);
    g_autoptr(Run) items = run_migstat(bytes, "dump", "--items", "-", NULL);

    ck_assert_int_eq(items->status, 0);
    assert_tiles(real[_i], items->out, (gint64)g_bytes_get_size(bytes));
}
END_TEST

/* Beside each real stream stands what QEMU counted when it wrote it. */
static JsonObject *facts_of(const char *stream, JsonNode **node)
{
    g_autofree char *name = g_strndup(stream, strlen(stream) - strlen(".mig.zst"));
    g_autofree char *relative = g_strconcat(name, ".facts.json", NULL);
    g_autoptr(GBytes) bytes = fixture_bytes(relative);
    g_autofree char *text =
        g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

    *node = parse(relative, text);
    return json_node_get_object(*node);
}

/* Its numbers are of the last moment, when pages may still have been on their way. */
static bool is_exact(JsonObject *counted)
{
    return !json_object_has_member(counted, "exact") ||
           json_object_get_boolean_member(counted, "exact");
}

START_TEST(counts_what_qemu_counted)
{
    g_autoptr(JsonNode) facts_node = NULL, node = NULL;
    JsonObject *facts = facts_of(real[_i], &facts_node), *counted, *object;
    g_autofree char *path = fixture_file(real[_i]);
    g_autoptr(Run) run = run_migstat(NULL, "dump", "--format=json", path, NULL);
    JsonArray *list;
    gint64 normal = 0, zero = 0, length = 0, precopy = 0, stop_copy = 0;

    object = json_node_get_object(node = parse(real[_i], run->out));
    ck_assert_int_eq(number(object, "size"), number(facts, "size"));
    list = json_object_get_array_member(json_object_get_object_member(object, "ram"),
                                        "blocks");
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *block = json_array_get_object_element(list, i);
        JsonObject *pages = json_object_get_object_member(block, "pages");

        length += number(block, "length");
        normal += number(pages, "normal") + number(pages, "mapped");
        zero += number(pages, "zero");
    }
    list = json_object_get_array_member(object, "vfio");
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *device = json_array_get_object_element(list, i);

        precopy += number(device, "precopy_bytes");
        stop_copy += number(device, "stop_copy_bytes");
    }
    if (json_object_has_member(facts, "qemu_counted") &&
        !json_object_get_null_member(facts, "qemu_counted")) {
        counted = json_object_get_object_member(facts, "qemu_counted");
        ck_assert_int_eq(number(object, "page_size"), number(counted, "page_size"));
        ck_assert_int_eq(length, number(counted, "ram_total"));
        if (is_exact(counted)) {
            ck_assert_msg(normal == number(counted, "normal_pages"), "%s: normal pages",
                          real[_i]);
            ck_assert_msg(zero == number(counted, "zero_pages"), "%s: zero pages",
                          real[_i]);
        }
    }
    if (json_object_has_member(facts, "device_data_bytes_pre_copy")) {
        gint64 devices = number(facts, "vfio_devices");

        ck_assert_int_eq(precopy, devices * number(facts, "device_data_bytes_pre_copy"));
        ck_assert_int_eq(stop_copy,
                         devices * number(facts, "device_data_bytes_stop_copy"));
    }
}
END_TEST

/* --- at a glance -------------------------------------------------------------------- */

static const struct {
    const char *stream, *guest, *transfer,
        *after; /* after: what stands at the line's end */
} glances[] = {
    { "real/virt-52-gicv3-vfio.mig.zst",
      "QEMU machine virt-5.2, 1 vCPU, 16 MiB of RAM (99.9% of its pages zero)",
      "Precopy: a migration, a save or a snapshot\n",
      "the guest's state was \"prelaunch\"\n" },
    { "real/pc-52-no-footers.mig.zst", "machine type not recorded, 1 vCPU",
      "Precopy: a migration, a save or a snapshot\n", "pages of 4 KiB\n" },
    { "real/q35-72-zlib.mig.zst", "QEMU machine pc-q35-7.2",
      "Live precopy: pages came again while the guest ran\n",
      "the guest's state was \"running\"\n" },
    { "real/q35-100-postcopy.mig.zst", "QEMU machine pc-q35-10.0",
      "Postcopy: ", "the guest's state was \"running\"\n" },
    { "real/q35-72-background.mig.zst", "QEMU machine pc-q35-7.2",
      "Background snapshot: ", "the guest's state was \"running\"\n" },
    { "real/q35-100-mapped-ram.mig.zst", "QEMU machine pc-q35-10.0",
      "Mapped-ram file: each page has its place; capabilities mapped-ram\n",
      "the guest's state was \"prelaunch\"\n" },
};

START_TEST(shows_a_stream_at_a_glance)
{
    g_autoptr(GBytes) bytes = fixture_bytes(glances[_i].stream);
    g_autoptr(Run) run = run_migstat(bytes, "dump", "-", NULL);
    g_auto(GStrv) lines = g_strsplit(run->out, "\n", 4);
    g_autofree char *guest = g_strconcat(lines[1], "\n", NULL);
    g_autofree char *transfer = g_strconcat(lines[2], "\n", NULL);

    ck_assert_msg(g_str_has_prefix(lines[0], "-   complete; "), "%s", lines[0]);
    ck_assert_msg(g_str_has_prefix(guest, glances[_i].guest), "%s", guest);
    ck_assert_msg(g_str_has_suffix(guest, glances[_i].after), "%s", guest);
    ck_assert_msg(g_str_has_prefix(transfer, glances[_i].transfer), "%s", transfer);
}
END_TEST

#define BLOCKS                                                             \
    "header; config \"pc-q35-7.2\"; start 2 \"ram\" 0 4; ram-size 0x4000;" \
    "ram-block \"a\" 0x4000; ram-eos; footer 2; "
#define ROM_BESIDE(name)                                                   \
    "header; config \"pc-q35-7.2\"; start 2 \"ram\" 0 4; ram-size 0xc000;" \
    "ram-block \"a\" 0x4000; ram-block \"" name "\" 0x8000; ram-eos; footer 2"
#define STATE(length, text) \
    "full 3 \"globalstate\" 0 1; be32 " length "; str \"" text "\";"

/* What is not known is not said, whatever a stream claims. */
static const struct {
    const char *text, *has, *has_not;
} modest[] = {
    /* pages that are not in the stream */
    { BLOCKS "end 2; be64 0x2; pstr8 \"a\"; u8 0; ram-eos; footer 2; eof",
      "at least 3 pages of RAM are not in it", NULL },
    { BLOCKS "end 2; be64 0x2; pstr8 \"a\"; u8 0",
      "at most 25.0% of the pages of RAM are there", "are not in it" },
    /* run states that are none */
    { "header; " STATE("8", "running") "zero 93; footer 3; eof", "state was \"running\"",
      NULL },
    { "header; " STATE("8", "r\\x1bnning") "zero 93; footer 3; eof",
      "state was \"r\\x1bnning\"", "\033" },
    /* no loader looks at the length */
    { "header; " STATE("0xffffffff", "running") "zero 93; footer 3; eof",
      "state was \"running\"", NULL },
    { "header; " STATE("8", "running") "footer 3; eof", "complete", "state was" },
    /* lengths that add up to more than there are numbers */
    { "header; config \"pc-q35-7.2\"; start 2 \"ram\" 0 4; ram-size 0xfffffffffffff000;"
      "ram-block \"a\" 0xfffffffffffff000; ram-block \"b\" 0xfffffffffffff000; ram-eos;"
      "footer 2; end 2; ram-eos; footer 2; eof",
      "EiB of RAM", NULL },
    { "header; full 3 \"cpu\" 0 1; u8 1; footer 3; full 4 \"cpu\" 7 1; u8 1; footer 4; "
      "eof",
      "2 vCPUs", NULL },
    /* which blocks are the guest's RAM */
    { ROM_BESIDE("virt.flash0"), ", 16 KiB of RAM", NULL },
    { ROM_BESIDE("riscv_virt_board.mrom"), ", 16 KiB of RAM", NULL },
    { ROM_BESIDE("isa-bios"), ", 16 KiB of RAM", NULL },
    { ROM_BESIDE("/rom@etc/acpi/tables"), ", 16 KiB of RAM", NULL },
    { ROM_BESIDE("0000:00:02.0/vga.vram"), ", 16 KiB of RAM", NULL },
    { ROM_BESIDE("/objects/mem1"), ", 48 KiB of RAM", NULL },
    { ROM_BESIDE("ram-node1"), ", 48 KiB of RAM", NULL },
    { ROM_BESIDE("flash.dimm"), ", 48 KiB of RAM", NULL },
    { "header; config \"none\"; eof", "QEMU machine none, no RAM, page size not known\n",
      "vCPU" },
};

START_TEST(says_no_more_than_is_known)
{
    g_autoptr(GBytes) bytes = mkmig_assemble(modest[_i].text, "text", NULL);
    g_autoptr(Run) run = run_migstat(bytes, "dump", "-", NULL);

    ck_assert_msg(strstr(run->out, modest[_i].has), "%s: %s%s", modest[_i].text, run->out,
                  run->err);
    ck_assert_msg(!modest[_i].has_not || !strstr(run->out, modest[_i].has_not), "%s",
                  run->out);
}
END_TEST

/* PCI devices by the names of a list, which is read although nothing can be opened then. */
START_TEST(names_pci_devices)
{
    static const char ids[] = "15b3  Mellanox \033[31m\n\t101e  A function\n";
    g_autoptr(GBytes) bytes = fixture_bytes("real/virt-52-gicv3-vfio.mig.zst");
    g_autofree char *dir = scratch_dir(), *path = g_build_filename(dir, "pci.ids", NULL);
    g_autoptr(Run) text = NULL, json = NULL;

    g_file_set_contents(path, ids, -1, NULL);
    g_setenv("MIGSTAT_PCI_IDS", path, true);
    text = run_migstat(bytes, "dump", "-", NULL);
    json = run_migstat(bytes, "dump", "-f", "json", "-", NULL);
    g_setenv("MIGSTAT_PCI_IDS", "/dev/null", true);
    scratch_remove(dir);
    ck_assert_msg(
        strstr(text->out, "15b3:101e Mellanox \\x1b[31m A function, MSI-X absent"), "%s",
        text->out);
    ck_assert_msg(strstr(json->out, "\"device_name\": \"A function\""), "%s", json->out);
}
END_TEST

/* --- wrappers ----------------------------------------------------------------------- */

#define STREAM "header; config \"pc-q35-7.2\"; eof; "
/* magic | version | data length | was running | format | cookie offset | unused | XML */
#define LIBVIRT(MAGIC, INT, FORMAT, COOKIE)                \
    "str \"" MAGIC "\"; " INT " 2 64 1 " FORMAT " " COOKIE \
    "; zero 56; str \"<domain/>\"; zero 7;"                \
    "str \"<cookie/>\"; zero 39; "

static const struct {
    const char *text, *before; /* what is packed, and what stands before it */
    enum { PLAIN, GZIP, ZSTD, ZSTD_FRAMES } packing;
    const char *option;
    int status;
    const char *wanted; /* in the output, or in the message */
} wrapped[] = {
    { STREAM, "", PLAIN, NULL, 0, "24 bytes, plain" },
    { STREAM, "", GZIP, NULL, 0, "24 bytes, gzip" },
    { STREAM, "", ZSTD, NULL, 0, "24 bytes, zstd" },
    { STREAM, "", ZSTD_FRAMES, NULL, 0, "24 bytes, zstd" },
    { STREAM, LIBVIRT("LibvirtQemudSave", "le32", "0", "0"), PLAIN, NULL, 0,
      "guest was running; domain XML 9 bytes, cookie 0 bytes" },
    { STREAM, LIBVIRT("LibvirtQemudSave", "be32", "0", "16"), PLAIN, NULL, 0,
      "guest was running; domain XML 9 bytes, cookie 9 bytes" },
    { STREAM,
      "str \"LibvirtQemudSave\"; le32 0 10 1 6 0; zero 56; str \"<domain/>\"; zero 1",
      PLAIN, NULL, 0, "guest was running; domain XML 9 bytes" },
    { STREAM,
      "str \"LibvirtQemudSave\"; be32 0 10 1 6 0; zero 56; str \"<domain/>\"; zero 1",
      PLAIN, NULL, 0, "guest was running; domain XML 9 bytes" },
    { STREAM, LIBVIRT("LibvirtQemudPart", "le32", "0", "16"), PLAIN, NULL, 0, "PARTIAL" },
    { STREAM, LIBVIRT("LibvirtQemudSave", "le32", "1", "0"), GZIP, NULL, 0, "+gzip" },
    { STREAM, LIBVIRT("LibvirtQemudSave", "le32", "5", "0"), ZSTD, NULL, 0, "+zstd" },
    { STREAM, LIBVIRT("LibvirtQemudSave", "le32", "3", "0"), PLAIN, NULL, 1,
      "compressed with xz, but it begins with other bytes" },
    { STREAM, LIBVIRT("LibvirtQemudSave", "le32", "7", "0"), PLAIN, NULL, 2, "format 7" },
    { STREAM, "zero 4096;", PLAIN, "--offset=4096", 0, "24 bytes, plain" },
    { STREAM, "zero 4096;", PLAIN, "--offset=0x1000", 0, "24 bytes, plain" },
    { STREAM, "zero 4096;", PLAIN, "--offset=4K", 0, "24 bytes, plain" },
    { STREAM, "zero 4096;", ZSTD, "--offset=4096", 0, "24 bytes, zstd" },
    { STREAM, "zero 4096;", PLAIN, NULL, 1, "error[magic]" },
    { STREAM, "", PLAIN, "--offset=1M", 2, "beyond the end" },
    { "str \"QFI\"; u8 0xfb; zero 100", "", PLAIN, NULL, 2, "qcow2" },
    { "bytes fd377a585a00; zero 100", "", PLAIN, NULL, 1, "xz: the compressed data is " },
    { "str \"BZh9\"; zero 100", "", PLAIN, NULL, 1, "bzip2: the compressed data is " },
};

static void append_packed(GByteArray *out, GBytes *plain, int packing)
{
    size_t n;
    const uint8_t *p = g_bytes_get_data(plain, &n);
    uint8_t packed[4096];
    gsize read, written;

    if (packing == PLAIN) {
        g_byte_array_append(out, p, (guint)n);
    } else if (packing == GZIP) {
        g_autoptr(GZlibCompressor) gzip =
            g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);

        g_converter_convert(G_CONVERTER(gzip), p, n, packed, sizeof(packed),
                            G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
        g_byte_array_append(out, packed, (guint)written);
    } else {
        size_t first = packing == ZSTD_FRAMES ? n / 2 : n;

        written = ZSTD_compress(packed, sizeof(packed), p, first, 3);
        g_byte_array_append(out, packed, (guint)written);
        if (first < n) {
            written = ZSTD_compress(packed, sizeof(packed), p + first, n - first, 3);
            g_byte_array_append(out, packed, (guint)written);
        }
    }
}

START_TEST(takes_wrappers_off)
{
    g_autoptr(GBytes) plain = mkmig_assemble(wrapped[_i].text, "text", NULL);
    g_autoptr(GBytes) before = mkmig_assemble(wrapped[_i].before, "before", NULL);
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autofree char *folder = scratch_dir(), *path = g_build_filename(folder, "s", NULL);
    const char *option = wrapped[_i].option ? wrapped[_i].option : "--quiet";

    g_byte_array_append(all, g_bytes_get_data(before, NULL),
                        (guint)g_bytes_get_size(before));
    append_packed(all, plain, wrapped[_i].packing);
    g_file_set_contents(path, (const char *)all->data, all->len, NULL);
    {
        g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(g_steal_pointer(&all));
        g_autoptr(Run) file = run_migstat(NULL, "dump", option, path, NULL);
        g_autoptr(Run) pipe = run_migstat(bytes, "dump", option, "-", NULL);

        scratch_remove(folder);
        ck_assert_msg(
            file->status == wrapped[_i].status && pipe->status == wrapped[_i].status,
            "row %d: exit %d, %d: %s", _i, file->status, pipe->status, file->err);
        ck_assert_msg(
            strstr(wrapped[_i].status ? file->err : file->out, wrapped[_i].wanted),
            "row %d: no \"%s\": %s%s", _i, wrapped[_i].wanted, file->out, file->err);
    }
}
END_TEST

/* --- options ------------------------------------------------------------------------ */

static const struct {
    const char *arguments, *fixture;
    int status;
    const char *has, *has_not; /* in the output, or in the message if the status is 2 */
} options[] = {
    { "", "good/vfio-config-first.txt", 0, "config-first", "DEV_DATA_STATE" },
    { "--vfio", "good/vfio-config-first.txt", 0, "DEV_DATA_STATE", NULL },
    { "--sections", "good/vfio-config-first.txt", 0, "instance", NULL },
    { "--section=*vfio", "good/vfio-config-first.txt", 0, "0000:00:01.0/vfio", "timer" },
    { "--section=ti?er --items", "good/minimal-ram.txt", 0, "timer", "file-header" },
    { "--section=ti?er --format=json", "good/minimal-ram.txt", 0, "\"timer\"",
      "\"apic\"" },
    { "--all", "good/vfio-config-first.txt", 0, "DEV_DATA_STATE", "\u00d7" },
    { "--all", "good/vfio-config-first.txt", 0, "instance", NULL },
    { "--only=ram", "good/minimal-ram.txt", 0, "  block ", "SECTIONS" },
    { "--only=ram", "good/minimal-ram.txt", 0, "  pc.ram ", "complete" },
    { "--only=description,ram", "good/minimal-ram.txt", 0, "\nEND\n", "SECTIONS" },
    /* nothing is an answer, too */
    { "--only=vfio", "good/minimal-ram.txt", 0, "  no VFIO devices\n", "VFIO\n" },
    { "--only=vfio,defects", "good/minimal-ram.txt", 0,
      "VFIO\n  no VFIO devices\n\nDEFECTS\n", NULL },
    { "--only=ram", "dump/configuration.txt", 0, "  no RAM blocks\n", "RAM\n" },
    { "--only=commands", "good/minimal-ram.txt", 0, "  no commands\n", NULL },
    { "--only=defects", "good/minimal-ram.txt", 0, "  no defects\n", NULL },
    { "--only=vfio --section=ram", "good/vfio-config-first.txt", 0,
      "  no VFIO devices in these sections\n", NULL },
    { "--only=vfio --top=0", "good/vfio-config-first.txt", 0, "more\n", "no VFIO" },
    { "--only=defects -f json", "good/minimal-ram.txt", 0,
      "minimal-ram\", \"defects\": [], \"complete\": true, \"error\": null}", NULL },
    { "--only=devices --top=1", "good/vfio-config-first.txt", 0, "  and 4 more\n",
      "timer" },
    { "--only=devices --sort=name --top=1", "good/vfio-config-first.txt", 0,
      "  0000:00:01.0/vfio ", "timer" },
    { "--only=sections --sort=size --top=1", "good/minimal-ram.txt", 0, "  ram ",
      "timer" },
    { "--only=sections --sort=name --top=1", "good/minimal-ram.txt", 0, "  apic ",
      "ram " },
    { "--only=sections --sort=offset --top=1", "good/minimal-ram.txt", 0, "  ram ",
      "apic" },
    { "--only=sections --top=0", "good/minimal-ram.txt", 0, "more\n", "ram " },
    { "--only=nonsense", "good/minimal-ram.txt", 2,
      "--only has no \"nonsense\"; its words are overview, channels, ram,", NULL },
    { "--sort=", "good/minimal-ram.txt", 2, "--sort is size, offset or name", NULL },
    { "--top=-1", "good/minimal-ram.txt", 2, "--top wants a number of rows", NULL },
    { "--top=4294967296", "good/minimal-ram.txt", 2, "--top wants a number of rows",
      NULL },
    { "--items --top=1", "good/minimal-ram.txt", 2, "--top", NULL },
    { "--section=?*\\xf0", "dump/names.txt", 0, "SECTIONS", NULL },
    { "--section=*\xf0", "dump/names.txt", 0, "", NULL },
    { "--color=always", "good/minimal-ram.txt", 0, "\033[", NULL },
    { "--color=never", "good/minimal-ram.txt", 0, "RAM", "\033[" },
    { "--color=auto", "good/minimal-ram.txt", 0, "RAM", "\033[" },
    { "--items -f json", "good/minimal-ram.txt", 0, "\"items\": [{\"offset\": 0", NULL },
    { "--format=yaml", "good/minimal-ram.txt", 2, "yaml", NULL },
    { "--color=maybe", "good/minimal-ram.txt", 2, "maybe", NULL },
    { "--offset=x", "good/minimal-ram.txt", 2, "x", NULL },
    { "--nonsense", "good/minimal-ram.txt", 2, "--nonsense", NULL },
    { "/nowhere", "good/minimal-ram.txt", 2, "/nowhere", NULL },
};

START_TEST(honours_options)
{
    g_autofree char *path = fixture_file(options[_i].fixture);
    g_auto(GStrv) words = g_strsplit(options[_i].arguments, " ", -1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(Run) run = NULL;
    const char *shown;

    g_ptr_array_add(argv, (gpointer)(uintptr_t)g_getenv("MIGSTAT"));
    g_ptr_array_add(argv, (gpointer)(uintptr_t) "dump");
    for (char **word = words; *word && **word; word++) {
        g_ptr_array_add(argv, *word);
    }
    g_ptr_array_add(argv, path);
    g_ptr_array_add(argv, NULL);
    run = run_program((const char *const *)(void *)argv->pdata, NULL, NULL);
    shown = options[_i].status == 2 ? run->err : run->out;
    ck_assert_msg(run->status == options[_i].status, "%s: exit %d: %s",
                  options[_i].arguments, run->status, run->err);
    ck_assert_msg(strstr(shown, options[_i].has), "%s: %s", options[_i].arguments, shown);
    ck_assert_msg(!options[_i].has_not || !strstr(shown, options[_i].has_not), "%s: %s",
                  options[_i].arguments, shown);
}
END_TEST

/* One order, in text and in JSON, of each table: by what takes the most, or by name. */
START_TEST(sorts_tables)
{
    static const char *const keys[] = { "sections", "device_sizes" };
    g_autofree char *file = fixture_file("real/q35-72-two-vfio.mig.zst");

    for (int by_name = 0; by_name < 2; by_name++) {
        const char *sort = by_name ? "--sort=name" : "--sort=size";
        g_autoptr(Run) json = run_migstat(NULL, "dump", "-f", "json",
                                          "--only=sections,devices", sort, file, NULL);
        g_autoptr(JsonNode) node = parse(sort, json->out);

        for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
            JsonArray *rows =
                json_object_get_array_member(json_node_get_object(node), keys[k]);

            ck_assert_uint_gt(json_array_get_length(rows), 20);
            for (guint i = 1; i < json_array_get_length(rows); i++) {
                JsonObject *a = json_array_get_object_element(rows, i - 1);
                JsonObject *b = json_array_get_object_element(rows, i);

                ck_assert(by_name ? strcmp(json_object_get_string_member(a, "name"),
                                           json_object_get_string_member(b, "name")) <= 0
                                  : number(a, "length") >= number(b, "length"));
            }
        }
    }
}
END_TEST

START_TEST(prints_json_lines_for_several_files)
{
    g_autofree char *one = fixture_file("good/minimal-ram.txt");
    g_autofree char *two = fixture_file("good/postcopy.txt");
    g_autoptr(Run) run = run_migstat(NULL, "dump", "-f", "json", one, two, NULL);
    g_auto(GStrv) lines = g_strsplit(run->out, "\n", -1);
    g_autoptr(JsonNode) first = parse("first", lines[0]),
                        second = parse("second", lines[1]);

    ck_assert_int_eq(run->status, 0);
    ck_assert_uint_eq(g_strv_length(lines), 3);
    ck_assert_str_eq(json_object_get_string_member(json_node_get_object(first), "file"),
                     one);
    ck_assert_str_eq(json_object_get_string_member(json_node_get_object(second), "file"),
                     two);
}
END_TEST

/* --- damage ------------------------------------------------------------------------- */

static const struct {
    const char *text, *message; /* after the file's name */
    bool complete;
} damaged[] = {
    { "str \"nothing of the kind\"",
      ":0x0: error[magic]: not a migration stream: it is text (\"nothing of the "
      "kind\"); a log of a load that failed is for \"migstat explain\"\n",
      false },
    { "header; start 2 \"ram\" 0 4; be64 0x1",
      ":0x19: error[ram-flag]: ram: unknown combination of RAM flags 0x1\n", false },
    { "header; start 2 \"\\x1bram\" 3 4; u8 1",
      ":0x1a: error[section-end-unknown]: \\x1bram@3: where this section ends "
      "cannot "
      "be known: no footer follows, and no description has a length for it\n",
      false },
    { "header; config \"pc-q35-7.2\"; start 2 \"ram\" 0 4; be64 8; pstr8 \"b\"; zero 100",
      ":0x28: error[truncated]: ram: cut short: the stream ends 3,996 bytes before the "
      "end "
      "of a RAM record\n",
      false },
    { "header; start 2 \"ram\" 0 4; be32 0",
      ":0x19: error[truncated]: ram: cut short: the stream ends at least 4 bytes before "
      "the "
      "end of a RAM record\n",
      false },
    { "header; start 2 \"ram\" 0 4; ram-eos; footer 3; eof", "", true },
};

START_TEST(shows_what_could_be_read)
{
    g_autoptr(GBytes) bytes = mkmig_assemble(damaged[_i].text, "text", NULL);
    g_autoptr(Run) text = run_migstat(bytes, "dump", "-", NULL);
    g_autoptr(Run) json = run_migstat(bytes, "dump", "-f", "json", "-", NULL);
    g_autoptr(JsonNode) node = parse(damaged[_i].text, json->out);
    JsonObject *object = json_node_get_object(node);
    g_autofree char *wanted =
        *damaged[_i].message ? g_strconcat("-", damaged[_i].message, NULL) : g_strdup("");

    ck_assert_int_eq(text->status, 1);
    ck_assert_int_eq(json->status, 1);
    ck_assert_str_eq(text->err, wanted);
    ck_assert_str_eq(json->err, wanted);
    if (_i == 0) {
        ck_assert_str_eq(text->out, "");
    } else {
        ck_assert_msg(strstr(text->out, damaged[_i].complete ? "complete, with defects"
                                                             : "INCOMPLETE"),
                      "%s", text->out);
    }
    ck_assert_int_eq(json_object_get_boolean_member(object, "complete"),
                     damaged[_i].complete);
    ck_assert_int_eq(json_object_get_null_member(object, "error"), damaged[_i].complete);
    ck_assert_int_eq((gint64)g_bytes_get_size(bytes), number(object, "size"));
}
END_TEST

/* Files that are no streams, by mkmig's text, and what is said of them. */
static const struct {
    const char *text;
    int packing;
    int status;
    const char *is; /* after "not a migration stream: " */
} foreign[] = {
    { "", PLAIN, 1, "it is empty" },
    { "str \"abcd\"", PLAIN, 1, "it is text (\"abcd\"); a log of" },
    { "str \"hello world\\nand more\"", PLAIN, 1, "it is text (\"hello world...\")" },
    { "str \"hello world\"", GZIP, 1, "inside gzip it is text (\"hello world\")" },
    { "u8 0xc3 0xbc 0xc3 0xbc", PLAIN, 1,
      "it is text; a log of a load that failed is for" },
    { "u8 0xff 0xfe 0x68 0", PLAIN, 1, "it is text in UTF-16; a log of" },
    { "u8 0xfe 0xff 0 0x68", PLAIN, 1, "once it is in UTF-8 (iconv -f UTF-16" },
    { "u8 1 2 3 0xfe", PLAIN, 1,
      "that migstat knows; it starts with 01 02 03 fe; give the file that" },
    { "str \"h-li\"; u8 0 0 0 0 0 0", PLAIN, 1,
      "it starts with 68 2d 6c 69 00 00 00 00; give the file" },
    { "str \"h-lixyzab\"; u8 0", PLAIN, 1,
      "it starts with 68 2d 6c 69 78 79 7a 61 (\"h-lixyza\")" },
    { "zero 5000", PLAIN, 1, "it is nothing but zeros at its start: perhaps nothing" },
    /* Memory without devices. */
    { "str \"\\x7fELF\"; u8 2 1 1; zero 9; u8 4 0", PLAIN, 1, "it is an ELF core" },
    { "str \"\\x7fELF\"; u8 2 2 1; zero 9; u8 0 4", PLAIN, 1, "it is an ELF core" },
    { "str \"\\x7fELF\"; u8 2 1 1; zero 9; u8 3 0", PLAIN, 1,
      "it is an ELF file, such as a program: give the file that" },
    { "str \"KDUMP   \"", PLAIN, 1, "it is a kdump file" },
    { "str \"makedumpfile\"; zero 8", PLAIN, 1, "it is a kdump file" },
    { "str \"PAGEDU64\"", PLAIN, 1, "it is a Windows crash dump" },
    /* Archives and disks. */
    { "str \"main.mig\"; zero 249; str \"ustar\"; zero 250", PLAIN, 1,
      "it is a tar archive: unpack it" },
    { "str \"PK\"; u8 3 4", PLAIN, 1, "it is a zip archive" },
    { "str \"PK\"; u8 7 8", PLAIN, 1, "it is a zip archive" },
    { "str \"PK\"; u8 5 6; zero 18", PLAIN, 1, "it is an empty zip archive: give" },
    { "str \"Rar!\"; u8 0x1a 7 0", PLAIN, 1, "it is a RAR archive: unpack" },
    { "str \"!<arch>\\n\"", PLAIN, 1, "it is an ar archive: unpack" },
    { "str \"07070100012345\"", PLAIN, 1, "it is a cpio archive: unpack" },
    { "str \"07070700012345\"", PLAIN, 1, "it is a cpio archive: unpack" },
    { "str \"070701 12:00:01 qemu: x\"", PLAIN, 1, "it is text" },
    { "str \"VMA\"; u8 0; be32 1", PLAIN, 1,
      "it is a Proxmox VE backup: it has disks and no memory or devices; \"qm snapshot" },
    { "str \"LUKS\"; u8 0xba 0xbe", PLAIN, 1, "it is a LUKS volume" },
    { "str \"KDMV\"; u8 1", PLAIN, 1, "it is a VMDK image" },
    { "str \"vhdxfile\"", PLAIN, 1, "it is a VHDX image" },
    { "zero 64; u8 0x7f 0x10 0xda 0xbe", PLAIN, 1, "it is a VirtualBox disk image" },
    { "zero 510; u8 0x55 0xaa", PLAIN, 1, "it is a disk image with a boot sector" },
    { "u8 0xd2 0xbe 0xd2 0xbe", PLAIN, 1, "it is a saved state of VMware" },
    { "str \"\x7fVirtualBox SavedState V2.0\"", PLAIN, 1,
      "it is a saved state of VirtualBox" },
    { "le64 0x0710198486640001; zero 42", PLAIN, 1, "it is a snapshot of Firecracker" },
    { "le64 0x07101984aaaa0000; zero 42", PLAIN, 1, "it is a snapshot of Firecracker" },
    { "str \"<domain type='kvm'>\"", PLAIN, 1, "it is the XML of a domain of libvirt" },
    { "str \"<!--\\nWARNING: <domain>\\n-->\\n\\n<domain>\"", PLAIN, 1,
      "it is the XML of a domain of libvirt" },
    { "u8 0xef 0xbb 0xbf; str \"<?xml version='1.0'?> <domstatus state='x'>\"", PLAIN, 1,
      "it is the XML of a domain of libvirt" },
    { "str \"<domainsnapshot>\"", PLAIN, 1, "it is text" },
    { "str \"<!-- <domain>\"", PLAIN, 1, "it is text" },
    { "le32 0x01282014; zero 42", PLAIN, 1, "it is a saved state of Hyper-V" },
    /* What belongs to a migration. */
    { "str \"{\\n  \\\"vmschkmachine\\\": {}}\"", PLAIN, 1,
      "it is the JSON of \"qemu -dump" },
    { "be64 0x1008; pstr8 \"pc.ram\"; zero 4096", PLAIN, 1,
      "it is a postcopy preempt channel" },
    { "be64 0x2; pstr8 \"pc.ram\"; u8 0", PLAIN, 1, "it is a postcopy preempt channel" },
    { "be32 0x11223344 1", PLAIN, 2, "it is a multifd channel" },
    { "str \"QCPR\"", PLAIN, 2, "it is the state file of a CPR transfer" },
    { "str \"LZIP\"", PLAIN, 2, "it is compressed with lzip" },
    { "u8 0x1f 0x9d 0x90", PLAIN, 2, "it is compressed with compress" },
    { "be32 0x789c63f8; zero 9", PLAIN, 2, "it is compressed with zlib" },
    { "be32 0x785eecbd; zero 9", PLAIN, 2, "it is compressed with zlib" },
    { "str \"x^2 + y^2 = 1\"", PLAIN, 1, "it is text" },
    { "be32 0x5d000080; be64 0x00ffffffffffffff; be32 0xff0028d1", PLAIN, 2,
      "it is compressed with lzma" },
    { "be32 0x5d000080; be64 0x00ffffffffffff00; be32 0xff0028d1", PLAIN, 1,
      "it is no kind of file" },
    { "str \"LZIP\"", GZIP, 2, "it is compressed with lzip" },
    { LIBVIRT("LibvirtQemudPart", "le32", "0", "0"), PLAIN, 1,
      "inside a libvirt save image that was not finished it is empty" },
};

/* One line, the same of dump, check and needs, and no table of nothing. */
START_TEST(says_what_it_is_instead)
{
    static const char *const commands[] = { "dump", "check", "needs" };
    g_autofree char *wanted =
        g_strconcat("not a migration stream: ", foreign[_i].is, NULL);
    g_autoptr(GBytes) text = mkmig_assemble(foreign[_i].text, "text", NULL);
    GByteArray *packed = g_byte_array_new();
    g_autoptr(GBytes) bytes = NULL;

    append_packed(packed, text, foreign[_i].packing);
    bytes = g_byte_array_free_to_bytes(packed);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(Run) run = run_migstat(bytes, commands[i], "-", NULL);
        /* check prints findings on its standard output */
        const char *line = *run->err ? run->err : run->out;
        const char *rest = strstr(line, "not a migration stream: ");

        ck_assert_msg(run->status == foreign[_i].status, "%s: %d", line, run->status);
        ck_assert_msg(rest && strstr(rest, foreign[_i].is), "wanted %s\nfound %s", wanted,
                      line);
        ck_assert_msg(i == 1 || (!*run->out && strchr(run->err, '\n')[1] == '\0'), "%s%s",
                      run->out, run->err);
    }
    g_autoptr(Run) map = run_migstat(bytes, "dump", "--map", "-", NULL);
    ck_assert_msg(!*map->out && strchr(map->err, '\n')[1] == '\0', "%s%s", map->out,
                  map->err);
    /* Nor a list of rules. */
    g_autoptr(Run) verbose = run_migstat(bytes, "check", "-v", "-", NULL);
    const char *line = *verbose->err ? verbose->err : verbose->out;
    ck_assert_msg(strchr(line, '\n')[1] == '\0', "%s", line);
    g_autoptr(Run) json = run_migstat(bytes, "check", "-f", "json", "-", NULL);
    g_autofree char *rules =
        g_strdup_printf("\"rules\": {\"evaluated\": %d, ", foreign[_i].status == 1);
    ck_assert_msg(strstr(json->out, rules) && strstr(json->out, "\"not_evaluated\": []"),
                  "%s", json->out);
}
END_TEST

/* Streams of a version that QEMU does not load. */
static const struct {
    const char *version, *says;
} versions[] = {
    { "2", "stream version 2 (of QEMU before 0.12, which alone loads it; start" },
    { "4", "stream version 4 (a snapshot of PANDA, which PANDA alone loads; save" },
    { "5", "stream version 5 (which no QEMU writes: the file is damaged; copy" },
    { "0x3000000", "stream version 50331648 (which no QEMU writes" },
};

START_TEST(versions_are_named)
{
    g_autofree char *text =
        g_strdup_printf("str \"QEVM\"; be32 %s; u8 1", versions[_i].version);
    g_autoptr(GBytes) bytes = mkmig_assemble(text, "text", NULL);
    g_autoptr(Run) run = run_migstat(bytes, "dump", "-", NULL);
    g_autoptr(Run) check = run_migstat(bytes, "check", "-v", "-", NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->err, versions[_i].says), "%s", run->err);
    ck_assert_msg(strstr(check->out, versions[_i].says) &&
                      strchr(check->out, '\n')[1] == '\0',
                  "%s", check->out);
}
END_TEST

/* An endless pipe: what is no stream is known at once, and what follows one is not read on
 * and on. */
static const struct {
    const char *command, *says;
} endless[] = {
    { "'%s' dump - < /dev/zero", "nothing but zeros" },
    { "'%s' dump -f json - < /dev/zero", "nothing but zeros" },
    { "'%s' dump --items - < /dev/zero", "nothing but zeros" },
    { "'%s' dump --devices - < /dev/zero", "nothing but zeros" },
    { "yes | '%s' dump -", "it is text (\"y...\")" },
    { "(printf 'QEVM\\0\\0\\0\\3\\0'; cat /dev/zero) | '%s' dump -",
      "the stream itself has 9 bytes" },
    { "(printf 'QEVM\\0\\0\\0\\3\\11'; cat /dev/zero) | '%s' dump -",
      "unknown section type 0x09" },
    { "(zstd -dcq \"$SRCDIR\"/tests/fixtures/real/pc-52-no-footers.mig.zst; yes) | '%s' "
      "dump -",
      "the stream itself has 176322 bytes" },
    { "(zstd -dcq \"$SRCDIR\"/tests/fixtures/real/q35-72-xbzrle.mig.zst; yes) | '%s' "
      "dump --devices=i8259 -",
      "more than 1024 MiB follow the end of the stream in a pipe" },
};

START_TEST(ends_where_a_pipe_does_not)
{
    g_autofree char *command = NULL;
    g_auto(GStrv) parts = g_strsplit(endless[_i].command, "%s", 2);

    command = g_strconcat(parts[0], g_getenv("MIGSTAT"), parts[1], NULL);
    const char *argv[] = { "sh", "-c", command, NULL };
    g_autoptr(Run) run = run_program(argv, NULL, NULL);

    ck_assert_msg(run->status == 1, "%s: exit %d: %s", command, run->status, run->err);
    /* check has it among its findings */
    ck_assert_msg(strstr(run->err, endless[_i].says) ||
                      strstr(run->out, endless[_i].says),
                  "%s: %s%s", command, run->out, run->err);
}
END_TEST

#define CUTS 100

/* Cut anywhere: exit 1, an error with an offset, and the items before it as in the whole. */
START_TEST(survives_cuts)
{
    static const char *const stream = "real/virt-52-gicv3-vfio.mig.zst";
    g_autoptr(GBytes) whole = fixture_bytes(stream);
    g_autoptr(Run) all = run_migstat(whole, "dump", "--items", "-", NULL);
    size_t size = g_bytes_get_size(whole);

    for (int i = 0; i < CUTS; i++) {
        size_t n = size * (size_t)i / CUTS;
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, n);
        g_autoptr(Run) run = run_migstat(cut, "dump", "--items", "-", NULL);
        size_t same = 0;

        ck_assert_msg(run->status == 1, "cut at %zu: exit %d", n, run->status);
        ck_assert_msg(g_str_has_prefix(run->err, "-:0x"), "cut at %zu: %s", n, run->err);
        assert_tiles(stream, run->out, g_ascii_strtoll(run->err + 2, NULL, 16));
        while (run->out[same] && all->out[same] == run->out[same]) {
            same++;
        }
        /* but for one run of pages that is shorter, and ends that had to be inferred */
        ck_assert_msg(strlen(run->out + same) < 100 ||
                          strstr(run->out + same, "inferred"),
                      "cut at %zu: %s", n, run->out + same);
    }
}
END_TEST

/* However many sections, commands and records there are.  The kernel counts. */
START_TEST(needs_little_memory)
{
    static const char *const views[] = { "", "--sections", "--vfio", "-f json",
                                         "--items" };

    if (!g_str_equal(g_getenv("VARIANT"), "release")) {
        return;
    }
    g_autoptr(GBytes) bytes = mkmig_assemble(
        "header; start 2 \"ram\" 0 4; ram-eos; footer 2; start 3 \"vfio\" 0 1; vfio "
        "setup;"
        "vfio eos; footer 3; repeat 100000 { part 2; ram-eos; footer 2; part 3; vfio eos;"
        "footer 3; command 11 }; eof",
        "text", NULL);
    g_autofree char *command = g_strdup_printf("ulimit -d 49152; exec '%s' dump %s -",
                                               g_getenv("MIGSTAT"), views[_i]);
    const char *argv[] = { "sh", "-c", command, NULL };
    g_autoptr(Run) run = run_program(argv, bytes, NULL);

    ck_assert_msg(run->status == 0, "%s: exit %d: %s", views[_i], run->status, run->err);
}
END_TEST

/* Offsets have 64 bits, whatever size_t has.  The pages are a hole. */
START_TEST(reads_beyond_4_gib)
{
    static const struct {
        goffset offset;
        const char *text;
    } pieces[] = {
        { 0,
          "header; config \"pc-q35-10.0\" { caps \"mapped-ram\" }; start 2 \"ram\" 0 4;"
          "ram-size 0x140000000; ram-block \"pc.ram\" 0x140000000;"
          "mapped-ram @bitmap 0x100000; label bitmap; zero 0x27fff; u8 0x80" },
        { 0x1400ff000, "page 0x5a" },
        { 0x140100000, "ram-eos; footer 2; end 2; ram-eos; footer 2; eof" },
    };
    g_autofree char *dir = scratch_dir();
    g_autofree char *path = g_build_filename(dir, "large", NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GBytes) bytes = mkmig_assemble(pieces[i].text, "text", NULL);
        size_t n;
        const void *data = g_bytes_get_data(bytes, &n);
        ck_assert_int_eq(pwrite(fd, data, n, pieces[i].offset), (ssize_t)n);
    }
    close(fd);

    g_autoptr(Run) dump = run_migstat(NULL, "dump", "--items", path, NULL);
    g_autoptr(Run) check = run_migstat(NULL, "check", path, NULL);
    scratch_remove(dir);
    ck_assert_msg(dump->status == 0, "%s", dump->err);
    ck_assert_msg(strstr(dump->out, "0x140100000"), "%s", dump->out);
    ck_assert_msg(check->status == 0, "%s%s", check->out, check->err);
}
END_TEST

/* Whether all that follows the end is zero: one piece of it that is not is enough. */
static const struct {
    const char *text;
    bool zero;
} trailing[] = {
    { "zero 100", true },
    { "zero 0x300000", true },
    { "u8 1; zero 0x300000", false },
    { "zero 0x300000; u8 1", false },
    { "zero 0x180000; u8 1; zero 0x180000", false },
};

START_TEST(tells_zeros_behind_the_end)
{
    g_autofree char *text = g_strdup_printf("header; eof; %s", trailing[_i].text);
    g_autoptr(GBytes) stream = mkmig_assemble(text, "trailing", NULL);
    g_autoptr(Run) run = run_migstat(stream, "dump", "--sections", "-", NULL);

    ck_assert_msg(strstr(run->out, "trailing"), "%s%s", run->out, run->err);
    ck_assert_msg(!strstr(run->out, "all zero") == !trailing[_i].zero, "%s: %s",
                  trailing[_i].text, run->out);
}
END_TEST

/* How a size may be written: 4096 as the offset of a stream, or not at all. */
static const struct {
    const char *size;
    bool good;
} sizes[] = {
    { "4096", true },   { "0x1000", true },
    { "0X1000", true }, { "4K", true },
    { "4k", true },     { "4KiB", true },
    { "4kiB", true },   { "0x4K", true },
    { "4M", false },    { "4MiB", false },
    { "4095", false },  { "4KB", false },
    { "4Ki", false },   { "4KiBs", false },
    { "4iB", false },   { "K", false },
    { "", false },      { "-4096", false },
    { " 4096", false }, { "0x", false },
    { "4096 ", false }, { "99999999999999999999", false },
};

START_TEST(sizes_have_units)
{
    g_autofree char *file = fixture_file("parts/at-4096.txt");
    g_autofree char *option = g_strdup_printf("--offset=%s", sizes[_i].size);
    g_autoptr(Run) run = run_migstat(NULL, "dump", option, file, NULL);

    ck_assert_msg((run->status == 0) == sizes[_i].good, "\"%s\": %d: %s", sizes[_i].size,
                  run->status, run->err);
}
END_TEST

/* What cannot be printed is the job not done. */
START_TEST(notices_a_full_disk)
{
    g_autofree char *path = fixture_file("real/q35-100-vfio.mig.zst");
    g_autofree char *command = g_strdup_printf(
        "'%s' dump %s '%s' > /dev/full", g_getenv("MIGSTAT"), _i ? "--items" : "", path);
    const char *argv[] = { "sh", "-c", command, NULL };
    g_autoptr(Run) run = run_program(argv, NULL, NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_msg(strstr(run->err, "No space left on device"), "%s", run->err);
}
END_TEST

Suite *suite_dump(void)
{
    Suite *suite = suite_create("dump");
    TCase *tc = tcase_create("output");

    fixtures = fixture_list("dump", ".txt");
    real = fixture_list("real", ".mig.zst");
    tcase_add_loop_test(tc, prints_what_is_beside_the_fixture, 0,
                        (int)g_strv_length(fixtures));
    tcase_add_loop_test(tc, pipe_and_file_are_alike, 0, (int)g_strv_length(real));
    tcase_add_loop_test(tc, items_tile_real_streams, 0, (int)g_strv_length(real));
    tcase_add_loop_test(tc, counts_what_qemu_counted, 0, (int)g_strv_length(real));
    suite_add_tcase(suite, tc);

    tc = tcase_create("at a glance");
    tcase_add_loop_test(tc, shows_a_stream_at_a_glance, 0, G_N_ELEMENTS(glances));
    tcase_add_loop_test(tc, says_no_more_than_is_known, 0, G_N_ELEMENTS(modest));
    tcase_add_test(tc, names_pci_devices);
    suite_add_tcase(suite, tc);

    tc = tcase_create("input");
    tcase_add_loop_test(tc, takes_wrappers_off, 0, G_N_ELEMENTS(wrapped));
    tcase_add_loop_test(tc, shows_what_could_be_read, 0, G_N_ELEMENTS(damaged));
    tcase_add_loop_test(tc, says_what_it_is_instead, 0, G_N_ELEMENTS(foreign));
    tcase_add_loop_test(tc, versions_are_named, 0, G_N_ELEMENTS(versions));
    tcase_add_loop_test(tc, ends_where_a_pipe_does_not, 0, G_N_ELEMENTS(endless));
    tcase_add_test(tc, survives_cuts);
    tcase_add_loop_test(tc, needs_little_memory, 0, 5);
    tcase_add_test(tc, reads_beyond_4_gib);
    suite_add_tcase(suite, tc);

    tc = tcase_create("options");
    tcase_add_loop_test(tc, honours_options, 0, G_N_ELEMENTS(options));
    tcase_add_test(tc, sorts_tables);
    tcase_add_test(tc, prints_json_lines_for_several_files);
    tcase_add_loop_test(tc, tells_zeros_behind_the_end, 0, G_N_ELEMENTS(trailing));
    tcase_add_loop_test(tc, sizes_have_units, 0, G_N_ELEMENTS(sizes));
    tcase_add_loop_test(tc, notices_a_full_disk, 0, 2);
    suite_add_tcase(suite, tc);
    return suite;
}
