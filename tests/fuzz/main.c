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
