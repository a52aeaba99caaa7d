/* What the Check tests of drivers share: a driver with streams 1, 2 and 9, and attaching to it. */
#ifndef WEIR_TESTS_DRIVER_CHECKS_H
#define WEIR_TESTS_DRIVER_CHECKS_H

#include <check.h>

#include "driver_fixture.h"

#define P WEIR_CODEC_ROLE_PRODUCER
#define C WEIR_CODEC_ROLE_CONSUMER
#define A WEIR_CODEC_ROLE_AUTHORITY

/* Streams 1 and 2, and 9 with a gate if there is one; announced. */
static inline void begin(struct weir_quorum *q)
{
	struct weir_driver_config c = driver_config(4, 8);
	struct weir_driver_stream_config s;
	uint32_t id;

	ck_assert_int_eq(weir_driver_init(&driver, &c,
					  (struct weir_span){driver_room, sizeof(driver_room)}, 0,
					  NULL),
			 WEIR_OK);
	for (id = 1; id <= 2; id++) {
		s = stream_config(id);
		ck_assert_int_eq(weir_driver_add(&driver, &s, 0, NULL), WEIR_OK);
	}
	s = stream_config(9);
	s.gate = q;
	ck_assert_int_eq(weir_driver_add(&driver, &s, 0, NULL), WEIR_OK);
	ck_assert_uint_eq(weir_driver_next_ns(&driver), 0);
	ck_assert_int_eq(happens(WEIR_DRIVER_TICK, 0, 0), WEIR_OK);
	ck_assert_uint_eq(n_said, 3);
	ck_assert_uint_eq(said[2].kind, WEIR_CODEC_POOL);
}

static inline int32_t attaches(uint32_t client, uint32_t stream, uint32_t role, weir_ns now)
{
	struct weir_codec_message m = attach_request(client, stream, role, client + 1000);

	ck_assert_int_eq(tell(&m, now), WEIR_OK);
	if (n_said == 0)
		return -1;
	ck_assert_uint_eq(said[0].kind, WEIR_CODEC_ATTACHED);
	ck_assert_int_eq(said[0].attached.correlation, client + 1000);
	return said[0].attached.code;
}

static inline void is_refused(enum weir_driver_refusal why)
{
	const struct weir_codec_text *t = &said[0].attached.text;

	ck_assert_uint_eq(n_said, 1);
	ck_assert_uint_eq(t->len, strlen(weir_driver_refusal_text(why)));
	ck_assert_mem_eq(t->at, weir_driver_refusal_text(why), t->len);
}

static inline uint64_t epoch(uint32_t stream)
{
	return weir_driver_find_stream(&driver, stream)->epoch;
}

#endif
