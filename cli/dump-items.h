/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a format has to show of migstat dump --items.
 * Must not know: any one format.
 * See also:      dump-items.c, which calls it; dump-items-text.c, dump-items-json.c.
 */
#ifndef CLI_DUMP_ITEMS_H
#define CLI_DUMP_ITEMS_H

#include "dump.h"

struct DumpItemsView {
    void *(*begin)(const Dump *dump); /* returns what the other calls get as @view */
    void (*item)(void *view, const MigItem *item);
    void (*end)(void *view, const Dump *dump); /* frees @view */
};

/* What is particular to an item, in a few words.  The caller frees. */
char *dump_item_details(const MigItem *item);

#endif
