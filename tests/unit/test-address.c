/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that an address means what migstat(1) says, and that a set of
 *                them knows what meant nothing.
 * Must not know: which command asks.
 * See also:      lib/stream/address.h; test-messages.c has the words of each command.
 */
#include "stream/address.h"
#include "stream/address-exact.h"

#include "conversion.h"
#include "message/remedy.h"
#include "mkmig.h"
#include "support.h"

#include <stdbool.h>
#include <string.h>

/* --- one address -------------------------------------------------------------------------- */

static const struct {
    const char *address, *name;
    uint32_t instance;
    const char *path; /* NULL: the section as a whole */
    bool means;
} cases[] = {
    { "dma", "dma", 0, NULL, true },
    { "dma", "dma", 1, NULL, true },
    { "dma@0", "dma", 0, NULL, true },
    { "dma@1", "dma", 1, NULL, true },
    { "dma@1", "dma", 0, NULL, false },
    { "dma@1", "dma", 11, NULL, false },
    { "dm", "dma", 0, NULL, false },
    { "dma:x", "dma", 0, NULL, false },
    { "*", "dma", 7, NULL, true },
    { "dma@*", "dma", 7, NULL, true },
    { "d?a@7", "dma", 7, NULL, true },
    { "0000:00:02.0/*", "0000:00:02.0/vga", 0, NULL, true },
    { "0000:00:02.0/*", "0000:00:03.0/vga", 0, NULL, false },

    { "cpu:eip", "cpu", 0, "eip", true },
    { "cpu:eip", "cpu", 3, "eip", true },
    { "cpu@3:eip", "cpu", 3, "eip", true },
    { "cpu@0:eip", "cpu", 3, "eip", false },
    { "cpu", "cpu", 0, "eip", false },
    { "cpu:regs[0]", "cpu", 0, "regs[0]", true },
    { "cpu:regs[?]", "cpu", 0, "regs[0]", true },
    { "*:*.cmd", "0000:00:1f.2/ahci", 0, "port[1].cmd", true },
    { "*:cmd", "0000:00:1f.2/ahci", 0, "port[1].cmd", false },
    { "0000:00:1f.2/ahci:a", "0000:00:1f.2/ahci", 0, "a", true },

    /* as the stream has it, and as it is shown */
    { "a\xff", "a\xff", 0, NULL, true },
    { "a\\xff", "a\xff", 0, NULL, true },
    { "a\\xfe", "a\xff", 0, NULL, false },
    { "a\\\\b", "a\\b", 0, NULL, true },
    { "a\\x0a@2", "a\n", 2, NULL, true },
    { "a\\x0a:b\\x01", "a\n", 0, "b\x01", true },
    { "x:b\\x01", "x", 0, "b\x01", true },
    { "?", "\n", 0, NULL, true },
    { "\\x2a", "*", 0, NULL, true },
    { "\\x2a", "a", 0, NULL, false },
    { "\\x2a", "\\x2a", 0, NULL, false }, /* what can be read as an escape is one */
    { "\\\\x2a", "\\x2a", 0, NULL, true },
    { "\\xyz", "\\xyz", 0, NULL, true },
    { "\\x3f*", "?b", 0, NULL, true },
    { "dma@1", "dma@1", 0, NULL, false },
    { "dma@1@0", "dma@1", 0, NULL, true },
    { "dma@x", "dma@x", 0, NULL, true },
    /* what has a meaning, as a part of a name */
    { "dma\\x401", "dma@1", 0, NULL, true },
    { "dma\\x401", "dma@1", 3, NULL, true },
    { "dma\\x401@3", "dma@1", 3, NULL, true },
    { "dma\\x401@3", "dma@1", 0, NULL, false },
    { "dma\\x401", "dma", 1, NULL, false },
    { "a\\x5b0\\x5d", "a[0]", 0, NULL, true },
    { "a\\x401:b[0]", "a@1", 0, "b[0]", true },
    { "a\\x401:*", "a@1", 0, "b[0]", true },
};

START_TEST(means_what_the_manual_says)
{
    bool means = cases[_i].path
                     ? mig_address_is_field(cases[_i].address, cases[_i].name,
                                            cases[_i].instance, cases[_i].path)
                     : mig_address_is_section(cases[_i].address, cases[_i].name,
                                              cases[_i].instance);
    g_autoptr(MigAddresses) one = mig_addresses_new();

    ck_assert_msg(means == cases[_i].means, "%s and %s", cases[_i].address,
                  cases[_i].name);
    mig_addresses_add(one, cases[_i].address);
    ck_assert_msg(!means || mig_addresses_may_mean(one, cases[_i].name), "%s",
                  cases[_i].address);
    ck_assert_msg(
        !means || !cases[_i].path ||
            mig_address_is_in(cases[_i].address, cases[_i].name, cases[_i].instance),
        "%s", cases[_i].address);
}
END_TEST

/* What is printed of a section means that section alone, and only it. */
START_TEST(printed_addresses_come_back)
{
    static const struct {
        const char *name;
        uint32_t instance;
        const char *address;
    } all[] = { { "apic", 0, "apic" }, { "dma", 1, "dma@1" }, { "a@1", 0, "a@1@0" } };

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autofree char *address = mig_address_of_section(all[i].name, all[i].instance);

        ck_assert_str_eq(address, all[i].address);
        ck_assert(mig_address_is_section(address, all[i].name, all[i].instance));
    }
}
END_TEST

/* --- what is printed of real streams ------------------------------------------------------- */

typedef struct Printed {
    const MigSection *section;
    uint64_t n_fields, n_features;
} Printed;

/* One of its virtio features, by name. */
static char *feature_of(const MigField *field)
{
    unsigned bit =
        field->has_features ? (unsigned)(field->offset % 8 * field->length) : 0;
    const char *name =
        field->has_features
            ? mig_virtio_feature_name(field->virtio_type, field->first_feature + bit)
            : NULL;

    return name ? g_strdup_printf("features[%s]", name)
           : field->has_features
               ? g_strdup_printf("features[bit%u]", field->first_feature + bit)
               : NULL;
}

/* Each name of a field means it: its path, its register, each of its bytes, its features. */
static void comes_back(const MigField *field, void *user)
{
    Printed *printed = user;
    const MigSection *section = printed->section;
    g_autofree char *device = mig_address_exact(section->name, section->instance_id);
    g_autofree char *path = mig_address_escape(field->path);
    g_autofree char *feature = feature_of(field);
    const char *names[] = { path, field->alias, NULL, feature };
    g_autofree char *config =
        field->in_config ? g_strdup_printf("pci[0x%x]", field->config_at) : NULL;

    names[field->alias ? 2 : 1] = config;
    for (size_t i = 0; field->kind != MIG_FIELD_END && i < G_N_ELEMENTS(names); i++) {
        g_autoptr(MigAddresses) one = mig_addresses_new();
        g_autofree char *address =
            names[i] ? g_strconcat(device, ":", names[i], NULL) : NULL;

        if (address) {
            mig_addresses_add(one, address);
            ck_assert_msg(
                mig_field_is_meant(one, section->name, section->instance_id, field),
                "%s does not mean %s", address, field->path);
            ck_assert_msg(mig_addresses_in(one, section->name, section->instance_id),
                          "%s is not in %s", address, section->name);
            printed->n_fields++;
            printed->n_features += i == 3;
        }
    }
}

static void fields_come_back(const char *name, MigInput *in)
{
    g_autoptr(MigReader) reader = mig_reader_new(in);
    Printed printed = { 0 };
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        const MigDecoder decoder = { .budget = mig_reader_budget(reader),
                                     .visit = comes_back,
                                     .user = &printed };

        if (item->kind == MIG_ITEM_DEVICE_STATE && item->length == item->whole) {
            const MigDeviceBody body = { .name = item->section->name,
                                         .instance_id = item->section->instance_id,
                                         .version_id = item->section->version_id,
                                         .offset = item->offset,
                                         .length = item->length };
            bool matches;

            printed.section = item->section;
            ck_assert(mig_device_decode_at(&decoder, in, mig_reader_description(reader),
                                           &body, &matches, NULL));
        }
    }
    ck_assert(printed.n_features > 0 || !strstr(name, "q35-100-devices"));
    ck_assert_msg(printed.n_fields > 0, "%s: %u fields", name,
                  (unsigned)printed.n_fields);
}

/* Of all sections of a stream, what is printed of one means it alone. */
static void sections_come_back(MigInput *in)
{
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const MigSection *const *sections;
    const MigItem *item;
    size_t n;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
    }
    sections = mig_reader_sections(reader, &n);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *address =
            mig_address_exact(sections[i]->name, sections[i]->instance_id);

        for (size_t j = 0; j < n; j++) {
            ck_assert_msg(mig_address_is_section(address, sections[j]->name,
                                                 sections[j]->instance_id) == (i == j),
                          "%s and %s@%u", address, sections[j]->name,
                          sections[j]->instance_id);
        }
    }
}

START_TEST(what_streams_have_comes_back)
{
    g_auto(GStrv) names = fixture_list("real", ".mig.zst");
    g_autoptr(GBytes) stream = fixture_bytes(names[_i]);
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, names[_i], NULL, NULL);

    fields_come_back(names[_i], in);
    mig_input_rewind(in, 0);
    sections_come_back(in);
}
END_TEST

/* --- what is pasted ----------------------------------------------------------------------- */

static const char *const hostile[] = {
    "*",        "?",        "**",      "a",      "a*",   "b",   "a?",
    "\\x2a",    "\\*",      "\\",      "\\\\",   "a\\",  "a@1", "a@1@0",
    "a@x",      "a@",       "@1",      "\n",     "\xff", "a:b", "a:name=b",
    "x:name=*", "\\x5cx2a", ":name=a", "name=a", "-",
};

/* Whatever a section is called, the hint means it and no other: as an address, and as the text of a
 * filter. */
START_TEST(a_hint_means_one_section)
{
    const unsigned n = G_N_ELEMENTS(hostile), which = (unsigned)_i;
    g_autofree char *value = mig_remedy_section(hostile[which / 2], which % 2);
    g_autofree char *filter = g_strconcat("drop-section:name=", value, NULL);
    g_autofree char *address = mig_address_exact(hostile[which / 2], which % 2);
    GByteArray *stream = g_byte_array_new();
    g_autoptr(GBytes) head = assembled("header; config \"pc-q35-7.2\""),
                      tail = assembled("eof"), body = assembled("be32 0; footer 0");
    GByteArray *wanted = g_byte_array_new();

    g_byte_array_append(stream, g_bytes_get_data(head, NULL),
                        (guint)g_bytes_get_size(head));
    g_byte_array_append(wanted, stream->data, stream->len);
    for (unsigned i = 0; i < 2 * n; i++) {
        const char *name = hostile[i / 2];
        uint8_t section[300] = { MIG_SECTION_FULL, 0, 0, 0, 0, (uint8_t)strlen(name) };
        guint length = 6 + (guint)strlen(name);

        memcpy(section + 6, name, strlen(name));
        section[length + 3] = i % 2;
        section[length + 7] = 1;
        length += 8;
        memcpy(section + length, g_bytes_get_data(body, NULL), g_bytes_get_size(body));
        length += (guint)g_bytes_get_size(body);
        ck_assert_msg(mig_address_is_section(address, name, i % 2) == (i == which),
                      "%s and %s@%u", address, name, i % 2);
        if (!g_ascii_isprint(*name)) {
            continue; /* where no description is, such a section is not looked for */
        }
        g_byte_array_append(stream, section, length);
        if (i != which) {
            g_byte_array_append(wanted, section, length);
        }
    }
    g_byte_array_append(stream, g_bytes_get_data(tail, NULL), 1);
    g_byte_array_append(wanted, g_bytes_get_data(tail, NULL), 1);
    g_autoptr(GBytes) before = g_byte_array_free_to_bytes(stream);
    g_autoptr(GBytes) after = g_byte_array_free_to_bytes(wanted);
    if (!g_ascii_isprint(*hostile[which / 2])) {
        return;
    }
    g_autoptr(Conversion) result = convert(before, filter, true);
    ck_assert_msg(result->bytes != NULL, "%s",
                  result->error ? result->error->message : "");
    assert_same_bytes(result->bytes, after, filter);
}
END_TEST

/* --- several ------------------------------------------------------------------------------ */

/* A reader that has come to the end of a stream with these sections and blocks. */
static MigReader *read_all(MigInput *in)
{
    MigReader *reader = mig_reader_new(in);
    const MigItem *item;

    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
    }
    return reader;
}

START_TEST(knows_what_meant_nothing)
{
    static const char *const complaints[] = {
        "the stream has no device \"cpx\"; did you mean cpu?",
        "no field is \"cpu:eix\", as far as the stream describes them; did you mean "
        "cpu:eip?",
        "no field is \"cpu:x\", as far as the stream describes them; migstat dump "
        "--devices='cpu' lists its fields",
    };
    g_autoptr(GBytes) bytes = fixture_bytes("diff/c.txt");
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "c", NULL, NULL);
    g_autoptr(MigReader) reader = read_all(in);
    g_autoptr(MigAddresses) addresses = mig_addresses_new();
    size_t i = 0;

    ck_assert(mig_addresses_is_empty(addresses));
    ck_assert_ptr_null(
        mig_addresses_complaint(addresses, &i, MIG_ADDRESS_DEVICE, "--x=", reader));
    mig_addresses_add(addresses, "timer");
    mig_addresses_add(addresses, "cpx");
    mig_addresses_add(addresses, "cpu:eix");
    mig_addresses_add(addresses, "cpu:*");
    mig_addresses_add(addresses, "cpu:x");
    ck_assert(!mig_addresses_is_empty(addresses));
    ck_assert(mig_addresses_section(addresses, "timer", 0));
    ck_assert(!mig_addresses_section(addresses, "cpu", 0));
    ck_assert(mig_addresses_seek_field(addresses, "cpu", 0));
    ck_assert(!mig_addresses_seek_field(addresses, "timer", 0));
    ck_assert(mig_addresses_field(addresses, "cpu", 0, "eip"));
    for (size_t n = 0; n <= G_N_ELEMENTS(complaints); n++) {
        g_autofree char *complaint =
            mig_addresses_complaint(addresses, &i, MIG_ADDRESS_DEVICE, "--x=", reader);

        ck_assert_str_eq(complaint ? complaint : "",
                         n < G_N_ELEMENTS(complaints) ? complaints[n] : "");
    }

    /* as in another stream: nothing has matched yet, so that what the reader knows by that
     * name cannot be device state */
    mig_addresses_forget(addresses);
    i = 0;
    g_autofree char *again =
        mig_addresses_complaint(addresses, &i, MIG_ADDRESS_DEVICE, "--x=", reader);
    ck_assert_str_eq(again, "section \"timer\" holds no device state; migstat extract "
                            "--section='timer' takes out what it holds");
    i = 2;
    g_autofree char *field =
        mig_addresses_complaint(addresses, &i, MIG_ADDRESS_DEVICE, "--x=", reader);
    ck_assert_str_eq(field, "no field is \"cpu:eix\", as far as the stream describes "
                            "them; migstat dump --devices='cpu' lists its fields");
}
END_TEST

/* An address that several mean makes all of them good. */
START_TEST(all_that_match_are_good)
{
    g_autoptr(GBytes) bytes = fixture_bytes("diff/c.txt");
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "c", NULL, NULL);
    g_autoptr(MigReader) reader = read_all(in);
    g_autoptr(MigAddresses) addresses = mig_addresses_new();
    size_t i = 0;

    mig_addresses_add(addresses, "cpu");
    mig_addresses_add(addresses, "c*");
    mig_addresses_add(addresses, "cpu@0");
    ck_assert(mig_addresses_section(addresses, "cpu", 0));
    ck_assert_ptr_null(
        mig_addresses_complaint(addresses, &i, MIG_ADDRESS_SECTION, NULL, reader));
}
END_TEST

Suite *suite_address(void)
{
    Suite *suite = suite_create("address");
    TCase *tc = tcase_create("addresses");

    tcase_add_loop_test(tc, means_what_the_manual_says, 0, G_N_ELEMENTS(cases));
    g_auto(GStrv) real = fixture_list("real", ".mig.zst");
    tcase_add_loop_test(tc, what_streams_have_comes_back, 0, (int)g_strv_length(real));
    tcase_add_test(tc, printed_addresses_come_back);
    tcase_add_loop_test(tc, a_hint_means_one_section, 0, 2 * G_N_ELEMENTS(hostile));
    tcase_add_test(tc, knows_what_meant_nothing);
    tcase_add_test(tc, all_that_match_are_good);
    suite_add_tcase(suite, tc);
    return suite;
}
