/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what names of machine types, sections, RAM blocks and errors say.
 * Must not know: which messages have them.
 * See also:      message/decode.h; stream/release.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "message/decode.h"
#include "message/remedy.h"
#include "stream/glob.h"
#include "stream/item-private.h"
#include "stream/machine-vendor.h"

/* --- machine types ------------------------------------------------------------------------ */

static void say_vendor(GPtrArray *facts, const char *machine)
{
    MigMachineVendor vendor;

    if (machine && mig_machine_vendor(machine, &vendor) && vendor.vendor) {
        mig_decode_say(facts,
                       "%s is a machine type of %s; QEMU as it is released does not "
                       "have it.",
                       machine, vendor.vendor);
    }
}

void mig_decode_machine(const MigMessageMatch *match, const char *section,
                        GPtrArray *facts)
{
    g_autofree char *machine = mig_decode_text(match, "machine");
    g_autofree char *local = mig_decode_text(match, "local");
    MigRelease theirs = machine ? mig_release_of_machine(machine) : 0;

    (void)section;
    if (theirs) {
        mig_decode_say(facts, "%s came with QEMU %u.%u: no older one has it.", machine,
                       mig_release_major(theirs), mig_release_minor(theirs));
    }
    say_vendor(facts, machine);
    say_vendor(facts, local);
    if (machine && local && g_str_has_prefix(machine, local)) {
        mig_decode_say(facts, "The local name is the beginning of the other one: the "
                              "destination may have been started with an alias.");
    }
}

/* --- sections ----------------------------------------------------------------------------- */

/* What is known of sections by their names. */
static const struct {
    const char *pattern, *what;
} unknown_sections[] = {
    { "cpu",
      "There is one such section for each CPU: the destination was started with fewer "
      "CPUs (-smp), or without those that were plugged in." },
    { "cpu_common",
      "There is one such section for each CPU: the destination was started with "
      "fewer CPUs (-smp), or without those that were plugged in." },
    { "spapr_cpu", "There is one such section for each CPU that was plugged in: give the "
                   "destination the same -smp, and the same -device for each." },
    { "apic",
      "There is one such section for each CPU: the destination was started with fewer "
      "CPUs (-smp)." },
    { "serial",
      "There is one such section for each serial port: the destination has fewer." },
    { "slirp",
      "It is the state of a -netdev user; releases differ in how they number it. The "
      "guest can do without: connections to the outside are lost." },
    { "vga",
      "It is the state of an ISA card, whose section is vga-isa from QEMU 11.0 on: "
      "neither side reads the other's." },
    { "vga-isa", "It is the state of an ISA card, whose section is vga up to QEMU 10.2: "
                 "neither side reads the other's." },
    { "vmmouse", "A machine that was started with vmport=off does not have it." },
    { "kvm-tpr-opt", "Only some x86 machines have it." },
    { "s390_css", "QEMU 9.1.0 to 9.1.2 and 9.2.0 lost it by mistake: load with 9.1.3, "
                  "9.2.1 or later." },
    { "pbs-state", "Only Proxmox's QEMU has it: it is the state of its backups." },
    { "block",
      "It carries disks (block migration), which releases from 9.1 on do not have." },
    { "dirty-bitmap", "It carries dirty bitmaps: set the capability dirty-bitmaps." },
    { "*/usb-hub",
      "It is a USB hub. QEMU adds one by itself where a bus has too few ports, so "
      "that the number of USB devices decides." },
    { "*/usb-*", "It is a USB device: give each one its bus= and port= on both sides." },
    { "*/vfio", "It is a VFIO device." },
};

static const char *const silent_sections[][2] = {
    { "kvm-tpr-opt", "The option ROM kvmvapic.bin was not where the state says: the "
                     "guest's memory has no "
                     "such ROM, or another. \"migstat convert "
                     "--filter=drop-section:name=kvm-tpr-opt FILE -o "
                     "NEW\" leaves the section out; the guest then loses a speed-up of "
                     "32-bit Windows only." },
    { "cpu", "On Arm up to 10.x this, with Operation not permitted, means a system "
             "register that the "
             "destination's CPU does not have: another CPU model, pmu= or sve= differ, "
             "or with KVM "
             "another kernel. The field is cpreg_vmstate_indexes; \"migstat dump "
             "--registers FILE\" "
             "names the registers of the stream." },
    { "i8259", "With No such file or directory the stream has the subsection i8259/ltim "
               "of a newer "
               "release, which \"migstat convert "
               "--filter=drop-subsection:path=i8259:i8259/ltim FILE "
               "-o NEW\" takes out." },
    { "globalstate", "The recorded run state is one that this release does not know, or "
                     "a field is longer "
                     "than it should be." },
    { "*/ide",
      "From 11.2 on disk geometries are checked: 1 to 16 heads, 1 to 255 sectors." },
    { "ram",
      "RAM prints its causes on lines of their own: they are missing here. Most often "
      "a block has another size (-m), or a device with an option ROM is missing or "
      "moved." },
    { "*/vfio",
      "The device's driver refused its data: other firmware, or another kind of "
      "device. The kernel's log (dmesg) at the destination may say more." },
    { "*/usb-redir",
      "A redirected USB device that has already talked cannot be loaded." },
    { "*/virtio-*",
      "virtio prints its causes on lines of their own: features, queue sizes or "
      "PCI registers that differ. They are missing here." },
};

/* "0000:00:04.0/virtio-blk", "0000:00:02.0:00.0/virtio-blk": a PCI device, by its address, which has
 * the ports and bridges before it. */
static void say_address(GPtrArray *facts, const char *name)
{
    unsigned domain, bus, slot = 0, function = 0;
    int n = 0, next = 0, last = 0;

    if (sscanf(name, "%4x:%2x%n", &domain, &bus, &n) != 2 || n != 7) {
        return;
    }
    for (; sscanf(name + n, ":%2x.%1x%n", &slot, &function, &next) == 2 && next == 5;
         n += next) {
        last = n;
    }
    if (!last || name[n] != '/') {
        return;
    }
    if (last == 7) {
        mig_decode_say(
            facts,
            "The name begins with the device's PCI address: bus %04x:%02x, slot "
            "%02x, function %x (addr=%02x.%x). It changes where devices are "
            "added, removed or put in another order on the command line.",
            domain, bus, slot, function, slot, function);
    } else {
        mig_decode_say(
            facts,
            "The name begins with the device's PCI address: addr=%02x.%x behind "
            "the port or bridge %.*s. It changes where ports or devices are "
            "added, removed or put in another order on the command line.",
            slot, function, last, name);
    }
}

void mig_decode_section(const MigMessageMatch *match, const char *section,
                        GPtrArray *facts)
{
    uint64_t instance = mig_message_number(match, "instance", 0);

    if (!section) {
        return;
    }
    say_address(facts, section);
    for (size_t i = 0; i < G_N_ELEMENTS(unknown_sections); i++) {
        if (mig_glob(unknown_sections[i].pattern, section)) {
            mig_decode_say(facts, "%s", unknown_sections[i].what);
            break;
        }
    }
    if (instance) {
        mig_decode_say(facts,
                       "Instance %" PRIu64 " is number %" PRIu64
                       " of its kind, counted from "
                       "0: the destination has fewer of them.",
                       instance, instance);
    }
}

const char *mig_help_section(const char *section)
{
    return mig_section_is_of_cpu(section) ? "Start the destination with as many CPUs as "
                                            "the source has (-smp), those "
                                            "that were plugged in too."
                                          : NULL;
}

static const char *const footers[][2] = {
    { "*/ICH9LPC",
      "This is the q35 chip that does CPU and memory hotplug. It has an element for each "
      "CPU "
      "that there may be (-smp maxcpus=) and for each memory slot (-m slots=): give the "
      "destination the source's numbers. Some tools take maxcpus from the host's CPUs, "
      "so that "
      "two hosts differ." },
    { "acpi-ged",
      "It does the hotplug of memory of Arm's virt and of LoongArch: it has an "
      "element for each memory slot (-m slots=), and on LoongArch from 9.2 on "
      "one for each CPU that there may be (-smp maxcpus=)." },
    { "arm_gic*",
      "The number of CPUs (-smp) and of interrupts decides how long this is." },
    { "*/pci_bridge", "shpc= decides whether the bridge sends the state of its hotplug "
                      "controller." },
    { "*/vhost-user-*",
      "The number of queues and of MSI-X vectors decides how long this is: num-queues=, "
      "num-request-queues=, vectors=." },
    { "*/piix4_pm",
      "This is the i440fx chip that does CPU, memory and PCI hotplug. It has an element "
      "for "
      "each CPU that there may be (-smp maxcpus=) and for each memory slot (-m slots=). "
      "Builds "
      "of QEMU 6.2 to 8.x also differ in what they write here under one machine type: "
      "use the "
      "same package on both sides, or migrate through a release in between." },
    { "*/virtio-gpu",
      "Its length follows from the number of outputs: give the destination's device the "
      "source's max_outputs=. With more than one output, releases up to 8.2 and from 9.1 "
      "on write other lengths under one machine type and do not load each other's. The "
      "number of MSI-X vectors (vectors=) decides too." },
    { "*/pciespscsi",
      "Its inner state esp has the field drq_state since 9.x and asc_mode since a later "
      "release, "
      "whatever the machine type is: releases on both sides of that do not load each "
      "other's. Use the source's release at the destination, or remove the controller "
      "first (am53c974)." },
    { "*/virtio-console",
      "The number of ports and of MSI-X vectors decides how long this is: max_ports=, "
      "the ports themselves (virtconsole, virtserialport), vectors=. MSI-X has no check "
      "of its own." },
    { "*/virtio-*",
      "The number of queues and of MSI-X vectors decides how long this is: queues=, "
      "num-queues=, num_queues=, vectors=. MSI-X has no check of its own." },
    { "*/xhci",
      "The numbers of ports, slots and interrupters decide how long this is: p2=, p3=, "
      "and of nec-usb-xhci slots= and intrs=." },
    { "*/pcie-root-port",
      "x-migrate-msix= decides whether the port sends the state of its MSI-X." },
    { "*/nvme", "The numbers of queues and of MSI-X vectors decide how long this is: "
                "max_ioqpairs=, msix_qsize=." },
    { "*/vfio",
      "The two sides use other layouts of a VFIO device's data: \"migstat convert "
      "--for=RELEASE FILE -o NEW\" brings it into the one that a release reads." },
    { "sd-card", "In 10.2 to 11.1 an eMMC with an RPMB partition writes two subsections "
                 "of one name, and "
                 "no release loads them. \"migstat convert "
                 "--filter=drop-subsection:path=sd-card:sd-card/ext_csd_modes-state FILE "
                 "-o NEW\" takes "
                 "the second one out." },
    { "cpu",
      "The CPU models of the two sides differ, or the number of their registers." },
    { "ram",
      "The RAM section is made otherwise: see whether the capabilities of the two sides "
      "are the same (multifd, mapped-ram, x-ignore-shared)." },
};

void mig_decode_footer(const MigMessageMatch *match, const char *section,
                       GPtrArray *facts)
{
    (void)match;
    for (size_t i = 0; section && i < G_N_ELEMENTS(footers); i++) {
        if (mig_glob(footers[i][0], section)) {
            mig_decode_say(facts, "%s", footers[i][1]);
            return;
        }
    }
}

/* --- RAM blocks --------------------------------------------------------------------------- */

static const char *const blocks[][2] = {
    { "*.rom", "It is the option ROM of a device. Distributions build ROM files of other "
               "lengths: give "
               "the device the source's file with romfile=, or none on both sides with "
               "romfile=; a ROM "
               "that only has to be as long can have romsize=." },
    { "*/vga.vram",
      "It is the memory of a graphics card: vgamem_mb= differs, or the card is "
      "missing or at another address." },
    { "vga.vram", "It is the memory of the graphics card: vgamem_mb= differs, or -vga." },
    { "*qxl.v*",
      "It is the memory of a QXL card: ram_size_mb=, vram_size_mb=, vgamem_mb=." },
    { "/rom@etc/*",
      "QEMU makes it itself, such as the ACPI tables: it grows with the number "
      "of devices and CPUs." },
    { "pc.bios",
      "It is the firmware: another file with -bios, or another build of SeaBIOS." },
    { "*.flash?",
      "It is firmware or its variables (pflash): give the destination files of the "
      "same length; OVMF is built with 2 MiB and with 4 MiB." },
    { "/objects/*", "It is the memory backend of that id, by its path. The name without "
                    "/objects/ is that of older machine types "
                    "(x-use-canonical-path-for-ramblock-id)." },
    { "*ram*", "It is the guest's memory, or a part of it: -m, or the size and id of the "
               "memory backend." },
};

/* The option that gives the destination as much. */
static void say_sizes(GPtrArray *facts, const char *block, uint64_t stream,
                      uint64_t local)
{
    g_autofree char *theirs = mig_decode_size(stream);
    g_autofree char *ours = mig_decode_size(local);

    mig_decode_say(facts, "The source has %s, and the destination %s.", theirs, ours);
    if (g_str_has_suffix(block, ".ram") && stream % (1u << 20) == 0) {
        mig_decode_say(facts, "Start the destination with -m %" PRIu64 ".", stream >> 20);
    } else if (g_str_has_suffix(block, ".rom") &&
               mig_message_is_plain(block, strlen(block))) {
        g_autofree char *value = mig_remedy_name(block);

        mig_decode_say(facts,
                       "\"migstat convert%s --filter=ram-block:name=%s:length=%" PRIu64
                       " FILE -o NEW\" gives the block the destination's length; %s.",
                       stream > local ? " --lossy" : "", value, local,
                       stream > local
                           ? "the guest's copy of the ROM beyond that is cut off"
                           : "what is added to the guest's copy of the ROM is zeros");
    }
}

void mig_decode_block(const MigMessageMatch *match, const char *section, GPtrArray *facts)
{
    g_autofree char *block = mig_decode_text(match, "block");
    bool sizes = mig_decode_has(match, "stream") && mig_decode_has(match, "local");

    (void)section;
    if (!block) {
        return;
    }
    if (!sizes) { /* else both sides have it there */
        say_address(facts, block);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
        if (mig_glob(blocks[i][0], block)) {
            mig_decode_say(facts, "%s", blocks[i][1]);
            break;
        }
    }
    if (sizes) {
        say_sizes(facts, block, mig_message_number(match, "stream", 0),
                  mig_message_number(match, "local", 0));
    }
}

/* --- errors ------------------------------------------------------------------------------- */

static const struct {
    int number;
    const char *words, *what;
} errors[] = {
    { 22, "Invalid argument",
      "\"Invalid argument\" says nothing: releases from 11.1 on give it for every "
      "failure." },
    { 5, "Input/output error",
      "\"Input/output error\" most often means that the stream ended too early: the "
      "source "
      "gave up, the connection was lost, or the file was cut." },
    { 2, "No such file or directory",
      "\"No such file or directory\" is about no file: up to 10.1 it means that a device "
      "or a "
      "subsection of the stream is not known at the destination." },
    { 1, "Operation not permitted",
      "\"Operation not permitted\" is about no permission: a function of a device "
      "returned -1 "
      "without a word." },
    { 34, "Numerical result out of range",
      "\"Numerical result out of range\" means that a value in the stream is none that "
      "the "
      "device can have." },
    { 95, "Operation not supported",
      "\"Operation not supported\" means that the host, KVM or a back-end cannot do what "
      "the "
      "stream asks for." },
    { 12, "Cannot allocate memory",
      "\"Cannot allocate memory\" means that QEMU at the destination was not given as "
      "much "
      "memory as it asked for: by the host, or by a damaged length in the stream." },
    { 14, "Bad address",
      "\"Bad address\" means that the kernel could not write to the guest's memory." },
    { 104, "Connection reset by peer",
      "\"Connection reset by peer\" means that the other side has ended: look in its "
      "log." },
    { 32, "Broken pipe",
      "\"Broken pipe\" means that the other side has ended: look in its log." },
};

void mig_decode_errno(const MigMessageMatch *match, const char *section, GPtrArray *facts)
{
    g_autofree char *why = mig_decode_text(match, "why");
    int64_t number = (int64_t)mig_message_number(match, "error", 0);

    (void)section;
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        if (why ? g_str_equal(why, errors[i].words)
                : number == errors[i].number || number == -errors[i].number) {
            mig_decode_say(facts, "%s", errors[i].what);
        }
    }
}

void mig_decode_silent_device(const MigMessageMatch *match, const char *section,
                              GPtrArray *facts)
{
    mig_decode_errno(match, section, facts);
    if (section && strchr(section, '/') &&
        mig_message_is_plain(section, strlen(section))) {
        g_autofree char *value = mig_remedy_name(section);

        mig_decode_say(facts,
                       "Where the guest can lose the device, \"migstat convert "
                       "--filter=drop-section:name=%s FILE -o NEW\" leaves it out.",
                       value);
    }
    for (size_t i = 0; section && i < G_N_ELEMENTS(silent_sections); i++) {
        if (mig_glob(silent_sections[i][0], section)) {
            mig_decode_say(facts, "%s", silent_sections[i][1]);
            return;
        }
    }
}
