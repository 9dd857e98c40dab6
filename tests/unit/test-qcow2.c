/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          snapshots inside qcow2 images: each form of the tables, which snapshot is read, and
 *                images that lie.
 * Must not know: what is in a snapshot.
 * See also:      lib/io/container-qcow2.c, lib/io/source-qcow2.c; QEMU's docs/interop/qcow2.rst.
 */
#include "bounds.h"
#include "conversion.h"
#include "schema.h"
#include "support.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "io/error.h"
#include "io/input.h"

/* An image of two snapshots: "1" ("disk") of a disk alone, and "2" ("guest"). */
typedef struct {
    unsigned version, cluster_bits;
    bool extended;
    enum { PLAIN, DEFLATE, ZSTD } packing;
    unsigned unrecorded; /* bytes that the recorded size lacks */
    bool bare;           /* The entry of "guest" has no extra data. */
    unsigned order; /* A reference count has 1 << order bits; 0: 4, which version 2 has */
} Form;

/* Clusters, in the order in which they lie. */
enum { HEADER, SNAPSHOTS, L1, L2, COUNTS, COUNTS_BLOCK, DATA };

#define DISK_SIZE 10000u
/* Of the second entry of the table: the first has 40 + 24 + 1 + 4 bytes, padded. */
#define ENTRY 72u

static void put(GByteArray *image, gsize offset, guint64 number, unsigned n)
{
    if (image->len < offset + n) {
        gsize had = image->len;

        g_byte_array_set_size(image, (guint)(offset + n));
        memset(image->data + had, 0, image->len - had);
    }
    for (unsigned i = 0; i < n; i++) {
        image->data[offset + i] = (guint8)(number >> (8 * (n - 1 - i)));
    }
}

static void put_header(GByteArray *image, const Form *form)
{
    const guint64 cluster = 1u << form->cluster_bits;

    put(image, 0, 0x514649fb, 4);
    put(image, 4, form->version, 4);
    put(image, 20, form->cluster_bits, 4);
    put(image, 24, DISK_SIZE, 8);
    put(image, 48, COUNTS * cluster, 8);
    put(image, 56, 1, 4);
    put(image, 60, 2, 4);
    put(image, 64, SNAPSHOTS * cluster, 8);
    if (form->version == 3) {
        put(image, 72, (form->extended ? 16u : 0) | (form->packing == ZSTD ? 8u : 0), 8);
        put(image, 96, form->order ? form->order : 4, 4);
        put(image, 100, 112, 4);
        put(image, 104, form->packing == ZSTD, 1);
    }
}

static void put_snapshot(GByteArray *image, gsize at, const Form *form, const char *id,
                         const char *name, guint64 size)
{
    const unsigned extra = size && form->bare ? 0 : 24;

    put(image, at, (guint64)L1 << form->cluster_bits, 8);
    put(image, at + 8, 2, 4);
    put(image, at + 12, strlen(id), 2);
    put(image, at + 14, strlen(name), 2);
    put(image, at + 16, 86400, 4);
    put(image, at + 24, 61002000000, 8);
    put(image, at + 32, size, 4);
    put(image, at + 36, extra, 4);
    if (extra) {
        put(image, at + 40, size, 8);
        put(image, at + 48, DISK_SIZE, 8);
        put(image, at + 56, 7, 8);
    }
    for (gsize i = 0; id[i]; i++) {
        put(image, at + 40 + extra + i, (guint8)id[i], 1);
    }
    for (gsize i = 0; name[i]; i++) {
        put(image, at + 40 + extra + strlen(id) + i, (guint8)name[i], 1);
    }
}

static gsize pack(const Form *form, const guint8 *plain, gsize n, guint8 *packed,
                  gsize room)
{
    z_stream zlib = { 0 };

    if (form->packing == ZSTD) {
        return ZSTD_compress(packed, room, plain, n, 1);
    }
    ck_assert_int_eq(deflateInit2(&zlib, 9, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY),
                     Z_OK);
    zlib.next_in = (Bytef *)(guintptr)plain;
    zlib.avail_in = (uInt)n;
    zlib.next_out = packed;
    zlib.avail_out = (uInt)room;
    ck_assert_int_eq(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    deflateEnd(&zlib);
    return zlib.total_out;
}

/* A cluster of @plain at the end of @image; its entry. */
static guint64 put_cluster(GByteArray *image, const Form *form, const guint8 *plain)
{
    const gsize cluster = (gsize)1 << form->cluster_bits;
    gsize at = image->len, n = cluster, room = 2 * cluster + 1000;
    g_autofree guint8 *packed = g_malloc(room);

    if (form->packing == PLAIN) {
        g_byte_array_append(image, plain, (guint)cluster);
        return at;
    }
    n = pack(form, plain, cluster, packed, room);
    g_byte_array_append(image, packed, (guint)n);
    return (guint64)1 << 62 |
           (guint64)((at + n - 1) / 512 - at / 512) << (62 - (form->cluster_bits - 8)) |
           at;
}

/* Each of the first clusters is used @count times. */
static void put_counts(GByteArray *image, const Form *form, unsigned count)
{
    const gsize cluster = (gsize)1 << form->cluster_bits;
    const unsigned order = form->order ? form->order : 4, bits = 1u << order;

    put(image, COUNTS * cluster, COUNTS_BLOCK * cluster, 8);
    for (gsize i = 0; i < MIN(64, cluster * 8 / bits); i++) {
        if (bits >= 8) {
            put(image, COUNTS_BLOCK * cluster + i * bits / 8, count, bits / 8);
        } else {
            image->data[COUNTS_BLOCK * cluster + i * bits / 8] |=
                (guint8)(count << (i * bits % 8));
        }
    }
}

static GByteArray *make(const Form *form, GBytes *stream)
{
    GByteArray *image = g_byte_array_new();
    const gsize cluster = (gsize)1 << form->cluster_bits, size = form->extended ? 16 : 8;
    const guint64 first =
        (DISK_SIZE + cluster / size * cluster - 1) / (cluster / size * cluster);
    gsize n;
    const guint8 *data = g_bytes_get_data(stream, &n);
    g_autofree guint8 *padded = g_malloc0(n + cluster);

    memcpy(padded, data, n);
    put_header(image, form);
    put_snapshot(image, SNAPSHOTS * cluster, form, "1", "disk", 0);
    put_snapshot(image, SNAPSHOTS * cluster + ENTRY, form, "2", "guest",
                 n - form->unrecorded);
    put(image, L1 * cluster + 8 * first, L2 * cluster | (guint64)1 << 63, 8);
    put(image, DATA * cluster - 1, 0, 1);
    put_counts(image, form, 1);
    for (gsize i = 0; i * cluster < n; i++) {
        guint64 entry = put_cluster(image, form, padded + i * cluster);
        put(image, L2 * cluster + i * size, entry, 8);
        if (form->extended) {
            put(image, L2 * cluster + i * size + 8, 0xffffffff, 8);
        }
    }
    return image;
}

static GBytes *the_stream(void)
{
    return fixture_bytes("good/vfio-config-last.txt");
}

/* One of which the recorded size lacks something has the capability mapped-ram. */
static GBytes *stream_of(const Form *form)
{
    return form->unrecorded
               ? assembled("header\nconfig \"pc-q35-7.2\" {\n caps \"mapped-ram\"\n}\n"
                           "full 3 \"numbers\" 0 1; zero 2400; footer 3; eof")
               : the_stream();
}

/* All of it, but no more than @most bytes; NULL with *error set. */
static GByteArray *read_image(const GByteArray *image, const char *snapshot, gsize most,
                              GError **error)
{
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .snapshot = snapshot };
    g_autoptr(GBytes) bytes = g_bytes_new(image->data, image->len);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "image", &options, error);
    g_autoptr(GByteArray) all = g_byte_array_new();
    const guint8 *data;
    size_t n = 0;

    while (in && all->len < most && (data = mig_input_peek(in, 1, &n)) && n > 0) {
        g_byte_array_append(all, data, (guint)n);
        mig_input_skip(in, n);
    }
    return in && (all->len >= most || mig_input_end_error(in, error))
               ? g_steal_pointer(&all)
               : NULL;
}

static const Form forms[] = {
    { 2, 9, false, PLAIN, 0, false, 0 },
    { 2, 16, false, PLAIN, 0, false, 0 },
    { 2, 12, false, DEFLATE, 0, false, 0 },
    { 3, 9, false, DEFLATE, 0, false, 0 },
    { 3, 9, false, ZSTD, 0, false, 0 },
    { 3, 14, true, PLAIN, 0, false, 0 },
    { 3, 14, true, ZSTD, 0, false, 0 },
    { 3, 21, false, PLAIN, 0, false, 0 },
    { 3, 21, true, DEFLATE, 0, false, 0 },
    { 3, 9, false, PLAIN, 1024, false, 0 }, /* as with mapped-ram */
};

START_TEST(reads_each_form)
{
    g_autoptr(GBytes) stream = stream_of(&forms[_i]);
    g_autoptr(GByteArray) image = make(&forms[_i], stream);
    static const char *const names[] = { NULL, "2", "guest" };
    gsize n;
    const guint8 *data = g_bytes_get_data(stream, &n);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) read = read_image(image, names[i], G_MAXUINT, &error);

        ck_assert_msg(read != NULL, "%s", error ? error->message : "");
        /* What is not recorded goes on to the end of the last cluster. */
        ck_assert_uint_eq(read->len, forms[_i].unrecorded ? (n + 511) / 512 * 512 : n);
        ck_assert_mem_eq(read->data, data, n);
    }
}
END_TEST

/* Where a longer one was loaded before, clusters of it follow the state. */
START_TEST(shows_no_rest_of_another)
{
    const Form form = { 3, 9, .bare = false };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    const guint64 n = g_bytes_get_size(stream) - 2048;

    put(image, SNAPSHOTS * 512 + ENTRY + 40, n, 8);
    g_autoptr(GByteArray) read = read_image(image, NULL, G_MAXUINT, NULL);
    ck_assert(read && read->len == n);
}
END_TEST

/* What is not allocated reads as zeros, and so does what is said to be zero. */
START_TEST(shows_zeros)
{
    static const struct {
        Form form;
        unsigned at; /* of the L2 table: byte, and what it becomes */
        guint8 byte;
        unsigned zero, length; /* what then is zero */
    } rows[] = {
        { { 3, 9, false, PLAIN, 0, false, 0 }, 15, 1, 512, 512 },
        { { 3, 14, true, PLAIN, 0, false, 0 }, 15, 0xfe, 0, 512 },
        { { 3, 14, true, PLAIN, 0, false, 0 }, 14, 0xfd, 9 * 512, 512 },
    };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&rows[_i].form, stream);
    const guint8 *data = g_bytes_get_data(stream, NULL);

    image->data[(L2 << rows[_i].form.cluster_bits) + rows[_i].at] = rows[_i].byte;
    g_autoptr(GByteArray) read = read_image(image, NULL, G_MAXUINT, NULL);
    const unsigned zero = rows[_i].zero, length = rows[_i].length;
    ck_assert(read && memcmp(read->data, data, zero) == 0);
    for (unsigned i = 0; i < length; i++) {
        ck_assert_uint_eq(read->data[zero + i], 0);
    }
    ck_assert_mem_eq(read->data + zero + length, data + zero + length, 512);
}
END_TEST

#define TABLE (SNAPSHOTS * 512u)

#define LISTED(first)                                                   \
    "1 (disk; 1970-01-02 00:00:00 UTC; " first "; icount 7), "          \
    "2 (guest; 1970-01-02 00:00:00 UTC; 10,339 bytes; VM clock 61.002 " \
    "s; icount 7)"

static const struct {
    gsize offset; /* of a number of so many bytes, which becomes another */
    unsigned n;
    guint64 number;
    const char *snapshot, *message;
} lies[] = {
    { 4, 4, 4, NULL, "qcow2: only versions 2 and 3 of the format are supported" },
    { 4, 4, 1, NULL,
      "qcow2: an image of version 1 has no snapshots: it holds a disk, not a migration; "
      "save the guest's state with \"virsh save\"" },
    { 20, 4, 22, NULL, "qcow2: its clusters have no size that there is" },
    { 20, 4, 8, NULL, "qcow2: its clusters have no size that there is" },
    { 32, 4, 2, NULL,
      "qcow2: the image is encrypted, and its snapshots with it: load one (qemu -loadvm "
      "NAME -S) and migrate it to a file" },
    { 72, 8, 0x4, NULL,
      "qcow2: an image with an external data file has no internal snapshots: save "
      "the guest's state with \"virsh save\"" },
    { 72, 8, 0x8000000000000020, NULL,
      "qcow2: incompatible features 0x8000000000000020 are not supported: load a "
      "snapshot with a QEMU that knows them (qemu -loadvm NAME -S) and migrate it to a "
      "file" },
    { 60, 4, 0, NULL,
      "not a migration stream: it is a qcow2 image without snapshots: it holds a disk, "
      "not "
      "a migration; save the guest's state with \"virsh save\"" },
    { 60, 4, 65537, NULL, "qcow2: it has more than 65,536 snapshots" },
    { 60, 4, 60000, NULL, "qcow2: a snapshot has more than 1,024 bytes of extra data" },
    { 64, 8, G_MAXUINT64, NULL, "qcow2: the image ends within its header and snapshots" },
    { 4, 4, 3, "3", "there is no snapshot \"3\": it has " LISTED("a disk alone") },
    { 4, 4, 3, "disk",
      "this snapshot is of a disk alone: it has " LISTED("a disk alone") },
    { TABLE + 40, 8, 5, NULL,
      "it is a qcow2 image with several snapshots; --snapshot=ID chooses one that has "
      "the "
      "state of a guest: " LISTED("5 bytes; VM clock 61.002 s") },
    { TABLE + ENTRY + 40, 8, 0, NULL,
      "not a migration stream: it is a qcow2 image whose snapshots are of disks alone; "
      "\"virsh save\" and savevm save the guest's state: it has "
      "1 (disk; 1970-01-02 00:00:00 UTC; a disk alone; icount 7), "
      "2 (guest; 1970-01-02 00:00:00 UTC; a disk alone; icount 7)" },
    { TABLE + ENTRY, 8, G_MAXUINT64, NULL, "qcow2: a snapshot has no sound L1 table" },
    { TABLE + ENTRY + 8, 4, G_MAXUINT32, NULL,
      "qcow2: a snapshot has no sound L1 table" },
    { TABLE + ENTRY + 8, 4, 1, NULL,
      "qcow2: a snapshot's L1 table does not reach its state" },
    { TABLE + ENTRY + 36, 4, 1025, NULL,
      "qcow2: a snapshot has more than 1,024 bytes of extra data" },
    { TABLE + ENTRY + 40, 8, (guint64)1 << 63, NULL,
      "qcow2: a snapshot's L1 table does not reach its state" },
    { TABLE + ENTRY + 48, 8, G_MAXUINT64, NULL,
      "qcow2: a snapshot's L1 table does not reach its state" },
    { L1 * 512 + 8, 8, 0x00fffffffffffe00, NULL,
      "qcow2: the image ends before what its tables name" },
    { L2 * 512, 8, 0x00fffffffffffe00, NULL,
      "qcow2: the image ends before what its tables name" },
    { L2 * 512, 8, G_MAXUINT64, NULL,
      "qcow2: the image ends before what its tables name" },
    { L2 * 512, 8, (guint64)1 << 62, NULL, "qcow2: a compressed cluster is damaged" },
};

START_TEST(refuses_lies)
{
    const Form form = { 3, 9, false, PLAIN, 0, false, 0 };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autoptr(GError) error = NULL;

    put(image, lies[_i].offset, lies[_i].number, lies[_i].n);
    g_autoptr(GByteArray) read = read_image(image, lies[_i].snapshot, 1 << 20, &error);
    ck_assert_ptr_null(read);
    ck_assert_pstr_eq(error ? error->message : NULL, lies[_i].message);
}
END_TEST

/* A state that no file of its size holds. */
START_TEST(is_bounded)
{
    const Form form = { 3, 9, .unrecorded = 1024 };
    g_autoptr(GBytes) stream = stream_of(&form);
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autoptr(GError) error = NULL;

    /* A table of 4 Mi entries, of which the last leads to another: 128 GiB of nothing. */
    g_byte_array_set_size(image, 34u << 20);
    put(image, TABLE + ENTRY, 1u << 20, 8);
    put(image, TABLE + ENTRY + 8, 4u << 20, 4);
    memset(image->data + (1u << 20), 0, 32u << 20);
    put(image, (1u << 20) + 8, L2 * 512, 8); /* where the state begins */
    put(image, (33u << 20) - 8, L2 * 512, 8);
    g_autoptr(GByteArray) read = read_image(image, NULL, 1 << 20, &error);
    ck_assert_ptr_null(read);
    ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_LIMIT));
}
END_TEST

/* As many tables as the file has clusters, and one, are followed. */
START_TEST(counts_its_tables)
{
    const Form form = { 3, 9, .bare = false };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autoptr(GError) error = NULL;
    const guint cluster = (image->len + 511) / 512, clusters = cluster + 1 + 64;
    const guint tables = clusters + 1 + (_i ? 1 : 0);

    g_byte_array_set_size(image, clusters * 512);
    memset(image->data + cluster * 512, 0, 65 * 512);
    for (guint i = 0; i < tables; i++) { /* all of which are one, and empty */
        put(image, (cluster + 1) * 512 + 8 + 8 * i, cluster * 512, 8);
    }
    put(image, TABLE + ENTRY, (cluster + 1) * 512, 8);
    put(image, TABLE + ENTRY + 8, 1 + tables, 4);
    g_autoptr(GByteArray) read = read_image(image, "2", 1 << 20, &error);
    ck_assert((read != NULL) == !_i);
    ck_assert_pstr_eq(
        error ? error->message : NULL,
        _i ? "qcow2: the snapshot has more tables than the file has clusters" : NULL);
}
END_TEST

/* What follows the sectors that an entry names is another cluster's. */
START_TEST(reads_no_more_sectors_than_named)
{
    const Form form = { 3, 9, .packing = DEFLATE };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    gsize at = L2 * 512;
    g_autoptr(GError) error = NULL;

    /* Bit 61 is the number of sectors after the first: of 1, it becomes 0. */
    while (!(image->data[at] & 0x20)) {
        at += 8;
        ck_assert_uint_lt(at, (L2 + 1) * 512);
    }
    image->data[at] ^= 0x20;
    g_autoptr(GByteArray) read = read_image(image, "2", 1 << 20, &error);
    ck_assert_ptr_null(read);
    ck_assert_pstr_eq(error ? error->message : NULL,
                      "qcow2: a compressed cluster is damaged");
}
END_TEST

START_TEST(notices_each_cut)
{
    const Form form = { 3, 9, false, _i ? DEFLATE : PLAIN, 0, false, 0 };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    /* What is after the last byte of use: of a cluster, and of a deflated one its end. */
    const gsize whole = image->len - (_i ? 4 : 512 - g_bytes_get_size(stream) % 512);

    for (gsize cut = 4; cut < whole; cut++) {
        const GByteArray part = { image->data, (guint)cut };
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) read = read_image(&part, NULL, G_MAXUINT, &error);

        ck_assert_msg(!read && g_error_matches(error, MIG_ERROR, MIG_ERROR_CONTAINER),
                      "cut at %zu: %s", cut, error ? error->message : "no error");
    }
}
END_TEST

/* Loops and overlaps among them: each is a result or an error, and soon.  The sanitizers see one
 * bit of each byte. */
START_TEST(survives_each_flip)
{
    const unsigned step = is_release() ? 1 : 8;
    const Form form = { 3, 9, _i > 0, _i > 1 ? ZSTD : PLAIN, 0, false, 0 };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);

    limit_memory(64 << 20);
    for (gsize at = 4; at < COUNTS * 512; at++) { /* counts are not read */
        for (unsigned bit = (unsigned)(at % step); bit < 8; bit += step) {
            image->data[at] ^= (guint8)(1u << bit);
            g_autoptr(GError) error = NULL;
            g_autoptr(GByteArray) read = read_image(image, "2", 64 << 10, &error);
            ck_assert(read || error);
            image->data[at] ^= (guint8)(1u << bit);
        }
    }
}
END_TEST

START_TEST(is_shown)
{
    const Form form = { 3, 16, false, PLAIN, 0, false, 0 };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "image", NULL);
    g_autofree char *out = g_build_filename(folder, "out", NULL);
    g_autofree char *converted = NULL;
    gsize n;

    ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    g_autoptr(Run) text = run_migstat(NULL, "dump", path, NULL);
    ck_assert_ptr_nonnull(strstr(text->out,
                                 "  snapshot 1 \"disk\": 1970-01-02 00:00:00 UTC; "
                                 "a disk alone, icount 7\n"));
    ck_assert_ptr_nonnull(strstr(text->out,
                                 "  snapshot 2 \"guest\": 1970-01-02 00:00:00 "
                                 "UTC; 10,339 bytes; VM clock 61.002 s, icount "
                                 "7; read here\n"));
    g_autoptr(Run) json = run_migstat(NULL, "dump", "-f", "json", path, NULL);
    ck_assert_ptr_nonnull(strstr(json->out, "\"is_read\": true"));
    g_autoptr(Run) none = run_migstat(NULL, "check", "--snapshot=x", path, NULL);
    ck_assert_int_eq(none->status, 2);
    ck_assert_ptr_nonnull(strstr(none->err, "there is no snapshot \"x\""));
    g_autoptr(Run) convert =
        run_migstat(NULL, "convert", "--snapshot=guest", path, "-o", out, NULL);
    ck_assert_int_eq(convert->status, 0);
    ck_assert(g_file_get_contents(out, &converted, &n, NULL));
    ck_assert_uint_eq(n, g_bytes_get_size(stream));
    ck_assert_mem_eq(converted, g_bytes_get_data(stream, NULL), n);
    g_autoptr(GBytes) piped = g_bytes_new(image->data, image->len);
    g_autoptr(Run) pipe = run_migstat(piped, "check", "-", NULL);
    ck_assert_int_eq(pipe->status, 2);
    scratch_remove(folder);
}
END_TEST

/* Where both have the state of a guest, and neither is named. */
START_TEST(several_are_listed)
{
    const Form form = { 3, 9, false, PLAIN, 0, false, 0 };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "image", NULL);
    g_autofree char *expected = NULL;
    static const char *const parts[] = {
        "\"id\": \"1\", \"name\": \"disk\", ", "\"id\": \"2\", \"name\": \"guest\", ",
        "\"verdict\": null, \"complete\": true, \"error\": null}", NULL
    };

    put(image, TABLE + 40, 5, 8);
    ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    expected = g_strdup_printf(
        "%s   a qcow2 image with several snapshots, of which one can be read\n"
        "qcow2\n"
        "  snapshot 1 \"disk\": 1970-01-02 00:00:00 UTC; 5 bytes; VM clock 61.002 s, "
        "icount "
        "7\n"
        "  snapshot 2 \"guest\": 1970-01-02 00:00:00 UTC; 10,339 bytes; VM clock 61.002 "
        "s, "
        "icount 7\n"
        "  --snapshot=ID reads one: migstat dump --snapshot=1 %s\n",
        path, path);
    g_autoptr(Run) text = run_migstat(NULL, "dump", path, NULL);
    ck_assert_int_eq(text->status, 0);
    ck_assert_str_eq(text->out, expected);
    ck_assert_str_eq(text->err, "");
    g_autoptr(Run) json = run_migstat(NULL, "dump", "-f", "json", path, NULL);
    ck_assert_int_eq(json->status, 0);
    schema_assert_line("dump", json->out, parts);
    ck_assert_ptr_null(strstr(json->out, "\"is_read\": true"));
    g_autoptr(Run) view = run_migstat(NULL, "dump", "--items", path, NULL);
    ck_assert_int_eq(view->status, 2);
    ck_assert_str_eq(view->out, "");
    g_autoptr(Run) found =
        run_migstat(NULL, "dump", "--items", "--offset=auto", path, NULL);
    ck_assert_str_eq(found->err, view->err);
    g_autoptr(Run) one = run_migstat(NULL, "dump", "--snapshot=2", path, NULL);
    ck_assert_ptr_nonnull(strstr(one->out, "icount 7; read here\n"));
    scratch_remove(folder);
}
END_TEST

/* A command that is proposed reads the same snapshot. */
START_TEST(commands_name_the_snapshot)
{
    static const struct {
        const char *command, *option, *proposed;
    } rows[] = {
        { "dump", "--color=never", "(migstat check --for=7.1 --snapshot=2 " },
        { "check", "--for=qemu-5.2", "--filter=machine:name=pc-q35-5.2 --snapshot=2 " },
        { "report", "--output=-", "migstat dump --all --devices=numbers --snapshot=2 " },
        { "explain", "Missing section footer for numbers",
          "migstat dump --devices=numbers --snapshot=2 " },
    };
    const bool of_message = strcmp(rows[_i].command, "explain") == 0;
    const Form form = { 3, 9, false, PLAIN, 0, false, 0 };
    g_autoptr(GBytes) stream = assembled(
        "header; config \"pc-q35-7.2\"; full 3 \"numbers\" 0 1; zero 2400; footer 3; "
        "eof\n"
        "description {\n"
        "{\"page_size\": 4096, \"devices\": [{\"name\": \"numbers\", \"instance_id\": 0, "
        "\"vmsd_name\": \"numbers\", \"version\": 1, \"fields\": [{\"name\": \"a\", "
        "\"array_len\": 300, \"type\": \"uint64\", \"size\": 8}]}]}\n"
        "}\n");
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "image", NULL);

    put(image, TABLE + 40, 5, 8);
    ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    g_autoptr(Run) run =
        run_migstat(NULL, rows[_i].command, rows[_i].option, "--snapshot=2",
                    of_message ? "--in" : path, of_message ? path : NULL, NULL);
    ck_assert_msg(strstr(run->out, rows[_i].proposed) != NULL, "%s%s", run->out,
                  run->err);
    scratch_remove(folder);
}
END_TEST

/* Two of one image; both have the same stream, and the first is cut. */
START_TEST(two_are_compared)
{
    static const struct {
        const char *a, *b;
        int status;
        const char *says;
    } rows[] = {
        { "--snapshot=1", "--snapshot=2", 2, "error[truncated]" },
        { "--snapshot=2", "--snapshot=guest", 0, "" },
        { "--snapshot=2", "--snapshot=3", 2, "there is no snapshot \"3\"" },
        { "--snapshot=2", "--all", 0, "" },
    };
    const Form form = { 3, 9, false, PLAIN, 0, false, 0 };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "image", NULL);

    put(image, TABLE + 40, g_bytes_get_size(stream) / 2, 8);
    ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    g_autoptr(Run) run =
        run_migstat(NULL, "diff", rows[_i].a, rows[_i].b, path, path, NULL);
    ck_assert_msg(run->status == rows[_i].status && strstr(run->err, rows[_i].says),
                  "%s%s", run->out, run->err);
    g_autoptr(Run) one =
        run_migstat(NULL, "dump", rows[_i].a, "--snapshot=x", path, NULL);
    ck_assert_ptr_nonnull(strstr(one->err, "--snapshot is given twice"));
    g_autoptr(Run) three = run_migstat(NULL, "diff", "--snapshot=1", "--snapshot=2",
                                       "--snapshot=1", path, path, NULL);
    ck_assert_ptr_nonnull(strstr(three->err, "--snapshot is given more than twice"));
    g_autoptr(Run) again =
        run_migstat(NULL, "check", rows[_i].a, rows[_i].a, rows[_i].a, path, NULL);
    g_autoptr(Run) once = run_migstat(NULL, "check", rows[_i].a, path, NULL);
    ck_assert_str_eq(again->out, once->out);
    ck_assert_str_eq(again->err, once->err);
    scratch_remove(folder);
}
END_TEST

/* The heads tell the two apart where two were named; JSON has the files alone. */
START_TEST(two_that_differ_are_named)
{
    static const struct {
        const char *options, *says;
    } rows[] = {
        { "--snapshot=2 --snapshot=\033uest",
          "--- a (snapshot 2)\n+++ b (snapshot \\x1buest)\n" },
        { "--snapshot=\033uest --snapshot=2",
          "--- a (snapshot \\x1buest)\n+++ b (snapshot 2)\n" },
        { "--snapshot=2", "--- a\n+++ b\n" },
        { "--snapshot=2 --snapshot=2 -f json", "\"a\": \"a\", \"b\": \"b\"" },
    };
    const Form form = { 3, 9, false, PLAIN, 0, false, 0 };
    g_autofree char *folder = scratch_dir();
    g_autofree char *line = g_strdup_printf("migstat diff %s a b", rows[_i].options);

    for (int i = 0; i < 2; i++) {
        g_autofree char *path = g_build_filename(folder, i ? "b" : "a", NULL);
        g_autoptr(GBytes) stream = assembled(i ? "header; config \"pc-q35-7.2\"; eof"
                                               : "header; config \"pc-q35-7.1\"; eof");
        g_autoptr(GByteArray) image = make(&form, stream);

        image->data[SNAPSHOTS * 512 + ENTRY + 40 + 24 + 1] = 0x1b;
        ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    }
    g_autoptr(Run) run = run_with_shell(line, folder);
    ck_assert_msg(strstr(run->out, rows[_i].says) != NULL, "%s%s", run->out, run->err);
    ck_assert_int_eq(run->status, 1);
    scratch_remove(folder);
}
END_TEST

/* What the image is marked as; its snapshot is shown all the same. */
START_TEST(shows_marks)
{
    static const struct {
        guint8 features;
        const char *text, *json;
    } rows[] = {
        { 0, "\nqcow2\n", "\"dirty\": false, \"corrupt\": false" },
        { 1, "\nqcow2; marked dirty: a QEMU ended while it wrote to it\n",
          "\"dirty\": true, \"corrupt\": false" },
        { 2,
          "\nqcow2; marked corrupt: QEMU loads no snapshot of it before \"qemu-img check "
          "-r all\"\n",
          "\"dirty\": false, \"corrupt\": true" },
    };
    const Form form = { 3, 16, false, PLAIN, 0, false, 0 };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "image", NULL);

    image->data[79] |= rows[_i].features;
    ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    g_autoptr(Run) text = run_migstat(NULL, "dump", "--width=200", path, NULL);
    g_autoptr(Run) json = run_migstat(NULL, "dump", "-f", "json", path, NULL);
    ck_assert_msg(strstr(text->out, rows[_i].text) != NULL, "%s", text->out);
    ck_assert_msg(strstr(json->out, rows[_i].json) != NULL, "%s", json->out);
    scratch_remove(folder);
}
END_TEST

/* --- written where it lies --- */

#define SHORTER "--filter=description:drop=yes"
#define EQUAL   "--filter=machine:name=pc-q35-7.1"
#define LONGER  "--filter=machine:name=pc-q35-7.2-of-somebody"
/* More than what is left of the last cluster. */
#define GROWN "--filter=mapped-ram"

#define NO_CLUSTER   "there is no cluster for what it would have"
#define WRONG_COUNTS "the image's tables are damaged"
#define SHARED       "the cluster that would change is another snapshot's too"
#define AT_COUNTS    (COUNTS_BLOCK * 512u)

static const struct {
    Form form;
    const char *filter;
    gsize offset; /* of a number of so many bytes, which becomes another; 0: none does */
    unsigned n;
    guint64 number;
    const char *message; /* NULL: it is written */
} writes[] = {
    { { 3, 9, .bare = false }, SHORTER, 0, 0, 0, NULL },
    { { 3, 9, .bare = false }, EQUAL, 0, 0, 0, NULL },
    { { 3, 9, .bare = false }, LONGER, 0, 0, 0, NULL },
    { { 3, 9, .bare = false }, GROWN, 0, 0, 0, NO_CLUSTER },
    { { 2, 16, .bare = false }, SHORTER, 0, 0, 0, NULL },
    { { 2, 9, .bare = true }, LONGER, 0, 0, 0, NULL },
    { { 3, 14, .extended = true }, SHORTER, 0, 0, 0, NULL },
    { { 3, 21, .bare = false }, LONGER, 0, 0, 0, NULL },
    /* What QEMU records of a mapped-ram state is not its length. */
    { { 3, 9, .unrecorded = 1024 }, EQUAL, 0, 0, 0, NULL },
    { { 3, 9, .packing = DEFLATE }, EQUAL, 0, 0, 0, "that would change is compressed" },
    { { 3, 9, .packing = ZSTD }, "--filter=null", 0, 0, 0, NULL },
    { { 3, 9, .bare = false }, "--compress=none", 0, 0, 0, NULL },
    { { 3, 9, .bare = false }, "--compress=lzop", 0, 0, 0, "whose state is compressed" },
    { { 3, 9, .bare = false }, "--zstd", 0, 0, 0, "whose state is compressed" },
    /* Each width of the counts. */
    { { 3, 12, .order = 1 }, EQUAL, 0, 0, 0, NULL },
    { { 3, 12, .order = 2 }, EQUAL, 0, 0, 0, NULL },
    { { 3, 12, .order = 3 }, EQUAL, 0, 0, 0, NULL },
    { { 3, 12, .order = 5 }, EQUAL, 0, 0, 0, NULL },
    { { 3, 12, .order = 6 }, EQUAL, 0, 0, 0, NULL },
    { { 3, 9, .bare = false }, EQUAL, 96, 4, 7, "its reference counts have no size" },
    { { 3, 9, .bare = false }, EQUAL, AT_COUNTS + 2 * DATA, 2, 2, SHARED },
    { { 3, 9, .bare = false }, EQUAL, AT_COUNTS + 2 * DATA, 2, 0, WRONG_COUNTS },
    { { 3, 9, .bare = false }, EQUAL, AT_COUNTS + 2 * (DATA + 1), 2, 2, NULL },
    { { 3, 9, .bare = false }, EQUAL, COUNTS * 512, 8, 0, WRONG_COUNTS },
    { { 3, 9, .bare = false },
      EQUAL,
      COUNTS * 512,
      8,
      1 << 20,
      "has no reference counts" },
    { { 3, 9, .bare = false }, EQUAL, 56, 4, 0, WRONG_COUNTS },
    { { 3, 9, .bare = false }, EQUAL, 72, 8, 1, "qemu-img check -r all" },
    { { 3, 9, .bare = false }, EQUAL, 72, 8, 2, "qemu-img check -r all" },
    { { 3, 9, .bare = false }, EQUAL, 88, 8, 1, NULL },
    { { 3, 9, .bare = false }, EQUAL, 88, 8, 2, "features that are not known here" },
};

/* QEMU that has loaded a snapshot has its state in the disk's tables too. */
START_TEST(is_written_after_a_load)
{
    /* count, size of the disk, whether a table leads to the state */
    static const struct {
        unsigned count;
        guint64 disk;
        gboolean loaded, written;
    } rows[] = {
        { 2, DISK_SIZE, TRUE, TRUE },   { 3, DISK_SIZE, TRUE, FALSE },
        { 2, DISK_SIZE, FALSE, FALSE }, { 2, 32768, TRUE, TRUE },
        { 2, 32769, TRUE, FALSE }, /* It is the disk's. */
    };
    const Form form = { 3, 9, .bare = false };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "image", NULL);

    put_counts(image, &form, rows[_i].count);
    put(image, 24, rows[_i].disk, 8);
    put(image, 36, rows[_i].loaded ? 2 : 0, 4);
    put(image, 40, L1 * 512, 8);
    ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    g_autoptr(Run) run = run_migstat(NULL, "convert", "--in-place", EQUAL, path, NULL);
    ck_assert_msg((run->status == 0) == rows[_i].written, "%s", run->err);
    ck_assert(rows[_i].written || strstr(run->err, SHARED));
    scratch_remove(folder);
}
END_TEST

/* The state as it is read: of the recorded length. */
static void assert_state(const char *path, const char *filter, const GByteArray *was)
{
    g_autofree char *copy = g_strconcat(path, ".was", NULL);
    gsize n;

    ck_assert(g_file_set_contents(copy, (const char *)was->data, was->len, NULL));
    g_autoptr(Run) wanted =
        run_migstat(NULL, "convert", "--snapshot=2", filter, copy, NULL);
    g_autoptr(Run) state =
        run_migstat(NULL, "convert", "--snapshot=2", "--filter=null", path, NULL);
    ck_assert_int_eq(wanted->status, 0);
    ck_assert_int_eq(state->status, 0);
    /* What was longer has zeros after it. */
    ck_assert_uint_ge(state->out_length, wanted->out_length);
    ck_assert_mem_eq(state->out, wanted->out, wanted->out_length);
    for (n = wanted->out_length; n < state->out_length; n++) {
        ck_assert_int_eq(state->out[n], 0);
    }
}

START_TEST(is_written)
{
    g_autoptr(GBytes) stream = stream_of(&writes[_i].form);
    g_autoptr(GByteArray) image = make(&writes[_i].form, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "image", NULL);
    g_autofree char *is = NULL;
    const gsize entry = ((gsize)SNAPSHOTS << writes[_i].form.cluster_bits) + ENTRY;
    gsize n;

    if (writes[_i].offset) {
        put(image, writes[_i].offset, writes[_i].number, writes[_i].n);
    }
    ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    g_autoptr(Run) run = run_migstat(NULL, "convert", "--in-place", "--snapshot=guest",
                                     writes[_i].filter, path, NULL);
    ck_assert(g_file_get_contents(path, &is, &n, NULL));
    if (writes[_i].message) {
        ck_assert_int_ne(run->status, 0);
        ck_assert_msg(strstr(run->err, writes[_i].message) != NULL, "%s", run->err);
        ck_assert_ptr_nonnull(strstr(run->err, "-o FILE instead of --in-place"));
        ck_assert_uint_eq(n, image->len);
        ck_assert_mem_eq(is, image->data, n);
    } else {
        ck_assert_msg(run->status == 0, "%s", run->err);
        assert_state(path, writes[_i].filter, image);
        /* Header, the other snapshot, and all tables are as they were. */
        ck_assert_mem_eq(is, image->data, entry + 32);
        n = entry + (writes[_i].form.bare ? 40 : 48);
        ck_assert_mem_eq(is + n, image->data + n,
                         ((gsize)DATA << writes[_i].form.cluster_bits) - n);
    }
    scratch_remove(folder);
}
END_TEST

/* Both fields have the new length; bytes of a longer state are gone from the image. */
START_TEST(has_its_new_length)
{
    const Form form = { 3, 9, .bare = false };
    g_autoptr(GBytes) stream = the_stream();
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "image", NULL);
    g_autofree char *is = NULL;
    const gsize entry = SNAPSHOTS * 512 + ENTRY;
    gsize n;

    ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    g_autoptr(Run) run = run_migstat(NULL, "convert", "--in-place", SHORTER, path, NULL);
    g_autoptr(Run) shorter = run_migstat(NULL, "convert", "--filter=null", path, NULL);
    ck_assert_int_eq(run->status, 0);
    ck_assert_int_eq(shorter->status, 0);
    ck_assert(g_file_get_contents(path, &is, &n, NULL));
    ck_assert_ptr_nonnull(memmem(image->data, image->len, "vmsd_name", 9));
    ck_assert_ptr_null(memmem(is, n, "vmsd_name", 9));
    ck_assert_uint_lt((guint8)is[entry + 34] * 256u + (guint8)is[entry + 35],
                      g_bytes_get_size(stream));
    ck_assert_mem_eq(is + entry + 32, is + entry + 44, 4);
    /* An image of two names, and one that may not be written, would be replaced. */
    g_autofree char *name = g_build_filename(folder, "other", NULL);
    ck_assert_int_eq(link(path, name), 0);
    g_autoptr(Run) linked = run_migstat(NULL, "convert", "--in-place", EQUAL, path, NULL);
    ck_assert_ptr_nonnull(
        strstr(linked->err, "it may not be written or has several names"));
    scratch_remove(folder);
}
END_TEST

/* Two entries of a table lead to one cluster, which cannot have what each of them would. */
START_TEST(has_each_cluster_once)
{
    const Form form = { 3, 9, .bare = false };
    g_autoptr(GBytes) stream = assembled(
        "header; config \"pc-q35-7.2\"; full 3 \"numbers\" 0 1; zero 2400; footer 3; "
        "eof\n"
        "description {\n"
        "{\"page_size\": 4096, \"devices\": [{\"name\": \"numbers\", \"instance_id\": 0, "
        "\"vmsd_name\": \"numbers\", \"version\": 1, \"fields\": [{\"name\": \"a\", "
        "\"array_len\": 300, \"type\": \"uint64\", \"size\": 8}]}]}\n"
        "}\n");
    g_autoptr(GByteArray) image = make(&form, stream);
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, "image", NULL);
    g_autofree char *is = NULL;
    gsize n;

    if (_i) { /* The third cluster is the second, which is as full of zeros. */
        memcpy(image->data + L2 * 512 + 16, image->data + L2 * 512 + 8, 8);
    }
    ck_assert(g_file_set_contents(path, (const char *)image->data, image->len, NULL));
    g_autoptr(Run) run =
        run_migstat(NULL, "convert", "--in-place",
                    "--filter=set-field:path=numbers:a[*]:value=5", path, NULL);
    ck_assert_msg((run->status == 0) == !_i, "%s", run->err);
    ck_assert(!_i || strstr(run->err, "the image's tables name a cluster twice"));
    ck_assert(g_file_get_contents(path, &is, &n, NULL));
    ck_assert((n == image->len && memcmp(is, image->data, n) == 0) == (_i > 0));
    scratch_remove(folder);
}
END_TEST

Suite *suite_qcow2(void)
{
    Suite *suite = suite_create("qcow2");
    TCase *tc = tcase_create("qcow2");

    tcase_add_loop_test(tc, reads_each_form, 0, G_N_ELEMENTS(forms));
    tcase_add_test(tc, shows_no_rest_of_another);
    tcase_add_loop_test(tc, shows_zeros, 0, 3);
    tcase_add_loop_test(tc, refuses_lies, 0, G_N_ELEMENTS(lies));
    tcase_add_test(tc, is_bounded);
    tcase_add_loop_test(tc, counts_its_tables, 0, 2);
    tcase_add_test(tc, reads_no_more_sectors_than_named);
    tcase_add_loop_test(tc, notices_each_cut, 0, 2);
    tcase_add_loop_test(tc, survives_each_flip, 0, 3);
    tcase_add_test(tc, is_shown);
    tcase_add_test(tc, several_are_listed);
    tcase_add_loop_test(tc, commands_name_the_snapshot, 0, 4);
    tcase_add_loop_test(tc, two_are_compared, 0, 4);
    tcase_add_loop_test(tc, two_that_differ_are_named, 0, 4);
    tcase_add_loop_test(tc, shows_marks, 0, 3);
    tcase_add_loop_test(tc, is_written, 0, G_N_ELEMENTS(writes));
    tcase_add_loop_test(tc, is_written_after_a_load, 0, 5);
    tcase_add_test(tc, has_its_new_length);
    tcase_add_loop_test(tc, has_each_cluster_once, 0, 2);
    suite_add_tcase(suite, tc);
    return suite;
}
