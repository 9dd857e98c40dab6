/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see lzo1x.h.
 * Must not know: what is around a block.
 * See also:      container-lzop.c.
 *
 * A block is a row of instructions.  Each copies bytes from what was made before (a match), or
 * from the block (literals); the low two bits of what says where a match lies are a number of
 * literals that follow it.  The first byte of an instruction says its kind:
 *
 *     1 L L D D D S S  H           5 to 8 bytes, H << 3 | D  (L from 0)
 *     0 1 L D D D S S  H           3 or 4 bytes, the same
 *     0 0 1 L L L L L  [n] DS DS   2 + length, D from 0, of le16: D << 2 | S
 *     0 0 0 1 H L L L  [n] DS DS   2 + length, 16383 + H << 14 + D; 16383 itself: the end
 *     0 0 0 0 D D S S  H           after 1 to 3 literals: 2 bytes, H << 2 | D
 *                                  after 4 and more: 3 bytes, 2048 + H << 2 | D
 *     0 0 0 0 L L L L  [n]         after a match without literals: 3 + length literals
 *
 * A length whose bits are all 0 goes on in [n]: 255 for each byte of 0, and then another byte,
 * beside the highest number that the bits can say.  Distances count from the last byte, 0.  The
 * first byte of a block above 17 is that number less 17 of literals.
 *
 * Source: "LZO stream format as understood by Linux' LZO decompressor", a description by Willy
 * Tarreau in the documentation of Linux.
 */
#include "io/lzo1x.h"

#include <string.h>

typedef struct Block {
    const uint8_t *in, *in_end;
    uint8_t *out_start, *out, *out_end;
    unsigned literals; /* that came last: 0 to 3, or 4 for more */
    bool ended, bad;
} Block;

static unsigned take_byte(Block *block)
{
    if (block->in == block->in_end) {
        block->bad = true;
        return 0;
    }
    return *block->in++;
}

static unsigned take_le16(Block *block)
{
    unsigned low = take_byte(block);

    return low | take_byte(block) << 8;
}

/* The length in the low bits of @instruction, as far as @mask goes. */
static uint64_t take_length(Block *block, unsigned instruction, unsigned mask)
{
    uint64_t length = instruction & mask;
    unsigned more;

    if (length > 0) {
        return length;
    }
    length = mask;
    while ((more = take_byte(block)) == 0 && !block->bad) {
        length += 255;
    }
    return length + more;
}

static void copy_literals(Block *block, uint64_t n)
{
    if (block->bad || n > (size_t)(block->in_end - block->in) ||
        n > (size_t)(block->out_end - block->out)) {
        block->bad = true;
        return;
    }
    memcpy(block->out, block->in, (size_t)n);
    block->in += n;
    block->out += n;
    block->literals = n < 4 ? (unsigned)n : 4;
}

/* A match may lie in what it makes itself.  @distance counts from 0. */
static void copy_match(Block *block, size_t distance, uint64_t n, unsigned literals)
{
    if (block->bad || distance >= (size_t)(block->out - block->out_start) ||
        n > (size_t)(block->out_end - block->out)) {
        block->bad = true;
        return;
    }
    for (; n > 0; n--, block->out++) {
        *block->out = *(block->out - distance - 1);
    }
    copy_literals(block, literals);
}

static void far_match(Block *block, unsigned instruction)
{
    uint64_t length = 2 + take_length(block, instruction, 7);
    unsigned place = take_le16(block);
    size_t distance = (size_t)(instruction & 8) << 11 | place >> 2;

    if (distance == 0) {
        block->ended = true;
    } else {
        copy_match(block, 16384 + distance - 1, length, place & 3);
    }
}

static void middle_match(Block *block, unsigned instruction)
{
    uint64_t length = 2 + take_length(block, instruction, 31);
    unsigned place = take_le16(block);

    copy_match(block, place >> 2, length, place & 3);
}

static void near_match(Block *block, unsigned instruction)
{
    uint64_t length =
        instruction >= 128 ? 5 + (instruction >> 5 & 3) : 3 + (instruction >> 5 & 1);
    size_t distance = (size_t)take_byte(block) << 3 | (instruction >> 2 & 7);

    copy_match(block, distance, length, instruction & 3);
}

/* Its meaning depends on how many literals came last. */
static void short_instruction(Block *block, unsigned instruction)
{
    if (block->literals == 0) {
        copy_literals(block, 3 + take_length(block, instruction, 15));
        return;
    }
    size_t distance = (size_t)take_byte(block) << 2 | instruction >> 2;
    if (block->literals < 4) {
        copy_match(block, distance, 2, instruction & 3);
    } else {
        copy_match(block, 2048 + distance, 3, instruction & 3);
    }
}

bool mig_lzo1x_decode(const uint8_t *in, size_t n_in, uint8_t *out, size_t n_out)
{
    Block block = { in, in + n_in, out, out, out + n_out, 0, false, false };

    if (n_in > 0 && in[0] > 17) {
        copy_literals(&block, take_byte(&block) - 17u);
    }
    while (!block.ended && !block.bad) {
        unsigned instruction = take_byte(&block);
        if (instruction >= 64) {
            near_match(&block, instruction);
        } else if (instruction >= 32) {
            middle_match(&block, instruction);
        } else if (instruction >= 16) {
            far_match(&block, instruction);
        } else {
            short_instruction(&block, instruction);
        }
    }
    return !block.bad && block.in == block.in_end && block.out == block.out_end;
}
