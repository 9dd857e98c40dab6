/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of the chain and of all filters but vfio-layout: a stream in,
 *                the wanted stream or the reason of a refusal out.
 * Must not know: how filters do it.
 * See also:      conversion.h; test-vfio-layout.c.
 */
#include "support.h"

#include <string.h>

#include "content.h"
#include "conversion.h"
#include "filter/filter.h"

/* --- nothing changes ---------------------------------------------------------------- */

static const char *const nothing[] = { "",
                                       "null",
                                       "null null",
                                       "description:keep=yes",
                                       "keep-section:name=*",
                                       "ram-decompress" };

static void assert_unchanged(const char *name)
{
    g_autoptr(GBytes) stream = fixture_bytes(name);

    for (size_t i = 0; i < G_N_ELEMENTS(nothing); i++) {
        g_autofree char *what = g_strdup_printf("%s through \"%s\"", name, nothing[i]);
        g_autoptr(GBytes) result = converted(stream, nothing[i]);
        assert_same_bytes(result, stream, what);
    }
}

START_TEST(good_fixtures_pass)
{
    g_auto(GStrv) names = fixture_list("good", ".txt");

    ck_assert_ptr_nonnull(names[0]);
    for (char **name = names; *name; name++) {
        assert_unchanged(*name);
    }
}
END_TEST

START_TEST(real_streams_pass)
{
    g_auto(GStrv) names = fixture_list("real", ".mig.zst");

    ck_assert_ptr_nonnull(names[0]);
    for (char **name = names; *name; name++) {
        g_autoptr(GBytes) stream = fixture_bytes(*name);
        g_autoptr(GBytes) result = converted(stream, "null");
        assert_same_bytes(result, stream, *name);
    }
}
END_TEST

/* --- one stream to another ---------------------------------------------------------- */

#define ONLY(footer) "start 2 \"ram\" 0 4; ram-size 0; ram-eos; " footer
#define RAM                                                                       \
    "start 2 \"ram\" 0 4; ram-size 0x4000; ram-block \"pc.ram\" 0x4000; ram-eos;" \
    "footer 2\n"
#define SHORT_RAM                                                                 \
    "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"pc.ram\" 0x2000; ram-eos;" \
    "footer 2\n"
#define RAM_END "end 2; ram-eos; footer 2\n"
/* Pages of two blocks in turn, each with its name where the record before is of the other. */
#define VGA_RAM(name)                                                    \
    "start 2 \"ram\" 0 4; ram-size 0x6000; ram-block \"pc.ram\" 0x4000;" \
    "ram-block \"" name "\" 0x2000; ram-eos; footer 2\n"
#define VGA_END(name)                                                              \
    "part 2; ram-zero 0 \"pc.ram\"; ram-normal 0 5 \"" name "\"; ram-zero 0x1000;" \
    "ram-zero 0x1000 \"pc.ram\"; ram-zero 0 \"" name "\"; ram-eos; footer 2\n" RAM_END
#define DEVICE(id, name) "full " id " \"" name "\" 0 1; be32 1 2 3; footer " id "\n"
#define ENTRY(name)                                                  \
    "{\"name\": \"" name                                             \
    "\", \"instance_id\": 0, \"size\": 12, \"fields\": [{\"name\": " \
    "\"data\", \"size\": 12, \"type\": \"buffer\"}]}"
#define EMPTY_ENTRY(name) \
    "{\"name\": \"" name "\", \"instance_id\": 0, \"size\": 0, \"fields\": []}"
#define DEVICES(list) "description {\n{\"page_size\": 4096, \"devices\": [" list "]}\n}\n"
/* A device that ends in a struct of four bytes, and has @fields before it. */
#define SHAPE(fields)                                                                  \
    DEVICES(                                                                           \
        "{\"name\": \"x\", \"instance_id\": 0, \"vmsd_name\": \"x\", \"version\": 1, " \
        "\"fields\": [" fields "]}")
#define S_FIELD                                                                       \
    "{\"name\": \"s\", \"type\": \"struct\", \"struct\": {\"vmsd_name\": \"s\", "     \
    "\"version\": 1, \"fields\": [{\"name\": \"v\", \"type\": \"uint32\", \"size\": " \
    "4}]}, "                                                                          \
    "\"size\": 4}"
#define SHAPED(state, fields) \
    "header\nfull 3 \"x\" 0 1; " state "; footer 3; eof\n" SHAPE(fields S_FIELD)
#define A_FIELD "{\"name\": \"a\", \"type\": \"uint32\", \"size\": 4}, "
#define B_FIELD(count) \
    "{\"name\": \"b\", \"array_len\": " count ", \"type\": \"uint16\", \"size\": 2}, "
#define B_EACH                                                             \
    "{\"name\": \"b\", \"index\": 0, \"type\": \"uint16\", \"size\": 2}, " \
    "{\"name\": \"b\", \"index\": 1, \"type\": \"uint16\", \"size\": 2}, "
#define MACHINE_ENTRY(size)                                                              \
    "\"configuration\": {\"vmsd_name\": \"configuration\", \"version\": 1, \"fields\": " \
    "["                                                                                  \
    "{\"name\": \"len\", \"type\": \"uint32\", \"size\": 4}, {\"name\": \"name\", "      \
    "\"type\": "                                                                         \
    "\"buffer\", \"size\": " size "}]}, "

#define A_UUID        "00112233445566778899aabbccddeeff"
#define SHARED_CONFIG "header; config \"m\" { caps \"x-ignore-shared\" }\n"
#define SHARED_RAM                                                                \
    "start 2 \"ram\" 0 4; ram-size 0x4000; ram-block \"pc.ram\" 0x4000; be64 0; " \
    "ram-eos;"                                                                    \
    "footer 2\n"
#define SENT_RAM "part 2; ram-normal 0 7 \"pc.ram\"; ram-eos; footer 2\n" RAM_END

static const struct {
    const char *chain, *from;
    const char *to;   /* NULL: refused */
    const char *says; /* in the report, or in the refusal */
} rows[] = {
    /* drop-section, keep-section */
    { "drop-section:name=slirp",
      "header; config \"m\"\n" RAM DEVICE("3", "slirp")
          DEVICE("4", "x") "eof\n" DEVICES(ENTRY("slirp") ", " ENTRY("x")),
      "header; config \"m\"\n" RAM DEVICE("4", "x") "eof\n" DEVICES(ENTRY("x")),
      "slirp: dropped" },
    { "drop-section:name=x",
      "header\n" DEVICE("3", "a")
          DEVICE("4", "x") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("x")),
      "header\n" DEVICE("3", "a") "eof\n" DEVICES(ENTRY("a")), NULL },
    { "drop-section:name=0000:00:0*",
      "header\n" DEVICE("3", "0000:00:01.0/a")
          DEVICE("4", "0000:00:02.0/b") "eof\n" DEVICES(
              ENTRY("0000:00:01.0/a") ", " ENTRY("0000:00:02.0/b")),
      "header; eof\n" DEVICES(""), NULL },
    { "drop-section:name=ram",
      "header; config \"m\"\n" RAM
      "part 2; ram-normal 0 7 \"pc.ram\"; ram-eos; footer 2\n" RAM_END DEVICE(
          "4", "x") "eof\n" DEVICES(ENTRY("x")),
      "header; config \"m\"\n" DEVICE("4", "x") "eof\n" DEVICES(ENTRY("x")), NULL },
    { "drop-section:name=a", /* a machine may have two of one name */
      "header\n" DEVICE("3", "a") DEVICE("4", "x")
          DEVICE("5", "a") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("x") ", " ENTRY("a")),
      "header\n" DEVICE("4", "x") "eof\n" DEVICES(ENTRY("x")), NULL },
    { "drop-section:name=a@0", "header\n" DEVICE("3", "a") DEVICE("4", "x") "eof",
      "header\n" DEVICE("4", "x") "eof", "a: dropped" },
    { "keep-section:name=ram:name=x",
      "header\n" RAM DEVICE("3", "a") RAM_END DEVICE("4", "x")
          DEVICE("5", "y") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("x") ", " ENTRY("y")),
      "header\n" RAM RAM_END DEVICE("4", "x") "eof\n" DEVICES(ENTRY("x")), NULL },
    { "drop-section:name=a", "header\n" DEVICE("3", "a") "eof\ndescription \"nonsense\"",
      NULL, "the description cannot be kept true" },

    /* rename-section */
    { "rename-section:from=0000:00:02.0/x:to=0000:00:03.0/xx",
      "header\n" DEVICE("3", "0000:00:02.0/x") "eof\n" DEVICES(ENTRY("0000:00:02.0/x")),
      "header\n" DEVICE("3", "0000:00:03.0/xx") "eof\n" DEVICES(ENTRY("0000:00:03.0/xx")),
      "0000:00:02.0/x: renamed to 0000:00:03.0/xx" },
    { "rename-section:from=a:to=b",
      "header\n" DEVICE("3", "a") DEVICE("4", "x")
          DEVICE("5", "a") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("x") ", " ENTRY("a")),
      "header\n" DEVICE("3", "b") DEVICE("4", "x")
          DEVICE("5", "b") "eof\n" DEVICES(ENTRY("b") ", " ENTRY("x") ", " ENTRY("b")),
      NULL },
    /* the RAM blocks of the device go along */
    { "rename-section:from=0000:00:02.0/vga:to=0000:00:13.0/vga",
      "header\n" VGA_RAM("0000:00:02.0/vga.vram") VGA_END("0000:00:02.0/vga.vram")
          DEVICE("3", "0000:00:02.0/vga") "eof",
      "header\n" VGA_RAM("0000:00:13.0/vga.vram") VGA_END("0000:00:13.0/vga.vram")
          DEVICE("3", "0000:00:13.0/vga") "eof",
      "RAM block 0000:00:02.0/vga.vram renamed to 0000:00:13.0/vga.vram" },
    { "rename-section:from=0000:00:02.0/vga:to=0000:00:13.0/vga:ram=keep",
      "header\n" VGA_RAM("0000:00:02.0/vga.vram") VGA_END("0000:00:02.0/vga.vram")
          DEVICE("3", "0000:00:02.0/vga") "eof",
      "header\n" VGA_RAM("0000:00:02.0/vga.vram") VGA_END("0000:00:02.0/vga.vram")
          DEVICE("3", "0000:00:13.0/vga") "eof",
      NULL },
    { "rename-section:from=0000:00:02.0/vga:to=0000:00:13.0/vga", /* it has two sections */
      "header\n" VGA_RAM("0000:00:02.0/vga.vram") VGA_END("0000:00:02.0/vga.vram")
          DEVICE("3", "0000:00:02.0/vga") DEVICE("4", "0000:00:02.0/gpu") "eof",
      "header\n" VGA_RAM("0000:00:02.0/vga.vram") VGA_END("0000:00:02.0/vga.vram")
          DEVICE("3", "0000:00:13.0/vga") DEVICE("4", "0000:00:02.0/gpu") "eof",
      "RAM block 0000:00:02.0/vga.vram stays, for section 0000:00:02.0/gpu" },
    { "rename-section:from=0000:00:02.0/vga:to=vga",
      "header\n" VGA_RAM("0000:00:02.0/vga.vram") VGA_END("0000:00:02.0/vga.vram")
          DEVICE("3", "0000:00:02.0/vga") "eof",
      "header\n" VGA_RAM("0000:00:02.0/vga.vram") VGA_END("0000:00:02.0/vga.vram")
          DEVICE("3", "vga") "eof",
      NULL },
    { "rename-section:from=a/vga:to=b/vga",
      "header; start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"a/v\" 0x1000;"
      "ram-block \"b/v\" 0x1000; ram-eos; footer 2\n" DEVICE("3", "a/vga") "eof",
      NULL, "there is a RAM block of the new name already" },
    { "drop-section:name=*/vga",
      "header\n" VGA_RAM("a/vga.vram") VGA_END("a/vga.vram") DEVICE("3", "a/vga")
          DEVICE("4", "x") "eof",
      "header\n" RAM "part 2; ram-zero 0 \"pc.ram\"; ram-zero 0x1000 \"pc.ram\";"
      "ram-eos; footer 2\n" RAM_END DEVICE("4", "x") "eof",
      "RAM block a/vga.vram dropped, 8192 bytes, with 3 page records" },
    { "drop-section:name=a/vga:ram=keep",
      "header\n" VGA_RAM("a/vga.vram") VGA_END("a/vga.vram") DEVICE("3", "a/vga") "eof",
      "header\n" VGA_RAM("a/vga.vram") VGA_END("a/vga.vram") "eof", NULL },
    { "drop-section:name=a/vga",
      "header\n" VGA_RAM("a/vga.vram") VGA_END("a/vga.vram") DEVICE("3", "a/vga")
          DEVICE("4", "a/gpu") "eof",
      "header\n" VGA_RAM("a/vga.vram") VGA_END("a/vga.vram") DEVICE("4", "a/gpu") "eof",
      "RAM block a/vga.vram stays, for section a/gpu" },
    { "keep-section:name=ram",
      "header\n" VGA_RAM("a/vga.vram") VGA_END("a/vga.vram") DEVICE("3", "a/vga") "eof",
      "header\n" VGA_RAM("a/vga.vram") VGA_END("a/vga.vram") "eof", NULL },
    { "drop-section:name=a/vga", /* pages of it are asked for in postcopy */
      "header; command 3 { be64 0x1000 0x1000 }\n" VGA_RAM(
          "a/vga.vram") "command 6 { u8 0; pstr8 \"a/vga.vram\"; u8 0; be64 0 0x1000 "
                        "}\n" VGA_END("a/vga.vram") DEVICE("3", "a/vga") "eof",
      NULL, "the filter fold, before this one" },
    { "rename-section:from=a/vfio:to=b/vfio",
      "header; start 9 \"a/vfio\" 0 1; vfio setup; vfio eos; footer 9;"
      "part 9; vfio eos; footer 9; end 9; vfio eos; footer 9; eof",
      "header; start 9 \"b/vfio\" 0 1; vfio setup; vfio eos; footer 9;"
      "part 9; vfio eos; footer 9; end 9; vfio eos; footer 9; eof",
      NULL },
    { "rename-section:from=a:to=b drop-section:name=b",
      "header\n" DEVICE("3", "a")
          DEVICE("4", "x") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("x")),
      "header\n" DEVICE("4", "x") "eof\n" DEVICES(ENTRY("x")), NULL },
    { "rename-section:from=a:to=b rename-section:from=b:to=c",
      "header\n" DEVICE("3", "a") "eof\n" DEVICES(ENTRY("a")),
      "header\n" DEVICE("3", "c") "eof\n" DEVICES(ENTRY("c")), NULL },
    { "rename-section:from=a:to=b", "header\n" DEVICE("3", "a") DEVICE("4", "b") "eof",
      NULL, "there is a section called \"b\"" },
    { "rename-section:from=a:to=b", "header\n" DEVICE("4", "b") DEVICE("3", "a") "eof",
      NULL, "there is a section called \"b\"" },
    { "rename-section:from=a:to=ram", "header\n" DEVICE("4", "a") "eof", NULL,
      "read in another way" },

    /* drop-field, add-field, resize-array: the description follows, what is around too */
    { "drop-field:path=x:a", SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_FIELD("2")),
      SHAPED("be16 2 3; be32 4", B_FIELD("2")), "x: field a dropped, 4 bytes" },
    { "drop-field:path=x:b", SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_FIELD("2")),
      SHAPED("be32 1; be32 4", A_FIELD), "x: field b dropped, 4 bytes" },
    { "drop-field:path=x:b:path=x:a:path=x:s",
      SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_FIELD("2")),
      "header\nfull 3 \"x\" 0 1; footer 3; eof\n" SHAPE(""), NULL },
    { "drop-field:path=x:s.v", SHAPED("be32 4", ""),
      "header\nfull 3 \"x\" 0 1; footer 3; eof\n" SHAPE(
          "{\"name\": \"s\", \"type\": \"struct\", \"struct\": {\"vmsd_name\": \"s\", "
          "\"version\": 1, \"fields\": []}, \"size\": 0}"),
      NULL },
    { "drop-field:path=x:*", SHAPED("be32 1; be32 4", A_FIELD),
      "header\nfull 3 \"x\" 0 1; footer 3; eof\n" SHAPE(""), NULL },
    { "drop-field:path=x:b[0]", SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_FIELD("2")),
      NULL, "one element of an array" },
    { "add-field:after=x:a:name=b:type=uint16:value=0x203",
      SHAPED("be32 1; be32 4", A_FIELD),
      SHAPED("be32 1; be16 0x203; be32 4", A_FIELD "{\"name\": \"b\", \"type\": "
                                                   "\"uint16\", \"size\": 2}, "),
      "x: field b added, 2 bytes, after a" },
    { "add-field:before=x:a:name=b:type=int8:value=-1", SHAPED("be32 1; be32 4", A_FIELD),
      SHAPED("u8 0xff; be32 1; be32 4",
             "{\"name\": \"b\", \"type\": \"int8\", \"size\": 1}, " A_FIELD),
      "x: field b added, 1 bytes, before a" },
    { "resize-array:path=x:b:length=3:fill=9",
      SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_FIELD("2")),
      SHAPED("be32 1; be16 2 3 9; be32 4", A_FIELD B_FIELD("3")),
      "b: 2 \342\206\222 3 elements, of which 0 held" },
    { "resize-array:path=x:b:length=4:fill=last",
      SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_FIELD("2")),
      SHAPED("be32 1; be16 2 3 3 3; be32 4", A_FIELD B_FIELD("4")), NULL },
    { "resize-array:path=x:b:length=1",
      SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_FIELD("2")),
      SHAPED("be32 1; be16 2; be32 4", A_FIELD B_FIELD("1")),
      "b: 2 \342\206\222 1 elements, of which 1 held" },
    { "resize-array:path=x:b:length=0",
      SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_FIELD("2")),
      SHAPED("be32 1; be32 4", A_FIELD), NULL },
    { "resize-array:path=x:b:length=3:fill=0x10000",
      SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_FIELD("2")), NULL,
      "an element of 2 bytes takes" },
    /* elements that are described one by one */
    { "resize-array:path=x:b:length=3",
      SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_EACH),
      SHAPED("be32 1; be16 2 3 0; be32 4",
             A_FIELD B_EACH "{\"name\": \"b\", \"index\": 2, \"type\": \"uint16\", "
                            "\"size\": 2}, "),
      NULL },
    { "resize-array:path=x:b:length=1",
      SHAPED("be32 1; be16 2 3; be32 4", A_FIELD B_EACH),
      SHAPED("be32 1; be16 2; be32 4", A_FIELD
             "{\"name\": \"b\", \"index\": 0, \"type\": \"uint16\", \"size\": 2}, "),
      NULL },

    /* trim */
    { "trim",
      "header\n" DEVICE("4", "b") "eof\n" DEVICES(ENTRY("b")) "zero 5000; str \"x\"",
      "header\n" DEVICE("4", "b") "eof\n" DEVICES(ENTRY("b")),
      "after the end were cut off" },

    /* machine */
    { "machine:name=pc-q35-7.2", "header; config \"pc-q35-10.0\"; eof",
      "header; config \"pc-q35-7.2\"; eof",
      "machine pc-q35-10.0 \342\206\222 pc-q35-7.2" },
    { "machine:name=virt-7.2", "header; config \"virt-10.0\" { page-bits 12 }; eof",
      "header; config \"virt-7.2\" { page-bits 12 }; eof", NULL },
    { "machine:name=pc-9",
      "header; config \"pc-10\"; eof\n"
      "description {\n{" MACHINE_ENTRY("5") "\"page_size\": 4096, \"devices\": []}\n}",
      "header; config \"pc-9\"; eof\n"
      "description {\n{" MACHINE_ENTRY("4") "\"page_size\": 4096, \"devices\": []}\n}",
      NULL },
    { "machine:name=x", "header\n" DEVICE("4", "b") "eof", NULL,
      "no CONFIGURATION section" },
    { "machine:name=sun4u", "header; config \"pc-q35-10.0\"; eof", NULL,
      "pages are 4096 bytes long, those of machine sun4u are 8192" },
    { "machine:name=sun4u",
      "header; config \"a-machine\"\n" RAM
      "part 2; ram-normal 0 0x5a \"pc.ram\"; ram-eos; footer 2\n" RAM_END "eof",
      NULL, "those of machine sun4u are 8192" },
    { "machine:name=pc-9",
      "header; config \"a-machine\"; start 2 \"ram\" 0 4; ram-size 0xc00; ram-block "
      "\"a\" 0xc00\n"
      "ram-eos; footer 2; end 2; ram-eos; footer 2; eof",
      NULL, "3072 bytes of RAM are not whole pages of 4096" },

    /* mapped-ram: the last record of a page counts, zero pages of main memory have no bit,
     * and those of other blocks do; what has no record has none either. */
    { "mapped-ram",
      "header; config \"m\" { page-bits 12; uuid 000102030405060708090a0b0c0d0e0f }\n"
      "start 2 \"ram\" 0 4; ram-size 0x7000; ram-block \"pc.ram\" 0x4000; ram-block "
      "\"x.rom\" "
      "0x3000; ram-eos; footer 2\n"
      "part 2; ram-normal 0 0x5a \"pc.ram\"; ram-zero 0x1000; ram-normal 0x3000 7; "
      "ram-flush;"
      "ram-eos; footer 2; part 2; ram-normal 0x3000 8 \"pc.ram\"; ram-zero 0 \"x.rom\";"
      "ram-normal 0x1000 9; ram-eos; footer 2\n" RAM_END DEVICE("4", "x") "eof",
      "header; config \"m\" { page-bits 12; caps \"mapped-ram\"; uuid "
      "000102030405060708090a0b0c0d0e0f }\n"
      "start 2 \"ram\" 0 4; ram-size 0x7000; ram-block \"pc.ram\" 0x4000\n"
      "mapped-ram @a 0x100000; label a; u8 9; zero 7; align 0x100000\n"
      "page 0x5a; zero 0x2000; page 8\n"
      "ram-block \"x.rom\" 0x3000; mapped-ram @b 0x200000; label b; u8 3; zero 7;"
      "align 0x100000; zero 0x1000; page 9; zero 0x1000; ram-eos; footer 2\n"
      "part 2; ram-eos; footer 2; part 2; ram-eos; footer 2\n" RAM_END DEVICE("4",
                                                                              "x") "eof",
      "8192 bytes of RAM are not in the stream" },
    { "mapped-ram:to=plain",
      "header; config \"m\" { caps \"mapped-ram\" }\n"
      "start 2 \"ram\" 0 4; ram-size 0x7000; ram-block \"pc.ram\" 0x4000\n"
      "mapped-ram @a @p; label a; u8 0x0d; zero 7; align 0x1000\n"
      "label p; page 0x5a; page 6; zero 0x1000; page 8\n"
      "ram-block \"x.rom\" 0x3000; mapped-ram @b @q; label b; u8 2; zero 7;"
      "align 0x1000; label q; zero 0x1000; page 9; page 7; ram-eos; footer 2\n" RAM_END
          DEVICE("4", "x") "eof; zero 16",
      "header; config \"m\"\n"
      "start 2 \"ram\" 0 4; ram-size 0x7000; ram-block \"pc.ram\" 0x4000; ram-block "
      "\"x.rom\" "
      "0x3000; ram-eos; footer 2\n"
      "end 2; ram-normal 0 0x5a \"pc.ram\"; ram-zero 0x1000; ram-zero 0x2000;"
      "ram-normal 0x3000 8; ram-zero 0 \"x.rom\"; ram-normal 0x1000 9; ram-zero 0x2000;"
      "ram-eos; footer 2\n" DEVICE("4", "x") "eof; zero 16",
      "2 blocks, 3 pages that are not zero" },
    { "mapped-ram:to=plain mapped-ram",
      "header; config \"m\" { caps \"events\" \"mapped-ram\" }\n"
      "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"pc.ram\" 0x2000\n"
      "mapped-ram @a 0x100000; label a; u8 1; zero 7; align 0x100000; page 1; zero "
      "0x1000\n"
      "ram-eos; footer 2\n" RAM_END "eof",
      "header; config \"m\" { caps \"events\" \"mapped-ram\" }\n"
      "start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"pc.ram\" 0x2000\n"
      "mapped-ram @a 0x100000; label a; u8 1; zero 7; align 0x100000; page 1; zero "
      "0x1000\n"
      "ram-eos; footer 2\n" RAM_END "eof",
      NULL },
    { "mapped-ram mapped-ram:to=plain",
      "header; config \"m\" { page-bits 12 }\n" RAM
      "end 2; ram-normal 0 7 \"pc.ram\"; ram-eos; footer 2; eof",
      NULL, "leave both out" },
    { "mapped-ram:to=plain", "header; config \"m\"\n" RAM RAM_END "eof",
      "header; config \"m\"\n" RAM RAM_END "eof", "page records already" },
    { "mapped-ram", "header; config \"m\" { caps \"mapped-ram\" }; eof",
      "header; config \"m\" { caps \"mapped-ram\" }; eof", "is mapped already" },
    { "mapped-ram", "header; config \"m\"; eof",
      "header; config \"m\" { caps \"mapped-ram\" }; eof", "0 blocks" },
    { "mapped-ram", "header\n" RAM RAM_END "eof", NULL, "no CONFIGURATION section" },
    { "mapped-ram", "header; config \"m\"\n" RAM RAM_END "eof", NULL,
      "carries no page of its RAM" },
    { "mapped-ram",
      "header; config \"m\"; command 3 { be64 0x1000 0x1000 }\n" DEVICE("4", "x") "eof",
      NULL, "together with postcopy" },
    { "mapped-ram",
      "header; config \"m\" { caps \"x-ignore-shared\" }; start 2 \"ram\" 0 4; ram-size "
      "0x1000;"
      "ram-block \"a\" 0x1000; be64 0; ram-eos; footer 2\n"
      "end 2; ram-zero 0 \"a\"; ram-eos; footer 2; eof",
      NULL, "x-ignore-shared" },
    { "mapped-ram:to=plain",
      "header; config \"m\" { caps \"mapped-ram\" }; start 2 \"ram\" 0 4; ram-size "
      "0x1000;"
      "ram-block \"a\" 0x1000; mapped-ram @b @q; label b; u8 1; zero 7; align 0x1000;"
      "label q; page 7; ram-eos; footer 2; eof",
      NULL, "no place for its pages" },
    { "mapped-ram:to=plain", /* a block that 11.0 leaves out has no page */
      "header; config \"m\" { caps \"x-ignore-shared\" \"mapped-ram\" }; start 2 \"ram\" "
      "0 4;"
      "ram-size 0x2000; ram-block \"a\" 0x1000; be64 5; mapped-ram 0 0; ram-block \"b\" "
      "0x1000;"
      "be64 6; mapped-ram @b @q; label b; u8 1; zero 7; align 0x1000; label q; page 7; "
      "ram-eos;"
      "footer 2\n" RAM_END "eof",
      "header; config \"m\" { caps \"x-ignore-shared\" }; start 2 \"ram\" 0 4;"
      "ram-size 0x2000; ram-block \"a\" 0x1000; be64 5; ram-block \"b\" 0x1000; be64 6; "
      "ram-eos;"
      "footer 2; end 2; ram-normal 0 7 \"b\"; ram-eos; footer 2; eof",
      NULL },
    { "drop-section:name=x", /* ... and has none where it moves, either */
      "header; config \"m\" { caps \"x-ignore-shared\" \"mapped-ram\" }\n" DEVICE(
          "4",
          "x") "start 2 \"ram\" 0 4; ram-size 0x1000; ram-block \"a\" 0x1000; be64 5;"
               "mapped-ram 0 0; ram-eos; footer 2\n" RAM_END "eof",
      "header; config \"m\" { caps \"x-ignore-shared\" \"mapped-ram\" }\n"
      "start 2 \"ram\" 0 4; ram-size 0x1000; ram-block \"a\" 0x1000; be64 5;"
      "mapped-ram 0 0; ram-eos; footer 2\n" RAM_END "eof",
      NULL },

    /* drop-command */
    { "drop-command:name=SWITCHOVER_START", "header\n" RAM "command 11\n" RAM_END "eof",
      "header\n" RAM RAM_END "eof", "1 SWITCHOVER_START dropped" },
    { "drop-command:name=PING:name=OPEN_RETURN_PATH",
      "header; command 1; command 2 { be32 1 }\n" DEVICE("3", "a") "eof",
      "header\n" DEVICE("3", "a") "eof", "1 PING dropped" },
    { "drop-command:name=PING",
      "header; packaged { command 4; command 2 { be32 3 }; command 5 }; eof",
      "header; packaged { command 4; command 5 }; eof", NULL },
    { "drop-command:name=OPEN_RETURN_PATH",
      "header; command 1; command 2 { be32 1 }; eof", NULL,
      "PING needs the OPEN_RETURN_PATH before it" },
    { "drop-command:name=POSTCOPY_ADVISE",
      "header; command 3 { be64 0x1000 0x1000 }\n" DEVICE("3", "a") "eof",
      "header\n" DEVICE("3", "a") "eof", NULL },
    { "drop-command:name=POSTCOPY_ADVISE",
      "header; command 3 { be64 0x1000 0x1000 }; packaged { command 4; command 5 }; eof",
      NULL, "POSTCOPY_LISTEN needs the POSTCOPY_ADVISE before it" },
    { "drop-command:name=0x15", /* of a release to come */
      "header; command 21 { be32 1 }; command 21; command 1; eof",
      "header; command 1; eof", "2 of command 21 dropped" },
    { "drop-command:name=21:name=22", "header; command 22; command 21; command 23; eof",
      "header; command 23; eof", NULL },

    /* capabilities, uuid */
    { "capabilities:drop=x-new",
      "header; config \"m\" { caps \"x-new\" \"x-other\" }; eof",
      "header; config \"m\" { caps \"x-other\" }; eof", "capability x-new dropped" },
    { "capabilities:drop=x-new:drop=x-other",
      "header; config \"m\" { page-bits 12; caps \"x-new\" \"x-other\"; "
      "uuid " A_UUID " }; eof",
      "header; config \"m\" { page-bits 12; uuid " A_UUID " }; eof", NULL },
    { "capabilities:add=x-new",
      "header; config \"m\" { page-bits 12; uuid " A_UUID " }; eof",
      "header; config \"m\" { page-bits 12; caps \"x-new\"; uuid " A_UUID " }; eof",
      "capability x-new added" },
    { "capabilities:add=x-new", "header; config \"m\" { caps \"x-new\" }; eof",
      "header; config \"m\" { caps \"x-new\" }; eof", "is there already" },
    { "capabilities:drop=x-ignore-shared", SHARED_CONFIG SHARED_RAM SENT_RAM "eof",
      "header; config \"m\"\n" RAM SENT_RAM "eof", "x-ignore-shared dropped" },
    { "capabilities:add=x-ignore-shared", "header; config \"m\"\n" RAM SENT_RAM "eof",
      SHARED_CONFIG SHARED_RAM SENT_RAM "eof", "x-ignore-shared added" },
    { "capabilities:drop=x-ignore-shared", SHARED_CONFIG SHARED_RAM RAM_END "eof", NULL,
      "RAM block pc.ram has no page in the stream" },
    { "capabilities:add=x-ignore-shared",
      "header; config \"m\" { caps \"mapped-ram\" }; eof", NULL, "RAM is mapped" },
    { "capabilities:add=a", "header\n" DEVICE("4", "b") "eof", NULL,
      "the stream has no CONFIGURATION section" },
    { "uuid:value=00112233-4455-6677-8899-aabbccddeeff",
      "header; config \"m\" { caps \"a\" }; eof",
      "header; config \"m\" { caps \"a\"; uuid " A_UUID " }; eof",
      "UUID 00112233-4455-6677-8899-aabbccddeeff set" },
    { "uuid:value=00112233-4455-6677-8899-aabbccddeeff",
      "header; config \"m\" { uuid ffffffffffffffffffffffffffffffff; page-bits 12 }; eof",
      "header; config \"m\" { uuid " A_UUID "; page-bits 12 }; eof", NULL },
    { "uuid:drop=yes", "header; config \"m\" { page-bits 12; uuid " A_UUID " }; eof",
      "header; config \"m\" { page-bits 12 }; eof", "no loader can tell whose guest" },
    { "uuid:drop=yes", "header\n" DEVICE("4", "b") "eof", NULL,
      "the stream has no CONFIGURATION section" },

    /* vfio-init-data */
    { "vfio-init-data:drop=yes",
      "header; start 3 \"0000:00:01.0/vfio\" 0 1; vfio setup; vfio eos; footer 3;"
      "part 3; vfio data 4 1; vfio init-data-sent; footer 3; end 3; vfio eos; footer 3;"
      "eof",
      "header; start 3 \"0000:00:01.0/vfio\" 0 1; vfio setup; vfio eos; footer 3;"
      "part 3; vfio data 4 1; vfio eos; footer 3; end 3; vfio eos; footer 3; eof",
      "became END_OF_STATE" },

    /* description, footers */
    { "description:drop=yes",
      "header\n" DEVICE("3", "a") "eof\n" DEVICES(ENTRY("a")) "zero 9",
      "header\n" DEVICE("3", "a") "eof; zero 9", "bytes dropped" },
    { "description:drop=yes",
      "header; full 3 \"a\" 0 1; be32 1 2 3; eof\n" DEVICES(ENTRY("a")), NULL,
      "no footers" },
    { "footers:drop=yes",
      "header\n" RAM RAM_END DEVICE("3", "a") "eof\n" DEVICES(ENTRY("a")),
      "header; start 2 \"ram\" 0 4; ram-size 0x4000; ram-block \"pc.ram\" 0x4000; "
      "ram-eos;"
      "end 2; ram-eos; full 3 \"a\" 0 1; be32 1 2 3; eof\n" DEVICES(ENTRY("a")),
      "3 footers dropped" },
    { "footers:add=yes",
      "header; start 2 \"ram\" 0 4; ram-size 0x4000; ram-block \"pc.ram\" 0x4000; "
      "ram-eos;"
      "end 2; ram-eos; full 3 \"a\" 0 1; be32 1 2 3; command 11; full 4 \"b\" 0 1; be32 "
      "1 2 3;"
      "eof\n" DEVICES(ENTRY("a") ", " ENTRY("b")),
      "header\n" RAM RAM_END DEVICE("3", "a") "command 11\n" DEVICE(
          "4", "b") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("b")),
      "4 footers added" },
    { "footers:add=yes", "header\n" RAM RAM_END "eof", "header\n" RAM RAM_END "eof",
      "0 footers added" },
    { "footers:drop=yes", "header\n" DEVICE("3", "a") "eof", NULL,
      "where this section ends" },
    /* one without a body is no easier to find the end of */
    { "footers:drop=yes", "header; full 3 \"a\" 0 1; footer 3; eof", NULL,
      "where this section ends" },
    { "footers:drop=yes", "header; full 3 \"a\" 0 1; footer 3; eof\n" DEVICES(ENTRY("a")),
      NULL, "where this section ends" },
    { "footers:drop=yes",
      "header; full 3 \"a\" 0 1; footer 3; eof\n" DEVICES(EMPTY_ENTRY("a")),
      "header; full 3 \"a\" 0 1; eof\n" DEVICES(EMPTY_ENTRY("a")), "1 footers dropped" },

    /* and what follows has to look as if it followed a section */
    { "footers:drop=yes", "header\n" ONLY("footer 2; ") "eof; str \"behind\"", NULL,
      "taken for a footer that is missing" },
    { "footers:drop=yes", "header\n" ONLY("footer 2; ") "eof; zero 31; str \"behind\"",
      NULL, "taken for a footer that is missing" },
    /* whichever filter makes it so; another section before it tells */
    { "keep-section:name=ram@0",
      "header\n" ONLY("") "start 3 \"ram\" 1 4; ram-size 0; ram-eos; eof; str \"b\"",
      NULL, "taken for a footer that is missing" },
    { "drop-section:name=ram@1",
      "header\n" ONLY("") "start 3 \"ram\" 1 4; ram-size 0; ram-eos; eof; str \"b\"",
      NULL, "taken for a footer that is missing" },
    { "null",
      "header\n" ONLY("") "start 3 \"ram\" 1 4; ram-size 0; ram-eos; eof; str \"b\"",
      "header\n" ONLY("") "start 3 \"ram\" 1 4; ram-size 0; ram-eos; eof; str \"b\"",
      "" },
    { "footers:drop=yes",
      "header; start 2 \"ram\" 0 4; ram-size 0; ram-eos; footer 2; eof; zero 32; str "
      "\"b\"",
      "header; start 2 \"ram\" 0 4; ram-size 0; ram-eos; eof; zero 32; str \"b\"",
      "1 footers dropped" },
    { "footers:drop=yes",
      "header; start 2 \"ram\" 0 4; ram-size 0; ram-eos; footer 2; "
      "start 3 \"\\x01\" 0 1; footer 3; eof",
      NULL, "taken for a footer that is missing" },
    { "footers:drop=yes",
      "header; start 2 \"ram\" 0 4; ram-size 0; ram-eos; footer 2; eof\n"
      "description {\n[]\n}\n",
      NULL, "taken for a footer that is missing" },

    /* ram-zero: in the middle of a run, named, and what follows keeps meaning its block */
    { "ram-zero",
      "header\n" RAM
      "part 2; ram-normal 0 0 \"pc.ram\"; ram-normal 0x1000 5; ram-normal 0x2000 0;"
      "ram-normal 0x3000 6; ram-eos; footer 2\n" RAM_END "eof",
      "header\n" RAM
      "part 2; ram-zero 0 \"pc.ram\"; ram-normal 0x1000 5; ram-zero 0x2000;"
      "ram-normal 0x3000 6; ram-eos; footer 2\n" RAM_END "eof",
      "2 normal pages were zero" },
    { "ram-zero",
      "header\n" RAM
      "part 2; ram-zero 0 \"pc.ram\"; ram-normal 0x1000 0; ram-normal 0x2000 0;"
      "ram-eos; footer 2\n" RAM_END "eof",
      "header\n" RAM "part 2; ram-zero 0 \"pc.ram\"; ram-zero 0x1000; ram-zero 0x2000;"
      "ram-eos; footer 2\n" RAM_END "eof",
      NULL },

    /* ram-decompress: a delta over a normal, a zero, a compressed and a patched page */
    { "ram-decompress",
      "header\n" RAM
      "part 2; ram-normal 0 5 \"pc.ram\"; ram-zero 0x1000; ram-eos; footer 2;"
      "part 2; ram-xbzrle 0 { bytes 0a; u8 2; u8 9 9 }; ram-xbzrle 0x1000 { u8 0 1 8 };"
      "ram-xbzrle 0 { u8 0 1 7 }; ram-eos; footer 2\n" RAM_END "eof",
      "header\n" RAM
      "part 2; ram-normal 0 5 \"pc.ram\"; ram-zero 0x1000; ram-eos; footer 2;"
      "part 2; ram-page 0x28 0; fill 10 5; u8 9 9; fill 4084 5;"
      "ram-page 0x28 0x1000; u8 8; zero 4095;"
      "ram-page 0x28 0; u8 7; fill 9 5; u8 9 9; fill 4084 5; ram-eos; footer 2\n" RAM_END
      "eof",
      "3 XBZRLE and 0 compressed pages" },
    /* a page that was data and became zero is zero for the delta after it */
    { "ram-decompress",
      "header\n" RAM "part 2; ram-normal 0 5 \"pc.ram\"; ram-zero 0;"
      "ram-xbzrle 0 { u8 0 1 7 }; ram-eos; footer 2\n" RAM_END "eof",
      "header\n" RAM "part 2; ram-normal 0 5 \"pc.ram\"; ram-zero 0;"
      "ram-page 0x28 0; u8 7; zero 4095; ram-eos; footer 2\n" RAM_END "eof",
      "1 XBZRLE and 0 compressed pages" },
    { "ram-decompress",
      "header\n" RAM
      "part 2; ram-xbzrle 0 \"pc.ram\" { u8 0 1 7 }; ram-eos; footer 2\n" RAM_END "eof",
      NULL, "was not sent before" },
    { "ram-decompress",
      "header\n" RAM "part 2; ram-normal 0 5 \"pc.ram\"; ram-eos; footer 2;"
      "start 2 \"ram\" 0 4; ram-size 0x8000; ram-block \"pc.ram\" 0x8000; ram-eos; "
      "footer 2;"
      "part 2; ram-xbzrle 0 { u8 0 1 7 }; ram-eos; footer 2\n" RAM_END "eof",
      NULL, "changes its length" },

    { "ram-block:name=b:to=c", "header\n" VGA_RAM("b") VGA_END("b") "eof",
      "header\n" VGA_RAM("c") VGA_END("c") "eof", "RAM block b renamed to c" },
    { "ram-block:name=b:to=b", "header\n" VGA_RAM("b") VGA_END("b") "eof",
      "header\n" VGA_RAM("b") VGA_END("b") "eof", NULL },
    { "ram-block:name=b:to=pc.ram", "header\n" VGA_RAM("b") VGA_END("b") "eof", NULL,
      "there is a RAM block of the new name already" },
    { "ram-block:name=*:to=c", "header\n" VGA_RAM("b") VGA_END("b") "eof", NULL,
      "RAM blocks pc.ram and b both have such a name" },
    { "ram-block:name=?:drop=yes", "header\n" VGA_RAM("b") VGA_END("b") "eof",
      "header\n" RAM "part 2; ram-zero 0 \"pc.ram\"; ram-zero 0x1000 \"pc.ram\";"
      "ram-eos; footer 2\n" RAM_END "eof",
      "RAM block b dropped" },
    { "ram-block:name=b:drop=yes",
      "header; start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"b\" 0x2000; ram-eos; "
      "part 2; ram-size 0x1000; ram-block \"c\" 0x1000; ram-eos; end 2; ram-eos; eof",
      NULL, "a second block list" },
    { "ram-block:name=b:length=0x1000",
      "header; start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"b\" 0x2000; ram-eos; "
      "part 2; "
      "ram-size 0x1000; ram-block \"c\" 0x1000; ram-eos; end 2; ram-eos; eof",
      NULL, "a second block list" },
    /* ram-block: the name that went with a page comes back with the next one of the block,
     * however many went, and not where another name stands */
    { "ram-block:name=pc.ram:length=0x2000",
      "header\n" RAM
      "part 2; ram-zero 0x3000 \"pc.ram\"; ram-zero 0x2000; ram-normal 0 5;"
      "ram-normal 0x1000 6; ram-eos; footer 2\n" RAM_END "eof",
      "header\n" SHORT_RAM "part 2; ram-normal 0 5 \"pc.ram\"; ram-normal 0x1000 6;"
      "ram-eos; footer 2\n" RAM_END "eof",
      NULL },
    { "ram-block:name=pc.ram:length=0x2000",
      "header\n" RAM "part 2; ram-zero 0x3000 \"pc.ram\"; ram-normal 0 5 \"pc.ram\";"
      "ram-zero 0x2000; ram-normal 0x1000 6; ram-eos; footer 2\n" RAM_END "eof",
      "header\n" SHORT_RAM "part 2; ram-normal 0 5 \"pc.ram\"; ram-normal 0x1000 6;"
      "ram-eos; footer 2\n" RAM_END "eof",
      NULL },

    /* what was wrong in the input may stay so */
    { "null", "header\n" RAM "part 2; ram-eos; footer 9; end 2; ram-eos; footer 2; eof",
      "header\n" RAM "part 2; ram-eos; footer 9; end 2; ram-eos; footer 2; eof", NULL },

    /* the length of a package follows */
    { "drop-section:name=a",
      "header; packaged { command 4\n" DEVICE("3", "a")
          DEVICE("4", "x") "command 5 }; eof",
      "header; packaged { command 4\n" DEVICE("4", "x") "command 5 }; eof", NULL },
    { "drop-section:name=a",
      "header; packaged { packaged {\n" DEVICE("3", "a") "}; command 5 }; eof", NULL,
      "others inside of it" },
};

START_TEST(stream_becomes)
{
    g_autoptr(GBytes) from = assembled(rows[_i].from);
    g_autoptr(Conversion) file = convert(from, rows[_i].chain, false);
    g_autoptr(Conversion) pipe_end = convert_pipe(from, rows[_i].chain, false);
    g_autofree char *what = g_strdup_printf("row %d, %s", _i, rows[_i].chain);

    if (!rows[_i].to) {
        ck_assert_msg(file->error && pipe_end->error, "%s: not refused", what);
        ck_assert_msg(g_error_matches(file->error, MIG_ERROR, MIG_ERROR_REFUSED) &&
                          strstr(file->error->message, rows[_i].says) &&
                          strstr(pipe_end->error->message, rows[_i].says),
                      "%s: %s", what, file->error->message);
        return;
    }
    g_autoptr(GBytes) to = assembled(rows[_i].to);
    ck_assert_msg(file->bytes && pipe_end->bytes, "%s: %s", what,
                  file->error ? file->error->message : "from a pipe");
    assert_same_bytes(file->bytes, to, what);
    assert_same_bytes(pipe_end->bytes, to, what);
    ck_assert_msg(!rows[_i].says || strstr(file->report, rows[_i].says), "%s: %s", what,
                  file->report);
}
END_TEST

/* --- mapped-ram moves --------------------------------------------------------------- */

/* Bytes before the regions come and go: their offsets follow, pages stay aligned, and each
 * page is found where the header says. */
START_TEST(mapped_ram_moves)
{
    static const char *const chains[] = {
        "machine:name=m",
        "machine:name=a-machine-with-quite-a-long-name-0123456789",
        "machine:name=m ram-zero",
        "drop-section:name=timer",
        "footers:drop=yes",
    };
    g_autoptr(GBytes) stream = fixture_bytes("real/q35-100-mapped-ram.mig.zst");
    g_autofree char *content = content_of(stream);

    for (size_t i = 0; i < G_N_ELEMENTS(chains); i++) {
        bool drops = strstr(chains[i], "timer") != NULL;
        g_autoptr(GBytes) moved = converted(stream, chains[i]);
        g_autofree char *there = content_of(moved);
        ck_assert_msg(drops || strcmp(content, there) == 0, "%s:\n%s\n%s", chains[i],
                      content, there);
        if (g_str_has_prefix(chains[i], "machine")) {
            g_autoptr(GBytes) back = converted(moved, "machine:name=pc-q35-10.0");
            assert_same_bytes(back, stream, chains[i]);
        }
    }
}
END_TEST

/* A block of mapped-ram goes with its header, bitmap and pages; what its new name moves comes
 * back with the old one. */
START_TEST(mapped_ram_blocks_change)
{
    g_autoptr(GBytes) stream = fixture_bytes("real/q35-100-mapped-ram.mig.zst");
    g_autoptr(GBytes) named =
        converted(stream, "ram-block:name=pc.bios:to=a-longer-name");
    g_autoptr(GBytes) back = converted(named, "ram-block:name=a-longer-name:to=pc.bios");
    g_autoptr(GBytes) dropped = converted(stream, "ram-block:name=pc.bios:drop=yes");
    g_autofree char *there = content_of(dropped);
    g_autofree char *before = content_of(stream);
    g_auto(GStrv) lines = g_strsplit(there, "\n", -1);

    assert_same_bytes(back, stream, "there and back");
    ck_assert_uint_eq(g_bytes_get_size(stream) - g_bytes_get_size(dropped), 1 << 20);
    for (char **line = lines; *line; line++) { /* what is left is as it was */
        ck_assert_msg(strstr(before, *line), "%s", *line);
    }
}
END_TEST

/* Offsets count from the start of the file.  A stream that stands further in, after what
 * QEMU's file:PATH,offset=N skipped or a save image's header, comes to stand at 0. */
START_TEST(mapped_ram_comes_to_the_front)
{
    enum { BEFORE = 1 << 20 };
    g_autoptr(GBytes) stream = fixture_bytes("real/q35-100-mapped-ram.mig.zst");
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    size_t n;
    const void *p = g_bytes_get_data(stream, &n);
    uint8_t *file = g_malloc0(BEFORE + n);
    g_autoptr(GBytes) bytes = g_bytes_new_take(file, BEFORE + n);
    const MigItem *item;

    memcpy(file + BEFORE, p, n);
    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        if (item->kind == MIG_ITEM_MAPPED_HEADER) {
            uint8_t *header = file + BEFORE + item->offset;
            mig_put_be64(header + 12, mig_be64(header + 12) + BEFORE);
            mig_put_be64(header + 20, mig_be64(header + 20) + BEFORE);
        }
    }
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .offset = BEFORE };
    g_autoptr(MigInput) after = mig_input_new_bytes(bytes, "file", &options, NULL);
    g_autoptr(Conversion) conversion = convert_input(after, "", false);
    ck_assert_msg(conversion->bytes != NULL, "%s",
                  conversion->error ? conversion->error->message : "");
    assert_same_bytes(conversion->bytes, stream, "at the front");
}
END_TEST

/* --- from another stream -------------------------------------------------------------- */

#define DATA(id, name, words) \
    "full " id " \"" name "\" 0 1; be32 " words "; footer " id "\n"
#define NUMBER(name) "{\"name\": \"" name "\", \"type\": \"uint32\", \"size\": 4}"
#define SUB(name) \
    "{\"vmsd_name\": \"x/" name "\", \"version\": 1, \"fields\": [" NUMBER("v") "]}"
#define X(fields, subsections)                                                         \
    DEVICES(                                                                           \
        "{\"name\": \"x\", \"instance_id\": 0, \"vmsd_name\": \"x\", \"version\": 1, " \
        "\"fields\": [" fields "]" subsections "}")
#define SUBS(list)             ", \"subsections\": [" list "]"
#define SUB_STATE(name, value) "u8 5; pstr8 \"x/" name "\"; be32 1 " value "; "
#define X_STREAM(state)        "header\nfull 3 \"x\" 0 1; " state "footer 3; eof\n"
#define FOREIGN(section) \
    "full 0x40000000 \"" section "\" 0 1; be32 7 8 9; footer 0x40000000\n"

static const struct {
    const char *chain, *donor, *from;
    const char *to;   /* NULL: refused */
    const char *says; /* in the report, or in the refusal */
} grafts[] = {
    /* a section that is not there comes where the other stream has it */
    { "graft:path=b",
      "header\n" DATA("3", "a", "1 1 1") DATA("4", "b", "7 8 9") DATA(
          "5", "c", "1 1 1") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("b") ", " ENTRY("c")),
      "header\n" DEVICE("3", "a")
          DEVICE("4", "c") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("c")),
      "header\n" DEVICE("3", "a") FOREIGN("b")
          DEVICE("4", "c") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("b") ", " ENTRY("c")),
      "b: taken from other, 12 bytes" },
    { "graft:path=c", /* the last one */
      "header\n" DATA("3", "a", "1 1 1")
          DATA("5", "c", "7 8 9") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("c")),
      "header\n" DEVICE("3", "a") "eof\n" DEVICES(ENTRY("a")),
      "header\n" DEVICE("3", "a")
          FOREIGN("c") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("c")),
      NULL },
    { "graft:path=b", /* in another order here: not twice */
      "header\n" DATA("3", "b", "7 8 9") DATA("4", "a", "1 1 1") "eof",
      "header\n" DEVICE("3", "a") DEVICE("4", "b") "eof",
      "header\n" DEVICE("3", "a") DATA("4", "b", "7 8 9") "eof",
      "b: its state is that of other, 12 bytes; its own is given up" },
    { "graft:path=b", /* the version comes along */
      "header\nfull 9 \"b\" 0 2; be32 7; footer 9; eof",
      "header\n" DEVICE("4", "b") "eof",
      "header\nfull 4 \"b\" 0 2; be32 7; footer 4; eof", NULL },
    { "graft:path=b", "header\nfull 9 \"b\" 0 2; footer 9; eof",
      "header\n" DEVICE("4", "b") "eof", "header\nfull 4 \"b\" 0 2; footer 4; eof",
      "0 bytes" },
    { "graft:path=b@1", "header\nfull 9 \"b\" 1 1; be32 7 8 9; footer 9; eof",
      "header\n" DEVICE("4", "b") "eof",
      "header\n" DEVICE(
          "4", "b") "full 0x40000000 \"b\" 1 1; be32 7 8 9; footer 0x40000000; eof",
      NULL },
    { "graft:path=b", "header\n" DATA("3", "b", "7 8 9") "eof\n" DEVICES(ENTRY("b")),
      "header\n" DEVICE("4", "b") "eof", NULL, "the other stream alone describes" },
    { "graft:path=ram", "header\n" RAM RAM_END "eof", "header\n" RAM RAM_END "eof", NULL,
      "is no device state" },
    /* fields */
    { "graft:path=x:b",
      X_STREAM("be32 1 7 1; ") X(NUMBER("a") ", " NUMBER("b") ", " NUMBER("c"), ""),
      X_STREAM("be32 1 3; ") X(NUMBER("a") ", " NUMBER("c"), ""),
      X_STREAM("be32 1 7 3; ") X(NUMBER("a") ", " NUMBER("b") ", " NUMBER("c"), ""),
      "x: field b taken from other, 4 bytes" },
    { "graft:path=x:a", /* the first field */
      X_STREAM("be32 7 1; ") X(NUMBER("a") ", " NUMBER("c"), ""),
      X_STREAM("be32 3; ") X(NUMBER("c"), ""),
      X_STREAM("be32 7 3; ") X(NUMBER("a") ", " NUMBER("c"), ""), NULL },
    { "graft:path=x:c", X_STREAM("be32 1 7; ") X(NUMBER("a") ", " NUMBER("c"), ""),
      X_STREAM("be32 2 3; ") X(NUMBER("a") ", " NUMBER("c"), ""),
      X_STREAM("be32 2 7; ") X(NUMBER("a") ", " NUMBER("c"), ""), "its own is given up" },
    { "graft:path=x:c", /* of another length: it comes where the other stream has it */
      X_STREAM("be32 1; be16 7; ")
          X(NUMBER("a") ", {\"name\": \"c\", \"type\": \"uint16\", \"size\": 2}", ""),
      X_STREAM("be32 2 3; ") X(NUMBER("a") ", " NUMBER("c"), ""),
      X_STREAM("be32 2; be16 7; ")
          X(NUMBER("a") ", {\"name\": \"c\", \"type\": \"uint16\", \"size\": 2}", ""),
      "its own is given up" },
    { "graft:path=x:b", /* nothing is there to be put beside */
      X_STREAM("be32 1 7; ") X(NUMBER("a") ", " NUMBER("b"), ""),
      X_STREAM("be32 3; ") X(NUMBER("c"), ""), NULL, "b cannot be changed" },
    /* subsections */
    { "graft:path=x:x/q",
      X_STREAM("be32 1; " SUB_STATE("p", "1") SUB_STATE("q", "7"))
          X(NUMBER("a"), SUBS(SUB("p") ", " SUB("q"))),
      X_STREAM("be32 1; " SUB_STATE("p", "2") SUB_STATE("r", "3"))
          X(NUMBER("a"), SUBS(SUB("p") ", " SUB("r"))),
      X_STREAM("be32 1; " SUB_STATE("p", "2") SUB_STATE("q", "7") SUB_STATE("r", "3"))
          X(NUMBER("a"), SUBS(SUB("p") ", " SUB("q") ", " SUB("r"))),
      "subsection x/q taken from other, 13 bytes" },
    { "graft:path=x:x/q",
      X_STREAM("be32 1; " SUB_STATE("q", "7")) X(NUMBER("a"), SUBS(SUB("q"))),
      X_STREAM("be32 1; ") X(NUMBER("a"), ""),
      X_STREAM("be32 1; " SUB_STATE("q", "7")) X(NUMBER("a"), SUBS(SUB("q"))), NULL },
    /* what is not there */
    { "graft:path=z", "header\n" DEVICE("3", "a") "eof",
      "header\n" DEVICE("3", "a") "eof", NULL, "other: the stream has no device \"z\"" },
    { "graft:path=x:a", X_STREAM("be32 1; ") X(NUMBER("a"), ""),
      "header\n" DEVICE("3", "a") "eof", NULL, "no section \"x\" to put a part into" },
    { "graft:path=a", NULL, "header\n" DEVICE("3", "a") "eof", NULL,
      "no stream is given to take from" },
    { "graft:path=a", "header\n" DEVICE("3", "a"), "header\n" DEVICE("3", "a") "eof",
      NULL, "other: the stream ends" },
};

START_TEST(other_stream_gives)
{
    g_autoptr(GBytes) donor = grafts[_i].donor ? assembled(grafts[_i].donor) : NULL;
    g_autoptr(GBytes) from = assembled(grafts[_i].from);
    g_autoptr(Conversion) made = convert_from(from, donor, grafts[_i].chain, false);

    if (grafts[_i].to) {
        g_autoptr(GBytes) to = assembled(grafts[_i].to);

        ck_assert_msg(made->bytes != NULL, "%s", made->error ? made->error->message : "");
        assert_same_bytes(made->bytes, to, grafts[_i].chain);
    }
    ck_assert_msg(!grafts[_i].to == !made->bytes, "not refused");
    ck_assert_msg(
        !grafts[_i].says ||
            strstr(made->error ? made->error->message : made->report, grafts[_i].says),
        "%s", made->error ? made->error->message : made->report);
}
END_TEST

/* --- RAM of a real stream ----------------------------------------------------------- */

static GBytes *repeated_pages(void)
{
    return assembled(
        "header\n" RAM "part 2; repeat 4 { ram-page 8 @i*0x1000 \"pc.ram\";"
        "page random 3 }; ram-eos; footer 2;"
        "part 2; repeat 200 { ram-xbzrle @i/50*0x1000 { u8 5 1 @i } }; ram-eos;"
        "footer 2\n" RAM_END "eof");
}

START_TEST(ram_says_the_same)
{
    g_autoptr(GBytes) stream = repeated_pages();
    g_autofree char *content = content_of(stream);
    g_autoptr(GBytes) plain = converted(stream, "ram-decompress");
    g_autofree char *plain_content = content_of(plain);
    g_autoptr(GBytes) zero = converted(plain, "ram-zero");
    g_autofree char *zero_content = content_of(zero);

    ck_assert_uint_gt(g_bytes_get_size(plain), g_bytes_get_size(stream));
    ck_assert_str_eq(content, plain_content);
    ck_assert_str_eq(content, zero_content);
}
END_TEST

/* --- chains as text ----------------------------------------------------------------- */

START_TEST(text_of_a_chain)
{
    static const struct {
        const char *text, *shown; /* NULL: a mistake */
    } texts[] = {
        { "null", "null" },
        { "drop-section:name=0000:00:02.0/*", "drop-section:name=0000:00:02.0/*" },
        { "drop-section:name=a:name=b", "drop-section:name=a:name=b" },
        { "drop-section:name=a\\:name=b", "drop-section:name=a\\:name=b" },
        { "drop-section:name=a\\\\b", "drop-section:name=a\\\\b" },
        { "drop-section:name=\"a:name=b\":name=c",
          "drop-section:name=a\\:name=b:name=c" },
        { "drop-section:name=\"a\\\"b\"", "drop-section:name=a\"b" },
        { "drop-section:name=\"\\\"a\\\\\"", "drop-section:name=\"\\\"a\\\\\"" },
        { "drop-section:name=\"a", "drop-section:name=\"\\\"a\"" }, /* no end: no quote */
        { "vfio-layout:to=subflag:config-needed=yes:0000:00:02.0/"
          "vfio:every-iteration=yes",
          "vfio-layout:to=subflag:config-needed=yes:0000:00:02.0/"
          "vfio:every-iteration=yes" },
        { "vfio-layout:to=somewhere", NULL },
        { "vfio-layout:config-needed=perhaps", NULL },
        { "vfio-layout:config-needed=yes:", NULL },
        { "vfio-layout:colour=blue", NULL },
        { "nothing", NULL },
        { "null:x=1", NULL },
        { "", NULL },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(MigChain) chain = mig_chain_new();
        g_autoptr(GError) error = NULL;
        const char *shown, *summary;
        bool ok = mig_chain_add(chain, texts[i].text, &error);

        ck_assert_msg(ok == (texts[i].shown != NULL), "%s: %s", texts[i].text,
                      error ? error->message : "no mistake");
        if (ok) {
            ck_assert(mig_chain_describe(chain, 0, &shown, &summary));
            ck_assert_str_eq(shown, texts[i].shown);
        } else {
            ck_assert(g_error_matches(error, MIG_ERROR, MIG_ERROR_USAGE));
        }
    }
}
END_TEST

/* What is missing is told before anything is read. */
START_TEST(options_are_complete)
{
    static const char *const incomplete[] = {
        "drop-section",
        "keep-section",
        "rename-section",
        "rename-section:from=a",
        "machine",
        "ram-block",
        "ram-block:name=a",
        "ram-block:name=a:to=",
        "ram-block:name=a:to=b:drop=yes",
        "ram-block:name=a:length=x",
        "drop-section:name=a:ram=lost",
        "rename-section:from=a:to=b:ram=lost",
        "add-field:after=a:b:name=n",
        "add-field:after=a:b:type=uint8",
        "add-field:name=n:type=uint8",
        "add-field:after=a:b:name=n:type=uint8:value=256",
        "add-field:after=a:b:name=n:type=buffer",
        "add-field:after=a:b:name=n:type=buffer:length=2:value=70000",
        "add-field:after=a:b:name=n\"n:type=uint8",
        "add-field:after=a:b:before=a:c:name=n:type=uint8",
        "drop-field",
        "drop-field:path=a",
        "resize-array:path=a:b",
        "resize-array:path=a:b:length=many",
        "resize-array:path=a:length=3",
        "drop-register",
        "drop-register:path=cpu:x",
        "drop-register:path=cpu:cpreg[NO_SUCH]",
        "set-register:path=cpu:cpreg[MIDR_EL1]",
        "set-register:path=cpu:cpreg[MIDR_EL1]:value=x",
        "footers",
        "footers:add=yes:drop=yes",
        "graft",
        "drop-command",
        "drop-command:name=NO_SUCH",
        "drop-command:name=PACKAGED", /* others would be read in another way */
        "drop-command:name=RECV_BITMAP",
        "drop-command:name=POSTCOPY_RUN",
        "drop-command:name=65536",
        "drop-command:name=7", /* PACKAGED has a name */
        "capabilities",
        "capabilities:add=",
        "capabilities:drop=mapped-ram",
        "capabilities:add=two words",
        "uuid",
        "uuid:drop=no",
        "uuid:value=0011",
        "uuid:drop=yes:value=00112233-4455-6677-8899-aabbccddeeff",
        "mapped-ram:to=sparse",
        "vfio-init-data",
        "vfio-init-data:drop=no",
        "vfio-layout",
        "vfio-layout:to=config-last:config-needed=yes"
    };
    g_autoptr(GBytes) stream = assembled("header; eof");

    for (size_t i = 0; i < G_N_ELEMENTS(incomplete); i++) {
        g_autoptr(Conversion) conversion = convert(stream, incomplete[i], false);
        ck_assert_msg(g_error_matches(conversion->error, MIG_ERROR, MIG_ERROR_USAGE),
                      "%s", incomplete[i]);
    }
}
END_TEST

/* A page of a kind that a filter does not name never gets to it. */
START_TEST(filters_know_kinds_of_pages)
{
    const MigFilterType type = { .handles = MIG_ITEM_BIT(RAM_PAGES) | MIG_ITEM_BIT(EOF),
                                 .page_kinds = MIG_PAGE_BIT(ZERO) };
    const MigItem zero = { .kind = MIG_ITEM_RAM_PAGES, .pages.kind = MIG_PAGE_ZERO };
    const MigItem normal = { .kind = MIG_ITEM_RAM_PAGES, .pages.kind = MIG_PAGE_NORMAL };
    const MigItem eof = { .kind = MIG_ITEM_EOF };

    ck_assert(mig_filter_type_knows(&type, &zero));
    ck_assert(!mig_filter_type_knows(&type, &normal));
    ck_assert(mig_filter_type_knows(&type, &eof));
    for (const MigFilterType *const *t = mig_filter_types(); *t; t++) {
        ck_assert_msg(!((*t)->handles & MIG_ITEM_BIT(RAM_PAGES)) == !(*t)->page_kinds,
                      "%s handles pages, or knows kinds of them, but not both",
                      (*t)->name);
    }
}
END_TEST

START_TEST(filters_have_help)
{
    const char *previous = "";

    for (const MigFilterType *const *type = mig_filter_types(); *type; type++) {
        const char *key, *values, *help;
        ck_assert_str_lt(previous, mig_filter_type_name(*type));
        ck_assert_str_ne(mig_filter_type_summary(*type), "");
        for (size_t i = 0; mig_filter_type_option(*type, i, &key, &values, &help); i++) {
            ck_assert(*key && *values && *help);
        }
        previous = mig_filter_type_name(*type);
    }
}
END_TEST

/* A stream that ends early is the reader's error, whatever the chain. */
START_TEST(damage_is_an_error)
{
    g_autoptr(GBytes) whole = fixture_bytes("good/vfio-config-last.txt");

    for (size_t n = 0; n < g_bytes_get_size(whole); n += 7) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, n);
        g_autoptr(Conversion) conversion =
            convert(cut, "vfio-layout:to=config-first", false);
        uint64_t offset;
        if (conversion->bytes) {
            continue; /* cut in the description, or after the end mark */
        }
        ck_assert(mig_error_get_offset(conversion->error, &offset));
        ck_assert_uint_le(offset, n);
    }
}
END_TEST

/* What was asked for by name, and is not there, in a stream with a, x and pc.ram. */
static const struct {
    const char *chain, *says;
} unmatched[] = {
    { "drop-section:name=b", "the stream has no section \"b\"; it has ram, a, x" },
    { "drop-section:name=x:name=b", "no section \"b\"" },
    { "drop-section:name=a@1", "no section \"a@1\"; it has ram, a, x" },
    { "keep-section:name=rom", "no section \"rom\"; did you mean ram?" },
    { "rename-section:from=xx:to=y", "no section \"xx\"; it has ram, a, x" },
    { "ram-block:name=pc.rom:length=0x1000",
      "no RAM block \"pc.rom\"; did you mean pc.ram?" },
    { "ram-block:name=pc.rom:drop=yes", "no RAM block \"pc.rom\"; did you mean pc.ram?" },
    { "ram-block:name=*.rom:to=x", "no RAM block \"*.rom\"" },
    { "set-field:path=b:c:value=1", "no device \"b:c\"" },
    { "set-field:path=a:c:value=1", "no field is \"a:c\"" },
    { "drop-subsection:path=a:c", "no field is \"a:c\"" },
    { "drop-field:path=a:c", "no field is \"a:c\"" },
    { "add-field:after=a:c:name=n:type=uint8", "no field is \"a:c\"" },
    { "resize-array:path=b:c:length=1", "no device \"b:c\"" },
    { "drop-register:path=cpu:cpreg[*]", "no device \"cpu:cpreg[*]\"" },
    { "vfio-layout:to=subflag:config-needed=yes:a", "has no VFIO device" },
    { "drop-command:name=PING", "has no PING to drop" },
    { "drop-command:name=21", "has no command 21 to drop" },
    { "capabilities:drop=c", "has no capability c to drop" },
    { "uuid:drop=yes", "has no UUID to drop" },
    { "null drop-section:name=b ram-zero", "no section \"b\"" },
};

START_TEST(unmatched_is_an_error)
{
    g_autoptr(GBytes) stream = assembled("header; config \"m\"\n" RAM RAM_END DEVICE(
        "3", "a") DEVICE("4", "x") "eof\n" DEVICES(ENTRY("a") ", " ENTRY("x")));
    g_autoptr(Conversion) file = convert(stream, unmatched[_i].chain, false);
    g_autoptr(Conversion) pipe_end = convert_pipe(stream, unmatched[_i].chain, false);
    const Conversion *both[] = { file, pipe_end };

    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        ck_assert_msg(g_error_matches(both[i]->error, MIG_ERROR, MIG_ERROR_UNMATCHED) &&
                          strstr(both[i]->error->message, unmatched[_i].says),
                      "%s: %s", unmatched[_i].chain,
                      both[i]->error ? both[i]->error->message : "no error");
    }
}
END_TEST

/* A pattern finds a subsection with another in it, which goes along, and one after it. */
START_TEST(drops_each_subsection_that_matches)
{
    g_autoptr(GBytes) stream = assembled(
        "header; config \"m\"\n"
        "full 3 \"x\" 0 1\n be32 5\n"
        "subsection \"x/a\" 1 { be32 7; subsection \"x/a/b\" 1 { be32 8 } }\n"
        "subsection \"x/c\" 1 { be32 9 }\nfooter 3\neof\n"
        "description {\n{\"page_size\": 4096, \"devices\": [{\"name\": \"x\", "
        "\"instance_id\": 0, "
        "\"vmsd_name\": \"x\", \"version\": 1, "
        "\"fields\": [{\"name\": \"v\", \"type\": \"uint32\", \"size\": 4}], "
        "\"subsections\": [{\"vmsd_name\": \"x/a\", \"version\": 1, "
        "\"fields\": [{\"name\": \"w\", \"type\": \"uint32\", \"size\": 4}], "
        "\"subsections\": [{\"vmsd_name\": \"x/a/b\", \"version\": 1, "
        "\"fields\": [{\"name\": \"y\", \"type\": \"uint32\", \"size\": 4}]}]}, "
        "{\"vmsd_name\": \"x/c\", \"version\": 1, "
        "\"fields\": [{\"name\": \"z\", \"type\": \"uint32\", \"size\": 4}]}]}]}\n}");
    static const struct {
        const char *path;
        const char *first, *second;
    } drops[] = { { "*:*", "x/a dropped, 28 bytes", "x/c dropped, 13 bytes" },
                  { "x@0:x/?", "x/a dropped, 28 bytes", "x/c dropped, 13 bytes" },
                  { "x:*b", "x/a.x/a/b dropped, 15 bytes", NULL } };

    for (size_t i = 0; i < G_N_ELEMENTS(drops); i++) {
        g_autofree char *chain =
            g_strdup_printf("drop-subsection:path=%s", drops[i].path);
        g_autoptr(Conversion) conversion = convert(stream, chain, false);
        const char *at;

        ck_assert_msg(conversion->bytes, "%s: %s", chain,
                      conversion->error ? conversion->error->message : "");
        at = strstr(conversion->report, drops[i].first);
        ck_assert_msg(at && (!drops[i].second || strstr(at, drops[i].second)), "%s: %s",
                      chain, conversion->report);
        g_autoptr(Conversion) none = convert(conversion->bytes, chain, false);
        ck_assert_msg(g_error_matches(none->error, MIG_ERROR, MIG_ERROR_UNMATCHED), "%s",
                      chain);
    }
}
END_TEST

Suite *suite_filter(void)
{
    Suite *suite = suite_create("filter");
    TCase *tc = tcase_create("nothing changes");
    tcase_add_test(tc, good_fixtures_pass);
    tcase_add_test(tc, real_streams_pass);
    suite_add_tcase(suite, tc);
    tc = tcase_create("filters");
    tcase_add_loop_test(tc, stream_becomes, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, other_stream_gives, 0, G_N_ELEMENTS(grafts));
    tcase_add_loop_test(tc, unmatched_is_an_error, 0, G_N_ELEMENTS(unmatched));
    tcase_add_test(tc, drops_each_subsection_that_matches);
    tcase_add_test(tc, mapped_ram_moves);
    tcase_add_test(tc, mapped_ram_blocks_change);
    tcase_add_test(tc, mapped_ram_comes_to_the_front);
    tcase_add_test(tc, ram_says_the_same);
    suite_add_tcase(suite, tc);
    tc = tcase_create("chains");
    tcase_add_test(tc, text_of_a_chain);
    tcase_add_test(tc, options_are_complete);
    tcase_add_test(tc, filters_know_kinds_of_pages);
    tcase_add_test(tc, filters_have_help);
    tcase_add_test(tc, damage_is_an_error);
    suite_add_tcase(suite, tc);
    return suite;
}
