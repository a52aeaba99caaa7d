# Storey gate: pure state machines (event + now -> verdict and actions). Its first module adds
# libgate.la here, as ../flow/local.mk does.
GATE = $(FLOW)
