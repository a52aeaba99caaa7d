/* Parties meet again and again, as threads and as processes: when a party leaves a generation, all
 * have written their number of it, and nobody is more than one generation ahead. A party that stays
 * away makes the others time out, by name, and they meet when it comes. */
#include "proc.h"

#include <weir/rendezvous.h>

#define PARTIES_MAX 20u
#define FEW 50u			      /* generations, however slow the machine is */
#define WHILE_NS UINT64_C(3000000000) /* and on, up to as many as were asked for */

static struct {
	struct weir_rendezvous_shm meet;
	uint64_t last; /* generation: party 0 says so before it meets the others; plain, too */
	struct {
		uint64_t wrote; /* plain: the rendezvous alone makes it visible */
		uint64_t reserved[15];
	} party[PARTIES_MAX];
} * shared;

struct crowd {
	uint32_t parties;
	uint32_t next;
	uint32_t threads;
	uint64_t generations;
	enum weir_wait_strategy strategy;
};

static struct weir_span meet_memory(void)
{
	struct weir_span s = {&shared->meet, sizeof(shared->meet)};

	return s;
}

static void meet_often(struct crowd *c, uint32_t me)
{
	struct weir_wait how = {.strategy = c->strategy};
	weir_ns end = proc_now() + WHILE_NS;
	struct weir_rendezvous r;
	uint64_t g = 0;
	uint32_t i;

	NEED_OK(weir_rendezvous_attach(&r, meet_memory(), me, NULL));
	do {
		shared->party[me].wrote = ++g;
		if (me == 0 &&
		    (g == c->generations || (g >= FEW && !proc_slow() && proc_now() > end)))
			shared->last = g;
		NEED_OK(weir_rendezvous_wait(&r, &how));
		for (i = 0; i < c->parties; i++)
			NEED(shared->party[i].wrote == g);
		/* a second one, so that nobody writes the next number while others still look */
		NEED_OK(weir_rendezvous_wait(&r, &how));
	} while (shared->last != g);
	NEED(r.met == 2 * g && weir_rendezvous_missing(&r, NULL, 0) == 0);
}

static void in_process(void *arg)
{
	struct crowd *c = arg;

	meet_often(c, c->next);
}

static void *in_thread(void *arg)
{
	struct crowd *c = arg;

	meet_often(c, weir_fetch_add32(&c->next, 1));
	return NULL;
}

static void run(struct crowd c)
{
	pthread_t thread[PARTIES_MAX];
	pid_t pid[PARTIES_MAX];
	uint32_t i;

	if (proc_slow())
		c.generations *= 50;
	memset(shared, 0, sizeof(*shared));
	NEED_OK(weir_rendezvous_format(meet_memory(), c.parties, NULL));
	for (i = 0; i < c.parties; i++) {
		if (c.threads) {
			NEED(pthread_create(&thread[i], NULL, in_thread, &c) == 0);
		} else {
			c.next = i;
			pid[i] = proc_fork(in_process, &c);
		}
	}
	for (i = 0; i < c.parties; i++) {
		if (c.threads)
			NEED(pthread_join(thread[i], NULL) == 0);
		else
			NEED(proc_reap(pid[i]) == 0);
	}
	printf("ok - %u %s, strategy %d, %llu generations\n", c.parties,
	       c.threads ? "threads" : "processes", (int)c.strategy,
	       (unsigned long long)shared->last * 2);
	fflush(stdout);
}

static uint32_t *late_go;

static void late(void *arg)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_rendezvous r;

	(void)arg;
	NEED_OK(weir_rendezvous_attach(&r, meet_memory(), 2, NULL));
	proc_until(late_go, 1);
	NEED_OK(weir_rendezvous_wait(&r, &how));
}

static void one_stays_away(void)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK};
	struct weir_rendezvous a, b;
	uint32_t missing[4] = {9, 9, 9, 9}, cancel = 1;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	NEED_OK(weir_rendezvous_format(meet_memory(), 3, NULL));
	late_go = proc_shared(sizeof(*late_go)).ptr;
	pid = proc_fork(late, NULL);
	NEED_OK(weir_rendezvous_attach(&a, meet_memory(), 0, NULL));
	NEED_OK(weir_rendezvous_attach(&b, meet_memory(), 1, NULL));
	weir_rendezvous_arrive(&b);
	weir_rendezvous_arrive(&b); /* once is enough */
	NEED(weir_rendezvous_test(&b) == WEIR_PENDING);
	how.deadline = proc_now() + 30000000;
	NEED(weir_rendezvous_wait(&a, &how) == -ETIMEDOUT && proc_now() >= how.deadline);
	NEED(weir_rendezvous_missing(&a, missing, 4) == 1 && missing[0] == 2 && missing[1] == 9);
	how.deadline = 0;
	how.cancel = &cancel;
	NEED(weir_rendezvous_wait(&a, &how) == -ECANCELED);
	how.cancel = NULL;
	proc_set(late_go, 1);
	NEED_OK(weir_rendezvous_wait(&a, &how));
	NEED(weir_rendezvous_wait(&b, &how) == WEIR_OK && b.met == 2 - 1 && a.met == 1);
	NEED(proc_reap(pid) == 0);
	printf("ok - one stays away\n");
}

static void wrong_input(void)
{
	struct weir_span m = meet_memory(), bad = m;
	struct weir_rendezvous r;
	struct weir_error e;

	memset(shared, 0, sizeof(*shared));
	NEED(weir_rendezvous_attach(&r, m, 0, &e) == -EPROTO);
	NEED(weir_rendezvous_format(m, 0, &e) == -EINVAL);
	NEED(weir_rendezvous_format(m, WEIR_RENDEZVOUS_PARTIES_MAX + 1, &e) == -EINVAL);
	NEED(e.limit == WEIR_RENDEZVOUS_PARTIES_MAX);
	bad.len--;
	NEED(weir_rendezvous_format(bad, 2, &e) == -ENOBUFS);
	bad.ptr = (char *)m.ptr + 8;
	NEED(weir_rendezvous_format(bad, 2, &e) == -EINVAL);
	NEED_OK(weir_rendezvous_format(m, 2, &e));
	NEED(weir_rendezvous_attach(&r, m, 2, &e) == -EINVAL && e.limit == 1);
	NEED_OK(weir_rendezvous_attach(&r, m, 1, &e));
	NEED_OK(weir_rendezvous_test(&r)); /* in no generation */
	weir_rendezvous_arrive(&r);
	NEED(weir_rendezvous_attach(&r, m, 1, &e) == -EBUSY);
	shared->meet.parties = 0;
	NEED(weir_rendezvous_attach(&r, m, 0, &e) == -EBADMSG);
	printf("ok - wrong input\n");
}

int main(void)
{
	proc_watchdog();
	shared = proc_shared(sizeof(*shared)).ptr;
	wrong_input();
	run((struct crowd){.parties = 1, .threads = 1, .generations = 1000});
	run((struct crowd){
		.parties = 2, .threads = 1, .generations = 20000, .strategy = WEIR_WAIT_YIELD});
	run((struct crowd){.parties = 2, .generations = 5000, .strategy = WEIR_WAIT_PARK});
	run((struct crowd){.parties = 8, .generations = 500, .strategy = WEIR_WAIT_PARK});
	run((struct crowd){
		.parties = 9, .threads = 1, .generations = 500, .strategy = WEIR_WAIT_PARK});
	run((struct crowd){.parties = 20, .generations = 300, .strategy = WEIR_WAIT_YIELD});
	one_stays_away();
	return 0;
}
