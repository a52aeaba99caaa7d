# WEIR_PROG_CXX17
#
# Sets weir_have_cxx to yes when $CXX compiles C++17, else to no. Nothing but the benchmarks and the
# header tests needs it, so its absence is no error.
AC_DEFUN([WEIR_PROG_CXX17], [
	AC_REQUIRE([AC_PROG_CXX])
	AC_CACHE_CHECK([whether $CXX compiles C++17], [weir_cv_cxx17], [
		AC_LANG_PUSH([C++])
		weir_save_CXXFLAGS=$CXXFLAGS
		CXXFLAGS="$CXXFLAGS -std=c++17"
		AC_COMPILE_IFELSE(
			[AC_LANG_SOURCE([[static_assert(__cplusplus >= 201703L);]])],
			[weir_cv_cxx17=yes], [weir_cv_cxx17=no])
		CXXFLAGS=$weir_save_CXXFLAGS
		AC_LANG_POP([C++])
	])
	weir_have_cxx=$weir_cv_cxx17
])

# WEIR_CXX_HEADER(HEADER, IF-FOUND)
AC_DEFUN([WEIR_CXX_HEADER], [
	AC_LANG_PUSH([C++])
	AC_CHECK_HEADER([$1], [$2])
	AC_LANG_POP([C++])
])
