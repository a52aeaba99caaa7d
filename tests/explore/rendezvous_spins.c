/* Parties that share a CPU learn that spinning is in vain: the looks of each wait are counted, by the
 * hook before each atomic step. */
#include <weir/rendezvous.h>

#include "proc.h"

static struct weir_rendezvous second;
static uint32_t loads, yields;

void weir_explore_step(enum weir_explore_kind kind, const volatile void *word)
{
	(void)word;
	loads += kind == WEIR_EXPLORE_LOAD;
}

/* Whom the first party waits for runs when that one gives its CPU away, and not before. */
static void give_way(void *ctx)
{
	uint32_t before = loads;

	(void)ctx;
	yields++;
	weir_rendezvous_arrive(&second);
	NEED_OK(weir_rendezvous_test(&second));
	loads = before;
}

static uint32_t looks_of_a_wait(struct weir_rendezvous *r, const struct weir_wait *how, int rc)
{
	loads = 0;
	NEED(weir_rendezvous_wait(r, how) == rc);
	return loads;
}

int main(void)
{
	struct weir_span m = proc_shared(sizeof(struct weir_rendezvous_shm));
	struct weir_env env = *weir_env_system();
	struct weir_wait how = {.strategy = WEIR_WAIT_YIELD, .env = &env};
	struct weir_rendezvous first;
	uint32_t i, n, spun = 0, at_once = 0;

	env.yield = give_way;
	NEED_OK(weir_rendezvous_format(m, 2, NULL));
	NEED_OK(weir_rendezvous_attach(&first, m, 0, NULL));
	NEED_OK(weir_rendezvous_attach(&second, m, 1, NULL));
	for (i = 1; i <= 100; i++) {
		n = looks_of_a_wait(&first, &how, WEIR_OK);
		NEED(first.met == i && second.met == i && yields == i);
		spun += n >= 32; /* all of the looks that a wait begins with */
		at_once += n < 16;
	}
	NEED(spun == 4 + 96 / 16 && at_once == 100 - spun);
	how.strategy = WEIR_WAIT_SPIN;
	how.deadline = 1;
	for (i = 0; i < 8; i++) /* waits that give up are no generations */
		(void)looks_of_a_wait(&first, &how, -ETIMEDOUT);
	NEED(first.futile == 4 && first.generation == 101 && first.met == 100);
	printf("ok - of 100 waits %u spun first, %u yielded at once\n", spun, at_once);
	return 0;
}
