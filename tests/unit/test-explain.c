/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that each message is recognised, whatever is around it; that of
 *                a log the cause is found; and that migstat-errors(7) has what the table has.
 * Must not know: how explanations are printed (tests/cli/test-explanation.c).
 * See also:      lib/message/messages-*.c; lib/explain/explain.c.
 */
#include "support.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "conversion.h"
#include "device/virtio-property.h"
#include "device/virtio.h"
#include "explain/explain.h"
#include "message/decode-pci.h"
#include "message/decode.h"
#include "message/message.h"
#include "message/pattern.h"
#include "message/scan.h"

/* --- the table ------------------------------------------------------------------------ */

static unsigned words_of(const char *holes)
{
    g_auto(GStrv) words = g_strsplit(holes ? holes : "", " ", -1);

    return holes ? g_strv_length(words) : 0;
}

static unsigned holes_of(const MigPattern *pattern)
{
    unsigned n = 0;

    for (unsigned i = 0; i < pattern->n_pieces; i++) {
        n += pattern->pieces[i].kind != MIG_PIECE_LITERAL;
    }
    return n;
}

static void check_text(const MigMessage *message, const MigMessageText *text)
{
    MigPattern pattern;

    ck_assert_msg(mig_pattern_compile(&pattern, text->text), "%s: \"%s\" has no anchor",
                  message->id, text->text);
    ck_assert_msg(holes_of(&pattern) == words_of(text->holes),
                  "%s: \"%s\" has %u holes, and \"%s\" names others", message->id,
                  text->text, holes_of(&pattern), text->holes);
    ck_assert_msg(holes_of(&pattern) + 6 <= MIG_MESSAGE_HOLES,
                  "%s: no room for what is beside it", message->id);
    ck_assert_msg(!text->last || text->first <= text->last, "%s: %s", message->id,
                  text->text);
}

/* What a row's sentences may say: holes that a text has, or that come from beside it. */
static void check_sentences(const MigMessage *message, const char *sentences)
{
    g_autoptr(GRegex) regex = g_regex_new("\\{!?([^}]*)\\}", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    ck_assert_msg(!sentences || g_str_has_suffix(sentences, ".") ||
                      g_str_has_suffix(sentences, ".\""),
                  "%s: \"%s\" does not end", message->id, sentences);
    for (g_regex_match(regex, sentences ? sentences : "", 0, &match);
         g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *hole = g_match_info_fetch(match, 1);
        bool known = g_str_equal(hole, "section") || g_str_equal(hole, "field") ||
                     g_str_equal(hole, "repair");

        for (const MigMessageText *text = message->texts; text->text && !known; text++) {
            g_auto(GStrv) words = g_strsplit(text->holes ? text->holes : "", " ", -1);

            known = g_strv_contains((const char *const *)words, hole);
        }
        ck_assert_msg(known, "%s: no text has {%s}", message->id, hole);
    }
}

START_TEST(rows_are_whole)
{
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    const MigMessage *message;
    size_t i;

    for (i = 0; (message = mig_message_at(i)) != NULL; i++) {
        ck_assert_msg(g_hash_table_add(ids, (gpointer)(uintptr_t)message->id),
                      "%s has two rows", message->id);
        ck_assert_msg(message->texts && message->texts->text && message->function &&
                          message->meaning && *message->meaning,
                      "%s lacks something", message->id);
        for (const MigMessageText *text = message->texts; text->text; text++) {
            check_text(message, text);
        }
        check_sentences(message, message->meaning);
        check_sentences(message, message->look);
        check_sentences(message, message->help);
    }
    ck_assert_uint_gt(i, 100);
}
END_TEST

/* --- each text in each envelope --------------------------------------------------------- */

/* @ stands for the message, & for it within a JSON string. */
static const char *const envelopes[] = {
    "@",
    "qemu-system-x86_64: @\n",
    "2026-11-27T10:02:14.123456Z qemu-kvm: @",
    "\xef\xbb\xbf@\r\n",
    /* a line of the journal, with a message behind it */
    "Nov 27 10:02:14 host libvirtd[812]: internal error: QEMU unexpectedly closed the "
    "monitor "
    "(vm='g'): 2026-11-27T10:02:14.123456Z qemu-kvm: @",
    "error: internal error: process exited while connecting to monitor: "
    "2026-11-27T10:02:14.123456Z qemu-system-aarch64: @",
    /* several lines in one */
    "Nov 27 10:02:14 host libvirtd: internal error: qemu: @#0122026-11-27T10:02:14Z "
    "qemu-kvm: "
    "load of migration failed: Invalid argument",
    /* QMP, and a log that quotes it */
    "{\"return\": {\"status\": \"failed\", \"error-desc\": \"&\"}}",
    "{\"component\":\"virt-launcher\",\"level\":\"error\",\"msg\":\"internal error: QEMU "
    "unexpectedly closed the monitor (vm=\\u0027ns_vm\\u0027): "
    "2026-11-27T10:02:14.1Z qemu-kvm: &\\n2026-11-27T10:02:14.2Z qemu-kvm: load of "
    "migration "
    "failed: Invalid argument\",\"pos\":\"qemuMonitorIO:580\"}",
    /* Proxmox */
    "2026-11-27 10:02:14 ERROR: online migrate failure - kvm: @",
    "Nov 27 10:02:14 pve QEMU[4711]: kvm: @",
    "Error: @",
    "\033[0;1;31mqemu-kvm: @\033[0m",
    /* up to 10.1, and from 10.2 on */
    "qemu-kvm: @\nqemu-kvm: Failed to load PCIDevice:config\nqemu-kvm: Failed to load "
    "e1000:parent_obj\nqemu-kvm: error while loading state for instance 0x0 of device "
    "'0000:00:03.0/e1000'\nqemu-kvm: load of migration failed: Invalid argument\n",
    "qemu-kvm: load of migration failed: Invalid argument: error while loading state for "
    "instance 0x0 of device '0000:00:03.0/e1000': Failed to load element of type struct "
    "for "
    "x: @",
    "qemu-kvm: @\nqemu-kvm: load of migration failed: Invalid argument: error while "
    "loading "
    "state for instance 0x0 of device '0000:00:03.0/e1000': Failed to load element of "
    "type "
    "virtio for virtio",
    "Error: error while loading state for instance 0x0 of device 'e': @",
};

/* The text with something in its holes. */
static char *fill(const MigMessageText *text)
{
    MigPattern pattern;
    GString *out = g_string_new(NULL);

    ck_assert(mig_pattern_compile(&pattern, text->text));
    for (unsigned i = 0; i < pattern.n_pieces; i++) {
        static const char *const values[] = {
            [MIG_PIECE_NAME] = "0000:00:1f.0/x-y_z",
            [MIG_PIECE_DECIMAL] = "4711",
            [MIG_PIECE_HEX] = "9a",
        };
        const MigPiece *piece = &pattern.pieces[i];

        if (piece->kind == MIG_PIECE_LITERAL) {
            g_string_append_len(out, piece->text, (gssize)piece->length);
        } else {
            g_string_append(out, values[piece->kind]);
        }
    }
    return g_string_free(out, FALSE);
}

static char *enclose(const char *envelope, const char *message)
{
    GString *out = g_string_new(NULL);

    for (const char *p = envelope; *p; p++) {
        if (*p == '@') {
            g_string_append(out, message);
        } else if (*p == '&') {
            g_autofree char *quoted = g_strescape(message, NULL);

            g_string_append(out, quoted);
        } else {
            g_string_append_c(out, *p);
        }
    }
    return g_string_free(out, FALSE);
}

static const MigExplanation *explain_text(MigExplain *explain, const char *log)
{
    mig_explain_feed(explain, log, strlen(log));
    return mig_explain_finish(explain);
}

/* What says more than the message stands in some envelopes. */
static bool may_be_another(const MigMessage *message, const char *envelope,
                           const MigExplanation *explanation)
{
    return message->form < MIG_MESSAGE_SYMPTOM &&
           explanation->kind <= MIG_EXPLANATION_GENERIC && strlen(envelope) > 30;
}

START_TEST(each_text_is_recognised)
{
    const MigMessage *message;

    for (size_t i = 0; (message = mig_message_at(i)) != NULL; i++) {
        for (const MigMessageText *text = message->texts; text->text; text++) {
            g_autofree char *filled = fill(text), *log = enclose(envelopes[_i], filled);
            g_autoptr(MigExplain) explain = mig_explain_new();
            const MigExplanation *explanation = explain_text(explain, log);

            ck_assert_msg(g_strcmp0(explanation->id, message->id) == 0 ||
                              may_be_another(message, envelopes[_i], explanation),
                          "%s is taken for %s, as \"%s\", in %s", message->id,
                          explanation->id, explanation->text, log);
            ck_assert_msg(explanation->kind != MIG_EXPLANATION_CAUSE ||
                              g_str_has_suffix(explanation->text, filled),
                          "\"%s\" of \"%s\"", explanation->text, filled);
        }
    }
}
END_TEST

/* --- messages as people have reported them ------------------------------------------------ */

static const struct {
    const char *log, *id, *section, *releases, *says;
} reports[] = {
    { "get_pci_config_device: Bad config data: i=0x9a read: 2 device: 3 cmask: ff wmask: "
      "0 "
      "w1cmask:0\nFailed to load PCIDevice:config\nFailed to load "
      "virtio-blk:virtio\nerror "
      "while loading state for instance 0x0 of device '0000:00:04.0/virtio-blk'\nload of "
      "migration failed: Invalid argument",
      "pci-config", "0000:00:04.0/virtio-blk", "5.2 to 10.1",
      "3 vectors in the stream, 4 at the destination" },
    { "qemu: get_pci_config_device: Bad config data: i=0x34 read: c8 device: dc cmask: "
      "ff "
      "wmask: 0 w1cmask:0\nqemu: load of migration failed: Invalid argument: error while "
      "loading state for instance 0x0 of device '0000:00:05.0/virtio-rng': Failed to "
      "load "
      "element of type virtio for virtio",
      "pci-config", "0000:00:05.0/virtio-rng", "11.1",
      "0xc8 at the source and at 0xdc at the destination" },
    { "Bad config data: i=0x10a read: 40 device: 0 cmask: ff wmask: 0 w1cmask:0",
      "pci-config", NULL, NULL, "x-pcie-err-unc-mask=on" },
    { "Bad config data: i=0x10 read: 21 device: 1 cmask: ff wmask: c0 w1cmask:0",
      "pci-config", NULL, NULL, "At the source it is 32 bytes at most" },
    { "Features 0x1c0010130afffaf unsupported. Allowed features: 0x10179bfffef",
      "virtio-features", NULL, NULL,
      "GUEST_USO4 (bit 54), GUEST_USO6 (bit 55), HOST_USO (bit 56)" },
    { "Features 0x000000000000000101c0010130afffaf unsupported. Allowed features: "
      "0x0000000000000000010179bfffefffff",
      "virtio-features", NULL, NULL, "bit 64" },
    { "VQ 0 size 0x80 Guest index 0x12c inconsistent with Host index 0x134: delta 0xfff8",
      "virtio-ring-index", NULL, NULL, "older than the device, by at least 8 requests" },
    { "VQ 0 size 0x80 < last_avail_idx 0x0 - used_idx 0xcccc", "virtio-ring-index", NULL,
      NULL, "52428 are done" },
    { "Unknown savevm section or instance 'cpu_common' 1. Make sure that your current VM "
      "setup matches your saved VM setup, including any hotplugged devices",
      "section-unknown", "cpu_common", "5.2 to 10.1", "fewer CPUs (-smp)" },
    { "qemu: Unknown section or instance '0000:00:04.0/virtio-blk' 0", "section-unknown",
      "0000:00:04.0/virtio-blk", "10.2 to 11.1", "slot 04, function 0" },
    { "Unknown ramblock \"0000:00:04.0:01.0/e1000.rom\", cannot accept migration",
      "ram-block-unknown", NULL, NULL, "option ROM" },
    { "Size mismatch: 0000:00:03.0/virtio-net-pci.rom: 0x40000 != 0x80000: Invalid "
      "argument",
      "ram-block-size", NULL, NULL,
      "The source has 256 KiB, and the destination 512 KiB" },
    { "Length mismatch: pc.ram: 0x100000000 in != 0x8000000", "ram-block-size", NULL,
      "before 5.2", "-m 4096" },
    { "Length mismatch: system.flash1: 40000 in != 80000: Invalid argument",
      "ram-block-size", NULL, "before 5.2", "OVMF" },
    { "Machine type received is 'virt-6.2' and local is 'virt-7.1'", "machine", NULL,
      NULL, "virt-6.2 came with QEMU 6.2" },
    { "Machine type received is 'pc-i440fx-trusty' and local is 'pc-i440fx-7.2'",
      "machine", NULL, NULL, "Ubuntu" },
    { "error while loading state for instance 0x0 of device 'kvm-tpr-opt'\nload of "
      "migration "
      "failed: Operation not permitted",
      "section-failed", "kvm-tpr-opt", "5.2 to 10.1", "is about no permission" },
    { "error while loading state for instance 0x0 of device 'cpu'\nload of migration "
      "failed: Operation not permitted",
      "section-failed", "cpu", "5.2 to 10.1", "cpreg_vmstate_indexes" },
    { "invalid runstate transition: 'inmigrate' -> 'debug'", "runstate-transition", NULL,
      NULL, NULL },
    { "Unknown combination of migration flags: 0x0\nerror while loading state section id "
      "2(ram)\nload of migration failed: Invalid argument",
      "ram-flags", "ram", "5.2 to 10.1", "the stream ended" },
    { "Failed to load virtio_pci/modern_queue_state:used\nload of migration failed: "
      "Input/output error",
      "field-failed", NULL, "5.2 to 10.1", NULL },
    { "Failed to load usb-redir:parser", "usb-redir", NULL, "5.2 to 10.1", NULL },
    { "tpm-emulator: Setting the stateblob (type 2) failed with a TPM error 0x3e", "tpm",
      NULL, NULL, NULL },
    { "error: failed to set MSR 0x48e to 0xfff9fffe04006172\nqemu-kvm: "
      "../target/i386/kvm/kvm.c:2701: kvm_buf_set_msrs: Assertion `ret == "
      "cpu->kvm_msr_buf->nmsrs' failed.",
      "msr", NULL, NULL, "is IA32_VMX_TRUE_PROCBASED_CTLS" },
    { "Missing section footer for 0000:00:1f.0/ICH9LPC", "footer-missing",
      "0000:00:1f.0/ICH9LPC", NULL, "maxcpus=" },
    { "check_section_footer: Read section footer failed: -5", "footer-unread", NULL, NULL,
      NULL },
    { "Error -22 while loading VM state", "load-failed", NULL, NULL, "says nothing" },
    { "KeyError: ('block', 0)", "analyze-script", "block", NULL, NULL },
    { "Not a migration stream, magic: 4c696276 != 5145564d", "magic", NULL,
      "10.2 to 11.1", "virsh restore" },
    { "unknown channel magic: 369295617", "channel-magic", NULL, "10.1 to 11.1", "TLS" },
    { "handle_cpreg_only_in_incoming_stream: system register 0x603000000013c010 in the "
      "incoming stream but unknown on the destination: fail migration",
      "arm-register-unknown", NULL, "11.0 and 11.1",
      "Register 0x603000000013c010 is ID_" },
    /* what people quote in part */
    { "Bad config data: i=0x20", "pci-config", NULL, NULL, "BAR 4" },
    { "Bad config data: i=0x10 read: 21 ... wmask: c0", "pci-config", NULL, NULL,
      "BAR 0" },
    { "qemu: Unknown ramblock \"0000:02.0/qxl.vram\"", "ram-block-unknown", NULL, NULL,
      "QXL" },
    { "Length mismatch: system.flash1", "ram-block-size", NULL, "before 5.2", "OVMF" },
    { "failed to set MSR 0x48e", "msr", NULL, NULL, "IA32_VMX" },
    { "VQ ... vring.num 1024 exceeds allocated max 256", "virtio-ring-size", NULL, "11.1",
      NULL },
    { "Unknown savevm section or instance 'spapr_cpu' \xe2\x80\xa6", "section-unknown",
      "spapr_cpu", "5.2 to 10.1", "plugged in" },
    { "Machine type received is 'virt-6.2' and local", "machine", NULL, NULL, "6.2" },
    /* two failures: the last one counts */
    { "Missing section footer for a\nload of migration failed: Invalid argument\nMissing "
      "section footer for b\nload of migration failed: Invalid argument",
      "footer-missing", "b", NULL, NULL },
    /* said again by another program */
    { "Missing section footer for a\nload of migration failed: Invalid "
      "argument\ninternal "
      "error: QEMU unexpectedly closed the monitor (vm='a')\nload of migration failed: "
      "Invalid argument",
      "footer-missing", "a", NULL, NULL },
    /* a new start, of which less is known */
    { "Missing section footer for a\nload of migration failed: Invalid "
      "argument\n2026-11-27 "
      "10:02:14.100+0000: starting up libvirt version: 9.0.0\nload of migration failed: "
      "Input/output error",
      "load-failed", NULL, NULL, "the stream ended too early" },
    /* links tell more than the end */
    { "QEMU unexpectedly closed the monitor (vm='a'): error while loading state for "
      "instance "
      "0x0 of device 'hpet'\nload of migration failed: Operation not permitted",
      "section-failed", "hpet", "5.2 to 10.1", "no permission" },
    /* what is only a warning */
    { "qemu: warning: Missing section footer for a\nqemu: load of migration failed: Bad "
      "address",
      "load-failed", NULL, NULL, "could not write to the guest's memory" },
    /* a source that has lost its destination, beside what that says */
    { "qemu: Unable to write to socket: Broken pipe\nqemu: error while loading state for "
      "instance 0x0 of device 'kvm-tpr-opt'\nqemu: load of migration failed: Operation "
      "not "
      "permitted",
      "section-failed", "kvm-tpr-opt", "5.2 to 10.1", "kvmvapic.bin" },
    { "qemu: error while loading state for instance 0x0 of device 'hpet'\nqemu: load of "
      "migration failed: Operation not permitted\nqemu: Sibling indicated error 1",
      "section-failed", "hpet", "5.2 to 10.1", "no permission" },
    { "qemu: Unable to write to socket: Broken pipe", "source-write", NULL, NULL, NULL },
    { "qemu: Unable to read from socket: Connection reset by peer\nqemu: error while "
      "loading "
      "state for instance 0x0 of device 'hpet'\nqemu: load of migration failed: "
      "Input/output error",
      "section-failed", "hpet", "5.2 to 10.1", "the stream ended too early" },
    { "error: operation failed: migration out job: unexpectedly failed", "monitor-closed",
      NULL, NULL, NULL },
    { "{\"return\": {\"status\": \"setup\"}}\nMissing section footer for a\nload of "
      "migration failed: Invalid argument\n{\"return\": {\"status\": \"setup\"}}",
      "footer-missing", "a", NULL, NULL },
    /* on a page, and in the journal's JSON */
    { "I get `Missing section footer for a/b` here", "footer-missing", "a/b", NULL,
      NULL },
    { "<li>Missing section footer for a/b</li>", "footer-missing", "a/b", NULL, NULL },
    { "{\"MESSAGE\":["
      "27,91,51,49,109,113,101,109,117,58,32,77,105,115,115,105,110,103,32,11"
      "5,101,99,116,105,111,110,32,102,111,111,116,101,114,32,102,111,114,32,"
      "97,47,98"
      "],\"PRIORITY\":\"3\"}",
      "footer-missing", "a/b", NULL, NULL },
    { "Missing section footer for [97,98,99,100,101,102,103]", "footer-missing",
      "[97,98,99,100,101,102,103]", NULL, NULL },
    { "Missing section footer for [97,98,99,100,101,102,103,1]", "footer-missing",
      "[97,98,99,100,101,102,103,1]", NULL, NULL },
    { "Missing section footer for [97,98,99,100,101,102,103,256]", "footer-missing",
      "[97,98,99,100,101,102,103,256]", NULL, NULL },
    { "Missing section footer for [97,98,99,100,101,102,103,104]", "footer-missing",
      "[97,98,99,100,101,102,103,104]", NULL, NULL },
    /* what a mail has broken and quoted */
    { "> qemu-kvm: get_pci_config_device: Bad\n> config data: i=0x9a read: 2 device: 3 "
      "cmask: ff wmask: 0 w1cmask:0\n> qemu-kvm: error while loading state for\n> "
      "instance "
      "0x0 of device '0000:00:04.0/virtio-blk'",
      "pci-config", "0000:00:04.0/virtio-blk", "5.2 to 10.1", "3 vectors in the stream" },
    { "the machine is 12\n\n!= 13 is what it says", NULL, NULL, NULL, NULL },
    /* a symptom beside a cause */
    { "Can't find block pc.rom\nIllegal RAM offset 1000", "ram-page-block", NULL, NULL,
      NULL },
};

START_TEST(reports_have_their_cause)
{
    g_autoptr(MigExplain) explain = mig_explain_new();
    const MigExplanation *e = explain_text(explain, reports[_i].log);
    g_autofree char *facts = g_strjoinv(" ", (char **)(uintptr_t)e->facts);

    ck_assert_msg(g_strcmp0(e->id, reports[_i].id) == 0, "%s: %s", reports[_i].log,
                  e->id);
    ck_assert_msg(g_strcmp0(e->section, reports[_i].section) == 0, "%s: section %s",
                  reports[_i].log, e->section);
    ck_assert_msg(g_strcmp0(e->releases, reports[_i].releases) == 0, "%s: QEMU %s",
                  reports[_i].log, e->releases);
    ck_assert_msg(!reports[_i].says || strstr(facts, reports[_i].says), "%s: %s",
                  reports[_i].log, facts);
}
END_TEST

/* --- what the numbers say ------------------------------------------------------------------ */

#define OF(device) \
    "\nerror while loading state for instance 0x0 of device '0000:00:02.0/" device "'"
#define BYTE(byte, device) "Bad config data: i=0x" byte " w1cmask:0" OF(device)
#define LACKS(bits, device) \
    "Features 0x" bits " unsupported. Allowed features: 0x0" OF(device)

/* `says` stands among the facts; `never` does not. */
static const struct {
    const char *log, *says, *never;
} decoded[] = {
    { LACKS("100", "virtio-blk"), NULL, "=off" },
    { LACKS("1000", "virtio-blk"), "without them: num-queues=1 at", "mq=" },
    { LACKS("1000", "virtio-blk"), "MQ is offered where num-queues= is more than 1.",
      NULL },
    { LACKS("476", "virtio-blk"), "GEOMETRY has no property of its own: it is always",
      "="
      "off" },
    { LACKS("20", "virtio-blk"), "the drive is read-only", "ro=" },
    { LACKS("200", "virtio-blk"), "write-cache=", "flush=" },
    { LACKS("3f", "virtio-balloon"),
      "deflate-on-oom=off,free-page-hint=off,page-poison=off,free-page-reporting=off at",
      "stats_vq=" },
    { LACKS("f", "virtio-scsi"), "hotplug=off,param_change=off at", "t10_pi=off" },
    { LACKS("f", "virtio-scsi"), "T10_PI has no property of its own: it is offered by",
      "inout=" },
    { LACKS("f", "virtio-vhost_scsi"), "hotplug=off,t10_pi=off at", "param_change=off" },
    { LACKS("80", "virtio-blk"), "SCSI has no property of its own: it is offered by",
      "scsi=off" },
    { LACKS("100000000", "virtio-gpu"), "VERSION_1 has no property", "disable-modern=" },
    { LACKS("7", "virtio-console"), "max_ports=1,emergency-write=off at", "size=" },
    { LACKS("1f", "virtio-gpu"), "edid=off,blob=off at", "virgl=off" },
    { LACKS("28", "virtio-net"), "host_mtu=0 at", "mac=" },
    { LACKS("8008000000000000", "virtio-net"), "without them: speed=-1 at",
      "hash_tunnel=" },
    { LACKS("4800000000000000", "virtio-net"), "failover=off at", "hdrlen=" },
    { LACKS("100000000", "virtio-net"), "without them: disable-modern=on at", NULL },
    { LACKS("100000000", "virtio-net"), "if what is behind it can: disable-modern=off.",
      NULL },
    { LACKS("200000000000000", "virtio-net"), "hash=on.", "hash_report" },
    { BYTE("10 read: 9 device: 1 cmask: ff wmask: f0", "virtio-net"),
      "the BAR is 16 bytes large. At the source it is 8 bytes at most", "prefetchable" },
    { BYTE("10 read: 5 device: 1 cmask: ff wmask: f8", "rtl8139"),
      "the BAR is 8 bytes large. At the source it is 4 bytes at most", "64" },
    { BYTE("11 read: 8 device: 0 cmask: ff wmask: f0", "e1000"), "the BAR is 4 KiB large",
      NULL },
    { BYTE("10 read: c device: 4 cmask: ff wmask: 0", "e1000"),
      "prefetchable at the source only", "instead" },
    { BYTE("24 read: 1 device: 0 cmask: ff wmask: 0", "e1000"),
      "is byte 0 of BAR 5. The BAR is I/O at the source", NULL },
    { BYTE("24 read: 1 device: 0 cmask: ff wmask: 0", "e1000"),
      "If BAR 4 has 64 bits, it is byte 4 of that instead", NULL },
    { BYTE("17 read: 1 device: 0 cmask: ff wmask: fe", "pci_bridge"),
      "If BAR 0 has 64 bits, it is byte 7 of that instead", NULL },
    { BYTE("11 read: 20 device: 0 cmask: ff wmask: c0", "xhci"), "whatever its options",
      "qemu-xhci" },
    { BYTE("10 read: 4 device: 0 cmask: ff wmask: 0", "e1000"),
      "64 bits at the source and 32 at the destination.", "missing" },
    { BYTE("20 read: 0 device: c cmask: ff wmask: 0", "e1000"),
      "32 bits at the source and 64 at the destination, or is missing at the source",
      NULL },
    { BYTE("10 read: 41 device: 0 cmask: ff wmask: 0", "e1000"),
      "I/O at the source and memory at the destination.", "missing" },
    { BYTE("13 read: 1 device: 0 cmask: ff wmask: fe", "vga"),
      "What decides the sizes of this device's BARs: vgamem_mb=.", NULL },
    { BYTE("32 read: fc device: f8 cmask: ff wmask: f8", "e1000"),
      "the ROM is 512 KiB large. At the source it is 256 KiB at most", NULL },
    { BYTE("32 read: fc device: f8 cmask: ff wmask: f8", "e1000"), "romsize=", NULL },
    { BYTE("3a read: 4 device: 8 cmask: ff wmask: f8", "pcie-root-port"),
      "the ROM is 512 KiB large", "BAR 10" },
    { BYTE("1c read: 1 device: 0 cmask: ff wmask: f0", "pcie-root-port"),
      "I/O window. Its low bits say how wide addresses are: 32 bits", "BAR" },
    { BYTE("26 read: 1 device: 0 cmask: ff wmask: f0", "pci_bridge"),
      "64 bits at the source, 32", "BAR" },
    { BYTE("20 read: 10 device: 0 cmask: ff wmask: 0", "xio3130-express-upstream-port"),
      "memory_base. It is about the bridge's memory window.", "how wide" },
    { BYTE("20 read: 10 device: 0 cmask: ff wmask: 0", "pcie-root-port"),
      "no loader compares that", "reserve=" },
    { BYTE("1c read: 1 device: 0 cmask: f wmask: f0", "pcie-root-port"), "how wide",
      "no loader compares" },
    { BYTE("34 read: 90 device: 54 cmask: ff wmask: 0", "pcie-root-port"),
      "io-reserve=", "vectors=" },
    { BYTE("30 read: 1 device: 0 cmask: ff wmask: 0", "ioh-3240-express-root-port"),
      "the upper 16 bits of the bridge's I/O window", "ROM" },
    { BYTE("14 read: 1 device: 0 cmask: ff wmask: 0", "pcie-root-port"), "BAR 1", NULL },
    { BYTE("18 read: 1 device: 0 cmask: ff wmask: 0", "pcie-root-port"), "primary_bus",
      "BAR" },
    { BYTE("18 read: 1 device: 0 cmask: ff wmask: 0", "pcie-root-port"), "primary_bus",
      "how wide" },
    { BYTE("6a read: 18 device: 20 cmask: ff wmask: 0", "pcie-root-port"),
      "slot= of the port decides it. This byte's part of it is 3 at the source and 4",
      "MSI-X" },
    { BYTE("68 read: 7b device: 3b cmask: ff wmask: 0", "pcie-root-port"),
      "hotplug= and x-native-hotplug=", "slot=" },
    { BYTE("a4 read: 7b device: 79 cmask: ff wmask: 0", "ioh-3240-express-root-port"),
      "power_controller_present=", "hotplug=" },
    { BYTE("60 read: 5 device: 4 cmask: ff wmask: 0", "pcie-root-port"),
      "source's port has x-speed=32, and the destination's x-speed=16", "x-width=" },
    { BYTE("148 read: d device: 0 cmask: ff wmask: 0", "pcie-root-port"),
      "disable-acs=", NULL },
    { BYTE("148 read: d device: 0 cmask: ff wmask: 0", "virtio-net"),
      "ats=", "disable-acs=" },
    { BYTE("34 read: 40 device: 98 cmask: ff wmask: 0", "vfio"), "a device of the host",
      "x-pcie" },
    { BYTE("100 read: 1 device: 0 cmask: ff wmask: 0", "vfio"), "a device of the host",
      "options" },
    { BYTE("34 read: 40 device: 98 cmask: ff wmask: 0", "xhci"),
      "msi= and msix=", "a device of the host" },
    { BYTE("8 read: 4 device: 5 cmask: ff wmask: 0", "qxl"), "revision= of the card",
      "disable-legacy" },
    { "Missing section footer for 0000:00:02.0/virtio-console",
      "max_ports=", "num-queues=" },
    { "Missing section footer for 0000:00:02.0:00.0/vhost-user-fs",
      "num-request-queues=", "num_queues=" },
    { "Missing section footer for acpi-ged", "slots=", "microvm" },
    { "Mismatched section id in footer for 0000:00:1f.0/ICH9LPC - read 0xf expected 0xe",
      "maxcpus=", "Save again" },
    { "Missing section footer for arm_gicv3", "-smp", NULL },
    { "Missing section footer for 0000:00:02.0/pci_bridge", "shpc=", NULL },
    /* addresses, of what is behind ports too */
    { "Unknown section or instance '0000:00:04.1/e1000' 0", "(addr=04.1). It changes",
      "behind" },
    { "Unknown section or instance '0000:00:02.3:00.0/virtio-net' 0",
      "addr=00.0 behind the port or bridge 0000:00:02.3. It", "slot" },
    { "Unknown section or instance '0000:00:02.0:01.2:1f.7/1/usb-tablet' 0",
      "addr=1f.7 behind the port or bridge 0000:00:02.0:01.2. It", NULL },
    { "Unknown ramblock \"0000:00:04.0:01.0/e1000.rom\", cannot accept migration",
      "addr=01.0 behind the port or bridge 0000:00:04.0. It", NULL },
    { "Unknown section or instance '0000:00/x' 0", NULL, "address" },
    { "Unknown section or instance '0000:00:4.0/x' 0", NULL, "address" },
    { "Unknown section or instance '0000:00:04.0' 0", NULL, "address" },
    { "Size mismatch: 0000:00:04.0/e1000.rom: 0x40000 != 0x80000", "256 KiB", "address" },
    { "multifd: received packet magic 5145564d expected 11223344", "the main channel",
      NULL },
    { "multifd: received packet version 2 expected 1", NULL, "bytes" },
    { "Not a migration stream, magic: fd377a58 != 5145564d",
      "are those of a file compressed with xz", NULL },
    { "Missing section footer for 0000:00:02.0/xhci", "p2=", NULL },
    { "failed to set MSR 0xc0010114 to 0x0", "VM_CR", NULL },
    { BYTE("61 read: 2 device: 1 cmask: ff wmask: 0", "pcie-root-port"),
      "x-width= of the port decides it. This byte's part of it is 32", "x-speed=" },
    { BYTE("9f read: 1 device: 0 cmask: ff wmask: 0", "xio3130-express-downstream-port"),
      "port= of the port decides it. It is 1 at the source", NULL },
    { BYTE("42 read: 40 device: 41 cmask: ff wmask: 0", "nvme"), "msix_qsize=65",
      "vectors=" },
    { BYTE("82 read: 40 device: 41 cmask: ff wmask: 0", "nvme"), "inside a capability",
      "msix_qsize" },
    { BYTE("a2 read: 4 device: 9 cmask: ff wmask: 0", "e1000e"),
      "No option of this device decides that", "vectors=" },
    { BYTE("4a read: 0 device: 1 cmask: ff wmask: 0", "pcie-root-port"),
      "1 vector in the stream, 2 at", "vectors in" },
    { BYTE("9b read: 81 device: 80 cmask: ff wmask: c0", "virtio-net"),
      "257 to 512 vectors in the stream, 1 to 256 at the destination", NULL },
    { BYTE("9b read: 81 device: 80 cmask: ff wmask: 0", "virtio-net"), NULL,
      "MSI-X table" },
    /* what a cut text does not say */
    { "Size mismatch: pc.ram: 0x40000000", NULL, "destination 0" },
    { "Features 0x1c0010130afffaf unsupported. Allowed", NULL, "does not offer" },
    { "VQ 0 size 0x80 Guest index 0x12c inconsistent", NULL, "requests" },
    { "Unknown combination of migration flags: 0x...", NULL, "the stream ended" },
    { "Bad config data: i=0x20", NULL, "reserved" },
    { "Bad config data: i=0x10 read: 21 ... wmask: c0", NULL, "Bits that differ" },
    { "Bad config data: i=0x34 read: 40", "points to the first", "at 0x0" },
    /* what is added is not cut off */
    { "Size mismatch: a.rom: 0x40000 != 0x80000", "\"migstat convert --filter=ram-block",
      "cut off" },
    { "Size mismatch: a.rom: 0x80000 != 0x40000", "--lossy --filter=ram-block:name=a.rom",
      "zeros" },
    { "failed to set MSR 0x34 to 0x0", "MSR_SMI_COUNT", NULL },
    { "failed to set MSR 0x8b to 0x0", "IA32_BIOS_SIGN_ID", NULL },
    { "failed to set MSR 0x8c to 0x0", "IA32_SGXLEPUBKEYHASH", NULL },
    { "failed to set MSR 0xcf to 0x0", "IA32_CORE_CAPABILITIES", NULL },
    { "failed to set MSR 0x17a to 0x0", "IA32_MCG", NULL },
    { "failed to set MSR 0x1cc to 0x0", "IA32_FRED", NULL },
    { "failed to set MSR 0x200 to 0x0", "IA32_MTRR_PHYS", NULL },
    { "failed to set MSR 0x250 to 0x0", "IA32_MTRR_FIX", NULL },
    { "failed to set MSR 0x403 to 0x0", "IA32_MC (", NULL },
    { "failed to set MSR 0x1200 to 0x0", "IA32_LBR INFO", NULL },
    { "failed to set MSR 0x1600 to 0x0", "IA32_LBR TO_IP", NULL },
    { "failed to set MSR 0x491 to 0x0", "is IA32_VMX_VMFUNC;", NULL },
    { "Missing section footer for 0000:00:02.0/virtio-gpu",
      "max_outputs=", "num-queues=" },
    { "Missing section footer for 0000:00:02.0/pciespscsi", "drq_state", NULL },
    { "Features 0x20000000 unsupported. Allowed features: 0x0", "event_idx=off at",
      NULL },
};

START_TEST(numbers_are_read)
{
    g_autoptr(MigExplain) explain = mig_explain_new();
    const MigExplanation *e = explain_text(explain, decoded[_i].log);
    g_autofree char *facts = g_strjoinv(" ", (char **)(uintptr_t)e->facts);

    ck_assert_msg(e->kind == MIG_EXPLANATION_CAUSE, "%s", decoded[_i].log);
    ck_assert_msg(!decoded[_i].says || strstr(facts, decoded[_i].says), "%s: %s",
                  decoded[_i].log, facts);
    ck_assert_msg(!decoded[_i].never || !strstr(facts, decoded[_i].never), "%s: %s",
                  decoded[_i].log, facts);
}
END_TEST

/* What the header of the device tells: a register whose low bits look like those of a BAR of 64
 * bits may be the upper half of one, and a bridge has two BARs. */
static const struct {
    uint8_t type, bars[6];
    const char *i, *says, *never;
} headers[] = {
    { 0, { 4, 4, 4, 0 }, "14", "is byte 4 of BAR 0, which has 64", "BAR 1" },
    { 0, { 4, 4, 4, 0 }, "18", "is byte 0 of BAR 2.", "BAR 1" },
    { 0, { 4, 4, 4, 0 }, "1f", "is byte 7 of BAR 2, which", "BAR 3" },
    { 0, { 0, 0, 0, 0, 4 }, "24", "is byte 4 of BAR 4, which", "BAR 5" },
    { 0,
      { 5, 0 },
      "14",
      "is byte 0 of BAR 1.",
      "BAR 0" }, /* I/O ports have no such bits */
    { 0x80, { 4, 0 }, "14", "is byte 4 of BAR 0, which", "BAR 1" },
    { 1, { 4, 0 }, "17", "is byte 7 of BAR 0, which", "bridge" },
    { 0x81, { 0 }, "1c", "In a bridge byte 0x1c", "BAR" },
    { 2, { 0 }, "1c", "is byte 0 of BAR 3.", "bridge" },
};

START_TEST(a_header_tells_what_a_byte_is)
{
    g_autofree char *line = g_strdup_printf(
        "Bad config data: i=0x%s read: 1 device: 0 cmask: ff wmask: 0 w1cmask:0",
        headers[_i].i);
    uint8_t header[MIG_PCI_HEADER] = { [0x0e] = headers[_i].type };
    MigMessageMatch matches[MIG_MESSAGES_PER_LINE];
    g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *all = NULL;
    MigMessageScan *scan = mig_message_scan_new();

    for (size_t i = 0; i < G_N_ELEMENTS(headers[_i].bars); i++) {
        header[0x10 + 4 * i] = headers[_i].bars[i];
    }
    ck_assert_uint_eq(mig_message_scan_line(scan, line, strlen(line), matches), 1);
    mig_decode_pci_header(&matches[0], NULL, header, facts);
    mig_message_scan_free(scan);
    g_ptr_array_add(facts, NULL);
    all = g_strjoinv(" ", (char **)facts->pdata);
    ck_assert_msg(strstr(all, headers[_i].says) && !strstr(all, headers[_i].never), "%s",
                  all);
}
END_TEST

/* The meaning and the help. */
static const struct {
    const char *log, *says, *never;
} told[] = {
    { "Could not set register ID_AA64MMFR0_EL1 to 1122 (is 1124)",
      "the value of ID_AA64MMFR0_EL1: the", "to 1122" },
    { "Could not set register ID_AA64MMFR0_EL1 to 1122 (is 1124)",
      "The stream has 0x1122. The destination has 0x1124 there.", NULL },
    { "Could not set register X: unknown to KVM", "the value of X: the", "0x" },
    { "Property 'memaddr' changed from 0x140000000 to 0x180000000",
      "is 0x140000000 at the source. It is 0x180000000 at the destination", NULL },
    { "Property 'node' changed from 1 to 2", "is 1 at the source. It is 2 at", "0x" },
    { "Postcopy needs matching RAM page sizes (s=1000 d=200000)", "is 0x200000 at",
      NULL },
    { "Size mismatch: pc.ram: 0x40000000", "It has 0x40000000 bytes at the source.",
      "0x..." },
    { "VQ 0 vring.num 1024 exceeds allocated", "Queue 0 has 1024 entries in the stream.",
      "..." },
    { "VQ 0 vring.num 1024 exceeds allocated max 8" OF("virtio-rng"),
      "No option of this device", "queue_size" },
    { "VQ 2 vring.num 1024 exceeds allocated max 64" OF("virtio-net"),
      "queues[2].num:value=64' FILE -o NEW", "virtqueue_size" },
    { "VQ 0 vring.num 512 exceeds allocated max 256" OF("virtio-scsi"),
      "virtqueue_size=", "rx_queue" },
    { "VQ 0 vring.num 512 exceeds allocated max 128" OF("vhost-user-fs"),
      " queue-size=", "rx_queue" },
    { "invalid runstate transition: 'inmigrate' -> 'debug'", ":value=paused FILE -o NEW",
      NULL },
    { "the destination stays in setup", "is empty", NULL },
    { "the migration hangs in setup phase\nload of migration failed: Invalid argument",
      "The load has failed", "does not fail" },
    { "migration status: setup", "is empty", NULL },
    { "{\"status\": \"setup\"}\n{\"status\": \"completed\"}", "Each migration begins so.",
      "The destination waits" },
    { "it stays in setup", "The destination waits", "Each" },
    { "error: process exited while connecting to monitor: qemu: -accel kvm: failed to "
      "initialize kvm: Permission denied",
      "Among them is no message of a load", "does not say" },
};

START_TEST(words_say_what_is_known)
{
    g_autoptr(MigExplain) explain = mig_explain_new();
    const MigExplanation *e = explain_text(explain, told[_i].log);
    g_autofree char *words = g_strjoin(" ", e->meaning, e->help, NULL);

    ck_assert_msg(strstr(words, told[_i].says), "%s: %s", told[_i].log, words);
    ck_assert_msg(!told[_i].never || !strstr(words, told[_i].never), "%s: %s",
                  told[_i].log, words);
}
END_TEST

static bool has_dots(const char *words)
{
    return words && strstr(words, "...");
}

/* What is not in a message that was cut has no place in the sentences. */
START_TEST(what_is_cut_leaves_no_hole)
{
    static const char *const values[] = {
        [MIG_PIECE_NAME] = "xyz", [MIG_PIECE_DECIMAL] = "4711", [MIG_PIECE_HEX] = "9a"
    };
    const MigMessage *message;
    unsigned n = 0;

    for (size_t i = 0; (message = mig_message_at(i)) != NULL; i++) {
        for (const MigMessageText *text = message->texts; text->text; text++) {
            g_autoptr(GString) cut = g_string_new(NULL);
            MigPattern pattern;

            ck_assert(mig_pattern_compile(&pattern, text->text));
            for (unsigned k = 0; k < pattern.n_pieces; k++) {
                const MigPiece *piece = &pattern.pieces[k];
                g_autoptr(MigExplain) explain = mig_explain_new();
                const MigExplanation *e;

                if (piece->kind == MIG_PIECE_LITERAL) {
                    g_string_append_len(cut, piece->text, (gssize)piece->length);
                    continue;
                }
                e = explain_text(explain, cut->str);
                n += e->id != NULL;
                ck_assert_msg(!has_dots(e->meaning) || has_dots(message->meaning),
                              "%s: %s", cut->str, e->meaning);
                ck_assert_msg(!has_dots(e->help) || has_dots(message->help), "%s: %s",
                              cut->str, e->help);
                g_string_append(cut, values[piece->kind]);
            }
        }
    }
    ck_assert_uint_gt(n, 80);
}
END_TEST

/* A command can be pasted: files stand in it, and a shell leaves its words alone. */
START_TEST(commands_are_whole)
{
    const MigMessage *message;

    for (size_t i = 0; (message = mig_message_at(i)) != NULL; i++) {
        g_autofree char *all = g_strjoin(" ", message->look ? message->look : "",
                                         message->help ? message->help : "", NULL);
        g_auto(GStrv) commands = g_strsplit(all, "\"migstat ", -1);

        for (char **p = commands + 1; *commands && *p; p++) {
            bool convert = g_str_has_prefix(*p, "convert --");

            (*p)[strcspn(*p, "\"")] = 0;
            ck_assert_msg(!convert || g_str_has_suffix(*p, " FILE -o NEW"), "%s: %s",
                          message->id, *p);
            ck_assert_msg(!strchr(*p, '*') || strchr(*p, '\''), "%s: %s", message->id,
                          *p);
        }
    }
}
END_TEST

/* Without a letter of the longest word, a message is unknown, and its row the nearest. */
START_TEST(a_mistyped_message_has_its_row)
{
    const MigMessage *message;
    unsigned n = 0, right = 0;

    for (size_t i = 0; (message = mig_message_at(i)) != NULL; i++) {
        g_autofree char *text = fill(message->texts);
        g_auto(GStrv) words = g_strsplit(text, " ", -1);
        size_t longest = 0, length = 0;
        g_autofree char *line = NULL;
        const MigExplanation *e;
        g_autoptr(MigExplain) explain = mig_explain_new();

        for (size_t w = 0; words[w]; w++) {
            if (!strchr(words[w], '/') && strlen(words[w]) > length) {
                length = strlen(words[w]);
                longest = w;
            }
        }
        if (g_strv_length(words) < 4 || length < 6) {
            continue;
        }
        memmove(words[longest] + 2, words[longest] + 3, length - 2);
        line = g_strjoinv(" ", words);
        e = explain_text(explain, line);
        n += !e->id;
        right += !e->id && g_strcmp0(e->nearest_id, message->id) == 0;
    }
    ck_assert_uint_gt(n, 80);
    ck_assert_msg(right * 100 >= n * 95, "%u of %u", right, n);
}
END_TEST

static const struct {
    const char *line, *id;
} near[] = {
    { "Missing section footer for", "footer-missing" },
    { "Mising section footer for foo", "footer-missing" },
    { "Missing secton footer for foo", "footer-missing" },
    { "Unknown ramblok pc.ram, cannot accept migration", "ram-block-unknown" },
};

START_TEST(nearly_right_messages_have_a_row)
{
    g_autoptr(MigExplain) explain = mig_explain_new();
    const MigExplanation *e = explain_text(explain, near[_i].line);

    ck_assert_msg(g_strcmp0(e->nearest_id, near[_i].id) == 0, "%s: %s", near[_i].line,
                  e->nearest_id);
}
END_TEST

/* A property that is on or off is about a feature; one that has a number is not. */
START_TEST(switches_have_a_feature)
{
    ck_assert_int_eq(mig_virtio_feature_of_property(1, "csum"), 0);
    ck_assert_int_eq(mig_virtio_feature_of_property(1, "event_idx"), 29);
    ck_assert_int_eq(mig_virtio_feature_of_property(2, "write-zeroes"), 14);
    ck_assert_int_eq(mig_virtio_feature_of_property(5, "deflate-on-oom"), 2);
    ck_assert_int_eq(mig_virtio_feature_of_property(1, "host_mtu"), -1);
    ck_assert_int_eq(mig_virtio_feature_of_property(1, "disable-modern"), -1);
    ck_assert_int_eq(mig_virtio_feature_of_property(2, "num-queues"), -1);
    ck_assert_int_eq(mig_virtio_feature_of_property(2, "seg_max"), -1);
    ck_assert_int_eq(mig_virtio_feature_of_property(2, "scsi"), -1);
}
END_TEST

/* The words of the line of the first device whose state has that name. */
static char **properties_of(char **devices, const char *vmstate)
{
    for (; *devices; devices++) {
        g_auto(GStrv) words = g_strsplit(*devices, " ", -1);

        if (words[0] && g_str_equal(words[0], vmstate)) {
            return g_steal_pointer(&words);
        }
    }
    ck_abort_msg("no line of %s", vmstate);
}

static bool is_property(const char *option, char **words)
{
    g_autofree char *name = g_strndup(option, strcspn(option, "="));

    return g_strv_contains((const char *const *)words + 2, name);
}

static const char *const models[] = {
    "virtio-net",    "virtio-blk",     "vhost-user-blk", "virtio-console",
    "virtio-rng",    "virtio-balloon", "virtio-scsi",    "virtio-vhost_scsi",
    "virtio-9p",     "virtio-gpu",     "virtio-input",   "virtio-vhost_vsock",
    "virtio-crypto", "virtio-iommu",   "virtio-mem",     "virtio-sound",
    "vhost-user-fs", "virtio-pmem",
};

/* Each feature with a name has a property that the device with that state has, or a sentence. */
START_TEST(options_are_properties)
{
    g_autofree char *path = fixture_file("explain/properties.list"), *text = NULL;
    bool read = g_file_get_contents(path, &text, NULL, NULL);
    g_auto(GStrv) devices = g_strsplit(read ? text : "", "\n", -1);
    const char *model = models[_i];
    g_auto(GStrv) words = properties_of(devices, model);
    uint16_t type = mig_virtio_type_of_vmstate(model);
    unsigned options = 0;

    for (unsigned bit = 0; bit < 128; bit++) {
        const char *name = mig_virtio_feature_name(type, bit);
        g_autofree char *off = mig_virtio_feature_option(type, model, bit, false);
        g_autofree char *on = mig_virtio_feature_option(type, model, bit, true);

        ck_assert_msg(!name || off || mig_virtio_feature_decides(type, bit), "%s: %s",
                      model, name);
        ck_assert_msg(!off || is_property(off, words), "%s: %s", model, off);
        ck_assert_msg(!on || is_property(on, words), "%s: %s", model, on);
        options += off != NULL;
    }
    ck_assert_uint_ge(options, 8);
}
END_TEST

/* --- what is no message -------------------------------------------------------------------- */

static const char *const others[] = {
    "",
    "\n\n",
    "qemu-kvm: terminating on signal 15 from pid 1234 (/usr/sbin/libvirtd)",
    "char device redirected to /dev/pts/3 (label charserial0)",
    "the software is too old",
    "x != y",
    "my config is 12 != 13 today",
    "Unknown savevm section or instance",
    "Failed to load the page",
    "0 address 0x0 inconsistent with Host index 0x5",
};

START_TEST(others_are_unknown)
{
    g_autoptr(MigExplain) explain = mig_explain_new();
    const MigExplanation *e = explain_text(explain, others[_i]);

    ck_assert_msg(e->kind == MIG_EXPLANATION_UNKNOWN && !e->id, "%s: %s", others[_i],
                  e->id);
    ck_assert(!*e->facts);
}
END_TEST

/* A name that a shell would run is in no command. */
START_TEST(commands_can_be_pasted)
{
    g_autoptr(MigExplain) explain = mig_explain_new();
    const MigExplanation *e =
        explain_text(explain, "Unknown savevm section or instance '$(reboot)' 0");

    ck_assert_str_eq(e->section, "$(reboot)");
    ck_assert_msg(!strstr(e->help, "reboot"), "%s", e->help);
    ck_assert_msg(strstr(e->meaning, "$(reboot)"), "%s", e->meaning);
}
END_TEST

/* A text that was cut anywhere is unknown, or has a meaning. */
START_TEST(cut_texts_have_a_meaning)
{
    const MigMessage *message;
    unsigned known = 0;

    for (size_t i = (size_t)_i; (message = mig_message_at(i)) != NULL; i += 4) {
        for (const MigMessageText *text = message->texts; text->text; text++) {
            g_autofree char *filled = fill(text);

            for (size_t n = 1; n < strlen(filled); n += 3) {
                g_autofree char *cut = g_strndup(filled, n);
                g_autoptr(MigExplain) explain = mig_explain_new();
                const MigExplanation *e = explain_text(explain, cut);

                ck_assert_msg(!e->id || (e->meaning && *e->meaning), "%s: \"%s\"", e->id,
                              cut);
                known += e->id != NULL;
            }
        }
    }
    ck_assert_uint_gt(known, 100);
}
END_TEST

/* In pieces of any length, and with lines of any length. */
START_TEST(a_log_may_come_in_pieces)
{
    const char *log = reports[0].log;

    for (size_t piece = 1; piece < 40; piece += 13) {
        g_autoptr(MigExplain) explain = mig_explain_new();

        for (size_t at = 0; at < strlen(log); at += piece) {
            mig_explain_feed(explain, log + at, MIN(piece, strlen(log) - at));
        }
        ck_assert_str_eq(mig_explain_finish(explain)->id, reports[0].id);
    }
}
END_TEST

/* What would be slow if anything were tried again and again. */
static const char *const hostile[] = {
    "Failed to load ",
    "Bad config data: i=0x",
    "Unknown ",
    " != ",
    "\\\\\\\\",
    "'%s' -> '",
    "Machine type received is '",
    ": ",
    "multifd: received ",
    "Failed to put registers a: ",
};

START_TEST(work_is_linear)
{
    g_autoptr(MigExplain) explain = mig_explain_new();
    g_autoptr(GString) text = g_string_new(NULL);

    while (text->len < 1u << 20) {
        g_string_append(text, hostile[_i]);
    }
    for (int i = 0; i < 8; i++) {
        mig_explain_feed(explain, text->str, text->len);
        mig_explain_feed(explain, "\n", 1);
    }
    /* Lines of the longest length that counts. */
    for (size_t at = 0; at + 60000 < text->len; at += 60000) {
        mig_explain_feed(explain, text->str + at, 60000);
        mig_explain_feed(explain, "\n", 1);
    }
    mig_explain_finish(explain);
}
END_TEST

/* --- with the stream ------------------------------------------------------------------------ */

/* `before`: a chain that makes the stream what it was, or NULL.  `place`: the last one. */
static const struct {
    const char *stream, *before, *log;
    const char *place, *value, *repair, *says;
} streams[] = {
    { "real/q35-100-devices.mig.zst", NULL,
      "Bad config data: i=0x9a read: 3 device: 4 cmask: ff wmask: 0 w1cmask:0",
      "0000:00:02.0/virtio-net:virtio.pci_config.cap_0x98.control", "0x0003", NULL,
      "vectors=4 or mq=on with queues=1" },
    { "real/q35-100-devices.mig.zst", NULL,
      "Bad config data: i=0x9a read: 7 device: 4 cmask: ff wmask: 0 w1cmask:0", NULL,
      NULL, NULL, "No such byte is in this stream" },
    { "real/q35-100-devices.mig.zst",
      "set-field:path=0000:00:02.0/virtio-net:virtio.virtio/"
      "64bit_features.guest_features:set=0x1c0000000000000",
      "Features 0x1c0000000000000 unsupported. Allowed features: 0x1",
      "0000:00:02.0/virtio-net:virtio.virtio/64bit_features.guest_features",
      "0x01c0000000000000",
      "set-field:path=0000:00:02.0/virtio-net:virtio.virtio/"
      "64bit_features.guest_features:clear=0x1c0000000000000",
      "HOST_USO (bit 56)" },
    { "real/q35-100-devices.mig.zst", /* as 11.1 prints it */
      "set-field:path=0000:00:02.0/virtio-net:virtio.virtio/"
      "64bit_features.guest_features:set=0x1c0000000000000",
      "Features 0x00000000000000000000000000000000 unsupported. Allowed features: 0x1\n"
      "load of migration failed: Invalid argument: error while loading state for "
      "instance 0x0 of device '0000:00:02.0/virtio-net': Failed",
      "0000:00:02.0/virtio-net:virtio.virtio/64bit_features.guest_features",
      "0x01c0000000000000",
      "set-field:path=0000:00:02.0/virtio-net:virtio.virtio/"
      "64bit_features.guest_features:clear=0x1c0000000000000",
      "which the stream tells" },
    { "real/q35-100-devices.mig.zst", NULL,
      "Missing section footer for 0000:00:1f.0/ICH9LPC",
      "0000:00:1f.0/ICH9LPC:chip_config", "16384 elements", NULL, "maxcpus=" },
    { "real/q35-100-devices.mig.zst", NULL, "Unknown section or instance 'slirp' 0",
      "slirp", "version 4", "drop-section:name=slirp@0", NULL },
    { "real/q35-100-devices.mig.zst", NULL, "Unknown savevm section or instance 'dma' 1",
      "dma@1", "version 1", "drop-section:name=dma@1", NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "Unknown section or instance '0000:00:02.0/virtio-net' 0",
      "0000:00:02.0/virtio-net", "version 11",
      "drop-section:name=0000:00:02.0/virtio-net@0",
      "owns the RAM block 0000:00:02.0/virtio-net-pci.rom" },
    { "real/q35-100-devices.mig.zst", NULL, "Unknown section or instance 'cpu_common' 0",
      "cpu_common", "version 1", NULL, "loss of a CPU" },
    { "real/q35-100-devices.mig.zst", NULL, "Unknown savevm section or instance 'apic' 0",
      "apic", "version 3", NULL, "The source has 1: start the destination with -smp 1." },
    { "real/q35-100-devices.mig.zst", NULL,
      "Unknown ramblock \"0000:00:02.0/virtio-net-pci.rom\", cannot accept migration",
      "0000:00:02.0/virtio-net-pci.rom", "0x40000",
      "drop-section:name=0000:00:02.0/virtio-net@0",
      "owner at the source is 0000:00:02.0/virtio-net" },
    { "real/q35-100-devices.mig.zst", NULL,
      "Size mismatch: 0000:00:02.0/virtio-net-pci.rom: 0x40000 != 0x20000: Invalid "
      "argument",
      "0000:00:02.0/virtio-net-pci.rom", "0x40000",
      "ram-block:name=0000:00:02.0/virtio-net-pci.rom:length=0x20000", NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "Size mismatch: pc.ram: 0x2000000 != 0x1000000: Invalid argument", "pc.ram",
      "0x1000000", NULL, "the message is of another one" },
    { "real/q35-100-devices.mig.zst", NULL, "MIG_CMD 0xb unknown (len 0x0)",
      "SWITCHOVER_START", NULL, "drop-command:name=SWITCHOVER_START", NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "load of migration failed: Invalid argument: error while loading state for "
      "instance 0x0 "
      "of device '0000:00:1f.0/ICH9LPC': VM subsection 'ich9_pm/pcihp' in 'ich9_pm' does "
      "not "
      "exist",
      "0000:00:1f.0/ICH9LPC:pm.ich9_pm/pcihp", NULL,
      "drop-subsection:path=0000:00:1f.0/ICH9LPC:pm.ich9_pm/pcihp", NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "Machine type received is 'pc-q35-10.0' and local is 'pc-q35-7.2'", "configuration",
      "pc-q35-10.0", "machine:name=pc-q35-7.2", NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "Machine type received is 'pc-q35-10.0' and local is 'pc-i440fx-7.2'",
      "configuration", "pc-q35-10.0", NULL, "two boards" },
    { "real/q35-100-devices.mig.zst", NULL,
      "3 != 20\nFailed to load hpet:num_timers_save\nerror while loading state for "
      "instance "
      "0x0 of device 'hpet'",
      "hpet:num_timers_save", "0x03", NULL, "3 and the stream 32" },
    { "real/q35-100-devices.mig.zst", NULL,
      "invalid runstate transition: 'inmigrate' -> 'prelaunch'", "globalstate:runstate",
      "\"prelaunch\"", "set-field:path=globalstate:runstate:value=paused", NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "error while loading state for instance 0x0 of device 'kvm-tpr-opt'\nload of "
      "migration "
      "failed: Operation not permitted",
      "kvm-tpr-opt", "version 1", "drop-section:name=kvm-tpr-opt", NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "VQ 0 size 0x100 Guest index 0x1 inconsistent with Host index 0x5: delta "
      "0xfffc\nerror "
      "while loading state for instance 0x0 of device '0000:00:03.0/virtio-rng'",
      "0000:00:03.0/virtio-rng:virtio.virtio_pci/modern_state.queues[0].used[1]",
      "0x00000000", NULL, "older than the device" },
    { "good/minimal-ram.txt", NULL, "Not a migration stream", NULL, NULL, NULL,
      "begins as it should" },
    { "good/minimal-ram.txt", NULL,
      "Capability x-ignore-shared is on, but received capability is off", NULL, NULL,
      "capabilities:add=x-ignore-shared", NULL },
    { "good/minimal-ram.txt", NULL,
      "Capability mapped-ram is on, but received capability is off", NULL, NULL,
      "mapped-ram", NULL },
    /* a message that names no device: the queue of that size and index; its indices in RAM */
    { "bad/virtio-ring-index.txt", NULL,
      "VQ 0 size 0x8 Guest index 0x12c inconsistent with Host index 0x134: delta 0xfff8",
      "pc.ram+0x2002", "0x0134", NULL, "older than the device" },
    { "bad/virtio-ring-index.txt", NULL,
      "VQ 0 size 0x8 < last_avail_idx 0x134 - used_idx 0x12b\nerror while loading state "
      "for instance 0x0 of device 'virtio-rng'",
      "pc.ram+0x2002", "0x0134", NULL, NULL },
    { "bad/virtio-ring-index.txt", NULL,
      "VQ 0 size 0x8 Guest index 0x12c inconsistent with Host index 0x135: delta 0xfff8",
      NULL, NULL, NULL, NULL },
    { "bad/virtio-ring-index.txt", NULL,
      "VQ 0 address 0x0 inconsistent with Host index 0x134\nerror while loading state "
      "for "
      "instance 0x0 of device 'virtio-rng'",
      "virtio-rng:virtio.queues[0].last_avail_idx", "0x0134",
      "set-field:path=virtio-rng:virtio.queues[0].last_avail_idx:value=0", NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "Failed to load ICH9LPC:pm\nerror while loading state for instance 0x0 of device "
      "'0000:00:1f.0/ICH9LPC'\nload of migration failed: No such file or directory",
      "0000:00:1f.0/ICH9LPC:pm.ich9_pm/pcihp", NULL,
      "drop-subsection:path=0000:00:1f.0/ICH9LPC:pm.ich9_pm/pcihp",
      "does not know one of the subsections" },
    { "real/q35-72-vfio.mig.zst", NULL,
      "get_pci_config_device: Bad config data: i=0x6 read: 10 device: 0 cmask: 10 wmask: "
      "0 "
      "w1cmask:0\n0000:00:01.0: Failed to load device config space\nerror while loading "
      "state "
      "section id 3(0000:00:01.0/vfio)",
      "0000:00:01.0/vfio:config.status", "0x0010", NULL, "has capabilities" },
    /* a BAR of 64 bits, one of 32, and what the name says is a bridge */
    { "real/q35-100-devices.mig.zst", NULL,
      "Bad config data: i=0x25 read: 0 device: 1 cmask: ff wmask: 0 "
      "w1cmask:0" OF("virtio-net"),
      "0000:00:02.0/virtio-net:virtio.pci_config.bar[4]", "0x000000000000000c", NULL,
      "is byte 5 of BAR 4, which has 64 bits at the source. At the destination the BAR "
      "is larger than 4 GiB, or has 32 bits only and another BAR" },
    { "real/q35-100-devices.mig.zst", NULL,
      "Bad config data: i=0x14 read: 0 device: 1 cmask: ff wmask: 0 "
      "w1cmask:0" OF("virtio-net"),
      "0000:00:02.0/virtio-net:virtio.pci_config.bar[1]", "0x00000000", NULL,
      "is byte 0 of BAR 1. The BAR is memory at the source and I/O at the destination, "
      "or "
      "is missing at the source. Bits" },
    { "real/q35-100-devices.mig.zst",
      "rename-section:from=0000:00:02.0/virtio-net:to=0000:00:02.0/pcie-root-port",
      "Bad config data: i=0x1c read: 0 device: 1 cmask: ff wmask: 0 "
      "w1cmask:0" OF("pcie-root-port"),
      "0000:00:02.0/pcie-root-port:virtio.pci_config.bar[3]", "0x00000000", NULL,
      "BAR 3" },
    { "real/q35-100-devices.mig.zst", NULL,
      "Bad config data: i=0x24 read: 0 device: 1 cmask: ff wmask: 0 w1cmask:0",
      "0000:00:04.0/xhci:parent_obj[0].config[1].bar[5]", "0x00000000", NULL,
      "If BAR 4 has 64 bits" },
    { "real/q35-72-vfio.mig.zst", NULL,
      "Unknown savevm section or instance '0000:00:01.0/vfio' 0", "0000:00:01.0/vfio",
      "version 1", "drop-section:name=0000:00:01.0/vfio@0", "It is a VFIO device" },
    { "real/q35-72-zlib.mig.zst", NULL, "Unknown combination of migration flags: 0x100",
      NULL, NULL, "ram-decompress", NULL },
    { "real/q35-72-zlib.mig.zst", NULL, "Received an unexpected compressed page", NULL,
      NULL, "ram-decompress", NULL },
    /* a loader that has lost its place */
    { "real/q35-72-vfio.mig.zst", NULL, "Unknown combination of migration flags: 0x100",
      NULL, NULL, NULL, NULL },
    { "real/q35-72-postcopy.mig.zst", NULL, "CMD_PING (0x1) received with no return path",
      "OPEN_RETURN_PATH", NULL, "drop-command:name=PING", NULL },
    { "real/q35-72-postcopy.mig.zst", NULL, "CMD_OPEN_RETURN_PATH failed",
      "OPEN_RETURN_PATH", NULL, "drop-command:name=PING", NULL },
    { "explain/pbs-state.txt", NULL, "error receiving PBS state: not enough data",
      "pbs-state", "version 0", "drop-section:name=pbs-state@0", NULL },
    { "real/q35-100-devices.mig.zst",
      "rename-section:from=0000:00:04.0/1/usb-ptr:to=0000:00:04.0/1/usb-redir",
      "Failed to load usb-redir:parser", "0000:00:04.0/1/usb-redir", "version 1",
      "drop-section:name=0000:00:04.0/1/usb-redir@0", NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "hpet: incoming version_id 2 is too old for local minimum version_id 3\nerror "
      "while "
      "loading state for instance 0x0 of device 'hpet'",
      "hpet", "version 2", "drop-section:name=hpet@0", NULL },
    { "real/q35-100-devices.mig.zst", NULL, "unsupported version 2 for 'hpet' v1", "hpet",
      "version 2", "drop-section:name=hpet@0", NULL },
    { "real/q35-100-devices.mig.zst", NULL, "Can't find block pc.rom", "pc.rom",
      "0x20000", NULL, NULL },
    { "real/q35-100-devices.mig.zst", NULL,
      "Size too large: /rom@etc/acpi/tables: 0x20000 > 0x10000: Invalid argument",
      "/rom@etc/acpi/tables", "0x20000", NULL, "QEMU makes it itself" },
    { "real/q35-100-devices.mig.zst", NULL,
      "VQ 1 vring.num 256 exceeds allocated max 128\nerror while loading state for "
      "instance "
      "0x0 of device '0000:00:02.0/virtio-net'",
      "0000:00:02.0/virtio-net:virtio.virtio_pci/modern_state.queues[1].used[1]",
      "0x00000000", NULL, NULL },
    { "real/virt-72-gicv3-vfio.mig.zst", NULL,
      "Could not set register system register 0x40200000200e0186 to 1",
      "cpu:cpreg_vmstate_indexes[19]", "0x40200000200e0186", NULL, NULL },
    { "real/virt-72-gicv3-vfio.mig.zst", NULL,
      "handle_cpreg_only_in_incoming_stream: system register 0x40200000200e0186 in the "
      "incoming stream but unknown on the destination: fail migration",
      "cpu:cpreg_vmstate_indexes[19]", "0x40200000200e0186",
      "drop-register:path=cpu:cpreg[DBGWVR3]", "lists all" },
    /* the same in QEMU's own numbers, and one of AArch64 */
    { "real/virt-72-gicv3-vfio.mig.zst", NULL,
      "handle_cpreg_only_in_incoming_stream: system register 0x200e0186 in the incoming "
      "stream but unknown on the destination: fail migration",
      "cpu:cpreg_vmstate_indexes[19]", "0x40200000200e0186",
      "drop-register:path=cpu:cpreg[DBGWVR3]", "lists all" },
    { "real/virt-72-gicv3-vfio.mig.zst", NULL,
      "handle_cpreg_only_in_incoming_stream: system register 0x1013c080 in the incoming "
      "stream but unknown on the destination: fail migration",
      "cpu:cpreg_vmstate_indexes[192]", "0x603000000013c080",
      "drop-register:path=cpu:cpreg[SCTLR_EL1]", "is SCTLR_EL1" },
    { "real/virt-72-gicv3-vfio.mig.zst", NULL,
      "handle_cpreg_only_in_incoming_stream: system register 0x200e8080 in the incoming "
      "stream but unknown on the destination: fail migration",
      "cpu:cpreg_vmstate_indexes[105]", "0x40300000200e0080",
      "drop-register:path=cpu:cpreg[DBGDRAR64]", "lists all" },
};

static char *facts_of(const MigExplanation *e)
{
    return g_strjoinv(" ", (char **)(uintptr_t)e->facts);
}

START_TEST(places_are_found)
{
    g_autoptr(GBytes) whole = fixture_bytes(streams[_i].stream);
    g_autoptr(GBytes) bytes =
        streams[_i].before ? converted(whole, streams[_i].before) : g_bytes_ref(whole);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "stream.mig", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigExplain) explain = mig_explain_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *facts = NULL;
    const MigExplanation *e = explain_text(explain, streams[_i].log);
    const MigExplainPlace *place;

    ck_assert(mig_explain_read(explain, reader, &error));
    facts = facts_of(e);
    ck_assert_msg(!streams[_i].says || strstr(facts, streams[_i].says), "%s: %s",
                  streams[_i].log, facts);
    place = e->n_places ? &e->places[e->n_places - 1] : NULL;
    ck_assert_msg(g_strcmp0(place ? place->address : NULL, streams[_i].place) == 0,
                  "%s: at %s", streams[_i].log, place ? place->address : "no place");
    ck_assert_msg(!place || g_strcmp0(place->value, streams[_i].value) == 0, "%s: %s",
                  streams[_i].log, place ? place->value : "");
    ck_assert_msg(g_strcmp0(e->n_repairs ? e->repairs[0].filters[0] : NULL,
                            streams[_i].repair) == 0,
                  "%s: %s", streams[_i].log,
                  e->n_repairs ? e->repairs[0].filters[0] : "no repair");
    ck_assert_msg(!e->n_repairs || !e->help || !strstr(e->help, ":PATH"), "%s: %s",
                  streams[_i].log, e->help);
    for (size_t i = 0; i < e->n_repairs; i++) {
        g_autofree char *chain =
            g_strjoinv(" ", (char **)(uintptr_t)e->repairs[i].filters);
        g_autoptr(Conversion) done = convert(bytes, chain, e->repairs[i].lossy);

        ck_assert_msg(done->bytes && !g_bytes_equal(done->bytes, bytes), "%s: %s", chain,
                      done->error ? done->error->message : "changes nothing");
    }
}
END_TEST

/* Of a stream that ends too early, what there is; the error says where. */
START_TEST(a_damaged_stream_is_looked_into)
{
    g_autoptr(GBytes) whole = fixture_bytes("real/q35-100-devices.mig.zst");
    g_autoptr(GBytes) bytes = g_bytes_new_from_bytes(whole, 0, 100000);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "stream.mig", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigExplain) explain = mig_explain_new();
    g_autoptr(GError) error = NULL;
    const MigExplanation *e = explain_text(
        explain, "Size mismatch: pc.bios: 0x40000 != 0x20000: Invalid argument");

    ck_assert(!mig_explain_read(explain, reader, &error));
    ck_assert_str_eq(mig_error_get_rule(error), "truncated");
    ck_assert_uint_eq(e->n_places, 1);
    ck_assert_str_eq(e->places[0].address, "pc.bios");
}
END_TEST

/* What the commands name: what was set, or the input's name, unless a shell would read that as more. */
START_TEST(commands_name_the_file)
{
    static const struct {
        const char *name, *set, *says;
    } rows[] = {
        { "stream.mig", NULL, "\"migstat needs stream.mig\"" },
        { "a;b.mig", NULL, "\"migstat needs FILE\"" },
        { "a;b.mig", "--snapshot=2 'a;b.mig'",
          "\"migstat needs --snapshot=2 'a;b.mig'\"" },
    };
    g_autoptr(GBytes) bytes = fixture_bytes("good/vfio-config-last.txt");
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, rows[_i].name, NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigExplain) explain = mig_explain_new();
    const MigExplanation *e =
        explain_text(explain, "Unknown section or instance 'slirp' 0");

    if (rows[_i].set) {
        mig_explain_set_file(explain, rows[_i].set);
    }
    ck_assert(mig_explain_read(explain, reader, NULL));
    ck_assert_msg(strstr(e->look, rows[_i].says), "%s", e->look);
}
END_TEST

/* --- the manual ------------------------------------------------------------------------------ */

static void append_roff(GString *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\\') {
            g_string_append(out, "\\e");
        } else if (*p == '-') {
            g_string_append(out, "\\-");
        } else if (*p == '\'') {
            g_string_append(out, "\\[aq]");
        } else if (*p == '`') {
            g_string_append(out, "\\(ga");
        } else {
            g_string_append_c(out, *p);
        }
    }
}

/* Sentences, a line for each part that fits; {hole} in italics. */
static void append_sentences(GString *out, const char *sentences)
{
    g_autoptr(GRegex) unless = g_regex_new("\\{![^}]*\\}", 0, 0, NULL);
    g_autoptr(GRegex) hole = g_regex_new("\\{([^}]*)\\}", 0, 0, NULL);
    g_autofree char *plain = NULL, *italic = NULL;
    g_autoptr(GString) roff = g_string_new(NULL);
    size_t column = 0;

    if (!sentences) {
        return;
    }
    plain = g_regex_replace_literal(unless, sentences, -1, 0, "", 0, NULL);
    append_roff(roff, plain);
    italic = g_regex_replace(hole, roff->str, -1, 0, "\\\\fI\\1\\\\fR", 0, NULL);
    g_auto(GStrv) words = g_strsplit(italic, " ", -1);
    for (char **word = words; *word; word++) {
        if (column && (column + strlen(*word) > 78 || g_str_has_suffix(word[-1], "."))) {
            g_string_append_c(out, '\n');
            column = 0;
        }
        g_string_append_printf(out, "%s%s%s", column ? " " : "",
                               !column && **word == '.' ? "\\&" : "", *word);
        column += strlen(*word) + 1;
    }
    g_string_append_c(out, '\n');
}

static void append_releases(GString *out, const MigMessageText *text)
{
    if (text->last && text->last < MIG_RELEASE_FIRST) {
        g_string_append(out, "    (before 5.2)");
    } else if (text->first || text->last) {
        g_autofree char *releases = mig_releases_text(
            mig_releases_between(text->first ? text->first : MIG_RELEASE_FIRST,
                                 text->last ? text->last : MIG_RELEASE_LAST));

        g_string_append_printf(out, "    (%s)", releases);
    }
}

static void append_message(GString *out, const MigMessage *message)
{
    g_string_append(out, ".SS ");
    append_roff(out, message->id);
    g_string_append(out, "\n.EX\n");
    for (const MigMessageText *text = message->texts; text->text; text++) {
        g_string_append(out, *text->text == '.' ? "\\&" : "");
        append_roff(out, text->text);
        append_releases(out, text);
        g_string_append_c(out, '\n');
    }
    g_string_append(out, ".EE\n.PP\n");
    append_sentences(out, message->meaning);
    append_sentences(out, message->look);
    append_sentences(out, message->help);
    g_string_append(out, ".PP\n.I ");
    append_roff(out, message->function);
    g_string_append_c(out, '\n');
}

START_TEST(the_manual_has_each_message)
{
    static const char begin[] = "\n.SH MESSAGES\n", end[] = "\n.SH SEE ALSO\n";
    g_autofree char *path = source_path("man/migstat-errors.7"), *page = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    const MigMessage *message;
    const char *first, *last;

    ck_assert(g_file_get_contents(path, &page, NULL, NULL));
    first = strstr(page, begin);
    last = strstr(page, end);
    ck_assert(first && last);
    g_string_append_len(out, page, first + strlen(begin) - page);
    for (size_t i = 0; (message = mig_message_at(i)) != NULL; i++) {
        append_message(out, message);
    }
    g_string_append(out, last + 1);
    assert_golden("../../man/migstat-errors.7", out->str);
}
END_TEST

Suite *suite_explain(void)
{
    Suite *suite = suite_create("explain");
    TCase *tc = tcase_create("messages");

    tcase_add_test(tc, rows_are_whole);
    tcase_add_loop_test(tc, each_text_is_recognised, 0, G_N_ELEMENTS(envelopes));
    tcase_add_loop_test(tc, reports_have_their_cause, 0, G_N_ELEMENTS(reports));
    tcase_add_loop_test(tc, numbers_are_read, 0, G_N_ELEMENTS(decoded));
    tcase_add_loop_test(tc, words_say_what_is_known, 0, G_N_ELEMENTS(told));
    tcase_add_loop_test(tc, a_header_tells_what_a_byte_is, 0, G_N_ELEMENTS(headers));
    tcase_add_test(tc, what_is_cut_leaves_no_hole);
    tcase_add_test(tc, commands_are_whole);
    tcase_add_test(tc, a_mistyped_message_has_its_row);
    tcase_add_loop_test(tc, nearly_right_messages_have_a_row, 0, G_N_ELEMENTS(near));
    tcase_add_test(tc, switches_have_a_feature);
    tcase_add_loop_test(tc, options_are_properties, 0, G_N_ELEMENTS(models));
    tcase_add_loop_test(tc, others_are_unknown, 0, G_N_ELEMENTS(others));
    tcase_add_test(tc, commands_can_be_pasted);
    tcase_add_loop_test(tc, cut_texts_have_a_meaning, 0, 4);
    tcase_add_test(tc, a_log_may_come_in_pieces);
    tcase_add_loop_test(tc, work_is_linear, 0, G_N_ELEMENTS(hostile));
    tcase_add_loop_test(tc, places_are_found, 0, G_N_ELEMENTS(streams));
    tcase_add_test(tc, a_damaged_stream_is_looked_into);
    tcase_add_loop_test(tc, commands_name_the_file, 0, 3);
    tcase_add_test(tc, the_manual_has_each_message);
    suite_add_tcase(suite, tc);
    return suite;
}
