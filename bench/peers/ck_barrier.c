/*
 * Concurrency Kit's five barriers as peers. They spin, with no other way of waiting, and are pointers
 * and plain words, so they run between processes whose memory was mapped before the fork, too. What
 * a party has for itself lies on lines of its own where the interface lets it: dissemination and mcs
 * take their parties as one array. The combining tree has leaves of four parties.
 */
#include <ck_barrier.h>

#include <stdint.h>
#include <string.h>

#include "../meet.h"

#define FLAGS_MAX 16u /* of a party: what the _size() functions say for 16 parties, or more */
#define LEAF 4u	      /* parties that share a group of the combining tree */

struct centralized {
	ck_barrier_centralized_t barrier;
} BENCH_ALIGNED;

struct combining {
	ck_barrier_combining_t barrier BENCH_ALIGNED;
	ck_barrier_combining_group_t root BENCH_ALIGNED;
	ck_barrier_combining_group_t leaf[ROLE_MAX / LEAF] BENCH_ALIGNED;
};

struct dissemination {
	ck_barrier_dissemination_t barrier[ROLE_MAX] BENCH_ALIGNED;
	ck_barrier_dissemination_flag_t *flags[ROLE_MAX] BENCH_ALIGNED;
	struct {
		ck_barrier_dissemination_flag_t flag[FLAGS_MAX] BENCH_ALIGNED;
	} of[ROLE_MAX];
};

struct tournament {
	ck_barrier_tournament_t barrier BENCH_ALIGNED;
	ck_barrier_tournament_round_t *rounds[ROLE_MAX] BENCH_ALIGNED;
	struct {
		ck_barrier_tournament_round_t round[FLAGS_MAX] BENCH_ALIGNED;
	} of[ROLE_MAX];
};

struct mcs {
	ck_barrier_mcs_t barrier[ROLE_MAX] BENCH_ALIGNED;
};

/* A party's handle; only its own kind's state is used. */
struct party {
	void *barrier;
	uint32_t parties;
	ck_barrier_combining_group_t *leaf;
	union {
		ck_barrier_centralized_state_t centralized;
		ck_barrier_combining_state_t combining;
		ck_barrier_dissemination_state_t dissemination;
		ck_barrier_tournament_state_t tournament;
		ck_barrier_mcs_state_t mcs;
	} state;
} BENCH_ALIGNED;

static struct party party_of(struct role *me)
{
	struct party p;

	memset(&p, 0, sizeof(p));
	p.barrier = me->arena;
	p.parties = meet_parties(me->b);
	return p;
}

/* ---- centralized ---- */

static int centralized_meet(struct role *me, void *party)
{
	struct party *p = party;

	(void)me;
	ck_barrier_centralized(&((struct centralized *)p->barrier)->barrier, &p->state.centralized,
			       p->parties);
	return 0;
}

static int centralized_role(struct role *me)
{
	struct party p = party_of(me); /* all zero is the initial state */

	return meet_loop(me, centralized_meet, &p);
}

static double centralized_run(struct bench_env *env, const struct bench *b, uint64_t n,
			      struct bench_sample *out)
{
	meet_clear(env);
	return driver_run(env, b, centralized_role, centralized_role, meet_parties(b), n, out);
}

/* ---- combining ---- */

static int combining_meet(struct role *me, void *party)
{
	struct party *p = party;

	(void)me;
	ck_barrier_combining(&((struct combining *)p->barrier)->barrier, p->leaf,
			     &p->state.combining);
	return 0;
}

static int combining_role(struct role *me)
{
	struct party p = party_of(me);

	p.leaf = &((struct combining *)p.barrier)->leaf[me->index / LEAF];
	p.state.combining.sense = ~0u;
	return meet_loop(me, combining_meet, &p);
}

static double combining_run(struct bench_env *env, const struct bench *b, uint64_t n,
			    struct bench_sample *out)
{
	struct combining *c = (struct combining *)(void *)env->arena;
	uint32_t at, left;

	meet_clear(env);
	ck_barrier_combining_init(&c->barrier, &c->root);
	for (at = 0; at < meet_parties(b); at += LEAF) {
		left = meet_parties(b) - at;
		ck_barrier_combining_group_init(&c->barrier, &c->leaf[at / LEAF],
						left < LEAF ? left : LEAF);
	}
	return driver_run(env, b, combining_role, combining_role, meet_parties(b), n, out);
}

/* ---- dissemination ---- */

static int dissemination_meet(struct role *me, void *party)
{
	struct party *p = party;

	(void)me;
	ck_barrier_dissemination(((struct dissemination *)p->barrier)->barrier,
				 &p->state.dissemination);
	return 0;
}

static int dissemination_role(struct role *me)
{
	struct party p = party_of(me);

	ck_barrier_dissemination_subscribe(((struct dissemination *)p.barrier)->barrier,
					   &p.state.dissemination);
	return meet_loop(me, dissemination_meet, &p);
}

static double dissemination_run(struct bench_env *env, const struct bench *b, uint64_t n,
				struct bench_sample *out)
{
	struct dissemination *d = (struct dissemination *)(void *)env->arena;
	uint32_t i;

	meet_clear(env);
	for (i = 0; i < meet_parties(b); i++)
		d->flags[i] = d->of[i].flag;
	ck_barrier_dissemination_init(d->barrier, d->flags, meet_parties(b));
	return driver_run(env, b, dissemination_role, dissemination_role, meet_parties(b), n, out);
}

/* ---- tournament ---- */

static int tournament_meet(struct role *me, void *party)
{
	struct party *p = party;

	(void)me;
	ck_barrier_tournament(&((struct tournament *)p->barrier)->barrier, &p->state.tournament);
	return 0;
}

static int tournament_role(struct role *me)
{
	struct party p = party_of(me);

	ck_barrier_tournament_subscribe(&((struct tournament *)p.barrier)->barrier,
					&p.state.tournament);
	return meet_loop(me, tournament_meet, &p);
}

static double tournament_run(struct bench_env *env, const struct bench *b, uint64_t n,
			     struct bench_sample *out)
{
	struct tournament *t = (struct tournament *)(void *)env->arena;
	uint32_t i;

	meet_clear(env);
	for (i = 0; i < meet_parties(b); i++)
		t->rounds[i] = t->of[i].round;
	ck_barrier_tournament_init(&t->barrier, t->rounds, meet_parties(b));
	return driver_run(env, b, tournament_role, tournament_role, meet_parties(b), n, out);
}

/* ---- mcs ---- */

static int mcs_meet(struct role *me, void *party)
{
	struct party *p = party;

	(void)me;
	ck_barrier_mcs(((struct mcs *)p->barrier)->barrier, &p->state.mcs);
	return 0;
}

static int mcs_role(struct role *me)
{
	struct party p = party_of(me);

	ck_barrier_mcs_subscribe(((struct mcs *)p.barrier)->barrier, &p.state.mcs);
	return meet_loop(me, mcs_meet, &p);
}

static double mcs_run(struct bench_env *env, const struct bench *b, uint64_t n,
		      struct bench_sample *out)
{
	meet_clear(env);
	ck_barrier_mcs_init(((struct mcs *)(void *)env->arena)->barrier, meet_parties(b));
	return driver_run(env, b, mcs_role, mcs_role, meet_parties(b), n, out);
}

void bench_add_ck_barrier(void)
{
	static const struct bench_meeter m[] = {
		{"ck_centralized", BENCH_PEER, BENCH_SPIN, 1, NULL, centralized_run, 0},
		{"ck_combining", BENCH_PEER, BENCH_SPIN, BENCH_WANTS_FULL, NULL, combining_run, 0},
		{"ck_dissemination", BENCH_PEER, BENCH_SPIN, 1, NULL, dissemination_run, 0},
		{"ck_tournament", BENCH_PEER, BENCH_SPIN, BENCH_WANTS_FULL, NULL, tournament_run,
		 0},
		{"ck_mcs", BENCH_PEER, BENCH_SPIN, BENCH_WANTS_FULL, NULL, mcs_run, 0},
	};
	unsigned i;

	_Static_assert(sizeof(struct dissemination) <= MEET_BYTES, "arena");
	_Static_assert(sizeof(struct tournament) <= MEET_BYTES, "arena");
	if (ck_barrier_dissemination_size(ROLE_MAX) > FLAGS_MAX ||
	    ck_barrier_tournament_size(ROLE_MAX) > FLAGS_MAX)
		return;
	for (i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		bench_add_meet_cases(&m[i]);
		bench_add_release_cases(&m[i]);
	}
}
