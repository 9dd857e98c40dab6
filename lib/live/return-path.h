/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the return path: what a loader sends back on the main channel, written and
 *                read.
 * Must not know: sockets, and when what is sent.
 * See also:      live/endpoint.h; stream/command.h, what it answers.
 *
 * All integers are big-endian, but for the bitmap.
 *   u16 type | u16 length | payload, by type:
 *     SHUT           u32 0: the migration is complete, else it failed
 *     PONG           u32 what PING had
 *     REQ_PAGES_ID   u64 start | u32 length | pstr8 block
 *     REQ_PAGES      u64 start | u32 length, in the block of the request before
 *     RECV_BITMAP    pstr8 block, and after the payload
 *                    u64 bytes | bitmap, little-endian | u64 mark of its end
 *     RESUME_ACK     u32 1
 *     SWITCHOVER_ACK nothing (8.1)
 * Source: migration/migration.c, migrate_send_rp_message() and source_return_path_thread();
 * ram.c, ramblock_recv_bitmap_send(); 5.2 to 11.1.
 */
#ifndef MIG_LIVE_RETURN_PATH_H
#define MIG_LIVE_RETURN_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/error.h"
#include "io/visibility.h"

G_BEGIN_DECLS

typedef enum MigReturnType {
    MIG_RETURN_SHUT = 1,
    MIG_RETURN_PONG = 2,
    MIG_RETURN_REQ_PAGES_ID = 3,
    MIG_RETURN_REQ_PAGES = 4,
    MIG_RETURN_RECV_BITMAP = 5,
    MIG_RETURN_RESUME_ACK = 6,
    MIG_RETURN_SWITCHOVER_ACK = 7,
} MigReturnType;

/* What PING has when the loader shall answer as soon as it has the package of a postcopy
 * migration (10.2); the source waits for this answer. */
#define MIG_PING_PACKAGE_LOADED 0x42u

typedef struct MigReturnMessage {
    MigReturnType type;
    uint32_t value;        /* SHUT, PONG, RESUME_ACK */
    uint64_t start;        /* REQ_PAGES, REQ_PAGES_ID: in bytes of the block */
    uint32_t length;       /* the same: bytes */
    char block[256];       /* REQ_PAGES_ID, RECV_BITMAP: a NUL after at most 255 bytes */
    uint64_t n_bitmap;     /* RECV_BITMAP: bytes of it */
    const uint8_t *bitmap; /* RECV_BITMAP, when it is written; NULL when it was read */
    uint64_t reserved[2];  /* 0 */
} MigReturnMessage;

/* "PONG", ...: a static string, NULL for a type that no release knows. */
MIG_API const char *mig_return_name(uint16_t type);

/* Appends @message to @out.  False, and nothing is appended, if its type is none. */
MIG_API bool mig_return_encode(const MigReturnMessage *message, GByteArray *out);

/* Reads messages from bytes that come in pieces of any length; what it keeps of them has a
 * bound. */
typedef struct MigReturnDecoder MigReturnDecoder;

/* One for each return path; the caller frees it. */
MIG_API MigReturnDecoder *mig_return_decoder_new(void);
/* @decoder may be NULL. */
MIG_API void mig_return_decoder_free(MigReturnDecoder *decoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigReturnDecoder, mig_return_decoder_free)

typedef enum MigReturnStep {
    MIG_RETURN_STEP_MORE,    /* all bytes were taken; there is no whole message yet */
    MIG_RETURN_STEP_MESSAGE, /* *message is one; ask again with the bytes after *used */
    MIG_RETURN_STEP_FAILED,  /* no loader sends that; the decoder reads no further */
} MigReturnStep;

/*
 * Takes *used of the @n bytes that came next.  A message of type RECV_BITMAP is there when all
 * of its bitmap has passed.
 * Errors: MALFORMED, with the offset in the return path.
 */
MIG_API MigReturnStep mig_return_decoder_push(MigReturnDecoder *decoder,
                                              const uint8_t *bytes, size_t n,
                                              size_t *used, MigReturnMessage *message,
                                              GError **error);

/* Whether what came so far ends with a whole message, or is nothing. */
MIG_API bool mig_return_decoder_is_between(const MigReturnDecoder *decoder);

G_END_DECLS

#endif
