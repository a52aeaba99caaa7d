/* A stranger's program, as C11 and as C++17: inline calls, calls into the library, and the address
 * of an inline function. */
#include <weir/atomic.h>
#include <weir/base.h>
#include <weir/error.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
	uint64_t word = 0;
	struct weir_error err;
	char text[128];
	int failed = 0;

	memset(&err, 0, sizeof(err));
	weir_store_release64(&word, 41);
	if (weir_fetch_add64(&word, 1) != 41 || weir_load_acquire64(&word) != 42)
		failed |= 1;
	if (weir_pos_diff(8, 16) != -8)
		failed |= 2;
	if (strcmp(weir_error_name(WEIR_LAPPED), "WEIR_LAPPED") != 0)
		failed |= 4;
	if (weir_error_set(&err, -1, "consumer", 7, 5) != -1 || err.value != 7 || err.limit != 5)
		failed |= 8;
	if (weir_error_format(&err, text, sizeof(text)) != strlen(text) || text[0] == '\0')
		failed |= 16;
	if (failed != 0)
		printf("consumer: failed %d\n", failed);
	return failed;
}
