/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a message of a loader is: its texts, what it means and what helps.
 * Must not know: any one message; logs (explain/).
 * See also:      message/messages-*.c, the tables; message/scan.h, which finds messages in a
 *                line; migstat-errors(7), which is written from the tables.
 *
 * A new message is a row in one of messages-*.c; `make update-golden SUITES=explain` writes its
 * paragraph of the manual.
 */
#ifndef MIG_MESSAGE_MESSAGE_H
#define MIG_MESSAGE_MESSAGE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/qemu.h"

typedef enum MigMessageForm {
    MIG_MESSAGE_NOISE,   /* the load goes on */
    MIG_MESSAGE_FRAME,   /* something has failed; what QEMU said may follow */
    MIG_MESSAGE_END,     /* the load has failed; nothing says why */
    MIG_MESSAGE_LINK,    /* where it failed; why is in a message beside it */
    MIG_MESSAGE_SYMPTOM, /* why, unless a message before it is a cause */
    MIG_MESSAGE_CAUSE,   /* why it failed */
} MigMessageForm;

/* The most holes that a text has. */
#define MIG_MESSAGE_HOLES 12u

/* What QEMU prints, as its sources have it for printf(). */
typedef struct MigMessageText {
    const char *text;
    /* What its holes are, in order, apart by spaces; NULL: it has none.  "section", "instance",
     * "field" and "block" say where in a stream; "why" has an error of the system. */
    const char *holes;
    MigRelease first,
        last; /* releases with this text; 0: before 5.2, and still in the newest */
} MigMessageText;

typedef struct MigMessageMatch MigMessageMatch;

/* What else can be known from the holes: adds sentences to @facts, of char *. */
typedef void MigMessageDecode(const MigMessageMatch *match, const char *section,
                              GPtrArray *facts);

/* What helps where that section has failed, or NULL. */
typedef const char *MigMessageHelp(const char *section);

/*
 * In the sentences {hole} stands for what is in that hole.  A sentence is left out where the
 * text at hand does not have the hole; one with {!hole} where it does.  What is not known of
 * the place by the text itself, "section" and "instance", may come from a message beside it.
 * The words DEVICE, FILE and NEW give way to the holes "section", "file" and "new".
 */
typedef struct MigMessage {
    const char *id;
    MigMessageForm form;
    const MigMessageText *texts; /* closed by a row without one */
    const char *function;        /* of QEMU, which prints it */
    const char *meaning;
    const char *look; /* where to look for more; NULL: nowhere */
    const char
        *help; /* which side to change, and by what; NULL: nothing needs to be changed */
    MigMessageDecode *decode; /* NULL: nothing */
    MigMessageHelp *help_for; /* instead of @help; NULL: of no section */
} MigMessage;

/* The tables, each closed by a row without an id. */
extern const MigMessage mig_messages_framing[], mig_messages_section[],
    mig_messages_command[], mig_messages_ram[], mig_messages_pci[], mig_messages_virtio[],
    mig_messages_cpu[], mig_messages_device[], mig_messages_vfio[],
    mig_messages_channel[], mig_messages_source[], mig_messages_around[];

/* The messages in the order of the tables; NULL beyond the last. */
const MigMessage *mig_message_at(size_t index);

/* What a hole of a text holds. */
typedef struct MigMessageHole {
    const char *name; /* not closed by a NUL */
    size_t name_length;
    const char *text; /* in the line; NULL: the text was cut before it */
    size_t length;
    bool is_number;
    uint64_t value; /* of a number; of one that does not fit, its low 64 bits */
} MigMessageHole;

/* A message in a line. */
struct MigMessageMatch {
    const MigMessage *message;
    const MigMessageText *text;
    size_t start, end; /* in the line */
    size_t literal;    /* bytes of it that are the text's own: how much the fit says */
    MigMessageHole holes[MIG_MESSAGE_HOLES];
    unsigned n_holes;
};

/* The hole called @name, or NULL. */
const MigMessageHole *mig_message_hole(const MigMessageMatch *match, const char *name);

/* Its number, or @otherwise where there is none. */
uint64_t mig_message_number(const MigMessageMatch *match, const char *name,
                            uint64_t otherwise);

/* Whether a shell reads it as a word, and nothing else. */
bool mig_message_is_plain(const char *text, size_t length);

/* @sentences of a message with the holes of @match: as they are; without holes that a shell could
 * take for more than a word; or all sentences, with an ellipsis for holes that are not there. */
typedef enum MigMessageFill {
    MIG_FILL_SHOWN,
    MIG_FILL_PASTED,
    MIG_FILL_ALL,
} MigMessageFill;
/* "" where no sentence is left.  The caller frees. */
char *mig_message_fill(const char *sentences, const MigMessageMatch *match,
                       MigMessageFill how);

#endif
