/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          dropping RAM blocks, or giving them another name: in the list, in its
 *                total, and with their pages.
 * Must not know: why.
 * See also:      filter/ram-block.c; filter/device-blocks.h, the blocks of a device.
 *
 * A filter that looks ahead says in its first pass, or after it, what becomes of which
 * block, and hands items to mig_block_edit_item() in the second.
 */
#ifndef MIG_FILTER_BLOCK_EDIT_H
#define MIG_FILTER_BLOCK_EDIT_H

#include "filter/filter.h"

typedef struct MigBlockEdit MigBlockEdit;

/* The kinds of items that a filter with such an edit handles. */
#define MIG_BLOCK_EDIT_BITS                                                           \
    (MIG_ITEM_BIT(COMMAND) | MIG_ITEM_BIT(RAM_LIST) | MIG_ITEM_BIT(RAM_BLOCK) |       \
     MIG_ITEM_BIT(RAM_PAGES) | MIG_ITEM_BIT(RAM_MARK) | MIG_ITEM_BIT(MAPPED_HEADER) | \
     MIG_ITEM_BIT(MAPPED_BITMAP) | MIG_ITEM_BIT(MAPPED_PAGES) | MIG_ITEM_BIT(PADDING))

MigBlockEdit *mig_block_edit_new(void);
void mig_block_edit_free(MigBlockEdit *edit);

/* @block of the list goes, or is called @to, of 1 to 255 bytes.  It is known by its index, which
 * is the same in both passes. */
void mig_block_edit_drop(MigBlockEdit *edit, const MigRamBlock *block);
void mig_block_edit_rename(MigBlockEdit *edit, const MigRamBlock *block, const char *to);

/* Nothing has been said; and forgets what was. */
bool mig_block_edit_is_empty(const MigBlockEdit *edit);
void mig_block_edit_forget(MigBlockEdit *edit);

/*
 * Emits what becomes of @item, of any kind.  Errors: REFUSED where the list comes twice, a new
 * name is taken, or a command of postcopy names such a block.
 */
bool mig_block_edit_item(MigBlockEdit *edit, MigNext *next, const MigItem *item,
                         GError **error);

/* Reports what has become of each block, after the last item. */
void mig_block_edit_report(const MigBlockEdit *edit, MigNext *next);

#endif
