# Plain programs that fork, kill and share: they link the product, as any user does. A new one: its
# name in the list, and its two lines.

PROCESS_TESTS = \
	%D%/bell_hunt \
	%D%/delivery_fence \
	%D%/join_agent \
	%D%/join_cells \
	%D%/join_integration \
	%D%/join_integration_data \
	%D%/join_integration_mixed \
	%D%/join_integration_slots \
	%D%/join_integration_time \
	%D%/owner \
	%D%/progress_torn \
	%D%/region_race \
	%D%/rendezvous_meet \
	%D%/ring_death \
	%D%/ring_join \
	%D%/ring_run \
	%D%/ring_stream \
	%D%/session_choreography \
	%D%/session_death \
	%D%/session_epoll \
	%D%/tool \
	%D%/tool_damage

PROCESS_LIBS = $(WEIR) -lpthread
# programs themselves, not libtool's scripts around them
PROCESS_LINK = $(AM_LDFLAGS) -no-install

%C%_bell_hunt_LDADD = $(PROCESS_LIBS)
%C%_bell_hunt_LDFLAGS = $(PROCESS_LINK)
%C%_delivery_fence_LDADD = $(PROCESS_LIBS)
%C%_delivery_fence_LDFLAGS = $(PROCESS_LINK)
%C%_join_agent_LDADD = $(PROCESS_LIBS)
%C%_join_agent_LDFLAGS = $(PROCESS_LINK)
%C%_join_cells_LDADD = $(PROCESS_LIBS)
%C%_join_cells_LDFLAGS = $(PROCESS_LINK)
%C%_join_integration_LDADD = $(PROCESS_LIBS)
%C%_join_integration_LDFLAGS = $(PROCESS_LINK)
%C%_join_integration_data_LDADD = $(PROCESS_LIBS)
%C%_join_integration_data_LDFLAGS = $(PROCESS_LINK)
%C%_join_integration_mixed_LDADD = $(PROCESS_LIBS)
%C%_join_integration_mixed_LDFLAGS = $(PROCESS_LINK)
%C%_join_integration_slots_LDADD = $(PROCESS_LIBS)
%C%_join_integration_slots_LDFLAGS = $(PROCESS_LINK)
%C%_join_integration_time_LDADD = $(PROCESS_LIBS)
%C%_join_integration_time_LDFLAGS = $(PROCESS_LINK)
%C%_owner_LDADD = $(PROCESS_LIBS)
%C%_owner_LDFLAGS = $(PROCESS_LINK)
%C%_progress_torn_LDADD = $(PROCESS_LIBS)
%C%_progress_torn_LDFLAGS = $(PROCESS_LINK)
%C%_region_race_LDADD = $(PROCESS_LIBS)
%C%_region_race_LDFLAGS = $(PROCESS_LINK)
%C%_ring_death_LDADD = $(PROCESS_LIBS)
%C%_ring_death_LDFLAGS = $(PROCESS_LINK)
%C%_rendezvous_meet_LDADD = $(PROCESS_LIBS)
%C%_rendezvous_meet_LDFLAGS = $(PROCESS_LINK)
%C%_ring_join_LDADD = $(PROCESS_LIBS)
%C%_ring_join_LDFLAGS = $(PROCESS_LINK)
%C%_ring_run_LDADD = $(PROCESS_LIBS)
%C%_ring_run_LDFLAGS = $(PROCESS_LINK)
%C%_ring_stream_LDADD = $(PROCESS_LIBS)
%C%_ring_stream_LDFLAGS = $(PROCESS_LINK)
%C%_session_choreography_LDADD = $(PROCESS_LIBS)
%C%_session_choreography_LDFLAGS = $(PROCESS_LINK)
%C%_session_epoll_LDADD = $(PROCESS_LIBS)
%C%_session_epoll_LDFLAGS = $(PROCESS_LINK)
%C%_session_death_LDADD = $(PROCESS_LIBS)
%C%_session_death_LDFLAGS = $(PROCESS_LINK)
%C%_tool_LDADD = $(PROCESS_LIBS)
%C%_tool_LDFLAGS = $(PROCESS_LINK)
%C%_tool_damage_LDADD = $(PROCESS_LIBS)
%C%_tool_damage_LDFLAGS = $(PROCESS_LINK)

noinst_HEADERS += \
	%D%/join_proc_fixture.h \
	%D%/join_proc_scene.h \
	%D%/proc.h \
	%D%/session_proc.h \
	%D%/tool_proc.h

check_PROGRAMS += $(PROCESS_TESTS)
TESTS += $(PROCESS_TESTS)
