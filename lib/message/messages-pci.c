/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages about PCI devices.
 * Must not know: how they are found; what registers say (decode-pci.c).
 * See also:      message/message.h.
 *
 * Source: hw/pci/pci.c; 5.2 to 11.1.
 */
#include "message/row.h"

const MigMessage mig_messages_pci[] = {
    { .id = "pci-config",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("get_pci_config_device: Bad config data: i=0x%x read: %x device: %x "
                 "cmask: %x wmask: %x w1cmask:%x",
                 "i stream local cmask wmask w1cmask"),
          ALWAYS("Bad config data: i=0x%x read: %x device: %x cmask: %x wmask: %x "
                 "w1cmask:%x",
                 "i stream local cmask wmask w1cmask"),
          ALWAYS("Bad config data: i=0x%x read: %x device: %x", "i stream local")),
      .function = "hw/pci/pci.c, get_pci_config_device",
      .meaning =
          "A PCI device is made otherwise at the destination: byte 0x{i} of its "
          "configuration space is 0x{stream} in the stream and 0x{local} there, in "
          "bits that no guest can change. Only the first byte that differs is "
          "shown; others may differ too.",
      .look = "{!section}The lines after it, or the rest of the line, name the device. "
              "The command \"migstat dump "
              "--devices=DEVICE FILE\" shows the registers of the stream by name, and "
              "\"migstat check --against=DESTINATION FILE\" compares it with the "
              "destination."
              " The command \"migstat needs FILE\" says with which options QEMU has to "
              "be started.",
      .help = "Give the device at the destination the options that it has at the source, "
              "and use the source's machine type, which decides the rest.",
      .decode = mig_decode_pci },
    { .id = "pci-irq",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("irq state %d: must be 0 or 1.", "state")),
      .function = "hw/pci/pci.c, get_pci_irq_state",
      .meaning = "The state of a PCI interrupt line is {state}, which it cannot be: the "
                 "loader has lost its place, or the stream is damaged. A configuration "
                 "space of another length (PCI at one side, PCI Express at the other) "
                 "does that.",
      .look = "{!section}The lines after it, or the rest of the line, name the device.",
      .help = "Plug the device into the same kind of bus on both sides." },
    { .id = "pci-subsystem",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("ERROR: Cannot migrate while device properties (subsys/subsys_ven) "
                 "differ",
                 NULL)),
      .function = "hw/net/e1000e.c, e1000e_post_load",
      .meaning = "The e1000e card has another subsystem id at the destination.",
      .help = "Give it the source's subsys= and subsys_ven=." },
    { .id = "pci-config-link",
      .form = LINK,
      .texts = TEXTS(ALWAYS("%s: Failed to load device config space", "device"),
                     ALWAYS("Failed to load device config space", NULL)),
      .function = "hw/vfio/migration.c, vfio_load_device_config_state",
      .meaning = "The configuration space of VFIO device {device} was refused.",
      .look = "The line above it, Bad config data, says at which byte." },
    { 0 },
};
