/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes on their way from one descriptor to another, in one direction.
 * Must not know: what they mean.
 * See also:      relay.h, which has many of them.
 *
 * Bytes that nobody looks at are not copied to this process: they stay in the kernel, in a pipe
 * between the two descriptors.
 */
#ifndef CLI_FLOW_H
#define CLI_FLOW_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is read at once; of channels that come late, less, so that 255 of them have room. */
#define FLOW_BYTES      ((size_t)256 << 10)
#define FLOW_BYTES_LATE ((size_t)32 << 10)
/* And where nobody looks at it; the kernel may have a pipe hold less. */
#define FLOW_PIPE_BYTES ((size_t)1 << 20)

typedef struct Flow {
    int from, to;    /* they do not block; -1: not there yet, or not any more */
    bool closes;     /* the end is told by closing @to, which is no socket */
    bool passes;     /* nobody looks at what is read next, */
    uint64_t unseen; /* but of no more bytes than that; 0: of all */
    int pipe[2];     /* to read and to write; -1: none yet, or the system gives none */
    bool in_pipe;    /* what was read and not written is there, and else */
    uint8_t *buffer; /* here: */
    size_t size, at, n;
    size_t held;    /* of what was read, the last bytes are not written yet */
    uint64_t moved; /* bytes that were read */
    bool ended;     /* @from gives no more */
    bool over;      /* and @to knows it */
} Flow;

typedef enum FlowResult {
    FLOW_OK,
    FLOW_READ_FAILED,  /* errno says how */
    FLOW_WRITE_FAILED, /* the same; EPIPE: nobody reads any more */
} FlowResult;

void flow_init(Flow *flow, int from, int to, size_t size);
void flow_clear(Flow *flow); /* its memory and its pipe */

/* What it waits for; -1 as descriptor where that is nothing. */
struct pollfd flow_wants(const Flow *flow);

/* Reads what has come, if all that came before is written, and says how many bytes at @flow->at
 * are new; 0 at the end, where there is nothing, and of what passes unseen. */
FlowResult flow_read(Flow *flow, size_t *n);

/* Writes what there is room for; tells the end once all is written. */
FlowResult flow_write(Flow *flow);

#endif
