/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes in.  A file, a pipe or memory, with compression and libvirt's save
 *                image undone, as one run of plain stream bytes that starts at offset 0.
 * Must not know: what the bytes mean.
 * See also:      io/source.h, what an input reads from; stream/reader.c, its only parser.
 */
#ifndef MIG_IO_INPUT_H
#define MIG_IO_INPUT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/container.h"
#include "io/visibility.h"

G_BEGIN_DECLS

typedef struct MigInput MigInput;

/* The longest look-ahead that mig_input_peek() grants, in bytes. */
#define MIG_INPUT_PEEK_MAX (2u << 20)

/*
 * Whether the caller wants the operation to end, with CANCELLED.  It is asked often, and by
 * more than one thread: let it read a flag that a signal handler or another thread sets.
 */
typedef bool MigCancelled(void *data);

/*
 * Structures of options begin with their size, so that they can get further members, at
 * their end, within one soname.  A client that was built with a shorter one gets zeros for
 * the rest.  A size of 0 is an error, and so is a member that is set and that the library
 * does not know yet (USAGE).  Write
 *     const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .offset = 4096 };
 * or, in C++,
 *     MigInputOptions options = {};
 *     options.size = sizeof(options);
 */
#define MIG_INPUT_OPTIONS_INIT .size = sizeof(MigInputOptions)

/* For offset: the stream is looked for, and begins at the first place that looks like one. */
#define MIG_INPUT_OFFSET_AUTO UINT64_MAX

typedef enum MigInputFlag {
    /* A qcow2 image of several snapshots with the state of a guest is opened although none is
     * named: the input is empty, and mig_container_snapshot() lists them. */
    MIG_INPUT_UNCHOSEN = 1 << 0,
} MigInputFlag;

typedef struct MigInputOptions {
    size_t size; /* bytes of this structure */
    /* Where the stream (or what is wrapped around it) starts, in bytes of the file: what
     * QEMU's file:PATH,offset=N skipped.  Offsets inside the stream then count from
     * here, but see mig_input_file_offset(). */
    uint64_t offset;
    /* The most bytes that compressed input may expand to, in all layers of compression
     * together.  0 means the default: 1,000 times the compressed bytes read so far, or 1 GiB
     * where that is more. */
    uint64_t max_expand;
    /* Where a spool file may live; NULL means $TMPDIR, else /var/tmp. */
    const char *spool_dir;
    /* Most bytes that mig_input_hold() keeps of a pipe; 0 means the default, 32 GiB. */
    uint64_t max_hold;
    MigCancelled *cancelled; /* NULL: never */
    void *cancelled_data;
    /* mig_input_new_fd(): the descriptor is closed with the input, also when that fails, but for
     * options that are refused. */
    bool owns_fd;
    /* The input may be a multifd channel, for mig_capture_join() or mig_reader_add_channel(). */
    bool multifd;
    /* Told the position, in plain bytes, while mig_input_hold() reads on; may be NULL. */
    void (*progress)(void *data, uint64_t position);
    void *progress_data;
    /* The id, or else the name, of the snapshot that is read of a qcow2 image; NULL: the only one
     * with the state of a guest. */
    const char *snapshot;
    /* What comes depends on what is done with what has come, as in a migration that goes on: nothing
     * is waited for that is not needed for the next item.  Of a pipe, items may then be shorter. */
    bool live;
    uint64_t flags; /* of MigInputFlag; others are ignored */
} MigInputOptions;

/*
 * Opens @path ("-" is standard input) and looks at its first bytes: compression is undone, several
 * frames or members in a row included; a libvirt save image is skipped to the stream that it holds,
 * and in a qcow2 image a snapshot is read.  Wrappers nest up to 4 deep.
 * @options may be NULL.  The result is owned by the caller, mig_input_free().
 * Errors: IO; CANCELLED; USAGE for a qcow2 image of several snapshots unless options allow it, or
 * without the one that is wanted; UNSUPPORTED for lz4, a qcow2 image that is encrypted or has no snapshot, a
 * CPR state file, a multifd channel unless options allow it, each by name; CONTAINER for a damaged wrapper.
 * io/foreign.c has the table.  Other bytes are no error here: the reader says what they are.
 */
MIG_API MigInput *mig_input_open(const char *path, const MigInputOptions *options,
                                 GError **error);

/* The same over a descriptor, which is borrowed and must outlive the input, but see owns_fd.  @name is
 * what messages call it, copied. */
MIG_API MigInput *mig_input_new_fd(int fd, const char *name,
                                   const MigInputOptions *options, GError **error);

/* The same over memory; @bytes is referenced. */
MIG_API MigInput *mig_input_new_bytes(GBytes *bytes, const char *name,
                                      const MigInputOptions *options, GError **error);

/* As MIG_INPUT_OPTIONS_INIT. */
#define MIG_INPUT_CALLBACKS_INIT .size = sizeof(MigInputCallbacks)

/* Where an input has its bytes from: functions of the caller, which get its @data. */
typedef struct MigInputCallbacks {
    size_t size; /* bytes of this structure */
    /*
     * Reads 1 to @n bytes to @buffer, and returns how many; 0 is the end; -1 a failure, whose
     * *error, of any domain, is what reading the input then fails with (NULL: IO).  Without
     * length() it is asked for each byte once and in order, and may wait.  With it, @offset is
     * any, and two threads may ask at once.  Needed.
     */
    ssize_t (*read)(void *data, uint64_t offset, void *buffer, size_t n, GError **error);
    /* Sets *length, in bytes: then the input can seek.  Asked once, at the start; false with
     * *error set if it cannot tell.  NULL: the input is read as it comes, like a pipe. */
    bool (*length)(void *data, uint64_t *length, GError **error);
    /* Called once, with the input, or when it could not be opened.  NULL: nothing to do. */
    void (*close)(void *data);
} MigInputCallbacks;

/*
 * The same over what @callbacks, which is copied, reads; @name is copied too.
 * Errors: as mig_input_open(); those of the callbacks; USAGE for callbacks that have no read(),
 * or what the library does not know, which are not called.
 */
MIG_API MigInput *mig_input_new_callbacks(const MigInputCallbacks *callbacks, void *data,
                                          const char *name,
                                          const MigInputOptions *options, GError **error);

/* @in may be NULL, as may be what any mig_..._free() of the library is given. */
MIG_API void mig_input_free(MigInput *in);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigInput, mig_input_free)

/* The name it was opened by; lives as long as the input. */
MIG_API const char *mig_input_name(const MigInput *in);

/* The wrappers, outermost first: number @i, from 0; NULL where there are no more. */
MIG_API const MigContainer *mig_input_container(const MigInput *in, size_t i);

/* Gives @in one more input that is read together with it, and freed with it: a channel of the
 * same migration, for mig_reader_new(). */
MIG_API void mig_input_attach(MigInput *in, MigInput *other);

/* Number @i of those, from 0; NULL where there are no more. */
MIG_API MigInput *mig_input_attached(const MigInput *in, size_t i);

/* Length of the file itself in bytes, wrappers included; false for a pipe. */
MIG_API bool mig_input_file_size(const MigInput *in, uint64_t *size);

/* Where in the file it is read from, in bytes: options' offset, or where a stream was found. */
MIG_API uint64_t mig_input_start(const MigInput *in);

/* Where plain byte 0 lies in the file: what mapped-ram's absolute offsets must be
 * reduced by.  Options' offset plus a save image's header; below a compression, the header
 * of an image that was compressed as a whole, else 0. */
MIG_API uint64_t mig_input_file_offset(const MigInput *in);

/* Position in plain bytes. */
MIG_API uint64_t mig_input_tell(const MigInput *in);

/*
 * Looks ahead without moving.  @want: at most MIG_INPUT_PEEK_MAX.
 * Returns a pointer to *available bytes, never NULL; *available >= want unless the input
 * ends before.  It may be more.  The bytes stay valid until the next peek, skip or hold.
 * Looking ahead cannot fail: what cannot be read is not there, and mig_input_end_error()
 * says why.
 */
MIG_API const uint8_t *mig_input_peek(MigInput *in, size_t want, size_t *available);

/* Moves @n bytes forward, without reading them where the input can seek.  Returns how far
 * it came: less than @n only at the end. */
MIG_API uint64_t mig_input_skip(MigInput *in, uint64_t n);

/* Moves back to @offset, for another pass.  Seekable inputs only, not before the position at
 * which a pipe was held and not beyond the end: else it stays, with a GLib critical. */
MIG_API void mig_input_rewind(MigInput *in, uint64_t offset);

/* Why the input ended: false with *error set if reading failed (IO, CONTAINER, LIMIT,
 * CANCELLED, a file that shrank while it was read), true if it simply ended there, or has
 * not ended yet. */
MIG_API bool mig_input_end_error(const MigInput *in, GError **error);

/* Whether mig_input_read_at() and mig_input_size() work. */
MIG_API bool mig_input_seekable(const MigInput *in);

/* Length in plain bytes; seekable inputs only.  It grows where only a part is held. */
MIG_API uint64_t mig_input_size(const MigInput *in);

/*
 * Makes the rest of an input seekable, from the current position on: reads it to its end
 * into memory, and beyond 8 MiB into an unlinked temporary file, sparse where it is zero.
 * Nothing to do for an input that can seek.  If the source fails on the way, what came
 * before is kept and mig_input_end_error() tells at the end; likewise, with LIMIT, where the
 * options' max_hold is reached: a pipe may have no end.
 * Errors: IO when the spool cannot be written (the text names the directory), CANCELLED.
 */
MIG_API bool mig_input_hold(MigInput *in, GError **error);

/*
 * The same, but only until @is_enough, which is asked with @data now and then and may look at
 * what is held so far; NULL: never.  The rest of the input is then still to come: it is kept
 * when the reading gets there, and mig_input_size() is that of what has come.
 */
MIG_API bool mig_input_hold_until(MigInput *in, bool (*is_enough)(void *data), void *data,
                                  GError **error);

/*
 * Random access that does not move the position.  Seekable inputs only; @offset must not
 * lie before the position at which a pipe was held.
 * Returns how many bytes were read: less than @n only at the end, 0 beyond it, or on failure,
 * which mig_input_end_error() then tells.
 */
MIG_API size_t mig_input_read_at(MigInput *in, uint64_t offset, void *buffer, size_t n);

/* How many bytes from the position on are a hole of the file, and so zero, without reading
 * them: 0 where there is none, or nobody can tell. */
MIG_API uint64_t mig_input_hole(const MigInput *in);

/* Where the hole begins with which a file ends, looked for from @offset on; the size of the
 * input where it ends with data, or nobody can tell.  Seekable inputs only. */
MIG_API uint64_t mig_input_data_end(const MigInput *in, uint64_t offset);

/*
 * A descriptor from which plain bytes can be copied by the kernel, or -1: a plain file, or
 * a spool.  Plain byte @offset lies at *fd_offset of it.
 */
MIG_API int mig_input_copy_fd(const MigInput *in, uint64_t offset, uint64_t *fd_offset);

G_END_DECLS

#endif
