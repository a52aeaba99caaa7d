/* Sessions: sleeping in somebody else's loop. A bell is a futex, and epoll(7) does not watch futexes.
 * So a member that asks for it gets a datagram socket under a name that the kernel chose, writes
 * that name beside its bell, and whoever wakes the bell sends a byte there as well.
 *
 * Nothing is lost: arm() sets the bell's flag, orders it against everybody's publications
 * (BELL.DEKKER), and polls once more. A ringer that finds the flag clears it and sends the byte;
 * SESSION.FD has ordered the name before the flag. One that dies between the two, or that lives in
 * another network namespace, leaves a sleeper that wakes at next_ns: late, not never. */
#define _GNU_SOURCE

#include "session_priv.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What the kernel gives: an abstract name of five characters. */
#define NAME_LEN 5u
#define ADDRESS_LEN ((socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1u + NAME_LEN))

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int bind_anywhere(int fd, uint64_t *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(a);

	if (bind(fd, (const struct sockaddr *)&a, sizeof(a.sun_family)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0 || len != ADDRESS_LEN)
		return -1;
	*name = 0;
	memcpy(name, a.sun_path + 1, NAME_LEN);
	return 0;
}

int weir_session_fd(struct weir_session *s, int *fd, struct weir_error *err)
{
	struct weir_session_member_shm *me;
	uint64_t name;
	int made;

	if (s->magic != SESSION_MAGIC)
		return weir_error_set(err, -ENOTCONN, "session: handle", 0, 0);
	if (s->fd == 0) { /* stored plus one */
		made = open_socket();
		if (made < 0 || bind_anywhere(made, &name) < 0) {
			if (made >= 0)
				(void)close(made);
			return weir_error_set(err, made < 0 ? -EMFILE : -EOPNOTSUPP,
					      "session: a socket to be woken by", 0, 0);
		}
		me = member_of(s, s->slot);
		/* SESSION.FD release: pairs with weir_session_wake(); the bell's flag comes after */
		weir_store_relaxed64(&me->wake_name, name);
		weir_fence_release();
		s->fd = made + 1;
	}
	*fd = s->fd - 1;
	return WEIR_OK;
}

/* What others may have changed that no poll reports: a reply to an arrival, or who is counted. */
static int changed(struct weir_session *s)
{
	uint32_t active = weir_session_members(s), id;
	int news = active != s->seen_active;

	s->seen_active = active;
	for (id = 0; id < s->n_barriers && !news; id++)
		/* acquire as in weir_session_barrier_test(), which the caller goes on to */
		news = s->mine[id].under_way &&
		       weir_load_acquire64(&arrival_of(s, id, s->slot)->replied) ==
			       s->mine[id].count;
	return news;
}

int weir_session_arm(struct weir_session *s, weir_ns now)
{
	char byte[8];
	int rc;

	if (s->magic != SESSION_MAGIC)
		return -ENOTCONN;
	if (s->busy)
		return -EDEADLK;
	if (s->fd == 0)
		return -EINVAL;
	while (recv(s->fd - 1, byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		; /* at most as many as the kernel holds for a socket */
	weir_bell_ask(&member_of(s, s->slot)->bell);
	/* BELL.DEKKER announce: the flag, then what this poll looks at; where the kernel cannot order
	 * the others, next_ns bounds the sleep */
	(void)s->env->heavy_fence(s->env->ctx);
	rc = weir_session_poll(s, now);
	return rc == WEIR_EMPTY && changed(s) ? WEIR_OK : rc;
}

void weir_session_wake(const struct weir_session *s, uint32_t m)
{
	struct weir_session_member_shm *member = member_of(s, m);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	uint64_t name;
	int fd;

	weir_bell_wake(&member->bell);
	weir_fence_acquire(); /* SESSION.FD acquire: pairs with weir_session_fd(); the flag was seen */
	name = weir_load_relaxed64(&member->wake_name);
	if (name == 0)
		return; /* it sleeps on the futex */
	fd = open_socket();
	if (fd < 0)
		return; /* it wakes at next_ns */
	memcpy(a.sun_path + 1, &name, NAME_LEN);
	/* full: then there is a byte for it already */
	(void)sendto(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&a,
		     ADDRESS_LEN);
	(void)close(fd);
}

void weir_session_close_fd(struct weir_session *s)
{
	if (s->fd == 0)
		return;
	weir_store_relaxed64(&member_of(s, s->slot)->wake_name, 0); /* relaxed: a late byte is lost */
	(void)close(s->fd - 1);
	s->fd = 0;
}
