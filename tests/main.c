/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the one test runner: `run` for all suites, `run NAME...` for some, `run
 *                list`.
 * Must not know: what a suite tests.
 * See also:      suites.h has the rows, make check sets the environment (see support.h).
 *
 *   - Each suite runs in a process of its own, two at once; what its tests print is kept.
 *   - A line for each that ends: how many have, its name, seconds, and what it counted.
 *   - What failed is shown at the end, with what the test printed; then the sum, as Check
 *     says it.
 */
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

/* Suites that run at the same time: MIGSTAT_JOBS, or as many as there are processors, but
 * no more than this by itself. */
#define AT_ONCE 2

typedef struct {
    const char *name;
    Suite *(*make)(void);
} SuiteRow;

#define SUITE_ROW(name) { #name, suite_##name },
static const SuiteRow rows[] = { SUITES(SUITE_ROW) };

#define LONG_ROW(name, seconds) { #name, seconds },
static const struct {
    const char *name;
    unsigned seconds;
} long_rows[] = { LONG_SUITES(LONG_ROW) };

/* What the others take, about. */
#define USUAL_SECONDS 2u

/* A suite that runs, or has run. */
typedef struct {
    const SuiteRow *row;
    pid_t pid;
    int output;       /* of its process; -1 once it has ended */
    GString *text;    /* what came from there */
    GString *counted; /* lines of that, to be shown when all is well too */
    gint64 began;
    int checks, failures, errors;
    int status; /* of its process */
} Job;

/* --- in the process of a suite ----------------------------------------------------------- */

/* Behind what the tests print.  The text of a result may have several lines, and Check's
 * log does not say how many. */
#define TALLY "\001tally"

static int lines_beyond_first(const char *text)
{
    int n = 0;

    for (; text && *text; text++) {
        n += *text == '\n';
    }
    return n;
}

/* Check's log has the results; on the pipe that the tests print to, each stands after what
 * its test has printed. */
static void run_suite(const SuiteRow *row)
{
    SRunner *runner = srunner_create(row->make());
    TestResult **results;

    srunner_set_log(runner, "/dev/fd/1");
    srunner_run_all(runner, CK_SILENT);
    results = srunner_results(runner);
    printf(TALLY);
    for (int i = 0; i < srunner_ntests_run(runner); i++) {
        printf(" %d", lines_beyond_first(tr_msg(results[i])));
    }
    printf("\n");
    free(results);
    srunner_free(runner);
    fflush(stdout);
}

/* --- its output -------------------------------------------------------------------------- */

typedef struct {
    regex_t result; /* tests/unit/test-x.c:12:F:case:test:0: text */
    GString *shown; /* what is to be shown at the end */
} Report;

/* "   | " before each line. */
static void append_quoted(GString *to, const char *text, size_t n)
{
    while (n > 0) {
        size_t line = strcspn(text, "\n");

        line = MIN(line, n);
        g_string_append_printf(to, "    | %.*s\n", (int)line, text);
        line += line < n;
        text += line;
        n -= line;
    }
}

static void append_failure(Report *report, const Job *job, const char *line, size_t n,
                           const char *printed, size_t n_printed)
{
    g_string_append_printf(report->shown, "\n%s: %.*s\n", job->row->name, (int)n, line);
    if (n_printed > 0) {
        g_string_append_printf(report->shown, "    it printed:\n");
        append_quoted(report->shown, printed, n_printed);
    }
}

static const char *after_lines(const char *at, const char *end, long n)
{
    for (; n > 0 && at < end; n--) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        at = newline ? newline + 1 : end;
    }
    return at;
}

/* Lines that begin with the suite's name: what it counted. */
static void take_counts(Job *job, const char *printed, const char *end)
{
    g_autofree char *start = g_strconcat(job->row->name, ": ", NULL);

    while (printed < end) {
        const char *next = after_lines(printed, end, 1);

        if (g_str_has_prefix(printed, start)) {
            g_string_append_printf(job->counted, "    %.*s",
                                   (int)(next - printed - (long)strlen(start)),
                                   printed + strlen(start));
        }
        printed = next;
    }
}

/* One result, which begins at @at, after what its test @printed. */
static void read_result(Report *report, Job *job, char type, const char *printed,
                        const char *at, const char *end)
{
    job->checks++;
    job->failures += type == 'F';
    job->errors += type == 'E';
    take_counts(job, printed, at);
    if (type != 'P') {
        append_failure(report, job, at, (size_t)(end - at) - 1, printed,
                       (size_t)(at - printed));
    }
}

/* The letter of a line that begins a result; 0 of all others. */
static char type_of(const Report *report, const char *at, const char *next)
{
    g_autofree char *line = g_strndup(at, (size_t)(next - at));
    regmatch_t match[2];

    return regexec(&report->result, line, 2, match, 0) == 0 ? line[match[1].rm_so] : 0;
}

static void append_early_end(Report *report, Job *job, const char *printed)
{
    bool killed = WIFSIGNALED(job->status);

    job->errors++;
    g_string_append_printf(report->shown, "\n%s: its process ended early, with %s %d\n",
                           job->row->name, killed ? "signal" : "status",
                           killed ? WTERMSIG(job->status) : WEXITSTATUS(job->status));
    append_quoted(report->shown, printed, strlen(printed));
}

/* Cuts the output into results. */
static void read_results(Report *report, Job *job)
{
    const char *at = job->text->str, *printed = at, *end = strstr(at, TALLY);
    const char *tally = end ? end + strlen(TALLY) : NULL;

    while (end && at < end) {
        const char *next = after_lines(at, end, 1);
        char type = type_of(report, at, next);

        if (type) {
            char *rest;

            next = after_lines(next, end, strtol(tally, &rest, 10));
            tally = rest;
            read_result(report, job, type, printed, at, next);
            printed = next;
        }
        at = next;
    }
    if (!end || job->status != 0) {
        append_early_end(report, job, printed);
    }
}

/* --- all suites -------------------------------------------------------------------------- */

static unsigned seconds_of(const SuiteRow *row)
{
    for (size_t i = 0; i < G_N_ELEMENTS(long_rows); i++) {
        if (strcmp(long_rows[i].name, row->name) == 0) {
            return long_rows[i].seconds;
        }
    }
    return USUAL_SECONDS;
}

static unsigned jobs_at_once(void)
{
    const char *wanted = g_getenv("MIGSTAT_JOBS");
    int n = wanted && *wanted ? atoi(wanted) : (int)MIN(AT_ONCE, g_get_num_processors());

    return (unsigned)MAX(n, 1);
}

static void start(Job *job)
{
    int ends[2];

    if (pipe(ends) != 0) {
        g_error("pipe: %s", g_strerror(errno));
    }
    fflush(stdout);
    job->began = g_get_monotonic_time();
    job->text = g_string_new(NULL);
    job->counted = g_string_new(NULL);
    job->pid = fork();
    if (job->pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        run_suite(job->row);
        _exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    job->output = ends[0];
    fcntl(job->output, F_SETFD, FD_CLOEXEC);
}

/* Takes what there is of a suite's output; false at its end. */
static bool take_output(Job *job)
{
    char buffer[4096];
    ssize_t n = read(job->output, buffer, sizeof buffer);

    if (n > 0) {
        g_string_append_len(job->text, buffer, n);
    }
    return n > 0 || (n < 0 && errno == EINTR);
}

typedef struct {
    Job *jobs; /* in the order in which they begin */
    size_t n, started, ended, running;
    Report report;
} Plan;

static void finish(Plan *plan, Job *job)
{
    double seconds = (double)(g_get_monotonic_time() - job->began) / 1e6;

    close(job->output);
    job->output = -1;
    waitpid(job->pid, &job->status, 0);
    plan->running--;
    plan->ended++;
    read_results(&plan->report, job);
    printf("suite %2zu of %zu  %-12s %6.1f s %6d checks", plan->ended, plan->n,
           job->row->name, seconds, job->checks);
    printf(job->failures + job->errors ? ", %d FAILED\n" : "\n",
           job->failures + job->errors);
    printf("%s", job->counted->str);
    fflush(stdout);
}

/* Waits until one of those that run prints something or ends. */
static void wait_for_output(Plan *plan)
{
    g_autofree struct pollfd *fds = g_new0(struct pollfd, plan->started);

    for (size_t i = 0; i < plan->started; i++) {
        fds[i] = (struct pollfd){ .fd = plan->jobs[i].output, .events = POLLIN };
    }
    poll(fds, plan->started, -1);
    for (size_t i = 0; i < plan->started; i++) {
        if (fds[i].revents && !take_output(&plan->jobs[i])) {
            finish(plan, &plan->jobs[i]);
        }
    }
}

static int longest_first(gconstpointer a, gconstpointer b)
{
    const Job *x = a, *y = b;
    unsigned s = seconds_of(x->row), t = seconds_of(y->row);

    return s != t ? (s < t) - (s > t) : (x->row > y->row) - (x->row < y->row);
}

/* For all suites only: who names some knows what they are. */
static void announce(const Plan *plan, unsigned at_once)
{
    unsigned sum = 0, longest = seconds_of(plan->jobs[0].row);

    for (size_t i = 0; i < plan->n; i++) {
        sum += seconds_of(plan->jobs[i].row);
    }
    sum = MAX(sum / at_once, longest);
    printf(
        "%zu suites, %u at once: about %u minute%s on a quiet machine; the longest, %s, "
        "takes %u seconds\n",
        plan->n, at_once, (sum + 59) / 60, sum > 60 ? "s" : "", plan->jobs[0].row->name,
        longest);
}

/* The sum, in Check's words.  Returns whether all passed. */
static bool conclude(const Plan *plan)
{
    int checks = 0, failures = 0, errors = 0;

    for (size_t i = 0; i < plan->n; i++) {
        checks += plan->jobs[i].checks;
        failures += plan->jobs[i].failures;
        errors += plan->jobs[i].errors;
    }
    if (failures + errors) {
        printf("\nWhat failed:\n%s\n", plan->report.shown->str);
    }
    printf("%d%%: Checks: %d, Failures: %d, Errors: %d\n",
           checks ? MAX(0, checks - failures - errors) * 100 / checks : 0, checks,
           failures, errors);
    return failures + errors == 0;
}

static bool run_all(Job *jobs, size_t n)
{
    Plan plan = { .jobs = jobs, .n = n };
    unsigned at_once = jobs_at_once();

    plan.report.shown = g_string_new(NULL);
    g_assert(regcomp(&plan.report.result,
                     "^[^: ]+:[0-9]+:([PFE]):[^:]+:[^:]+:[0-9]+: ", REG_EXTENDED) == 0);
    qsort(jobs, n, sizeof *jobs, longest_first);
    if (n == G_N_ELEMENTS(rows)) {
        announce(&plan, at_once);
    }
    while (plan.ended < n) {
        for (; plan.running < at_once && plan.started < n; plan.running++) {
            start(&jobs[plan.started++]);
        }
        wait_for_output(&plan);
    }
    bool passed = conclude(&plan);
    regfree(&plan.report.result);
    g_string_free(plan.report.shown, TRUE);
    return passed;
}

static const SuiteRow *find_row(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? (size_t)argc - 1 : G_N_ELEMENTS(rows);
    g_autofree Job *jobs = g_new0(Job, n);

    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            puts(rows[i].name);
        }
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < n; i++) {
        jobs[i].row = argc > 1 ? find_row(argv[i + 1]) : &rows[i];
        if (!jobs[i].row) {
            fprintf(stderr, "%s: no suite \"%s\"; `%s list` names them\n", argv[0],
                    argv[i + 1], argv[0]);
            return 2;
        }
    }
    /* What is expected of the output was written in this locale, and of any width. */
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("MIGSTAT_PCI_IDS", "/dev/null", 1);
    unsetenv("COLUMNS");
    /* Against a hang only: no test may fail because a machine is slow.  Check looks at it
     * when a suite is made. */
    setenv("CK_DEFAULT_TIMEOUT", "1800", 0);
    return run_all(jobs, n) ? EXIT_SUCCESS : EXIT_FAILURE;
}
