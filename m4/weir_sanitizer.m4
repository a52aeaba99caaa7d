# WEIR_ARG_SANITIZER
#
# --enable-sanitizer=LIST: builds everything, library and tests, with -fsanitize=LIST. Sets
# enable_sanitizer to the list or to no, substitutes SANITIZER_CPPFLAGS and SANITIZER_FLAGS (for
# compiling and for linking), and defines the conditionals SANITIZE and TSAN. ThreadSanitizer builds
# see WEIR_TSAN=1.
AC_DEFUN([WEIR_ARG_SANITIZER], [
	AC_ARG_ENABLE([sanitizer],
		[AS_HELP_STRING([--enable-sanitizer=thread|address,undefined],
			[build everything with these sanitizers])],
		[], [enable_sanitizer=no])
	SANITIZER_CPPFLAGS= SANITIZER_FLAGS=
	AS_CASE([$enable_sanitizer],
		[no], [],
		[thread], [SANITIZER_CPPFLAGS=-DWEIR_TSAN=1],
		[address,undefined|undefined,address|address|undefined], [],
		[AC_MSG_ERROR([--enable-sanitizer takes thread, or address,undefined])])
	AS_IF([test "$enable_sanitizer" != no], [
		SANITIZER_FLAGS="-fsanitize=$enable_sanitizer -fno-omit-frame-pointer"
		AS_IF([test "$enable_sanitizer" != thread],
			[SANITIZER_FLAGS="$SANITIZER_FLAGS -fno-sanitize-recover=all"])
		AC_MSG_CHECKING([whether $CC links with $SANITIZER_FLAGS])
		weir_save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS $SANITIZER_FLAGS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])], [
			AC_MSG_RESULT([no])
			AC_MSG_ERROR([$CC lacks the sanitizer run time (Debian, for clang: libclang-rt-14-dev)])])
		CFLAGS=$weir_save_CFLAGS
	])
	AC_SUBST([SANITIZER_CPPFLAGS])
	AC_SUBST([SANITIZER_FLAGS])
	AC_SUBST([SANITIZER], [$enable_sanitizer])
	AM_CONDITIONAL([SANITIZE], [test "$enable_sanitizer" != no])
	AM_CONDITIONAL([TSAN], [test "$enable_sanitizer" = thread])
])
