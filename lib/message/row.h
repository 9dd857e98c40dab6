/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          short words for the rows of the tables.
 * Must not know: any one message.
 * See also:      message/message.h.  For messages-*.c only: the names are short.
 */
#ifndef MIG_MESSAGE_ROW_H
#define MIG_MESSAGE_ROW_H

#include "message/decode.h"
#include "message/message.h"

#define NOISE   MIG_MESSAGE_NOISE
#define FRAME   MIG_MESSAGE_FRAME
#define END     MIG_MESSAGE_END
#define LINK    MIG_MESSAGE_LINK
#define SYMPTOM MIG_MESSAGE_SYMPTOM
#define CAUSE   MIG_MESSAGE_CAUSE

/* The texts of a message: in every release, from one on, up to one, and between two. */
/* clang-format off */
#define TEXTS(...)                   (const MigMessageText[]) { __VA_ARGS__, { 0 } }
#define ALWAYS(text, holes)          { text, holes, 0, 0 }
#define SINCE(a, b, text, holes)     { text, holes, QEMU(a, b), 0 }
#define UNTIL(a, b, text, holes)     { text, holes, 0, QEMU(a, b) }
#define FROM(a, b, c, d, text, holes) { text, holes, QEMU(a, b), QEMU(c, d) }
/* clang-format on */

#endif
