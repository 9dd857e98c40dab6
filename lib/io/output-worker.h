/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      a second thread that copies ranges between two files, while the first goes on.
 * Knows not: what comes between the ranges, nor what to tell when one cannot be copied.
 * Beside it: output.c, which hands ranges over, and copies itself those that it gets back.
 */
#ifndef MIG_IO_OUTPUT_WORKER_H
#define MIG_IO_OUTPUT_WORKER_H

#include "io/input.h"

/* All in bytes. */
typedef struct MigRange {
    MigInput *in;    /* Plain bytes of it, */
    uint64_t offset; /* from here, */
    uint64_t length;
    int from; /* which lie in this descriptor */
    uint64_t from_offset;
    uint64_t to_offset;
} MigRange;

typedef struct MigOutputWorker MigOutputWorker;

/* To the regular file @to, which is borrowed; its position is not used.  @cancel may be NULL.
 * NULL when the system gives no thread. */
MigOutputWorker *mig_output_worker_new(int to, const atomic_bool *cancel);

/* Hands a range over, once there is room; its descriptor must stay open until the worker is
 * settled or freed.  False when the worker has stopped: then @range is the caller's. */
bool mig_output_worker_put(MigOutputWorker *worker, const MigRange *range);

/* Afterwards no descriptor is used, until the next range is put. */
void mig_output_worker_settle(MigOutputWorker *worker);

/* Gives back what a worker that stopped has not copied, the oldest first; false when there
 * is no more.  Settled workers only. */
bool mig_output_worker_take_back(MigOutputWorker *worker, MigRange *range);

/* What is not copied yet stays so. */
void mig_output_worker_free(MigOutputWorker *worker);

#endif
