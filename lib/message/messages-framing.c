/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          messages about the head of a stream and its configuration.
 * Must not know: how they are found.
 * See also:      message/message.h.
 *
 * Source: migration/savevm.c; 5.2 to 11.1.
 */
#include "message/row.h"

const MigMessage mig_messages_framing[] = {
    { .id = "magic",
      .form = CAUSE,
      .texts =
          TEXTS(UNTIL(10, 1, "Not a migration stream", NULL),
                SINCE(10, 2, "Not a migration stream, magic: %x != %x", "magic wanted")),
      .function = "migration/savevm.c, qemu_loadvm_state_header",
      .meaning = "What QEMU was given does not begin with QEVM, so it is not a migration "
                 "stream, or the stream begins further in.",
      .look = "The command \"migstat dump FILE\" says what kind of file it is.",
      .help =
          "Unpack what is compressed, give -incoming the file that holds the stream, "
          "and the right offset where it begins further in. A libvirt save image is "
          "loaded with \"virsh restore\"; \"migstat extract\" and \"migstat convert\" "
          "read it as it is. If it is nothing of that, its first bytes are damaged: save "
          "again.",
      .decode = mig_decode_magic },
    { .id = "version-2",
      .form = CAUSE,
      .texts = TEXTS(
          UNTIL(10, 1, "SaveVM v2 format is obsolete and don't work anymore", NULL),
          SINCE(10, 2, "SaveVM v2 format is obsolete and no longer supported", NULL)),
      .function = "migration/savevm.c, qemu_loadvm_state_header",
      .meaning = "The stream is of version 2, which QEMU wrote before 0.12.",
      .help = "No release of today loads it. Load it with a QEMU of that time and save "
              "the guest's disks." },
    { .id = "version",
      .form = CAUSE,
      .texts = TEXTS(UNTIL(10, 1, "Unsupported migration stream version", NULL),
                     SINCE(10, 2,
                           "Unsupported migration stream version, file version %x != %x",
                           "version wanted")),
      .function = "migration/savevm.c, qemu_loadvm_state_header",
      .meaning =
          "The stream says a version other than 3. QEMU itself has written 3 since "
          "0.12; version 4 is a recording of PANDA 1.0.",
      .look = "The command \"migstat check FILE\" shows the version and what follows it.",
      .help = "Load a recording of PANDA with the PANDA that made it. With any other "
              "version the file is damaged: fetch it again." },
    { .id = "configuration-missing",
      .form = CAUSE,
      .texts =
          TEXTS(UNTIL(10, 1, "Configuration section missing", NULL),
                SINCE(10, 2, "Configuration section missing, %x != %x", "found wanted")),
      .function = "migration/savevm.c, qemu_loadvm_state_header",
      .meaning =
          "The loader's machine type wants a configuration right after the header, "
          "and the stream has none: its source is a machine type up to 2.3, or Xen, "
          "or a QEMU before 2.4.",
      .look = "The command \"migstat dump FILE\" shows with what the stream begins.",
      .help = "Start the destination with the machine type of the source." },
    { .id = "machine",
      .form = CAUSE,
      .texts = TEXTS(
          ALWAYS("Machine type received is '%.*s' and local is '%s'", "machine local")),
      .function = "migration/savevm.c, configuration_post_load",
      .meaning =
          "The source was machine type {machine}, and the destination is another. It "
          "was started as {local}.",
      .look = "The command \"migstat dump FILE\" shows the machine type of a stream."
              " The command \"migstat needs FILE\" says with which options QEMU has to "
              "be started.",
      .help =
          "Start the destination with -machine {machine}, or with that machine in the "
          "guest's XML. Where its QEMU does not know the name, but has the same "
          "machine under another one, \"migstat convert --filter=machine:name={local} "
          "FILE -o NEW\" renames it. Rename between versions of one machine only if "
          "you know that their devices are equal.",
      .decode = mig_decode_machine },
    { .id = "page-bits",
      .form = CAUSE,
      .texts =
          TEXTS(ALWAYS("Received TARGET_PAGE_BITS is %d but local is %d", "bits local")),
      .function = "migration/savevm.c, configuration_post_load",
      .meaning = "The source counts guest memory in pages of 2^{bits} bytes, and the "
                 "destination in pages of 2^{local} bytes. On Arm the CPU model decides "
                 "that.",
      .help =
          "Start the destination with the CPU model and machine type of the source." },
    { .id = "capability-differs",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Capability %s is %s, but received capability is %s",
                            "capability local received")),
      .function = "migration/savevm.c, configuration_validate_capabilities",
      .meaning = "The stream was written with capability {capability} {received}, and at "
                 "the destination it is {local}.",
      .help = "Set {capability} to {received} at the destination with "
              "migrate-set-capabilities before migrate-incoming." },
    { .id = "capability-unknown",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("Received unknown capability %s", "capability")),
      .function = "migration/savevm.c, load_capability",
      .meaning = "The stream records capability {capability}, which this QEMU does not "
                 "know: the source is newer, or the stream is damaged.",
      .look = "The command \"migstat check --for=all FILE\" says which releases know it.",
      .help = "Load it with a newer QEMU, or save it again without the capability: it "
              "changes how the stream is laid out, so no conversion takes it out." },
    { .id = "capabilities-refused",
      .form = LINK,
      .texts = TEXTS(SINCE(11, 1, "Failed to validate capabilities", NULL)),
      .function = "migration/savevm.c, configuration_post_load",
      .meaning = "The capabilities of the two sides differ.",
      .look = "The message beside it names the capability.",
      .help = "Set it alike on both sides with migrate-set-capabilities." },
    { .id = "uuid",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("UUID received is %s and local is %s", "uuid local")),
      .function = "migration/savevm.c, vmstate_uuid_post_load",
      .meaning = "The source had the capability validate-uuid, and its guest has another "
                 "UUID than the guest that waits at the destination. The source's is "
                 "{uuid}. The destination's is {local}.",
      .help =
          "Make sure that it is the right guest, then start the destination with -uuid "
          "{uuid}." },
    { .id = "uuid-unset",
      .form = NOISE,
      .texts = TEXTS(ALWAYS("UUID is received %s, but local uuid isn't set", "uuid")),
      .function = "migration/savevm.c, vmstate_uuid_post_load",
      .meaning = "The destination was started without -uuid. The load goes on." },
    { .id = "description-expected",
      .form = NOISE,
      .texts = TEXTS(ALWAYS("Expected vmdescription section, but got %d", "type")),
      .function = "migration/savevm.c, qemu_loadvm_state",
      .meaning = "The stream ends without a description. The guest was loaded." },
    { .id = "runstate-transition",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("invalid runstate transition: '%s' -> '%s'", "local state")),
      .function = "system/runstate.c, runstate_set",
      .meaning =
          "The guest's recorded run state is {state}, which a guest that is being "
          "loaded cannot go to; QEMU aborts. A guest that was stopped by a debugger "
          "or in the midst of a save has such a state.",
      .look = "The command \"migstat dump --devices=globalstate FILE\" shows it.",
      .help =
          "Save the guest again in the state paused, or set the field to paused with "
          "\"migstat convert "
          "--filter=set-field:path=globalstate:runstate:value=paused FILE -o NEW\"." },
    { .id = "allocation",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("failed to allocate %u bytes", "length")),
      .function = "glib/gmem.c, g_malloc",
      .meaning =
          "The loader took {length} for a length and asked for as much memory; QEMU "
          "aborts. The stream is damaged where it stands, often in the machine "
          "type's length, or is no stream there.",
      .look = "The command \"migstat check FILE\" says where.",
      .help = "Fetch the file again, or save the guest again." },
    { .id = "enum-value",
      .form = CAUSE,
      .texts = TEXTS(ALWAYS("invalid parameter value: %s", "value")),
      .function = "qapi/qapi-util.c, qapi_enum_parse",
      .meaning =
          "The recorded run state {value} is none that this QEMU knows: the stream "
          "was edited or is damaged, or its source has states of its own.",
      .look = "The command \"migstat dump --devices=globalstate FILE\" shows it.",
      .help =
          "Save the guest again in the state paused, or set the field to it with "
          "\"migstat convert "
          "--filter=set-field:path=globalstate:runstate:value=paused FILE -o NEW\"." },
    { 0 },
};
