/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat dump --devices`: real streams, against what QEMU's
 *                own script made of one of them; patterns; damage.
 * Must not know: how fields are decoded; tests/unit/test-device.c has that.
 * See also:      tests/fixtures/devices/q35-100-devices.analyze-state.json.zst is what
 *                scripts/analyze-migration.py -d state of QEMU 10.2 prints for the stream
 *                of that name. The streams there are of guests with virtio-net and
 *                virtio-blk that have not run, on s390-ccw-virtio of QEMU 7.2, virt of
 *                11.1 (force-legacy=false) and microvm of 5.2.
 */
#include "mkmig.h"
#include "support.h"

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>

static JsonParser *parse(const char *text, const char *what)
{
    g_autoptr(GError) error = NULL;
    JsonParser *parser = json_parser_new();

    ck_assert_msg(json_parser_load_from_data(parser, text, -1, &error), "%s: %s", what,
                  error ? error->message : "");
    return parser;
}

/* The same, with each number as a string: json-glib has signed 64-bit numbers only, and
 * what it makes of one from 2^63 on depends on its release. */
static JsonParser *parse_digits(const char *text, const char *what)
{
    g_autoptr(GString) quoted = g_string_sized_new(strlen(text) * 2);
    bool in_string = false;

    for (const char *p = text; *p; p++) {
        size_t n = in_string ? 0 : strspn(p, "-0123456789");

        if (n > 0) {
            g_string_append_printf(quoted, "\"%.*s\"", (int)n, p);
            p += n - 1;
            continue;
        }
        g_string_append_c(quoted, *p);
        if (in_string && *p == '\\') {
            g_string_append_c(quoted, *++p);
        } else if (*p == '"') {
            in_string = !in_string;
        }
    }
    return parse(quoted->str, what);
}

/* --- QEMU's script ----------------------------------------------------------------------- */

typedef struct {
    const uint8_t *stream; /* all of it */
    size_t length;
    unsigned values; /* compared */
} Script;

static void compare(Script *s, const char *path, JsonNode *theirs, JsonNode *mine);

/* 0x0000ffff, 0xffffffff (-1): the digits tell the width. */
static void compare_number(const char *path, const char *theirs, JsonNode *mine)
{
    const char *digits = theirs + 2;
    size_t n = strspn(digits, "0123456789abcdef");
    uint64_t mask = n >= 16 ? UINT64_MAX : (UINT64_C(1) << (4 * n)) - 1;
    uint64_t wanted = g_ascii_strtoull(digits, NULL, 16), got;

    if (json_node_get_value_type(mine) == G_TYPE_BOOLEAN) {
        got = json_node_get_boolean(mine);
    } else {
        const char *number = json_node_get_string(mine);

        ck_assert_msg(number && strspn(number, "-0123456789") > 0, "%s: no number", path);
        got = number[0] == '-' ? (uint64_t)g_ascii_strtoll(number, NULL, 10)
                               : g_ascii_strtoull(number, NULL, 10);
    }
    ck_assert_msg((got & mask) == wanted, "%s: got %#" G_GINT64_MODIFIER "x, wanted %s",
                  path, got & mask, theirs);
}

/* "00 1f ...": the bytes of the stream where the field is said to be. */
static void compare_bytes(Script *s, const char *path, const char *theirs,
                          JsonObject *field)
{
    uint64_t at =
        g_ascii_strtoull(json_object_get_string_member(field, "offset"), NULL, 10);
    uint64_t n =
        g_ascii_strtoull(json_object_get_string_member(field, "length"), NULL, 10);
    g_autoptr(GString) got = g_string_new(NULL);

    ck_assert_uint_le(at + n, s->length);
    for (uint64_t i = 0; i < n; i++) {
        g_string_append_printf(got, i ? " %02x" : "%02x", s->stream[at + i]);
    }
    ck_assert_msg(strcmp(got->str, theirs) == 0, "%s: got %s, wanted %s", path, got->str,
                  theirs);
}

static JsonNode *field_named(JsonObject *group, const char *name)
{
    JsonArray *fields = json_object_get_array_member(group, "fields");

    for (guint i = 0; i < json_array_get_length(fields); i++) {
        JsonNode *node = json_array_get_element(fields, i);
        if (strcmp(json_object_get_string_member(json_node_get_object(node), "name"),
                   name) == 0) {
            return node;
        }
    }
    return NULL;
}

static void compare_group(Script *s, const char *path, JsonObject *theirs,
                          JsonObject *mine)
{
    g_autoptr(GList) names = json_object_get_members(theirs);

    for (GList *l = names; l; l = l->next) {
        g_autofree char *below = g_strconcat(path, ".", l->data, NULL);
        JsonNode *field = field_named(mine, l->data);

        ck_assert_msg(field, "%s: missing", below);
        compare(s, below, json_object_get_member(theirs, l->data), field);
    }
}

static void compare_array(Script *s, const char *path, JsonArray *theirs,
                          JsonObject *mine)
{
    JsonArray *elements = json_object_get_array_member(mine, "value");

    ck_assert_msg(elements &&
                      json_array_get_length(elements) == json_array_get_length(theirs),
                  "%s: no array of %u", path, json_array_get_length(theirs));
    for (guint i = 0; i < json_array_get_length(theirs); i++) {
        g_autofree char *below = g_strdup_printf("%s[%u]", path, i);
        compare(s, below, json_array_get_element(theirs, i),
                json_array_get_element(elements, i));
    }
}

/* An element of an array that is no group is its value, everything else an object. */
static void compare(Script *s, const char *path, JsonNode *theirs, JsonNode *mine)
{
    JsonObject *field = JSON_NODE_HOLDS_OBJECT(mine) ? json_node_get_object(mine) : NULL;
    JsonNode *value = field ? json_object_get_member(field, "value") : mine;

    if (JSON_NODE_HOLDS_OBJECT(theirs)) {
        ck_assert_msg(field, "%s: no group", path);
        compare_group(s, path, json_node_get_object(theirs), field);
        return;
    }
    if (JSON_NODE_HOLDS_ARRAY(theirs)) {
        ck_assert_msg(field, "%s: no array", path);
        compare_array(s, path, json_node_get_array(theirs), field);
        return;
    }
    s->values++;
    if (json_node_get_value_type(theirs) == G_TYPE_BOOLEAN) {
        ck_assert_msg(json_node_get_boolean(theirs) == json_node_get_boolean(value), "%s",
                      path);
    } else if (g_str_has_prefix(json_node_get_string(theirs), "0x")) {
        compare_number(path, json_node_get_string(theirs), value);
    } else {
        ck_assert_msg(field, "%s: no place", path);
        compare_bytes(s, path, json_node_get_string(theirs), field);
    }
}

START_TEST(agrees_with_the_script)
{
    g_autoptr(GBytes) recorded =
        fixture_bytes("devices/q35-100-devices.analyze-state.json.zst");
    g_autoptr(GBytes) stream = fixture_bytes("real/q35-100-devices.mig.zst");
    g_autofree char *text =
        g_strndup(g_bytes_get_data(recorded, NULL), g_bytes_get_size(recorded));
    g_autofree char *file = fixture_file("real/q35-100-devices.mig.zst");
    g_autoptr(Run) run =
        run_migstat(NULL, "dump", "--devices", "--format=json", file, NULL);
    ck_assert_int_eq(run->status, 0);
    g_autoptr(JsonParser) theirs = parse(text, "the script's output");
    g_autoptr(JsonParser) mine = parse_digits(run->out, "migstat's output");
    JsonObject *script = json_node_get_object(json_parser_get_root(theirs));
    JsonArray *devices = json_object_get_array_member(
        json_node_get_object(json_parser_get_root(mine)), "devices");
    Script s = { 0 };
    s.stream = g_bytes_get_data(stream, &s.length);

    /* "NAME (SECTION ID)": ram first, then each device in the order of the stream */
    g_autoptr(GList) names = json_object_get_members(script);
    guint i = 0;
    for (GList *l = names->next; l; l = l->next, i++) {
        JsonObject *device = json_array_get_object_element(devices, i);
        const char *end = strrchr(l->data, '(');
        g_autofree char *name = g_strndup(l->data, (gsize)(end - (char *)l->data) - 1);

        ck_assert_str_eq(json_object_get_string_member(device, "name"), name);
        ck_assert(json_object_get_boolean_member(device, "matches"));
        compare_group(&s, name, json_object_get_object_member(script, l->data), device);
    }
    ck_assert_uint_eq(json_array_get_length(devices), i);
    ck_assert_uint_gt(s.values, 20000);
}
END_TEST

/* In place of the script: the same output to the byte. */
START_TEST(prints_what_the_script_prints)
{
    g_autoptr(GBytes) recorded =
        fixture_bytes("devices/q35-100-devices.analyze-state.json.zst");
    g_autofree char *text =
        g_strndup(g_bytes_get_data(recorded, NULL), g_bytes_get_size(recorded));
    g_autofree char *file = fixture_file("real/q35-100-devices.mig.zst");
    g_autoptr(Run) run = run_migstat(NULL, "dump", "--format=analyze", file, NULL);
    g_autoptr(Run) state =
        run_migstat(NULL, "dump", "-f", "analyze", "-d", "state", file, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_str_eq(run->err, "");
    ck_assert_msg(strcmp(run->out, text) == 0, "not what the script prints");
    ck_assert_str_eq(run->out, state->out);
}
END_TEST

/* The description with each value on a line of its own: without its breaks it is QEMU's text. */
START_TEST(prints_the_description_as_the_script_does)
{
    g_autofree char *file = fixture_file("real/q35-100-devices.mig.zst");
    g_autofree char *dir = scratch_dir(), *json = g_build_filename(dir, "json", NULL);
    g_autoptr(Run) run =
        run_migstat(NULL, "dump", "--format=analyze", "-d", "desc", file, NULL);
    g_autoptr(Run) raw =
        run_migstat(NULL, "extract", "--description", file, "-o", json, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GRegex) after_comma = g_regex_new(",\n *", 0, 0, NULL);
    g_autoptr(GRegex) broken = g_regex_new("\n *", 0, 0, NULL);
    g_autofree char *spaced =
        g_regex_replace_literal(after_comma, run->out, -1, 0, ", ", 0, NULL);
    g_autofree char *joined = g_regex_replace_literal(broken, spaced, -1, 0, "", 0, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_int_eq(raw->status, 0);
    ck_assert(g_file_get_contents(json, &text, NULL, NULL));
    scratch_remove(dir);
    ck_assert(g_str_has_prefix(run->out, "{\n    \"configuration\": {\n        \""));
    ck_assert_str_eq(joined, text);
}
END_TEST

/* As json.dumps() does: what is no ASCII is an escape. */
START_TEST(prints_characters_of_the_description_as_escapes)
{
    g_autoptr(GBytes) stream = mkmig_assemble(
        "header; eof; description \"{\\\"u\\\": \\\"\\\\u00e9\\xc3\\xa9\\xe2\\x82\\xac"
        "\\xf0\\x9f\\x98\\x80\\xff\\\", \\\"devices\\\": []}\"",
        "text", NULL);
    g_autoptr(Run) run =
        run_migstat(stream, "dump", "--format=analyze", "-d", "desc", "-", NULL);

    ck_assert_str_eq(run->out,
                     "{\n    \"u\": \"\\u00e9\\u00e9\\u20ac\\ud83d\\ude00\\u00ff\","
                     "\n    \"devices\": []\n}\n");
}
END_TEST

static const struct {
    const char *options[3], *says;
} refused_views[] = {
    { { "-d", "desc" }, "-d is for --format=analyze" },
    { { "--format=analyze", "--items" }, "this --format shows device state" },
    { { "--format=analyze", "--registers" }, "this --format shows device state" },
    { { "--format=analyze", "--map" }, "this --format shows device state" },
    { { "--format=analyze", "-d", "block" }, "--dump is state or desc" },
};

START_TEST(the_script_has_no_other_view)
{
    const char *const *options = refused_views[_i].options;
    g_autoptr(Run) run =
        run_migstat(NULL, "dump", "/dev/null", options[0], options[1], options[2], NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_msg(strstr(run->err, refused_views[_i].says), "%s", run->err);
}
END_TEST

/* --- every real stream ------------------------------------------------------------------- */

static char **real_streams;

static char **streams(void)
{
    if (!real_streams) {
        real_streams = fixture_list("real", ".mig.zst");
    }
    return real_streams;
}

/* Streams that end in postcopy have no description; of those, everything is said to be so. */
START_TEST(decodes_real_streams)
{
    const char *name = streams()[_i];
    bool postcopy = strstr(name, "postcopy") != NULL;
    g_autofree char *file = fixture_file(name);
    g_autoptr(Run) run =
        run_migstat(NULL, "dump", "--devices", "--format=json", file, NULL);
    ck_assert_msg(run->status == 0, "%s: %s", name, run->err);
    g_autoptr(JsonParser) parser = parse(run->out, name);
    JsonArray *devices = json_object_get_array_member(
        json_node_get_object(json_parser_get_root(parser)), "devices");

    ck_assert_uint_gt(json_array_get_length(devices), 5);
    for (guint i = 0; i < json_array_get_length(devices); i++) {
        JsonObject *device = json_array_get_object_element(devices, i);
        const char *device_name = json_object_get_string_member(device, "name");

        ck_assert_msg(json_object_get_boolean_member(device, "matches") == !postcopy,
                      "%s: %s", name, device_name);
        if (g_str_has_suffix(device_name, "/vfio")) {
            JsonNode *config = field_named(device, "config");
            JsonNode *id = field_named(json_node_get_object(config), "device_id");
            ck_assert_int_eq(
                json_object_get_int_member(json_node_get_object(id), "value"), 0x101e);
        }
    }
}
END_TEST

/* The same through a pipe. */
START_TEST(reads_a_pipe)
{
    const char *name = streams()[_i];
    g_autoptr(GBytes) bytes = fixture_bytes(name);
    g_autofree char *file = fixture_file(name);
    g_autoptr(Run) direct = run_migstat(NULL, "dump", "--devices", file, NULL);
    g_autoptr(Run) piped = run_migstat(bytes, "dump", "--devices", "-", NULL);

    ck_assert_int_eq(piped->status, 0);
    ck_assert_msg(strcmp(direct->out, piped->out) == 0, "%s: differs through a pipe",
                  name);
}
END_TEST

/* --- patterns and values ----------------------------------------------------------------- */

/* What of minimal-ram.txt a pattern shows. */
static const struct {
    const char *pattern, *out;
} patterns[] = {
    { "timer:cpu_ticks_offset", "timer:cpu_ticks_offset  int64 0x" },
    { "t*:*clock*", "timer:cpu_clock_offset  int64 0x" },
    { "apic:isr[2]", "apic:isr[2]  uint32 0x" },
    { "globalstate:runstate", "globalstate:runstate  buffer 0x" },
    { "apic", "apic  version 3, 37 bytes at 0x" },
};

START_TEST(patterns_select)
{
    g_autofree char *file = fixture_file("good/minimal-ram.txt");
    g_autofree char *option = g_strconcat("--devices=", patterns[_i].pattern, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "dump", option, file, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(g_str_has_prefix(run->out, patterns[_i].out), "%s: %s",
                  patterns[_i].pattern, run->out);
    ck_assert_msg(patterns[_i].pattern[0] == 'a' || strchr(run->out, '\n')[1] == '\0',
                  "%s: more than one line: %s", patterns[_i].pattern, run->out);
}
END_TEST

START_TEST(a_pci_address_is_part_of_a_pattern)
{
    g_autofree char *file = fixture_file("real/q35-100-devices.mig.zst");
    g_autoptr(Run) run = run_migstat(
        NULL, "dump", "--devices=0000:00:1f.2/ich9_ahci:*port_regs.cmd", file, NULL);

    ck_assert_int_eq(run->status, 0);
    g_auto(GStrv) lines = g_strsplit(run->out, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 6 + 1); /* six ports */
    for (int i = 0; i < 6; i++) {
        g_autofree char *wanted = g_strdup_printf(
            "0000:00:1f.2/ich9_ahci:ahci.dev[%d].port_regs.cmd  uint32 0x", i);
        ck_assert_msg(g_str_has_prefix(lines[i], wanted), "%s", lines[i]);
    }
}
END_TEST

/* What the description calls one field of 46,143 bytes. */
START_TEST(virtio_is_taken_apart)
{
    g_autofree char *file = fixture_file("real/q35-100-devices.mig.zst");
    g_autofree char *dir = scratch_dir();
    g_autofree char *changed = g_build_filename(dir, "changed.mig", NULL);
    g_autoptr(Run) queues = run_migstat(
        NULL, "dump", "--devices=*/virtio-net:virtio.queues*.num", file, NULL);
    g_auto(GStrv) lines = g_strsplit(queues->out, "\n", -1);

    ck_assert_uint_eq(g_strv_length(lines), 3 + 1); /* receive, transmit, control */
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(g_str_has_suffix(lines[i], "0x00000400 (1024)"), "%s", lines[i]);
    }
    /* no driver has run in that guest: features as if one had */
    g_autoptr(Run) set =
        run_migstat(NULL, "convert",
                    "--filter=set-field:path=*/"
                    "virtio-net:*64bit_features.guest_features:set=0x100008000",
                    file, "-o", changed, NULL);
    ck_assert_msg(set->status == 0, "%s", set->err);
    g_autoptr(Run) features = run_migstat(
        NULL, "dump", "--devices=*/virtio-net:*.guest_features", changed, NULL);
    ck_assert_msg(strstr(features->out, "0x0000000100008000  MRG_RXBUF VERSION_1\n"),
                  "%s", features->out);
    g_autoptr(Run) mac =
        run_migstat(NULL, "dump", "--devices=*/virtio-net:*config.mac", file, NULL);
    ck_assert_msg(strstr(mac->out, "all zero (6 bytes)"), "%s", mac->out);
    scratch_remove(dir);
}
END_TEST

/* A field, and how its line ends. */
static const struct {
    const char *file, *pattern, *end;
} transports[] = {
    { "s390x-72-ccw", "*/virtio-net:virtio.sch.id.cu_model", "0x01" },
    { "s390x-72-ccw", "*/virtio-blk:virtio.sch.id.cu_model", "0x02" },
    { "s390x-72-ccw", "*/virtio-net:*s390_subch_dev/orb.orb.cpa", "0x00000000" },
    { "s390x-72-ccw", "*/virtio-net:virtio.config_vector", "0xffff (65535)  none" },
    { "s390x-72-ccw", "*/virtio-net:virtio.revision", "0xffffffff  not negotiated" },
    { "s390x-72-ccw", "*/virtio-net:virtio.queues[2].num", "0x00000040 (64)" },
    { "s390x-72-ccw", "*/virtio-net:*.device_class.mac", "52 54 00 12 34 56" },
    { "s390x-72-ccw", "*/virtio-net:*.device_class.promisc", "0x01" },
    { "s390x-72-ccw", "*/virtio-net:*.device_class.nobcast", "0x00" },
    { "s390x-72-ccw", "*/virtio-blk:*.device_class.bytes", "00" },
    { "s390x-72-ccw", "*/virtio-net:*virtqueues.queues[2].used", "0x0000000000000000" },
    { "s390x-72-ccw", "s390_css:css[253]", "NULL" },
    { "s390x-72-ccw", "s390_css:css[254].chpids[0].type", "0x32 (50)" },
    { "s390x-72-ccw", "s390_css:css[255]", "NULL" },
    { "s390x-72-ccw", "s390_css:default_cssid", "0xfe (254)" },
    { "virt-111-mmio", "*/virtio-net:virtio.guest_page_shift", "0x00000000" },
    { "virt-111-mmio", "*/virtio-blk:virtio.queues[0].align", "0x00001000 (4096)" },
    { "virt-111-mmio", "*/virtio-blk:virtio.config.capacity", "0x0000000000000000" },
    { "virt-111-mmio", "*/virtio-blk:*virtio_mmio/state.queues[0].enabled", "0x00" },
    { "microvm-52-mmio", "*/virtio-net:virtio.queues[2].num", "0x00000040 (64)" },
    { "microvm-52-mmio", "*/virtio-net:virtio.config.status", "0x0000" },
};

START_TEST(virtio_on_every_transport)
{
    g_autofree char *name =
        g_strconcat("devices/", transports[_i].file, ".mig.zst", NULL);
    g_autofree char *file = fixture_file(name);
    g_autofree char *option = g_strconcat("--devices=", transports[_i].pattern, NULL);
    g_autofree char *end = g_strconcat("  ", transports[_i].end, "\n", NULL);
    g_autoptr(Run) run = run_migstat(NULL, "dump", option, file, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(g_str_has_suffix(run->out, end) && strchr(run->out, '\n')[1] == '\0',
                  "%s: %s", option, run->out);
}
END_TEST

/* A guest on s390x begins big-endian, and is little-endian with VERSION_1. */
START_TEST(config_is_in_the_order_of_the_guest)
{
    static const struct {
        const char *features, *status;
    } rows[] = { { "0", "be16" }, { "0x100000000", "le16" } };
    g_autofree char *file = fixture_file("devices/s390x-72-ccw.mig.zst");
    g_autofree char *dir = scratch_dir();
    g_autofree char *changed = g_build_filename(dir, "changed.mig", NULL);
    g_autofree char *filter = g_strconcat(
        "--filter=set-field:path=*/virtio-net:*64bit_features.guest_features:value=",
        rows[_i].features, NULL);
    g_autofree char *type = g_strconcat(".config.status  ", rows[_i].status, " ", NULL);
    g_autoptr(Run) set = run_migstat(NULL, "convert", filter, file, "-o", changed, NULL);
    ck_assert_msg(set->status == 0, "%s", set->err);
    g_autoptr(Run) run = run_migstat(
        NULL, "dump", "--devices=*/virtio-net:virtio.config.status", changed, NULL);

    ck_assert_msg(strstr(run->out, type), "%s", run->out);
    scratch_remove(dir);
}
END_TEST

/* 64 bits are exact, also those that a double does not hold. */
START_TEST(integers_are_exact)
{
    g_autofree char *file = fixture_file("devices/exact.txt");
    g_autoptr(Run) run =
        run_migstat(NULL, "dump", "--devices", "--format=json", file, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(strstr(run->out, "\"value\": 18446744073709551615, "
                                   "\"value_hex\": \"0xffffffffffffffff\"}"),
                  "%s", run->out);
    ck_assert_msg(strstr(run->out, "\"value\": -9223372036854775807, "
                                   "\"value_hex\": \"0x8000000000000001\"}"),
                  "%s", run->out);
    ck_assert_msg(strstr(run->out, "\"value\": [9007199254740993, 1], \"value_hex\": "
                                   "[\"0x0020000000000001\", \"0x0000000000000001\"]}"),
                  "%s", run->out);
}
END_TEST

/* A description that lies of one device: that one says so, the next is decoded. */
START_TEST(a_mismatch_stays_with_its_device)
{
    g_autofree char *file = fixture_file("devices/mismatch.txt");
    g_autoptr(Run) run = run_migstat(NULL, "dump", "--devices", file, NULL);

    ck_assert_msg(strstr(run->out, "the description accounts for 4 of 8 bytes"), "%s",
                  run->out);
    ck_assert_msg(!strstr(run->out, "0x11223344"), "a value that is not certain: %s",
                  run->out);
    ck_assert_msg(strstr(run->out, "0x55667788"), "%s", run->out);
}
END_TEST

/* What is too long to be held says so, with its length; the next is decoded. */
START_TEST(a_body_that_is_too_long_says_so)
{
    g_autofree char *file = fixture_file("devices/large.txt");
    g_autoptr(Run) text = run_migstat(NULL, "dump", "--devices", file, NULL);
    g_autoptr(Run) json =
        run_migstat(NULL, "dump", "--devices", "--hex", "--format=json", file, NULL);

    ck_assert_msg(strstr(text->out, "16777217 bytes, and no more than 16 MiB are"), "%s",
                  text->out);
    ck_assert_msg(strstr(text->out, "0x55667788"), "%s", text->out);
    ck_assert_msg(strstr(json->out, "\"length\": 16777217, \"note\""), "%s", json->out);
    ck_assert_msg(strstr(json->out, "\"mismatch\": \"\", \"truncated\": true}"), "%s",
                  json->out);
}
END_TEST

/* A list without elements is a field like any other, asked for alone or among others. */
START_TEST(an_empty_list_is_shown)
{
    static const char *const rows[][2] = {
        { "--devices=d:q", "d:q  qtailq 0x00000026  0 elements\n" },
        { "--devices=d:*", "d:q  qtailq 0x00000026  0 elements\n" },
        { "--devices=d:n", "d:n.q  qtailq 0x00000027  0 elements\n" },
        { "--devices=d", "qtailq            0x00000026  0 elements\n" },
    };
    g_autofree char *file = fixture_file("devices/empty-list.txt");
    g_autoptr(Run) json =
        run_migstat(NULL, "dump", "-f", "json", "--devices=d:q", file, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Run) run = run_migstat(NULL, "dump", rows[i][0], file, NULL);

        ck_assert_int_eq(run->status, 0);
        ck_assert_msg(strstr(run->out, rows[i][1]), "%s: %s", rows[i][0], run->out);
    }
    ck_assert_msg(strstr(json->out,
                         "\"path\": \"q\", \"type\": \"qtailq\", \"offset\": 38, "
                         "\"length\": 1, \"note\": \"0 elements\", "
                         "\"value\": []}]"),
                  "%s", json->out);
}
END_TEST

/* Names come from an attacker: nothing of them reaches a terminal as it is. */
START_TEST(names_are_escaped)
{
    g_autofree char *file = fixture_file("devices/names.txt");
    g_autoptr(Run) run = run_migstat(NULL, "dump", "--devices", file, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_ptr_null(strchr(run->out, '\033'));
    ck_assert_msg(strstr(run->out, "\\x1b[2J"), "%s", run->out);
}
END_TEST

Suite *suite_devices(void)
{
    Suite *suite = suite_create("devices");
    TCase *tc = tcase_create("real");
    int n = (int)g_strv_length(streams());

    tcase_add_test(tc, agrees_with_the_script);
    tcase_add_test(tc, prints_what_the_script_prints);
    tcase_add_test(tc, prints_the_description_as_the_script_does);
    tcase_add_test(tc, prints_characters_of_the_description_as_escapes);
    tcase_add_loop_test(tc, the_script_has_no_other_view, 0, G_N_ELEMENTS(refused_views));
    tcase_add_loop_test(tc, decodes_real_streams, 0, n);
    tcase_add_loop_test(tc, reads_a_pipe, 0, n);
    suite_add_tcase(suite, tc);
    tc = tcase_create("patterns");
    tcase_add_loop_test(tc, patterns_select, 0, G_N_ELEMENTS(patterns));
    tcase_add_test(tc, a_pci_address_is_part_of_a_pattern);
    suite_add_tcase(suite, tc);
    tc = tcase_create("values");
    tcase_add_test(tc, virtio_is_taken_apart);
    tcase_add_loop_test(tc, virtio_on_every_transport, 0, G_N_ELEMENTS(transports));
    tcase_add_loop_test(tc, config_is_in_the_order_of_the_guest, 0, 2);
    tcase_add_test(tc, integers_are_exact);
    tcase_add_test(tc, a_mismatch_stays_with_its_device);
    tcase_add_test(tc, a_body_that_is_too_long_says_so);
    tcase_add_test(tc, an_empty_list_is_shown);
    tcase_add_test(tc, names_are_escaped);
    suite_add_tcase(suite, tc);
    return suite;
}
