/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          finding messages in a line, whatever is around them.
 * Must not know: logs; what a message means.
 * See also:      message/pattern.h; explain/explain.c.
 */
#ifndef MIG_MESSAGE_SCAN_H
#define MIG_MESSAGE_SCAN_H

#include "message/message.h"

/* All texts of all messages, by their anchors. */
typedef struct MigMessageScan MigMessageScan;

MigMessageScan *mig_message_scan_new(void);
void mig_message_scan_free(MigMessageScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigMessageScan, mig_message_scan_free)

/* More messages of one line are not looked for. */
#define MIG_MESSAGES_PER_LINE 64u

/*
 * The messages of @line, in order, to @matches, of MIG_MESSAGES_PER_LINE; returns how many.
 * None overlaps another: the one with more text of its own counts.  They borrow @line.  The
 * work is linear in @length.
 */
size_t mig_message_scan_line(const MigMessageScan *scan, const char *line, size_t length,
                             MigMessageMatch *matches);

/* The message that a loader's @text is, or is the beginning of; NULL: none is known. */
const MigMessage *mig_message_of(const MigMessageScan *scan, const char *text);

/* The text that has the most words of @line in it, mistyped ones too, and of those the one with
 * the fewest others; NULL if none has half of its own. */
const MigMessageText *mig_message_scan_nearest(const MigMessageScan *scan,
                                               const char *line, size_t length,
                                               const MigMessage **message);

#endif
