# Storey runtime: sessions and agents; clocks, processes, polling.
RUNTIME = %D%/libruntime.la $(GATE)

noinst_LTLIBRARIES += %D%/libruntime.la
%C%_libruntime_la_CFLAGS = $(AM_CFLAGS) $(WEIR_LIB_CFLAGS)
%C%_libruntime_la_SOURCES = \
	%D%/join_agent.c \
	%D%/join_agent_authority.c \
	%D%/join_agent_map.c \
	%D%/join_agent_message.c \
	%D%/join_agent_names.c \
	%D%/join_agent_output.c \
	%D%/join_agent_priv.h \
	%D%/join_agent_sequence.c \
	%D%/join_agent_stream.c \
	%D%/join_agent_work.c \
	%D%/driver_agent.c \
	%D%/session.c \
	%D%/session_barrier.c \
	%D%/session_coordinator.c \
	%D%/session_drain.c \
	%D%/session_fd.c \
	%D%/session_fence.c \
	%D%/session_poll.c \
	%D%/session_priv.h \
	%D%/session_send.c \
	%D%/session_serve.c \
	%D%/session_setup.c \
	%D%/session_setup.h \
	%D%/session_transport.c \
	%D%/session_view.c \
	%D%/watch.c

pkginclude_HEADERS += \
	include/weir/driver_agent.h \
	include/weir/join_agent.h \
	include/weir/session.h \
	include/weir/transport.h \
	include/weir/watch.h \
	include/weir/weir.h
