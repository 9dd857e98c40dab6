/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages about sections, their framing and the fields inside them.
 * Must not know: how they are found.
 * See also:      message/message.h.
 *
 * Source: migration/savevm.c, migration/vmstate.c, migration/vmstate-types.c; 5.2 to 11.1.
 */
#include "message/row.h"

#define DIFF                                                                            \
    "The command \"migstat check --against=DESTINATION FILE\", with a stream that was " \
    "saved at "                                                                         \
    "the destination, compares the two sides."

const MigMessage mig_messages_section[] = {
    /* --- where --- */
    { .id = "section-failed",
      .form = LINK,
      .texts = TEXTS(ALWAYS("error while loading state for instance 0x%x of device '%s'",
                            "instance section"),
                     ALWAYS("error while loading state section id %d(%s)", "id section")),
      .function = "migration/savevm.c, qemu_loadvm_section_start_full and "
                  "qemu_loadvm_section_part_end",
      .meaning = "Section {section} could not be loaded. This line says where, and not "
                 "why. The innermost field that failed is {field}.",
      .look =
          "Why stands in the line above it in the destination's log: PCI, virtio, VFIO, "
          "KVM and RAM print that on lines of their own. Under libvirt the log is "
          "/var/log/libvirt/qemu/GUEST.log. Where nothing stands there, a function of "
          "the device refused without a word: \"migstat dump --devices={section} "
          "FILE\" shows what it was given.",
      .help = "Start the destination with the source's machine type and with the options "
              "that the device has at the source.",
      .decode = mig_decode_silent_device },
    { .id = "field-failed",
      .form = LINK,
      .texts =
          TEXTS(UNTIL(10, 1, "Failed to load %s:%s", "vmsd field"),
                FROM(10, 2, 11, 0, "Failed to load element of type %s for %s: %d",
                     "type field error"),
                SINCE(11, 1, "Failed to load element of type %s for %s", "type field")),
      .function = "migration/vmstate.c, vmstate_load_state",
      .meaning = "Field {field} could not be loaded. The field is in state {vmsd}. For a "
                 "plain number that means that the stream ends there.",
      .look =
          "A message above it, or further right in the line, says why. The command "
          "\"migstat dump --devices='*:*{field}*' FILE\" shows the value in the stream.",
      .help =
          "Where the value is one that the destination refuses, set it with \"migstat "
          "convert --filter=set-field:path=DEVICE:FIELD:value=N FILE -o NEW\"; what it "
          "meant is then given up." },
    { .id = "subsection-failed",
      .form = LINK,
      .texts = TEXTS(
          FROM(10, 2, 11, 0, "Loading VM subsection '%s' in '%s' failed: %d",
               "subsection vmsd error"),
          SINCE(11, 1, "Loading VM subsection '%s' in '%s' failed", "subsection vmsd")),
      .function = "migration/vmstate.c, vmstate_subsection_load",
      .meaning = "Subsection {subsection} could not be loaded. This says where, and not "
                 "why.",
      .look = "Why stands further right in the line, or in the line above it.",
      .help = "{!repair}\"migstat convert --filter=drop-subsection:path=DEVICE:PATH "
              "FILE -o NEW\" takes the subsection out, if the guest can do without it." },
    { .id = "hook-failed",
      .form = LINK,
      .texts = TEXTS(
          SINCE(10, 2,
                "post load hook failed for: %s, version_id: %d, minimum_version: %d",
                "vmsd version minimum"),
          SINCE(10, 2,
                "pre load hook failed for: '%s', version_id: %d, minimum version_id: %d",
                "vmsd version minimum")),
      .function = "migration/vmstate.c, vmstate_load_state",
      .meaning =
          "The device's own check of state {vmsd} refused what was loaded. Often it "
          "says no more than a number.",
      .look = "The command \"migstat dump --devices FILE\" shows the fields of that "
              "state. " DIFF,
      .help =
          "Start the destination with the device's options as at the source. ide_drive "
          "in 11.2 refuses disk geometries out of range: 1 to 16 heads, 1 to 255 "
          "sectors." },
    { .id = "live-state-failed",
      .form = LINK,
      .texts = TEXTS(
          SINCE(10, 2, "Failed to load vmstate version_id: %d, ret: %d", "version error"),
          SINCE(10, 2, "Failed to load %s state: stream error: %d", "section error"),
          SINCE(10, 2, "Failed to load section ID: stream error: %d", "error"),
          SINCE(10, 2, "Section footer error, section_id: %d", "id")),
      .function = "migration/savevm.c",
      .meaning = "A section could not be loaded. This says where, and not why. A stream "
                 "error of -5 means that the stream ended there.",
      .look = "The line above it says why: ram and VFIO print their causes on lines of "
              "their own.",
      .help = "If the stream ended, look at the log of the source, and fetch the file "
              "again; \"migstat check FILE\" says where it ends." },
    { .id = "load-thread",
      .form = LINK,
      .texts =
          TEXTS(SINCE(10, 2, "Error while loading vmstate: stream error: %d", "error"),
                SINCE(10, 2, "Error while loading vmstate", NULL)),
      .function = "migration/savevm.c, qemu_loadvm_state",
      .meaning = "A thread that loads device state has failed.",
      .look = "The lines above it say which device, and why." },

    /* --- why --- */
    { .id = "section-unknown",
      .form = CAUSE,
      .texts = TEXTS(
          UNTIL(10, 1, "Unknown savevm section or instance '%s' %u", "section instance"),
          SINCE(10, 2, "Unknown section or instance '%s' %u", "section instance")),
      .function = "migration/savevm.c, qemu_loadvm_section_start_full",
      .meaning =
          "The source has {section}, instance {instance}, and the destination does "
          "not: the device is not there, or at another PCI address, or has another "
          "name in that release, or there are fewer of its kind. {!instance}The source "
          "has {section}, and the destination does not: the device is not there, or at "
          "another PCI address, or has another name in that release.",
      .look = "The command \"migstat needs FILE\" says with which options QEMU has to be "
              "started; compare them with the destination's command line, or its XML.",
      .help = "Start the destination with the same devices at the same addresses. Where "
              "the guest can lose the device, \"migstat convert "
              "--filter=drop-section:name={section}@{instance} FILE -o NEW\" leaves it "
              "out; where it only has another name there, --filter=rename-section.",
      .decode = mig_decode_section,
      .help_for = mig_help_section },
    { .id = "section-version",
      .form = CAUSE,
      .texts = TEXTS(
          UNTIL(10, 1, "savevm: unsupported version %d for '%s' v%d",
                "version section local"),
          SINCE(10, 2, "unsupported version %d for '%s' v%d", "version section local")),
      .function = "migration/savevm.c, qemu_loadvm_section_start_full",
      .meaning = "The source is newer: the state is of version {version}. It is that of "
                 "{section}. The destination knows versions up to {local}.",
      .help = "Use a newer QEMU at the destination, or start the source with an older "
              "machine type, one that the destination has too." },
    { .id = "state-too-old",
      .form = CAUSE,
      .texts = TEXTS(
          UNTIL(10, 1,
                "%s: incoming version_id %d is too old for local minimum version_id  %d",
                "vmsd version minimum"),
          SINCE(10, 2,
                "%s: incoming version_id %d is too old for local minimum version_id %d",
                "vmsd version minimum")),
      .function = "migration/vmstate.c, vmstate_load_state",
      .meaning = "The state {vmsd} in the stream is of version {version}, and the "
                 "destination reads no version before {minimum}: its release has dropped "
                 "the old one. QEMU 10.1 did so for hpet and mc146818rtc, and 7.0 for "
                 "virtio-iommu.",
      .help = "Load the stream with an older QEMU, and migrate from there. If the guest "
              "can lose the device's state, drop its section." },
    { .id = "state-too-new",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("%s: incoming version_id %d is too new for local version_id %d",
                       "vmsd version local")),
      .function = "migration/vmstate.c, vmstate_load_state",
      .meaning =
          "The source is newer: the state {vmsd}, a subsection or a structure inside a "
          "section, is of version {version}. The destination knows versions up to "
          "{local}.",
      .help = "Use a newer QEMU at the destination, or start the source with an older "
              "machine type." },
    { .id = "subsection-unknown",
      .form = CAUSE,
      .texts = TEXTS(
          SINCE(10, 2, "VM subsection '%s' in '%s' does not exist", "subsection vmsd")),
      .function = "migration/vmstate.c, vmstate_subsection_load",
      .meaning = "The stream has the subsection {subsection}, which the destination's "
                 "release does not know.",
      .look =
          "The command \"migstat dump --devices='*:*{subsection}*' FILE\" shows what it "
          "holds.",
      .help = "Use a newer QEMU at the destination, or a machine type at the source that "
              "does not send it. {!repair}\"migstat convert "
              "--filter=drop-subsection:path=DEVICE:PATH FILE -o NEW\" takes it out; "
              "what it held is lost, and the device starts as after a reset." },
    { .id = "subsection-trace",
      .form = SYMPTOM,
      .texts =
          TEXTS(ALWAYS("vmstate_subsection_load_bad %s: %s/(lookup)", "vmsd subsection")),
      .function = "migration/vmstate.c, vmstate_subsection_load (a trace point)",
      .meaning = "The stream has the subsection {subsection} in {vmsd}, which the "
                 "destination's release does not know. Up to 10.1 only this trace point "
                 "names it.",
      .look =
          "The command \"migstat dump --devices='*:*{subsection}*' FILE\" shows what it "
          "holds.",
      .help = "Use a newer QEMU at the destination, or a machine type at the source that "
              "does not send it. {!repair}\"migstat convert "
              "--filter=drop-subsection:path=DEVICE:PATH FILE -o NEW\" takes it out." },
    { .id = "field-trace",
      .form = LINK,
      .texts = TEXTS(ALWAYS("vmstate_load_field_error field \"%s\" load failed, ret = %d",
                            "field error"),
                     SINCE(10, 2, "vmstate_load_state_fail %s %s", "vmsd what")),
      .function = "migration/vmstate.c, vmstate_load_state (a trace point)",
      .meaning = "Field {field} could not be loaded. This says where, and not why. The "
                 "field is in state {vmsd}.",
      .look = "The lines around it say why. The command \"migstat dump "
              "--devices='*:*{field}*' "
              "FILE\" shows the value in the stream." },
    { .id = "section-cut",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Unable to read ID string for section %u", "id"),
                     ALWAYS("Failed to read instance/version ID: %d", "error"),
                     ALWAYS("Failed to read section ID: %d", "error")),
      .function = "migration/savevm.c, qemu_loadvm_section_start_full",
      .meaning = "The stream ends inside the head of a section, or what was taken for a "
                 "head is something else.",
      .look = "The command \"migstat check FILE\" says where the stream ends or goes "
              "wrong.",
      .help = "Look at the log of the source, which may have given up, and save or fetch "
              "the stream again." },
    { .id = "section-id-unknown",
      .form = CAUSE,
      .texts = TEXTS(UNTIL(10, 1, "Unknown savevm section %d", "id"),
                     SINCE(10, 2, "Unknown section %d", "id")),
      .function = "migration/savevm.c, qemu_loadvm_section_part_end",
      .meaning =
          "A part of section number {id} came, and no section with that number has "
          "begun: its start was lost, or the stream was edited.",
      .look = "The command \"migstat dump --sections FILE\" lists the sections in order.",
      .help = "Save or fetch the stream again." },
    { .id = "section-type",
      .form = CAUSE,
      .texts = TEXTS(UNTIL(10, 1, "Unknown savevm section type %d", "type"),
                     SINCE(10, 2, "Unknown section type %d", "type")),
      .function = "migration/savevm.c, qemu_loadvm_state_main",
      .meaning = "Where a section should begin there is byte {type}, which begins none. "
                 "The loader read less or more of the section before than the source "
                 "wrote, or bytes were lost or put in.",
      .look = "The command \"migstat check FILE\" shows whether the stream itself is "
              "sound. If it is, the section before has other fields at the destination.",
      .help =
          "Give the device before it the same options on both sides. If the stream is "
          "damaged, save it again." },
    { .id = "footer-missing",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Missing section footer for %s", "section")),
      .function = "migration/savevm.c, check_section_footer",
      .meaning = "The loader stopped reading {section} before its end, or went on beyond "
                 "it: both sides have the device, and it has other fields there. Nothing "
                 "was wrong with a value.",
      .look = "The command \"migstat dump --devices={section} FILE\" lists the fields of "
              "the stream. " DIFF " The command \"migstat needs FILE\" says with which "
              "options QEMU has to be started.",
      .help = "Start the destination with the options that give the device the same "
              "fields: the same number of queues, vectors, ports, CPUs and slots, the "
              "same machine type and, for a distribution's QEMU, the same package.",
      .decode = mig_decode_footer },
    { .id = "footer-unread",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Read section footer failed: %d", "error")),
      .function = "migration/savevm.c, check_section_footer",
      .meaning =
          "The stream ended where the footer of a section should be. Error {error} "
          "is what the connection or the file gave.",
      .look =
          "The command \"migstat check FILE\" says where a saved stream ends. The log "
          "of the source says whether it gave up.",
      .help = "Save or fetch the stream again." },
    { .id = "footer-id",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("Mismatched section id in footer for %s - read 0x%x expected 0x%x",
                       "section found wanted")),
      .function = "migration/savevm.c, check_section_footer",
      .meaning =
          "The footer of section 0x{found} came where that of 0x{wanted} was due. The "
          "loader went on beyond the end of {section}, into a later section, since it "
          "has "
          "more fields at the destination; or the stream was edited or joined.",
      .look = "The command \"migstat check FILE\" shows whether the stream itself is "
              "sound. " DIFF,
      .help = "Start the destination with the options that give the device the same "
              "fields. If the stream was edited, mend what edited it.",
      .decode = mig_decode_footer },
    { .id = "validation",
      .form = CAUSE,
      .texts = TEXTS(SINCE(10, 2, "Input validation failed: %s/%s version_id: %d",
                           "vmsd field version"),
                     ALWAYS("Input validation failed: %s/%s", "vmsd field")),
      .function = "migration/vmstate.c, vmstate_load_state",
      .meaning = "The state {vmsd} was loaded as far as the check {field}, which it does "
                 "not pass: a value before it is out of the range that the destination "
                 "has.",
      .look = "The command \"migstat dump --devices FILE\" shows the fields. " DIFF,
      .help = "Start the destination with the device's sizes and counts as at the "
              "source." },
    { .id = "value-equal",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("%x != %x", "local stream")),
      .function = "migration/vmstate-types.c, get_*_equal",
      .meaning = "A field must be the same on both sides. It is 0x{local} at the "
                 "destination and 0x{stream} in the stream.",
      .look =
          "{!section}The lines after it, or the rest of the line, name the device and "
          "the field. The command \"migstat dump --devices FILE\" shows the value in the "
          "stream.",
      .help = "The number comes from the command line: give the destination's device the "
              "source's number of ports, queues, timers, CPUs or interrupts.",
      .decode = mig_decode_equal },
    { .id = "value-too-large",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Invalid value %d expecting positive value <= %d", "stream local")),
      .function = "migration/vmstate-types.c, get_int32_le",
      .meaning =
          "An array is larger at the source: a count in the stream is {stream}. The "
          "destination has room for {local}.",
      .look =
          "{!section}The lines after it, or the rest of the line, name the device and "
          "the field. On Arm, cpreg_vmstate_array_len is the number of system registers: "
          "the source's CPU model has more of them.",
      .help = "Give the destination the source's CPU model and device options. A newer "
              "QEMU or kernel at the destination may know the registers that it lacks." },
    { .id = "null-marker",
      .form = CAUSE,
      .texts =
          TEXTS(SINCE(11, 1, "Unexpected ptr marker: %d", "marker"),
                UNTIL(11, 0, "vmstate: get_nullptr expected VMS_NULLPTR_MARKER", NULL)),
      .function = "migration/vmstate-types.c",
      .meaning = "An array of pointers is populated in other places on the two sides: "
                 "what one side has, the other lacks. Channel subsystems of s390x have "
                 "such arrays.",
      .look = DIFF,
      .help = "Start the destination with the same devices as the source." },
    { .id = "list-version",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("%s too new", "vmsd"), ALWAYS("%s too old", "vmsd")),
      .function = "migration/vmstate-types.c, get_qtailq",
      .meaning = "The elements of a list, {vmsd}, are of a version that the destination "
                 "does not read.",
      .help =
          "Use a QEMU at the destination that has the source's release, or later, and "
          "the source's machine type." },
    { .id = "tree",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("%s inconsistent stream when loading the gtree", "field")),
      .function = "migration/vmstate-types.c, get_gtree",
      .meaning =
          "The tree {field}, mappings of virtio-iommu, does not have as many nodes "
          "as it says. The stream is damaged.",
      .look = "The command \"migstat check FILE\" says whether the stream is sound.",
      .help = "Save again." },
    { .id = "array-assertion",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Assertion `first_elem || !n_elems || !size' failed", NULL)),
      .function = "migration/vmstate.c, vmstate_load_state",
      .meaning =
          "QEMU aborts, since the stream has a field of something that this "
          "machine was not given. One such is the subsection cpu/wfxt-timer, which "
          "QEMU 11.1 writes, into a CPU model without FEAT_WFxT.",
      .look = "The last section before it in the log, or a trace of vmstate_load_state, "
              "names the device.",
      .help = "Start the destination with the source's CPU model, or take the subsection "
              "out with \"migstat convert "
              "--filter=drop-subsection:path=DEVICE:PATH FILE -o NEW\"." },
    { .id = "setup-failed",
      .form = LINK,
      .texts = TEXTS(SINCE(9, 0, "Load state of device %s failed", "section")),
      .function = "migration/savevm.c, qemu_loadvm_state_setup",
      .meaning = "Device {section} could not be made ready to be loaded. VFIO devices go "
                 "to the state RESUMING here, and multifd starts its threads.",
      .look = "The rest of the line, or the line above it, says why." },
    { .id = "load-failed",
      .form = END,
      .texts = TEXTS(ALWAYS("load of migration failed: %s", "why"),
                     UNTIL(10, 1, "Error %d while loading VM state", "error"),
                     ALWAYS("loadvm failed: stream error: %d", "error"),
                     ALWAYS("loadvm failed: %d", "error"),
                     ALWAYS("Error -%d while loading VM state", "error")),
      .function = "migration/migration.c, process_incoming_migration_co; "
                  "migration/savevm.c, load_snapshot",
      .meaning = "The load has failed. This line does not say why: it stands in a line "
                 "above that is not here.",
      .look =
          "Look in the destination's log, not in the source's. Under libvirt it is "
          "/var/log/libvirt/qemu/GUEST.log on the destination host, and libvirt's own "
          "message quotes only its last lines. Without libvirt it is the standard "
          "error of QEMU. Give all of it to \"migstat explain --log=LOG\".",
      .help =
          "Where the stream is at hand, \"migstat check --for=RELEASE FILE\" says what "
          "the loader would find.",
      .decode = mig_decode_errno },
    { 0 },
};
