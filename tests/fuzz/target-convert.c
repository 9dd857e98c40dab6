/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what holds of conversions of any bytes.
 * Must not know: what any filter does.
 * See also:      fuzz.h; lib/filter/chain.h.
 *
 *   - Each ends: with a result, or with an error that has a text.
 *   - The result of what could be read without doubt can be read to its end.
 *   - The result is not worse than that under check: it has no more errors.
 *   - Without filters a stream that can be read is the same to the byte.
 *   - What is in a dialect already is not changed by converting to it.
 *   - A first pass that may be brief changes nothing.
 */
#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migstat.h"

static GBytes *contents_of(int fd)
{
    struct stat st;
    uint8_t *bytes;

    FUZZ_ASSERT(fstat(fd, &st) == 0);
    bytes = g_malloc((gsize)st.st_size + 1);
    FUZZ_ASSERT(pread(fd, bytes, (size_t)st.st_size, 0) == st.st_size);
    return g_bytes_new_take(bytes, (gsize)st.st_size);
}

typedef struct {
    int fd;
    MigOutput *out;
} Memory;

static MigOutput *begin_again(void *data, GError **error)
{
    Memory *memory = data;

    mig_output_free(memory->out);
    FUZZ_ASSERT(ftruncate(memory->fd, 0) == 0 && lseek(memory->fd, 0, SEEK_SET) == 0);
    memory->out = mig_output_new_fd(memory->fd, "output", NULL, error);
    return memory->out;
}

/* NULL where it is refused.  @donor may be NULL. */
static GBytes *convert_input(MigInput *in, MigInput *donor, const char *filters,
                             bool brief)
{
    Memory memory = { .fd = memfd_create("output", MFD_CLOEXEC) };
    g_autoptr(MigChain) chain = mig_chain_new();
    const MigChainOptions chain_options = { MIG_CHAIN_OPTIONS_INIT,
                                            .begin_again = brief ? begin_again : NULL,
                                            .begin_again_data = &memory, .donor = donor };
    g_auto(GStrv) texts = g_strsplit(filters, " ", -1);
    g_autoptr(GError) error = NULL;
    GBytes *result = NULL;

    memory.out = mig_output_new_fd(memory.fd, "output", NULL, NULL);
    for (char **text = texts; *text; text++) {
        FUZZ_ASSERT(mig_chain_add(chain, *text, NULL), "%s", *text);
    }
    if (mig_chain_run(chain, in, NULL, memory.out, &chain_options, &error) &&
        mig_output_commit(memory.out, &error)) {
        result = contents_of(memory.fd);
    }
    FUZZ_ASSERT(!result == (error && *error->message), "%s", filters);
    mig_output_free(memory.out);
    close(memory.fd);
    return result;
}

GBytes *fuzz_converted(MigInput *in, const char *filters)
{
    return convert_input(in, NULL, filters, false);
}

static GBytes *convert_as(GBytes *bytes, const char *filters, bool brief)
{
    static const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT,
                                             .max_expand = FUZZ_EXPAND_MAX };
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "input", &options, NULL);
    g_autoptr(MigInput) donor = /* the stream itself has what the filter graft takes */
        in && strstr(filters, "graft")
            ? mig_input_new_bytes(bytes, "donor", &options, NULL)
            : NULL;

    return in ? convert_input(in, donor, filters, brief) : NULL;
}

static GBytes *convert(GBytes *bytes, const char *filters)
{
    return convert_as(bytes, filters, false);
}

static bool is_complete(GBytes *bytes)
{
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);

    return fuzz_read(data, n, NULL, NULL);
}

/* RAM that is laid out; more takes room, and proves no more. */
#define RAM_MAX ((uint64_t)256 << 10)

typedef struct Doubt {
    bool guessed; /* an end was looked for, or is not where it should be */
    uint64_t ram; /* bytes of all blocks */
} Doubt;

static void note_doubt(const MigItem *item, void *user)
{
    Doubt *doubt = user;

    doubt->guessed |= item->inferred || item->description_differs || item->defect;
    if (item->kind == MIG_ITEM_RAM_BLOCK) {
        doubt->ram += MIN(item->block->used_length, RAM_MAX + 1);
    }
}

/* Complete, and no end in it was guessed: to guess is to look at what follows, which a
 * conversion may change. */
static bool is_certain(GBytes *bytes, Doubt *doubt)
{
    size_t n;
    const uint8_t *data = g_bytes_get_data(bytes, &n);

    return fuzz_read(data, n, note_doubt, doubt) && !doubt->guessed;
}

uint64_t fuzz_errors(MigInput *in, const char *announced)
{
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT };
    g_autoptr(MigReader) reader = in ? mig_reader_new(in) : NULL;
    g_autoptr(MigCheck) check = reader ? mig_check_new(reader, &options) : NULL;
    g_autoptr(GError) error = NULL;
    const MigFinding *findings;
    size_t n = 0;
    uint64_t errors = 0;
    const MigItem *item;

    while (check && mig_reader_next(reader, &item, &error) == MIG_STATUS_MORE) {
        mig_check_watch(check, item, NULL);
    }
    if (!check || !mig_check_finish(check, error)) {
        return UINT64_MAX;
    }
    findings = mig_check_findings(check, &n);
    for (size_t i = 0; i < n; i++) {
        errors += findings[i].severity == MIG_SEVERITY_ERROR &&
                  g_strcmp0(mig_rule_id(findings[i].rule), announced) != 0;
    }
    return errors;
}

static uint64_t errors_of(GBytes *bytes, const char *announced)
{
    static const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT,
                                             .max_expand = FUZZ_EXPAND_MAX };
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "input", &options, NULL);

    return fuzz_errors(in, announced);
}

static bool is_worse(GBytes *result, GBytes *bytes, const char *announced)
{
    return errors_of(result, announced) > errors_of(bytes, announced);
}

static bool is_wrapped(GBytes *bytes)
{
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "input", NULL, NULL);

    return !in || mig_input_container(in, 0);
}

void fuzz_convert(const uint8_t *data, size_t n)
{
    static const char *const names[] = { "subflag", "config-first", "config-last" };
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    g_autoptr(GBytes) same = convert(bytes, "null");
    Doubt doubt = { 0 };
    bool complete = is_complete(bytes), certain = is_certain(bytes, &doubt);

    FUZZ_ASSERT(!same == !complete);
    FUZZ_ASSERT(!same || is_wrapped(bytes) || g_bytes_equal(bytes, same));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GBytes) once = convert(bytes, mig_chain_named(names[i]));
        g_autoptr(GBytes) brief = convert_as(bytes, mig_chain_named(names[i]), true);
        g_autoptr(GBytes) twice = once ? convert(once, mig_chain_named(names[i])) : NULL;

        FUZZ_ASSERT(!once || complete, "%s", names[i]);
        FUZZ_ASSERT(!brief == !once && (!once || g_bytes_equal(brief, once)), "%s",
                    names[i]);
        if (once && certain) {
            FUZZ_ASSERT(is_complete(once), "%s", names[i]);
            FUZZ_ASSERT(!is_worse(once, bytes, NULL), "%s: worse than before", names[i]);
            FUZZ_ASSERT(twice, "%s: its result is refused", names[i]);
            FUZZ_ASSERT(g_bytes_equal(once, twice), "%s: changes its result", names[i]);
        }
    }
}

/* And the rule that the filter's page says it may break. */
static const struct {
    const char *text, *announced;
} chains[] = {
    { "vfio-layout:to=subflag:config-needed=yes:every-iteration=yes", NULL },
    { "ram-decompress ram-zero", NULL },
    { "mapped-ram", NULL },
    { "mapped-ram:to=plain", NULL },
    { "drop-section:name=timer footers:add=yes", "configuration-missing" },
    { "keep-section:name=*ram*", NULL },
    { "rename-section:from=0000:00:01.0/vfio:to=0000:00:1f.7/vfio", NULL },
    { "machine:name=pc-q35-9.1", NULL },
    { "description:drop=yes", NULL },
    { "footers:drop=yes", NULL },
    { "ram-block:name=pc.ram:length=8192", "ram-pages-missing" },
    { "ram-block:name=pc.ram:to=mach-virt.ram", NULL },
    { "ram-block:name=*.r?m:drop=yes", NULL },
    { "drop-section:name=0000:00:0*", NULL },
    { "set-field:path=apic:id:set=3", NULL },
    { "set-field:path=*/vfio:*INTA:value=1", NULL },
    { "drop-subsection:path=cpu:cpu/fpu", NULL },
    { "drop-field:path=apic:*", NULL },
    { "add-field:after=apic:*:name=n:type=uint16:value=5", NULL },
    { "resize-array:path=apic:isr:length=3:fill=last", NULL },
    { "set-register:path=cpu:cpreg[S3_0_C0_C1_2]:value=1", NULL },
    { "drop-register:path=cpu:cpreg[*EL1]", NULL },
    { "trim", NULL },
    { "capabilities:add=x-ignore-shared "
      "uuid:value=00112233-4455-6677-8899-aabbccddeeff",
      NULL },
    { "capabilities:drop=x-ignore-shared", "ram-pages-missing" },
    { "uuid:drop=yes", NULL },
    { "graft:path=apic:path=*/vfio:path=cpu:*", NULL },
    { "drop-command:name=SWITCHOVER_START:name=PING", "vfio-config-missing" },
    { "vfio-init-data:drop=yes", NULL },
    { "null", NULL },
    { "fold", NULL },
    { "redact", NULL },
    { "redact:pages=equal", NULL },
    { "set-field:path=*:features[*]:value=true", NULL },
    { "graft:path=*:pci[0x4]:path=*:features[*]:path=cpu:cpreg[*]", NULL },
};

bool fuzz_has_filter(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(chains); i++) {
        g_auto(GStrv) filters = g_strsplit(chains[i].text, " ", -1);

        for (char **filter = filters; *filter; filter++) {
            (*filter)[strcspn(*filter, ":")] = '\0';
        }
        if (g_strv_contains((const char *const *)filters, name)) {
            return true;
        }
    }
    return false;
}

void fuzz_filters(const uint8_t *data, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, n);
    Doubt doubt = { 0 };
    bool certain = is_certain(bytes, &doubt);

    for (size_t i = 0; i < G_N_ELEMENTS(chains); i++) {
        bool laid_out = strcmp(chains[i].text, "mapped-ram") == 0;
        g_autoptr(GBytes) result =
            laid_out && doubt.ram > RAM_MAX ? NULL : convert(bytes, chains[i].text);

        /* Without a description the end of a section is looked for, and may be missed. */
        if (!result || !certain || strstr(chains[i].text, "description:drop")) {
            continue;
        }
        FUZZ_ASSERT(is_complete(result), "%s", chains[i].text);
        FUZZ_ASSERT(!is_worse(result, bytes, chains[i].announced),
                    "%s: worse than before", chains[i].text);
    }
}
