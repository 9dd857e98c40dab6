/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages of single devices, and of block migration and dirty bitmaps.
 * Must not know: how they are found.
 * See also:      message/message.h.
 *
 * Source: hw/, backends/, migration/block-dirty-bitmap.c, migration/block.c; 5.2 to 11.1.
 */
#include "message/row.h"

const MigMessage mig_messages_device[] = {
    { .id = "usb-redir",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("usbredirparser: unserialization must use a pristine parser", NULL),
          UNTIL(10, 1, "Failed to load usb-redir:parser", NULL),
          SINCE(11, 1,
                "usbredir: endpoint %d has bulk receiving started with zero "
                "max_packet_size",
                "endpoint")),
      .function = "hw/usb/redirect.c, usbredir_get_parser",
      .meaning =
          "A redirected USB device has state that can only be loaded into a device "
          "that has not yet talked to its peer. A snapshot that is loaded into a "
          "running guest always meets one that has.",
      .help =
          "Unplug the redirected USB device before the snapshot, or disconnect the "
          "viewer. \"migstat convert --filter='drop-section:name=*/usb-redir' FILE -o "
          "NEW\" leaves it out of a stream; the guest then sees it unplugged." },
    { .id = "usb-redir-broken",
      .form = NOISE,
      .texts = TEXTS(ALWAYS("usb-redir connection broken during migration", NULL)),
      .function = "hw/usb/redirect.c",
      .meaning = "The viewer at the other end of a redirected USB device is gone. The "
                 "guest sees the device unplugged, and the load goes on." },
    { .id = "ahci",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("AHCI: DMA engine should be off, but status bit indicates it is still "
                 "running.",
                 NULL),
          ALWAYS(
              "AHCI: FIS RX engine should be off, but status bit indicates it is still "
              "running.",
              NULL),
          ALWAYS("AHCI: Failed to start DMA engine: bad command list buffer address",
                 NULL),
          ALWAYS("AHCI: Failed to start FIS receive engine: bad FIS receive buffer "
                 "address",
                 NULL)),
      .function = "hw/ide/ahci.c, ahci_state_post_load",
      .meaning = "The state of a SATA port contradicts itself, or points where the "
                 "destination has no RAM.",
      .look =
          "The command \"migstat dump --devices='*/ich9_ahci' FILE\" shows the ports.",
      .help = "Give the destination the source's memory size. If it is the same, migrate "
              "again when the disks are at rest." },
    { .id = "serial",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("inconsistent state in serial device (tsr empty, tsr_retry=%d", "retry"),
          ALWAYS("inconsistent state in serial device (tsr not empty, tsr_retry=0",
                 NULL)),
      .function = "hw/char/serial.c, serial_post_load",
      .meaning = "The serial port's state contradicts itself: the subsection serial/tsr "
                 "does not fit the registers.",
      .help = "Take the subsection out: \"migstat convert "
              "--filter=drop-subsection:path=serial:serial/tsr FILE -o NEW\". At most "
              "one character of output is lost." },
    { .id = "tpm",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("tpm-emulator: Setting the stateblob (type %d) failed with a TPM error "
                 "0x%x %s",
                 "type code words"),
          ALWAYS("tpm-emulator: Setting the stateblob (type %d) failed", "type"),
          ALWAYS("tpm-emulator: could not set state blob type %d", "type"),
          SINCE(11, 1, "tpm-crb: Buffer sizes exceed backend capacity", NULL),
          SINCE(
              11, 1,
              "The tpm-crb device does not support chunk migration with machine version "
              "less than 11.1",
              NULL)),
      .function = "backends/tpm/tpm_emulator.c, tpm_emulator_set_state_blob",
      .meaning = "swtpm at the destination refused the TPM's state (type 1 is permanent, "
                 "2 volatile, 3 the rest). Its state is encrypted with another key, or "
                 "was written by a newer libtpms or another profile, or its storage "
                 "already holds a TPM.",
      .look = "The log of swtpm, under libvirt "
              "/var/log/swtpm/libvirt/qemu/GUEST-swtpm.log, says which.",
      .help =
          "Use the same or a newer swtpm and libtpms at the destination, with the same "
          "secret; with shared storage, tell libvirt so." },
    { .id = "bitmap",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Bitmap migration stream buffer allocation request is too large", NULL),
          ALWAYS("Migrated bitmap granularity doesn't match the destination bitmap '%s' "
                 "granularity",
                 "bitmap"),
          ALWAYS("Bitmap with the same name ('%s') already exists on destination",
                 "bitmap"),
          ALWAYS("Error: Unknown node alias '%s'", "node"),
          ALWAYS("Error: Unknown bitmap alias '%s' on node '%s' (alias '%s')",
                 "bitmap node alias"),
          ALWAYS("Error: unknown dirty bitmap '%s' for block device '%s'", "bitmap node"),
          ALWAYS("Unknown flags in migrated dirty bitmap header: %x", "flags"),
          ALWAYS("Unable to read node alias string", NULL),
          ALWAYS("Cannot make migrated bitmap '%s' persistent", "bitmap"),
          ALWAYS("Cannot store dirty bitmaps in qcow2 v2 files", NULL),
          ALWAYS("Failed to make dirty bitmaps writable", NULL),
          ALWAYS("Error: block device name is not set", NULL)),
      .function = "migration/block-dirty-bitmap.c",
      .meaning = "A dirty bitmap of a disk, which backups use, does not fit the "
                 "destination's disks: the node has another name, or the bitmap is there "
                 "already.",
      .look = "The command \"migstat dump FILE\" lists the bitmaps.",
      .help = "Set block-bitmap-mapping on both sides, or remove the bitmap at the "
              "destination, or unset the capability dirty-bitmaps and make a full "
              "backup next time." },
    { .id = "dbus-vmstate",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("%s: Failed to find proxy Id '%s'", "device id"),
                ALWAYS("%s: Failed to restore Id '%s'", "device id"),
                ALWAYS("%s: Invalid vmstate size: %u", "device size"),
                ALWAYS("Not enough data available to load for Id: '%s'", "id"),
                ALWAYS("Invalid DBus vmstate proxy name %u", "number"),
                ALWAYS("DBus vmstate buffer is too large", NULL),
                ALWAYS("Required VMState Id are missing: %s", "id"),
                ALWAYS("VMState Id '%s' is invalid", "id"),
                ALWAYS("Got %lu VMState data, less than expected %lu", "length wanted"),
                ALWAYS("Too large vmstate data to save: %zu", "size")),
      .function = "backends/dbus-vmstate.c",
      .meaning = "A helper process, slirp for example, whose state was saved with the "
                 "guest's, is not there at the destination. It is {id}.",
      .help = "Start the same helpers at the destination before the load." },
    { .id = "block-migration",
      .form = CAUSE,
      .texts = TEXTS(UNTIL(9, 0, "Error unknown block device %s", "disk"),
                     UNTIL(9, 0, "Unknown block migration flags: 0x%x", "flags")),
      .function = "migration/block.c, block_load",
      .meaning = "The stream carries disks, and the destination has no disk of that name "
                 "or size, or the loader has lost its place.",
      .help = "Give the destination the same disks with the same ids. Releases from 9.1 "
              "on have no block migration: copy disks with NBD and blockdev-mirror." },
    { .id = "pbs-state",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("error receiving PBS state: not enough data", NULL)),
      .function = "Proxmox's migration/pbs-state.c",
      .meaning = "The state of Proxmox backups is shorter than this QEMU expects. Only "
                 "Proxmox's QEMU writes and reads it.",
      .help =
          "\"migstat convert --filter=drop-section:name=pbs-state FILE -o NEW\" leaves "
          "it out; the next backup then reads whole disks." },
    { .id = "ipmi",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("ipmi:bt: vmstate transfer received bad out values: %d %d", "a b"),
          ALWAYS("ipmi:bt: vmstate transfer received bad in value: %d", "a"),
          ALWAYS("ipmi:kcs: vmstate transfer received bad out values: %d %d", "a b"),
          ALWAYS("ipmi:kcs: vmstate transfer received bad in value: %d", "a")),
      .function = "hw/ipmi/isa_ipmi_bt.c, hw/ipmi/isa_ipmi_kcs.c",
      .meaning = "A position in a buffer of the IPMI interface is beyond the buffer: the "
                 "stream is damaged, or the loader has lost its place.",
      .look = "The command \"migstat check FILE\" says whether the stream is sound.",
      .help = "Give the device the same options on both sides, and save again." },
    { .id = "nvme",
      .form = CAUSE,
      .texts = TEXTS(SINCE(11, 1, "inconsistent migration stream (%s)", "what")),
      .function = "hw/nvme/ctrl.c",
      .meaning =
          "The state of an NVMe controller contradicts itself ({what}): the stream "
          "is damaged, or the two sides have other numbers of queues.",
      .help = "Give the destination's controller the source's max_ioqpairs= and "
              "msix_qsize=." },
    { 0 },
};
