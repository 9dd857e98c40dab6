/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that a device's bytes are decoded by their description, and
 *                not beyond it.
 * Must not know: streams; tests/cli/test-devices.c has whole ones.
 * See also:      lib/device/decode.h, lib/device/pci.h, lib/device/virtio.h.
 */
#include "device/decode.h"

#include <inttypes.h>
#include <string.h>

#include "device/special.h"
#include "device/virtio-parts.h"
#include "device/virtio.h"
#include "io/budget.h"
#include "stream/wire.h"
#include "support.h"

#define F(NAME, TYPE, SIZE, MORE) \
    "{\"name\": \"" NAME "\", \"type\": \"" TYPE "\", " MORE "\"size\": " #SIZE "}"
#define STRUCT(NAME, SIZE, MEMBERS) \
    F(NAME, "struct", SIZE,         \
      "\"struct\": {\"vmsd_name\": \"s\", \"version\": 1, " MEMBERS "}, ")
#define FIELDS(LIST)       "\"fields\": [" LIST "]"
#define SUB(NAME, MEMBERS) "{\"vmsd_name\": \"" NAME "\", \"version\": 2, " MEMBERS "}"
#define DEVICE(MEMBERS)                                                         \
    "{\"name\": \"d\", \"instance_id\": 0, \"vmsd_name\": \"d\", \"version\": " \
    "1, " MEMBERS "}"
#define ELEMENT(MEMBERS) "\"vmsd_name\": \"e\", \"version\": 1, " MEMBERS ", "

/* A decoder of a stream of its own. */
#define DECODER(VISIT, USER)                                                    \
    (const MigDecoder)                                                          \
    {                                                                           \
        .budget = &(MigBudget)MIG_BUDGET_INIT, .visit = (VISIT), .user = (USER) \
    }

#define STATE(JSON, BYTES, LENGTH, OFFSET)                             \
    (const MigDeviceState)                                             \
    {                                                                  \
        .json = (JSON), .json_length = strlen(JSON), .bytes = (BYTES), \
        .length = (LENGTH), .offset = (OFFSET)                         \
    }

/* The leaves that come of a description and a body, "path=value" one after the other; what is
 * not described is "?N", N bytes. */
static const struct {
    const char *title, *json, *body, *leaves;
    bool matches;
} cases[] = {
    { "integers by their type, big-endian",
      DEVICE(FIELDS(F("a", "uint8", 1, "") ", " F("b", "uint16", 2, "") ", " F(
          "c", "int32", 4, "") ", " F("d", "uint64", 8,
                                      "") ", " F("e", "bool", 1, "") ", " F("f", "int64",
                                                                            8, ""))),
      "ff 0102 fffffffe ffffffffffffffff 01 8000000000000000",
      "a=255 b=258 c=-2 d=18446744073709551615 e=true f=-9223372036854775808", true },
    { "le means less or equal, not little-endian",
      DEVICE(FIELDS(F("v", "int32 le", 4, ""))), "00000002", "v=2", true },
    { "a boolean that is neither 0 nor 1 is shown as the number it is",
      DEVICE(FIELDS(F("b", "bool", 1, ""))), "07", "b=7", true },
    { "spaces before colons, as 5.2 writes it",
      "{ \"name\" : \"d\", \"vmsd_name\" : \"d\", \"version\" : 1, \"fields\" : [ "
      "{ \"name\" : \"a\", \"type\" : \"uint8\", \"size\" : 1 } ] }",
      "2a", "a=42", true },
    { "a type that nobody knows is bytes", DEVICE(FIELDS(F("x", "fpr", 3, ""))), "010203",
      "x=:010203", true },
    { "arrays by length and by index are one thing",
      DEVICE(FIELDS(F("a", "uint8", 1, "\"array_len\": 3, ") ", " F(
          "b", "uint8", 1, "\"index\": 0, ") ", " F("b", "uint8", 1, "\"index\": 1, "))),
      "01 02 03 04 05", "a[0]=1 a[1]=2 a[2]=3 b[0]=4 b[1]=5", true },
    { "structs nest, arrays of them too",
      DEVICE(FIELDS(STRUCT("s", 1, FIELDS(F("x", "uint8", 1, ""))) ", " F(
          "t", "struct", 2,
          "\"array_len\": 2, \"struct\": {"
          "\"vmsd_name\": \"t\", " FIELDS(F("y", "uint16", 2, "")) "}, "))),
      "01 0002 0003", "s.x=1 t[0].y=2 t[1].y=3", true },
    { "a struct whose members do not add up is bytes, and what follows goes on",
      DEVICE(FIELDS(
          STRUCT("s", 3, FIELDS(F("x", "uint8", 1, ""))) ", " F("z", "uint8", 1, ""))),
      "010203 04", "s=:010203 z=4", false },
    { "members that stand in the field itself (tmp)",
      DEVICE(FIELDS(
          F("t", "tmp", 3,
            ELEMENT(FIELDS(F("m", "uint16", 2, "") ", " F("n", "uint8", 1, "")))))),
      "0102 03", "t.m=258 t.n=3", true },
    { "a subsection has a mark, a name and a version",
      DEVICE(FIELDS(F("a", "uint8", 1, "")) ", \"subsections\": [" SUB(
          "d/x", FIELDS(F("b", "uint8", 1, ""))) "]"),
      "01 05 03 642f78 00000002 07", "a=1 d/x.version_id=2 d/x.b=7", true },
    { "a container repeats its keys for each element",
      DEVICE(FIELDS(F("q", "qtailq", 5,
                      ELEMENT(FIELDS(F("x", "uint8", 1, "")))
                          ELEMENT(FIELDS(F("x", "uint8", 1, "")))))),
      "01 07 01 08 00", "q[0].x=7 q[1].x=8", true },
    { "an empty one has only its end", DEVICE(FIELDS(F("q", "qlist", 1, ""))), "00", "",
      true },
    { "a tree with direct keys",
      DEVICE(FIELDS(F("g", "gtree", 15, ELEMENT(FIELDS(F("x", "uint8", 1, "")))))),
      "00000001 01 0000000000000009 07 00", "g[0].key=9 g[0].value.x=7", true },
    { "a container of which a tool kept the last element only is bytes",
      DEVICE(FIELDS(F("q", "qtailq", 5, ELEMENT(FIELDS(F("x", "uint8", 1, "")))))),
      "01 07 01 08 00", "q=:0107010800", false },

    /* NULL pointers */
    { "10.0: runs of one name; the first claims all",
      DEVICE(FIELDS(F("p", "uint16", 2, "\"array_len\": 4, ") ", " F(
          "p", "nullptr", 1, "\"array_len\": 2, ") ", " F("p", "uint16", 2, ""))),
      "0001 30 30 0002", "p[0]=1 p[1]=NULL p[2]=NULL p[3]=2", true },
    { "10.0: an array that begins with NULL is right as it stands",
      DEVICE(FIELDS(
          F("p", "nullptr", 1, "\"array_len\": 2, ") ", " F("p", "uint16", 2, ""))),
      "30 30 0002", "p[0]=NULL p[1]=NULL p[2]=2", true },
    { "7.2: as if all were there; the length tells how many are not",
      DEVICE(FIELDS(F("a", "uint8", 1, "") ", " F(
          "p", "uint32", 4, "\"array_len\": 4, ") ", " F("z", "uint8", 1, ""))),
      "07 00000001 30 00000002 30 09", "a=7 p[0]=1 p[1]=NULL p[2]=2 p[3]=NULL z=9",
      true },
    { "7.2: where two readings are possible, none is shown",
      DEVICE(FIELDS(F("p", "uint16", 2, "\"array_len\": 3, "))), "0001 3030 30", "?5",
      false },
    { "7.2: the first is described, so that it is there, whatever its first byte",
      DEVICE(FIELDS(F("p", "uint16", 2, "\"array_len\": 2, "))), "3001 30",
      "p[0]=12289 p[1]=NULL", true },
    { "7.2: the first is described as NULL, whatever it could be else",
      DEVICE(FIELDS(F("t", "timer", 1, "\"array_len\": 2, "))), "30 0000000000000030",
      "t[0]=NULL t[1]=48", true },
    { "7.2: a first NULL of a type of two bytes",
      DEVICE(
          FIELDS(F("p", "uint16", 1, "\"array_len\": 3, ") ", " F("z", "uint8", 1, ""))),
      "30 0001 30 09", "p[0]=NULL p[1]=1 p[2]=NULL z=9", true },
    { "7.2: where two arrays may hold NULLs, neither is shown",
      DEVICE(FIELDS(F("p", "uint16", 2, "\"array_len\": 2, ") ", " F(
          "q", "uint16", 2, "\"array_len\": 2, "))),
      "0001 30 0002 0030", "?7", false },
    { "7.2: an array without the byte '0' holds none",
      DEVICE(FIELDS(F("p", "uint16", 2, "\"array_len\": 2, ") ", " F(
          "q", "uint32", 4, "\"array_len\": 2, "))),
      "0001 30 00000003 00000004", "p[0]=1 p[1]=NULL q[0]=3 q[1]=4", true },
    { "7.2: all NULL, described by the first of them",
      DEVICE(FIELDS(F("t", "timer", 1, "\"array_len\": 2, ") ", " F(
          "s", "struct", 1, "\"array_len\": 2, \"struct\": {}, "))),
      "30 30 30 30", "t[0]=NULL t[1]=NULL s[0]=NULL s[1]=NULL", true },
    { "7.2: the first is NULL; the type tells what the others are",
      DEVICE(
          FIELDS(F("t", "timer", 1, "\"array_len\": 3, ") ", " F("z", "uint8", 1, ""))),
      "30 0000000000000007 30 09", "t[0]=NULL t[1]=7 t[2]=NULL z=9", true },
    { "7.2: the first is NULL, and nothing tells what the others are",
      DEVICE(FIELDS(F("s", "struct", 1, "\"array_len\": 2, \"struct\": {}, "))),
      "30 0001", "?3", false },
    { "11.1: runs as in 10.0, of another type",
      DEVICE(FIELDS(F("p", "uint16", 2, "\"array_len\": 3, ") ", " F(
          "p", "ptr-marker", 1, "\"array_len\": 2, "))),
      "0001 30 30", "p[0]=1 p[1]=NULL p[2]=NULL", true },
    { "11.1: a mark before each element that is there",
      DEVICE(FIELDS(F("p", "ptr-marker", 1, "") ", " F("p", "uint16", 2, "") ", " F(
          "p", "ptr-marker", 1, "") ", " F("p", "ptr-marker", 1, "") ", " F("p", "uint16",
                                                                            2, ""))),
      "31 0001 30 31 0002", "p[0]=1 p[1]=NULL p[2]=2", true },
    { "what is described as NULL and is not",
      DEVICE(FIELDS(F("p", "nullptr", 1, "") ", " F("z", "uint8", 1, ""))), "31 09",
      "?1 z=9", false },

    /* descriptions that lie */
    { "too short a description: nothing is certain",
      DEVICE(FIELDS(F("a", "uint8", 1, ""))), "01 02", "?2", false },
    { "too long a description", DEVICE(FIELDS(F("a", "uint32", 4, ""))), "01 02", "?2",
      false },
    { "a width that the type does not have",
      DEVICE(FIELDS(F("a", "uint32", 2, "") ", " F("z", "uint8", 1, ""))), "0102 03",
      "?2 z=3", false },
    { "up to a subsection that is in place, all is certain",
      DEVICE(FIELDS(F("a", "uint8", 1, "")) ", \"subsections\": [" SUB(
          "d/x", FIELDS(F("b", "uint8", 1, ""))) ", " SUB("d/y", FIELDS(F("c", "uint8", 1,
                                                                          ""))) "]"),
      "01 05 03 642f78 00000002 07 00", "a=1 d/x.version_id=2 ?2", false },
    { "a subsection of another version",
      DEVICE(FIELDS(F("a", "uint8", 1, "")) ", \"subsections\": [" SUB("d/x",
                                                                       FIELDS("")) "]"),
      "01 05 03 642f78 00000003", "?10", false },
    { "an array that costs more than it has bytes",
      DEVICE(FIELDS(F("a", "uint8", 0, "\"array_len\": 18446744073709551615, "))), "",
      "?0", false },
    { "lengths beyond 64 bits",
      DEVICE(FIELDS(F("a", "buffer", 18446744073709551615, "\"array_len\": 3, "))), "01",
      "?1", false },
    { "no JSON", "{\"name\": \"d\", ", "01", "?1", false },
    { "a field without a size", DEVICE(FIELDS("{\"name\": \"a\", \"type\": \"uint8\"}")),
      "01", "?1", false },
    { "an old-style device is a buffer",
      "{\"name\": \"d\", \"instance_id\": 0, \"size\": 2, " FIELDS(
          F("data", "buffer", 2, "")) "}",
      "0102", "data=:0102", true },
};

static GBytes *from_hex(const char *text)
{
    GByteArray *bytes = g_byte_array_new();

    while (*text) {
        if (*text == ' ') {
            text++;
            continue;
        }
        uint8_t byte =
            (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
        g_byte_array_append(bytes, &byte, 1);
        text += 2;
    }
    return g_byte_array_free_to_bytes(bytes);
}

typedef struct {
    GString *leaves;
    unsigned open;       /* groups */
    uint64_t first, end; /* of what may be visited */
} Seen;

static void see(const MigField *field, void *user)
{
    Seen *seen = user;

    if (field->kind == MIG_FIELD_END) {
        ck_assert_uint_gt(seen->open--, 0);
        return;
    }
    ck_assert_uint_eq(field->depth, seen->open);
    if (mig_field_is_group(field)) {
        seen->open++;
        return;
    }
    ck_assert_uint_ge(field->offset, seen->first);
    ck_assert_uint_le(field->offset + field->length, seen->end);
    g_string_append(seen->leaves, seen->leaves->len ? " " : "");
    if (field->kind == MIG_FIELD_MISMATCH) {
        g_string_append_printf(seen->leaves, "?%" PRIu64, field->length);
        return;
    }
    g_string_append_printf(seen->leaves, "%s=", field->path);
    switch (field->kind) {
    case MIG_FIELD_UINT:
        g_string_append_printf(seen->leaves, "%" PRIu64, field->u);
        break;
    case MIG_FIELD_INT:
        g_string_append_printf(seen->leaves, "%" PRId64, field->i);
        break;
    case MIG_FIELD_BOOL:
        g_string_append(seen->leaves, field->u ? "true" : "false");
        break;
    case MIG_FIELD_NULL:
        g_string_append(seen->leaves, "NULL");
        break;
    default:
        g_string_append_c(seen->leaves, ':');
        for (uint64_t i = 0; i < field->length; i++) {
            g_string_append_printf(seen->leaves, "%02x", field->bytes[i]);
        }
    }
}

#define BODY_OFFSET 1000

START_TEST(decodes)
{
    g_autoptr(GBytes) body = from_hex(cases[_i].body);
    g_autoptr(GString) leaves = g_string_new(NULL);
    size_t n;
    const uint8_t *bytes = g_bytes_get_data(body, &n);
    Seen seen = { .leaves = leaves, .first = BODY_OFFSET, .end = BODY_OFFSET + n };
    bool matches = mig_device_decode(&DECODER(see, &seen),
                                     &STATE(cases[_i].json, bytes, n, BODY_OFFSET));

    ck_assert_msg(strcmp(leaves->str, cases[_i].leaves) == 0,
                  "%s: got \"%s\", wanted \"%s\"", cases[_i].title, leaves->str,
                  cases[_i].leaves);
    ck_assert_msg(matches == cases[_i].matches, "%s: matches: %d", cases[_i].title,
                  matches);
    ck_assert_uint_eq(seen.open, 0);
}
END_TEST

/* Each body, cut at each length: never a value that lies beyond it. */
START_TEST(stays_inside)
{
    g_autoptr(GBytes) body = from_hex(cases[_i].body);
    size_t length;
    const uint8_t *whole = g_bytes_get_data(body, &length);

    for (size_t n = 0; n < length; n++) {
        g_autoptr(GString) leaves = g_string_new(NULL);
        g_autofree uint8_t *cut = g_memdup2(whole, n); /* so that a sanitizer sees */
        Seen seen = { .leaves = leaves, .first = BODY_OFFSET, .end = BODY_OFFSET + n };

        mig_device_decode(&DECODER(see, &seen),
                          &STATE(cases[_i].json, cut, n, BODY_OFFSET));
        ck_assert_uint_eq(seen.open, 0);
    }
}
END_TEST

START_TEST(without_a_description)
{
    static const uint8_t body[] = { 1, 2, 3 };
    g_autoptr(GString) leaves = g_string_new(NULL);
    Seen seen = { .leaves = leaves, .end = sizeof body };

    ck_assert(!mig_device_decode(
        &DECODER(see, &seen), &(MigDeviceState){ .bytes = body, .length = sizeof body }));
    ck_assert_str_eq(leaves->str, "?3");
}
END_TEST

/* --- configuration space ----------------------------------------------------------------- */

static void put(uint8_t *at, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* A payload with an endpoint that has what lspci would show: BARs of each kind, capabilities
 * in a chain, extended ones. */
static GBytes *payload(void)
{
    uint8_t *p = g_malloc0(4 + 4096 + 16 + 2 * 16 + 1), *space = p + 4;

    p[3] = 2;
    put(space, 2, 0x8086);
    put(space + 0x02, 2, 0x10fb);
    put(space + 0x04, 2, 0x0406);
    put(space + 0x06, 2, 0x0010);
    put(space + 0x0a, 2, 0x0200);
    put(space + 0x10, 4, 0xfe00000c); /* 64-bit, prefetchable */
    put(space + 0x14, 4, 0x00000001);
    put(space + 0x18, 4, 0x0000c001); /* I/O */
    put(space + 0x1c, 4, 0xfeb00000);
    put(space + 0x24, 4, 0xfd000004); /* 64-bit, without a second half */
    space[0x34] = 0x40;
    put(space + 0x40, 2, 0x5001); /* Power Management */
    put(space + 0x44, 2, 0x2008);
    put(space + 0x50, 2, 0x7005); /* MSI, 64-bit, with masks */
    put(space + 0x52, 2, 0x0181);
    put(space + 0x54, 8, 0xfee00000);
    put(space + 0x5c, 2, 0x4041);
    put(space + 0x60, 4, 0x1);
    put(space + 0x70, 2, 0x8011); /* MSI-X, 2 vectors */
    put(space + 0x72, 2, 0x8001);
    put(space + 0x74, 4, 0x2003);
    put(space + 0x78, 4, 0x3003);
    put(space + 0x80, 2, 0x0010); /* Express, a root port with a slot */
    put(space + 0x82, 2, 0x0142);
    put(space + 0x88, 2, 0x2020);
    put(space + 0x92, 2, 0x0043);
    put(space + 0x9a, 2, 0x0008);
    space[0xf0] = 0xaa;                /* nobody's */
    put(space + 0x100, 4, 0x14020001); /* AER */
    put(space + 0x108, 4, 0x10);
    put(space + 0x12c, 4, 0x5);
    put(space + 0x140, 4, 0x00010010); /* SR-IOV, the last */
    put(space + 0x14e, 2, 8);
    put(space + 0x164, 4, 0x0000000c);
    put(p + 4 + 4096 + 16, 8, 0xfee00000);
    put(p + 4 + 4096 + 16 + 8, 4, 0x4021);
    put(p + 4 + 4096 + 16 + 28, 4, 1);
    p[4 + 4096 + 16 + 32] = 2; /* vector 1 is pending */
    p[4 + 4096 + 7] = 1;       /* INTB */
    return g_bytes_new_take(p, 4 + 4096 + 16 + 2 * 16 + 1);
}

/* Paths with their value and what is said of it; a note may be the beginning of one. */
static const struct {
    const char *path;
    uint64_t value;
    const char *note;
} registers[] = {
    { "version_id", 2, NULL },
    { "config.vendor_id", 0x8086, NULL },
    { "config.command", 0x0406, "I/O- Mem+ BusMaster+" },
    { "config.status", 0x0010, "Cap+ 66MHz-" },
    { "config.bar[0]", 0x1fe00000c, "Memory at 1fe000000 (64-bit, prefetchable)" },
    { "config.bar[2]", 0xc001, "I/O ports at c000" },
    { "config.bar[3]", 0xfeb00000, "Memory at feb00000 (32-bit, non-prefetchable)" },
    { "config.bar[5]", 0xfd000004, "Memory at fd000000 (32-bit, non-prefetchable)" },
    { "config.cap_0x40.pmcsr", 0x2008, "D=0 NoSoftRst+" },
    { "config.cap_0x50.address", 0xfee00000, NULL },
    { "config.cap_0x50.data", 0x4041, NULL },
    { "config.cap_0x50.mask", 1, NULL },
    { "config.cap_0x70.control", 0x8001, "Enable+ Masked- Count-1=1" },
    { "config.cap_0x70.vectors", 2,
      "Count=2, table at BAR=3 offset=00002000, PBA at BAR=3 offset=00003000" },
    { "config.cap_0x80.flags", 0x0142, "Version=2 Type=Root Port Slot+ MSI=0" },
    { "config.cap_0x80.device_control", 0x2020,
      "CorrErr- NonFatalErr- FatalErr- UnsupReq- RlxdOrd- MaxPayload=256 bytes" },
    { "config.cap_0x80.link_status", 0x43, "Speed=8GT/s Width=4 TrErr-" },
    { "config.cap_0x80.slot_status", 0x8,
      "AttnBtn- PowerFlt- MRL- CmdCplt- PresDet- Interlock- ChangedMRL- "
      "ChangedPresDet+" },
    { "config.ext_0x100.uncorrectable_mask", 0x10, "DLP+ SDES-" },
    { "config.ext_0x100.root_command", 5, "CERptEn+ NFERptEn- FERptEn+" },
    { "config.ext_0x140.total_vfs", 8, NULL },
    { "config.ext_0x140.vf_bar[0]", 0xc, "Memory at 0 (64-bit, prefetchable)" },
    { "irq_state.INTA", 0, "not asserted" },
    { "irq_state.INTB", 1, "asserted" },
    { "msix.table[0].address", 0xfee00000, NULL },
    { "msix.table[0].data", 0x4021, NULL },
    { "msix.table[0].pending", 0, NULL },
    { "msix.table[1].control", 1, "Masked+" },
    { "msix.table[1].pending", 1, NULL },
};

typedef struct {
    GHashTable *leaves; /* path -> "value note" */
} Registers;

static void note_register(const MigField *field, void *user)
{
    Registers *r = user;

    if (field->kind != MIG_FIELD_END) {
        g_hash_table_insert(r->leaves, g_strdup(field->path),
                            mig_field_is_group(field)
                                ? g_strdup(field->note ? field->note : "")
                                : g_strdup_printf("0x%" PRIx64 " %s", field->u,
                                                  field->note ? field->note : ""));
    }
}

START_TEST(decodes_configuration_space)
{
    g_autoptr(GBytes) bytes = payload();
    g_autoptr(GHashTable) leaves =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Registers r = { leaves };
    size_t n;
    const uint8_t *p = g_bytes_get_data(bytes, &n);

    ck_assert(mig_vfio_payload_decode(&DECODER(note_register, &r), p, n, 0));
    for (size_t i = 0; i < G_N_ELEMENTS(registers); i++) {
        const char *got = g_hash_table_lookup(leaves, registers[i].path);
        g_autofree char *wanted =
            g_strdup_printf("0x%" PRIx64 " %s", registers[i].value,
                            registers[i].note ? registers[i].note : "");

        ck_assert_msg(got && g_str_has_prefix(got, wanted),
                      "%s: got \"%s\", wanted \"%s\"", registers[i].path,
                      got ? got : "nothing", wanted);
    }
    ck_assert_str_eq(g_hash_table_lookup(leaves, "config.cap_0x40"), "Power Management");
    ck_assert_str_eq(g_hash_table_lookup(leaves, "config.cap_0x80"),
                     "Express: Root Port");
    ck_assert_str_eq(g_hash_table_lookup(leaves, "config.ext_0x140"),
                     "Single Root I/O Virtualization (SR-IOV)");
    /* BAR 1 is the upper half of BAR 0; bytes that nobody explains are there as they are */
    ck_assert(!g_hash_table_contains(leaves, "config.bar[1]"));
    ck_assert(g_hash_table_contains(leaves, "config.bytes_0xf0"));
}
END_TEST

/* 16 bytes for each vector, and a bit for each in whole bytes. */
static const struct {
    uint64_t length;
    uint32_t vectors; /* 0: it is the length of no table */
} msix_tables[] = {
    { 0, 0 },   { 16, 0 },    { 17, 1 },       { 18, 0 },    { 32, 0 },    { 33, 2 },
    { 34, 0 },  { 128, 0 },   { 129, 8 },      { 130, 0 },   { 145, 0 },   { 146, 9 },
    { 147, 0 }, { 32768, 0 }, { 33024, 2048 }, { 33025, 0 }, { 33041, 0 },
};

START_TEST(tells_vectors_by_length)
{
    ck_assert_msg(mig_pci_msix_vectors(msix_tables[_i].length) == msix_tables[_i].vectors,
                  "%" PRIu64 " bytes: %u", msix_tables[_i].length,
                  mig_pci_msix_vectors(msix_tables[_i].length));
}
END_TEST

/* A chain that leads back to itself ends, and whatever the guest has put there, all bytes
 * are looked at within the space. */
START_TEST(survives_any_configuration_space)
{
    g_autoptr(GBytes) good = payload();
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    size_t n;
    const uint8_t *p = g_bytes_get_data(good, &n);
    g_autofree uint8_t *space = g_memdup2(p, n);
    g_autoptr(GHashTable) leaves =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Registers r = { leaves };
    static const char json[] = DEVICE(FIELDS(F("c", "pci config", 4096, "")));

    space[4 + 0x71] = 0x40;
    space[4 + 0x102] = 0;
    space[4 + 0x103] = 0x10;
    mig_device_decode(&DECODER(note_register, &r), &STATE(json, space + 4, 4096, 0));
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 4096; i++) {
            space[4 + i] = (uint8_t)g_rand_int(rand);
        }
        space[4 + 6] |= 0x10;
        space[4 + 0xe] &= 0x81;
        mig_device_decode(&DECODER(note_register, &r), &STATE(json, space + 4, 4096, 0));
    }
}
END_TEST

/* What gzip makes of the list: some distributions have it so. */
static GBytes *gzipped(const char *list)
{
    g_autoptr(GZlibCompressor) gzip =
        g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
    char packed[512];
    gsize read, written;

    ck_assert_int_eq(g_converter_convert(G_CONVERTER(gzip), list, strlen(list), packed,
                                         sizeof(packed), G_CONVERTER_INPUT_AT_END, &read,
                                         &written, NULL),
                     G_CONVERTER_FINISHED);
    return g_bytes_new(packed, written);
}

START_TEST(reads_names_where_there_are_any)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *path = g_build_filename(dir, "pci.ids", NULL);
    static const char list[] =
        "# a list\n15b3  Mellanox\n\t101e  A function\n\t\t0001 0002  Sub\n"
        "C 02  Network controller\n\t00  Ethernet controller\n";
    g_autoptr(GBytes) bytes = _i ? gzipped(list) : g_bytes_new_static(list, strlen(list));
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(path, data, (gssize)n, NULL));
    MigPciNames *names = mig_pci_names_load(path);
    ck_assert_ptr_nonnull(names);
    ck_assert_str_eq(mig_pci_vendor_name(names, 0x15b3), "Mellanox");
    ck_assert_str_eq(mig_pci_device_name(names, 0x15b3, 0x101e), "A function");
    ck_assert_str_eq(mig_pci_class_name(names, 0x0200), "Ethernet controller");
    ck_assert_str_eq(mig_pci_class_name(names, 0x0280), "Network controller");
    ck_assert_ptr_null(mig_pci_vendor_name(names, 0x8086));
    ck_assert_ptr_null(mig_pci_vendor_name(NULL, 0x15b3));
    mig_pci_names_free(names);
    g_autofree char *none = g_build_filename(dir, "none", NULL);
    ck_assert_ptr_null(mig_pci_names_load(none));
    /* A list that ends in the midst of its compression is none. */
    ck_assert(g_file_set_contents(path, data, (gssize)n - _i, NULL));
    names = mig_pci_names_load(path);
    ck_assert((names == NULL) == (_i == 1));
    mig_pci_names_free(names);
    scratch_remove(dir);
}
END_TEST

static const struct {
    uint16_t pci_device, type;
    unsigned bit;
    const char *feature;
} features[] = {
    { 0x1000, 1, 15, "MRG_RXBUF" },
    { 0x1041, 1, 63, "SPEED_DUPLEX" },
    { 0x1001, 2, 9, "FLUSH" },
    { 0x1042, 2, 32, "VERSION_1" },
    { 0x1005, 4, 28, "RING_INDIRECT_DESC" },
    { 0x1044, 4, 0, NULL },
    { 0x1053, 19, 1, "SEQPACKET" },
    { 0x1100, 0, 29, "RING_EVENT_IDX" },
};

/* --- what would cost more than it is worth ---------------------------------------------- */

/* A description of @times units, with a body of @length bytes 01.  Work must not grow with the
 * product of the two: what is too much is shown as bytes, and says why. */
static const struct {
    const char *title, *before, *unit;
    unsigned times;
    const char *after;
    unsigned length;
    const char *why;
} costly[] = {
    { "fields without a size in each element",
      "{\"vmsd_name\": \"d\", \"fields\": [{\"name\": \"a\", \"array_len\": 50000, "
      "\"type\": \"struct\", \"struct\": {\"vmsd_name\": \"s\", \"fields\": [" F(
          "x", "uint8", 1, ""),
      ", " F("z", "buffer", 0, ""), 1000, "]}, \"size\": 1}]}", 50000, "worth" },
    { "a container that does not fit, in each element",
      "{\"vmsd_name\": \"d\", \"fields\": [{\"name\": \"a\", \"array_len\": 50000, "
      "\"type\": \"struct\", \"struct\": {\"vmsd_name\": \"s\", \"fields\": ["
      "{\"name\": \"q\", \"type\": \"qtailq\"",
      ", \"vmsd_name\": \"e\", \"fields\": []", 2000, ", \"size\": 1}]}, \"size\": 1}]}",
      50000, "worth" },
    { "a search for NULLs in each element",
      "{\"vmsd_name\": \"d\", \"fields\": [{\"name\": \"a\", \"array_len\": 20000, "
      "\"type\": \"struct\", \"struct\": {\"vmsd_name\": \"s\", \"fields\": [" F(
          "x", "uint8", 1, ""),
      ", " F("p", "uint32", 0, "\"array_len\": 9, "), 2000, "]}, \"size\": 2}]}", 40000,
      "worth" },
    { "a list that is repeated",
      "{\"vmsd_name\": \"d\", \"fields\": [" F("x", "uint8", 1, "") "]",
      ", \"fields\": [" F("x", "uint8", 1, "") "]", 1, "}", 2, "twice" },
    { "a name without end",
      "{\"vmsd_name\": \"d\", \"fields\": [{\"type\": \"uint8\", \"size\": 1, \"name\": "
      "\"",
      "n", 300, "\"}]}", 1, "longer than 255 bytes" },
};

typedef struct {
    uint64_t visits;
    char *why; /* of the last one, if it is a MISMATCH */
} Tally;

static void count_visit(const MigField *field, void *user)
{
    Tally *tally = user;

    tally->visits++;
    g_clear_pointer(&tally->why, g_free);
    tally->why = field->kind == MIG_FIELD_MISMATCH ? g_strdup(field->note) : NULL;
}

START_TEST(costs_no_more_than_it_is_worth)
{
    g_autoptr(GString) json = g_string_new(costly[_i].before);
    g_autofree uint8_t *body = g_malloc(costly[_i].length);
    MigBudget budget = MIG_BUDGET_INIT;
    Tally tally = { 0 };
    const MigDecoder decoder = { .budget = &budget,
                                 .visit = count_visit,
                                 .user = &tally };

    for (unsigned i = 0; i < costly[_i].times; i++) {
        g_string_append(json, costly[_i].unit);
    }
    g_string_append(json, costly[_i].after);
    memset(body, 1, costly[_i].length);
    ck_assert(
        !mig_device_decode(&decoder, &STATE(json->str, body, costly[_i].length, 0)));
    ck_assert_msg(tally.why && strstr(tally.why, costly[_i].why), "%s: %s",
                  costly[_i].title, tally.why);
    ck_assert_uint_le(tally.visits,
                      (MIG_BUDGET_BASE + MIG_BUDGET_PER_BYTE * costly[_i].length) /
                          MIG_BUDGET_LINE);
    g_free(tally.why);
}
END_TEST

static void append_be(GByteArray *array, uint64_t value, unsigned width)
{
    for (unsigned i = width; i > 0; i--) {
        g_byte_array_append(array, &(uint8_t){ (uint8_t)(value >> 8 * (i - 1)) }, 1);
    }
}

/* Chains of subsections, each of which leads to all that follow and then not to the end: they
 * are followed once, not from each of their links. */
START_TEST(follows_a_chain_of_subsections_once)
{
    static const char name[] = "virtio/broken";
    g_autoptr(GByteArray) body = g_byte_array_new();
    MigBudget budget = MIG_BUDGET_INIT;
    Tally tally = { 0 };
    const MigDecoder decoder = { .budget = &budget,
                                 .visit = count_visit,
                                 .user = &tally };
    g_autofree char *json = NULL;

    append_be(body, 0, 8); /* virtio-mmio */
    append_be(body, 0, 4);
    append_be(body, 0, 8); /* status to features */
    append_be(body, 0, 4); /* no configuration */
    append_be(body, 0, 4); /* no queues */
    for (unsigned i = 0; i < 200000; i++) {
        append_be(body, MIG_SUBSECTION, 1);
        append_be(body, strlen(name), 1);
        g_byte_array_append(body, (const uint8_t *)name, strlen(name));
        append_be(body, 1, 4); /* version */
        append_be(body, 0, 1);
    }
    append_be(body, 0, 1);
    json = g_strdup_printf("{\"vmsd_name\": \"virtio-rng\", \"fields\": ["
                           "{\"name\": \"virtio\", \"type\": \"virtio\", \"size\": %u}]}",
                           body->len);
    ck_assert(mig_device_decode(&decoder, &STATE(json, body->data, body->len, 0)));
    g_free(tally.why);
}
END_TEST

START_TEST(knows_a_virtio_device_by_its_vmstate)
{
    ck_assert_uint_eq(mig_virtio_type_of_vmstate("virtio-console"), 3);
    ck_assert_uint_eq(mig_virtio_type_of_vmstate("virtio-mem"), 24);
    ck_assert_uint_eq(mig_virtio_type_of_vmstate("virtio"), 0);
    ck_assert_uint_eq(mig_virtio_type_of_vmstate(NULL), 0);
}
END_TEST

/* By the structures of VIRTIO 1.3, chapter 5; those that are little-endian in any guest. */
static const struct {
    uint16_t type;
    unsigned length; /* bytes; 0: nothing is known of it */
    bool little;
} configurations[] = {
    { 1, 28, false },  { 2, 96, false },  { 3, 12, false },  { 4, 0, false },
    { 5, 16, true },   { 8, 36, false },  { 9, 2, false },   { 16, 16, true },
    { 18, 136, true }, { 19, 8, false },  { 20, 56, true },  { 23, 40, true },
    { 24, 56, true },  { 25, 16, false }, { 26, 44, false }, { 27, 16, false },
    { 0, 0, false },   { 99, 0, false },
};

START_TEST(knows_how_long_a_virtio_configuration_is)
{
    bool little;
    unsigned length = 0;
    const MigPart *parts = mig_virtio_config_parts(configurations[_i].type, &little);

    for (; parts && parts->form; parts++) {
        length += mig_part_width(parts);
    }
    ck_assert_msg(length == configurations[_i].length, "type %u: %u bytes",
                  configurations[_i].type, length);
    ck_assert_int_eq(little, configurations[_i].little);
}
END_TEST

START_TEST(names_virtio_features)
{
    ck_assert_uint_eq(mig_virtio_type_of_pci(features[_i].pci_device), features[_i].type);
    const char *name = mig_virtio_feature_name(features[_i].type, features[_i].bit);
    ck_assert_pstr_eq(name, features[_i].feature);
}
END_TEST

Suite *suite_device(void)
{
    Suite *suite = suite_create("device");
    TCase *tc = tcase_create("decode");

    tcase_add_loop_test(tc, decodes, 0, G_N_ELEMENTS(cases));
    tcase_add_loop_test(tc, stays_inside, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tc, without_a_description);
    tcase_add_loop_test(tc, costs_no_more_than_it_is_worth, 0, G_N_ELEMENTS(costly));
    suite_add_tcase(suite, tc);
    tc = tcase_create("pci");
    tcase_add_test(tc, decodes_configuration_space);
    tcase_add_loop_test(tc, tells_vectors_by_length, 0, G_N_ELEMENTS(msix_tables));
    tcase_add_test(tc, survives_any_configuration_space);
    tcase_add_loop_test(tc, reads_names_where_there_are_any, 0, 2);
    suite_add_tcase(suite, tc);
    tc = tcase_create("virtio");
    tcase_add_test(tc, knows_a_virtio_device_by_its_vmstate);
    tcase_add_loop_test(tc, knows_how_long_a_virtio_configuration_is, 0,
                        G_N_ELEMENTS(configurations));
    tcase_add_loop_test(tc, names_virtio_features, 0, G_N_ELEMENTS(features));
    tcase_add_test(tc, follows_a_chain_of_subsections_once);
    suite_add_tcase(suite, tc);
    return suite;
}
