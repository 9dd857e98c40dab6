/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see outline.h.
 * Must not know: any single test.
 * See also:      mkmig.h.
 */
#include "outline.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "migstat.h"
#include "mkmig.h"

static const char *const types[] = {
    [MIG_SECTION_START] = "START",
    [MIG_SECTION_PART] = "PART",
    [MIG_SECTION_END] = "END",
    [MIG_SECTION_FULL] = "FULL",
};

static const char *const page_kinds[] = {
    [MIG_PAGE_ZERO] = "zero",
    [MIG_PAGE_NORMAL] = "normal",
    [MIG_PAGE_XBZRLE] = "xbzrle",
    [MIG_PAGE_COMPRESSED] = "compressed",
};

static const char *error_kind(const GError *error)
{
    switch (error->code) {
    case MIG_ERROR_TRUNCATED:
        return "truncated";
    case MIG_ERROR_MALFORMED:
        return "malformed";
    case MIG_ERROR_LIMIT:
        return "limit";
    default:
        return "error";
    }
}

static void put_section(GString *out, const MigItem *item)
{
    g_string_append_printf(out, "%s:%s", types[item->type], item->section->name);
    if (item->section->instance_id) {
        g_string_append_printf(out, "(%u)", item->section->instance_id);
    }
}

static void put_block(GString *out, const MigRamBlock *block)
{
    g_string_append_printf(out, "block:%s:0x%" PRIx64, block->name, block->used_length);
    if (block->host_page_size) {
        g_string_append_printf(out, ":host=0x%" PRIx64, block->host_page_size);
    }
    if (block->has_address) {
        g_string_append_printf(out, ":at=0x%" PRIx64, block->address);
    }
}

static void put_pages(GString *out, const MigRamPages *run)
{
    if (run->named) {
        g_string_append_printf(out, "%s/", run->block ? run->block->name : "?");
    }
    g_string_append_printf(out, "%sx%u@0x%" PRIx64, page_kinds[run->kind], run->n_pages,
                           run->address);
}

static void put_vfio(GString *out, const MigVfioRecord *record)
{
    const char *name = mig_vfio_flag_name(record->flag);

    name = g_str_has_prefix(name, "DEV_") ? name + strlen("DEV_") : name;
    g_string_append(out, name);
    if (record->has_subflags) {
        g_string_append_printf(out, "/%u", record->subflags);
    }
    if (record->has_payload) {
        g_string_append_printf(out, ":%u+%u", record->config_size, record->msix_vectors);
    } else if (record->flag == MIG_VFIO_DEV_DATA_STATE) {
        g_string_append_printf(out, ":%" PRIu64, record->payload_length);
    }
    g_string_append(out, record->closes_config ? "/config" : "");
}

static void put_item(GString *out, const MigItem *item)
{
    const char *name;

    switch (item->kind) {
    case MIG_ITEM_FILE_HEADER:
        g_string_append(out, "header");
        break;
    case MIG_ITEM_SECTION_HEADER:
        put_section(out, item);
        break;
    case MIG_ITEM_SECTION_FOOTER:
        g_string_append(out, "footer");
        if (item->footer.id != item->section_id) {
            g_string_append_printf(out, "(%u)", item->footer.id);
        }
        break;
    case MIG_ITEM_COMMAND:
        name = mig_command_name(item->command.id);
        if (name) {
            g_string_append(out, name);
        } else {
            g_string_append_printf(out, "command(%u)", item->command.id);
        }
        break;
    case MIG_ITEM_RAM_LIST:
        g_string_append_printf(out, "list:0x%" PRIx64, item->ram_list.total);
        break;
    case MIG_ITEM_RAM_BLOCK:
        put_block(out, item->block);
        break;
    case MIG_ITEM_RAM_PAGES:
        put_pages(out, &item->pages);
        break;
    case MIG_ITEM_RAM_MARK:
        g_string_append(out, item->ram_mark.flag == MIG_RAM_EOS    ? "EOS"
                             : item->ram_mark.flag == MIG_RAM_HOOK ? "HOOK"
                                                                   : "MULTIFD_FLUSH");
        break;
    case MIG_ITEM_MAPPED_BITMAP:
        g_string_append_printf(out, "bitmap:%" PRIu64 "/%" PRIu64, item->bitmap.n_set,
                               item->bitmap.n_pages);
        break;
    case MIG_ITEM_MAPPED_PAGES:
        g_string_append_printf(out, "pages:%" PRIu64, item->length);
        break;
    case MIG_ITEM_PADDING:
    case MIG_ITEM_TRAILING:
        g_string_append_printf(out, "%s:%" PRIu64, mig_item_kind_name(item->kind),
                               item->length);
        break;
    case MIG_ITEM_VFIO_RECORD:
        put_vfio(out, &item->vfio);
        break;
    case MIG_ITEM_RECORD:
        g_string_append_printf(out, "%s=%" PRIu64, item->record.name, item->record.value);
        break;
    case MIG_ITEM_DEVICE_STATE:
        g_string_append_printf(out, "state:%" PRIu64 "%s%s", item->length,
                               item->inferred ? "?" : "",
                               item->description_differs ? "!" : "");
        break;
    default:
        g_string_append(out, mig_item_kind_name(item->kind));
    }
    if (item->defect) {
        g_string_append_printf(out, "[%s]", item->defect);
    }
}

static char *read_all(const char *name, MigInput *in)
{
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(GError) error = NULL;
    GString *out = g_string_new(NULL);
    MigStatus status;
    const MigItem *item;
    uint64_t at = 0, offset = 0;
    unsigned depth = 0;

    while ((status = mig_reader_next(reader, &item, &error)) == MIG_STATUS_MORE) {
        ck_assert_msg(
            item->offset == at && item->length > 0 && item->length <= MIG_ITEM_MAX &&
                item->piece + item->length <= item->whole,
            "%s: item at %" PRIu64 " of %" PRIu64 " bytes, wanted one at %" PRIu64, name,
            item->offset, item->length, at);
        ck_assert_msg(mig_reader_bytes(reader, item),
                      "%s: no bytes of the item at %" PRIu64, name, at);
        at += item->length;
        for (; depth < item->package_depth; depth++) {
            g_string_append(out, "( ");
        }
        for (; depth > item->package_depth; depth--) {
            g_string_append(out, ") ");
        }
        g_string_append(out, item->piece ? "~" : "");
        put_item(out, item);
        g_string_append_c(out, ' ');
    }
    ck_assert_uint_eq(mig_reader_tell(reader), at);
    if (status == MIG_STATUS_END) {
        ck_assert_msg(mig_input_tell(in) == at, "%s: the end is not the input's", name);
        g_string_append(out, "end");
    } else {
        g_string_append_printf(out, "%s@", error_kind(error));
        ck_assert_msg(mig_error_get_offset(error, &offset), "%s: no offset: %s", name,
                      error->message);
        g_string_append_printf(out, "%" PRIu64 "[%s]", offset, mig_error_get_rule(error));
        ck_assert_msg(offset >= at ||
                          g_str_equal(mig_error_get_rule(error), "package-length"),
                      "%s: the error lies in an item", name);
        ck_assert_msg(mig_reader_next(reader, &item, NULL) == MIG_STATUS_ERROR,
                      "%s: an error must stay", name);
    }
    return g_string_free(out, FALSE);
}

static void write_all(int fd, GBytes *bytes)
{
    size_t length, at = 0;
    const uint8_t *p = g_bytes_get_data(bytes, &length);

    while (at < length) {
        ssize_t n = write(fd, p + at, length - at);

        if (n < 0) {
            return; /* the reader had enough */
        }
        at += (size_t)n;
    }
}

static char *from_memory(const char *name, GBytes *stream)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(stream, name, NULL, NULL);

    return read_all(name, in);
}

static char *from_file(const char *name, GBytes *stream)
{
    int fd = memfd_create("stream", MFD_CLOEXEC);
    char *text;

    ck_assert_int_ge(fd, 0);
    write_all(fd, stream);
    lseek(fd, 0, SEEK_SET);
    {
        g_autoptr(MigInput) in = mig_input_new_fd(fd, name, NULL, NULL);

        text = read_all(name, in);
    }
    close(fd);
    return text;
}

static char *from_pipe(const char *name, GBytes *stream)
{
    g_autoptr(Piped) piped = piped_new(stream, SIZE_MAX);
    g_autoptr(MigInput) in = mig_input_new_fd(piped->fd, name, NULL, NULL);

    return read_all(name, in);
}

char *outline(const char *name, GBytes *stream)
{
    g_autofree char *file = from_file(name, stream), *piped = from_pipe(name, stream);
    char *memory = from_memory(name, stream);

    ck_assert_msg(g_str_equal(memory, file), "%s:\n as memory %s\n as a file %s", name,
                  memory, file);
    ck_assert_msg(g_str_equal(memory, piped), "%s:\n as memory %s\n as a pipe %s", name,
                  memory, piped);
    return memory;
}

void assert_outline(const char *text, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = mkmig_assemble(text, "row", &error);
    g_autofree char *found = NULL;

    ck_assert_msg(bytes, "%s: %s", text, error ? error->message : "");
    found = outline(text, bytes);
    ck_assert_msg(g_str_equal(found, wanted), "%s:\n wanted %s\n found  %s", text, wanted,
                  found);
}
