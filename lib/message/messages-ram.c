/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages about RAM blocks and pages.
 * Must not know: how they are found.
 * See also:      message/message.h.
 *
 * Source: migration/ram.c, system/physmem.c (qemu_ram_resize); 5.2 to 11.1.
 */
#include "message/row.h"

const MigMessage mig_messages_ram[] = {
    { .id = "ram-block-unknown",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Unknown ramblock \"%s\", cannot accept migration", "block")),
      .function = "migration/ram.c, parse_ramblocks",
      .meaning =
          "The source has the RAM block {block}, and the destination does not. The "
          "list of blocks is the first thing that is loaded, so that a missing "
          "device shows here before any other message.",
      .look =
          "The command \"migstat dump --only=ram FILE\" lists the blocks. A name that "
          "begins with a PCI address is the memory or the option ROM of that device. "
          "Names such as pc.ram or /objects/... are of memory backends."
          " The command \"migstat needs FILE\" says with which options QEMU has to be "
          "started.",
      .help =
          "Give the destination the same device at the same PCI address, and the same "
          "memory backends with the same ids. The filters drop-section and "
          "rename-section "
          "of convert take a device's blocks along, and ram-block drops or renames one.",
      .decode = mig_decode_block },
    { .id = "ram-block-size",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Size mismatch: %s: 0x%lx != 0x%lx: Invalid argument",
                 "block stream local"),
          ALWAYS("Size mismatch: %s: 0x%lx != 0x%lx", "block stream local"),
          UNTIL(2, 2, "Length mismatch: %s: 0x%lx in != 0x%lx", "block stream local"),
          UNTIL(2, 2, "Length mismatch: %s: %lx in != %lx", "block stream local")),
      .function = "system/physmem.c, qemu_ram_resize",
      .meaning =
          "RAM block {block} has another size at the destination. It has 0x{stream} "
          "bytes at the source. It has 0x{local} bytes at the destination.",
      .look = "The command \"migstat dump --only=ram FILE\" lists the blocks with their "
              "sizes.",
      .help = "Make the destination's block as large as the source's.",
      .decode = mig_decode_block },
    { .id = "ram-block-too-large",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Size too large: %s: 0x%lx > 0x%lx: Invalid argument",
                            "block stream local"),
                     ALWAYS("Size too large: %s: 0x%lx > 0x%lx", "block stream local")),
      .function = "system/physmem.c, qemu_ram_resize",
      .meaning =
          "RAM block {block} is larger at the source than it may be at the destination. "
          "It has 0x{stream} bytes at the source. It may have 0x{local} at most at the "
          "destination. Such blocks hold ACPI tables and ROM files "
          "that QEMU makes itself.",
      .help = "Use the same machine type and release, and the same devices and firmware, "
              "on both sides: more devices make larger tables.",
      .decode = mig_decode_block },
    { .id = "ram-block-address",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("Mismatched GPAs for block %s %ld!= %ld", "block stream local")),
      .function = "migration/ram.c, parse_ramblock",
      .meaning =
          "With x-ignore-shared each block must be at the same guest address. "
          "{block} is at {stream} in the stream and at {local} at the destination.",
      .help = "Start the destination with the source's machine type, memory size and "
              "devices." },
    { .id = "ram-page-block",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Can't find block %s", "block"),
                     ALWAYS("block %s should not be migrated !", "block"),
                     ALWAYS("Ack, bad migration stream!", NULL)),
      .function = "migration/ram.c, ram_block_from_stream",
      .meaning =
          "A page comes for a RAM block that this guest does not have, or that is "
          "not migrated: {block}. Where the blocks of both sides are the same, the "
          "loader has lost its place in the stream.",
      .look = "The command \"migstat check FILE\" says whether the stream is sound; "
              "\"migstat dump --only=ram FILE\" lists the blocks.",
      .help =
          "Give both sides the same memory devices. If the stream is damaged, save it "
          "again." },
    { .id = "ram-page-offset",
      .form = SYMPTOM,
      .texts = TEXTS(ALWAYS("Illegal RAM offset %lx", "offset")),
      .function = "migration/ram.c, ram_load_precopy",
      .meaning = "A page at 0x{offset} is outside of its RAM block: the block is shorter "
                 "at the destination, or the loader has lost its place in the stream.",
      .look = "The command \"migstat check FILE\" says whether the stream is sound.",
      .help = "Give both sides the same amount of memory. If the stream is damaged, save "
              "it again." },
    { .id = "ram-flags",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Unknown combination of migration flags: 0x%x", "flags"),
                     UNTIL(5, 2, "Unknown combination of migration flags: %x", "flags")),
      .function = "migration/ram.c, ram_load_precopy and ram_load_postcopy",
      .meaning = "What should be a page of RAM has the flags 0x{flags}.",
      .look =
          "The command \"migstat check FILE\" says whether the stream is sound, and "
          "where it ends; with --for=RELEASE, whether that release knows its kinds of "
          "pages.",
      .help = "If it ends too early, look at the log of the source, and save or fetch it "
              "again.",
      .decode = mig_decode_ram_flags },
    { .id = "ram-address",
      .form = CAUSE,
      .texts = TEXTS(SINCE(9, 0, "Getting RAM address failed", NULL)),
      .function = "migration/ram.c, ram_load_precopy",
      .meaning = "The stream ended among the pages of RAM.",
      .look =
          "The log of the source says whether it gave up; \"migstat check FILE\" says "
          "where a file ends.",
      .help = "Save or fetch the stream again." },
    { .id = "ram-mapped-page",
      .form = CAUSE,
      .texts = TEXTS(SINCE(9, 0, "Unexpected RAM flags: %d", "flags")),
      .function = "migration/ram.c, ram_load_precopy",
      .meaning = "The capability mapped-ram is on at the destination, and the stream has "
                 "pages in the ordinary way.",
      .help = "Unset mapped-ram at the destination, or save the guest with it." },
    { .id = "ram-filled-page",
      .form = CAUSE,
      .texts = TEXTS(SINCE(8, 2, "Found a zero page with value %d", "value")),
      .function = "migration/ram.c, ram_handle_zero",
      .meaning =
          "A record for a page of zeros says that all its bytes are {value}, which "
          "only QEMU before 1.x wrote. Otherwise the stream is damaged.",
      .look = "The command \"migstat check FILE\" shows the place.",
      .help = "Load it with QEMU 8.1 or older, or save it again." },
    { .id = "ram-compressed",
      .form = CAUSE,
      .texts = TEXTS(UNTIL(9, 0, "Received an unexpected compressed page", NULL),
                     UNTIL(9, 0, "decompress data failed", NULL),
                     UNTIL(9, 0, "Invalid compressed data length: %d", "length")),
      .function = "migration/ram.c, migration/ram-compress.c",
      .meaning =
          "The stream has pages that are compressed with zlib, and the destination "
          "does not expect them, or they are damaged.",
      .look = "The command \"migstat check FILE\" says whether they can be unpacked.",
      .help = "Set the capability compress at the destination, or unpack the pages: "
              "\"migstat convert --filter=ram-decompress FILE -o NEW\"." },
    { .id = "ram-xbzrle",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Failed to load XBZRLE page - wrong compression!", NULL),
                     ALWAYS("Failed to load XBZRLE page - len overflow!", NULL),
                     ALWAYS("Failed to load XBZRLE page - decode error!", NULL),
                     ALWAYS("Failed to decompress XBZRLE page at %lx", "offset")),
      .function = "migration/ram.c, load_xbzrle",
      .meaning = "A page that comes as changes to what was sent before (XBZRLE) does not "
                 "fit. The stream is damaged, or the loader has lost its place.",
      .look = "The command \"migstat check FILE\" shows the first such page.",
      .help = "Save or migrate again, without xbzrle if it happens twice." },
    { .id = "ram-postcopy-page",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Unknown combination of migration flags: 0x%x (postcopy mode)", "flags"),
          SINCE(7, 1, "Non-same host page detected on channel %d", "channel"),
          UNTIL(7, 0, "Non-same host page %p/%p", "found wanted")),
      .function = "migration/ram.c, ram_load_postcopy",
      .meaning = "In postcopy the pieces of one host page must follow each other, and "
                 "pages come plain or zero. The stream does otherwise.",
      .help = "Migrate again; the guest may be lost if it already ran at the "
              "destination. Compression of pages must be off with postcopy." },
    { .id = "acpi-size",
      .form = NOISE,
      .texts = TEXTS(ALWAYS("ACPI table size %u exceeds %d bytes, migration may not work",
                            "size limit")),
      .function = "hw/i386/acpi-build.c, acpi_build",
      .meaning =
          "The guest's ACPI tables are longer than the room that older machine types "
          "have for them. The load goes on here, and a destination with other devices "
          "may refuse the RAM block /rom@etc/acpi/tables." },
    { .id = "ram-resized",
      .form = CAUSE,
      .texts = TEXTS(SINCE(6, 1, "RAM block '%s' resized during precopy.", "block")),
      .function = "migration/ram.c, ram_mig_ram_block_resized",
      .meaning = "At the source, RAM block {block} got another size while it was sent: "
                 "the guest rebooted, or something was plugged in, and its ACPI tables "
                 "grew.",
      .help = "Migrate again. The guest still runs at the source." },
    { .id = "mapped-ram-header",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(9, 0,
                "Migration mapped-ram capability version not supported (expected <= %d, "
                "got %d)",
                "local version"),
          SINCE(11, 1,
                "Migration mapped-ram header has invalid page_size %lu (expected %d)",
                "size local"),
          SINCE(9, 0,
                "Could not read whole mapped-ram migration header (expected %zd, got %zd "
                "bytes)",
                "wanted length")),
      .function = "migration/ram.c, mapped_ram_read_header",
      .meaning =
          "The header of a RAM block in a mapped-ram file is none that this QEMU "
          "reads. Pages of another size come from another machine or CPU. Releases "
          "before 11.1 do not look at the size and load wrong memory.",
      .look = "The command \"migstat dump --only=ram FILE\" shows the blocks; \"migstat "
              "check FILE\" judges their headers.",
      .help =
          "Load it with the source's release or a newer one, and with the source's CPU "
          "model. If the file is damaged, save again." },
    { .id = "mapped-ram-place",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(9, 0, "Error reading ramblock %s pages, region has bad alignment",
                "block"),
          FROM(9, 0, 10, 2, "Error reading ramblock pages, region has bad alignment",
               NULL),
          SINCE(9, 0, "Error reading dirty bitmap", NULL),
          SINCE(9, 0, "page outside of ramblock %s range", "block"),
          SINCE(9, 0, "failed to read page %lx from file offset %lx", "page offset"),
          FROM(9, 0, 11, 0, "multifd recv (%u): read 0x%zx, expected 0x%zx",
               "channel length wanted")),
      .function =
          "migration/ram.c, parse_ramblock_mapped_ram and read_ramblock_mapped_ram",
      .meaning = "The pages of a mapped-ram file are not where its header says: the file "
                 "was cut, or copied to another offset, or its header is damaged.",
      .look =
          "The command \"migstat check FILE\" shows which block, and whether the file "
          "is too short.",
      .help = "Load the file itself, at the offset at which it was written. If it is "
              "short, copy it again." },
    { .id = "mapped-ram-seek",
      .form = CAUSE,
      .texts =
          TEXTS(SINCE(9, 0, "Migration requires seekable transport (e.g. file)", NULL)),
      .function = "migration/migration.c, migration_transport_compatible",
      .meaning =
          "mapped-ram reads and writes pages at their places in a file, which exec:, "
          "tcp: and pipes cannot.",
      .help = "Use file:PATH, or unset the capability mapped-ram." },
    { .id = "mapped-ram-capability",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(9, 0, "Cannot use TLS with mapped-ram", NULL),
          SINCE(9, 0, "Cannot use compression with mapped-ram", NULL),
          SINCE(9, 0, "Mapped-ram migration is incompatible with %s", "capability")),
      .function = "migration/options.c",
      .meaning =
          "The capability mapped-ram is set beside another that cannot go with it.",
      .help = "Unset one of the two." },
    { .id = "fd-file",
      .form = CAUSE,
      .texts = TEXTS(SINCE(
          11, 0, "fd: migration to a file is not supported. Use file: instead.", NULL)),
      .function = "migration/fd.c",
      .meaning =
          "A file was given as fd:, which QEMU refuses from 11.0 on. libvirt before "
          "12.1 restores save images that way, so that \"virsh restore\" and "
          "\"virsh start\" of a managed save fail with it.",
      .help =
          "Use libvirt 12.1 or newer with QEMU 11, or an older QEMU. By hand, load the "
          "stream with -incoming file:PATH,offset=N." },
    { 0 },
};
