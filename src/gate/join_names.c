/* How verdicts are read: out of their masks, and in words; and the counters of joins. */
#include <weir/join.h>

enum weir_join_rule_verdict weir_join_rule(const struct weir_join_verdict *v, uint32_t rule)
{
	uint32_t kind = 0;

	while (kind + 1 < WEIR_JOIN_RULE_VERDICT_COUNT &&
	       (v->mask[kind][rule / 64u] >> (rule % 64u) & 1u) == 0)
		kind++;
	return (enum weir_join_rule_verdict)kind;
}

uint32_t weir_join_next(const struct weir_join_verdict *v, enum weir_join_rule_verdict verdict,
			uint32_t from)
{
	const uint64_t *mask = v->mask[verdict];
	uint32_t word = from / 64u;
	uint64_t bits;

	if (from >= v->n_rules)
		return v->n_rules;
	bits = mask[word] & (UINT64_MAX << (from % 64u));
	while (bits == 0) {
		if (++word == v->words)
			return v->n_rules;
		bits = mask[word];
	}
	return word * 64u + (uint32_t)__builtin_ctzll(bits);
}

#define WORD(name) #name,

const char *weir_join_status_name(unsigned status)
{
	static const char *const name[] = {WEIR_JOIN_STATUSES(WORD)};

	return status < WEIR_JOIN_STATUS_COUNT ? name[status] : "?";
}

const char *weir_join_verdict_name(unsigned verdict)
{
	static const char *const name[] = {WEIR_JOIN_VERDICTS(WORD)};

	return verdict < WEIR_JOIN_RULE_VERDICT_COUNT ? name[verdict] : "?";
}

const char *weir_join_answer_name(unsigned answer)
{
	static const char *const name[] = {WEIR_JOIN_ANSWERS(WORD)};

	return answer < WEIR_JOIN_ANSWER_COUNT ? name[answer] : "?";
}

#define STAT(name, unit, help)                                                                     \
	{                                                                                          \
#name, unit, help, (uint32_t)offsetof(struct weir_join_stats, name), 0             \
	}

const struct weir_stat_desc weir_join_stat_desc[] = {
	STAT(evaluations, "calls", "for the verdict on an output"),
	STAT(unchanged, "calls", "answered with the last verdict"),
	STAT(ready, "verdicts", "that said ready"),
	STAT(commits, "outputs", "committed"),
	STAT(stale_commits, "outputs", "refused: the map had changed"),
	STAT(maps, "maps", "applied"),
	STAT(map_repeats, "maps", "announced again without a change"),
	STAT(maps_invalid, "maps", "refused: bad"),
	STAT(maps_other, "maps", "ignored: of another output or kind"),
	STAT(maps_old, "maps", "ignored: of another epoch"),
	STAT(maps_capacity, "maps", "refused: more rules than there is room for"),
	STAT(maps_ended, "maps", "ended by the epoch of an input, or of the output"),
	STAT(frames, "frames", "observed"),
	STAT(repeats, "frames", "observed again"),
	STAT(regressed, "frames", "ignored: older than the newest"),
	STAT(bad_seq, "frames", "ignored: sequence out of range"),
	STAT(old_epoch, "frames", "ignored: of an epoch that has ended"),
	STAT(epoch_resets, "frames", "that began a new epoch of their input"),
	STAT(not_tracked, "frames", "ignored: of no input"),
	STAT(null_times, "frames", "without a time"),
	STAT(rejected_clock, "frames", "rejected: another clock domain"),
	STAT(rejected_order, "frames", "rejected: time went back"),
	STAT(late, "frames", "that came after an output was committed without them"),
	STAT(outputs_regressed, "calls", "for an output before an earlier one"),
	STAT(outputs_clock, "calls", "for an output time of another clock domain"),
	STAT(torn, "records", "not read: torn by their writer, or left torn"),
};
const uint32_t weir_join_stat_count = sizeof(weir_join_stat_desc) / sizeof(weir_join_stat_desc[0]);
