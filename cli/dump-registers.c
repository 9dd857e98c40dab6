/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the pass of migstat dump --registers over a stream.
 * Must not know: which registers there are, nor how they look.
 * See also:      dump-registers.h, what a format shows of it; lib/device/registers.h.
 */
#include "dump-registers.h"

#include <string.h>

#include "format.h"

#define CPU "cpu" /* the section of one */

/* A name that was asked for, and what is near it while it has matched none. */
typedef struct Pattern {
    char *lower;
    MigNearest *nearest;
    bool matched;
} Pattern;

typedef struct Registers {
    Dump *dump;
    const DumpRegistersView *view;
    void *shown_in;   /* what the view's functions get */
    GArray *patterns; /* of Pattern; none: all registers */
    uint64_t cpus;    /* that were decoded */

    DumpBody body;
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

static bool is_wanted(void *user, const char *name)
{
    const Registers *r = user;
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

char *dump_register_hex(const MigRegister *one)
{
    unsigned digits = (one->bits + 3) / 4;

    return digits > 16 ? g_strdup_printf("0x%0*" PRIx64 "%016" PRIx64, (int)digits - 16,
                                         one->high, one->low)
                       : g_strdup_printf("0x%0*" PRIx64, (int)digits, one->low);
}

static void show(Registers *r, const MigSection *section, MigRegisters *registers)
{
    const char *architecture = mig_registers_architecture(registers);
    size_t n, wanted = 0;
    const MigRegister *list = mig_registers_list(registers, &n);

    for (size_t i = 0; i < n; i++) {
        wanted += is_wanted(r, list[i].name);
        offer(r, list[i].name);
    }
    r->cpus += architecture != NULL;
    if (wanted) {
        const DumpCpu cpu = { .section = section,
                              .architecture = architecture,
                              .registers = list,
                              .n = n,
                              .first = r->cpus == 1,
                              .some = r->patterns->len > 0,
                              .is_wanted = is_wanted,
                              .user = r };

        r->view->cpu(r->shown_in, &cpu);
    }
}

/* The body of a CPU that went by is over. */
static void decode_body(Registers *r)
{
    g_autoptr(MigRegisters) registers = mig_registers_new();
    const MigDecoder decoder = { .budget = mig_reader_budget(r->dump->reader),
                                 .visit = mig_registers_visit,
                                 .user = registers };
    const MigSection *section = r->body.section;

    dump_body_decode(&r->body, r->dump, &decoder);
    show(r, section, registers);
}

static void watch(Registers *r, const MigItem *item)
{
    if (dump_body_is_over(&r->body, item)) {
        decode_body(r);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL &&
        item->section && g_str_equal(item->section->name, CPU) &&
        dump_wants(r->dump->options, item->section)) {
        dump_body_begin(&r->body, r->dump, item);
    } else if (r->body.section) {
        r->body.length += item->length;
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
                    .view = dump->options->common->format->dump_registers,
                    .patterns = patterns };
    const MigItem *item;

    r.shown_in = r.view->begin(dump);
    while (dump_next(dump, &item) &&
           mig_summary_watch(dump->summary, item, &dump->error)) {
        watch(&r, item);
        dump_skip_ram(dump);
    }
    if (r.body.section) {
        decode_body(&r);
    }
    r.view->end(r.shown_in, dump);
    return dump->error || is_complete(&r);
}
