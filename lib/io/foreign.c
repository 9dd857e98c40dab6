/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see foreign.h.
 * Must not know: the stream; wrappers that are undone.
 * See also:      container.c.
 *
 * Sources of the magic numbers: what file(1) knows of foreign formats; of QEMU's,
 * docs/interop/qcow2.rst, dump/dump.c (kdump), migration/cpr.c, migration/multifd.c
 * (MULTIFD_MAGIC), migration/ram.c (a preempt channel has page records and no header) and
 * migration/savevm.c (dump_vmstate_json_to_file), 5.2 to 11.1; of
 * Firecracker's, its docs/snapshotting/versioning.md.
 */
#include "io/foreign.h"

#include <glib.h>
#include <string.h>

#include "io/byte-order.h"

#define QUOTED_MAX 24 /* characters of a text */
#define SHOWN_MAX  8  /* bytes of what is not known */

#define INSTEAD_OF_BYTES                                                                 \
    "; give the file that QEMU or \"virsh save\" wrote, with --offset=auto where other " \
    "bytes come first"
#define INSTEAD_OF_TEXT "; a log of a load that failed is for \"migstat explain\""

typedef struct Foreign {
    const char *bytes;
    size_t length;
    size_t offset;
    bool unread; /* it belongs to a migration: say so before anything is read */
    const char *what;
    bool (*is)(const uint8_t *head, size_t n); /* instead of bytes, or beside them */
} Foreign;

/* A record of a RAM page that names its block: be64 address and flags, length, name.
 * Flags: RAM_SAVE_FLAG_ZERO 0x02, RAM_SAVE_FLAG_PAGE 0x08. */
bool mig_foreign_is_page_record(const uint8_t *head, size_t n)
{
    unsigned flags = n > 9 ? mig_be16(head + 6) & 0x3ffu : 0;

    if ((flags != 0x02 && flags != 0x08) || head[0] || head[8] == 0 || 9u + head[8] > n) {
        return false;
    }
    for (size_t i = 9; i < 9u + head[8]; i++) {
        if (!g_ascii_isprint((char)head[i])) {
            return false;
        }
    }
    return true;
}

static bool is_elf_core(const uint8_t *head, size_t n)
{
    /* e_ident[EI_DATA] says the byte order of e_type, of which 4 is ET_CORE. */
    return n >= 18 && head[head[5] == 2 ? 17 : 16] == 4;
}

/* After the magic, which ends with 1, 2 or 7, its header is of digits. */
static bool is_cpio(const uint8_t *head, size_t n)
{
    size_t digits = 0;

    while (digits < n && g_ascii_isxdigit((char)head[digits])) {
        digits++;
    }
    return digits >= 14;
}

/* Bytes up to the end of the first @text in @head; 0: it is not there. */
static size_t after(const char *head, size_t n, const char *text)
{
    const char *p = memmem(head, n, text, strlen(text));

    return p ? (size_t)(p - head) + strlen(text) : 0;
}

static bool begins(const char *head, size_t n, const char *text)
{
    return n >= strlen(text) && memcmp(head, text, strlen(text)) == 0;
}

/* Bytes before the first element: libvirt's own files begin with a comment that warns of editing
 * them. */
static size_t prolog(const char *head, size_t n)
{
    size_t at = begins(head, n, "\xef\xbb\xbf") ? 3 : 0, length = 1;

    while (at < n && length) {
        const char *p = head + at;

        length = g_ascii_isspace(*p)         ? 1
                 : begins(p, n - at, "<!--") ? after(p, n - at, "-->")
                 : begins(p, n - at, "<?")   ? after(p, n - at, "?>")
                                             : 0;
        at += length;
    }
    return at;
}

/* Of a guest, and of one that runs. */
static bool is_domain(const uint8_t *head, size_t n)
{
    static const char *const elements[] = { "<domain", "<domstatus" };
    const char *text = (const char *)head;
    size_t at = prolog(text, n);

    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++) {
        size_t length = strlen(elements[i]);

        if (begins(text + at, n - at, elements[i]) && at + length < n &&
            (text[at + length] == '>' || g_ascii_isspace(text[at + length]))) {
            return true;
        }
    }
    return false;
}

static bool is_dump_vmstate(const uint8_t *head, size_t n)
{
    return n > 0 && head[0] == '{' &&
           g_strstr_len((const char *)head, (gssize)n, "\"vmschkmachine\"");
}

/* RFC 1950: a window of 32 KiB, no dictionary, and then a block of a type that there is.  "x^" can begin a
 * text, so what follows must not be one. */
static bool is_zlib(const uint8_t *head, size_t n)
{
    return n > 3 && head[0] == 0x78 && !(head[1] & 0x20) && mig_be16(head) % 31 == 0 &&
           (head[2] & 6) != 6 &&
           !(g_ascii_isprint((char)head[1]) && g_ascii_isprint((char)head[2]) &&
             g_ascii_isprint((char)head[3]));
}

/* The form of xz before xz: the usual properties, a dictionary of whole KiB, and a length that is unknown
 * or below 1 TiB. */
static bool is_lzma(const uint8_t *head, size_t n)
{
    return n > 13 && head[0] == 0x5d && head[1] == 0 && (head[2] & 3) == 0 &&
           (memcmp(head + 5, "\xff\xff\xff\xff\xff\xff\xff\xff", 8) == 0 ||
            memcmp(head + 10, "\0\0\0", 3) == 0) &&
           head[13] == 0;
}

static bool is_zero(const uint8_t *head, size_t n)
{
    return n > 0 && head[0] == 0 && memcmp(head, head + 1, n - 1) == 0;
}

#define UTF_16                                                                    \
    "text in UTF-16" INSTEAD_OF_TEXT ", once it is in UTF-8 (iconv -f UTF-16 -t " \
    "UTF-8)"

#define MAGIC(bytes) (bytes), sizeof(bytes) - 1

#define DECOMPRESS(program) \
    "compressed with " program ", which migstat does not undo; decompress it first"
#define DISK(what)                                                                  \
    what ": it holds a disk, not a migration; save the guest's state with \"virsh " \
         "save\""
#define ARCHIVE(what)                                                            \
    what ": unpack it and give the stream that is inside; of the channels of a " \
         "migration, "                                                           \
         "the one that starts with \"QEVM\""

#define OTHER(what)                                                                      \
    what ", not of QEMU, which cannot load it: shut the guest down there, and start it " \
         "from its disk"

/* The first row that fits counts. */
static const Foreign foreign[] = {
    { MAGIC("\x04\x22\x4d\x18"), 0, true, DECOMPRESS("lz4"), NULL },
    { MAGIC("LZIP"), 0, true, DECOMPRESS("lzip"), NULL },
    { MAGIC("\x1f\x9d"), 0, true, DECOMPRESS("compress"), NULL },
    { NULL, 0, 0, true, DECOMPRESS("zlib"), is_zlib },
    { NULL, 0, 0, true, DECOMPRESS("lzma"), is_lzma },
    { MAGIC("QCPR"), 0, true,
      "the state file of a CPR transfer: use the file or the connection of the main "
      "channel",
      NULL },
    { MAGIC(MIG_FOREIGN_MULTIFD), 0, true,
      "a multifd channel, which has pages and no devices: give the main channel of that "
      "migration, the one that starts with \"QEVM\", and this one as --channel=FILE",
      NULL },

    { NULL, 0, 0, false,
      "a postcopy preempt channel, which has pages and no devices: use the main channel "
      "of "
      "that migration, the one that starts with \"QEVM\"",
      mig_foreign_is_page_record },
    { MAGIC("\x7f"
            "ELF"),
      0, false,
      "an ELF core, as \"virsh dump --memory-only\" and dump-guest-memory write it: it "
      "has memory and no devices; \"virsh save\" writes a stream",
      is_elf_core },
    { MAGIC("\x7f"
            "ELF"),
      0, false,
      "an ELF file, such as a program: give the file that QEMU or \"virsh save\" wrote",
      NULL },
    { MAGIC("KDUMP   "), 0, false,
      "a kdump file, as \"virsh dump --memory-only\" and dump-guest-memory write it: it "
      "has "
      "memory and no devices; \"virsh save\" writes a stream",
      NULL },
    { MAGIC("makedumpfile"), 0, false,
      "a kdump file, as \"virsh dump --memory-only\" and dump-guest-memory write it: it "
      "has "
      "memory and no devices; \"virsh save\" writes a stream",
      NULL },
    { MAGIC("PAGEDU"), 0, false,
      "a Windows crash dump: it has memory and no devices; \"virsh save\" writes a "
      "stream",
      NULL },
    { MAGIC("ustar"), 257, false, ARCHIVE("a tar archive"), NULL },
    { MAGIC("PK\3\4"), 0, false, ARCHIVE("a zip archive"), NULL },
    { MAGIC("PK\7\x8"), 0, false, ARCHIVE("a zip archive"), NULL },
    { MAGIC("PK\5\6"), 0, false,
      "an empty zip archive: give the stream that was to be put into it", NULL },
    { MAGIC("Rar!\x1a\7"), 0, false, ARCHIVE("a RAR archive"), NULL },
    { MAGIC("!<arch>\n"), 0, false, ARCHIVE("an ar archive"), NULL },
    { MAGIC("0707"), 0, false, ARCHIVE("a cpio archive"), is_cpio },
    { MAGIC("7z\xbc\xaf\x27\x1c"), 0, false, ARCHIVE("a 7z archive"), NULL },
    { MAGIC("VMA\0"), 0, false,
      "a Proxmox VE backup: it has disks and no memory or devices; \"qm snapshot VMID "
      "NAME "
      "--vmstate 1\" saves those to a volume, which is a stream",
      NULL },
    { MAGIC("LUKS\xba\xbe"), 0, false,
      "a LUKS volume: open it first (cryptsetup open) and give the stream that is inside",
      NULL },
    { MAGIC("QED\0"), 0, false, DISK("a QED image"), NULL },
    { MAGIC("KDMV"), 0, false, DISK("a VMDK image"), NULL },
    { MAGIC("COWD"), 0, false, DISK("a VMDK image"), NULL },
    { MAGIC("# Disk DescriptorFile"), 0, false, DISK("a VMDK descriptor"), NULL },
    { MAGIC("vhdxfile"), 0, false, DISK("a VHDX image"), NULL },
    { MAGIC("conectix"), 0, false, DISK("a VHD image"), NULL },
    { MAGIC("\x7f\x10\xda\xbe"), 64, false, DISK("a VirtualBox disk image"), NULL },
    { MAGIC("\x7fVirtualBox SavedState"), 0, false, OTHER("a saved state of VirtualBox"),
      NULL },
    { MAGIC("\x14\x20\x28\x01"), 0, false, OTHER("a saved state of Hyper-V (.vmrs)"),
      NULL },
    { MAGIC("\xd0\xbe\xd2\xbe"), 0, false, OTHER("a saved state of VMware"), NULL },
    { MAGIC("\xd1\xba\xd1\xba"), 0, false, OTHER("a saved state of VMware"), NULL },
    { MAGIC("\xd2\xbe\xd2\xbe"), 0, false, OTHER("a saved state of VMware"), NULL },
    { MAGIC("\xd3\xbe\xd3\xbe"), 0, false, OTHER("a saved state of VMware"), NULL },
    /* Before them a version of the format. */
    { MAGIC("\x64\x86\x84\x19\x10\x07"), 2, false, OTHER("a snapshot of Firecracker"),
      NULL },
    { MAGIC("\xaa\xaa\x84\x19\x10\x07"), 2, false, OTHER("a snapshot of Firecracker"),
      NULL },
    { MAGIC("\xd4\xc3\xb2\xa1"), 0, false,
      "a network capture: give the bytes of the migration's connection", NULL },
    { MAGIC("\xa1\xb2\xc3\xd4"), 0, false,
      "a network capture: give the bytes of the migration's connection", NULL },
    { MAGIC("\x0a\x0d\x0d\x0a"), 0, false,
      "a network capture: give the bytes of the migration's connection", NULL },
    { MAGIC("\x16\x03\x01"), 0, false,
      "a TLS connection: what it carries is encrypted; save the guest to a file instead",
      NULL },
    { MAGIC("\x16\x03\x03"), 0, false,
      "a TLS connection: what it carries is encrypted; save the guest to a file instead",
      NULL },
    { NULL, 0, 0, false,
      "the JSON of \"qemu -dump-vmstate\", which describes devices and has no state of "
      "them; check --against=FILE compares a stream with it",
      is_dump_vmstate },
    { NULL, 0, 0, false,
      "the XML of a domain of libvirt, which describes the guest and has no state of it; "
      "\"virsh save\" writes that",
      is_domain },
    { MAGIC("\x55\xaa"), 510, false, DISK("a disk image with a boot sector"), NULL },
    { MAGIC("\xff\xfe"), 0, false, UTF_16, NULL },
    { MAGIC("\xfe\xff"), 0, false, UTF_16, NULL },
    { NULL, 0, 0, false,
      "nothing but zeros at its start: perhaps nothing was saved there, or not all of it "
      "was copied; copy it again, or save the guest again",
      is_zero },
};

static bool fits(const Foreign *row, const uint8_t *head, size_t n)
{
    if (row->offset + row->length > n ||
        memcmp(head + row->offset, row->bytes ? row->bytes : "", row->length) != 0) {
        return false;
    }
    return !row->is || row->is(head, n);
}

static const Foreign *find(const uint8_t *head, size_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
        if (fits(&foreign[i], head, n)) {
            return &foreign[i];
        }
    }
    return NULL;
}

const char *mig_foreign_unread(const uint8_t *head, size_t n)
{
    const Foreign *row = find(head, n);

    return row && row->unread ? row->what : NULL;
}

/* UTF-8 without controls that no text has; its last character may be cut. */
static bool is_text(const uint8_t *head, size_t n)
{
    static const uint8_t controls[] = { '\t', '\n', '\v', '\f', '\r', '\033' };
    const char *end;

    for (size_t i = 0; i < n; i++) {
        if ((head[i] < 0x20 && !memchr(controls, head[i], sizeof controls)) ||
            head[i] == 0x7f) {
            return false;
        }
    }
    g_utf8_validate((const char *)head, (gssize)n, &end);
    return (const uint8_t *)end + 4 > head + n;
}

/* "text ("hello wo..."), ...": as much of its first line as is printable. */
static char *describe_text(const uint8_t *head, size_t n)
{
    size_t shown = 0;

    while (shown < n && g_ascii_isprint((char)head[shown])) {
        shown++;
    }
    if (shown == 0) {
        return g_strdup("text" INSTEAD_OF_TEXT);
    }
    return g_strdup_printf("text (\"%.*s%s\")" INSTEAD_OF_TEXT,
                           (int)MIN(shown, QUOTED_MAX), (const char *)head,
                           MIN(shown, QUOTED_MAX) < n ? "..." : "");
}

/* "no kind of file that migstat knows; it starts with 68 2d 6c 69 ("h-li"); ..." */
static char *describe_bytes(const uint8_t *head, size_t n)
{
    GString *out = g_string_new("no kind of file that migstat knows; it starts with");
    bool printable = true;

    for (size_t i = 0; i < n && i < SHOWN_MAX; i++) {
        g_string_append_printf(out, " %02x", head[i]);
        printable &= g_ascii_isprint((char)head[i]) != 0;
    }
    if (printable) {
        g_string_append_printf(out, " (\"%.*s\")", (int)MIN(n, SHOWN_MAX),
                               (const char *)head);
    }
    g_string_append(out, INSTEAD_OF_BYTES);
    return g_string_free(out, FALSE);
}

char *mig_foreign_describe(const uint8_t *head, size_t n)
{
    const Foreign *row;

    if (n == 0) {
        return g_strdup("empty");
    }
    row = find(head, n);
    return row                ? g_strdup(row->what)
           : is_text(head, n) ? describe_text(head, n)
                              : describe_bytes(head, n);
}
