/* What regions are called, and what the system's errors are called here. */
#include <errno.h>
#include <string.h>

#include <weir/region.h>

#include "region_priv.h"

static int is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

int weir_region_check_name(const char *name, size_t min, struct weir_error *err)
{
	size_t len = 0;

	if (name == NULL)
		return weir_error_set(err, -EINVAL, "region name: missing", 0, 0);
	for (; name[len] != '\0'; len++) {
		if (len == WEIR_REGION_NAME_MAX)
			return weir_error_set(err, -ENAMETOOLONG, "region name: length",
					      strlen(name), WEIR_REGION_NAME_MAX);
		if (!is_name_char(name[len]))
			return weir_error_set(err, -EINVAL, "region name: character",
					      (unsigned char)name[len], len);
	}
	if (len < min)
		return weir_error_set(err, -EINVAL, "region name: length", len, min);
	return WEIR_OK;
}

void weir_region_path(char *path, const char *name)
{
	static const char head[] = REGION_DIR "/" REGION_PREFIX;

	memcpy(path, head, sizeof(head) - 1);
	memcpy(path + sizeof(head) - 1, name, strlen(name) + 1);
}

void weir_region_fd_path(char *path, int fd)
{
	static const char head[] = "/proc/self/fd/";
	char digit[10];
	unsigned n = 0;

	memcpy(path, head, sizeof(head) - 1);
	path += sizeof(head) - 1;
	do {
		digit[n++] = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd != 0);
	while (n > 0)
		*path++ = digit[--n];
	*path = '\0';
}

static int code_of(int e)
{
	switch (e) {
	case EACCES:
	case EEXIST:
	case ENOENT:
	case ENOMEM:
	case ENOSPC:
	case EMFILE:
	case EPERM:
	case EROFS:
		return -e;
	case EFBIG: /* RLIMIT_FSIZE, or more than the file system can count */
	case EDQUOT:
		return -ENOSPC;
	case ENFILE:
		return -EMFILE;
	case EAGAIN: /* mmap(): the limit of locked memory */
		return -ENOMEM;
	default:
		return -EOPNOTSUPP;
	}
}

int weir_region_error(struct weir_error *err, int e, const char *what)
{
	return weir_error_set(err, code_of(e), what, (uint64_t)e, 0);
}
