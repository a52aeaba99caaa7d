# What the library must answer, as data. The runners need jansson; the scripts skip without them.
EXTRA_DIST += \
	%D%/README.md \
	%D%/check-scenarios \
	%D%/data/join_more.json \
	%D%/data/join_random.json \
	%D%/data/join_scenarios.json

TESTS += %D%/check-scenarios

noinst_HEADERS += %D%/scenario_args.h

if HAVE_JANSSON
noinst_PROGRAMS += %D%/run_scenarios
endif
%C%_run_scenarios_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_run_scenarios_LDADD = $(GATE) $(JANSSON_LIBS)
%C%_run_scenarios_SOURCES = \
	%D%/run_scenarios.c \
	%D%/scenario_args.c \
	%D%/scenario_read.c
