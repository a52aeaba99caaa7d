/* Reads CPU, memory and network counters from /proc. No other program is run. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "join_proc.h"

/* All of a file, or as much as there is room for; 0, or a negative errno. */
static int read_text(const char *path, char *text, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && len < cap - 1u) {
		n = read(fd, text + len, cap - 1u - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	text[len] = '\0';
	n = n < 0 ? -errno : 0;
	(void)close(fd);
	return (int)n;
}

static int unreadable(const char *path, int rc)
{
	complain("%s: %s", path, rc < 0 ? strerror(-rc) : "not as expected");
	return -1;
}

/* The counters of a reboot or a moved container can be lower than the last ones. */
static uint64_t grown(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

/* cpu  user nice system idle iowait irq softirq steal: ticks, of which guests have theirs in user */
static int read_cpu(struct source *src, weir_ns now)
{
	unsigned long long t[8] = {0};
	uint64_t total = 0, busy;
	uint32_t i;
	int rc = read_text("/proc/stat", src->text, sizeof(src->text));

	if (rc < 0 || sscanf(src->text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1],
			     &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) < 4)
		return unreadable("/proc/stat", rc);
	for (i = 0; i < 8; i++)
		total += t[i];
	busy = total - t[3] - t[4];
	if (src->looked != 0 && total > src->total) /* else no tick has passed: as last time */
		src->sample.value[0] =
			100.0 * (double)grown(busy, src->busy) / (double)(total - src->total);
	if (src->sample.value[0] > 100.0)
		src->sample.value[0] = 100.0; /* iowait can run backwards */
	src->total = total;
	src->busy = busy;
	src->looked = now;
	return 0;
}

/* The number behind a word that begins a line; 0 when it is not there. */
static uint64_t number_of(const char *text, const char *word)
{
	unsigned long long n = 0;
	size_t len = strlen(word);
	const char *line;

	for (line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, word, len) == 0) {
			(void)sscanf(line + len, "%llu", &n);
			break;
		}
	}
	return n;
}

static int read_mem(struct source *src)
{
	int rc = read_text("/proc/meminfo", src->text, sizeof(src->text));
	uint64_t total = rc < 0 ? 0 : number_of(src->text, "MemTotal:"), left;

	if (total == 0)
		return unreadable("/proc/meminfo", rc);
	left = number_of(src->text, "MemAvailable:");
	if (left == 0) /* kernels before 3.14 */
		left = number_of(src->text, "MemFree:") + number_of(src->text, "Buffers:") +
		       number_of(src->text, "Cached:");
	src->sample.value[0] = (double)grown(total, left) / 1024.0;
	return 0;
}

/* "  eth0: rx_bytes and seven others, tx_bytes and so on", after two lines of headings. Loopback
 * does not count; no such file, or no interface, is no traffic. */
static void read_interfaces(char *text, uint64_t *rx, uint64_t *tx)
{
	char *line, *colon, *name;

	*rx = *tx = 0;
	for (line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		unsigned long long r, t;

		colon = strchr(line, ':');
		if (colon == NULL)
			continue;
		*colon = '\0';
		name = line + strspn(line, " ");
		if (strcmp(name, "lo") != 0 &&
		    sscanf(colon + 1, "%llu %*u %*u %*u %*u %*u %*u %*u %llu", &r, &t) == 2) {
			*rx += r;
			*tx += t;
		}
	}
}

static int read_net(struct source *src, weir_ns now)
{
	double seconds = (double)(now - src->looked) / (double)NS_PER_S;
	uint64_t rx, tx;
	int rc = read_text("/proc/net/dev", src->text, sizeof(src->text));

	if (rc < 0)
		src->text[0] = '\0';
	read_interfaces(src->text, &rx, &tx);
	if (src->looked != 0 && now > src->looked) {
		src->sample.value[0] = (double)grown(rx, src->rx) / 1024.0 / seconds;
		src->sample.value[1] = (double)grown(tx, src->tx) / 1024.0 / seconds;
	}
	src->rx = rx;
	src->tx = tx;
	src->looked = now;
	return 0;
}

int source_read(struct source *src, weir_ns now)
{
	switch (src->input) {
	case CPU:
		return read_cpu(src, now);
	case MEM:
		return read_mem(src);
	default:
		return read_net(src, now);
	}
}
