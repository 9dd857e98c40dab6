/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of the ram section: block list, page records, which pages were
 *                sent.
 * Must not know: mapped-ram's regions (check/rules-mapped-ram.c).
 * See also:      check/rule.h; stream/ram.c; stream/page.h.
 *
 * Source: migration/ram.c, ram_load_precopy(), parse_ramblocks(), ram_load_postcopy(),
 * 5.2 to 10.2.
 */
#include "check/rule.h"
#include "io/number.h"
#include "stream/defect.h"
#include "stream/page-decode.h"
#include "stream/page.h"
#include "stream/ram-record.h"

static const MigConfiguration *configuration_of(const MigCheck *check)
{
    return mig_reader_configuration(mig_check_reader(check));
}

/* --- the block list --------------------------------------------------------------- */

static void ram_version(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->type == MIG_SECTION_START && mig_section_is_ram(item->section) &&
        item->section->version_id != MIG_RAM_VERSION) {
        uint32_t version = item->section->version_id;

        mig_report_item(check, item, "version %u, wanted %u", version, MIG_RAM_VERSION);
        if (version > MIG_RAM_VERSION) {
            mig_report_loader(check, MIG_RELEASE_FIRST, QEMU(10, 1),
                              "savevm: unsupported version %u for 'ram' v4", version);
            mig_report_loader(check, QEMU(10, 2), MIG_RELEASE_LAST,
                              "unsupported version %u for 'ram' v4", version);
        } else {
            mig_report_loader(
                check, MIG_RELEASE_FIRST, QEMU(10, 1),
                "error while loading state for instance 0x0 of device 'ram'");
            mig_report_loader(check, QEMU(10, 2), MIG_RELEASE_LAST,
                              "Failed to load vmstate version_id: %u", version);
        }
    }
}

static void ram_list_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    if (facts->ram_lists == 0 && facts->n_page_records == 0) {
        mig_report_item(check, item,
                        "a page, and no block list (MEM_SIZE) came before it");
    }
}

static void ram_list_total(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_RAM_LIST_TOTAL) {
        mig_report_item(check, item,
                        "the block list ends here, and its blocks do not add up "
                        "to its total");
        mig_report_loader(check, MIG_ALL_RELEASES,
                          "Unknown ramblock \"\", cannot accept migration");
    }
}

static void ram_list_twice(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    if (facts->ram_lists) {
        mig_report_item(check, item, "a second block list: a source sends it once");
    } else if (item->type != MIG_SECTION_START) {
        mig_report_item(check, item, "the block list does not stand in START");
    }
}

static void ram_block_twice(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_RAM_BLOCK_TWICE) {
        mig_report_item(check, item, "block %s stands in the list twice",
                        item->block->name);
    }
}

static void ram_block_size(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    uint32_t page_size = mig_reader_page_size(mig_check_reader(check));

    (void)facts;
    if (page_size && item->block->used_length % page_size) {
        mig_report_item(check, item,
                        "block %s has %" PRIu64 " bytes, no multiple of the page "
                        "size, %u",
                        item->block->name, item->block->used_length, page_size);
    }
}

/* --- page records ----------------------------------------------------------------- */

static void ram_block_unknown(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_RAM_BLOCK_UNKNOWN) {
        const uint8_t *p = mig_reader_bytes(mig_check_reader(check), item);
        uint8_t n = 0;
        const char *given = p ? mig_ram_pages_name(&item->pages, p, &n) : "";
        g_autofree char *name = g_strndup(given, n);

        mig_report_item(check, item,
                        "a page of block %s, which the block list does not have", name);
        mig_report_loader(check, MIG_ALL_RELEASES, "Can't find block %s", name);
    }
}

static void ram_continue(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_RAM_CONTINUE) {
        mig_report_item(check, item,
                        "a page that continues a block, and no page before it "
                        "named one");
        mig_report_loader(check, MIG_ALL_RELEASES, "Ack, bad migration stream!");
    }
}

static void ram_page_outside(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigRamPages *run = &item->pages;

    (void)facts;
    if (item->defect == MIG_DEFECT_RAM_PAGE_OUTSIDE) {
        uint64_t size = run->page_size, length = run->block->used_length;
        /* The first one that is; the pages before it in the run are sound. */
        uint64_t at = MAX(run->address, length / size * size);

        mig_report_item(check, item,
                        "a page at 0x%" PRIx64 " of block %s, which has 0x%" PRIx64
                        " bytes",
                        at, run->block->name, length);
        mig_report_loader(check, MIG_ALL_RELEASES, "Illegal RAM offset %" PRIx64, at);
    }
}

static void ram_zero_fill(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->pages.kind == MIG_PAGE_ZERO && item->pages.fill) {
        mig_report_item(check, item, "%u zero page%s filled with 0x%02x, wanted 0",
                        item->pages.n_pages, MIG_PLURAL(item->pages.n_pages),
                        item->pages.fill);
        mig_report_loader(check, QEMU(8, 2), MIG_RELEASE_LAST,
                          "Found a zero page with value %u", item->pages.fill);
    }
}

static void ram_hook(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->ram_mark.flag == MIG_RAM_HOOK) {
        mig_report_item(check, item, "a HOOK record, which only RDMA has");
        mig_report_loader(check, MIG_RELEASE_FIRST, QEMU(8, 1),
                          "load of migration failed: Invalid argument");
    }
}

/* x-ignore-shared and mapped-ram are the only capabilities that a stream records; with
 * mapped-ram no page is in a record. */
static void ram_page_kind(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigConfiguration *conf = configuration_of(check);

    (void)facts;
    if (conf && conf->mapped_ram &&
        (item->kind == MIG_ITEM_RAM_PAGES || item->ram_mark.flag != MIG_RAM_EOS)) {
        unsigned flag = item->kind == MIG_ITEM_RAM_PAGES
                            ? mig_page_kind(item->pages.kind)->flag
                            : item->ram_mark.flag;

        mig_report_item(check, item,
                        "a record with flag 0x%03x, and the configuration has "
                        "mapped-ram: such a stream has none",
                        flag);
        mig_report_loader(check, QEMU(9, 0), MIG_RELEASE_LAST, "Unexpected RAM flags: %u",
                          flag);
    }
}

static void ram_postcopy_kind(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    unsigned flag = 0;

    if (facts->postcopy != MIG_POSTCOPY_RUNNING) {
        return;
    }
    if (item->kind == MIG_ITEM_RAM_LIST) {
        flag = MIG_RAM_MEM_SIZE;
    } else if (item->kind == MIG_ITEM_RAM_PAGES) {
        const MigPageKindType *kind = mig_page_kind(item->pages.kind);

        flag = kind->postcopy ? 0 : kind->flag;
    } else if (item->ram_mark.flag == MIG_RAM_HOOK) {
        flag = MIG_RAM_HOOK;
    }
    if (flag) {
        mig_report_item(check, item,
                        "a record with flag 0x%03x in postcopy, which has normal "
                        "and zero pages only",
                        flag);
        mig_report_loader(check, MIG_ALL_RELEASES,
                          "Unknown combination of migration flags: 0x%x (postcopy mode)",
                          flag);
    }
}

static const uint8_t *encoding_of(MigCheck *check, const MigItem *item)
{
    const uint8_t *p = mig_reader_bytes(mig_check_reader(check), item);

    return p ? mig_ram_pages_data(&item->pages, p, 0) : NULL;
}

static void ram_xbzrle_malformed(MigCheck *check, const MigFacts *facts,
                                 const MigItem *item)
{
    const MigRamPages *page = &item->pages;
    const uint8_t *data;

    (void)facts;
    if (page->kind == MIG_PAGE_XBZRLE && (data = encoding_of(check, item)) != NULL &&
        !mig_page_xbzrle(data, page->data_length, NULL, page->page_size)) {
        mig_report_item(check, item,
                        "the %u bytes of XBZRLE encoding for the page at 0x%" PRIx64
                        " are malformed",
                        page->data_length, page->address);
        mig_report_loader(check, MIG_ALL_RELEASES,
                          "Failed to decompress XBZRLE page at %" PRIx64, page->address);
    }
}

static void ram_xbzrle_base(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigRamPages *page = &item->pages;

    if (page->kind == MIG_PAGE_XBZRLE && page->block && !item->defect &&
        !mig_facts_page_sent(facts, page->block, page->address, page->page_size)) {
        mig_report_item(check, item,
                        "an XBZRLE page at 0x%" PRIx64 " of block %s, which was "
                        "never sent before: there is nothing to apply it to",
                        page->address, page->block->name);
    }
}

static void ram_compressed_malformed(MigCheck *check, const MigFacts *facts,
                                     const MigItem *item)
{
    const MigRamPages *page = &item->pages;
    const uint8_t *data;

    (void)facts;
    if (page->kind == MIG_PAGE_COMPRESSED && (data = encoding_of(check, item)) != NULL &&
        !mig_page_inflate(data, page->data_length, NULL, page->page_size)) {
        mig_report_item(check, item,
                        "the %u bytes of zlib data for the page at 0x%" PRIx64
                        " do not inflate to %u bytes",
                        page->data_length, page->address, page->page_size);
    }
}

static void ram_eos_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_RAM_EOS_MISSING) {
        mig_report_item(check, item,
                        "the section's footer, and no EOS record ended its body");
        mig_report_loader(check, MIG_ALL_RELEASES,
                          "Unknown combination of migration flags");
    }
}

/* --- what was sent ---------------------------------------------------------------- */

/* How many pages blocks lack; where their size is not known, any of them does. */
static uint64_t count_missing(const MigFacts *facts, uint32_t page_size)
{
    uint64_t n = 0;

    for (guint i = 0; i < facts->coverage->len; i++) {
        const MigCoverage *coverage = &g_array_index(facts->coverage, MigCoverage, i);

        uint64_t pages = page_size ? coverage->block->used_length / page_size : 1;

        n += pages - MIN(pages, page_size ? coverage->sent.n_in : 0);
    }
    return n;
}

/* Why a page need not be in this stream, or NULL. */
static const char *pages_elsewhere(const MigCheck *check, const MigFacts *facts)
{
    uint32_t page_size = mig_reader_page_size(mig_check_reader(check));
    const MigConfiguration *conf = configuration_of(check);

    if (conf && conf->x_ignore_shared) {
        return "x-ignore-shared: shared blocks are not sent";
    }
    if (facts->multifd_flush && !facts->multifd.seen) {
        return "multifd: pages travel on other channels";
    }
    if (facts->colo) {
        return "COLO: pages follow in its checkpoints";
    }
    if (facts->ram_lists && !(conf && conf->mapped_ram) && !facts->n_content_records &&
        count_missing(facts, page_size)) {
        return "no record has a page's content: they may travel on other channels";
    }
    return NULL;
}

static void report_missing(MigCheck *check, const MigFacts *facts,
                           const MigCoverage *coverage, uint64_t place,
                           uint32_t page_size)
{
    uint64_t n_pages = coverage->block->used_length / page_size;
    uint64_t missing = n_pages - coverage->sent.n_in;
    g_autofree char *some = mig_number(missing), *all = mig_number(n_pages);
    uint64_t first =
        coverage->sent.index
            ? mig_page_set_first_missing(&coverage->sent, &facts->pages) * page_size
            : 0;

    if (missing == 0) {
        return;
    }
    mig_report(check, place, NULL,
               "%s of %s pages of RAM block %s are never sent, the first at "
               "0x%" PRIx64 "%s",
               some, all, coverage->block->name, first,
               facts->hints ? "; its guest has told the source which it does not need"
                            : "");
    if (facts->hints) {
        mig_report_severity(check, MIG_SEVERITY_NOTE);
    }
}

static void ram_pages_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const char *elsewhere = pages_elsewhere(check, facts);
    uint32_t page_size = mig_reader_page_size(mig_check_reader(check));
    uint64_t place = 0;

    (void)item;
    for (guint i = 0; i < facts->sections->len; i++) {
        const MigSectionFacts *s = &g_array_index(facts->sections, MigSectionFacts, i);

        place =
            mig_section_is_ram(s->section) && s->start != MIG_NOWHERE ? s->start : place;
    }
    for (guint i = 0; i < facts->coverage->len && !elsewhere && page_size; i++) {
        const MigCoverage *coverage = &g_array_index(facts->coverage, MigCoverage, i);

        if (coverage->unknown) {
            elsewhere = "more guest memory than is kept track of";
        } else if (!coverage->block->mapped) {
            report_missing(check, facts, coverage, place, page_size);
        }
    }
    if (elsewhere) {
        mig_report_no_ground(check, elsewhere);
    }
}

/* Stock QEMU completes such a load, and the guest goes on with pages that it never had. */
static void ram_channels_missing(MigCheck *check, const MigFacts *facts,
                                 const MigItem *item)
{
    const MigConfiguration *conf = configuration_of(check);
    uint32_t page_size = mig_reader_page_size(mig_check_reader(check));
    uint64_t n = count_missing(facts, page_size);
    g_autofree char *missing = mig_number(n);

    (void)item;
    if (facts->multifd.seen || facts->colo || !facts->ram_lists ||
        (conf && (conf->x_ignore_shared || conf->mapped_ram)) ||
        (!facts->multifd_flush && facts->n_content_records) || n == 0) {
        return;
    }
    mig_report(
        check, facts->eof, NULL,
        "%s pages of RAM are not in the stream, and no record has a page's content: "
        "it is the main channel of a multifd migration, and loads without them; give "
        "the others with --channel=FILE, or save without multifd",
        page_size ? missing : "all");
    if (mig_check_asks(check, MIG_ALL_RELEASES)) {
        mig_report_severity(check, MIG_SEVERITY_ERROR);
    }
}

/* Xen's streams, which have no CONFIGURATION, leave RAM to Xen. */
static void ram_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->sections->len; i++) {
        if (mig_section_is_ram(
                g_array_index(facts->sections, MigSectionFacts, i).section)) {
            return;
        }
    }
    if (facts->configuration != MIG_NOWHERE) {
        mig_report(check, facts->eof, NULL,
                   "no section is ram: the guest goes on with the memory that the "
                   "destination has as it comes up");
        mig_report_no_remedy(check, "the stream does not have the guest's memory");
    }
}

#define PAGES MIG_WATCH(RAM_PAGES)
#define MARK  MIG_WATCH(RAM_MARK)

const MigRule mig_rules_ram[] = {
    { "ram-version", "the ram section is of version 4", MIG_SEVERITY_ERROR,
      MIG_WATCH(SECTION_HEADER), .judge = ram_version },
    { "ram-list-missing", "a block list comes before the first page", MIG_SEVERITY_ERROR,
      PAGES, .judge = ram_list_missing },
    { "ram-list-total", "the blocks of the list add up to its total", MIG_SEVERITY_ERROR,
      PAGES | MARK | MIG_WATCH(RAM_LIST), .judge = ram_list_total },
    { "ram-list-twice", "there is one block list, in START", MIG_SEVERITY_WARNING,
      MIG_WATCH(RAM_LIST), .judge = ram_list_twice },
    { "ram-block-twice", "a block stands in the list once", MIG_SEVERITY_ERROR,
      MIG_WATCH(RAM_BLOCK), .judge = ram_block_twice, .after = { "ram-list-twice" } },
    { "ram-blocks-too-many", "there are not more RAM blocks than migstat looks at",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { "ram-block-size", "a block is whole pages", MIG_SEVERITY_ERROR,
      MIG_WATCH(RAM_BLOCK), .judge = ram_block_size },
    { "ram-flag", "the flags of a record are known", MIG_SEVERITY_ERROR, 0,
      .loader = "Unknown combination of migration flags" },
    { "ram-page-unaligned", "a page begins at a multiple of the page size",
      MIG_SEVERITY_ERROR, 0, .loader = "Unknown combination of migration flags" },
    { "ram-block-unknown", "pages are of blocks in the list", MIG_SEVERITY_ERROR, PAGES,
      .judge = ram_block_unknown, .after = { "ram-list-missing" } },
    { "ram-continue-without-block", "a page that continues a block follows one of it",
      MIG_SEVERITY_ERROR, PAGES, .judge = ram_continue,
      .after = { "ram-block-unknown" } },
    { "ram-page-outside", "pages lie in their block", MIG_SEVERITY_ERROR, PAGES,
      .judge = ram_page_outside, .after = { "ram-block-twice" } },
    { "ram-zero-fill", "zero pages are filled with zeros", MIG_SEVERITY_ERROR, PAGES,
      .judge = ram_zero_fill },
    { "ram-hook", "there are no records of RDMA", MIG_SEVERITY_WARNING, MARK,
      .judge = ram_hook },
    { "ram-page-kind", "with mapped-ram no page is in a record", MIG_SEVERITY_ERROR,
      PAGES | MARK, .judge = ram_page_kind },
    { "ram-postcopy-kind", "in postcopy there are normal and zero pages only",
      MIG_SEVERITY_ERROR, PAGES | MARK | MIG_WATCH(RAM_LIST),
      .judge = ram_postcopy_kind },
    { "ram-xbzrle-header", "an XBZRLE record has encoding 1 and fits a page",
      MIG_SEVERITY_ERROR, 0, .loader = "Failed to decompress XBZRLE page" },
    { "ram-xbzrle-malformed", "XBZRLE encodings can be applied to a page",
      MIG_SEVERITY_ERROR, PAGES, .judge = ram_xbzrle_malformed },
    { "ram-xbzrle-base", "a page is sent before its XBZRLE encodings", MIG_SEVERITY_ERROR,
      PAGES, .judge = ram_xbzrle_base, .after = { "ram-list-missing" } },
    { "ram-compressed-length", "a zlib page is not longer than it can be",
      MIG_SEVERITY_ERROR, 0, .loader = "Invalid compressed data length",
      .later = { QEMU(9, 1), "Unknown combination of migration flags" } },
    { "ram-compressed-malformed", "zlib pages inflate to a page", MIG_SEVERITY_ERROR,
      PAGES, .judge = ram_compressed_malformed },
    { "ram-eos-missing", "a body of ram ends with EOS", MIG_SEVERITY_ERROR,
      MIG_WATCH(SECTION_FOOTER), .judge = ram_eos_missing },
    { "ram-pages-missing", "every page is sent", MIG_SEVERITY_ERROR, MIG_WATCH_END,
      .judge = ram_pages_missing,
      .after = { "ram-list-missing", "ram-list-total", "ram-block-twice",
                 "ram-block-unknown" } },
    { "ram-channels-missing", "pages that other channels carry are given, too",
      MIG_SEVERITY_WARNING, MIG_WATCH_END, .judge = ram_channels_missing,
      .after = { "ram-list-missing", "ram-list-total" } },
    { "ram-missing", "the stream has RAM", MIG_SEVERITY_WARNING, MIG_WATCH_END,
      .judge = ram_missing },
    { 0 },
};
