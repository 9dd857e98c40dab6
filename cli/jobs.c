/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see jobs.h.
 * Must not know: streams, commands.
 * See also:      helper.c, the other process that keeps its rights.
 */
#include "jobs.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"

/* Jobs that are done, and wait for those before them, for each that runs. */
#define AHEAD 4u

#define COPY_SIZE 65536u

/* Where a job is while it runs, and until it is printed; used again for later ones. */
typedef struct Place {
    pid_t pid; /* 0: it does not run */
    int status;
    int out, err; /* what it prints; -1: not open */
    void *result; /* in memory that is shared with it */
} Place;

typedef struct Run {
    const CliJobs *jobs;
    Place *places;
    unsigned n_places, running;
    guint next, head; /* the next job to start, and to print */
    void *shared;
    size_t shared_size, stride;
    CliStatus status;
} Run;

static Place *place_of(const Run *run, guint i)
{
    return &run->places[i % run->n_places];
}

/* --- in a job's process ------------------------------------------------------------------- */

/* What others return is no business of this one. */
static void leave_results(const Run *run, const Place *place)
{
    char *all = run->shared, *own = place->result;
    size_t before = (size_t)(own - all);
    size_t after = run->shared_size - before - run->stride;

    if (before) {
        munmap(all, before);
    }
    if (after) {
        munmap(own + run->stride, after);
    }
}

static G_GNUC_NORETURN void work(const Run *run, guint i, const Place *place)
{
    CliStatus status;

    leave_results(run, place);
    /* Who kills the one process means all of them. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(place->out, STDOUT_FILENO) < 0 || dup2(place->err, STDERR_FILENO) < 0) {
        _exit(CLI_TROUBLE);
    }
    status = run->jobs->job(i, place->result, run->jobs->user);
    status = (CliStatus)cli_close_stdout((int)status);
    fflush(stderr);
    _exit((int)status);
}

/* --- in the one that starts them ---------------------------------------------------------- */

/* Empty, from its start on. */
static bool open_empty(int *fd, GError **error)
{
    if (*fd < 0) {
        *fd = mig_temporary_open(NULL, error);
        return *fd >= 0;
    }
    if (ftruncate(*fd, 0) != 0 || lseek(*fd, 0, SEEK_SET) != 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot empty a temporary file: %s",
                            g_strerror(errno));
        return false;
    }
    return true;
}

static bool start(Run *run, GError **error)
{
    Place *place = place_of(run, run->next);

    if (!open_empty(&place->out, error) || !open_empty(&place->err, error)) {
        return false;
    }
    memset(place->result, 0, run->stride);
    fflush(stdout);
    fflush(stderr);
    place->pid = fork();
    if (place->pid == 0) {
        work(run, run->next, place);
    }
    if (place->pid < 0) {
        place->pid = 0;
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot start a process: %s",
                            g_strerror(errno));
        return false;
    }
    run->running++;
    run->next++;
    return true;
}

/* Waits for whichever ends first. */
static void reap(Run *run)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);

    for (unsigned i = 0; pid > 0 && i < run->n_places; i++) {
        if (run->places[i].pid == pid) {
            run->places[i].pid = 0;
            run->places[i].status = status;
            run->running--;
        }
    }
}

static void copy(int fd, FILE *to)
{
    g_autofree char *bytes = g_malloc(COPY_SIZE);
    off_t at = 0;
    ssize_t n;

    while ((n = pread(fd, bytes, COPY_SIZE, at)) > 0) {
        fwrite(bytes, 1, (size_t)n, to);
        at += n;
    }
}

/* Prints the job at the head, which has ended. */
static void print(Run *run)
{
    const Place *place = place_of(run, run->head);
    g_autoptr(GError) error = NULL;
    CliStatus status =
        WIFEXITED(place->status) ? (CliStatus)WEXITSTATUS(place->status) : CLI_TROUBLE;

    if (WIFSIGNALED(place->status)) {
        mig_error_set_plain(&error, MIG_ERROR_IO,
                            "the process that read it was ended by signal %d (%s)",
                            WTERMSIG(place->status), strsignal(WTERMSIG(place->status)));
        memset(place->result, 0, run->stride);
    } else {
        copy(place->out, stdout);
        fflush(stdout);
    }
    copy(place->err, stderr);
    run->status = MAX(run->status, status);
    if (run->jobs->done) {
        run->jobs->done(run->head, place->result, error, run->jobs->user);
    }
    run->head++;
}

static bool can_start(const Run *run)
{
    return run->next < run->jobs->n && run->running < run->jobs->at_once &&
           run->next - run->head < run->n_places;
}

static bool step(Run *run, GError **error)
{
    while (can_start(run)) {
        g_autoptr(GError) problem = NULL;

        if (!start(run, &problem)) {
            if (run->running == 0) {
                g_propagate_error(error, g_steal_pointer(&problem));
                return false;
            }
            break; /* There may be room when one has ended. */
        }
    }
    if (run->running) {
        reap(run);
    }
    while (run->head < run->next && place_of(run, run->head)->pid == 0) {
        print(run);
    }
    return !ferror(stdout);
}

static bool prepare(Run *run, GError **error)
{
    const CliJobs *jobs = run->jobs;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    run->n_places = MIN(MAX(jobs->n, 1), jobs->at_once * AHEAD);
    run->stride = (MAX(jobs->result_size, 1) + page - 1) / page * page;
    run->shared_size = run->stride * run->n_places;
    run->shared = mmap(NULL, run->shared_size, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run->shared == MAP_FAILED) {
        run->shared = NULL;
        mig_error_set_plain(error, MIG_ERROR_IO, "no memory to share: %s",
                            g_strerror(errno));
        return false;
    }
    run->places = g_new0(Place, run->n_places);
    for (unsigned i = 0; i < run->n_places; i++) {
        run->places[i].out = run->places[i].err = -1;
        run->places[i].result = (char *)run->shared + i * run->stride;
    }
    return true;
}

/* Those that still run are of no use to anybody. */
static void clear(Run *run)
{
    for (unsigned i = 0; run->places && i < run->n_places; i++) {
        if (run->places[i].pid) {
            kill(run->places[i].pid, SIGKILL);
        }
    }
    while (run->running) {
        reap(run);
    }
    for (unsigned i = 0; run->places && i < run->n_places; i++) {
        if (run->places[i].out >= 0) {
            close(run->places[i].out);
        }
        if (run->places[i].err >= 0) {
            close(run->places[i].err);
        }
    }
    if (run->shared) {
        munmap(run->shared, run->shared_size);
    }
    g_free(run->places);
}

/* Jobs write into files, and print as for where those are copied to. */
static void keep_looks(CliCommon *common)
{
    cli_keep_color(common);
    cli_line_columns(stdout); /* which asks once */
}

CliStatus cli_jobs_run(const CliJobs *jobs, CliCommon *common)
{
    g_autoptr(GError) error = NULL;
    Run run = { .jobs = jobs };
    bool going = prepare(&run, &error);

    keep_looks(common);
    while (going && run.head < jobs->n) {
        going = step(&run, &error);
    }
    clear(&run);
    if (error) {
        cli_print_error("migstat", error);
        return CLI_TROUBLE;
    }
    return going ? run.status : CLI_TROUBLE;
}
