/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --items as text.
 * Must not know: the stream beyond one item.
 * See also:      dump-items.c, which calls it.
 */
#include "dump-items.h"
#include "text.h"

#define DETAILS_COLUMN 40 /* where a wrapped line goes on */

static void *begin(const Dump *dump)
{
    (void)dump;
    return NULL;
}

static void print_item(void *view, const MigItem *item)
{
    g_autofree char *details = dump_item_details(item);
    g_autofree char *section =
        item->section ? cli_escape(item->section->name, item->section->name_length)
                      : NULL;
    g_autoptr(GString) line = g_string_new(NULL);

    (void)view;
    if (item->channel) {
        g_string_printf(line, "channel %u, offset ", item->channel);
    }
    g_string_append_printf(line, "0x%08" PRIx64 " %10" PRIu64 "  %s%-15s %s%s%s",
                           item->offset, item->length, item->package_depth ? "| " : "",
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

static void end(void *view, const Dump *dump)
{
    (void)view;
    (void)dump;
}

const DumpItemsView dump_items_text = { .begin = begin, .item = print_item, .end = end };
