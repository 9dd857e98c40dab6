/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          streams inside other files: at an offset that is looked for, in a saved domain of Xen,
 *                and on a block device.
 * Must not know: how a stream goes on.
 * See also:      lib/io/find.c, lib/io/container-xen.c.
 */
#include "conversion.h"
#include "packing.h"
#include "support.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "io/error.h"
#include "io/input.h"
#include "io/tiny.h"

#define PIECE MIG_TINY_OR((guint64)300, (guint64)1 << 20) /* as lib/io/find.c has it */

static const MigInputOptions find = { MIG_INPUT_OPTIONS_INIT,
                                      .offset = MIG_INPUT_OFFSET_AUTO };

static const struct {
    const char *text;
    gint64 offset; /* -1: none is found */
} places[] = {
    { "header; config \"pc\"; eof", 0 },
    { "zero 5; header; config \"pc\"; eof", 5 },
    { "zero 5; header; start 1 \"ram\" 0 4; ram-eos; footer 1; eof", 5 },
    { "zero 5; header; full 1 \"timer\" 0 2; footer 1; eof", 5 },
    { "zero 5; header; u8 8; be16 3 0; eof", 5 },
    { "zero 5; header; u8 8; be16 64 0; eof", -1 }, /* no command */
    { "str \"QEVM\"; zero 9; header; config \"pc\"; eof", 13 },
    { "str \"QEVM\"; be32 2; config \"pc\"; eof", -1 },
    { "zero 1; header; eof", -1 }, /* nothing follows the magic */
    { "zero 1; header; u8 7; be32 0; zero 9", -1 },
    { "zero 1; header; u8 7; be32 256; zero 300", -1 },
    { "zero 1; header; u8 7; be32 2; u8 112 7; eof", -1 }, /* no name */
    { "zero 1; header; u8 7; be32 20; str \"pc\"", -1 },
    { "str \"QQEVMQEV\"; header; config \"pc\"; eof", 8 },
    { "str \"LibvirtQemudSav\"; header; config \"pc\"; eof", 15 },
    { "str \"LLibvirtQemudSave\"; le32 2 1 0 0 0; zero 56; zero 1; header; config "
      "\"pc\"; eof",
      1 },
    /* Heads that look like containers. */
    { "u8 0x1f 0x8b 8 0; zero 60; header; config \"pc\"; eof", 64 },
    { "be32 0x28b52ffd; zero 9; header; config \"pc\"; eof", 13 },
    { "str \"BZh9\"; zero 9; header; config \"pc\"; eof", 13 },
    { "str \"Xen saved domain\"; zero 99; header; config \"pc\"; eof", 115 },
    /* xz is said, and is not there */
    { "str \"LibvirtQemudSave\"; le32 2 1 0 3 0; zero 56; zero 1; header; config "
      "\"pc\"; eof",
      93 },
};

START_TEST(a_stream_is_found)
{
    g_autoptr(GBytes) bytes = assembled(places[_i].text);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "bytes", &find, &error);

    if (places[_i].offset < 0) {
        ck_assert_ptr_null(in);
        ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_UNMATCHED));
    } else {
        ck_assert_msg(in != NULL, "%s", error ? error->message : "");
        ck_assert_uint_eq(mig_input_start(in), (guint64)places[_i].offset);
    }
}
END_TEST

/* What is packed has no place of its own in the file. */
START_TEST(a_packed_image_is_found)
{
    g_autoptr(GBytes) header = assembled("zero 77; str \"LibvirtQemudSave\"; "
                                         "le32 2 9 0 3 0; zero 56; str \"<domain/>\"");
    g_autoptr(GBytes) stream = fixture_bytes("good/vfio-config-last.txt");
    g_autoptr(GBytes) packed = packed_xz(stream);
    g_autoptr(GBytes) bytes = joined_bytes(header, packed);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "bytes", &find, NULL);

    ck_assert(in && mig_input_file_offset(in) == 0);
    ck_assert_uint_eq(mig_input_start(in), 77);
}
END_TEST

/* Where one piece of the search ends and the next begins. */
START_TEST(no_edge_hides_it)
{
    g_autoptr(GBytes) stream = fixture_bytes("good/vfio-config-last.txt");

    for (guint64 offset = PIECE - 20; offset <= PIECE + 1; offset++) {
        g_autofree guint8 *zeros = g_malloc0(offset);
        g_autoptr(GBytes) before = g_bytes_new(zeros, offset);
        g_autoptr(GBytes) bytes = joined_bytes(before, stream);
        g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "bytes", &find, NULL);

        ck_assert(in && mig_input_file_offset(in) == offset);
    }
}
END_TEST

START_TEST(a_pipe_is_not_looked_through)
{
    g_autoptr(GBytes) stream = fixture_bytes("good/vfio-config-last.txt");
    g_autoptr(Run) run = run_migstat(stream, "check", "--offset=auto", "-", NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_ptr_nonnull(strstr(run->err, "looked for in a file, not in a pipe"));
}
END_TEST

/* A file that is a container is opened as one, and not looked through. */
START_TEST(a_container_is_opened)
{
    g_autoptr(GBytes) stream = fixture_bytes("good/vfio-config-last.txt");
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    g_autofree char *packed = g_build_filename(folder, "packed", NULL);

    ck_assert(g_file_set_contents(path, g_bytes_get_data(stream, NULL),
                                  (gssize)g_bytes_get_size(stream), NULL));
    g_autoptr(Run) zstd =
        run_migstat(NULL, "convert", "--zstd", path, "-o", packed, NULL);
    g_autoptr(Run) found = run_migstat(NULL, "dump", "--offset=auto", packed, NULL);
    ck_assert_int_eq(zstd->status, 0);
    ck_assert_msg(found->status == 0 && strstr(found->out, " zstd ") &&
                      strstr(found->err, "the stream was found: --offset=0\n"),
                  "%s%s", found->out, found->err);
    /* What is packed and is none was not found. */
    g_autoptr(GBytes) text = g_bytes_new_static("no stream", 9);
    g_autoptr(GBytes) xz = packed_xz(text);
    ck_assert(g_file_set_contents(path, g_bytes_get_data(xz, NULL),
                                  (gssize)g_bytes_get_size(xz), NULL));
    g_autoptr(Run) none = run_migstat(NULL, "dump", "--offset=auto", path, NULL);
    ck_assert_msg(none->status == 1 && strstr(none->err, "inside xz it is text") &&
                      !strstr(none->err, "was found"),
                  "%s", none->err);
    /* A stream in the disk of an image is none of its snapshots. */
    g_autoptr(GBytes) qcow2 = assembled("str \"QFI\"; u8 0xfb; zero 108");
    g_autoptr(GBytes) both = joined_bytes(qcow2, stream);
    ck_assert(g_file_set_contents(path, g_bytes_get_data(both, NULL),
                                  (gssize)g_bytes_get_size(both), NULL));
    g_autoptr(Run) image = run_migstat(NULL, "dump", "--offset=auto", path, NULL);
    ck_assert_int_eq(image->status, 2);
    ck_assert_msg(
        strstr(image->err, "only versions 2 and 3") &&
            strstr(image->err, "looks for nothing in the bytes of such an image"),
        "%s", image->err);
    scratch_remove(folder);
}
END_TEST

/* Where nothing else is in it, what is wrong with the beginning is told. */
START_TEST(a_damaged_container_is_told)
{
    g_autoptr(GBytes) bytes = assembled("u8 0x1f 0x8b 8 0; zero 200");
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "bytes", &find, &error);

    ck_assert_ptr_null(in);
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_CONTAINER));
    ck_assert_msg(strstr(error->message, "gzip") &&
                      strstr(error->message, "no save image begins anywhere else in it"),
                  "%s", error->message);
}
END_TEST

/* A stream that is cut is one all the same. */
START_TEST(what_is_cut_is_opened)
{
    g_autoptr(GBytes) plain = assembled("header; config \"pc\"; eof");
    g_autoptr(GBytes) packed = packed_xz(plain);
    g_autoptr(GBytes) bytes =
        g_bytes_new_from_bytes(packed, 0, g_bytes_get_size(packed) - 9);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "bytes", &find, &error);

    ck_assert_msg(in && mig_input_container(in, 0), "%s", error ? error->message : "");
}
END_TEST

/* What is compressed is not looked through: blocks of lzop that are stored have the bytes of a
 * stream, and others between them. */
START_TEST(what_is_compressed_is_not_looked_through)
{
    g_autoptr(GBytes) plain = assembled("str \"before\"; header; config \"pc\"; eof");
    g_autoptr(GBytes) bytes = packed_lzop(plain);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "bytes", &find, NULL);

    ck_assert(in && mig_input_start(in) == 0);
    ck_assert_str_eq(mig_container_name(mig_input_container(in, 0)), "lzop");
}
END_TEST

/* What is no stream is told with the option that reads the one in it. */
START_TEST(an_offset_is_proposed)
{
    g_autoptr(GBytes) stream = fixture_bytes("good/vfio-config-last.txt");
    g_autoptr(GBytes) before = g_bytes_new_static("some log\nand more\n", 18);
    g_autoptr(GBytes) bytes = joined_bytes(before, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    g_autofree char *out = g_build_filename(folder, "out", NULL);
    g_autofree char *converted = NULL;
    gsize n;

    ck_assert(g_file_set_contents(path, g_bytes_get_data(bytes, NULL),
                                  (gssize)g_bytes_get_size(bytes), NULL));
    g_autoptr(Run) none = run_migstat(NULL, "check", path, NULL);
    ck_assert_int_eq(none->status, 1);
    ck_assert_ptr_nonnull(strstr(none->out, "after 18 other bytes a stream begins: "
                                            "--offset=18 reads it"));
    g_autoptr(Run) found = run_migstat(NULL, "dump", "--offset=auto", path, NULL);
    ck_assert_int_eq(found->status, 0);
    ck_assert_ptr_nonnull(strstr(found->err, "the stream was found: --offset=18\n"));
    g_autoptr(Run) quiet = run_migstat(NULL, "check", "-q", "--offset=auto", path, NULL);
    ck_assert_str_eq(quiet->err, "");
    g_autoptr(Run) in_place =
        run_migstat(NULL, "convert", "--in-place", "--offset=auto", path, NULL);
    ck_assert_ptr_nonnull(strstr(in_place->err, "would be lost"));
    g_autoptr(Run) convert =
        run_migstat(NULL, "convert", "--offset=auto", path, "-o", out, NULL);
    ck_assert_int_eq(convert->status, 0);
    ck_assert(g_file_get_contents(out, &converted, &n, NULL));
    ck_assert_uint_eq(n, g_bytes_get_size(stream));
    ck_assert_mem_eq(converted, g_bytes_get_data(stream, NULL), n);
    scratch_remove(folder);
}
END_TEST

/* --- Xen --------------------------------------------------------------------------------- */

#define XL(ORDER, N) \
    "str \"Xen saved domain, xl format\"; u8 10 32 0 32 13; " ORDER " 1 0 0 " N "; "
#define LIBXL(OPTIONS) "str \"LibxlFmt\"; be32 2 " OPTIONS "; "
#define LIBXC                                                                         \
    "le32 1 0; repeat 8 { u8 0xff }; str \"XENF\"; be32 3; be16 0; zero 6; zero 16; " \
    "le32 1 5; zero 8; le32 0 0; "
#define STREAM   "header; full 1 \"timer\" 0 2; be64 1 2 3; eof"
#define EOF_ONLY "str \"QEVM\"; be32 3; u8 0; "
#define QEMU     "le32 3 17 2 0; " EOF_ONLY "zero 7; le32 0 0"

static const struct {
    const char *text, *message; /* NULL: it is the stream of 9 bytes */
} domains[] = {
    { XL("le32", "0") LIBXL("0") LIBXC QEMU, NULL },
    { XL("le32", "5") "zero 5; " LIBXL("0") LIBXC QEMU, NULL },
    { LIBXL("0") LIBXC "le32 2 3; zero 8; " QEMU, NULL },
    { LIBXL("0") LIBXC "le32 3 9 1 0; zero 8; " QEMU, NULL }, /* another emulator */
    { XL("be32", "0") LIBXL("1") "be32 3 17 2 0; " EOF_ONLY "zero 7; be32 0 0", NULL },
    { LIBXL("0") LIBXC "le32 0 0", "has no record of QEMU: none emulated its devices" },
    { LIBXL("0") LIBXC, "ends before the record of QEMU" },
    { XL("le32", "0") "str \"older\"; zero 50", "is of Xen 4.5 or older" },
    { LIBXL("0") "le32 1 0; zero 40; le32 0 0", "is damaged: no memory begins there" },
    { LIBXL("0") LIBXC "le32 3 0xfffffff0 2 0; " EOF_ONLY,
      "ends within the record of QEMU" },
    { LIBXL("0") "le32 2 0xffffffff; zero 90", "ends before the record of QEMU" },
};

START_TEST(a_domain_of_xen_has_qemus_record)
{
    g_autoptr(GBytes) bytes = assembled(domains[_i].text);
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "bytes", NULL, &error);

    if (domains[_i].message) {
        ck_assert_ptr_null(in);
        ck_assert_msg(strstr(error->message, domains[_i].message) != NULL, "%s",
                      error->message);
        return;
    }
    ck_assert_msg(in != NULL, "%s", error ? error->message : "");
    size_t n;
    const uint8_t *data = mig_input_peek(in, 64, &n);
    ck_assert_uint_eq(n, 9);
    ck_assert_mem_eq(data, "QEVM\0\0\0\3\0", 9);
    ck_assert_str_eq(mig_container_name(mig_input_container(in, 0)), "Xen saved domain");
}
END_TEST

/* In a file other bytes follow it. */
START_TEST(a_domain_of_xen_is_a_file)
{
    g_autoptr(GBytes) bytes = assembled(domains[0].text);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "domain", NULL);
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(path, data, (gssize)n, NULL));
    g_autoptr(Run) dump = run_migstat(NULL, "dump", path, NULL);
    g_autoptr(Run) items = run_migstat(NULL, "dump", "--items", path, NULL);
    ck_assert_msg(dump->status == 0 && strstr(dump->out, "   complete") &&
                      strstr(dump->out, "untried, since no file of a Xen host"),
                  "%s%s", dump->out, dump->err);
    ck_assert_ptr_nonnull(strstr(items->out, "eof"));
    scratch_remove(folder);
}
END_TEST

/* Cut at each byte: an error, as long as the record is not whole. */
START_TEST(a_cut_domain_is_told)
{
    g_autoptr(GBytes) whole = assembled(domains[1].text);
    const gsize end = g_bytes_get_size(whole) - 15;

    for (gsize cut = 16; cut < end; cut++) {
        g_autoptr(GBytes) bytes = g_bytes_new_from_bytes(whole, 0, cut);
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(mig_input_new_bytes(bytes, "bytes", NULL, &error));
        ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_CONTAINER));
    }
}
END_TEST

/* --- a volume ------------------------------------------------------------------------------ */

/* As Proxmox has it: of a rounded size, after which lies what was there before. */
static void write_volume(const char *path)
{
    enum { SIZE = 1 << 20 };
    g_autoptr(GBytes) stream = fixture_bytes("good/vfio-config-last.txt");
    const gsize n = g_bytes_get_size(stream), end = (n + 1023) / 1024 * 1024;
    g_autofree char *volume = g_malloc0(SIZE);

    memcpy(volume, g_bytes_get_data(stream, NULL), n);
    for (gsize i = end; i < SIZE; i++) {
        volume[i] = (char)(i * 7 + i / 1000);
    }
    memcpy(volume + end + 512, "QEVM\0\0\0\3\7", 9); /* an older stream */
    ck_assert(g_file_set_contents(path, volume, SIZE, NULL));
}

/* Each command knows the end; bytes after it are named as what they are. */
static void assert_volume_is_read(const char *path, const char *folder)
{
    g_autoptr(GBytes) stream = fixture_bytes("good/vfio-config-last.txt");
    g_autofree char *trimmed = g_build_filename(folder, "trimmed", NULL);
    g_autofree char *ram = g_build_filename(folder, "ram", NULL);
    g_autofree char *data = NULL;
    gsize n;
    g_autoptr(Run) check = run_migstat(NULL, "check", path, NULL);
    g_autoptr(Run) dump = run_migstat(NULL, "dump", path, NULL);
    g_autoptr(Run) convert = run_migstat(NULL, "convert", "--filter=trim", "--force",
                                         path, "-o", trimmed, NULL);
    g_autoptr(Run) extract =
        run_migstat(NULL, "extract", "--ram=pc.ram", "--force", path, "-o", ram, NULL);

    ck_assert_msg(check->status == 0, "%s%s", check->out, check->err);
    ck_assert_msg(strstr(check->out, "warning[trailing-bytes]") &&
                      strstr(check->out, "what a volume or a file held before"),
                  "%s", check->out);
    ck_assert_ptr_nonnull(strstr(check->out, "0 errors, 1 warning"));
    ck_assert_msg(dump->status == 0 && strstr(dump->out, "complete; "), "%s", dump->out);
    ck_assert_msg(convert->status == 0, "%s", convert->err);
    ck_assert(g_file_get_contents(trimmed, &data, &n, NULL));
    ck_assert(n == g_bytes_get_size(stream) &&
              memcmp(data, g_bytes_get_data(stream, NULL), n) == 0);
    ck_assert_msg(extract->status == 0, "%s", extract->err);
}

START_TEST(a_volume_is_read)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "volume", NULL);

    write_volume(path);
    assert_volume_is_read(path, folder);
    scratch_remove(folder);
}
END_TEST

/* The same as a block device: as root, where there are loop devices. */
START_TEST(a_block_device_is_read)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "volume", NULL);
    const char *attach[] = { "/sbin/losetup", "-f", "--show", path, NULL };

    write_volume(path);
    g_autoptr(Run) loop =
        access(attach[0], X_OK) == 0 ? run_program(attach, NULL, NULL) : NULL;
    if (loop && loop->status == 0) {
        g_autofree char *device = g_strstrip(g_strdup(loop->out));
        const char *detach[] = { "/sbin/losetup", "-d", device, NULL };
        int fd = open(device, O_RDONLY | O_CLOEXEC);
        g_autoptr(Run) gone =
            run_program(detach, NULL, NULL); /* with the last who has it open */

        ck_assert(fd >= 0 && gone->status == 0);
        assert_volume_is_read(device, folder);
        g_autoptr(Run) in_place =
            run_migstat(NULL, "convert", "--in-place", device, NULL);
        ck_assert_ptr_nonnull(strstr(in_place->err, "it is no regular file"));
        close(fd);
    } else {
        g_print("find: no loop device, no block device was read: %s",
                loop ? loop->err : "there is no losetup\n");
    }
    scratch_remove(folder);
}
END_TEST

Suite *suite_find(void)
{
    Suite *suite = suite_create("find");
    TCase *tc = tcase_create("find");

    tcase_add_loop_test(tc, a_stream_is_found, 0, G_N_ELEMENTS(places));
    tcase_add_test(tc, a_packed_image_is_found);
    tcase_add_test(tc, no_edge_hides_it);
    tcase_add_test(tc, a_pipe_is_not_looked_through);
    tcase_add_test(tc, a_container_is_opened);
    tcase_add_test(tc, a_damaged_container_is_told);
    tcase_add_test(tc, what_is_cut_is_opened);
    tcase_add_test(tc, what_is_compressed_is_not_looked_through);
    tcase_add_test(tc, an_offset_is_proposed);
    tcase_add_loop_test(tc, a_domain_of_xen_has_qemus_record, 0, G_N_ELEMENTS(domains));
    tcase_add_test(tc, a_domain_of_xen_is_a_file);
    tcase_add_test(tc, a_cut_domain_is_told);
    tcase_add_test(tc, a_volume_is_read);
    tcase_add_test(tc, a_block_device_is_read);
    suite_add_tcase(suite, tc);
    return suite;
}
