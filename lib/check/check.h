/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          judging a stream: the run over its items, the findings, what was
 *                evaluated.
 * Must not know: any one rule (check/rules-*.c), nor how findings are printed.
 * See also:      stream/release.h; migstat-rules(7), which has a paragraph for each rule.
 *
 * The caller owns the loop: it hands every item that the reader gives to
 * mig_check_watch(), ends with mig_check_finish(), and looks at the findings then.
 */
#ifndef MIG_CHECK_CHECK_H
#define MIG_CHECK_CHECK_H

#include "shape/shape.h"
#include "stream/release.h"
#include "stream/reader.h"
#include "stream/vfio-need.h"

G_BEGIN_DECLS

typedef enum MigSeverity {
    MIG_SEVERITY_DEFAULT, /* in options: what the rule has */
    MIG_SEVERITY_IGNORE,
    MIG_SEVERITY_NOTE,    /* information */
    MIG_SEVERITY_WARNING, /* suspicious */
    MIG_SEVERITY_ERROR,   /* a loader refuses it, or state would be lost or wrong */
    MIG_SEVERITY_COUNT
} MigSeverity;

/* "note", ...: a static string. */
MIG_API const char *mig_severity_name(MigSeverity severity);

typedef struct MigRule MigRule;

/* The rules in the order of the table; its number is what options and outcomes index
 * by. */
MIG_API size_t mig_rule_count(void);
MIG_API const MigRule *mig_rule_at(size_t index);
/* The number of the rule with that id, or -1. */
MIG_API ssize_t mig_rule_find(const char *id);
MIG_API const char *mig_rule_id(const MigRule *rule);
MIG_API const char *mig_rule_title(const MigRule *rule);
MIG_API MigSeverity mig_rule_severity(const MigRule *rule);
/* It speaks of one release and is evaluated only where options name one. */
MIG_API bool mig_rule_needs_release(const MigRule *rule);
/* It speaks of a destination and is evaluated only where options have one. */
MIG_API bool mig_rule_needs_destination(const MigRule *rule);
/* The rules that must hold before this one makes sense: @n ids. */
MIG_API const char *const *mig_rule_after(const MigRule *rule, size_t *n);

/* As MIG_INPUT_OPTIONS_INIT. */
#define MIG_CHECK_OPTIONS_INIT .size = sizeof(MigCheckOptions)

typedef struct MigCheckOptions {
    size_t size; /* bytes of this structure */
    /* The loaders to judge for.  With one, what it refuses is an error.  With several,
     * findings that are of single releases count for mig_check_refusing() only. */
    MigReleaseSet releases;
    const MigSeverity *severities; /* mig_rule_count() of them, or NULL; copied */
    const MigVfioNeeds *needs; /* which VFIO devices need their configuration first, or
                                    * NULL; borrowed, must outlive the run */
    size_t keep;               /* findings kept of one rule; 0: MIG_FINDINGS_MAX */
    bool strict;               /* a warning is an error */
    const MigShape *const
        *against; /* destinations that the stream is compared with, n_against
                                     * of them; borrowed, must outlive the run */
    size_t n_against;
} MigCheckOptions;

/* Findings that are kept in all, but for one of each rule; the rest are counted. */
#define MIG_FINDINGS_MAX 16384u

/* A conversion that would mend what was found, or why there is none. */
typedef struct MigRemedy {
    char *filter;   /* as mig_chain_add() takes it, or NULL */
    char *gives_up; /* what the result has no more, or what the destination has to be
                     * started with; NULL: nothing */
    bool lossy;     /* it gives up what the guest may miss: ask before it is done */
    char *none; /* without a filter: why there is none; beside one: what is better than to
                     * change the stream; or NULL */
    uint64_t reserved[2]; /* for members to come: MigFinding has one inside */
} MigRemedy;

typedef struct MigFinding {
    const MigRule *rule;
    MigSeverity severity;
    uint64_t offset;   /* in plain bytes of the channel, or of the container */
    bool in_container; /* the latter */
    uint32_t channel;  /* as MigItem has it; 0: the main channel */
    char *section;     /* idstr, section_length bytes, or NULL outside of sections */
    size_t section_length;
    uint32_t instance_id;
    char *message; /* what was found against what was wanted; may hold any bytes
                             * that a name in the stream has */
    char *loader;  /* what the release asked for prints as it refuses, or NULL */
    MigRemedy remedy;
    MigReleaseSet refusing; /* of the releases asked for, those that refuse the stream */
    uint64_t more;          /* on the last one kept of its rule: how many were left out */
    uint64_t more_until;    /* offset of the last of those, and its channel */
    uint32_t more_channel;
    const char
        *loader_id; /* the heading of @loader in migstat-errors(7); a static string, or
                            * NULL */
    uint64_t reserved[3]; /* for members to come: the findings are an array */
} MigFinding;

typedef enum MigOutcome {
    MIG_OUTCOME_EVALUATED,
    MIG_OUTCOME_NOT_EVALUATED, /* its ground is missing */
    MIG_OUTCOME_IGNORED,       /* by option */
    MIG_OUTCOME_NOT_ASKED, /* it needs a release, or a destination, and none was given */
} MigOutcome;

typedef struct MigCheck MigCheck;

/* @reader is borrowed and must outlive the run; @options may be NULL.  NULL, with a GLib
 * critical, if their size is none or they have what the library does not know. */
MIG_API MigCheck *mig_check_new(MigReader *reader, const MigCheckOptions *options);
MIG_API void mig_check_free(MigCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigCheck, mig_check_free)

/* Judges @item, the one that the reader has just read: all items of a stream in order.  False
 * with *error (IO) where there is room for what has to be kept of it neither in memory nor in a
 * temporary file. */
MIG_API bool mig_check_watch(MigCheck *check, const MigItem *item, GError **error);

/* Ends the run.  @error: what the reader ended with, or NULL if the stream is complete.
 * Damage becomes a finding; returns false for an error that is not one of the stream (IO,
 * CANCELLED). */
MIG_API bool mig_check_finish(MigCheck *check, const GError *error);

/* After mig_check_finish(): channel by channel, each in the order of its bytes; owned by the
 * run. */
MIG_API const MigFinding *mig_check_findings(const MigCheck *check, size_t *n);

/* How many findings there were, those left out included. */
MIG_API uint64_t mig_check_count(const MigCheck *check, MigSeverity severity);

/* What became of a rule, by its index, which is below mig_rule_count().  *why: for
 * NOT_EVALUATED the id of the rule that failed before it or ended the reading, or a few words;
 * a static string, else NULL. */
MIG_API MigOutcome mig_check_outcome(const MigCheck *check, size_t rule,
                                     const char **why);

/* Of the releases asked for, those that refuse the stream. */
MIG_API MigReleaseSet mig_check_refusing(const MigCheck *check);

/* The finding nearest to the start of the stream for which @release refuses it, or NULL. */
MIG_API const MigFinding *mig_check_first_refusal(const MigCheck *check,
                                                  MigRelease release);

G_END_DECLS

#endif
