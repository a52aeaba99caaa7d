/* delivery_fence - a session in one page: two workers send, and everybody meets in a fence.
 *
 *	delivery_fence               the fence opens when all that was sent has been handled
 *	delivery_fence --rendezvous  it opens when all have arrived, and some are missing still
 *
 * Exit status: 0 when it went as said here; 1 when not, or a process failed. */
#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <weir/session.h>

#define WORKERS 2u
#define BURST 32u /* messages of each worker */
#define TEXT 1u	  /* their kind */

static const struct weir_wait patiently = {.strategy = WEIR_WAIT_PARK};

static void need(int rc, const char *what)
{
	if (rc == WEIR_OK)
		return;
	(void)fprintf(stderr, "delivery_fence: %s: %s\n", what, weir_error_text(rc));
	exit(1); /* the others are told: nobody waits for the dead */
}

/* Until all are there: who came later than the first arrival would have no part in that fence. */
static void gather(struct weir_session *s)
{
	need(weir_session_wait_members(s, 1u + WORKERS, &patiently), "waiting for the others");
}

/* Everybody's way through the barrier. Who waits goes on serving. */
static void meet(struct weir_session *s, enum weir_barrier_mode mode)
{
	uint32_t id;

	need(weir_session_barrier_open(s, "here", &id, NULL), "the barrier");
	need(weir_session_barrier(s, id, mode, WEIR_BARRIER_FAIL, &patiently, NULL), "meeting");
}

/* The coordinator's: slow, so that its messages pile up. */
static int on_text(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	const struct timespec work = {0, 2000000};
	uint32_t *handled = ctx;

	(void)s;
	(void)m; /* m->ptr, m->len, m->from */
	(void)nanosleep(&work, NULL);
	++*handled;
	return 0;
}

/* It sends its burst, and arrives. The region is its parent's; the membership is its own. */
static void work(const struct weir_region *region, enum weir_barrier_mode mode)
{
	struct weir_session *s;
	uint32_t i;

	need(weir_session_attach_region(&s, region, NULL, NULL), "attaching");
	gather(s);
	for (i = 0; i < BURST; i++)
		need(weir_session_send_wait(s, TEXT, "words", 5, &patiently), "sending");
	meet(s, mode);
	(void)weir_session_close(s);
}

int main(int argc, char **argv)
{
	int gap = argc == 2 && strcmp(argv[1], "--rendezvous") == 0, status, failed = 0;
	enum weir_barrier_mode mode = gap ? WEIR_BARRIER_RENDEZVOUS : WEIR_BARRIER_DELIVERY;
	struct weir_session *s;
	const struct weir_region *region;
	uint32_t handled = 0, missing, i;

	need(weir_session_create(&s, NULL, NULL, NULL, NULL), "creating the session");
	need(weir_session_on(s, TEXT, on_text, &handled), "the handler");
	region = weir_session_region(s); /* of use to children; the handle s is not */
	for (i = 0; i < WORKERS; i++) {
		if (fork() == 0) {
			work(region, mode);
			_exit(0);
		}
	}
	gather(s);
	meet(s, mode);
	missing = WORKERS * BURST - handled; /* at this instant */
	(void)printf("%u of %u messages are missing\n", missing, WORKERS * BURST);
	(void)weir_session_close(s);
	while (wait(&status) > 0)
		failed |= status != 0;
	return failed || (missing != 0) != gap;
}
