/* How far a session looks ahead of its handlers, by the hook before each atomic step: nowhere before
 * the first message of a ring's turn has been handled, and over a run of eight later. */
#define _GNU_SOURCE

#include "explore.h"

#include <weir/ring_run.h>

#define MESSAGES 100u
#define STRIDE 16u /* of 8 bytes and their header */

static const uint8_t *first, *last; /* headers; the furthest that was looked at */
static uint32_t handled, furthest, longest;

static void look(enum weir_explore_kind kind, const volatile void *word)
{
	const uint8_t *at = (const uint8_t *)word;

	if (kind == WEIR_EXPLORE_LOAD && at >= first && at < first + MESSAGES * STRIDE && at > last)
		last = at;
}

static int take(const struct weir_session_msg *m, uint32_t count)
{
	const uint8_t *header = m->ptr - WEIR_RING_HEADER;
	uint32_t ahead = last > header ? (uint32_t)(last - header) / STRIDE : 0;

	NEED(handled != 0 || (ahead == 0 && count == 1));
	NEED(ahead < WEIR_SESSION_RUN_MAX && count <= ahead + 1u);
	furthest = ahead > furthest ? ahead : furthest;
	longest = count > longest ? count : longest;
	handled += count;
	return 0;
}

static int on_one(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	(void)ctx;
	(void)s;
	return take(m, 1);
}

static int on_run(void *ctx, struct weir_session *s, const struct weir_session_msg *m,
		  uint32_t count, uint64_t stride)
{
	(void)ctx;
	(void)s;
	NEED(stride == STRIDE);
	return take(m, count);
}

static void serve(int runs)
{
	struct weir_session *coord = explore_create(NULL, 2), *member = explore_attach(coord, 1);
	uint32_t i;

	(void)explore_poll(coord);
	NEED_OK((runs ? weir_session_on_run(coord, DATA, on_run, NULL)
		   : weir_session_on(coord, DATA, on_one, NULL)));
	for (i = 0; i < MESSAGES; i++)
		explore_send(member);
	first = last = coord->reader[1].data + (coord->reader[1].next & coord->reader[1].mask);
	furthest = longest = 0;
	for (i = MESSAGES; i != 0; i -= handled) { /* a turn each */
		handled = 0;
		at_step = look;
		NEED_OK(explore_poll(coord));
		at_step = NULL;
		NEED(handled == (i < 32 ? i : 32));
	}
	NEED(furthest == WEIR_SESSION_RUN_MAX - 1u);
	NEED(longest == (runs ? WEIR_SESSION_RUN_MAX : 1u));
	NEED_OK(weir_session_close(member));
	NEED_OK(weir_session_close(coord));
	printf("ok - %u messages, at most %u ahead, %u by a call\n", MESSAGES, furthest, longest);
}

int main(void)
{
	serve(0);
	serve(1);
	return 0;
}
