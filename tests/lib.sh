# What the check scripts share. Sourced, never run.
#
# The test driver sets top_srcdir, top_builddir, CC, CXX, NM, READELF, PKG_CONFIG, SANITIZER and
# SHARED. A script reads the sources below $top_srcdir, so check-refusals can point it at others.

: "${top_srcdir:=$(dirname "$0")/..}"
: "${top_builddir:=.}"
: "${NM:=nm}" "${READELF:=readelf}" "${SANITIZER:=no}" "${SHARED:=yes}"

faults=0

# Says what is wrong; finish turns it into the exit status.
fail() {
	echo "FAIL: $*"
	faults=$((faults + 1))
}

finish() {
	[ "$faults" -eq 0 ] || exit 1
	exit 0
}

skip() {
	echo "SKIP: $*"
	exit 77
}

# A directory of one's own in $work, removed at exit.
work_dir() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
}

need_shared_library() {
	[ "$SHARED" = yes ] || skip "configured with --disable-shared"
	library=$top_builddir/src/.libs/libweir.so
	[ -e "$library" ] || { echo "no $library"; exit 99; }
}

# Code or comments (first argument) of the files that follow, as "file:line: text".
lex() {
	want=$1
	shift
	[ $# -gt 0 ] || return 0
	awk -v want="$want" -f "$(dirname "$0")/c-lexer.awk" "$@" |
		sed "s|^$top_srcdir/||"
}

# The C files below the folders named.
c_files() {
	for folder; do
		[ ! -d "$top_srcdir/$folder" ] ||
			find "$top_srcdir/$folder" -name '*.[ch]' | LC_ALL=C sort
	done
}
