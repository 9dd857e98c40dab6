/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          streams that lie about a size, are deep, wide or many, expand without
 *                end, or have names that a terminal would obey.  The library stays within
 *                64 MiB, but for the window of a zstd frame, and its steps within the
 *                bytes that there are; the program's output stays text.
 * Must not know: how a bound is kept.
 * See also:      bounds.h; ../fuzz/targets.c, whose properties are asserted of each.
 */
#include "bounds.h"

#include <inttypes.h>
#include <sys/wait.h>
#include <time.h>
#include <zstd.h>

#include "fuzz/fuzz.h"
#include "migstat.h"
#include "mkmig.h"

#define MEMORY (64u << 20)

typedef struct {
    guint64 lies, other_lies;
} Counts;
static Counts *counts; /* shared by the forks of this suite */

static GBytes *assemble(const char *text)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = mkmig_assemble(text, "hostile", &error);

    ck_assert_msg(bytes != NULL, "%s\n%s", error ? error->message : "", text);
    return bytes;
}

static bool reads_well(GBytes *bytes)
{
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);

    return fuzz_read(data, n, NULL, NULL);
}

/* KEEP_HOSTILE=FOLDER keeps each stream there, for tests/bench/hostile. */
static void keep(GBytes *bytes)
{
    const char *folder = g_getenv("KEEP_HOSTILE");

    if (folder) {
        size_t n;
        const char *data = g_bytes_get_data(bytes, &n);
        g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
        g_autofree char *path = g_strdup_printf("%s/%.16s.mig", folder, sum);

        ck_assert(g_file_set_contents(path, data, (gssize)n, NULL));
    }
}

/* Reader over memory, file and pipe, then the program, `dump --devices` in it, and
 * conversions: the null one, between dialects, and one that decodes pages. */
static void attack(GBytes *bytes)
{
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);

    keep(bytes);
    fuzz_reader(data, n);
    fuzz_check(data, n);
    fuzz_dump(data, n);
    fuzz_convert(data, n);
    fuzz_filters(data, n);
}

/* --- lies about size ---------------------------------------------------------------- */

#define HEAD      "header\n"
#define CONFIG    "config \"pc-q35-7.2\"\n"
#define START_RAM "start 2 \"ram\" 0 4\n"
#define RAM       START_RAM "ram-size 0x2000; ram-block \"a\" 0x2000; ram-eos; footer 2\n"
#define VFIO      "start 3 \"0000:00:01.0/vfio\" 0 1; vfio setup; vfio eos; footer 3\n"
#define DEVICE    "full 9 \"dev\" 0 1; be32 7; footer 9\n"
#define DESCRIPTION_OF(field)                                                   \
    "description {\n{\"page_size\": 4096, \"devices\": [{\"name\": \"dev\", "   \
    "\"instance_id\": 0, \"vmsd_name\": \"dev\", \"version\": 1, \"fields\": [" \
    "{\"name\": \"x\", " field "}]}]}\n}\n"
#define MAPPED "config \"pc-q35-9.2\" { caps \"mapped-ram\" }\n" START_RAM

#define PLAIN HEAD CONFIG "eof\n" /* 24 bytes, CRC 0x7d1ee751 */
#define XBZRLE(data)                                                                  \
    HEAD CONFIG RAM "part 2; ram-normal 0 7 \"a\"; ram-xbzrle 0 \"a\" { " data " }\n" \
                    "ram-eos; footer 2; eof"
#define SEPTET(least, next) " LIE/" least "-LIE/" next "*0x80+0x80"
#define TWO_SEPTETS         "u8" SEPTET("1", "0x80") " LIE/0x80"
/* clang-format off */
#define TEN_SEPTETS                                                                     \
    "u8" SEPTET("1", "0x80") SEPTET("0x80", "0x4000") SEPTET("0x4000", "0x200000")       \
    SEPTET("0x200000", "0x10000000") SEPTET("0x10000000", "0x800000000")                \
    SEPTET("0x800000000", "0x40000000000") SEPTET("0x40000000000", "0x2000000000000")   \
    SEPTET("0x2000000000000", "0x100000000000000")                                      \
    SEPTET("0x100000000000000", "0x8000000000000000") " LIE/0x8000000000000000"
/* clang-format on */
/* virtio-mmio around one queue, and a description that has but its length. */
#define VIRTIO_OF(name, config, queues, ring, state)                                   \
    HEAD CONFIG                                                                        \
        "full 9 \"dev\" 0 1; label from; be32 0 0 0; u8 0 0; be16 0; be32 0 " config   \
        "; zero 8; be32 " queues " " ring " 4096; be64 0; be16 0\n" state              \
        "\nlabel to; footer 9; eof\ndescription {\n{\"page_size\": 4096, "             \
        "\"devices\": [{\"name\": \"dev\", \"instance_id\": 0, \"vmsd_name\": \"" name \
        "\", \"version\": 1, \"fields\": [{\"name\": \"virtio\", \"type\": "           \
        "\"virtio\", \"size\": ${@to-@from}}]}]}\n}\n"
#define VIRTIO(config, queues, ring) \
    VIRTIO_OF("virtio-balloon", config, queues, ring, "be32 1 2")
#define VIRTIO_NET(addresses)                                                   \
    VIRTIO_OF("virtio-net", "8", "1", "128",                                    \
              "zero 6; be32 0 0; be16 1; u8 0 0; be32 " addresses "; zero 12\n" \
              "zero 512; be32 0; u8 0 0 0 0 0 0 0; be64 0")
/* A frame with one block, which is not compressed. */
#define ZSTD_RAW(header) "le32 0xfd2fb528; " header "; le16 24*8+1; u8 0\n" PLAIN

/* LIE stands for the value of the field, the truth is what makes the stream sound. */
typedef struct {
    const char *field;
    unsigned bits;
    uint64_t truth;
    const char *stream;
} Lie;

/* How long, how many, how wide. */
static const Lie lengths[] = {
    { "machine name", 32, 2, HEAD "u8 7; be32 LIE; str \"pc\"\n" RAM "eof" },
    { "configuration subsection's name", 8, 18,
      HEAD "config \"pc\" { u8 5 LIE; str \"configuration/uuid\"; be32 1; zero 16 }\n" RAM
           "eof" },
    { "page bits", 32, 12, HEAD "config \"virt\" { page-bits LIE }\n" RAM "eof" },
    { "capabilities", 32, 1,
      HEAD "config \"pc\" { u8 5; pstr8 \"configuration/capabilities\"; be32 1 LIE; "
           "pstr8 \"mapped-ram\" }\neof" },
    { "capability's name", 8, 10,
      HEAD
      "config \"pc\" { u8 5; pstr8 \"configuration/capabilities\"; be32 1 1; u8 LIE; "
      "str \"mapped-ram\" }\neof" },
    { "section's name", 8, 3,
      HEAD CONFIG "u8 1; be32 2; u8 LIE; str \"ram\"; be32 0 4\n"
                  "ram-eos; footer 2; eof" },
    { "command's payload", 16, 4, HEAD CONFIG "u8 8; be16 2 LIE; be32 1\neof" },
    { "package", 32, 26, HEAD CONFIG "u8 8; be16 7 4; be32 LIE; " DEVICE "eof" },
    { "package in a package", 32, 26,
      HEAD CONFIG "packaged { u8 8; be16 7 4; be32 LIE; " DEVICE "}\neof" },
    { "page size of an advise", 64, 4096,
      HEAD "config \"virt\"\ncommand 3 { be64 0x1000 LIE }\n" RAM "eof" },
    { "discarded block's name", 8, 1,
      HEAD CONFIG RAM "command 6 { u8 0 LIE; str \"a\"; u8 0; be64 0 0x1000 }\neof" },
    { "discarded range", 64, 0x1000,
      HEAD CONFIG RAM "command 6 { u8 0 1; str \"a\"; u8 0; be64 0 LIE }\neof" },
    { "block whose bitmap is asked for", 8, 1,
      HEAD CONFIG RAM "command 9 { u8 LIE; str \"a\" }\neof" },
    { "RAM in all", 64, 0x2000,
      HEAD CONFIG START_RAM "be64 LIE/0x1000*0x1000+4; ram-block \"a\" 0x2000; ram-eos; "
                            "footer 2; eof" },
    { "RAM block's name", 8, 1,
      HEAD CONFIG START_RAM "ram-size 0x2000; u8 LIE; str \"a\"; be64 0x2000; ram-eos; "
                            "footer 2; eof" },
    { "RAM block", 64, 0x2000,
      HEAD CONFIG START_RAM
      "ram-size 0x2000; ram-block \"a\" LIE; ram-eos; footer 2; eof" },
    { "RAM block and all of RAM", 64, 0x2000,
      HEAD CONFIG START_RAM
      "be64 LIE/0x1000*0x1000+4; ram-block \"a\" LIE; ram-eos; "
      "footer 2; part 2; ram-zero 0x1000 \"a\"; ram-eos; footer 2; eof" },
    { "RAM block's page size", 64, 0x200000,
      HEAD CONFIG "command 3 { be64 0x201000 0x1000 }\n" START_RAM
                  "ram-size 0x200000; ram-block \"a\" 0x200000; be64 LIE; ram-eos; "
                  "footer 2; eof" },
    { "page's block", 8, 1,
      HEAD CONFIG RAM "part 2; be64 2; u8 LIE; str \"a\"; u8 0; ram-eos; footer 2; eof" },
    { "XBZRLE data", 16, 3,
      HEAD CONFIG RAM
      "part 2; be64 0x40; pstr8 \"a\"; u8 1; be16 LIE; u8 0 1 7; ram-eos; "
      "footer 2; eof" },
    { "XBZRLE, unchanged bytes", 8, 0, XBZRLE("u8 LIE 2 0xaa 0xbb") },
    { "XBZRLE, unchanged bytes, two septets", 14, 0x80,
      XBZRLE(TWO_SEPTETS "; u8 2 0xaa 0xbb") },
    { "XBZRLE, unchanged bytes, as many septets as it takes", 64, 0x80,
      XBZRLE(TEN_SEPTETS "; u8 2 0xaa 0xbb") },
    { "XBZRLE, changed bytes", 8, 2, XBZRLE("u8 0 LIE 0xaa 0xbb") },
    { "XBZRLE, changed bytes, two septets", 14, 129,
      XBZRLE("u8 0; " TWO_SEPTETS "; fill 129 7") },
    { "XBZRLE, changed bytes, as many septets as it takes", 64, 129,
      XBZRLE("u8 0; " TEN_SEPTETS "; fill 129 7") },
    { "zlib data", 32, 3,
      HEAD CONFIG RAM "part 2; be64 0x100; pstr8 \"a\"; be32 LIE; u8 0 1 7; ram-eos; "
                      "footer 2; eof" },
    { "mapped-ram page size", 64, 4096,
      HEAD MAPPED "ram-size 0x1000; ram-block \"a\" 0x1000; be32 1; be64 LIE @b @p\n"
                  "label b; u8 1; zero 7; label p; zero 4096; ram-eos; footer 2; eof" },
    { "mapped RAM block", 64, 0x1000,
      HEAD MAPPED
      "be64 LIE/0x1000*0x1000+4; ram-block \"a\" LIE; be32 1; be64 4096 @b @p\n"
      "label b; u8 1; zero 7; label p; zero 4096; ram-eos; footer 2; eof" },
    { "VFIO data", 64, 3,
      HEAD CONFIG VFIO
      "part 3; be64 0xffffffffef100004 LIE; u8 1 2 3; vfio eos; footer 3; "
      "eof" },
    { "MSI-X table", 16, 0x8001,
      HEAD CONFIG VFIO "full 3 \"0000:00:01.0/vfio\" 0 1; vfio config; be32 2\n"
                       "le16 0x15b3 0x101e 6 0x10; zero 0x34-8; u8 0x40; zero 11\n"
                       "u8 0x11 0; le16 LIE; zero 256-0x44; be32 0 0 0 0\n"
                       "zero 2*16; u8 0; vfio eos; footer 3; eof" },
    { "display's name", 8, 25,
      HEAD CONFIG VFIO "full 3 \"0000:00:01.0/vfio\" 0 1; vfio config\n"
                       "vfio-payload 256 0; u8 5 LIE; str \"VFIOPCIDevice/VFIODisplay\"\n"
                       "be32 1; zero 28; vfio eos; footer 3; eof" },
    { "block device's name", 8, 2,
      HEAD CONFIG
      "start 4 \"block\" 0 1; be64 9; u8 LIE; str \"vd\"; be64 2; footer 4; eof" },
    { "dirty bitmap's device's name", 8, 1,
      HEAD CONFIG "start 4 \"dirty-bitmap\" 0 1; u8 0x18 LIE; str \"d\"; be32 1; u8 0 1; "
                  "footer 4; eof" },
    { "dirty bitmap's name", 8, 1,
      HEAD CONFIG "start 4 \"dirty-bitmap\" 0 1; u8 0x14 LIE; str \"b\"; be32 1; u8 0 1; "
                  "footer 4; eof" },
    { "dirty bitmap's name after the device's", 8, 1,
      HEAD CONFIG "start 4 \"dirty-bitmap\" 0 1; u8 0x1c 1; str \"d\"; u8 LIE; "
                  "str \"b\"; be32 1; u8 0 1; footer 4; eof" },
    { "dirty bitmap's granularity", 32, 1,
      HEAD CONFIG "start 4 \"dirty-bitmap\" 0 1; u8 0x14 1; str \"b\"; be32 LIE; u8 0 1; "
                  "footer 4; eof" },
    { "dirty bitmap's sectors", 32, 8,
      HEAD CONFIG "start 4 \"dirty-bitmap\" 0 1; u8 0x40; be64 0; be32 LIE; "
                  "len64 { u8 1 0 0 0 }; u8 1; footer 4; eof" },
    { "dirty bits", 64, 4,
      HEAD CONFIG "start 4 \"dirty-bitmap\" 0 1; u8 0x40; be64 0; be32 8; be64 LIE; "
                  "u8 1 0 0 0; u8 1; footer 4; eof" },
    { "hash table's size", 32, 24,
      HEAD CONFIG "start 4 \"spapr/htab\" 0 1; be32 LIE; footer 4; eof" },
    { "hash table's valid entries", 16, 1,
      HEAD CONFIG "start 4 \"spapr/htab\" 0 1; be32 0 5; be16 LIE 0; zero 16; be64 0; "
                  "footer 4; eof" },
    { "hash table's invalid entries", 16, 1,
      HEAD CONFIG "start 4 \"spapr/htab\" 0 1; be32 0 5; be16 1 LIE; zero 16; be64 0; "
                  "footer 4; eof" },
    { "run state's name", 32, 8,
      HEAD CONFIG "full 4 \"globalstate\" 0 1; be32 LIE; str \"running\"; zero 93; "
                  "footer 4; eof" },
    { "storage attributes", 64, 2,
      HEAD CONFIG
      "start 4 \"s390-storage_attributes\" 0 0; be64 0x1002 LIE; u8 1 2; be64 1; "
      "footer 4; eof" },
    { "storage keys", 64, 2,
      HEAD CONFIG "full 4 \"s390-skeys\" 0 0; be64 0x1002 LIE; u8 1 2; be64 1; footer 4; "
                  "eof" },
    { "description", 32, 15,
      HEAD CONFIG RAM "eof; u8 6; be32 LIE; str \"{\\\"devices\\\": []}\"" },
    { "field's size", 64, 4,
      HEAD CONFIG DEVICE
      "eof\n" DESCRIPTION_OF("\"type\": \"uint32\", \"size\": ${LIE}") },
    { "array's length", 64, 4,
      HEAD CONFIG DEVICE
      "eof\n" DESCRIPTION_OF("\"array_len\": ${LIE}, \"type\": \"uint8\", \"size\": 1") },
    { "structs' size", 64, 4,
      HEAD CONFIG DEVICE "eof\n" DESCRIPTION_OF(
          "\"type\": \"struct\", \"size\": ${LIE}, \"struct\": {\"vmsd_name\": \"s\", "
          "\"version\": 1, \"fields\": [{\"name\": \"y\", \"type\": \"uint32\", "
          "\"size\": 4}]}") },
    { "page size in the description", 64, 4096,
      HEAD CONFIG RAM
      "eof\ndescription {\n{\"page_size\": ${LIE}, \"devices\": []}\n}\n" },
    { "array of arrays", 64, 4,
      HEAD CONFIG DEVICE "eof\n" DESCRIPTION_OF(
          "\"array_len\": ${LIE}, \"type\": \"uint8\", \"size\": ${LIE/4}") },
    { "virtio configuration", 32, 8, VIRTIO("LIE", "1", "128") },
    { "virtio queues", 32, 1, VIRTIO("8", "LIE", "128") },
    { "virtio ring", 32, 128, VIRTIO("8", "1", "LIE") },
    { "virtio-net's table of addresses", 32, 2, VIRTIO_NET("LIE") },
    { "libvirt's XML", 32, 21,
      "str \"LibvirtQemudSave\"; le32 2 LIE 1 0 0; zero 56; str \"<domain "
      "type='kvm'/>\\0\"\n" HEAD CONFIG "eof" },
    { "libvirt's cookie", 32, 0,
      "str \"LibvirtQemudSave\"; le32 2 21 1 0 LIE; zero 56; str \"<domain "
      "type='kvm'/>\\0\"\n" HEAD CONFIG "eof" },
    { "libvirt's cookie, where there is one", 32, 10,
      "str \"LibvirtQemudSave\"; le32 2 24 1 0 LIE; zero 56; str \"<domain/>\\0\"\n"
      "str \"<cookie/>\"; zero 5\n" HEAD CONFIG "eof" },
    { "libvirt's XML, from a big-endian host", 32, 10,
      "str \"LibvirtQemudSave\"; be32 2 LIE 1 0 0; zero 56; str \"<domain/>\\0\"\n" HEAD
          CONFIG "eof" },
    { "zstd, skipped", 32, 3, "le32 0x184d2a50 LIE; u8 1 2 3\n" ZSTD_RAW("u8 0x20 24") },
    { "zstd, size in 1 byte", 8, 24, ZSTD_RAW("u8 0x20 LIE") },
    { "zstd, size in 4 bytes", 32, 24, ZSTD_RAW("u8 0xa0; le32 LIE") },
    { "zstd, size in 8 bytes", 64, 24, ZSTD_RAW("u8 0xe0; le64 LIE") },
    { "zstd, size in 8 bytes, with a window", 64, 24, ZSTD_RAW("u8 0xc0 0; le64 LIE") },
    { "zstd, window", 8, 0, ZSTD_RAW("u8 0 LIE") },
    { "zstd, block", 21, 24,
      "le32 0xfd2fb528; u8 0x20 24 LIE*8+1-(LIE*8+1)/256*256 "
      "(LIE*8+1)/256-LIE/0x2000*256 LIE/0x2000\n" PLAIN },
    { "gzip, extra field", 16, 2,
      "u8 0x1f 0x8b 8 4 0 0 0 0 0 3; le16 LIE; u8 1 2\n"
      "u8 1; le16 24 65535-24\n" PLAIN "le32 0x7d1ee751 24" },
    { "gzip, stored block", 16, 24,
      "u8 0x1f 0x8b 8 0 0 0 0 0 0 3; u8 1; le16 LIE 65535-LIE\n" PLAIN
      "le32 0x7d1ee751 24" },
    { "gzip, size", 32, 24,
      "u8 0x1f 0x8b 8 0 0 0 0 0 0 3; u8 1; le16 24 65535-24\n" PLAIN
      "le32 0x7d1ee751 LIE" },
};

/* Who, where, which. */
static const Lie others[] = {
    { "section id", 32, 2, HEAD CONFIG RAM "part LIE; ram-eos; footer 2; eof" },
    { "instance id", 32, 0, HEAD CONFIG "start 2 \"ram\" LIE 4; ram-eos; footer 2; eof" },
    { "section version", 32, 4,
      HEAD CONFIG "start 2 \"ram\" 0 LIE; ram-eos; footer 2; eof" },
    { "command", 16, 1, HEAD CONFIG "u8 8; be16 LIE 0\neof" },
    { "RAM block's address", 64, 0x100000000,
      HEAD "config \"pc\" { caps \"x-ignore-shared\" }\n" START_RAM
           "ram-size 0x2000; ram-block \"a\" 0x2000; be64 LIE; ram-eos; footer 2; eof" },
    { "page's address", 64, 0x1000,
      HEAD CONFIG RAM "part 2; be64 LIE/0x1000*0x1000+2; pstr8 \"a\"; u8 0; ram-eos; "
                      "footer 2; eof" },
    { "mapped-ram version", 32, 1,
      HEAD MAPPED "ram-size 0x1000; ram-block \"a\" 0x1000; be32 LIE; be64 4096 @b @p\n"
                  "label b; u8 1; zero 7; label p; zero 4096; ram-eos; footer 2; eof" },
    { "mapped-ram bitmap", 64, 133,
      HEAD MAPPED "ram-size 0x1000; ram-block \"a\" 0x1000; be32 1; be64 4096 LIE @p\n"
                  "u8 1; zero 7; label p; zero 4096; ram-eos; footer 2; eof" },
    { "mapped-ram pages", 64, 141,
      HEAD MAPPED "ram-size 0x1000; ram-block \"a\" 0x1000; be32 1; be64 4096 @b LIE\n"
                  "label b; u8 1; zero 7; zero 4096; ram-eos; footer 2; eof" },
    { "interrupt pin", 32, 1,
      HEAD CONFIG VFIO "full 3 \"0000:00:01.0/vfio\" 0 1; vfio config; be32 2\n"
                       "zero 256; be32 LIE 0 0 0; vfio eos; footer 3; eof" },
    { "libvirt's format", 32, 0,
      "str \"LibvirtQemudSave\"; le32 2 21 1 LIE 0; zero 56; str \"<domain "
      "type='kvm'/>\\0\"\n" HEAD CONFIG "eof" },
};

static GBytes *tell(const Lie *lie, uint64_t value)
{
    g_autofree char *decimal = g_strdup_printf("%" PRIu64, value);
    g_auto(GStrv) parts = g_strsplit(lie->stream, "LIE", -1);
    g_autofree char *text = g_strjoinv(decimal, parts);

    return assemble(text);
}

static bool add_new(GHashTable *seen, GBytes *bytes)
{
    return g_hash_table_add(seen, g_bytes_ref(bytes));
}

/* libzstd keeps the window of a frame, of up to 128 MiB, beside what the library has. */
static size_t memory_for(const Lie *lie)
{
    return MEMORY + (strcmp(lie->field, "zstd, window") == 0 ? 128u << 20 : 0);
}

/* Returns how many lies it was. */
static guint64 lie_about(const Lie *lie)
{
    const uint64_t top = UINT64_C(1) << (lie->bits - 1);
    const uint64_t values[] = { 0,
                                1,
                                UINT64_C(1) << 31,
                                UINT32_MAX,
                                top,
                                top - 1,
                                top | (top - 1),
                                (top | (top - 1)) - 1,
                                0x7fffffff,
                                INT64_MAX - 100 };
    g_autoptr(GHashTable) seen = g_hash_table_new_full(
        g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);

    guint64 told = 0;

    g_autoptr(GBytes) truth = tell(lie, lie->truth);
    ck_assert_msg(reads_well(truth), "%s: the stream without the lie is not sound",
                  lie->field);
    add_new(seen, truth);
    attack(truth);
    limit_memory(memory_for(lie));
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GBytes) bytes =
            values[i] <= (top | (top - 1)) ? tell(lie, values[i]) : NULL;

        if (bytes && add_new(seen, bytes)) {
            attack(bytes);
            told++;
        }
    }
    return told;
}

START_TEST(test_length)
{
    counts->lies += lie_about(&lengths[_i]);
}
END_TEST

START_TEST(test_other)
{
    counts->other_lies += lie_about(&others[_i]);
}
END_TEST

/* What is lied about in them is looked at by `dump --devices`. */
static const struct {
    const char *stream, *field;
} shown[] = {
    { VIRTIO("8", "1", "128"), "num_pages" },
    { VIRTIO("8", "1", "128"), "last_avail_idx" },
    { VIRTIO_NET("2"), "mac_table.macs" },
};

START_TEST(test_shown)
{
    g_autoptr(GBytes) bytes = assemble(shown[_i].stream);
    g_autoptr(Run) run = run_migstat(bytes, "dump", "--devices", "-", NULL);

    ck_assert_msg(strstr(run->out, shown[_i].field), "%s\n%s%s", shown[_i].field,
                  run->out, run->err);
}
END_TEST

/* --- too deep, too many ------------------------------------------------------------- */

/* @stream_text, and a description of @before, @unit that often, @after. */
static GBytes *described(const char *stream_text, const char *before, const char *unit,
                         size_t times, const char *after)
{
    GString *json = g_string_new(before);

    for (size_t i = 0; i < times; i++) {
        g_string_append(json, unit);
    }
    g_string_append(json, after);

    GByteArray *stream = g_byte_array_new();
    g_autoptr(GBytes) head = assemble(stream_text);
    uint8_t length[4];
    mig_put_be32(length, (uint32_t)json->len);
    g_byte_array_append(stream, g_bytes_get_data(head, NULL),
                        (guint)g_bytes_get_size(head));
    g_byte_array_append(stream, length, sizeof length);
    g_byte_array_append(stream, (const uint8_t *)json->str, (guint)json->len);
    g_string_free(json, TRUE);
    return g_byte_array_free_to_bytes(stream);
}

static const struct {
    const char *what;
    const char *before, *unit;
    size_t times;
    const char *after;
} masses[] = {
    { "arrays in arrays", "{\"devices\": ", "[", 100000, "" },
    { "objects in objects", "{\"devices\": [", "{\"x\": ", 100000, "" },
    { "structs in structs", "{\"devices\": [{\"name\": \"dev\", \"instance_id\": 0, ",
      "\"fields\": [{\"name\": \"x\", \"type\": \"struct\", \"struct\": {", 100000, "" },
    { "subsections in subsections",
      "{\"devices\": [{\"name\": \"dev\", \"vmsd_name\": \"d\", ",
      "\"subsections\": [{\"vmsd_name\": \"d\", ", 100000, "" },
    { "devices, as many as 16 MiB hold", "{\"devices\": [{}", ",{}", 5500000, "]}" },
    { "fields, as many as 16 MiB hold",
      "{\"devices\": [{\"name\": \"dev\", \"instance_id\": 0, \"vmsd_name\": \"dev\", "
      "\"fields\": [{}",
      ",{}", 5500000, "]}]}" },
    { "a name of 16 MiB", "{\"devices\": [{\"name\": \"", "n", (16u << 20) - 100,
      "\"}]}" },
    { "a description of 17 MiB", "{\"devices\": [", " ", 17u << 20, "]}" },
    { "a number of 1 MiB", "{\"page_size\": ", "9", 1u << 20, ", \"devices\": []}" },
    { "escapes", "{\"devices\": [{\"name\": \"", "\\ud800", 1u << 20, "\"}]}" },
};

START_TEST(test_mass)
{
    g_autoptr(GBytes) bytes =
        described(HEAD CONFIG RAM DEVICE "eof; u8 6", masses[_i].before, masses[_i].unit,
                  masses[_i].times, masses[_i].after);

    keep(bytes);
    limit_memory(MEMORY);
    fuzz_check(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    fuzz_dump(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    /* The device's end is found all the same, by its footer. */
    ck_assert_msg(reads_well(bytes), "%s", masses[_i].what);
}
END_TEST

static const struct {
    const char *what, *stream;
} crowds[] = {
    { "packages in packages",
      HEAD CONFIG "packaged { packaged { packaged { packaged { packaged { packaged { "
                  "packaged { packaged { packaged { eof } } } } } } } } }" },
    { "commands", HEAD CONFIG "repeat 20000 { command 1 }; eof" },
    { "sections of one name",
      HEAD CONFIG "repeat 5000 { full @i \"dev\" 0 1; be32 0; footer "
                  "@i }; eof" },
    { "sections whose names are none",
      HEAD CONFIG "repeat 5000 { full @i \"\\x01\" 0 1; be32 0; footer @i }; eof" },
    { "VFIO records",
      HEAD CONFIG VFIO "part 3; repeat 20000 { vfio eos }; footer 3; eof" },
    { "RAM blocks", HEAD CONFIG START_RAM
      "ram-size 2000*0x1000; repeat 2000 { pstr8 \"${@i}\"; be64 0x1000 "
      "}; ram-eos; footer 2; eof" },
    { "descriptions that are none",
      HEAD CONFIG DEVICE "eof; repeat 4000 { u8 6; be32 5; str \"{\\\"d\\\":\" }" },
    { "marks of a description that are none",
      HEAD CONFIG "full 9 \"dev\" 0 1; repeat 500000 { u8 0 6 }; footer 9; eof" },
    { "footers that are none",
      HEAD CONFIG "full 9 \"dev\" 0 1; repeat 20000 { footer 9 }; footer 9; eof" },
};

START_TEST(test_crowd)
{
    g_autoptr(GBytes) bytes = assemble(crowds[_i].stream);

    limit_memory(MEMORY);
    attack(bytes);
}
END_TEST

/* Sections of one name share an object of the description: it is not read again for each
 * without end. */
static const struct {
    const char *command, *option, *more, *out;
} readers_again[] = {
    { "check", "--for=5.2", "--verbose",
      "not evaluated (the devices' descriptions are longer than the stream is worth): "
      "subsection-twice, subsection-newer" },
    { "dump", "--devices", "--width=200",
      "not decoded: it has more fields than its length is worth" },
};

START_TEST(test_description_again)
{
    g_autoptr(GBytes) bytes = described(
        HEAD CONFIG "repeat 2000 { full @i \"dev\" 0 1; u8 0; footer @i }; eof; u8 6",
        "{\"devices\": [{\"name\": \"dev\", \"instance_id\": 0, \"vmsd_name\": \"dev\", "
        "\"fields\": [{\"name\": \"a\", \"type\": \"uint8\", \"size\": 1}], \"x\": [0",
        ", \"////////////////////////////////\"", 1u << 15, "]}]}");
    keep(bytes);
    g_autoptr(Run) run =
        run_migstat(bytes, readers_again[_i].command, readers_again[_i].option,
                    readers_again[_i].more, "-", NULL);

    ck_assert_msg(strstr(run->out, readers_again[_i].out), "%.2000s%s", run->out,
                  run->err);
}
END_TEST

/* Of each unit so many after each other; where they are numbered, so is each. */
typedef struct {
    unsigned n;
    bool numbered; /* in the section's id, and the first bytes of a name */
    const char *units[2];
    const char *after;
} Multitude;

/* As many as a stream may have. */
static const Multitude devices = {
    130000,
    true,
    { "start 0 \"000000/vfio\" 0 1; vfio setup; vfio eos",
      "end 0; vfio config; vfio-payload 256 0; vfio eos; vfio eos" },
    "eof",
};

static const Multitude one_section = {
    600000,
    false,
    { "full 1 \"a\" 0 1; u8 1; footer 1" },
    "eof; description {\n{\"page_size\": 4096, \"devices\": [{\"name\": \"a\", "
    "\"instance_id\": 0, \"size\": 1}]}\n}\n",
};

static const struct {
    const Multitude *stream;
    int status;
    const char *words[6]; /* FILE is the stream's */
} multitudes[] = {
    { &devices, 0, { "dump", "FILE" } },
    { &devices, 0, { "dump", "--devices=000007/vfio", "FILE" } },
    { &devices, 1, { "check", "--all", "--for=all", "FILE" } },
    { &devices, 0, { "diff", "FILE", "FILE" } },
    { &devices, 0, { "convert", "--to=config-last", "FILE", "-o", "/dev/null" } },
    { &devices, 0, { "convert", "--to=subflag", "FILE", "-o", "/dev/null" } },
    { &devices, 0, { "convert", "--to=config-first", "FILE", "-o", "/dev/null" } },
    { &one_section, 0, { "dump", "FILE" } },
    { &one_section,
      0,
      { "convert", "--filter=drop-section:name=a", "FILE", "-o", "/dev/null" } },
    { &one_section,
      0,
      { "convert", "--filter=rename-section:from=a:to=b", "FILE", "-o", "/dev/null" } },
};

static void append_number(GByteArray *stream, const uint8_t *unit, size_t n, uint32_t i)
{
    g_autofree uint8_t *copy = g_memdup2(unit, n);
    char digits[8];

    mig_put_be32(copy + 1, i);
    if (copy[0] == MIG_SECTION_START) {
        memcpy(copy + 6, digits, (size_t)g_snprintf(digits, sizeof digits, "%06u", i));
    }
    g_byte_array_append(stream, copy, (guint)n);
}

static void write_multitude(const Multitude *m, const char *file)
{
    g_autoptr(GByteArray) stream = g_byte_array_new();
    g_autoptr(GBytes) head = assemble(HEAD CONFIG), after = assemble(m->after);
    size_t n;

    g_byte_array_append(stream, g_bytes_get_data(head, NULL),
                        (guint)g_bytes_get_size(head));
    for (size_t u = 0; u < G_N_ELEMENTS(m->units) && m->units[u]; u++) {
        g_autoptr(GBytes) unit = assemble(m->units[u]);
        const uint8_t *bytes = g_bytes_get_data(unit, &n);

        for (unsigned i = 0; i < m->n; i++) {
            if (m->numbered) {
                append_number(stream, bytes, n, i);
            } else {
                g_byte_array_append(stream, bytes, (guint)n);
            }
        }
    }
    g_byte_array_append(stream, g_bytes_get_data(after, NULL),
                        (guint)g_bytes_get_size(after));
    ck_assert(g_file_set_contents(file, (const char *)stream->data, stream->len, NULL));
}

/* Bytes of anonymous memory that the process has. */
static size_t anonymous_memory(GPid pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
    g_autofree char *status = NULL;
    const char *line = NULL;

    if (g_file_get_contents(path, &status, NULL, NULL)) {
        line = strstr(status, "RssAnon:");
    }
    return line ? (size_t)strtoull(line + strlen("RssAnon:"), NULL, 10) << 10 : 0;
}

/* Runs the program; what it had at most is in *peak, as far as it was seen. */
static int watched_run(char **argv, size_t *peak)
{
    const GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
                              G_SPAWN_STDERR_TO_DEV_NULL;
    int status;
    GPid pid;

    *peak = 0;
    ck_assert(g_spawn_async(NULL, argv, NULL, flags, NULL, NULL, &pid, NULL));
    while (waitpid(pid, &status, WNOHANG) == 0) {
        *peak = MAX(*peak, anonymous_memory(pid));
        g_usleep(1000);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Each field of a device has a path of 10 KB: a file of 33 KB would fill 100 MiB with them. */
static void write_long_paths(const char *file, const char *body)
{
    g_autofree char *name = g_strnfill(240, 'n');
    g_autofree char *text = g_strdup_printf(
        HEAD CONFIG "full 9 \"dev\" 0 1; %s; fill 14000 1; footer 9; eof; u8 6", body);
    g_autoptr(GString) json = g_string_new("{\"devices\": [{\"name\": \"dev\", "
                                           "\"instance_id\": 0, \"vmsd_name\": \"d\", "
                                           "\"version\": 1, \"fields\": [");
    size_t n;

    for (int i = 0; i < 40; i++) {
        g_string_append_printf(
            json,
            "{\"name\": \"%s\", \"type\": \"struct\", \"size\": 14001, "
            "\"struct\": {\"vmsd_name\": \"s\", \"fields\": [",
            name);
    }
    g_string_append(json, "{\"name\": \"v\", \"array_len\": 14001, \"type\": \"uint8\", "
                          "\"size\": 1}");
    for (int i = 0; i < 40; i++) {
        g_string_append(json, "]}}");
    }
    g_autoptr(GBytes) bytes = described(text, json->str, "", 0, "]}]}");
    const char *data = g_bytes_get_data(bytes, &n);
    ck_assert(g_file_set_contents(file, data, (gssize)n, NULL));
}

START_TEST(test_long_paths)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *a = g_build_filename(folder, "a.mig", NULL);
    g_autofree char *b = g_build_filename(folder, "b.mig", NULL);
    g_autofree char *migstat = g_strdup(g_getenv("MIGSTAT"));
    char diff[] = "diff";
    char *argv[] = { migstat, diff, a, b, NULL };
    size_t peak;

    write_long_paths(a, "u8 1");
    write_long_paths(b, "u8 2");
    ck_assert_int_eq(watched_run(argv, &peak), 1);
    if (is_release()) {
        ck_assert_msg(peak < MEMORY, "%zu bytes", peak);
    }
    scratch_remove(folder);
}
END_TEST

START_TEST(test_multitude)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *file = g_build_filename(folder, "many.mig", NULL);
    g_autofree char *migstat = g_strdup(g_getenv("MIGSTAT"));
    char *argv[8] = { migstat };
    size_t peak;

    if (is_release()) { /* the bound is that of the program as it is shipped */
        write_multitude(multitudes[_i].stream, file);
        for (size_t i = 0; multitudes[_i].words[i]; i++) {
            const char *word = multitudes[_i].words[i];

            argv[i + 1] = g_str_equal(word, "FILE") ? file : (char *)(uintptr_t)word;
        }
        ck_assert_int_eq(watched_run(argv, &peak), multitudes[_i].status);
        ck_assert_msg(peak < MEMORY, "%s: %zu bytes", argv[1], peak);
    }
    scratch_remove(folder);
}
END_TEST

/* RAM that a switch to postcopy takes back: of one block again and again, and of many. */
#define SWITCH(n, commands)                                                              \
    HEAD CONFIG                                                                          \
        "command 3 { be64 0x1000 0x1000 }\n" START_RAM "ram-size " n "*0x100000000000\n" \
        "repeat " n " { pstr8 \"${@i}\"; be64 0x100000000000 0x1000 }; ram-eos\n"        \
        "footer 2; " commands "; eof"
#define TAKEN_BACK "be64 0 0x100000000000"

static const struct {
    const char *stream, *says;
} discards[] = {
    { SWITCH("1", "repeat 4 { command 6 { u8 0; pstr8 \"0\"; u8 0; "
                  "repeat 4000 { " TAKEN_BACK " } } }"),
      "costs more than the stream is worth" },
    { SWITCH("100",
             "repeat 100 { command 6 { u8 0; pstr8 \"${@i}\"; u8 0; " TAKEN_BACK " } }"),
      "RAM block 1 has more pages than are kept account of" },
};

START_TEST(test_discards)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *file = g_build_filename(folder, "discards.mig", NULL);
    g_autoptr(GBytes) bytes = assemble(discards[_i].stream);
    size_t peak, n;
    const char *data = g_bytes_get_data(bytes, &n);
    g_autofree char *migstat = g_strdup(g_getenv("MIGSTAT"));
    char convert[] = "convert", filter[] = "--filter=fold", to[] = "--output=/dev/null";
    char *argv[] = { migstat, convert, filter, to, file, NULL };

    ck_assert(g_file_set_contents(file, data, (gssize)n, NULL));
    g_autoptr(Run) run = run_migstat(NULL, convert, filter, to, file, NULL);
    ck_assert_msg(run->status == 1 && strstr(run->err, discards[_i].says) &&
                      strstr(run->err, ".mig:0x"),
                  "%d: %s", run->status, run->err);
    ck_assert_int_eq(watched_run(argv, &peak), 1);
    ck_assert_msg(!is_release() || peak < MEMORY, "%zu bytes", peak);
    scratch_remove(folder);
}
END_TEST

/* Names, and section ids, that all share a value of the hash functions in common use: of a table
 * of them each would be compared with all others, which takes minutes; it takes a second.
 * GLib's tables of as many numbers have 65,521 chains, and multiply by 11 first. */
#define NAME_BITS 16
#define NAMES     60000u
#define ID(i)     ((i)*65521u * 0xba2e8ba3u) /* 1/11 */
#define SECONDS \
    100 /* of the processor, for about 30 commands that with collisions take 7 each */

static void put_name(char *name, guint i)
{
    for (unsigned bit = 0; bit < NAME_BITS; bit++) {
        /* 33 * 'E' + 'z' is 33 * 'F' + 'Y'. */
        memcpy(name + 2 * bit, i >> bit & 1 ? "Ez" : "FY", 2);
    }
}

static GByteArray *names_that_collide(void)
{
    GByteArray *stream = g_byte_array_new();
    g_autoptr(GBytes) head = assemble(HEAD CONFIG);
    g_autoptr(GString) json = g_string_new(NULL);
    char name[2 * NAME_BITS + 1] = "";
    uint8_t after[6] = { 0, 6 }; /* the end mark, a description */

    put_name(name, 0);
    g_string_printf(json,
                    "{\"devices\": [{\"name\": \"%s\", \"instance_id\": 0, "
                    "\"fields\": [",
                    name);
    g_byte_array_append(stream, g_bytes_get_data(head, NULL),
                        (guint)g_bytes_get_size(head));
    for (guint i = 0; i < NAMES; i++) {
        uint8_t section[6 + 2 * NAME_BITS + 8 + 5] = { MIG_SECTION_FULL };
        uint8_t *footer = section + sizeof section - 5;

        put_name(name, i);
        mig_put_be32(section + 1, ID(i));
        section[5] = 2 * NAME_BITS;
        memcpy(section + 6, name, 2 * NAME_BITS);
        footer[0] = MIG_FOOTER;
        mig_put_be32(footer + 1, ID(i));
        g_byte_array_append(stream, section, sizeof section);
        g_string_append_printf(json,
                               "%s{\"name\": \"%s\", \"type\": \"%s\", \"size\": 0}",
                               i ? "," : "", name, name);
    }
    g_string_append(json, "]}]}");
    mig_put_be32(after + 2, (uint32_t)json->len);
    g_byte_array_append(stream, after, sizeof after);
    g_byte_array_append(stream, (const uint8_t *)json->str, (guint)json->len);
    return stream;
}

START_TEST(test_collisions)
{
    g_autoptr(GByteArray) stream = names_that_collide();
    g_autoptr(GBytes) bytes = g_bytes_new(stream->data, stream->len);

    keep(bytes);
    if (is_release()) {
        setrlimit(RLIMIT_CPU, &(struct rlimit){ SECONDS, SECONDS });
    }
    ck_assert(fuzz_read(stream->data, stream->len, NULL, NULL));
    fuzz_dump(stream->data, stream->len);
    const char *argv[] = { "sh", "-c",
                           "ulimit -t 5; exec \"$0\" convert -q --filter=null -",
                           g_getenv("MIGSTAT"), NULL };
    g_autoptr(Run) run = is_release() ? run_program(argv, bytes, NULL) : NULL;
    ck_assert_msg(!run || run->status == 0, "%d: %s", run ? run->status : 0,
                  run ? run->err : "");
}
END_TEST

/* --- compressed without end ----------------------------------------------------------
 * */

/* A device's state of `zeros` bytes: all of it is kept until its end is known. */
static GBytes *bomb(size_t zeros)
{
    g_autoptr(GBytes) head = assemble(HEAD CONFIG RAM "full 9 \"dev\" 0 1");
    size_t n = g_bytes_get_size(head), bound = ZSTD_compressBound(n + (1u << 20)) * 2;
    g_autofree uint8_t *plain = g_malloc0(1u << 20), *packed = g_malloc(bound);
    GByteArray *all = g_byte_array_new();
    size_t length = ZSTD_compress(packed, bound, g_bytes_get_data(head, NULL), n, 1);

    g_byte_array_append(all, packed, (guint)length);
    length = ZSTD_compress(packed, bound, plain, 1u << 20, 1);
    for (size_t i = 0; i < zeros >> 20; i++) {
        g_byte_array_append(all, packed, (guint)length);
    }
    return g_byte_array_free_to_bytes(all);
}

START_TEST(test_bomb)
{
    g_autoptr(GBytes) bytes = bomb((size_t)1 << 30);

    keep(bytes);
    limit_memory(MEMORY);
    g_autoptr(Run) run = run_migstat(bytes, "dump", "--max-expand=256M", "-", NULL);
    ck_assert_msg(run->status == 1, "%d: %s", run->status, run->err);
    ck_assert_msg(strstr(run->err, "expands to more than the limit"), "%s", run->err);
    ck_assert_uint_lt(g_bytes_get_size(bytes), 1u << 20);
}
END_TEST

/* --- names ---------------------------------------------------------------------------
 * */

#define NASTY          \
    "\\x1b[2J\\x1b]0;" \
    "owned\\x07\\n\\r\\t\\0\\x7f\\x9b31m\\xc3\\x28\\xff\\xe2\\x80\\xae\\\"\\\\"

static const struct {
    const char *what, *stream;
} names[] = {
    { "machine", HEAD "config \"" NASTY "\"\n" RAM "eof" },
    { "capability", HEAD "config \"pc\" { caps \"" NASTY "\" }\neof" },
    { "subsection", HEAD "config \"pc\" { subsection \"" NASTY "\" 1 { } }\neof" },
    { "section", HEAD CONFIG "start 2 \"" NASTY "\" 0 1; be32 7; footer 2; eof" },
    { "VFIO section", HEAD CONFIG
      "start 2 \"" NASTY "/vfio\" 0 1; vfio config; vfio-payload 256 2; vfio eos; "
      "footer 2; eof" },
    { "RAM block", HEAD CONFIG START_RAM
      "ram-size 0x2000; ram-block \"" NASTY "\" 0x2000; ram-eos; "
      "footer 2; part 2; ram-zero 0 \"" NASTY "\"; ram-eos; footer 2; "
      "eof" },
    { "unknown RAM block",
      HEAD CONFIG RAM "part 2; ram-zero 0 \"" NASTY "\"; ram-eos; footer 2; eof" },
    { "damaged section", HEAD CONFIG "start 2 \"" NASTY "\" 0 1; be32 7" },
    { "device", HEAD CONFIG DEVICE
      "eof; u8 6; len32 { str \"{\\\"devices\\\": [{\\\"name\\\": "
      "\\\"\\\\u001b[2J\\\\u0000\\\\u202e\\\", \\\"instance_id\\\": 0}]}\" }" },
};

START_TEST(test_name)
{
    g_autoptr(GBytes) bytes = assemble(names[_i].stream);

    attack(bytes);
}
END_TEST

START_TEST(test_counts)
{
    printf("hostile: %" PRIu64 " lies in %zu length fields, %" PRIu64
           " in %zu others, %zu masses, %zu names\n",
           counts->lies, G_N_ELEMENTS(lengths), counts->other_lies, G_N_ELEMENTS(others),
           G_N_ELEMENTS(masses) + G_N_ELEMENTS(crowds), G_N_ELEMENTS(names));
}
END_TEST

Suite *suite_hostile(void)
{
    Suite *suite = suite_create("hostile");
    TCase *attacks = tcase_create("attacks");
    TCase *captures = tcase_create("captures");
    TCase *tally = tcase_create("tally");

    counts = shared_counts(sizeof *counts);
    tcase_add_loop_test(attacks, test_length, 0, G_N_ELEMENTS(lengths));
    tcase_add_loop_test(attacks, test_other, 0, G_N_ELEMENTS(others));
    tcase_add_loop_test(attacks, test_shown, 0, G_N_ELEMENTS(shown));
    tcase_add_loop_test(attacks, test_mass, 0, G_N_ELEMENTS(masses));
    tcase_add_loop_test(attacks, test_crowd, 0, G_N_ELEMENTS(crowds));
    tcase_add_loop_test(attacks, test_description_again, 0, G_N_ELEMENTS(readers_again));
    tcase_add_loop_test(attacks, test_multitude, 0, G_N_ELEMENTS(multitudes));
    tcase_add_test(attacks, test_long_paths);
    tcase_add_test(attacks, test_collisions);
    tcase_add_test(attacks, test_bomb);
    tcase_add_loop_test(attacks, test_name, 0, G_N_ELEMENTS(names));
    tcase_add_loop_test(captures, test_discards, 0, G_N_ELEMENTS(discards));
    tcase_add_test(tally, test_counts);
    suite_add_tcase(suite, attacks);
    suite_add_tcase(suite, captures);
    suite_add_tcase(suite, tally);
    return suite;
}
