/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes out.  A file that appears whole or not at all, or a descriptor
 *                that is written as it comes; wrappers on the way.
 * Must not know: what the bytes mean.
 * See also:      stream/writer.c, which decides what to copy and what to write anew.
 */
#ifndef MIG_IO_OUTPUT_H
#define MIG_IO_OUTPUT_H

#include "io/input.h"
#include "io/output-target.h"

G_BEGIN_DECLS

typedef struct MigOutput MigOutput;

/* How the RAM of a stream is laid out, for what is around the stream. */
typedef enum MigOutputRam {
    MIG_OUTPUT_RAM_AS_INPUT,
    MIG_OUTPUT_RAM_PLAIN,  /* as page records */
    MIG_OUTPUT_RAM_MAPPED, /* as mapped-ram */
} MigOutputRam;

/* As MIG_INPUT_OPTIONS_INIT. */
#define MIG_OUTPUT_OPTIONS_INIT .size = sizeof(MigOutputOptions)

typedef struct MigOutputOptions {
    size_t size;   /* bytes of this structure */
    bool force;    /* A file that exists may be replaced. */
    bool in_place; /* The target must be @input, which is replaced (implies force). */
    /* That the bytes come from, for in_place and for the mode of a new file; NULL: they come
     * from no file. */
    const MigFileId *input;
    bool zstd;               /* Compress. */
    int zstd_level;          /* As zstd's; 0 means zstd's default. */
    int zstd_threads;        /* Worker threads; 0 compresses in the caller's. */
    bool zstd_long;          /* Long-distance matching. */
    MigCancelled *cancelled; /* NULL: never */
    void *cancelled_data;
    /* Wrap the stream as this input was wrapped, the same kinds with the same headers, and ignore
     * @zstd; its level and the like count where zstd is one of them.  The stream must be what the
     * headers say of it.  NULL: no wrapper but @zstd or @compression. */
    const MigInput *like;
    size_t like_from; /* The first of its wrappers that counts, from 0 on. */
    /* The name of the compression of the stream, in place of what @like has and @zstd asks for: a
     * libvirt save image says so in its header.  "none" for none; NULL: as @like and @zstd say. */
    const char *compression;
    int level; /* Of @compression; 0 means its default. */
    /* Where the result may become a patch (mig_output_is_patch()) of the plain file that this
     * input is: then what stays where it is is not written.  The output must be an empty file, and
     * the input live as long as the output.  NULL: all is written. */
    MigInput *over;
    MigOutputRam ram; /* What a libvirt save image says of its stream. */
    /* The domain XML of a libvirt save image, in place of the one that @like has; NULL: that.  The
     * cookie stays.  Where it does not fit, the stream begins later: mig_container_room(). */
    GBytes *xml;
} MigOutputOptions;

/* The levels that zstd_level may be, as libzstd has them; 0 is its default. */
MIG_API void mig_output_zstd_levels(int *lowest, int *highest);

/* The same of any compression: "zstd", "gzip", "bzip2", "xz" or "lzop", which has but 0.  False for
 * another name. */
MIG_API bool mig_output_levels(const char *compression, int *lowest, int *highest);

/*
 * Starts a file at @path: a temporary in the same directory, invisible (O_TMPFILE) where the
 * file system can, which mig_output_commit() turns into @path.  Until then @path is
 * untouched, and mig_output_free() without a commit leaves nothing.
 * A new file has the mode of a regular input, masked by the umask, else 0600; one that is
 * replaced hands down mode, owner, ACL and other attributes (mig_output_lost()).  A symbolic
 * link is followed only to replace a file, and not where it is another user's in a sticky
 * folder that everybody may write to.
 * Errors: IO; USAGE when @path exists and neither force nor in_place is set, is no regular
 * file, or with in_place is not @input, or for a compression or level that there is not;
 * UNSUPPORTED for options->like with a wrapper that cannot be made again.
 */
MIG_API MigOutput *mig_output_open(const char *path, const MigOutputOptions *options,
                                   GError **error);

/* Writes to a descriptor, which is borrowed, as the bytes come.  Errors as above. */
MIG_API MigOutput *mig_output_new_fd(int fd, const char *name,
                                     const MigOutputOptions *options, GError **error);

/*
 * Appends @n bytes.  Errors: IO (EPIPE included: mig_output_broken_pipe() tells it apart),
 * CANCELLED.  After an error every further call repeats it.
 */
MIG_API bool mig_output_write(MigOutput *out, const void *data, size_t n, GError **error);

/* Hands on what was gathered of them, for somebody who waits for it.  A compression keeps what it
 * has not compressed.  Errors as above. */
MIG_API bool mig_output_push(MigOutput *out, GError **error);

/*
 * Appends @length plain bytes of @in from @offset, without moving @in: by copy_file_range(),
 * splice() or large writes, whichever the two ends allow.  Holes of the input stay holes in
 * a file.  @in must be seekable there.
 */
MIG_API bool mig_output_copy(MigOutput *out, MigInput *in, uint64_t offset,
                             uint64_t length, GError **error);

/* Plain bytes appended so far, before compression. */
MIG_API uint64_t mig_output_tell(const MigOutput *out);

/* Where plain byte 0 lies in the file: what the absolute offsets of mapped-ram are increased by.
 * The offset at which a descriptor was taken, and headers of wrappers; below a compression, those
 * of what was compressed as a whole, else 0. */
MIG_API uint64_t mig_output_file_offset(const MigOutput *out);

/* The name of its @i-th wrapper, outermost first, as mig_container_name() has it; NULL: there are
 * no more. */
MIG_API const char *mig_output_wrapper(const MigOutput *out, size_t i);

/* Whether what was written is a patch of options->over, for mig_target_patch(): where at most a
 * quarter of the file changes, in no more than 65,536 places.  Valid after a commit. */
MIG_API bool mig_output_is_patch(const MigOutput *out);

/* Bytes of the finished file or descriptor, after compression; valid after a commit. */
MIG_API uint64_t mig_output_written(const MigOutput *out);

/* Ends compression, flushes; a file is synced to disk and gets its name.  Call once. */
MIG_API bool mig_output_commit(MigOutput *out, GError **error);

/* Which attributes of the file that it replaces the new one lacks, and why ("NAME (REASON)",
 * parted by ", "); NULL: none. */
MIG_API const char *mig_output_lost(const MigOutput *out);

/* Whether an error has come from it, or while it copied from an input. */
MIG_API bool mig_output_failed(const MigOutput *out);

/* Whether the last error was that nobody reads any more. */
MIG_API bool mig_output_broken_pipe(const MigOutput *out);

/* Queued copies are dropped unless mig_output_commit() came first. */
MIG_API void mig_output_free(MigOutput *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigOutput, mig_output_free)

G_END_DECLS

#endif
