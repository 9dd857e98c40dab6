/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages of a source that does not begin, or gives up.
 * Must not know: how they are found.
 * See also:      message/message.h.
 *
 * Source: migration/, hw/, block/ and backends/, where they set a migration blocker; 5.2 to 11.1.
 */
#include "message/row.h"

const MigMessage mig_messages_source[] = {
    { .id = "not-migratable",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("State blocked by non-migratable device '%s'", "device"),
          ALWAYS("disallowing migration blocker (%s) for: %s", "why what"),
          ALWAYS("The %s format used by node '%s' does not support live migration",
                 "device node"),
          ALWAYS("TPM emulator does not support migration", NULL),
          ALWAYS("vhost-scsi does not support migration in all cases", NULL),
          ALWAYS("%s does not support migration", "device"),
          SINCE(9, 0, "%s: VFIO migration is not supported with %s", "device why"),
          SINCE(9, 0, "%s: Migration is currently not supported with %s", "device why"),
          SINCE(8, 2, "VFIO migration is not supported in kernel", NULL),
          SINCE(10, 1, "migration is not supported in kernel", NULL),
          SINCE(10, 1, "VFIO_MIGRATION_STOP_COPY is not supported", NULL),
          SINCE(10, 1, "failed to query migration flags", NULL),
          SINCE(10, 1, "%s: VFIO migration init failed:", "device"),
          SINCE(9, 0, "Migration is not supported for %s", "device"),
          ALWAYS("Migration disabled: %s", "why"),
          ALWAYS("vmstate block device '%s' does not support snapshots", "device")),
      .function = "migration/migration.c, migrate_add_blocker",
      .meaning = "This is the source, which cannot be saved as it is: nothing was sent. "
                 "What is in the way is {device}. The reason given is: {why}.",
      .help = "Unplug or replace what is named before migration, or start the source "
              "without it. The guest goes on running." },
    { .id = "source-state",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Can't migrate the vm that was paused due to previous migration", NULL),
          ALWAYS("Cannot resume if there is no paused migration", NULL),
          ALWAYS("Migration not in expected state: %s", "state"),
          ALWAYS("Failed to pause source migration", NULL),
          ALWAYS("Failed to pause destination migration", NULL),
          SINCE(9, 0, "Can't migrate this vm with hardware poisoned memory", NULL),
          SINCE(11, 0, "Postcopy migration in progress, cannot cancel.", NULL)),
      .function = "migration/migration.c, migrate_prepare",
      .meaning =
          "This is the source, and it is in a state in which no migration can begin "
          "or go on.",
      .look = "query-migrate (in libvirt, virsh domjobinfo) shows the state of both "
              "sides.",
      .help = "After a migration that succeeded, the guest is at the destination: do not "
              "start it here. If it failed, continue the guest with cont and migrate "
              "again. With poisoned memory the guest has to be rebooted first." },
    { .id = "parameter-range",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(10, 1, "Option %s expects a value between %u and %u", "option from to")),
      .function = "migration/options.c, migrate_params_check",
      .meaning = "The parameter {option} was to be set to a value that it cannot have. "
                 "Nothing was changed, and nothing was sent.",
      .help = "Give it a number from {from} to {to}." },
    { .id = "dirty-limit",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(8, 1, "can't set dirty page rate limit while migration is running", NULL),
          SINCE(8, 1, "can't cancel dirty page rate limit while migration is running",
                NULL)),
      .function = "system/dirtylimit.c, qmp_set_vcpu_dirty_limit",
      .meaning =
          "This is the source: a limit of how fast CPUs may write was to be set or "
          "lifted, and a migration with the capability dirty-limit sets it itself. "
          "The migration goes on.",
      .help = "Wait until the migration has ended, or change vcpu-dirty-limit, a "
              "parameter of it." },
    { .id = "source-gave-up",
      .form = FRAME, /* what the destination says of it says more */
      .texts = TEXTS(
          SINCE(9, 1, "Error in migration completion", NULL),
          ALWAYS("postcopy_start: Migration stream errored", NULL),
          ALWAYS("%s: bdrv_inactivate_all() failed (%d)", "function error"),
          SINCE(9, 0, "migration_stop_vm failed, error %d", "error"),
          ALWAYS("multifd %u: compressStream error %s", "channel what"),
          ALWAYS("multifd %u: deflate failed to compress all input", "channel"),
          ALWAYS("multifd %u: initCStream failed with error %s", "channel what"),
          ALWAYS("multifd %u: zstd createCStream failed", "channel"),
          ALWAYS("%s: multifd_send_pages fail", "function"),
          SINCE(9, 0, "%s: multifd_send fail", "function"),
          SINCE(10, 0, "%s: multifd data queuing failed", "device"),
          SINCE(10, 0, "%s: multifd config data queuing failed", "device"),
          SINCE(10, 0, "%s: multifd synchronization failed", "function"),
          SINCE(10, 1, "%s: multifd flush and sync failed", "function"),
          SINCE(9, 0, "postcopy_start: Migration stream error", NULL),
          SINCE(9, 0, "Postcopy save non-postcopiable iterables failed", NULL),
          SINCE(9, 0, "Postcopy save non-iterable device states failed", NULL),
          SINCE(10, 2, "Postcopy save non-iterable states failed:", NULL),
          SINCE(9, 0, "ram_save_host_page_urgent() failed: ramblock=%s, start_addr=0x%lx",
                "block address"),
          SINCE(9, 0, "failed to truncate migration file to offset %lx", "offset"),
          ALWAYS("migration: partially unplugged device on failure", NULL)),
      .function = "migration/migration.c, migration/multifd.c",
      .meaning = "This is the source, and it gave up. The guest still runs here, unless "
                 "postcopy had begun.",
      .look = "The destination's log often has the cause: under libvirt "
              "/var/log/libvirt/qemu/GUEST.log on that host.",
      .help = "Migrate again when the cause is gone." },
    { .id = "bitmap-name",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Bitmap '%s' in a node with auto-generated name '%s' can't be migrated",
                 "bitmap node"),
          ALWAYS("Bitmap '%s' in unnamed node can't be migrated", "bitmap"),
          ALWAYS("Cannot migrate bitmap '%s' on node '%s'", "bitmap node")),
      .function = "migration/block-dirty-bitmap.c, add_bitmaps_to_list",
      .meaning = "This is the source: the dirty bitmap {bitmap} has a name, or is on a "
                 "node with a name, that cannot be sent.",
      .help = "Give the disk a node-name, set block-bitmap-mapping, or remove the bitmap "
              "and make a full backup next time." },
    { .id = "colo",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("COLO: load device state failed", NULL),
                ALWAYS("COLO incoming thread: Open QEMUFile to_src_file failed", NULL)),
      .function = "migration/colo.c",
      .meaning = "The secondary side of COLO could not take over a checkpoint.",
      .look = "The lines above it say which device, and why.",
      .help = "Start both sides with the same devices and the same machine type." },
    { .id = "rdma",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("ram blocks mismatch (Number of blocks %d vs %d)", "local stream"),
                ALWAYS("RDMA ERROR: %s", "why"),
                ALWAYS("Failed to register local dest ram block!", NULL),
                ALWAYS("rdma migration: %s", "why"),
                ALWAYS("RDMA is in an error state waiting migration to abort!", NULL)),
      .function = "migration/rdma.c",
      .meaning =
          "Migration over RDMA failed: {why}. {!why}The two sides have different RAM "
          "blocks. There are {local} here. There are {stream} there.",
      .help = "Start both sides with the same devices and memory. Allow QEMU to lock the "
              "guest's memory (ulimit -l), and test the same migration over tcp: to see "
              "whether RDMA is to blame." },
    { .id = "snapshot-missing",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Snapshot '%s' does not exist in one or more devices", "snapshot"),
          ALWAYS("Device '%s' does not have the requested snapshot '%s'",
                 "device snapshot"),
          ALWAYS("This is a disk-only snapshot.", NULL),
          ALWAYS("Device '%s' is writable but does not support snapshots", "device"),
          ALWAYS("Could not load snapshot '%s' on '%s'", "snapshot device"),
          ALWAYS("Error while deleting snapshot on device '%s'", "device")),
      .function = "migration/savevm.c, load_snapshot; block/snapshot.c",
      .meaning =
          "The snapshot cannot be loaded, before any state of the guest is read: a "
          "disk does not have it, or it has no guest state, or a writable disk is "
          "of a format without snapshots. It is called {snapshot}.",
      .look = "\"qemu-img snapshot -l IMAGE\", or info snapshots in the monitor, lists "
              "the snapshots of each disk.",
      .help = "Start QEMU with the disks that it had when the snapshot was made, each "
              "with that snapshot; make others read-only or leave them out." },
    { .id = "snapshot-read",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("bdrv_readv_vmstate failed", NULL),
                     ALWAYS("bdrv_writev_vmstate failed", NULL)),
      .function = "block/io.c",
      .meaning = "The state of a snapshot could not be read from its disk image, or "
                 "written to it.",
      .look = "The command \"qemu-img check IMAGE\" says whether the image is sound.",
      .help = "Repair the image, or go to another snapshot. Save where there is room." },
    { .id = "protocol",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("unknown migration protocol: %s", "protocol"),
          SINCE(10, 2, "unknown migration protocol", NULL),
          ALWAYS("multifd is not supported by current protocol", NULL),
          SINCE(9, 0, "RDMA and multifd can't be used together", NULL),
          SINCE(10, 1, "RDMA and postcopy-ram can't be used together", NULL),
          ALWAYS("Postcopy preempt is not supported as current migration stream does not "
                 "support multi-channels.",
                 NULL),
          SINCE(9, 2, "missing 'cpr' migration channel", NULL)),
      .function = "migration/migration.c",
      .meaning =
          "What was asked for cannot go over this kind of connection, or its address "
          "is none that QEMU knows.",
      .help = "Use tcp:, unix: or file: (9.0 and later); exec: and fd: have one channel "
              "only, so multifd and postcopy-preempt have to be off. With rdma: multifd "
              "and postcopy-ram have to be off." },
    { .id = "rdma-network",
      .form = NOISE,
      .texts = TEXTS(
          ALWAYS("migrations may fail: IPv6 over RoCE / iWARP in linux is broken", NULL)),
      .function = "migration/rdma.c, qemu_rdma_broken_ipv6_kernel",
      .meaning =
          "The host has RDMA devices of two kinds of network, of which one may not "
          "work with IPv6. The migration goes on.",
      .help = "If it fails, give an IPv4 address." },
    { 0 },
};
