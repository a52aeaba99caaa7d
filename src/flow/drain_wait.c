/* Drain waiters: the blocking call, a loop over poll, and the small print. See drain.c. */
#include <weir/drain.h>

/* Does the calling thread serve one of the readers it would wait for? */
static int serves(const struct weir_drain *d, struct weir_progress_writer *const *self,
		  uint32_t nself)
{
	uint32_t i, k;

	for (i = 0; i < d->open; i++)
		for (k = 0; k < nself; k++)
			if (self[k]->slot == &d->target[i].table->slot[d->target[i].slot])
				return 1;
	return 0;
}

static int only_parked(const struct weir_drain *d)
{
	uint32_t i;

	for (i = 0; i < d->open; i++)
		if (d->target[i].state != WEIR_PROGRESS_PARKED)
			return 0;
	return 1;
}

/* Announces the wait on every table concerned; 1 when there is more than one. */
static int ask(const struct weir_drain *d)
{
	int several = 0;
	uint32_t i;

	for (i = 0; i < d->open + d->dormant; i++) {
		weir_bell_ask(&d->target[i].table->shm->bell);
		several |= d->target[i].table->shm != d->target[0].table->shm;
	}
	return several;
}

static int wait_loop(struct weir_drain *d, uint32_t nself, const struct weir_wait *how,
		     const struct weir_env *env)
{
	struct weir_waiter wt;
	int several = ask(d), rc;

	weir_waiter_init(&wt, how, &d->target[0].table->shm->bell,
			 several ? WEIR_WAITER_READONLY : 0);
	for (;;) {
		rc = weir_drain_poll(d, env->now(env->ctx));
		if (rc != WEIR_PENDING)
			break;
		if (nself != 0 && only_parked(d)) {
			rc = WEIR_PARKED;
			break;
		}
		if (several)
			(void)ask(d);
		rc = weir_waiter_step(&wt);
		if (rc < 0)
			break;
		if (rc == WEIR_CHECK_LIVENESS) {
			rc = weir_drain_poll(d, env->now(env->ctx));
			if (rc != WEIR_PENDING)
				break;
			(void)weir_drain_check_owners(d, env);
		}
	}
	d->stats.sleeps += wt.sleeps;
	return rc;
}

int weir_drain_wait(struct weir_drain *d, struct weir_progress_writer *const *self, uint32_t nself,
		    const struct weir_wait *how)
{
	const struct weir_env *env =
		how != NULL && how->env != NULL ? how->env : weir_env_system();
	uint32_t k;
	int rc = weir_drain_poll(d, env->now(env->ctx));

	if (rc != WEIR_PENDING)
		return rc;
	if (serves(d, self, nself))
		return -EDEADLK;
	for (k = 0; k < nself; k++)
		weir_progress_park(self[k], env->now(env->ctx));
	rc = wait_loop(d, nself, how, env);
	for (k = 0; k < nself; k++)
		weir_progress_resume(self[k], env->now(env->ctx));
	return rc;
}

uint64_t weir_drain_plain_target(uint64_t leading, uint64_t reading, uint64_t progress)
{
	int64_t backlog = weir_pos_diff(leading, reading);

	return progress + (backlog > 0 ? (uint64_t)backlog : 0);
}

const char *weir_drain_why_name(unsigned why)
{
	static const char *const name[] = {"WAITING", "ALREADY", "REACHED", "DORMANT",
					   "LOST",    "LEFT",    "DIED"};

	return why < sizeof(name) / sizeof(name[0]) ? name[why] : "?";
}

#define STAT(field, unit, help)                                                                    \
	{                                                                                          \
		#field, unit, help, (uint32_t)offsetof(struct weir_drain_stats, field), 0          \
	}
const struct weir_stat_desc weir_drain_stat_desc[] = {
	STAT(targets, "readers", "captured"),
	STAT(already, "readers", "drained when captured"),
	STAT(dormant, "readers", "skipped because they had not served yet"),
	STAT(waited, "readers", "with a backlog when captured"),
	STAT(largest_backlog, "bytes", "owed by one reader when captured"),
	STAT(polls, "calls", "looks at the set"),
	STAT(sleeps, "calls", "sleeps on a bell"),
	STAT(wait_ns, "ns", "from the first poll to the one that ended it"),
	STAT(lost_bytes, "bytes", "that readers lost while waited for"),
	STAT(lost_messages, "records", "that readers lost while waited for"),
	STAT(left, "readers", "that left below the cut"),
	STAT(died, "readers", "whose process died below the cut"),
};
const uint32_t weir_drain_stat_count =
	sizeof(weir_drain_stat_desc) / sizeof(weir_drain_stat_desc[0]);
