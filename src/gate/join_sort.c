/* Order by heap: no recursion, no allocation, no order of the input that makes it slow. */
#include "join_priv.h"

/* Lets the element at `top` sink in the heap of the first n, the greatest first. */
static void sink(void *array, uint32_t top, uint32_t n, weir_priv_join_less less,
		 weir_priv_join_swap swap)
{
	uint32_t child;

	while ((child = 2 * top + 1) < n) {
		if (child + 1 < n && less(array, child, child + 1))
			child++;
		if (!less(array, top, child))
			return;
		swap(array, top, child);
		top = child;
	}
}

void weir_priv_join_sort(void *array, uint32_t n, weir_priv_join_less less,
			 weir_priv_join_swap swap)
{
	uint32_t i;

	for (i = n / 2; i > 0; i--)
		sink(array, i - 1, n, less, swap);
	for (i = n; i > 1; i--) {
		swap(array, 0, i - 1);
		sink(array, 0, i - 1, less, swap);
	}
}

static int less_stream(const void *array, uint32_t a, uint32_t b)
{
	const uint32_t *stream = array;

	return stream[a] < stream[b];
}

static void swap_stream(void *array, uint32_t a, uint32_t b)
{
	uint32_t *stream = array, t = stream[a];

	stream[a] = stream[b];
	stream[b] = t;
}

void weir_priv_join_sort_streams(uint32_t *stream, uint32_t n)
{
	weir_priv_join_sort(stream, n, less_stream, swap_stream);
}

/* Hints have four places per input, two of which a stream may have: all but a few streams in a
 * hundred find theirs, unless somebody chose them not to. */
void weir_priv_join_hint(struct weir_join *j, const uint32_t *old, uint32_t gone)
{
	uint32_t *hint, i;

	for (i = 0; i < gone; i++) {
		hint = weir_priv_join_hints(j, old[i]);
		hint[0] = hint[1] = 0;
	}
	for (i = 0; i < j->n_inputs; i++) {
		hint = weir_priv_join_hints(j, j->stream[i]);
		if (hint[0] == 0)
			hint[0] = i;
		else if (hint[1] == 0)
			hint[1] = i;
	}
}

/* No branch depends on the streams: a look-up that has to guess half of its steps wrong costs more
 * than one that takes them all. */
uint32_t weir_priv_join_search(const struct weir_join *j, uint32_t stream)
{
	const uint32_t *at = j->stream;
	uint32_t n = j->n_inputs, half;

	if (n == 0)
		return 0;
	while (n > 1) {
		half = n / 2;
		at += half & (0u - (uint32_t)(at[half - 1] < stream));
		n -= half;
	}
	return *at == stream ? (uint32_t)(at - j->stream) : j->n_inputs;
}
