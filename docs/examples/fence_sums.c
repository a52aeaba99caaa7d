/* Running counts and CRC-32, and how they stand in shared memory. */
#include <weir/atomic.h>

#include "fence_files.h"

static uint32_t table[256]; /* filled before the forks, constant afterwards */

void sums_init(void)
{
	uint32_t byte, bit, crc;

	for (byte = 0; byte < 256; byte++) {
		crc = byte;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1u ? UINT32_C(0xedb88320) : 0);
		table[byte] = crc;
	}
}

void sums_add(struct sums *s, const uint8_t *p, uint32_t len, uint32_t kind)
{
	uint32_t crc = ~(uint32_t)s->crc, i;

	for (i = 0; i < len; i++)
		crc = crc >> 8 ^ table[(crc ^ p[i]) & 0xffu];
	s->crc = (uint32_t)~crc;
	s->bytes += len;
	s->lines += kind == KIND_LINE;
	s->parts += kind == KIND_PART;
}

int sums_equal(const struct sums *a, const struct sums *b)
{
	return a->lines == b->lines && a->parts == b->parts && a->bytes == b->bytes &&
	       a->crc == b->crc;
}

/* Relaxed throughout: the callers say what orders these words. One process writes them; another
 * that looks at the wrong time gets some old and some new ones, each of them whole. */
void sums_publish(struct sums *shm, const struct sums *s)
{
	weir_store_relaxed64(&shm->lines, s->lines);
	weir_store_relaxed64(&shm->parts, s->parts);
	weir_store_relaxed64(&shm->bytes, s->bytes);
	weir_store_relaxed64(&shm->crc, s->crc);
}

struct sums sums_look(const struct sums *shm)
{
	struct sums s;

	s.lines = weir_load_relaxed64(&shm->lines);
	s.parts = weir_load_relaxed64(&shm->parts);
	s.bytes = weir_load_relaxed64(&shm->bytes);
	s.crc = weir_load_relaxed64(&shm->crc);
	return s;
}
