/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the one test runner: `run` for all suites, `run NAME...` for some, `run list`.
 * Must not know: what a suite tests.
 * Neighbours: suites.h has the rows, make check sets the environment (see support.h).
 */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    Suite *(*make)(void);
} SuiteRow;

#define SUITE_ROW(name) { #name, suite_##name },
static const SuiteRow rows[] = { SUITES(SUITE_ROW) };
#define N_ROWS (sizeof rows / sizeof *rows)

static const SuiteRow *find_row(const char *name)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < N_ROWS; i++) {
            puts(rows[i].name);
        }
        return EXIT_SUCCESS;
    }

    /* What is expected of the output was written in this locale, and of any width. */
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("MIGSTAT_PCI_IDS", "/dev/null", 1);
    unsetenv("COLUMNS");
    /* Generous: a loaded machine or valgrind must not turn into a failure.  It is looked at
     * when a suite is made. */
    setenv("CK_DEFAULT_TIMEOUT", "60", 0);
    SRunner *runner = srunner_create(NULL);
    for (int i = 1; i < argc; i++) {
        const SuiteRow *row = find_row(argv[i]);
        if (!row) {
            fprintf(stderr, "%s: no suite \"%s\"; `%s list` names them\n", argv[0],
                    argv[i], argv[0]);
            srunner_free(runner);
            return 2;
        }
        srunner_add_suite(runner, row->make());
    }
    for (size_t i = 0; argc == 1 && i < N_ROWS; i++) {
        srunner_add_suite(runner, rows[i].make());
    }

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
