/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --items, as text and as JSON.
 * Must not know: sums; it holds nothing back.
 * See also:      cmd-dump.c.
 */
#include <string.h>

#include "dump.h"
#include "progress.h"
#include "text.h"

#define DETAILS_COLUMN 40 /* where a wrapped line goes on */

static const char *mark_name(MigRamFlag flag)
{
    return flag == MIG_RAM_EOS ? "EOS" : flag == MIG_RAM_HOOK ? "HOOK" : "MULTIFD_FLUSH";
}

static char *block_name(const MigRamBlock *block)
{
    return block ? cli_escape(block->name, block->name_length) : g_strdup("?");
}

/* What is particular to an item, in a few words.  The caller frees. */
static char *describe(const MigItem *item)
{
    g_autofree char *name = NULL;
    const char *text;

    switch (item->kind) {
    case MIG_ITEM_SECTION_HEADER:
        return g_strdup_printf("%s id=%u instance=%u version=%u",
                               mig_section_type_key(item->type), item->section_id,
                               item->section->instance_id, item->section->version_id);
    case MIG_ITEM_COMMAND:
        text = mig_command_name(item->command.id);
        return text ? g_strdup(text) : g_strdup_printf("command %u", item->command.id);
    case MIG_ITEM_RAM_LIST:
        return g_strdup_printf("total %" PRIu64, item->ram_list.total);
    case MIG_ITEM_RAM_BLOCK:
        name = block_name(item->block);
        return g_strdup_printf("%s %" PRIu64, name, item->block->used_length);
    case MIG_ITEM_RAM_PAGES:
        name = block_name(item->pages.block);
        return g_strdup_printf("%s%s 0x%" PRIx64 " %s x%u", item->pages.named ? "" : "+",
                               name, item->pages.address,
                               mig_page_kind(item->pages.kind)->name,
                               item->pages.n_pages);
    case MIG_ITEM_RAM_MARK:
        return g_strdup(mark_name(item->ram_mark.flag));
    case MIG_ITEM_MAPPED_HEADER:
    case MIG_ITEM_MAPPED_PAGES:
        return block_name(item->block);
    case MIG_ITEM_MAPPED_BITMAP:
        name = block_name(item->bitmap.block);
        return g_strdup_printf("%s pages %" PRIu64 "..%" PRIu64 ", %" PRIu64 " set", name,
                               item->bitmap.first_page,
                               item->bitmap.first_page + item->bitmap.n_pages,
                               item->bitmap.n_set);
    case MIG_ITEM_VFIO_RECORD:
        text = mig_vfio_flag_name(item->vfio.flag);
        return item->vfio.has_subflags
                   ? g_strdup_printf("%s subflags=0x%04x", text, item->vfio.subflags)
                   : g_strdup(text);
    case MIG_ITEM_RECORD:
        return g_strdup_printf("%s %" PRIu64, item->record.name, item->record.value);
    case MIG_ITEM_DEVICE_STATE:
        return g_strdup(item->inferred ? "inferred" : "");
    default:
        return g_strdup("");
    }
}

static void print_text(const MigItem *item)
{
    g_autofree char *details = describe(item);
    g_autofree char *section =
        item->section ? cli_escape(item->section->name, item->section->name_length)
                      : NULL;

    g_autoptr(GString) line = g_string_new(NULL);

    g_string_printf(line, "0x%08" PRIx64 " %10" PRIu64 "  %s%-15s %s%s%s", item->offset,
                    item->length, item->package_depth ? "| " : "",
                    mig_item_kind_name(item->kind), section ? section : "",
                    section && *details ? ": " : "", details);
    if (item->piece) {
        g_string_append_printf(line, " (from byte %" PRIu64 " of %" PRIu64 ")",
                               item->piece, item->whole);
    }
    if (item->defect) {
        g_string_append_printf(line, " [%s]", item->defect);
    }
    cli_print_row(stdout, DETAILS_COLUMN, line->str);
}

static void print_json(CliJson *json, const MigItem *item)
{
    g_autofree char *details = describe(item);

    cli_json_object(json, NULL);
    cli_json_uint(json, "offset", item->offset);
    cli_json_uint(json, "length", item->length);
    cli_json_string(json, "kind", mig_item_kind_name(item->kind));
    if (item->section) {
        cli_json_string_len(json, "section", item->section->name,
                            item->section->name_length);
        cli_json_uint(json, "instance_id", item->section->instance_id);
        cli_json_string(json, "type", mig_section_type_key(item->type));
    }
    if (*details) {
        cli_json_string(json, "details", details);
    }
    if (item->whole != item->length) {
        cli_json_uint(json, "piece", item->piece);
        cli_json_uint(json, "whole", item->whole);
    }
    if (item->inferred) {
        cli_json_bool(json, "inferred", true);
    }
    if (item->defect) {
        cli_json_string(json, "defect", item->defect);
    }
    cli_json_end_object(json);
}

void dump_items(Dump *dump)
{
    bool as_json = dump->options->common->format == CLI_FORMAT_JSON;
    CliProgress progress;
    CliJson json;
    const MigItem *item;

    cli_json_init(&json, stdout);
    if (as_json) {
        cli_json_object(&json, NULL);
        cli_json_string(&json, "file", dump->file);
        cli_json_array(&json, "items");
    }
    cli_progress_begin(&progress, dump->file, dump->in, dump->options->common);
    while (dump_next(dump, &item)) {
        dump->summary->n_defects +=
            item->defect != NULL; /* no more of it: memory stays small */
        cli_progress(&progress, item->offset);
        if (!dump_wants(dump->options, item->section)) {
            continue;
        }
        if (as_json) {
            print_json(&json, item);
        } else {
            print_text(item);
        }
    }
    cli_progress_end(&progress);
    if (as_json) {
        cli_json_end_array(&json);
        cli_json_bool(&json, "complete", !dump->error);
        cli_json_error(&json, "error", dump->error);
        cli_json_end_object(&json);
        cli_json_finish(&json);
    }
}
