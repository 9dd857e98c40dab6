/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see content.h.
 * Must not know: the writer, the chain, any filter.
 * See also:      lib/stream/reader.h, and page.h for encoded pages.
 */
#include "content.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "migstat.h"
#include "stream/page-decode.h"

typedef struct {
    MigInput *in;
    GPtrArray *memory;  /* of each RAM block, NULL before its first page */
    GHashTable *data;   /* VFIO section's name -> GByteArray, of PART and END */
    GHashTable *config; /* the same -> GBytes, the last one */
    GPtrArray *lines;
} Content;

static void line(Content *content, const char *what, const void *bytes, size_t n)
{
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, n);
    g_ptr_array_add(content->lines, g_strdup_printf("%s %zu %s", what, n, sum));
}

/* Fresh memory is zero, and costs nothing until it is written. */
static uint8_t *page_at(Content *content, const MigRamBlock *block, uint64_t address,
                        uint32_t size)
{
    while (content->memory->len <= block->index) {
        g_ptr_array_add(content->memory, NULL);
    }
    gpointer *memory = &content->memory->pdata[block->index];
    if (!*memory) {
        *memory = calloc(1, block->used_length);
        ck_assert_ptr_nonnull(*memory);
    }
    ck_assert_uint_le(address + size, block->used_length);
    return (uint8_t *)*memory + address;
}

/* The pages that are not zero, and where they are. */
static void ram_line(Content *content, const MigRamBlock *block)
{
    enum { PAGE = 1024 };
    const uint8_t *memory = page_at(content, block, 0, 0);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    for (uint64_t at = 0; at < block->used_length; at += PAGE) {
        size_t n = MIN(PAGE, block->used_length - at);
        if (!mig_page_is_zero(memory + at, n)) {
            g_checksum_update(sum, (const guchar *)&at, sizeof at);
            g_checksum_update(sum, memory + at, (gssize)n);
        }
    }
    g_ptr_array_add(content->lines,
                    g_strdup_printf("ram %s %" PRIu64 " %s", block->name,
                                    block->used_length, g_checksum_get_string(sum)));
}

/* As a loader applies it. */
static void apply_pages(Content *content, const MigItem *item, const uint8_t *p)
{
    const MigRamPages *run = &item->pages;
    uint64_t at = run->data_offset;

    for (uint32_t i = 0; i < run->n_pages; i++) {
        uint8_t *page =
            page_at(content, run->block, run->address + (uint64_t)i * run->page_size,
                    run->page_size);
        switch (run->kind) {
        case MIG_PAGE_ZERO:
            if (run->fill || !mig_page_is_zero(page, run->page_size)) {
                memset(page, run->fill, run->page_size);
            }
            break;
        case MIG_PAGE_NORMAL:
            memcpy(page, p + at, run->page_size);
            break;
        case MIG_PAGE_XBZRLE:
            ck_assert(mig_page_xbzrle(p + at, run->data_length, page, run->page_size));
            break;
        case MIG_PAGE_COMPRESSED:
            ck_assert(mig_page_inflate(p + at, run->data_length, page, run->page_size));
            break;
        default:
            ck_abort_msg("pages of a kind that is not known here");
        }
        at += run->kind == MIG_PAGE_ZERO ? 9 : 8 + run->page_size;
    }
}

/* The pages of mapped-ram whose bits are set, by the offsets in the file that the
 * stream states. */
static void apply_bitmap(Content *content, const MigItem *item, const uint8_t *p)
{
    const MigRamBlock *block = item->bitmap.block;

    for (uint64_t i = 0; i < item->bitmap.n_pages; i++) {
        if (p[i / 8] >> (i % 8) & 1) {
            uint64_t address = (item->bitmap.first_page + i) * block->mapped_page_size;
            uint8_t *page =
                page_at(content, block, address, (uint32_t)block->mapped_page_size);
            uint64_t at =
                block->pages_offset + address - mig_input_file_offset(content->in);
            ck_assert_uint_eq(
                mig_input_read_at(content->in, at, page, block->mapped_page_size),
                block->mapped_page_size);
        }
    }
}

static void apply_vfio(Content *content, const MigItem *item, const uint8_t *p)
{
    gpointer key = (gpointer)(uintptr_t)item->section->name;

    if (item->vfio.flag == MIG_VFIO_DEV_DATA_STATE) {
        GByteArray *data = g_hash_table_lookup(content->data, key);
        if (!data) {
            data = g_byte_array_new();
            g_hash_table_insert(content->data, key, data);
        }
        uint32_t skip = item->piece ? 0 : item->vfio.payload_offset;
        g_byte_array_append(data, p + skip, (guint)(item->length - skip));
    } else if (item->vfio.has_payload) {
        g_hash_table_insert(
            content->config, key,
            g_bytes_new(p + item->vfio.payload_offset, item->vfio.payload_length));
    }
}

static void apply(Content *content, MigReader *reader, const MigItem *item)
{
    const uint8_t *p = mig_reader_bytes(reader, item);
    ck_assert_ptr_nonnull(p);

    switch (item->kind) {
    case MIG_ITEM_RAM_PAGES:
        ck_assert_ptr_nonnull(item->pages.block);
        apply_pages(content, item, p);
        break;
    case MIG_ITEM_MAPPED_BITMAP:
        apply_bitmap(content, item, p);
        break;
    case MIG_ITEM_VFIO_RECORD:
        apply_vfio(content, item, p);
        break;
    case MIG_ITEM_DEVICE_STATE: {
        g_autofree char *what =
            g_strdup_printf("device %s %u %u", item->section->name,
                            item->section->instance_id, item->section->version_id);
        line(content, what, p, item->length);
        break;
    }
    default:
        break;
    }
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void conclude(Content *content, const MigReader *reader)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(reader, &n);
    GHashTableIter iter;
    gpointer key, value;

    for (size_t i = 0; i < n; i++) {
        ram_line(content, blocks[i]);
    }
    g_hash_table_iter_init(&iter, content->data);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        g_autofree char *what = g_strdup_printf("vfio %s data", (char *)key);
        line(content, what, ((GByteArray *)value)->data, ((GByteArray *)value)->len);
    }
    g_hash_table_iter_init(&iter, content->config);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        g_autofree char *what = g_strdup_printf("vfio %s config", (char *)key);
        line(content, what, g_bytes_get_data(value, NULL), g_bytes_get_size(value));
    }
}

char *content_of(GBytes *stream)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, "stream", NULL, &error);

    ck_assert_msg(in != NULL, "%s", error ? error->message : "");
    return content_of_input(in);
}

char *content_of_input(MigInput *in)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigReader) reader = mig_reader_new(in);
    Content content = {
        .in = in,
        .memory = g_ptr_array_new_with_free_func(free),
        .data = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                      (GDestroyNotify)g_byte_array_unref),
        .config = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                        (GDestroyNotify)g_bytes_unref),
        .lines = g_ptr_array_new_with_free_func(g_free),
    };
    const MigItem *item;
    MigStatus status;

    while ((status = mig_reader_next(reader, &item, &error)) == MIG_STATUS_MORE) {
        apply(&content, reader, item);
    }
    ck_assert_msg(status == MIG_STATUS_END, "%s", error ? error->message : "");
    conclude(&content, reader);
    g_ptr_array_sort(content.lines, by_text);
    g_ptr_array_add(content.lines, NULL);
    char *text = g_strjoinv("\n", (char **)content.lines->pdata);
    g_ptr_array_unref(content.lines);
    g_ptr_array_unref(content.memory);
    g_hash_table_unref(content.data);
    g_hash_table_unref(content.config);
    return text;
}
