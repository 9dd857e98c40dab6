/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the filter redact: that no secret of a guest is in the result, in any place and
 *                encoding, and that the structure and the findings are still there.
 * Must not know: how the filter does it.
 * See also:      conversion.h; tests/cli/test-convert.c, what is around a stream.
 */
#include "conversion.h"
#include "mkmig.h"
#include "support.h"

#include <stdbool.h>
#include <string.h>

#define SECRET "TopSecretWord"

static bool has_bytes(GBytes *bytes, const char *what)
{
    gsize n;
    const char *p = g_bytes_get_data(bytes, &n);

    return memmem(p, n, what, strlen(what)) != NULL;
}

/* --- planted in text -------------------------------------------------------------------- */

#define HEAD "header\nconfig \"pc-q35-7.2\"\n"
#define RAM                                                                           \
    "start 2 \"ram\" 0 4\n ram-size 0x4000\n ram-block \"pc.ram\" 0x4000\n ram-eos\n" \
    "footer 2\n"
#define END "end 2\n ram-eos\nfooter 2\neof\n"

/* With a command of the page size before. */
#define DISCARDS HEAD "command 3 { be64 0x201000 0x1000 }\n" RAM

/* Where a secret may be; each stream has it before, and not after. */
static const struct {
    const char *what, *text;
} planted[] = {
    { "a page",
      HEAD RAM "part 2\n ram-page 8 0 \"pc.ram\"\n str \"" SECRET "\"\n fill 4083 0\n "
               "ram-eos\nfooter 2\n" END },
    { "a page that continues a block",
      HEAD RAM "part 2\n ram-zero 0 \"pc.ram\"\n ram-page 0x28 0x1000\n str \"" SECRET
               "\"\n fill 4083 0\n ram-eos\nfooter 2\n" END },
    { "a device without a description",
      HEAD "full 5 \"dev\" 0 1\n str \"" SECRET "\"\n be32 7\nfooter 5\neof\n" },
    { "device data of VFIO",
      HEAD "start 3 \"0000:00:01.0/vfio\" 0 1\n be64 0xffffffffef100003\n be64 "
           "0xffffffffef100001\nfooter 3\nend 3\n be64 0xffffffffef100004\n be64 13\n "
           "str \"" SECRET "\"\n be64 0xffffffffef100001\nfooter 3\neof\n" },
    { "what follows the end", HEAD "eof\nstr \"" SECRET "\"\n" },
    { "a second range of a discard",
      DISCARDS "command 6 { u8 0; pstr8 \"pc.ram\"; u8 0; be64 0 0x1000; "
               "str \"" SECRET "\"; fill 3 0 }\n" END },
    { "an advice", HEAD "command 3 { str \"" SECRET "\"; fill 3 0 }\n" RAM END },
    { "a member that begins as one of QEMU's",
      HEAD "eof\ndescription {\n{\"devices\": [], \"page_size\\u0000" SECRET
           "\": 4096}\n}\n" },
};

START_TEST(planted_secrets_are_gone)
{
    g_autoptr(GBytes) stream = assembled(planted[_i].text);
    g_autoptr(GBytes) result = NULL;

    ck_assert_msg(has_bytes(stream, SECRET), "%s", planted[_i].what);
    result = converted(stream, "redact");
    ck_assert_msg(!has_bytes(result, SECRET), "%s", planted[_i].what);
}
END_TEST

/* --- in what QEMU wrote ------------------------------------------------------------------- */

/* Of real streams: each run of 8 bytes that a page, a device or VFIO data has, none of them 0, is
 * gone, unless it is in what is kept: names and text of the description. */
typedef struct Windows {
    GHashTable *seen; /* guint64 */
} Windows;

static void add_windows(Windows *windows, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 8 <= n; i++) {
        guint64 value;

        memcpy(&value, p + i, 8);
        if (!memchr(p + i, 0, 8)) {
            g_hash_table_add(windows->seen, g_memdup2(&value, sizeof value));
        }
    }
}

/* What the items of @kinds hold. */
static Windows windows_of(GBytes *stream, uint32_t kinds)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    Windows windows = { g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                              NULL) };
    const uint8_t *all = g_bytes_get_data(stream, NULL);
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        if (kinds >> item->kind & 1) {
            add_windows(&windows, all + item->offset, item->length);
        }
    }
    return windows;
}

/* How many of @a are in @b. */
static guint common_windows(const Windows *a, const Windows *b)
{
    GHashTableIter iter;
    gpointer key;
    guint n = 0;

    g_hash_table_iter_init(&iter, a->seen);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        n += g_hash_table_contains(b->seen, key);
    }
    return n;
}

static const char *const real[] = {
    "q35-100-devices", "q35-72-two-vfio", "virt-72-gicv3-msix", "q35-72-xbzrle",
    "q35-72-zlib",     "q35-72-postcopy", "q35-100-vfio",       "rfc-q35-needed",
};

static GBytes *real_stream(int i)
{
    g_autofree char *name = g_strdup_printf("real/%s.mig.zst", real[i]);

    return fixture_bytes(name);
}

START_TEST(nothing_of_a_guest_is_left)
{
    const uint32_t values = 1u << MIG_ITEM_DEVICE_STATE | 1u << MIG_ITEM_VFIO_RECORD |
                            1u << MIG_ITEM_RAM_PAGES;
    g_autoptr(GBytes) stream = real_stream(_i), result = converted(stream, "redact");
    Windows before = windows_of(stream, values), after = windows_of(result, values);
    guint left = common_windows(&after, &before);

    /* What is left: names of subsections and of RAM blocks, VFIO's flags, and the header of a
     * configuration space, which have no zeros in 8 bytes here and there. */
    ck_assert_msg(left < 400, "%s: %u of %u", real[_i], left,
                  g_hash_table_size(before.seen));
    ck_assert_uint_gt(g_hash_table_size(before.seen), 8 * left);
    g_hash_table_unref(before.seen);
    g_hash_table_unref(after.seen);
}
END_TEST

/* --- what stays ----------------------------------------------------------------------------- */

/* Each device's fields, without values. */
static void visit(const MigField *field, void *user)
{
    g_string_append_printf(user, "%d %s %s %" PRIu64 "\n", (int)field->kind,
                           field->kind == MIG_FIELD_END ? "" : field->name,
                           field->kind == MIG_FIELD_END ? "" : field->type,
                           field->kind == MIG_FIELD_END ? 0 : field->length);
}

static char *structure_of(GBytes *stream)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    GString *text = g_string_new(NULL);
    const MigDecoder decoder = { .budget = mig_reader_budget(reader),
                                 .visit = visit,
                                 .user = text };
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        const MigDeviceBody body = { .name = item->section ? item->section->name : "",
                                     .instance_id =
                                         item->section ? item->section->instance_id : 0,
                                     .version_id =
                                         item->section ? item->section->version_id : 0,
                                     .offset = item->offset,
                                     .length = item->length };
        bool matches;

        /* Of PCI what is shown goes by values. */
        if (item->kind != MIG_ITEM_DEVICE_STATE || strchr(item->section->name, ':')) {
            continue;
        }
        g_string_append_printf(text, "%s\n", item->section->name);
        mig_device_decode_at(&decoder, in, mig_reader_description(reader), &body,
                             &matches, NULL);
    }
    return g_string_free(text, FALSE);
}

START_TEST(devices_keep_their_fields)
{
    g_autoptr(GBytes) stream = real_stream(_i), result = converted(stream, "redact");
    g_autofree char *before = structure_of(stream), *after = structure_of(result);

    ck_assert_str_eq(before, after);
    ck_assert_uint_gt(strlen(before), 100);
}
END_TEST

/* Of more than one piece; one of more than any that is decoded. */
static const struct {
    const char *length, *says;
} long_devices[] = {
    { "4200000", "4 values of 1 devices are blank, 0 of these" },
    { "0x1000000", "0 values of 1 devices are blank, 1 of these as a whole" },
    { "0x1000000", "dev: all of it is zero" },
};

START_TEST(long_devices_are_told)
{
    const char *length = long_devices[_i].length;
    g_autofree char *text = g_strdup_printf(
        HEAD
        "full 5 \"dev\" 0 1\nbe32 7\nfill %s 1\nsubsection \"dev/sub\" 1 { fill 16 1 "
        "}\nfooter 5\neof\ndescription {\n{\"page_size\": 4096, \"devices\": [{"
        "\"name\": \"dev\", \"instance_id\": 0, \"vmsd_name\": \"dev\", "
        "\"version\": 1, \"fields\": [{\"name\": \"n\", \"type\": \"uint32\", "
        "\"size\": 4}, {\"name\": \"z\", \"type\": \"buffer\", \"size\": %" PRIu64
        "}], \"subsections\": [{\"vmsd_name\": \"dev/sub\", \"version\": 1, "
        "\"fields\": [{\"name\": \"more\", \"type\": \"buffer\", \"size\": "
        "16}]}]}]}\n}\n",
        length, g_ascii_strtoull(length, NULL, 0));
    g_autoptr(GBytes) stream = assembled(text);
    g_autoptr(Conversion) conversion = convert(stream, "redact", false);
    g_autofree char *before = structure_of(stream), *after = NULL;

    ck_assert_msg(conversion->bytes != NULL, "%s", conversion->error->message);
    after = structure_of(conversion->bytes);
    ck_assert_str_eq(before, after);
    ck_assert_msg(strstr(conversion->report, long_devices[_i].says), "%s",
                  conversion->report);
}
END_TEST

/* The rules that find something, with places in the order of the stream. */
static char *findings_of(GBytes *stream)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(GError) error = NULL;
    g_autofree MigSeverity *severities = g_new0(MigSeverity, mig_rule_count());
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT, .severities = severities,
                                      .releases = mig_releases_all() };
    g_autoptr(MigCheck) check = NULL;
    GString *text = g_string_new(NULL);
    const MigItem *item;
    size_t n;

    /* Pages are not encoded any more. */
    severities[mig_rule_find("ram-compressed-removed")] = MIG_SEVERITY_IGNORE;
    check = mig_check_new(reader, &options);
    while (mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE) {
        mig_check_watch(check, item, NULL);
    }
    mig_check_finish(check, error);
    const MigFinding *findings = mig_check_findings(check, &n);
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(text, "%s %d %s %" PRIx64 "\n",
                               mig_rule_id(findings[i].rule), (int)findings[i].severity,
                               findings[i].section ? findings[i].section : "",
                               (uint64_t)findings[i].refusing);
    }
    return g_string_free(text, FALSE);
}

START_TEST(findings_stay)
{
    g_autoptr(GBytes) stream = real_stream(_i), result = converted(stream, "redact");
    g_autofree char *before = findings_of(stream), *after = findings_of(result);

    ck_assert_str_eq(before, after);
    ck_assert_uint_gt(strlen(before), 0);
}
END_TEST

/* Not those of values, of how pages are encoded, of what is around a stream and after its end. */
static const char *const other_rules[] = {
    "ram-zero-fill",     "vapic-rom",       "virtio-gpu-outputs",
    "virtio-ring-",      "ram-compressed-", "ram-xbzrle-",
    "ram-postcopy-kind", "trailing-",       "container-",
};

static bool is_kept(const char *finding)
{
    for (size_t i = 0; i < G_N_ELEMENTS(other_rules); i++) {
        if (g_str_has_prefix(finding, other_rules[i])) {
            return false;
        }
    }
    return true;
}

static char *kept_findings(GBytes *stream)
{
    g_autofree char *all = findings_of(stream);
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    GString *text = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        if (**line && is_kept(*line)) {
            g_string_append_printf(text, "%s\n", *line);
        }
    }
    return g_string_free(text, FALSE);
}

/* Of streams that a rule finds something in: those that can be read to their ends. */
START_TEST(what_is_wrong_stays)
{
    g_auto(GStrv) bad = fixture_list("bad", ".txt");
    g_autoptr(GString) differences = g_string_new(NULL);
    unsigned n = 0;

    for (char **name = bad; *name; name++) {
        g_autoptr(GBytes) stream = fixture_bytes(*name);
        g_autoptr(Conversion) conversion = convert(stream, "redact", false);
        g_autofree char *before = NULL, *after = NULL;

        if (!conversion->bytes) {
            continue;
        }
        before = kept_findings(stream);
        after = kept_findings(conversion->bytes);
        if (!g_str_equal(before, after)) {
            g_string_append_printf(differences, "%s:\n%s=>\n%s", *name, before, after);
        }
        n++;
    }
    ck_assert_str_eq(differences->str, "");
    ck_assert_uint_gt(n, 100);
}
END_TEST

/* --- commands ------------------------------------------------------------------------------- */

#define RANGES(numbers) \
    DISCARDS "command 6 { u8 0; pstr8 \"pc.ram\"; u8 0; be64 " numbers " }\n" END

static const struct {
    const char *text;
    bool stays;
} commands[] = {
    { RANGES("0 0x1000 0x1000 0x1000 0x3000 0x1000"), true },
    { RANGES("0 0x4000"), true },
    { RANGES("0x1000 0x1000 0 0x1000"), false },
    { RANGES("0 0x2000 0x1000 0x1000"), false },
    { RANGES("0x1000 0x4000"), false },
    { RANGES("0x5000 0x1000"), false },
    { RANGES("0x1000 0xfffffffffffff000"), false },
    { RANGES("0x4000 0"), false },
    { RANGES("0x10 0x1000"), false },
    { RANGES("0 0x1010"), false },
    { HEAD "command 3 { be64 0x40201000 0x1000 }\n" RAM END, true },
    { HEAD "command 3 { be64 0x401001000 0x1000 }\n" RAM END, true },
    { HEAD "command 3\n" RAM END, true },
    { HEAD "command 3 { be64 0x1010 0x1000 }\n" RAM END, false },
    { HEAD "command 3 { be64 0x800001000 0x1000 }\n" RAM END, false },
    { HEAD "command 3 { be64 0x3000 0x3000 }\n" RAM END, false },
};

START_TEST(commands_with_a_meaning_stay)
{
    g_autoptr(GBytes) stream = assembled(commands[_i].text);
    g_autoptr(Conversion) conversion = convert(stream, "redact", false);

    ck_assert_msg(conversion->bytes != NULL, "%s", conversion->error->message);
    ck_assert_msg(g_bytes_equal(stream, conversion->bytes) == commands[_i].stays, "%s",
                  commands[_i].text);
    ck_assert_msg(strstr(conversion->report,
                         commands[_i].stays ? "and 0 commands" : "and 1 commands"),
                  "%s", conversion->report);
}
END_TEST

/* --- the description ------------------------------------------------------------------------ */

static char *description_of(GBytes *stream)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const char *all = g_bytes_get_data(stream, NULL);
    const MigDescription *description;
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
    }
    description = mig_reader_description(reader);
    return !description
               ? g_strdup("")
               : g_strndup(all + description->json_offset, description->json_length);
}

START_TEST(what_qemu_describes_stays)
{
    g_autoptr(GBytes) stream = real_stream(_i), result = converted(stream, "redact");
    g_autofree char *before = description_of(stream), *after = description_of(result);

    ck_assert_str_eq(before, after);
    ck_assert(*before || g_str_equal(real[_i], "q35-72-postcopy"));
}
END_TEST

static const struct {
    const char *before, *after;
} texts[] = {
    { "{ \"page_size\" : 4096 , \"devices\" : [ ] }",
      "{ \"page_size\" : 4096 , \"devices\" : [ ] }" },
    { "{\"x\": [1, {}], \"page_size\": 4096, \"y\": null, \"devices\": [], \"z\": \"\"}",
      "{ \"page_size\": 4096, \"devices\": []}" },
    { "{\"x\": 1 , \"y\": 2}", "{}" },
    { "{\"devices\": [{\"name\": 1, \"instance_id\": \"0\", \"size\": true}, 7]}",
      "{\"devices\": [{\"name\": 0, \"instance_id\": \"\", \"size\": \"\"}, 0]}" },
    { "{\"devices\": [], x}", "{\"devices\": []?" },
    { "{\"devices\": []} more", "{\"devices\": []}?" },
    { "{\"devices\": [-1]} ", "{\"devices\": [0]}" },
    { "{\"devices\": [1,2,3], \"page_size\": []}",
      "{\"devices\": [0,0,0], \"page_size\": \"\"}" },
    { "{\"devices\": [1,2,3", "{\"devices\": [0,0,0" },
    { "{\"page_size\": 4096.5}", "{\"page_size\": ?" },
    { "\"text\"", "0" },
    { "", "" },
};

START_TEST(a_description_keeps_what_qemu_writes)
{
    g_autofree char *text =
        g_strdup_printf(HEAD "eof\ndescription {\n%s\n}\n", texts[_i].before);
    g_autoptr(GBytes) stream = assembled(text), result = converted(stream, "redact");
    g_autofree char *after = description_of(result);

    ck_assert_str_eq(after, texts[_i].after);
    ck_assert_uint_le(strlen(after), strlen(texts[_i].before));
}
END_TEST

/* --- pages=equal ----------------------------------------------------------------------------- */

#define PAGE(CHAR) " str \"" CHAR "\"\n fill 4095 0\n"

START_TEST(equal_pages_stay_equal)
{
    g_autoptr(GBytes) stream = assembled(
        HEAD RAM
        "part 2\n ram-page 8 0 \"pc.ram\"\n" PAGE("x") " ram-page 0x28 0x1000\n" PAGE(
            "y") " ram-page 0x28 0x2000\n" PAGE("x") " ram-zero 0x3000 \"pc.ram\"\n "
                                                     "ram-eos\nfooter "
                                                     "2\n" END);
    g_autoptr(GBytes) result = converted(stream, "redact:pages=equal");
    g_autoptr(MigInput) in = mig_input_new_bytes(result, "result", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const uint8_t *all = g_bytes_get_data(result, NULL);
    g_autoptr(GString) numbers = g_string_new(NULL);
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        for (uint32_t i = 0; item->kind == MIG_ITEM_RAM_PAGES && i < item->pages.n_pages;
             i++) {
            const uint8_t *page =
                all + item->offset + item->pages.data_offset +
                (i ? item->pages.first_length + (i - 1) * item->pages.stride -
                         item->pages.data_offset +
                         (item->pages.stride - item->pages.data_length)
                   : 0);

            g_string_append_printf(numbers, "%d ",
                                   item->pages.kind == MIG_PAGE_ZERO ? 0 : page[7]);
        }
    }
    ck_assert_str_eq(numbers->str, "1 2 1 0 ");
    ck_assert_uint_eq(g_bytes_get_size(result), g_bytes_get_size(stream));
}
END_TEST

/* --- what is refused -------------------------------------------------------------------------- */

static const struct {
    const char *stream, *chain, *says;
} refused[] = {
    { "real/q35-100-mapped-ram.mig.zst", "redact", "mapped-ram:to=plain" },
    { "real/q35-72-block.mig.zst", "redact", "drop-section" },
    { "real/q35-72-bitmap.mig.zst", "redact", "drop-section" },
    { "real/q35-72-xbzrle.mig.zst", "redact:pages=equal", "ram-decompress" },
    { "real/q35-72-vfio.mig.zst", "redact:pages=some", "pages is zero or equal" },
};

START_TEST(what_cannot_be_redacted_is_refused)
{
    g_autoptr(GBytes) stream = fixture_bytes(refused[_i].stream);
    g_autoptr(Conversion) conversion = convert(stream, refused[_i].chain, false);

    ck_assert_msg(!conversion->bytes && conversion->error, "%s", refused[_i].stream);
    ck_assert_msg(strstr(conversion->error->message, refused[_i].says), "%s",
                  conversion->error->message);
}
END_TEST

Suite *suite_redact(void)
{
    Suite *suite = suite_create("redact");
    TCase *tc = tcase_create("redact");

    tcase_add_loop_test(tc, planted_secrets_are_gone, 0, G_N_ELEMENTS(planted));
    tcase_add_loop_test(tc, nothing_of_a_guest_is_left, 0, G_N_ELEMENTS(real));
    tcase_add_loop_test(tc, devices_keep_their_fields, 0, G_N_ELEMENTS(real));
    tcase_add_loop_test(tc, long_devices_are_told, 0, G_N_ELEMENTS(long_devices));
    tcase_add_loop_test(tc, findings_stay, 0, G_N_ELEMENTS(real));
    tcase_add_test(tc, what_is_wrong_stays);
    tcase_add_loop_test(tc, commands_with_a_meaning_stay, 0, G_N_ELEMENTS(commands));
    tcase_add_loop_test(tc, what_qemu_describes_stays, 0, G_N_ELEMENTS(real));
    tcase_add_loop_test(tc, a_description_keeps_what_qemu_writes, 0, G_N_ELEMENTS(texts));
    tcase_add_test(tc, equal_pages_stay_equal);
    tcase_add_loop_test(tc, what_cannot_be_redacted_is_refused, 0, G_N_ELEMENTS(refused));
    suite_add_tcase(suite, tc);
    return suite;
}
