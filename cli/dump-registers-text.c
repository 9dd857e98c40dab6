/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --registers as text.
 * Must not know: which registers there are.
 * See also:      dump-registers.c, which calls it.
 */
#include "dump-registers.h"

#include <string.h>

#include "text.h"

static void print_title(const Dump *dump, const DumpCpu *cpu)
{
    bool color = cli_use_color(dump->options->common->color, stdout);
    g_autofree char *name =
        mig_address_of_section(cpu->section->name, cpu->section->instance_id);

    printf("%s%s%s%s  %s\n", cpu->first ? "" : "\n", cli_style(color, CLI_BOLD), name,
           cli_style(color, CLI_PLAIN), cpu->architecture);
}

/* The register of a list that is called @name@suffix, or "". */
static char *part_of(const MigRegister *list, size_t n, const char *name,
                     const char *suffix)
{
    g_autofree char *wanted = g_strconcat(name, suffix, NULL);

    for (size_t i = 0; i < n; i++) {
        if (g_str_equal(list[i].name, wanted)) {
            return dump_register_hex(&list[i]);
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
            g_autofree char *base = dump_register_hex(&list[i]);
            g_autofree char *limit = part_of(list, n, name, "_limit");
            g_autofree char *attributes = part_of(list, n, name, "_attr");

            cli_table_row(table, name, selector, base, limit, attributes);
        }
    }
    cli_table_print(table, stdout, 2);
}

static void register_row(CliTable *table, const MigRegister *one)
{
    g_autofree char *value = dump_register_hex(one);

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

static void print_some(const DumpCpu *cpu)
{
    CliTable *table = cli_table_new("llw");

    for (size_t i = 0; i < cpu->n; i++) {
        if (cpu->is_wanted(cpu->user, cpu->registers[i].name)) {
            register_row(table, &cpu->registers[i]);
        }
    }
    cli_table_print(table, stdout, 2);
}

static void print_cpu(void *view, const DumpCpu *cpu)
{
    print_title(view, cpu);
    if (cpu->some) {
        print_some(cpu);
    } else {
        print_all(cpu->registers, cpu->n);
    }
}

/* The view is the dump. */
static void *begin(const Dump *dump)
{
    return (void *)(uintptr_t)dump;
}

static void end(void *view, const Dump *dump)
{
    (void)view;
    (void)dump;
}

const DumpRegistersView dump_registers_text = { .begin = begin,
                                                .cpu = print_cpu,
                                                .end = end };
