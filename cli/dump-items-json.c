/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --items as JSON; the keys are described in migstat-json(5).
 * Must not know: the stream beyond one item.
 * See also:      dump-items.c, which calls it.
 */
#include "dump-items.h"

static void *begin(const Dump *dump)
{
    return dump_json_begin(dump, "items");
}

static void put_item(void *view, const MigItem *item)
{
    CliJson *json = view;
    g_autofree char *details = dump_item_details(item);

    cli_json_object(json, NULL);
    cli_json_channel(json, item->channel);
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

const DumpItemsView dump_items_json = { .begin = begin,
                                        .item = put_item,
                                        .end = dump_json_end };
