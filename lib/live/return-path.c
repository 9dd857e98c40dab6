/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see return-path.h.
 * Must not know: sockets.
 * See also:      tests/unit/test-return-path.c.
 */
#include "live/return-path.h"

#include <inttypes.h>
#include <string.h>

#include "stream/wire.h"

#define HEADER_LENGTH 4u
#define PAGES_LENGTH  12u
/* The longest payload: REQ_PAGES_ID with a name of 255 bytes. */
#define PAYLOAD_MAX (PAGES_LENGTH + 1 + 255)
/* Bytes before a bitmap, and after it. */
#define BITMAP_WORD 8u
#define BITMAP_END  UINT64_C(0x0123456789abcdef)
/* Of a block of 2^50 bytes in pages of 4 KiB. */
#define BITMAP_MAX (UINT64_C(1) << 35)

/* Bytes of the payload, without the pstr8 that some end in. */
static const struct {
    MigReturnType type;
    const char *name;
    uint16_t length;
    bool has_block;
} types[] = {
    { MIG_RETURN_SHUT, "SHUT", 4, false },
    { MIG_RETURN_PONG, "PONG", 4, false },
    { MIG_RETURN_REQ_PAGES_ID, "REQ_PAGES_ID", PAGES_LENGTH, true },
    { MIG_RETURN_REQ_PAGES, "REQ_PAGES", PAGES_LENGTH, false },
    { MIG_RETURN_RECV_BITMAP, "RECV_BITMAP", 0, true },
    { MIG_RETURN_RESUME_ACK, "RESUME_ACK", 4, false },
    { MIG_RETURN_SWITCHOVER_ACK, "SWITCHOVER_ACK", 0, false },
};

static bool find(unsigned type, size_t *i)
{
    for (*i = 0; *i < G_N_ELEMENTS(types); (*i)++) {
        if ((unsigned)types[*i].type == type) {
            return true;
        }
    }
    return false;
}

const char *mig_return_name(uint16_t type)
{
    size_t i;

    return find(type, &i) ? types[i].name : NULL;
}

/* --- written --- */

bool mig_return_encode(const MigReturnMessage *message, GByteArray *out)
{
    size_t i;
    uint8_t n_block = (uint8_t)strnlen(message->block, sizeof message->block - 1);

    if (!find(message->type, &i)) {
        return false;
    }
    mig_append_be16(out, (uint16_t)message->type);
    mig_append_be16(out,
                    (uint16_t)(types[i].length + (types[i].has_block ? 1 + n_block : 0)));
    if (types[i].length == PAGES_LENGTH) {
        mig_append_be64(out, message->start);
        mig_append_be32(out, message->length);
    } else if (types[i].length > 0) {
        mig_append_be32(out, message->value);
    }
    if (types[i].has_block) {
        mig_append_pstr8(out, message->block, n_block);
    }
    if (message->type == MIG_RETURN_RECV_BITMAP) {
        mig_append_be64(out, message->n_bitmap);
        g_byte_array_append(out, message->bitmap, (guint)message->n_bitmap);
        mig_append_be64(out, BITMAP_END);
    }
    return true;
}

/* --- read --- */

typedef enum Part { PART_HEADER, PART_PAYLOAD, PART_SIZE, PART_BITMAP, PART_END } Part;

struct MigReturnDecoder {
    Part part;
    uint8_t bytes[PAYLOAD_MAX]; /* of the part, unless it is the bitmap */
    size_t n, want;
    uint64_t left;   /* of the bitmap */
    uint64_t offset; /* of the next byte */
    size_t row;      /* in types[] */
    MigReturnMessage message;
    bool failed;
};

MigReturnDecoder *mig_return_decoder_new(void)
{
    MigReturnDecoder *decoder = g_new0(MigReturnDecoder, 1);

    decoder->want = HEADER_LENGTH;
    return decoder;
}

void mig_return_decoder_free(MigReturnDecoder *decoder)
{
    g_free(decoder);
}

bool mig_return_decoder_is_between(const MigReturnDecoder *decoder)
{
    return decoder->part == PART_HEADER && decoder->n == 0;
}

static void await(MigReturnDecoder *decoder, Part part, size_t want)
{
    decoder->part = part;
    decoder->n = 0;
    decoder->want = want;
}

/* The type, and whether the length is one that it can have. */
static bool header(MigReturnDecoder *decoder, GError **error)
{
    uint16_t type = mig_be16(decoder->bytes);
    uint16_t length = mig_be16(decoder->bytes + 2);
    uint64_t offset = decoder->offset - HEADER_LENGTH;

    if (!find(type, &decoder->row)) {
        mig_error_set(error, MIG_ERROR_MALFORMED, offset, NULL,
                      "the return path has a message of the unknown type %u", type);
        return false;
    }
    uint16_t least = types[decoder->row].length;
    uint16_t most = least;

    if (types[decoder->row].has_block) {
        least += 1;
        most += 1 + 255;
    }
    if (length < least || length > most) {
        mig_error_set(error, MIG_ERROR_MALFORMED, offset, NULL,
                      "the message %s of the return path has %u bytes, not %u%s",
                      types[decoder->row].name, length, least,
                      most > least ? " and the name of a block" : "");
        return false;
    }
    memset(&decoder->message, 0, sizeof decoder->message);
    decoder->message.type = types[decoder->row].type;
    await(decoder, PART_PAYLOAD, length);
    return true;
}

static bool payload(MigReturnDecoder *decoder, GError **error)
{
    const uint8_t *p = decoder->bytes;
    uint16_t fixed = types[decoder->row].length;
    MigReturnMessage *message = &decoder->message;

    if (fixed == PAGES_LENGTH) {
        message->start = mig_be64(p);
        message->length = mig_be32(p + 8);
    } else if (fixed > 0) {
        message->value = mig_be32(p);
    }
    if (types[decoder->row].has_block) {
        uint8_t n = p[fixed];

        if (decoder->want != (size_t)fixed + 1 + n) {
            mig_error_set(error, MIG_ERROR_MALFORMED, decoder->offset - decoder->want,
                          NULL,
                          "the message %s of the return path has a name of %u bytes in "
                          "%zu",
                          types[decoder->row].name, n, decoder->want - fixed - 1);
            return false;
        }
        memcpy(message->block, p + fixed + 1, n);
    }
    await(decoder, PART_HEADER, HEADER_LENGTH);
    if (message->type == MIG_RETURN_RECV_BITMAP) {
        await(decoder, PART_SIZE, BITMAP_WORD);
    }
    return true;
}

static bool bitmap_size(MigReturnDecoder *decoder, GError **error)
{
    uint64_t n = mig_be64(decoder->bytes);

    if (n > BITMAP_MAX) {
        mig_error_set(error, MIG_ERROR_MALFORMED, decoder->offset - BITMAP_WORD, NULL,
                      "the bitmap in the return path has %" PRIu64
                      " bytes, more than any block needs",
                      n);
        return false;
    }
    decoder->message.n_bitmap = n;
    decoder->left = n;
    await(decoder, PART_BITMAP, 0);
    return true;
}

static bool bitmap_end(MigReturnDecoder *decoder, GError **error)
{
    if (mig_be64(decoder->bytes) != BITMAP_END) {
        mig_error_set(error, MIG_ERROR_MALFORMED, decoder->offset - BITMAP_WORD, NULL,
                      "the bitmap in the return path has no mark at its end");
        return false;
    }
    await(decoder, PART_HEADER, HEADER_LENGTH);
    return true;
}

/* The part that is whole. */
static bool finish(MigReturnDecoder *decoder, GError **error)
{
    switch (decoder->part) {
    case PART_HEADER:
        return header(decoder, error);
    case PART_PAYLOAD:
        return payload(decoder, error);
    case PART_SIZE:
        return bitmap_size(decoder, error);
    case PART_BITMAP:
        await(decoder, PART_END, BITMAP_WORD);
        return true;
    case PART_END:
        return bitmap_end(decoder, error);
    }
    return false;
}

/* Returns how many bytes it took. */
static size_t fill(MigReturnDecoder *decoder, const uint8_t *bytes, size_t n)
{
    size_t taken;

    if (decoder->part == PART_BITMAP) {
        taken = (size_t)MIN(n, decoder->left);
        decoder->left -= taken;
    } else {
        taken = MIN(n, decoder->want - decoder->n);
        memcpy(decoder->bytes + decoder->n, bytes, taken);
        decoder->n += taken;
    }
    decoder->offset += taken;
    return taken;
}

static bool is_whole(const MigReturnDecoder *decoder)
{
    return decoder->part == PART_BITMAP ? decoder->left == 0
                                        : decoder->n == decoder->want;
}

MigReturnStep mig_return_decoder_push(MigReturnDecoder *decoder, const uint8_t *bytes,
                                      size_t n, size_t *used, MigReturnMessage *message,
                                      GError **error)
{
    *used = 0;
    while (!decoder->failed) {
        *used += fill(decoder, bytes + *used, n - *used);
        if (!is_whole(decoder)) {
            return MIG_RETURN_STEP_MORE;
        }
        if (!finish(decoder, error)) {
            decoder->failed = true;
        } else if (mig_return_decoder_is_between(decoder)) {
            *message = decoder->message;
            return MIG_RETURN_STEP_MESSAGE;
        }
    }
    if (error && !*error) {
        mig_error_set(error, MIG_ERROR_MALFORMED, decoder->offset, NULL,
                      "the return path cannot be read after what was wrong in it");
    }
    return MIG_RETURN_STEP_FAILED;
}
