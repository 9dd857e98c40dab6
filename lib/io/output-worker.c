/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      a second thread that copies ranges between two files, while the first goes on.
 * Knows not: what comes between the ranges, nor what to tell when one cannot be copied.
 * Beside it: output.c, which hands ranges over, and copies itself those that it gets back.
 *
 * Every range states where it lies in both files, so nothing depends on the order of what
 * the two threads do, nor on a position that they would share.
 *
 * - Range k is in place k % RANGES: copied <= put <= copied + RANGES.  Both, and `stopped`,
 *   are changed under the lock only: `put` by the caller, `stopped` by the worker, `copied`
 *   by the worker until it stopped and by the caller from then on.
 * - A range that was put belongs to the worker until `copied` has passed it.
 * - The worker makes no error.  When it cannot go on, because a call failed or the output
 *   was cancelled, it stops for good: what is left is taken back by the caller, who meets
 *   the same trouble and knows how to tell it.
 * - The caller waits only for a worker that has a range and so does not wait; the worker
 *   waits only without one, when the caller has nothing to wait for.  So one condition
 *   serves both, and never do both wait.
 */
#include "io/output-worker.h"

#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "io/kernel-copy.h"

#define RANGES 16u
/* Stays in the cache between reading and writing. */
#define PIECE ((size_t)256 << 10)

struct MigOutputWorker {
    int to;
    const atomic_bool *cancel;
    bool by_memory; /* The kernel cannot, or not as fast. */
    uint8_t *piece; /* PIECE bytes, then. */

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_bool quit;
    bool stopped;
    uint64_t put;
    uint64_t copied;
    MigRange ranges[RANGES];
};

static ssize_t copy_some(MigOutputWorker *worker, const MigRange *range)
{
    if (!worker->by_memory) {
        ssize_t done = mig_kernel_copy_at(range->from, range->from_offset, worker->to,
                                          range->to_offset, range->length);
        if (done != 0) {
            return done;
        }
        worker->by_memory = true;
    }
    if (!worker->piece) {
        worker->piece = g_malloc(PIECE);
    }
    ssize_t got = pread(range->from, worker->piece, MIN(range->length, PIECE),
                        (off_t)range->from_offset);
    return got > 0
               ? pwrite(worker->to, worker->piece, (size_t)got, (off_t)range->to_offset)
               : got;
}

static bool is_set(const atomic_bool *flag)
{
    return flag && atomic_load_explicit(flag, memory_order_relaxed);
}

/* Without the lock.  Leaves in @range what is not copied: nothing, or false. */
static bool copy(MigOutputWorker *worker, MigRange *range)
{
    while (range->length > 0) {
        ssize_t done = is_set(&worker->quit) || is_set(worker->cancel)
                           ? -1
                           : copy_some(worker, range);
        if (done <= 0) {
            return false;
        }
        range->offset += (uint64_t)done;
        range->from_offset += (uint64_t)done;
        range->to_offset += (uint64_t)done;
        range->length -= (uint64_t)done;
    }
    return true;
}

static void *work(void *data)
{
    MigOutputWorker *worker = data;

    pthread_mutex_lock(&worker->lock);
    while (!worker->stopped && !is_set(&worker->quit)) {
        if (worker->copied == worker->put) {
            pthread_cond_wait(&worker->changed, &worker->lock);
            continue;
        }
        MigRange *range = &worker->ranges[worker->copied % RANGES];
        pthread_mutex_unlock(&worker->lock);
        bool ok = copy(worker, range);
        pthread_mutex_lock(&worker->lock);
        worker->copied += ok;
        worker->stopped = !ok;
        pthread_cond_signal(&worker->changed);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* Until at most @most ranges are left, or the worker has stopped.  With the lock held. */
static void wait_for(MigOutputWorker *worker, uint64_t most)
{
    while (!worker->stopped && worker->put - worker->copied > most) {
        pthread_cond_wait(&worker->changed, &worker->lock);
    }
}

bool mig_output_worker_put(MigOutputWorker *worker, const MigRange *range)
{
    pthread_mutex_lock(&worker->lock);
    wait_for(worker, RANGES - 1);
    bool taken = !worker->stopped;
    if (taken) {
        worker->ranges[worker->put++ % RANGES] = *range;
        pthread_cond_signal(&worker->changed);
    }
    pthread_mutex_unlock(&worker->lock);
    return taken;
}

void mig_output_worker_settle(MigOutputWorker *worker)
{
    pthread_mutex_lock(&worker->lock);
    wait_for(worker, 0);
    pthread_mutex_unlock(&worker->lock);
}

bool mig_output_worker_take_back(MigOutputWorker *worker, MigRange *range)
{
    pthread_mutex_lock(&worker->lock);
    bool left = worker->copied < worker->put;
    if (left) {
        *range = worker->ranges[worker->copied++ % RANGES];
    }
    pthread_mutex_unlock(&worker->lock);
    return left;
}

static void destroy(MigOutputWorker *worker)
{
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    g_free(worker->piece);
    g_free(worker);
}

/* Files in tmpfs share no blocks: there the kernel copies too, but page by page. */
static bool is_in_tmpfs(int fd)
{
    struct statfs st;

    return fstatfs(fd, &st) == 0 && st.f_type == TMPFS_MAGIC;
}

MigOutputWorker *mig_output_worker_new(int to, const atomic_bool *cancel)
{
    MigOutputWorker *worker = g_new0(MigOutputWorker, 1);
    sigset_t all;
    sigset_t old;

    worker->to = to;
    worker->cancel = cancel;
    worker->by_memory = is_in_tmpfs(to);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);

    /* Signals are for the threads of the program. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failure = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failure != 0) {
        destroy(worker);
        return NULL;
    }
    return worker;
}

void mig_output_worker_free(MigOutputWorker *worker)
{
    if (!worker) {
        return;
    }
    pthread_mutex_lock(&worker->lock);
    atomic_store_explicit(&worker->quit, true, memory_order_relaxed);
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    destroy(worker);
}
