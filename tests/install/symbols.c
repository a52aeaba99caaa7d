/* Takes the address of every symbol that the headers promise, without the headers: the library
 * itself must have them. PROMISED is the list, as X(name) X(name) ... */
#define X(name) extern char name[];
PROMISED
#undef X

int main(void)
{
#define X(name) name,
	char *const promised[] = {PROMISED};
#undef X
	unsigned i;
	for (i = 0; i < sizeof(promised) / sizeof(promised[0]); i++)
		if (promised[i] == (char *)0)
			return 1;
	return 0;
}
