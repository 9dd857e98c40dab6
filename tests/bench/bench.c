/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: `make bench`: migstat beside what a user would run instead, as a Markdown table.
 * Must not know: the library; it runs programs.
 * Neighbours: generate.c makes the streams.
 *
 * Each pair runs in turn, A B A B ..., over a warm cache; the medians' ratio counts, because
 * the speed of a shared machine drifts.  Environment:
 *   SIZE=1G      of the main stream         RUNS=7     of each command
 *   DIR          where streams and outputs lie; default $TMPDIR or /var/tmp.  With files on a
 *                disk, what migstat writes is synced, and so is what it is compared with
 *   STREAM       a stream to use instead of a made one
 *   ANALYZE      QEMU's scripts/analyze-migration.py, to compare with
 *   ONLY=TEXT    rows whose name has TEXT in it
 */
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    const char *name;
    const char *ours;     /* shell; $M migstat, $S a stream, $O an output */
    const char *theirs;
    const char *stream;   /* which of the made ones */
    double target;        /* of the ratio ours / theirs */
    bool wants_analyze;
} Pair;

static const Pair pairs[] = {
    { "dump / cat", "$M dump $S", "cat $S > /dev/null", "normal", 0.7, false },
    { "dump / analyze-migration.py, normal pages", "$M dump $S", "$A -f $S", "normal", 1 / 15.0,
      true },
    { "dump / analyze-migration.py, zero pages and devices", "$M dump $S", "$A -f $S", "zero",
      1 / 100.0, true },
    { "check / dump", "$M check -q $S", "$M dump $S", "normal", 1.2, false },
    { "convert, file to file / cp", "$M convert -q --force --filter=null $S -o $O",
      "cp $S $O && sync $O", "normal", 1.05, false },
    { "convert --to=config-first, file to file / cp",
      "$M convert -q --force --to=config-first $S -o $O", "cp $S $O && sync $O", "vfio", 1.05,
      false },
    { "convert, pipe to pipe / cat | cat", "cat $S | $M convert -q --filter=null - | cat > /dev/null",
      "cat $S | cat | cat > /dev/null", "normal", 1.1, false },
    { "convert --zstd=1 / zstd -1 -T0",
      "$M convert -q --force --zstd=1 --threads=0 --filter=null $S -o $O",
      "zstd -q -f -1 -T0 $S -o $O && sync $O", "normal", 1.1, false },
    { "extract --ram / cp --sparse=always", "$M extract -q --force --ram=pc.ram -o $O.d $S",
      "cp --sparse=always $S $O && sync $O", "normal", 1.2, false },
};

/* A command's runs. */
typedef struct {
    double seconds[101];
    long peak_kib;
    bool failed;
} Runs;

static double now(void)
{
    return (double)g_get_monotonic_time() / G_USEC_PER_SEC;
}

static void run_once(const char *command, Runs *runs, unsigned i)
{
    struct rusage usage;
    int status;
    pid_t pid;
    double start;

    fflush(stdout);
    start = now();
    pid = fork();

    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout)) {
            _exit(127);
        }
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    if (wait4(pid, &status, 0, &usage) != pid) {
        status = -1;
    }
    runs->seconds[i] = now() - start;
    runs->peak_kib = MAX(runs->peak_kib, usage.ru_maxrss);
    runs->failed |= !WIFEXITED(status) || WEXITSTATUS(status) > 1;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(Runs *runs, unsigned n)
{
    qsort(runs->seconds, n, sizeof(double), by_value);
    return n % 2 ? runs->seconds[n / 2] : (runs->seconds[n / 2 - 1] + runs->seconds[n / 2]) / 2;
}

static unsigned count_of_runs(void)
{
    const char *text = g_getenv("RUNS");

    return CLAMP(text ? (unsigned)atoi(text) : 7, 1, 100);
}

static void compare(const char *ours, const char *theirs, Runs *a, Runs *b, unsigned n)
{
    Runs warm = { 0 };

    run_once(ours, &warm, 0);
    run_once(theirs, &warm, 0);
    for (unsigned i = 0; i < n; i++) {
        run_once(ours, a, i);
        run_once(theirs, b, i);
    }
}

static char *folder(void)
{
    const char *dir = g_getenv("DIR");
    g_autofree char *pattern = NULL;

    dir = dir ? dir : g_getenv("TMPDIR");
    pattern = g_build_filename(dir ? dir : "/var/tmp", "migstat-bench-XXXXXX", NULL);
    return g_mkdtemp(g_steal_pointer(&pattern));
}

static bool shell(const char *format, ...) G_GNUC_PRINTF(1, 2);
static bool shell(const char *format, ...)
{
    g_autofree char *command = NULL;
    va_list args;

    va_start(args, format);
    command = g_strdup_vprintf(format, args);
    va_end(args);
    return system(command) == 0;
}

/* The streams that the rows name: how each is made of a size. */
static const struct {
    const char *name, *plan;
} streams[] = {
    { "normal", "normal=1" },
    { "zero", "zero=0.2 normal=0.8" },
    { "vfio", "normal=0.5 vfio=0.5" },
    { "mapped", "mapped" },
};

/* Makes the stream @name of @size once, and warms the cache. */
static char *stream_file(const char *dir, const char *name, const char *size)
{
    const char *given = g_getenv("STREAM");
    g_autofree char *path = g_strdup_printf("%s/%s-%s.mig", dir, name, size);

    if (given && strcmp(name, "normal") == 0) {
        return g_strdup(given);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(streams); i++) {
        if (strcmp(streams[i].name, name) == 0 && access(path, R_OK) != 0 &&
            !shell("%s '%s' %s %s", g_getenv("GENERATE"), path, size, streams[i].plan)) {
            return NULL;
        }
    }
    shell("cat '%s' > /dev/null", path);
    return g_steal_pointer(&path);
}

static bool wanted(const char *name)
{
    const char *only = g_getenv("ONLY");

    return !only || strstr(name, only);
}

static void bench_pairs(const char *dir, const char *size)
{
    const char *analyze = g_getenv("ANALYZE");
    unsigned n = count_of_runs();

    printf("Stream of %s, warm cache, medians of %u runs in turn.\n\n"
           "| migstat / what else | ours, s | theirs, s | ratio | target | peak memory, MiB |\n"
           "|---|---:|---:|---:|---:|---:|\n", size, n);
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        const Pair *pair = &pairs[i];
        g_autofree char *path = NULL;
        Runs a = { 0 }, b = { 0 };

        if (!wanted(pair->name) || (pair->wants_analyze && !analyze)) {
            continue;
        }
        path = stream_file(dir, pair->stream, size);
        if (!path) {
            continue;
        }
        g_setenv("S", path, true);
        compare(pair->ours, pair->theirs, &a, &b, n);
        shell("rm -rf \"$O\" \"$O.d\"");
        if (a.failed || b.failed) {
            printf("| %s | %s failed | | | | |\n", pair->name, a.failed ? "ours" : "theirs");
            continue;
        }
        printf("| %s | %.3f | %.3f | %.3f | %.3f | %.1f |\n", pair->name, median(&a, n),
               median(&b, n), median(&a, n) / median(&b, n), pair->target,
               (double)a.peak_kib / 1024);
        fflush(stdout);
    }
}

/* Cost per byte stays flat, and so does memory. */
static void bench_growth(const char *dir, uint64_t size)
{
    static const char *const commands[] = { "$M dump $S", "$M check -q $S",
                                            "$M convert -q --force --filter=null $S -o $O" };
    static const char *const names[] = { "normal", "vfio", "mapped" };
    unsigned n = count_of_runs();

    printf("\n| growth | 1/4 | 1/2 | 1 | 2 | |\n|---|---:|---:|---:|---:|---|\n");
    for (size_t c = 0; c < G_N_ELEMENTS(commands); c++) {
        for (size_t s = 0; s < G_N_ELEMENTS(names); s++) {
            g_autofree char *row = g_strdup_printf("%s, %s", commands[c] + 3, names[s]);
            g_autoptr(GString) peaks = g_string_new(NULL);

            if (!wanted(row)) {
                continue;
            }
            printf("| %s |", row);
            for (uint64_t part = size / 4; part <= 2 * size; part *= 2) {
                g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT "M", part >> 20);
                g_autofree char *path = stream_file(dir, names[s], text);
                Runs runs = { 0 };

                g_setenv("S", path, true);
                for (unsigned i = 0; i < n; i++) {
                    run_once(commands[c], &runs, i);
                }
                printf(" %.1f ms |", median(&runs, n) * 1000);
                g_string_append_printf(peaks, "%s%.1f", peaks->len ? ", " : "peak MiB ",
                                       (double)runs.peak_kib / 1024);
                fflush(stdout);
            }
            printf(" %s |\n", peaks->str);
        }
    }
}

/* Does not depend on what else the machine does. */
static void bench_instructions(const char *dir)
{
    g_autofree char *path = stream_file(dir, "normal", "16M");

    if (!wanted("instructions") || !shell("command -v valgrind > /dev/null")) {
        return;
    }
    g_setenv("S", path, true);
    printf("\nInstructions to dump a stream of 16 MiB (valgrind --tool=callgrind): ");
    fflush(stdout);
    shell("valgrind --tool=callgrind --callgrind-out-file=/dev/null \"$M\" dump \"$S\" 2>&1 "
          ">/dev/null | sed -n 's/.*Collected : //p'");
}

int main(void)
{
    const char *size_text = g_getenv("SIZE") ? g_getenv("SIZE") : "1G";
    g_autofree char *dir = folder(), *output = NULL;
    uint64_t size = g_ascii_strtoull(size_text, NULL, 10)
                    << (strchr(size_text, 'G') ? 30 : strchr(size_text, 'M') ? 20 : 0);

    if (!dir || !g_getenv("MIGSTAT") || !g_getenv("GENERATE") || size < (4u << 20)) {
        fprintf(stderr, "bench: run it by `make bench`; SIZE is at least 4M\n");
        return 2;
    }
    output = g_build_filename(dir, "output", NULL);
    g_setenv("M", g_getenv("MIGSTAT"), true);
    g_setenv("O", output, true);
    if (g_getenv("ANALYZE")) {
        g_setenv("A", g_getenv("ANALYZE"), true);
    }
    bench_pairs(dir, size_text);
    bench_growth(dir, size);
    bench_instructions(dir);
    shell("rm -rf '%s'", dir);
    return 0;
}
