/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          mkmig as a program: `mkmig FILE.txt > FILE.mig`.
 * Must not know: the language.
 * See also:      mkmig.c.
 */
#include "mkmig.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: mkmig FILE.txt > FILE.mig\n");
        return 2;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GBytes) bytes = NULL;
    if (!g_file_get_contents(argv[1], &text, NULL, &error) ||
        !(bytes = mkmig_assemble(text, argv[1], &error))) {
        fprintf(stderr, "%s\n", error->message);
        return EXIT_FAILURE;
    }
    size_t length;
    const void *data = g_bytes_get_data(bytes, &length);
    if (fwrite(data, 1, length, stdout) != length || fflush(stdout) != 0) {
        perror("mkmig");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
