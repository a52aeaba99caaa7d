/* Sessions: what others do in the middle of a coordinator's poll. At each atomic step in turn, a member
 * leaves, a new tenant attaches and arrives; no fence opens early, nobody is released twice, and the
 * new tenant is not refused. One thread: the hook does it all between two steps. */
#define _GNU_SOURCE

#include "explore.h"

#define POLLS 40u
#define NEW 2u /* kind of what the new tenant sends */

static uint64_t step_now, step_last, fired;
static void (*deed)(void);

static struct weir_session *coord, *leaver, *stayer, *tenant;
static enum weir_barrier_mode mode;
static uint32_t fence;
static uint32_t handled_new[2]; /* by the coordinator, by the one who stays */

static void act_at(enum weir_explore_kind kind, const volatile void *word)
{
	(void)kind;
	(void)word;
	if (++step_now != step_last)
		return;
	fired = 1;
	deed();
}

static void arm(uint64_t n, void (*what)(void))
{
	step_now = 0;
	step_last = n;
	fired = 0;
	deed = what;
	at_step = act_at;
}

/* ---- deeds ---- */

static void swap_tenants(void)
{
	uint64_t word = 0;

	NEED_OK(weir_session_close(leaver));
	leaver = NULL;
	tenant = explore_attach(coord, 0);
	if (tenant == NULL) /* the slot is not free yet */
		return;
	NEED_OK(weir_session_send(tenant, NEW, &word, sizeof(word)));
	explore_begin(tenant, fence, mode);
}

static void serve_and_swap(void)
{
	(void)explore_poll(leaver);
	swap_tenants();
}

static void coordinate(void)
{
	(void)explore_poll(coord);
}

/* ---- a run ---- */

static uint32_t served; /* by the leaver */

static int on_data(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	(void)s;
	(void)m;
	++*(uint32_t *)ctx;
	return 0;
}

static int on_run(void *ctx, struct weir_session *s, const struct weir_session_msg *first,
		  uint32_t count, uint64_t stride)
{
	(void)s;
	(void)first;
	(void)stride;
	*(uint32_t *)ctx += count;
	return 0;
}

static void set_up(uint32_t members)
{
	served = handled_new[0] = handled_new[1] = 0;
	coord = explore_create(NULL, members);
	leaver = explore_attach(coord, 1);
	stayer = explore_attach(coord, 2);
	tenant = NULL;
	fence = explore_barrier(coord);
	(void)explore_poll(coord);
	NEED_OK(weir_session_on(leaver, DATA, on_data, &served));
	NEED_OK(weir_session_on(coord, NEW, on_data, &handled_new[0]));
	NEED_OK(weir_session_on_run(stayer, NEW, on_run, &handled_new[1]));
	explore_send(stayer);
	explore_send(leaver);
	explore_begin(coord, fence, mode);
	explore_begin(leaver, fence, mode);
	explore_begin(stayer, fence, mode);
}

static void tear_down(void)
{
	if (leaver != NULL)
		NEED_OK(weir_session_close(leaver));
	if (tenant != NULL)
		NEED_OK(weir_session_close(tenant));
	NEED_OK(weir_session_close(stayer));
	NEED_OK(weir_session_close(coord));
}

/* What one participant is told, arrival after arrival. */
struct told {
	uint64_t generation; /* the last */
	uint32_t times;
	int rc; /* the first */
};

/* Returns 1 when it has been told something new. */
static int ask(struct weir_session *s, struct told *t)
{
	struct weir_barrier_result r;
	int rc = weir_session_barrier_test(s, fence, &r);

	if (rc == WEIR_PENDING || rc == -EINVAL)
		return 0;
	NEED(rc == WEIR_OK || rc == WEIR_DEPARTED || rc == WEIR_LOST);
	NEED(r.outcome == rc && weir_group_set_has(&r.released, weir_session_slot(s)));
	NEED(r.generation > t->generation); /* nobody is released twice from one */
	t->generation = r.generation;
	if (t->times++ == 0)
		t->rc = rc;
	return 1;
}

static void tenant_is_right(const struct told *t)
{
	NEED(t->generation > 1); /* the first was opened without it */
	NEED(t->rc == WEIR_OK || t->rc == WEIR_DEPARTED);
	if (mode >= WEIR_BARRIER_DELIVERY)
		NEED(handled_new[0] == 1);
	if (mode == WEIR_BARRIER_PROCESSING)
		NEED(handled_new[1] == 1);
}

static void first_is_right(const struct told *c, const struct told *b)
{
	NEED(c->rc == b->rc && c->generation == 1 && b->generation == 1);
	/* a fence that opened on the leaver's behalf has seen it handle the message, or says so */
	NEED(mode != WEIR_BARRIER_PROCESSING || c->rc != WEIR_OK || served == 1);
	NEED(c->rc != WEIR_LOST); /* nothing is lost here: who has left is departed */
}

static void finish(void)
{
	struct told c = {0}, b = {0}, a = {0}, t = {0};
	uint32_t i;

	for (i = 0; i < POLLS; i++) {
		(void)explore_poll(coord);
		(void)explore_poll(stayer);
		if (leaver != NULL)
			(void)explore_poll(leaver);
		if (tenant != NULL)
			(void)explore_poll(tenant);
		(void)ask(coord, &c);
		(void)ask(stayer, &b);
		if (leaver != NULL)
			(void)ask(leaver, &a);
		if (tenant != NULL && ask(tenant, &t))
			tenant_is_right(&t);
		if (c.times == 1 && b.times == 1 && i < POLLS / 2u) {
			first_is_right(&c, &b);
			i = POLLS / 2u;
			explore_begin(coord, fence, mode);
			explore_begin(stayer, fence, mode);
		}
	}
	NEED(c.times == 2 && b.times == 2 && c.generation == b.generation);
	NEED(tenant == NULL || t.times == 1);
}

/* In the coordinator's poll, or in what `outer` does, if that is not NULL. */
static void at_each_step(const char *name, uint32_t members, uint32_t polls, void (*inner)(void),
			 void (*outer)(void))
{
	uint64_t stride = explore_stride(), n;

	for (n = 1u + (uint64_t)getpid() % stride;; n += stride) {
		uint32_t i;

		set_up(members);
		arm(n, inner);
		if (outer != NULL)
			outer();
		for (i = 0; i < polls && outer == NULL; i++)
			(void)explore_poll(coord);
		at_step = NULL;
		if (fired)
			finish();
		tear_down();
		if (!fired)
			break;
	}
	printf("%s, mode %d, %d slots: %d steps\n", name, (int)mode, (int)members, (int)n);
	fflush(stdout);
	NEED(n > 50);
}

/* ---- at one step ---- */

static uint32_t phase;
static const void *phase_word;

/* After the drain was looked at for the last time in this poll, the leaver serves and leaves; right after
 * its slot was given back a new tenant takes it. */
static void leave_and_follow(enum weir_explore_kind kind, const volatile void *word)
{
	if (phase == 0 && word == &coord->shm->requests[0] && kind == WEIR_EXPLORE_LOAD) {
		phase = 1;
		(void)explore_poll(leaver);
		NEED_OK(weir_session_close(leaver));
		leaver = NULL;
	} else if (phase == 1 && word == phase_word && kind == WEIR_EXPLORE_STORE) {
		phase = 2; /* about to be */
	} else if (phase == 2) {
		phase = 3;
		tenant = explore_attach(coord, 1);
		NEED(tenant != NULL);
	}
}

/* A sink that handled all, left, and was followed at once has lost nothing. */
static void followed_at_once(void)
{
	struct weir_barrier_result r;

	mode = WEIR_BARRIER_PROCESSING;
	set_up(3);
	(void)explore_poll(coord);
	(void)explore_poll(stayer);
	NEED(weir_session_barrier_test(stayer, fence, NULL) == WEIR_PENDING);
	phase = 0;
	phase_word = &member_of(coord, 1)->owner;
	at_step = leave_and_follow;
	(void)explore_poll(coord);
	at_step = NULL;
	NEED(phase == 3 && served == 1);
	(void)explore_poll(coord);
	/* it left before the fence opened, and no record with it */
	NEED(weir_session_barrier_test(stayer, fence, &r) == WEIR_DEPARTED);
	NEED(weir_group_set_count(&r.sinks) == 0);
	tear_down();
}

/* A result is kept while the next generation's record is being written. */
static struct weir_barrier_result kept;
static int kept_rc;

static void in_the_view(enum weir_explore_kind kind, const volatile void *word)
{
	if (phase != 0 || kind != WEIR_EXPLORE_STORE || word != phase_word)
		return;
	phase = 1;
	kept_rc = weir_session_barrier_test(leaver, fence, &kept);
}

static void kept_while_the_next_goes_on(void)
{
	mode = WEIR_BARRIER_RENDEZVOUS;
	set_up(3);
	(void)explore_poll(coord);
	NEED_OK(weir_session_barrier_test(stayer, fence, NULL));
	explore_begin(stayer, fence, mode);
	phase = 0;
	phase_word = &barrier_of(coord, fence)->view[3];
	at_step = in_the_view;
	(void)explore_poll(coord);
	at_step = NULL;
	NEED(phase == 1);
	NEED(kept_rc == WEIR_OK && kept.generation == 1 && kept.members == 3);
	NEED(weir_group_set_count(&kept.released) == 3);
	tear_down();
}

int main(void)
{
	proc_watchdog();
	followed_at_once();
	kept_while_the_next_goes_on();
	for (mode = WEIR_BARRIER_RENDEZVOUS; mode <= WEIR_BARRIER_PROCESSING; mode++) {
		uint32_t members;

		for (members = 3; members <= 4; members++) {
			at_each_step("swap", members, 2, swap_tenants, NULL);
			at_each_step("serve, swap", members, 2, serve_and_swap, NULL);
			at_each_step("poll in a swap", members, 0, coordinate, swap_tenants);
		}
	}
	return 0;
}
