/* How many operations make a sample, and how long a sample may be. See plan.h. */
#include <math.h>

#include "driver.h"
#include "plan.h"
#include "release.h"

#define FIRST_N 16u /* an operation may take a hundred milliseconds */
/* Where parties may sleep, a generation costs 0.1 us or 50 us, as the machine is at that moment: no
 * more of them than are sure to end before a run counts as hung. */
#define SLEEPING_N_MAX 65536.0
#define GROWTH_MAX 64.0
#define RATE_SAFE 10000000u /* that can be kept to, so the rate tells how many make a sample */
#define NEAR 3.0	    /* times: a run so close to the wanted length tells how many it takes */

static double step_of(const struct bench *b)
{
	return b->batch > 1 ? b->batch : 1;
}

static int rate_tells(const struct bench *b)
{
	return (b->flags & BENCH_OPEN) && b->rate > 0 && b->rate <= RATE_SAFE;
}

/* Of a sample; more than that, it has no room for. */
static double most_of(const struct bench *b)
{
	return b->flags & BENCH_STAMPS ? RELEASE_STAMPS : INFINITY;
}

static uint64_t rounded(const struct bench *b, double n)
{
	if (b->way == BENCH_YIELD || b->way == BENCH_PARK)
		n = n < SLEEPING_N_MAX ? n : SLEEPING_N_MAX;
	n = n < most_of(b) ? n : most_of(b);
	n -= fmod(n, step_of(b));
	return n < step_of(b) ? (uint64_t)step_of(b) : (uint64_t)n;
}

uint64_t plan_scaled(const struct bench *b, uint64_t n, double sample_ns, double factor)
{
	if (rate_tells(b))
		return (uint64_t)(1 + (double)b->rate * sample_ns / 1e9);
	return rounded(b, (double)n * factor);
}

double plan_fitting_sample(double round_ns, double fixed_ns, double rows, double most_ns)
{
	double fits = rows > 0 ? (round_ns - fixed_ns) / rows : most_ns;

	fits = fits > PLAN_LEAST_SAMPLE_NS ? fits : PLAN_LEAST_SAMPLE_NS;
	return fits < most_ns ? fits : most_ns;
}

double plan_sample_of(uint64_t n, double sample_ns)
{
	const double wanted = sample_ns * PLAN_LEAST_OPS / (double)n;

	if (sample_ns >= PLAN_SLOW_SAMPLE_NS || wanted <= sample_ns)
		return sample_ns;
	return wanted < PLAN_SLOW_SAMPLE_NS ? wanted : PLAN_SLOW_SAMPLE_NS;
}

/* What runs took beyond what they measured, all together. */
struct overhead {
	double ns;
	unsigned runs;
};

static double run(struct bench_env *env, const struct bench *b, double n, struct overhead *o)
{
	const int64_t before = driver_now();
	struct bench_sample s;
	double ns = b->run(env, b, (uint64_t)n, &s), all = (double)(driver_now() - before);

	o->ns += ns >= 0 && all > ns ? all - ns : 0;
	o->runs++;
	return ns;
}

static double growth(double ns, double sample_ns)
{
	return ns > 0 ? sample_ns / ns : GROWTH_MAX;
}

uint64_t plan_calibrate_row(struct bench_env *env, const struct bench *b, double sample_ns,
			    int hasty, double *overhead_ns)
{
	struct overhead o = {0, 0};
	double n = FIRST_N, ns, again, grow;
	int i;

	*overhead_ns = PLAN_OVERHEAD_NS;
	if (rate_tells(b))
		return plan_scaled(b, 0, sample_ns, 1);
	n = n < step_of(b) ? step_of(b) : n - fmod(n, step_of(b));
	for (i = 0; i < 24; i++) {
		ns = run(env, b, n, &o);
		if (ns >= 0 && growth(ns, sample_ns) < NEAR && !hasty) {
			/* a run that others disturbed looks long enough */
			again = run(env, b, n, &o);
			ns = again < ns ? again : ns;
		}
		if (ns < 0)
			return 0;
		grow = growth(ns, sample_ns);
		if (grow < NEAR) {
			n *= grow;
			break;
		}
		n *= grow > GROWTH_MAX ? GROWTH_MAX : grow;
		n -= fmod(n, step_of(b));
		if (n >= most_of(b))
			break;
	}
	*overhead_ns = o.ns / o.runs;
	return rounded(b, n);
}

uint64_t plan_calibrate(struct bench_env *env, const struct bench *b, double sample_ns)
{
	double overhead_ns;

	return plan_calibrate_row(env, b, sample_ns, 0, &overhead_ns);
}
