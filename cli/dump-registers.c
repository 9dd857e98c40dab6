/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --registers, as text and as JSON.
 * Must not know: which registers there are.
 * See also:      cmd-dump.c; lib/device/registers.h.
 */
#include <string.h>

#include "dump.h"
#include "fields.h"
#include "progress.h"
#include "text.h"

#define CPU "cpu" /* the section of one */

/* A name that was asked for, and what is near it while it has matched none. */
typedef struct Pattern {
    char *lower;
    MigNearest *nearest;
    bool matched;
} Pattern;

typedef struct Registers {
    Dump *dump;
    CliJson *json; /* NULL: text */
    bool color;
    GArray *patterns; /* of Pattern; none: all registers */
    uint64_t cpus;    /* that were decoded */

    /* The section whose body goes by. */
    const MigSection *section;
    uint64_t from, length;
} Registers;

static Pattern *pattern_at(const Registers *r, guint i)
{
    return &g_array_index(r->patterns, Pattern, i);
}

static void clear_pattern(gpointer p)
{
    g_free(((Pattern *)p)->lower);
    mig_nearest_free(((Pattern *)p)->nearest);
}

/* "rip,cr*" */
static GArray *patterns_of(const char *text)
{
    GArray *patterns = g_array_new(false, false, sizeof(Pattern));
    g_auto(GStrv) names = g_strsplit(text ? text : "", ",", -1);

    g_array_set_clear_func(patterns, clear_pattern);
    for (char **name = names; *name; name++) {
        Pattern pattern = { .lower = g_ascii_strdown(*name, -1),
                            .nearest = mig_nearest_new(*name) };

        g_array_append_val(patterns, pattern);
    }
    return patterns;
}

static bool is_wanted(const Registers *r, const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    bool wanted = r->patterns->len == 0;

    for (guint i = 0; i < r->patterns->len; i++) {
        Pattern *pattern = pattern_at(r, i);
        bool matches = g_pattern_match_simple(pattern->lower, lower);

        pattern->matched |= matches;
        wanted |= matches;
    }
    return wanted;
}

static void offer(const Registers *r, const char *name)
{
    for (guint i = 0; i < r->patterns->len; i++) {
        mig_nearest_offer(pattern_at(r, i)->nearest, name);
    }
}

/* "0x" and a digit for each four bits. */
static char *hex_of(const MigRegister *one)
{
    unsigned digits = (one->bits + 3) / 4;

    return digits > 16 ? g_strdup_printf("0x%0*" PRIx64 "%016" PRIx64, (int)digits - 16,
                                         one->high, one->low)
                       : g_strdup_printf("0x%0*" PRIx64, (int)digits, one->low);
}

/* --- text -------------------------------------------------------------------------------- */

static void print_cpu(const Registers *r, const char *architecture)
{
    g_autofree char *name =
        mig_address_of_section(r->section->name, r->section->instance_id);

    printf("%s%s%s%s  %s\n", r->cpus > 1 ? "\n" : "", cli_style(r->color, CLI_BOLD), name,
           cli_style(r->color, CLI_PLAIN), architecture);
}

/* The register of a list that is called @name@suffix, or "". */
static char *part_of(const MigRegister *list, size_t n, const char *name,
                     const char *suffix)
{
    g_autofree char *wanted = g_strconcat(name, suffix, NULL);

    for (size_t i = 0; i < n; i++) {
        if (g_str_equal(list[i].name, wanted)) {
            return hex_of(&list[i]);
        }
    }
    return g_strdup("");
}

/* "cs 0x0010, base, limit, attributes" of each: those named NAME_base are segments. */
static void print_segments(const MigRegister *list, size_t n)
{
    CliTable *table = cli_table_new("lrrrr");

    cli_table_head(table, "segment", "selector", "base", "limit", "attributes");
    for (size_t i = 0; i < n; i++) {
        if (list[i].group == MIG_REGISTER_SEGMENT &&
            g_str_has_suffix(list[i].name, "_base")) {
            g_autofree char *name =
                g_strndup(list[i].name, strlen(list[i].name) - strlen("_base"));
            g_autofree char *selector = part_of(list, n, name, "");
            g_autofree char *base = hex_of(&list[i]);
            g_autofree char *limit = part_of(list, n, name, "_limit");
            g_autofree char *attributes = part_of(list, n, name, "_attr");

            cli_table_row(table, name, selector, base, limit, attributes);
        }
    }
    cli_table_print(table, stdout, 2);
}

static void register_row(CliTable *table, const MigRegister *one)
{
    g_autofree char *value = hex_of(one);

    cli_table_row(table, one->name, value, one->meaning);
}

static void print_all(const MigRegister *list, size_t n)
{
    for (size_t from = 0, to; from < n; from = to) {
        MigRegisterGroup group = list[from].group;
        CliTable *table;

        for (to = from; to < n && list[to].group == group; to++) {
        }
        printf("\n  %s\n", mig_register_group_name(group));
        if (group == MIG_REGISTER_SEGMENT) {
            print_segments(list, n);
            continue;
        }
        table = cli_table_new("llw");
        for (size_t i = from; i < to; i++) {
            register_row(table, &list[i]);
        }
        cli_table_print(table, stdout, 2);
    }
}

static void print_some(const Registers *r, const MigRegister *list, size_t n)
{
    CliTable *table = cli_table_new("llw");

    for (size_t i = 0; i < n; i++) {
        if (is_wanted(r, list[i].name)) {
            register_row(table, &list[i]);
        }
    }
    cli_table_print(table, stdout, 2);
}

/* --- JSON -------------------------------------------------------------------------------- */

static void json_register(CliJson *json, const MigRegister *one)
{
    g_autofree char *hex = hex_of(one);

    cli_json_object(json, NULL);
    cli_json_string(json, "name", one->name);
    cli_json_string(json, "group", mig_register_group_name(one->group));
    cli_json_uint(json, "bits", one->bits);
    if (one->bits > 64) {
        cli_json_null(json, "value");
    } else {
        cli_json_uint(json, "value", one->low);
    }
    cli_json_string(json, "value_hex", hex);
    cli_json_string(json, "meaning", one->meaning);
    cli_json_string(json, "path", one->path);
    cli_json_uint(json, "offset", one->offset);
    cli_json_end_object(json);
}

static void json_cpu(const Registers *r, const char *architecture,
                     const MigRegister *list, size_t n)
{
    cli_json_object(r->json, NULL);
    cli_json_string(r->json, "name", r->section->name);
    cli_json_uint(r->json, "instance_id", r->section->instance_id);
    cli_json_string(r->json, "architecture", architecture);
    cli_json_array(r->json, "registers");
    for (size_t i = 0; i < n; i++) {
        if (is_wanted(r, list[i].name)) {
            json_register(r->json, &list[i]);
        }
    }
    cli_json_end_array(r->json);
    cli_json_end_object(r->json);
}

/* --- the pass over the stream ------------------------------------------------------------ */

static void show(Registers *r, MigRegisters *registers)
{
    const char *architecture = mig_registers_architecture(registers);
    size_t n, wanted = 0;
    const MigRegister *list = mig_registers_list(registers, &n);

    for (size_t i = 0; i < n; i++) {
        wanted += is_wanted(r, list[i].name);
        offer(r, list[i].name);
    }
    r->cpus += architecture != NULL;
    if (!wanted) {
        return;
    }
    if (r->json) {
        json_cpu(r, architecture, list, n);
        return;
    }
    print_cpu(r, architecture);
    if (r->patterns->len) {
        print_some(r, list, n);
    } else {
        print_all(list, n);
    }
}

/* The body of a CPU that went by is over. */
static void decode_body(Registers *r)
{
    g_autoptr(MigRegisters) registers = mig_registers_new();
    const MigDecoder decoder = { .budget = mig_reader_budget(r->dump->reader),
                                 .visit = mig_registers_visit,
                                 .user = registers };
    MigDeviceBody body;
    bool matches = false;

    if (!r->section) {
        return;
    }
    body = (MigDeviceBody){ r->section->name, r->section->instance_id,
                            r->section->version_id, r->from, r->length };
    mig_device_decode_at(&decoder, r->dump->in, mig_reader_description(r->dump->reader),
                         &body, &matches, r->dump->error ? NULL : &r->dump->error);
    show(r, registers);
    r->section = NULL;
}

static void watch(Registers *r, const MigItem *item)
{
    bool in_body = item->section && item->kind != MIG_ITEM_SECTION_HEADER &&
                   item->kind != MIG_ITEM_SECTION_FOOTER;

    if (r->section && !in_body) {
        decode_body(r);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL &&
        item->section && g_str_equal(item->section->name, CPU) &&
        dump_wants(r->dump->options, item->section)) {
        /* makes what follows readable again, on a pipe too */
        mig_reader_find_description(r->dump->reader, NULL);
        r->section = item->section;
        r->from = item->offset + item->length;
        r->length = 0;
    } else if (r->section) {
        r->length += item->length;
    }
}

static void complain(const Registers *r, const char *text)
{
    g_autoptr(GError) error = NULL;

    mig_error_set_plain(&error, MIG_ERROR_UNMATCHED, "%s", text);
    cli_print_error(r->dump->file, error);
}

/* Says what was asked for in vain; whether there was nothing of that kind. */
static bool is_complete(const Registers *r)
{
    bool complete = r->cpus > 0;

    if (!r->cpus) {
        complain(r, "no CPU to show: the stream describes no section \"cpu\" of an "
                    "architecture that is known");
    }
    for (guint i = 0; r->cpus && i < r->patterns->len; i++) {
        const Pattern *pattern = pattern_at(r, i);
        g_autofree char *hint = mig_nearest_hint(pattern->nearest, "the CPU has");
        g_autofree char *text =
            g_strdup_printf("no register is called \"%s\"%s", pattern->lower, hint);

        if (!pattern->matched) {
            complain(r, text);
            complete = false;
        }
    }
    return complete;
}

bool dump_registers(Dump *dump)
{
    g_autoptr(GArray) patterns = patterns_of(dump->options->registers_pattern);
    Registers r = { .dump = dump,
                    .color = cli_use_color(dump->options->common->color, stdout),
                    .patterns = patterns };
    CliJson json;
    const MigItem *item;

    cli_json_init(&json, stdout);
    if (dump->options->common->format == CLI_FORMAT_JSON) {
        r.json = &json;
        cli_json_object(&json, NULL);
        cli_json_string(&json, "file", dump->file);
        cli_json_array(&json, "cpus");
    }
    while (dump_next(dump, &item) &&
           mig_summary_watch(dump->summary, dump->reader, item, &dump->error)) {
        watch(&r, item);
    }
    decode_body(&r);
    if (r.json) {
        cli_json_end_array(&json);
        cli_json_bool(&json, "complete", !dump->error);
        cli_json_error(&json, "error", dump->error);
        cli_json_end_object(&json);
        cli_json_finish(&json);
    }
    return dump->error || is_complete(&r);
}
