/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see overview.h.
 * Must not know: how it is shown.
 * See also:      stream/summary.c.
 */
#include "device/overview.h"

#include <string.h>

#include "stream/globalstate.h"

const char *mig_transfer_name(MigTransfer transfer)
{
    static const char *const names[] = {
        [MIG_TRANSFER_UNKNOWN] = "unknown",
        [MIG_TRANSFER_DEVICES] = "devices",
        [MIG_TRANSFER_PRECOPY] = "precopy",
        [MIG_TRANSFER_POSTCOPY] = "postcopy",
        [MIG_TRANSFER_BACKGROUND] = "background",
        [MIG_TRANSFER_MAPPED_RAM] = "mapped-ram",
    };

    g_return_val_if_fail((unsigned)transfer < G_N_ELEMENTS(names), "");
    return names[transfer];
}

/* --- the guest --- */

/* Each vCPU has one of these, or both: system/cpus.c and hw/core/cpu-system.c,
 * cpu_vmstate_register(); a target's vmstate is called "cpu" in all of them. */
static uint32_t count_cpus(MigReader *reader)
{
    size_t n;
    const MigSection *const *all = mig_reader_sections(reader, &n);
    uint32_t common = 0, own = 0;

    for (size_t i = 0; i < n; i++) {
        common += strcmp(all[i]->name, "cpu_common") == 0;
        own += strcmp(all[i]->name, "cpu") == 0;
    }
    return MAX(common, own);
}

static char *read_run_state(MigReader *reader, uint64_t offset)
{
    MigInput *in = mig_reader_input(reader);
    uint8_t body[MIG_GLOBALSTATE_LENGTH];

    return mig_input_seekable(in)
               ? mig_globalstate_run_state(
                     body, mig_input_read_at(in, offset, body, sizeof(body)))
               : NULL;
}

static char *find_run_state(MigReader *reader, const MigSummary *s)
{
    size_t n;
    const MigSection *const *all = mig_reader_sections(reader, &n);

    for (size_t i = mig_summary_totals(s)->n_sections; i-- > 0;) {
        const MigSectionSummary *section = mig_summary_section(s, i);

        if (strcmp(all[section->section]->name, "globalstate") == 0) {
            return section->length >= section->header_length + MIG_GLOBALSTATE_LENGTH
                       ? read_run_state(reader, section->offset + section->header_length)
                       : NULL;
        }
    }
    return NULL;
}

/* --- RAM --- */

/* Hostile lengths add up to no small number. */
static void add(uint64_t *sum, uint64_t n)
{
    *sum = n > UINT64_MAX - *sum ? UINT64_MAX : *sum + n;
}

/* Whether a block is a ROM, a flash or a frame buffer rather than the guest's RAM.  A block
 * of a device is called PATH/NAME, a backend at most /objects/ID: system/physmem.c,
 * qemu_ram_set_idstr(), backends/hostmem.c, 5.2 to 11.1.  Those of a board end in what they
 * are: pc.bios, virt.flash0, riscv_virt_board.mrom, vga.vram. */
static bool is_rom(const char *name)
{
    static const char *const ends[] = { "bios",  "rom",  "mrom", "prom",
                                        "flash", "vram", NULL };
    size_t n = strlen(name), start;

    if (strchr(name, '/')) {
        return !g_str_has_prefix(name, "/objects/");
    }
    while (n && g_ascii_isdigit(name[n - 1])) {
        n--;
    }
    for (start = n; start && !strchr(".-_", name[start - 1]);) {
        start--;
    }
    g_autofree char *end = g_ascii_strdown(name + start, (gssize)(n - start));
    return g_strv_contains(ends, end);
}

/* Blocks of the two kinds are summed apart. */
typedef struct RamSum {
    uint64_t length, pages, sent, zero;
} RamSum;

static void add_block(MigOverview *o, RamSum *sum, const MigRamBlock *block,
                      const MigRamSummary *r, uint32_t page)
{
    uint64_t pages = page ? block->used_length / page : 0;
    uint64_t sent = r->mapped, zero = r->pages[MIG_PAGE_ZERO];

    for (int kind = 0; kind < MIG_PAGE_KIND_COUNT; kind++) {
        sent += r->pages[kind];
    }
    add(&sum->length, block->used_length);
    add(&sum->pages, pages);
    o->resent |= page && sent > pages;
    sent = page ? MIN(sent, pages) : sent;
    add(&sum->sent, sent);
    add(&sum->zero, MIN(zero, sent));
    add(&o->absent_pages, pages - MIN(sent, pages));
}

static void add_ram(MigOverview *o, MigReader *reader, const MigSummary *s)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(reader, &n);
    const MigDescription *description = mig_reader_description(reader);
    uint32_t page = mig_reader_page_size(reader);
    RamSum ram = { 0 }, rom = { 0 };

    page = page ? page : description ? description->page_size : 0;
    for (size_t i = 0; i < n && mig_summary_ram(s, i); i++) {
        add_block(o, is_rom(blocks[i]->name) ? &rom : &ram, blocks[i],
                  mig_summary_ram(s, i), page);
    }
    o->ram_length = ram.length;
    o->rom_length = rom.length;
    o->ram_pages = o->all_pages = ram.pages;
    add(&o->all_pages, rom.pages);
    o->sent_pages = ram.sent;
    o->zero_pages = ram.zero;
}

/* --- how it was made --- */

static bool has_command(const MigSummary *s, uint16_t first, uint16_t last)
{
    const MigCommandSummary *command;

    for (size_t i = 0; (command = mig_summary_command(s, i)); i++) {
        if (command->id >= first && command->id <= last) {
            return true;
        }
    }
    return false;
}

/* Whether a piece of ram has @type. */
static bool has_ram(MigReader *reader, const MigSummary *s, MigSectionType type)
{
    size_t n;
    const MigSection *const *all = mig_reader_sections(reader, &n);
    const MigSectionSummary *section;

    for (size_t i = 0; (section = mig_summary_section(s, i)); i++) {
        if (section->type == type && mig_section_is_ram(all[section->section])) {
            return true;
        }
    }
    return false;
}

/* In a background snapshot ram has no END: migration/migration.c, bg_migration_thread(). */
static MigTransfer find_transfer(MigReader *reader, const MigSummary *s)
{
    const MigConfiguration *configuration = mig_reader_configuration(reader);
    bool ended = mig_summary_totals(s)->eof_offset != UINT64_MAX;

    if (configuration && configuration->mapped_ram) {
        return MIG_TRANSFER_MAPPED_RAM;
    }
    if (has_command(s, MIG_CMD_POSTCOPY_LISTEN, MIG_CMD_PACKAGED)) {
        return MIG_TRANSFER_POSTCOPY;
    }
    if (!has_ram(reader, s, MIG_SECTION_START)) {
        return ended ? MIG_TRANSFER_DEVICES : MIG_TRANSFER_UNKNOWN;
    }
    if (has_ram(reader, s, MIG_SECTION_END)) {
        return MIG_TRANSFER_PRECOPY;
    }
    return ended && has_ram(reader, s, MIG_SECTION_PART) ? MIG_TRANSFER_BACKGROUND
                                                         : MIG_TRANSFER_UNKNOWN;
}

/* --- what takes the room --- */

static int compare_sums(const void *a, const void *b)
{
    const MigSectionSum *x = a, *y = b;

    if (x->length != y->length) {
        return x->length < y->length ? 1 : -1;
    }
    return x->section->index < y->section->index ? -1 : 1;
}

static void add_sums(MigOverview *o, MigReader *reader, const MigSummary *s)
{
    const MigSection *const *all = mig_reader_sections(reader, &o->n_sums);
    const MigSectionSummary *section;

    o->sums = g_new0(MigSectionSum, o->n_sums);
    for (size_t i = 0; i < o->n_sums; i++) {
        o->sums[i].section = all[i];
    }
    for (size_t i = 0; (section = mig_summary_section(s, i)); i++) {
        o->sums[section->section].length += section->length;
        o->sums[section->section].count++;
    }
    if (o->n_sums) { /* else there is no array, which qsort() may not be given */
        qsort(o->sums, o->n_sums, sizeof(*o->sums), compare_sums);
    }
}

MigOverview *mig_overview_new(MigReader *reader, const MigSummary *s)
{
    const MigConfiguration *configuration = mig_reader_configuration(reader);
    MigOverview *o = g_new0(MigOverview, 1);

    o->n_cpus = count_cpus(reader);
    o->run_state = find_run_state(reader, s);
    o->transfer = find_transfer(reader, s);
    o->ignores_shared = configuration && configuration->x_ignore_shared;
    add_ram(o, reader, s);
    add_sums(o, reader, s);
    return o;
}

void mig_overview_free(MigOverview *o)
{
    if (o) {
        g_free(o->run_state);
        g_free(o->sums);
        g_free(o);
    }
}
