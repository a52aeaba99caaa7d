# What the library must answer, as data. The runners take a file: run_vectors one of messages,
# run_scenarios one of joins. They need jansson; the scripts skip without them. The vectors that
# make_vectors.py writes are written again by `make update-vectors'.
EXTRA_DIST += \
	%D%/README.md \
	%D%/check-scenarios \
	%D%/data/control_messages.json \
	%D%/data/frame_descriptors.json \
	%D%/data/join_more.json \
	%D%/data/join_random.json \
	%D%/data/join_scenarios.json \
	%D%/data/merge_map_messages.json \
	%D%/data/more_frame_descriptors.json \
	%D%/data/more_merge_map_messages.json \
	%D%/make_vectors.py \
	%D%/vectors_test

TESTS += %D%/check-scenarios %D%/vectors_test

noinst_HEADERS += %D%/scenario_args.h %D%/vector_message.h

if HAVE_JANSSON
noinst_PROGRAMS += %D%/run_scenarios
endif
%C%_run_scenarios_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_run_scenarios_LDADD = $(GATE) $(JANSSON_LIBS)
%C%_run_scenarios_SOURCES = \
	%D%/run_scenarios.c \
	%D%/scenario_args.c \
	%D%/scenario_read.c

noinst_PROGRAMS += %D%/run_vectors
%C%_run_vectors_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_run_vectors_LDADD = $(GATE) $(JANSSON_LIBS)
if HAVE_JANSSON
%C%_run_vectors_SOURCES = \
	%D%/run_vectors.c \
	%D%/vector_message.c
else
%C%_run_vectors_SOURCES = %D%/no_jansson.c
endif

update-vectors:
	python3 $(srcdir)/%D%/make_vectors.py $(srcdir)/%D%/data
.PHONY: update-vectors
