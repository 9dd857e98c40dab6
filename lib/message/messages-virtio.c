/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages of virtio and vhost devices.
 * Must not know: how they are found; what feature bits mean (decode-virtio.c).
 * See also:      message/message.h.
 *
 * Source: hw/virtio, hw/net/virtio-net.c, hw/block/virtio-blk.c, hw/scsi/virtio-scsi.c; 5.2 to
 * 11.1.
 */
#include "message/row.h"

const MigMessage mig_messages_virtio[] = {
    { .id = "virtio-features",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Features 0x%lx unsupported. Allowed features: 0x%lx",
                            "features allowed")),
      .function = "hw/virtio/virtio.c, virtio_load",
      .meaning = "The guest's driver uses features of a virtio device that the device at "
                 "the destination does not offer. A driver cannot be told to stop using "
                 "them, so the load is refused.",
      .look = "{!section}The lines after it, or the rest of the line, name the device. "
              "The command \"migstat dump "
              "--devices='*:*features*' FILE\" names what was negotiated.",
      .help =
          "Offer the features at the destination: a newer kernel, tap or back-end "
          "there, or the device's property. Or switch them off at the source with the "
          "device's properties, restart the guest there, and migrate again.",
      .decode = mig_decode_features },
    { .id = "virtio-ring-size",
      .form = CAUSE,
      .texts = TEXTS(SINCE(11, 1, "VQ %d vring.num %u exceeds allocated max %u",
                           "queue stream local")),
      .function = "hw/virtio/virtio.c, virtio_load",
      .meaning =
          "A queue of a virtio device is larger in the stream than it may be at the "
          "destination. Queue {queue} has {stream} entries in the stream. It has "
          "{local} at most at the destination. Releases before 11.1 load that "
          "and go on with a ring that is too large.",
      .look = "{!section}The lines after it, or the rest of the line, name the device.",
      .help =
          "Give the destination's device the source's queue size: rx_queue_size= and "
          "tx_queue_size= of virtio-net, queue-size= of virtio-blk, virtqueue_size= "
          "of virtio-scsi. The queues of other devices have a fixed size. "
          "A queue that no driver has set up, which QEMU 10.0 leaves at 1024 entries, "
          "can have fewer: \"migstat convert "
          "--filter='set-field:path=DEVICE:virtio.queues[{queue}].num:value={local}' "
          "FILE -o NEW\".",
      .help_for = mig_help_ring },
    { .id = "virtio-queues",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Invalid number of virtqueues: 0x%x", "queues")),
      .function = "hw/virtio/virtio.c, virtio_load",
      .meaning =
          "The stream says 0x{queues} queues, more than any device has: the loader "
          "has lost its place, since an earlier field has another length there.",
      .look = "{!section}The lines after it, or the rest of the line, name the device. "
              "The command \"migstat check FILE\" "
              "says whether the stream is sound.",
      .help = "Give the device the same options on both sides." },
    { .id = "virtio-ring-address",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("VQ %d address 0x0 inconsistent with Host index 0x%x", "queue host")),
      .function = "hw/virtio/virtio.c, virtio_load",
      .meaning =
          "Queue {queue} has no address, and yet the device has used it: the queue "
          "was being reset, or the state is not of one moment.",
      .help = "Migrate again when the guest is at rest, or reload its driver." },
    { .id = "virtio-ring-index",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("VQ %d size 0x%x Guest index 0x%x inconsistent with Host index 0x%x: "
                 "delta 0x%x",
                 "queue size guest host delta"),
          ALWAYS("VQ %d size 0x%x < last_avail_idx 0x%x - used_idx 0x%x",
                 "queue size host used")),
      .function = "hw/virtio/virtio.c, virtio_load",
      .meaning =
          "The indices of queue {queue} in the device's state and those in the "
          "guest's memory do not fit each other: memory and devices are of "
          "different moments. RAM is missing or was not loaded, pages were lost, or "
          "a state was joined with another memory or with a disk that has gone on.",
      .look = "From 6.0 on the device is marked broken and the load goes on; then the "
              "guest's disk or network hangs, and another message ends the load, if any. "
              "The command \"migstat check FILE\" says whether pages are missing.",
      .help = "Go back to a stream that was saved as a whole, with the disks of that "
              "moment. No change of the stream brings the lost memory back.",
      .decode = mig_decode_ring },
    { .id = "virtio-map",
      .form = CAUSE,
      .texts = TEXTS(SINCE(10, 2,
                           "Failed to map descriptor ring for device %s: invalid guest "
                           "physical address or corrupted queue setup",
                           "device")),
      .function = "hw/virtio/virtio.c, virtio_init_region_cache",
      .meaning = "A queue of {device} is at an address where the destination has no RAM.",
      .help = "Give the destination the source's memory size and machine type." },
    { .id = "virtio-net-backend",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("virtio-net: saved image requires vnet_hdr=on", NULL),
                     ALWAYS("virtio-net: saved image requires TUN_F_UFO support", NULL)),
      .function = "hw/net/virtio-net.c, virtio_net_post_load_*",
      .meaning = "The guest's network driver relies on something that the destination's "
                 "tap device or network back-end does not have.",
      .help = "Use the same kind of back-end on both sides: a tap with vnet_hdr=on. "
              "-netdev user has neither. Or start "
              "the source with the offloads off: guest_ufo=off, csum=off." },
    { .id = "virtio-net-queues",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(6, 2, "virtio-net: curr_queue_pairs %x > max_queue_pairs %x",
                "stream local"),
          UNTIL(6, 1, "virtio-net: curr_queues %x > max_queues %x", "stream local")),
      .function = "hw/net/virtio-net.c, virtio_net_post_load_device",
      .meaning =
          "The guest uses more pairs of queues than the destination's card has. It "
          "uses 0x{stream}. The card has 0x{local}.",
      .help = "Give the destination's -netdev the source's queues=; in libvirt, <driver "
              "queues=...>." },
    { .id = "virtio-net-rss",
      .form = CAUSE,
      .texts = TEXTS(SINCE(11, 1,
                           "virtio-net: saved image has invalid RSS indirections_len: %u",
                           "length")),
      .function = "hw/net/virtio-net.c",
      .meaning = "The table that spreads packets over queues has {length} entries, which "
                 "is no power of two, or too many. The stream is damaged or was edited.",
      .help = "Save again." },
    { .id = "virtio-request",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Invalid virtqueue index in request list: %#x", "queue"),
                     ALWAYS("invalid SCSI request migration data", NULL)),
      .function = "hw/block/virtio-blk.c, virtio_blk_load_device; "
                  "hw/scsi/virtio-scsi.c, virtio_scsi_load_request",
      .meaning =
          "A disk request was under way, and it belongs to a queue, here number "
          "{queue}, that the destination's disk does not have. A SCSI request does "
          "not fit its controller.",
      .help = "Give the destination's disk or controller the source's num-queues= or "
              "num_queues=." },
    { .id = "property-changed",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Property '%s' changed from 0x%lx to 0x%lx", "property there here"),
          ALWAYS("Property '%s' changed from %u to %u", "property stream local"),
          ALWAYS("Property '%s' changed from %d to %d", "property stream local"),
          ALWAYS("Property '%s' size changed from 0x%lx to 0x%lx",
                 "property there here")),
      .function = "hw/virtio/virtio-mem.c, virtio_mem_mig_sanity_checks_post_load",
      .meaning = "Property {property} of a virtio-mem device is another one at the "
                 "destination. It is {stream} at the source. It is 0x{there} at the "
                 "source. It is {local} at the destination. It is 0x{here} at the "
                 "destination.",
      .help = "Give the destination's virtio-mem device the source's memaddr=, node=, "
              "block-size= and a memory backend of the same size." },
    { .id = "vhost-inflight",
      .form = CAUSE,
      .texts =
          TEXTS(SINCE(11, 0, "inflight buffer subsection has not been loaded", NULL)),
      .function = "hw/block/vhost-user-blk.c",
      .meaning = "The device expects requests under way from the source, and the source "
                 "did not send them.",
      .help = "Set the device's property for local migration alike on both sides." },
    { .id = "vhost-backend",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(8, 2,
                "Back-end of %s device %s (tag: \"%s\") does not support migration "
                "through qemu",
                "kind device tag"),
          SINCE(8, 2, "Failed to send state", NULL),
          SINCE(8, 2, "Back-end failed to process its internal state", NULL),
          SINCE(8, 2, "Error loading back-end state of %s device %s", "kind device"),
          SINCE(10, 0, "Error loading  back-end state of %s device %s", "kind device")),
      .function = "hw/virtio/vhost.c; hw/virtio/vhost-user-fs.c",
      .meaning =
          "The process behind a vhost-user device, virtiofsd for example, does not "
          "take part in migration or did not accept its state.",
      .look = "The log of that process at the destination says why.",
      .help =
          "Use a back-end that supports migration, of the same version on both sides, "
          "with the same shared folder; or unmount and unplug it first." },
    { 0 },
};
