/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages about connections: channels, multifd, TLS, the way back.
 * Must not know: how they are found.
 * See also:      message/message.h.
 *
 * Source: migration/migration.c, migration/channel.c, migration/multifd*.c; 5.2 to 11.1.
 */
#include "message/row.h"

/* Of a destination that waits for ever. */
#define WAITS                                                                           \
    "waits and does not fail: its input is empty, or a multifd channel, a sync of the " \
    "channels, pages of postcopy or an acknowledgement never came."
#define WHY_IT_WAITS                                                                   \
    .look = "The command \"migstat check FILE\" says whether a file is empty or ends " \
            "too early. The log of the source says whether it gave up.",               \
    .help = "Set the capabilities alike on both sides, and migrate again."

const MigMessage mig_messages_channel[] = {
    { .id = "channel-magic",
      .form = CAUSE,
      .texts = TEXTS(SINCE(10, 1, "unknown channel magic: %u", "magic")),
      .function = "migration/migration.c, migration_ioc_process_incoming",
      .meaning = "The first four bytes of a connection are {magic} (decimal), and no "
                 "channel of a migration begins so.",
      .help = "Give the source the destination's migration port, and set TLS and multifd "
              "alike on both sides.",
      .decode = mig_decode_channel_magic },
    { .id = "channel-second",
      .form = CAUSE,
      .texts = TEXTS(SINCE(10, 1, "non-peekable channel used without multifd", NULL),
                     SINCE(6, 1, "Extra incoming migration connection; ignoring", NULL)),
      .function = "migration/migration.c",
      .meaning = "More connections came than the destination expects: multifd is off "
                 "there, or has fewer channels, or postcopy-preempt is on at the source "
                 "only.",
      .help = "Set the capabilities multifd and postcopy-preempt, and the parameter "
              "multifd-channels, alike on both sides." },
    { .id = "channel-peek",
      .form = CAUSE,
      .texts = TEXTS(SINCE(8, 0, "Failed to peek at channel", NULL)),
      .function = "migration/channel.c, migration_channel_read_peek",
      .meaning =
          "A connection was closed before four bytes had come: the source gave up, "
          "or something that only tries ports connected.",
      .look = "The log of the source says whether it gave up.",
      .help = "Keep port scanners and health checks away from the migration port, and "
              "migrate again." },
    { .id = "multifd-setup",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("multifd: received packet magic %x and expected magic %x",
                 "magic wanted"),
          ALWAYS("multifd: received packet magic %x, expected %x", "magic wanted"),
          ALWAYS("multifd: received packet version %u and expected version %u",
                 "found wanted"),
          ALWAYS("multifd: received packet version %u, expected %u", "found wanted"),
          ALWAYS("multifd: received packet magic %x expected %x", "magic wanted"),
          ALWAYS("multifd: received packet version %d expected %d", "found wanted"),
          UNTIL(8, 2, "multifd: received channel version %u expected %u", "found wanted"),
          ALWAYS("multifd: received uuid '%s' and expected uuid '%s' for channel %hhd",
                 "found wanted channel"),
          FROM(9, 0, 11, 0,
               "multifd: received channel id %u is greater than number of channels %u",
               "channel channels"),
          SINCE(11, 1, "multifd: received channel id %u exceeds channel count %u",
                "channel channels"),
          ALWAYS("multifd: received id '%d' already setup", "channel"),
          ALWAYS("failed to receive packet via multifd channel %d", "channel")),
      .function = "migration/multifd.c, multifd_recv_initial_packet",
      .meaning =
          "A multifd channel does not begin as it should. The two sides have other "
          "numbers of channels, or the connection is of another guest's "
          "migration.",
      .help = "Set multifd and multifd-channels alike on both sides, and use a port for "
              "one migration at a time.",
      .decode = mig_decode_magic },
    { .id = "multifd-packet",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("multifd: received packet with size %u and expected a size of %u",
                 "found wanted"),
          UNTIL(5, 2,
                "multifd: received packet with size %d and expected a maximum size of %d",
                "found wanted"),
          SINCE(9, 0,
                "multifd: received packet with %u non-zero pages, which exceeds maximum "
                "expected pages %u",
                "found wanted"),
          SINCE(9, 0, "multifd: received packet with %u zero pages, expected maximum %u",
                "found wanted"),
          ALWAYS("multifd: received packet with %u pages, expected %u", "found wanted"),
          ALWAYS("multifd: received packet with %u pages and expected maximum pages are "
                 "%u",
                 "found wanted"),
          ALWAYS("multifd: received packet with %u normal pages and expected maximum "
                 "pages are %u",
                 "found wanted"),
          ALWAYS("multifd: unknown ram block %s", "block"),
          ALWAYS("multifd: offset too long %lu (max %lx)", "offset limit"),
          ALWAYS("multifd %u: flags received %x flags expected %x",
                 "channel found wanted"),
          SINCE(10, 0, "multifd: unterminated multifd device state idstr", NULL),
          SINCE(10, 0, "multifd: received empty device state packet", NULL),
          SINCE(10, 0, "multifd: received SYNC device state packet", NULL),
          SINCE(10, 0, "unterminated multifd device state idstr", NULL),
          SINCE(10, 0, "received empty device state packet", NULL),
          SINCE(10, 0, "received SYNC device state packet", NULL),
          ALWAYS("unexpected EOF after packet header", NULL)),
      .function = "migration/multifd.c, multifd_recv_unfill_packet",
      .meaning = "A packet of pages on a multifd channel is not what this side expects. "
                 "Flags differ where multifd-compression is set differently.",
      .help = "Set multifd-compression and the page size alike on both sides, and use "
              "releases that have the same packets: the source's, or a newer one." },
    { .id = "multifd-data",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("multifd %u: inflate returned %d instead of Z_OK", "channel result"),
          ALWAYS("multifd %u: decompressStream returned %s", "channel why"),
          ALWAYS("multifd %u: packet size received %u size expected %u",
                 "channel found wanted"),
          ALWAYS("multifd %u: inflate init failed", "channel"),
          ALWAYS("multifd %u: initDStream failed with error %s", "channel why"),
          ALWAYS("multifd %u: zstd createDStream failed", "channel"),
          SINCE(7, 0, "multifd %u: expected empty packet", "channel"),
          SINCE(7, 0, "multifd %u: next_packet_size %u exceeds allocated %u",
                "channel size limit")),
      .function = "migration/multifd-zlib.c, migration/multifd-zstd.c",
      .meaning = "Pages on multifd channel {channel} cannot be unpacked: they were "
                 "damaged on the way, or packed in another way.",
      .help = "Set multifd-compression alike on both sides, and migrate again." },
    { .id = "device-state-packet",
      .form = CAUSE,
      .texts =
          TEXTS(SINCE(10, 0, "Unknown idstr %s or instance id %u for load state buffer",
                      "section instance"),
                SINCE(10, 0, "idstr %s / instance %u has no load state buffer operation",
                      "section instance")),
      .function = "migration/savevm.c, qemu_loadvm_load_state_buffer",
      .meaning =
          "Data of device {section} came on a multifd channel, and the destination "
          "has no such device, or one that cannot be loaded so.",
      .help = "Give the destination the same VFIO devices at the same addresses, with "
              "x-migration-multifd-transfer= as at the source." },
    { .id = "return-path",
      .form = FRAME,
      .texts =
          TEXTS(UNTIL(8, 1, "RP: Sibling indicated error %d", "error"),
                ALWAYS("Sibling indicated error %d", "error"),
                ALWAYS("Received invalid message 0x%04x length 0x%04x", "type length"),
                SINCE(11, 1, "Switchover ack pending num underflowed", NULL)),
      .function = "migration/migration.c, source_return_path_thread",
      .meaning = "This is the source: the destination has told it that the load failed.",
      .look = "Why is in the destination's log; under libvirt "
              "/var/log/libvirt/qemu/GUEST.log on that host." },
    { .id = "peer-lost",
      .form = FRAME,
      .texts = TEXTS(ALWAYS("Unable to read from socket: Connection reset by peer", NULL),
                     ALWAYS("Unable to read from socket: Connection timed out", NULL)),
      .function = "io/channel-socket.c",
      .meaning =
          "The other side has closed the connection, or is not reached any more: it "
          "gave up, has ended, or the network is down.",
      .look = "Why is in the other side's log; under libvirt "
              "/var/log/libvirt/qemu/GUEST.log on that host.",
      .help = "Migrate again when the cause is gone." },
    { .id = "source-write",
      .form = FRAME,
      .texts =
          TEXTS(ALWAYS("Unable to write to socket: Connection reset by peer", NULL),
                ALWAYS("Unable to write to socket: Broken pipe", NULL),
                ALWAYS("Failed to connect to '%s:%s': Connection refused", "host port"),
                ALWAYS("migration stream has errored", NULL)),
      .function = "io/channel-socket.c",
      .meaning = "This is the source: the destination has closed the connection, or does "
                 "not listen. A QEMU that could not load the stream has ended.",
      .look = "Why is in the destination's log; under libvirt "
              "/var/log/libvirt/qemu/GUEST.log on that host." },
    { .id = "switchover-late",
      .form = CAUSE,
      .texts = TEXTS(SINCE(11, 1,
                           "Switchover ACK was requested by %u devices during switchover",
                           "devices")),
      .function = "migration/migration.c",
      .meaning =
          "This is the source: VFIO devices had new initial data when the guest was "
          "already stopped.",
      .help = "Migrate again. The guest still runs at the source." },
    { .id = "snapshot-capability",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("Multifd is not supported with fast snapshot load", NULL),
                ALWAYS("Postcopy Preempt is incompatible with fast snapshot load", NULL),
                ALWAYS("vhost-user is not supported with fast snapshot load", NULL)),
      .function = "migration/options.c",
      .meaning =
          "mapped-ram and postcopy-ram are both set at the destination, which then "
          "loads memory as it is needed, and something else is set that cannot go "
          "with it.",
      .help = "Unset postcopy-ram, or the other one." },
    { .id = "tls",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("The TLS connection was non-properly terminated", NULL),
                     ALWAYS("Certificate does not match the hostname %s", "host"),
                     ALWAYS("TLS x509 authz check for %s", "name"),
                     ALWAYS("TLS handshake failed: %s", "why")),
      .function = "crypto/tlssession.c, io/channel-tls.c",
      .meaning = "The encrypted connection failed before or while the stream came. "
                 "Nothing is wrong with the stream.",
      .help = "Compare tls-creds, tls-hostname and tls-authz of both sides. A connection "
              "that was cut has its cause in the other side's log." },
    { .id = "setup-hang",
      .form = NOISE, /* each migration begins so */
      .texts = TEXTS(ALWAYS("\"status\": \"setup\"", NULL),
                     ALWAYS("Migration status: setup", NULL),
                     ALWAYS("migration status: setup", NULL)),
      .function = "migration/migration.c",
      .meaning = "Each migration begins so. A destination that stays so " WAITS,
      WHY_IT_WAITS },
    { .id = "setup-stays", /* as people put it */
      .form = FRAME,       /* if a load has failed, that says more */
      .texts = TEXTS(ALWAYS("stays in setup", NULL), ALWAYS("stays in \"setup\"", NULL),
                     ALWAYS("stays in state setup", NULL), ALWAYS("stuck in setup", NULL),
                     ALWAYS("hangs in setup", NULL), ALWAYS("remains in setup", NULL)),
      .function = "migration/migration.c",
      .meaning = "The destination " WAITS,
      WHY_IT_WAITS },
    { 0 },
};
