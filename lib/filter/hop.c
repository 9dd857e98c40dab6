/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see hop.h.
 * Must not know: bytes.
 * See also:      filter/chain.c.
 */
#include "filter/hop.h"

#include "io/number-tree.h"

static const char *check_header(MigHop *hop, const MigItem *item)
{
    gpointer id = GUINT_TO_POINTER(item->section_id);

    if (!hop->bound) {
        hop->bound = mig_number_tree_new(NULL);
    }
    if (item->type == MIG_SECTION_START || item->type == MIG_SECTION_FULL) {
        mig_number_tree_add(hop->bound, id);
    } else if (!mig_number_tree_has(hop->bound, id)) {
        return "it would leave a PART or END without the START before it";
    }
    hop->open = true;
    hop->section_id = item->section_id;
    return NULL;
}

static const char *check_footer(MigHop *hop, const MigItem *item)
{
    if (!hop->open) {
        return "it would leave a footer without its section";
    }
    hop->open = false;
    /* What was wrong in the input may stay so. */
    return item->footer.id != hop->section_id && !item->defect
               ? "it would leave a footer with the id of another section"
               : NULL;
}

const char *mig_hop_check(MigHop *hop, const MigItem *item)
{
    switch (item->kind) {
    case MIG_ITEM_DESCRIPTION:
    case MIG_ITEM_TRAILING:
        return hop->ended ? NULL : "it would leave a description before the end mark";
    case MIG_ITEM_PADDING:
        return NULL;
    default:
        break;
    }
    if (hop->ended) {
        return "it would add a section after the end mark";
    }
    switch (item->kind) {
    case MIG_ITEM_SECTION_HEADER:
        return check_header(hop, item);
    case MIG_ITEM_SECTION_FOOTER:
        return check_footer(hop, item);
    case MIG_ITEM_FILE_HEADER:
    case MIG_ITEM_CONFIGURATION:
    case MIG_ITEM_COMMAND:
        hop->open = false;
        return NULL;
    case MIG_ITEM_EOF:
        hop->open = false;
        hop->ended = item->package_depth == 0;
        return NULL;
    default:
        return hop->open && item->section_id == hop->section_id
                   ? NULL
                   : "it would leave a part of a section outside of that section";
    }
}

void mig_hop_clear(MigHop *hop)
{
    g_clear_pointer(&hop->bound, g_tree_unref);
    *hop = (MigHop){ 0 };
}
