/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a loader's messages mean: from a log to the cause of a failed load.
 * Must not know: how it is printed.
 * See also:      message/message.h, the messages; migstat-errors(7).
 *
 * QEMU up to 10.1 prints several lines, the cause first; from 10.2 on one line, the outermost
 * first, and lines before it.  Both end in "load of migration failed", and a log may have
 * several failures in it: the last one counts.
 */
#ifndef MIG_EXPLAIN_EXPLAIN_H
#define MIG_EXPLAIN_EXPLAIN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "check/check.h"
#include "stream/reader.h"

G_BEGIN_DECLS

/* What a message is to the failure. */
typedef enum MigExplanationKind {
    MIG_EXPLANATION_UNKNOWN,  /* no message was recognised */
    MIG_EXPLANATION_HARMLESS, /* it does not end a load */
    MIG_EXPLANATION_GENERIC,  /* it says that a load failed, or where, and not why */
    MIG_EXPLANATION_CAUSE,
} MigExplanationKind;

/* One of a log's other causes. */
typedef struct MigExplainOther {
    const char *id;
    const char *text;
    uint64_t line;
    uint64_t reserved[2]; /* for members to come: the others are an array */
} MigExplainOther;

/* A place in a stream that the message is about. */
typedef struct MigExplainPlace {
    uint64_t offset;     /* in plain bytes of the main channel */
    const char *address; /* of a section or a field, as filters take it; the name of a RAM
                          * block; "configuration", or that of a command */
    const char *value;   /* what is there, or NULL */
    const char *note;    /* what that means, or NULL */
    uint64_t reserved[2];
} MigExplainPlace;

/* A conversion after which the message does not come, as far as is known. */
typedef struct MigExplainRepair {
    const char *const *filters; /* as mig_chain_add() takes them; closed by NULL */
    const char *gives_up;       /* what the guest may miss */
    bool lossy;                 /* MigChainOptions.lossy has to be set */
    uint64_t reserved[2];
} MigExplainRepair;

/* All of it is the explainer's.  What is from the log is not escaped. */
typedef struct MigExplanation {
    MigExplanationKind kind;
    const char *id;       /* of the message, its heading in migstat-errors(7), or NULL */
    const char *text;     /* the message, as the log has it; UNKNOWN: the last line */
    uint64_t line;        /* of the log, from 1; 0: it is empty */
    const char *function; /* of QEMU, which printed it */
    const char *releases; /* which it may have been, "10.2 to 11.1"; NULL: any */
    const char *section;  /* idstr of the section that failed, or NULL */
    uint32_t instance_id; /* of that */
    const char *meaning;
    const char *const *facts; /* what the message's own numbers say; closed by NULL */
    const char *look, *help;  /* NULL: nothing */
    const char *nearest; /* UNKNOWN: what comes nearest, as printf() has it, or NULL */
    const char *nearest_id;
    const MigExplainOther *others; /* other causes in the log */
    size_t n_others;
    /* By mig_explain_read(). */
    const MigExplainPlace *places;
    size_t n_places;
    const MigExplainRepair *repairs; /* the first one is likeliest to help */
    size_t n_repairs;
    /* By mig_explain_compare(). */
    const MigFinding
        *difference; /* of the destination, that the message is about, or NULL */
    uint64_t more_differences; /* that would end a load too */
    /* Filters mend all of them, but that of @difference does not do it alone; and whether one of them
     * gives something up. */
    bool wants_fit, lossy_fit;
    /* Of the stream itself, what the message is about, whatever the destination is, or NULL. */
    const MigFinding *fault;
    /* What mends @fault is another thing in each release, and which it is the log does not say. */
    bool wants_release;
    uint64_t reserved[1];
} MigExplanation;

typedef struct MigExplain MigExplain;

/* For one log. */
MIG_API MigExplain *mig_explain_new(void);
MIG_API void mig_explain_free(MigExplain *explain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigExplain, mig_explain_free)

/* The next @n bytes of a log, in any pieces.  The work is linear in them, and the memory does
 * not depend on them: a line counts up to its first 64 KiB. */
MIG_API void mig_explain_feed(MigExplain *explain, const char *text, size_t n);

/* At the end of the log: what it says.  Lives as long as @explain. */
MIG_API const MigExplanation *mig_explain_finish(MigExplain *explain);

/* Before mig_explain_read(): what the commands in the texts have for the file, each word as a shell
 * takes it, such as "--snapshot=2 image.qcow2".  By default the name of the input, if it needs no
 * quotes.  The texts have @words, which is copied, as they are: who escapes the texts may give only
 * what that does not change. */
MIG_API void mig_explain_set_file(MigExplain *explain, const char *words);

/*
 * After that: looks in the stream that could not be loaded for the places that the message is
 * about, and adds them, conversions that would repair it, and facts, to the explanation.
 * @reader is fresh; its input can seek.  The stream is read to its end, and of a damaged one what
 * there is; *error then says what is wrong with it.
 */
MIG_API bool mig_explain_read(MigExplain *explain, MigReader *reader, GError **error);

/*
 * After mig_explain_finish(): checks that stream, and compares it with the destination, which
 * @against shows, @n of them, or none.  Adds the fault of the stream, or the difference, that the
 * message is about.
 * @reader is fresh; it and the shapes must outlive @explain.  The stream is read to its end, and
 * of a damaged one what there is; *error then says what is wrong with it.
 */
MIG_API bool mig_explain_compare(MigExplain *explain, MigReader *reader,
                                 const MigShape *const *against, size_t n,
                                 GError **error);

G_END_DECLS

#endif
