# WEIR_SUMMARY(TITLE, [[NAME], [VALUE], [NAME], [VALUE], ...])
#
# Prints the closing table of configure.
AC_DEFUN([WEIR_SUMMARY], [
	AS_ECHO([""])
	AS_ECHO(["$1"])
	_WEIR_SUMMARY_ROWS($2)
	AS_ECHO([""])
	AS_ECHO(["Next: make && make check.   Also: make check-tsan, make check-asan, make bench."])
])
m4_define([_WEIR_SUMMARY_ROWS], [m4_if([$1], [], [], [
	printf '  %-18s %s\n' "$1" "$2"
	_WEIR_SUMMARY_ROWS(m4_shift2($@))])])
