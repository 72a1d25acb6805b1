# core: floor 0. No DNS, no regions.
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = \
	core/err.c core/err.h \
	core/loop.c core/loop.h
