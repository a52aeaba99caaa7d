/* explore.h - what the programs share that act at one atomic step of the library: the hook, and a
 * session whose members are handles in one process, polled by hand. Included once in a program. */
#ifndef WEIR_EXPLORE_H
#define WEIR_EXPLORE_H

#include "session_proc.h"

#include "session_priv.h"

#define LIVENESS_NS UINT64_C(1000000)
#define DATA 1u

/* What happens before a step; NULL: nothing. It is not entered again from within. */
static void (*at_step)(enum weir_explore_kind kind, const volatile void *word);

void weir_explore_step(enum weir_explore_kind kind, const volatile void *word)
{
	void (*act)(enum weir_explore_kind kind, const volatile void *word) = at_step;

	if (act == NULL)
		return;
	at_step = NULL;
	act(kind, word);
	if (at_step == NULL)
		at_step = act;
}

/* The clock that polls are told of: each poll is a look at who is alive. */
static weir_ns explore_now;

static inline int explore_poll(struct weir_session *s)
{
	int rc;

	explore_now += LIVENESS_NS;
	rc = weir_session_poll(s, explore_now);
	NEED(rc == WEIR_OK || rc == WEIR_EMPTY || rc == -ENOTCONN);
	return rc;
}

static inline struct weir_session *explore_create(const char *name, uint32_t members)
{
	struct weir_session_config cfg = {.struct_size = sizeof(cfg),
					  .members = members,
					  .barriers = 2,
					  .ring_capacity = 4096,
					  .liveness_ns = LIVENESS_NS};
	struct weir_session *s;

	explore_now = proc_now(); /* each poll below is later than what the library reads itself */
	NEED_OK(weir_session_create(&s, name, &cfg, NULL, NULL));
	return s;
}

/* slot 0: any. NULL: there is none. */
static inline struct weir_session *explore_attach(const struct weir_session *to, uint32_t slot)
{
	struct weir_session_options opt = {.struct_size = sizeof(opt), .slot = slot};
	struct weir_session *s;
	int rc = weir_session_attach_region(&s, weir_session_region(to), &opt, NULL);

	NEED(rc == WEIR_OK || rc == -ENOSPC || rc == -EBUSY);
	return rc == WEIR_OK ? s : NULL;
}

static inline uint32_t explore_barrier(struct weir_session *s)
{
	uint32_t id;

	NEED_OK(weir_session_barrier_open(s, "fence", &id, NULL));
	return id;
}

static inline void explore_begin(struct weir_session *s, uint32_t id, enum weir_barrier_mode mode)
{
	NEED_OK(weir_session_barrier_begin(s, id, mode, WEIR_BARRIER_CONTINUE, 0));
}

static inline void explore_send(struct weir_session *s)
{
	uint64_t word = weir_session_slot(s);

	NEED_OK(weir_session_send(s, DATA, &word, sizeof(word)));
}

/* Steps of a quick run: every 7th, from another one each time. WEIR_EXPLORE_FROM says which. */
static inline uint64_t explore_stride(void)
{
	return proc_slow() ? 1 : 7;
}

static inline uint64_t explore_from(void)
{
	const char *from = getenv("WEIR_EXPLORE_FROM");
	uint64_t n = (uint64_t)getpid();

	if (from != NULL)
		n = strtoull(from, NULL, 0);
	n = n % explore_stride() + 1u;
	printf("from step %d, each %dth\n", (int)n, (int)explore_stride());
	fflush(stdout);
	return n;
}

#endif
