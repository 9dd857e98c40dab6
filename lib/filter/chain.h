/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a chain of filters between a stream and an output, and the check of each
 *                hop.
 * Must not know: any one filter; files and terminals.
 * See also:      filter/filter.h, what a filter is.
 */
#ifndef MIG_FILTER_CHAIN_H
#define MIG_FILTER_CHAIN_H

#include "io/output.h"
#include "stream/reader.h"

G_BEGIN_DECLS

typedef struct MigChain MigChain;
typedef struct MigFilterType MigFilterType;

/* The filters there are, sorted by name; NULL-terminated. */
MIG_API const MigFilterType *const *mig_filter_types(void);

/* The filter of that name; NULL if there is none. */
MIG_API const MigFilterType *mig_filter_type_find(const char *name);

/* The end of an error message about a name that no filter has: "; did you mean ram-zero?".
 * The caller frees it. */
MIG_API char *mig_filter_type_nearest(const char *name);

/* What a filter is called, in a line what it does and what it gives up, and its options: key, values
 * and help of the @i-th, false beyond the last. */
MIG_API const char *mig_filter_type_name(const MigFilterType *type);
MIG_API const char *mig_filter_type_summary(const MigFilterType *type);
MIG_API const char *mig_filter_type_gives_up(const MigFilterType *type);
MIG_API bool mig_filter_type_option(const MigFilterType *type, size_t i, const char **key,
                                    const char **values, const char **help);

/*
 * A named chain, "subflag", as the filters that it is short for: a static string for
 * mig_chain_add().  NULL if there is none of that name.
 */
MIG_API const char *mig_chain_named(const char *name);

/* Without filters: what it is given comes out unchanged.  The caller owns it, mig_chain_free(). */
MIG_API MigChain *mig_chain_new(void);
MIG_API void mig_chain_free(MigChain *chain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigChain, mig_chain_free)

/*
 * Appends a filter: NAME[:KEY=VALUE]...  A colon ends a value only where one of the
 * filter's keys and '=' follow, so that PCI addresses need no care; "\:" never does, and
 * "\\" is a backslash.  A VALUE may be in double quotes, in which '"' and '\' have a '\' before them.  Where it fails, the chain is as before.  Errors: USAGE.
 */
MIG_API bool mig_chain_add(MigChain *chain, const char *text, GError **error);

/* One more option for the filter added last.  Errors: USAGE, also where there is none, or it
 * was settled. */
MIG_API bool mig_chain_add_option(MigChain *chain, const char *key, const char *value,
                                  GError **error);

/* Call it when no option will follow.  Returns whether all filters have the options that
 * they need and can be in a chain.  Errors: USAGE.  mig_chain_run() does it if nobody
 * did. */
MIG_API bool mig_chain_settle(MigChain *chain, GError **error);

/* The filters as text that mig_chain_add() takes, and in words; false beyond the last.
 * Lives until the chain is changed. */
MIG_API bool mig_chain_describe(const MigChain *chain, size_t i, const char **text,
                                const char **summary);

/* Whether the chain must look ahead: a file is then read twice, if its end does not tell
 * enough, and a pipe is spooled. */
MIG_API bool mig_chain_needs_scan(const MigChain *chain);

/* Whether it can run with MigChainOptions.in_flight: settles it, and then no filter reads all before
 * it writes anything.  Errors: USAGE, which names the filter. */
MIG_API bool mig_chain_check_in_flight(MigChain *chain, GError **error);

/* Whether a filter changes pages of RAM, or the list of its blocks: then it has to have the pages of
 * all channels. */
MIG_API bool mig_chain_changes_ram(const MigChain *chain);

/* As MIG_INPUT_OPTIONS_INIT. */
#define MIG_CHAIN_OPTIONS_INIT .size = sizeof(MigChainOptions)

typedef struct MigChainOptions {
    size_t size; /* bytes of this structure */
    bool lossy;  /* what cannot be kept may be dropped, and is reported */
    /*
     * A first pass over an input that can seek may then skip the middle of it.  If that was
     * too little, the chain runs once more and needs an empty output: this one returns it,
     * in place of the one before, whose bytes must not stay.  The caller owns both; NULL
     * with *error stops the run.  Where this is NULL, a first pass reads everything.
     */
    MigOutput *(*begin_again)(void *data, GError **error);
    void *begin_again_data;
    const char *spool_dir;   /* as in MigInputOptions */
    MigCancelled *cancelled; /* NULL: never */
    void *cancelled_data;
    /* Told the position in the input, in plain bytes, now and then. */
    void (*progress)(void *data, uint64_t position);
    void *progress_data;
    /* What was asked for by name and is not in the stream is reported, and is no error. */
    bool allow_unmatched;
    /* Of a migration that goes on: all is handed on as soon as it can be, and nothing is read twice.
     * The input is one that is live; see mig_chain_check_in_flight(). */
    bool in_flight;
    /* The stream that filters such as graft take something from, at its start; NULL: there is
     * none.  Borrowed. */
    MigInput *donor;
    /* Where lossy is false: filters for which it is true, each by its name or as
     * mig_chain_describe() has it; closed by NULL.  NULL: none. */
    const char *const *lossy_filters;
    /* Of mig_chain_run_spooled(): what was copied from @in, if that is a plain file, is not written
     * to the temporary file, but read from @in, which must outlive the result and stay as it is. */
    bool borrows;
    /* Where each filter leaves RAM as it is, and one changes something, RAM is copied without being
     * read, if mig_reader_skip_ram() can skip it: see mig_chain_unread(). */
    bool skips_ram;
} MigChainOptions;

/*
 * Reads @in to its end, through the chain, into @out, which is not committed.
 * @again: the same input once more, at its start, for a first pass; NULL where @in can
 * seek,
 *         or to spool it.
 * @options may be NULL.  A chain runs once: again, that is an error (USAGE), and nothing is
 * read or written.  Errors: of the reader, of the output, of begin_again(); REFUSED by a
 * filter, or for a filter that broke the order of the stream; USAGE for a chain that
 * cannot run.
 */
MIG_API bool mig_chain_run(MigChain *chain, MigInput *in, MigInput *again, MigOutput *out,
                           const MigChainOptions *options, GError **error);

/*
 * The same into an unlinked temporary file, which is returned as an input, at its start.
 * *fd is its descriptor, which the caller closes after freeing the input; with options->borrows
 * it has holes, and the input alone has all of it.  NULL on failure,
 * without a descriptor.  @again is not taken: @in has to be seekable, or is spooled.
 * begin_again() is not called.
 */
MIG_API MigInput *mig_chain_run_spooled(MigChain *chain, MigInput *in, int *fd,
                                        const MigChainOptions *options, GError **error);

/* Which bytes of the input, plain offsets, options->skips_ram has left unread; false if none. */
MIG_API bool mig_chain_unread(const MigChain *chain, uint64_t *from, uint64_t *to);

/* What was done.  Strings live as long as the chain. */
typedef struct MigChange {
    const char *filter;
    const char *section; /* NULL: the stream as a whole */
    uint32_t instance_id;
    const char *text;     /* may hold bytes of the stream */
    uint64_t reserved[4]; /* for members to come: the changes are an array */
} MigChange;

/* Changes that are kept; of a run that makes more, the rest is counted. */
#define MIG_CHANGES_MAX 4096u

/* The first of them, *n, and how many more there were. */
MIG_API const MigChange *mig_chain_changes(const MigChain *chain, size_t *n);
MIG_API uint64_t mig_chain_more_changes(const MigChain *chain);

G_END_DECLS

#endif
