/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages of VFIO devices.
 * Must not know: how they are found.
 * See also:      message/message.h.
 *
 * Source: hw/vfio/migration.c, hw/vfio/migration-multifd.c; 5.2 to 11.1.
 */
#include "message/row.h"

const MigMessage mig_messages_vfio[] = {
    { .id = "vfio-tag",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("%s: Unknown tag 0x%lx", "device tag"),
                     ALWAYS("Unknown tag 0x%lx", "tag")),
      .function = "hw/vfio/migration.c, vfio_load_state",
      .meaning = "The data of VFIO device {device} has the record 0x{tag}, which this "
                 "release does not know. The source is newer, has a dialect of its own "
                 "(migstat-subflag(5)), or the loader has lost its place.",
      .look = "The command \"migstat dump --vfio FILE\" shows the records.",
      .help = "\"migstat convert --for=RELEASE FILE -o NEW\" brings the device's data "
              "into the form which that release reads." },
    { .id = "vfio-setup",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("%s: SETUP STATE: EOS not found 0x%lx", "device tag"),
                     ALWAYS("SETUP STATE: EOS not found 0x%lx", "tag"),
                     ALWAYS("%s: Failed loading device config space, end flag incorrect "
                            "0x%lx",
                            "device tag")),
      .function = "hw/vfio/migration.c, vfio_load_state",
      .meaning = "The data of VFIO device {device} does not end where it should: 0x{tag} "
                 "comes instead of the end.",
      .look = "The command \"migstat check --for=RELEASE FILE\" judges the order of the "
              "records.",
      .help = "\"migstat convert --for=RELEASE FILE -o NEW\" brings them into the order "
              "which that release reads. If the stream is damaged, save again." },
    { .id = "vfio-switchover-ack",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(8, 1, "%s: Received INIT_DATA_SENT but switchover ack is not used",
                "device"),
          SINCE(8, 1, "Received INIT_DATA_SENT but switchover ack is not used", NULL),
          SINCE(8, 1, "%s: qemu_loadvm_approve_switchover failed, err=%d (%s)",
                "device error why")),
      .function = "hw/vfio/migration.c, vfio_load_state",
      .meaning = "The source wants to hear when the device is ready (capability "
                 "switchover-ack), and the destination has the capability off, or, with "
                 "error -5, no way back to the source.",
      .help = "Set switchover-ack and return-path alike on both sides. For a file, take "
              "the question out: \"migstat convert --filter=vfio-init-data:drop=yes FILE "
              "-o NEW\"." },
    { .id = "vfio-multifd",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(10, 0,
                "%s: got DEV_CONFIG_STATE in main migration channel but doing multifd "
                "transfer",
                "device"),
          SINCE(
              10, 0,
              "got DEV_CONFIG_STATE in main migration channel but doing multifd transfer",
              NULL),
          SINCE(10, 0, "%s: got device state packet but not doing multifd transfer",
                "device"),
          SINCE(10, 1, "%s: got DEV_CONFIG_LOAD_READY but was disabled", "device"),
          SINCE(10, 1, "%s: got DEV_CONFIG_LOAD_READY outside multifd transfer",
                "device"),
          SINCE(10, 1, "%s: duplicate DEV_CONFIG_LOAD_READY", "device"),
          SINCE(10, 0,
                "%s: Multifd device transfer requested but unsupported in the current "
                "config",
                "device")),
      .function = "hw/vfio/migration-multifd.c",
      .meaning = "VFIO device {device} sends its data through multifd channels on one "
                 "side, and through the main channel on the other.",
      .help = "Set x-migration-multifd-transfer= and x-migration-load-config-after-iter= "
              "of the device alike on both sides, and multifd too." },
    { .id = "vfio-packet",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(10, 0, "%s: packet too short at %zu (min is %zu)",
                "device length minimum"),
          SINCE(10, 0, "%s: packet has unknown version %u", "device version"),
          SINCE(10, 0, "%s: packet index is invalid", "device"),
          SINCE(10, 0, "%s: state buffer %u already filled", "device buffer"),
          SINCE(10, 0, "%s: writing state buffer %u failed: %d", "device buffer error"),
          SINCE(10, 0, "%s: expected FLAG_DEV_CONFIG_STATE but got %lx", "device tag"),
          SINCE(10, 0, "%s: load config state flush failed: %d", "device error"),
          SINCE(10, 0, "%s: vfio_load_device_config_state() failed: %d", "device error"),
          SINCE(10, 1, "%s: queuing state buffer %u would exceed the size max of %lu",
                "device buffer limit")),
      .function = "hw/vfio/migration-multifd.c, vfio_multifd_load_state_buffer",
      .meaning = "A packet of the data of VFIO device {device} is not what was expected, "
                 "or its driver refused it.",
      .look = "The kernel's log at the destination (dmesg) has what the driver says.",
      .help = "Use the same QEMU release, driver and device firmware on both sides." },
    { .id = "vfio-state",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("%s: Failed setting device state to %s, err: %s", "device state why"),
          ALWAYS("%s: Failed to set state RESUMING", "device"),
          ALWAYS("%s: Failed to set device state %s", "device state")),
      .function = "hw/vfio/migration.c, vfio_migration_set_state",
      .meaning = "The kernel's driver of VFIO device {device} does not go to the state "
                 "{state}. Where data had been loaded, the device refused it: it is of "
                 "another type, or has other firmware.",
      .look = "The kernel's log at the destination (dmesg) has what the driver says.",
      .help = "Use the same kind of device with the same firmware, and the same driver, "
              "on both sides." },
    { .id = "vfio-region",
      .form = CAUSE,
      .texts =
          TEXTS(UNTIL(7, 2, "%s: Failed to setup VFIO migration region %d: %s",
                      "device region why"),
                UNTIL(7, 2, "%s: Failed to mmap VFIO migration region %d: %s",
                      "device region why"),
                UNTIL(7, 2, "%s: Failed to mmap VFIO migration region: %s", "device why"),
                UNTIL(7, 2, "%s: Invalid zero-sized VFIO migration region %d",
                      "device region")),
      .function = "hw/vfio/migration.c, vfio_migration_probe and vfio_save_setup",
      .meaning =
          "The region through which VFIO device {device} gives and takes its state "
          "cannot be used: {why}. These releases know the first protocol of the "
          "kernel alone, which kernels from 5.18 on no longer have.",
      .look = "The kernel's log (dmesg) has what the driver says.",
      .help =
          "Use a QEMU from 8.0 on, whose protocol newer kernels have, or a kernel and "
          "a driver of the time of this QEMU." },
    { .id = "vfio-buffer",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("%s: Failed to allocate migration data buffer", "host")),
      .function = "hw/vfio/migration.c, vfio_save_setup",
      .meaning =
          "This is the source: it has no memory for the data of VFIO device {host}, "
          "at most 1 MiB. Nothing was sent.",
      .help =
          "Give QEMU at the source more memory: look at the limits of its cgroup, and "
          "at what else uses the host's memory." },
    { .id = "vfio-dirty-pages",
      .form = CAUSE,
      .texts = TEXTS(
          UNTIL(9, 0, "Failed to get dirty bitmap for iova: 0x%lx size: 0x%lx err: %d",
                "address length error"),
          SINCE(9, 1, "Failed to get dirty bitmap for iova: 0x%lx size: 0x%lx",
                "address length"),
          SINCE(9, 1, "Failed to sync dirty bitmap with RAM discard listener", NULL)),
      .function = "hw/vfio/common.c, vfio_get_dirty_bitmap",
      .meaning =
          "This is the source: the kernel does not say which pages VFIO devices "
          "have written, at 0x{address}, 0x{length} bytes. Without that the guest's "
          "memory cannot be sent.",
      .look = "The kernel's log at the source (dmesg) has what the driver or the IOMMU "
              "says.",
      .help =
          "Migrate again. If it stays so, use a newer kernel, or a device and an IOMMU "
          "that track what they write." },
    { .id = "vfio-cancelled",
      .form = SYMPTOM,
      .texts = TEXTS(SINCE(10, 0, "operation cancelled", NULL)),
      .function = "hw/vfio/migration-multifd.c, vfio_load_bufs_thread",
      .meaning = "The load of this device was given up since something else failed "
                 "first.",
      .look = "The lines above it say what." },
    { 0 },
};
