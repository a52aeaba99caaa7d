/* bench/soak_sides.h - the roles of the study "soak". */
#ifndef BENCH_SOAK_SIDES_H
#define BENCH_SOAK_SIDES_H

#include "driver.h"
#include "soak.h"

/* Theirs, and of whoever looks after them; to be mapped before the run, with `last` set. */
extern struct soak_shared *soak_shared;

/* Sends at me->b->rate until the end of the last second, or until it is to stop. */
int soak_writer(struct role *me);
int soak_reader(struct role *me);

#endif
