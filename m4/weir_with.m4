# WEIR_WITH(NAME, DEBIAN-PACKAGE, WHAT-FOR, PROBE)
#
# --with-NAME=yes|no|auto. PROBE sets weir_found=yes when NAME is there. `yes' fails when it is
# not, with the name of the package to install; `auto' does without. Afterwards with_NAME is yes or
# no, and the Automake conditional HAVE_NAME says the same.
AC_DEFUN([WEIR_WITH], [
	AC_ARG_WITH([$1],
		[AS_HELP_STRING([--with-$1=yes|no|auto], [$3 @<:@auto@:>@])],
		[], [with_$1=auto])
	AS_CASE([$with_$1], [yes|no|auto], [],
		[AC_MSG_ERROR([--with-$1 takes yes, no or auto, not '$with_$1'])])
	weir_found=no
	AS_IF([test "$with_$1" != no], [$4])
	AS_IF([test "$with_$1,$weir_found" = yes,no],
		[AC_MSG_ERROR([${weir_asks-}--with-$1=yes, but it was not found (Debian: $2)])])
	with_$1=$weir_found
	AM_CONDITIONAL(m4_toupper([HAVE_$1]), [test "$with_$1" = yes])
])
