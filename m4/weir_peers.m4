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

# WEIR_PEER_VERSION(NAME, HOW, WHERE, [WHAT])
#
# Adds "NAME VERSION" to weir_peers, what benchmarks say that they were compared with. HOW says where
# the version is from: `pkg' pkg-config, of package WHERE; `macro' WHAT in the header WHERE; `text' for a
# header WHERE that has none in it: a checksum over it and what it includes from the folder WHAT. To be
# called when NAME is there.
AC_DEFUN([WEIR_PEER_VERSION], [
	AC_REQUIRE([PKG_PROG_PKG_CONFIG])
	AC_MSG_CHECKING([the version of $1])
	m4_case([$2],
		[pkg], [weir_peer_is=`$PKG_CONFIG --modversion $3 2>/dev/null`],
		[macro], [weir_peer_is=`AS_ECHO(["weir_peer_is $4"]) |
			$CXX $CPPFLAGS -include $3 -E -P -x c++ - 2>/dev/null |
			tr -d '" \n' | sed 's/.*weir_peer_is//'`],
		[text], [weir_peer_is=`$CXX $CPPFLAGS -include $3 -M -x c++ /dev/null 2>/dev/null |
			tr ' ' '\n' | grep "/$4/" | sort -u | xargs cat | cksum | sed 's/ .*//; s/^/text /'`])
	AS_IF([test -z "$weir_peer_is"], [weir_peer_is=unknown])
	AC_MSG_RESULT([$weir_peer_is])
	weir_peers="${weir_peers:+$weir_peers, }$1 $weir_peer_is"
])

# WEIR_MPI(VARIABLE, PKG-CONFIG-NAME, LAUNCHER, IF-FOUND)
#
# Sets VARIABLE_CFLAGS, VARIABLE_LIBS and MPIRUN_VARIABLE, the launcher's path. Each MPI has a name of
# its own for everything, so both can be there.
AC_DEFUN([WEIR_MPI], [
	AC_PATH_PROG([MPIRUN_$1], [$3], [no])
	AS_IF([test "$MPIRUN_$1" != no], [PKG_CHECK_MODULES([$1], [$2], [$4], [:])])
])
