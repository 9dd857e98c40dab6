/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages of what is around QEMU: libvirt, its save images, QEMU's own script.
 * Must not know: how they are found.
 * See also:      message/message.h.
 *
 * Source: libvirt, src/qemu/qemu_saveimage.c, src/qemu/qemu_monitor.c,
 * src/qemu/qemu_process.c; 9.0, 11.3 and of 2026.  QEMU, scripts/analyze-migration.py, 2023.
 */
#include "message/row.h"

const MigMessage mig_messages_around[] = {
    { .id = "image-cut",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("failed to read qemu header", NULL),
                     ALWAYS("failed to read domain XML", NULL),
                     ALWAYS("failed to read cookie", NULL),
                     ALWAYS("invalid header data length: %d", "length")),
      .function = "libvirt, src/qemu/qemu_saveimage.c",
      .meaning =
          "The file is too short for a libvirt save image, or its header has wrong "
          "lengths.",
      .look = "The command \"migstat dump FILE\" shows what the file is.",
      .help = "Fetch the file again. Where the header alone is damaged, \"migstat\" may "
              "still read the stream with --offset=N, the place where QEVM begins." },
    { .id = "image-incomplete",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("save image is incomplete", NULL)),
      .function = "libvirt, src/qemu/qemu_saveimage.c",
      .meaning = "The image's first bytes are LibvirtQemudPart: libvirt did not finish "
                 "writing it, so that the guest's state is not all there.",
      .look = "The command \"migstat check FILE\" says how far the stream goes.",
      .help = "Save the guest again; a stream that ends too early cannot be loaded." },
    { .id = "image-format",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("image magic is incorrect", NULL),
                     ALWAYS("image version is not supported (%d > %d)", "version local"),
                     ALWAYS("unsupported save image format: %d", "format"),
                     ALWAYS("unsupported compressed save format: %d", "format"),
                     ALWAYS("Invalid compressed save format %d", "format")),
      .function = "libvirt, src/qemu/qemu_saveimage.c",
      .meaning =
          "The file is no save image that this libvirt reads: it is a bare stream, "
          "or was written by a newer libvirt. Format 6 is sparse, which libvirt "
          "reads from 11.2 on.",
      .look = "The command \"migstat dump FILE\" shows what the file is.",
      .help =
          "Restore it with a libvirt as new as the one that saved it. A bare stream is "
          "loaded by QEMU itself: -incoming file:PATH." },
    { .id = "image-edit",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("new xml too large to fit in file", NULL)),
      .function = "libvirt, src/qemu/qemu_saveimage.c",
      .meaning = "The edited XML is longer than the room that the image has for it.",
      .help = "Make the XML as short as it was, or restore with \"virsh restore --xml "
              "FILE\"." },
    { .id = "image-program",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Compression program for %s image format in configuration file isn't "
                 "available",
                 "format"),
          ALWAYS("Compression program for %s image format", "format")),
      .function = "libvirt, src/qemu/qemu_saveimage.c",
      .meaning = "The image is packed with {format}, and the program that unpacks it is "
                 "not installed on this host.",
      .help = "Install that program." },
    { .id = "image-pipe",
      .form = SYMPTOM,
      .texts = TEXTS(ALWAYS("cannot close file: %s", "why")),
      .function = "libvirt, src/qemu/qemu_saveimage.c",
      .meaning = "The program that unpacks the save image has failed, or QEMU has ended "
                 "before it had read all of it.",
      .look = "The messages before it, and /var/log/libvirt/qemu/GUEST.log, say which.",
      .help =
          "Where the image is damaged, \"migstat check FILE\" says how far it goes." },
    { .id = "guest-abi",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("unsupported configuration: Target %s", "what"),
                     ALWAYS("guest CPU doesn't match specification: missing features: %s",
                            "features"),
                     ALWAYS("guest CPU doesn't match specification: extra features: %s",
                            "features")),
      .function = "libvirt, virDomainDefCheckABIStability and qemuProcessVerifyCPU",
      .meaning = "libvirt found that the guest would be another machine at the "
                 "destination, before any of the stream was read.",
      .look = "The sentence itself names what differs.",
      .help = "Make the XML of the destination equal in that point, or give the guest a "
              "CPU model that both hosts have." },
    { .id = "monitor-closed",
      .form = FRAME,
      .texts = TEXTS(ALWAYS("QEMU unexpectedly closed the monitor", NULL),
                     ALWAYS("process exited while connecting to monitor", NULL),
                     ALWAYS("qemu unexpectedly closed the monitor", NULL),
                     ALWAYS("job 'migration in' unexpectedly failed", NULL),
                     ALWAYS("job 'migration out' unexpectedly failed", NULL),
                     ALWAYS("migration job: unexpectedly failed", NULL),
                     ALWAYS("migration out job: unexpectedly failed", NULL),
                     ALWAYS("migration in job: unexpectedly failed", NULL),
                     ALWAYS("domain save job: unexpectedly failed", NULL)),
      .function = "libvirt, qemuMonitorIO and qemuMigrationJobCheckStatus",
      .meaning =
          "QEMU has ended or given up, and libvirt quotes the last lines of its log, "
          "if any. Among them is no message of a load that migstat knows.",
      .look = "All of the log is in /var/log/libvirt/qemu/GUEST.log on the destination "
              "host. Give it to \"migstat explain --log=LOG\"." },
    { .id = "analyze-script",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("KeyError: ('%s', %d)", "section instance")),
      .function = "QEMU, scripts/analyze-migration.py",
      .meaning =
          "QEMU's script met section {section}, of which the stream's description "
          "has nothing and which the script does not know, such as block migration "
          "or dirty bitmaps. That says nothing against the stream.",
      .help = "\"migstat dump --format=analyze FILE\" prints what the script would." },
    { 0 },
};
