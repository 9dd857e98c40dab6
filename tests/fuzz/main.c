/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          libFuzzer's way in.  FUZZ_TARGET in the environment names the target;
 *                without it the targets are listed, each with its folder of seeds.
 * Must not know: what targets do.
 * See also:      targets.c; `run` starts this.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/pci.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const FuzzTarget *target;

/* The linker turns calls here: the list is read once, not for each input. */
MigPciNames *__real_mig_pci_names_load(const char *path);
MigPciNames *__wrap_mig_pci_names_load(const char *path);
void __wrap_mig_pci_names_free(MigPciNames *names);

MigPciNames *__wrap_mig_pci_names_load(const char *path)
{
    static MigPciNames *names;

    if (!names) {
        names = __real_mig_pci_names_load(path);
    }
    return names;
}

void __wrap_mig_pci_names_free(MigPciNames *names)
{
    (void)names;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("FUZZ_TARGET");

    (void)argc;
    (void)argv;
    target = name ? fuzz_target(name) : NULL;
    for (const FuzzTarget *row = fuzz_targets; !target && row->name; row++) {
        printf("%s %s\n", row->name, row->seeds);
    }
    if (!target) {
        exit(name ? 2 : 0);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    target->run(data, n);
    return 0;
}

/* --- mutations of items, for the target that wants them --- */

size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t n_a, const uint8_t *b,
                                 size_t n_b, uint8_t *out, size_t max, unsigned seed);

static bool wants_items(void)
{
    return target->run == fuzz_items;
}

/* 0 where it does not fit: libFuzzer tries something else. */
static size_t put_mutant(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b,
                         uint8_t *out, size_t max, unsigned seed)
{
    g_autoptr(GBytes) mutant = fuzz_mutate_items(a, n_a, b, n_b, seed);
    size_t n;
    const uint8_t *bytes = g_bytes_get_data(mutant, &n);

    if (n > max || n == 0) {
        return 0;
    }
    memcpy(out, bytes, n);
    return n;
}

/* One in four is of bytes: items that no seed has come into being so. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    size_t made =
        wants_items() && seed % 4 ? put_mutant(data, n, data, n, data, max, seed) : 0;

    return made ? made : LLVMFuzzerMutate(data, n, max);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t n_a, const uint8_t *b,
                                 size_t n_b, uint8_t *out, size_t max, unsigned seed)
{
    return wants_items() ? put_mutant(a, n_a, b, n_b, out, max, seed) : 0;
}
