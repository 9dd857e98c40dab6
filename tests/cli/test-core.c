/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat extract --memory` and `--core`: each byte of guest
 *                memory is where `dump --map` says, and the notes are those of the CPUs.
 * Must not know: how blocks are moved; tests/qemu/memory asks QEMU itself.
 * See also:      test-map.c, which has the map; lib/memory/image.h, lib/memory/core.h.
 */
#include "support.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mkmig.h"

#define PLUGGED   "map/q35-plugged.mig.zst"
#define CORE_ROOM (UINT64_C(4) << 20)

/* --- what is in the file ----------------------------------------------------------------- */

static void read_at(int fd, uint64_t at, uint8_t *buffer, size_t n)
{
    memset(buffer, 0, n);
    ck_assert_int_ge(pread(fd, buffer, n, (off_t)at), 0);
}

/* Whether @length bytes are the same; @other -1: zeros. */
static bool is_same(int fd, uint64_t at, int other, uint64_t other_at, uint64_t length)
{
    static uint8_t a[1 << 16], b[1 << 16];

    for (uint64_t done = 0; done < length; done += sizeof(a)) {
        size_t n = (size_t)MIN(sizeof(a), length - done);

        read_at(fd, at + done, a, n);
        memset(b, 0, n);
        if (other >= 0) {
            read_at(other, other_at + done, b, n);
        }
        if (memcmp(a, b, n) != 0) {
            return false;
        }
    }
    return true;
}

/* The file that extract --ram=all made of the block. */
static int open_block(const char *folder, const char *block)
{
    g_autoptr(GString) name = g_string_new(NULL);
    g_autofree char *path = NULL;

    for (; *block; block++) {
        if (*block == '/') {
            g_string_append(name, "%2f");
        } else {
            g_string_append_c(name, *block);
        }
    }
    g_string_append(name, ".raw");
    path = g_build_filename(folder, name->str, NULL);
    return open(path, O_RDONLY);
}

static uint64_t member(JsonObject *object, const char *name)
{
    return (uint64_t)json_object_get_int_member(object, name);
}

/* Each range of the map has its bytes at @room + its address, and holes are zeros; the end. */
static uint64_t assert_ranges(const char *map, int fd, uint64_t room, const char *blocks)
{
    g_autoptr(JsonNode) node = json_from_string(map, NULL);
    JsonArray *ranges =
        json_object_get_array_member(json_node_get_object(node), "ranges");
    uint64_t end = 0, before = 0;

    for (guint i = 0; i < json_array_get_length(ranges); i++) {
        JsonObject *range = json_array_get_object_element(ranges, i);
        uint64_t start = member(range, "start"), length = member(range, "length");
        bool hole = json_object_get_null_member(range, "block");
        int block = -1;

        if (!hole) {
            block = open_block(blocks, json_object_get_string_member(range, "block"));
            ck_assert_int_ge(block, 0);
            end = start + length;
        }
        ck_assert_msg(
            is_same(fd, room + start, block, hole ? 0 : member(range, "offset"), length),
            "range at 0x%" PRIx64 " differs", start);
        if (start - before < UINT64_C(64) << 20) { /* what is between two is zero */
            ck_assert(is_same(fd, room + before, -1, 0, start - before));
        }
        before = start + length;
        if (block >= 0) {
            close(block);
        }
    }
    return end;
}

static const struct {
    const char *stream, *option, *other; /* options of --map too, or NULL */
} images[] = {
    { PLUGGED, NULL, NULL },
    { PLUGGED, "--ram-below-4g=16M", NULL },
    { PLUGGED, "--ram-below-4g=0x1001000", NULL }, /* nothing is aligned to what */
    { PLUGGED, "--place=m10@0x1000000", "--place=d0@0x200000000" },
    { "real/q35-72-xbzrle.mig.zst", NULL, NULL },
    { "real/q35-72-xbzrle.mig.zst", "--ram-below-4g=0x100000", NULL },
    { "real/q35-72-zlib.mig.zst", "--ram-below-4g=0x20000", NULL },
    { "real/q35-100-mapped-ram.mig.zst", NULL, NULL },
    { "real/q35-100-mapped-ram.mig.zst", "--ram-below-4g=0x800000", NULL },
    { "real/q35-100-devices.mig.zst", NULL, NULL },
    { "real/virt-72-gicv3-vfio.mig.zst", NULL, NULL },
    { "real/virt-72-gicv3-vfio.mig.zst", "--place=mach-virt.ram@0x80000000", NULL },
};

static void assert_image(gsize i, const char *what, uint64_t room)
{
    g_autofree char *path = fixture_file(images[i].stream), *dir = scratch_dir();
    g_autofree char *file = g_build_filename(dir, "memory", NULL);
    g_autofree char *blocks = g_build_filename(dir, "blocks", NULL);
    g_autoptr(Run) map = run_migstat(NULL, "dump", "--map", "--format=json", path,
                                     images[i].option, images[i].other, NULL);
    g_autoptr(Run) all =
        run_migstat(NULL, "extract", "--ram=all", "-o", blocks, path, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "extract", what, "-o", file, path,
                                     images[i].option, images[i].other, NULL);
    struct stat st;
    int fd;

    ck_assert_msg(all->status <= 1, "%s", all->err); /* 1: with named holes */
    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_int_ge(fd = open(file, O_RDONLY), 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    ck_assert_uint_eq((uint64_t)st.st_size,
                      room + assert_ranges(map->out, fd, room, blocks));
    ck_assert_int_lt(st.st_blocks * 512, 64 << 20); /* sparse, whatever its length */
    close(fd);
    scratch_remove(dir);
}

START_TEST(memory_is_where_the_map_says)
{
    assert_image((gsize)_i, "--memory", 0);
}
END_TEST

START_TEST(a_core_has_memory_where_the_map_says)
{
    assert_image((gsize)_i, "--core", CORE_ROOM);
}
END_TEST

/* With mapped-ram the pages of a block come before the next one is known: all are where they
 * belong at the end, whatever was thought before. */
#define NODES 100u

START_TEST(nodes_that_come_one_by_one_are_moved)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *dir = scratch_dir(), *file = g_build_filename(dir, "memory", NULL);
    g_autoptr(Run) run = NULL;
    GBytes *bytes;
    int fd;

    g_string_printf(text,
                    "header; config \"pc-q35-10.0\" { caps \"mapped-ram\" }; "
                    "start 2 \"ram\" 0 4; ram-size 0x%x",
                    NODES * 0x1000);
    for (unsigned i = NODES; i-- > 0;) {
        g_string_append_printf(text,
                               "; ram-block \"m%u\" 0x1000; mapped-ram @b%u @p%u; label "
                               "b%u; le64 1; align 0x1000; label p%u; page %u",
                               i, i, i, i, i, i + 1);
    }
    g_string_append(text, "; ram-eos; footer 2; end 2; ram-eos; footer 2; eof");
    bytes = mkmig_assemble(text->str, "nodes", NULL);
    ck_assert_ptr_nonnull(bytes);
    run = run_migstat(bytes, "extract", "--memory", "-o", file, "-", NULL);
    g_bytes_unref(bytes);
    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_int_ge(fd = open(file, O_RDONLY), 0);
    for (unsigned i = 0; i < NODES; i++) {
        uint8_t ends[2];

        read_at(fd, (uint64_t)i * 0x1000, ends, 1);
        read_at(fd, (uint64_t)i * 0x1000 + 0xfff, ends + 1, 1);
        ck_assert_uint_eq(ends[0], i + 1);
        ck_assert_uint_eq(ends[1], i + 1);
    }
    close(fd);
    scratch_remove(dir);
}
END_TEST

/* --- cores ------------------------------------------------------------------------------- */

/* Notes were equal to those of QEMU's dump-guest-memory, but for the first of these. */
static const struct {
    const char *stream, *option; /* NULL: none */
    uint16_t machine;
    uint8_t class, order;
    unsigned at; /* the program counter in NT_PRSTATUS */
    uint64_t pc; /* as dump --registers has it */
    uint32_t status_length;
    const char *digest; /* of all notes */
} cores[] = {
    { "map/paging-x86-64-4-levels.mig.zst", NULL, EM_X86_64, ELFCLASS64, ELFDATA2LSB,
      112 + 8 * 16, 0x2c, 336, "ec2ce887360c3a70c1b58ecc75742b92" },
    { "map/paging-x86-32-bits.mig.zst", NULL, EM_386, ELFCLASS64, ELFDATA2LSB,
      72 + 4 * 12, 0x1c, 144, "d36fad1a7fd870c64613c41ba74be7a9" },
    { "map/paging-x86-32-bits.mig.zst", "--place=pc.bios@0x80000000", EM_386, ELFCLASS32,
      ELFDATA2LSB, 72 + 4 * 12, 0x1c, 144, "d36fad1a7fd870c64613c41ba74be7a9" },
    { "real/virt-72-gicv3-vfio.mig.zst", NULL, EM_AARCH64, ELFCLASS64, ELFDATA2LSB,
      112 + 8 * 32, 0x0, 392, "edd666c4d1cde4d52b164840a076f1a4" },
    { "map/core-aarch64.mig.zst", NULL, EM_AARCH64, ELFCLASS64, ELFDATA2LSB, 112 + 8 * 32,
      0x94, 392, "6047f26590edc1b7ce4695baeafedd73" },
    { "map/core-aarch64-big-endian.mig.zst", NULL, EM_AARCH64, ELFCLASS64, ELFDATA2MSB,
      112 + 8 * 32, 0xa4, 392, "b9ee861d220bb74b6675c34f5ea939c1" },
    { "map/core-aarch64-process-of-32-bits.mig.zst", NULL, EM_AARCH64, ELFCLASS64,
      ELFDATA2LSB, 112 + 8 * 32, 0xa8, 392, "fd9ff0f823b522ad9653c2560ac15d48" },
    { "map/core-aarch64-process-of-32-bits-111.mig.zst", NULL, EM_AARCH64, ELFCLASS64,
      ELFDATA2LSB, 112 + 8 * 32, 0xa8, 392, "fd9ff0f823b522ad9653c2560ac15d48" },
    { "map/core-arm.mig.zst", NULL, EM_ARM, ELFCLASS32, ELFDATA2LSB, 72 + 4 * 15, 0x64,
      148, "f3cdccb876ad835d7a3318f15ebe03aa" },
    { "map/core-arm.mig.zst", "--place=mach-virt.ram@0xfc000000", EM_ARM, ELFCLASS32,
      ELFDATA2LSB, 72 + 4 * 15, 0x64, 148, "f3cdccb876ad835d7a3318f15ebe03aa" },
};

/* A number of a core. */
static uint64_t number(const uint8_t *p, unsigned n, bool big)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < n; i++) {
        value = value << 8 | p[big ? i : n - 1 - i];
    }
    return value;
}

START_TEST(a_core_is_elf)
{
    g_autofree char *path = fixture_file(cores[_i].stream), *dir = scratch_dir();
    g_autofree char *file = g_build_filename(dir, "core", NULL), *digest = NULL;
    g_autoptr(Run) run = run_migstat(NULL, "extract", "--core=elf", "-o", file, path,
                                     cores[_i].option, NULL);
    uint8_t head[4096];
    bool big = cores[_i].order == ELFDATA2MSB, wide = cores[_i].class == ELFCLASS64;
    unsigned word = wide ? 8 : 4, size = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    unsigned after_type = wide ? 8 : 4;
    uint64_t segments, notes, length;
    const uint8_t *load, *status;
    int fd;

    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_int_ge(fd = open(file, O_RDONLY), 0);
    read_at(fd, 0, head, sizeof(head));
    ck_assert_int_eq(memcmp(head, ELFMAG, SELFMAG), 0);
    ck_assert_uint_eq(head[EI_CLASS], cores[_i].class);
    ck_assert_uint_eq(head[EI_DATA], cores[_i].order);
    ck_assert_uint_eq(number(head + 16, 2, big), ET_CORE);
    ck_assert_uint_eq(number(head + 18, 2, big), cores[_i].machine);
    segments = number(head + 24 + word, word, big);
    ck_assert_uint_eq(number(head + 28 + 3 * word, 2, big), segments);
    ck_assert_uint_eq(number(head + 30 + 3 * word, 2, big), size);
    ck_assert_uint_ge(number(head + 32 + 3 * word, 2, big), 2);
    ck_assert_uint_eq(number(head + segments, 4, big), PT_NOTE);
    notes = number(head + segments + after_type, word, big);
    length = number(head + segments + after_type + 3 * word, word, big);
    load = head + segments + size;
    ck_assert_uint_eq(number(load, 4, big), PT_LOAD);
    ck_assert_uint_eq(number(load + after_type, word, big),
                      CORE_ROOM + number(load + after_type + 2 * word, word, big));
    ck_assert_uint_eq(notes, segments + number(head + 32 + 3 * word, 2, big) * size);
    ck_assert_uint_lt(notes + length, sizeof(head));
    ck_assert_uint_eq(number(head + notes + 4, 4, big), cores[_i].status_length);
    ck_assert_uint_eq(number(head + notes + 8, 4, big), NT_PRSTATUS);
    status = head + notes + sizeof(Elf64_Nhdr) + 8;
    ck_assert_uint_eq(
        number(status + cores[_i].at, cores[_i].status_length == 144 ? 4 : word, big),
        cores[_i].pc);
    digest = g_compute_checksum_for_data(G_CHECKSUM_MD5, head + notes, length);
    ck_assert_str_eq(digest, cores[_i].digest);
    close(fd);
    scratch_remove(dir);
}
END_TEST

#define LEFT      "map/q35-vmcoreinfo.mig.zst"
#define LEFT_TEXT 86u  /* bytes of what the guest left */
#define LEFT_NOTE 112u /* with the note's header and name, each filled up to 4 bytes */

static const struct {
    const char *field, *value; /* NULL: as it is */
    bool has;
} left[] = {
    { NULL, NULL, true },
    { "has_vmcoreinfo", "0", false },
    { "vmcoreinfo.guest_format", "0", false },
    { "vmcoreinfo.size", "112", true },
    { "vmcoreinfo.size", "111", false },
    { "vmcoreinfo.size", "22", false },
    { "vmcoreinfo.size", "1048576", true },
    { "vmcoreinfo.size", "1048577", false },
    { "vmcoreinfo.paddr", "0x200f84", false },
    { "vmcoreinfo.paddr", "0x80000000", false },
};

/* The note is in the core as QEMU has it: itself, and not what its place has room for. */
START_TEST(a_core_has_what_the_guest_left)
{
    g_autofree char *path = fixture_file(LEFT), *dir = scratch_dir();
    g_autofree char *file = g_build_filename(dir, "core", NULL);
    g_autofree char *stream = g_build_filename(dir, "stream", NULL);
    g_autofree char *filter =
        left[_i].field ? g_strdup_printf("--filter=set-field:path=vmcoreinfo:%s:value=%s",
                                         left[_i].field, left[_i].value)
                       : g_strdup("--filter=null");
    g_autoptr(Run) changed =
        run_migstat(NULL, "convert", filter, "-o", stream, path, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "extract", "--core", "-o", file, stream, NULL);
    uint8_t head[4096];
    Elf64_Ehdr elf;
    Elf64_Phdr notes;
    Elf64_Nhdr note;
    uint64_t at;
    bool found = false;
    int fd;

    ck_assert_msg(changed->status == 0, "%s", changed->err);
    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_int_ge(fd = open(file, O_RDONLY), 0);
    read_at(fd, 0, head, sizeof(head));
    memcpy(&elf, head, sizeof(elf));
    memcpy(&notes, head + elf.e_phoff, sizeof(notes));
    ck_assert_uint_lt(notes.p_offset + notes.p_filesz, sizeof(head));
    for (at = 0; at < notes.p_filesz;
         at += sizeof(note) + (note.n_namesz + 3) / 4 * 4 + (note.n_descsz + 3) / 4 * 4) {
        const char *name = (const char *)head + notes.p_offset + at + sizeof(note);

        memcpy(&note, head + notes.p_offset + at, sizeof(note));
        ck_assert_uint_ne(note.n_namesz, 0);
        if (strcmp(name, "VMCOREINFO") == 0) {
            ck_assert_uint_eq(note.n_descsz, LEFT_TEXT);
            ck_assert_ptr_nonnull(strstr(name + 12, "CRASHTIME=7"));
            ck_assert_uint_eq(at + LEFT_NOTE, notes.p_filesz);
            found = true;
        }
    }
    ck_assert_uint_eq(at, notes.p_filesz);
    ck_assert_int_eq(found, left[_i].has);
    close(fd);
    scratch_remove(dir);
}
END_TEST

/* The segments of memory: a virtio-mem device has one for what is plugged in, and here that is
 * nothing. */
START_TEST(a_core_has_what_is_plugged_in)
{
    static const uint64_t wanted[][2] = {
        /* QEMU's own core of that guest has these, and the display's */
        { 0x100000000, 16 << 20 },
        { 0x140000000, 4 << 20 },
        { 0x140800000, 2 << 20 },
    };
    g_autofree char *path = fixture_file(PLUGGED), *dir = scratch_dir();
    g_autofree char *file = g_build_filename(dir, "core", NULL);
    g_autoptr(Run) run = run_migstat(NULL, "extract", "--core", "-o", file, path, NULL);
    unsigned found = 0;
    Elf64_Ehdr elf;
    int fd;

    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_int_ge(fd = open(file, O_RDONLY), 0);
    read_at(fd, 0, (uint8_t *)&elf, sizeof(elf));
    for (unsigned i = 1; i < elf.e_phnum; i++) {
        Elf64_Phdr load;

        read_at(fd, elf.e_phoff + i * sizeof(load), (uint8_t *)&load, sizeof(load));
        if (load.p_paddr >= wanted[0][0]) {
            ck_assert_uint_lt(found, G_N_ELEMENTS(wanted));
            ck_assert_uint_eq(load.p_paddr, wanted[found][0]);
            ck_assert_uint_eq(load.p_filesz, wanted[found++][1]);
        }
    }
    ck_assert_uint_eq(found, G_N_ELEMENTS(wanted));
    close(fd);
    scratch_remove(dir);
}
END_TEST

/* --- what is wrong ----------------------------------------------------------------------- */

#define OTHER                                                                            \
    "header; config \"some-board\"; start 2 \"ram\" 0 4; ram-size 0x1000; ram-block "    \
    "\"sdram\" 0x1000; ram-eos; footer 2; end 2; ram-zero 0 \"sdram\"; ram-eos; footer " \
    "2; "                                                                                \
    "eof"

static const struct {
    const char *text, *option; /* NULL: no stream is read */
    int status;
    const char *says;
} wrong[] = {
    { OTHER, "--memory", 2, "--place=BLOCK@ADDRESS gives one" },
    { OTHER, "--core", 2, "--place=BLOCK@ADDRESS gives one" },
    { NULL, "--core=kdump", 2, "--core is elf" },
};

START_TEST(what_cannot_be_done_is_told)
{
    GBytes *bytes = wrong[_i].text ? mkmig_assemble(wrong[_i].text, "wrong", NULL) : NULL;
    g_autofree char *dir = scratch_dir(), *file = g_build_filename(dir, "memory", NULL);
    g_autoptr(Run) run =
        run_migstat(bytes, "extract", wrong[_i].option, "-o", file, "-", NULL);

    ck_assert_msg(run->status == wrong[_i].status, "%d: %s", run->status, run->err);
    ck_assert_msg(strstr(run->err, wrong[_i].says), "%s", run->err);
    ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
    scratch_remove(dir);
    g_clear_pointer(&bytes, g_bytes_unref);
}
END_TEST

/* A core of 32 bits has no place for what is beyond 4 GiB. */
START_TEST(what_has_no_address_is_told)
{
    static const char *const places[] = { "--place=mach-virt.ram@0xfc001000",
                                          "--place=mach-virt.ram@0x100000000" };
    g_autofree char *path = fixture_file("map/core-arm.mig.zst"), *dir = scratch_dir();
    g_autofree char *file = g_build_filename(dir, "core", NULL);
    g_autoptr(Run) run =
        run_migstat(NULL, "extract", "--core", "-o", file, path, places[_i], NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->err, "which is ELF32, has numbers for"), "%s", run->err);
    ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
    scratch_remove(dir);
}
END_TEST

/* Nor a length for all of 4 GiB. */
START_TEST(what_has_no_length_is_told)
{
    static const char name[] = "mach-virt.ram";
    g_autoptr(GBytes) bytes = fixture_bytes("map/core-arm.mig.zst");
    gsize n = g_bytes_get_size(bytes);
    g_autofree uint8_t *data = g_memdup2(g_bytes_get_data(bytes, NULL), n);
    g_autofree char *dir = scratch_dir(), *file = g_build_filename(dir, "core", NULL);
    uint8_t *at;

    at = memmem(data, n, name, strlen(name));
    ck_assert(at && at[strlen(name) + 4] == 4); /* 64 MiB */
    at[strlen(name) + 4] = 0;
    at[strlen(name) + 3] = 1;
    ck_assert_mem_eq(at - 9 + 4, "\x0c\x02\x20\x04", 4);
    at[-9 + 3] = 1; /* the sum, of which the rest is that of the others */
    at[-9 + 4] = 8;
    for (at = data; (at = memmem(at, n - (gsize)(at - data), "virt.flash", 10));) {
        *at = 'x'; /* or it would be in the way */
    }

    g_autoptr(GBytes) patched = g_bytes_new_take(g_steal_pointer(&data), n);
    g_autoptr(Run) run = run_migstat(patched, "extract", "--core", "--salvage", "-o",
                                     file, "-", "--place=mach-virt.ram@0", NULL);

    ck_assert_int_ne(run->status, 0);
    ck_assert_msg(strstr(run->err, "0x100000000 bytes of memory at 0x0 are beyond"), "%s",
                  run->err);
    ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
    scratch_remove(dir);
}
END_TEST

/* A stream that is cut leaves no file, and with --salvage what was read, and the holes. */
START_TEST(a_cut_stream_is_salvaged)
{
    GBytes *whole = fixture_bytes("real/q35-72-xbzrle.mig.zst");
    GBytes *cut = g_bytes_new_from_bytes(whole, 0, 0x10000);
    g_autofree char *dir = scratch_dir(), *file = g_build_filename(dir, "memory", NULL);
    g_autofree char *list = g_strconcat(file, ".holes", NULL), *holes = NULL;
    g_autoptr(Run) run = run_migstat(cut, "extract", "--memory", "-o", file, "-", NULL);
    g_autoptr(Run) salvaged =
        run_migstat(cut, "extract", "--memory", "--salvage", "-o", file, "-", NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_int_eq(salvaged->status, 1);
    ck_assert_msg(strstr(salvaged->err, "cut short"), "%s", salvaged->err);
    ck_assert(g_file_test(file, G_FILE_TEST_EXISTS));
    ck_assert(g_file_get_contents(list, &holes, NULL, NULL));
    ck_assert_msg(strstr(holes, "0x0000a0000 0x0000fffff unknown - 0x0\n"), "%s", holes);
    ck_assert_msg(strstr(holes, " ram pc.ram 0x"), "%s", holes);
    scratch_remove(dir);
    g_bytes_unref(cut);
    g_bytes_unref(whole);
}
END_TEST

Suite *suite_core(void)
{
    Suite *suite = suite_create("core");
    TCase *tc = tcase_create("memory");

    tcase_add_loop_test(tc, memory_is_where_the_map_says, 0, G_N_ELEMENTS(images));
    tcase_add_loop_test(tc, a_core_has_memory_where_the_map_says, 0, 2);
    tcase_add_test(tc, nodes_that_come_one_by_one_are_moved);
    tcase_add_loop_test(tc, a_core_is_elf, 0, G_N_ELEMENTS(cores));
    tcase_add_loop_test(tc, a_core_has_what_the_guest_left, 0, G_N_ELEMENTS(left));
    tcase_add_test(tc, a_core_has_what_is_plugged_in);
    tcase_add_loop_test(tc, what_cannot_be_done_is_told, 0, G_N_ELEMENTS(wrong));
    tcase_add_loop_test(tc, what_has_no_address_is_told, 0, 2);
    tcase_add_test(tc, what_has_no_length_is_told);
    tcase_add_test(tc, a_cut_stream_is_salvaged);
    suite_add_tcase(suite, tc);
    return suite;
}
