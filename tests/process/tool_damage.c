/* weir(1) on damaged regions: copies of a session that died in the middle of a fence, with bytes cut
 * off or changed. Whatever they hold, it ends, by itself, with one of its exit statuses. */
#include "tool_proc.h"

#define MARKER 1u

/* Two members in one process, one in a fence that the other does not enter. */
static void live_and_die(void *arg)
{
	struct weir_session_config cfg = {
		.struct_size = sizeof(cfg), .members = 4, .barriers = 2, .ring_capacity = 4096};
	struct weir_session *s, *other;
	uint32_t id, i;

	(void)arg;
	NEED_OK(weir_session_create(&s, name, &cfg, NULL, NULL));
	NEED_OK(weir_session_attach_region(&other, weir_session_region(s), NULL, NULL));
	for (i = 0; i < 8; i++) {
		NEED_OK(weir_session_send(s, MARKER, &i, sizeof(i)));
		NEED_OK(weir_session_send(other, MARKER, &i, sizeof(i)));
	}
	NEED_OK(weir_session_poll(s, proc_now()));
	NEED_OK(weir_session_barrier_open(other, "harvest", &id, NULL));
	NEED_OK(weir_session_barrier_begin(other, id, WEIR_BARRIER_PROCESSING, WEIR_BARRIER_FAIL,
					   0));
	NEED_OK(weir_session_poll(s, proc_now()));
	raise(SIGKILL);
}

static unsigned char *bytes;
static size_t length;

static void load(void)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	NEED(fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0);
	length = (size_t)st.st_size;
	bytes = malloc(length);
	NEED(bytes != NULL && read(fd, bytes, length) == (ssize_t)length && close(fd) == 0);
}

static void store_copy(const unsigned char *p, size_t n)
{
	char file[128];
	int fd;

	NEED(snprintf(file, sizeof(file), "/dev/shm/weir.%s", copy_name) > 0);
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	NEED(fd >= 0 && write(fd, p, n) == (ssize_t)n && close(fd) == 0);
}

static void check_copy(const char *why, int want)
{
	int rc = weir("check", copy_name, NULL, NULL);

	if (rc != want)
		fprintf(stderr, "%s\n", why);
	STATUS(rc, want);
}

/* Where a word of the session's or a ring's memory is in the file: found by its value. */
static size_t find_word(uint64_t value, size_t from)
{
	uint64_t word;
	size_t i;

	for (i = from; i + 8u <= length; i += 8u) {
		memcpy(&word, bytes + i, 8);
		if (word == value)
			return i;
	}
	proc_fail(__FILE__, __LINE__, "a word of the region");
	return 0;
}

static void named_damage(void)
{
	unsigned char *copy = malloc(length);
	size_t magic = find_word(UINT64_C(0x31535345534e5257), 0);

	NEED(copy != NULL);
	store_copy(bytes, length);
	check_copy("the copy itself", 3);
	store_copy(bytes, length / 2u);
	check_copy("cut in half", 1);
	store_copy(bytes, 10);
	check_copy("ten bytes", 1);
	memcpy(copy, bytes, length);
	copy[0] ^= 1u;
	store_copy(copy, length);
	check_copy("the region's magic", 1);
	memcpy(copy, bytes, length);
	copy[magic] ^= 1u;
	store_copy(copy, length);
	check_copy("the session's magic", 1);
	memcpy(copy, bytes, length);
	copy[magic + 8u] = 0xff; /* members */
	copy[magic + 9u] = 0xff;
	store_copy(copy, length);
	check_copy("the number of members", 1);
	memcpy(copy, bytes, length);
	copy[find_word(4096, magic + 128u) + 1u] = 0x11; /* a ring's capacity */
	store_copy(copy, length);
	check_copy("a ring's capacity", 1);
	free(copy);
}

/* Whatever is in the bytes: one of its exit statuses, and an end. */
static void random_damage(uint32_t rounds)
{
	static const char *const command[] = {"check", "stat"};
	unsigned char *copy = malloc(length);
	uint64_t random = 20261121, i, n;
	uint32_t round, damaged = 0;

	NEED(copy != NULL);
	for (round = 0; round < rounds; round++) {
		int rc;

		memcpy(copy, bytes, length);
		n = 1u + proc_random(&random) % 64u;
		for (i = 0; i < n; i++) { /* past the header, whose digest tells at once */
			size_t from = round % 4u == 0 ? 0 : 512u;

			copy[from + proc_random(&random) % (length - from)] =
				(unsigned char)proc_random(&random);
		}
		store_copy(copy, length);
		for (i = 0; i < 2; i++) {
			rc = weir(command[i], copy_name, NULL, NULL);
			if (rc < 0 || rc > 3)
				fprintf(stderr, "round %u, %s\n", round, command[i]);
			NEED(rc >= 0 && rc <= 3);
			damaged += i == 0 && rc == 1;
		}
	}
	NEED(damaged > rounds / 4u); /* it does look */
	free(copy);
}

static void body(void *arg)
{
	(void)arg;
	NEED(proc_reap(proc_fork(live_and_die, NULL)) == 128 + SIGKILL);
	load();
	named_damage();
	random_damage(proc_slow() ? 2000 : 60);
	free(bytes);
}

int main(void)
{
	return test_in_child(body);
}
