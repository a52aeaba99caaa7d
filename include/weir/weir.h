/* weir/weir.h - storey runtime: everything there is, for those who want one line.
 * Needs: base, atomic, error, stats, wait, region, progress, ring, ring_run, drain, rendezvous,
 * group, barrier, merge_map, join_cell, join, quorum, codec, driver, lease, session,
 * watch, transport, join_agent, driver_agent. */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/atomic.h>
#include <weir/barrier.h>
#include <weir/base.h>
#include <weir/codec.h>
#include <weir/drain.h>
#include <weir/driver.h>
#include <weir/driver_agent.h>
#include <weir/error.h>
#include <weir/group.h>
#include <weir/join.h>
#include <weir/join_agent.h>
#include <weir/join_cell.h>
#include <weir/lease.h>
#include <weir/merge_map.h>
#include <weir/progress.h>
#include <weir/quorum.h>
#include <weir/region.h>
#include <weir/rendezvous.h>
#include <weir/ring.h>
#include <weir/ring_run.h>
#include <weir/session.h>
#include <weir/stats.h>
#include <weir/transport.h>
#include <weir/wait.h>
#include <weir/watch.h>

#endif
