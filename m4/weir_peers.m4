# WEIR_ARG_PEERS(NAMES)
#
# --with-peers=auto|all|none|LIST: which of the peers in NAMES (blanks between) the benchmarks are built
# with. `auto' takes what is there; `all' and a list fail when one is missing. Sets with_peers.
AC_DEFUN([WEIR_ARG_PEERS], [
	AC_ARG_WITH([peers],
		[AS_HELP_STRING([--with-peers=auto|all|none|LIST],
			[what the benchmarks compare with; a comma between names @<:@auto@:>@])],
		[], [with_peers=auto])
	AS_CASE([$with_peers],
		[auto|all|none], [],
		[yes|no], [AC_MSG_ERROR([--with-peers takes auto, all, none or a list of names, not '$with_peers'])],
		[for weir_peer in `AS_ECHO(["$with_peers"]) | tr , ' '`; do
			AS_CASE([" $1 "], [*" $weir_peer "*], [],
				[AC_MSG_ERROR([--with-peers: there is no peer '$weir_peer'; there are: $1])])
		done])
])

# WEIR_PEER(NAME, DEBIAN-PACKAGE, WHAT, PROBE)
#
# WEIR_WITH for a peer: --with-NAME counts, and without it --with-peers.
AC_DEFUN([WEIR_PEER], [
	AC_REQUIRE([AC_PROG_CC])
	weir_asks=
	AS_IF([test -z "${with_$1+set}"],
		[AS_CASE([,$with_peers,],
			[,auto,], [],
			[,none,], [with_$1=no],
			[,all,|*,$1,*], [with_$1=yes weir_asks="--with-peers=$with_peers means "],
			[with_$1=no])])
	WEIR_WITH([$1], [$2], [$3 as a peer in the benchmarks], [$4])
	weir_asks=
])

# WEIR_MPI(VARIABLE, PKG-CONFIG-NAME, LAUNCHER, IF-FOUND)
#
# Sets VARIABLE_CFLAGS, VARIABLE_LIBS and MPIRUN_VARIABLE, the launcher's path. Each MPI has a name of
# its own for everything, so both can be there.
AC_DEFUN([WEIR_MPI], [
	AC_PATH_PROG([MPIRUN_$1], [$3], [no])
	AS_IF([test "$MPIRUN_$1" != no], [PKG_CHECK_MODULES([$1], [$2], [$4], [:])])
])
