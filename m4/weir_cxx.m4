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

# WEIR_CXX20_BARRIER
#
# Sets weir_have_std_barrier to yes when $CXX has std::barrier with -std=c++20, and the Automake
# conditional HAVE_STD_BARRIER.
AC_DEFUN([WEIR_CXX20_BARRIER], [
	AC_REQUIRE([WEIR_PROG_CXX17])
	AC_CACHE_CHECK([whether $CXX has std::barrier], [weir_cv_std_barrier], [
		AC_LANG_PUSH([C++])
		weir_save_CXXFLAGS=$CXXFLAGS
		CXXFLAGS="$CXXFLAGS -std=c++20"
		AC_LINK_IFELSE(
			[AC_LANG_PROGRAM([[#include <barrier>]],
				[[std::barrier<> b(1); b.arrive_and_wait();]])],
			[weir_cv_std_barrier=yes], [weir_cv_std_barrier=no])
		CXXFLAGS=$weir_save_CXXFLAGS
		AC_LANG_POP([C++])
	])
	weir_have_std_barrier=$weir_cv_std_barrier
	AM_CONDITIONAL([HAVE_STD_BARRIER], [test "$weir_have_std_barrier" = yes])
])

# WEIR_OPENMP(IF-FOUND)
#
# Sets OPENMP_CFLAGS to what makes $CC compile and link OpenMP.
AC_DEFUN([WEIR_OPENMP], [
	AC_CACHE_CHECK([whether $CC has OpenMP], [weir_cv_openmp], [
		weir_save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -fopenmp"
		AC_LINK_IFELSE(
			[AC_LANG_PROGRAM([[#include <omp.h>]],
				[[return omp_get_thread_num();]])],
			[weir_cv_openmp=-fopenmp], [weir_cv_openmp=no])
		CFLAGS=$weir_save_CFLAGS
	])
	AS_IF([test "$weir_cv_openmp" != no], [OPENMP_CFLAGS=$weir_cv_openmp
		$1])
	AC_SUBST([OPENMP_CFLAGS])
])
