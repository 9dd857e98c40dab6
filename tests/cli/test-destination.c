/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat check --against as a user meets it: what is taken for a
 *                destination, the sentence that sums up, and the exit status.
 * Must not know: the library.
 * See also:      tests/unit/test-rules.c, which has each rule dest-...;
 *                tests/qemu/against, which holds predictions against stock QEMU.
 */
#include "support.h"

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>

static char *scratch;

static void setup(void)
{
    scratch = scratch_dir();
}

static void teardown(void)
{
    scratch_remove(scratch);
    g_free(scratch);
}

/* A destination: a fixture, or a text that is written to a file. */
static char *destination_file(const char *destination)
{
    if (g_str_has_suffix(destination, ".json")) {
        g_autofree char *inside = g_build_filename("tests/fixtures", destination, NULL);

        return source_path(inside);
    }
    if (g_str_has_suffix(destination, ".txt") || g_str_has_suffix(destination, ".zst")) {
        return fixture_file(destination);
    }
    char *path = g_build_filename(scratch, "destination", NULL);

    ck_assert(g_file_set_contents(path, destination, -1, NULL));
    return path;
}

#define DUMP "{\"vmschkmachine\": {\"Name\": \"pc\"}, \"dev\": {\"Name\": \"dev\", "

/* What people see: bits without a name are one number, from 10.2 on of 128 bits. */
#define UPPER                                                               \
    "/machine/peripheral-anon/device[0]/virtio-backend:\n"                  \
    "  device_name:             virtio-net\n  device_id:               1\n" \
    "  Host features:\n\tVIRTIO_F_VERSION_1: x,\n\tVIRTIO_NET_F_MAC: x\n"   \
    "  unknown-features(0x000000000000000e0000000000000000)\n  Backend features:\n"

static const struct {
    const char *stream, *destination;
    int status;
    const char *said; /* on either output; %s is the destination's file */
} cases[] = {
    { "bad/dest-section.txt", "against/dest-section.txt", 1,
      "%s refuses it: 1 cause, the first that it meets is dest-section at 0x77; 1 "
      "error" },
    { "bad/dest-section.txt", "bad/dest-section.txt", 0,
      "no reason for %s to refuse it found (not compared: sizes of BARs, " },
    { "bad/dest-subsection.txt", "against/dest-subsection.json", 1,
      "%s refuses it: 1 cause" },
    { "bad/dest-fields-size.txt", "against/dest-subsection.json", 1,
      "value: 2 bytes here, 4" },
    { "bad/dest-value.txt", "against/dest-subsection.json", 0,
      "(not compared: which devices the machine has and where, " },
    { "real/q35-100-devices.mig.zst", "real/q35-72-vfio.mig.zst", 1,
      "start the destination with as many networks of QEMU's own (-netdev user)" },
    { "real/q35-72-vfio.mig.zst", "real/q35-72-two-vfio.mig.zst", 1,
      "start the destination with the same firmware" },
    { "real/q35-72-two-vfio.mig.zst", "real/q35-72-vfio.mig.zst", 1,
      "the destination has no 0000:00:02.0/vfio" },
    { "real/q35-72-vfio.mig.zst", "real/virt-72-gicv3-vfio.mig.zst", 1,
      "machine type pc-q35-7.2 here, virt-7.2 there" },
    { "real/q35-52-vfio.mig.zst", "against/monitor.mig.zst", 1,
      "error[dest-fields]: 0000:00:1f.0/ICH9LPC: "
      "pm.ich9_pm/memhp.acpi_memory_hotplug."
      "devs: 0 bytes from here on here, 20 there; QEMU: \"Missing section "
      "footer for 0000:00:1f.0/ICH9LPC\"\n    better: start the destination without "
      "slots= (-m SIZE alone), as the source was" },
    /* one slot, which a stream describes as if it were no array */
    { "bad/dest-fields-slots.txt", "against/dest-fields-slots.txt", 1,
      "error[dest-fields]: pm: pm/memhp.acpi_memory_hotplug.devs: 1 element here, 0 "
      "there" },
    { "bad/dest-fields-slots.txt", "against/dest-fields-slots.txt", 1,
      "slots=1,maxmem=...\n    hint: migstat convert --filter=drop-field:path=pm:" },
    { "against/dest-fields-slots.txt", "bad/dest-fields-slots.txt", 1,
      "error[dest-fields]: pm: pm/memhp.acpi_memory_hotplug.devs: 0 bytes from here on "
      "here, 10 there" },
    { "good/audio.txt", "good/minimal-ram.txt", 0,
      "no reason for %s to refuse it found" },
    /* what is no destination */
    { "good/minimal-ram.txt", "{\"vmschkmachine\": {\"Name\": \"pc", 2,
      "%s:0x1e: error: no -dump-vmstate file, or one that is cut off" },
    { "good/minimal-ram.txt", DUMP "\"version_id\": 1}", 2, "or one that is cut off" },
    { "good/minimal-ram.txt", DUMP "\"version_id\": 1}} x", 2,
      "something follows its end" },
    { "good/minimal-ram.txt", "{\"return\": {}}", 2,
      "%s:0xe: error: a transcript of a monitor that is cut off, or something else: it "
      "has "
      "no answer to query-pci" },
    { "bad/dest-value.txt", /* a field of that name says nothing of counts */
      DUMP "\"Description\": {\"name\": \"dev\", \"version_id\": 1, \"Fields\": "
           "[{\"field\": \"num\", \"size\": 4}]}}}",
      0, "no reason for %s" },
    { "bad/dest-fields-size.txt",
      DUMP "\"Description\": {\"name\": \"dev\", \"version_id\": 1, \"Fields\": "
           "[{\"field\": \"value\", \"size\": nonsense}]}}}",
      0, "(not compared: devices whose description in it cannot be read, " },
    /* a monitor */
    { "bad/dest-features.txt", "against/dest-features.json", 1,
      "does not offer: GUEST_USO4 (bit 54), GUEST_USO6 (bit 55), HOST_USO (bit 56)" },
    { "bad/dest-features-upper.txt", "against/dest-features-upper.json", 1,
      "does not offer: HOST_UDP_TUNNEL_GSO (bit 67); QEMU: \"Features "
      "0x000000000000000e0000000100000020 unsupported." },
    { "bad/dest-features-switched.txt", "against/dest-features-switched.json", 1,
      "does not offer: DEFLATE_ON_OOM (bit 2), PAGE_REPORTING (bit 5); QEMU: " },
    { "bad/dest-features-upper.txt", UPPER, 0, "no reason for %s to refuse it found" },
    { "bad/dest-fields-maxcpus.txt",
      "[{\"vcpus-count\": 1, \"props\": {}}, {\"vcpus-count\": 2}]", 1,
      "pm/cpuhp: 4 elements here, 3 there" },
    { "bad/dest-fields-maxcpus.txt", "Hotpluggable CPUs:\n  vcpus_count: \"4\"\n", 0,
      "no reason for %s to refuse it found" },
    { "good/minimal-ram.txt",
      "(qemu) info migrate_capabilities\nxbzrle: off\nmapped-ram: on\n", 1,
      "migrate_set_capability mapped-ram off" },
    { "good/minimal-ram.txt", "xbzrle: off\nmapped-ram: off\n", 0, "no reason for %s" },
    { "real/q35-72-postcopy.mig.zst", "xbzrle: off\npostcopy-ram: off\n", 1,
      "\"RAM postcopy is disabled but have 16 byte advise\"\n    no conversion helps: "
      "before -incoming, set it at the destination: migrate_set_capability postcopy-ram "
      "on" },
    { "real/q35-72-postcopy.mig.zst", "xbzrle: off\npostcopy-ram: on\n", 0,
      "no reason for %s" },
    { "good/minimal-ram.txt", "xbzrle: off\npostcopy-ram: on\nmultifd: off\n", 0,
      "no reason for %s" },
    { "good/minimal-ram.txt", "xbzrle: off\nmultifd: on\n", 0,
      "warning[dest-capability]: the stream has one channel, and multifd is on there: "
      "the "
      "destination waits for others\n    no conversion helps: before -incoming, set it "
      "at "
      "the "
      "destination: migrate_set_capability multifd off" },
    { "real/q35-100-mapped-multifd.mig.zst", "xbzrle: off\nmultifd: on\nmapped-ram: on\n",
      0, "no reason for %s" },
    { "good/minimal-ram.txt", "(qemu) info pci\n  Bus  0, device   5, function 0:\n", 2,
      "what it shows of a device has no end" },
    { "good/minimal-ram.txt", "bus: main-system-bus\n  type Sys", 2,
      "%s:0x15: error: a transcript of a monitor that is cut off, or something else: its "
      "last line does not end" },
    { "good/minimal-ram.txt", "/machine/x/virtio-backend:\n  device_name: virtio-rng\n",
      2, "what it shows of a device has no end" },
    { "good/minimal-ram.txt", "{\"return\": [{\"bus\": 0, \"devices\": [", 2,
      "or something else: " },
    { "good/minimal-ram.txt", "(qemu) info version\n7.2.0\n", 2, "it has no answer to" },
    { "good/minimal-ram.txt", "bad/truncated.txt", 2, "%s:0x51: error[truncated]" },
    { "good/minimal-ram.txt", "no stream at all", 2, "%s:0x0: error[magic]" },
};

START_TEST(channels_need_multifd_there)
{
    const char *set = _i ? "on" : "off";
    g_autofree char *text = g_strdup_printf("xbzrle: off\nmultifd: %s\n", set);
    g_autofree char *destination = destination_file(text);
    g_autofree char *against = g_strconcat("--against=", destination, NULL);
    g_autofree char *main_channel = fixture_file("bad/multifd-page-twice.txt");
    g_autofree char *other = fixture_file("channels/multifd-page-twice.txt");
    g_autofree char *channel = g_strconcat("--channel=", other, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "check", against, channel, main_channel, NULL);

    ck_assert(_i != !!strstr(run->out,
                             "pages come on channels of multifd, which is off "
                             "there\n    no conversion helps: before -incoming, "
                             "set it at the destination: "
                             "migrate_set_capability multifd on"));
}
END_TEST

START_TEST(a_destination_is_compared)
{
    g_autofree char *stream = fixture_file(cases[_i].stream);
    g_autofree char *destination = destination_file(cases[_i].destination);
    g_autofree char *option = g_strconcat("--against=", destination, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "check", option, stream, NULL);
    g_auto(GStrv) said = g_strsplit(cases[_i].said, "%s", 2);
    g_autofree char *wanted =
        said[1] ? g_strconcat(said[0], destination, said[1], NULL) : g_strdup(said[0]);

    ck_assert_msg(run->status == cases[_i].status, "%s, %s: exit status %d\n%s%s",
                  cases[_i].stream, cases[_i].destination, run->status, run->out,
                  run->err);
    ck_assert_msg(strstr(run->out, wanted) || strstr(run->err, wanted), "%s\n%s%s",
                  wanted, run->out, run->err);
}
END_TEST

/* --- a monitor's transcript --------------------------------------------------------------- */

/* Those of four releases, of a guest whose stream the oldest of them wrote: all load it. */
static const char *const transcripts[] = {
    "monitor-52.json",  "monitor-52.txt",  "monitor-72.json",  "monitor-72.txt",
    "monitor-100.json", "monitor-100.txt", "monitor-111.json", "monitor-111.txt",
};

static char *transcript(const char *name)
{
    g_autofree char *fixture = g_strdup_printf("against/%s.zst", name);
    g_autofree char *file = fixture_file(fixture);
    char *text;

    ck_assert(g_file_get_contents(file, &text, NULL, NULL));
    return text;
}

static Run *run_against(const char *text)
{
    g_autofree char *stream = fixture_file("against/monitor.mig.zst");
    g_autofree char *destination = destination_file(text);
    g_autofree char *option = g_strconcat("--against=", destination, NULL);

    return run_migstat(NULL, "check", option, stream, "--width=0", NULL);
}

START_TEST(a_monitor_of_the_same_guest_agrees)
{
    g_autofree char *text = transcript(transcripts[_i]);
    g_autoptr(Run) run = run_against(text);

    ck_assert_msg(run->status == 0 && strstr(run->out, "no reason for"), "%s: %s%s",
                  transcripts[_i], run->out, run->err);
}
END_TEST

/* What one command shows, changed in one place. */
static const struct {
    const char *name, *command, *from, *to, *said;
} changes[] = {
    { "monitor-72.json", "query-pci", "\"slot\": 5", "\"slot\": 9",
      "the destination has no 0000:00:05.0/virtio-net; it has 0000:00:09.0/virtio-net" },
    { "monitor-72.json", "query-pci", "\"slot\": 5", "\"slot\": 9",
      "rename-section:from=0000:00:05.0/virtio-net@0:to=0000:00:09.0/virtio-net" },
    { "monitor-72.json", "query-pci", "\"slot\": 8", "\"slot\": 9",
      "the destination has no 0000:00:08.0:00.0/virtio-rng" },
    { "monitor-72.json", "query-pci", "\"device\": 4096", "\"device\": 4097",
      "byte 0x02 of configuration space is 0x00 here, 0x01 there" },
    { "monitor-72.json", "query-pci", "\"class\": 512", "\"class\": 640",
      "byte 0x0a of configuration space is 0x00 here, 0x80 there" },
    { "monitor-72.json", "query-pci", "\"size\": 32, \"address\": -1, \"type\": \"io\"",
      "\"size\": 32, \"address\": -1, \"type\": \"memory\"",
      "byte 0x10 of configuration space is 0x01 here, 0x00 there" },
    { "monitor-72.json", "query-pci", "\"mem_type_64\": true", "\"mem_type_64\": false",
      "byte 0x20 of configuration space is 0x0c here, 0x08 there" },
    { "monitor-72.json", "query-memory-devices", "4194304", "8388608",
      "RAM block \"m\" has 0x400000 bytes here, 0x800000 there" },
    { "monitor-72.txt", "info memory-devices", "4194304", "8388608",
      "RAM block \"m\" has 0x400000 bytes here, 0x800000 there" },
    { "monitor-72.txt", "info pci", "device   7,", "device   9,",
      "the destination has no 0000:00:07.0/e1000; it has 0000:00:09.0/e1000" },
    { "monitor-72.txt", "info pci", "device 8086:100e", "device 8086:100f",
      "byte 0x02 of configuration space is 0x0e here, 0x0f there" },
    { "monitor-100.txt", "info pci", "BAR1: I/O", "BAR1: 32 bit memory",
      "byte 0x14 of configuration space is 0x01 here, 0x00 there" },
    { "monitor-111.txt", "info qtree", "addr = 07.0", "addr = 09.1",
      "the destination has no 0000:00:07.0/e1000; it has 0000:00:09.1/e1000" },
    { "monitor-52.txt", "info qtree", "addr = 00.0", "addr = 01.0",
      "the destination has no 0000:00:08.0:00.0/virtio-rng" },
    { "monitor-72.txt", "info qtree", "vectors = 3 ", "vectors = 5 ",
      "byte 0x9a of configuration space is 0x02 here, 0x04 there" },
    { "monitor-72.txt", "info qtree", "vectors = 3 ", "vectors = 5 ",
      "give the destination's device vectors=3, or as many queues" },
    { "monitor-72.txt", "info qtree", "queue-size = 256", "queue-size = 64",
      "virtio.queues[0].num: 256 entries here, at most 64 there" },
};

/* Of which release a monitor is, and whether that one refuses queues that are too long. */
static const struct {
    const char *version;
    const char *severity; /* of the finding, or NULL: there is none */
} versions[] = {
    { "{\"return\": {\"qemu\": {\"micro\": 13, \"minor\": 0, \"major\": 10}}}\n", NULL },
    { "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 3, \"minor\": 1, \"major\": 11}, "
      "\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\n",
      "error[dest-queue]" },
    { "QEMU 10.0.13 monitor - type 'help' for more information\n", NULL },
    { "(qemu) info version\n7.2.22Debian 1:7.2+dfsg-7+deb12u18\n", NULL },
    { "(qemu) info version\n11.1.3\n", "error[dest-queue]" },
    { "7.2.22 (Debian 1:7.2+dfsg-7)\n", NULL }, /* as virsh prints it */
    { "7.2\n", "warning[dest-queue]" },
    { "", "warning[dest-queue]" },
};

START_TEST(a_monitor_tells_its_release)
{
    g_autofree char *text = transcript("monitor-72.txt");
    g_autoptr(GString) shown = g_string_new(text);

    g_string_replace(shown, "queue-size = 256", "queue-size = 64", 0);
    g_string_prepend(shown, versions[_i].version);
    g_autoptr(Run) run = run_against(shown->str);
    const char *found = strstr(run->out, "[dest-queue]");

    if (versions[_i].severity) {
        ck_assert_msg(strstr(run->out, versions[_i].severity), "%s: %s",
                      versions[_i].version, run->out);
    } else {
        ck_assert_msg(!found, "%s: %s", versions[_i].version, run->out);
    }
}
END_TEST

/* From the line that has @command up to the next request or prompt. */
static char *part_of(const char *text, const char *command)
{
    const char *begin = strstr(text, command), *end, *next;

    ck_assert_ptr_nonnull(begin);
    end = strchr(begin, '\n') + 1;
    begin = end;
    while (*end && !g_str_has_prefix(end, "(qemu)") &&
           !g_str_has_prefix(end, "{\"execute\"") && (next = strchr(end, '\n'))) {
        end = next + 1;
    }
    return g_strndup(begin, (gsize)(end - begin));
}

START_TEST(a_monitor_shows_a_difference)
{
    g_autofree char *text = transcript(changes[_i].name);
    g_autofree char *part = part_of(text, changes[_i].command);
    g_autoptr(GString) changed = g_string_new(part);

    ck_assert_msg(g_string_replace(changed, changes[_i].from, changes[_i].to, 1) == 1,
                  "%s has no %s", changes[_i].command, changes[_i].from);
    g_autoptr(Run) same = run_against(part);
    g_autoptr(Run) run = run_against(changed->str);

    ck_assert_msg(same->status == 0 && strstr(same->out, "0 warnings"), "%s: %s%s",
                  changes[_i].command, same->out, same->err);
    ck_assert_msg(strstr(run->out, changes[_i].said), "%s: %s\n%s%s", changes[_i].command,
                  changes[_i].said, run->out, run->err);
}
END_TEST

#define CUTS 12

/* A transcript that ends anywhere is refused with its place, or says less: it never makes an
 * error of what was not shown. */
START_TEST(a_monitor_that_is_cut_off_invents_nothing)
{
    g_autofree char *text = transcript(transcripts[_i]);
    size_t n = strlen(text);
    unsigned refused = 0;

    for (size_t i = 1; i < CUTS; i++) {
        g_autofree char *part = g_strndup(text, n * i / CUTS + i % 7);
        g_autoptr(Run) run = run_against(part);
        const char *last = strrchr(part, '\n');
        bool may_end = last && (!last[1] || g_str_has_prefix(last, "\n(qemu)"));

        ck_assert_msg(run->status == 2 || (may_end && run->status == 0), "%s, %zu: %s",
                      transcripts[_i], strlen(part), run->out);
        refused += strstr(run->err, ": error: a transcript of a monitor") != NULL;
    }
    ck_assert_uint_gt(refused, CUTS / 2);
}
END_TEST

/* Replies of separate commands, in any order, and what a monitor for people prints in a reply. */
START_TEST(replies_can_be_mixed)
{
    g_autofree char *json = transcript("monitor-72.json");
    g_autofree char *pci = part_of(json, "query-pci");
    g_autoptr(GString) both = g_string_new("(QEMU) query-memory-devices\n");

    g_string_append(both, "{\"return\": [{\"type\": \"dimm\", \"data\": {\"size\": 1, "
                          "\"memdev\": \"/objects/m\"}}], \"id\": 1}\n");
    g_string_append(both, "{\"return\": \"Hotpluggable CPUs:\\r\\n  vcpus_count: "
                          "\\\"4\\\"\\r\\n\"}\n");
    g_string_append(both, pci);
    g_string_replace(both, "\"slot\": 7", "\"slot\": 9", 1);
    g_autoptr(Run) run = run_against(both->str);

    ck_assert_msg(strstr(run->out, "\"m\" has 0x400000 bytes here, 0x1 there") &&
                      strstr(run->out, "the destination has no 0000:00:07.0/e1000"),
                  "%s%s", run->out, run->err);
}
END_TEST

/* What each shows adds up. */
START_TEST(several_destinations_add_up)
{
    g_autofree char *stream = fixture_file("bad/dest-subsection.txt");
    g_autofree char *dump = destination_file("against/dest-subsection.json");
    g_autofree char *other = destination_file("against/dest-ram-missing.txt");
    g_autofree char *first = g_strconcat("--against=", dump, NULL);
    g_autofree char *second = g_strconcat("--against=", other, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "check", first, second, stream, NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->out, "error[dest-subsection]"), "%s", run->out);
    ck_assert_msg(strstr(run->out, "warning[dest-ram-missing]"), "%s", run->out);
    ck_assert_msg(strstr(run->out, "the destination refuses it: 2 causes"), "%s",
                  run->out);
    /* Each says which one it is about. */
    g_auto(GStrv) lines = g_strsplit(run->out, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *about = strstr(*line, "error[dest-subsection]") ? first
                            : strstr(*line, "[dest-ram-missing]")   ? second
                                                                    : "";

        ck_assert_msg(strstr(*line, about), "%s: %s", about, *line);
    }
}
END_TEST

/* The words of the release that is asked for; without one, those of most releases. */
static const struct {
    const char *option, *words;
} releases[] = {
    { "--quiet", "QEMU: \"error while loading state for instance 0x0 of device 'dev'\"" },
    { "--for=7.2",
      "QEMU 7.2: \"error while loading state for instance 0x0 of device 'dev'\"" },
    { "--for=11.1", "QEMU 11.1: \"VM subsection 'dev/new' in 'dev' does not exist\"" },
};

START_TEST(the_loader_is_quoted)
{
    g_autofree char *stream = fixture_file("bad/dest-subsection.txt");
    g_autofree char *dump = destination_file("against/dest-subsection.json");
    g_autofree char *against = g_strconcat("--against=", dump, NULL);
    g_autoptr(Run) run =
        run_migstat(NULL, "check", against, releases[_i].option, stream, NULL);

    ck_assert_msg(strstr(run->out, releases[_i].words), "%s", run->out);
}
END_TEST

START_TEST(json_has_the_loaders_words)
{
    g_autofree char *stream = fixture_file("bad/dest-pci-config.txt");
    g_autofree char *other = destination_file("against/dest-pci-config.txt");
    g_autofree char *against = g_strconcat("--against=", other, NULL);
    g_autoptr(Run) run =
        run_migstat(NULL, "check", "--format=json", against, stream, NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->out,
                         "\"loader\": \"get_pci_config_device: Bad config data: "
                         "i=0x2 read: 0 device: 1\""),
                  "%s", run->out);
}
END_TEST

Suite *suite_destination(void)
{
    Suite *suite = suite_create("destination");
    TCase *tc = tcase_create("destination");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, channels_need_multifd_there, 0, 2);
    tcase_add_loop_test(tc, a_destination_is_compared, 0, G_N_ELEMENTS(cases));
    tcase_add_loop_test(tc, a_monitor_of_the_same_guest_agrees, 0,
                        G_N_ELEMENTS(transcripts));
    tcase_add_loop_test(tc, a_monitor_tells_its_release, 0, G_N_ELEMENTS(versions));
    tcase_add_loop_test(tc, a_monitor_shows_a_difference, 0, G_N_ELEMENTS(changes));
    tcase_add_loop_test(tc, a_monitor_that_is_cut_off_invents_nothing, 0,
                        G_N_ELEMENTS(transcripts));
    tcase_add_test(tc, replies_can_be_mixed);
    tcase_add_test(tc, several_destinations_add_up);
    tcase_add_loop_test(tc, the_loader_is_quoted, 0, G_N_ELEMENTS(releases));
    tcase_add_test(tc, json_has_the_loaders_words);
    suite_add_tcase(suite, tc);
    return suite;
}
