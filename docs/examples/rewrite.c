/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          an example of libmigstat: a stream that passes through a filter into a new file.
 * Must not know: how the library is made.
 * See also:      mig_chain(3), mig_output(3); migstat-convert(1) has the filters.
 *
 * cc rewrite.c $(pkg-config --cflags --libs migstat) -o rewrite
 * ./rewrite vfio-layout:to=config-last guest.mig new.mig
 */
#include <stdio.h>

#include <migstat.h>

static void print_changes(const MigChain *chain)
{
    size_t n;
    const MigChange *changes = mig_chain_changes(chain, &n);

    for (size_t i = 0; i < n; i++) {
        g_autofree char *text = g_strescape(changes[i].text, NULL);

        printf("%s: %s\n", changes[i].filter, text);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigOutput) out = NULL;
    g_autoptr(MigChain) chain = mig_chain_new();

    if (argc != 4) {
        fprintf(stderr, "usage: rewrite FILTER IN OUT\n");
        return 2;
    }
    in = mig_input_open(argv[2], NULL, &error);
    out = in ? mig_output_open(argv[3], NULL, &error) : NULL;
    /* Whatever fails: without the commit there is no file. */
    if (!out || !mig_chain_add(chain, argv[1], &error) ||
        !mig_chain_run(chain, in, NULL, out, NULL, &error) ||
        !mig_output_commit(out, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    print_changes(chain);
    return 0;
}
