# Storey runtime: sessions and agents; clocks, processes, polling. Its first module adds
# libruntime.la here, as ../flow/local.mk does.
RUNTIME = $(GATE)
