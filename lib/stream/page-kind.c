/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see page-kind.h.
 * Must not know: who keeps pages.
 * See also:      stream/page.h, which decodes.
 *
 * Source: migration/ram.c, save_zero_page(), save_normal_page(), save_xbzrle_page(),
 * ram_load_precopy(), ram_load_postcopy(), 5.2 to 11.1; do_compress_ram_page(), 5.2 to 9.0.
 */
#include "stream/page-kind.h"

#include "stream/defect.h"
#include "stream/page-decode.h"
#include "stream/page.h"

/* What zlib's compressBound() says of a page of @n bytes: no source sends more. */
static uint32_t compress_bound(uint32_t n)
{
    return n + (n >> 12) + (n >> 14) + (n >> 25) + 13;
}

/* u8, the byte that fills the page: 0 in a sound stream. */
static bool read_zero(const uint8_t *p, uint32_t page_size, MigRamPages *page)
{
    (void)page_size;
    page->fill = p[0];
    return true;
}

static void write_zero(const MigRamPages *page, uint8_t *p)
{
    p[0] = page->fill;
}

/* u8 encoding 1 | be16 length. */
static bool read_xbzrle(const uint8_t *p, uint32_t page_size, MigRamPages *page)
{
    page->data_length = mig_be16(p + 1);
    return p[0] == MIG_XBZRLE_ENCODING && page->data_length <= page_size;
}

static void write_xbzrle(const MigRamPages *page, uint8_t *p)
{
    p[0] = MIG_XBZRLE_ENCODING;
    mig_put_be16(p + 1, (uint16_t)page->data_length);
}

static char *explain_xbzrle(const MigRamPages *page)
{
    return g_strdup_printf(
        "XBZRLE record with an encoding other than 1, or with %u bytes "
        "for a page of %u",
        page->data_length, page->page_size);
}

/* be32 length. */
static bool read_compressed(const uint8_t *p, uint32_t page_size, MigRamPages *page)
{
    page->data_length = mig_be32(p);
    return page->data_length <= compress_bound(page_size);
}

static void write_compressed(const MigRamPages *page, uint8_t *p)
{
    mig_put_be32(p, page->data_length);
}

static char *explain_compressed(const MigRamPages *page)
{
    return g_strdup_printf("compressed page of %u bytes, wanted at most %u",
                           page->data_length, compress_bound(page->page_size));
}

static const MigPageKindType kinds[MIG_PAGE_KIND_COUNT] = {
    [MIG_PAGE_NORMAL] = { .name = "normal",
                          .label = "normal",
                          .flag = MIG_RAM_PAGE,
                          .content = MIG_PAGE_PLAIN,
                          .runs = true,
                          .postcopy = true },
    [MIG_PAGE_ZERO] = { .name = "zero",
                        .label = "zero",
                        .flag = MIG_RAM_ZERO,
                        .content = MIG_PAGE_FILLED,
                        .runs = true,
                        .postcopy = true,
                        .head = 1,
                        .read_head = read_zero,
                        .write_head = write_zero },
    [MIG_PAGE_XBZRLE] = { .name = "xbzrle",
                          .label = "XBZRLE",
                          .flag = MIG_RAM_XBZRLE,
                          .content = MIG_PAGE_ENCODED,
                          .changes = true,
                          .capability = "xbzrle",
                          .malformed = "ram-xbzrle-malformed",
                          .bad_head = MIG_DEFECT_RAM_XBZRLE_HEADER,
                          .head = 3,
                          .read_head = read_xbzrle,
                          .write_head = write_xbzrle,
                          .explain_head = explain_xbzrle,
                          .decode = mig_page_xbzrle },
    [MIG_PAGE_COMPRESSED] = { .name = "compressed",
                              .label = "compressed",
                              .flag = MIG_RAM_COMPRESS_PAGE,
                              .content = MIG_PAGE_ENCODED,
                              .capability = "compress",
                              .malformed = "ram-compressed-malformed",
                              .bad_head = MIG_DEFECT_RAM_COMPRESSED_LENGTH,
                              .head = 4,
                              .read_head = read_compressed,
                              .write_head = write_compressed,
                              .explain_head = explain_compressed,
                              .decode = mig_page_inflate },
};

const MigPageKindType *mig_page_kind(MigPageKind kind)
{
    g_return_val_if_fail((unsigned)kind < MIG_PAGE_KIND_COUNT, &kinds[0]);
    return &kinds[kind];
}

const char *mig_page_kind_name(MigPageKind kind)
{
    return mig_page_kind(kind)->name;
}

MigPageKind mig_page_kind_of_flag(uint32_t flag)
{
    MigPageKind kind = 0;

    while (kind < MIG_PAGE_KIND_COUNT && kinds[kind].flag != flag) {
        kind++;
    }
    return kind;
}
