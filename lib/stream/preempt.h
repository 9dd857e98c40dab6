/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          reading a postcopy preempt channel: where it is, and its items.
 * Must not know: other channels.  Private to stream/.
 * See also:      stream/merge.c; stream/ram-record.h, the records.
 *
 * It has page records of the ram section and no header, and at its end EOS or nothing.  They
 * are pages that the guest waited for at the destination: each came once, and on no other
 * channel, so they may come anywhere before the end of the ram section.
 * Source: migration/ram.c, ram_save_host_page_urgent(), postcopy_preempt_shutdown_file();
 * 7.1 to 11.1.
 */
#ifndef MIG_STREAM_PREEMPT_H
#define MIG_STREAM_PREEMPT_H

#include "stream/body.h"

typedef struct MigPreempt MigPreempt;

/* Whether @in begins like one; an empty one is one, too. */
bool mig_preempt_begins(MigInput *in);

/* @in is borrowed; @number as of mig_channel_new(). */
MigPreempt *mig_preempt_new(MigInput *in, uint32_t number);
void mig_preempt_free(MigPreempt *preempt);

MigInput *mig_preempt_input(const MigPreempt *preempt);

/* The next item, in the section that @at, of the main channel, is in; END: there is no more. */
MigStatus mig_preempt_next(MigPreempt *preempt, MigReader *reader, const MigItem *at,
                           MigItem *item, GError **error);

/* As mig_reader_bytes(), of its last item. */
const uint8_t *mig_preempt_bytes(MigPreempt *preempt, const MigItem *item);

#endif
