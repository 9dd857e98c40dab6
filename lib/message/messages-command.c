/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages about commands in a stream, postcopy among them.
 * Must not know: how they are found.
 * See also:      message/message.h.
 *
 * Source: migration/savevm.c, loadvm_process_command and loadvm_postcopy_*; 5.2 to 11.1.
 */
#include "message/row.h"

const MigMessage mig_messages_command[] = {
    { .id = "command-unknown",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("MIG_CMD 0x%x unknown (len 0x%x)", "command length")),
      .function = "migration/savevm.c, loadvm_process_command",
      .meaning =
          "The stream has command 0x{command}, which this release does not know. "
          "0xb is SWITCHOVER_START, which sources from 10.0 on send and loaders up "
          "to 9.2 refuse; other numbers mean damage.",
      .look = "The command \"migstat dump --items FILE\" lists the commands.",
      .help = "Use a machine type of 9.2 or older at the source, which does not send it, "
              "or take it out: \"migstat convert "
              "--filter=drop-command:name=SWITCHOVER_START FILE -o NEW\". Nothing of the "
              "guest is lost by that." },
    { .id = "command-deprecated",
      .form = CAUSE,
      .texts =
          TEXTS(SINCE(11, 0, "MIG_CMD 0x%x deprecated (len 0x%x)", "command length")),
      .function = "migration/savevm.c, loadvm_process_command",
      .meaning = "The stream has command 0x{command}, which releases from 11.0 on no "
                 "longer obey. 0x8 is ENABLE_COLO, of sources up to 10.2.",
      .look = "The command \"migstat dump --items FILE\" lists the commands.",
      .help = "Migrate without COLO, or take it out with \"migstat convert "
              "--filter=drop-command:name=ENABLE_COLO FILE -o NEW\"." },
    { .id = "command-length",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("%s received with bad length - expecting %zu, got %d",
                            "command wanted length"),
                     ALWAYS("CMD_POSTCOPY_%s invalid length (%d)", "command length")),
      .function = "migration/savevm.c, loadvm_process_command",
      .meaning =
          "A command has {length} bytes of data, which is not what it should have. "
          "No QEMU writes that: the stream is damaged or was edited.",
      .look = "The command \"migstat check FILE\" shows the place.",
      .help = "Save or fetch the stream again." },
    { .id = "ping-without-path",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("CMD_PING (0x%x) received with no return path", "value")),
      .function = "migration/savevm.c, loadvm_process_command",
      .meaning = "The stream asks for an answer, and what it is loaded from cannot carry "
                 "one: it is a recording of a live migration, loaded from a file.",
      .help = "Take the questions out: \"migstat convert --filter=drop-command:name=PING "
              "--filter=drop-command:name=OPEN_RETURN_PATH FILE -o NEW\". Nothing of the "
              "guest is lost by that." },
    { .id = "return-path-failed",
      .form = CAUSE,
      .texts = TEXTS(UNTIL(10, 1, "CMD_OPEN_RETURN_PATH failed", NULL)),
      .function = "migration/savevm.c, loadvm_process_command",
      .meaning = "The source wants a way back, and this transport has none: a pipe or a "
                 "file.",
      .help = "Unset the capability return-path at the source, or take the command out: "
              "\"migstat convert --filter=drop-command:name=PING "
              "--filter=drop-command:name=OPEN_RETURN_PATH FILE -o NEW\"." },
    { .id = "return-path-twice",
      .form = NOISE,
      .texts = TEXTS(ALWAYS("CMD_OPEN_RETURN_PATH called when RP already open", NULL)),
      .function = "migration/savevm.c, loadvm_process_command",
      .meaning = "The source asked for the return path twice. The load goes on." },
    { .id = "package",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("CMD_PACKAGED: Buffer receive fail ret=%d length=%zu",
                            "received length"),
                     ALWAYS("Unreasonably large packaged state: %zu", "length"),
                     ALWAYS("CMD_POSTCOPY_RAM_DISCARD Failed to read RAMBlock ID", NULL)),
      .function = "migration/savevm.c, loadvm_handle_cmd_packaged",
      .meaning =
          "With postcopy the state of the devices comes in one package of {length} "
          "bytes. It did not arrive as a whole, or its length is damaged.",
      .look = "The log of the source says whether it gave up.",
      .help = "Migrate again. The source still has the guest, since the destination had "
              "not started it." },
    { .id = "xen-ram",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("%s RAM loading not allowed on Xen", "command")),
      .function = "migration/savevm.c, qemu_loadvm_section_start_full",
      .meaning =
          "Under Xen the toolstack moves the guest's memory. A stream that carries "
          "RAM is one of QEMU without Xen.",
      .help = "Save the guest with Xen's own tools, or load it without Xen." },
    { .id = "postcopy-order",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("CMD_POSTCOPY_%s in wrong postcopy state (%d)", "command state"),
                ALWAYS("CMD_POSTCOPY_%s invalid version (%d)", "command version"),
                ALWAYS("CMD_POSTCOPY_%s missing nil (%d)", "command value")),
      .function = "migration/savevm.c, loadvm_postcopy_handle_*",
      .meaning =
          "The commands of postcopy come in an order that the loader does not "
          "accept: the stream is a piece of a migration, was edited or is damaged.",
      .look = "The command \"migstat check FILE\" shows the order.",
      .help = "Migrate again." },
    { .id = "postcopy-advise",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("RAM postcopy is enabled but have 0 byte advise", NULL),
                     ALWAYS("RAM postcopy is disabled but have 16 byte advise", NULL)),
      .function = "migration/savevm.c, loadvm_postcopy_handle_advise",
      .meaning = "The capability postcopy-ram is on at one side and off at the other.",
      .help = "Set postcopy-ram alike on both sides with migrate-set-capabilities." },
    { .id = "postcopy-page-size",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Postcopy needs matching RAM page sizes (s=%lx d=%lx)", "there here"),
          ALWAYS("Postcopy needs matching target page sizes (s=%d d=%zd)",
                 "stream local"),
          ALWAYS("Mismatched RAM page size %s (local) %zd != %ld", "block local stream")),
      .function = "migration/savevm.c, loadvm_postcopy_handle_advise; migration/ram.c, "
                  "parse_ramblock",
      .meaning =
          "Postcopy asks for one host page after the other, so that both sides "
          "must back RAM with pages of one size. It is {stream} at the source. It is "
          "0x{there} at the source. It is {local} at the destination. It is 0x{here} at "
          "the destination.",
      .help = "Back the guest's RAM with the same kind of huge pages on both sides, or "
              "migrate without postcopy." },
    { .id = "postcopy-host",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Failed to get postcopy_advise reply from vhost", NULL),
          ALWAYS("Failed to send postcopy_%s to vhost", "what"),
          ALWAYS("Failed to receive reply to postcopy_%s", "what"),
          ALWAYS("Unexpected size for postcopy reply %d vs %d", "length wanted"),
          ALWAYS("failed to receive valid ack for postcopy set-mem-table", NULL),
          ALWAYS("failed to respond to set-mem-table for postcopy", NULL),
          ALWAYS("invalid postcopy reply for region", NULL),
          ALWAYS("Failed to map postcopy_tmp_pages[%d]: %s", "index why"),
          UNTIL(5, 2, "%s: Failed to map postcopy_tmp_page %s", "function why"),
          ALWAYS("failed to mprotect region %d for postcopy (%s)", "region why"),
          ALWAYS("postcopy failed to start", NULL),
          ALWAYS("Postcopy RAM incoming init failed", NULL),
          ALWAYS("Failed to setup incoming postcopy RAM blocks", NULL),
          ALWAYS("Postcopy is not supported", NULL),
          ALWAYS("Postcopy recovery cannot work when release-ram capability is set",
                 NULL),
          ALWAYS("Block: %s, host: %p is a nvdimm memory, postcopyis not supported now!",
                 "block address"),
          ALWAYS("RAM block '%s' discard of resized RAM failed", "block")),
      .function = "migration/postcopy-ram.c, hw/virtio/vhost-user.c",
      .meaning =
          "The host, its kernel, or the process behind a vhost-user device, cannot "
          "do postcopy: userfaultfd is missing or not allowed, memory cannot be "
          "pulled in page by page, or the back-end does not answer.",
      .help = "Allow userfaultfd (sysctl vm.unprivileged_userfaultfd=1, or the "
              "device /dev/userfaultfd), use a back-end that supports postcopy, and no "
              "nvdimm; or migrate without postcopy." },
    { .id = "postcopy-recover",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("ramblock '%s' bitmap size mismatch (0x%lx != 0x%lx)",
                 "block local stream"),
          ALWAYS("read bitmap failed for ramblock '%s': %d (size 0x%lx, got: 0x%lx)",
                 "block error wanted length")),
      .function = "migration/ram.c, ram_dirty_bitmap_reload",
      .meaning = "While postcopy was being continued, the destination's list of pages of "
                 "block {block} that it still needs did not come as it should.",
      .help =
          "Continue once more with migrate-recover. Do not stop either side: each has "
          "a part of the guest." },
    { .id = "postcopy-bitmaps",
      .form = NOISE,
      .texts = TEXTS(ALWAYS("loadvm failed during postcopy: %d", "error"),
                     ALWAYS("All states are migrated except dirty bitmaps", NULL)),
      .function = "migration/savevm.c, postcopy_ram_listen_thread",
      .meaning = "The guest was loaded and runs. Only dirty bitmaps of its disks were "
                 "lost on the way.",
      .help = "Make the next backup a full one." },
    { .id = "postcopy-paused",
      .form = NOISE,
      .texts = TEXTS(ALWAYS("Detected IO failure for postcopy", NULL)),
      .function = "migration/savevm.c, postcopy_pause_incoming",
      .meaning = "The connection was lost while the guest already ran at the "
                 "destination. Nothing is lost yet: both sides wait.",
      .help = "Do not stop either side. Continue with migrate-recover at the destination "
              "and migrate with resume=true at the source; with libvirt, \"virsh migrate "
              "--postcopy-resume\"." },
    { 0 },
};
