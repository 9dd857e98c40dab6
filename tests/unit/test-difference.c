/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that a client of the library gets differences as data: each with its
 *                place, and the value of each side.
 * Must not know: how migstat diff shows them; test-diff.c does.
 * See also:      lib/diff/diff.h; tests/fixtures/diff, and what its files are in test-diff.c.
 */
#include "diff/diff.h"

#include <inttypes.h>
#include <stdbool.h>

#include "mkmig.h"
#include "support.h"

/* --- a difference in one line ------------------------------------------------------------- */

static void append_field(GString *text, const MigField *field)
{
    if (mig_field_is_group(field)) {
        g_string_append(text, "group");
    } else if (field->kind == MIG_FIELD_BYTES || field->kind == MIG_FIELD_MISMATCH) {
        for (uint64_t i = 0; i < MIN(field->length, 8); i++) {
            g_string_append_printf(text, "%02x", field->bytes[i]);
        }
        g_string_append_printf(text, "(%" PRIu64 ")", field->length);
    } else {
        g_string_append_printf(text, "%s=%" PRId64, field->name, field->i);
    }
}

/* "-": this side lacks it. */
static void append_value(GString *text, const MigDifferenceValue *value)
{
    g_string_append_c(text, ' ');
    if (!value->present) {
        g_string_append_c(text, '-');
        return;
    }
    if (value->text) {
        g_string_append(text, value->text);
    }
    if (value->field) {
        append_field(text, value->field);
    }
    if (value->vfio) {
        g_string_append(text, mig_vfio_dialect_name(value->vfio->dialect));
    }
    if (value->number) {
        g_string_append_printf(text, "#%" PRIu64, value->number);
    }
    g_string_append_printf(text, "%s%s", value->described ? "described" : "",
                           value->ends ? "ends" : "");
}

/* A MigDifferenceVisit: appends "kind section:path block 0xADDRESS+0xLENGTH A B". */
static void collect(const MigDifference *d, void *user)
{
    GString *list = user;

    g_string_append_printf(list, "%s%s", list->len ? "\n" : "",
                           mig_difference_kind_name(d->kind));
    if (d->section) {
        g_string_append_printf(list, " %s:%s", d->section->name, d->path ? d->path : "");
    }
    if (d->block) {
        g_string_append_printf(list, " %s", d->block->name);
    }
    if (d->address || d->length) {
        g_string_append_printf(list, " 0x%" PRIx64 "+0x%" PRIx64, d->address, d->length);
    }
    append_value(list, &d->value[MIG_DIFF_A]);
    append_value(list, &d->value[MIG_DIFF_B]);
}

/* --- what is compared --------------------------------------------------------------------- */

#define HEAD "header; config \"pc\"\n"
#define VFIO(data)                                                  \
    HEAD "start 3 \"d/vfio\" 0 1; vfio setup; vfio eos; footer 3\n" \
         "part 3; " data " vfio eos; footer 3\neof"
#define DEVICE(body, fields)                                                            \
    HEAD "full 9 \"dev\" 0 1; " body "; footer 9; eof\ndescription {\n"                 \
         "{\"page_size\": 4096, \"devices\": [{\"name\": \"dev\", \"instance_id\": 0, " \
         "\"vmsd_name\": \"dev\", \"version\": 1, \"fields\": [" fields "]}]}\n}\n"
#define BUFFER(size) "{\"name\": \"b\", \"type\": \"buffer\", \"size\": " size "}"

#define ROWS                                                                     \
    "{\"name\": \"rows\", \"array_len\": 2, \"type\": \"struct\", \"size\": 1, " \
    "\"struct\": "                                                               \
    "{\"vmsd_name\": \"row\", \"version\": 1, \"fields\": [{\"name\": \"x\", "   \
    "\"type\": \"uint8\", \"size\": 1}]}}"

static const struct {
    const char *title;
    const char *a, *b; /* fixtures, or texts for mkmig */
    MigDiffFlags flags;
    const char *only, *ignore;
    const char *differences;
} cases[] = {
    { "the same", "diff/a.txt", "diff/a.txt", MIG_DIFF_RAM, NULL, NULL, "" },
    { "two registers", "diff/a.txt", "diff/b.txt", MIG_DIFF_RAM, NULL, NULL,
      "field cpu:regs[2] [2]=3 [2]=9\n"
      "field cpu:eip eip=65520 eip=65522" },
    { "another machine", "diff/a.txt", "diff/c.txt", 0, NULL, NULL,
      "machine pc-q35-7.2 pc-q35-8.0\n"
      "ram-block vga.vram - #16384\n"
      "field timer:cpu_ticks_offset cpu_ticks_offset=4660 "
      "cpu_ticks_offset=4661\n"
      "version cpu:version #12 #13\n"
      "subsection cpu:cpu/fpu - group#2\n"
      "section slirp: - " },
    { "RAM", "diff/c.txt", "diff/a.txt", MIG_DIFF_RAM, NULL, "*",
      "machine pc-q35-8.0 pc-q35-7.2\n"
      "ram-pages pc.ram 0x1000+0x2000  \n"
      "ram-pages pc.ram 0x7000+0x1000  \n"
      "ram-block vga.vram #16384 -" },
    { "one device alone", "diff/a.txt", "diff/c.txt", MIG_DIFF_RAM, "cpu", NULL,
      "version cpu:version #12 #13\nsubsection cpu:cpu/fpu - group#2" },
    { "one field left out", "diff/a.txt", "diff/b.txt", 0, NULL, "cpu:eip",
      "field cpu:regs[2] [2]=3 [2]=9" },
    { "no description", HEAD "eof", HEAD "eof; description {\n{\"devices\": []}\n}\n", 0,
      NULL, NULL, "description - " },
    { "a long buffer", DEVICE("zero 5000", BUFFER("5000")),
      DEVICE("zero 4999; u8 1", BUFFER("5000")), 0, NULL, NULL,
      "field dev:b 0000000000000000(5000) 0000000000000000(5000)" },
    { "neither as described", DEVICE("u8 1 2", BUFFER("1")),
      DEVICE("u8 1 3", BUFFER("1")), 0, NULL, NULL, "field dev:? 0102(2) 0103(2)" },
    { "one not as described", DEVICE("u8 1 2", BUFFER("1")), DEVICE("u8 1", BUFFER("1")),
      0, NULL, NULL, "body dev: #2 #1described" },
    { "a group counts the values in it", DEVICE("u8 1 2", BUFFER("2")),
      DEVICE("u8 1 3", ROWS), 0, NULL, NULL,
      "field dev:b 0102(2) -\nfield dev:rows - group#2" },
    { "VFIO layout", "good/vfio-subflag-needed.txt", "good/vfio-subflag-not-needed.txt",
      0, NULL, NULL, "vfio-layout 0000:00:01.0/vfio:layout subflag subflag" },
    { "VFIO data", VFIO("vfio data 2 7; vfio data 1 3;"), VFIO("vfio data 3 7;"), 0, NULL,
      NULL, "vfio-data d/vfio:pre-copy data 0x2+0x0 #3 #7" },
    { "more VFIO data", VFIO("vfio data 2 7;"), VFIO("vfio data 3 7;"), 0, NULL, NULL,
      "vfio-data d/vfio:pre-copy data 0x2+0x0 ends #7" },
};

static MigInput *open_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_str_has_suffix(text, ".txt")
                                  ? fixture_bytes(text)
                                  : mkmig_assemble(text, "text", &error);

    ck_assert_msg(bytes != NULL, "%s", error ? error->message : text);
    return mig_input_new_bytes(bytes, text, NULL, NULL);
}

static void read_both(MigDiff *diff)
{
    while (mig_diff_read(diff, MIG_DIFF_A) == MIG_STATUS_MORE) {
    }
    while (mig_diff_read(diff, MIG_DIFF_B) == MIG_STATUS_MORE) {
    }
}

static MigAddresses *addresses_of(const char *address)
{
    MigAddresses *addresses = mig_addresses_new();

    if (address) {
        mig_addresses_add(addresses, address);
    }
    return addresses;
}

START_TEST(differences_are_data)
{
    g_autoptr(MigInput) a = open_text(cases[_i].a), b = open_text(cases[_i].b);
    g_autoptr(MigAddresses) only = addresses_of(cases[_i].only);
    g_autoptr(MigAddresses) ignore = addresses_of(cases[_i].ignore);
    const MigDiffOptions options = { MIG_DIFF_OPTIONS_INIT, .flags = cases[_i].flags,
                                     .only = only, .ignore = ignore };
    g_autoptr(MigDiff) diff = mig_diff_new(a, b, &options);
    g_autoptr(GString) list = g_string_new(NULL);
    uint64_t n;

    read_both(diff);
    n = mig_diff_compare(diff, collect, list);
    ck_assert_msg(g_str_equal(list->str, cases[_i].differences), "%s:\n%s",
                  cases[_i].title, list->str);
    g_auto(GStrv) lines = g_strsplit(list->str, "\n", -1);
    ck_assert_uint_eq(n, g_strv_length(lines));
    ck_assert_ptr_null(mig_diff_error(diff, MIG_DIFF_A));
    ck_assert_ptr_null(mig_diff_error(diff, MIG_DIFF_B));
    ck_assert_int_eq(mig_diff_ram_image(diff, MIG_DIFF_A) != NULL,
                     cases[_i].flags && !cases[_i].only);
}
END_TEST

/* Without a visit they are counted, without options all is compared. */
START_TEST(differences_are_counted)
{
    g_autoptr(MigInput) a = open_text("diff/a.txt"), b = open_text("diff/b.txt");
    g_autoptr(MigDiff) diff = mig_diff_new(a, b, NULL);

    read_both(diff);
    ck_assert_uint_eq(mig_diff_compare(diff, NULL, NULL), 2);
}
END_TEST

/* --- streams that are not whole ----------------------------------------------------------- */

/* What a stream that breaks off seems to lack is no difference; what it has is compared. */
static const struct {
    const char *stream, *differences;
} broken[] = {
    { HEAD "full 1 \"dev\" 0 1; be32 7", "machine pc pc-q35-8.0\nsection dev:  -" },
    { HEAD, "machine pc pc-q35-8.0" },
    { "header", "" },
};

START_TEST(what_broke_off_is_not_missing)
{
    g_autoptr(MigInput) a = open_text(broken[_i].stream);
    g_autoptr(MigInput) b = open_text("diff/c.txt");
    g_autoptr(MigDiff) diff = mig_diff_new(a, b, NULL);
    g_autoptr(GString) list = g_string_new(NULL);

    read_both(diff);
    ck_assert_ptr_nonnull(mig_diff_error(diff, MIG_DIFF_A));
    ck_assert_int_eq(mig_diff_read(diff, MIG_DIFF_A), MIG_STATUS_ERROR);
    ck_assert_ptr_null(mig_diff_error(diff, MIG_DIFF_B));
    mig_diff_compare(diff, collect, list);
    ck_assert_str_eq(list->str, broken[_i].differences);
}
END_TEST

/* --- names -------------------------------------------------------------------------------- */

START_TEST(each_kind_has_a_name)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (int kind = 0; kind < MIG_DIFFERENCE_KIND_COUNT; kind++) {
        ck_assert(
            g_hash_table_add(names, (gpointer)(uintptr_t)mig_difference_kind_name(kind)));
    }
}
END_TEST

Suite *suite_difference(void)
{
    Suite *suite = suite_create("difference");
    TCase *tc = tcase_create("data");

    tcase_add_loop_test(tc, differences_are_data, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tc, differences_are_counted);
    tcase_add_loop_test(tc, what_broke_off_is_not_missing, 0, G_N_ELEMENTS(broken));
    tcase_add_test(tc, each_kind_has_a_name);
    suite_add_tcase(suite, tc);
    return suite;
}
