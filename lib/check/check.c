/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the run: which rules see an item, what they report, what could be
 *                evaluated.
 * Must not know: any one rule.
 * See also:      check/rule.h; check/facts.c.
 */
#include <string.h>

#include "check/rule.h"
#include "io/options.h"

static const MigRule *const groups[] = {
    mig_rules_framing,     mig_rules_configuration, mig_rules_command,
    mig_rules_description, mig_rules_ram,           mig_rules_mapped_ram,
    mig_rules_vfio,        mig_rules_vfio_subflag,  mig_rules_vfio_order,
    mig_rules_for,
};

#define N_WATCHED (MIG_ITEM_KIND_COUNT + 1)

/* What became of one rule. */
typedef struct RuleState {
    MigSeverity severity; /* by option, or DEFAULT */
    MigOutcome outcome;
    const char *why; /* not evaluated */
    uint64_t found;
    bool failed; /* what comes after it has no ground */
    guint last;  /* index + 1 of its last finding that was kept */
} RuleState;

struct MigCheck {
    MigReader *reader;
    MigFacts facts;
    MigReleaseSet asked, refusing;
    bool strict;
    const MigVfioNeeds *needs;
    size_t keep;

    size_t n_rules;
    const MigRule **rules;
    RuleState *states;
    GArray *watchers[N_WATCHED]; /* indices of rules, by what they watch */

    size_t running;     /* index of the rule that is being run */
    MigFinding pending; /* of it; rule NULL: none */
    bool pending_kept;
    GArray *findings; /* MigFinding */
    uint64_t counts[MIG_SEVERITY_COUNT];
};

/* --- the table -------------------------------------------------------------------- */

const MigRule *mig_rule_at(size_t index)
{
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        for (const MigRule *rule = groups[i]; rule->id; rule++) {
            if (index-- == 0) {
                return rule;
            }
        }
    }
    return NULL;
}

size_t mig_rule_count(void)
{
    size_t n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        for (const MigRule *rule = groups[i]; rule->id; rule++) {
            n++;
        }
    }
    return n;
}

ssize_t mig_rule_find(const char *id)
{
    const MigRule *rule;

    for (size_t i = 0; (rule = mig_rule_at(i)) != NULL; i++) {
        if (g_str_equal(rule->id, id)) {
            return (ssize_t)i;
        }
    }
    return -1;
}

const char *mig_rule_id(const MigRule *rule)
{
    return rule->id;
}

const char *mig_rule_title(const MigRule *rule)
{
    return rule->title;
}

MigSeverity mig_rule_severity(const MigRule *rule)
{
    return rule->severity;
}

bool mig_rule_needs_release(const MigRule *rule)
{
    return rule->needs_release;
}

const char *const *mig_rule_after(const MigRule *rule, size_t *n)
{
    for (*n = 0; *n < MIG_RULE_AFTER_MAX && rule->after[*n]; (*n)++) {
    }
    return rule->after;
}

const char *mig_severity_name(MigSeverity severity)
{
    static const char *const names[MIG_SEVERITY_COUNT] = { "default", "ignore", "note",
                                                           "warning", "error" };

    g_return_val_if_fail((unsigned)severity < MIG_SEVERITY_COUNT, "");
    return names[severity];
}

/* --- what rules call -------------------------------------------------------------- */

static void clear_finding(gpointer p)
{
    MigFinding *finding = p;

    g_clear_pointer(&finding->section, g_free);
    g_clear_pointer(&finding->message, g_free);
    g_clear_pointer(&finding->loader, g_free);
    g_clear_pointer(&finding->remedy.filter, g_free);
    g_clear_pointer(&finding->remedy.gives_up, g_free);
    g_clear_pointer(&finding->remedy.none, g_free);
}

/* If @root has failed, the rules that depend on it have no ground, nor have those that
 * depend on them. */
static void block_dependants(MigCheck *check, const char *id, const char *root)
{
    for (size_t i = 0; i < check->n_rules; i++) {
        RuleState *state = &check->states[i];

        for (size_t j = 0; j < MIG_RULE_AFTER_MAX && check->rules[i]->after[j]; j++) {
            if (g_str_equal(check->rules[i]->after[j], id) &&
                state->outcome == MIG_OUTCOME_EVALUATED) {
                state->outcome = MIG_OUTCOME_NOT_EVALUATED;
                state->why = root;
                block_dependants(check, check->rules[i]->id, root);
            }
        }
    }
}

static bool asks_for_one(const MigCheck *check)
{
    return check->asked && !(check->asked & (check->asked - 1));
}

/* The option counts; what the one release asked for refuses is an error without one. */
static MigSeverity final_severity(const MigCheck *check, const MigFinding *finding)
{
    MigSeverity by_option = check->states[check->running].severity;
    MigSeverity severity = by_option != MIG_SEVERITY_DEFAULT          ? by_option
                           : finding->refusing && asks_for_one(check) ? MIG_SEVERITY_ERROR
                                                                      : finding->severity;

    return severity == MIG_SEVERITY_WARNING && check->strict ? MIG_SEVERITY_ERROR
                                                             : severity;
}

/* Of a rule that is of single releases, where no single one is asked for. */
static bool is_of_no_stream(const MigCheck *check, const MigFinding *finding)
{
    return finding->rule->needs_release && !asks_for_one(check);
}

/* Files the finding that a rule has begun. */
static void commit(MigCheck *check)
{
    MigFinding *pending = &check->pending;
    RuleState *state = &check->states[check->running];
    bool failed;

    if (!pending->rule) {
        return;
    }
    failed = pending->severity >= MIG_SEVERITY_WARNING && !state->failed;
    state->failed |= failed;
    pending->severity = final_severity(check, pending);
    check->counts[pending->severity] += !is_of_no_stream(check, pending);
    check->refusing |= pending->refusing;
    if (check->pending_kept) {
        g_array_append_val(check->findings, *pending);
        state->last = check->findings->len;
    } else {
        MigFinding *last = &g_array_index(check->findings, MigFinding, state->last - 1);

        last->more++;
        last->refusing |= pending->refusing;
        last->more_until = pending->offset;
        clear_finding(pending);
    }
    *pending = (MigFinding){ 0 };
    if (failed) {
        block_dependants(check, check->rules[check->running]->id,
                         check->rules[check->running]->id);
    }
}

/* The loader's words for the release, with the section's name filled in. */
static char *loader_words(const MigRule *rule, MigRelease release,
                          const MigSection *section)
{
    const char *words = rule->later.loader && release >= rule->later.since
                            ? rule->later.loader
                            : rule->loader;
    g_auto(GStrv) parts = g_strsplit(words, "%s", 2);

    return parts[1] ? g_strconcat(parts[0], section ? section->name : "", parts[1], NULL)
                    : g_strdup(words);
}

void mig_report(MigCheck *check, uint64_t offset, const MigSection *section,
                const char *format, ...)
{
    const MigRule *rule = check->rules[check->running];
    RuleState *state = &check->states[check->running];
    MigFinding *pending = &check->pending;
    va_list args;

    commit(check);
    *pending = (MigFinding){ .rule = rule, .severity = rule->severity, .offset = offset };
    check->pending_kept =
        state->found == 0 || ((!check->keep || state->found < check->keep) &&
                              check->findings->len < MIG_FINDINGS_MAX);
    state->found++;
    if (check->pending_kept) {
        va_start(args, format);
        pending->message = g_strdup_vprintf(format, args);
        va_end(args);
        if (section) {
            pending->section = g_memdup2(section->name, section->name_length + 1u);
            pending->section_length = section->name_length;
            pending->instance_id = section->instance_id;
        }
    }
    if (rule->loader && check->asked) {
        pending->refusing = check->asked;
        pending->loader =
            check->pending_kept
                ? loader_words(rule, mig_releases_oldest(check->asked), section)
                : NULL;
    }
}

void mig_report_severity(MigCheck *check, MigSeverity severity)
{
    check->pending.severity = severity;
}

void mig_report_loader(MigCheck *check, MigRelease first, MigRelease last,
                       const char *format, ...)
{
    MigReleaseSet refusing = check->asked & mig_releases_between(first, last);
    va_list args;

    check->pending.refusing |= refusing;
    if (refusing && check->pending_kept) {
        g_free(check->pending.loader);
        va_start(args, format);
        check->pending.loader = g_strdup_vprintf(format, args);
        va_end(args);
    }
}

void mig_report_remedy(MigCheck *check, const char *format, ...)
{
    va_list args;

    if (check->pending_kept) {
        g_free(check->pending.remedy.filter);
        va_start(args, format);
        check->pending.remedy.filter = g_strdup_vprintf(format, args);
        va_end(args);
    }
}

char *mig_remedy_value(const char *name)
{
    GString *value = g_string_new(NULL);

    for (const char *p = name; *p; p++) {
        const char *word = p + 1 + strspn(p + 1, "abcdefghijklmnopqrstuvwxyz-");

        if (*p == '\\' || (*p == ':' && word > p + 1 && *word == '=')) {
            g_string_append_c(value, '\\');
        }
        g_string_append_c(value, *p);
    }
    return g_string_free(value, false);
}

void mig_report_gives_up(MigCheck *check, bool lossy, const char *what)
{
    g_free(check->pending.remedy.gives_up);
    check->pending.remedy.gives_up = g_strdup(what);
    check->pending.remedy.lossy = lossy;
}

void mig_report_no_remedy(MigCheck *check, const char *why)
{
    g_free(check->pending.remedy.none);
    check->pending.remedy.none = g_strdup(why);
}

void mig_report_no_ground(MigCheck *check, const char *why)
{
    RuleState *state = &check->states[check->running];

    state->outcome = MIG_OUTCOME_NOT_EVALUATED;
    state->why = why;
}

MigRelease mig_check_release(const MigCheck *check)
{
    return asks_for_one(check) ? mig_releases_oldest(check->asked) : MIG_RELEASE_NONE;
}

bool mig_check_asks(const MigCheck *check, MigRelease first, MigRelease last)
{
    return (check->asked & mig_releases_between(first, last)) != 0;
}

MigVfioNeed mig_check_need(const MigCheck *check, const MigSection *section)
{
    return check->needs ? mig_vfio_needs_lookup(check->needs, section->name)
                        : MIG_VFIO_NEED_AUTO;
}

MigReader *mig_check_reader(const MigCheck *check)
{
    return check->reader;
}

/* --- the run ---------------------------------------------------------------------- */

static void add_rule(MigCheck *check, size_t index, const MigRule *rule,
                     MigSeverity severity)
{
    RuleState *state = &check->states[index];

    check->rules[index] = rule;
    state->severity = severity;
    state->outcome = severity == MIG_SEVERITY_IGNORE        ? MIG_OUTCOME_IGNORED
                     : rule->needs_release && !check->asked ? MIG_OUTCOME_NOT_ASKED
                                                            : MIG_OUTCOME_EVALUATED;
    for (size_t kind = 0; kind < N_WATCHED && rule->judge; kind++) {
        if (rule->watches & 1u << kind && state->outcome == MIG_OUTCOME_EVALUATED) {
            g_array_append_val(check->watchers[kind], index);
        }
    }
}

/* @severities: of each rule, or NULL. */
static void add_rules(MigCheck *check, const MigSeverity *severities)
{
    size_t n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        for (const MigRule *rule = groups[i]; rule->id; rule++, n++) {
            add_rule(check, n, rule, severities ? severities[n] : MIG_SEVERITY_DEFAULT);
        }
    }
}

MigCheck *mig_check_new(MigReader *reader, const MigCheckOptions *options)
{
    MigCheckOptions known;
    MigCheck *check;

    g_return_val_if_fail(
        mig_options_take(&known, sizeof(known), options, "MigCheckOptions", NULL), NULL);
    check = g_new0(MigCheck, 1);
    check->reader = reader;
    check->asked = known.releases;
    check->strict = known.strict;
    check->needs = known.needs;
    check->keep = known.keep;
    check->n_rules = mig_rule_count();
    check->rules = g_new0(const MigRule *, check->n_rules);
    check->states = g_new0(RuleState, check->n_rules);
    check->findings = g_array_new(false, false, sizeof(MigFinding));
    g_array_set_clear_func(check->findings, clear_finding);
    mig_facts_init(&check->facts);
    for (size_t kind = 0; kind < N_WATCHED; kind++) {
        check->watchers[kind] = g_array_new(false, false, sizeof(size_t));
    }
    add_rules(check, known.severities);
    for (size_t i = 0; i < check->n_rules; i++) {
        if (check->states[i].outcome == MIG_OUTCOME_IGNORED) {
            block_dependants(check, check->rules[i]->id, check->rules[i]->id);
        }
    }
    return check;
}

void mig_check_free(MigCheck *check)
{
    if (!check) {
        return;
    }
    for (size_t kind = 0; kind < N_WATCHED; kind++) {
        g_array_unref(check->watchers[kind]);
    }
    clear_finding(&check->pending);
    g_array_unref(check->findings);
    mig_facts_clear(&check->facts);
    g_free(check->states);
    g_free(check->rules);
    g_free(check);
}

static void run_rules(MigCheck *check, size_t kind, const MigItem *item)
{
    const GArray *watchers = check->watchers[kind];

    for (guint i = 0; i < watchers->len; i++) {
        check->running = g_array_index(watchers, size_t, i);
        if (check->states[check->running].outcome == MIG_OUTCOME_EVALUATED) {
            check->rules[check->running]->judge(check, &check->facts, item);
            commit(check);
        }
    }
}

void mig_check_item(MigCheck *check, const MigItem *item)
{
    run_rules(check, item->kind, item);
    mig_facts_update(&check->facts, item);
}

/* Turns an error of the reader, or of what is wrapped around the stream, into a finding. */
static bool report_damage(MigCheck *check, const GError *error)
{
    const char *id = mig_error_get_rule(error);
    bool in_container = mig_error_get_layer(error) == MIG_LAYER_CONTAINER;
    ssize_t rule;
    uint32_t instance_id = 0;
    const char *section;
    uint64_t offset;

    if (!id && (g_error_matches(error, MIG_ERROR, MIG_ERROR_CONTAINER) ||
                g_error_matches(error, MIG_ERROR, MIG_ERROR_LIMIT))) {
        id = "container";
    }
    rule = id ? mig_rule_find(id) : -1;
    if (rule < 0) {
        return false;
    }
    check->running = (size_t)rule;
    section = mig_error_get_section(error, &instance_id);
    if (!mig_error_get_offset(error, &offset)) {
        offset = mig_reader_tell(check->reader);
        in_container = false;
    }
    if (check->states[rule].outcome != MIG_OUTCOME_IGNORED) {
        g_autofree MigSection *place = NULL;

        if (section) {
            size_t n = MIN(strlen(section), UINT8_MAX);

            place = g_malloc0(sizeof(MigSection) + n + 1);
            place->instance_id = instance_id;
            place->name_length = (uint8_t)n;
            memcpy(place->name, section, n);
        }
        check->states[rule].found =
            MIN(check->states[rule].found, check->keep ? check->keep - 1 : 0);
        mig_report(check, offset, place, "%s", error->message);
        check->pending.in_container = in_container;
        if (check->facts.eof != MIG_NOWHERE) {
            check->pending.refusing = 0; /* it has all that it reads */
            g_clear_pointer(&check->pending.loader, g_free);
        }
        commit(check);
    }
    /* What can only be judged at the end cannot be judged. */
    for (size_t i = 0; i < check->n_rules; i++) {
        RuleState *state = &check->states[i];

        if (check->rules[i]->watches & MIG_WATCH_END &&
            state->outcome == MIG_OUTCOME_EVALUATED && !state->found) {
            state->outcome = MIG_OUTCOME_NOT_EVALUATED;
            state->why = id;
        }
    }
    return true;
}

/* Findings were added in the order in which rules made them; those that only the end can
 * show belong further up. */
static gint by_offset(gconstpointer a, gconstpointer b)
{
    const MigFinding *x = a, *y = b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

bool mig_check_finish(MigCheck *check, const GError *error)
{
    bool mine = true;

    if (error) {
        mine = report_damage(check, error);
    } else {
        run_rules(check, MIG_ITEM_KIND_COUNT, NULL);
    }
    g_array_sort(check->findings, by_offset);
    return mine;
}

const MigFinding *mig_check_findings(const MigCheck *check, size_t *n)
{
    *n = check->findings->len;
    return (const MigFinding *)(void *)check->findings->data;
}

uint64_t mig_check_count(const MigCheck *check, MigSeverity severity)
{
    return check->counts[severity];
}

MigOutcome mig_check_outcome(const MigCheck *check, size_t rule, const char **why)
{
    const RuleState *state;

    *why = NULL;
    g_return_val_if_fail(rule < mig_rule_count(), MIG_OUTCOME_NOT_EVALUATED);
    state = &check->states[rule];
    *why = state->outcome == MIG_OUTCOME_NOT_EVALUATED ? state->why : NULL;
    /* What it found before it lost its ground remains. */
    return state->outcome == MIG_OUTCOME_NOT_EVALUATED && state->found
               ? MIG_OUTCOME_EVALUATED
               : state->outcome;
}

MigReleaseSet mig_check_refusing(const MigCheck *check)
{
    return check->refusing;
}

const MigFinding *mig_check_first_refusal(const MigCheck *check, MigRelease release)
{
    MigReleaseSet one = mig_releases_one(release);

    for (guint i = 0; i < check->findings->len; i++) {
        const MigFinding *finding = &g_array_index(check->findings, MigFinding, i);

        if (finding->refusing & one) {
            return finding;
        }
    }
    return NULL;
}
