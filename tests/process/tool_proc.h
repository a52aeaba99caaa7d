/* tool_proc.h - running weir(1) and looking at what it says, for the tests of it. */
#ifndef WEIR_TOOL_PROC_H
#define WEIR_TOOL_PROC_H

#include "session_proc.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static char name[64];	   /* of the session */
static char copy_name[64]; /* of another region of the test's own */
static char path[128];	   /* of the session's file */

static char tool[PATH_MAX], said[65536];

/* ---- running it ---- */

/* The program itself, not libtool's script around it, where there is one. */
static inline void find_tool(void)
{
	const char *top = getenv("top_builddir");
	char libs[PATH_MAX];

	if (top == NULL)
		top = ".";
	NEED(snprintf(tool, sizeof(tool), "%s/src/tools/.libs/weir", top) < PATH_MAX);
	NEED(snprintf(libs, sizeof(libs), "%s/src/.libs", top) < PATH_MAX);
	if (access(tool, X_OK) == 0)
		NEED(setenv("LD_LIBRARY_PATH", libs, 1) == 0);
	else
		NEED(snprintf(tool, sizeof(tool), "%s/src/tools/weir", top) < PATH_MAX);
	NEED(access(tool, X_OK) == 0);
}

static inline void run_child(int out, const char *command, const char *a, const char *b,
			     const char *c)
{
	NEED(dup2(out, 1) == 1 && dup2(out, 2) == 2);
	proc_watchdog();
	execl(tool, "weir", command, a, b, c, (char *)NULL);
	_exit(127);
}

/* Returns its exit status, 128 + signal when one ended it; `said` is what it wrote. */
static inline int weir(const char *command, const char *a, const char *b, const char *c)
{
	size_t n = 0;
	ssize_t got;
	int fd[2];
	pid_t pid;

	NEED(pipe(fd) == 0);
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0)
		run_child(fd[1], command, a, b, c);
	NEED(close(fd[1]) == 0);
	do {
		char more[4096];

		got = read(fd[0], more, sizeof(more));
		NEED(got >= 0 || errno == EINTR);
		if (got > 0 && n + (size_t)got < sizeof(said)) {
			memcpy(said + n, more, (size_t)got);
			n += (size_t)got;
		}
	} while (got != 0);
	said[n] = '\0';
	NEED(close(fd[0]) == 0);
	return proc_reap(pid);
}

static inline void says_at(const char *file, int line, const char *text)
{
	if (strstr(said, text) != NULL)
		return;
	fprintf(stderr, "does not say '%s':\n%s", text, said);
	proc_fail(file, line, "what it says");
}
#define SAYS(text) says_at(__FILE__, __LINE__, text)

static inline void says_pid_at(const char *file, int line, const char *format, pid_t pid)
{
	char text[128];

	NEED(snprintf(text, sizeof(text), "%s%d", format, (int)pid) > 0);
	says_at(file, line, text);
}
#define SAYS_PID(before, pid) says_pid_at(__FILE__, __LINE__, before, pid)

static inline int status_at(const char *file, int line, int got, int want)
{
	if (got == want)
		return got;
	fprintf(stderr, "exit status %d, not %d:\n%s", got, want, said);
	proc_fail(file, line, "its exit status");
	return got;
}
#define STATUS(call, want) ((void)status_at(__FILE__, __LINE__, call, want))

/* The test in a child, so that its names are removed however it ends. */
static inline int test_in_child(void (*body)(void *))
{
	int status;

	proc_watchdog();
	find_tool();
	proc_session_name(name, sizeof(name), getpid());
	NEED(snprintf(copy_name, sizeof(copy_name), "%s-copy", name) > 0);
	NEED(snprintf(path, sizeof(path), "/dev/shm/weir.%s", name) > 0);
	status = proc_reap(proc_fork(body, NULL));
	(void)!weir_region_unlink(name);
	(void)!weir_region_unlink(copy_name);
	return status;
}

#endif
