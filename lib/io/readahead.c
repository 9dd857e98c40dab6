/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a second thread that reads a source ahead of its consumer, into a ring.
 * Must not know: why, nor what for.
 * See also:      input.c, the consumer, whose window the ring is.
 *
 * Reading a cached file is copying, and one processor cannot copy as fast as the memory can
 * deliver.  So both threads fill slots: the worker all the time, the consumer whenever the
 * slot that it wants is not full yet, for it would only wait otherwise.
 *
 * Chunk k of the source belongs into slot k % SLOTS.  A chunk goes through these hands:
 *
 *     free  --claim-->  claimed  --fill-->  full  --next-->  taken  --release-->  free
 *
 * - Chunks are claimed, taken and released in order: released <= taken <= claimed, and
 *   claimed - released <= SLOTS.  All three are changed under the lock only.
 * - The bytes and the length of a slot belong to whoever claimed it until `full` is set, and
 *   to the consumer from then on until it releases it.  `full` is set under the lock, with
 *   release order, so that the consumer may also look at it without the lock.
 * - A source that cannot seek gives its bytes only in order: then only the worker claims.
 * - Two readers are quicker only where the cache has the bytes: on a disk they are in each
 *   other's way.  So a chunk that the disk would have to be waited for counts as short.
 * - A chunk that is shorter than its slot, or a stop, closes the ring: nobody claims any
 * more.  Chunks that were claimed after a short one are never taken.  Why a chunk is short
 * does not matter here: whoever reads on after it finds out. - A thread that waits says so
 * under the lock; a thread that changes the condition then signals.  The
 *   worker is woken only when half of the ring is free, because a wake-up costs as much as
 *   filling a slot; or when the consumer is about to wait itself, so that never both wait.
 */
#include "io/readahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

/* Looks at a slot before the consumer goes to sleep: some ten microseconds. */
#define SPINS 400

typedef struct Slot {
    size_t length;
    atomic_bool full;
} Slot;

struct MigReadahead {
    MigSource *source;
    uint8_t *ring;
    Slot slots[MIG_READAHEAD_SLOTS];

    pthread_t worker;
    pthread_mutex_t lock;
    pthread_cond_t filled; /* The consumer waits here, */
    pthread_cond_t room;   /* and the worker here. */
    bool consumer_waits;
    bool worker_waits;
    bool worker_fills;
    bool closed;
    bool quit;
    uint64_t start; /* Offset of chunk 0. */
    uint64_t claimed;
    uint64_t taken;
    uint64_t released;
};

/* With the lock held. */
static bool claim(MigReadahead *ahead, uint64_t *chunk)
{
    if (ahead->closed || ahead->claimed - ahead->released == MIG_READAHEAD_SLOTS) {
        return false;
    }
    *chunk = ahead->claimed++;
    return true;
}

/* Nothing, where the disk would have to be waited for.  That is asked now and then only,
 * because it takes some microseconds. */
static size_t read_chunk(const MigReadahead *ahead, uint64_t chunk, uint8_t *place)
{
    uint64_t offset = ahead->start + chunk * MIG_READAHEAD_SLOT;

    if (chunk % MIG_READAHEAD_SLOTS == 0 &&
        !mig_source_is_at_hand(ahead->source, offset)) {
        return 0;
    }
    return mig_source_read_full(ahead->source, offset, place, MIG_READAHEAD_SLOT, NULL);
}

/* Without the lock, by whoever claimed @chunk; returns with the lock held. */
static void fill(MigReadahead *ahead, uint64_t chunk)
{
    size_t index = chunk % MIG_READAHEAD_SLOTS;
    Slot *slot = &ahead->slots[index];

    slot->length = read_chunk(ahead, chunk, ahead->ring + index * MIG_READAHEAD_SLOT);

    pthread_mutex_lock(&ahead->lock);
    if (slot->length < MIG_READAHEAD_SLOT) {
        ahead->closed = true;
    }
    atomic_store_explicit(&slot->full, true, memory_order_release);
    if (ahead->consumer_waits) {
        pthread_cond_signal(&ahead->filled);
    }
}

static void *work(void *data)
{
    MigReadahead *ahead = data;
    uint64_t chunk;

    pthread_mutex_lock(&ahead->lock);
    while (!ahead->quit) {
        if (claim(ahead, &chunk)) {
            ahead->worker_fills = true;
            pthread_mutex_unlock(&ahead->lock);
            fill(ahead, chunk);
            ahead->worker_fills = false;
        } else {
            ahead->worker_waits = true;
            pthread_cond_wait(&ahead->room, &ahead->lock);
            ahead->worker_waits = false;
        }
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

static bool is_full(Slot *slot)
{
    return atomic_load_explicit(&slot->full, memory_order_acquire);
}

/* With the lock held, which is given up meanwhile. */
static void wait_for(MigReadahead *ahead, Slot *slot)
{
    if (ahead->worker_waits) {
        pthread_cond_signal(&ahead->room);
    }
    pthread_mutex_unlock(&ahead->lock);
    for (int i = 0; i < SPINS && !is_full(slot); i++) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }
    pthread_mutex_lock(&ahead->lock);
    while (!is_full(slot)) {
        ahead->consumer_waits = true;
        pthread_cond_wait(&ahead->filled, &ahead->lock);
        ahead->consumer_waits = false;
    }
}

size_t mig_readahead_next(MigReadahead *ahead)
{
    Slot *slot = &ahead->slots[ahead->taken % MIG_READAHEAD_SLOTS];
    uint64_t chunk;

    pthread_mutex_lock(&ahead->lock);
    while (!is_full(slot)) {
        if (ahead->source->seekable && claim(ahead, &chunk)) {
            pthread_mutex_unlock(&ahead->lock);
            fill(ahead, chunk);
        } else {
            wait_for(ahead, slot);
        }
    }
    ahead->taken++;
    pthread_mutex_unlock(&ahead->lock);
    return slot->length;
}

void mig_readahead_release(MigReadahead *ahead, unsigned n)
{
    pthread_mutex_lock(&ahead->lock);
    for (unsigned i = 0; i < n; i++) {
        Slot *slot = &ahead->slots[ahead->released++ % MIG_READAHEAD_SLOTS];
        atomic_store_explicit(&slot->full, false, memory_order_relaxed);
    }
    if (ahead->worker_waits &&
        ahead->claimed - ahead->released <= MIG_READAHEAD_SLOTS / 2) {
        pthread_cond_signal(&ahead->room);
    }
    pthread_mutex_unlock(&ahead->lock);
}

unsigned mig_readahead_held(const MigReadahead *ahead)
{
    return (unsigned)(ahead->taken - ahead->released);
}

void mig_readahead_start(MigReadahead *ahead, uint64_t offset)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->start = offset;
    ahead->claimed = 0;
    ahead->taken = 0;
    ahead->released = 0;
    ahead->closed = false;
    pthread_cond_signal(&ahead->room);
    pthread_mutex_unlock(&ahead->lock);
}

void mig_readahead_stop(MigReadahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->closed = true;
    while (ahead->worker_fills) {
        ahead->consumer_waits = true;
        pthread_cond_wait(&ahead->filled, &ahead->lock);
        ahead->consumer_waits = false;
    }
    for (size_t i = 0; i < MIG_READAHEAD_SLOTS; i++) {
        atomic_store_explicit(&ahead->slots[i].full, false, memory_order_relaxed);
    }
    pthread_mutex_unlock(&ahead->lock);
}

static void destroy(MigReadahead *ahead)
{
    pthread_cond_destroy(&ahead->room);
    pthread_cond_destroy(&ahead->filled);
    pthread_mutex_destroy(&ahead->lock);
    g_free(ahead);
}

MigReadahead *mig_readahead_new(MigSource *source, uint8_t *ring)
{
    MigReadahead *ahead = g_new0(MigReadahead, 1);
    sigset_t all;
    sigset_t old;

    ahead->source = source;
    ahead->ring = ring;
    ahead->closed = true;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->filled, NULL);
    pthread_cond_init(&ahead->room, NULL);

    /* Signals are for the threads of the program. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failure = pthread_create(&ahead->worker, NULL, work, ahead);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failure != 0) {
        destroy(ahead);
        return NULL;
    }
    return ahead;
}

void mig_readahead_free(MigReadahead *ahead)
{
    if (!ahead) {
        return;
    }
    mig_readahead_stop(ahead);
    pthread_mutex_lock(&ahead->lock);
    ahead->quit = true;
    pthread_cond_signal(&ahead->room);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->worker, NULL);
    destroy(ahead);
}
