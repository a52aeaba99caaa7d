/* bench/peers/message.h - what queues of values carry. C++. */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../msg.h"

/* All of it is the including file's own: two peers may have a type of the same name. */
namespace
{

/*
 * The message type copies its number on its own and the rest in one piece: copied as one block, each
 * copy would load sixteen bytes over the eight that were stored just before, and stall.
 */
template <size_t Size> struct message {
	uint64_t number;
	uint8_t rest[Size - sizeof(uint64_t)];

	message() = default;
	message(const message &o) noexcept : number(o.number)
	{
		memcpy(rest, o.rest, sizeof(rest));
	}
	message &operator=(const message &o) noexcept
	{
		number = o.number;
		memcpy(rest, o.rest, sizeof(rest));
		return *this;
	}
};

template <> struct message<sizeof(uint64_t)> {
	uint64_t number;
};

/* Checks messages as they are consumed; remembers a wrong one. */
template <size_t Size> struct checker {
	struct role *me;
	uint64_t next;
	uint64_t wrong_word;
	bool wrong;

	void operator()(const message<Size> &m)
	{
		if (BENCH_UNLIKELY(msg_differs(me, &m, Size, next) != 0) && !wrong) {
			wrong = true;
			wrong_word = m.number;
		}
		next++;
	}

	int verdict()
	{
		return wrong ? role_bad_message(me, next - 1, &wrong_word) : 0;
	}
};

} // namespace

#define MESSAGE_BY_SIZE(fn, me)                                                                    \
	((me)->b->size == 8 ? fn<8>(me) : (me)->b->size == 64 ? fn<64>(me) : fn<1024>(me))

#endif
