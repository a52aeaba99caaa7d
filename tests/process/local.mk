# Plain programs that fork, kill and share: they link the product, as any user does. A new one: its
# name in the list, and its line.

PROCESS_TESTS = \
	%D%/bell_hunt \
	%D%/progress_torn \
	%D%/ring_death \
	%D%/ring_join \
	%D%/ring_stream

%C%_bell_hunt_LDADD = $(PROCESS_LIBS)
%C%_progress_torn_LDADD = $(PROCESS_LIBS)
%C%_ring_death_LDADD = $(PROCESS_LIBS)
%C%_ring_join_LDADD = $(PROCESS_LIBS)
%C%_ring_stream_LDADD = $(PROCESS_LIBS)

PROCESS_LIBS = $(WEIR) -lpthread

noinst_HEADERS += \
	%D%/proc.h

check_PROGRAMS += $(PROCESS_TESTS)
TESTS += $(PROCESS_TESTS)
