/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what magic numbers, flags of pages and plain values say.
 * Must not know: which messages have them.
 * See also:      io/foreign.h, which knows more of files; stream/wire.h, the flags.
 */
#include <inttypes.h>
#include <string.h>

#include "message/decode.h"
#include "stream/wire.h"

void mig_decode_say(GPtrArray *facts, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(facts, g_strdup_vprintf(format, args));
    va_end(args);
}

bool mig_decode_has(const MigMessageMatch *match, const char *name)
{
    const MigMessageHole *hole = mig_message_hole(match, name);

    return hole && hole->is_number;
}

char *mig_decode_text(const MigMessageMatch *match, const char *name)
{
    const MigMessageHole *hole = mig_message_hole(match, name);

    return hole ? g_strndup(hole->text, hole->length) : NULL;
}

char *mig_decode_size(uint64_t bytes)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    size_t unit = 0;

    while (bytes && bytes % 1024 == 0 && unit + 1 < G_N_ELEMENTS(units)) {
        bytes /= 1024;
        unit++;
    }
    return g_strdup_printf("%" PRIu64 " %s", bytes, units[unit]);
}

/* --- the first bytes of a file or a connection -------------------------------------------- */

/* The first four bytes; of those that have fewer, the rest is not looked at. */
static const struct {
    uint32_t magic, mask;
    const char *what;
} magics[] = {
    { 0x4c696276, ~0u, "a libvirt save image: load it with \"virsh restore\"" },
    { 0x1f8b0000, 0xffff0000, "a file compressed with gzip: unpack it first (gzip -d)" },
    { 0x28b52ffd, ~0u, "a file compressed with zstd: unpack it first (zstd -d)" },
    { 0xfd377a58, ~0u, "a file compressed with xz: unpack it first (xz -d)" },
    { 0x425a6800, 0xffffff00,
      "a file compressed with bzip2: unpack it first (bzip2 -d)" },
    { 0x894c5a4f, ~0u, "a file compressed with lzop: unpack it first (lzop -d)" },
    { 0x04224d18, ~0u, "a file compressed with lz4: unpack it first (lz4 -d)" },
    { 0x514649fb, ~0u, "a qcow2 image: its snapshots are loaded with -loadvm" },
    { 0x51435052, ~0u, "the state file of a CPR transfer, not the main channel" },
    { 0x11223344, ~0u, "a multifd channel, not the main channel" },
    { 0x5145564d, ~0u,
      "the main channel of a migration, which came when another was due" },
    { 0x7f454c46, ~0u, "an ELF file, such as a core of virsh dump" },
    { 0x16030000, 0xffff0000, "a TLS connection: TLS is on at the source and off here" },
    { 0x47455420, ~0u, "a web browser or a health check (GET)" },
    { 0x5353482d, ~0u, "an SSH connection" },
};

static void say_magic(GPtrArray *facts, uint64_t magic)
{
    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++) {
        if ((magic & magics[i].mask) == magics[i].magic) {
            mig_decode_say(facts, "The bytes %08" PRIx64 " are those of %s.", magic,
                           magics[i].what);
            return;
        }
    }
    if (magic == 0) {
        mig_decode_say(facts, "The bytes are zeros: the file has a hole there, or the "
                              "stream begins further in.");
        return;
    }
    mig_decode_say(facts, "The bytes are %08" PRIx64 " in hexadecimal.", magic);
}

void mig_decode_magic(const MigMessageMatch *match, const char *section, GPtrArray *facts)
{
    (void)section;
    if (mig_decode_has(match, "magic")) {
        say_magic(facts, mig_message_number(match, "magic", 0));
    }
}

void mig_decode_channel_magic(const MigMessageMatch *match, const char *section,
                              GPtrArray *facts)
{
    mig_decode_magic(match, section, facts);
}

/* --- flags of a page ---------------------------------------------------------------------- */

static const struct {
    uint64_t flag;
    const char *what;
} ram_flags[] = {
    { MIG_RAM_COMPRESS_PAGE, "It is a page compressed with zlib, which releases from 9.1 "
                             "on do not know, and older "
                             "ones only with the capability compress: \"migstat convert "
                             "--filter=ram-decompress FILE "
                             "-o NEW\" unpacks it." },
    { MIG_RAM_MULTIFD_FLUSH, "It is a mark of multifd (MULTIFD_FLUSH), which releases up "
                             "to 8.0 do not know: use a "
                             "newer release at the destination, or a machine type of 8.0 "
                             "or older at the source." },
    { MIG_RAM_XBZRLE, "It is a page that comes as changes (XBZRLE): set the capability "
                      "xbzrle, or unpack it "
                      "with \"migstat convert --filter=ram-decompress FILE -o NEW\"." },
};

void mig_decode_ram_flags(const MigMessageMatch *match, const char *section,
                          GPtrArray *facts)
{
    uint64_t flags = mig_message_number(match, "flags", 0) & ~(uint64_t)MIG_RAM_CONTINUE;

    (void)section;
    if (!mig_decode_has(match, "flags")) {
        return;
    }
    if (flags == 0) {
        mig_decode_say(facts,
                       "No flag at all: the stream ended, and the loader read zeros "
                       "from there on, as releases up to 8.2 do.");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ram_flags); i++) {
        if (flags == ram_flags[i].flag) {
            mig_decode_say(facts, "%s", ram_flags[i].what);
            return;
        }
    }
    mig_decode_say(facts,
                   "No page has these flags: the loader has lost its place, since "
                   "bytes are missing or were put in, or pages have another size.");
}

/* --- a value that must be equal ----------------------------------------------------------- */

void mig_decode_equal(const MigMessageMatch *match, const char *section, GPtrArray *facts)
{
    (void)section;
    if (!mig_decode_has(match, "local") || !mig_decode_has(match, "stream")) {
        return;
    }
    mig_decode_say(
        facts, "In decimal, the destination has %" PRIu64 " and the stream %" PRIu64 ".",
        mig_message_number(match, "local", 0), mig_message_number(match, "stream", 0));
}
