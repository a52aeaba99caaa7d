/* What a plan says while it runs. See plan.h. */
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "driver.h"
#include "plan.h"

/* Until the planned rounds are done: by the pace so far, or by what is usual. */
double plan_seconds(const struct plan *p)
{
	const double budget = p->opt.budget_ns / 1e9, rows = (double)p->rows;
	const double usual = (p->opt.sample_ns + PLAN_OVERHEAD_NS) / 1e9;
	double now = (double)driver_now(), done = (double)p->steps_done, left;

	if (p->started == 0) {
		left = rows * usual * (PLAN_CALIBRATION + p->rounds_fit);
		return left < budget ? left : budget;
	}
	if (p->calibrated == 0) {
		left = done > 0 ? (now - (double)p->started) / 1e9 / done
				: usual * PLAN_CALIBRATION;
		left = (rows - done) * left + rows * p->rounds_fit * usual;
	} else {
		left = done > 0 ? (now - (double)p->calibrated) / 1e9 / done : usual;
		left *= rows * p->rounds_fit - done;
	}
	if (p->rounds_fit < p->opt.rounds && p->calibrated != 0)
		left = budget; /* what is left of it is used */
	now = budget - (now - (double)p->started) / 1e9;
	left = left < now ? left : now;
	return left > 0 ? left : 0;
}

static double seconds_left(const struct plan *p)
{
	return plan_seconds(p) + p->after_s;
}

void plan_progress(const struct plan *p, const char *what, const struct plan_row *row)
{
	char name[160], line[256];
	struct winsize w;

	if (!isatty(STDOUT_FILENO))
		return;
	bench_full_name(row->b, name, sizeof(name));
	snprintf(line, sizeof(line), "%-14s %3.0f s left  %s", what, seconds_left(p), name);
	/* what is longer than the terminal is wide would stay there for ever */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 && w.ws_col < sizeof(line))
		line[w.ws_col - 1] = '\0';
	printf("\r\033[K%s", line);
	fflush(stdout);
}

/* For logs: one line per round. */
void plan_progress_line(const struct plan *p, const char *what)
{
	if (isatty(STDOUT_FILENO))
		return;
	printf("%-14s %3.0f s left\n", what, seconds_left(p));
	fflush(stdout);
}
