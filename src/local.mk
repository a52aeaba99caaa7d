# The storeys, lowest first. A storey's convenience library holds its own objects; the variable of
# the same name in capitals (BASE, FLOW, GATE, RUNTIME) is what a test of that storey links: itself
# and what lies below, never more. WEIR is the product.

include %D%/base/local.mk
include %D%/flow/local.mk
include %D%/gate/local.mk
include %D%/runtime/local.mk

WEIR = %D%/libweir.la

lib_LTLIBRARIES += %D%/libweir.la
%C%_libweir_la_SOURCES =
%C%_libweir_la_LIBADD = $(RUNTIME)
# Concurrency Kit is not linked: what the library uses of it is inline.
%C%_libweir_la_LDFLAGS = $(AM_LDFLAGS) $(WEIR_LIB_LDFLAGS) \
	-no-undefined -version-info $(WEIR_LT_VERSION)
if HAVE_VSCRIPT
%C%_libweir_la_LDFLAGS += $(VSCRIPT_LDFLAGS),$(srcdir)/%D%/libweir.map
EXTRA_%C%_libweir_la_DEPENDENCIES = %D%/libweir.map
endif
EXTRA_DIST += %D%/libweir.map

include %D%/tools/local.mk
